"""Documents in the database: what they are called, replacing, withdrawing, laws by the article; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from knowledge.db import Database
from knowledge.extract import Block, Extract
from knowledge.policy import documents
from knowledge.policy.documents import DocumentError, Draft, Given, draft, laws
from knowledge.policy.passages import Document
from tests.knowledge.files import NOTICE

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    found = Database(url)
    yield found
    found.close()


def plain(*lines: str) -> Extract:
    return Extract("text", tuple(Block(line) for line in lines))


def read(*lines: str, given: Given | None = None, data: bytes = b"1") -> Draft:
    return draft(plain(*lines), given or Given(), data)


def test_a_notice_says_itself_what_it_is() -> None:
    assert read(*NOTICE).document == Document(
        0, NOTICE[0], "金人社发〔2026〕12号", "金城市人力资源和社会保障局", date(2026, 3, 5), "", date(2027, 12, 31)
    )
    gansu = read(
        "甘肃省财政厅文件", "甘财社〔2024〕152 号", "甘肃省财政厅关于印发", "《就业补助资金管理办法》的通知", "各市州:", "请执行。", "2024年12月30日"
    )
    assert gansu.document == Document(
        0, "甘肃省财政厅关于印发《就业补助资金管理办法》的通知", "甘财社〔2024〕152号", "甘肃省财政厅", date(2024, 12, 30), "甘肃"
    )


def test_a_law_says_when_it_was_passed_last() -> None:
    found = read("中华人民共和国劳动法", "(1994年7月5日通过 2018年12月29日修正)", "第一条 为了保护劳动者,制定本法。").document
    assert (found.title, found.dated) == ("中华人民共和国劳动法", date(2018, 12, 29))


def test_what_is_given_counts_before_what_is_read() -> None:
    given = Given("另一个标题", "兰人社发〔2026〕1号", "兰州市人社局", date(2026, 1, 1), "兰州市", date(2026, 12, 31))
    assert read(*NOTICE, given=given).document == Document(0, "另一个标题", given.number, given.issuer, date(2026, 1, 1), "兰州", date(2026, 12, 31))
    with pytest.raises(DocumentError, match="不认识地方「火星」"):
        read(*NOTICE, given=Given(region="火星"))
    assert read("甘肃省关于见习的通知", "2026年1月1日", given=Given(region="全国")).document.region == ""


def test_front_matter_and_the_tags_of_a_page() -> None:
    blocks = (Block("标准", 1), Block("给一半。"))
    front = {"title": "办法", "number": "甘人社规〔2025〕3号", "date": "2025-06-18", "region": "甘肃", "valid_to": "2030-06-17"}
    assert draft(Extract("markdown", blocks, front), Given(), b"").document == Document(
        0, "办法", "甘人社规〔2025〕3号", "", date(2025, 6, 18), "甘肃", date(2030, 6, 17)
    )
    page = Extract("html", (*blocks, Block("2025年6月18日")), {"title": "办法", "date": "2025-07-01 09:00", "issuer": "本站"})
    found = draft(page, Given(), b"").document
    assert (found.dated, found.issuer) == (date(2025, 6, 18), "本站"), "the day of the signature, not that of the upload"


@pytest.mark.parametrize(("lines", "word"), [(("给一半。", "2026年1月1日"), "--title"), (("关于见习的通知", "给一半。"), "--date")])
def test_what_cannot_be_read_is_asked_for(lines: tuple[str, ...], word: str) -> None:
    with pytest.raises(DocumentError, match=word):
        read(*lines)


def test_the_same_bytes_change_nothing_and_a_new_version_takes_the_place(database: Database) -> None:
    first = read(*NOTICE)
    newer = read(*NOTICE[:-1], "2026年6月1日", data=b"2")
    older = read(*NOTICE[:-1], "2025年6月1日", data=b"3")
    with database.writing() as connection:
        assert documents.edition(connection) == 0
        assert documents.take(connection, first, "王老师", NOW) == ("added", 1)
        assert documents.take(connection, first, "王老师", NOW) == ("same", 0)
        assert documents.edition(connection) == 1
        assert documents.take(connection, newer, "王老师", NOW) == ("replaced", 2)
        assert documents.take(connection, older, "王老师", NOW) == ("older", 0)
        assert [(held.id, status, passages) for held, status, passages in documents.listed(connection)] == [(1, "withdrawn", 6), (2, "current", 6)]
        assert {held.dated for held, _ in documents.load(connection)} == {date(2026, 6, 1)}
        corrected = replace(newer, document=replace(newer.document, region="甘肃"))
        assert documents.take(connection, corrected, "王老师", NOW)[0] == "replaced", "the same bytes with other facts"


def test_withdrawn_is_gone_until_it_is_imported_again(database: Database) -> None:
    first = read(*NOTICE)
    with database.writing() as connection:
        key = documents.take(connection, first, "王老师", NOW)[1]
        assert documents.withdraw(connection, key) == NOTICE[0]
        assert documents.withdraw(connection, key) is None
        assert documents.withdraw(connection, 99) is None
        assert documents.load(connection) == []
        assert documents.edition(connection) == 2
        assert documents.take(connection, first, "王老师", NOW)[0] == "added"
        assert [passage.text for _, passage in documents.load(connection)] == [passage.text for passage in first.passages]


def test_laws_by_the_article(database: Database) -> None:
    rows = [
        {
            "law": "劳动合同法",
            "version": "2012-12-28",
            "kind": "社会法",
            "chapter": "第一章\u3000总则",
            "article": "第一条",
            "text": "为了完善制度。",
        },
        {"law": "劳动合同法", "version": "2012-12-28", "kind": "社会法", "chapter": "第一章\u3000总则", "article": "第二条", "text": "适用本法。"},
        {"law": "广东省失业保险条例", "version": "2022-06-01", "chapter": "", "article": "第一条", "text": "制定本条例。"},
        {"law": "某规定", "version": "", "article": "第一条", "text": "无日期。"},
        {"law": "坏法", "version": "2020-01-01", "article": "第一条"},
    ]
    national, local, *problems = laws(rows, Given())
    assert isinstance(national, Draft)
    assert isinstance(local, Draft)
    assert [passage.section for passage in national.passages] == ["第一章 总则 第一条", "第一章 总则 第二条"]
    assert local.document.region == "广东"
    assert [str(problem)[:3] for problem in problems] == ["某规定", "坏法:"]
    with database.writing() as connection:
        assert documents.take(connection, national, "cli", NOW)[0] == "added"
        assert documents.take(connection, national, "cli", NOW)[0] == "same"
