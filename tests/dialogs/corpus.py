"""The labelled sentences and ways to say things that `dialogs.likeness` learns from, and the weights that come of them.

`python -m tests.dialogs.corpus` writes the weights anew after the examples were changed. No test is here.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dialogs import likeness
from dialogs.clauses import stated
from dialogs.likeness import LISTS, WEIGHTS, Runs, Weights
from knowledge.profile import FIELDS

HERE = Path(__file__).parent
KINDS = ("bool", "choice")
LEAST = 5
"""Examples below which a fact is not learned."""
EPOCHS, RATE, SCALE = 15, 2.0, 0.25


@dataclass(frozen=True)
class Example:
    """`judged`: the fields whose silence is told, too; of a single saying only its own, of a whole sentence all."""

    text: str
    facts: frozenset[str]
    judged: str | None = None


def told(fields: dict[str, Any]) -> frozenset[str]:
    listed = {f"{name}={value}" for name in LISTS for value in fields.get(name, ())}
    return frozenset(listed | {f"{name}={value}" for name, value in fields.items() if FIELDS[name].kind in KINDS})


def examples() -> list[Example]:
    """Never the unseen files."""
    rows = [json.loads(line) for line in (HERE / "statements.jsonl").read_text(encoding="utf8").splitlines()]
    frames, ways = (tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf8")) for name in ("frames", "ways"))
    found = [Example(row["text"], told(row["fields"])) for row in rows]
    found += [Example(text, frozenset()) for text in (*frames["silent"], *ways["nothing"])]
    for way in (*frames["frame"], *ways["way"]):
        field, value = way["field"], way["value"]
        if field in LISTS or FIELDS[field].kind in KINDS:
            found += [Example(text, told({field: [value] if field in LISTS else value}), field) for text in way["said"]]
    return found


def digest(known: list[Example]) -> str:
    return hashlib.sha256(repr([(each.text, sorted(each.facts), each.judged) for each in known]).encode()).hexdigest()


def learned(known: list[Example]) -> tuple[list[str], Weights, Weights]:
    """Facts, weights and bias: logistic regressions side by side, example after example, each weight at its own pace; chance is seeded."""
    counts: dict[str, int] = {}
    for each in known:
        for fact in each.facts:
            counts[fact] = counts.get(fact, 0) + 1
    names = sorted(fact for fact, count in counts.items() if count >= LEAST)
    fields = [name.partition("=")[0] for name in names]
    rows: list[tuple[Runs, Weights, Weights]] = []
    for each in known:
        clauses = stated(each.text).raw
        want = np.array([name in each.facts for name in names], dtype=np.float32)
        counted = np.array([each.judged in (None, field) for field in fields], dtype=np.float32)
        if clauses:
            rows.append((likeness.runs(likeness.document(clauses)), want, counted))
        if len(clauses) > 1:
            rows += [(likeness.runs(likeness.document([clause])), 0 * want, counted * (1 - want)) for clause in clauses]
    weights = np.zeros((likeness.BUCKETS, len(names)), dtype=np.float32)
    seen, bias = np.full_like(weights, 1e-2), np.full(len(names), -4, dtype=np.float32)
    order = np.random.RandomState(0)
    for _ in range(EPOCHS):
        for place in order.permutation(len(rows)):
            found, want, counted = rows[place]
            error = (1 / (1 + np.exp(-likeness.odds(found, weights, bias))) - want) * counted
            slope = error / np.float32(np.sqrt(max(len(found), likeness.SHORT)))
            seen[found] += slope * slope
            weights[found] -= RATE * slope / np.sqrt(seen[found])
            bias -= np.float32(0.01) * error
    return names, weights, bias


def main() -> None:
    known = examples()
    names, weights, bias = learned(known)
    packed = np.clip(np.round(weights / SCALE), -127, 127).astype(np.int8)
    np.savez_compressed(WEIGHTS, names=np.array(names), weights=packed, bias=bias, scale=np.float32(SCALE), examples=np.array(digest(known)))


if __name__ == "__main__":
    main()
