"""Mass sends: those of one broadcast who have no way of their own, told the same in one call. The groups, their books, their reports.

A group is gathered from the mailbox and marked as leaving in one transaction before its call, under a client id that stays with it: a call
nobody knows the end of, or whose process died, is made again under the same id, and the platform says where it had gone already. What the
account may and how it calls is its `Mass`. Sends nothing itself.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, ForeignKey, Row, RowMapping, String, Text, and_, case, cast, exists, func, insert, literal, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from bot import allowances, audience, delivery, talks
from bot.allowances import GONE, Allowance
from bot.broadcast import OVER, Broadcast
from bot.channels import Fate, Outcome
from bot.delivery import LEASE, Delivery
from bot.planner import KEPT, MASS, MASS_DAY, REST, Carrier, Quiet, by_mass, owner_of
from dialogs.messages import from_json
from dialogs.place import Conversation
from knowledge.db import CHINA, Base, Id, Moment, insert_into
from knowledge.people import Graduate

MASS_MINUTE = "mass:minute"
CLOSED = f"off:{MASS}"
SAFE = timedelta(hours=23)
"""So long the same group may be called again: WeChat looks for its client id among what was sent within 24 hours [D copies of
Batch_Sends_and_Originality_Checks, 使用 clientmsgid 参数; seen in 2019-2024 posts], and its clock need not be ours."""
AGAIN = timedelta(minutes=5)
"""After a call without an answer or refused for the moment, longer each time: sooner than a minute the platform refuses the same id
(45066 [D copies, ibid.]), and every call is one of the day's."""
SILENT = timedelta(hours=24)
"""A report that has not come by then is told as lacking: a job waits half an hour for its administrator and is done within hours."""
PART = 1000
DIED = "process_died"
REASONS = {
    "err(40001)": "管理员没有同意",
    "err(40002)": "管理员 30 分钟内没有在手机上确认",
    "err(10001)": "平台判为涉嫌广告",
    "err(20001)": "平台判为涉嫌政治",
    "err(20002)": "平台判为涉嫌色情",
    "err(20004)": "平台判为涉嫌社会",
    "err(20006)": "平台判为涉嫌违法犯罪",
    "err(20008)": "平台判为涉嫌欺诈",
    "err(20013)": "平台判为涉嫌版权",
    "err(21000)": "平台判为涉嫌其他",
    "err(22000)": "平台判为涉嫌互推",
    "err(30001)": "原创校验时平台出错",
    "err(30002)": "没有通过原创校验",
    "err(30003)": "被判为转载",
    "send fail": "平台说没发成",
    "nobody": "平台说一个人也没发到",
}
"""What a report means [D copies of Batch_Sends_and_Originality_Checks, 事件推送群发结果]; of others staff read the platform's own words."""


class MassSend(Base):
    """One group: leaving → accepted → done | failed; or failed, unknown, returned (to where they waited) before it was accepted.

    Its rows of the ledger carry `client_id` as `remote_id`; its own `remote_id` is the job that the platform reports on. `doubt`: a call
    of it may have arrived, as far as is written down. `next_at`: when it may be called again, while it is leaving.
    """

    __tablename__ = "mass_send"

    id: Mapped[Id]
    client_id: Mapped[str] = mapped_column(String(64), unique=True)
    account: Mapped[str] = mapped_column(String(220))
    broadcast_id: Mapped[int] = mapped_column(ForeignKey(Broadcast.id, ondelete="CASCADE"), index=True)
    people: Mapped[int]
    status: Mapped[str] = mapped_column(String(10), default="leaving", index=True)
    attempt: Mapped[int] = mapped_column(default=1)
    doubt: Mapped[bool] = mapped_column(default=True)
    began_at: Mapped[datetime]
    next_at: Mapped[datetime]
    remote_id: Mapped[str | None] = mapped_column(String(128), index=True)
    reason: Mapped[str | None] = mapped_column(Text)


class MassReport(Base):
    """What the platform said of a job, kept whether or not we know the job by then: a report may come before the answer to its call."""

    __tablename__ = "mass_report"

    account: Mapped[str] = mapped_column(String(220), primary_key=True)
    remote_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    good: Mapped[bool]
    status: Mapped[str] = mapped_column(String(80))
    total: Mapped[int]
    filtered: Mapped[int]
    sent: Mapped[int]
    errors: Mapped[int]
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Group:
    """One call to make. `doubt`: one before it may have arrived."""

    number: int
    client_id: str
    handles: list[str]
    text: str
    doubt: bool = False


