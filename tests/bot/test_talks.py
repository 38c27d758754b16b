"""Who is reached, and where: a channel that was left, one unsubscribed for all, a consent that was taken back. On both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, null, select, update

from bot import allowances, audience, broadcast, checkins, delivery, digest, outcomes, planner, talks
from bot.app import App
from bot.channels.wechat.serve import WeChatAccount
from bot.config import WeChat
from bot.delivery import Delivery
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge import people
from knowledge.ledger.record import Record
from knowledge.links import digest_of, join, offer
from knowledge.people import Graduate
from knowledge.postings.posting import Posting
from tests.bot.test_digest import POSTS, bring

TELEGRAM, WECHAT = "telegram:bot:1", "wechat:gh:1"
NOTICE = {"type": "通知", "title": "放假", "fields": {"text": "元旦放假"}}
DAY = timedelta(days=1)


class One:
    """Somebody who wrote on Telegram, and an hour later, last, on WeChat."""

    def __init__(self, app: App) -> None:
        self.app, self.number = app, 0
        self.say(TELEGRAM, "你好")
        app.clock.advance(timedelta(hours=1))
        self.say(WECHAT, "你好")
        self.do(self.same)
        with app.database.reading() as connection:
            [self.id] = connection.execute(select(Graduate.id)).scalars()

    def same(self, connection: Connection) -> None:
        who = dict(connection.execute(select(Conversation.key, Conversation.graduate_id)).all())
        now = self.app.clock.now()
        assert join(connection, digest_of(offer(connection, who[TELEGRAM], "telegram", now)), who[WECHAT], now)

    def say(self, key: str, text: str, kind: Any = "text") -> str:
        self.number += 1
        return str(self.app.accept(Inbound(key, f"m{self.number}", kind, text, self.app.clock.now())).result(20).parts)

    def do(self, work: Any) -> Any:
        return self.app.inbox.write(work).result(20)

    def left(self, *keys: str) -> None:
        for key in keys:
            self.do(lambda connection, key=key: allowances.gone(connection, key))

    def chosen(self, rules: dict[str, Any]) -> list[str]:
        with self.app.database.reading() as connection:
            checked = audience.checked(rules)
            found = [key for key, _ in connection.execute(audience.query(connection, checked, self.app.clock.now()))]
            assert audience.count(connection, checked, self.app.clock.now()) == len(found)
        return found

    def quiet(self) -> dict[str, Any]:
        with self.app.database.reading() as connection:
            return {key: memo.get("quiet") for key, memo in connection.execute(select(Conversation.key, Conversation.memo))}

    def agrees(self, kind: str, given: bool = True) -> None:
        self.do(lambda connection: people.record_consent(connection, kind, given, [(self.id, self.app.clock.now())]))

    def profile(self, **values: Any) -> None:
        self.do(lambda connection: people.save_profiles(connection, [(self.id, values)]))

    def approved(self, rules: dict[str, Any], **more: Any) -> int:
        number = broadcast.written(self.app, NOTICE | {"audience": rules} | more, "王老师")
        assert broadcast.approve(self.app, number, "李老师") == 1
        return number

    def planned(self) -> None:
        while broadcast.advance(self.app):
            pass

    def fates(self) -> list[tuple[str, str | None]]:
        with self.app.database.reading() as connection:
            query = select(Delivery.status, Delivery.error).where(Delivery.kind == "broadcast").order_by(Delivery.id)
            return [(status, error) for status, error in connection.execute(query)]


@pytest.fixture
def one(any_app: App) -> One:
    return One(any_app)


def everywhere(one: One) -> list[str | None]:
    """Where each thing that is said to somebody would say it: a broadcast, a digest, a question how it goes, a teacher."""
    with one.app.database.reading() as connection:
        held = talks.of(connection, [one.id])[one.id]
        asked = sorted(talks.reaching(held, unasked=True, free=True), key=checkins.is_page)
        told = talks.reaching(held, unasked=True)
        teacher = talks.reached(connection, one.id, WECHAT)
    cast = one.chosen({"everyone": True})
    return [cast[0] if cast else None, told[0].key if told else None, asked[0].key if asked else None, teacher]


def test_all_that_is_said_goes_past_a_channel_that_was_left(one: One) -> None:
    assert everywhere(one) == [WECHAT] * 4
    one.left(WECHAT)
    assert everywhere(one) == [TELEGRAM] * 4
    one.left(TELEGRAM)
    assert everywhere(one) == [None, None, None, WECHAT]


@pytest.mark.parametrize("where", [TELEGRAM, WECHAT])
def test_who_unsubscribes_on_one_channel_hears_nothing_on_any(one: One, where: str) -> None:
    number = one.approved({"everyone": True})
    one.say(where, "退订")
    assert one.quiet() == {TELEGRAM: True, WECHAT: True}
    assert everywhere(one)[:3] == [None] * 3
    one.planned()
    assert one.fates() == [("suppressed", delivery.UNSUBSCRIBED)]
    assert outcomes.status(one.app, number)["suppressed"] == 1
    one.say(WECHAT, "go/notify", "choice")
    assert one.quiet() == {TELEGRAM: None, WECHAT: None}
    assert everywhere(one)[:3] == [WECHAT] * 3


def test_a_wish_for_postings_ends_an_unsubscription_of_elsewhere(one: One) -> None:
    bring(one.app, POSTS[:1])
    one.say(TELEGRAM, "退订")
    one.say(WECHAT, "贵阳 会计 4k")
    one.say(WECHAT, "job/rhythm/weekly", "choice")
    assert one.quiet() == {TELEGRAM: None, WECHAT: None}


def test_what_was_unsubscribed_before_two_became_one_holds_for_both(any_app: App) -> None:
    app = any_app
    now = app.clock.now()
    for key in (TELEGRAM, WECHAT):
        app.accept(Inbound(key, "1", "text", "你好", now)).result(20)
    app.accept(Inbound(TELEGRAM, "2", "text", "退订", now)).result(20)
    with app.database.writing() as connection:
        who = connection.execute(select(Conversation.graduate_id).where(Conversation.key == TELEGRAM)).scalar_one()
        code = offer(connection, who, "telegram", now)
    app.accept(Inbound(WECHAT, "3", "text", f"绑定 {code}", now)).result(20)
    app.accept(Inbound(WECHAT, "4", "text", "合成一份", now)).result(20)
    with app.database.reading() as connection:
        memos: dict[str, Any] = dict(connection.execute(select(Conversation.key, Conversation.memo)).all())
        assert connection.execute(select(Graduate.id)).scalars().all() == [who]
        assert connection.execute(audience.query(connection, {"everyone": True}, now)).all() == []
    assert {key: memo.get("quiet") for key, memo in memos.items()} == {TELEGRAM: True, WECHAT: True}


def test_a_push_on_its_way_stops_where_they_unsubscribed_elsewhere(one: One) -> None:
    one.do(lambda connection: connection.execute(update(Delivery).values(status="sent")))
    one.approved({"everyone": True})
    one.planned()
    one.do(lambda connection: connection.execute(update(Conversation).where(Conversation.key == TELEGRAM).values(memo={"quiet": True})))
    settings = WeChat(appid="gh", secret="s", token="token", template="m")  # type: ignore[arg-type]
    carrier = WeChatAccount(one.app, settings)
    assert one.do(lambda c: planner.claim(c, carrier, "host:1:a", one.app.clock.now(), one.app.quiet, replies=False)) == []
    assert one.fates() == [("suppressed", delivery.UNSUBSCRIBED)]


def test_days_of_silence_count_from_what_was_said_anywhere(one: One) -> None:
    one.app.clock.advance(20 * DAY)
    one.say(TELEGRAM, "在吗")
    one.left(TELEGRAM)
    one.app.clock.advance(3 * DAY)
    assert one.chosen({"silent_days": {"from": 14}}) == []
    assert one.chosen({"silent_days": {"to": 5}}) == [WECHAT]
    assert one.chosen({"silent_days": {"from": 3, "to": 3}}) == [WECHAT]


@pytest.mark.parametrize("by", ["this version", "the one before"])
def test_a_push_on_its_way_stops_where_a_consent_was_taken_back(one: One, by: str) -> None:
    known(one)
    one.do(lambda connection: connection.execute(update(Delivery).values(status="sent")))
    one.approved({"profile": {"degree": ["本科"]}})
    if by != "this version":
        one.do(lambda connection: connection.execute(update(broadcast.Broadcast).values(leaning=null())))
    one.planned()
    one.agrees("profile", False)
    carrier = WeChatAccount(one.app, WeChat(appid="gh", secret="s", token="token", template="m"))  # type: ignore[arg-type]
    assert one.do(lambda c: planner.claim(c, carrier, "host:1:a", one.app.clock.now(), one.app.quiet, replies=False)) == []
    assert one.fates() == [("suppressed", delivery.WITHDRAWN)]


LEANS: list[tuple[str, dict[str, Any]]] = [
    ("profile", {"profile": {"degree": ["本科"]}}),
    ("profile", {"city": ["成都"]}),
    ("profile", {"cohort": [2026]}),
    ("groups", {"groups": ["低保"]}),
]


@pytest.mark.parametrize("when", ["approved", "planned", "scheduled"])
@pytest.mark.parametrize(("kind", "rules"), LEANS, ids=[next(iter(rules)) for _, rules in LEANS])
def test_a_consent_taken_back_ends_what_leans_on_it(one: One, kind: str, rules: dict[str, Any], when: str) -> None:
    known(one)
    later = {"at": "2026-12-05T14:00"} if when == "scheduled" else {}
    number = one.approved(rules, **later)
    if when != "approved":
        one.planned()
    one.say(WECHAT, "撤回同意" if kind == "profile" else "撤回群体信息")
    with one.app.database.reading() as connection:
        assert connection.execute(select(getattr(Graduate, f"{kind}_consent_at"))).scalar_one() is None
    one.planned()
    assert one.fates() == [("suppressed", delivery.WITHDRAWN)]
    books = outcomes.status(one.app, number)
    assert books["people"] == sum(books[name] for name in ("unplanned", "open", "left", *delivery.FINAL))


def known(one: One) -> None:
    one.agrees("profile")
    one.agrees("groups")
    one.profile(degree="本科", residence="四川成都", cohort=2026)
    one.do(lambda connection: people.save_groups(connection, {one.id: (["低保"], one.app.clock.now())}))


def test_a_draft_worked_out_from_a_file_goes_to_nobody_without_one(one: One) -> None:
    known(one)
    rules = {"reach": "SUB-02", "people": [one.id]}
    assert one.chosen(rules) == [WECHAT]
    one.agrees("profile", False)
    assert one.chosen(rules) == []
    assert one.chosen({"people": [one.id]}) == [WECHAT], "named by hand, not by what their file says"


@pytest.mark.parametrize("rules", [{"everyone": True}, {"city": ["成都"]}, {"people": []}])
def test_what_needs_no_consent_goes_on_without(one: One, rules: dict[str, Any]) -> None:
    """The school's ledger says where they live; who is named is named."""
    known(one)
    row: dict[str, Any] = {"name": "李一", "student_no": "S1", "school": "", "city": "成都", "groups": [], "source": "试", "graduate_id": one.id}
    row |= {"created_at": one.app.clock.now(), "updated_at": one.app.clock.now()}
    one.do(lambda connection: connection.execute(insert(Record).values(row)))
    one.approved({"people": [one.id]} if "people" in rules else rules)
    one.agrees("profile", False)
    one.planned()
    assert one.fates() == [("ready", None)]


