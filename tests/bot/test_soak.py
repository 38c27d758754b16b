"""Two workers, one killed (SIGKILL) again and again while a push goes out: nothing lost, nothing twice but what staff sent again.

The whole of it, with 10 000 people and 200 kills: `python -m tests.benchmarks deliveries`.
"""

from __future__ import annotations

from tests.benchmarks.deliveries import soak


def test_a_push_under_kills(url: str) -> None:
    found = soak(url, 80, 3)
    assert not found.wrong()
    assert found.people == len(found.status) == 80
