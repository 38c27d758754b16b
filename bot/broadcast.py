"""Broadcasts: drafted by one person, approved by another, then planned into the delivery ledger chunk by chunk.

The audience is frozen at approval. A kill between two chunks loses and doubles nothing: the rest waits in the row, keys are unique.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Connection, RowMapping, String, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from bot import delivery, planner
from bot.delivery import Delivery
from dialogs.messages import from_json
from dialogs.place import Conversation
from knowledge.db import CHINA, Base, Id

if TYPE_CHECKING:
    from bot.app import App

CHUNK = 1000
"""Rows of one planning transaction: short enough that replies never wait for it."""
WAYS = {
    "chat": "Telegram 能收到",
    "customer": "微信 48 小时窗口内能收到",
    "template": "微信模板消息",
    "notification": "微信订阅通知",
    "mailbox": "微信要等对方下次来说话",
    "gone": "已取关或拉黑,发不到",
}
"""How a predicted way is told to staff."""
STATES = {"draft": "草稿,等另一位老师批准", "approved": "已批准,正在排入发送", "planned": "已全部排入发送", "cancelled": "已取消"}


class Broadcast(Base):
    """draft → approved → planned; or cancelled. `audience` names people while a draft, `targets` conversations while it is planned.

    `people` is how many it was approved for, `planned` how many of them are in the delivery ledger.
    """

    __tablename__ = "broadcast"
    __table_args__ = ({"sqlite_autoincrement": True},)  # staff name them by number

    id: Mapped[Id]
    title: Mapped[str] = mapped_column(String(120))
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    targets: Mapped[list[str]] = mapped_column(JSON, default=list)
    people: Mapped[int] = mapped_column(default=0)
    planned: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(10), default="draft")
    author: Mapped[str] = mapped_column(String(64))
    approver: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]


class BroadcastError(ValueError):
    """A broadcast that cannot be moved on; the message is one sentence for the person who asked."""


def draft(connection: Connection, title: str, parts: list[dict[str, Any]], audience: dict[str, Any], author: str, at: datetime) -> int:
    """Stores what waits for approval, in place of what the author drafted under the same title. Returns its number."""
    connection.execute(delete(Broadcast).where(Broadcast.status == "draft", Broadcast.author == author, Broadcast.title == title))
    row = {"title": title, "parts": parts, "audience": audience, "author": author, "created_at": at}
    new = insert(Broadcast).values(targets=[], people=0, planned=0, status="draft", **row)
    return int(connection.execute(new.returning(Broadcast.id)).scalar_one())


def get(connection: Connection, number: int, *, lock: bool = False) -> RowMapping:
    """
    Raises:
        BroadcastError: there is no such broadcast.
    """
    query = select(Broadcast.__table__).where(Broadcast.id == number)
    found = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if found is None:
        raise BroadcastError(f"没有第 {number} 号群发")
    return found


def reachable(connection: Connection, people: Sequence[str]) -> Iterator[str]:
    """One conversation a person: the one they wrote in last. Who unsubscribed is left out."""
    for start in range(0, len(people), CHUNK):
        query = select(Conversation.graduate_id, Conversation.key, Conversation.memo["quiet"].as_boolean())
        query = query.where(Conversation.graduate_id.in_(people[start : start + CHUNK])).order_by(Conversation.last_in_at)
        last = {who: None if quiet else key for who, key, quiet in connection.execute(query)}
        yield from (key for key in last.values() if key)


def preview(app: App, number: int) -> str:
    """What will be said, to how many, on which channels."""
    with app.database.reading() as connection:
        row = get(connection, number)
        people = row["audience"]["people"]
        keys = list(reachable(connection, people)) if row["status"] == "draft" else []
        ways = planner.predict(connection, app.carriers, keys, app.clock.now())
    lines = [f"第 {number} 号 {row['title']}:{STATES[row['status']]}", f"{row['author']} 起草,{row['created_at'].astimezone(CHINA):%Y-%m-%d %H:%M}"]
    if row["status"] == "draft":
        routes = "、".join(f"{WAYS.get(way.partition('/')[2], way)} {count}" for way, count in sorted(ways.items()))
        lines.append(f"名单 {len(people)} 人,会发 {len(keys)} 人;其余退订了或没有对话")
        lines.append(f"现在发:{routes}")
    for part in map(from_json, row["parts"]):
        text = getattr(part, "text", "")
        lines += [*(f"    {line}" for line in text.split("\n")), "    " + " ".join(f"[{choice.label}]" for choice in getattr(part, "choices", ()))]
    return "\n".join(lines)


def approve(app: App, number: int, who: str) -> int:
    """Freezes the audience and lets planning begin. Returns to how many it goes.

    Raises:
        BroadcastError: no draft, or the person wrote it.
    """
    with app.database.writing() as connection:
        row = get(connection, number, lock=True)
        if row["status"] != "draft":
            raise BroadcastError(f"第 {number} 号群发不用批准,它是「{STATES[row['status']]}」")
        if row["author"].strip() == who.strip():
            raise BroadcastError(f"第 {number} 号群发是{who}自己写的,要请另一位老师批准")
        keys = list(reachable(connection, row["audience"]["people"]))
        values = {"status": "approved", "approver": who, "approved_at": app.clock.now(), "targets": keys, "people": len(keys)}
        connection.execute(update(Broadcast).where(Broadcast.id == number).values(values))
    return len(keys)


def advance(app: App) -> bool:
    """Plans one chunk of the oldest approved broadcast. Returns whether there was one; the sweeper calls it until there is none."""
    oldest = select(Broadcast.id).where(Broadcast.status == "approved").order_by(Broadcast.id).limit(1)
    with app.database.reading() as connection:
        number = connection.execute(oldest).scalar()
    if number is None:
        return False
    with app.database.writing() as connection:
        row = get(connection, number, lock=True)
        if row["status"] != "approved":
            return True
        now = row["targets"][row["planned"] : row["planned"] + CHUNK]
        parts = [from_json(part) for part in row["parts"]]
        rows = [delivery.row_of(f"broadcast|{number}|{key}", key, "broadcast", parts, app.clock.now()) | {"broadcast_id": number} for key in now]
        if rows:
            connection.execute(insert(Delivery), rows)
        planned = row["planned"] + len(now)
        over = {"targets": [], "status": "planned"} if planned == row["people"] else {}
        connection.execute(update(Broadcast).where(Broadcast.id == number).values(planned=planned, **over))
    return True


def cancel(app: App, number: int) -> int:
    """Stops what has not left yet. Returns how many will not get it.

    Raises:
        BroadcastError: there is no such broadcast, or it is over.
    """
    with app.database.writing() as connection:
        row = get(connection, number, lock=True)
        if row["status"] == "cancelled":
            raise BroadcastError(f"第 {number} 号群发已经取消了")
        held = update(Delivery).where(Delivery.broadcast_id == number, Delivery.status == "ready")
        stopped = connection.execute(held.values(status="cancelled", finished_at=app.clock.now())).rowcount
        connection.execute(update(Broadcast).where(Broadcast.id == number).values(status="cancelled", targets=[]))
    return int(stopped + row["people"] - row["planned"])


def status(app: App, number: int) -> dict[str, int]:
    """The books of one broadcast: `people` = `unplanned` + `open` + the states of its deliveries.

    Raises:
        BroadcastError: there is no such broadcast.
    """
    with app.database.reading() as connection:
        row = get(connection, number)
        query = select(Delivery.status, func.count()).where(Delivery.broadcast_id == number).group_by(Delivery.status)
        counts = {state: int(count) for state, count in connection.execute(query)}
    held = {state: counts.get(state, 0) for state in delivery.FINAL}
    return {"people": row["people"], "unplanned": row["people"] - row["planned"], "open": sum(counts.get(s, 0) for s in delivery.OPEN), **held}


def listed(app: App) -> str:
    with app.database.reading() as connection:
        rows = connection.execute(select(Broadcast.__table__).order_by(Broadcast.id.desc()).limit(30)).mappings().all()
    return "\n".join(f"第 {row['id']} 号 {row['title']} {row['author']}:{STATES[row['status']]}" for row in rows) or "还没有群发"
