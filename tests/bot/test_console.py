"""The staff console as a browser meets it: who may open what, forms that are not ours, sessions, guessing, answering."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection, func, insert, select, update

from bot.app import App
from bot.audit import Audit
from bot.config import Oidc
from bot.delivery import Delivery
from bot.web.app import create
from bot.web.console import staff
from bot.web.console.pages import OPEN, PAGES, open_pages
from bot.web.console.staff import LoginTry, Staff
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge.cases import Case
from knowledge.db import Database, now
from knowledge.ledger import record as ledger
from knowledge.ledger.record import FollowUp, Record
from knowledge.people import Access, Graduate, Membership
from tests.conftest import Run

URL = "http://bulixian.test"
WORD = "correct horse battery"
PEOPLE = {"boss": "管理员甲", "wang": "王老师", "li": "李老师", "pro": "张专家", "eye": "只看者"}
OF = {"boss": "admin", "wang": "teacher", "li": "teacher", "pro": "expert", "eye": "viewer"}


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with little work: half a second a login is for strangers, not for tests."""
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1024),))
    monkeypatch.setattr(staff, "passwords", hasher)
    monkeypatch.setattr(staff, "DUMMY", hasher.hash("nobody"))


def enrol(app: App, *names: str) -> None:
    def work(connection: Connection) -> None:
        for name in names:
            staff.add(connection, name, PEOPLE[name], OF[name], staff.hashed(WORD), app.clock.now())
        connection.execute(update(Staff).values(fresh=False))

    app.inbox.write(work).result(10)


def record(app: App, name: str, owner: str, person: str | None = None, **more: Any) -> int:
    row = {"name": name, "school": "测试大学", "student_no": name, "owner": owner, "source": "测试", "groups": [], "graduate_id": person, **more}
    row |= {"created_at": app.clock.now(), "updated_at": app.clock.now()}
    made: int = app.inbox.write(lambda connection: connection.execute(insert(Record).values(row).returning(Record.id)).scalar_one()).result(10)
    return made


def talker(app: App, handle: str, *said: str) -> str:
    """Somebody who wrote in the web chat. Returns the graduate's id."""
    for number, text in enumerate(said):
        app.accept(Inbound(f"web::{handle}", f"message-{number}", "text", text, app.clock.now())).result(20)
    with app.database.reading() as connection:
        return connection.execute(select(Conversation.graduate_id).where(Conversation.key == f"web::{handle}")).scalar_one()


class Browser:
    def __init__(self, app: App, address: str = "10.0.0.1") -> None:
        self.app = app
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(create(app), client=(address, 1)), base_url=URL, trust_env=False, timeout=20)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self.http.request(method, path, **more))

    def get(self, path: str) -> httpx.Response:
        return self.ask("GET", f"/console{path}")

    def post(self, path: str, origin: str | None = URL, csrf: str | None = None, **fields: str) -> httpx.Response:
        if csrf is None:
            found = re.search(r'name="csrf" value="(\w+)"', self.get("/password").text or "") or re.search(
                r'name="csrf" value="(\w+)"', self.get("/login").text
            )
            csrf = found[1] if found else ""
        headers = {"origin": origin} if origin else {}
        return self.ask("POST", f"/console{path}", data={"csrf": csrf, **fields}, headers=headers)

    def login(self, name: str, password: str = WORD) -> httpx.Response:
        return self.post("/login", name=name, password=password)


@pytest.fixture
def come(any_app: App) -> Callable[..., Browser]:
    enrol(any_app, *PEOPLE)

    def of(name: str, address: str = "10.0.0.1") -> Browser:
        browser = Browser(any_app, address)
        assert browser.login(name).status_code == 303
        return browser

    return of


@pytest.fixture
def office(app: App) -> tuple[App, dict[str, int]]:
    """王老师 and 李老师 with a student each who asked for a teacher; one case belongs to nobody's student."""
    enrol(app, *PEOPLE)
    numbers = {}
    for name, student in (("wang", "赵一"), ("li", "钱二"), ("nobody", "")):
        person = talker(app, name, "人工", "想问问档案的事")
        if student:
            number = numbers[f"record {name}"] = record(app, student, PEOPLE[name], person)
            numbers[f"step {name}"] = app.inbox.write(partial(ledger.plan, record_id=number, what="改简历", owner=PEOPLE[name], due=None)).result(10)
        with app.database.reading() as connection:
            numbers[f"case {name}"] = connection.execute(select(Case.id).where(Case.graduate_id == person)).scalar_one()
    return app, numbers


