"""The server side: `/cgi-bin/…` as an ASGI program with the documented checks and codes, and faults on request."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.simulators.wechat import calls
from tests.simulators.wechat.world import Refusal, World

HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"
TOKENLESS = ("token", "stable_token")
FREE = {
    "service_verified": None,
    "subscription_verified": {"message/custom/send", "message/mass/send", "message/mass/sendall", "menu/create", "media/get"},
}
Drop = Callable[[Request], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with the next call of a path: `errcode` and `http` are not carried out, `html`, `slow` and `drop` are, unless
    `carried` says otherwise."""

    kind: str
    value: float = 0
    carried: bool | None = None

    @property
    def is_carried(self) -> bool:
        return self.kind in ("html", "slow", "drop") if self.carried is None else self.carried


class Api:
    """`app` is the ASGI program; `drop` hangs up on a request (given by `serving`, which has the socket)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults: dict[str, deque[Fault]] = {}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.drop: Drop = lambda request: None
        self.app = Starlette(routes=[Route("/cgi-bin/{path:path}", self.handle, methods=["GET", "POST"])])

    def fail(self, path: str, kind: str, value: float = 0, *, times: int = 1, carried: bool | None = None) -> None:
        """Makes the next calls of a path fail."""
        self.faults.setdefault(path, deque()).extend([Fault(kind, value, carried)] * times)

    async def handle(self, request: Request) -> Response:
        path = request.path_params["path"]
        body = await request.body()
        waiting = self.faults.get(path)
        fault = waiting.popleft() if waiting else None
        answer: Response | None = None
        with self.world.lock:
            self.world.books[f"calls/{path}"] += 1
            if fault is None or fault.is_carried:
                answer = self.carry_out(path, request, body)
        if fault is None:
            assert answer is not None
            return answer
        self.world.books[f"faults/{fault.kind}"] += 1
        if fault.kind == "errcode":
            return JSONResponse({"errcode": int(fault.value), "errmsg": "made to fail rid: sim-fault"})
        if fault.kind == "http":
            return Response(HTML, int(fault.value), media_type="text/html")
        if fault.kind == "html":
            return Response(HTML, 200, media_type="text/html")
        if fault.kind == "slow":
            await asyncio.sleep(fault.value)
            return answer or Response(HTML, 504)
        self.drop(request)
        return Response(status_code=500)

    def carry_out(self, path: str, request: Request, body: bytes) -> Response:
        try:
            answer = self.answer(path, request, body)
        except Refusal as refusal:
            self.world.books[f"errcode/{refusal.answer['errcode']}"] += 1
            return JSONResponse(refusal.answer)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    def answer(self, path: str, request: Request, body: bytes) -> dict[str, Any] | Response:
        world = self.world
        if path == "token":
            if request.method != "GET":
                raise Refusal(43001, "require GET method")
            world.credentials(dict(request.query_params))
            world.count(path)
            return world.plain_token()
        if path == "media/get":
            self.admitted(path, request)
            return self.medium(request.query_params.get("media_id", ""))
        if request.method != "POST":
            raise Refusal(43002, "require POST method")
        given = self.given(body)
        self.requests.append((path, given))
        if path == "stable_token":
            world.credentials(given)
            world.count(path)
            return world.stable_token(force=given.get("force_refresh") is True)
        self.admitted(path, request)
        call = calls.CALLS.get(path)
        if call is None:
            raise Refusal(40066, "invalid url")
        return call(world, given)

    def admitted(self, path: str, request: Request) -> None:
        self.world.check_token(request.query_params.get("access_token"))
        free = FREE.get(self.world.account.capability, set())
        if free is not None and path not in free:
            raise Refusal(48001, "api unauthorized")
        self.world.count(path)

    def given(self, body: bytes) -> dict[str, Any]:
        """The JSON of a call; `\\u` escapes in it are refused as the platform does."""
        if re.search(rb"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}", body):
            raise Refusal(40033, "invalid charset. please check your request, if include \\uxxxx will create fail")
        try:
            given = json.loads(body)
        except ValueError as error:
            raise Refusal(47001, "data format error") from error
        if not isinstance(given, dict):
            raise Refusal(47001, "data format error")
        return given

    def medium(self, media_id: str) -> Response:
        at, content, media_type = self.world.media.get(media_id, (None, b"", ""))
        if at is None or self.world.clock.now() - at > timedelta(days=3):
            raise Refusal(40007, "invalid media_id")
        return Response(content, media_type=media_type)
