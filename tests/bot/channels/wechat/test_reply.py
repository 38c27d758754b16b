"""What is said: passive replies byte for byte and back, splitting, menus, links."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat import reply
from bot.channels.wechat.envelope import Keys, legal, sealed, signature
from bot.channels.wechat.limits import TEXT
from bot.channels.wechat.receive import Form, Kind, Received
from dialogs.messages import Choice, Link, Paper, Part, Say
from tests.simulators.wechat.envelope import reply_text

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
KEYS = Keys("lixiaobulixian", "wxdemo0000000001", "CareerDemoKeyCareerDemoKeyCareerDemoKey0123", "B" * 43)
PUSH = {"FromUserName": "oPerson", "ToUserName": "gh_1"}
CHOICES = (Choice("我的合同是一年", "ask/LAB-02/all"), Choice("问老师", "go/human"))
LINK = Link("官方原文", "https://www.gov.cn/x?a=1&b=2")
FORMS = [Form(), Form(json=True), Form(aes_key=KEYS.aes_key), Form(json=True, aes_key=KEYS.previous_aes_key)]
WORD = st.text(max_size=30)
SAY = st.builds(
    Say,
    st.text(max_size=60) | st.text("毕业生补贴。\n <a>", max_size=2500),
    st.lists(st.builds(Choice, WORD, WORD), max_size=12).map(tuple),
    st.lists(st.builds(Link, WORD, st.just("https://a.example.invalid/") | WORD), max_size=3).map(tuple),
)
PARTS = st.lists(SAY | st.builds(Paper, WORD, WORD, st.text(max_size=3000)), max_size=4)


def received(form: Form = FORMS[0], *, answerable: bool = True) -> Received:
    return Received("key", KEYS.appid, "gh_1", "oPerson", Kind.TEXT, "text", AT, form, answerable)


def shown(text: str, form: Form) -> str:
    """What the platform's own reading makes of the reply."""
    body = reply.passive_bytes(received(form), text, KEYS, AT)
    return reply_text(body, PUSH, KEYS.token, KEYS.appid, form.aes_key, "safe" if form.aes_key else "plain", "json" if form.json else "xml")


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize(
    "text", ["你好", "hi]]></Content><Content><![CDATA[spoof", "]]>", "a\x08\x00b\x1d", "<a href='x'>&amp;", "一\r\n二\r三", " 空 "]
)
def test_text_arrives_as_it_is(text: str, form: Form) -> None:
    assert shown(text, form) == legal(text).replace("\r\n", "\n").replace("\r", "\n")


def test_a_mass_send_is_one_text_without_buttons_and_anchors() -> None:
    text = reply.shared([Say("双选会", CHOICES, (LINK,))])
    assert text == f"双选会\n官方原文：{LINK.url}\n1. 我的合同是一年\n2. 问老师\n{reply.BY_NUMBER}"
    assert reply.shared([Say("放假")]) == "放假"
    assert reply.shared([Say("<a href='https://a.example.invalid'>点我</a>")]) == "＜a href='https://a.example.invalid'>点我＜/a>"
    assert reply.shared([Say("长" * 700)]) is None
    assert reply.shared([Say("长" * 660, CHOICES[:1])]) is None, "no room for how to choose"
    assert reply.shared([]) is None


@given(st.text(max_size=300).filter(lambda text: legal(text).strip()), st.sampled_from(FORMS))
def test_any_text_arrives(text: str, form: Form) -> None:
    assert shown(text, form) == legal(text.replace("\r\n", "\n").replace("\r", "\n"))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_nothing_to_say_is_success(form: Form) -> None:
    assert reply.passive_bytes(received(form), " \x00", KEYS, AT) == b"success"
    assert reply.passive_bytes(replace(received(form), answerable=False), "你好", KEYS, AT) == b"success"


def test_the_official_encrypted_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wechatpy.crypto.base.random_string", lambda length: "707722b803182950")
    encrypted = sealed('{"demo_resp":"good luck"}', "wxba5fad812f8e6fb9", "A" * 43)
    assert signature("AAAAA", "1713424427", "415670741", encrypted) == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
    wrapped = json.loads(reply.envelope(encrypted, "1b93", "1713424427", "415670741", as_json=True))
    assert wrapped == {"Encrypt": encrypted, "MsgSignature": "1b93", "TimeStamp": 1713424427, "Nonce": "415670741"}


def test_short_parts_are_one_free_reply() -> None:
    text, *rest = reply.texts([Say("第一段", CHOICES[:1]), Say("第二段", CHOICES, (LINK,))])
    assert text == (
        "第一段\n· 我的合同是一年\n\n第二段\n1. 我的合同是一年\n2. 问老师\n"
        '<a href="https://www.gov.cn/x?a=1&b=2">官方原文</a>'
    )  # fmt: skip
    assert rest == []
    assert reply.texts([]) == []


def test_what_does_not_fit_costs_messages() -> None:
    text, *rest = reply.texts([Say("这是一句话。" * 300), Say("完")])
    assert text.endswith("。")
    assert len(rest) == 2
    assert text + "".join(rest) == "这是一句话。" * 300 + "\n\n完"


