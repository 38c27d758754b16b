"""Groups of a mass send in the ledger: who is in one and who is not, what a month and a day leave, what comes of each end, on both databases."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot import allowances, broadcast, delivery, forgetting, massing, outcomes, planner, pump, services
from bot.allowances import Opening
from bot.app import App
from bot.channels import Fate, Outcome
from bot.channels.wechat.serve import WeChatAccount
from bot.config import WeChat
from bot.delivery import Delivery
from bot.massing import Group, MassSend
from bot.planner import Quiet
from dialogs.messages import Inbound, Say
from dialogs.place import Conversation
from knowledge.db import CHINA
from knowledge.ledger.record import Record, Service
from knowledge.people import Graduate

SETTINGS = WeChat(appid="wx1", secret="s", token="token", mass=True)  # type: ignore[arg-type]
NEVER, NIGHT = Quiet(time(0), time(0)), Quiet()
NOTICE: dict[str, Any] = {"type": "通知", "title": "放假", "fields": {"text": "元旦放假"}, "audience": {"everyone": True}, "mass": True}
TAKEN, LOST = Outcome(Fate.SENT, "ok", remote_id="31"), Outcome(Fate.UNKNOWN, "no_answer")
MINUTE = timedelta(minutes=1)


class Office:
    """People of one account whose windows are closed, and broadcasts that are planned and filed for them."""

    def __init__(self, app: App, people: int = 5) -> None:
        self.app, self.carrier = app, WeChatAccount(app, SETTINGS)
        app.carriers = {"wechat:wx1": self.carrier}
        self.keys = [f"wechat:wx1:p{number}" for number in range(people)]
        for key in self.keys:
            self.say(key, "你好")

    def do(self, work: Any) -> Any:
        return self.app.inbox.write(work).result(30)

    def say(self, key: str, text: str) -> str:
        number = self.app.clock.now().isoformat()
        parts = self.app.accept(Inbound(key, f"{text}{number}", "text", text, self.app.clock.now())).result(30).parts
        self.do(lambda c: delivery.finish(c, c.execute(select(Delivery.id).where(Delivery.priority == 0)).scalars().all(), self.app.clock.now()))
        return str(parts)

    def announce(self, **more: Any) -> int:
        number = broadcast.written(self.app, NOTICE | more, "王老师")
        broadcast.approve(self.app, number, "李老师")
        while broadcast.advance(self.app):
            pass
        self.file()
        return number

    def file(self) -> None:
        """The pump's look at the pushes; nobody has a window here."""
        assert self.do(lambda c: planner.claim(c, self.carrier, "host:1:a", self.app.clock.now(), NEVER, replies=False)) == []

    def claim(self, quiet: Quiet = NEVER, owner: str = "host:1:a") -> Group | None:
        found: Group | None = self.do(lambda c: massing.claim(c, self.carrier, owner, self.app.clock.now(), quiet))
        with self.app.database.reading() as connection:
            assert found is None or found.handles
            massing.anything(connection, self.carrier, self.app.clock.now())
        return found

    def take(self) -> Group:
        group = self.claim()
        assert group
        return group

    def claims(self) -> list[str]:
        """The ids of all groups, the next one among them."""
        group = self.take()
        with self.app.database.reading() as connection:
            ids = list(connection.execute(select(MassSend.client_id).order_by(MassSend.id)).scalars())
        assert ids[-1] == group.client_id
        return ids

    def settle(self, group: Group, outcome: Outcome) -> None:
        self.do(lambda c: massing.settle(c, self.carrier, group, outcome, self.app.clock.now()))

    def take_over(self) -> None:
        if pump.orphans(self.app):
            pump.recover(self.app)

    def report(self, remote_id: str, status: str, sent: int = 5, total: int = 5) -> None:
        counts = {"total": total, "filtered": sent, "sent": sent, "errors": 0}
        said = {"remote_id": remote_id, "good": status == "send success", "status": status, **counts}
        self.do(lambda c: massing.report(c, "wechat:wx1", said, self.app.clock.now()))

    def status(self, number: int) -> dict[str, Any]:
        found = outcomes.status(self.app, number)
        assert found["people"] == sum(found[name] for name in ("unplanned", "open", "left", *delivery.FINAL))
        return found

    def left(self) -> Counter[int | None]:
        """What is left of the month, and how many have so much."""
        with self.app.database.reading() as connection:
            held = allowances.held(connection, self.keys, self.app.clock.now())
        return Counter(names["mass"].left for names in held.values() if "mass" in names)

    def wait(self, span: timedelta) -> None:
        self.app.clock.advance(span)


