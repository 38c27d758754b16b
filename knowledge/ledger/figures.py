"""The month's figures of the ledger by college, city, group, cohort or teacher; numbers so small that they point at somebody are hidden."""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, String, and_, case, cast, exists, func, literal, or_, select

from knowledge.db import CHINA
from knowledge.ledger import destinations
from knowledge.ledger.record import KINDS, NEEDED, Change, FollowUp, Record, Service
from knowledge.policy import regions

By = Literal["college", "city", "group", "cohort", "owner"]
SMALL = 5
"""Fewer people than this are not shown."""
UNSAID = "没有填"
REST = "其他(不足 5 人的合并)"
RATES = (*destinations.RATES, "去向没填")
"""What a destination counts as, in the order of the columns."""
HEADER = ("人数", "连上对话", "本月联系或服务到", *(f"本月{say}人数" for say in KINDS.values()), "1131 已完成", *RATES, "去向落实")
DONE, PLACED = HEADER.index("1131 已完成"), HEADER.index("去向落实")
SUMS = (
    (0, *(HEADER.index(rate) for rate in RATES)),
    (PLACED, *(HEADER.index(rate) for rate in destinations.SETTLED)),
    (0, PLACED, *(HEADER.index(rate) for rate in RATES if rate not in destinations.SETTLED)),
)
"""Columns of which the first is the sum of the others."""
COLUMNS: dict[By, ColumnElement[Any]] = {
    "college": Record.college.expression, "city": Record.city + "\n" + Record.hukou, "group": cast(Record.groups, String),
    "cohort": Record.cohort.expression, "owner": Record.owner.expression,
}  # fmt: skip
"""What the database tells people apart by; `named` reads it."""
Cell = int | str


@dataclass
class Month:
    """First and last day."""

    first: date

    @property
    def last(self) -> date:
        return self.first.replace(day=monthrange(self.first.year, self.first.month)[1])

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last, time.max, CHINA)


def figures(connection: Connection, month: Month, by: By | None = None) -> list[tuple[str, list[int]]]:
    """Rows of HEADER as they are, the whole first; a person in several groups is in several rows."""
    rates = destinations.rates(connection)
    of_kind = [HEADER.index(f"本月{say}人数") for say in KINDS.values()]
    rows: dict[str, list[int]] = {}
    whole = [0] * len(HEADER)
    for number, destination, linked, reached, done, *given, found in alike(connection, month, by):
        rate = rates.get(destination, RATES[-1])
        said = [0, HEADER.index(rate), *([PLACED] if rate in destinations.SETTLED else [])]
        said += [at for at, holds in zip((1, 2, DONE, *of_kind), (linked, reached, done, *given), strict=True) if holds]
        counted = [rows.setdefault(name, [0] * len(HEADER)) for name in named(by, found)] if by else []
        for cells in (whole, *counted):
            for at in said:
                cells[at] += number
    return [("全部", whole), *sorted(rows.items())]


def alike(connection: Connection, month: Month, by: By | None) -> Iterator[Sequence[Any]]:
    """People of whom the same is to be told by the end of a month, counted by the database: how many; destination; linked, reached in the
    month, 1131 complete; whether each kind of service was given in the month; what `named` reads."""
    now = Service.on >= month.first
    complete = and_(*(func.sum(case((Service.kind == kind, 1), else_=0)) >= needed for kind, needed in NEEDED.items()))
    of_kind = [func.max(case((and_(now, Service.kind == kind), 1), else_=0)).label(kind) for kind in KINDS]
    given = select(Service.record_id, complete.label("done"), func.max(case((now, 1), else_=0)).label("served"), *of_kind)
    given_ = given.where(Service.on <= month.last).group_by(Service.record_id).subquery()
    changed = select(Change.record_id, func.max(Change.id).label("last")).where(Change.at <= month.end).group_by(Change.record_id).subquery()
    followed = exists().where(FollowUp.record_id == Record.id, FollowUp.reached, FollowUp.on >= month.first, FollowUp.on <= month.last)
    linked = and_(Record.linked_at.is_not(None), Record.linked_at <= month.end)
    reached = or_(func.coalesce(given_.c.served, 0) == 1, followed)
    facts = (linked.label("linked"), reached.label("reached"), given_.c.done, *(given_.c[kind] for kind in KINDS))
    each = select(Change.destination, *facts, (COLUMNS[by] if by else literal("")).label("key")).select_from(Record)
    each = each.outerjoin(given_, given_.c.record_id == Record.id).outerjoin(changed, changed.c.record_id == Record.id)
    people = each.outerjoin(Change, Change.id == changed.c.last).where(Record.created_at <= month.end).subquery()
    yield from connection.execute(select(func.count(), *people.c).group_by(*people.c))


