"""What a person is entitled to: every condition of every entry met, broken or unknown, and the verdict that follows.

Unknown never becomes no. Works on profiles alone; asks nobody and stores nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

from knowledge.policy.conditions import ConditionError, Test, compiled, lies_in
from knowledge.policy.entry import Entry, Rule
from knowledge.policy.facts import Facts, Truth
from knowledge.policy.store import Knowledge
from knowledge.profile import FIELDS

Judgement = Literal["eligible", "not_eligible", "need_more_info"]
VALID = "valid"
"""Key of the condition that the policy has not ended; a place that went on with it has a rule with this key."""

PLACES = 4096
"""Of an entry's rules by day and place, so many are remembered."""
HORIZON, STEP = 3 * 366, 28
"""Days that `until` looks ahead, and its stride: no condition of ours holds, fails and holds again within a month."""

ORDER = {name: place for place, name in enumerate(FIELDS)}


class Condition(NamedTuple):
    """One condition and how it stands; `why` explains an open one whose facts are known, `local`: only an office can say it."""

    text: str
    met: Truth
    source: str
    mend: str = ""
    why: str = ""
    local: bool = False

    @property
    def said(self) -> str:
        return f"{self.text}({self.why})" if self.why else self.text


class Verdict(NamedTuple):
    id: str
    title: str
    verdict: Judgement
    conditions: Sequence[Condition]
    missing: Sequence[str] = ()

    @property
    def broken(self) -> list[Condition]:
        return [condition for condition in self.conditions if condition.met is False]

    @property
    def confirm(self) -> list[Condition]:
        """Open ones that no answer of the person settles."""
        return [condition for condition in self.conditions if condition.local]

    @property
    def nearly(self) -> bool:
        """Not yet, but all that fails can be mended."""
        return self.verdict == "not_eligible" and all(condition.mend for condition in self.broken)

    @property
    def next(self) -> str:
        """The next step in words; empty where there is none."""
        if self.verdict == "eligible":
            return "初步符合,以经办核定为准;按办理地点去申请。"
        if self.verdict == "need_more_info":
            told = [FIELDS[name].label for name in self.missing if name != "local_answers" or not self.confirm]
            office = "".join(f"「{each.text}」" for each in self.confirm)
            return (f"还要知道:{'、'.join(told)}。" if told else "") + (f"需确认:{office},要问当地经办。" if office else "")
        return f"差一步:{';'.join(condition.mend for condition in self.broken)}。" if self.nearly else ""

    def body(self) -> dict[str, Any]:
        """The shape of the machine interface."""
        conditions = [{"text": each.said, "met": each.met, "source": each.source} for each in self.conditions]
        head = {"id": self.id, "title": self.title, "verdict": self.verdict}
        return {**head, "conditions": conditions, "missing": list(self.missing), "next": self.next}


