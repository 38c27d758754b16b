"""The load driver counts what really became of each message."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

import pytest

from tests.simulators import load


async def test_who_was_answered_how_late_twice_and_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "QUIET", 0.3)
    shown: dict[int, list[float]] = defaultdict(list)

    async def write(who: int, text: str) -> None:
        """0 is answered, 1 twice, 2 never, 3 late."""
        await asyncio.sleep(0.2 if who == 3 else 0)
        shown[who] += [time.time()] * {1: 2, 2: 0}.get(who, 1)

    found = await load.pressed(4, 100, 0.04, write, lambda who: shown[who], time.time)
    assert (found.said, len(found.late), found.twice, found.never) == (4, 3, 1, 1)
    assert max(found.late) >= 0.2 > sorted(found.late)[1]
    assert str(found).startswith("written 4, answered 3, twice 1, not at all 1; late p50")
