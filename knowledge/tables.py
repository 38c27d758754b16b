"""Tables as schools and boards keep them: CSV, XLSX, JSON, JSONL → header and rows of text, and back. Knows no field of any table.

The kind is told by the bytes. What comes in may be hostile: sizes are looked at before anything is unpacked, entities are refused.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from openpyxl import Workbook, load_workbook

from knowledge import notation

ROWS, COLUMNS, MEMBERS = 300_000, 300, 2_000
CELL = 100_000
"""Characters of a cell that are kept; what is longer is cut here and for a reader of fields to complain about."""
UNPACKED, RATIO = 400_000_000, 150
"""Bytes of an XLSX when unpacked, and unpacked beside packed for a large member: a real sheet of text reaches about 30."""
HEADER_WITHIN = 10
"""Rows within which the header stands: above it there may be a title over the whole width."""
EMPTY = "文件里没有数据，请检查是不是选错了"
OLD = "这是旧版的 .xls，请打开后另存为 .xlsx 再来"
BROKEN = "文件打不开，可能没下载完整或设了密码，请重新另存一份 .xlsx 再来"
BOMB = "解开后大得不像正常的表格，没有读，请另存一份再来"
TOO_MANY = f"超过 {ROWS} 行，请拆成几份"
TOO_WIDE = f"超过 {COLUMNS} 列，请只留要用的列"
NOT_TEXT = "认不出这是什么文件，请换成 CSV、XLSX、JSON 或 JSONL"
NOT_JSON = "不是能读的 JSON：要是一组对象，或者一行一个对象"
FORMULA = re.compile(r"[=+\-@\t\r]")
NOT_OF_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?%?")
FAULTS = (
    *(ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, EOFError, SyntaxError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What openpyxl raises on a broken file; RuntimeError where it is locked or packed in a way that `zipfile` does not know."""


class TableError(ValueError):
    """A file that is no table; the message is one sentence on what to do, to be put behind the file's name."""


@dataclass(slots=True)
class Table:
    """`numbers`: where in the file each row stands, from 1. `broken`: rows that cannot be read, by number, each with a sentence."""

    header: list[str]
    rows: list[list[str]]
    numbers: list[int]
    broken: list[tuple[int, str]] = field(default_factory=list)


def read(data: bytes, name: str = "") -> Table:
    """
    Raises:
        TableError
    """
    if not data.strip():
        raise TableError(EMPTY)
    if data.startswith(b"PK\x03\x04"):
        return gridded(sheet(data))
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise TableError(OLD)
    text = decoded(data)
    if text.lstrip()[:1] in ("[", "{") and not name.lower().endswith((".csv", ".tsv")):
        return objects(text)
    return gridded(separated(text))


def decoded(data: bytes) -> str:
    """
    Raises:
        TableError: it is no text.
    """
    marks = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    known = next((encoding for mark, encoding in marks.items() if data.startswith(mark)), None)
    for encoding in (known,) if known else ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.count("\0") <= len(text) // 1000:
            return text.replace("\0", "")
    raise TableError(NOT_TEXT)


