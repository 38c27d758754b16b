"""Postings in the database, on both kinds: taken in once, repeats folded, frauds held, staff decide, what is over goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.app import App
from knowledge.postings import store
from knowledge.postings.drafts import numbered
from knowledge.postings.posting import Posting
from knowledge.postings.store import Report
from tests.conftest import TODAY

LONG = "负责客户来访接待、会议安排、文件归档、办公用品采购和费用报销，协助组织部门活动，按时整理每周例会纪要并跟踪落实情况。"
FRAUD = {"ref": "f", "title": "打字员", "company": "戊公司", "text": "在家打字，日赚500，入职先交押金299元，加微信 abc12345 领资料"}
ROWS: list[dict[str, str]] = [
    {"ref": "1", "title": "行政专员", "company": "甲公司", "city": "贵阳", "pay": "4000-6000", "text": LONG},
    {"ref": "2", "title": "行政专员", "company": "甲公司", "city": "遵义", "pay": "4500-6000", "text": LONG + "双休。"},
    {"ref": "3", "title": "行政专员", "company": "甲公司", "city": "贵阳", "pay": "4000-6000", "text": "另一种写法"},
    {"ref": "4", "title": "会计", "company": "乙公司", "city": "贵阳", "deadline": "2026-12-31"},
    {"ref": "5", "title": "出纳", "company": "乙公司", "deadline": "2026-11-01"},
    {"ref": "6", "title": "", "company": "丙公司"},
    FRAUD,
]


def take(app: App, rows: Iterable[dict[str, str]], source: str = "测试", **options: Any) -> Report:
    return store.bring_in(app.database, source, numbered(enumerate(rows, 2)), app.clock.today(), app.clock.now(), **options)


def table(app: App) -> dict[str, Any]:
    with app.database.reading() as connection:
        return {row.ref: row for row in connection.execute(select(Posting.__table__).order_by(Posting.id))}


def outcomes(report: Report) -> list[str]:
    return [line.outcome for line in report.lines]


def test_a_batch_is_taken_once(any_app: App) -> None:
    report = take(any_app, ROWS)
    assert outcomes(report) == ["inserted", "near-repeat", "near-repeat", "inserted", "inserted", "refused", "held"]
    held = table(any_app)
    assert held["2"].card == held["3"].card == held["1"].id == held["1"].card
    assert {ref: row.status for ref, row in held.items()} == {"1": "live", "2": "live", "3": "live", "4": "live", "5": "expired", "f": "held"}
    assert "押金" in report.lines[-1].why
    assert "abc12345" not in str((held["f"].text, held["f"].reasons))
    assert "第 2 行" in report.lines[1].why
    again = take(any_app, ROWS)
    assert set(outcomes(again)) == {"same", "refused"}
    assert table(any_app) == held


def test_a_dry_run_tells_the_same_and_writes_nothing(any_app: App) -> None:
    told = take(any_app, ROWS, dry=True)
    assert not table(any_app)
    assert take(any_app, ROWS).lines == told.lines


def test_killed_between_blocks_the_same_import_ends_the_work(any_app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BLOCK", 2)

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "写入":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(any_app, ROWS, progress=stop)
    assert len(table(any_app)) == 2
    report = take(any_app, ROWS)
    assert outcomes(report).count("same") == 2
    held = table(any_app)
    assert len(held) == 6
    assert held["2"].card == held["3"].card == held["1"].id


def test_what_changed_is_updated_and_folded_again(any_app: App) -> None:
    take(any_app, ROWS)
    before = table(any_app)
    report = take(any_app, [{**ROWS[0], "title": "仓库主管", "text": "管理仓库"}, {**ROWS[4], "deadline": "2026-12-15"}])
    assert outcomes(report) == ["updated", "updated"]
    held = table(any_app)
    assert held["1"].id == before["1"].id == held["1"].card
    assert held["2"].card == held["2"].id
    assert held["5"].status == "live"
    assert held["1"].created_at == before["1"].created_at


def test_another_source_repeats_and_what_it_no_longer_lists_is_withdrawn(any_app: App) -> None:
    take(any_app, ROWS)
    other = [{**ROWS[0], "ref": "x1"}, *({"ref": f"y{n}", "title": f"岗位{n}", "company": "己公司"} for n in range(5))]
    report = take(any_app, other, "别处", complete=True)
    assert outcomes(report)[0] == "near-repeat"
    assert "编号" in report.lines[0].why
    first = table(any_app)["1"].id
    assert table(any_app)["x1"].card == first
    assert take(any_app, other[2:], "别处", complete=True).withdrawn == 2
    assert table(any_app)["x1"].status == "withdrawn"
    assert table(any_app)["1"].status == "live"
    assert outcomes(take(any_app, other, "别处", complete=True))[:2] == ["near-repeat", "updated"]
    assert table(any_app)["x1"].status == "live"


def test_a_list_that_lost_most_withdraws_nothing(any_app: App) -> None:
    many = [{"ref": str(n), "title": f"岗位{n}", "company": f"公司{n}"} for n in range(30)]
    take(any_app, many, complete=True)
    report = take(any_app, many[:3], complete=True)
    assert report.withdrawn == 0
    assert "超过一半" in report.notes[0]


def test_staff_decide_and_a_refused_one_does_not_come_back_under_another_number(any_app: App) -> None:
    take(any_app, [FRAUD, ROWS[3]])
    now, key = any_app.clock.now(), table(any_app)["f"].id
    with any_app.database.writing() as connection:
        assert [row["id"] for row in store.listed(connection, "held", 10)] == [key]
        assert store.decide(connection, key, "live", "王老师", now) == "打字员"
        with pytest.raises(store.PostingError):
            store.decide(connection, key, "live", "王老师", now)
        store.decide(connection, table_id := table(any_app)["4"].id, "refused", "王老师", now)
    assert (table(any_app)["f"].status, table(any_app)["f"].reviewed_by) == ("live", "王老师")
    assert set(outcomes(take(any_app, [FRAUD, ROWS[3]]))) == {"same"}
    report = take(any_app, [{**ROWS[3], "ref": "44"}])
    assert outcomes(report) == ["held"]
    assert "没有用的一条相同" in report.lines[0].why
    assert outcomes(take(any_app, [{**ROWS[3], "text": "改了内容"}])) == ["held"]
    assert table(any_app)["4"].id == table_id


def test_what_is_over_goes_and_the_next_takes_the_card(any_app: App) -> None:
    take(any_app, [{**ROWS[0], "deadline": "2026-11-30"}, ROWS[1], {"ref": "old", "title": "客服", "company": "庚公司", "posted": "2026-09-01"}])
    assert table(any_app)["2"].card == table(any_app)["1"].id
    any_app.clock.advance(timedelta(days=20))
    with any_app.database.writing() as connection:
        assert store.expire(connection, any_app.clock.today(), any_app.clock.now()) == 2
    held = table(any_app)
    assert {ref: row.status for ref, row in held.items()} == {"1": "expired", "2": "live", "old": "expired"}
    assert held["2"].card == held["2"].id
    any_app.clock.advance(timedelta(days=90))
    with any_app.database.writing() as connection:
        assert store.expire(connection, any_app.clock.today(), any_app.clock.now()) == 1


def test_pay_far_above_its_like_is_told(any_app: App) -> None:
    usual = [{"ref": str(n), "title": "文员", "company": f"公司{n}", "city": "贵阳", "pay": f"{4000 + 50 * n}元/月"} for n in range(12)]
    take(any_app, usual)
    take(any_app, [{"ref": "rich", "title": "文员", "company": "辛公司", "city": "贵阳", "pay": "30000元/月"}])
    assert [reason["rule"] for reason in table(any_app)["rich"].reasons] == ["P01"]


def test_a_release_is_kept_while_others_are_written(any_app: App) -> None:
    """A row that came in between look and write is updated, not inserted twice."""
    found = numbered(enumerate(ROWS[:1], 2))
    report = replace(take(any_app, ROWS[:1]))
    assert outcomes(report) == ["inserted"]
    with any_app.database.writing() as connection:
        connection.execute(update(Posting).values(digest=b"other"))
        slot = store.Slot(store.each_read(found, TODAY)[0].columns, "live", reading=found[0])
        slot.root = slot
        store.write(connection, "测试", [slot], any_app.clock.now())
    assert list(table(any_app)) == ["1"]
