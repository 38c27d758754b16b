"""A résumé out of answers: the text that the dialog, the report and the experts read, and the same as a Word file or a page. Adds no fact.

The PDF is made in `pdf`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from docx import Document
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

Style = Literal["plain", "columns"]
STYLES: dict[Style, str] = {"plain": "简洁", "columns": "分栏"}
EXPERIENCES = ("one", "two", "three")
HEADINGS = {"school": "教育背景", "told": "实习与实践经历", "skills": "技能", "certificates": "证书与获奖"}
SIDE = ("技能", "证书与获奖", "求职意向")
"""Headings of the narrow column."""
PERIOD = re.compile(r"(?:19|20)\d\d")
BULLET = re.compile(r"^\s*(?:[-•·●*]|\d{1,2}[.、)）])\s*")
FONT = "微软雅黑"


@dataclass(frozen=True, slots=True)
class Block:
    """A heading and its lines; those of `points` are things done."""

    heading: str
    lines: tuple[str, ...]


def clean(said: str) -> str:
    """Without signs that no document can hold."""
    return "".join(
        sign for sign in unicodedata.normalize("NFC", said) if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs", "Co", "Cn")
    )


def compose(said: Mapping[str, object]) -> str:
    """The answers in the order in which employers read; what was skipped is left out."""
    held = {key: text for key, value in said.items() if isinstance(value, str) and (text := clean(value).strip())}
    lines = [held.get("name", ""), held.get("contact", "")]
    lines += [f"求职意向:{held['goal']}"] if "goal" in held else []
    told = [experience(held[key]) for key in EXPERIENCES if key in held]
    blocks = {"school": rows(held.get("school", "")), "told": [row for each in told for row in each]}
    blocks |= {key: rows(held.get(key, "")) for key in ("skills", "certificates")}
    for key, heading in HEADINGS.items():
        if blocks[key]:
            lines += ["", heading, *blocks[key]]
    return "\n".join(lines).strip()


def rows(said: str) -> list[str]:
    return [line.strip() for line in said.split("\n") if line.strip()]


def experience(said: str) -> list[str]:
    """Where and when on the first line, then what was done, one thing a line."""
    lines = rows(said)
    pieces = [piece.strip() for piece in re.split(r"[。;\uff1b]", lines[0]) if piece.strip()]
    if len(lines) == 1 and pieces:
        head, *rest = pieces
        first, comma, more = head.replace("\uff0c", ",").partition(",")
        lines = [first, more, *rest] if comma and PERIOD.search(first) else [head, *rest]
    head, *done = lines if PERIOD.search(lines[0]) or len(lines[0]) <= 30 else ["", *lines]
    return [*([head] if head else []), *(f"- {BULLET.sub('', line)}" for line in done if line)]


def blocks(text: str) -> tuple[list[str], list[Block]]:
    """The head of a résumé's text, and its parts by the headings that `compose` writes; of any other text all is head."""
    head: list[str] = []
    found: list[tuple[str, list[str]]] = []
    for line in clean(text).split("\n"):
        said = line.strip()
        if said in HEADINGS.values():
            found.append((said, []))
        elif found and said:
            found[-1][1].append(said)
        elif said.startswith("求职意向:"):
            found.append(("求职意向", [said.removeprefix("求职意向:")]))
        elif said:
            head.append(said)
    return head, [Block(heading, tuple(lines)) for heading, lines in found]


def columns(found: list[Block], style: Style) -> tuple[list[Block], list[Block]]:
    """What stands in the narrow column, and in the wide one."""
    if style == "plain":
        return [], found
    return [each for each in found if each.heading in SIDE], [each for each in found if each.heading not in SIDE]


def title(text: str) -> str:
    """What a file is called, without its ending: who, and for what."""
    head, found = blocks(text)
    goal = next((block.lines[0] for block in found if block.heading == "求职意向" and block.lines), "简历")
    parts = (re.sub(r"[^\w·+#]+", "", part)[:20] for part in (*head[:1], re.split(r"[,;、\uff0c\uff1b]", goal)[0]))
    return "-".join(part for part in parts if part)


def word(text: str, style: Style = "plain") -> bytes:
    """A .docx on one page of A4, where it fits."""
    head, found = blocks(text)
    side, main = columns(found, style)
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin = section.bottom_margin = Cm(1.6)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(10.5)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    normal.paragraph_format.space_after = Pt(2)
    for number, line in enumerate(head):
        run = document.add_paragraph().add_run(line)
        run.bold, run.font.size = (True, Pt(20)) if number == 0 else (False, Pt(10.5))
    if not side:
        put(document, main)
    else:
        table = document.add_table(rows=1, cols=2)
        table.autofit = False
        for cell, part, width in zip(table.rows[0].cells, (side, main), (Cm(5), Cm(12)), strict=True):
            cell.width = width
            put(cell, part)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def put(into: object, found: list[Block]) -> None:
    """Headings in one colour, then the lines; things done are a list."""
    for block in found:
        run = into.add_paragraph().add_run(block.heading)  # type: ignore[attr-defined]
        run.bold, run.font.size, run.font.color.rgb = True, Pt(12), RGBColor(0x12, 0x68, 0x5A)
        for line in block.lines:
            point = line.startswith("- ")
            paragraph = into.add_paragraph(f"• {line[2:]}" if point else line)  # type: ignore[attr-defined]
            paragraph.paragraph_format.left_indent = Cm(0.4) if point else Cm(0)