# what may leave


def unreached(account: str, now: datetime) -> Any:
    """In the mailbox, in time, of somebody who is there, was not told by a template, and has not had all of this month's."""
    untold = or_(Delivery.error.is_(None), Delivery.error != delivery.RUNG)
    out = or_(Allowance.name == GONE, and_(Allowance.name == MASS, Allowance.left == 0, Allowance.until > now))
    shut = exists().where(Allowance.owner == Delivery.conversation, out)
    waits = (Delivery.status == "ready", Delivery.mailbox, Delivery.created_at > now - KEPT, delivery.due(now))
    return and_(Delivery.channel == account.partition(":")[0], delivery.of_account(account), Delivery.priority > 0, untold, *waits, ~shut)


def ripe(connection: Connection, account: str, least: int, now: datetime) -> list[int]:
    """Broadcasts that their authors let be mass-sent, oldest first, of which nothing of this account moves any other way now."""
    may = select(Broadcast.id).where(Broadcast.mass, Broadcast.status == "planned", Broadcast.paused_at.is_(None))
    waiting = select(Delivery.broadcast_id).where(unreached(account, now), Delivery.broadcast_id.in_(may))
    numbers = connection.execute(waiting.group_by(Delivery.broadcast_id).having(func.count() >= least).order_by(Delivery.broadcast_id))
    coming = and_(Delivery.status == "ready", ~Delivery.mailbox, delivery.due(now))
    leaving = and_(Delivery.status.in_(("claimed", "sending")), Delivery.lease_until.is_not(None))
    moves = select(Delivery.id).where(delivery.of_account(account), or_(coming, leaving)).limit(1)
    return [number for number in numbers.scalars() if number and connection.execute(moves.where(Delivery.broadcast_id == number)).first() is None]


def anything(connection: Connection, carrier: Carrier, now: datetime) -> bool:
    """A read, so that looking costs no write where there is nothing."""
    account, mass = owner_of(carrier), carrier.mass
    if mass is None or not open_to(connection, carrier, now):
        return False
    left = select(MassSend.id).where(MassSend.account == account, MassSend.status == "leaving", MassSend.next_at <= now).limit(1)
    return connection.execute(left).first() is not None or bool(ripe(connection, account, mass.people[0], now))


def open_to(connection: Connection, carrier: Carrier, now: datetime) -> bool:
    """Whether the account may make a call now."""
    account = owner_of(carrier)
    known = allowances.held(connection, [account], now).get(account, {})
    spent = MASS_MINUTE in known and known[MASS_MINUTE].left == 0
    return by_mass(carrier, known) and not spent and not allowances.held_until(connection, account, now)


def claim(connection: Connection, carrier: Carrier, owner: str, now: datetime, quiet: Quiet) -> Group | None:
    """The next call, marked before it is made: of a group that is left over, else of a new one. One process at a time does this."""
    account = owner_of(carrier)
    if quiet.until(now) or not allowances.lease(connection, f"mass:{account}"[:120], owner, now + LEASE, now):
        return None
    if carrier.mass is None or not open_to(connection, carrier, now):
        return None
    group = left_over(connection, carrier, now) or gathered(connection, carrier, now)
    if group:
        count(connection, carrier, now)
    return group


def count(connection: Connection, carrier: Carrier, now: datetime) -> None:
    """Books a call on the account's day and minute."""
    assert carrier.mass
    account, local = owner_of(carrier), now.astimezone(CHINA)
    tomorrow = datetime.combine(local.date() + timedelta(days=1), time(0), CHINA)
    minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    known = allowances.held(connection, [account], now).get(account, {})
    for name, most, until in ((MASS_DAY, carrier.mass.day, tomorrow), (MASS_MINUTE, carrier.mass.minute, minute)):
        left = known[name].left if name in known else most
        allowances.put(connection, [{"owner": account, "name": name, "left": max(0, (left or 0) - 1), "until": until}])


