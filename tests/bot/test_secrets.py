"""Canaries through every way in and out of `bulixian serve` as a process: what it writes and what /metrics shows hold none of them."""

from __future__ import annotations

import base64
import itertools
import json
import logging
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from bot import logs
from bot.app import App
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge.db import now
from knowledge.people import Identity
from tests.simulators import oidc
from tests.simulators.telegram import Simulator
from tests.simulators.wechat import Account, Api, World, serving
from tests.simulators.wechat.envelope import encrypt, sign, xml
from tests.simulators.wechat.serving import listening

PERSON, OPENID, PHONE, ID_NUMBER, NAME = 700_000_077, "oCanaryOpenid77", "13912345678", "52010219990101123X", "赵金丝雀"
HOOK_SECRET, APP_SECRET, TOKEN = "canary_hook_secret", "canary0app0secret0canary0app0sec", "canarytoken"
AES_KEY = "CanaryKeyCanaryKeyCanaryKeyCanaryKeyCanary0"
COOKIE_SECRET, LEDGER_KEY = "canary-cookie-secret", "canary-ledger-key-0123456789abcdef"
SAID = f"我叫{NAME},电话{PHONE},身份证{ID_NUMBER},我能领补贴吗"
PATIENCE = 60.0


@contextmanager
def served(environment: dict[str, str], written: Path) -> Iterator[str]:
    """The address of `bulixian serve`; all that it writes goes to a file."""
    with written.open("w") as out:
        program = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--port", "0"], stdout=out, stderr=out, env={**os.environ, **environment, "PYTHONUTF8": "1"}
        )
        try:
            end = time.monotonic() + PATIENCE
            while "http://" not in (said := written.read_text(encoding="utf8")):
                assert program.poll() is None, said
                assert time.monotonic() < end, said
                time.sleep(0.05)
            yield "http://" + said.split("http://", 1)[1].split("/", 1)[0]
        finally:
            program.terminate()
            program.wait(PATIENCE)


def push(http: httpx.Client, appid: str, token: str, text: str, number: int) -> int:
    fields = {"ToUserName": "gh_1", "FromUserName": OPENID, "CreateTime": int(time.time()), "MsgType": "text", "Content": text, "MsgId": number}
    at, encrypted = str(int(time.time())), encrypt(xml(fields), appid, AES_KEY)
    query = {"timestamp": at, "nonce": "1", "encrypt_type": "aes", "msg_signature": sign(token, at, "1", encrypted)}
    return http.post("/hook/wechat", params=query, content=xml({"ToUserName": "gh_1", "Encrypt": encrypted}).encode()).status_code


def update(number: int, fields: dict[str, Any]) -> dict[str, Any]:
    sender, chat = {"id": PERSON, "is_bot": False, "first_name": NAME}, {"id": PERSON, "type": "private", "first_name": NAME}
    return {"update_id": number, "message": {"message_id": number, "from": sender, "chat": chat, "date": int(time.time()), **fields}}


def spoken(http: httpx.Client, telegram: Simulator, wechat: World) -> None:
    """Good and bad of everything that can come in."""
    http.get("/")
    for body in ({"id": "canary-0001", "text": SAID}, {"id": PHONE, "text": ""}, {"id": f"bad {PHONE}", "text": SAID}):
        http.post("/chat/messages", json=body)
    http.post("/chat/messages", content=f'{{"id": "{PHONE}'.encode(), headers={"content-type": "application/json"})
    http.get("/chat/history", headers={"cookie": f"bulixian={COOKIE_SECRET}"})
    http.get("/chat/events", params={"after": PHONE + PHONE})
    document = {"file_id": "F", "file_unique_id": "U", "file_name": f"{NAME}{PHONE}.pdf"}
    fields: tuple[dict[str, Any], ...] = ({"text": SAID}, {"document": document}, {"text": ID_NUMBER, "chat": PHONE}, {"text": f"绑定 {ID_NUMBER}"})
    for secret in (HOOK_SECRET, "wrong"):
        for number, told in enumerate(fields, 1):
            http.post("/hook/telegram", json=update(number, told), headers={"x-telegram-bot-api-secret-token": secret})
    http.post("/hook/telegram", content=f"{{{SAID}".encode(), headers={"x-telegram-bot-api-secret-token": HOOK_SECRET})
    for number, token in enumerate((TOKEN, TOKEN, "wrong"), 1):
        push(http, wechat.account.appid, token, SAID, number)
    http.get("/hook/wechat", params={"signature": TOKEN, "timestamp": "1", "nonce": PHONE, "echostr": ID_NUMBER})


def broken(http: httpx.Client, path: str) -> str:
    """Pages that fail because a table is away; the visitor's own name in the database, which must not be logged for that."""
    cookie = http.cookies["bulixian"].strip('"').partition(".")[0]
    handle = json.loads(base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4)))
    with closing(sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)) as database:
        database.execute("ALTER TABLE inbox RENAME TO away")
        try:
            assert http.get("/chat/history", headers={"connection": "close"}).status_code == 500
        finally:
            database.execute("ALTER TABLE away RENAME TO inbox")
    return str(handle)


def logged_in(http: httpx.Client, school: oidc.World) -> None:
    """By the school: somebody without an account, then a code that is none, then a provider that fails."""
    school.user = {"sub": PHONE, "preferred_username": NAME}
    for fault in ("", "", "html"):
        school.faults = {"token": fault}
        sent = http.get("/console/oidc").headers["location"]
        back = httpx.get(sent, trust_env=False).headers["location"].removeprefix("http://bulixian.test")
        assert http.get(back).status_code in (403, 503)
        http.get(f"{back}&code={PHONE}")


