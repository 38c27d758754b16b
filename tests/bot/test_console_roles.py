"""Every page of the console × every role × what belongs to somebody else: open exactly as the table of pages says, and what is refused changes
nothing. A page whose path names a thing needs an example here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import pytest
from sqlalchemy import select, update

from bot import broadcast, revisions
from bot.app import App
from bot.web.console import staff
from bot.web.console.gate import Page
from bot.web.console.pages import PAGES
from knowledge.cases import Case
from knowledge.clinic import slots
from knowledge.db import Base
from knowledge.ledger import record as ledger
from knowledge.postings import proven, store
from tests.bot.test_clinic import Person, book, hour, numbers, take
from tests.bot.test_console import OF, PEOPLE, Browser, enrol, light, record, talker
from tests.bot.test_console_lists import JOBS, send

__all__ = ["light"]
Things = dict[str, str]
OPEN = (200, 303, 400, 409, 415)
"""What somebody who may is told, be it that the form lacks something."""
PASSING = {"audit", "staff_session", "login_try", "policy_index"}
"""Tables in which a refusal may leave something, and one that is large and made from others."""
SKIPPED = {("POST", "/logout"), ("POST", "/password")}
"""Would end the session, or ask for the password; open to everybody who has one."""


@dataclass(frozen=True, slots=True)
class Example:
    """`whose`: `own`: of one member of the staff and of administrators; `held`: in the hands of one alone; `all`: of the office."""

    whose: Literal["own", "held", "all"]
    path: str
    form: Things = field(default_factory=dict)


EXAMPLES = {
    "/cases/{number:int}": Example("own", "/cases/{case}"),
    "/cases/{number:int}/answer": Example("own", "/cases/{case}/answer", {"text": "在人才中心", "once": "one"}),
    "/cases/{number:int}/give": Example("own", "/cases/{case}/give", {"to": "{display}"}),
    "/cases/{number:int}/back": Example("own", "/cases/{case}/back"),
    "/cases/{number:int}/keep": Example("own", "/cases/{case}/keep", {"to": "SUB-02", "asked": "档案放哪", "answer": "在人才中心"}),
    "/cases/{number:int}/close": Example("own", "/cases/{case}/close"),
    "/cases/{number:int}/fraud": Example("own", "/cases/{case}/fraud", {"company": "众信服务部"}),
    "/people/{number:int}": Example("own", "/people/{record}"),
    "/people/{number:int}/reply": Example("own", "/people/{record}/reply", {"text": "周五来", "once": "two"}),
    "/people/{number:int}/back": Example("own", "/people/{record}/back"),
    "/people/{number:int}/services": Example("own", "/people/{record}/services", {"kind": "guidance"}),
    "/people/{number:int}/calls": Example("own", "/people/{record}/calls", {"way": "电话", "result": "联系上了"}),
    "/people/{number:int}/contact": Example("own", "/people/{record}/contact", {"phone": "13900000007"}),
    "/people/{number:int}/family": Example("own", "/people/{record}/family"),
    "/people/{number:int}/steps": Example("own", "/people/{record}/steps", {"what": "改简历"}),
    "/people/{number:int}/steps/{step:int}/done": Example("own", "/people/{record}/steps/{step}/done"),
    "/people/{number:int}/notes": Example("own", "/people/{record}/notes", {"text": "在备考"}),
    "/people/{number:int}/destination": Example("own", "/people/{record}/destination", {"destination": "待就业"}),
    "/broadcasts/{number:int}": Example("all", "/broadcasts/{broadcast}"),
    "/broadcasts/{number:int}/try": Example("all", "/broadcasts/{broadcast}/try", {"once": "three"}),
    "/broadcasts/{number:int}/results.xlsx": Example("all", "/broadcasts/{broadcast}/results.xlsx"),
    "/broadcasts/{number:int}/change": Example("all", "/broadcasts/{broadcast}/change", {"f_place": "图书馆"}),
    "/broadcasts/{number:int}/{action}": Example("all", "/broadcasts/{broadcast}/cancel", {"sure": "yes"}),
    "/knowledge/drafts/{number:int}": Example("all", "/knowledge/drafts/{draft}"),
    "/knowledge/drafts/{number:int}/approve": Example("all", "/knowledge/drafts/999/approve"),  # a real one takes seconds: see the policies
    "/knowledge/drafts/{number:int}/discard": Example("all", "/knowledge/drafts/{draft}/discard"),
    "/knowledge/{key}": Example("all", "/knowledge/SUB-02", {"answer": ""}),
    "/knowledge/{key}/restore": Example("all", "/knowledge/SUB-02/restore"),
    "/postings/frauds/{number:int}": Example("all", "/postings/frauds/{fraud}"),
    "/postings/{number:int}": Example("all", "/postings/{posting}", {"title": "前台"}),
    "/postings/{number:int}/{action}": Example("all", "/postings/{posting}/refuse"),
    "/lists/{token}": Example("held", "/lists/{token}", {"column0": "title"}),
    "/lists/{token}/take": Example("held", "/lists/{token}/take"),
    "/lists/{token}/report.xlsx": Example("held", "/lists/{taken}/report.xlsx"),
    "/clinic/hours/{number:int}/withdraw": Example("own", "/clinic/hours/{slot}/withdraw"),
    "/clinic/bookings/{number:int}": Example("own", "/clinic/bookings/{booking}", {"outcome": "kept"}),
    "/clinic/{number:int}": Example("held", "/clinic/{review}"),
    "/clinic/{number:int}/take": Example("held", "/clinic/{review}/take"),
    "/clinic/{number:int}/remark": Example("held", "/clinic/{review}/remark", {"text": "写出节省了多少"}),
    "/clinic/{number:int}/answer": Example("held", "/clinic/{review}/answer", {"text": "看完了"}),
    "/clinic/{number:int}/back": Example("held", "/clinic/{review}/back"),
    "/accounts/{number:int}/switch": Example("all", "/accounts/{account}/switch", {"active": "0"}),
}
FORMS: dict[str, Things] = {"/lists": {"kind": "postings"}}
"""Of paths that name nothing, where an empty form is answered like a refusal."""


@pytest.fixture
def office(app: App) -> tuple[App, dict[str, Browser], dict[str, Things]]:
    """Somebody of each role at the desk; a teacher and an expert with all that can be theirs, and what is everybody's."""
    enrol(app, *PEOPLE)
    browsers = {name: Browser(app) for name in PEOPLE}
    for name, browser in browsers.items():
        assert browser.login(name).status_code == 303
    things = {name: everybodys(app) if name == "boss" else Things() for name in ("boss", "li", "pro")}
    for days, name in enumerate(("li", "pro"), 3):
        things[name] = things["boss"] | {"display": PEOPLE[name]} | asked(app, name) | clinic(app, name, days)
    lists = [
        send(browsers["li"], "postings", JOBS, "岗位.csv", source).headers["location"].removeprefix("/console/lists/") for source in ("甲", "乙")
    ]
    assert browsers["li"].post(f"/lists/{lists[1]}/take").status_code == 200
    things["li"] |= {"token": lists[0], "taken": lists[1]}
    with app.database.reading() as connection:
        things["boss"]["posting"] = str(store.listed(connection, "held", 1)[0]["id"])
    return app, browsers, things