def left_over(connection: Connection, carrier: Carrier, now: datetime) -> Group | None:
    """A group whose last call was refused for the moment, had no answer, or was cut off with its process. Who has erased themselves since
    is no longer among its rows; who has refused it is taken out. Of a broadcast that is paused it waits."""
    account = owner_of(carrier)
    query = select(MassSend.__table__).where(MassSend.account == account, MassSend.status == "leaving", MassSend.next_at <= now)
    query = query.where(MassSend.began_at > now - SAFE).order_by(MassSend.id)
    for row in connection.execute(query.with_for_update()).mappings().all():
        its = connection.execute(select(Broadcast.status, Broadcast.paused_at, Broadcast.audience).where(Broadcast.id == row["broadcast_id"])).one()
        if its.status in OVER:
            end(connection, row, row["doubt"], row["reason"] or DIED, now)
            continue
        if its.paused_at:
            continue
        take_out(connection, row, its.audience, now)
        members = select(Delivery.conversation, Delivery.parts).where(of_group(row), Delivery.status == "sending").order_by(Delivery.id)
        found = connection.execute(members).all()
        text = words(carrier, found[0].parts) if found else None
        if text is None or carrier.mass is None or len(found) < carrier.mass.people[0]:
            end(connection, row, row["doubt"], row["reason"] or DIED, now)
            continue
        mine = update(MassSend).where(MassSend.id == row["id"])
        connection.execute(mine.values(next_at=now + LEASE, attempt=MassSend.attempt + 1, doubt=True))
        return Group(row["id"], row["client_id"], [handle(one.conversation) for one in found], text, row["doubt"])
    return None


def take_out(connection: Connection, row: RowMapping, rules: dict[str, Any], now: datetime) -> None:
    """Of a group that is called again: who has unsubscribed or taken a consent back since. In doubt, staff decide."""
    its = exists().where(Conversation.key == Delivery.conversation, Graduate.id == Conversation.graduate_id)
    refused = {delivery.UNSUBSCRIBED: talks.quiet(Conversation)}
    refused |= {delivery.WITHDRAWN: ~audience.agreed(connection, leaning)} if (leaning := audience.leaning(rules)) else {}
    for why, which in refused.items():
        state, error = ("unknown", row["reason"] or DIED) if row["doubt"] else ("suppressed", why)
        gone = update(Delivery).where(of_group(row), Delivery.status == "sending", its.where(which))
        connection.execute(gone.values(status=state, error=error, finished_at=now))


def gathered(connection: Connection, carrier: Carrier, now: datetime) -> Group | None:
    """A new group of people who are told exactly the same, as many as a call takes."""
    assert carrier.mass
    account, (least, most) = owner_of(carrier), carrier.mass.people
    for number in ripe(connection, account, least, now):
        query = select(Delivery.id, Delivery.conversation, cast(Delivery.parts, Text).label("said"))
        query = query.where(Delivery.broadcast_id == number, unreached(account, now)).order_by(Delivery.id).limit(most)
        groups: dict[str, list[Row[int, str, str]]] = {}
        for row in lone(connection, carrier, connection.execute(query.with_for_update(skip_locked=True, of=Delivery)).all(), now):
            groups.setdefault(row.said, []).append(row)
        rows = max(groups.values(), key=len, default=[])
        text = words(carrier, json.loads(rows[0].said)) if rows else None
        if text is None or len(rows) < least:
            continue
        client_id = secrets.token_hex(16)
        new = {"client_id": client_id, "account": account, "broadcast_id": number, "people": len(rows), "began_at": now, "next_at": now + LEASE}
        made = connection.execute(insert(MassSend).values(new).returning(MassSend.id)).scalar_one()
        leaving = {"status": "sending", "mailbox": False, "route": MASS, "remote_id": client_id, "owner": None, "lease_until": None, "error": None}
        mine = update(Delivery).where(Delivery.id.in_([row.id for row in rows]))
        connection.execute(mine.values(**leaving, attempt=Delivery.attempt + 1))
        spend(connection, number, client_id, carrier.mass.month, now)
        return Group(made, client_id, [handle(row.conversation) for row in rows], text)
    return None


def lone(connection: Connection, carrier: Carrier, rows: Sequence[Row[int, str, str]], now: datetime) -> list[Row[int, str, str]]:
    """Those who still have no way of their own; to the others the pump turns again."""
    account, probe = owner_of(carrier), {"kind": "broadcast", "priority": delivery.UNASKED["broadcast"]}
    found: list[Row[int, str, str]] = []
    others: list[int] = []
    for start in range(0, len(rows), PART):
        part = rows[start : start + PART]
        open_ = allowances.held(connection, [account, *(row.conversation for row in part)], now)
        for row in part:
            if carrier.route(probe, open_.get(account, {}) | open_.get(row.conversation, {})):
                others.append(row.id)
            else:
                found.append(row)
    if others:
        connection.execute(update(Delivery).where(Delivery.id.in_(others)).values(mailbox=False))
    return found


def handle(conversation: str) -> str:
    return conversation.split(":", 2)[2]


