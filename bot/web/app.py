"""The web application: routes as one table, headers that every answer carries, and the server."""

from __future__ import annotations

import asyncio
import gc
import socket as sockets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import FrameType

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import alarms, delivery, members
from bot.accounts import Account, accounts
from bot.app import App
from bot.channels.telegram.serve import TelegramAccount
from bot.channels.wechat.serve import WeChatAccount
from bot.pump import recover
from bot.web.chat import WebChat
from bot.web.console.gate import Gate
from bot.web.console.pages import PAGES, open_pages
from bot.web.exits import Exits
from bot.web.scan import ScanPage
from bot.web.upload import ResumePages
from knowledge.db import DatabaseError

log = structlog.get_logger()

RESTART = 5.0
"""Seconds before an account that failed is served again."""
HERE = Path(__file__).parent
HEADERS = {
    b"content-security-policy": b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
}


class SafeHeaders:
    """Adds the headers that forbid foreign scripts, frames and sniffing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in HEADERS.items() if pair[0] not in own)]
            await send(message)

        await self.app(scope, receive, with_headers)


def create(app: App, served: Sequence[Account] = (), *, works: bool = True) -> Starlette:
    """The ASGI application of a running program, with the accounts it serves; without `works` their webhooks only, others send."""
    chat = WebChat(app)

    def health(request: Request) -> Response:
        try:
            with app.database.reading() as connection:
                troubles = alarms.found(connection, app.carriers, app.clock.now())
        except DatabaseError as error:
            log.error("database broken", error=str(error))
            return JSONResponse({"status": "broken"}, 503)  # the cause is for the log and `doctor`, not for visitors
        named = [{"channel": alarm.owner.partition(":")[0], "what": alarm.what, "reason": alarm.reason} for alarm in troubles]
        known = {"knowledge": app.search.knowledge.version, "entries": len(app.search.knowledge.entries)}
        return JSONResponse({"status": "impaired" if named else "ok", **known, "alarms": named})  # it serves: still 200

    def metrics(request: Request) -> Response:
        with app.database.reading() as connection:
            delivery.measure(connection, app.clock.now())
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    routes = [
        Route("/", chat.page),
        Route("/chat/messages", chat.post, methods=["POST"]),
        Route("/chat/history", chat.history),
        Route("/chat/events", chat.events),
        Route("/healthz", health),
        Route("/metrics", metrics),
        *ResumePages(app, chat.wake).routes(),
        *Exits(app, chat.address).routes(),
        Mount("/static", StaticFiles(directory=HERE / "static")),
        Route("/console", lambda request: RedirectResponse("/console/", 303)),
        Mount("/console", routes=Gate(app, chat.address, chat.wake).routes(PAGES, open_pages(app))),
    ]
    for account in served:
        routes.append(Route(f"/hook/{account.channel}", account.hook, methods=["POST"]))
        if isinstance(account, WeChatAccount):
            routes.append(Route(f"/hook/{account.channel}", account.verify, methods=["GET"]))
            if app.scan:
                routes += ScanPage(app, chat, account).routes()
    web = Starlette(routes=routes, middleware=[Middleware(SafeHeaders)], lifespan=partial(serving, accounts=served, works=works))
    web.router.redirect_slashes = False  # it would lead to whatever host the request names
    web.state.chat = chat
    return web


@asynccontextmanager
async def serving(_: Starlette, accounts: Sequence[Account], *, works: bool) -> AsyncIterator[None]:
    """The accounts run while the server does; one that fails does not take the others along. Without `works` they only learn their names."""
    names = [account.introduce() for account in accounts if not works and isinstance(account, TelegramAccount)]
    tasks = [asyncio.create_task(work) for work in names or map(watched, accounts if works else ())]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def watched(account: Account) -> None:
    while True:
        try:
            await account.run()
        except Exception:  # supervisor: what was to be sent is in the ledger
            log.exception("account stopped", channel=account.channel)
        await asyncio.sleep(RESTART)


class Server(uvicorn.Server):
    """Tells the open event streams to end as soon as a stop is asked for; else they would hold the server up."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self.on_stop = on_stop

    def run(self, sockets: list[sockets.socket] | None = None) -> None:
        """What is loaded by now stays: the collector need not walk its 200 000 objects (45 ms) to find the few that are done with."""
        gc.collect()
        gc.freeze()
        super().run(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.on_stop()
        super().handle_exit(sig, frame)


def bind(host: str, port: int) -> sockets.socket:
    """A listening socket; uvicorn's own binding exits the process instead of raising."""
    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    listener = sockets.socket(family, sockets.SOCK_STREAM, sockets.IPPROTO_TCP)  # named: else asyncio leaves Nagle's delay of 40 ms on
    listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


def run(app: App, host: str, port: int, *, works: bool = True) -> None:
    """Serves until SIGINT or SIGTERM; without `works` it only takes and answers, another process sends and keeps the timers.

    Raises:
        OSError: the address cannot be bound.
    """
    found = accounts(app)
    if works:
        recover(app)
    web = create(app, found, works=works)
    chat: WebChat = web.state.chat
    config = uvicorn.Config(web, host=host, port=port, log_level="warning", log_config=None, timeout_graceful_shutdown=5, server_header=False)
    listener = bind(host, port)
    members.first(app)
    app.start_sweeper(chat.wake, works=works)
    shown = host if host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104  # only for the printed address
    print(f"不离线已启动:http://{shown}:{listener.getsockname()[1]}/  (Ctrl-C 停止)", flush=True)
    Server(config, chat.stop).run(sockets=[listener])
