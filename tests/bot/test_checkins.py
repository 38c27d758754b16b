"""Keeping in touch with the people of the ledger: who is asked when and where, once; what their answers change; whom staff have to call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from bot import allowances, checkins, silence
from bot.app import App
from bot.delivery import Delivery
from dialogs.checkin import ANSWERS, RATES
from dialogs.destinations import MEANT
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge.ledger import contact, destinations, linking, sharing
from knowledge.ledger.contact import CheckIn
from knowledge.ledger.record import Change, FollowUp, Record
from knowledge.links import digest_of, join, offer
from knowledge.tables import bare


def says(app: App, key: str, text: str, number: str) -> None:
    app.accept(Inbound(key, number, "text", text, app.clock.now())).result(20)


def student(app: App, number: int, key: str = "", **more: Any) -> str:
    """Somebody of the ledger who wrote to us and is tied to their record. Returns the conversation."""
    key = key or f"telegram:bot:{number}"
    says(app, key, "你好", f"hello-{number}")

    def work(connection: Any) -> None:
        row = {
            "name": f"学生{number}",
            "student_no": f"2026{number:04}",
            "school": "测试大学",
            "source": "测试",
            "groups": [],
            "destination": "待就业",
        }
        connection.execute(insert(Record).values({**row, "created_at": app.clock.now(), "updated_at": app.clock.now(), **more}))
        who = connection.execute(select(Conversation.graduate_id).where(Conversation.key == key)).scalar_one()
        assert linking.link(connection, app.seal, key, who, (f"学生{number}", f"2026{number:04}"[-6:]), app.clock.now()) == "linked"

    app.inbox.write(work).result(10)
    return key


def questions(app: App) -> dict[str, int]:
    """How often each conversation was asked."""
    with app.database.reading() as connection:
        rows = connection.execute(select(Delivery.conversation, Delivery.key).where(Delivery.key.contains("|howis-")))
        found: dict[str, int] = {}
        for conversation, _ in rows:
            found[conversation] = found.get(conversation, 0) + 1
        return found


def swept(app: App) -> None:
    """As the sweeper does it, twice over: a second one changes nothing."""
    for _ in range(2):
        while checkins.advance(app):
            pass
        app.sweep()


def days(app: App, number: float) -> None:
    app.clock.advance(timedelta(days=number))
    swept(app)


@pytest.fixture
def noon(any_app: App) -> App:
    """It is midday in China."""
    now = any_app.clock.now()
    any_app.clock.advance(timedelta(hours=(4 - now.hour) % 24))
    return any_app


def test_each_is_asked_once_a_round_and_priority_groups_more_often(noon: App) -> None:
    plain, first = student(noon, 1), student(noon, 2, groups=["低保"])
    settled, stopped = student(noon, 3, destination="签劳动合同形式就业"), student(noon, 4)
    with noon.database.writing() as connection:
        contact.stop(
            connection, connection.execute(select(Conversation.graduate_id).where(Conversation.key == stopped)).scalar_one(), noon.clock.now()
        )
    days(noon, 15)
    assert questions(noon) == {first: 1}
    days(noon, 16)
    assert questions(noon) == {first: 2, plain: 1}
    days(noon, 31)
    assert questions(noon)[plain] == 2
    assert not {settled, stopped} & questions(noon).keys()


def test_whoever_was_heard_or_reached_is_left_in_peace(noon: App) -> None:
    spoke, called = student(noon, 1), student(noon, 2)
    days(noon, 20)
    says(noon, spoke, "档案放哪儿", "later")
    with noon.database.writing() as connection:
        number = connection.execute(select(Record.id).where(Record.student_no == "20260002")).scalar_one()
        contact.called(connection, number, "联系上了", "王老师", noon.clock.today())
    days(noon, 15)
    assert questions(noon) == {}
    days(noon, 16)
    assert questions(noon) == {spoke: 1, called: 1}


def test_nobody_is_asked_at_night_and_nobody_who_unsubscribed_or_waits_for_a_teacher(noon: App) -> None:
    quiet, waits, asked = student(noon, 1), student(noon, 2), student(noon, 3)
    says(noon, quiet, "退订", "stop")
    with noon.database.writing() as connection:
        connection.execute(update(Conversation).where(Conversation.key == waits).values(mode="human"))
    days(noon, 31.5)
    assert questions(noon) == {}
    days(noon, 0.5)
    assert questions(noon) == {asked: 1}


def test_a_round_without_an_answer_goes_to_another_channel_and_past_one_that_is_shut(noon: App) -> None:
    one = student(noon, 1)
    says(noon, "wechat:gh:two", "你好", "two")
    with noon.database.writing() as connection:
        who = connection.execute(select(Conversation.graduate_id).where(Conversation.key == one)).scalar_one()
        other = connection.execute(select(Conversation.graduate_id).where(Conversation.key == "wechat:gh:two")).scalar_one()
        assert join(connection, digest_of(offer(connection, who, "telegram", noon.clock.now())), other, noon.clock.now())
    days(noon, 31)
    days(noon, 31)
    assert questions(noon) == {one: 1, "wechat:gh:two": 1}
    with noon.database.writing() as connection:
        allowances.gone(connection, one)
    days(noon, 31)
    assert questions(noon) == {one: 1, "wechat:gh:two": 2}


def test_the_answer_is_a_contact_of_the_ledger_and_keeps_no_words(noon: App) -> None:
    key = student(noon, 1)
    days(noon, 31)
    says(noon, key, "还没找到工作,压力很大不想说话", "answer")
    with noon.database.reading() as connection:
        kept = connection.execute(select(FollowUp.note, FollowUp.by, FollowUp.reached, FollowUp.way)).all()
        assert [tuple(row) for row in kept] == [("还在找", "本人", True, "Telegram")]
        assert connection.execute(select(CheckIn.rounds)).scalar_one() == 0


def test_a_destination_changes_only_by_a_choice_and_ends_the_questions(noon: App) -> None:
    key = student(noon, 1)
    days(noon, 31)
    says(noon, key, "已经入职了", "answer")
    with noon.database.reading() as connection:
        assert connection.execute(select(Record.destination)).scalar_one() == "待就业"
    noon.accept(Inbound(key, "tap", "choice", "howis/set/签劳动合同形式就业", noon.clock.now())).result(10)
    noon.accept(Inbound(key, "forged", "choice", "howis/set/不存在的去向", noon.clock.now())).result(10)
    with noon.database.reading() as connection:
        assert connection.execute(select(Record.destination)).scalar_one() == "签劳动合同形式就业"
        assert connection.execute(select(Change.by, Change.destination)).all()[-1] == ("本人", "签劳动合同形式就业")
    for _ in range(4):
        days(noon, 31)
    assert questions(noon) == {key: 1}


def test_every_destination_is_reached_by_a_choice_and_what_plain_words_mean_is_in_the_list(noon: App) -> None:
    with noon.database.reading() as connection:
        rates, names = destinations.rates(connection), destinations.meanings(connection)
    assert set(rates.values()) == {rate for _, held in RATES.values() for rate in held}
    assert all(bare(each.name) in names and each.answer in ANSWERS for each in MEANT)
    key = student(noon, 1)
    days(noon, 31)
    said = noon.accept(Inbound(key, "forged", "choice", "howis/said/乱写", noon.clock.now())).result(10).parts
    assert "howis/set" not in str(said)


def test_a_process_that_asks_twice_at_once_asks_once(noon: App) -> None:
    key = student(noon, 1)
    noon.clock.advance(timedelta(days=31))
    due = noon.due()
    for inbound in (*due, *due):
        noon.accept(inbound).result(10)
    with noon.database.reading() as connection:
        assert (
            connection.execute(select(func.count()).select_from(Delivery).where(Delivery.conversation == key)).scalar_one() == 2
        )  # the greeting, the question
        assert connection.execute(select(CheckIn.rounds)).scalar_one() == 1


def test_the_list_of_the_silent_says_why_and_what_next(noon: App) -> None:
    student(noon, 1, groups=["低保"], phone="13800000001")
    shut = student(noon, 2, phone="13800000002")
    student(noon, 3, phone="13800000003")
    with noon.database.writing() as connection:
        third = connection.execute(select(Record.id).where(Record.student_no == "20260003")).scalar_one()
        sharing.keep(connection, noon.seal, {third: "13900000003"}, "名单", noon.clock.now())
    student(noon, 4, destination="签劳动合同形式就业")
    with noon.database.writing() as connection:
        row = {"student_no": "X", "school": "测试大学", "source": "测试", "groups": [], "destination": "", "name": "没来过"}
        connection.execute(insert(Record).values({**row, "created_at": noon.clock.now(), "updated_at": noon.clock.now()}))
        allowances.gone(connection, shut)
        numbers = dict(connection.execute(select(Record.student_no, Record.id)).all())
    noon.clock.advance(timedelta(days=61))
    with noon.database.writing() as connection:
        contact.called(connection, numbers["20260003"], "号码不对", "王老师", noon.clock.today())

    def told(days: int = 30) -> list[tuple[str, str, str]]:
        with noon.database.reading() as connection:
            return [(one.name, one.why, one.next) for one in silence.listed(connection, noon.clock.now(), days)]

    assert told() == [
        ("学生1", "61 天没说话", "打电话"),
        ("没来过", "没连上对话", "向学院、同学要新号码"),
        ("学生2", "取关或拉黑", "打电话"),
        ("学生3", "号码不对", "打家里电话（本人同意过）"),
    ]
    with noon.database.writing() as connection:
        contact.called(connection, numbers["20260001"], "联系上了", "王老师", noon.clock.today())
        contact.called(connection, numbers["20260002"], "没人接", "王老师", noon.clock.today(), next_on=noon.clock.today() + timedelta(days=3))
        contact.called(connection, numbers["X"], "不愿联系", "王老师", noon.clock.today())
    assert [name for name, *_ in told()] == ["学生3"]
    noon.clock.advance(timedelta(days=4))
    assert [name for name, *_ in told()] == ["学生2", "学生3"]
    noon.clock.advance(timedelta(days=15))
    assert ("学生1", "19 天没说话", "机器人先问一次") not in told(30)


def test_on_the_ladder_the_machine_asks_before_anybody_calls(noon: App) -> None:
    student(noon, 1, phone="13800000001")

    def step() -> str:
        with noon.database.reading() as connection:
            [one] = silence.listed(connection, noon.clock.now(), 14)
            return one.next

    days(noon, 20)
    assert step() == "机器人先问一次"
    days(noon, 11)
    assert step() == "机器人换个渠道再问"
    days(noon, 31)
    assert step() == "打电话"
