"""How alike a text is to frauds we wrote ourselves: weights of runs of signs, of roles and of named signs, hashed, in `data/likeness.npz`.

It says how far the named signs are to be believed; what follows from both is decided in `scam` and in `knowledge.postings.screen`.

The weights come from `tests/knowledge/rights/corpus.py`, which also proves that they belong to the examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from knowledge.postings.reading import plain
from knowledge.rights.roles import Row, bonds, demanded, roles
from knowledge.rights.signals import Reason, unmasked

WEIGHTS = Path(__file__).parent / "data" / "likeness.npz"
BUCKETS = 1 << 18
"""Fewer make strangers share a weight: with a quarter of them a tenth fewer unseen frauds are told from innocents."""
WINDOW, STEP = 300, 100
"""Signs that are judged at once, about a long message; of a longer text the worst stretch counts."""
SPREAD = 0.3
"""Log-odds that stretches cost for each unit of the logarithm of their number: the worst of many looks bad by chance (found on real postings)."""
SHORT = 60
"""Buckets below which a text is too short to be very like anything."""
FEW = 10
"""Signs below which likeness says nothing: a title, one word."""
LENGTHS = (1, 2, 3)
PRIMES = (np.uint64(1), np.uint64(0x9E3779B1), np.uint64(0x85EBCA77), np.uint64(0xC2B2AE3D))
SCALE = 0.02
RULE_SHARE = 0.025
"""What one named sign counts beside the runs of signs; from 0.1 on it is believed so much that unseen texts are judged worse."""
ROLE_SHARE = 0.5
"""What the bonds of roles count beside the runs of signs: best of 0.3, 0.5 and 0.8 on writers that the weights were not learned from."""
ALIKE, LEAST, ALIKE_WEIGHT, ALIKE_MOST = 0.0, 5, 20, 45
"""From which log-odds likeness to known frauds counts, its points there and for one more of it, and how many at most."""
DEMAND_WEIGHT = 10
"""Points of what is wanted, said beside likeness alone."""

Array = NDArray[np.float64]


def bare(seen: str) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Each number as one 0, for how much is asked tells nothing, and where every sign that is left stood."""
    codes = np.frombuffer(seen.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    digit = (codes >= 48) & (codes <= 57)
    kept = np.flatnonzero(~digit | ~np.concatenate(([False], digit[:-1])))
    return np.where(digit, 48, codes)[kept], kept


def grams(codes: NDArray[np.uint64]) -> list[NDArray[np.int64]]:
    """The buckets of every run of one, two and three signs, each list as long as the text."""
    found = []
    mixed = np.zeros_like(codes)
    for length in range(1, max(LENGTHS) + 1):
        later = np.zeros_like(codes)
        later[: len(codes) - length + 1] = codes[length - 1 :]
        mixed = (mixed + later * PRIMES[length]) * PRIMES[1]
        if length in LENGTHS:
            found.append(((mixed >> np.uint64(13)) % np.uint64(BUCKETS)).astype(np.int64))
    return found


def repeats(every: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each run where the same stood last, -1 where nowhere: in a stretch it counts once."""
    flat = every.ravel()
    order = np.argsort(flat, kind="stable")
    same = flat[order[1:]] == flat[order[:-1]]
    before = np.full(len(flat), -1)
    before[order[1:][same]] = order[:-1][same]
    return before.reshape(every.shape)


def scale(size: int) -> float:
    return 1 / float(np.sqrt(max(size, SHORT)))


def named(found: Iterable[str]) -> NDArray[np.int64]:
    """The buckets of rules, by their ids."""
    return np.array(sorted({crc32(rule.encode()) % BUCKETS for rule in found}), dtype=np.int64)


def bound(row: Iterable[str]) -> NDArray[np.int64]:
    """The buckets of the bonds of a row of roles."""
    return np.array(sorted({each % BUCKETS for each in bonds(row)}), dtype=np.int64)


def features(seen: str, found: Iterable[str]) -> tuple[NDArray[np.int64], Array]:
    """Buckets and how much each counts."""
    seen = seen[:400]
    runs, ties, marks = np.unique(np.concatenate(grams(bare(seen)[0]))), bound(role for role, _ in roles(seen)), named(found)
    shares = [scale(len(runs)), ROLE_SHARE * scale(len(ties)), RULE_SHARE]
    return np.concatenate([runs, ties, marks]), np.repeat(shares, [len(runs), len(ties), len(marks)])


def rarity(at: NDArray[np.int64], texts: int) -> Array:
    """How much each bucket counts in learning: what stands in many texts says little of any, what stands in one alone is never met again.

    The square, for it tells most on writers that the weights were not learned from. Scaled so that a text keeps about the length one.
    """
    times = np.bincount(at)
    told: Array = np.where(times > 1, np.log((texts + 1) / (times + 1)) ** 2, 0)
    told /= np.sqrt(np.mean(told[at] ** 2))
    return told


def train(texts: Sequence[tuple[str, Iterable[str]]], bad: Sequence[bool], *, rounds: int = 700, decay: float = 3e-6) -> Array:
    """Weights and, last, the bias: logistic regression over the runs a text has, scaled to length one, and its rules; full batches, no chance."""
    rows = [features(*text) for text in texts]
    row = np.repeat(np.arange(len(rows)), [len(each) for each, _ in rows])
    kept, at = np.unique(np.concatenate([each for each, _ in rows]), return_inverse=True)
    rare = rarity(at, len(rows))
    value = np.concatenate([each for _, each in rows]) * rare[at]
    want = np.asarray(bad, dtype=float)
    share = np.where(want == 1, 0.5 / want.sum(), 0.5 / (1 - want).sum())
    weights, speed = np.zeros(len(kept) + 1), np.zeros(len(kept) + 1)
    for _ in range(rounds):
        logit = np.bincount(row, weights[at] * value, len(rows)) + weights[-1]
        error = (1 / (1 + np.exp(-logit)) - want) * share
        slope = np.append(np.bincount(at, error[row] * value, len(kept)), error.sum()) + decay * np.append(weights[:-1], 0)
        speed = 0.97 * speed - 4.0 * slope
        weights += speed
    whole = np.zeros(BUCKETS + 1)
    whole[kept], whole[-1] = weights[:-1] * rare, weights[-1]
    return whole


def packed(weights: Array) -> NDArray[np.int16]:
    return np.round(weights / SCALE).astype(np.int16)


@cache
def shipped() -> Array:
    with np.load(WEIGHTS) as stored:
        weights: NDArray[np.int16] = stored["weights"]
    return weights.astype(np.float64) * SCALE


def likeness(seen: str, row: Row, found: Iterable[str]) -> tuple[float, tuple[int, int]]:
    """The log-odds that the worst stretch of the text is a fraud, and where it stands. `seen`: as `plain` gives it; `row`: its roles; `found`:
    rules that hold."""
    weights = shipped()
    codes, kept = bare(seen)
    size = len(codes)
    if size < 2:
        return -9.0, (0, 0)
    every = np.stack(grams(codes), axis=1)
    worth, before = weights[every], repeats(every)
    best, at = -np.inf, 0
    starts = range(0, max(1, size - WINDOW + STEP), STEP)
    for start in starts:
        here = before[start : start + WINDOW] < start * len(LENGTHS)
        first, last = kept[start], kept[min(start + WINDOW, size) - 1]
        ties = bound(role for role, (place, _) in row if first <= place <= last)
        odds = float(worth[start : start + WINDOW][here].sum()) * scale(int(here.sum()))
        odds += ROLE_SHARE * float(weights[ties].sum()) * scale(len(ties))
        best, at = max((best, at), (odds, start), key=lambda each: each[0])
    best -= SPREAD * float(np.log(len(starts)))
    best += float(weights[named(found)].sum()) * RULE_SHARE + float(weights[-1])
    return best, (int(kept[at]), int(kept[min(at + WINDOW, size) - 1]) + 1)


WORD = re.compile(r"[\u4e00-\u9fffa-z]+")


def heaviest(seen: str, span: tuple[int, int], most: int = 3) -> list[tuple[int, int]]:
    """The words that weighed most in a stretch: spans of four signs that do not overlap, heaviest first."""
    weights = shipped()
    codes, kept = bare(seen)
    each = np.zeros(len(seen))
    each[kept] = sum(weights[found] for found in grams(codes))
    runs = [
        (float(each[at : at + 3].sum()), at)
        for word in WORD.finditer(seen, *span)
        for at in range(word.start(), max(word.start() + 1, word.end() - 3))
    ]
    chosen: list[int] = []
    for _, at in sorted(runs, reverse=True):
        if all(abs(at - other) >= 4 for other in chosen):
            chosen.append(at)
        if len(chosen) == most:
            break
    return [(at, min(at + 4, span[1])) for at in chosen]


@dataclass(frozen=True, slots=True)
class Likeness:
    """`odds`: log-odds that the text is a fraud; `sign`: the same as a reason, its span the word that weighed most; `demand`: what is wanted
    of whoever reads it. Both None below `ALIKE`."""

    odds: float
    sign: Reason | None
    demand: Reason | None = None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(reason for reason in (self.sign, self.demand) if reason)


def alike(text: str, most: int, found: Iterable[str]) -> Likeness:
    """`found`: the ids of the rules that hold in the text."""
    seen, places = unmasked(plain(text, most))
    row = roles(seen)
    odds, span = likeness(seen, row, found) if len(seen) >= FEW else (0.0, (0, 0))
    if odds < ALIKE or not span[1]:
        return Likeness(odds, None)
    words = heaviest(seen, span)
    said = "」「".join(dict.fromkeys(seen[slice(*word)] for word in words))
    say = f"说法和常见骗局很像,最像的是「{said}」"
    sign = Reason("M01", "说法像骗局", min(ALIKE_MOST, LEAST + int(odds * ALIKE_WEIGHT)), "fraud", told(words[0] if words else span, places), say)
    wanted = demanded(row)
    return Likeness(odds, sign, Reason("R01", "要你做什么", DEMAND_WEIGHT, "fraud", told(wanted[1], places), wanted[0]) if wanted else None)


def told(span: tuple[int, int], places: Sequence[int]) -> tuple[int, int]:
    """A span as it stands in the text as given."""
    start, end = span
    return (places[start], places[end - 1] + 1) if places else span