def everybodys(app: App) -> Things:
    kind = {"type": "通知", "title": "元旦值班", "fields": {"text": "元旦三天都有人值班。"}, "audience": {"everyone": True}}
    told = revisions.edited(app, "SUB-02", ["review_by=2027-03-01"], "李老师").summary
    with app.database.writing() as connection:
        fraud, _ = proven.confirm(connection, app.seal, "加微信 zhaopin8888 交会员费", "", "李老师", app.clock.now())
        account = next(row["id"] for row in staff.listed(connection) if row["name"] == "eye")
    found = {"broadcast": broadcast.written(app, kind, "李老师"), "fraud": fraud, "account": account}
    draft = re.search(r"第 (\d+) 版", told)
    assert draft
    return {name: str(number) for name, number in found.items()} | {"draft": draft[1]}


def asked(app: App, name: str) -> Things:
    """A case; of a teacher also the student who asked, with a step of their plan."""
    person, found = talker(app, name, "人工", "想问问档案的事"), Things()
    if OF[name] == "teacher":
        number = record(app, f"{name} 的学生", PEOPLE[name], person)
        plan = partial(ledger.plan, record_id=number, what="改简历", owner=PEOPLE[name], due=None)
        found = {"record": str(number), "step": str(app.inbox.write(plan).result(10))}
    with app.database.writing() as connection:
        case = connection.execute(select(Case.id).where(Case.graduate_id == person)).scalar_one()
        if OF[name] == "expert":
            connection.execute(update(Case).where(Case.id == case).values(owner=PEOPLE[name]))
    return found | {"case": str(case)}


