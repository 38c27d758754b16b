"""Cutting documents by heading and clause, and finding the passage that is meant; nothing is lost, nothing is sure."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.extract import Block
from knowledge.policy import regions
from knowledge.policy.passages import NOTHING, QUOTE, Document, Passage, Passages, cited, number_of, split
from tests.conftest import TODAY
from tests.knowledge.files import NOTICE

LAW = [
    "劳动法", "第一章 总则", "第一条 为了保护劳动者,制定本法。", "第二条", "本法适用于企业。", "下列不适用:", "(一)公务员;", "(二)现役军人。",
    "第二章 工时", "第十条 每日工作不超过八小时。",
]  # fmt: skip
MARKS = ["", "第三章 ", "第十二条 ", "一、", "(二)", "3. ", "(4)", "① ", "附件1 ", "# "]


def blocks(lines: list[str] | tuple[str, ...]) -> list[Block]:
    return [Block(line) for line in lines]


def document(key: int = 1, *, region: str = "", valid_to: date | None = None, title: str = NOTICE[0]) -> Document:
    return Document(key, title, "金人社发〔2026〕12号", "金城市人力资源和社会保障局", date(2026, 3, 5), region, valid_to)


def notice(region: str = "", valid_to: date | None = None) -> Passages:
    held = document(region=region, valid_to=valid_to)
    return Passages(1, [(held, passage) for passage in split(blocks(NOTICE), NOTICE[0])])


def test_a_notice_by_its_numbers() -> None:
    found = split(blocks(NOTICE), NOTICE[0])
    assert [passage.section for passage in found] == [
        "",
        "一、补贴对象和标准 (一)补贴对象",
        "一、补贴对象和标准 (二)补贴标准",
        "二、申领程序 (一)申请",
        "二、申领程序 (二)审核拨付",
        "三、有关要求",
    ]
    assert found[1].heads == "一、补贴对象和标准"
    assert found[2].text == NOTICE[6]
    assert found[5].text.startswith("1. 严禁"), "items stay together"


def test_a_law_by_its_articles() -> None:
    found = split(blocks(LAW), "劳动法")
    assert [passage.section for passage in found] == ["", "第一章 总则 第一条", "第一章 总则 第二条", "第二章 工时 第十条"]
    assert found[2].text == "本法适用于企业。\n下列不适用:\n(一)公务员;\n(二)现役军人。", "an article keeps its items"


def test_headings_by_style_count_for_all_of_their_kind() -> None:
    styled = [Block("办法", 1), Block("一、标准", 2), Block("给一半。"), Block("二、期限"), Block("三年。"), Block("附件"), Block("表。")]
    assert [passage.section for passage in split(styled, "办法")] == ["一、标准", "二、期限", "附件"]


def test_a_long_text_is_cut_at_the_ends_of_sentences() -> None:
    found = split(blocks(["这是一句不短的话,讲的是怎么申请补贴。" * 100]))
    assert len(found) > 2
    assert all(len(passage.text) <= 900 and passage.text.endswith("。") for passage in found)


line = st.builds(lambda mark, text: f"{mark}{text}", st.sampled_from(MARKS), st.text("补贴标准。;:\n 12(二、条", max_size=60) | st.just("话。" * 300))


@given(st.lists(st.builds(Block, line, st.integers(0, 3)), max_size=25), st.sampled_from(["", "补贴", "一、"]))
def test_nothing_is_lost_and_all_is_in_order(given_blocks: list[Block], title: str) -> None:
    found = split(given_blocks, title)
    joined = "".join(passage.heads + passage.text for passage in found)
    assert "".join(joined.split()) == "".join("".join(block.text for block in given_blocks).split())
    assert all(passage.text for passage in found)


@pytest.mark.parametrize(
    ("question", "section"),
    [
        ("市级财政承担每人每月多少", "(二)补贴标准"),
        ("见习补贴申请表和考勤记录交到哪里", "(一)申请"),
        ("见习补贴审核多久拨付", "(二)审核拨付"),
    ],
)
def test_the_clause_that_is_meant(question: str, section: str) -> None:
    quote = notice().find(question, TODAY)
    assert quote
    assert quote.section.endswith(section)
    assert quote.text in NOTICE


@pytest.mark.parametrize("question", ["", "1", "测试测试", "你好", "学校食堂好吃吗", "怎么离婚", "驾照过期了怎么办", "2027年12月31日"])
def test_what_is_not_meant_is_not_quoted(question: str) -> None:
    assert notice().find(question, TODAY) is None


def test_another_place_and_a_past_day_are_not_quoted() -> None:
    question = "市级财政承担每人每月多少"
    lanzhou, gansu, guiyang = (regions.find(name) for name in ("兰州", "甘肃", "贵阳"))
    assert notice("甘肃").find(question, TODAY, lanzhou)
    assert notice("甘肃").find(question, TODAY, None)
    assert notice("甘肃").find(question, TODAY, guiyang) is None
    assert notice("兰州").find(question, TODAY, gansu) is None, "a city's notice does not hold in the whole province"
    assert notice(valid_to=TODAY).find(question, TODAY)
    assert notice(valid_to=date(2026, 11, 21)).find(question, TODAY) is None


def test_without_documents_there_is_nothing() -> None:
    assert NOTHING.find("市级财政承担每人每月多少", TODAY) is None
    assert NOTHING.ranked("见习", TODAY) == []
    assert NOTHING.sourced(["《劳动合同法》第 19 条"], "试用期", TODAY) is None


def test_a_long_passage_is_quoted_by_the_sentences_that_say_it() -> None:
    filler = "本条规定其他无关的一般事项和程序。"
    text = filler * 20 + "市级财政对困难家庭毕业生每人另外补助交通费三百元。" + filler * 20
    held = Passages(1, [(document(), Passage("第九条", "", text))])
    quote = held.quote(0, "困难家庭毕业生交通费补助多少")
    assert "交通费三百元" in quote.text
    assert quote.text in text
    assert len(quote.text) <= QUOTE
    assert not quote.begun
    assert not quote.ended


def test_articles_are_found_as_others_cite_them() -> None:
    laws = [
        (document(1, title="中华人民共和国劳动合同法"), Passage("第二章 订立 第十九条", "", "试用期不得超过六个月。")),
        (document(1, title="中华人民共和国劳动合同法"), Passage("第七章 责任 第八十三条", "", "违法约定的试用期,支付赔偿金。")),
        (document(2, title="劳动法"), Passage("第二十一条", "", "试用期最长不得超过六个月。")),
        (document(3, title="最高人民法院关于审理劳动争议案件适用法律问题的解释（一）"), Passage("第四十四条", "", "由用人单位负举证责任。")),
    ]
    held = Passages(1, laws)
    assert held.article("《劳动合同法》", 19) == 0
    assert held.article("劳动法", 19) is None
    assert held.article("审理劳动争议案件解释(一)", 44) == 3
    quote = held.sourced(["《劳动合同法》第 19、70、83 条"], "违法约定试用期赔偿", TODAY)
    assert quote
    assert quote.section.endswith("第八十三条")
    assert held.sourced(["金人社发〔2026〕12号《通知》"], "举证责任", TODAY), "a document is known by its number too"
    assert held.sourced(["《民法典》第 500 条", "口头答复"], "试用期", TODAY) is None


def test_numbers() -> None:
    assert [number_of(text) for text in ("九", "十", "十九", "二十", "九十八", "一百零三", "一百一十", "12")] == [9, 10, 19, 20, 98, 103, 110, 12]
    assert list(cited("《劳动合同法》第 36–38、87 条")) == [("劳动合同法", 36), ("劳动合同法", 37), ("劳动合同法", 38), ("劳动合同法", 87)]
    assert list(cited("《劳动法》(2018)第 44 条")) == [("劳动法", 44)]
    assert list(cited("《通知》,2025 年")) == []


def test_a_stored_index_answers_like_the_built_one() -> None:
    built = notice()
    loaded = Passages(1, built.rows, built.dump())
    for question in ("市级财政承担每人每月多少", "见习补贴审核多久拨付", "怎么离婚"):
        assert [row for row, _ in loaded.ranked(question, TODAY)] == [row for row, _ in built.ranked(question, TODAY)]
        assert loaded.find(question, TODAY) == built.find(question, TODAY)