def said(body: dict[str, Any]) -> str:
    inner = body[body["msgtype"]]
    return str(inner["content"] if body["msgtype"] == "text" else inner["head_content"])


def weight(body: dict[str, Any]) -> int:
    items = body["msgmenu"]["list"] if body["msgtype"] == "msgmenu" else []
    return len(said(body).encode()) + sum(len(item["content"].encode()) for item in items)


@given(PARTS, st.none() | st.integers(1, 10**12))
def test_every_message_fits_and_nothing_is_lost(parts: list[Part], row: int | None) -> None:
    for bodies in ([reply.text_body(text) for text in reply.texts(parts)], reply.bodies(parts, row)):
        assert all(weight(body) <= 2048 for body in bodies)
        assert all(len(said(body).encode()) <= TEXT.text for body in bodies)
        assert all(said(body).strip() for body in bodies if body["msgtype"] == "text")
        told = "".join(said(body) for body in bodies) + "".join(
            item["content"] for body in bodies if body["msgtype"] == "msgmenu" for item in body["msgmenu"]["list"]
        )
        for part in parts:
            for wanted in [part.content] if isinstance(part, Paper) else [part.text, *(choice.label for choice in part.choices)]:
                assert letters(wanted) in letters(told)


def letters(text: str) -> str:
    """What must survive: all but white space, and `<` before an a."""
    return re.sub(r"[\s<＜]", "", legal(text))


def test_choices_are_a_menu_with_ids_that_lead_back() -> None:
    parts = [Say("前言"), Say("选一个", CHOICES), Say("还有", (Choice("帮助", "go/help"),))]
    first, second = reply.bodies(parts, 1234)[1:]
    assert first["msgmenu"]["head_content"] == "选一个"
    assert first["msgmenu"]["list"] == [{"id": "123401", "content": "我的合同是一年"}, {"id": "123402", "content": "问老师"}]
    assert second["msgmenu"]["list"] == [{"id": "123403", "content": "帮助"}]
    assert reply.menu_place("123403") == (1234, 3)
    assert reply.choices(parts)[3 - 1] == Choice("帮助", "go/help")


def test_a_menu_that_does_not_fit_beside_its_text_follows_it() -> None:
    first, second = reply.bodies([Say("长" * 660, CHOICES)], 7)
    assert first == reply.text_body("长" * 660)
    assert second["msgmenu"]["head_content"] == reply.ASK
    assert weight(second) <= 2048


@given(st.integers(1, 10**15), st.integers(1, 99))
def test_menu_ids_there_and_back(row: int, number: int) -> None:
    made = reply.menu_id(row, number)
    assert made.isdecimal()
    assert reply.menu_place(made) == (row, number)


@pytest.mark.parametrize("odd", ["", "1", "12", "abc", "9" * 40, "１２３"])
def test_menu_ids_that_are_not_ours(odd: str) -> None:
    assert reply.menu_place(odd) == (0, 0)


def test_without_a_row_or_with_too_many_choices_a_menu_is_numbered() -> None:
    assert reply.bodies([Say("选", CHOICES)]) == [reply.text_body("选\n1. 我的合同是一年\n2. 问老师")]
    many = tuple(Choice(f"第{number}项", str(number)) for number in range(12))
    assert reply.bodies([Say("选", many)], 7)[0]["text"]["content"].endswith("12. 第11项")


@pytest.mark.parametrize(
    ("link", "line"),
    [
        (LINK, '<a href="https://www.gov.cn/x?a=1&b=2">官方原文</a>'),
        (Link("<b>原文", "https://a.invalid/\" onclick='x'>"), '<a href="https://a.invalid/%22%20onclick=%27x%27%3E">＜b＞原文</a>'),
        (Link("", "https://a.invalid/"), '<a href="https://a.invalid/">https://a.invalid/</a>'),
        (Link("点我", "javascript:alert(1)"), "点我 javascript:alert(1)"),
        (Link("点我", "<a href=x>"), "点我 ＜a href=x>"),
    ],
)
def test_links(link: Link, line: str) -> None:
    assert reply.texts([Say("看", (), (link,))])[0] == f"看\n{line}"


@pytest.mark.parametrize("text", ['<a href="https://evil.invalid">点我</a>', "< a href=x>", "<\nA href=x>y</a >"])
def test_what_others_wrote_becomes_no_link(text: str) -> None:
    assert not re.search(r"<\s*/?\s*a\b", reply.texts([Say(text)])[0], re.IGNORECASE)


def test_a_link_is_never_cut() -> None:
    links = tuple(Link("原文" * 20, f"https://a.invalid/{'x' * 700}{number}") for number in range(4))
    for one in reply.texts([Say("长" * 600, (), links)]):
        assert one.count("<a href=") == one.count("</a>")


def test_a_paper_is_said() -> None:
    assert reply.texts([Paper("我的资料.json", "application/json", "{}")])[0] == "【我的资料.json】\n{}"
