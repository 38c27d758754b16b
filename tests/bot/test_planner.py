"""Pushes on WeChat that find no way: filed by the hundred, kept for the next day's quota, free again as soon as the person writes."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot import allowances, delivery, planner, pump
from bot.allowances import Opening
from bot.app import App
from bot.channels import Fate, Outcome
from bot.channels.wechat.serve import WeChatAccount
from bot.config import Clock, WeChat
from bot.delivery import Delivery
from bot.planner import Quiet
from dialogs.messages import Inbound, Say
from knowledge.policy.search import PolicySearch
from tests.conftest import TODAY, settings_for

SETTINGS = WeChat(appid="wx1", secret="s", token="token", template="m")  # type: ignore[arg-type]
PLAIN = SETTINGS.model_copy(update={"template": None})
SENT = Outcome(Fate.SENT)
NEVER = Quiet(*[datetime(2026, 1, 1).time()] * 2)  # noqa: DTZ001  # a time of day


class Town:
    """People who once wrote on WeChat, and a notice that is planned for each."""

    def __init__(self, app: App, settings: WeChat, people: int) -> None:
        self.app, self.carrier = app, WeChatAccount(app, settings)
        self.keys = [f"wechat:wx1:p{number:04}" for number in range(people)]
        for future in [app.accept(Inbound(key, "1", "text", "你好", app.clock.now())) for key in self.keys]:
            future.result(30)
        rows = [delivery.row_of(f"b|{key}", key, "notice", [Say("双选会")], app.clock.now()) for key in self.keys]
        self.do(lambda c: delivery.finish(c, c.execute(select(Delivery.id)).scalars().all(), app.clock.now()))
        self.do(lambda c: delivery.plan(c, rows))

    def do(self, work: Any) -> Any:
        return self.app.inbox.write(work).result(30)

    def claim(self) -> list[str]:
        def work(connection: Connection) -> list[str]:
            jobs = planner.claim(connection, self.carrier, "host:1:a", self.app.clock.now(), NEVER, replies=False)
            delivery.finish(connection, [job.row["id"] for job in jobs], self.app.clock.now())
            return [f"{job.row['conversation']}/{job.route}" for job in jobs]

        return list(self.do(work))

    def tried(self, outcome: Outcome) -> str | None:
        """The way of the next push, after it came back with this outcome."""

        def work(connection: Connection) -> str | None:
            jobs = planner.claim(connection, self.carrier, "host:1:a", self.app.clock.now(), NEVER, replies=False)
            for job in jobs:
                planner.settle(connection, self.carrier, job, outcome, True, self.app.clock.now())
            return jobs[0].route if jobs else None

        self.app.clock.advance(timedelta(seconds=1))
        found: str | None = self.do(work)
        return found

    def standing(self) -> Counter[tuple[bool, str | None]]:
        with self.app.database.reading() as connection:
            query = select(Delivery.mailbox, Delivery.error).where(Delivery.key.startswith("b|"), Delivery.status == "ready")
            return Counter((mailbox, error) for mailbox, error in connection.execute(query))

    def write(self, key: str) -> None:
        now = self.app.clock.now()
        self.do(lambda c: allowances.opened(c, [(key, (Opening("message", 5, now + timedelta(hours=48)),))]))
        self.do(lambda c: planner.came_back(c, [key]))


def test_those_without_a_way_are_filed_many_at_once(any_app: App) -> None:
    town = Town(any_app, PLAIN, 300)
    looks = 0
    while town.standing()[False, None]:
        assert town.claim() == []
        looks += 1
    assert looks <= 3, "each look that finds nobody costs the pump half a second"
    assert town.standing() == {(True, None): 300}


def test_a_used_up_quota_is_waited_for_and_not_by_who_writes(any_app: App) -> None:
    town = Town(any_app, SETTINGS, 5)
    midnight = any_app.clock.now() + timedelta(hours=5)
    town.do(lambda c: allowances.hold(c, "wechat:wx1", midnight, "off:template"))
    assert town.claim() == []
    assert town.standing() == {(False, "quota"): 5}
    town.write(town.keys[3])
    assert town.claim() == ["wechat:wx1:p0003/customer"]
    assert town.claim() == []
    any_app.clock.advance(timedelta(hours=5, minutes=1))
    for _ in range(2):
        any_app.clock.advance(timedelta(minutes=1))
        assert town.claim()[0].endswith("/template")
    assert town.standing() == {(False, "quota"): 2}


@pytest.mark.parametrize(("window", "waits"), [(48, True), (4, False)])
def test_a_reply_waits_for_a_used_up_quota_where_the_window_is_open_then(any_app: App, window: int, waits: bool) -> None:
    town, now = Town(any_app, SETTINGS, 1), any_app.clock.now()
    [key] = town.keys
    rows = [delivery.row_of(f"b|r{number}", key, kind, [Say("答案")], now) for number, kind in enumerate(("reply", "reply", "alert"))]
    town.do(lambda c: delivery.finish(c, c.execute(select(Delivery.id)).scalars().all(), now))
    town.do(lambda c: allowances.opened(c, [(key, (Opening("message", 5, now + timedelta(hours=window)),))]))
    town.do(lambda c: allowances.hold(c, "wechat:wx1", now + timedelta(hours=5), "off:customer"))
    town.do(lambda c: delivery.plan(c, rows))

    def claim(connection: Connection) -> list[tuple[str, str]]:
        jobs = planner.claim(connection, town.carrier, "host:1:a", any_app.clock.now(), NEVER, replies=True)
        delivery.finish(connection, [job.row["id"] for job in jobs], any_app.clock.now())
        return [(job.row["key"], job.route) for job in jobs]

    found = [one for _ in range(4) for one in town.do(claim)]
    assert found == [("b|r2", "template")], "a way that is open is not held up by what waits"
    assert town.standing() == {(not waits, "quota" if waits else None): 2}
    any_app.clock.advance(timedelta(hours=5, minutes=1))
    assert [town.do(claim) for _ in range(3)] == ([[("b|r0", "customer")], [("b|r1", "customer")], []] if waits else [[], [], []])


@pytest.mark.parametrize("name", ["off:template", "off:customer"])
def test_what_the_account_cannot_do_at_all_is_not_waited_for(any_app: App, name: str) -> None:
    town = Town(any_app, SETTINGS, 2)
    town.do(lambda c: allowances.put(c, [{"owner": "wechat:wx1", "name": name, "left": 0, "until": None}]))
    if name == "off:template":
        assert town.claim() == []
        assert town.standing() == {(True, None): 2}
    else:
        assert town.claim()[0].endswith("/template")


def test_what_the_account_may_not_do_is_tried_again_after_a_day(any_app: App) -> None:
    town = Town(any_app, PLAIN, 1)
    [key] = town.keys
    town.write(key)
    assert town.tried(Outcome(Fate.OFF, "not_allowed")) == "customer"
    town.write(key)
    assert town.tried(SENT) is None
    assert town.standing() == {(True, "not_allowed"): 1}, "not waited for: it is said as soon as there is a way"
    any_app.clock.advance(allowances.OFF)
    town.write(key)
    assert town.tried(SENT) == "customer"


def test_a_start_gives_back_only_what_was_off_for_good(any_app: App) -> None:
    until = any_app.clock.now() + timedelta(minutes=5)
    held = {"hold": until, "off:template": until, "off:customer": None, "gone": None}
    with any_app.database.writing() as connection:
        allowances.put(connection, [{"owner": "wechat:wx1", "name": name, "left": 0, "until": end} for name, end in held.items()])
    pump.recover(any_app)
    with any_app.database.reading() as connection:
        assert sorted(allowances.held(connection, ["wechat:wx1"], any_app.clock.now())["wechat:wx1"]) == ["gone", "hold", "off:template"]


def test_a_notification_refused_is_not_tried_again_and_one_taken_is_used_up(any_app: App) -> None:
    town = Town(any_app, SETTINGS, 2)
    for key in town.keys:
        town.do(lambda c, key=key: allowances.put(c, [{"owner": key, "name": "token:m", "left": 1, "until": None}]))
    assert town.tried(Outcome(Fate.CLOSED, "not_accepted")) == "notification"
    assert town.tried(Outcome(Fate.AGAIN, delivery.RUNG)) == "template", "the same person by the next way"
    assert town.tried(Outcome(Fate.AGAIN, delivery.RUNG)) == "notification"
    assert town.tried(SENT) is None
    assert town.standing() == {(True, delivery.RUNG): 2}, "both were told that there is something; the whole waits for them"
    with any_app.database.reading() as connection:
        left = connection.execute(select(allowances.Allowance.left).where(allowances.Allowance.name == "token:m")).scalars().all()
    assert left == [0, 0]


def test_who_was_rung_for_is_not_rung_for_again(any_app: App) -> None:
    town = Town(any_app, SETTINGS, 1)
    assert town.tried(Outcome(Fate.AGAIN, delivery.RUNG)) == "template"
    town.write(town.keys[0])
    assert town.tried(Outcome(Fate.CLOSED, "window_closed")) == "customer"
    assert town.tried(SENT) is None, "the window is shut again; the whole still waits"
    assert town.standing() == {(True, delivery.RUNG): 1}


def test_what_is_shut_without_saying_how_is_tried_slowly_and_not_for_ever(any_app: App) -> None:
    """Telegram's "not enough rights": there is no window that it could have closed."""
    town = Town(any_app, SETTINGS, 1)
    closed = Outcome(Fate.CLOSED, "no_rights")
    assert town.tried(closed) == "template"
    assert town.tried(closed) is None, "not at once"
    tries = 1
    while town.standing():
        any_app.clock.advance(planner.REST)
        tries += town.tried(closed) is not None
        assert tries <= planner.TRIES + 1
    assert tries == planner.TRIES + 1, "the first, and so many more"


