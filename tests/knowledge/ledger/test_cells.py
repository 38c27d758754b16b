"""Cells of lists as schools write them, and what is said of broken ones; identity numbers open only with their key; small numbers stay hidden."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.ledger import cells, figures
from knowledge.ledger.seal import Seal, SealError, masked

MEANINGS = {"三方": "签就业协议形式就业"}
GOOD = {"name": "李一", "student_no": "2022001"}


@pytest.mark.parametrize(
    ("field", "said", "value"),
    [
        ("id_number", "11010119900307803x", "11010119900307803X"),
        ("id_number", "'11010119900307803X", "11010119900307803X"),
        ("phone", "+86 139-0000-0000", "13900000000"),
        ("phone", "0931-8888888", "09318888888"),
        ("graduated", "2026/6/30", date(2026, 6, 30)),
        ("graduated", "2026年6月", date(2026, 6, 1)),
        ("graduated", "202606", date(2026, 6, 1)),
        ("graduated", "20260630", date(2026, 6, 30)),
        ("graduated", "46203", date(2026, 6, 30)),
        ("graduated", "2026-06-30 00:00", date(2026, 6, 30)),
        ("cohort", "2026届", 2026),
        ("degree", "大学本科毕业", "本科"),
        ("degree", "高职(专科)", "专科"),
        ("groups", "低保、残疾", ["低保", "残疾"]),
        ("groups", "无", []),
        ("destination", " 三方 ", "签就业协议形式就业"),
    ],
)
def test_cells_as_schools_write_them(field: str, said: str, value: object) -> None:
    found, wrong = cells.read({**GOOD, field: said}, MEANINGS)
    assert (found[field], wrong) == (value, [])


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"name": "", "student_no": "1"}, "没有姓名"),
        ({"name": "李一"}, "学号和身份证号至少要有一个"),
        ({**GOOD, "id_number": "110101199003078031"}, "校验不对"),
        ({**GOOD, "id_number": "110101199013078035"}, "出生日期不存在"),
        ({**GOOD, "id_number": "1.10101E+17"}, "设成文本"),
        ({**GOOD, "phone": "1390000000"}, "现在是 10 位"),
        ({**GOOD, "graduated": "去年夏天"}, "看不懂"),
        ({**GOOD, "graduated": "2026-02-30"}, "没有"),
        ({**GOOD, "destination": "躺平"}, "不在去向表里"),
        ({**GOOD, "college": "院" * 81}, "太长"),
    ],
)
def test_a_broken_cell_says_what_is_wrong(row: dict[str, str], why: str) -> None:
    _, wrong = cells.read(row, MEANINGS)
    assert len(wrong) == 1
    assert why in wrong[0]


@given(st.dictionaries(st.sampled_from(sorted(cells.columns())), st.text(max_size=30)))
def test_no_cell_breaks_the_reading(row: dict[str, str]) -> None:
    found, wrong = cells.read(row, MEANINGS)
    assert wrong or found["name"]


def test_a_number_opens_with_its_key_only() -> None:
    ours, theirs = Seal(b"one"), Seal(b"another")
    sealed, digest = ours.close("11010119900307803X"), ours.digest("11010119900307803X")
    assert ours.open(sealed, digest) == "11010119900307803X"
    assert sealed != ours.close("11010119900307803X")
    for key, box, found in ((theirs, sealed, digest), (ours, sealed, theirs.digest("11010119900307803X")), (ours, sealed[:-1], digest)):
        with pytest.raises(SealError, match="BULIXIAN_LEDGER_KEY"):
            key.open(box, found)
    assert b"1101" not in sealed
    assert masked("11010119900307803X") == "*" * 14 + "803X"


COUNTS = st.lists(st.integers(0, 12), min_size=len(figures.RATES), max_size=len(figures.RATES))


@given(st.lists(st.tuples(COUNTS, st.integers(0, 30)), min_size=1, max_size=6))
def test_no_small_number_leaves_and_none_can_be_reckoned_back(groups: list[tuple[list[int], int]]) -> None:
    parts = []
    for n, (split, of) in enumerate(groups):
        cells = [min(of, sum(split))] * len(figures.HEADER)
        for rate, number in zip(figures.RATES, split, strict=True):
            cells[figures.HEADER.index(rate)] = number
        for total, *rest in figures.SUMS:
            cells[total] = sum(cells[each] for each in rest)
        parts.append((f"院{n}", cells))
    parts = [part for part in parts if part[1][0]]
    whole = [sum(column) for column in zip(*(cells for _, cells in parts), strict=True)] or [0] * len(figures.HEADER)
    shown = [cells for _, cells in figures.hidden([("全部", whole), *parts])]
    assert all(not 0 < cell < figures.SMALL for cells in shown for cell in cells if isinstance(cell, int))
    lines = [[cells[each] for each in columns] for cells in shown for columns in figures.SUMS]
    lines += [list(column) for column in zip(*shown[1:], strict=True)]  # these add up to the first row
    for line in lines:
        secret = [cell for cell in line if isinstance(cell, str)]
        assert len(secret) != 1 or not any(isinstance(cell, int) and cell for cell in line)
