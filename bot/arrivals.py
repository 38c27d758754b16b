"""Postings and lists on their way in: bytes → drafts by mapping or feed, read by as many processes as there are cores; the report as rows."""

from __future__ import annotations

import gc
import multiprocessing
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from knowledge import tables
from knowledge.db import Base
from knowledge.postings import store
from knowledge.postings.drafts import Reading, drafted, fields, named, numbered
from knowledge.postings.feeds import FeedError, feeds

if TYPE_CHECKING:
    from bot.app import App

FILE, UNPACKED = 200_000_000, 400_000_000
SHARED = 4_000
"""Rows from which starting more processes pays."""
PIECE = 500
KEPT = timedelta(hours=1)
"""How long a list that staff sent is kept."""
HEAD = ("行", "结果", "岗位", "单位", "说明", "可疑分")


class KeptList(Base):
    """A list that staff sent, sealed, between its reading and its being taken. `told`: column → field as confirmed."""

    __tablename__ = "kept_list"

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(50))
    name: Mapped[str] = mapped_column(String(100))
    told: Mapped[dict[str, str]] = mapped_column(JSON)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(index=True)


class ArrivalError(ValueError):
    """A file that cannot be taken; the message is one sentence on what to do."""


class ColumnError(ArrivalError):
    """A column is to be pointed out."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """`columns`: column → field as used; `left`: columns that are no field, each with its first cell; `broken`: rows that are none, and why."""

    readings: list[Reading]
    columns: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    broken: list[tuple[int, str]] = field(default_factory=list)

    def lines(self) -> list[store.Line]:
        return [store.Line(number, "refused", "", "", why) for number, why in self.broken]


def tidy(app: App) -> None:
    """Lists whose time is over go."""
    old = KeptList.at < app.clock.now() - KEPT
    with app.database.reading() as connection:
        late = connection.execute(select(KeptList.id).where(old).limit(1)).first()
    if late:
        app.inbox.write(lambda connection: connection.execute(delete(KeptList).where(old))).result()


def opened(path: Path) -> bytes:
    """
    Raises:
        ArrivalError
    """
    try:
        if path.exists() and not path.is_file():
            raise ArrivalError("这不是一个文件，请给出文件的路径")
        with path.open("rb") as source:
            data = source.read(FILE + 1)
    except FileNotFoundError as error:
        raise ArrivalError("找不到这个文件，请检查路径") from error
    except OSError as error:
        raise ArrivalError(f"读不了（{error.strerror or error}）") from error
    if len(data) > FILE:
        raise ArrivalError(f"文件超过 {FILE // 1_000_000} MB，请拆成几份")
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        data = unpacker.decompress(data, UNPACKED)
    except zlib.error as error:
        raise ArrivalError("压缩文件打不开，请重新保存一份") from error
    if unpacker.unconsumed_tail:
        raise ArrivalError(f"解开后超过 {UNPACKED // 1_000_000} MB，请拆成几份")
    return data


def arrived(path: Path, feed: str, saved: Mapping[str, str], given: Sequence[str]) -> Arrival:
    """The drafts of a file. `saved`: the mapping of this source; `given`: 列=字段 of the command line, which goes first.

    Raises:
        ArrivalError
    """
    return taken(opened(path), path.name.removesuffix(".gz"), feed, saved, given)


def taken(data: bytes, name: str, feed: str, saved: Mapping[str, str], given: Sequence[str]) -> Arrival:
    """The same of the bytes of a file with this name.

    Raises:
        ArrivalError
    """
    if feed:
        if feed not in feeds():
            raise ArrivalError(f"没有叫 {feed} 的来源格式，有：{'、'.join(feeds())}")
        try:
            return Arrival(numbered(enumerate(feeds()[feed](data), 1)))
        except FeedError as error:
            raise ArrivalError(str(error)) from error
    try:
        table = tables.read(data, name)
    except tables.TableError as error:
        raise ArrivalError(str(error)) from error
    columns = mapped(table.header, saved, given)
    if "title" not in columns.values():
        raise ColumnError(f"没有认出哪一列是岗位名称，有这些列：{'、'.join(table.header)[:200]}")
    left = {name: next((row[at] for row in table.rows if row[at]), "") for at, name in enumerate(table.header) if name not in columns}
    rows = (dict(zip(table.header, row, strict=True)) for row in table.rows)
    readings = numbered((number, drafted(row, columns)) for number, row in zip(table.numbers, rows, strict=True))
    return Arrival(readings, columns, left, table.broken)


def mapped(header: Sequence[str], saved: Mapping[str, str], given: Sequence[str]) -> dict[str, str]:
    """
    Raises:
        ArrivalError: a mapping of the command line names no column or no field.
    """
    columns = {**named(header), **{column: key for column, key in saved.items() if column in header}}
    names = {each.say: key for key, each in fields().items()}
    for each in given:
        column, _, name = each.rpartition("=")
        if column not in header:
            raise ArrivalError(f"没有叫「{column or each}」的列，有：{'、'.join(header)[:200]}")
        key = names.get(name, name)
        if key not in fields() and key != "-":
            raise ArrivalError(f"没有叫「{name}」的字段，有：{'、'.join(names)}；不要这一列就写 {column}=-")
        columns[column] = key
    return {column: key for column, key in columns.items() if key != "-"}


def reader(progress: store.Progress) -> store.Reader:
    """Reads in this process, or shared among as many as there are cores where there is much to read."""
    return partial(spread, progress=progress)


def spread(found: Sequence[Reading], today: date, *, progress: store.Progress) -> Sequence[Reading]:
    pieces = list(store.batches(found, PIECE))
    work: Callable[[Sequence[Reading]], Sequence[Reading]] = partial(store.each_read, today=today)
    cores = min(os.cpu_count() or 1, 8)
    done: list[Reading] = []
    if len(found) < SHARED or cores == 1:
        for piece in pieces:
            done += work(piece)
            progress("读取", len(done), len(found))
        return done
    with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn"), gc.disable) as pool:
        for sent, piece in zip(pieces, pool.map(work, pieces), strict=True):
            for each in sent:
                each.cells = {}
            done += piece
            progress("读取", len(done), len(found))
    return done


def rows(lines: Sequence[store.Line]) -> list[list[str]]:
    return [[str(line.row), store.OUTCOMES[line.outcome], line.title, line.company, line.why, str(line.score)] for line in lines]


def screened(found: Sequence[Reading]) -> list[store.Line]:
    """What the screening of readings says, without any database: held, refused, or taken with a warning."""
    lines = []
    for each in found:
        held = each.screening.level == "held"
        why = "；".join([each.refused, *(reason.say for reason in each.screening.reasons), *each.notes]).strip("；")
        lines.append(
            store.Line(each.row, "refused" if each.refused else "held" if held else "inserted", each.title, each.company, why, each.screening.score)
        )
    return lines
