"""One's own record at the school: tied to it by a check one agreed to, seen, disputed, and let go."""

from __future__ import annotations

import re
import unicodedata

from dialogs import notices
from dialogs.effects import Dispute, LinkRecord, ShowRecord, UnlinkRecord
from dialogs.flow import Flow, Misread, Slots, Step, read_consent
from dialogs.turn import Turn
from knowledge.ledger.linking import LONGEST, SHORTEST

NAME = re.compile(r"(?:我叫|姓名[是::]?|我是)?\s*([\u3400-\u9fff\U00020000-\U0003ffff·•A-Za-z .]{2,40})")
TAIL = re.compile(r"(?:后|末|尾|最后)?(?:[四五六几456]?位(?:数字?)?)?[是:\uff1a]?\s*(\w{1,40})", re.ASCII)


def read_name(text: str, turn: Turn) -> str:
    found = NAME.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if not found:
        raise Misread("写姓名就行,和学校登记的一样,比如「李一」。")
    return found[1].strip().replace("•", "·")


def read_tail(text: str, turn: Turn) -> str:
    found = TAIL.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if not found or len(found[1]) < SHORTEST:
        raise Misread(f"写学号或身份证号的末 {SHORTEST} 到 {LONGEST} 位,身份证末位是 X 也写上。")
    return found[1][-LONGEST:].upper()


def declined(turn: Turn, slots: Slots) -> bool:
    return slots.get("consent") is not True


def link(turn: Turn, slots: Slots) -> None:
    if declined(turn, slots):
        return turn.say("好,不连,照样可以问。", notices.TO_MENU)
    turn.effects.append(LinkRecord(slots["name"], slots["tail"]))
    return None


def read_wrong(text: str, turn: Turn) -> str:
    said = text.strip()
    if len(said) < 2:
        raise Misread("说一句就行,比如「我没有签约,登记成签了」。")
    return said[:300]


FLOWS = (
    Flow(
        "record",
        1,
        "连上学校登记",
        opens=("连上学校登记", "连接学校登记", "关联学校登记", "绑定学号", "绑定学校登记", "核验学号", "认领学校登记"),
        finish=link,
        remind_after=None,
        steps=(
            Step(
                "consent",
                "连上以后,你能看到学校给你登记的毕业去向和服务记录,有错能提;"
                "学校负责你的老师也会知道这里是你,发给你的政策和岗位会记成服务。过一阵我会问问你的近况,你点的那一项也会记上;聊天内容不进学校登记。要核对姓名和号码末几位,同意吗?",
                read_consent,
                ("同意", "先不"),
                optional=False,
            ),
            Step("name", "你的姓名是?", read_name, skip_if=declined, optional=False),
            Step(
                "tail",
                f"学号或身份证号的末 {SHORTEST} 到 {LONGEST} 位是?整个号码不用发。",
                read_tail,
                skip_if=declined,
                optional=False,
                sensitive=True,
            ),
        ),
    ),
    Flow(
        "registration",
        1,
        "我的去向登记",
        opens=("我的去向登记", "我的学校登记", "看我的去向登记", "我的毕业去向", "学校登记了我什么", "学校给我登记的什么"),
        begin=lambda turn, _: turn.effects.append(ShowRecord()),
    ),
    Flow(
        "unlink_record",
        1,
        "断开学校登记",
        opens=("断开学校登记", "取消学校登记关联", "解除学校登记", "解绑学号"),
        begin=lambda turn, _: turn.effects.append(UnlinkRecord()),
    ),
    Flow(
        "dispute",
        1,
        "去向登记不对",
        opens=("我的去向登记不对", "去向登记不对", "我的去向不对", "去向登记错了", "我被就业了", "毕业去向登记错了", "我的毕业去向不对"),
        finish=lambda turn, slots: turn.effects.append(Dispute(slots["wrong"])),
        remind_after=None,
        steps=(
            Step(
                "wrong",
                "哪里不对,实际是什么情况?用自己的话说一句,我转给老师核对。",
                read_wrong,
                ("我没有签约", "去向已经变了"),
                optional=False,
            ),
        ),
    ),
)
