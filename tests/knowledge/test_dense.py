"""Closeness of meaning: the worker keeps order whatever happens, vectors are kept by model and text, the search gains by it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from knowledge.db import Database
from knowledge.policy.dense import BUSY, REMEMBERED, Encoding, asked, forget, keep, kept, key_of
from knowledge.policy.search import PolicySearch
from knowledge.policy.store import files, knowledge_of
from tests.knowledge.meaning import Meaning

FEW = ("SUB-01", "SUB-02", "REG-01", "LAB-06", "RED-01")
STRANGE = "闺女找着饭辙前兜里空空谁管管"
"""Shares no word with what it is made to mean."""


@pytest.fixture(scope="module")
def plain() -> PolicySearch:
    return PolicySearch(knowledge_of([item for item in files() if item.id in FEW]))


def enriched(plain: PolicySearch, model: Meaning) -> PolicySearch:
    return plain.enriched([getattr(model, kind)(text) for kind, text in plain.texts()], lambda text: model.query(asked(text)))


def test_what_shares_no_word_is_found_by_its_meaning(plain: PolicySearch) -> None:
    for key in ("SUB-02", "LAB-06"):
        meant = plain.knowledge.entries[key].questions[0]
        found = enriched(plain, Meaning({STRANGE: asked(meant)})).search(STRANGE)
        assert found.hits[0].id == key


def test_without_a_vector_the_search_is_that_by_words(plain: PolicySearch) -> None:
    model = Meaning()
    found = plain.enriched([getattr(model, kind)(text) for kind, text in plain.texts()], lambda _: None)
    for text in ("求职补贴怎么领", STRANGE, "老板拖欠工资", ""):
        assert found.search(text).hits == plain.search(text).hits
        assert found.search(text).zone == plain.search(text).zone


def test_enriching_leaves_the_search_by_words_as_it_was(plain: PolicySearch) -> None:
    before = plain.search("求职补贴怎么领").hits
    enriched(plain, Meaning())
    assert plain.dense is None
    assert plain.search("求职补贴怎么领").hits == before


def test_a_phrasing_is_a_sure_hit_in_either(plain: PolicySearch) -> None:
    found = enriched(plain, Meaning()).search(plain.knowledge.entries["SUB-02"].questions[0])
    assert (found.hits[0].id, found.hits[0].p, found.zone) == ("SUB-02", 0.99, "answer")


def test_what_was_prepared_is_done_in_order_and_remembered() -> None:
    encoding, done = Encoding(Meaning()), []
    for number in range(10):
        encoding.prepare(f"第 {number} 句", lambda number=number: done.append(number))  # type: ignore[misc]
    encoding.close()
    assert done == list(range(10))
    assert encoding.vector("第 3 句") is not None
    assert encoding.vector("没问过") is None


def test_a_text_the_model_cannot_read_is_passed_on() -> None:
    encoding, done = Encoding(Meaning(fails="坏")), []
    for text in ("好", "坏", "也好", ""):
        encoding.prepare(text, lambda text=text: done.append(text))  # type: ignore[misc]
    with pytest.raises(RuntimeError, match="cannot be read"):
        encoding.made("坏了")
    encoding.close()
    assert done == ["好", "坏", "也好", ""]
    assert encoding.vector("坏") is None
    assert encoding.vector("也好") is not None


def test_when_much_is_waiting_nobody_waits_for_a_vector() -> None:
    encoding, gate, done = Encoding(Meaning()), threading.Event(), []
    encoding.prepare("", lambda: (gate.wait(), None)[1])
    for number in range(3 * BUSY):
        encoding.prepare(f"第 {number} 句", lambda number=number: done.append(number))  # type: ignore[misc]
    gate.set()
    encoding.close()
    assert done == list(range(3 * BUSY))
    assert encoding.vector("第 0 句") is None
    assert encoding.vector(f"第 {3 * BUSY - 1} 句") is not None


def test_after_the_end_things_are_done_at_once() -> None:
    encoding, done = Encoding(Meaning()), []
    encoding.close()
    encoding.prepare("晚了", lambda: done.append(1))
    assert done == [1]


def test_memory_is_bounded() -> None:
    encoding = Encoding(Meaning())
    for number in range(REMEMBERED + 10):
        encoding.learn(f"{number}")
    assert len(encoding.remembered) == REMEMBERED
    assert encoding.vector(f"{REMEMBERED + 9}") is not None
    encoding.close()


def test_a_long_story_is_cut_in_the_middle() -> None:
    assert len(asked("前" * 300 + "后" * 300)) < 220
    assert asked("Ｎ＋１怎麼算") == "n+1怎么算"


def test_vectors_are_kept_by_model_and_text(url: str) -> None:
    database, model = Database(url), Meaning()
    keys = {text: key_of(model.version, "query", text) for text in ("甲", "乙", "丙")}
    made = {key: model.query(text) for text, key in keys.items()}
    with database.writing() as connection:
        keep(connection, made)
        keep(connection, made)  # another process made the same
    with database.reading() as connection:
        held = kept(connection, keys.values())
        assert kept(connection, [key_of("another", "query", "甲"), key_of(model.version, "passage", "甲")]) == {}
    assert all(np.abs(held[key] - made[key]).max() < 1e-3 for key in made)
    with database.writing() as connection:
        forget(connection, [keys["乙"]])
        assert list(kept(connection, keys.values())) == [keys["乙"]]
    database.close()
