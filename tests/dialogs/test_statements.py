"""Facts in free sentences: every field that a sentence states, and no other. The sentences lie in statements.jsonl.

frames.toml holds one thing said in many ways; unseen*.jsonl what people wrote who knew the fields and not the reader.
`may`: fields that one may read out of the sentence or leave. `known_miss`: not read right yet; how many those may be is bounded.
"""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs import likeness, localities, statements
from knowledge import profile
from knowledge.policy import regions
from tests.dialogs.corpus import digest, examples
from tests.growth import LINEAR, growth

TODAY = date(2026, 11, 22)
SENTENCES = [json.loads(line) for line in (Path(__file__).parent / "statements.jsonl").read_text("utf8").splitlines()]
READ_RIGHT = [row for row in SENTENCES if "known_miss" not in row]
INDEPENDENT = ["2025年6月毕业", "大专学历", "户口在信阳", "人在杭州", "自己交社保", "办过助学贷款", "失业登记没办", "签了三年合同", "我今年24岁"]
REFUSED = (Path(__file__).parent / "refused.txt").read_text("utf8").splitlines()
"""Asked for and not granted, another's, or something near: no examples, for so many that state nothing would teach silence."""
FRAMES = tomllib.loads((Path(__file__).parent / "frames.toml").read_text("utf8"))
PIECES = st.lists(
    st.sampled_from([*(row["text"] for row in SENTENCES), "2025年", "13月", "社保", "99个月", "没", "吗", ",", "户口在", "如果", "我"]), max_size=5
).map("".join)


@pytest.fixture(scope="module")
def readings() -> list[dict[str, Any]]:
    """What was found in every sentence, in their order."""
    made = []
    for row in SENTENCES:
        found = statements.read(row["text"], TODAY)
        made.append({name: value for name, value in found.items() if name in row["fields"] or name not in row.get("may", ())})
    return made


def test_what_is_stated_and_nothing_else(readings: list[dict[str, Any]]) -> None:
    found = {row["text"]: found for row, found in zip(SENTENCES, readings, strict=True) if "known_miss" not in row}
    assert found == {row["text"]: row["fields"] for row in READ_RIGHT}


@pytest.mark.parametrize("frame", FRAMES["frame"], ids=lambda frame: f"{frame['field']}={frame['value']}")
def test_each_way_to_say_it(frame: dict[str, Any]) -> None:
    found = {said: statements.read(said, TODAY).get(frame["field"]) for said in frame["said"]}
    wrong = {said: value for said, value in found.items() if frame["value"] not in (value if isinstance(value, list) else (value,))}
    assert not wrong


@pytest.mark.parametrize("said", FRAMES["silent"])
def test_plans_questions_and_other_people_state_nothing(said: str) -> None:
    assert statements.read(said, TODAY) == {}


def test_what_was_refused_or_is_anothers_states_nothing() -> None:
    assert {said: found for said in REFUSED if (found := statements.read(said, TODAY))} == {}


def test_few_sentences_are_not_read_right(readings: list[dict[str, Any]]) -> None:
    stated = missed = wrong = given = 0
    for row, found in zip(SENTENCES, readings, strict=True):
        stated += len(row["fields"])
        given += len(found)
        missed += len(row["fields"].keys() - found.keys())
        wrong += sum(row["fields"].get(name) != value for name, value in found.items())
    assert missed <= 0.1 * stated
    assert wrong <= 0.03 * given


def test_every_field_is_read_somewhere() -> None:
    never_told = {"local_answers"}
    assert {name for row in READ_RIGHT for name in row["fields"]} == profile.FIELDS.keys() - never_told


@given(st.one_of(st.text(max_size=60), PIECES), st.dates(date(2020, 1, 1), date(2032, 12, 31)))
def test_any_text_reads_into_a_clean_profile(text: str, today: date) -> None:
    found = statements.read(text, today)
    assert profile.read(found) == (found, [])


