"""Is a posting to be trusted: rules of `data/screen.toml`, pay against its like, a missing or stale employer. Reads text, decides no match.

A posting that scores HELD or more by signs of fraud waits for staff and is never pushed; everything else only carries a warning.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from knowledge.postings.reading import plain
from knowledge.postings.salary import Salary
from knowledge.postings.terms import Degree, Experience, Level

Verdict = Literal["held", "warn", "fine"]
RULES = Path(__file__).parent / "data" / "screen.toml"
HELD, WARN = 50, 25
"""Points: the office's table suggests 25 and 50 (estimates); measured on 69 094 real postings, see tests."""
RIGHTS_AT_MOST = 45
"""Breaches of law that are no fraud (性别, 婚育) warn; they alone never hold a posting."""
LENGTH = 30_000
"""Characters that are screened; the longest of the real postings has 23 407. What is longer is said to be so, and not trusted."""
TOGETHER = 200
"""Characters within which all parts of a rule must stand: a list of clients and the duties are two things."""
STALE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Norm:
    """Pay of the like postings (title and city), yuan a month: the middle, and what nine of ten stay below."""

    middle: float
    ninth: float


@dataclass(frozen=True, slots=True)
class Offer:
    """What is looked at. `today` None: its age is not judged; `norm` None: nor its pay against others."""

    title: str
    text: str = ""
    company: str = ""
    pay: Salary | None = None
    degree: Degree | None = None
    experience: Experience | None = None
    posted: date | None = None
    deadline: date | None = None
    today: date | None = None
    norm: Norm | None = None

    @property
    def words(self) -> str:
        """Title and text as the rules see them; spans of reasons are positions in it."""
        return f"{self.title}\n{self.text}"


@dataclass(frozen=True, slots=True)
class Reason:
    """One sign: the rule, its points, where it stands in `Offer.words`, and what staff read."""

    rule: str
    kind: str
    weight: int
    family: str
    span: tuple[int, int]
    say: str


@dataclass(frozen=True, slots=True)
class Screening:
    level: Verdict
    score: int
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    kind: str
    family: str
    weight: int
    say: str
    any: re.Pattern[str] | None
    all: tuple[re.Pattern[str], ...] = ()
    unless: re.Pattern[str] | None = None
    told: bool = False
    hints: tuple[str, ...] = ()


