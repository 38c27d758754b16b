"""Which postings fit a person, and why: hard limits first, then a score whose parts can be told. Arrays; no database, no channel.

The same function serves a person who searches, a person's digest, and new postings that look for their people (`fan_out`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.policy.index import SATURATED
from knowledge.postings import families
from knowledge.postings.catalogue import FIRST_COHORT, NEVER, PERKS, Catalogue, Rows, bare, terms
from knowledge.postings.wanted import Wanted

Floats = NDArray[np.float32]
NOWHERE: Rows = np.zeros(0, np.int32)
WEIGHTS = {"title": 0.45, "major": 0.15, "pay": 0.12, "near": 0.12, "new": 0.08, "asks": 0.08}
"""Shares of the score; where no title is wished, the major has its share."""
KIN = 0.45
"""A title of the same family without a common word is so near."""
LIKE = 0.25
"""A wished title must be met at least so far."""
SLACK = 1.0
"""Years of work that a graduate may lack: 「1年经验」 is often not meant strictly, and the card says so."""
CHOICE = 2
"""Years after graduating in which one counts as 应届 for most employers (择业期, IDS-10)."""
FADES = 21.0
"""Days in which a posting's freshness halves."""
PUSHES = 30
"""So many people a vacancy are told of it by push, priority groups first."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person's own clicks say: factors by employer and by family, 1 where nothing is known."""

    employers: Mapping[str, float] = field(default_factory=dict)
    kin: Mapping[int, float] = field(default_factory=dict)
    """By bit of the family."""


NEUTRAL = Feedback()


@dataclass(frozen=True, slots=True)
class Match:
    """A card for a person: its place in the catalogue, the score 0..1, and the parts it is made of."""

    place: int
    id: int
    score: float
    parts: Mapping[str, float]


def within_limits(catalogue: Catalogue, wanted: Wanted, today: date) -> Rows:
    """Places of the cards that break no hard limit; what a posting or a person has not said breaks none."""
    good = catalogue.deadline >= today.toordinal()
    if wanted.places and not wanted.anywhere:
        good &= there(catalogue, wanted.places) > 0
    if wanted.kinds:
        known = [number for number, name in enumerate(catalogue.kinds) if name in wanted.kinds]
        good &= np.isin(catalogue.kind, known)
    if wanted.degree is not None:
        good &= catalogue.degree <= wanted.degree
    if wanted.full_time is False:
        good &= ~catalogue.full_time
    if wanted.cohort is not None:
        bit = np.uint32(1 << max(0, min(31, wanted.cohort - FIRST_COHORT)))
        good &= (catalogue.cohorts == 0) | ((catalogue.cohorts & bit) != 0)
        if wanted.cohort < today.year - CHOICE:
            good &= ~(catalogue.fresh & (catalogue.cohorts == 0))
    if wanted.years is not None:
        good &= catalogue.years <= wanted.years + SLACK
    return np.flatnonzero(good).astype(np.int32)


def there(catalogue: Catalogue, places: Collection[str]) -> Floats:
    """How near each card is: 1 in the place itself, .8 in the same city, .6 everywhere or remote, .5 only the province is said, else 0."""
    near = np.zeros(len(catalogue), np.float32)
    near[catalogue.spread] = 0.6
    for code in places:
        whole = code[: 2 if code.endswith("0000") else 4 if code.endswith("00") else 6]
        if len(whole) > 2:
            only = catalogue.at.get(f"{code[:2]}0000", NOWHERE)
            near[only] = np.maximum(near[only], 0.5)
        if len(whole) == 6:
            city = catalogue.at.get(code[:4], NOWHERE)
            near[city] = np.maximum(near[city], 0.8)
        near[catalogue.at.get(whole, NOWHERE)] = 1.0
    return near


def titled(catalogue: Catalogue, titles: tuple[str, ...]) -> Floats:
    """How far each card's title meets the best of the wished ones, 0..1."""
    best = np.zeros(len(catalogue), np.float32)
    for title in titles:
        found = dict.fromkeys(terms(title), 1.0)
        mass = SATURATED * catalogue.titles.mass(found) + 1e-6
        met = np.minimum(1.0, catalogue.titles.scores(found) * 2.0 / mass)
        if kin := families.of_title(bare(title)):
            met = np.maximum(met, np.where((catalogue.family & np.uint64(kin)) != 0, KIN + 0.4 * met, 0.0))
        best = np.maximum(best, met.astype(np.float32))
    return best


