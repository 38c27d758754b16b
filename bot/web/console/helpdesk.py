"""The pages around cases: the list, one case with its conversation, answering, giving to somebody, closing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot import casework, duty, lessons, talks
from bot.web.console import scope
from bot.web.console.gate import Desk
from bot.web.console.staff import helpers
from knowledge import people
from knowledge.cases import KINDS, Case
from knowledge.ledger.record import Record
from knowledge.policy.revisions import RevisionError
from knowledge.postings import proven

MOST = 50
"""Rows of a page of a list."""
REPORTS = ("scam", "posting")
"""Kinds of cases that tell of a text somebody received."""
LONGEST = 2000
"""Characters of an answer, as long as a message may be."""


def listed(desk: Desk) -> Response:
    after, kind, done = desk.asked_number("after"), desk.asked("kind"), desk.asked("done") == "1"
    query = select(Case.__table__).where(scope.cases(desk.who), Case.closed_at.is_not(None) if done else Case.closed_at.is_(None))
    if kind in KINDS:
        query = query.where(Case.kind == kind)
    if after:
        query = query.where(Case.id < after if done else Case.id > after)
    query = query.order_by(Case.id.desc() if done else Case.id).limit(MOST + 1)
    first = query.where(Case.kind == "crisis").limit(MOST)
    with desk.app.database.reading() as connection:
        crises = [] if done or after or kind else connection.execute(first).mappings().all()
        rows = connection.execute(query).mappings().all()
        told = casework.answers(connection, [*crises, *rows])
    desk.looked("求助", len({row["id"] for row in (*crises, *rows[:MOST])}), {"种类": KINDS.get(kind, ""), "办结": "是" if done else ""})
    return desk.show(
        "cases", crises=crises, rows=rows[:MOST], told=told, more=rows[MOST - 1]["id"] if len(rows) > MOST else None, kind=kind, done=done
    )


def shown(desk: Desk, wrong: str = "", said: str = "") -> Response:
    number = desk.number()

    def work(connection: Connection) -> None:
        case = scope.case(connection, desk.who, number)
        people.log_access(connection, case["graduate_id"], desk.who.display, f"查看求助 {number} 和对话", desk.now)
        desk.note(connection, "看求助", f"求助 {number}")

    desk.write(work)
    with desk.app.database.reading() as connection:
        case = scope.case(connection, desk.who, number)
        talk = [(each["from"], casework.words(each), each["at"], each.get("fate")) for each in casework.talk(connection, case, desk.now)]
        mine = select(Record.id, Record.name).where(Record.graduate_id == case["graduate_id"], scope.records(desk.who)).limit(1)
        record = connection.execute(mine).first() if desk.who.role in ("admin", "teacher") else None
        staff = helpers(connection)
        asked, answer_ = lessons.exchange(connection, case) if case["answered_at"] and desk.who.role in ("admin", "teacher") else ("", "")
        mode = talks.mode(talks.of(connection, [case["graduate_id"]]).get(case["graduate_id"], []))
    values: dict[str, Any] = {"case": case, "talk": talk, "record": record, "staff": staff, "mode": mode, "reports": case["kind"] in REPORTS}
    if "asked" in desk.form:
        asked, answer_ = desk.form["asked"], desk.form.get("answer", "")
    values |= {"asked": asked, "answer": answer_, "near": lessons.near(desk.app.search, asked) if answer_ else []}
    return desk.show("case", 400 if wrong else 200, wrong=wrong, said=said, **values)


def answer(desk: Desk) -> Response:
    number, text = desk.number(), desk.form.get("text", "").strip()
    if not text or len(text) > LONGEST:
        return shown(desk, f"写 1 到 {LONGEST} 个字再发。", text[:LONGEST])

    def work(connection: Connection) -> str:
        case = scope.case(connection, desk.who, number)
        stay = desk.form.get("stay") != "bot"
        where = casework.answered(connection, case, text, desk.who.display, desk.form.get("once", "")[:40], desk.now, stay=stay)
        if where:
            desk.note(connection, "回复求助", f"求助 {number}", new=f"{len(text)} 字")
        return where

    desk.wake(desk.write(work))
    return desk.to(f"/cases/{number}")


def keep(desk: Desk) -> Response:
    """Question and answer as a draft of a policy entry, which another approves."""
    number, key = desk.number(), desk.form.get("to", "").strip().upper()[:10]
    question, told = " ".join(desk.form.get("asked", "").split())[:200], desk.form.get("answer", "").strip()[:LONGEST]

    def work(connection: Connection) -> int:
        scope.case(connection, desk.who, number)
        made = lessons.kept(connection, key, question, told, desk.who.display, desk.now)
        desk.note(connection, "起草政策", key, new=f"第 {made} 版")
        return made

    try:
        return desk.to(f"/knowledge/drafts/{desk.write(work)}")
    except RevisionError as error:
        return shown(desk, f"{error}。")


def give(desk: Desk) -> Response:
    number, to = desk.number(), desk.form.get("to", "")

    def work(connection: Connection) -> list[str]:
        case = scope.case(connection, desk.who, number)
        if to not in helpers(connection):
            raise HTTPException(400, "没有这位老师，请从名单里选。")
        connection.execute(update(Case).where(Case.id == number).values(owner=to))
        desk.note(connection, "交办求助", f"求助 {number}", case["owner"] or "", to)
        return duty.entrust(connection, case, to, desk.who.display, desk.now)

    for key in desk.write(work):
        desk.wake(key)
    return desk.to(f"/cases/{number}" if desk.who.role == "admin" else "/cases")


def close(desk: Desk) -> Response:
    number = desk.number()

    def work(connection: Connection) -> list[str]:
        case = scope.case(connection, desk.who, number)
        if case["closed_at"] is not None:
            return []
        desk.note(connection, "办结求助", f"求助 {number}")
        return [case["conversation"], *casework.closed(connection, case, desk.now, desk.who.display)]

    for key in desk.write(work):
        desk.wake(key)
    return desk.to("/cases")


def hand_back(desk: Desk) -> Response:
    """The machine goes on with the person; the case waits on."""
    number = desk.number()

    def work(connection: Connection) -> list[str]:
        case = scope.case(connection, desk.who, number)
        keys = casework.back(connection, case["graduate_id"], desk.now)
        if keys:
            desk.note(connection, "对话交还机器人", f"求助 {number}")
        return keys

    for key in desk.write(work):
        desk.wake(key)
    return desk.to(f"/cases/{number}")


def fraud(desk: Desk) -> Response:
    """What was reported is a fraud: who is behind it holds their postings from now on."""
    number, company = desk.number(), desk.form.get("company", "").strip()[:200]

    def work(connection: Connection) -> None:
        case = scope.case(connection, desk.who, number)
        if case["kind"] not in REPORTS:
            raise HTTPException(400, "这件求助不是举报。")
        made, held = proven.confirm(connection, desk.app.seal, case["summary"], company, desk.who.display, desk.now)
        desk.note(connection, "确认骗局", f"骗局 {made}", new=f"在招的扣下 {held} 条")

    try:
        desk.write(work)
    except proven.FraudError as error:
        return shown(desk, f"{error}。")
    return desk.to("/postings")
