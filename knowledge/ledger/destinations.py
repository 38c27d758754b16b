"""毕业去向 as a list that staff edit: what is offered at first, what a cell of a list means, and replacing the list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, String, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base
from knowledge.ledger.record import LedgerError
from knowledge.tables import bare

RATES = ("协议合同", "创业", "灵活", "升学", "待就业", "暂不就业")
"""What a destination counts as in the month's figures; the last two are not settled."""
SETTLED = RATES[:4]
OWED = ("待就业", "")
"""What a destination counts as of people who are looked after; "" is none given. Who does not wish to work is left in peace."""
HEADER = ("毕业去向", "代码", "算作", "也写作")
NAMES = {"name": HEADER[:1], "code": HEADER[1:2], "rate": HEADER[2:3], "others": HEADER[3:]}


class Destination(Base):
    """`code`: the ministry's, where the office filled it in; `others`: what else lists call it; `place`: order."""

    __tablename__ = "destination"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    code: Mapped[str] = mapped_column(String(10), default="")
    rate: Mapped[str] = mapped_column(String(10))
    others: Mapped[list[str]] = mapped_column(JSON)
    place: Mapped[int]


def listed(connection: Connection) -> Sequence[Mapping[Any, Any]]:
    """All of them in order: the office's own list, else the one that comes with the program."""
    rows = connection.execute(select(Destination.__table__).order_by(Destination.place)).mappings().all()
    return list(rows) if rows else list(read(first()).values())


def first() -> Iterator[dict[str, str]]:
    for line in (Path(__file__).parent / "data" / "destinations.tsv").read_text(encoding="utf8").splitlines():
        if not line.startswith("#"):
            name, rate, others = line.split("\t")
            yield {"name": name, "code": "", "rate": rate, "others": others}


def read(rows: Iterable[Mapping[str, str]]) -> dict[str, dict[str, Any]]:
    """
    Raises:
        LedgerError: a row without a name or with a rate that is none, or a name given twice.
    """
    found: dict[str, dict[str, Any]] = {}
    for place, row in enumerate(rows, 1):
        if not row["name"] or row["name"] in found:
            raise LedgerError(f"第 {place} 项没有写去向的名字,或者和前面重复了")
        if len(row["name"]) > 40 or len(row["code"]) > 10:
            raise LedgerError(f"第 {place} 项太长:去向 40 字以内,代码 10 位以内")
        if row["rate"] not in RATES:
            raise LedgerError(f"「{row['name']}」算作什么,只能写:{'、'.join(RATES)}")
        others = row["others"].replace("、", " ").split()
        found[row["name"]] = {"name": row["name"], "code": row["code"], "rate": row["rate"], "others": others, "place": place}
    if not found:
        raise LedgerError("里面一项去向也没有")
    return found


def replace(connection: Connection, rows: Iterable[Mapping[str, str]]) -> None:
    """A new list in place of the old one.

    Raises:
        LedgerError: see `read`.
    """
    fresh = list(read(rows).values())
    connection.execute(delete(Destination))
    connection.execute(insert(Destination), fresh)


def meanings(connection: Connection) -> dict[str, str]:
    """What may stand in a cell (bare) → name."""
    found: dict[str, str] = {}
    for row in listed(connection):
        for said in (row["name"], row["code"], *row["others"]):
            if said:
                found.setdefault(bare(said), row["name"])
    return found


def open_ends(connection: Connection) -> list[str]:
    """The destinations of people who are still looked after."""
    return ["", *(name for name, rate in rates(connection).items() if rate in OWED)]


def rates(connection: Connection) -> dict[str, str]:
    return {row["name"]: row["rate"] for row in listed(connection)}
