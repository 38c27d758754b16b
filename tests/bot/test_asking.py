"""`ask` on 270 questions that somebody wrote who knew the entries and not the search: README's figures. 50 of them are of no policy."""

from __future__ import annotations

from pathlib import Path

from bot.app import App
from bot.asking import Known, answer
from tests.conftest import TODAY

ROWS = [line.split("\t") for line in (Path(__file__).parent / "unseen_questions.tsv").read_text(encoding="utf8").splitlines()[1:]]


def test_unseen_questions_find_their_entry_and_others_get_no_policy(app: App) -> None:
    known = Known(app.search, app.eligibility, app.passages, TODAY)
    found = [(set(topics.split("|")), answer(known, question)) for question, topics in ROWS]
    meant = [(topics, [entry["id"] for entry in said["entries"]], said["outcome"]) for topics, said in found if topics != {"NONE"}]
    answered = [ids[0] in topics for topics, ids, outcome in meant if outcome == "answer"]
    assert len(meant) == 220
    assert sum(ids[:1] != [] and ids[0] in topics for topics, ids, _ in meant) >= 213
    assert sum(bool(topics.intersection(ids[:3])) for topics, ids, _ in meant) >= 216
    assert len(answered) >= 180
    assert sum(answered) >= len(answered) - 1
    assert sum(said["outcome"] == "answer" for topics, said in found if topics == {"NONE"}) <= 1
