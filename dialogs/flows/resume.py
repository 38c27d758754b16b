"""A pasted résumé: at most five remarks, then all of them, how to mend them, or a teacher. The dialog holds the text while it runs."""

from __future__ import annotations

from typing import Any

from dialogs import notices, remarks
from dialogs.effects import OpenCase
from dialogs.flow import Flow, Misread, Slots, Step
from dialogs.place import Frame
from dialogs.turn import Turn
from knowledge.extract import ExtractError
from knowledge.resume.extract import pasted
from knowledge.resume.rules import Review, review
from knowledge.resume.sections import read

ALL, HOW, TEACHER, ENOUGH = "看全部", "怎么改", "请老师看", "不用了"
ASK = (
    "把整份简历的文字粘贴到这里,一条发不下就分几条。我挑最要紧的几处告诉你,一分钟内。\n"
    "身份证号、银行卡号不用发。只用来看简历,和聊天记录一起保存,注销就删;想请老师看也行。"
)


def looks_like(text: str) -> bool:
    """Whether a text is surely a résumé or a part of one, not a question or a small word."""
    if len(text) < 40:
        return False
    found = read(text)
    signs = len(found.sections) > 1, bool(found.phone), bool(found.email), bool(found.items), text.count("\n") >= 5
    return sum(signs) >= 2


def read_text(text: str, turn: Turn) -> str:
    if not looks_like(text):
        raise Misread("等你发。要整份简历的文字,有学校、经历这些,原样复制就行。")
    return text


def read_next(text: str, turn: Turn) -> str:
    said = next((choice for choice in (ALL, HOW, TEACHER, ENOUGH) if choice in text), "")
    if said or looks_like(text):
        return said or text
    raise Misread("点一个就行;简历还有没发完的,接着发。")


def judged(turn: Turn, text: str) -> Review:
    return review(pasted(text), turn.today)


def finish(turn: Turn, slots: Slots) -> None:
    """Says what was asked for; the dialog goes on until it is enough or a teacher has it."""
    text, said = str(slots["text"]), slots.get("next")
    if said == ENOUGH:
        return turn.say("好。改完了再发来看一遍也行。", notices.TO_MENU)
    if said and said not in (ALL, HOW, TEACHER):
        text, said = f"{text}\n{said}", None
    try:
        found = judged(turn, text)
    except ExtractError as error:
        return turn.say(str(error), notices.TO_MENU)
    if said == TEACHER:
        return hand_over(turn, found)
    turn.say({ALL: remarks.whole, HOW: remarks.ways, None: remarks.first}[said](found))
    kept: dict[str, Any] = {"text": text, "shown": True}
    turn.place.push(Frame("resume", 1, "next", kept))
    return None


def hand_over(turn: Turn, found: Review) -> None:
    goal = found.resume.text[slice(*found.resume.intent)] if found.resume.intent else "没写"
    titles = "、".join(remark.rule.title for remark in found.most_important())
    turn.effects.append(OpenCase("resume", f"请老师看简历(原文在对话里)。求职意向:{goal[:40]}。机器先指出:{titles or '没有'}"))
    turn.say("好,交给老师了。看完会直接回到这里,你可以先照着改,改好再发一版也行。", notices.TO_MENU)


FLOWS = (
    Flow(
        "resume",
        1,
        "看简历",
        opens=(
            *("简历", "看简历", "改简历", "简历诊断", "诊断简历", "检查简历", "修改简历", "帮我看简历", "帮我改简历", "帮我看看简历", "看看简历"),
            *("帮我看下简历", "看看我的简历", "简历怎么改", "我的简历怎么改", "简历帮我看看", "简历帮我改改", "简历修改", "简历实验室"),
        ),
        finish=finish,
        remind_after=None,
        patience=2,
        steps=(
            Step("text", ASK, read_text, optional=False, surely=looks_like),
            Step(
                "next",
                "没发完的接着发,或者点一个:",
                read_next,
                (HOW, ALL, TEACHER, ENOUGH),
                skip_if=lambda _, slots: "shown" not in slots,
                optional=False,
                surely=looks_like,
            ),
        ),
    ),
)
