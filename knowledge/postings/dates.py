"""Days that postings name: published and closing. A day without a year is resolved by the day it was read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from knowledge.postings.reading import Read, nothing, plain

FULL = re.compile(r"(?<!\d)(20\d\d)\s?[-/.年]\s?(\d{1,2})(?:\s?[-/.月]\s?(\d{1,2})(?!\d)|\s?月(?![\d/.-]))")
PACKED = re.compile(r"(?<!\d)(20[0-4]\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
BARE = re.compile(
    r"(?<!\d)(?:(?P<m1>\d{1,2})\s?月(?:\s?(?P<d1>\d{1,2})\s?[日号]?|(?=[底末]))"
    r"|(?<![/.-])(?P<m2>\d{1,2})-(?P<d2>\d{1,2})(?![\d/.-]|\s?(?:[岁人年k元千万时周薪]|个|天|小时))"
    r"|(?<![/.-])(?P<m3>\d{1,2})/(?P<d3>\d{1,2})(?=$|[\s,日前发止)]))"
)
AGO = re.compile(r"(\d{1,3}|[一二两三四五六七八九十半])\s?(分钟|小时|天|日|周|星期|个?月)[以之]?前")
NEAR = {"刚刚": 0, "今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2}
CLOCK = re.compile(r"\s*(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?\s*(?:发布|更新)?\s*")
WITHIN = re.compile(r"(\d{1,3})\s?(天|日|周|个月)[之以]?内")
ENDLESS = re.compile(r"长期|招满|额满|不限时|常年|滚动")
UNTIL = re.compile(r"截止|截至|截稿|之?前|为止|止|deadline|ddl")
SPANS = {"分钟": 0.0, "小时": 0.0, "天": 1.0, "日": 1.0, "周": 7.0, "星期": 7.0, "月": 30.0, "个月": 30.0}
NUMBERS = dict(zip("一二两三四五六七八九十", (1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10), strict=True))
GRACE = timedelta(days=31)
"""A closing day without a year that passed this short ago is the one meant: the posting is over, not a year early."""


def day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def last_of(year: int, month: int) -> date | None:
    first = day(year, month, 1)
    return first and (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def written(seen: str) -> Iterator[tuple[date, tuple[int, int], float]]:
    """Days with a year, and what they are worth: a month alone is its last day."""
    for match in FULL.finditer(seen):
        year, month, number = match.groups()
        found = day(int(year), int(month), int(number)) if number else last_of(int(year), int(month))
        if found:
            yield found, match.span(), 0.99 if number else 0.7
    for match in PACKED.finditer(seen):
        if found := day(*map(int, match.groups())):
            yield found, match.span(), 0.9


def unwritten(seen: str) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Month and day where no year stands; the day is 0 for the end of the month."""
    known = [span for _, span, _ in written(seen)]
    for match in BARE.finditer(seen):
        if any(start <= match.start() < end for start, end in known):
            continue
        month = int(match["m1"] or match["m2"] or match["m3"])
        number = int(match["d1"] or match["d2"] or match["d3"] or 0)
        if 1 <= month <= 12 and number <= 31:
            yield month, number, match.span()


def resolved(month: int, number: int, on: date, later: bool) -> date | None:
    """The day of that month and number nearest to `on`: not after the next day, or, if `later`, not before the grace."""
    for step in range(9):
        year = on.year + (step if later else 1 - step)
        found = day(year, month, number) if number else last_of(year, month)
        if found and (found >= on - GRACE if later else found <= on + timedelta(days=1)):
            return found
    return None


def posted(text: str, on: date) -> Read[date]:
    """The day a posting was published, read on the day `on`: never later than the day after it if no year is told;
    a time of day alone is that day."""
    seen = plain(text)
    for told, span, sure in written(seen):
        return Read(told, sure if told <= on + timedelta(days=1) else 0.4, span)
    for month, number, span in unwritten(seen):
        if found := resolved(month, number, on, later=False):
            return Read(found, 0.9 if (on - found).days <= 180 else 0.6, span)
    if match := AGO.search(seen):
        count = 0.5 if match[1] == "半" else NUMBERS.get(match[1]) or int(match[1])
        return Read(on - timedelta(days=int(count * SPANS[match[2]])), 0.8, match.span())
    if CLOCK.fullmatch(seen):
        return Read(on, 0.7, (0, len(seen)))
    for word, days in NEAR.items():
        if (at := seen.find(word)) >= 0:
            return Read(on - timedelta(days=days), 0.9, (at, at + len(word)))
    return nothing()


def deadline(text: str, on: date) -> Read[date]:
    """The last day to apply, read or published on `on`: the last day the text names. No value for 长期有效 (confidence 0.9) or none (0)."""
    seen = plain(text)
    found = [(found, span, sure) for found, span, sure in written(seen)]
    for month, number, span in unwritten(seen):
        base = next((known for known, _, _ in reversed(found)), None)
        if last := resolved(month, number, base or on, later=True):
            found.append((last, span, 0.9 if (last - on).days <= 180 else 0.6))
    if found:
        marked = [each for each in found if UNTIL.search(seen[max(0, each[1][0] - 6) : each[1][1] + 4])] or found
        last, span, sure = max(marked, key=lambda each: each[1])
        return Read(last, sure, span)
    if match := WITHIN.search(seen):
        return Read(on + timedelta(days=int(int(match[1]) * SPANS[match[2]])), 0.7, match.span())
    if match := ENDLESS.search(seen):
        return Read(None, 0.9, match.span())
    return nothing()
