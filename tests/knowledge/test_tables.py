"""Lists of every kind become the same rows; what is none is refused in one sentence; nothing written back is a formula."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from knowledge.tables import Table, TableError, comma_separated, mapping, read, workbook

HEADER, ROWS = ("姓名", "毕业日期", "人数"), [("李一", "2026-06-30", "3"), ("王二,女", "", "12")]


def xlsx(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


CSV = '姓名,毕业日期,人数\n李一,2026-06-30,3\n"王二,女",,12\n'
OBJECTS = [dict(zip(HEADER, row, strict=True)) for row in ROWS]
KINDS = {
    "utf8": CSV.encode(),
    "with a mark": CSV.encode("utf-8-sig"),
    "gb18030": CSV.encode("gb18030"),
    "utf16": CSV.encode("utf-16"),
    "tabs": CSV.replace('"王二,女"', "王二,女").replace("王二,女", "王二§女").replace(",", "\t").replace("§", ",").encode(),
    "xlsx": xlsx(list(HEADER), ["李一", date(2026, 6, 30), 3.0], ["王二,女", None, 12]),
    "json": json.dumps(OBJECTS).encode(),
    "in an object": json.dumps({"code": 0, "data": OBJECTS}).encode(),
    "jsonl": "\n".join(json.dumps(row) for row in OBJECTS).encode(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_rows(kind: str) -> None:
    found = read(KINDS[kind])
    assert (found.header, found.rows) == (HEADER, ROWS)


def test_a_title_above_the_header_is_no_row_and_numbers_stay_true() -> None:
    found = read(xlsx(["2026 届未就业名单"], [], list(HEADER), ["李一", "", 1], [], ["王二", "", 2], []))
    assert found == Table(HEADER, [("李一", "", "1"), ("", "", ""), ("王二", "", "2")], 4)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "是空的"),
        ("姓名,人数\n".encode(), "只有表头"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "xls"),
        (b"PK\x03\x04 broken", "打不开"),
        (b"\0\1\2\3", "不是文本"),
        (b'{"a": 1}\nnone', "第 2 行"),
        (b"[1, 2]", "一组对象"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_what_is_no_list_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(TableError, match=sentence):
        read(data)


def test_a_bomb_and_a_document_type_are_refused() -> None:
    for name, content in {"xl/a.xml": b"0" * (1 << 20) * 1100, "xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'}.items():
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            packed.writestr(name, content)
        with pytest.raises(TableError):
            read(out.getvalue())


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_refused(data: bytes) -> None:
    with suppress(TableError):
        found = read(data)
        assert all(len(row) == len(found.header) for row in found.rows)


def test_columns_are_known_by_any_of_their_names() -> None:
    names = {"city": ("工作城市", "城市"), "title": ("岗位名称", "title"), "pay": ("薪资",)}
    assert mapping(("*岗位 名称(必填)", "城市", "工作城市", "备注"), names) == {"工作城市": "city", "*岗位 名称(必填)": "title"}


def test_nothing_written_back_is_a_formula() -> None:
    rows = [["=1+1", "+86", "-2", "@x", "\tx", "a\x07b", 3]]
    sheet = load_workbook(io.BytesIO(workbook({"名单/1": (["甲"], rows)}))).active
    assert sheet.title == "名单 1"
    assert [cell.value for cell in sheet[2]] == ["'=1+1", "'+86", "'-2", "'@x", "'\tx", "ab", 3]
    assert all(cell.data_type != "f" for cell in sheet[2])
    assert b"'=1+1" in comma_separated(["甲"], rows)
