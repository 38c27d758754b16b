"""想参加: said by a tap or in words, taken back, reminded of a day and an hour before, once, and never after it was called off."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot import broadcast, coming, delivery, forgetting, outcomes, planner
from bot.app import App
from bot.broadcast import BroadcastError
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

    def off(self, number: int = 0) -> int:
        with self.app.database.writing() as connection:
            return coming.call_off(connection, number or self.fair, self.app.clock.now())

    def sent(self, *keys: str) -> None:
        with self.app.database.writing() as connection:
            its = update(Delivery).where(Delivery.broadcast_id == self.fair, Delivery.conversation.in_(keys))
            connection.execute(its.values(status="sent", finished_at=self.app.clock.now()))

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
    assert "记下了：冬季双选会" in office.say(B, "1")
    assert "记下了" not in office.say(B, "1")
    office.say(A, "完善资料")
    assert "记下了" not in office.say(A, "1")


def test_words_do_as_well_and_several_events_are_asked_about(office: Office) -> None:
    assert "记下了：冬季双选会" in office.say(B, "想参加")
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
    assert office.off() == 1
    office.through()
    said = office.reminders(B)
    assert [each.partition("。")[0] for each in said] == ["「冬季双选会」取消了"], "not before a closed door; no reminder"
    assert "没有要参加的活动" in office.say(B, "我的活动")
    assert "最近没有给你发过" in office.tap(B, f"event/{office.fair}")
    with pytest.raises(BroadcastError, match="已经取消了"):
        office.off()


def test_what_is_not_sent_any_more_leaves_the_event_as_it_is(office: Office) -> None:
    """Two things: the rest is not told of it, and the fair is not held. Only the second tells those who come to stay at home."""
    office.sent(A)
    office.tap(A, f"event/{office.fair}")
    assert broadcast.cancel(office.app, office.fair) == 1
    assert "冬季双选会" in office.say(A, "我的活动")
    assert "最近没有给你发过" in office.tap(B, f"event/{office.fair}"), "it never reached them"
    assert "记下了" in office.tap(A, f"event/{office.fair}")
    office.at(timedelta(days=1))
    assert office.reminders(A) == ["明天"]
    assert office.off() == 1, "later it may still be called off"
    assert office.reminders(A)[1].startswith("「冬季双选会」取消了")


def test_a_fair_is_called_off_though_all_is_sent_and_a_notice_or_what_began_is_not(office: Office) -> None:
    office.sent(A, B)
    office.tap(A, f"event/{office.fair}")
    office.tap(B, f"event/{office.fair}")
    office.say(B, "退订")
    assert office.off() == 1, "who unsubscribed is not written to"
    assert outcomes.status(office.app, office.fair)["state"] == "called_off"
    raw = {"type": "通知", "title": "放假", "fields": {"text": "元旦放假"}, "audience": {"everyone": True}}
    notice = broadcast.written(office.app, raw, "王老师")
    with pytest.raises(BroadcastError, match="还没批准"):
        office.off(notice)
    broadcast.approve(office.app, notice, "李老师")
    later = office.announced("招聘会", "县城专场", office.start)
    office.at(-timedelta(hours=1))
    for number in (notice, later):
        with pytest.raises(BroadcastError, match="不是还没开始的活动"):
            office.off(number)


@pytest.mark.parametrize(("kind", "fields", "useful"), [
    ("招聘会", {"start": "2026-11-25T14:00", "place": "体育馆"}, "2026-11-25T14:00"),
    ("补贴截止", {"subsidy": "求职补贴", "who": "低保", "deadline": "2026-11-24", "where": "203"}, "2026-11-25T00:00"),
    ("预约开放", {"service": "一对一", "start": "2026-11-24T09:00", "how": "发「约」"}, "2026-12-24T09:00"),
    ("通知", {"text": "元旦放假"}, "2026-12-22T12:00"),
])  # fmt: skip
def test_what_is_over_is_neither_shown_nor_delivered_nor_sent_again(any_app: App, kind: str, fields: dict[str, str], useful: str) -> None:
    app = any_app
    app.clock.advance(timedelta(hours=(4 - app.clock.now().hour) % 24))
    talk = "web::w"
    app.accept(Inbound(talk, "m1", "text", "你好", app.clock.now())).result(20)
    number = broadcast.written(app, {"type": kind, "title": "一件事", "fields": fields, "audience": {"everyone": True}}, "王老师")
    broadcast.approve(app, number, "李老师")
    while broadcast.advance(app):
        pass
    end = datetime.fromisoformat(useful).replace(tzinfo=CHINA)

    def shown() -> bool:
        with app.database.reading() as connection:
            return any(row["broadcast_id"] == number for row in delivery.since(connection, talk, 0, app.clock.now()))

    app.clock.advance(end - timedelta(minutes=5) - app.clock.now())
    assert shown()
    late = broadcast.written(app, {"type": kind, "title": "晚了的", "fields": fields, "audience": {"everyone": True}}, "王老师")
    app.clock.advance(timedelta(minutes=10))
    assert not shown()
    with app.database.writing() as connection:
        planner.recover(connection, app.clock.now())
    assert outcomes.status(app, number)["expired"] == 1
    with pytest.raises(BroadcastError, match="已经过了，不再发"):
        broadcast.resend(app, number, "expired")
    if kind not in ("通知", "预约开放"):
        with pytest.raises(BroadcastError, match="就过了"):
            broadcast.approve(app, late, "李老师")


def test_called_off_after_it_began_or_for_who_unsubscribed_says_nothing(office: Office) -> None:
    office.tap(A, f"event/{office.fair}")
    office.tap(B, f"event/{office.fair}")
    office.say(B, "退订")
    office.at(-timedelta(hours=1))
    before = office.reminders(A)
    with pytest.raises(BroadcastError, match="不是还没开始的活动"):
        office.off()
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


@pytest.mark.parametrize("how", ["event", "stop", "off"])
def test_a_reminder_that_waits_is_withdrawn(office: Office, how: str) -> None:
    office.tap(A, f"event/{office.fair}")
    office.at(timedelta(days=1))
    if how == "event":
        office.tap(A, f"event/{office.fair}/no")
    elif how == "stop":
        office.say(A, "退订")
    else:
        office.off()
    with office.app.database.reading() as connection:
        reminder = select(Delivery.status).where(Delivery.kind == "notice", Delivery.key.contains("|event-"))
        assert connection.execute(reminder).scalars().all() == ["cancelled"]


def test_a_tap_does_not_end_a_dialog(office: Office) -> None:
    office.say(A, "完善资料")
    told = office.tap(A, f"event/{office.fair}")
    assert "同意" in told
    assert "不去了" not in told
    assert "城市" in office.say(A, "同意")
