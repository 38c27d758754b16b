"""Who has gone silent and what to do next: the list that staff call off, priority groups first. Reads only.

The ladder: asked on the channel they used last (`checkins`), then on another of theirs, then a call by whoever is responsible; the family only
where the person agreed to it. Somebody without a chat, or with every channel shut, starts at the call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, select, true
from sqlalchemy.orm import aliased

from bot.allowances import GONE, Allowance
from dialogs.place import Conversation
from knowledge.db import local_date
from knowledge.ledger import destinations
from knowledge.ledger import figures as ledger
from knowledge.ledger.contact import NEW_NUMBER, REFUSED, WRONG_NUMBER, CheckIn
from knowledge.ledger.figures import By
from knowledge.ledger.record import FollowUp, Record
from knowledge.ledger.sharing import Family

HEADER = ("台账编号", "姓名", "学院", "重点群体", "多少天没消息", "为什么", "下一步", "电话", "家庭电话", "最近一次联系", "帮扶责任人")
HOME = "打家里电话（本人同意过）"
DAYS = (14, 30, 60)
RUNGS = {14: "14–29 天", 30: "30–59 天", 60: "60 天以上"}
UNTIED, GONE_FROM, WRONG, RENUMBERED = "没连上对话", "取关或拉黑", "号码不对", "换了新号码，还没打过"
CUT_OFF = {UNTIED: UNTIED, GONE_FROM: GONE_FROM, WRONG: "号码不对或换了", RENUMBERED: "号码不对或换了"}
"""The rung of a `why` that is no number of days."""
FIGURES = ("人数", "没消息的", *RUNGS.values(), *dict.fromkeys(CUT_OFF.values()))
CALL_AFTER = 60
"""Days of silence after which somebody calls, whatever the machine has asked [issue: 14/30/60 days]."""


@dataclass(frozen=True, slots=True)
class Silent:
    """`days` since the person was heard or reached, None: never. `tried`: the last attempt. `family`: it is time to call them, and agreed to."""

    record: int
    name: str
    college: str
    groups: list[str]
    days: int | None
    why: str
    next: str
    phone: str
    family: bool
    tried: str
    owner: str
    person: str | None

    def cells(self, home: str) -> list[Any]:
        days = "从没联系上" if self.days is None else self.days
        named = [self.record, self.name, self.college, "、".join(self.groups), days, self.why, self.next]
        return [*named, self.phone, home, self.tried, self.owner]


def listed(connection: Connection, now: datetime, days: int = 30, where: ColumnElement[bool] | None = None) -> list[Silent]:
    """Who is `silent`, with why and what next; one query, priority groups and the longest silence first."""
    today, mine = local_date(now), true() if where is None else where
    found = [told(row, today) for row in connection.execute(query().where(silent(connection, now, days), mine)).mappings()]
    return sorted(found, key=lambda one: (not one.groups, -(one.days if one.days is not None else 100_000), one.record))


def silent(connection: Connection, now: datetime, days: int) -> ColumnElement[bool]:
    """Of a record: without a place, and not heard from or reached for so many days.

    Left out is whom staff have agreed to try again later, and who said that they do not want to be contacted and did not speak to us since.
    """
    since, later = now - timedelta(days=days), aliased(FollowUp)
    spoke = exists().where(Conversation.graduate_id == Record.graduate_id, Conversation.last_in_at > since)
    reached = exists().where(FollowUp.record_id == Record.id, FollowUp.reached, FollowUp.on > local_date(since))
    after = (later.record_id == FollowUp.record_id, later.id > FollowUp.id)
    put_off = exists().where(FollowUp.record_id == Record.id, FollowUp.next_on > local_date(now), ~exists().where(*after))
    refused = exists().where(FollowUp.record_id == Record.id, FollowUp.result == REFUSED, ~exists().where(*after, later.reached))
    return and_(Record.destination.in_(destinations.open_ends(connection)), ~spoke, ~reached, ~put_off, ~refused)


def query() -> Select[Any]:
    """Records with what is known of their contacts."""
    shut = and_(Allowance.owner == Conversation.key, Allowance.name == GONE)
    heard = select(
        Conversation.graduate_id,
        func.max(Conversation.last_in_at).label("heard"),
        func.sum(case((Allowance.owner.is_(None), 1), else_=0)).label("open"),
    )
    talks = heard.outerjoin(Allowance, shut).group_by(Conversation.graduate_id).subquery()
    calls = select(FollowUp.record_id, func.max(case((FollowUp.reached, FollowUp.on))).label("reached"), func.max(FollowUp.id).label("last"))
    met = calls.group_by(FollowUp.record_id).subquery()
    last = FollowUp.__table__.alias("latest")
    columns = (
        Record.id, Record.name, Record.college, Record.groups, Record.phone, Record.owner, Record.graduate_id,
        Family.sealed.is_not(None).label("family"), talks.c.heard, talks.c.open, met.c.reached, last.c.on, last.c.way, last.c.result, CheckIn.rounds,
    )  # fmt: skip
    rows = select(*columns).outerjoin(talks, talks.c.graduate_id == Record.graduate_id).outerjoin(met, met.c.record_id == Record.id)
    rows = rows.outerjoin(last, last.c.id == met.c.last).outerjoin(CheckIn, CheckIn.record_id == Record.id)
    return rows.outerjoin(Family, Family.record_id == Record.id)


def told(row: Any, today: date) -> Silent:
    seen = [local_date(row["heard"])] if row["heard"] else []
    seen += [row["reached"]] if row["reached"] else []
    days = (today - max(seen)).days if seen else None
    tried = f"{row['on']} {row['way']} {row['result']}".strip() if row["on"] else ""
    why, step = ladder(row, days)
    named = (row["id"], row["name"], row["college"], row["groups"], days, why, step, row["phone"], step == HOME, tried)
    return Silent(*named, row["owner"], row["graduate_id"])


def ladder(row: Any, silent: int | None) -> tuple[str, str]:
    """Why nothing was heard, and the next rung."""
    if row["result"] == NEW_NUMBER and row["phone"]:
        return RENUMBERED, "打电话"
    if row["result"] == WRONG_NUMBER:
        why = WRONG
    elif row["graduate_id"] is None:
        why = UNTIED
    elif not row["open"]:
        why = GONE_FROM
    else:
        why = f"{silent} 天没说话"
        if silent is not None and silent < CALL_AFTER:
            return why, "机器人换个渠道再问" if row["rounds"] else "机器人先问一次"
    if why == WRONG or not row["phone"]:
        return why, HOME if row["family"] else "向学院、同学要新号码"
    return why, "打电话"


def rows(found: list[Silent], homes: Mapping[int, str]) -> Iterator[list[Any]]:
    """`homes`: numbers of families by record."""
    yield list(HEADER)
    for one in found:
        yield one.cells(homes.get(one.record, ""))


def figures(connection: Connection, now: datetime, by: By) -> list[tuple[str, list[int]]]:
    """Rows of FIGURES as they are by now, the whole first: everybody on one rung; a person in several groups is in several rows."""
    today = local_date(now)
    whole = [0] * len(FIGURES)
    parts: dict[str, list[int]] = {}

    def add(key: Any, columns: Sequence[int], number: int = 1) -> None:
        for cells in (whole, *(parts.setdefault(name, [0] * len(FIGURES)) for name in ledger.named(by, key))):
            for column in columns:
                cells[column] += number

    for number, key in ledger.sizes(connection, by):
        add(key, [0], number)
    quiet = query().add_columns(ledger.COLUMNS[by].label("key")).where(silent(connection, now, DAYS[0]))
    for row in connection.execute(quiet).mappings():
        add(row["key"], [1, FIGURES.index(rung(row, today))])
    return [("全部", whole), *sorted(parts.items())]


def rung(row: Any, today: date) -> str:
    one = told(row, today)
    return CUT_OFF.get(one.why) or RUNGS[max((days for days in DAYS if one.days is not None and one.days >= days), default=DAYS[-1])]