@given(st.permutations(INDEPENDENT))
def test_order_does_not_matter(parts: list[str]) -> None:
    assert statements.read(",".join(parts), TODAY) == statements.read(",".join(INDEPENDENT), TODAY)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("云南文山州广南县", "广南"),
        ("六安市裕安区", "六安裕安区"),
        ("裕安区", "裕安区"),
        ("赣州于都县", "于都"),
        ("昆山", "昆山"),
        ("广西壮族自治区南宁市", "南宁"),
        ("湖南", "湖南"),
        ("黔东南州凯里市", "凯里"),
        ("苏州盛泽镇", "苏州"),
        ("贵阳小区", "贵阳"),
    ],
)
def test_a_place_is_named_as_exactly_as_said(said: str, name: str) -> None:
    found = localities.place().match(said)
    assert found
    assert regions.name(found) == name


@pytest.mark.parametrize("piece", ["2025", "的", "没", "1个月", "合同签", "我在", "户口", "没有", "自己交社保"])
def test_time_does_not_blow_up(piece: str) -> None:
    assert growth(lambda text: statements.read(text, TODAY), piece, 500) < LINEAR


def test_likeness_is_learned_from_the_examples() -> None:
    with np.load(likeness.WEIGHTS) as stored:
        assert str(stored["examples"]) == digest(examples()), "run python -m tests.dialogs.corpus"


def test_what_was_never_said_that_way_is_read_by_its_likeness() -> None:
    """Ways to say things that no rule and no example knows."""
    assert statements.read("在一家面粉厂做化验,三班倒", TODAY)["employment"] == "就业"


WORDS = {
    "脱贫户": "脱贫",
    "零就业家庭": "零就业",
    "求职补贴": "SUB-01",
    "一次性求职创业补贴": "SUB-01",
    "社保补贴": "SUB-02",
    "一次性创业补贴": "ENT-02",
}
"""What those who wrote the unseen sentences called a group or a benefit: they knew no numbers of entries."""


def bare(value: Any) -> Any:
    """A town without its 市; groups in one order."""
    return value.removesuffix("市") if isinstance(value, str) else sorted(WORDS.get(one, one) for one in value) if isinstance(value, list) else value


def forbidden(row: dict[str, Any], found: dict[str, Any]) -> set[str]:
    """Fields that were read though the sentence is labelled not to state them (`must_not`), or not that value."""
    broken = set()
    for said in row.get("must_not", ()):
        name, _, value = said.partition("=")
        held = found.get(name)
        values = [str(one).lower() for one in (held if isinstance(held, list) else [] if held is None else [bare(held)])]
        if value.lower() in values if value else values and name not in row["fields"]:
            broken.add(name)
    return broken


@pytest.mark.parametrize(
    ("name", "facts", "least", "most"),
    [("unseen", 272, 0.72, 0.06), ("unseen_usual", 480, 0.82, 0.08), ("unseen_strict", 527, 0.9, 0.02), ("unseen_plain", 912, 0.93, 0.02)],
)
def test_how_much_of_unseen_sentences_is_read(name: str, facts: int, least: float, most: float) -> None:
    """README's figures. Three facts a sentence, and two, and two labelled only where most would (`strict`, `plain`). Wrong is another value,
    and what must not be read."""
    right = wrong = stated = 0
    for line in (Path(__file__).parent / f"{name}.jsonl").read_text("utf8").splitlines():
        row = json.loads(line)
        found = statements.read(row["text"], TODAY)
        stated += len(row["fields"])
        other = {name for name, value in row["fields"].items() if name in found and bare(found[name]) != bare(value)}
        right += len(row["fields"].keys() & found.keys()) - len(other)
        wrong += len(other | forbidden(row, found))
    assert stated == facts
    assert right / stated >= least, f"{right} of {stated}"
    assert wrong / stated <= most, f"{wrong} of {stated}"
