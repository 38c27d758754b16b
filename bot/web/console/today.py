"""The first page: what waits, in numbers that lead to the lists. Every count stops at MOST: nobody works off more in a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Select, String, cast, exists, func, or_, select
from sqlalchemy.orm import aliased
from starlette.responses import Response

from bot import alarms, casework, silence
from bot import questions as queue
from bot.web.console import scope
from bot.web.console.gate import Desk
from bot.web.console.staff import Member
from knowledge.cases import Case
from knowledge.clinic.queue import pressing
from knowledge.ledger.record import FollowUp, Record, Step
from knowledge.people import log_accesses
from knowledge.policy.questions import OpenQuestion
from knowledge.postings import store

MOST, SHOWN, GROUPS = 1000, 20, 5
SILENT = 30
"""Days after which nobody heard from is asked after [issue: 14/30/60 days]."""
SOON = timedelta(days=30)


def page(desk: Desk) -> Response:
    today = desk.app.clock.today()
    with desk.app.database.reading() as connection:
        waiting = select(Case.__table__).where(Case.closed_at.is_(None), scope.cases(desk.who))
        urgent = connection.execute(waiting.order_by(Case.kind != "crisis", Case.id).limit(SHOWN)).mappings().all()
        values: dict[str, Any] = {"cases": urgent, "told": casework.answers(connection, urgent), "waiting": counted(connection, waiting)}
        values["reviews"] = pressing(connection, desk.who.display, desk.now, SHOWN, everybody=desk.who.role == "admin")
        values["steps"] = connection.execute(steps(desk.who, today)).all()
        if desk.who.role == "admin":
            values["alarms"] = [alarm.told() for alarm in alarms.found(connection, desk.app.carriers, desk.now)]
        if desk.who.role in ("admin", "teacher"):
            unheard, due = quiet(connection, desk), called(desk.who, today)
            values |= {
                "silent": counted(connection, unheard),
                "silent_rows": connection.execute(unheard.limit(SHOWN)).all(),
                "calls": connection.execute(due.order_by(FollowUp.next_on).limit(SHOWN)).all(),
                "due": counted(connection, due),
                "questions": counted(connection, select(OpenQuestion.id).where(OpenQuestion.status == "open")),
                "groups": queue.newest(connection, desk.app.search, GROUPS),
                "held": store.counts(connection).get("held", 0),
            }
    if called_up := [row.graduate_id for row in values.get("silent_rows", ()) if row.graduate_id]:  # names and telephones, as in `calls`
        desk.write(lambda connection: log_accesses(connection, called_up, desk.who.display, "看失联名单", desk.now))
    desk.looked("今天", sum(len(values.get(name, ())) for name in ("cases", "silent_rows", "calls", "steps")))
    entries = desk.app.search.knowledge.entries.values()
    ends = [(day, entry) for entry in entries if (day := min(filter(None, (entry.valid_to, entry.review_by)))) <= today + SOON]
    expiring = sorted(((day, entry.id, entry.title) for day, entry in ends), key=str)
    return desk.show("today", today=today, expiring=expiring, most=MOST, **values)


def steps(member: Member, today: date) -> Select[*tuple[Any, ...]]:
    """Due by now: of their students, and those that were given to them. `mine`: they may open that person's page."""
    mine = scope.records(member)
    query = select(Step.id.label("step"), Step.what, Step.due, Step.owner, Record.id, Record.name, mine.label("mine"))
    query = query.join(Record, Record.id == Step.record_id).where(or_(mine, Step.owner == member.display))
    return query.where(Step.done_at.is_(None), Step.due <= today).order_by(Step.due, Step.id).limit(SHOWN)


def counted(connection: Connection, query: Select[*tuple[Any, ...]]) -> int:
    return connection.execute(select(func.count()).select_from(query.limit(MOST).subquery())).scalar_one()


def called(member: Member, today: Any) -> Select[*tuple[Any, ...]]:
    """Whom somebody said they would try again by now, and has not."""
    later = aliased(FollowUp)
    query = select(Record.id, Record.name, FollowUp.next_on, FollowUp.note).join(Record, Record.id == FollowUp.record_id)
    newer = exists().where(later.record_id == FollowUp.record_id, later.id > FollowUp.id)
    return query.where(FollowUp.next_on <= today, ~newer, scope.records(member))


def quiet(connection: Connection, desk: Desk) -> Select[*tuple[Any, ...]]:
    """Those whom the page of calls lists, priority groups first."""
    query = select(Record.id, Record.name, Record.college, Record.phone, Record.graduate_id).where(
        scope.records(desk.who), silence.silent(connection, desk.now, SILENT)
    )
    return query.order_by(cast(Record.groups, String) == "[]", Record.id)
