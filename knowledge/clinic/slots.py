"""Hours of the experts: published, booked, moved, cancelled, kept or missed. Everything takes a connection and gives plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, ForeignKey, Index, String, Text, UniqueConstraint, exists, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from knowledge import people
from knowledge.clinic import ClinicError, Rules
from knowledge.db import CHINA, Base, Id, local_date
from knowledge.people import Graduate

Row = dict[str, Any]
"""A booking with its slot."""
REMIND = (24, 1)
"""Hours before, the longer first."""
LATE = timedelta(minutes=10)
"""Who comes later than that may find it taken by another; said when booking."""
SHOWN = 8
OUTCOMES = {"kept": "来了", "missed": "没来"}


class Slot(Base):
    """One hour of one expert. `place`: a room, or where to meet online."""

    __tablename__ = "slot"
    __table_args__ = (UniqueConstraint("expert", "starts_at"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    expert: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime] = mapped_column(index=True)
    minutes: Mapped[int]
    place: Mapped[str] = mapped_column(String(200))
    withdrawn_at: Mapped[datetime | None]


class Booking(Base):
    """Who comes. A slot has one that holds at most; `reminded`: the hours before of the last reminder that was said."""

    __tablename__ = "booking"
    __table_args__ = (
        Index("uq_booking_slot_id", "slot_id", unique=True, sqlite_where=text("cancelled_at IS NULL"), postgresql_where=text("cancelled_at IS NULL")),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    slot_id: Mapped[int] = mapped_column(ForeignKey(Slot.id, ondelete="CASCADE"))
    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), index=True)
    conversation: Mapped[str] = mapped_column(String(220))
    about: Mapped[str] = mapped_column(Text)
    booked_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    late_cancel: Mapped[bool]
    reminded: Mapped[int | None]
    outcome: Mapped[str | None] = mapped_column(String(8))


HELD = select(
    Booking.id, Booking.graduate_id, Booking.conversation, Booking.about, Booking.slot_id, Booking.booked_at, Booking.reminded, Booking.outcome,
    Slot.expert, Slot.starts_at, Slot.minutes, Slot.place,
).join(Slot, Slot.id == Booking.slot_id).where(Booking.cancelled_at.is_(None))  # fmt: skip


def publish(connection: Connection, expert: str, starts: Sequence[datetime], minutes: int, place: str, at: datetime) -> int:
    """Makes hours free to book; those that overlap one of the same expert are left out. Returns how many are new.

    Raises:
        ClinicError
    """
    if not expert.strip():
        raise ClinicError("要写清是哪位老师")
    if not 5 <= minutes <= 240:
        raise ClinicError("一次 5 到 240 分钟")
    query = select(Slot.starts_at, Slot.minutes).where(Slot.expert == expert, Slot.withdrawn_at.is_(None))
    taken = [(row.starts_at, row.starts_at + timedelta(minutes=row.minutes)) for row in connection.execute(query)]
    new: list[dict[str, Any]] = []
    for start in sorted(set(starts)):
        end = start + timedelta(minutes=minutes)
        if start <= at or any(start < last and first < end for first, last in taken):
            continue
        taken.append((start, end))
        new.append({"expert": expert, "starts_at": start, "minutes": minutes, "place": place})
    for row in new:  # one that was withdrawn before comes back
        back = update(Slot).where(Slot.expert == expert, Slot.starts_at == row["starts_at"])
        if not connection.execute(back.values(withdrawn_at=None, minutes=minutes, place=place)).rowcount:
            connection.execute(insert(Slot).values(row))
    return len(new)


def free(connection: Connection, at: datetime, rules: Rules, most: int = SHOWN) -> list[dict[str, Any]]:
    """What can be booked now, the soonest first."""
    taken = exists().where(Booking.slot_id == Slot.id, Booking.cancelled_at.is_(None))
    first, last = at + timedelta(hours=rules.lead_hours), at + timedelta(days=rules.ahead_days)
    query = select(Slot.id, Slot.expert, Slot.starts_at, Slot.minutes, Slot.place).where(Slot.withdrawn_at.is_(None), ~taken)
    query = query.where(Slot.starts_at >= first, Slot.starts_at <= last).order_by(Slot.starts_at, Slot.id).limit(most)
    return [dict(row) for row in connection.execute(query).mappings()]


def book(connection: Connection, owner: tuple[str, str], slot: int, about: str, at: datetime, rules: Rules, moving: int | None = None) -> Row:
    """Books an hour for the owner (graduate, conversation), or moves their booking there.

    Raises:
        ClinicError: it is taken or too near, or something else speaks against it; the sentence is for the person
    """
    found = connection.execute(select(Slot.__table__).where(Slot.id == slot, Slot.withdrawn_at.is_(None)).with_for_update()).mappings().first()
    taken = select(Booking.id).where(Booking.slot_id == slot, Booking.cancelled_at.is_(None))
    if found is None or connection.execute(taken).first():
        raise ClinicError("这个时间刚被别人约走了,换一个。")
    if not at + timedelta(hours=rules.lead_hours) <= found["starts_at"] <= at + timedelta(days=rules.ahead_days):
        raise ClinicError(f"这个时间现在约不了:要提前 {rules.lead_hours} 小时,最远约到 {rules.ahead_days} 天后。")
    before = mine(connection, owner[0], at)
    if moving is None and before:
        raise ClinicError(f"你已经约了{when(before[0])},来过以后再约下一次;要换时间就点「改时间」。")
    if moving is None and no_shows(connection, owner[0], at) >= rules.no_shows:
        raise ClinicError(f"这个季度有 {rules.no_shows} 次约了没来,这次让老师帮你约,也说说是不是时间总不合适。")
    old = next((row for row in before if row["id"] == moving), None)
    if moving is not None and old is None:
        raise ClinicError("没找到要改的预约。")
    values: dict[str, Any] = {"slot_id": slot, "graduate_id": owner[0], "conversation": owner[1], "about": about or (old["about"] if old else "")}
    try:
        with connection.begin_nested():
            number = connection.execute(insert(Booking).values(values | {"booked_at": at, "late_cancel": False}).returning(Booking.id)).scalar_one()
    except IntegrityError as error:
        raise ClinicError("这个时间刚被别人约走了,换一个。") from error
    if old:
        end(connection, old, at, rules)
    return dict(connection.execute(HELD.where(Booking.id == number)).mappings().one())


def end(connection: Connection, row: Row, at: datetime, rules: Rules) -> bool:
    late: bool = row["starts_at"] - at < timedelta(hours=rules.cancel_hours)
    connection.execute(update(Booking).where(Booking.id == row["id"]).values(cancelled_at=at, late_cancel=late))
    return late


def cancel(connection: Connection, graduate_id: str, booking: int, at: datetime, rules: Rules) -> tuple[Row, bool]:
    """The booking, and whether it was later than asked for: said, not held against anybody.

    Raises:
        ClinicError
    """
    row = connection.execute(HELD.where(Booking.id == booking, Booking.graduate_id == graduate_id, Slot.starts_at > at)).mappings().first()
    if row is None:
        raise ClinicError("没有这个预约,可能已经取消或者过了。")
    return dict(row), end(connection, dict(row), at, rules)


def mine(connection: Connection, graduate_id: str, at: datetime) -> list[Row]:
    """What lies ahead."""
    rows = connection.execute(HELD.where(Booking.graduate_id == graduate_id, Slot.starts_at > at).order_by(Slot.starts_at))
    return [dict(row) for row in rows.mappings()]


def held(connection: Connection, booking: int) -> Row | None:
    row = connection.execute(HELD.where(Booking.id == booking)).mappings().first()
    return dict(row) if row else None


def no_shows(connection: Connection, graduate_id: str, at: datetime) -> int:
    """Missed in this quarter."""
    today = local_date(at)
    first = datetime(today.year, (today.month - 1) // 3 * 3 + 1, 1, tzinfo=CHINA)
    query = select(func.count()).select_from(Booking).join(Slot, Slot.id == Booking.slot_id)
    query = query.where(Booking.graduate_id == graduate_id, Booking.outcome == "missed", Slot.starts_at >= first)
    return int(connection.execute(query).scalar_one())


def came(connection: Connection, booking: int, outcome: str, at: datetime) -> Row:
    """What became of a booking that is over.

    Raises:
        ClinicError
    """
    row = held(connection, booking)
    if row is None or row["starts_at"] > at:
        raise ClinicError(f"没有已经到时间的 {booking} 号预约")
    connection.execute(update(Booking).where(Booking.id == booking).values(outcome=outcome))
    people.log_access(connection, row["graduate_id"], row["expert"], f"记下预约 {booking}:{OUTCOMES[outcome]}", at)
    return row


def withdraw(connection: Connection, slot: int, at: datetime) -> Row | None:
    """An expert cannot come: the hour goes; the booking that held it, if one did, is to be told.

    Raises:
        ClinicError
    """
    row = connection.execute(HELD.where(Booking.slot_id == slot, Slot.starts_at > at)).mappings().first()
    if not connection.execute(update(Slot).where(Slot.id == slot, Slot.withdrawn_at.is_(None)).values(withdrawn_at=at)).rowcount:
        raise ClinicError(f"没有编号 {slot} 的时间")
    if row:
        connection.execute(update(Booking).where(Booking.id == row["id"]).values(cancelled_at=at))
    return dict(row) if row else None


def listed(connection: Connection, at: datetime) -> list[dict[str, Any]]:
    """Hours to come and those of the last week, with who booked by number only."""
    query = select(Slot.id, Slot.expert, Slot.starts_at, Slot.minutes, Slot.place, Booking.id.label("booking"), Booking.about, Booking.outcome)
    query = query.outerjoin(Booking, (Booking.slot_id == Slot.id) & Booking.cancelled_at.is_(None))
    query = query.where(Slot.withdrawn_at.is_(None), Slot.starts_at > at - timedelta(days=7)).order_by(Slot.starts_at, Slot.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def due(connection: Connection, at: datetime, most: int = 500) -> list[tuple[str, int, int]]:
    """Conversation, booking and hours before of each reminder that has come. Of one booked after its time only the next is said."""
    soon = HELD.where(Slot.starts_at > at, Slot.starts_at <= at + timedelta(hours=max(REMIND)), Booking.outcome.is_(None)).order_by(Slot.starts_at)
    found = []
    for row in connection.execute(soon.limit(most)).mappings():
        hours = min((each for each in REMIND if row["starts_at"] - at <= timedelta(hours=each)), default=None)
        booked_in_time = hours is not None and row["booked_at"] <= row["starts_at"] - timedelta(hours=hours)
        if hours is not None and booked_in_time and (row["reminded"] is None or row["reminded"] > hours):
            found.append((row["conversation"], row["id"], hours))
    return found


def reminded(connection: Connection, booking: int, hours: int) -> None:
    connection.execute(update(Booking).where(Booking.id == booking).values(reminded=hours))


def record(connection: Connection, graduate_id: str) -> list[dict[str, Any]]:
    """For the person's own copy."""
    query = select(Slot.expert, Slot.starts_at, Booking.about, Booking.booked_at, Booking.cancelled_at, Booking.outcome)
    rows = connection.execute(query.join(Booking, Booking.slot_id == Slot.id).where(Booking.graduate_id == graduate_id).order_by(Booking.id))
    return [{name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()} for row in rows.mappings()]


