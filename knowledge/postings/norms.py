"""What the like postings pay: middle and ninth tenth by title and city, all at once in numpy. Judges nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from knowledge.postings.dedupe import RANK, bare
from knowledge.postings.salary import PER_MONTH
from knowledge.postings.screen import Norm

LEAST = 10
"""Employers from which a middle says something."""
TAIL = 3
"""Characters at a title's end that name the trade where the whole title is rare: 工程师, 销售员."""
BESIDE = re.compile(r"[(（\[【].*?(?:[)）\]】]|$)")
Columns = Mapping[str, Any]


def group(title: str) -> str:
    """The title without rank and what stands in brackets: 高级会计（双休） is paid like a 会计."""
    return RANK.sub("", bare(BESIDE.sub("", title), 200)) or bare(title, 200)


def monthly(columns: Columns) -> float | None:
    """Yuan a month in the middle of what is offered; None where it is not told, or told by the hour or the task."""
    scale = None if columns["pay_unit"] == "hour" else PER_MONTH.get(columns["pay_unit"])
    ends = [end for end in (columns["pay_low"], columns["pay_high"]) if end]
    return scale * sum(ends) / len(ends) if scale and ends else None


def towns(columns: Columns) -> list[str]:
    """Cities by the four digits of their code."""
    return [place[:4] for place in columns["places"] if place[:1].isdigit() and place[2:4] != "00"]


def keys(columns: Columns) -> list[str]:
    """Groups a posting is paid like, the nearest first."""
    whole = group(columns["title"])
    tail = whole[-TAIL:]
    found = [f"{whole}|{town}" for town in towns(columns)[:1]]
    return [*found, whole, *(f"~{tail}|{town}" for town in towns(columns)[:1])] if len(whole) >= TAIL else [*found, whole]


@dataclass(frozen=True, slots=True)
class Norms:
    known: Mapping[str, Norm]

    @classmethod
    def of(cls, postings: Iterable[Columns]) -> Norms:
        """One figure an employer and group, so that who posts often does not set the norm."""
        names: dict[str, int] = {}
        owners: dict[str, int] = {}
        rows: list[tuple[int, int, float]] = []
        for columns in postings:
            if pay := monthly(columns):
                owner = owners.setdefault(columns["company"], len(owners))
                rows += [(names.setdefault(key, len(names)), owner, pay) for key in keys(columns)]
        if not rows:
            return cls({})
        table = np.array(rows)
        order = np.lexsort((table[:, 1], table[:, 0]))
        table = table[order]
        first = np.any(np.diff(table[:, :2], axis=0, prepend=-1) != 0, axis=1)
        table = table[first]
        table = table[np.lexsort((table[:, 2], table[:, 0]))]
        starts = np.searchsorted(table[:, 0], np.arange(len(names) + 1))
        counts, pays = np.diff(starts), table[:, 2]
        return cls(
            {
                name: Norm(float(pays[starts[n] + (counts[n] - 1) // 2]), float(pays[starts[n] + (counts[n] - 1) * 9 // 10]))
                for name, n in names.items()
                if counts[n] >= LEAST
            }
        )

    def norm(self, columns: Columns) -> Norm | None:
        return next((self.known[key] for key in keys(columns) if key in self.known), None)
