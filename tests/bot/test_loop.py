"""The whole loop through the running program on both databases: asked, not answered, wished, attached, approved by another, told once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot import questions, revisions
from bot.app import App
from bot.delivery import Delivery
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge.policy import store
from knowledge.policy.questions import OpenQuestion
from knowledge.policy.revisions import RevisionError, drafts
from tests.conftest import few

KEY = "SUB-01"
ASKED = "小蓝鲸计划怎么报名"
KILLED = f"""
import sys, time
from bot import questions
from bot.app import App
from knowledge.policy import revisions
from tests.conftest import settings_for
app = App(settings_for(sys.argv[1]))
with app.database.writing() as connection:
    answered = revisions.approve(connection, int(sys.argv[2]), "李老师", app.clock.now())
    assert questions.tell(connection, app.search.knowledge["{KEY}"], answered, app.clock.now()) == 1
    print("planned", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def little(any_app: App) -> App:
    """The program with four things to know: its index is built in no time."""
    few(any_app.database, KEY, "SUB-02", "IDS-03", "RED-01")
    any_app.search = any_app.build()
    return any_app


class Talk:
    """One person's side of a conversation."""

    def __init__(self, app: App, name: str) -> None:
        self.app, self.key, self.number = app, f"console::{name}", 0

    def say(self, text: str, kind: Any = "text") -> dict[str, Any]:
        self.number += 1
        inbound = Inbound(self.key, f"m{self.number}", kind, text, self.app.clock.now())
        return self.app.accept(inbound).result().parts[-1]

    def tap(self, part: dict[str, Any], label: str) -> dict[str, Any]:
        return self.say(next(choice["value"] for choice in part["choices"] if choice["label"] == label), "choice")

    def wish(self, text: str = ASKED) -> None:
        self.tap(self.say(text), "有答案了告诉我")


def waiting(app: App) -> list[dict[str, Any]]:
    groups, _ = questions.queue(app, 0)
    return [row for group in groups for row in group["questions"]]


def unasked(app: App) -> list[tuple[str, str]]:
    """What was said without being asked: conversation and text, in order."""
    with app.database.reading() as connection:
        query = select(Delivery.conversation, Delivery.parts).where(Delivery.key.like("answered|%")).order_by(Delivery.id)
        return [(row.conversation, row.parts[0]["text"]) for row in connection.execute(query)]


def drafted(app: App, *, author: str = "王老师") -> int:
    """All that waits becomes phrasings of the entry. Returns the revision."""
    found = questions.attach(app, [row["id"] for row in waiting(app)], KEY, author)
    assert not found.problems
    with app.database.reading() as connection:
        return int(connection.execute(select(func.max(store.Revision.id))).scalar_one())


def rebuilt(app: App) -> App:
    """The next turn notices the change; the index is there when it is done."""
    Talk(app, f"anybody{app.search.knowledge.version}").say("菜单")
    if app.building:
        app.building.join()
    return app


def test_asked_wished_attached_approved_told_once(little: App) -> None:
    people = [Talk(little, name) for name in ("a", "b", "c", "quiet")]
    people[0].wish()
    people[0].wish(f"{ASKED}呀")
    people[1].say(ASKED)
    people[2].wish("小蓝鲸计划报名怎么弄")
    people[3].wish()
    people[3].say("退订")
    assert "退订过" in people[3].say("tell/1", "choice")["text"]
    groups, number = questions.queue(little, 0)
    assert (number, groups[0]["people"], len(groups[0]["questions"])) == (1, 4, 5)
    little.clock.advance(timedelta(days=2))
    first = drafted(little)
    assert waiting(little) == []
    with pytest.raises(RevisionError, match="另一位"):
        revisions.approved(little, [first], "王老师")
    done = revisions.approved(little, [first], "李老师")
    assert (done.problems, done.summary) == ([], "改了 1 条，告诉了 2 位问过的人")
    told = unasked(little)
    assert [key for key, _ in told] == ["console::a", "console::c"]
    assert told[0][1].startswith(f"你 11 月 22 日问过「{ASKED}」「{ASKED}呀」，现在有答案了：\n")
    assert all("依据：" in text and len(text) < 330 for _, text in told)
    with pytest.raises(RevisionError, match="不用批准"):
        revisions.approved(little, [first], "李老师")
    assert unasked(little) == told
    rebuilt(little)
    assert little.search.search(ASKED).hits[0].id == KEY
    assert "依据：" in Talk(little, "new").say(ASKED)["text"], "found by everybody without a restart"
    with little.database.reading() as connection:
        parts = connection.execute(select(Delivery.parts).where(Delivery.key.like("answered|%")).limit(1)).scalar_one()
    value = parts[0]["choices"][0]["value"]
    assert people[0].say("1") == people[2].say(value, "choice"), "a number means the choices that were told"
    assert "什么时候毕业" in people[2].say("那我可以吗")["text"], "and the next question may lean on it"


def test_killed_before_the_commit_nothing_is_said_and_after_it_once(little: App, url: str) -> None:
    Talk(little, "a").wish()
    number = drafted(little)
    environment = {**os.environ, "PYTHONUTF8": "1"}
    child = subprocess.Popen([sys.executable, "-c", KILLED, url, str(number)], stdout=subprocess.PIPE, text=True, env=environment)
    assert child.stdout
    assert child.stdout.readline() == "planned\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert unasked(little) == []
    with little.database.reading() as connection:
        assert connection.execute(select(OpenQuestion.status)).scalar_one() == "attached"
    revisions.approved(little, [number], "李老师")
    assert len(unasked(little)) == 1


def test_going_back_is_live_and_says_who_was_told(little: App) -> None:
    Talk(little, "a").wish()
    revisions.approved(little, [drafted(little)], "李老师")
    assert rebuilt(little).search.search(ASKED).hits[0].p == 0.99
    assert "有 1 人收到过" in revisions.restored(little, KEY, "李老师")
    assert rebuilt(little).search.search(ASKED).zone == "unsure"
    assert [line.split("：")[-1] for line in revisions.history(little, KEY).splitlines() if "版" in line] == ["现行", "以前的"]


def test_somebody_in_a_dialog_is_told_without_choices(little: App) -> None:
    busy = Talk(little, "a")
    busy.wish()
    busy.say("完善资料")
    with little.database.reading() as connection:
        before = connection.execute(select(Conversation.memo).where(Conversation.key == busy.key)).scalar_one()
    revisions.approved(little, [drafted(little)], "李老师")
    with little.database.reading() as connection:
        after = connection.execute(select(Conversation.memo).where(Conversation.key == busy.key)).scalar_one()
        parts = connection.execute(select(Delivery.parts).where(Delivery.key.like("answered|%"))).scalar_one()
    assert after == before
    assert "choices" not in parts[0]


def test_who_erased_everything_is_told_nothing(little: App) -> None:
    gone = Talk(little, "a")
    gone.wish()
    Talk(little, "b").say(ASKED)
    number = drafted(little)
    gone.say("注销")
    gone.say("确认注销")
    revisions.approved(little, [number], "李老师")
    assert unasked(little) == []
    with little.database.reading() as connection:
        assert connection.execute(select(OpenQuestion.conversation)).scalars().all() == ["console::b"]


def test_a_persons_own_copy_holds_the_questions(little: App) -> None:
    talk = Talk(little, "a")
    talk.wish()
    paper = talk.say("导出")
    assert paper["kind"] == "paper"
    assert f'"text": "{ASKED}"' in paper["content"]
    assert '"wants_reply": true' in paper["content"]


def test_an_answer_that_did_not_help_and_a_menu_that_was_left_are_queued(little: App) -> None:
    talk = Talk(little, "a")
    talk.say("报到证还发吗")
    talk.say("没帮上")
    talk.say("没帮上")
    assert [(row["reason"], row["text"]) for row in waiting(little)] == [("unhelpful", "报到证还发吗")]


def test_what_speaks_against_a_draft_keeps_it_a_draft(little: App) -> None:
    with little.database.reading() as connection:
        other = store.load(connection).entries["SUB-02"]
    Talk(little, "a").say(ASKED)
    number = drafted(little)
    done = revisions.edited(little, KEY, ['related=["XYZ-99"]'], "赵老师")
    assert not done.problems
    doubled = revisions.edited(little, "IDS-03", [f"questions={[*other.questions]!r}"], "王老师")
    assert not doubled.problems
    with little.database.reading() as connection:
        edited, stolen = (row["id"] for row in drafts(connection) if row["id"] != number)
    found = revisions.approved(little, [number, stolen], "李老师")
    assert found.summary == "改了 1 条"
    assert any("同一句问法" in problem for problem in found.problems)
    assert all(problem.startswith("IDS-03 没有批准") for problem in found.problems)
    with pytest.raises(RevisionError, match="又改过"):
        revisions.approved(little, [edited], "李老师")


@pytest.mark.parametrize(
    ("setting", "word"), [("answer", "字段=内容"), ("colour=red", "colour"), ("valid_to=soon", "valid_to"), ("questions=[]", "questions")]
)
def test_a_setting_that_cannot_be_is_one_sentence(little: App, setting: str, word: str) -> None:
    with pytest.raises(RevisionError, match=word):
        revisions.edited(little, KEY, [setting], "王老师")


def test_attaching_says_what_it_leaves_out(little: App) -> None:
    talk = Talk(little, "a")
    for text in (ASKED, "我电话13800138000小蓝鲸谁管", ASKED):
        talk.say(text)
    ids = sorted(row["id"] for row in waiting(little))
    found = questions.attach(little, [*ids, 999], KEY, "王老师")
    assert "多 1 句问法" in found.summary
    assert [problem.split()[0] for problem in found.problems] == ["没有", f"#{ids[1]}"]
    again = questions.attach(little, ids[:1], KEY, "王老师")
    assert "已经归进" in again.problems[0]
    with pytest.raises(RevisionError, match="没有正在用的"):
        questions.attach(little, ids[1:2], "XYZ-99", "王老师")
    assert questions.out_of_scope(little, ids[1:2]).summary == "1 个问题标为不归我们"
    assert waiting(little) == []
