"""One person on several channels: a one-time code from here, given there; joined only with a yes; and parted again."""

from __future__ import annotations

from dialogs import answers, notices
from dialogs.effects import Join, OfferCode, Unlink
from dialogs.flow import Flow, Misread, Slots, Step
from dialogs.turn import Turn


def offer(turn: Turn, _: Slots) -> None:
    turn.effects.append(OfferCode())


def part(turn: Turn, _: Slots) -> None:
    turn.effects.append(Unlink())


def agree(text: str, turn: Turn) -> bool:
    if "合成一份" in text:
        return True
    answer = answers.yes_no(text)
    if answer is None:
        raise Misread("要合就回「合成一份」,不合就回「先不」。")
    return answer


def question(turn: Turn, slots: Slots) -> str:
    where = slots.get("where", "另一边")
    return f"要把这里和你在{where}的对话合成一份档案吗?两边都能接着聊,资料以那边的为准,那边没有的用这边补上。合了也能随时「解绑」。"


def finish(turn: Turn, slots: Slots) -> None:
    if not slots.get("agree"):
        return turn.say("好,没有合,两边各是各的。", notices.TO_MENU)
    turn.effects.append(Join(slots.get("code", "")))
    return None


FLOWS = (
    Flow("bind", 1, "换个地方接着聊", opens=("绑定", "绑定账号", "换个地方接着聊", "关联账号", "绑定微信", "绑定telegram"), begin=offer),
    Flow("unbind", 1, "解绑", opens=("解绑", "解除绑定", "取消绑定", "取消关联"), begin=part),
    Flow(
        "link",
        1,
        "合成一份档案",
        finish=finish,
        remind_after=None,
        steps=(Step("agree", question, agree, ("合成一份", "先不"), optional=False),),
    ),
)
