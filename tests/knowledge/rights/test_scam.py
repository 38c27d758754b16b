"""Scam check: frauds are told from what only sounds alike, every reason can be shown, evasive spellings do not help, no text breaks it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings

from knowledge.postings.reading import plain
from knowledge.postings.screen import screen
from knowledge.rights.likeness import WEIGHTS, packed
from knowledge.rights.roles import bonds, roles
from knowledge.rights.scam import LENGTH, judge
from knowledge.rights.signals import unmasked
from tests.growth import LINEAR, growth
from tests.knowledge.rights.corpus import Example, examples, known, learned, offers
from tests.knowledge.test_words import ANY

ALARM = ("warning", "high")


def share(texts: list[Example], levels: tuple[str, ...]) -> float:
    return sum(judge(each.text).level in levels for each in texts) / len(texts)


@pytest.mark.parametrize(
    ("name", "alarm", "high"), [("scam", 0.96, 0.85), ("blind", 0.94, 0.85), ("told", 0.93, 0.75), ("daily", 0.93, 0.7), ("last", 0.70, 0.50)]
)
def test_frauds_are_seen_and_look_alikes_left_alone(name: str, alarm: float, high: float) -> None:
    """Nothing learns "last": single short lines, of which likeness alone warned in every eighth case before it had to have a sign beside it."""
    bad = [each for each in examples(name) if each.bad]
    good = [each for each in examples(name) if not each.bad]
    assert share(bad, ALARM) >= alarm
    assert share(bad, ("high",)) >= high
    assert share(good, ("high",)) <= 0.01


def test_texts_that_were_not_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each fifth of all examples by weights that never saw it. In "daily" alone, the innocents that sound most alike, it warns of one in ten.

    The rules and roles were written with most of these texts in sight: `test_texts_that_nothing_was_made_with` is worse than any figure here.
    """
    every = known()
    part = np.random.default_rng(1).integers(0, 5, len(every))
    levels: dict[bool, list[str]] = {True: [], False: []}
    held: dict[bool, list[bool]] = {True: [], False: []}
    for number in range(5):
        weights = learned([each for each, at in zip(every, part, strict=True) if at != number])
        monkeypatch.setattr("knowledge.rights.likeness.shipped", lambda weights=weights: weights)
        for each, at in zip(every, part, strict=True):
            if at == number and each.offer:
                held[each.bad].append(screen(each.offer).level == "held")
            elif at == number:
                levels[each.bad].append(judge(each.text).level)
    assert sum(level in ALARM for level in levels[True]) / len(levels[True]) >= 0.91
    assert levels[True].count("high") / len(levels[True]) >= 0.69
    assert levels[False].count("high") / len(levels[False]) <= 0.01
    assert sum(level in ALARM for level in levels[False]) / len(levels[False]) <= 0.06
    assert sum(held[True]) / len(held[True]) >= 0.91
    assert sum(held[False]) / len(held[False]) <= 0.02


def test_texts_that_nothing_was_made_with() -> None:
    """README's figures: whose writers' other half is in "heard" and "vacancies"; nobody who made the program has read these."""
    texts, posts = examples("unseen"), offers("unseen_postings")
    assert not {each.text for each in (*texts, *posts)} & {each.text for each in known()}
    levels = Counter((each.bad, judge(each.text).level) for each in texts)
    held = Counter(each.bad for each in posts if each.offer and screen(each.offer).level == "held")
    assert Counter(each.bad for each in texts) == {True: 220, False: 290}
    assert levels[True, "high"] + levels[True, "warning"] >= 199
    assert levels[True, "high"] >= 152
    assert levels[False, "high"] + levels[False, "warning"] <= 11
    assert levels[False, "high"] <= 1
    assert Counter(each.bad for each in posts) == {True: 45, False: 65}
    assert held[True] >= 39
    assert held[False] <= 4


def test_a_fraud_in_a_long_honest_text_is_still_held() -> None:
    honest = (
        "岗位职责:1、负责客户资料的整理、录入与归档,保证数据准确;2、协助部门完成月度报表和会议纪要;3、与各部门沟通,跟进项目进度,及时反馈问题;"
        "4、完成领导交办的其他工作。任职要求:1、大专及以上学历,专业不限;2、熟练使用办公软件,表达清楚,做事细致;3、有团队精神,能承受一定的工作压力;"
        "4、有相关经验者优先考虑。公司介绍:公司成立于二〇〇八年,主要从事工业设备的研发与销售,客户遍布全国,现有员工三百余人,发展空间大,氛围和谐。"
    )
    frauds = [each.offer for each in offers() if each.offer and each.bad]
    hidden = [replace(offer, text=f"{honest}\n{offer.text}") for offer in frauds]
    assert screen(replace(frauds[0], text=honest)).level != "held"
    assert sum(screen(offer).level == "held" for offer in hidden) / len(hidden) >= 0.6


