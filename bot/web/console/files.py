"""The pages around one person: their file with everything said and done, notes, a live reply, back to the machine."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, or_, select, update
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot import casework, services, talks
from bot.talks import Talk
from bot.web.console import scope, timeline
from bot.web.console.gate import Desk
from bot.web.console.helpdesk import LONGEST
from bot.web.console.staff import Role, helpers
from knowledge import people
from knowledge.ledger import cells, contact, destinations, meter, sharing
from knowledge.ledger import record as ledger
from knowledge.ledger.record import KINDS, NEEDED, LedgerError, Record, Step
from knowledge.ledger.seal import masked
from knowledge.links import CHANNELS
from knowledge.people import Graduate, Identity, Membership

NOTE = 1000
"""Characters of a note."""
TEACHING: tuple[Role, ...] = ("admin", "teacher")
"""Roles that look after people, as the ledger names them."""
WAYS = ("电话", "微信", "Telegram", "短信", "邮件", "面谈", "上门")


def shown(desk: Desk, wrong: str = "", home: str = "") -> Response:
    """`home`: the number of their family, where somebody asked for it."""
    number, now = desk.number(), desk.now

    def work(connection: Connection) -> None:
        row = scope.record(connection, desk.who, number)
        if row["graduate_id"]:
            people.log_access(connection, row["graduate_id"], desk.who.display, "查看档案和对话", now)
            services.gather(connection, now, row["graduate_id"])
        desk.note(connection, "看档案", f"台账 {number}")

    desk.write(work)
    with desk.app.database.reading() as connection:
        row = scope.record(connection, desk.who, number)
        family = any(each["sealed"] for each in sharing.of(connection, [number]).values())
        held = talks.of(connection, [row["graduate_id"]]).get(row["graduate_id"], []) if row["graduate_id"] else []
        values = {"talks": bool(held), "mode": talks.mode(held), "line": timeline.of(connection, row, held, now)}
        values |= told(connection, row["graduate_id"])
        values |= {"steps": timeline.last(connection, Step, number), "owners": helpers(connection)}
        counted = meter.counts(connection, desk.app.clock.today(), record_id=number).get(number, {})
        places = [each["name"] for each in destinations.listed(connection)]
        teachers = helpers(connection, TEACHING) if desk.who.role == "admin" else []
    box = desk.app.seal
    identity = masked(box.open(row["id_sealed"], row["id_digest"])) if row["id_sealed"] else ""
    steps = [(KINDS[kind], counted.get(kind, 0), needed) for kind, needed in NEEDED.items()]
    today = desk.app.clock.today()
    return desk.show(
        "person",
        400 if wrong else 200,
        row=row,
        identity=identity,
        meter=steps,
        places=places,
        kinds=KINDS,
        ways=WAYS,
        results=contact.RESULTS,
        teachers=teachers,
        family=family,
        home=home,
        said=desk.form,
        today=today,
        wrong=wrong,
        **values,
    )


def told(connection: Connection, person: str | None) -> dict[str, Any]:
    """What the person told the machine, their groups where they agreed, and on which channels they are."""
    if person is None:
        return {"profile": [], "groups": None, "channels": []}
    graduate = connection.execute(select(Graduate.profile, Graduate.groups_consent_at).where(Graduate.id == person)).one()
    groups = None
    if graduate.groups_consent_at:
        groups = connection.execute(select(Membership.group).where(Membership.graduate_id == person)).scalars().all()
    known = connection.execute(select(Identity.channel).where(Identity.graduate_id == person).distinct()).scalars()
    return {"profile": people.shown(graduate.profile), "groups": groups, "channels": [CHANNELS.get(name, name).strip() for name in known]}


def talking(connection: Connection, desk: Desk) -> tuple[RowMapping, list[Talk]]:
    row = scope.record(connection, desk.who, desk.number())
    held = talks.of(connection, [row["graduate_id"]]).get(row["graduate_id"], []) if row["graduate_id"] else []
    if not held:
        raise HTTPException(400, "这个人还没有在聊天里和台账对上，发不到；先打电话。")
    return row, held


def writing(connection: Connection, desk: Desk) -> tuple[RowMapping, str]:
    row, held = talking(connection, desk)
    open_ = talks.reaching(held)
    if not open_:
        raise HTTPException(400, "这个人把聊天都关了（取关或拉黑），发不到；先打电话。")
    return row, open_[0].key


def reply(desk: Desk) -> Response:
    """A teacher's words into the channel the person wrote in last, of those they have not left."""
    text, once = desk.form.get("text", "").strip(), desk.form.get("once", "")[:40]
    if not text or len(text) > LONGEST or not once:
        with desk.app.database.reading() as connection:
            writing(connection, desk)
        return shown(desk, f"写 1 到 {LONGEST} 个字再发。")

    def work(connection: Connection) -> str:
        row, where = writing(connection, desk)
        key, stay = f"staff|record|{row['id']}|{once}", desk.form.get("stay") != "bot"
        if casework.written(connection, row["graduate_id"], where, text, desk.who.display, key, desk.now, stay=stay):
            desk.note(connection, "给本人发消息", f"台账 {row['id']}", new=f"{len(text)} 字")
        return where

    desk.wake(desk.write(work))
    return back(desk)


