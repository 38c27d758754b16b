"""The pump of a Telegram account against the simulator: its pace, what it leaves behind when it ends, whose rows it takes over."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, update

from bot import allowances, broadcast, delivery, planner, pump
from bot.accounts import accounts
from bot.app import App
from bot.channels import Fate, Outcome
from bot.channels.telegram.serve import TelegramAccount
from bot.delivery import Delivery
from bot.pump import HOST, Pump
from dialogs.messages import Inbound, Say, to_json
from tests.bot.channels.program import telegram_settings
from tests.simulators.telegram import Fault, Simulator, World
from tests.simulators.telegram.pace import Pace

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


def announced(app: App) -> int:
    """A broadcast to all who have written, planned."""
    with app.database.writing() as connection:
        number = broadcast.draft(connection, "放假", [to_json(Say("元旦放假"))], {"everyone": True}, "王老师", app.clock.now())
    broadcast.approve(app, number, "李老师")
    while broadcast.advance(app):
        pass
    return number


def said(app: App, people: range, text: str) -> None:
    now = app.clock.now()
    for number in people:
        app.accept(Inbound(f"telegram:{World().bot_id}:{CHAT + number}", text, "text", text, now)).result()


def got(telegram: Simulator, people: int) -> list[int]:
    return [telegram.world.saw(CHAT + number).count("元旦放假") for number in range(people)]


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
    """Nobody's turn comes early but that of a few replies; a turn missed is lost."""
    now, second = any_app.clock.now(), SECOND
    with any_app.database.writing() as connection:
        assert allowances.slots(connection, "a", 3, second, now) == [now, now + second, now + 2 * second]
        assert allowances.slots(connection, "a", 3, second, now, before=4) == [now, now, now + second]
        assert allowances.slots(connection, "a", 1, second, now) == [now + 6 * second]
        late = now + 60 * second
        assert allowances.slots(connection, "a", 3, second, late) == [late, late + second, late + 2 * second]
        tomorrow = late + timedelta(days=1)
        assert allowances.slots(connection, "a", 1, second, tomorrow) == [tomorrow]
        assert allowances.slots(connection, "a", 2, second, late) == [late, late + second], "a clock that was a day ahead holds nobody up"


def test_what_was_held_up_takes_of_the_pace_when_it_leaves(program: App) -> None:
    plan(program, "notice", [CHAT])
    [account] = accounts(program)
    now = program.clock.now()
    with program.database.writing() as connection:
        [job] = planner.claim(connection, account, "host:1:a", now, program.quiet, replies=False)
        assert allowances.next_slot(connection, planner.owner_of(account), now) == now + account.interval
        assert planner.begin(connection, account, job, "host:1:a", now + SECOND)
        assert allowances.next_slot(connection, planner.owner_of(account), now) == now + SECOND + account.interval


def test_a_stop_leaves_nothing_half_done(program: App, telegram: Simulator) -> None:
    plan(program, "notice", [CHAT + number for number in range(20)])
    pumped(program, lambda: len(telegram.world.pace.sent) >= 5)
    counted = books(program)
    assert counted["sent"] == len(telegram.world.pace.sent) < 20
    assert counted["unknown"] == 0
    with program.database.reading() as connection:
        left = {str(row["status"]) for row in delivery.reasons(connection)}
    assert left <= {"sent", "ready", "claimed"}


def test_a_reply_of_many_messages_waits_between_them_and_holds_nobody_up(program: App, telegram: Simulator) -> None:
    now, keys = program.clock.now(), [f"telegram:{World().bot_id}:{CHAT + number}" for number in range(2)]
    said = [(keys[0], [Say(f"line {n}") for n in range(7)]), (keys[1], [Say("short")]), (keys[0], [Say("next")])]
    with program.database.writing() as connection:
        delivery.plan(connection, [delivery.row_of(f"r{n}", key, "reply", parts, now) for n, (key, parts) in enumerate(said)])
    pumped(program, lambda: books(program)["sent"] == 3)
    assert telegram.world.saw(CHAT) == [*(f"line {number}" for number in range(7)), "next"]
    sent = telegram.world.chats[CHAT].seen
    assert telegram.world.chats[CHAT + 1].seen[0].at < sent[4].at
    assert telegram.world.pace.refused == 0


