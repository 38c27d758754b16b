"""Drafts: columns found by their names, cells read into columns, what cannot be taken is refused in one sentence, nothing raises."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.postings.drafts import Reading, begun, drafted, fields, named, numbered, read
from knowledge.postings.feeds import FeedError, feeds
from knowledge.postings.intake import intake
from knowledge.postings.norms import Norms
from tests.knowledge.test_words import ANY

TODAY = date(2026, 11, 22)
FAIR = {
    "title": "行政专员",
    "company": "贵阳甲物业服务有限公司",
    "city": "贵阳市云岩区",
    "pay": "4000-6000元/月·13薪",
    "degree": "统招大专及以上",
    "experience": "1-3年",
    "text": "负责会议安排。联系人：王小明 13800001111",
    "headcount": "2人",
    "posted": "11-20",
    "deadline": "12月31日",
    "url": "https://example.org/1",
    "kind": "实习",
}


def reading(**cells: str) -> Reading:
    return read(begun({**FAIR, **cells}, 2), TODAY)


def test_a_draft_becomes_columns() -> None:
    found = reading()
    columns = found.columns
    assert not found.refused
    assert not found.notes
    assert columns["places"] == ["520103"]
    assert (columns["pay_unit"], columns["pay_low"], columns["pay_high"], columns["pay_months"]) == ("month", 4000, 6000, 13)
    assert (columns["degree"], columns["full_time_degree"], columns["years_low"], columns["years_high"]) == (3, True, 1, 3)
    assert (columns["posted"], columns["deadline"]) == (date(2026, 11, 20), date(2026, 12, 31))
    assert (columns["kind"], columns["headcount"], columns["url"]) == ("internship", 2, "https://example.org/1")
    assert columns["raw"]["pay"] == FAIR["pay"]


def test_a_cell_that_turns_graduates_away_is_kept_in_the_text() -> None:
    columns = reading(experience="2年以上,应届勿扰").columns
    assert (columns["years_low"], columns["fresh"]) == (2, False)
    assert "应届勿扰" in columns["text"]


def test_private_numbers_are_for_staff_only() -> None:
    columns = reading(contact="李经理 13900002222", title="招文员 微信 abc12345").columns
    assert not [cell for cell in (columns["text"], columns["title"], *columns["raw"].values()) if "1380000" in cell or "abc12345" in cell]
    assert "13900002222" in columns["contact"]
    assert "13800001111" in columns["contact"]


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"title": " … "}, "没有岗位名称"),
        ({"deadline": "2026-02-30"}, "不是一个日期"),
        ({"deadline": "2062-01-01"}, "太远"),
        ({"deadline": "2026-11-01", "posted": "2026-11-20"}, "早于发布日期"),
    ],
)
def test_what_cannot_be_is_refused(cells: dict[str, str], why: str) -> None:
    assert why in reading(**cells).refused


@pytest.mark.parametrize(
    ("cells", "why", "column", "value"),
    [
        ({"url": "javascript:alert(1)"}, "网址", "url", ""),
        ({"city": "朝阳"}, "几处同名", "places", []),
        ({"city": "月球背面"}, "认不出", "places", []),
        ({"posted": "2027-05-01"}, "还没到", "posted", None),
        ({"deadline": "见公告"}, "认不出", "deadline", None),
        ({"title": "员" * 300}, "超过 200 字", "title", "员" * 200),
    ],
)
def test_a_cell_that_cannot_be_read_is_left_out_and_told(cells: dict[str, str], why: str, column: str, value: object) -> None:
    found = reading(**cells)
    assert not found.refused
    assert why in "".join(found.notes)
    assert found.columns[column] == value


def test_columns_are_found_by_their_names() -> None:
    header = ["岗位名称", "用人单位", "月薪（元）", "工作地点 ", "Job Description", "任职要求", "联系人", "联系电话", "备注"]
    columns = named(header)
    assert "备注" not in columns
    row = dict(zip(header, ["会计", "乙公司", "5000", "遵义", "记账", "细心", "王", "1380", "急"], strict=True))
    assert drafted(row, columns) == {
        "title": "会计",
        "company": "乙公司",
        "pay": "5000",
        "city": "遵义",
        "text": "记账\n细心",
        "contact": "王 1380",
    }


def test_no_name_of_a_column_means_two_fields() -> None:
    names = [name for key, each in fields().items() for name in {key, each.say, *each.names}]
    assert len(names) == len(set(names))


def test_rows_without_a_number_are_told_apart_and_others_must_not_share_one() -> None:
    rows = [{"title": "会计", "company": "甲"}, {"title": "会计", "company": "甲"}, {"title": "会计", "company": "甲", "pay": "5000"}]
    one, again, other = numbered(enumerate(rows, 2))
    assert again.again == 2
    assert one.ref != other.ref
    assert [each.ref for each in numbered(enumerate(rows, 2))] == [one.ref, again.ref, other.ref]
    first, second = numbered([(2, {"ref": "7", "title": "会计"}), (3, {"ref": "7", "title": "出纳"})])
    assert not first.refused
    assert "第 2 行" in second.refused


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(list(fields())), ANY, max_size=8), ANY)
def test_no_text_breaks_reading(draft: dict[str, str], message: str) -> None:
    found = read(begun(draft, 1), TODAY)
    assert found.refused or found.columns["title"]
    assert len(found.ref) <= 64
    for cell in (found.columns.get("text", ""), *found.columns.get("raw", {}).values()):
        cell.encode()
        assert "\0" not in cell
    intake(message, TODAY)


MESSAGES = [
    (
        "贵阳云岩甲物业有限公司招行政专员2名，月薪4000-6000，大专以上，12月31日前投简历到 wang@qq.com，联系人王老师13800001111",
        {
            "company": "贵阳云岩甲物业有限公司",
            "title": "行政专员",
            "headcount": "2名",
            "pay": "月薪4000-6000",
            "degree": "大专以上",
            "deadline": "12月31日",
        },
    ),
    (
        "单位：乙科技有限公司\n岗位：Java开发\n地点：遵义市红花岗区\n待遇：6k-9k\n学历：本科\n截止：2026-12-20\n联系人：李女士 13900002222",
        {"company": "乙科技有限公司", "title": "Java开发", "city": "遵义市红花岗区", "pay": "6k-9k", "contact": "李女士 13900002222"},
    ),
    (
        "您好，成都丁餐饮管理有限公司 招聘 储备店长 5名 6000-8000元/月 本科 双休 简历发 hr@ding.example 12月10号截止",
        {
            "company": "成都丁餐饮管理有限公司",
            "title": "储备店长",
            "city": "成都",
            "degree": "本科",
            "contact": "hr@ding.example",
            "deadline": "12月10号",
        },
    ),
    ("明天下午三点开会", {}),
]


@pytest.mark.parametrize(("message", "cells"), MESSAGES)
def test_a_message_of_a_teacher_is_read(message: str, cells: dict[str, str]) -> None:
    found = intake(message, TODAY)
    assert {key: found.draft.get(key) for key in cells} == cells
    assert found.draft["text"] == message
    if cells:
        assert not read(begun(found.draft, 1), TODAY).refused
    else:
        assert set(found.draft) == {"text"}
        assert "岗位名称" in found.missing


def test_pay_is_weighed_by_employers_of_the_same_trade_and_town() -> None:
    def paid(company: str, low: int, city: str = "520100") -> dict[str, object]:
        return {"title": "高级会计（双休）", "company": company, "places": [city], "pay_unit": "month", "pay_low": low, "pay_high": low}

    norms = Norms.of([paid(f"甲{n}", 5000 + 100 * n) for n in range(11)] + [paid("乙", 50_000)] * 30)
    found = norms.norm({**paid("丙", 1), "title": "会计"})
    assert found
    assert 5000 <= found.middle <= 5600
    assert found.ninth < 7000
    assert norms.norm({**paid("丙", 1), "title": "飞行员"}) is None


@pytest.mark.parametrize("data", [b"", b"{}", b"<html/>", b'<!DOCTYPE rss [<!ENTITY a "x">]><rss>&a;</rss>'])
def test_a_feed_that_is_none_is_told(data: bytes) -> None:
    with pytest.raises(FeedError, match="RSS"):
        feeds()["rss"](data)
