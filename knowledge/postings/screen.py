"""Is a posting to be trusted: signs of a fraud, pay against its like, a missing or stale employer. Reads text, decides no match.

A posting with signs of fraud that is like known frauds as well waits for staff and is never pushed; everything else only carries a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from knowledge.postings.salary import Salary
from knowledge.postings.terms import Degree, Experience, Level
from knowledge.rights.likeness import alike
from knowledge.rights.signals import Reason, signs

Verdict = Literal["held", "warn", "fine"]
HELD, WARN = 50, 25
"""Points: the office's table suggests 25 and 50 (estimates). What is held shows HELD at least; of 69 094 real postings one in 550 is."""
MENTION, TITLE, TEXT = 10, 20, 20
"""Points of named signs from which likeness to known frauds is asked for, and the points it takes where the text has fewer than so many
characters: a title alone says little."""
WORTH, MOST, BELIEVED, ALONE = 1.0, 100, 0.3, 0.65
"""Log-odds that a hundred points of named signs add to those of likeness, points beyond which more says no more, the log-odds from which
both together hold a posting, and from which likeness alone holds a short one: chosen on postings that the weights were not
learned from (tests/knowledge/rights/test_scam.py)."""
SHORT = 300
"""Characters of a text up to which it is asked for likeness without any named sign: most frauds are short, and it costs little."""
RIGHTS_AT_MOST = 45
"""Breaches of law that are no fraud (性别, 婚育) warn; they alone never hold a posting."""
LENGTH = 30_000
"""Characters that are screened; the longest of the real postings has 23 407. What is longer is said to be so, and not trusted."""
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
class Screening:
    level: Verdict
    score: int
    reasons: tuple[Reason, ...] = ()


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
    found = [*beside(offer), *signs(offer.words, LENGTH)]
    fraud = sum(reason.weight for reason in found if reason.family == "fraud")
    held = False
    named = fraud >= (MENTION if len(offer.text) >= TEXT else TITLE)
    if named or TEXT <= len(offer.text) <= SHORT:
        like = alike(offer.words, LENGTH, [reason.rule for reason in found])
        held = like.odds + WORTH * min(fraud, MOST) / MOST >= BELIEVED if named else like.odds >= ALONE
        if named or held:
            found += like.reasons
            fraud += sum(reason.weight for reason in like.reasons)
    fraud = max(fraud, HELD) if held else min(fraud, HELD - 1)
    others = sum(reason.weight for reason in found if reason.family != "fraud")
    score = min(100, fraud + min(others, RIGHTS_AT_MOST))
    level: Verdict = "held" if held else "warn" if score >= WARN else "fine"
    return Screening(level, score, tuple(sorted(found, key=lambda reason: -reason.weight)))
