"""Carrying out what dialogs about the experts' hours want, in the turn's transaction, and when bookings are to be spoken of."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from dialogs import clinic
from dialogs.effects import Book, CancelBooking, Hours, RemindBooking, ShowBookings, ShowSlots
from dialogs.messages import Choice, Paper, Part, Say
from dialogs.notices import TO_HUMAN, TO_MENU
from dialogs.turn import Turn
from knowledge.clinic import ClinicError, slots

AGAIN = Choice("看别的时间", "open/book")


def carry_out(connection: Connection, turn: Turn, effect: Hours) -> list[Part]:
    person, at, rules = turn.person.graduate_id, turn.now, turn.world.clinic
    try:
        match effect:
            case ShowSlots(moving):
                held = [] if moving else slots.mine(connection, person, at)
                if held:
                    return [clinic.bookings(held)]
                return [clinic.offered(slots.free(connection, at, rules), rules, moving)]
            case Book(slot, about, moving):
                row = slots.book(connection, (person, turn.inbound.conversation), slot, about, at, rules, moving)
                address = calendar(connection, turn, row)
                ics = [] if address else [Paper("预约.ics", "text/calendar", slots.calendar(row, at))]
                return [clinic.booked(row, moved=moving is not None, calendar=address), *ics]
            case CancelBooking(booking):
                row, late = slots.cancel(connection, person, booking, at, rules)
                return [clinic.unbooked(row, rules, late=late)]
            case ShowBookings():
                return [clinic.bookings(slots.mine(connection, person, at))]
            case RemindBooking(booking, hours):
                return remind(connection, turn, booking, hours)
    except ClinicError as error:
        return [Say(str(error), (AGAIN, TO_HUMAN, TO_MENU))]


def calendar(connection: Connection, turn: Turn, row: slots.Row) -> str:
    """The address of the booking as a calendar file, until it is over; empty where it cannot be opened."""
    owner = (turn.person.graduate_id, turn.inbound.conversation)
    if not turn.world.passes.reaches(owner[1]):
        return ""
    until = row["starts_at"] + timedelta(minutes=row["minutes"])
    return turn.world.passes.grant(connection, owner, "calendar", str(row["id"]), turn.now, until)


def remind(connection: Connection, turn: Turn, booking: int, hours: int) -> list[Part]:
    """Said once; not of what was cancelled meanwhile, and not to who unsubscribed."""
    slots.reminded(connection, booking, hours)
    row = slots.held(connection, booking)
    if row is None or row["graduate_id"] != turn.person.graduate_id or turn.place.memo.get("quiet"):
        return []
    return [clinic.reminder(row, hours, calendar(connection, turn, row))]


def due(connection: Connection, now: datetime) -> list[tuple[str, str, str]]:
    """Conversation, message id and text of each reminder that has come."""
    return [(key, f"booking-{booking}-{hours}", f"booking/{booking}/{hours}") for key, booking, hours in slots.due(connection, now)]
