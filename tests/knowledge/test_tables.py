"""Tables: what schools send is read whatever its kind and encoding; what is broken or hostile is told in one sentence."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from knowledge.tables import Table, TableError, comma, mapping, read, workbook

HEADER = ["姓名", "电话", "日期"]


def sheet(*rows: Sequence[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in {"xl/workbook.xml": b"<workbook/>", **members}.items():
            file.writestr(name, body)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_separated_text_in_any_encoding(encoding: str, mark: str) -> None:
    text = f'姓名{mark}电话\n王{mark}"138{mark}1"\n\n"李\n二"{mark}\n'
    table = read(text.encode(encoding), "a.csv")
    assert table == Table(["姓名", "电话"], [["王", f"138{mark}1"], ["李\n二", ""]], [2, 5])


def test_a_sheet_with_a_title_gaps_and_kinds_of_cells() -> None:
    table = read(sheet(["毕业生名单", None, None], HEADER, ["王", 13800001111.0, datetime(2026, 6, 30)], [], ["李", 0.5, date(2026, 7, 1), "多"]))  # noqa: DTZ001
    assert table.header == [*HEADER, "列4"]
    assert table.rows == [["王", "13800001111", "2026-06-30", ""], ["李", "0.5", "2026-07-01", "多"]]
    assert table.numbers == [3, 5]


def test_columns_of_one_name_are_told_apart() -> None:
    assert read("备注,备注\n1,2".encode()).header == ["备注", "备注#2"]


@pytest.mark.parametrize("text", ['[{"a": 1, "b": ["x", "y"]}, {"a": null}]', '{"code": 0, "data": [{"a": 1, "b": ["x", "y"]}, {"a": null}]}'])
def test_json(text: str) -> None:
    assert read(text.encode()) == Table(["a", "b"], [["1", "x y"], ["", ""]], [1, 2])


def test_a_broken_line_is_told_and_the_others_are_read() -> None:
    table = read(b'{"a": 1}\n{"a":\n\n[1]\n{"b": 2.0}\n', "x.jsonl")
    assert table.rows == [["1", ""], ["", "2"]]
    assert [number for number, _ in table.broken] == [2, 4]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b" \n", "没有数据"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
        (b"PK\x03\x04broken", "打不开"),
        (sheet(), "没有数据"),
        (packed(**{"xl/worksheets/sheet1.xml": b"0" * 20_000_000}), "大得不像"),
        (packed(**{"xl/a.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}), "大得不像"),
        (packed(), "打不开"),
        (bytes(range(256)) * 4, "认不出"),
        (b"[1, 2]", "JSON"),
        (json.dumps({f"c{n}": 1 for n in range(400)}).encode(), "列"),
    ],
)
def test_what_is_no_table_is_told(data: bytes, why: str) -> None:
    with pytest.raises(TableError, match=why):
        read(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode) | st.binary(max_size=60).map(lambda tail: b"PK\x03\x04" + tail))
def test_no_bytes_break_it(data: bytes) -> None:
    try:
        table = read(data)
    except TableError:
        return
    assert all(len(row) == len(table.header) for row in table.rows)
    assert len(table.numbers) == len(table.rows)


def test_what_goes_out_is_no_formula() -> None:
    rows: list[list[object]] = [["公式", "数"], ["=1+1", -5], ["@x", "-5.5"], ["\tx", "+86"], ["-x\0", "好"]]
    found = load_workbook(io.BytesIO(workbook(rows))).active
    assert found
    assert [[cell.value for cell in row] for row in found.iter_rows()] == [
        ["公式", "数"],
        ["'=1+1", -5],
        ["'@x", "-5.5"],
        ["'\tx", "+86"],
        ["'-x", "好"],
    ]
    assert read(comma(rows)).rows[0] == ["'=1+1", "-5"]


def test_mapping_by_names() -> None:
    assert mapping(["学 号", "姓名（必填）", "E-Mail", "其他"], {"number": ["学号"], "name": ["姓名"], "mail": ["email"]}) == {
        "学 号": "number",
        "姓名（必填）": "name",
        "E-Mail": "mail",
    }
