"""The whole program on a port, as `bulixian serve` runs it, in a thread of a test."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from bot.accounts import accounts
from bot.app import App
from bot.config import Settings
from bot.pump import recover
from bot.web.app import create

TOKEN, AES_KEY = "lixiaobulixian", "CareerDemoKeyCareerDemoKeyCareerDemoKey0123"


def wechat_settings(url: str, api: str, appid: str, secret: str, capability: str = "service_verified", *, safe: bool = True) -> Settings:
    wechat: dict[str, Any] = {"appid": appid, "secret": secret, "token": TOKEN, "api_base_url": api, "capability": capability}
    if safe:
        wechat["aes_key"] = AES_KEY
    return Settings(database_url=url, wechat=wechat, quiet_from="00:00", quiet_to="00:00", _env_file=None)  # type: ignore[call-arg, arg-type]


def telegram_settings(url: str, base_url: str, base_file_url: str, token: str, **more: Any) -> Settings:
    telegram = {"token": token, "base_url": base_url, "base_file_url": base_file_url, **more}
    return Settings(database_url=url, telegram=telegram, quiet_from="00:00", quiet_to="00:00", _env_file=None)  # type: ignore[call-arg, arg-type]


@contextmanager
def serving(app: App, *, sweeps: bool = False, works: bool = True) -> Iterator[str]:
    """Its address; ended as by SIGTERM. Without `works` as by `serve --no-workers`."""
    recover(app)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create(app, accounts(app), works=works), log_level="critical", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    if sweeps:
        app.start_sweeper(lambda _: None)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
