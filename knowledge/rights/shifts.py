"""Working hours that a contract states: hours a day, days a week, hours a week, from words or from the clock. Judges nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.rights.quantities import HAN, Fact, N, number, sentences

HOURS = re.compile(
    rf"(?:每[日天班]|每个?工作日|每个?班次|(?<!休)日|一天|天天)(?:平均)?(?:工作|上班|出勤|工时)?(?:时间)?(?:为|是|不超过|约|:|共|至少|不少于)?(?P<n>{N})个?(?P<half>半)?个?(?:小时|h(?![a-z]))|(?P<m>{N})小时(?:标准)?(?:工作)?制"
)
CLOCK = r"(?P<{0}p>上午|早上?|中午|下午|晚上?|夜)?(?P<{0}h>\d{{1,2}}|[一二三四五六七八九十]{{1,3}})(?::|点|时)(?P<{0}m>\d\d|半)?分?(?:整)?"
CLOCKS = re.compile(CLOCK.format("a") + r"(?:(?:-+|至|到|~)(?:次日)?|(?:开始)?上班[,、]?(?:至|到)?)" + CLOCK.format("b"))
NINE_TO_SIX = re.compile(rf"[早朝](?:上)?(?P<begin>{N})点?(?P<early>半)?[,、]?(?:到|至|-)?晚(?:上)?(?P<end>{N})(?!:|\d)点?(?P<late>半)?")
DAYS = re.compile(
    r"每(?:周|星期|个星期)(?:工作|上班|出勤|上)?(?:不超过|为)?(?P<n>[1-7一二三四五六七])(?:天|日|个工作日)(?P<half>半)?(?!休|假|为休)|[做上干](?P<m>[五六5])休[一二12]"
    r"|(?P<two>双休|周末双休)|(?P<one>单休|周休(?:一|1)[天日]|每周休息(?:一|1)[天日])|周一(?:至|到|-)周(?P<w>[五六日])|(?P<alt>大小周|单双休)"
    r"|(?:每月|月)(?:休息?|公休)(?P<off>[一二两三四五六七八1-8])[天日]|每周休息(?P<rest>两|二|2)[天日]"
)
WEEKLY = re.compile(rf"每(?:周|星期)(?:累计|平均)?(?:工作|工时)?(?:时间)?(?:累计|平均)?(?:为|不超过|共)?(?P<n>{N})个?小时")
OVERTIME = re.compile(r"加班|加点|延长|不少于[^,]{0,6}休|培训|实操")


SHIFTS = re.compile(r"[晚夜中]班|[两三]班|轮班|倒班")
BREAK = r"(?:午休|休息(?![日天])|用餐|就餐|吃饭|[午晚中]餐|[午晚]饭|午间)"
BREAK_BEFORE = re.compile(rf"{BREAK}(?:时间|时段)?(?:为|是|:|\(|,|从)?$")
BREAK_AFTER = re.compile(rf"[^,\d含扣除另]{{0,3}}{BREAK}")
LASTS = rf"(?P<n>{N}个半|一个半|{N}|半)个?(?P<u>小时|分钟|刻钟)"
PAUSES = (
    re.compile(rf"{BREAK}[^,\d{HAN}半一]{{0,8}}{LASTS}"),
    re.compile(rf"(?:含|扣除|除去|减去|其中)[^,\d{HAN}半一]{{0,4}}{LASTS}[^,\d]{{0,4}}{BREAK}"),
    re.compile(rf"{LASTS}(?:的)?{BREAK}"),
)
"""A break by its own words; 双休, 休息日 and 节假日休息 are none."""
LONG_BREAK = 4.0
"""Hours of a break told by the clock; what is longer is work with a break in it."""
SESSION = 1.5
"""Hours within which two beginnings are one: another season's times, not another part of the day."""


def clock(match: re.Match[str], which: str) -> float | None:
    hour = number(match[f"{which}h"])
    if hour is None or hour > 24:
        return None
    part = match[f"{which}p"] or ""
    if part in ("下午", "晚", "晚上", "夜") and hour < 12:
        hour += 12
    minute = match[f"{which}m"]
    return hour + (0.5 if minute == "半" else int(minute) / 60 if minute else 0.0)


