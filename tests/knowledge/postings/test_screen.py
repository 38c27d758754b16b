"""Screening: invented frauds are held, fair postings that sound alike are not, every reason can be shown, and no text breaks a rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.postings.parse import Degree, Experience, Level, salary
from knowledge.postings.screen import Norm, Offer, Screening, screen
from knowledge.rights.signals import Rule, rules
from tests.growth import LINEAR, growth
from tests.knowledge.postings.test_parse import table
from tests.knowledge.test_words import ANY

FAIR = Offer("行政专员", "负责会议安排与文件归档,双休,五险一金", "贵阳市云岩区某物业服务有限公司")


def offers(name: str) -> list[Offer]:
    return [Offer(title, text, "贵阳云岩甲服务有限公司", salary(pay).value) for title, pay, text in table(name)]


def kinds(found: Screening) -> set[str]:
    return {reason.kind for reason in found.reasons}


FIRST = {"seen": 50, "shut": 49, "late": 3, "last": 5, "usual": 25, "more": 24}
"""Held at first try, before the rules were changed for the set: of 50 each, of 40 in the last two. "shut" was written together with "seen",
so it was not blind; "late" and "last" avoid the usual words on purpose. Of 120 postings that nothing was
learned or chosen from, 36 of 50 frauds were held and 5 of 70 honest ones: unseen texts fare worse than any figure in these tests."""


@pytest.mark.parametrize("name", FIRST)
def test_invented_frauds_are_held(name: str) -> None:
    frauds = offers(f"frauds_{name}.tsv")
    missed = [offer.title for offer in frauds if screen(offer).level != "held"]
    assert len(frauds) in (40, 50)
    assert not missed


def test_fair_postings_that_sound_alike_are_not_held() -> None:
    fair = offers("innocents.tsv")
    assert len(fair) >= 60
    assert not [(offer.title, found.reasons) for offer in fair if (found := screen(offer)).level != "fine"]


@pytest.mark.parametrize(
    "text",
    [
        "入职不收取任何费用",
        "公司直招,不收押金、服装费、保证金",
        "无中介费,免费培训",
        "培训费用由公司承担",
        "谨防以本公司名义收取保证金的骗子",
        "凡要求先交押金的都是诈骗,请举报",
        "负责产线补单",
        "在例会上呈现结论",
        "负责收取租户押金",
        "识别刷单行为",
    ],
)
def test_denied_warned_of_or_part_of_the_job(text: str) -> None:
    assert screen(replace(FAIR, text=text)).level == "fine"


@pytest.mark.parametrize(
    "text", ["入职先交押金500元", "无需经验,先交押金300元", "押金500元,离职退还", "需交 押 金 500", "須先繳納保證金600元", "先交 保-证-金 600元"]
)
def test_fees_are_held_however_they_are_written(text: str) -> None:
    found = screen(replace(FAIR, text=text))
    assert found.level == "held"
    assert "收费" in kinds(found)


def test_reasons_say_what_and_where() -> None:
    offer = replace(FAIR, title="前台", text="双休。入职时先交 押 金 500元,满月退还")
    found = screen(offer)
    reason = found.reasons[0]
    assert (reason.kind, reason.family) == ("收费", "fraud")
    assert "交" in offer.words[slice(*reason.span)]
    assert "金" in offer.words[slice(*reason.span)]
    assert reason.say
    assert found.score >= 50


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("限男性", "性别限制"),
        ("女士优先", "性别限制"),
        ("已婚已育优先", "婚育限制"),
        ("入职体检查乙肝五项", "健康歧视"),
        ("不招外地人", "地域民族限制"),
        ("无底薪,多劳多得", "无底薪"),
        ("押一个月工资", "拖欠压薪"),
        ("试用期不发工资", "拖欠压薪"),
    ],
)
def test_breaches_of_law_warn_and_never_hold_alone(text: str, kind: str) -> None:
    found = screen(replace(FAIR, text=text))
    assert kind in kinds(found)
    assert found.level == "warn"
    worst = screen(replace(FAIR, text="限男性,未婚未育,体检查乙肝五项,不招外地人,无底薪,押一个月工资"))
    assert worst.level == "warn"


@pytest.mark.parametrize("text", ["男女不限", "性别不限", "研发乙肝疫苗", "底薪4000加提成", "无责底薪3000"])
def test_no_discrimination_where_none_is(text: str) -> None:
    assert screen(replace(FAIR, text=text)).level == "fine"


def test_pay_far_above_its_like_is_a_sign() -> None:
    easy = replace(FAIR, pay=salary("3-5万/月").value, norm=Norm(5000, 8000), degree=Degree(Level.ANY), experience=Experience(0))
    assert kinds(screen(easy)) == {"工资离谱"}
    assert screen(easy).level == "warn"
    assert screen(replace(easy, text="在家就能做,加微信 abc12345 详谈")).level == "held"
    assert screen(replace(easy, norm=None)).level == "fine"
    assert screen(replace(easy, pay=salary("5-8千").value)).level == "fine"


def test_employer_and_age() -> None:
    today = date(2026, 11, 26)
    assert kinds(screen(replace(FAIR, company=" "))) == {"没有单位"}
    assert kinds(screen(replace(FAIR, posted=date(2026, 5, 1), today=today))) == {"太旧"}
    assert kinds(screen(replace(FAIR, deadline=date(2026, 11, 25), today=today))) == {"过期"}
    assert not kinds(screen(replace(FAIR, posted=date(2026, 11, 1), deadline=today, today=today)))
    assert not kinds(screen(replace(FAIR, posted=date(2020, 1, 1))))


def test_what_cannot_be_read_whole_is_not_called_fine() -> None:
    assert screen(replace(FAIR, text="双休。" * 20_000)).level == "warn"


def test_rules_are_whole() -> None:
    known = rules()
    assert len({rule.id for rule in known}) == len(known) >= 40
    assert {rule.family for rule in known} == {"fraud", "rights"}
    assert all(rule.say and rule.kind and 0 < rule.weight <= 50 and bool(rule.any) != bool(rule.all) for rule in known)


@pytest.mark.parametrize("rule", [rule for rule in rules() if rule.hints and rule.any], ids=lambda rule: rule.id)
def test_no_hit_without_a_hint(rule: Rule) -> None:
    """The short list that decides whether a rule is tried leaves nothing out."""
    assert rule.any

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(rule.any))
    def check(text: str) -> None:
        match = rule.any and rule.any.search(text)
        assert not match or any(hint in match.group() for hint in rule.hints)

    check()


@given(ANY, ANY)
def test_any_text(title: str, text: str) -> None:
    offer = Offer(title, text, "甲")
    found = screen(offer)
    assert 0 <= found.score <= 100
    for reason in found.reasons:
        assert 0 <= reason.span[0] <= reason.span[1] <= len(offer.words)


@pytest.mark.parametrize("unit", ["交", "押金", "先", "1", "培训", "男", "不收", "加", "费1", "面试", "先交1", " ", "职责:", "内部", "实习1", "a@"])
def test_no_text_is_slow(unit: str) -> None:
    assert growth(lambda text: screen(Offer(unit, text, "甲")), unit, 30_000) < LINEAR
