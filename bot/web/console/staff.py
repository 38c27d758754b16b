"""Staff accounts, their sessions on the server, chats they are on duty in, and the brake on guessing. Knows no page and no request."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal, get_args

from pwdlib import PasswordHash
from sqlalchemy import Connection, ForeignKey, LargeBinary, Row, RowMapping, String, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from dialogs.place import Conversation
from knowledge.db import Base, Id

Role = Literal["admin", "teacher", "expert", "viewer"]
ROLES: dict[Role, str] = {"admin": "管理员", "teacher": "老师", "expert": "专家", "viewer": "只看数据"}
LIFE, IDLE = timedelta(hours=12), timedelta(hours=2)
"""A session ends so long after login, or after the last page."""
SEEN = timedelta(minutes=5)
"""How often it is written down that somebody is still there."""
WINDOW = timedelta(minutes=15)
BY_PAIR, BY_ADDRESS = 5, 30
"""Failed logins in WINDOW after which a name waits at one address, or an address; a whole office may share one."""
BY_NAME = 100
"""The same for a name from everywhere. Far above BY_PAIR: else five tries of a stranger keep somebody out. Passwords of SHORTEST characters
stand 10 000 tries a day, and what the program makes has 96 bits."""
SHORTEST = 10
"""Characters of a password that people choose."""
HASHING = threading.BoundedSemaphore(2)
"""One argon2 takes 64 MB for half a second: strangers at the login page must not fill the memory."""
BUILT_IN = "admin"
"""The first administrator, whom the program makes itself: nobody's name, so that only its password opens it."""
passwords = PasswordHash.recommended()


class Staff(Base):
    """`display` is the name in the ledger's column 帮扶责任人: it decides whose students somebody sees, so it is unique."""

    __tablename__ = "staff"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(40), unique=True)
    display: Mapped[str] = mapped_column(String(64), unique=True)
    password: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(10))
    active: Mapped[bool] = mapped_column(default=True)
    fresh: Mapped[bool] = mapped_column(default=True)
    """The password was made by the program and must be changed at first login."""
    created_at: Mapped[datetime]


class Session(Base):
    """`token` is a hash: whoever reads the table cannot be anybody with it."""

    __tablename__ = "staff_session"

    token: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey(Staff.id, ondelete="CASCADE"), index=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class LoginTry(Base):
    """A login that has not succeeded, for WINDOW; kept in the database, so that all processes brake together."""

    __tablename__ = "login_try"

    id: Mapped[Id]
    name: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    address: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class DutyCode(Base):
    """A code that the console gave out, as its digest only; used once, gone after `duty.LIFE`."""

    __tablename__ = "duty_code"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey(Staff.id, ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]


