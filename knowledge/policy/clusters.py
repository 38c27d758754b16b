"""Texts that are alike, by their weighted terms. Knows no table and no policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

NEAR = 0.25
"""Cosine from which two questions count as alike: on phrasings of known entries, nine of ten in a group are of one entry."""


def alike(vectors: Sequence[Mapping[str, float]]) -> list[list[int]]:
    """Groups of rows, the largest first, each led by its middle: the row with the most neighbours takes all that are free.

    Stars, not chains: every row of a group is near its middle. The same input gives the same groups. Cost: for each row
    the lengths of its terms' posting lists.
    """
    neighbours = list(near(vectors))
    order = sorted(range(len(vectors)), key=lambda row: (-len(neighbours[row]), row))
    free = [True] * len(vectors)
    groups: list[list[int]] = []
    for middle in order:
        if free[middle]:
            group = [middle, *(row for row in neighbours[middle].tolist() if free[row] and row != middle)]
            for row in group:
                free[row] = False
            groups.append(group)
    return sorted(groups, key=lambda group: (-len(group), group[0]))


def near(vectors: Sequence[Mapping[str, float]]) -> list[NDArray[np.int64]]:
    """The rows near each row, itself included where it has a term."""
    terms: dict[str, int] = {}
    columns = [np.array([terms.setdefault(term, len(terms)) for term in vector], np.int64) for vector in vectors]
    values = [np.array(list(vector.values())) for vector in vectors]
    lengths = [float(np.linalg.norm(part)) for part in values]
    values = [part / max(1e-9, length) for part, length in zip(values, lengths, strict=True)]
    if not terms:
        return [np.zeros(0, np.int64)] * len(vectors)
    column = np.concatenate(columns)
    order = np.argsort(column, kind="stable")
    rows = np.repeat(np.arange(len(vectors)), [len(part) for part in columns])[order]
    weights = np.concatenate(values)[order]
    bounds = np.concatenate(([0], np.cumsum(np.bincount(column, minlength=len(terms))))).tolist()

    def neighbours(row: int) -> NDArray[np.int64]:
        parts = [slice(bounds[key], bounds[key + 1]) for key in columns[row].tolist()]
        if not parts:
            return np.zeros(0, np.int64)
        found = [weights[part] * value for part, value in zip(parts, values[row].tolist(), strict=True)]
        cosine = np.bincount(np.concatenate([rows[part] for part in parts]), np.concatenate(found), len(vectors))
        return np.flatnonzero(cosine >= NEAR)

    return [neighbours(row) for row in range(len(vectors))]
