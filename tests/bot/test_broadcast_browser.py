"""A broadcast to 500 people over both platforms, by two teachers in a real browser: written, previewed, approved, paused, resumed, read."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import update

from bot.app import App
from bot.config import Settings
from bot.web.console import staff
from tests.bot.channels.program import AES_KEY, TOKEN, serving
from tests.bot.test_browser import chromium
from tests.bot.test_console_browser import CLICKS, PATIENCE, Teacher, patient
from tests.simulators.telegram import Simulator
from tests.simulators.telegram import World as Telegram
from tests.simulators.telegram.world import Hook
from tests.simulators.wechat import Api, People
from tests.simulators.wechat import World as WeChat
from tests.simulators.wechat import serving as api_of

__all__ = ["chromium", "patient"]
HALF = 250
PASSWORD, SECRET, TITLE = "correct horse battery", "hook-secret_1", "冬季双选会"


@dataclass(frozen=True)
class Town:
    address: str
    wechat: WeChat
    telegram: Telegram

    def got(self) -> Counter[int]:
        """How many people have seen the broadcast how often."""
        texts = [self.wechat.person(f"o{n}").texts() for n in range(HALF)] + [self.telegram.saw(n) for n in range(1, HALF + 1)]
        return Counter(sum(TITLE in text for text in each) for each in texts)


def until(right: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not right():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.fixture
def town(sqlite_url: str) -> Iterator[Town]:
    with Simulator() as simulator, api_of(Api(wechat := WeChat())) as api:
        telegram = simulator.world
        given: dict[str, Any] = {
            "wechat": {"appid": wechat.account.appid, "secret": wechat.account.secret, "token": TOKEN, "aes_key": AES_KEY, "api_base_url": api},
            "telegram": {"token": telegram.token, "base_url": simulator.base_url, "base_file_url": simulator.base_file_url, "webhook_secret": SECRET},
        }
        app = App(Settings(database_url=sqlite_url, quiet_from="00:00", quiet_to="00:00", _env_file=None, **given))  # type: ignore[call-arg, arg-type]
        with app.database.writing() as connection:
            for name, display in (("wang", "王老师"), ("li", "李老师")):
                staff.add(connection, name, display, "admin", staff.hashed(PASSWORD), app.clock.now())
            connection.execute(update(staff.Staff).values(fresh=False))
        with serving(app, sweeps=True) as address:
            telegram.hook = Hook(f"{address}/hook/telegram", SECRET, 40)
            with ThreadPoolExecutor(1) as apart:  # the browser has a loop in this thread
                apart.submit(lambda: asyncio.run(gathered(People(wechat, f"{address}/hook/wechat", TOKEN, AES_KEY, "safe")))).result()
            for person in range(1, HALF + 1):
                telegram.person(person)
                telegram.say(person, "你好")
            until(lambda: all(telegram.saw(person) for person in range(1, HALF + 1)), "greetings")
            yield Town(address, wechat, telegram)
        app.close()


async def gathered(people: People) -> None:
    """Everybody of WeChat has written, so that their window is open."""
    for start in range(0, HALF, 25):
        await asyncio.gather(*(people.text(f"o{n}", "你好") for n in range(start, start + 25)))
    await people.close()


def test_written_approved_paused_resumed_and_read(town: Town, chromium: Browser) -> None:
    wang, li = (Teacher(chromium, town.address, name, "phone", PASSWORD) for name in ("wang", "li"))
    wang.menu("群发")
    wang.page.select_option("#kind", "招聘会")
    wang.click("button", "开始写")
    wang.page.fill("#title", TITLE)
    wang.page.fill("#f_start", "2099-12-05T09:00")
    wang.page.fill("#f_place", "体育馆")
    wang.page.check("input[name=everyone]")
    wang.click("button", "存成草稿")
    preview = wang.page.locator(".card.pre")
    expect(preview).to_contain_text(f"会发 {2 * HALF} 人")
    expect(preview).to_contain_text(f"Telegram 能收到 {HALF}")
    expect(preview).to_contain_text(f"微信 48 小时窗口内能收到 {HALF}")
    assert not town.got()[1]

    li.menu("群发")
    li.click("link", TITLE)
    li.click("button", "批准,发出去")
    expect(li.page.get_by_text(f"发给 {2 * HALF} 人")).to_be_visible()
    li.click("button", "确定，批准，发出去")
    until(lambda: town.got()[1] >= HALF // 2, "the first")
    li.click("button", "暂停")
    expect(li.page.get_by_text("暂停中").first).to_be_visible()
    time.sleep(1)  # what was on its way
    halted = town.got()
    assert 0 < halted[1] < 2 * HALF
    time.sleep(1.5)
    assert town.got() == halted
    li.click("button", "接着发")
    until(lambda: town.got()[1] == 2 * HALF, "the rest")
    li.click("link", "刷新")
    expect(li.page.get_by_text(f"进度：{2 * HALF} / {2 * HALF} 人")).to_be_visible()
    expect(li.page.locator(".meter")).to_contain_text(f"已发出 {2 * HALF}")
    assert town.got() == {1: 2 * HALF}
    assert max(wang.clicks, li.clicks) <= CLICKS
