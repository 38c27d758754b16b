"""Services that were given by what arrived: delivered policies, postings and experts' answers become rows of the ledger, once. Counts nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select

from bot.broadcast import Broadcast
from bot.delivery import Delivery
from bot.massing import certain
from dialogs.place import Conversation
from knowledge.clinic.queue import Letter, Submission
from knowledge.db import local_date
from knowledge.ledger.record import Record, Service
from knowledge.postings.posting import Shown

Event = tuple[int, str, str, int, datetime | None]
"""Record, kind, subject, delivery, when it arrived."""
ARRIVED = "sent"
"""The only state of a delivery that is evidence: planned, failed and unknown ones never are."""
POLICY = "reach"
"""What the audience of a broadcast about a policy is drawn by; a fair or a notice is no 政策宣介."""


def gather(connection: Connection, at: datetime, person: str | None = None) -> int:
    """Writes down what is not in the ledger yet, of everybody or of one graduate. Returns how much that was."""
    rows = list(fresh(connection, [*talks(connection, person), *referrals(connection, person), *readings(connection, person)], at, person))
    for start in range(0, len(rows), 5000):
        connection.execute(insert(Service), rows[start : start + 5000])
    return len(rows)


def talks(connection: Connection, person: str | None) -> Iterator[Event]:
    about = select(Broadcast.id).where(Broadcast.audience[POLICY].as_string().is_not(None))
    query = select(Record.id, Delivery.broadcast_id, Delivery.id, Delivery.finished_at).join(
        Conversation, Conversation.graduate_id == Record.graduate_id
    )
    query = query.join(Delivery, Delivery.conversation == Conversation.key).where(
        Delivery.status == ARRIVED, Delivery.broadcast_id.in_(about), certain()
    )
    for who, broadcast, delivery, when in connection.execute(query.where(theirs(person)).order_by(Delivery.id)):
        yield who, "talk", f"broadcast/{broadcast}", delivery, when


def referrals(connection: Connection, person: str | None) -> Iterator[Event]:
    query = select(Record.id, Shown.posting_id, Delivery.id, Delivery.finished_at).join(Shown, Shown.graduate_id == Record.graduate_id)
    query = query.join(Delivery, Delivery.key == Shown.delivery).where(Delivery.status == ARRIVED)
    for who, posting, delivery, when in connection.execute(query.where(theirs(person)).order_by(Delivery.id)):
        yield who, "referral", f"posting/{posting}", delivery, when


def readings(connection: Connection, person: str | None) -> Iterator[Event]:
    """A résumé that an expert read and whose answer arrived: one 职业指导, however often they wrote."""
    query = select(Record.id, Submission.id, Delivery.id, Delivery.finished_at).join(Submission, Submission.graduate_id == Record.graduate_id)
    query = query.join(Letter, Letter.submission_id == Submission.id).join(Delivery, Delivery.key == Letter.delivery)
    for who, number, delivery, when in connection.execute(query.where(Delivery.status == ARRIVED, theirs(person)).order_by(Delivery.id)):
        yield who, "guidance", f"clinic/{number}", delivery, when


def theirs(person: str | None) -> ColumnElement[bool]:
    return Record.graduate_id == person if person else Record.graduate_id.is_not(None)


def fresh(connection: Connection, found: Iterable[Event], at: datetime, person: str | None) -> Iterator[dict[str, Any]]:
    """Those whose subject a record has not been given yet."""
    given = select(Service.record_id, Service.subject).join(Record, Record.id == Service.record_id)
    known = {tuple(row) for row in connection.execute(given.where(Service.delivery_id.is_not(None), theirs(person)))}
    for who, kind, subject, delivery, when in found:
        if (who, subject) not in known:
            known.add((who, subject))
            row = {"record_id": who, "kind": kind, "on": local_date(when or at), "subject": subject, "delivery_id": delivery}
            yield {**row, "by": "", "note": "", "entered_at": at}
