"""A case from the first cry to its end: who is told again, when the bot comes back and what it then says, what became of a teacher's words,
and what is left where somebody goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from bot import allowances, audit, casework, delivery, duty, forgetting, planner, transcript
from bot.allowances import Opening
from bot.app import App
from bot.channels.wechat.serve import WeChatAccount
from bot.config import WeChat
from bot.delivery import Delivery
from bot.web.console.staff import DutyChat
from dialogs import notices
from dialogs.place import Conversation
from dialogs.typography import chinese
from knowledge import cases
from knowledge.cases import Case
from knowledge.links import digest_of, join, offer
from knowledge.people import Graduate
from knowledge.policy.questions import OpenQuestion
from tests.bot.test_duty import LI, OTHER, STUDENT, WANG, ZHAO, Office

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WECHAT = WeChat(appid="gh", secret="s", token="token", template="m")  # type: ignore[arg-type]


@pytest.fixture
def office(any_app: App) -> Office:
    return Office(any_app)


@pytest.fixture
def linked(office: Office) -> Office:
    """The student of Telegram writes on WeChat too, there last."""
    office.say(STUDENT, "你好")
    office.app.clock.advance(HOUR)
    office.say(OTHER, "你好")
    office.app.inbox.write(lambda connection: same(connection, office)).result()
    return office


def same(connection: Connection, office: Office) -> None:
    who = dict(connection.execute(select(Conversation.key, Conversation.graduate_id)).all())
    now = office.app.clock.now()
    assert join(connection, digest_of(offer(connection, who[STUDENT], "telegram", now)), who[OTHER], now)


def mode(office: Office, key: str = STUDENT) -> str:
    return str(office.one(Conversation.mode, Conversation.key == key)[0])


def later(office: Office, time: timedelta) -> None:
    office.app.clock.advance(time)
    office.app.sweep()


def test_a_second_cry_for_help_is_told_again_and_waits_for_an_answer(office: Office) -> None:
    office.begin(LI, "李老师")
    office.say(STUDENT, "我不想活了")
    office.tap(LI, "duty/answer/1/我马上给你打电话")
    assert "已回" in office.tap(LI, "duty/cases")
    later(office, 5 * DAY)
    office.say(STUDENT, "我现在就要跳楼")
    office.say(STUDENT, "我真的要跳楼")
    assert office.told(LI, "alert") == ["有人可能有危险，请马上看：危机，求助 1。"] * 2
    assert office.one(Case.answered_at) == [None]
    assert "已回" not in office.tap(LI, "duty/cases")


def test_who_asks_for_a_teacher_again_is_told_again(office: Office) -> None:
    office.begin(LI, "李老师")
    office.say(STUDENT, "转人工")
    later(office, DAY)
    office.say(STUDENT, "转人工")
    assert office.told(LI, "notice") == ["有人在等：找老师，求助 1。"] * 2


def test_the_bot_comes_back_a_day_after_what_nobody_answered(office: Office) -> None:
    office.say(STUDENT, "转人工")
    for wait in (20 * HOUR, 3 * HOUR):
        later(office, wait)
        office.say(STUDENT, "在吗")
    later(office, HOUR)
    assert office.told(STUDENT, "notice") == [chinese(notices.HANDOVER_LATE)], "asking again does not put it off"
    assert mode(office) == "bot"


def test_the_bot_does_not_say_that_nobody_answered_where_a_teacher_did(office: Office) -> None:
    office.begin(LI, "李老师")
    office.say(STUDENT, "转人工")
    later(office, 20 * HOUR)
    office.tap(LI, "duty/answer/1/看到了")
    later(office, HOUR)
    office.tap(LI, "duty/answer/1/明天给你")
    later(office, 22 * HOUR)
    office.say(STUDENT, "好的,我等着")
    later(office, 23 * HOUR)
    assert (office.told(STUDENT, "notice"), mode(office)) == ([], "human")
    later(office, HOUR)
    assert office.told(STUDENT, "notice") == [chinese(notices.HANDOVER_LATE)], "they wrote a day ago, and nobody answered that"


def test_after_an_answer_and_a_silent_day_the_bot_says_that_there_was_one(office: Office) -> None:
    office.begin(LI, "李老师")
    office.say(STUDENT, "转人工")
    office.tap(LI, "duty/answer/1/看到了")
    later(office, DAY)
    assert office.told(STUDENT, "notice") == [chinese(notices.HANDOVER_RESTS)]
    assert office.one(Case.closed_at) == [None]


def test_closing_another_case_leaves_the_conversation_with_who_has_it(office: Office) -> None:
    office.begin(WANG, "王老师")
    office.begin(LI, "李老师")
    office.say(STUDENT, "转人工")
    office.own(STUDENT, "王老师")
    office.tap(WANG, "duty/take/1")
    who = office.one(Case.graduate_id)[0]
    now = office.app.clock.now()
    office.app.inbox.write(lambda connection: cases.open_case(connection, who, STUDENT, "scam", "收到一条短信", now)).result()
    assert "交还" not in office.tap(LI, "duty/close/2")
    assert (mode(office), office.told(STUDENT, "notice")) == ("human", [])
    office.say(STUDENT, "老师在吗")
    assert office.told(WANG, "notice")[-1] == "求助 1 的本人又说话了。"
    assert "对话交还给机器人" in office.tap(WANG, "duty/close/1")
    assert mode(office) == "bot"


def outcome(office: Office, status: str, **more: Any) -> None:
    mine = update(Delivery).where(Delivery.kind == "staff").values(status=status, **more)
    office.app.inbox.write(lambda connection: connection.execute(mine)).result()


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        ("ready", None, "还没送到"),
        ("ready", delivery.RUNG, "全文等本人说话"),
        ("expired", None, "没送到"),
        ("suppressed", "gone", "没送到"),
        ("failed", "blocked", "没送到"),
        ("unknown", "timeout", "不知道送到没有"),
    ],
)
def test_a_teacher_reads_what_became_of_their_words(office: Office, status: str, error: str | None, said: str) -> None:
    office.begin(LI, "李老师")
    office.say(STUDENT, "转人工")
    office.tap(LI, "duty/answer/1/明天下午两点打给你")
    outcome(office, status, error=error)
    shown = office.tap(LI, "duty/case/1")
    assert "明天下午两点打给你" in shown
    assert said in shown
    assert said in office.tap(LI, "duty/cases")
    assert said in casework.listed(office.app, audit.unnoted)
    assert said in str(casework.shown(office.app, 1, "cli", audit.unnoted))
    outcome(office, "sent", error=None)
    assert said not in office.tap(LI, "duty/case/1")
    assert said not in office.tap(LI, "duty/cases")


def test_an_answer_goes_where_the_person_can_be_reached_and_is_seen_with_the_case(linked: Office) -> None:
    linked.say(OTHER, "转人工")
    linked.begin(LI, "李老师")
    linked.app.inbox.write(lambda connection: allowances.gone(connection, OTHER)).result()
    linked.tap(LI, "duty/answer/1/明天打给你")
    assert (linked.told(STUDENT, "staff"), linked.told(OTHER, "staff")) == (["李老师：明天打给你"], [])
    assert "明天打给你" in linked.tap(LI, "duty/case/1")


def test_who_leaves_wechat_takes_cases_and_questions_of_there_along(linked: Office) -> None:
    linked.begin(LI, "李老师")
    linked.say(OTHER, "转人工")
    linked.say(STUDENT, "转人工")
    linked.say(STUDENT, "菜单")
    now = linked.app.clock.now()

    def ask(connection: Connection) -> None:
        who = connection.execute(select(Conversation.graduate_id).where(Conversation.key == OTHER)).scalar_one()
        for number, key in enumerate((OTHER, STUDENT)):
            row = {"graduate_id": who, "conversation": key, "number": number, "text": "猫会开车吗", "reason": "unsure", "asked_at": now}
            connection.execute(insert(OpenQuestion).values(wants_reply=False, status="open", **row))

    linked.app.inbox.write(ask).result()
    linked.app.inbox.write(lambda connection: forgetting.channel(connection, OTHER, linked.app.clock.now())).result()
    assert linked.one(Case.conversation) == [STUDENT]
    assert linked.one(OpenQuestion.conversation) == [STUDENT]
    assert len(linked.one(Graduate.id, Graduate.id.in_(select(Conversation.graduate_id).where(Conversation.key == STUDENT)))) == 1


SECRET = "我爸不让我说的那件事"


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("way", ["erased", "unfollowed", "off"])
def test_what_somebody_said_goes_from_the_chat_of_who_answered(office: Office, way: str, closed: bool) -> None:
    office.begin(LI, "李老师")
    office.begin(WANG, "王老师")
    office.say(OTHER, SECRET)
    office.say(OTHER, "转人工")
    office.say(STUDENT, "另一个人的话")
    office.say(STUDENT, "转人工")
    office.tap(LI, "duty/answer/1/知道了")
    if closed:
        office.tap(LI, "duty/close/1")
    assert SECRET in office.tap(LI, "duty/case/1")
    office.tap(LI, "duty/case/2")
    assert SECRET in everything(office, LI)
    if way == "off":
        office.tap(LI, "duty/off")
        assert "另一个人的话" not in everything(office, LI)
    elif way == "unfollowed":
        office.app.inbox.write(lambda connection: forgetting.channel(connection, OTHER, office.app.clock.now())).result()
        assert "另一个人的话" in everything(office, LI)
    else:
        office.app.inbox.write(lambda connection: forgetting.person(connection, office.one(Case.graduate_id, Case.id == 1)[0], "")).result()
        assert "另一个人的话" in everything(office, LI)
    assert SECRET not in everything(office, LI)


def everything(office: Office, key: str) -> str:
    with office.app.database.reading() as connection:
        return str(transcript.everything(connection, [key])["we_said"])


def test_only_who_may_draft_policies_drafts_one(office: Office) -> None:
    office.begin(ZHAO, "赵专家")
    office.say(STUDENT, "档案能自己拿着吗")
    office.say(STUDENT, "转人工")
    office.app.inbox.write(lambda connection: connection.execute(update(Case).values(owner="赵专家"))).result()
    assert "存成政策草稿" not in office.tap(ZHAO, "duty/answer/1/不能自己拿着,托管到户籍地的人才中心。")
    assert "不起草政策" in office.tap(ZHAO, "duty/keep/1")
    assert "不起草政策" in office.tap(ZHAO, "duty/keep/1/ARC-01")


# teachers on WeChat


def windows(office: Office, key: str, left: int) -> None:
    until = office.app.clock.now() + 48 * HOUR
    office.app.inbox.write(lambda connection: allowances.opened(connection, [(key, (Opening("message", left, until),))])).result()


def claimed(office: Office, carrier: WeChatAccount, *, replies: bool) -> list[tuple[str, str]]:
    def work(connection: Connection) -> list[tuple[str, str]]:
        jobs = planner.claim(connection, carrier, "host:1:a", office.app.clock.now(), office.app.quiet, replies=replies)
        delivery.finish(connection, [job.row["id"] for job in jobs], office.app.clock.now())
        return [(job.row["kind"], job.route) for job in jobs]

    return list(office.app.inbox.write(work).result())


def test_an_alert_and_a_teachers_words_leave_by_a_template_where_no_window_is_open(office: Office) -> None:
    carrier = WeChatAccount(office.app, WECHAT)
    office.say(OTHER, "转人工")
    office.begin(LI, "李老师")
    office.app.inbox.write(
        lambda connection: delivery.finish(connection, list(connection.execute(select(Delivery.id)).scalars()), office.app.clock.now())
    ).result()
    office.tap(WANG, "duty/home")
    office.say(STUDENT, "我不想活了")
    key = f"staff|1|{OTHER}"
    office.app.inbox.write(
        lambda connection: casework.answered(
            connection, connection.execute(select(Case.__table__)).mappings().all()[0], "好", "李老师", key, office.app.clock.now()
        )
    ).result()
    assert sorted(claimed(office, carrier, replies=True)) == [("alert", "template"), ("staff", "template")]


def test_a_template_only_rings_and_the_words_wait_for_the_person(office: Office) -> None:
    carrier = WeChatAccount(office.app, WECHAT)
    row = {"id": 1, "kind": "staff", "priority": 0, "piece": 0, "error": None, "parts": [{"kind": "say", "text": "王老师:" + "很长的话" * 10}]}
    [bell] = carrier.bodies(row, "template")
    assert not bell["whole"]
    [said] = carrier.bodies(row | {"parts": [{"kind": "say", "text": "王老师：好"}]}, "template")
    assert said["whole"]
    assert not carrier.bodies(row | {"kind": "broadcast"}, "template")[0]["whole"], "of what goes to many as well"
    assert carrier.route(row, {}) == "template"
    assert carrier.route(row | {"error": delivery.RUNG}, {}) is None, "once"
    assert carrier.route(row | {"kind": "reply"}, {}) is None


def test_where_wechat_does_not_reach_who_has_the_case_the_administrators_are_told(office: Office) -> None:
    office.app.carriers = {"wechat:gh": WeChatAccount(office.app, WECHAT.model_copy(update={"template": None}))}
    wang = "wechat:gh:wang"
    office.begin(wang, "王老师")
    office.begin(LI.replace("wechat:gh", "telegram:bot"), "李老师")
    admin = LI.replace("wechat:gh", "telegram:bot")
    office.say(STUDENT, "你好")
    office.own(STUDENT, "王老师")
    windows(office, wang, 5)
    office.say(STUDENT, "转人工")
    assert (len(office.told(wang, "notice")), office.told(admin, "notice")) == (1, [])
    office.say(STUDENT, "菜单")
    office.app.clock.advance(3 * DAY)
    office.say(STUDENT, "转人工")
    assert (len(office.told(wang, "notice")), office.told(admin, "notice")) == (2, ["有人在等：找老师，求助 2。"])


def test_who_is_given_a_case_is_told(office: Office) -> None:
    office.begin(ZHAO, "赵专家")
    office.say(STUDENT, "转人工")
    assert office.told(ZHAO, "notice") == []
    now = office.app.clock.now()

    def give(to: str, by: str) -> list[str]:
        def work(connection: Connection) -> list[str]:
            case = cases.get(connection, 1)
            assert case is not None
            return duty.entrust(connection, case, to, by, now)

        return list(office.app.inbox.write(work).result())

    assert give("赵专家", "李老师") == [ZHAO]
    assert office.told(ZHAO, "notice") == ["李老师把求助 1 交给你了：找老师。"]
    assert give("赵专家", "赵专家") == []
    assert office.one(DutyChat.conversation) == [ZHAO]
