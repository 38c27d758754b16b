"""Keeping in touch with the people of the ledger: when to ask how it goes, what a call came to. Asks nobody itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection, ForeignKey, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import CHINA, Base
from knowledge.ledger import destinations, record
from knowledge.ledger.record import FollowUp, Record

RESULTS = ("联系上了", "没人接", "号码不对", "不愿联系")
"""Of an attempt by staff; only the first reached the person."""
REFUSED, WRONG_NUMBER = RESULTS[3], RESULTS[2]
NEW_NUMBER, BEFORE = "新号码", "原来的尾号 "
"""Noted where another number comes in after one was found wrong; no result of a call. BEFORE: how its note begins."""
HOUR = time(10)
"""In China: when a question may come."""
REST = 90
"""Days of peace for who does not look for now."""


class CheckIn(Base):
    """When a linked person is asked next how it goes; `rounds`: how often since they were last heard. `stopped_at`: they do not want it."""

    __tablename__ = "check_in"

    record_id: Mapped[int] = mapped_column(ForeignKey(Record.id, ondelete="CASCADE"), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(index=True)
    asked_at: Mapped[datetime | None]
    rounds: Mapped[int] = mapped_column(default=0)
    stopped_at: Mapped[datetime | None]


def following(now: datetime, days: int) -> datetime:
    return datetime.combine((now + timedelta(days=days)).astimezone(CHINA).date(), HOUR, CHINA)


def begin(connection: Connection, record_id: int, now: datetime, days: int = 14) -> None:
    """From the day somebody is tied to their record; once."""
    if connection.execute(select(CheckIn.record_id).where(CheckIn.record_id == record_id)).first() is None:
        connection.execute(insert(CheckIn).values(record_id=record_id, next_at=following(now, days), rounds=0))


def asked(connection: Connection, record_id: int, now: datetime, days: int) -> None:
    values = {"asked_at": now, "next_at": following(now, days), "rounds": CheckIn.rounds + 1}
    connection.execute(update(CheckIn).where(CheckIn.record_id == record_id).values(values))


def heard(connection: Connection, graduate_id: str, said: str, way: str, on: date) -> None:
    """The person's own answer is a contact of the ledger; only which answer it was, nothing they wrote."""
    for number in mine(connection, graduate_id):
        record.follow(connection, number, {"on": on, "way": way, "by": "本人", "reached": True, "note": said, "next_on": None, "result": RESULTS[0]})
        connection.execute(update(CheckIn).where(CheckIn.record_id == number).values(rounds=0))


def later(connection: Connection, graduate_id: str, now: datetime, days: int) -> None:
    connection.execute(update(CheckIn).where(CheckIn.record_id.in_(mine(connection, graduate_id))).values(next_at=following(now, days)))


def stop(connection: Connection, graduate_id: str, at: datetime | None) -> None:
    """No more questions from `at`; None: they may come again."""
    connection.execute(update(CheckIn).where(CheckIn.record_id.in_(mine(connection, graduate_id))).values(stopped_at=at))


def settle(connection: Connection, graduate_id: str, destination: str, at: datetime) -> bool:
    """The destination by the person's own word. Returns whether there is a record and such a destination."""
    held = mine(connection, graduate_id)
    if not held or destination not in destinations.rates(connection):
        return False
    for number in held:
        record.settle(connection, number, destination, record.SELF, at, "本人在聊天里说的")
    return True


def mine(connection: Connection, graduate_id: str) -> list[int]:
    return list(connection.execute(select(Record.id).where(Record.graduate_id == graduate_id)).scalars())


def called(
    connection: Connection, record_id: int, result: str, who: str, on: date, way: str = "电话", note: str = "", next_on: date | None = None
) -> None:
    """
    Raises:
        LedgerError: there is no such result, or nobody is named.
    """
    if result not in RESULTS:
        raise record.LedgerError(f"结果只有:{'、'.join(RESULTS)}")
    if not who.strip():
        raise record.LedgerError("要写清是谁联系的")
    entry = {"on": on, "way": way, "by": who, "reached": result == RESULTS[0], "note": note, "next_on": next_on, "result": result}
    record.follow(connection, record_id, entry)


def renumbered(connection: Connection, old: Mapping[int, str], by: str, on: date) -> None:
    """Other numbers stand in these records than the `old` ones: whom the old one did not reach may be called again."""
    last = select(func.max(FollowUp.id)).where(FollowUp.record_id.in_(old)).group_by(FollowUp.record_id)
    wrong = select(FollowUp.record_id).where(FollowUp.id.in_(last), FollowUp.result.in_((WRONG_NUMBER, NEW_NUMBER)))
    entry = {"on": on, "way": "台账", "by": by, "reached": False, "next_on": None, "result": NEW_NUMBER}
    rows = [{"record_id": who, "note": f"{BEFORE}{old[who][-4:]}" if old[who] else "", **entry} for who in connection.execute(wrong).scalars()]
    if rows:
        connection.execute(insert(FollowUp), rows)


def spent(connection: Connection, records: Collection[int]) -> dict[int, set[str]]:
    """The last four digits of numbers that were found wrong and replaced, by record: a list that still has one brings it back no more."""
    query = select(FollowUp.record_id, FollowUp.note).where(FollowUp.record_id.in_(records), FollowUp.result == NEW_NUMBER)
    found: dict[int, set[str]] = {}
    for who, note in connection.execute(query) if records else ():
        found.setdefault(who, set()).add(note.removeprefix(BEFORE))
    return found
