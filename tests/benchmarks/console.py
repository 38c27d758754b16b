"""The console with 100 000 people in the ledger: how long a page takes, whole, as the browser asks for it. SQLite and PostgreSQL; no peers."""

from __future__ import annotations

import asyncio
import os
import random
import re
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from sqlalchemy import Connection, insert, update

from bot.app import App
from bot.config import Settings
from bot.web.app import create
from bot.web.console import staff
from dialogs.place import Conversation
from knowledge.cases import Case
from knowledge.ledger import destinations
from knowledge.ledger.record import KINDS, Change, FollowUp, Record, Service
from knowledge.ledger.sharing import Family
from knowledge.people import Graduate
from knowledge.postings.posting import Posting
from tests.benchmarks.digest import postings
from tests.benchmarks.report import Row, Table
from tests.benchmarks.turns import postgres

PEOPLE = int(os.environ.get("BULIXIAN_PEOPLE", 100_000))
URL, WORD = "http://bulixian.test", "correct horse battery"
PAGES = {
    "today": "/",
    "person": "/people/50",
    "list": "/people",
    "list, three filters": "/people?college=学院3&group=低保&silent=30",
    "list, a name": "/people?q=学生77777",
    "figures by college": "/cohort?by=college",
    "figures by city": "/cohort?by=city",
    "figures by group": "/cohort?by=group",
    "cases": "/cases",
    "to call": "/calls",
    "to hand over": "/handover",
    "postings": "/postings?status=live",
    "postings, a word": "/postings?status=live&q=会计",
}


def fill(connection: Connection, app: App, count: int = PEOPLE) -> None:
    """Of every two people one talks to us; everybody got four services in the last months, one of ten agrees to the handover."""
    now, today = app.clock.now(), app.clock.today()
    names = list(destinations.rates(connection))
    everybody, talking = range(1, count + 1), range(2, count + 1, 2)
    told = {"profile": {"cohort": 2026}, "profile_consent_at": now, "created_at": now}
    place: dict[str, Any] = {"mode": "bot", "stack": [], "memo": {}, "version": 0}
    given = {"by": "", "note": "", "entered_at": now}
    home = {"digest": app.seal.digest("13900000000"), "sealed": app.seal.close("13900000000")}
    rows: dict[type, list[Any]] = {
        Graduate: [{"id": f"p{n}", **told} for n in talking],
        Conversation: [{"key": f"wechat:gh:{n}", "graduate_id": f"p{n}", "last_in_at": now - timedelta(days=n % 100), **place} for n in talking],
        Record: [person(n, names, now) for n in everybody],
        Change: [
            {"record_id": n, "destination": names[n % len(names)], "by": "测试", "note": "", "at": now - timedelta(days=n % 50)}
            for n in everybody
            if n % 4
        ],
        Service: [
            {"record_id": n, "kind": kind, "on": today - timedelta(days=(n + i) % 90), "subject": f"{kind}/{n % 7}", **given}
            for n in everybody
            for i, kind in enumerate(KINDS)
        ],
        FollowUp: [
            {"record_id": n, "on": today - timedelta(days=n % 40), "way": "电话", "by": "老师", "reached": True, "note": "", "result": ""}
            for n in everybody
            if n % 5 == 0
        ],
        Case: [
            {"graduate_id": f"p{n}", "conversation": f"wechat:gh:{n}", "kind": "handover", "summary": "想找老师", "opened_at": now}
            for n in talking[:2000]
        ],
        Family: [{"record_id": n, **home, "by": "名单", "at": now} for n in everybody if n % 50 == 0],
        Posting: postings(random.Random(3), now),
    }
    for table, found in rows.items():
        connection.execute(insert(table), found)
    staff.add(connection, "boss", "管理员", "admin", staff.hashed(WORD), now)
    connection.execute(update(staff.Staff).values(fresh=False))


def person(n: int, names: Sequence[str], now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": f"学生{n}",
        "school": "测试大学",
        "student_no": f"S{n:07}",
        "college": f"学院{n % 12}",
        "city": ("成都", "重庆", "西安")[n % 3],
    }
    row |= {"destination": names[n % len(names)] if n % 4 else "", "owner": f"老师{n % 400}", "source": "测试"}
    talks = {"graduate_id": f"p{n}", "linked_at": now} if n % 2 == 0 else {"graduate_id": None, "linked_at": None}
    row |= {"groups": ["低保"] if n % 20 == 0 else [], "handover": "list" if n % 10 == 0 else ""}
    return {**row, **talks, "cohort": 2026, "created_at": now - timedelta(days=60), "updated_at": now}


async def timed(app: App) -> dict[str, tuple[float, int]]:
    """Milliseconds and bytes of each page; the median of five after one that nobody counts."""
    transport = httpx.ASGITransport(create(app), client=("10.0.0.1", 1))
    found: dict[str, tuple[float, int]] = {}
    async with httpx.AsyncClient(transport=transport, base_url=URL, trust_env=False, timeout=120) as browser:
        form = re.search(r'name="csrf" value="(\w+)"', (await browser.get("/console/login")).text)
        given = {"csrf": form[1] if form else "", "name": "boss", "password": WORD}
        assert (await browser.post("/console/login", data=given, headers={"origin": URL})).status_code == 303
        for name, path in PAGES.items():
            times = []
            for _ in range(6):
                begun = time.perf_counter()
                answer = await browser.get(f"/console{path}")
                times.append(1000 * (time.perf_counter() - begun))
                assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
            found[name] = median(times[1:]), len(answer.content)
    return found


def run() -> list[Table]:
    table = Table(f"the console with {PEOPLE} people")
    with tempfile.TemporaryDirectory() as folder, postgres(made(Path(folder))) as address:
        rows: dict[str, Row] = {name: {"page": name} for name in PAGES}
        for storage, url in {"SQLite": f"sqlite:///{folder}/many.db", "PostgreSQL": address}.items():
            if url is None:
                continue
            app = App(Settings(database_url=url, dense="off", _env_file=None))  # type: ignore[call-arg]
            with app.database.writing() as connection:
                fill(connection, app)
            with app.database.writing() as connection:
                connection.exec_driver_sql("ANALYZE")
            for name, (took, size) in asyncio.run(timed(app)).items():
                rows[name] |= {f"{storage} ms": took, "kB": size / 1000}
            app.close()
        table.rows = list(rows.values())
    return [table]


def made(folder: Path) -> Path:
    (place := folder / "pg").mkdir()
    return place
