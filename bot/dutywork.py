"""What a teacher on duty does in a chat: cases, broadcasts, postings, with the roles, the scope and the audit of the console.

Another door to the same desk: what is said of a case or done with a broadcast is `casework` and `broadcast`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, String, select, update

from bot import audience, audit, broadcast, casework, coming, lessons, results
from bot.broadcast import OVER, SENDING, Broadcast, BroadcastError
from bot.delivery import OPEN, Delivery
from bot.planner import Quiet
from bot.web.console import scope
from bot.web.console.staff import Member
from dialogs.effects import Duty, WriteBroadcast
from dialogs.messages import Choice, Part, Say, from_json, to_json
from dialogs.notices import TO_MENU
from dialogs.turn import Turn
from knowledge import people
from knowledge.cases import KINDS, Case
from knowledge.db import CHINA, Within
from knowledge.policy.revisions import RevisionError
from knowledge.postings import store as postings
from knowledge.postings.drafts import numbered
from knowledge.postings.intake import intake

OFF = Duty("off")
MOST, TALK = 8, 8
"""Lines of a list, messages of a conversation: a screen of a telephone."""
HOME, CASES, CASTS = Choice("值班", "duty/home"), Choice("求助清单", "duty/cases"), Choice("群发", "duty/casts")
WRITE, POST = Choice("写群发", "duty/write"), Choice("收一条岗位", "duty/post")
OF_A_CASE = re.compile(r"duty/(?:case|take|give|reply|back|close|keep)/([0-9]+)")
TRIAL = "「测试」只发给你自己，点按钮不算。"
SPEAKERS = {"me": "本人：", "bot": "机器：", "staff": ""}
"""A teacher's words begin with their name."""


class DutyError(ValueError):
    """What cannot be done; the message is one sentence for the teacher."""


@dataclass(slots=True)
class Seat:
    """One thing that one teacher wants done. `drafted`: broadcasts that another should look at."""

    connection: Connection
    turn: Turn
    who: Member
    drafted: list[int] = field(default_factory=list)

    def note(self, what: str, target: str = "", old: str = "", new: str = "") -> None:
        channel = self.turn.inbound.conversation.partition(":")[0]
        audit.note(self.connection, self.turn.now, self.who.display, channel, what, target, old, new)

    def case(self, number: int) -> RowMapping:
        query = select(Case.__table__).where(Case.id == number, scope.cases(self.who))
        found = self.connection.execute(query).mappings().first()
        if found is None:
            raise DutyError("没有这件求助，或者不归你看。")
        return found


def home(who: Member) -> tuple[Choice, ...]:
    return (CASES, CASTS, POST) if who.role in SENDING else (CASES,)


def carry_out(seat: Seat, effect: Duty | WriteBroadcast) -> list[Part]:
    casts = isinstance(effect, WriteBroadcast) or effect.act in CAST_ACTS
    if casts and seat.who.role not in SENDING:
        return [Say("你的角色不发群发。", (CASES,))]
    try:
        if isinstance(effect, WriteBroadcast):
            return [written(seat, effect)]
        act = {**CASE_ACTS, **CAST_ACTS}.get(effect.act, start)
        return [act(seat, effect.number, effect.text)]
    except (DutyError, BroadcastError, RevisionError) as error:
        return [Say(f"{str(error).rstrip('。')}。", home(seat.who))]


def start(seat: Seat, _: int, __: str) -> Say:
    return Say(f"{seat.who.display}，看哪边？", (*home(seat.who), TO_MENU))


# cases


def listed(seat: Seat, _: int, __: str) -> Say:
    query = select(Case.__table__).where(Case.closed_at.is_(None), scope.cases(seat.who))
    query = query.order_by(Case.kind != "crisis", Case.answered_at.is_not(None), Case.id).limit(MOST + 1)
    rows = seat.connection.execute(query).mappings().all()
    if not rows:
        return Say("现在没有等处理的求助。", home(seat.who))
    told = casework.answers(seat.connection, rows)
    lines = [
        f"{row['id']} {KINDS[row['kind']]} {row['opened_at'].astimezone(CHINA):%m-%d %H:%M} {told.get(row['id'], '')}".rstrip() for row in rows[:MOST]
    ]
    more = ["更多的在后台看。"] if len(rows) > MOST else []
    return Say("\n".join(("等处理的：", *lines, *more)), tuple(Choice(f"看 {row['id']}", f"duty/case/{row['id']}") for row in rows[:MOST]))


