"""A posting put right on its page: read and screened as on its way in, written down, and not undone by the same list again."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

from sqlalchemy import select

from bot.app import App
from bot.audit import Audit
from knowledge.postings.posting import Posting
from tests.bot.test_console import Browser, come, light
from tests.bot.test_postings import FRAUD, LONG, ROWS, outcomes, table, take

__all__ = ["come", "light"]
FAIR = ROWS[0]


def form(browser: Browser, key: int) -> dict[str, str]:
    page = browser.get(f"/postings/{key}").text
    areas = re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    found = dict(re.findall(r'<input [^>]*name="(\w+)" value="([^"]*)"', page)) | dict(areas)
    found.pop("csrf")
    return {name: unescape(text) for name, text in found.items()}


def key_of(app: App, ref: str) -> int:
    return int(table(app)[ref].id)


def test_a_posting_is_put_right_and_the_same_list_again_leaves_it(any_app: App, come: Callable[..., Browser]) -> None:
    take(any_app, ROWS)
    wang, key = come("wang"), key_of(any_app, "1")
    fields = form(wang, key)
    assert (fields["title"], fields["city"], fields["pay"], fields["text"]) == (FAIR["title"], FAIR["city"], FAIR["pay"], LONG)
    assert "和现在的一样" in wang.post(f"/postings/{key}", **fields).text
    fields |= {"pay": "5000-7000", "deadline": "2026-12-20", "degree": "本科", "city": "遵义", "text": LONG + "联系张经理13800138000"}
    done = wang.post(f"/postings/{key}", **fields).text
    assert "改好了" in done
    assert "遵义" in done.partition("<h2>")[0]
    assert "5000–7000 元/月" in done
    assert "截止 2026-12-20" in done
    row = table(any_app)["1"]
    assert (row.status, row.pay_low, str(row.deadline), row.reviewed_by) == ("live", 5000, "2026-12-20", "王老师")
    assert "13800138000" not in row.text
    assert "13800138000" in row.contact
    assert outcomes(take(any_app, ROWS))[0] == "same"
    assert table(any_app)["1"] == row
    with any_app.database.reading() as connection:
        audited = connection.execute(select(Audit.target, Audit.old, Audit.new).where(Audit.what == "改岗位")).all()
    assert (f"岗位 {key} 薪资", "4000–6000", "5000–7000") in [tuple(each) for each in audited]
    assert "13800138000" not in str(audited)
    assert "改过" in wang.get(f"/postings/{key}").text


def test_a_row_that_its_source_changed_afterwards_waits_for_staff(any_app: App, come: Callable[..., Browser]) -> None:
    take(any_app, ROWS)
    wang, key = come("wang"), key_of(any_app, "4")
    wang.post(f"/postings/{key}", **form(wang, key) | {"title": "会计助理"})
    assert table(any_app)["4"].title == "会计助理"
    report = take(any_app, [{**ROWS[3], "pay": "6000"}])
    assert "王老师 2026-11-22改过" in report.lines[0].why
    assert (outcomes(report), table(any_app)["4"].status, table(any_app)["4"].title) == (["held"], "held", "会计")
    assert "来源后来给的内容不一样" in wang.get("/postings").text
    assert wang.post(f"/postings/{key}/release").status_code == 303
    assert outcomes(take(any_app, [{**ROWS[3], "pay": "6500"}])) == ["updated"], "only the first time"


def test_an_edit_that_makes_it_a_fraud_is_held_and_a_held_one_waits_for_its_release(any_app: App, come: Callable[..., Browser]) -> None:
    take(any_app, ROWS)
    wang = come("wang")
    key, held = key_of(any_app, "4"), key_of(any_app, "f")
    told = wang.post(f"/postings/{key}", **form(wang, key) | {"text": FRAUD["text"]}).text
    assert "先扣下" in told
    assert "押金" in told
    assert table(any_app)["4"].status == "held"
    told = wang.post(f"/postings/{held}", **form(wang, held) | {"text": LONG}).text
    assert "核对后放行" in told
    assert (table(any_app)["f"].status, table(any_app)["f"].score) == ("held", 0)
    assert wang.post(f"/postings/{held}/release").status_code == 303
    assert table(any_app)["f"].status == "live"


def test_what_staff_repeat_joins_the_card_and_what_is_over_comes_back(any_app: App, come: Callable[..., Browser]) -> None:
    take(any_app, ROWS)
    wang, key = come("wang"), key_of(any_app, "1")
    wang.post(f"/postings/{key}", **form(wang, key) | {"title": "仓库主管", "text": "管理仓库"})
    rows = table(any_app)
    assert rows["1"].card == rows["1"].id
    assert rows["2"].card == rows["2"].id
    wang.post(f"/postings/{key}", **form(wang, key) | {"title": FAIR["title"], "text": LONG})
    rows = table(any_app)
    assert rows["1"].card == rows["3"].id
    over = key_of(any_app, "5")
    assert "改好了" in wang.post(f"/postings/{over}", **form(wang, over) | {"deadline": "2026-12-15"}).text
    assert table(any_app)["5"].status == "live"


def test_what_cannot_be_is_said_and_what_was_typed_stays(any_app: App, come: Callable[..., Browser]) -> None:
    take(any_app, ROWS)
    wang, li, key = come("wang"), come("li"), key_of(any_app, "4")
    fields = form(wang, key)
    for more, why in (({"title": " "}, "没有岗位名称"), ({"deadline": "2099-01-01"}, "太远"), ({"deadline": "2026-13-45"}, "不是一个日期")):
        told = wang.post(f"/postings/{key}", **fields | more | {"company": "另写的单位"})
        assert (told.status_code, why in told.text, "另写的单位" in told.text) == (400, True, True), why
    assert "改好了" in li.post(f"/postings/{key}", **fields | {"pay": "5000"}).text
    told = wang.post(f"/postings/{key}", **fields | {"pay": "9000"})
    assert "刚才有人改过" in told.text
    assert table(any_app)["4"].pay_low == 5000
    wang.post(f"/postings/{key}/refuse")
    assert "先放行再改" in wang.post(f"/postings/{key}", **fields).text
    assert wang.get("/postings/999999").status_code == 400
    long = form(wang, key_of(any_app, "1")) | {"text": "负责接待。" * 6000}
    assert "改好了" in wang.post(f"/postings/{key_of(any_app, '1')}", **long).text
    with any_app.database.reading() as connection:
        assert len(connection.execute(select(Posting.text).where(Posting.ref == "1")).scalar_one()) == 30_000
