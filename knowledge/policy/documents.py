"""The office's own documents in the database: what they are called, their passages, replacing, withdrawing. No files, no wording."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import Connection, ForeignKey, Index, String, Text, func, insert, select, true, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base, Id
from knowledge.extract import Extract
from knowledge.policy import regions
from knowledge.policy.passages import Document, Passage, split
from knowledge.policy.store import VERSION
from knowledge.words import words

TOP, END = 15, 12
"""Blocks at the beginning where title, number and issuer stand, and at the end where the signature does."""
DATE = re.compile(r"(\d{4}) ?[年./-] ?(\d{1,2}) ?[月./-] ?(\d{1,2}) ?日?")
NUMBER = re.compile(r"[\u4e00-\u9fff]{1,14}(?:规)?[〔\[(（【]\d{4}[〕\])）】] ?\d{1,4} ?号")
"""发文字号 (GB/T 9704-2012, 7.2.5): the issuer's sign, the year in 〔〕, the running number."""
TITLE_END = re.compile(
    r"(通知|通告|公告|办法|意见|细则|规定|条例|方案|指南|规程|决定|函|批复|解读|问答|清单|须知|法|解释|措施|规划|制度)([（(][^）)]*[）)])?$"
)
ISSUER = re.compile(r"[\u4e00-\u9fff、 ]{2,60}(厅|局|部|委员会|委|政府|办公室|中心|院|大学|学院|学校|处|国务院|人大)")
VALID_TO = re.compile(rf"有效期(?:限)?(?:至|到|截至|截止到?)[::]? ?{DATE.pattern}")
STATUSES = {"current": "生效", "withdrawn": "已撤下"}


class DocumentError(ValueError):
    """A document that cannot be taken in; the message is one sentence, to be put behind the file's name."""


class PolicyDocument(Base):
    """One document. `edition` is the count of changes to all documents at which this one last changed."""

    __tablename__ = "policy_document"
    __table_args__ = (Index("ix_policy_document_status", "status"), Index("ix_policy_document_edition", "edition"))

    id: Mapped[Id]
    title: Mapped[str] = mapped_column(String(200))
    number: Mapped[str] = mapped_column(String(80))
    issuer: Mapped[str] = mapped_column(String(120))
    dated: Mapped[date]
    region: Mapped[str] = mapped_column(String(20))
    valid_to: Mapped[date | None]
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(10))
    author: Mapped[str] = mapped_column(String(64))
    imported_at: Mapped[datetime]
    edition: Mapped[int]


