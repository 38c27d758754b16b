"""Dates and lengths of time as people write them: 去年六月, 25.6, 8月3号, 一年半. Knows no field and no dialog."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

DIGITS = "零一二三四五六七八九十"
NUMERALS = {**{sign: value for value, sign in enumerate(DIGITS)}, "两": 2, "俩": 2, "仨": 3, "〇": 0}
YEARS = {"今年": 0, "本年": 0, "去年": 1, "上年": 1, "前年": 2, "大前年": 3, "明年": -1}
YEAR = r"(?P<year>(?:19|20)\d{2}|\d{2})"
DATE = re.compile(
    r"(?<![\d.])" + YEAR + r"\s*(?:年|[-./])\s*(?P<month>\d{1,2})(?![\d个%])(?:\s*(?:月份?|[-./])\s*(?P<day>\d{1,2})(?:日|号)?(?![\d岁个年月]))?"
)
COMPACT = re.compile(r"(?<!\d)(?P<year>20\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-3]\d)?(?!\d)")
RELATIVE = re.compile(
    r"(?P<year>大前年|今年|本年|去年|上年|前年|明年)的?(?:(?P<month>1[0-2]|0?[1-9])月份?(?:(?P<day>\d{1,2})(?:[日号]|(?=[签入办去注登领拿来进报毕,]|$)))?)?"
)
COHORT = re.compile(r"(?<!\d)(?P<year>(?:20)?\d{2})\s*(?:届|级毕业|年毕业|毕业)")
BARE_YEAR = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d{2})(?=年|$|[^\d.%元块级])|(?<![\d第])(?P<short>\d{2})年(?![半多以零之前内了级限期])")
MONTH = re.compile(r"(?<![\d年.])(?P<month>1[0-2]|0?[1-9])月份?(?:(?P<day>\d{1,2})(?:[日号]|(?=[签入办去注登领拿来进报毕,]|$)))?")
FEASTS = {"元旦": (1, 1), "三八": (3, 8), "五一": (5, 1), "劳动节": (5, 1), "五四": (5, 4), "六一": (6, 1), "七一": (7, 1), "八一": (8, 1)}
FEASTS |= {"建军节": (8, 1), "教师节": (9, 10), "国庆": (10, 1), "十一": (10, 1), "双十一": (11, 11), "圣诞": (12, 25)}
"""Days of the sun's calendar that people date by; those of the moon's fall on another day each year."""
FEAST = re.compile(
    r"(?:(?P<year>今年|去年|前年|(?:19|20)\d{2}(?=年))年?的?)?"
    rf"(?P<feast>{'|'.join(sorted(FEASTS, key=len, reverse=True))})(?:劳动|青年|儿童|妇女)?节?"
    r"(?:的?(?:那天|当天|当日)|(?=生|出生|入职|登记)|的?(?P<before>前一天|头一天)|(?P<after>的?后一天|的?第二天|过后第一天|后第一天))"
)
NEAR = {
    "上上个月": "before",
    "上上月": "before",
    "上周": "week",
    "上个月": "month",
    "上月": "month",
    "这个月": "this",
    "本月": "this",
    "今天": "0",
    "昨天": "1",
    "前天": "2",
}
NEARBY = re.compile(rf"(?P<near>{'|'.join(NEAR)})(?:(?P<day>(?<=月)\d{{1,2}})[日号]?)?")
AGO = re.compile(r"(?<![\d多几来满快第])(?P<ago>[1-9]|[一二两三四五六七八九])年前(?!后)")
BARE_DAY = re.compile(r"(?<=\d月)初?([二三]?)(十?)([一二三四五六七八九]?)(?<=[一二三四五六七八九十])(?=[签入办去注登领拿下发批毕进到报开来在])")
"""今年3月十二下来的: the day without its 号."""
COUNT = r"(?:\d{1,3}|[一二两三四五六七八九十]{1,3})"
LENGTH = re.compile(
    rf"(?<![\d.第快近约小])(?:(?P<years>{COUNT})年(?P<half>半)?(?:零?(?:又)?(?P<rest>{COUNT})个?月)?|(?P<months>{COUNT})个月(?P<and_half>半)?|(?P<semi>半)年)"
    r"(?![多几来]|左右|出头|不到|以上|以下|以内|之内|级|[前后]?毕业)"
)
VAGUE = re.compile(r"(?:快|不到|将近|差不多|大概|大约|接近|没到|不满|(?<![刚正])好|大|超过|至少|最多|最长|几|多)$")


@dataclass(frozen=True, slots=True)
class Dated:
    """A date in a text, as exact as it was said: YYYY, YYYY-MM or YYYY-MM-DD."""

    start: int
    end: int
    value: str


def count(said: str) -> int:
    """A number in figures or a Chinese numeral up to 99."""
    if said.isdigit():
        return int(said)
    tens, ten, ones = said.rpartition("十")
    if not ten:
        return NUMERALS.get(said, 0)
    return 10 * NUMERALS.get(tens, 1) + NUMERALS.get(ones, 0)


def numerals(text: str) -> str:
    """Chinese digits of dates as figures: 二零二五年六月 → 2025年6月."""
    text = re.sub(r"[〇零一二三四五六七八九]{2,4}(?=年|届|级)", lambda m: "".join(str(NUMERALS[c]) for c in m[0]), text)
    text = re.sub(r"([二三]?)(十?)([一二三四五六七八九]?)(?=月|日|号)", figure, text)
    return BARE_DAY.sub(lambda found: f"{figure(found)}号", text)


def figure(found: re.Match[str]) -> str:
    """A Chinese numeral up to 39 as figures: 十 → 10, 二十三 → 23, 六 → 6."""
    return str(count(found[0])) if found[2] else "".join(str(NUMERALS[sign]) for sign in found[0])


def full_year(said: str, today: date) -> int:
    if said in YEARS:
        return today.year - YEARS[said]
    short = 2000 + int(said)
    return int(said) if len(said) == 4 else short if short <= today.year + 8 else short - 100


def value(parts: dict[str, str | None], today: date) -> str | None:
    """The date that the named parts of a match say; None where there is no such day."""
    year = full_year(parts["year"] or "", today)
    if not 1950 <= year <= today.year + 8:
        return None
    if not parts.get("month"):
        return f"{year}"
    try:
        exact = date(year, int(parts["month"] or 0), int(parts.get("day") or 1)).isoformat()
    except ValueError:
        return None
    return exact if parts.get("day") else exact[:7]


def day(text: str, today: date) -> str | None:
    """The date that an answer is or contains: the fullest form first."""
    found = DATE.search(text) or COMPACT.search(text) or RELATIVE.search(text) or COHORT.search(text)
    if found is not None and found[0] == "明年":
        return None
    if found is None:
        bare = re.fullmatch(r"\s*(20\d{2})\s*年?\s*", text)
        return bare[1] if bare and int(bare[1]) <= today.year + 8 else None
    return value(found.groupdict(), today)


def last(month: int, on: int | None, today: date) -> str | None:
    """The last such month or day that is not after today: 8月3号."""
    for year in range(today.year, today.year - 9, -1):  # 29 February comes every fourth year, or every eighth
        try:
            exact = date(year, month, on or 1)
        except ValueError:
            continue
        if exact <= today:
            return exact.isoformat() if on else exact.isoformat()[:7]
    return None


def feast(found: re.Match[str], today: date) -> str | None:
    """国庆那天, 去年元旦前一天: the last such day, or that of the year said."""
    month, on = FEASTS[found["feast"]]
    exact = date(full_year(found["year"], today), month, on).isoformat() if found["year"] else last(month, on, today)
    beside = timedelta(bool(found["after"]) - bool(found["before"]))
    return exact and (date.fromisoformat(exact) + beside).isoformat()


def near(said: str, today: date) -> str:
    """上个月, 昨天…: as exact as the word."""
    if NEAR[said].isdigit():
        return (today - timedelta(int(NEAR[said]))).isoformat()
    if NEAR[said] == "week":
        monday = today - timedelta(today.weekday() + 7)
        return monday.isoformat()[: 7 if (monday + timedelta(6)).month == monday.month else 4]
    first = today.replace(day=1)
    if NEAR[said] == "before":
        first = (first - timedelta(1)).replace(day=1)
    return (today if NEAR[said] == "this" else first - timedelta(1)).isoformat()[:7]


def find(text: str, today: date) -> Iterator[Dated]:
    """All dates of a normalised text, left to right, never overlapping."""
    place = 0
    if not re.search(r"[\d年月天日周]", text):
        return
    while place < len(text):
        tries = ((pattern, pattern.search(text, place)) for pattern in (FEAST, DATE, COMPACT, RELATIVE, MONTH, NEARBY, AGO, BARE_YEAR))
        hits = [(found.start(), -found.end(), order, pattern, found) for order, (pattern, found) in enumerate(tries) if found]
        if not hits:
            return
        *_, pattern, found = min(hits, key=lambda hit: hit[:3])
        parts = found.groupdict()
        said: str | None
        if pattern is FEAST:
            said = feast(found, today)
        elif pattern is NEARBY:
            month = near(found["near"], today)
            said = value({"year": month[:4], "month": month[5:7], "day": parts["day"]}, today) if parts["day"] else month
        elif pattern is AGO:
            said = f"{today.year - count(parts['ago'] or '')}"
        elif pattern is MONTH:
            said = last(int(parts["month"]), int(parts["day"]) if parts["day"] else None, today)
        else:
            said = value({**parts, "year": parts["year"] or parts.get("short")}, today)
        if said:
            yield Dated(found.start(), found.end(), said)
        place = found.end()


def lengths(text: str) -> Iterator[tuple[int, int, float]]:
    """Start, end and months of every exact length of time; 快两年, 三个多月 are none."""
    for found in LENGTH.finditer(text):
        if VAGUE.search(text, 0, found.start()):
            continue
        if found["semi"]:
            months = 6.0
        elif found["years"]:
            if found["years"].isdigit() and int(found["years"]) > 12:
                continue  # 22年 is a year, no length
            months = 12.0 * count(found["years"]) + (6 if found["half"] else 0) + (count(found["rest"]) if found["rest"] else 0)
        else:
            months = count(found["months"]) + (0.5 if found["and_half"] else 0)
        yield found.start(), found.end(), months
