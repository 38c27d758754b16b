"""The staff's commands as they are typed: the way of a question from the queue to the answer, and one sentence for each mistake."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from knowledge.db import Database
from tests.conftest import Run, few

KEY = "SUB-01"
ASKED = "小蓝鲸计划怎么报名"


@pytest.fixture(autouse=True)
def little(sqlite_url: str) -> None:
    """Four things to know: an index is built in no time."""
    database = Database(sqlite_url)
    few(database, KEY, "SUB-02", "EMP-02", "RED-01")
    database.close()


def chat(run: Run, *said: dict[str, str]) -> list[dict[str, object]]:
    result = run("chat", "--jsonl", feed="\n".join(json.dumps({"from": "u", **row}, ensure_ascii=False) for row in said))
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_from_the_queue_to_the_answer(run: Run) -> None:
    chat(run, {"text": f"{ASKED},我是13800138000"}, {"text": ASKED}, {"choice": "tell/2"})
    listed = run("knowledge", "queue").stdout
    assert "1 个人，2 句" in listed
    assert "13800138000" not in listed
    assert "console" not in listed
    found = json.loads(run("knowledge", "queue", "--json").stdout)
    assert set(found[0]) == {"people", "text", "entries", "questions"}
    ids = sorted(row["id"] for row in found[0]["questions"])
    attached = run("knowledge", "attach", *map(str, ids), "--to", KEY, "--as", "王老师")
    assert attached.exit_code == 1
    assert "手机号" in attached.stderr
    number = re.search(r"第 (\d+) 版", attached.stdout)[1]  # type: ignore[index]
    assert f"第 {number} 版 {KEY}" in run("knowledge", "drafts").stdout
    assert f"+questions = {ASKED}" in run("knowledge", "diff", number).stdout
    refused = run("knowledge", "approve", number, "--as", "王老师")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
    assert run("knowledge", "approve", number, "--as", "李老师").stdout == "改了 1 条，告诉了 1 位问过的人\n"
    assert "现在有答案了" in json.dumps(chat(run)[0], ensure_ascii=False)
    assert "依据" in run("ask", ASKED).stdout
    assert run("knowledge", "approve", number, "--as", "李老师").exit_code == 1
    assert "王老师 起草" in run("knowledge", "history", KEY).stdout
    assert "李老师 批准" in run("knowledge", "history", KEY).stdout
    assert "收到过" in run("knowledge", "rollback", KEY, "--as", "李老师").stdout
    assert "没有可靠的依据" in run("ask", ASKED).stdout
    assert run("knowledge", "out-of-scope", str(ids[0])).exit_code == 0
    assert run("knowledge", "queue").stdout == "没有等处理的问题\n"


def test_a_new_entry_from_a_file_answers_questions(run: Run) -> None:
    chat(run, {"text": ASKED})
    asks = ", ".join(f'"{text}"' for text in ("小蓝鲸在哪报", "小蓝鲸是什么", "蓝鲸计划报名", "小蓝鲸找谁", "小蓝鲸计划有钱吗"))
    Path("new.toml").write_text(
        f'[[redirect]]\nid = "RED-98"\ntitle = "小蓝鲸计划"\nquestions = [{asks}]\nanswer = "小蓝鲸归共青团管,打团委电话问。"\n', "utf8"
    )
    assert run("knowledge", "draft", "new.toml", "--answers", "1", "--as", "王老师").exit_code == 0
    assert "新" not in run("knowledge", "diff", "999").stdout
    number = re.search(r"第 (\d+) 版", run("knowledge", "drafts").stdout)[1]  # type: ignore[index]
    assert "# 回答 #1" in run("knowledge", "diff", number).stdout
    assert run("knowledge", "discard", number).stdout == f"第 {number} 版不用了,1 个问题回到清单\n"
    assert "起草了 1 条" in run("knowledge", "draft", "new.toml", "--answers", "1").stdout
    number = re.search(r"第 (\d+) 版", run("knowledge", "drafts").stdout)[1]  # type: ignore[index]
    assert run("knowledge", "approve", number, "--as", "李老师").exit_code == 0
    assert "共青团" in run("ask", "小蓝鲸在哪报").stdout
    assert "撤下" in run("knowledge", "rollback", "RED-98").stdout


def test_import_with_a_second_person_is_live(run: Run) -> None:
    run("knowledge", "export", "all.json")
    items = json.loads(Path("all.json").read_text(encoding="utf8"))
    items[1]["answer"] = "老师改过的第一行"
    Path("all.json").write_text(json.dumps(items), encoding="utf8")
    done = run("knowledge", "import", "all.json", "--author", "王老师", "--approved-by", "李老师")
    assert done.stdout == "改了 1 条，3 条没变，0 条有错\n"
    assert "改了 0 条" in run("knowledge", "import", "all.json", "--author", "王老师", "--approved-by", "李老师").stdout
    run("knowledge", "export", "after.json")
    assert json.loads(Path("after.json").read_text(encoding="utf8"))[1]["answer"] == "老师改过的第一行"


def test_an_end_that_staff_set_is_on_the_list(run: Run) -> None:
    assert KEY not in run("knowledge", "expiring").stdout
    edited = run("knowledge", "draft", KEY, "--set", "valid_to=2026-12-01", "--set", 'notes=["别的"]', "--as", "王老师")
    number = re.search(r"第 (\d+) 版", edited.stdout)[1]  # type: ignore[index]
    assert run("knowledge", "approve", number, "--as", "李老师").exit_code == 0
    assert f"2026-12-01 {KEY}" in run("knowledge", "expiring").stdout
    assert KEY not in run("knowledge", "expiring", "--days", "8").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("approve", "999", "--as", "李老师"), "没有第 999 版"),
        (("diff", "999"), "没有第 999 版"),
        (("discard", "1"), "不是等批准"),
        (("rollback", "XYZ-99"), "没有正在用的 XYZ-99"),
        (("rollback", KEY), "没有更早的版本"),
        (("history", "XYZ-99"), "没有 XYZ-99"),
        (("attach", "1", "--to", KEY), "没有 #1"),
        (("out-of-scope", "7"), "没有 #7"),
        (("draft", "gone.toml"), "gone.toml"),
        (("draft", "XYZ-99", "--set", "answer=新"), "没有正在用的 XYZ-99"),
        (("draft", KEY, "--set", "answer=a"), "太短"),
    ],
)
def test_a_mistake_is_one_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    result = run("knowledge", *words)
    assert result.exit_code == 1
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "Traceback" not in result.output