def union(patterns: list[str], words: dict[str, str]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    whole = "|".join(f"(?:{pattern})" for pattern in patterns)
    for name, meaning in words.items():
        whole = whole.replace(f"{{{name}}}", meaning if meaning.startswith("(?:") else f"(?:{meaning})")
    return re.compile(whole, re.MULTILINE)


@cache
def rules() -> tuple[Rule, ...]:
    data: dict[str, Any] = tomllib.loads(RULES.read_text(encoding="utf8"))
    words: dict[str, str] = data["words"]
    found = []
    for row in data["rule"]:
        named = {key: row[key] for key in ("id", "kind", "family", "weight", "say")}
        every = tuple(pattern for each in row.get("all", ()) if (pattern := union([each], words)))
        some, unless = union(row.get("any", []), words), union(row.get("unless", []), words)
        found.append(Rule(**named, any=some, all=every, unless=unless, told=row.get("told", False), hints=tuple(row.get("hints", "").split())))
    return tuple(found)


@cache
def marks() -> tuple[dict[object, list[int]], frozenset[object], list[int]]:
    """The first two signs of every hint → numbers of the rules, these signs, and the rules without hints: one look at a text
    leaves the few rules worth trying (69 094 postings: 26 s of processor time became 18)."""
    found: dict[object, list[int]] = {}
    for number, rule in enumerate(rules()):
        for hint in rule.hints:
            found.setdefault(hint if len(hint) == 1 else (hint[0], hint[1]), []).append(number)
    return found, frozenset(found), [number for number, rule in enumerate(rules()) if not rule.hints]


def candidates(seen: str) -> list[Rule]:
    known, keys, always = marks()
    here: set[object] = {*pairwise(seen), *seen}
    numbers = {number for mark in keys & here for number in known[mark]}
    return [rules()[number] for number in sorted(numbers.union(always))]


CLAUSE = re.compile(r"[。;!?\n]")
DENIED = re.compile(
    r"(?:不(?![限仅但只论管少低同断错妨用])|不用(?=交|付|缴|任何)|无(?![忧论限需须])|没有|未(?!婚|来)|免(?!费)|拒绝|严禁|禁止|杜绝|谨防|警惕|防止(?!泄)|切勿|请勿|勿|非(?!常)|绝不|从不|零)"
    r"[^。;!?,\n]{0,12}$"
)
UNPAID = r"(?:不|未|无需|无须|免)(?:会|得|需|用|再|予|向[^,。]{0,6})?(?:收取?|交纳?|缴纳?|付)(?:任何|一切|押金|保证金|[^,。]{0,3}费)"
DENIED_LIST = re.compile(rf"{UNPAID}[^。;!?\n]{{0,16}}$")
DENIED_WITHIN = re.compile(rf"{UNPAID}|(?<!\d)[0零]元入职")
FREED = re.compile(r"^[^,。;!?\n]{0,8}(?:全免|免收|均?不收|均?不需|由(?:公司|单位)|公司(?:承担|报销|支付)|都是骗|属于?诈骗|系诈骗|[勿莫]信)")
WARNED = re.compile(r"谨防|警惕|切勿|郑重|如遇|凡(?:是)?[^。]{0,6}(?:收|要求)|防骗|反诈|声明|举报|冒充我")
MONEY = re.compile(r"\d{2,6}\s?(?:元|块)")


SPREAD = re.compile(r"(?<=[\u4e00-\u9fff])[ *·._~|/\\^-]{1,2}(?=[\u4e00-\u9fff])")


def squeezed(seen: str) -> tuple[str, list[int]]:
    """The text without single signs that tear words apart (押 金, 刷-单), and where each character stood; no list if nothing changed."""
    gaps = [match.span() for match in SPREAD.finditer(seen)]
    if not gaps:
        return seen, []
    kept: list[int] = []
    last = 0
    for start, end in gaps:
        kept.extend(range(last, start))
        last = end
    kept.extend(range(last, len(seen)))
    return "".join([seen[at] for at in kept]), kept


def clause(seen: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and after the hit within its sentence."""
    before = seen[max(0, start - 60) : start]
    after = seen[end : end + 60]
    head = list(CLAUSE.finditer(before))
    tail = CLAUSE.search(after)
    return before[head[-1].end() :] if head else before, after[: tail.start()] if tail else after


def innocent(rule: Rule, seen: str, match: re.Match[str]) -> bool:
    """Whether the words are denied (不收押金), warned of (谨防刷单), or mean a task of the job."""
    before, after = clause(seen, *match.span())
    near = before[-24:] + match.group() + after.partition(",")[0][:16]
    if rule.unless and rule.unless.search(near):
        return True
    if rule.told:
        return False
    if DENIED.search(before) or DENIED_LIST.search(before) or DENIED_WITHIN.search(match.group()) or FREED.match(after):
        return True
    return bool(WARNED.search(before)) and not MONEY.search(match.group() + after[:10])


def read(rule: Rule, seen: str) -> tuple[int, int] | None:
    """Where a rule holds, the first place that is not innocent."""
    if rule.hints and not any(hint in seen for hint in rule.hints):
        return None
    if rule.any:
        return next((match.span() for match in rule.any.finditer(seen) if not innocent(rule, seen, match)), None)
    spans = []
    for pattern in rule.all:
        match = next((match for match in pattern.finditer(seen) if not innocent(rule, seen, match)), None)
        if not match:
            return None
        spans.append(match.span())
    return spans[0] if spans and max(spans)[1] - min(spans)[0] <= TOGETHER else None


def beside(offer: Offer) -> Iterator[Reason]:
    """Signs outside of the text: pay, employer, age."""
    pay = offer.pay
    month = pay.low if pay and pay.unit == "month" else pay.low * 21 if pay and pay.unit == "day" and pay.low else None
    easy = (offer.degree is None or offer.degree.level <= Level.HIGH_SCHOOL) and not (offer.experience and offer.experience.low)
    if month and offer.norm and month > max(2.5 * offer.norm.middle, 1.3 * offer.norm.ninth):
        say = f"给得比同城同岗高很多：这里 {month:.0f} 元起，一般 {offer.norm.middle:.0f} 元左右"
        yield Reason("P01", "工资离谱", 35 if easy else 20, "fraud", (0, 0), say)
    elif month and offer.norm and pay and pay.high and pay.high < 0.4 * offer.norm.middle and pay.unit == "month":
        yield Reason("P02", "工资过低", 15, "rights", (0, 0), f"给得比同城同岗低很多，一般 {offer.norm.middle:.0f} 元左右")
    if pay and pay.low and pay.high and pay.high > 4 * pay.low and pay.high >= 8000:
        yield Reason("Z21", "区间离谱", 15, "fraud", (0, 0), f"区间太宽：{pay.low:.0f} 到 {pay.high:.0f} 元，先问清底薪")
    if len(offer.words) > LENGTH:
        yield Reason("E03", "太长", WARN, "employer", (0, 0), f"正文超过 {LENGTH} 字，后面没有检查")
    if not offer.company.strip() or re.search(r"保密|某(?:公司|集团|企业)|^公司$|不便透露", offer.company):
        yield Reason("Z29", "没有单位", 25, "employer", (0, 0), "没写清是哪家单位，先补全称")
    if offer.today and offer.deadline and offer.deadline < offer.today:
        yield Reason("E02", "过期", 25, "employer", (0, 0), f"报名在 {offer.deadline} 已截止")
    elif offer.today and offer.posted and not offer.deadline and offer.today - offer.posted > STALE:
        yield Reason("E01", "太旧", 25, "employer", (0, 0), f"发布在 {offer.posted}，超过 {STALE.days} 天，先问还招不招")


def screen(offer: Offer) -> Screening:
    """Level, score 0..100 and the reasons, heaviest first. Pure; never raises on any text."""
    seen, places = squeezed(plain(offer.words, LENGTH))
    found = list(beside(offer))
    for rule in candidates(seen):
        if (span := read(rule, seen)) is not None:
            at = (places[span[0]], places[span[1] - 1] + 1) if places else span
            found.append(Reason(rule.id, rule.kind, rule.weight, rule.family, at, rule.say))
    fraud = sum(reason.weight for reason in found if reason.family == "fraud")
    others = sum(reason.weight for reason in found if reason.family != "fraud")
    score = min(100, fraud + min(others, RIGHTS_AT_MOST))
    level: Verdict = "held" if fraud >= HELD else "warn" if score >= WARN else "fine"
    return Screening(level, score, tuple(sorted(found, key=lambda reason: -reason.weight)))
