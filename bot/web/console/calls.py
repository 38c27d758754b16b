"""The list to call off: who has gone silent without a place, why, and the next rung; the result of a call is noted on the spot."""

from __future__ import annotations

from starlette.responses import Response

from bot import silence
from bot.web.console import scope
from bot.web.console.gate import Desk
from knowledge.ledger import contact
from knowledge.people import log_accesses

SHOWN = 100


def listed(desk: Desk) -> Response:
    """Opening it is a reading of everybody's file that is on it."""
    asked = desk.asked_number("days")
    days = asked if asked in silence.DAYS else 30
    with desk.app.database.reading() as connection:
        found = silence.listed(connection, desk.now, days, scope.records(desk.who))
    shown = found[:SHOWN]
    people = [one.person for one in shown if one.person]
    desk.write(lambda connection: log_accesses(connection, people, desk.who.display, "看失联名单", desk.now))
    return desk.show("calls", rows=shown, total=len(found), days=days, DAYS=silence.DAYS, results=contact.RESULTS)
