"""Places in a text: found with or without suffix, the most exact wins, words that only contain a name are no place; variants of entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.policy import regions
from knowledge.policy.entry import Entry, Region, Source
from knowledge.policy.regions import Place
from knowledge.words import words
from tests.knowledge.test_words import ANY


@pytest.mark.parametrize(
    ("text", "name", "province"),
    [
        ("贵阳", "贵阳", "贵州"),
        ("贵阳市", "贵阳", "贵州"),
        ("我在贵州贵阳", "贵阳", "贵州"),
        ("广东的补贴", "广东", "广东"),
        ("内蒙古自治区", "内蒙古", "内蒙古"),
        ("北京", "北京", "北京"),
        ("上海有落户政策吗", "上海", "上海"),
        ("重庆这边", "重庆", "重庆"),
        ("香港读的硕士", "香港", "香港"),
        ("江苏无锡", "无锡", "江苏"),
        ("无锡,江苏", "无锡", "江苏"),
        ("乌鲁木齐", "乌鲁木齐", "新疆"),
        ("黔东南州", "黔东南", "贵州"),
        ("西双版纳", "西双版纳", "云南"),
        ("海南州", "海南州", "青海"),
        ("海南省", "海南", "海南"),
        ("河南南阳", "南阳", "河南"),
        ("雄安新区", "雄安", "河北"),
        ("蘇州", "苏州", "江苏"),
        ("張家界", "张家界", "湖南"),
    ],
)
def test_places_are_found(text: str, name: str, province: str) -> None:
    assert regions.find(words().normalise(text)) == Place(name, province)


@pytest.mark.parametrize(
    ("text", "name"),
    [("从贵阳搬到遵义", "遵义"), ("北京户口,人在武汉", "武汉"), ("武汉读书,江苏工作", "武汉"), ("广东、浙江", "浙江"), ("苏州和江苏", "苏州")],
)
def test_a_city_wins_over_a_province_and_the_last_city_over_others(text: str, name: str) -> None:
    found = regions.find(text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("text", ["江西安义县", "陕西安塞", "上海南站", "云南通知"])
def test_what_starts_in_a_longer_name_is_not_read_across(text: str) -> None:
    found = regions.find(text)
    assert found is not None
    assert text.startswith(found.name)


@pytest.mark.parametrize("text", ["", "哈", "档案怎么办", "一次性求职补贴", "老家", "我想去国外", "公司在外地", "a" * 1000, "通州"])
def test_no_place(text: str) -> None:
    assert regions.find(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "周六安排加班合法吗",
        "最新乡村教师政策",
        "申请指南通过了吗",
        "推广安排的岗位",
        "规定西部计划服务期几年",
        "朝阳产业有哪些",
        "我想进阿里巴巴",
        "最新余额是多少",
        "大同小异",
    ],
)
def test_words_that_only_contain_a_name_are_no_place(text: str) -> None:
    assert regions.find(text) is None


@pytest.mark.parametrize(
    ("text", "province"), [("我在北京朝阳区", "北京"), ("长春市朝阳区", "吉林"), ("长春朝阳区", "吉林"), ("朝阳区", None), ("辽宁朝阳", "辽宁")]
)
def test_a_district_is_not_a_city_of_that_name_elsewhere(text: str, province: str | None) -> None:
    found = regions.find(text)
    assert (found and found.province) == province


@given(st.one_of(ANY, st.text("贵阳州北京海南苏江西安通知州市省", max_size=30)))
def test_any_text(text: str) -> None:
    found = regions.find(text)
    assert found is None or (found.name in text and regions.places()[found.name] == found.province)


def test_every_listed_place_finds_itself() -> None:
    assert len(regions.places()) > 330
    for name, province in regions.places().items():
        assert regions.find(name) == Place(name, province)
        assert regions.find(f"我人在{name}市区") == Place(name, province)


def entry(*places: str) -> Entry:
    return Entry(
        id="SUB-01",
        title="求职补贴",
        receiver="person",
        certainty="B",
        questions=[f"问题{n}怎么办" for n in range(8)],
        answer="给困难毕业生本人。",
        source=[Source(issuer="财政部", document="办法", date="2023-12", certainty="A")],
        region=[Region(place=place, text=f"{place}的标准", certainty="B") for place in places],
        review_by=date(2027, 1, 31),
    )


def named(found: Sequence[Region]) -> list[str]:
    return [region.place for region in found]


VARIED = entry("江苏", "苏州", "贵阳市", "恩施州", "惠安")


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (Place("苏州", "江苏"), ["苏州"]),
        (Place("无锡", "江苏"), ["江苏"]),
        (Place("江苏", "江苏"), ["江苏"]),
        (Place("贵阳", "贵州"), ["贵阳市"]),
        (Place("恩施", "湖北"), ["恩施州"]),
        (Place("武汉", "湖北"), []),
        (None, []),
    ],
)
def test_variants_of_a_place_or_else_of_its_province(place: Place | None, found: list[str]) -> None:
    assert named(regions.variants(VARIED, place)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("惠安的补贴多少", ["惠安"]),
        ("苏州怎么领", ["苏州"]),
        ("贵阳能领吗", ["贵阳市"]),
        ("恩施怎么办", ["恩施州"]),
        ("哪里能领", []),
        ("", []),
    ],
)
def test_variants_named_word_for_word(text: str, found: list[str]) -> None:
    assert named(regions.named(VARIED, text)) == found


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("广州", "广东的补贴多少"),
        ("苏州", "江苏怎么领"),
        ("福州", "福利有哪些"),
        ("贵州", "社保太贵了"),
        ("郑州", "郑老师在吗"),
        ("温州", "温馨提示是什么"),
    ],
)
def test_one_character_of_a_name_is_not_the_name(place: str, text: str) -> None:
    assert regions.named(entry(place), text) == []