def shown(seat: Seat, number: int, _: str) -> Say:
    """The case with the end of its conversation; the reading is logged where the person can see it."""
    case = seat.case(number)
    people.log_access(seat.connection, case["graduate_id"], seat.who.display, f"查看求助 {number} 和对话", seat.turn.now)
    seat.note("看求助", f"求助 {number}")
    said = casework.talk(seat.connection, case, seat.turn.now, TALK)
    head = f"求助 {number} {KINDS[case['kind']]}" + (f",{case['owner']}在办" if case["owner"] else "") + ("，已办结" if case["closed_at"] else "")
    lines = [head, case["summary"][:300], "—— 最近的对话 ——"]
    lines += [casework.fated(each) + SPEAKERS[each["from"]] + " ".join(casework.words(each).split())[:60] for each in said]
    return Say("\n".join(lines), choices(seat, case))


def choices(seat: Seat, case: RowMapping) -> tuple[Choice, ...]:
    number = case["id"]
    mine = case["owner"] == seat.who.display
    found = [Choice("回复", f"duty/reply/{number}")]
    found += [Choice("放回去", f"duty/give/{number}")] if mine else [Choice("我来办", f"duty/take/{number}")]
    found += [Choice("存成政策草稿", f"duty/keep/{number}")] if case["answered_at"] and seat.who.role in SENDING else []
    return (
        (*found, Choice("登记没错，办结" if case["kind"] == "dispute" else "办结", f"duty/close/{number}"), CASES)
        if case["closed_at"] is None
        else (Choice("再看一遍", f"duty/case/{number}"), CASES)
    )


def take(seat: Seat, number: int, _: str) -> Say:
    case = seat.case(number)
    seat.connection.execute(update(Case).where(Case.id == number).values(owner=seat.who.display))
    seat.note("交办求助", f"求助 {number}", case["owner"] or "", seat.who.display)
    return Say(f"求助 {number} 归你了。", (Choice("回复", f"duty/reply/{number}"), Choice("放回去", f"duty/give/{number}"), CASES))


def give_back(seat: Seat, number: int, _: str) -> Say:
    case = seat.case(number)
    seat.connection.execute(update(Case).where(Case.id == number, Case.owner == seat.who.display).values(owner=None))
    seat.note("放回求助", f"求助 {number}", case["owner"] or "", "")
    return Say(f"求助 {number} 放回清单了。", (CASES,))


def answer(seat: Seat, number: int, text: str) -> Say:
    case = seat.case(number)
    if not text:
        raise DutyError("没有写内容。")
    if casework.answered(seat.connection, case, text, seat.who.display, seat.turn.inbound.message_id[:60], seat.turn.now):
        seat.note("回复求助", f"求助 {number}", new=f"{len(text)} 字")
    more = (Choice("存成政策草稿", f"duty/keep/{number}"),) if seat.who.role in SENDING else ()
    return Say(
        f"求助 {number} 的回复在发给本人，到没到点「看看」。本人再说的话归你，机器人先不插话。",
        (
            *(Choice("看看", f"duty/case/{number}"), Choice("再回一句", f"duty/reply/{number}"), Choice("机器人接着", f"duty/back/{number}")),
            *(Choice("办结", f"duty/close/{number}"), *more, CASES),
        ),
    )


def back(seat: Seat, number: int, _: str) -> Say:
    """Only this one answer: the machine goes on."""
    case = seat.case(number)
    if not casework.back(seat.connection, case["graduate_id"], seat.turn.now):
        return Say("对话已经在机器人那里。", (CASES,))
    seat.note("对话交还机器人", f"求助 {number}")
    return Say("对话交还给机器人了。", (Choice("看看", f"duty/case/{number}"), CASES))


def close(seat: Seat, number: int, _: str) -> Say:
    case = seat.case(number)
    back = case["closed_at"] is None and casework.closed(seat.connection, case, seat.turn.now, seat.who.display)
    if case["closed_at"] is None:
        seat.note("办结求助", f"求助 {number}")
    return Say(f"求助 {number} 办结了{'，对话交还给机器人' if back else ''}。", (CASES,))


def keep(seat: Seat, number: int, key: str) -> Say:
    """The answer as a draft of an entry's questions: first the entries that are near, then the draft of the one that was tapped."""
    if seat.who.role not in SENDING:
        raise DutyError("你的角色不起草政策")
    question, told = lessons.exchange(seat.connection, seat.case(number))
    lessons.usable(question, told)
    if not key:
        near = lessons.near(seat.turn.world.search, question)
        if not near:
            raise DutyError("没有和这个问题相近的政策，请在后台起草一条新的")
        head = f"「{question}」和你的回答，归到哪一条？存成草稿，另一位老师批准后才用。"
        return Say(head, (*(Choice(title[:20], f"duty/keep/{number}/{id_}") for id_, title in near), CASES))
    revision = lessons.kept(seat.connection, key, question, told, seat.who.display, seat.turn.now)
    seat.note("起草政策", key, new=f"第 {revision} 版")
    return Say(f"{key} 的草稿是第 {revision} 版，等另一位老师在后台「知识库」批准。", (CASES,))


