"""A conversation that a teacher has: how long the bot stays silent, and what it says when it comes back."""

from __future__ import annotations

from datetime import timedelta

from dialogs import notices
from dialogs.effects import MoreSaid
from dialogs.turn import Turn

WAIT = timedelta(hours=24)
"""Silence of the bot at most, from what a teacher has not answered or from their answer; then it speaks again and the case stays open."""
ANSWERED = "staff_answered"
"""In the memo: a teacher had the last word."""


def begin(turn: Turn) -> None:
    turn.place.mode, turn.place.due_at = "human", turn.now + WAIT
    turn.place.memo.pop(ANSWERED, None)


def more(turn: Turn) -> None:
    """The person writes to the teacher. The first word after an answer begins the wait anew; more of them do not put it off."""
    if turn.place.memo.pop(ANSWERED, False):
        turn.place.due_at = turn.now + WAIT
    turn.effects.append(MoreSaid())


def over(turn: Turn) -> None:
    turn.place.mode = "bot"
    turn.say(notices.HANDOVER_RESTS if turn.place.memo.pop(ANSWERED, False) else notices.HANDOVER_LATE, notices.TO_MENU)
