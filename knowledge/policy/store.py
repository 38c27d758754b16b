"""Entries in the database as revisions: seeding from files, what is current, the version that rebuilds indexes. Staff changes: `revisions`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import JSON, Connection, ForeignKey, Index, LargeBinary, String, delete, insert, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base, Id
from knowledge.policy.entry import DATA, Entry, EntryError, Faq, Redirect, Region, read

Item = Entry | Redirect
REFERENCE = re.compile(r"[A-Z]{3}-\d{2}(?!\d)")


class Revision(Base):
    """One version of one entry. `current` is what people see, at most one an entry; `offered` is a newer seed of an
    entry that staff changed, for them to compare; `draft` waits for approval; `past` is history; `dropped` never was seen."""

    __tablename__ = "policy_revision"
    __table_args__ = (Index("ix_policy_revision_entry_id_status", "entry_id", "status"),)

    id: Mapped[Id]
    entry_id: Mapped[str] = mapped_column(String(10))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    origin: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(10))
    author: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Change(Base):
    """What staff did with a revision, never updated, only added to: `drafted`, `approved`, `restored`, `withdrawn`, `dropped`;
    who did, and which revision people saw before."""

    __tablename__ = "policy_change"

    id: Mapped[Id]
    revision_id: Mapped[int] = mapped_column(ForeignKey(Revision.id), index=True)
    before_id: Mapped[int | None] = mapped_column(ForeignKey(Revision.id))
    action: Mapped[str] = mapped_column(String(10))
    who: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class KnowledgeState(Base):
    """One row: the version every process compares with that of its index, and which package was seeded last."""

    __tablename__ = "knowledge_state"

    id: Mapped[Id]
    version: Mapped[int]
    package: Mapped[str] = mapped_column(String(64), default="")


class StoredIndex(Base):
    """The built search index of a knowledge version: other starts and other processes need not build it again."""

    __tablename__ = "policy_index"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True)
class Knowledge:
    """All that is current, in the order of ids."""

    version: int
    entries: dict[str, Entry]
    redirects: dict[str, Redirect]

    def __getitem__(self, key: str) -> Item:
        return self.entries.get(key) or self.redirects[key]

    def readable(self) -> Knowledge:
        """The same with other entries named by their titles: authors write ids, people read 「…」."""
        titles = {key: entry.title for key, entry in self.entries.items()}

        def named(value: Any) -> Any:
            if isinstance(value, str):
                return REFERENCE.sub(lambda found: f"「{titles.get(found[0], found[0])}」", value)
            if isinstance(value, list):
                return [named(item) for item in value]
            if isinstance(value, Faq | Region):
                return value.model_copy(update={name: named(item) for name, item in value if name != "ask"})
            return value

        spoken = ("answer", "amount", "conditions", "where", "papers", "deadline", "notes", "faq", "region")
        entries = {key: entry.model_copy(update={name: named(getattr(entry, name)) for name in spoken}) for key, entry in self.entries.items()}
        return Knowledge(self.version, entries, self.redirects)


@dataclass
class Seeded:
    """What a seeding did, by entry id."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)


def files(folder: Path = DATA) -> list[Item]:
    """The seed of the package.

    Raises:
        EntryError: a file is broken or an id appears twice.
    """
    items: dict[str, Item] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            text = path.read_text(encoding="utf8")
        except UnicodeDecodeError as error:
            raise EntryError(f"{path.name} 不是 UTF-8 编码,请另存为 UTF-8") from error
        entries, redirects = read(text, path.name)
        found: list[Item] = [*entries, *redirects]
        for item in found:
            if item.id in items:
                raise EntryError(f"{path.name}:编号 {item.id} 出现了两次")
            items[item.id] = item
    return list(items.values())


