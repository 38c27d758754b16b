"""What staff change in a person's file: a number that was wrong, who looks after them."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import insert, select

from bot import silence
from bot.app import App
from bot.audit import Audit
from dialogs.messages import Inbound
from knowledge.db import Base
from knowledge.ledger import contact, intake, sharing
from knowledge.ledger.record import FollowUp, Record
from knowledge.ledger.sharing import Family
from knowledge.people import Access
from knowledge.tables import comma, read
from tests.bot.test_console import Browser, come, light, record, talker

__all__ = ("come", "light")
ID = "11010119900307803X"


def silent(app: App) -> dict[str, tuple[str, str]]:
    with app.database.reading() as connection:
        return {one.name: (one.why, one.next) for one in silence.listed(connection, app.clock.now())}


def called(app: App, number: int, result: str) -> None:
    with app.database.writing() as connection:
        contact.called(connection, number, result, "王老师", app.clock.today())


def bring(app: App, *rows: tuple[str, ...]) -> intake.Imported:
    table = read(comma([("学号", "姓名", "院校", "手机号"), *rows]))
    return intake.bring_in(app.database, app.seal, table, "名单", {}, app.clock.now())


def one(app: App, query: Any) -> Any:
    with app.database.reading() as connection:
        return connection.execute(query).scalar_one()


def test_a_number_that_was_wrong_is_changed_and_called_again(any_app: App, come: Callable[..., Browser]) -> None:
    number = record(any_app, "赵一", "王老师", phone="13800000001", destination="待就业")
    refused = record(any_app, "钱二", "王老师", phone="13800000002", destination="待就业")
    wang, path = come("wang"), f"/people/{number}/contact"
    called(any_app, number, "号码不对")
    called(any_app, refused, "不愿联系")
    called(any_app, refused, "号码不对")
    assert silent(any_app) == {"赵一": ("号码不对", "向学院、同学要新号码")}
    assert "手机号要 11 位数字，现在是 3 位" in wang.post(path, phone="139").text
    assert wang.post(path, phone="+86 139-0000-0001").status_code == 303
    assert wang.post(f"/people/{refused}/contact", phone="13900000002").status_code == 303
    assert silent(any_app) == {"赵一": ("换了新号码，还没打过", "打电话")}
    assert 'href="tel:13900000001"' in wang.get("/calls").text
    with any_app.database.reading() as connection:
        told = connection.execute(select(Audit.old, Audit.new).where(Audit.what == "改手机号", Audit.target == f"台账 {number}")).one()
    assert tuple(told) == ("*******0001", "*******0001")
    called(any_app, number, "没人接")
    assert silent(any_app)["赵一"] == ("没连上对话", "打电话")
    assert Browser(any_app).post(path, phone="13900000009").status_code in (401, 403)


def test_only_an_administrator_gives_somebody_to_another_teacher(any_app: App, come: Callable[..., Browser]) -> None:
    number = record(any_app, "赵一", "外聘老师", phone="13800000001")
    path, boss = f"/people/{number}/contact", come("boss")
    page = boss.get(f"/people/{number}").text
    assert "<option selected>外聘老师</option>" in page
    assert "张专家" not in page[page.index('id="owner" name="owner"') :].partition("</select>")[0]
    assert "负责老师请从名单里选" in boss.post(path, owner="张专家").text
    assert boss.post(path, owner="王老师").status_code == 303
    wang = come("wang")
    assert 'id="owner"' not in wang.get(f"/people/{number}").text
    assert wang.post(path, owner="李老师").status_code == 403
    assert one(any_app, select(Record.owner)) == "王老师"
    assert one(any_app, select(Record.phone)) == "13800000001"
    with any_app.database.reading() as connection:
        assert tuple(connection.execute(select(Audit.old, Audit.new).where(Audit.what == "改负责老师")).one()) == ("外聘老师", "王老师")


def test_a_list_brings_a_new_number_and_not_the_wrong_one_again(any_app: App) -> None:
    old, new = ("1", "赵一", "测试大学", "13800000001"), ("1", "赵一", "测试大学", "13900000002")
    bring(any_app, old)
    number = one(any_app, select(Record.id))
    called(any_app, number, "号码不对")
    bring(any_app, new)
    assert silent(any_app) == {"赵一": ("换了新号码，还没打过", "打电话")}
    [line] = bring(any_app, old).lines
    assert (line.outcome, line.why) == ("same", "手机号是打不通、已经换掉的那个,没有改回去")
    assert one(any_app, select(Record.phone)) == "13900000002"
    assert one(any_app, select(FollowUp.note).where(FollowUp.result == contact.NEW_NUMBER)) == "原来的尾号 0001"


def says(app: App, handle: str, *said: str) -> str:
    """What is answered to the last."""
    for text in said:
        app.clock.advance(timedelta(seconds=1))
        parts = app.accept(Inbound(f"web::{handle}", f"m{app.clock.now().timestamp()}", "text", text, app.clock.now())).result(20).parts
    return str(parts)


def everywhere(app: App) -> str:
    """All rows of all tables."""
    with app.database.reading() as connection:
        return str([connection.execute(select(table)).all() for table in Base.metadata.sorted_tables])


def test_the_family_is_called_only_with_a_yes_that_can_be_taken_back(any_app: App, come: Callable[..., Browser]) -> None:
    person = talker(any_app, "zhao", "你好")
    number = record(any_app, "赵一", "王老师", person, phone="13800000001", destination="待就业")
    assert "尾号 5678" in says(any_app, "zhao", "家校联系", "同意", "139 1234 5678")
    assert "13912345678" not in everywhere(any_app)
    assert "139 1234 5678" not in everywhere(any_app)
    any_app.clock.advance(timedelta(days=61))
    called(any_app, number, "号码不对")
    assert silent(any_app) == {"赵一": ("号码不对", "打家里电话（本人同意过）")}
    wang, path = come("wang"), f"/people/{number}/family"
    assert "13912345678" not in wang.get("/calls").text + wang.get(f"/people/{number}").text
    assert 'href="tel:13912345678"' in wang.post(path).text
    assert come("li").post(path).status_code == 404
    assert come("pro").post(path).status_code == 403
    with any_app.database.reading() as connection:
        assert connection.execute(select(Audit.target, Audit.new).where(Audit.what == "看家庭电话")).all() == [(f"台账 {number}", "")]
        assert connection.execute(select(Access.who).where(Access.what == "看家庭电话")).scalars().all() == ["王老师"]
    assert "13912345678" in says(any_app, "zhao", "导出")
    assert "删掉了" in says(any_app, "zhao", "别联系我家里")
    assert silent(any_app) == {}, "they spoke"
    any_app.clock.advance(timedelta(days=61))
    assert silent(any_app) == {"赵一": ("号码不对", "向学院、同学要新号码")}
    wang.login("wang")
    assert "没有同意联系家里" in wang.post(path).text
    rows = [("学号", "姓名", "院校", "家庭联系电话", "同意家校联系"), ("赵一", "赵一", "测试大学", "13912345678", "是")]
    intake.bring_in(any_app.database, any_app.seal, read(comma(rows)), "名单", {}, any_app.clock.now())
    assert silent(any_app)["赵一"][1] == "向学院、同学要新号码", "a list does not bring back what they took back"


def test_who_erases_themselves_takes_the_familys_number_along(any_app: App) -> None:
    record(any_app, "赵一", "王老师", talker(any_app, "zhao", "你好"), destination="待就业")
    says(any_app, "zhao", "家校联系", "同意", "13912345678", "服务接续", "同意")
    assert one(any_app, select(Record.handover)) == "yes"
    says(any_app, "zhao", "注销", "确认注销")
    with any_app.database.reading() as connection:
        assert sharing.opened(connection, any_app.seal, [one(any_app, select(Record.id))]) == {}
    assert one(any_app, select(Record.handover)) == ""


def test_a_number_from_before_is_sealed_at_the_next_start(app: App, sqlite_url: str) -> None:
    number = record(app, "赵一", "王老师")
    with app.database.writing() as connection:
        connection.execute(insert(Family).values(record_id=number, sealed=b"13912345678", by="名单", at=app.clock.now()))
    again = App(app.settings, app.clock, app.search)
    assert "13912345678" not in everywhere(again)
    with again.database.reading() as connection:
        assert sharing.opened(connection, again.seal, [number]) == {number: "13912345678"}
    again.close()


def test_only_who_agrees_is_handed_over_to_the_city_where_they_live(any_app: App, come: Callable[..., Browser]) -> None:
    person = talker(any_app, "zhao", "你好")
    record(
        any_app,
        "=赵一",
        "王老师",
        person,
        city="贵阳市观山湖区",
        destination="待就业",
        id_sealed=any_app.seal.close(ID),
        id_digest=any_app.seal.digest(ID),
    )
    record(any_app, "钱二", "王老师", city="贵阳", destination="", handover="list", cohort=2026)
    for name, more in (("孙三", {}), ("李四", {"handover": "no"}), ("周五", {"handover": "list", "destination": "研究生"})):
        record(any_app, name, "王老师", **{"city": "贵阳", "destination": "待就业", **more})
    record(any_app, "吴六", "王老师", destination="待就业", handover="list")
    boss = come("boss")
    assert "<b>贵阳</b> 1 人" in boss.get("/handover").text
    says(any_app, "zhao", "服务接续", "同意")
    page = boss.get("/handover").text
    assert "<b>贵阳</b> 2 人" in page
    assert "还有 1 人同意了" in page
    assert "<b>贵阳</b> 1 人" in boss.get("/handover?area=观山湖").text

    def taken(**form: str) -> list[tuple[Any, Any]]:
        book = load_workbook(io.BytesIO(boss.post("/handover", **form).content))
        return [(row[1], row[2]) for row in book["名单"].iter_rows(min_row=2, values_only=True)]

    assert taken(city="贵阳") == [("'=赵一", "*" * 14 + "803X"), ("钱二", None)]
    assert taken(city="贵阳", cohort="2026") == [("钱二", None)]
    for wrong in ({"city": "贵阳", "area": "云岩"}, {"city": "拉萨"}, {"city": "没有填"}, {}, {"city": "贵阳", "cohort": "二零"}):
        assert boss.post("/handover", **wrong).status_code == 400, wrong
    with any_app.database.reading() as connection:
        assert connection.execute(select(Access.who).where(Access.what == "移交给贵阳人社")).scalars().all() == ["管理员甲"]
        assert connection.execute(select(Audit.target, Audit.new).where(Audit.what == "移交人社")).all() == [("贵阳", "2 人"), ("贵阳", "1 人")]
    says(any_app, "zhao", "撤回服务接续")
    bring(any_app, ("=赵一", "=赵一", "测试大学", ""))
    assert "<b>贵阳</b> 1 人" in boss.get("/handover").text
    assert come("wang").get("/handover").status_code == 403
