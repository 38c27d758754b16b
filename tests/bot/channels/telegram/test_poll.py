"""Long polling against the simulator: nothing lost, the offset last, one poller, and a clean end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channels import Fate, Outcome
from bot.channels.telegram import poll as polling
from bot.channels.telegram.poll import Poller, after, poll
from bot.channels.telegram.receive import Bot, Received, read
from bot.channels.telegram.send import Sender
from tests.bot.channels.telegram.conftest import PERSON
from tests.simulators.telegram import Fault, Simulator

PATIENCE = 30


class Program:
    """What a program gives the poller: a kept offset, a kept inbox, and whether it leads."""

    def __init__(self) -> None:
        self.offset: int | None = None
        self.inbox: list[Received] = []
        self.leading = True
        self.broken = False
        self.history: list[str] = []

    async def leads(self) -> bool:
        return self.leading

    async def load_offset(self) -> int | None:
        return self.offset

    async def store_offset(self, offset: int) -> None:
        self.history.append("offset")
        self.offset = offset

    async def take(self, updates: list[Any]) -> None:
        if self.broken:
            raise OSError("disk full")
        self.history.append("stored")
        found = [read(update, bot=Bot(1, "careerbot"), now=datetime.now(UTC)) for update in updates]
        self.inbox += [update for update in found if isinstance(update, Received)]

    @property
    def texts(self) -> list[str]:
        return [received.text for received in self.inbox]

    def poller(self, seconds: int = 2) -> Poller:
        return Poller(self.leads, self.load_offset, self.store_offset, self.take, seconds, standby=0.02)


@asynccontextmanager
async def polled(sender: Sender, program: Program, seconds: int = 2) -> AsyncIterator[asyncio.Task[Outcome]]:
    task = asyncio.create_task(poll(sender, program.poller(seconds)))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "FIRST_PAUSE", 0.02)


async def test_all_come_in_order_and_the_offset_moves_after_they_are_stored(sender: Sender, telegram: Simulator) -> None:
    program = Program()
    first = [telegram.world.say(PERSON, f"第{number}句") for number in range(150)]
    async with polled(sender, program):
        await until(lambda: len(program.inbox) == 150)
        telegram.world.say(PERSON, "等来的")
        await until(lambda: program.texts[-1] == "等来的")
    assert program.texts == [*(f"第{number}句" for number in range(150)), "等来的"]
    assert program.offset == first[-1] + 2
    assert program.history == ["stored", "offset"] * (len(program.history) // 2)
    assert not telegram.world.after(program.offset or 0, 100)


async def test_what_was_not_stored_comes_again(sender: Sender, telegram: Simulator) -> None:
    program = Program()
    telegram.world.say(PERSON, "别丢")
    program.broken = True
    with pytest.raises(OSError, match="disk full"):
        await poll(sender, program.poller())
    assert program.offset is None
    program.broken = False
    async with polled(sender, program):
        await until(lambda: program.texts == ["别丢"])


async def test_one_update_nobody_can_read_holds_up_nothing(sender: Sender, telegram: Simulator) -> None:
    world, program = telegram.world, Program()
    world.post("message", {"no": "date"}, "odd", 60)
    world.post("brand_new", {"x": 1}, "odd", 60)
    world.say(PERSON, "后面的")
    async with polled(sender, program):
        await until(lambda: program.texts == ["", "", "后面的"])
    assert [received.kind for received in program.inbox] == ["other", "other", "text"]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("fault", ["500", "502", "not_json", "not_ok", "odd", "drop"])
async def test_trouble_on_the_way_is_waited_out(fault: str, sender: Sender, telegram: Simulator) -> None:
    program = Program()
    telegram.world.fail("getUpdates", fault, 3)
    telegram.world.say(PERSON, "还在")
    async with polled(sender, program) as task:
        await until(lambda: program.texts == ["还在"])
        assert not task.done()


async def test_another_poller_ends_this_one(sender: Sender, telegram: Simulator) -> None:
    async with polled(sender, Program(), 5) as task, Sender(telegram.world.token, base_url=telegram.base_url) as other:
        await until(lambda: telegram.world.poll is not None)
        assert await other.updates(None, 0) == []
        assert await asyncio.wait_for(task, PATIENCE) == Outcome(Fate.STOPPED, "conflict")


async def test_a_webhook_ends_polling_and_polling_under_one_never_starts(sender: Sender, telegram: Simulator) -> None:
    async with polled(sender, Program(), 5) as task:
        await until(lambda: telegram.world.poll is not None)
        await sender.set_webhook("http://127.0.0.1:1/hook/telegram", "s")
        assert await asyncio.wait_for(task, PATIENCE) == Outcome(Fate.STOPPED, "conflict")
    assert await asyncio.wait_for(poll(sender, Program().poller()), PATIENCE) == Outcome(Fate.STOPPED, "conflict")
    await sender.delete_webhook()
    program = Program()
    telegram.world.say(PERSON, "又能了")
    async with polled(sender, program):
        await until(lambda: program.texts == ["又能了"])


async def test_a_wrong_token_ends_polling(telegram: Simulator) -> None:
    async with Sender("123456:another-token_0000000000000000000000", base_url=telegram.base_url) as stranger:
        assert await asyncio.wait_for(poll(stranger, Program().poller()), PATIENCE) == Outcome(Fate.STOPPED, "token")


async def test_only_the_leader_polls(sender: Sender, telegram: Simulator) -> None:
    program = Program()
    program.leading = False
    telegram.world.say(PERSON, "给领头的")
    async with polled(sender, program):
        await asyncio.sleep(0.2)
        assert program.inbox == []
        assert telegram.world.calls == []
        program.leading = True
        await until(lambda: program.texts == ["给领头的"])


async def test_it_ends_at_once_while_waiting(sender: Sender, telegram: Simulator) -> None:
    task = asyncio.create_task(poll(sender, Program().poller(20)))
    await until(lambda: telegram.world.poll is not None)
    task.cancel()
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_numbers_that_start_anew_after_a_week_of_silence(sender: Sender, telegram: Simulator) -> None:
    program = Program()
    program.offset = 900_000_100
    telegram.world.last_update = 5_000
    telegram.world.say(PERSON, "好久不见")
    async with polled(sender, program):
        await until(lambda: program.offset == 5_002)
        telegram.world.say(PERSON, "还在吗")
        await until(lambda: program.offset == 5_003)
    assert program.texts == ["好久不见", "还在吗"]


async def test_a_server_that_does_not_wait_is_not_hammered(sender: Sender, telegram: Simulator) -> None:
    program = Program()
    telegram.world.fail("getUpdates", Fault(200, b'{"ok":true,"result":[]}'), 50)
    async with polled(sender, program, 20):
        await asyncio.sleep(0.5)
    assert len(telegram.world.faults["getupdates"]) >= 48


@pytest.mark.parametrize(
    ("updates", "offset", "following"),
    [
        ([{"update_id": 5}, {"update_id": 9}, {"update_id": 7}], None, 10),
        ([{"update_id": 5}], 20, 6),
        ([{}, None, {"update_id": "x"}], 3, 3),
        ([], None, 0),
    ],
)
def test_the_offset_behind_a_batch(updates: list[Any], offset: int | None, following: int) -> None:
    assert after(updates, offset) == following
