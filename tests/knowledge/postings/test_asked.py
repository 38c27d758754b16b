"""A search in one's own words is read into what is wanted, and read back as filters."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.postings.asked import read
from knowledge.postings.reasons import spoken
from knowledge.postings.wanted import Wanted

ROWS = [line.split("\t") for line in (Path(__file__).parent / "asked.tsv").read_text(encoding="utf8").splitlines() if line[0] != "#"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_is_asked_is_read(row: list[str]) -> None:
    text, *said = (*row, *[""] * 10)[:10]
    found = read(text)
    several = [tuple(filter(None, cell.split("、"))) for cell in said]
    whole = [int(cell) if cell else None for cell in (said[3], said[4], said[5])]
    expected = Wanted(several[0], several[1], False, several[2], whole[0], whole[1], said[8], None, whole[2], several[6], several[7])
    assert (found.titles, found.places, found.kinds, found.least, found.degree, found.years, found.asks, found.without, found.major) == (
        expected.titles,
        expected.places,
        expected.kinds,
        expected.least,
        expected.degree,
        expected.years,
        expected.asks,
        expected.without,
        expected.major,
    )


@given(st.text(max_size=120))
def test_any_text_is_read(text: str) -> None:
    found = read(text)
    assert Wanted.from_json(found.to_json()) == found
    assert all(line for line in spoken(found))


def test_filters_are_read_back() -> None:
    assert spoken(read("成都或者重庆 会计 本科 应届 5k以上 双休 不要销售")) == [
        "岗位:会计",
        "地点:成都、重庆",
        "工资:每月 5000 元以上",
        "学历:本科",
        "经验:应届或没有经验",
        "要有:双休",
        "不要:销售",
    ]
    assert read("外地也行 会计").anywhere
