"""How a verdict on a person is said: a line beside an answer, a line of the list, the card of one entry. Judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from dialogs import notices, wording
from dialogs.consult import Consultation
from dialogs.messages import Choice, Say
from knowledge.people import phrases
from knowledge.policy.eligibility import Verdict
from knowledge.policy.entry import Entry, said
from knowledge.profile import SENSITIVE

CAVEAT = "以经办核定为准"
MOST = 3
"""Conditions of one kind that a card names; the rest are counted."""

NOTICES = ("GRP", "IDS", "POS-06")
"""Entries that tell how things are and grant nothing: fitting them is worth no line."""


def line(verdict: Verdict, entry: Entry, today: date) -> str:
    """One entitlement of a list: what it gives, or what is missing, or which condition fails by which source."""
    if verdict.verdict == "eligible":
        return f"· {verdict.title}:{wording.conclusion(entry, today)}{wording.doubt(entry)}"
    if verdict.nearly:
        return f"· {verdict.title}:{verdict.next.removeprefix('差一步:')}"
    if verdict.verdict == "need_more_info":
        open_ones = [each.said for each in verdict.conditions if each.met is None]
        more = f"等 {len(open_ones)} 项" if len(open_ones) > 1 else ""
        return f"· {verdict.title}:还不确定「{open_ones[0]}」{more}"
    broken = verdict.broken[0]
    return f"· {verdict.title}:没满足「{broken.text}」(依据:{broken.source})"


def beside(verdict: Verdict, told: Mapping[str, Any], *, filed: bool) -> str:
    """What the facts of this very message (with those on file) settle, for the answer of a question; empty where nothing."""
    return settled(verdict, f"按你说的({'、'.join(phrases(dict(told)))}){'和档案里的' if filed else ''},")


def on_file(verdict: Verdict) -> str:
    """The same of a whole profile."""
    return settled(verdict, "按你档案里的情况,")


def settled(verdict: Verdict, lead: str) -> str:
    if verdict.verdict == "eligible":
        return "" if verdict.id.startswith(NOTICES) else f"{lead}你初步符合,{CAVEAT}。"
    if verdict.verdict == "not_eligible":
        broken = verdict.broken[0]
        mend = f"{verdict.next}" if verdict.nearly else ""
        return f"{lead}你还不符合:没满足「{broken.text}」(依据:{broken.source})。{mend}"
    return ""


def led(found: Consultation, line: str) -> Consultation:
    """An answer with the line behind its conclusion."""
    if not line:
        return found
    first, _, rest = found.say.text.partition("\n")
    return replace(found, say=replace(found.say, text="\n".join((first, line, rest) if rest else (first, line))))


def card(verdict: Verdict, entry: Entry, today: date, until: date | None, *, groups_consent: bool) -> Say:
    """The whole verdict on one entry, with what to do next."""
    lines = list({"eligible": met, "not_eligible": failed, "need_more_info": undecided}[verdict.verdict](verdict, entry))
    buttons = [Choice("看看能享受什么", "open/entitlements")]
    if verdict.verdict == "eligible":
        buttons = [Choice(wording.LABELS[side], f"ask/{entry.id}/{side}") for side in ("where", "papers") if wording.statements(entry, side)]
        if until:
            lines.insert(-1, f"时间:别的都不变的话,到 {until} 为止都符合,别拖过。")
            buttons.insert(0, Choice("到期前提醒我", f"remind/{entry.id}"))
    elif verdict.verdict == "need_more_info" and SENSITIVE & set(verdict.missing) and not groups_consent:
        buttons.insert(0, Choice("填家庭情况", "open/profile"))
    lines += [] if verdict.verdict == "not_eligible" else wording.closing(entry, "\n".join(lines), today)
    return Say("\n".join(lines), (*buttons, Choice(wording.LABELS["source"], f"ask/{entry.id}/source"), notices.TO_HUMAN))


def met(verdict: Verdict, entry: Entry) -> Iterator[str]:
    yield f"「{verdict.title}」按你说的初步符合,{CAVEAT}。"
    if entry.amount:
        yield f"能得到什么:{said(entry.amount[0])}"
    yield wording.RECEIVERS[entry.receiver]
    for head, told in (("去哪办", entry.where), ("材料", entry.papers)):
        if told:
            yield f"{head}:{said(told[0])}"
    yield f"对得上的:{joined([each.text for each in verdict.conditions])}"


def failed(verdict: Verdict, entry: Entry) -> Iterator[str]:
    yield f"「{verdict.title}」按你说的还不符合。"
    for broken in verdict.broken[:MOST]:
        yield f"· 没满足「{broken.text}」(依据:{broken.source})"
    if verdict.next:
        yield verdict.next
    yield "哪里说错了直接说「之前说错了,…」,我重新算。"


def undecided(verdict: Verdict, entry: Entry) -> Iterator[str]:
    yield f"「{verdict.title}」还不能确定,差这几件:"
    open_ones = [each for each in verdict.conditions if each.met is None]
    for each in open_ones[:MOST]:
        yield f"· {each.said}{'(需确认)' if each.local else ''}"
    if len(open_ones) > MOST:
        yield f"· 还有 {len(open_ones) - MOST} 件"
    if verdict.confirm and entry.where:
        yield f"需确认的要当地经办说了才算,问这里:{asked_at(entry)}"
    fine = [each.text for each in verdict.conditions if each.met]
    if fine:
        yield f"已经对得上的:{joined(fine)}"


def asked_at(entry: Entry) -> str:
    """Whom an entry says to ask, a number to call before an office."""
    told = [said(each) for each in entry.where]
    return next((each for each in told if "12" in each), told[0])


def joined(conditions: list[str]) -> str:
    more = f"等 {len(conditions)} 条" if len(conditions) > MOST else ""
    return f"{'、'.join(conditions[:MOST])}{more}"