def test_pages_that_are_in_no_table_are_refused(any_app: App, come: Callable[..., Browser]) -> None:
    browser = come("boss")
    assert [browser.get(path).status_code for path in ("/nothing", "/cases/../../etc/passwd", f"/cases/{2**70}", "/%2e%2e/x")] == [404] * 4
    assert {page.path for page in OPEN} == {page.path for page in open_pages(any_app)} == {"/login"}
    any_app.settings.oidc, any_app.settings.public_url = Oidc(issuer="https://sso.test", client_id="bulixian"), URL
    assert {(page.method, page.path) for page in open_pages(any_app)} - {(page.method, page.path) for page in OPEN} == {
        ("GET", "/oidc"),
        ("GET", "/oidc/back"),
    }
    assert all(page.roles for page in PAGES)


def test_a_stranger_is_sent_to_the_login_and_a_session_that_ended_is_dead(any_app: App, come: Callable[..., Browser]) -> None:
    browser = come("wang")
    stolen = browser.http.cookies["bulixian_staff"]
    assert browser.get("/").status_code == 200
    assert browser.post("/logout").headers["location"] == "/console/login"
    thief = Browser(any_app)
    thief.http.cookies.set("bulixian_staff", stolen, domain="bulixian.test", path="/console")
    assert thief.get("/").headers["location"] == "/console/login"
    again = come("wang")
    any_app.clock.advance(staff.IDLE + timedelta(minutes=1))
    assert again.get("/").headers["location"] == "/console/login"


def test_a_closed_account_is_out_at_once_and_one_administrator_stays(any_app: App, come: Callable[..., Browser]) -> None:
    boss, wang = come("boss"), come("wang")
    with any_app.database.reading() as connection:
        numbers = {row["name"]: row["id"] for row in staff.listed(connection)}
    assert boss.post(f"/accounts/{numbers['wang']}/switch", active="0", sure="yes").status_code == 303
    assert wang.get("/").status_code == 303
    assert Browser(any_app).login("wang").status_code == 403
    assert "至少要留一位管理员" in boss.post(f"/accounts/{numbers['boss']}/switch", active="0", sure="yes").text


def test_forms_of_others_are_refused_and_written_down(any_app: App, come: Callable[..., Browser]) -> None:
    browser = come("boss")
    new = {"name": "evil", "role": "admin"}
    wrong: list[dict[str, Any]] = [
        {"origin": "http://evil.test"},
        {"origin": None},
        {"origin": "null"},
        {"csrf": "0" * 64},
        {"csrf": ""},
        {"csrf": "中"},
    ]
    assert [browser.post("/accounts", **kind, **new).status_code for kind in wrong] == [403] * len(wrong)
    huge = browser.ask("POST", "/console/accounts", content=b"csrf=" + b"a" * 10_000_000, headers={"origin": URL})
    assert huge.status_code == 403
    with any_app.database.reading() as connection:
        assert not connection.execute(select(Staff.id).where(Staff.name == "evil")).first()
        assert connection.execute(select(func.count()).select_from(Audit).where(Audit.what.like("被拒%"))).scalar_one() == len(wrong) + 1
    assert browser.post("/accounts", name="evil", role="root").status_code == 400


def test_guessing_is_braked_by_name_and_by_address_for_all_processes(any_app: App) -> None:
    enrol(any_app, "wang", "li")
    said = [Browser(any_app, "10.0.1.1").login("wang", "wrong").status_code for _ in range(staff.BY_PAIR + 1)]
    assert said == [403] * staff.BY_PAIR + [429]
    assert Browser(any_app, "10.0.1.1").login("wang").status_code == 429
    assert Browser(any_app, "10.0.1.1").login("li").status_code == 303, "an office behind one address"
    assert Browser(any_app).login("wang").status_code == 303, "a stranger keeps nobody out"
    with any_app.database.writing() as connection:
        everywhere = [{"name": staff.digest("li"), "address": f"10.1.0.{n}", "at": any_app.clock.now()} for n in range(staff.BY_NAME)]
        connection.execute(insert(LoginTry), everywhere)
    assert Browser(any_app).login("li").status_code == 429
    with any_app.database.writing() as connection:
        staff.forgive(connection, "li")
    with any_app.database.writing() as connection:
        connection.execute(insert(LoginTry), [{"name": b"x", "address": "10.0.2.1", "at": any_app.clock.now()}] * staff.BY_ADDRESS)
    assert Browser(any_app, "10.0.2.1").login("li").status_code == 429
    any_app.clock.advance(staff.WINDOW + timedelta(seconds=1))
    assert Browser(any_app, "10.0.2.1").login("wang").status_code == 303


