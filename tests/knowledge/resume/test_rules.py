"""Remarks: every planted fault found, hardly a false one on a good résumé, quotes and examples of their own words, and fast."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge.extract import ExtractError
from knowledge.resume.extract import Paper, pasted
from knowledge.resume.rules import DIMENSIONS, Remark, Review, loaded, review

FOLDER = Path(__file__).parents[2] / "samples" / "resumes"
TODAY = date(2026, 11, 22)
GOOD = {path.stem: path.read_text(encoding="utf8") for path in sorted(FOLDER.glob("*.txt"))}
FAULTY: list[dict[str, Any]] = tomllib.loads((FOLDER / "faults.toml").read_text(encoding="utf8"))["resume"]


def reviewed(text: str, **look: str) -> Review:
    paper = pasted(text)
    return review(Paper(paper.text, look.pop("name", ""), look=look), TODAY)


def ids(found: Review) -> set[str]:
    return {remark.rule.id for remark in found.remarks}


def remark(found: Review, rule: str) -> Remark:
    return next(each for each in found.remarks if each.rule.id == rule)


def changed(row: dict[str, Any]) -> str:
    text = GOOD[row["base"]]
    for old, new in row["edits"]:
        assert old in text, old
        text = text.replace(old, new, 1) if old else f"{text}{new}\n"
    return text


def test_good_resumes_get_at_most_one_remark_on_average() -> None:
    found = {name: ids(reviewed(text)) for name, text in GOOD.items()}
    assert len(found) == 10
    assert sum(map(len, found.values())) <= len(found), found
    assert not any(each.rule.severity == 3 for text in GOOD.values() for each in reviewed(text).remarks)


@pytest.mark.parametrize("row", FAULTY, ids=lambda row: f"{row['base']}-{'-'.join(row['faults'])}")
def test_planted_faults_are_found_and_little_else(row: dict[str, Any]) -> None:
    found, before = ids(reviewed(changed(row))), ids(reviewed(GOOD[row["base"]]))
    assert set(row["faults"]) <= found
    assert len(found - before - set(row["faults"])) <= 1


def test_the_corpus_is_large_enough() -> None:
    assert len(FAULTY) == 20
    assert len({fault for row in FAULTY for fault in row["faults"]}) >= 45


def test_a_remark_quotes_their_words_and_builds_an_example_of_them() -> None:
    found = reviewed(changed(FAULTY[0]))
    duty = remark(found, "W01")
    assert duty.quote == "负责公司公众号和社群的日常运营"
    assert found.resume.text[slice(*duty.places[0])] == duty.quote
    assert "公众号" in duty.example
    assert "__" in duty.example
    assert remark(found, "W05").example.startswith("「熟练使用 Excel")


def test_the_most_important_come_first_and_are_five_at_most() -> None:
    found = reviewed(changed(FAULTY[1]))
    severities = [each.rule.severity for each in found.remarks]
    assert severities == sorted(severities, reverse=True)
    assert found.most_important()[0].rule.id == "P01"
    assert len(found.most_important()) <= 5


def test_numbers_that_must_not_travel_are_never_repeated() -> None:
    for row in FAULTY:
        said = " ".join(f"{each.quote} {each.example} {each.detail}" for each in reviewed(changed(row)).remarks if each.rule.mask)
        assert not any(secret in said for secret in ("19491231002", "0200112233445", "3栋402", "13912345678"))


def test_every_side_says_what_moves_it() -> None:
    found = reviewed(changed(FAULTY[0]))
    sides = {name: (state, moved) for name, state, moved in found.dimensions()}
    assert tuple(sides) == DIMENSIONS
    assert sides["联系方式"] == ("先改", ("缺手机号",))
    assert sides["隐私"] == ("不错", ())


def test_times_that_contradict_say_how() -> None:
    turned = remark(reviewed(changed(FAULTY[4])), "S07")
    assert "2024.09" in turned.detail
    assert "2024.12" in turned.detail
    gap = remark(reviewed(changed(FAULTY[3])), "S06")
    assert gap.detail == "2025.07 到 2026.04 这 10 个月没有写"


def test_commas_of_one_kind_are_no_fault_of_two_kinds_are() -> None:
    text = GOOD["operations"]
    assert "L14" not in ids(reviewed(text.replace("，", ",")))
    assert "L14" in ids(reviewed(text.replace("，", ",", text.count("，") // 2)))


def test_somebody_still_at_school_has_no_gap() -> None:
    assert "S06" not in ids(reviewed(GOOD["operations"].replace("2026.06", "2027.06").replace("2026.07–至今", "2026.07–2026.09")))


@pytest.mark.parametrize(
    ("rule", "look"),
    [
        ("L01", {"pages": "3"}), ("L02", {"pages": "2"}), ("L06", {"font": "7.5"}), ("L08", {"columns": "2"}), ("L09", {"boxed": "0.9"}),
        ("L10", {"tabled": "0.8"}), ("L11", {"edge": "13800138001"}), ("L15", {"picture": "0.30"}), ("L16", {"radicals": "9"}),
        ("L17", {"garbled": "30"}),
        ("L18", {"pages": "2", "first": "12"}), ("P11", {"author": "张打印"}), ("P12", {"revised": "changes"}),
        ("F01", {"name": "个人简历最终版2.docx"}),
        ("F02", {"name": "林之遥-用户运营.docx"}), ("F03", {"bytes": "8600000"}),
    ],
)  # fmt: skip
def test_how_a_file_looks(rule: str, look: dict[str, str]) -> None:
    text = f"13800138001\n{GOOD['operations'].replace('13800138001 | ', '')}" if rule == "L11" else GOOD["operations"]
    assert rule in ids(reviewed(text, **look))
    assert rule not in ids(reviewed(GOOD["operations"], pages="1", font="10.5", columns="1", author="林之遥", name="林之遥-江汉-用户运营.pdf"))


def test_rules_are_whole_and_each_can_be_reached() -> None:
    rules, _, sources = loaded()
    for rule in rules.values():
        assert rule.dimension in DIMENSIONS
        assert rule.severity in (1, 2, 3)
        assert rule.why.endswith("。")
        assert rule.fix.endswith("。")
        assert "!" not in f"{rule.why}{rule.fix}"
        assert rule.source in sources.values()
    code = (Path(__file__).parents[3] / "knowledge" / "resume" / "checks.py").read_text(encoding="utf8")
    assert not [rule.id for rule in rules.values() if not rule.any and f'"{rule.id}"' not in code]


def test_what_is_no_resume_is_said_or_survived() -> None:
    with pytest.raises(ExtractError, match="太短"):
        pasted("我想改简历")
    with pytest.raises(ExtractError, match="外文"):
        pasted("Li Wei, data analyst. Built 12 dashboards used by 40 managers of a company.")
    with pytest.raises(ExtractError, match="太长"):
        pasted("字" * 40_000)
    for odd in ("a" * 5000, "、" * 200 + "x" * 40, "2024.07" * 300, "教育背景\n" * 200, "(" * 500 + "公司", "大学" * 2000, "1" * 3000):
        review(Paper(odd), TODAY)
