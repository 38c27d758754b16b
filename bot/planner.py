"""Which way reaches a person now, and when. Decides from what is known locally; the platforms' answers correct it (`settle`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, and_, bindparam, case, or_, select, update
from sqlalchemy.orm import aliased

from bot import allowances, broadcast, delivery, talks
from bot.allowances import CHAT, GONE, Allowance, Chat
from bot.broadcast import Broadcast
from bot.channels import Fate, Mass, Outcome
from bot.delivery import Delivery
from dialogs.messages import Part
from knowledge.db import CHINA

MAILBOX = "mailbox"
"""In a prediction: what would wait for the person's next message."""
MASS, MASS_DAY = "mass", "mass:day"
"""The way by mass send; also what is left of it of a person's month, and of the account's day."""
KEPT = timedelta(days=14)
"""What nobody came for in this time is out of date."""
TRIES = 20
"""Of one delivery that the platform certainly did not take, ever more slowly: about two hours; then somebody must look. What stands in the way
of the whole account (no connection, a 429) takes none of them: two minutes of outage would lose what waits."""
REST = timedelta(minutes=10)
"""Before an account whose settings are wrong is tried again."""
AT_ONCE, AHEAD, LOOKS = 64, 16, 8
"""Replies claimed at once; of pushes one, when its slot is near: the first of so many, looked at so many times, that has a way.
Those without one hold nobody up."""
QUOTA = "quota"
"""Why something waits for the end of a day's quota that is used up."""
CAME_BACK = (
    update(Delivery)
    .where(Delivery.conversation.in_(bindparam("keys", expanding=True)), Delivery.status == "ready", or_(Delivery.mailbox, Delivery.error == QUOTA))
    .values(mailbox=False, not_before=case((Delivery.error == QUOTA, None), else_=Delivery.not_before))
)


class Carrier(Protocol):
    """One account of one platform, as the planner and the pump see it."""

    @property
    def channel(self) -> str: ...

    @property
    def account(self) -> str: ...

    @property
    def interval(self) -> timedelta:
        """Between two sends of the whole account."""
        ...

    @property
    def burst(self) -> int:
        """How many replies may leave before their turn; pushes never do."""
        ...

    @property
    def mass(self) -> Mass | None:
        """The way to those of a broadcast who have no other; None: there is none (`massing`)."""
        ...

    def chat(self, conversation: str) -> Chat | None:
        """What the chat of a conversation bears; None: nothing is known of a limit."""
        ...

    def route(self, row: Mapping[str, Any], open_: Mapping[str, Allowance]) -> str | None:
        """The way for this delivery; None: there is none before the person writes again."""
        ...

    def spends(self, route: str) -> Collection[str]:
        """The allowances of the person that a send by this way is booked on."""
        ...

    def bodies(self, row: Mapping[str, Any], route: str) -> Sequence[Any]:
        """The calls that say it, in order; empty where nothing is left to say."""
        ...

    async def send(self, handle: str, body: Any, route: str) -> Outcome: ...


def owner_of(carrier: Carrier) -> str:
    return f"{carrier.channel}:{carrier.account}"


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed delivery, its way, and when it may leave. `begun`: it is marked as leaving already."""

    row: Mapping[str, Any]
    route: str
    at: datetime
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours in which nobody is written to unasked; the same moment twice: none."""

    begins: time = time(21, 30)
    ends: time = time(8, 30)

    def until(self, now: datetime) -> datetime | None:
        """The end of the quiet hours that run now."""
        local = now.astimezone(CHINA)
        at = local.time()
        over = self.begins > self.ends
        if self.begins == self.ends or not (at >= self.begins or at < self.ends if over else self.begins <= at < self.ends):
            return None
        day = local.date() + timedelta(days=1) if over and at >= self.begins else local.date()
        return datetime.combine(day, self.ends, CHINA)


def claim(connection: Connection, carrier: Carrier, owner: str, now: datetime, quiet: Quiet, *, replies: bool) -> list[Job]:
    """Takes what may leave now, one a conversation in the order it was planned. What has no way waits in the mailbox;
    what can never arrive is suppressed. A reply that leaves at once is marked so; what has to wait is only claimed for its slot (`begin`)."""
    account = owner_of(carrier)
    if allowances.held_until(connection, account, now) or (not replies and quiet.until(now)):
        return []
    jobs: list[Job] = []
    booked: list[dict[str, Any]] = []
    for _ in range(1 if replies else LOOKS):
        found = due(connection, carrier, now, replies=replies)
        jobs, booked = routed(connection, carrier, found, now, replies=replies)
        if jobs or not found:
            break
    if not jobs:
        return []
    slots = allowances.slots(connection, account, len(jobs), carrier.interval, now, before=carrier.burst if replies else 0)
    allowances.put(connection, booked)
    jobs = [Job(job.row, job.route, at, replies and at <= now) for job, at in zip(jobs, slots, strict=True)]
    for begun, status in ((True, "sending"), (False, "claimed")):
        delivery.take(connection, [job.row["id"] for job in jobs if job.begun is begun], owner, now, status)
    return jobs


