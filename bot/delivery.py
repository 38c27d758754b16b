"""The delivery ledger: everything said is a row first, and its state says what became of it. Sends nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Index,
    RowMapping,
    String,
    Text,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.metrics import QUEUE, QUEUE_AGE
from dialogs.messages import Choice, Part, from_json, to_json
from dialogs.typography import typeset
from knowledge.db import Base, Id

LEASE = timedelta(seconds=60)
"""How long a claimed row stays with its owner; longer than any channel call takes."""
UNASKED = {"alert": 0, "notice": 3, "digest": 4, "broadcast": 5}
"""Priority of what nobody waits for, by kind: behind every reply (0), outside the quiet hours, at the account's pace.
An alert tells a teacher that somebody is in danger: it goes at once, at night too."""
BULK = ("digest", "broadcast")
"""Kinds that go to many: not to who has unsubscribed, be it after they were planned."""
UNSUBSCRIBED = "unsubscribed"
WITHDRAWN = "consent_withdrawn"
RUNG = "rung"
"""The person was told by a template that there is something; it is said when they write."""
OPEN = ("ready", "claimed", "sending")
IS_OPEN = f"status IN {OPEN}"
STOPPED = ("cancelled", "expired", "suppressed")
FINAL = ("sent", "failed", "unknown", "cancelled", "expired", "suppressed")


class Delivery(Base):
    """One thing to say to one conversation. `key` is unique: the same message can be planned only once.

    ready → claimed → sending → sent | failed | ready again | unknown; or cancelled, expired, suppressed.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_ready", "channel", "priority", "id", sqlite_where=text("status = 'ready'"), postgresql_where=text("status = 'ready'")),
        Index(
            "ix_delivery_lease_until", "lease_until", sqlite_where=text("lease_until IS NOT NULL"), postgresql_where=text("lease_until IS NOT NULL")
        ),
        Index("ix_delivery_conversation_id", "conversation", "id"),
        Index("ix_delivery_open", "conversation", "id", sqlite_where=text(IS_OPEN), postgresql_where=text(IS_OPEN)),
        Index("ix_delivery_sent", "finished_at", sqlite_where=text("status = 'sent'"), postgresql_where=text("status = 'sent'")),
        {"sqlite_autoincrement": True},  # the number of an erased row must not come back: pages ask for what came after it
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(300), unique=True)
    conversation: Mapped[str] = mapped_column(String(220))
    channel: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(12))
    priority: Mapped[int] = mapped_column(default=0)
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(10), default="ready")
    attempt: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    owner: Mapped[str | None] = mapped_column(String(64))
    route: Mapped[str | None] = mapped_column(String(20))
    remote_id: Mapped[str | None] = mapped_column(String(128))
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    piece: Mapped[int] = mapped_column(default=0)
    """How many of its calls have been taken by the platform."""
    mailbox: Mapped[bool] = mapped_column(default=False)
    """There was no way to this person: it waits until they write."""
    broadcast_id: Mapped[int | None] = mapped_column(index=True)
    expires_at: Mapped[datetime | None]
    """When it is of no use any more: then it does not leave."""


IDS = select(Delivery.key, Delivery.id).where(Delivery.key.in_(bindparam("keys", expanding=True)))


def row_of(key: str, conversation: str, kind: str, parts: Sequence[Part], at: datetime) -> dict[str, Any]:
    channel = conversation.split(":", 1)[0]
    body = [to_json(typeset(part)) for part in parts]
    return {
        "key": key,
        "conversation": conversation,
        "channel": channel,
        "kind": kind,
        "priority": UNASKED.get(kind, 0),
        "parts": body,
        "status": "ready",
        "created_at": at,
        "not_before": None,
        "expires_at": None,
        "route": None,
        "piece": 0,
        "finished_at": None,
    }