WEEK = "一二三四五六日"


def when(row: Mapping[str, Any]) -> str:
    """11 月 25 日(周三)10:00."""
    at = row["starts_at"].astimezone(CHINA)
    return f"{at.month} 月 {at.day} 日(周{WEEK[at.weekday()]}){at:%H:%M}"


def calendar(row: Row, at: datetime) -> str:
    """The booking as iCalendar (RFC 5545), with two alarms."""
    start, finish = row["starts_at"], row["starts_at"] + timedelta(minutes=row["minutes"])
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Bulixian//clinic//ZH",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:booking-{row['id']}@bulixian",
    ]
    lines += [f"{name}:{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" for name, moment in (("DTSTAMP", at), ("DTSTART", start), ("DTEND", finish))]
    lines += [f"SUMMARY:{escaped('职业指导 · ' + row['expert'])}", f"LOCATION:{escaped(row['place'])}"]
    for hours in REMIND:
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:职业指导", f"TRIGGER:-PT{hours}H", "END:VALARM"]
    return "\r\n".join([*(folded for line in (*lines, "END:VEVENT", "END:VCALENDAR") for folded in fold(line)), ""])


def escaped(said: str) -> str:
    return said.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r", "").replace("\n", "\\n")


def fold(line: str) -> list[str]:
    """Lines of at most 75 bytes [RFC 5545 3.1], never cut within a character."""
    pieces, held = [], ""
    for sign in line:
        if len((held + sign).encode()) > 74:
            pieces.append(held)
            held = " "
        held += sign
    return [*pieces, held]
