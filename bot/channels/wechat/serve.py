"""The WeChat account of a running program: pushes into the inbox, the passive reply in time, the rest by the pump.

WeChat waits five seconds and asks three times. What is ready by then goes out as the passive reply, which is free; else we answer
`success` and the pump sends it as a customer-service message, or, where the account has none, it waits for the person's next message.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from bot import allowances
from bot.allowances import Allowance, Chat, Opening
from bot.app import App
from bot.channels import Fate, Mass, Outcome
from bot.channels.wechat import passive, reply
from bot.channels.wechat.envelope import BODY_BYTES, Keys
from bot.channels.wechat.limits import (
    ANSWER_WITHIN,
    CAPABILITIES,
    CLICK_QUOTA,
    CLICK_WINDOW,
    CLICKS,
    MASS_DAY,
    MASS_MINUTE,
    MASS_MONTH,
    MASS_PEOPLE,
    MESSAGE_QUOTA,
    MESSAGE_WINDOW,
    MESSAGES,
    THING,
    Route,
)
from bot.channels.wechat.receive import Kind, Received, Refused, greeting, receive
from bot.channels.wechat.send import WeChat
from bot.channels.wechat.token import Tokens
from bot.config import WeChat as Settings
from bot.delivery import BULK, RUNG, Delivery
from bot.inbox import Heard, Reply
from bot.metrics import MESSAGES as COUNTED
from bot.metrics import OUTCOMES, TURN_SECONDS
from bot.planner import owner_of
from bot.pump import Pump
from dialogs import notices
from dialogs.messages import Inbound, from_json
from knowledge import links
from knowledge.db import DatabaseError
from knowledge.extract import models
from knowledge.resume.extract import LIMITS

TRIES = timedelta(seconds=16)
"""Three tries of five seconds, and a little: so long only the webhook answers where there is nothing else."""
THIRD = timedelta(seconds=12)
"""After the person wrote: when the second try is given up at 9.5 s there is a third, which is given up at 14.5 s."""
NO_VOICE = "语音我现在听不了。把想说的打成字发我，一两句就行。"
NO_IDEA = "这类消息我现在看不懂。用文字说一句想问的，我来答。"
TELL = {Kind.VOICE: NO_VOICE, Kind.VIDEO: NO_IDEA, Kind.LOCATION: "定位我现在看不了。直接打出城市就行，比如「贵阳」。", Kind.LINK: NO_IDEA}
KEPT_FREE = 2
"""Messages of an open window that no push takes: a reply that comes late, a teacher's answer."""
ERASES = (Kind.UNSUBSCRIBE, Kind.REVOKE)
LOOK = 1.0
"""Seconds after which another process's refusal is known here."""
PICTURE = "图片.jpg"
"""What a picture that is read is called; one that is not stays without an ending, and that is said."""
TOO_BIG = "这张图片超过 10 MB，太大了。缩小一点，或者截成几张，再发一次。"
NOT_FETCHED = "图片没有取下来，可能是网络不好。过一会儿再发一次。"
log = structlog.get_logger()


