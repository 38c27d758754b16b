"""Parts as JSON and back, and fitted to what a channel carries: nothing lost, no piece too long."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.messages import Choice, Limits, Link, Paper, Part, Say, fit, from_json, to_json

CHOICES = (Choice("我的合同是一年", "ask/LAB-02/all"), Choice("问老师", "go/human"))
LINKS = (Link("官方原文", "https://www.gov.cn/x"),)
WORD = st.text(max_size=20)
SAY = st.builds(
    Say,
    st.text(max_size=80),
    st.lists(st.builds(Choice, WORD, WORD), max_size=4).map(tuple),
    st.lists(st.builds(Link, WORD, WORD), max_size=2).map(tuple),
)
PART = st.one_of(SAY, st.builds(Paper, WORD, WORD, WORD))
SENTENCES = st.lists(st.text("毕业生补贴多少 a😀", min_size=1, max_size=60), max_size=20).map("。\n".join)


@pytest.mark.parametrize(
    ("part", "row"),
    [
        (Say("你好"), {"kind": "say", "text": "你好"}),
        (Say(""), {"kind": "say", "text": ""}),
        (
            Say("看合同签多久", CHOICES, LINKS),
            {
                "kind": "say",
                "text": "看合同签多久",
                "choices": [{"label": "我的合同是一年", "value": "ask/LAB-02/all"}, {"label": "问老师", "value": "go/human"}],
                "links": [{"label": "官方原文", "url": "https://www.gov.cn/x"}],
            },
        ),
        (
            Paper("我的资料.json", "application/json", "{}"),
            {"kind": "paper", "name": "我的资料.json", "media_type": "application/json", "content": "{}"},
        ),
    ],
)
def test_the_shape_of_the_machine_interface(part: Part, row: dict[str, object]) -> None:
    assert to_json(part) == row
    assert from_json(row) == part


@given(PART)
def test_there_and_back(part: Part) -> None:
    assert from_json(json.loads(json.dumps(to_json(part)))) == part


def test_a_row_without_text_is_still_a_part() -> None:
    assert from_json({"kind": "say"}) == Say("")


@given(PART)
def test_what_fits_is_left_alone(part: Part) -> None:
    assert fit(part, Limits()) == [part]


def test_without_buttons_choices_are_numbered_lines() -> None:
    assert fit(Say("选一个", CHOICES, LINKS), Limits(buttons=False)) == [Say("选一个\n1. 我的合同是一年\n2. 问老师", (), LINKS)]


def test_choices_and_links_stay_with_the_last_piece() -> None:
    pieces = fit(Say("第一句话说完了。" * 10, CHOICES, LINKS), Limits(text=30))
    assert len(pieces) > 2
    assert all(isinstance(piece, Say) and not piece.choices and not piece.links for piece in pieces[:-1])
    assert pieces[-1] == Say(pieces[-1].text, CHOICES, LINKS) if isinstance(pieces[-1], Say) else False


def texts(pieces: list[Part]) -> list[str]:
    return [piece.text for piece in pieces if isinstance(piece, Say)]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("一二三四五\n六七八九十一二", ["一二三四五", "六七八九十一二"]),
        ("一二三四五六。七八九十", ["一二三四五六。", "七八九十"]),
        ("一二三四五六 七八九十", ["一二三四五六 ", "七八九十"]),
        ("一。二三四五六七八九十一二", ["一。二三四五六七八九", "十一二"]),
        ("一二三四五六七八九十", ["一二三四五六七八九十"]),
        ("一二三四五六七八九十一", ["一二三四五六七八九十", "一"]),
        ("", [""]),
    ],
)
def test_where_a_text_is_cut(text: str, pieces: list[str]) -> None:
    assert texts(fit(Say(text), Limits(text=10))) == pieces


@given(SENTENCES, st.integers(12, 200), st.booleans(), st.booleans())
def test_pieces_fit_and_nothing_is_lost(text: str, most: int, in_bytes: bool, buttons: bool) -> None:
    limits = Limits(most, in_bytes, buttons)
    pieces = texts(fit(Say(text, CHOICES), limits))
    assert all((len(piece.encode()) if in_bytes else len(piece)) <= most for piece in pieces)
    shown = text if buttons else f"{text}\n1. 我的合同是一年\n2. 问老师"
    assert "".join(pieces).replace("\n", "") == shown.replace("\n", "")
    assert all(pieces) or not text


def test_a_wide_character_is_never_cut_in_bytes() -> None:
    pieces = texts(fit(Say("😀" * 50), Limits(text=21, in_bytes=True)))
    assert "".join(pieces) == "😀" * 50
    assert {len(piece) for piece in pieces} <= set(range(1, 6))


def test_a_wide_character_is_two_units_of_utf16() -> None:
    pieces = texts(fit(Say("a" + "😀" * 50), Limits(text=21, in_utf16=True)))
    assert "".join(pieces) == "a" + "😀" * 50
    assert all(len(piece.encode("utf-16-le")) // 2 <= 21 for piece in pieces)


def test_a_paper_is_one_piece() -> None:
    paper = Paper("a.txt", "text/plain", "长" * 5_000)
    assert fit(paper, Limits(text=10)) == [paper]