def test_no_secret_and_no_person_in_logs_and_metrics(sqlite_url: str, tmp_path: Path) -> None:
    world = World(Account(secret=APP_SECRET))
    api = Api(world)
    school = oidc.World(now)
    with Simulator() as telegram, serving(api) as address, listening(oidc.Provider(school).app) as realm:
        school.issuer = f"{realm}/realm"
        telegram.world.person(PERSON, NAME)
        for fault in ("500", "drop", "odd", "not_json"):
            telegram.world.fail("sendMessage", fault)
        api.fail("stable_token", "errcode", 40125)
        environment = {
            "BULIXIAN_DATABASE_URL": sqlite_url,
            "BULIXIAN_DENSE": "off",
            "BULIXIAN_COOKIE_SECRET": COOKIE_SECRET,
            "BULIXIAN_LEDGER_KEY": LEDGER_KEY,
            "BULIXIAN_TELEGRAM__TOKEN": telegram.world.token,
            "BULIXIAN_TELEGRAM__BASE_URL": telegram.base_url,
            "BULIXIAN_TELEGRAM__WEBHOOK_SECRET": HOOK_SECRET,
            "BULIXIAN_WECHAT__APPID": world.account.appid,
            "BULIXIAN_WECHAT__SECRET": APP_SECRET,
            "BULIXIAN_WECHAT__TOKEN": TOKEN,
            "BULIXIAN_WECHAT__AES_KEY": AES_KEY,
            "BULIXIAN_WECHAT__API_BASE_URL": address,
            "BULIXIAN_OIDC__ISSUER": school.issuer,
            "BULIXIAN_OIDC__CLIENT_ID": oidc.CLIENT,
            "BULIXIAN_OIDC__CLIENT_SECRET": oidc.SECRET,
            "BULIXIAN_PUBLIC_URL": "http://bulixian.test",
        }
        written = tmp_path / "written.log"
        with served(environment, written) as home, httpx.Client(base_url=home, timeout=PATIENCE) as http:
            spoken(http, telegram, world)
            logged_in(http, school)
            handle = broken(http, sqlite_url.removeprefix("sqlite:///"))
            end, numbers = time.monotonic() + PATIENCE, itertools.count(100)
            while not telegram.world.saw(PERSON) and time.monotonic() < end:  # the first one after all faults
                http.post("/hook/telegram", json=update(next(numbers), {"text": "菜单"}), headers={"x-telegram-bot-api-secret-token": HOOK_SECRET})
                time.sleep(0.3)
            shown = http.get("/metrics").text + http.get("/healthz").text
        for command in ("doctor", "backup"):
            done = subprocess.run(
                [sys.executable, "-m", "bot", command], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
                env={**os.environ, **environment, "PYTHONUTF8": "1", "PYTHONPATH": str(Path(__file__).parents[2])},
            )  # fmt: skip
            shown += done.stdout + done.stderr
        tokens = [telegram.world.token, *world.tokens, oidc.SECRET, *school.given]
    logged = written.read_text(encoding="utf8")
    fates = {json.loads(line).get("fate") for line in logged.splitlines() if '"event": "sent"' in line}
    assert {"sent", "unknown"} <= fates, "what went wrong was logged"
    assert "DatabaseError" in logged, "what failed was logged"
    assert "bulixian_sends_total" in shown
    assert "已备份到" in shown
    canaries = (PHONE, ID_NUMBER, NAME, OPENID, str(PERSON), HOOK_SECRET, APP_SECRET, TOKEN, AES_KEY, COOKIE_SECRET, LEDGER_KEY, handle, *tokens)
    for canary in canaries:
        assert canary not in logged, [line for line in logged.splitlines() if canary in line][:2]
        assert canary not in shown, [line for line in shown.splitlines() if canary in line][:2]


@pytest.fixture
def as_it_was() -> Iterator[None]:
    """The log of the tests, after that of the server."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("as_it_was")
def test_what_a_database_refuses_is_logged_without_whom_it_was_about(any_app: App, capfd: pytest.CaptureFixture[str]) -> None:
    """PostgreSQL quotes the row itself, SQLAlchemy its parameters, Python the value it could not read."""
    logs.serve()
    kept = dict.fromkeys(("channel", "account"), "x") | {"handle": OPENID}
    conversation = f"console::{NAME}"
    any_app.accept(Inbound(conversation, "m1", "text", "菜单", now())).result()

    def twice(connection: Connection) -> None:
        who = connection.execute(select(Conversation.graduate_id)).scalar_one()
        connection.execute(insert(Identity), [{"graduate_id": who, **kept}] * 2)

    with pytest.raises(IntegrityError, match="parameters hidden") as refused:
        any_app.inbox.write(twice).result()
    try:
        raise refused.value
    except IntegrityError as error:
        structlog.get_logger().exception("sweep failed")
        logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=error)
        logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: {error!r} {OPENID}", exc_info=error)
    try:
        int(SAID)
    except ValueError:
        structlog.get_logger().exception("step failed")
    said = "".join(capfd.readouterr())
    assert said.count("IntegrityError") >= 3
    assert said.count("test_secrets.py") >= 4, "where it broke is there"
    assert "Task exception was never retrieved" in said
    assert not [line for line in said.splitlines() for canary in (OPENID, PHONE, NAME, ID_NUMBER) if canary in line]