def clinic(app: App, name: str, days: int) -> Things:
    """A résumé in their hands, and an hour of theirs that is booked."""
    person, waiting = Person(app, f"{name} 的人"), set(numbers(app))
    person.submit()
    [review] = set(numbers(app)) - waiting
    take(app, review, PEOPLE[name])
    slot = hour(app, days, PEOPLE[name])
    book(person, slot)
    with app.database.reading() as connection:
        booking = next(row["booking"] for row in slots.listed(connection, app.clock.now()) if row["id"] == slot)
    return {"review": str(review), "slot": str(slot), "booking": str(booking)}


def asks(things: dict[str, Things]) -> Iterator[tuple[Page, str, Things, str, bool]]:
    """A page, its address, the form, who asks, and whether they may."""
    for page in PAGES:
        if (page.method, page.path) in SKIPPED:
            continue
        example = EXAMPLES[page.path] if "{" in page.path else Example("all", page.path, FORMS.get(page.path, {}))
        for owner in ("boss",) if example.whose == "all" else ("li", "pro"):
            if not set(re.findall(r"\{(\w+)\}", example.path)) <= set(things[owner]):
                continue  # an expert has no students and brings in no lists
            path = example.path.format(**things[owner])
            form = {name: said.format(**things[owner]) for name, said in example.form.items()}
            for name, role in sorted(OF.items(), key=lambda one: one[0] != owner):  # before an administrator who answers a case takes it over
                theirs = example.whose == "all" or name == owner or (example.whose == "own" and role == "admin")
                yield page, path, form, name, role in page.roles and theirs


def contents(app: App) -> dict[str, list[str]]:
    with app.database.reading() as connection:
        tables = [table for table in Base.metadata.sorted_tables if table.name not in PASSING]
        return {table.name: sorted(str(tuple(row)) for row in connection.execute(select(table))) for table in tables}


def test_every_page_is_open_to_the_roles_of_the_table_and_what_is_anothers_to_nobody(
    office: tuple[App, dict[str, Browser], dict[str, Things]],
) -> None:
    app, browsers, things = office
    words = {name: re.search(r'name="csrf" value="(\w+)"', browser.get("/password").text) for name, browser in browsers.items()}

    def status(name: str, page: Page, path: str, form: Things) -> int:
        word = words[name]
        assert word
        return (browsers[name].get(path) if page.method == "GET" else browsers[name].post(path, csrf=word[1], **form)).status_code

    every, before = list(asks(things)), contents(app)
    wrong: list[Any] = []
    for page, path, form, name, may in every:
        if not may:
            got = status(name, page, path, form)
            if got != 403 if OF[name] not in page.roles else got not in ((404,) if page.method == "GET" else (404, 409)):
                wrong.append((name, page.method, path, got))
    stranger = Browser(app)
    for page, path in dict.fromkeys((page, path) for page, path, *_ in every):
        got = (stranger.get(path) if page.method == "GET" else stranger.post(path, csrf="0")).status_code
        if got != (303 if page.method == "GET" else 401):
            wrong.append(("nobody", page.method, path, got))
    assert wrong == []
    assert [name for name, rows in contents(app).items() if rows != before[name]] == [], "a refusal changes nothing"
    for page, path, form, name, may in every:
        if may and (got := status(name, page, path, form)) not in OPEN:
            wrong.append((name, page.method, path, got))
    assert wrong == []


def test_every_path_that_names_a_thing_has_its_example() -> None:
    assert set(EXAMPLES) == {page.path for page in PAGES if "{" in page.path}
