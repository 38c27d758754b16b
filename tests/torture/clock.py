"""The clock of one of two processes jumps, ahead and back, seconds to an hour; in the end both are right again."""

from __future__ import annotations

import itertools
import os
import random

from tests.torture.town import Verdict, moments, town

JUMPS = int(os.environ.get("BULIXIAN_JUMPS", "40"))
SPANS = (3600.0, 5.0, 600.0, 45.0, 90.0)


def run(url: str, times: int = JUMPS, *, pushes: int = 300, seed: int = 8) -> Verdict:
    chance, off, jumps = random.Random(seed), [0.0, 0.0], itertools.cycle([sign * span for span in SPANS for sign in (1, -1)])
    with town(url, pushes=pushes) as made:
        for _ in moments(times, 0.4, seed):
            number = chance.randrange(2)
            jump = -off[number] if off[number] else next(jumps)
            off[number] += jump
            made.crew.tell(number, jump)
            made.faults[f"jump {'back' if jump < 0 else 'ahead'}"] += 1
        for number, span in enumerate(off):
            made.crew.tell(number, -span)
        return made.reckoned("clock")