class DutyChat(Base):
    """A chat in which a member of the staff is on duty; it goes with the conversation and with the account."""

    __tablename__ = "duty_chat"

    conversation: Mapped[str] = mapped_column(ForeignKey(Conversation.key, ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey(Staff.id, ondelete="CASCADE"), index=True)
    since: Mapped[datetime]


class StaffError(ValueError):
    """What cannot be done with an account; the message is one sentence for the person who asked."""


@dataclass(frozen=True, slots=True)
class Member:
    """Who is at the desk."""

    id: int
    name: str
    display: str
    role: Role
    fresh: bool


def digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def hashed(password: str) -> str:
    with HASHING:
        return passwords.hash(password)


def fits(password: str, held: str) -> bool:
    with HASHING:
        return passwords.verify(password, held)


DUMMY = "$argon2id$v=19$m=65536,t=3,p=4$2AaqY5sol2L5tYDY/9/k7g$cypr7q/6/p5ZejQHFDWRtLQr1ym5yB+X8hDRq+Lg+U8"
"""Tried where there is no such name, so that the answer takes as long."""


def one_time() -> tuple[str, str]:
    """A password for the first login, and its hash; made before the writer is asked, which must not wait for it."""
    password = secrets.token_urlsafe(12)
    return password, hashed(password)


def add(connection: Connection, name: str, display: str, role: str, held: str, at: datetime) -> None:
    """A new account with the hash of a one-time password.

    Raises:
        StaffError: the role or a name cannot be taken.
    """
    name, display = name.strip(), display.strip() or name.strip()
    if role not in get_args(Role):
        raise StaffError(f"角色只有 {'、'.join(ROLES)}")
    if not name.isprintable() or not 2 <= len(name) <= 40 or any(mark.isspace() for mark in name):
        raise StaffError("登录名要 2 到 40 个字，中间没有空格")
    if not display.isprintable() or len(display) > 64:
        raise StaffError("称呼最多 64 个字")
    if connection.execute(select(Staff.id).where((Staff.name == name) | (Staff.display == display))).first():
        raise StaffError(f"已经有叫「{name}」或称呼「{display}」的人了，换一个")
    row = {"name": name, "display": display, "password": held, "role": role, "active": True, "fresh": True, "created_at": at}
    connection.execute(insert(Staff).values(row))


def named(connection: Connection, said: str) -> Row[str, str] | None:
    """`display` and `role` of whom somebody signs as, closed or not: the name in the ledger comes before the one of the login."""
    query = select(Staff.display, Staff.role).where((Staff.display == said) | (Staff.name == said)).order_by(Staff.display != said)
    return connection.execute(query.limit(1)).first()


def helpers(connection: Connection, roles: Sequence[Role] = ("admin", "teacher", "expert")) -> list[str]:
    """Who works here now and may be given a step or somebody's case; of `roles`."""
    return list(connection.execute(select(Staff.display).where(Staff.active, Staff.role.in_(roles)).order_by(Staff.id)).scalars())


def headless(connection: Connection) -> bool:
    """There is no administrator yet."""
    return connection.execute(select(Staff.id).where(Staff.role == "admin")).first() is None


def listed(connection: Connection) -> list[RowMapping]:
    columns = (Staff.id, Staff.name, Staff.display, Staff.role, Staff.active, Staff.fresh, func.max(Session.seen_at).label("seen_at"))
    query = select(*columns).outerjoin(Session, Session.staff_id == Staff.id).group_by(Staff.id).order_by(Staff.id).limit(500)
    return list(connection.execute(query).mappings().all())


def braked(connection: Connection, name: str, address: str, at: datetime) -> bool:
    """Counts one login in, before the password is looked at; True where there were too many."""
    connection.execute(delete(LoginTry).where(LoginTry.at < at - WINDOW))
    tried, of = digest(name), select(func.count()).select_from(LoginTry)
    mine, here = LoginTry.name == tried, LoginTry.address == address[:64]
    if any(
        connection.execute(of.where(*which)).scalar_one() >= most
        for which, most in (((mine, here), BY_PAIR), ((here,), BY_ADDRESS), ((mine,), BY_NAME))
    ):
        return True
    connection.execute(insert(LoginTry).values(name=tried, address=address[:64], at=at))
    return False


def known(connection: Connection, name: str) -> tuple[int, str] | None:
    """Id and hash of an active account."""
    found = connection.execute(select(Staff.id, Staff.password).where(Staff.name == name, Staff.active)).first()
    return (found.id, found.password) if found else None


def holder(connection: Connection, name: str) -> Row[int, bool, bool] | None:
    """`id`, `active` and `fresh` of an account, closed or not."""
    return connection.execute(select(Staff.id, Staff.active, Staff.fresh).where(Staff.name == name)).first()


def opened(connection: Connection) -> bool:
    """Accounts were given out; the one that the program makes itself is nobody's."""
    return connection.execute(select(Staff.id).where(Staff.name != BUILT_IN).limit(1)).first() is not None


def acting(connection: Connection, said: str) -> str:
    """Whom somebody at the command line names as themselves, as the ledger calls them. Any name, where no accounts were opened yet.

    Raises:
        StaffError: there are accounts, but none by this name, or it is closed.
    """
    name = said.strip()
    found = connection.execute(select(Staff.display, Staff.active).where((Staff.name == name) | (Staff.display == name))).all()
    if active := [row.display for row in found if row.active]:
        return str(active[0])
    if found:
        raise StaffError(f"「{said}」的账号已经停用")
    if opened(connection):
        raise StaffError(f"没有叫「{said}」的老师，bulixian user list 看账号")
    return said


def forgive(connection: Connection, name: str) -> None:
    connection.execute(delete(LoginTry).where(LoginTry.name == digest(name)))


def begin(connection: Connection, staff_id: int, name: str, at: datetime) -> str:
    """A session for somebody who has shown who they are; what they mistyped before is forgiven."""
    forgive(connection, name)
    connection.execute(delete(Session).where((Session.seen_at < at - IDLE) | (Session.started_at < at - LIFE)))
    token = secrets.token_urlsafe(32)
    connection.execute(insert(Session).values(token=digest(token), staff_id=staff_id, started_at=at, seen_at=at))
    return token


def at_desk(connection: Connection, token: str, at: datetime) -> tuple[Member, bool] | None:
    """Whose session a token is, and whether it is time to write down that they were seen."""
    query = select(Staff.id, Staff.name, Staff.display, Staff.role, Staff.fresh, Session.seen_at).join(Session, Session.staff_id == Staff.id)
    live = (Session.token == digest(token), Staff.active, Session.seen_at > at - IDLE, Session.started_at > at - LIFE)
    row = connection.execute(query.where(*live)).first()
    return (Member(row.id, row.name, row.display, row.role, row.fresh), row.seen_at < at - SEEN) if row else None


def seen(connection: Connection, token: str, at: datetime) -> None:
    connection.execute(update(Session).where(Session.token == digest(token)).values(seen_at=at))


def end(connection: Connection, token: str) -> None:
    connection.execute(delete(Session).where(Session.token == digest(token)))


def end_all(connection: Connection, staff_id: int) -> None:
    connection.execute(delete(Session).where(Session.staff_id == staff_id))


def change(connection: Connection, staff_id: int, held: str, *, fresh: bool) -> None:
    """A new password (its hash); every session of the account ends."""
    connection.execute(update(Staff).where(Staff.id == staff_id).values(password=held, fresh=fresh))
    end_all(connection, staff_id)


def switch(connection: Connection, staff_id: int, active: bool) -> str:
    """Closes or opens an account; one that is closed is out at once. Returns its name.

    Raises:
        StaffError: there is none, or no administrator would be left.
    """
    row = connection.execute(select(Staff.name, Staff.role).where(Staff.id == staff_id).with_for_update()).first()
    if row is None:
        raise StaffError("没有这个账号")
    others = select(Staff.id).where(Staff.role == "admin", Staff.active, Staff.id != staff_id)
    if not active and row.role == "admin" and not connection.execute(others).first():
        raise StaffError("至少要留一位管理员")
    connection.execute(update(Staff).where(Staff.id == staff_id).values(active=active))
    if not active:
        end_all(connection, staff_id)
    return str(row.name)
