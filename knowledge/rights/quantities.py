"""Numbers, durations, dates and sums as contracts write them (三年, 一年六个月, 伍仟元整, 百分之八十), and the text in one form. Knows no clause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from knowledge.postings.reading import plain, spelled

LENGTH = 20_000
"""Characters that are read; contracts with all their annexes are shorter."""
FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟圆", "一二三四五六七八九十百千元")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing stated. `value` in `unit` (months, yuan, hours, days; `share`: of the wage, 0..1); None: left blank (____).

    `confidence` 0..1; `span`: place in the text as given.
    """

    name: str
    value: float | None
    unit: str
    confidence: float
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """The text in one form, without spaces, wrapped lines joined; `places[i]`: where sign i stood in the text as given."""

    text: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        return (self.places[start], self.places[end - 1] + 1) if end > start else (0, 0)


HEAD = re.compile(r"[ ]*(?:第.{1,4}[条章]|[一二三四五六七八九十]{1,3}[、.]|\(|\d{1,2}[.、)]|甲方|乙方|丙方)")
NUMERAL = "0123456789.,一二三四五六七八九十两零〇百千万半"
WRAPPED = 24
"""Characters from which a line that ends without a stop was wrapped."""


def seen(text: str) -> Seen:
    """One form of the text; positions are kept beside it. Pure; never raises."""
    form = plain(text, LENGTH).translate(FORMAL)
    kept: list[str] = []
    places: list[int] = []
    row = 0
    for at, sign in enumerate(form):
        if sign == "\n":
            if row >= WRAPPED and kept and kept[-1] not in "。;:!?\n_" and not HEAD.match(form[at + 1 : at + 12]):
                row = 0
                continue
            row = 0
        elif sign in " \r":
            continue
        elif sign == "_":
            beside = form[max(0, at - 40) : at].rstrip(" _")[-1:], form[at : at + 40].lstrip(" _")[:1]
            if any(sign and sign in NUMERAL for sign in beside) or kept[-1:] == ["_"]:
                continue
        row += 1
        kept.append(sign)
        places.append(at)
    return Seen("".join(kept), tuple(places))


FIGURES = "零〇一二三四五六七八九"
HAN = f"{FIGURES}两十百千万"
N = rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|[{HAN}]{{1,9}})"
UNIT = r"(?:年|个?自然月|个?月|周|个?星期|个?工作日|个?自然日|日|天)"
SPAN = rf"(?:(?:{N}|半)(?:个?半)?{UNIT}(?:半)?(?:(?:零|又|加)?{N}个?月)?)"
DATE = rf"(?:(?:20\d\d|二[零〇][{FIGURES}]{{2}})(?:年|[-./])(?:\d{{1,2}}|[{HAN}]{{1,3}})(?:(?:月|[-./])(?:(?:\d{{1,2}}|[{HAN}]{{1,3}})日?)?)?)"
RANGE = rf"(?P<from>{DATE})(?:(?:起|开始|起?生效)?,?(?:至|到|于|-+|~)|(?:起|开始|起?生效),)(?P<to>{DATE}|\d{{1,2}}月\d{{1,2}}日)"
MONEY = rf"(?:人民币|rmb|¥)?(?:大写|小写)?[::(]?(?P<n>{N})(?P<scale>千|万|k|w)?(?P<yuan>元|块)?"
SHARE = rf"(?:(?P<percent>\d{{1,3}}(?:\.\d+)?)%|百分之(?P<hundred>[{HAN}]{{1,3}}|\d{{1,3}})|(?P<fold>[一二三四五六七八九\d]{{1,2}})(?P<cut>折|成))"


SCALES = {"年": 12.0, "月": 1.0, "周": 7 / 30, "星期": 7 / 30, "工作日": 1 / 21.75, "日": 1 / 30, "天": 1 / 30}
"""Months of a unit; the first sign that stands in it decides."""


def number(text: str) -> float | None:
    digits = text.replace(",", "")
    return float(digits) if digits[:1].isdigit() else spelled(text)


LIFE = 60
"""Years that a working life can last: 2026年 is no length."""


def months(text: str) -> float | None:
    """Months of 三年, 半年, 一年半, 两个半月, 1年6个月, 90天."""
    match = re.fullmatch(rf"(?P<n>{N}|半)(?P<half>个?半)?(?P<unit>{UNIT})(?P<more>半)?(?:(?:零|又|加)?(?P<rest>{N})个?月)?", text)
    if not match:
        return None
    value = 0.5 if match["n"] == "半" else number(match["n"])
    if value is None or (match["unit"] == "年" and value > LIFE):
        return None
    value += 0.5 if match["half"] or match["more"] else 0.0
    unit = match["unit"]
    scale = (
        12.0 if unit == "年" else 1.0 if unit.endswith("月") else 7 / 30 if unit.endswith(("周", "星期")) else 1 / 21.75 if "工作" in unit else 1 / 30
    )
    return round(value * scale + ((number(match["rest"]) or 0.0) if match["rest"] else 0.0), 2)


def day(text: str, *, last: bool) -> date | None:
    """A date; one without a day is the month's first, or its last."""
    parts = [part for part in re.split(r"[年月日./-]", text) if part]
    values = []
    for part in parts:
        if part[0].isdigit():
            values.append(int(part))
        elif len(part) == 4:
            values.append(int("".join(str("零一二三四五六七八九".find(sign.replace("〇", "零"))) for sign in part)))
        else:
            values.append(int(spelled(part) or 0))
    try:
        if len(values) >= 3:
            return date(values[0], values[1], values[2])
        if len(values) == 2:
            month = values[0] * 12 + values[1] - (0 if last else 1)
            return date(month // 12, month % 12 + 1, 1) - timedelta(days=1 if last else 0)
    except ValueError:
        return None
    return None


def between(match: re.Match[str]) -> float | None:
    return lasting(match["from"], match["to"])


def lasting(first: str, last: str) -> float | None:
    """Months from one date to the other, both counted; a day or two short of a whole month is whole."""
    if "月" in last[:3]:  # 2026年8月1日至9月30日
        last = f"{first[:5]}{last}"
    start, end = day(first, last=False), day(last, last=True)
    if not start or not end or end <= start:
        return None
    after = end + timedelta(days=1)
    value = (after.year - start.year) * 12 + after.month - start.month + (after.day - start.day) / 30.4
    return float(round(value)) if abs(value - round(value)) <= 0.07 else round(value, 2)


def yuan(match: re.Match[str]) -> float | None:
    value = number(match["n"])
    if value is None:
        return None
    return value * {"千": 1000, "万": 10000, "k": 1000, "w": 10000}.get(match["scale"] or "", 1)


def share(match: re.Match[str]) -> float | None:
    if match["percent"] or match["hundred"]:
        value = number(match["percent"] or match["hundred"])
        return None if value is None else value / 100
    value = number(match["fold"])
    return None if value is None else value / (100 if value >= 10 else 10)


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Each sentence and where it begins."""
    for match in re.finditer(r"[^。;\n]+", text):
        yield match.start(), match.group()


def each(patterns: tuple[re.Pattern[str], ...], text: str) -> Iterator[re.Match[str]]:
    for pattern in patterns:
        yield from pattern.finditer(text)
