"""What a reader is, what it may raise, and where its samples come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bot import arrivals, audience, backup, broadcast
from bot.channels import console
from bot.web import chat, upload
from dialogs import broadcasts
from knowledge import passes, tables
from knowledge.extract import ExtractError
from knowledge.ledger import cells
from knowledge.ledger.record import LedgerError
from knowledge.policy.documents import DocumentError
from knowledge.policy.entry import EntryError
from knowledge.policy.revisions import RevisionError
from knowledge.postings import feeds

TESTS = Path(__file__).parents[2]
SAMPLES = TESTS / "samples"
NOW = datetime.fromtimestamp(1795372467, UTC)
TODAY = date(2026, 11, 22)
REFUSALS: tuple[type[Exception], ...] = (
    *(chat.Rejected, upload.Refused, console.LineError, ExtractError, tables.TableError, arrivals.ArrivalError, feeds.FeedError),
    *(DocumentError, EntryError, RevisionError, audience.AudienceError, broadcast.BroadcastError, broadcasts.DraftError),
    *(cells.CellError, LedgerError, passes.PassError, backup.BackupError),
)
"""What a room declares: a sentence for who sent the input. All else is a defect."""


@dataclass(frozen=True, slots=True)
class Reader:
    """`seeds` are bytes or words, as is what it reads."""

    read: Callable[[Any], object]
    seeds: list[Any]


def samples(pattern: str) -> list[bytes]:
    found = [path.read_bytes() for path in sorted(SAMPLES.glob(pattern)) if not path.name.startswith("_")]
    return [body for body in found if len(body) < 8000]


def lines_of(name: str) -> list[str]:
    return [line for line in (TESTS / name).read_text(encoding="utf8").splitlines() if line and not line.startswith("#")]


def column(name: str, at: int = 0) -> list[str]:
    """Of a table of what people read in it."""
    return [line.split("\t")[at] for line in lines_of(name)]
