"""The child: takes a file on standard input, confines itself, reads it, and writes the blocks as JSON."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from knowledge.extract import (
    EMPTY,
    NO_TEXT,
    OLD_WORD,
    PACKED,
    PICTURE,
    RICH,
    TOO_LONG,
    Block,
    ExtractError,
    Kind,
    Limits,
    is_pdf,
    is_picture,
    page,
    pdf,
    picture,
    word,
)  # fmt: skip
from knowledge.extract.characters import cleaned

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0", OLD_WORD), (b"{\\rtf", RICH), (b"Rar!", PACKED), (b"7z\xbc\xaf", PACKED), (b"\x1f\x8b", PACKED),
)  # fmt: skip


def main() -> None:
    limits = Limits(**json.loads(sys.argv[1]))
    out, sys.stdout = sys.stdout, sys.stderr  # a library's chatter must not stand in the answer
    data = sys.stdin.buffer.read()
    confine(limits)
    try:
        kind, blocks, facts = read(data, limits, sys.argv[2])
        kept = list(within(blocks, limits))
        if not kept:
            raise ExtractError(NO_TEXT)
        answer: dict[str, Any] = {"kind": kind, "blocks": kept, "facts": {key: cleaned(value)[:500] for key, value in facts.items()}}
    except ExtractError as error:
        answer = {"problem": str(error), "spent": time.process_time()}
    out.write(json.dumps(answer))
    out.flush()


def confine(limits: Limits) -> None:
    """Limits of the system, which hold for root too, and no way to other programs or the network from Python."""
    if sys.platform != "win32":
        import os
        import resource

        os.nice(5)  # who waits for an answer goes before who waits for a file

        for what, most in (
            (resource.RLIMIT_AS, limits.memory_bytes),
            (resource.RLIMIT_CPU, limits.cpu_seconds),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(what, (most, most))

    def refuse(event: str, _: object) -> None:
        if event.startswith(("socket.connect", "socket.bind", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn")):
            raise PermissionError(event)

    sys.addaudithook(refuse)


def within(blocks: Iterable[Block], limits: Limits) -> Iterator[tuple[str, int, int, int]]:
    total = 0
    for block in blocks:
        text = cleaned(block.text)
        total += len(text)
        if total > limits.characters:
            raise ExtractError(TOO_LONG)
        if text:
            yield text, block.level, block.page, block.column


def read(data: bytes, limits: Limits, reader: str) -> tuple[Kind, Iterable[Block], dict[str, str]]:
    if not data.strip():
        raise ExtractError(EMPTY)
    layout = reader.startswith("layout")
    if reader.endswith("picture"):
        blocks, facts = picture.read(data, limits)
        return ("pdf" if is_pdf(data) else "picture"), blocks if layout else pdf.paragraphs(by_page(blocks)), facts
    if is_pdf(data):
        if layout:
            return "pdf", *pdf.laid_out(data, limits, again=reader.endswith("again"))
        pages = pdf.pages(data, limits) if reader == "first" else pdf.pages_again(data, limits)
        return "pdf", pdf.paragraphs(pages), {}
    if data.startswith(b"PK"):
        return "docx", *word.read(data, limits, layout=layout)
    if is_picture(data):
        raise ExtractError(PICTURE)
    for magic, problem in MAGIC:
        if data.startswith(magic):
            raise ExtractError(problem)
    text = page.decoded(data)
    if re.search(r"<(!doctype html|html|head|body|div|p|table|meta|h[1-6])[\s>]", text[:4000], re.IGNORECASE):
        return "html", *page.blocks(text)
    facts, body = page.front_matter(text)
    marked = bool(facts) or re.search(r"^#{1,6} \S", body, re.MULTILINE)
    return ("markdown" if marked else "text"), page.lines(body, marked=bool(marked)), facts


def by_page(blocks: Iterable[Block]) -> list[str]:
    return ["\n".join(block.text for block in lines) for _, lines in groupby(blocks, lambda block: block.page)]


if __name__ == "__main__":
    main()
