"""How a policy entry is said: conclusion first, then the side that was asked about, the place, conditions, source, who decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from dialogs.messages import Choice, Link, Say
from dialogs.questions import Aspect
from knowledge.policy import regions
from knowledge.policy.entry import Entry, Region, Source, said

ROOM = 280
"""Characters of one answer; the rest waits behind a choice."""
LINES = 8
"""Lines of one answer before its source."""
DECIDES = "以当地人社部门为准,可打 12333 问。"
AID = "以毕业学校的学生资助中心答复为准。"
TAX = "税以税务部门为准,可打 12366;证和登记以人社部门为准,可打 12333。"
POLICE = "已经被骗或有危险,马上打 110;拿不准的先打反诈电话 96110 问。"
AUTHORITY = {
    "AGR": "以协议怎么写和学校就业中心答复为准。",
    "AGR-03": "以协议怎么写为准,谈不拢由法院定。",
    "AGR-04": "谈不拢由法院定,可打 12348 问法律援助。",
    "EMP-06": TAX,
    "ENT-01": "以登记注册地的人社部门和经办银行为准,可打 12333 问。",
    "ENT-03": TAX,
    "FRD": POLICE,
    "FRD-01": DECIDES,
    "FRD-06": "人走不了或有危险,马上打 110。",
    "FRD-07": DECIDES,
    "FRD-08": "",
    "GRA": "以当次招募公告为准。",
    "GRA-07": AID,
    "GRA-08": "以当次招考、招生公告为准。",
    "GRP-01": "以当地残联和人社部门为准,可打 12333 问。",
    "GRP-03": "学历认证以教育部留服中心为准,算不算应届看当次公告。",
    "GRP-04": "以当地退役军人事务部门和人社部门为准,可打 12333 问。",
    "HLP": "",
    "IDS-01": "以当次招考公告为准。",
    "IDS-02": "以当次招考公告为准。",
    "IDS-04": "以学校就业中心通知为准。",
    "IDS-05": "以学校就业中心通知为准。",
    "IDS-09": "以迁入地派出所(公安)答复为准。",
    "IDS-11": "党团关系以两边的党团组织为准,学历证明以毕业学校为准。",
    "MIL": "以当地征兵办(武装部)答复为准。",
    "MIL-02": AID,
    "MIL-03": "考研、考公以当次公告为准,安置以退役军人事务部门为准。",
    "PLT-01": "以平台公告为准。",
    "PLT-04": "以学校就业网通知为准。",
    "PLT-05": "以学校就业中心答复为准。",
    "POS": "以当次公告为准。",
    "POS-04": "以招聘单位公告为准。",
    "POS-05": DECIDES,
    "POS-06": "以当地教育部门和当次招聘公告为准。",
    "SUB-01": "以学校通知为准,人社部门复核,可打 12333 问。",
    "SUB-11": "以贷款的经办银行和资助中心答复为准。",
    "SUB-12": "以当地民政部门核定为准,找街道或乡镇。",
    "SUB-13": "以当地驿站(团委)和铁路 12306 的公告为准。",
}
"""Who decides, by an id or its letters, the id first; DECIDES where neither is here. From what each entry says of where to go."""
LABELS: dict[Aspect, str] = {
    "conditions": "我符合吗",
    "amount": "多少钱、多久",
    "where": "去哪办",
    "papers": "要什么材料",
    "deadline": "什么时候截止",
    "source": "文件依据",
    "notes": "要注意什么",
}
HEADS: dict[Aspect, str] = {
    "conditions": "条件",
    "amount": "标准",
    "where": "怎么办",
    "papers": "材料",
    "deadline": "时间",
    "notes": "注意",
    "duration": "时长",
}
SOON = timedelta(days=30)
"""So long before its end, and before its review, an entry is spoken of as about to run out."""
OVERDUE = "这一条过了复核日期还没核过,可能有变,办之前先问清。"
LASTS = re.compile(r"\d+ ?(年|个?月|天|日|周岁|小时)(?!度|份)|[一二两三半]年|终身|长期")
OVER = re.compile(r"[^元万%%倍块]{0,26}已(截止|到期|停止|过期|结束)")
"""An answer that says itself that it is over, before it names an amount."""
UNHELPFUL = Choice("没帮上", "go/unhelpful")
"""On whole answers only: a follow-up shows the sides that are left."""
RECEIVERS = {
    "person": "这笔钱或这项待遇是给你本人的。",
    "employer": "这笔钱给单位,不发给个人。",
    "both": "单位和个人各有一份,看具体项目。",
    "none": "这一条不涉及给谁发钱。",
}


def statements(entry: Entry, aspect: Aspect) -> list[str]:
    """The sentences of one side of the entry, ready to be read."""
    if aspect == "receiver":
        return [RECEIVERS[entry.receiver], *(said(line) for line in entry.amount[:1])]
    if aspect == "source":
        return [source_line(source) for source in entry.source]
    if aspect == "duration":
        everywhere = (entry.answer, *entry.conditions, *entry.deadline, *entry.amount, *entry.notes)
        return [said(line) for line in everywhere if LASTS.search(line)][:4]
    return [said(line) for line in getattr(entry, aspect)]


def doubt(entry: Entry) -> str:
    """Behind a conclusion that stands without its source."""
    return "(尚待核实)" if "C" in (entry.certainty, entry.source[0].certainty) else ""


def source_line(source: Source) -> str:
    return f"{source.issuer},{source.document},{source.date}{'(尚待核实)' if source.certainty == 'C' else ''}"


def place_lines(found: Iterable[Region]) -> list[str]:
    return [f"{region.place}:{said(region.text)}{'(尚待核实)' if region.certainty == 'C' else ''}" for region in found]


def closing(entry: Entry, shown: str, today: date) -> list[str]:
    """Source, doubt, freshness and who decides: the end of every answer."""
    lines = [f"依据:{source_line(entry.source[0])}"]
    if entry.certainty == "C" and "尚待核实" not in lines[0]:
        lines.append("这一条来自转载,尚待核实。")
    if entry.valid_to and timedelta() <= entry.valid_to - today <= SOON:
        lines.append(f"这项目前只到 {entry.valid_to:%Y-%m-%d},之后有没有延续要看新文件。")
    if today > entry.review_by:
        lines.append(OVERDUE)
    decides = AUTHORITY.get(entry.id, AUTHORITY.get(entry.id[:3], DECIDES))
    if not ("12333" in decides and "12333" in shown):
        lines.append(decides)
    return [line for line in lines if line]


def links(entry: Entry) -> tuple[Link, ...]:
    return tuple(Link("官方原文" if n == 0 else "官方页面", source.url) for n, source in enumerate(entry.source) if source.url)


def conclusion(entry: Entry, today: date) -> str:
    """The first line. What is past its validity says so before anything else."""
    text = said(entry.answer) + "。"
    if entry.expired(today) and entry.valid_to and not OVER.match(text):
        return f"这项政策已在 {entry.valid_to:%Y-%m-%d} 截止。{text}"
    return text


def menu_line(entry: Entry, today: date) -> str:
    """One of several that may be meant. A name may hold an amount, so that what has run out is marked before its name."""
    return f"· {'(已截止)' if entry.expired(today) else ''}{entry.title}:{conclusion(entry, today)}"


def led(entry: Entry, lines: list[str], today: date) -> list[str]:
    """The lines, behind the conclusion where the entry has run out."""
    return [conclusion(entry, today), *lines] if entry.expired(today) else lines


def choices(entry: Entry, shown: Sequence[Aspect]) -> tuple[Choice, ...]:
    """What this person would ask next: sides not shown yet, at most three, and a person."""
    order: tuple[Aspect, ...] = ("conditions", "where", "papers", "amount", "deadline", "notes")
    rest = [aspect for aspect in order if aspect not in shown and statements(entry, aspect) and not (entry.rule and aspect == "conditions")]
    buttons = [Choice(LABELS[aspect], f"ask/{entry.id}/{aspect}") for aspect in rest[: 2 if entry.rule else 3]]
    if entry.rule:
        buttons.insert(0, Choice(LABELS["conditions"], f"mine/{entry.id}"))
    if len(entry.source) > 1 or links(entry):
        buttons.append(Choice(LABELS["source"], f"ask/{entry.id}/source"))
    return (*buttons, Choice("问老师", "go/human"))


def whole(
    entry: Entry, today: date, *, aspect: Aspect | None = None, place: regions.Place | None = None, text: str = "", direct: str = "", most: int = ROOM
) -> Say:
    """A full answer. `direct` is the sentence that answers the very question (a faq); `text` may name a county of a variant."""
    first = conclusion(entry, today)
    lines = led(entry, [f"{direct}。"] if direct else [], today)
    lines += [] if first in lines else [first]
    local = regions.named(entry, text) or regions.variants(entry, place)
    lines += place_lines(local)
    shown: list[Aspect] = []
    sides: list[Aspect] = [aspect] if aspect and aspect not in ("source", "receiver") else []
    if aspect == "receiver" and "不给个人" not in first:
        lines.append(RECEIVERS[entry.receiver])
    usual: tuple[Aspect, ...] = ("conditions", "amount")
    sides += [side for side in usual if side not in sides]
    end = closing(entry, "", today)
    room = most - sum(map(len, lines)) - sum(map(len, end))
    for side in sides:
        for number, line in enumerate(statements(entry, side)[: 4 if side == aspect else 3]):
            line = f"{HEADS[side]}:{line}" if number == 0 else f"· {line}"
            if len(line) > room or len(lines) >= LINES or line[line.find(":") + 1 :] in first:
                break
            lines.append(line)
            room -= len(line)
            shown = [*shown, side] if side not in shown else shown
    if entry.region and not local and place is None and len(entry.region) > 1:
        lines.append("各地不一样,告诉我城市我再说准一点。")
    *sides_left, person = choices(entry, shown)
    return Say("\n".join((*lines, *closing(entry, "\n".join(lines), today))), (*sides_left, UNHELPFUL, person), links(entry))


def side(entry: Entry, aspect: Aspect, today: date, *, place: regions.Place | None = None, text: str = "") -> Say:
    """A follow-up: only the side that was asked about, with its source."""
    local = place_lines(regions.named(entry, text) or regions.variants(entry, place))
    lines = statements(entry, aspect)
    if aspect == "conditions" and lines:
        lines = [
            f"能不能,看「{entry.title}」这几条:",
            *(f"· {line}" for line in lines),
            "每条都对得上才算初步符合,以经办核定为准;拿不准哪条就告诉我,或者问老师。",
        ]
    elif aspect == "source":
        lines = [f"「{entry.title}」的依据:", *(f"· {line}" for line in lines)]
    elif not lines:
        lines = [f"「{entry.title}」这一点没有全国统一的说法,以当地为准,打 12333 问最快。"]
        lines += [] if entry.expired(today) else [conclusion(entry, today)]
    elif len(lines) > 1:
        lines = [lines[0], *(f"· {line}" for line in lines[1:])]
    lines = led(entry, lines, today)
    lines += [line for line in local if line not in lines]
    end = [] if aspect == "source" else closing(entry, "\n".join(lines), today)
    return Say("\n".join((*lines, *end)), choices(entry, [aspect]), links(entry) if aspect == "source" else ())


def of_place(entry: Entry, found: Sequence[Region], today: date) -> Say:
    """Only what a place does differently."""
    lines = led(entry, place_lines(found), today)
    return Say("\n".join((*lines, *closing(entry, "\n".join(lines), today))), choices(entry, []))


def one_line(entry: Entry, text: str, today: date) -> Say:
    """A sentence of the entry that answers a specific follow-up."""
    lines = led(entry, [said(text)], today)
    return Say("\n".join((*lines, *closing(entry, text, today))), choices(entry, []))
