"""Families of jobs as bits: which a title belongs to, which a major leads to, by `data/families.tsv`."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

from knowledge.words import Phrases, words

LATIN = re.compile("[a-z]")
FAMILIES = Path(__file__).parent / "data" / "families.tsv"


@cache
def table() -> tuple[tuple[str, ...], dict[str, int], dict[str, int], Phrases]:
    """Names, bits by word of a title, bits by part of a major, and what finds the words."""
    names: list[str] = []
    titles: dict[str, int] = {}
    majors: dict[str, int] = {}
    for line in FAMILIES.read_text(encoding="utf8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, own, studied = (*line.split("\t"), "")[:3]
        bit = 1 << len(names)
        names.append(name)
        for word in own.split():
            titles[words().normalise(word)] = titles.get(words().normalise(word), 0) | bit
        for part in studied.split():
            majors[part] = majors.get(part, 0) | bit
    return tuple(names), titles, majors, Phrases(titles)


@lru_cache(65536)
def of_title(title: str) -> int:
    """Bits of the families a title belongs to; 0: none known."""
    _, titles, _, phrases = table()
    seen = words().normalise(title)
    found = 0
    for place, word in phrases.find(seen):
        around = seen[place - 1 : place] + seen[place + len(word) : place + len(word) + 1]
        if not (LATIN.search(word) and LATIN.search(around)):  # ui is no part of fruit
            found |= titles[word]
    return found


@lru_cache(4096)
def of_major(major: str) -> int:
    """Bits of the families people who studied this often go to."""
    name = words().normalise(major)
    found = 0
    for part, bits in table()[2].items():
        if part in name:
            found |= bits
    return found


def named(bits: int) -> list[str]:
    return [name for number, name in enumerate(table()[0]) if bits >> number & 1]
