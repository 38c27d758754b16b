"""The pump: takes what is due off the ledger and sends it, one account a pump, within one event loop.

Replies leave at once, many at a time. Pushes leave at the account's pace, as many at a time as the settings say (one), each
marked as leaving before its call goes out, so that a kill leaves at most so many of the account in doubt. Outcomes are written many at once.
Those without a way of their own are told in mass sends, where the account makes them.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, select

from bot import allowances, delivery, massing, planner
from bot.app import App
from bot.channels import Fate, Outcome
from bot.delivery import LEASE, Delivery
from bot.metrics import OUTCOMES
from bot.planner import Carrier, Job

IDLE = 0.5
"""Seconds between looks at the ledger where nobody wakes the pump: what other processes plan."""
SWEEP = 20.0
"""Seconds between looks for what a dead process left."""
MASS_LOOK, MASS_APART = 30.0, 1.0
"""Seconds between looks for those whom only a mass send reaches, so that many of them come together; and between two calls."""
HOST = socket.gethostname()
OWNER = f"{HOST}:{os.getpid()}:{secrets.token_hex(4)}"
"""This process, told from one of the same number before or after it."""
log = structlog.get_logger()
Settled = tuple[Job, Outcome, bool, "asyncio.Future[bool]"]


class Pump:
    """Sends for one account until cancelled."""

    def __init__(self, app: App, carrier: Carrier) -> None:
        self.app, self.carrier = app, carrier
        self.woken, self.ended = asyncio.Event(), asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.outcomes: asyncio.Queue[Settled] = asyncio.Queue()
        self.sends: set[asyncio.Task[None]] = set()
        self.leaving: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """From any thread: there is something to send."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.woken.set)

    async def run(self) -> None:
        """Cancelled, it claims nothing more, lets what is leaving finish and writes down its outcome."""
        masses = (self.masses,) if self.carrier.mass else ()
        tasks = [asyncio.create_task(work()) for work in (self.replies, self.pushes, self.takeovers, *masses)]
        settling = asyncio.create_task(self.settle())
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)  # unlike gather, does not cancel a claim half-way
        finally:
            self.ended.set()
            self.woken.set()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*self.sends, return_exceptions=True)
            await self.outcomes.join()
            settling.cancel()
        for task in tasks:
            task.result()

    async def write(self, work: Callable[[Connection], Any]) -> Any:
        return await asyncio.wrap_future(self.app.inbox.write(work))

    async def replies(self) -> None:
        while not self.ended.is_set():
            self.woken.clear()
            jobs, idle = await self.claim(replies=True)
            for job in jobs:
                self.start(self.reply(job))
            if not jobs and not self.ended.is_set():
                await self.pause(self.woken, idle)

    async def reply(self, job: Job) -> None:
        if job.begun or await self.begin(job):
            await self.leave(job)

    async def pushes(self) -> None:
        """The next is claimed while others are on their way, and leaves when there is room for it."""
        while not self.ended.is_set():
            jobs, idle = await self.claim(replies=False)
            for job in jobs:
                while len(self.leaving) >= self.app.settings.pushes_at_once:
                    await asyncio.wait(self.leaving, return_when=asyncio.FIRST_COMPLETED)
                if await self.begin(job):
                    self.leaving.add(push := self.start(self.leave(job)))
                    push.add_done_callback(self.leaving.discard)
            if not jobs:
                await self.pause(self.ended, idle)

    async def takeovers(self) -> None:
        """A process that died here or elsewhere may never be started again."""
        while not self.ended.is_set():
            await self.pause(self.ended, SWEEP)
            try:
                if await asyncio.to_thread(orphans, self.app):
                    await self.write(partial(take_over, now=self.app.clock.now()))
            except Exception:  # supervisor: the next sweep tries again
                log.exception("takeover failed", channel=self.carrier.channel)

    async def masses(self) -> None:
        """What is not written down of a call is made up for by the next look: it is the same group with the same id."""
        while not self.ended.is_set():
            called = False
            try:
                called = await asyncio.to_thread(self.ripe) and await self.mass()
            except Exception:  # supervisor: the database is away
                log.exception("mass send failed", channel=self.carrier.channel)
            await self.pause(self.ended, MASS_APART if called else MASS_LOOK)

    def ripe(self) -> bool:
        now = self.app.clock.now()
        if self.app.quiet.until(now):
            return False
        with self.app.database.reading() as connection:
            return massing.anything(connection, self.carrier, now)

    async def mass(self) -> bool:
        """One call; False: there was none to make."""
        group = await self.write(lambda connection: massing.claim(connection, self.carrier, OWNER, self.app.clock.now(), self.app.quiet))
        if group is None or self.carrier.mass is None:
            return False
        try:
            outcome = await self.carrier.mass.send(group.handles, group.text, group.client_id)
        except Exception:  # supervisor: the call may have left
            log.exception("send failed", channel=self.carrier.channel)
            outcome = Outcome(Fate.UNKNOWN, "defect")
        OUTCOMES.labels(self.carrier.channel, planner.MASS, outcome.fate.value, outcome.reason).inc()
        log.info("mass sent", channel=self.carrier.channel, people=len(group.handles), fate=outcome.fate.value, reason=outcome.reason)
        await self.write(lambda connection: massing.settle(connection, self.carrier, group, outcome, self.app.clock.now()))
        return True

    async def claim(self, *, replies: bool) -> tuple[list[Job], float]:
        """What may leave now, and where nothing may, the seconds until the next look; a look costs no write where there is nothing."""
        try:
            if not await asyncio.to_thread(self.anything, replies=replies):
                return [], IDLE
            taken: tuple[list[Job], float] = await self.write(partial(self.take, replies=replies))
        except Exception:  # supervisor: the database is away; what is due stays due
            log.exception("claim failed", channel=self.carrier.channel)
            return [], IDLE
        return taken

    def anything(self, *, replies: bool) -> bool:
        now = self.app.clock.now()
        if not replies and self.app.quiet.until(now):
            return False
        with self.app.database.reading() as connection:
            rank = Delivery.priority == 0 if replies else Delivery.priority > 0
            query = select(Delivery.id).where(Delivery.channel == self.carrier.channel, Delivery.status == "ready", rank)
            return connection.execute(query.where(~Delivery.mailbox, delivery.due(now)).limit(1)).first() is not None

    def take(self, connection: Connection, *, replies: bool) -> tuple[list[Job], float]:
        now = self.app.clock.now()
        if not replies and (wait := planner.early(connection, self.carrier, now)):
            return [], wait
        return planner.claim(connection, self.carrier, OWNER, now, self.app.quiet, replies=replies), IDLE

    async def begin(self, job: Job) -> bool:
        """Waits for the slot of a claimed delivery and marks it as leaving. What cannot be marked stays claimed until its lease ends."""
        left = min(job.at - self.app.clock.now(), LEASE)  # a clock that was set back meanwhile must not hold the pump up
        await asyncio.sleep(max(0.0, left.total_seconds()))
        try:
            return bool(await self.write(lambda connection: planner.begin(connection, self.carrier, job, OWNER, self.app.clock.now())))
        except Exception:  # supervisor: the database is away
            log.exception("not begun", channel=self.carrier.channel)
            return False

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self.sends.add(task)
        task.add_done_callback(self.sends.discard)
        return task

    async def leave(self, job: Job) -> None:
        """Makes the calls that are left of a delivery; what is not taken ends it here, and the ledger says how it goes on."""
        handle = job.row["conversation"].split(":", 2)[2]
        try:
            bodies = list(self.carrier.bodies(job.row, job.route))
        except Exception:  # supervisor: one row that cannot be rendered must not stop the others
            log.exception("not rendered", channel=self.carrier.channel)
            bodies, outcome = [], Outcome(Fate.REFUSED, "not_rendered")
        else:  # nobody will see anything: that is not sent
            outcome = Outcome(Fate.SENT) if bodies else Outcome(Fate.REFUSED, "empty")
        rest = bodies[job.row["piece"] :]
        if not rest:
            await self.finish(job, outcome, last=True)
        for number, body in enumerate(rest, 1):
            try:
                outcome = await self.carrier.send(handle, body, job.route)
            except Exception:  # supervisor: the call may have left
                log.exception("send failed", channel=self.carrier.channel)
                outcome = Outcome(Fate.UNKNOWN, "defect")
            if not await self.finish(job, outcome, last=number == len(rest)):
                return

    async def finish(self, job: Job, outcome: Outcome, *, last: bool) -> bool:
        """True: the next call of the delivery may leave."""
        trace, fate = self.app.trace(job.row["key"]), outcome.fate.value
        OUTCOMES.labels(self.carrier.channel, job.route, fate, outcome.reason).inc()
        log.info("sent", trace=trace, channel=self.carrier.channel, route=job.route, fate=fate, reason=outcome.reason)
        done: asyncio.Future[bool] = self.loop.create_future()
        self.outcomes.put_nowait((job, outcome, last, done))
        return await done

    async def settle(self) -> None:
        """Writes down outcomes, all that wait in one transaction, until they are down: none is lost while the database is away."""
        while True:
            batch = [await self.outcomes.get()]
            while not self.outcomes.empty():
                batch.append(self.outcomes.get_nowait())
            while True:
                try:
                    followed = await self.write(partial(self.record, batch=batch))
                    break
                except Exception:  # supervisor
                    log.exception("outcomes not written", count=len(batch))
                    await asyncio.sleep(IDLE)
            for (*_, done), follows in zip(batch, followed, strict=True):
                done.set_result(follows)
                self.outcomes.task_done()
            self.woken.set()  # the next one to the same person may leave

    def record(self, connection: Connection, batch: list[Settled]) -> list[bool]:
        now = self.app.clock.now()
        return [planner.settle(connection, self.carrier, job, outcome, last, now) for job, outcome, last, _ in batch]

    async def pause(self, until: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(until.wait(), seconds)


def dead_owners(connection: Connection) -> list[str]:
    """Owners of open deliveries that were processes of this machine and are no more."""
    found = connection.execute(select(Delivery.owner).where(Delivery.lease_until.is_not(None)).distinct()).scalars()
    return [owner for owner in found if owner and owner != OWNER and owner.count(":") == 2 and died(owner)]


def died(owner: str) -> bool:
    host, number, _ = owner.split(":")
    if host != HOST:
        return False
    if int(number) == os.getpid():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def orphans(app: App) -> bool:
    """A read, so that looking costs no write where all are alive."""
    with app.database.reading() as connection:
        late = select(Delivery.id).where(Delivery.lease_until < app.clock.now()).limit(1)
        lapsed = bool(dead_owners(connection)) or connection.execute(late).first() is not None
        return lapsed or massing.overdue(connection, app.clock.now())


def take_over(connection: Connection, now: datetime) -> dict[str, int]:
    massing.lapse(connection, now)
    return planner.recover(connection, now, dead_owners(connection))


def recover(app: App, now: datetime | None = None) -> dict[str, int]:
    """Takes over from processes that died: at start; while the program runs each pump does (`Pump.takeovers`)."""
    app.inbox.write(allowances.ended).result(60)
    found: dict[str, int] = app.inbox.write(partial(take_over, now=now or app.clock.now())).result(60)
    return found
