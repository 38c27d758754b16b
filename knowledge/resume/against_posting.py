"""A résumé against one posting: what is asked found, only implied or missing, in the posting's own words; degree, years, city; what to move up.

Takes the posting as text. Gives no score and no odds.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from knowledge.postings.parse import cities, degree, experience
from knowledge.postings.terms import SAID
from knowledge.resume.sections import BULLET, NAMES, Resume, lines, plain

ASKS = re.compile(r"(?:任职|岗位|职位|应聘|招聘|基本)?(?:要求|资格|条件)|我们希望你|你需要|任职资格|requirements?")
ENDS = re.compile(r"^\W*(?:福利|待遇|薪[资酬]|工作地[点址]|工作时间|联系|公司(?:简介|介绍)|投递|我们提供|岗位职责|工作内容|职责)")
WISHED = re.compile(r"优先|加分|尤佳|更佳|最好|者佳|择优")
CUE = re.compile(
    r"(?:熟练|能够|能|会)?(?:使用|运用|操作|掌握|应用)|熟悉|熟练|掌握|精通|了解|懂|会(?=[A-Za-z])|擅长|具备|具有|拥有|持有?|取得|有(?=[^,。;]{2,14}(?:经验|经历|证|能力|基础))"
)
GRADED = re.compile(
    r"^(?:并|且|和|或|能(?![力源])|会(?![计议展员])|较强|较好|良好|优秀|出色|一定|扎实|丰富|极强|强烈|相关|至少一种|各类|常用|常见|基本|主流|过|以下|以上|使用|运用|操作|掌握|熟练|熟悉|了解|的|地|办公)+"
)
TAIL = re.compile(
    r"(?:等[\u4e00-\u9fff]{0,6}|的?(?:相关)?(?:实习|工作|项目|实践)?(?:经验|经历)(?:者)?|优先(?:考虑)?|者|软件|工具|加分|知识|基础|技能|技术|语言|编程|开发|的|即可|佳)+$"
)
LATIN = re.compile(r"[A-Za-z][A-Za-z0-9+#./-]*(?: (?:Boot|Server|BI))?")
NO_TERM = re.compile(r"学历|本科|专科|大专|硕士|博士|毕业|专业|岁|性别|应届|不限|以上|身体|健康|户籍|形象|气质|品行|年龄|优先|能力强|工作|经验")
TERM_LENGTH = 12

State = Literal["found", "implied", "missing"]


@dataclass(frozen=True, slots=True)
class Need:
    """One thing the posting asks for, `term` in its words; `place`: where the résumé names or implies it."""

    term: str
    required: bool
    state: State
    place: tuple[int, int] | None = None
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """Degree, years or city: what is asked, what the résumé tells, whether that fits (None: cannot be told)."""

    name: str
    asked: str
    held: str
    fits: bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    needs: tuple[Need, ...]
    points: tuple[Point, ...]
    move_up: tuple[str, ...]

    def of(self, state: State, *, required: bool) -> list[Need]:
        return [need for need in self.needs if need.state == state and need.required == required]


@cache
def skills() -> dict[str, dict[str, Any]]:
    held: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "data" / "skills.toml").read_text(encoding="utf8"))["skill"]
    return held


@cache
def named() -> dict[str, str]:
    """Every name of a skill, in lower case → the skill."""
    return {name.lower(): skill for skill, row in skills().items() for name in (skill, *row.get("aka", ()))}


def clauses(posting: str) -> Iterator[str]:
    """The clauses that ask for something: those under the requirements, or all where no heading tells them apart."""
    rows = [row.strip() for row in plain(posting).splitlines() if row.strip()]
    starts = [at for at, row in enumerate(rows) if ASKS.search(row[:12])]
    taken = rows
    if starts:
        rest = rows[starts[0] :]
        end = next((at for at, row in enumerate(rest) if at and ENDS.match(row)), len(rest))
        taken = rest[:end]
    for row in taken:
        parts = re.split(r"[。;]|(?<=[\u4e00-\u9fff)])[,](?!\d)", re.sub(r"^[^:]{0,10}(?:要求|资格|条件)\s?:", "", BULLET.sub("", row, count=1)))
        yield from (part.strip() for part in parts if part.strip())


def terms(clause: str) -> Iterator[str]:
    """What a clause names: known skills, words in Latin letters, and what stands behind 熟悉, 掌握, 具备…"""
    taken: list[str] = []
    used: set[int] = set()
    low = clause.lower()
    for name in sorted(named(), key=len, reverse=True):
        edge = ("(?<![a-z0-9])", "(?![a-z0-9+#])") if name.isascii() else ("", "")
        found = re.search(f"{edge[0]}{re.escape(name)}{edge[1]}", low) if name in low else None
        if found and used.isdisjoint(range(*found.span())):
            used |= set(range(*found.span()))
            taken.append(name)
            yield clause[slice(*found.span())]
    for match in LATIN.finditer(clause):
        if (
            len(match.group()) > 1
            and not any(match.group().lower() in other or other in match.group().lower() for other in taken)
            and match.group().lower() not in ("and", "or", "the", "jd", "it", "hr")
        ):
            taken.append(match.group().lower())
            yield match.group()
    for cue in CUE.finditer(clause):
        for part in re.split(r"[、/,]|以及|和|及|或|与", clause[cue.end() :]):
            word = TAIL.sub("", GRADED.sub("", part.strip(" ()\"'")))
            known = any(name in word.lower() or word.lower() in name for name in taken)
            if (
                2 <= len(word) <= TERM_LENGTH
                and not known
                and not NO_TERM.search(word)
                and not CUE.search(word)
                and re.fullmatch(r"[\w+#. -]+", word)
            ):
                taken.append(word.lower())
                yield word


def state_of(term: str, resume: Resume) -> tuple[State, tuple[int, int] | None]:
    """Whether a résumé names a term or implies it, and where."""
    skill = named().get(term.lower())
    row = skills()[skill] if skill else {}
    for name in (term, *((skill, *row.get("aka", ())) if skill else ())):
        edge = (r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9+#])") if name.isascii() else ("", "")
        found = re.search(rf"(?i){edge[0]}{re.escape(name)}{edge[1]}", resume.seen)
        if found:
            return "found", line_of(resume, found.start())
    for pattern in row.get("shows", ()):
        for start, end in resume.told or list(lines(resume.text, 0, len(resume.text))):
            if re.search(pattern, resume.seen[start:end]):
                return "implied", (start, end)
        found = re.search(pattern, resume.seen)
        if found:
            return "implied", line_of(resume, found.start())
    pieces = [term[at : at + 2] for at in range(0, len(term) - 1, 2)]
    if not skill and len(term) >= 4 and not term.isascii():
        for start, end in resume.told:
            if all(piece in resume.seen[start:end] for piece in pieces):
                return "implied", (start, end)
    return "missing", None


def line_of(resume: Resume, at: int) -> tuple[int, int]:
    return next(((start, end) for start, end in lines(resume.text, 0, len(resume.text)) if start <= at < end), (at, at))


def compared(resume: Resume, posting: str, today: date) -> Comparison:
    """Never raises; a text that asks for nothing has no needs."""
    needs: dict[str, Need] = {}
    for clause in clauses(posting):
        wished = bool(WISHED.search(clause))
        for term in terms(clause):
            key = named().get(term.lower(), term.lower())
            state, place = state_of(term, resume)
            soft = bool(skills().get(key, {}).get("soft"))
            if key not in needs or (not wished and not needs[key].required):
                needs[key] = Need(term, not wished, state, place, soft)
    held = tuple(need for need in needs.values() if not (need.soft and need.state == "missing"))
    return Comparison(held, tuple(points(resume, posting, today)), tuple(move_up(resume, held)))


def points(resume: Resume, posting: str, today: date) -> Iterator[Point]:
    asked = degree(posting).value
    if asked and asked.level:
        held = resume.level
        yield Point("学历", SAID[asked.level], SAID[held] if held else "没写", None if held is None else held >= asked.level)
    years = experience(posting).value
    now = today.year * 12 + today.month - 1
    worked = resume.worked(now)
    if years and years.low:
        long = "".join(f" {count} {unit}" for count, unit in ((worked // 12, "年"), (worked % 12, "个月")) if count)
        told = f"毕业后{long}" if worked else "没有毕业后的工作"
        yield Point("年限", f"{years.low:g} 年以上", told, worked >= years.low * 12)
    elif years and years.cohorts and resume.graduation:
        cohort = resume.graduation // 12
        yield Point("届别", "、".join(f"{year} 届" for year in years.cohorts), f"{cohort} 年毕业", cohort in years.cohorts)
    where = re.search(r"(?:工作地[点址]|工作城市|上班地[点址]|地点|base)\s?[:]?\s?([^\n,。;]{2,20})", plain(posting), re.IGNORECASE)
    place = next((read.value for read in cities(where[1]) if read.value and read.value.city), None) if where else None
    if place:
        yield Point("城市", place.city, "写到了" if place.city in resume.seen else "没有提到", True if place.city in resume.seen else None)


def move_up(resume: Resume, needs: tuple[Need, ...]) -> Iterator[str]:
    """What matches the posting and stands in the lower half, and what is only in the list of skills."""
    half = len(resume.text) / 2
    weights: dict[tuple[int, int], list[str]] = {}
    for need in needs:
        if need.place and need.required and not need.soft:
            item = next((item for item in resume.items if item.head[0] <= need.place[0] < (item.lines[-1][1] if item.lines else item.head[1])), None)
            if item:
                weights.setdefault(item.head, []).append(need.term)
    ranked = sorted(weights.items(), key=lambda each: -len(each[1]))
    if ranked and ranked[0][0][0] > half and len(ranked[0][1]) >= 2:
        head, found = ranked[0]
        yield f"「{resume.text[slice(*head)][:30]}」这段最对口({'、'.join(found[:4])}),却在后半页,挪到前面"
    bare = [need.term for need in needs if need.place and need.required and not need.soft and need.state == "found" and in_list(resume, need.place)]
    if bare:
        yield f"{'、'.join(bare[:4])} 只写在{NAMES['skills']}栏,在经历里写一处用它做了什么"


def in_list(resume: Resume, place: tuple[int, int]) -> bool:
    return any(section.body[0] <= place[0] < section.body[1] or section.title[0] <= place[0] < section.title[1] for section in resume.of("skills"))
