"""A fraud that staff confirmed holds later postings of the same people, on both databases; nothing private is kept, and it can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.app import App
from bot.audit import Audit
from knowledge.cases import Case
from knowledge.ledger.seal import Seal
from knowledge.postings import proven
from knowledge.postings.proven import FraudError, FraudMark, ProvenFraud
from tests.bot.test_console import Browser, come, light, talker
from tests.bot.test_postings import outcomes, table, take

__all__ = ["come", "light"]
TEXT = "底薪六千,先交押金,加薇 Kx8807qq 或打 138 0013 8000 找刘主管,资料填在 https://www.zp-fake.vip/t 里"
PLAIN = "负责接待来访客户、整理档案、安排会议,双休,五险一金。"
LATER = [
    {"ref": "1", "title": "行政文员", "company": "甲公司", "text": PLAIN + "联系电话13800138000"},
    {"ref": "2", "title": "前台", "company": "乙公司", "text": PLAIN, "contact": "微信 kx8807qq"},
    {"ref": "3", "title": "会计", "company": "丙公司", "text": PLAIN, "url": "https://zp-fake.vip/jobs/3"},
    {"ref": "4", "title": "出纳", "company": "丁公司", "text": PLAIN + "电话13900139000"},
    {"ref": "5", "title": "司机", "company": "贵阳骗人服务有限公司", "text": PLAIN},
]


def confirm(app: App, text: str = TEXT, company: str = "贵阳骗人服务(有限公司)", who: str = "王老师") -> tuple[int, int]:
    with app.database.writing() as connection:
        return proven.confirm(connection, app.seal, text, company, who, app.clock.now())


def bring(app: App, rows: list[dict[str, str]], source: str = "测试", **options: Any) -> list[str]:
    return outcomes(take(app, rows, source, seal=app.seal, **options))


def test_later_postings_wait_for_staff_who_are_told_why(any_app: App) -> None:
    assert confirm(any_app)[1] == 0
    report = take(any_app, LATER, seal=any_app.seal)
    assert outcomes(report) == ["held", "held", "held", "inserted", "held"]
    assert "手机和王老师 2026-11-22 核实过的骗局相同" in report.lines[0].why
    assert [line.why.split("和王老师")[0] for line in report.lines if line.outcome == "held"] == ["手机", "微信", "网址", "单位"]
    assert "王老师" in str(table(any_app)["2"].reasons)


def test_live_postings_are_held_at_once(any_app: App) -> None:
    assert set(bring(any_app, LATER)) == {"inserted"}
    assert confirm(any_app)[1] == 4
    held = table(any_app)
    assert {ref for ref, row in held.items() if row.status == "held"} == {"1", "2", "3", "5"}
    assert "王老师" in held["1"].reasons[0]["say"]


def test_taken_back(any_app: App) -> None:
    number, _ = confirm(any_app)
    with any_app.database.writing() as connection:
        proven.withdraw(connection, number, "李老师", any_app.clock.now())
        assert proven.listed(connection) == []
    assert set(bring(any_app, LATER)) == {"inserted"}
    with any_app.database.writing() as connection, pytest.raises(FraudError):
        proven.withdraw(connection, number, "李老师", any_app.clock.now())


def test_nothing_private_is_kept(any_app: App) -> None:
    confirm(any_app)
    with any_app.database.reading() as connection:
        kept = str([connection.execute(select(each.__table__)).all() for each in (ProvenFraud, FraudMark)])
        marks = connection.execute(select(FraudMark.digest)).scalars().all()
    assert len(marks) == 4
    assert not [said for said in ("13800138000", "kx8807qq", "zp-fake", "刘", "骗人服务") if said in kept]
    assert not set(marks) & set(proven.digests(Seal(b"another key"), proven.marks(TEXT)))


def test_what_cannot_be_known_again_is_said(any_app: App) -> None:
    with pytest.raises(FraudError, match="认不出"):
        confirm(any_app, "先交五百块押金就能上班", "")
    with pytest.raises(FraudError, match="是谁"):
        confirm(any_app, who=" ")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("加V信:abc_12345", {"abc_12345": "微信"}),
        ("扣扣 123456789", {"123456789": "QQ"}),
        ("电话一三八零零一三八零零零", {"13800138000": "手机"}),
        ("hr@fake-job.cn 和 a1@qq.com", {"hr@fake-job.cn": "邮箱", "a1@qq.com": "邮箱"}),
        ("见 www.mohrss.gov.cn 和 zhipin.com,附件 a.pdf,身份证 11010119900307803X", {}),
    ],
)
def test_marks(text: str, found: dict[str, str]) -> None:
    assert proven.marks(text) == found


def test_in_the_console(any_app: App, come: Callable[..., Browser]) -> None:
    person = talker(any_app, "a", "你好")
    bring(any_app, LATER)

    def opened(kind: str) -> int:
        row = {"graduate_id": person, "conversation": "web::a", "kind": kind, "summary": f"有人收到可疑信息:{TEXT}", "opened_at": any_app.clock.now()}
        made: int = any_app.inbox.write(lambda connection: connection.execute(insert(Case).values(row).returning(Case.id)).scalar_one()).result(10)
        return made

    number, other = opened("scam"), opened("contract")
    boss = come("boss")
    assert "确认是骗局" in boss.get(f"/cases/{number}").text
    assert "确认是骗局" not in boss.get(f"/cases/{other}").text
    assert boss.post(f"/cases/{other}/fraud").status_code == 400
    assert boss.post(f"/cases/{number}/fraud", company="").status_code == 303
    page = boss.get("/postings").text
    assert "核实过的骗局" in page
    assert "管理员甲 2026-11-22 核实过的骗局相同" in page
    assert {row.status for ref, row in table(any_app).items() if ref in "123"} == {"held"}
    with any_app.database.reading() as connection:
        number = connection.execute(select(ProvenFraud.id)).scalar_one()
        assert "确认骗局" in connection.execute(select(Audit.what)).scalars().all()
    assert boss.post(f"/postings/frauds/{number}").status_code == 303
    assert "核实过的骗局</h2>" not in boss.get("/postings").text
    assert boss.post(f"/postings/frauds/{number}").status_code == 400
