"""Text as it is searched: normalising is total and idempotent, fillers go, aliases add words and never take any away."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.words import QUERY_CHARS, REMEMBERED_CHARS, Phrases, pairs, remembered, words

ANY = st.text(st.characters(), max_size=80)
"""Unicode of every kind, lone surrogates included."""
SPEECH = st.text("我自己交社保能领补贴吗三方毁约老师好请问abc12３Ａ！。, \n😀", max_size=40)


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("就業見習補貼", "就业见习补贴"),
        ("補贴多少錢？", "补贴多少钱?"),
        ("😭补贴😭呢", "补贴 呢"),
        ("2️⃣", "2"),
        ("②", "2"),
        ("社\u200b保\ufe0f", "社保"),
        ("社保\x00\x07\t\r\n补贴", "社保 补贴"),
        ("好!!!!!!", "好!"),
        ("哈哈哈哈哈", "哈"),
        ("啊啊", "啊啊"),
        ("10000 元", "10000 元"),
        ("~~~~补贴……", "~补贴."),
        ("2/3 与 25%", "2/3 与 25%"),
        ("\u3000 社保 \u3000", "社保"),
        ("👨\u200d👩\u200d👧", ""),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_normalise(typed: str, plain: str) -> None:
    assert words().normalise(typed) == plain


@given(st.one_of(ANY, SPEECH))
def test_normalise_never_raises_and_is_idempotent(text: str) -> None:
    plain = words().normalise(text)
    assert words().normalise(plain) == plain
    assert plain == " ".join(plain.split())
    assert all(unicodedata.category(sign)[0] in "LNPSZ" for sign in plain)


def test_every_single_character_is_stable() -> None:
    """What hypothesis cannot visit: each code point of the first three planes, the simplified table among them."""
    normalise = words().normalise
    unstable = [point for point in range(0x30000) if (once := normalise(chr(point))) != normalise(once)]
    assert unstable == []


def test_the_table_of_simplified_characters_leads_to_its_end() -> None:
    table = {left: right for left, right in pairs("simplified.tsv") if len(left) == len(right) == 1}
    assert len(table) > 2000
    assert not [left for left, right in table.items() if right in table and table[right] != right]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("老师您好我想请问一下求职补贴多少钱", "求职补贴多少钱"),
        ("请问一下老师,求职补贴多少钱?", "求职补贴多少钱"),
        ("  求职补贴多少钱!!!", "求职补贴多少钱"),
        ("求職補貼多少錢", "求职补贴多少钱"),
    ],
)
def test_fillers_make_no_difference(typed: str, meant: str) -> None:
    assert words().plain(typed) == words().plain(meant)
    assert set(words().query(typed)[0]) == set(words().query(meant)[0])


def test_a_question_of_fillers_alone_keeps_its_words() -> None:
    assert words().query("老师好")[0]


@pytest.mark.parametrize(("colloquial", "official"), [("三方", "就业协议"), ("毁三方", "违约"), ("派遣证", "报到证")])
def test_aliases_append(colloquial: str, official: str) -> None:
    typed, added = words().query(f"{colloquial}怎么办")
    assert set(words().features(words().normalise(official))) <= set(added)
    assert set(words().features(colloquial)) <= set(typed)


def test_no_alias_replaces_what_was_typed() -> None:
    for colloquial in words().official:
        typed, added = words().query(f"{colloquial}甲乙")
        assert typed == words().features(words().fillers.remove(f"{colloquial}甲乙")), colloquial
        assert added or not list(words().aliases.find(words().fillers.remove(f"{colloquial}甲乙"))), colloquial


@given(st.one_of(ANY, SPEECH))
def test_queries_of_any_text(text: str) -> None:
    typed, added = words().query(text)
    assert all(typed)
    assert all(added)
    assert all("\n" not in term for term in (*typed, *added)), "an index is stored with one term a line"


def test_a_long_story_keeps_head_and_tail() -> None:
    story = "求职补贴" + "说来话长" * 500 + "多少钱"
    typed, _ = words().query(story)
    assert {"求职", "多少"} <= set(typed)
    assert len(typed) <= 4 * QUERY_CHARS


@given(st.lists(st.text("甲乙丙丁", min_size=1, max_size=4), max_size=8), st.text("甲乙丙丁戊", max_size=30))
def test_phrases_are_found_longest_first_and_never_overlap(phrases: list[str], text: str) -> None:
    found = list(Phrases(phrases).find(text))
    end = 0
    for place, phrase in found:
        assert place >= end
        assert text.startswith(phrase, place)
        assert not [other for other in phrases if len(other) > len(phrase) and text.startswith(other, place)]
        assert not [other for other in phrases for skipped in range(end, place) if text.startswith(other, skipped)]
        end = place + len(phrase)
    assert len(Phrases(phrases).remove(text)) == len(text) - sum(len(phrase) for _, phrase in found)


def test_only_short_texts_are_remembered() -> None:
    """Anybody may send thousands of long ones."""
    worked: list[str] = []

    @remembered
    def count(text: str) -> int:
        worked.append(text)
        return len(text)

    short, long = "短" * REMEMBERED_CHARS, "长" * (REMEMBERED_CHARS + 1)
    assert [count(text) for text in (short, short, long, long)] == [len(short)] * 2 + [len(long)] * 2
    assert worked == [short, long, long]
