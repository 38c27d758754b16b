"""Two processes and one answer: what one has claimed the other does not say."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot import delivery
from bot.app import App
from bot.channels.wechat import passive
from bot.delivery import Delivery
from bot.inbox import Reply
from dialogs.messages import Inbound, Say

KEY = "wechat:wx1:oPersonA"


def again(connection: Connection, number: int, app: App) -> str:
    return passive.again(connection, number, app.clock.now())


def say(connection: Connection, number: int, app: App) -> str:
    return passive.say(connection, Reply(number, []), KEY, app.clock.now())[0]


def beside(connection: Connection, number: int, app: App) -> str:
    """Said along with another answer."""
    [other] = delivery.plan(connection, [delivery.row_of("other", KEY, "reply", [Say("还有别的")], app.clock.now())])
    return passive.say(connection, Reply(other, []), KEY, app.clock.now())[0].replace("还有别的", "").strip()


@pytest.mark.parametrize("ask", [again, say, beside])
def test_what_another_process_has_claimed_is_not_said_twice(any_app: App, ask: Any) -> None:
    app = any_app
    app.accept(Inbound(KEY, "1", "text", "你好", app.clock.now())).result(30)
    with app.database.writing() as connection:
        delivery.finish(connection, connection.execute(select(Delivery.id)).scalars().all(), app.clock.now())
        [number] = delivery.plan(connection, [delivery.row_of("late", KEY, "reply", [Say("档案放哪儿")], app.clock.now())])
    told = list[str]()

    def other() -> None:
        with app.database.writing() as connection:
            told.append(ask(connection, number, app))

    asking = threading.Thread(target=other)
    with app.database.writing() as connection:
        [claimed] = delivery.claim(connection, "wechat", "host:1:a", app.clock.now() + timedelta(seconds=1))
        asking.start()
        asking.join(1)
    asking.join(30)
    assert claimed["id"] == number
    assert told == [""]
    with app.database.reading() as connection:
        assert connection.execute(select(Delivery.status).where(Delivery.id == number)).scalar() == "claimed"
