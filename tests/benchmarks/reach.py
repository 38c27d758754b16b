"""Reach: whom a policy newly reaches among many files in a database, and planning a broadcast to them."""

from __future__ import annotations

import json
import time
from itertools import cycle, islice
from tempfile import TemporaryDirectory

from sqlalchemy import insert

from bot import broadcast
from bot.app import App
from bot.config import Settings
from bot.reach import reach
from dialogs.place import Conversation
from knowledge.people import Graduate
from knowledge.profile import read
from tests.benchmarks.eligibility import ONE, PEOPLE
from tests.benchmarks.report import Row, Table

SIZES = (1_000, 10_000, 100_000)


def run() -> list[Table]:
    known = [read(json.loads(line)["profile"])[0] for line in PEOPLE.read_text(encoding="utf8").splitlines()]
    rows: list[Row] = []
    for size in SIZES:
        with TemporaryDirectory() as folder:
            app = App(Settings(database_url=f"sqlite:///{folder}/reach.db"))
            now = app.clock.now()
            graduates = [
                {"id": f"p{number}", "created_at": now, "profile": profile, "profile_consent_at": now}
                for number, profile in enumerate(islice(cycle(known), size))
            ]
            places = [
                {"key": f"console::p{number}", "graduate_id": f"p{number}", "mode": "bot", "stack": [], "memo": {}, "version": 0, "last_in_at": now}
                for number in range(size)
            ]
            with app.database.writing() as connection:
                connection.execute(insert(Graduate), graduates)
                connection.execute(insert(Conversation), places)
            begun = time.perf_counter()
            found = reach(app, ONE)
            reached = time.perf_counter()
            with app.database.writing() as connection:
                everybody = {"people": [row["id"] for row in graduates]}
                number = broadcast.draft(connection, "通知", [{"kind": "say", "text": "明天有招聘会"}], everybody, "王老师", now)
            broadcast.approve(app, number, "李老师")
            approved = time.perf_counter()
            while broadcast.advance(app):
                pass
            planned = time.perf_counter()
            rows.append(
                {
                    "files": size,
                    f"reach of {ONE}, s": reached - begun,
                    "newly": len(found.newly),
                    "might": len(found.might),
                    "broadcast to all: approve, s": approved - reached,
                    "plan, s": planned - approved,
                }
            )
            app.close()
    return [Table("reach of one entry, and a broadcast to everybody, on SQLite", rows)]
