"""The turn batcher on both databases: nothing lost, nothing doubled, order kept per person, one bad turn harms nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from bot.app import App, Secret
from bot.config import Clock
from bot.delivery import Delivery, books
from bot.transcript import InboxMessage, history
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge.db import DatabaseError
from knowledge.people import Graduate
from knowledge.policy.search import PolicySearch
from tests.conftest import TODAY, few, settings_for


def message(app: App, who: str, number: int | str, text: str) -> Inbound:
    return Inbound(f"console::{who}", f"m{number}", "text", text, app.clock.now())


def count(app: App, table: type) -> int:
    with app.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_retry_gets_the_same_reply_and_changes_nothing(any_app: App) -> None:
    first = any_app.accept(message(any_app, "a", 1, "报到证还发吗")).result()
    again = [any_app.accept(message(any_app, "a", 1, "报到证还发吗")) for _ in range(5)]
    assert all(future.result().delivery_id == first.delivery_id and future.result().repeated for future in again)
    assert all(future.result().parts == first.parts for future in again)
    assert (count(any_app, InboxMessage), count(any_app, Delivery), count(any_app, Graduate)) == (1, 1, 1)


def test_the_same_id_from_two_people_is_two_messages(any_app: App) -> None:
    replies = [any_app.accept(message(any_app, who, 1, "菜单")).result() for who in ("a", "b")]
    assert replies[0].delivery_id != replies[1].delivery_id
    assert count(any_app, InboxMessage) == 2


def test_a_newcomers_message_that_two_processes_get_at_once_has_one_answer(any_app: App) -> None:
    """The platform asks again, elsewhere, while the first process still thinks: both say the same, none fails."""
    other = App(any_app.settings, any_app.clock, any_app.search)
    held = any_app.inbox.step

    def slow(*given: Any) -> Any:
        time.sleep(1)
        return held(*given)

    any_app.inbox.step = slow  # type: ignore[method-assign, assignment]
    first = any_app.accept(message(any_app, "new", 1, "报到证还发吗"))
    time.sleep(0.3)
    second = other.accept(message(any_app, "new", 1, "报到证还发吗"))
    assert second.result(20).delivery_id == first.result(20).delivery_id
    assert second.result().parts == first.result().parts
    assert (count(any_app, InboxMessage), count(any_app, Delivery), count(any_app, Graduate)) == (1, 1, 1)
    other.close()


def test_order_is_kept_for_each_person_whoever_writes_at_once(any_app: App) -> None:
    """Forty people answer the profile's questions at once, each without waiting: every one ends at the same step."""
    said = ["完善资料", "同意", "贵阳", "2025年6月", "本科"]
    futures = {f"p{n}": [any_app.accept(message(any_app, f"p{n}", k, text)) for k, text in enumerate(said)] for n in range(40)}
    for sent in futures.values():
        assert "现在的状态" in sent[-1].result().parts[-1]["text"]
    with any_app.database.reading() as connection:
        stacks = connection.execute(select(Conversation.stack)).scalars().all()
        versions = set(connection.execute(select(Conversation.version)).scalars())
    assert all(stack[0]["slots"]["graduation_date"] == "2025-06" for stack in stacks)
    assert versions == {len(said)}
    assert count(any_app, InboxMessage) == count(any_app, Delivery) == 40 * len(said)


