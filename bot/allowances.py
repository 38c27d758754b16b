"""What may be sent to whom now: windows and tokens of people, holds and paces of accounts, leases of processes.

Known locally and corrected by what the platforms answer. Who uses them: `delivery`, `planner`, the channels. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Insert, Select, String, bindparam, case, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base, insert_into

GONE = "gone"
"""Blocked, unfollowed, deleted: nothing is sent until the person is heard of again."""
HOLD, PACE = "hold", "pace"
"""Of an account: nothing before then (a 429); the next free slot."""
STOPPED, DEAF = "stopped", "deaf"
"""Of an account, each with the reason behind a colon: its settings are wrong, next try to send then; nothing comes in, next look by then."""
CHAT = "chat"
"""Of a chat whose pace the platform limits: when it bears a whole burst again (`Chat`)."""

OFF = timedelta(days=1)
"""Before a way that the account was refused is tried again. Ours: rights come back when staff change the account on the platform, which tells
nobody; one refused call a day costs nothing."""
FAR = timedelta(minutes=2)
"""A slot later than this was taken by a clock that was wrong: leases end sooner, and nobody waits for an hour because of it."""


class Allowance(Base):
    """`left` sends (None: any number) until `until` (None: for good). The owner is a conversation or a `channel:account`."""

    __tablename__ = "allowance"

    owner: Mapped[str] = mapped_column(String(220), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    left: Mapped[int | None] = mapped_column(BigInteger)
    until: Mapped[datetime | None]


class Lease(Base):
    """Something one process at a time may do: poll an account, fetch a token."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a message of a person opens: so many sends until then."""

    name: str
    left: int | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Chat:
    """What one chat bears: so many calls at once, then one each `interval`. `owner`: a conversation, or the group that several are in.

    In any time t at most `burst` + t / `interval` are booked; two processes at the same moment may book the same place of a group.
    """

    owner: str
    burst: int
    interval: timedelta

    def free(self, full: datetime | None, now: datetime) -> datetime:
        """When the next call may leave."""
        return max(now, self.held(full, now) - (self.burst - 1) * self.interval)

    def booked(self, full: datetime | None, now: datetime) -> dict[str, Any]:
        """The allowance after one more call."""
        return {"owner": self.owner, "name": CHAT, "left": None, "until": self.held(full, now) + self.interval}

    def held(self, full: datetime | None, now: datetime) -> datetime:
        """What is later than bookings can be was booked by a clock that was wrong."""
        return full if full and now < full <= now + self.burst * self.interval else now


REACHABLE = delete(Allowance).where(Allowance.owner.in_(bindparam("owners", expanding=True)), Allowance.name == GONE)
"""Built once, as `putting` is: every message runs them."""


def put(connection: Connection, rows: Sequence[dict[str, Any]], *, newest: bool = False) -> None:
    """Sets allowances; with `newest` one that ends later than the new one stays."""
    if rows:
        rows = sorted(rows, key=lambda row: (row["owner"], row["name"]))  # one order for all processes: no deadlock
        connection.execute(putting(connection.dialect.name, newest), rows)


@cache
def putting(dialect: str, newest: bool) -> Insert:
    new = insert_into(Allowance, dialect)
    later = Allowance.until < new.excluded.until if newest else None
    return new.on_conflict_do_update(index_elements=["owner", "name"], set_={"left": new.excluded.left, "until": new.excluded.until}, where=later)


def opened(connection: Connection, heard: Iterable[tuple[str, Sequence[Opening]]]) -> None:
    """Conversations were heard from: they are reachable again, and windows open. A push that came late closes nothing."""
    held = dict(heard)
    rows = [{"owner": owner, "name": one.name, "left": one.left, "until": one.until} for owner, openings in held.items() for one in openings]
    put(connection, rows, newest=True)
    if held:
        connection.execute(REACHABLE, {"owners": list(held)})


def held(connection: Connection, owners: Collection[str], now: datetime) -> dict[str, dict[str, Allowance]]:
    """What holds now, by owner and name. A window that is used up is there with nothing left."""
    query = select(Allowance.owner, Allowance.name, Allowance.left, Allowance.until)
    query = query.where(Allowance.owner.in_(list(owners)), or_(Allowance.until.is_(None), Allowance.until > now))
    found: dict[str, dict[str, Allowance]] = {}
    for row in connection.execute(query):
        found.setdefault(row.owner, {})[row.name] = Allowance(owner=row.owner, name=row.name, left=row.left, until=row.until)
    return found


