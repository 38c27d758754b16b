"""What a teacher works from: the page of today with all that is due, one person's file as one line of time, steps with an owner, an answer kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection, insert, select, update

from bot import delivery
from bot.app import App
from bot.audit import Audit
from bot.delivery import Delivery
from bot.web.console.staff import Staff
from dialogs.messages import Inbound, Say
from dialogs.place import Conversation
from knowledge.cases import Case
from knowledge.clinic.queue import Submission
from knowledge.ledger import record as ledger
from knowledge.ledger.record import Step
from knowledge.policy import revisions
from tests.bot.test_clinic import Person
from tests.bot.test_console import Browser, come, light, record, talker

__all__ = ["come", "light"]
ODD = "校友卡毕业了还能在食堂充钱吗"


def section(page: str, name: str) -> str:
    found = re.search(rf'<section id="{name}">(.*?)</section>', page, re.DOTALL)
    return found[1] if found else ""


def test_reviews_due_are_on_the_page_of_whoever_holds_them_or_may(any_app: App, come: Callable[..., Browser]) -> None:
    Person(any_app).submit()
    expert, teacher, boss = come("pro"), come("wang"), come("boss")
    assert section(expert.get("/").text, "reviews") == "", "in time, and in nobody's hands"
    expert.post("/clinic/1/take")
    assert 'href="/console/clinic/1"' in section(expert.get("/").text, "reviews")
    assert section(teacher.get("/").text, "reviews") == ""
    late = update(Submission).values(due_at=any_app.clock.now() - timedelta(days=1))
    any_app.inbox.write(lambda connection: connection.execute(late)).result(10)
    assert "已超时" in section(expert.get("/").text, "reviews")
    assert section(teacher.get("/").text, "reviews") == "", "another's"
    assert "张专家" in section(boss.get("/").text, "reviews"), "an administrator sees all that is late"
    expert.post("/clinic/1/back", text="不是我的方向", second="1")
    assert "还没有人领" in section(teacher.get("/").text, "reviews")
    assert section(expert.get("/").text, "reviews") == "", "it wants another's eyes"


def test_questions_nobody_answered_stand_in_groups_with_a_way_to_them(any_app: App, come: Callable[..., Browser]) -> None:
    for who in ("one", "two"):
        talker(any_app, who, ODD)
    wang, expert = come("wang"), come("pro")
    shown = section(wang.get("/").text, "questions")
    assert "2 个人" in shown
    assert ODD in shown
    link = re.search(r'href="/console/knowledge#(q\d+)"', shown)
    assert link
    assert f'id="{link[1]}"' in wang.get("/knowledge").text
    assert section(expert.get("/").text, "questions") == ""


def test_a_file_is_one_line_of_time_over_all_channels(any_app: App, come: Callable[..., Browser]) -> None:
    app, clock = any_app, any_app.clock
    person = talker(app, "zhao", "网页上说的话")
    number = record(app, "赵一", "王老师", person)
    clock.advance(timedelta(hours=1))
    app.accept(Inbound("telegram:bot:1", "m", "text", "电报上说的话", clock.now())).result(20)

    def one(connection: Connection) -> None:
        connection.execute(update(Conversation).where(Conversation.key == "telegram:bot:1").values(graduate_id=person))
        for status in ("sent", "failed"):
            row = delivery.row_of(f"b{status}", "telegram:bot:1", "broadcast", [Say(f"双选会 {status}")], clock.now() + timedelta(minutes=5))
            connection.execute(insert(Delivery).values(row | {"status": status}))

    app.inbox.write(one).result(10)
    clock.advance(timedelta(hours=1))
    browser = come("wang")
    path = f"/people/{number}"
    assert browser.post(f"{path}/services", kind="guidance", note="改了简历").status_code == 303
    clock.advance(timedelta(hours=1))
    assert browser.post(f"{path}/notes", text="<b>妈妈</b>在住院").status_code == 303
    clock.advance(timedelta(hours=1))
    assert browser.post(f"{path}/destination", destination="待就业", note="电话里说的").status_code == 303
    assert browser.post(f"{path}/calls", way="电话", result="联系上了", note="在备考").status_code == 303
    assert browser.post(f"{path}/notes", text=" ").status_code == 400
    assert browser.post(f"{path}/notes", text="长" * 1001).status_code == 400
    line = re.search(r'<ol class="talk".*?</ol>', browser.get(path).text, re.DOTALL)
    assert line
    order = [line[0].index(said) for said in ("在备考", "网页上说的话", "电报上说的话", "双选会 sent", "改了简历", "&lt;b&gt;妈妈", "电话里说的")]
    assert order == sorted(order), "a call has only its day"
    for label in ("网页 · 本人", "Telegram · 本人", "Telegram · 群发", "服务 ", "备注 ", "去向 ", "联系 "):
        assert label in line[0]
    assert "双选会 failed" not in line[0]
    assert come("li").post(f"{path}/notes", text="别人的").status_code == 404
    with app.database.reading() as connection:
        assert "写备注" in connection.execute(select(Audit.what)).scalars().all()
        assert "妈妈" not in str(connection.execute(select(Audit.new)).scalars().all())
        own = ledger.own(connection, person)
    assert own is not None
    assert own["notes"][0]["text"] == "<b>妈妈</b>在住院"


def test_a_step_is_given_to_somebody_who_works_here_and_they_see_and_do_it(any_app: App, come: Callable[..., Browser]) -> None:
    number = record(any_app, "赵一", "王老师")
    path, today = f"/people/{number}", any_app.clock.today().isoformat()
    wang, expert, li = come("wang"), come("pro"), come("li")
    assert "<option>张专家</option>" in wang.get(path).text
    assert "只看者" not in wang.get(path).text
    assert wang.post(f"{path}/steps", what="一对一改简历", owner="张专家", due=today).status_code == 303
    for other in ("没有的人", "只看者", ""):
        assert wang.post(f"{path}/steps", what="改简历", owner=other).status_code == 400
    [step] = any_app.inbox.write(lambda connection: connection.execute(select(Step.id)).scalars().all()).result(10)
    assert "一对一改简历" in section(wang.get("/").text, "steps")
    assert "赵一" in section(expert.get("/").text, "steps")
    assert "一对一改简历" not in li.get("/").text
    assert li.post(f"{path}/steps/{step}/done").status_code == 404
    assert expert.get(path).status_code == 403
    assert expert.post(f"{path}/steps/{step}/done", **{"from": "today"}).headers["location"] == "/console/"
    assert section(expert.get("/").text, "steps") == ""
    old = partial(ledger.plan, record_id=number, what="打电话", owner="周老师", due=None)
    any_app.inbox.write(old).result(10)
    any_app.inbox.write(lambda connection: connection.execute(update(Staff).where(Staff.name == "pro").values(active=False))).result(10)
    page = wang.get(path).text
    assert "一对一改简历(张专家)" in page
    assert "打电话（周老师）" in page
    assert "<option>张专家</option>" not in page


def test_an_answer_becomes_a_draft_from_the_page_of_its_case(any_app: App, come: Callable[..., Browser]) -> None:
    person = talker(any_app, "zhao", "档案能自己拿着吗", "转人工")
    record(any_app, "赵一", "王老师", person)
    wang, li, expert = come("wang"), come("li"), come("pro")
    with any_app.database.reading() as connection:
        number = connection.execute(select(Case.id)).scalar_one()
    assert "存成政策草稿" not in wang.get(f"/cases/{number}").text, "nothing was answered"
    wang.post(f"/cases/{number}/answer", text="不能自己拿着,托管到户籍地的人才中心。", once="a")
    page = wang.get(f"/cases/{number}").text
    said = {name: re.search(rf'name="{name}"[^>]*value="([^"]+)"', page) for name in ("asked", "to")}
    assert said["asked"]
    assert said["to"]
    told = re.search(r'<textarea id="told"[^>]*>([^<]+)<', page)
    assert told
    fields = {"asked": said["asked"][1], "to": said["to"][1], "answer": told[1]}
    assert fields["asked"] == "档案能自己拿着吗"
    assert li.post(f"/cases/{number}/keep", **fields).status_code == 404
    assert expert.post(f"/cases/{number}/keep", **fields).status_code == 403
    refused = wang.post(f"/cases/{number}/keep", **{**fields, "answer": "打我电话 13800138000"})
    assert (refused.status_code, "手机号" in refused.text, "打我电话" in refused.text) == (400, True, True)
    assert wang.post(f"/cases/{number}/keep", **{**fields, "to": "NOT-99"}).status_code == 400
    kept = wang.post(f"/cases/{number}/keep", **fields)
    assert kept.headers["location"].startswith("/console/knowledge/drafts/")
    with any_app.database.reading() as connection:
        [draft] = revisions.drafts(connection)
    assert draft["author"] == "王老师"
    assert draft["body"]["faq"][-1] == {"ask": ["档案能自己拿着吗"], "answer": "不能自己拿着，托管到户籍地的人才中心。"}
