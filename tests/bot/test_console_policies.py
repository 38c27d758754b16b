"""The knowledge base in the console: a question nobody could answer becomes a phrasing by two people, and is answered from then on."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import select

from bot import revisions
from bot.app import App
from bot.audit import Audit
from bot.delivery import Delivery
from tests.bot.test_console import Browser, come, light, talker

__all__ = ["come", "light"]
ODD = "校友卡毕业了还能在食堂充钱吗"


def draft_of(browser: Browser) -> str:
    found = re.search(r'/console(/knowledge/drafts/\d+)"', browser.get("/knowledge").text)
    assert found
    return found[1]


def test_a_question_becomes_a_phrasing_by_two_people(any_app: App, come: Callable[..., Browser]) -> None:
    talker(any_app, "one", ODD, "有答案了告诉我")
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
    any_app.rebuild()
    assert any_app.search.search(ODD).hits[0].id == "IDS-06"
    with any_app.database.reading() as connection:
        assert {"归到政策", "批准政策"} <= set(connection.execute(select(Audit.what)).scalars())
    before = li.post("/knowledge/IDS-06/restore").text
    assert "马上换回第" in before
    assert "确定,恢复上一版" in before
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
    assert "SUB-02:" in broken.text
    assert "只有一句" in broken.text
    done = wang.post("/knowledge/SUB-02", **{**fields, "papers": fields["papers"] + "\n申请表(窗口领)"})
    assert "的草稿是第" in done.text
    assert "+" in wang.get(draft_of(wang)).text
    assert "申请表(窗口领)" in wang.get(draft_of(wang)).text
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
    assert f"+questions = {ODD}" in drafted
    assert "申请表(窗口领)" in drafted
    revisions.edited(any_app, "SUB-02", ["review_by=2027-06-30"], "王老师")
    drafted = wang.get(draft_of(wang)).text
    assert f"+questions = {ODD}" in drafted
    assert "申请表(窗口领)" in drafted
    assert "2027-06-30" in drafted


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
