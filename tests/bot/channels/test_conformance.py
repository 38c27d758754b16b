"""What every channel must do, whatever it is: the same questions put to each one found, through the running program.

What a channel must do to be bronze, silver or gold is written in README, 「渠道的质量等级」; what proves it is here and in the live tests.
"""

from __future__ import annotations

import io
import json
import logging
import pkgutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import func, select
from telegram import error

import bot.channels
from bot import planner, transcript
from bot.accounts import accounts
from bot.app import App
from bot.channels import Fate
from bot.channels.console import LIMITS, ConsoleChannel
from bot.channels.telegram import errors as telegram_errors
from bot.channels.telegram import reply as telegram_reply
from bot.channels.telegram.limits import BUTTONS, CALLBACK_BYTES
from bot.channels.telegram.limits import TEXT as TELEGRAM_TEXT
from bot.channels.wechat import errors as wechat_errors
from bot.channels.wechat import reply as wechat_reply
from bot.channels.wechat.limits import MENU_ITEMS, Route
from bot.channels.wechat.limits import TEXT as WECHAT_TEXT
from bot.config import Settings
from bot.delivery import Delivery
from bot.transcript import InboxMessage
from dialogs.messages import Choice, Link, Paper, Part, Say, fit, to_json
from tests.bot.channels.program import AES_KEY, TOKEN, serving
from tests.simulators.telegram import Simulator
from tests.simulators.wechat import Account, Api, World
from tests.simulators.wechat import serving as api_of
from tests.simulators.wechat.envelope import encrypt, sign, xml

SAMPLES = Path(__file__).parents[2] / "samples"
CHANNELS = sorted({*(module.name for module in pkgutil.iter_modules(bot.channels.__path__)), "web"})
SECRET, APP_SECRET, MARK = "hook-secret_1", "app-secret-0123456789abcdef", "只有我知道的一句话"
PERSON = 700000001
OPENID = "oConformance1"
LONG = "我想问一下就业补贴的事。" * 3000
MANY = tuple(Choice(f"第 {number} 个选择,名字也不短", f"值/{number}/" + "长" * 40) for number in range(250))
SENT_AT = int(time.time())
AFFORDED = 15.0
"""Seconds a message may take, whatever is in it; the machine of the tests is slow."""


@dataclass
class Program:
    """The program with every channel, and a way to speak to each."""

    app: App
    address: str
    telegram: Simulator
    wechat: World
    logged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.numbers = iter(range(1, 10**6))
        self.http = httpx.Client(base_url=self.address, timeout=60)
        self.http.get("/")

    def say(self, channel: str, text: str, number: int | None = None) -> int:
        """Says something as a person on this channel; returns the HTTP status (200 at the terminal)."""
        number = number or next(self.numbers)
        match channel:
            case "console":
                ConsoleChannel(self.app).stream(io.BytesIO(json.dumps({"from": "u1", "text": text}).encode()), io.StringIO())
                return 200
            case "web":
                body = json.dumps({"id": f"message-{number:08}", "text": text})  # httpx itself cannot write half a surrogate
                return self.http.post("/chat/messages", content=body, headers={"content-type": "application/json"}).status_code
            case "telegram":
                return self.update({"update_id": number, "message": self.message(number, text)})
        return self.push(
            xml({"ToUserName": "gh_1", "FromUserName": OPENID, "CreateTime": SENT_AT, "MsgType": "text", "Content": text, "MsgId": number})
        )

    def message(self, number: int, text: str) -> dict[str, Any]:
        sender = {"id": PERSON, "is_bot": False, "first_name": "小明"}
        return {"message_id": number, "from": sender, "chat": {"id": PERSON, "type": "private"}, "date": int(time.time()), "text": text}

    def update(self, update: Any, secret: str = SECRET) -> int:
        body = update if isinstance(update, bytes) else json.dumps(update).encode()
        return self.http.post("/hook/telegram", content=body, headers={"x-telegram-bot-api-secret-token": secret}).status_code

    def push(self, body: str, token: str = TOKEN) -> int:
        at, encrypted = str(int(time.time())), encrypt(body, self.wechat.account.appid, AES_KEY)
        query = {"timestamp": at, "nonce": "1", "encrypt_type": "aes", "msg_signature": sign(token, at, "1", encrypted)}
        content = xml({"ToUserName": "gh_1", "Encrypt": encrypted}).encode()
        return self.http.post("/hook/wechat", params=query, content=content).status_code

    def rows(self, table: type[InboxMessage] | type[Delivery], channel: str) -> int:
        with self.app.database.reading() as connection:
            query = select(func.count()).select_from(table).where(table.conversation.startswith(f"{channel}:"))
            return connection.execute(query).scalar() or 0