@dataclass(frozen=True, slots=True)
class Compiled:
    """An entry's rules with their tests: the general ones, and which have variants in places."""

    entry: Entry
    rules: Sequence[tuple[Rule, Test]]
    ats: tuple[str, ...]
    """Whose place decides which variants hold."""
    dated: bool
    kept: dict[tuple[date, tuple[str, ...]], Sequence[tuple[Rule, Test]]] = field(default_factory=dict)

    def holding(self, facts: Facts) -> Sequence[tuple[Rule, Test]]:
        """The rules that hold where and when this person asks; remembered by place, for there are few places and many people."""
        where = (facts.today, tuple(facts.place(at) for at in self.ats))
        found = self.kept.get(where)
        if found is None:
            if len(self.kept) >= PLACES:
                self.kept.clear()
            found = self.kept[where] = self.choose(facts)
        return found

    def choose(self, facts: Facts) -> Sequence[tuple[Rule, Test]]:
        now = [(rule, test) for rule, test in self.rules if not over(rule, facts.today)] if self.dated else self.rules
        if not self.ats:
            return now
        here = {id(rule) for rule, _ in now if rule.place and any(lies_in(facts.place(rule.at), place) for place in rule.place)}
        replaced = {rule.key for rule, _ in now if rule.key and id(rule) in here}
        return [(rule, test) for rule, test in now if id(rule) in here or not (rule.place or rule.key in replaced)]

    def check(self, facts: Facts) -> Judgement:
        """The verdict alone."""
        open_one = False
        for _, test in self.holding(facts):
            truth = test.check(facts)
            if truth is False:
                return "not_eligible"
            open_one = open_one or truth is None
        return "need_more_info" if open_one else "eligible"

    def judge(self, facts: Facts) -> Verdict:
        """The verdict with every condition; what is missing is only named where nothing is broken."""
        found: list[Condition] = []
        undecided: list[Test] = []
        broken = False
        for rule, test in self.holding(facts):
            met = test.check(facts)
            why, local = "", False
            if met is None:
                undecided.append(test)
                why, local = test.why(facts), test.missing(facts) == {"local_answers"}
            broken = broken or met is False
            found.append(Condition(rule.text, met, rule.source, rule.mend or "", why, local))
        if broken or not undecided:
            return Verdict(self.entry.id, self.entry.title, "not_eligible" if broken else "eligible", found)
        missing = {name for test in undecided for name in test.missing(facts)}
        return Verdict(self.entry.id, self.entry.title, "need_more_info", found, sorted(missing, key=ORDER.__getitem__))


def over(rule: Rule, today: date) -> bool:
    return (rule.valid_from is not None and today < rule.valid_from) or (rule.valid_to is not None and today > rule.valid_to)


def compile_entry(entry: Entry) -> Compiled:
    """
    Raises:
        ConditionError: a rule that cannot be read.
    """
    rules = [rule.model_copy(update={"source": entry.voiced(rule.source)}) for rule in entry.rule]
    if entry.valid_to and not any(rule.key == VALID and not rule.place for rule in rules):
        text = f"政策还在有效期内({entry.valid_to} 截止)"
        rules.append(Rule(text=text, test="ended()", source=entry.voiced(entry.source[0].document), key=VALID, valid_from=after(entry.valid_to)))
    tests = [(rule, compiled(rule.test, entry.id)) for rule in rules]
    return Compiled(entry, tests, tuple(sorted({rule.at for rule in rules if rule.place})), any(rule.valid_from or rule.valid_to for rule in rules))


def after(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


class Eligibility:
    """All entries with conditions, compiled once for a knowledge version. An entry whose rules cannot be read is left out."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.entries: dict[str, Compiled] = {}
        for entry in knowledge.entries.values():
            try:
                if entry.rule:
                    self.entries[entry.id] = compile_entry(entry)
            except ConditionError:
                continue  # `knowledge check` and the import say so; a verdict without a condition would be a guess

    def judge(self, key: str, profile: Mapping[str, Any], today: date) -> Verdict | None:
        """The verdict of one entry; None where it has no conditions."""
        held = self.entries.get(key)
        return held.judge(Facts(profile, today)) if held else None

    def until(self, key: str, profile: Mapping[str, Any], today: date) -> date | None:
        """The last day on which somebody eligible today still is if nothing else changes; None past HORIZON, or who is not today."""
        held = self.entries[key]

        def fits(days: int) -> bool:
            return held.check(Facts(profile, today + timedelta(days=days))) == "eligible"

        if not fits(0):
            return None
        first = next((days for days in range(STEP, HORIZON + STEP, STEP) if not fits(days)), None)
        if first is None:
            return None
        return today + timedelta(days=next(days for days in range(first - 1, first - STEP - 1, -1) if fits(days)))

    def plan(self, profile: Mapping[str, Any], today: date, among: Collection[str] | None = None) -> list[Verdict]:
        """The verdict of every entry (of those `among`), in the order of ids. `profile` is flat and clean (`profile.read`)."""
        facts = Facts(profile, today)
        return [entry.judge(facts) for key, entry in self.entries.items() if among is None or key in among]