class Vacancies:
    """One catalogue on one day; keeps what many people ask of it alike."""

    def __init__(self, catalogue: Catalogue, today: date) -> None:
        self.catalogue, self.today = catalogue, today
        self.by_id = {row["id"]: row for row in catalogue.rows}
        self.titled = lru_cache(256)(lambda titles: titled(catalogue, titles))
        self.there = lru_cache(512)(lambda places: there(catalogue, places))
        age = np.clip(today.toordinal() - catalogue.posted, 0, 365)
        self.new = np.where(catalogue.posted > 0, np.exp2(-age / FADES), 0.3).astype(np.float32)

    def scored(self, wanted: Wanted, feedback: Feedback = NEUTRAL) -> tuple[Rows, Floats, dict[str, Floats]]:
        """Places within the limits, their scores, and the parts of these."""
        catalogue = self.catalogue
        rows = within_limits(catalogue, wanted, self.today)
        weights = dict(WEIGHTS)
        parts: dict[str, Floats] = {}
        if wanted.titles:
            met = self.titled(wanted.titles)[rows]
            rows, parts["title"] = rows[met >= LIKE], met[met >= LIKE]
        else:
            weights["major"] += weights.pop("title")
        led = families.of_major(wanted.major) if wanted.major else 0
        parts["major"] = ((catalogue.family[rows] & np.uint64(led)) != 0).astype(np.float32)
        parts["pay"] = paid(catalogue, rows, wanted.least)
        parts["near"] = self.there(wanted.places)[rows] if wanted.places else np.full(len(rows), 0.5, np.float32)
        parts["new"] = self.new[rows]
        asked = sum(1 << number for number, name in enumerate(PERKS) if name in wanted.asks)
        parts["asks"] = np.bitwise_count(catalogue.perks[rows] & np.uint8(asked)) / np.float32(max(1, len(wanted.asks)))
        score = np.zeros(len(rows), np.float32)
        for name, weight in weights.items():
            score += np.float32(weight) * parts[name]
        return rows, score * liked(catalogue, rows, feedback), parts

    def rank(
        self,
        wanted: Wanted,
        most: int = 20,
        shown: Collection[int] = (),
        feedback: Feedback = NEUTRAL,
        left: NDArray[np.int32] | None = None,
    ) -> list[Match]:
        """The best cards, one an employer, none that was shown; equal ones in the order they came. `left`: pushes a card has left."""
        catalogue = self.catalogue
        rows, score, parts = self.scored(wanted, feedback)
        found: list[Match] = []
        employers: set[int] = set()
        for at in ordered(score, most):
            row = int(rows[at])
            number, employer = int(catalogue.ids[row]), int(catalogue.company[row])
            if number in shown or employer in employers or (left is not None and left[row] <= 0) or unwanted(catalogue.rows[row], wanted.without):
                continue
            employers.add(employer)
            found.append(Match(row, number, float(score[at]), {name: float(part[at]) for name, part in parts.items()}))
            if len(found) == most:
                break
        return found


def ordered(score: Floats, most: int) -> Iterator[int]:
    """Places of the scores from the highest; only as many are sorted as are looked at."""
    begun, width = 0, max(64, most * 8)
    while begun < len(score):
        if width >= len(score):
            order = np.argsort(-score, kind="stable")
        else:
            cut = np.partition(score, len(score) - width)[len(score) - width]
            best = np.flatnonzero(score >= cut)
            order = best[np.argsort(-score[best], kind="stable")]
        yield from order[begun:].tolist()
        begun, width = len(order), width * 8


def paid(catalogue: Catalogue, rows: Rows, least: int | None) -> Floats:
    """0..1: unsaid pay .3; with a least asked for, 1 from it upwards and falling below; without, what half more than the median gets is 1."""
    middle = (catalogue.low[rows] + catalogue.high[rows]) / 2
    if least:
        met = np.clip((catalogue.high[rows] / np.float32(least) - 0.6) / 0.4, 0, 1)
    else:
        typical = np.nanmedian(middle) if np.isfinite(middle).any() else 1.0
        met = np.clip(middle / np.float32(1.5 * typical), 0, 1)
    return np.where(np.isnan(middle), np.float32(0.3), met).astype(np.float32)


def liked(catalogue: Catalogue, rows: Rows, feedback: Feedback) -> Floats:
    factor = np.ones(len(rows), np.float32)
    for bit, times in feedback.kin.items():
        factor[(catalogue.family[rows] & np.uint64(bit)) != 0] *= np.float32(times)
    for name, times in feedback.employers.items():
        numbers = [place for place, row in enumerate(catalogue.rows) if row["company"] == name]
        factor[np.isin(rows, numbers)] *= np.float32(times)
    return factor


def unwanted(row: Mapping[str, Any], without: Iterable[str]) -> bool:
    return any(word in row["title"] or word in row["company"] for word in without)


NO_VACANCIES = Vacancies(Catalogue.of(()), date.min)


@dataclass(frozen=True, slots=True)
class Person:
    """One who is looked at by `fan_out`."""

    key: str
    wanted: Wanted
    shown: Collection[int] = ()
    feedback: Feedback = NEUTRAL
    priority: bool = False


def fan_out(vacancies: Vacancies, people: Iterable[Person], most: int) -> Iterator[tuple[str, list[Match]]]:
    """The best cards for each of many. Who has priority comes first; a card with few vacancies is told to PUSHES people for each of them."""
    left = np.array([min(NEVER, PUSHES * (row["headcount"] or 10)) for row in vacancies.catalogue.rows], np.int32)
    for person in sorted(people, key=lambda person: not person.priority):
        found = vacancies.rank(person.wanted, most, person.shown, person.feedback, left)
        for match in found:
            left[match.place] -= 1
        yield person.key, found
