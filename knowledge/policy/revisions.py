"""What staff do with entries: drafting, approving by a second person, going back, the difference, the history. Checks no search."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from knowledge.policy import questions
from knowledge.policy.store import VERSION, Change, Item, Revision, body_of, bump, retire, row_of

STATES = {"current": "现行", "draft": "待批准", "offered": "新包里的,供参考", "past": "以前的", "dropped": "没用上的"}
ACTIONS = {"drafted": "起草", "approved": "批准", "restored": "恢复", "withdrawn": "撤下", "dropped": "放弃"}


class RevisionError(ValueError):
    """A change that cannot be made; the message is one sentence for the person who asked for it."""


@dataclass(frozen=True)
class Restored:
    """What going back did: the revision people see now (none: the entry is withdrawn), the one they saw, who was told of it."""

    now: int | None
    before: int
    told: int


def lock(connection: Connection) -> None:
    """Those who change entries come one after the other; turns go on reading."""
    connection.execute(VERSION.with_for_update())


def draft(connection: Connection, item: Item, author: str, at: datetime) -> int:
    """Stores a change that waits for approval, in place of what the author drafted for this entry before. Returns its id.

    A new revision rather than the old one changed: who has read a draft approves exactly that.
    """
    lock(connection)
    row = row_of(item.id, body_of(item), "staff", "draft", author, at)
    number = int(connection.execute(insert(Revision).values(row).returning(Revision.id)).scalar_one())
    record(connection, number, current(connection, item.id), "drafted", author, at)
    older = drafted(connection, item.id, author)
    for replaced in (key for key in older if key != number):
        questions.move(connection, replaced, number)
        drop(connection, replaced, author, at)
    return number


def free(connection: Connection, topic: str) -> str:
    """The next number of a topic (`SUB`); one that was given up by its only author is used again.

    Raises:
        RevisionError: all 99 are used.
    """
    used = select(func.max(Revision.entry_id)).where(Revision.entry_id.startswith(f"{topic}-", autoescape=True), Revision.status != "dropped")
    last = int((connection.execute(used).scalar() or f"{topic}-00").partition("-")[2])
    if last >= 99:
        raise RevisionError(f"{topic} 的编号用完了,换一类")
    return f"{topic}-{last + 1:02d}"


def drafted(connection: Connection, key: str, author: str) -> list[int]:
    query = select(Revision.id).where(Revision.entry_id == key, Revision.author == author, Revision.status == "draft")
    return list(connection.execute(query).scalars())


def own_draft(connection: Connection, key: str, author: str) -> RowMapping | None:
    """What the author drafted for an entry and may still go on with.

    Raises:
        RevisionError: the entry has changed since.
    """
    found = drafted(connection, key, author)
    return ready(connection, found[-1], "") if found else None


def drafts(connection: Connection) -> Sequence[RowMapping]:
    """All that wait for approval, oldest first."""
    return connection.execute(select(Revision.__table__).where(Revision.status == "draft").order_by(Revision.id)).mappings().all()


def get(connection: Connection, revision_id: int) -> RowMapping:
    """
    Raises:
        RevisionError: there is no such revision.
    """
    found = connection.execute(select(Revision.__table__).where(Revision.id == revision_id)).mappings().first()
    if found is None:
        raise RevisionError(f"没有第 {revision_id} 版")
    return found


def current(connection: Connection, key: str) -> int | None:
    return connection.execute(select(Revision.id).where(Revision.entry_id == key, Revision.status == "current")).scalar()


def ready(connection: Connection, revision_id: int, who: str) -> RowMapping:
    """A draft (or an offered seed, or a past revision) that `who` may approve now.

    Raises:
        RevisionError: people see it already, `who` wrote it, or the entry has changed since it was drafted.
    """
    row = get(connection, revision_id)
    if row["status"] not in ("draft", "offered", "past"):
        raise RevisionError(f"第 {revision_id} 版不用批准,它是「{STATES[row['status']]}」")
    if row["author"].strip() == who.strip():
        raise RevisionError(f"第 {revision_id} 版是{who}自己写的,要请另一位老师批准")
    base = select(Change.before_id).where(Change.revision_id == revision_id, Change.action == "drafted")
    if row["status"] == "draft" and connection.execute(base).scalar() != current(connection, row["entry_id"]):
        raise RevisionError(f"第 {revision_id} 版起草之后,{row['entry_id']} 又改过;这一稿不能用了,照现行的重新起草")
    return row


def approve(connection: Connection, revision_id: int, who: str, at: datetime) -> Sequence[RowMapping]:
    """Makes it what people see. Returns the questions it answers.

    Raises:
        RevisionError: see `ready`.
    """
    lock(connection)
    row = ready(connection, revision_id, who)
    before = current(connection, row["entry_id"])
    retire(connection, [row["entry_id"]], "current")
    show(connection, revision_id)
    record(connection, revision_id, before, "approved", who, at)
    answered = questions.attached(connection, revision_id)
    questions.settle(connection, [question["id"] for question in answered], "answered", revision_id)
    return answered


def rollback(connection: Connection, key: str, who: str, at: datetime) -> Restored:
    """The revision before becomes what people see; what staff wrote new, with nothing before it, is withdrawn.

    Raises:
        RevisionError: there is nothing to go back to.
    """
    lock(connection)
    now, before = back(connection, key)
    retire(connection, [key], "current")
    if before is not None:
        show(connection, before)
        record(connection, before, now, "restored", who, at)
    else:
        bump(connection)
        record(connection, now, now, "withdrawn", who, at)
    return Restored(before, now, questions.told(connection, now))


def back(connection: Connection, key: str) -> tuple[int, int | None]:
    """What people see, and what they would see after `rollback`; None: nothing, it would be withdrawn.

    Raises:
        RevisionError: there is nothing to go back to.
    """
    now = current(connection, key)
    if now is None:
        raise RevisionError(f"没有正在用的 {key},请核对编号")
    before = previous(connection, get(connection, now))
    if before is None and get(connection, now)["origin"] == "seed":
        raise RevisionError(f"{key} 没有更早的版本可以恢复")
    return now, before


def previous(connection: Connection, row: RowMapping) -> int | None:
    """What people saw before a revision was approved, or before a seed came in."""
    approved = select(Change.before_id).where(Change.revision_id == row["id"], Change.action == "approved").order_by(Change.id.desc())
    found = connection.execute(approved).scalars().all()
    if found:
        return found[0]
    left = select(Change.before_id).where(Change.action == "restored")  # staff went back from them
    older = select(Revision.id).where(Revision.entry_id == row["entry_id"], Revision.id < row["id"], Revision.status == "past")
    return connection.execute(older.where(Revision.id.not_in(left)).order_by(Revision.id.desc())).scalar()


def discard(connection: Connection, revision_id: int, who: str, at: datetime) -> int:
    """A draft is not wanted; its questions are open again. Returns how many.

    Raises:
        RevisionError: it is no draft.
    """
    lock(connection)
    if get(connection, revision_id)["status"] != "draft":
        raise RevisionError(f"第 {revision_id} 版不是等批准的草稿")
    opened = [row["id"] for row in questions.attached(connection, revision_id)]
    questions.settle(connection, opened, "open")
    drop(connection, revision_id, who, at)
    return len(opened)


def drop(connection: Connection, revision_id: int, who: str, at: datetime) -> None:
    connection.execute(update(Revision).where(Revision.id == revision_id).values(status="dropped"))
    record(connection, revision_id, None, "dropped", who, at)


def show(connection: Connection, revision_id: int) -> None:
    connection.execute(update(Revision).where(Revision.id == revision_id).values(status="current"))
    bump(connection)


def record(connection: Connection, revision_id: int, before: int | None, action: str, who: str, at: datetime) -> None:
    connection.execute(insert(Change).values(revision_id=revision_id, before_id=before, action=action, who=who, at=at))


def history(connection: Connection, key: str) -> list[tuple[RowMapping, Sequence[RowMapping]]]:
    """Every revision of an entry with what was done with it, oldest first."""
    revisions = connection.execute(select(Revision.__table__).where(Revision.entry_id == key).order_by(Revision.id)).mappings().all()
    query = select(Change.__table__).where(Change.revision_id.in_([row["id"] for row in revisions])).order_by(Change.id)
    changes = connection.execute(query).mappings().all()
    return [(row, [change for change in changes if change["revision_id"] == row["id"]]) for row in revisions]


def difference(connection: Connection, revision_id: int) -> list[str]:
    """A revision beside what people see now, line by line; empty where they are the same."""
    row = get(connection, revision_id)
    now = current(connection, row["entry_id"])
    before = get(connection, now)["body"] if now else {}
    names = f"现行(第 {now} 版)" if now else "现在没有这一条", f"第 {revision_id} 版,{row['author']}"
    return list(unified_diff(list(spelled(before)), list(spelled(row["body"])), *names, lineterm="", n=0))


def spelled(body: dict[str, Any]) -> Iterator[str]:
    """A body as lines, each with the name of its field."""
    for name, value in body.items():
        for item in value if isinstance(value, list) else [value]:
            yield f"{name} = {item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)}"
