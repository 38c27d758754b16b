"""The sender against a Telegram that enforces its rules: the table of errors row by row, what arrives, and the token staying secret."""

from __future__ import annotations

import json
import logging
import socket
import warnings
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from telegram import error as raised

from bot.channels import Fate, Outcome
from bot.channels.telegram.errors import ApiError, outcome_of
from bot.channels.telegram.limits import DOWNLOAD_BYTES
from bot.channels.telegram.receive import MENU, Bot
from bot.channels.telegram.reply import Button, Document, Message, bodies
from bot.channels.telegram.send import Sender, SetupError
from dialogs.messages import Choice, Link, Paper, Say
from tests.bot.channels.telegram.conftest import PERSON
from tests.simulators.telegram import Fault, Simulator

SAMPLES = Path(__file__).parents[3] / "samples" / "telegram_api"
HELLO = Message("你好", "你好")
OUTCOMES = {
    "e400_chat_not_found": Outcome(Fate.GONE, "chat_not_found"),
    "e400_file_big": Outcome(Fate.REFUSED, "too_big"),
    "e400_migrate": Outcome(Fate.AGAIN, "migrated", moved_to="-1001234567890"),
    "e400_not_modified": Outcome(Fate.SENT, "not_modified"),
    "e400_parse": Outcome(Fate.REFUSED, "cannot_parse"),
    "e400_query_old": Outcome(Fate.CLOSED, "query_too_old"),
    "e400_too_long": Outcome(Fate.REFUSED, "too_long"),
    "e401": Outcome(Fate.STOPPED, "token"),
    "e403_blocked": Outcome(Fate.GONE, "blocked"),
    "e403_cant_initiate": Outcome(Fate.GONE, "cannot_initiate"),
    "e403_deactivated": Outcome(Fate.GONE, "deactivated"),
    "e404": Outcome(Fate.STOPPED, "token"),
    "e409": Outcome(Fate.STOPPED, "conflict"),
    "e429": Outcome(Fate.AGAIN, "too_many", wait=timedelta(seconds=3), everyone=True),
    "e500": Outcome(Fate.UNKNOWN, "server_error"),
    "e502_html": Outcome(Fate.UNKNOWN, "server_error"),
    "getFile": Outcome(Fate.UNKNOWN, "odd_answer"),
    "getMe": Outcome(Fate.UNKNOWN, "odd_answer"),
    "ok_message": Outcome(Fate.SENT, remote_id="5"),
}
"""What each answer makes of sendMessage (platforms.md §3.2)."""


@pytest.mark.parametrize("name", sorted(OUTCOMES))
async def test_every_answer_through_the_real_client(name: str, sender: Sender, telegram: Simulator) -> None:
    answer = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf8"))
    body = answer["body"] if isinstance(answer["body"], str) else json.dumps(answer["body"])
    telegram.world.fail("sendMessage", Fault(answer["http_status"], body.encode()), 2)
    assert await sender.say(PERSON, HELLO) == OUTCOMES[name]


def test_every_sample_is_tried() -> None:
    assert sorted(OUTCOMES) == sorted(path.stem for path in SAMPLES.glob("*.json"))


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("413", Outcome(Fate.REFUSED, "too_big")),
        ("not_json", Outcome(Fate.UNKNOWN, "not_json")),
        ("not_ok", Outcome(Fate.UNKNOWN, "odd_answer")),
        ("odd", Outcome(Fate.UNKNOWN, "odd_answer")),
        ("slow", Outcome(Fate.UNKNOWN, "timed_out")),
        ("drop", Outcome(Fate.UNKNOWN, "dropped")),
        ("drop_after", Outcome(Fate.UNKNOWN, "dropped")),
        (Fault(200, b'{"ok":true,"result":{}}'), Outcome(Fate.UNKNOWN, "odd_answer")),
        (Fault(200, b'{"ok":true,"result":true}'), Outcome(Fate.SENT)),
        (Fault(429, b"<html>slow down</html>"), Outcome(Fate.AGAIN, "too_many", wait=timedelta(seconds=5), everyone=True)),
        (Fault(418, b"{}"), Outcome(Fate.UNKNOWN, "server_error")),
        (Fault(302, b""), Outcome(Fate.UNKNOWN, "server_error")),
        (Fault(400, b'{"ok":false,"description":"Bad Request: BUTTON_DATA_INVALID"}'), Outcome(Fate.REFUSED, "bad_button")),
        (Fault(400, b'{"ok":false,"description":"Bad Request: have no rights to send a message"}'), Outcome(Fate.CLOSED, "no_rights")),
        (Fault(400, b'{"ok":false,"description":"Bad Request: something new"}'), Outcome(Fate.REFUSED, "bad_request")),
        (Fault(403, b'{"ok":false,"description":"Forbidden: something new"}'), Outcome(Fate.GONE, "forbidden")),
    ],
)
async def test_what_goes_wrong_on_the_way(fault: Fault | str, outcome: Outcome, sender: Sender, telegram: Simulator) -> None:
    telegram.world.fail("sendMessage", fault)
    assert await sender.say(PERSON, HELLO) == outcome


