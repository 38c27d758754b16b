"""Reading a résumé into sections, items with their times, and what a line names."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.postings.terms import Level
from knowledge.resume.entities import entities
from knowledge.resume.sections import heading, period, plain, read

FOLDER = Path(__file__).parents[2] / "samples" / "resumes"


def month(year: int, number: int) -> int:
    return year * 12 + number - 1


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("教育背景", "education"), ("一、教育经历", "education"), ("■ 实习经历", "work"), ("【项目经验】", "project"),
        ("工作经历 / Work Experience", "work"),
        ("EDUCATION", "education"), ("教 育 背 景", "education"), ("技能与证书", "skills"), ("求职意向：会计", "intent"), ("自我评价:踏实", "self"),
        ("教育背景 江汉示范大学 本科", "education"), ("校园经历（部分）", "campus"), ("所获证书", "certificates"), ("实习与工作", "work"),
    ],
)  # fmt: skip
def test_headings(line: str, kind: str) -> None:
    found = heading(plain(line))
    assert found
    assert found[0] == kind


@pytest.mark.parametrize(
    "line", ["负责项目经历的整理工作", "• 技能:Python", "整理教育背景资料 300 份", "工作认真负责", "获奖 3 次", "项目组成员共 6 人"]
)
def test_lines_that_are_no_heading(line: str) -> None:
    assert heading(plain(line)) is None


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2021.09–2025.06", (2021, 9), (2025, 6)), ("2024年7月至2024年10月", (2024, 7), (2024, 10)), ("2024/07 - 至今", (2024, 7), None),
        ("2024-07-2024-10", (2024, 7), (2024, 10)), ("2024.7-10", (2024, 7), (2024, 10)), ("2021-2025", (2021, 9), (2025, 6)),
        ("24/7-24/10", (2024, 7), (2024, 10)),
        ("2024.07.01—2024.09.30", (2024, 7), (2024, 9)), ("2024年3月", (2024, 3), (2024, 3)),
    ],
)  # fmt: skip
def test_periods(text: str, start: tuple[int, int], end: tuple[int, int] | None) -> None:
    found = period(plain(text))
    assert found
    assert found.start == month(*start)
    assert found.end == (month(*end) if end else None)


@pytest.mark.parametrize("text", ["2025届", "电话 13800138000", "450 条反馈", "GPA 3.6/4.0", "2023 年全国大赛"])
def test_what_is_no_period(text: str) -> None:
    assert period(plain(text)) is None


def test_a_whole_resume() -> None:
    found = read((FOLDER / "operations.txt").read_text(encoding="utf8"))
    assert found.name == ("林之遥", 0.85)
    assert found.level == Level.BACHELOR
    assert found.graduation == month(2026, 6)
    assert found.intent
    assert found.text[slice(*found.intent)].startswith("用户运营")
    school, job, earlier, project = found.items
    assert [school.named("school"), school.named("major"), school.named("degree")] == ["江汉示范大学", "市场营销", "本科"]
    assert [job.named("organisation"), job.named("title")] == ["青山文化传媒有限公司", "用户运营实习生"]
    assert job.period
    assert job.period.end is None
    assert [len(item.lines) for item in (job, earlier, project)] == [3, 2, 1]
    assert all(found.text[slice(*entity.span)] == entity.text for item in found.items for entity in item.names)


@pytest.mark.parametrize(
    ("name", "jobs"), [("designer", 2), ("teacher", 3), ("nurse", 2), ("legal", 2), ("trade", 2), ("mechanic", 1), ("quality", 1)]
)
def test_heads_of_one_two_and_three_lines(name: str, jobs: int) -> None:
    found = read((FOLDER / f"{name}.txt").read_text(encoding="utf8"))
    work = [item for item in found.items if item.kind == "work"]
    assert len(work) == jobs
    assert all(item.period and item.names and item.lines for item in work)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2019年至2023年就读于江汉示范大学会计学专业,获学士学位", [("school", "江汉示范大学"), ("major", "会计学专业"), ("degree", "学士学位")]),
        ("现任金城机械股份有限公司副总经理兼财务总监", [("organisation", "金城机械股份有限公司"), ("title", "副总经理"), ("title", "财务总监")]),
        ("历任青山集团人力资源部经理、办公室主任", [("organisation", "青山集团"), ("title", "人力资源部经理"), ("title", "办公室主任")]),
        ("工商管理硕士,高级会计师", [("major", "工商管理"), ("degree", "硕士"), ("title", "高级会计师")]),
        ("大学本科学历", [("degree", "大学本科学历")]),
        ("广州市天河区华景小学 语文实习教师", [("school", "广州市天河区华景小学"), ("title", "语文实习教师")]),
        ("全国大学生市场调查大赛(省二等奖) 组长", [("title", "组长")]),
        ("杭州云图网络科技有限公司 后端开发工程师", [("organisation", "杭州云图网络科技有限公司"), ("title", "后端开发工程师")]),
    ],
)
def test_what_a_line_names(line: str, expected: list[tuple[str, str]]) -> None:
    assert [(entity.kind, entity.text) for entity in entities(plain(line))] == expected
