"""The confidence of an answer: bounded, rising with the evidence, zones with a stricter one for grave topics, and a sound fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.policy.confidence import ANSWER, GRAVE, GRAVE_ANSWER, MENU, WEIGHTS_DENSE, Confidence, Evidence, Near, Zone, fit
from knowledge.policy.entry import Redirect

WEAK = Evidence(whole=0.1, linear=0.15, everyday=0.6, margin=0.02, mass=60.0, known=0.8, agree=1 / 3, named=0.0)
"""About what 「鸡蛋煮几分钟」 gives."""
STRONG = Evidence(whole=0.7, linear=0.8, everyday=0.0, margin=1.0, mass=90.0, known=1.0, agree=1.0, named=1.0)
"""About what 「派遣证丢了咋办」 gives."""
SHARE = st.floats(0, 1)
EVIDENCE = st.builds(
    Evidence,
    SHARE,
    st.floats(-1, 2),
    st.floats(-1, 2),
    st.floats(0, 3),
    st.floats(0, 1e4),
    SHARE,
    st.sampled_from([0.0, 1 / 3, 2 / 3, 1.0]),
    st.floats(-1, 1),
)


def top(key: str) -> Redirect:
    """Anything with an id: the zone looks at nothing else."""
    return Redirect.model_construct(id=key)


@pytest.fixture(scope="module")
def shipped() -> Confidence:
    return Confidence.shipped()


@given(EVIDENCE)
def test_p_is_a_probability(evidence: Evidence) -> None:
    assert 0 <= Confidence.shipped().p(evidence) <= 1


@pytest.mark.parametrize("extreme", [-1e9, 1e9])
def test_p_does_not_overflow(extreme: float) -> None:
    p = Confidence((extreme, *[0.0] * 6), (extreme, *[0.0] * 3)).p(STRONG)
    assert p == pytest.approx(float(extreme > 0), abs=1e-9)


def logistic(weights: Sequence[float], row: Sequence[float]) -> float:
    return 1 / (1 + math.exp(-sum(weight * value for weight, value in zip(weights, row, strict=True))))


def test_p_is_ours_and_right() -> None:
    """The question is ours, and the first hit is right: the product of two logistic models."""
    ours = tuple(0.1 * number for number, _ in enumerate(STRONG.ours()))
    right = tuple(0.2 * number for number, _ in enumerate(STRONG.right()))
    assert Confidence(ours, right).p(STRONG) == pytest.approx(logistic(ours, STRONG.ours()) * logistic(right, STRONG.right()))


def test_shipped_weights_fit_the_rows(shipped: Confidence) -> None:
    assert len(shipped.ours) == len(WEAK.ours())
    assert len(shipped.right) == len(WEAK.right())
    assert WEAK.ours()[0] == WEAK.right()[0] == 1.0, "the first weight is the intercept"
    with pytest.raises(ValueError, match="zip"):
        Confidence(shipped.ours, shipped.right[:-1]).p(WEAK)


def test_a_clear_hit_is_answered_and_a_faint_one_is_not(shipped: Confidence) -> None:
    assert shipped.p(STRONG) > GRAVE_ANSWER
    assert shipped.p(WEAK) < MENU


@pytest.mark.parametrize("name", ["whole", "linear", "everyday", "margin", "mass", "known", "agree", "named"])
@pytest.mark.parametrize("base", [WEAK, STRONG])
def test_better_evidence_means_more_confidence(shipped: Confidence, base: Evidence, name: str) -> None:
    low, high = getattr(WEAK, name), getattr(STRONG, name)
    p = [shipped.p(replace(base, **{name: low + share * (high - low)})) for share in (0, 0.25, 0.5, 0.75, 1)]
    assert p == sorted(p)
    assert p[0] < p[-1]


@pytest.mark.parametrize("name", ["form", "whole", "lead"])
def test_closer_in_meaning_means_more_confidence(name: str) -> None:
    far, close = Near(form=0.2, whole=0.1, lead=0.0), Near(form=0.5, whole=0.35, lead=0.2)
    weights, base = Confidence.shipped(WEIGHTS_DENSE), replace(STRONG, whole=0.4, linear=0.4, margin=0.4)
    steps = [replace(far, **{name: getattr(far, name) + share * (getattr(close, name) - getattr(far, name))}) for share in (0, 0.5, 1)]
    p = [weights.p(replace(base, near=step)) for step in steps]
    assert p == sorted(p)
    assert p[0] < p[-1]
    assert weights.p(replace(WEAK, near=far)) < MENU
    assert weights.p(replace(STRONG, near=close)) > GRAVE_ANSWER


def test_all_evidence_together_raises_p_steadily(shipped: Confidence) -> None:
    steps = [
        Evidence(
            *(
                getattr(WEAK, field.name) + share * (getattr(STRONG, field.name) - getattr(WEAK, field.name))
                for field in fields(Evidence)
                if field.name != "near"
            )
        )
        for share in np.linspace(0, 1, 21)
    ]
    p = [shipped.p(step) for step in steps]
    assert p == sorted(p)


@pytest.mark.parametrize(
    ("key", "p", "zone"),
    [
        ("REG-01", 1.0, "answer"),
        ("REG-01", ANSWER, "answer"),
        ("REG-01", ANSWER - 0.001, "menu"),
        ("REG-01", MENU, "menu"),
        ("REG-01", MENU - 0.001, "unsure"),
        ("REG-01", 0.0, "unsure"),
        ("RED-01", ANSWER, "answer"),
        *((f"{topic}-01", GRAVE_ANSWER, "answer") for topic in sorted(GRAVE)),
        *((f"{topic}-01", GRAVE_ANSWER - 0.001, "menu") for topic in sorted(GRAVE)),
        *((f"{topic}-01", MENU - 0.001, "unsure") for topic in sorted(GRAVE)),
    ],
)
def test_zones(shipped: Confidence, key: str, p: float, zone: Zone) -> None:
    assert shipped.zone(p, top(key)) == zone


def test_grave_topics_ask_for_more() -> None:
    assert MENU < ANSWER < GRAVE_ANSWER < 1
    assert {"SUB", "LAB"} <= GRAVE


def planted(weights: tuple[float, ...], number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows drawn at random and answers drawn from the model of these weights."""
    draw = np.random.default_rng(7)
    rows = draw.normal(size=(number, len(weights)))
    rows[:, 0] = 1
    p = 1 / (1 + np.exp(-rows @ np.array(weights)))
    return rows, (draw.random(number) < p).astype(float)


