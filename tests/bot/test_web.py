"""The chat's page and endpoints as a browser meets them: cookie, messages, history, limits, erasure; the open stream is in test_browser."""

from __future__ import annotations

import asyncio
import json
import re
from itertools import count
from typing import Any, cast

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy import MetaData, func, select
from starlette.applications import Starlette

from bot import delivery
from bot.app import App
from bot.delivery import Delivery
from bot.transcript import InboxMessage
from bot.web.app import create
from bot.web.chat import BODY_BYTES, COOKIE, WebChat
from dialogs.messages import Say
from dialogs.place import Conversation
from knowledge.cases import Case
from knowledge.db import Database
from knowledge.people import Access, Consent, Graduate, Identity, Membership

SENTENCE = re.compile(r"[一-鿿].*[。?]$")
QUESTION = "报到证还发吗"
PATIENCE = 10
"""Seconds after which what should come has not come."""
SECRET = "我叫欧阳测试,电话13800138000"
ODD = {
    "emoji": "😀👩‍👩‍👧🇨🇳",
    "control": "\x07\x1b[31m档案\x00\x7f",
    "surrogate": "档案\ud800",
    "reversed": "\u202e放哪儿\u2066",
    "invisible": "\u200b\ufeff",
    "html": "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "sql": "'; DROP TABLE inbox; --",
    "combining": "档" + "\u0301" * 500,
    "long": "毕业" * 5_000,
}


class Visitor:
    """One browser: keeps its cookie and numbers its messages."""

    def __init__(self, web: Starlette, cookie: bytes = b"") -> None:
        address = getattr(web.state, "address", None)
        self.browser = httpx.AsyncClient(
            transport=None if address else httpx.ASGITransport(web, raise_app_exceptions=False, client=("10.0.0.1", 1)),
            base_url=address or "http://bulixian.test",
            headers={b"cookie": COOKIE.encode() + b"=" + cookie} if cookie else {},
            timeout=PATIENCE,
            trust_env=False,
        )
        self.web, self.chat = web, cast(WebChat, web.state.chat)
        self.numbers = count(1)

    @property
    def conversation(self) -> str:
        return f"web::{self.chat.signer.loads(self.browser.cookies[COOKIE])}"

    def stored(self) -> list[str]:
        return stored(self.chat.app, self.conversation)

    async def enter(self) -> Visitor:
        assert (await self.browser.get("/")).status_code == 200
        return self

    async def post(self, body: bytes | dict[str, Any], kind: str = "application/json", **headers: str) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.browser.post("/chat/messages", content=raw, headers={"content-type": kind, **headers})

    async def say(self, text: str, key: str = "", **more: str) -> httpx.Response:
        return await self.post({"id": key or f"message-{next(self.numbers)}", "text": text, **more})

    async def said(self, text: str) -> str:
        """The words of the answer."""
        answer = await self.say(text)
        assert answer.status_code == 200, answer.text
        return "\n".join(part["text"] for message in answer.json()["messages"] for part in message["parts"])

    async def history(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.browser.get("/chat/history")).json()
        return found


def count_rows(app: App, *tables: type) -> list[int]:
    with app.database.reading() as connection:
        return [int(connection.execute(select(func.count()).select_from(table)).scalar_one()) for table in tables]


def stored(app: App, conversation: str) -> list[str]:
    """What the database holds of what this person said."""
    with app.database.reading() as connection:
        query = select(InboxMessage.text).where(InboxMessage.conversation == conversation)
        return list(connection.execute(query.order_by(InboxMessage.id)).scalars())


def books(app: App) -> dict[str, int]:
    """The ledger's books once the writer has done what was asked of it."""
    app.inbox.write(lambda _: None).result()
    with app.database.reading() as connection:
        return delivery.books(connection)


def sentence(answer: httpx.Response) -> str:
    """The one sentence of a refusal."""
    body = answer.json()
    assert set(body) <= {"error", "retry_after"}
    assert SENTENCE.search(body["error"]), body
    return str(body["error"])


@pytest.fixture
def web(shared: App) -> Starlette:
    return create(shared)


@pytest.fixture
async def visitor(web: Starlette) -> Visitor:
    return await Visitor(web).enter()


@pytest.fixture
async def any_visitor(any_app: App) -> Visitor:
    return await Visitor(create(any_app)).enter()


