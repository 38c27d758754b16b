"""The delivery ledger on both databases: planned once, claimed by one, finished once, the books always balance."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from typer.testing import CliRunner, Result

from bot import delivery
from bot.app import App
from bot.cli import cli
from bot.config import settings
from dialogs.messages import Say
from knowledge.db import CHINA


def plan(app: App, *keys: str, conversation: str = "console::a") -> list[int]:
    rows = [delivery.row_of(key, conversation, "staff", [Say(f"说 {key}")], app.clock.now()) for key in keys]
    with app.database.writing() as connection:
        return delivery.plan(connection, rows)


def balanced(app: App) -> dict[str, int]:
    with app.database.reading() as connection:
        counted = delivery.books(connection)
    assert counted["planned"] == counted["open"] + sum(counted[state] for state in delivery.FINAL)
    return counted


def test_ids_come_in_the_order_of_the_rows(any_app: App) -> None:
    ids = plan(any_app, *(f"k{n}" for n in range(50)))
    assert ids == sorted(ids)
    with any_app.database.reading() as connection:
        assert [row["key"] for row in delivery.rows(connection, ids)] == [f"k{n}" for n in range(50)]


def test_the_same_key_cannot_be_planned_twice(any_app: App) -> None:
    plan(any_app, "once")
    with pytest.raises(IntegrityError):
        plan(any_app, "once")
    any_app.say("console::a", "twice", [Say("一次")]).result()
    any_app.say("console::a", "twice", [Say("一次")]).result()
    assert balanced(any_app)["planned"] == 2


def test_claimed_by_one_and_taken_over_after_the_lease(any_app: App) -> None:
    plan(any_app, "a", "b")
    now = any_app.clock.now()
    with any_app.database.writing() as connection:
        mine = delivery.claim(connection, "console", "one", now)
        theirs = delivery.claim(connection, "console", "two", now)
    assert [row["key"] for row in mine] == ["a", "b"]
    assert not theirs
    later = now + delivery.LEASE + timedelta(seconds=1)
    with any_app.database.writing() as connection:
        assert delivery.waiting(connection, "console", later)
        taken = delivery.claim(connection, "console", "two", later)
    assert [(row["owner"], row["attempt"]) for row in taken] == [("two", 2), ("two", 2)]
    assert balanced(any_app)["open"] == 2


def test_not_before_and_one_conversation_only(any_app: App) -> None:
    plan(any_app, "now", conversation="console::a")
    plan(any_app, "other", conversation="console::b")
    now = any_app.clock.now()
    with any_app.database.writing() as connection:
        assert [row["key"] for row in delivery.claim(connection, "console", "x", now, "console::b")] == ["other"]
        assert [row["key"] for row in delivery.claim(connection, "console", "x", now)] == ["now"]
        assert not delivery.claim(connection, "web", "x", now)


def test_an_outcome_is_final(any_app: App) -> None:
    first, second = plan(any_app, "a", "b")
    now = any_app.clock.now()
    with any_app.database.writing() as connection:
        delivery.finish(connection, [first], now, "failed")
        delivery.finish(connection, [first, second], now)
    counted = balanced(any_app)
    assert (counted["failed"], counted["sent"], counted["open"]) == (1, 1, 0)


def test_a_reply_kept_back_by_a_crash_is_said_at_the_next_start(app: App) -> None:
    from bot.channels.console import ConsoleChannel

    channel = ConsoleChannel(app)
    app.accept(channel.inbound("a", "text", "菜单")).result()  # stored, and the process dies before it is shown
    said = channel.leftovers()
    assert [name for name, _ in said] == ["a"]
    assert "不离线" in said[0][1][0]["text"]
    assert channel.leftovers() == []
    assert balanced(app)["sent"] == 1


def listed(app: App, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    monkeypatch.setenv("BULIXIAN_DATABASE_URL", str(app.settings.database_url))
    settings.cache_clear()
    done = CliRunner().invoke(cli, ["deliveries", *words])
    settings.cache_clear()
    return done


def test_staff_find_the_numbers_of_what_may_have_arrived(any_app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third, sent = plan(any_app, "k1", "k2", "k3", "k4", conversation="telegram:1:700000001")
    at = any_app.clock.now()
    with any_app.database.writing() as connection:
        delivery.finish(connection, [first, third], at, "unknown", "timed_out")
        delivery.finish(connection, [second], at, "failed", "blocked")
        delivery.finish(connection, [sent], at)
    done = listed(any_app, monkeypatch, "list", "--status", "unknown")
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    what = {"channel": "telegram", "kind": "staff", "at": at.astimezone(CHINA).isoformat(timespec="seconds"), "reason": "发出去了，Telegram 没有回音"}
    assert rows == [{"id": first, **what}, {"id": third, **what}], "no text, nobody's name"
    page = listed(any_app, monkeypatch, "list", "--most", "1")
    assert json.loads(page.stdout)["id"] == first
    assert f"--after {first}" in page.stderr
    assert json.loads(listed(any_app, monkeypatch, "list", "--after", str(first)).stdout)["id"] == third
    assert json.loads(listed(any_app, monkeypatch, "list", "--status", "failed").stdout)["reason"] == "对方拉黑了机器人"
    assert listed(any_app, monkeypatch, "resend", str(first), str(third)).exit_code == 0
    assert listed(any_app, monkeypatch, "list").stdout == ""


def test_every_state_can_be_listed_and_no_other(any_app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    for state in (*delivery.OPEN, *delivery.FINAL):
        assert listed(any_app, monkeypatch, "list", "--status", state).exit_code == 0
    wrong = listed(any_app, monkeypatch, "list", "--status", "lost")
    assert wrong.exit_code == 2
    assert "没有「lost」这种状态" in wrong.stderr
