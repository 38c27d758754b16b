"""Situations of WeChat: what a person on a phone meets where answers are late, tries meet other processes, processes die, tokens lapse.

1, 2 and 4 processes of ours behind one address (each try goes to the next), safe mode, for an account that may send customer-service
messages and one that may only answer. The platform is the simulator: five seconds, three tries, the same MsgId. No peers here.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import multiprocessing
import re
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import time as day_time
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from sqlalchemy import func, select

from bot import delivery
from bot.app import App
from bot.config import Settings
from bot.transcript import InboxMessage
from dialogs.turn import Turn
from knowledge.db import Database
from tests.benchmarks.report import Table
from tests.benchmarks.turns import postgres
from tests.simulators.wechat import Account, Api, People, World
from tests.simulators.wechat import serving as api_of
from tests.simulators.wechat.people import Push

TOKEN, AES_KEY = "lixiaobulixian", "CareerDemoKeyCareerDemoKeyCareerDemoKey0123"
READY = (0.1, 3, 6, 12, 16)
LATE = re.compile(r"#([\d.]+)")
"""In a question: the answer is ready so many seconds later."""
QUESTION, ANSWER, MORE = "档案放哪儿", "转到户籍地公共人才机构，或向学校申请留校", "随便回一个字"
"""`ANSWER` stands once in the answer, asked the first time or again; `lived` looks."""
PATIENCE = 30.0
context = multiprocessing.get_context("forkserver")


def work(settings: Settings, listener: socket.socket, ready: Pipe) -> None:
    """The whole program on a socket that outlives it."""
    from bot.accounts import accounts  # here: the pump names its process when it is imported, and all are forked from one
    from bot.pump import recover
    from bot.web.app import Server, create

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    app = App(settings)
    step = app.inbox.step

    def late(*given: Any) -> Turn:
        if found := LATE.search(given[0].text):
            time.sleep(float(found[1]))
        return step(*given)

    app.inbox.step = late  # type: ignore[method-assign, assignment]
    recover(app)
    app.start_sweeper(lambda _: None)
    server = Server(uvicorn.Config(create(app, accounts(app)), log_level="critical"), lambda: None)
    ready.send(True)
    server.run(sockets=[listener])


class Crew:
    """Processes of one program, each with a socket of its own, as behind a load balancer; who is killed is replaced."""

    def __init__(self, settings: Settings, count: int) -> None:
        self.settings = settings
        self.listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
        self.processes = [self.hire(listener) for listener in self.listeners]

    def hire(self, listener: socket.socket) -> Any:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(self.settings, listener, theirs), daemon=True)
        process.start()
        if not ours.poll(60):
            raise RuntimeError("a process did not start")
        return process

    def kill(self, number: int) -> None:
        self.processes[number].kill()
        self.processes[number].join()
        self.processes[number] = self.hire(self.listeners[number])

    def close(self) -> None:
        for process, listener in zip(self.processes, self.listeners, strict=True):
            process.kill()
            process.join()
            listener.close()

    def hooks(self) -> list[str]:
        return [f"http://127.0.0.1:{listener.getsockname()[1]}/hook/wechat" for listener in self.listeners]


class Balanced(People):
    """Every try goes to the next process."""

    def __init__(self, world: World, hooks: list[str]) -> None:
        super().__init__(world, hooks[0], TOKEN, AES_KEY, "safe")
        self.next = itertools.cycle(hooks)

    async def attempt(self, push: Push) -> bool:
        self.hook = next(self.next)
        return await super().attempt(push)


@dataclass
class Town:
    crew: Crew
    world: World
    people: Balanced
    database: Database
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def person(self) -> str:
        return f"oTown{next(self.numbers)}"

    def answers(self, openid: str) -> int:
        return "".join(self.world.person(openid).texts()).count(ANSWER)

    async def told(self, openid: str, count: int) -> int:
        """Waits until so many answers are seen, writing once more where the account can only answer; how many more messages it took."""
        end, extra = time.monotonic() + PATIENCE, 0
        while self.answers(openid) < count and time.monotonic() < end:
            asked_to = MORE in "".join(self.world.person(openid).texts()[-1:])
            if asked_to and extra < 3:
                extra += 1
                await asyncio.sleep(2)
                await self.people.text(openid, "好")
            await asyncio.sleep(0.05)
        return extra

    def stored(self, openid: str) -> int:
        with self.database.reading() as connection:
            where = InboxMessage.conversation == f"wechat:{self.world.account.appid}:{openid}"
            return connection.execute(select(func.count()).select_from(InboxMessage).where(where)).scalar() or 0

    async def books(self) -> dict[str, int]:
        end = time.monotonic() + PATIENCE
        while True:
            with self.database.reading() as connection:
                books = delivery.books(connection)
            if not books["open"] or time.monotonic() > end:
                return books
            await asyncio.sleep(0.1)


@dataclass
class Found:
    """Of one situation: answers never seen, people whose next question got none, messages or answers there twice, more messages needed."""

    lost: int = 0
    stuck: int = 0
    twice: int = 0
    extra: int = 0


Situation = Callable[[Town], Awaitable[Found]]


async def judged(town: Town, openid: str, asked: int, messages: int) -> Found:
    """`asked` answers are due to a person who sent so many messages."""
    extra = await town.told(openid, asked)
    await asyncio.sleep(0.5)
    seen, stored = town.answers(openid), town.stored(openid)
    found = Found(lost=max(0, asked - seen), twice=max(0, seen - asked) + max(0, stored - messages - extra), extra=extra)
    await town.people.text(openid, QUESTION)
    await town.told(openid, seen + 1)
    found.stuck = int(town.answers(openid) <= seen)
    return found


def ready_in(seconds: float) -> Situation:
    async def happens(town: Town) -> Found:
        openid = town.person()
        await town.people.text(openid, f"{QUESTION} #{seconds}")
        return await judged(town, openid, 1, 1)

    return happens


async def two_a_second_apart(town: Town) -> Found:
    openid = town.person()
    first = asyncio.create_task(town.people.text(openid, QUESTION))
    await asyncio.sleep(1)
    await asyncio.gather(first, town.people.text(openid, QUESTION))
    return await judged(town, openid, 2, 2)


async def ten_in_a_burst(town: Town) -> Found:
    openid = town.person()
    await asyncio.gather(*(town.people.text(openid, QUESTION) for _ in range(10)))
    return await judged(town, openid, 10, 10)


async def events_then_questions(town: Town) -> Found:
    openid = town.person()
    town.world.scenes["T"] = ("campus", town.world.clock.now().replace(year=2100))
    events: tuple[Callable[[], Awaitable[Push | None]], ...] = (
        lambda: town.people.follow(openid),
        lambda: town.people.click(openid, "open/entitlements"),
        lambda: town.people.scan(openid, "T"),
        lambda: town.people.event(openid, "event_of_2030"),
    )
    for happens in events:
        await happens()
        await town.people.text(openid, QUESTION)
    return await judged(town, openid, len(events), 2 * len(events))


async def one_id_of_two(town: Town) -> Found:
    one, other = town.person(), town.person()
    fields = town.people.fields(one, "text", Content=QUESTION, MsgId=next(town.numbers))
    for openid in (one, other):
        town.world.wrote(openid)
    await asyncio.gather(town.people.push(fields), town.people.push({**fields, "FromUserName": other}))
    first, second = await judged(town, one, 1, 1), await judged(town, other, 1, 1)
    return Found(first.lost + second.lost, first.stuck + second.stuck, first.twice + second.twice, first.extra + second.extra)


async def killed_before_the_answer(town: Town) -> Found:
    openid = town.person()
    asking = asyncio.create_task(town.people.text(openid, f"{QUESTION} #2"))
    while not town.stored(openid):
        await asyncio.sleep(0.05)
    number = town.crew.hooks().index(town.people.hook)
    await asyncio.to_thread(town.crew.kill, number)
    await asking
    return await judged(town, openid, 1, 1)


async def token_dies_while_sending(town: Town) -> Found:
    openid = town.person()
    asking = asyncio.create_task(town.people.text(openid, f"{QUESTION} #6"))
    await asyncio.sleep(5.5)
    town.world.kill_stable()
    await asking
    return await judged(town, openid, 1, 1)


SITUATIONS: dict[str, Situation] = {
    **{f"ready in {seconds} s": ready_in(seconds) for seconds in READY},
    "two a second apart": two_a_second_apart,
    "ten in a burst": ten_in_a_burst,
    "events, then questions": events_then_questions,
    "one MsgId of two people": one_id_of_two,
    "killed before the answer": killed_before_the_answer,
    "token dies while sending": token_dies_while_sending,
}


def settings_for(url: str, api: str, account: Account) -> Settings:
    wechat: Any = {"appid": account.appid, "secret": account.secret, "token": TOKEN, "aes_key": AES_KEY}
    wechat |= {"api_base_url": api, "capability": account.capability}
    return Settings(database_url=url, wechat=wechat, dense="off", quiet_from=day_time(), quiet_to=day_time(), _env_file=None)  # type: ignore[call-arg]


@contextmanager
def town(url: str, processes: int, capability: str) -> Iterator[Town]:
    world = World(Account(capability=capability))
    with api_of(Api(world)) as api:
        settings = settings_for(url, api, world.account)
        App(settings).close()  # seeded once, not by each process
        crew, database = Crew(settings, processes), Database(url)
        try:
            yield Town(crew, world, Balanced(world, crew.hooks()), database)
        finally:
            crew.close()
            database.close()


async def lived(place: Town, table: Table, head: dict[str, str | int], situations: dict[str, Situation]) -> None:
    openid = place.person()
    for asked in (1, 2):
        await place.people.text(openid, QUESTION)
        await place.told(openid, asked)
        if place.answers(openid) != asked:
            raise RuntimeError("the answer no longer says what these situations look for")
    for name, happens in situations.items():
        found = await happens(place)
        table.rows.append({"situation": name, **head, **vars(found)})
    books = await place.books()
    balanced = books["planned"] == books["open"] + sum(books[state] for state in delivery.FINAL)
    table.rows.append({"situation": f"books: open {books['open']}, unknown {books['unknown']}", **head, "balanced": "yes" if balanced else "NO"})
    await place.people.close()


def run(situations: dict[str, Situation] | None = None, cases: tuple[tuple[str, int], ...] | None = None) -> list[Table]:
    table = Table("situations of WeChat, safe mode: what people met")
    context.set_forkserver_preload(["tests.benchmarks.situations", "bot.channels.wechat.send", "bot.channels.telegram.send"])
    with tempfile.TemporaryDirectory() as folder:
        for storage, processes in cases or (("SQLite", 1), ("PostgreSQL", 1), ("PostgreSQL", 2), ("PostgreSQL", 4)):
            for capability in ("service_verified", "unverified"):
                place = Path(folder) / f"{storage}{processes}{capability}"
                place.mkdir()
                with postgres(place) as address:
                    url = address if storage == "PostgreSQL" else f"sqlite:///{place}/town.db"
                    if url is None:
                        continue
                    with town(url, processes, capability) as made:
                        head: dict[str, str | int] = {"storage": storage, "processes": processes, "account": capability}
                        asyncio.run(lived(made, table, head, situations or SITUATIONS))
    table.notes = [
        "lost: an answer never seen; stuck: the next question got none; twice: stored or shown twice; extra: more messages a person had to write",
        "an account that can only answer says how to get a late answer; then one more message is needed",
    ]
    return [table]
