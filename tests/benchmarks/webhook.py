"""Webhooks: messages that arrive at a fixed rate, whether or not the last was answered, and how long each waits for the HTTP answer.

WeChat in safe mode, where the HTTP answer is what the person reads: ours stores the message, answers the question and stores the answer;
WeRoBot (on waitress) sends the text back. Telegram, where the HTTP answer says that the update is taken: ours has stored it by then;
python-telegram-bot's own webhook has put it into a queue in memory, from which an echo is sent. All are processes of their own.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx

from tests.benchmarks.report import Row, Table, peer, percentile, resident
from tests.simulators.telegram import Simulator
from tests.simulators.telegram import World as Telegram
from tests.simulators.wechat import Api, People, World
from tests.simulators.wechat import serving as api_of

TOKEN, AES_KEY, SECRET = "lixiaobulixian", "CareerDemoKeyCareerDemoKeyCareerDemoKey0123", "hook-secret_1"
RATES = (50, 200, 500)
SECONDS = 5
ASKED = ("档案放哪儿", "菜单", "报到证还发吗", "试用期六个月合法吗")
LATE = 4.5
"""Seconds after which WeChat's second try is near."""
WEROBOT = """
import sys, waitress, werobot
robot = werobot.WeRoBot(token=sys.argv[2], encoding_aes_key=sys.argv[3], app_id=sys.argv[4], enable_session=False)
robot.text(lambda message: message.content)
print("http://127.0.0.1:" + sys.argv[1] + "/", flush=True)
waitress.serve(robot.wsgi, host="127.0.0.1", port=int(sys.argv[1]), threads=8)
"""
PTB = """
import sys
from telegram.ext import Application, MessageHandler, filters

async def echo(update, context):
    await update.message.reply_text(update.message.text)

port, token, base, secret = sys.argv[1:]
application = Application.builder().token(token).base_url(base).build()
application.add_handler(MessageHandler(filters.TEXT, echo))
print(f"http://127.0.0.1:{port}/", flush=True)
application.run_webhook("127.0.0.1", int(port), secret_token=secret, webhook_url="https://bot.example.invalid/")
"""
numbers = itertools.count(1)
Request = tuple[dict[str, str], dict[str, str], bytes]
"""Query, headers, body."""


@dataclass(frozen=True)
class System:
    name: str
    hook: str
    process: int
    request: Callable[[], Request]
    right: Callable[[httpx.Response], bool]


def run() -> list[Table]:
    wechat = Table("webhook, WeChat in safe mode: messages a second at a fixed rate, until the answer is there")
    telegram = Table("webhook, Telegram: updates a second at a fixed rate, until they are taken")
    with ExitStack() as opened:
        for table, systems in ((wechat, wechats(opened)), (telegram, telegrams(opened))):
            for system in systems:
                asyncio.run(load(system, 20, 1))  # what is made when first needed
            table.rows = [asyncio.run(load(system, rate, SECONDS)) for rate in RATES for system in systems]
            table.notes = [f"late: after {LATE} s or not at all; {SECONDS} s each; the driver runs on the same machine"]
    for table, names in ((wechat, ("werobot", "waitress")), (telegram, ("telegram", "tornado"))):
        table.notes += [f"{name} is not installed" for name in names if not peer(name)]
    telegram.notes.append("ours has stored the update by then, the peer has put it into a queue in memory")
    return [wechat, telegram]


async def load(system: System, rate: int, seconds: int) -> Row:
    """Open loop: the next message leaves when its time has come."""
    requests = [system.request() for _ in range(rate * seconds)]
    waits: list[float] = []
    good = 0
    async with httpx.AsyncClient(timeout=20, trust_env=False, limits=httpx.Limits(max_connections=None)) as client:

        async def send(at: float, request: Request) -> None:
            nonlocal good
            query, headers, body = request
            await asyncio.sleep(at - time.perf_counter())
            try:
                answer = await client.post(system.hook, params=query, headers=headers, content=body)
            except httpx.HTTPError:
                return
            waits.append(time.perf_counter() - at)
            good += system.right(answer)

        begun = time.perf_counter() + 0.1
        await asyncio.gather(*(send(begun + number / rate, request) for number, request in enumerate(requests)))
        whole = time.perf_counter() - begun
    return {
        "system": system.name,
        "asked/s": rate,
        "answered/s": good / whole,
        "p50 ms": percentile(waits, 0.5) * 1e3 if waits else None,
        "p99 ms": percentile(waits, 0.99) * 1e3 if waits else None,
        "late": len(requests) - sum(wait <= LATE for wait in waits),
        "wrong": len(requests) - good,
        "MB": resident(system.process),
    }