def blank(connection: Connection, chats: Any, numbers: Collection[int] | None = None) -> None:
    """Takes out of chats of duty what was shown there of these cases, or of all; what tells of one says nothing of anybody, and stays."""
    shown_ = select(Delivery.id, Delivery.parts).where(Delivery.conversation.in_(chats), Delivery.kind == "reply")
    rows = connection.execute(shown_.where(Delivery.parts.cast(String).contains("duty/"))).all()
    ours = [row.id for row in rows if any(numbers is None or number in numbers for number in about(row.parts))]
    said = update(Delivery).where(Delivery.id.in_(ours))
    connection.execute(said.values(parts=[to_json(Say("（已删掉）"))]))
    connection.execute(said.where(Delivery.status.in_(OPEN)).values(status="cancelled"))


def about(parts: list[dict[str, Any]]) -> Iterator[int]:
    """The cases that the choices of a message are about."""
    for part in parts:
        for choice in getattr(from_json(part), "choices", ()):
            if found := OF_A_CASE.match(choice.value):
                yield int(found[1])


# broadcasts


def casts(seat: Seat, _: int, __: str) -> Say:
    rows = seat.connection.execute(select(Broadcast.__table__).order_by(Broadcast.id.desc()).limit(MOST)).mappings().all()
    lines = [f"{row['id']} {row['title'][:20]}：{broadcast.told(row)}" for row in rows]
    picks = tuple(Choice(f"看 {row['id']}", f"duty/cast/{row['id']}") for row in rows[:5])
    return Say("\n".join(lines) or "还没有群发。", (*picks, WRITE, HOME))


def cast(seat: Seat, number: int, _: str) -> Say:
    """What people will read, to how many it goes or went, and what can be done with it now."""
    row = broadcast.get(seat.connection, number)
    first = from_json(row["parts"][0])
    head = f"第 {number} 号，{row['author']}起草：{broadcast.told(row)}"
    draft, to = row["status"] == "draft", audience.addressed(seat.connection, row, seat.who.display)
    to = "会发给" if to == "发给" else to
    people_ = foreseen(seat, row) if draft else row["people"]
    by_mass = "\n没有别的路的人用微信群发" if row["mass"] else ""
    said = first.text if isinstance(first, Say) else row["title"]
    told = [f"{to} {people_} 人{by_mass}", "————", said] if draft else progress(seat, row)
    text = "\n".join((head, *told))
    found = [Choice("批准", f"duty/approve/{number}")] if draft and row["author"] != seat.who.display else []
    if row["status"] in ("approved", "planned"):
        found += [Choice("接着发", f"duty/resume/{number}") if row["paused_at"] else Choice("暂停", f"duty/pause/{number}")]
    found += [Choice("先发给我看看", f"duty/try/{number}"), Choice("没发的不发了", f"duty/cancel/{number}")] if row["status"] not in OVER else []
    found += [Choice("活动取消", f"duty/off/{number}")] if coming.may_call_off(row, seat.turn.now) else []
    return Say(text, (*found, CASTS))


def progress(seat: Seat, row: RowMapping) -> list[str]:
    """How far it is and what came of it, as the page of the broadcast tells it."""
    books = results.books(seat.connection, row)
    counts = "、".join(f"{label} {books[name]}" for name, label in results.RESULTS.items() if books[name])
    came = results.told(results.results(seat.connection, row, seat.turn.now)) if row["approved_at"] else []
    return [f"「{row['title']}」发给 {row['people']} 人：{counts}", *came]


def foreseen(seat: Seat, row: RowMapping) -> str:
    return audience.veiled(broadcast.size(seat.connection, row, seat.turn.now), row["audience"])


def trial(row: RowMapping, now: datetime) -> list[Part]:
    """As people get it, for the staff to look at: marked, and a tap on it counts for nothing. Its links are those that were written."""
    dead = f"duty/tried/{row['id']}"
    return [
        replace(part, text=f"{TRIAL}\n{part.text}", choices=tuple(replace(choice, value=dead) for choice in part.choices))
        if isinstance(part, Say)
        else part
        for part in broadcast.parts_of(row, now)
    ]


def tried(seat: Seat, number: int, _: str) -> Say:
    """As people get it, like the test send of the console."""
    first = trial(broadcast.get(seat.connection, number), seat.turn.now)[0]
    assert isinstance(first, Say)
    return replace(first, choices=(*first.choices, Choice("回到这次群发", f"duty/cast/{number}")))


def dead(_: Seat, number: int, __: str) -> Say:
    return Say("这是测试，点了不算。", (Choice("看这次群发", f"duty/cast/{number}"), CASTS))


