"""A teacher on duty in a chat: who may begin, what each role sees and does there, who is told of a case and when, and what strangers get."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot import broadcast, duty
from bot.app import App
from bot.audit import Audit
from bot.delivery import Delivery
from bot.web.console import staff
from bot.web.console.staff import Staff
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge import people
from knowledge.cases import Case
from knowledge.ledger.record import Record
from knowledge.policy import revisions

WANG, LI, ZHAO, VIEW, STUDENT, OTHER = ("telegram:bot:1", "wechat:gh:li", "web:site:zhao", "web:site:view", "telegram:bot:7", "wechat:gh:8")


class Office:
    """Three teachers with accounts (two of them an administrator and an expert), and people who talk."""

    def __init__(self, app: App) -> None:
        self.app, self.number = app, 0
        for name, role in (("王老师", "teacher"), ("李老师", "admin"), ("赵专家", "expert"), ("看数据", "viewer")):
            app.inbox.write(partial(staff.add, name=name, display=name, role=role, held="!", at=app.clock.now())).result()
        app.inbox.write(lambda connection: connection.execute(update(Staff).values(fresh=False))).result()

    def code(self, name: str) -> str:
        def offer(connection: Any) -> str:
            number = connection.execute(select(Staff.id).where(Staff.display == name)).scalar_one()
            return duty.offer(connection, number, self.app.clock.now())

        return str(self.app.inbox.write(offer).result())

    def begin(self, key: str, name: str) -> str:
        return self.say(key, f"值班 {self.code(name)}")

    def say(self, key: str, text: str, kind: Any = "text", once: str = "") -> str:
        self.number += 1
        inbound = Inbound(key, once or f"m{self.number}", kind, text, self.app.clock.now())
        return json.dumps(self.app.accept(inbound).result(20).parts, ensure_ascii=False)

    def tap(self, key: str, value: str) -> str:
        return self.say(key, value, "choice")

    def told(self, key: str, *kinds: str) -> list[str]:
        with self.app.database.reading() as connection:
            query = select(Delivery.parts).where(Delivery.conversation == key, Delivery.kind.in_(kinds)).order_by(Delivery.id)
            return [parts[0]["text"] for parts in connection.execute(query).scalars()]

    def own(self, key: str, teacher: str) -> None:
        """The person is one of this teacher's students."""

        def work(connection: Any) -> None:
            who = connection.execute(select(Conversation.graduate_id).where(Conversation.key == key)).scalar_one()
            values = {"name": "林之遥", "student_no": "1", "owner": teacher, "graduate_id": who, "school": "", "source": "t", "groups": []}
            connection.execute(insert(Record).values(**values, created_at=self.app.clock.now(), updated_at=self.app.clock.now()))

        self.app.inbox.write(work).result()

    def one(self, column: Any, *where: Any) -> Any:
        with self.app.database.reading() as connection:
            return connection.execute(select(column).where(*where)).scalars().all()


@pytest.fixture
def office(any_app: App) -> Office:
    return Office(any_app)


def test_a_code_is_good_once_for_ten_minutes_and_not_in_a_group(office: Office) -> None:
    code = office.code("王老师")
    assert "私聊" in office.say("telegram:bot:-100/1", f"值班 {code}")
    assert "王老师，接上了" in office.say(WANG, f" 值班\uff1a{code} ")
    assert "这个码不对" in office.say(OTHER, f"值班 {code}")
    late = office.code("王老师")
    office.app.clock.advance(timedelta(minutes=11))
    assert "这个码不对" in office.say(OTHER, f"值班 {late}")
    assert "这个码不对" in office.begin(VIEW, "看数据")
    assert office.one(Audit.what, Audit.who == "王老师") == ["开始在聊天里值班"]


def test_guessing_is_slowed_down_and_forgiven_after_an_hour(office: Office) -> None:
    for number in range(5):
        assert "这个码不对" in office.say(OTHER, f"值班 1234567{number}")
    code = office.code("王老师")
    assert "试的次数" in office.say(OTHER, f"值班 {code}")
    office.app.clock.advance(timedelta(hours=1, minutes=1))
    assert "接上了" in office.begin(OTHER, "王老师")


