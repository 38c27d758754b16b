"""A résumé out of answers: what was said is in it and nothing else, our own reader finds it again, no sign breaks the file."""

from __future__ import annotations

from collections import Counter
from io import BytesIO

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from knowledge.resume import draft
from knowledge.resume.extract import from_bytes, pasted
from knowledge.resume.sections import read

SAID = {
    "name": "李甲",
    "goal": "会计助理",
    "contact": "13800000000 lijia@example.com",
    "school": "2022.09-2026.06 演示大学 会计学 本科",
    "one": "2026.03-2026.06 青禾商贸 财务实习生\n整理 600 份凭证\n- 查出 12 处错误",
    "skills": "Excel",
    "certificates": "初级会计(2025)",
}


def test_a_built_resume_is_read_again_from_its_word_file() -> None:
    text = draft.compose(SAID)
    assert "- 整理 600 份凭证\n- 查出 12 处错误" in text
    for style in draft.STYLES:
        again = from_bytes(draft.word(text, style), "简历.docx").text
        for words in ("李甲", "演示大学", "会计学", "2022.09-2026.06", "查出 12 处错误", "初级会计(2025)", "Excel"):
            assert words in again.replace("（", "(").replace("）", ")"), (style, words)
        found = read(pasted(again).text)
        assert [section.kind for section in found.sections if section.kind in ("education", "skills")]


@pytest.mark.parametrize(("comma", "stop"), [(",", ";"), ("\uff0c", "\uff1b"), ("\uff0c", "。")])
def test_what_was_skipped_leaves_no_heading_and_one_line_becomes_points(comma: str, stop: str) -> None:
    assert draft.compose({"name": "王乙"}) == "王乙"
    text = draft.compose({"name": "王乙", "one": f"2023.06 至今 家里的小卖部{comma}收银进货{stop}每天接待 80 人。"})
    assert text.split("\n")[-3:] == ["2023.06 至今 家里的小卖部", "- 收银进货", "- 每天接待 80 人"]
    assert "教育背景" not in text


def test_a_text_that_was_not_built_is_a_file_too() -> None:
    head, blocks = draft.blocks("随便\n写的")
    assert (head, blocks) == (["随便", "写的"], [])
    assert draft.word("随便\n写的").startswith(b"PK")


@given(st.dictionaries(st.sampled_from(list(SAID)), st.text(max_size=60), max_size=7), st.sampled_from(list(draft.STYLES)))
def test_no_sign_breaks_the_file_and_none_is_lost(said: dict[str, str], style: draft.Style) -> None:
    text = draft.compose(said)
    document = Document(BytesIO(draft.word(text, style)))
    paragraphs = [*document.paragraphs, *(each for table in document.tables for cell in table.rows[0].cells for each in cell.paragraphs)]
    held = "".join(paragraph.text for paragraph in paragraphs)
    assert letters(held) == letters(text.replace("求职意向:", "求职意向"))


def letters(text: str) -> Counter[str]:
    """What is read, wherever it stands; the signs of lists are drawn otherwise."""
    return Counter(sign for sign in text if sign.isalnum())
