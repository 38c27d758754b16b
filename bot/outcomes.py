"""What a broadcast will reach and what became of it: preview, the books, progress, reasons, the comparison with those held back. Changes nothing."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, func, select

from bot import audience, broadcast, coming, delivery, massing, planner, shares, shortlinks
from bot.broadcast import Target
from bot.delivery import Delivery
from bot.transcript import InboxMessage
from dialogs.messages import Limits, Say, fit
from dialogs.place import Conversation
from knowledge.db import CHINA
from knowledge.ledger import linking
from knowledge.ledger.figures import SMALL, Cell
from knowledge.passes import NO_PASSES, Passes

if TYPE_CHECKING:
    from bot.app import App

WAYS = {
    "chat": "Telegram 能收到",
    "customer": "微信 48 小时窗口内能收到",
    "template": "微信模板消息(先到一行提醒,全文等对方说话)",
    "notification": "微信订阅通知(先到一行提醒,全文等对方说话)",
    "mass": "微信群发",
    "mailbox": "微信要等对方下次来说话",
    "gone": "已取关或拉黑,发不到",
}
"""How a predicted way is told to staff."""
BY_MASS = "没有别的路的人用微信群发(每人每月最多 4 次;开了群发保护的号,管理员要 30 分钟内在手机上确认)"
NO_MASS = "写了没有别的路的人用微信群发,但没有公众号开着它(BULIXIAN_WECHAT__MASS),不会用"
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


def renderings(row: RowMapping, now: datetime, passes: Passes = NO_PASSES) -> dict[str, list[str]]:
    """The messages of each channel as people get them."""
    parts = shortlinks.example(broadcast.parts_of(row, now), row, passes)
    return {name: [said(piece) for part in parts for piece in fit(part, limits) if isinstance(piece, Say)] for name, limits in channels().items()}


def said(piece: Say) -> str:
    buttons = " ".join(f"[{choice.label}]" for choice in piece.choices)
    return f"{piece.text}\n{buttons}" if buttons else piece.text


def foreseen(app: App, row: RowMapping, connection: Connection) -> tuple[int, int, Counter[str]]:
    """How many get it, how many are held back, and the way each would be reached by now."""
    now = app.clock.now()
    found = broadcast.aimed(connection, row, now)
    share = row["audience"].get("holdout", 0.0)
    keys = [key for key, person in found if not audience.held_back(row["id"], person, share)]
    parts = broadcast.parts_of(row, now) if row["mass"] else ()
    return len(keys), len(found) - len(keys), planner.predict(connection, app.carriers, keys, now, parts)


def may_mass(app: App) -> bool:
    """Whether an account makes mass sends."""
    return any(carrier.mass for carrier in app.carriers.values())


def preview(app: App, number: int) -> str:
    """What will be said on each channel, to how many, by which ways. Nothing is sent."""
    with app.database.reading() as connection:
        row = broadcast.get(connection, number)
        lines = [f"第 {number} 号 {row['kind']} {row['title']}:{broadcast.told(row)}".replace("  ", " ")]
        lines.append(f"{row['author']} 起草,{row['created_at'].astimezone(CHINA):%Y-%m-%d %H:%M}")
        if row["mass"]:
            lines.append(BY_MASS if may_mass(app) else NO_MASS)
        if row["status"] == "draft":
            count, held, ways = foreseen(app, row, connection)
            routes = "、".join(f"{WAYS.get(way.partition('/')[2], way)} {number}" for way, number in sorted(ways.items()))
            if "groups" in row["audience"]:
                held, ways = 0, Counter()
            lines.append(
                f"会发 {audience.veiled(count, row['audience'])} 人"
                + (f",留出 {held} 人不发、用来比较" if held else "")
                + ";退订的、取关拉黑的、没有对话的不在内"
            )
            if "groups" in row["audience"]:
                lines.append("按群体选的,批准以前不说准确的人数和各走哪条路")
            else:
                lines.append(f"现在发:{routes}" if routes else "现在发:没有人")
            if row["changes"]:
                lines.append(f"改的是第 {row['changes']} 号:告诉收到过它的和说想参加的人;还没收到的直接收到改过的,提醒按新的时间")
    for name, pieces in renderings(row, app.clock.now(), app.passes).items():
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
        waiting = (mine, Delivery.status == "ready", Delivery.mailbox, Delivery.error == delivery.RUNG)
        rung = connection.execute(select(func.count()).where(*waiting)).scalar_one()
        columns = (Delivery.status, Delivery.error)
        why = select(*columns, func.count()).where(mine, Delivery.error.is_not(None), Delivery.status.in_(delivery.FINAL)).group_by(*columns)
        reasons = [{"status": state, "reason": reason, "count": count} for state, reason, count in connection.execute(why.order_by(*columns))]
        result = results(connection, row, now) if row["approved_at"] else None
        going, sends = coming.count(connection, number), massing.sends(connection, number, now)
    moving = found["open"] + found["unplanned"] - mail
    eta = None if row["paused_at"] or not pace or not moving else (now + timedelta(seconds=moving / pace)).astimezone(CHINA).isoformat("T", "minutes")
    percent = round(100 * over / row["people"], 1) if row["people"] else 0.0
    state = "paused" if row["paused_at"] else row["status"]
    return {
        **found,
        "coming": going,
        "state": state,
        "percent": percent,
        "mailbox": mail,
        "rung": rung,
        "eta": eta,
        "reasons": reasons,
        "mass": sends,
        "results": result,
    }


def results(connection: Connection, row: RowMapping, now: datetime) -> dict[str, Any]:
    """Of all it was for and of all held back: how many there are, how many wrote within `WITHIN` of its beginning, and how many registered:
    linked themselves to the school's record, or had its destination changed by their own word, in the same time. People count once.

    Everybody counts on the side they were put on, reached or not; both sides by the same clock. Else it is no comparison.
    Of those it was for also: to how many the platform took it (`delivered`), and how many opened its link (None: it was given none).
    `compared`: each difference in words, where it can be told.
    """
    begun = max(row["approved_at"], row["at"] or row["approved_at"])
    until = min(now, begun + WITHIN)
    sides: dict[str, dict[str, Cell | None]] = {}
    hits: dict[str, list[tuple[int, int]]] = {}
    for name, held in (("sent_to", False), ("held_back", True)):
        side = (Target.broadcast_id == row["id"], Target.held.is_(held))
        wrote = select(func.count(func.distinct(Target.conversation))).join(InboxMessage, InboxMessage.conversation == Target.conversation)
        wrote = wrote.where(
            *side,
            InboxMessage.kind.in_(("text", "choice", "file")),
            InboxMessage.text.not_in(STOPS),
            InboxMessage.received_at > begun,
            InboxMessage.received_at <= until,
        )
        told = select(func.count(func.distinct(Conversation.graduate_id))).join(Target, Target.conversation == Conversation.key)
        told = told.where(*side, Conversation.graduate_id.in_(linking.registered(begun, until)))
        people = connection.execute(select(func.count()).select_from(Target).where(*side)).scalar_one()
        replied, registered = connection.execute(wrote).scalar_one(), connection.execute(told).scalar_one()
        sides[name] = {"people": people, "replied": replied, "registered": few(registered)}
        hits.setdefault("replied", []).append((replied, people))
        hits.setdefault("registered", []).append((registered, people))
    given, opened = shortlinks.counted(connection, row["id"])
    taken = select(func.count()).where(Delivery.broadcast_id == row["id"], Delivery.status == "sent", Delivery.conversation != "")
    sides["sent_to"]["delivered"] = connection.execute(taken).scalar_one()
    sides["sent_to"]["opened"] = few(opened) if given else None
    compared = {name: shares.words(*pair) for name, pair in hits.items() if name == "replied" or not any(0 < hit < SMALL for hit, _ in pair)}
    return {**sides, "compared": {name: told for name, told in compared.items() if told}}


def few(count: int) -> Cell:
    """As in the ledger's figures: so small a number points at somebody."""
    return f"<{SMALL}" if 0 < count < SMALL else count
