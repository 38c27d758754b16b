"""Workers killed while they push, on both databases: nothing lost, nothing doubled, at most one in doubt a kill. The long run is a benchmark."""

from __future__ import annotations

from tests.benchmarks.deliveries import soak

KILLS = 4


def test_killed_workers_lose_and_double_nothing(url: str) -> None:
    found = soak(url, 100, KILLS)
    assert found["kills"] == KILLS
    assert found["lost"] == 0
    assert found["seen twice"] == 0
    assert found["unknown"] <= KILLS
    assert found["sent"] + found["unknown"] == found["people"] == 100
