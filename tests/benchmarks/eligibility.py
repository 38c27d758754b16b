"""Eligibility: every entry with conditions for many people, with verdicts and reasons (`plan`), and the verdict of one alone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import date
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from knowledge.policy.eligibility import Eligibility
from knowledge.policy.facts import Facts
from knowledge.policy.store import files, knowledge_of
from knowledge.profile import read
from tests.benchmarks.report import ROUNDS, Row, Table, best

PEOPLE = Path(__file__).parents[1] / "knowledge" / "people.jsonl"
SIZES = (100, 1_000, 10_000)
ONE = "SUB-02"
TODAY = date(2026, 11, 22)


def run() -> list[Table]:
    eligibility = Eligibility(knowledge_of(files()))
    known = [read(json.loads(line)["profile"])[0] for line in PEOPLE.read_text(encoding="utf8").splitlines()]
    rows: list[Row] = []
    for size in SIZES:
        people = list(islice(cycle(known), size))

        spent = seconds(lambda person: eligibility.plan(person, TODAY), people)
        alone = seconds(lambda person: eligibility.entries[ONE].check(Facts(person, TODAY)), people)
        rows.append(
            {
                "people": size,
                "all entries, s": spent,
                f"{ONE} alone, s": alone,
                "µs a person and entry": 1e6 * spent / size / len(eligibility.entries),
            }
        )
    return [Table(f"eligibility: {len(eligibility.entries)} entries with conditions", rows)]


def seconds(work: Callable[[dict[str, Any]], object], people: Sequence[dict[str, Any]]) -> float:
    """For all of them, in the best round."""

    def once() -> float:
        begun = time.perf_counter()
        for person in people:
            work(person)
        return time.perf_counter() - begun

    return best((once() for _ in range(ROUNDS)), float)
