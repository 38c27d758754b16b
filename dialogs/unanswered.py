"""What was asked and not answered: caught for the staff's queue, the wish to be told, and the words of telling. Stores nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from dialogs import notices, questions, wording
from dialogs.consult import Consultation
from dialogs.effects import KeepQuestion, WantAnswer
from dialogs.messages import Choice, Say
from dialogs.turn import Turn
from knowledge.policy import regions
from knowledge.policy.entry import Entry, Redirect
from knowledge.policy.questions import MOST
from knowledge.words import NOT_WORD, words

UNHELPFUL = re.compile(
    r"(你|这|那|这个|这些|说的|答的|回答的?|讲的|刚才|还是|根本|完全|都|也|对我|,)*"
    r"(没帮上(什么|啥)?忙?|帮不上(什么|啥)?忙?|没(有)?(什么|啥)?(用|帮助)|不管用|没(有)?(解决|搞定|回答)(我)?(的)?(问题)?|解决不了(我)?(的)?(问题)?|"
    r"答非所问|不是我(想)?(要|问|说)的(答案|意思|这个)?|我(要|想|想要)?问的(不是这个|又不是这个|是别的)|不是这个意思|没答到点(子)?上|"
    r"(你)?(答|说|讲|回答)(得|的)?不对|牛头不对马嘴|驴唇不对马嘴|没看懂我(的)?(问题|意思))"
    r"(啊|呀|吧|了|呢|的|嘛|哦|诶|唉|老师)*"
)
"""「没帮上」 in other words. 真没用, 我没用 are not here: people say that of themselves."""
QUOTED = 40
"""Characters of a question that are quoted when it is answered."""
SHORT = 160
"""Characters of an answer that comes unasked; the rest waits behind a choice."""


def wish_of(number: int) -> Choice:
    return Choice("有答案了告诉我", f"tell/{number}")


def keep(turn: Turn, text: str, reason: str) -> int:
    """Queues a question. Returns its number in this conversation."""
    number = int(turn.place.memo.get("kept", 0)) + 1
    turn.place.memo["kept"] = number
    turn.effects.append(KeepQuestion(number, text[:MOST], reason))
    return number


def note(turn: Turn, found: Consultation) -> None:
    """What became of a question: an answer may turn out not to help, a menu may be left, the rest is queued at once."""
    memo = turn.place.memo
    if found.outcome in ("answer", "redirect") or found.sure:
        turn.told = found.entry.id if found.entry else ""
        memo["answered"] = memo.get("asked") or (found.entry.title if found.entry else "")
        return
    memo.pop("answered", None)
    if found.outcome == "menu" and (turn.place.top is None or questions.shaped(turn.text)):
        leave(turn)
        memo["offered"] = {"text": turn.text[:MOST], "ids": [hit.id for hit in found.hits]}
    elif found.outcome == "handover":
        number = keep(turn, turn.text, "unsure")
        if not memo.get("quiet"):
            turn.offer(wish_of(number))
    elif found.outcome == "refuse":
        keep(turn, turn.text, "refuse")


def leave(turn: Turn) -> int | None:
    """A menu that nothing was chosen from: its question is queued."""
    offered: dict[str, Any] | None = turn.place.memo.pop("offered", None)
    return keep(turn, offered["text"], "menu") if offered else None


def settle(turn: Turn, offered: dict[str, Any] | None) -> None:
    """The turn after a menu: going on with one of its entries, by button or words, is a choice."""
    if turn.inbound.kind == "timer" or turn.place.memo.get("offered") is not offered or offered is None:
        return
    if turn.told in offered["ids"]:
        del turn.place.memo["offered"]
    else:
        leave(turn)


def marked(turn: Turn) -> bool:
    """The whole message says that the last answer did not help; inside a dialog, that one given there."""
    fresh = {"answered", "offered"} if turn.place.top else {"answered", "offered", "kept"}
    return bool(fresh & set(turn.place.memo)) and UNHELPFUL.fullmatch(NOT_WORD.sub("", words().normalise(turn.text))) is not None


def unhelpful(turn: Turn) -> None:
    """「没帮上」: queued, with two ways on. Inside a dialog only its own choices are shown."""
    memo = turn.place.memo
    asked = memo.pop("answered", "")
    number = keep(turn, asked, "unhelpful") if asked else leave(turn) or memo.get("kept")
    if number is None:
        return turn.say(notices.CLARIFY, notices.TO_MENU, notices.TO_HUMAN)
    wishes = () if memo.get("quiet") else (wish_of(number),)
    turn.say(notices.UNHELPFUL, *(() if turn.place.top else (*wishes, notices.TO_HUMAN)))


def wish(turn: Turn, rest: str) -> None:
    """[有答案了告诉我]: consent for one message about one question."""
    if not rest.isdecimal() or not 1 <= int(rest) <= turn.place.memo.get("kept", 0):
        return turn.say(notices.STALE_CHOICE, notices.TO_MENU)
    if turn.place.memo.get("quiet"):
        return turn.say(notices.QUIET, notices.TO_HUMAN, notices.TO_MENU)
    turn.effects.append(WantAnswer(int(rest)))
    turn.say(notices.WILL_TELL, notices.TO_HUMAN, notices.TO_MENU)


def told(item: Entry | Redirect, asked: Sequence[str], on: date, today: date, place: regions.Place | None) -> Say:
    """The answer to what was asked on a day, unasked: short, with the choices of any answer."""
    quoted = "".join(f"「{text if len(text) <= QUOTED else text[:QUOTED] + '…'}」" for text in asked[:2])
    lead = notices.ANSWERED.format(month=on.month, day=on.day, asked=quoted)
    if isinstance(item, Redirect):
        return Say(f"{lead}\n{item.answer}", (notices.TO_MENU, notices.TO_HUMAN))
    answer = wording.whole(item, today, place=place, text=asked[0], most=SHORT)
    return Say(f"{lead}\n{answer.text}", answer.choices, answer.links)
