"""Lists of schools and HR departments into the ledger: row by row, each told what became of it. The same list again changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, literal, select, tuple_, update

from knowledge.db import Database, local_date
from knowledge.ledger import contact, destinations, sharing
from knowledge.ledger.cells import columns, names, read
from knowledge.ledger.record import Change, LedgerError, Record
from knowledge.ledger.seal import Seal
from knowledge.tables import Table, bare, mapping

CHUNK = 1000
"""Rows of one transaction: short enough that nobody's reply waits for it; SQLite takes 32 766 values in a statement."""
OUTCOMES = {"inserted": "新增", "updated": "更新", "same": "没变", "refused": "没有导入"}
KEPT = (
    "name", "phone", "school", "student_no", "college", "major", "degree", "graduated", "cohort", "hukou", "city", "employer", "groups",
    "handover", "owner",
)  # fmt: skip
SAID = (*KEPT, "destination", "id_digest")
IGNORED = "-"


@dataclass(frozen=True, slots=True)
class Line:
    """What became of a row; `row`: its number in the file."""

    row: int
    outcome: str
    why: str = ""


@dataclass
class Imported:
    """`columns`: column → field; `left`: columns nobody reads."""

    columns: dict[str, str]
    left: list[str]
    lines: list[Line] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        counted = Counter(line.outcome for line in self.lines)
        return {outcome: counted[outcome] for outcome in OUTCOMES}


@dataclass(slots=True)
class Draft:
    """A row that can be taken, and the record it is about. `family`: the number it allows to call, None: it says nothing of that."""

    row: int
    values: dict[str, Any]
    number: str = ""
    family: str | None = None
    held: RowMapping | None = None
    note: str = ""


class ColumnError(LedgerError):
    """A column is to be pointed out."""


def chosen(pairs: Iterable[str]) -> dict[str, str]:
    """`列=字段` as column → field; the field by its key or any of its names, `-` for a column to leave out.

    Raises:
        LedgerError: no such field.
    """
    known = {bare(name): key for key, column in columns().items() for name in (key, *column.names)} | {IGNORED: IGNORED}
    found = {}
    for pair in pairs:
        column, _, said = pair.partition("=")
        key = known.get(bare(said) or said.strip())
        if key is None:
            raise LedgerError(f"「{pair}」里的字段不认识,可以写:{'、'.join(column.label for column in columns().values())}")
        found[column.strip()] = key
    return found


def columns_of(header: Sequence[str], told: Mapping[str, str]) -> dict[str, str]:
    """Column → field: what staff told wins over the names.

    Raises:
        LedgerError: there is no column for names, or a column that was told is not there.
    """
    missing = [column for column in told if column not in header]
    if missing:
        raise LedgerError(f"表里没有「{missing[0]}」这一列,有的是:{'、'.join(filter(None, header))[:200]}")
    fields = set(told.values())
    rest = {key: said for key, said in names().items() if key not in fields}
    guessed = mapping([column for column in header if column not in told], rest)
    first = {key: column for column, key in reversed(guessed.items())}  # of two columns for one field the one that stands first
    found = {column: key for column, key in guessed.items() if first[key] == column} | {c: key for c, key in told.items() if key != IGNORED}
    if "name" not in found.values():
        raise ColumnError(f"没有找到姓名这一列;表里有:{'、'.join(filter(None, header))[:200]}")
    return found


def bring_in(database: Database, seal: Seal, table: Table, source: str, told: Mapping[str, str], at: datetime, *, dry: bool = False) -> Imported:
    """
    Raises:
        LedgerError: see `columns_of`.
    """
    known = columns_of(table.header, told)
    done = Imported(known, [column for column in table.header if column and column not in known and told.get(column) != IGNORED])
    places = [(place, known[column]) for place, column in enumerate(table.header) if column in known]
    with database.reading() as connection:
        meanings = destinations.meanings(connection)
    seen: dict[object, int] = {}
    for start in range(0, len(table.rows), CHUNK):
        drafts = []
        for number, row in zip(table.numbers[start : start + CHUNK], table.rows[start : start + CHUNK], strict=True):
            if any(row):
                values, wrong = read({key: row[place] for place, key in places}, meanings)
                taken = drafted(seal, number, values, wrong, seen)
                drafts.append(taken) if isinstance(taken, Draft) else done.lines.append(taken)
        with database.reading() if dry else database.writing() as connection:
            done.lines += take(connection, drafts, seal, source, at, dry=dry)
    done.lines += [Line(number, "refused", why) for number, why in table.broken]
    done.lines.sort(key=lambda line: line.row)
    return done


