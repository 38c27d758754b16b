"""Scam check: frauds are told from what only sounds alike, every reason can be shown, evasive spellings do not help, no text breaks it."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import example, given, settings

from knowledge.postings.reading import plain
from knowledge.rights.likeness import WEIGHTS, packed
from knowledge.rights.scam import LENGTH, judge
from knowledge.rights.signals import unmasked
from tests.knowledge.rights.corpus import Example, examples, learned, postings
from tests.knowledge.test_words import ANY

ALARM = ("warning", "high")


def share(texts: list[Example], levels: tuple[str, ...]) -> float:
    return sum(judge(each.text).level in levels for each in texts) / len(texts)


@pytest.mark.parametrize(("name", "alarm", "high"), [("scam", 0.97, 0.85), ("blind", 0.95, 0.80), ("last", 0.83, 0.55)])
def test_frauds_are_seen_and_look_alikes_left_alone(name: str, alarm: float, high: float) -> None:
    """At first try: "blind" 61 % and 39 % high, 7.5 % of the innocent high; "last", after that was mended: 87 %, 60 %, 3 %. Nothing learns "last"."""
    bad = [each for each in examples(name) if each.bad]
    good = [each for each in examples(name) if not each.bad]
    assert share(bad, ALARM) >= alarm
    assert share(bad, ("high",)) >= high
    assert share(good, ("high",)) <= 0.01


def test_the_weights_belong_to_the_examples() -> None:
    stored = np.load(WEIGHTS)
    assert np.abs(stored - packed(learned([*examples(), *examples("blind"), *postings()]))).max() <= 1, "run python -m tests.knowledge.rights.corpus"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("加薇聊", "加微信聊"),
        ("押J100", "押金100"),
        ("加VX", "加微信"),
        ("扣扣群", "qq群"),
        ("交 押 金", "交押金"),
        ("培xun费", "培训费"),
        ("招s单员", "招刷单员"),
    ],
)
def test_evasive_spellings(written: str, meant: str) -> None:
    seen, places = unmasked(plain(written))
    assert seen == meant
    assert len(places) == len(seen)
    assert max(places) == len(written) - 1


@pytest.mark.parametrize(
    "text", ["无中介费,入职不收取任何费用", "谨防刷单,切勿向陌生人转账", "入职体检发票公司报销", "面试请带身份证和简历,在一楼前台登记"]
)
def test_denied_and_ordinary(text: str) -> None:
    assert judge(text).level not in ALARM


def test_reasons_and_advice() -> None:
    text = "先把短信验证码念一下,再交押J500到我个人账户,今天不交名额就没了"
    found = judge(text)
    assert found.level == "high"
    assert len({reason.rule for reason in found.reasons}) >= 3
    assert any("交押" in text[slice(*reason.span)] for reason in found.reasons)
    assert any("110" in step for step in found.advice)
    assert judge("天气不错").advice == ()


def test_likeness_alone_never_says_high() -> None:
    judged = [judge(each.text) for each in examples("blind")]
    alone = [found for found in judged if {reason.rule for reason in found.reasons} == {"M01"}]
    assert alone
    assert {found.level for found in alone} <= {"none", "hint", "warning"}
    assert all("「" in found.reasons[0].say for found in alone)


@settings(deadline=None)
@given(ANY)
@example("0\ud800")
def test_any_text(text: str) -> None:
    found = judge(text)
    assert 0 <= found.score <= 100
    for reason in found.reasons:
        assert 0 <= reason.span[0] <= reason.span[1] <= len(text)


@pytest.mark.parametrize("unit", ["交", "押金", "1", "学费分期", "卡", "返", "先", " ", "v信", "点赞返佣", "护照"])
def test_no_text_is_slow(unit: str) -> None:
    start = time.perf_counter()
    judge(unit * (LENGTH // len(unit)))
    assert time.perf_counter() - start < 2
