"""The pages of figures: the month by college, city, group, cohort or teacher and who is silent by now, drawn and as workbooks, and the audit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import get_args

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot import audit, silence
from bot.web.console.gate import Desk
from bot.web.console.helpdesk import MOST
from knowledge.db import CHINA
from knowledge.ledger import figures
from knowledge.ledger.figures import HEADER, RATES, By, Cell
from knowledge.tables import sheets

BY: dict[By, str] = dict(zip(get_args(By), ("学院", "城市", "群体", "届别", "老师"), strict=True))
LONGEST = 15
"""Bars of one picture, those of the most people."""
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


def quiet(desk: Desk, by: By) -> list[tuple[str, list[Cell]]]:
    """Who has gone silent by now, by the rungs of the ladder, which add up to all of them."""
    with desk.app.database.reading() as connection:
        return figures.hidden(silence.figures(connection, desk.now, by), [range(1, len(silence.FIGURES))])


def cohort(desk: Desk) -> Response:
    month, by = chosen(desk)
    found, silent = rows(desk, month, by), quiet(desk, by)
    names = (HEADER[1], HEADER[2], "1131 已完成", "去向落实", *RATES)
    _, whole = found[0]
    bars = [bar(name, whole[HEADER.index(name)], whole[0]) for name in names]
    plots = {
        "连上对话（核对过学校登记）": picture(found, 1),
        "本月联系或服务到": picture(found, 2),
        "1131 已完成": picture(found, figures.DONE),
        "去向落实": picture(found, figures.PLACED),
        "现在没消息的": picture(silent, 1),
    }
    shown = {"rows": found, "header": HEADER, "silent": silent, "rungs": silence.FIGURES, "bars": bars, "plots": plots, "longest": LONGEST}
    return desk.show("cohort", month=f"{month.first:%Y-%m}", by=by, BY=BY, **shown)


def picture(table: Sequence[tuple[str, list[Cell]]], column: int) -> list[tuple[str, str, int]]:
    """The bars of one figure, drawn from what is shown and from nothing else."""
    largest = sorted(table[1:], key=lambda row: row[1][0] if isinstance(row[1][0], int) else 0, reverse=True)[:LONGEST]
    return [bar(name, cells[column], cells[0]) for name, cells in table if (name, cells) in largest]


def bar(name: str, value: Cell, people: Cell) -> tuple[str, str, int]:
    """Name, number and share in percent; of a hidden number no share."""
    if not isinstance(value, int) or not isinstance(people, int) or not people:
        return name, str(value), 0
    share = round(100 * value / people)
    return name, f"{value} ({share}%)", share


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


def export_silent(desk: Desk) -> Response:
    _, by = chosen(desk)
    today = desk.app.clock.today()
    table = [(f"{today} {BY[by]}", *silence.FIGURES), *((name, *cells) for name, cells in quiet(desk, by))]
    desk.write(lambda connection: desk.note(connection, "导出没消息的人数", BY[by]))
    return workbook(f"silent-{today}", "没消息的", table)


def export_audit(desk: Desk) -> Response:
    who = desk.asked("who")
    with desk.app.database.reading() as connection:
        found = audit.page(connection, None, who, AUDITED)
    desk.write(lambda connection: desk.note(connection, "导出操作记录", who, new=f"{len(found)} 条"))
    lines = ((f"{row['at'].astimezone(CHINA):%Y-%m-%d %H:%M:%S}", *(row[name] for name in audit.SAID)) for row in found)
    return workbook("audit", "操作记录", [audit.HEADER, *lines])
