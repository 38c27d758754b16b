"""Is this a fraud: paste what was received, hear why and what to do now, tell a teacher with one tap. The judging is `knowledge.rights.scam`."""

from __future__ import annotations

from dialogs import notices
from dialogs.effects import OpenCase
from dialogs.flow import Flow, Misread, Slots, Step
from dialogs.frauds import ALARM, told
from dialogs.messages import Choice
from dialogs.turn import Turn
from knowledge.rights.scam import judge

KEPT = 180
"""Characters of the text that a teacher sees in the case."""
FRAUDS = ("骗子", "诈骗", "骗局", "骗人的", "骗我的")
ASK = "把对方发来的话、招聘信息或者经过原样贴给我,越全越好,我帮你看哪里可疑。身份证号、卡号、密码别发。"


def read(text: str, _: Turn) -> str:
    if len(text.strip()) < 6:
        raise Misread("太短了我看不出来。把对方说的原话多贴几句,尤其是提到钱、证件、链接的地方。")
    return text


def finish(turn: Turn, slots: Slots) -> None:
    text = slots["suspect"]
    found = judge(text)
    turn.place.memo["suspect"] = text[:KEPT]
    report = (Choice("告诉老师", "open/tell_scam"),) if found.level in ALARM else ()
    turn.say(told(text, found), *report, Choice("再看一段", "open/scam"), notices.TO_MENU)


def tell(turn: Turn, _: Slots) -> None:
    suspect = turn.place.memo.pop("suspect", "")
    if not suspect:
        return turn.say("要告诉老师的那段话已经不在手边了,再贴一次给我。", Choice("贴给我看", "open/scam"), notices.TO_MENU)
    turn.effects.append(OpenCase("scam", f"有人收到可疑信息:{suspect}"))
    turn.say("好,老师收到了,会看看要不要提醒其他同学,也会在这里回你。已经转了钱就别等回复,现在打 110 和银行客服。", notices.TO_MENU)


def said_by_others(_: str) -> bool:
    """What is pasted here was written by others: never a question to us."""
    return True


FLOWS = (
    Flow(
        "scam",
        1,
        "看看是不是骗局",
        opens=tuple(
            f"{ask}{what}" for ask in ("这是不是", "这个是不是", "是不是", "帮我看看是不是", "帮我看看这是不是", "看看是不是") for what in FRAUDS
        ),
        steps=(Step("suspect", ASK, read, optional=False, surely=said_by_others),),
        finish=finish,
        remind_after=None,
    ),
    Flow("tell_scam", 1, "告诉老师有可疑信息", begin=tell),
)
