"""The PDF of a résumé: one page in both styles, every fact in its order, whatever was typed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from io import BytesIO

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from knowledge.resume import draft, glyphs, pdf
from knowledge.resume.extract import from_bytes, pasted
from knowledge.resume.sections import read

DONE = "整理 600 份凭证,查出 12 处错误\n把对账表改成公式\uff0c每月少花半天\n用 Python(pandas) 核对 2,300 笔流水,从 3 小时降到 20 分钟,后两届都在用"
SHORT = {"name": "买买提·艾力", "goal": "仓管", "school": "2023.09-2026.06 演示职业学院 物流 大专"}
USUAL = {
    "name": "李一",
    "contact": "13800138000 liyi.accounting@example.com",
    "goal": "会计助理,成都",
    "school": "2022.09-2026.06 某某学院 会计 本科\n主修:财务会计(92)、管理会计(90)",
    **{key: f"2025.0{month}-2025.0{month + 1} 青禾商贸 & Sons 财务实习生\n{DONE}" for key, month in (("one", 7), ("two", 4), ("three", 1))},
    "skills": "Excel:透视表、函数、Power Query\n英语六级\uff08528 分\uff09",
    "certificates": "初级会计(2025)\n2024 年国家励志奖学金",
}
ANSWERS = ("school", *draft.EXPERIENCES, "skills", "certificates")
LONG = USUAL | {key: "\n".join(f"{key} 第 {number} 件:核对 {number * 37} 条流水,整理成周报发给 3 个部门" for number in range(24)) for key in ANSWERS}
LINES = USUAL | {key: "\n".join(f"{key[:2]}{number}" for number in range(160)) for key in ("contact", *ANSWERS)}
"""More lines than a page has, of as many characters as the dialog takes."""
SENTENCES = USUAL | {key: f"{key}{'负责供应商对账和月末结账,逐条核对,整理成周报' * 40}"[:800] for key in ANSWERS}


def texts(data: bytes) -> list[str]:
    """As pdfium and as pypdf read it, without what line ends and lists change."""
    document = pypdfium2.PdfDocument(data)
    found = [
        "".join(page.get_textpage().get_text_range() for page in document),
        "".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages),
    ]
    return [bare(each) for each in found]


def bare(text: str) -> str:
    return re.sub(r"[^\w,.@&()<>/;]+", "", text)


def facts(said: Mapping[str, str], style: draft.Style) -> list[str]:
    """What was said, in the order in which it is to be read."""
    head, found = draft.blocks(draft.compose(said))
    side, main = draft.columns(found, style)
    return [*head, *(each for block in (*side, *main) for each in (block.heading, *block.lines))]


@pytest.mark.parametrize("style", draft.STYLES)
@pytest.mark.parametrize("said", [SHORT, USUAL, LONG, LINES, SENTENCES], ids=["short", "usual", "long", "lines", "sentences"])
def test_one_page_holds_every_fact_in_order(said: dict[str, str], style: draft.Style) -> None:
    data = pdf.written(draft.compose(said), style)
    assert len(PdfReader(BytesIO(data)).pages) == 1
    for text in texts(data):
        place = 0
        for fact in facts(said, style):
            found = text.find(bare(fact), place)
            assert found >= 0, fact
            place = found + len(bare(fact))
        assert place == len(text), "and nothing else"


@pytest.mark.parametrize("style", draft.STYLES)
def test_our_own_reader_finds_it_again_and_its_look_is_clean(style: draft.Style) -> None:
    paper = from_bytes(pdf.written(draft.compose(USUAL), style), "李一-会计助理.pdf")
    assert all("左右两栏" in doubt for doubt in paper.doubts)
    assert {section.kind for section in read(pasted(paper.text).text).sections} >= {"education", "skills"}
    rows = paper.text.splitlines()
    assert rows[0] == "李一"
    assert rows[rows.index("实习与实践经历") + 1].startswith("2025.07")
    assert paper.look["author"] == "李一", "and not the one of a library"


def test_letters_shrink_only_as_far_as_they_must() -> None:
    assert [size(said) for said in (SHORT, USUAL)] == [10.5, 10.5]
    assert 6 < size(LONG | {key: LONG[key][:400] for key in ANSWERS}) < 10


def size(said: Mapping[str, str]) -> float:
    places = pdf.fitted(list(pdf.layouts(*draft.blocks(draft.compose(said)), "plain")))
    return next(place.row.letter for place in places if place.row.look is pdf.LINE)


@pytest.mark.parametrize("style", draft.STYLES)
@pytest.mark.parametrize("text", ["字" * 3000, "a" * 3000, "\uff0c" * 3000, "(" * 3000, "1," * 1500, " a" * 1500], ids=lambda text: text[:2])
def test_what_has_no_place_to_break_is_cut_and_not_lost(text: str, style: draft.Style) -> None:
    data = pdf.written(draft.compose({"name": "李甲", "one": text, "skills": text}), style)
    sign = text.strip()[0]
    places = pdf.fitted(list(pdf.layouts(*draft.blocks(draft.compose({"name": "李甲", "one": text, "skills": text})), style)))
    assert all(pdf.long(place.row.text) * place.row.letter <= place.row.width + 0.01 for place in places)
    assert sum(place.row.text.count(sign) for place in places) >= 2 * text.count(sign)
    assert len(PdfReader(BytesIO(data)).pages) == 1


def test_a_file_of_many_pages_becomes_several_that_can_be_read() -> None:
    data = pdf.written("随便\n" + "写了很多很多字\n" * 4000)
    assert len(PdfReader(BytesIO(data)).pages) > 10
    assert texts(data)[0].count("写了很多很多字") == 4000


def test_marks_of_other_languages_are_only_signs() -> None:
    said = {"name": "李<b>甲", "goal": "<font size=90>&amp;</font> & \\(", "one": "2025.01 %s {x} $1\n- <a href='x'>\x00\x1b[1m\u202e反\u200b</a>"}
    for text in texts(pdf.written(draft.compose(said))):
        assert text.startswith("李<b>甲")
        assert "<fontsize90>&amp;</font>&(" in text
        assert "<ahrefx>1m反</a>" in text


@pytest.mark.parametrize(
    ("said", "drawn"),
    [
        ("\U0001f600好\u2705\ufe0f", "好"), ("\U0002cb5a", "〓"), ("ﬁ\u1e3f\u2165", "fim\u2165"), ("\u3000a\tb\u00a0c", "a b c"),
        ("\u4dae", "\u4dae"), ("\ud55c", "〓"),
    ],
)  # fmt: skip
def test_what_stands_for_signs_that_the_font_lacks(said: str, drawn: str) -> None:
    assert glyphs.drawn(said) == drawn


def test_the_letters_that_are_lacking_are_told_once() -> None:
    assert glyphs.lacking("张\U0002cb5a\U0002cb5a\U0001f600〓\ud55c") == "\U0002cb5a\ud55c"


@given(st.dictionaries(st.sampled_from([*ANSWERS, "name", "goal", "contact"]), st.text(max_size=60), max_size=9), st.sampled_from(list(draft.STYLES)))
def test_no_sign_breaks_the_file_and_none_that_can_be_drawn_is_lost(said: dict[str, str], style: draft.Style) -> None:
    text = draft.compose(said)
    pdf.written(text, style)
    places = pdf.fitted(list(pdf.layouts(*draft.blocks(text), style)))
    assert {place.page for place in places} <= {0}
    assert letters("".join(place.row.text for place in places)) == letters(glyphs.drawn(text.replace("求职意向:", "求职意向")))


def letters(text: str) -> Counter[str]:
    return Counter(sign for sign in text if sign.isalnum())


@pytest.mark.parametrize(
    ("said", "title"),
    [
        (USUAL, "李一-会计助理"), ({"name": "李一"}, "李一-简历"), ({}, "简历"),
        ({"name": "Li Yi", "goal": "C++/C# 开发、测试"}, "LiYi-C++C#开发"), ({"name": "../../x\r\n", "goal": "\"a\""}, "x-a"),
    ],
)  # fmt: skip
def test_a_file_is_called_after_its_person_and_the_post(said: dict[str, str], title: str) -> None:
    assert draft.title(draft.compose(said)) == title
