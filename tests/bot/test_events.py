"""想参加: said by a tap or in words, taken back, reminded of a day and an hour before, once, and never after it was called off."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot import broadcast, coming, forgetting, outcomes, planner
from bot.app import App
from bot.delivery import Delivery
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge.db import CHINA

A, B, HELD = "telegram:bot:1", "wechat:gh:2", "telegram:bot:3"


class Office:
    """A fair that two people were told of; `days` and `hours` until it begins, counted from midday in China."""

    def __init__(self, app: App, days: float = 3, kind: str = "招聘会") -> None:
        self.app, self.number = app, 0
        app.clock.advance(timedelta(hours=(4 - app.clock.now().hour) % 24))
        for key in (A, B):
            self.say(key, "你好")
        self.start = app.clock.now() + timedelta(days=days)
        self.fair = self.announced(kind, "冬季双选会", self.start)
        self.say(HELD, "你好")

    def announced(self, kind: str, title: str, start: Any) -> int:
        fields = {"start": start.astimezone(CHINA).isoformat(), "place": "体育馆", "bring": "简历三份"}
        raw = {"type": kind, "title": title, "fields": fields, "audience": {"everyone": True}}
        number = broadcast.written(self.app, raw, "王老师")
        broadcast.approve(self.app, number, "李老师")
        while broadcast.advance(self.app):
            pass
        return number

    def say(self, key: str, text: str, kind: Any = "text") -> str:
        self.number += 1
        parts = self.app.accept(Inbound(key, f"m{self.number}", kind, text, self.app.clock.now())).result(20).parts
        return json.dumps(parts, ensure_ascii=False)

    def tap(self, key: str, value: str) -> str:
        return self.say(key, value, "choice")

    def reminders(self, key: str) -> list[str]:
        with self.app.database.reading() as connection:
            query = select(Delivery.parts).where(Delivery.conversation == key, Delivery.kind == "notice").order_by(Delivery.id)
            return [parts[0]["text"].split("就是")[0] for parts in connection.execute(query).scalars()]

    def at(self, before: timedelta) -> None:
        self.app.clock.advance(self.start - before - self.app.clock.now())
        self.app.sweep()
        self.app.sweep()

    def through(self) -> None:
        for before in (timedelta(days=1), timedelta(hours=12), timedelta(hours=1), timedelta(minutes=5), -timedelta(hours=1)):
            self.at(before)


@pytest.fixture
def office(any_app: App) -> Office:
    return Office(any_app)


def test_an_event_carries_the_choice_and_other_kinds_do_not(office: Office) -> None:
    with office.app.database.reading() as connection:
        parts = connection.execute(select(Delivery.parts).where(Delivery.broadcast_id == office.fair, Delivery.conversation == A)).scalar_one()
    assert [choice["label"] for choice in parts[0]["choices"]] == ["想参加", "退订"]
    raw = {"type": "通知", "title": "放假", "fields": {"text": "元旦放假"}, "audience": {"everyone": True}}
    number = broadcast.written(office.app, raw, "王老师")
    assert "想参加" not in outcomes.preview(office.app, number)


def test_who_taps_is_reminded_a_day_and_an_hour_before_once(office: Office) -> None:
    told = office.tap(A, f"event/{office.fair}")
    assert "冬季双选会" in told
    assert "体育馆" in told
    office.tap(A, f"event/{office.fair}")
    assert "冬季双选会" in office.say(A, "我的活动")
    office.through()
    assert office.reminders(A) == ["明天", "一个小时后"]
    assert office.reminders(B) == []
    assert outcomes.status(office.app, office.fair)["coming"] == 1


def test_a_number_chooses_from_what_was_said_last(office: Office) -> None:
    """On WeChat choices are numbered lines."""
    with office.app.database.writing() as connection:
        connection.execute(update(Delivery).where(Delivery.broadcast_id == office.fair).values(status="sent"))
    assert "记下了:冬季双选会" in office.say(B, "1")
    assert "记下了" not in office.say(B, "1")
    office.say(A, "完善资料")
    assert "记下了" not in office.say(A, "1")


def test_words_do_as_well_and_several_events_are_asked_about(office: Office) -> None:
    assert "记下了:冬季双选会" in office.say(B, "想参加")
    other = office.announced("招聘会", "县城专场", office.start + timedelta(days=1))
    asked = office.say(B, "我想参加")
    assert "想参加哪一场" in asked
    assert "县城专场" in office.tap(B, f"event/{other}")
    assert office.say(B, "我的活动").count("体育馆") == 2


def test_a_reminder_that_could_not_leave_in_time_never_does(office: Office) -> None:
    """Nobody sends here: as in a mailbox that waits for the next word."""
    office.tap(B, f"event/{office.fair}")
    office.at(timedelta(hours=1))
    with office.app.database.writing() as connection:
        connection.execute(update(Delivery).where(Delivery.kind != "notice").values(status="sent"))
        planner.recover(connection, office.start - timedelta(minutes=2))
        assert connection.execute(select(func.count()).where(Delivery.kind == "notice", Delivery.status == "ready")).scalar_one() == 1
        planner.recover(connection, office.start + timedelta(minutes=1))
        assert set(connection.execute(select(Delivery.status).where(Delivery.kind == "notice")).scalars()) == {"expired"}


def test_a_tap_counts_while_a_teacher_has_the_conversation(office: Office) -> None:
    office.say(A, "人工")
    assert "记下了" in office.tap(A, f"event/{office.fair}")


def test_taken_back_called_off_unsubscribed_or_erased_nobody_is_reminded(office: Office) -> None:
    office.tap(A, f"event/{office.fair}")
    assert "不去了" in office.tap(A, f"event/{office.fair}/no")
    office.tap(B, f"event/{office.fair}")
    office.say(B, "退订")
    office.through()
    assert office.reminders(A) == office.reminders(B) == []


def test_a_broadcast_called_off_and_a_person_erased_leave_nothing(office: Office) -> None:
    for key in (A, B):
        office.tap(key, f"event/{office.fair}")
    with office.app.database.writing() as connection:
        who = connection.execute(select(Conversation.graduate_id).where(Conversation.key == A)).scalar_one()
        forgetting.person(connection, who, "")
        assert coming.count(connection, office.fair) == 1
    broadcast.cancel(office.app, office.fair)
    office.through()
    said = office.reminders(B)
    assert [each.partition("。")[0] for each in said] == ["之前发给你的「冬季双选会」撤回了"], "not before a closed door; no reminder"
    assert "没有要参加的活动" in office.say(B, "我的活动")


def test_called_off_after_it_began_or_for_who_unsubscribed_says_nothing(office: Office) -> None:
    office.tap(A, f"event/{office.fair}")
    office.tap(B, f"event/{office.fair}")
    office.say(B, "退订")
    office.at(-timedelta(hours=1))
    before = office.reminders(A)
    broadcast.cancel(office.app, office.fair)
    assert (office.reminders(A), office.reminders(B)) == (before, [])


def test_late_there_is_one_reminder_and_after_the_beginning_none(office: Office) -> None:
    office.at(timedelta(hours=20))
    office.tap(A, f"event/{office.fair}")
    office.through()
    assert office.reminders(A) == ["一个小时后"]
    assert "已经开始或者结束" in office.tap(B, f"event/{office.fair}")


def test_what_one_was_not_told_of_cannot_be_joined(office: Office) -> None:
    assert "最近没有给你发过" in office.tap(HELD, f"event/{office.fair}")
    assert "最近没有给你发过" in office.tap(A, "event/9999")
    assert "用不上了" in office.tap(A, f"event/{10**30}/no")
    assert "最近没有给你发过" in office.say(HELD, "想参加")


def test_an_early_event_is_told_the_evening_before(any_app: App) -> None:
    office = Office(any_app, days=2 + 20 / 24)  # eight in the morning in China
    office.tap(A, f"event/{office.fair}")
    office.at(timedelta(hours=10, minutes=45))
    assert office.reminders(A) == ["明天"]
    office.at(timedelta(hours=1))
    assert office.reminders(A) == ["明天"]


@pytest.mark.parametrize("how", ["event", "stop", "cancel"])
def test_a_reminder_that_waits_is_withdrawn(office: Office, how: str) -> None:
    office.tap(A, f"event/{office.fair}")
    office.at(timedelta(days=1))
    if how == "event":
        office.tap(A, f"event/{office.fair}/no")
    elif how == "stop":
        office.say(A, "退订")
    else:
        broadcast.cancel(office.app, office.fair)
    with office.app.database.reading() as connection:
        reminder = select(Delivery.status).where(Delivery.kind == "notice", Delivery.key.contains("|event-"))
        assert connection.execute(reminder).scalars().all() == ["cancelled"]


def test_a_tap_does_not_end_a_dialog(office: Office) -> None:
    office.say(A, "完善资料")
    told = office.tap(A, f"event/{office.fair}")
    assert "同意" in told
    assert "不去了" not in told
    assert "城市" in office.say(A, "同意")
