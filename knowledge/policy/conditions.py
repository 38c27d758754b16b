"""The small language in which entries write their conditions, compiled to three-valued tests.

`ui_paid_months >= 12 and (employment == "未就业" or left_within(2))`: comparisons, membership, and/or/not and the calls of
`CALLS`. Parsed by Python's own parser, but only these shapes are taken; nothing is ever executed.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from knowledge.policy import facts as known
from knowledge.policy.facts import DERIVED, Facts, Truth
from knowledge.profile import DEGREES, FIELDS, Span, chosen, span

ASKED_AS = {"age": "birth_date", "cohort": "graduation_date"}
"""Derived values and the field a person is asked for."""


class ConditionError(ValueError):
    """A condition that cannot be read; one Chinese sentence for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Test:
    """`check` is true, false or unknown; `missing` names the fields that keep it unknown; `why` explains an open reading."""

    check: Callable[[Facts], Truth]
    missing: Callable[[Facts], set[str]]
    why: Callable[[Facts], str] = lambda facts: ""


@dataclass(frozen=True, slots=True)
class Call:
    """`run(facts, *arguments)`; `fields` are what it reads; `arguments` the least and most number of them."""

    run: Callable[..., Truth]
    fields: tuple[str, ...]
    arguments: tuple[int, int] = (0, 0)


def left_within(facts: Facts, years: int, name: str = "", by: str = "") -> Truth:
    """`left_within(2)` today, `left_within(2, "hired_on")` on that day, `left_within(2, "", "日期")` by that reading."""
    at = facts.value(name) if name else None
    return None if name and at is None else known.left_within(facts, years, at, by)


def graduation_year(facts: Facts, name: str = "") -> Truth:
    """The year of graduation is the year of that day (today where no field is named)."""
    at = facts.value(name) if name else Span(facts.today, facts.today)
    if at is None or facts.cohort is None:
        return None
    low, high = facts.cohort.low, facts.cohort.high
    return True if low == high == at.low.year == at.high.year else False if at.high.year < low or at.low.year > high else None


def aged(facts: Facts, low: int, high: int, name: str = "") -> Truth:
    """Between two ages in full years, both included, on the day of the named field."""
    at = facts.value(name) if name else None
    return within(None if name and at is None else facts.age(at), low, high)


def recruited(facts: Facts, low: int, high: int) -> Truth:
    """Between two ages by every way of counting: full years today and to the end of the year that is recruited for next."""
    return within(known.recruited(facts), low, high)


def within(age: Span | None, low: int, high: int) -> Truth:
    return None if age is None else True if age.low >= low and age.high <= high else False if age.high < low or age.low > high else None


def said(facts: Facts, name: str) -> Truth:
    """Whether anything is known of a field; never unknown itself."""
    return facts.value(name) is not None


def had(facts: Facts, key: str) -> Truth:
    """Received before, as far as said: what was not mentioned counts as not received."""
    return key in facts.profile.get("received_before", ())


def received(facts: Facts, key: str) -> Truth:
    """Received before; unknown until asked."""
    held = facts.profile.get("received_before")
    return None if held is None else key in held


def months_since(facts: Facts, name: str, months: int, at: str = "") -> Truth:
    """At least so many months since the day of a field, counted to today or to another field's day."""
    until = facts.value(at) if at else None
    past = None if at and until is None else known.months_since(facts, name, until)
    return None if past is None else True if past.low >= months else False if past.high < months else None


def located(facts: Facts, name: str, *places: str) -> Truth:
    """The place in a field is, or lies in, one of the places."""
    held = facts.profile.get(name)
    return None if held is None else any(lies_in(held, place) for place in places)


def lies_in(text: str, place: str) -> bool:
    return place in text or place in known.names_of(text)


