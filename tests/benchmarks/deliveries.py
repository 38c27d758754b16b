"""Deliveries: a push to many people by two processes of which one is killed again and again, and a push at Telegram's real pace.

The people and the platform are the Telegram simulator in this process, the workers are real processes of ours, killed with SIGKILL.
BULIXIAN_DELIVERIES, BULIXIAN_KILLS and BULIXIAN_PUSH (at the real pace) change the numbers. No peers here: see `turns`.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import time as day_time
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select

from bot import broadcast, delivery
from bot.app import App
from bot.config import Settings
from bot.delivery import Delivery
from bot.inbox import create
from dialogs.messages import Inbound, Say, to_json
from dialogs.place import Conversation
from tests.benchmarks.report import Row, Table, percentile
from tests.benchmarks.turns import postgres
from tests.simulators.telegram import Simulator, World

FIRST = 700_000_000
"""The first person's chat."""
RATE = 250.0
"""Sends a second in the test of kills: the ledger's order is in question there, not Telegram's patience."""
WRITERS = 20
PATIENCE = 120.0
"""Seconds without a send after which a run has failed."""
LONGEST, WHOLE = 120.0, 10_000
"""Seconds of a push at the real pace that are measured, and people from which it is not waited for to its end (100 000 take an hour)."""
context = multiprocessing.get_context("forkserver")


# --- the workers


def work(settings: Settings, rate: float | None, ready: Pipe) -> None:
    """The accounts of the program without its web pages, until killed."""
    from bot.accounts import accounts  # here: the pump names its process when it is imported, and all are forked from one
    from bot.pump import recover

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    app = App(settings)
    recover(app)
    [account] = accounts(app)
    if rate:
        account.interval = timedelta(seconds=1 / rate)

    async def run() -> None:
        asyncio.get_running_loop().call_soon(ready.send, True)
        await account.run()

    asyncio.run(run())


@dataclass
class Crew:
    """Worker processes; who is killed is replaced."""

    settings: Settings
    rate: float | None
    most: int
    members: list[tuple[Any, Pipe]] = field(default_factory=list)

    def __enter__(self) -> Crew:
        context.set_forkserver_preload(["tests.benchmarks.deliveries", "bot.channels.telegram.send", "bot.channels.wechat.send"])
        for _ in range(self.most):
            self.hire()
        return self

    def __exit__(self, *error: object) -> None:
        for process, _ in self.members:
            process.kill()
            process.join()

    def hire(self) -> None:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(self.settings, self.rate, theirs), daemon=True)
        process.start()
        theirs.close()
        self.members.append((process, ours))

    def at_work(self) -> list[int]:
        return [number for number, (_, ready) in enumerate(self.members) if ready.poll()]

    def kill(self, number: int) -> None:
        process, ready = self.members.pop(number)
        process.kill()
        process.join()
        ready.close()
        self.hire()


# --- the push


def plan(app: App, people: int) -> int:
    """A broadcast to so many people, approved and planned. Returns its number."""
    now, account = app.clock.now(), World().bot_id
    keys = [f"telegram:{account}:{FIRST + number}" for number in range(people)]
    with app.database.writing() as connection:
        create(connection, [Inbound(key, "m", "text", "", now) for key in keys])
        who = list(connection.execute(select(Conversation.graduate_id)).scalars())
        number = broadcast.draft(connection, "招聘会", [to_json(Say("周六上午九点,学校体育馆有招聘会。"))], {"people": who}, "张老师", now)
    broadcast.approve(app, number, "李老师")
    while broadcast.advance(app):
        pass
    return number


def settings_for(url: str, telegram: Simulator) -> Settings:
    account: Any = {"token": telegram.world.token, "base_url": telegram.base_url, "base_file_url": telegram.base_file_url}
    return Settings(database_url=url, telegram=account, quiet_from=day_time(), quiet_to=day_time(), _env_file=None)  # type: ignore[call-arg]


@contextmanager
def program(settings: Settings) -> Iterator[App]:
    app = App(settings)
    try:
        yield app
    finally:
        app.close()


def states(app: App) -> dict[int, str]:
    """What the ledger says of the push to each person."""
    with app.database.reading() as connection:
        rows = connection.execute(select(Delivery.conversation, Delivery.status).where(Delivery.kind == "broadcast"))
        return {int(key.rsplit(":", 1)[1]): status for key, status in rows}


def opened(app: App) -> int:
    with app.database.reading() as connection:
        query = select(func.count()).where(Delivery.kind == "broadcast", Delivery.status.in_(delivery.OPEN))
        return int(connection.execute(query).scalar_one())


