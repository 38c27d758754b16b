"""Fixtures: one built knowledge base a session, databases of both kinds made by copying it, a running program."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import LiteralString

import hypothesis
import psycopg
import pytest
import structlog
from typer.testing import CliRunner, Result

from bot.app import App
from bot.cli import cli
from bot.config import Clock, Settings, settings
from knowledge.db import Database, now
from knowledge.policy import store
from knowledge.policy.search import PolicySearch
from knowledge.policy.store import Knowledge
from tests.servers import seed, started

TODAY = date(2026, 11, 22)
hypothesis.settings.register_profile("house", suppress_health_check=[hypothesis.HealthCheck.too_slow])  # a busy machine is no defect
hypothesis.settings.load_profile("house")
Run = Callable[..., Result]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="rewrite the golden transcripts from what the program says now")


def pytest_xdist_auto_num_workers() -> int:
    """Of `-n auto`: more than there are cores, for much of the time is waiting for platforms at their real pace."""
    return (os.cpu_count() or 1) + 3


def settings_for(url: str) -> Settings:
    return Settings(database_url=url, today=TODAY, _env_file=None)  # type: ignore[call-arg]


@pytest.fixture(scope="session", autouse=True)
def no_settings_from_outside() -> None:
    """What the developer has set must not change a test, and log lines do not stand between its dots."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    for name in [name for name in os.environ if name.startswith("BULIXIAN_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated and seeded SQLite database with its search index, to be copied: made by one worker for all, for building it takes long."""
    own = tmp_path_factory.getbasetemp()
    path = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "template.db"
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            made = path.with_suffix(".new")
            App(settings_for(f"sqlite:///{made}")).close()
            made.rename(path)
    return path


@pytest.fixture(scope="session")
def postgres(template: Path) -> Iterator[str]:
    """The address of a real PostgreSQL server, with a migrated and seeded database `seeded` to be copied."""
    with tempfile.TemporaryDirectory(prefix="bulixian") as folder:  # another run of pytest shuts its own to the user that the server has
        server = started(folder)
        address = server.get_uri()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # a test kills programs, never the machine
            connection.execute("ALTER SYSTEM SET max_wal_size = '128MB'")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(created("seeded"))
        seed(template, settings_for(with_name(address, "seeded")))
        yield address
        server.cleanup()


def created(name: str) -> LiteralString:
    """A database that sorts as most servers do, by language and not by code: signs count last there."""
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    if "en_US.utf8" in known:
        return f"CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'en_US.utf8' LC_CTYPE 'en_US.utf8'"
    assert not os.environ.get("CI"), "no en_US.utf8 here: see .ci/run"
    return f"CREATE DATABASE {name}"


def with_name(address: str, name: str) -> str:
    """The same server, another database."""
    head, _, query = address.partition("?")
    return head.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")


@pytest.fixture
def sqlite_url(template: Path, tmp_path: Path) -> str:
    shutil.copy(template, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """A database of its own, gone with the test: a thousand of them fill a disk."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE seeded STRATEGY FILE_COPY")
        yield with_name(postgres, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """A seeded database of each kind, a test of its own."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def app(sqlite_url: str, search: PolicySearch) -> Iterator[App]:
    """The program on SQLite, its clock standing at TODAY 09:00 in China."""
    running = App(settings_for(sqlite_url), Clock(TODAY), search)
    yield running
    running.close()


@pytest.fixture(scope="module")
def shared(template: Path, search: PolicySearch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One program for all tests of a module in which each person looks only at what is theirs."""
    path = tmp_path_factory.mktemp("shared") / "shared.db"
    shutil.copy(template, path)
    running = App(settings_for(f"sqlite:///{path}"), Clock(TODAY), search)
    yield running
    running.close()


@pytest.fixture
def any_app(url: str, search: PolicySearch) -> Iterator[App]:
    """The program on each kind of database."""
    running = App(settings_for(url), Clock(TODAY), search)
    yield running
    running.close()


def few(database: Database, *keys: str) -> None:
    """These things to know and no others: an index is built in no time."""
    with database.writing() as connection:
        store.seed(connection, [item for item in store.files() if item.id in keys], now())


@pytest.fixture(scope="session")
def search(template: Path) -> PolicySearch:
    """The search of the package's own knowledge."""
    app = App(settings_for(f"sqlite:///{template}"))
    found = app.search
    app.close()
    return found


@pytest.fixture(scope="session")
def knowledge(search: PolicySearch) -> Knowledge:
    return search.knowledge


@pytest.fixture
def run(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Run]:
    """The command line on a seeded SQLite database, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BULIXIAN_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("BULIXIAN_TODAY", TODAY.isoformat())

    def call(*words: str, feed: str | bytes = "") -> Result:
        settings.cache_clear()
        return CliRunner().invoke(cli, list(words), input=feed)

    yield call
    settings.cache_clear()
