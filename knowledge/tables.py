"""Lists that people keep (CSV, XLSX, JSON, JSONL) as rows of text, which column is which field, and rows as a workbook. No field's meaning."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

BYTES = 64 << 20
ROWS, COLUMNS, CELL = 300_000, 300, 32_767
"""The most that is read; a cell of a workbook holds no more characters than CELL, longer ones are cut."""
UNPACKED, MEMBERS = 1 << 30, 2000
"""Bytes and files that a workbook may unpack to."""
HEADER_WITHIN = 20
"""Rows among which the header stands: schools put a title and a note above it."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula [OWASP, CSV Injection]."""
BROKEN = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)
"""How openpyxl, zipfile and the XML parsers fail on a workbook that is none."""
NOTES = re.compile(r"\(.*?\)|\[.*?\]|[\s*:_/-]")


class TableError(ValueError):
    """A file that is no list we can read; the message is one sentence, to be put behind the file's name."""


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` are as wide as `header`; `first`: the number in the file of the first row, as a spreadsheet counts."""

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    first: int = 2


def read(data: bytes) -> Table:
    """What kind of file it is, its bytes tell, not its name.

    Raises:
        TableError: too large, broken, empty, or no list at all.
    """
    if len(data) > BYTES:
        raise TableError(f"文件超过 {BYTES >> 20} MB,请拆成几份再导入")
    if data[:4] == b"PK\x03\x04":
        return table(sheet(data), "表格")
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise TableError("是旧版 Excel(.xls)或加了密,请另存为不加密的 .xlsx 再导入")
    text = decoded(data)
    head = text.lstrip()[:1]
    if head in ("[", "{"):
        return from_objects(objects(text))
    return table(lines(text), "文件")


def decoded(data: bytes) -> str:
    """UTF-8 or UTF-16 where they say so or fit, else GB18030, which every byte sequence a Chinese Excel writes is."""
    marked = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise TableError("不是文本也不是表格,请导出成 .xlsx 或 .csv 再导入")


def lines(text: str) -> Iterator[list[str]]:
    """Rows of a CSV; the sign between cells is the one that splits the beginning most."""
    head = text[:10_000]
    sign = max(",\t;|", key=head.count)
    csv.field_size_limit(BYTES)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=sign)
    except csv.Error as error:
        raise TableError(f"不是能读的 CSV:{error}") from error


def sheet(data: bytes) -> Iterator[list[str]]:
    """Rows of the first worksheet that holds any, values instead of formulas."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
            if len(members) > MEMBERS or sum(member.file_size for member in members) > UNPACKED:
                raise TableError("表格解压后太大,请拆成几份再导入")
            for member in members:
                if member.filename.endswith((".xml", ".rels")):
                    with packed.open(member) as content:
                        if b"<!DOCTYPE" in content.read(2000):
                            raise TableError("表格里有不该有的内容(DOCTYPE),没有导入;请用 Excel 另存一份再试")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            for worksheet in book.worksheets:
                worksheet.reset_dimensions()  # some programs write A1 for the whole sheet
                rows = ([said(value) for value in row[:COLUMNS]] for row in worksheet.iter_rows(values_only=True))
                if first := next((row for row in rows if any(row)), None):
                    yield first
                    yield from rows
                    return
    except TableError:
        raise
    except BROKEN as error:
        raise TableError("表格损坏或加了密,打不开;请用 Excel 另存为 .xlsx 再试") from error


def objects(text: str) -> list[dict[str, Any]]:
    """The rows of a JSON array of objects, of the one array within an object, or of one object a line."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = []
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                try:
                    found.append(json.loads(line))
                except (ValueError, RecursionError) as error:
                    raise TableError(f"第 {number} 行不是 JSON,请检查") from error
    if isinstance(found, dict):
        arrays = [value for value in found.values() if isinstance(value, list)]
        found = arrays[0] if len(arrays) == 1 else [found]
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise TableError('JSON 要是一组对象,比如 [{"岗位": …}, …]')
    return found


def from_objects(found: list[dict[str, Any]]) -> Table:
    if not found:
        raise TableError("里面一行数据也没有")
    if len(found) > ROWS:
        raise TableError(f"超过 {ROWS} 行,请拆成几份再导入")
    header = tuple(dict.fromkeys(str(key) for row in found for key in row))
    if len(header) > COLUMNS:
        raise TableError(f"超过 {COLUMNS} 列,请只留要导入的列")
    return Table(header, [tuple(said(row.get(key)) for key in header) for row in found], 1)


def table(rows: Iterable[list[str]], what: str) -> Table:
    """The widest of the first rows is the header; empty rows are left out only at the end, so that numbers stay true."""
    held = [list(map(said, row[:COLUMNS])) for row, _ in zip(rows, range(ROWS + 1), strict=False)]
    if len(held) > ROWS:
        raise TableError(f"超过 {ROWS} 行,请拆成几份再导入")
    while held and not any(held[-1]):
        held.pop()
    filled = [sum(map(bool, row)) for row in held[:HEADER_WITHIN]]
    if not filled:
        raise TableError(f"{what}是空的")
    at = filled.index(max(filled)) if max(filled) > 1 else 0
    start = next(number for number, count in enumerate(filled) if count >= 0.6 * filled[at] and count) if at else 0
    header = tuple(held[start])
    width = max((number for number, name in enumerate(header, 1) if name), default=0)
    body = [tuple((row + [""] * width)[:width]) for row in held[start + 1 :]]
    if not body:
        raise TableError(f"{what}里只有表头,一行数据也没有")
    return Table(header[:width], body, start + 2)


def said(value: Any) -> str:
    """A cell as text: whole numbers without .0, days as 2026-06-30, lists joined."""
    match value:
        case None:
            return ""
        case str():
            return value.strip()[:CELL]
        case bool():
            return "是" if value else "否"
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
        case date():
            return value.isoformat()
        case list() | tuple():
            return "、".join(map(said, value))[:CELL]
        case dict():
            return json.dumps(value, ensure_ascii=False)[:CELL]
    return str(value)[:CELL]


def plain(name: str) -> str:
    """A column's name without notes in brackets, spaces and stars, half width, lower case."""
    return NOTES.sub("", unicodedata.normalize("NFKC", name).lower())


def mapping(header: Sequence[str], names: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Column → field, by the names a field goes by; of two columns for one field the one whose name comes first in the list."""
    found: dict[str, str] = {}
    columns = {plain(column): column for column in reversed(header) if column}
    for field, known in names.items():
        column = next((columns[name] for name in map(plain, (field, *known)) if name in columns and columns[name] not in found), None)
        if column:
            found[column] = field
    return found


def safe(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula, without signs a workbook cannot hold."""
    if not isinstance(value, str):
        return value
    value = ILLEGAL_CHARACTERS_RE.sub("", value)[: CELL - 1]
    return f"'{value}" if value.startswith(FORMULA) else value


def workbook(sheets: Mapping[str, tuple[Sequence[str], Iterable[Sequence[Any]]]]) -> bytes:
    """An XLSX file of sheets by name: header and rows."""
    book = Workbook(write_only=True)
    for name, (header, rows) in sheets.items():
        page = book.create_sheet(re.sub(r"[\\/*?:\[\]]", " ", name)[:31])
        page.freeze_panes = "A2"
        page.append([safe(cell) for cell in header])
        for row in rows:
            page.append([safe(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def comma_separated(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """The same as CSV that a Chinese Excel opens as it should."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe(cell) for cell in header])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")
