"""PDF as paragraphs, by pdfium or, where that fails, by pypdf."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator

from knowledge.extract import BROKEN, ENCRYPTED, GARBLED, SCANNED, TOO_MANY_PAGES, Block, ExtractError, Limits
from knowledge.extract.characters import cleaned

UNIT = re.compile(
    r"\s*(第[一二三四五六七八九十百零〇\d]+[编章节条]|[一二三四五六七八九十]+[、.．]|[（(][一二三四五六七八九十\d]+[）)]|\d{1,3}[、.．](?!\d)|[①-⑳]|附件|[-*|#])"
)
"""What begins a new paragraph even where the line before was full."""
SPACED = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef]) +(?=[\u3000-\u9fff\uff00-\uffef,.:;()\d])|(?<=[,:;()\d]) +(?=[\u3000-\u9fff\uff00-\uffef])")
"""Spaces that stand between characters only because of the layout."""
PAGE_NUMBER = re.compile(r"[\s—–\-－·第]*\d{1,4}[\s—–\-－·页]*(/\s*\d+)?")


def pages(data: bytes, limits: Limits) -> list[str]:
    """By pdfium: measured on Chinese notices, it puts no spaces between characters and names radicals rightly."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise ExtractError(ENCRYPTED if "password" in str(error).lower() else BROKEN) from error
    few_enough(len(document), limits)
    return readable([page.get_textpage().get_text_range() for page in document])


def pages_again(data: bytes, limits: Limits) -> list[str]:
    """By pypdf, which mends some broken files."""
    from pypdf import PdfReader

    document = PdfReader(io.BytesIO(data))
    if document.is_encrypted and not document.decrypt(""):
        raise ExtractError(ENCRYPTED)
    few_enough(len(document.pages), limits)
    return readable([page.extract_text() for page in document.pages])


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
