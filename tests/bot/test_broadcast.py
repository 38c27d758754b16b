"""A broadcast from its fields to its result: read, counted, approved by another, kept back for some, paused, sent again, balanced."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from bot import audience, broadcast, delivery, forgetting, outcomes, results, shares
from bot.app import App
from bot.broadcast import BroadcastError, Target
from bot.delivery import Delivery
from dialogs.broadcasts import kinds
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge.ledger import intake
from knowledge.ledger.record import Record, dispute, settle
from knowledge.people import Consent, Graduate, Membership
from knowledge.tables import comma, read

SAMPLE = {"moment": "2099-12-05 14:00", "day": "2099-12-05", "link": "https://example.edu/a", "line": "一行", "text": "两\n行"}
EVERYONE: dict[str, Any] = {"type": "通知", "title": "放假", "fields": {"text": "元旦放假"}, "audience": {"everyone": True}}


def fill(app: App, people: int) -> None:
    """People p0, p1, … of two cities, cohorts and channels; every fifth in a group, every tenth unsubscribed, every fourth on record."""
    now = app.clock.now()
    graduates, conversations, groups, records = [], [], [], []
    for n in range(people):
        profile = {"residence": "四川成都" if n % 2 else "重庆", "degree": "本科" if n % 3 else "专科", "cohort": 2025 + n % 2}
        graduates.append(
            {"id": f"p{n}", "created_at": now, "profile": profile, "profile_consent_at": now, "groups_consent_at": now if n % 10 else None}
        )
        channel = "wechat:gh" if n % 2 else "telegram:bot"
        memo, heard = {"quiet": True} if n % 10 == 9 else {}, now - timedelta(days=n % 50)
        conversations.append(
            {"key": f"{channel}:{n}", "graduate_id": f"p{n}", "memo": memo, "last_in_at": heard, "stack": [], "mode": "bot", "version": 0}
        )
        if n % 5 == 0:
            groups.append({"graduate_id": f"p{n}", "group": "低保", "stated_at": now})
        if n % 4 == 0:
            record = {
                "name": "李一",
                "student_no": f"S{n}",
                "college": "文学院",
                "destination": "待就业",
                "groups": [],
                "source": "试",
                "graduate_id": f"p{n}",
            }
            records.append(record | {"created_at": now, "updated_at": now})
    with app.database.writing() as connection:
        for table, rows in ((Graduate, graduates), (Conversation, conversations), (Membership, groups), (Record, records)):
            connection.execute(insert(table), rows)


@pytest.fixture
def office(any_app: App) -> App:
    fill(any_app, 100)
    return any_app


def chosen(app: App, rules: dict[str, Any]) -> set[int]:
    with app.database.reading() as connection:
        checked = audience.checked(rules)
        found = {int(row.graduate_id[1:]) for row in connection.execute(audience.query(connection, checked, app.clock.now()))}
        assert audience.count(connection, checked, app.clock.now()) == len(found)
    return found


def approved(app: App, **more: Any) -> int:
    number = broadcast.written(app, EVERYONE | more, "王老师")
    broadcast.approve(app, number, "李老师")
    while broadcast.advance(app):
        pass
    return number


def balanced(app: App, number: int) -> dict[str, Any]:
    found = outcomes.status(app, number)
    assert found["people"] == sum(found[name] for name in ("unplanned", "open", "left", *delivery.FINAL))
    assert found["left"] >= 0
    return found


def test_rules_choose_on_both_databases(office: App) -> None:
    told = {n for n in range(100) if n % 10 != 9}
    expected: list[tuple[dict[str, Any], set[int]]] = [
        ({"everyone": True}, told),
        ({"profile": {"degree": ["专科"]}}, {n for n in told if n % 3 == 0}),
        ({"profile": {"cohort": {"from": 2026}}}, {n for n in told if n % 2}),
        ({"groups": "低保"}, {n for n in told if n % 10 == 5}),  # the others did not agree
        ({"status": ["未就业"], "college": ["文学院"]}, {n for n in told if n % 4 == 0}),
        ({"city": ["成都"], "channel": ["微信"]}, {n for n in told if n % 2}),
        ({"cohort": [2025]}, {n for n in told if n % 2 == 0}),
        ({"silent_days": {"from": 14, "to": 20}}, {n for n in told if 14 <= n % 50 <= 20}),
        ({"people": ["p3", "S8", "p9"]}, {3, 8}),
        ({"cohort": [2026], "people": ["p0"], "without": ["p1", "S4"]}, {n for n in told if n % 2} - {1} | {0}),
    ]
    for rules, wanted in expected:
        assert chosen(office, rules) == wanted, rules


STATUSES = ("未就业", "待就业", "", "失业", "考研", "三方", "二战")


def test_a_status_means_what_an_import_makes_of_it(any_app: App) -> None:
    fill(any_app, 8)
    rows = [("姓名", "学号", "毕业去向"), *(("李一", f"S{n}", said) for n, said in enumerate(STATUSES))]
    with any_app.database.writing() as connection:
        connection.execute(delete(Record))
    done = intake.bring_in(any_app.database, any_app.seal, read(comma(rows)), "名单", {}, any_app.clock.now())
    assert done.counts()["inserted"] == len(STATUSES)
    with any_app.database.writing() as connection:
        for n in range(len(STATUSES)):
            connection.execute(update(Record).where(Record.student_no == f"S{n}").values(graduate_id=f"p{n}"))
    assert chosen(any_app, {"status": "未就业"}) == {0, 1, 2, 3}
    assert chosen(any_app, {"status": ["待就业"]}) == {0, 1, 3}
    assert chosen(any_app, {"status": ["升学", "签三方"]}) == {4, 5}
    assert chosen(any_app, {"status": ["不就业拟升学"]}) == {6}
    with pytest.raises(BroadcastError, match=r"没有「躺平」这个去向.可以写.未就业.*研究生.*待就业"):
        broadcast.written(any_app, EVERYONE | {"audience": {"status": ["未就业", "躺平"]}}, "王老师")
    assert broadcast.listed(any_app) == "还没有群发"


def test_what_goes_to_nobody_is_not_approved(office: App) -> None:
    number = broadcast.written(office, EVERYONE | {"audience": {"city": ["拉萨"]}}, "王老师")
    with pytest.raises(BroadcastError, match="一个人也发不到"):
        broadcast.approve(office, number, "李老师")
    assert outcomes.status(office, number)["state"] == "draft"


def test_the_last_conversation_of_a_person_is_the_one(office: App) -> None:
    now = office.clock.now() + timedelta(minutes=1)
    with office.database.writing() as connection:
        row = {"graduate_id": "p3", "stack": [], "mode": "bot", "version": 0, "last_in_at": now}
        connection.execute(insert(Conversation).values(key="telegram:bot:new3", memo={}, **row))
        connection.execute(insert(Conversation).values(key="telegram:bot:new5", memo={"quiet": True}, **row | {"graduate_id": "p5"}))
        rows = connection.execute(audience.query(connection, {"people": ["p3", "p5"]}, now)).all()
    assert [tuple(row) for row in rows] == [("telegram:bot:new3", "p3")]


@pytest.mark.parametrize(
    "rules",
    [
        {}, [], {"holdout": 0.1}, {"everyone": 1}, {"everyone": True, "holdout": 0.9}, {"groups": ["富豪"]}, {"profile": {"student_loan": True}},
        {"profile": {"degree": ["神仙"]}}, {"profile": {"degree": {"from": "本科"}}}, {"silent_days": 3}, {"cohort": ["二〇二六"]},
        {"profile": {"secret": 1}}, {"people": []}, {"people": [{"a": 1}]}, {"where": "1=1"}, {"channel": ["tele"]},
    ],
)  # fmt: skip
def test_rules_that_cannot_be_used_are_one_sentence(rules: Any) -> None:
    with pytest.raises(audience.AudienceError) as caught:
        audience.checked(rules)
    assert "\n" not in str(caught.value)


def test_every_kind_is_one_message_on_every_channel(app: App) -> None:
    for name, kind in kinds().items():
        fields = {key: SAMPLE[field.form] for key, field in kind.fields.items()}
        number = broadcast.written(app, {"type": name, "title": f"试{name}", "fields": fields, "audience": {"everyone": True}}, "王老师")
        with app.database.reading() as connection:
            shown = outcomes.renderings(broadcast.get(connection, number), app.clock.now())
        assert set(shown) == {"微信", "Telegram", "终端", "网页"}
        for pieces in shown.values():
            assert len(pieces) == 1
            assert name in pieces[0]
            assert "退订" in pieces[0]
        for lacking in (key for key, field in kind.fields.items() if field.needed):
            with pytest.raises(BroadcastError, match="还差"):
                broadcast.written(app, {"type": name, "title": "缺", "fields": fields | {lacking: " "}, "audience": {"everyone": True}}, "王老师")


@pytest.mark.parametrize(
    "change",
    [
        {"type": "广告"}, {"title": ""}, {"title": "两\n行"}, {"fields": {"text": "好" * 600}}, {"fields": {"text": "好", "colour": "红"}},
        {"fields": {"text": "好", "link": "javascript:alert(1)"}}, {"audience": {}}, {"at": "明天"}, {"at": "2001-01-01"}, {"who": "x"},
        {"mass": "yes"},
        {"type": "风险预警", "fields": {"risk": "假", "do": "报警"}, "audience": {"everyone": True, "holdout": 0.1}},
    ],
)  # fmt: skip
def test_a_draft_that_cannot_be_is_one_sentence(app: App, change: dict[str, Any]) -> None:
    with pytest.raises(BroadcastError) as caught:
        broadcast.written(app, EVERYONE | change, "王老师")
    assert "\n" not in str(caught.value)
    assert broadcast.listed(app) == "还没有群发"


def test_some_are_held_back_the_same_ones_as_foreseen_and_compared(office: App) -> None:
    number = broadcast.written(office, EVERYONE | {"audience": {"everyone": True, "holdout": 0.3}}, "王老师")
    before = outcomes.preview(office, number)
    people = broadcast.approve(office, number, "李老师")
    assert 40 < people < 85
    assert f"会发 {people} 人，留出 {90 - people} 人" in before
    while broadcast.advance(office):
        pass
    with office.database.reading() as connection:
        sent = set(connection.execute(select(Delivery.conversation).where(Delivery.broadcast_id == number)).scalars())
        everybody = connection.execute(audience.query(connection, {"everyone": True}, office.clock.now())).all()
    assert sent == {key for key, person in everybody if not audience.held_back(number, person, 0.3)}
    held = next(key for key, _ in everybody if key not in sent)
    for key in (min(sent), max(sent), held):
        office.accept(Inbound(key, "m1", "text", "收到", office.clock.now() + timedelta(seconds=1))).result(10)
    silent = [key for key, _ in everybody if key not in (min(sent), max(sent), held)][:2]
    at = office.clock.now() + timedelta(seconds=1)
    office.accept(Inbound(silent[0], "m1", "choice", "go/stop", at), "退订").result(10)
    office.accept(Inbound(silent[1], "m1", "result", "clinic/first/0", at)).result(10)
    with office.database.reading() as connection:
        found = results.results(connection, broadcast.get(connection, number), office.clock.now() + timedelta(minutes=1))
    assert found["sent_to"] == {"people": people, "replied": 2, "registered": 0, "delivered": 0, "opened": None}
    assert found["held_back"] == {"people": 90 - people, "replied": 1, "registered": 0}
    assert set(found["compared"]) == (set() if 90 - people < 30 else {"replied", "registered"})


def test_the_results_count_people_once_within_the_time_and_beside_those_held_back(any_app: App) -> None:
    fill(any_app, 200)
    number = approved(any_app, audience={"everyone": True, "holdout": 0.4})
    begun = any_app.clock.now()
    with any_app.database.writing() as connection:
        rows = connection.execute(select(Target.conversation, Target.held).where(Target.broadcast_id == number))
        sides = {row.conversation: row.held for row in rows}
        people = {held: sorted((key for key in sides if sides[key] is held), key=lambda key: int(key.rpartition(":")[2])) for held in (False, True)}
        ids = connection.execute(select(Delivery.id).where(Delivery.broadcast_id == number).order_by(Delivery.id)).scalars().all()
        delivery.finish(connection, ids[:50], begun)
        delivery.finish(connection, ids[50:53], begun, "failed")
        for held, count in ((False, 9), (True, 5)):
            for key in people[held][:count]:
                who = f"p{key.rpartition(':')[2]}"
                registered(connection, who, begun + timedelta(hours=1), begun + timedelta(days=2))
        late, early = people[False][20], people[False][21]
        registered(connection, f"p{late.rpartition(':')[2]}", begun + timedelta(days=8))
        registered(connection, f"p{early.rpartition(':')[2]}", begun - timedelta(hours=1))
        disputing = f"p{people[False][22].rpartition(':')[2]}"
        connection.execute(delete(Record).where(Record.graduate_id == disputing))
        file = {"name": "李二", "student_no": "D1", "groups": [], "source": "试", "graduate_id": disputing, "created_at": begun, "updated_at": begun}
        connection.execute(insert(Record).values(file))
        assert dispute(connection, disputing, "不对", begun + timedelta(hours=1))
    any_app.clock.advance(timedelta(days=9))
    found = outcomes.status(any_app, number)["results"]
    assert found["sent_to"] == {"people": len(people[False]), "replied": 0, "registered": 9, "delivered": 50, "opened": None}
    assert found["held_back"] == {"people": len(people[True]), "replied": 0, "registered": 5}
    assert found["compared"]["registered"] == shares.words((9, len(people[False])), (5, len(people[True])))
    assert "看不出差别" in found["compared"]["replied"]


def registered(connection: Connection, who: str, *at: datetime) -> None:
    """Linked to a record at the first moment, the destination changed by their own word at the second."""
    connection.execute(insert(Consent).values(graduate_id=who, kind="ledger", given=True, at=at[0]))
    if len(at) > 1:
        row = {"name": "李一", "student_no": f"R{who}", "groups": [], "source": "试", "graduate_id": who, "created_at": at[0], "updated_at": at[0]}
        number = connection.execute(insert(Record).values(row).returning(Record.id)).scalar_one()
        settle(connection, number, "自由职业", "本人", at[1])


def test_few_are_not_counted_out(any_app: App) -> None:
    fill(any_app, 200)
    number = approved(any_app, audience={"everyone": True, "holdout": 0.4})
    with any_app.database.writing() as connection:
        key = connection.execute(select(Target.conversation).where(Target.broadcast_id == number, ~Target.held).limit(1)).scalar_one()
        registered(connection, f"p{key.rpartition(':')[2]}", any_app.clock.now() + timedelta(hours=1))
    any_app.clock.advance(timedelta(days=2))
    found = outcomes.status(any_app, number)["results"]
    assert found["sent_to"]["registered"] == "<5"
    assert set(found["compared"]) == {"replied"}


def test_paused_nothing_is_due_and_resumed_all_is_once(office: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "CHUNK", 40)
    number = broadcast.written(office, EVERYONE, "王老师")
    broadcast.approve(office, number, "李老师")
    assert broadcast.advance(office)
    assert broadcast.pause(office, number) == 40
    assert not broadcast.advance(office)
    assert balanced(office, number) | {"state": "paused", "unplanned": 50, "open": 40} == balanced(office, number)
    with office.database.writing() as connection:
        assert not delivery.claim(connection, "wechat", "x", office.clock.now())
    with pytest.raises(BroadcastError, match="已经暂停"):
        broadcast.pause(office, number)
    assert broadcast.resume(office, number) == 40
    with pytest.raises(BroadcastError, match="没有暂停"):
        broadcast.resume(office, number)
    while broadcast.advance(office):
        pass
    assert balanced(office, number)["open"] == 90
    with office.database.writing() as connection:
        assert len(delivery.claim(connection, "wechat", "x", office.clock.now())) == 40


def test_a_broadcast_leaves_at_its_time(office: App) -> None:
    later = office.clock.now() + timedelta(hours=3)
    approved(office, at=later.isoformat())
    with office.database.writing() as connection:
        assert not delivery.claim(connection, "wechat", "x", later - timedelta(seconds=1))
        assert delivery.claim(connection, "wechat", "x", later + timedelta(seconds=1))


def test_only_the_outcome_that_was_named_is_sent_again(office: App) -> None:
    number, now = approved(office), office.clock.now()
    with office.database.writing() as connection:
        ids = list(connection.execute(select(Delivery.id).where(Delivery.broadcast_id == number).order_by(Delivery.id)).scalars())
        for state, part, reason in (("sent", ids[:50], None), ("failed", ids[50:60], "blocked"), ("unknown", ids[60:65], "timed_out")):
            delivery.finish(connection, part, now, state, reason)
    found = balanced(office, number)
    assert found["reasons"] == [
        {"status": "failed", "reason": "blocked", "told": "失败：对方拉黑了机器人", "count": 10},
        {"status": "unknown", "reason": "timed_out", "told": "不知道到没到：发出去了，Telegram 没有回音", "count": 5},
    ]
    assert (found["open"], found["percent"]) == (25, 72.2)
    assert found["eta"]
    assert broadcast.resend(office, number, "failed") == 10
    assert broadcast.resend(office, number, "expired") == 0
    with pytest.raises(BroadcastError, match="只能"):
        broadcast.resend(office, number, "sent")
    found = balanced(office, number)
    assert (found["open"], found["failed"], found["unknown"], found["sent"]) == (35, 0, 5, 50)
    assert broadcast.cancel(office, number) == 35
    with pytest.raises(BroadcastError, match="没有在发"):
        broadcast.resend(office, number, "unknown")
    assert balanced(office, number)["cancelled"] == 35


def test_who_erases_themselves_is_not_written_to_and_the_books_balance(office: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "CHUNK", 40)
    number = broadcast.written(office, EVERYONE, "王老师")
    broadcast.approve(office, number, "李老师")
    broadcast.advance(office)
    with office.database.writing() as connection:
        forgetting.person(connection, "p1", "")  # wechat: still to be planned
        forgetting.person(connection, "p2", "")  # telegram: planned
    while broadcast.advance(office):
        pass
    found = balanced(office, number)
    assert (found["left"], found["cancelled"], found["open"]) == (1, 1, 88)


def test_who_unsubscribes_before_it_leaves_is_passed_over_and_the_books_balance(office: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "CHUNK", 40)
    number = broadcast.written(office, EVERYONE, "王老师")
    broadcast.approve(office, number, "李老师")
    broadcast.advance(office)
    for key in ("wechat:gh:1", "telegram:bot:2"):  # still to be planned, planned
        office.accept(Inbound(key, "1", "text", "退订", office.clock.now())).result()
    while broadcast.advance(office):
        pass
    found = balanced(office, number)
    assert (found["suppressed"], found["open"], found["left"]) == (2, 88, 0)
    assert found["reasons"] == [{"status": "suppressed", "reason": "unsubscribed", "told": "发不到或退订了：对方退订了", "count": 2}]


def test_what_was_cancelled_half_planned_balances(office: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "CHUNK", 40)
    number = broadcast.written(office, EVERYONE, "王老师")
    broadcast.approve(office, number, "李老师")
    broadcast.advance(office)
    assert broadcast.cancel(office, number) == 90
    assert not broadcast.advance(office)
    assert balanced(office, number) | {"cancelled": 40, "unplanned": 50} == balanced(office, number)


def test_a_time_that_is_over_and_ones_own_draft_are_not_approved(office: App) -> None:
    number = broadcast.written(office, EVERYONE | {"at": (office.clock.now() + timedelta(hours=1)).isoformat()}, "Wang")
    for own in (" wang ", ""):
        with pytest.raises(BroadcastError):
            broadcast.approve(office, number, own)
    with office.database.writing() as connection:
        connection.execute(update(broadcast.Broadcast).values(at=office.clock.now() - timedelta(hours=1)))
    with pytest.raises(BroadcastError, match="已经过了"):
        broadcast.approve(office, number, "李老师")


def test_the_commands(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "群发.json"
    file.write_text(json.dumps(EVERYONE, ensure_ascii=False), encoding="utf8")
    help_ = run("broadcast", "draft", "--help").stdout
    assert "holdout" in help_
    assert "招聘会" in help_
    assert "第 1 号" in run("broadcast", "draft", str(file), "--as", "王老师").stdout
    fair = ("--type", "招聘会", "--title", "冬季专场", "--set", "start=2099-12-05 14:00", "--set", "place=体育馆", "--to", '{"city": "成都"}')
    assert "第 2 号" in run("broadcast", "draft", *fair, "--as", "王老师").stdout
    assert "2099 年 12 月 5 日（周六）14:00" in run("broadcast", "preview", "2").stdout
    assert "第 3 号" in run("broadcast", "draft", *fair, "--title", "群发专场", "--mass", "--as", "王老师").stdout
    assert "没有公众号开着它" in run("broadcast", "preview", "3").stdout
    assert "没有公众号开着它" not in run("broadcast", "preview", "2").stdout
    assert run("broadcast", "draft", str(tmp_path / "没有.json")).exit_code == 1
    assert run("broadcast", "draft").exit_code == 2
    assert run("broadcast", "approve", "1", "--as", "王老师").exit_code == 1
    assert "一个人也发不到" in run("broadcast", "approve", "1", "--as", "李老师").stderr
    run("chat", "--jsonl", feed='{"from": "u1", "text": "你好"}\n')
    assert run("broadcast", "approve", "1", "--as", "李老师", "--at", "2099-01-01T09:30").exit_code == 0
    assert "定于 2099-01-01 09:30 发" in run("broadcast", "list").stdout
    for command, code in (("pause", 0), ("pause", 1), ("resume", 0), ("resume", 1), ("cancel", 0), ("cancel", 1)):
        assert run("broadcast", command, "1").exit_code == code
    assert json.loads(run("broadcast", "status", "1").stdout)["state"] == "cancelled"
    assert run("broadcast", "resend", "1", "--outcome", "failed").exit_code == 1
