"""A conversation that a teacher has: how long the bot stays silent, and what it says when it comes back."""

from __future__ import annotations

from datetime import timedelta

from dialogs import notices
from dialogs.effects import MoreSaid
from dialogs.turn import Turn

WAIT = timedelta(hours=24)
"""Silence of the bot at most, from what a teacher has not answered or from their answer; then it speaks again and the case stays open."""
ANSWERED, TAKEN, UNTOLD = "staff_answered", "taken", "with_staff_untold"
"""In the memo: a teacher had the last word; the number of the case by which they have the conversation, where their answer took it over;
the person has not been told so yet."""


def begin(turn: Turn) -> None:
    turn.place.mode, turn.place.due_at = "human", turn.now + WAIT
    for name in (ANSWERED, TAKEN, UNTOLD):
        turn.place.memo.pop(name, None)


def more(turn: Turn) -> None:
    """The person writes to the teacher. The first word after an answer begins the wait anew; more of them do not put it off.

    Who did not ask for a teacher is told once that one has the conversation, and the way back; and whoever taps what the bot said before.
    """
    if turn.place.memo.pop(ANSWERED, False):
        turn.place.due_at = turn.now + WAIT
    if turn.place.memo.pop(UNTOLD, False) or turn.inbound.kind == "choice":
        turn.say(notices.WITH_STAFF)
    turn.effects.append(MoreSaid())


def over(turn: Turn) -> None:
    turn.place.mode = "bot"
    turn.say(notices.HANDOVER_RESTS if turn.place.memo.pop(ANSWERED, False) else notices.HANDOVER_LATE, notices.TO_MENU)
