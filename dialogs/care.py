"""A call for help and the day after it: numbers and a person at once, and nothing brushed off with a phrase. What a call is, `crisis` says."""

from __future__ import annotations

from datetime import datetime, timedelta

from dialogs import crisis, notices
from dialogs.consult import Consultation
from dialogs.effects import OpenCase
from dialogs.messages import Choice
from dialogs.turn import Turn

LASTS = timedelta(hours=24)
SAFE = (Choice("我现在安全", "go/safe"), Choice("让老师联系我", "go/human"))


def called(turn: Turn) -> None:
    """Help numbers and a person, at once; whatever dialog was running waits."""
    memo = turn.place.memo
    again = "crisis_at" in memo
    memo["crisis_at"] = turn.now.isoformat()
    memo.pop("safe", None)
    turn.effects.append(OpenCase("crisis", turn.text[:200]))
    turn.say(notices.CRISIS_AGAIN if again and crisis.level(turn.text) == "acute" else crisis.help_for(turn.text), *SAFE)


def safe(turn: Turn) -> None:
    """「我现在安全」: an ordinary talk again, with a person where we do not know."""
    turn.place.memo["safe"] = True
    turn.say(notices.SAFE, notices.TO_MENU)


def lately(turn: Turn) -> bool:
    at = turn.place.memo.get("crisis_at")
    return bool(at) and turn.now < datetime.fromisoformat(str(at)) + LASTS


def brushed_off(found: Consultation, turn: Turn) -> bool:
    """Whether these words would answer somebody who lately called for help with a phrase."""
    phrases = ("handover",) if turn.place.memo.get("safe") else ("handover", "clarify")
    return lately(turn) and not found.sure and found.outcome in phrases