def routed(
    connection: Connection, carrier: Carrier, found: Sequence[Mapping[str, Any]], now: datetime, *, replies: bool
) -> tuple[list[Job], list[dict[str, Any]]]:
    """Those that have a way (of pushes the first), and what they take of their chats; the others are put where they wait or end."""
    account = owner_of(carrier)
    chats = {row["id"]: carrier.chat(row["conversation"]) for row in found}
    owners = {account, *(row["conversation"] for row in found), *(chat.owner for chat in chats.values() if chat)}
    open_ = allowances.held(connection, owners, now) if found else {}
    full = {owner: held[CHAT].until for owner, held in open_.items() if CHAT in held}
    booked: dict[str, dict[str, Any]] = {}
    jobs: list[Job] = []
    for row in found:
        if row["kind"] in delivery.BULK and called_off(connection, row, now):
            continue
        known = open_.get(account, {}) | open_.get(row["conversation"], {})
        if GONE in known:
            delivery.finish(connection, [row["id"]], now, "suppressed", "gone")
        elif route := carrier.route(row, known):
            if chat := chats[row["id"]]:
                if (free := chat.free(full.get(chat.owner), now)) > now:
                    connection.execute(update(Delivery).where(Delivery.id == row["id"]).values(not_before=free))
                    continue
                booked[chat.owner] = chat.booked(full.get(chat.owner), now)
                full[chat.owner] = booked[chat.owner]["until"]
            jobs.append(Job(row, route, now))
            if not replies:
                break
        else:
            again = refilled(carrier, row, known)
            rest = {"not_before": again, "error": QUOTA} if again else {"mailbox": True}
            connection.execute(update(Delivery).where(Delivery.id == row["id"]).values(**rest))
    return jobs, list(booked.values())


def refilled(carrier: Carrier, row: Mapping[str, Any], known: Mapping[str, Allowance]) -> datetime | None:
    """When a way is open again that only a quota of the account closes: with the person's windows as they are then."""
    ends = sorted(allowance.until for name, allowance in known.items() if name.startswith("off:") and allowance.left == 0 and allowance.until)
    for end in ends:
        if carrier.route(row, {name: allowance for name, allowance in known.items() if allowance.until is None or allowance.until > end}):
            return end
    return None


def called_off(connection: Connection, row: Mapping[str, Any], now: datetime) -> bool:
    """Whether a push must not leave any more: its person has unsubscribed or taken a consent back, its broadcast was halted. Most such rows
    were stopped then; this one was on its way, came back from a process that died, or staff have it sent again."""
    if talks.unsubscribed(connection, row["conversation"]):
        delivery.finish(connection, [row["id"]], now, "suppressed", delivery.UNSUBSCRIBED)
        return True
    its = select(Broadcast.id, Broadcast.status, Broadcast.paused_at, Broadcast.leaning).where(Broadcast.id == row["broadcast_id"])
    halted = connection.execute(its).first() if row["broadcast_id"] else None
    if halted and halted.status in broadcast.OVER:
        delivery.finish(connection, [row["id"]], now, "cancelled")
        return True
    if halted and broadcast.refused(connection, row["conversation"], halted.id, halted.leaning):
        delivery.finish(connection, [row["id"]], now, "suppressed", delivery.WITHDRAWN)
        return True
    if halted and halted.paused_at:
        connection.execute(update(Delivery).where(Delivery.id == row["id"]).values(not_before=broadcast.NEVER))
        return True
    return False


def early(connection: Connection, carrier: Carrier, now: datetime) -> float:
    """Seconds until a push may be claimed: not before its slot is near. What is claimed keeps its slot, and replies would wait behind it.
    Processes whose slots are near at the same moment do not queue for the pace: a reply would wait for all of them."""
    account = owner_of(carrier)
    free = allowances.next_slot(connection, account, now, patient=False)
    if free is None:
        return carrier.interval.total_seconds() / 2 if allowances.paced(connection, account) else 0.0
    return max(0.0, (free - carrier.interval - now).total_seconds())


