"""What the texts of postings talk about, as pairs of characters in numpy: how typical each text is of a set of others. No titles, no person.

A title says little: of a thousand 数据分析师 those come first whose text speaks like most of the best ones (relevance feedback, Rocchio 1971).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]
Telling = tuple[NDArray[np.int64], Floats]
LOOK = 160
"""Characters of a text that are looked at: what the work is stands in front."""
BITS = 16
BLOCK = 2000
"""Texts that are looked at together: bounds the memory of a build."""
RARE, USUAL = 3, 0.3
"""Pairs in fewer texts, or in a larger share of them, tell nothing."""
LEADERS = 1000
"""So many of the best decide what is typical."""
TELLING = 200
"""Pairs that a set is known by."""
STEEP, LONG = 4, 0.5
"""How much more the best decide than the good, and how far a long text is held back; measured on half of the categories of real titles."""


class Gist:
    """`pairs[starts[i]:starts[i + 1]]`: the hashed pairs of text i, each once."""

    def __init__(self, texts: Sequence[str]) -> None:
        keys = np.concatenate([hashed(texts[at : at + BLOCK]) + (at << BITS) for at in range(0, len(texts), BLOCK)] or [np.zeros(0, np.int64)])
        owner, pairs = keys >> BITS, keys & ((1 << BITS) - 1)
        often = np.bincount(pairs, minlength=1 << BITS)
        kept = (often[pairs] >= RARE) & (often[pairs] <= USUAL * len(texts))
        owner, pairs = owner[kept], pairs[kept]
        self.pairs = pairs.astype(np.uint16)
        self.starts = np.searchsorted(owner, np.arange(len(texts) + 1))
        self.worth: Floats = np.log(max(1, len(texts)) / np.maximum(1, often)).astype(np.float32)
        self.size: Floats = np.sqrt(np.bincount(owner, self.worth[pairs] ** 2, len(texts)) + 1e-6).astype(np.float32)

    def spread(self, rows: Rows) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
        """The pairs of these texts one after the other, and which of `rows` each is of."""
        counts = self.starts[rows + 1] - self.starts[rows]
        before = np.cumsum(counts) - counts
        of = np.repeat(np.arange(len(rows)), counts)
        return self.pairs[np.arange(len(of)) + (self.starts[rows] - before)[of]], of

    def telling(self, rows: Rows, met: Floats) -> Telling:
        """The pairs by which the best of these texts are known, best by `met`, with weights: such a text weighs at most 1."""
        if not len(rows):
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        lead = np.arange(len(rows)) if len(rows) <= LEADERS else np.argpartition(-met, LEADERS)[:LEADERS]
        pairs, of = self.spread(rows[lead])
        share = (met[lead] / met[lead].max()) ** STEEP / self.size[rows[lead]]
        often = np.bincount(pairs, share[of] * self.worth[pairs], len(self.worth))
        some = np.flatnonzero(often)
        best = some[np.argpartition(-often[some], TELLING)[:TELLING]] if len(some) > TELLING else some
        weight = (often[best] * self.worth[best]).astype(np.float32)
        most = self.spoken(rows[lead], (best, weight)).max()
        return best, weight / np.float32(most or 1)

    def spoken(self, rows: Rows, telling: Telling) -> Floats:
        """How much each text speaks like those; 0 for one that says nothing."""
        weight = np.zeros(1 << BITS, np.float32)
        weight[telling[0]] = telling[1]
        pairs, of = self.spread(rows)
        return (np.bincount(of, weight[pairs], len(rows)) / self.size[rows] ** np.float32(LONG)).astype(np.float32)


def hashed(texts: Sequence[str]) -> NDArray[np.int64]:
    """Number of the text and hash of a pair as one number, sorted, each once."""
    looked = [text[:LOOK].lower() + "\n" for text in texts]
    signs = np.frombuffer("".join(looked).encode("utf-32-le", "replace"), np.uint32)
    owner = np.repeat(np.arange(len(looked)), [len(text) for text in looked])
    told = ((signs >= 0x4E00) & (signs < 0x9FFF)) | ((signs >= 97) & (signs <= 122))
    both = told[:-1] & told[1:]
    mixed = signs[:-1][both] * np.uint32(2654435761) ^ signs[1:][both] * np.uint32(40503 * 65599)
    return np.unique(owner[:-1][both] << BITS | (mixed >> np.uint32(32 - BITS)).astype(np.int64))
