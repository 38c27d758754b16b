"""The Bot API client: each call as an `Outcome`, over python-telegram-bot's `Bot`. No pacing (the ledger's) and no retries (the planner's).

The token is part of every address, so httpx would log it and exceptions may carry it: logs are shut or redacted here,
and no exception of PTB or httpx leaves this file.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import httpx
import telegram
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot.channels import Fate, Outcome
from bot.channels.telegram.errors import PAUSE, ApiError, outcome_of
from bot.channels.telegram.limits import (
    ALLOWED_UPDATES,
    CALLBACK_ANSWER,
    COMMAND,
    COMMAND_DESCRIPTION,
    COMMANDS,
    DOWNLOAD_BYTES,
    MAX_CONNECTIONS,
    POLL_SECONDS,
    POLL_UPDATES,
    SECRET,
)
from bot.channels.telegram.receive import MENU, Bot
from bot.channels.telegram.reply import Body, Document, Message, Rows

BASE_URL, BASE_FILE_URL = "https://api.telegram.org/bot", "https://api.telegram.org/file/bot"
CONNECT, READ, WRITE, POOL = 5.0, 10.0, 10.0, 5.0
"""Seconds; with a document the write may take 20 [S HTTPXRequest.media_write_timeout]. Together below the ledger's lease."""
ODD = (TelegramError, LookupError, TypeError, AttributeError, ValueError)
"""What `Bot` raises: its own errors, and whatever its parsers make of an answer that is none."""
T = TypeVar("T")
TOKEN = re.compile(r"[!-~]+")
logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)  # PTB logs parameters, whole answers and the address
logging.getLogger("httpx").setLevel(logging.WARNING)  # httpx logs the address of each call at INFO


@dataclass(frozen=True, slots=True)
class Hook:
    """Where Telegram brings the updates ("": nowhere), what last went wrong there, how many wait."""

    url: str
    error: str
    waiting: int


class SetupError(ValueError):
    """A setting Telegram cannot work with; the message is one sentence for staff."""


