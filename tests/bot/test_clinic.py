"""The experts' queue and hours, from the graduate's message to the answer in their channel and the ledger, by the commands."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot import desk, services
from bot.app import App
from bot.delivery import Delivery
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge import workdays
from knowledge.clinic import ClinicError, blind, papers, queue, slots
from knowledge.clinic.papers import KeptResume
from knowledge.clinic.queue import Submission
from knowledge.clinic.slots import Booking
from knowledge.db import CHINA
from knowledge.ledger.record import Record, Service
from tests.conftest import Run

SAMPLE = (Path(__file__).parents[1] / "samples" / "resumes" / "operations.txt").read_text(encoding="utf8")
QUOTE = "对接 5 家供应商，按期完成 4 次促销页面上线"


class Person:
    """Somebody in the terminal's channel."""

    def __init__(self, app: App, name: str = "小林") -> None:
        self.app, self.key, self.number = app, f"console::{name}", 0

    def say(self, text: str, kind: Any = "text") -> str:
        self.number += 1
        parts = self.app.accept(Inbound(self.key, f"m{self.number}", kind, text, self.app.clock.now())).result(20).parts
        return "\n".join(part.get("text", part.get("name", "")) for part in parts)

    def submit(self, named: str = "匿名就行", text: str = SAMPLE, goal: str = "林之遥想做武汉的用户运营,电话13800138001") -> str:
        said = [self.say(words) for words in ("请老师看看", text, goal, "跳过", "经历怎么写", named)]
        return said[-1]

    @property
    def graduate(self) -> str:
        with self.app.database.reading() as connection:
            return str(connection.execute(select(Conversation.graduate_id).where(Conversation.key == self.key)).scalar_one())

    def deliveries(self, kind: str = "staff") -> list[Any]:
        with self.app.database.reading() as connection:
            query = select(Delivery.id, Delivery.parts, Delivery.status).where(Delivery.conversation == self.key, Delivery.kind == kind)
            return list(connection.execute(query.order_by(Delivery.id)).all())

    def arrived(self) -> None:
        """The channel has taken what experts wrote."""
        taken = update(Delivery).where(Delivery.kind == "staff").values(status="sent", finished_at=self.app.clock.now())
        self.app.inbox.write(lambda c: c.execute(taken)).result()


def take(app: App, number: int, who: str = "王老师") -> dict[str, Any]:
    desk.at_desk(app, lambda connection: queue.take(connection, number, who, app.clock.now()))
    return desk.at_desk(app, lambda connection: queue.view(connection, app.seal, number, who, app.clock.now()))


def remark(app: App, number: int, text: str, who: str = "王老师", **more: Any) -> int:
    return desk.at_desk(app, lambda connection: queue.remark(connection, app.seal, number, who, text, app.clock.now(), **more))


def numbers(app: App) -> list[int]:
    return [row["number"] for row in desk.listing(app)]


def guidance(app: App) -> list[Any]:
    services.advance(app)
    with app.database.reading() as connection:
        return list(connection.execute(select(Service.subject, Service.by).where(Service.kind == "guidance")).all())


def linked(app: App, graduate: str) -> None:
    now = app.clock.now()
    row = {"name": "林之遥", "groups": [], "source": "test", "created_at": now, "updated_at": now, "graduate_id": graduate}
    app.inbox.write(lambda connection: connection.execute(insert(Record).values(row))).result()


def test_from_the_chat_to_the_expert_and_back(any_app: App) -> None:
    app, person = any_app, Person(any_app)
    assert "最晚 11 月 24 日（周二）18 点前" in person.submit()
    [number] = numbers(app)
    assert "林之遥" not in json.dumps(desk.listing(app), ensure_ascii=False).replace("林之遥想做", "")
    seen = take(app, number)
    assert not any(secret in json.dumps(seen, ensure_ascii=False) for secret in ("林之遥", "13800138001", "linzhiyao"))
    assert QUOTE in seen["text"]
    first = remark(app, number, "先写结果", quote=QUOTE.replace("，", ","))
    remark(app, number, "先写结果:省了多少时间", again=first)
    remark(app, number, queue.canned()["order"][1])
    gone = remark(app, number, "写错了")
    remark(app, number, "", again=gone)
    assert not person.deliveries(), "nothing goes out before it is delivered"
    linked(app, person.graduate)
    assert guidance(app) == []
    assert desk.deliver(app, number, "王老师", "整体不错") == 2
    assert guidance(app) == [], "planned is not delivered"
    [sent] = person.deliveries()
    assert sent.parts[0]["text"].startswith(f"王老师看完你的简历了：整体不错\n1. 「{QUOTE}」\n   先写结果：省了多少时间\n2. 和目标岗位最相关")
    person.arrived()
    assert [tuple(row) for row in guidance(app)] == [(f"clinic/{number}", "")]
    assert numbers(app) == []

    assert "想跟看简历的老师说什么" in person.say(f"clinic/reply/{number}", "choice")
    assert "带给老师了" in person.say("第一条我记不清省了多少")
    assert numbers(app) == [number], "it is back in the queue"
    with pytest.raises(ClinicError):
        take(app, number, "李老师")
    last = take(app, number)["letters"][-1]
    assert (last["by"], last["text"]) == ("本人", "第一条我记不清省了多少")
    desk.deliver(app, number, "王老师", "写个大概的范围就行")
    person.arrived()
    assert len(guidance(app)) == 1, "one résumé is one service"
    assert [row["quote"] for row in take_remarks(app, number)] == [QUOTE, ""]


