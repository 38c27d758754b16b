"""Facts that a clause is like the ways we know to tell them: weights of runs and pairs of signs, hashed, in `likeness.npz`.

A second reader after the rules of `statements`: it fills yes-or-no and choice fields that they leave empty, sets no date, number, place or name.

The weights come from `tests/dialogs/corpus.py`, which also proves that they belong to the examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.profile import FIELDS
from knowledge.words import remembered

WEIGHTS = Path(__file__).parent / "likeness.npz"
BUCKETS = 1 << 14
LENGTHS, NEAR = 3, 12
PAIRED = np.uint64(1) << np.uint64(40)
PRIME, MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
SHORT = 20
"""Runs below which a clause is too short to be very like anything."""
FEW = 3
"""Signs below which a clause says nothing by itself: 签了, 在找."""
SURE, SURE_OF_GROUPS = 0.5, 0.8
"""From which probability a fact is believed; one about a group is sensitive and needs more."""
LISTS = ("groups", "received_before")

Weights = NDArray[np.float32]
Runs = NDArray[np.int64]


def runs(text: str) -> Runs:
    """The buckets of every run of one, two and three signs, and of every two signs near each other, whichever comes first."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    found, mixed = [], np.zeros_like(codes)
    for length in range(1, min(LENGTHS, len(codes)) + 1):
        mixed = mixed[: len(codes) - length + 1] * PRIME + codes[length - 1 :] + np.uint64(length)
        found.append(mixed)
    for apart in range(1, min(NEAR, len(codes) - 1) + 1):
        one, other = codes[:-apart], codes[apart:]
        found.append(np.minimum(one, other) * PRIME + np.maximum(one, other) + PAIRED)
    hashed = np.concatenate(found)
    return np.unique((((hashed ^ (hashed >> np.uint64(29))) * MIX) >> np.uint64(50)).astype(np.int64))


def document(clauses: Iterable[str]) -> str:
    """Clauses as the weights know them: each number as one 0, both ends marked."""
    return "^" + re.sub(r"\d+", "0", ",".join(clauses)) + "$"


def odds(found: Runs, weights: Weights, bias: Weights) -> Weights:
    """The log-odds of every fact."""
    sums: Weights = weights[found].sum(axis=0) / np.float32(np.sqrt(max(len(found), SHORT))) + bias
    return sums


@remembered
def chances(text: str) -> Weights:
    """The probability of every fact by one document alone; a turn asks for the same clause up to four times."""
    _, weights, bias = shipped()
    found: Weights = (1 / (1 + np.exp(-odds(runs(text), weights, bias)))).astype(np.float32)
    return found


@cache
def shipped() -> tuple[tuple[tuple[str, Any], ...], Weights, Weights]:
    """Facts, their weights and what each has before a word is read."""
    with np.load(WEIGHTS) as stored:
        facts = tuple(fact(str(name)) for name in stored["names"])
        return facts, stored["weights"].astype(np.float32) * stored["scale"], stored["bias"]


def fact(name: str) -> tuple[str, Any]:
    field, _, said = name.partition("=")
    return field, said == "True" if FIELDS[field].kind == "bool" else said


def sure(clauses: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Every fact that the clauses together or one of them is like, least like first."""
    spans = dict.fromkeys(document(span) for span in (clauses, *([clause] for clause in clauses)) if sum(map(len, span)) >= FEW)
    if not spans:
        return
    facts, best = shipped()[0], np.max([chances(span) for span in spans], axis=0)
    for place in np.argsort(best):
        field, value = facts[place]
        if best[place] >= (SURE_OF_GROUPS if FIELDS[field].sensitive else SURE):
            yield field, value


def told(clauses: Sequence[str]) -> dict[str, Any]:
    """What is most likely said, for every field that anything is said of."""
    found: dict[str, Any] = {}
    for field, value in sure(clauses):
        found[field] = [*found.get(field, ()), value] if field in LISTS else value
    return found
