"""Tying somebody who talks to us to the school's record of them, by a check they agreed to; and letting go again. No dialog."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import CompoundSelect, Connection, RowMapping, delete, func, insert, select, update

from knowledge.ledger import contact, sharing
from knowledge.ledger.record import DISPUTED, SELF, Change, Record, Try
from knowledge.ledger.seal import Seal
from knowledge.people import Consent, log_access

WITHIN = timedelta(hours=1)
TRIES, TRIES_AT = 5, 20
"""Failed checks in WITHIN: of one conversation, and at one name from wherever; four digits have 10 000 values."""
SHORTEST, LONGEST = 4, 6
"""Signs of the student or identity number that are asked for."""
Outcome = Literal["linked", "unknown", "several", "taken", "slow"]


def link(connection: Connection, seal: Seal, conversation: str, graduate_id: str, said: tuple[str, str], at: datetime) -> Outcome:
    """Ties the one record that has this name and a number with this end; `said`: both. Failed checks are kept for an hour, erased or not."""
    name, tail = said[0], said[1].upper()
    digest = seal.digest(name)
    connection.execute(delete(Try).where(Try.at <= at - WITHIN))
    count = select(func.count()).select_from(Try)
    if connection.execute(count.where(Try.conversation == conversation)).scalar_one() >= TRIES:
        return "slow"
    if connection.execute(count.where(Try.name_digest == digest)).scalar_one() >= TRIES_AT:
        return "slow"
    found = list(fitting(connection, seal, name, tail))
    if len(found) != 1 or found[0]["graduate_id"] not in (None, graduate_id):
        connection.execute(insert(Try).values(conversation=conversation, name_digest=digest, at=at))
        return "unknown" if not found else "taken" if len(found) == 1 else "several"
    release(connection, graduate_id)
    connection.execute(update(Record).where(Record.id == found[0]["id"]).values(graduate_id=graduate_id, linked_at=at))
    contact.begin(connection, found[0]["id"], at)
    connection.execute(insert(Consent).values(graduate_id=graduate_id, kind="ledger", given=True, at=at))
    log_access(connection, graduate_id, "本人", "连上学校登记", at)
    return "linked"


def fitting(connection: Connection, seal: Seal, name: str, tail: str) -> Iterator[RowMapping]:
    if not SHORTEST <= len(tail) <= LONGEST:
        return
    for row in connection.execute(select(Record.__table__).where(Record.name == name).limit(500)).mappings():
        sealed = row["id_sealed"]
        numbers = [row["student_no"] or "", seal.open(sealed, row["id_digest"]) if sealed else ""]
        if any(number.upper().endswith(tail) for number in numbers):
            yield row


def release(connection: Connection, graduate_id: str) -> int:
    return connection.execute(update(Record).where(Record.graduate_id == graduate_id).values(graduate_id=None, linked_at=None)).rowcount


def unlink(connection: Connection, graduate_id: str, at: datetime) -> bool:
    """The record stays the school's, but nothing said here goes to it any more. False: there was no link."""
    sharing.forget(connection, graduate_id)
    if not release(connection, graduate_id):
        return False
    connection.execute(insert(Consent).values(graduate_id=graduate_id, kind="ledger", given=False, at=at))
    return True


def registered(after: datetime, until: datetime) -> CompoundSelect[str | None]:
    """Who, in this time, tied themselves to their record or had its destination changed by their own word. A dispute changes none;
    what somebody said before they let go of their record again is the record's alone."""
    tied = select(Consent.graduate_id).where(Consent.kind == "ledger", Consent.given, Consent.at > after, Consent.at <= until)
    told = select(Record.graduate_id).join(Change, Change.record_id == Record.id).where(Change.by == SELF, Change.at > after, Change.at <= until)
    return tied.union(told.where(Record.graduate_id.is_not(None), Change.note.not_like(f"{DISPUTED}%")))
