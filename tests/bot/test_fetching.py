"""Feeds over real HTTP on this machine: fetched when due, by one process, asked with etag, from configured hosts only, faults told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot import fetching
from bot.app import App
from bot.config import Feed
from knowledge.postings.posting import Posting

SAMPLE = (Path(__file__).parents[1] / "samples" / "feeds" / "rss.xml").read_bytes()


class Board(ThreadingHTTPServer):
    """A job board. `asked`: path and etag of every request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str]] = []
        self.body = SAMPLE

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Board

    def do_GET(self) -> None:
        given = self.headers.get("If-None-Match", "")
        self.server.asked.append((self.path, given))
        if self.path == "/away":
            self.answer(302, b"", location="http://169.254.169.254/secret")
        elif self.path == "/near":
            self.answer(302, b"", location="/list")
        elif self.path == "/round":
            self.answer(302, b"", location="/round")
        elif self.path == "/broken":
            self.answer(500, b"")
        elif given == '"1"':
            self.answer(304, b"")
        else:
            self.answer(200, self.server.body, etag='"1"')

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@pytest.fixture
def board() -> Iterator[Board]:
    server = Board()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def told(app: App, name: str) -> str:
    return next(row["outcome"] for row in fetching.listed(app) if row["name"] == name)


def count(app: App) -> int:
    with app.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(Posting)).scalar_one()


def test_a_feed_is_fetched_when_due_and_asked_with_its_etag(any_app: App, board: Board) -> None:
    any_app.settings.feeds = {"某校": Feed(url=f"{board.url}/near", hours=6)}
    assert told(any_app, "某校") == "还没取过"
    assert fetching.advance(any_app) == 2
    assert told(any_app, "某校") == "新增 1，待老师核实 1"
    assert count(any_app) == 2
    assert fetching.advance(any_app) == 0
    any_app.clock.advance(timedelta(hours=7))
    fetching.look(any_app)
    assert any_app.fetching
    any_app.fetching.join(20)
    assert board.asked == [("/near", ""), ("/list", ""), ("/near", '"1"'), ("/list", '"1"')]
    assert told(any_app, "某校") == "没有新的"


def test_of_two_processes_one_takes_what_is_due(any_app: App, board: Board) -> None:
    any_app.settings.feeds = {"某校": Feed(url=f"{board.url}/list")}
    assert fetching.taken(any_app, "某校")
    assert not fetching.taken(any_app, "某校")


@pytest.mark.parametrize(
    ("path", "why"),
    [("/away", "169.254.169.254"), ("/round", "还没到"), ("/broken", "500"), (":1/", "连不上")],
)
def test_what_went_wrong_is_told_and_tried_again_soon(app: App, board: Board, path: str, why: str) -> None:
    app.settings.feeds = {"x": Feed(url="http://127.0.0.1:1/" if path == ":1/" else board.url + path)}
    fetching.advance(app)
    assert told(app, "x").startswith("失败")
    assert why in told(app, "x")
    assert count(app) == 0
    app.clock.advance(timedelta(minutes=16))
    assert fetching.due(app) == ["x"]


def test_a_body_too_long_and_a_list_that_is_none(app: App, board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    app.settings.feeds = {"x": Feed(url=f"{board.url}/list"), "y": Feed(url=f"{board.url}/list", shape="nope")}
    monkeypatch.setattr(fetching, "BODY", 10)
    fetching.advance(app)
    assert "没有读" in told(app, "x")
    assert "没有叫 nope" in told(app, "y")
    monkeypatch.undo()
    board.body = b"<html></html>"
    app.clock.advance(timedelta(minutes=16))
    fetching.advance(app)
    assert "RSS" in told(app, "x")
