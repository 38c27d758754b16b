"""Postings that fit, once a day or a week as one message a person: due wishes, matched and planned into the delivery ledger in chunks.

A chunk is one transaction with its deliveries, what was shown, and when each wish is due next: a kill loses and doubles nothing.
A posting counts as 岗位推荐 only where its delivery was sent: `services` sees to that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, or_, select, update

from bot import delivery, talks
from bot.delivery import Delivery
from dialogs import vacancies
from dialogs.messages import Choice, Say
from knowledge.db import CHINA
from knowledge.people import Graduate, Membership
from knowledge.postings import wishes
from knowledge.postings.catalogue import Catalogue
from knowledge.postings.match import Person, Vacancies, fan_out
from knowledge.postings.posting import Feedback, Shown, Wish
from knowledge.postings.reasons import lacking, pay, where, why
from knowledge.postings.wanted import Wanted

if TYPE_CHECKING:
    from bot.app import App

CHUNK = 500
CARDS = 3
"""In one message: 3 × 3 lines are what a phone shows."""
HOUR = time(9, 30)
"""In China: when a digest is due."""
NEW = timedelta(days=8)
"""A digest speaks of what came in since; the rest was there for asking."""
URGENT = 5
"""Days before the deadline in which a posting is urgent."""


def advance(app: App) -> bool:
    """Plans one chunk of the wishes that are due. Returns whether there was one."""
    now = app.clock.now()
    with app.database.reading() as connection:
        if connection.execute(select(Wish.graduate_id).where(Wish.next_at <= now).limit(1)).first() is None:
            return False
    fresh = newest(app, now)
    with app.database.writing() as connection:
        query = select(Wish.graduate_id, Wish.wanted, Wish.rhythm).where(Wish.next_at <= now).order_by(Wish.next_at, Wish.graduate_id).limit(CHUNK)
        due = [dict(row) for row in connection.execute(query.with_for_update(skip_locked=True)).mappings()]
        if due:
            plan(connection, fresh, due, now)
    return bool(due)


def newest(app: App, now: datetime) -> Vacancies:
    """The postings that came in lately, as an own catalogue; kept by the program while none changes."""
    key = (app.edition, app.vacancies.today)
    if app.fresh is None or app.fresh[0] != key:
        with app.database.reading() as connection:
            app.fresh = (key, Vacancies(Catalogue.of(wishes.live(connection, now - NEW)), app.vacancies.today))
    return app.fresh[1]


def plan(connection: Connection, fresh: Vacancies, due: Sequence[Mapping[str, Any]], now: datetime) -> None:
    people = [row["graduate_id"] for row in due]
    unsee(connection, people, now)
    where = {who: open_[0].key for who, held in talks.of(connection, people).items() if (open_ := talks.reaching(held, unasked=True))}
    seekers = {person.key: person for person in looked_up(connection, due) if person.key in where}
    rhythms = {row["graduate_id"]: row["rhythm"] for row in due}
    day = now.astimezone(CHINA).date()
    rows, shown = [], []
    for who, found in fan_out(fresh, seekers.values(), CARDS):
        if rhythms[who] == "urgent":
            found = [match for match in found if 0 <= fresh.catalogue.deadline[match.place] - day.toordinal() <= URGENT]
        if not found:
            continue
        key = f"digest|{who}|{day}"
        row = delivery.row_of(key, where[who], "digest", [said(fresh, seekers[who].wanted, found)], now)
        rows.append(row | {"expires_at": following(now, rhythms[who])})  # of those nobody came for only the last one waits
        shown += [{"graduate_id": who, "posting_id": match.id, "delivery": key, "at": now} for match in found]
    known = set(connection.execute(select(Delivery.key).where(Delivery.key.in_([row["key"] for row in rows]))).scalars())
    if new := [row for row in rows if row["key"] not in known]:
        connection.execute(insert(Delivery), new)
        connection.execute(insert(Shown), [row for row in shown if row["delivery"] not in known])
    later = update(Wish).where(Wish.graduate_id == bindparam("who")).values(next_at=bindparam("at", type_=Wish.next_at.type))
    connection.execute(later, [{"who": row["graduate_id"], "at": following(now, row["rhythm"])} for row in due])


def unsee(connection: Connection, people: Sequence[str], now: datetime) -> None:
    """What was in a digest that never arrived may come again."""
    missed = or_(Delivery.status.in_((*delivery.STOPPED, "failed")), and_(Delivery.status == "ready", Delivery.expires_at <= now))
    lost = select(Delivery.id).where(Delivery.key == Shown.delivery, missed).exists()
    connection.execute(delete(Shown).where(Shown.graduate_id.in_(people), lost))


def following(now: datetime, rhythm: str) -> datetime:
    """The morning after so many days."""
    return datetime.combine((now + wishes.EVERY[rhythm]).astimezone(CHINA).date(), HOUR, CHINA)


def looked_up(connection: Connection, due: Sequence[Mapping[str, Any]]) -> list[Person]:
    """Everything matching needs of these people, with one query each kind. Groups are only kept of who agreed; they come first."""
    people = [row["graduate_id"] for row in due]
    consented = select(Graduate.id, Graduate.profile).where(Graduate.id.in_(people), Graduate.profile_consent_at.is_not(None))
    profiles = {row.id: row.profile for row in connection.execute(consented)}
    first = set(connection.execute(select(Membership.graduate_id).where(Membership.graduate_id.in_(people)).distinct()).scalars())
    shown: dict[str, set[int]] = {}
    for table in (Shown, Feedback):
        for who, number in connection.execute(select(table.graduate_id, table.posting_id).where(table.graduate_id.in_(people))):
            shown.setdefault(who, set()).add(number)
    wanted = {row["graduate_id"]: Wanted.from_json(row["wanted"]).of(profiles.get(row["graduate_id"], {})) for row in due}
    return [Person(who, what, shown.get(who, ()), priority=who in first) for who, what in wanted.items()]


def said(fresh: Vacancies, wanted: Wanted, found: Sequence[Any]) -> Say:
    rows = fresh.catalogue.rows
    cards = [vacancies.brief(number, rows[match.place], wanted, match, fresh.today) for number, match in enumerate(found, 1)]
    buttons = [Choice(f"{number} {rows[match.place]['title'][:12]}", f"job/show/{match.id}") for number, match in enumerate(found, 1)]
    text = "\n\n".join((f"有 {len(found)} 个新岗位合你的要求：", *cards, "不想收了发「退订岗位」。"))
    return Say(text, (*buttons, Choice("改条件", "job/change")))


def applications(connection: Connection, now: datetime) -> list[tuple[str, str, str]]:
    """Conversation, message id and text of each application whose outcome is to be asked; who is not to be asked is passed over there."""
    rows = wishes.due(connection, now)
    if not rows:
        return []
    found = talks.of(connection, list({row["graduate_id"] for row in rows}))
    best_ = {who: (talks.reaching(held, unasked=True, free=True) or talks.reaching(held) or held)[0].key for who, held in found.items()}
    return [
        (best_[row["graduate_id"]], f"applied-{row['posting_id']}-{row['due_at'].isoformat()}", f"applied/{row['posting_id']}")
        for row in rows
        if row["graduate_id"] in best_
    ]


def best(app: App, graduate_id: str, most: int = 20) -> list[dict[str, Any]] | None:
    """The cards that fit somebody best, ready for JSON; None where there is no such person."""
    with app.database.reading() as connection:
        if connection.execute(select(Graduate.id).where(Graduate.id == graduate_id)).first() is None:
            return None
        kept = connection.execute(select(Wish.wanted).where(Wish.graduate_id == graduate_id)).scalar() or {}
        [person] = looked_up(connection, [{"graduate_id": graduate_id, "wanted": kept}])
    app.look_for_postings()
    rows, today = app.vacancies.catalogue.rows, app.vacancies.today
    told = []
    for match in app.vacancies.rank(person.wanted, most):
        row = rows[match.place]
        head = {"id": match.id, "score": round(match.score, 3), "title": row["title"], "company": row["company"], "where": where(row["places"])}
        why_, lack = why(row, person.wanted, match, today), lacking(row, person.wanted, today)
        told.append({**head, "pay": pay(row), "why": why_, "lacking": lack})
    return told