def words(carrier: Carrier, parts: list[dict[str, Any]]) -> str | None:
    return carrier.mass.text([from_json(part) for part in parts]) if carrier.mass else None


def of_group(row: RowMapping) -> Any:
    return and_(Delivery.broadcast_id == row["broadcast_id"], Delivery.route == MASS, Delivery.remote_id == row["client_id"])


# a person's month


def month_end(now: datetime) -> datetime:
    """Four a natural month, in China's time."""
    day = now.astimezone(CHINA).date().replace(day=1)
    return datetime.combine((day + timedelta(days=32)).replace(day=1), time(0), CHINA)


def spend(connection: Connection, number: int, client_id: str, most: int, now: datetime) -> None:
    """One of the month's, of each of a group."""
    until = month_end(now)
    mine = select(Delivery.conversation, literal(MASS), literal(most - 1), literal(until, Moment()))
    mine = mine.where(Delivery.broadcast_id == number, Delivery.remote_id == client_id)
    new = insert_into(Allowance, connection.dialect.name)
    over, some = Allowance.until <= now, Allowance.left > 0
    values = {"left": case((over, most - 1), (some, Allowance.left - 1), else_=0), "until": new.excluded.until}
    query = new.from_select(["owner", "name", "left", "until"], mine.order_by(Delivery.conversation))
    connection.execute(query.on_conflict_do_update(index_elements=["owner", "name"], set_=values))


def give_back(connection: Connection, row: RowMapping, now: datetime) -> None:
    """It certainly reached nobody, so it was none of the month's."""
    if month_end(row["began_at"]) == month_end(now):
        mine = select(Delivery.conversation).where(of_group(row), Delivery.conversation != "")
        theirs = update(Allowance).where(Allowance.name == MASS, Allowance.owner.in_(mine), Allowance.left.is_not(None))
        connection.execute(theirs.values(left=Allowance.left + 1))


# what became of it


def settle(connection: Connection, carrier: Carrier, group: Group, outcome: Outcome, now: datetime) -> None:
    """Writes down what became of one call. A group that another process has settled meanwhile stays as it is."""
    account = owner_of(carrier)
    query = select(MassSend.__table__).where(MassSend.id == group.number, MassSend.status == "leaving")
    row = connection.execute(query.with_for_update()).mappings().first()
    if row is None:
        return
    mine, reason = update(MassSend).where(MassSend.id == row["id"]), outcome.reason or outcome.fate.value
    match outcome.fate:
        case Fate.SENT:
            connection.execute(mine.values(status="accepted", remote_id=outcome.remote_id, reason=None))
            taken = update(Delivery).where(of_group(row), Delivery.status == "sending")
            connection.execute(taken.values(status="sent", finished_at=now))
            conclude(connection, account, outcome.remote_id or "", now)
        case Fate.UNKNOWN | Fate.AGAIN | Fate.STOPPED:
            if outcome.fate is Fate.STOPPED:
                allowances.hold(connection, account, now + REST, f"{allowances.STOPPED}:{outcome.reason}")
            elif outcome.everyone and outcome.wait:
                allowances.hold(connection, account, now + outcome.wait, CLOSED)
            doubt = group.doubt or outcome.fate is Fate.UNKNOWN
            connection.execute(mine.values(reason=reason, next_at=now + AGAIN * row["attempt"], doubt=doubt))
        case Fate.CLOSED | Fate.OFF:
            if outcome.fate is Fate.OFF:
                allowances.off(connection, account, MASS, now)
            else:
                allowances.hold(connection, account, now + (outcome.wait or timedelta(hours=1)), CLOSED)
            end(connection, row, group.doubt, reason, now)
        case Fate.REFUSED | Fate.GONE:
            end(connection, row, group.doubt, reason, now, "failed")


def end(connection: Connection, row: RowMapping, doubt: bool, reason: str, now: datetime, otherwise: str = "returned") -> None:
    """A group that is not called again. In doubt, staff decide; else nobody got it: the pump turns to them again, or it has failed."""
    rows = update(Delivery).where(of_group(row), Delivery.status == "sending")
    state = "unknown" if doubt else otherwise
    if not doubt:
        give_back(connection, row, now)
    if state == "returned":
        connection.execute(rows.values(status="ready", route=None, remote_id=None))
    else:
        connection.execute(rows.values(status=state, finished_at=now, error=reason))
    connection.execute(update(MassSend).where(MassSend.id == row["id"]).values(status=state, reason=reason))