def test_a_digest_and_a_question_about_an_application_go_where_they_are_read(one: One) -> None:
    bring(one.app, POSTS[:1])
    one.say(WECHAT, "贵阳 会计 4k")
    one.say(WECHAT, "job/rhythm/daily", "choice")
    with one.app.database.reading() as connection:
        posting = connection.execute(select(Posting.id)).scalar_one()
    one.say(WECHAT, f"job/mark/{posting}/applied", "choice")
    one.left(WECHAT)
    bring(one.app, POSTS)
    one.app.clock.advance(DAY + timedelta(hours=2))
    while digest.advance(one.app):
        pass
    one.app.clock.advance(6 * DAY)
    one.app.sweep()
    with one.app.database.reading() as connection:
        query = select(Delivery.conversation).where(Delivery.kind.in_(("digest", "notice"))).order_by(Delivery.id)
        assert connection.execute(query).scalars().all() == [TELEGRAM, TELEGRAM]
    one.app.clock.advance(7 * DAY)
    assert one.app.sweep() == [], "asked once"


def test_after_unsubscribing_elsewhere_an_application_is_not_asked_about_and_not_kept_due(one: One) -> None:
    bring(one.app, POSTS[:1])
    with one.app.database.reading() as connection:
        posting = connection.execute(select(Posting.id)).scalar_one()
    one.say(WECHAT, f"job/mark/{posting}/applied", "choice")
    one.say(TELEGRAM, "退订")
    one.app.clock.advance(8 * DAY)
    assert [reply.parts for _, reply in one.app.sweep()] == [[]]
    assert one.app.due() == []
