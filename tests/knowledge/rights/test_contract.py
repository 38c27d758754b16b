"""Contract check: planted faults are found, good papers are left alone, terms read in every spelling, every article is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings

from knowledge.rights.contract import CLEAN, NOTICE, book, check, cited, texts
from knowledge.rights.quantities import LENGTH
from knowledge.rights.terms import OPEN_ENDED, read, stated
from tests.knowledge.test_words import ANY

HERE = Path(__file__).parent
ROWS = [row.split("\t") for row in (HERE / "contracts.tsv").read_text(encoding="utf8").splitlines()]
LENGTHS = {
    "三年": 36, "3年": 36, "叁年": 36, "三 年": 36, "36个月": 36, "三十六个月": 36, "一年": 12, "1年": 12, "壹年": 12, "12个月": 12, "十二个月": 12,
    "两年": 24, "二年": 24, "贰年": 24, "五年": 60, "一年半": 18, "半年": 6, "六个月": 6, "6个月": 6, "三个月": 3, "3 个月": 3,
    "一个月": 1, "两个月": 2,
}  # fmt: skip
TERMS = ("合同期限为{}。", "本合同期限{},试用期一个月。", "一、劳动合同期限:{}", "双方签订{}固定期限劳动合同。")
PROBATIONS = ("试用期{}。", "合同期限三年,其中试用期为{}。", "试用期限:{}", "前{}为试用期,合格后转正。")
WAGES = {
    "5000元": 5000, "5,000元": 5000, "伍仟元整": 5000, "五千元": 5000, "人民币5000元": 5000, "8.5千元": 8500, "1.2万元": 12000, "一万二千元": 12000,
    "6500 元": 6500, "叁仟捌佰元": 3800, "四千五百元": 4500, "¥7200元": 7200,
}  # fmt: skip
PAID = ("乙方月工资为{}。", "工资标准:{}/月", "转正后月薪{},每月10日发放。", "乙方每月基本工资{}。")
SHARES = {"80%": 0.8, "八折": 0.8, "百分之八十": 0.8, "70%": 0.7, "九折": 0.9}
PENALTIES = {"20000元": 20000, "2万元": 20000, "两万元": 20000, "贰万元": 20000, "10万元": 100_000, "3000元": 3000, "三个月工资": None}
HOURS = {
    "每天工作8小时": 8, "每日工作八小时": 8, "每天上班10小时": 10, "每天 12 小时": 12, "工作时间9:00至18:00,午休一小时": 8, "每日工作不超过八小时": 8,
}  # fmt: skip
CLAUSES = [
    *((pattern.format(said), "term", value) for pattern in TERMS for said, value in LENGTHS.items()),
    *((pattern.format(said), "probation", value) for pattern in PROBATIONS for said, value in LENGTHS.items() if value <= 6),
    *((pattern.format(said), "wage", value) for pattern in PAID for said, value in WAGES.items()),
    *((f"试用期工资为转正工资的{said}。", "probation_wage", value) for said, value in SHARES.items()),
    *((f"乙方提前离职的,支付违约金{said}。", "penalty", value) for said, value in PENALTIES.items() if value),
    *((f"{said},每周工作五天。", "hours", value) for said, value in HOURS.items()),
    ("本合同为无固定期限劳动合同。", "term", OPEN_ENDED),
    ("合同自2026年7月1日起至2029年6月30日止。", "term", 36),
    ("合同期限:自二〇二六年七月一日起至二〇二七年六月三十日止。", "term", 12),
    ("本合同不约定试用期。", "probation", 0),
    ("竞业限制期限为两年,按月支付补偿。", "noncompete", 24),
    ("服务期五年,甲方出资培训费3万元。", "service", 60),
    ("服务期五年,甲方出资培训费3万元。", "training_cost", 30_000),
    ("工资构成:基本工资2500元+岗位工资1500元+固定补贴300元+绩效。", "wage", 4300),
    ("乙方月工资由基本工资2500元、岗位工资1500元、绩效工资1000元构成,合计5000元。", "wage", 5000),
    ("底薪3000元,餐补15元/天。", "wage", 3000),
]


def paper(name: str) -> str:
    return (HERE / "contracts" / f"{name}.txt").read_text(encoding="utf8")


@pytest.mark.parametrize(("name", "kind", "faults"), ROWS, ids=[row[0] for row in ROWS])
def test_planted_faults_are_found_and_nothing_is_made_up(name: str, kind: str, faults: str) -> None:
    """`blind_…` were written by somebody who had not read the rules: at first try 17 of their 20 faults, and two on a good one; then mended.

    `second_…` were written afterwards in the manner of real ones by the author of the rules: at first try 20 of 27, no unlawful finding and one hint
    on the four good ones, one taken for another kind; then mended, and two of the 27 taken back. `third_…` the same way by the one who mended the
    rules last: at first try 25 of 31, no unlawful finding and one hint on the six good ones; then mended, and a hint on two of them taken as right.
    `fourth_…` after that mending: 13 of 17, one unlawful finding on the three good ones; then mended, and one of the 17 taken back.
    """
    found = check(paper(name))
    assert found.kind == kind
    assert {row.rule.id for row in found.findings} == set(faults.split())
    if "good" in name:
        assert not found.unlawful()


GRADED = [
    ("工作时间为9:00-18:00,周末双休。", "K18", None),
    ("工作时间为9:00-18:00,休息日另行安排,每周工作五天。", "K18", None),
    ("工作时间9:00-19:00,国家法定节假日休息。", "K18", "提示"),
    ("工作时间8:00-18:00(含午休)。", "K18", "提示"),
    ("工作时间9:00-18:00。中午休息1小时。每周工作六天。", "K18", "违法"),
    ("工作时间:上午8:30-12:00,下午1:30-5:30,每周工作六天。", "K18", "违法"),
    ("上班时间夏季8:00-18:00,冬季8:30-17:30,午休两小时。", "K18", None),
    ("每天工作9小时(含午餐1小时),双休。", "K18", None),
    ("试用期为3个月,合同期限自2026年7月1日至2027年6月30日。", "K01", "违法"),
    ("试用期三个月,合同三年。", "K01", None),
    ("一年期合同,试用期3个月。", "K01", "违法"),
    ("本合同自2026年7月1日生效,试用期至2026年12月31日止,合同至2027年6月30日止。", "K01", "违法"),
    ("本合同自2026年7月1日起至2029年6月30日止,试用期至2026年9月30日止。", "K01", None),
    ("乙方违反本合同约定的,应支付违约金3万元。", "K11", "违法"),
    ("违约金为10万元。", "K11", "违法"),
    ("服务期5年,提前离职赔偿违约金5万元。", "K11", "违法"),
    ("甲方出资3万元送乙方参加专项培训。服务期5年,提前离职赔偿违约金3万元。", "K11", None),
    ("第九条 乙方离职后一年内遵守竞业限制,甲方按月支付补偿。乙方违反上述约定的,应支付违约金10万元。", "K11", None),
    ("第九条 竞业限制一年,甲方按月支付补偿。第十条 其他。\n第十一条 乙方违反上述约定的,应支付违约金10万元。", "K11", "违法"),
    ("甲方违反本合同的,应向乙方支付违约金3万元。", "K11", None),
    ("擅自离职的,当月工资不予发放。", "K22", "违法"),
    ("旷工期间工资不予发放。", "K22", None),
    ("离职当月工资于次月15日发放。", "K22", None),
    ("购买雇主责任险,不再缴纳社会保险。", "K16", "违法"),
    ("购买意外险,不缴纳社会保险。", "K16", "违法"),
    ("甲方不缴纳社会保险的,乙方有权解除合同。", "K16", None),
    ("另购买意外险,不再缴纳补充医疗保险。", "K16", None),
    ("本岗位限本地户籍。", "K34", None),
    ("本岗位限本地户籍。", "K41", "提示"),
    ("入职体检由乙方到指定医院进行并支付体检费。", "K08", None),
    ("入职体检由乙方到指定医院进行并支付体检费。", "K42", "提示"),
    ("体检费用由公司报销。", "K42", None),
    ("基本工资3000元,岗位工资2000元。试用期工资3500元。", "K04", "违法"),
    ("试用期基本工资2000元+岗位工资1000元,转正后基本工资2500元+岗位工资2000元。", "K04", "违法"),
    ("基本工资2200元,岗位工资1800元,试用期只发基本工资。", "K04", "违法"),
    ("基本工资2200元,岗位工资1800元,试用期工资为基本工资的80%。", "K04", "违法"),
    ("试用期底薪2800元,转正后底薪3500元+岗位补贴500元。", "K04", "提示"),
    ("试用期基本工资2400元+岗位补贴500元,转正后基本工资3000元+岗位补贴500元+绩效。", "K04", None),
]


@pytest.mark.parametrize(("clause", "rule", "severity"), GRADED)
def test_a_clause_is_called_what_it_is(clause: str, rule: str, severity: str | None) -> None:
    found = {row.rule.id: row.severity for row in check(f"劳动合同\n{clause}").findings}
    assert found.get(rule) == severity


@pytest.mark.parametrize(("clause", "name", "value"), CLAUSES)
def test_terms_are_read_in_every_spelling(clause: str, name: str, value: float) -> None:
    assert value in [fact.value for fact in check(f"劳动合同\n{clause}").facts if fact.name == name]


@pytest.mark.parametrize("name", ["clauses_blind", "clauses_third", "clauses_fourth"])
def test_clauses_in_the_manner_of_real_ones_are_read_whole(name: str) -> None:
    """Everything that a clause states and nothing else; at first try 50 of 60, three of the ten with a wrong number, then 66 of 80, eight of the
    fourteen with a wrong number, then 25 of 35, one with a wrong number; each time mended, two taken back, one (每月1000元赔偿) left."""
    rows = [json.loads(line) for line in (HERE / f"{name}.jsonl").read_text(encoding="utf8").splitlines()]
    wrong = []
    for row in rows:
        facts = read(f"劳动合同\n{row['text']}")
        found = {fact.name: stated(facts, fact.name) for fact in facts}
        values = {name: fact.value for name, fact in found.items() if fact}
        if values != {name: pytest.approx(value) if value is not None else None for name, value in row["facts"].items()}:
            wrong.append((row, values))
    assert not wrong


def test_single_faults_in_other_words_are_found_and_fair_clauses_left_alone() -> None:
    """Three rounds, each written before the rules were mended for it: at first try 44 of 65 faults and two findings on 36 fair clauses, 22 of 47 and
    none on 35, 39 of 46 and none on 25; then mended, and two of the 158 left (a share of pay told backwards, pay that the employer may set)."""
    wrong = []
    for row in (HERE / "faults.tsv").read_text(encoding="utf8").splitlines():
        rule, clause = row.split("\t")
        found = {each.rule.id for each in check(f"劳动合同\n甲方:某公司 乙方:小王\n{clause}").findings} - {"K28"}  # one clause is not a contract
        if rule not in found if rule else found:
            wrong.append((rule, clause, found))
    assert not wrong


def test_what_is_left_blank_is_said_to_be_blank() -> None:
    found = check(paper("bad_blank"))
    assert found.blanks
    assert any(fact.name == "term" and fact.value is None for fact in found.facts)


def test_the_words_of_a_finding_stand_in_the_paper() -> None:
    for name, *_ in ROWS:
        text = paper(name)
        for row in check(text).findings:
            start, end = row.span
            assert 0 <= start <= end <= len(text)
            assert not row.quote or "".join(row.quote.split())[:6] in "".join(text.split())


def test_every_rule_has_words_and_an_article_with_its_version() -> None:
    _, rules, versions = book()
    assert len(rules) == 42
    for rule in rules.values():
        assert rule.why
        assert rule.say
        assert rule.call
        assert rule.laws
        assert all(law.rpartition(" ")[0] in versions and "第" in cited(law) for law in rule.laws)


def test_it_never_says_that_a_paper_is_fine() -> None:
    said = "\n".join(texts(check(paper("good_office"))))
    assert f"{CLEAN},不等于没有问题" in said
    assert NOTICE in said
    assert "没查的" in said


def test_other_papers_are_taken_for_what_they_are() -> None:
    found = check(paper("good_trainee"))
    assert "见习" in found.applies
    assert check("今天天气不错").name == "看不出是哪种文件"


@given(ANY)
@example("_" * LENGTH)
@example("试用期" * 3000)
@example("甲方" * 9000 + "违约金")
@settings(max_examples=80, deadline=None)
def test_any_text_is_judged(text: str) -> None:
    list(texts(check(text)))
