"""The web chat: a signed cookie for an account, messages in by POST, answers out by POST and by server-sent events."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import structlog
from itsdangerous import BadSignature, URLSafeSerializer
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.templating import Jinja2Templates

from bot import delivery, transcript
from bot.app import App
from bot.metrics import MESSAGES, TURN_SECONDS
from dialogs.messages import Inbound

COOKIE = "bulixian"
YEAR = 365 * 24 * 3600
BODY_BYTES = 64 * 1024
"""A message of 2000 characters takes 8 kB at most; the rest is room for JSON escapes."""
MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
POLL_SECONDS = 15
"""How often an event stream looks at the ledger by itself: what another process wrote wakes nobody here."""
log = structlog.get_logger()
templates = Jinja2Templates(Path(__file__).parent / "templates")


class Rejected(ValueError):
    """A request we do not take: HTTP status, one sentence, seconds to wait."""

    def __init__(self, status: int, sentence: str, wait: int | None = None) -> None:
        super().__init__(sentence)
        self.status, self.wait = status, wait

    def response(self) -> JSONResponse:
        body: dict[str, Any] = {"error": str(self)}
        headers = {}
        if self.wait:
            body["retry_after"] = self.wait
            headers["retry-after"] = str(self.wait)
        return JSONResponse(body, self.status, headers)


class Bucket:
    """Token buckets by key, kept in memory: a restart forgives."""

    def __init__(self, per_minute: int) -> None:
        self.rate, self.size = per_minute / 60, float(max(5, per_minute // 2))
        self.held: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> int:
        """0, or the seconds to wait."""
        now = time.monotonic()
        tokens, at = self.held.get(key, (self.size, now))
        tokens = min(self.size, tokens + (now - at) * self.rate)
        if tokens < 1:
            return int((1 - tokens) / self.rate) + 1
        self.held[key] = (tokens - 1, now)
        if len(self.held) > 50_000:
            self.held = {k: v for k, v in self.held.items() if now - v[1] < 120}
        return 0


class WebChat:
    """The routes of the chat page for one program."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.signer = URLSafeSerializer(app.settings.cookie_secret or app.secret("cookie"), salt="web-chat")
        self.people = Bucket(app.settings.messages_per_minute)
        self.addresses = Bucket(app.settings.messages_per_minute * 10)
        self.woken: dict[str, set[asyncio.Event]] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self.stopping = False

    def handle(self, request: Request) -> str | None:
        """The person's own random handle out of the signed cookie."""
        try:
            handle = self.signer.loads(request.cookies.get(COOKIE, ""))
        except BadSignature:
            return None
        return handle if isinstance(handle, str) else None

    def conversation(self, request: Request) -> str:
        handle = self.handle(request)
        if handle is None:
            raise Rejected(401, "聊天身份过期了，请刷新页面再发。")
        return f"web::{handle}"

    async def page(self, request: Request) -> Response:
        response = templates.TemplateResponse(request, "chat.html", {"demo": self.app.demo})
        response.headers["cache-control"] = "no-store"
        if self.handle(request) is None:
            value = self.signer.dumps(secrets.token_urlsafe(18))
            assert isinstance(value, str)
            response.set_cookie(COOKIE, value, max_age=YEAR, httponly=True, samesite="lax", secure=self.app.settings.secure_cookie)
        return response

    async def post(self, request: Request) -> Response:
        try:
            conversation = self.conversation(request)
            message = await self.message(request)
            self.slow(request, conversation)
        except Rejected as error:
            return error.response()
        except ClientDisconnect:
            return Response(status_code=400)
        kind: Literal["choice", "text"] = "choice" if "choice" in message else "text"
        inbound = Inbound(conversation, message["id"], kind, message[kind], self.app.clock.now())
        MESSAGES.labels("web", kind).inc()
        try:
            with TURN_SECONDS.labels("web").time():
                reply = await asyncio.wrap_future(self.app.accept(inbound, message["text"] if kind == "choice" else ""))
        except Exception as error:  # supervisor: the page keeps the message and tries again with the same id
            log.error("message not stored", error=type(error).__name__)
            return Rejected(503, "暂时存不下你的消息，马上会再试。", 2).response()
        if reply.delivery_id is None:
            return JSONResponse({"messages": []})
        self.delivered([reply.delivery_id])
        return JSONResponse({"messages": [transcript.told(reply.delivery_id, "reply", reply.parts, reply.at or inbound.at)]})

    async def message(self, request: Request) -> dict[str, str]:
        """The checked body: id, text, and the choice where one was tapped."""
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise Rejected(400, "消息要用 JSON 发送。")  # a form of another site cannot send this type without asking first
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES:
                raise Rejected(413, "这段话太长了，请分成几条发，每条 2000 字以内。")
        try:
            message = json.loads(body.decode("utf8", "replace"))
        except (ValueError, RecursionError) as error:  # no JSON, a number of thousands of digits, nested too deep
            raise Rejected(400, "这条消息没有读懂，请刷新页面再试。") from error
        fields = ("id", "text", "choice") if isinstance(message, dict) and "choice" in message else ("id", "text")
        if not isinstance(message, dict) or not all(isinstance(message.get(field), str) for field in fields):
            raise Rejected(400, "这条消息缺了内容，请刷新页面再试。")
        if not MESSAGE_ID.fullmatch(message["id"]):
            raise Rejected(400, "这条消息的编号不对，请刷新页面再试。")
        clean = {field: message[field].encode("utf8", "replace").decode().replace("\x00", "") for field in fields}
        if not clean["text"].strip():
            raise Rejected(400, "消息是空的，写点什么再发。")
        return clean

    def slow(self, request: Request, conversation: str) -> None:
        if wait := self.wait(request, conversation):
            raise Rejected(429, f"发得有点快，我怕漏看。等 {wait} 秒再发这一条，前面的都收到了。", wait)

    def wait(self, request: Request, conversation: str) -> int:
        """0, or the seconds until this person and this address may ask again."""
        return max(self.people.take(conversation), self.addresses.take(self.address(request)))

    def address(self, request: Request) -> str:
        proxies = self.app.settings.trusted_proxies
        hops = [hop.strip() for hop in request.headers.get("x-forwarded-for", "").split(",") if hop.strip()]
        if proxies and len(hops) >= proxies:
            return hops[-proxies]
        return request.client.host if request.client else "?"

    def delivered(self, ids: list[int]) -> None:
        now = self.app.clock.now()
        self.app.inbox.write(lambda connection: delivery.finish(connection, ids, now))

    async def history(self, request: Request) -> Response:
        try:
            conversation = self.conversation(request)
        except Rejected as error:
            return error.response()
        messages, last = await run_in_threadpool(self.read_history, conversation)
        return JSONResponse({"messages": messages, "last": last}, headers={"cache-control": "no-store"})

    def read_history(self, conversation: str) -> tuple[list[dict[str, Any]], int]:
        now = self.app.clock.now()
        with self.app.database.reading() as connection:
            messages = transcript.history(connection, conversation, now)
            open_ids = delivery.open_ids(connection, conversation, now)
        shown = [int(message["key"][4:]) for message in messages if message["key"].startswith("out:")]
        if arrived := sorted(set(open_ids) & set(shown)):  # what stood further back was not seen: it was not sent
            self.delivered(arrived)
        return messages, max(shown, default=0)

    async def events(self, request: Request) -> Response:
        try:
            conversation = self.conversation(request)
            after = int(request.headers.get("last-event-id") or request.query_params.get("after") or 0)
            if not 0 <= after < 2**63:
                raise Rejected(400, "刷新页面再试。")
        except ValueError as error:
            return error.response() if isinstance(error, Rejected) else Rejected(400, "刷新页面再试。").response()
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self.stream(request, conversation, after), media_type="text/event-stream", headers=headers)

    async def stream(self, request: Request, conversation: str, after: int) -> AsyncIterator[str]:
        """What the conversation is told, from the ledger, until the page goes or the server stops."""
        self.loop = asyncio.get_running_loop()
        woken, late = asyncio.Event(), set[int]()
        self.woken.setdefault(conversation, set()).add(woken)
        try:
            yield "retry: 2000\n\n"
            while True:
                woken.clear()  # before looking: what is said after it, or a stop, wakes us again
                if self.stopping or await request.is_disconnected():
                    break
                rows = [row for row in await run_in_threadpool(self.read_since, conversation, after) if row["id"] not in late]
                late |= {row["id"] for row in rows if row["id"] <= after}  # planned before what the page has seen, due only now
                for row in rows:
                    after = max(after, row["id"])
                    told = transcript.told(row["id"], row["kind"], row["parts"], row["created_at"]) | ({"late": True} if row["id"] in late else {})
                    yield f"id: {after}\ndata: {json.dumps(told, ensure_ascii=False)}\n\n"
                if rows:
                    self.delivered([row["id"] for row in rows])
                else:
                    yield ": still here\n\n"
                try:
                    await asyncio.wait_for(woken.wait(), POLL_SECONDS)
                except TimeoutError:
                    continue
        finally:
            self.woken[conversation].discard(woken)
            if not self.woken[conversation]:
                del self.woken[conversation]

    def read_since(self, conversation: str, after: int) -> list[dict[str, Any]]:
        with self.app.database.reading() as connection:
            return [dict(row) for row in delivery.since(connection, conversation, after, self.app.clock.now())]

    def wake(self, conversation: str) -> None:
        """Called from any thread: there is something new for this conversation."""
        if self.loop and not self.loop.is_closed():
            for event in list(self.woken.get(conversation, ())):
                self.loop.call_soon_threadsafe(event.set)

    def stop(self) -> None:
        """Ends the open streams, from the signal handler."""
        self.stopping = True
        for conversation in list(self.woken):
            self.wake(conversation)