def test_an_outage_takes_no_try_of_what_waits(any_app: App) -> None:
    town = Town(any_app, SETTINGS, 1)
    away = Outcome(Fate.AGAIN, "no_connection", wait=timedelta(seconds=5), everyone=True)
    for _ in range(5 * planner.TRIES):
        assert town.tried(away) == "template"
        any_app.clock.advance(timedelta(seconds=5))
    assert town.tried(SENT) == "template"
    with any_app.database.reading() as connection:
        ended = connection.execute(select(Delivery.status, Delivery.error).where(Delivery.key.startswith("b|"))).all()
    assert [tuple(row) for row in ended] == [("sent", None)], "what arrived in the end has no reason"


def test_a_busy_platform_is_tried_ever_more_slowly(any_app: App) -> None:
    town, began = Town(any_app, SETTINGS, 1), any_app.clock.now()
    busy, tries = Outcome(Fate.AGAIN, "busy", wait=timedelta(seconds=2)), []
    while town.standing():
        if town.tried(busy):
            tries.append(any_app.clock.now() - began)
        any_app.clock.advance(timedelta(seconds=20))
    assert len(tries) == planner.TRIES + 1
    assert len([at for at in tries if at < timedelta(minutes=5)]) <= 8
    assert timedelta(hours=1.5) < tries[-1] < timedelta(hours=3)


