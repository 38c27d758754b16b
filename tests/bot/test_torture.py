"""The smallest piece of torture, so that the machinery stays true; the whole of it: `python -m tests.torture`."""

from __future__ import annotations

import asyncio

from tests.benchmarks import situations
from tests.torture import broadcast, kills, soak


def test_two_kills_under_load_lose_and_double_nothing(url: str) -> None:
    found = kills.run(url, 2, pushes=60)
    assert not found.wrong()
    assert found.faults.total() == 2
    assert found.pushes == 60
    assert found.messages > 0
    assert found.line().startswith(f"GOOD kills on {found.storage}: 2 faults")


def test_a_broadcast_on_both_platforms_under_two_kills_ends_with_its_books(url: str) -> None:
    found = broadcast.run(url, 2, people=60, rate=20)
    assert not found.wrong()
    assert found.faults == {"kill -9": 2, "pause": 1}
    assert found.messages > 60
    assert found.pushes > 40


def test_a_message_of_wechat_is_answered_once_though_its_process_is_killed(url: str) -> None:
    with situations.town(url, 1, "service_verified") as town:
        found = asyncio.run(situations.killed_before_the_answer(town))
    assert vars(found) == {"lost": 0, "stuck": 0, "twice": 0, "extra": 0}


def test_the_slope_is_that_of_the_memory_after_the_warm_up() -> None:
    grown = [(float(second), 100 + second * 3 / 3600) for second in range(100)]
    assert abs(soak.slope([(at, size + (50 if at < 15 else 0)) for at, size in grown]) - 3) < 0.01
    assert soak.slope([(float(second), 80.0) for second in range(100)]) == 0
