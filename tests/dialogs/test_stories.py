"""Conversations told in short messages, half of them no question: what is said stays with what the person is talking about.

stories.jsonl was read while the rules were made, unseen_stories.jsonl was not. `about`: the entries a good answer would be about.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialogs.engine import step
from dialogs.flows import compiled
from dialogs.messages import Inbound, Say
from dialogs.place import Place
from dialogs.turn import Person, Turn, World
from knowledge.policy.eligibility import Eligibility
from knowledge.policy.search import PolicySearch

START = datetime(2026, 11, 22, 13, tzinfo=UTC)


def offered(turn: Turn) -> set[str]:
    """The entries that the reply has buttons of."""
    values = [choice.value.split("/") for part in turn.parts if isinstance(part, Say) for choice in part.choices]
    return {value[1] for value in values if value[0] in ("ask", "mine")}


@pytest.mark.parametrize(("name", "least", "most"), [("stories", 0.84, 0.05), ("unseen_stories", 0.8, 0.07)])
def test_stories_stay_with_their_matter(search: PolicySearch, name: str, least: float, most: float) -> None:
    """README's figures: how often the matter is said or offered, how often another is answered for sure."""
    world = World(search, compiled(), Eligibility(search.knowledge))
    meant = held = wrong = 0
    for line in (Path(__file__).parent / f"{name}.jsonl").read_text("utf8").splitlines():
        place, at = Place(), START
        for number, said in enumerate(json.loads(line)["turns"]):
            at += timedelta(minutes=1)
            turn = step(place, Person("p"), Inbound("web::x", str(number), "text", said["text"], at), world)
            if about := set(said["about"]):
                meant += 1
                held += turn.told in about or bool(about & offered(turn))
                wrong += bool(turn.told) and turn.told not in about
    assert held / meant >= least, f"{held} of {meant}"
    assert wrong / meant <= most, f"{wrong} of {meant}"
