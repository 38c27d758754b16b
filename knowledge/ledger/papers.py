"""The ledger as rows for workbooks: the office's form, and the handover to the HR department of a city. Names columns; writes no file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from knowledge.ledger import destinations, meter
from knowledge.ledger.contact import NEW_NUMBER
from knowledge.ledger.figures import city
from knowledge.ledger.record import AGREED, KINDS, FollowUp, Record, Service, Step
from knowledge.ledger.seal import Seal, masked

FORM = (
    "台账编号", "姓名", "身份证号", "学号", "院校", "学院", "专业", "学历", "毕业日期", "届别", "户籍地", "常住城市", "手机号", "困难类别",
    "毕业去向", "去向代码", "单位名称", "本人有异议", *KINDS.values(), "1131 还缺", "帮扶责任人", "帮扶措施",
    "最近联系", "联系方式", "联系结果", "下次联系",
)  # fmt: skip
"""The union of the forms seen [facts: MKU, Ocean University of China, 一生一卡 cards, follow-up lists]."""
GIVEN = ("台账编号", "姓名", "服务", "日期", "谁做的", "说明")


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose rows; `numbers`: identity numbers in full; `agreed`: of those alone who agree to the handover; `area`: is in where they live,
    else in where they are registered."""

    cohort: int | None = None
    college: str = ""
    owner: str = ""
    numbers: bool = False
    agreed: bool = False
    area: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """All that hangs on records, read at once."""

    given: dict[int, dict[str, int]]
    steps: dict[int, list[str]]
    last: dict[int, RowMapping]
    codes: dict[str, str]
    rates: dict[str, str]


def held(connection: Connection, until: date) -> Held:
    steps: dict[int, list[str]] = {}
    for who, what, owner, due in connection.execute(
        select(Step.record_id, Step.what, Step.owner, Step.due).where(Step.done_at.is_(None)).order_by(Step.id)
    ):
        steps.setdefault(who, []).append(f"{what}({owner}{f',{due}前' if due else ''})")
    newest = select(func.max(FollowUp.id)).group_by(FollowUp.record_id)
    rows = connection.execute(select(FollowUp.__table__).where(FollowUp.id.in_(newest))).mappings()
    codes = {row["name"]: row["code"] for row in destinations.listed(connection)}
    return Held(meter.counts(connection, until), steps, {row["record_id"]: row for row in rows}, codes, destinations.rates(connection))


def records(connection: Connection, choice: Choice) -> Iterator[RowMapping]:
    query = select(Record.__table__).order_by(Record.college, Record.id)
    for column, value in ((Record.cohort, choice.cohort), (Record.college, choice.college), (Record.owner, choice.owner)):
        if value:
            query = query.where(column == value)
    if choice.agreed:
        query = query.where(Record.handover.in_(AGREED))
    if choice.area:
        lives = Record.city.contains(choice.area, autoescape=True)
        query = query.where(lives | (Record.city == "") & Record.hukou.contains(choice.area, autoescape=True))
    yield from connection.execution_options(yield_per=2000).execute(query).mappings()


def form(row: RowMapping, around: Held, seal: Seal, *, numbers: bool) -> list[Any]:
    """A record as FORM names it.

    Raises:
        SealError: the key does not open the identity number.
    """
    number = seal.open(row["id_sealed"], row["id_digest"]) if row["id_sealed"] else ""
    given = around.given.get(row["id"], {})
    return [
        row["id"], row["name"], number if numbers else masked(number), row["student_no"] or "", row["school"], row["college"], row["major"],
        row["degree"], str(row["graduated"] or ""), row["cohort"] or "", row["hukou"], row["city"], row["phone"], "、".join(row["groups"]),
        row["destination"], around.codes.get(row["destination"], ""), row["employer"], "是" if row["disputed_at"] else "",
        *(given.get(kind, 0) for kind in KINDS), meter.told(given), row["owner"], ";".join(around.steps.get(row["id"], ())),
        *talked(around.last.get(row["id"])),
    ]  # fmt: skip


def talked(last: RowMapping | None) -> list[str]:
    if last is None:
        return [""] * 4
    missed = "换了新号码" if last["result"] == NEW_NUMBER else f"没联系上 {last['note']}".strip()
    outcome = last["note"] if last["reached"] else missed
    return [str(last["on"]), last["way"], outcome, str(last["next_on"] or "")]


def owed(connection: Connection, around: Held, choice: Choice) -> dict[str, list[RowMapping]]:
    """Who still looks for work, or of whom nothing is known, by the city that should go on."""
    found: dict[str, list[RowMapping]] = {}
    for row in records(connection, choice):
        if around.rates.get(row["destination"], "") in destinations.OWED:
            found.setdefault(city(row["city"], row["hukou"]), []).append(row)
    return found


def package(rows: Sequence[RowMapping], given: Sequence[list[Any]], around: Held, seal: Seal, *, numbers: bool) -> dict[str, list[Sequence[Any]]]:
    """What the HR department of one city gets, as sheets.

    Raises:
        SealError: see `form`.
    """
    here = {row["id"] for row in rows}
    people = [form(row, around, seal, numbers=numbers) for row in rows]
    return {"名单": [FORM, *people], "已提供的服务": [GIVEN, *(row for row in given if row[0] in here)]}


def services(connection: Connection, people: Collection[int]) -> Iterator[list[Any]]:
    """What was given to some, as GIVEN names it: the evidence is a delivery that arrived or somebody's name."""
    query = select(Service.__table__, Record.name).join(Record, Record.id == Service.record_id).order_by(Service.record_id, Service.on)
    for row in connection.execute(query).mappings():
        if row["record_id"] in people:
            by = row["by"] or f"系统送达(第 {row['delivery_id']} 号发送)"
            yield [row["record_id"], row["name"], KINDS[row["kind"]], str(row["on"]), by, row["note"]]