def drafted(seal: Seal, row: int, values: dict[str, Any], wrong: list[str], seen: dict[object, int]) -> Draft | Line:
    if wrong:
        return Line(row, "refused", ";".join(wrong))
    number = values.pop("id_number", "")
    if number:
        values["id_digest"] = seal.digest(number)
    keys: list[object] = [key for key in (values.get("id_digest"), student(values)) if key]
    before = next((seen[key] for key in keys if key in seen), None)
    if before:
        return Line(row, "refused", f"和第 {before} 行是同一个人,请留一行")
    seen.update(dict.fromkeys(keys, row))
    return Draft(row, values, number, values.pop("family_phone", None))


def student(values: Mapping[str, Any]) -> tuple[str, str] | None:
    return (values.get("school") or "", values["student_no"]) if values.get("student_no") else None


def take(connection: Connection, drafts: Sequence[Draft], seal: Seal, source: str, at: datetime, *, dry: bool) -> list[Line]:
    """What becomes of each draft, done in as few statements as there are kinds of change."""
    lines: list[Line] = []
    new: list[Draft] = []
    changed: list[tuple[Draft, dict[str, Any]]] = []
    matched = list(match(connection, drafts))
    spent = contact.spent(connection, [draft.held["id"] for draft in drafts if draft.held and draft.values.get("phone", "") != draft.held["phone"]])
    allowed = sharing.of(connection, [draft.held["id"] for draft in drafts if draft.held and draft.family is not None])
    homes: list[Draft] = []
    for draft, problem in matched:
        if problem:
            lines.append(Line(draft.row, "refused", problem))
        elif draft.held is None:
            new.append(draft)
            lines.append(Line(draft.row, "inserted"))
        else:
            fresh = differing(draft, spent.get(draft.held["id"], ()))
            if fresh:
                changed.append((draft, fresh))
            if told := draft.family is not None and sharing.differs(allowed.get(draft.held["id"]), seal, draft.family):
                homes.append(draft)
            lines.append(Line(draft.row, "updated" if fresh or told else "same", draft.note))
    if not dry:
        add(connection, new, seal, source, at)
        alter(connection, changed, seal, source, at)
        sharing.keep(connection, seal, {draft.held["id"]: draft.family or "" for draft in homes if draft.held}, by(source), at)
    return lines


def match(connection: Connection, drafts: Sequence[Draft]) -> Iterator[tuple[Draft, str]]:
    """Each draft with the record it is about, and why it cannot be about that one."""
    digests = [draft.values["id_digest"] for draft in drafts if "id_digest" in draft.values]
    students = [key for draft in drafts if (key := student(draft.values))]
    query = select(Record.__table__)
    by_id = {row["id_digest"]: row for row in connection.execute(query.where(Record.id_digest.in_(digests))).mappings()} if digests else {}
    pair = tuple_(Record.school, Record.student_no)
    by_no = {(row["school"], row["student_no"]): row for row in connection.execute(query.where(pair.in_(students))).mappings()} if students else {}
    for draft in drafts:
        values = draft.values
        person, pupil = by_id.get(values.get("id_digest")), by_no.get(student(values) or ("", ""))
        draft.held = person or pupil
        yield draft, conflict(values, person, pupil)


def conflict(values: Mapping[str, Any], person: RowMapping | None, pupil: RowMapping | None) -> str:
    """Why a row is refused, empty where it is not. Two of name, student number and identity number must agree."""
    if person and pupil and person["id"] != pupil["id"]:
        return f"身份证号是台账 {person['id']} 号的,学号是 {pupil['id']} 号的,请核对"
    held = person or pupil
    if held is None:
        return ""
    if pupil and not person and values.get("id_digest") and pupil["id_digest"]:
        return f"学号和台账 {held['id']} 号一样,身份证号却不一样,请核对"
    if values["name"] != held["name"] and not (person and pupil):
        return f"和台账 {held['id']} 号的{'身份证号' if person else '学号'}一样,姓名却不一样,请核对"
    earlier = values.get("graduated") and held["graduated"] and values["graduated"] < held["graduated"]
    if person and not pupil and student(values) and held["student_no"] and earlier:
        return f"台账 {held['id']} 号已经有更晚毕业的一段,这一段更早,没有覆盖"
    return ""