def wait(done: Callable[[], bool], world: World, every: float = 0.2) -> None:
    """
    Raises:
        TimeoutError: nothing moves any more.
    """
    moved, sent = time.monotonic(), -1
    while not done():
        if len(world.pace.sent) != sent:
            moved, sent = time.monotonic(), len(world.pace.sent)
        if time.monotonic() - moved > PATIENCE:
            raise TimeoutError(f"nothing was sent for {PATIENCE:.0f} s")
        time.sleep(every)


# --- kills


@dataclass
class Soak:
    """What came of a push under kills; the two states are before and after staff had what was in doubt sent again."""

    people: int
    kills: int
    seconds: float
    seen: dict[int, int]
    status: dict[int, str]
    balanced: bool
    resent: set[int]
    seen_after: dict[int, int]
    status_after: dict[int, str]

    @property
    def lost(self) -> int:
        return sum(not self.seen[who] and status != "unknown" for who, status in self.status.items())

    @property
    def unknown(self) -> int:
        return Counter(self.status.values())["unknown"]

    def row(self) -> Row:
        return {
            "s": self.seconds,
            "sent": Counter(self.status.values())["sent"],
            "lost": self.lost,
            "seen twice": sum(times > 1 for times in self.seen.values()),
            "in doubt": self.unknown,
            "of these seen": sum(self.seen[who] > 0 for who in self.resent),
            "then seen twice": sum(times > 1 for times in self.seen_after.values()),
            "not seen": sum(not times for times in self.seen_after.values()),
            "verdict": "; ".join(self.wrong()) or "good",
        }

    def wrong(self) -> list[str]:
        """What must never be, in words; empty where all is well."""
        twice = [who for who, times in self.seen.items() if times > 1]
        again = [who for who, times in self.seen_after.items() if times > 1 and (times > 2 or who not in self.resent)]
        after = Counter(self.status_after.values())
        checks = {
            f"{self.lost} lost": self.lost,
            f"{len(twice)} seen twice before anything was sent again": twice,
            f"{len(again)} seen more often than sent again": again,
            f"{self.unknown} in doubt after {self.kills} kills": self.unknown > self.kills,
            "the books do not balance": not self.balanced or len(self.status) != self.people,
            f"not all over: {dict(after)}": after["sent"] != self.people or any(not times for times in self.seen_after.values()),
        }
        return [words for words, bad in checks.items() if bad]