class WeChatAccount:
    """One Official Account: its routes, what it does while the program serves, and how the pump sends for it."""

    channel = "wechat"
    interval = timedelta(seconds=1) / 20
    """Ours: no page limits the rate of customer-service messages; 500 000 a day do not need more."""
    burst = 1000
    """Replies need not be held to a pace that only we keep."""
    windows = ("message", "click")

    def __init__(self, app: App, settings: Settings) -> None:
        assert settings.appid
        assert settings.token
        assert settings.secret
        self.app, self.settings = app, settings
        self.account = settings.appid
        keys = [key.get_secret_value() if key else None for key in (settings.aes_key, settings.previous_aes_key)]
        self.keys = Keys(settings.token.get_secret_value(), settings.appid, *keys)
        self.ways = CAPABILITIES[settings.capability]
        if settings.mass and settings.capability != "service_verified":
            raise ValueError("BULIXIAN_WECHAT__MASS 只有认证过的服务号能用：订阅号没有按名单群发的接口")
        self.mass = Mass(MASS_PEOPLE, MASS_MONTH, MASS_DAY, MASS_MINUTE, reply.shared, self.send_many) if settings.mass else None
        self.connect = partial(WeChat, settings.appid, settings.secret.get_secret_value(), Tokens(app), app.clock.now, settings.api_base_url)
        self.pump: Pump | None = None
        self.looked = -LOOK
        self.refused: datetime | None = None
        """When it was last looked up until when customer-service messages are refused (a monotonic clock), and what was found."""

    # the carrier

    def chat(self, conversation: str) -> Chat | None:
        """A window says how many, not how fast."""
        return None

    def route(self, row: Mapping[str, Any], open_: Mapping[str, Allowance]) -> str | None:
        """A customer-service message while a window is open; else, but not for a reply, a notification or a template message: once."""
        kept = KEPT_FREE if row["kind"] in BULK else 0
        if (
            Route.CUSTOMER in self.ways
            and f"off:{Route.CUSTOMER}" not in open_
            and any((a := open_.get(w)) and (a.left or 0) > kept for w in self.windows)
        ):
            return str(Route.CUSTOMER)
        if row["kind"] == "reply" or not self.settings.template or row.get("error") == RUNG:
            return None
        token = open_.get(f"token:{self.settings.template}")
        if Route.NOTIFICATION in self.ways and f"off:{Route.NOTIFICATION}" not in open_ and token and (token.left or 0) > 0:
            return str(Route.NOTIFICATION)
        return str(Route.TEMPLATE) if Route.TEMPLATE in self.ways and f"off:{Route.TEMPLATE}" not in open_ else None

    def spends(self, route: str) -> Sequence[str]:
        return {Route.CUSTOMER: self.windows, Route.NOTIFICATION: (f"token:{self.settings.template}",)}.get(Route(route), ())

    def bodies(self, row: Mapping[str, Any], route: str) -> Sequence[Any]:
        parts = [from_json(part) for part in row["parts"]]
        if route != Route.CUSTOMER:
            title = reply.title(parts)[:THING]
            return [{"title": title, "row": row["id"], "whole": reply.texts(parts) == [title]}]
        if row["route"] == Route.SLICES:
            return [None] * row["piece"] + [reply.text_body(text) for text in passive.unsaid(row)[1]]
        if row["piece"]:  # its beginning went out as a passive reply
            return [None] * row["piece"] + [reply.text_body(text) for text in reply.texts(parts)[row["piece"] :]]
        return reply.bodies(parts, row["id"])

    async def send(self, handle: str, body: Any, route: str) -> Outcome:
        return await asyncio.get_running_loop().run_in_executor(self.threads, self.call, handle, body, route)

    def call(self, handle: str, body: Any, route: str) -> Outcome:
        if route == Route.CUSTOMER:
            outcome = self.spoken(handle, body)
            if outcome.fate is Fate.OFF:
                self.refused = self.app.clock.now() + allowances.OFF
            return outcome
        template, values = self.settings.template or "", {self.settings.template_title: body["title"]}
        if route == Route.NOTIFICATION:
            outcome = self.client.notification(handle, template, values, self.settings.public_url or "")
        else:
            outcome = self.client.template(handle, template, values, self.settings.public_url or "", f"d{body['row']}")
        return outcome if body["whole"] or outcome.fate is not Fate.SENT else Outcome(Fate.AGAIN, RUNG)

    def spoken(self, handle: str, body: dict[str, Any]) -> Outcome:
        """One customer-service message; what is too long for one (45002), as two. Where only the first arrives it is in doubt, for staff."""
        outcome = self.client.customer(handle, body)
        if outcome.reason in ("menu", "not_allowed") and body["msgtype"] == "msgmenu":  # 45098, 40200: say the menu as text
            return self.spoken(handle, reply.as_text(body))
        halves = reply.halved(body) if outcome.reason == "too_long" else None
        if not halves:
            return outcome
        first = self.spoken(handle, halves[0])
        if first.fate is not Fate.SENT:
            return first
        second = self.spoken(handle, halves[1])
        if second.fate is not Fate.SENT:
            return Outcome(Fate.UNKNOWN, "half_sent")
        return replace(second, calls=first.calls + second.calls)

    async def send_many(self, handles: Sequence[str], text: str, client_id: str) -> Outcome:
        call = partial(self.client.mass, reply.text_body(text), client_id, openids=handles)
        return await asyncio.get_running_loop().run_in_executor(self.threads, call)

    # the program

    async def run(self) -> None:
        """Serves until cancelled. It may be called again after a failure: what it closes it has opened."""
        self.client, self.threads = self.connect(), ThreadPoolExecutor(16, "wechat")
        self.pump = Pump(self.app, self)
        try:
            await self.pump.run()
        finally:
            self.threads.shutdown(cancel_futures=True)
            self.client.close()

    def verify(self, request: Request) -> Response:
        """GET /hook/wechat: WeChat asks whether we know the token."""
        found = greeting(request.query_params, self.keys, datetime.now(UTC))
        return Response(status_code=found.status) if isinstance(found, Refused) else PlainTextResponse(found)

    async def hook(self, request: Request) -> Response:
        """POST /hook/wechat."""
        begun = time.monotonic()
        body = b""
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES:
                    break
        except ClientDisconnect:
            return Response(status_code=400)
        received = receive(request.query_params, body, self.keys, datetime.now(UTC))
        if isinstance(received, Refused):
            log.info("refused", channel=self.channel, reason=received.reason)
            return Response(status_code=received.status)
        try:
            text = await self.handle(received, begun)
        except (DatabaseError, SQLAlchemyError) as error:
            log.error("message not stored", channel=self.channel, error=type(error).__name__)
            text = None
        if text is None:
            return Response(status_code=503)  # WeChat asks again; on the last try there is always an answer
        kind = "application/json" if received.form.json else "application/xml"
        return Response(reply.passive_bytes(received, text, self.keys, datetime.now(UTC)), media_type=kind if text else "text/plain")

    async def handle(self, received: Received, begun: float) -> str | None:
        """What to answer: a text, nothing ("": `success`), or None to be asked again."""
        conversation = f"{self.channel}:{self.account}:{received.openid}"
        COUNTED.labels(self.channel, received.kind.value).inc()
        log.info("received", trace=self.app.trace(f"{conversation}|{received.key}"), channel=self.channel, kind=received.kind.value)
        if received.kind in ERASES:
            await asyncio.wrap_future(self.app.accept(Inbound(conversation, received.key, "gone", "", self.app.clock.now())))
            return ""
        if received.results or not received.answerable:
            now = self.app.clock.now()
            await self.write(partial(passive.report, conversation=conversation, received=received, template=self.settings.template, now=now))
            return ""
        return await (self.answer if self.customer() else self.answer_whole)(conversation, received, begun)

    def customer(self) -> bool:
        """Whether the account may send customer-service messages: by its kind, and as far as WeChat has not refused it. Looked up in the event
        loop, for in a thread what one person sends in a row would overtake itself; but not for each message."""
        if Route.CUSTOMER not in self.ways:
            return False
        if time.monotonic() - self.looked >= LOOK:
            account, self.looked = owner_of(self), time.monotonic()
            with self.app.database.reading() as connection:
                off = allowances.held(connection, [account], self.app.clock.now()).get(account, {}).get(f"off:{Route.CUSTOMER}")
            self.refused = off.until if off else None
        return self.refused is None or self.refused <= self.app.clock.now()

    async def answer(self, conversation: str, received: Received, begun: float) -> str:
        """The answer if it comes in time; else nothing, and the pump sends it when it is there."""
        ticket = passive.Ticket()
        waiting = self.accept(conversation, received, Heard(openings(received), ticket.hand))
        try:
            answer = await asyncio.wait_for(asyncio.shield(waiting), left(begun))
        except TimeoutError:
            if ticket.give_up():
                waiting.add_done_callback(self.wake)
                return ""
            answer = await waiting
        text = ticket.text
        if answer.repeated:
            text = str(await self.write(partial(passive.again, number=answer.delivery_id, now=self.app.clock.now())))
        elif ticket.more:
            self.wake()
        if text:
            self.said([f"{conversation}|{received.key}"])
        return text

    async def answer_whole(self, conversation: str, received: Received, begun: float) -> str | None:
        """The same where there are no customer-service messages: late, it is left for WeChat's next try, or the person is told how to get it."""
        ours = self.app.clock.now() + TRIES
        waiting = self.accept(conversation, received, Heard(openings(received), lambda row: row.update(not_before=ours)))
        try:
            answer = await asyncio.wait_for(asyncio.shield(waiting), left(begun))
        except TimeoutError:
            if datetime.now(UTC) - received.at > THIRD:
                return passive.LATER
            await asyncio.sleep(1)  # past WeChat's patience: an answer now, even an error, would end its tries
            return None
        if answer.delivery_id is None:
            return ""
        text, keys = await self.write(partial(passive.say, answer=answer, conversation=conversation, now=self.app.clock.now()))
        self.said(keys)
        return str(text)

    def said(self, keys: Iterable[str]) -> None:
        """A passive reply is a send as any other, for those who count and follow them."""
        for key in keys:
            OUTCOMES.labels(self.channel, Route.PASSIVE.value, Fate.SENT.value, "").inc()
            log.info("sent", trace=self.app.trace(key), channel=self.channel, route=Route.PASSIVE.value, fate=Fate.SENT.value)

    def wake(self, _: object = None) -> None:
        if self.pump:
            self.pump.wake()

    def accept(self, conversation: str, received: Received, heard: Heard) -> asyncio.Future[Reply]:
        waiting = self.queued(conversation, received, heard)
        waiting.add_done_callback(partial(measure, time.monotonic()))
        return waiting

    def queued(self, conversation: str, received: Received, heard: Heard) -> asyncio.Future[Reply]:
        now = self.app.clock.now()
        kind, text = understood(received)
        if kind == "tell":
            return asyncio.wrap_future(self.app.tell(conversation, received.key, text, heard))
        if received.kind is Kind.IMAGE and received.media_id and models() and self.customer():
            waiting = asyncio.wrap_future(self.app.accept(Inbound(conversation, received.key, kind, PICTURE, now), "", heard))
            waiting.add_done_callback(partial(self.read, conversation, received))
            return waiting
        label = received.text if received.kind is Kind.CHOICE else ""
        if received.kind is Kind.CHOICE and (value := self.looked_up(conversation, received.menu_id)):
            kind, text = "choice", value
        return asyncio.wrap_future(self.app.accept(Inbound(conversation, received.key, kind, text, now), label, heard))

    def read(self, conversation: str, received: Received, heard: asyncio.Future[Reply]) -> None:
        """Has a picture fetched and read once its message is stored, beside the answer; a try that WeChat repeats has no part in it."""
        if not heard.cancelled() and not heard.exception() and not heard.result().repeated:
            self.app.reader.fetchers.submit(self.fetch, conversation, received)

    def fetch(self, conversation: str, received: Received) -> None:
        client = self.connect()
        try:
            found = client.media(received.media_id, LIMITS.file_bytes)
        except (DatabaseError, SQLAlchemyError) as error:
            found = Outcome(Fate.AGAIN, type(error).__name__)
        finally:
            client.close()
        if isinstance(found, Outcome):
            log.info("picture not fetched", channel=self.channel, reason=found.reason)
            told = notices.NO_PICTURES if found.fate is Fate.OFF else TOO_BIG if found.reason == "too_big" else NOT_FETCHED
            self.app.reader.refuse(conversation, received.key, told)
        else:
            self.app.reader.check(conversation, found.content, PICTURE, received.key)

    def looked_up(self, conversation: str, menu_id: str) -> str | None:
        """The choice that an item of a message menu stands for; only rows of this conversation count."""
        number, place = reply.menu_place(menu_id)
        with self.app.database.reading() as connection:
            query = select(Delivery.parts).where(Delivery.id == number, Delivery.conversation == conversation)
            parts = connection.execute(query).scalar() or []
        offered = reply.choices([from_json(part) for part in parts])
        return offered[place - 1].value if 1 <= place <= len(offered) else None

    async def write(self, work: Any) -> Any:
        return await asyncio.wrap_future(self.app.inbox.write(work))


