"""Two shares beside each other: how far apart they are, how sure that is, and how staff read it. Counts nothing."""

from __future__ import annotations

from math import sqrt

FEWEST = 30
"""People of a side below which nothing is said of its share."""
Z = 1.959964
"""Of a 95 % interval: the 97.5 % quantile of the normal distribution."""


def wilson(hits: int, people: int) -> tuple[float, float]:
    """The score interval of one share (Wilson 1927, J Am Stat Assoc 22:209)."""
    share, spread = hits / people, Z * Z / people
    middle, half = share + spread / 2, Z * sqrt(share * (1 - share) / people + spread / people / 4)
    return (middle - half) / (1 + spread), (middle + half) / (1 + spread)


def difference(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float, float]:
    """Of two (hits, people) the first share less the second, and its interval from both score intervals
    (Newcombe 1998, Stat Med 17:873, method 10): right for small sides and rare events too."""
    share, beside = one[0] / one[1], other[0] / other[1]
    (low, high), (least, most) = wilson(*one), wilson(*other)
    apart = share - beside
    return apart, apart - sqrt((share - low) ** 2 + (most - beside) ** 2), apart + sqrt((high - share) ** 2 + (beside - least) ** 2)


def words(sent: tuple[int, int], held: tuple[int, int]) -> str:
    """Those it was sent to beside those held back, (hits, people) each; empty where a side is too small to say anything."""
    if min(sent[1], held[1]) < FEWEST:
        return ""
    apart, low, high = difference(sent, held)
    verdict = "发了的更多" if low > 0 else "没发的更多" if high < 0 else "看不出差别"
    shares = f"发了的 {percent(sent[0] / sent[1])}%，没发的 {percent(held[0] / held[1])}%"
    return f"{shares}，差 {percent(apart)} 个百分点（{percent(low)} 到 {percent(high)}），{verdict}"


def percent(share: float) -> str:
    return f"{round(100 * share, 1) + 0.0:.1f}".replace("-", "\u2212")