def test_a_process_does_not_queue_for_the_pace_that_another_has(postgres_url: str, search: PolicySearch) -> None:
    app = App(settings_for(postgres_url), Clock(TODAY), search)
    try:
        town = Town(app, SETTINGS, 2)
        assert town.tried(SENT) == "template"
        app.clock.advance(timedelta(seconds=1))
        with app.database.writing() as other:
            allowances.next_slot(other, "wechat:wx1", app.clock.now())
            assert town.do(lambda c: planner.early(c, town.carrier, app.clock.now())) == town.carrier.interval.total_seconds() / 2 > 0
        assert town.do(lambda c: planner.early(c, town.carrier, app.clock.now())) == 0
    finally:
        app.close()


def test_a_push_leaves_room_for_a_teachers_answer(any_app: App) -> None:
    town = Town(any_app, PLAIN, 1)
    [key] = town.keys
    now = any_app.clock.now()
    many = [delivery.row_of(f"b|{number}|{key}", key, "broadcast", [Say("双选会")], now) for number in range(5)]
    town.do(lambda c: delivery.finish(c, c.execute(select(Delivery.id)).scalars().all(), now))
    town.do(lambda c: delivery.plan(c, many))
    town.write(key)
    assert [town.tried(SENT) for _ in range(4)] == ["customer"] * 3 + [None]
    answer = delivery.row_of("staff|1|a", key, "staff", [Say("王老师:来办公室一趟")], now)
    town.do(lambda c: delivery.plan(c, [answer]))
    assert len(town.do(lambda c: planner.claim(c, town.carrier, "host:1:a", any_app.clock.now(), NEVER, replies=True))) == 1