@pytest.fixture
def office(any_app: App) -> Office:
    return Office(any_app)


def test_those_of_one_broadcast_are_one_call_and_are_foreseen(office: Office) -> None:
    number = broadcast.written(office.app, NOTICE, "王老师")
    shown = outcomes.preview(office.app, number)
    assert "微信群发 5" in shown
    assert outcomes.BY_MASS in shown
    broadcast.approve(office.app, number, "李老师")
    while broadcast.advance(office.app):
        pass
    assert office.claim() is None, "the pump may still find them a way of their own"
    office.file()
    group = office.take()
    assert sorted(group.handles) == [f"p{n}" for n in range(5)]
    assert "元旦放假" in group.text
    assert group.text.endswith("1. 退订\n想选哪个，回复它前面的数字就行。")
    assert office.status(number)["open"] == 5
    office.settle(group, TAKEN)
    assert (office.status(number)["sent"], office.left()) == (5, {3: 5})
    assert "还没说结果" in office.status(number)["mass"][0]["told"]
    office.report("31", "send success", sent=4)
    assert "发到 4 人" in office.status(number)["mass"][0]["told"]
    assert "平台不说" in office.status(number)["mass"][0]["told"]
    assert office.claim() is None


def test_both_have_to_want_it(office: Office) -> None:
    number = office.announce(mass=False)
    assert office.claim() is None
    assert outcomes.BY_MASS not in outcomes.preview(office.app, number)
    office.carrier = WeChatAccount(office.app, SETTINGS.model_copy(update={"mass": False}))
    office.app.carriers = {"wechat:wx1": office.carrier}
    other = broadcast.written(office.app, NOTICE, "王老师")
    assert "微信要等对方下次来说话 5" in outcomes.preview(office.app, other)
    assert outcomes.NO_MASS in outcomes.preview(office.app, other)
    office.announce()
    assert office.claim() is None
    with pytest.raises(ValueError, match="服务号"):
        WeChatAccount(office.app, SETTINGS.model_copy(update={"capability": "subscription_verified"}))


def test_one_alone_waits(any_app: App) -> None:
    office = Office(any_app, people=1)
    number = broadcast.written(any_app, NOTICE, "王老师")
    assert "微信要等对方下次来说话 1" in outcomes.preview(any_app, number)
    office.announce()
    assert office.claim() is None
    with any_app.database.reading() as connection:
        assert connection.execute(select(Delivery.mailbox).where(Delivery.kind == "broadcast")).scalar() is True


def test_who_has_another_way_is_gone_or_has_quit_is_not_in_it(office: Office) -> None:
    number, now = office.announce(), office.app.clock.now()
    opened = [(office.keys[0], (Opening("message", 5, now + timedelta(hours=48)),))]
    office.do(lambda c: allowances.opened(c, opened))
    office.do(lambda c: allowances.gone(c, office.keys[1]))
    office.say(office.keys[2], "退订")
    assert sorted(office.take().handles) == ["p3", "p4"]
    job = office.do(lambda c: planner.claim(c, office.carrier, "host:1:a", now, NEVER, replies=False))
    assert [(one.row["conversation"], one.route) for one in job] == [(office.keys[0], "customer")]
    assert office.status(number)["suppressed"] == 1


def test_nobody_is_told_what_is_another_persons(office: Office) -> None:
    number = office.announce()
    with office.app.database.writing() as connection:
        mine = update(Delivery).where(Delivery.broadcast_id == number, Delivery.conversation == office.keys[0])
        connection.execute(mine.values(parts=[{"kind": "say", "text": "李一,你的补贴到了"}]))
    group = office.take()
    assert "p0" not in group.handles
    assert "李一" not in group.text
    office.settle(group, TAKEN)
    assert office.claim() is None