def plan(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Stores rows and returns their ids in order."""
    if not rows:
        return []
    connection.execute(insert(Delivery), rows)  # with RETURNING, SQLite takes rows one by one
    ids = {found.key: found.id for found in connection.execute(IDS, {"keys": [row["key"] for row in rows]})}
    return [ids[row["key"]] for row in rows]


def unasked(connection: Connection, conversations: Sequence[str]) -> dict[str, tuple[Choice, ...]]:
    """The choices of what each conversation was told last, where it was told unasked."""
    out = Delivery.status.in_(("sending", "sent", "unknown")) | (Delivery.priority == 0)
    last = select(func.max(Delivery.id)).where(Delivery.conversation.in_(conversations), out)
    rows = select(Delivery.conversation, Delivery.parts).where(Delivery.id.in_(last.group_by(Delivery.conversation)), Delivery.kind.in_(UNASKED))
    return {key: tuple(choice for part in parts for choice in getattr(from_json(part), "choices", ())) for key, parts in connection.execute(rows)}


def finish(connection: Connection, ids: Iterable[int], at: datetime, status: str = "sent", reason: str | None = None) -> None:
    """Records the outcome of open rows; a row that has one keeps it."""
    query = update(Delivery).where(Delivery.id.in_(list(ids)), Delivery.status.in_(OPEN))
    connection.execute(query.values(status=status, finished_at=at, lease_until=None, error=reason))


def waiting(connection: Connection, channel: str, at: datetime) -> bool:
    """Whether a claim would find anything; a read, so that an idle channel writes nothing."""
    free = (Delivery.status == "ready") | ((Delivery.status == "claimed") & (Delivery.lease_until < at))
    return connection.execute(select(Delivery.id).where(Delivery.channel == channel, free).limit(1)).first() is not None


def claim(connection: Connection, channel: str, owner: str, at: datetime, conversation: str | None = None, most: int = 100) -> Sequence[RowMapping]:
    """Takes due rows of a channel (or of one conversation) for `owner`, oldest replies first.

    Lapsed claims of a dead process come back before.
    """
    lapsed = update(Delivery).where(Delivery.channel == channel, Delivery.status == "claimed", Delivery.lease_until < at)
    connection.execute(lapsed.values(status="ready", owner=None, lease_until=None))
    due = select(Delivery.id).where(Delivery.channel == channel, Delivery.status == "ready")
    if conversation:
        due = due.where(Delivery.conversation == conversation)
    due = due.where((Delivery.not_before.is_(None)) | (Delivery.not_before <= at)).order_by(Delivery.priority, Delivery.id).limit(most)
    ids = list(connection.execute(due.with_for_update(skip_locked=True)).scalars())
    if not ids:
        return []
    take(connection, ids, owner, at)
    return rows(connection, ids)


def take(connection: Connection, ids: Sequence[int], owner: str, at: datetime, status: str = "claimed") -> None:
    if ids:
        taken = update(Delivery).where(Delivery.id.in_(ids))
        connection.execute(taken.values(status=status, owner=owner, lease_until=at + LEASE, attempt=Delivery.attempt + 1))


def rows(connection: Connection, ids: Sequence[int]) -> Sequence[RowMapping]:
    query = select(Delivery.__table__).where(Delivery.id.in_(ids)).order_by(Delivery.id)
    return connection.execute(query).mappings().all()


def withdraw(connection: Connection, about: str, at: datetime, conversations: Any = None) -> None:
    """What was planned unasked with these signs in its key, and has not begun to leave, does not; of some conversations or of all."""
    mine = update(Delivery).where(Delivery.status == "ready", Delivery.kind == "notice", Delivery.key.contains(about, autoescape=True))
    mine = mine if conversations is None else mine.where(Delivery.conversation.in_(conversations))
    connection.execute(mine.values(status="cancelled", finished_at=at))


def silence(connection: Connection, conversation: str, at: datetime) -> None:
    """They unsubscribed: what goes to many and has not begun to leave does not leave to them."""
    mine = update(Delivery).where(Delivery.conversation == conversation, Delivery.status == "ready", Delivery.kind.in_(BULK))
    connection.execute(mine.values(status="suppressed", finished_at=at, error=UNSUBSCRIBED))


def due(now: datetime) -> ColumnElement[bool]:
    """Rows whose time has come and is not over."""
    come = or_(Delivery.not_before.is_(None), Delivery.not_before <= now)
    return and_(come, or_(Delivery.expires_at.is_(None), Delivery.expires_at > now))


def of_account(account: str) -> ColumnElement[bool]:
    """Rows of all conversations of one account. No range of keys: a database that sorts by language counts signs last."""
    return Delivery.conversation.startswith(f"{account}:", autoescape=True)


def seen(now: datetime) -> ColumnElement[bool]:
    """Rows that a page may show: what is due, what was said, nothing that was stopped before."""
    return or_(Delivery.status == "sent", Delivery.piece > 0, and_(due(now), Delivery.status.not_in(STOPPED)))


def fate(status: str, error: str | None) -> str:
    """What staff read of a message that has not arrived, as far as we know."""
    if status in OPEN:
        return "提醒到了，全文等本人说话" if error == RUNG else "还没送到"
    return "" if status == "sent" else "不知道送到没有" if status == "unknown" else "没送到"


def since(connection: Connection, conversation: str, after: int, now: datetime) -> Sequence[RowMapping]:
    """What a conversation was told after a row, and what was planned before it and has come due since, oldest first."""
    late = and_(Delivery.status == "ready", Delivery.not_before.is_not(None), due(now))
    query = select(Delivery.__table__).where(Delivery.conversation == conversation, or_(and_(Delivery.id > after, seen(now)), late))
    return connection.execute(query.order_by(Delivery.id)).mappings().all()


def reasons(connection: Connection) -> list[dict[str, Any]]:
    """How many are in each state, by channel, kind, route and reason."""
    columns = (Delivery.channel, Delivery.kind, Delivery.status, Delivery.route, Delivery.error, Delivery.mailbox)
    query = select(*columns, func.count().label("count")).group_by(*columns).order_by(*columns)
    return [{name: value for name, value in row.items() if value not in (None, False)} for row in connection.execute(query).mappings()]


def is_open(row: Any = Delivery) -> ColumnElement[bool]:
    """In the words of the index of what is open: SQLite takes it for no others."""
    found: ColumnElement[bool] = row.status.in_([literal_column(f"'{status}'") for status in OPEN])
    return found


def listed(connection: Connection, status: str, after: int, most: int) -> Sequence[RowMapping]:
    """Deliveries in a state, by number: to whom and what is not told here."""
    at = func.coalesce(Delivery.finished_at, Delivery.created_at).label("at")
    query = select(Delivery.id, Delivery.channel, Delivery.kind, at, Delivery.error).where(Delivery.status == status, Delivery.id > after)
    return connection.execute(query.order_by(Delivery.id).limit(most)).mappings().all()


def resend(connection: Connection, ids: Sequence[int]) -> int:
    """What staff decided to send again though it may have arrived: from the call that was in doubt on. Returns how many."""
    mine = update(Delivery).where(Delivery.id.in_(ids), Delivery.status == "unknown")
    return connection.execute(mine.values(status="ready", owner=None, finished_at=None, not_before=None)).rowcount


def measure(connection: Connection, at: datetime) -> None:
    """The queue for Prometheus: how much is open, and how long the oldest that could leave has waited."""
    QUEUE.clear()
    QUEUE_AGE.clear()
    held = select(Delivery.channel, Delivery.kind, func.count()).where(Delivery.status.in_(OPEN)).group_by(Delivery.channel, Delivery.kind)
    for channel, kind, count in connection.execute(held):
        QUEUE.labels(channel, kind).set(count)
    due = (Delivery.status == "ready") & ~Delivery.mailbox & ((Delivery.not_before.is_(None)) | (Delivery.not_before <= at))
    oldest = select(Delivery.channel, func.min(func.coalesce(Delivery.not_before, Delivery.created_at))).where(due).group_by(Delivery.channel)
    for channel, since in connection.execute(oldest):
        QUEUE_AGE.labels(channel).set(max(0.0, (at - since).total_seconds()))


def books(connection: Connection) -> dict[str, int]:
    """Rows by state; `planned` is their sum and `open` what is still on its way."""
    query = select(Delivery.status, func.count()).group_by(Delivery.status)
    counted = {status: int(number) for status, number in connection.execute(query)}
    return {
        "planned": sum(counted.values()),
        "open": sum(counted.get(status, 0) for status in OPEN),
        **{status: counted.get(status, 0) for status in FINAL},
    }


def open_ids(connection: Connection, conversation: str, now: datetime) -> list[int]:
    query = select(Delivery.id).where(Delivery.conversation == conversation, Delivery.status.in_(OPEN), due(now))
    return list(connection.execute(query).scalars())