@pytest.fixture(scope="module")
def log() -> Iterator[list[str]]:
    """Everything that is logged, by structlog and by the libraries, as it would be written."""
    lines: list[str] = []

    def keep(_: Any, level: str, event: Any) -> str:
        lines.append(f"{level} {event}")
        return ""

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.levelname} {record.name} {self.format(record)}")

    before, root, handler = structlog.get_config(), logging.getLogger(), Kept(logging.DEBUG)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG), processors=[structlog.processors.format_exc_info, keep])
    levels = {name: logging.getLogger(name).level for name in ("", "httpx", "httpcore")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)  # as somebody who looks for a fault would
    root.addHandler(handler)
    yield lines
    root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.configure(**before)


@pytest.fixture(scope="module")
def program(template: Path, tmp_path_factory: pytest.TempPathFactory, log: list[str]) -> Iterator[Program]:
    path = tmp_path_factory.mktemp("conformance") / "test.db"
    path.write_bytes(template.read_bytes())
    world = World(Account(secret=APP_SECRET))
    with Simulator() as simulator, api_of(Api(world)) as api:
        simulator.world.person(PERSON)
        given: dict[str, Any] = {
            "telegram": {"token": simulator.world.token, "base_url": simulator.base_url, "webhook_secret": SECRET},
            "wechat": {"appid": world.account.appid, "secret": APP_SECRET, "token": TOKEN, "aes_key": AES_KEY, "api_base_url": api},
        }
        url = f"sqlite:///{path}"
        app = App(Settings(database_url=url, messages_per_minute=10**6, quiet_from="00:00", quiet_to="00:00", _env_file=None, **given))  # type: ignore[call-arg, arg-type]
        with serving(app) as address:
            yield Program(app, address, simulator, world, log)
        app.close()


@pytest.fixture
def calm(program: Program) -> Iterator[Program]:
    """Afterwards nothing was logged as an error: whatever came in was foreseen."""
    start = len(program.logged)
    yield program
    bad = [line for line in program.logged[start:] if line.split()[0].lower() in ("error", "critical", "exception") or "Traceback" in line]
    assert not bad, bad[:3]


def test_every_channel_is_known_here(program: Program) -> None:
    assert CHANNELS == ["console", "telegram", "web", "wechat"], "a new channel: teach `Program.say`, README's table and this list"
    assert {account.channel for account in accounts(program.app)} == {"telegram", "wechat"}


@pytest.mark.parametrize("path", sorted((SAMPLES / "telegram").iterdir()), ids=lambda path: path.name)
def test_a_sample_of_telegram_is_taken_or_refused(calm: Program, path: Path) -> None:
    assert calm.update(path.read_bytes()) in ({400} if path.name.startswith("bad_") else {200})
    assert calm.update(path.read_bytes(), "wrong") == 403


@pytest.mark.parametrize("path", sorted((SAMPLES / "wechat").glob("*.xml")), ids=lambda path: path.name)
def test_a_sample_of_wechat_is_taken_or_refused(calm: Program, path: Path) -> None:
    body = path.read_text(encoding="utf8", errors="replace")
    if "<Encrypt>" not in body:
        status = calm.push(body)
        assert status == 200 if not path.name.startswith(("bad_", "attack_")) else status in (400, 403)
    assert calm.push(body, "wrongtoken") == 403
    assert calm.http.post("/hook/wechat", params={"signature": "0" * 40, "timestamp": "1", "nonce": "1"}, content=body.encode()).status_code in (
        400,
        403,
    )


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_message_of_100_kb_is_answered_or_refused_in_time(calm: Program, channel: str) -> None:
    before, begun = calm.rows(Delivery, channel), time.monotonic()
    status = calm.say(channel, LONG)
    assert len(LONG.encode()) > 100_000
    assert time.monotonic() - begun < AFFORDED
    assert (status, calm.rows(Delivery, channel) - before) in ((200, 1), (413, 0))
    assert calm.say(channel, "报到证还发吗") == 200
    assert calm.rows(Delivery, channel) > before


@pytest.mark.parametrize("channel", ["telegram", "web", "wechat"])
def test_a_message_that_comes_twice_is_answered_once(calm: Program, channel: str) -> None:
    """The terminal has no ids: each line is a message."""
    number, before = next(calm.numbers), [calm.rows(InboxMessage, channel), calm.rows(Delivery, channel)]
    for _ in range(3):
        assert calm.say(channel, "档案放哪儿", number) == 200
    assert [calm.rows(InboxMessage, channel), calm.rows(Delivery, channel)] == [before[0] + 1, before[1] + 1]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("text", ["\x00\x1d\ud83d", "<a href='x'>]]></a>&amp;", "#1/0", "go/menu", "👩‍👩‍👧‍👦" * 200, " ", "\u202e反"])
def test_odd_words_are_answered_or_refused(calm: Program, channel: str, text: str) -> None:
    if channel == "wechat":
        text = text.encode("utf8", "replace").decode()
    assert calm.say(channel, text) < 500


