"""What experts do at the clinic, as functions for the command line and the console: the program in, plain values out.

The rules live in `knowledge.clinic`; here is what must be told to the graduate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, insert, select

from bot import audit, delivery, talks
from bot.audit import Note
from dialogs import clinic
from dialogs.messages import Part
from knowledge.clinic import papers, queue, slots
from knowledge.db import local_date
from knowledge.ledger.record import Record, Service

if TYPE_CHECKING:
    from bot.app import App

T = TypeVar("T")


def at_desk(app: App, work: Callable[[Connection], T]) -> T:
    """In the program's own way of writing; what is refused is a ClinicError."""
    found: T = app.inbox.write(work).result()
    return found


def deliver(app: App, number: int, who: str, words: str, note: Note = audit.unnoted) -> int:
    """The answer leaves for the graduate's channel; it counts as 职业指导 once it has arrived (`services`). How many remarks went.

    Raises:
        ClinicError
    """
    now = app.clock.now()

    def work(connection: Connection) -> int:
        found = queue.answer(connection, app.seal, number, who, words, now, app.clinic)
        where = talks.reached(connection, found.graduate_id, found.conversation)
        kept = papers.find(connection, found.resume_id) if found.resume_id else None
        report = ""
        if kept and app.passes.reaches(where):
            report = app.passes.grant(connection, (found.graduate_id, where), "report", kept["id"], now, kept["expires_at"])
        plan(connection, found.key, where, [clinic.answered(who, number, found, report)], app)
        note(connection, "答复简历", f"简历 {number}")
        return len(found.remarks)

    return at_desk(app, work)


def came(app: App, booking: int, outcome: str, note: Note = audit.unnoted) -> None:
    """What became of an hour: who came has had a 职业指导, who did not is written to without blame.

    Raises:
        ClinicError
    """
    now = app.clock.now()

    def work(connection: Connection) -> None:
        row = slots.came(connection, booking, outcome, now)
        note(connection, f"记下{slots.OUTCOMES[outcome]}", f"预约 {booking}")
        if outcome == "missed":
            where = talks.reached(connection, row["graduate_id"], row["conversation"])
            plan(connection, f"missed|{booking}", where, [clinic.missed(row)], app)
            return
        subject, record = f"booking/{booking}", select(Record.id).where(Record.graduate_id == row["graduate_id"])
        for each in connection.execute(record).scalars().all():
            known = select(Service.id).where(Service.record_id == each, Service.subject == subject)
            if connection.execute(known).first() is None:
                given = {"record_id": each, "kind": "guidance", "on": local_date(row["starts_at"]), "subject": subject, "by": row["expert"]}
                connection.execute(insert(Service).values(given | {"note": "一对一", "entered_at": now}))

    at_desk(app, work)


def call_off(app: App, slot: int, note: Note = audit.unnoted) -> bool:
    """An hour is withdrawn; who had booked it is told. Whether somebody had.

    Raises:
        ClinicError
    """
    now = app.clock.now()

    def work(connection: Connection) -> bool:
        row = slots.withdraw(connection, slot, now)
        note(connection, "撤下时间", f"时间 {slot}")
        if row:
            where = talks.reached(connection, row["graduate_id"], row["conversation"])
            plan(connection, f"called-off|{row['id']}", where, [clinic.called_off(row)], app)
        return row is not None

    return at_desk(app, work)


def plan(connection: Connection, key: str, conversation: str, parts: list[Part], app: App) -> None:
    """Said once under a key, as a member of the staff says it."""
    known = connection.execute(select(delivery.Delivery.id).where(delivery.Delivery.key == key)).first()
    if known is None:
        delivery.plan(connection, [delivery.row_of(key, conversation, "staff", parts, app.clock.now())])


def listing(app: App, *, everything: bool = False) -> list[dict[str, Any]]:
    with app.database.reading() as connection:
        return queue.listed(connection, app.clock.now(), everything=everything)
