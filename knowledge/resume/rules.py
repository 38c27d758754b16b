"""Remarks on a résumé: every rule that applies, where, why, how to mend it; the most important; and what moves each side of it.

Rules are data (data/rules.toml); those that a pattern cannot find are in `checks`. There is no score.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.resume import checks
from knowledge.resume.checks import Hit, Limits, Place
from knowledge.resume.examples import rewritten
from knowledge.resume.extract import Paper
from knowledge.resume.sections import Resume, lines, read

DATA = Path(__file__).parent / "data"
DIMENSIONS = ("联系方式", "结构和时间", "内容", "语言", "隐私", "版面和文件")
SEVERITIES = {3: "先改", 2: "该改", 1: "有空再改"}
READ = 800
"""Characters of a line that are looked at: nobody writes longer ones, and no text may take long."""
MISREAD = ("W13", "L14")
"""Rules of single signs, not held against a text that was recognised: the sign may have been read wrongly."""
SHOWN = 60
"""Characters of a quote."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `where`: `text`, `told` or kinds of sections; no `any`: found by code."""

    id: str
    title: str
    dimension: str
    severity: int
    why: str
    fix: str
    source: str
    where: tuple[str, ...]
    any: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]
    mask: bool


@dataclass(frozen=True, slots=True)
class Remark:
    """What one rule says of this résumé. `places`: where in the text, the first is quoted; none: it is about what is missing.

    `detail` says what exactly is wrong, `example` how it could be written.
    """

    rule: Rule
    places: tuple[Place, ...]
    quote: str = ""
    detail: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """All remarks, the most important first."""

    resume: Resume
    remarks: tuple[Remark, ...]

    def most_important(self, number: int = 5) -> tuple[Remark, ...]:
        return self.remarks[:number]

    def dimensions(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Each side of the résumé: its name, how it stands in a word, and what moves it."""
        rows = []
        for name in DIMENSIONS:
            here = [remark for remark in self.remarks if remark.rule.dimension == name]
            worst = max((remark.rule.severity for remark in here), default=0)
            rows.append((name, SEVERITIES.get(worst, "不错"), tuple(remark.rule.title for remark in here)))
        return rows


@cache
def loaded() -> tuple[dict[str, Rule], Limits, dict[str, str]]:
    """The rules in the order of the file, the limits, the sources by their short names."""
    held = tomllib.loads((DATA / "rules.toml").read_text(encoding="utf8"))

    def patterns(row: dict[str, Any], name: str) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(pattern) for pattern in row.get(name, ()))

    rules = {}
    for row in held["rule"]:
        where = row.get("where", "text")
        said = {name: row[name] for name in ("id", "title", "dimension", "severity", "why", "fix")}
        rules[row["id"]] = Rule(
            **said,
            source=held["sources"][row["source"]],
            where=(where,) if isinstance(where, str) else tuple(where),
            any=patterns(row, "any"),
            unless=patterns(row, "unless"),
            mask=row.get("mask", False),
        )
    return rules, Limits(**held["limits"]), held["sources"]


def review(paper: Paper, today: date) -> Review:
    """What is to be said of a résumé on a day; never raises."""
    resume = read(paper.text)
    rules, limits, _ = loaded()
    hits = [hit for rule in rules.values() for hit in by_pattern(rule, resume)]
    hits += checks.found(resume, paper, today, limits)
    grouped: dict[str, list[Hit]] = {}
    for hit in hits:
        grouped.setdefault(hit.rule, []).append(hit)
    if "W01" in grouped and len(grouped["W01"]) * 2 >= len(resume.told):
        grouped.pop("W02", None)  # the same thing said twice
    for rule in MISREAD if "recognised" in paper.look else ():
        grouped.pop(rule, None)
    order = list(rules)
    remarks = [remark(rules[name], found, resume) for name, found in grouped.items()]
    return Review(resume, tuple(sorted(remarks, key=lambda each: (-each.rule.severity, order.index(each.rule.id)))))


def remark(rule: Rule, hits: Sequence[Hit], resume: Resume) -> Remark:
    """One remark of all the places where a rule applies."""
    best = next((hit for hit in hits if hit.place), hits[0])
    places = tuple(sorted({hit.place for hit in hits if hit.place}))
    quote = resume.text[slice(*best.place)] if best.place else ""
    if rule.mask:
        quote = re.sub(r"(?<=\w{2})[\w-](?=[\w-]{2})", "*", quote) if rule.id != "P10" else "家庭成员……"
    quote = " ".join(quote.split())
    example = best.example or (rewritten(rule.id, quote) if best.place else "")
    return Remark(rule, places, quote if len(quote) <= SHOWN else quote[: SHOWN - 1] + "…", best.detail, example)


def by_pattern(rule: Rule, resume: Resume) -> Iterator[Hit]:
    """Where the patterns of a rule are found: the whole line of things told, else the words found."""
    if not rule.any:
        return
    for start, end in within(rule, resume):
        line = resume.seen[start : min(end, start + READ)]
        told = BULLETS.sub("", line)
        offset = len(line) - len(told)
        found = next((match for pattern in rule.any if (match := pattern.search(told))), None)
        if not found or any(pattern.search(line) for pattern in rule.unless):
            continue
        first, last = (0, len(told)) if rule.where == ("told",) else clause(told, *found.span())
        yield Hit(rule.id, (start + offset + first, start + offset + last))


def clause(line: str, first: int, last: int) -> Place:
    """The label and its value, or the part of a line between stops, that holds what was found; only what was found where that part is long."""
    for pair in PAIR.finditer(line):
        if pair.start() <= first and last <= pair.end():
            return pair.span()
    start = max((stop.end() for stop in STOP.finditer(line, 0, first)), default=0)
    end = next((stop.start() for stop in STOP.finditer(line, last)), len(line))
    return (start, end) if end - start <= 40 else (first, last)


BULLETS = re.compile(r"^\s*(?:[•●▪◆■·➢✓✔►▶○◇☆▲※*-]|\(?\d{1,2}[)、.](?!\d)|[①-⑳])\s*")
STOP = re.compile(r"[,。;:|、] ?|(?<=\d{7}) ")
PAIR = re.compile(r"[\u4e00-\u9fff]{2,6} ?: ?[^\s,。;:|、]{1,20}(?=[\s,。;|]|$)")
WITHIN: dict[str, Callable[[Resume], Sequence[Place]]] = {
    "text": lambda resume: list(lines(resume.text, 0, len(resume.text))),
    "told": lambda resume: resume.told,
}


def within(rule: Rule, resume: Resume) -> Sequence[Place]:
    kind = rule.where[0]
    return WITHIN[kind](resume) if kind in WITHIN else list(resume.rows(*rule.where))
