"""What people tell of themselves outside any dialog: kept for the conversation, and what it settles about an answer."""

from __future__ import annotations

from typing import Any

from dialogs import questions, verdicts
from dialogs.consult import Consultation
from dialogs.turn import Turn
from knowledge.policy.entry import Entry
from knowledge.words import words


def facts(turn: Turn) -> dict[str, Any]:
    """What is known of the person outside any dialog."""
    groups = {"groups": list(turn.person.groups)} if turn.person.groups_consent else {}
    return {**turn.person.profile, **turn.place.memo.get("stated", {}), **groups}


def tell(stated: dict[str, object], turn: Turn) -> None:
    """Keeps facts for this conversation; what is worked out from them says what it started from."""
    if stated:
        turn.place.memo["stated"] = {**turn.place.memo.get("stated", {}), **stated}


STORY = 160
"""Characters of a story that are kept to read the next sentence by."""


def story(turn: Turn, found: Consultation, entry: Entry) -> str:
    """What the person has said about an entry so far: it begins anew with another one."""
    before, text = turn.place.memo.get("story", ""), turn.text if turn.inbound.kind == "text" else entry.title
    if turn.place.memo.get("entry") != entry.id or not before:
        return text[:STORY]
    goes_on = found.outcome != "menu" or questions.tells(text)
    return f"{before},{text}" if goes_on and len(before) + len(text) < STORY else before


BRIEF = 12
"""Characters of a message that is nothing but a fact: 我大专, 没工作."""


def only(text: str, found: Consultation) -> bool:
    """A short message that tells a fact and found nothing of its own."""
    return len(words().plain(text)) <= BRIEF and found.outcome in ("menu", "handover", "clarify") and not found.talk


def with_verdict(found: Consultation, stated: dict[str, object], turn: Turn) -> Consultation:
    """An answer to somebody who told facts in the question, or before and now asks of themself: with what these settle, behind the conclusion."""
    told = stated or (turn.place.memo.get("stated", {}) if questions.mine(turn.text) else {})
    if not (told and found.sure and found.entry):
        return found
    tell(stated, turn)
    verdict = turn.world.eligibility.judge(found.entry.id, facts(turn), turn.today)
    return verdicts.led(found, verdicts.beside(verdict, told, filed=bool(turn.person.profile)) if verdict else "")
