"""The pages of figures: the month by college, city, group, cohort or teacher, the same as a workbook, and the audit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import get_args

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot import audit
from bot.web.console.gate import Desk
from bot.web.console.helpdesk import MOST
from knowledge.db import CHINA
from knowledge.ledger import figures
from knowledge.ledger.figures import HEADER, RATES, By, Cell
from knowledge.tables import sheets

BY: dict[By, str] = dict(zip(get_args(By), ("学院", "城市", "群体", "届别", "老师"), strict=True))
AUDITED = 50_000
"""Rows of the audit in one workbook, the newest; older ones are on the page."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def chosen(desk: Desk) -> tuple[figures.Month, By]:
    said = desk.asked("month")
    by: By = next((key for key in BY if key == desk.asked("by")), "college")
    try:
        first = date.fromisoformat(f"{said}-01") if said else desk.app.clock.today().replace(day=1)
    except ValueError as error:
        raise HTTPException(400, "月份写成 2026-11 这样。") from error
    return figures.Month(first), by


def rows(desk: Desk, month: figures.Month, by: By) -> list[tuple[str, list[Cell]]]:
    """Small numbers are hidden before anything else sees them."""
    with desk.app.database.reading() as connection:
        return figures.hidden(figures.figures(connection, month, by))


def cohort(desk: Desk) -> Response:
    month, by = chosen(desk)
    found = rows(desk, month, by)
    whole = dict(zip(HEADER, found[0][1], strict=True))
    people = whole["人数"] if isinstance(whole["人数"], int) else 0
    names = (HEADER[1], HEADER[2], "1131 已完成", *RATES)
    bars = [(name, whole[name], round(100 * value / people) if isinstance(value := whole[name], int) and people else 0) for name in names]
    return desk.show("cohort", month=f"{month.first:%Y-%m}", by=by, BY=BY, header=HEADER, rows=found, bars=bars)


def export(desk: Desk) -> Response:
    month, by = chosen(desk)
    head = (f"{month.first:%Y-%m}", *HEADER)
    book = [head, *((name, *cells) for name, cells in rows(desk, month, by))]
    desk.write(lambda connection: desk.note(connection, "导出月报", f"{month.first:%Y-%m} {BY[by]}"))
    return workbook(f"report-{month.first:%Y-%m}", f"{month.first:%Y-%m} 月报", book)


def workbook(name: str, title: str, table: Iterable[Sequence[object]]) -> Response:
    """A table as a file to keep; what a table program would take for a formula is text."""
    return Response(sheets({title: table}), media_type=XLSX, headers={"content-disposition": f'attachment; filename="{name}.xlsx"'})


def audited(desk: Desk) -> Response:
    who = desk.asked("who")
    with desk.app.database.reading() as connection:
        found = audit.page(connection, desk.asked_number("before"), who, MOST + 1)
    desk.looked("操作记录", len(found[:MOST]), {"谁": who})
    return desk.show("audit", rows=found[:MOST], header=audit.HEADER, who=who, more=found[MOST - 1]["id"] if len(found) > MOST else None)


def export_audit(desk: Desk) -> Response:
    who = desk.asked("who")
    with desk.app.database.reading() as connection:
        found = audit.page(connection, None, who, AUDITED)
    desk.write(lambda connection: desk.note(connection, "导出操作记录", who, new=f"{len(found)} 条"))
    lines = ((f"{row['at'].astimezone(CHINA):%Y-%m-%d %H:%M:%S}", *(row[name] for name in audit.SAID)) for row in found)
    return workbook("audit", "操作记录", [audit.HEADER, *lines])