def soak(url: str, people: int, kills: int, *, rate: float = RATE, seed: int = 4) -> Soak:
    """Kills at moments spread over the whole push, each a worker that is at work."""
    chance, world = random.Random(seed), World()
    world.pace.per_second = 1000
    for number in range(people):
        world.person(FIRST + number)
    moments = sorted(chance.sample(range(people * 19 // 20), kills))
    with Simulator(world) as telegram:
        settings = settings_for(url, telegram)
        with program(settings) as app:
            plan(app, people)
            begun = time.perf_counter()
            with Crew(settings, rate, 2) as crew:
                for moment in moments:
                    wait(lambda moment=moment: len(world.pace.sent) >= moment and bool(crew.at_work()), world, 0.002)  # type: ignore[misc]
                    time.sleep(chance.random() * 0.02)
                    crew.kill(chance.choice(crew.at_work() or [0]))
                wait(lambda: not opened(app), world)
                seconds, before = time.perf_counter() - begun, (saw(world), states(app), balance(app))
                resent = resend(app)
                wait(lambda: not opened(app), world)
                after = saw(world), states(app), balance(app)
    return Soak(people, kills, seconds, before[0], before[1], before[2] and after[2], resent, after[0], after[1])


def saw(world: World) -> dict[int, int]:
    return {chat: len(world.saw(chat)) for chat in list(world.chats)}


def balance(app: App) -> bool:
    with app.database.reading() as connection:
        books = delivery.books(connection)
    return books["planned"] == books["open"] + sum(books[state] for state in delivery.FINAL)


def resend(app: App) -> set[int]:
    """What staff may decide of everything that is in doubt."""
    with app.database.writing() as connection:
        doubtful = {
            row.id: row.conversation for row in connection.execute(select(Delivery.id, Delivery.conversation).where(Delivery.status == "unknown"))
        }
        delivery.resend(connection, list(doubtful))
    return {int(key.rsplit(":", 1)[1]) for key in doubtful.values()}


# --- the real pace


@dataclass
class Paced:
    sent: int
    mean: float
    peak: int
    refused: int
    waits: list[float]
    flood: float = 0.0
    """Seconds from a 429 that was to last 5 until the next message was taken."""
    during: int = 0
    """Calls in those 5 seconds."""


def paced(url: str, people: int, processes: int = 4) -> tuple[list[float], Paced]:
    """Waits for a reply without a push; then the push with people who write meanwhile, and a 429 at the end."""
    world, writers = World(), range(FIRST - WRITERS, FIRST)
    world.pace.slack = 3
    for who in (*writers, *(FIRST + number for number in range(people))):
        world.person(who)
    with Simulator(world) as telegram:
        settings = settings_for(url, telegram)
        with program(settings) as app, Crew(settings, None, processes) as crew:
            wait(lambda: len(crew.at_work()) == processes, world)
            written(world, writers, time.monotonic() + 1)  # the first message of each makes its conversation
            alone = written(world, writers, time.monotonic() + min(people / 60, LONGEST))
            plan(app, people)
            start = len(world.pace.sent)
            wait(lambda: len(world.pace.sent) > start, world, 0.01)
            started = time.monotonic()
            waits = written(world, writers, started + min(people * 0.6 / 29.5, LONGEST))
            sent = [at for at in world.pace.sent[start:] if at < world.clock.now()]
            figures = Paced(len(sent), (len(sent) - 1) / (sent[-1] - sent[0]), world.pace.peak(), world.pace.refused, waits)
            calls, asked = len(world.calls), world.clock.now()
            world.flood(5)
            time.sleep(4.9)
            figures.during = sum(method == "sendMessage" for method, _ in world.calls[calls:])
            wait(lambda: world.pace.sent[-1] > asked + 4, world, 0.01)
            figures.flood = next(at for at in world.pace.sent if at > asked + 4) - asked
            if people > WHOLE:
                return alone, figures
            wait(lambda: not opened(app), world)
            assert all(times == 1 for who, times in saw(world).items() if who >= FIRST), "not seen once by each"
    return alone, figures


def written(world: World, writers: range, until: float) -> list[float]:
    """People write one after the other, four a second, until then; how long each waited for the answer."""
    asked: dict[int, tuple[float, int]] = {}
    waits: list[float] = []
    turn, following = 0, time.monotonic()
    while time.monotonic() < until or asked:
        if time.monotonic() > until + 20:
            raise TimeoutError("a person got no answer")
        if time.monotonic() >= following and time.monotonic() < until:
            who = writers[turn % len(writers)]
            turn, following = turn + 1, following + 0.25
            if who not in asked:
                asked[who] = (world.clock.now(), len(world.chats[who].seen))
                world.say(who, "菜单")
        for who, (at, had) in list(asked.items()):
            if len(world.chats[who].seen) > had:
                waits.append(world.chats[who].seen[had].at - at)
                del asked[who]
        time.sleep(0.005)
    return waits


# --- the tables


def run() -> list[Table]:
    people, kills, push = (
        int(os.environ.get(f"BULIXIAN_{name}", number)) for name, number in (("DELIVERIES", 10_000), ("KILLS", 200), ("PUSH", 1000))
    )
    tables: list[Table] = []
    with tempfile.TemporaryDirectory() as folder:
        if kills:
            tables.append(killed(Path(folder), people, kills))
        if push:
            with postgres(made(Path(folder) / "pace")) as url:
                if url:
                    tables.append(pace(url, push))
    return tables


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def killed(folder: Path, people: int, kills: int) -> Table:
    table = Table(f"deliveries: a push to {people} people by 2 processes, one killed (SIGKILL) {kills} times")
    with postgres(made(folder / "kills")) as address:
        for storage, url in {"SQLite FULL": f"sqlite:///{folder}/soak.db", "PostgreSQL": address}.items():
            if url is None:
                continue
            found = soak(url, people, kills)
            table.rows.append({"storage": storage, **found.row()})
    table.notes = ["in doubt: the call may have left when its process was killed; nobody sends it again but staff, here at the end (then …)"]
    return table


def pace(url: str, people: int) -> Table:
    alone, figures = paced(url, people)

    def waited(who: str, waits: list[float]) -> Row:
        return {"": who, "n": len(waits), "p50 ms": percentile(waits, 0.5) * 1e3, "p99 ms": percentile(waits, 0.99) * 1e3}

    table = Table(f"pace: a push to {people} by 4 processes on PostgreSQL, {WRITERS} people writing meanwhile")
    table.rows = [
        waited("replies without a push", alone),
        waited("replies under the push", figures.waits),
        {"": "push and replies", "n": figures.sent, "mean/s": figures.mean, "worst second": figures.peak, "429": figures.refused},
        {"": "after a 429 of 5 s", "first after s": figures.flood, "calls meanwhile": figures.during},
    ]
    return table
