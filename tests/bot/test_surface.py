"""Every route of the running program, asked in every odd way over a real socket: no answer of 5xx, no traceback, no way out of the site
but to the address approved with a broadcast, nothing of the console for strangers, every page with its headers, all in time.
`BULIXIAN_SURFACE=20000` asks more often."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from http.client import HTTPResponse, IncompleteRead, RemoteDisconnected
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer
from sqlalchemy import Connection, select, update
from starlette.routing import BaseRoute, Mount, Route

from bot import broadcast
from bot.accounts import accounts
from bot.app import App
from bot.config import Telegram, WeChat
from bot.delivery import Delivery
from bot.shortlinks import WRITTEN
from bot.web.app import HEADERS, create
from bot.web.chat import COOKIE
from bot.web.console import gate, staff
from bot.web.console.broadcasts import LISTS
from bot.web.console.fields import FIELDS
from bot.web.console.staff import Staff
from dialogs.broadcasts import kinds
from knowledge.passes import Pass
from tests.benchmarks.readers.samples import samples
from tests.bot.channels.program import TOKEN, serving
from tests.bot.test_console import OF, PEOPLE, enrol, light, record, talker
from tests.bot.test_upload import SAMPLE, Person
from tests.simulators.wechat.envelope import sign

__all__ = ["light"]
ASKED = int(os.environ.get("BULIXIAN_SURFACE", "250"))
"""Requests to each kind of database."""
PATIENCE = 8.0
"""Seconds for an answer; WeChat's own limit of five, and a busy machine."""
SECRETS = ("欧阳机密", "13912345678", "机密求助内容", "群发机密标题")
"""Stand in the database, and on pages of the console only."""
HOOK = "surface-hook"
APPROVED = "https://jobs.example.edu/fair?id=7"
"""Where the short links of the broadcast lead, and nothing else does."""
METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "X")
NUMBERS = ("1", "2", "3", "0", "-1", "007", "9" * 18, "9" * 19, "9" * 5000, "1.5", "１", "%00", "a", "")
WORDS = (
    "SUB-02",
    "sub-02",
    "NOT-99",
    "approve",
    "release",
    "refuse",
    "pause",
    "cancel",
    "resend",
    "%00",
    "%ff",
    "..",
    ".",
    "%2e%2e%2f",
    "a" * 300,
    "会计",
)
VALUES = (
    *(
        "",
        " ",
        "1",
        "0",
        "-1",
        "9" * 16,
        "9" * 5000,
        "1e999",
        "\x00",
        "\ud83d",
        "\u202e",
        "<script>alert(1)</script>",
        "'; DROP TABLE staff; --",
        "{{7*7}}",
    ),
    *(
        "2026-11-20",
        "2026-02-30",
        "9999-12-31",
        "0001-01-01",
        "2026-11",
        "9999-12",
        "0001-01",
        "2026-12-05T09:30",
        "0001-01-01T00:00+23:59",
        "[" * 3000,
    ),
    *(
        "招聘会",
        "未就业",
        "guidance",
        "admin",
        "teacher",
        "boss",
        "王老师",
        "低保",
        "college",
        "crisis",
        "held",
        "live",
        "people",
        "postings",
        "电话",
        "//evil.test",
    ),
    *("SUB-02", "1 2 3", "会计\n出纳", "学" * 3000, "a" * 70_000, "联系上了", "没打通", "columns", "failed", "on", "贵阳、成都", "http://evil.test/"),
)
NAMES = (
    *("text", "once", "to", "kind", "note", "on", "way", "result", "next_on", "what", "due", "destination", "title", "at", "everyone", "cohort"),
    *(
        "silent_from",
        "silent_to",
        "holdout",
        "outcome",
        "questions",
        "name",
        "display",
        "role",
        "active",
        "old",
        "new",
        "again",
        "status",
        "password",
    ),
    *(
        "column0",
        "source",
        "canned",
        "quote",
        "second",
        "from",
        "q",
        "after",
        "before",
        "done",
        "days",
        "month",
        "by",
        "who",
        "number",
        "college",
        "group",
    ),
    *("city", "owner", "silent", "style", "signature", "timestamp", "nonce", "echostr", "people", "without", "groups", "channel", *LISTS, *FIELDS),
    *(f"f_{name}" for name in kinds()["招聘会"].fields),
)
ENDS = (
    "",
    "/",
    "//",
    "/.",
    "/..",
    "/../..",
    "/%2e%2e/%2e%2e/etc/passwd",
    "%00",
    "%ff%fe",
    "?",
    "#x",
    "\\..\\..",
    ";a=b",
    "/" + "a" * 3000,
    "%",
    "%zz",
    "é",
    "\xff",
)
HEADS = ("", "/", "//", "//evil.test", "http://evil.test", "/.", "/..", "/%2f", "/console", "/static", "/static/..%2f")
ODD_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    *((b"host", value) for value in (b"evil.test", b"", b"a b", b"[::1", b"x" * 5000, b"bulixian.test\xff")),
    *((b"origin", value) for value in (b"http://evil.test", b"null", b"http://[", b"\xff")),
    *((b"cookie", value) for value in (b"bulixian=x.y; bulixian_staff=z", b"=", b";;;", b"bulixian_staff=" + b"a" * 9000, b"bulixian_staff=\xff")),
    *((b"x-forwarded-for", value) for value in (b"1.2.3.4, evil", b"", b"\xff" * 30, b"a" * 9000)),
    (b"x-forwarded-host", b"evil.test"),
    *((b"x-telegram-bot-api-secret-token", value) for value in (HOOK.encode(), HOOK.encode(), b"\xff")),
    *((b"last-event-id", value) for value in (b"9" * 30, b"9" * 5000, b"x", "１".encode())),
    *((b"range", value) for value in (b"bytes=0-1,5-,-9", b"bytes=9-1")),
    (b"if-modified-since", b"x"), (b"if-none-match", b"*"), (b"accept-encoding", b"gzip;q=x"), (b"expect", b"100-continue"),
    (b"upgrade", b"websocket"), (b"content-encoding", b"gzip"), (b"connection", b"upgrade"), (b"x" * 200, b"y" * 8000), (b"a b", b"c"), (b"", b""),
)  # fmt: skip
KINDS = (
    *(
        b"application/json",
        b"application/json; charset=x",
        b"text/plain",
        b"text/xml",
        b"",
        b"application/x-www-form-urlencoded",
        b"\xff",
        b"x" * 900,
    ),
    *(
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b"multipart/form-data; boundary=b",
        b'multipart/form-data; boundary="b"; charset=nope',
    ),
    b"multipart/form-data; boundary=" + b"b" * 400,
)
LENGTHS = (b"0", b"-1", b"9999999999999", b"1", b"x", b"1,1", b" 5 ")
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, repr=False)
class Ask:
    """One request as its bytes. `who` sent it is none of the server's business but by its cookies."""

    who: str
    method: str
    target: bytes
    headers: Headers = field(default_factory=list)
    body: bytes = b""

    def __repr__(self) -> str:
        more = [(name[:40], value[:80]) for name, value in self.headers]
        return f"{self.who}: {self.method} {self.target[:500]!r} {more} {self.body[:500]!r}"


