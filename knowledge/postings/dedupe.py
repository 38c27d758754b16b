"""Repeats among postings: the same row, the same title, employer, city and pay, or nearly the same text of one employer. Arrays in, groups
out; what a group is shown as is not decided here.

MinHash is done in numpy, all texts at once by one-permutation hashing: 19 329 real texts take 1.0 s of processor time where rensa 0.5 takes
2.0 s and datasketch 2.0 takes 12.9 s (64 minima each), without a compiled dependency, and the hashes serve the exact check as well.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from knowledge.postings.reading import plain

SHINGLE = 5
"""Characters of a shingle: Chinese words have two, so a changed word breaks few."""
SHORTEST = 40
"""Characters of text from which likeness says something; shorter texts are alike by chance (five-line lists of duties)."""
BINS, ROWS = 64, 4
"""Minima of a text, and how many stand in a band: 16 bands of 4 find a pair of likeness 0.8 in 99.99 of 100 cases, one of 0.4 in 34."""
ALIKE = 0.8
"""Share of common shingles from which two texts of one employer are one posting."""
TITLES = 0.5
"""Share of the shorter title's pairs of characters that the other must have: one text of boilerplate serves 运维 and Java alike."""
RANK = re.compile(r"高级|资深|中级|初级|实习|见习|助理|主管|经理|总监|组长|兼职|应届|储备|管培")
NOISE = re.compile(r"[\W_]+")
EMPTY = np.uint32(0xFFFFFFFF)
Ids = NDArray[np.int64]
Hashes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Item:
    """What is compared. `place` is a code or a city as said, `pay` anything that is equal for equal pay."""

    title: str
    company: str
    place: str
    pay: Hashable
    text: str = ""


@dataclass(frozen=True, slots=True)
class Folded:
    """`groups[i]`: the number of the first posting that posting i repeats (itself if it is the first)."""

    groups: Ids
    same: int
    alike: int

    @property
    def cards(self) -> int:
        return len(np.unique(self.groups))


class Sets:
    """Union-find over numbers; the smallest of a set stands for it."""

    def __init__(self, count: int) -> None:
        self.above = list(range(count))

    def root(self, number: int) -> int:
        while self.above[number] != number:
            self.above[number] = self.above[self.above[number]]
            number = self.above[number]
        return number

    def join(self, one: int, other: int) -> bool:
        a, b = sorted((self.root(one), self.root(other)))
        self.above[b] = a
        return a != b


def bare(text: str, most: int = 20_000) -> str:
    """Letters and figures alone: a changed dash or space is no change."""
    return NOISE.sub("", plain(text, most))


def shingles(texts: Sequence[str]) -> tuple[Hashes, Ids]:
    """Hashes of all shingles of all texts in one array, and where each text's begin (texts + 1)."""
    sizes = np.array([max(0, len(text) - SHINGLE + 1) for text in texts], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32)
    if len(codes) < SHINGLE:
        return np.zeros(0, dtype=np.uint32), starts
    rolled = np.zeros(len(codes) - SHINGLE + 1, dtype=np.uint64)
    for step in range(SHINGLE):
        rolled = rolled * np.uint64(0x100000001B3) + codes[step : len(codes) - SHINGLE + 1 + step]
    rolled ^= rolled >> np.uint64(29)
    rolled *= np.uint64(0xBF58476D1CE4E5B9)
    hashes = (rolled >> np.uint64(32)).astype(np.uint32)
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    places = np.repeat(np.concatenate(([0], np.cumsum(lengths)))[:-1] - starts[:-1], sizes) + np.arange(starts[-1])
    return hashes[places], starts


def signatures(hashes: Hashes, starts: Ids) -> Hashes:
    """One row of BINS minima a text; a bin that no shingle fell into takes the next full one's (rotation)."""
    count = len(starts) - 1
    owner = np.repeat(np.arange(count, dtype=np.uint64), np.diff(starts))
    cell = owner * np.uint64(BINS) + hashes % np.uint32(BINS)
    both = np.sort(cell << np.uint64(32) | hashes)
    cells = (both >> np.uint64(32)).astype(np.int64)
    first = np.flatnonzero(np.diff(cells, prepend=-1))
    minima = np.full(count * BINS, EMPTY, dtype=np.uint32)
    minima[cells[first]] = both[first].astype(np.uint32)
    table = minima.reshape(count, BINS)
    for _ in range(BINS):
        holes = table == EMPTY
        if not holes[table.min(axis=1) < EMPTY].any():
            break
        table = np.where(holes, np.roll(table, -1, axis=1), table)
    return table


def likeness(one: Hashes, other: Hashes) -> float:
    """Share of common shingles (Jaccard) of two sorted distinct arrays."""
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common) if common else 0.0


def one_job(one: str, other: str) -> bool:
    """Whether two titles may mean the same job: the same rank, and half of the shorter one's pairs of characters in both."""
    if one == other:
        return True
    a, b = set(pairwise(one)), set(pairwise(other))
    return set(RANK.findall(one)) == set(RANK.findall(other)) and len(a & b) >= TITLES * max(1, min(len(a), len(b)))


def alike(texts: Sequence[str], jobs: Sequence[tuple[str, str]], sets: Sets, numbers: Sequence[int]) -> int:
    """Joins texts of one employer and job that are nearly the same; how many were joined. `jobs`: employer and title of each text,
    `numbers`: the postings the texts are of."""
    hashes, starts = shingles(texts)
    table = signatures(hashes, starts)
    distinct: dict[int, Hashes] = {}
    joined = 0
    for band in range(0, BINS, ROWS):
        buckets: dict[tuple[str, bytes], list[int]] = {}
        for row, (owner, title) in enumerate(jobs):
            key = (owner, table[row, band : band + ROWS].tobytes())
            firsts = buckets.setdefault(key, [])
            for first in firsts:
                if sets.root(numbers[first]) == sets.root(numbers[row]):
                    break
                if not one_job(title, jobs[first][1]):
                    continue
                for each in (first, row):
                    if each not in distinct:
                        distinct[each] = np.unique(hashes[starts[each] : starts[each + 1]])
                if likeness(distinct[first], distinct[row]) >= ALIKE:
                    joined += sets.join(numbers[first], numbers[row])
                    break
            else:
                firsts.append(row)
    return joined


def fold(items: Sequence[Item]) -> Folded:
    """Groups of repeats. Same title, employer, city and pay; and, of one named
    employer and for one job, texts that are alike whatever the city."""
    sets = Sets(len(items))
    known: dict[Hashable, int] = {}
    same = 0
    firsts: list[int] = []
    texts: list[str] = []
    jobs: list[tuple[str, str]] = []
    for number, item in enumerate(items):
        text = bare(item.text)
        title, company = bare(item.title), bare(item.company)
        key: Hashable = (title, company, item.place, item.pay) if company else (title, company, item.place, item.pay, text)
        first = known.setdefault(key, number)
        if first != number:
            same += sets.join(first, number)
        elif company and len(text) >= SHORTEST:
            firsts.append(number)
            texts.append(text)
            jobs.append((company, title))
    near = alike(texts, jobs, sets, firsts) if texts else 0
    return Folded(np.array([sets.root(number) for number in range(len(items))], dtype=np.int64), same, near)
