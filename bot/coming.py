"""Who said 想参加 to an event of a broadcast, and reminding them a day and an hour before. In the turn's transaction; sends nothing itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, exists, func, insert, or_, select, update

from bot import broadcast, delivery, talks
from bot.broadcast import OVER, Broadcast, BroadcastError, Coming, Target
from bot.delivery import Delivery
from bot.planner import Quiet
from dialogs import broadcasts
from dialogs.effects import DropEvent, Events, RemindEvent, ShowEvents, WantEvent
from dialogs.messages import Choice, Part, Say
from dialogs.notices import TO_MENU
from dialogs.place import Conversation
from dialogs.turn import Turn
from knowledge.db import local_date

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EVENING = timedelta(minutes=15)
"""Before the quiet hours begin: when somebody is told of what starts before or soon after they end."""
BETWEEN = timedelta(hours=3)
"""Two reminders nearer than this are one."""
OURS = ("approved", "planned", "cancelled")
"""States of what people may come to; cancelled: who was told of it by then."""


def carry_out(connection: Connection, turn: Turn, effect: Events) -> list[Part]:
    """In an open dialog without buttons: those of its question count."""
    said = done(connection, turn, effect, Quiet(*turn.world.night))
    return [replace(part, choices=()) if turn.place.top and isinstance(part, Say) else part for part in said]


def done(connection: Connection, turn: Turn, effect: Events, quiet: Quiet) -> list[Part]:
    match effect:
        case WantEvent(number):
            return [wanted(connection, turn, number, quiet)]
        case DropEvent(number):
            connection.execute(delete(Coming).where(Coming.broadcast_id == number, Coming.conversation.in_(mine(turn))))
            delivery.withdraw(connection, f"|event-{number}-", turn.now, mine(turn))
            return [Say("好，这一场不去了，也不再提醒。", (Choice("我的活动", "open/events"), TO_MENU))]
        case ShowEvents():
            return [shown(list(of(connection, turn, turn.now)))]
        case RemindEvent(number):
            return remind(connection, turn, number, quiet)


def wanted(connection: Connection, turn: Turn, number: int | None, quiet: Quiet) -> Say:
    """`number`: the event tapped; None: it was typed, and the one they were told of last is meant, where there is only one."""
    open_ = [row for row in told_of(connection, turn) if number in (None, row["id"])]
    ahead = [row for row in open_ if broadcast.start(row) > turn.now]
    if not ahead:
        return Say("这一场已经开始或者结束了，没法再记。" if open_ else "最近没有给你发过能参加的活动。", (TO_MENU,))
    if number is None and len(ahead) > 1:
        return Say("想参加哪一场？", tuple(Choice(row["title"][:20], f"event/{row['id']}") for row in ahead[:5]))
    row = ahead[0]
    connection.execute(delete(Coming).where(Coming.broadcast_id == row["id"], Coming.conversation.in_(mine(turn))))
    next_at = following(broadcast.start(row), turn.now, quiet)
    values = {"broadcast_id": row["id"], "conversation": turn.inbound.conversation, "said_at": turn.now, "next_at": next_at}
    connection.execute(insert(Coming).values(values))
    silent = turn.place.memo.get("quiet")
    promise = "你退订过，到时候我不提醒，自己记一下。" if silent else "到时候自己记一下。" if next_at is None else "开始前我提醒你。"
    return Say(f"记下了：{line(row)}\n{promise}", (Choice("不去了", f"event/{row['id']}/no"), Choice("我的活动", "open/events")))


def told_of(connection: Connection, turn: Turn) -> list[RowMapping]:
    """Events that went to this person, the newest first."""
    kinds = [name for name, kind in broadcasts.kinds().items() if broadcasts.is_event(kind)]
    went = exists().where(Target.broadcast_id == Broadcast.id, ~Target.held, Target.conversation.in_(mine(turn)))
    left = exists().where(Delivery.broadcast_id == Broadcast.id, Delivery.status.in_(broadcast.LEFT), Delivery.conversation.in_(mine(turn)))
    query = select(Broadcast.__table__).where(Broadcast.status.in_(OURS), Broadcast.kind.in_(kinds), went)
    query = query.where(or_(Broadcast.status != "cancelled", left))
    return list(connection.execute(query.order_by(Broadcast.id.desc()).limit(20)).mappings())


def mine(turn: Turn) -> Any:
    return select(Conversation.key).where(Conversation.graduate_id == turn.person.graduate_id)


def of(connection: Connection, turn: Turn, after: datetime) -> Iterable[RowMapping]:
    said = exists().where(Coming.broadcast_id == Broadcast.id, Coming.conversation.in_(mine(turn)))
    rows = connection.execute(select(Broadcast.__table__).where(Broadcast.status.in_(OURS), said)).mappings()
    return sorted((row for row in rows if broadcast.start(row) > after), key=broadcast.start)


def shown(rows: list[RowMapping]) -> Say:
    if not rows:
        return Say("你还没有要参加的活动。收到招聘会、宣讲会的消息，点「想参加」就记下了。", (TO_MENU,))
    drop = tuple(Choice(f"不去{number}", f"event/{row['id']}/no") for number, row in enumerate(rows[:5], 1))
    return Say("\n".join(("你说想参加的：", *(f"{number}. {line(row)}" for number, row in enumerate(rows, 1)))), (*drop, TO_MENU))


def line(row: RowMapping) -> str:
    fields = row["fields"]
    return ",".join(filter(None, (row["title"], broadcasts.moment(broadcast.start(row)), fields.get("place") or fields.get("platform"))))


def moments(begins: datetime, quiet: Quiet) -> list[datetime]:
    """A day and an hour before; what would fall into the quiet hours, and be held until too late, is said the evening before."""
    hour = begins - HOUR
    if (over := quiet.until(hour)) is not None and over > begins - HOUR / 2:
        night = over - DAY
        hour = night + (datetime.combine(night, quiet.begins) - datetime.combine(night, quiet.ends)) - EVENING
    return [begins - DAY, hour] if hour - (begins - DAY) >= BETWEEN else [hour]


def following(begins: datetime, now: datetime, quiet: Quiet) -> datetime | None:
    return next((at for at in moments(begins, quiet) if at > now), None)


def due(connection: Connection, now: datetime) -> list[tuple[str, str, str]]:
    """Conversation, message id and text of each reminder that has come."""
    query = select(Coming.conversation, Coming.broadcast_id, Coming.next_at).where(Coming.next_at <= now).order_by(Coming.next_at).limit(500)
    return [(key, f"event-{number}-{at.isoformat()}", f"event/{number}") for key, number, at in connection.execute(query) if at]


def remind(connection: Connection, turn: Turn, number: int, quiet: Quiet) -> list[Part]:
    """Said once each time; not of what was called off or has begun, and not to who unsubscribed."""
    row = broadcast.get(connection, number)
    here = update(Coming).where(Coming.broadcast_id == number, Coming.conversation == turn.inbound.conversation)
    connection.execute(here.values(next_at=following(broadcast.start(row), turn.now, quiet)))
    if row["status"] not in OURS or turn.now >= broadcast.start(row) or turn.place.memo.get("quiet"):
        return []
    turn.until = broadcast.start(row)
    left = broadcast.start(row) - turn.now
    soon = "一个小时后" if left <= 2 * HOUR else "今天" if local_date(turn.now) == local_date(broadcast.start(row)) else "明天"
    note = row["fields"].get("bring")
    said = f"{soon}就是你说想参加的：{line(row)}" + (f"\n要带：{note}" if note else "")
    return [Say(said, (Choice("不去了", f"event/{number}/no"), TO_MENU))]


def count(connection: Connection, number: int) -> int:
    """People, not conversations."""
    query = select(func.count(func.distinct(Conversation.graduate_id))).join(Coming, Coming.conversation == Conversation.key)
    return int(connection.execute(query.where(Coming.broadcast_id == number)).scalar_one())


def expecting(connection: Connection, number: int) -> list[str]:
    """Conversations of those who said that they come, and may be written to unasked."""
    query = select(Coming.conversation).join(Conversation, Conversation.key == Coming.conversation)
    return list(connection.execute(query.where(Coming.broadcast_id == number, ~talks.quiet(Conversation))).scalars())


def may_call_off(row: RowMapping, now: datetime) -> bool:
    """An event that people were told of and that is ahead, be it that all has been sent or that the rest is not."""
    return row["approved_at"] is not None and row["status"] in OURS and broadcast.is_ahead(row, now)


def call_off(connection: Connection, number: int, now: datetime) -> int:
    """The event will not be: nothing more is said of it, and those who said that they come are told. Returns how many these are.

    Raises:
        BroadcastError: it is no event that is ahead, or was called off already.
    """
    row = broadcast.get(connection, number, lock=True)
    if not may_call_off(row, now):
        why = "已经取消了" if row["status"] in OVER else "还没批准，不发了就行" if row["status"] == "draft" else "不是还没开始的活动"
        raise BroadcastError(f"第 {number} 号{why}")
    both = or_(Broadcast.id == number, Broadcast.changes == number)
    its = update(Delivery).where(Delivery.broadcast_id.in_(select(Broadcast.id).where(both)), Delivery.status == "ready")
    connection.execute(its.values(status="cancelled", finished_at=now))
    connection.execute(update(Broadcast).where(both).values(status="called_off", paused_at=None))
    delivery.withdraw(connection, f"|event-{number}-", now)
    begins = broadcast.start(row)
    text = f"「{row['title']}」取消了。你说过想参加，{broadcasts.moment(begins)}这一场别去了，以学校新的通知为准。"
    rows = [
        delivery.row_of(f"called-off|{number}|{key}", key, "notice", [Say(text)], now) | {"expires_at": begins}
        for key in expecting(connection, number)
    ]
    return len(delivery.plan(connection, rows))


def record(connection: Connection, keys: Iterable[str]) -> list[dict[str, Any]]:
    """For the person's own copy."""
    query = select(Broadcast.title, Coming.said_at).join(Broadcast, Broadcast.id == Coming.broadcast_id).where(Coming.conversation.in_(list(keys)))
    return [{"title": title, "said_at": at} for title, at in connection.execute(query)]