def test_a_one_time_password_must_be_changed_first(any_app: App) -> None:
    enrol(any_app, "boss")
    boss = Browser(any_app)
    boss.login("boss")
    made = boss.post("/accounts", name="new", display="新老师", role="teacher").text
    once = re.search(r"<code>(.+?)</code>", made)
    assert once
    fresh = Browser(any_app)
    fresh.login("new", once[1])
    assert fresh.get("/cases").headers["location"] == "/console/password"
    assert fresh.post("/password", old=once[1], new="short", again="short").status_code == 400
    assert fresh.post("/password", old=once[1], new=WORD, again=WORD).headers["location"] == "/console/"
    assert fresh.get("/cases").status_code == 200
    with any_app.database.reading() as connection:
        held = connection.execute(select(Staff.password).where(Staff.name == "new")).scalar_one()
    assert held.startswith("$argon2id$")


def test_what_was_written_stands_on_the_page_while_the_database_is_away(office: tuple[App, dict[str, int]]) -> None:
    app, numbers = office
    browser = Browser(app)
    browser.login("wang")
    written = {"text": "档案在人才中心", "once": "x"}
    csrf = re.search(r'name="csrf" value="(\w+)"', browser.get("/password").text)
    assert csrf
    with app.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE delivery RENAME TO away")
    told = browser.post(f"/cases/{numbers['case wang']}/answer", csrf=csrf[1], **written)
    assert (told.status_code, "过一会儿再试" in told.text, "档案在人才中心" in told.text) == (503, True, True)
    assert csrf[1] not in told.text.partition("<main")[2]
    with app.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO delivery")
    assert browser.post(f"/cases/{numbers['case wang']}/answer", csrf=csrf[1], **written).status_code == 303


def test_an_answer_reaches_the_person_once_and_is_written_down(office: tuple[App, dict[str, int]]) -> None:
    app, numbers = office
    browser = Browser(app)
    browser.login("wang")
    number = numbers["case wang"]
    page = browser.get(f"/cases/{number}").text
    assert "想问问档案的事" in page
    assert "本人 11-22 09:00" in page
    once = re.search(r'name="once" value="([\w-]+)"', page)
    assert once
    for _ in range(2):
        assert browser.post(f"/cases/{number}/answer", text="档案在人才中心，电话13800138000", once=once[1]).status_code == 303
    assert browser.post(f"/cases/{number}/close").status_code == 303
    with app.database.reading() as connection:
        said = connection.execute(select(Delivery.parts).where(Delivery.conversation == "web::wang", Delivery.kind == "staff")).scalars().all()
        assert [parts[0]["text"] for parts in said] == ["王老师：档案在人才中心，电话13800138000"]
        case = connection.execute(select(Case.owner, Case.closed_at).where(Case.id == number)).one()
        assert case.owner == "王老师"
        assert case.closed_at
        assert connection.execute(select(Conversation.mode).where(Conversation.key == "web::wang")).scalar_one() == "bot"
        assert "查看求助" in connection.execute(select(Access.what).order_by(Access.id)).scalars().all()[0]
        audited = connection.execute(select(Audit.what, Audit.new)).all()
    assert ("回复求助", "21 字") in [tuple(row) for row in audited]
    assert "13800138000" not in str(audited)


def test_what_people_write_is_text_on_the_page(office: tuple[App, dict[str, int]]) -> None:
    app, numbers = office
    talker(app, "li", "<script>alert(1)</script>")
    app.accept(Inbound("web::li", "message-9", "text", "<img src=x onerror=alert(1)>", app.clock.now())).result(20)
    browser = Browser(app)
    browser.login("li")
    page = browser.get(f"/cases/{numbers['case li']}")
    assert "<img src=x" not in page.text
    assert "&lt;img src=x" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert page.headers["cache-control"] == "no-store"


def test_today_names_whom_to_call_and_only_ones_own(office: tuple[App, dict[str, int]]) -> None:
    app, _ = office
    record(app, "孙三", "王老师")
    record(app, "周四", "李老师")
    placed = record(app, "吴五", "王老师", destination="签劳动合同形式就业")
    row = {
        "record_id": placed,
        "on": date(2026, 11, 1),
        "way": "电话",
        "by": "王老师",
        "reached": True,
        "note": "说月底再看",
        "next_on": date(2026, 11, 20),
    }
    app.inbox.write(lambda connection: connection.execute(insert(FollowUp).values(row))).result(10)
    browser = Browser(app)
    browser.login("wang")
    page = browser.get("/").text
    silent = page.split('id="silent"')[1]
    assert "孙三" in silent
    assert "吴五" not in silent
    assert "说月底再看" in page.split('id="calls"')[1].split('id="silent"')[0]
    assert "周四" not in page
    assert "钱二" not in page
    assert "赵一" not in silent  # wrote today


