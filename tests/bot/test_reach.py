"""A new or changed policy and the people it reaches: counted, drafted, approved by another, planned once, stopped, balanced."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot import broadcast, outcomes, results
from bot.app import App
from bot.broadcast import BroadcastError
from bot.delivery import Delivery
from bot.reach import drafted, listed, reach, told
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge import people
from knowledge.people import Graduate
from knowledge.policy import revisions, store
from knowledge.policy.revisions import RevisionError

FITS: dict[str, Any] = {
    "graduation_date": "2026-06-30",
    "degree": "本科",
    "employment": "灵活就业",
    "flexible_registered": True,
    "pays_own_insurance": True,
}
PEOPLE = {
    "fits": FITS,
    "late": FITS | {"graduation_date": "2020-06-30"},
    "open": {key: value for key, value in FITS.items() if key != "flexible_registered"},
    "quiet": FITS,
    "nofile": FITS,
}


@pytest.fixture
def office(any_app: App) -> App:
    """Five people who wrote once; one unsubscribed, one never agreed to a file."""
    app = any_app
    for name in PEOPLE:
        app.accept(Inbound(f"console::{name}", "1", "text", "退订" if name == "quiet" else "你好", app.clock.now())).result()
    with app.database.writing() as connection:
        rows = connection.execute(select(Conversation.key, Conversation.graduate_id))
        who = {key.split("::")[1]: person for key, person in rows if key.startswith("console::") and key.split("::")[1] in PEOPLE}
        people.save_profiles(connection, [(who[name], profile) for name, profile in PEOPLE.items()])
        people.record_consent(connection, "profile", True, [(who[name], app.clock.now()) for name in PEOPLE if name != "nofile"])
    return app


def names(app: App, found: list[str]) -> set[str]:
    with app.database.reading() as connection:
        rows = connection.execute(select(Conversation.key).where(Conversation.graduate_id.in_(found))).scalars()
        return {key.split("::")[1] for key in rows}


def test_a_new_policy_finds_whom_it_reaches(office: App) -> None:
    found = reach(office, "SUB-02")
    assert names(office, found.newly) == {"fits", "quiet"}
    assert names(office, found.might) == {"open"}
    assert found.lacking == {"flexible_registered": 1}
    assert found.people == 4
    assert "新符合 2 人" in told(found, office.clock.today())


def test_a_draft_reaches_only_whom_the_change_brings_in(office: App) -> None:
    with office.database.writing() as connection:
        entry = store.load(connection).entries["SUB-02"]
        rules = [rule for rule in entry.rule if "left_within" not in rule.test]
        assert len(rules) < len(entry.rule)
        number = revisions.draft(connection, entry.model_copy(update={"rule": rules}), "王老师", office.clock.now())
    found = reach(office, str(number))
    assert (names(office, found.newly), found.might, found.already) == ({"late"}, [], 2)


def test_what_cannot_be_reckoned_is_one_sentence(office: App) -> None:
    for name in ("XXX-99", "99999", "IDS-03"):
        with pytest.raises(RevisionError):
            reach(office, name)


def test_a_list_of_names_is_logged_where_the_person_sees_it(office: App) -> None:
    lines = list(listed(office, reach(office, "SUB-02"), "王老师"))
    assert len(lines) == 3
    with office.database.reading() as connection:
        for line in lines:
            assert [row["who"] for row in people.accesses(connection, line.split("\t")[0])] == ["王老师"]


def test_nothing_is_sent_before_another_person_approves(office: App) -> None:
    number = drafted(office, reach(office, "SUB-02"), "王老师", might=True)
    assert "会发 2 人" in outcomes.preview(office, number)
    assert "现在发：终端 2" in outcomes.preview(office, number)
    assert not broadcast.advance(office)
    with pytest.raises(BroadcastError, match="另一位老师"):
        broadcast.approve(office, number, "王老师")
    with pytest.raises(BroadcastError, match="没有第"):
        broadcast.approve(office, number + 1, "李老师")
    assert broadcast.approve(office, number, "李老师") == 2
    with pytest.raises(BroadcastError, match="不用批准"):
        broadcast.approve(office, number, "赵老师")
    while broadcast.advance(office):
        pass
    with office.database.reading() as connection:
        books = results.books(connection, broadcast.get(connection, number))
    assert books == {
        "people": 2,
        "unplanned": 0,
        "open": 2,
        "sent": 0,
        "failed": 0,
        "unknown": 0,
        "cancelled": 0,
        "expired": 0,
        "suppressed": 0,
        "left": 0,
    }
    with office.database.reading() as connection:
        rows = connection.execute(select(Delivery.conversation, Delivery.parts, Delivery.priority).where(Delivery.broadcast_id == number)).all()
    assert {row.conversation for row in rows} == {"console::fits", "console::open"}
    assert all("退订" in row.parts[0]["text"] and row.priority > 0 for row in rows)


def test_drafting_again_replaces_the_draft(office: App) -> None:
    first = drafted(office, reach(office, "SUB-02"), "王老师", might=False)
    second = drafted(office, reach(office, "SUB-02"), "王老师", might=True)
    with pytest.raises(BroadcastError):
        outcomes.preview(office, first)
    assert broadcast.approve(office, second, "李老师") == 2


def test_planning_goes_on_where_it_stopped_and_a_cancel_balances(office: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "CHUNK", 3)
    now = office.clock.now()
    with office.database.writing() as connection:
        ids = [people.new_id() for _ in range(8)]
        connection.execute(insert(Graduate), [{"id": who, "created_at": now, "profile": {}} for who in ids])
        rows = [
            {"key": f"console::{who}", "graduate_id": who, "mode": "bot", "stack": [], "memo": {}, "version": 0, "last_in_at": now} for who in ids
        ]
        connection.execute(insert(Conversation), rows)
        number = broadcast.draft(connection, "通知", [{"kind": "say", "text": "明天有招聘会"}], {"people": ids}, "王老师", now)
    broadcast.approve(office, number, "李老师")
    assert broadcast.advance(office)
    assert broadcast.advance(office)
    with office.database.writing() as connection:
        first = connection.execute(select(Delivery.id).where(Delivery.broadcast_id == number).limit(1)).scalar_one()
        connection.execute(update(Delivery).where(Delivery.id == first).values(status="sent"))
    assert broadcast.cancel(office, number) == 7
    assert not broadcast.advance(office)
    with office.database.reading() as connection:
        books = results.books(connection, broadcast.get(connection, number))
    assert books["people"] == 8 == sum(count for name, count in books.items() if name != "people")
    assert (books["sent"], books["cancelled"], books["unplanned"]) == (1, 5, 2)