def test_a_group_gets_twenty_messages_a_minute_whoever_of_it_asks(any_app: App) -> None:
    carrier = TelegramAccount(any_app, any_app.settings.telegram.model_copy(update={"token": SecretStr("1:x")}))
    group, now = [f"telegram:1:-100500/{number}" for number in range(30)], any_app.clock.now()
    rows = [delivery.row_of(f"r{key}", key, "reply", [Say("好")], now) for key in (*group, "telegram:1:7")]
    left: list[str] = []
    pace = Pace()

    def second(connection: Connection) -> None:
        at = any_app.clock.now()
        for job in planner.claim(connection, carrier, "host:1:a", at, any_app.quiet, replies=True):
            planner.settle(connection, carrier, job, Outcome(Fate.SENT), True, at)
            left.append(job.row["conversation"])
            assert not pace.refusal(int("/" not in left[-1]), "/" in left[-1], at.timestamp())

    any_app.inbox.write(lambda connection: delivery.plan(connection, rows)).result()
    any_app.inbox.write(second).result()
    assert "telegram:1:7" in left
    for _ in range(120):
        any_app.clock.advance(SECOND)
        any_app.inbox.write(second).result()
    assert [key for key in left if key in group] == group


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


def dying(app: App, chat: int, status: str) -> None:
    """The push to somebody is in this state, by a process that is no more."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    row = update(Delivery).where(Delivery.kind == "broadcast", Delivery.conversation.endswith(f":{chat}"))
    with app.database.writing() as connection:
        connection.execute(row.values(status=status, owner=f"{HOST}:{dead.pid}:x", lease_until=app.clock.now() + delivery.LEASE))


def test_who_unsubscribes_gets_nothing_of_a_broadcast_that_is_under_way(program: App, telegram: Simulator) -> None:
    said(program, range(3), "你好")
    number = announced(program)
    dying(program, CHAT + 1, "sending")
    said(program, range(2), "退订")
    assert pump.recover(program)["unknown"] == 1
    assert broadcast.resend(program, number, "unknown") == 1
    pumped(program, lambda: not books(program)["open"])
    assert got(telegram, 3) == [0, 0, 1]
    assert books(program)["suppressed"] == 2


@pytest.mark.parametrize(("halt", "state"), [(broadcast.pause, "open"), (broadcast.cancel, "cancelled")])
def test_what_a_process_took_with_it_does_not_leave_a_broadcast_that_was_halted(
    program: App, telegram: Simulator, halt: Callable[[App, int], int], state: str
) -> None:
    said(program, range(2), "你好")
    number = announced(program)
    dying(program, CHAT, "claimed")
    halt(program, number)
    assert pump.recover(program)["free"] == 1
    end = time.monotonic() + 3 * pump.IDLE
    pumped(program, lambda: time.monotonic() > end and (state == "open" or not books(program)["open"]))
    assert got(telegram, 2) == [0, 0]
    assert books(program)[state] == 2
    if state == "open":
        broadcast.resume(program, number)
        pumped(program, lambda: not books(program)["open"])
        assert got(telegram, 2) == [1, 1]


def test_what_was_told_to_wait_does_not_leave_after_a_cancel(program: App, telegram: Simulator) -> None:
    said(program, range(1), "你好")
    pumped(program, lambda: not books(program)["open"])
    telegram.world.fail("sendMessage", Fault(429, b'{"ok":false,"error_code":429,"parameters":{"retry_after":1}}', wait=0.5))
    number, stopped = announced(program), list[int]()

    def over() -> bool:
        with program.database.reading() as connection:
            if not stopped and any((row["kind"], row["status"]) == ("broadcast", "sending") for row in delivery.reasons(connection)):
                stopped.append(broadcast.cancel(program, number))
        return bool(stopped) and not books(program)["open"]

    pumped(program, over)
    assert stopped == [0], "it was on its way"
    assert got(telegram, 1) == [0]
    assert books(program)["cancelled"] == 1


def test_who_cannot_be_reached_does_not_hold_the_others_up(program: App, telegram: Simulator) -> None:
    plan(program, "broadcast", [CHAT + number for number in range(20)])
    with program.database.writing() as connection:
        for number in range(19):
            allowances.gone(connection, f"telegram:{World().bot_id}:{CHAT + number}")
    begun = time.monotonic()
    pumped(program, lambda: books(program)["sent"] == 1)
    assert time.monotonic() - begun < 10 * pump.IDLE, "one look at the ledger each"
    assert books(program)["suppressed"] == 19