def due(connection: Connection, carrier: Carrier, now: datetime, *, replies: bool) -> list[dict[str, Any]]:
    """The first of each conversation that may leave: none overtakes another on its way, or an older one of its own kind."""
    other = aliased(Delivery)
    tried = or_(other.error.is_(None), other.error != QUOTA, other.not_before.is_(None), other.not_before <= now)  # else another way may be open
    waits = (other.status == "ready") & (other.id < Delivery.id) & (other.priority <= Delivery.priority) & ~other.mailbox & tried
    leaves = other.status.in_(("claimed", "sending")) & other.lease_until.is_not(None)  # a mass send may take a day and holds nothing up
    # a scalar, for NOT EXISTS is made a join over the whole ledger where statistics are older than a broadcast (PostgreSQL)
    here = (other.conversation == Delivery.conversation, delivery.is_open(other))  # all that was ever said to them is much more
    before = select(other.id).where(*here, or_(leaves, waits)).limit(1).scalar_subquery()
    query = select(Delivery.__table__).where(
        Delivery.channel == carrier.channel,
        Delivery.status == "ready",
        delivery.of_account(owner_of(carrier)),
        ~Delivery.mailbox,
        delivery.due(now),
        (Delivery.priority == 0) if replies else (Delivery.priority > 0),
        before.is_(None),
    )
    query = query.order_by(Delivery.priority, Delivery.id).limit(AT_ONCE if replies else AHEAD)
    return [dict(row) for row in connection.execute(query.with_for_update(skip_locked=True, of=Delivery)).mappings()]


def settle(connection: Connection, carrier: Carrier, job: Job, outcome: Outcome, last: bool, now: datetime) -> bool:
    """Writes down what became of one call of a delivery, and what it teaches about the person and the account. True: the next call may leave."""
    row, account = job.row, owner_of(carrier)
    mine = update(Delivery).where(Delivery.id == row["id"], Delivery.status.in_(delivery.OPEN))
    why = delivery.RUNG if row["error"] == delivery.RUNG else outcome.reason  # who was rung for is not rung for again
    again = {"status": "ready", "owner": None, "lease_until": None, "error": why}
    match outcome.fate:
        case Fate.SENT:
            allowances.spend(connection, row["conversation"], carrier.spends(job.route), outcome.calls)
            over = {"status": "sent", "finished_at": now, "lease_until": None, "error": None} if last else following(connection, carrier, row, now)
            connection.execute(mine.values(piece=Delivery.piece + 1, route=job.route, remote_id=outcome.remote_id, **over))
            return "status" not in over
        case Fate.AGAIN if outcome.reason == delivery.RUNG:
            allowances.spend(connection, row["conversation"], carrier.spends(job.route))
            connection.execute(mine.values(**again | {"mailbox": True}))
        case Fate.AGAIN:
            wait = outcome.wait or timedelta(seconds=5)
            rest = again | {"not_before": now + min(wait * 2 ** row["attempt"], max(wait, REST))}
            if outcome.everyone:
                allowances.hold(connection, account, now + wait)
                rest |= {"not_before": now + wait, "attempt": Delivery.attempt - 1}
            elif row["attempt"] >= TRIES:
                rest = {"status": "failed", "finished_at": now, "lease_until": None, "error": outcome.reason}
            connection.execute(mine.values(**rest))
        case Fate.UNKNOWN:
            connection.execute(mine.values(status="unknown", finished_at=now, lease_until=None, route=job.route, error=outcome.reason))
        case Fate.REFUSED:
            connection.execute(mine.values(status="failed", finished_at=now, lease_until=None, route=job.route, error=outcome.reason))
        case Fate.GONE:
            allowances.gone(connection, row["conversation"])
            connection.execute(mine.values(status="failed", finished_at=now, lease_until=None, route=job.route, error=outcome.reason))
        case Fate.CLOSED:
            shut = outcome.everyone or allowances.used_up(connection, row["conversation"], carrier.spends(job.route))
            if outcome.everyone:
                allowances.hold(connection, account, now + (outcome.wait or timedelta(hours=1)), f"off:{job.route}")
            over = {"status": "failed", "finished_at": now, "lease_until": None, "error": outcome.reason}
            rest = again if shut else again | {"not_before": now + REST}  # what we cannot shut must not be tried in a circle
            connection.execute(mine.values(**(over if row["attempt"] >= TRIES and not outcome.everyone else rest)))
        case Fate.OFF:
            allowances.off(connection, account, job.route, now)
            connection.execute(mine.values(**again))
        case Fate.STOPPED:
            allowances.hold(connection, account, now + REST, f"{allowances.STOPPED}:{outcome.reason}")
            connection.execute(mine.values(**again))
    return False