def spend(connection: Connection, owner: str, names: Collection[str], count: int = 1) -> None:
    """Books a send on every one of these windows: how overlapping ones combine is written nowhere (platforms.md §1.5)."""
    if not names:
        return
    query = update(Allowance).where(Allowance.owner == owner, Allowance.name.in_(list(names)), Allowance.left.is_not(None))
    connection.execute(query.values(left=case((Allowance.left > count, Allowance.left - count), else_=0)))


def used_up(connection: Connection, owner: str, names: Collection[str]) -> bool:
    """The platform says that nothing is left, whatever we had counted. False: we knew."""
    some = or_(Allowance.left.is_(None), Allowance.left > 0)
    return bool(connection.execute(update(Allowance).where(Allowance.owner == owner, Allowance.name.in_(list(names)), some).values(left=0)).rowcount)


def gone(connection: Connection, owner: str) -> None:
    put(connection, [{"owner": owner, "name": GONE, "left": 0, "until": None}])


def forget(connection: Connection, owner: str) -> None:
    connection.execute(delete(Allowance).where(Allowance.owner == owner))


def hold(connection: Connection, account: str, until: datetime, name: str = HOLD) -> None:
    """Nothing of this account is sent before then, by any process. A shorter one does not shorten a longer."""
    put(connection, [{"owner": account, "name": name, "left": 0, "until": until}], newest=True)


def off(connection: Connection, account: str, route: str, now: datetime) -> None:
    """The account may not use this way. Of a quota that is used up nothing is `left`; here there is none that could be waited for."""
    put(connection, [{"owner": account, "name": f"off:{route}", "left": None, "until": now + OFF}])


def ended(connection: Connection) -> None:
    """Ways that an earlier version put off without an end are tried again. Only the start of the program does this."""
    connection.execute(delete(Allowance).where(Allowance.name.startswith("off:"), Allowance.until.is_(None)))


def held_until(connection: Connection, account: str, now: datetime) -> datetime | None:
    closed = or_(Allowance.name == HOLD, Allowance.name.startswith(STOPPED))
    return connection.execute(select(func.max(Allowance.until)).where(Allowance.owner == account, closed, Allowance.until > now)).scalar()


def full_until(connection: Connection, chat: Chat) -> datetime | None:
    """When this chat bears a whole burst again, locked for the caller."""
    query = select(Allowance.until).where(Allowance.owner == chat.owner, Allowance.name == CHAT)
    return connection.execute(query.with_for_update()).scalar()


def next_slot(connection: Connection, account: str, now: datetime, *, patient: bool = True) -> datetime | None:
    """When the pace is free again, locked for the caller; None: nothing was ever sent, or, not `patient`, another process takes slots just now."""
    free = connection.execute(pace_of(account).with_for_update(skip_locked=not patient)).scalar()
    return now if free and free > now + FAR else free


def pace_of(account: str) -> Select[datetime | None]:
    return select(Allowance.until).where(Allowance.owner == account, Allowance.name == PACE)


def paced(connection: Connection, account: str) -> bool:
    """Whether anything was ever sent."""
    return connection.execute(pace_of(account)).first() is not None


def slots(connection: Connection, account: str, count: int, interval: timedelta, now: datetime, before: int = 0) -> list[datetime]:
    """The next moments of an account's pace, taken for the caller: one budget for all processes.

    A slot nobody took in time is lost; with `before`, so many may be used ahead of their time.
    In any second there are at most 1 s / interval + before + 1.
    """
    free = next_slot(connection, account, now)
    if free is None:
        put(connection, [{"owner": account, "name": PACE, "left": None, "until": now}], newest=True)
        free = next_slot(connection, account, now)
    first = max(now, free or now)
    query_set = update(Allowance).where(Allowance.owner == account, Allowance.name == PACE)
    connection.execute(query_set.values(until=first + count * interval))
    return [max(now, first + (number - before) * interval) for number in range(count)]


def lease(connection: Connection, name: str, holder: str, until: datetime, now: datetime) -> bool:
    """Takes or renews a lease; False while another holds it."""
    taken = insert_into(Lease, connection.dialect.name).values(name=name, holder=holder, until=until)
    connection.execute(taken.on_conflict_do_nothing())
    query = update(Lease).where(Lease.name == name, or_(Lease.holder == holder, Lease.until <= now))
    return connection.execute(query.values(holder=holder, until=until)).rowcount == 1


def release(connection: Connection, name: str, holder: str) -> None:
    connection.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))
