"""Where the text of a PDF page stands: rows of two columns put one column after the other, and the size of its letters.

Found by position alone. No meaning of any line here.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import dropwhile, groupby, pairwise
from statistics import median
from typing import Any

GUTTER = 8.0
"""Points of free space between two columns at least; narrower is a gap between words."""
SIDES = (0.2, 0.8)
"""Between which parts of the width a gutter may stand."""
HANGING = 1.0
"""Points of free space that are left of a gutter where a row hangs into it."""
LEAST = 4
"""Rows a column has at least."""
HYPHENS = "\x02\ufffe"
"""What pdfium gives for a hyphen at the end of a line."""
LABEL = 12
"""Characters a label has at most that stands beside what it names, several lines high."""
MARGIN = 7
"""Characters a heading has at most that stands in the margin."""
DATED = re.compile(r"(?:19|20)\d\d\s?[-./年~–—至]|至今|今$")


@dataclass(frozen=True, slots=True)
class Letter:
    sign: str
    left: float
    right: float
    middle: float
    height: float
    spaced: bool
    """A space stands before it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Letters of one row without a wide gap between them."""

    text: str
    left: float
    right: float


Row = list[Piece]
Band = tuple[float, float]


def letters(page: Any) -> list[Letter]:
    """The letters of a page with the box their line gives them."""
    import pypdfium2.raw as pdfium

    text, box = page.get_textpage(), pdfium.FS_RECTF()
    found: list[Letter] = []
    spaced = False
    for at in range(text.count_chars()):
        sign = chr(pdfium.FPDFText_GetUnicode(text, at))
        if sign.isspace() or sign == "\0" or not pdfium.FPDFText_GetLooseCharBox(text, at, ctypes.byref(box)):
            spaced = sign == " "
            continue
        low, high = sorted((box.bottom, box.top))
        found.append(Letter("-" if sign in HYPHENS else sign, box.left, box.right, (low + high) / 2, max(high - low, 1.0), spaced))
        spaced = False
    return found


def rows(found: Sequence[Letter]) -> list[list[Letter]]:
    """Rows from the top down, each from left to right."""
    lines: list[list[Letter]] = []
    for letter in sorted(found, key=lambda each: -each.middle):
        if lines and lines[-1][0].middle - letter.middle < 0.5 * max(letter.height, lines[-1][0].height):
            lines[-1].append(letter)
        else:
            lines.append([letter])
    return [sorted(line, key=lambda each: each.left) for line in lines]


def pieces(line: Sequence[Letter], least: float = math.inf) -> Row:
    """A row split where a gap is wider than a letter is high, or than `least`."""
    out: Row = []
    text, left, right = "", 0.0, 0.0
    for letter in line:
        gap = letter.left - right
        if text and gap > min(letter.height, least):
            out.append(Piece(text, left, right))
            text = ""
        if not text:
            text, left, right = letter.sign, letter.left, letter.right
        else:
            text += f" {letter.sign}" if letter.spaced or gap > 0.5 * letter.height else letter.sign
            right = max(right, letter.right)
    return [*out, Piece(text, left, right)] if text else out


def crosses(row: Row, band: Band) -> bool:
    return any(piece.left < band[1] and piece.right > band[0] for piece in row)


def halves(row: Row, band: Band) -> tuple[str, str]:
    left = "  ".join(piece.text for piece in row if piece.right <= band[0])
    return left, "  ".join(piece.text for piece in row if piece.left >= band[1])


def gutter(page: Sequence[Row], band: Band) -> float:
    """How wide the free space around a band is."""
    left = [piece.right for row in page for piece in row if piece.right <= band[0]]
    right = [piece.left for row in page for piece in row if piece.left >= band[1]]
    return min(right, default=0.0) - max(left, default=0.0)


def parted(line: Sequence[Letter], band: Band) -> bool:
    """Whether a row that leaves no gutter, for a sign that hangs over or letters that are large, still has a letter where the right column begins."""
    left, right = [each.right for each in line if each.left < band[0]], [each.left for each in line if each.left >= band[0]]
    return bool(left and right) and -1 <= min(right) - band[1] - 1 <= GUTTER / 2 and min(right) - max(left) >= HANGING


def split(seen: Sequence[Sequence[Letter]], width: float) -> tuple[int, int, float] | None:
    """First row, row after the last, and where the right one of two columns begins; None: the page has one."""
    least = max(GUTTER, 1.1 * median([letter.height for line in seen for letter in line] or [0.0]))  # more than the wide space between two words
    page = [pieces(line, least) for line in seen]
    starts = sorted({round(piece.left, 0) for row in page for piece in row if SIDES[0] * width <= piece.left <= SIDES[1] * width})
    best: tuple[tuple[int, float], int, int, float] | None = None  # most rows, then the widest gutter
    for start in starts:
        band = (start - GUTTER, start - 1.0)
        clear = [not crosses(row, band) for row in page]
        free = [clear[at] or parted(line, band) for at, line in enumerate(seen)]
        for inside, run in groupby(range(len(page)), free.__getitem__):
            held = list(dropwhile(lambda at, band=band: not halves(page[at], band)[1], run))  # type: ignore[misc]  # what only begins at the left
            plain = [page[at] for at in held if clear[at]]
            worth = len(held), gutter(plain, band)
            if (
                inside
                and len(plain) >= max(LEAST, 0.5 * len(held))
                and (not best or worth > best[0])
                and columned([halves(row, band) for row in plain])
            ):
                best = (worth, held[0], held[-1] + 1, band[0])
    return best and best[1:]


def columned(found: Sequence[tuple[str, str]]) -> bool:
    """Whether two sides read each on their own: not a line with its date at the right, not a label with what it names."""
    left, right = [one for one, _ in found if one], [two for _, two in found if two]
    fewer, other = sorted((left, right), key=wide)
    here, usual = wide(fewer), wide(fewer) / max(1, len(fewer))
    if min(len(left), len(right)) < LEAST or here < 0.12 * (here + wide(other)):
        return False
    if any(sum(bool(DATED.search(text)) and len(text) <= 24 for text in side) > 0.5 * len(side) for side in (left, right)):
        return False
    paired = sum(bool(one and two) for one, two in found)
    labels = paired > 0.8 * len(fewer) and (usual < 5 or (usual < LABEL and len(fewer) < 0.4 * len(other)))
    margin = max(map(wide_of, left)) <= MARGIN and len(left) < 0.4 * len(right)  # headings at the left, at heights of their own
    return not (labels or margin)


def wide(side: Sequence[str]) -> float:
    return sum(map(wide_of, side))


def wide_of(text: str) -> float:
    """How many characters of Chinese are as wide."""
    return sum(0.5 if sign.isascii() else 1.0 for sign in text)


def ordered(held: Sequence[Letter], width: float) -> list[tuple[str, int]] | None:
    """The rows of a page that has two columns, each with its column (0: across both), or whose file has them out of order; None: as the file has
    them."""
    seen = rows(held)
    found = split(seen, width)
    if not found:
        return [(shown(line), 0) for line in seen] if disordered(held, seen) else None
    first, end, edge = found
    inside = [letter for line in seen[first:end] for letter in line]
    left, right = rows([letter for letter in inside if letter.left < edge]), rows([letter for letter in inside if letter.left >= edge])
    parts = ((seen[:first], 0), (left, 1), (right, 2), (seen[end:], 0))  # rows anew: lines of two columns stand at heights of their own
    return [(shown(line), column) for lines, column in parts for line in lines]


def shown(line: Sequence[Letter]) -> str:
    return "  ".join(piece.text for piece in pieces(line))


def disordered(held: Sequence[Letter], seen: Sequence[Sequence[Letter]]) -> bool:
    """Whether whole rows are out of order in the file, as the text boxes of Word are, that are drawn after everything else.

    Where rows are made of parts that lie far apart in the file, these may be columns after all, and what stands beside the row above is a label
    of several lines: then the file is believed.
    """
    place = {id(letter): at for at, letter in enumerate(held)}
    orders = [[place[id(letter)] for letter in line] for line in seen]
    whole = [(line, min(order)) for line, order in zip(seen, orders, strict=True) if max(order) - min(order) < len(order)]
    turned = any(one > two and above[0].left < line[-1].right and line[0].left < above[-1].right for (above, one), (line, two) in pairwise(whole))
    return turned and len(whole) >= 0.9 * len(seen)


def look(first: Any, held: Iterable[Letter]) -> dict[str, str]:
    """How a PDF looks: the usual height of a letter in points, how many heights there are, the part of the first page that is picture."""
    heights = Counter(round(letter.height) for letter in held)
    usual = [height for height, count in heights.items() if count >= 5]
    facts = {"font": str(median(heights.elements())), "sizes": str(len(usual))} if heights else {}
    area = sum((right - left) * (top - bottom) for left, bottom, right, top in (item.get_bounds() for item in first.get_objects([3])))
    return facts | {"picture": f"{area / max(1.0, first.get_width() * first.get_height()):.2f}"}