def following(connection: Connection, carrier: Carrier, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """How a delivery stands before its next call: it goes on at once, or waits for its turn where its chat has had a burst."""
    if chat := carrier.chat(row["conversation"]):
        full = allowances.full_until(connection, chat)
        if (free := chat.free(full, now)) > now:
            return {"status": "ready", "owner": None, "lease_until": None, "not_before": free, "attempt": Delivery.attempt - 1}
        allowances.put(connection, [chat.booked(full, now)])
    return {"lease_until": now + delivery.LEASE}


def begin(connection: Connection, carrier: Carrier, job: Job, owner: str, now: datetime) -> bool:
    """Marks a claimed delivery as leaving, before the call leaves. False: it is not ours any more, or the account is held."""
    mine = update(Delivery).where(Delivery.id == job.row["id"], Delivery.status == "claimed", Delivery.owner == owner)
    if allowances.held_until(connection, owner_of(carrier), now):
        connection.execute(mine.values(status="ready", owner=None, lease_until=None, attempt=Delivery.attempt - 1))
        return False
    if not connection.execute(mine.values(status="sending", lease_until=now + delivery.LEASE)).rowcount:
        return False
    if now > job.at + carrier.interval:  # what was held up takes of the pace now, or several such would leave in a bunch
        allowances.slots(connection, owner_of(carrier), 1, carrier.interval, now)
    return True


def recover(connection: Connection, now: datetime, dead: Collection[str] = ()) -> dict[str, int]:
    """What lapsed with its process: claimed is free again, what was leaving is unknown, mail nobody came for is expired."""
    lost = and_(Delivery.lease_until.is_not(None), or_(Delivery.lease_until < now, Delivery.owner.in_(list(dead))))
    free = update(Delivery).where(Delivery.status == "claimed", lost).values(status="ready", owner=None, lease_until=None)
    unknown = update(Delivery).where(Delivery.status == "sending", lost)
    unknown = unknown.values(status="unknown", finished_at=now, lease_until=None, error="process_died")
    useless = or_(and_(Delivery.mailbox, Delivery.created_at < now - KEPT), Delivery.expires_at < now)
    old = update(Delivery).where(Delivery.status == "ready", useless)
    old = old.values(status="expired", finished_at=now)
    return {name: connection.execute(query).rowcount for name, query in (("free", free), ("unknown", unknown), ("expired", old))}


def came_back(connection: Connection, conversations: Collection[str]) -> None:
    """They wrote: their mailbox opens."""
    if conversations:
        connection.execute(CAME_BACK, {"keys": list(conversations)})


def by_mass(carrier: Carrier, known: Mapping[str, Allowance]) -> bool:
    """Whether a mass send may reach somebody who has no way of their own."""
    spent = any(name in known and known[name].left == 0 for name in (MASS, MASS_DAY))
    return carrier.mass is not None and f"off:{MASS}" not in known and not spent


def predict(
    connection: Connection, carriers: Mapping[str, Carrier], conversations: Sequence[str], now: datetime, parts: Sequence[Part] = ()
) -> Counter[str]:
    """How many would be reached by which way if it were sent now: `channel/route`, `channel/mailbox`, `channel/gone`. `parts`: what may
    be said by mass to those who have no other way."""
    found: Counter[str] = Counter()
    probe = {"kind": "broadcast", "priority": 5}
    for start in range(0, len(conversations), 1000):
        part = conversations[start : start + 1000]
        open_ = allowances.held(connection, [*part, *map(owner_of, carriers.values())], now)
        for key in part:
            channel, account, _ = key.split(":", 2)
            carrier = carriers.get(f"{channel}:{account}")
            known = open_.get(f"{channel}:{account}", {}) | open_.get(key, {})
            way = channel if carrier is None else GONE if GONE in known else carrier.route(probe, known) or MAILBOX
            if carrier and parts and way == MAILBOX and by_mass(carrier, known):
                way = f"{MASS}/{account}"
            found[f"{channel}/{way}" if carrier else channel] += 1
    for carrier in carriers.values():
        count = found.pop(f"{carrier.channel}/{MASS}/{carrier.account}", 0)
        fits = carrier.mass and count >= carrier.mass.people[0] and carrier.mass.text(parts) is not None
        if count:
            found[f"{carrier.channel}/{MASS if fits else MAILBOX}"] += count
    return found
