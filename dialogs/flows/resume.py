"""A pasted résumé: at most five remarks, then all of them, how to mend them, or a teacher. The dialog holds the text while it runs."""

from __future__ import annotations

from typing import Any

from dialogs import notices, remarks
from dialogs.effects import KeepResume, OfferUpload
from dialogs.flow import Flow, Misread, Slots, Step
from dialogs.place import Frame
from dialogs.turn import Turn
from knowledge.extract import ExtractError
from knowledge.resume.extract import pasted
from knowledge.resume.rules import Review, review
from knowledge.resume.sections import seems

ALL, HOW, FIT, REPORT, TEACHER, ENOUGH = "看全部", "怎么改", "对着岗位看", "完整报告", "请老师看", "不用了"
SEND = "把简历文件(PDF 或 Word)直接发给我就行,不超过 10 MB。也可以粘贴文字。\n"
ASK = (
    "把整份简历的文字粘贴到这里,一条发不下就分几条。我挑最要紧的几处告诉你,一分钟内。\n"
    "身份证号、银行卡号不用发。只用来看简历,和聊天记录一起保存,注销就删;想请老师看也行。"
)


def ask(turn: Turn, _: Slots) -> str:
    return SEND + ASK if turn.inbound.conversation.startswith("telegram:") else ASK


def offer(turn: Turn, _: Slots) -> None:
    """Where no file can be sent, a page takes it."""
    if turn.inbound.conversation.startswith(("wechat:", "web:")):
        turn.effects.append(OfferUpload())


def ways(turn: Turn, _: Slots) -> tuple[str, ...]:
    return (HOW, ALL, FIT, *((REPORT,) if turn.world.passes.reaches(turn.inbound.conversation) else ()), TEACHER, ENOUGH)


def read_text(text: str, turn: Turn) -> str:
    if not seems(text):
        raise Misread("等你发。要整份简历的文字,有学校、经历这些,原样复制就行。")
    return text


def read_next(text: str, turn: Turn) -> str:
    said = next((choice for choice in (ALL, HOW, FIT, REPORT, TEACHER, ENOUGH) if choice in text), "")
    if said or seems(text):
        return said or text
    raise Misread("点一个就行;简历还有没发完的,接着发。")


def judged(turn: Turn, text: str) -> Review:
    return review(pasted(text), turn.today)


def finish(turn: Turn, slots: Slots) -> None:
    """Says what was asked for; the dialog goes on until it is enough or a teacher has it."""
    text, said = str(slots["text"]), slots.get("next")
    if said == ENOUGH:
        return turn.say("好。改完了再发来看一遍也行。", notices.TO_MENU)
    if said and said not in (ALL, HOW, FIT, REPORT, TEACHER):
        text, said = f"{text}\n{said}", None
    if said == TEACHER:
        return turn.place.push(Frame("clinic", 1, "goal", {"text": text}))
    if said == FIT:
        return turn.place.push(Frame("fit", 1, "posting", {"text": text}))
    try:
        found = judged(turn, text)
    except ExtractError as error:
        return turn.say(str(error), notices.TO_MENU)
    if said == REPORT:
        turn.effects.append(KeepResume(text))
    else:
        turn.say({ALL: remarks.whole, HOW: remarks.ways, None: remarks.first}[said](found))
    kept: dict[str, Any] = {"text": text, "shown": True}
    turn.place.push(Frame("resume", 1, "next", kept))
    return None


FLOWS = (
    Flow(
        "resume",
        1,
        "看简历",
        opens=(
            *("简历", "看简历", "改简历", "简历诊断", "诊断简历", "检查简历", "修改简历", "帮我看简历", "帮我改简历", "帮我看看简历", "看看简历"),
            *("帮我看下简历", "看看我的简历", "简历怎么改", "我的简历怎么改", "简历帮我看看", "简历帮我改改", "简历修改", "简历实验室"),
        ),
        begin=offer,
        finish=finish,
        remind_after=None,
        patience=2,
        steps=(
            Step("text", ask, read_text, optional=False, surely=seems),
            Step(
                "next",
                "没发完的接着发,或者点一个:",
                read_next,
                ways,
                skip_if=lambda _, slots: "shown" not in slots,
                optional=False,
                surely=seems,
            ),
        ),
    ),
)