class Redaction(logging.Filter):
    """Takes the token out of a log line, should somebody turn httpx's log on again."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if self.token in message:
            record.msg, record.args = message.replace(self.token, "…"), ()
        return True


class Sender:
    """One bot account, within one event loop.

    Args:
        token: what BotFather gave.
        base_url: what stands before the token; another one for a local server or the simulator.
        proxy: http:// or socks5:// address, where api.telegram.org cannot be reached directly.
        connections: calls at one time; more wait up to `POOL` seconds and then are certainly not sent.

    Raises:
        SetupError: the token or the proxy cannot be used.
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str = BASE_URL,
        base_file_url: str = BASE_FILE_URL,
        proxy: str | None = None,
        connections: int = 64,
        read: float = READ,
    ) -> None:
        if not TOKEN.fullmatch(token) or set("/?#") & set(token):
            raise SetupError("Telegram 的令牌不对：要填 BotFather 给的那一整串，中间没有空格和斜杠。")
        self.proxy, self.trust = proxy, httpx.create_ssl_context()  # 0.1 s each
        with usable(proxy):
            self.request = HTTPXRequest(connections, read, WRITE, CONNECT, POOL, proxy=proxy, httpx_kwargs={"verify": self.trust})
            self.polling = HTTPXRequest(2, read, WRITE, CONNECT, POOL, proxy=proxy, httpx_kwargs={"verify": self.trust})
            self.files = self.downloads()
        self.bot = telegram.Bot(token, base_url, base_file_url, self.request, self.polling)
        self.redaction = Redaction(token)
        logging.getLogger("httpx").addFilter(self.redaction)

    def downloads(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(proxy=self.proxy, timeout=httpx.Timeout(READ, connect=CONNECT), verify=self.trust)

    async def __aenter__(self) -> Self:
        """Open, also after `close`: an account that failed is served again with the same sender."""
        await self.request.initialize()
        await self.polling.initialize()
        if self.files.is_closed:
            self.files = self.downloads()
        logging.getLogger("httpx").addFilter(self.redaction)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        await self.request.shutdown()
        await self.polling.shutdown()
        await self.files.aclose()
        logging.getLogger("httpx").removeFilter(self.redaction)

    async def send(self, chat: int, bodies: Sequence[Body]) -> list[Outcome]:
        """Sends in order and stops at the first that did not arrive: one outcome for each that was tried.

        Where the chat has a new id, all are sent there and their outcomes say so in `moved_to`.
        """
        outcomes: list[Outcome] = []
        moved: str | None = None
        for body in bodies:
            outcome = await self.say(chat, body)
            if outcome.moved_to and not moved:
                moved = outcome.moved_to
                chat = int(moved)
                outcome = await self.say(chat, body)
            outcomes.append(replace(outcome, moved_to=outcome.moved_to or moved))
            if outcome.fate is not Fate.SENT:
                break
        return outcomes

    async def say(self, chat: int, body: Body) -> Outcome:
        if isinstance(body, Document):
            return await self.fate(self.bot.send_document(chat, body.content, filename=body.name))
        outcome = await self.fate(self.message(chat, body, body.html, "HTML"))
        if outcome.reason == "cannot_parse":
            outcome = await self.fate(self.message(chat, body, body.plain, None))
        return outcome

    def message(self, chat: int, body: Message, text: str, mode: str | None) -> Awaitable[telegram.Message]:
        preview = telegram.LinkPreviewOptions(is_disabled=True)
        return self.bot.send_message(chat, text, parse_mode=mode, reply_markup=keyboard(body.rows), link_preview_options=preview)

    async def answer(self, callback: str, text: str = "") -> Outcome:
        """Stops the button's spinning mark. Too late (CLOSED) does no harm."""
        return await self.fate(self.bot.answer_callback_query(callback, text[:CALLBACK_ANSWER] or None))

    async def set_commands(self, menu: dict[str, str] = MENU) -> Outcome:
        fits = len(menu) <= COMMANDS and all(COMMAND.fullmatch(name) and 0 < len(told) <= COMMAND_DESCRIPTION for name, told in menu.items())
        assert fits, "commands that Telegram refuses"
        return await self.fate(self.bot.set_my_commands(list(menu.items())))

    async def set_webhook(self, url: str, secret: str, connections: int = MAX_CONNECTIONS) -> Outcome:
        """Has updates brought to `url`.

        Raises:
            SetupError: a secret Telegram refuses, which would leave the hook open or never set.
        """
        if not SECRET.fullmatch(secret):
            raise SetupError("Telegram 的 webhook 密钥只能用英文字母、数字、_ 和 -,1 到 256 个。")
        call = self.bot.set_webhook(url, secret_token=secret, max_connections=connections, allowed_updates=ALLOWED_UPDATES)
        return await self.fate(call)

    async def delete_webhook(self) -> Outcome:
        """Needed before polling; what waits is kept."""
        return await self.fate(self.bot.delete_webhook())

    async def webhook(self) -> Hook:
        """
        Raises:
            ApiError: no answer; `outcome` says why.
        """
        found = await self.value(self.bot.get_webhook_info())
        return Hook(found.url, found.last_error_message or "", found.pending_update_count)

    async def me(self) -> Bot:
        """Who we are, which also proves the token.

        Raises:
            ApiError: no answer; `outcome` says why.
        """
        user = await self.value(self.bot.get_me())
        return Bot(user.id, user.username or "")

    async def updates(self, offset: int | None, seconds: int = POLL_SECONDS) -> list[Any]:
        """The updates from `offset` on, as Telegram writes them; waits up to `seconds` for the first.

        Not `Bot.get_updates`: one update its parser cannot read makes the whole batch fail, for ever.

        Raises:
            ApiError: no answer; `outcome` says why.
        """
        wanted = {"timeout": seconds, "limit": POLL_UPDATES, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        query = urlencode(wanted if offset is None else wanted | {"offset": offset})
        found: object = await self.value(self.polling.post(f"{self.bot.base_url}/getUpdates?{query}", read_timeout=seconds + READ))
        if not isinstance(found, list):
            raise ApiError(Outcome(Fate.UNKNOWN, "odd_answer"))
        return found

    async def download(self, file_id: str, most: int = DOWNLOAD_BYTES) -> bytes:
        """A file's bytes, never more than `most`: its size is a claim until it is read.

        Raises:
            ApiError: REFUSED too_big or file_gone; AGAIN where fetching failed.
        """
        file = await self.value(self.bot.get_file(file_id))
        if (file.file_size or 0) > most:
            raise ApiError(Outcome(Fate.REFUSED, "too_big"))
        if not (file.file_path or "").startswith(("http://", "https://")):  # a local server's own disk
            raise ApiError(Outcome(Fate.REFUSED, "file_gone"))
        body, failed = b"", Outcome(Fate.SENT)
        try:
            async with self.files.stream("GET", str(file.file_path)) as response:
                if response.status_code != httpx.codes.OK:
                    gone = response.status_code in (httpx.codes.NOT_FOUND, httpx.codes.GONE)
                    failed = Outcome(Fate.REFUSED, "file_gone") if gone else Outcome(Fate.AGAIN, "server_error", wait=PAUSE)
                else:
                    async for chunk in response.aiter_bytes():
                        body += chunk
                        if len(body) > most:
                            failed = Outcome(Fate.REFUSED, "too_big")
                            break
        except httpx.HTTPError:
            failed = Outcome(Fate.AGAIN, "dropped", wait=PAUSE)
        if failed.fate is not Fate.SENT:
            raise ApiError(failed)
        return body

    async def fate(self, call: Awaitable[Any]) -> Outcome:
        """What became of a call that is made for its effect."""
        try:
            result = await call
            return Outcome(Fate.SENT, remote_id=None if isinstance(result, bool) else str(result.message_id))
        except ODD as error:
            return outcome_of(error)

    async def value(self, call: Awaitable[T]) -> T:
        """What a call gives; raised outside `except`, so that the library's exception does not hang on ours."""
        try:
            return await call
        except ODD as error:
            failed = outcome_of(error)
        raise ApiError(failed)


@contextmanager
def usable(proxy: str | None) -> Iterator[None]:
    """A proxy httpx cannot use is a setting to mend; its own words may show the proxy's password."""
    wrong = False
    try:
        yield
    except (ValueError, RuntimeError, ImportError, httpx.InvalidURL):
        wrong = True
    if wrong:
        raise SetupError("Telegram 的代理地址用不了：写成 http://主机:端口；socks5 要先装 httpx[socks]。")


def keyboard(rows: Rows) -> telegram.InlineKeyboardMarkup | None:
    if not rows:
        return None
    return telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton(b.label, callback_data=b.data) for b in row] for row in rows])
