"""One of two processes is killed (SIGKILL) at a random moment, again and again, while people write and a push goes out."""

from __future__ import annotations

import os
import random

from tests.torture.town import Verdict, town

KILLS = int(os.environ.get("BULIXIAN_KILLS", "12"))


def run(url: str, kills: int = KILLS, *, pushes: int = 300, seed: int = 8) -> Verdict:
    """Each kill hits a process that is at work, within half a second after both are."""
    chance = random.Random(seed)
    with town(url, pushes=pushes) as made:
        for _ in range(kills):
            made.until(lambda: bool(made.crew.at_work()), "a process at work")
            made.stop.wait(chance.random() / 2)
            made.crew.kill(chance.choice(made.crew.at_work() or [0]))
            made.faults["kill -9"] += 1
        return made.reckoned("kills")
