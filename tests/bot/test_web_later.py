"""What the web page shows of deliveries whose time is still to come or is over, and of those that were stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import delivery
from bot.app import App
from bot.delivery import Delivery
from bot.web import chat as web_chat
from dialogs.messages import Say
from tests.bot.test_browser import event, listening, serving
from tests.bot.test_web import Visitor, any_visitor

__all__ = ["any_visitor"]


async def test_what_is_planned_for_later_or_was_stopped_is_not_on_the_page(any_app: App, any_visitor: Visitor) -> None:
    await any_visitor.enter()
    await any_visitor.say("你好")
    now, key = any_app.clock.now(), any_visitor.conversation

    def row(name: str, **more: Any) -> dict[str, Any]:
        return delivery.row_of(name, key, "broadcast", [Say(name)], now) | more

    rows = [row("明天的", not_before=now + timedelta(days=1)), row("取消的", status="cancelled"), row("过时的", expires_at=now + timedelta(hours=1))]

    async def shown() -> set[str]:
        told = [part["text"] for message in (await any_visitor.history())["messages"] for part in message.get("parts", ())]
        return {name for name in ("明天的", "取消的", "过时的") if name in told}

    any_app.inbox.write(lambda connection: delivery.plan(connection, rows[:2])).result(10)
    assert await shown() == set()
    any_app.inbox.write(lambda connection: delivery.plan(connection, rows[2:])).result(10)
    any_app.clock.advance(timedelta(days=2))
    assert await shown() == {"明天的"}


async def test_an_open_page_shows_what_comes_due_once_though_newer_words_are_there(any_app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_chat, "POLL_SECONDS", 0.05)
    with serving(any_app) as web:
        visitor = await Visitor(web).enter()
        await visitor.said("你好")
        now, key = any_app.clock.now(), visitor.conversation
        later = delivery.row_of("later", key, "broadcast", [Say("明天的招聘会")], now) | {"not_before": now + timedelta(hours=1)}
        any_app.inbox.write(lambda connection: delivery.plan(connection, [later])).result(10)
        await visitor.said("再见")
        last = (await visitor.history())["last"]
        async with listening(visitor, last_event_id=str(last)) as lines:
            any_app.clock.advance(timedelta(hours=2))
            number, told = await event(lines)
            assert told["parts"][0]["text"] == "明天的招聘会"
            assert told["late"], "it belongs below what was said meanwhile"
            assert number == last, "the page goes on from what it has seen"
            newer = delivery.row_of("newer", key, "notice", [Say("刚说的")], any_app.clock.now())
            any_app.inbox.write(lambda connection: delivery.plan(connection, [newer])).result(10)
            assert (await event(lines))[1]["parts"][0]["text"] == "刚说的"


async def test_only_what_the_page_showed_counts_as_sent(any_app: App, any_visitor: Visitor) -> None:
    await any_visitor.enter()
    await any_visitor.say("你好")
    now, key = any_app.clock.now(), any_visitor.conversation
    rows = [delivery.row_of(f"d{n}", key, "digest", [Say(f"岗位 {n}")], now) | {"expires_at": now + timedelta(days=3)} for n in range(100)]
    any_app.inbox.write(lambda connection: delivery.plan(connection, rows)).result(10)
    shown = [part["text"] for message in (await any_visitor.history())["messages"] for part in message.get("parts", ())]
    digests = [text for text in shown if text.startswith("岗位")]
    assert 0 < len(digests) < 100
    any_app.inbox.write(lambda _: None).result(10)
    with any_app.database.reading() as connection:
        sent = select(Delivery.parts).where(Delivery.kind == "digest", Delivery.status == "sent")
        assert sorted(parts[0]["text"] for parts in connection.execute(sent).scalars()) == sorted(digests)
