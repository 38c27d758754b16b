"""The console's words with people: a teacher's reply past a channel that was left, a case that is given, a name with a telephone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection, insert, select, update

from bot import allowances
from bot.allowances import Opening
from bot.app import App
from bot.channels.wechat.serve import WeChatAccount
from bot.config import WeChat
from bot.delivery import Delivery
from bot.web.console.staff import DutyChat, Staff
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge.people import Access
from tests.bot.test_console import PEOPLE, Browser, come, enrol, light, record, talker

__all__ = ["come", "light"]


def test_a_reply_goes_past_a_channel_that_was_left_and_the_page_says_where_it_is(any_app: App, come: Callable[..., Browser]) -> None:
    app = any_app
    person = talker(app, "old", "你好")
    number = record(app, "赵一", "王老师", person)
    app.accept(Inbound("telegram:bot:1", "m", "text", "你好", app.clock.now())).result(20)

    def one(connection: Connection) -> None:
        connection.execute(update(Conversation).where(Conversation.key == "telegram:bot:1").values(graduate_id=person, mode="human", memo={}))
        allowances.gone(connection, "telegram:bot:1")

    app.inbox.write(one).result(10)
    browser = come("wang")
    assert browser.post(f"/people/{number}/reply", text="明天打给你", once="a").status_code == 303
    with app.database.reading() as connection:
        assert connection.execute(select(Delivery.conversation).where(Delivery.kind == "staff")).scalars().all() == ["web::old"]
    page = browser.get(f"/people/{number}").text
    assert "还没送到" in page
    assert "老师在聊" in page
    app.inbox.write(lambda connection: connection.execute(update(Delivery).where(Delivery.kind == "staff").values(status="expired"))).result(10)
    page = browser.get(f"/people/{number}").text
    assert "明天打给你" in page
    assert "没送到" in page
    app.inbox.write(lambda connection: allowances.gone(connection, "web::old")).result(10)
    refused = browser.post(f"/people/{number}/reply", text="还在吗", once="b")
    assert refused.status_code == 400
    assert "取关或拉黑" in refused.text


def test_who_is_given_a_case_hears_of_it_where_they_are_on_duty(any_app: App, come: Callable[..., Browser]) -> None:
    app = any_app
    talker(app, "wang", "人工")
    app.carriers = {"wechat:gh": WeChatAccount(app, WeChat(appid="gh", secret="s", token="token"))}  # type: ignore[arg-type]
    app.accept(Inbound("wechat:gh:pro", "m", "text", "你好", app.clock.now())).result(20)

    def on_duty(connection: Connection) -> None:
        number = connection.execute(select(Staff.id).where(Staff.name == "pro")).scalar_one()
        connection.execute(insert(DutyChat).values(conversation="wechat:gh:pro", staff_id=number, since=app.clock.now()))

    app.inbox.write(on_duty).result(10)
    assert "现在发不到你" in come("pro").get("/duty").text
    now = app.clock.now()
    opening = Opening("message", 5, now + timedelta(hours=48))
    app.inbox.write(lambda connection: allowances.opened(connection, [("wechat:gh:pro", (opening,))])).result(10)
    assert "现在发不到你" not in come("pro").get("/duty").text
    assert come("boss").post("/cases/1/give", to="张专家").status_code == 303
    with app.database.reading() as connection:
        told = connection.execute(select(Delivery.parts).where(Delivery.conversation == "wechat:gh:pro", Delivery.kind == "notice")).scalars().all()
    assert [parts[0]["text"] for parts in told] == ["管理员甲把求助 1 交给你了：找老师。"]


def test_who_is_named_on_the_first_page_finds_it_in_the_log(app: App) -> None:
    enrol(app, *PEOPLE)
    silent = talker(app, "quiet", "你好")
    app.clock.advance(timedelta(days=40))
    record(app, "赵一", "王老师", silent, phone="13800138000", cohort=2026)
    browser = Browser(app)
    browser.login("wang")
    assert "赵一" in browser.get("/").text
    with app.database.reading() as connection:
        assert "看失联名单" in connection.execute(select(Access.what).where(Access.graduate_id == silent)).scalars().all()
