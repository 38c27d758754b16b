"""The list to call off: who has gone silent without a place, why, and the next rung; the result of a call is noted on the spot. As a workbook too."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.responses import Response

from bot import silence
from bot.silence import Silent
from bot.web.console import scope
from bot.web.console.gate import Desk
from bot.web.console.report import workbook
from knowledge.ledger import contact, sharing
from knowledge.people import log_accesses

SHOWN = 100


def found_by(desk: Desk) -> tuple[int, list[Silent]]:
    """Since how many days, and who."""
    asked = desk.asked_number("days")
    days = asked if asked in silence.DAYS else 30
    with desk.app.database.reading() as connection:
        return days, silence.listed(connection, desk.now, days, scope.records(desk.who))


def listed(desk: Desk) -> Response:
    """Opening it is a reading of everybody's file that is on it."""
    days, found = found_by(desk)
    shown = found[:SHOWN]
    people = [one.person for one in shown if one.person]
    desk.write(lambda connection: log_accesses(connection, people, desk.who.display, "看失联名单", desk.now))
    desk.looked("失联", len(shown), {"天数": str(days)})
    return desk.show("calls", rows=shown, total=len(found), days=days, DAYS=silence.DAYS, results=contact.RESULTS)


def export(desk: Desk) -> Response:
    """All of them, with their numbers; who is in it can see that it was taken."""
    days, found = found_by(desk)
    with desk.app.database.reading() as connection:
        homes = sharing.opened(connection, desk.app.seal, [one.record for one in found if one.family])

    def noted(connection: Connection) -> None:
        log_accesses(connection, [one.person for one in found if one.person], desk.who.display, "导出失联名单", desk.now)
        log_accesses(connection, [one.person for one in found if one.person and one.record in homes], desk.who.display, sharing.READ, desk.now)
        desk.note(connection, "导出失联名单", f"{days} 天", new=f"{len(found)} 人")

    desk.write(noted)
    return workbook("calls", f"{days} 天没消息", silence.rows(found, homes))