CALLS: dict[str, Call] = {
    "left_within": Call(left_within, ("graduation_date",), (1, 3)),
    "graduation_year": Call(graduation_year, ("cohort",), (0, 1)),
    "graduated": Call(known.graduated, ("graduation_date",)),
    "final_year": Call(known.final_year, ("graduation_date",)),
    "aged": Call(aged, ("birth_date",), (2, 3)),
    "recruited": Call(recruited, ("birth_date",), (2, 2)),
    "said": Call(said, (), (1, 1)),
    "settled": Call(known.settled, ()),
    "insured_before": Call(known.insured_before, ()),
    "paid_here": Call(known.paid_here, ("hired_on",), (2, 2)),
    "member": Call(known.members, ("groups",), (1, 12)),
    "had": Call(had, (), (1, 1)),
    "received": Call(received, ("received_before",), (1, 1)),
    "months_since": Call(months_since, (), (2, 3)),
    "located": Call(located, (), (2, 20)),
    "west_or_middle": Call(lambda facts: known.region_kind(facts.profile.get("employer.region")), ("employer.region",)),
    "below_county": Call(lambda facts: known.county_level(facts.profile.get("employer.region")), ("employer.region",)),
    "skill_certificate": Call(known.skilled, ("certificates",)),
    "medical_major": Call(known.medical, ("major",)),
    "manufacturing": Call(known.manufacturing, ("employer.industry",)),
    "small": Call(known.small, ("employer.size",)),
    "small_or_medium": Call(known.small_or_medium, ("employer.size",)),
    "pensioned": Call(known.pensioned, ()),
    "ended": Call(lambda facts: False, ()),
}
NAMING = {"months_since": (0, 2), "paid_here": (0,), "said": (0,), "located": (0,), "left_within": (1,), "graduation_year": (0,), "aged": (2,)}
"""Which arguments of a call are names of fields."""
COMPARES: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


def compiled(text: str, key: str) -> Test:
    """The test that a condition of entry `key` writes.

    Raises:
        ConditionError: what cannot be read, and where.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ConditionError(f"条件「{text}」写法不对,请检查括号和引号") from error
    return build(tree, text, key)


def build(node: ast.expr, text: str, key: str) -> Test:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return all_of([build(value, text, key) for value in values])
        case ast.BoolOp(values=values):
            return any_of([build(value, text, key) for value in values])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = build(operand, text, key)
            return Test(lambda facts: negated(inner.check(facts)), inner.missing, inner.why)
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [left, *others]
            return all_of([compare(*side, text) for side in zip(sides, ops, others, strict=False)])
        case ast.Call(func=ast.Name(id="local"), args=[]):
            return Test(lambda facts: facts.profile.get("local_answers", {}).get(key), lambda facts: {"local_answers"})
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return call(name, arguments, text)
        case ast.Name() | ast.Attribute():
            field = named(node, text)
            return Test(lambda facts: facts.value(field), lambda facts: {field})
    raise ConditionError(f"条件「{text}」里这一段看不懂:{ast.unparse(node)}")


def negated(truth: Truth) -> Truth:
    return None if truth is None else not truth


def all_of(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def check(facts: Facts) -> Truth:
        found: Truth = True
        for test in tests:
            truth = test.check(facts)
            if truth is False:
                return False
            if truth is None:
                found = None
        return found

    return Test(check, lambda facts: open_fields(tests, facts), lambda facts: open_why(tests, facts))


def any_of(tests: list[Test]) -> Test:
    def check(facts: Facts) -> Truth:
        found: Truth = False
        for test in tests:
            truth = test.check(facts)
            if truth:
                return True
            if truth is None:
                found = None
        return found

    return Test(check, lambda facts: open_fields(tests, facts), lambda facts: open_why(tests, facts))


def open_fields(tests: Iterable[Test], facts: Facts) -> set[str]:
    return {field for test in tests if test.check(facts) is None for field in test.missing(facts)}


def open_why(tests: Iterable[Test], facts: Facts) -> str:
    return next((said for test in tests if test.check(facts) is None and (said := test.why(facts))), "")


def named(node: ast.expr, text: str) -> str:
    name = ast.unparse(node)
    if name not in FIELDS and name not in DERIVED:
        raise ConditionError(f"条件「{text}」里没有 {name} 这个字段,字段名见 bulixian plan --schema")
    return name


def constant(node: ast.expr, text: str, field: str) -> Any:
    """What a field is compared with, in the field's own words."""
    if isinstance(node, ast.List):
        return [constant(item, text, field) for item in node.elts]
    if not isinstance(node, ast.Constant):
        raise ConditionError(f"条件「{text}」里要和一个固定的值比,{ast.unparse(node)} 不是")
    held = FIELDS.get(field)
    if held and held.kind == "date" and isinstance(node.value, str):
        return (span(node.value) or Span(None, None)).low
    if held and held.kind == "choice" and chosen(held, str(node.value)) != node.value:
        raise ConditionError(f"条件「{text}」里 {field} 没有「{node.value!s}」这个值,只有 {'、'.join(held.values or ())}")
    return DEGREES.index(str(node.value)) if field == "degree" else node.value


