"""Graduates: identity on a channel, profile, sensitive groups, consent, who read what. No dialog, no delivery."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Connection, ForeignKey, RowMapping, String, UniqueConstraint, bindparam, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base, Id
from knowledge.profile import FIELDS, Field


class Graduate(Base):
    __tablename__ = "graduate"

    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    created_at: Mapped[datetime]
    profile: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    profile_consent_at: Mapped[datetime | None]
    groups_consent_at: Mapped[datetime | None]


class Identity(Base):
    """How one person appears on one channel account; the handle is the platform's id of the person."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("channel", "account", "handle"),)

    id: Mapped[Id]
    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(64), default="")
    handle: Mapped[str] = mapped_column(String(128))


class Membership(Base):
    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("graduate_id", "group"),)

    id: Mapped[Id]
    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), index=True)
    group: Mapped[str] = mapped_column(String(20))
    stated_at: Mapped[datetime]


class Consent(Base):
    """Evidence of every yes and every withdrawal; never updated, only added to."""

    __tablename__ = "consent"

    id: Mapped[Id]
    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    given: Mapped[bool]
    at: Mapped[datetime]


class Access(Base):
    """Who read or changed a person's data, shown to that person on request."""

    __tablename__ = "access"

    id: Mapped[Id]
    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), index=True)
    who: Mapped[str] = mapped_column(String(64))
    what: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


def shown(profile: dict[str, Any]) -> list[str]:
    """The profile as lines people read; the year alone is left out where the date says it."""
    hidden = {"cohort"} if "graduation_date" in profile else set()
    return [f"· {FIELDS[key].label}:{spoken(value)}" for key, value in profile.items() if key in FIELDS and key not in hidden]


def phrases(profile: dict[str, Any]) -> list[str]:
    """The same as short phrases, for reading back what somebody just said."""
    hidden = {"cohort"} if "graduation_date" in profile else set()
    told = {key: value for key, value in profile.items() if key in FIELDS and key not in hidden}
    return [phrase(FIELDS[key], value) for key, value in told.items()]


def phrase(field: Field, value: Any) -> str:
    if isinstance(value, bool):
        return field.label if value else field.no
    return f"{field.label} {spoken(value)}"


def spoken(value: Any) -> str:
    """A profile value as people read it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def new_id() -> str:
    """A random id that says nothing about the person or their order, and that no command takes for an option: it begins with no -."""
    return secrets.choice(string.ascii_letters) + secrets.token_urlsafe(16)[1:]


def save_profiles(connection: Connection, profiles: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Replaces the profiles of graduates (id, profile)."""
    if profiles:
        query = update(Graduate).where(Graduate.id == bindparam("who")).values(profile=bindparam("kept"))
        connection.execute(query, [{"who": graduate_id, "kept": profile} for graduate_id, profile in profiles])


def record_consent(connection: Connection, kind: str, given: bool, people: Sequence[tuple[str, datetime]]) -> None:
    """Keeps a yes or no of graduates (id, when); a withdrawal also deletes what the consent covered (`profile` or `groups`)."""
    if not people:
        return
    connection.execute(insert(Consent), [{"graduate_id": who, "kind": kind, "given": given, "at": at} for who, at in people])
    column = Graduate.profile_consent_at if kind == "profile" else Graduate.groups_consent_at
    values: dict[Any, Any] = {column: bindparam("since")}
    if not given and kind == "profile":
        values[Graduate.profile] = {}
    query = update(Graduate).where(Graduate.id == bindparam("who")).values(values)
    connection.execute(query, [{"who": who, "since": at if given else None} for who, at in people])
    if not given:
        connection.execute(delete(Membership).where(Membership.graduate_id.in_([who for who, _ in people])))


def save_groups(connection: Connection, stated: Mapping[str, tuple[Sequence[str], datetime]]) -> None:
    """Replaces the groups of graduates (id: groups, when)."""
    if not stated:
        return
    connection.execute(delete(Membership).where(Membership.graduate_id.in_(list(stated))))
    rows = [{"graduate_id": who, "group": group, "stated_at": at} for who, (groups, at) in stated.items() for group in groups]
    if rows:
        connection.execute(insert(Membership), rows)


def log_access(connection: Connection, graduate_id: str, who: str, what: str, at: datetime) -> None:
    connection.execute(insert(Access).values(graduate_id=graduate_id, who=who, what=what, at=at))


def log_accesses(connection: Connection, people: Sequence[str], who: str, what: str, at: datetime) -> None:
    """The same of many."""
    if people:
        connection.execute(insert(Access), [{"graduate_id": person, "who": who, "what": what, "at": at} for person in people])


def accesses(connection: Connection, graduate_id: str, most: int = 10) -> Sequence[RowMapping]:
    """The latest readings of a person's data, newest first."""
    query = select(Access.who, Access.what, Access.at).where(Access.graduate_id == graduate_id).order_by(Access.id.desc()).limit(most)
    return connection.execute(query).mappings().all()


def accessed(connection: Connection, graduate_id: str, who: str, what: str, since: datetime) -> bool:
    """Whether that was done with the person's data after `since`."""
    query = select(Access.id).where(Access.graduate_id == graduate_id, Access.who == who, Access.what == what, Access.at > since).limit(1)
    return connection.execute(query).first() is not None


def record(connection: Connection, graduate_id: str) -> dict[str, Any]:
    """Everything these tables hold on one person, ready for JSON: the person's own copy."""
    graduate = connection.execute(select(Graduate.__table__).where(Graduate.id == graduate_id)).mappings().one()
    held: dict[str, Any] = {"profile": graduate["profile"], "created_at": graduate["created_at"].isoformat()}
    for name, table in (("identities", Identity), ("groups", Membership), ("consents", Consent), ("accesses", Access)):
        rows = connection.execute(select(table.__table__).where(table.graduate_id == graduate_id).order_by(table.id)).mappings()
        held[name] = [{k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items() if k not in ("id", "graduate_id")} for row in rows]
    return held
