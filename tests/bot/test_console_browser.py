"""The console in a real browser, on the demo office: what a teacher does in a day, in how many clicks; every page on a phone and a screen,
without overflow, serious faults of accessibility or a request to anybody else. `--rewrite` writes the pictures of README."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, Request, expect
from pydantic import SecretStr
from sqlalchemy import Connection, select, update
from starlette.applications import Starlette

from bot import broadcast, demo
from bot.app import App
from bot.broadcast import Broadcast
from bot.config import Clock, Oidc
from bot.web.console import staff
from bot.web.console.pages import PAGES
from bot.web.console.staff import Role
from knowledge.cases import Case
from knowledge.clinic import queue
from knowledge.clinic.queue import Submission
from knowledge.ledger.record import Record
from knowledge.policy import revisions
from knowledge.policy.search import PolicySearch
from knowledge.tables import comma
from tests.bot.test_browser import chromium, serving
from tests.conftest import TODAY, settings_for
from tests.simulators.oidc import CLIENT, SECRET, Provider, World
from tests.simulators.wechat.serving import listening

__all__ = ["chromium"]
PICTURES = Path(__file__).parents[2] / ".github" / "screenshots"
SIZES = {"phone": (390, 844), "screen": (1280, 900)}
SHOWN = {("/", "phone"), ("/calls", "phone"), ("/people/{number:int}", "screen"), ("/cohort", "screen"), ("/broadcasts/{number:int}", "phone")}
PATIENCE = 75
"""Seconds: an approval rebuilds the index, and the machine may be busy with other tests."""
EXPERT = "陈专家"
CLICKS = 8
"""At most, for each thing a teacher wants done."""


@pytest.fixture(scope="module")
def office(template: Path, search: PolicySearch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    clock = Clock(TODAY)
    clock.advance(timedelta(hours=(4 - clock.now().hour) % 24))
    app = App(settings_for(f"sqlite:///{tmp_path_factory.mktemp('office')}/demo.db"), clock, search)
    demo.fill(app)
    app.demo = demo.PASSWORD
    app.inbox.write(lambda connection: handed(connection, app)).result()
    yield app
    app.close()


def handed(connection: Connection, app: App) -> None:
    """A case and a résumé that are the expert's."""
    case = select(Case.id).where(Case.closed_at.is_(None)).order_by(Case.id.desc()).limit(1).scalar_subquery()
    connection.execute(update(Case).where(Case.id == case).values(owner=EXPERT))
    queue.take(connection, queue.listed(connection, app.clock.now())[0]["number"], EXPERT, app.clock.now())


@pytest.fixture(autouse=True, scope="module")
def patient() -> Iterator[None]:
    expect.set_options(timeout=1000 * PATIENCE)
    yield
    expect.set_options(timeout=5000)


@pytest.fixture(scope="module")
def live(office: App) -> Iterator[Starlette]:
    with serving(office) as web:
        yield web


class Teacher:
    """Somebody at the console; counts clicks."""

    def __init__(self, chromium: Browser, address: str, name: str, size: str = "screen", password: str = demo.PASSWORD) -> None:
        width, height = SIZES[size]
        self.address, self.clicks = address, 0
        self.asked: list[str] = []
        self.page: Page = chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN").new_page()
        self.page.set_default_timeout(1000 * PATIENCE)
        self.page.on("request", self.notice)
        self.page.goto(f"{self.address}/console/login")
        self.page.fill("#name", name)
        self.page.fill("#password", password)
        self.page.click("main button")
        self.page.wait_for_url(lambda url: not url.endswith("/login"))

    def notice(self, request: Request) -> None:
        self.asked.append(request.url)

    def click(self, role: str, name: str) -> None:
        self.clicks += 1
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]

    def menu(self, name: str) -> None:
        self.clicks += 1
        self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()

    def done(self) -> int:
        self.clicks, clicks = 0, self.clicks
        self.page.goto(f"{self.address}/console/")
        return clicks


