"""The program on a real port: the page in a real browser as large as a phone, and the event stream it listens to."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, Route, expect, sync_playwright
from starlette.applications import Starlette

from bot import casework
from bot.app import App
from bot.web import chat as web_chat
from bot.web.app import Server, bind, create
from bot.web.chat import COOKIE, WebChat
from dialogs.messages import Say
from tests.bot.test_web import PATIENCE, QUESTION, Visitor, books, stored

CHROMIUM = Path("/usr/bin/chromium")
RECONNECTING = "正在重新连接…"
CONTRAST = """element => {
  const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (colour) => colour.slice(0, 3).map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  let behind = element;
  while (behind.parentElement && (rgba(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) behind = behind.parentElement;
  const [a, b] = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map((text) => light(rgba(text)));
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""
TEXTS = ":is(h1, h2, p, time, .tag, button, textarea):visible"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@contextmanager
def serving(app: App, port: int = 0) -> Iterator[Starlette]:
    """The program on a real port, written in `state.address`."""
    web = create(app)
    server = Server(uvicorn.Config(web, log_level="warning", lifespan="off", timeout_graceful_shutdown=5), web.state.chat.stop)
    listener = bind("127.0.0.1", port)
    web.state.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield web
    finally:
        web.state.chat.stop()
        server.should_exit = True
        thread.join()


@pytest.fixture
def live(shared: App) -> Iterator[Starlette]:
    with serving(shared) as web:
        yield web


Lines = AsyncIterator[str]


@asynccontextmanager
async def listening(visitor: Visitor, **headers: str) -> AsyncIterator[Lines]:
    async with visitor.browser.stream("GET", "/chat/events?after=0", headers={k.replace("_", "-"): v for k, v in headers.items()}) as answer:
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/event-stream")
        yield answer.aiter_lines()


async def until(lines: Lines, mark: str) -> None:
    while await anext(lines) != mark:
        pass


async def event(lines: Lines) -> tuple[int, dict[str, Any]]:
    """The next one: its id and what was told."""
    while not (line := await anext(lines)).startswith("id: "):
        pass
    return int(line.removeprefix("id: ")), json.loads((await anext(lines)).removeprefix("data: "))


async def test_a_teachers_reply_reaches_the_open_page(any_app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """`cases reply` runs in another process, so nothing wakes the stream: it looks by itself."""
    monkeypatch.setattr(web_chat, "POLL_SECONDS", 0.05)
    with serving(any_app) as web:
        visitor = await Visitor(web).enter()
        await visitor.said("转人工")
        last = (await visitor.history())["last"]
        async with listening(visitor, last_event_id=str(last)) as lines:
            now = any_app.clock.now()
            assert casework.on(any_app, 1, lambda c, case: casework.answered(c, case, "档案可以托管在人才中心。", "王老师", "1", now))
            number, told = await event(lines)
            assert casework.on(any_app, 1, lambda c, case: casework.closed(c, case, now))
            _, notice = await event(lines)
        assert (told["key"], told["from"], told["parts"][0]["text"]) == (f"out:{number}", "staff", "王老师：档案可以托管在人才中心。")
        assert notice["from"] == "bot"
        assert (await visitor.history())["messages"][-2:] == [told, notice]
    assert books(any_app)["open"] == 0


async def test_a_wake_needs_no_poll_and_goes_to_the_right_person(live: Starlette, shared: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_chat, "POLL_SECONDS", 3600)
    visitor, other = await Visitor(live).enter(), await Visitor(live).enter()
    async with listening(visitor) as mine, listening(other) as theirs:
        for lines in (mine, theirs):
            await until(lines, ": still here")
        for number, person in enumerate((visitor, other)):
            shared.say(person.conversation, person.conversation, [Say(f"老师:{number}")]).result()
            person.chat.wake(person.conversation)
        said = [(await event(lines))[1]["parts"][0]["text"] for lines in (mine, theirs)]
    assert said == ["老师：0", "老师：1"]


async def test_a_wake_while_the_stream_reads_is_not_lost(live: Starlette, shared: App, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = await Visitor(live).enter()
    read = visitor.chat.read_since

    def told_just_after(conversation: str, after: int) -> list[dict[str, Any]]:
        rows = read(conversation, after)
        shared.say(conversation, f"just-after {conversation}", [Say("老师:在的")]).result()
        visitor.chat.wake(conversation)
        return rows

    monkeypatch.setattr(visitor.chat, "read_since", told_just_after)
    async with listening(visitor) as lines:
        assert (await event(lines))[1]["parts"][0]["text"] == "老师：在的"


async def test_a_stream_goes_on_from_the_last_event_the_page_had(live: Starlette) -> None:
    visitor = await Visitor(live).enter()
    first, second = [(await visitor.say(text)).json()["messages"][0]["key"].removeprefix("out:") for text in ("菜单", QUESTION)]
    async with listening(visitor, last_event_id=first) as lines:
        assert (await event(lines))[0] == int(second)


@pytest.mark.parametrize("when", ["retry: 2000", ": still here"], ids=["reading", "waiting"])
async def test_a_stop_ends_the_open_streams(live: Starlette, when: str) -> None:
    visitor = await Visitor(live).enter()
    async with listening(visitor) as lines:
        await until(lines, when)
        visitor.chat.stop()
        assert [line async for line in lines if line.startswith("data:")] == []


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{CHROMIUM} is missing")
        pytest.skip(f"{CHROMIUM} is missing")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


class Phone:
    """A person's phone with the page open. Keeps what went wrong in it."""

    def __init__(self, context: BrowserContext, web: Starlette) -> None:
        self.context, self.address = context, str(web.state.address)
        self.chat: WebChat = web.state.chat
        self.faults: list[str] = []
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.on("console", lambda message: self.faults.append(message.text) if message.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", self.notice)
        self.page.goto(self.address)

    def notice(self, request: Request) -> None:
        if not request.url.startswith(f"{self.address}/"):
            self.faults.append(f"asked {request.url}")

    @property
    def input(self) -> Locator:
        return self.page.get_by_label("写下你的问题")

    @property
    def status(self) -> Locator:
        return self.page.get_by_role("status")

    def messages(self, who: str) -> Locator:
        return self.page.locator(f".message[data-from={who}]")

    def said(self) -> list[str]:
        """The messages on the page, each with who says it."""
        return [f"{one.get_attribute('data-from')} {one.locator('.bubble').inner_text()}" for one in self.page.locator(".message").all()]

    def contrasts(self) -> dict[tuple[str, str], float]:
        """How well each visible text stands out by day and by night, as WCAG counts it."""
        found: dict[tuple[str, str], float] = {}
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme)
            background = self.page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
            assert (int(re.findall(r"\d+", background)[0]) > 127) == (scheme == "light")
            rows = self.page.locator(TEXTS).evaluate_all(f"all => all.map(one => [one.innerText, ({CONTRAST})(one)])")
            found |= {(scheme, text): ratio for text, ratio in rows}
        return found

    def ask(self, text: str) -> None:
        self.input.fill(text)
        self.input.press("Enter")

    def lose_connection(self) -> None:
        self.context.set_offline(True)

    def find_connection(self) -> None:
        """Back again; what the browser itself printed about its requests is no fault of the page."""
        self.context.set_offline(False)
        self.forgive("ERR_INTERNET_DISCONNECTED")

    def forgive(self, reason: str) -> None:
        self.faults = [fault for fault in self.faults if reason not in fault]

    def stored(self) -> list[str]:
        return stored(self.chat.app, self.conversation)

    @property
    def conversation(self) -> str:
        (value,) = [cookie["value"] for cookie in self.context.cookies() if cookie["name"] == COOKIE]
        return f"web::{self.chat.signer.loads(value)}"


@pytest.fixture
def phone(chromium: Browser, live: Starlette) -> Iterator[Phone]:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2, is_mobile=True, has_touch=True, locale="zh-CN")
    opened = Phone(context, live)
    yield opened
    context.close()
    assert opened.faults == []


def fits(page: Page) -> bool:
    """Nothing has to be moved sideways to be read."""
    return bool(page.evaluate("[document.documentElement, scroller].every(box => box.scrollWidth <= box.clientWidth)"))


def test_the_first_visit_shows_where_to_start(phone: Phone) -> None:
    starters = phone.page.locator("#starters button")
    expect(starters).to_have_count(4)
    for shown in (*starters.all(), phone.input, phone.page.get_by_role("button", name="发送")):
        expect(shown).to_be_in_viewport(ratio=1)
    assert fits(phone.page)
    starters.filter(has_text="档案放哪儿").tap()
    expect(phone.messages("bot")).to_contain_text("依据")
    expect(starters.first).to_be_hidden()
    assert phone.stored() == ["档案放哪儿"]


def test_a_question_is_answered_with_its_source_and_buttons_lead_on(phone: Phone) -> None:
    phone.ask(QUESTION)
    expect(phone.messages("bot")).to_contain_text("依据")
    expect(phone.input).to_have_value("")
    choice = phone.page.locator(".choices button").first
    label = choice.inner_text()
    choice.tap()
    expect(phone.messages("bot")).to_have_count(2)
    expect(phone.messages("me").last).to_contain_text(label)
    expect(choice).to_be_disabled()
    choice.tap(force=True)
    expect(phone.messages("me")).to_have_count(2)
    assert phone.stored() == [QUESTION, label]
    assert fits(phone.page)


def test_a_reload_shows_the_same_conversation(phone: Phone) -> None:
    for number, text in enumerate((QUESTION, "档案放哪儿"), 1):
        phone.ask(text)
        expect(phone.messages("bot")).to_have_count(number)
    before = phone.said()
    assert [line.split(" ")[0] for line in before] == ["me", "bot", "me", "bot"]
    phone.page.reload()
    expect(phone.messages("bot")).to_have_count(2)
    assert phone.said() == before
    expect(phone.page.locator(".choices button").last).to_be_in_viewport()


def test_enter_sends_but_not_while_characters_are_chosen(phone: Phone) -> None:
    phone.input.fill("第一行")
    phone.input.press("Shift+Enter")
    phone.input.evaluate("box => box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))")
    expect(phone.messages("me")).to_have_count(0)
    phone.input.press_sequentially("第二行")
    phone.input.press("Enter")
    expect(phone.messages("bot")).to_have_count(1)
    assert phone.stored() == ["第一行\n第二行"]


def test_nothing_is_sent_where_nothing_or_too_much_is_written(phone: Phone) -> None:
    phone.ask("  \n ")
    phone.ask("字" * 2001)
    expect(phone.page.get_by_text("多了 1 字")).to_be_visible()
    expect(phone.messages("me")).to_have_count(0)
    expect(phone.input).to_have_value("字" * 2001)
    phone.ask("字" * 2000)
    expect(phone.messages("bot")).to_have_count(1)


def test_what_people_write_is_text_and_nothing_else(phone: Phone) -> None:
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script><a href=javascript:alert(3)>x</a>"
    phone.ask(evil)
    expect(phone.messages("bot")).to_have_count(1)
    phone.page.reload()
    expect(phone.messages("me").locator(".text")).to_have_text(evil)
    assert phone.page.locator(".messages :is(img, script, a)").count() == 0


def test_a_lost_connection_keeps_the_message_and_sends_it_once(phone: Phone) -> None:
    expect(phone.page.locator("#starters")).to_be_visible()
    phone.lose_connection()
    phone.ask(QUESTION)
    expect(phone.status).to_have_text(RECONNECTING)
    expect(phone.messages("me")).to_contain_text("稍后自动发出")
    phone.find_connection()
    expect(phone.messages("bot")).to_contain_text("依据")
    expect(phone.status).to_be_empty()
    expect(phone.messages("me").locator(".note")).to_have_count(0)
    assert (phone.stored(), phone.messages("me").count()) == ([QUESTION], 1)


def test_a_lost_answer_does_not_double_the_message(phone: Phone) -> None:
    """The server has the message, the page does not know: it asks again with the same id."""
    bodies: list[str | None] = []

    def lose_first(route: Route) -> None:
        bodies.append(route.request.post_data)
        if len(bodies) > 1:
            return route.continue_()
        route.fetch()
        route.abort()

    phone.page.route("**/chat/messages", lose_first)
    phone.ask(QUESTION)
    expect(phone.status).to_have_text(RECONNECTING)
    expect(phone.status).to_be_empty()
    expect(phone.messages("bot")).to_have_count(1)
    phone.forgive("ERR_FAILED")
    assert bodies == [bodies[0]] * 2
    assert (phone.stored(), phone.messages("me").count()) == ([QUESTION], 1)
    phone.page.reload()
    expect(phone.messages("bot")).to_have_count(1)
    expect(phone.messages("me")).to_have_count(1)


def test_a_message_not_yet_sent_survives_a_reload(phone: Phone) -> None:
    phone.page.route("**/chat/messages", lambda route: route.abort())
    phone.ask(QUESTION)
    expect(phone.status).to_have_text(RECONNECTING)
    phone.page.unroute("**/chat/messages")
    phone.page.reload()
    expect(phone.messages("bot")).to_contain_text("依据")
    phone.forgive("ERR_FAILED")
    assert (phone.stored(), phone.messages("me").count()) == ([QUESTION], 1)


def test_asked_to_wait_the_page_waits_and_sends(phone: Phone) -> None:
    phone.page.route("**/chat/messages", lambda route: route.fulfill(status=429, json={"error": "等 1 秒再发", "retry_after": 1}), times=1)
    phone.ask(QUESTION)
    expect(phone.status).to_have_text("等 1 秒再发")
    expect(phone.messages("bot")).to_contain_text("依据")
    phone.forgive("429")
    assert phone.stored() == [QUESTION]


def test_a_refused_message_can_be_taken_back_and_sent_again(phone: Phone) -> None:
    expect(phone.page.locator("#starters")).to_be_visible()
    phone.context.clear_cookies()
    phone.ask(QUESTION)
    expect(phone.messages("me")).to_contain_text("请刷新页面")
    phone.page.get_by_role("button", name="放回输入框改一改").tap()
    phone.page.reload()
    expect(phone.input).to_have_value(QUESTION)
    phone.forgive("401")
    phone.input.press("Enter")
    expect(phone.messages("bot")).to_contain_text("依据")


def test_a_teacher_speaks_on_the_open_page(phone: Phone, shared: App) -> None:
    phone.ask("转人工")
    expect(phone.messages("bot")).to_contain_text("转给老师")
    shared.say(phone.conversation, phone.conversation, [Say("王老师：我看过了,可以办。")]).result()
    phone.chat.wake(phone.conversation)
    expect(phone.messages("staff")).to_contain_text("王老师：我看过了")
    expect(phone.messages("staff").locator(".tag")).to_be_visible()


def test_erasing_is_confirmed_on_the_page(phone: Phone) -> None:
    for text in (QUESTION, "注销", "确认注销"):
        phone.ask(text)
    expect(phone.messages("bot").last).to_contain_text("已经删完了")
    phone.page.reload()
    expect(phone.messages("bot")).to_have_count(1)


def test_everything_is_readable_by_day_and_by_night(phone: Phone, shared: App) -> None:
    expect(phone.page.locator("#starters")).to_be_visible()
    contrasts = phone.contrasts()
    for number, text in enumerate((QUESTION, "转人工"), 1):
        phone.ask(text)
        expect(phone.messages("bot")).to_have_count(number)
    shared.say(phone.conversation, phone.conversation, [Say("王老师：在的")]).result()
    phone.chat.wake(phone.conversation)
    expect(phone.messages("staff")).to_have_count(1)
    contrasts |= phone.contrasts()
    assert {"王老师：在的", "档案放哪儿", QUESTION, "菜单", "发送"} <= {text for _, text in contrasts}
    assert {text: ratio for text, ratio in contrasts.items() if ratio < 4.5} == {}


def test_every_width_shows_all_and_buttons_are_large_enough(phone: Phone) -> None:
    phone.ask("https://example.com/" + "a" * 300)
    phone.ask("菜单")
    expect(phone.messages("bot")).to_have_count(2)
    for width in (320, 390, 844, 1440):
        phone.page.set_viewport_size({"width": width, "height": 640})
        assert fits(phone.page), width
        expect(phone.input).to_be_in_viewport(ratio=1)
        boxes = phone.page.locator("button:visible").evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")
        assert len(boxes) > 3
        assert min(round(box["height"], 2) for box in boxes) >= 44, width  # the engine lays out in 64ths of a pixel
        assert max(box["right"] for box in boxes) <= width
