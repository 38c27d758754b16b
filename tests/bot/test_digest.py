"""The digest: due wishes become one message a person, nothing twice, nothing pushed that is held; counted only when sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot import delivery, digest, services
from bot.app import App
from bot.delivery import Delivery
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge import links
from knowledge.ledger import meter
from knowledge.ledger.record import Record
from knowledge.people import Graduate
from knowledge.postings import store
from knowledge.postings.drafts import numbered
from knowledge.postings.posting import Feedback, Posting, Shown, Wish

DUTIES = "负责日常账务处理、月末结账和纳税申报,核对往来款项,整理凭证并归档,配合年度审计,会用常见的财务软件和表格。"
POSTS = [
    {"ref": str(number), "title": "会计", "company": f"公司{number}", "city": "贵阳", "pay": "4000-6000", "text": DUTIES + f"第 {number} 家"}
    for number in range(5)
]
numbers = iter(range(1, 10**6))


def bring(app: App, rows: list[dict[str, str]]) -> None:
    store.bring_in(app.database, "测试", numbered(enumerate(rows, 1)), app.clock.today(), app.clock.now())
    app.look_for_postings()


def say(app: App, who: str, text: str, kind: Any = "text") -> str:
    parts = app.accept(Inbound(f"web::{who}", f"m{next(numbers)}", kind, text, app.clock.now())).result().parts
    return "\n".join(part["text"] for part in parts)


def digests(app: App) -> list[Any]:
    while digest.advance(app):
        pass
    with app.database.reading() as connection:
        return list(connection.execute(select(Delivery).where(Delivery.kind == "digest").order_by(Delivery.id)))


def rows(app: App, table: Any) -> list[Any]:
    with app.database.reading() as connection:
        return list(connection.execute(select(table.__table__)))


@pytest.fixture
def office(any_app: App) -> App:
    """The program with one posting."""
    bring(any_app, POSTS[:1])
    return any_app


def subscribed(app: App, who: str, rhythm: str = "daily") -> None:
    assert "按这些条件找的" in say(app, who, "贵阳 会计 4k")
    assert "告诉你" in say(app, who, f"job/rhythm/{rhythm}", "choice")


def test_new_postings_come_once_as_one_message(office: App) -> None:
    subscribed(office, "a")
    assert digests(office) == []
    bring(office, POSTS)
    office.clock.advance(timedelta(days=1, hours=2))
    [row] = digests(office)
    text = row.parts[0]["text"]
    assert text.startswith("有 3 个新岗位")
    assert "公司0" not in text, "it was shown in the chat"
    assert (row.priority, row.status) == (delivery.UNASKED["digest"], "ready")
    assert digests(office) == [row]
    arrived(office, row.id)
    office.clock.advance(timedelta(days=1))
    [second] = digests(office)[1:]
    assert second.parts[0]["text"].startswith("有 1 个新")
    arrived(office, second.id)
    office.clock.advance(timedelta(days=1))
    assert len(digests(office)) == 2, "all have been shown"


def arrived(office: App, number: int) -> None:
    with office.database.writing() as connection:
        delivery.finish(connection, [number], office.clock.now())


def test_of_those_nobody_came_for_only_the_last_one_waits(office: App) -> None:
    """Else five of them would leave at the first word and use the window up that a teacher's answer needs."""
    subscribed(office, "a")
    bring(office, POSTS)
    for day in range(1, 4):
        office.clock.advance(timedelta(days=1, hours=2 if day == 1 else 0))
        assert len(digests(office)) == day
    first, _, last = digests(office)
    assert first.parts[0]["text"][:6] == last.parts[0]["text"][:6] == "有 3 个新", "what did not arrive comes again"
    with office.database.reading() as connection:
        assert connection.execute(select(Delivery.id).where(Delivery.kind == "digest", delivery.due(office.clock.now()))).scalars().all() == [last.id]


def of_the_school(office: App) -> tuple[Any, str, datetime]:
    """Somebody with a record of the school and a digest that has not left: that, the person, and now."""
    subscribed(office, "a")
    bring(office, POSTS)
    office.clock.advance(timedelta(days=1, hours=2))
    [row] = digests(office)
    [who] = [graduate.id for graduate in rows(office, Graduate)]
    now = office.clock.now()
    with office.database.writing() as connection:
        school = {"name": "李一", "groups": [], "source": "名单", "created_at": now, "updated_at": now, "graduate_id": who}
        connection.execute(insert(Record).values(school))
    return row, who, now


def test_only_what_was_sent_is_a_service(office: App) -> None:
    row, who, now = of_the_school(office)
    assert services.advance(office) == 0
    with office.database.writing() as connection:
        delivery.finish(connection, [row.id], now)
        assert services.gather(connection, now, who) == 3
    assert services.advance(office) == 0, "each posting once"
    with office.database.writing() as connection:
        assert services.gather(connection, now, who) == 0
        [record_id] = connection.execute(select(Record.id)).scalars()
        assert meter.counts(connection, office.clock.today())[record_id] == {"referral": 3}


@pytest.mark.parametrize("way", ["gone", "unlinked"])
def test_who_leaves_takes_no_service_out_of_the_ledger(office: App, way: str) -> None:
    row, _, now = of_the_school(office)
    with office.database.writing() as connection:
        delivery.finish(connection, [row.id], now)
    if way == "gone":
        office.accept(Inbound(row.conversation, "left", "gone", "", now)).result(10)
    else:
        say(office, "a", "断开学校登记")
    with office.database.reading() as connection:
        [record_id] = connection.execute(select(Record.id).where(Record.graduate_id.is_(None))).scalars()
        assert meter.counts(connection, office.clock.today())[record_id] == {"referral": 3}


