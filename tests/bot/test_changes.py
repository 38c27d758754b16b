"""An approved event whose time or place changes: told once to whom it concerns, read right by the rest, reminded of at the new time, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from bot import broadcast, changes, delivery, outcomes, planner
from bot.app import App
from bot.audit import Audit
from bot.broadcast import Broadcast, BroadcastError, Coming, Target
from bot.delivery import Delivery
from bot.shortlinks import WRITTEN
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge.db import CHINA
from tests.bot.test_console import Browser, come, light, talker
from tests.bot.test_console_broadcasts import FAIR
from tests.bot.test_events import A, B, Office

__all__ = ["come", "light"]
STATES = {"sent": "telegram:bot:11", "sending": "telegram:bot:12", "unknown": "wechat:gh:13", "failed": "wechat:gh:14", "claimed": "telegram:bot:15"}
"""What became of the announcement, and to whom; A said that they come, B waits."""


class Fair(Office):
    """A fair of which seven people were told, or are about to be."""

    def __init__(self, app: App) -> None:
        for key in STATES.values():
            app.accept(Inbound(key, "m0", "text", "你好", app.clock.now())).result(20)
        super().__init__(app)
        with app.database.writing() as connection:
            for state, key in STATES.items():
                mine = update(Delivery).where(Delivery.broadcast_id == self.fair, Delivery.conversation == key)
                owner = "host:1:a" if state in ("sending", "claimed") else None
                connection.execute(mine.values(status=state, owner=owner, lease_until=app.clock.now() + timedelta(minutes=1) if owner else None))

    def draft(self, **told: str) -> int:
        return changes.written(self.app, self.fair, told, "王老师")

    def change(self, **told: str) -> int:
        number = self.draft(**told)
        broadcast.approve(self.app, number, "李老师")
        while broadcast.advance(self.app):
            pass
        return number

    def later(self, **span: float) -> str:
        return (self.start + timedelta(**span)).astimezone(CHINA).isoformat()

    def rows(self, number: int) -> dict[str, tuple[str, str]]:
        """State and text of a broadcast by conversation."""
        with self.app.database.reading() as connection:
            query = select(Delivery.conversation, Delivery.status, Delivery.parts).where(Delivery.broadcast_id == number)
            return {row.conversation: (row.status, row.parts[0]["text"]) for row in connection.execute(query)}

    def held(self) -> tuple[Any, ...]:
        """All that a change changes."""
        with self.app.database.reading() as connection:
            event = broadcast.get(connection, self.fair)
            next_at = connection.execute(select(Coming.next_at).order_by(Coming.conversation)).scalars().all()
        return event["fields"], event["parts"], self.rows(self.fair), next_at


def moment(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%d} 日"


@pytest.fixture
def fair(any_app: App) -> Fair:
    return Fair(any_app)


def test_everybody_is_told_once_in_one_way(fair: Fair) -> None:
    fair.tap(A, f"event/{fair.fair}")
    before = fair.rows(fair.fair)
    number = fair.draft(start=fair.later(days=1))
    assert "会发 4 人" in outcomes.preview(fair.app, number)
    assert fair.rows(fair.fair) == before, "a draft changes nothing"
    assert broadcast.approve(fair.app, number, "李老师") == 4
    while broadcast.advance(fair.app):
        pass
    told, announced = fair.rows(number), fair.rows(fair.fair)
    assert set(told) == {A, STATES["sent"], STATES["sending"], STATES["unknown"]}
    for state, text in told.values():
        assert state == "ready"
        assert f"{moment(fair.start)}" in text.split("→")[0]
        assert f"{moment(fair.start + timedelta(days=1))}" in text.split("→")[1]
        assert "地点不变：体育馆" in text
    for key in (B, STATES["claimed"]):
        assert announced[key][0] == "ready"
        assert moment(fair.start + timedelta(days=1)) in announced[key][1]
        assert moment(fair.start) not in announced[key][1]
    for key in (STATES["sent"], STATES["sending"], STATES["unknown"], STATES["failed"]):
        assert announced[key] == before[key], "what has left stays as it was said"
    assert announced[A][0] == "cancelled"
    with fair.app.database.reading() as connection:
        parts = connection.execute(select(Delivery.parts).where(Delivery.broadcast_id == number)).scalars().first()
    assert parts is not None
    assert [(choice["label"], choice["value"]) for choice in parts[0]["choices"]] == [
        ("想参加", f"event/{fair.fair}"),
        ("不去了", f"event/{fair.fair}/no"),
    ]
    books = outcomes.status(fair.app, fair.fair)
    assert books["people"] == sum(books[name] for name in ("unplanned", "open", "left", *delivery.FINAL))


def test_a_claim_is_taken_back_so_that_the_old_text_cannot_leave(fair: Fair) -> None:
    with fair.app.database.reading() as connection:
        query = select(Delivery.__table__).where(Delivery.conversation == STATES["claimed"], Delivery.broadcast_id == fair.fair)
        job = planner.Job(dict(connection.execute(query).mappings().one()), "chat", fair.app.clock.now())

    class Account:
        channel, account = "telegram", "bot"

    fair.change(place="图书馆")
    with fair.app.database.writing() as connection:
        assert not planner.begin(connection, Account(), job, "host:1:a", fair.app.clock.now())  # type: ignore[arg-type]
    assert "图书馆" in fair.rows(fair.fair)[STATES["claimed"]][1]


@pytest.mark.parametrize("hours", [30.0, -24.0])
def test_reminders_follow_the_new_time(fair: Fair, hours: float) -> None:
    fair.tap(A, f"event/{fair.fair}")
    fair.change(start=fair.later(hours=hours))
    old, fair.start = fair.start, fair.start + timedelta(hours=hours)
    for at in sorted((old - timedelta(days=1), old - timedelta(hours=1), fair.start - timedelta(days=1), fair.start - timedelta(hours=1))):
        if at > fair.app.clock.now():
            fair.app.clock.advance(at + timedelta(seconds=1) - fair.app.clock.now())
            fair.app.sweep()
    assert [each.partition(",")[0] for each in fair.reminders(A)] == ["明天", "一个小时后"]
    with fair.app.database.reading() as connection:
        said = connection.execute(select(Delivery.parts).where(Delivery.conversation == A, Delivery.kind == "notice")).scalars().all()
    assert all(moment(fair.start) in parts[0]["text"] for parts in said)


def test_a_reminder_that_waits_with_the_old_place_is_withdrawn(fair: Fair) -> None:
    fair.tap(A, f"event/{fair.fair}")
    fair.at(timedelta(days=1))
    assert fair.reminders(A) == ["明天"]
    fair.change(place="图书馆")
    with fair.app.database.reading() as connection:
        waits = select(Delivery.status).where(Delivery.conversation == A, Delivery.kind == "notice")
        assert connection.execute(waits).scalars().all() == ["cancelled"]
    assert "图书馆" in fair.say(A, "我的活动")
    fair.at(timedelta(hours=1))
    assert fair.reminders(A) == ["明天", "一个小时后"]


def test_the_choices_of_what_they_are_told(fair: Fair) -> None:
    """Who was told by the change says yes and no to the event itself, at its new time."""
    who = STATES["sent"]
    fair.change(start=fair.later(days=1), place="图书馆")
    told = fair.tap(who, f"event/{fair.fair}")
    assert "记下了：冬季双选会" in told
    assert moment(fair.start + timedelta(days=1)) in told
    assert "图书馆" in told
    assert fair.say(B, "想参加").count("记下了：冬季双选会") == 1, "a change is no second event to choose from"
    assert "不去了" in fair.tap(who, f"event/{fair.fair}/no")
    assert "没有要参加的活动" in fair.say(who, "我的活动")


def test_one_person_on_two_channels_is_told_once_where_they_said_that_they_come(fair: Fair) -> None:
    with fair.app.database.writing() as connection:
        who = connection.execute(select(Conversation.graduate_id).where(Conversation.key == STATES["sent"])).scalar_one()
        connection.execute(update(Conversation).where(Conversation.key.in_((B, STATES["unknown"]))).values(graduate_id=who))
        connection.execute(insert(Coming).values(broadcast_id=fair.fair, conversation=B, said_at=fair.app.clock.now(), next_at=None))
    assert set(fair.rows(fair.change(place="图书馆"))) == {B, STATES["sending"]}
    assert fair.rows(fair.fair)[B][0] == "cancelled"


def test_who_unsubscribed_is_told_nothing(fair: Fair) -> None:
    for key in (A, STATES["sent"]):
        fair.tap(key, f"event/{fair.fair}")
        fair.say(key, "退订")
    number = fair.draft(place="图书馆")
    fair.say(STATES["unknown"], "退订")
    broadcast.approve(fair.app, number, "李老师")
    fair.say(STATES["sending"], "退订")  # approved already, not planned
    while broadcast.advance(fair.app):
        pass
    assert {key: state for key, (state, _) in fair.rows(number).items()} == {STATES["sending"]: "suppressed"}


def test_it_is_all_or_nothing(fair: Fair) -> None:
    fair.tap(A, f"event/{fair.fair}")
    number, before = fair.draft(start=fair.later(days=1)), fair.held()
    with fair.app.database.writing() as connection:
        connection.execute(insert(Target).values(broadcast_id=number, conversation=A, held=False))  # the last step of the approval will fail
    with pytest.raises(IntegrityError):
        broadcast.approve(fair.app, number, "李老师")
    assert fair.held() == before
    with fair.app.database.reading() as connection:
        assert broadcast.get(connection, number)["status"] == "draft"


def test_a_kill_between_two_chunks_tells_nobody_twice(fair: Fair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "CHUNK", 2)
    fair.tap(A, f"event/{fair.fair}")
    number = fair.draft(place="图书馆")
    broadcast.approve(fair.app, number, "李老师")
    assert broadcast.advance(fair.app)
    assert len(fair.rows(number)) == 2
    again = App(fair.app.settings, fair.app.clock, fair.app.search)
    while broadcast.advance(again):
        pass
    again.close()
    assert len(fair.rows(number)) == 4
    assert sum("图书馆" in text for _, text in fair.rows(fair.fair).values()) == 2 + 1, "A's own was stopped"


def test_what_cannot_be_changed_is_one_sentence(fair: Fair) -> None:
    notice = {"type": "通知", "title": "放假", "fields": {"text": "元旦放假"}, "audience": {"everyone": True}}
    for told, why in (
        ({}, "没有要改的"),
        ({"place": "体育馆"}, "没有要改的"),
        ({"start": fair.later()}, "没有要改的"),
        ({"note": "改了"}, "只能改"),
        ({"start": "明天"}, "写成"),
        ({"start": ""}, "还差"),
        ({"start": "2020-01-01T09:00"}, "已经过了"),
        ({"place": "很" * 200}, "120 字以内"),
    ):
        with pytest.raises(BroadcastError, match=why):
            fair.draft(**told)
    other = broadcast.written(fair.app, notice, "王老师")
    number = fair.draft(place="图书馆")
    for wrong, why in ((other, "不是有开始时间的活动"), (number, "本身就是一次变更"), (999, "没有第")):
        with pytest.raises(BroadcastError, match=why):
            changes.written(fair.app, wrong, {"place": "图书馆"}, "王老师")
    with pytest.raises(BroadcastError, match="另一位老师"):
        broadcast.approve(fair.app, number, "王老师")


@pytest.mark.parametrize(("how", "why"), [("pause", "暂停着"), ("off", "不用批准"), ("over", "已经开始或者结束"), ("twice", "又改过")])
def test_what_happened_since_it_was_written_is_seen_at_the_approval(fair: Fair, how: str, why: str) -> None:
    number = fair.draft(place="图书馆")
    if how == "pause":
        broadcast.pause(fair.app, fair.fair)
    elif how == "off":
        fair.off()
    elif how == "over":
        fair.app.clock.advance(timedelta(days=5))
    else:
        other = changes.written(fair.app, fair.fair, {"start": fair.later(days=2)}, "李老师")
        broadcast.approve(fair.app, other, "王老师")
    before = fair.held()
    with pytest.raises(BroadcastError, match=why):
        broadcast.approve(fair.app, number, "李老师")
    with pytest.raises(BroadcastError):
        fair.draft(start="2020-01-01T09:00")
    assert fair.held() == before


def test_not_while_the_event_itself_is_still_being_planned(any_app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    fair = Fair(any_app)
    with any_app.database.writing() as connection:
        connection.execute(update(Broadcast).values(status="approved", cursor=""))
    number = fair.draft(place="图书馆")
    with pytest.raises(BroadcastError, match="还在排入发送"):
        broadcast.approve(any_app, number, "李老师")


def test_called_off_after_a_change_nobody_is_told_of_the_change(fair: Fair) -> None:
    fair.tap(A, f"event/{fair.fair}")
    number = fair.change(place="图书馆")
    waiting = fair.draft(place="报告厅")
    fair.off()
    assert {state for state, _ in fair.rows(number).values()} == {"cancelled"}
    assert "「冬季双选会」取消了" in "".join(fair.reminders(A))
    with pytest.raises(BroadcastError, match="活动取消了"):
        broadcast.approve(fair.app, waiting, "李老师")


def test_what_is_sent_again_says_the_new_place(fair: Fair) -> None:
    fair.change(place="图书馆")
    assert broadcast.resend(fair.app, fair.fair, "failed") == 1
    state, text = fair.rows(fair.fair)[STATES["failed"]]
    assert state == "ready"
    assert "图书馆" in text


def test_it_is_of_no_use_once_the_event_has_begun(fair: Fair) -> None:
    number = fair.change(start=fair.later(days=-1))
    with fair.app.database.writing() as connection:
        planner.recover(connection, fair.start - timedelta(days=1) + timedelta(minutes=1))
    assert {state for state, _ in fair.rows(number).values()} == {"expired"}


def test_a_link_stays_the_same(any_app: App) -> None:
    any_app.passes = replace(any_app.passes, base="https://bulixian.test")
    fair = Fair(any_app)
    fields = {"start": fair.later(days=3), "place": "体育馆", "link": "https://jobs.example.edu/a"}
    raw = {"type": "招聘会", "title": "春季", "fields": fields, "audience": {"everyone": True}}
    fair.fair = broadcast.written(any_app, raw, "王老师")
    broadcast.approve(any_app, fair.fair, "李老师")
    while broadcast.advance(any_app):
        pass
    before = {key: WRITTEN.findall(text) for key, (_, text) in fair.rows(fair.fair).items()}
    fair.change(place="图书馆")
    after = fair.rows(fair.fair)
    assert {key: WRITTEN.findall(text) for key, (_, text) in after.items()} == before
    assert all("图书馆" in text and "（打开的是 jobs.example.edu）" in text for _, text in after.values())


def test_the_command(run: Callable[..., Any]) -> None:
    fair = ("--type", "招聘会", "--title", "冬季专场", "--set", "start=2099-12-05 14:00", "--set", "place=体育馆", "--to", '{"everyone": true}')
    assert run("broadcast", "draft", *fair, "--as", "王老师").exit_code == 0
    assert "还没批准" in run("broadcast", "change", "1", "--set", "place=图书馆", "--as", "王老师").stderr
    run("chat", "--jsonl", feed='{"from": "u1", "text": "你好"}\n')
    assert run("broadcast", "approve", "1", "--as", "李老师").exit_code == 0
    assert "第 2 号" in run("broadcast", "change", "1", "--set", "start=2099-12-06T09:00", "--as", "王老师").stdout
    shown = run("broadcast", "preview", "2").stdout
    assert "2099 年 12 月 5 日（周六）14:00 → 2099 年 12 月 6 日（周日）09:00" in shown
    assert run("broadcast", "approve", "2", "--as", "王老师").exit_code == 1
    assert run("broadcast", "approve", "2", "--as", "李老师").exit_code == 0
    assert "12 月 6 日" in run("broadcast", "preview", "1").stdout
    assert run("broadcast", "change", "9", "--set", "place=图书馆").exit_code == 1
    assert json.loads(run("broadcast", "status", "2").stdout)["people"] == 0


def test_in_the_console(any_app: App, come: Callable[..., Browser]) -> None:
    for who in ("a", "b"):
        talker(any_app, who, "你好")
    boss, li = come("boss"), come("li")
    path = boss.post("/broadcasts", **FAIR).headers["location"].removeprefix("/console")
    assert "时间或地点变了" not in boss.get(path).text, "a draft is written anew"
    li.post(f"{path}/approve", sure="yes")
    while broadcast.advance(any_app):
        pass
    assert 'value="2026-12-05T14:00"' in boss.get(path).text
    wrong = boss.post(f"{path}/change", f_start="2020-01-01T09:00", f_place="体育馆")
    assert wrong.status_code == 409
    assert "已经过了" in wrong.text
    assert 'value="体育馆"' in wrong.text, "what was typed stays"
    made = boss.post(f"{path}/change", f_start="2026-12-05T14:00", f_place="体育馆").headers["location"].removeprefix("/console")
    shown = li.get(made).text
    assert "地点：贵阳人才市场 → 体育馆" in shown
    assert "时间不变" in shown
    assert f'href="/console{path}"' in shown
    assert li.post(f"{made}/approve", sure="yes").status_code == 303
    assert f'href="/console{made}"' in li.get(path).text
    assert "体育馆" in li.get(path).text
    with any_app.database.reading() as connection:
        done = connection.execute(select(Audit.what).where(Audit.what.like("%变更") | Audit.what.like("批准%"))).scalars().all()
    assert done == ["批准群发", "起草变更", "批准群发"]
