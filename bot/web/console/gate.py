"""The gate of the console: who is at the desk, may they, is the form ours. What is not in the table of pages is refused."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import structlog
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.templating import Jinja2Templates

from bot import audit
from bot.app import App
from bot.web.console import staff
from bot.web.console.staff import ROLES, Member, Role
from bot.web.upload import Refused, named, received
from dialogs.typography import chinese
from knowledge.cases import KINDS
from knowledge.db import CHINA, DatabaseError
from knowledge.policy.revisions import ACTIONS

COOKIE, ROOT = "bulixian_staff", "/console"
BODY_BYTES = 320 * 1024
"""Forms here are words, at most the 30 000 of a posting, nine bytes each as a form sends them; lists come in by their own page."""
LIST_BYTES = 20_000_000
AWAY = "数据库刚才没应，这次没存上。过一会儿再试；写过的字在下面，可以先复制下来。"
UNTYPED = ("csrf", "password", "old", "new", "again")
"""Fields that are no text of somebody's, or must not be shown."""
log = structlog.get_logger()
templates = Jinja2Templates(Path(__file__).parents[1] / "templates")


class Number(IntegerConvertor):
    """`{name:int}` of a path: what no database numbers, and what Python refuses to read (4 300 digits), is no page."""

    regex = "[0-9]{1,18}"


register_url_convertor("int", Number())


def china(moment: datetime | str) -> str:
    """A point in time as staff read it; the transcript has it as text."""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{at.astimezone(CHINA):%m-%d %H:%M}"


templates.env.filters["china"] = china
templates.env.filters["chinese"] = chinese
templates.env.globals |= {"ROOT": ROOT, "ROLES": ROLES, "CASE_KINDS": KINDS, "ACTIONS": ACTIONS}


@dataclass(frozen=True, slots=True)
class Page:
    """A row of the table of pages. `roles`: who may; nobody else. `menu`: its word in the menu, or on the login page where it needs no session."""

    method: str
    path: str
    handler: Callable[[Desk], Response]
    roles: frozenset[Role]
    menu: str = ""
    file: bool = False
    """Its form may carry a file of LIST_BYTES."""


@dataclass(slots=True)
class Desk:
    """One request of a member of the staff, as a page sees it."""

    app: App
    request: Request
    token: str
    address: str
    member: Member | None
    pages: tuple[Page, ...]
    wake: Callable[[str], None]
    form: dict[str, str] = field(default_factory=dict)
    file: tuple[str, bytes] | None = None

    @property
    def who(self) -> Member:
        assert self.member is not None  # the gate lets nobody else in
        return self.member

    @property
    def now(self) -> datetime:
        return self.app.clock.now()

    def number(self, name: str = "number") -> int:
        return int(self.request.path_params[name])

    def word(self, name: str) -> str:
        """A part of the path, without what no database holds."""
        return str(self.request.path_params[name]).replace("\x00", "")[:43]

    def asked(self, name: str) -> str:
        """A field of the address, without what no name has in it."""
        return self.request.query_params.get(name, "").replace("\x00", "").strip()[:100]

    def asked_number(self, name: str) -> int | None:
        said = self.asked(name)
        return int(said) if said.isascii() and said.isdecimal() and len(said) < 16 else None

    def note(self, connection: Connection, what: str, target: str = "", old: str = "", new: str = "") -> None:
        audit.note(connection, self.now, self.who.display, self.address, what, target, old, new)

    def looked(self, read: str, count: int, chosen: Mapping[str, str] | None = None) -> None:
        """A list that names people was read; `chosen` tells which of them. Written down once a while (`audit.WHILE`)."""
        with self.app.database.reading() as connection:
            if audit.known(connection, self.now, self.who.display, read):
                return
        told = "、".join((*(f"{name}={said}" for name, said in (chosen or {}).items() if said), f"{count} 条"))
        self.write(lambda connection: self.note(connection, audit.READ, read, new=told))

    def write(self, work: Callable[[Connection], Any]) -> Any:
        """In the program's one writer."""
        future: Future[Any] = self.app.inbox.write(work)
        return future.result()

    def menu(self) -> list[Page]:
        return [page for page in self.pages if page.menu and self.member and self.member.role in page.roles]

    def doors(self) -> list[Page]:
        """The ways in beside the password."""
        return [page for page in self.pages if page.menu and not page.roles]

    def home(self) -> Response:
        """The first page of the menu that this role has."""
        return self.to(self.menu()[0].path)

    def show(self, template: str, status: int = 200, /, **values: Any) -> Response:
        context = {
            "me": self.member,
            "menu": self.menu(),
            "csrf": csrf(self.token),
            "once": secrets.token_urlsafe(12),
            "here": self.request.url.path,
            "demo": self.app.demo,
        }
        return templates.TemplateResponse(self.request, f"console/{template}.html", {**context, **values}, status)

    def sure(self, title: str, what: str, told: Sequence[str], back: str, /, held: Mapping[str, str] | None = None, **values: Any) -> Response:
        """Asks once more before the form that was sent is carried out: `told` is what would happen; nothing has happened yet."""
        return self.show("sure", 400 if values.get("wrong") else 200, title=title, what=what, told=told, back=back, held=held or {}, **values)

    @property
    def confirmed(self) -> bool:
        return self.form.get("sure") == "yes"

    def to(self, path: str) -> Response:
        return RedirectResponse(ROOT + path, 303)


def csrf(token: str) -> str:
    """The word that a form of this session carries; the cookie cannot be found from it."""
    return hmac.new(token.encode(), b"bulixian console form", sha256).hexdigest()


