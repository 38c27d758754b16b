"""The knowledge base in the console: a question nobody could answer becomes a phrasing by two people, and is answered from then on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from bot import revisions
from bot.app import App
from bot.audit import Audit
from bot.delivery import Delivery
from tests.bot.test_console import Browser, come, light, talker
from tests.conftest import few

__all__ = ["come", "light"]
ODD = "校友卡毕业了还能在食堂充钱吗"


@pytest.fixture
def little(any_app: App) -> App:
    few(any_app.database, "SUB-02", "IDS-03", "IDS-06", "AGR-01", "RED-01")
    any_app.search = any_app.build()
    return any_app


def draft_of(browser: Browser) -> str:
    found = re.search(r'/console(/knowledge/drafts/\d+)"', browser.get("/knowledge").text)
    assert found
    return found[1]


def test_a_question_becomes_a_phrasing_by_two_people(little: App, come: Callable[..., Browser]) -> None:
    talker(little, "one", ODD, "有答案了告诉我")
    wang, li = come("wang"), come("li")
    page = wang.get("/knowledge").text
    assert ODD in page
    number = re.search(r'name="questions" value="(\d+) "', page)
    assert number
    told = wang.post("/knowledge/attach", questions=number[1], to="ids-06")
    assert "IDS-06 的草稿是第" in told.text
    path = draft_of(wang)
    assert ODD in wang.get(path).text
    assert "自己起草" in wang.get(path).text
    assert wang.post(f"{path}/approve").status_code == 400
    assert "改了 1 条" in li.post(f"{path}/approve").text
    assert ODD not in li.get("/knowledge").text
    little.rebuild()
    assert little.search.search(ODD).hits[0].id == "IDS-06"
    with little.database.reading() as connection:
        assert {"归到政策", "批准政策"} <= set(connection.execute(select(Audit.what)).scalars())
    before = li.post("/knowledge/IDS-06/restore").text
    assert "马上换回第" in before
    assert "确定，恢复上一版" in before
    assert "恢复上一版" in li.get("/knowledge/IDS-06").text, "nothing has happened yet"
    restored = li.post("/knowledge/IDS-06/restore", sure="yes")
    assert "恢复" in restored.text


def test_an_entry_is_changed_in_a_form_and_what_is_wrong_is_said(any_app: App, come: Callable[..., Browser]) -> None:
    wang = come("wang")
    page = wang.get("/knowledge/SUB-02").text
    fields = dict(re.findall(r'<textarea id="(\w+)"[^>]*>([^<]*)</textarea>', page)) | dict(
        re.findall(r'<input id="(\w+)" name="\w+" value="([^"]*)"', page)
    )
    assert {"answer", "papers", "questions", "review_by"} <= set(fields)
    assert "没有起草" in wang.post("/knowledge/SUB-02", **fields).text
    broken = wang.post("/knowledge/SUB-02", **{**fields, "questions": "只有一句"})
    assert broken.status_code == 400
    assert "SUB-02：" in broken.text
    assert "只有一句" in broken.text
    done = wang.post("/knowledge/SUB-02", **{**fields, "papers": fields["papers"] + "\n申请表(窗口领)"})
    assert "的草稿是第" in done.text
    told = wang.get(draft_of(wang)).text
    assert "<b>材料</b><br><small>加上</small> <ins>申请表(窗口领)</ins>" in told
    assert "不用了" in wang.post(f"{draft_of(wang)}/discard").text


def test_a_second_edit_goes_on_with_the_first(any_app: App, come: Callable[..., Browser]) -> None:
    """The question hangs on the draft: without its phrasing, who asked would be told of an answer that is not there."""
    talker(any_app, "one", ODD)
    wang = come("wang")
    number = re.search(r'name="questions" value="(\d+) "', wang.get("/knowledge").text)
    assert number
    wang.post("/knowledge/attach", questions=number[1], to="SUB-02")
    page = wang.get("/knowledge/SUB-02").text
    assert ODD in page, "the form shows the draft"
    fields = dict(re.findall(r'<textarea id="(\w+)"[^>]*>([^<]*)</textarea>', page)) | dict(
        re.findall(r'<input id="(\w+)" name="\w+" value="([^"]*)"', page)
    )
    wang.post("/knowledge/SUB-02", **{**fields, "papers": fields["papers"] + "\n申请表(窗口领)"})
    drafted = wang.get(draft_of(wang)).text
    assert f"<ins>{ODD}</ins>" in drafted
    assert "申请表(窗口领)" in drafted
    revisions.edited(any_app, "SUB-02", ["review_by=2027-06-30"], "王老师")
    drafted = wang.get(draft_of(wang)).text
    assert f"<ins>{ODD}</ins>" in drafted
    assert "申请表(窗口领)" in drafted
    assert re.search(r"<b>复核日期</b><br><small>原来</small> <del>\d{4}-\d\d-\d\d</del><br><small>改成</small> <ins>2027-06-30</ins>", drafted)


NEW = {
    "topic": "IDS",
    "title": "校友卡食堂充值",
    "receiver": "none",
    "answer": "离校后校友卡能不能充值由学校后勤定,先问母校后勤。",
    "where": "母校后勤处窗口或电话",
    "issuer": "某大学后勤处",
    "document": "校友卡使用说明",
    "date": "2026-09",
    "certainty": "B",
    "review_by": "2027-05-01",
}
ASKS = [f"校友卡{rest}" for rest in ("食堂充值", "在食堂咋充钱", "还能吃食堂吗", "食堂刷不了怎么充", "食堂余额", "去食堂充值行不行", "在食堂怎么充")]


def test_a_new_entry_begins_with_a_question_and_is_let_go_by_a_second_person(little: App, come: Callable[..., Browser]) -> None:
    talker(little, "one", ODD, "有答案了告诉我")
    wang, li = come("wang"), come("li")
    link = re.search(r'/console(/knowledge/new\?open=[\d+]+)"', wang.get("/knowledge").text)
    assert link
    page = wang.get(link[1]).text
    assert ODD in page
    assert "至少 8 句" in page
    open_ = re.search(r'name="open" value="([^"]+)"', page)
    assert open_
    form = {**NEW, "open": open_[1], "questions": "\n".join([*ASKS, ODD])}
    for more, why in (
        ({"questions": "\n".join(ASKS)}, "「问法」条数不够，至少要 8 条"),
        ({"topic": "XYZ"}, "选一个放在哪一类"),
        ({"questions": "电话13800138000怎么打\n" * 8}, "手机号"),
        ({"date": "去年"}, "「出处：日期」写法不对，写成 2023"),
        ({"issuer": ""}, "「出处：谁发的」还没写"),
    ):
        wrong = wang.post("/knowledge/new", **form | more)
        assert (wrong.status_code, why in wrong.text, "某大学后勤处" in wrong.text or "issuer" in more) == (400, True, True), why
    told = wang.post("/knowledge/new", **form | {"questions": f"{form['questions']}\n三方必须签吗"}).text
    assert "IDS-12 的草稿是第" in told
    assert "批准以前还要改" in told
    on = wang.get("/knowledge/new?key=IDS-12").text
    assert "三方必须签吗" in on
    assert li.get("/knowledge/new?key=IDS-12").status_code == 400
    told = wang.post("/knowledge/new", **form | {"open": "", "key": "IDS-12"}).text
    assert "检查过了，没有问题" in told
    assert "接着改" in told
    path = draft_of(wang)
    assert ODD in wang.get(path).text
    assert wang.post(f"{path}/approve").status_code == 400
    assert "改了 1 条，告诉了 1 位问过的人" in li.post(f"{path}/approve").text
    little.rebuild()
    assert little.search.search(ODD).hits[0].id == "IDS-12"
    with little.database.reading() as connection:
        assert ("起草新政策", "IDS-12") in [tuple(row) for row in connection.execute(select(Audit.what, Audit.target))]


def test_out_of_scope_and_nonsense(any_app: App, come: Callable[..., Browser]) -> None:
    talker(any_app, "one", ODD)
    wang = come("wang")
    number = re.search(r'name="questions" value="(\d+) "', wang.get("/knowledge").text)
    assert number
    assert "1 个问题标为不归我们" in wang.post("/knowledge/leave", questions=number[1]).text
    assert wang.post("/knowledge/attach", questions="x 999999", to="SUB-02").status_code == 400
    assert wang.post("/knowledge/attach", questions="1", to="NOT-01").status_code == 400
    assert wang.get("/knowledge/NOT-99").status_code == 400
    assert wang.get("/knowledge/drafts/99999").status_code == 400
    assert "SUB-02" in wang.get("/knowledge?q=灵活就业社保补贴").text
    with any_app.database.reading() as connection:
        assert connection.execute(select(Delivery.id).where(Delivery.kind == "notice")).first() is None
