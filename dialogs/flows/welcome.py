"""Welcome, the menu and help."""

from __future__ import annotations

from dialogs import notices
from dialogs.flow import Flow, Slots
from dialogs.messages import Choice
from dialogs.turn import Turn

MENU = (
    Choice("问就业政策", "open/policy"),
    Choice("看看我能享受什么", "go/person"),
    Choice("我的档案", "go/file"),
    Choice("档案、户口怎么放", "ask/IDS-06/all"),
    Choice("合同、工资、社保", "open/rights"),
    Choice("找老师", "go/human"),
)


def menu(turn: Turn, _: Slots) -> None:
    turn.say("你好,我是不离线。毕业离校了,就业上的事也可以接着问我:政策给出处,拿不准就找老师。点一个,或者直接说:", *MENU)


def usage(turn: Turn, _: Slots) -> None:
    turn.say(
        "直接用平常的话问就行,比如「我去年毕业自己交社保,能领补贴吗」。\n"
        "答完可以接着问:要什么材料、去哪办、什么时候截止、有文件吗。\n"
        "随时可以发:菜单、返回、跳过、取消、人工、我的档案、退订。",
        notices.TO_MENU,
        notices.TO_HUMAN,
    )


FLOWS = (
    Flow("welcome", 1, "菜单", opens=("你好不离线", "开始使用"), begin=menu),
    Flow("help", 1, "帮助", opens=("使用帮助",), begin=usage),
)
