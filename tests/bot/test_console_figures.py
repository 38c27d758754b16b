"""Figures and lists of the console: small numbers, the same on the page and in the workbook, who was taken home is written down."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from bot import services
from bot.app import App
from bot.audit import Audit
from bot.broadcast import draft
from bot.delivery import finish, plan, row_of
from dialogs.messages import Say
from knowledge.ledger import figures
from knowledge.ledger.record import settle
from knowledge.people import Access
from tests.bot.test_console import Browser, come, light, record, talker
from tests.conftest import TODAY

__all__ = ["come", "light"]


def test_figures_hide_small_numbers_and_the_export_is_written_down(any_app: App, come: Callable[..., Browser]) -> None:
    for number in range(7):
        record(any_app, f"=SUM({number})", "王老师", college="=HYPERLINK(1)" if number < 6 else "小学院", destination="待就业")
    viewer, boss = come("eye"), come("boss")
    page = viewer.get("/cohort?month=2026-11").text
    assert "小学院" not in page
    assert viewer.get("/cohort?month=x").status_code == 400
    book = viewer.get("/cohort/report.xlsx?month=2026-11&by=college")
    sheet = load_workbook(BytesIO(book.content)).active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert "2026-11 学院" in boss.get("/audit?who=只看者").text


def test_the_list_of_people_is_sorted_out_and_taken_as_a_workbook(any_app: App, come: Callable[..., Browser]) -> None:
    app = any_app
    silent = talker(app, "quiet", "你好")
    app.clock.advance(timedelta(days=40))
    record(app, "赵一", "王老师", silent, college="文学院", groups=["低保边缘"], city="成都", cohort=2026)
    record(app, "孙三", "王老师", talker(app, "loud", "你好"), college="文学院", groups=["低保"], destination="签劳动合同形式就业")
    record(app, "=1+1", "王老师", college="理学院")
    record(app, "周五", "李老师", college="文学院")
    browser = come("wang")

    def who(query: str) -> set[str]:
        return set(re.findall(r"<b>([^<]+)</b> \S", browser.get(f"/people?{query}").text))

    assert who("") == {"赵一", "孙三", "=1+1"}
    assert who("college=文学院") == {"赵一", "孙三"}
    assert who("group=低保") == {"孙三"}
    assert who("group=低保边缘&cohort=2026&city=成都") == {"赵一"}
    assert who("destination=没填") == {"赵一", "=1+1"}
    assert who("silent=30") == {"赵一"}
    assert who("silent=没连上") == {"=1+1"}
    assert who("silent=nonsense&cohort=x") == {"赵一", "孙三", "=1+1"}
    book = load_workbook(BytesIO(browser.get("/people/list.xlsx?silent=没连上").content)).active
    assert book is not None
    rows = list(book.iter_rows(values_only=True))
    assert len(rows) == 2
    assert "=1+1" not in rows[1]  # nothing in it is a formula
    browser.get("/people/list.xlsx?silent=30")
    with app.database.reading() as connection:
        assert "导出名单" in connection.execute(select(Access.what).where(Access.graduate_id == silent)).scalars().all()
        assert connection.execute(select(func.count()).where(Audit.what == "导出名单")).scalar_one() == 2


def test_the_page_and_the_workbook_show_the_same(any_app: App, come: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch) -> None:
    """And no page looks through the deliveries itself: the sweeper does, some at a time, and the page says how late it may be."""
    monkeypatch.setattr(services, "CHUNK", 4)
    people = [talker(any_app, f"p{number}", "你好") for number in range(6)]
    for number, person in enumerate(people):
        record(any_app, f"甲{number}", "王老师", person, college="文学院")
    now = any_app.clock.now()
    with any_app.database.writing() as connection:
        policy = draft(connection, "补贴", [], {"reach": "SUB-02"}, "王老师", now)
        rows = [row_of(f"broadcast|{policy}|web::p{n}", f"web::p{n}", "broadcast", [Say("补贴")], now) | {"broadcast_id": policy} for n in range(6)]
        finish(connection, plan(connection, rows), now)
    eye = come("eye")

    def both() -> tuple[list[str], list[str]]:
        page = eye.get("/cohort?month=2026-11").text
        assert "一分钟左右后算进服务数" in page
        cells = re.findall(r"<td>(.*?)</td>", page.partition("现在没消息的</h2>")[0])
        sheet = load_workbook(BytesIO(eye.get("/cohort/report.xlsx?month=2026-11&by=college").content)).active
        assert sheet is not None
        return cells, [str(cell) for row in sheet.iter_rows(min_row=2, min_col=2, values_only=True) for cell in row]

    page, book = both()
    assert page == book
    assert services.advance(any_app) == 6
    later, book = both()
    assert later == book != page
    assert book.count("6") > page.count("6")


def test_the_silent_are_counted_by_rung_and_small_numbers_are_in_no_picture(any_app: App, come: Callable[..., Browser]) -> None:
    app = any_app
    for number in range(6):
        record(app, f"文{number}", "王老师", college="文学院")
    talkers = [talker(app, f"s{number}", "你好") for number in range(12)]
    app.clock.advance(timedelta(days=20))
    heard = [talker(app, f"l{number}", "你好") for number in range(5)]
    for number, person in enumerate(talkers[:6]):
        record(app, f"理{number}", "王老师", person, college="理学院")
    workers = [record(app, f"工{number}", "王老师", person, college="工学院") for number, person in enumerate((*talkers[6:], *heard))]
    with app.database.writing() as connection:
        for number in workers[-2:]:
            settle(connection, number, "签劳动合同形式就业", "王老师", app.clock.now())
    record(app, "孤", "王老师", college="小学院")
    eye, boss = come("eye"), come("boss")
    page = eye.get("/cohort?by=college").text
    table = page.partition("现在没消息的</h2>")[2]
    lines = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', table)
    cells = {name: re.findall("<td>(.*?)</td>", row) for name, row in lines}
    assert cells["理学院"] == ["6", "6", "6", "0", "0", "0", "0", "0"]
    assert cells["全部"] == ["24", "19", "12", "0", "0", "7", "0", "0"]
    assert "小学院" not in page
    assert "文学院" not in cells, "with the single one of the other, lest it be known"
    pictures = dict(re.findall(r"<figcaption>(.*?)(?: · 按学院)?</figcaption><svg[^>]*>(.*?)</svg>", page))
    assert set(pictures) == {"全部", "连上对话（核对过学校登记）", "本月联系或服务到", "1131 已完成", "去向落实", "现在没消息的"}
    drawn = dict(re.findall(r'<text x="0"[^>]*>(.*?)</text>.*?<text x="248"[^>]*>(.*?)</text>', pictures["去向落实"]))
    assert drawn["工学院"] == "&lt;5"
    assert ">2 (" not in pictures["去向落实"]
    assert "6 (100%)" in pictures["现在没消息的"]
    book = load_workbook(BytesIO(eye.get("/cohort/silent.xlsx?by=college").content)).active
    assert book is not None
    assert [[str(cell) for cell in row] for row in book.iter_rows(min_row=2, values_only=True)] == [[name, *row] for name, row in cells.items()]
    assert "导出没消息的人数" in boss.get("/audit?who=只看者").text
    assert all(eye.get(f"/cohort?by={by}&month=2026-10").status_code == 200 for by in ("city", "group", "cohort"))


def test_a_destination_that_is_no_longer_in_the_list_counts_as_none(app: App) -> None:
    number = record(app, "赵一", "王老师")
    with app.database.writing() as connection:
        settle(connection, number, "旧的去向", "王老师", app.clock.now())
        found = dict(figures.figures(connection, figures.Month(TODAY.replace(day=1))))
    assert found["全部"][figures.HEADER.index("去向没填")] == 1
