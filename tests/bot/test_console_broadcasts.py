"""Broadcasts in the console: written, seen, let go by a second person, stopped; a mistake is said and nothing that was typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select, update

from bot import broadcast, changes, outcomes
from bot.app import App
from bot.audit import Audit
from bot.broadcast import Broadcast, BroadcastError, Target, advance
from bot.channels.wechat.serve import WeChatAccount
from bot.config import WeChat
from bot.delivery import Delivery, finish
from dialogs.messages import Inbound
from knowledge import people
from knowledge.db import CHINA
from tests.bot.test_console import PEOPLE, Browser, come, light, record, talker

__all__ = ["come", "light"]
FAIR = {"kind": "招聘会", "title": "春季招聘会", "f_start": "2026-12-05T14:00", "f_place": "贵阳人才市场", "everyone": "1"}


def test_a_broadcast_takes_two_people(any_app: App, come: Callable[..., Browser]) -> None:
    for who in ("a", "b", "c"):
        talker(any_app, who, "你好")
    boss, li = come("boss"), come("li")
    assert "主办" in boss.get("/broadcasts/new?kind=招聘会").text
    made = boss.post("/broadcasts", **FAIR)
    assert made.status_code == 303
    path = made.headers["location"].removeprefix("/console")
    shown = boss.get(path).text
    assert "贵阳人才市场" in shown
    assert "会发 3 人" in shown
    assert "等另一位老师批准" in shown
    assert boss.post(f"{path}/approve").status_code == 409
    asked = li.post(f"{path}/approve")
    assert (asked.status_code, "发给 3 人，批准以后名单不变" in asked.text) == (200, True)
    assert "等另一位老师批准" in boss.get(path).text, "nothing has happened yet"
    assert li.post(f"{path}/approve", sure="yes").status_code == 303
    assert li.post(f"{path}/pause").status_code == 303
    assert not advance(any_app), "paused"
    assert "接着发" in li.get(path).text
    assert li.post(f"{path}/resume").status_code == 303
    while advance(any_app):
        pass
    with any_app.database.reading() as connection:
        assert len(connection.execute(select(Delivery.id).where(Delivery.kind == "broadcast")).all()) == 3
        done = connection.execute(select(Audit.what).where(Audit.what.like("%群发"))).scalars().all()
    assert done == ["起草群发", "批准群发", "暂停群发", "接着群发"]
    stop = li.post(f"{path}/cancel").text
    assert "还没发出去的 3 人不会收到" in stop
    assert "说想参加的照样会提醒" in stop
    assert li.post(f"{path}/cancel", sure="yes").status_code == 303
    assert "取消 3" in li.get(path).text


def test_a_teacher_writes_to_their_own_students_only(any_app: App, come: Callable[..., Browser]) -> None:
    for who, owner in (("a", "王老师"), ("b", "王老师"), ("c", "李老师")):
        record(any_app, who, owner, talker(any_app, who, "你好"))
    talker(any_app, "d", "你好")
    wang, li, boss = come("wang"), come("li"), come("boss")
    assert "只会发给你负责的学生" in wang.get("/broadcasts/new?kind=招聘会").text
    path = wang.post("/broadcasts", **FAIR, people="c").headers["location"].removeprefix("/console")
    assert "只发给你负责的 2 人" in wang.get(path).text
    assert "只发给王老师负责的 2 人，批准以后名单不变" in li.post(f"{path}/approve").text
    assert li.post(f"{path}/approve", sure="yes").status_code == 303
    with any_app.database.reading() as connection:
        assert set(connection.execute(select(Target.conversation)).scalars()) == {"web::a", "web::b"}
    assert "会发 4 人" in boss.get(boss.post("/broadcasts", **FAIR).headers["location"].removeprefix("/console")).text


def test_the_rule_holds_for_whoever_signs_at_the_machine(any_app: App, come: Callable[..., Browser]) -> None:
    for who, owner in (("a", "王老师"), ("c", "李老师")):
        record(any_app, who, owner, talker(any_app, who, "你好"))
    fair = {"type": "招聘会", "title": "双选会", "fields": {"start": "2026-12-05T14:00", "place": "体育馆"}, "audience": {"everyone": True}}
    number = broadcast.written(any_app, fair, "wang")
    assert "只发给王老师负责的 1 人" in outcomes.preview(any_app, number)
    for who in ("王老师", "wang"):
        with pytest.raises(BroadcastError, match="自己写的"):
            broadcast.approve(any_app, number, who)
    with pytest.raises(BroadcastError, match="只看者的角色不发群发"):
        broadcast.approve(any_app, number, "eye")
    with pytest.raises(BroadcastError, match="不能再点名"):
        broadcast.written(any_app, fair | {"audience": {"groups": ["低保"], "people": ["a"]}}, "王老师")
    assert broadcast.approve(any_app, number, PEOPLE["li"]) == 1
    every = broadcast.written(any_app, fair | {"title": "全校双选会"}, "就业中心值班")
    assert broadcast.approve(any_app, every, PEOPLE["li"]) == 2
    while advance(any_app):
        pass
    with pytest.raises(BroadcastError, match="收到的不都是你的学生"):
        changes.written(any_app, every, {"place": "图书馆"}, "王老师")
    assert changes.written(any_app, number, {"place": "图书馆"}, "王老师") > every
    assert changes.written(any_app, every, {"place": "图书馆"}, PEOPLE["boss"]) > every


def test_a_status_is_chosen_from_what_there_is(app: App, come: Callable[..., Browser]) -> None:
    talker(app, "a", "你好")
    wang = come("wang")
    form = wang.get("/broadcasts/new?kind=招聘会").text
    assert '<option value="未就业">' in form
    assert '<option value="其他暂不就业">' in form
    refused = wang.post("/broadcasts", **FAIR, status="未就业、躺平")
    assert (refused.status_code, "没有「躺平」这个去向" in refused.text, 'value="未就业、躺平"' in refused.text) == (400, True, True)


def test_another_time_is_given_at_the_approval(any_app: App, come: Callable[..., Browser]) -> None:
    talker(any_app, "a", "你好")
    boss, li = come("boss"), come("li")
    soon = any_app.clock.now().astimezone(CHINA) + timedelta(minutes=30)
    path = boss.post("/broadcasts", **FAIR, at=f"{soon:%Y-%m-%dT%H:%M}").headers["location"].removeprefix("/console")
    assert f'value="{soon:%Y-%m-%dT%H:%M}"' in li.post(f"{path}/approve").text
    any_app.clock.advance(timedelta(hours=1))
    assert "已经过了，在下面另定一个" in li.post(f"{path}/approve").text
    for at, why in (("", "请另定一个"), ("2020-01-01T09:00", "已经过了"), ("明天", "写成 2026-12-05T09:30")):
        wrong = li.post(f"{path}/approve", sure="yes", at=at)
        assert (wrong.status_code, why in wrong.text, "--" in wrong.text.split("</style>")[-1]) == (400, True, False)
    assert li.post(f"{path}/approve", sure="yes", at="2026-12-01T09:00").status_code == 303
    assert "定于 2026-12-01 09:00 发" in li.get(path).text


def test_a_fair_is_called_off_also_when_all_is_sent(any_app: App, come: Callable[..., Browser]) -> None:
    for who in ("a", "b"):
        talker(any_app, who, "你好")
    boss, li = come("boss"), come("li")
    path = boss.post("/broadcasts", **FAIR).headers["location"].removeprefix("/console")
    assert "活动取消" not in li.get(path).text
    li.post(f"{path}/approve", sure="yes")
    while advance(any_app):
        pass
    with any_app.database.writing() as connection:
        connection.execute(update(Delivery).where(Delivery.kind == "broadcast").values(status="sent", finished_at=any_app.clock.now()))
    any_app.accept(Inbound("web::a", "come", "choice", f"event/{path.rpartition('/')[2]}", any_app.clock.now())).result(20)
    page = li.get(path).text
    assert ("没发的不发了" in page, "活动取消" in page) == (False, True)
    assert "告诉说想参加的 1 人别去了" in li.post(f"{path}/off").text
    assert li.post(f"{path}/off", sure="yes").status_code == 303
    assert "活动取消了" in li.get(path).text
    assert li.post(f"{path}/off", sure="yes").status_code == 409
    with any_app.database.reading() as connection:
        [told] = connection.execute(select(Delivery.parts).where(Delivery.kind == "notice")).scalars()
        assert "春季招聘会」取消了" in told[0]["text"]
        assert "取消活动" in connection.execute(select(Audit.what)).scalars().all()


def test_why_and_which_way_are_told_in_words(any_app: App, come: Callable[..., Browser]) -> None:
    talker(any_app, "a", "你好")
    boss, li = come("boss"), come("li")
    path = boss.post("/broadcasts", **FAIR).headers["location"].removeprefix("/console")
    assert "网页，下次打开时看到 1" in li.get(path).text
    li.post(f"{path}/approve", sure="yes")
    while advance(any_app):
        pass
    with any_app.database.writing() as connection:
        connection.execute(update(Delivery).where(Delivery.kind == "broadcast").values(status="failed", error="blocked"))
    page = li.get(path).text
    assert "失败：对方拉黑了机器人：1 人" in page
    assert "blocked" not in page
    assert "再发给「失败」的 1 人" in li.post(f"{path}/resend", outcome="failed").text
    assert li.post(f"{path}/resend", outcome="failed", sure="yes").status_code == 303


def test_a_mass_send_is_chosen_by_the_author_and_seen_by_the_second(any_app: App, come: Callable[..., Browser]) -> None:
    talker(any_app, "a", "你好")
    boss, li = come("boss"), come("li")
    assert "微信群发" not in boss.get("/broadcasts/new?kind=招聘会").text, "no account makes them"
    settings = WeChat(appid="wx1", secret="s", token="token", mass=True)  # type: ignore[arg-type]
    any_app.carriers = {"wechat:wx1": WeChatAccount(any_app, settings)}
    assert "每人每月最多 4 次" in boss.get("/broadcasts/new?kind=招聘会").text
    for chosen in ({}, {"mass": "1"}):
        path = boss.post("/broadcasts", **FAIR | {"title": f"试{len(chosen)}"}, **chosen).headers["location"].removeprefix("/console")
        assert ("没有别的路的人用微信群发" in li.get(path).text) is bool(chosen)
    mistaken = boss.post("/broadcasts", **FAIR | {"f_start": "明天"}, mass="1").text
    assert 'name="mass" value="1" checked' in mistaken


def test_before_the_approval_nobody_learns_who_is_in_a_group(any_app: App, come: Callable[..., Browser]) -> None:
    """A draft costs nothing: one with a person left out and one without would tell."""
    people_ = [talker(any_app, f"g{number}", "你好") for number in range(7)]
    for number, who in enumerate(people_):
        record(any_app, f"赵{number}", "王老师", who)
    now = any_app.clock.now()

    def stated(connection: Connection) -> None:
        people.record_consent(connection, "groups", True, [(who, now) for who in people_])
        people.save_groups(connection, {who: (["低保"], now) for who in people_} | {people_[0]: (["残疾", "低保"], now)})

    any_app.inbox.write(stated).result()
    wang, boss = come("wang"), come("boss")
    for group, told in (("残疾", "只发给你负责的 不足 5 人"), ("低保", "只发给你负责的 约 10 人")):
        page = wang.get(wang.post("/broadcasts", **{**FAIR, "title": group, "everyone": "", "groups": group}).headers["location"][8:]).text
        assert told in page
        assert "现在发" not in page
    for more in ({"without": people_[0]}, {"people": people_[0]}):
        refused = wang.post("/broadcasts", **{**FAIR, "everyone": "", "groups": "残疾"}, **more)
        assert (refused.status_code, "不能再点名" in refused.text) == (400, True)
        assert boss.post("/broadcasts", **{**FAIR, "everyone": "", "groups": "残疾"}, **more).status_code == 303


def test_a_test_goes_to_oneself_alone_and_counts_for_nothing(any_app: App, come: Callable[..., Browser]) -> None:
    for who in ("a", "b"):
        record(any_app, who, "王老师", talker(any_app, who, "你好"))
    wang, li = come("wang"), come("li")
    path = wang.post("/broadcasts", **FAIR).headers["location"].removeprefix("/console")
    assert "值班 八位码" in wang.get(path).text
    assert "还没有绑定聊天" in wang.post(f"{path}/try").text
    code = re.search(r"值班 <code>(\d{8})</code>", wang.post("/duty").text)
    assert code
    me = "telegram:bot:5"
    any_app.accept(Inbound(me, "1", "text", f"值班 {code[1]}", any_app.clock.now())).result(20)
    page = wang.get(path).text
    once = re.search(r'name="once" value="([\w-]+)"', page)
    assert once
    for _ in range(2):
        assert "在发到你的Telegram" in wang.post(f"{path}/try", once=once[1]).text
    with any_app.database.reading() as connection:
        sent = connection.execute(select(Delivery).where(Delivery.key.startswith("trial|"))).mappings().all()
        said = connection.execute(select(Broadcast.parts)).scalar_one()[0]["text"]
    assert [(row["conversation"], row["broadcast_id"], row["priority"]) for row in sent] == [(me, None, 0)]
    [part] = sent[0]["parts"]
    assert part["text"] == f"「测试」只发给你自己，点按钮不算。\n{said}"
    assert [choice["label"] for choice in part["choices"]] == ["想参加", "退订"]
    any_app.inbox.write(lambda connection: finish(connection, [row["id"] for row in sent], any_app.clock.now())).result(20)
    told = any_app.accept(Inbound(me, "2", "choice", part["choices"][0]["value"], any_app.clock.now())).result(20).parts
    assert "点了不算" in str(told)
    status = outcomes.status(any_app, 1)
    assert (status["people"], status["sent"], status["coming"]) == (0, 0, 0)
    assert "还没有绑定聊天" in li.post(f"{path}/try").text
    li.post(f"{path}/approve", sure="yes")
    while advance(any_app):
        pass
    assert outcomes.status(any_app, 1)["people"] == 2
    with any_app.database.reading() as connection:
        assert connection.execute(select(Audit.what, Audit.who).where(Audit.what == "试发群发")).all() == [("试发群发", "王老师")] * 2
    wang.post(f"{path}/cancel", sure="yes")
    assert "先发给我看看" not in wang.get(path).text
    assert wang.post("/broadcasts/99/try").status_code == 404


def test_a_mistake_is_said_and_what_was_typed_stays(any_app: App, come: Callable[..., Browser]) -> None:
    wang = come("wang")
    for wrong, why in (
        ({**FAIR, "f_start": "明天"}, "时间"),
        ({**FAIR, "everyone": ""}, "没写发给谁"),
        ({**FAIR, "everyone": "", "cohort": "二六届"}, "届别"),
        ({**FAIR, "holdout": "90"}, "holdout"),
        ({**FAIR, "at": "2020-01-01T09:00"}, "已经过了"),
        ({**FAIR, "title": ""}, "标题"),
    ):
        found = wang.post("/broadcasts", **wrong)
        assert found.status_code == 400
        assert why in found.text
        assert "贵阳人才市场" in found.text
    assert wang.post("/broadcasts", kind="没有这种").status_code == 303
    assert wang.get("/broadcasts/99").status_code == 404
    assert wang.post("/broadcasts/99/pause").status_code == 404
    assert wang.post("/broadcasts/99/explode").status_code == 404
    with any_app.database.reading() as connection:
        assert not connection.execute(select(Broadcast.id)).all()
