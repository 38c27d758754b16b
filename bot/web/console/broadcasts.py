"""The pages of broadcasts: the list, writing one, what it will be, letting it go by a second person, its progress and what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot import broadcast, changes, coming, duty, outcomes, results
from bot.app import App
from bot.audience import addressed, statuses, veiled
from bot.broadcast import Broadcast, BroadcastError, LateError
from bot.delivery import FINAL
from bot.results import RESULTS
from bot.web.console.gate import Desk
from bot.web.console.oncall import named
from bot.web.console.report import workbook
from dialogs.broadcasts import kinds
from knowledge.profile import FIELDS, SENSITIVE

MOST = 50
LISTS = {
    "status": "去向",
    "city": "城市",
    "college": "学院",
    "degree": "学历",
    "major": "专业（名字里有这几个字）",
    "groups": "群体（只算同意登记的）",
    "channel": "最近说话的渠道（微信、Telegram、网页）",
}
"""Rules of an audience that are written as words with 、 between them."""
APART = ("residence", "cohort", "degree", "major")
"""Fields of a profile that have a line of their own, which asks the ledger too."""
ASKING = {name: field.label for name, field in FIELDS.items() if name not in (*SENSITIVE, *APART) and field.kind not in ("list", "answers")}
HOW = {"is": "是（几个用「、」隔开）", "has": "文字里有", "from": "不早于、不少于", "to": "不晚于、不多于"}
ROWS = (1, 2, 3)
"""Conditions on the profile that the form has room for."""
ACTIONS: dict[str, tuple[str, Callable[[Desk, App, int], Any]]] = {
    "approve": ("批准群发", lambda desk, app, number: broadcast.approve(app, number, desk.who.display, leaving(desk))),
    "pause": ("暂停群发", lambda _, app, number: broadcast.pause(app, number)),
    "resume": ("接着群发", lambda _, app, number: broadcast.resume(app, number)),
    "cancel": ("取消群发", lambda _, app, number: broadcast.cancel(app, number)),
    "off": ("取消活动", lambda desk, app, number: called_off(app, number, desk.now)),
    "resend": ("再发群发", lambda desk, app, number: broadcast.resend(app, number, desk.form.get("outcome", ""))),
}
ASKED = {"approve": "批准，发出去", "cancel": "没发的不发了", "off": "活动取消", "resend": "再发一次"}
"""What is asked once more, on a page that says to how many it happens."""


def called_off(app: App, number: int, now: datetime) -> int:
    with app.database.writing() as connection:
        return coming.call_off(connection, number, now)


def leaving(desk: Desk) -> datetime | None:
    """Another time than the draft's, where the second person gave one."""
    said = desk.form.get("at", "").strip()
    return broadcast.moment(said, desk.now) if said else None


def listed(desk: Desk) -> Response:
    query = select(Broadcast.__table__).order_by(Broadcast.id.desc()).limit(MOST)
    with desk.app.database.reading() as connection:
        rows = [dict(row) | {"told": broadcast.told(row)} for row in connection.execute(query).mappings()]
    return desk.show("broadcasts", rows=rows, kinds=list(kinds()))


def blank(desk: Desk, wrong: str = "") -> Response:
    """The form of one kind."""
    kind = kinds().get(desk.form.get("kind") or desk.asked("kind"))
    if kind is None:
        return desk.to("/broadcasts")
    by_mass = outcomes.BY_MASS if outcomes.may_mass(desk.app) else ""
    with desk.app.database.reading() as connection:
        places = statuses(connection)
    return desk.show(
        "broadcast_new",
        400 if wrong else 200,
        kind=kind,
        lists=LISTS,
        places=places,
        said=desk.form,
        by_mass=by_mass,
        wrong=wrong,
        asking=ASKING,
        how=HOW,
        lines=ROWS,
    )


def write(desk: Desk) -> Response:
    form = desk.form
    kind = kinds().get(form.get("kind", ""))
    if kind is None:
        return desk.to("/broadcasts")
    try:
        raw = {
            "type": kind.name,
            "title": form.get("title"),
            "fields": {name: form[f"f_{name}"] for name in kind.fields if form.get(f"f_{name}", "").strip()},
            "audience": audience(form),
            "at": form.get("at"),
            "mass": bool(form.get("mass")),
        }
        with desk.app.together() as (here, connection):
            number = broadcast.written(here, raw, desk.who.display)
            desk.note(connection, "起草群发", f"群发 {number}", new=form.get("title", "")[:60])
    except BroadcastError as error:
        return blank(desk, f"{error}。")
    return desk.to(f"/broadcasts/{number}")


