"""A résumé beside a posting: named, implied or missing in the posting's words; degree, years, city; what to move up."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from knowledge.resume.against_posting import Comparison, compared, terms
from knowledge.resume.sections import read

FOLDER = Path(__file__).parents[2] / "samples" / "resumes"
TODAY = date(2026, 11, 22)


def beside(name: str, posting: str) -> Comparison:
    return compared(read((FOLDER / f"{name}.txt").read_text(encoding="utf8")), posting, TODAY)


def states(found: Comparison) -> dict[str, tuple[str, bool]]:
    return {need.term: (need.state, need.required) for need in found.needs}


def test_an_accountant() -> None:
    found = beside(
        "accountant",
        "任职要求:\n1.大专及以上学历,会计相关专业;\n2.熟练操作用友等财务软件,会报税;\n3.持有初级会计证书,有审计经验优先。\n工作地点:郑州",
    )
    assert states(found) == {
        "用友": ("found", True),
        "财务软件": ("found", True),
        "报税": ("missing", True),
        "初级会计": ("found", True),
        "审计": ("found", False),
    }
    assert [(point.name, point.fits) for point in found.points] == [("学历", True), ("城市", True)]


def test_implied_is_not_found_and_points_at_the_line() -> None:
    found = beside("operations", "要求:具备活动策划和沟通能力,熟悉 Python")
    need = next(need for need in found.needs if need.term == "活动策划")
    assert need.state == "implied"
    assert need.place
    text = (FOLDER / "operations.txt").read_text(encoding="utf8")
    assert "策划 8 场线上活动" in text[slice(*need.place)]
    assert states(found)["Python"] == ("missing", True)


def test_a_manner_is_never_asked_for_as_a_word() -> None:
    assert "抗压能力" not in states(beside("operations", "要求:有抗压能力,服务意识强"))


@pytest.mark.parametrize(
    ("posting", "fits"),
    [("要求:硕士及以上", False), ("要求:本科以上", True), ("要求:3年以上工作经验", False), ("面向2026届毕业生", True), ("面向2027届毕业生", False)],
)
def test_degree_years_and_cohort(posting: str, fits: bool) -> None:
    (point,) = beside("operations", posting).points
    assert point.fits is fits


def test_a_match_in_the_lower_half_should_move_up() -> None:
    resume = (FOLDER / "mechanic.txt").read_text(encoding="utf8")
    top, rest = resume.split("■ 实习经历")
    job, project = rest.split("■ 项目经历")
    filler = "■ 校园经历\n2023/09 – 2024/06　社团　干事\n" + "● 组织 3 场活动，到场 120 人\n" * 14
    turned = read(top + filler + "■ 项目经历" + project.split("■ 技能")[0] + "■ 实习经历" + job)
    assert "最对口" in compared(turned, "要求:熟练使用SolidWorks,能出二维图纸,有夹具设计经验", TODAY).move_up[0]


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("熟悉 Spring Boot、MySQL、Redis 等框架", ["Spring Boot", "MySQL", "Redis"]),
        ("掌握钣金工艺和焊接知识", ["钣金工艺", "焊接"]),
        ("形象气质佳,30岁以下", []),
    ],
)
def test_terms_in_the_postings_words(clause: str, expected: list[str]) -> None:
    assert list(terms(clause)) == expected


@pytest.mark.parametrize("posting", ["", "\n\n", "、" * 500, "要求" * 500, "a" * 4000, "熟悉" * 1000])
def test_any_text(posting: str) -> None:
    beside("operations", posting)