def hand_back(desk: Desk) -> Response:
    def work(connection: Connection) -> list[str]:
        row, _ = talking(connection, desk)
        keys = casework.back(connection, row["graduate_id"], desk.now)
        if keys:
            desk.note(connection, "对话交还机器人", f"台账 {row['id']}")
        return keys

    for key in desk.write(work):
        desk.wake(key)
    return back(desk)


def serve(desk: Desk) -> Response:
    """A service that was given, for the 1131 meter."""
    kind, note = desk.form.get("kind", ""), desk.form.get("note", "").strip()[:500]
    return kept(desk, lambda connection: _serve(connection, desk, kind, note), "记服务", KINDS.get(kind, ""))


def _serve(connection: Connection, desk: Desk, kind: str, note: str) -> None:
    if kind not in KINDS:
        raise LedgerError(f"服务只有：{'、'.join(KINDS.values())}")
    ledger.give(connection, desk.number(), kind, day(desk, "on") or desk.app.clock.today(), desk.who.display, desk.now, note)


def call(desk: Desk) -> Response:
    """An attempt to reach the person, and when to try again."""

    result = desk.form.get("result", "")

    def work(connection: Connection) -> None:
        way = desk.form.get("way", "")
        if way not in WAYS:
            raise LedgerError(f"方式只有：{'、'.join(WAYS)}")
        note = desk.form.get("note", "").strip()[:1000]
        contact.called(connection, desk.number(), result, desk.who.display, desk.app.clock.today(), way, note, day(desk, "next_on"))

    answer = kept(desk, work, "记联系", result[:10])
    return desk.to("/calls") if answer.status_code == 303 and desk.form.get("from") == "calls" else answer


def amend(desk: Desk) -> Response:
    """Another telephone number; or, by an administrator, another teacher who looks after the person."""

    def work(connection: Connection) -> None:
        row = scope.record(connection, desk.who, desk.number())
        fresh = {**number(desk, row), **owner(desk, connection, row)}
        if not fresh:
            return
        connection.execute(update(Record).where(Record.id == row["id"]).values(**fresh, updated_at=desk.now))
        if "phone" in fresh:
            contact.renumbered(connection, {row["id"]: row["phone"]}, desk.who.display, desk.app.clock.today())
            desk.note(connection, "改手机号", f"台账 {row['id']}", masked(row["phone"]), masked(fresh["phone"]))
            if row["graduate_id"]:
                people.log_access(connection, row["graduate_id"], desk.who.display, "改手机号", desk.now)
        if "owner" in fresh:
            desk.note(connection, "改负责老师", f"台账 {row['id']}", row["owner"], fresh["owner"])

    return kept(desk, work, "")


def family(desk: Desk) -> Response:
    """The number of their family, for a call; read one at a time, and each reading is told to the person."""

    def work(connection: Connection) -> str:
        row = scope.record(connection, desk.who, desk.number())
        number = sharing.opened(connection, desk.app.seal, [row["id"]]).get(row["id"], "")
        if number and row["graduate_id"]:
            people.log_access(connection, row["graduate_id"], desk.who.display, sharing.READ, desk.now)
        if number:
            desk.note(connection, sharing.READ, f"台账 {row['id']}")
        return number

    number = desk.write(work)
    return shown(desk, "" if number else "本人没有同意联系家里，或者撤回了。", number)


