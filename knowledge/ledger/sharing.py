"""What a person lets be told beyond the school: their family's number (家校联系), sealed; the handover to the HR department. Tells nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, ForeignKey, LargeBinary, RowMapping, String, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base
from knowledge.ledger.record import SELF, Record
from knowledge.ledger.seal import Seal
from knowledge.people import Consent

READ = "看家庭电话"
"""How a reading of the number is told in both logs."""
AT_ONCE = 10_000
"""Records of one query: SQLite takes 32 766 values, PostgreSQL 65 535."""


class Family(Base):
    """`by`: who says so, the person or a list. Without a number, by the person: they took it back, and no list brings one in again."""

    __tablename__ = "family"

    record_id: Mapped[int] = mapped_column(ForeignKey(Record.id, ondelete="CASCADE"), primary_key=True)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary(80))
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


def of(connection: Connection, records: Sequence[int]) -> dict[int, RowMapping]:
    found: dict[int, RowMapping] = {}
    for start in range(0, len(records), AT_ONCE):
        query = select(Family.__table__).where(Family.record_id.in_(records[start : start + AT_ONCE]))
        found |= {row["record_id"]: row for row in connection.execute(query).mappings()}
    return found


def opened(connection: Connection, seal: Seal, records: Sequence[int]) -> dict[int, str]:
    """The numbers that may be called, by record. Whoever asks writes down who read them.

    Raises:
        SealError: another key sealed one.
    """
    return {who: seal.open(row["sealed"], row["digest"]) for who, row in of(connection, records).items() if row["sealed"]}


def mine(connection: Connection, graduate_id: str) -> list[int]:
    return list(connection.execute(select(Record.id).where(Record.graduate_id == graduate_id)).scalars())


def own(connection: Connection, seal: Seal, graduate_id: str) -> str:
    """What the person has a right to see; empty where there is none."""
    return next(iter(opened(connection, seal, mine(connection, graduate_id)).values()), "")


def differs(row: RowMapping | None, seal: Seal, number: str) -> bool:
    """Whether a list says otherwise and may: the person's own word stands against it."""
    if row is None:
        return bool(number)
    return bool(row["by"] != SELF and row["digest"] != (seal.digest(number) if number else None))


def keep(connection: Connection, seal: Seal, numbers: Mapping[int, str], by: str, at: datetime) -> None:
    """These instead of what was held; an empty one is none."""
    connection.execute(delete(Family).where(Family.record_id.in_(numbers)))
    rows = [{"record_id": who, "digest": seal.digest(said), "sealed": seal.close(said), "by": by, "at": at} for who, said in numbers.items() if said]
    if rows:
        connection.execute(insert(Family), rows)


def agree(connection: Connection, seal: Seal, graduate_id: str, number: str, at: datetime) -> bool:
    """By the person's own word. False: no record is tied to them."""
    records = mine(connection, graduate_id)
    if records:
        keep(connection, seal, dict.fromkeys(records, number), SELF, at)
        connection.execute(insert(Consent).values(graduate_id=graduate_id, kind="family", given=True, at=at))
    return bool(records)


def refuse(connection: Connection, graduate_id: str, at: datetime) -> bool:
    """They take it back, whoever said that they agreed. Returns whether a number was held."""
    records = mine(connection, graduate_id)
    if not records:
        return False
    held = any(row["sealed"] for row in of(connection, records).values())
    connection.execute(delete(Family).where(Family.record_id.in_(records)))
    nothing: dict[str, Any] = {"digest": None, "sealed": None, "by": SELF, "at": at}
    connection.execute(insert(Family), [{"record_id": who, **nothing} for who in records])
    connection.execute(insert(Consent).values(graduate_id=graduate_id, kind="family", given=False, at=at))
    return held


def forget(connection: Connection, graduate_id: str) -> None:
    """They leave: what they allowed themselves goes with them, and what they took back stays so."""
    theirs = Family.record_id.in_(mine(connection, graduate_id))
    connection.execute(delete(Family).where(theirs, Family.by == SELF, Family.sealed.is_not(None)))
    connection.execute(update(Record).where(Record.graduate_id == graduate_id, Record.handover == "yes").values(handover=""))


def hand_over(connection: Connection, graduate_id: str, allowed: bool, at: datetime) -> bool:
    """By the person's own word, which no list changes. False: no record is tied to them."""
    mine = update(Record).where(Record.graduate_id == graduate_id).values(handover="yes" if allowed else "no", updated_at=at)
    if not connection.execute(mine).rowcount:
        return False
    connection.execute(insert(Consent).values(graduate_id=graduate_id, kind="handover", given=allowed, at=at))
    return True


def clear(connection: Connection) -> list[int]:
    """Records whose number a migration brought over in clear, for want of the key."""
    return list(connection.execute(select(Family.record_id).where(Family.digest.is_(None), Family.sealed.is_not(None))).scalars())


def seal_all(connection: Connection, seal: Seal) -> None:
    """See `clear`."""
    for who, row in of(connection, clear(connection)).items():
        number = (row["sealed"] or b"").decode()
        values = {"digest": seal.digest(number), "sealed": seal.close(number)}
        connection.execute(update(Family).where(Family.record_id == who).values(values))
