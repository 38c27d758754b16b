"""The disk is full for a while, again and again: no file of the program can be written (RLIMIT_FSIZE), then it can. SQLite."""

from __future__ import annotations

import os
import resource

from tests.torture.town import Verdict, moments, town

TIMES = int(os.environ.get("BULIXIAN_FULL", "6"))
FOR = 1.5
"""Seconds without room."""


def run(url: str, times: int = TIMES, *, pushes: int = 300, seed: int = 8) -> Verdict:
    with town(url, pushes=pushes, processes=1) as made:
        for _ in moments(times, 1.5, seed):
            made.up()
            number = made.crew.hired[0][0].pid
            resource.prlimit(number, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            made.stop.wait(FOR)
            resource.prlimit(number, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            made.faults["disk full"] += 1
        found = made.reckoned("full disk")
    if found.fell:
        found.bad.append(f"the program ended {found.fell} times where it should wait for room")
    return found
