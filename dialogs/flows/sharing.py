"""What may be told beyond the school, each with a yes of its own that can be taken back: the family's number, and the HR department that goes on."""

from __future__ import annotations

import re

from dialogs import notices
from dialogs.effects import AllowHandover, DropFamily, KeepFamily
from dialogs.flow import Flow, Misread, Slots, Step, read_consent
from dialogs.turn import Turn
from knowledge.ledger.cells import CellError, phone


def read_phone(text: str, turn: Turn) -> str:
    try:
        return phone(text.strip())
    except CellError as error:
        raise Misread(f"{error},再发一次;不想留了发「取消」。") from None


def declined(turn: Turn, slots: Slots) -> bool:
    return slots.get("consent") is not True


def keep(turn: Turn, slots: Slots) -> None:
    if declined(turn, slots):
        return turn.say("好,不留,老师不会联系家里。", notices.TO_MENU)
    turn.effects.append(KeepFamily(slots["phone"]))
    return None


def allow(turn: Turn, slots: Slots) -> None:
    turn.effects.append(AllowHandover(slots.get("consent") is True))


FLOWS = (
    Flow(
        "family",
        1,
        "家校联系",
        opens=("家校联系", "留家里电话", "留家里的电话", "留家长电话", "家里电话", "可以联系我家里", "可以联系我家人"),
        hears=re.compile(r"^留?(?:个|一个)?紧急?联系人$"),
        finish=keep,
        remind_after=None,
        steps=(
            Step(
                "consent",
                "一直联系不上你、你的号码也打不通的时候,老师能不能打家里的电话,问问你好不好?号码加密存着,只有负责你的老师和管理员看得到,"
                "谁看过你查得到;你在这里聊的不会跟家里说。不留也不影响别的,留了随时能撤回。同意吗?",
                read_consent,
                ("同意", "先不"),
                optional=False,
            ),
            Step("phone", "家里的号码是?最好先跟家里人说一声。", read_phone, skip_if=declined, optional=False, sensitive=True),
        ),
    ),
    Flow(
        "withdraw_family",
        1,
        "撤回家校联系",
        opens=("撤回家校联系", "取消家校联系", "删掉家里电话", "删除家庭电话"),
        hears=re.compile(r"(?:别|不要|不想|不许|不用)(?:让老师)?再?(?:联系|找|打扰|给|打).{0,4}(?:家里|家人|家长|爸|妈|父母)"),
        begin=lambda turn, _: turn.effects.append(DropFamily()),
    ),
    Flow(
        "handover",
        1,
        "服务接续",
        opens=("服务接续", "移交给人社", "同意移交", "让人社接着服务", "就业服务接续", "部门间服务接续"),
        finish=allow,
        remind_after=None,
        steps=(
            Step(
                "consent",
                "离校后可以由你常住地的人社部门接着帮你找工作、办补贴。学校要把你的姓名、学历、电话、去向、身份证号末四位和给过你的服务交给他们;"
                "你在这里聊的不交。同意吗?",
                read_consent,
                ("同意", "先不"),
                optional=False,
            ),
        ),
    ),
    Flow(
        "withdraw_handover",
        1,
        "撤回服务接续",
        opens=("撤回服务接续", "取消服务接续", "不同意移交", "不要移交我的信息", "别把我的信息给人社"),
        begin=lambda turn, _: turn.effects.append(AllowHandover(False)),
    ),
)
