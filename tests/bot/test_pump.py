"""The pump of a Telegram account against the simulator: its pace, what it leaves behind when it ends, whose rows it takes over."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot import allowances, delivery, pump
from bot.accounts import accounts
from bot.app import App
from bot.channels.telegram.serve import TelegramAccount
from bot.delivery import Delivery
from bot.pump import HOST, Pump
from dialogs.messages import Say
from tests.bot.channels.program import telegram_settings
from tests.simulators.telegram import Simulator, World

CHAT = 700_000_001
SECOND = timedelta(seconds=1)


@pytest.fixture
def telegram() -> Iterator[Simulator]:
    world = World()
    for number in range(20):
        world.person(CHAT + number)
    with Simulator(world) as simulator:
        yield simulator


@pytest.fixture
def program(url: str, telegram: Simulator) -> Iterator[App]:
    app = App(telegram_settings(url, telegram.base_url, telegram.base_file_url, telegram.world.token))
    yield app
    app.close()


def plan(app: App, kind: str, chats: list[int]) -> list[int]:
    now = app.clock.now()
    rows = [delivery.row_of(f"{kind}{n}", f"telegram:{World().bot_id}:{chat}", kind, [Say(f"{kind} {n}")], now) for n, chat in enumerate(chats)]
    with app.database.writing() as connection:
        return delivery.plan(connection, rows)


def books(app: App) -> dict[str, int]:
    with app.database.reading() as connection:
        return delivery.books(connection)


def pumped(app: App, until: Callable[[], bool]) -> None:
    """Runs the pump until so, then ends it as a stop of the program does."""

    async def run() -> None:
        [account] = accounts(app)
        assert isinstance(account, TelegramAccount)
        running = Pump(app, account)
        task = asyncio.create_task(running.run())
        async with asyncio.timeout(20):
            while not until():
                await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await account.sender.close()

    asyncio.run(run())


def test_slots(any_app: App) -> None:
    """Nobody's turn comes early but that of a few replies; a turn missed is made up for once."""
    now, second = any_app.clock.now(), SECOND
    with any_app.database.writing() as connection:
        assert allowances.slots(connection, "a", 3, second, now) == [now, now + second, now + 2 * second]
        assert allowances.slots(connection, "a", 3, second, now, before=4) == [now, now, now + second]
        assert allowances.slots(connection, "a", 1, second, now) == [now + 6 * second]
        late = now + 60 * second
        assert allowances.slots(connection, "a", 3, second, late) == [late, late, late + second]
        tomorrow = late + timedelta(days=1)
        assert allowances.slots(connection, "a", 1, second, tomorrow) == [tomorrow]
        assert allowances.slots(connection, "a", 2, second, late) == [late, late + second], "a clock that was a day ahead holds nobody up"


def test_a_stop_leaves_nothing_half_done(program: App, telegram: Simulator) -> None:
    plan(program, "notice", [CHAT + number for number in range(20)])
    pumped(program, lambda: len(telegram.world.pace.sent) >= 5)
    counted = books(program)
    assert counted["sent"] == len(telegram.world.pace.sent) < 20
    assert counted["unknown"] == 0
    with program.database.reading() as connection:
        left = {str(row["status"]) for row in delivery.reasons(connection)}
    assert left <= {"sent", "ready", "claimed"}


def test_what_is_said_to_one_person_follows_at_once(program: App, telegram: Simulator) -> None:
    plan(program, "reply", [CHAT] * 4)
    pumped(program, lambda: books(program)["sent"] == 4)
    assert telegram.world.saw(CHAT) == [f"reply {number}" for number in range(4)]
    sent = telegram.world.pace.sent
    assert sent[-1] - sent[0] < 3 * pump.IDLE


def test_rows_of_a_dead_process_are_taken_over(program: App, telegram: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """It claimed one and was sending another when it died; nobody starts it again."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    waiting, leaving, alive = plan(program, "notice", [CHAT, CHAT + 1, CHAT + 2])
    until = program.clock.now() + delivery.LEASE
    with program.database.writing() as connection:
        for number, status, owner in ((waiting, "claimed", dead.pid), (leaving, "sending", dead.pid), (alive, "claimed", os.getppid())):
            row = update(Delivery).where(Delivery.id == number)
            connection.execute(row.values(status=status, owner=f"{HOST}:{owner}:x", lease_until=until))
    monkeypatch.setattr(pump, "SWEEP", 0.05)
    pumped(program, lambda: books(program)["sent"] == 1)
    counted = books(program)
    assert (counted["sent"], counted["unknown"], counted["open"]) == (1, 1, 1)
    assert len(telegram.world.saw(CHAT)) == 1