@pytest.mark.parametrize(("stop", "state"), [(broadcast.pause, "open"), (broadcast.cancel, "cancelled")])
def test_what_is_halted_does_not_leave(office: Office, stop: Any, state: str) -> None:
    number = office.announce()
    stop(office.app, number)
    assert office.claim() is None
    assert office.status(number)[state] == 5
    if state == "open":
        broadcast.resume(office.app, number)
        assert office.claim()


def test_nothing_leaves_at_night(office: Office) -> None:
    office.announce()
    office.wait(timedelta(hours=13))
    assert office.claim(NIGHT) is None
    office.wait(timedelta(hours=11))
    assert office.claim(NIGHT)


def test_four_a_month_and_the_next_month_four_more(office: Office) -> None:
    for round_ in range(4):
        office.announce(title=f"第 {round_} 次")
        office.settle(office.take(), TAKEN)
    assert office.left() == {0: 5}
    number = broadcast.written(office.app, NOTICE, "王老师")
    assert "微信要等对方下次来说话 5" in outcomes.preview(office.app, number)
    office.announce(title="第 5 次")
    assert office.claim() is None
    first = datetime(2026, 12, 1, tzinfo=CHINA)
    office.wait(first - office.app.clock.now() - MINUTE)
    assert office.claim() is None
    office.wait(2 * MINUTE)
    assert len(office.take().handles) == 5
    assert office.left() == {3: 5}


def test_the_calls_of_a_day_and_a_minute(office: Office) -> None:
    office.announce()
    now = office.app.clock.now()
    spent = {"owner": "wechat:wx1", "left": 0}
    for name, until in (("mass:minute", now + MINUTE), ("mass:day", now + timedelta(hours=15))):
        office.do(lambda c, row={**spent, "name": name, "until": until}: allowances.put(c, [row]))
        assert office.claim() is None
        office.wait(until - now)
    assert office.claim()
    with office.app.database.reading() as connection:
        held = allowances.held(connection, ["wechat:wx1"], office.app.clock.now())["wechat:wx1"]
    assert (held["mass:day"].left, held["mass:minute"].left) == (99, 59)


def test_a_used_up_quota_sends_them_back_until_it_ends(office: Office) -> None:
    number = office.announce()
    closed = Outcome(Fate.CLOSED, "mass_quota", wait=timedelta(hours=15), everyone=True)
    office.settle(office.take(), closed)
    assert not office.left()[3], "it was none of their month"
    office.file()
    assert office.claim() is None
    assert (office.status(number)["open"], office.status(number)["mailbox"]) == (5, 5)
    assert "mass_quota" in office.status(number)["mass"][0]["told"]
    office.wait(timedelta(hours=15, minutes=1))
    assert len(office.take().handles) == 5


def test_what_the_account_may_not_do_is_tried_again_after_a_day(office: Office) -> None:
    number = office.announce()
    office.settle(office.take(), Outcome(Fate.OFF, "not_allowed"))
    office.file()
    office.wait(timedelta(hours=23))
    assert office.claim() is None
    assert office.status(number)["mailbox"] == 5
    office.wait(timedelta(hours=2))
    assert len(office.take().handles) == 5


def test_a_refused_text_has_failed_and_may_be_sent_again(office: Office) -> None:
    number = office.announce()
    office.settle(office.take(), Outcome(Fate.REFUSED, "content"))
    assert office.status(number)["failed"] == 5
    assert office.left() == {4: 5}
    assert broadcast.resend(office.app, number, "failed") == 5
    office.file()
    first, second = office.claims()
    assert first != second


def test_an_unknown_end_is_asked_for_again_under_the_same_id(office: Office) -> None:
    number = office.announce()
    group = office.take()
    office.settle(group, LOST)
    assert office.claim() is None, "sooner than a minute the platform refuses the same id"
    office.wait(timedelta(minutes=5))
    again = office.take()
    assert (again.client_id, again.handles, again.text) == (group.client_id, group.handles, group.text)
    office.settle(again, Outcome(Fate.SENT, "already_sent", remote_id="31"))
    assert (office.status(number)["sent"], office.left()) == (5, {3: 5})


def test_an_unknown_end_is_for_staff_before_the_platform_forgets_the_id(office: Office) -> None:
    number = office.announce()
    office.settle(office.take(), LOST)
    for _ in range(30):
        office.wait(timedelta(hours=1))
        office.take_over()
        if group := office.claim():
            office.settle(group, LOST)
    found = office.status(number)
    assert (found["unknown"], found["open"]) == (5, 0)
    assert [(each["status"], each["reason"], each["count"]) for each in found["reasons"]] == [("unknown", "no_answer", 5)]
    assert broadcast.resend(office.app, number, "unknown") == 5
    office.file()
    first, second = office.claims()
    assert first != second


