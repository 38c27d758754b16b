"""Replies as people give them: numbers, labels, yes and no, dates, degree, status, groups, places; what cannot be is None, nothing raises."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs import answers, questions, sayings
from dialogs.messages import Choice
from knowledge.profile import DEGREES
from tests.conftest import TODAY
from tests.knowledge.test_words import ANY

CHOICES = [Choice("我的合同是一年", "a"), Choice("已经超了怎么办", "b"), Choice("问老师", "c")]
TYPED = st.text("第一二两三十个最后选我是不没有办过2025年6月30日号届今去前低保残疾本科大专研究生硕工作上班在贵阳市县住,。 ", max_size=30)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *((text, 2) for text in ("2", "2", "②", "2️⃣", "2.", "2、", "(2)", "2号", "二", "两", "第二", "第二个", "第 2 个".replace(" ", ""), "第二种")),
        *((text, 2) for text in ("选第2个", "我选二", "要第二个吧", "就第二个", "那就2", "第2个谢谢")),
        *((text, -1) for text in ("最后", "最后一个", "选最后一个吧")),
        ("第十个", 10),
        ("12", 12),
        ("0", 0),
        *((text, None) for text in ("", "200", "2个月", "1 2", "选B", "第二天", "两年", "二战考研", "2025", "我不选", "😀", "一次性求职补贴")),
    ],
)
def test_number(text: str, said: int | None) -> None:
    assert answers.number(text) == said


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "a"), ("第二个", "b"), ("最后一个", "c"), ("3", "c"),
        ("问老师", "c"), ("问 老 师", "c"), ("問老師", "c"), ("老师", "c"), ("合同", "a"), ("已经超了", "b"), ("一年", "a"),
        ("0", None), ("4", None), ("99", None), ("-1", None), ("问", None), ("", None), ("我", None), ("档案放哪里", None),
    ],
)  # fmt: skip
def test_chosen(text: str, value: str | None) -> None:
    found = answers.chosen(text, CHOICES)
    assert (found.value if found else None) == value


def test_a_part_that_fits_two_labels_chooses_none() -> None:
    twins = [Choice("去哪办登记", "a"), Choice("去哪办补贴", "b")]
    assert answers.chosen("去哪办", twins) is None
    assert answers.chosen("补贴", twins) == twins[1]
    assert answers.chosen("登记", [Choice("登记", "a"), Choice("失业登记", "b")]) == Choice("登记", "a"), "the whole label wins"
    assert answers.chosen("1", []) is None


@pytest.mark.parametrize(
    "text",
    [
        "是", "是的", "对", "对的", "对呀", "好", "好的", "好嘞", "好啊", "行", "行啊", "可以", "同意", "同意!", "愿意", "要",
        "嗯", "嗯嗯", "有", "办过了", "中", "中嘞", "要得", "得嘞", "OK", "ok!", "yes", "Y", "没问题", "确认", "继续", " 是 ",
    ],
)  # fmt: skip
def test_yes(text: str) -> None:
    assert answers.yes_no(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "不", "不是", "不对", "不用", "不要", "不行", "不同意", "不同意。", "不愿意", "不了", "算了", "没", "没有", "没有啊", "没办过", "否",
        "别", "先不", "暂不", "no", "N", "唔使", "莫", "不必", "不需要", "先不填了", "没得", "还没有",
    ],
)  # fmt: skip
def test_no(text: str) -> None:
    assert answers.yes_no(text) is False


@pytest.mark.parametrize(
    "text", ["", "不知道", "好不好", "是不是", "有没有", "行不行", "可以吗", "没问题吗", "好像", "不确定", "1", "贵阳", "是什么", "有补贴吗"]
)
def test_neither_yes_nor_no(text: str) -> None:
    assert answers.yes_no(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("今年", "2026"),
        ("去年", "2025"),
        ("前年", "2024"),
        ("大前年7月", "2023-07"),
        ("去年6月", "2025-06"),
        ("去年的7月", "2025-07"),
        ("今年十二月", "2026-12"),
        ("二零二五年六月", "2025-06"),
        ("二〇二五年", "2025"),
        ("二五年六月", "2025-06"),
        ("2025", "2025"),
        ("2025年", "2025"),
        ("2025.6", "2025-06"),
        ("2025-6", "2025-06"),
        ("2025/06", "2025-06"),
        ("25.6", "2025-06"),
        ("202506", "2025-06"),
        ("20250630", "2025-06-30"),
        ("2025年6月", "2025-06"),
        ("2025 年 6 月", "2025-06"),
        ("2025年十一月", "2025-11"),
        ("2025年6月底", "2025-06"),
        ("25年6月", "2025-06"),
        ("2025年6月30日", "2025-06-30"),
        ("2025年6月30号", "2025-06-30"),
        ("2025-06-30", "2025-06-30"),
        ("2025.06.30", "2025-06-30"),
        ("2024-02-29", "2024-02-29"),
        ("二零二五年六月三十日", "2025-06-30"),
        ("25届", "2025"),
        ("2025届", "2025"),
        ("24届的", "2024"),
        ("我是2023年毕业的", "2023"),
        ("2025级毕业", "2025"),
        ("今年刚毕业", "2026"),
    ],
)
def test_a_date_is_as_exact_as_it_was_said(text: str, said: str) -> None:
    assert answers.day(text, TODAY) == said


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-30", "2023-02-29", "2025/6/31", "2025年06月31号", "20250631", "2025年13月", "2025.13", "2025年0月",
        "2025年6月32日", "2025年6月0日", "2025年二月三十日", "1899年6月", "2099年6月", "2099", "1949年",
    ],
)  # fmt: skip
def test_a_date_that_cannot_be(text: str) -> None:
    assert answers.day(text, TODAY) is None


@pytest.mark.parametrize("text", ["", "不知道", "3月", "六月", "明年", "上个月", "2024级", "13812345678", "贵阳", "100元", "1/2", "😀"])
def test_no_date(text: str) -> None:
    assert answers.day(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("本科", "本科"),
        ("大学本科", "本科"),
        ("专升本", "本科"),
        ("二本", "本科"),
        ("大专", "专科"),
        ("高职", "专科"),
        ("研究生", "硕士"),
        ("硕士在读", "硕士"),
        ("博士", "博士"),
        ("中专", "中专"),
        ("技师学院", "中专"),
        ("本科毕业后读研", "硕士"),
        ("不是研究生", None),
        ("不是研究生,是本科", "本科"),
        ("不是本科是大专", "专科"),
        ("没读本科,大专", "专科"),
        ("没读本科", None),
        ("小学", None),
        ("不知道", None),
        ("", None),
    ],
)
def test_degree(text: str, said: str | None) -> None:
    assert answers.degree(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("没工作", "未就业"),
        ("没有工作", "未就业"),
        ("没找到工作", "未就业"),
        ("我没上班", "未就业"),
        ("没在上班", "未就业"),
        ("待业在家", "未就业"),
        ("在考公", "未就业"),
        ("未就业", "未就业"),
        ("有工作", "就业"),
        ("已经上班了", "就业"),
        ("在职", "就业"),
        ("刚入职", "就业"),
        ("灵活就业", "灵活就业"),
        ("送外卖", "灵活就业"),
        ("没有工作,在跑单", "灵活就业"),
        ("自己开店", "创业"),
        ("登记失业了", "失业登记"),
        ("不是在上班", None),
        ("不在职", None),
        ("没登记失业", None),
        ("没创业", None),
        ("", None),
        ("贵阳", None),
    ],
)
def test_status(text: str, said: str | None) -> None:
    assert answers.status(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("低保", {"低保"}),
        ("家里有低保户", {"低保"}),
        ("零就业家庭", {"零就业"}),
        ("低保和残疾", {"低保", "残疾"}),
        ("建档立卡贫困户", {"脱贫"}),
        ("脱贫监测户", {"监测", "脱贫"}),
        ("当过兵", {"退役"}),
        ("大学办过助学贷款", {"助学贷款"}),
        ("低保,不是残疾", {"低保"}),
        ("我不是孤儿,是低保", {"低保"}),
        ("不是低保是特困", {"特困"}),
        ("不是低保,特困供养", {"特困"}),
        ("不是低保也不是残疾", set()),
        ("没有低保", set()),
        ("没有助学贷款", set()),
        ("没当过兵", set()),
        ("没贷款上学", set()),
        ("非低保", set()),
        ("都没有", set()),
        ("", set()),
    ],
)
def test_groups(text: str, said: set[str]) -> None:
    assert set(answers.groups(text)) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("贵阳", "贵阳"),
        ("贵阳市", "贵阳"),
        ("我在贵阳", "贵阳"),
        ("贵州贵阳", "贵阳"),
        ("江苏", "江苏"),
        ("貴陽", "贵阳"),
        ("惠安县", "惠安县"),
        ("我在惠安县", "惠安县"),
        ("我是玉屏县的", "玉屏县"),
        ("住在南明区那边", "南明区"),
        ("现在住在南明区那边", "南明区"),
        ("我在县", None),
        ("老家", None),
        ("不知道", None),
        ("美国", None),
        ("", None),
    ],
)
def test_place(text: str, said: str | None) -> None:
    assert answers.place(text) == said


@given(st.one_of(ANY, TYPED))
def test_nothing_raises(text: str) -> None:
    number = answers.number(text)
    assert number is None or -1 <= number <= 99
    assert answers.chosen(text, CHOICES) in (None, *CHOICES)
    assert answers.yes_no(text) in (True, False, None)
    assert answers.degree(text) in (None, *DEGREES)
    assert answers.status(text) in (None, *sayings.STATUS)
    assert set(answers.groups(text)) <= set(sayings.GROUPS)
    place = answers.place(text)
    assert place is None or 2 <= len(place) <= 12


@given(st.one_of(ANY, TYPED, st.from_regex(r"(19|20)?\d{2}[年./-]\d{1,2}([月./-]\d{1,2}[日号]?)?", fullmatch=True)))
def test_a_date_is_a_real_one_or_none(text: str) -> None:
    found = answers.day(text, TODAY)
    if found is not None:
        year, month, day = (*map(int, found.split("-")), 1, 1)[:3]
        assert date(year, month, day)
        assert 1950 <= year <= TODAY.year + 8


@given(
    st.dates(date(1960, 1, 1), date(2034, 12, 31)),
    st.sampled_from(["{0}年{1}月{2}日", "{0}-{1:02}-{2:02}", "{0}.{1}.{2}", "{0}/{1}/{2}", "{0}年{1:02}月{2}号"]),
)
def test_every_real_date_is_read(day: date, form: str) -> None:
    assert answers.day(form.format(day.year, day.month, day.day), TODAY) == day.isoformat()


@pytest.mark.parametrize("text", ["我能领什么补贴", "毕业生都有哪些补贴可以领", "老师好,像我这种能享受啥", "单位能从国家拿哪些钱"])
def test_what_there_is_for_anybody(text: str) -> None:
    assert questions.overview(text)
    assert questions.general(text)


@pytest.mark.parametrize("text", ["退伍了能享受啥", "去西藏工作有哪些补贴", "考证能领什么钱", "从公司离职能领什么"])
def test_what_there_is_for_one_matter(text: str) -> None:
    assert questions.overview(text)
    assert not questions.general(text)
