"""What this person is entitled to (一人一策): at most eight questions, each the one that decides most, then the list.

With the slot `entry` it is about that entry alone, and ends with its verdict.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from dialogs import account, notices, statements, verdicts
from dialogs.clauses import CORRECTION
from dialogs.effects import SaveProfile
from dialogs.fields import QUESTIONS, read
from dialogs.flow import Flow, Misread, Slots, Step
from dialogs.messages import Choice
from dialogs.place import Frame
from dialogs.turn import Turn
from knowledge.people import phrases
from knowledge.policy.eligibility import Verdict
from knowledge.profile import SENSITIVE
from knowledge.profile import read as clean

MOST = 8
ENOUGH = "直接看结果"
STEPS = tuple(f"question{number}" for number in range(1, MOST + 1))
TOPICS = {"创业": ("ENT", "SUB"), "就业": ("EMP", "SUB-06"), "灵活就业": ("SUB-02",), "未就业": ("SUB", "REG")}
"""What matters most to people in a state, by the beginning of the entry's id."""
FIRST = ("employment", "graduation_date", "degree")
"""Asked first where unknown: nearly every entry hangs on them."""


def scope(slots: Slots) -> frozenset[str]:
    return frozenset((slots["entry"],)) if "entry" in slots else SHOWN


def known(turn: Turn, slots: Slots) -> dict[str, Any]:
    """All that is known: the profile, what was said in this chat, and the answers so far."""
    held = account.facts(turn)
    for step in STEPS:
        held |= slots.get(step, {})
    return clean(held)[0]


def deciding(turn: Turn, held: dict[str, Any], asked: set[str], among: frozenset[str]) -> str | None:
    """The field that decides most over all open entries: those that lack little count most."""
    votes: Counter[str] = Counter()
    for verdict in turn.world.eligibility.plan(held, turn.today, among):
        can_ask = [name for name in verdict.missing if name in QUESTIONS and name not in asked and may_ask(name, turn)]
        worth = weight(verdict, held) / max(1, len(verdict.missing))
        votes.update(dict.fromkeys(can_ask, worth))
    first = next((name for name in FIRST if name in votes), None)
    return first or (max(votes, key=lambda name: (votes[name], name)) if votes else None)


def weight(verdict: Verdict, held: dict[str, Any]) -> float:
    """What settling an entry is worth to this person."""
    return 3.0 if verdict.id.startswith(TOPICS.get(held.get("employment", ""), ("SUB",))) else 0.5


def may_ask(name: str, turn: Turn) -> bool:
    return name not in SENSITIVE or turn.person.groups_consent


def field_of(step: str, turn: Turn, slots: Slots) -> str | None:
    """Which field a step asks: the answers before it say what they were to; only a skipped one is worked out again."""
    asked: set[str] = set()
    given: Slots = {}
    among = scope(slots)
    for place in STEPS:
        if place in slots and place != step:
            given[place] = slots[place]
            asked |= slots[place].keys()
            continue
        name = deciding(turn, known(turn, given), asked, among)
        if place == step or name is None:
            return name
        asked.add(name)
    return None


def told(name: str, text: str, turn: Turn) -> dict[str, Any]:
    """The facts of an answer: the one that was asked for, and whatever else it says; it may also say only something else.
    A sentence is read as one first: of two dates in it the wrong one may stand first. What was answered before stays, unless it is corrected.

    Raises:
        Misread: it says nothing.
    """
    frame = turn.place.top
    before = {field for step in STEPS if frame for field in frame.slots.get(step, {})} if not CORRECTION.search(text) else set()
    stated = statements.read(text, turn.today).items()
    others = {field: value for field, value in stated if may_ask(field, turn) and (field == name or field not in before)}
    try:
        return {name: read(name, text, turn.today)} | others
    except Misread:
        if not others:
            raise
    return others


def question(number: int) -> Step:
    key = STEPS[number]

    def prompt(turn: Turn, slots: Slots) -> str:
        name = field_of(key, turn, slots)
        place = f"第 {number + 1} 问" if "entry" in slots else f"{number + 1}/最多 {MOST} 问"
        return f"({place}) {QUESTIONS[name].text}" if name else "再发一次「我能享受什么」,我重新看一遍。"

    def choices(turn: Turn, slots: Slots) -> tuple[str, ...]:
        name = field_of(key, turn, slots)
        return (*(QUESTIONS[name].choices if name else ()), ENOUGH)

    def take(text: str, turn: Turn) -> dict[str, Any]:
        frame = turn.place.top
        name = field_of(key, turn, frame.slots if frame else {})
        return {} if text == ENOUGH or name is None else told(name, text, turn)

    def settled(turn: Turn, slots: Slots) -> bool:
        return any(slots.get(step) == {} for step in STEPS) or field_of(key, turn, slots) is None

    return Step(key, prompt, take, choices, settled)


