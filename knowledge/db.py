"""The database: Base, engines, the UTC time type. Knows no table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger, Connection, DateTime, Engine, Integer, MetaData, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.exc import DatabaseError as DriverError
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import TypeDecorator

BUSY_MS = 10_000
"""How long SQLite waits for another writer before it gives up, in milliseconds."""
NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The civil time of the people we serve; China has had no daylight saving since 1991."""


Id = Annotated[int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)]
"""A growing 64-bit key; SQLite only grows an INTEGER one by itself."""


def insert_into(table: type[DeclarativeBase], dialect: str) -> postgresql.Insert | sqlite.Insert:
    """An insert that says what is to be done where the row is there already; each database has its own words for it."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


class DatabaseError(RuntimeError):
    """The database cannot be used; the message is one sentence for the person who runs the program."""


class Moment(TypeDecorator[datetime]):
    """A point in time: aware UTC in Python, `timestamptz` on PostgreSQL, naive UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a point in time needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = {datetime: Moment}


class Database:
    """Two engines on one database: `write` (one connection on SQLite, BEGIN IMMEDIATE) and `read` (a small pool).

    SQLite runs in WAL with synchronous FULL, which survives a power cut; group commit pays for it.

    Raises:
        DatabaseError: the URL is not one we speak, or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
        except ArgumentError as error:
            raise DatabaseError(f"数据库地址无法识别,请检查 BULIXIAN_DATABASE_URL:{error}") from error
        self.embedded = self.url.get_backend_name() == "sqlite"
        if self.url.get_backend_name() == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        elif not self.embedded:
            raise DatabaseError("只支持 sqlite:/// 和 postgresql:// 两种数据库地址")
        try:
            self.write = self.engine(writes=True)
            self.read = self.engine(writes=False)
        except ModuleNotFoundError as error:
            raise DatabaseError("连接 PostgreSQL 需要安装 bulixian[postgres]") from error

    def engine(self, *, writes: bool) -> Engine:
        if not self.embedded:
            # a plan kept from when a table was small reads all of it once a broadcast has filled it, until the next ANALYZE
            unprepared = {"prepare_threshold": None}
            return create_engine(self.url, pool_size=5, max_overflow=5, pool_pre_ping=True, hide_parameters=True, connect_args=unprepared)
        options: dict[str, Any] = {"poolclass": QueuePool, "pool_size": 1 if writes else 4, "max_overflow": 0, "pool_timeout": 30}
        engine = create_engine(self.url, connect_args={"check_same_thread": False}, hide_parameters=True, **options)

        @event.listens_for(engine, "connect")
        def configure(connection: sqlite3.Connection, _: object) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves: the driver's deferred one meets "database is locked"
            for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction: commits at the end, rolls back on an exception."""
        with explained(self), self.write.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with explained(self), self.read.begin() as connection:
            yield connection

    def close(self) -> None:
        self.write.dispose()
        self.read.dispose()


class Within:
    """A transaction that has begun, where a database is asked for: what is done joins it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        yield self.connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        yield self.connection


@contextmanager
def explained(database: Database) -> Iterator[None]:
    """Turns a driver's error about the database itself into one sentence."""
    try:
        yield
    except DriverError as error:
        if type(error) not in (OperationalError, DriverError):
            raise  # a broken constraint or statement is ours, not the database's
        raise DatabaseError(sentence(database, error)) from error


def sentence(database: Database, error: DriverError) -> str:
    words, place = str(error.orig).strip().splitlines()[0], database.url.database
    if "locked" in words:
        return f"数据库 {place} 正被另一个程序占用,请稍后再试或关掉那个程序"
    if "readonly" in words or "read-only" in words:
        return f"数据库 {place} 是只读的,请检查文件和目录的写权限"
    if "unable to open" in words:
        return f"打不开数据库文件 {place},请检查路径和目录的权限"
    if "not a database" in words or "malformed" in words:
        return f"文件 {place} 不是数据库或已损坏,请换一个文件或从备份恢复"
    if "full" in words:
        return "磁盘已满,请清理空间后再试"
    if not database.embedded:
        return f"连不上数据库 {database.url.render_as_string(hide_password=True)}:{words}"
    return f"数据库出错:{words}"


def now() -> datetime:
    return datetime.now(UTC)


def local_date(moment: datetime) -> date:
    """The calendar day in China."""
    return moment.astimezone(CHINA).date()
