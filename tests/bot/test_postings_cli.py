"""`bulixian postings …` as staff use it: files of each kind, wrong rows among them, mappings kept, held ones decided."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from knowledge.tables import read, workbook
from tests.conftest import Run

HEADER = ["岗位名称", "用人单位", "工作地点", "薪资", "截止日期", "岗位要求", "备注"]
GOOD = ["行政专员", "贵阳甲物业服务有限公司", "贵阳市云岩区", "4000-6000元/月", "2026-12-31", "负责会议安排", "急"]
WRONG = [
    ["", "贵阳甲物业服务有限公司", "", "", "", "", ""],
    ["会计", "乙公司", "遵义", "面议", "2026-02-30", "", ""],
    ["打字员", "丙公司", "", "日结500", "", "先交押金299元，加微信 abc12345 领资料", ""],
]


def test_a_workbook_with_wrong_rows(run: Run, tmp_path: Path) -> None:
    (tmp_path / "人才网.xlsx").write_bytes(workbook([["2026年岗位汇总"], HEADER, GOOD, *WRONG]))
    done = run("postings", "import", "人才网.xlsx", "--dry-run")
    assert done.exit_code == 1
    assert "备注（如「急」）" in done.stderr
    assert "新增 1，更新 0，没变 0，重复，已合并 0，待老师核实 1，没有导入 2" in done.stdout
    assert "第 4 行" in done.stderr
    assert run("postings", "list").stdout == ""
    done = run("postings", "import", "人才网.xlsx", "--report", "结果.xlsx")
    table = read((tmp_path / "结果.xlsx").read_bytes())
    assert [row[:2] for row in table.rows] == [["3", "新增"], ["4", "没有导入"], ["5", "没有导入"], ["6", "待老师核实"]]
    again = json.loads(run("postings", "import", "人才网.xlsx", "--json").stdout)
    assert (again["same"], again["refused"], again["inserted"]) == (2, 2, 0)


def test_held_ones_wait_for_staff(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([dict(zip(HEADER, row, strict=True)) for row in [GOOD, WRONG[2]]]), encoding="utf8")
    assert run("postings", "import", "a.json").exit_code == 0
    held = json.loads(run("postings", "list", "--held", "--json").stdout)
    assert [row["title"] for row in held] == ["打字员"]
    number = str(held[0]["id"])
    assert "押金" in run("postings", "list", "--held").stdout
    assert "已放行：打字员" in run("postings", "release", number, "--who", "王老师").stdout
    assert "不再使用" in run("postings", "refuse", number, "--who", "王老师").stdout
    assert run("postings", "refuse", "999", "--who", "王老师").exit_code == 1


def test_a_mapping_is_kept_for_its_source(run: Run, tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes("甲,乙,城市\n会计,乙公司,遵义\n".encode("gb18030"))
    lost = run("postings", "import", "b.csv")
    assert lost.exit_code == 1
    assert "--map" in lost.stderr
    assert "没有叫「丙」的列" in run("postings", "import", "b.csv", "--map", "丙=岗位名称").stderr
    assert "没有叫「戊」的字段" in run("postings", "import", "b.csv", "--map", "甲=戊").stderr
    assert run("postings", "import", "b.csv", "--map", "甲=岗位名称", "--map", "乙=单位名称").exit_code == 0
    assert "没变 1" in run("postings", "import", "b.csv").stdout


def test_screening_needs_no_database(run: Run, tmp_path: Path) -> None:
    rows = [dict(zip(HEADER, row, strict=True)) for row in [GOOD, *WRONG]]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n{broken"
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    done = run("postings", "screen", "c.jsonl.gz", "--json", "--report", "c.csv")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (found["fine"], found["held"], found["refused"]) == (1, 1, 3)
    assert [row["row"] for row in found["rows"] if row["outcome"] == "held"] == [4]
    assert len(read((tmp_path / "c.csv").read_bytes()).rows) == 5
    for name, why in (("no.csv", "找不到"), (".", "不是一个文件")):
        assert why in run("postings", "screen", name).stderr


def test_a_feed_from_a_file(run: Run) -> None:
    sample = Path(__file__).parents[1] / "samples" / "feeds" / "rss.xml"
    done = run("postings", "import", str(sample), "--feed", "rss", "--source", "某校")
    assert done.exit_code == 0
    assert "新增 1，更新 0，没变 0，重复，已合并 0，待老师核实 1" in done.stdout
    assert "有：rss、table" in run("postings", "import", str(sample), "--feed", "nope").stderr
    assert "还没有设定" in run("postings", "feeds").stdout
    assert "过期 0" in run("postings", "expire").stdout


def test_a_message_is_shown_first_and_taken_with_a_yes(run: Run) -> None:
    said = "贵阳甲商贸有限公司招会计2名,月薪4500-6000,大专以上,12月10日前联系 13912345678"
    shown = run("postings", "add", "--who", "王老师", feed=said)
    assert shown.exit_code == 0
    assert "会计" in shown.output
    assert "可推荐 0" in run("postings", "list").output
    assert run("postings", "add", "--who", "王老师", "--yes", feed=said).exit_code == 0
    assert "可推荐 1" in run("postings", "list").output