def compare(left: ast.expr, op: ast.cmpop, right: ast.expr, text: str) -> Test:
    field = named(left, text)
    value = constant(right, text, field)
    if isinstance(op, ast.In):
        return Test(lambda facts: None if (held := facts.value(field)) is None else held in value, lambda facts: {ASKED_AS.get(field, field)})
    if type(op) not in COMPARES:
        raise ConditionError(f"条件「{text}」里只能用 == != < <= > >= in")
    holds = COMPARES[type(op)]

    def check(facts: Facts) -> Truth:
        held = facts.value(field)
        if not isinstance(held, Span):
            return None if held is None else holds(held, value)
        ends = {holds(held.low, value), holds(held.high, value)}
        if isinstance(op, ast.Eq | ast.NotEq) and held.low != held.high:
            return None if held.low <= value <= held.high else isinstance(op, ast.NotEq)
        return ends.pop() if len(ends) == 1 else None

    return Test(check, lambda facts: {ASKED_AS.get(field, field)})


def call(name: str, arguments: list[ast.expr], text: str) -> Test:
    found = CALLS.get(name)
    values: list[Any] = [argument.value for argument in arguments if isinstance(argument, ast.Constant)]
    if found is None or len(values) != len(arguments):
        raise ConditionError(f"条件「{text}」里的 {name}(…) 看不懂,只能用 {'、'.join(CALLS)} 和 local()")
    if not found.arguments[0] <= len(values) <= found.arguments[1]:
        raise ConditionError(f"条件「{text}」里 {name} 括号中的个数不对")
    fields = [values[at] for at in NAMING.get(name, ()) if at < len(values) and values[at]]
    for field in fields:
        if field not in FIELDS:
            raise ConditionError(f"条件「{text}」里没有 {field} 这个字段,字段名见 bulixian plan --schema")
    reads = tuple(dict.fromkeys((*fields, *found.fields)))
    run, why = found.run, two_readings if name == "left_within" else lambda facts: ""
    asked = (name, *values)

    def check(facts: Facts) -> Truth:
        if asked not in facts.memo:  # many entries ask the same
            facts.memo[asked] = run(facts, *values)
        return facts.memo[asked]

    return Test(check, lambda facts: unknown(reads, facts, name), why)


def unknown(fields: tuple[str, ...], facts: Facts, name: str) -> set[str]:
    """The fields that are not known well enough; where all are, what only the local office can say."""
    absent = {ASKED_AS.get(field, field) for field in fields if facts.value(field) is None}
    open_ones = absent or {ASKED_AS.get(field, field) for field in fields if not exact(facts, field)}
    return open_ones or {"counts_by" if name == "left_within" else "local_answers"}


def exact(facts: Facts, field: str) -> bool:
    held = facts.value(field)
    return held is not None and (not isinstance(held, Span) or held.low == held.high)


def two_readings(facts: Facts) -> str:
    """Why 离校2年内 is open for somebody whose diploma date is known (IDS-10)."""
    on = facts.left_on
    if on is None or on.low != on.high or facts.cohort is None:
        return ""
    return f"毕业证日期是 {on.low},按这个日期算和按届({facts.cohort.low} 届)算结果不一样,要看当地用哪种"
