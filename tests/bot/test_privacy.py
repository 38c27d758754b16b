"""The person's own data through the running program: the copy they take along, and that what is gone stays gone."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count, pairwise
from typing import Any

from sqlalchemy import select

from bot.app import App
from dialogs import reminders
from dialogs.effects import Remind
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge import links

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