@pytest.mark.parametrize("weights", [(-1.0, 2.0, 0.0, -0.5), (0.3, 0.0, 1.5, 1.0)])
def test_fit_recovers_a_planted_model(weights: tuple[float, ...]) -> None:
    assert fit(*planted(weights, 40_000)) == pytest.approx(weights, abs=0.08)


def test_fit_is_at_the_minimum() -> None:
    """The gradient of the penalised loss vanishes: no step is left to take."""
    rows, right = planted((-1.0, 2.0, 0.0, -0.5), 500)
    weights = np.array(fit(rows, right, ridge=3.0))
    gradient = rows.T @ (1 / (1 + np.exp(-rows @ weights)) - right) + 3.0 * weights * np.array([0, 1, 1, 1])
    assert np.abs(gradient).max() < 0.01


def test_the_penalty_spares_the_intercept() -> None:
    rows, right = planted((-1.0, 2.0, 0.0, -0.5), 2_000)
    intercept, *others = fit(rows, right, ridge=1e7)
    assert others == pytest.approx([0, 0, 0], abs=0.001)
    assert 1 / (1 + math.exp(-intercept)) == pytest.approx(right.mean(), abs=0.001)


def test_what_can_be_told_apart_wholly_stays_finite() -> None:
    rows = np.array([[1.0, -1.0], [1.0, -2.0], [1.0, 1.0], [1.0, 2.0]])
    intercept, slope = fit(rows, np.array([0.0, 0.0, 1.0, 1.0]))
    assert intercept == pytest.approx(0, abs=0.001)
    assert 0 < slope < 10
