"""Brings updates to the bot's webhook: one at a time for each queue, with the secret, again and again until it answers 2xx."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import httpx

from tests.simulators.telegram.world import Pending, World

LOOK_SECONDS = 0.005
ANSWER_SECONDS = 60


async def bring(current: Callable[[], World]) -> None:
    """Runs until cancelled, for whatever world is the current one."""
    flying: set[str] = set()
    tasks: set[asyncio.Task[None]] = set()
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False, limits=httpx.Limits(max_connections=100)) as client:
        try:
            while True:
                world = current()
                for pending in world.due(flying, world.hook.connections if world.hook else 0):
                    flying.add(pending.queue)
                    task = asyncio.create_task(deliver(world, client, pending, flying))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            for task in tasks:
                task.cancel()


async def deliver(world: World, client: httpx.AsyncClient, pending: Pending, flying: set[str]) -> None:
    hook = world.hook
    try:
        if hook is None:
            return
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        status, retry_after = 0, 0
        with contextlib.suppress(httpx.HTTPError):
            response = await client.post(hook.url, json=pending.body, headers=headers)
            status = response.status_code
            told = response.headers.get("retry-after", "")
            retry_after = int(told) if told.isdecimal() else 0
        world.delivered(pending, status, retry_after)
    finally:
        flying.discard(pending.queue)