def begin(turn: Turn, slots: Slots) -> None:
    told = phrases(known(turn, {}))
    if told:
        turn.say(f"我先按已经知道的来算:{'、'.join(told)}。哪里不对直接说「之前说错了,…」。")


def finish(turn: Turn, slots: Slots) -> None:
    held = known(turn, slots)
    learnt = {name: value for name, value in held.items() if name not in SENSITIVE}
    if turn.person.profile_consent:
        turn.effects.append(SaveProfile(learnt))
    else:
        turn.place.memo["stated"] = learnt
    if "entry" in slots:
        one(slots["entry"], held, turn)
    else:
        everything(held, turn)
    if not turn.person.profile_consent:
        turn.offer(Choice("记进档案", "go/keep"))


def one(key: str, held: dict[str, Any], turn: Turn) -> None:
    verdict, entry = turn.world.eligibility.judge(key, held, turn.today), turn.world.search.knowledge.entries.get(key)
    if verdict is None or entry is None:
        return turn.say(notices.STALE_CHOICE, notices.TO_MENU)
    until = turn.world.eligibility.until(key, held, turn.today) if verdict.verdict == "eligible" else None
    turn.parts.append(verdicts.card(verdict, entry, turn.today, until, groups_consent=turn.person.groups_consent))


def everything(held: dict[str, Any], turn: Turn) -> None:
    planned = turn.world.eligibility.plan(held, turn.today, SHOWN)
    entries = turn.world.search.knowledge.entries
    kinds = {
        "初步符合(以经办核定为准):": [verdict for verdict in planned if verdict.verdict == "eligible"],
        "差一步:": [verdict for verdict in planned if verdict.nearly],
        "还要确认:": sorted(
            (each for each in planned if each.verdict == "need_more_info" and each.id not in RARE),
            key=lambda each: (-weight(each, held), len(each.missing)),
        )[:4],
        "不符合:": [verdict for verdict in planned if verdict.verdict == "not_eligible" and not verdict.nearly and verdict.id in USUAL],
    }
    lines = []
    for head, found in kinds.items():
        lines += [head, *(verdicts.line(verdict, entries[verdict.id], turn.today) for verdict in found)] if found else []
    best = [verdict for found in list(kinds.values())[:3] for verdict in found][:4]
    lines.append("金额和办法以当地人社部门为准,可打 12333。")
    turn.say("\n".join(lines), *(Choice(verdict.title, f"mine/{verdict.id}") for verdict in best), notices.TO_HUMAN)


SHOWN = frozenset(
    (
        *("SUB-01", "SUB-02", "SUB-03", "SUB-05", "SUB-06", "SUB-07", "SUB-13", "EMP-01", "EMP-03", "EMP-04", "ENT-01", "ENT-02", "ENT-03"),
        *("GRA-07", "MIL-01", "MIL-03", "POS-05", "REG-01", "REG-03", "REG-06", "GRP-01"),
    )
)
"""Benefits and services a person acts on; rules of status and office lists stay behind `plan`."""
RARE = frozenset(("GRP-01", "MIL-03", "POS-05", "REG-06", "GRA-07"))
"""Only named where they are met or nearly met: most people have nothing to do with them."""
USUAL = frozenset(("SUB-01", "SUB-02", "SUB-03", "SUB-06", "SUB-07", "ENT-01"))
"""Those people hear of and ask for: a no is worth a line with its reason."""


FLOWS = (
    Flow(
        "entitlements",
        2,
        "看看我能享受什么",
        opens=(
            "我能享受什么",
            "我能享受什么政策",
            "我能领什么",
            "我能领什么补贴",
            "看看我能享受什么",
            "看看能享受什么",
            "能享受什么",
            "我能享受哪些政策",
        ),
        steps=tuple(question(number) for number in range(MOST)),
        begin=begin,
        finish=finish,
        patience=1,
        migrate=lambda frame: Frame("entitlements", 2, STEPS[0]),  # version 1 kept pairs of field and value
    ),
)
