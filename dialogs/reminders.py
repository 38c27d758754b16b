"""Reminders people asked for: the table, keeping and dropping them, and what is said when one is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, ForeignKey, String, UniqueConstraint, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from dialogs import notices, wording
from dialogs.effects import DropReminder, Remind
from dialogs.messages import Choice
from dialogs.place import Conversation
from dialogs.turn import Turn
from knowledge.db import CHINA, Base, Id

AHEAD = (30, 7, 1)
"""Days before the last day; the first of them that still lies ahead is taken."""
MORNING = time(9, 30)
"""In China: after the offices have opened, long before quiet hours."""


class Reminder(Base):
    """One promise to speak about an entry before `until`, the last day on which the person fits."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("conversation", "about"),)

    id: Mapped[Id]
    conversation: Mapped[str] = mapped_column(ForeignKey(Conversation.key, ondelete="CASCADE"))
    about: Mapped[str] = mapped_column(String(20))
    until: Mapped[date]
    due_at: Mapped[datetime] = mapped_column(index=True)


def keep(connection: Connection, conversation: str, wanted: Remind) -> None:
    """A second wish about the same entry takes the place of the first."""
    drop(connection, conversation, wanted.about)
    connection.execute(insert(Reminder).values(conversation=conversation, about=wanted.about, until=wanted.until, due_at=wanted.at))


def drop(connection: Connection, conversation: str, about: str | None) -> None:
    """One reminder, or all of a conversation."""
    query = delete(Reminder).where(Reminder.conversation == conversation)
    connection.execute(query.where(Reminder.about == about) if about else query)


def change(connection: Connection, conversation: str, wanted: Remind | DropReminder) -> None:
    keep(connection, conversation, wanted) if isinstance(wanted, Remind) else drop(connection, conversation, wanted.about)


def due(connection: Connection, now: datetime, most: int = 500) -> list[tuple[str, str, str]]:
    """Conversation, message id and text of each timer that has come."""
    query = select(Reminder.conversation, Reminder.about, Reminder.until, Reminder.due_at).where(Reminder.due_at <= now).order_by(Reminder.due_at)
    rows = connection.execute(query.limit(most))
    return [(row.conversation, f"remind-{row.about}-{row.due_at.isoformat()}", f"remind/{row.about}/{row.until}") for row in rows]


def record(connection: Connection, conversations: Sequence[str]) -> list[dict[str, Any]]:
    """For the person's own copy."""
    query = select(Reminder.about, Reminder.until, Reminder.due_at).where(Reminder.conversation.in_(conversations)).order_by(Reminder.due_at)
    return [{"about": row.about, "until": str(row.until), "at": row.due_at.isoformat()} for row in connection.execute(query)]


def moment(until: date, today: date) -> datetime | None:
    """When to speak; None where the last day is today or past."""
    days: Sequence[date] = [until - timedelta(days=ahead) for ahead in AHEAD]
    return next((datetime.combine(day, MORNING, CHINA) for day in days if day > today), None)


def ask(turn: Turn, about: str, until: date | None) -> None:
    """[到期前提醒我]."""
    if until is None:
        return turn.say("按现在知道的情况,算不出到哪天为止,先重新算一次。", Choice("再算一次", f"mine/{about}"), notices.TO_HUMAN)
    if turn.place.memo.get("quiet"):
        return turn.say(f"你退订过,到时候我不会主动发。到 {until} 为止都符合,自己记一下。", notices.TO_MENU)
    at = moment(until, turn.today)
    if at is None:
        return turn.say("剩下的时间太短,来不及提醒了,现在就去问问办理的地方。", notices.TO_HUMAN)
    turn.effects.append(Remind(about, until, at))
    turn.say(
        f"好,{at:%Y} 年 {at.month} 月 {at.day} 日上午我在这里提醒你一次。不想要了点「不用提醒」,或者发「退订」。",
        Choice("不用提醒", f"unremind/{about}"),
    )


def cancel(turn: Turn, about: str) -> None:
    turn.effects.append(DropReminder(about))
    turn.say("好,这一件不提醒了。", notices.TO_MENU)


def speak(turn: Turn, about: str, until: str) -> None:
    """The timer has come: said once, with what holds today; the promise is kept and goes."""
    turn.effects.append(DropReminder(about))
    entry = turn.world.search.knowledge.entries.get(about)
    if entry is None:
        return turn.say("你让我提醒的一项政策已经撤下了,要办之前先打 12333 问问还有没有。", notices.TO_HUMAN)
    sides = [Choice(wording.LABELS[side], f"ask/{about}/{side}") for side in ("where", "papers") if wording.statements(entry, side)]
    turn.say(
        f"你让我提醒:「{entry.title}」按你当时说的,{until} 之后就不符合了。还没办的话,这几天去办。\n{wording.conclusion(entry, turn.today)}",
        Choice("再算一次", f"mine/{about}"),
        *sides,
        notices.TO_HUMAN,
    )
