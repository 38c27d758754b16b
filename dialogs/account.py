"""What people tell of themselves outside any dialog: kept for the conversation, and what it settles about an answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dialogs import questions, verdicts
from dialogs.consult import Consultation
from dialogs.turn import Turn
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
FRESH = timedelta(hours=12)
"""So long after its last sentence a story goes on."""


def story(turn: Turn) -> str:
    """What the person has said so far about what is being talked about; empty after a pause."""
    told: str = turn.place.memo.get("story", "")
    return told if turn.place.memo.get("story_at", 0) > (turn.now - FRESH).timestamp() else ""


def goes_on(turn: Turn, found: Consultation) -> None:
    """Keeps what was said last and, about an entry, so far; a story begins anew with another entry. What was picked says its title."""
    memo = turn.place.memo
    memo["said"] = text = (found.entry.title if found.entry and turn.picked else turn.text)[:STORY]
    if found.entry is None:
        return
    before = story(turn) if memo.get("entry") == found.entry.id else ""
    tells = before and len(before) + len(text) < STORY and (found.outcome != "menu" or questions.tells(text))
    memo |= {"story": f"{before},{text}" if tells else before or text, "story_at": turn.now.timestamp()}


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
