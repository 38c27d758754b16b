"""The queue and the revisions on both databases: catching, wishes, second persons, going back; and what counts as alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete, insert, select

from bot.app import App
from knowledge.people import Graduate
from knowledge.policy import questions, revisions, store
from knowledge.policy.clusters import alike
from knowledge.policy.questions import MOST, OpenQuestion, masked
from knowledge.policy.revisions import RevisionError
from knowledge.policy.store import Item, Revision, Seeded

KEY = "SUB-01"


@pytest.fixture
def connection(any_app: App) -> Iterator[Connection]:
    with any_app.database.writing() as opened:
        yield opened


def ask(connection: Connection, app: App, *texts: str, who: str = "a") -> list[int]:
    """Queues questions of a person who is made where needed. Returns their ids."""
    if connection.execute(select(Graduate.id).where(Graduate.id == who)).scalar() is None:
        connection.execute(insert(Graduate).values(id=who, created_at=app.clock.now(), profile={}))
    before = len(questions.record(connection, who))
    at = app.clock.now()
    row = {"graduate_id": who, "conversation": f"console::{who}", "reason": "unsure", "asked_at": at}
    questions.keep(connection, [{**row, "number": before + number, "text": text} for number, text in enumerate(texts, 1)])
    query = select(OpenQuestion.id).where(OpenQuestion.graduate_id == who).order_by(OpenQuestion.id)
    return list(connection.execute(query).scalars())[before:]


def entry(connection: Connection, answer: str) -> Item:
    return store.load(connection)[KEY].model_copy(update={"answer": answer})


def shown(connection: Connection) -> str:
    return store.load(connection)[KEY].answer


def test_a_wish_is_for_one_question_and_can_be_taken_back(any_app: App, connection: Connection) -> None:
    ask(connection, any_app, "甲问题", "乙问题")
    ask(connection, any_app, "丙问题", who="b")
    questions.wish(connection, [("a", 2), ("b", 1)])
    assert [row["wants_reply"] for row in questions.waiting(connection)] == [False, True, True]
    questions.forget_wishes(connection, ["a"])
    assert [row["wants_reply"] for row in questions.record(connection, "a")] == [False, False]
    assert questions.record(connection, "b")[0]["wants_reply"]


def test_erasing_a_person_erases_the_questions(any_app: App, connection: Connection) -> None:
    first = ask(connection, any_app, "甲问题")
    ask(connection, any_app, "乙问题", who="b")
    connection.execute(delete(Graduate).where(Graduate.id == "a"))
    assert [row["text"] for row in questions.waiting(connection)] == ["乙问题"]
    connection.execute(delete(Graduate).where(Graduate.id == "b"))
    assert ask(connection, any_app, "丙问题", who="c")[0] > first[0] + 1, "a number never comes back"


def test_digits_of_a_telephone_are_not_shown() -> None:
    assert masked("我电话13800138000怎么办") == "我电话****怎么办"
    assert masked("身份证 52010119990101123X 和 138-0013-8000") == "身份证 **** 和 ****"
    assert masked("2026年每月1500元,12333问") == "2026年每月1500元,12333问"
    assert MOST == 200


def test_a_draft_answers_and_what_it_answers_is_answered_once(any_app: App, connection: Connection) -> None:
    now, ids = any_app.clock.now(), ask(connection, any_app, "甲问题", "乙问题")
    number = revisions.draft(connection, entry(connection, "王老师写的。"), "王老师", now)
    questions.settle(connection, ids, "attached", number)
    answered = revisions.approve(connection, number, "李老师", now)
    assert [row["id"] for row in answered] == ids
    assert shown(connection) == "王老师写的。"
    assert {row["status"] for row in questions.record(connection, "a")} == {"answered"}
    with pytest.raises(RevisionError, match="不用批准"):
        revisions.approve(connection, number, "赵老师", now)


@pytest.mark.parametrize("who", ["王老师", " 王老师 "])
def test_the_author_does_not_approve(any_app: App, connection: Connection, who: str) -> None:
    number = revisions.draft(connection, entry(connection, "王老师写的。"), "王老师", any_app.clock.now())
    with pytest.raises(RevisionError, match="另一位老师"):
        revisions.approve(connection, number, who, any_app.clock.now())


def test_a_second_draft_of_the_same_author_takes_the_place_and_the_questions_of_the_first(any_app: App, connection: Connection) -> None:
    now, ids = any_app.clock.now(), ask(connection, any_app, "甲问题")
    first = revisions.draft(connection, entry(connection, "第一稿。"), "王老师", now)
    questions.settle(connection, ids, "attached", first)
    other = revisions.draft(connection, entry(connection, "别人的稿。"), "赵老师", now)
    second = revisions.draft(connection, entry(connection, "第二稿。"), "王老师", now)
    assert [row["id"] for row in revisions.drafts(connection)] == [other, second]
    assert [row["id"] for row in revisions.approve(connection, second, "李老师", now)] == ids
    with pytest.raises(RevisionError, match="不用批准"):
        revisions.approve(connection, first, "李老师", now)


def test_a_draft_on_what_has_changed_since_is_refused(any_app: App, connection: Connection) -> None:
    now = any_app.clock.now()
    late = revisions.draft(connection, entry(connection, "晚到的稿。"), "王老师", now)
    revisions.approve(connection, revisions.draft(connection, entry(connection, "先到的稿。"), "赵老师", now), "李老师", now)
    for attempt in (lambda: revisions.approve(connection, late, "李老师", now), lambda: revisions.own_draft(connection, KEY, "王老师")):
        with pytest.raises(RevisionError, match="又改过"):
            attempt()
    assert shown(connection) == "先到的稿。"


def test_a_discarded_draft_opens_its_questions_again(any_app: App, connection: Connection) -> None:
    now, ids = any_app.clock.now(), ask(connection, any_app, "甲问题")
    number = revisions.draft(connection, entry(connection, "不要的稿。"), "王老师", now)
    questions.settle(connection, ids, "attached", number)
    assert revisions.discard(connection, number, "李老师", now) == 1
    assert [row["id"] for row in questions.waiting(connection)] == ids
    with pytest.raises(RevisionError, match="不是等批准"):
        revisions.discard(connection, number, "李老师", now)
    with pytest.raises(RevisionError, match="没有第 999999 版"):
        revisions.discard(connection, 999_999, "李老师", now)


def test_going_back_step_by_step(any_app: App, connection: Connection) -> None:
    now, seed = any_app.clock.now(), shown(connection)
    for text in ("第二版。", "第三版。"):
        revisions.approve(connection, revisions.draft(connection, entry(connection, text), "王老师", now), "李老师", now)
    versions = [store.version(connection)]
    for text in ("第二版。", seed):
        revisions.rollback(connection, KEY, "李老师", now)
        assert shown(connection) == text
        versions.append(store.version(connection))
    assert versions == sorted(set(versions)), "every change moves the version"
    with pytest.raises(RevisionError, match="没有更早"):
        revisions.rollback(connection, KEY, "李老师", now)
    found = revisions.history(connection, KEY)
    assert [row["status"] for row, _ in found] == ["current", "past", "past"]
    assert [[change["action"] for change in changes] for _, changes in found] == [
        ["restored"],
        ["drafted", "approved", "restored"],
        ["drafted", "approved"],
    ]


def test_what_staff_wrote_new_is_withdrawn(any_app: App, connection: Connection) -> None:
    now = any_app.clock.now()
    new = store.load(connection)[KEY].model_copy(update={"id": "SUB-99"})
    revisions.approve(connection, revisions.draft(connection, new, "王老师", now), "李老师", now)
    done = revisions.rollback(connection, "SUB-99", "李老师", now)
    assert done.now is None
    assert "SUB-99" not in store.load(connection).entries
    with pytest.raises(RevisionError, match="没有正在用的"):
        revisions.rollback(connection, "SUB-99", "李老师", now)


def test_a_seed_that_staff_left_does_not_come_back_by_itself(any_app: App, connection: Connection) -> None:
    items, now, first = store.files(), any_app.clock.now(), shown(connection)

    def seeded(text: str) -> Seeded:
        return store.seed(connection, [item.model_copy(update={"answer": text}) if item.id == KEY else item for item in items], now + timedelta(1))

    assert seeded("新包里写错的。").updated == [KEY]
    revisions.rollback(connection, KEY, "李老师", now)
    assert KEY in seeded("新包里写错的。").same
    assert shown(connection) == first
    assert seeded("再下一版改对的。").updated == [KEY]
    revisions.rollback(connection, KEY, "李老师", now)
    assert shown(connection) == first, "not the one that was left"


def test_the_difference_names_the_field_of_each_line(any_app: App, connection: Connection) -> None:
    item = store.load(connection)[KEY]
    changed = item.model_copy(update={"answer": "新的第一行。", "questions": [*item.questions, "多的一句问法"]})
    number = revisions.draft(connection, changed, "王老师", any_app.clock.now())
    lines = [line for line in revisions.difference(connection, number) if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert sorted(lines) == sorted([f"-answer = {item.answer}", "+answer = 新的第一行。", "+questions = 多的一句问法"])
    same = revisions.draft(connection, item, "赵老师", any_app.clock.now())
    assert revisions.difference(connection, same) == []
    assert connection.execute(select(Revision.status).where(Revision.id == number)).scalar() == "draft"


def test_what_is_alike_stands_together_whatever_the_order() -> None:
    texts = [{"见习": 3.0, "多久": 1.0}, {"户口": 3.0, "迁": 1.0}, {"见习": 3.0, "补贴": 1.0}, {}, {"见习": 3.0}]
    assert alike(texts) == [[0, 2, 4], [1], [3]]
    assert alike(texts[::-1]) == [[0, 2, 4], [1], [3]]
    assert alike([]) == []
    assert alike([{}, {}]) == [[0], [1]]
