"""One person on several channels: one-time codes, joining two people into one, parting again. No dialog."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, ForeignKey, String, Table, delete, exists, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base
from knowledge.people import Graduate, Identity, Membership, new_id

LIFE = timedelta(minutes=10)
SAID = re.compile(r"\s*绑定[\s::]*([0-9]{8})\s*")
"""A message that gives a code."""
CHANNELS = {"wechat": "微信", "telegram": " Telegram ", "web": "网页", "console": "终端"}


class BindCode(Base):
    """A code that was given out, as its digest only; used once, gone after LIFE."""

    __tablename__ = "bind_code"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    expires_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Code:
    """A code somebody gave: whose it is, and on which channel it was asked for."""

    digest: str
    graduate_id: str
    channel: str


def digest_of(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def said(text: str) -> str | None:
    """The digest of the code that the whole message gives."""
    found = SAID.fullmatch(text)
    return digest_of(found[1]) if found else None


def offer(connection: Connection, graduate_id: str, channel: str, at: datetime) -> str:
    """A new code for this person, in place of any before."""
    connection.execute(delete(BindCode).where((BindCode.graduate_id == graduate_id) | (BindCode.expires_at <= at)))
    code = f"{secrets.randbelow(10**8):08d}"
    connection.execute(insert(BindCode).values(digest=digest_of(code), graduate_id=graduate_id, channel=channel, expires_at=at + LIFE))
    return code


def known(connection: Connection, digests: Collection[str], at: datetime) -> dict[str, Code]:
    query = select(BindCode.digest, BindCode.graduate_id, BindCode.channel).where(BindCode.digest.in_(list(digests)), BindCode.expires_at > at)
    return {row.digest: Code(*row) for row in connection.execute(query)}


def join(connection: Connection, digest: str, other: str, at: datetime) -> bool:
    """Makes `other` one with the person whose code it is: profile and groups as there, what is missing as here. False: the code is gone."""
    used = connection.execute(delete(BindCode).where(BindCode.digest == digest, BindCode.expires_at > at).returning(BindCode.graduate_id)).scalar()
    if used is None or used == other:
        return False
    query = select(Graduate.__table__).where(Graduate.id.in_([used, other])).order_by(Graduate.id).with_for_update()
    rows = {row["id"]: row for row in connection.execute(query).mappings()}
    into, gone = rows[used], rows[other]
    values: dict[str, Any] = {}
    if gone["profile_consent_at"]:
        values["profile"] = {**gone["profile"], **into["profile"]}
        values["profile_consent_at"] = into["profile_consent_at"] or gone["profile_consent_at"]
    if gone["groups_consent_at"]:
        values["groups_consent_at"] = into["groups_consent_at"] or gone["groups_consent_at"]
    if values:
        connection.execute(update(Graduate).where(Graduate.id == used).values(values))
    held = select(Membership.group).where(Membership.graduate_id == used)
    connection.execute(delete(Membership).where(Membership.graduate_id == other, Membership.group.in_(held)))
    for table in belonging():
        if "graduate_id" in table.primary_key.columns:
            twin = table.alias()
            rest = [twin.c[column.name] == column for column in table.primary_key.columns if column.name != "graduate_id"]
            connection.execute(delete(table).where(table.c.graduate_id == other, exists().where(twin.c.graduate_id == used, *rest)))
        connection.execute(update(table).where(table.c.graduate_id == other).values(graduate_id=used))
    connection.execute(delete(Graduate).where(Graduate.id == other))
    return True


def belonging() -> list[Table]:
    """All tables whose rows belong to a graduate."""
    return [table for table in Base.metadata.sorted_tables if any(key.column.table.name == "graduate" for key in table.foreign_keys)]


def part(connection: Connection, graduate_id: str, conversation: str, at: datetime) -> str | None:
    """A new, empty person for one channel of somebody who is here by several. None: there is no other channel."""
    count = connection.execute(select(func.count()).select_from(Identity).where(Identity.graduate_id == graduate_id)).scalar_one()
    if count < 2:
        return None
    channel, account, handle = conversation.split(":", 2)
    person = new_id()
    connection.execute(insert(Graduate).values(id=person, created_at=at, profile={}))
    mine = update(Identity).where(Identity.channel == channel, Identity.account == account, Identity.handle == handle)
    connection.execute(mine.values(graduate_id=person))
    return person
