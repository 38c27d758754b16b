"""Entries as revisions: seeding is repeatable and never overwrites staff, versions move with what people see, indexes are kept and rebuilt."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from bot.app import App
from knowledge.db import Database
from knowledge.policy import revisions, store
from knowledge.policy.entry import Entry, EntryError
from knowledge.policy.search import PolicySearch
from knowledge.policy.store import Item, Revision, Seeded, StoredIndex, body_of, digest_of, item_of, knowledge_of

KEY = "SUB-01"


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return store.files()


def reworded(items: Sequence[Item], answer: str, key: str = KEY) -> list[Item]:
    """The package's entries with another first line for one of them."""
    return [item.model_copy(update={"answer": answer}) if item.id == key else item for item in items]


def seeded(app: App, items: Sequence[Item]) -> Seeded:
    with app.database.writing() as connection:
        return store.seed(connection, items, app.clock.now())


def by_staff(app: App, item: Item) -> int:
    with app.database.writing() as connection:
        number = revisions.draft(connection, item, "王老师", app.clock.now())
        revisions.approve(connection, number, "李老师", app.clock.now())
    return number


def answer(app: App, key: str = KEY) -> str:
    with app.database.reading() as connection:
        return store.load(connection)[key].answer


def version(app: App) -> int:
    with app.database.reading() as connection:
        return store.version(connection)


def states(app: App, key: str = KEY) -> list[tuple[str, str]]:
    """Origin and status of every revision of an entry, oldest first."""
    with app.database.reading() as connection:
        query = select(Revision.origin, Revision.status).where(Revision.entry_id == key).order_by(Revision.id)
        return [(row.origin, row.status) for row in connection.execute(query)]


def test_seeds_are_current_revisions(any_app: App, items: list[Item]) -> None:
    with any_app.database.reading() as connection:
        rows = connection.execute(select(Revision.entry_id, Revision.digest, Revision.origin, Revision.status, Revision.author)).all()
        held = store.load(connection)
    assert sorted((row.entry_id, row.digest) for row in rows) == sorted((item.id, digest_of(body_of(item))) for item in items)
    assert {(row.origin, row.status, row.author) for row in rows} == {("seed", "current", "package")}
    assert held == knowledge_of(items, held.version)
    assert [*held.entries] == sorted(held.entries)
    assert [*held.redirects] == sorted(held.redirects)


def test_seeding_again_changes_nothing(any_app: App, items: list[Item]) -> None:
    before = version(any_app)
    done = seeded(any_app, items)
    assert done == Seeded(same=[item.id for item in items])
    assert version(any_app) == before
    assert states(any_app) == [("seed", "current")]


def test_an_upgraded_seed_is_a_new_revision(any_app: App, items: list[Item]) -> None:
    before = version(any_app)
    done = seeded(any_app, reworded(items, "新包里的第一行。"))
    assert (done.updated, done.added, done.kept, done.withdrawn) == ([KEY], [], [], [])
    assert answer(any_app) == "新包里的第一行。"
    assert states(any_app) == [("seed", "past"), ("seed", "current")]
    assert version(any_app) == before + 1


def test_what_staff_changed_is_never_overwritten(any_app: App, items: list[Item]) -> None:
    by_staff(any_app, reworded(items, "老师写的第一行。")[[item.id for item in items].index(KEY)])
    before = version(any_app)
    for newer in ("新包第二版。", "新包第二版。", "新包第三版。"):
        seeded(any_app, reworded(items, newer))
        assert answer(any_app) == "老师写的第一行。"
    assert states(any_app) == [("seed", "past"), ("staff", "current"), ("seed", "dropped"), ("seed", "offered")]
    assert version(any_app) == before, "people see nothing new"


def test_an_offered_seed_can_be_taken(any_app: App, items: list[Item]) -> None:
    by_staff(any_app, reworded(items, "老师写的第一行。")[[item.id for item in items].index(KEY)])
    assert seeded(any_app, reworded(items, "新包里的第一行。")).kept == [KEY]
    with any_app.database.writing() as connection:
        offered = connection.execute(select(Revision.id).where(Revision.status == "offered")).scalar_one()
        revisions.approve(connection, offered, "李老师", any_app.clock.now())
    assert answer(any_app) == "新包里的第一行。"
    assert seeded(any_app, reworded(items, "再下一版。")).updated == [KEY], "it follows the package again"


