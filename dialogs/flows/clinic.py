"""Asking a teacher: handing a résumé in, writing back, booking an hour. What is said of them is in `dialogs.clinic`."""

from __future__ import annotations

import re

from dialogs.effects import Book, DropResume, ShowBookings, ShowSlots, ShowSubmission, Submit, WithdrawSubmission, WriteBack
from dialogs.flow import Flow, Misread, Slots, Step
from dialogs.turn import Turn
from knowledge.resume.sections import seems

LOOKS = ("整体看看", "经历怎么写", "合不合这个岗位", "该不该转方向")
BLIND, NAMED = "匿名就行", "可以看到我是谁"
DENIED = re.compile(r"(?<!不)(?<!不用)(?<!不要)匿名|(不|别)(想|让|给|能|可以|同意|愿意|看)|^(不|不用|不要|别|否|先不)[,。]?$")
AGREED = re.compile(r"可以|看到我|同意|愿意|实名|不匿名|不用匿名|不要匿名")
TOPICS = ("改简历", "找工作方向", "准备面试", "别的")

HEARS = re.compile(
    r"^(?!.*(?:吗|没有|了$|什么时候|多久|取消|不用|不想|不要|别|怎么|如何|为什么|要不要))(?=.{0,24}$)(?=.*(?:老师|专家|人工|真人))"
    r"(?:.*简历[^,。]{0,6}(?:看|改|把|诊断|指导|提意见)|.*(?:看|改|诊断|指导)[^,。]{0,6}简历)"
)
"""Who wants a teacher for the résumé."""


def read_resume(text: str, turn: Turn) -> str:
    if not seems(text):
        raise Misread("等你发。要整份简历的文字;是文件就先发「改简历」传上来,看完点「请老师看看」。")
    return text


def read_goal(text: str, turn: Turn) -> str:
    if len(text.strip()) < 2:
        raise Misread("说一句就行,比如「贵阳的新媒体运营」。")
    return text.strip()[:200]


def read_posting(text: str, turn: Turn) -> str:
    if len(text.strip()) < 8:
        raise Misread("把招聘里的职责和要求贴过来;没有就点「跳过」。")
    return text.strip()[:4000]


def is_posting(text: str) -> bool:
    return len(text) >= 60


def read_look(text: str, turn: Turn) -> str:
    if len(text.strip()) < 2:
        raise Misread("点一个,或者用自己的话说一句。")
    return text.strip()[:300]


def read_named(text: str, turn: Turn) -> bool:
    """Only plain words make somebody known: 「嗯」 or 「好」 may be said to anything."""
    if DENIED.search(text):
        return False
    if AGREED.search(text):
        return True
    raise Misread(f"回复「{BLIND}」或者「{NAMED}」。")


def hand_in(turn: Turn, slots: Slots) -> None:
    said = (slots.get("goal", ""), slots.get("posting", ""), slots.get("look", ""))
    turn.effects.append(Submit(slots.get("resume", ""), slots.get("text", ""), *said, named=slots.get("named") is True))


def read_words(text: str, turn: Turn) -> str:
    if not text.strip():
        raise Misread("写一句就行,我带给老师。")
    return text.strip()[:1500]


def write_back(turn: Turn, slots: Slots) -> None:
    turn.effects.append(WriteBack(slots.get("submission"), slots["words"]))


def book(turn: Turn, slots: Slots) -> None:
    turn.effects.append(Book(slots["slot"], slots.get("about", "")) if "slot" in slots else ShowSlots())


FLOWS = (
    Flow(
        "clinic",
        1,
        "请老师看简历",
        opens=("请老师看看", "请老师看简历", "找老师看简历", "让老师看简历", "请老师改简历", "专家看简历", "简历专家诊断", "人工看简历"),
        hears=HEARS,
        finish=hand_in,
        remind_after=None,
        patience=2,
        steps=(
            Step(
                "text",
                "把整份简历的文字贴过来,交给老师。是文件就先发「改简历」传上来,看完点「请老师看看」。",
                read_resume,
                skip_if=lambda _, slots: "resume" in slots,
                optional=False,
                surely=seems,
            ),
            Step("goal", "想投什么岗位、在哪个城市?说一句,老师好对着看。", read_goal),
            Step("posting", "有看中的招聘就把文字贴过来,没有就跳过。", read_posting, surely=is_posting),
            Step("look", "最想让老师看哪里?", read_look, LOOKS),
            Step(
                "named",
                "老师默认看不到你是谁:姓名、电话、邮箱、证件号、住址都盖住,照片也没有存。要让老师看到吗?",
                read_named,
                (BLIND, NAMED),
                optional=False,
            ),
        ),
    ),
    Flow(
        "clinic_reply",
        1,
        "回老师一句",
        opens=("回老师一句", "回复老师", "给老师回句话", "问看简历的老师"),
        finish=write_back,
        remind_after=None,
        patience=2,
        steps=(Step("words", "想跟看简历的老师说什么?写在这里,我带过去。", read_words, optional=False),),
    ),
    Flow(
        "submission",
        1,
        "简历看到哪一步了",
        opens=("看到哪一步了", "简历看到哪一步了", "老师看完简历了吗", "简历看完了吗", "老师看了吗"),
        hears=re.compile(r"^(?=.*老师)(?=.*简历)(?=.{0,24}$).*(?:看完|看了|看好|改好|改完|看到哪).*(?:吗|没有?|了)$"),
        begin=lambda turn, _: turn.effects.append(ShowSubmission()),
    ),
    Flow(
        "withdraw_resume",
        1,
        "不请老师看了",
        opens=("不请老师看了", "收回简历", "撤回简历", "不用老师看简历了"),
        begin=lambda turn, _: turn.effects.append(WithdrawSubmission()),
    ),
    Flow(
        "drop_resume",
        1,
        "删掉我的简历",
        opens=("删掉我的简历", "删除我的简历", "删除简历", "删掉简历", "把我的简历删了"),
        begin=lambda turn, _: turn.effects.append(DropResume("")),
    ),
    Flow(
        "book",
        1,
        "预约老师",
        opens=("预约老师", "约老师", "约老师聊聊", "预约咨询", "一对一咨询", "一对一", "预约职业指导", "预约"),
        begin=lambda turn, _: turn.effects.append(ShowSlots()),
    ),
    Flow(
        "booking",
        1,
        "约这个时间",
        finish=book,
        remind_after=None,
        patience=1,
        steps=(Step("about", "想聊什么?说一句,老师好准备。", read_look, TOPICS),),
    ),
    Flow(
        "bookings",
        1,
        "我的预约",
        opens=("我的预约", "查看预约", "取消预约", "改预约时间", "预约改时间"),
        begin=lambda turn, _: turn.effects.append(ShowBookings()),
    ),
)
