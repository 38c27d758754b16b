"""The ledger's tables: records, where people went, services, plans, follow-ups. Reading and changing one; lists come in by `intake`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Connection, ForeignKey, Index, LargeBinary, RowMapping, String, Text, UniqueConstraint, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base, Id
from knowledge.people import Graduate

KINDS = {"talk": "政策宣介", "guidance": "职业指导", "referral": "岗位推荐", "training": "培训见习"}
"""Services that are counted, by what each office must deliver [MoHRSS: 1131]."""
AGREED = ("list", "yes")
"""Values of `Record.handover` that are a yes."""
NEEDED = {"talk": 1, "guidance": 1, "referral": 3, "training": 1}
SELF, DISPUTED = "本人", "异议:"
"""Who says so where the person does; how the note of a dispute begins, which changes no destination."""


class LedgerError(ValueError):
    """What cannot be done with the ledger; the message is one sentence for the person who asked."""


class Record(Base):
    """The school's file on a person. `graduate_id`: who talks to us as this person, linked by their own word; it outlives the chat."""

    __tablename__ = "school_record"
    __table_args__ = (
        UniqueConstraint("school", "student_no"),
        Index("ix_school_record_cohort", "cohort", "college"),
        {"sqlite_autoincrement": True},  # numbers stand in handover packages: an erased one must not come back
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(60), index=True)
    school: Mapped[str] = mapped_column(String(80), default="")
    student_no: Mapped[str | None] = mapped_column(String(40))
    id_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    id_sealed: Mapped[bytes | None] = mapped_column(LargeBinary(80))
    phone: Mapped[str] = mapped_column(String(20), default="")
    college: Mapped[str] = mapped_column(String(80), default="")
    major: Mapped[str] = mapped_column(String(80), default="")
    degree: Mapped[str] = mapped_column(String(10), default="")
    graduated: Mapped[date | None]
    cohort: Mapped[int | None]
    hukou: Mapped[str] = mapped_column(String(80), default="")
    city: Mapped[str] = mapped_column(String(80), default="")
    destination: Mapped[str] = mapped_column(String(40), default="")
    employer: Mapped[str] = mapped_column(String(120), default="")
    groups: Mapped[list[str]] = mapped_column(JSON)
    handover: Mapped[str] = mapped_column(String(4), default="")
    """Whether the HR department where they live may go on with them (服务接续): "list" says yes, or they themselves, "yes" or "no"."""
    owner: Mapped[str] = mapped_column(String(64), default="", index=True)
    source: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    graduate_id: Mapped[str | None] = mapped_column(ForeignKey(Graduate.id, ondelete="SET NULL"), index=True)
    linked_at: Mapped[datetime | None]
    disputed_at: Mapped[datetime | None]
    """Since when the person says that the destination is wrong; while it is set no list changes it."""


class Change(Base):
    """Every destination a record ever had: who said so, when, on what grounds. Only added to."""

    __tablename__ = "destination_change"

    id: Mapped[Id]
    record_id: Mapped[int] = mapped_column(ForeignKey(Record.id, ondelete="CASCADE"), index=True)
    destination: Mapped[str] = mapped_column(String(40))
    by: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


