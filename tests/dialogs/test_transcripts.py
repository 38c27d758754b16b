"""Every conversation of tests/transcripts is held word for word. `pytest --rewrite` writes down what is said now."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import App
from bot.config import Clock
from dialogs.flows import declared
from tests.conftest import TODAY
from tests.transcript import Replay, parse

FOLDER = Path(__file__).parents[1] / "transcripts"
FILES = sorted(FOLDER.glob("*/*.chat"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_transcript(path: Path, request: pytest.FixtureRequest) -> None:
    transcript = parse(path)
    app: App = request.getfixturevalue("app" if transcript.postings or transcript.slots or transcript.duty else "shared")
    app.clock.offset = Clock(TODAY).offset
    said = Replay(app, transcript).run()
    if request.config.getoption("--rewrite"):
        path.write_text(said, encoding="utf8")
    assert said == path.read_text(encoding="utf8"), "the conversation changed; look at it and run pytest --rewrite"


def test_there_are_enough() -> None:
    assert len(FILES) >= 40


def test_every_flow_has_conversations() -> None:
    """Each dialog that asks something is left half-way, misread and interrupted somewhere."""
    folders = {path.parent.name for path in FILES}
    asking = {flow.name for flow in declared() if flow.steps}
    assert asking | {"policy", "welcome", "human", "crisis"} <= folders
