"""A posting put right by staff: read and screened like one that is brought in. It keeps the digest of its source's row, so that the same row again
leaves it alone; a row that has changed since comes in and waits for staff (`store.AFTER_EDIT`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from knowledge.db import Database, local_date
from knowledge.ledger.seal import Seal
from knowledge.postings import store
from knowledge.postings.drafts import KEPT, Reading, begun, read
from knowledge.postings.store import TABLE, Known, Line, PostingError, Report

FIELDS = ("title", "company", "city", "pay", "degree", "deadline", "text")
"""Cells that staff change, by the names of `drafts.fields()`."""
OPEN = ("live", "held", "expired")
CHECK = "{}改过，核对后放行"
Change = tuple[str, str, str]
"""A cell, what it was and what it is."""


def get(connection: Connection, key: int) -> dict[str, Any]:
    """
    Raises:
        PostingError: there is none that may be changed.
    """
    row = connection.execute(select(TABLE).where(TABLE.c.id == key)).mappings().first()
    if row is None:
        raise PostingError(f"没有编号 {key} 的岗位")
    if row["status"] not in OPEN:
        raise PostingError(f"编号 {key} 已经不用了，先放行再改")
    return dict(row)


def cells(row: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the form."""
    closing = row["deadline"].isoformat() if row["deadline"] else ""
    own = {"title": row["title"], "company": row["company"], "text": row["text"], "deadline": closing}
    return own | {name: row["raw"].get(name, "") for name in ("city", "pay", "degree")}


def edit(
    database: Database,
    key: int,
    told: Mapping[str, str],
    seen: str,
    who: str,
    now: datetime,
    *,
    seal: Seal,
    age: timedelta,
    noted: Callable[[Connection, list[Change]], None],
) -> Line:
    """Changes a posting to what staff say; what was held stays held. `seen`: when it was changed last, as they saw it; `noted` joins the transaction.

    Raises:
        PostingError: there is none, it cannot be read, or somebody changed it meanwhile.
    """
    today = local_date(now)
    with database.reading() as connection:
        row = unchanged(connection, key, seen)
        before = cells(row)
        changes = [(name, before[name], told[name]) for name in FIELDS if before[name] != told[name]]
        if not changes:
            raise PostingError("和现在的一样，没有改动")
        report = Report()
        new = store.sorted_out([reread(row, told, who, today)], [Known(key, row["status"], "")], today, age, report)
        if not new:
            raise PostingError(report.lines[0].why)
        if row["status"] == "held" and new[0].status == "live":
            new[0].status = "held"
            new[0].why.append(CHECK.format(who))
        stored = store.compare(connection, seal, new)
    with database.writing() as connection:
        unchanged(connection, key, seen)
        store.write(connection, row["source"], new, now)
        connection.execute(update(TABLE).where(TABLE.c.id == key).values(reviewed_by=who[:64]))
        store.move(connection, stored, now)
        store.regroup(connection, now)
        noted(connection, changes)
    return store.line(new[0])


def unchanged(connection: Connection, key: int, seen: str) -> dict[str, Any]:
    """
    Raises:
        PostingError: it is not what staff saw.
    """
    row = get(connection, key)
    if row["updated_at"].isoformat() != seen:
        raise PostingError("这条刚才有人改过或者又导入过，下面是你写的；看过现在的再改")
    return row


def reread(row: Mapping[str, Any], told: Mapping[str, str], who: str, today: date) -> Reading:
    """The stored posting with what staff say in its place. What its source said of majors stands in the text already."""
    kept = {name: cell for name, cell in row["raw"].items() if name in KEPT and name != "major"}
    posted = {"posted": row["posted"].isoformat()} if row["posted"] else {}
    draft = {**kept, **posted, "contact": row["contact"], "url": row["url"], **{name: told[name] for name in FIELDS}}
    found = begun(draft, 1)
    found.ref, found.digest = row["ref"], row["digest"]
    read(found, today)
    if not found.refused:
        major = {name: row["raw"][name] for name in ("major",) if name in row["raw"]}
        found.columns["raw"] |= major | {"edited": f"{who[:64]} {today}"}
    return found