def test_a_case_given_to_an_expert_is_theirs_to_see(office: tuple[App, dict[str, int]]) -> None:
    app, numbers = office
    number = numbers["case nobody"]
    expert, boss = Browser(app), Browser(app)
    expert.login("pro")
    boss.login("boss")
    assert expert.get(f"/cases/{number}").status_code == 404
    assert boss.post(f"/cases/{number}/give", to="没有的人").status_code == 400
    assert boss.post(f"/cases/{number}/give", to="张专家").status_code == 303
    assert expert.get(f"/cases/{number}").status_code == 200


def test_graduates_are_kept_apart_from_staff(any_app: App, come: Callable[..., Browser]) -> None:
    """The chat's cookie opens nothing here."""
    come("boss")
    browser = Browser(any_app)
    browser.ask("GET", "/")
    assert browser.get("/").status_code == 303
    with any_app.database.reading() as connection:
        assert not connection.execute(select(Graduate.id)).first()


def test_a_file_shows_all_of_ones_own_student_and_takes_notes(office: tuple[App, dict[str, int]]) -> None:
    app, numbers = office
    number = numbers["record wang"]
    browser = Browser(app)
    browser.login("wang")
    with app.database.writing() as connection:
        person = connection.execute(select(Record.graduate_id).where(Record.id == number)).scalar_one()
        connection.execute(insert(Membership).values(graduate_id=person, group="低保", stated_at=app.clock.now()))
    assert "低保" not in browser.get(f"/people/{number}").text  # no consent yet
    with app.database.writing() as connection:
        connection.execute(update(Graduate).where(Graduate.id == person).values(groups_consent_at=app.clock.now()))
    path = f"/people/{number}"
    once = re.search(r'name="once" value="([\w-]+)"', browser.get(path).text)
    assert once
    for _ in range(2):
        assert browser.post(f"{path}/reply", text="周五来办公室聊聊", once=once[1]).status_code == 303
    assert browser.post(f"{path}/back").status_code == 303
    assert browser.post(f"{path}/services", kind="guidance", note="改了简历").status_code == 303
    assert browser.post(f"{path}/services", kind="guidance", on="2027-01-01").status_code == 400
    assert browser.post(f"{path}/calls", way="电话", result="联系上了", note="在备考", next_on="2026-12-01").status_code == 303
    assert browser.post(f"{path}/steps/{numbers['step wang']}/done").status_code == 303
    assert browser.post(f"{path}/steps/{numbers['step li']}/done").status_code == 404
    assert browser.post(f"{path}/destination", destination="待就业", note="本人电话里说的").status_code == 303
    page = browser.get(path).text
    for said in ("低保", "想问问档案的事", "王老师：周五来办公室聊聊", "职业指导 1/1", "岗位推荐 0/3", "在备考", "下次 2026-12-01", "本人电话里说的"):
        assert said in page
    assert page.count("周五来办公室聊聊") == 1
    assert "赵一" in browser.get("/people?q=赵").text
    assert "没有找到" in browser.get("/people?q=钱").text
    with app.database.reading() as connection:
        assert connection.execute(select(Conversation.mode).where(Conversation.key == "web::wang")).scalar_one() == "bot"
        assert {"看档案", "给本人发消息", "记服务", "记联系", "做完一步", "改去向"} <= set(connection.execute(select(Audit.what)).scalars())
        assert "查看档案和对话" in connection.execute(select(Access.what).where(Access.graduate_id == person)).scalars().all()


def test_an_account_is_opened_from_the_command_line(run: Run) -> None:
    made = run("user", "add", "wang", "--role", "teacher", "--display", "王老师")
    assert made.exit_code == 0
    assert len(made.stdout.strip()) >= 16
    again = run("user", "add", "other", "--role", "teacher", "--display", "王老师")
    assert again.exit_code == 1  # two of one name would see each other's students
    assert "王老师" in again.stderr
    assert run("user", "add", "root", "--role", "root").exit_code == 1
    assert run("user", "reset", "nobody").exit_code == 1
    assert run("user", "list").stdout == "wang\t王老师\tteacher\t\n"


def test_a_password_that_is_reset_lifts_the_brake(run: Run, sqlite_url: str) -> None:
    run("user", "add", "wang", "--role", "teacher")

    def braked() -> bool:
        database = Database(sqlite_url)
        with database.writing() as connection:
            found = [staff.braked(connection, "wang", "10.0.0.1", now()) for _ in range(staff.BY_PAIR + 1)]
        database.close()
        return found[0]

    assert not braked()
    assert braked()
    assert run("user", "reset", "wang").exit_code == 0
    assert not braked()