def test_what_certainly_did_not_arrive_goes_back_and_nothing_is_in_doubt(office: Office) -> None:
    number = office.announce()
    calls = 0
    for _ in range(30 * 12):
        office.take_over()
        if group := office.claim():
            calls += 1
            office.settle(group, Outcome(Fate.AGAIN, "busy", wait=timedelta(seconds=2)))
        office.wait(timedelta(minutes=5))
    assert 10 < calls < 30, "every one is one of the hundred of a day"
    found = office.status(number)
    assert (found["unknown"], found["open"]) == (0, 5)
    office.file()
    assert len(office.claims()) == 2


def test_a_dead_process_leaves_its_group_to_the_next(office: Office) -> None:
    number = office.announce()
    group = office.take()
    assert office.claim(owner="host:2:b") is None, "it may be calling"
    assert office.do(lambda c: planner.recover(c, office.app.clock.now() + MINUTE))["unknown"] == 0
    office.wait(delivery.LEASE + timedelta(seconds=1))
    again = office.claim(owner="host:2:b")
    assert again
    assert (again.client_id, again.handles, again.doubt) == (group.client_id, group.handles, True)
    office.settle(again, Outcome(Fate.CLOSED, "mass_quota", wait=timedelta(hours=1), everyone=True))
    assert office.status(number)["unknown"] == 5, "the first call may have arrived"
    office.settle(group, TAKEN)
    assert office.status(number)["unknown"] == 5


def test_a_paused_broadcast_is_not_asked_for_again(office: Office) -> None:
    number = office.announce()
    group = office.take()
    office.settle(group, LOST)
    broadcast.pause(office.app, number)
    office.wait(timedelta(hours=1))
    assert office.claim() is None
    broadcast.resume(office.app, number)
    assert office.take().client_id == group.client_id
    office.settle(group, LOST)
    broadcast.cancel(office.app, number)
    office.wait(timedelta(hours=1))
    assert office.claim() is None
    assert office.status(number)["unknown"] == 5


def test_who_erases_themselves_or_quits_meanwhile_is_not_in_the_repeat(office: Office) -> None:
    number = office.announce()
    office.settle(office.take(), LOST)
    office.do(lambda c: forgetting.channel(c, office.keys[0], office.app.clock.now()))
    office.say(office.keys[1], "退订")
    office.wait(timedelta(minutes=5))
    again = office.take()
    assert sorted(again.handles) == ["p2", "p3", "p4"]
    office.settle(again, TAKEN)
    found = office.status(number)
    assert (found["sent"], found["unknown"], found["cancelled"]) == (3, 1, 1)
    with office.app.database.reading() as connection:
        assert not connection.execute(select(Delivery.id).where(Delivery.conversation == office.keys[0])).first()


def test_a_group_that_shrinks_to_one_is_not_called_again(any_app: App) -> None:
    office = Office(any_app, people=2)
    number = office.announce()
    office.settle(office.take(), Outcome(Fate.AGAIN, "busy", wait=MINUTE))
    office.do(lambda c: forgetting.channel(c, office.keys[0], office.app.clock.now()))
    office.wait(2 * MINUTE)
    assert office.claim() is None
    found = office.status(number)
    assert (found["open"], found["cancelled"]) == (1, 1)


def test_a_reply_is_not_held_up_by_a_mass_send(office: Office) -> None:
    office.announce()
    office.settle(office.take(), LOST)
    now = office.app.clock.now()
    office.do(lambda c: allowances.opened(c, [(office.keys[0], (Opening("message", 5, now + timedelta(hours=48)),))]))
    office.app.say(office.keys[0], "staff", [Say("老师说:好")]).result()
    jobs = office.do(lambda c: planner.claim(c, office.carrier, "host:1:a", now, NEVER, replies=True))
    assert [job.row["conversation"] for job in jobs] == [office.keys[0]]