def number(desk: Desk, row: RowMapping) -> dict[str, str]:
    """
    Raises:
        LedgerError: it is no number.
    """
    said = desk.form.get("phone", row["phone"]).strip()
    try:
        phone = cells.phone(said) if said and said != row["phone"] else said
    except cells.CellError as error:
        raise LedgerError(str(error)) from error
    return {"phone": phone} if phone != row["phone"] else {}


def owner(desk: Desk, connection: Connection, row: RowMapping) -> dict[str, str]:
    """
    Raises:
        LedgerError: nobody of that name looks after people.
    """
    name = desk.form.get("owner", row["owner"])
    if name == row["owner"]:
        return {}
    if desk.who.role != "admin":
        raise HTTPException(403, "负责老师由管理员改。")
    if name and name not in helpers(connection, TEACHING):
        raise LedgerError("负责老师请从名单里选")
    return {"owner": name}


def plan(desk: Desk) -> Response:
    """A next step of the plan for this person."""

    def work(connection: Connection) -> None:
        what, owner = desk.form.get("what", "").strip()[:300], desk.form.get("owner", desk.who.display)
        if not what:
            raise LedgerError("写一句下一步做什么")
        if owner not in helpers(connection):
            raise LedgerError("谁来做，请从名单里选")
        ledger.plan(connection, desk.number(), what, owner, day(desk, "due"))

    return kept(desk, work, "定下一步", desk.form.get("owner", ""))


def done(desk: Desk) -> Response:
    """By whose student it is, or by whom the step was given to."""
    number, step = desk.number(), desk.number("step")

    def work(connection: Connection) -> None:
        mine = select(Step.id).join(Record, Record.id == Step.record_id).where(Step.id == step, Step.record_id == number)
        if not connection.execute(mine.where(or_(scope.records(desk.who), Step.owner == desk.who.display))).first():
            raise HTTPException(404, scope.NOT_YOURS)
        ledger.done(connection, step, desk.now)
        desk.note(connection, "做完一步", f"台账 {number}")

    desk.write(work)
    return desk.to("/") if desk.form.get("from") == "today" else back(desk)


def note(desk: Desk) -> Response:
    """What staff want to remember; no call and no service."""

    def work(connection: Connection) -> None:
        text = desk.form.get("text", "").strip()
        if not text or len(text) > NOTE:
            raise LedgerError(f"备注写 1 到 {NOTE} 个字")
        ledger.remark(connection, desk.number(), text, desk.who.display, desk.now)

    return kept(desk, work, "写备注")


def settle(desk: Desk) -> Response:
    """A new destination, by the person's own word; who had said that the old one is wrong hears of it."""
    to, note = desk.form.get("destination", ""), desk.form.get("note", "").strip()[:500]

    told: list[str] = []

    def work(connection: Connection) -> None:
        if to not in {each["name"] for each in destinations.listed(connection)}:
            raise LedgerError("去向请从名单里选")
        row = scope.record(connection, desk.who, desk.number())
        told.append(casework.settled(connection, row, to, desk.who.display, desk.now, note))
        desk.note(connection, "改去向", f"台账 {desk.number()}", row["destination"], to)

    answer = kept(desk, work, "")
    for key in filter(None, told):
        desk.wake(key)
    return answer


def kept(desk: Desk, work: Any, what: str, new: str = "") -> Response:
    """A change of a record that is one's own, written down with who made it; what cannot be done is said on the page."""

    def whole(connection: Connection) -> None:
        scope.record(connection, desk.who, desk.number())
        work(connection)
        if what:
            desk.note(connection, what, f"台账 {desk.number()}", new=new)

    try:
        desk.write(whole)
    except LedgerError as error:
        return shown(desk, str(error))
    return back(desk)


def day(desk: Desk, name: str) -> date | None:
    """
    Raises:
        LedgerError: it is no day.
    """
    said = desk.form.get(name, "")
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise LedgerError("日期写成 2026-11-20 这样") from error


def back(desk: Desk) -> Response:
    return desk.to(f"/people/{desk.number()}")
