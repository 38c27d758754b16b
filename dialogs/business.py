"""An own business as stated: since when it runs, whom it pays for, how many it hires, where it is. What is stated at all is decided in `clauses`."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from dialogs import dates, localities, sayings
from dialogs.clauses import Said
from dialogs.polarity import denied
from dialogs.work import EMPLOYERS_SHOP, INSURANCE, last_of, left

Facts = dict[str, Any]
ENTITY = sayings.patterns("entity")
SAYINGS = sayings.patterns("business")
BEFORE, HIRES, HIRES_NOW, NO_ONE, OPERATING, RUNS_ON, RUNS, ALL_ALONG, PAYS, PAYS_NOT, SHOP, NOT_MINE, TALK = (
    SAYINGS[name]
    for name in (
        "before",
        "hires",
        "hires_now",
        "no_one",
        "operating",
        "runs_on",
        "runs",
        "all_along",
        "pays",
        "pays_not",
        "shop",
        "not_mine",
        "talk",
    )
)
SMALL = "小微企业"
"""A firm that is small is that, whatever else it is."""
ENDS = re.compile("[吧了啦喇咯喽整]*")
NO_MONTH = re.compile(r"(?:一个月|一天)(?:的)?(?:社保|保险)(?:都|也)?没有?[交缴]|(?:社保|保险)(?:一个月|一天)(?:都|也)?没有?[交缴]")
FEW = {"俩": 2, "仨": 3, "个": 1, "名": 1, "位": 1}
"""招了俩学徒, 雇了个小工: counted without a measure word, or with nothing but it."""


def number(said: str) -> int:
    return FEW.get(said) or dates.count(said)


def hired(clause: str) -> int | None:
    """How many work for the person."""
    for found in HIRES.finditer(clause):
        if not denied(clause, found.start()):
            return number(next(filter(None, found.groups())))
    return None


def insured(said: Said, told: Facts) -> Facts:
    """Whether the business pays social insurance, and for how many months on end."""
    if not INSURANCE.search(said.whole):
        return {}
    clauses = [clause for clause in said.own if not re.search(r"上家|原来|以前|之前", clause)]
    pays: bool | None = None
    months: int | None = None
    for before, clause in pairwise(("", *clauses)):
        pays = False if PAYS_NOT.search(clause) else True if PAYS.search(clause) else pays
        on_end = ALL_ALONG.search(clause) or (ALL_ALONG.search(before) and RUNS.match(clause) and not running(clause, len(clause)))
        if on_end and not re.search(r"[没未]有?[交缴]", clause):
            months = next((int(length) for start, _, length in dates.lengths(clause) if not running(clause, start)), months)
        elif NO_MONTH.search(clause):
            months = 0
    if months and (pays is False or told.get("business.pays_social") is False):
        months = None
    return ({} if pays is None else {"business.pays_social": pays}) | ({} if months is None else {"business.social_months": months})


def running(clause: str, start: int) -> bool:
    """经营了 5 个月: the length belongs to the business, not to its payments."""
    return bool(OPERATING.search(clause[:start]))


def own(said: Said, result: Facts) -> Facts:
    """What belongs to an own business; read only where one is spoken of."""
    if result.get("employment") != "创业" and (not (SHOP.search(said.whole) or TALK.search(said.whole)) or NOT_MINE.search(said.whole) or left(said)):
        return {}
    told = {name: value for name, value in result.items() if name.startswith("business.")}
    goes_on, hires = 0, False
    for clause in said.own:
        for start, end, length in dates.lengths(clause):
            alone = goes_on and RUNS.fullmatch(clause[:start]) and ENDS.fullmatch(clause[end:])
            runs = running(clause, start) or RUNS_ON.match(clause[end:]) or alone
            if runs and length == int(length) and not re.search(r"合同|社保|保险|送外卖|跑|[交缴]", clause[:start]):
                told["business.operating_months"] = int(length)
        named = re.search(r"经营|营业|开张|开业|开[了个间家的]|开起来|做老板|生意", clause)
        goes_on = 2 if named and not INSURANCE.search(clause) else max(0, goes_on - 1)
        now = HIRES_NOW.fullmatch(clause) if hires else None
        if (count := number(now[1]) if now else hired(clause)) is not None:
            told["business.hires"] = count
        hires = bool(re.search(r"[雇招请]了", clause))
    if result.get("employment") == "创业" and "business.first_business" not in told and any(BEFORE.search(clause) for clause in said.own):
        told["business.first_business"] = False
    if "business.hires" not in told and any(NO_ONE.search(clause) for clause in said.raw):
        told["business.hires"] = 0
    told |= insured(said, told)
    clauses = tuple(EMPLOYERS_SHOP.sub("", clause) for clause in said.own)
    entity = last_of({SMALL: ENTITY[SMALL]}, clauses) or last_of(ENTITY, clauses)
    shown = {
        name
        for name, value in told.items()
        if name == "business.first_business"
        or (name == "business.has_license" and (value or "employment" not in result or result["employment"] == "灵活就业"))
    }
    if result.get("employment") == "创业" or (
        result.get("employment") in (None, "未就业", "灵活就业") and (shown or entity == "个体工商户" or TALK.search(said.whole))
    ):
        place = localities.business(said)
        return told | ({"business.entity": entity} if entity else {}) | ({"business.region": place} if place else {})
    return {}