def test_the_weights_belong_to_the_examples() -> None:
    stored = np.load(WEIGHTS)["weights"]
    assert np.abs(stored - packed(learned(known()))).max() <= 1, "run python -m tests.knowledge.rights.corpus"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("加薇聊", "加微信聊"),
        ("押J100", "押金100"),
        ("加VX", "加微信"),
        ("扣扣群", "qq群"),
        ("交 押 金", "交押金"),
        ("培xun费", "培训费"),
        ("招s单员", "招刷单员"),
    ],
)
def test_evasive_spellings(written: str, meant: str) -> None:
    seen, places = unmasked(plain(written))
    assert seen == meant
    assert len(places) == len(seen)
    assert max(places) == len(written) - 1


@pytest.mark.parametrize(
    "text", ["无中介费,入职不收取任何费用", "谨防刷单,切勿向陌生人转账", "入职体检发票公司报销", "面试请带身份证和简历,在一楼前台登记"]
)
def test_denied_and_ordinary(text: str) -> None:
    assert judge(text).level not in ALARM


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("押金先转给老板娘", "payme"),
        ("叉车证公司出钱考", "covered"),
        ("不收任何押金", "unpaid"),
        ("验完货再付", "after"),
        ("一百二我转你了", "received"),
        ("把那串数字念给我", "code"),
        ("我扭头就走", "refused"),
    ],
)
def test_roles(text: str, role: str) -> None:
    assert role in {name for name, _ in roles(plain(text))}


def test_order_of_roles_tells_who_pays_before_what() -> None:
    assert bonds(["first", "pay", "then", "job"]) != bonds(["job", "then", "first", "pay"])
    assert bonds(["pay", "pay", "job"]) == bonds(["pay", "job"])


def test_what_is_wanted_is_shown() -> None:
    text = "你先把三百转给老板娘,她给你排班,别跟家里说"
    found = judge(text)
    assert found.level in ALARM
    wanted = next(reason for reason in found.reasons if reason.rule == "R01")
    assert "转" in text[slice(*wanted.span)]
    assert "R01" not in {reason.rule for reason in judge("昨天的饭钱我转给他了").reasons}


def test_reasons_and_advice() -> None:
    text = "先把短信验证码念一下,再交押J500到我个人账户,今天不交名额就没了"
    found = judge(text)
    assert found.level == "high"
    assert len({reason.rule for reason in found.reasons}) >= 3
    assert any("交押" in text[slice(*reason.span)] for reason in found.reasons)
    assert any("110" in step for step in found.advice)
    assert judge("天气不错").advice == ()


@pytest.mark.parametrize(
    "text",
    [
        "公司招聘会计助理,应届可,4000-5000,有意请发简历到hr@abc.com",
        "招超市收银员,3500元,月休四天,包两餐",
        "行政助理 双休 五险一金",
        "实习生 150元/天",
        "新媒体运营实习,每周4天,200元/天,可开实习证明",
        "需要垫付差旅费后报销",
    ],
)
def test_ordinary_offers_are_no_alarm(text: str) -> None:
    assert judge(text).level not in ALARM


@pytest.mark.parametrize(
    "text", ["面试官要我的验证码", "对方让我共享屏幕怎么办", "人事叫我把收到的短信码念给他", "客服让我打开屏幕共享教我退款", "中介拿走我身份证不还"]
)
def test_one_line_told_while_it_happens(text: str) -> None:
    found = judge(text)
    assert found.level in ALARM
    assert {reason.rule for reason in found.reasons} - {"M01"}


def test_likeness_alone_is_at_most_a_warning() -> None:
    judged = [judge(each.text) for name in ("blind", "last", "mixed") for each in examples(name)]
    alone = [found for found in judged if {reason.rule for reason in found.reasons} == {"M01"}]
    assert alone
    assert {found.level for found in alone} <= {"none", "hint", "warning"}
    assert all("「" in found.reasons[0].say for found in alone)


@settings(deadline=None)
@given(ANY)
@example("0\ud800")
def test_any_text(text: str) -> None:
    found = judge(text)
    assert 0 <= found.score <= 100
    for reason in found.reasons:
        assert 0 <= reason.span[0] <= reason.span[1] <= len(text)


@pytest.mark.parametrize("unit", ["交", "押金", "1", "学费分期", "卡", "返", "先", " ", "v信", "点赞返佣", "护照"])
def test_no_text_is_slow(unit: str) -> None:
    assert growth(judge, unit, LENGTH) < LINEAR
