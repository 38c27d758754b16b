"""The demo office: the same school on both databases and every time, the books balance, every page is alive and says that it is invented."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from bot import delivery, demo, silence
from bot.app import App
from bot.web.console.pages import PAGES
from knowledge.cases import Case
from knowledge.ledger.record import Record
from knowledge.policy import revisions
from knowledge.policy.questions import OpenQuestion
from knowledge.postings import store
from tests.bot.test_console import Browser


@pytest.fixture
def office(any_app: App) -> App:
    demo.fill(any_app)
    any_app.demo = demo.PASSWORD
    return any_app


def test_the_office_is_alive_and_nothing_is_left_to_send(office: App) -> None:
    with office.database.reading() as connection:
        books = delivery.books(connection)
        assert books["open"] == 0
        assert books["planned"] == sum(books[state] for state in delivery.FINAL)
        held = store.counts(connection)
        assert held["held"] == 3
        assert held["live"] > 100
        assert connection.execute(select(func.count()).select_from(Record)).scalar_one() == 300
        assert connection.execute(select(func.count()).select_from(Case)).scalar_one() >= 5
        assert connection.execute(select(func.count()).where(Case.kind == "crisis")).scalar_one() == 1
        assert connection.execute(select(func.count()).select_from(OpenQuestion)).scalar_one() >= 5
        assert len(silence.listed(connection, office.clock.now())) > 30


def test_every_page_answers_each_role_and_says_that_it_is_invented(office: App) -> None:
    for name, (display, role) in demo.ACCOUNTS.items():
        browser = Browser(office, f"10.0.1.{len(name)}")
        assert demo.PASSWORD in browser.get("/login").text
        assert browser.login(name, demo.PASSWORD).status_code == 303
        for page in PAGES:
            skipped = page.path.endswith(".xlsx") or "{token}" in page.path or page.path in ("/clinic/{number:int}", "/broadcasts/new")
            if page.method == "GET" and role in page.roles and not skipped and (role == "admin" or "/cases/" not in page.path):
                path = page.path.replace("{number:int}", str(first(office, page.path, display))).replace("{key}", "SUB-02")
                answer = browser.get(path)
                assert answer.status_code == 200, (name, page.path)
                assert "演示数据" in answer.text


def first(app: App, path: str, display: str) -> int:
    """Something of the first kind that this role may see."""
    if path.startswith("/people"):
        with app.database.reading() as connection:
            query = select(Record.id).order_by(Record.id)
            own = connection.execute(query.where(Record.owner == display)).scalars().first()
            return int(own or connection.execute(query).scalars().first() or 0)
    if path.startswith("/knowledge"):
        with app.database.reading() as connection:
            return int(revisions.drafts(connection)[0]["id"])
    return 1


def test_the_same_day_gives_the_same_office(app: App, sqlite_url: str, tmp_path: Any) -> None:
    def names(of: App) -> list[Any]:
        demo.fill(of)
        with of.database.reading() as connection:
            return list(connection.execute(select(Record.name, Record.destination, Record.groups, Record.owner).order_by(Record.id)).all())

    other = App(app.settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/other.db"}), app.clock, app.search)
    assert names(app) == names(other)
    other.close()


def test_in_earnest_no_page_says_so(any_app: App) -> None:
    assert not re.search("演示", Browser(any_app).get("/login").text)
