"""The command line as machines and newcomers meet it: exact JSON, one sentence for each mistake, the exit codes."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import Result

from bot.app import App
from bot.delivery import Delivery
from tests.conftest import Run


def lines(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_ask_says_the_answer_with_its_source(run: Run) -> None:
    result = run("ask", "报到证丢了要补办吗", "--explain")
    assert result.exit_code == 0
    assert "2023" in result.stdout
    assert "依据" in result.stdout
    assert "IDS-03" in result.stderr
    assert "报到证" in result.stderr


def test_ask_jsonl_is_exact_and_goes_on_after_a_bad_line(run: Run) -> None:
    good, crisis = '{"question": "报到证还发吗"}', '{"question": "我不想活了", "region": "贵阳"}'
    feed = b"\n".join((good.encode(), b"not json", b"[1]", b'{"q": 1}', b'{"question": "\xff\xfe"}', crisis.encode()))
    result = run("ask", "--jsonl", feed=feed)
    found = lines(result)
    assert result.exit_code == 1
    assert [set(row) for row in found] == [{"question", "outcome", "entries", "text"}] * 3
    assert [row["outcome"] for row in found] == ["answer", "clarify", "crisis"]
    first = found[0]["entries"]
    assert isinstance(first, list)
    assert set(first[0]) == {"id", "title", "p"}
    assert first[0]["id"] == "IDS-03"
    assert len(first) <= 3
    assert [line[:5] for line in result.stderr.splitlines()] == ["第 2 行", "第 3 行", "第 4 行"]


@pytest.mark.parametrize(
    "question", ["", "   ", "😀😀", "\x00\x01", "a" * 10_000, "毕业" * 5_000, "<b>档案</b>", "'; DROP TABLE inbox; --", "%s%n{}", "\u202e反"]
)
def test_ask_anything(run: Run, question: str) -> None:
    found = lines(run("ask", "--jsonl", feed=json.dumps({"question": question}) + "\n"))
    assert found[0]["question"] == question
    assert found[0]["text"]


def test_usage_is_exit_2(run: Run) -> None:
    assert run("ask").exit_code == 2
    assert run("nonsense").exit_code == 2
    assert run("chat", "--nonsense").exit_code == 2


def test_chat_jsonl_keeps_people_apart_and_time_moves(run: Run) -> None:
    feed = [
        {"from": "u1", "text": "完善资料"}, {"from": "u2", "text": "菜单"}, {"from": "u1", "choice": "step/profile/1/consent/同意"},
        {"from": "u1", "text": "贵阳"}, {"advance": "2d"}, {"from": "u2", "text": "2"}, {"from": "u1", "file": "cv.pdf"},
    ]  # fmt: skip
    Path("cv.pdf").write_bytes(b"%PDF-1.4\n%broken")
    result = run("chat", "--jsonl", feed="\n".join(json.dumps(row, ensure_ascii=False) for row in feed))
    assert result.exit_code == 0, result.stderr
    said = [(row["to"], row["parts"][-1]["text"]) for row in lines(result)]  # type: ignore[index]
    assert [name for name, _ in said] == ["u1", "u2", "u1", "u1", "u1", "u2", "u1", "u1"]
    assert "哪个城市" in said[2][1]
    assert "什么时候毕业" in said[3][1]
    assert "还差几步" in said[4][1]
    assert "正在看" in said[6][1]
    assert "打不开" in said[7][1]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"text": "没有 from"}',
        '{"from": "u"}',
        '{"from": "u", "text": 5}',
        '{"advance": "soon"}',
        '{"from": "u", "file": "gone.pdf"}',
        '{"from": ""}',
    ],
)
def test_chat_says_what_is_wrong_with_a_line_and_goes_on(run: Run, line: str) -> None:
    result = run("chat", "--jsonl", feed=line + '\n{"from": "u", "text": "菜单"}\n')
    assert result.exit_code == 1
    assert len(lines(result)) == 1
    assert result.stderr.startswith("第 1 行：")
    assert len(result.stderr.splitlines()) == 1
    assert "Traceback" not in result.stderr


def test_chat_for_people(run: Run) -> None:
    result = run("chat", "--as", "小王", feed="见习多久\n1\n")
    assert result.exit_code == 0
    assert "1. 问就业政策" in result.stdout
    assert "见习" in result.stdout


def test_knowledge_check_of_files(run: Run) -> None:
    good = (
        '[[redirect]]\nid = "RED-99"\ntitle = "测试"\nquestions = ["一二三四","二三四五","三四五六","四五六七","五六七八"]\nanswer = "去那边办。"\n'
    )
    for name, text in {
        "good.toml": good,
        "broken.toml": "[[entry]\n",
        "lacking.toml": '[[entry]]\nid = "SUB-99"\n',
        "unknown.toml": good + 'colour = "red"\n',
    }.items():
        Path(name).write_text(text, encoding="utf8")
    assert run("knowledge", "check", "good.toml").exit_code == 0
    for name, word in {"broken.toml": "TOML", "lacking.toml": "title", "unknown.toml": "colour", "gone.toml": "gone.toml"}.items():
        result = run("knowledge", "check", name)
        assert result.exit_code == 1
        assert word in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_export_change_import(run: Run) -> None:
    assert run("knowledge", "export", "all.json").exit_code == 0
    items = json.loads(Path("all.json").read_text(encoding="utf8"))
    assert len(items) >= 140
    items[0]["answer"] = "老师改过的第一行"
    items[1] = {"id": items[1]["id"]}
    Path("all.json").write_text(json.dumps(items), encoding="utf8")
    dry = run("knowledge", "import", "all.json", "--dry-run")
    done = run("knowledge", "import", "all.json", "--author", "王老师")
    again = run("knowledge", "import", "all.json", "--author", "王老师")
    alone = run("knowledge", "import", "all.json", "--author", "王老师", "--approved-by", "王老师")
    assert (dry.exit_code, done.exit_code, alone.exit_code) == (1, 1, 1)
    assert "会改 1 条" in dry.stdout
    assert "起草了 1 条" in done.stdout
    assert "起草了 1 条" in again.stdout
    assert "另一位老师" in alone.stderr
    assert items[1]["id"] in done.stderr
    assert len(run("knowledge", "drafts").stdout.splitlines()) == 1, "the newer draft of the same person takes the place of the older"
    assert "老师改过、只作为新版本供参考 0" in run("knowledge", "seed").stdout
    run("knowledge", "export", "after.json")
    assert json.loads(Path("after.json").read_text(encoding="utf8"))[0]["answer"] != "老师改过的第一行", "not before a second person approves"


def test_doctor_and_migrate(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("doctor")
    assert result.exit_code == 3, "a fixed date is said to be wrong for real use"
    assert "✗ BULIXIAN_TODAY" in result.stdout
    monkeypatch.delenv("BULIXIAN_TODAY")
    assert run("doctor").exit_code == 0
    assert run("migrate").exit_code == 0


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("mysql://x/y", "sqlite"),
        ("not a url", "BULIXIAN_DATABASE_URL"),
        ("sqlite:////nowhere/at/all.db", "打不开"),
        ("postgresql://u:secret@127.0.0.1:1/x", "连不上"),
    ],
)
def test_a_database_that_cannot_be_used(run: Run, monkeypatch: pytest.MonkeyPatch, url: str, word: str) -> None:
    monkeypatch.setenv("BULIXIAN_DATABASE_URL", url)
    for command in (("ask", "档案"), ("chat", "--jsonl"), ("migrate",)):
        result = run(*command)
        assert result.exit_code == 3
        assert word in result.stderr
        assert "secret" not in result.output
        assert "Traceback" not in result.output


def test_a_teacher_answers_a_case(run: Run) -> None:
    run("chat", "--jsonl", feed='{"from": "u", "text": "找老师,我档案丢了"}\n')
    assert "找老师" in run("cases", "list").stdout
    shown = run("cases", "show", "1").stdout
    assert "本人：找老师,我档案丢了" in shown
    assert run("cases", "reply", "1", "明天上午打你电话", "--as", "李老师").exit_code == 0
    said = lines(run("chat", "--jsonl"))
    assert said[0]["to"] == "u"
    assert "李老师：明天上午打你电话" in json.dumps(said[0], ensure_ascii=False)
    assert run("cases", "close", "1").exit_code == 0
    back = lines(run("chat", "--jsonl", feed='{"from": "u", "text": "谁看过我的档案"}\n'))
    assert "办完了" in json.dumps(back[0], ensure_ascii=False)
    assert "查看求助 1" in json.dumps(back[1], ensure_ascii=False)
    assert run("cases", "list").stdout == "没有等处理的事\n"
    for command in ("show", "close"):
        assert run("cases", command, "99").exit_code == 1


def test_flows_are_drawn(run: Run) -> None:
    assert "stateDiagram-v2" in run("flows", "--mermaid", "profile").stdout
    assert run("flows", "nothing").exit_code == 1


def start(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONUTF8": "1", **more}
    return subprocess.run([sys.executable, "-m", "bot", *words], capture_output=True, text=True, env=environment, timeout=60, check=False, input="")


def test_a_demo_leaves_nothing_behind(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[Path] = []

    def serve(app: App, *_: object, **__: object) -> None:
        used.append(Path(str(app.database.url.database)))
        assert used[0].exists()

    monkeypatch.setattr("bot.web.app.run", serve)
    before = {path: path.stat().st_mtime_ns for path in Path().iterdir()}
    assert run("serve", "--demo").exit_code == 0
    assert not used[0].exists()
    assert {path: path.stat().st_mtime_ns for path in Path().iterdir()} == before


def test_a_taken_port_and_a_wrong_setting(sqlite_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = start("serve", "--port", port, BULIXIAN_DATABASE_URL=sqlite_url)
    assert result.returncode == 3
    assert port in result.stderr
    assert len(result.stderr.splitlines()) == 1
    wrong = start("doctor", BULIXIAN_TODAY="soon")
    assert wrong.returncode == 3
    assert "BULIXIAN_TODAY" in wrong.stderr


def test_a_locked_and_a_damaged_database(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.db.BUSY_MS", 200)
    from knowledge.db import DatabaseError
    from tests.conftest import settings_for

    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match="占用"):
        App(settings_for(sqlite_url))
    other.rollback()
    other.close()
    (tmp_path / "bad.db").write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(DatabaseError, match="bad"):
        App(settings_for(f"sqlite:///{tmp_path / 'bad.db'}"))
    assert Delivery.__tablename__ == "delivery"


def test_what_expires_is_listed(run: Run) -> None:
    result = run("knowledge", "expiring", "--days", "60")
    assert result.exit_code == 0
    found = result.stdout.splitlines()
    assert found == sorted(found)
    assert [line for line in found if line.startswith("2023-12-31 EMP-02") and "接续的是 EMP-01" in line]
    assert [line for line in found if line.startswith("2026-12-31 EMP-01") and "之后回答先说已截止" in line]
    assert not [line for line in found if line.startswith("2027-12")]


def test_ask_says_what_a_profile_settles(run: Run) -> None:
    lines = [
        {"question": "灵活就业社保补贴我能领吗", "profile": {"graduation_date": "2022-06", "employment": "灵活就业"}},
        {"question": "灵活就业社保补贴我能领吗", "profile": {"degree": "火星"}},
        {"question": "灵活就业社保补贴我能领吗", "profile": 3},
    ]
    result = run("ask", "--jsonl", feed="\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    said = [json.loads(line)["text"] for line in result.stdout.splitlines()]
    assert "按你档案里的情况,你还不符合:没满足「毕业年度或离校 2 年内」" in said[0]
    assert "档案里的情况" not in said[1]
    assert len(said) == 2
    assert "第 2 行" in result.stderr
    assert "第 3 行" in result.stderr
    assert result.exit_code == 1


def test_a_database_of_a_newer_program_is_left_alone(run: Run, sqlite_url: str) -> None:
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999_tomorrow'")
    connection.close()
    for command in (("migrate",), ("ask", "报到证还发吗"), ("doctor",), ("backup",)):
        result = run(*command)
        assert result.exit_code == 3
        assert "更新的程序" in result.output
        assert "Traceback" not in result.output