@dataclass
class Town:
    """A running program in which there is something of everything."""

    app: App
    tokens: dict[str, list[str]] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    sessions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        enrol(self.app, *PEOPLE)
        person = Person(self.app)
        self.tokens["upload"] = [person.link().rpartition("/")[2] for _ in range(2)]
        links = [asyncio.run(person.send(person.link(), text=SAMPLE)).headers["location"].rpartition("/")[2] for _ in range(3)]
        self.tokens["report"] = links
        who = talker(self.app, "secret", "人工", SECRETS[2])
        self.tokens["go"] = self.announced()
        self.numbers = [
            str(record(self.app, SECRETS[0], owner, who if owner == "王老师" else None, phone=SECRETS[1], student_no=owner))
            for owner in ("王老师", "李老师")
        ]

    def announced(self) -> list[str]:
        """The tokens of a broadcast that has a link."""
        self.app.passes = replace(self.app.passes, base="http://bulixian.test")
        raw = {"type": "通知", "title": "值班", "fields": {"text": "值班表", "link": APPROVED}, "audience": {"everyone": True}}
        number = broadcast.written(self.app, raw, "就业中心")
        broadcast.approve(self.app, number, "李老师")
        while broadcast.advance(self.app):
            pass
        with self.app.database.reading() as connection:
            said = connection.execute(select(Delivery.parts).where(Delivery.broadcast_id == number)).scalars().all()
        return [found[0].rpartition("/")[2] for parts in said for found in WRITTEN.finditer(parts[0]["text"])]

    @cached_property
    def routes(self) -> list[tuple[str, tuple[str, ...]]]:
        """Path and methods of every route there is."""
        return list(flat(create(self.app, accounts(self.app)).routes))

    @cached_property
    def visitor(self) -> str:
        return str(URLSafeSerializer(self.app.secret("cookie"), salt="web-chat").dumps("surface"))

    def renewed(self, who: str) -> None:
        """What requests before have used up is there again: links, accounts, sessions."""

        def work(connection: Connection) -> str:
            connection.execute(update(Pass).values(tries=0, used_at=None))
            connection.execute(update(Staff).values(active=True, fresh=False))
            number = list(PEOPLE).index(who) + 1 if who in PEOPLE else 0
            return staff.begin(connection, number, who, self.app.clock.now()) if number else ""

        token = self.app.inbox.write(work).result(10)
        if who in PEOPLE:
            self.sessions[who] = token