def separated(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.lstrip("\r\n").partition("\n")[0]
    mark = max(",\t;，", key=first.count)
    csv.field_size_limit(max(len(text), 1))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise TableError(f"第 {reader.line_num} 行起读不了，请用表格软件另存为 CSV（UTF-8）再来") from error


def checked(data: bytes) -> None:
    """
    Raises:
        TableError: it unpacks to too much, or hides entities.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = packed.infolist()
        if "xl/workbook.xml" not in {member.filename for member in members}:
            raise TableError(NOT_TEXT)
        heavy = [member for member in members if member.file_size > 10_000_000 and member.file_size > RATIO * max(1, member.compress_size)]
        if heavy or len(members) > MEMBERS or sum(member.file_size for member in members) > UNPACKED:
            raise TableError(BOMB)
        for member in members:
            if member.filename.endswith((".xml", ".rels")):
                with packed.open(member) as opened:
                    if b"<!" in opened.read(2_000).replace(b"\0", b"").partition(b"<!--")[0]:
                        raise TableError(BOMB)


def sheet(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Rows of the first sheet that has any."""
    try:
        checked(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        for page in book.worksheets:
            page.reset_dimensions()
            found = False
            for number, cells in enumerate(page.iter_rows(values_only=True), 1):
                texts = [shown(cell) for cell in cells]
                found = found or any(texts)
                yield number, texts
            if found:
                return
    except TableError:
        raise
    except FAULTS as error:
        raise TableError(BROKEN) from error


def shown(value: Any) -> str:
    """A cell as people see it: a day without its midnight, a whole number without its .0, a list as its words."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()[:CELL]
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list):
        return " ".join(shown(each) for each in value)[:CELL]
    return json.dumps(value, ensure_ascii=False)[:CELL] if isinstance(value, dict) else str(value)


def gridded(lines: Iterable[tuple[int, list[str]]]) -> Table:
    """The header is the first row with two cells or more; rows above it are a title.

    Raises:
        TableError
    """
    header: list[str] = []
    rows: list[list[str]] = []
    numbers: list[int] = []
    for number, cells in lines:
        texts = [cell.strip()[:CELL] for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if len(texts) > COLUMNS:
            raise TableError(TOO_WIDE)
        if not header:
            if sum(map(bool, texts)) >= 2 or (texts and number >= HEADER_WITHIN):
                header = texts
        elif texts:
            if len(rows) == ROWS:
                raise TableError(TOO_MANY)
            rows.append(texts)
            numbers.append(number)
    if not header and not rows:
        raise TableError(EMPTY)
    width = max([len(header), *map(len, rows)])
    header = distinct(header + [""] * (width - len(header)))
    return Table(header, [row + [""] * (width - len(row)) for row in rows], numbers)


def distinct(header: Sequence[str]) -> list[str]:
    """Every column with a name of its own."""
    found: list[str] = []
    for number, cell in enumerate(header, 1):
        name = re.sub(r"\s+", " ", cell)[:100] or f"列{number}"
        found.append(f"{name}#{number}" if name in found else name)
    return found


def objects(text: str) -> Table:
    """A JSON array of objects, an object that holds one, or an object a line.

    Raises:
        TableError
    """
    broken: list[tuple[int, str]] = []
    try:
        whole = notation.loads(text)
        if isinstance(whole, dict):
            held = [value for value in whole.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
            whole = held[0] if len(held) == 1 else [whole]
        found = list(enumerate(whole, 1)) if isinstance(whole, list) else []
    except ValueError:
        found = []
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    found.append((number, notation.loads(line)))
                except ValueError:
                    broken.append((number, "不是 JSON，没有读"))
    rows = [(number, row) for number, row in found if isinstance(row, dict)]
    broken += [(number, "不是一个 JSON 对象，没有读") for number, row in found if not isinstance(row, dict)]
    if not rows:
        raise TableError(NOT_JSON)
    if len(rows) > ROWS:
        raise TableError(TOO_MANY)
    header = list(dict.fromkeys(key for _, row in rows for key in row))
    if len(header) > COLUMNS:
        raise TableError(TOO_WIDE)
    return Table(header, [[shown(row.get(key)) for key in header] for _, row in rows], [number for number, _ in rows], sorted(broken))


def bare(name: str) -> str:
    """A column's name without signs, spaces and what is said in brackets: 月薪（元） is 月薪."""
    return re.sub(r"[\W_]+", "", re.sub(r"[(（\[【].*?[)）\]】]", "", name)).lower()


def mapping(header: Iterable[str], synonyms: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Column → field, as far as the columns' names tell it. `synonyms`: field → the names it goes by."""
    known = {bare(name): key for key, names in synonyms.items() for name in (key, *names)}
    return {column: known[bare(column)] for column in header if bare(column) in known}


def escaped(cell: object) -> str:
    """A cell that no table program takes for a formula."""
    text = NOT_OF_XML.sub("", str(cell))
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def workbook(rows: Iterable[Sequence[object]]) -> bytes:
    """An XLSX of one sheet; the first row is its header."""
    return sheets({"1": rows})


def sheets(pages: Mapping[str, Iterable[Sequence[object]]]) -> bytes:
    """An XLSX of several sheets by name."""
    book = Workbook(write_only=True)
    for name, rows in pages.items():
        page = book.create_sheet(name[:31])
        page.freeze_panes = "A2"
        for row in rows:
            page.append([cell if isinstance(cell, int | float) else escaped(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def comma(rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV that table programs open as UTF-8."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([escaped(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")
