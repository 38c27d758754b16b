"""The list of people: found by name or number and by what staff sort them by, and the same rows as a workbook. One person's file is in `files`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Connection, String, cast, exists, select
from starlette.responses import Response

from bot.web.console import scope
from bot.web.console.gate import Desk
from bot.web.console.helpdesk import MOST
from bot.web.console.report import workbook
from dialogs.place import Conversation
from knowledge import people
from knowledge.ledger import destinations, papers
from knowledge.ledger.record import Record
from knowledge.profile import GROUPS

NOWHERE, APART = "没填", "没连上"
SILENT = {"14": "14 天没说话", "30": "30 天没说话", "60": "60 天没说话", APART: "没连上对话"}
NAMES = {
    "q": "姓名", "college": "学院", "destination": "去向", "group": "群体", "city": "城市", "cohort": "届", "owner": "责任人", "silent": "联系",
}  # fmt: skip
"""What the list can be asked for, and how the audit calls it."""


def listed(desk: Desk) -> Response:
    chosen = {name: desk.asked(name) for name in NAMES}
    columns = (Record.id, Record.name, Record.student_no, Record.college, Record.cohort, Record.destination, Record.owner)
    query = select(*columns).where(*conditions(desk, chosen), Record.id > (desk.asked_number("after") or 0)).order_by(Record.id).limit(MOST + 1)
    with desk.app.database.reading() as connection:
        rows = connection.execute(query).mappings().all()
        colleges = connection.execute(select(Record.college).where(scope.records(desk.who), Record.college != "").distinct()).scalars().all()
        places = [each["name"] for each in destinations.listed(connection)]
    desk.looked("学生", len(rows[:MOST]), plain(chosen))
    return desk.show(
        "people",
        rows=rows[:MOST],
        chosen=chosen,
        address=urlencode({name: said for name, said in chosen.items() if said}),
        colleges=sorted(colleges),
        places=[NOWHERE, *places],
        groups=GROUPS,
        silent=SILENT,
        more=rows[MOST - 1]["id"] if len(rows) > MOST else None,
    )


def export(desk: Desk) -> Response:
    """Identity numbers stay masked; who is in it can see that it was taken."""
    chosen = {name: desk.asked(name) for name in NAMES}
    with desk.app.database.reading() as connection:
        around = papers.held(connection, desk.app.clock.today())
        rows = connection.execute(select(Record.__table__).where(*conditions(desk, chosen)).order_by(Record.id)).mappings().all()
    book = [papers.FORM, *(papers.form(row, around, desk.app.seal, numbers=False) for row in rows)]

    def noted(connection: Connection) -> None:
        people.log_accesses(connection, [row["graduate_id"] for row in rows if row["graduate_id"]], desk.who.display, "导出名单", desk.now)
        desk.note(connection, "导出名单", "、".join(f"{name}={said}" for name, said in plain(chosen).items()), "", f"{len(rows)} 人")

    desk.write(noted)
    return workbook("people", "名单", book)


def plain(chosen: dict[str, str]) -> dict[str, str]:
    """What was chosen, for the audit: not whose name was looked for."""
    return {NAMES[name]: "…" if name == "q" else said for name, said in chosen.items() if said}


def conditions(desk: Desk, chosen: dict[str, str]) -> Iterator[ColumnElement[bool]]:
    yield scope.records(desk.who)
    said = chosen["q"]
    if said:
        match = Record.name.startswith(said, autoescape=True) | (Record.student_no == said)
        yield match | (Record.id == int(said)) if said.isascii() and said.isdecimal() and len(said) < 10 else match
    for name, column in (("college", Record.college), ("city", Record.city), ("owner", Record.owner)):
        if chosen[name]:
            yield column == chosen[name]
    if chosen["destination"]:
        yield Record.destination == ("" if chosen["destination"] == NOWHERE else chosen["destination"])
    if chosen["group"] in GROUPS:
        yield cast(Record.groups, String).contains(json.dumps(chosen["group"]), autoescape=True)  # as it stands within the stored list
    if (cohort := desk.asked_number("cohort")) and cohort < 3000:
        yield Record.cohort == cohort
    if chosen["silent"] == APART:
        yield Record.graduate_id.is_(None)
    elif chosen["silent"] in SILENT:
        since = desk.now - timedelta(days=int(chosen["silent"]))
        heard = exists().where(Conversation.graduate_id == Record.graduate_id, Conversation.last_in_at >= since)
        yield Record.graduate_id.is_not(None) & ~heard