def take_remarks(app: App, number: int) -> list[dict[str, Any]]:
    found = desk.at_desk(app, lambda connection: queue.view(connection, app.seal, number, "王老师", app.clock.now()))
    remarks: list[dict[str, Any]] = found["remarks"]
    return remarks


def test_by_name_only_where_the_person_agreed_and_told_who_looked(app: App) -> None:
    person = Person(app)
    person.submit("可以看到我是谁")
    assert "林之遥" in take(app, numbers(app)[0])["text"]
    assert "王老师：查看简历诊断" in person.say("谁看过我的资料")


def test_returned_second_opinion_and_late(app: App) -> None:
    Person(app).submit()
    [number] = numbers(app)
    take(app, number)
    with pytest.raises(ClinicError, match="不在你手上"):
        remark(app, number, "我也来一条", who="李老师")
    remark(app, number, "看第一段")
    now = app.clock.now()
    desk.at_desk(app, lambda connection: queue.give_back(connection, number, "王老师", "这个行业我不熟", now, second=True))
    with pytest.raises(ClinicError, match="另一位老师"):
        take(app, number)
    seen = take(app, number, "李老师")
    assert seen["remarks"][0]["by"] == "王老师"
    assert "这个行业我不熟" in seen["letters"][0]["text"]
    assert not desk.listing(app)[0]["late"]
    app.clock.advance(timedelta(days=3))
    assert desk.listing(app)[0]["late"]
    desk.deliver(app, number, "李老师", "")
    with pytest.raises(ClinicError):
        desk.deliver(app, number, "李老师", "再说一句")


def test_remarks_stay_on_the_version_they_were_made_on(app: App) -> None:
    person = Person(app)
    person.submit()
    [number] = numbers(app)
    take(app, number)
    remark(app, number, "看这里", quote=QUOTE)
    person.submit(text=SAMPLE.replace("对接 5 家供应商", "谈妥 5 家供应商"))
    assert numbers(app) == [number]
    with pytest.raises(ClinicError, match="原文里没有"):
        remark(app, number, "再看这里", quote=QUOTE)
    remark(app, number, "这一版好多了", quote="谈妥 5 家供应商")
    assert [row["quote"] for row in take_remarks(app, number)] == [QUOTE, "谈妥 5 家供应商"]


def test_kept_until_it_is_answered_and_some_days_more(app: App) -> None:
    person = Person(app)
    person.submit()
    [number] = numbers(app)
    app.clock.advance(timedelta(days=8))
    app.reader.tidy()
    assert QUOTE in take(app, number)["text"], "promised for the 24th, and a week more"
    app.clock.advance(timedelta(days=3))
    app.reader.tidy()
    assert "已经删掉" in take(app, number)["text"]
    remark(app, number, "凭记忆说一句")
    desk.deliver(app, number, "王老师", "")


def test_withdrawn_erased_and_exported(any_app: App) -> None:
    app, person = any_app, Person(any_app)
    person.submit()
    assert "收回来了" in person.say("不请老师看了")
    assert numbers(app) == []
    person.submit()
    with app.database.reading() as connection:
        assert [row["state"] for row in queue.record(connection, person.graduate)] == ["withdrawn", "waiting"]
    person.say("注销")
    person.say("确认注销")
    with app.database.reading() as connection:
        assert not [table for table in (KeptResume, Submission, Booking) if connection.execute(select(table)).first()]


HEAD = "姓名:欧阳小雨\n微信号:linzy_2022 QQ:123456789\n身份证:110105199912310021\n住址:武汉市江岸区幸福路 8 号"


