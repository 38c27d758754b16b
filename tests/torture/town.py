"""What all scenarios share: processes of the whole program, people who write without a pause, a push meanwhile, and the reckoning.

People and platform are the Telegram simulator in this process. What is broken, and how often, is each scenario's own.
"""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Any

import structlog
import uvicorn
from sqlalchemy import func, select

from bot import delivery
from bot.app import App
from bot.config import Settings
from bot.delivery import Delivery
from bot.transcript import InboxMessage
from dialogs.turn import Turn
from knowledge.db import Database, DatabaseError
from tests.benchmarks.deliveries import FIRST, plan, resend, settings_for
from tests.simulators.telegram import Simulator, World

SECRET = "torture_hook_secret"
SAID = ("菜单", "报到证还发吗")
POISON = "毒"
"""A step raises where this is said."""
RATE = 250.0
"""Sends a second: the order of the ledger is in question here, not Telegram's patience."""
PATIENCE = 120.0
"""Seconds until all must be over once nothing breaks any more, or a process must be up."""
SECONDS = 0.05
context = multiprocessing.get_context("forkserver")


class TortureError(RuntimeError):
    """A scenario that did not come to its end; the message says what was waited for."""


# --- the processes


def work(settings: Settings, listener: socket.socket, told: Pipe, rate: float | None) -> None:
    """The whole program on a socket that outlives it, until killed. What is told over the pipe moves its clock."""
    from bot.accounts import accounts  # here: the pump names its process when it is imported, and all are forked from one
    from bot.pump import recover
    from bot.web.app import Server, create

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    app = App(settings)
    step = app.inbox.step

    def poisoned(*given: Any) -> Turn:
        if POISON in given[0].text:
            given = (given[0], given[1], None)  # a world without anything: whatever dialog this comes to, it raises
        return step(*given)

    app.inbox.step = poisoned  # type: ignore[method-assign, assignment]
    served = accounts(app)
    for account in served:
        account.interval = timedelta(seconds=1 / rate) if rate else account.interval

    def listen() -> None:
        with suppress(EOFError, OSError):  # the parent is done
            while True:
                app.clock.advance(timedelta(seconds=told.recv()))

    recover(app)
    app.start_sweeper(lambda _: None)
    told.send(True)
    threading.Thread(target=listen, daemon=True).start()
    Server(uvicorn.Config(create(app, served), log_level="critical"), lambda: None).run(sockets=[listener])


class Crew:
    """Processes of one program, each with a socket of its own; who is dead is replaced, as by systemd.

    `rate`: sends a second of each account; None: the program's own pace.
    """

    def __init__(self, settings: Settings, count: int, rate: float | None = RATE) -> None:
        context.set_forkserver_preload(["tests.torture.town", "bot.channels.telegram.send", "bot.channels.wechat.send"])
        self.settings, self.rate = settings, rate
        self.listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
        self.hired = [self.hire(listener) for listener in self.listeners]
        self.fell = 0

    def hire(self, listener: socket.socket) -> tuple[Any, Pipe]:
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(self.settings, listener, theirs, self.rate), daemon=True)
        process.start()
        theirs.close()
        return process, ours

    def mend(self) -> None:
        """Replaces who fell by themselves."""
        for number, (process, _) in enumerate(self.hired):
            if not process.is_alive():
                self.fell += 1
                self.replace(number)

    def kill(self, number: int) -> None:
        self.hired[number][0].kill()
        self.replace(number)

    def replace(self, number: int) -> None:
        process, told = self.hired[number]
        process.join()
        told.close()
        self.hired[number] = self.hire(self.listeners[number])

    def at_work(self) -> list[int]:
        return [number for number, (process, told) in enumerate(self.hired) if process.is_alive() and told.poll()]

    def tell(self, number: int, seconds: float) -> None:
        self.hired[number][1].send(seconds)

    def close(self) -> None:
        for (process, told), listener in zip(self.hired, self.listeners, strict=True):
            process.kill()
            process.join()
            told.close()
            listener.close()


class Balanced:
    """A webhook whose every call goes to the next process, as behind a load balancer."""

    secret, connections = SECRET, 40

    def __init__(self, listeners: list[socket.socket]) -> None:
        self.urls = itertools.cycle([f"http://127.0.0.1:{listener.getsockname()[1]}/hook/telegram" for listener in listeners])

    @property
    def url(self) -> str:
        return next(self.urls)


# --- the town


@dataclass
class Verdict:
    """What came of a scenario: one line."""

    name: str
    storage: str
    faults: Counter[str]
    messages: int
    pushes: int
    unanswered: int
    lost: int
    doubled: int
    unknown: int
    failed: int
    balanced: bool
    seconds: float
    fell: int
    """Processes that ended by themselves and were started again."""
    bad: list[str] = field(default_factory=list)
    """What else went wrong, by the scenario."""

    def wrong(self) -> list[str]:
        checks = {
            f"{self.unanswered} messages unanswered": self.unanswered,
            f"{self.lost} lost": self.lost,
            f"{self.doubled} seen twice unasked": self.doubled,
            "the books do not balance": not self.balanced,
        }
        return [words for words, is_bad in checks.items() if is_bad] + self.bad

    def line(self) -> str:
        broken = ", ".join(f"{count} {name}" for name, count in self.faults.items())
        return (
            f"{'GOOD' if not self.wrong() else 'BAD '} {self.name} on {self.storage}: {self.faults.total()} faults ({broken}); "
            f"{self.messages} messages, {self.pushes} pushes: {self.lost} lost, {self.doubled} doubled, {self.unknown} in doubt, "
            f"{self.failed} failed; {self.fell} restarts by themselves; {self.seconds:.0f} s{''.join(f'; {words}' for words in self.wrong())}"
        )


