"""What every parser of posting text gives back and how it sees a text: same length, one form of each sign. No meaning of any field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Generic, TypeVar

from knowledge.words import pairs

T = TypeVar("T")
LENGTH = 4000
"""Characters of a text that are read: a longer one is cut, so that no text costs more than a few milliseconds."""
ENDLESS = re.compile(r"\d{25,}")
"""The longest of people's numbers, of a bank card, has 19 digits (ISO/IEC 7812-1)."""
SIGNS: dict[int, int | str] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, "‐‑‒–—―−─━~～〜﹣"), "-"),
    **dict.fromkeys((0x3000, 0xA0, 0x2009, 0x200B, 0xFEFF, 0x09), " "),
    **{ord(a): b for a, b in zip("￥•・／【】", "¥··/[]", strict=True)},
    **{code: code + 32 for code in range(ord("A"), ord("Z") + 1)},
    **{code: code - 0xFEE0 + 32 for code in range(0xFF21, 0xFF3B)},
}
"""One form of each sign, one for one: half width, lower case, one dash, one space."""
HIDDEN = range(0xE000, 0xF900)
"""Private characters: digits that a site hides by an own font. What stands there cannot be known."""
CHINESE = {sign: value for value, signs in enumerate(("零〇", "一", "二两", "三", "四", "五", "六", "七", "八", "九")) for sign in signs}
SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10000}


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """What a parser read: `value` (None: nothing), `confidence` 0..1, `span` where in the text as given.

    Below 0.6 it is a guess that a person should confirm.
    """

    value: T | None
    confidence: float
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Range:
    """Whole numbers from `low` to `high`, either open; both open: said to be several, not how many."""

    low: int | None
    high: int | None


def simplified() -> dict[int, str]:
    return {ord(a): b for a, b in pairs("simplified.tsv") if len(a) == len(b) == 1}


FORM: dict[int, int | str] = {**simplified(), **SIGNS}


def plain(text: str, most: int = LENGTH) -> str:
    """The text in one form of signs, lower case and simplified, character by character: positions stay. Cut after `most` characters.

    A row of digits that is no number of anything is blank: patterns that look for a number try each of its digits to the end of the row.
    """
    return ENDLESS.sub(lambda found: " " * len(found[0]), text[:most].translate(FORM))


def nothing() -> Read[T]:
    return Read(None, 0.0, (0, 0))


def spelled(text: str) -> float | None:
    """The number that Chinese numerals spell, e.g. 三千五 3500, 一万二 12000, 十五 15, 一百零五 105; None if they spell none."""
    total = section = digit = 0
    last, zero = 0, False
    for sign in text:
        if sign in CHINESE:
            if digit:
                return None
            digit, zero = CHINESE[sign], zero or CHINESE[sign] == 0
        elif sign in SCALES:
            scale = SCALES[sign]
            if scale == 10000:
                total, section = (total + section + digit) * scale, 0
            else:
                section += (digit or 1) * scale
            digit, last, zero = 0, scale, False
        else:
            return None
    if digit and last > 10 and not zero:
        digit *= last // 10  # 三千五 is 3500
    return float(total + section + digit) if text else None
