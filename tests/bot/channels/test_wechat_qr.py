"""Scene codes: for a poster by the command, and of a bind code on a page of the web chat; what is drawn is read as a phone would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
import segno
from playwright.sync_api import Browser, expect
from sqlalchemy import func, select
from structlog.testing import capture_logs

from bot.config import Clock
from bot.web.scan import OVER, STRANGER, UNMADE
from dialogs.messages import Inbound
from knowledge.db import CHINA
from knowledge.people import Graduate
from tests.bot.channels.program import TOKEN
from tests.bot.channels.test_wechat_live import PERSON, Town, town
from tests.bot.test_browser import chromium
from tests.conftest import Run
from tests.simulators.wechat import Account, Api, World, serving

__all__ = ["chromium"]
LINK = "用微信扫码"


def decoded(picture: bytes) -> str:
    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return str(cv2.QRCodeDetector().detectAndDecode(image)[0])


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A verified service account, named by the settings."""
    api = Api(World())
    with serving(api) as address:
        own = api.world.account
        for name, value in {"APPID": own.appid, "SECRET": own.secret, "TOKEN": TOKEN, "API_BASE_URL": address}.items():
            monkeypatch.setenv(f"BULIXIAN_WECHAT__{name}", value)
        yield api


@pytest.mark.parametrize("out", ["poster.png", "poster.SVG"])
def test_a_poster_is_drawn_and_its_scene_lives_as_long_as_was_said(run: Run, account: Api, out: str) -> None:
    done = run("wechat", "qr", "campus-fair", "--days", "3", "--out", out)
    assert done.exit_code == 0, done.output
    url = done.stdout.strip()
    ((ticket, (scene, until)),) = account.world.scenes.items()
    assert url.endswith(ticket)
    assert scene == "campus-fair"
    assert timedelta(days=3) - timedelta(minutes=1) < until - account.world.clock.now() <= timedelta(days=3)
    assert f"有效到 {until.astimezone(CHINA):%Y-%m-%d %H}" in done.stderr
    if out.endswith("png"):
        assert decoded(Path(out).read_bytes()) == url
    else:
        assert Path(out).read_text(encoding="utf8").count("<path") == 1


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("fair", "--out", "poster.gif"), 2, "要以 .svg 或 .png 结尾"),
        (("fair", "--days", "31"), 2, ""),
        (("",), 1, "场景要有 1 到 64 个字"),
        (("x" * 65,), 1, "场景要有 1 到 64 个字"),
        (("20261122",), 1, "场景不能是 8 位数字"),
        (("fair", "--out", "no/such/poster.svg"), 1, "写不了"),
    ],
)
def test_a_poster_that_cannot_be_gets_one_sentence(run: Run, account: Api, words: tuple[str, ...], code: int, sentence: str) -> None:
    failed = run("wechat", "qr", *words)
    assert failed.exit_code == code
    assert sentence in failed.stderr
    assert len(account.world.scenes) == (sentence == "写不了")


@pytest.mark.parametrize(
    ("own", "setting", "sentence"),
    [
        ({"capability": "subscription_verified"}, {}, "没有生成带场景二维码的权限"),
        ({}, {"CAPABILITY": "subscription_verified"}, "BULIXIAN_WECHAT__CAPABILITY"),
        ({}, {"SECRET": "0" * 32}, "微信不认这个 AppSecret"),
        ({"listed": False}, {}, "IP 白名单"),
        ({}, {"API_BASE_URL": "http://127.0.0.1:9"}, "微信连不上"),
        ({}, {"TOKEN": ""}, "还没有设置公众号"),
        ({}, {"TOKEN": "no"}, "3 到 32"),
    ],
)
def test_an_account_that_cannot_says_what_is_wrong(
    run: Run, account: Api, monkeypatch: pytest.MonkeyPatch, own: dict[str, Any], setting: dict[str, str], sentence: str
) -> None:
    account.world = World(Account(**own))
    for name, value in setting.items():
        monkeypatch.setenv(f"BULIXIAN_WECHAT__{name}", value)
    failed = run("wechat", "qr", "campus-fair")
    assert failed.exit_code == 1
    assert sentence in failed.stderr
    assert "\n" not in failed.stderr.strip()
    assert not failed.stdout
    assert not account.world.scenes


