"""What leads to a private person is masked, what belongs to the employer stays; and the kinds of postings."""

from __future__ import annotations

import pytest
from hypothesis import given

from knowledge.postings.contacts import mask
from knowledge.postings.kinds import kinds, known
from tests.knowledge.test_words import ANY


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("有意请联系张经理 13800138000（微信同号）", "有意请联系[姓名]经理 [手机]（微信同号）"),
        ("联系人:李小明,电话:0851-12345678", "联系人:[姓名],电话:0851-12345678"),
        ("简历发 12345678@qq.com", "简历发 [邮箱]"),
        ("加微信 xm12345 详谈", "加微信 [微信] 详谈"),
        ("微信号：abc_12345", "微信号：[微信]"),
        ("VX:hello2020", "VX:[微信]"),
        ("133 六一零四 7983 VX同步", "[手机] VX同步"),
        ("QQ群:123456789", "QQ群:[QQ]"),
        ("王女士 138-0013-8000", "[姓名]女士 [手机]"),
        ("电话:13800138000 陈老师", "电话:[手机] [姓名]老师"),
        ("身份证52010119990101123X", "身份证[身份证]"),
        ("联系人：欧阳娜娜 手机１３８００１３８０００", "联系人：[姓名] 手机[手机]"),
        ("+86 13800138000", "[手机]"),
    ],
)
def test_private_contacts_are_masked(text: str, masked: str) -> None:
    found = mask(text)
    assert found.text == masked
    assert found.hidden


@pytest.mark.parametrize(
    "text",
    [
        "简历发hr@company.com.cn",
        "关注微信公众号:guizhoujob",
        "咨询 400-800-1234",
        "座机 0851-12345678",
        "订单号20231380013800012",
        "月薪15000-18000,139号地铁站",
        "张经理负责面试",
        "双休,朝九晚六,8000-12000元",
        "",
    ],
)
def test_what_is_the_employers_stays(text: str) -> None:
    assert mask(text).text == text


@given(ANY)
def test_any_text(text: str) -> None:
    found = mask(text)
    last = 0
    for hidden in found.hidden:
        assert last <= hidden.span[0] < hidden.span[1] <= len(text)
        last = hidden.span[1]
    kinds(text, text)


def test_masking_twice_changes_nothing() -> None:
    once = mask("联系人:李小明 13800138000 微信 abc12345").text
    assert mask(once).text == once


@pytest.mark.parametrize(
    ("title", "text", "names"),
    [
        ("行政实习生", "", ["internship"]),
        ("会计", "有实习经历优先", []),
        ("会计", "招聘会计实习生2名", ["internship"]),
        ("就业见习岗位-文秘", "", ["traineeship"]),
        ("文秘", "签就业见习协议,发见习补贴", ["traineeship"]),
        ("见习店长", "", []),
        ("科研助理(生物)", "", ["research_assistant"]),
        ("三支一扶招募公告", "", ["grassroots"]),
        ("社区工作者", "", ["grassroots"]),
        ("公考讲师", "讲授三支一扶课程", []),
        ("公益性岗位保洁员", "", ["public_welfare"]),
        ("公益项目专员", "策划公益活动", []),
        ("国庆直播带岗活动", "", ["live"]),
        ("直播带货主播", "", []),
        ("2026秋季双选会", "", ["fair"]),
        ("校园招聘专员", "负责组织宣讲会,参加招聘会", []),
        ("周末兼职促销", "", ["part_time"]),
        ("软件工程师", "签订劳动合同", ["full_time"]),
        ("图书馆助管", "", ["campus"]),
    ],
)
def test_kinds_that_graduates_ask_for(title: str, text: str, names: list[str]) -> None:
    assert [read.value for read in kinds(title, text)] == names


def test_every_kind_is_said_in_chinese() -> None:
    assert {kind.say for kind in known()} >= {"全职", "实习", "就业见习", "科研助理", "校内岗位", "基层项目", "公益性岗位", "直播带岗", "招聘会"}
