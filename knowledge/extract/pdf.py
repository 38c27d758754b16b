"""PDF as paragraphs, by pdfium or, where that fails, by pypdf."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator
from itertools import chain
from typing import Any

from knowledge.extract import BROKEN, ENCRYPTED, GARBLED, SCANNED, TOO_MANY_PAGES, Block, ExtractError, Limits, columns
from knowledge.extract.characters import cleaned

UNIT = re.compile(
    r"\s*(第[一二三四五六七八九十百零〇\d]+[编章节条]|[一二三四五六七八九十]+[、.．]|[（(][一二三四五六七八九十\d]+[）)]|\d{1,3}[、.．](?!\d)|[①-⑳]|附件|[-*|#])"
)
"""What begins a new paragraph even where the line before was full."""
SPACED = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef]) +(?=[\u3000-\u9fff\uff00-\uffef,.:;()\d])|(?<=[,:;()\d]) +(?=[\u3000-\u9fff\uff00-\uffef])")
"""Spaces that stand between characters only because of the layout."""
PAGE_NUMBER = re.compile(r"[\s—–\-－·第]*\d{1,4}[\s—–\-－·页]*(/\s*\d+)?")


def opened(data: bytes, limits: Limits) -> Any:
    """By pdfium: measured on Chinese notices, it puts no spaces between characters and names radicals rightly."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise ExtractError(ENCRYPTED if "password" in str(error).lower() else BROKEN) from error
    few_enough(len(document), limits)
    return document


def pages(data: bytes, limits: Limits) -> list[str]:
    return readable([page.get_textpage().get_text_range() for page in opened(data, limits)])


def pages_again(data: bytes, limits: Limits) -> list[str]:
    """By pypdf, which mends some broken files."""
    from pypdf import PdfReader

    document = PdfReader(io.BytesIO(data))
    if document.is_encrypted and not document.decrypt(""):
        raise ExtractError(ENCRYPTED)
    few_enough(len(document.pages), limits)
    return readable([page.extract_text() for page in document.pages])


def laid_out(data: bytes, limits: Limits, *, again: bool) -> tuple[list[Block], dict[str, str]]:
    """Lines as they stand, the columns of a page one after the other; and how the file looks."""
    if again:
        texts = pages_again(data, limits)
        return [Block(line, 0, number) for number, text in enumerate(texts, 1) for line in text.splitlines()], {"pages": str(len(texts))}
    document = opened(data, limits)
    held = list(document)
    texts = readable([page.get_textpage().get_text_range() for page in held])
    drawn = [columns.letters(page) for page in held]
    facts = {"pages": str(len(held)), "author": document.get_metadata_value("Author"), **columns.look(held[0], chain(*drawn)), **odd(texts)}
    found: list[Block] = []
    for number, (page, letters, text) in enumerate(zip(held, drawn, texts, strict=True), 1):
        two = columns.ordered(letters, page.get_width())
        if two and any(column for _, column in two):
            facts["columns"] = "2"
        found += [Block(line, 0, number, column) for line, column in two or [(line, 0) for line in text.splitlines()]]
    return found, facts


def odd(texts: list[str]) -> dict[str, str]:
    """How many characters were radicals in the place of ordinary ones, and how many mean nothing."""
    text = "".join(texts)
    counts = {"radicals": len(re.findall(r"[\u2e80-\u2fdf]", text)), "garbled": len(re.findall(r"\ufffd|\(cid:\d+\)|[\ue000-\uf8ff]", text))}
    return {name: str(count) for name, count in counts.items() if count}


def few_enough(pages: int, limits: Limits) -> None:
    if pages > limits.pages:
        raise ExtractError(TOO_MANY_PAGES.format(pages=pages, limit=limits.pages))


def readable(pages: list[str]) -> list[str]:
    """The pages, where they hold text: watermarks and page numbers of a scan are none."""
    text = "".join("".join(page.split()) for page in pages)
    if len(text) < 8 * len(pages):
        raise ExtractError(SCANNED)
    odd = sum(character == "\ufffd" or unicodedata.category(character) in ("Co", "Cn", "Cc") for character in text)
    if odd > len(text) / 10:
        raise ExtractError(GARBLED)
    return pages


def paragraphs(pages: list[str]) -> Iterator[Block]:
    """Paragraphs from lines: a line goes on where the one before was full and no new clause begins."""
    rows = [
        (text, number, line.startswith(("  ", "\u3000")))
        for number, page in enumerate(pages, 1)
        for line in page.splitlines()
        if (text := SPACED.sub("", cleaned(line))) and not PAGE_NUMBER.fullmatch(text)
    ]
    widths = sorted(width(line) for line, *_ in rows)
    full = 0.85 * widths[int(0.9 * (len(widths) - 1))] if widths else 0
    held, begun, last = "", 0, 0
    for line, page, indented in rows:
        if held and last >= full and not indented and not UNIT.match(line):
            latin = held[-1:].isascii() and held[-1:].isalnum() and line[:1].isascii()
            held += f" {line}" if latin else line
        else:
            if held:
                yield Block(held, 0, begun)
            held, begun = line, page
        last = width(line)
    if held:
        yield Block(held, 0, begun)


def width(line: str) -> int:
    return sum(1 if character.isascii() else 2 for character in line)