def visited(somebody: Teacher, office: App, role: Role) -> Iterator[tuple[str, str]]:
    """What somebody of this role opens: the path in the table of pages, and one address of it."""
    with office.database.reading() as connection:
        mine = select(Record.id).where(Record.graduate_id.is_not(None), Record.owner == "王老师").order_by(Record.id)
        person, drafts = connection.execute(mine).scalars().first(), revisions.drafts(connection)
        taught = Case.graduate_id.in_(select(Record.graduate_id).where(Record.owner == "王老师"))
        case = connection.execute(select(Case.id).where(taught if role == "teacher" else Case.owner == EXPERT).limit(1)).scalar_one()
        review = connection.execute(select(Submission.id).where(Submission.owner == EXPERT)).scalar_one()
    numbers = {"people": person, "knowledge": drafts[0]["id"] if drafts else 0, "cases": case, "clinic": review}
    for page in PAGES:
        held = page.path == "/clinic/{number:int}" and role != "expert"  # in one expert's hands
        if page.method != "GET" or role not in page.roles or page.path.endswith(".xlsx") or held or ("drafts" in page.path and not drafts):
            continue
        path = page.path.replace("{number:int}", str(numbers.get(page.path.split("/")[1], 1))).replace("{key}", "SUB-02")
        if "{token}" in path:
            somebody.page.goto(f"{somebody.address}/console/lists")
            people = [("姓名", "学号", "毕业去向"), ("新一", "9101", "待就业"), ("", "9102", "")]
            jobs = [("岗位", "单位", "城市"), ("会计助理", "甲公司", "成都"), ("", "乙公司", "重庆")]
            rows = comma(people if role == "admin" else jobs)
            somebody.page.set_input_files("#file", {"name": "名单.csv", "mimeType": "text/csv", "buffer": rows})
            somebody.click("button", "看一看")
            somebody.page.wait_for_url(lambda url: "/lists/" in url)
            path = somebody.page.url.partition("/console")[2]
        yield page.path, f"{path}?kind=招聘会" if path == "/broadcasts/new" else path


