"""A résumé as text: from a file, by the child process of `knowledge.extract`, or pasted. Lines that were wrapped are one again.

Says how far the reading can be trusted. Judges nothing that is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from knowledge.extract import Block, ExtractError, Limits, extract, opened
from knowledge.extract.characters import cleaned
from knowledge.resume.sections import BULLET, PERIOD, heading, is_head, plain

LIMITS = Limits(
    file_bytes=10_000_000, pages=10, members=500, unpacked_bytes=30_000_000, ratio=100, characters=30_000, memory_bytes=1_000_000_000,
    cpu_seconds=4, wall_seconds=4.5,
)  # fmt: skip
"""A résumé is small; with the second try of a broken PDF no file of text costs more than ten seconds. A picture has limits of its own."""
SHORT = "太短了,不像一份完整的简历。把整份简历的文字都贴过来,再看一次"
FOREIGN = "这份主要是外文,我现在只会看中文简历。有中文版就发中文版,或者请老师看"
LEAST = 40
"""Characters below which there is nothing to remark on."""


@dataclass(frozen=True, slots=True)
class Paper:
    """The text of a résumé, `name` the file's name if there was one, `look` how it looks (see `knowledge.extract`)."""

    text: str
    name: str = ""
    kind: str = "pasted"
    look: dict[str, str] = field(default_factory=dict)
    confidence: float = 1.0
    doubts: tuple[str, ...] = ()
    """What of the reading is unsure, a sentence each."""


def pasted(text: str) -> Paper:
    """
    Raises:
        ExtractError: too short to be a résumé, or far too long
    """
    seen = cleaned(re.sub(r"\*\*|^#+ +", "", text, flags=re.MULTILINE))
    fit(seen)
    if len(seen) > LIMITS.characters:
        raise ExtractError("这份文字太长,不像简历。只留简历本身再来")
    rows = seen.splitlines()
    longest = max(map(width, rows))
    wrapped = longest >= 60 and sum(width(row) >= 0.92 * longest for row in rows) >= 4  # copied out of a PDF
    return Paper("\n".join(joined(map(Block, rows))) if wrapped else seen)


def fit(text: str) -> None:
    """
    Raises:
        ExtractError: too short, or not in Chinese
    """
    if len(text) < LEAST:
        raise ExtractError(SHORT)
    if 4 * len(re.findall(r"[\u4e00-\u9fff]", text)) < len(re.findall(r"[A-Za-z]", text)):
        raise ExtractError(FOREIGN)


def from_file(path: Path) -> Paper:
    """
    Raises:
        ExtractError: one sentence on what to do
        OSError
    """
    return from_bytes(opened(path, LIMITS), path.name)


def from_bytes(data: bytes, name: str) -> Paper:
    """The same of a file that was sent, under the name its sender gave it.

    Raises:
        ExtractError: one sentence on what to do
    """
    found = extract(data, LIMITS, layout=True, recognise=True)
    text = "\n".join(joined(found.blocks) if found.kind in ("pdf", "picture") else (block.text for block in found.blocks))
    fit(text)
    first = sum(len(block.text) for block in found.blocks if block.page == 1)
    seen = found.facts if found.kind in ("pdf", "docx", "picture") else {}  # those of a page or of Markdown are the sender's own words
    look = {"columns": "1", "bytes": str(len(data)), **({"first": str(first)} if first else {}), **seen}
    doubts, sure = list(found.doubts), 0.98 if found.kind in ("docx", "text", "markdown") else 0.95
    if look["columns"] == "2":
        doubts.append("这份是左右两栏,我按先左后右读的,个别行的先后可能和你看到的不一样")
        sure -= 0.1
    if int(look.get("garbled", 0)) * 100 > len(text):
        doubts.append("有些字取出来是乱码,这些地方我看不到")
        sure -= 0.4
    if "recognised" in look:
        sure *= float(look["recognised"])
    elif "font" not in look and found.kind == "pdf":
        doubts.append("这份 PDF 不太规范,换了一种办法才读出来,先后可能有错")
        sure -= 0.2
    return Paper(text, name, found.kind, look, max(sure, 0.1), tuple(doubts))


def joined(blocks: Iterable[Block]) -> Iterator[str]:
    """Lines, each joined to the one before where that was full and this begins nothing new."""
    for _, run in groupby(blocks, lambda block: (block.page, block.column)):
        rows = [line.strip() for block in run for line in block.text.splitlines() if line.strip()]
        widths = sorted(map(width, rows))
        full = 0.88 * widths[int(0.95 * (len(widths) - 1))] if widths else 0
        held, last = "", 0
        for row in rows:
            if held and last >= max(full, 50) and goes_on(held, row):
                held += f" {row}" if held[-1].isascii() and held[-1].isalnum() and row[0].isascii() and row[0].isalnum() else row
            else:
                if held:
                    yield held
                held = row
            last = width(row)
        if held:
            yield held


def goes_on(before: str, row: str) -> bool:
    new, old = plain(row), plain(before)
    begins = BULLET.match(row) or heading(new) or PERIOD.search(new[:24]) or is_head(new, "work", first=False)
    return not (begins or re.search(r"[。;]$", old) or heading(old))


def width(line: str) -> int:
    return sum(1 if character.isascii() else 2 for character in line)
