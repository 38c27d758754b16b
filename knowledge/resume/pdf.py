"""A résumé as a PDF on one page of A4, in the styles of the Word file. Where lines break and how small letters become; adds no fact.

Lines are broken here: reportlab's own paragraphs begin lines with Chinese commas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import groupby

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfgen.canvas import Canvas

from knowledge.resume.draft import Block, Style, blocks, columns
from knowledge.resume.glyphs import CHINESE, drawn, font

registerFont(UnicodeCIDFont(CHINESE))
INK, ACCENT = HexColor(0x1D2A2B), HexColor(0x12685A)
LEFT, TOP, GAP = 18 * mm, 16 * mm, 8 * mm
WIDTH, BOTTOM = A4[0] - 2 * LEFT, A4[1] - TOP
SIDE = (WIDTH - GAP) / 3.4
"""The narrow column, as on the page in the browser."""
HALF = (WIDTH - GAP) / 2
STEPS = ((10.5, 1.6), (10.5, 1.45), *((quarter / 4, 1.4) for quarter in range(41, 23, -1)), (5.5, 1.3))
"""Size of a letter in points and height of a line in letters: less air, then smaller, down to 七号, the smallest that is read on paper."""
SEVERAL = (9.0, 1.45)
OPENING = r"(\[{\uff08\uff3b\uff5b〔《〈「『【〖“‘"
CLOSING = r"!),.:;?\]}%~\-、。\uff0c\uff0e\uff1a\uff1b\uff1f\uff01\uff09\uff3d\uff5d〕》〉」』】〗”’…—\uff5e·\uff05‰℃"
WORD = r"(?:(?![(\[{](?![!-~]))[!-+\--:<-~\u00a1-\u024f\u2013€™]|,(?=\d))"
PIECE = re.compile(rf"[{OPENING}]*(?:{WORD}+|.)[{CLOSING}]*\s*", re.DOTALL)
"""What stays on a line: a word or a character, with what may not begin or end a line."""


@dataclass(frozen=True, slots=True)
class Look:
    """Of one kind of line, measured in letters of the text: the letter, the air above and below it, the room that must follow it on its page."""

    size: float = 1
    above: float = 0
    below: float = 0
    followed: float = 0
    indent: float = 0
    colour: Color = INK
    strong: bool = False
    ruled: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line in points; `mark` stands before what is indented."""

    look: Look
    text: str
    mark: str
    width: float
    letter: float
    above: float
    tall: float
    followed: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: the page from 0, its left edge and its upper one, from above."""

    page: int
    left: float
    top: float
    row: Row


NAME, LINE, POINT, NEXT = Look(1.9, below=0.1, strong=True), Look(), Look(indent=1), Look(above=0.3)
HEADING = Look(1.15, above=0.7, below=0.35, followed=2, colour=ACCENT, strong=True, ruled=True)
Said = tuple[Look, str]
Column = tuple[float, float, list[Said]]
"""Left edge, width, and what stands in it."""
Layout = tuple[list[Said], list[Column]]
Step = tuple[float, float]


def written(text: str, style: Style = "plain") -> bytes:
    """On one page of A4; what is too long even so (a file of several pages that was sent) on several."""
    head, found = blocks(text)
    return saved(fitted(list(layouts(head, found, style))), head[0] if head else "")


def layouts(head: list[str], found: list[Block], style: Style) -> Iterator[Layout]:
    """From the best to the one that holds the most."""
    for first, each in ((head, found), ([*head[:1], " | ".join(head[1:])], [closed(block) for block in found])):
        top = [(LINE if number else NAME, line) for number, line in enumerate(first)]
        side, main = columns(each, style)
        if not side:
            yield top, [(LEFT, WIDTH, list(said(main)))]
            continue
        for narrow in (SIDE, HALF):
            yield top, [(LEFT, narrow, list(said(side))), (LEFT + narrow + GAP, WIDTH - narrow - GAP, list(said(main)))]


def closed(block: Block) -> Block:
    """Lines of one kind behind each other on one."""
    kinds = groupby(block.lines, lambda line: line.startswith("- "))
    return Block(block.heading, tuple("- " + " • ".join(line[2:] for line in each) if point else " | ".join(each) for point, each in kinds))


def said(found: Iterable[Block]) -> Iterator[Said]:
    for block in found:
        look = HEADING
        yield look, block.heading
        for line in block.lines:
            look = POINT if line.startswith("- ") else NEXT if look is POINT else LINE
            yield look, line[2:] if look is POINT else line


def fitted(ways: list[Layout]) -> list[Place]:
    for way in ways:
        for step in STEPS:
            if all(place.page == 0 for place in laid(way, step)):
                return list(laid(way, step))
    return list(laid(ways[0], SEVERAL))


def laid(way: Layout, step: Step) -> Iterator[Place]:
    """The head over the whole width, then each column from where the head ends."""
    top, beside = way
    page, height = 0, TOP
    for place in poured(rows(top, WIDTH, step), page, height, LEFT):
        page, height = place.page, place.top + place.row.tall
        yield place
    for left, width, column in beside:
        yield from poured(rows(column, width, step), page, height, left)


def poured(found: Iterable[Row], page: int, height: float, left: float) -> Iterator[Place]:
    for row in found:
        if height > TOP and height + row.above + row.tall + row.followed > BOTTOM:
            page, height = page + 1, TOP
        elif height > TOP:
            height += row.above
        yield Place(page, left, height, row)
        height += row.tall


def rows(column: Iterable[Said], width: float, step: Step) -> Iterator[Row]:
    size, leading = step
    for look, text in column:
        letter, indent = size * look.size, size * look.indent
        broken = list(lines(drawn(text), (width - indent) / letter))
        for number, line in enumerate(broken):
            above = size * look.above if number == 0 else 0
            below = size * look.below if number == len(broken) - 1 else 0
            mark = "•" if look is POINT and number == 0 else ""
            yield Row(look, line, mark, width, letter, above, letter * leading + below, size * look.followed * leading)


def lines(text: str, width: float) -> Iterator[str]:
    """As many pieces as fit, the width in letters; a piece that fits on no line is cut where it must be."""
    line: list[str] = []
    room = width
    before: list[str] = []
    for piece in (each for found in PIECE.findall(text) for each in cut(found, width)):
        if line and long(piece.rstrip()) > room:
            if before:
                yield "".join(before).rstrip()
            line, before, room = [], line, width
        line.append(piece)
        room -= long(piece)
    if len(line) == 1 and len(before) > 2 and long(before[-1]) + long(line[0]) <= width:  # one character alone looks lost
        line.insert(0, before.pop())
    yield from ("".join(each).rstrip() for each in (before, line) if each)


def cut(piece: str, width: float) -> Iterator[str]:
    if long(piece.rstrip()) <= width:
        yield piece
    else:
        yield from piece


def long(text: str) -> float:
    return sum(map(wide, text))


@cache
def wide(sign: str) -> float:
    return float(stringWidth(sign, font(sign), 1))


def saved(places: Iterable[Place], title: str) -> bytes:
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, lang="zh-CN")
    for tell in (canvas.setTitle, canvas.setAuthor):
        tell(title[:80])
    for tell in (canvas.setCreator, canvas.setSubject):  # else they say "anonymous" and "unspecified"
        tell("")
    page = 0
    for place in sorted(places, key=lambda place: place.page):
        if place.page > page:
            canvas.showPage()
            page = place.page
        draw(canvas, place)
    canvas.save()
    return out.getvalue()


def draw(canvas: Canvas, place: Place) -> None:
    row, look = place.row, place.row.look
    base = A4[1] - place.top - row.letter * 1.15
    indent = row.letter / look.size * look.indent
    if row.mark:
        put(canvas, place.left, base, row.mark, row)
    put(canvas, place.left + indent, base, row.text, row)
    if look.ruled:
        canvas.setStrokeColor(look.colour)
        canvas.setLineWidth(0.6)
        canvas.line(place.left, base - row.letter * 0.4, place.left + row.width, base - row.letter * 0.4)


def put(canvas: Canvas, left: float, base: float, text: str, row: Row) -> None:
    """The font has no bold letters: an outline makes them."""
    letters = canvas.beginText(left, base)
    letters.setFillColor(row.look.colour)
    if row.look.strong:
        letters.setTextRenderMode(2)
        letters.setStrokeColor(row.look.colour)
        canvas.setLineWidth(row.letter * 0.03)
    for name, signs in groupby(text, font):
        letters.setFont(name, row.letter)
        letters.textOut("".join(signs))
    if row.look.strong:
        letters.setTextRenderMode(0)
    canvas.drawText(letters)