class Gate:
    """Routes for a table of pages."""

    def __init__(self, app: App, address: Callable[[Request], str], wake: Callable[[str], None]) -> None:
        self.app, self.address, self.wake = app, address, wake

    def routes(self, pages: tuple[Page, ...], open_pages: tuple[Page, ...]) -> list[BaseRoute]:
        """`open_pages` need no session: the login."""
        pages = open_pages + pages
        held = [Route(page.path, self.endpoint(page, pages), methods=[page.method]) for page in pages]
        return [*held, Route("/{rest:path}", self.endpoint(Page("GET", "", lost, frozenset(ROLES)), pages), methods=["GET", "POST"])]

    def endpoint(self, page: Page, pages: tuple[Page, ...]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            token = request.cookies.get(COOKIE, "")[:100]
            desk = Desk(self.app, request, token, self.address(request), None, pages, self.wake)
            try:
                if request.method == "POST":
                    desk.form, desk.file = await self.read(page, request)
            except ClientDisconnect:
                return Response(status_code=400)
            except Refused as error:
                response = await run_in_threadpool(self.turned_away, desk, error)
            else:
                response = await run_in_threadpool(self.answer, page, desk)
            response.headers["cache-control"] = "no-store"
            response.headers["referrer-policy"] = "same-origin"  # with `no-referrer` browsers send the origin of a form as null
            return response

        return answer

    async def read(self, page: Page, request: Request) -> tuple[dict[str, str], tuple[str, bytes] | None]:
        """The form. A file is not read for somebody who may not send one.

        Raises:
            Refused, ClientDisconnect
        """
        if not page.file:
            return await words(request), None

        def known() -> bool:
            with self.app.database.reading() as connection:
                found = staff.at_desk(connection, request.cookies.get(COOKIE, "")[:100], self.app.clock.now())
            return found is not None and found[0].role in page.roles

        return await filed(request) if await run_in_threadpool(known) else ({}, None)

    def answer(self, page: Page, desk: Desk) -> Response:
        """What the page says; where the database is away, so that nothing is lost that somebody wrote."""
        try:
            return self.let_in(page, desk)
        except DatabaseError:
            log.exception("console without database", path=page.path)
            typed = {name: text for name, text in desk.form.items() if name not in UNTYPED and text.strip()}
            return desk.show("refused", 503, why=AWAY, typed=typed)

    def let_in(self, page: Page, desk: Desk) -> Response:
        if desk.token:
            with self.app.database.reading() as connection:
                found = staff.at_desk(connection, desk.token, desk.now)
            if found:
                desk.member = found[0]
                if found[1]:
                    desk.write(lambda connection: staff.seen(connection, desk.token, desk.now))
        if page.roles and desk.member is None:
            return desk.to("/login") if desk.request.method == "GET" else desk.show("refused", 401, why="登录已经结束，请重新登录。")
        if desk.request.method == "POST" and not self.ours(desk):
            self.refused(desk, "表单不是从这个页面来的")
            return desk.show("refused", 403, why="这个表单过期了，请返回刷新页面再试。")
        if page.roles and desk.who.role not in page.roles:
            self.refused(desk, "没有权限")
            return desk.show("refused", 403, why="你的角色不能看这一页。")
        if page.roles and desk.who.fresh and page.path not in ("/password", "/logout"):
            return desk.to("/password")
        try:
            return page.handler(desk)
        except HTTPException as error:
            return desk.show("refused", error.status_code, why=error.detail)

    def ours(self, desk: Desk) -> bool:
        """The form was made for this session, and sent from our own address."""
        request = desk.request
        hosts = {request.headers.get("host", "")}
        if self.app.settings.trusted_proxies:
            hosts.add(request.headers.get("x-forwarded-host", ""))
        try:
            origin = urlsplit(request.headers.get("origin", "")).netloc
        except ValueError:  # half an IPv6 address
            origin = ""
        return bool(desk.token and origin and origin in hosts) and hmac.compare_digest(desk.form.get("csrf", "").encode(), csrf(desk.token).encode())

    def turned_away(self, desk: Desk, error: Refused) -> Response:
        """A file that is too large or broken, of somebody who may send one."""
        with self.app.database.reading() as connection:
            found = staff.at_desk(connection, desk.token, desk.now)
        desk.member = found[0] if found else None
        self.refused(desk, "文件太大或读不了")
        return desk.show("refused", error.status, why=str(error))

    def refused(self, desk: Desk, why: str) -> None:
        path = desk.request.url.path.replace("\x00", "")
        log.warning("console refused", path=path[:100], why=why)
        if desk.member:
            desk.write(lambda connection: desk.note(connection, f"被拒：{why}", path))


async def filed(request: Request) -> tuple[dict[str, str], tuple[str, bytes] | None]:
    """A form with one file.

    Raises:
        Refused: it is too large or broken.
    """
    form = await received(request, LIST_BYTES, f"文件超过 {LIST_BYTES // 1_000_000} MB，请拆成几份再导。")
    said = {name: value.replace("\x00", "") for name, value in form.items() if isinstance(value, str)}
    file = next((value for value in form.values() if isinstance(value, UploadFile)), None)
    return said, (named(file.filename or ""), await file.read()) if file and file.filename else None


async def words(request: Request) -> dict[str, str]:
    """The fields of a form; one too large is cut off, and is then not ours."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES:
            return {}
    try:
        pairs = parse_qsl(body.decode("utf8", "replace"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return {}
    return {name: value.replace("\x00", "").replace("\r\n", "\n") for name, value in pairs}


def lost(desk: Desk) -> Response:
    raise HTTPException(404, "没有这一页，或者不归你看。")
