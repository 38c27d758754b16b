"""Postings and what people do with them, as tables: the postings themselves, saved mappings, wishes, what was shown, feedback. No reading of
text, no matching."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Connection, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base, Id
from knowledge.people import Graduate

STATUSES = {"live": "可推荐", "held": "待老师核实", "refused": "核实后不用", "expired": "已过期", "withdrawn": "已撤下"}
ACTIONS = {"saved": "感兴趣", "applied": "已投递", "unfit": "不合适", "reported": "举报"}
RHYTHMS = {"daily": "每天", "weekly": "每周", "urgent": "有急招才发", "paused": "暂停"}


class Posting(Base):
    """One posting as its source gave it (`raw`), and what was read from it; where staff changed it, `raw["edited"]` says who and when.

    `card`: the posting this one repeats, itself if it is the first. `places`: codes of GB/T 2260, or `nationwide`, `remote`, `abroad`.
    Pay in yuan per `pay_unit`, either end open. `degree`: a `terms.Level`. Experience in years. `contact`: for staff only, never shown.
    """

    __tablename__ = "posting"
    __table_args__ = (UniqueConstraint("source", "ref"), Index("ix_posting_status", "status", "id"))

    id: Mapped[Id]
    source: Mapped[str] = mapped_column(String(64))
    ref: Mapped[str] = mapped_column(String(64))
    digest: Mapped[bytes] = mapped_column(LargeBinary(16))
    card: Mapped[int | None] = mapped_column(ForeignKey("posting.id"), index=True)
    status: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    company: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(String(500))
    raw: Mapped[dict[str, str]] = mapped_column(JSON)
    contact: Mapped[str] = mapped_column(String(200))
    places: Mapped[list[str]] = mapped_column(JSON)
    pay_unit: Mapped[str | None] = mapped_column(String(5))
    pay_low: Mapped[float | None]
    pay_high: Mapped[float | None]
    pay_months: Mapped[int | None]
    degree: Mapped[int | None]
    full_time_degree: Mapped[bool]
    years_low: Mapped[float | None]
    years_high: Mapped[float | None]
    cohorts: Mapped[list[int]] = mapped_column(JSON)
    fresh: Mapped[bool]
    headcount: Mapped[int | None]
    posted: Mapped[date | None]
    deadline: Mapped[date | None]
    score: Mapped[int]
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    reviewed_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)


class HeaderMapping(Base):
    """Which column of a source is which field, as staff confirmed it."""

    __tablename__ = "header_mapping"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    columns: Mapped[dict[str, str]] = mapped_column(JSON)
    saved_at: Mapped[datetime]


class Wish(Base):
    """What work somebody looks for and how often they want to hear of it; `next_at`: when the next digest is due, None while paused."""

    __tablename__ = "wish"

    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), primary_key=True)
    wanted: Mapped[dict[str, Any]] = mapped_column(JSON)
    rhythm: Mapped[str] = mapped_column(String(10))
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    changed_at: Mapped[datetime]


class Shown(Base):
    """A card was put before a person, in the chat or by a digest (`delivery` is then its key): never pushed twice."""

    __tablename__ = "posting_shown"

    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), primary_key=True)
    posting_id: Mapped[int] = mapped_column(ForeignKey(Posting.id, ondelete="CASCADE"), primary_key=True)
    delivery: Mapped[str | None] = mapped_column(String(300), index=True)
    at: Mapped[datetime]


class Feedback(Base):
    """What somebody did with a card (ACTIONS); taking it back deletes the row. `due_at`: when to ask how an application went."""

    __tablename__ = "posting_feedback"

    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), primary_key=True)
    posting_id: Mapped[int] = mapped_column(ForeignKey(Posting.id, ondelete="CASCADE"), primary_key=True)
    action: Mapped[str] = mapped_column(String(10), primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(index=True)


def record(connection: Connection, graduate_id: str) -> dict[str, Any]:
    """Everything these tables hold on one person, ready for JSON: the person's own copy."""
    held: dict[str, Any] = {}
    for name, table in (("wishes", Wish), ("postings_shown", Shown), ("posting_feedback", Feedback)):
        rows = connection.execute(select(table.__table__).where(table.graduate_id == graduate_id)).mappings()
        held[name] = [{k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items() if k != "graduate_id"} for row in rows]
    return held
