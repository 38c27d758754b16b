"""What was said both ways: the table of accepted messages, and reading, exporting or erasing a whole conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Index, String, Text, and_, cast, delete, literal, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from bot import delivery, shortlinks
from bot.delivery import OPEN, Delivery, seen
from knowledge.db import Base, Id


class InboxMessage(Base):
    """One accepted message; `key` makes a platform's retry recognisable. The reply is the delivery row `reply|key`."""

    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_conversation_id", "conversation", "id"),)

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(290), unique=True)
    conversation: Mapped[str] = mapped_column(String(220))
    kind: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime]


def history(
    connection: Connection, conversation: str, now: datetime, most: int = 60, more: ColumnElement[bool] | None = None, *, staff: bool = False
) -> list[dict[str, Any]]:
    """The last messages of both sides, oldest first: `key`, `from` (me, bot, staff), `text` or `parts`, `at`.

    A reply stands behind the message it answers even where both carry the same time. `staff`: as those who answer read it, with the `fate`
    of what has not arrived and its `kind`, and with a teacher's words that never did. `more`: deliveries of elsewhere that belong to it.
    """
    mine = select(InboxMessage.key, InboxMessage.text, InboxMessage.received_at)
    mine = mine.where(InboxMessage.conversation == conversation, InboxMessage.kind.not_in(("timer", "result")), InboxMessage.text != "")
    rows: list[tuple[datetime, int, int, dict[str, Any]]] = []
    for number, row in enumerate(connection.execute(mine.order_by(InboxMessage.id.desc()).limit(most))):
        key = "in:" + row.key.removeprefix(f"{conversation}|")
        message = {"key": key, "from": "me", "text": row.text, "at": row.received_at.isoformat()}
        rows.append((row.received_at, 0, -number, message))
    here = and_(Delivery.conversation == conversation, or_(seen(now), Delivery.kind == "staff") if staff else seen(now))
    said = select(Delivery.id, Delivery.kind, Delivery.parts, Delivery.created_at, Delivery.status, Delivery.error)
    said = said.where(here if more is None else or_(here, more))
    for row in connection.execute(said.order_by(Delivery.id.desc()).limit(most)):
        fate = {"fate": delivery.fate(row.status, row.error), "kind": row.kind} if staff else {}
        rows.append((row.created_at, 1, row.id, told(row.id, row.kind, row.parts, row.created_at) | fate))
    return [message for *_, message in sorted(rows, key=lambda row: row[:3])][-most:]


def told(delivery_id: int, kind: str, parts: list[dict[str, Any]], at: datetime) -> dict[str, Any]:
    """One thing we said, in the shape of `history`."""
    return {"key": f"out:{delivery_id}", "from": "staff" if kind == "staff" else "bot", "parts": parts, "at": at.isoformat()}


def everything(connection: Connection, conversations: Sequence[str]) -> dict[str, Any]:
    """All that was said on every channel, for the person's own copy; of papers the name: a copy must not hold the copies before it."""
    mine = select(InboxMessage.received_at, InboxMessage.text).where(InboxMessage.conversation.in_(conversations))
    mine = mine.where(InboxMessage.kind.not_in(("timer", "result"))).order_by(InboxMessage.id)
    said = select(Delivery.created_at, Delivery.parts).where(Delivery.conversation.in_(conversations)).order_by(Delivery.id)
    return {
        "you_said": [{"at": at.isoformat(), "text": text} for at, text in connection.execute(mine)],
        "we_said": [{"at": at.isoformat(), "parts": [named(part) for part in parts]} for at, parts in connection.execute(said)],
    }


def named(part: dict[str, Any]) -> dict[str, Any]:
    """A part without what is in the file."""
    return {name: value for name, value in part.items() if name != "content"}


def erase(connection: Connection, conversation: str, last_key: str) -> None:
    """Deletes what was said. The key of the last message stays, without its words, so that a retry of it is recognised.

    What belongs to a broadcast stays as an empty row, so that its books balance.
    """
    connection.execute(delete(Delivery).where(Delivery.conversation == conversation, Delivery.broadcast_id.is_(None)))
    shortlinks.forget(connection, connection.execute(select(Delivery.parts).where(Delivery.conversation == conversation)).scalars().all())
    mine = update(Delivery).where(Delivery.conversation == conversation)
    connection.execute(mine.where(Delivery.status.in_(OPEN)).values(status="cancelled"))
    connection.execute(mine.values(parts=[], conversation="", remote_id=None, key=literal("erased|") + cast(Delivery.id, String)))
    connection.execute(delete(InboxMessage).where(InboxMessage.conversation == conversation, InboxMessage.key != last_key))
    connection.execute(update(InboxMessage).where(InboxMessage.key == last_key).values(text=""))
