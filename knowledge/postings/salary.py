"""Pay as postings state it: from 8-12K·13薪 to 日结150. Knows no city's wages and does not judge them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from knowledge.postings.reading import CHINESE, HIDDEN, SCALES, Read, nothing, plain, spelled

Unit = Literal["month", "week", "day", "hour", "task"]


PER_MONTH: dict[Unit, float] = {"month": 1, "week": 52 / 12, "day": 21.75, "hour": 21.75 * 8}
"""So many of a unit are a month's work [人社部发〔2025〕2号, 二: 月计薪天数 21.75, eight hours a day]; a task has no such number."""


@dataclass(frozen=True, slots=True)
class Salary:
    """Yuan before tax unless the text says else. Either end may be open (None).

    `unit` None: pay is to be talked over (面议). `months`: paid months a year, if told. `basis` year: told a year, here a month.
    """

    unit: Unit | None
    low: float | None = None
    high: float | None = None
    months: int | None = None
    basis: Literal["year"] | None = None


NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,2}|\d{1,7})(?:\.\d{1,2})?(?![\d.])"
HAN = r"[一二两三四五六七八九十百千万]{1,7}(?!个)"
AMOUNT = r"(?:(?P<n%s>" + NUMBER + r")\s?(?P<s%s>千|万|百|[kw](?![a-z]))?(?P<t%s>(?<=[千万])[1-9](?![\d.-])千?)?|(?P<h%s>" + HAN + r"))"
YUAN = r"(?:元|块钱|块|rmb|人民币)"
OPEN_UP, OPEN_DOWN = r"及?以上|起(?!步价)|往上|\+|不封顶", r"及?以下|以内|封顶"
PERIODS = {
    "month": r"个?月",
    "year": r"年",
    "week": r"周|星期",
    "hour": r"小时|时|h(?![a-z])|hour",
    "day": r"天|日|day",
    "task": r"课时|次|单|件|篇|场|节|趟|份|条|项目|台|页|千字",
}
PERIOD = "|".join(f"(?P<{unit}>{words})" for unit, words in PERIODS.items())
LEADS = {
    "year": r"年薪|年收入|年包",
    "day": r"日薪|日结|日工资|每天|每日",
    "hour": r"时薪|每小时",
    "week": r"周薪|每周",
    "task": r"[一每](?:课时|单|件|篇|场|次|节)",
    "month": (
        r"月薪|月入|月收入|每月|底薪|基本工资|薪资|薪酬|工资|待遇|收入|补贴|薪水|到手"
        r"|(?:税[前后]|转正(?:以?后)?)(?!\D{0,4}[年日时天周])|实发|综合(?=\d|薪资|收入|工资|薪酬)"
    ),
}
LEAD = "|".join(f"(?P<lead_{unit}>{words})" for unit, words in LEADS.items())
SALARY = re.compile(
    rf"(?:(?:{LEAD})[^\d一二两三四五六七八九十百千万¥,;。\n]{{0,8}}?)?(?P<from>不低于|最低|至少|不少于|保底|高于)?"
    rf"(?P<to>最高|不超过|至多|低于)?(?P<over>过)?(?P<sign>¥|{YUAN})?\s?"
    + AMOUNT.replace("%s", "1")
    + rf"\s?(?:{YUAN}\s?)?(?:[-到至]\s?¥?\s?"
    + AMOUNT.replace("%s", "2")
    + rf")?\s?(?P<yuan>{YUAN})?(?:左右)?(?P<up>{OPEN_UP})?(?P<down>{OPEN_DOWN})?(?:\s?(?P<slash>/|每|一|per)\s?(?:{PERIOD}))?"
    rf"(?P<up2>{OPEN_UP}(?!\w*提成)|\s?\+(?=\S))?(?P<down2>{OPEN_DOWN})?"
    r"(?:[\s·.*x×,(]{0,2}(?P<months>1[2-9]|2\d)(?:-\d\d)?(?:薪|个月薪|(?<=[*x×]\d\d)(?!\d)))?"
)
SPACED = re.compile(r"(?<=[\dkw千万元]) +(?=[-到至])|(?<=[-到至]) +(?=\d)")
FOREIGN = re.compile(r"美元|美金|usd|\$|欧元|港币|日元|英镑|hkd|eur")
DASHED = re.compile(r"(?<=[\dk千万元])一(?=\d)")
"""A dash as some keyboards write it: 3000一4500."""
JOINED = re.compile(r"[\d.:-]$|[a-z]$")
TRIAL = re.compile(r"试用期?(?!过?后|满|结束|通过)[^,。;\n]{0,12}$")
BEFORE_REGULAR = 0.8
"""Of the confidence, for pay that holds in probation only: what is paid afterwards is the pay."""
NOT_PAY_BEFORE = re.compile(r"招聘?$|第$|满$|(?:电话|手机|微信|qq|编号|职位编号)[:\d\s]{0,3}$|毕业$|罚款?$|押金$|费[用:]{0,2}$|奖金$")
NOT_PAY_AFTER = re.compile(r"[\d:]|[-.]\d|\s?(?:岁|年|届|人|名|%|个工作日|个月|天|米|公斤|月|日(?!结)|号|点|cm|kg|倍|期|位|家|字|小时|平|级|分)")
TALKED = re.compile(
    r"面[议谈]|可[谈议]|详谈|协商|保密|从优|优厚|不限薪|(?:按|依)(?:照)?(?:国家|公司|单位|学校|有关)?[^,。;]{0,6}(?:规定|标准|制度)(?:执行|发放)?"
)
DEAR = {"month": (500, 300_000), "week": (100, 50_000), "day": (20, 3_000), "hour": (8, 1_000), "task": (0.5, 50_000)}
"""Outside of these yuan a figure is kept as said but believed half."""
YEARLY = 100_000
"""万 from here without a period is what people earn a year."""


