"""What a broadcast will reach and what became of it: preview, the books, progress, reasons, the comparison with those held back. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, func, select

from bot import audience, broadcast, coming, delivery, planner
from bot.broadcast import Target
from bot.delivery import Delivery
from bot.transcript import InboxMessage
from dialogs.messages import Limits, Say, fit
from knowledge.db import CHINA

if TYPE_CHECKING:
    from bot.app import App

WAYS = {
    "chat": "Telegram 能收到",
    "customer": "微信 48 小时窗口内能收到",
    "template": "微信模板消息",
    "notification": "微信订阅通知",
    "mailbox": "微信要等对方下次来说话",
    "gone": "已取关或拉黑,发不到",
}
"""How a predicted way is told to staff."""
WITHIN = timedelta(days=7)
"""How long after a broadcast began to leave a word of somebody counts as having to do with it."""
STOPS = ("退订", "go/stop")
"""Who only turns it off has not come to talk; a button is kept by its label, a command by its value."""
RATE = timedelta(minutes=5)
"""The time whose sends foretell the rest."""


def channels() -> dict[str, Limits]:
    from bot.channels import console
    from bot.channels.telegram import reply
    from bot.channels.wechat import limits

    return {"微信": limits.TEXT, "Telegram": reply.LIMITS, "终端": console.LIMITS, "网页": Limits()}


def renderings(row: RowMapping, now: datetime) -> dict[str, list[str]]:
    """The messages of each channel as people get them."""
    parts = broadcast.parts_of(row, now)
    return {name: [said(piece) for part in parts for piece in fit(part, limits) if isinstance(piece, Say)] for name, limits in channels().items()}


def said(piece: Say) -> str:
    buttons = " ".join(f"[{choice.label}]" for choice in piece.choices)
    return f"{piece.text}\n{buttons}" if buttons else piece.text


def foreseen(app: App, row: RowMapping, connection: Connection) -> tuple[int, int, Counter[str]]:
    """How many get it, how many are held back, and the way each would be reached by now."""
    now = app.clock.now()
    found: Sequence[Any] = connection.execute(audience.query(connection, row["audience"], now)).all()
    share = row["audience"].get("holdout", 0.0)
    keys = [key for key, person in found if not audience.held_back(row["id"], person, share)]
    return len(keys), len(found) - len(keys), planner.predict(connection, app.carriers, keys, now)


def preview(app: App, number: int) -> str:
    """What will be said on each channel, to how many, by which ways. Nothing is sent."""
    with app.database.reading() as connection:
        row = broadcast.get(connection, number)
        lines = [f"第 {number} 号 {row['kind']} {row['title']}:{broadcast.told(row)}".replace("  ", " ")]
        lines.append(f"{row['author']} 起草,{row['created_at'].astimezone(CHINA):%Y-%m-%d %H:%M}")
        if row["status"] == "draft":
            count, held, ways = foreseen(app, row, connection)
            routes = "、".join(f"{WAYS.get(way.partition('/')[2], way)} {number}" for way, number in sorted(ways.items()))
            if "groups" in row["audience"]:
                held, ways = 0, Counter()
            lines.append(
                f"会发 {audience.veiled(count, row['audience'])} 人"
                + (f",留出 {held} 人不发、用来比较" if held else "")
                + ";退订的、没有对话的不在内"
            )
            if "groups" in row["audience"]:
                lines.append("按群体选的,批准以前不说准确的人数和各走哪条路")
            else:
                lines.append(f"现在发:{routes}" if routes else "现在发:没有人")
    for name, pieces in renderings(row, app.clock.now()).items():
        lines.append(f"{name}({len(pieces)} 条)")
        lines += [f"    {line}" for piece in pieces for line in piece.split("\n")]
    return "\n".join(lines)


def books(connection: Connection, row: RowMapping) -> dict[str, int]:
    """`people` = `unplanned` + `open` + the states of its deliveries + `left`: those who erased themselves before they were planned."""
    query = select(Delivery.status, func.count()).where(Delivery.broadcast_id == row["id"]).group_by(Delivery.status)
    counts = {state: int(count) for state, count in connection.execute(query)}
    rest = broadcast.unplanned(connection, row)
    held = {state: counts.get(state, 0) for state in delivery.FINAL}
    left = row["people"] - rest - sum(counts.values())
    return {"people": row["people"], "unplanned": rest, "open": sum(counts.get(s, 0) for s in delivery.OPEN), **held, "left": left}


def status(app: App, number: int) -> dict[str, Any]:
    """The books of one broadcast, how far it is, when it will be through, what is in the way of the rest, and what came of it.

    Raises:
        BroadcastError: there is no such broadcast.
    """
    now = app.clock.now()
    with app.database.reading() as connection:
        row = broadcast.get(connection, number)
        found: dict[str, Any] = books(connection, row)
        over = sum(found[state] for state in delivery.FINAL)
        mine = Delivery.broadcast_id == number
        recent = select(func.count()).where(mine, Delivery.finished_at > now - RATE, Delivery.finished_at <= now)
        pace = connection.execute(recent).scalar_one() / RATE.total_seconds()
        mail = connection.execute(select(func.count()).where(mine, Delivery.status == "ready", Delivery.mailbox)).scalar_one()
        columns = (Delivery.status, Delivery.error)
        why = select(*columns, func.count()).where(mine, Delivery.error.is_not(None), Delivery.status.in_(delivery.FINAL)).group_by(*columns)
        reasons = [{"status": state, "reason": reason, "count": count} for state, reason, count in connection.execute(why.order_by(*columns))]
        result = results(connection, row, now) if row["approved_at"] else None
        going = coming.count(connection, number)
    moving = found["open"] + found["unplanned"] - mail
    eta = None if row["paused_at"] or not pace or not moving else (now + timedelta(seconds=moving / pace)).astimezone(CHINA).isoformat("T", "minutes")
    percent = round(100 * over / row["people"], 1) if row["people"] else 0.0
    state = "paused" if row["paused_at"] else row["status"]
    return {**found, "coming": going, "state": state, "percent": percent, "mailbox": mail, "eta": eta, "reasons": reasons, "results": result}


def results(connection: Connection, row: RowMapping, now: datetime) -> dict[str, dict[str, int]]:
    """Of all it was for and of all held back: how many there are, and how many wrote within `WITHIN` of its beginning.

    Everybody counts on the side they were put on, reached or not; both sides by the same clock. Else it is no comparison.
    """
    begun = max(row["approved_at"], row["at"] or row["approved_at"])
    found = {}
    for name, held in (("sent_to", False), ("held_back", True)):
        side = (Target.broadcast_id == row["id"], Target.held.is_(held))
        wrote = select(func.count(func.distinct(Target.conversation))).join(InboxMessage, InboxMessage.conversation == Target.conversation)
        wrote = wrote.where(
            *side,
            InboxMessage.kind.in_(("text", "choice", "file")),
            InboxMessage.text.not_in(STOPS),
            InboxMessage.received_at > begun,
            InboxMessage.received_at <= min(now, begun + WITHIN),
        )
        people = connection.execute(select(func.count()).select_from(Target).where(*side)).scalar_one()
        found[name] = {"people": people, "replied": connection.execute(wrote).scalar_one()}
    return found