def package() -> str:
    """Changes with the seed files and with the shape they are read into."""
    paths = [Path(__file__).with_name("entry.py"), *sorted(DATA.glob("*.toml"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def knowledge_of(items: Sequence[Item], version: int = 0) -> Knowledge:
    ordered = sorted(items, key=lambda item: item.id)
    entries = {item.id: item for item in ordered if isinstance(item, Entry)}
    return Knowledge(version, entries, {item.id: item for item in ordered if isinstance(item, Redirect)})


def body_of(item: Item) -> dict[str, Any]:
    return item.model_dump(mode="json", exclude_defaults=True)


def digest_of(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def item_of(body: dict[str, Any]) -> Item:
    kind = Redirect if str(body["id"]).startswith("RED-") else Entry
    return kind.model_validate(body)


def refresh(connection: Connection, at: datetime) -> None:
    """Seeds, where the package is another one than last time."""
    newest = package()
    if connection.execute(select(KnowledgeState.package)).scalar() != newest:
        seed(connection, files(), at)
        connection.execute(update(KnowledgeState).values(package=newest))


def seed(connection: Connection, items: Sequence[Item], at: datetime) -> Seeded:
    """Brings the package's entries in. What staff changed stays current; a seed they have not seen is only offered to them.

    A seed they went back from does not return by itself; a newer one does.
    """
    done = Seeded()
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE policy_revision IN SHARE ROW EXCLUSIVE MODE"))  # two starting processes seed one after the other
    current: dict[str, tuple[str, str]] = {}
    shown: set[tuple[str, str]] = set()
    query = select(Revision.entry_id, Revision.digest, Revision.origin, Revision.status).where(Revision.status != "draft")
    for key, digest, origin, status in connection.execute(query):
        if status == "current":
            current[key] = (digest, origin)
        if origin == "seed":
            shown.add((key, digest))
    restored = set(connection.execute(RESTORED).scalars())
    rows: list[dict[str, Any]] = []
    for item in items:
        body = body_of(item)
        digest = digest_of(body)
        held, origin = current.get(item.id, ("", ""))
        if held == digest or ((origin == "staff" or item.id in restored) and (item.id, digest) in shown):
            done.same.append(item.id)
            continue
        (done.kept if origin == "staff" else done.updated if held else done.added).append(item.id)
        rows.append(row_of(item.id, body, "seed", "offered" if origin == "staff" else "current", "package", at))
    seeded = {item.id for item in items}
    done.withdrawn = sorted(key for key, (_, origin) in current.items() if origin == "seed" and key not in seeded)
    retire(connection, [*done.updated, *done.withdrawn], "current")
    retire(connection, done.kept, "offered", "dropped")
    if rows:
        connection.execute(insert(Revision), rows)
    if done.added or done.updated or done.withdrawn:
        bump(connection)
    return done


def row_of(key: str, body: dict[str, Any], origin: str, status: str, author: str, at: datetime) -> dict[str, Any]:
    return {"entry_id": key, "body": body, "digest": digest_of(body), "origin": origin, "status": status, "author": author, "created_at": at}


RESTORED = select(Revision.entry_id).join(Change, Change.revision_id == Revision.id).where(Revision.status == "current", Change.action == "restored")
"""Entries whose current revision staff went back to."""


def retire(connection: Connection, keys: Sequence[str], status: str, to: str = "past") -> None:
    if keys:
        query = update(Revision).where(Revision.entry_id.in_(keys), Revision.status == status)
        connection.execute(query.values(status=to))


def bump(connection: Connection) -> None:
    changed = connection.execute(update(KnowledgeState).values(version=KnowledgeState.version + 1))
    if not changed.rowcount:
        connection.execute(insert(KnowledgeState).values(id=1, version=1))


VERSION = select(KnowledgeState.version)


def version(connection: Connection) -> int:
    return int(connection.execute(VERSION).scalar() or 0)


def load(connection: Connection) -> Knowledge:
    """Everything current. A body that an older program wrote and that no longer validates is left out rather than shown."""
    items: list[Item] = []
    for body in connection.execute(select(Revision.body).where(Revision.status == "current")).scalars():
        with suppress(ValidationError):
            items.append(item_of(body))
    return knowledge_of(items, version(connection))


def stored_index(connection: Connection, key: str) -> bytes | None:
    return connection.execute(select(StoredIndex.body).where(StoredIndex.key == key)).scalar()


def keep_index(connection: Connection, key: str, body: bytes) -> None:
    """Keeps one built index a kind, the newest; `key` is the kind, then what it was built from, with a dash between."""
    connection.execute(VERSION.with_for_update())  # two processes that built the same one keep it one after the other
    connection.execute(delete(StoredIndex).where(StoredIndex.key.startswith(key.partition("-")[0])))
    connection.execute(insert(StoredIndex).values(key=key, body=body))
