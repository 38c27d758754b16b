"""Sources of postings fetched on a schedule, from configured hosts only, and the daily end of what is over. Knows no shape of a source.

When each is due is a row: of several processes one takes it. What went wrong is told in `postings feeds`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import httpx
import structlog
from sqlalchemy import String, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from bot import config
from knowledge.db import Base
from knowledge.postings import store
from knowledge.postings.drafts import Draft, numbered
from knowledge.postings.feeds import FeedError, feeds

if TYPE_CHECKING:
    from bot.app import App

BODY = 20_000_000
SECONDS = 20.0
HOPS = 3
AGAIN = timedelta(minutes=15)
"""After a failure, doubled each time up to the feed's own hours."""
EXPIRY = "（过期）"
"""The row of the daily end of postings; no feed has such a name."""
log = structlog.get_logger()


class Feed(Base):
    """When a source is due, and what its last fetch brought. `etag`, `modified`: what it said its last body was."""

    __tablename__ = "feed"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    etag: Mapped[str] = mapped_column(String(200))
    modified: Mapped[str] = mapped_column(String(64))
    next_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(300))
    failures: Mapped[int]


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` None: nothing new since."""

    body: bytes | None
    etag: str = ""
    modified: str = ""


def look(app: App) -> None:
    """Starts what is due, beside the sweeper: a slow host must not hold up reminders."""
    if (app.fetching is None or not app.fetching.is_alive()) and due(app):
        app.fetching = threading.Thread(target=guarded, args=(app,), name="feeds", daemon=True)
        app.fetching.start()


def guarded(app: App) -> None:
    try:
        advance(app)
    except Exception:  # supervisor: the next look tries again
        log.exception("feeds failed")


def due(app: App) -> list[str]:
    names = [*app.settings.feeds, EXPIRY]
    with app.database.reading() as connection:
        waiting = {row.name for row in connection.execute(select(Feed.name).where(Feed.next_at > app.clock.now()))}
    return [name for name in names if name not in waiting]


def advance(app: App) -> int:
    """Does what is due, each taken by one process. How many were done."""
    done = 0
    for name in due(app):
        if app.closing.is_set():
            break
        if not taken(app, name):
            continue
        if name == EXPIRY:
            with app.database.writing() as connection:
                store.expire(connection, app.clock.today(), app.clock.now(), timedelta(days=app.settings.posting_days))
        else:
            fetched(app, name)
        done += 1
    return done


def taken(app: App, name: str) -> bool:
    """Moves the due time on before the work: a process that dies in it leaves the rest to the next time."""
    now = app.clock.now()
    feed = app.settings.feeds.get(name)
    values = {"next_at": now + (timedelta(hours=feed.hours) if feed else timedelta(days=1)), "tried_at": now}
    with app.database.writing() as connection:
        if connection.execute(update(Feed).where(Feed.name == name, Feed.next_at <= now).values(**values)).rowcount:
            return True
        if connection.execute(select(Feed.name).where(Feed.name == name)).first():
            return False
        connection.execute(insert(Feed).values(name=name, etag="", modified="", outcome="", failures=0, **values))
    return True


def fetched(app: App, name: str) -> str:
    """Fetches one source and takes in what it has; what came of it, as it stands in `postings feeds`."""
    feed, now = app.settings.feeds[name], app.clock.now()
    with app.database.reading() as connection:
        before = connection.execute(select(Feed.etag, Feed.modified, Feed.failures).where(Feed.name == name)).one()
    failures, values = 0, {}
    try:
        drafts = shape(feed.shape)
        answer = get(feed, before.etag, before.modified)
        if answer.body is None:
            outcome = "没有新的"
        else:
            found = numbered(enumerate(drafts(answer.body), 1))
            age = timedelta(days=app.settings.posting_days)
            report = store.bring_in(app.database, name, found, app.clock.today(), now, age=age, complete=feed.complete, seal=app.seal)
            outcome = told(report)
            values = {"etag": answer.etag[:200], "modified": answer.modified[:64]}
    except (FeedError, store.PostingError) as error:
        outcome, failures = f"失败：{error}", before.failures + 1
        values = {"next_at": now + min(timedelta(hours=feed.hours), AGAIN * 2**before.failures)}
    with app.database.writing() as connection:
        connection.execute(update(Feed).where(Feed.name == name).values(outcome=outcome[:300], failures=failures, **values))
    return outcome


def told(report: store.Report) -> str:
    counts = "，".join(f"{store.OUTCOMES[outcome]} {count}" for outcome, count in report.counts().items() if count)
    gone = [f"撤下 {report.withdrawn}"] if report.withdrawn else []
    return "，".join([counts or "清单是空的", *gone, *report.notes])


def shape(name: str) -> Callable[[bytes], Sequence[Draft]]:
    """
    Raises:
        FeedError
    """
    if name not in feeds():
        raise FeedError(f"没有叫 {name} 的来源格式，有：{'、'.join(feeds())}")
    return feeds()[name]


def get(feed: config.Feed, etag: str, modified: str) -> Answer:
    """The body of a source, not more than BODY, from its own hosts.

    Raises:
        FeedError
    """
    headers = {name: value for name, value in (("If-None-Match", etag), ("If-Modified-Since", modified)) if value}
    allowed = {urlsplit(feed.url).netloc.lower(), *(host.lower() for host in feed.hosts)}
    url = feed.url
    try:
        with httpx.Client(timeout=SECONDS, headers=headers) as client:
            for _ in range(HOPS + 1):
                parts = urlsplit(url)
                if parts.scheme not in ("http", "https") or parts.netloc.lower() not in allowed:
                    raise FeedError(f"它转到了 {parts.netloc[:80] or url[:80]}，不在设置的网址里，没有跟去；可信就加进 HOSTS")
                with client.stream("GET", url) as response:
                    if response.has_redirect_location:
                        url = urljoin(url, response.headers["location"])
                        continue
                    return answered(response)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FeedError(f"连不上或太慢（{type(error).__name__}），稍后再试") from error
    raise FeedError(f"转了 {HOPS} 次还没到，请核对网址")


def answered(response: httpx.Response) -> Answer:
    if response.status_code == httpx.codes.NOT_MODIFIED:
        return Answer(None)
    if response.status_code != httpx.codes.OK:
        raise FeedError(f"对方答复 {response.status_code}，请核对网址")
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > BODY:
            raise FeedError(f"内容超过 {BODY // 1_000_000} MB，没有读")
    return Answer(bytes(body), response.headers.get("etag", ""), response.headers.get("last-modified", ""))


def listed(app: App) -> list[dict[str, str]]:
    """Every configured source and how it goes."""
    with app.database.reading() as connection:
        held = {row.name: row for row in connection.execute(select(Feed.__table__))} if app.settings.feeds else {}
    return [
        {
            "name": name,
            "url": feed.url,
            "tried_at": row.tried_at.isoformat(timespec="seconds") if (row := held.get(name)) and row.tried_at else "",
            "next_at": row.next_at.isoformat(timespec="seconds") if row else "",
            "outcome": row.outcome if row else "还没取过",
        }
        for name, feed in app.settings.feeds.items()
    ]
