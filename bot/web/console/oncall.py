"""The page of duty in a chat: a code to begin with, and where one is on duty now."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.responses import Response

from bot import duty
from bot.web.console.gate import Desk
from bot.web.console.staff import DutyChat
from knowledge.links import CHANNELS


def page(desk: Desk, code: str = "") -> Response:
    with desk.app.database.reading() as connection:
        keys = [(row["conversation"], row["since"]) for row in duty.chats(connection, desk.who.id)]
        held = [(key, named(key), since, duty.reached(connection, desk.app.carriers, key, desk.now)) for key, since in keys]
    return desk.show("oncall", chats=held, code=code)


def named(key: str) -> str:
    return CHANNELS.get(key.partition(":")[0], "聊天").strip()


def offer(desk: Desk) -> Response:
    def work(connection: Connection) -> str:
        desk.note(connection, "取值班码")
        return duty.offer(connection, desk.who.id, desk.now)

    return page(desk, desk.write(work))


def leave(desk: Desk) -> Response:
    def work(connection: Connection) -> None:
        if duty.leave(connection, DutyChat.staff_id == desk.who.id, DutyChat.conversation == desk.form.get("chat", "")):
            desk.note(connection, "结束在聊天里值班")

    desk.write(work)
    return desk.to("/duty")
