"""Mass sends from the program to phones and back: who gets one, what the administrator and the platform say, a kill between, on both databases."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot import broadcast, delivery, massing, outcomes, pump
from bot.allowances import Lease
from bot.app import App
from bot.channels.wechat.serve import WeChatAccount
from bot.delivery import Delivery
from bot.massing import MassSend
from dialogs.messages import Inbound
from knowledge.db import Database
from tests.bot.channels.program import AES_KEY, TOKEN, serving, wechat_settings
from tests.bot.channels.test_wechat_live import Town as Served
from tests.simulators.wechat import Api, People, World
from tests.simulators.wechat import serving as api_of

FAIR = {
    "type": "招聘会",
    "title": "冬季双选会",
    "fields": {"start": "2099-12-05 14:00", "place": "体育馆"},
    "audience": {"everyone": True},
    "mass": True,
}
PATH = "message/mass/send"
HEAD = "【招聘会】冬季双选会"


class Town(Served):
    """Five people who wrote long ago, and what they are told."""

    number = 0

    def announce(self, **more: Any) -> None:
        self.number = broadcast.written(self.app, FAIR | more, "王老师")
        broadcast.approve(self.app, self.number, "李老师")
        while broadcast.advance(self.app):
            pass

    def status(self) -> dict[str, Any]:
        found = outcomes.status(self.app, self.number)
        assert found["people"] == sum(found[name] for name in ("unplanned", "open", "left", *delivery.FINAL))
        return found

    async def becomes(self, patience: float = 15, **states: int) -> dict[str, Any]:
        end = time.monotonic() + patience
        while {name: (found := self.status())[name] for name in states} != states:
            assert time.monotonic() < end, found
            await asyncio.sleep(0.05)
        return found

    def got(self) -> list[int]:
        return [sum(HEAD in text for text in self.world.person(who).texts()) for who in PEOPLE]

    def calls(self) -> list[dict[str, Any]]:
        return [body for path, body in self.api.requests if path == PATH]

    def state(self) -> str | None:
        with self.app.database.reading() as connection:
            return connection.execute(select(MassSend.reason).where(MassSend.status == "leaving")).scalar()


PEOPLE = [f"oFar{number}" for number in range(5)]


def move_in(app: App) -> None:
    """They wrote so long ago that no window is open."""
    for who in PEOPLE:
        app.accept(Inbound(f"wechat:{World().account.appid}:{who}", "1", "text", "你好", app.clock.now())).result(30)
    with app.database.writing() as connection:
        delivery.finish(connection, connection.execute(select(Delivery.id)).scalars().all(), app.clock.now())


@contextmanager
def town(url: str) -> Iterator[Town]:
    world = World()
    for who in PEOPLE:
        world.person(who)
    with api_of(api := Api(world)) as address:
        settings = wechat_settings(url, address, world.account.appid, world.account.secret)
        settings.wechat.mass = True
        app = App(settings)
        move_in(app)
        with serving(app) as hook:
            yield Town(app, api, People(world, f"{hook}/hook/wechat", TOKEN, AES_KEY, "safe"))
        app.close()


@pytest.fixture
async def far(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setattr(pump, "MASS_LOOK", 0.05)
    monkeypatch.setattr(pump, "MASS_APART", 0.05)
    with town(url) as found:
        yield found
        await found.people.close()


async def test_those_without_a_way_get_it_in_one_call_and_a_number_is_understood(far: Town) -> None:
    await far.people.text(PEOPLE[0], "你好")
    far.announce()
    await far.becomes(sent=5)
    assert far.got() == [1] * 5
    assert [sorted(body["touser"]) for body in far.calls()] == [PEOPLE[1:]]
    assert far.world.books["seen/custom"] == 1
    await far.people.deliver()
    assert "发到 4 人，没发到 0 人" in far.status()["mass"][0]["told"]
    seen = far.world.person(PEOPLE[1]).texts()[-1]
    assert "1. 想参加\n2. 退订\n想选哪个，回复它前面的数字就行。" in seen
    assert "记下了：冬季双选会" in (await far.people.text(PEOPLE[1], "1")).text
    assert "不主动给你发消息" in (await far.people.text(PEOPLE[2], "2")).text
    assert far.status()["coming"] == 1


async def test_what_the_administrator_does_not_confirm_has_failed_and_may_be_sent_again(far: Town) -> None:
    far.world.mass_protection = True
    far.announce()
    await far.becomes(sent=5)
    assert far.got() == [0] * 5
    [msg_id] = far.world.unconfirmed
    far.world.unconfirmed[msg_id] = (far.world.clock.now() - timedelta(minutes=31), *far.world.unconfirmed[msg_id][1:])
    await far.people.deliver()
    assert "30 分钟内没有在手机上确认" in (await far.becomes(failed=5))["mass"][0]["told"]
    assert broadcast.resend(far.app, far.number, "failed") == 5
    await far.becomes(sent=5)
    [again] = far.world.unconfirmed
    assert far.world.confirm_mass(again)
    first = far.world.events[-1]
    await far.people.deliver()
    await far.people.push(first | {"CreateTime": first["CreateTime"] + 1, "Status": "send fail"})
    assert (await far.becomes(sent=5, failed=0))["mass"][1]["sent"] == 5
    assert far.got() == [1] * 5


@pytest.mark.parametrize("agrees", [True, False])
async def test_a_report_that_comes_before_the_answer_counts(far: Town, agrees: bool) -> None:
    far.world.mass_protection = True
    far.api.fail(PATH, "slow", 2)
    far.announce()
    end = time.monotonic() + 30
    while not far.world.unconfirmed:
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
    [msg_id] = far.world.unconfirmed
    far.world.confirm_mass(msg_id, agrees=agrees)
    await far.people.deliver()
    assert far.status()["open"] == 5, "the call has not been answered yet"
    await far.becomes(**({"sent": 5} if agrees else {"failed": 5}))
    assert far.got() == [int(agrees)] * 5


@pytest.mark.parametrize("kind", ["drop", "html"])
async def test_a_call_without_an_answer_is_asked_for_again_and_arrives_once(far: Town, kind: str) -> None:
    far.api.fail(PATH, kind)
    far.announce()
    end = time.monotonic() + 30
    while not far.state():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
    far.world.clock.advance(minutes=2)
    far.app.clock.advance(timedelta(minutes=6))
    await far.becomes(sent=5)
    assert len({body["clientmsgid"] for body in far.calls()}) == 1 < len(far.calls())
    assert far.got() == [1] * 5
    await far.people.deliver()
    assert "发到 5 人" in far.status()["mass"][0]["told"], "the number of the job came with 45065"


async def test_who_unfollows_meanwhile_is_erased_and_the_books_balance(far: Town) -> None:
    far.api.fail(PATH, "http", 502)
    far.announce()
    end = time.monotonic() + 30
    while not far.state():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
    await far.people.unfollow(PEOPLE[0])
    far.app.clock.advance(timedelta(minutes=6))
    await far.becomes(sent=4, cancelled=1)
    assert far.got() == [0, 1, 1, 1, 1]
    assert far.calls()[-1]["touser"] == PEOPLE[1:]


async def test_without_a_quota_they_wait_until_it_ends(far: Town) -> None:
    far.api.fail(PATH, "errcode", 45028)
    far.announce()
    await far.becomes(mailbox=5, open=5)
    await asyncio.sleep(1)
    assert far.calls() == []
    assert "45028" not in far.status()["mass"][0]["told"]
    await far.people.text(PEOPLE[0], "你好")
    await far.becomes(sent=1)
    far.app.clock.advance(timedelta(days=1))
    await far.becomes(sent=5)
    assert far.got() == [1] * 5


async def test_unknown_words_of_the_platform_are_kept(far: Town) -> None:
    far.announce()
    await far.becomes(sent=5)
    [event] = far.world.events
    await far.people.push(event | {"Status": "err(99999)", "SentCount": 0})
    found = await far.becomes(failed=5)
    assert found["reasons"] == [{"status": "failed", "reason": "err(99999)", "told": "失败：平台说：err(99999)", "count": 5}]


async def test_a_template_rings_and_the_whole_comes_with_the_next_word(url: str) -> None:
    """Whatever is reported of the bell afterwards."""
    with town(url) as far:
        far.world.templates["TPL"] = ("thing1",)
        [account] = far.app.carriers.values()
        assert isinstance(account, WeChatAccount)
        account.settings.template = "TPL"
        far.world.person(PEOPLE[0]).blocked = True
        far.announce(mass=False)
        await asyncio.to_thread(until, lambda: outcomes.status(far.app, far.number)["rung"] == 5)
        await far.people.deliver()
        assert far.world.books["seen/template"] == 4
        await far.becomes(open=5)
        await far.people.text(PEOPLE[1], "你好")
        await far.becomes(open=4, sent=1)
        assert sum("体育馆" in text for text in far.world.person(PEOPLE[1]).texts()) == 1
        await far.people.close()


class Server:
    """`bulixian serve` with an account that makes mass sends, as a process that can be killed."""

    def __init__(self, url: str, api: str) -> None:
        account = World().account
        wechat = {"APPID": account.appid, "SECRET": account.secret, "TOKEN": TOKEN, "AES_KEY": AES_KEY, "API_BASE_URL": api, "MASS": "true"}
        more = {f"BULIXIAN_WECHAT__{name}": value for name, value in wechat.items()}
        more |= {"BULIXIAN_DATABASE_URL": url, "BULIXIAN_QUIET_FROM": "00:00", "BULIXIAN_QUIET_TO": "00:00", "PYTHONUTF8": "1"}
        command = [sys.executable, "-m", "bot", "serve", "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **more})

    def end(self, how: int = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.communicate()


def until(found: Callable[[], Any], patience: float = 60) -> None:
    end = time.monotonic() + patience
    while not found():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_kill_between_mark_and_answer_loses_and_doubles_nothing(url: str) -> None:
    """The platform has taken the call when the process dies; the next one asks with the same id, which by then is known."""
    world, database = World(), Database(url)
    for who in PEOPLE:
        world.person(who)
    with api_of(api := Api(world)) as address:
        app = App(wechat_settings(url, address, world.account.appid, world.account.secret))
        move_in(app)
        number = broadcast.written(app, FAIR, "王老师")
        broadcast.approve(app, number, "李老师")
        while broadcast.advance(app):
            pass
        app.close()
        api.fail(PATH, "slow", 4)
        with database.writing() as connection:
            connection.execute(update(Delivery).where(Delivery.broadcast_id == number).values(mailbox=True))
        first = Server(url, address)
        until(lambda: world.person(PEOPLE[4]).seen)
        first.end()
        with database.reading() as connection:
            marked = connection.execute(select(Delivery.status, Delivery.route).where(Delivery.broadcast_id == number)).all()
        assert {tuple(row) for row in marked} == {("sending", "mass")}
        world.clock.advance(seconds=61)
        with database.writing() as connection:  # a minute later
            now = app.clock.now()
            connection.execute(update(MassSend).values(next_at=now))
            connection.execute(update(Lease).where(Lease.name.startswith("mass:")).values(until=now))
        second = Server(url, address)

        def sent() -> bool:
            with database.reading() as connection:
                return list(connection.execute(select(Delivery.status).where(Delivery.broadcast_id == number)).scalars()) == ["sent"] * 5

        until(sent)
        second.end(signal.SIGTERM)
    with database.reading() as connection:
        assert [row["status"] for row in massing.sends(connection, number, now)] == ["accepted"]
    database.close()
    assert len({body["clientmsgid"] for path, body in api.requests if path == PATH}) == 1
    assert [len(world.person(who).seen) for who in PEOPLE] == [1] * 5