def amount(match: re.Match[str], which: str) -> tuple[float, float, bool] | None:
    """Number, scale (1 if none was said) and whether it was written in Chinese numerals; None if it is no number."""
    written = match[f"h{which}"]
    if written:
        value = float(SCALES[written]) if match["over"] and written in SCALES else spelled(written)
        return None if value is None else (value, 1.0 if value >= 100 else 0.0, True)
    digits = match[f"n{which}"]
    if not digits:
        return None
    sign = match[f"s{which}"]
    scale = {"k": 1000.0, "千": 1000.0, "万": 10000.0, "w": 10000.0, "百": 100.0}.get(sign or "", 0.0)
    tail = match[f"t{which}"]
    return float(digits.replace(",", "")) + (int(tail[0]) / 10 if tail else 0), scale, False


def together(low: tuple[float, float, bool], high: tuple[float, float, bool]) -> tuple[float, float, float]:
    """Both ends in yuan and the confidence: an end without 千 or 万 takes it from the other, as far as the order allows."""
    (a, a_scale, _), (b, b_scale, _) = low, high
    if a_scale and b_scale:
        return a * a_scale, b * b_scale, 1.0
    if b_scale:
        fits = (scale for scale in (b_scale, 1000.0) if a < 1000 and a * scale <= b * b_scale)
        a_scale = next(fits, 1.0 if a >= 100 else b_scale)
    elif a_scale:
        fits = (scale for scale in (a_scale, 10000.0) if b < 1000 and a * a_scale <= b * scale)
        b_scale = next(fits, 1.0 if b >= 1000 else a_scale)
        return a * a_scale, b * b_scale, 0.7
    else:
        a_scale = b_scale = 1.0
    same = 1.0 if low[1] == b_scale or a_scale in (b_scale, 1.0) else 0.7
    return a * a_scale, b * b_scale, same


def several(match: re.Match[str]) -> tuple[float, float] | None:
    """Two numbers in one word, as 四五千."""
    word = match["h1"] or ""
    if len(word) == 3 and word[0] in CHINESE and word[1] in CHINESE and word[2] in SCALES and CHINESE[word[1]] == CHINESE[word[0]] + 1:
        return CHINESE[word[0]] * float(SCALES[word[2]]), CHINESE[word[1]] * float(SCALES[word[2]])
    return None


