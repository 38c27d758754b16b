"""The Telegram account of a running program: updates into the inbox, deliveries out, polling by one process at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from bot import allowances
from bot.allowances import Allowance, Chat
from bot.app import App
from bot.channels import Fate, Outcome
from bot.channels.telegram import reply
from bot.channels.telegram.errors import ApiError
from bot.channels.telegram.limits import BODY_BYTES, CHAT_BURST, CHAT_EVERY, GROUP_EVERY, LINK, PER_SECOND, POLL_SECONDS
from bot.channels.telegram.poll import Poller, poll
from bot.channels.telegram.receive import MENU, Bot, Received, Refused, chat_of, read, receive
from bot.channels.telegram.send import Sender
from bot.config import Telegram
from bot.delivery import Delivery
from bot.inbox import Heard
from bot.metrics import MESSAGES, TURN_SECONDS
from bot.planner import owner_of
from bot.pump import OWNER, Pump
from dialogs.messages import Inbound, from_json
from knowledge import links
from knowledge.db import DatabaseError
from knowledge.extract import models
from knowledge.resume.extract import LIMITS

LEAD = timedelta(seconds=POLL_SECONDS + 15)
"""How long a process may poll without renewing: longer than one long poll, so that two never do."""
AGAIN = 60.0
"""Seconds before polling is tried again after Telegram refused it."""
OFFSET = "offset"
MOVED = "moved"
"""Of an account, with a chat behind a colon: the group it was before it became a supergroup."""
FILES = ("document", "photo")
PHOTO = "照片.jpg"
"""What a photo is called, which has no name; where pictures are not read it stays without one, and that is said."""
TOO_BIG = "这个文件超过 10 MB，太大了。从 Word 里另存一份 PDF 通常就小了，再发一次。"
NOT_FETCHED = "文件没有取下来，可能是网络不好。过一会儿再发一次。"
log = structlog.get_logger()


class TelegramAccount:
    """One bot account: its routes, what it does while the program serves, and how the pump sends for it."""

    channel = "telegram"
    interval = timedelta(seconds=1) / (PER_SECOND - 0.7)
    """A little slower than the limit: what the network bunches must not cross it."""
    mass = None
    burst = 2
    """With it at most 32.3 are to leave in any second (`allowances.slots`), which the limit of about 30 bears; without it replies wait for pushes."""

    def __init__(self, app: App, settings: Telegram) -> None:
        assert settings.token
        self.app, self.settings = app, settings
        token = settings.token.get_secret_value()
        self.bot = Bot.of(token)
        self.account = str(self.bot.id)
        self.sender = Sender(token, base_url=settings.base_url, base_file_url=settings.base_file_url, proxy=settings.proxy)
        self.secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
        self.pump: Pump | None = None
        self.fetching: set[asyncio.Task[None]] = set()
        self.room = asyncio.Semaphore(4)
        self.turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """By conversation, held until a message is queued."""
        self.supergroups: dict[int, int] = {}
        """Where groups are now that this process has heard of: else each answer would be refused once."""

    # the carrier

    def chat(self, conversation: str) -> Chat:
        """Members of a group share what it bears."""
        chat, group, _ = conversation.partition("/")
        return Chat(chat, CHAT_BURST, GROUP_EVERY if group else CHAT_EVERY)

    def route(self, row: Mapping[str, Any], open_: Mapping[str, Allowance]) -> str | None:
        return "chat"

    def spends(self, route: str) -> Sequence[str]:
        return ()

    def bodies(self, row: Mapping[str, Any], route: str) -> Sequence[reply.Body]:
        return reply.bodies([from_json(part) for part in row["parts"]], row["id"])

    async def send(self, handle: str, body: reply.Body, route: str) -> Outcome:
        chat = chat_of(handle)
        outcome = (await self.sender.send(self.supergroups.get(chat, chat), [body]))[-1]
        if outcome.moved_to:
            await self.moved(chat, int(outcome.moved_to))
        return outcome

    # the program

    async def run(self) -> None:
        """Serves until cancelled: the pump, and polling where there is no webhook."""
        async with self.sender, asyncio.TaskGroup() as tasks:  # if one fails the other ends too: never two pumps
            self.pump = Pump(self.app, self)
            tasks.create_task(self.pump.run())
            tasks.create_task(self.listen())

    async def introduce(self) -> None:
        """Asks who we are until Telegram says it: what a bind code's link begins with."""
        while True:
            try:
                self.bot = await self.sender.me()
            except ApiError as error:  # replies wait in the ledger
                log.warning("telegram not reached", reason=error.outcome.reason)
                await self.alarm(error.outcome)
                await asyncio.sleep(AGAIN / 4)
                continue
            self.app.telegram = f"{LINK}{self.bot.username}" if self.bot.username else ""
            return

    async def listen(self) -> None:
        """Tells Telegram where we are; asks for updates where it cannot call us."""
        await self.introduce()
        await self.sender.set_commands(MENU)
        if self.secret:
            return await self.announce(self.secret)
        try:
            while True:
                await self.sender.delete_webhook()  # each time: one that stands makes every poll a conflict
                outcome = await poll(self.sender, Poller(self.leads, partial(self.kept, OFFSET), partial(self.keep, OFFSET), self.take))
                log.error("telegram polling stopped", reason=outcome.reason)
                await self.alarm(outcome)
                await asyncio.sleep(AGAIN)
        finally:  # else nobody polls until the lease has lapsed
            self.app.inbox.write(partial(allowances.release, name=f"poll:{self.account}", holder=OWNER))

    async def announce(self, secret: str) -> None:
        """Has updates brought to us; again and again until Telegram has said yes or no."""
        while self.settings.public_url:
            told = await self.sender.set_webhook(f"{self.settings.public_url.rstrip('/')}/hook/telegram", secret)
            log.info("webhook announced", fate=told.fate.value, reason=told.reason)
            if told.fate is not Fate.SENT:
                await self.alarm(told)
            if told.fate in (Fate.SENT, Fate.REFUSED):
                return
            await asyncio.sleep(AGAIN / 4)

    async def alarm(self, outcome: Outcome) -> None:
        """Nothing comes in: staff see it until the next look has gone well."""
        until = self.app.clock.now() + timedelta(seconds=2 * AGAIN)
        work = partial(allowances.hold, account=owner_of(self), until=until, name=f"{allowances.DEAF}:{outcome.reason}")
        await asyncio.wrap_future(self.app.inbox.write(work))

    async def hook(self, request: Request) -> Response:
        """POST /hook/telegram. Stored first, then answered 200; a refused update would hold its chat up for a day."""
        body = b""
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES:
                    break
        except ClientDisconnect:
            return Response(status_code=400)
        given = request.headers.get("x-telegram-bot-api-secret-token")
        received = receive(given, body, secret=self.secret, bot=self.bot, now=self.app.clock.now())
        if isinstance(received, Refused):
            log.info("refused", channel=self.channel, reason=received.reason)
            return Response(status_code=received.status)
        try:
            await self.handle(received)
        except (DatabaseError, SQLAlchemyError) as error:
            log.error("message not stored", channel=self.channel, error=type(error).__name__)
            return Response(status_code=503)  # Telegram brings it again
        return Response()

    async def take(self, updates: list[Any]) -> None:
        for update in updates:
            received = read(update, bot=self.bot, now=self.app.clock.now())
            if isinstance(received, Received):
                await self.handle(received)

    async def handle(self, received: Received) -> None:
        """One update into the inbox; returns when it is stored."""
        if received.callback:
            self.beside(self.sender.answer(received.callback))
        if received.kind == "migrated" and received.chat and received.moved_to:
            return await self.moved(received.chat, received.moved_to)
        if received.chat is None or received.user is None or received.kind in ("group", "edited", "migrated"):
            return
        conversation = await self.conversation(received)
        if received.kind in ("blocked", "unblocked"):
            return await self.reachable(conversation, received.kind == "unblocked")
        if received.expired or (received.kind == "other" and not received.tell):
            return
        MESSAGES.labels(self.channel, received.kind).inc()
        log.info("received", trace=self.app.trace(f"{conversation}|{received.key}"), channel=self.channel, kind=received.kind)
        begun = time.monotonic()
        if received.tell:
            reply = await asyncio.wrap_future(self.app.tell(conversation, received.key, received.tell, Heard()))
        else:
            async with self.turns.setdefault(conversation, asyncio.Lock()):  # a button is looked up first: what comes after must not overtake it
                inbound, label = await self.inbound(conversation, received)
                accepted = self.app.accept(inbound, label, Heard())
            reply = await asyncio.wrap_future(accepted)
            if received.file and (received.kind == "document" or inbound.text == PHOTO) and not reply.repeated:
                self.read(conversation, received.key, received.file.id, inbound.text)
        if not reply.repeated:
            TURN_SECONDS.labels(self.channel).observe(time.monotonic() - begun)
        if self.pump:
            self.pump.wake()

    async def conversation(self, received: Received) -> str:
        """Its key; in a group that became a supergroup the one from before, whose answers `Sender.send` brings to where the group is now."""
        handle = received.handle
        if received.in_group and (chat := await self.kept(f"{MOVED}:{received.chat}")):
            handle = f"{chat}/{received.user}"
        return f"{owner_of(self)}:{handle}"

    async def moved(self, chat: int, to: int) -> None:
        self.supergroups[chat] = to
        await self.keep(f"{MOVED}:{to}", chat)

    async def inbound(self, conversation: str, received: Received) -> tuple[Inbound, str]:
        """What the engine understands, and what the person saw on the button."""
        now = self.app.clock.now()
        if received.kind in FILES and received.file:
            name = PHOTO if received.kind == "photo" and models() else received.file.name
            return Inbound(conversation, received.key, "file", name, now), ""
        if received.kind == "text":
            return Inbound(conversation, received.key, "text", received.text, now), ""
        if links.said(code := f"绑定 {received.payload}"):
            return Inbound(conversation, received.key, "text", code, now), received.label
        value, label = received.text, received.label
        if received.kind == "choice" and isinstance(place := reply.decode(received.text), reply.Tapped):
            value, label = await asyncio.to_thread(self.looked_up, conversation, place)
        return Inbound(conversation, received.key, "choice", value, now), label

    def looked_up(self, conversation: str, place: reply.Tapped) -> tuple[str, str]:
        """The choice a button stands for; anyone can make a place up, so only rows of this conversation count."""
        with self.app.database.reading() as connection:
            query = select(Delivery.parts).where(Delivery.id == place.row, Delivery.conversation == conversation)
            parts = connection.execute(query).scalar()
        choice = reply.chosen(parts or [], place.n)
        return (choice.value, choice.label) if choice else ("gone", "")

    async def reachable(self, conversation: str, again: bool) -> None:
        def work(connection: Connection) -> None:
            if again:
                allowances.opened(connection, [(conversation, ())])
            else:
                allowances.gone(connection, conversation)

        await asyncio.wrap_future(self.app.inbox.write(work))

    def read(self, conversation: str, key: str, file: str, name: str) -> None:
        """Fetches a document or a photo and has it read, beside the updates that come after it."""

        async def fetched() -> None:
            try:
                async with self.room:
                    data = await self.sender.download(file, LIMITS.file_bytes)
            except ApiError as error:
                log.info("file not fetched", reason=error.outcome.reason)
                self.app.reader.refuse(conversation, key, TOO_BIG if error.outcome.reason == "too_big" else NOT_FETCHED)
            else:
                self.app.reader.check(conversation, data, name, key)

        task = asyncio.get_running_loop().create_task(fetched())
        self.fetching.add(task)
        task.add_done_callback(self.fetching.discard)

    def beside(self, call: Any) -> None:
        """A call whose outcome changes nothing: the spinning mark on a button goes, or not."""

        async def made() -> None:
            outcome: Outcome = await call
            if outcome.fate is not Fate.SENT:
                log.info("button not answered", reason=outcome.reason)

        task = asyncio.get_running_loop().create_task(made())
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    # polling

    async def leads(self) -> bool:
        now = self.app.clock.now()
        work = partial(allowances.lease, name=f"poll:{self.account}", holder=OWNER, until=now + LEAD, now=now)
        held: bool = await asyncio.wrap_future(self.app.inbox.write(work))
        return held

    # numbers of the account that outlive the process

    async def kept(self, name: str) -> int | None:
        def work() -> int | None:
            with self.app.database.reading() as connection:
                query = select(Allowance.left).where(Allowance.owner == owner_of(self), Allowance.name == name)
                return connection.execute(query).scalar()

        return await asyncio.to_thread(work)

    async def keep(self, name: str, number: int) -> None:
        row = {"owner": owner_of(self), "name": name, "left": number, "until": None}
        await asyncio.wrap_future(self.app.inbox.write(lambda connection: allowances.put(connection, [row])))
