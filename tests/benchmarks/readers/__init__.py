"""Everything that reads bytes or words from outside, room by room, with samples of what it is made for. `fuzz` throws at them."""

from __future__ import annotations

from bot.app import App
from tests.benchmarks.readers import browsers, files, notes, platforms, talk, texts
from tests.benchmarks.readers.samples import Reader


def readers(app: App) -> dict[str, Reader]:
    """Name → reader. The program behind them is real, its database is only read."""
    return {**platforms.channels(), **browsers.web(app), **files.files(app), **notes.notes(app), **talk.talk(app), **texts.rooms()}
