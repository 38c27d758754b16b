"""The inverted index gives exactly the BM25 that a few lines of arithmetic give, and can say where each score comes from."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.policy.index import K1, B, InvertedIndex, nearest

Documents = list[list[str]]
TERMS = "甲乙丙丁戊己"
DOCUMENTS = st.lists(st.lists(st.sampled_from(TERMS), max_size=12), min_size=1, max_size=8)
QUERY = st.dictionaries(st.sampled_from(TERMS + "无"), st.sampled_from([0.5, 1.0, 2.0]), max_size=7)


def brute(documents: Documents, groups: list[int], query: dict[str, float]) -> list[float]:
    """BM25 (Robertson with the never negative IDF of Lucene), length normalised within a group."""
    lengths: dict[int, list[int]] = defaultdict(list)
    for document, group in zip(documents, groups, strict=True):
        lengths[group].append(len(document))
    scores = []
    for document, group in zip(documents, groups, strict=True):
        mean = max(1.0, sum(lengths[group]) / len(lengths[group]))
        total = 0.0
        for term, weight in query.items():
            holding = sum(term in other for other in documents)
            idf = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
            times = document.count(term)
            total += weight * idf * times * (K1 + 1) / (times + K1 * (1 - B + B * len(document) / mean)) if times else 0.0
        scores.append(total)
    return scores


@given(DOCUMENTS, QUERY, st.data())
def test_scores_are_bm25(documents: Documents, query: dict[str, float], data: st.DataObject) -> None:
    groups = data.draw(st.lists(st.integers(0, 2), min_size=len(documents), max_size=len(documents)))
    index = InvertedIndex.of(documents, groups)
    scores = index.scores(query)
    assert scores.shape == (len(documents),)
    assert scores.tolist() == pytest.approx(brute(documents, groups, query), rel=1e-4, abs=1e-6)


@given(DOCUMENTS, QUERY)
def test_explanations_add_up(documents: Documents, query: dict[str, float]) -> None:
    index = InvertedIndex.of(documents)
    for row, score in enumerate(index.scores(query).tolist()):
        parts = index.explain(query, row)
        assert sum(weight for _, weight in parts) == pytest.approx(score, rel=1e-4, abs=1e-6)
        assert {term for term, _ in parts} == set(query) & set(documents[row])
        weights = [weight for _, weight in parts]
        assert weights == sorted(weights, reverse=True)


def test_without_groups_all_are_one_group() -> None:
    documents = [["甲"], ["甲", "乙", "乙", "丙"], ["丁"]]
    query = {"甲": 1.0, "乙": 1.0}
    assert np.array_equal(InvertedIndex.of(documents).scores(query), InvertedIndex.of(documents, [0, 0, 0]).scores(query))


def test_a_group_is_measured_by_its_own_lengths() -> None:
    """A short phrasing beside long entries must not win by being short."""
    documents = [["甲"] + ["乙"] * 9, ["甲"] + ["丙"] * 9, ["甲"], ["丁"]]
    apart = InvertedIndex.of(documents, [0, 0, 1, 1]).scores({"甲": 1.0}).tolist()
    together = InvertedIndex.of(documents).scores({"甲": 1.0}).tolist()
    assert apart[0] == pytest.approx(apart[2])
    assert together[0] < together[2]


@pytest.mark.parametrize("documents", [[], [[]], [[], []]])
def test_nothing_to_find(documents: Documents) -> None:
    index = InvertedIndex.of(documents)
    assert index.scores({"甲": 1.0}).tolist() == [0.0] * len(documents)
    assert index.scores({}).tolist() == [0.0] * len(documents)
    assert all(index.explain({"甲": 1.0}, row) == [] for row in range(len(documents)))


def test_unknown_terms_score_nothing_but_count_in_the_mass() -> None:
    index = InvertedIndex.of([["甲", "乙"], ["甲"]])
    assert index.scores({"无": 5.0}).tolist() == [0.0, 0.0]
    assert index.scores({"甲": 1.0, "无": 5.0}).tolist() == index.scores({"甲": 1.0}).tolist()
    assert index.mass(["甲"]) == pytest.approx(math.log(1 + 0.5 / 2.5))
    assert index.mass(["无"]) == pytest.approx(math.log(1 + 2.5 / 0.5))
    assert index.mass(["乙", "无"]) == pytest.approx(index.mass(["乙"]) + index.mass(["无"]))
    assert index.mass([]) == 0
    assert index.mass(["甲"]) < index.mass(["乙"]) < index.mass(["无"]), "what is rarer weighs more"


@given(st.lists(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=5), min_size=1, max_size=6))
def test_nearest_is_the_mean_of_the_two_best_of_each_part(parts: list[list[float]]) -> None:
    firsts = np.cumsum([0, *(len(part) for part in parts[:-1])])
    best = [sorted(part)[-2:] for part in parts]
    found = nearest(np.array([score for part in parts for score in part], np.float32), firsts)
    assert found.tolist() == pytest.approx([sum(two) / len(two) for two in best], abs=1e-6)
