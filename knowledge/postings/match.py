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
from knowledge.postings.catalogue import NEVER, PERKS, Catalogue, Rows, bare, bits, terms
from knowledge.postings.wanted import Wanted

Floats = NDArray[np.float32]
NOWHERE: Rows = np.zeros(0, np.int32)
WEIGHTS = {"title": 0.35, "text": 0.15, "major": 0.12, "pay": 0.12, "near": 0.12, "new": 0.07, "asks": 0.07}
"""Shares of the score; where no title is wished, the major has the share of title and text."""
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
FIELD = 4000
"""So many of the best titles are told apart by their texts."""
KEPT = 2**24
"""Cards of the answers that are kept, each asked for by many: at most some hundred megabytes."""
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


def within_limits(catalogue: Catalogue, wanted: Wanted, today: date, rows: Rows) -> NDArray[np.bool_]:
    """Which of these cards break no hard limit, the place aside; what a posting or a person has not said breaks none."""
    good = catalogue.deadline[rows] >= today.toordinal()
    if wanted.kinds:
        known = np.array([name in wanted.kinds for name in catalogue.kinds])
        good &= known[catalogue.kind[rows]]
    if wanted.degree is not None:
        good &= catalogue.degree[rows] <= wanted.degree
    if wanted.cohort is not None:
        asked, told = catalogue.cohorts[rows], np.uint32(bits((wanted.cohort,)))
        good &= (asked == 0) | ((asked & told) != 0)
        if wanted.cohort < today.year - CHOICE:
            good &= ~(catalogue.fresh[rows] & (asked == 0))
    if wanted.years == 0 or (wanted.cohort or 0) >= today.year:
        good &= ~catalogue.barred[rows]
    if wanted.years is not None:
        good &= catalogue.years[rows] <= wanted.years + SLACK
    return good


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


def titled(catalogue: Catalogue, title: str) -> Floats:
    """How far each card's title meets a wished one, 0..1."""
    found = dict.fromkeys(terms(title), 1.0)
    mass = SATURATED * catalogue.titles.mass(found) + 1e-6
    met: Floats = np.minimum(1.0, catalogue.titles.scores(found) * np.float32(2.0 / mass))
    if kin := families.of_title(bare(title)):
        alike = np.flatnonzero(catalogue.family & np.uint64(kin))
        met[alike] = np.maximum(met[alike], KIN + 0.4 * met[alike])
    return met


class Vacancies:
    """One catalogue on one day; keeps what many people ask of it alike."""

    def __init__(self, catalogue: Catalogue, today: date) -> None:
        self.catalogue, self.today = catalogue, today
        self.by_id = {row["id"]: row for row in catalogue.rows}
        self.all = np.arange(len(catalogue), dtype=np.int32)
        kept = KEPT // max(1, len(catalogue))
        self.titled = lru_cache(kept)(self.find)
        self.there = lru_cache(kept)(self.near)
        age = np.clip(today.toordinal() - catalogue.posted, 0, 365)
        self.new = np.where(catalogue.posted > 0, np.exp2(-age / FADES), 0.3).astype(np.float32)
        self.middle = (catalogue.low + catalogue.high) / 2
        self.typical = np.float32(np.nanmedian(self.middle) if np.isfinite(self.middle).any() else 1.0)

    def find(self, title: str) -> tuple[Rows, Floats, Floats]:
        """Places of the cards whose title meets a wished one, how far, and how much the texts of the best FIELD speak of the same."""
        met = titled(self.catalogue, title)
        rows = np.flatnonzero(met >= LIKE).astype(np.int32)
        met, gist = met[rows], self.catalogue.gist
        best = np.argpartition(-met, FIELD)[:FIELD] if len(rows) > FIELD else np.arange(len(rows))
        spoken = np.zeros(len(rows), np.float32)
        spoken[best] = np.minimum(1, gist.spoken(rows[best], gist.telling(rows[best], met[best])))
        return rows, met, spoken

    def sought(self, titles: tuple[str, ...]) -> tuple[Rows, Floats, Floats]:
        """As `find`, of several titles the best at each card."""
        if len(titles) == 1:
            return self.titled(titles[0])
        best = np.zeros((2, len(self.catalogue)), np.float32)
        for rows, *values in map(self.titled, titles):
            best[:, rows] = np.maximum(best[:, rows], values)
        rows = np.flatnonzero(best[0]).astype(np.int32)
        return rows, best[0, rows], best[1, rows]

    def near(self, places: tuple[str, ...]) -> tuple[Rows, Floats]:
        """Places of the cards within reach, and how near each card of the catalogue is."""
        near = there(self.catalogue, places)
        return np.flatnonzero(near).astype(np.int32), near

    def scored(self, wanted: Wanted, feedback: Feedback = NEUTRAL) -> tuple[Rows, Floats, dict[str, Floats]]:
        """Places within the limits, their scores, and the parts of these."""
        catalogue, weights, parts = self.catalogue, dict(WEIGHTS), dict[str, Floats]()
        within, near = self.there(wanted.places) if wanted.places else (self.all, None)
        rows = self.all if wanted.anywhere else within
        if wanted.titles:
            rows, met, spoken = self.sought(wanted.titles)
            if near is not None and not wanted.anywhere:
                here = np.flatnonzero(near[rows])
                rows, met, spoken = rows[here], met[here], spoken[here]
        good = within_limits(catalogue, wanted, self.today, rows)
        rows = rows[good]
        if wanted.titles:
            parts["title"], parts["text"] = met[good], spoken[good]
        else:
            weights["major"] += weights.pop("title") + weights.pop("text")
        led = families.of_major(wanted.major) if wanted.major else 0
        parts["major"] = ((catalogue.family[rows] & np.uint64(led)) != 0).astype(np.float32)
        parts["pay"] = self.paid(rows, wanted.least)
        parts["near"] = np.full(len(rows), 0.5, np.float32) if near is None else near[rows]
        parts["new"] = self.new[rows]
        asked = sum(1 << number for number, name in enumerate(PERKS) if name in wanted.asks)
        parts["asks"] = np.bitwise_count(catalogue.perks[rows] & np.uint8(asked)) / np.float32(max(1, len(wanted.asks)))
        score = np.zeros(len(rows), np.float32)
        for name, weight in weights.items():
            score += np.float32(weight) * parts[name]
        return rows, score if feedback is NEUTRAL else score * liked(catalogue, rows, feedback), parts

    def paid(self, rows: Rows, least: int | None) -> Floats:
        """0..1: unsaid pay .3; with a least asked for, 1 from it upwards and falling below; without, half more than the median gets is 1."""
        if least:
            met = (self.catalogue.high[rows] / np.float32(least) - np.float32(0.6)) / np.float32(0.4)
        else:
            met = self.middle[rows] / (np.float32(1.5) * self.typical)
        return np.where(np.isnan(met), np.float32(0.3), np.minimum(np.maximum(met, 0), 1)).astype(np.float32)

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


def liked(catalogue: Catalogue, rows: Rows, feedback: Feedback) -> Floats:
    factor = np.ones(len(rows), np.float32)
    for bit, times in feedback.kin.items():
        factor[(catalogue.family[rows] & np.uint64(bit)) != 0] *= np.float32(times)
    for name, times in feedback.employers.items():
        if (number := catalogue.employers.get(name)) is not None:
            factor[catalogue.company[rows] == number] *= np.float32(times)
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
