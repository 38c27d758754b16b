"""Questions nobody could answer: the staff's queue. Catching, wishes, settling; no clustering, no telling."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, ForeignKey, Index, RowMapping, String, bindparam, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base, Id
from knowledge.people import Graduate
from knowledge.policy.store import Revision

REASONS = {"unsure": "没把握", "menu": "给了几个都没选", "refuse": "没有帮", "unhelpful": "说没帮上"}
MOST = 200
"""Characters of a question that are kept."""
PERSONAL = re.compile(r"\d(?:[\s-]?\d){6,}[xX]?")
"""Digits as long as a telephone or identity number."""


class OpenQuestion(Base):
    """One question as it was asked; `number` counts those of a conversation, so that a button can name one.

    open → attached (a draft answers it) → answered (the draft is live); or out_of_scope.
    """

    __tablename__ = "open_question"
    __table_args__ = (Index("ix_open_question_status", "status"), {"sqlite_autoincrement": True})  # staff name them by number

    id: Mapped[Id]
    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), index=True)
    conversation: Mapped[str] = mapped_column(String(220))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(String(MOST))
    reason: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[datetime]
    wants_reply: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(12), default="open")
    revision_id: Mapped[int | None] = mapped_column(ForeignKey(Revision.id), index=True)


def masked(text: str) -> str:
    """For reading: without the digits of a telephone or identity number."""
    return PERSONAL.sub("****", text)


def keep(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Queues questions: `graduate_id`, `conversation`, `number`, `text`, `reason`, `asked_at`."""
    if rows:
        connection.execute(insert(OpenQuestion), [{"wants_reply": False, "status": "open", **row} for row in rows])


def wish(connection: Connection, wanted: Sequence[tuple[str, int]]) -> None:
    """People (id, number of the question) want to be told."""
    if wanted:
        query = update(OpenQuestion).where(OpenQuestion.graduate_id == bindparam("who"), OpenQuestion.number == bindparam("which"))
        connection.execute(query.values(wants_reply=True), [{"who": who, "which": number} for who, number in wanted])


def forget_wishes(connection: Connection, people: Sequence[str]) -> None:
    if people:
        connection.execute(update(OpenQuestion).where(OpenQuestion.graduate_id.in_(people)).values(wants_reply=False))


def waiting(connection: Connection, latest: int | None = None) -> Sequence[RowMapping]:
    """The open ones, oldest first; or the latest of them."""
    query = select(OpenQuestion.__table__).where(OpenQuestion.status == "open").order_by(OpenQuestion.id.desc()).limit(latest)
    return connection.execute(query).mappings().all()[::-1]


def named(connection: Connection, ids: Sequence[int]) -> dict[int, RowMapping]:
    """Questions by id, locked: two teachers do not take the same one."""
    query = select(OpenQuestion.__table__).where(OpenQuestion.id.in_(ids)).order_by(OpenQuestion.id).with_for_update()
    return {row["id"]: row for row in connection.execute(query).mappings()}


def settle(connection: Connection, ids: Sequence[int], status: str, revision_id: int | None = None) -> None:
    connection.execute(update(OpenQuestion).where(OpenQuestion.id.in_(ids)).values(status=status, revision_id=revision_id))


def attached(connection: Connection, revision_id: int) -> Sequence[RowMapping]:
    """Those that a draft answers, oldest first."""
    query = select(OpenQuestion.__table__).where(OpenQuestion.revision_id == revision_id, OpenQuestion.status == "attached")
    return connection.execute(query.order_by(OpenQuestion.id)).mappings().all()


def told(connection: Connection, revision_id: int) -> int:
    """How many people were told what a revision says."""
    query = select(func.count(OpenQuestion.graduate_id.distinct())).where(OpenQuestion.revision_id == revision_id, OpenQuestion.status == "answered")
    return int(connection.execute(query.where(OpenQuestion.wants_reply)).scalar_one())


def record(connection: Connection, graduate_id: str) -> list[dict[str, Any]]:
    """A person's own queued questions, ready for JSON."""
    columns = (OpenQuestion.text, OpenQuestion.reason, OpenQuestion.asked_at, OpenQuestion.wants_reply, OpenQuestion.status)
    query = select(*columns).where(OpenQuestion.graduate_id == graduate_id).order_by(OpenQuestion.id)
    return [{**row, "asked_at": row["asked_at"].isoformat()} for row in connection.execute(query).mappings()]


def move(connection: Connection, old: int, new: int) -> None:
    """What one draft answers, another does."""
    connection.execute(update(OpenQuestion).where(OpenQuestion.revision_id == old, OpenQuestion.status == "attached").values(revision_id=new))