@contextmanager
def started(words: list[str], **settings: str) -> Iterator[tuple[str, int]]:
    """A process that prints its address: that, and its number. Ended as it stands: what is queued then would take minutes to leave."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BULIXIAN_")} | settings | {"PYTHONUTF8": "1"}
    with tempfile.TemporaryFile("w+", encoding="utf8") as said:  # no pipe: nobody reads the log, and a full one holds the process up
        process = subprocess.Popen([sys.executable, *words], env=environment, stdout=said, stderr=subprocess.DEVNULL)
        try:
            yield address_in(said, process), process.pid
        finally:
            process.kill()
            process.wait()


def address_in(said: IO[str], process: subprocess.Popen[bytes], seconds: float = 60) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        text = os.pread(said.fileno(), 100_000, 0).decode("utf8", "replace")
        if match := re.search(r"http://[\d.:]+/", text):
            return match[0]
        time.sleep(0.05)
    raise RuntimeError("a process did not start")


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def ours(opened: ExitStack, **settings: str) -> tuple[str, int]:
    folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
    own = {"BULIXIAN_DATABASE_URL": f"sqlite:///{folder}/hook.db", "BULIXIAN_MESSAGES_PER_MINUTE": "1000000", "BULIXIAN_DENSE": "off"}
    return opened.enter_context(started(["-m", "bot", "serve", "--port", "0"], **own, **settings))


# --- WeChat


def wechats(opened: ExitStack) -> list[System]:
    world = World()
    api, account = opened.enter_context(api_of(Api(world))), world.account
    settings = {"APPID": account.appid, "SECRET": account.secret, "TOKEN": TOKEN, "AES_KEY": AES_KEY, "API_BASE_URL": api}
    address, process = ours(opened, **{f"BULIXIAN_WECHAT__{name}": value for name, value in settings.items()})
    people = People(world, "", TOKEN, AES_KEY, "safe")

    def request() -> Request:
        number = next(numbers)
        openid, text = f"oBench{number % 997}", ASKED[number % len(ASKED)]
        query, body = people.request(people.fields(openid, "text", Content=text, MsgId=number))
        return query, {"content-type": "text/xml"}, body

    def right(answer: httpx.Response) -> bool:
        return answer.status_code == 200 and b"<Encrypt>" in answer.content

    found = [System("ours, SQLite", f"{address}hook/wechat", process, request, right)]
    if peer("werobot") and peer("waitress"):
        hook, process = opened.enter_context(started(["-c", WEROBOT, free_port(), TOKEN, AES_KEY, account.appid]))
        found.append(System("WeRoBot, echo", hook, process, request, right))
    return found


# --- Telegram


def taken(answer: httpx.Response) -> bool:
    return answer.is_success


def telegrams(opened: ExitStack) -> list[System]:
    world = Telegram()
    world.pace.per_second = 100_000
    simulator = opened.enter_context(Simulator(world))
    for number in range(997):
        world.person(700_000_000 + number)
    settings = {"TOKEN": world.token, "BASE_URL": simulator.base_url, "BASE_FILE_URL": simulator.base_file_url, "WEBHOOK_SECRET": SECRET}
    address, process = ours(opened, **{f"BULIXIAN_TELEGRAM__{name}": value for name, value in settings.items()})

    def request() -> Request:
        number = next(numbers)
        who: dict[str, Any] = {"id": 700_000_000 + number % 997, "first_name": "小明"}
        message = {"message_id": number, "from": {**who, "is_bot": False}, "chat": {**who, "type": "private"}, "date": int(time.time())}
        body = {"update_id": number, "message": message | {"text": ASKED[number % len(ASKED)]}}
        return {}, {"content-type": "application/json", "x-telegram-bot-api-secret-token": SECRET}, json.dumps(body).encode()

    found = [System("ours, SQLite", f"{address}hook/telegram", process, request, taken)]
    if peer("telegram") and peer("tornado"):
        hook, process = opened.enter_context(started(["-c", PTB, free_port(), world.token, simulator.base_url, SECRET]))
        found.append(System("python-telegram-bot, echo", hook, process, request, taken))
    return found
