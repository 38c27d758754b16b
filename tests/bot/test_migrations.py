"""The migrations make exactly the tables that the code declares, on both databases, and running them again changes nothing."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import bot
import dialogs
import knowledge
from bot.app import App, behind, migrate
from knowledge.db import Base, Database, DatabaseError
from tests.conftest import settings_for, with_name


@pytest.fixture(autouse=True, scope="module")
def every_table() -> None:
    """A table is declared where its module is imported."""
    for package in (bot, dialogs, knowledge):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__") and ".migrations" not in module.name:
                importlib.import_module(module.name)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_migrations_match_the_tables(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    if kind == "postgres":
        address = request.getfixturevalue("postgres")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bare")
        url = with_name(address, "bare")
        with pytest.raises(DatabaseError, match="bulixian migrate"):
            App(settings_for(url))
    database = Database(url)
    assert behind(database)
    migrate(database)
    migrate(database)
    assert not behind(database)
    with database.reading() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
    assert found == []
    database.close()
