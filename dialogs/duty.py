"""The staff's side of a chat: what a teacher on duty says and taps. Whether they may is decided where it is carried out (`bot.duty`)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from dialogs import notices
from dialogs.effects import Duty, OnDuty
from dialogs.flow import Slots
from dialogs.turn import Turn
from knowledge import links

CODE = re.compile("\\s*值班[\\s:\uff1a]*([0-9]{8})\\s*")
"""A message that gives the code of the console."""
WORDS = {
    "值班": "home",
    "/duty": "home",
    "/cases": "cases",
    "/broadcast": "casts",
    "/broadcasts": "casts",
    "/posting": "ask_posting",
    "结束值班": "off",
}
STRANGER = "这是给值班老师用的。老师先在后台「值班」页取一个码,再发来「值班 八位码」。"
FLOWS = {"reply": "duty_reply", "write": "duty_broadcast", "post": "duty_posting"}
TRIES, WITHIN = 5, timedelta(hours=1)
"""Codes that may be tried in a conversation, and in how long; of 100 million one is good for ten minutes."""


def known(turn: Turn) -> bool:
    """A teacher was on duty in this chat when it was last looked up."""
    return "duty" in turn.place.memo


def writing(turn: Turn) -> bool:
    """A teacher is in the middle of writing to somebody: their words are for that person, whatever they seem to say to us."""
    return bool(known(turn) and turn.place.top and turn.place.top.flow in FLOWS.values())


def heard(turn: Turn) -> bool:
    """Takes a code or a word of duty. False: it was neither."""
    text = turn.text.strip().lower()
    if code := CODE.fullmatch(turn.text):
        tries = [at for at in turn.place.memo.get("duty_codes", ()) if turn.now - datetime.fromisoformat(at) < WITHIN]
        turn.place.memo["duty_codes"] = [*tries, turn.now.isoformat()][:TRIES]
        if len(tries) >= TRIES:
            turn.say(notices.MANY_CODES, notices.TO_MENU)
        else:
            turn.effects.append(OnDuty(links.digest_of(code[1])))
    elif text in WORDS and known(turn):
        turn.effects.append(Duty(WORDS[text]))
    elif text in WORDS:
        turn.say(STRANGER, notices.TO_MENU)
    else:
        return False
    return True


def tap(turn: Turn, rest: str) -> tuple[str, Slots] | None:
    """A button of the desk: `act`, `act/number` or `act/number/text`. Returns the dialog it opens, if it opens one."""
    act, _, more = rest.partition("/")
    said, _, text = more.partition("/")
    number = int(said) if said.isascii() and said.isdecimal() and len(said) < 18 else 0
    if not known(turn):
        turn.say(notices.STALE_CHOICE, notices.TO_MENU)
    elif act in FLOWS:
        return FLOWS[act], {"case": number} if act == "reply" else {}
    else:
        turn.effects.append(Duty(act, number, text))
    return None
