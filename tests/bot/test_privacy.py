"""The person's own data through the running program: the copy they take along, and that what is gone stays gone."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from datetime import timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.app import App
from bot.channels.wechat.receive import Kind, Received
from bot.channels.wechat.serve import WeChatAccount
from bot.config import WeChat
from bot.delivery import Delivery
from bot.transcript import InboxMessage
from dialogs import reminders
from dialogs.effects import Remind
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge import links
from knowledge.people import Graduate, Identity

NUMBERS = count(1)


def say(app: App, text: str, where: str = "web::a") -> list[dict[str, Any]]:
    return app.accept(Inbound(where, f"m{next(NUMBERS)}", "text", text, app.clock.now())).result().parts


def copies(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [json.loads(part["content"]) for part in parts if part["kind"] == "paper"]


def test_a_copy_holds_no_copy_and_the_next_one_waits(any_app: App) -> None:
    say(any_app, "报到证还发吗")
    sizes = []
    for _ in range(6):
        (held,) = copies(say(any_app, "导出"))
        sizes.append(len(json.dumps(held)))
        again = say(any_app, "导出我的数据")
        assert not copies(again)
        assert "过一会儿" in again[0]["text"]
        any_app.clock.advance(timedelta(minutes=61))
    papers = [part for said in held["we_said"] for part in said["parts"] if part["kind"] == "paper"]
    assert papers == [{"kind": "paper", "name": "我的数据.json", "media_type": "application/json"}] * 5
    assert max(b - a for a, b in pairwise(sizes)) < 3000


def test_a_copy_holds_the_cases_and_what_every_channel_promised(any_app: App) -> None:
    say(any_app, "转人工")
    with any_app.database.reading() as connection:
        who = connection.execute(select(Conversation.graduate_id)).scalar_one()
    code = any_app.inbox.write(lambda connection: links.offer(connection, who, "web", any_app.clock.now())).result()
    where = "telegram:1:7"
    say(any_app, f"绑定 {code}", where)
    say(any_app, "同意", where)
    today = any_app.clock.today()
    wish = Remind("SUB-02", today + timedelta(days=40), any_app.clock.now() + timedelta(days=10))
    any_app.inbox.write(lambda connection: reminders.keep(connection, where, wish)).result()
    say(any_app, "结束人工")
    (held,) = copies(say(any_app, "导出"))
    assert [(case["kind"], "conversation" in case) for case in held["cases"]] == [("handover", False)]
    assert [row["about"] for row in held["reminders"]] == ["SUB-02"]


def held_up(app: App) -> threading.Event:
    """The writer waits, so that what is accepted meanwhile lies in its queue."""
    go = threading.Event()
    app.inbox.write(lambda _: go.wait(20))
    return go


def left(app: App) -> int:
    with app.database.reading() as connection:
        tables = (Graduate, Identity, Conversation, InboxMessage, Delivery)
        return sum(int(connection.execute(select(func.count()).select_from(table)).scalar_one()) for table in tables)


async def test_who_leaves_behind_their_own_words_leaves_nothing(any_app: App) -> None:
    """WeChat calls for both at once, and the words wait in the queue while the leaving comes."""
    settings = WeChat(appid="wx1", token="token", secret="s" * 32)  # type: ignore[arg-type]
    account, where = WeChatAccount(any_app, settings), "wechat:wx1:oPerson"
    say(any_app, "报到证还发吗", where)
    go = held_up(any_app)
    talking = any_app.accept(Inbound(where, "late", "text", "我叫欧阳", any_app.clock.now()))
    event = Received("oPerson|1|unsubscribe", "wx1", "gh", "oPerson", Kind.UNSUBSCRIBE, "unsubscribe", any_app.clock.now())
    leaving = asyncio.create_task(account.handle(event, time.monotonic()))
    await asyncio.sleep(0.1)
    go.set()
    assert talking.result(20).parts
    assert await leaving == ""
    assert left(any_app) == 0


@pytest.mark.parametrize("kind", ["timer", "result"])
def test_a_promise_to_somebody_who_is_gone_makes_nobody(any_app: App, kind: Any) -> None:
    say(any_app, "注销")
    say(any_app, "确认注销")
    before = left(any_app)
    promise = Inbound("web::a", "remind-SUB-02-1", kind, "remind/SUB-02/2027-01-01", any_app.clock.now())
    others = any_app.accept(Inbound("web::b", "m1", "text", "菜单", any_app.clock.now()))
    assert any_app.accept(promise).result().parts == []
    others.result()
    say(any_app, "注销", "web::b")
    say(any_app, "确认注销", "web::b")
    assert left(any_app) == 2 * before