def flat(routes: list[BaseRoute], before: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from flat(list(route.routes or []), before + route.path)
            if not route.routes:
                yield f"{before}{route.path}/{{file}}", ("GET",)
        elif isinstance(route, Route):
            yield before + route.path, tuple(sorted(route.methods or ()))


@st.composite
def asks(draw: Any, town: Town) -> Ask:
    """Mostly a route as it is meant with something odd about it; one in four with an odd path as well."""
    pattern, methods = draw(st.sampled_from(town.routes))
    who = draw(st.sampled_from(("nobody", "visitor", *OF)) if pattern.startswith("/console") else st.sampled_from(("nobody", "visitor", "boss")))
    own = draw(st.integers(0, 4)) > 0
    target = re.sub(r"\{(\w+)(:\w+)?\}", lambda found: draw(named(town, pattern, found[1], own)), pattern)
    if draw(st.integers(0, 3)) == 0:
        target = draw(st.sampled_from(HEADS)) + target + draw(st.sampled_from(ENDS))
    method = draw(st.sampled_from(methods) if draw(st.integers(0, 4)) else st.sampled_from(METHODS))
    asked = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=4)) if draw(st.booleans()) else {}
    if pattern == "/hook/wechat":
        asked |= signed()
    headers: Headers = draw(st.lists(st.sampled_from(ODD_HEADERS), max_size=2)) if draw(st.booleans()) else []
    kind, body = draw(bodies(town, pattern, who)) if method != "GET" or draw(st.integers(0, 9)) == 0 else (b"", b"")
    headers += [(b"content-type", kind)] if kind else []
    path = target.encode("latin-1", "ignore") if draw(st.integers(0, 9)) == 0 else quote(target, safe="/%?#:\\;[]{}~.!@$&'()*+,=").encode()
    query = b"?" + quoted(asked) if asked else b""
    return Ask(who, method, path + query, headers, body)