def differing(draft: Draft, spent: Collection[str]) -> dict[str, Any]:
    """What the row says otherwise than the record. A destination that its person disputes stays until staff have settled it,
    a number that was found wrong (`spent`) does not come back, and what they said of the handover themselves stands."""
    held = draft.held
    assert held is not None
    fresh = {key: draft.values[key] for key in SAID if key in draft.values and draft.values[key] != held[key]}
    if "destination" in fresh and held["disputed_at"]:
        del fresh["destination"]
        draft.note = "本人对毕业去向有异议,办结前去向没有改"
    if held["handover"] in ("yes", "no"):
        fresh.pop("handover", None)
    if fresh.get("phone", "")[-4:] in spent:
        del fresh["phone"]
        draft.note = ";".join(filter(None, (draft.note, "手机号是打不通、已经换掉的那个,没有改回去")))
    return fresh


def add(connection: Connection, new: Sequence[Draft], seal: Seal, source: str, at: datetime) -> None:
    if not new:
        return
    empty: dict[str, Any] = dict.fromkeys(SAID, "") | dict.fromkeys(("student_no", "graduated", "cohort", "id_digest")) | {"groups": []}
    sealed = [{"id_sealed": seal.close(draft.number) if draft.number else None} for draft in new]
    rows = [{**empty, **draft.values, **box, "source": source, "created_at": at, "updated_at": at} for draft, box in zip(new, sealed, strict=True)]
    before = connection.execute(select(func.coalesce(func.max(Record.id), 0))).scalar_one()
    connection.execute(insert(Record), rows)
    mine = (Record.id > before, Record.created_at == at, Record.source == source, Record.destination != "")
    said = select(Record.id, Record.destination, literal(by(source)), literal(""), Record.created_at).where(*mine)
    connection.execute(insert(Change).from_select(["record_id", "destination", "by", "note", "at"], said))
    homes = [draft for draft in new if draft.family]
    if homes:
        fresh = select(Record.id, Record.id_digest, Record.school, Record.student_no).where(Record.id > before)
        found = {key: row.id for row in connection.execute(fresh) for key in (row.id_digest, (row.school, row.student_no))}
        numbers = {found[draft.values.get("id_digest") or student(draft.values)]: draft.family or "" for draft in homes}
        sharing.keep(connection, seal, numbers, by(source), at)


def by(source: str) -> str:
    return f"导入 {source}"[:64]


def alter(connection: Connection, changed: Sequence[tuple[Draft, dict[str, Any]]], seal: Seal, source: str, at: datetime) -> None:
    """Rows that change the same fields share a statement."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    moved = []
    for draft, fresh in changed:
        assert draft.held is not None
        if "id_digest" in fresh:
            fresh["id_sealed"] = seal.close(draft.number)
        if "destination" in fresh:
            moved.append((draft.held["id"], fresh["destination"]))
        row = {f"new_{key}": value for key, value in fresh.items()}
        alike.setdefault(tuple(sorted(fresh)), []).append({"of": draft.held["id"], "source": source, "at": at, **row})
    for fields, rows in alike.items():
        query = update(Record).where(Record.id == bindparam("of"))
        values = {key: bindparam(f"new_{key}", type_=Record.__table__.c[key].type) for key in fields}
        connection.execute(query.values(**values, updated_at=bindparam("at", type_=Record.__table__.c.updated_at.type)), rows)
    note_changes(connection, moved, source, at)
    old = {draft.held["id"]: draft.held["phone"] for draft, fresh in changed if draft.held and "phone" in fresh}
    contact.renumbered(connection, old, by(source), local_date(at))


def note_changes(connection: Connection, moved: Sequence[tuple[int, str]], source: str, at: datetime) -> None:
    if moved:
        rows = [{"record_id": number, "destination": name, "by": by(source), "note": "", "at": at} for number, name in moved]
        connection.execute(insert(Change), rows)