@pytest.mark.parametrize("text", [SAMPLE, SAMPLE.replace("林之遥", HEAD)], ids=["plain", "labelled"])
def test_blind_view_covers_who_it_is_and_keeps_places(text: str) -> None:
    seen, name = blind.resume(text)
    assert len(seen) == len(text)
    assert name
    for secret in ("林之遥", "欧阳小雨", "13800138001", "linzhiyao", "linzy_2022", "123456789", "110105199912310021", "幸福路"):
        assert secret not in seen
    assert seen.index(QUOTE) == text.index(QUOTE)
    for kept in ("江汉示范大学", "市场营销", "2022.09", "3800 名用户", "CET-6 528 分"):
        assert kept in seen


def test_working_days() -> None:
    assert workdays.after(date(2026, 11, 20), 2) == (date(2026, 11, 24), True)
    assert workdays.after(date(2026, 9, 30), 1) == (date(2026, 10, 8), True), "the national holiday"
    assert workdays.after(date(2031, 5, 2), 2) == (date(2031, 5, 6), False), "not published: weekends, and it says so"


def test_a_year_without_a_calendar_is_told(app: App) -> None:
    app.clock.advance(datetime(2031, 5, 2, 9, tzinfo=CHINA) - app.clock.now())
    assert "放假安排还没公布" in Person(app).submit()


# hours


def hour(app: App, days: float = 3, expert: str = "王老师") -> int:
    start = app.clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
    desk.at_desk(app, lambda connection: slots.publish(connection, expert, [start], 30, "就业楼 203", app.clock.now()))
    with app.database.reading() as connection:
        found = next(row for row in slots.listed(connection, app.clock.now()) if row["starts_at"] == start and row["expert"] == expert)
    return int(found["id"])


def book(person: Person, slot: int) -> str:
    person.say(f"clinic/slot/{slot}", "choice")
    return person.say("准备面试")


def test_an_hour_is_booked_once(any_app: App) -> None:
    app, one, two = any_app, Person(any_app, "甲"), Person(any_app, "乙")
    slot = hour(app)
    assert "约好了" in book(one, slot)
    assert "刚被别人约走" in book(two, slot)
    assert "没有能约的" in two.say("预约老师")
    other = hour(app, 4)
    assert "你已经约了" in book(one, other)
    with app.database.reading() as connection:
        held = slots.mine(connection, one.graduate, app.clock.now())[0]["id"]
    assert "改好了" in one.say(f"clinic/to/{held}-{other}", "choice")
    assert "约好了" in book(two, slot)
    assert "没有这个预约" in one.say(f"clinic/unbook/{held}", "choice")


def test_too_near_too_far_and_overlapping(app: App) -> None:
    person = Person(app)
    assert "约不了" in book(person, hour(app, 0.5))
    assert "约不了" in book(person, hour(app, 20))
    start = app.clock.now() + timedelta(days=3)
    starts = [start, start + timedelta(minutes=20), start + timedelta(minutes=40), app.clock.now() - timedelta(days=1)]
    assert desk.at_desk(app, lambda connection: slots.publish(connection, "李老师", starts, 30, "线上", app.clock.now())) == 2


def test_came_counts_missed_is_forgiven_until_it_is_often(any_app: App) -> None:
    app, person = any_app, Person(any_app)
    person.say("你好")
    linked(app, person.graduate)
    for outcome in ("kept", "missed", "missed"):
        assert "约好了" in book(person, hour(app, 2))
        with app.database.reading() as connection:
            held = slots.mine(connection, person.graduate, app.clock.now())[0]["id"]
        with pytest.raises(ClinicError):
            desk.came(app, held, outcome)
        app.clock.advance(timedelta(days=2, hours=2))
        desk.came(app, held, outcome)
        desk.came(app, held, outcome)
    assert [row.by for row in guidance(app)] == ["王老师"]
    kindly = [row.parts[0]["text"] for row in person.deliveries()]
    assert len(kindly) == 2
    assert all("没关系" in text for text in kindly)
    assert "让老师帮你约" in book(person, hour(app, 2))


def test_a_teacher_who_cannot_come_says_so(app: App) -> None:
    person = Person(app)
    slot = hour(app)
    book(person, slot)
    assert desk.call_off(app, slot)
    assert "抱歉" in person.deliveries()[-1].parts[0]["text"]
    assert "没有预约" in person.say("我的预约")
    assert not desk.call_off(app, hour(app, 5))


def test_reminders_are_said_once_and_not_of_what_is_gone(app: App) -> None:
    person = Person(app)
    book(person, hour(app, 2))
    app.clock.advance(timedelta(days=1, hours=1))
    assert [reply.parts[0]["text"][:4] for _, reply in app.sweep()] == ["提醒一下"]
    assert app.sweep() == []
    assert len(person.deliveries("notice")) == 1
    person.say("我的预约")
    person.say("取消预约")
    app.clock.advance(timedelta(hours=22, minutes=30))
    assert app.sweep() == []