async def test_the_cookie_is_given_once_and_kept_from_scripts(web: Starlette, shared: App, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Visitor(web).browser
    first, second = await browser.get("/"), await browser.get("/")
    given = first.headers["set-cookie"]
    assert given.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(given.split("; "))
    assert "Secure" not in given
    assert "set-cookie" not in second.headers
    assert first.headers["cache-control"] == "no-store"
    monkeypatch.setattr(shared.settings, "secure_cookie", True)
    assert "Secure" in (await Visitor(web).browser.get("/")).headers["set-cookie"].split("; ")


@pytest.mark.parametrize("value", [b"x", b"a.b", b"....", b"IjEi.AAAA", b"x" * 5000, b'"\\"', b"\xe9\xff", b"\xe6\xa1\xa3"])
async def test_a_broken_cookie_gets_a_new_one(web: Starlette, shared: App, value: bytes) -> None:
    before = count_rows(shared, InboxMessage)
    visitor = Visitor(web, cookie=value)
    refused = [await visitor.say(QUESTION), await visitor.browser.get("/chat/history"), await visitor.browser.get("/chat/events")]
    assert [answer.status_code for answer in refused] == [401] * 3
    assert {sentence(answer) for answer in refused} == {"聊天身份过期了，请刷新页面再发。"}
    page = await visitor.browser.get("/")
    assert page.status_code == 200
    assert page.headers["set-cookie"].startswith(f"{COOKIE}=")
    assert count_rows(shared, InboxMessage) == before


async def test_a_cookie_signed_by_another_program_is_foreign_and_our_own_outlives_a_restart(
    web: Starlette, shared: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = await Visitor(web).enter()
    with monkeypatch.context() as patched:
        patched.setattr(shared.settings, "cookie_secret", "another program's")
        foreign = await Visitor(create(shared)).enter()
    restarted = create(shared)
    returning = [Visitor(restarted, cookie=visitor.browser.cookies[COOKIE].encode()) for visitor in (foreign, ours)]
    assert [(await visitor.say(QUESTION)).status_code for visitor in returning] == [401, 200]


async def test_the_page_needs_nothing_from_elsewhere(visitor: Visitor) -> None:
    page = (await visitor.browser.get("/")).text
    assert '<html lang="zh-CN">' in page
    assert 'name="viewport"' in page
    wanted = re.findall(r'(?:src|href)="(?!#)([^"]*)"', page)
    assert {"/static/chat.css", "/static/chat.js"} <= set(wanted)
    assert all(path.startswith("/static/") for path in wanted)
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?://", page)
    for path in wanted:
        assert (await visitor.browser.get(path)).status_code == 200
    css = (await visitor.browser.get("/static/chat.css")).text
    assert not re.search(r"@import|url\(|//", css)


@pytest.mark.parametrize("path", ["/", "/chat/history", "/healthz", "/metrics", "/static/chat.js", "/nowhere"])
async def test_every_answer_forbids_foreign_scripts_and_frames(web: Starlette, path: str) -> None:
    headers = (await Visitor(web).browser.get(path)).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy == {"default-src": "'self'", "frame-ancestors": "'none'", "base-uri": "'none'", "form-action": "'self'"}
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


async def test_a_question_is_answered_with_its_source(any_visitor: Visitor, any_app: App) -> None:
    answer = await any_visitor.say(QUESTION)
    assert answer.status_code == 200
    (message,) = answer.json()["messages"]
    assert set(message) == {"key", "from", "parts", "at"}
    assert message["from"] == "bot"
    assert "依据" in message["parts"][0]["text"]
    assert all(set(choice) == {"label", "value"} for choice in message["parts"][-1]["choices"])
    counted = books(any_app)
    assert counted["planned"] == counted["sent"] == 1


async def test_the_same_id_is_stored_once_and_answered_alike(any_visitor: Visitor, any_app: App) -> None:
    answers = await asyncio.gather(*(any_visitor.say(QUESTION, "twice-told-1") for _ in range(5)))
    answers.append(await any_visitor.say("换了一句话", "twice-told-1"))
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert answers[0].json()["messages"]
    assert count_rows(any_app, InboxMessage, Delivery, Graduate) == [1, 1, 1]


@pytest.mark.parametrize("value", ["", "nonsense", "step/a", "step/profile/1/nowhere/贵阳", "ask//", "open/nothing", "go/", "go/" + "x" * 9000])
async def test_a_forged_choice_is_answered(visitor: Visitor, value: str) -> None:
    answer = await visitor.say("按钮", choice=value)
    assert answer.status_code == 200
    assert answer.json()["messages"][0]["parts"][0]["text"]


async def test_odd_text_is_stored_and_answered(any_visitor: Visitor) -> None:
    for name, text in ODD.items():
        answer = await any_visitor.say(text)
        assert answer.status_code == 200, name
        assert answer.json()["messages"][0]["parts"][0]["text"], name
        mine, told = (await any_visitor.history())["messages"][-2:]
        assert mine["text"] == text.replace("\x00", "").replace("\ud800", "?"), name
        assert told == answer.json()["messages"][0], name
    assert "依据" in await any_visitor.said(QUESTION)


async def test_broken_utf8_is_read_as_far_as_it_goes(visitor: Visitor) -> None:
    assert (await visitor.post('{"id": "message-0", "text": "档案放哪儿'.encode() + b'\xff\xe4"}')).status_code == 200
    assert (await visitor.history())["messages"][0]["text"].startswith("档案放哪儿\ufffd")


REFUSED: dict[str, bytes | dict[str, Any]] = {
    "nothing": b"",
    "no JSON": b"id=1&text=2",
    "not text": b"\xff\xfe\x00",
    "a list": b"[1]",
    "deep": b"[" * 50_000,
    "a huge number": b'{"id": ' + b"1" * 5000 + b"}",
    "no id": {"text": "档案"},
    "no text": {"id": "message-1"},
    "choice is null": {"id": "message-1", "text": "档案", "choice": None},
    "id too short": {"id": "1", "text": "档案"},
    "id too long": {"id": "x" * 65, "text": "档案"},
    "id with a bar": {"id": "message|1", "text": "档案"},
    "id with a line end": {"id": "message-1\n", "text": "档案"},
    "empty": {"id": "message-1", "text": ""},
    "blank": {"id": "message-1", "text": " \t\r\n\u3000"},
    "only NUL": {"id": "message-1", "text": "\x00\x00"},
    "too large": {"id": "message-1", "text": "a" * BODY_BYTES},
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_bad_body_is_refused_with_one_sentence(visitor: Visitor, name: str) -> None:
    answer = await visitor.post(REFUSED[name])
    assert answer.status_code == (413 if name == "too large" else 400)
    sentence(answer)
    assert visitor.stored() == []
    assert "依据" in await visitor.said(QUESTION)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
async def test_what_a_form_on_another_site_can_send_is_refused(visitor: Visitor, kind: str) -> None:
    answer = await visitor.post({"id": "message-1", "text": "注销"}, kind)
    assert answer.status_code == 400
    sentence(answer)
    assert visitor.stored() == []


async def test_a_database_that_refuses_loses_nothing(app: App) -> None:
    visitor = await Visitor(create(app)).enter()
    with app.database.writing() as connection:
        connection.exec_driver_sql("CREATE TRIGGER full BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    refused = await visitor.say(QUESTION, "kept-by-page")
    assert (refused.status_code, refused.headers["retry-after"], refused.json()["retry_after"]) == (503, "2", 2)
    sentence(refused)
    with app.database.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    assert "依据" in (await visitor.say(QUESTION, "kept-by-page")).text


async def test_a_broken_database_is_not_described_to_visitors(app: App) -> None:
    """The file's path or the server's address is for the person who runs the program."""
    visitor = await Visitor(create(app)).enter()
    with app.database.write.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
    answer = await visitor.say(QUESTION)
    assert answer.status_code == 503
    assert "test.db" not in sentence(answer)


async def test_who_floods_is_asked_to_wait_and_others_are_not(web: Starlette, visitor: Visitor, shared: App) -> None:
    other = await Visitor(web).enter()
    accepted = 0
    while (answer := await visitor.say("菜单")).status_code == 200:
        accepted += 1
        assert accepted <= shared.settings.messages_per_minute
    assert answer.status_code == 429
    wait = answer.json()["retry_after"]
    assert answer.headers["retry-after"] == str(wait)
    assert 1 <= wait <= 60
    assert f"等 {wait} 秒" in sentence(answer)
    assert len(visitor.stored()) == accepted
    assert (await other.say("菜单")).status_code == 200
    people = visitor.chat.people
    people.held = {key: (tokens, at - wait) for key, (tokens, at) in people.held.items()}
    assert (await visitor.say("菜单")).status_code == 200


@pytest.mark.parametrize(("proxies", "statuses"), [(0, [200] * 5 + [429]), (1, [200] * 6)])
async def test_an_address_is_limited_and_believed_only_from_our_proxy(
    shared: App, monkeypatch: pytest.MonkeyPatch, proxies: int, statuses: list[int]
) -> None:
    """Six new people in one second; without a proxy of ours what they claim as address counts for nothing."""
    monkeypatch.setattr(shared.settings, "messages_per_minute", 1)
    monkeypatch.setattr(shared.settings, "trusted_proxies", proxies)
    web = create(shared)
    visitors = [await Visitor(web).enter() for _ in range(6)]
    body = {"id": "message-1", "text": "菜单"}
    claims = [{"x-forwarded-for": f"1.1.1.1, 192.0.2.{number}"} for number in range(6)]
    answers = [await visitor.post(body, **claim) for visitor, claim in zip(visitors, claims, strict=True)]
    assert [answer.status_code for answer in answers] == statuses


async def test_history_is_both_sides_in_order_and_nobody_elses(web: Starlette, visitor: Visitor) -> None:
    other = await Visitor(web).enter()
    assert await visitor.history() == {"messages": [], "last": 0}
    answers = [(await visitor.say(text)).json()["messages"][0] for text in ("菜单", QUESTION)]
    await other.say(SECRET)
    held = await visitor.history()
    assert [message["from"] for message in held["messages"]] == ["me", "bot", "me", "bot"]
    assert [message.get("text") for message in held["messages"]] == ["菜单", None, QUESTION, None]
    assert held["messages"][0]["key"] == "in:message-1"
    assert held["messages"][1::2] == answers
    assert held["last"] == int(answers[-1]["key"].removeprefix("out:"))
    assert SECRET in json.dumps(await other.history(), ensure_ascii=False)


async def test_history_counts_what_it_shows_as_told(app: App) -> None:
    visitor = await Visitor(create(app)).enter()
    await visitor.say("菜单")
    app.say(visitor.conversation, "staff|1", [Say("老师:在的")]).result()
    assert books(app)["open"] == 1
    assert (await visitor.history())["messages"][-1]["from"] == "staff"
    assert books(app)["open"] == 0


@pytest.mark.parametrize("after", ["x", "1.5", "9" * 30, "9" * 5000])
async def test_a_stream_from_nowhere_is_refused(visitor: Visitor, after: str) -> None:
    visitor.chat.stop()
    answer = await visitor.browser.get("/chat/events", params={"after": after})
    assert answer.status_code == 400
    sentence(answer)


async def test_health_says_ok_or_what_is_broken(shared: App, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Visitor(create(shared)).browser
    good = await browser.get("/healthz")
    assert (good.status_code, good.json()["status"]) == (200, "ok")
    assert good.json()["entries"] == len(shared.search.knowledge.entries) > 0
    monkeypatch.setattr(shared.database, "read", Database("sqlite:////nowhere/at/all.db").read)
    bad = await browser.get("/healthz")
    assert (bad.status_code, bad.json()["status"]) == (503, "broken")
    assert bad.json() == {"status": "broken"}, "the cause is for the log"


async def test_metrics_count_messages_and_tell_nothing_about_people(visitor: Visitor) -> None:
    name, labels = "bulixian_messages_total", {"channel": "web", "kind": "text"}
    before = REGISTRY.get_sample_value(name, labels) or 0
    for said in (SECRET, "我在毕节", QUESTION):
        await visitor.say(said)
    text = (await visitor.browser.get("/metrics")).text
    assert f'{name}{{channel="web",kind="text"}} {before + 3}\n' in text
    personal = ("欧阳", "13800138000", "毕节", "报到证", visitor.conversation[5:], visitor.browser.cookies[COOKIE], "10.0.0.1")
    assert not [word for word in personal if word in text]


FILE = ("完善资料", "同意", "毕节", "2025年6月", "本科", "未就业", "愿意", "低保")
HELD = (Graduate, Identity, Membership, Consent, Access, Case, Conversation)


def everything(app: App) -> str:
    """Each row of each table as one text."""
    with app.database.reading() as connection:
        held = MetaData()
        held.reflect(connection)
        return "\n".join(str(tuple(row)) for table in held.tables.values() for row in connection.execute(select(table)))


def only(app: App, column: Any, *where: Any) -> Any:
    with app.database.reading() as connection:
        return connection.execute(select(column).where(*where)).scalars().one()


async def erase(visitor: Visitor) -> dict[str, Any]:
    assert "确认吗" in await visitor.said("注销")
    answer: dict[str, Any] = (await visitor.say("确认注销", "the-last-message")).json()
    assert "已经删完了" in answer["messages"][0]["parts"][0]["text"]
    return answer


async def test_erasing_by_chat_leaves_nothing_of_the_person(any_visitor: Visitor, any_app: App) -> None:
    for text in (SECRET, *FILE, "我不想活了", "导出"):
        await any_visitor.say(text)
    graduate = only(any_app, Graduate.id)
    assert all(count_rows(any_app, *HELD))
    assert "欧阳" in everything(any_app)
    await erase(any_visitor)
    assert count_rows(any_app, *HELD) == [0] * len(HELD)
    assert (any_visitor.stored(), count_rows(any_app, Delivery)) == ([""], [1])
    left = everything(any_app)
    assert not [word for word in ("欧阳", "13800138000", graduate) if word in left]


async def test_after_erasing_the_person_starts_anew_and_others_keep_theirs(any_visitor: Visitor, any_app: App) -> None:
    other = await Visitor(any_visitor.web).enter()
    for person in (any_visitor, other):
        for text in FILE:
            await person.say(text)
    done = await erase(any_visitor)
    assert (await any_visitor.history())["messages"] == done["messages"]
    assert (await any_visitor.say("确认注销", "the-last-message")).json()["messages"][0]["parts"] == done["messages"][0]["parts"]
    assert "没有存你的资料" in await any_visitor.said("我的档案")
    assert "毕节" in await other.said("我的档案")
    assert count_rows(any_app, Graduate) == [2]


async def test_the_numbers_of_what_was_erased_never_come_back(app: App) -> None:
    """A page still open shows a number once and asks for what came after it; a teacher answers a case by its number."""
    web = create(app)
    visitor, other = await Visitor(web).enter(), await Visitor(web).enter()
    told = (await visitor.say("我不想活了")).json()
    case = only(app, Case.id)
    done = await erase(visitor)
    assert int(done["messages"][0]["key"][4:]) > int(told["messages"][0]["key"][4:])
    await other.say("转人工")
    assert only(app, Case.id) != case


WORDS = st.sampled_from(["档案", "贵阳", "补贴", "吗", "注销", "菜单", "取消", "2025年6月", "本科", "1", "第二个", "?", "不是", "我", " ", "\n"])
TEXTS = st.one_of(st.text(st.characters(exclude_categories=()), max_size=200), st.lists(WORDS, max_size=8).map("".join))
VALUES = st.none() | st.integers() | st.floats() | st.text(max_size=70) | st.lists(st.text(max_size=5), max_size=3)
JSON = VALUES | st.dictionaries(st.sampled_from(["id", "text", "choice", "x"]), VALUES, max_size=4)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def unhurried(shared: App, monkeypatch: pytest.MonkeyPatch) -> Starlette:
    monkeypatch.setattr(shared.settings, "messages_per_minute", 1_000_000)
    return create(shared)


@given(texts=st.lists(TEXTS, min_size=1, max_size=3))
@example(["0", "二", "0"])
@FEW
async def test_any_text_is_answered_or_refused_in_a_sentence(unhurried: Starlette, texts: list[str]) -> None:
    """The one silence there is: a teacher has the conversation."""
    visitor = await Visitor(unhurried).enter()
    for text in texts:
        answer = await visitor.say(text)
        if answer.status_code == 200:
            said = [part["text"] for message in answer.json()["messages"] for part in message["parts"]]
            assert any(said) or only(visitor.chat.app, Conversation.mode, Conversation.key == visitor.conversation) == "human"
        else:
            assert answer.status_code == 400
            assert not text.replace("\x00", "").strip()
            sentence(answer)


@given(body=st.one_of(st.binary(max_size=100), JSON.map(lambda value: json.dumps(value).encode())))
@FEW
async def test_any_body_is_taken_or_refused_in_a_sentence(unhurried: Starlette, body: bytes) -> None:
    answer = await (await Visitor(unhurried).enter()).post(body)
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        sentence(answer)
