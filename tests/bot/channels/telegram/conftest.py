"""A simulator with one person in it, and a sender that speaks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.channels.telegram.send import Sender
from tests.simulators.telegram import Simulator, World

PERSON = 700000001


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def telegram(running: Simulator) -> Simulator:
    """The simulator as on the first day, with one person who has started the bot."""
    running.world = World()
    running.world.person(PERSON)
    return running


@pytest.fixture
async def sender(telegram: Simulator) -> AsyncIterator[Sender]:
    async with Sender(telegram.world.token, base_url=telegram.base_url, base_file_url=telegram.base_file_url, read=0.6) as made:
        yield made
