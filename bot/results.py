"""What came of a broadcast, in numbers and in words: the books, and the comparison with those held back. For pages and chats; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from bot import broadcast, delivery, shares, shortlinks
from bot.broadcast import Target
from bot.delivery import Delivery
from bot.transcript import InboxMessage
from dialogs.place import Conversation
from knowledge.ledger import linking
from knowledge.ledger.figures import SMALL, Cell

RESULTS = {
    "sent": "已发出", "open": "在路上", "unplanned": "还没排入", "failed": "失败", "unknown": "不知道到没到", "expired": "过期",
    "suppressed": "发不到或退订了", "cancelled": "取消", "left": "本人已注销",
}  # fmt: skip
WITHIN = timedelta(days=7)
"""How long after a broadcast began to leave a word of somebody counts as having to do with it."""
STOPS = ("退订", "go/stop")
"""Who only turns it off has not come to talk; a button is kept by its label, a command by its value."""
MEASURED = {"people": "人数", "delivered": "平台收下", "opened": "点开链接", "replied": "七天内来说话", "registered": "登记"}
COMPARED = {"replied": "来说话的", "registered": "登记的"}


def books(connection: Connection, row: RowMapping) -> dict[str, int]:
    """`people` = `unplanned` + `open` + the states of its deliveries + `left`: those who erased themselves before they were planned."""
    query = select(Delivery.status, func.count()).where(Delivery.broadcast_id == row["id"]).group_by(Delivery.status)
    counts = {state: int(count) for state, count in connection.execute(query)}
    rest = broadcast.unplanned(connection, row)
    held = {state: counts.get(state, 0) for state in delivery.FINAL}
    left = row["people"] - rest - sum(counts.values())
    return {"people": row["people"], "unplanned": rest, "open": sum(counts.get(s, 0) for s in delivery.OPEN), **held, "left": left}


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


def told(found: dict[str, Any]) -> list[str]:
    """Results in words: of those it was sent to, of those held back, and the differences that can be told."""
    sent, held = found["sent_to"], found["held_back"]
    opened = f"，点开链接 {sent['opened']} 人" if sent["opened"] is not None else ""
    lines = [
        f"发了的 {sent['people']} 人里：平台收下 {sent['delivered']} 人{opened}；七天内来说话 {sent['replied']} 人，登记 {sent['registered']} 人。"
    ]
    if held["people"]:
        lines.append(f"留出没发的 {held['people']} 人里：七天内来说话 {held['replied']} 人，登记 {held['registered']} 人。")
    return [*lines, *(f"{COMPARED[name]}：{words}。" for name, words in found["compared"].items())]


def table(status: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """What `outcomes.status` says, as rows: outcomes, reasons, then both sides of the comparison."""
    yield ("结果", "人数", "和留出的人比")
    yield ("名单上的", status["people"])
    yield from ((label, status[name]) for name, label in RESULTS.items())
    yield from ((f"原因 {reason['told']}", reason["count"]) for reason in status["reasons"])
    yield ("说想参加的", status["coming"])
    for side, label in {"sent_to": "发了的", "held_back": "留出没发的"}.items() if status["results"] else ():
        for name, told in MEASURED.items():
            if (count := status["results"][side].get(name)) is not None:
                yield (f"{label}：{told}", count, status["results"]["compared"].get(name, "") if side == "sent_to" else "")


def few(count: int) -> Cell:
    """As in the ledger's figures: so small a number points at somebody."""
    return f"<{SMALL}" if 0 < count < SMALL else count
