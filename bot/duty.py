"""Teachers on duty in a chat: whose chat is whose, and telling them of a case. In a turn's transaction; what they do there is `dutywork`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select

from bot import audit, broadcast, casework, dutywork, planner
from bot.allowances import GONE
from bot.delivery import Delivery
from bot.planner import MAILBOX, Carrier
from bot.web.console import scope
from bot.web.console.staff import DutyChat, DutyCode, Member, Staff
from dialogs.duty import STRANGER
from dialogs.effects import Desk, MoreSaid, OnDuty
from dialogs.messages import Choice, Part, Say
from dialogs.notices import TO_MENU
from dialogs.turn import Turn
from knowledge import cases
from knowledge.cases import Case
from knowledge.links import digest_of

LIFE = timedelta(minutes=10)
WHILE = timedelta(minutes=3)
"""In which what somebody writes in several messages is one piece of news."""
MEMBER = (Staff.id, Staff.name, Staff.display, Staff.role, Staff.fresh)
ON = (Staff.active, ~Staff.fresh, Staff.role != "viewer")


def offer(connection: Connection, staff_id: int, at: datetime) -> str:
    """A new code for this account, in place of any before."""
    connection.execute(delete(DutyCode).where((DutyCode.staff_id == staff_id) | (DutyCode.expires_at <= at)))
    code = f"{secrets.randbelow(10**8):08d}"
    connection.execute(insert(DutyCode).values(digest=digest_of(code), staff_id=staff_id, expires_at=at + LIFE))
    return code


def chats(connection: Connection, staff_id: int) -> list[RowMapping]:
    query = select(DutyChat.__table__).where(DutyChat.staff_id == staff_id).order_by(DutyChat.since)
    return list(connection.execute(query).mappings())


def try_out(connection: Connection, staff_id: int, number: int, once: str, at: datetime) -> list[str]:
    """Sends a broadcast to the chats of duty of one of the staff, marked as a test, at night too. Returns the chats.

    Raises:
        BroadcastError: there is no such broadcast.
    """
    parts = dutywork.trial(broadcast.get(connection, number), at)
    keys = [str(row["conversation"]) for row in chats(connection, staff_id)]
    for key in keys:
        casework.said(connection, key, f"trial|{number}|{once[:40]}|{key}", parts, "alert", at)
    return keys


def leave(connection: Connection, *where: ColumnElement[bool]) -> int:
    """What people said stays in no chat that is nobody's desk any more."""
    dutywork.blank(connection, select(DutyChat.conversation).where(*where))
    return connection.execute(delete(DutyChat).where(*where)).rowcount


def on_duty(connection: Connection, conversation: str) -> Member | None:
    """Who answers for this chat; nobody whose account is closed or still has its first password."""
    query = select(*MEMBER).join(DutyChat, DutyChat.staff_id == Staff.id)
    row = connection.execute(query.where(DutyChat.conversation == conversation, *ON)).first()
    return member(row) if row else None


def member(row: Any) -> Member:
    return Member(row.id, row.name, row.display, row.role, row.fresh)


def bind(connection: Connection, turn: Turn, code: str) -> Say:
    """The chat becomes the desk of whose code it is. In a group everybody would read along."""
    key = turn.inbound.conversation
    if "/" in key.split(":", 2)[2]:
        return Say("群里谁都看得到，值班要在和我的私聊里。", ())
    used = delete(DutyCode).where(DutyCode.digest == code, DutyCode.expires_at > turn.now)
    staff_id = connection.execute(used.returning(DutyCode.staff_id)).scalar()
    if staff_id is not None:
        connection.execute(delete(DutyChat).where(DutyChat.conversation == key))
        connection.execute(insert(DutyChat).values(conversation=key, staff_id=staff_id, since=turn.now))
    who = on_duty(connection, key)
    if staff_id is None or who is None:
        leave(connection, DutyChat.conversation == key)
        return Say("这个码不对、过期了，或者账号不能值班。到后台「值班」页取一个新的。", (TO_MENU,))
    turn.place.memo.pop("duty_codes", None)
    turn.place.memo["duty"] = True
    audit.note(connection, turn.now, who.display, key.partition(":")[0], "开始在聊天里值班")
    return Say(f"{who.display}，接上了。归你的求助会发到这里；要看就发「值班」，不值了发「结束值班」。", dutywork.home(who))