def test_a_new_repeat_of_an_old_posting_is_nothing_new(office: App) -> None:
    subscribed(office, "a")
    say(office, "b", "你好")
    office.clock.advance(timedelta(days=9))
    bring(office, [{**POSTS[0], "ref": "again", "city": "遵义"}])
    found = rows(office, Posting)
    assert [row.card for row in found] == [found[0].id] * 2
    assert digests(office) == []


@pytest.mark.parametrize("word", ["退订岗位", "退订", "注销"])
def test_who_leaves_is_not_written_to(office: App, word: str) -> None:
    subscribed(office, "a")
    bring(office, POSTS)
    say(office, "a", word)
    if word == "注销":
        say(office, "a", "确认注销")
    office.clock.advance(timedelta(days=2))
    assert digests(office) == []


def test_held_and_expired_postings_are_never_pushed(office: App) -> None:
    subscribed(office, "a")
    fraud = {"ref": "f", "title": "会计", "company": "骗", "city": "贵阳", "text": "入职先交押金299元,在家做账日赚500,加微信 abc12345"}
    over = {"ref": "o", "title": "会计", "company": "过", "city": "贵阳", "deadline": "2026-11-01"}
    bring(office, [fraud, over])
    office.clock.advance(timedelta(days=1, hours=2))
    assert digests(office) == []


def test_urgent_means_a_deadline_is_near(office: App) -> None:
    subscribed(office, "a", "urgent")
    near, far = ({**POSTS[n], "deadline": day} for n, day in ((1, "2026-11-26"), (2, "2026-12-20")))
    bring(office, [near, far])
    office.clock.advance(timedelta(days=1, hours=2))
    [row] = digests(office)
    assert "公司1" in row.parts[0]["text"]
    assert "公司2" not in row.parts[0]["text"]


def test_many_are_planned_in_chunks_and_a_second_program_adds_nothing(office: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "CHUNK", 2)
    for who in "abcde":
        subscribed(office, who)
    bring(office, POSTS)
    office.clock.advance(timedelta(days=1, hours=2))
    second = App(office.settings, office.clock)
    assert digest.advance(office)
    assert digest.advance(second)
    found = digests(office)
    second.close()
    assert len(found) == len({row.conversation for row in found}) == 5
    assert len(rows(office, Shown)) == 5 + 15


def test_an_application_is_asked_after_once(office: App) -> None:
    subscribed(office, "a")
    [posting] = rows(office, Posting)
    say(office, "a", f"job/mark/{posting.id}/applied", "choice")
    say(office, "a", "退订岗位")
    office.clock.advance(timedelta(days=7, hours=1))
    said = [reply.parts[0]["text"] for _, reply in office.sweep()]
    assert said == ["上周你投了「会计」，有回音了吗？没有也正常，不用急着回我。"]
    office.clock.advance(timedelta(days=7))
    assert office.sweep() == []
    assert "面试" in say(office, "a", "job/went/interview", "choice")


def test_two_reports_take_a_posting_and_its_repeats_out(office: App) -> None:
    bring(office, [{**POSTS[0], "ref": "again", "city": "遵义"}])
    posting = rows(office, Posting)[0]
    for who, status in (("a", "live"), ("b", "held")):
        subscribed(office, who)
        assert "老师会去核实" in say(office, who, f"job/mark/{posting.id}/reported", "choice")
        assert [row.status for row in rows(office, Posting)] == [status] * 2
    office.look_for_postings()
    assert "下架" in say(office, "a", f"job/show/{posting.id}", "choice")


def test_what_is_taken_back_is_gone(office: App) -> None:
    subscribed(office, "a")
    [posting] = rows(office, Posting)
    say(office, "a", f"job/mark/{posting.id}/saved", "choice")
    assert [row.action for row in rows(office, Feedback)] == ["saved"]
    say(office, "a", f"job/undo/{posting.id}/saved", "choice")
    assert rows(office, Feedback) == []


def test_two_who_become_one_keep_one_wish_and_all_marks(office: App) -> None:
    [posting] = rows(office, Posting)
    for who in "ab":
        subscribed(office, who)
        say(office, who, f"job/mark/{posting.id}/saved", "choice")
    one, other = [row.graduate_id for row in rows(office, Conversation)]
    with office.database.writing() as connection:
        connection.execute(update(Wish).where(Wish.graduate_id == one).values(rhythm="weekly"))
        code = links.offer(connection, one, "web", office.clock.now())
        assert links.join(connection, links.said(f"绑定 {code}") or "", other, office.clock.now())
    assert [(row.graduate_id, row.rhythm) for row in rows(office, Wish)] == [(one, "weekly")]
    assert [row.graduate_id for row in rows(office, Feedback)] == [one]


def test_the_best_for_one_person_are_told_with_their_reasons(office: App) -> None:
    subscribed(office, "a")
    bring(office, POSTS)
    [who] = [graduate.id for graduate in rows(office, Graduate)]
    found = digest.best(office, who) or []
    assert [row["company"] for row in found] == [f"公司{number}" for number in range(5)]
    assert found[0]["why"][0] == "和你要找的「会计」对上了"
    assert digest.best(office, "nobody") is None
