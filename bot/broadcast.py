"""Broadcasts: drafted by one person, approved by another, then planned into the delivery ledger chunk by chunk.

The audience is frozen at approval. A kill between two chunks loses and doubles nothing: how far planning came is in the row, keys are unique.
What became of one is told by `outcomes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Connection, ForeignKey, RowMapping, String, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from bot import audience, delivery, shortlinks, talks
from bot.audience import AudienceError
from bot.delivery import Delivery
from bot.web.console import staff
from dialogs import broadcasts
from dialogs.broadcasts import DraftError
from dialogs.messages import Choice, Part, Say, from_json, to_json
from dialogs.place import Conversation
from knowledge.db import CHINA, Base, Id
from knowledge.people import Graduate

if TYPE_CHECKING:
    from bot.app import App
    from bot.planner import Quiet

CHUNK = 1000
"""Rows of one planning transaction: short enough that replies never wait for it."""
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When what is paused leaves."""
AGAIN = ("failed", "unknown", "expired")
"""Outcomes that staff may send again."""
LEFT = ("sending", "sent", "unknown")
"""States of a delivery that its person has, or may have."""
STATES = {
    "draft": "草稿，等另一位老师批准",
    "approved": "已批准，正在排入发送",
    "planned": "已全部排入发送",
    "cancelled": "已取消，没发的不发了",
    "called_off": "活动取消了",
}
OVER = ("cancelled", "called_off")
SENDING = ("admin", "teacher")
"""Roles that write and approve."""
USEFUL = timedelta(days=30)
"""So long what names no day of its own may still leave."""


