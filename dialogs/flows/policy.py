"""Ways into the policy answers for somebody who does not know what to ask. The answers themselves come from `consult`."""

from __future__ import annotations

from dialogs.flow import Flow, Slots
from dialogs.messages import Choice
from dialogs.turn import Turn

POPULAR = ("SUB-02", "SUB-03", "IDS-01", "IDS-06", "REG-01", "ENT-02")
RIGHTS = ("LAB-01", "LAB-02", "LAB-05", "LAB-06", "AGR-03", "FRD-01")


def offer(turn: Turn, text: str, keys: tuple[str, ...]) -> None:
    entries = turn.world.search.knowledge.entries
    turn.say(text, *(Choice(entries[key].title, f"ask/{key}/all") for key in keys if key in entries))


def popular(turn: Turn, _: Slots) -> None:
    offer(turn, "想问什么直接说,一句话就行。问得最多的是这些:", POPULAR)


def rights(turn: Turn, _: Slots) -> None:
    offer(turn, "合同、试用期、社保、工资、违约金、被骗,都可以直接问。常问的:", RIGHTS)


FLOWS = (
    Flow("policy", 1, "问政策", opens=("问政策", "问就业政策", "就业政策", "政策", "政策咨询", "有什么政策"), begin=popular),
    Flow("rights", 1, "合同与权益", opens=("合同工资社保", "劳动权益", "维权"), begin=rights),
)
