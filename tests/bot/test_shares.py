"""Two shares beside each other: the published figures of the interval, and the words staff read."""

from __future__ import annotations

import pytest

from bot import shares

PUBLISHED = [
    ((56, 70), (48, 80), 0.0524, 0.3339),
    ((9, 10), (3, 10), 0.1705, 0.8090),
    ((6, 7), (2, 7), 0.0582, 0.8062),
    ((5, 56), (0, 29), -0.0381, 0.1926),
    ((0, 10), (0, 20), -0.1611, 0.2775),
    ((0, 10), (0, 10), -0.2775, 0.2775),
    ((10, 10), (0, 20), 0.6791, 1.0),
    ((10, 10), (0, 10), 0.6075, 1.0),
]
"""Newcombe 1998, table II, method 10."""


@pytest.mark.parametrize(("one", "other", "low", "high"), PUBLISHED)
def test_the_published_intervals(one: tuple[int, int], other: tuple[int, int], low: float, high: float) -> None:
    apart, *found = shares.difference(one, other)
    assert found == pytest.approx([low, high], abs=0.00005)
    assert apart == pytest.approx(one[0] / one[1] - other[0] / other[1])
    assert shares.difference(other, one)[1:] == pytest.approx((-high, -low), abs=0.00005)


@pytest.mark.parametrize(
    ("sent", "held", "told"),
    [
        ((56, 70), (48, 80), "发了的 80.0%，没发的 60.0%，差 20.0 个百分点（5.2 到 33.4），发了的更多"),
        ((48, 80), (56, 70), "发了的 60.0%，没发的 80.0%，差 −20.0 个百分点（−33.4 到 −5.2），没发的更多"),
        ((0, 300), (0, 300), "发了的 0.0%，没发的 0.0%，差 0.0 个百分点（−1.3 到 1.3），看不出差别"),
        ((20, 29), (10, 300), ""),
        ((20, 300), (10, 29), ""),
        ((0, 0), (0, 0), ""),
    ],
)
def test_what_staff_read(sent: tuple[int, int], held: tuple[int, int], told: str) -> None:
    assert shares.words(sent, held) == told
