"""The platform is slow and lies: errors that were none, successes without a body, cut connections before and after, floods."""

from __future__ import annotations

import os
import random

from tests.simulators.telegram.world import FAULTS, Fault
from tests.torture.town import Verdict, moments, town

LIES = int(os.environ.get("BULIXIAN_LIES", "250"))
SLOW = Fault(wait=2.0, accept=True)
KINDS: dict[str, Fault] = {name: fault for name, fault in FAULTS.items() if name != "slow"} | {"slow": SLOW}
FLOODS = 20
"""One in so many is a 429 for everybody, two seconds long."""


def run(url: str, times: int = LIES, *, pushes: int = 300, seed: int = 8) -> Verdict:
    chance = random.Random(seed)
    with town(url, pushes=pushes, rate=20) as made:
        for number, _ in enumerate(moments(times, 0.1, seed)):
            if number % FLOODS == FLOODS - 1:
                made.world.flood(2)
                made.faults["429"] += 1
                continue
            kind = chance.choice(list(KINDS))
            made.world.fail("sendMessage", KINDS[kind])
            made.faults[kind] += 1
        made.until(lambda: not made.world.faults.get("sendmessage"), "the last lie")
        return made.reckoned("platform")
