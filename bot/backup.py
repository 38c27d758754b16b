"""Backup and restore: the whole database of one moment in one file, while `serve` runs; and back, into an instance that stands still.

The file is a zip of `manifest.json` and `database` (SQLite's own file, or what pg_dump wrote). It is as readable as the database itself:
encrypting it is the disk's business. Sends nothing; what a restore does to messages that were on their way is in `hold`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import BaseModel
from sqlalchemy import Connection, create_engine, func, inspect, select, table, text, update

from bot import audit
from bot.app import behind, migrate
from bot.audit import Note
from bot.broadcast import Broadcast
from bot.delivery import OPEN, Delivery
from knowledge.db import CHINA, Database

MANIFEST, BODY, SUFFIX = "manifest.json", "database", ".backup"
BLOCK = 1 << 20
HOURS = 6 * 3600
"""Longest run of pg_dump or pg_restore, in seconds."""
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type LIKE 'client%'"
FAULTS = (zipfile.BadZipFile, KeyError, ValueError, RuntimeError, EOFError, zlib.error)
"""What a broken zip is read with; RuntimeError where it is locked or packed in a way that `zipfile` does not know."""
DAMAGED = "这份备份已损坏（校验和对不上），请用另一份"


Last = Callable[[Connection], list[str]]
"""What is done in a restored database before anybody sees it: the note of it, what was on its way held back. Returns what staff should know."""


class BackupError(RuntimeError):
    """What cannot be backed up or restored, in one sentence; `code` is 1 where the file is at fault, 3 where the surroundings are."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


class Manifest(BaseModel):
    """What a backup holds."""

    kind: Literal["sqlite", "postgresql"]
    revision: str
    """Of the tables."""
    at: datetime
    bytes: int
    sha256: str
    rows: dict[str, int]
    """By table."""


# --- out


def backup(database: Database, path: Path, at: datetime, note: Note = audit.unnoted) -> tuple[Path, Manifest]:
    """Writes the backup to `path`, or under a name of its own in the folder `path`; the file is there whole or not at all.

    Raises:
        BackupError: there is nothing to back up, no room, a tool is missing, or the copy is not sound.
    """
    if path.is_dir():
        path /= f"bulixian-{at.astimezone(CHINA):%Y%m%d-%H%M%S}{SUFFIX}"
    if path.exists():
        raise BackupError(f"{path} 已经有了，换一个名字", 1)
    if (database.embedded and not Path(database.url.database or "").exists()) or behind(database):
        raise BackupError("数据库还没建好或版本较旧，没有可备份的；先运行 bulixian migrate", 3)
    with database.writing() as connection:
        note(connection, "备份", path.name)
    with explained(), TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder:
        body, part = Path(folder) / BODY, Path(folder) / "part"
        revision, rows = (copied if database.embedded else dumped)(database, body)
        digest = hashlib.sha256()
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
            with body.open("rb") as held, archive.open(BODY, "w", force_zip64=True) as out:
                while block := held.read(BLOCK):
                    digest.update(block)
                    out.write(block)
            manifest = Manifest(
                kind="sqlite" if database.embedded else "postgresql",
                revision=revision,
                at=at,
                bytes=body.stat().st_size,
                sha256=digest.hexdigest(),
                rows=rows,
            )
            archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
        part.chmod(0o600)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(path)
    return path, manifest


def prune(folder: Path, keep: int) -> int:
    """Leaves the newest backups of a folder, by the time in their names. Returns how many went."""
    old = sorted(folder.glob(f"bulixian-*{SUFFIX}"))[:-keep]
    for path in old:
        path.unlink()
    return len(old)


def copied(database: Database, target: Path) -> tuple[str, dict[str, int]]:
    """SQLite's online copy, in one step: writers go on meanwhile and the copy is of one moment. Returns its revision and rows."""
    source = Path(database.url.database or "")
    with closing(sqlite3.connect(source)) as held, closing(sqlite3.connect(target)) as copy:
        held.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without -wal beside it
    return read(target)


def read(path: Path) -> tuple[str, dict[str, int]]:
    """Revision and rows of an SQLite file that is sound.

    Raises:
        BackupError: it is not.
    """
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            if connection.execute(text("PRAGMA quick_check(1)")).scalar() != "ok" or connection.execute(text("PRAGMA foreign_key_check")).first():
                raise BackupError(f"数据库 {path.name} 已损坏，请从更早的备份恢复", 3)
            return revision_of(connection), counted(connection)
    finally:
        engine.dispose()


