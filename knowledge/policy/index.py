"""An inverted index in numpy: exact BM25 over any documents, with the contribution of each term. Knows no policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
K1 = 1.2
"""Saturation of repeated terms; measured flat between 0.9 and 1.6 on short text."""
SATURATED = K1 + 1
"""The most a term can give, as a multiple of its IDF."""
B = 0.75
"""Length normalisation; lower is worse on long answers."""


class InvertedIndex:
    """Posting lists sorted by term, each with the finished BM25 weight of the term in that document.

    Cost of a query: the sum of the lengths of its terms' posting lists, plus one array of n documents.
    """

    def __init__(self, size: int, terms: dict[str, int], starts: NDArray[np.int64], rows: NDArray[np.int32], weights: Floats, idf: Floats) -> None:
        self.size, self.terms, self.starts, self.rows, self.weights, self.idf = size, terms, starts, rows, weights, idf
        self.bounds: list[int] = starts.tolist()
        self.worth: dict[str, float] = dict(zip(terms, idf.tolist(), strict=True))
        self.unseen = float(np.log1p((size + 0.5) / 0.5))

    @classmethod
    def of(cls, documents: Sequence[Sequence[str]], groups: Sequence[int] = (), b: float = B) -> InvertedIndex:
        """`groups` (one number a document, default all 0): documents are long or short beside those of their own group."""
        size = len(documents)
        terms: dict[str, int] = {}
        rows: list[int] = []
        columns: list[int] = []
        counts: list[int] = []
        lengths = np.zeros(size, dtype=np.float32)
        for row, document in enumerate(documents):
            lengths[row] = len(document)
            for term, count in Counter(document).items():
                columns.append(terms.setdefault(term, len(terms)))
                rows.append(row)
                counts.append(count)
        order = np.argsort(np.asarray(columns, dtype=np.int32), kind="stable")
        row_of = np.asarray(rows, dtype=np.int32)[order]
        column = np.asarray(columns, dtype=np.int32)[order]
        frequency = np.bincount(column, minlength=len(terms))
        starts = np.concatenate(([0], np.cumsum(frequency)))
        idf: Floats = np.log1p((size - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        times = np.asarray(counts, dtype=np.float32)[order]
        group = np.asarray(groups, dtype=np.int32) if len(groups) else np.zeros(size, dtype=np.int32)
        mean = np.bincount(group, lengths) / np.maximum(1, np.bincount(group)) if size else np.ones(1)
        norm = (K1 * (1 - b + b * lengths / np.maximum(1, mean[group]))).astype(np.float32)
        weights: Floats = (idf[column] * times * (K1 + 1) / (times + norm[row_of])).astype(np.float32)
        return cls(size, terms, starts, row_of, weights, idf)

    def mass(self, terms: Iterable[str]) -> float:
        """The IDF a query carries, terms that no document has included: what a perfect match could reach."""
        return sum(self.worth.get(term, self.unseen) for term in terms)

    def perfect(self, terms: Mapping[str, float]) -> float:
        """The score of a perfect match: a word said twice asks for twice as much."""
        return SATURATED * sum(max(1.0, weight) * self.worth.get(term, self.unseen) for term, weight in terms.items()) + 1e-6

    def scores(self, terms: Mapping[str, float]) -> Floats:
        """BM25 of every document for weighted terms; shape (size,)."""
        rows: list[NDArray[np.int32]] = []
        weights: list[Floats] = []
        for term, weight in terms.items():
            key = self.terms.get(term)
            if key is not None:
                start, end = self.bounds[key], self.bounds[key + 1]
                rows.append(self.rows[start:end])
                weights.append(self.weights[start:end] if weight == 1 else self.weights[start:end] * np.float32(weight))
        if not rows:
            return np.zeros(self.size, dtype=np.float32)
        return np.bincount(np.concatenate(rows), np.concatenate(weights), self.size).astype(np.float32)

    def explain(self, terms: Mapping[str, float], row: int) -> list[tuple[str, float]]:
        """What each term gives one document, largest first; the sum is its score."""
        found = []
        for term, weight in terms.items():
            key = self.terms.get(term)
            if key is None:
                continue
            part = slice(self.bounds[key], self.bounds[key + 1])
            place = int(np.searchsorted(self.rows[part], row))
            if place < len(self.rows[part]) and self.rows[part][place] == row:
                found.append((term, float(self.weights[part][place]) * weight))
        return sorted(found, key=lambda pair: -pair[1])


def nearest(scores: Floats, firsts: NDArray[np.int64]) -> Floats:
    """The mean of the two best scores of each part, the one score of a part that has one; part i starts at `firsts[i]`."""
    sizes = np.diff(firsts, append=len(scores))
    best = np.maximum.reduceat(scores, firsts)
    places = np.flatnonzero(scores == np.repeat(best, sizes))
    owners = np.searchsorted(firsts, places, side="right") - 1
    rest = scores.copy()
    rest[places[np.diff(owners, prepend=-1) > 0]] = -np.inf
    second = np.where(sizes > 1, np.maximum.reduceat(rest, firsts), best)
    mean: Floats = ((best + second) / 2).astype(np.float32)
    return mean