def test_who_unsubscribed_is_not_reminded(app: App) -> None:
    person = Person(app)
    book(person, hour(app, 2))
    person.say("退订")
    app.clock.advance(timedelta(days=1, hours=1))
    app.sweep()
    assert person.deliveries("notice") == []


def test_a_calendar_file_holds_its_form() -> None:
    row = {"id": 7, "expert": "王老师", "minutes": 30, "place": "就业楼 203,二层;靠窗\n" + "很长的地点" * 20}
    row["starts_at"] = datetime(2026, 11, 25, 2, tzinfo=UTC)
    text = slots.calendar(row, datetime(2026, 11, 22, 1, tzinfo=UTC))
    lines = text.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    assert "DTSTART:20261125T020000Z" in lines
    assert "DTEND:20261125T023000Z" in lines
    unfolded = text.replace("\r\n ", "")
    assert "LOCATION:就业楼 203\\,二层\\;靠窗\\n很长的地点" in unfolded
    assert unfolded.count("BEGIN:VALARM") == 2


# the commands


def test_the_commands(run: Run, app: App) -> None:
    Person(app).submit()
    assert "等老师" in run("clinic", "list").stdout
    number = str(json.loads(run("clinic", "list", "--json").stdout)[0]["number"])
    shown = run("clinic", "take", number, "--as", "王老师").stdout
    assert "匿名" in shown
    assert "林之遥" not in shown
    assert run("clinic", "remark", number, "--as", "王老师", "--canned", "result", "--quote", QUOTE).exit_code == 0
    refused = run("clinic", "remark", number, "--as", "李老师", "一条")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "不在你手上" in refused.stderr
    assert run("clinic", "remark", number, "--as", "王老师", "--canned", "没有").exit_code == 2
    assert "1 条意见" in run("clinic", "deliver", number, "--as", "王老师", "先改这里").stdout
    assert "没有等着看的" in run("clinic", "list").stdout
    assert run("clinic", "take", "99", "--as", "王老师").exit_code == 1
    assert "加了 1 个时间" in run("clinic", "publish", "--as", "王老师", "2026-11-25T10:00").stdout
    assert run("clinic", "publish", "--as", "王老师", "2026-11-25T10:00").exit_code == 1
    assert run("clinic", "publish", "--as", "王老师", "下周三").exit_code == 2
    assert "空着" in run("clinic", "hours").stdout
    assert run("clinic", "came", "99").exit_code == 1
    assert "撤下了" in run("clinic", "withdraw", "1").stdout


def test_kept_resumes_of_one_person_have_an_end(app: App) -> None:
    person = Person(app)
    person.say("你好")
    paper = queue_paper()
    owner = (person.graduate, person.key)
    for _ in range(papers.MOST + 3):
        app.clock.advance(timedelta(seconds=1))
        desk.at_desk(app, lambda connection: papers.keep(connection, app.seal, owner, paper, "chat", app.clock.now(), 7))
    with app.database.reading() as connection:
        assert len(papers.record(connection, app.seal, person.graduate)) == papers.MOST


def queue_paper() -> Any:
    from knowledge.resume.extract import pasted

    return pasted(SAMPLE)


def test_a_file_that_a_process_took_with_it_is_asked_for_again_once(any_app: App) -> None:
    cut, done, picture = Person(any_app, "断"), Person(any_app, "好"), Person(any_app, "图")
    for who in (cut, done):
        who.say("简历.pdf", "file")
    picture.say("合照", "file")
    any_app.clock.advance(timedelta(seconds=1))
    done.say("clinic/first/none", "result")
    again = App(any_app.settings, any_app.clock, any_app.search)  # the first one is gone
    for _ in range(2):
        again.clock.advance(timedelta(minutes=4))
        again.reader.recall()
    with again.database.reading() as connection:
        rows = connection.execute(select(Delivery.conversation, Delivery.parts).where(Delivery.key.startswith("refused|"))).all()
    assert [row.conversation for row in rows] == [cut.key]
    assert "请再发一次" in rows[0].parts[0]["text"]
    again.close()


def test_a_process_that_does_no_work_asks_again_for_the_file_it_took_with_it(any_app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.app.SWEEP_SECONDS", 0.05)
    Person(any_app, "断").say("简历.pdf", "file")
    any_app.clock.advance(timedelta(seconds=1))
    again = App(any_app.settings, any_app.clock, any_app.search)
    again.clock.advance(timedelta(minutes=4))
    again.start_sweeper(lambda _: None, works=False)
    end = time.monotonic() + 10
    while again.reader.started and time.monotonic() < end:
        time.sleep(0.05)
    again.close()
    with any_app.database.reading() as connection:
        assert connection.execute(select(Delivery.conversation).where(Delivery.key.startswith("refused|"))).scalars().all() == ["console::断"]