async def test_unknown_is_honest_it_may_have_arrived(sender: Sender, telegram: Simulator) -> None:
    telegram.world.fail("sendMessage", "drop")
    telegram.world.fail("sendMessage", "drop_after")
    telegram.world.fail("sendMessage", "slow")
    fates = [(await sender.say(PERSON, Message(text, text))).fate for text in ("断在前", "断在后", "太慢")]
    assert fates == [Fate.UNKNOWN] * 3
    assert telegram.world.saw(PERSON) == ["断在后", "太慢"]


async def test_a_request_that_never_left_is_tried_again() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/bot"
    async with Sender("1:x", base_url=address) as sender:
        assert await sender.say(PERSON, HELLO) == Outcome(Fate.AGAIN, "unreachable", wait=timedelta(seconds=5), everyone=True)
    async with Sender("1:x", base_url="ftp://127.0.0.1/bot") as sender:
        assert await sender.say(PERSON, HELLO) == Outcome(Fate.STOPPED, "base_url")
    async with Sender("1:x", base_url=address, proxy=f"http://127.0.0.1:{address[17:-4]}") as sender:
        assert (await sender.say(PERSON, HELLO)).fate is Fate.AGAIN


@pytest.mark.parametrize("cause", [httpx.PoolTimeout("x"), httpx.ConnectTimeout("x")])
def test_a_time_out_before_the_request_left_is_no_unknown(cause: httpx.TimeoutException) -> None:
    error = raised.TimedOut()
    error.__cause__ = cause
    assert outcome_of(error).fate is Fate.AGAIN


def test_a_rate_limit_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert outcome_of(raised.RetryAfter(7)).wait == timedelta(seconds=7)


async def test_what_arrives(sender: Sender, telegram: Simulator) -> None:
    say = Say("1 < 2 & 「补贴」", (Choice("问老师", "go/human"), Choice("贵阳", "step/profile/1/city/贵阳")), (Link("原文", "https://www.gov.cn/a"),))
    outcomes = await sender.send(PERSON, bodies([say, Paper("我的资料.json", "application/json", "{}")], 42))
    assert [(outcome.fate, outcome.remote_id) for outcome in outcomes] == [(Fate.SENT, "1"), (Fate.SENT, "2")]
    text, file = telegram.world.chats[PERSON].seen
    assert text.text == "1 < 2 & 「补贴」\n原文"
    assert [entity["url"] for entity in text.entities] == ["https://www.gov.cn/a"]
    assert text.buttons == [[{"text": "问老师", "callback_data": "go/human"}, {"text": "贵阳", "callback_data": "#42/1"}]]
    assert file.document == ("我的资料.json", b"{}")


async def test_marks_telegram_cannot_read_are_sent_as_plain_text(sender: Sender, telegram: Simulator) -> None:
    assert (await sender.say(PERSON, Message("<b>错", "错", ((Button("菜单", "go/menu"),),)))).fate is Fate.SENT
    assert telegram.world.saw(PERSON) == ["错"]
    assert telegram.world.chats[PERSON].seen[0].buttons


async def test_sending_stops_at_the_first_that_did_not_arrive(sender: Sender, telegram: Simulator) -> None:
    telegram.world.fail("sendDocument", "500")
    outcomes = await sender.send(PERSON, [HELLO, Document("a.txt", b"x"), HELLO])
    assert [outcome.fate for outcome in outcomes] == [Fate.SENT, Fate.UNKNOWN]
    assert telegram.world.saw(PERSON) == ["你好"]


async def test_a_group_that_moved_gets_it_once_at_its_new_id(sender: Sender, telegram: Simulator) -> None:
    telegram.world.group(-400, kind="group")
    telegram.world.migrate(-400, -1001)
    outcomes = await sender.send(-400, [HELLO, HELLO])
    assert [(outcome.fate, outcome.moved_to) for outcome in outcomes] == [(Fate.SENT, "-1001")] * 2
    assert telegram.world.saw(-1001) == ["你好", "你好"]


async def test_people_who_cannot_be_reached(sender: Sender, telegram: Simulator) -> None:
    world = telegram.world
    world.block(PERSON)
    world.person(2, started=False)
    world.person(3).deactivated = True
    found = {chat: await sender.say(chat, HELLO) for chat in (PERSON, 2, 3, 4)}
    assert {outcome.fate for outcome in found.values()} == {Fate.GONE}
    assert [outcome.reason for outcome in found.values()] == ["blocked", "cannot_initiate", "deactivated", "chat_not_found"]