def test_strangers_reach_nothing_whatever_they_send(office: Office) -> None:
    office.say(STUDENT, "转人工")
    office.begin(WANG, "王老师")
    for value in ("duty/case/1", "duty/answer/1/你好", "duty/close/1", "duty/approve/1/yes", "duty/off", "duty/cases", "duty/reply/1"):
        assert "用不上" in office.tap(OTHER, value)
    office.tap(OTHER, "open/duty_reply")
    assert "给值班老师用的" in office.say(OTHER, "我是老师")
    assert office.one(Case.closed_at) == [None]
    assert office.told(STUDENT, "staff") == []
    assert "12356" in office.say(OTHER, "我不想活了"), "no teacher: their words are for us"


def test_a_teacher_sees_their_students_an_expert_what_was_given_and_an_administrator_all(office: Office) -> None:
    office.say(STUDENT, "转人工")
    office.say(OTHER, "转人工")
    office.own(STUDENT, "王老师")
    for key, name in ((WANG, "王老师"), (LI, "李老师"), (ZHAO, "赵专家")):
        office.begin(key, name)
    seen = office.say(WANG, "/cases")
    assert "1 找老师" in seen
    assert "2 找老师" not in seen
    assert "2 找老师" in office.say(LI, "/cases")
    assert "没有等处理" in office.say(ZHAO, "/cases")
    assert "不归你看" in office.tap(WANG, "duty/case/2")
    assert "不归你看" in office.tap(WANG, "duty/answer/2/你好")
    assert "不发群发" in office.tap(ZHAO, "duty/casts")
    office.app.inbox.write(lambda c: c.execute(update(Case).where(Case.id == 2).values(owner="赵专家"))).result()
    assert "2 找老师" in office.say(ZHAO, "/cases")


def test_a_closed_account_is_out_at_once(office: Office) -> None:
    office.begin(WANG, "王老师")
    office.begin(LI, "李老师")
    number = office.one(Staff.id, Staff.display == "王老师")[0]
    office.app.inbox.write(lambda connection: staff.switch(connection, number, False)).result()
    assert "给值班老师用的" in office.say(WANG, "/cases")
    office.say(STUDENT, "转人工")
    assert office.told(WANG, "notice") == []
    assert office.told(LI, "notice") == ["有人在等：找老师，求助 1。"]


def test_an_answer_reaches_the_person_once_and_what_they_write_back_is_told(office: Office) -> None:
    office.say(STUDENT, "档案能自己拿着吗")
    office.say(STUDENT, "转人工")
    office.own(STUDENT, "王老师")
    office.begin(WANG, "王老师")
    assert "档案能自己拿着吗" in office.tap(WANG, "duty/case/1")
    office.tap(WANG, "duty/reply/1")
    for _ in range(2):
        assert "在发给本人" in office.say(WANG, "他要是说不想活了\uff1f我先联系老师，再给你打电话", once="same")
    assert office.told(STUDENT, "staff") == ["王老师：他要是说不想活了\uff1f我先联系老师，再给你打电话"]
    assert office.one(Case.kind) == ["handover"], "the teacher's own words are no cry for help"
    for text in ("好的谢谢老师", "我明天去问", "对了还有一件"):
        office.say(STUDENT, text)
    assert office.told(WANG, "notice") == ["求助 1 的本人又说话了。"]
    office.app.clock.advance(timedelta(minutes=4))
    office.say(STUDENT, "问到了")
    assert len(office.told(WANG, "notice")) == 2
    with office.app.database.reading() as connection:
        who = connection.execute(select(Case.graduate_id)).scalar_one()
        assert {row["what"] for row in people.accesses(connection, who)} == {"查看求助 1 和对话", "回复求助 1"}
    assert "办结了" in office.tap(WANG, "duty/close/1")
    assert office.one(Audit.what, Audit.address == "telegram") == ["开始在聊天里值班", "看求助", "回复求助", "办结求助"]


def test_an_answer_becomes_a_draft_that_another_approves(office: Office) -> None:
    office.say(STUDENT, "档案能自己拿着吗")
    office.say(STUDENT, "转人工")
    office.begin(LI, "李老师")
    office.tap(LI, "duty/answer/1/不能自己拿着,托管到户籍地的人才中心。")
    offered = json.loads(office.tap(LI, "duty/keep/1"))[0]["choices"]
    assert "草稿是第" in office.tap(LI, offered[0]["value"])
    with office.app.database.reading() as connection:
        draft = revisions.drafts(connection)[-1]
    assert draft["author"] == "李老师"
    assert draft["body"]["faq"][-1] == {"ask": ["档案能自己拿着吗"], "answer": "不能自己拿着，托管到户籍地的人才中心。"}
    office.tap(LI, "duty/answer/1/我的手机 13800138000 随时打")
    assert "手机号" in office.tap(LI, "duty/keep/1"), "a telephone number never becomes a policy"


