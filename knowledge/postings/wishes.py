"""The live postings, and what people want and do with them, in the database: wishes, what was shown, marks. No wording, no score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update
from sqlalchemy.orm import aliased

from knowledge.postings.posting import Feedback, Posting, Shown, Wish

SHOWN_AS = (
    "id", "card", "kind", "title", "company", "text", "url", "source", "places", "pay_unit", "pay_low", "pay_high", "pay_months", "degree",
    "full_time_degree", "years_low", "cohorts", "fresh", "headcount", "posted", "deadline",
)  # fmt: skip
"""Columns that matching and cards need; what is for staff alone is not among them."""
EVERY = {"daily": timedelta(days=1), "weekly": timedelta(days=7), "urgent": timedelta(days=1)}
REPORTS = 2
"""People whose reports hold a posting until staff have looked."""


def live(connection: Connection, since: datetime | None = None) -> list[dict[str, Any]]:
    """What may be recommended, in the order it came; `since`: only cards that are new from then on; a new repeat of an old one is nothing new."""
    query = select(*(getattr(Posting, name) for name in SHOWN_AS)).where(Posting.status == "live")
    if since:
        card = aliased(Posting)
        query = query.join(card, card.id == Posting.card).where(card.created_at >= since)
    return [dict(row) for row in connection.execute(query.order_by(Posting.id)).mappings()]


def edition(connection: Connection) -> datetime | None:
    """When a posting was last changed."""
    return connection.execute(select(func.max(Posting.updated_at))).scalar()


def keep(connection: Connection, graduate_id: str, wanted: dict[str, Any], rhythm: str, at: datetime) -> None:
    """In place of an earlier wish; a paused one has no next time."""
    kept: dict[str, Any] = {"rhythm": rhythm, "changed_at": at, "next_at": at + EVERY[rhythm] if rhythm in EVERY else None}
    if rhythm in EVERY:
        kept["wanted"] = wanted
    changed = connection.execute(update(Wish).where(Wish.graduate_id == graduate_id).values(kept))
    if not changed.rowcount and rhythm in EVERY:
        connection.execute(insert(Wish).values(graduate_id=graduate_id, **kept))


def pause(connection: Connection, people: Sequence[str]) -> None:
    if people:
        connection.execute(update(Wish).where(Wish.graduate_id.in_(people)).values(rhythm="paused", next_at=None))


def show(connection: Connection, graduate_id: str, postings: Iterable[int], at: datetime) -> None:
    """Remembers cards as shown in the chat; a card shown before keeps its first time."""
    wanted = list(dict.fromkeys(postings))
    known = set(connection.execute(select(Shown.posting_id).where(Shown.graduate_id == graduate_id, Shown.posting_id.in_(wanted))).scalars())
    there = set(connection.execute(select(Posting.id).where(Posting.id.in_(wanted))).scalars())
    rows = [{"graduate_id": graduate_id, "posting_id": n, "delivery": None, "at": at} for n in wanted if n in there and n not in known]
    if rows:
        connection.execute(insert(Shown), rows)


def mark(connection: Connection, graduate_id: str, number: int, action: str, reason: str, at: datetime, due_at: datetime | None) -> None:
    """Keeps a mark; enough reports take the posting out until staff have looked."""
    if connection.execute(select(Posting.id).where(Posting.id == number)).first() is None:
        return
    unmark(connection, graduate_id, number, action)
    connection.execute(insert(Feedback).values(graduate_id=graduate_id, posting_id=number, action=action, reason=reason[:200], at=at, due_at=due_at))
    if action == "reported":
        reports = select(func.count()).select_from(Feedback).where(Feedback.posting_id == number, Feedback.action == "reported")
        if (connection.execute(reports).scalar() or 0) >= REPORTS:
            group = select(Posting.card).where(Posting.id == number).scalar_subquery()  # its repeats are the same job
            connection.execute(update(Posting).where(Posting.card == group, Posting.status == "live").values(status="held", updated_at=at))


def unmark(connection: Connection, graduate_id: str, number: int, action: str) -> None:
    connection.execute(delete(Feedback).where(Feedback.graduate_id == graduate_id, Feedback.posting_id == number, Feedback.action == action))


def due(connection: Connection, now: datetime, most: int = 500) -> Sequence[RowMapping]:
    """Applications whose outcome is to be asked: `graduate_id`, `posting_id`, `due_at`."""
    query = select(Feedback.graduate_id, Feedback.posting_id, Feedback.due_at).where(Feedback.due_at <= now).order_by(Feedback.due_at)
    return connection.execute(query.limit(most)).mappings().all()


def asked(connection: Connection, graduate_id: str, number: int) -> None:
    """How an application went was asked: once is enough."""
    mine = update(Feedback).where(Feedback.graduate_id == graduate_id, Feedback.posting_id == number)
    connection.execute(mine.values(due_at=None))
