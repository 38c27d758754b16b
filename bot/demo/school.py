"""The invented graduates: their records, who of them talks to us, services, calls and steps. Data in town.toml."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dialogs.place import Conversation
from knowledge.db import local_date
from knowledge.ledger import contact, destinations, sharing
from knowledge.ledger.record import KINDS, Change, FollowUp, Record, Service, Step
from knowledge.ledger.seal import Seal

TOWN: dict[str, Any] = tomllib.loads((Path(__file__).parent / "town.toml").read_text(encoding="utf8"))
PEOPLE, TALKING = 300, 90
"""How many there are in the ledger, and how many of them are tied to a chat."""
TEACHERS = tuple(display for display, role in TOWN["staff"].values() if role == "teacher")
CHANNELS = ("web::demo", "telegram:demo:", "wechat:demo:")
NOWHERE = ("", "待就业", "待就业", "不就业拟升学", "其他暂不就业")


def name_of(n: int) -> str:
    return f"{TOWN['family'][n % len(TOWN['family'])]}{TOWN['given'][(n * 7) % len(TOWN['given'])]}"


def key_of(n: int) -> str:
    return f"{CHANNELS[n % 3]}{n}"


def records(chance: random.Random, now: datetime) -> Iterator[dict[str, Any]]:
    """Half of them have a place; one in six is in a group that is looked after first."""
    settled = [name for name, rate in sorted(placed().items()) if rate in destinations.SETTLED]
    colleges = list(TOWN["colleges"].items())
    for n in range(1, PEOPLE + 1):
        college, majors = colleges[n % len(colleges)]
        has_place = chance.random() < 0.5
        yield {
            "name": name_of(n),
            "school": TOWN["school"],
            "student_no": f"2022{n:04}",
            "phone": f"138{n:08}" if chance.random() < 0.9 else "",
            "college": college,
            "major": majors[n % len(majors)],
            "degree": "本科" if n % 4 else "专科",
            "graduated": date(now.year if now.month > 6 else now.year - 1, 6, 30),
            "cohort": now.year if now.month > 6 else now.year - 1,
            "city": chance.choice(TOWN["cities"]),
            "destination": chance.choice(settled) if has_place else chance.choice(NOWHERE),
            "employer": "青禾科技有限公司" if has_place else "",
            "groups": [chance.choice(TOWN["groups"])] if n % 6 == 0 else [],
            "handover": "list" if n % 3 == 0 else "",
            "owner": TEACHERS[n % len(TEACHERS)],
            "source": "演示名单",
            "created_at": now - timedelta(days=120),
            "updated_at": now - timedelta(days=chance.randrange(60)),
        }


def placed() -> dict[str, str]:
    return {row["name"]: row["rate"] for row in destinations.read(destinations.first()).values()}


def enrol(connection: Connection, chance: random.Random, now: datetime, seal: Seal) -> None:
    connection.execute(insert(Record), list(records(chance, now)))
    sharing.keep(connection, seal, {n: f"139{n:08}" for n in range(15, PEOPLE + 1, 15)}, "导入 演示名单", now)
    rows = connection.execute(select(Record.id, Record.destination, Record.owner).order_by(Record.id)).all()
    changes = [
        {"record_id": number, "destination": where, "by": "导入 演示名单", "note": "", "at": now - timedelta(days=chance.randrange(100))}
        for number, where, _ in rows
        if where
    ]
    connection.execute(insert(Change), changes)
    given, calls, steps = [], [], []
    for number, where, owner in rows:
        for kind in KINDS:
            for turn in range(chance.choice((0, 0, 1, 1, 2) if kind != "referral" else (0, 1, 2, 3, 3))):
                day = local_date(now) - timedelta(days=chance.randrange(80))
                given.append(
                    {"record_id": number, "kind": kind, "on": day, "subject": None, "by": owner, "note": f"演示 {turn + 1}", "entered_at": now}
                )
        if chance.random() < 0.3:
            day, result = local_date(now) - timedelta(days=chance.randrange(1, 70)), chance.choice(contact.RESULTS[:3])
            again = local_date(now) + timedelta(days=chance.randrange(-2, 6)) if chance.random() < 0.3 else None
            calls.append(
                {
                    "record_id": number,
                    "on": day,
                    "way": "电话",
                    "by": owner,
                    "reached": result == "联系上了",
                    "note": "",
                    "next_on": again,
                    "result": result,
                }
            )
        if not where and chance.random() < 0.3:
            due = local_date(now) + timedelta(days=chance.randrange(-3, 10))
            steps.append(
                {"record_id": number, "what": chance.choice(("改简历", "推荐见习单位", "陪同办失业登记", "约职业指导")), "owner": owner, "due": due}
            )
    for table, found in ((Service, given), (FollowUp, calls), (Step, steps)):
        connection.execute(insert(table), found)


def link(connection: Connection, now: datetime) -> None:
    """Those who talk to us are tied to their records, since their first words."""
    talks = {row.key: row for row in connection.execute(select(Conversation.key, Conversation.graduate_id, Conversation.last_in_at))}
    for n in range(1, TALKING + 1):
        if (row := talks.get(key_of(n))) is not None:
            connection.execute(update(Record).where(Record.id == n).values(graduate_id=row.graduate_id, linked_at=row.last_in_at))
            contact.begin(connection, n, now)