class Broadcast(Base):
    """draft → approved → planned; or cancelled: what has not left does not leave; or called_off: the event will not be.

    `audience` holds the rules (`audience`), `people` how many it was approved for.

    `cursor`: the last conversation that is in the delivery ledger; `at`: when it leaves; `paused_at`: since when nothing leaves.
    `changes`: the event of which this is a change (`changes`).
    """

    __tablename__ = "broadcast"
    __table_args__ = ({"sqlite_autoincrement": True},)  # staff name them by number

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(10), default="")
    title: Mapped[str] = mapped_column(String(120))
    fields: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    leaning: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What of the audience leans on a consent (`audience.leaning`), from its approval on: every send looks at it."""
    people: Mapped[int] = mapped_column(default=0)
    cursor: Mapped[str] = mapped_column(String(220), default="")
    status: Mapped[str] = mapped_column(String(10), default="draft")
    author: Mapped[str] = mapped_column(String(64))
    approver: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    mass: Mapped[bool] = mapped_column(default=False)
    """Its author lets those who have no other way be told by mass send (`massing`)."""
    changes: Mapped[int | None]


class Target(Base):
    """One conversation a broadcast was approved for; `held`: kept back, to compare with. It goes with the conversation."""

    __tablename__ = "broadcast_target"

    broadcast_id: Mapped[int] = mapped_column(ForeignKey(Broadcast.id, ondelete="CASCADE"), primary_key=True)
    conversation: Mapped[str] = mapped_column(ForeignKey(Conversation.key, ondelete="CASCADE"), primary_key=True, index=True)
    held: Mapped[bool]


class Coming(Base):
    """One conversation that wants to come. `next_at`: the next reminder; None: there is none left."""

    __tablename__ = "event_coming"

    broadcast_id: Mapped[int] = mapped_column(ForeignKey(Broadcast.id, ondelete="CASCADE"), primary_key=True)
    conversation: Mapped[str] = mapped_column(ForeignKey(Conversation.key, ondelete="CASCADE"), primary_key=True, index=True)
    said_at: Mapped[datetime]
    next_at: Mapped[datetime | None] = mapped_column(index=True)


class BroadcastError(ValueError):
    """A broadcast that cannot be moved on; the message is one sentence for the person who asked."""


class LateError(BroadcastError):
    """It was to leave at a time that is over: another time is to be given."""


class PausedError(BroadcastError):
    """It is paused already: it can go on."""


def draft(connection: Connection, title: str, parts: list[dict[str, Any]], rules: dict[str, Any], author: str, now: datetime, **more: Any) -> int:
    """Stores what waits for approval, in place of what the author drafted under the same title. Returns its number."""
    connection.execute(delete(Broadcast).where(Broadcast.status == "draft", Broadcast.author == author, Broadcast.title == title))
    row = {"title": title, "parts": parts, "audience": rules, "author": author, "created_at": now, "kind": "", "fields": {}, **more}
    new = insert(Broadcast).values(people=0, cursor="", status="draft", **row)
    return int(connection.execute(new.returning(Broadcast.id)).scalar_one())


def written(app: App, raw: Any, author: str) -> int:
    """Drafts what somebody wrote (`readable`). Returns its number.

    Raises:
        BroadcastError: says what is wrong with it.
    """
    now = app.clock.now()
    with app.database.writing() as connection:
        author = signed(connection, author)
        values = readable(connection, raw, author, now)
        return draft(connection, author=author, now=now, **values)


def signed(connection: Connection, who: str) -> str:
    """A member of the staff as the ledger names them, whichever of their names is given; anybody else as they are.

    Raises:
        BroadcastError: their role sends none.
    """
    found = staff.named(connection, who.strip())
    if found and found.role not in SENDING:
        raise BroadcastError(f"{found.display}的角色不发群发")
    return found.display if found else who


def readable(connection: Connection, raw: Any, author: str, now: datetime) -> dict[str, Any]:
    """What somebody wrote (`type`, `title`, `fields`, `audience`, `at`, `mass`) as `draft` takes it. A teacher names nobody beside a group.

    Raises:
        BroadcastError: says what is wrong with it.
    """
    if not isinstance(raw, Mapping) or set(raw) - {"type", "title", "fields", "audience", "at", "mass"}:
        raise BroadcastError('群发写成 {"type": …, "title": …, "fields": {…}, "audience": {…}},可以加 "at" 和 "mass"')
    if not isinstance(raw.get("mass", False), bool):
        raise BroadcastError("mass 写 true 或 false：没有别的路的人用不用微信群发")
    if not author.strip():
        raise BroadcastError("要写明是谁起草的")
    try:
        kind = broadcasts.named(str(raw.get("type", "")))
        title = str(raw.get("title") or "").strip()
        if not title or "\n" in title or len(title) > 60:
            raise DraftError("标题（title）写一行，60 字以内")
        if not isinstance(held := raw.get("fields") or {}, Mapping):
            raise DraftError("各项内容（fields）写成 {名称: 内容}")
        fields = broadcasts.cleaned(kind, held)
        rules = audience.checked(raw.get("audience"))
        audience.known(connection, rules)
        if audience.scope(connection, author) and "groups" in rules and {"people", "without"} & set(rules):
            raise DraftError(audience.SINGLED)
        if kind.warning and rules.get("holdout"):
            raise DraftError(f"{kind.name}不能留出一部分人不发")
        at = moment(raw["at"], now) if raw.get("at") else None
        parts = [to_json(broadcasts.words(kind, title, fields))]
    except (DraftError, AudienceError) as error:
        raise BroadcastError(str(error)) from error
    return {"title": title, "parts": parts, "rules": rules, "kind": kind.name, "fields": fields, "at": at, "mass": raw.get("mass", False)}


def moment(said: Any, now: datetime) -> datetime:
    """When to send.

    Raises:
        BroadcastError: it is no time, or over.
    """
    try:
        at = broadcasts.instant(str(said).strip())
    except ValueError:
        raise BroadcastError(f"发送时间写成 2026-12-05T09:30 这样，不是「{str(said)[:30]}」") from None
    if at <= now:
        raise BroadcastError(f"发送时间 {at.astimezone(CHINA):%Y-%m-%d %H:%M} 已经过了")
    return at


def get(connection: Connection, number: int, *, lock: bool = False) -> RowMapping:
    """
    Raises:
        BroadcastError: there is no such broadcast.
    """
    query = select(Broadcast.__table__).where(Broadcast.id == number)
    found = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if found is None:
        raise BroadcastError(f"没有第 {number} 号群发")
    return found


def approve(app: App, number: int, who: str, at: datetime | None = None) -> int:
    """Freezes the audience and lets planning begin; `at`: when it leaves, in place of what the draft says. Returns to how many it goes.

    Raises:
        BroadcastError: no draft, the person wrote it, its time is over, or nobody fits.
    """
    with app.database.writing() as connection:
        return let_go(connection, number, who, app.clock.now(), app.quiet, at)


def let_go(connection: Connection, number: int, who: str, now: datetime, quiet: Quiet, at: datetime | None = None) -> int:
    """See `approve`."""
    row, who = get(connection, number, lock=True), signed(connection, who)
    second(row, who)
    leaves = at or row["at"]
    if leaves and leaves <= now:
        raise LateError(f"第 {number} 号定的发送时间已经过了，请另定一个")
    if not row["changes"] and (end := until(connection, row, leaves or now)) <= (leaves or now):
        raise BroadcastError(f"第 {number} 号说的事到 {end.astimezone(CHINA):%Y-%m-%d %H:%M} 就过了，不能{'那时再' if leaves else '再'}发")
    if row["changes"]:
        from bot import changes

        changes.take_effect(connection, row, now, quiet)
    share = row["audience"].get("holdout", 0.0)
    rows: list[dict[str, Any]] = [
        {"broadcast_id": number, "conversation": key, "held": audience.held_back(number, person, share)}
        for key, person in aimed(connection, row, now)
    ]
    people = sum(not row["held"] for row in rows)
    if not people and not row["changes"]:
        raise BroadcastError(f"第 {number} 号现在一个人也发不到，换个名单另写一份")
    if rows:
        connection.execute(insert(Target), rows)
    values = {"status": "approved", "approver": who, "approved_at": now, "at": leaves, "people": people}
    values["leaning"] = audience.leaning(row["audience"])
    connection.execute(update(Broadcast).where(Broadcast.id == number).values(values))
    return people


def second(row: RowMapping, who: str) -> None:
    """
    Raises:
        BroadcastError: it is no draft, or nobody but another may approve it.
    """
    number = row["id"]
    if row["status"] != "draft":
        raise BroadcastError(f"第 {number} 号群发不用批准，它是「{STATES[row['status']]}」")
    if not who.strip():
        raise BroadcastError("要写明是谁批准的")
    if row["author"].strip().casefold() == who.strip().casefold():
        raise BroadcastError(f"第 {number} 号群发是{who}自己写的，要请另一位老师批准")


def aimed(connection: Connection, row: RowMapping, now: datetime) -> Sequence[Any]:
    """Conversation and person of all it is for by now: those its rules choose; of a change those whom it concerns."""
    if not row["changes"]:
        owner = audience.scope(connection, row["author"])
        return connection.execute(audience.query(connection, row["audience"], now, owner)).all()
    each = select(Conversation.key, Conversation.graduate_id).where(~talks.quiet(Conversation))
    told = each.join(Delivery, Delivery.conversation == Conversation.key)
    told = told.where(Delivery.broadcast_id == row["changes"], Delivery.status.in_(LEFT))
    come = each.join(Coming, Coming.conversation == Conversation.key).where(Coming.broadcast_id == row["changes"])
    found = {person: key for query in (told, come) for key, person in connection.execute(query)}  # once a person, where they said that they come
    return [(key, person) for person, key in found.items()]


def size(connection: Connection, row: RowMapping, now: datetime) -> int:
    """To how many it would go by now, those held back among them."""
    if row["changes"]:
        return len(aimed(connection, row, now))
    return audience.count(connection, row["audience"], now, audience.scope(connection, row["author"]))


def advance(app: App) -> bool:
    """Plans one chunk of the oldest approved broadcast. Returns whether there was one; the sweeper calls it until there is none."""
    oldest = select(Broadcast.id).where(Broadcast.status == "approved", Broadcast.paused_at.is_(None)).order_by(Broadcast.id).limit(1)
    with app.database.reading() as connection:
        number = connection.execute(oldest).scalar()
    if number is None:
        return False
    with app.database.writing() as connection:
        row = get(connection, number, lock=True)
        if row["status"] != "approved" or row["paused_at"]:
            return True
        mine = (Target.broadcast_id == number, ~Target.held, Target.conversation > row["cursor"])
        # apart, because a database that does not know the sizes joins all of them for each chunk
        chunk = select(Target.conversation).where(*mine).order_by(Target.conversation).limit(CHUNK).subquery()
        columns = (chunk.c.conversation, Graduate.id, talks.quiet(Conversation), audience.agreed(connection, audience.leaning(row["audience"])))
        query = select(*columns).outerjoin(Conversation, Conversation.key == chunk.c.conversation).outerjoin(Graduate)
        taken = connection.execute(query.order_by(chunk.c.conversation)).all()
        found = [(key, quiet, agreed) for key, person, quiet, agreed in taken if person]
        now = app.clock.now()
        parts = parts_of(row, now)
        said = iter(shortlinks.handed(connection, row, parts, sum(agreed and not quiet for _, quiet, agreed in found), app.passes))
        more = {"broadcast_id": number, "not_before": row["at"], "error": None, "expires_at": until(connection, row, row["at"] or row["approved_at"])}
        rows = []
        for key, quiet, agreed in found:
            why = delivery.UNSUBSCRIBED if quiet else None if agreed else delivery.WITHDRAWN
            stopped = {"status": "suppressed", "finished_at": now, "error": why} if why else {}
            rows.append(delivery.row_of(f"broadcast|{number}|{key}", key, "broadcast", parts if why else next(said), now) | more | stopped)
        if rows:
            connection.execute(insert(Delivery), rows)
        values = {"cursor": taken[-1][0]} if taken else {}
        over = {"status": "planned"} if len(taken) < CHUNK else {}
        connection.execute(update(Broadcast).where(Broadcast.id == number).values(**values, **over))
    return True


def withdraw(connection: Connection, person: str, now: datetime) -> None:
    """They took a consent back: what was chosen by what it covered, and has not begun to leave, does not leave to them."""
    mine = select(Delivery.id, Delivery.conversation, Delivery.broadcast_id, Broadcast.leaning).join(Broadcast, Broadcast.id == Delivery.broadcast_id)
    mine = mine.join(Conversation, Conversation.key == Delivery.conversation)
    rows = connection.execute(mine.where(Conversation.graduate_id == person, Delivery.status == "ready")).all()
    gone = [row.id for row in rows if refused(connection, row.conversation, row.broadcast_id, row.leaning)]
    delivery.finish(connection, gone, now, "suppressed", delivery.WITHDRAWN)


def refused(connection: Connection, conversation: str, number: int, rules: Mapping[str, Any] | None) -> bool:
    """Whether its person has taken back the consent that a broadcast leans on. `rules`: its `leaning`."""
    if rules is None:  # approved by a version before this column
        rules = audience.leaning(connection.execute(select(Broadcast.audience).where(Broadcast.id == number)).scalar_one())
    if not rules:
        return False
    query = select(audience.agreed(connection, rules)).select_from(Graduate).join(Conversation)
    return not connection.execute(query.where(Conversation.key == conversation)).scalar()


def parts_of(row: RowMapping, now: datetime) -> list[Part]:
    """What is sent: to an event that is still ahead one can say at once that one wants to come (`coming`)."""
    parts = [from_json(part) for part in row["parts"]]
    if is_ahead(row, now):
        choice = Choice(broadcasts.COME, f"event/{row['id']}")
        return [replace(part, choices=(choice, *part.choices)) if isinstance(part, Say) else part for part in parts]
    return parts


def reworded(connection: Connection, row: RowMapping, now: datetime) -> None:
    """What has not left says what the broadcast says by now. A claim is taken back, so that it cannot leave as it was; what is leaving is."""
    here = (Delivery.broadcast_id == row["id"], Delivery.status.in_(delivery.OPEN))
    held = connection.execute(select(Delivery.id, Delivery.status).where(*here).order_by(Delivery.id).with_for_update()).all()
    ids = [each.id for each in held if each.status != "sending"]
    parts, free = parts_of(row, now), {"status": "ready", "owner": None, "lease_until": None}
    if not shortlinks.line_of(row)[0]:
        same = update(Delivery).where(*here, Delivery.status != "sending")
        connection.execute(same.values(parts=[to_json(part) for part in parts], **free))
        return
    one = update(Delivery).where(Delivery.id == bindparam("of")).values(parts=bindparam("said", type_=Delivery.parts.type), **free)
    for first in range(0, len(ids), CHUNK):
        before = select(Delivery.id, Delivery.parts).where(Delivery.id.in_(ids[first : first + CHUNK]))
        values = [{"of": number, "said": list(map(to_json, shortlinks.again(parts, row, said)))} for number, said in connection.execute(before)]
        connection.execute(one, values)


def waiting(number: int) -> Any:
    """What is planned and has not begun to leave."""
    return update(Delivery).where(Delivery.broadcast_id == number, Delivery.status == "ready")


def running(connection: Connection, number: int) -> RowMapping:
    row = get(connection, number, lock=True)
    if row["status"] not in ("approved", "planned"):
        raise BroadcastError(f"第 {number} 号群发没有在发，它是「{STATES[row['status']]}」")
    return row


def pause(app: App, number: int) -> int:
    """Nothing leaves any more until `resume`. Returns how many that are planned wait now.

    Raises:
        BroadcastError: it is not approved, over, or paused already.
    """
    with app.database.writing() as connection:
        return hold(connection, number, app.clock.now())


def hold(connection: Connection, number: int, now: datetime) -> int:
    """See `pause`."""
    if running(connection, number)["paused_at"]:
        raise PausedError(f"第 {number} 号群发已经暂停了")
    connection.execute(update(Broadcast).where(Broadcast.id == number).values(paused_at=now))
    return int(connection.execute(waiting(number).values(not_before=NEVER)).rowcount)


def resume(app: App, number: int) -> int:
    """
    Raises:
        BroadcastError: it is not paused.
    """
    with app.database.writing() as connection:
        return go_on(connection, number)


def go_on(connection: Connection, number: int) -> int:
    """See `resume`."""
    row = running(connection, number)
    if not row["paused_at"]:
        raise BroadcastError(f"第 {number} 号群发没有暂停")
    connection.execute(update(Broadcast).where(Broadcast.id == number).values(paused_at=None))
    return int(connection.execute(waiting(number).values(not_before=row["at"])).rowcount)


def resend(app: App, number: int, outcome: str) -> int:
    """Sends again to those it failed for, expired for, or of whom nothing is known (these may get it twice). Returns how many.

    Raises:
        BroadcastError: it was cancelled or never approved, what it tells of is over, or the outcome is none that can be sent again.
    """
    if outcome not in AGAIN:
        raise BroadcastError(f"只能再发给这些结果的人：{'、'.join(AGAIN)}")
    with app.database.writing() as connection:
        row, now = running(connection, number), app.clock.now()
        if (end := until(connection, row, row["at"] or row["approved_at"])) <= now:
            raise BroadcastError(f"第 {number} 号说的事 {end.astimezone(CHINA):%Y-%m-%d %H:%M} 已经过了，不再发")
        fresh = {"status": "ready", "attempt": 0, "owner": None, "finished_at": None, "error": None, "mailbox": False}
        later = {"created_at": now, "not_before": NEVER if row["paused_at"] else row["at"], "expires_at": end}
        mine = update(Delivery).where(Delivery.broadcast_id == number, Delivery.status == outcome, Delivery.conversation != "")
        count = int(connection.execute(mine.values(**fresh, **later)).rowcount)
        if connection.execute(select(Broadcast.id).where(Broadcast.changes == number, Broadcast.status != "draft").limit(1)).first():
            reworded(connection, row, now)
        return count


def cancel(app: App, number: int) -> int:
    """Stops what has not left yet. Returns how many will not get it.

    Raises:
        BroadcastError: there is no such broadcast, or it is over.
    """
    with app.database.writing() as connection:
        return stop(connection, number, app.clock.now())


def stop(connection: Connection, number: int, now: datetime) -> int:
    """See `cancel`. Who has been told of an event may still come to it (`coming.call_off`)."""
    row = get(connection, number, lock=True)
    if row["status"] in OVER:
        raise BroadcastError(f"第 {number} 号群发已经取消了")
    stopped = connection.execute(waiting(number).values(status="cancelled", finished_at=now)).rowcount
    connection.execute(update(Broadcast).where(Broadcast.id == number).values(status="cancelled", paused_at=None))
    return int(stopped + unplanned(connection, row))


def is_ahead(row: RowMapping, now: datetime) -> bool:
    """It is told of an event, which has not begun."""
    return of_event(row) and start(row) > now


def of_event(row: RowMapping) -> bool:
    kind = broadcasts.kinds().get(row["kind"])
    return kind is not None and broadcasts.is_event(kind)


def start(row: RowMapping) -> datetime:
    return datetime.fromisoformat(row["fields"]["start"])


def until(connection: Connection, row: RowMapping, leaves: datetime) -> datetime:
    """From when on it is of no use to anybody: the event begins, its last day is over, or it is `USEFUL` since it left or since it opened."""
    if row["changes"]:
        return start(get(connection, row["changes"]))
    kind = broadcasts.kinds().get(row["kind"])
    if kind and broadcasts.is_event(kind):
        return max(start(row), leaves) + USEFUL if kind.opens else start(row)
    if last := row["fields"].get("deadline"):
        return datetime.combine(date.fromisoformat(last) + timedelta(days=1), time(0), CHINA)
    return leaves + USEFUL


def unplanned(connection: Connection, row: RowMapping) -> int:
    query = select(func.count()).select_from(Target).where(Target.broadcast_id == row["id"], ~Target.held, Target.conversation > row["cursor"])
    return int(connection.execute(query).scalar_one()) if row["status"] != "planned" else 0


def listed(app: App) -> str:
    with app.database.reading() as connection:
        rows = connection.execute(select(Broadcast.__table__).order_by(Broadcast.id.desc()).limit(30)).mappings().all()
    return "\n".join(f"第 {row['id']} 号 {row['title']} {row['author']}：{told(row)}" for row in rows) or "还没有群发"


def told(row: RowMapping) -> str:
    """Where a broadcast stands, as staff read it."""
    if row["paused_at"]:
        return "暂停中"
    later = f"，定于 {row['at'].astimezone(CHINA):%Y-%m-%d %H:%M} 发" if row["at"] else ""
    return STATES[row["status"]] + later