def audience(form: dict[str, str]) -> dict[str, Any]:
    """The rules as `bot.audience` takes them.

    Raises:
        BroadcastError: a number is none.
    """
    found: dict[str, Any] = {"everyone": True} if form.get("everyone") else {}
    for name in (*LISTS, "people", "without"):
        if values := words(form.get(name, "")):
            found[name] = values
    if held := profile(form):
        found["profile"] = held
    if years := words(form.get("cohort", "")):
        found["cohort"] = [whole(year, "届别") for year in years]
    days = {end: whole(form[f"silent_{end}"], "多少天没说话") for end in ("from", "to") if form.get(f"silent_{end}", "").strip()}
    if days:
        found["silent_days"] = days
    if (share := form.get("holdout", "").strip()) not in ("", "0"):
        found["holdout"] = whole(share, "留出") / 100
    return found


def profile(form: dict[str, str]) -> dict[str, Any]:
    """The lines of field, how, value.

    Raises:
        BroadcastError: one is half written, or two of a field do not go together.
    """
    found: dict[str, Any] = {}
    for number in ROWS:
        field, how, value = (form.get(f"p_{name}_{number}", "").strip() for name in ("field", "how", "value"))
        if not field and not value:
            continue
        if field not in ASKING or how not in HOW or not value:
            raise BroadcastError(f"档案条件第 {number} 行没写全：选一项、选怎么比、写内容")
        new: Any = words(value) if how == "is" else {how: value}
        old = found.get(field)
        if old is None:
            found[field] = new
        elif isinstance(old, dict) and isinstance(new, dict) and {*old, *new} == {"from", "to"}:
            found[field] = old | new
        else:
            raise BroadcastError(f"档案条件里的「{ASKING[field]}」写了两次，合成一行，或者一行写从、一行写到")
    return found


def words(said: str) -> list[str]:
    return [word for word in re.split(r"[、,,;;\s]+", said) if word]


def whole(said: str, label: str) -> int:
    if not re.fullmatch(r"\s*[0-9]{1,6}\s*", said):
        raise BroadcastError(f"「{label}」写整数，不是「{said[:20]}」")
    return int(said)


def shown(desk: Desk, wrong: str = "", done: str = "") -> Response:
    number = desk.number()
    try:
        with desk.app.database.reading() as connection:
            row = broadcast.get(connection, number)
            chats = [named(each["conversation"]) for each in duty.chats(connection, desk.who.id)]
            changed = [dict(each) | {"told": broadcast.told(each)} for each in changes.of(connection, number)]
        preview, status = outcomes.preview(desk.app, number, desk.who.display), outcomes.status(desk.app, number)
    except BroadcastError as error:
        raise HTTPException(404, f"{error}。") from error
    counts = [(name, label, status[name]) for name, label in RESULTS.items() if status[name]]
    over = sum(status[name] for name in FINAL)
    again = [(name, RESULTS[name]) for name in ("failed", "unknown", "expired") if status[name]]
    running = row["status"] in ("approved", "planned") and (status["open"] or status["unplanned"])
    values = {"row": row, "told": broadcast.told(row), "preview": preview, "status": status, "counts": counts, "over": over, "again": again}
    values |= {
        "results": results.told(status["results"]) if status["results"] else [],
        "off": coming.may_call_off(row, desk.now),
        "quiet": desk.app.quiet.until(desk.now),
        "changed": changed,
        "form": changes.form(row, desk.now) if desk.who.role == "admin" or row["author"] == desk.who.display else [],
        "said": desk.form,
        "trying": row["status"] not in broadcast.OVER,
        "chats": chats,
    }
    return desk.show("broadcast", 409 if wrong else 200, **values, running=running, mine=row["author"] == desk.who.display, wrong=wrong, done=done)


def trial(desk: Desk) -> Response:
    """To one's own chats of duty; no figure of the broadcast knows of it."""
    number = desk.number()

    def work(connection: Connection) -> list[tuple[str, bool]]:
        keys = duty.try_out(connection, desk.who.id, number, desk.form.get("once", ""), desk.now)
        if keys:
            desk.note(connection, "试发群发", f"群发 {number}", new=f"{len(keys)} 个自己的聊天")
        return [(key, duty.reached(connection, desk.app.carriers, key, desk.now)) for key in keys]

    try:
        told = desk.write(work)
    except BroadcastError as error:
        raise HTTPException(404, f"{error}。") from error
    if not told:
        return shown(desk, "你还没有绑定聊天：先到「值班」页取一个码，发给机器人，再来发测试。")
    for key, _ in told:
        desk.wake(key)
    late = [named(key) for key, reached in told if not reached]
    waits = f"{'、'.join(late)}现在发不到你，给机器人说句话就会收到。" if late else ""
    return shown(desk, done=f"测试在发到你的{'、'.join(named(key) for key, _ in told)}，不算在结果里。{waits}")