def named(town: Town, pattern: str, name: str, own: bool) -> st.SearchStrategy[str]:
    if name == "token" and own and (held := town.tokens.get(pattern.split("/")[1])):
        return st.sampled_from(held)
    if name in ("number", "step"):
        return st.sampled_from((*town.numbers, "1") if own else NUMBERS)
    return st.sampled_from(("chat.css", "chat.js") if name == "file" and own else WORDS)


def signed() -> dict[str, str]:
    at = str(int(datetime.now(UTC).timestamp()))
    return {"timestamp": at, "nonce": "n", "signature": sign(TOKEN, at, "n")}


def quoted(said: dict[str, str]) -> bytes:
    return urlencode({name: value.encode("utf8", "surrogatepass") for name, value in said.items()}).encode()


@st.composite
def bodies(draw: Any, town: Town, pattern: str, who: str) -> tuple[bytes, bytes]:
    """Content type and body: what the route takes, or anything."""
    said = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=6))
    meant: list[tuple[bytes, bytes]] = [(b"application/x-www-form-urlencoded", b"csrf=@csrf&" + quoted(said))] * 2
    if pattern == "/chat/messages":
        told = {"id": f"surface-{draw(st.integers(0, 10**6))}", "text": draw(st.sampled_from(VALUES))}
        more = {"choice": draw(st.sampled_from(("go/menu", "open/profile", "job/full/²", "tell/" + "9" * 5000, "event/1", "", "x")))}
        meant = [(b"application/json", json.dumps(told | (more if draw(st.booleans()) else {})).encode())]
    elif pattern.startswith("/hook/"):
        meant = [(b"text/xml" if "wechat" in pattern else b"application/json", draw(st.sampled_from(samples(f"{pattern.rpartition('/')[2]}/*.??*"))))]
    elif pattern in ("/upload/{token}", "/console/lists"):
        meant = [multipart(said | {"text": draw(st.sampled_from((SAMPLE, *VALUES)))}, draw(st.sampled_from(FILES)), draw(st.booleans()))]
    odd = st.tuples(st.sampled_from(KINDS), st.binary(max_size=60) | st.sampled_from((b"[" * 9000, b"9" * 9000, b"{}", b"--b\r\n", b"a" * 300_000)))
    return draw(st.sampled_from(meant) if draw(st.integers(0, 3)) else odd)  # type: ignore[no-any-return]


FILES = (
    b"", "姓名,学号\n张三,1\n".encode(), "岗位名称,单位\n会计,甲\n".encode(), b'[{"\\ud800": [[[[1]]]]}]', b"PK\x03\x04", b"\xff" * 90,
    b"%PDF-1.4\n%",
    b"---\npages: many\nfont: x\nfirst: y\n---\n# " + SAMPLE.encode(),
)  # fmt: skip


