"""Whose students somebody sees: conditions for queries, and the refusal of what is another's. A teacher's are those the ledger names them for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, select, true
from starlette.exceptions import HTTPException

from bot.web.console.staff import Member
from knowledge.cases import Case
from knowledge.ledger.record import Record

NOT_YOURS = "没有这一条，或者不归你看。"
"""The same words for both: whoever tries numbers learns nothing."""


def records(member: Member) -> ColumnElement[bool]:
    return true() if member.role == "admin" else Record.owner == member.display


def cases(member: Member) -> ColumnElement[bool]:
    """A teacher's: of their students, and those given to them. An expert's: those given to them."""
    if member.role == "admin":
        return true()
    given = Case.owner == member.display
    if member.role != "teacher":
        return given
    return given | Case.graduate_id.in_(select(Record.graduate_id).where(Record.owner == member.display, Record.graduate_id.is_not(None)))


def record(connection: Connection, member: Member, number: int) -> RowMapping:
    return one(connection, select(Record.__table__).where(Record.id == number, records(member)))


def case(connection: Connection, member: Member, number: int) -> RowMapping:
    return one(connection, select(Case.__table__).where(Case.id == number, cases(member)))


def one(connection: Connection, query: Any) -> RowMapping:
    found: RowMapping | None = connection.execute(query).mappings().first()
    if found is None:
        raise HTTPException(404, NOT_YOURS)
    return found
