"""The handover to the HR department of a city (部门间服务接续): of those who agree to it and have no place yet, one workbook a city."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.responses import Response

from bot.web.console.gate import Desk
from bot.web.console.report import XLSX
from knowledge.ledger import figures, papers
from knowledge.people import log_accesses
from knowledge.tables import sheets


def choice(said: dict[str, str]) -> papers.Choice:
    """What the form narrows it to; a cohort that is none is nobody's."""
    year = said.get("cohort", "").strip()
    cohort = (int(year) if year.isascii() and year.isdecimal() and len(year) == 4 else -1) if year else None
    return papers.Choice(cohort, agreed=True, area=said.get("area", "").strip()[:40])


def page(desk: Desk, wrong: str = "") -> Response:
    """By city how many agree; nobody is read out."""
    said = desk.form or {name: desk.asked(name) for name in ("cohort", "area")}
    with desk.app.database.reading() as connection:
        found = papers.owed(connection, papers.held(connection, desk.app.clock.today()), choice(said))
    nowhere = len(found.pop(figures.UNSAID, []))
    cities = sorted(((city, len(rows)) for city, rows in found.items()), key=lambda each: (-each[1], each[0]))
    return desk.show("handover", 400 if wrong else 200, cities=cities, nowhere=nowhere, said=said, wrong=wrong)


def export(desk: Desk) -> Response:
    """Identity numbers stay masked, as people were told; each of them can see that it was taken."""
    city = desk.form.get("city", "")

    with desk.app.database.reading() as connection:
        around = papers.held(connection, desk.app.clock.today())
        rows = papers.owed(connection, around, choice(desk.form)).get(city, []) if city != figures.UNSAID else []
        given = list(papers.services(connection, {row["id"] for row in rows}))
    if not rows:
        return page(desk, "这样选没有同意移交的人。" if city else "选一个城市。")
    book = sheets(papers.package(rows, given, around, desk.app.seal, numbers=False))

    def noted(connection: Connection) -> None:
        log_accesses(connection, [row["graduate_id"] for row in rows if row["graduate_id"]], desk.who.display, f"移交给{city}人社"[:120], desk.now)
        desk.note(connection, "移交人社", city, "", f"{len(rows)} 人")

    desk.write(noted)
    return Response(book, media_type=XLSX, headers={"content-disposition": 'attachment; filename="handover.xlsx"'})
