"""Broadcasts: counting an audience by rules, approving and planning among 100 000 people, on SQLite and PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert

from bot import audience, broadcast, outcomes
from bot.app import App
from bot.config import Settings
from dialogs.place import Conversation
from knowledge.people import Graduate
from tests.benchmarks.report import Row, Table
from tests.benchmarks.turns import postgres

PEOPLE = 100_000
RULES = audience.checked({"profile": {"degree": ["本科"]}, "city": ["成都"], "cohort": [2026], "silent_days": {"from": 14, "to": 90}})
EVERYONE = {"everyone": True, "holdout": 0.1}


def run() -> list[Table]:
    with TemporaryDirectory() as folder, postgres(Path(folder)) as address:
        rows = [measured("SQLite", f"sqlite:///{folder}/many.db")]
        if address:
            rows.append(measured("PostgreSQL", address))
    return [Table("a broadcast by rules", rows, ["bars: a count 500 ms; approving and planning 15 s"])]


def measured(storage: str, url: str) -> Row:
    app = App(Settings(database_url=url, dense="off"))
    fill(app)
    row: Row = {"database": storage, "people": PEOPLE}
    for name, rules in (("count by four rules, ms", RULES), ("count everybody, ms", EVERYONE)):
        row[name] = median(counting(app, rules) for _ in range(5))
    draft = {"type": "通知", "title": "试", "fields": {"text": "明天有招聘会"}, "audience": EVERYONE}
    number = broadcast.written(app, draft, "王老师")
    begun = time.perf_counter()
    broadcast.approve(app, number, "李老师")
    row["approve, s"] = (approved := time.perf_counter()) - begun
    while broadcast.advance(app):
        pass
    row["plan, s"] = (planned := time.perf_counter()) - approved
    outcomes.status(app, number)
    row["status, s"] = time.perf_counter() - planned
    app.close()
    return row


def counting(app: App, rules: Mapping[str, Any]) -> float:
    begun = time.perf_counter()
    with app.database.reading() as connection:
        audience.count(connection, rules, app.clock.now())
    return 1000 * (time.perf_counter() - begun)


def fill(app: App) -> None:
    now = app.clock.now()
    graduates, places = [], []
    for n in range(PEOPLE):
        profile = {"residence": ("成都", "重庆", "西安")[n % 3], "degree": ("本科", "专科")[n % 2], "cohort": 2024 + n % 4}
        graduates.append({"id": f"p{n}", "created_at": now, "profile": profile, "profile_consent_at": now})
        heard = now - timedelta(days=n % 100)
        places.append({"key": f"wechat:gh:{n}", "graduate_id": f"p{n}", "mode": "bot", "stack": [], "memo": {}, "version": 0, "last_in_at": heard})
    with app.database.writing() as connection:
        connection.execute(insert(Graduate), graduates)
        connection.execute(insert(Conversation), places)