def shifts(text: str, after: str = "") -> tuple[float, int, int, bool] | None:
    """Hours of the working times in a sentence without the break, where they stand, and whether the break was told: by itself or in what comes
    after, or as the gap between two parts of the day."""
    total, rest, first, last, previous, opened, parts = 0.0, 0.0, -1, 0, -1.0, -1.0, 0
    for match in CLOCKS.finditer(text):
        begin, end = clock(match, "a"), clock(match, "b")
        if begin is None or end is None:
            continue
        if previous > 0 and begin < previous and not match["ap"]:
            if abs(begin - opened) <= SESSION and begin >= opened - SESSION and previous > 14:
                break  # 夏季 8:00-18:00, 冬季 8:30-17:30
            if begin + 12 >= previous:
                begin += 12  # 9:00-12:00, 1:30-6:00
        if end <= begin:
            end += 12 if end + 12 > begin else 24
        lone = BREAK_BEFORE.search(text[: match.start()]) or BREAK_AFTER.match(text[match.end() :])
        if lone and end - begin <= LONG_BREAK:
            rest += end - begin
        else:
            total += end - begin
            parts += 1
            opened = begin if parts == 1 else opened
            first, last, previous = match.start() if first < 0 else first, match.end(), end
            if SHIFTS.search(text):
                break  # one person works one of them
    if first < 0:
        return None
    if not rest:
        rest = pause(text) or pause(after)
    return round(total - (rest if parts == 1 else 0.0), 2), first, last, bool(rest) or parts > 1


def nine_to_six(text: str, after: str) -> tuple[float, int, int, bool] | None:
    """As `shifts`, of 早九晚六."""
    match = NINE_TO_SIX.search(text)
    begin, end = (number(match["begin"]), number(match["end"])) if match else (None, None)
    if match is None or begin is None or end is None or not (begin <= 12 and end <= 12):
        return None
    rest = pause(text) or pause(after)
    there = end + 12 - begin + (0.5 if match["late"] else 0.0) - (0.5 if match["early"] else 0.0)
    return round(there - rest, 2), match.start(), match.end(), bool(rest)


def pause(text: str) -> float:
    """Hours of the break that a text tells; 0 for none."""
    match = next((found for pattern in PAUSES if (found := pattern.search(text))), None)
    if match is None:
        return 0.0
    said = match["n"]
    value = 0.5 if said == "半" else (number(said.removesuffix("个半")) or 0.0) + (0.5 if said.endswith("个半") else 0.0)
    return value / 60 if match["u"] == "分钟" else value / 4 if match["u"] == "刻钟" else value


def hours(text: str) -> Iterator[Fact]:
    rows = list(sentences(text))
    for (start, sentence), (_, after) in zip(rows, [*rows[1:], (0, "")], strict=False):
        for row in (*by_word(sentence), *by_clock(sentence, after), *days(sentence)):
            yield Fact(row.name, row.value, row.unit, row.confidence, (start + row.span[0], start + row.span[1]))


def by_word(sentence: str) -> Iterator[Fact]:
    if (match := WEEKLY.search(sentence)) and not OVERTIME.search(sentence[: match.start()]):
        yield Fact("weekly", number(match["n"]), "hours", 0.9, match.span())
    for match in HOURS.finditer(sentence):
        value = (number(match["n"] or match["m"]) or 0.0) + (0.5 if match["half"] else 0.0)
        if value and WITHIN.match(sentence[match.end() :]):
            value = max(0.0, value - pause(sentence[match.end() : match.end() + 20]))
        if value and value <= 24 and not OVERTIME.search(sentence[max(0, match.start() - 14) : match.end()]):
            yield Fact("hours", value, "hours", 0.95, match.span())
    if match := BLANK.search(sentence):
        yield Fact("hours", None, "hours", 0.8, match.span())


BLANK = re.compile(r"每[日天]工作_(?:小时|时)|每周工作_[天日小]|每[日天]工作时间_")
WITHIN = re.compile(r"[(,]?(?:其中)?(?:已)?(?:包?含|包括|扣除)")
AT_WORK, ELSEWHERE = re.compile(r"工作|上班|班|工时|作息|考勤|朝.晚|早.晚"), re.compile(r"面试|报到|加班")


def by_clock(sentence: str, after: str) -> Iterator[Fact]:
    """By the clock; less to be trusted where no break was told, the hours are then those of being there."""
    if AT_WORK.search(sentence) and not HOURS.search(sentence) and not ELSEWHERE.search(sentence):
        found = shifts(sentence, after) or nine_to_six(sentence, after)
        if found and found[0] > 0:
            yield Fact("hours", found[0], "hours", 0.85 if found[3] else 0.6, (found[1], found[2]))


def days(sentence: str) -> Iterator[Fact]:
    for match in DAYS.finditer(sentence):
        if OVERTIME.search(sentence[max(0, match.start() - 10) : match.end()]):
            continue
        if match["off"]:
            value = round(7 - (number(match["off"]) or 0) * 7 / 30, 1)
        elif match["w"]:
            value = {"五": 5.0, "六": 6.0, "日": 7.0}[match["w"]]
        else:
            fixed = {"alt": 5.5, "two": 5.0, "rest": 5.0, "one": 6.0}
            value = next((count for name, count in fixed.items() if match[name]), 0.0) or number(match["n"] or match["m"]) or 0.0
            value += 0.5 if match["half"] else 0.0
        yield Fact("days", value, "days", 0.95, match.span())
