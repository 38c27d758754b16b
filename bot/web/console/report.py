"""The pages of figures: the month by college, city, group, cohort or teacher, the same as a workbook, and the audit."""

from __future__ import annotations

from datetime import date
from typing import get_args

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.web.console import audit
from bot.web.console.gate import Desk
from bot.web.console.helpdesk import MOST
from knowledge.ledger import figures
from knowledge.ledger.figures import HEADER, RATES, By, Cell
from knowledge.tables import sheets

BY: dict[By, str] = dict(zip(get_args(By), ("学院", "城市", "群体", "届别", "老师"), strict=True))
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
    book = sheets({f"{month.first:%Y-%m} 月报": [head, *((name, *cells) for name, cells in rows(desk, month, by))]})
    desk.write(lambda connection: desk.note(connection, "导出月报", f"{month.first:%Y-%m} {BY[by]}"))
    return Response(book, media_type=XLSX, headers={"content-disposition": f'attachment; filename="report-{month.first:%Y-%m}.xlsx"'})


def audited(desk: Desk) -> Response:
    who = desk.asked("who")
    with desk.app.database.reading() as connection:
        found = audit.page(connection, desk.asked_number("before"), who, MOST + 1)
    return desk.show("audit", rows=found[:MOST], who=who, more=found[MOST - 1]["id"] if len(found) > MOST else None)
