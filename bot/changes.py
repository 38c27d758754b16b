"""A change of an event that was approved: when it begins or where it is. Written by one person, let go by another, told once to whom it concerns.

A change is a broadcast of its own that points at the event (`Broadcast.changes`). Nothing changes before it is approved, then all in the
transaction of the approval: what those read who have not been told yet, whom the change is told, when who comes is reminded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, select, update

from bot import audience, broadcast, coming, delivery
from bot.broadcast import Broadcast, BroadcastError, Coming
from bot.delivery import Delivery
from bot.planner import Quiet
from dialogs import broadcasts
from dialogs.broadcasts import DraftError, Field
from dialogs.messages import Choice, Say, to_json
from dialogs.place import Conversation
from dialogs.typography import chinese
from knowledge.db import CHINA

if TYPE_CHECKING:
    from bot.app import App

KIND = "变更"
ABOUT = ("start", "place", "platform")
"""What of an event may change; anything else is a broadcast of its own."""
INSTEAD = "changed"
"""Why an announcement that waited does not leave: its person said that they come, and is told of the change."""


def why_not(row: RowMapping, now: datetime) -> str:
    """One sentence on why a broadcast cannot be changed now; empty where it can."""
    number, kind = row["id"], broadcasts.kinds().get(row["kind"])
    if row["changes"]:
        return f"第 {number} 号本身就是一次变更，要改就改原来的第 {row['changes']} 号"
    if kind is None or not broadcasts.is_event(kind):
        return f"第 {number} 号不是有开始时间的活动，没有能改的时间和地点，另写一条"
    if row["status"] == "draft":
        return f"第 {number} 号还没批准，不用变更，重新起草就行"
    if row["status"] == "called_off" or (row["status"] == "cancelled" and not row["approved_at"]):
        return f"第 {number} 号已经取消，不能再改"
    if row["paused_at"]:
        return f"第 {number} 号暂停着，先接着发，再改"
    return "" if broadcast.start(row) > now else f"「{row['title']}」已经开始或者结束，不能再改"


def fields(row: RowMapping) -> dict[str, Field]:
    """What of an event can be changed."""
    known = broadcasts.kinds()[row["kind"]].fields
    return {name: known[name] for name in ABOUT if name in known}


def written(app: App, number: int, told: Mapping[str, str], author: str) -> int:
    """Drafts a change of the event `number`. Returns the change's own number.

    Raises:
        BroadcastError: the event cannot be changed, or not so; says why.
    """
    with app.database.writing() as connection:
        return draft(connection, number, told, author, app.clock.now())


def draft(connection: Connection, number: int, told: Mapping[str, str], author: str, now: datetime) -> int:
    """See `written`."""
    if not author.strip():
        raise BroadcastError("要写明是谁起草的")
    event, author = broadcast.get(connection, number), broadcast.signed(connection, author)
    if audience.scope(connection, author) and event["author"] != author:
        raise BroadcastError(f"第 {number} 号是{event['author']}写的，收到的不都是你的学生；请{event['author']}或者管理员来改")
    if why := why_not(event, now):
        raise BroadcastError(why)
    known, kind = fields(event), broadcasts.kinds()[event["kind"]]
    if set(told) - set(known):
        raise BroadcastError(f"{kind.name}只能改：{'、'.join(f'{name}({field.label})' for name, field in known.items())}；别的另写一条")
    try:
        held = broadcasts.cleaned(kind, {**event["fields"], **told})
        broadcasts.words(kind, event["title"], held)
    except DraftError as error:
        raise BroadcastError(str(error)) from error
    new = {name: held[name] for name, field in known.items() if broadcasts.spoken(field, held[name]) != shown(event, name)}
    if not new:
        raise BroadcastError("写的和现在一样，没有要改的")
    ahead(held, now)
    row = {"kind": KIND, "fields": new, "changes": number}
    rules = {"was": {name: event["fields"][name] for name in known}}
    return broadcast.draft(connection, f"{event['title']}（变更）", [to_json(words(event, new))], rules, author, now, **row)


def shown(row: RowMapping, name: str) -> str:
    return broadcasts.spoken(fields(row)[name], row["fields"][name])


def ahead(held: Mapping[str, str], now: datetime) -> None:
    begins = datetime.fromisoformat(held["start"])
    if begins <= now:
        raise BroadcastError(f"新的时间 {broadcasts.moment(begins)} 已经过了")


def words(event: RowMapping, new: Mapping[str, str]) -> Say:
    """What changed, and what did not."""
    lines = [f"【{KIND}】{event['title']}"]
    for name, field in fields(event).items():
        old = shown(event, name)
        lines.append(f"{field.label}：{old} → {broadcasts.spoken(field, new[name])}" if name in new else f"{field.label}不变：{old}")
    return Say(chinese("\n".join(lines)), (Choice(broadcasts.COME, f"event/{event['id']}"), Choice("不去了", f"event/{event['id']}/no")))


def take_effect(connection: Connection, change: RowMapping, now: datetime, quiet: Quiet) -> None:
    """The event is as the change says, for all that has not been said of it yet.

    Raises:
        BroadcastError: the event was called off, began, or was changed by another since the change was written.
    """
    event = broadcast.get(connection, change["changes"], lock=True)
    number = event["id"]
    if why := why_not(event, now):
        raise BroadcastError(why)
    if event["status"] == "approved":
        raise BroadcastError(f"第 {number} 号还在排入发送，过一会儿再批准这次变更")
    if any(event["fields"][name] != old for name, old in change["audience"]["was"].items()):
        raise BroadcastError(f"第 {number} 号在这次变更写好以后又改过，请按现在的再写一份")
    held = event["fields"] | change["fields"]
    ahead(held, now)
    parts = [to_json(broadcasts.words(broadcasts.kinds()[event["kind"]], event["title"], held))]
    connection.execute(update(Broadcast).where(Broadcast.id == number).values(fields=held, parts=parts))
    event = broadcast.get(connection, number)
    broadcast.reworded(connection, event, now)
    late = broadcast.until(connection, event, event["at"] or event["approved_at"])
    connection.execute(update(Delivery).where(Delivery.broadcast_id == number, Delivery.status.in_(delivery.OPEN)).values(expires_at=late))
    who = select(Conversation.graduate_id).join(Coming, Coming.conversation == Conversation.key).where(Coming.broadcast_id == number)
    theirs = select(Conversation.key).where(Conversation.graduate_id.in_(who))
    stopped = broadcast.waiting(number).where(Delivery.conversation.in_(theirs))
    connection.execute(stopped.values(status="cancelled", finished_at=now, error=INSTEAD))
    delivery.withdraw(connection, f"|event-{number}-", now)
    next_at = coming.following(broadcast.start(event), now, quiet)
    connection.execute(update(Coming).where(Coming.broadcast_id == number).values(next_at=next_at))


def of(connection: Connection, number: int) -> list[RowMapping]:
    """The changes of an event, the newest first."""
    return list(connection.execute(select(Broadcast.__table__).where(Broadcast.changes == number).order_by(Broadcast.id.desc())).mappings())


def form(row: RowMapping, now: datetime) -> list[dict[str, Any]]:
    """The fields of the console's form with what they hold now; none where the event cannot be changed."""
    if why_not(row, now):
        return []
    held = {name: row["fields"][name] for name in fields(row)}
    return [{"name": name, "label": field.label, "form": field.form, "value": value_of(field, held[name])} for name, field in fields(row).items()]


def value_of(field: Field, value: str) -> str:
    """As a browser's field takes it."""
    return moment_of(datetime.fromisoformat(value)) if field.form == "moment" else value


def moment_of(at: datetime) -> str:
    """In China, without its zone."""
    return at.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M")
