"""Postings in the database: a batch of readings comes in, repeats folded and frauds held; what is over goes; staff decide on what is held.

Everything is set-wise. A batch is written in blocks, each one transaction: killed between two, the same import again ends the work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Table, and_, bindparam, func, insert, literal_column, or_, select, update
from sqlalchemy import text as sql

from knowledge.db import Database, Within
from knowledge.ledger.seal import NO_SEAL, Seal
from knowledge.postings import proven
from knowledge.postings.dedupe import Item, bare, fold
from knowledge.postings.drafts import Reading, hide, read
from knowledge.postings.norms import Norms
from knowledge.postings.posting import HeaderMapping, Posting
from knowledge.postings.screen import beside, screen

BLOCK = 2_000
"""Rows of one transaction, about a second of work."""
SOME = 500
"""Values of one IN list."""
AGE = timedelta(days=90)
"""After it a posting without a closing day is over."""
OUTCOMES = {
    "inserted": "新增",
    "updated": "更新",
    "same": "没变",
    "near-repeat": "重复，已合并",
    "held": "待老师核实",
    "refused": "没有导入",
}
ABOUT_PAY = {"P01", "P02"}
"""Reasons that need the pay of the like postings."""
OPEN = ("live", "held", "refused")
"""What a new posting may repeat: one that staff refused must not come back under another number."""
Progress = Callable[[str, int, int], None]
Reader = Callable[[Sequence[Reading], date], Sequence[Reading]]
TABLE = cast(Table, Posting.__table__)
AFTER_UPDATE = "内容有改动，之前老师核实后没有用"
LIKE_REFUSED = "和老师核实后没有用的一条相同"
AFTER_EDIT = "{}改过，来源后来给的内容不一样：现在是来源的，核对后放行"


class PostingError(ValueError):
    """What staff asked for cannot be done; the message says why."""


class Known(NamedTuple):
    """What is stored of a row already. `edited`: which of the staff changed it and when (`edits`), empty where the source's words stand."""

    key: int
    status: str
    edited: str


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one row. `why`: sentences for staff, empty where there is nothing to say."""

    row: int
    outcome: str
    title: str
    company: str
    why: str = ""
    score: int = 0


@dataclass(slots=True)
class Report:
    lines: list[Line] = field(default_factory=list)
    withdrawn: int = 0
    notes: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        found = Counter(line.outcome for line in self.lines)
        return {outcome: found[outcome] for outcome in OUTCOMES}


@dataclass(slots=True)
class Slot:
    """A posting while repeats are folded: one of the batch (`reading`), or one that is stored."""

    columns: Mapping[str, Any]
    status: str
    key: int | None = None
    card: int | None = None
    reading: Reading | None = None
    root: Slot | None = None
    why: list[str] = field(default_factory=list)


def batches(values: Sequence[Any], size: int = SOME) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def quiet(stage: str, done: int, total: int) -> None:
    """Shows no progress."""


def each_read(found: Sequence[Reading], today: date) -> Sequence[Reading]:
    """Reads them one after the other; a large batch may be shared among processes instead."""
    return [read(each, today) for each in found]


def bring_in(
    database: Database | Within,
    source: str,
    found: Sequence[Reading],
    today: date,
    now: datetime,
    *,
    age: timedelta = AGE,
    complete: bool = False,
    dry: bool = False,
    seal: Seal = NO_SEAL,
    reader: Reader = each_read,
    progress: Progress = quiet,
) -> Report:
    """Takes a batch of one source; `dry`: only says what would become of it. `complete`: the source gave all it has, the rest is withdrawn.
    `seal`: by which who is behind a confirmed fraud is known again.

    Raises:
        PostingError: the source's name is empty or too long.
    """
    if not 0 < len(source) <= 64:
        raise PostingError("来源要有名字，最多 64 个字")
    report = Report()
    with database.reading() as connection:
        changed = taken(connection, source, found, report)
    new = sorted_out(reader([each for each, _ in changed], today), [before for _, before in changed], today, age, report)
    with database.reading() as connection:
        if new:
            progress("比对", 0, len(new))
            stored = compare(connection, seal, new)
    report.lines += [line(slot) for slot in new]
    report.lines.sort(key=lambda each: each.row)
    if dry:
        return report
    new.sort(key=lambda slot: slot.root is not slot)  # what others repeat is written first
    for number, block in enumerate(batches(new, BLOCK)):
        with database.writing() as connection:
            write(connection, source, block, now)
        progress("写入", number * BLOCK + len(block), len(new))
    with database.writing() as connection:
        if new:
            move(connection, stored, now)
        if complete:
            withdraw(connection, source, {each.ref for each in found}, now, report)
        if new or report.withdrawn:
            regroup(connection, now)
    return report


def compare(connection: Connection, seal: Seal, new: Sequence[Slot]) -> list[Slot]:
    """Looks at what was read beside what is stored: pay, confirmed frauds, repeats. Returns the stored ones that it may join."""
    weigh(connection, new)
    suspect(connection, seal, new)
    stored = relatives(connection, new)
    join(stored, new)
    return stored


def move(connection: Connection, stored: Sequence[Slot], now: datetime) -> None:
    """Stored postings that repeat another card than before."""
    moved = [{"at": slot.key, "to": slot.root.key} for slot in stored if slot.root and slot.root.key != slot.card]
    if moved:
        connection.execute(update(TABLE).where(TABLE.c.id == bindparam("at")).values(card=bindparam("to"), updated_at=now), moved)


def over(columns: Mapping[str, Any], today: date, age: timedelta) -> bool:
    if columns["deadline"]:
        return bool(columns["deadline"] < today)
    return bool(columns["posted"] and columns["posted"] < today - age)


def taken(connection: Connection, source: str, found: Sequence[Reading], report: Report) -> list[tuple[Reading, Known | None]]:
    """The drafts that may change something, each with what is stored of it; the others go to the report."""
    columns = (TABLE.c.ref, TABLE.c.id, TABLE.c.digest, TABLE.c.status, TABLE.c.raw["edited"].as_string().label("edited"))
    known = {
        row.ref: row
        for refs in batches([each.ref for each in found])
        for row in connection.execute(select(*columns).where(TABLE.c.source == source, TABLE.c.ref.in_(refs)))
    }
    changed: list[tuple[Reading, Known | None]] = []
    for each in found:
        before = known.get(each.ref)
        if each.refused:
            report.lines.append(refusal(each))
        elif each.again:
            report.lines.append(Line(each.row, "same", each.title, each.company, f"和第 {each.again} 行一样"))
        elif before and before.digest == each.digest and before.status != "withdrawn":
            report.lines.append(Line(each.row, "same", each.title, each.company))
        else:
            changed.append((each, Known(before.id, before.status, before.edited or "") if before else None))
    return changed


def refusal(each: Reading) -> Line:
    return Line(each.row, "refused", each.title[:200], each.company[:200], each.refused)


def sorted_out(found: Sequence[Reading], held: Sequence[Known | None], today: date, age: timedelta, report: Report) -> list[Slot]:
    """What was read with the status it gets by itself; what cannot be taken goes to the report."""
    slots = []
    for each, before in zip(found, held, strict=True):
        if each.refused:
            report.lines.append(refusal(each))
            continue
        status = "expired" if over(each.columns, today, age) else "held" if each.screening.level == "held" else "live"
        slot = Slot(each.columns, status, before and before.key, reading=each)
        if before and before.status == "refused":
            slot.status = "held"
            slot.why.append(AFTER_UPDATE)
        if before and before.edited and slot.status != "expired":
            slot.status = "held"
            slot.why.append(AFTER_EDIT.format(before.edited))
        slots.append(slot)
    return slots


def weigh(connection: Connection, new: Sequence[Slot]) -> None:
    """Looks at pay beside the like postings, stored and of this batch; screens again only where it stands out."""
    names = ("title", "company", "places", "pay_unit", "pay_low", "pay_high")
    mine = {slot.key for slot in new if slot.key}
    rows = connection.execute(select(TABLE.c.id, *(TABLE.c[name] for name in names)).where(TABLE.c.status == "live", TABLE.c.pay_unit.is_not(None)))
    norms = Norms.of([*(dict(row) for row in rows.mappings() if row["id"] not in mine), *(slot.columns for slot in new)])
    for slot in new:
        if (norm := norms.norm(slot.columns)) and slot.reading and slot.reading.offer:
            offer = replace(slot.reading.offer, norm=norm)
            if any(reason.rule in ABOUT_PAY for reason in beside(offer)):
                slot.reading.screening = screen(offer)
                if slot.status == "live" and slot.reading.screening.level == "held":
                    slot.status = "held"


def suspect(connection: Connection, seal: Seal, new: Sequence[Slot]) -> None:
    """Holds what carries a contact or the employer of a fraud that staff confirmed."""
    for slot, why in zip(new, proven.known(connection, seal, [slot.columns for slot in new]), strict=True):
        if why and slot.status in ("live", "held"):
            slot.status = "held"
            slot.why.append(why)


def relatives(connection: Connection, new: Sequence[Slot]) -> list[Slot]:
    """The stored postings of the employers in the batch, which alone it can repeat."""
    mine = {slot.key for slot in new if slot.key}
    companies = {bare(slot.columns["company"], 200) for slot in new}
    rows = connection.execute(select(TABLE.c.id, TABLE.c.company, TABLE.c.card).where(TABLE.c.status.in_(OPEN)))
    names: dict[str, bool] = {}
    keys = []
    for key, company, card in rows:
        if company not in names:
            names[company] = bare(company, 200) in companies
        if key not in mine and (names[company] or card in mine):
            keys.append(key)
    columns = [
        TABLE.c[name]
        for name in ("id", "card", "status", "title", "company", "text", "places", "raw", "pay_unit", "pay_low", "pay_high", "pay_months")
    ]
    found = []
    for some in batches(keys):
        for row in connection.execute(select(*columns).where(TABLE.c.id.in_(some))).mappings():
            found.append(Slot(dict(row), row["status"], row["id"], row["card"]))
    return sorted(found, key=lambda slot: slot.key or 0)


def item(columns: Mapping[str, Any]) -> Item:
    place = ",".join(sorted(columns["places"])) or columns["raw"].get("city", "")
    pay = tuple(columns[name] for name in ("pay_unit", "pay_low", "pay_high", "pay_months"))
    return Item(columns["title"], columns["company"], place, pay if pay[0] else columns["raw"].get("pay", ""), columns["text"])


def join(stored: Sequence[Slot], new: Sequence[Slot]) -> None:
    """Gives each its `root`, the posting it repeats: a live one where there is one, else the oldest."""
    slots = sorted([*stored, *new], key=lambda slot: slot.status != "live")
    groups = fold([item(slot.columns) for slot in slots]).groups
    banned = {int(group) for slot, group in zip(slots, groups, strict=True) if slot.status == "refused"}
    for slot, group in zip(slots, groups, strict=True):
        slot.root = slots[int(group)]
        if slot.reading and slot.status == "live" and int(group) in banned:
            slot.status = "held"
            slot.why.append(LIKE_REFUSED)


def line(slot: Slot) -> Line:
    reading = slot.reading
    assert reading
    why = [*slot.why]
    outcome = "updated" if slot.key else "inserted"
    root = slot.root
    if root and root is not slot:
        outcome = "near-repeat"
        why.append(f"和第 {root.reading.row} 行重复" if root.reading else f"和编号 {root.key} 重复")
    if slot.status == "held":
        outcome = "held"
        why += [told["say"] + (f"：「{told['quote']}」" if told["quote"] else "") for told in reasons(reading)[:3]]
    elif slot.status == "expired":
        why.append("已经过期，只存着，不推荐")
    return Line(reading.row, outcome, reading.title, reading.company, "；".join([*why, *reading.notes]), reading.screening.score)


def reasons(reading: Reading) -> list[dict[str, Any]]:
    """The reasons ready for JSON, each with the words it rests on; private numbers in them masked."""
    words = reading.offer.words if reading.offer else ""
    found = reading.screening.reasons
    return [{"rule": r.rule, "kind": r.kind, "weight": r.weight, "say": r.say, "quote": hide(words[slice(*r.span)])[:60]} for r in found]


def values(slot: Slot, source: str, now: datetime) -> dict[str, Any]:
    reading = slot.reading
    assert reading
    why = [{"rule": "S01", "kind": "核实过", "weight": 0, "say": say, "quote": ""} for say in slot.why]
    root = slot.root
    return {
        **reading.columns,
        "source": source,
        "ref": reading.ref,
        "digest": reading.digest,
        "status": slot.status,
        "card": root.key if root is not slot and root else slot.key,
        "score": reading.screening.score,
        "reasons": [*why, *reasons(reading)],
        "reviewed_by": None,
        "updated_at": now,
    }


def write(connection: Connection, source: str, block: Sequence[Slot], now: datetime) -> None:
    """One block: rows that came in from elsewhere meanwhile are updated, not inserted twice."""
    if connection.dialect.name == "postgresql":
        connection.execute(sql("LOCK TABLE posting IN SHARE ROW EXCLUSIVE MODE"))  # SQLite has one writer anyway
    identify(connection, source, block)
    changed = [slot for slot in block if slot.key is not None]
    fresh = [slot for slot in block if slot.key is None]
    for some in [slot for slot in fresh if slot.root is slot], [slot for slot in fresh if slot.root is not slot]:
        if some:
            connection.execute(insert(TABLE), [{**values(slot, source, now), "created_at": now} for slot in some])
            identify(connection, source, some)
    connection.execute(update(TABLE).where(TABLE.c.card.is_(None)).values(card=TABLE.c.id))
    if changed:
        connection.execute(update(TABLE).where(TABLE.c.id == bindparam("at")), [{**values(slot, source, now), "at": slot.key} for slot in changed])


def identify(connection: Connection, source: str, slots: Sequence[Slot]) -> None:
    """Gives those that are stored their keys; RETURNING in order would cost SQLite a statement a row."""
    for some in batches([slot for slot in slots if slot.key is None]):
        refs = {slot.reading.ref: slot for slot in some if slot.reading}
        for key, ref in connection.execute(select(TABLE.c.id, TABLE.c.ref).where(TABLE.c.source == source, TABLE.c.ref.in_(list(refs)))):
            refs[ref].key = key


def withdraw(connection: Connection, source: str, listed: set[str], now: datetime, report: Report) -> None:
    """What a source no longer lists; a list that lost more than half at once is taken for broken."""
    rows = connection.execute(select(TABLE.c.id, TABLE.c.ref).where(TABLE.c.source == source, TABLE.c.status.in_(("live", "held")))).all()
    gone = [key for key, ref in rows if ref not in listed]
    if len(gone) > max(10, len(rows) / 2):
        report.notes.append(f"这次的清单少了 {len(gone)} 条，超过一半，可能不完整，没有撤下；真的都撤了就逐条 postings refuse")
        return
    for keys in batches(gone):
        connection.execute(update(TABLE).where(TABLE.c.id.in_(keys)).values(status="withdrawn", updated_at=now))
    report.withdrawn = len(gone)


def regroup(connection: Connection, now: datetime) -> None:
    """A live posting never stands behind a card that is not live: the oldest live one of its group takes over."""
    other, card = TABLE.alias(), TABLE.alias()
    first = select(func.min(other.c.id)).where(other.c.card == TABLE.c.card, other.c.status == "live").scalar_subquery()
    behind = select(literal_column("1")).where(card.c.id == TABLE.c.card, card.c.status != "live").exists()
    orphans = connection.execute(select(TABLE.c.id, first.label("to")).where(TABLE.c.status == "live", behind)).all()
    rows = [{"at": key, "to": to} for key, to in orphans]
    if rows:
        connection.execute(update(TABLE).where(TABLE.c.id == bindparam("at")).values(card=bindparam("to"), updated_at=now), rows)


def expire(connection: Connection, today: date, now: datetime, age: timedelta = AGE) -> int:
    """Ends what is over: the closing day passed, or none told and older than `age`. How many."""
    late = TABLE.c.deadline < today
    old = or_(TABLE.c.posted < today - age, and_(TABLE.c.posted.is_(None), TABLE.c.created_at < now - age))
    over = or_(late, and_(TABLE.c.deadline.is_(None), old))
    done = connection.execute(update(TABLE).where(TABLE.c.status.in_(("live", "held")), over).values(status="expired", updated_at=now)).rowcount
    if done:
        regroup(connection, now)
    return done


def decide(connection: Connection, key: int, status: str, who: str, now: datetime) -> str:
    """Staff release what is held (`live`) or refuse what is held or live. Returns the title.

    Raises:
        PostingError: there is none, or it is not held.
    """
    row = connection.execute(select(TABLE.c.title, TABLE.c.status).where(TABLE.c.id == key)).one_or_none()
    if row is None:
        raise PostingError(f"没有编号 {key} 的岗位")
    if row.status not in (("held", "refused") if status == "live" else ("held", "live")):
        raise PostingError(f"编号 {key} 现在不是待核实的，没有改动")
    connection.execute(update(TABLE).where(TABLE.c.id == key).values(status=status, reviewed_by=who[:64], updated_at=now))
    regroup(connection, now)
    return str(row.title)


def listed(connection: Connection, status: str, most: int, said: str = "") -> list[dict[str, Any]]:
    """Postings of a status, the newest first; those held, the gravest first. `said`: in the title or the company's name."""
    names = ("id", "source", "title", "company", "kind", "score", "reasons", "posted", "deadline", "contact", "url", "reviewed_by")
    order = (TABLE.c.score.desc(), TABLE.c.id) if status == "held" else (TABLE.c.id.desc(),)
    query = select(*(TABLE.c[name] for name in names)).where(TABLE.c.status == status).order_by(*order).limit(most)
    if said:
        query = query.where(TABLE.c.title.contains(said, autoescape=True) | TABLE.c.company.contains(said, autoescape=True))
    return [dict(row) for row in connection.execute(query).mappings()]


def counts(connection: Connection) -> dict[str, int]:
    return {row.status: row.count_ for row in connection.execute(select(TABLE.c.status, func.count().label("count_")).group_by(TABLE.c.status))}


def columns_of(connection: Connection, source: str) -> dict[str, str]:
    """The mapping staff confirmed for a source, empty where there is none."""
    return dict(connection.execute(select(HeaderMapping.columns).where(HeaderMapping.source == source)).scalar() or {})


def keep_columns(connection: Connection, source: str, columns: Mapping[str, str], now: datetime) -> None:
    held = {"columns": dict(columns), "saved_at": now}
    if not connection.execute(update(HeaderMapping).where(HeaderMapping.source == source).values(**held)).rowcount:
        connection.execute(insert(HeaderMapping).values(source=source, **held))