def connected(app: App) -> WeChat:
    """The API of the account that the settings name, for a command beside the program; to be closed.

    Raises:
        ValueError: there is none, or a setting is wrong; one sentence.
    """
    if app.settings.wechat.lacking() or not app.settings.wechat.appid:
        raise ValueError("还没有设置公众号：BULIXIAN_WECHAT__APPID、__SECRET、__TOKEN")
    return WeChatAccount(app, app.settings.wechat).connect()


def measure(begun: float, heard: asyncio.Future[Reply]) -> None:
    if not heard.cancelled() and not heard.exception() and not heard.result().repeated:
        TURN_SECONDS.labels(WeChatAccount.channel).observe(time.monotonic() - begun)


def left(begun: float) -> float:
    """Seconds in which an answer still reaches WeChat."""
    return ANSWER_WITHIN.total_seconds() - (time.monotonic() - begun)


def openings(received: Received) -> tuple[Opening, ...]:
    """The windows a push opens, from when the person acted."""
    if received.kind in MESSAGES or received.kind is Kind.OTHER:
        return (Opening("message", MESSAGE_QUOTA, received.at + MESSAGE_WINDOW),)
    return (Opening("click", CLICK_QUOTA, received.at + CLICK_WINDOW),) if received.kind in CLICKS else ()


def understood(received: Received) -> tuple[Literal["text", "choice", "file", "tell"], str]:
    """The kind and text of an `Inbound`, or `tell` and a sentence to answer with."""
    match received.kind:
        case Kind.TEXT:
            return ("text", received.text)
        case Kind.CHOICE:
            return ("text", received.text)  # the label, which the engine knows among the choices it showed last
        case Kind.CLICK:
            return ("choice", received.event_key)
        case Kind.SUBSCRIBE | Kind.SCAN:
            code = f"绑定 {received.scene}"
            return ("text", code) if links.said(code) else ("choice", "go/menu")
        case Kind.IMAGE:
            return ("file", "图片")
        case Kind.VOICE if received.text.strip():
            return ("text", received.text)
    return ("tell", TELL.get(received.kind, NO_IDEA))
