"""Facts in free sentences: every field that a sentence states, and no other. The sentences lie in statements.jsonl."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs import statements
from knowledge import profile

TODAY = date(2026, 11, 22)
SENTENCES = [json.loads(line) for line in (Path(__file__).parent / "statements.jsonl").read_text("utf8").splitlines()]
INDEPENDENT = ["2025年6月毕业", "大专学历", "户口在信阳", "人在杭州", "自己交社保", "办过助学贷款", "失业登记没办", "签了三年合同", "我今年24岁"]
PIECES = st.lists(
    st.sampled_from([*(row["text"] for row in SENTENCES), "2025年", "13月", "社保", "99个月", "没", "吗", ",", "户口在"]), max_size=5
).map("".join)


@pytest.mark.parametrize("row", SENTENCES, ids=lambda row: row["text"][:20])
def test_what_is_stated_and_nothing_else(row: dict[str, Any]) -> None:
    assert statements.read(row["text"], TODAY) == row["fields"]


@given(st.one_of(st.text(max_size=60), PIECES), st.dates(date(2020, 1, 1), date(2032, 12, 31)))
def test_any_text_reads_into_a_clean_profile(text: str, today: date) -> None:
    found = statements.read(text, today)
    assert profile.read(found) == (found, [])


@given(st.permutations(INDEPENDENT))
def test_order_does_not_matter(parts: list[str]) -> None:
    assert statements.read(",".join(parts), TODAY) == statements.read(",".join(INDEPENDENT), TODAY)
