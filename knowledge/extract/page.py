"""Web pages, Markdown and plain text: decoding, the part of a page that is no menu, paragraphs and headings."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from knowledge.extract import UNKNOWN, Block, ExtractError


def decoded(data: bytes) -> str:
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(name, "replace")
    for name in ("utf-8", "gb18030"):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        odd = sum(unicodedata.category(c) in ("Cc", "Co", "Cn", "Cs") and c not in "\r\n\t\f\ue5e5" for c in text[:20_000])
        rare = sum(not (c.isascii() or "\u4e00" <= c <= "\u9fff" or "\u2000" <= c <= "\u33ff" or c > "\uff00") for c in text[:20_000])
        if odd * 100 <= len(text[:20_000]) and (name == "utf-8" or rare * 10 <= len(text[:20_000])):
            return text
    raise ExtractError(UNKNOWN)


DROPPED = {
    "script",
    "style",
    "noscript",
    "template",
    "iframe",
    "svg",
    "nav",
    "header",
    "footer",
    "aside",
    "form",
    "button",
    "select",
    "head",
    "title",
}
BLOCKS = {"p", "div", "section", "article", "main", "li", "ul", "ol", "dl", "dt", "dd", "table", "tbody", "thead", "tr", "td", "th", "blockquote",
          "pre", "center", "body", "hr", "figure", "h1", "h2", "h3", "h4", "h5", "h6"}  # fmt: skip
META = {"articletitle": "title", "pubdate": "date", "contentsource": "issuer"}
"""Meta tags that government sites must carry (《政府网站发展指引》 2017, annex 2)."""


def blocks(text: str) -> tuple[list[Block], dict[str, str]]:
    from lxml import html

    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    facts = {META[name]: node.get("content", "") for node in root.iter("meta") if (name := node.get("name", "").lower()) in META}
    heading = next((line for node in (*root.iter("h1"), *root.iter("title")) if (line := " ".join(node.text_content().split()))), "")
    facts.setdefault("title", re.split(r"[_|]| - |——", heading)[0].strip())
    body = root.find("body")
    found: list[Block] = []
    if body is not None:
        flow(main_part(body), found, [])
    return found, {key: value for key, value in facts.items() if value}


def own_text(node: Any) -> int:
    """Characters that are no link: what menus lack."""
    if not isinstance(node.tag, str) or node.tag in DROPPED or node.tag == "a":
        return 0
    return len((node.text or "").strip()) + sum(own_text(child) + len((child.tail or "").strip()) for child in node)


def main_part(node: Any) -> Any:
    """The innermost element with nearly all text that is no link."""
    while len(node):
        weights = [own_text(child) for child in node]
        best = weights.index(max(weights))
        if node[best].tag in ("p", "table", "ul", "ol") or weights[best] < 0.9 * own_text(node):
            return node
        node = node[best]
    return node


def flow(node: Any, found: list[Block], line: list[str], level: int = 0) -> None:
    def flush() -> None:
        found.append(Block("".join(line), level))
        line.clear()

    line.append(re.sub(r"\s+", " ", node.text or ""))
    for child in node:
        if isinstance(child.tag, str) and child.tag not in DROPPED:
            cells = [" ".join(cell.text_content().split()) for cell in child.iterchildren("td", "th")] if child.tag == "tr" else []
            if len(cells) > 1 and child.find(".//table") is None:
                flush()
                found.append(Block(" | ".join(cell for cell in cells if cell)))
            elif child.tag in BLOCKS:
                flush()
                flow(child, found, line, int(child.tag[1]) if re.fullmatch(r"h[1-6]", child.tag) else 0)
            elif child.tag == "br":
                flush()
            else:
                flow(child, found, line, level)
        line.append(re.sub(r"\s+", " ", child.tail or ""))
    if node.tag in BLOCKS:
        flush()


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """What stands between two lines of --- at the top as `key: value`, and the rest."""
    found = re.match(r"\s*---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", text, re.DOTALL)
    rows = [re.fullmatch(r"\s*([\w-]+)\s*[:：]\s*(.*?)\s*", row) for row in found[1].splitlines() if row.strip()] if found else []
    if found is None or not all(rows):
        return {}, text
    return {row[1].lower(): row[2].strip("\"'") for row in rows if row}, text[found.end() :]


def lines(text: str, *, marked: bool) -> Iterator[Block]:
    for line in text.splitlines():
        heading = re.match(r"(#{1,6})\s+(.*?)\s*#*\s*$", line) if marked else None
        yield Block(heading[2], len(heading[1])) if heading else Block(re.sub(r"\*\*(\S.*?)\*\*", r"\1", line) if marked else line)
