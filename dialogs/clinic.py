"""What is said in the résumé clinic: a file that came in, its remarks, the experts' answers, hours and bookings. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from dialogs import notices, remarks
from dialogs.effects import Book, CancelBooking, DropResume, RemindBooking, ShowResume, ShowSlots
from dialogs.messages import Choice, Link, Say
from dialogs.turn import Turn
from knowledge.clinic import Rules
from knowledge.clinic.queue import Answer, Promise
from knowledge.clinic.slots import WEEK, when
from knowledge.db import CHINA
from knowledge.resume.extract import Paper
from knowledge.resume.rules import Review

NOT_RESUME = "读到了文字,但不像一份简历。把简历发来,或者说说这份文件想让我看什么"
GONE = "这份简历已经删掉了。再发一次,我再看。"
DROPPED = "删掉了,连同报告页。聊天里说过的几条意见还在,想一起清掉就发「注销」。"
NONE = "我这里没有存着你的简历文件。"
REPORT, TEACHER, FIT = "完整报告,可打印", "请老师看看", "对着岗位看"
SAYS = {"first": remarks.first, "ways": remarks.ways, "whole": remarks.whole}


def file(turn: Turn) -> None:
    """A file has come; its channel has it read, and the result comes back as `arrived`."""
    if "." not in turn.text:
        return turn.say(notices.NO_PICTURES, notices.TO_HUMAN)
    name = turn.text if len(turn.text) <= 30 else f"{turn.text[:20]}…{turn.text[-8:]}"
    return turn.say(notices.READING.format(name=name))


def arrived(turn: Turn) -> tuple[str, dict[str, Any]] | None:
    """What slow work has come to; the dialog it opens, with what is known, where it opens one."""
    room, _, rest = turn.text.partition("/")
    if turn.place.top and turn.place.top.flow == "resume":  # that was waiting for this
        turn.place.stack, turn.place.due_at = turn.place.stack[:-1], None
    if room == "words":
        flow, _, words = rest.partition("/")
        return flow, {{"contract": "text", "scam": "suspect"}[flow]: words}
    return tap(turn, rest) if room == "clinic" else None


def tap(turn: Turn, rest: str) -> tuple[str, dict[str, Any]] | None:
    """A button of the clinic; the dialog it opens, with what is known, where it opens one."""
    what, _, number = rest.partition("/")
    first, _, second = number.partition("-")
    place = int(first) if first.isdecimal() and len(first) < 18 else None
    if what in SAYS:
        turn.effects.append(ShowResume(number, what))
    elif what == "drop":
        turn.effects.append(DropResume(number))
    elif what in ("teacher", "fit"):
        return "clinic" if what == "teacher" else "fit", {"resume": number}
    elif what == "reply" and place:
        return "clinic_reply", {"submission": place}
    elif what == "slot" and place:
        return "booking", {"slot": place}
    elif what == "to" and place and second.isdecimal() and len(second) < 18:
        turn.effects.append(Book(int(second), moving=place))
    elif what == "move" and place:
        turn.effects.append(ShowSlots(place))
    elif what == "unbook" and place:
        turn.effects.append(CancelBooking(place))
    else:
        turn.say(notices.STALE_CHOICE, notices.TO_MENU)
    return None


def remind(turn: Turn, rest: str) -> None:
    """The time to speak of a booking: what it is stands in the booking itself."""
    booking, _, hours = rest.partition("/")
    turn.effects.append(RemindBooking(int(booking), int(hours)))


def said(what: str, number: str, paper: Paper, review: Review, report: str) -> Say:
    """The remarks on a kept résumé, with what can be done next."""
    doubts = [f"注意:{doubt}。" for doubt in paper.doubts] if what == "first" else []
    others = [Choice(label, f"clinic/{key}/{number}") for key, label in (("ways", "怎么改"), ("whole", "看全部"), ("fit", FIT)) if key != what]
    return Say(
        "\n".join((*doubts, SAYS[what](review))),
        (
            *others,
            Choice(TEACHER, f"clinic/teacher/{number}"),
            Choice("删掉这份", f"clinic/drop/{number}"),
        ),
        (Link(REPORT, report),) if report else (),
    )


def day(date_: date) -> str:
    return f"{date_.month} 月 {date_.day} 日(周{WEEK[date_.weekday()]})"


def promised(promise: Promise) -> str:
    """Until when an answer comes."""
    return f"最晚 {day(promise.due)}18 点前回到这里" + ("" if promise.sure else "(那一年的放假安排还没公布,先按周末算)")


def submitted(promise: Promise, *, named: bool, days: int) -> Say:
    head = "换成新的一版了," if promise.again else "交给老师了,"
    seen = "老师能看到你的姓名和联系方式。" if named else "老师看到的是匿名的,姓名、电话、邮箱、证件号都盖住了。"
    text = f"{head}{promised(promise)}。\n{seen}原文到答复后再留 {days} 天;可以先照机器说的改。"
    return Say(text, (Choice("看到哪一步了", "open/submission"), Choice("不请老师看了", "open/withdraw_resume")))


def answered(who: str, number: int, answer: Answer, report: str) -> Say:
    """An expert's answer as the graduate reads it."""
    lines = [f"{who}看完你的简历了" + (f":{answer.words}" if answer.words else "。")]
    for count, (quote, text) in enumerate(answer.remarks, 1):
        short = " ".join(quote.split())
        lines.append(f"{count}. " + (f"「{short if len(short) <= 40 else short[:39] + '…'}」\n   {text}" if short else text))
    choices = (Choice("回老师一句", f"clinic/reply/{number}"), Choice("改好再看一版", "open/resume"), Choice("约老师聊聊", "open/book"))
    return Say("\n".join(lines), choices, (Link(REPORT, report),) if report else ())


