"""The 1131 meter: one policy talk, one guidance, three referrals, one training a person, and what of it is missing. Counts only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, case, func, select

from knowledge.ledger.record import KINDS, NEEDED, Service

Counts = Mapping[str, int]
"""Services by kind."""


def counts(connection: Connection, until: date, *, record_id: int | None = None) -> dict[int, dict[str, int]]:
    """Services by record and kind, up to and including `until`; records without any are left out."""
    of_kind = [func.sum(case((Service.kind == kind, 1), else_=0)) for kind in KINDS]
    query = select(Service.record_id, *of_kind).where(Service.on <= until).group_by(Service.record_id)
    if record_id is not None:
        query = query.where(Service.record_id == record_id)
    return {row[0]: {kind: number for kind, number in zip(KINDS, row[1:], strict=True) if number} for row in connection.execute(query).all()}


def missing(counted: Counts) -> dict[str, int]:
    """How many of each kind are still owed."""
    return {kind: needed - counted.get(kind, 0) for kind, needed in NEEDED.items() if counted.get(kind, 0) < needed}


def told(counted: Counts) -> str:
    """What is missing, as staff read it."""
    return "、".join(f"{KINDS[kind]}还差 {number} 次" for kind, number in missing(counted).items()) or "1131 已完成"