def approve(seat: Seat, number: int, sure: str) -> Say:
    """Asked once more: a tap in a pocket must not write to hundreds."""
    row = broadcast.get(seat.connection, number)
    if sure != "yes":
        told = foreseen(seat, row)
        whom = audience.addressed(seat.connection, row, seat.who.display)
        return Say(f"{whom} {told} 人，批准以后名单不变。确定吗？", (Choice(f"确定发给 {told} 人", f"duty/approve/{number}/yes"), CASTS))
    count = broadcast.let_go(seat.connection, number, seat.who.display, seat.turn.now, Quiet(*seat.turn.world.night))
    seat.note("批准群发", f"群发 {number}")
    return Say(f"第 {number} 号批准了，发给 {count} 人。", (Choice("看进度", f"duty/cast/{number}"), CASTS))


def move(what: str, told: str, done: str, work: Callable[[Seat, int], int]) -> Callable[[Seat, int, str], Say]:
    def act(seat: Seat, number: int, _: str) -> Say:
        count = work(seat, number)
        seat.note(what, f"群发 {number}")
        affected = f",{count} 人{done}" if count else ""
        return Say(f"第 {number} 号{told}{affected}。", (Choice("看进度", f"duty/cast/{number}"), CASTS))

    return act


def halt(seat: Seat, number: int, sure: str) -> Say:
    """Asked once more, like the approval; says what it does and what it does not."""
    row = broadcast.get(seat.connection, number)
    if sure != "yes" and row["status"] not in OVER:
        told = "已经收到的收不回来，说想参加的照样会提醒；" if coming.may_call_off(row, seat.turn.now) else "已经收到的收不回来；"
        return Say(
            f"第 {number} 号没发出去的都不再发，{told}停了就不能再接着发。确定吗？", (Choice("确定不发了", f"duty/cancel/{number}/yes"), CASTS)
        )
    return stopped(seat, number, "")


def call_off(seat: Seat, number: int, sure: str) -> Say:
    row = broadcast.get(seat.connection, number)
    if sure != "yes" and coming.may_call_off(row, seat.turn.now):
        told = len(coming.expecting(seat.connection, number))
        head = f"「{row['title']}」这场活动取消，马上告诉说想参加的 {told} 人别去了，没发出去的也不再发。确定吗？"
        return Say(head, (Choice("确定取消活动", f"duty/off/{number}/yes"), CASTS))
    return called_off(seat, number, "")


def written(seat: Seat, effect: WriteBroadcast) -> Say:
    values = broadcast.readable(seat.connection, effect.raw, seat.who.display, seat.turn.now)
    number = broadcast.draft(seat.connection, author=seat.who.display, now=seat.turn.now, **values)
    seat.note("起草群发", f"群发 {number}", new=values["title"])
    seat.drafted.append(number)
    return cast(seat, number, "")


def keep_posting(seat: Seat, _: int, text: str) -> Say:
    """A posting told in one message, screened like any other."""
    found, at = numbered([(1, intake(text, seat.turn.today).draft)]), seat.turn.now
    report = postings.bring_in(Within(seat.connection), f"{seat.who.display}录入"[:64], found, seat.turn.today, at, seal=seat.turn.world.seal)
    line = report.lines[0]
    seat.note("录入岗位", line.title[:60], new=postings.OUTCOMES[line.outcome])
    why = f":{line.why}" if line.why else ""
    more = "核实了在后台「岗位」放行。" if line.outcome == "held" else ""
    return Say(f"{line.title}：{postings.OUTCOMES[line.outcome]}{why}。{more}", (Choice("再收一条", "duty/post"), HOME))


stopped = move("取消群发", "没发的不发了", "不会收到", lambda s, n: broadcast.stop(s.connection, n, s.turn.now))
called_off = move("取消活动", "的活动取消了", "会收到通知", lambda s, n: coming.call_off(s.connection, n, s.turn.now))
CASE_ACTS: dict[str, Callable[[Seat, int, str], Say]] = {
    "cases": listed, "case": shown, "take": take, "give": give_back, "answer": answer, "back": back, "close": close, "keep": keep,
}  # fmt: skip
CAST_ACTS: dict[str, Callable[[Seat, int, str], Say]] = {
    "ask_posting": lambda *_: Say("收哪一条？", (POST, HOME)),
    "posting": keep_posting,
    "casts": casts,
    "cast": cast,
    "try": tried,
    "tried": dead,
    "approve": approve,
    "pause": move("暂停群发", "暂停了", "等着", lambda s, n: broadcast.hold(s.connection, n, s.turn.now)),
    "resume": move("接着群发", "接着发了", "会收到", lambda s, n: broadcast.go_on(s.connection, n)),
    "cancel": halt,
    "off": call_off,
}
