"""The short links of a broadcast as telephones meet them: one a person, to the approved address only, counted once, and nobody learns whose."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot import broadcast, casework, forgetting, outcomes, transcript
from bot.app import App
from bot.config import Clock
from bot.delivery import Delivery
from bot.shortlinks import MARK, WRITTEN, ShortLink
from bot.web.app import create
from dialogs.broadcasts import LONGEST, kinds, words
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge.policy.search import PolicySearch
from tests.conftest import TODAY, settings_for

BASE, URL = "https://bulixian.test", "https://jobs.example.edu/fair?id=7&from=a,b;c#top"
PLAIN = len(words(kinds()["通知"], "值班", {"text": "", "link": URL}).text.encode())
PHONE = "Mozilla/5.0 (Linux; Android 14; CUBOT X90) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36 MicroMessenger/8.0.50"


def opened(url: str, search: PolicySearch) -> App:
    return App(settings_for(url).model_copy(update={"public_url": BASE + "/"}), Clock(TODAY), search)


class Office:
    """A notice with a link that people of three channels were sent, and their telephones."""

    def __init__(self, app: App, url: str = URL, note: str = "元旦值班表") -> None:
        self.app = app
        self.people = [f"{channel}:{number}" for channel in ("telegram:bot", "wechat:gh", "web:") for number in (1, 2)]
        for key in self.people:
            app.accept(Inbound(key, "m1", "text", "你好", app.clock.now())).result(20)
        raw = {"type": "通知", "title": "值班", "fields": {"text": note, "link": url}, "audience": {"everyone": True}}
        self.number = broadcast.written(app, raw, "王老师")
        self.shown = outcomes.preview(app, self.number)
        broadcast.approve(app, self.number, "李老师")
        while broadcast.advance(app):
            pass

    def said(self, key: str) -> str:
        with self.app.database.reading() as connection:
            parts = connection.execute(select(Delivery.parts).where(Delivery.broadcast_id == self.number, Delivery.conversation == key)).scalar_one()
        return str(parts[0]["text"])

    def path(self, key: str) -> str:
        found = WRITTEN.search(self.said(key))
        assert found
        return found[0].removeprefix(BASE)

    def result(self) -> dict[str, Any]:
        return outcomes.status(self.app, self.number)["results"]["sent_to"]  # type: ignore[no-any-return]

    def marked(self) -> list[bool]:
        with self.app.database.reading() as connection:
            return sorted(connection.execute(select(ShortLink.opened)).scalars())


def ask(app: App, path: str, method: str = "GET", agent: str = PHONE, **headers: str) -> httpx.Response:
    async def go() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create(app)), base_url=BASE, trust_env=False) as phone:
            return await phone.request(method, path, headers={"user-agent": agent, **headers})

    return asyncio.run(go())


@pytest.fixture
def office(url: str, search: PolicySearch) -> Iterator[Office]:
    app = opened(url, search)
    yield Office(app)
    app.close()


def test_each_gets_a_link_of_their_own_that_leads_to_the_approved_address_alone(office: Office) -> None:
    links = {office.path(key) for key in office.people}
    assert len(links) == 6
    for key in office.people:
        assert "（打开的是 jobs.example.edu）" in office.said(key)
        assert URL not in office.said(key)
        answer = ask(office.app, office.path(key))
        assert (answer.status_code, answer.headers["location"]) == (302, URL)
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
    assert f"{BASE}/go/… （打开的是 jobs.example.edu）" in office.shown
    assert office.result()["opened"] == 6


def test_an_opening_counts_once_a_person_and_small_numbers_are_hidden(office: Office) -> None:
    assert office.result()["opened"] == 0
    for _ in range(3):
        ask(office.app, office.path(office.people[0]))
    assert office.marked() == [False] * 5 + [True]
    assert office.result()["opened"] == "<5"
    for key in office.people[:5]:
        ask(office.app, office.path(key))
    assert office.result()["opened"] == 5


@pytest.mark.parametrize(
    ("method", "agent", "headers"),
    [
        ("HEAD", PHONE, {}),
        ("GET", "TelegramBot (like TwitterBot)", {}),
        ("GET", "facebookexternalhit/1.1", {}),
        ("GET", "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)", {}),
        ("GET", "", {}),
        ("GET", PHONE, {"sec-purpose": "prefetch;prerender"}),
        ("GET", PHONE, {"purpose": "prefetch"}),
    ],
)
def test_previews_are_led_on_and_do_not_count(office: Office, method: str, agent: str, headers: dict[str, str]) -> None:
    answer = ask(office.app, office.path(office.people[0]), method, agent, **headers)
    assert (answer.status_code, answer.headers["location"]) == (302, URL)
    assert not any(office.marked())


def test_another_process_knows_the_links_and_counts_them_too(office: Office, url: str, search: PolicySearch) -> None:
    other = opened(url, search)
    try:
        assert ask(other, office.path(office.people[0])).headers["location"] == URL
    finally:
        other.close()
    assert office.marked().count(True) == 1


def test_what_we_did_not_make_leads_nowhere(office: Office) -> None:
    token = office.path(office.people[0]).removeprefix("/go/")
    other = office.path(office.people[1]).removeprefix("/go/")
    turned = "B" if token[-1] != "B" else "C"
    odd = ("x" * 28, "%00", "a" * 5000, "https:%2F%2Fevil.test", "１" * 28)
    made = (token[:-1] + turned, other[:MARK] + token[MARK:], token[:MARK], token + "x", *odd)
    for each in made:
        answer = ask(office.app, f"/go/{each}?to=https://evil.test")
        assert answer.status_code == 404, each
        assert "location" not in answer.headers
    assert ask(office.app, f"/go/{token}?to=https://evil.test&url=//evil.test").headers["location"] == URL
    assert ask(office.app, f"/go/{token}", "POST").status_code == 405
    assert not any(office.marked()[:-1])


def test_called_off_the_link_leads_nowhere(office: Office) -> None:
    broadcast.cancel(office.app, office.number)
    answer = ask(office.app, office.path(office.people[0]))
    assert (answer.status_code, "location" in answer.headers) == (410, False)
    assert "撤回" in answer.text
    assert not any(office.marked())


def test_who_is_erased_is_not_counted_and_their_link_is_no_more(office: Office) -> None:
    first, second = office.people[:2]
    path = office.path(first)
    for key in (first, second):
        ask(office.app, office.path(key))
    with office.app.database.writing() as connection:
        who = connection.execute(select(Conversation.graduate_id).where(Conversation.key == first)).scalar_one()
        forgetting.person(connection, who, "")
        forgetting.channel(connection, office.people[2], office.app.clock.now())
    assert office.marked() == [False] * 3 + [True]
    assert ask(office.app, path).status_code == 404
    assert office.marked() == [False] * 3 + [True]


def test_nobody_can_see_who_opened_it(office: Office) -> None:
    """The row says nothing of the person; the staff do not get the link, with which they could try whether it was opened before."""
    key = office.people[4]
    assert {column.name for column in ShortLink.__table__.columns} == {"mark", "broadcast_id", "opened"}
    with office.app.database.reading() as connection:
        said = transcript.history(connection, key, office.app.clock.now())
        assert any(WRITTEN.search(part["text"]) for message in said for part in message.get("parts", ())), "the person has it"
        told = "\n".join(casework.words(message) for message in said)
    assert f"{BASE}/go/… （打开的是 jobs.example.edu）" in told
    assert not WRITTEN.search(told)
    assert "mark" not in str(outcomes.status(office.app, office.number))


def test_an_address_that_asks_too_often_is_slowed(office: Office) -> None:
    office.app.settings = office.app.settings.model_copy(update={"messages_per_minute": 1})

    async def hammer() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create(office.app)), base_url=BASE, trust_env=False) as phone:
            return [(await phone.get("/go/x")).status_code for _ in range(9)]

    assert asyncio.run(hammer()) == [404] * 5 + [429] * 4


def test_without_an_address_of_ours_the_plain_link_goes(any_app: App) -> None:
    office = Office(any_app)
    assert f"详情：{URL}\n" in office.said(office.people[0])
    assert office.marked() == []
    assert office.result()["opened"] is None


@pytest.mark.parametrize(("url", "note"), [(URL, "a" * (LONGEST - 10 - PLAIN)), ("http://[a.b/", "一行")])
def test_too_long_or_unreadable_the_plain_link_goes(url: str, note: str, sqlite_url: str, search: PolicySearch) -> None:
    app = opened(sqlite_url, search)
    office = Office(app, url, note)
    assert url in office.said(office.people[0])
    assert office.marked() == []
    app.close()


def test_the_longest_text_with_a_link_is_one_message_everywhere(sqlite_url: str, search: PolicySearch) -> None:
    app = opened(sqlite_url, search)
    office = Office(app, "https://a.example.edu/x", "好" * 420)
    assert office.marked() == [False] * 6
    with app.database.reading() as connection:
        shown = outcomes.renderings(broadcast.get(connection, office.number), app.clock.now(), app.passes)
    assert {len(pieces) for pieces in shown.values()} == {1}
    app.close()