def ends(match: re.Match[str]) -> tuple[float | None, float | None, float, bool] | None:
    """Low, high, confidence and whether a figure carries 千, 万 or k."""
    pair, first, second = several(match), amount(match, "1"), amount(match, "2")
    if pair:
        return *pair, 0.9, True
    if first is None or ((first[0] == 0 or (first[2] and not first[1])) and second is None):
        return None
    scaled = bool(first[1] or (second and second[1]))
    if second:
        low, high, sure = together(first, second)
        if low > high:
            low, high, sure = (*sorted(together(second, first)[:2]), 0.5)
        return low, high, sure, scaled
    value = first[0] * (first[1] or 1.0)
    if match["down"] or match["down2"] or match["to"]:
        return None, value, 1.0, scaled
    band = not scaled and value >= 10_001 and value % 1000 == 1  # 10001: the foot of a site's band, its head is lost
    more = match["up"] or match["up2"] or match["from"] or match["over"] or band
    return value, None if more else value, 0.7 if band else 1.0, scaled


def told(match: re.Match[str]) -> str | None:
    """The unit that the figure itself or the word before it tells."""
    if match["slash"]:
        return next(unit for unit in PERIODS if match[unit])
    return next((unit for unit in LEADS if match[f"lead_{unit}"]), None)


def yuan(value: float | None) -> float | None:
    """Whole yuan; a part of a yuan only where it was said so, as 17.5 an hour."""
    return None if value is None else float(round(value, 2)) if value < 100 and value != round(value) else round(value)


def salary_of(match: re.Match[str], whole: bool) -> tuple[Salary, float] | None:
    """The pay one match states; `whole`: the text is this and nothing else, then a bare number is pay as well."""
    found, unit = ends(match), told(match)
    if found is None:
        return None
    low, high, sure, scaled = found
    top = high if high is not None else low or 0.0
    if not (scaled or unit or match["sign"] or match["yuan"] or whole or (match["up"] and top >= 1000)):
        return None
    if not scaled and unit in (None, "month") and not match["slash"] and top < 100 and not (match["sign"] or match["yuan"]):
        if high is None or low is None or (not unit and not match["up"]):
            return None  # a bare 8: years, people, anything
        low, high, sure = low * 1000, high * 1000, 0.6  # 月薪8-10
    elif unit is None and not scaled and top < 1000:
        if low == high or not whole:
            return None
        unit, sure = "day", 0.4
    if unit is None and {match["s1"], match["s2"]} & {"万", "w"} and (low or top) >= YEARLY:
        unit, sure = "year", 0.6
    months = int(match["months"]) if match["months"] else None
    basis: Literal["year"] | None = None
    if unit == "year":
        paid = months or 12
        low, high, unit, basis = low and low / paid, high and high / paid, "month", "year"
    kind: Unit = next((name for name in ("week", "day", "hour", "task") if name == unit), "month")
    least, most = DEAR[kind]
    if (high is not None and high > most * 2) or (low or 0) > most or (high if high is not None else low or 0) < least:
        sure = min(sure, 0.5)
    return Salary(kind, yuan(low), yuan(high), months, basis), sure * (1.0 if scaled or unit else 0.9)


def salary(text: str) -> Read[Salary]:
    """The pay that a field or a sentence states; `Salary(None)` for 面议; no value where there is no pay. Never raises."""
    seen = DASHED.sub("-", plain(text))
    if any(ord(sign) in HIDDEN for sign in seen):
        return nothing()
    start, end = len(seen) - len(seen.lstrip()), len(seen.rstrip())
    guess: Read[Salary] = nothing()
    for match in SALARY.finditer(seen):
        whole = match.start() <= start and match.end() >= end
        if not whole and not free(seen, match):
            continue
        if FOREIGN.search(seen[max(0, match.start() - 4) : match.end() + 4]):
            continue
        found = salary_of(match, whole)
        sure = found[1] * (BEFORE_REGULAR if TRIAL.search(seen, max(0, match.start() - 16), match.start()) else 1.0) if found else 0.0
        if found and sure > guess.confidence:
            guess = Read(found[0], sure, match.span())
    if guess.value is None and (talk := TALKED.search(seen)):
        return Read(Salary(None), 0.95 if talk.end() - talk.start() >= (end - start) / 2 else 0.6, talk.span())
    return guess


def free(text: str, match: re.Match[str]) -> bool:
    """Whether the figure stands alone: no part of a date, an age, a telephone number or a count of people."""
    end = match.start() + len(match.group().rstrip())
    before, after = text[max(0, match.start() - 8) : match.start()], text[end : end + 6]
    joined = not told(match) and JOINED.search(before)
    return not joined and not NOT_PAY_BEFORE.search(before) and not NOT_PAY_AFTER.match(after)
