"""The questions of the entitlement dialog: every label gives a value the profile takes, and what verdicts lack can be asked or told."""

from __future__ import annotations

from datetime import date

import pytest

from dialogs.fields import QUESTIONS, read
from dialogs.flow import Misread
from dialogs.flows.record import read_tail
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
        ("unemployment_registered", "早办了", True),
        ("unemployment_registered", "还没办", False),
        ("receives_ui", "正在领", True),
        ("pays_own_insurance", "公司给交", False),
        ("pays_own_insurance", "我自己交的", True),
        ("pays_own_insurance", "没交过", False),
        ("quit_involuntary", "合同到期没续", True),
        ("quit_involuntary", "公司不要我了", True),
        ("quit_involuntary", "合同期满没续签", True),
        ("quit_involuntary", "公司没给我续签", True),
        ("quit_involuntary", "我自己提的离职", False),
        ("certificates", "没有电工证", []),
        ("certificates", "还没考", []),
        ("contract_years", "三年合同,试用期半年", 3),
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
        ("unemployment_registered", "正要办"),
        ("unemployment_registered", "打算去办"),
        ("unemployment_registered", "怎么办"),
        ("contract_signed", "下周签"),
        ("teacher_certificate", "明年才有"),
        ("receives_ui", "领完了"),
        ("certificates", "正在考电工证"),
        ("certificates", "什么算?"),
        ("quit_involuntary", "被裁以后我自己辞的"),
    ],
)
def test_not_knowing_or_planning_is_neither_yes_nor_no(name: str, said: str) -> None:
    with pytest.raises(Misread):
        read(name, said, TODAY)


def test_every_question_asks_for_a_known_field() -> None:
    assert set(QUESTIONS) <= set(FIELDS)


@pytest.mark.parametrize(
    ("said", "tail"), [("4321", "4321"), ("5678", "5678"), ("456789", "456789"), ("后四位是1234", "1234"), ("末6位:12345X", "12345X")]
)
def test_the_end_of_a_number_is_read_whole(said: str, tail: str) -> None:
    assert read_tail(said, None) == tail  # type: ignore[arg-type]


def test_every_yes_or_no_can_be_read_back_denied() -> None:
    assert not [name for name, field in FIELDS.items() if (field.kind == "bool") != bool(field.no)]
