"""Résumés that are kept for a while: the text only, encrypted, until its day or until the person says so. Files are never kept."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, ForeignKey, LargeBinary, RowMapping, String, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge import passes
from knowledge.db import Base
from knowledge.ledger.seal import Seal, SealError
from knowledge.people import Graduate, new_id
from knowledge.resume.extract import Paper

MOST = 20
"""Kept of one person at a time; the oldest goes first."""


class KeptResume(Base):
    """One version of a résumé as it was read. `source`: page, file or chat."""

    __tablename__ = "kept_resume"

    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), index=True)
    conversation: Mapped[str] = mapped_column(String(220))
    source: Mapped[str] = mapped_column(String(10))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


def keep(connection: Connection, seal: Seal, owner: tuple[str, str], paper: Paper, source: str, at: datetime, days: int) -> str:
    """Keeps a résumé of the owner (graduate, conversation); returns its number."""
    number = new_id()
    sealed = seal.hide(json.dumps(asdict(paper), ensure_ascii=False).encode(), number)
    row = {"id": number, "graduate_id": owner[0], "conversation": owner[1], "source": source, "sealed": sealed}
    connection.execute(insert(KeptResume).values(row | {"created_at": at, "expires_at": at + timedelta(days=days)}))
    held = select(KeptResume.id).where(KeptResume.graduate_id == owner[0]).order_by(KeptResume.created_at.desc(), KeptResume.id).offset(MOST)
    for old in list(connection.execute(held).scalars()):
        drop(connection, old)
    return number


def find(connection: Connection, number: str, graduate_id: str | None = None) -> RowMapping | None:
    """The row of a kept résumé, of this person where one is given."""
    query = select(KeptResume.__table__).where(KeptResume.id == number)
    return connection.execute(query.where(KeptResume.graduate_id == graduate_id) if graduate_id else query).mappings().first()


def latest(connection: Connection, graduate_id: str) -> RowMapping | None:
    query = select(KeptResume.__table__).where(KeptResume.graduate_id == graduate_id).order_by(KeptResume.created_at.desc(), KeptResume.id)
    return connection.execute(query.limit(1)).mappings().first()


def opened(seal: Seal, row: RowMapping) -> Paper:
    """
    Raises:
        SealError: it was sealed with another key
    """
    held = json.loads(seal.show(row["sealed"], row["id"]))
    return Paper(**held | {"doubts": tuple(held["doubts"])})


def extend(connection: Connection, number: str, until: datetime) -> None:
    """Keeps it longer: an expert is to read it."""
    connection.execute(update(KeptResume).where(KeptResume.id == number, KeptResume.expires_at < until).values(expires_at=until))


def drop(connection: Connection, number: str, graduate_id: str | None = None) -> bool:
    """Deletes one and the links to it."""
    gone = delete(KeptResume).where(KeptResume.id == number)
    if not connection.execute(gone.where(KeptResume.graduate_id == graduate_id) if graduate_id else gone).rowcount:
        return False
    passes.withdraw(connection, "report", number)
    return True


def drop_all(connection: Connection, graduate_id: str) -> int:
    held = list(connection.execute(select(KeptResume.id).where(KeptResume.graduate_id == graduate_id)).scalars())
    return sum(drop(connection, number) for number in held)


def overdue(connection: Connection, at: datetime) -> bool:
    """Whether anything is to be deleted; a read, so that looking costs no write."""
    late = select(KeptResume.id).where(KeptResume.expires_at <= at), select(passes.Pass.id).where(passes.Pass.expires_at <= at)
    return any(connection.execute(query.limit(1)).first() for query in late)


def expire(connection: Connection, at: datetime) -> int:
    """Deletes what has had its days, and links that are over."""
    passes.expire(connection, at)
    return connection.execute(delete(KeptResume).where(KeptResume.expires_at <= at)).rowcount


def record(connection: Connection, seal: Seal, graduate_id: str) -> list[dict[str, Any]]:
    """For the person's own copy."""
    rows = connection.execute(select(KeptResume.__table__).where(KeptResume.graduate_id == graduate_id).order_by(KeptResume.created_at)).mappings()
    return [{"kept_at": row["created_at"].isoformat(), "until": row["expires_at"].isoformat(), "text": readable(seal, row)} for row in rows]


def readable(seal: Seal, row: RowMapping) -> str:
    try:
        return opened(seal, row).text
    except SealError as error:
        return str(error)
