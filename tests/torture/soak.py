"""A soak: the whole program in one process, people writing at a steady rate for a long time, and whether its memory stays flat."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.benchmarks.report import resident
from tests.torture.town import SAID, Verdict, town

EVERY = 5.0
"""Seconds between two looks at the memory."""
WARM = 1 / 3
"""The part of the time that does not count: caches fill, and the allocator finds its size. Once a minute of it all people write at once:
what a stall lets pile up must have been there before, or the first long one afterwards looks like growth."""
MOST = 1.0
"""Growth that is still flat, in MB an hour."""


def run(url: str, minutes: float, rate: float) -> tuple[Verdict, list[tuple[float, float]]]:
    """Also the memory in MB by seconds since the start."""
    found: list[tuple[float, float]] = []
    with town(url, people=int(rate * 10), rate=rate, processes=1) as made:
        begun, bursts = time.monotonic(), 0
        process = made.crew.hired[0][0].pid
        while (at := time.monotonic() - begun) < minutes * 60:
            found.append((at, resident(process)))
            if bursts * 60 <= at < minutes * 60 * WARM:
                bursts += 1
                for who in made.people:
                    made.say(who, SAID[0])
            time.sleep(EVERY)
        verdict = made.reckoned("soak")
    return verdict, found


def slope(found: Sequence[tuple[float, float]]) -> float:
    """MB an hour by least squares, after the warm-up."""
    kept = [(at / 3600, size) for at, size in found if at >= found[-1][0] * WARM]
    middle, level = sum(at for at, _ in kept) / len(kept), sum(size for _, size in kept) / len(kept)
    spread = sum((at - middle) ** 2 for at, _ in kept)
    return sum((at - middle) * (size - level) for at, size in kept) / spread if spread else 0.0


def minutes(found: Sequence[tuple[float, float]]) -> str:
    """The memory at the end of each minute, in MB."""
    last = {int(at // 60): size for at, size in found}
    return " ".join(f"{size:.0f}" for size in last.values())
