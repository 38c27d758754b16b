"""The month's figures of the ledger by college, city, group, cohort or teacher; numbers so small that they point at somebody are hidden."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Literal

from sqlalchemy import Connection, func, select

from knowledge.db import CHINA
from knowledge.ledger import destinations, meter
from knowledge.ledger.record import KINDS, Change, FollowUp, Record
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
COLUMNS = {"college": Record.college, "city": Record.city, "group": Record.groups, "cohort": Record.cohort, "owner": Record.owner}
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
    end = month.end
    rates = destinations.rates(connection)
    latest = select(func.max(Change.id)).where(Change.at <= end).group_by(Change.record_id)
    went = {
        who: rates.get(name, RATES[-1]) for who, name in connection.execute(select(Change.record_id, Change.destination).where(Change.id.in_(latest)))
    }
    ever = meter.counts(connection, month.last)
    now = meter.counts(connection, month.last, since=month.first)
    followed = select(FollowUp.record_id).where(FollowUp.reached, FollowUp.on >= month.first, FollowUp.on <= month.last)
    reached = {*now, *connection.execute(followed).scalars()}
    query = select(Record.id, Record.linked_at, Record.hukou, COLUMNS[by] if by else Record.id).where(Record.created_at <= end)
    settled = {rate: HEADER.index(rate) for rate in RATES}
    of_kind = {kind: HEADER.index(f"本月{say}人数") for kind, say in KINDS.items()}
    complete = {who for who, given in ever.items() if not meter.missing(given)}
    rows: dict[str, list[int]] = {}
    whole = [0] * len(HEADER)
    for who, linked, hukou, value in connection.execute(query).all():
        rate = went.get(who, RATES[-1])
        said = [0, settled[rate], *([PLACED] if rate in destinations.SETTLED else []), *map(of_kind.__getitem__, now.get(who, ()))]
        said += [at for at, holds in ((1, linked and linked <= end), (2, who in reached), (DONE, who in complete)) if holds]
        counted = [rows.setdefault(name, [0] * len(HEADER)) for name in named(by, value, hukou)] if by else []
        for cells in (whole, *counted):
            for at in said:
                cells[at] += 1
    return [("全部", whole), *sorted(rows.items())]


def named(by: By, value: object, hukou: str) -> Iterable[str]:
    if by == "group":
        return value or ["不在重点群体"]  # type: ignore[return-value]
    if by == "city":
        return [city(str(value), hukou)]
    return [str(value or UNSAID)]


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
