"""Signs as Chinese is printed: full width beside Chinese, and nothing else changed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.messages import Choice, Link, Paper, Say
from dialogs.typography import chinese, typeset
from tests.growth import LINEAR, growth

PIECES = st.lists(st.sampled_from([*"补贴年,:;?!()「」 a1.\n", "https://a.cn/b?c=1,2", "12333", "1,000", "9:30"]), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("带身份证和毕业证,先去社区登记(要2025年的);拿不准?打12333问:", "带身份证和毕业证，先去社区登记（要2025年的）；拿不准？打12333问："),
        ("最多 1,000 元,9:30 开始", "最多 1,000 元，9:30 开始"),
        ("看 https://a.gov.cn/招聘?x=(甲),1:2 再问,行", "看 https://a.gov.cn/招聘?x=(甲),1:2 再问，行"),
        ("拨 12333?", "拨 12333？"),
        ("原文:「期限,(五)年」,第 3 条", "原文：「期限,(五)年」，第 3 条"),
        ("贵州(国发(2024)3号)、《办法》(试行)", "贵州（国发（2024）3号）、《办法》（试行）"),
        ("「第一行,(一)\n第二行:「二,三」;完」,完", "「第一行,(一)\n第二行:「二,三」;完」，完"),
        ("(一行\n两行),见 12333:\nok:", "(一行\n两行)，见 12333：\nok:"),
        ("一等, two (2): three", "一等， two (2): three"),
        ("A: B, c (d)?\n1, 2", "A: B, c (d)?\n1, 2"),
    ],
)
def test_signs_beside_chinese(typed: str, printed: str) -> None:
    assert chinese(typed) == printed


@given(st.text() | PIECES)
def test_no_word_is_changed_and_once_is_enough(text: str) -> None:
    found = chinese(text)
    assert len(found) == len(text)
    assert all(new == old or unicodedata.normalize("NFKC", new) == old for new, old in zip(found, text, strict=True))
    assert chinese(found) == found


@pytest.mark.parametrize("unit", ["年,", "1:", "(年)", "「a", "「「a」", "https://a年,"])
def test_no_text_is_slow(unit: str) -> None:
    assert growth(chinese, unit, 40_000) < LINEAR


def test_what_a_button_stands_for_and_where_a_link_leads_stay() -> None:
    said = typeset(Say("选,还是不选?", (Choice("都不是,问老师", "go/a,b"),), (Link("办法(试行)", "https://a.cn/?b=(c),d"),)))
    assert said == Say("选\uff0c还是不选\uff1f", (Choice("都不是\uff0c问老师", "go/a,b"),), (Link("办法\uff08试行\uff09", "https://a.cn/?b=(c),d"),))
    paper = Paper("a,b(丙).txt", "text/plain", "甲,乙")
    assert typeset(paper) is paper
