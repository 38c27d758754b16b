"""What staff change in a person's file: a number that was wrong, who looks after them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from bot import silence
from bot.app import App
from bot.web.console.audit import Audit
from knowledge.ledger import contact, intake
from knowledge.ledger.record import FollowUp, Record
from knowledge.tables import comma, read
from tests.bot.test_console import Browser, come, light, record

__all__ = ("come", "light")


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
    assert "手机号要 11 位数字,现在是 3 位" in wang.post(path, phone="139").text
    assert wang.post(path, phone="+86 139-0000-0001").status_code == 303
    assert wang.post(f"/people/{refused}/contact", phone="13900000002").status_code == 303
    assert silent(any_app) == {"赵一": ("换了新号码,还没打过", "打电话")}
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
    assert "张专家" not in page
    assert "负责老师请从名单里选" in boss.post(path, owner="张专家").text
    assert boss.post(path, owner="王老师").status_code == 303
    wang = come("wang")
    assert 'name="owner"' not in wang.get(f"/people/{number}").text
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
    assert silent(any_app) == {"赵一": ("换了新号码,还没打过", "打电话")}
    [line] = bring(any_app, old).lines
    assert (line.outcome, line.why) == ("same", "手机号是打不通、已经换掉的那个,没有改回去")
    assert one(any_app, select(Record.phone)) == "13900000002"
    assert one(any_app, select(FollowUp.note).where(FollowUp.result == contact.NEW_NUMBER)) == "原来的尾号 0001"
