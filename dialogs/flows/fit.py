"""A résumé beside a posting: which posting is meant, a card or a text that is pasted. What is said of it is in `dialogs.remarks`."""

from __future__ import annotations

from dialogs import vacancies
from dialogs.effects import CompareResume
from dialogs.flow import Flow, Misread, Slots, Step
from dialogs.place import Frame
from dialogs.turn import Turn

SHORTEST, LONGEST = 20, 4000
"""Characters of a pasted posting."""


def cards(turn: Turn, _: Slots) -> tuple[str, ...]:
    return tuple(vacancies.at_hand(turn))


def read_posting(text: str, turn: Turn) -> str:
    if row := vacancies.at_hand(turn).get(text.strip()):
        return vacancies.spelled(row)
    if len(text.strip()) < SHORTEST:
        raise Misread("把招聘里的职责和要求整段贴过来,几行就行;不看了发「取消」。")
    return text.strip()[:LONGEST]


def is_posting(text: str) -> bool:
    return len(text) >= 60


def compare(turn: Turn, slots: Slots) -> None:
    """A pasted résumé goes on being looked at."""
    text = slots.get("text", "")
    turn.effects.append(CompareResume(slots["posting"], text, slots.get("resume", "")))
    if text:
        turn.place.push(Frame("resume", 1, "next", {"text": text, "shown": True}))


FLOWS = (
    Flow(
        "fit",
        1,
        "对着岗位看",
        opens=("对着岗位看", "对着岗位看简历", "对着岗位改简历", "简历合不合岗位", "我的简历合不合", "简历匹配岗位", "简历和岗位匹配吗"),
        finish=compare,
        remind_after=None,
        patience=2,
        steps=(
            Step(
                "posting",
                "对着哪个岗位看?把招聘里的职责和要求整段贴过来;看过的岗位点一下也行。",
                read_posting,
                cards,
                optional=False,
                surely=is_posting,
            ),
        ),
    ),
)