class PolicyPassage(Base):
    """One passage of a document, in the order of ids."""

    __tablename__ = "policy_passage"

    id: Mapped[Id]
    document_id: Mapped[int] = mapped_column(ForeignKey("policy_document.id", ondelete="CASCADE"), index=True)
    section: Mapped[str] = mapped_column(String(300))
    heads: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class Draft:
    """A document before it is stored; its id is 0."""

    document: Document
    passages: Sequence[Passage]
    digest: str


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody says of a document; empty where the document is to say it itself."""

    title: str = ""
    number: str = ""
    issuer: str = ""
    dated: date | None = None
    region: str = ""
    valid_to: date | None = None


# --- reading what a document is


def days(text: str) -> Iterator[date]:
    """The dates of a text, 2026年3月5日 or 2026-03-05."""
    for year, month, number in DATE.findall(text):
        with suppress(ValueError):  # the 31st of a short month
            yield date(int(year), int(month), int(number))


def day(text: str) -> date | None:
    return next(days(text), None)


def draft(found: Extract, given: Given, data: bytes) -> Draft:
    """A document from its text: what was not given is read from its front matter, its first lines and its signature.

    Raises:
        DocumentError: no title or no date.
    """
    texts = [block.text for block in found.blocks]
    facts = found.facts if found.kind != "html" else {"title": found.facts.get("title", "")}
    title = given.title or facts.get("title", "") or titled(found)
    if not title:
        raise DocumentError('看不出标题,请加上 --title "文件标题"')
    number = given.number or facts.get("number", "") or next((match[0] for line in texts[:TOP] if (match := NUMBER.search(line))), "")
    dated = given.dated or day(facts.get("date", "")) or signed(texts) or day(found.facts.get("date", ""))
    if dated is None:
        raise DocumentError("看不出日期,请加上 --date,写法如 2026-03-05")
    issuer = given.issuer or facts.get("issuer", "") or issued(texts) or found.facts.get("issuer", "")
    region = place_of(given.region or facts.get("region", ""), f"{title}\n{issuer}")
    said = VALID_TO.search("\n".join(texts))
    valid_to = given.valid_to or day(facts.get("valid_to", "") or facts.get("valid-to", "")) or (day(said[0]) if said else None)
    document = Document(0, title[:200], "".join(number.split())[:80], issuer[:120], dated, region, valid_to)
    return Draft(document, split(found.blocks, title), hashlib.sha256(data).hexdigest())


def titled(found: Extract) -> str:
    """The first heading by its style, or the first lines up to one that ends as titles do."""
    styled = next((block.text for block in found.blocks[:TOP] if block.level == 1), "")
    if styled:
        return " ".join(styled.split())
    held: list[str] = []
    for block in found.blocks[:TOP]:
        line = " ".join(block.text.split())
        held = [] if NUMBER.search(line) or re.search(r"文件$|[。:：;；]", line) else [*held, line][-3:]
        if held and TITLE_END.search(line):
            first = next((at for at in range(len(held)) if re.match(r"关于|.{2,40}关于", held[at])), len(held) - 1)
            return "".join(held[first:])
    return ""


def signed(texts: Sequence[str]) -> date | None:
    """The date of the signature, else the one that laws carry under their title."""
    lines = [line for text in texts for line in text.splitlines()]
    alone = [line for line in lines[-END:] if DATE.fullmatch(line.strip())]
    if alone:
        return day(alone[-1])
    near = (line for line in lines[:TOP] if len(line) <= 60 and re.search(rf"^[（(]?{DATE.pattern}|通过|公布|发布|印发|修正|修订|日期", line))
    return max((found for line in near for found in days(line)), default=None)


def issued(texts: Sequence[str]) -> str:
    """Who signs: the line before the date at the end, else the head of the paper."""
    lines = [line.strip() for text in texts for line in text.splitlines()]
    for at in range(len(lines) - 1, max(0, len(lines) - END), -1):
        if DATE.fullmatch(lines[at]) and ISSUER.fullmatch(lines[at - 1]):
            return lines[at - 1]
    head = next((line for line in lines[:TOP] if line.endswith("文件") and ISSUER.fullmatch(line.removesuffix("文件"))), "")
    return head.removesuffix("文件")


def place_of(said: str, told: str) -> str:
    """The place a document holds for: as given, else the one in its title or issuer; empty for the whole country.

    Raises:
        DocumentError: a given place that is none.
    """
    if said in ("全国", "无"):
        return ""
    place = regions.find(words().normalise(said or told))
    if said and place is None:
        raise DocumentError(f"不认识地方「{said}」,请写省或市的名字,如 甘肃、兰州;全国的写 全国")
    return place.name if place else ""


def laws(rows: Iterable[dict[str, Any]], given: Given) -> Iterator[Draft | str]:
    """Laws from rows of one article each (law, version, chapter, article, text), or a sentence on what is wrong with one."""
    for title, articles in groupby(rows, key=lambda row: str(row.get("law", ""))):
        held = list(articles)
        dated = day(str(held[0].get("version", ""))) or given.dated
        if not title or not all(isinstance(row.get("text"), str) and row.get("article") for row in held):
            yield f"{title or '(没有 law)'}:每行要有 law、version、article、text"
        elif dated is None:
            yield f"{title}:没有版本日期(version),请补上,或加 --date"
        else:
            parts = [" ".join(f"{row.get('chapter') or ''} {row['article']}".split()) for row in held]
            passages = [Passage(part[:300], "", row["text"]) for part, row in zip(parts, held, strict=True)]
            digest = hashlib.sha256(json.dumps(held, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
            document = Document(0, title[:200], given.number, given.issuer, dated, place_of(given.region, title), given.valid_to)
            yield Draft(document, passages, digest)


# --- keeping

Result = Literal["added", "replaced", "same", "older"]
COLUMNS = [getattr(PolicyDocument, name) for name in ("id", "title", "number", "issuer", "dated", "region", "valid_to")]
EDITION = select(func.coalesce(func.max(PolicyDocument.edition), 0))


def edition(connection: Connection) -> int:
    """Grows with every change of the documents; every process compares it with that of its index."""
    return int(connection.execute(EDITION).scalar_one())


def weigh(connection: Connection, new: Draft) -> tuple[Result, list[int]]:
    """What taking a document in would do, and the current documents whose place it would take."""
    title, number = PolicyDocument.title == new.document.title, new.document.number
    numbers = PolicyDocument.number.in_((number, "")) if number else true()
    query = select(*COLUMNS, PolicyDocument.digest).where(
        PolicyDocument.status == "current", (title & numbers) | (PolicyDocument.digest == new.digest)
    )
    held = [(Document(*row[:7]), row.digest) for row in connection.execute(query)]
    if any(digest == new.digest and replace(document, id=0) == new.document for document, digest in held):
        return "same", []
    if any(document.dated > new.document.dated and digest != new.digest for document, digest in held):
        return "older", []
    return ("replaced" if held else "added"), [document.id for document, _ in held]


def take(connection: Connection, new: Draft, author: str, at: datetime) -> tuple[Result, int]:
    """Stores a document in the place of those it replaces. Returns what was done and the new id, 0 where nothing was."""
    connection.execute(VERSION.with_for_update())  # two who import at once do so one after the other
    result, gone = weigh(connection, new)
    if result in ("same", "older"):
        return result, 0
    number = edition(connection) + 1
    retire(connection, gone, number)
    document = new.document
    row = {name: getattr(document, name) for name in ("title", "number", "issuer", "dated", "region", "valid_to")}
    row |= {"digest": new.digest, "status": "current", "author": author, "imported_at": at, "edition": number}
    key = int(connection.execute(insert(PolicyDocument).values(row).returning(PolicyDocument.id)).scalar_one())
    rows = [{"document_id": key, "section": part.section, "heads": part.heads, "text": part.text} for part in new.passages]
    connection.execute(insert(PolicyPassage), rows)
    return result, key


def retire(connection: Connection, keys: Sequence[int], number: int) -> None:
    if keys:
        connection.execute(update(PolicyDocument).where(PolicyDocument.id.in_(keys)).values(status="withdrawn", edition=number))


def withdraw(connection: Connection, key: int) -> str | None:
    """Takes a document out of the answers; it stays in the database. Returns its title, None where no such one is current."""
    connection.execute(VERSION.with_for_update())
    query = select(PolicyDocument.title).where(PolicyDocument.id == key, PolicyDocument.status == "current")
    title: str | None = connection.execute(query).scalar()
    if title is not None:
        retire(connection, [key], edition(connection) + 1)
    return title


def listed(connection: Connection) -> list[tuple[Document, str, int]]:
    """Every document with its status and the number of its passages, by id."""
    query = (
        select(*COLUMNS, PolicyDocument.status, func.count(PolicyPassage.id))
        .outerjoin(PolicyPassage, PolicyPassage.document_id == PolicyDocument.id)
        .group_by(PolicyDocument.id)
        .order_by(PolicyDocument.id)
    )
    return [(Document(*row[:7]), row[7], row[8]) for row in connection.execute(query)]


def load(connection: Connection) -> list[tuple[Document, Passage]]:
    """The passages of all that is current, in the order they were written."""
    current = select(*COLUMNS).where(PolicyDocument.status == "current")
    documents = {row.id: Document(*row) for row in connection.execute(current)}
    if not documents:
        return []
    query = select(PolicyPassage).where(PolicyPassage.document_id.in_(documents)).order_by(PolicyPassage.id)
    return [(documents[row.document_id], Passage(row.section, row.heads, row.text)) for row in connection.execute(query)]