@pytest.mark.parametrize("size", list(SIZES))
def test_every_page_fits_and_shuts_nobody_out(office: App, live: Starlette, chromium: Browser, size: str, request: pytest.FixtureRequest) -> None:
    """The first of this module: its pictures show the office before anybody did something in it."""
    faults, opened = [], set()
    roles: dict[str, Role] = {"admin": "admin", "expert": "expert", "viewer": "viewer"}
    if size == "phone":
        roles["wang"] = "teacher"  # pages of the administrator with less on them
    for name, role in roles.items():
        somebody = Teacher(chromium, live.state.address, name, size)
        for of, path in visited(somebody, office, role):
            opened.add(of)
            answer = somebody.page.goto(f"{somebody.address}/console{path}")
            assert answer
            if request.config.getoption("--rewrite") and role == "admin" and (of, size) in SHOWN:
                PICTURES.mkdir(parents=True, exist_ok=True)
                somebody.page.screenshot(path=PICTURES / f"{of.strip('/').partition('/')[0] or 'today'}.png")
            somebody.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            if not answer.ok or somebody.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"{role} {path} is {answer.status} or too wide")
            found = Axe().run(somebody.page).response["violations"]
            faults += [f"{role} {path} {one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in ("serious", "critical")]
        assert [url for url in somebody.asked if not url.startswith(f"{somebody.address}/")] == []
    assert faults == []
    every = {page.path for page in PAGES if page.method == "GET" and not page.path.endswith(".xlsx")}
    assert every - opened <= {"/knowledge/drafts/{number:int}"}, "its draft may be approved by now"


def test_whom_to_call_and_a_case_answered(live: Starlette, chromium: Browser) -> None:
    wang = Teacher(chromium, live.state.address, "wang")
    wang.menu("联系")
    wang.click("link", "60 天")
    wang.click("button", "记下")
    assert wang.done() <= CLICKS

    wang.menu("求助")
    wang.page.locator(".rows a").first.click()
    wang.page.fill("#text", "明天下午三点在就业中心等你。")
    wang.click("button", "发送")
    expect(wang.page.get_by_text("王老师：明天下午三点在就业中心等你。")).to_be_visible()
    assert wang.done() + 1 <= CLICKS


def test_a_list_with_three_broken_rows(live: Starlette, chromium: Browser, tmp_path: Path) -> None:
    boss = Teacher(chromium, live.state.address, "admin")
    (tmp_path / "名单.csv").write_bytes(
        comma(
            [
                ("姓名", "学号", "毕业去向"),
                ("新一", "9001", "待就业"),
                ("", "9002", ""),
                ("新二", "9003", "三方"),
                ("新三", "", ""),
                ("新四", "9003", ""),
            ]
        )
    )
    boss.menu("导入")
    boss.page.set_input_files("#file", tmp_path / "名单.csv")
    boss.click("button", "看一看")
    expect(boss.page.get_by_text("没有导入 3")).to_be_visible()
    boss.click("button", "导入，有错的行")
    expect(boss.page.get_by_role("status")).to_contain_text("新增 2")
    with boss.page.expect_download() as result:
        boss.click("link", "下载逐行结果")
    assert len(list(load_workbook(BytesIO(Path(result.value.path()).read_bytes()))["要改的行"].iter_rows())) == 4
    assert boss.done() + 1 <= CLICKS


def test_a_broadcast_by_two_people(office: App, live: Starlette, chromium: Browser) -> None:
    wang, li = Teacher(chromium, live.state.address, "wang"), Teacher(chromium, live.state.address, "li")
    wang.menu("群发")
    wang.page.select_option("#kind", "通知")
    wang.click("button", "开始写")
    wang.page.fill("#title", "就业中心元旦值班")
    wang.page.fill("#f_text", "元旦三天都有人值班,电话照常。")
    wang.page.check("input[name=everyone]")
    wang.click("button", "存成草稿")
    expect(wang.page.get_by_text("等另一位老师批准").first).to_be_visible()
    assert wang.done() + 2 <= CLICKS
    li.menu("群发")
    li.click("link", "就业中心元旦值班")
    li.click("button", "批准,发出去")
    expect(li.page.get_by_text("批准以后名单不变")).to_be_visible()
    assert [one["id"] for one in Axe().run(li.page).response["violations"] if one["impact"] in ("serious", "critical")] == []
    li.click("button", "确定，批准，发出去")
    expect(li.page.get_by_text("进度").first).to_be_visible()
    assert li.done() <= CLICKS
    while broadcast.advance(office):
        pass
    li.menu("群发")
    li.click("link", "就业中心元旦值班")
    li.click("button", "暂停")
    expect(li.page.get_by_text("暂停中").first).to_be_visible()
    li.click("button", "接着发")
    expect(li.page.get_by_role("button", name="暂停")).to_be_visible()
    assert li.done() <= CLICKS


def test_a_fair_that_moves_by_two_people_on_the_telephone(office: App, live: Starlette, chromium: Browser) -> None:
    boss, li = Teacher(chromium, live.state.address, "admin", "phone"), Teacher(chromium, live.state.address, "li", "phone")
    boss.menu("群发")
    boss.click("link", "冬季双选会")
    expect(boss.page.get_by_text("七天内来说话").first).to_be_visible()
    boss.page.get_by_text("时间或地点变了").click()
    boss.page.fill("#f_place", "图书馆一楼")
    assert not boss.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert [one["id"] for one in Axe().run(boss.page).response["violations"] if one["impact"] in ("serious", "critical")] == []
    boss.click("button", "存成变更草稿")
    expect(boss.page.get_by_text("→ 图书馆一楼").first).to_be_visible()
    assert not boss.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert boss.done() + 1 <= CLICKS
    li.menu("群发")
    li.click("link", "冬季双选会（变更）")
    li.click("button", "批准,发出去")
    li.click("button", "确定，批准，发出去")
    expect(li.page.get_by_text("进度").first).to_be_visible()
    assert li.done() <= CLICKS
    while broadcast.advance(office):
        pass
    with office.database.reading() as connection:
        moved = connection.execute(select(Broadcast.fields).where(Broadcast.title == "冬季双选会")).scalar_one()
    assert moved["place"] == "图书馆一楼"


def test_a_fair_that_is_not_held_and_an_account_that_is_closed(office: App, live: Starlette, chromium: Browser) -> None:
    boss = Teacher(chromium, live.state.address, "admin", "phone")
    boss.menu("群发")
    boss.page.get_by_role("link", name="冬季双选会").last.click()  # under its change
    boss.click("button", "活动取消")
    expect(boss.page.get_by_text("别去了").first).to_be_visible()
    assert not boss.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    boss.click("link", "先不")
    expect(boss.page.get_by_role("button", name="活动取消")).to_be_visible()
    assert boss.done() <= CLICKS
    boss.menu("账号")
    boss.click("button", "停用 li")
    boss.click("button", "确定，停用")
    expect(boss.page.get_by_role("button", name="启用 li")).to_be_visible()
    boss.click("button", "启用 li")
    assert boss.done() <= CLICKS


def test_a_draft_approved_and_the_month_taken_home(live: Starlette, chromium: Browser) -> None:
    li, boss = Teacher(chromium, live.state.address, "li"), Teacher(chromium, live.state.address, "admin")
    li.menu("知识库")
    li.click("link", "SUB-02")
    li.click("button", "批准，马上生效")
    expect(li.page.get_by_role("status")).to_contain_text("改了 1 条")
    assert li.done() <= CLICKS

    boss.menu("数据")
    with boss.page.expect_download() as month:
        boss.click("link", "导出月报 XLSX")
    sheet = load_workbook(BytesIO(Path(month.value.path()).read_bytes())).active
    assert sheet is not None
    assert int(str(sheet["B2"].value)) >= demo.PEOPLE
    assert boss.done() <= CLICKS


def test_an_expert_answers_and_a_viewer_takes_the_month_home(live: Starlette, chromium: Browser) -> None:
    expert, viewer = (Teacher(chromium, live.state.address, name, "phone") for name in ("expert", "viewer"))
    expert.menu("求助")
    expert.page.locator(".rows a").first.click()
    expert.page.fill("#text", "面试前把公司官网看一遍。")
    expert.click("button", "发送")
    expect(expert.page.get_by_text("陈专家：面试前把公司官网看一遍。")).to_be_visible()
    assert expert.done() + 1 <= CLICKS
    expert.menu("坐诊")
    expert.click("link", "打开")
    expert.page.fill("#text", "把结果写在前面。")
    expert.click("button", "记下这条")
    expert.page.fill("#words", "整体清楚。")
    expert.click("button", "发给本人")
    expect(expert.page.get_by_role("heading", name="坐诊")).to_be_visible()
    assert expert.done() <= CLICKS
    viewer.menu("数据")
    with viewer.page.expect_download() as month:
        viewer.click("link", "导出月报 XLSX")
    assert load_workbook(BytesIO(Path(month.value.path()).read_bytes())).active
    assert viewer.done() <= CLICKS


def test_a_posting_put_right_and_a_city_handed_over(live: Starlette, chromium: Browser) -> None:
    li, boss = Teacher(chromium, live.state.address, "li", "phone"), Teacher(chromium, live.state.address, "admin", "phone")
    li.menu("岗位")
    li.click("link", "在招")
    li.page.locator(".rows a").first.click()
    li.page.fill("#pay", "6-8千/月")
    li.click("button", "存下来")
    expect(li.page.get_by_text("6000–8000 元/月").first).to_be_visible()
    assert li.done() + 1 <= CLICKS
    boss.menu("学生")
    boss.click("link", "移交人社")
    with boss.page.expect_download() as package:
        boss.page.get_by_role("button", name="移交包").first.click()
    assert load_workbook(BytesIO(Path(package.value.path()).read_bytes())).sheetnames == ["名单", "已提供的服务"]
    assert boss.done() + 1 <= CLICKS


def test_the_school_lets_a_teacher_in(app: App, chromium: Browser) -> None:
    """Two sites for the browser, so that it applies to the cookies and to the policy of the page what it does in earnest."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = f"http://127.0.0.1:{port}"
    provider = Provider(World(app.clock.now, back=f"{home}/console/oidc/back"))
    with listening(provider.app) as address:
        provider.world.issuer = f"{address.replace('127.0.0.1', 'localhost')}/realm"
        app.settings.public_url = home
        app.settings.oidc = Oidc(issuer=provider.world.issuer, client_id=CLIENT, client_secret=SecretStr(SECRET))
        with app.database.writing() as connection:
            staff.add(connection, "wang", "王老师", "teacher", staff.one_time()[1], app.clock.now())
        with serving(app, port):
            page = chromium.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN").new_page()
            page.goto(f"{home}/console/")
            assert [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")] == []
            page.get_by_role("link", name="学校统一身份认证").click()
            expect(page.get_by_role("heading", name="今天")).to_be_visible()
            assert page.url == f"{home}/console/"
            page.get_by_role("button", name="退出").click()
            provider.world.user = {"sub": "78", "preferred_username": "nobody"}
            page.get_by_role("link", name="学校统一身份认证").click()
            expect(page.get_by_role("alert")).to_have_text("这个账号还没有开通，请管理员用 bulixian user add 开通。")
            assert [cookie["name"] for cookie in page.context.cookies()] == ["bulixian_staff"]