def test_a_draft_is_not_seen_until_approved(any_app: App, items: list[Item]) -> None:
    before, shown = version(any_app), answer(any_app)
    changed = next(item for item in reworded(items, "还没批准的第一行。") if item.id == KEY)
    with any_app.database.writing() as connection:
        number = revisions.draft(connection, changed, "王老师", any_app.clock.now())
    assert (answer(any_app), version(any_app)) == (shown, before)
    with any_app.database.writing() as connection:
        revisions.approve(connection, number, "李老师", any_app.clock.now())
    assert (answer(any_app), version(any_app)) == ("还没批准的第一行。", before + 1)
    assert states(any_app) == [("seed", "past"), ("staff", "current")]


def test_a_past_revision_can_come_back(any_app: App, items: list[Item]) -> None:
    shown = answer(any_app)
    with any_app.database.reading() as connection:
        first = connection.execute(select(Revision.id).where(Revision.entry_id == KEY)).scalar_one()
    by_staff(any_app, next(item for item in reworded(items, "改错了的第一行。") if item.id == KEY))
    with any_app.database.writing() as connection:
        revisions.approve(connection, first, "李老师", any_app.clock.now())
    assert answer(any_app) == shown
    assert states(any_app) == [("seed", "current"), ("staff", "past")]


def test_an_entry_that_leaves_the_package_is_withdrawn_unless_staff_wrote_it(any_app: App, items: list[Item]) -> None:
    by_staff(any_app, next(item for item in reworded(items, "老师写的第一行。") if item.id == KEY))
    done = seeded(any_app, [item for item in items if item.id not in (KEY, "SUB-02")])
    assert done.withdrawn == ["SUB-02"]
    with any_app.database.reading() as connection:
        held = store.load(connection)
    assert "SUB-02" not in held.entries
    assert held[KEY].answer == "老师写的第一行。"
    assert seeded(any_app, items).added == ["SUB-02"], "and comes back with the package"


def test_every_change_moves_the_version_and_no_entry_is_current_twice(any_app: App, items: list[Item]) -> None:
    seen = [version(any_app)]
    for number in range(4):
        seeded(any_app, reworded(items, f"第 {number} 版第一行。", items[number].id))
        by_staff(any_app, reworded(items, f"老师第 {number} 版。", items[-1 - number].id)[-1 - number])
        seen.append(version(any_app))
    assert all(later > earlier for earlier, later in pairwise(seen))
    with any_app.database.reading() as connection:
        current = Counter(connection.execute(select(Revision.entry_id).where(Revision.status == "current")).scalars())
    assert set(current.values()) == {1}
    assert len(current) == len(items)


def test_two_processes_that_seed_an_upgrade_at_once_leave_one_current(any_app: App, items: list[Item]) -> None:
    newer, other = reworded(items, "新包里的第一行。"), Database(str(any_app.settings.database_url))
    failed: list[BaseException] = []

    def second() -> None:
        try:
            with other.writing() as connection:
                store.seed(connection, newer, any_app.clock.now())
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=second)
    with any_app.database.writing() as connection:
        store.seed(connection, newer, any_app.clock.now())
        thread.start()
        thread.join(1)
    thread.join()
    other.close()
    assert not failed
    assert states(any_app) == [("seed", "past"), ("seed", "current")]


def test_two_processes_that_built_the_same_index_keep_one(any_app: App) -> None:
    other, failed = Database(str(any_app.settings.database_url)), []

    def second() -> None:
        try:
            with other.writing() as connection:
                store.keep_index(connection, "same", b"second")
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=second)
    with any_app.database.writing() as connection:
        store.keep_index(connection, "same", b"first")
        thread.start()
        thread.join(1)
    thread.join()
    other.close()
    assert not failed
    with any_app.database.reading() as connection:
        assert store.stored_index(connection, "same") == b"second"


def test_a_body_that_no_longer_validates_is_left_out(any_app: App, items: list[Item]) -> None:
    row = store.row_of("SUB-99", {"id": "SUB-99", "title": "旧版写的"}, "seed", "current", "package", any_app.clock.now())
    with any_app.database.writing() as connection:
        connection.execute(insert(Revision), [row])
    with any_app.database.reading() as connection:
        held = store.load(connection)
    assert "SUB-99" not in held.entries
    assert len(held.entries) + len(held.redirects) == len(items)


def test_a_body_is_an_item_again(items: list[Item]) -> None:
    assert [item_of(body_of(item)) for item in items] == items