def multipart(said: dict[str, str], data: bytes, whole: bool) -> tuple[bytes, bytes]:
    parts = [
        f'--b\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode("utf8", "replace") for name, value in list(said.items())[:3]
    ]
    parts += [b'--b\r\ncontent-disposition: form-data; name="csrf"\r\n\r\n@csrf\r\n']
    parts += [b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.md"\r\n\r\n' + data + b"\r\n"]
    return b"multipart/form-data; boundary=b", b"".join(parts) + (b"--b--\r\n" if whole else b"")


@dataclass
class Answer:
    status: int
    headers: dict[str, list[str]]
    body: bytes
    seconds: float


def sent(town: Town, address: tuple[str, int], ask: Ask, lengths: bytes | None = None) -> Answer | None:
    """None: the connection was closed on what is no HTTP, or where the client hung up first: a body that did not come."""
    headers: Headers = [(b"host", b"%s:%d" % (address[0].encode(), address[1])), (b"connection", b"close"), *ask.headers]
    body = ask.body
    if ask.who in town.sessions:
        token = town.sessions[ask.who]
        headers += [(b"cookie", f"{gate.COOKIE}={token}".encode()), (b"origin", b"http://" + headers[0][1])]
        body = body.replace(b"@csrf", gate.csrf(token).encode())
    elif ask.who == "visitor":
        headers += [(b"cookie", f"{COOKIE}={town.visitor}".encode())]
    if body or lengths or ask.method == "POST":
        headers += [(b"content-length", lengths or str(len(body)).encode())]
    head = b"%s %s HTTP/1.1\r\n" % (ask.method.encode(), ask.target or b"/")
    begun = time.monotonic()
    with socket.create_connection(address, PATIENCE) as line:
        try:
            line.sendall(head + b"".join(b"%s: %s\r\n" % pair for pair in headers) + b"\r\n" + body)
            if lengths:
                with suppress(OSError):  # it has closed already
                    line.shutdown(socket.SHUT_WR)
            answer = HTTPResponse(line, method=ask.method)
            answer.begin()
            stream = (answer.getheader("content-type") or "").startswith("text/event-stream")
            read = answer.fp.readline() if stream else answer.read()
        except (RemoteDisconnected, ConnectionError, IncompleteRead):
            return None
    named_: dict[str, list[str]] = {}
    for name, value in answer.getheaders():
        named_.setdefault(name.lower(), []).append(value)
    return Answer(answer.status, named_, read, time.monotonic() - begun)


def judged(ask: Ask, answer: Answer) -> None:
    text = answer.body.decode("utf8", "replace")
    assert answer.status < 500, text[:300]
    assert not re.search(r'Traceback|File "[^"]+", line \d+|sqlalchemy\.|psycopg\.|sqlite3\.', text)
    for location in answer.headers.get("location", []):
        out = location == APPROVED and b"/go/" in ask.target
        assert out or re.match(r"/(?![/\\])", location), location
    if answer.headers.get("content-type", [""])[0].startswith("text/html"):
        assert {name.decode() for name in HEADERS} <= set(answer.headers), answer.headers
        assert all(len(values) == 1 for name, values in answer.headers.items() if name != "set-cookie"), "a header said twice"
    if ask.who not in OF:
        assert not [secret for secret in SECRETS if secret in text]
        page = ask.target.startswith(b"/console/") and answer.status == 200 and answer.body
        assert not page or "登录" in text
    assert answer.seconds < PATIENCE


@pytest.fixture
def town(any_app: App) -> Iterator[tuple[Town, tuple[str, int]]]:
    telegram = Telegram(token="1:surface", webhook_secret=HOOK)  # type: ignore[arg-type]
    wechat = WeChat(appid="wx1", secret="s", token=TOKEN)  # type: ignore[arg-type]
    any_app.settings = any_app.settings.model_copy(update={"messages_per_minute": 10**6, "telegram": telegram, "wechat": wechat})
    held = Town(any_app)
    with serving(any_app, works=False) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        yield held, (host, int(port))


def test_whatever_is_asked_of_any_route_is_answered_as_it_should_be(town: tuple[Town, tuple[str, int]]) -> None:
    held, address = town
    met: set[str] = set()

    @settings(max_examples=ASKED, deadline=None)
    @given(ask=asks(held), lengths=st.none() | st.none() | st.none() | st.none() | st.sampled_from(LENGTHS))
    def ask_it(ask: Ask, lengths: bytes | None) -> None:
        held.renewed(ask.who)
        answer = sent(held, address, ask, lengths)
        if answer is None:
            assert lengths is not None or ask.headers or not re.fullmatch(rb"[!-~]+", ask.target), "no answer to a whole request"
            return
        met.add(str(answer.status))
        judged(ask, answer)

    ask_it()
    out = sent(held, address, Ask("nobody", "GET", f"/go/{held.tokens['go'][0]}".encode()))
    assert out is not None
    assert (out.status, out.headers["location"]) == (302, [APPROVED])
    assert {"200", "303", "404", "405"} <= met