def dumped(database: Database, target: Path) -> tuple[str, dict[str, int]]:
    """What pg_dump writes of the moment in which the rows are counted."""
    tool = tool_of("pg_dump")
    with database.read.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        found = revision_of(connection), counted(connection)
        options = ["--format=custom", "--schema=public", f"--snapshot={snapshot}", f"--file={target}"]
        told(database, [tool, *options, "--no-owner", "--no-privileges"], "备份没做成")
    return found


def counted(connection: Connection) -> dict[str, int]:
    names = sorted(inspect(connection).get_table_names())
    return {name: int(connection.execute(select(func.count()).select_from(table(name))).scalar_one()) for name in names}


def revision_of(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


# --- in


def restore(database: Database, path: Path, at: datetime, *, force: bool, moved: bool, note: Note = audit.unnoted) -> tuple[Manifest, list[str]]:
    """Puts a backup in the place of the database, brought to this program's tables; what was there before is kept aside.

    Args:
        force: also where the database has data.
        moved: the old instance has said nothing since the backup, so what was on its way goes on its way.

    Returns:
        What the backup held, and what staff should know, one sentence each.

    Raises:
        BackupError: the file is no backup or damaged, the database has data or is in use, or a tool is missing.
    """
    with explained(), opened(path) as archive:
        manifest = described(archive)
        if manifest.kind != ("sqlite" if database.embedded else "postgresql"):
            raise BackupError(f"这份备份是 {manifest.kind} 的，BULIXIAN_DATABASE_URL 指的不是；两种数据库之间不能互相恢复", 1)
        if manifest.revision not in revisions():
            raise BackupError(f"这份备份来自更新的程序（表结构 {manifest.revision}），请先升级再恢复", 1)
        place = Path(database.url.database or "").resolve().parent if database.embedded else None
        with TemporaryDirectory(dir=place, prefix=".restore-") as folder:
            body = Path(folder) / BODY
            unpacked(archive, body, manifest)
            into = into_sqlite if database.embedded else into_postgres

            def told(connection: Connection) -> list[str]:
                note(connection, "恢复备份", path.name)
                return [] if moved else hold(connection, at)

            return manifest, into(database, body, manifest, at, told, force=force)


def into_sqlite(database: Database, body: Path, manifest: Manifest, at: datetime, last: Last, *, force: bool) -> list[str]:
    """All is done on the copy beside; then it takes the name."""
    if read(body) != (manifest.revision, manifest.rows):
        raise BackupError(DAMAGED, 1)
    notes = finished(Database(f"sqlite:///{body}"), last)
    target = Path(database.url.database or "")
    database.close()
    if target.exists() and holds_data(target):
        if not force:
            raise BackupError(f"{target} 里已经有数据；确定要换掉就加 --force（原来的会改名留着）", 1)
        let_go(target)
        aside = target.with_name(f"{target.name}.before-{at:%Y%m%d%H%M%S%f}")
        for end in ("", "-wal", "-shm"):
            if (old := Path(f"{target}{end}")).exists():
                old.rename(f"{aside}{end}")
        notes.append(f"原来的数据库改名为 {aside}，确认无误后请自己删掉")
    body.chmod(0o600)
    body.rename(target)
    return notes


def holds_data(path: Path) -> bool:
    """Also where it cannot be read: a damaged database may yet be saved."""
    try:
        with closing(sqlite3.connect(path)) as held:
            names = [name for (name,) in held.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
            return any(held.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() for name in names)  # noqa: S608  # names of the file itself
    except sqlite3.DatabaseError:
        return True


def let_go(path: Path) -> None:
    """SQLite leaves its log only where nobody else has the file open; a damaged file is nobody's.

    Raises:
        BackupError: another program has it open.
    """
    try:
        with closing(sqlite3.connect(path, timeout=1)) as held:
            held.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise BackupError(f"{path} 正被另一个程序使用，先停掉 bulixian serve 再恢复", 3) from error
    except sqlite3.DatabaseError:
        return


def into_postgres(database: Database, body: Path, manifest: Manifest, at: datetime, last: Last, *, force: bool) -> list[str]:
    """Into a new schema `public`; the old one is renamed, and comes back should anything fail."""
    tool, aside, notes = tool_of("pg_restore"), f"before_{at:%Y%m%d%H%M%S%f}", list[str]()
    database.close()  # our own idle connections are not others
    with database.writing() as connection:
        if any(counted(connection).values()) and not force:
            raise BackupError("数据库里已经有数据；确定要换掉就加 --force（原来的会留在另一个 schema 里）", 1)
        if connection.execute(text(OTHERS)).scalar():
            raise BackupError("还有程序连着这个数据库，先停掉 bulixian serve 再恢复", 3)
        connection.execute(text(f"ALTER SCHEMA public RENAME TO {aside}"))
        connection.execute(text("CREATE SCHEMA public"))
    done = False
    try:
        told(
            database,
            [tool, "--single-transaction", "--exit-on-error", "--schema=public", "--no-owner", "--no-privileges", str(body)],
            "恢复没做成，原来的数据没有动",
        )
        with database.writing() as connection:
            if (revision_of(connection), counted(connection)) != (manifest.revision, manifest.rows):
                raise BackupError(DAMAGED, 1)
        notes = finished(Database(database.url.render_as_string(hide_password=False)), last)
        done = True
    finally:
        if not done:
            with database.writing() as connection:
                connection.execute(text("DROP SCHEMA public CASCADE"))
                connection.execute(text(f"ALTER SCHEMA {aside} RENAME TO public"))
    return [*notes, f"原来的数据在 schema {aside} 里，确认无误后：DROP SCHEMA {aside} CASCADE"]


def finished(database: Database, last: Last) -> list[str]:
    """The restored database on this program's tables, with what is done last."""
    try:
        migrate(database)
        with database.writing() as connection:
            return last(connection)
    finally:
        database.close()


def hold(connection: Connection, at: datetime) -> list[str]:
    """What the backup says is still to be sent may have been sent since: it is in doubt, and staff decide. Nobody is written to twice unasked."""
    pending = update(Delivery).where(Delivery.status.in_(OPEN), Delivery.channel.not_in(("web", "console")))
    held = connection.execute(pending.values(status="unknown", error="restored", finished_at=at, owner=None, lease_until=None)).rowcount
    stopped = connection.execute(update(Broadcast).where(Broadcast.status == "approved").values(status="cancelled")).rowcount
    notes = []
    if held:
        notes.append(f"备份时还没发完的 {held} 条先不发（可能已经发过）：bulixian deliveries status 看，bulixian deliveries resend 编号 再发")
    if stopped:
        notes.append(f"排到一半的群发 {stopped} 个已停下，要发请重新起草")
    return notes


# --- the file and the tools


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except FAULTS as error:
        raise BackupError(f"{path} 不是 bulixian backup 做的文件，或者已损坏", 1) from error
    with archive:
        yield archive


def described(archive: zipfile.ZipFile) -> Manifest:
    try:
        return Manifest.model_validate_json(archive.read(MANIFEST))
    except FAULTS as error:
        raise BackupError(f"{archive.filename} 不是 bulixian backup 做的文件", 1) from error


def unpacked(archive: zipfile.ZipFile, target: Path, manifest: Manifest) -> None:
    digest = hashlib.sha256()
    try:
        with archive.open(BODY) as held, target.open("wb") as out:
            while block := held.read(BLOCK):
                digest.update(block)
                out.write(block)
    except FAULTS as error:
        raise BackupError(DAMAGED, 1) from error
    if digest.hexdigest() != manifest.sha256:
        raise BackupError(DAMAGED, 1)


def revisions() -> set[str]:
    """All that this program can start from."""
    return {script.revision for script in ScriptDirectory(str(Path(__file__).parent / "migrations")).walk_revisions()}


def tool_of(name: str) -> str:
    found = shutil.which(name)
    if not found:
        raise BackupError(f"找不到 {name}：装上 PostgreSQL 的客户端工具（版本不低于服务器），或用数据库自己的备份", 3)
    return found


def told(database: Database, command: list[str], failed: str) -> None:
    """Runs a tool of PostgreSQL on the database; the password goes by the environment, where `ps` does not show it."""
    url = database.url.set(drivername="postgresql")
    address = url.set(password=None).render_as_string()
    environment = {**os.environ, "PGPASSWORD": url.password} if url.password else None
    try:
        done = subprocess.run([*command, f"--dbname={address}"], env=environment, capture_output=True, text=True, timeout=HOURS, check=False)
    except subprocess.TimeoutExpired as error:
        raise BackupError(f"{failed}：{HOURS // 3600} 小时还没完", 3) from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise BackupError(f"{failed}:{said[0] if said else done.returncode}", 3)


@contextmanager
def explained() -> Iterator[None]:
    """No room, no rights, no such folder: one sentence."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"读写不了 {error.filename or ''}：{error.strerror or error}", 3) from error
    except sqlite3.Error as error:
        raise BackupError(f"数据库复制不了：{error}", 3) from error
