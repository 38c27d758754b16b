"""The audit: who of the staff did or read what, when, from where, in the transaction of the act. Rows are only added; administrators read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, String, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base, Id
from knowledge.policy.questions import masked

HEADER = ("时间", "谁", "做了什么", "对象", "原来", "现在", "地址")
SAID = ("who", "what", "target", "old", "new", "address")
"""The columns under the header after the time."""
READ = "看名单"
WHILE = timedelta(hours=1)
"""In which looking at a list again is the same reading."""
Note = Callable[..., None]
"""Writes down what somebody does where it is done: takes the connection, then `what`, `target`, `old` and `new` as `note` does."""


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


def unnoted(*_: object, **__: object) -> None:
    """The program itself does it, or who calls writes it down."""


def known(connection: Connection, at: datetime, who: str, read: str) -> bool:
    """It is written down that they read this list a short while ago."""
    query = select(Audit.id).where(Audit.target == read, Audit.who == who[:64], Audit.what == READ, Audit.at > at - WHILE)
    return connection.execute(query.limit(1)).first() is not None


def page(connection: Connection, before: int | None, who: str, most: int) -> Sequence[RowMapping]:
    """The newest first, older than row `before`."""
    query = select(Audit.__table__).order_by(Audit.id.desc()).limit(most)
    if before:
        query = query.where(Audit.id < before)
    if who:
        query = query.where(Audit.who == who)
    return connection.execute(query).mappings().all()
