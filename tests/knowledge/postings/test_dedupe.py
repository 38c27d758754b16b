"""Repeats are folded, jobs that only share words are not; and many at once fast."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.postings.dedupe import ALIKE, Item, bare, fold, likeness, shingles, signatures
from tests.knowledge.test_words import ANY

DUTIES = (
    "负责公司前台接待与来访登记,管理会议室预订和办公用品采购,协助部门整理合同与票据,每月汇总考勤并提交报表,"
    "配合人事组织员工活动和新员工入职手续,完成领导交办的其他事务。要求做事细致,沟通顺畅,会用表格和文档软件。"
)
ONE = Item("行政专员", "甲服务有限公司", "520100", "4-6K", DUTIES)


def groups(*items: Item) -> list[int]:
    return [int(first) for first in fold(items).groups]


def test_the_same_row_twice_is_one() -> None:
    assert groups(ONE, ONE, ONE) == [0, 0, 0]


def test_same_title_employer_city_and_pay_whatever_the_text() -> None:
    assert groups(ONE, replace(ONE, title="【行政专员】", text="另一段很短的说明")) == [0, 0]
    assert groups(ONE, replace(ONE, place="520300", text="")) == [0, 1]
    assert groups(ONE, replace(ONE, pay="5-7K", text="")) == [0, 1]


def test_nearly_the_same_text_of_one_employer_is_one_card_with_its_cities() -> None:
    other = replace(ONE, title="行政专员(双休)", place="520300", pay="5-7K", text=DUTIES.replace("每月汇总考勤", "每周汇总考勤"))
    assert groups(ONE, other) == [0, 0]
    assert fold([ONE, other]).alike == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(ONE, company="乙服务有限公司", place="520300"),
        replace(ONE, title="Java开发工程师", place="520300"),
        replace(ONE, title="高级行政专员", place="520300"),
        replace(
            ONE, place="520300", text="负责客户回访、订单录入与售后登记,每周提交服务报表,参加排班,普通话标准,打字每分钟六十字以上,能接受早晚班轮换。"
        ),
        replace(ONE, place="520300", text="双休"),
    ],
    ids=["employer", "job", "rank", "text", "short"],
)
def test_what_is_another_job_stays(other: Item) -> None:
    assert groups(ONE, other) == [0, 1]


def test_without_an_employer_only_the_same_row_is_a_repeat() -> None:
    nobody = replace(ONE, company="")
    assert groups(nobody, nobody, replace(nobody, text="别的内容")) == [0, 0, 2]


def test_nothing_and_empty_texts() -> None:
    assert fold([]).cards == 0
    assert groups(Item("", "", "", None), Item("", "", "", None)) == [0, 0]
    table = signatures(*shingles(["", "abc", "abcdefgh"]))
    assert table.shape[0] == 3


@given(st.lists(st.builds(Item, ANY, st.sampled_from(["甲", "乙", ""]), st.sampled_from(["", "520100"]), st.none(), ANY), max_size=6))
def test_any_items(items: list[Item]) -> None:
    found = fold(items)
    numbers = found.groups.tolist()
    assert all(first <= number and numbers[first] == first for number, first in enumerate(numbers))
    assert found.cards == len(items) - found.same - found.alike


def test_minima_agree_as_often_as_texts_are_alike() -> None:
    """The estimate from the signatures is the true likeness within the error of 64 draws, mean over many pairs."""
    chance = random.Random(7)
    words = [chr(0x4E00 + chance.randrange(3000)) for _ in range(400)]
    errors = []
    for _ in range(60):
        one = "".join(chance.choices(words, k=300))
        cut = chance.randrange(20, 280)
        other = one[:cut] + "".join(chance.choices(words, k=300 - cut))
        hashes, starts = shingles([one, other])
        table = signatures(hashes, starts)
        true = likeness(np.unique(hashes[starts[0] : starts[1]]), np.unique(hashes[starts[1] : starts[2]]))
        errors.append(float((table[0] == table[1]).mean()) - true)
    assert abs(float(np.mean(errors))) < 0.03


def test_pairs_alike_are_found_and_many_are_fast() -> None:
    """7 000 postings, a tenth of them with one word in twenty changed."""
    chance = random.Random(3)
    words = [bare("".join(chr(0x4E00 + chance.randrange(5000)) for _ in range(2))) for _ in range(3000)]
    items = [Item("文员", f"公司{n}", "1", n, "".join(chance.choices(words, k=100))) for n in range(6363)]
    for n in range(637):
        text = [items[n].text[at : at + 2] for at in range(0, 200, 2)]
        text[chance.randrange(100)] = chance.choice(words)
        items.append(replace(items[n], place="2", text="".join(text)))
    start = time.process_time()
    found = fold(items)
    assert time.process_time() - start < 5
    assert found.alike == 637
    assert ALIKE == 0.8
