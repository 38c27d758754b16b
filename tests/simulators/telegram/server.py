"""The simulator on a port: the Bot API under /bot<token>/, files under /file/bot<token>/, the people and the books under /sim/."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.simulators.telegram.calls import METHODS, Call, Failure, allow
from tests.simulators.telegram.hook import bring
from tests.simulators.telegram.world import FAULTS, Fault, World

LOOK_SECONDS = 0.01
POLL_MOST = 50
WELL_FORMED = re.compile(r"\d+:[A-Za-z0-9_-]{20,}")


class Api:
    """The routes over one world; `cut` breaks the connection of a request."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cut: Callable[[Request], None] = lambda request: None

    def app(self) -> Starlette:
        @contextlib.asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            bringing = asyncio.create_task(bring(lambda: self.world))
            yield
            bringing.cancel()
            await asyncio.gather(bringing, return_exceptions=True)

        routes = [
            Route("/bot{token}/{method}", self.method, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self.file),
            Route("/sim/{what}", self.control, methods=["GET", "POST"]),
            Route("/{rest:path}", self.nothing, methods=["GET", "POST"]),
        ]
        return Starlette(routes=routes, lifespan=lifespan)

    async def nothing(self, request: Request) -> Response:
        return JSONResponse({"ok": False, "error_code": 404, "description": "Not Found"}, 404)

    def stranger(self, request: Request) -> Response | None:
        token = request.path_params["token"]
        if token == self.world.token:
            return None
        code, told = (401, "Unauthorized") if WELL_FORMED.fullmatch(token) else (404, "Not Found")
        return JSONResponse({"ok": False, "error_code": code, "description": told}, code)

    async def method(self, request: Request) -> Response:
        method = request.path_params["method"]
        call = await read(request, self.world)
        if refused := self.stranger(request):
            return refused
        fault = call.world.fault(method)
        if fault and not fault.accept:
            return await self.wrong(request, fault)
        try:
            result = await self.get_updates(call) if method.lower() == "getupdates" else run(method, call)
            response = JSONResponse({"ok": True, "result": result})
        except Failure as failure:
            response = JSONResponse(failure.body(), failure.code)
        call.world.calls.append((method, response.status_code))
        return await self.wrong(request, fault, response) if fault else response

    async def wrong(self, request: Request, fault: Fault, response: Response | None = None) -> Response:
        await asyncio.sleep(fault.wait)
        if fault.drop:
            self.cut(request)
            await asyncio.sleep(LOOK_SECONDS)
        if fault.body or response is None:
            return Response(fault.body, fault.status, media_type=fault.media_type)
        return response

    async def get_updates(self, call: Call) -> Any:
        """Waits for updates; a newer poller or a webhook ends it with 409."""
        world, ticket = call.world, object()
        if world.hook:
            raise Failure(409, "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
        allow(call)
        world.poll = ticket
        offset = call.whole("offset", 0, most=2**53)  # alone it numbers by the clock, past 32 bits
        limit = call.whole("limit", 100, 1, 100)
        until = time.monotonic() + call.whole("timeout", 0, 0, POLL_MOST)
        while True:
            if world.poll is not ticket:
                raise Failure(409, "terminated by other getUpdates request; make sure that only one bot instance is running")
            if world.hook:
                raise Failure(409, "terminated by setWebhook request")
            found = world.after(offset, limit)
            if found or time.monotonic() >= until:
                world.poll = None
                return found
            await asyncio.sleep(LOOK_SECONDS)

    async def file(self, request: Request) -> Response:
        if refused := self.stranger(request):
            return refused
        fault = self.world.fault("file")
        if fault:
            return await self.wrong(request, fault)
        for path, content, _ in self.world.files.values():
            if path == request.path_params["path"]:
                self.world.fetched.append(path)
                return Response(content, media_type="application/octet-stream")
        return await self.nothing(request)

    async def control(self, request: Request) -> Response:
        """The people's side and the books, for a simulator that runs alone."""
        what = request.path_params["what"]
        try:
            told = json.loads(await request.body() or b"{}") if request.method == "POST" else dict(request.query_params)
            return JSONResponse(acted(self.world, what, told))
        except (LookupError, TypeError, ValueError) as error:
            return JSONResponse({"error": f"{what}: {error!r}"}, 400)


def run(method: str, call: Call) -> Any:
    found = METHODS.get(method.lower())
    if found is None:
        raise Failure(404, "Not Found: method not found")
    return found(call)


def acted(world: World, what: str, told: dict[str, Any]) -> Any:
    match what:
        case "person":
            return world.person(int(told["chat"]), str(told.get("name", "小明")), started=bool(told.get("started", True))).shown()
        case "group":
            return world.group(int(told["chat"]), str(told.get("name", "互助群"))).shown()
        case "say":
            return world.say(int(told["chat"]), str(told["text"]), told.get("user"))
        case "tap":
            return world.tap(int(told["chat"]), str(told["button"]), told.get("user"))
        case "upload":
            return world.upload(int(told["chat"]), str(told["name"]), str(told["content"]).encode())
        case "block":
            return world.block(int(told["chat"]))
        case "unblock":
            return world.unblock(int(told["chat"]))
        case "again":
            return world.again(int(told["update_id"]))
        case "fail":
            return world.fail(str(told["method"]), str(told["fault"]), int(told.get("times", 1)))
        case "flood":
            return world.flood(float(told["seconds"]))
        case "advance":
            return world.clock.advance(float(told["seconds"]))
        case "saw":
            seen = world.chats[int(told["chat"])].seen
            return [{"text": s.text, "at": s.at, "buttons": s.buttons, "document": s.document and s.document[0]} for s in seen]
        case "books":
            return books(world)
    raise LookupError(f"know only person, group, say, tap, upload, block, unblock, again, fail ({', '.join(FAULTS)}), flood, advance, saw, books")


def books(world: World) -> dict[str, Any]:
    calls = Counter(f"{method} {status}" for method, status in world.calls)
    return {
        "calls": dict(calls),
        "sent": len(world.pace.sent),
        "refused": world.pace.refused,
        "peak": world.pace.peak(),
        "seconds": world.pace.seconds(),
        "waiting": len(world.pending),
        "answered": len(world.answered),
        "tapped": len(world.callbacks),
        "doubled": [list(row) for row in world.doubled()],
    }


async def read(request: Request, world: World) -> Call:
    """Parameters from the address, a form or JSON: Telegram takes all."""
    params = dict(request.query_params)
    files: dict[str, tuple[str, bytes]] = {}
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        with contextlib.suppress(ValueError):  # what cannot be read is not there
            given = json.loads(await request.body())
            params |= {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    elif request.method == "POST":
        async with request.form() as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    files[name] = (value.filename or "", await value.read())
                else:
                    params[name] = value
    return Call(world, params, files)


class Simulator:
    """A running simulator in a thread of its own, on a loopback port."""

    def __init__(self, world: World | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        self.api = Api(world or World())
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY only where it is named
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((host, port))
        self.address = f"http://{host}:{self.listener.getsockname()[1]}"
        self.server = uvicorn.Server(uvicorn.Config(self.api.app(), http="h11", log_level="critical", timeout_graceful_shutdown=1))
        self.api.cut = self.cut
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]}, name="telegram", daemon=True)

    @property
    def world(self) -> World:
        return self.api.world

    @world.setter
    def world(self, world: World) -> None:
        """Another world in place of this one, between two tests."""
        self.api.world = world

    @property
    def base_url(self) -> str:
        return f"{self.address}/bot"

    @property
    def base_file_url(self) -> str:
        return f"{self.address}/file/bot"

    def cut(self, request: Request) -> None:
        for connection in list(self.server.server_state.connections):
            if getattr(connection, "client", None) == tuple(request.client or ()):
                connection.transport.abort()

    def __enter__(self) -> Self:
        self.thread.start()
        while not self.server.started:
            time.sleep(0.005)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.server.should_exit = True
        self.thread.join(10)
        self.listener.close()
