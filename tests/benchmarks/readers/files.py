"""Files that staff and graduates bring: tables, feeds, documents, résumés, laws, policy entries, backups."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bot import arrivals, backup, curation, documents, ledger
from bot.app import App
from knowledge import tables
from knowledge.extract import ExtractError
from knowledge.extract import Limits as FileLimits
from knowledge.extract import __main__ as child
from knowledge.ledger import cells, intake
from knowledge.policy import documents as papers
from knowledge.policy import entry
from knowledge.policy.documents import Given
from knowledge.postings import drafts, feeds
from knowledge.resume.extract import from_bytes
from knowledge.resume.rules import review
from tests.benchmarks.readers.samples import NOW, SAMPLES, TODAY, Reader, samples
from tests.knowledge.files import NOTICE, docx, paragraph, pdf


def files(app: App) -> dict[str, Reader]:
    people = "姓名,学号,身份证号,手机号,学历,毕业时间,毕业去向,群体\n张三,2026001,11010519491231002X,13800138000,本科,2026-06-30,未就业,低保、残疾\n"
    jobs = "岗位名称,单位,城市,薪资,学历,截止日期,链接\n会计,甲公司,贵阳,5-8K·13薪,本科,2026-12-31,https://a.cn/1\n"
    objects_ = json.dumps([{"岗位名称": "会计", "单位": "甲", "薪资": [1, 2.5, None], "城市": {"a": "贵阳"}}], ensure_ascii=False).encode()
    books = [tables.workbook([row.split(",") for row in text.splitlines()]) for text in (people, jobs)]
    rss = samples("feeds/*.xml")
    notice = "\n".join(NOTICE).encode()
    page = (
        b"<html><head><meta name='PubDate' content='2026-03-05'><title>a_b</title></head><body><h1>"
        + notice
        + b"</h1><p>x<table><tr><td>y</body></html>"
    )
    front = b"---\ntitle: a\npages: 2\nfont: 9\nvalid_to: 2026-12-31\n---\n# " + notice
    resumes = [path.read_bytes() for path in sorted((SAMPLES / "resumes").glob("*.txt"))]
    laws = json.dumps({"law": "劳动法", "version": "2018-12-29", "chapter": "一", "article": "第一条", "text": "为了"}, ensure_ascii=False).encode()
    policy = (Path(entry.__file__).parent / "data" / "agreement.toml").read_bytes()
    head = policy[: policy.index(b"[[entry]]", policy.index(b"[[entry]]") + 9)]
    held = json.dumps([json.loads(item.model_dump_json()) for item in [*app.search.knowledge.entries.values()][:2]], ensure_ascii=False).encode()
    wide = [people.encode(), people.encode("gb18030"), jobs.encode(), jobs.encode("utf-16"), objects_, *objects_.split(b"\n")]
    return {
        "a table": Reader(lambda body: opened_again(tables.read(body, "a.csv" if body[:1] == b"x" else "")), [*wide, *books]),
        "a workbook, inside": Reader(lambda body: tables.read(repacked(body, books[0], "xl/worksheets/sheet1.xml")), [inside(books[0])]),
        "postings of a table": Reader(postings, wide[2:] + books[1:]),
        "a ledger's table": Reader(records, wide[:2] + books[:1]),
        "feed: rss": Reader(lambda body: read_all(feeds.feeds()["rss"](body)), rss),
        "feed: table": Reader(lambda body: read_all(feeds.feeds()["table"](body)), wide[2:]),
        "a document, as text or page": Reader(document, [notice, front, page]),
        "a Word file, inside": Reader(word_inside, [inside(word_file(), "word/document.xml")]),
        "a PDF": Reader(lambda body: file_in_process(body, "layout"), [pdf([NOTICE])]),
        "a file in its child": Reader(lambda body: review(from_bytes(body, "a.md"), TODAY), [front, *resumes[:2], word_file(), pdf([NOTICE])]),
        "laws": Reader(lambda body: [*papers.laws([*documents.rows(body)], Given())], [laws, laws + b"\n" + laws]),
        "policy entries, TOML": Reader(lambda body: entry.read(body.decode("utf8", "replace"), "a"), [head]),
        "policy entries, JSON": Reader(partial(from_path, lambda path: curation.items_of(path), ".json"), [held]),
        "a backup": Reader(partial(from_path, opened_backup, ".zip"), [archive()]),
    }  # fmt: skip


def opened_again(table: tables.Table) -> object:
    """What came in goes out in a report."""
    return tables.workbook([table.header, *table.rows[:5]]), tables.comma(table.rows[:5])


def postings(body: bytes) -> object:
    found = arrivals.taken(body, "a.csv", "", {}, [])
    return [drafts.read(reading, TODAY) for reading in found.readings[:5]]


def read_all(found: list[drafts.Draft]) -> object:
    return [drafts.read(drafts.begun(draft, 1), TODAY) for draft in found[:5]]


def records(body: bytes) -> object:
    table = tables.read(body)
    known = intake.columns_of(table.header, {})
    rows = [dict(zip(table.header, row, strict=True)) for row in table.rows[:5]]
    read = [cells.read({key: row[column] for column, key in known.items()}, {"未就业": "待就业"}) for row in rows]
    lines = [intake.Line(number, "refused", "、".join(wrong)) for number, (_, wrong) in zip(table.numbers, read, strict=False)]
    return tables.sheets(ledger.reported(table, intake.Imported(known, [], lines)))


def document(body: bytes) -> object:
    from knowledge.extract import Extract

    kind, blocks, facts = child.read(body, FileLimits(), "first")
    found = Extract(kind, tuple(blocks), facts)
    return papers.draft(found, Given(), body)


def inside(book: bytes, name: str = "xl/worksheets/sheet1.xml") -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as packed:
        return packed.read(name)


def repacked(body: bytes, book: bytes, name: str) -> bytes:
    """The same package with another member."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.namelist():
            new.writestr(member, body if member == name else old.read(member))
    return out.getvalue()


def word_file() -> bytes:
    return docx("".join(map(paragraph, NOTICE)))


def word_inside(body: bytes) -> object:
    return file_in_process(repacked(body, word_file(), "word/document.xml"), "layout")


def file_in_process(body: bytes, reader: str) -> object:
    """What the child does, without the child: in it any exception is the sentence that the file is broken."""
    try:
        _, blocks, facts = child.read(body, FileLimits(), reader)
        return list(child.within(blocks, FileLimits())), facts
    except Exception as error:  # the child ends, its parent says so
        raise ExtractError("broken") from error


def from_path(read: Callable[[Path], object], ending: str, body: bytes) -> object:
    with tempfile.NamedTemporaryFile(suffix=ending) as held:
        held.write(body)
        held.flush()
        return read(Path(held.name))


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        manifest = {"kind": "sqlite", "revision": "0015", "at": NOW.isoformat(), "bytes": 3, "rows": {}, "sha256": hashlib.sha256(b"abc").hexdigest()}
        new.writestr(backup.MANIFEST, json.dumps(manifest))
        new.writestr(backup.BODY, b"abc")
    return out.getvalue()


def opened_backup(path: Path) -> object:
    with backup.explained(), backup.opened(path) as held, tempfile.TemporaryDirectory() as folder:
        manifest = backup.described(held)
        backup.unpacked(held, Path(folder) / "body", manifest)
        return manifest
