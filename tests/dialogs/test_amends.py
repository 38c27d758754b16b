"""What is taken back in the same breath, and forms answered with yes or no: the words that go on to be read, and the facts they give."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dialogs import amends, forms, statements

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("执照没有.哦有的有的,刚想起来", "执照有的,刚想起来"),
        ("失业登记没办,啊不对,办了的", "失业登记办了的"),
        ("我不是2025年6月毕业,是2025年12月", "我是2025年12月毕业"),
        ("社保8个月不对,查了下是11个月", "社保11个月"),
        ("我今年23,哦不,24了", "我今年24了"),
        ("是25年6月毕业,哦不对,7月", "是25年7月毕业"),
        ("没合同?有的有的,上个月补签", "有合同,上个月补签"),
        ("失业登记没办,不是不想办", "失业登记没办,不是不想办"),
        ("是9月办的,不是10月", "是9月办的,不是10月"),
    ],
)
def test_what_is_taken_back_is_left_out(said: str, meant: str) -> None:
    assert amends.made(said) == meant


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("是否办理失业登记:是", ",办过失业登记,"),
        ("首次创业:否", ",不是第一次创业,"),
        ("是否签合同?否", ",没签劳动合同,"),
        ("是否低保户:是", ",我是低保户,"),
        ("是否喜欢猫:是", "是否喜欢猫:是"),
        ("是否要签合同?", "是否要签合同?"),
    ],
)
def test_a_line_of_a_form_is_a_sentence(line: str, sentence: str) -> None:
    assert forms.told(line) == sentence


@pytest.mark.parametrize(
    ("said", "facts"),
    [
        (
            "是否失业登记:是(2026.9.3) 是否就业:否",
            {"unemployment_registered": True, "unemployment_registered_on": "2026-09-03", "employment": "未就业"},
        ),
        ("学历改成硕士吧,本科那张不用管", {"degree": "硕士"}),
        ("老板说要签合同,说到现在还没动静", {"contract_signed": False}),
        ("宿舍六个人五个签了,剩我一个", {"employment": "未就业"}),
        ("同学都找到工作了,我也在银行上班", {"employment": "就业"}),
        ("大专25年毕业的,现在专升本,在学校念大三", {"degree": "专科", "cohort": 2025, "employment": "在校"}),
        ("公司没有辞退我", {}),
        ("两个证哪个好考", {}),
    ],
)
def test_facts_told_that_way(said: str, facts: dict[str, Any]) -> None:
    found = statements.read(said, TODAY)
    assert {name: found.get(name) for name in facts} == facts
    assert facts or not found
