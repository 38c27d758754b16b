"""The live postings as arrays, one place for each card, with an index of their titles. Rows in, arrays out; no person, no score."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.policy.index import InvertedIndex
from knowledge.postings import families
from knowledge.postings.gist import Gist
from knowledge.postings.salary import PER_MONTH
from knowledge.postings.terms import bars_graduates
from knowledge.words import words

Rows = NDArray[np.int32]
SCOPES = ("nationwide", "remote")
"""Places that are everywhere."""
PERKS = {
    "双休": re.compile(r"双休|周末休|做五休二|上五休二|5天8小时|五天八小时|朝九晚五|朝九晚六"),
    "五险一金": re.compile(r"[五六]险[一二]金"),
    "包住": re.compile(r"包(?:食|吃)?住|提供(?:食宿|住宿|宿舍)|免费住宿|住宿补[贴助]|包食宿|员工宿舍"),
    "包吃": re.compile(r"包(?:食|吃)|免费(?:工作)?[餐午]|提供(?:食宿|工作餐|午餐)|餐补|员工餐"),
    "不加班": re.compile(r"不(?:用|需要?)?加班|无加班"),
    "远程": re.compile(r"远程(?!教育|医疗|控制|监控|运维|支持|协助|操作|诊断|维护|服务)|居家办公|在家办公"),
}
"""What people ask a posting to say, and how it is said."""
NEVER = 10**7
"""As a day: there is no deadline."""
FIRST_COHORT = 2010
CUT = re.compile(r"\(.*?\)|\[.*?\]|【.*?】|（.*?）|[-—_]{1,2}[a-z0-9]{4,}$")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`rows[i]` is what a card shows; every array has its values at i. Degrees and years -1: not said. Pay in yuan a month, NaN: not said.

    `cohorts`: bit n is the year FIRST_COHORT + n, 0 where none is said. Days are ordinals. `at`: by code prefix (2, 4 or 6 digits) the cards
    there. `spread`: cards that are everywhere. `barred`: graduates of the year are told not to apply.
    """

    rows: Sequence[Mapping[str, Any]]
    ids: NDArray[np.int64]
    company: Rows
    employers: Mapping[str, int]
    kind: NDArray[np.int8]
    kinds: tuple[str, ...]
    degree: NDArray[np.int8]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    years: NDArray[np.float32]
    fresh: NDArray[np.bool_]
    barred: NDArray[np.bool_]
    cohorts: NDArray[np.uint32]
    deadline: Rows
    posted: Rows
    family: NDArray[np.uint64]
    perks: NDArray[np.uint8]
    at: Mapping[str, Rows]
    spread: Rows
    titles: InvertedIndex
    gist: Gist

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Catalogue:
        """From rows of the table `posting`; repeats are folded into their card, which stands in all their places."""
        cards: dict[int, Mapping[str, Any]] = {}
        places: dict[int, list[str]] = {}
        for row in rows:
            card = row["card"] or row["id"]
            if row["id"] == card or card not in cards:
                cards[card] = row
            places.setdefault(card, []).extend(row["places"])
        held = list(cards.values())
        at: dict[str, list[int]] = {}
        spread: list[int] = []
        for number, card in enumerate(cards):
            codes = places[card]
            if not codes or any(code in SCOPES for code in codes):
                spread.append(number)
            for prefix in {code[:width] for code in codes if code[0].isdigit() for width in widths(code)}:
                at.setdefault(prefix, []).append(number)
        kinds = tuple(dict.fromkeys(["full_time", *(row["kind"] or "full_time" for row in held)]))
        number_of = {name: number for number, name in enumerate(kinds)}
        employers: dict[str, int] = {}
        monthly = [month(row) for row in held]
        titles = [bare(row["title"]) for row in held]
        whole = {title: row["title"] for title, row in zip(titles, held, strict=True)}
        known = {title: (families.of_title(title), terms(said)) for title, said in whole.items()}
        return cls(
            held,
            np.array([row["id"] for row in held], np.int64),
            np.array([employers.setdefault(row["company"] or f"?{row['id']}", len(employers)) for row in held], np.int32),
            employers,
            np.array([number_of[row["kind"] or "full_time"] for row in held], np.int8),
            kinds,
            np.array([-1 if row["degree"] is None else row["degree"] for row in held], np.int8),
            np.array([low for low, _ in monthly], np.float32),
            np.array([high for _, high in monthly], np.float32),
            np.array([-1 if row["years_low"] is None else row["years_low"] for row in held], np.float32),
            np.array([bool(row["fresh"]) for row in held], np.bool_),
            np.array([barred(row) for row in held], np.bool_),
            np.array([bits(row["cohorts"]) for row in held], np.uint32),
            np.array([row["deadline"].toordinal() if row["deadline"] else NEVER for row in held], np.int32),
            np.array([row["posted"].toordinal() if row["posted"] else 0 for row in held], np.int32),
            np.array([known[title][0] for title in titles], np.uint64),
            np.array([perks(row["text"]) for row in held], np.uint8),
            {prefix: np.array(found, np.int32) for prefix, found in at.items()},
            np.array(spread, np.int32),
            InvertedIndex.of([known[title][1] for title in titles], b=0.3),
            Gist([row["text"] for row in held]),
        )


def widths(code: str) -> tuple[int, ...]:
    """How much of a code says something: 2 of a province, 4 of a city, 6 of a district; a bare province also stands under its whole code."""
    return (2, 6) if code.endswith("0000") else (2, 4) if code.endswith("00") else (2, 4, 6)


def bare(title: str) -> str:
    """A title without what stands in brackets or is a number of the employer's own."""
    seen = words().normalise(title)
    return CUT.sub(" ", seen).strip() or seen


def terms(title: str) -> list[str]:
    """Words, pairs of characters and Latin names of a title; a single character says too little: 护士 is no 维护工程师."""
    return [term for term in words().features(bare(title)) if len(term) > 1]


def bits(cohorts: Iterable[int]) -> int:
    return sum({1 << year - FIRST_COHORT for year in cohorts if 0 <= year - FIRST_COHORT < 32})


def barred(row: Mapping[str, Any]) -> bool:
    """Whether a card tells graduates of the year not to apply."""
    return bars_graduates(f"{row['title']}\n{row['text']}")


def perks(text: str) -> int:
    return sum(1 << number for number, said in enumerate(PERKS.values()) if said.search(text))


def month(row: Mapping[str, Any]) -> tuple[float, float]:
    """Pay as yuan a month; pay for a task is none."""
    times = PER_MONTH.get(row["pay_unit"])
    if times is None:
        return float("nan"), float("nan")
    low, high = row["pay_low"], row["pay_high"]
    low, high = (high if low is None else low), (low if high is None else high)
    return (float("nan"), float("nan")) if low is None or high is None else (low * times, high * times)