class Service(Base):
    """A service that was given. Evidence is one of two: a delivery that arrived (its number), or the entry of a member of staff (`by`)."""

    __tablename__ = "service"
    __table_args__ = (UniqueConstraint("record_id", "kind", "subject"), Index("ix_service_on", "on"))

    id: Mapped[Id]
    record_id: Mapped[int] = mapped_column(ForeignKey(Record.id, ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    on: Mapped[date]
    subject: Mapped[str | None] = mapped_column(String(80))
    """What the same service would be again (a posting, a broadcast): counted once. None: every entry counts."""
    delivery_id: Mapped[int | None] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(String(64), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    entered_at: Mapped[datetime]


class Step(Base):
    """A step of the plan for one person (一人一策)."""

    __tablename__ = "plan_step"

    id: Mapped[Id]
    record_id: Mapped[int] = mapped_column(ForeignKey(Record.id, ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(64))
    due: Mapped[date | None] = mapped_column(index=True)
    done_at: Mapped[datetime | None]


class FollowUp(Base):
    """One attempt to reach a person (摸底), and when to try next."""

    __tablename__ = "follow_up"

    id: Mapped[Id]
    record_id: Mapped[int] = mapped_column(ForeignKey(Record.id, ondelete="CASCADE"), index=True)
    on: Mapped[date]
    way: Mapped[str] = mapped_column(String(20))
    by: Mapped[str] = mapped_column(String(64))
    reached: Mapped[bool]
    note: Mapped[str] = mapped_column(Text, default="")
    next_on: Mapped[date | None] = mapped_column(index=True)
    result: Mapped[str] = mapped_column(String(10), default="")
    """One of `contact.RESULTS`; empty in rows from before there were any."""


class Note(Base):
    """What staff want to remember of a person; the person reads it in their own copy."""

    __tablename__ = "record_note"

    id: Mapped[Id]
    record_id: Mapped[int] = mapped_column(ForeignKey(Record.id, ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class Try(Base):
    """A check that failed, for an hour: guessing is slowed for whoever guesses and for whoever is guessed at."""

    __tablename__ = "link_try"

    id: Mapped[Id]
    conversation: Mapped[str] = mapped_column(String(220), index=True)
    name_digest: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    at: Mapped[datetime] = mapped_column(index=True)


def find(connection: Connection, number: str) -> RowMapping:
    """A record by its own number or the student number.

    Raises:
        LedgerError: there is none, or several schools have that student number.
    """
    by = (Record.student_no == number) | (Record.id == int(number)) if number.isdecimal() and len(number) < 10 else Record.student_no == number
    found = connection.execute(select(Record.__table__).where(by).limit(2)).mappings().all()
    if len(found) != 1:
        raise LedgerError(f"台账里没有「{number}」" if not found else f"「{number}」对得上两个人,请写台账编号")
    return found[0]


def give(connection: Connection, record_id: int, kind: str, on: date, by: str, at: datetime, note: str = "") -> int:
    """A service as a member of staff enters it.

    Raises:
        LedgerError: nobody is named, or the day is still to come.
    """
    if not by.strip():
        raise LedgerError("要写清是谁做的服务")
    if on > (at + timedelta(hours=8)).date():
        raise LedgerError(f"{on} 还没到,做过的才能记")
    row = {"record_id": record_id, "kind": kind, "on": on, "by": by, "note": note, "entered_at": at}
    return int(connection.execute(insert(Service).values(row).returning(Service.id)).scalar_one())


def settle(connection: Connection, record_id: int, destination: str, by: str, at: datetime, note: str = "") -> None:
    """A new destination by staff or by the person's own word; a dispute ends with it."""
    connection.execute(update(Record).where(Record.id == record_id).values(destination=destination, disputed_at=None, updated_at=at))
    connection.execute(insert(Change).values(record_id=record_id, destination=destination, by=by, note=note, at=at))


def plan(connection: Connection, record_id: int, what: str, owner: str, due: date | None) -> int:
    row = {"record_id": record_id, "what": what, "owner": owner, "due": due}
    return int(connection.execute(insert(Step).values(row).returning(Step.id)).scalar_one())


def done(connection: Connection, step_id: int, at: datetime) -> None:
    connection.execute(update(Step).where(Step.id == step_id, Step.done_at.is_(None)).values(done_at=at))


def follow(connection: Connection, record_id: int, entry: Mapping[str, Any]) -> int:
    """Notes an attempt: `on`, `way`, `by`, `reached`, `note`, `next_on`, `result`."""
    return int(connection.execute(insert(FollowUp).values(record_id=record_id, **entry).returning(FollowUp.id)).scalar_one())


def remark(connection: Connection, record_id: int, text: str, by: str, at: datetime) -> None:
    connection.execute(insert(Note).values(record_id=record_id, text=text, by=by, at=at))


def dispute(connection: Connection, graduate_id: str, said: str, at: datetime) -> list[int]:
    """The person says that the school has them down wrong. Returns the records that wait for a word of the staff from now on."""
    held = connection.execute(select(Record.id, Record.destination).where(Record.graduate_id == graduate_id)).all()
    for number, destination in held:
        connection.execute(update(Record).where(Record.id == number).values(disputed_at=at))
        connection.execute(insert(Change).values(record_id=number, destination=destination, by=SELF, note=f"{DISPUTED}{said}", at=at))
    return [number for number, _ in held]


def own(connection: Connection, graduate_id: str) -> dict[str, Any] | None:
    """What the school holds on somebody who is linked, for that person: the identity number is not in it."""
    query = select(Record.__table__).where(Record.graduate_id == graduate_id).order_by(Record.id.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    held = {name: value for name, value in row.items() if name not in ("id_digest", "id_sealed", "graduate_id")}
    for name, table in (("changes", Change), ("services", Service), ("plan", Step), ("follow_ups", FollowUp), ("notes", Note)):
        rows = connection.execute(select(table.__table__).where(table.record_id == row["id"]).order_by(table.id)).mappings()
        held[name] = [{key: value for key, value in each.items() if key not in ("id", "record_id", "delivery_id", "subject")} for each in rows]
    return held