def test_many_threads_lose_nothing(any_app: App) -> None:
    replies: dict[str, int | None] = {}

    def write(who: str) -> None:
        for number in range(6):
            reply = any_app.accept(message(any_app, who, number, "档案放哪儿" if number % 2 else "菜单")).result(30)
            replies[f"{who}-{number}"] = reply.delivery_id

    threads = [threading.Thread(target=write, args=(f"t{n}",)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(replies.values())) == 16 * 6
    with any_app.database.reading() as connection:
        counted = books(connection)
    assert counted["planned"] == counted["open"] == 16 * 6


def test_one_poisoned_conversation_harms_nobody(any_app: App) -> None:
    """A stored place that no longer makes sense: that person gets an apology and a way on, the rest of the batch its answers."""
    any_app.accept(message(any_app, "bad", 1, "菜单")).result()
    broken = [{"flow": "profile", "version": 1, "state": "residence", "slots": {}, "attempts": "many", "visited": 7, "reminded": False}]

    def poison(connection: object) -> None:
        connection.execute(update(Conversation).where(Conversation.key == "console::bad").values(stack=broken))  # type: ignore[attr-defined]

    any_app.inbox.write(poison).result()
    futures = [any_app.accept(message(any_app, who, 2, "贵阳" if who == "bad" else "菜单")) for who in ("bad", "c", "d")]
    assert "没有丢" in futures[0].result().parts[0]["text"]
    assert all("不离线" in future.result().parts[0]["text"] for future in futures[1:])
    assert any_app.accept(message(any_app, "bad", 3, "菜单")).result().parts[0]["text"].startswith("你好")


def test_a_human_has_it_and_the_bot_is_silent_without_a_row(any_app: App) -> None:
    any_app.accept(message(any_app, "a", 1, "转人工")).result()
    quiet = any_app.accept(message(any_app, "a", 2, "档案寄丢了")).result()
    assert (quiet.delivery_id, quiet.parts) == (None, [])
    again = any_app.accept(message(any_app, "a", 2, "档案寄丢了")).result()
    assert (again.delivery_id, again.repeated) == (None, True)
    with any_app.database.reading() as connection:
        said = history(connection, "console::a", any_app.clock.now())
    assert [row["from"] for row in said] == ["me", "bot", "me"]


def test_a_timer_runs_once_even_when_swept_twice(any_app: App) -> None:
    any_app.accept(message(any_app, "a", 1, "转人工")).result()
    any_app.clock.advance(timedelta(hours=25))
    due = any_app.due()
    assert [inbound.conversation for inbound in due] == ["console::a"]
    replies = [any_app.accept(inbound).result() for inbound in (*due, *due)]
    assert replies[0].delivery_id == replies[1].delivery_id
    assert any_app.due() == []


def test_a_database_that_refuses_is_told_to_the_sender(app: App) -> None:
    with app.database.writing() as connection:
        connection.exec_driver_sql("CREATE TRIGGER full BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(Exception, match=r"disk full|磁盘"):
        app.accept(message(app, "a", 1, "菜单")).result()
    with app.database.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    assert app.accept(message(app, "a", 1, "菜单")).result().repeated is False
    assert issubclass(DatabaseError, RuntimeError)


def test_closing_answers_what_was_accepted(any_app: App) -> None:
    futures = [any_app.accept(message(any_app, f"p{n % 3}", n, "菜单")) for n in range(30)]
    any_app.inbox.close()
    assert all(future.done() and future.result().delivery_id for future in futures)
    any_app.inbox = type(any_app.inbox)(any_app.database, any_app.world)  # the fixture closes it again


def test_staff_changes_reach_the_next_turns_without_a_restart(any_app: App) -> None:
    from knowledge.policy import revisions, store

    entry = any_app.search.knowledge.entries["IDS-03"]
    few(any_app.database, "IDS-03", "IDS-06")
    with any_app.database.writing() as connection:
        body = {**store.body_of(store.load(connection).entries["IDS-03"]), "answer": "报到证的新口径,老师刚改的。"}
        number = revisions.draft(connection, store.item_of(body), "teacher", any_app.clock.now())
        revisions.approve(connection, number, "another", any_app.clock.now())
    any_app.accept(message(any_app, "a", 1, "菜单")).result()
    assert any_app.building is not None
    any_app.building.join()
    said = any_app.accept(message(any_app, "a", 2, entry.questions[0])).result().parts[0]["text"]
    assert "老师刚改的" in said


def test_a_write_that_fails_takes_none_that_waits_beside_it_along(any_app: App) -> None:
    """Writes that wait share a transaction."""
    begun, go = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        begun.set()
        go.wait(10)

    def keep(name: str) -> Callable[[Connection], Any]:
        return lambda connection: connection.execute(insert(Secret).values(name=name, value="x"))

    held = any_app.inbox.write(hold)
    begun.wait(10)
    futures = [any_app.inbox.write(keep(name)) for name in ("one", "trace", "two")]  # the second is there already
    go.set()
    held.result(10)
    assert [type(future.exception(10)) for future in futures] == [type(None), IntegrityError, type(None)]
    with any_app.database.reading() as connection:
        assert set(connection.execute(select(Secret.name)).scalars()) >= {"one", "two"}


def test_who_stops_waiting_does_not_stop_the_writer(any_app: App) -> None:
    left = [any_app.accept(message(any_app, "a", 1, "菜单")), any_app.inbox.write(lambda _: None)]
    assert not any(future.cancel() for future in left)
    assert any_app.accept(message(any_app, "b", 1, "菜单")).result(timeout=30).parts
    assert left[0].result(timeout=30).parts


def test_two_processes_that_start_at_once_have_one_secret(postgres_url: str, search: PolicySearch) -> None:
    app = App(settings_for(postgres_url), Clock(TODAY), search)
    with ThreadPoolExecutor(1) as pool:
        with app.database.write.begin() as other:
            other.execute(insert(Secret).values(name="first", value="theirs"))
            ours = pool.submit(app.secret, "first")
            waiting = select(func.count()).select_from(text("pg_locks")).where(text("NOT granted"))
            while not other.execute(waiting).scalar():
                time.sleep(0.01)
        assert ours.result(10) == "theirs"
    app.close()


def test_a_deadlock_with_another_process_is_tried_again(postgres_url: str, search: PolicySearch) -> None:
    app = App(settings_for(postgres_url), Clock(TODAY), search)
    waits = update(Secret).where(Secret.name == "other").values(value="ours")

    def crosswise(connection: Connection) -> None:
        connection.execute(update(Secret).where(Secret.name == "one").values(value="ours"))
        holds.set()
        connection.execute(waits)

    for name in ("one", "other"):
        app.secret(name)
    holds = threading.Event()
    with app.database.write.begin() as other:
        other.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # they find it, and PostgreSQL ends their transaction
        other.execute(update(Secret).where(Secret.name == "other").values(value="theirs"))
        done = app.inbox.write(crosswise)
        assert holds.wait(10)
        other.execute(update(Secret).where(Secret.name == "one").values(value="theirs"))
    done.result(20)
    assert app.secret("one") == "ours"
    app.close()