@pytest.mark.parametrize("first", ["answer", "report"])
@pytest.mark.parametrize(
    ("status", "why", "left"),
    [("err(40002)", "30 分钟内没有", 4), ("err(40001)", "没有同意", 4), ("send fail", "没发成", 4), ("某种新结果", "某种新结果", 3)],
)
def test_a_job_that_failed_has_reached_nobody(office: Office, first: str, status: str, why: str, left: int) -> None:
    number = office.announce()
    group = office.take()
    for step in (first, "report" if first == "answer" else "answer", "again"):
        if step in ("answer", "again"):
            office.settle(group, TAKEN)
        if step in ("report", "again"):
            office.report("31", status, 0, 0)
        if step != first:
            assert (office.status(number)["failed"], office.status(number)["sent"]) == (5, 0)
    found = office.status(number)
    assert [(each["status"], each["reason"], each["count"]) for each in found["reasons"]] == [("failed", status, 5)]
    assert why in found["mass"][0]["told"]
    assert office.left() == {left: 5}
    assert broadcast.resend(office.app, number, "failed") == 5


def test_a_job_that_reached_nobody_has_failed(office: Office) -> None:
    number = office.announce()
    office.settle(office.take(), TAKEN)
    office.report("31", "send success", sent=0)
    assert office.status(number)["failed"] == 5


def test_a_report_of_a_job_that_is_not_ours_changes_nothing(office: Office) -> None:
    number = office.announce()
    office.settle(office.take(), TAKEN)
    office.report("99", "err(40002)", 0)
    assert office.status(number)["sent"] == 5
    office.wait(timedelta(days=2))
    assert "一直没有说结果" in office.status(number)["mass"][0]["told"]


@pytest.mark.parametrize(("sent", "services_"), [(None, 0), (4, 0), (5, 5)])
def test_only_what_certainly_arrived_is_a_service(office: Office, sent: int | None, services_: int) -> None:
    with office.app.database.writing() as connection:
        connection.execute(update(Graduate).values(profile_consent_at=office.app.clock.now()))
        for graduate in connection.execute(select(Conversation.graduate_id)).scalars().all():
            row = {"name": "李一", "student_no": graduate[:20], "college": "", "destination": "", "groups": [], "source": "试"}
            at = office.app.clock.now()
            connection.execute(insert(Record).values(**row, graduate_id=graduate, created_at=at, updated_at=at))
        connection.execute(update(Graduate).values(profile_consent_at=office.app.clock.now()))
    office.announce(audience={"everyone": True, "reach": "SUB-02"})
    office.settle(office.take(), TAKEN)
    assert services.advance(office.app) == 0
    office.wait(timedelta(hours=3))
    assert services.advance(office.app) == 0
    if sent is not None:
        office.report("31", "send success", sent=sent)
    services.advance(office.app)
    with office.app.database.reading() as connection:
        assert len(connection.execute(select(Service.id)).all()) == services_


def test_a_group_ends_though_mass_sends_are_switched_off(office: Office) -> None:
    number = office.announce()
    office.settle(office.take(), LOST)
    office.carrier = WeChatAccount(office.app, SETTINGS.model_copy(update={"mass": False}))
    office.wait(timedelta(hours=22))
    office.take_over()
    assert office.status(number)["open"] == 5
    office.wait(timedelta(hours=2))
    office.take_over()
    assert office.status(number)["unknown"] == 5


def test_two_processes_make_one_call(office: Office) -> None:
    office.announce()
    found = [office.claim(owner=owner) for owner in ("host:1:a", "host:2:b", "host:1:a")]
    assert [group is not None for group in found] == [True, False, False]


def test_who_takes_a_consent_back_is_not_among_those_called_again(any_app: App) -> None:
    office = Office(any_app, people=3)
    office.do(lambda c: c.execute(update(Graduate).values(profile_consent_at=office.app.clock.now(), profile={"degree": "本科"})))
    number = office.announce(audience={"profile": {"degree": ["本科"]}})
    office.settle(office.take(), Outcome(Fate.AGAIN, "busy", wait=MINUTE))
    office.say(office.keys[1], "撤回同意")
    office.say(office.keys[1], "确认撤回")
    office.wait(6 * MINUTE)
    assert len(office.take().handles) == 2
    found = office.status(number)
    assert (found["suppressed"], [each["reason"] for each in found["reasons"]]) == (1, [delivery.WITHDRAWN])
