"""All that was said, done and noted of one person, on every channel and by everybody, in one order by time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from bot import casework, transcript
from bot.talks import Talk
from knowledge.db import CHINA, local_date
from knowledge.ledger.record import KINDS, Change, FollowUp, Note, Service, Step
from knowledge.links import CHANNELS

SAID, MOST = 200, 50
"""Messages of one channel, and rows of each other kind, that the page shows."""
SPEAKERS = {"me": "本人", "bot": "机器", "staff": "老师"}
UNASKED = {"broadcast": "群发", "digest": "岗位推送", "notice": "通知"}
"""What the machine says without being asked, by the kind of the delivery."""
TO_MANY = ("broadcast", "digest")
"""Of these only what has arrived is something that happened."""


def of(connection: Connection, row: RowMapping, held: Sequence[Talk], now: datetime) -> list[dict[str, Any]]:
    """Of a record and its conversations, the oldest first: `who` (me, bot, staff, file), `label`, `text`, `at`, `fate`; `day` where no hour is
    known."""
    rows = [*talked(connection, held, now), *filed(connection, row["id"])]
    return sorted(rows, key=lambda each: each["at"])


def talked(connection: Connection, held: Sequence[Talk], now: datetime) -> Iterator[dict[str, Any]]:
    for talk in held:
        name = talk.key.partition(":")[0]
        channel = CHANNELS.get(name, name).strip()
        for each in transcript.history(connection, talk.key, now, SAID, staff=True):
            if each.get("fate") and each.get("kind") in TO_MANY:
                continue
            speaker = UNASKED.get(each.get("kind", ""), SPEAKERS[each["from"]])
            at = datetime.fromisoformat(each["at"])
            yield {"who": each["from"], "label": f"{channel} · {speaker}", "text": casework.words(each), "at": at, "fate": each.get("fate")}


def filed(connection: Connection, record: int) -> Iterator[dict[str, Any]]:
    """What staff did and noted, and what the record said. Of some only the day is known: they stand at its beginning."""
    for each in last(connection, Service, record):
        at = each["entered_at"] if local_date(each["entered_at"]) == each["on"] else each["on"]
        yield row_of("服务", f"{KINDS[each['kind']]} {each['by'] or '系统送达'} {each['note']}", at)
    for each in last(connection, FollowUp, record):
        result = each["result"] or ("联系上了" if each["reached"] else "没联系上")
        more = f"（下次 {each['next_on']}）" if each["next_on"] else ""
        yield row_of("联系", f"{each['way']} {each['by']}：{result} {each['note']}{more}", each["on"])
    for each in last(connection, Change, record):
        yield row_of("去向", f"{each['destination'] or '没填'}({each['by']}){each['note']}", each["at"])
    for each in last(connection, Note, record):
        yield row_of("备注", f"{each['by']}：{each['text']}", each["at"])
    for each in last(connection, Step, record):
        if each["done_at"]:
            yield row_of("做完一步", f"{each['what']}({each['owner']})", each["done_at"])


def row_of(label: str, text: str, at: datetime | date) -> dict[str, Any]:
    hour = isinstance(at, datetime)
    begun = at if hour else datetime.combine(at, time(), CHINA)
    return {"who": "file", "label": label, "text": text.strip(), "at": begun, "fate": "", "day": None if hour else at}


def last(connection: Connection, table: Any, record: int) -> Sequence[RowMapping]:
    query = select(table.__table__).where(table.record_id == record).order_by(table.id.desc()).limit(MOST)
    return connection.execute(query).mappings().all()
