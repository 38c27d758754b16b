"""The questions of the entitlement dialog: every label gives a value the profile takes, and what verdicts lack can be asked or told."""

from __future__ import annotations

from datetime import date

import pytest

from dialogs.fields import QUESTIONS, read
from dialogs.flow import Misread
from knowledge import profile
from knowledge.profile import FIELDS

TODAY = date(2026, 11, 22)
LABELS = [(name, label, value) for name, question in QUESTIONS.items() for label, value in question.choices.items()]


@pytest.mark.parametrize(("name", "label", "value"), LABELS)
def test_a_label_is_its_value(name: str, label: str, value: object) -> None:
    assert read(name, label, TODAY) == value
    assert profile.read({name: value}) == ({name: value}, [])


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("ui_paid_months", "交了14个月", 14),
        ("graduation_date", "去年6月", "2025-06"),
        ("degree", "我是大专", "专科"),
        ("flexible_registered", "没有办", False),
        ("employment", "在送外卖", "灵活就业"),
        ("residence", "人在贵阳", "贵阳"),
        ("certificates", "电工中级证", ["电工中级证"]),
        ("ui_paid_months", "一年半", 18),
        ("ui_paid_months", "交了2年", 24),
        ("contract_years", "11个月", 0.92),
        ("archive", "不在学校,在人才市场", "人才机构"),
        ("degree", "技师学院高级工", "高级工"),
    ],
)
def test_own_words_are_read(name: str, said: str, value: object) -> None:
    assert read(name, said, TODAY) == value


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("flexible_registered", "这个我也不太清楚你们怎么算的"),
        ("flexible_registered", "不知道"),
        ("unemployment_registered", "不确定"),
        ("ui_paid_months", "记不清了"),
        ("ui_paid_months", "快两年"),
        ("degree", "哈哈"),
    ],
)
def test_not_knowing_is_neither_yes_nor_no(name: str, said: str) -> None:
    with pytest.raises(Misread):
        read(name, said, TODAY)


def test_every_question_asks_for_a_known_field() -> None:
    assert set(QUESTIONS) <= set(FIELDS)