@dataclass
class Town:
    """A running program with its people. `faults` is what the scenario broke."""

    world: World
    crew: Crew
    database: Database
    storage: str
    people: range
    faults: Counter[str] = field(default_factory=Counter)
    said: Counter[int] = field(default_factory=Counter)
    pushed: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    counting: threading.Lock = field(default_factory=threading.Lock)
    begun: float = field(default_factory=time.monotonic)

    def write(self, rate: float) -> None:
        """People write in turn, so many messages a second in all, until `stop`."""
        following, numbers = time.monotonic(), itertools.count()
        while not self.stop.wait(max(0.0, following - time.monotonic())):
            number = next(numbers)
            self.say(self.people[number % len(self.people)], SAID[number // len(self.people) % len(SAID)])
            following += 1 / rate

    def say(self, who: int, text: str) -> None:
        with self.counting:  # the scenario may speak beside the writer
            self.said[who] += 1
        self.world.say(who, text)

    def push(self, app: App, people: int) -> None:
        """A broadcast to others than those who write."""
        for number in range(people):
            self.world.person(FIRST + number)
        plan(app, people)
        self.pushed = people

    def until(self, done: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        """
        Raises:
            TortureError: it did not come about.
        """
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise TortureError(f"waited {seconds:.0f} s for {what}")
            self.crew.mend()
            time.sleep(SECONDS)

    def up(self) -> None:
        self.until(lambda: len(self.crew.at_work()) == len(self.crew.hired), "all processes")

    def count(self, *where: Any) -> int:
        with self.database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(Delivery).where(*where)).scalar_one())

    def over(self) -> bool:
        """Every message is with us and nothing is on its way."""
        if self.world.pending:
            return False
        try:
            with self.database.reading() as connection:
                return not delivery.books(connection)["open"]
        except DatabaseError:
            return False

    def reckoned(self, name: str) -> Verdict:
        """Lets all come to its end, has staff send again what is in doubt, and counts on both sides."""
        self.stop.set()
        self.until(self.over, "the end of all deliveries")
        seen, sent, doubt = self.seen(), self.rows(Delivery.status == "sent"), self.rows(Delivery.status == "unknown")
        doubled = sum(max(0, seen[who] - sent[who] - doubt[who]) for who in seen)
        with structlog.testing.capture_logs():
            resend(self)  # type: ignore[arg-type]  # of the program it wants the database only
        self.until(self.over, "the end of what was sent again")
        seen, sent, planned = self.seen(), self.rows(Delivery.status == "sent"), self.rows()
        doubled += sum(max(0, seen[who] - sent[who] - doubt[who]) for who in seen)
        with self.database.reading() as connection:
            books = delivery.books(connection)
            stored = Counter(int(key.rsplit(":", 1)[1]) for key in connection.execute(select(InboxMessage.conversation)).scalars())
        lacking = sum(max(0, times - stored[who]) + max(0, times - planned[who]) for who, times in self.said.items())
        return Verdict(
            name, self.storage, self.faults, self.said.total(), self.pushed,
            unanswered=lacking,
            lost=sum(max(0, sent[who] - seen[who]) for who in sent),
            doubled=doubled,
            unknown=doubt.total(),
            failed=books["failed"],
            balanced=books["planned"] == sum(books[state] for state in delivery.FINAL) and books["unknown"] == 0,
            seconds=time.monotonic() - self.begun,
            fell=self.crew.fell,
        )  # fmt: skip

    def seen(self) -> Counter[int]:
        return Counter({chat: len(self.world.saw(chat)) for chat in list(self.world.chats)})

    def rows(self, *where: Any) -> Counter[int]:
        """Deliveries by person."""
        with self.database.reading() as connection:
            return Counter(int(key.rsplit(":", 1)[1]) for key in connection.execute(select(Delivery.conversation).where(*where)).scalars())


@contextmanager
def town(url: str, *, people: int = 30, rate: float = 15.0, pushes: int = 0, processes: int = 2) -> Iterator[Town]:
    """The program on a seeded database, with people who write `rate` messages a second until it is reckoned."""
    world = World()
    world.pace.per_second = world.pace.chat_burst = 10**6
    with Simulator(world) as telegram:
        settings = settings_for(url, telegram)
        settings = settings.model_copy(
            update={"telegram": settings.telegram.model_copy(update={"webhook_secret": telegram_secret()}), "dense": "off"}
        )
        crew, database = Crew(settings, processes), Database(url)
        made = Town(world, crew, database, "PostgreSQL" if url.startswith("postgresql") else "SQLite", range(FIRST - people, FIRST))
        writer = threading.Thread(target=made.write, args=(rate,), daemon=True)
        try:
            for who in made.people:
                world.person(who)
            made.up()
            world.hook = Balanced(crew.listeners)  # type: ignore[assignment]
            if pushes:
                app = App(settings)
                made.push(app, pushes)
                app.close()
            if rate:
                writer.start()
            made.begun = time.monotonic()
            yield made
        finally:
            made.stop.set()
            crew.close()
            database.close()


def telegram_secret() -> Any:
    from pydantic import SecretStr

    return SecretStr(SECRET)


def moments(times: int, seconds: float, seed: int) -> Iterator[None]:
    """So many times, at random moments about `seconds` apart."""
    chance = random.Random(seed)
    for _ in range(times):
        time.sleep(chance.expovariate(1 / seconds) if seconds else 0)
        yield