def test_a_menu_is_put_up_and_settings_that_are_wrong_are_said(run: Run, account: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("menu.json").write_text('{"button": [{"type": "click", "name": "找老师", "key": "go/human"}]}', encoding="utf8")
    assert run("wechat", "menu", "menu.json").exit_code == 0
    assert account.world.menu
    assert "读不了" in run("wechat", "menu", "none.json").stderr
    monkeypatch.setenv("BULIXIAN_WECHAT__TOKEN", "no")
    failed = run("wechat", "menu", "menu.json")
    assert failed.exit_code == 1
    assert "3 到 32" in failed.stderr


class Visitor:
    """A browser at the web chat of a town."""

    def __init__(self, served: Town) -> None:
        self.http = httpx.AsyncClient(base_url=served.people.hook.removesuffix("/hook/wechat"), trust_env=False)
        self.number = 0

    async def say(self, text: str) -> dict[str, Any]:
        """What was answered, in one part."""
        await self.http.get("/")
        self.number += 1
        answer = await self.http.post("/chat/messages", json={"id": f"message-{self.number}", "text": text})
        part: dict[str, Any] = answer.json()["messages"][0]["parts"][0]
        return part


@pytest.fixture
async def served(url: str) -> AsyncIterator[Town]:
    with town(url) as found:
        yield found
        await found.people.close()


async def test_a_bind_code_is_scanned_from_a_page_of_who_asked_for_it(served: Town) -> None:
    visitor, other = Visitor(served), Visitor(served)
    told = await visitor.say("绑定")
    code = told["text"].split("绑定码：")[1][:8]
    assert [link["label"] for link in told["links"]] == [LINK]
    address = told["links"][0]["url"]
    assert code not in address
    with capture_logs() as logged:
        page = await visitor.http.get(address)
    ((ticket, (scene, until)),) = served.world.scenes.items()
    assert (page.status_code, scene, page.headers["cache-control"]) == (200, code, "no-store")
    assert 0 < (until - served.world.clock.now()).total_seconds() <= 600
    drawn = segno.make_qr(f"http://weixin.example.invalid/q/{ticket}", error="m").svg_inline(border=4, light="#fff", omitsize=True)
    assert drawn.split(' d="')[-1].split('"')[0] in page.text
    assert code not in str(logged)
    await other.say("你好")
    refused = [await other.http.get(address), await httpx.AsyncClient(trust_env=False).get(f"{other.http.base_url}{address}")]
    assert [(each.status_code, word in each.text) for each, word in zip(refused, (OVER, STRANGER), strict=True)] == [(410, True), (401, True)]
    push = await served.people.scan(PERSON, ticket)
    assert push
    assert "合成一份档案吗" in push.text
    assert "合成一份了" in (await served.people.text(PERSON, "合成一份")).text
    with served.app.database.reading() as connection:
        joined = select(func.count()).select_from(Graduate)
        assert connection.execute(joined).scalar() == 2, "the visitor and the phone are one, the other is another"
    used = await visitor.http.get(address)
    assert (used.status_code, OVER in used.text) == (410, True)
    assert len(served.world.scenes) == 1


async def test_the_page_lasts_as_long_as_the_code(served: Town) -> None:
    visitor = Visitor(served)
    await visitor.say("绑定")
    clock = served.app.clock
    assert isinstance(clock, Clock)
    clock.advance(timedelta(minutes=8))
    assert (await visitor.http.get("/chat/scan")).status_code == 200
    ((_, until),) = served.world.scenes.values()
    assert 0 < (until - served.world.clock.now()).total_seconds() <= 120
    clock.advance(timedelta(minutes=3))
    assert (await visitor.http.get("/chat/scan")).status_code == 410


async def test_the_page_keeps_its_pace_and_says_when_wechat_gives_no_code(served: Town) -> None:
    visitor = Visitor(served)
    await visitor.say("绑定")
    served.api.fail("qrcode/create", "http", 502)
    failed = await visitor.http.get("/chat/scan")
    assert (failed.status_code, UNMADE in failed.text) == (503, True)
    answers = [await visitor.http.get("/chat/scan") for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_who_cannot_scan_types_the_code(sqlite_url: str) -> None:
    with town(sqlite_url, "subscription_verified") as served:
        visitor = Visitor(served)
        told = await visitor.say("绑定")
        assert "绑定码：" in told["text"]
        assert "links" not in told
        assert (await visitor.http.get("/chat/scan")).status_code == 404
        await served.people.close()
    with town(sqlite_url) as served:
        said = served.app.accept(Inbound("wechat:x:y", "1", "text", "绑定", served.app.clock.now())).result()
        assert "绑定码：" in said.parts[0]["text"]
        assert "links" not in said.parts[0]
        await served.people.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_code_on_the_screen_is_read_by_a_camera(sqlite_url: str, chromium: Browser, scheme: Any) -> None:
    with town(sqlite_url) as served:
        context = chromium.new_context(viewport={"width": 360, "height": 740}, color_scheme=scheme)
        page = context.new_page()
        page.goto(served.people.hook.removesuffix("/hook/wechat"))
        page.get_by_label("写下你的问题").fill("绑定")
        page.get_by_role("button", name="发送").click()
        with context.expect_page() as opened:
            page.get_by_role("link", name=LINK).click()
        shown = opened.value
        faults: list[str] = []
        shown.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        expect(shown.get_by_role("img", name="绑定用的二维码")).to_be_visible()
        ((ticket, _),) = served.world.scenes.items()
        assert decoded(shown.screenshot()).endswith(ticket)
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert faults == []
        context.close()