def act(desk: Desk) -> Response:
    number, action = desk.number(), str(desk.request.path_params["action"])
    if action not in ACTIONS:
        raise HTTPException(404, "没有这个动作。")
    what, work = ACTIONS[action]
    if action in ASKED and not desk.confirmed:
        return asked(desk, action)
    try:
        with desk.app.together() as (here, connection):
            work(desk, here, number)
            desk.note(connection, what, f"群发 {number}", new=desk.form.get("outcome", ""))
    except BroadcastError as error:
        again = action == "approve" and (desk.form.get("at") or isinstance(error, LateError))
        return asked(desk, action, f"{error}。") if again else shown(desk, f"{error}。")
    return desk.to(f"/broadcasts/{number}")


def asked(desk: Desk, action: str, wrong: str = "") -> Response:
    """What would happen, and to how many; nothing has happened yet. `wrong`: with the time that was given."""
    number = desk.number()
    try:
        with desk.app.database.reading() as connection:
            row = broadcast.get(connection, number)
            told = consequence(desk, connection, row, action)
    except BroadcastError as error:
        return shown(desk, f"{error}。")
    held = {name: desk.form[name] for name in ("outcome",) if name in desk.form}
    at = changes.moment_of(row["at"]) if action == "approve" and row["at"] and row["at"] > desk.now else ""
    more = {"timed": action == "approve", "at": desk.form.get("at", "")[:16] or at, "wrong": wrong}
    return desk.sure(f"群发 {number} {row['title']}", ASKED[action], told, f"/broadcasts/{number}", held, **more)


def consequence(desk: Desk, connection: Connection, row: RowMapping, action: str) -> list[str]:
    match action:
        case "approve":
            broadcast.second(row, desk.who.display)
            people, whom = veiled(broadcast.size(connection, row, desk.now), row["audience"]), addressed(connection, row, desk.who.display)
            lines = [f"{whom} {people} 人，批准以后名单不变。" + ("写了留出一部分不发的，这个数里有他们。" if row["audience"].get("holdout") else "")]
            late = row["at"] and row["at"] <= desk.now
            return [*lines, *(["草稿定的发送时间已经过了，在下面另定一个；空着就不能发。"] if late else [])]
        case "cancel":
            books = results.books(connection, row)
            lines = [f"还没发出去的 {books['open'] + books['unplanned']} 人不会收到。停了就不能再接着发；只想停一停，用「暂停」。"]
            stands = coming.may_call_off(row, desk.now)
            return [*lines, *(["已经收到的人照样可以来，说想参加的照样会提醒。活动不办了，用「活动取消」。"] if stands else [])]
        case "off":
            books = results.books(connection, row)
            told = len(coming.expecting(connection, row["id"]))
            lines = [f"马上告诉说想参加的 {told} 人别去了（退订了的不告诉）。", "以后不再提醒，也不能恢复。"]
            return [f"这场活动取消，还没发出去的 {books['open'] + books['unplanned']} 人不会收到。", *lines]
    outcome = desk.form.get("outcome", "")
    again = f"再发给「{RESULTS.get(outcome, outcome)}」的 {results.books(connection, row).get(outcome, 0)} 人。"
    return [again, *(["不知道到没到的人可能收到两次。"] if outcome == "unknown" else [])]


def change(desk: Desk) -> Response:
    """A draft of its own, which a second person lets go."""
    number, form = desk.number(), desk.form
    try:
        with desk.app.together() as (here, connection):
            made = changes.written(here, number, {name: form[f"f_{name}"] for name in changes.ABOUT if f"f_{name}" in form}, desk.who.display)
            desk.note(connection, "起草变更", f"群发 {number}", new=f"群发 {made}")
    except BroadcastError as error:
        return shown(desk, f"{error}。")
    return desk.to(f"/broadcasts/{made}")


def export(desk: Desk) -> Response:
    """What came of it; numbers, no names."""
    number = desk.number()
    try:
        told = outcomes.status(desk.app, number)
    except BroadcastError as error:
        raise HTTPException(404, f"{error}。") from error
    desk.write(lambda connection: desk.note(connection, "导出群发结果", f"群发 {number}"))
    return workbook(f"broadcast-{number}", f"群发 {number}", results.table(told))