def written(promise: Promise | None) -> Say:
    if promise is None:
        return Say("还没有老师看过你的简历,这句没有发出去。", (Choice(TEACHER, "open/clinic"), notices.TO_MENU))
    return Say(f"带给老师了,{promised(promise)}。", (notices.TO_MENU,))


def standing(row: Mapping[str, Any] | None) -> Say:
    """How far the experts are with the last one."""
    if row is None:
        return Say("你还没有请老师看过简历。", (Choice(TEACHER, "open/clinic"), notices.TO_MENU))
    number, until = row["id"], day(row["due_at"].astimezone(CHINA).date())
    if row["state"] == "answered":
        return Say("老师看完了,意见发给过你。有不明白的可以回一句。", (Choice("回老师一句", f"clinic/reply/{number}"), notices.TO_MENU))
    if row["state"] == "withdrawn":
        return Say("这份简历你收回了。", (Choice(TEACHER, "open/clinic"), notices.TO_MENU))
    held = "老师正在看" if row["state"] == "taken" else "还在排队"
    return Say(f"{held},最晚 {until}18 点前回到这里。", (Choice("不请老师看了", "open/withdraw_resume"), notices.TO_MENU))


def offered(slots: Sequence[Mapping[str, Any]], rules: Rules, moving: int | None) -> Say:
    if not slots:
        return Say("这会儿没有能约的时间。过两天再来看,或者先把简历、问题写下来给老师。", (Choice(TEACHER, "open/clinic"), notices.TO_HUMAN))
    lines = [f"{number}. {when(slot)},{slot['expert']},{slot['minutes']} 分钟,{slot['place']}" for number, slot in enumerate(slots, 1)]
    head = "换到哪个时间?" if moving else "能约这些时间,点一个:"
    values = [f"clinic/to/{moving}-{slot['id']}" if moving else f"clinic/slot/{slot['id']}" for slot in slots]
    choices = (Choice(when(slot), value) for slot, value in zip(slots, values, strict=True))
    return Say("\n".join((head, *lines, f"来不了提前 {rules.cancel_hours} 小时取消就行;迟到超过 10 分钟,可能要另约。")), tuple(choices))


def booked(row: Mapping[str, Any], *, moved: bool, calendar: str) -> Say:
    text = (
        f"{'改好了' if moved else '约好了'}:{when(row)},{row['expert']},{row['minutes']} 分钟。\n地点:{row['place']}\n前一天和前一小时我各提醒一次。"
    )
    return Say(text, hours(row), (Link("加进日历", calendar),) if calendar else ())


def hours(row: Mapping[str, Any]) -> tuple[Choice, ...]:
    return Choice("改时间", f"clinic/move/{row['id']}"), Choice("取消预约", f"clinic/unbook/{row['id']}")


def unbooked(row: Mapping[str, Any], rules: Rules, *, late: bool) -> Say:
    kindly = f"离开始不到 {rules.cancel_hours} 小时了,老师可能已经在准备,下次早一点告诉我就好。" if late else "时间让给别人了,谢谢你说一声。"
    return Say(f"取消了:{when(row)}。{kindly}", (Choice("重新约", "open/book"), notices.TO_MENU))


def bookings(rows: Sequence[Mapping[str, Any]]) -> Say:
    if not rows:
        return Say("你现在没有预约。", (Choice("预约老师", "open/book"), notices.TO_MENU))
    return Say("\n".join(("你约了:", *(f"· {when(row)},{row['expert']},{row['place']}" for row in rows))), hours(rows[0]))


def reminder(row: Mapping[str, Any], hours_: int, calendar: str) -> Say:
    head = "快到了" if hours_ == 1 else "提醒一下"
    text = f"{head}:{when(row)}和{row['expert']}聊,{row['minutes']} 分钟。\n地点:{row['place']}\n来不了也没关系,点一下告诉我。"
    return Say(text, hours(row), (Link("加进日历", calendar),) if calendar else ())


def missed(row: Mapping[str, Any]) -> Say:
    return Say(
        f"{when(row)}没等到你,可能临时有事,没关系。还想聊就再约一次;不方便见面,写下来让老师看也一样。",
        (Choice("重新约", "open/book"), Choice(TEACHER, "open/clinic")),
    )


def called_off(row: Mapping[str, Any]) -> Say:
    return Say(f"抱歉,{row['expert']}{when(row)}临时来不了,这次预约取消了。换个时间好吗?", (Choice("重新约", "open/book"), notices.TO_HUMAN))
