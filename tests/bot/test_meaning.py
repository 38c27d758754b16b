"""The program with a sentence model: by words until all vectors are there, then by meaning; order and closing as without one."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from bot.app import App
from bot.config import Settings
from bot.doctor import examine
from dialogs.messages import Inbound
from dialogs.typography import chinese
from knowledge.db import Database, now
from knowledge.policy import revisions, store
from knowledge.policy.dense import Vector, asked
from tests.conftest import settings_for
from tests.knowledge.meaning import Meaning

FEW = ("SUB-01", "SUB-02", "REG-01", "LAB-06", "RED-01")
STRANGE = "毕业后自己单干,养老那份谁给添点"
"""By words three entries are offered; by meaning it is what two phrasings of SUB-02 say."""


@pytest.fixture
def few(url: str) -> str:
    """A database in which little is known, so that an index is built in no time."""
    database = Database(url)
    with database.writing() as connection:
        store.seed(connection, [item for item in store.files() if item.id in FEW], now())
    database.close()
    return url


@pytest.fixture
def model() -> Meaning:
    meant, other = next(item for item in store.files() if item.id == "SUB-02").questions[:2]
    return Meaning({asked(STRANGE): asked(meant), asked(other): asked(meant)})


def say(app: App, who: str, number: int, text: str) -> Inbound:
    return Inbound(f"console::{who}", f"m{number}", "text", text, app.clock.now())


def ready(app: App, model: Meaning) -> None:
    app.start_meaning(model)
    assert app.enriching
    app.enriching.join()


def count(app: App) -> int:
    with app.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(Vector)).scalar_one())


def test_what_the_words_leave_open_is_answered_once_the_vectors_are_there(few: str, model: Meaning) -> None:
    app = App(settings_for(few))
    answer = chinese(app.search.knowledge.entries["SUB-02"].answer)
    before = app.accept(say(app, "a", 1, STRANGE)).result().parts[0]["text"]
    ready(app, model)
    after = app.accept(say(app, "b", 2, STRANGE)).result().parts
    app.close()
    assert "想细问哪一件" in before
    assert answer in after[0]["text"]
    assert "想细问哪一件" not in after[0]["text"]


def test_what_was_encoded_once_is_kept_for_the_next_start(few: str, model: Meaning) -> None:
    app = App(settings_for(few))
    ready(app, model)
    made = count(app)
    app.close()
    again, fresh = App(settings_for(few)), Meaning(model.same)
    ready(again, fresh)
    assert again.search.dense is not None
    assert (fresh.asked, count(again)) == (0, made)
    fresh.version = "stand-in-2"
    again.close()
    other = App(settings_for(few))
    ready(other, fresh)
    assert (fresh.asked, count(other)) == (made, made), "another model's vectors take the place of the old"
    other.close()


def test_a_change_by_staff_encodes_only_what_is_new(few: str, model: Meaning) -> None:
    app = App(settings_for(few))
    ready(app, model)
    before = model.asked
    with app.database.writing() as connection:
        body = {**store.body_of(store.load(connection).entries["SUB-02"]), "answer": "老师刚改的口径。"}
        revisions.approve(connection, revisions.draft(connection, store.item_of(body), "teacher", app.clock.now()), "head", app.clock.now())
    app.accept(Inbound("console::a", "m1", "choice", "go/menu", app.clock.now())).result()
    assert app.building is not None
    app.building.join()
    assert app.search.dense is not None
    assert model.asked == before + 1
    assert app.search.knowledge.entries["SUB-02"].answer == "老师刚改的口径。"
    app.close()


def test_order_is_kept_and_closing_answers_what_was_accepted(few: str, model: Meaning) -> None:
    app = App(settings_for(few))
    ready(app, model)
    said = ["完善资料", "同意", "贵阳", "2025年6月", "本科"]
    futures = {f"p{n}": [app.accept(say(app, f"p{n}", k, text)) for k, text in enumerate(said)] for n in range(20)}
    app.close()
    assert all("现在的状态" in sent[-1].result(0).parts[-1]["text"] for sent in futures.values())


def test_closing_does_not_wait_for_all_vectors(few: str, model: Meaning) -> None:
    app = App(settings_for(few))
    app.start_meaning(model)
    app.close()
    assert app.enriching
    assert not app.enriching.is_alive()


def test_one_question_alone_waits_for_its_vector_but_not_for_those_of_entries(few: str, model: Meaning) -> None:
    app = App(settings_for(few))
    app.start_meaning(model, waits=True)
    assert app.search.dense is None
    assert model.asked == 0
    app.close()
    app = App(settings_for(few))
    ready(app, model)
    app.close()
    app = App(settings_for(few))
    app.start_meaning(model, waits=True)
    assert app.search.search(STRANGE).hits[0].id == "SUB-02"
    app.close()


def test_a_model_that_fails_leaves_the_search_by_words(few: str) -> None:
    app = App(settings_for(few))
    with capture_logs() as logs:
        ready(app, Meaning(fails="补贴"))
        assert app.search.dense is None
        assert app.accept(say(app, "a", 1, "求职补贴怎么领")).result().parts
    assert "vectors not made" in {line["event"] for line in logs}
    app.close()


def test_off_is_off_and_doctor_says_so(sqlite_url: str) -> None:
    settings = settings_for(sqlite_url).model_copy(update={"dense": "off"})
    app = App(settings)
    app.start_meaning()
    assert app.encoding is None
    app.close()
    said = [sentence for _, sentence in examine(settings)]
    assert any("BULIXIAN_DENSE=off" in sentence for sentence in said)
    assert Settings.model_fields["dense"].default == "auto"