async def test_buttons_are_answered(sender: Sender, telegram: Simulator) -> None:
    world = telegram.world
    await sender.send(PERSON, bodies([Say("选", (Choice("菜单", "go/menu"),))], 1))
    callback = str(world.updates[world.tap(PERSON, "菜单")].body["callback_query"]["id"])
    assert await sender.answer(callback, "收到" * 200) == Outcome(Fate.SENT)
    assert len(world.answered[callback]) == 200
    world.clock.advance(151)
    assert await sender.answer(callback) == Outcome(Fate.CLOSED, "query_too_old")


async def test_commands_webhook_and_who_we_are(sender: Sender, telegram: Simulator) -> None:
    world = telegram.world
    assert await sender.me() == Bot(123456, "careerbot")
    assert (await sender.set_commands()).fate is Fate.SENT
    assert [command["command"] for command in world.commands] == list(MENU)
    assert (await sender.set_webhook("https://bulixian.example.invalid/hook/telegram", "s_1-A", 7)).fate is Fate.SENT
    assert world.hook
    assert (world.hook.secret, world.hook.connections) == ("s_1-A", 7)
    assert "my_chat_member" in world.allowed
    assert (await sender.delete_webhook()).fate is Fate.SENT
    assert world.hook is None
    assert await sender.set_webhook("http://bulixian.example.invalid/", "s") == Outcome(Fate.STOPPED, "webhook")


@pytest.mark.parametrize("secret", ["", "带中文", "a b", "x" * 257])
async def test_a_secret_telegram_refuses_is_a_sentence(secret: str, sender: Sender) -> None:
    with pytest.raises(SetupError, match=r"^[^\n]*密钥[^\n]*。$"):
        await sender.set_webhook("https://a.example.invalid/", secret)


@pytest.mark.parametrize(
    ("token", "proxy"), [("", None), ("1:a b", None), ("1:a/b", None), ("1:密", None), ("1:x", "gopher://x"), ("1:x", "不是地址")]
)
def test_settings_that_cannot_work_are_a_sentence(token: str, proxy: str | None) -> None:
    with pytest.raises(SetupError, match=r"^[^\n]*。$"):
        Sender(token, proxy=proxy)


async def test_files(sender: Sender, telegram: Simulator) -> None:
    world = telegram.world
    world.upload(PERSON, "简历.pdf", b"%PDF-1.7" + bytes(300_000))
    assert len(await sender.download("FILE1")) == 300_008
    world.upload(PERSON, "big.zip", b"x", size=DOWNLOAD_BYTES + 1)
    world.upload(PERSON, "liar.zip", bytes(3_000), size=10)
    world.fail("file", Fault(404))
    failures = {}
    for file, most in (("FILE1", 1 << 20), ("FILE1", 100), ("FILE2", DOWNLOAD_BYTES), ("FILE3", 1_000), ("FILE9", 100)):
        with pytest.raises(ApiError) as failed:
            await sender.download(file, most)
        failures[file, most] = failed.value.outcome
    assert {(outcome.fate, outcome.reason) for outcome in failures.values()} == {
        (Fate.REFUSED, "file_gone"),
        (Fate.REFUSED, "too_big"),
        (Fate.REFUSED, "bad_request"),
    }
    assert failures["FILE3", 1_000].reason == "too_big", "what it claimed to be is not believed"
    world.fail("file", "drop")
    with pytest.raises(ApiError) as failed:
        await sender.download("FILE1")
    assert failed.value.outcome.fate is Fate.AGAIN


@pytest.mark.parametrize("loud", ["root", "httpx"])
async def test_the_token_is_in_no_log_and_no_exception(loud: str, telegram: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    token = telegram.world.token
    told: list[str] = []
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "" if loud == "root" else loud)
    echo = Fault(502, f"<html>cannot reach /bot{token}/getMe</html>".encode())
    async with Sender(token, base_url=telegram.base_url, base_file_url=telegram.base_file_url) as sender:
        told.append(repr(sender))
        await sender.say(PERSON, HELLO)
        for fault in (echo, Fault(200, echo.body), Fault(401, b"{}"), Fault(drop=True)):
            telegram.world.fail("sendMessage", fault)
            told.append(repr(await sender.say(PERSON, HELLO)))
            for method in ("getMe", "getUpdates"):
                telegram.world.fail(method, fault)
            for call in (sender.me(), sender.updates(None, 0)):
                with pytest.raises(ApiError) as failed:
                    await call
                told += [str(failed.value), repr(failed.value.__cause__), repr(failed.value.__context__)]
    told.append(caplog.text)
    assert token not in "".join(told)
    if loud == "httpx":
        assert "/bot…/getMe" in caplog.text, "the redaction was at work"
    assert "你好" not in caplog.text
