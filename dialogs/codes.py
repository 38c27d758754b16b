"""「绑定 12345678」: a code by which somebody goes on in another channel. Whose it is has been looked up; guessing is slowed down."""

from __future__ import annotations

from datetime import datetime, timedelta

from dialogs import notices
from dialogs.turn import Turn
from knowledge import links

GUESSES, GUESSING = 5, timedelta(hours=1)
"""Codes that may be tried in a conversation, and in how long: of 100 million one is good for ten minutes."""


def given(turn: Turn) -> dict[str, str] | None:
    """What the dialog that joins the two begins with; None where the code is not taken, which has been said."""
    code, memo = turn.person.code, turn.place.memo
    tries = [at for at in memo.get("codes", ()) if turn.now - datetime.fromisoformat(at) < GUESSING]
    if len(tries) >= GUESSES:
        turn.say(notices.MANY_CODES, notices.TO_MENU)
    elif code is None:
        memo["codes"] = [*tries, turn.now.isoformat()]
        turn.say(notices.BAD_CODE, notices.TO_MENU)
    elif code.graduate_id == turn.person.graduate_id:
        turn.say(notices.SAME, notices.TO_MENU)
    else:
        return {"code": code.digest, "where": links.CHANNELS.get(code.channel, "另一边")}
    return None
