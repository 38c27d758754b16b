"""The simulator's own rules: a Telegram that lets things pass would prove nothing."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.telegram import limits
from bot.channels.telegram.receive import Bot, Received, receive
from bot.web.app import bind
from tests.bot.channels.telegram.conftest import PERSON
from tests.simulators.telegram import Simulator, World, calls, markup, pace
from tests.simulators.telegram.world import Clock

GROUP = -1001234567890
SECRET = "s_1-A"
PATIENCE = 10


class Client:
    """A bare caller of the Bot API."""

    def __init__(self, telegram: Simulator) -> None:
        self.base = f"{telegram.base_url}{telegram.world.token}"
        self.http = httpx.Client(trust_env=False, timeout=PATIENCE)

    def __call__(self, method: str, **params: Any) -> tuple[int, Any]:
        data = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
        answer = self.http.post(f"{self.base}/{method}", data=data)
        body = answer.json()
        return answer.status_code, body["result"] if body["ok"] else body["description"]

    def say(self, text: str, chat: int = PERSON, **params: Any) -> tuple[int, Any]:
        return self("sendMessage", chat_id=chat, text=text, **params)


@pytest.fixture
def client(telegram: Simulator) -> Iterator[Client]:
    made = Client(telegram)
    yield made
    made.http.close()


@pytest.fixture
def standing(telegram: Simulator) -> World:
    """Time stands still until it is moved."""
    telegram.world.clock = Clock(standing=True)
    return telegram.world


def test_what_the_bot_counts_with_is_what_is_enforced() -> None:
    assert (limits.TEXT, limits.ENTITIES) == (calls.TEXT, calls.ENTITIES)
    assert (limits.BUTTONS, limits.BUTTONS_PER_ROW, limits.CALLBACK_BYTES) == (calls.BUTTONS, calls.ROW, calls.DATA_BYTES)
    assert limits.DOWNLOAD_BYTES == calls.DOWNLOAD
    assert pace.Pace().per_second == limits.PER_SECOND


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("字" * 4096, None),
        ("😀" * 2048, None),
        ("<b>" + "字" * 4096 + "</b>", None),
        ("&lt;" * 4096, None),
        ("字" * 4097, "message is too long"),
        ("😀" * 2048 + "a", "message is too long"),
        ("&amp;" * 7000, "text is too long"),
        ("", "message text is empty"),
        (" \n\x07", "text must be non-empty"),
        ("<b></b>", "text must be non-empty"),
    ],
)
def test_lengths_count_utf16_units_after_the_marks(text: str, told: str | None, client: Client) -> None:
    status, result = client.say(text, parse_mode="HTML")
    assert (status, result if told else None) == ((400, f"Bad Request: {told}") if told else (200, None))


@pytest.mark.parametrize(
    ("text", "shown", "marks"),
    [
        ("a <b>b</b> &amp; &#x27;c&quot; &nbsp;", "a b & 'c\" &nbsp;", ["bold"]),
        ('<a href="https://www.gov.cn/?a=1&amp;b=2">原文</a>', "原文", ["text_link"]),
        ('<a href="javascript:x">原文</a>', "原文", []),
        ("<i>😀<u>x</u></i>", "😀x", ["italic", "underline"]),
        ('<span class="tg-spoiler">x</span>', "x", ["spoiler"]),
        ("<blockquote expandable>x</blockquote>", "x", ["blockquote"]),
        ("<CODE>x</code >", "x", ["code"]),
        ("a > b & c", "a > b & c", []),
    ],
)
def test_marks_that_can_be_read(text: str, shown: str, marks: list[str], client: Client) -> None:
    status, message = client.say(text, parse_mode="HTML")
    assert (status, message["text"]) == (200, shown)
    assert [entity["type"] for entity in message["entities"]] == marks
    assert markup.html("<i>😀</i><b>x</b>").entities[1]["offset"] == 2


BROKEN = ["<b>x", "x</b>", "<b>x</i>", "<i><b>x</i></b>", "a < b", "<div>x</div>", "<span>x</span>", '<a href="x', "<br/>", "<3", '<a href=x"y>z</a>']


@pytest.mark.parametrize("text", BROKEN)
def test_marks_that_cannot_be_read(text: str, client: Client) -> None:
    status, told = client.say(text, parse_mode="HTML")
    assert status == 400
    assert told.startswith("Bad Request: can't parse entities: ")
    assert client.say(text)[0] == 200, "as plain text it passes"


@pytest.mark.parametrize(
    ("keyboard", "told"),
    [
        ([[{"text": "甲", "callback_data": "x" * 64}]], None),
        ([[{"text": "甲", "callback_data": "x" * 65}]], "BUTTON_DATA_INVALID"),
        ([[{"text": "甲", "callback_data": "字" * 22}]], "BUTTON_DATA_INVALID"),
        ([[{"text": " ", "callback_data": "x"}]], "inline keyboard button text must be non-empty"),
        ([[{"text": "甲"}]], "text buttons are unallowed in the inline keyboard"),
        ([[{"text": "甲", "url": "javascript:x"}]], "inline keyboard button URL 'javascript:x' is invalid: Wrong HTTP URL"),
        ([[{"text": "甲", "callback_data": "x"}] * 9], "reply markup is too long"),
        ([[{"text": "甲", "callback_data": "x"}] * 8] * 13, "reply markup is too long"),
        ("x", "can't parse reply markup JSON object"),
    ],
)
def test_keyboards(keyboard: Any, told: str | None, client: Client) -> None:
    status, result = client.say("选", reply_markup={"inline_keyboard": keyboard})
    assert (status, result if told else None) == ((400, f"Bad Request: {told}") if told else (200, None))


def test_thirty_a_second_then_everyone_waits(standing: World, client: Client) -> None:
    for chat in range(1, 33):
        standing.person(chat)
    assert [client.say("群发", chat)[0] for chat in range(1, 32)] == [200] * 30 + [429]
    standing.clock.advance(1)
    assert client.say("还早", 32) == (429, "Too Many Requests: retry after 2"), "the whole bot waits, not one chat"
    standing.clock.advance(2)
    assert client.say("可以了", 32)[0] == 200
    assert standing.pace.peak() == 30
    assert sum(standing.pace.seconds().values()) == 31


def test_a_flood_binds_sending_and_editing(standing: World, client: Client) -> None:
    client.say("选", reply_markup={"inline_keyboard": [[{"text": "菜单", "callback_data": "go/menu"}]]})
    standing.flood(4)
    assert client.say("x")[0] == client("editMessageReplyMarkup", chat_id=PERSON, message_id=1)[0] == 429
    assert client("getMe")[0] == 200
    standing.clock.advance(4)
    assert client("editMessageReplyMarkup", chat_id=PERSON, message_id=1)[0] == client.say("x")[0] == 200


def test_one_chat_takes_a_burst_and_then_one_a_second(standing: World, client: Client) -> None:
    assert [client.say(str(number))[0] for number in range(6)] == [200] * 5 + [429]
    standing.clock.advance(3)
    assert [client.say(str(number))[0] for number in range(4)] == [200] * 3 + [429]


def test_a_group_takes_twenty_a_minute(standing: World, client: Client) -> None:
    standing.group(GROUP)
    statuses = []
    for _ in range(21):
        statuses.append(client.say("群里", GROUP)[0])
        standing.clock.advance(1)
    assert statuses == [200] * 20 + [429]
    standing.clock.advance(40)
    assert client.say("群里", GROUP)[0] == 200


def test_who_can_be_reached(telegram: Simulator, client: Client) -> None:
    world = telegram.world
    world.person(2, started=False)
    world.person(3).deactivated = True
    world.group(-400, kind="group")
    world.migrate(-400, GROUP)
    world.block(PERSON)
    assert client.say("x") == (403, "Forbidden: bot was blocked by the user")
    assert client.say("x", 2) == (403, "Forbidden: bot can't initiate conversation with a user")
    assert client.say("x", 3) == (403, "Forbidden: user is deactivated")
    assert client.say("x", 4) == (400, "Bad Request: chat not found")
    assert client.say("x", -400) == (400, "Bad Request: group chat was upgraded to a supergroup chat")
    world.unblock(PERSON)
    world.say(2, "/start")
    assert (client.say("x")[0], client.say("x", 2)[0], client.say("x", GROUP)[0]) == (200, 200, 200)
    assert client("sendmessage", text="x") == (400, "Bad Request: chat_id is empty")
    assert client("sendNothing") == (404, "Not Found: method not found")


def test_tokens(telegram: Simulator) -> None:
    answers = [httpx.get(f"{telegram.base_url}{token}/getMe", trust_env=False) for token in ("1:short", "123456:" + "x" * 35)]
    assert [answer.status_code for answer in answers] == [404, 401]


def test_a_double_send_is_visible(telegram: Simulator, client: Client) -> None:
    client.say("你好")
    client.say("你好")
    assert telegram.world.saw(PERSON) == ["你好", "你好"]
    assert list(telegram.world.doubled()) == [(PERSON, "你好", 2)]


@pytest.mark.parametrize("last", [900_000_000, 179_583_638_800])  # the second is how it numbers alone, with people
def test_a_poll_confirms_what_came_before_its_offset(telegram: Simulator, client: Client, last: int) -> None:
    telegram.world.last_update = last
    ids = [telegram.world.say(PERSON, text) for text in "甲乙丙"]

    def got(**params: Any) -> list[int]:
        return [update["update_id"] for update in client("getUpdates", **params)[1]]

    assert got() == ids
    assert got(limit=2) == ids[:2]
    assert got(offset=ids[1]) == ids[1:]
    assert got() == ids[1:], "what was confirmed is gone"
    assert got(offset=-1) == ids[2:]
    telegram.world.clock.advance(86_401)
    assert got() == [], "a message lives a day"


def test_only_what_was_asked_for_is_sent(telegram: Simulator, client: Client) -> None:
    client("getUpdates", allowed_updates=["message"])
    telegram.world.block(PERSON)
    telegram.world.say(PERSON, "x")
    assert [set(update) for update in client("getUpdates")[1]] == [{"update_id", "message"}]


def test_taps_need_a_button_that_is_there_and_live_150_seconds(telegram: Simulator, client: Client) -> None:
    with pytest.raises(LookupError):
        telegram.world.tap(PERSON, "菜单")
    client.say("选", reply_markup={"inline_keyboard": [[{"text": "菜单", "callback_data": "go/menu"}]]})
    telegram.world.tap(PERSON, "菜单")
    assert len(client("getUpdates")[1]) == 1
    telegram.world.clock.advance(151)
    assert client("getUpdates")[1] == []


@pytest.mark.parametrize(
    ("url", "secret", "told"),
    [
        ("https://a.example.invalid/x", SECRET, None),
        ("https://a.example.invalid:8443/x", "", None),
        ("http://127.0.0.1:8000/x", SECRET, None),
        ("http://a.example.invalid/x", SECRET, "bad webhook: An HTTPS URL must be provided for webhook"),
        ("https://a.example.invalid:8000/x", SECRET, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ("a.example.invalid", SECRET, "invalid webhook URL specified"),
        ("https://a.example.invalid/x", "密", "secret token contains unallowed characters"),
        ("https://a.example.invalid/x", "x" * 257, "secret token is too long"),
    ],
)
def test_webhooks_that_can_be_set(url: str, secret: str, told: str | None, client: Client) -> None:
    assert client("setWebhook", url=url, secret_token=secret) == ((400, f"Bad Request: {told}") if told else (200, True))
    assert client("getUpdates")[0] == (200 if told else 409)


@contextmanager
def hook(respond: Callable[[Received, Request], Response]) -> Iterator[tuple[str, list[Received]]]:
    """A program's webhook on a port: its address, and what it understood, in order of arrival."""
    got: list[Received] = []

    async def take(request: Request) -> Response:
        given = request.headers.get("x-telegram-bot-api-secret-token")
        found = receive(given, await request.body(), secret=SECRET, bot=Bot(1), now=datetime.now(UTC))
        if not isinstance(found, Received):
            return Response(status_code=found.status)
        got.append(found)
        return respond(found, request)

    listener = bind("127.0.0.1", 0)
    web = Starlette(routes=[Route("/hook", take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(web, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook", got
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


def fine(received: Received, request: Request) -> Response:
    return Response()


async def test_a_webhook_gets_each_chat_in_order_and_each_update_once(telegram: Simulator, client: Client) -> None:
    world = telegram.world
    with hook(fine) as (url, got):
        ids = [world.say(chat, f"{number}") for number in range(5) for chat in (PERSON, 2, 3)]
        client("setWebhook", url=url, secret_token=SECRET)
        await until(lambda: len(got) == 15)
        await asyncio.sleep(0.05)
    assert sorted(received.update_id for received in got) == ids
    for chat in (PERSON, 2, 3):
        assert [received.text for received in got if received.chat == chat] == list("01234")


async def test_a_failure_holds_up_its_chat_only_and_comes_again(telegram: Simulator, client: Client) -> None:
    world = telegram.world
    failing = [500, 500, 404]

    def moody(received: Received, request: Request) -> Response:
        return Response(status_code=failing.pop() if received.text == "甲" and failing else 200)

    with hook(moody) as (url, got):
        first = world.say(PERSON, "甲")
        world.say(PERSON, "乙")
        world.say(2, "丙")
        client("setWebhook", url=url, secret_token=SECRET)
        await until(lambda: [received.text for received in got].count("甲") == 2 and "丙" in [received.text for received in got])
        assert "乙" not in [received.text for received in got]
        await asyncio.sleep(0.1)
        assert [received.text for received in got].count("甲") == 2, "the first retry comes at once, the next after two seconds"
        world.clock.advance(2)
        await until(lambda: [received.text for received in got].count("甲") == 3)
        world.clock.advance(4)
        await until(lambda: "乙" in [received.text for received in got])
    assert len({received.key for received in got if received.text == "甲"}) == 1
    assert [status for number, status, _ in world.deliveries if number == first] == [404, 500, 500, 200]


async def test_retry_after_is_honoured_and_a_message_is_given_up_after_a_day(telegram: Simulator, client: Client) -> None:
    world = telegram.world
    with hook(lambda received, request: Response(status_code=503, headers={"retry-after": "600"})) as (url, _):
        world.say(PERSON, "甲")
        client("setWebhook", url=url, secret_token=SECRET)
        for tries in range(1, 4):
            await until(lambda tries=tries: len(world.deliveries) == tries)  # type: ignore[misc]
            world.clock.advance(601)
        world.clock.advance(86_400)
        await until(lambda: not world.pending)


async def test_a_wrong_secret_never_gets_in(telegram: Simulator, client: Client) -> None:
    with hook(fine) as (url, got):
        telegram.world.say(PERSON, "甲")
        client("setWebhook", url=url, secret_token="other")
        await until(lambda: len(telegram.world.deliveries) == 2)
    assert got == []
    assert {status for _, status, _ in telegram.world.deliveries} == {403}


async def test_repeats_and_disorder_on_request(telegram: Simulator, client: Client) -> None:
    world = telegram.world
    with hook(fine) as (url, got):
        world.held = True
        ids = [world.say(PERSON, text) for text in "甲乙丙"]
        client("setWebhook", url=url, secret_token=SECRET)
        await asyncio.sleep(0.05)
        assert got == []
        world.release([ids[2], ids[0], ids[1]])
        await until(lambda: len(got) == 3)
        world.again(ids[0])
        await until(lambda: len(got) == 4)
    assert [received.text for received in got] == ["丙", "甲", "乙", "甲"]
    assert got[1].key == got[3].key


async def test_a_tap_may_overtake_a_message(telegram: Simulator, client: Client) -> None:
    world = telegram.world
    client.say("选", reply_markup={"inline_keyboard": [[{"text": "菜单", "callback_data": "go/menu"}]]})

    def slow_text(received: Received, request: Request) -> Response:
        return Response(status_code=500 if received.kind == "text" else 200)

    with hook(slow_text) as (url, got):
        world.say(PERSON, "打字")
        world.tap(PERSON, "菜单")
        client("setWebhook", url=url, secret_token=SECRET)
        await until(lambda: any(received.kind == "choice" for received in got))
        world.hook = None
    tapped = next(received for received in got if received.kind == "choice")
    assert (tapped.text, tapped.label) == ("go/menu", "菜单")


def test_alone_it_is_driven_over_http() -> None:
    command = [sys.executable, "-m", "tests.simulators.telegram", "--token", "1:T", "--port", "0", "--person", "7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        told = [process.stdout.readline() for _ in range(4)]
        base = told[1].strip().partition("=")[2]
        root = base.removesuffix("/bot")
        try:
            with httpx.Client(trust_env=False, timeout=PATIENCE) as http:
                assert http.post(f"{root}/sim/say", json={"chat": 7, "text": "你好"}).json() == 900_000_001
                updates = http.get(f"{base}1:T/getUpdates").json()["result"]
                assert [update["message"]["text"] for update in updates] == ["你好"]
                assert http.post(f"{base}1:T/sendMessage", json={"chat_id": 7, "text": "在"}).status_code == 200
                http.post(f"{root}/sim/fail", json={"method": "sendMessage", "fault": "502"})
                assert http.post(f"{base}1:T/sendMessage", json={"chat_id": 7, "text": "在"}).status_code == 502
                assert [seen["text"] for seen in http.get(f"{root}/sim/saw", params={"chat": 7}).json()] == ["在"]
                books = http.get(f"{root}/sim/books").json()
                assert (books["sent"], books["peak"], books["doubled"]) == (1, 1, [])
                assert http.post(f"{root}/sim/nonsense", json={}).status_code == 400
                assert http.post(f"{root}/sim/say", json={}).status_code == 400
        finally:
            process.terminate()
    assert process.returncode == 0
