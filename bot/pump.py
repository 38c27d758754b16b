"""The pump: takes what is due off the ledger and sends it, one account a pump, within one event loop.

Replies leave at once, many at a time. Pushes leave at the account's pace, each marked as leaving before its call goes out,
so that a kill leaves at most that one in doubt. Outcomes are written many in one transaction.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, select

from bot import planner
from bot.app import App
from bot.channels import Fate, Outcome
from bot.delivery import OPEN, Delivery
from bot.metrics import OUTCOMES
from bot.planner import Carrier, Job

IDLE = 0.5
"""Seconds between looks at the ledger where nobody wakes the pump: what other processes plan."""
HOST = socket.gethostname()
OWNER = f"{HOST}:{os.getpid()}:{secrets.token_hex(4)}"
"""This process, told from one of the same number before or after it."""
log = structlog.get_logger()
Settled = tuple[Job, Outcome, bool, "asyncio.Future[None]"]


class Pump:
    """Sends for one account until cancelled."""

    def __init__(self, app: App, carrier: Carrier) -> None:
        self.app, self.carrier = app, carrier
        self.woken = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.outcomes: asyncio.Queue[Settled] = asyncio.Queue()
        self.sends: set[asyncio.Task[None]] = set()
        self.pushing: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """From any thread: there is something to send."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.woken.set)

    async def run(self) -> None:
        """Cancelled, it lets what is leaving finish and write down its outcome."""
        tasks = [asyncio.create_task(work()) for work in (self.replies, self.pushes)]
        settling = asyncio.create_task(self.settle())
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, *self.sends, return_exceptions=True)
            await self.outcomes.join()
            settling.cancel()

    async def write(self, work: Callable[[Connection], Any]) -> Any:
        return await asyncio.wrap_future(self.app.inbox.write(work))

    async def replies(self) -> None:
        while True:
            self.woken.clear()
            jobs = await self.claim(replies=True)
            for job in jobs:
                self.start(self.leave(job))
            if not jobs:
                await self.pause(IDLE)

    async def pushes(self) -> None:
        while True:
            jobs = await self.claim(replies=False)
            for job in jobs:
                await asyncio.sleep(max(0.0, (job.at - self.app.clock.now()).total_seconds()))
                while len(self.pushing) >= self.app.settings.pushes_at_once:
                    await asyncio.wait(self.pushing, return_when=asyncio.FIRST_COMPLETED)
                if await self.write(partial(self.begin, job=job)):
                    self.pushing.add(pushed := self.start(self.leave(job)))
                    pushed.add_done_callback(self.pushing.discard)
            if not jobs:
                await asyncio.sleep(IDLE)

    async def claim(self, *, replies: bool) -> list[Job]:
        """What may leave now; a look costs no write where there is nothing."""
        try:
            if not await asyncio.to_thread(self.anything, replies=replies):
                return []
            taken: list[Job] = await self.write(partial(self.take, replies=replies))
        except Exception:  # supervisor: the database is away; what is due stays due
            log.exception("claim failed", channel=self.carrier.channel)
            return []
        return taken

    def anything(self, *, replies: bool) -> bool:
        with self.app.database.reading() as connection:
            rank = Delivery.priority == 0 if replies else Delivery.priority > 0
            query = select(Delivery.id).where(Delivery.channel == self.carrier.channel, Delivery.status == "ready", rank)
            return connection.execute(query.where(~Delivery.mailbox).limit(1)).first() is not None

    def take(self, connection: Connection, *, replies: bool) -> list[Job]:
        return planner.claim(connection, self.carrier, OWNER, self.app.clock.now(), self.app.quiet, replies=replies)

    def begin(self, connection: Connection, job: Job) -> bool:
        return planner.begin(connection, self.carrier, job, OWNER, self.app.clock.now())

    def start(self, work: Any) -> asyncio.Task[None]:
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
            return await self.finish(job, Outcome(Fate.REFUSED, "not_rendered"), last=True)
        rest = bodies[job.row["piece"] :]
        if not rest:
            return await self.finish(job, Outcome(Fate.SENT, "empty"), last=True)
        for number, body in enumerate(rest, 1):
            try:
                outcome = await self.carrier.send(handle, body, job.route)
            except Exception:  # supervisor: the call may have left
                log.exception("send failed", channel=self.carrier.channel)
                outcome = Outcome(Fate.UNKNOWN, "defect")
            await self.finish(job, outcome, last=number == len(rest))
            if outcome.fate is not Fate.SENT:
                return None
        return None

    async def finish(self, job: Job, outcome: Outcome, *, last: bool) -> None:
        trace, fate = self.app.trace(job.row["key"]), outcome.fate.value
        OUTCOMES.labels(self.carrier.channel, job.route, fate, outcome.reason).inc()
        log.info("sent", trace=trace, channel=self.carrier.channel, route=job.route, fate=fate, reason=outcome.reason)
        done = self.loop.create_future()
        self.outcomes.put_nowait((job, outcome, last, done))
        await done

    async def settle(self) -> None:
        """Writes down outcomes, all that wait in one transaction, until they are down: none is lost while the database is away."""
        while True:
            batch = [await self.outcomes.get()]
            while not self.outcomes.empty():
                batch.append(self.outcomes.get_nowait())
            while True:
                try:
                    await self.write(partial(self.record, batch=batch))
                    break
                except Exception:  # supervisor
                    log.exception("outcomes not written", count=len(batch))
                    await asyncio.sleep(IDLE)
            for *_, done in batch:
                done.set_result(None)
                self.outcomes.task_done()
            if any(outcome.fate is not Fate.SENT for _, outcome, _, _ in batch):
                self.woken.set()

    def record(self, connection: Connection, batch: list[Settled]) -> None:
        now = self.app.clock.now()
        for job, outcome, last, _ in batch:
            planner.settle(connection, self.carrier, job, outcome, last, now)

    async def pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.woken.wait(), seconds)
        except TimeoutError:
            return


def dead_owners(connection: Connection) -> list[str]:
    """Owners of open deliveries that were processes of this machine and are no more."""
    found = connection.execute(select(Delivery.owner).where(Delivery.status.in_(OPEN), Delivery.owner.is_not(None)).distinct()).scalars()
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


def recover(app: App, now: datetime | None = None) -> dict[str, int]:
    """Takes over from processes that died: at start, and from the sweeper."""

    def work(connection: Connection) -> dict[str, int]:
        return planner.recover(connection, now or app.clock.now(), dead_owners(connection))

    found: dict[str, int] = app.inbox.write(work).result(timedelta(seconds=60).total_seconds())
    return found