def test_a_digest_minds_content_not_order() -> None:
    assert digest_of({"a": 1, "b": "补贴"}) == digest_of({"b": "补贴", "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": 2})


def small(app: App, items: Sequence[Item]) -> list[Item]:
    """Leaves three entries and a redirect current, so that an index is built in no time."""
    few = [item for item in items if item.id in (KEY, "SUB-02", "IDS-03", "RED-01")]
    seeded(app, few)
    return few


def shares(search: PolicySearch, question: str) -> list[float]:
    found = search.search(question)
    return [found.share(key) for key in search.rows]


def kept_key(app: App) -> str:
    with app.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(StoredIndex)).scalar() == 1, "only the newest is kept"
        return connection.execute(select(StoredIndex.key)).scalar_one()


def test_the_stored_index_is_used(any_app: App, items: list[Item]) -> None:
    """An index planted under the right key answers: its background, and so its scores, are not those a build would give."""
    few, question = small(any_app, items), "求职补贴有多少"
    built = shares(any_app.build(), question)
    planted = PolicySearch(knowledge_of(few, version(any_app)).readable(), background=["求职补贴"] * 40)
    key = kept_key(any_app)
    with any_app.database.writing() as connection:
        store.keep_index(connection, key, planted.dump())
    found = shares(any_app.build(), question)
    assert found == pytest.approx(shares(planted, question), abs=0.01)
    assert found != pytest.approx(built, abs=0.01)


def test_a_change_makes_a_new_index(any_app: App, items: list[Item]) -> None:
    few = small(any_app, items)
    old = any_app.build()
    first = kept_key(any_app)
    asked = few[0].model_copy(update={"questions": [*few[0].questions, "小蓝鲸计划怎么报名"]})
    by_staff(any_app, asked)
    with any_app.database.reading() as connection:
        assert store.stored_index(connection, first) is not None
    new = any_app.build()
    assert kept_key(any_app) != first
    assert new.knowledge.version == old.knowledge.version + 1
    assert new.search("小蓝鲸计划怎么报名").hits[0].id == few[0].id
    assert any_app.build().search("小蓝鲸计划怎么报名").hits == new.search("小蓝鲸计划怎么报名").hits


def test_a_turn_notices_a_change_by_another_process(any_app: App, items: list[Item]) -> None:
    small(any_app, items)
    with any_app.database.reading() as connection:
        any_app.world(connection)
    assert any_app.building is not None
    any_app.building.join()
    with any_app.database.reading() as connection:
        assert any_app.world(connection).search.knowledge.version == store.version(connection)
    assert len(any_app.search.items) == 4


def test_nothing_stored_is_none(any_app: App) -> None:
    with any_app.database.reading() as connection:
        assert store.stored_index(connection, "no such key") is None


def test_ids_are_read_as_titles(items: list[Item]) -> None:
    entry = next(item for item in items if isinstance(item, Entry) and item.id == KEY)
    changed = entry.model_copy(update={"answer": "先看 SUB-02。", "notes": ["和 SUB-02、XYZ-99 不同"], "related": ["SUB-02"]})
    other = next(item for item in items if item.id == "SUB-02")
    held = knowledge_of([changed, other])
    shown = held.readable()
    assert shown.entries[KEY].answer == f"先看 「{other.title}」。"
    assert shown.entries[KEY].notes == [f"和 「{other.title}」、「XYZ-99」 不同"]
    assert shown.entries[KEY].related == ["SUB-02"], "what programs follow stays an id"
    assert held.entries[KEY].answer == "先看 SUB-02。", "the original is untouched"
    with pytest.raises(KeyError):
        held["XYZ-99"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("a.toml", b"\xff\xfe", "UTF-8"), ("b.toml", b"[[entry", "TOML"), ("twice", b"", "出现了两次")],
)
def test_a_broken_folder_is_one_sentence(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    if name == "twice":
        ask = ", ".join(f'"问{n}怎么办"' for n in range(5))
        content = f'[[redirect]]\nid = "RED-01"\ntitle = "户口"\nquestions = [{ask}]\nanswer = "去派出所。"\n'.encode()
        (tmp_path / "first.toml").write_bytes(content)
    (tmp_path / f"second-{name}.toml").write_bytes(content)
    with pytest.raises(EntryError, match=words) as raised:
        store.files(tmp_path)
    assert str(raised.value).startswith(f"second-{name}.toml")
