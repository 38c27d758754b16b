"""People who write to a running program through a simulator at a steady rate, and how they were answered. Knows no platform."""

from __future__ import annotations

import argparse
import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles

QUESTIONS = ("档案放哪儿", "报到证还发吗", "试用期最长多久")
"""Each is answered with one message."""
QUIET = 20.0
"""Seconds without any new answer after which those that lack are given up."""


@dataclass(frozen=True, slots=True)
class Answered:
    """`late`: seconds from a person's n-th message to the n-th they saw; `twice`: seen beyond those written; `never`: written beyond those seen."""

    said: int
    late: list[float]
    twice: int
    never: int

    def __str__(self) -> str:
        cuts = quantiles(self.late, n=100) if len(self.late) > 1 else self.late * 99 or [0.0] * 99
        return (
            f"written {self.said}, answered {len(self.late)}, twice {self.twice}, not at all {self.never}; "
            f"late p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s"
        )


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--people", type=int, default=0, help="so many write, and the simulator ends with how they were answered")
    parser.add_argument("--rate", type=float, default=10.0, help="messages a second of all of them")
    parser.add_argument("--seconds", type=float, default=30.0)


async def pressed(
    people: int,
    rate: float,
    seconds: float,
    write: Callable[[int, str], Awaitable[object]],
    seen: Callable[[int], Sequence[float]],
    now: Callable[[], float],
) -> Answered:
    """One after the other writes. `seen`: when a person was shown something, since this began."""
    said: dict[int, list[float]] = defaultdict(list)
    begun, tasks = now(), set[asyncio.Task[object]]()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begun + number / rate - now()))
        who = number % people
        said[who].append(now())
        tasks.add(asyncio.ensure_future(write(who, QUESTIONS[number % len(QUESTIONS)])))
    count, changed = 0, now()
    while any(len(seen(who)) < len(times) for who, times in said.items()) and now() - changed < QUIET:
        await asyncio.sleep(0.05)
        if (total := sum(len(seen(who)) for who in said)) != count:
            count, changed = total, now()
    await asyncio.sleep(1.0)  # what is said twice comes a little later
    await asyncio.gather(*tasks)
    late = [at - asked for who, times in said.items() for asked, at in zip(times, seen(who), strict=False)]
    odd = [len(seen(who)) - len(times) for who, times in said.items()]
    return Answered(sum(map(len, said.values())), late, sum(max(0, more) for more in odd), sum(max(0, -more) for more in odd))
