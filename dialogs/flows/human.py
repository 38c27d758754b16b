"""Handing over to a teacher: a case with the conversation behind it; the bot stays silent until it is handed back."""

from __future__ import annotations

from dialogs import handover, notices
from dialogs.effects import OpenCase
from dialogs.flow import Flow, Slots
from dialogs.turn import Turn


def hand_over(turn: Turn, _: Slots) -> None:
    handover.begin(turn)
    entry = turn.world.search.knowledge.entries.get(turn.place.memo.get("entry", ""))
    about = f"最近在问:{entry.title}。" if entry else ""
    said = turn.text if turn.inbound.kind == "text" else turn.place.memo.get("asked", "(点了找老师)")
    turn.effects.append(OpenCase("handover", f"{about}说的是:{said[:200]}"))
    turn.say(notices.HANDOVER)


FLOWS = (Flow("human", 1, "找老师", opens=("我要找老师", "联系老师"), begin=hand_over),)
