"""Long polling: asks for updates, has them stored, and only then moves the offset. Knows no database and no other process.

What it is given does the rest: who may poll, where the offset is kept, where updates go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from bot.channels import Fate, Outcome
from bot.channels.telegram.errors import ApiError
from bot.channels.telegram.limits import POLL_SECONDS
from bot.channels.telegram.receive import number
from bot.channels.telegram.send import Sender

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between tries while Telegram cannot be reached, doubled each time."""
IDLE = 1.0
"""Seconds before the next try where nothing came and nothing was waited for either: a proxy that cuts waiting short."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Poller:
    """What polling needs of the program. What any of these raises ends `poll`; the offset has not moved then, nothing is lost.

    `leads`: whether this process may poll now (one for an account; the lease must outlive `POLL_SECONDS` + 10 s).
    `load_offset`, `store_offset`: the next update to ask for; None before the first.
    `take`: stores a batch for good, as Telegram wrote it, for `receive.read`. The same update may come twice.
    """

    leads: Callable[[], Awaitable[bool]]
    load_offset: Callable[[], Awaitable[int | None]]
    store_offset: Callable[[int], Awaitable[None]]
    take: Callable[[list[Any]], Awaitable[None]]
    seconds: int = POLL_SECONDS
    standby: float = 5.0
    """Seconds between looks at whether we lead."""


async def poll(sender: Sender, poller: Poller) -> Outcome:
    """Runs until cancelled, or until Telegram says that it is of no use: another poller or a webhook (`conflict`), a wrong token.

    Returns:
        The STOPPED outcome, for the alarm.
    """
    pause = FIRST_PAUSE
    while True:
        if not await poller.leads():
            await asyncio.sleep(poller.standby)
            continue
        offset = await poller.load_offset()
        began = asyncio.get_running_loop().time()
        try:
            updates = await sender.updates(offset, poller.seconds)
        except ApiError as error:
            if error.outcome.fate is Fate.STOPPED:
                log.error("telegram polling stopped", reason=error.outcome.reason)
                return error.outcome
            wait = error.outcome.wait.total_seconds() if error.outcome.everyone and error.outcome.wait else pause
            log.warning("telegram not reached", reason=error.outcome.reason, wait=wait)
            await asyncio.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        pause = FIRST_PAUSE
        if updates:
            await poller.take(updates)
            await poller.store_offset(after(updates, offset))
        elif asyncio.get_running_loop().time() - began < min(IDLE, poller.seconds):
            await asyncio.sleep(IDLE)


def after(updates: list[Any], offset: int | None) -> int:
    """The offset behind a batch: one more than its highest number, even where that is less than before.

    After a week of silence Telegram numbers anew from anywhere, and an offset ahead of its numbers is read as none.
    """
    numbers = [found for update in updates if isinstance(update, dict) and (found := number(update.get("update_id"))) is not None]
    return max(numbers) + 1 if numbers else offset or 0
