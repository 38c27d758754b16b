"""Staff and the load balancer learn that an account does not send or hear, and why."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.allowances import OFF
from bot.app import App
from bot.channels import Fate, Outcome
from bot.config import WeChat
from bot.planner import REST
from bot.web.app import create
from tests.bot.channels.program import serving, telegram_settings
from tests.bot.test_console import PEOPLE, Browser, enrol, light
from tests.bot.test_planner import PLAIN, Town
from tests.simulators.telegram import Simulator, World

__all__ = ["light"]


def health(app: App) -> tuple[int, dict[str, Any]]:
    web = httpx.AsyncClient(transport=httpx.ASGITransport(create(app)), base_url="http://bulixian.test")
    answer = asyncio.run(web.get("/healthz"))
    return answer.status_code, answer.json()


def refused(app: App, settings: WeChat, outcome: Outcome) -> None:
    """What a push to somebody came back with."""
    town = Town(app, settings, 1)
    town.write(town.keys[0])
    app.carriers = {"wechat:wx1": town.carrier}
    assert town.tried(outcome) == "customer"


@pytest.mark.parametrize(
    ("outcome", "what", "reason", "words", "lasts"),
    [
        (Outcome(Fate.STOPPED, "secret_frozen"), "stopped", "secret_frozen", "发不出消息：公众号的密钥被冻结了", REST),
        (Outcome(Fate.STOPPED, "address"), "stopped", "address", "IP 不在公众号的白名单里", REST),
        (Outcome(Fate.OFF, "not_allowed"), "off", "customer", "没有客服消息的权限", OFF),
    ],
)
def test_admins_and_healthz_are_told_what_is_wrong_with_an_account(
    any_app: App, outcome: Outcome, what: str, reason: str, words: str, lasts: timedelta
) -> None:
    refused(any_app, PLAIN, outcome)
    enrol(any_app, "boss", "wang")
    admin, teacher = Browser(any_app), Browser(any_app)
    admin.login("boss")
    teacher.login("wang")
    page = admin.get("/").text
    assert "微信公众号 wx1" in page
    assert words in page
    assert PEOPLE["boss"] in page
    assert "收发有问题" not in teacher.get("/").text
    status, told = health(any_app)
    assert (status, told["status"]) == (200, "impaired")
    assert told["alarms"] == [{"channel": "wechat", "what": what, "reason": reason}], "nothing of the account or a person"
    any_app.clock.advance(lasts)
    assert health(any_app)[1]["status"] == "ok"


def test_a_quota_is_no_alarm(any_app: App) -> None:
    refused(any_app, PLAIN, Outcome(Fate.CLOSED, "day_quota", wait=timedelta(hours=5), everyone=True))
    assert health(any_app)[1]["alarms"] == []


async def test_a_token_that_telegram_does_not_know_is_told(sqlite_url: str) -> None:
    with Simulator(World()) as telegram:
        app = App(telegram_settings(sqlite_url, telegram.base_url, telegram.base_file_url, f"{World().bot_id}:{'x' * 35}"))
        with serving(app) as address:
            async with httpx.AsyncClient() as web, asyncio.timeout(20):
                while not (told := (await web.get(f"{address}/healthz")).json()["alarms"]):
                    await asyncio.sleep(0.1)
        app.close()
    assert told == [{"channel": "telegram", "what": "deaf", "reason": "token"}]
