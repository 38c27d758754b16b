"""Cases: needs that a person of the staff must answer. Opening, listing, closing; no sending."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, ForeignKey, RowMapping, String, Text, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base, Id
from knowledge.people import Graduate

KINDS = {
    "crisis": "危机",
    "handover": "找老师",
    "posting": "岗位举报",
    "dispute": "去向有异议",
    "resume": "看简历",
    "scam": "可疑信息",
    "contract": "看合同",
}


class Case(Base):
    __tablename__ = "support_case"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012  # teachers answer by number: an erased one must not come back

    id: Mapped[Id]
    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), index=True)
    conversation: Mapped[str] = mapped_column(String(220))
    kind: Mapped[str] = mapped_column(String(20))
    summary: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    owner: Mapped[str | None] = mapped_column(String(64))


def open_case(connection: Connection, graduate_id: str, conversation: str, kind: str, summary: str, at: datetime) -> int:
    """Opens a case, or adds to the one of that kind still open in this conversation, which then waits for an answer again. Returns its id."""
    query = select(Case.id, Case.summary).where(Case.conversation == conversation, Case.kind == kind, Case.closed_at.is_(None))
    found = connection.execute(query).first()
    if found:
        connection.execute(update(Case).where(Case.id == found.id).values(summary=f"{found.summary}\n{summary}", answered_at=None))
        return int(found.id)
    row: dict[str, Any] = {"graduate_id": graduate_id, "conversation": conversation, "kind": kind, "summary": summary, "opened_at": at}
    return int(connection.execute(insert(Case).values(row).returning(Case.id)).scalar_one())


def open_cases(connection: Connection) -> Sequence[RowMapping]:
    """Cases waiting for a person: crises first, then the oldest."""
    query = select(Case.__table__).where(Case.closed_at.is_(None)).order_by(Case.kind != "crisis", Case.id)
    return connection.execute(query).mappings().all()


def get(connection: Connection, case_id: int) -> RowMapping | None:
    return connection.execute(select(Case.__table__).where(Case.id == case_id)).mappings().first()


def record(connection: Connection, graduate_id: str) -> list[dict[str, Any]]:
    """For the person's own copy."""
    rows = connection.execute(select(Case.__table__).where(Case.graduate_id == graduate_id).order_by(Case.id)).mappings()
    return [{name: value for name, value in row.items() if name not in ("graduate_id", "conversation")} for row in rows]


def mark_answered(connection: Connection, case_id: int, who: str, at: datetime) -> None:
    connection.execute(update(Case).where(Case.id == case_id).values(answered_at=at, owner=who))


def close(connection: Connection, case_id: int, at: datetime) -> None:
    connection.execute(update(Case).where(Case.id == case_id).values(closed_at=at))


def close_disputes(connection: Connection, graduate_id: str, at: datetime) -> str:
    """What the person said of their destination is settled. Returns the conversation where they said so; empty where no case was open."""
    query = update(Case).where(Case.graduate_id == graduate_id, Case.kind == "dispute", Case.closed_at.is_(None)).values(closed_at=at)
    return next(iter(connection.execute(query.returning(Case.conversation)).scalars().all()), "")


def close_handover(connection: Connection, conversation: str, at: datetime, *, answered: bool = False) -> None:
    """The machine has the conversation again: its open handover is done. `answered`: only where a teacher has answered it."""
    query = update(Case).where(Case.conversation == conversation, Case.kind == "handover", Case.closed_at.is_(None))
    connection.execute((query.where(Case.answered_at.is_not(None)) if answered else query).values(closed_at=at))


def owned(connection: Connection, owner: str) -> int:
    """Open cases of one member of the staff."""
    return int(connection.execute(select(func.count()).where(Case.owner == owner, Case.closed_at.is_(None))).scalar_one())
