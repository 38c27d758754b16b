"""The passive reply and the ledger: what of a delivery goes out with the webhook's answer, and what is left for later."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from bot import allowances, massing
from bot.channels.wechat import reply
from bot.channels.wechat.limits import TEXT, Route
from bot.channels.wechat.receive import Kind, Received
from bot.delivery import Delivery, due
from bot.inbox import Reply
from dialogs.messages import from_json

LATER = "这个问题要多想一会儿。过十几秒随便回一个字，我就把答案给你。"
SLICE = replace(TEXT, text=600)
"""Of an account with nothing but replies: small, so that something of what waits fits beside every answer."""
MORE = "（还有没说完的，随便回一个字我接着说）"


class Ticket:
    """Who says an answer: the webhook, as long as it waits, else the pump. Decided once, by whoever comes first.

    It is written down as sent in the turn's own transaction, before it leaves: if it does not arrive, WeChat asks again and gets the same.
    """

    def __init__(self) -> None:
        self.taken = threading.Lock()
        self.ours = False
        self.text = ""
        self.more = False
        """Something is left for the pump."""

    def hand(self, row: dict[str, Any]) -> None:
        if not (self.ours or self.taken.acquire(blocking=False)):
            return
        self.ours = True
        texts = reply.texts([from_json(part) for part in row["parts"]])
        self.text, self.more = texts[0] if texts else "", len(texts) > 1
        row |= {"route": str(Route.PASSIVE), "piece": 1}
        if not self.more:
            row |= {"status": "sent", "finished_at": row["created_at"]}

    def give_up(self) -> bool:
        """The webhook waits no longer; False: the answer is being stored as ours, and it has to be waited for."""
        return self.taken.acquire(blocking=False)


def again(connection: Connection, number: int | None, now: datetime) -> str:
    """What a try that WeChat repeats is answered with: the same, or nothing where the pump says it."""
    row = row_of(connection, number)
    if row and row["route"] == Route.SLICES:  # said while the account had nothing else
        slices = reply.texts([from_json(part) for part in row["parts"]], SLICE)
        fitted(said := slices[:1], slices[1:])
        return "\n\n".join(said)
    if row is None or row["route"] not in (None, Route.PASSIVE) or (row["route"] is None and row["status"] != "ready"):
        return ""
    texts = reply.texts([from_json(part) for part in row["parts"]])
    if row["route"] is None:
        taken(connection, row, 1, len(texts), now)
    return texts[0] if texts else ""


def say(connection: Connection, answer: Reply, conversation: str, now: datetime) -> tuple[str, list[str]]:
    """The passive reply of an account that has nothing else, and the keys of what it says: what waits for this person goes along as far as
    it fits, and what does not fit waits for their next message."""
    row = row_of(connection, answer.delivery_id)
    if row and row["route"] == Route.PASSIVE:
        return again(connection, row["id"], now), [row["key"]]
    if row is None or (row["status"] != "ready" and row["route"] != Route.SLICES):
        return "", []
    texts = reply.texts([from_json(part) for part in row["parts"]], SLICE)
    if not texts:
        taken(connection, row, 1, 1, now)
        return "", []
    said, keys = [texts[0]], [row["key"]]
    done = fitted(said, texts[1:])
    taken(connection, row, 1 + done, len(texts), now, Route.SLICES)
    rest = len(texts) - 1 - done
    for other in waiting(connection, conversation, row["id"], now) if not rest else ():
        before, held = unsaid(other)
        more = fitted(said, held)
        if more:
            taken(connection, other, before + more, before + len(held), now, Route.SLICES)
            keys.append(other["key"])
        rest += len(held) - more
        if more < len(held):
            break
    return "\n\n".join([*said, MORE] if rest else said), keys


def unsaid(row: RowMapping | Mapping[str, Any]) -> tuple[int, list[str]]:
    """The slices of a delivery that are still to be said, and how many come before them. Where it was begun in larger pieces, the slice
    in which those ended has lost its beginning."""
    parts = [from_json(part) for part in row["parts"]]
    slices = reply.texts(parts, SLICE)
    if row["route"] == Route.SLICES:
        return row["piece"], slices[row["piece"] :]
    read = sum(map(letters, reply.texts(parts)[: row["piece"]]))
    for number, text in enumerate(slices):
        if read < letters(text):
            return number, [without(text, read), *slices[number + 1 :]]
        read -= letters(text)
    return len(slices), []


def letters(text: str) -> int:
    """However a text is cut, these stay."""
    return len("".join(text.split()))


def without(text: str, count: int) -> str:
    """What follows so many letters."""
    for place, sign in enumerate(text):
        if not count and not sign.isspace():
            return text[place:]
        count -= not sign.isspace()
    return ""


def fitted(said: list[str], texts: list[str]) -> int:
    """How many of `texts` fit behind what is said already, with room for MORE; they are added to it."""
    before = len(said)
    for text in texts:
        if reply.size("\n\n".join([*said, text, MORE])) > TEXT.text:
            break
        said.append(text)
    return len(said) - before


def row_of(connection: Connection, number: int | None) -> RowMapping | None:
    """Locked: another process may be claiming it, and then it says it."""
    return connection.execute(select(Delivery.__table__).where(Delivery.id == number).with_for_update()).mappings().first()


def waiting(connection: Connection, conversation: str, after: int, now: datetime) -> list[RowMapping]:
    """What is due: an answer whose own webhook still waits for it is not (`answer_whole`), or it would be said twice."""
    query = select(Delivery.__table__).where(Delivery.conversation == conversation, Delivery.status == "ready", Delivery.id != after)
    query = query.where(due(now))
    return list(connection.execute(query.order_by(Delivery.priority, Delivery.id).limit(20).with_for_update(skip_locked=True)).mappings())


def taken(connection: Connection, row: RowMapping, piece: int, of: int, now: datetime, route: Route = Route.PASSIVE) -> None:
    """So many pieces are out; the last of them ends the delivery. A retry writes the same again."""
    values: dict[str, Any] = {"piece": piece, "route": str(route), "not_before": None, "mailbox": route is Route.SLICES and piece < of}
    if piece >= of:
        values |= {"status": "sent", "finished_at": now}
    connection.execute(update(Delivery).where(Delivery.id == row["id"], Delivery.status.in_(("ready", "sent"))).values(values))


def report(connection: Connection, conversation: str, received: Received, template: str | None, now: datetime) -> None:
    """What WeChat reports afterwards: a template message that failed, the end of a mass send, a notification accepted or refused."""
    for result in received.results:
        if received.kind is Kind.TEMPLATE_RESULT and not result.good:
            mine = update(Delivery).where(Delivery.conversation == conversation, Delivery.remote_id == result.remote_id)
            connection.execute(mine.values(status="failed", error=result.status[:80], piece=0))  # sent again, it begins anew
        if received.kind is Kind.MASS_RESULT and result.remote_id:
            counts = {"total": result.total, "filtered": result.filtered, "sent": result.sent, "errors": result.errors}
            said = {"remote_id": result.remote_id[:128], "good": result.good, "status": result.status[:80], **counts}
            massing.report(connection, conversation.rsplit(":", 1)[0], said, now)
        if received.kind is Kind.SUBSCRIBE_CHOICE and result.template == template:
            row = {"owner": conversation, "name": f"token:{template}", "left": 1 if result.good else 0, "until": None}
            allowances.put(connection, [row])
