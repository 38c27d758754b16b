"""A port for the API (or a hook): uvicorn in a thread, which can also hang up on a request as a broken network does."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.simulators.wechat.api import Api

OPEN: dict[int, asyncio.Transport] = {}
"""Open connections by the peer's port."""


class Severable(H11Protocol):
    """Keeps its transport where a request can find it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        OPEN[transport.get_extra_info("peername")[1]] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        OPEN.pop(self.transport.get_extra_info("peername")[1], None)
        super().connection_lost(exc)


def hang_up(request: Request) -> None:
    assert request.client
    OPEN[request.client.port].abort()


def server_of(app: ASGIApp) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(app, http=Severable, log_level="error", lifespan="off", timeout_graceful_shutdown=1))


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """Any ASGI program on a port of this machine; its address."""
    server = server_of(app)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def serving(api: Api) -> Iterator[str]:
    """The address that stands before `/cgi-bin/`."""
    api.drop = hang_up
    with listening(api.app) as address:
        yield address
