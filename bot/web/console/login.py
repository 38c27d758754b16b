"""Coming and going: login, logout, the own password, the staff's accounts."""

from __future__ import annotations

import secrets

import structlog
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.web.console import staff
from bot.web.console.gate import COOKIE, ROOT, Desk
from bot.web.console.staff import StaffError
from knowledge import cases

log = structlog.get_logger()
WRONG = "登录名或密码不对。"
WAIT = "试得太多了，15 分钟后再来；忘了密码，请管理员重设。"


def keep(desk: Desk, response: Response, token: str) -> Response:
    secure = desk.app.settings.secure_cookie
    response.set_cookie(COOKIE, token, max_age=int(staff.LIFE.total_seconds()), path=ROOT, httponly=True, samesite="lax", secure=secure)
    return response


def page(desk: Desk, status: int = 200, wrong: str = "", name: str = "") -> Response:
    if desk.member:
        return desk.home()
    if not desk.token:
        desk.token = secrets.token_urlsafe(32)
    return keep(desk, desk.show("login", status, wrong=wrong, name=name, doors=desk.doors()), desk.token)


def admit(desk: Desk, staff_id: int, name: str, way: str = "") -> Response | None:
    """A session for somebody who has shown who they are; None where the account was closed in this very moment."""
    token = desk.write(lambda connection: staff.begin(connection, staff_id, name, desk.now))
    with desk.app.database.reading() as connection:
        found = staff.at_desk(connection, token, desk.now)
    if found is None:
        return None
    desk.member = found[0]
    desk.write(lambda connection: desk.note(connection, "登录", way))
    return keep(desk, desk.home(), token)


def enter(desk: Desk) -> Response:
    name, password = desk.form.get("name", "").strip()[:40], desk.form.get("password", "")[:500]
    if desk.write(lambda connection: staff.braked(connection, name, desk.address, desk.now)):
        log.warning("login braked")
        return page(desk, 429, WAIT, name)
    with desk.app.database.reading() as connection:
        known = staff.known(connection, name)
    if not staff.fits(password, known[1] if known else staff.DUMMY) or known is None:
        log.warning("login refused")
        return page(desk, 403, WRONG, name)
    return admit(desk, known[0], name) or page(desk, 403, WRONG, name)


def leave(desk: Desk) -> Response:
    def work(connection: Connection) -> None:
        staff.end(connection, desk.token)
        desk.note(connection, "退出")

    desk.write(work)
    response = desk.to("/login")
    response.delete_cookie(COOKIE, path=ROOT)
    return response


def password(desk: Desk) -> Response:
    return desk.show("password")


def change(desk: Desk) -> Response:
    old, new = desk.form.get("old", "")[:500], desk.form.get("new", "")[:500]
    if desk.write(lambda connection: staff.braked(connection, desk.who.name, desk.address, desk.now)):
        return desk.show("password", 429, wrong=WAIT)
    with desk.app.database.reading() as connection:
        known = staff.known(connection, desk.who.name)
    if known is None or not staff.fits(old, known[1]):
        return desk.show("password", 403, wrong="现在的密码不对。")
    if len(new) < staff.SHORTEST or new == old or new != desk.form.get("again"):
        return desk.show("password", 400, wrong=f"新密码至少 {staff.SHORTEST} 个字，和原来的不同，两次写得一样。")
    held = staff.hashed(new)

    def work(connection: Connection) -> str:
        staff.change(connection, desk.who.id, held, fresh=False)
        desk.note(connection, "改了自己的密码")
        return staff.begin(connection, desk.who.id, desk.who.name, desk.now)

    return keep(desk, desk.home(), desk.write(work))


def accounts(desk: Desk, wrong: str = "", made: tuple[str, str] | None = None) -> Response:
    with desk.app.database.reading() as connection:
        return desk.show("accounts", 400 if wrong else 200, rows=staff.listed(connection), wrong=wrong, made=made)


def open_account(desk: Desk) -> Response:
    name, display, role = (desk.form.get(key, "") for key in ("name", "display", "role"))

    once, held = staff.one_time()

    def work(connection: Connection) -> None:
        staff.add(connection, name, display, role, held, desk.now)
        desk.note(connection, "开账号", name, new=role)

    try:
        desk.write(work)
    except StaffError as error:
        return accounts(desk, str(error))
    return accounts(desk, made=(name.strip(), once))


def switch(desk: Desk) -> Response:
    """Closes or opens an account."""
    active = desk.form.get("active") == "1"
    if not active and not desk.confirmed:
        with desk.app.database.reading() as connection:
            row = next((row for row in staff.listed(connection) if row["id"] == desk.number()), None)
            owned = cases.owned(connection, row["display"]) if row else 0
        if row is None:
            raise HTTPException(404, "没有这个账号")
        told = [f"{row['name']}（{row['display']}）马上被退出，也不能再登录，值班的聊天也停。", f"名下还有 {owned} 件没办结的求助，要另交给别人。"]
        return desk.sure(f"账号 {row['name']}", "停用", told[: 2 if owned else 1], "/accounts", {"active": "0"})

    def work(connection: Connection) -> None:
        name = staff.switch(connection, desk.number(), active)
        desk.note(connection, "启用账号" if active else "停用账号", name)

    try:
        desk.write(work)
    except StaffError as error:
        if "没有" in str(error):
            raise HTTPException(404, str(error)) from error
        return accounts(desk, str(error))
    return desk.to("/accounts")
