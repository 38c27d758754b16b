"""Lists brought in by the console: seen before they are taken, broken rows told and given back, nobody else's file, nothing too large."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import httpx
from openpyxl import load_workbook
from sqlalchemy import func, select

from bot import arrivals
from bot.app import App
from bot.arrivals import KeptList
from bot.audit import Audit
from bot.web.console.gate import LIST_BYTES
from knowledge.ledger.record import Record
from knowledge.postings import store
from knowledge.tables import comma
from tests.bot.test_console import URL, Browser, come, light

__all__ = ["come", "light"]
GOOD = "11010119900307803X"
PEOPLE = comma(
    [
        ("姓名", "学号", "身份证号", "住哪", "毕业去向"),
        ("李一", "1001", GOOD, "成都", "待就业"),
        ("=王二", "1002", "", "兰州", ""),
        ("", "1003", "", "", ""),
        ("赵四", "1004", "110101199003078031", "", ""),
        ("孙六", "", "", "", ""),
        ("周七", "1005", "", "贵阳", "三方"),
    ]
)
JOBS = comma([
    ("岗位", "单位", "城市", "薪资", "岗位描述"), ("会计助理", "甲公司", "成都", "5-7千/月", "负责凭证整理,双休五险一金,要求会计专业。"),
    ("打字员兼职", "众信服务部", "成都", "300元/天", "在家打字日结,先交99元会员费开通账号,做满三单返还,加微信领任务。"),
])  # fmt: skip


def send(browser: Browser, kind: str, data: bytes, name: str = "名单.csv", source: str = "2026届") -> httpx.Response:
    found = re.search(r'name="csrf" value="(\w+)"', browser.get("/lists").text)
    fields = {"csrf": found[1] if found else "", "kind": kind, "source": source}
    return browser.ask("POST", "/console/lists", data=fields, files={"file": (name, data)}, headers={"origin": URL})


def test_a_list_is_seen_then_taken_and_the_broken_rows_come_back(any_app: App, come: Callable[..., Browser]) -> None:
    boss = come("boss")
    sent = send(boss, "people", PEOPLE)
    assert sent.status_code == 303
    path = sent.headers["location"].removeprefix("/console")
    page = boss.get(path).text
    assert "新增 3" in page
    assert "没有导入 3" in page
    assert GOOD not in page
    assert "第 4 行" in page
    assert count(any_app) == 0
    columns = {f"column{at}": key for at, key in enumerate(("name", "student_no", "id_number", "city", "destination"))}
    assert boss.post(path, **columns).status_code == 303
    done = boss.post(f"{path}/take").text
    assert "新增 3" in done
    assert count(any_app) == 3
    with any_app.database.reading() as connection:
        assert set(connection.execute(select(Record.city)).scalars()) == {"成都", "兰州", "贵阳"}
        told = dict(connection.execute(select(Audit.what, Audit.new).where(Audit.what.contains("导入"))).all())
    assert (told["开始导入学校或人社的名单"], told["导入学校或人社的名单"][:4]) == ("6 行", "新增 3")
    book = load_workbook(BytesIO(boss.get(f"{path}/report.xlsx").content))
    assert len(list(book["要改的行"].iter_rows())) == 4
    again = send(boss, "people", PEOPLE).headers["location"].removeprefix("/console")
    assert "没变 3" in boss.get(again).text  # the columns are remembered for the source
    assert "没变 3" in boss.post(f"{again}/take").text
    assert count(any_app) == 3


def count(app: App) -> int:
    with app.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(Record)).scalar_one())


def test_postings_are_screened_on_the_way(any_app: App, come: Callable[..., Browser]) -> None:
    wang = come("wang")
    path = send(wang, "postings", JOBS, "岗位.csv", "走访").headers["location"].removeprefix("/console")
    page = wang.get(path).text
    assert "打字员兼职" in page
    assert wang.post(f"{path}/take").status_code == 200
    with any_app.database.reading() as connection:
        assert store.counts(connection) == {"live": 1, "held": 1}
    held = wang.get("/postings").text
    number = re.search(r"/postings/(\d+)/refuse", held)
    assert number
    assert "打字员兼职" in held
    assert "会计助理" not in held
    assert wang.post(f"/postings/{number[1]}/nonsense").status_code == 400
    assert wang.post(f"/postings/{number[1]}/refuse", status="held").status_code == 303
    assert wang.post("/postings/99999/release").status_code == 400
    assert "打字员兼职" not in wang.get("/postings").text
    assert "打字员兼职" in wang.get("/postings?status=refused&q=众信").text
    assert "没有" in wang.get("/postings?status=live&q=众信").text


def test_whose_file_it_is_and_who_may(any_app: App, come: Callable[..., Browser]) -> None:
    boss, wang = come("boss"), come("wang")
    assert send(wang, "people", PEOPLE).status_code == 403
    path = send(boss, "people", PEOPLE).headers["location"].removeprefix("/console")
    assert wang.get(path).status_code == 404
    assert wang.post(f"{path}/take").status_code == 404
    any_app.clock.advance(timedelta(minutes=61))
    assert boss.get(path).status_code == 404
    arrivals.tidy(any_app)
    with any_app.database.reading() as connection:
        assert connection.execute(select(KeptList.id)).first() is None
    send(boss, "people", PEOPLE)
    arrivals.tidy(any_app)
    with any_app.database.reading() as connection:
        rows = connection.execute(select(KeptList.sealed)).scalars().all()
    assert len(rows) == 1
    assert GOOD.encode() not in rows[0]


def test_what_cannot_be_read_is_one_sentence(any_app: App, come: Callable[..., Browser]) -> None:
    boss = come("boss")
    for data, name, status, said in (
        (b"", "a.csv", 400, "还没有选文件"),
        (b"\xd0\xcf\x11\xe0" + b"0" * 600, "a.xls", 400, "另存为 .xlsx"),
        (b"PK\x03\x04broken", "../../etc/a.xlsx", 400, "打不开"),
        (b"x" * (LIST_BYTES + 300_000), "a.csv", 413, "拆成几份"),
    ):
        answer = send(boss, "people", data, name)
        assert answer.status_code == status, name
        assert said in answer.text
        assert "etc" not in answer.text
    with any_app.database.reading() as connection:
        assert connection.execute(select(Audit.target).where(Audit.what == "被拒：文件太大或读不了")).scalars().all() == ["/console/lists"]
    path = send(boss, "people", comma([("甲", "乙"), ("1", "2")])).headers["location"].removeprefix("/console")
    assert "没有找到姓名这一列" in boss.get(path).text


def test_a_strangers_file_is_not_even_read(any_app: App) -> None:
    stranger = Browser(any_app)
    answer = stranger.ask("POST", "/console/lists", data={"kind": "people"}, files={"file": ("a.csv", b"x" * 1000)}, headers={"origin": URL})
    assert answer.status_code == 401