def carry_out(connection: Connection, turn: Turn, effect: Desk) -> list[Part]:
    if isinstance(effect, OnDuty):
        return [bind(connection, turn, effect.code)]
    if isinstance(effect, MoreSaid):
        nudge(connection, turn)
        return []
    key = turn.inbound.conversation
    who = on_duty(connection, key)
    if who is None:
        turn.place.memo.pop("duty", None)
        return [Say(STRANGER, (TO_MENU,))]
    seat = dutywork.Seat(connection, turn, who)
    if effect == dutywork.OFF:
        leave(connection, DutyChat.conversation == key)
        turn.place.memo.pop("duty", None)
        seat.note("结束在聊天里值班")
        return [Say("好，不在这里值班了，求助不再发到这里。", (TO_MENU,))]
    told = dutywork.carry_out(seat, effect)
    for number in seat.drafted:
        announce(connection, seat, number)
    return told


def rouse(connection: Connection, number: int, once: str, at: datetime, carriers: Mapping[str, Carrier]) -> None:
    """Tells those on duty of a case, or that more was said in it: whose it is, else or where no chat of theirs is reached the administrators;
    of danger to life all of them, at night too.

    Says nothing of the person: a telephone lies open on many tables.
    """
    case = cases.get(connection, number)
    query = select(*MEMBER, DutyChat.conversation).join(DutyChat, DutyChat.staff_id == Staff.id).where(*ON)
    seats = [(member(row), str(row.conversation)) for row in connection.execute(query)]
    if not seats or case is None:
        return
    ours = [(who, key) for who, key in seats if connection.execute(select(Case.id).where(Case.id == number, scope.cases(who))).first()]
    own = [key for who, key in ours if who.role != "admin"]
    danger = case["kind"] == "crisis"
    alone = not danger and any(reached(connection, carriers, key, at) for key in own)
    text = f"{'有人可能有危险，请马上看' if danger else '有人在等'}：{cases.KINDS[case['kind']]}，求助 {number}。"
    for key in own if alone else [key for _, key in ours]:
        if key != case["conversation"]:
            tell(connection, key, f"duty|{number}", once, number, text, at, danger=danger)


def reached(connection: Connection, carriers: Mapping[str, Carrier], key: str, at: datetime) -> bool:
    """Whether a message to a chat would leave now, as far as this program knows."""
    [way] = planner.predict(connection, carriers, [key], at)
    return not way.endswith((f"/{MAILBOX}", f"/{GONE}"))


def tell(connection: Connection, key: str, about: str, once: str, number: int, text: str, at: datetime, *, danger: bool = False) -> None:
    """Says something of a case in a chat of duty; not again about the same while the person writes on."""
    about = f"{about}|{key}|"
    lately = (Delivery.conversation == key, Delivery.created_at > at - WHILE)
    told = select(Delivery.id).where(*lately, Delivery.key.startswith(about, autoescape=True))
    if not connection.execute(told.limit(1)).first():
        parts: list[Part] = [Say(text, (Choice("看看", f"duty/case/{number}"),))]
        casework.said(connection, key, about + once[:60], parts, "alert" if danger else "notice", at)


def nudge(connection: Connection, turn: Turn) -> None:
    """Whoever has this conversation hears that the person wrote."""
    mine = select(Case.id, DutyChat.conversation).join(Staff, Staff.display == Case.owner).join(DutyChat, DutyChat.staff_id == Staff.id)
    mine = mine.where(Case.id.in_(casework.having(connection, turn.inbound.conversation)[:1]), *ON)
    for number, key in connection.execute(mine).all():
        tell(connection, key, f"duty|said-{number}", turn.inbound.message_id, number, f"求助 {number} 的本人又说话了。", turn.now)


def entrust(connection: Connection, case: RowMapping, to: str, by: str, at: datetime) -> list[str]:
    """Tells whom a case was given to. Returns the chats."""
    if to in (by, case["owner"]) or case["closed_at"]:
        return []
    query = select(DutyChat.conversation).join(Staff, Staff.id == DutyChat.staff_id).where(Staff.display == to, *ON)
    chats_ = list(connection.execute(query).scalars())
    danger = case["kind"] == "crisis"
    text = f"{by}把求助 {case['id']} 交给你了：{cases.KINDS[case['kind']]}{'，可能有危险，请马上看' if danger else ''}。"
    for key in chats_:
        tell(connection, key, f"duty|given-{case['id']}", at.isoformat(), case["id"], text, at, danger=danger)
    return chats_


def announce(connection: Connection, seat: dutywork.Seat, number: int) -> None:
    """Asks the others on duty who may approve to look at a draft."""
    query = select(DutyChat.conversation).join(Staff, Staff.id == DutyChat.staff_id)
    others = query.where(*ON, Staff.role.in_(broadcast.SENDING), Staff.id != seat.who.id)
    for key in connection.execute(others).scalars().all():
        parts: list[Part] = [Say(f"{seat.who.display}起草了一份群发，等另一位老师看。", (Choice("看看", f"duty/cast/{number}"),))]
        casework.said(connection, key, f"duty|draft-{number}|{key}", parts, "notice", seat.turn.now)
