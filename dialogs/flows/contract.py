"""A pasted contract or offer: the worst clauses first, then all of them, what to say to the employer, or a teacher. The judging is
`knowledge.rights.contract`."""

from __future__ import annotations

import re

from dialogs import notices
from dialogs.effects import OfferUpload, OpenCase
from dialogs.flow import Flow, Misread, Slots, Step
from dialogs.place import Frame
from dialogs.turn import Turn
from knowledge.rights.contract import CLEAN, NOTICE, UNLAWFUL, Check, Finding, check, cited, likely

ALL, SAY, TEACHER, ENOUGH = "看全部", "怎么跟公司说", "问老师", "不用了"
WAYS = (SAY, ALL, TEACHER, ENOUGH)
MOST = 3
"""Findings in the first message; it holds about eight lines."""
QUOTED = 34
"""Characters of a clause that are quoted in the chat."""
SEND = "把合同文件(PDF 或 Word)直接发给我就行,不超过 10 MB。也可以贴文字。\n"
ASK = (
    "把合同、录用通知或三方协议的文字贴到这里,一条发不下就分几条;拍成图的先用手机识别成文字。\n"
    "姓名、身份证号、卡号遮住再发。我按规定一条条看,哪条不合法、凭哪一条、怎么跟公司说。想问规定,直接问就行。"
)
WHEN = {"labour": "签字之前改最容易;已经签了,违法的条款也不算数。"}


def ask(turn: Turn, _: Slots) -> str:
    return SEND + ASK if turn.inbound.conversation.startswith("telegram:") else ASK


def offer(turn: Turn, slots: Slots) -> None:
    """Where no file can be sent, a page takes it."""
    if "text" not in slots and turn.inbound.conversation.startswith(("wechat:", "web:")):
        turn.effects.append(OfferUpload("contract"))


def read_text(text: str, turn: Turn) -> str:
    if not likely(text):
        raise Misread("这段还看不出是合同。把有期限、工资、试用期这些条款的原文贴过来,越全越好。")
    return text


def read_next(text: str, turn: Turn) -> str:
    said = next((way for way in WAYS if way in text), "")
    if said or likely(text):
        return said or text
    raise Misread("点一个就行;合同还有没发完的,接着发。")


def title(row: Finding) -> str:
    """What a sum could not decide is only possible."""
    return f"{'可能' if row.severity != UNLAWFUL == row.rule.severity and row.detail else ''}{row.rule.title}"


def line(number: int, row: Finding) -> str:
    quote = f"(「{row.quote[:QUOTED]}{'…' if len(row.quote) > QUOTED else ''}」)" if row.quote else ""
    return f"{number}. {title(row)}{quote}\n   {row.detail or row.why}\n   依据:{cited(row.laws[0])}"


def first(found: Check) -> str:
    bad = found.unlawful()
    if not found.findings:
        rows = [f"{CLEAN},不等于没有问题。"]
    elif bad:
        rows = [f"有 {len(bad)} 处不合法,先别签:"]
    else:
        rows = [f"没看到明显违法的,有 {len(found.findings)} 处要问清:"]
    rows += (line(number, row) for number, row in enumerate((bad or found.findings)[:MOST], 1))
    if rest := len(found.findings) - min(MOST, len(bad or found.findings)):
        rows.append(f"还有 {rest} 处,点「{ALL}」。")
    return "\n".join((f"这是{found.name}。" + rows[0], *rows[1:], f"{WHEN.get(found.kind, '') if found.findings else ''}{NOTICE}。"))


def whole(found: Check) -> str:
    rows = [found.applies]
    rows += (f"{number}. [{row.severity}] {title(row)}:{row.detail or row.why}" for number, row in enumerate(found.findings, 1))
    if found.blanks:
        rows.append(f"空着没填的:{'、'.join(found.blanks)}。填好再签,别留空白。")
    if found.missing:
        rows.append(f"没找到的:{'、'.join(found.missing)}。")
    return "\n".join((*rows, f"没查的:{'、'.join(found.unchecked)}。"))


def ways(found: Check) -> str:
    if not found.findings:
        return "没有要改的条款。签之前把口头答应的都请公司写进去,自己留一份原件。"
    chosen = sorted(found.findings, key=lambda row: row.severity != UNLAWFUL)[:5]
    rows = [f"{number}. {row.rule.say}" for number, row in enumerate(chosen, 1)]
    if rest := len(found.findings) - len(chosen):
        rows.append(f"还有 {rest} 处小一点的,在「{ALL}」里。")
    return "\n".join(("可以这样说,发文字留个底:", *rows, f"公司不改、已经吃了亏,{called(chosen[0].rule.call)}。"))


def called(whom: str) -> str:
    return f"打 {whom}" if re.search(r"\d", whom) else f"找{whom}"


def finish(turn: Turn, slots: Slots) -> None:
    """Says what was asked for; the dialog goes on until it is enough or a teacher has it."""
    text, said = str(slots["text"]), slots.get("next")
    if said == ENOUGH:
        return turn.say("好。签之前拿不准的条款随时发来再看。", notices.TO_MENU)
    if said and said not in WAYS:
        text, said = f"{text}\n{said}", None
    found = check(text, turn.world.minimum)
    if said == TEACHER:
        bad = "、".join(row.rule.title for row in found.findings[:5]) or "没看到问题"
        turn.effects.append(OpenCase("contract", f"请老师看{found.name}:{bad}"))
        return turn.say("好,合同和我看到的都转给老师了,老师会在这里回你。回复之前先别签、别交钱。", notices.TO_MENU)
    turn.say({ALL: whole, SAY: ways, None: first}[said](found))
    turn.place.push(Frame("contract", 1, "next", {"text": text, "shown": True}))
    return None


HEARS = re.compile(
    r"^(?:(?:给我|帮忙|麻烦|请|老师)*(?:看看?|看一?下|瞧瞧|检查一?下?|把把关)(?:我的|这个|这份|一下|这)?|(?:我的|这个|这份))"  # 帮我看看 is filler
    r"(?:劳动合同书?|合同|offer|录用通知书?|三方协议?|就业协议书?|实习协议|协议)(?:书)?(?:吧|呗|行吗|可以吗|有没有(?:问题|坑)|能不能签|能签吗)?$"
)
PAPERS = ("合同", "劳动合同", "offer", "录用通知", "三方协议", "就业协议", "实习协议")
FLOWS = (
    Flow(
        "contract",
        1,
        "看合同",
        opens=(
            "合同",
            *(f"{ask}{what}" for ask in ("看", "看看", "帮我看", "帮我看看", "帮我看下", "检查") for what in PAPERS),
            *(f"{ask}{what}{end}" for ask in ("", "这份", "我的") for what in PAPERS for end in ("有没有问题", "体检", "检查", "能签吗", "有坑吗")),
        ),
        hears=HEARS,
        begin=offer,
        finish=finish,
        remind_after=None,
        patience=2,
        steps=(
            Step("text", ask, read_text, optional=False, surely=likely),
            Step(
                "next",
                "没发完的接着发,或者点一个:",
                read_next,
                WAYS,
                skip_if=lambda _, slots: "shown" not in slots,
                optional=False,
                surely=likely,
            ),
        ),
    ),
)
