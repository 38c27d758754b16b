"""Signed links to pages of one person: what for, until when, once or often. Knows no page.

A link carries a number, its end and an HMAC over both and the purpose; everything else is a row, so that it says nothing of
the person and can be taken back.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, ForeignKey, RowMapping, String, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base
from knowledge.people import Graduate, new_id

LIFE = timedelta(minutes=30)
"""Of a link to do something with, once."""
TRIES = 6
"""Files that may be tried with one link before it is spent."""
TOKEN = re.compile(r"([\w-]{22})\.([0-9a-f]{1,12})\.([\w-]{43})", re.ASCII)
WRONG = "这个链接不完整或者不对。回到聊天里发「改简历」或「看合同」,拿一个新的。"
OVER = "这个链接过期了。回到聊天里发「改简历」或「看合同」,拿一个新的。"
USED = "这个链接用过了,只能用一次。回到聊天里发「改简历」或「看合同」,拿一个新的。"


class PassError(ValueError):
    """A link that leads nowhere; the message says what to do."""


class Pass(Base):
    """One link. `subject`: the number of what it shows, where it shows something."""

    __tablename__ = "web_pass"

    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), index=True)
    conversation: Mapped[str] = mapped_column(String(220))
    purpose: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(22), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int]
    used_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Passes:
    """Grants links and knows them again. `base`: where this server is reached from outside; the web chat does without."""

    key: bytes = field(repr=False)
    base: str = ""

    def reaches(self, conversation: str) -> bool:
        """Whether somebody in this conversation can open a page of ours."""
        return bool(self.base) or conversation.startswith("web:")

    def grant(self, connection: Connection, owner: tuple[str, str], purpose: str, subject: str, at: datetime, until: datetime) -> str:
        """The address of a page of the owner (graduate, conversation)."""
        row = {"id": new_id(), "graduate_id": owner[0], "conversation": owner[1], "purpose": purpose, "subject": subject}
        until = until.replace(microsecond=0)
        connection.execute(insert(Pass).values(row | {"expires_at": until, "tries": 0}))
        end = f"{int(until.timestamp()):x}"
        return f"{self.base}/{purpose}/{row['id']}.{end}.{self.sign(purpose, row['id'], end)}"

    def sign(self, purpose: str, number: str, end: str) -> str:
        return urlsafe_b64encode(hmac.digest(self.key, f"{purpose}|{number}|{end}".encode(), sha256)).decode().rstrip("=")

    def number(self, token: str, purpose: str, at: datetime) -> str:
        """The row's number of a link that we signed and that is not over.

        Raises:
            PassError
        """
        found = TOKEN.fullmatch(token)
        if not found or not hmac.compare_digest(found[3].encode(), self.sign(purpose, found[1], found[2]).encode()):
            raise PassError(WRONG)
        if datetime.fromtimestamp(int(found[2], 16), UTC) <= at:
            raise PassError(OVER)
        return found[1]

    def known(self, connection: Connection, token: str, purpose: str, at: datetime) -> RowMapping:
        """
        Raises:
            PassError
        """
        row = connection.execute(select(Pass.__table__).where(Pass.id == self.number(token, purpose, at))).mappings().first()
        if row is None:
            raise PassError(OVER)
        if row["used_at"] or row["tries"] >= TRIES:
            raise PassError(USED)
        return row


NO_PASSES = Passes(b"")
"""Where there are no pages."""


def tried(connection: Connection, number: str) -> bool:
    """Counts a try; False: there have been too many, or it was used."""
    mine = update(Pass).where(Pass.id == number, Pass.used_at.is_(None), Pass.tries < TRIES)
    return connection.execute(mine.values(tries=Pass.tries + 1)).rowcount == 1


def use(connection: Connection, number: str, at: datetime) -> bool:
    """Spends a link; False: somebody else has."""
    mine = update(Pass).where(Pass.id == number, Pass.used_at.is_(None))
    return connection.execute(mine.values(used_at=at)).rowcount == 1


def expire(connection: Connection, at: datetime) -> None:
    connection.execute(delete(Pass).where(Pass.expires_at <= at))


def withdraw(connection: Connection, purpose: str, subject: str) -> None:
    """What they lead to is gone."""
    connection.execute(delete(Pass).where(Pass.purpose == purpose, Pass.subject == subject))
