"""What a posting asks for and how large it is: degree, experience, number of people wanted, size of the employer. No pay, no place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from knowledge.postings.reading import CHINESE, Range, Read, nothing, plain, spelled


class Level(IntEnum):
    """Degrees in their order; who has more may apply where less is asked."""

    ANY = 0
    JUNIOR_SCHOOL = 1
    HIGH_SCHOOL = 2
    COLLEGE = 3
    BACHELOR = 4
    MASTER = 5
    DOCTOR = 6


SAID = {
    Level.ANY: "学历不限",
    Level.JUNIOR_SCHOOL: "初中",
    Level.HIGH_SCHOOL: "高中或中专",
    Level.COLLEGE: "大专",
    Level.BACHELOR: "本科",
    Level.MASTER: "硕士",
    Level.DOCTOR: "博士",
}
"""Degrees as people read them."""


@dataclass(frozen=True, slots=True)
class Degree:
    """The least degree asked. `full_time`: 统招 or 全日制; `school`: the kind of school asked, as 985; `preferred`: wished above that."""

    level: Level
    full_time: bool = False
    school: str = ""
    preferred: Level | None = None


@dataclass(frozen=True, slots=True)
class Experience:
    """Years asked, either end open. `fresh`: graduates of the year are meant; `barred`: they are told not to apply; `cohorts`: of these years.

    `days` a week and `stay` in months: what an internship asks instead.
    """

    low: float | None = None
    high: float | None = None
    fresh: bool = False
    cohorts: tuple[int, ...] = ()
    days: int | None = None
    stay: int | None = None
    barred: bool = False


DEGREES = {
    Level.DOCTOR: r"博士(?:研究生|后)?|ph\.?d|doctora(?:te|l)",
    Level.MASTER: r"硕士|研究生|硕博|\bmaster|\bmba\b|硕(?=[及以或、/,])",
    Level.BACHELOR: r"本科|学士|一本|二本|双学位|\bbachelor|大学(?=[及以]|学历|毕业|文化|$)|统本",
    Level.COLLEGE: r"大专|专科|高职(?!高?专科)|专本|associate",
    Level.HIGH_SCHOOL: r"高中|中专|中技|职高|技校|中职|high school",
    Level.JUNIOR_SCHOOL: r"初中|小学|中学",
    Level.ANY: (
        r"(?:学历|文化程度|专业和学历)\s?[:为]?\s?(?:不限|无要求|不作要求|均可)|不限(?:制)?学历|无学历要求|学历(?:要求)?不限"
        r"|^\s*(?:不限|无|无要求|均可|any)\s*$"
    ),
}
DEGREE = re.compile("|".join(f"(?P<l{level.value}>{words})" for level, words in DEGREES.items()))
FULL_TIME = re.compile(r"(?<!非)(?:统招|全日制|普通高等|统本)")
SCHOOL = re.compile(r"985|211|双一流|双非|qs\s?\d{2,3}|一本|重点(?:大学|院校|本科)")
WISHED = re.compile(r"^[^,。;\n]{0,8}?(?:优先|者佳|加分|尤佳)")
BELOW = re.compile(r"^\s?(?:及?以下)")

YEARS = r"(?:\d{1,2}(?:\.5)?|[一二两三四五六七八九十半]{1,2})"
WORKED = re.compile(rf"(?<![\d.])({YEARS})\s?(?:[-到至]\s?({YEARS}))?\s?年?\s?(及?以上|以下|以内|\+|内(?!工作))?(?=\s?(?:年|[^\d.-]|$))")
NOT_WORK = re.compile(r"(?:合同|签订?|毕业|成立|历史|发展|近|[前第]|\d{3}|满)\s?$|20\d*$")
NONE_ASKED = re.compile(
    r"(?:经验|工作经验|年限)\s?[:为]?\s?(?:不限|无要求|不要求)|小白(?:可|亦可|均可)|^\s*(?:不限|无|无要求)\s*$"
    r"|(?:不限|无需|无须|不需要?|不要求|没有?要求|无|零)\s?(?:工作|相关|任何)?经验(?!优先)"
)
AT_SCHOOL = r"(?<!不招)(?<!不要)(?<!不收)(?<!不接受)(?<!非)在校(?!生?(?:请?勿|除外|不))"
FRESH = re.compile(rf"(?:应届|毕业班|{AT_SCHOOL})(?:毕业)?生?|校招|毕业生|fresh graduate")
NOVICE = r"应届(?:大学|本科|专科|毕业)?[生者]?"
BARRED = re.compile(
    rf"(?:(?:不(?:再|予|会)?(?:要(?!求)|招[收聘]?|接[受收]|考虑|收|聘用?|录用?|欢迎|需要|适合)|谢绝|拒绝?|[勿除])(?:[^,。;\n不限()\d]{{0,6}}[/、和或及与])?{NOVICE}|非{NOVICE})"
    r"(?![^,。;\n]{0,4}(?:[勿不]|除外|(?:均|都|也|亦)可))"
    rf"|(?<!非){NOVICE}(?:[/、和或及与][^,。;\n不勿]{{1,6}})?[^,。;\n不勿免除慎谢绕]{{0,6}}?"
    r"(?:勿|免[谈扰投进]|除外|绕[行道]|慎[投入]|谢绝|不(?:予|会|再)?(?:要(?!求)|招|接[受收]|考虑(?!经验|专业|学历)|收(?!费)|聘|录|合?适))"
)
"""Where graduates of the year are turned away, as 应届勿扰, 不招收应届毕业生, 非应届."""
COHORT = re.compile(r"(?<!\d)((?:20)?[23]\d)(?:\s?[-/、,和及]\s?((?:20)?[23]\d))?\s?(?:级|届)")
DAYS = r"([1-7一二三四五六七])\s?(?:-[2-7]\s?)?天"
WEEK = re.compile(rf"(?:每周|一周|周)?(?:至少|不少于)?{DAYS}\s?/\s?周|每周(?:至少|不少于|到岗|出勤|实习|工作)*\s?{DAYS}")
STAY = re.compile(r"(?:实习|至少|连续|周期|为期|不少于)*\s?(\d{1,2}|[一二两三四五六七八九半])\s?个月")
HOW_MANY = r"(\d{1,5}|[一二两三四五六七八九十百]{1,4})"
COUNT = re.compile(
    rf"(?:招(?:聘|募|收)?|聘|需求?|计划|人数|名额)?\s?:?\s?(?<![\d.]){HOW_MANY}\s?(?:[-到至]\s?{HOW_MANY})?\s?(?:[个多余]\s?)?[人名位](?!以下)(以上|左右|内)?"
)
SOME = re.compile(r"若干|数名|多名|多人|不限(?:人数)?|大量|批量|[nN]\s?人")
PEOPLE = r"[人\ue000-\uf8ff]"  # a site hides 人 by an own font
SIZE = re.compile(
    rf"(?<![\d.])(?:(\d{{1,6}})\s?-\s?(\d{{1,6}})\s?{PEOPLE}?"
    rf"|(少于|不足|不到|超过|大于)?\s?(\d{{1,6}})\s?余?{PEOPLE}?\s?(及?以[上下]|以内)?)(?!\d)"
)


def degree(text: str) -> Read[Degree]:
    """The least degree a field or a sentence asks for; no value where it names none."""
    seen = plain(text)
    least: tuple[Level, tuple[int, int]] | None = None
    wished: tuple[Level, tuple[int, int]] | None = None
    top = False
    for match in DEGREE.finditer(seen):
        level = Level(int((match.lastgroup or "l0")[1:]))
        rest = seen[match.end() : match.end() + 14]
        if WISHED.match(rest):
            wished = wished if wished and wished[0] >= level else (level, match.span())
        elif BELOW.match(rest):
            least, top = (Level.ANY, match.span()), True
        elif not top and (least is None or level < least[0]):
            least = (level, match.span())
    found = least or wished
    if not found:
        return nothing()
    level = least[0] if least else Level.ANY
    school = SCHOOL.search(seen)
    value = Degree(level, bool(FULL_TIME.search(seen)), school.group() if school else "", wished[0] if wished else None)
    return Read(value, 0.97 if least and len(seen) <= 20 else 0.85 if least else 0.5, found[1])


def years(written: str) -> float | None:
    if written == "半":
        return 0.5
    return spelled(written) if written[0] in CHINESE or written[0] == "十" else float(written) if written[0] != "半" else None


def worked(seen: str) -> Read[Experience] | None:
    """Years of work, as 3-5年 or 一年以上."""
    for match in WORKED.finditer(seen):
        first, second, bound = match.groups()
        if "年" not in match.group() or NOT_WORK.search(seen[max(0, match.start() - 4) : match.start()]):
            continue
        low, high = years(first), years(second) if second else None
        if low is None or low > 40 or seen[match.end() : match.end() + 1] in ("薪", "底", "终", "假", "级", "月", "轻", "制", "龄", "会"):
            continue
        most = bound in ("以下", "以内", "及以下", "内") and not second
        value = Experience(None, low) if most else Experience(low, high)
        return Read(value, 0.95 if "经验" in seen or len(seen) <= 12 else 0.6, match.span())
    return None


def barred(seen: str) -> tuple[int, int] | None:
    """Where a text in one form turns graduates of the year away; None where it does not, or asks for them elsewhere (仅限应届,非应届勿投)."""
    turned = [match.span() for match in BARRED.finditer(seen)] if "应届" in seen else []
    asked = turned and any(not any(start <= match.start() < end for start, end in turned) for match in re.finditer("应届|校招", seen))
    return None if asked or not turned else turned[0]


def bars_graduates(text: str) -> bool:
    """Whether a posting as given tells graduates of the year not to apply."""
    return ("应届" in text or "應屆" in text) and barred(plain(text)) is not None


def experience(text: str) -> Read[Experience]:
    """The work experience, cohort or presence asked for; `Experience(0)` if none is; no value where nothing is said."""
    seen = plain(text)
    week, stay = WEEK.search(seen), STAY.search(seen)
    if week:
        days = week[1] or week[2]
        months = stay and (int(stay[1]) if stay[1].isdigit() else int(spelled(stay[1]) or 0) or None)
        value = Experience(0.0, days=int(days) if days.isdigit() else CHINESE[days], stay=months or None)
        return Read(value, 0.95, (week.start(), max(week.end(), stay.end() if stay and months else 0)))
    found = worked(seen)
    cohorts = sorted({int(year) % 100 + 2000 for match in COHORT.finditer(seen) for year in match.groups() if year})
    spread = COHORT.search(seen)
    if spread and "-" in spread.group() and len(cohorts) == 2:
        cohorts = list(range(cohorts[0], cohorts[1] + 1))
    turned = barred(seen)
    fresh = None if turned else FRESH.search(seen)
    if turned and not spread:
        low, high = (found.value.low, found.value.high) if found and found.value else (None, None)
        return Read(Experience(low, high, barred=True), 0.9, turned)
    if found and found.value and not (fresh or cohorts):
        return found
    if fresh or spread:
        span = (fresh or spread).span() if fresh or spread else (0, 0)  # type: ignore[union-attr]
        low = found.value.low if found and found.value else 0.0
        high = found.value.high if found and found.value else None
        return Read(Experience(low, high, True, tuple(cohorts)), 0.9, span)
    if match := NONE_ASKED.search(seen):
        return Read(Experience(0.0), 0.95, match.span())
    return nothing()


def number(written: str) -> int | None:
    return int(written) if written.isdigit() else (lambda value: None if value is None else int(value))(spelled(written))


def headcount(text: str) -> Read[Range]:
    """How many people are wanted; `Range(None, None)` for 若干; no value where it is not said."""
    seen = plain(text)
    if match := COUNT.search(seen):
        low, high = number(match[1]), number(match[2]) if match[2] else None
        if low:
            open_end = match[3] == "以上"
            return Read(Range(low, high or (None if open_end else low)), 0.97 if len(seen) <= 20 else 0.7, match.span())
    if match := SOME.search(seen):
        return Read(Range(None, None), 0.9, match.span())
    if (bare := re.fullmatch(r"\s*(\d{1,4})\s*", seen)) and int(bare[1]):
        return Read(Range(int(bare[1]), int(bare[1])), 0.6, bare.span(1))
    return nothing()


def size(text: str) -> Read[Range]:
    """How many people the employer has; no value for a trade or 未知规模."""
    seen = plain(text)
    for match in SIZE.finditer(seen):
        low, high, sign, one, bound = match.groups()
        if "人" not in match.group() and match.end() - match.start() < len(seen.strip()):
            continue
        if low:
            ends = sorted((int(low), int(high)))
            return Read(Range(ends[0], ends[1]), 0.97 if int(low) <= int(high) else 0.5, match.span())
        least = sign in ("超过", "大于") or bound in ("以上", "及以上")
        most = sign in ("少于", "不足", "不到") or bound in ("以下", "及以下", "以内")
        return Read(Range(None if most else int(one), None if least else int(one)), 0.95 if least or most else 0.7, match.span())
    return nothing()