def sizes(connection: Connection, by: By) -> Iterator[Sequence[Any]]:
    """How many people there are of each kind, as `named` reads it."""
    each = select(COLUMNS[by].label("key")).subquery()
    yield from connection.execute(select(func.count(), each.c.key).group_by(each.c.key))


def named(by: By, found: Any) -> Sequence[str]:
    """The rows that people are in, by what COLUMNS has of them."""
    if by == "group":
        return json.loads(found) or ["不在重点群体"]
    return [city(*found.split("\n", 1))] if by == "city" else [str(found or UNSAID)]


def city(lives: str, hukou: str) -> str:
    """The city somebody lives in, else is registered in, as the list of places calls it."""
    return next((found for said in (lives, hukou) if said and (found := known(said))), lives or hukou or UNSAID)


@lru_cache(20_000)
def known(said: str) -> str:
    found = regions.find(said)
    return found.name if found else ""


def hidden(rows: Sequence[tuple[str, list[int]]], sums: Sequence[Sequence[int]] = SUMS) -> list[tuple[str, list[Cell]]]:
    """The rows as they may leave the house: small ones merged, small numbers hidden, and with each one that it could be reckoned from.

    Each begins with how many people it has. `sums`: columns of which the first is the sum of the others: one of them hidden alone could be
    reckoned back.
    """
    whole, parts = rows[0], merged(list(rows[1:]))
    table: list[tuple[str, list[int]]] = [whole, *parts]
    shut = {(row, column) for row, (_, cells) in enumerate(table) for column, number in enumerate(cells) if 0 < number < SMALL}
    lines = [[(row, column) for column in each] for row in range(len(table)) for each in sums]
    lines += [[(row, column) for row in range(1, len(table))] for column in range(len(whole[1]))]
    while more := {smallest for line in lines if len(shut.intersection(line)) == 1 and (smallest := next_smallest(table, line, shut))}:
        shut |= more
    return [
        (name, ["<5" if 0 < number < SMALL else "不显示" if (row, column) in shut else number for column, number in enumerate(cells)])
        for row, (name, cells) in enumerate(table)
    ]


def next_smallest(table: Sequence[tuple[str, list[int]]], line: Sequence[tuple[int, int]], shut: set[tuple[int, int]]) -> tuple[int, int] | None:
    """Of the cells still shown and not zero."""
    shown = [(table[row][1][column], row, column) for row, column in line if (row, column) not in shut and table[row][1][column]]
    return min(shown)[1:] if shown else None


def merged(parts: list[tuple[str, list[int]]]) -> list[tuple[str, list[int]]]:
    """Rows of fewer than SMALL people as one; where that is still small, with the next smallest."""
    small = [part for part in parts if part[1][0] < SMALL]
    large = sorted((part for part in parts if part[1][0] >= SMALL), key=lambda part: part[1][0])
    while small and large and sum(cells[0] for _, cells in small) < SMALL:
        small.append(large.pop(0))
    kept = [part for part in parts if part in large]
    return [*kept, (REST, [sum(column) for column in zip(*(cells for _, cells in small), strict=True)])] if small else kept
