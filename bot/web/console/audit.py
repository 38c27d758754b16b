"""The audit: who of the staff did or read what, when, from where. Rows are only added; the page shows them to administrators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, String, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base, Id
from knowledge.policy.questions import masked


class Audit(Base):
    __tablename__ = "audit"

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str] = mapped_column(String(64), index=True)
    address: Mapped[str] = mapped_column(String(64))
    what: Mapped[str] = mapped_column(String(60))
    target: Mapped[str] = mapped_column(String(80), index=True)
    old: Mapped[str] = mapped_column(String(200), default="")
    new: Mapped[str] = mapped_column(String(200), default="")


def note(connection: Connection, at: datetime, who: str, address: str, what: str, target: str = "", old: str = "", new: str = "") -> None:
    """Adds a row; digits of telephones and identity numbers are not kept."""
    row = {"at": at, "who": who[:64], "address": address[:64], "what": what, "target": target[:80]}
    connection.execute(insert(Audit).values(**row, old=masked(old)[:200], new=masked(new)[:200]))


def page(connection: Connection, before: int | None, who: str, most: int) -> Sequence[RowMapping]:
    """The newest first, older than row `before`."""
    query = select(Audit.__table__).order_by(Audit.id.desc()).limit(most)
    if before:
        query = query.where(Audit.id < before)
    if who:
        query = query.where(Audit.who == who)
    return connection.execute(query).mappings().all()
