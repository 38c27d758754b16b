"""Which sentence of a document is closest to a question. Knows no policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from knowledge.policy.index import InvertedIndex

Ids = NDArray[np.int32]


class Sentences:
    """The distinct terms of every sentence, all sentences of all documents in one array.

    `counts` (sentences,): how many terms each has; `firsts` (documents + 1,): the number of each document's first sentence.
    """

    def __init__(self, index: InvertedIndex, firsts: Sequence[int], counts: Ids, terms: Ids) -> None:
        self.index, self.firsts, self.counts, self.terms = index, list(firsts), counts, terms
        self.starts = np.concatenate(([0], np.cumsum(counts)))
        masses = np.concatenate(([0.0], np.cumsum(index.idf[terms], dtype=np.float64)))
        self.masses = masses[self.starts[1:]] - masses[self.starts[:-1]]

    @classmethod
    def of(cls, index: InvertedIndex, documents: Sequence[Sequence[Sequence[str]]]) -> Sentences:
        """Sentences as lists of terms, all of them in the index."""
        firsts = list(accumulate((len(document) for document in documents), initial=0))
        terms = [sorted({index.terms[term] for term in sentence}) for document in documents for sentence in document]
        counts = np.array([len(sentence) for sentence in terms], dtype=np.int32)
        return cls(index, firsts, counts, np.array([key for sentence in terms for key in sentence], dtype=np.int32))

    def closest(self, document: int, terms: Mapping[str, float]) -> tuple[int, float] | None:
        """The number of the best sentence within the document and its similarity: the share of IDF both have (Dice)."""
        first, last = self.firsts[document], self.firsts[document + 1]
        if first == last:
            return None
        known = [key for term in terms if (key := self.index.terms.get(term)) is not None]
        asked = np.zeros(len(self.index.idf), dtype=np.float32)
        asked[known] = self.index.idf[known]
        shared = np.concatenate(([0.0], np.cumsum(asked[self.terms[self.starts[first] : self.starts[last]]], dtype=np.float64)))
        bounds = self.starts[first : last + 1] - self.starts[first]
        common = shared[bounds[1:]] - shared[bounds[:-1]]
        similar = 2 * common / (self.index.mass(terms) + self.masses[first:last] + 1e-6)
        best = int(np.argmax(similar))
        return best, float(similar[best])
