"""`resume check` as graduates and machines meet it: what it says, exact JSON, exit codes, a file that cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from bot.cli import cli

SAMPLES = Path(__file__).parents[1] / "samples" / "resumes"
POSTING = """用户运营专员
岗位职责:负责社群日常运营
任职要求:
1、本科及以上学历,1年以上工作经验;
2、熟练使用Excel、SQL,具备良好的数据分析能力和沟通能力;
3、熟悉小红书平台,有直播带货经验者优先。
工作地点:武汉市
"""


def check(monkeypatch_today: str, *words: str) -> tuple[int, str, str]:
    result = CliRunner(env={"BULIXIAN_TODAY": monkeypatch_today}).invoke(cli, ["resume", "check", *words])
    return result.exit_code, result.stdout, result.stderr


def test_a_file_with_a_posting_beside_it(tmp_path: Path) -> None:
    posting = tmp_path / "岗位.txt"
    posting.write_text(POSTING, encoding="utf8")
    code, out, _ = check("2026-11-22", str(SAMPLES / "operations.txt"), "--posting", str(posting))
    assert code == 0
    assert "文件名看不出是谁" in out
    assert "· 年限：要 1 年以上，你毕业后 4 个月 —— 不够" in out
    assert "· 要求里写到了的：Excel、SQL" in out
    assert "· 优先里没写到的：直播带货" in out


def test_json_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "林之遥-用户运营.md"
    path.write_text((SAMPLES / "operations.txt").read_text(encoding="utf8").replace("CET-6 528 分", "英语六级"), encoding="utf8")
    code, out, _ = check("2026-11-22", str(path), "--json")
    found = json.loads(out)
    assert code == 0
    assert set(found) == {"text", "kind", "confidence", "doubts", "facts", "dimensions", "most_important", "remarks", "posting"}
    assert found["most_important"] == ["W11"]
    (remark,) = found["remarks"]
    start, end = remark["places"][0]
    assert found["text"][start:end] == remark["quote"] == "英语六级"
    assert remark["source"]
    assert remark["example"]
    assert found["facts"]["items"][0]["period"] == ["2022-09", "2026-06"]
    assert len(found["dimensions"]) == 6


def test_what_cannot_be_read_is_one_sentence_and_exit_1(tmp_path: Path) -> None:
    broken = tmp_path / "a.doc"
    broken.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    code, out, said = check("2026-11-22", str(broken))
    assert (code, out) == (1, "")
    assert said.startswith("a.doc:这是旧版的 .doc")
    assert check("2026-11-22", str(tmp_path / "no.pdf"))[0] == 1
    assert check("2026-11-22", str(SAMPLES / "operations.txt"), "--posting", str(tmp_path / "no.txt"))[0] == 1
    assert check("2026-11-22")[0] == 2
