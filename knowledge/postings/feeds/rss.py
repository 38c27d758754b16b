"""RSS 2.0 and Atom: an item is a posting. Elements that a board adds (company, 薪资 …) are told by their names, as columns of a table are."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from lxml import etree, html

from knowledge.db import local_date
from knowledge.postings.drafts import Draft, drafted, named
from knowledge.postings.feeds import FeedError

NOT_XML = "这不是 RSS 或 Atom，请核对网址，或把打开后的内容存成文件看看"
KNOWN = {
    "guid": "ref",
    "id": "ref",
    "link": "url",
    "pubdate": "posted",
    "published": "posted",
    "updated": "posted",
    "summary": "text",
    "content": "text",
}
"""Elements of the formats themselves."""


def drafts(data: bytes) -> list[Draft]:
    """
    Raises:
        FeedError
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
    try:
        tree = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FeedError(NOT_XML) from error
    if tree.getroottree().docinfo.doctype or etree.QName(tree).localname not in ("rss", "feed", "RDF"):
        raise FeedError(NOT_XML)
    return [draft(item) for item in tree.iter("{*}item", "{*}entry")]


def draft(item: etree._Element) -> Draft:
    row: dict[str, str] = {}
    for child in item:
        name = etree.QName(child).localname
        cell = child.get("href") or "".join(child.itertext())
        row.setdefault(name, cell.strip())
    columns = {**named(row), **{name: KNOWN[name.lower()] for name in row if name.lower() in KNOWN}}
    if "updated" in row and ("published" in row or "pubDate" in row):
        del columns["updated"]
    found = dict(drafted(row, columns))
    if "text" in found:
        found["text"] = words(found["text"])
    if "posted" in found:
        found["posted"] = day(found["posted"])
    return found


def words(text: str) -> str:
    """The words of a piece of HTML."""
    if "<" not in text:
        return text
    tree = html.fromstring(f"<div>{text}</div>")
    for line in tree.iter("br", "p", "li", "div", "tr"):
        line.tail = "\n" + (line.tail or "")
    return "\n".join(filter(None, (line.strip() for line in "".join(tree.itertext()).splitlines())))


def day(told: str) -> str:
    """The day in China of a time as e-mails write it; else as told."""
    try:
        return local_date(parsedate_to_datetime(told)).isoformat()
    except (ValueError, TypeError, OverflowError):  # no time, or one at the end of the calendar
        return told
