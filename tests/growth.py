"""How the cost of reading grows with a text: a ratio, since seconds say more about the machine than about a pattern."""

from __future__ import annotations

import time
from collections.abc import Callable

LINEAR = 3.5
"""Twice the text costs twice as much, and what a small one costs is mostly noise; to try all pairs would cost four times as much."""
NOISE = 0.002
"""Seconds of a thread that are not worth comparing."""


def growth(read: Callable[[str], object], unit: str, length: int) -> float:
    """How many times more `length` signs of a repeated unit cost than half of them: thread time, the least of three."""
    text = unit * (length // len(unit) + 3)
    return spent(read, text, length) / max(spent(read, text, length // 2), NOISE)


def spent(read: Callable[[str], object], text: str, length: int) -> float:
    took = []
    for start in range(3):  # never the same text, which may be remembered
        piece, begun = text[start : start + length], time.thread_time()
        read(piece)
        took.append(time.thread_time() - begun)
    return min(took)
