"""Services that were given by what arrived: delivered policies, postings and experts' answers become rows of the ledger, once. Counts nothing.

Of everybody this is done by the sweeper (`advance`), of what arrived since it last did; of one person where they link, part or erase themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, Row, insert, literal_column, or_, select

from bot.broadcast import Broadcast
from bot.delivery import BULK, Delivery
from bot.massing import MassReport, MassSend, certain
from dialogs.place import Conversation
from knowledge.clinic.queue import Letter, Submission
from knowledge.db import local_date
from knowledge.ledger.record import Record, Service
from knowledge.postings.posting import Shown

if TYPE_CHECKING:
    from bot.app import App

Event = tuple[int, str, str, int, datetime | None]
"""Record, kind, subject, delivery, when it arrived."""
ARRIVED = "sent"
"""The only state of a delivery that is evidence: planned, failed and unknown ones never are."""
POLICY = "reach"
"""What the audience of a broadcast about a policy is drawn by; a fair or a notice is no 政策宣介."""


EVERY = timedelta(minutes=1)
"""Between two looks at what arrived: so late the figures may be."""
OVERLAP = timedelta(minutes=2)
"""What a look reads again: an outcome is dated before its transaction ends."""
CHUNK = 500
"""Deliveries looked at in one query, whose services are written in one transaction."""
EVER = datetime(2000, 1, 1, tzinfo=UTC)
KINDS = (*BULK, "staff")
"""Of deliveries that can be a service: a broadcast, a digest, an expert's letter."""


def look(app: App) -> None:
    """For the sweeper, which comes more often than is of use."""
    if app.evidence is None or not app.evidence <= app.clock.now() < app.evidence + EVERY:
        advance(app)


def advance(app: App) -> int:
    """Writes down what arrived since this process last looked; the first time, and on a clock set back, all that ever arrived.

    Reads outside the writer, a page at a time. Returns how much it was.
    """
    now, last = app.clock.now(), app.evidence
    made = 0
    for ids in pages(app, last - OVERLAP if last and last <= now else EVER):
        with app.database.reading() as connection:
            events = found(connection, Delivery.id.in_(ids))
        if events:
            with app.database.writing() as connection:
                made += keep(connection, events, now)
    app.evidence = now
    return made


def pages(app: App, since: datetime) -> Iterator[list[int]]:
    """What arrived after `since`, in the order in which it did; then what arrived by a mass send whose report came after it."""
    place = (since, 0)
    while True:
        with app.database.reading() as connection:
            rows = arrived(connection, *place)
        if not rows:
            break
        yield [number for number, _ in rows]
        place = (rows[-1].finished_at, rows[-1].id)
    with app.database.reading() as connection:
        told = (MassReport.account == MassSend.account) & (MassReport.remote_id == MassSend.remote_id) & (MassReport.at > since)
        its = (Delivery.broadcast_id == MassSend.broadcast_id) & (Delivery.remote_id == MassSend.client_id)
        late = connection.execute(select(Delivery.id).join(MassSend, its).join(MassReport, told).order_by(Delivery.id)).scalars().all()
    for start in range(0, len(late), CHUNK):
        yield list(late[start : start + CHUNK])


def arrived(connection: Connection, at: datetime, number: int) -> Sequence[Row[int, datetime | None]]:
    """The next page behind the delivery `number`, which arrived at `at`."""
    sent = Delivery.status == literal_column(f"'{ARRIVED}'")  # so written that its index is the one that is used
    behind = or_(Delivery.finished_at > at, Delivery.id > number)
    query = select(Delivery.id, Delivery.finished_at).where(sent, Delivery.kind.in_(KINDS), Delivery.finished_at >= at, behind)
    return connection.execute(query.order_by(Delivery.finished_at, Delivery.id).limit(CHUNK)).all()


def gather(connection: Connection, at: datetime, person: str) -> int:
    """Writes down what is not in the ledger yet of one graduate. Returns how much that was."""
    return keep(connection, found(connection, Record.graduate_id == person), at)


def found(connection: Connection, which: ColumnElement[bool]) -> list[Event]:
    return [*talks(connection, which), *referrals(connection, which), *readings(connection, which)]


def keep(connection: Connection, events: Iterable[Event], at: datetime) -> int:
    """Those whose subject a record has not been given yet."""
    events = list(events)
    known: set[tuple[int, str | None]] = set()
    held: set[int] = set()
    people = sorted({who for who, *_ in events})
    for start in range(0, len(people), CHUNK):
        some = people[start : start + CHUNK]
        held.update(connection.execute(select(Record.id).where(Record.id.in_(some))).scalars())
        given = select(Service.record_id, Service.subject).where(Service.record_id.in_(some), Service.delivery_id.is_not(None))
        known.update((who, subject) for who, subject in connection.execute(given))
    rows = []
    for who, kind, subject, delivery, when in events:
        if who in held and (who, subject) not in known:
            known.add((who, subject))
            row = {"record_id": who, "kind": kind, "on": local_date(when or at), "subject": subject, "delivery_id": delivery}
            rows.append({**row, "by": "", "note": "", "entered_at": at})
    if rows:
        connection.execute(insert(Service), rows)
    return len(rows)


def talks(connection: Connection, which: ColumnElement[bool]) -> Iterator[Event]:
    about = select(Broadcast.id).where(Broadcast.audience[POLICY].as_string().is_not(None))
    query = select(Record.id, Delivery.broadcast_id, Delivery.id, Delivery.finished_at).join(
        Conversation, Conversation.graduate_id == Record.graduate_id
    )
    query = query.join(Delivery, Delivery.conversation == Conversation.key).where(
        Delivery.status == ARRIVED, Delivery.broadcast_id.in_(about), certain()
    )
    for who, broadcast, delivery, when in connection.execute(query.where(which).order_by(Delivery.id)):
        yield who, "talk", f"broadcast/{broadcast}", delivery, when


def referrals(connection: Connection, which: ColumnElement[bool]) -> Iterator[Event]:
    query = select(Record.id, Shown.posting_id, Delivery.id, Delivery.finished_at).join(Shown, Shown.graduate_id == Record.graduate_id)
    query = query.join(Delivery, Delivery.key == Shown.delivery).where(Delivery.status == ARRIVED)
    for who, posting, delivery, when in connection.execute(query.where(which).order_by(Delivery.id)):
        yield who, "referral", f"posting/{posting}", delivery, when


def readings(connection: Connection, which: ColumnElement[bool]) -> Iterator[Event]:
    """A résumé that an expert read and whose answer arrived: one 职业指导, however often they wrote."""
    query = select(Record.id, Submission.id, Delivery.id, Delivery.finished_at).join(Submission, Submission.graduate_id == Record.graduate_id)
    query = query.join(Letter, Letter.submission_id == Submission.id).join(Delivery, Delivery.key == Letter.delivery)
    for who, number, delivery, when in connection.execute(query.where(Delivery.status == ARRIVED, which).order_by(Delivery.id)):
        yield who, "guidance", f"clinic/{number}", delivery, when
