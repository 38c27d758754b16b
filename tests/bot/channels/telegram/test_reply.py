"""Parts as calls: what Telegram would read is what was meant, nothing is lost or too long, and every button leads back to its choice."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.channels.telegram import reply
from bot.channels.telegram.limits import BUTTONS, BUTTONS_PER_ROW, CALLBACK_BYTES, ENTITIES, TEXT
from bot.channels.telegram.reply import Button, Document, Message, Tapped, blank, bodies, chosen, decode, encode, layout
from dialogs.messages import Choice, Link, Paper, Part, Say, to_json
from tests.simulators.telegram import calls, markup

ROW = 12345
ODD = ["<b>不闭合", "a & b < c", "</a>", "&lt;", "😀" * 30, "👨‍👩‍👧" * 5, "\u200b\n ", "\ud83d", "一\r\n二\x07"]
TEXTS = st.text(max_size=60) | st.sampled_from(ODD)
LONG = st.builds(lambda piece, times: piece * times, st.text("毕业a😀<&>\n。 ", min_size=1, max_size=9), st.integers(1, 2_000))
LABELS = st.text(max_size=30)
CHOICES = st.lists(st.builds(Choice, LABELS, LABELS | st.sampled_from(["go/menu", "#1/2", "step/profile/1/city/贵阳", "x" * 65])), max_size=6)
LINKS = st.lists(st.builds(Link, LABELS, LABELS | st.sampled_from(["https://www.gov.cn/a?b=1&c='\"<>", "javascript:x", "http://"])), max_size=4)
SAYS = st.builds(Say, TEXTS | LONG, CHOICES.map(tuple), LINKS.map(tuple))


def messages(*parts: Part) -> list[Message]:
    return [body for body in bodies(parts, ROW) if isinstance(body, Message)]


def buttons(found: list[Message]) -> list[Button]:
    return [button for message in found for row in message.rows for button in row]


def seen(text: str) -> str:
    """What is left to see of a text."""
    return "".join(character for character in reply.clean(text) if not blank(character))


@settings(deadline=None, max_examples=60)
@given(SAYS)
@example(Say("😀" * 5_000))
@example(Say("&" * 9_000))
@example(Say("字" * 4_095 + "😀" + "字" * 10))
def test_nothing_lost_nothing_too_long_and_every_mark_closed(say: Say) -> None:
    found = messages(say)
    for message in found:
        shown = markup.html(message.html)
        assert 0 < shown.units <= TEXT
        assert markup.units(message.plain) <= TEXT
        assert len(message.html.encode()) <= calls.RAW_BYTES
        assert len(shown.entities) <= ENTITIES
        assert markup.units(markup.html(message.html).text) <= TEXT
        assert all(1 <= len(button.data.encode()) <= CALLBACK_BYTES and button.label.strip() for row in message.rows for button in row)
        assert all(1 <= len(row) <= BUTTONS_PER_ROW for row in message.rows)
    text = Say(say.text)
    assert "".join(seen(message.plain) for message in messages(text)) == seen(say.text)
    assert "".join(seen(markup.html(message.html).text) for message in messages(text)) == seen(say.text)
    for link in say.links:
        assert all(seen(part) in "".join(seen(message.plain) for message in found) for part in (link.label.strip(), link.url.strip()))


@settings(deadline=None)
@given(SAYS, SAYS)
def test_every_button_leads_back_to_its_choice(one: Say, two: Say) -> None:
    stored = [to_json(one), to_json(two)]
    meant = [*one.choices, *two.choices]
    for button, choice in zip(buttons(messages(one, two)), meant, strict=True):
        back = decode(button.data)
        if isinstance(back, Tapped):
            assert back.row == ROW
            assert chosen(stored, back.n) == choice
        else:
            assert back == choice.value


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ("go/menu", "go/menu"),
        ("ask/PLT-02/all", "ask/PLT-02/all"),
        ("x" * 64, "x" * 64),
        ("x" * 65, "#12345/3"),
        ("step/profile/1/city/贵阳", "#12345/3"),
        ("#1/2", "#12345/3"),
        ("a b", "#12345/3"),
        ("", "#12345/3"),
    ],
)
def test_a_value_that_fits_is_its_own_data(value: str, data: str) -> None:
    assert encode(value, ROW, 3) == data


@pytest.mark.parametrize(("data", "meant"), [("#7/0", Tapped(7, 0)), ("#x", "#x"), ("#7/0/1", "#7/0/1"), ("#" + "9" * 30 + "/1",) * 2])
def test_data_that_anyone_can_make_up(data: str, meant: object) -> None:
    assert decode(data) == meant


@pytest.mark.parametrize("n", [2, 99, 10**4])
def test_a_choice_that_is_not_there(n: int) -> None:
    assert chosen([to_json(Say("x", (Choice("甲", "a"), Choice("乙", "b"))))], n) is None


def test_links_are_anchors_under_the_text() -> None:
    assert messages(Say("看原文", (), (Link("原文<1>", "https://www.gov.cn/a?b=1&c=2"),))) == [
        Message('看原文\n<a href="https://www.gov.cn/a?b=1&amp;c=2">原文&lt;1&gt;</a>', "看原文\n原文<1>：https://www.gov.cn/a?b=1&c=2")
    ]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "tel:12333", "https://", "https://a b"])
def test_an_address_that_is_none_is_shown_as_text(url: str) -> None:
    found = messages(Say("打电话", (), (Link("人社热线", url),)))
    assert "<a" not in found[0].html
    assert url.strip() in found[0].plain


def test_a_link_that_no_longer_fits_opens_a_new_message() -> None:
    found = messages(Say("字" * (TEXT - 5), (Choice("菜单", "go/menu"),), (Link("原文", "https://www.gov.cn/"),)))
    assert [bool(message.rows) for message in found] == [False, True]
    assert found[1].plain == "原文：https://www.gov.cn/"


def test_more_than_a_hundred_links_and_an_endless_one() -> None:
    found = messages(Say("看", (), tuple(Link("原", f"https://a.cn/{number}") for number in range(150))))
    assert [len(markup.html(message.html).entities) for message in found] == [100, 50]
    assert all(markup.units(message.plain) <= TEXT for message in messages(Say("看", (), (Link("原", "https://a.cn/" + "x" * 9_000),))))


def test_more_than_a_hundred_buttons() -> None:
    choices = tuple(Choice(f"选{number}", f"c/{number}") for number in range(230))
    found = messages(Say("挑", choices))
    assert [sum(map(len, message.rows)) for message in found] == [BUTTONS, BUTTONS, 30]
    assert [button.data for button in buttons(found)] == [choice.value for choice in choices]


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        (["菜单", "问老师"], [2]),
        (["是", "否", "跳过"], [3]),
        (["高校毕业生灵活就业社保补贴", "问老师"], [1, 1]),
        (["a"] * 20, [8, 8, 4]),
        (["未就业", "灵活就业", "已就业", "创业", "跳过"], [2, 3]),
        ([], []),
    ],
)
def test_short_labels_share_a_row(labels: list[str], rows: list[int]) -> None:
    assert [len(row) for row in layout([Button(label, "x") for label in labels])] == rows


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "\u3000", "\x00", "\u2800"])
def test_nothing_to_see_is_not_sent(text: str) -> None:
    assert messages(Say(text)) == []
    assert [message.plain for message in messages(Say(text, (Choice("菜单", "go/menu"),)))] == [reply.PICK]


def test_papers() -> None:
    assert bodies([Paper("我的资料.json", "application/json", '{"a":"中"}')], ROW) == [Document("我的资料.json", '{"a":"中"}'.encode())]
    assert [type(body) for body in bodies([Paper("空.txt", "text/plain", "")], ROW)] == [Message]
    assert bodies([Paper(" ", "text/plain", "x\ud83d")], ROW) == [Document("文件.txt", b"x?")]


def test_what_is_said_stays_out_of_repr() -> None:
    shown = repr(bodies([Say("一次性求职补贴", (), (Link("原文", "https://a.cn"),)), Paper("a.txt", "text/plain", "身份证")], ROW))
    assert not re.search("补贴|身份证|a\\.cn", shown)


def test_numbers_run_over_all_parts_of_a_row() -> None:
    parts: list[Part] = [Say("一", (Choice("甲", "值一"),)), Paper("a", "b", "c"), Say("二", (Choice("乙", "值二"),))]
    stored: list[dict[str, Any]] = [to_json(part) for part in parts]
    assert [decode(button.data) for button in buttons(messages(*parts))] == [Tapped(ROW, 0), Tapped(ROW, 1)]
    assert [found.value for n in (0, 1) if (found := chosen(stored, n))] == ["值一", "值二"]