def answers(parts: list[Part]) -> dict[str, Callable[[], list[int]]]:
    """How long each thing is that a channel would send, in its own measure."""
    return {
        "telegram": lambda: [telegram_reply.units(b.plain) for b in telegram_reply.bodies(parts, 1) if isinstance(b, telegram_reply.Message)],
        "wechat": lambda: [wechat_reply.size(text) for text in wechat_reply.texts(parts)],
    }


@pytest.mark.parametrize(("channel", "most"), [("telegram", TELEGRAM_TEXT), ("wechat", WECHAT_TEXT.text)])
def test_what_is_too_long_is_cut_and_nothing_is_lost(channel: str, most: int) -> None:
    parts: list[Part] = [Say(LONG, MANY, (Link("看原文", "https://example.org/" + "x" * 300),)), Paper("清单.txt", "text/plain", "一行\n" * 4000)]
    sizes = answers(parts)[channel]()
    assert len(sizes) > 1
    assert max(sizes) <= most


def test_more_choices_than_fit_all_stay_reachable() -> None:
    messages = [body for body in telegram_reply.bodies([Say("选", MANY)], 7) if isinstance(body, telegram_reply.Message)]
    buttons = [[button for row in body.rows for button in row] for body in messages]
    assert all(len(of) <= BUTTONS and all(len(button.data.encode()) <= CALLBACK_BYTES for button in of) for of in buttons)
    assert [button.label for of in buttons for button in of] == [choice.label for choice in MANY]
    for body in wechat_reply.bodies([Say("选", MANY)], 7):
        assert body["msgtype"] == "text" or len(body["msgmenu"]["list"]) <= MENU_ITEMS
    told = "\n".join(wechat_reply.texts([Say("选", MANY)]))
    said = "\n".join(piece.text for piece in fit(Say("选", MANY), LIMITS) if isinstance(piece, Say))
    assert all(f"{number}. {choice.label}" in told and f"{number}. {choice.label}" in said for number, choice in enumerate(MANY, 1))
    page = transcript.told(1, "reply", [to_json(Say("选", MANY))], datetime.now(UTC))
    assert [choice["value"] for choice in page["parts"][0]["choices"]] == [choice.value for choice in MANY]


FAILURES = (error.RetryAfter(3), error.Forbidden("bot was blocked by the user"), error.InvalidToken(), error.TimedOut(), ValueError("odd"))
CODES = (
    wechat_errors.BUSY,
    wechat_errors.MINUTE_QUOTA,
    wechat_errors.DAY_QUOTA,
    *(code for table in wechat_errors.FIXED.values() for code in table),
    7,
)


def test_every_kind_of_fate_is_told_apart_on_each_platform() -> None:
    """What the ledger distinguishes the platforms' answers must be able to say; the rows one by one: `test_errors`, `test_send`."""
    telegram = {fate for _, fate, _ in telegram_errors.BAD_REQUESTS} | {telegram_errors.outcome_of(failure).fate for failure in FAILURES}
    assert telegram | {Fate.OFF} == set(Fate), "a bot has one route, which is never off"
    now = datetime.now(UTC)
    wechat = {wechat_errors.outcome(code, {}, now).fate for code in CODES} | {wechat_errors.unanswered(httpx.ReadTimeout("")).fate}
    assert wechat == set(Fate)


@pytest.mark.parametrize(("channel", "person", "stranger"), [("telegram", PERSON, "telegram/chat"), ("wechat", OPENID, "wechat/mailbox")])
def test_the_way_to_a_person_is_known_before_sending(program: Program, channel: str, person: int | str, stranger: str) -> None:
    program.say(channel, "你好")
    account = next(account for account in program.app.carriers if account.startswith(channel))
    with program.app.database.reading() as connection:
        ways = [planner.predict(connection, program.app.carriers, [f"{account}:{who}"], program.app.clock.now()) for who in (person, "12345")]
    assert ways == [{{"telegram": "telegram/chat", "wechat": f"wechat/{Route.CUSTOMER}"}[channel]: 1}, {stranger: 1}]


@pytest.mark.parametrize("channel", CHANNELS)
def test_neither_words_nor_secrets_are_logged(program: Program, channel: str) -> None:
    program.say(channel, f"{MARK},档案放哪儿")
    program.telegram.world.fail("sendMessage", "500")
    program.say(channel, f"{MARK},报到证还发吗")
    time.sleep(1.5)
    everything = "\n".join(program.logged)
    assert "/bot…/sendMessage" in everything, "the libraries' own lines were looked at too"
    secrets = (program.telegram.world.token, SECRET, APP_SECRET, TOKEN, AES_KEY, *program.wechat.tokens)
    for secret in (MARK, "公共人才机构", *secrets):
        assert secret not in everything, [line for line in program.logged if secret in line][:2]
