"""A teacher's answer takes the conversation over: what the person then writes is the teacher's until it is handed back, over a restart too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.app import App
from bot.audit import Audit
from bot.config import Clock
from bot.delivery import Delivery
from dialogs import notices
from dialogs.place import Conversation
from dialogs.typography import chinese
from knowledge import cases
from knowledge.cases import Case
from knowledge.policy.search import PolicySearch
from tests.bot.test_console import Browser, come, enrol, light, record
from tests.bot.test_duty import LI, STUDENT, Office
from tests.conftest import TODAY, settings_for

__all__ = ["come", "light"]
ANSWERABLE = "我自己交社保能领补贴吗"
DAY = timedelta(days=1)


class Visitor:
    """Somebody in the web chat, as their browser talks to it."""

    def __init__(self, app: App) -> None:
        self.page, self.number = Browser(app, "10.0.0.9"), 0
        self.page.ask("GET", "/")

    def say(self, text: str, **more: str) -> list[str]:
        self.number += 1
        answer = self.page.ask("POST", "/chat/messages", json={"id": f"message-{self.number}", "text": text, **more})
        assert answer.status_code == 200, answer.text
        return [part["text"] for message in answer.json()["messages"] for part in message["parts"]]

    def sees(self) -> str:
        return self.page.ask("GET", "/chat/history").text

    def moved(self, app: App) -> Visitor:
        """The same browser at a program that was started anew."""
        other = Visitor(app)
        other.page.http.cookies, other.number = self.page.http.cookies, self.number
        return other


def one(app: App, column: Any, *where: Any) -> Any:
    with app.database.reading() as connection:
        return connection.execute(select(column).where(*where)).scalars().all()


def reported(app: App, visitor: Visitor) -> int:
    """They ask the machine, and a case that is no handover is open beside it."""
    assert visitor.say(ANSWERABLE)
    [person], [key] = one(app, Conversation.graduate_id), one(app, Conversation.key)

    def work(connection: Connection) -> int:
        return cases.open_case(connection, person, key, "scam", "有人收到可疑信息:刷单返现", app.clock.now())

    return int(app.inbox.write(work).result(10))


@pytest.fixture
def again(any_app: App, url: str, search: PolicySearch) -> Iterator[Callable[[], App]]:
    """Starts the program once more on the same database; the first is stopped."""
    started: list[App] = []

    def start() -> App:
        any_app.close()
        started.append(App(settings_for(url), Clock(TODAY), search))
        return started[-1]

    yield start
    for app in started:
        app.close()


def test_an_answer_to_a_case_takes_the_conversation_until_it_is_closed(any_app: App, come: Callable[..., Browser], again: Callable[[], App]) -> None:
    visitor, boss = Visitor(any_app), come("boss")
    case = reported(any_app, visitor)
    assert "只回这一句" in boss.get(f"/cases/{case}").text
    assert boss.post(f"/cases/{case}/answer", text="先别转账", once="a").status_code == 303
    assert "管理员甲：先别转账" in visitor.sees()
    assert visitor.say(ANSWERABLE) == [chinese(notices.WITH_STAFF)], "said once: they did not ask for a teacher"
    assert visitor.say("已经转了两百") == []
    assert "本人又说话了" in boss.get("/").text
    page = boss.get(f"/cases/{case}").text
    assert "已经转了两百" in page
    assert "机器人不答" in page
    assert one(any_app, Case.owner, Case.id == case) == ["管理员甲"]
    app = again()
    visitor, boss = visitor.moved(app), Browser(app)
    boss.login("boss")
    assert visitor.say("我自己交社保能领多少钱") == []
    assert boss.post(f"/cases/{case}/answer", text="打 96110", once="b").status_code == 303
    assert visitor.say("好") == []
    assert boss.post(f"/cases/{case}/close").status_code == 303
    assert "老师这边办完了" in visitor.sees()
    assert "离校 2 年" in visitor.say(ANSWERABLE)[0]
    assert one(app, Conversation.mode) == ["bot"]
    assert len(one(app, Delivery.id, Delivery.kind == "staff")) == 2


def test_only_one_sentence_leaves_the_conversation_with_the_machine(any_app: App, come: Callable[..., Browser]) -> None:
    visitor, boss = Visitor(any_app), come("boss")
    case = reported(any_app, visitor)
    assert boss.post(f"/cases/{case}/answer", text="先别转账", once="a", stay="bot").status_code == 303
    assert "离校 2 年" in visitor.say(ANSWERABLE)[0]
    boss.post(f"/cases/{case}/answer", text="再等等", once="b")
    assert "对话交还机器人" in boss.get(f"/cases/{case}").text
    assert boss.post(f"/cases/{case}/back").status_code == 303
    assert one(any_app, Case.closed_at) == [None]
    assert "离校 2 年" in visitor.say(ANSWERABLE)[0]
    assert "对话交还机器人" in one(any_app, Audit.what)


def test_words_from_the_page_of_a_person_take_it_over_and_open_one_case(any_app: App, come: Callable[..., Browser]) -> None:
    visitor, wang = Visitor(any_app), come("wang")
    visitor.say("你好")
    [person] = one(any_app, Conversation.graduate_id)
    path = f"/people/{record(any_app, '赵一', '王老师', person)}"
    for once in ("a", "a", "b"):
        assert wang.post(f"{path}/reply", text="周五来聊聊", once=once).status_code == 303
    assert visitor.sees().count("王老师：周五来聊聊") == 2
    assert visitor.say("周五几点") == [chinese(notices.WITH_STAFF)]
    assert (one(any_app, Case.kind), one(any_app, Case.owner)) == (["handover"], ["王老师"])
    assert "本人又说话了" in wang.get("/").text
    assert wang.post(f"{path}/back").status_code == 303
    assert one(any_app, Case.closed_at) != [None], "it was answered"
    assert "离校 2 年" in visitor.say(ANSWERABLE)[0]
    wang.post(f"{path}/reply", text="记得带身份证", once="c", stay="bot")
    assert "离校 2 年" in visitor.say(ANSWERABLE)[0]
    assert len(one(any_app, Case.id)) == 1


def test_the_person_may_go_back_themselves_and_the_bot_comes_back_after_a_silent_day(any_app: App, come: Callable[..., Browser]) -> None:
    visitor, boss = Visitor(any_app), come("boss")
    case = reported(any_app, visitor)
    boss.post(f"/cases/{case}/answer", text="先别转账", once="a")
    assert visitor.say("结束人工") == [chinese(notices.BACK_FROM_HUMAN)]
    assert "离校 2 年" in visitor.say(ANSWERABLE)[0]
    boss.post(f"/cases/{case}/answer", text="还在吗", once="b")
    visitor.say("在")
    any_app.clock.advance(DAY)
    any_app.sweep()
    assert chinese(notices.HANDOVER_LATE) in visitor.sees()
    assert "离校 2 年" in visitor.say(ANSWERABLE)[0]
    assert one(any_app, Case.closed_at) == [None]
    visitor.say("转人工")
    assert come("boss").post(f"/cases/{case}/close").status_code == 303
    assert one(any_app, Conversation.mode) == ["human"], "they asked for a teacher meanwhile, who is still to answer"


def test_on_duty_in_a_chat_an_answer_takes_it_over_and_a_tap_gives_it_back(any_app: App) -> None:
    office = Office(any_app)
    enrol(any_app)
    office.begin(LI, "李老师")
    office.say(STUDENT, "我不想活了")
    office.tap(LI, "duty/answer/1/我马上给你打电话")
    assert chinese(notices.WITH_STAFF) in office.say(STUDENT, "好，我等你")
    assert office.told(LI, "notice") == ["求助 1 的本人又说话了。"]
    assert chinese(notices.WITH_STAFF) in office.tap(STUDENT, "go/human"), "a button from before"
    assert chinese(notices.SAFE) in office.tap(STUDENT, "go/safe")
    assert "12356" in office.say(STUDENT, "我现在就要跳楼"), "danger to life is answered at once, whoever has the conversation"
    assert "交还给机器人" in office.tap(LI, "duty/back/1")
    assert office.one(Conversation.mode, Conversation.key == STUDENT) == ["bot"]
    assert "已经在机器人那里" in office.tap(LI, "duty/back/1")
    assert "老师这边办完了，我接着在。有事直接说。" in office.told(STUDENT, "notice")