def late(now: datetime) -> Any:
    return and_(MassSend.status == "leaving", MassSend.began_at <= now - SAFE)


def overdue(connection: Connection, now: datetime) -> bool:
    return connection.execute(select(MassSend.id).where(late(now)).limit(1)).first() is not None


def lapse(connection: Connection, now: datetime) -> None:
    """Ends the groups whose id the platform may have forgotten, be their account open, held or no longer one that makes mass sends."""
    for row in connection.execute(select(MassSend.__table__).where(late(now)).with_for_update()).mappings().all():
        end(connection, row, row["doubt"], row["reason"] or DIED, now)


def report(connection: Connection, account: str, said: dict[str, Any], now: datetime) -> None:
    """What the platform says of a job: kept, the first time it says so, and applied once the job is known to be ours."""
    row = {"account": account, "at": now, **said}
    connection.execute(insert_into(MassReport, connection.dialect.name).values(row).on_conflict_do_nothing())
    conclude(connection, account, said["remote_id"], now)


def conclude(connection: Connection, account: str, remote_id: str, now: datetime) -> None:
    """Brings a job and its report together, whichever came first. A job that failed reached none of those who counted on it."""
    mine = select(MassSend.__table__).where(MassSend.account == account, MassSend.remote_id == remote_id, MassSend.status == "accepted")
    row = connection.execute(mine.with_for_update()).mappings().first()
    of_job = select(MassReport.__table__).where(MassReport.account == account, MassReport.remote_id == remote_id)
    told_ = connection.execute(of_job).mappings().first()
    if row is None or told_ is None:
        return
    nobody = told_["good"] and told_["total"] > 0 and told_["sent"] == 0
    good, reason = told_["good"] and not nobody, "nobody" if nobody else told_["status"]
    if not good:
        if reason in REASONS:
            give_back(connection, row, now)
        failed = update(Delivery).where(of_group(row), Delivery.status == "sent")
        connection.execute(failed.values(status="failed", finished_at=now, error=reason))
    state = {"status": "done"} if good else {"status": "failed", "reason": reason}
    connection.execute(update(MassSend).where(MassSend.id == row["id"]).values(state))


def certain() -> Any:
    """Of a delivery: that it is none by mass, or of a job of which everybody got it. The platform does not say who did not."""
    all_of_it = exists().where(
        MassSend.client_id == Delivery.remote_id,
        MassSend.status == "done",
        MassReport.account == MassSend.account,
        MassReport.remote_id == MassSend.remote_id,
        MassReport.sent >= MassSend.people,
    )
    return or_(Delivery.route.is_(None), Delivery.route != MASS, all_of_it)


# what staff read


def sends(connection: Connection, number: int, now: datetime) -> list[dict[str, Any]]:
    """The groups of a broadcast, oldest first, each with what became of it."""
    of_job = and_(MassReport.account == MassSend.account, MassReport.remote_id == MassSend.remote_id)
    counts = (MassReport.total, MassReport.filtered, MassReport.sent, MassReport.errors)
    query = select(MassSend.people, MassSend.status, MassSend.reason, MassSend.began_at, *counts).outerjoin(MassReport, of_job)
    query = query.where(MassSend.broadcast_id == number).order_by(MassSend.id)
    return [dict(row) | {"began_at": row["began_at"].isoformat(), "told": told(row, now)} for row in connection.execute(query).mappings()]


def told(row: RowMapping, now: datetime) -> str:
    """One group in one sentence."""
    head, why = f"群发给 {row['people']} 人", REASONS.get(row["reason"] or "", row["reason"] or "")
    match row["status"]:
        case "leaving":
            return f"{head}：正在发" + (f"，上一次没发成或没回音（{why}），会再试" if why else "")
        case "accepted" if now - row["began_at"] > SILENT:
            return f"{head}：平台收下了，一直没有说结果，到没到不知道"
        case "accepted":
            return f"{head}：平台收下了，还没说结果（开了群发保护的号，管理员要 30 分钟内在手机上确认）"
        case "done":
            numbers = f"名单里关注着的 {row['total']} 人，过滤后 {row['filtered']} 人，发到 {row['sent']} 人，没发到 {row['errors']} 人"
            return f"{head}：{numbers}" + ("" if row["sent"] >= row["people"] else "（平台不说没收到的是谁）")
        case "unknown":
            return f"{head}：不知道到没到（{why}）"
        case "returned":
            return f"{head}：没发出去（{why}），这些人等别的路"
    return f"{head}：没发成，{why}"