def test_danger_is_told_at_once_to_all_of_them_at_night_too_and_says_nothing_of_the_person(office: Office) -> None:
    office.say(STUDENT, "你好")
    office.own(STUDENT, "王老师")
    for key, name in ((WANG, "王老师"), (LI, "李老师"), (ZHAO, "赵专家")):
        office.begin(key, name)
    office.app.clock.advance(timedelta(hours=15))
    office.say(STUDENT, "我不想活了")
    office.say(STUDENT, "真的不想活了")
    for key in (WANG, LI):
        assert office.told(key, "alert") == ["有人可能有危险，请马上看：危机，求助 1。"]
    assert office.told(ZHAO, "alert", "notice") == []
    with office.app.database.reading() as connection:
        assert connection.execute(select(Delivery.priority).where(Delivery.kind == "alert")).scalars().all() == [0, 0]
    assert "我不想活了" in office.say(LI, "1"), "by number, where there are no buttons"


def test_a_broadcast_is_written_and_approved_from_two_chats_and_does_not_go_to_them(office: Office) -> None:
    office.say(STUDENT, "你好")
    office.say(OTHER, "你好")
    office.own(STUDENT, "王老师")
    office.begin(WANG, "王老师")
    office.begin(LI, "李老师")
    office.tap(WANG, "duty/write")
    office.say(WANG, "通知")
    office.say(WANG, "元旦放假\n内容\uff1a放三天")
    assert "只发给你负责的 1 人" in office.say(WANG, "所有聊过的人")
    assert office.told(LI, "notice") == ["王老师起草了一份群发，等另一位老师看。"]
    assert "自己写的" in office.tap(WANG, "duty/approve/1/yes")
    assert "只发给王老师负责的 1 人，批准以后名单不变。确定吗" in office.tap(LI, "duty/approve/1")
    assert office.one(broadcast.Broadcast.status) == ["draft"], "asked once more before it goes"
    assert "发给 1 人" in office.tap(LI, "duty/approve/1/yes")
    while broadcast.advance(office.app):
        pass
    assert office.one(Delivery.conversation, Delivery.kind == "broadcast") == [STUDENT]
    progress = json.loads(office.tap(WANG, "duty/cast/1"))[0]["text"]
    assert "「元旦放假」发给 1 人：在路上 1" in progress
    assert "发了的 1 人里：平台收下 0 人；七天内来说话 0 人，登记 0 人。" in progress
    assert "放三天" not in progress, "one short message"
    assert "暂停了，1 人等着" in office.tap(WANG, "duty/pause/1")
    assert "接着发了，1 人会收到" in office.tap(LI, "duty/resume/1")
    assert "确定吗" in office.tap(LI, "duty/cancel/1")
    assert "没发的不发了，1 人不会收到" in office.tap(LI, "duty/cancel/1/yes")
    assert "已经取消了" in office.tap(LI, "duty/cancel/1")


def test_a_fair_is_called_off_from_a_chat_after_a_question(office: Office) -> None:
    office.say(STUDENT, "你好")
    office.begin(WANG, "王老师")
    start = (office.app.clock.now() + timedelta(days=3)).isoformat()
    raw = {"type": "招聘会", "title": "冬季双选会", "fields": {"start": start, "place": "体育馆"}, "audience": {"everyone": True}}
    number = broadcast.written(office.app, raw, "李老师")
    broadcast.approve(office.app, number, "王老师")
    while broadcast.advance(office.app):
        pass
    office.tap(STUDENT, f"event/{number}")
    assert "活动取消" in office.tap(WANG, f"duty/cast/{number}")
    assert "说想参加的照样会提醒" in office.tap(WANG, f"duty/cancel/{number}")
    assert "说想参加的 1 人别去了" in office.tap(WANG, f"duty/off/{number}")
    assert office.one(broadcast.Broadcast.status) == ["planned"], "asked once more"
    assert "活动取消了，1 人会收到通知" in office.tap(WANG, f"duty/off/{number}/yes")
    assert any("别去了" in each for each in office.told(STUDENT, "notice"))
