"""Pictures of text: photographs, screenshots and scanned pages set upright, read line by line, the lines put in reading order.

Read by RapidOCR with the models that its wheel ships, from their paths: nothing is ever fetched.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from knowledge.extract import FORMAT, TOO_LARGE, TOO_LONG_PICTURE, TOO_MANY_SCANS, WORDLESS, Block, ExtractError, Limits, columns, is_pdf, models, pdf

if TYPE_CHECKING:
    from PIL.Image import Image

READABLE = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
WIDTH = 1400
"""Pixels of the shorter side that are kept: A4 at 170 dpi, where letters of 9 points are still 21 pixels high."""
TALLEST = 1.5
"""Height beside width of what is read at once; A4 is 1.41. A longer screenshot is cut between two lines."""
LONGEST_SIDE = 2 * WIDTH
FINEST = 300 / 72
"""Pixels of a scanned page for each of its points: 300 dpi, as scanners have."""
LEAST = 16
"""Pixels of the shorter side; what is smaller holds no letter."""
FOUND_AT = 1280
"""Pixels of the longer side in which lines are looked for; they are read in all pixels. Measured on a full page of 9 points beside 2000:
all lines found, 550 MB in use instead of 790 and 2.4 s instead of 4.5."""
SURE = 0.75
"""Below this a line is not trusted. Measured on 391 lines of pages that were blurred, shrunk or noisy: above it 1 character in 50 is wrong,
below it 1 in 2."""
A4 = 595.0
"""Width of the page in points, in which `columns` measures."""
ROUND = 0.16
"""What a box is wider on either side than its words, in parts of its height."""


@dataclass(frozen=True, slots=True)
class Line:
    """What was read in one box, its corners from the upper left clockwise."""

    text: str
    sure: float
    corners: tuple[tuple[float, float], ...]

    def side(self, one: int, other: int) -> float:
        (left, top), (right, bottom) = self.corners[one], self.corners[other]
        return float(((right - left) ** 2 + (bottom - top) ** 2) ** 0.5)

    @property
    def wide(self) -> float:
        return self.side(0, 1)

    @property
    def high(self) -> float:
        return self.side(0, 3)


def read(data: bytes, limits: Limits) -> tuple[list[Block], dict[str, str]]:
    """The lines of every page; how sure they are on the whole, and how many were left out because they are not.

    Raises:
        ExtractError
    """
    pages = scans(data, limits) if is_pdf(data) else photographs(data, limits)
    engine, unclear = None, 0
    found: list[Block] = []
    trusted: list[Line] = []
    facts: dict[str, str] = {}
    for number, page in enumerate(pages, 1):
        darkest, brightest = page.convert("L").getextrema()
        if darkest == brightest:
            continue  # an empty page
        engine = engine or reader()
        lines = upright(engine, page)
        kept = [line for line in lines if line.sure >= SURE]
        unclear += len(lines) - len(kept)
        trusted += kept
        for text, column in ordered(kept, page.width):
            facts |= {"columns": "2"} if column else {}
            found.append(Block(text, 0, number, column))
    if not trusted:
        raise ExtractError(WORDLESS)
    facts["pages"] = str(number if is_pdf(data) else 1)
    return found, {**facts, "recognised": f"{sureness(trusted):.2f}", **({"unclear": str(unclear)} if unclear else {})}


def reader() -> Any:
    """One thread: the other processors go on answering, and a second one gained nothing on two that were busy."""
    from rapidocr import RapidOCR

    logging.disable()
    finder, teller = models()
    params = {
        "Det.model_path": str(finder),
        "Det.limit_type": "max",
        "Det.limit_side_len": FOUND_AT,
        "Rec.model_path": str(teller),
        "Rec.rec_batch_num": 1,
        "Global.text_score": 0.0,
        "Global.use_cls": False,
        "Global.max_side_len": LONGEST_SIDE,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    return RapidOCR(params=params)


def scans(data: bytes, limits: Limits) -> Iterator[Image]:
    """The pages of a PDF as pictures."""
    document = pdf.opened(data, limits)
    if len(document) > limits.pictures:
        raise ExtractError(TOO_MANY_SCANS.format(pages=len(document), limit=limits.pictures))
    sizes = (page.get_size() for page in document)
    scales = (min(WIDTH / min(size), LONGEST_SIDE / max(size), FINEST) for size in sizes)
    return (page.render(scale=scale).to_pil().convert("RGB") for page, scale in zip(document, scales, strict=True))


def photographs(data: bytes, limits: Limits) -> Iterator[Image]:
    """A picture as its camera was held, on white, as large as is needed; a long screenshot in parts."""
    from PIL import Image, ImageOps

    if not data.startswith(READABLE):
        raise ExtractError(FORMAT)
    try:
        picture: Image.Image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
    except Image.DecompressionBombError as error:
        raise ExtractError(TOO_LARGE.format(limit=limits.pixels // 10_000)) from error
    if picture.width * picture.height > limits.pixels:
        raise ExtractError(TOO_LARGE.format(limit=limits.pixels // 10_000))
    if min(picture.size) < LEAST:
        raise ExtractError(WORDLESS)
    scale = min(1.0, WIDTH / min(picture.size))
    wanted = (round(picture.width * scale), round(picture.height * scale))
    picture.draft("RGB", wanted)  # a JPEG is decoded small, at a quarter of the memory and time
    if picture.mode not in ("L", "RGB", "RGBA"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")  # palettes and bits are not scaled well
    picture.thumbnail(wanted)
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.has_transparency_data:
        over = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    parts = list(cuts(picture.convert("RGB")))
    if len(parts) > limits.pictures:
        raise ExtractError(TOO_LONG_PICTURE.format(limit=limits.pictures))
    return iter(parts)


def cuts(picture: Image) -> Iterator[Image]:
    """Parts of a tall picture, each cut where the rows of pixels are the emptiest."""
    import numpy

    top, most = 0, int(TALLEST * picture.width)
    while picture.height - top > most:
        first = top + most * 3 // 4
        rows = numpy.asarray(picture.crop((0, first, picture.width, top + most)).convert("L"), dtype=numpy.int16)
        ink = numpy.abs(numpy.diff(rows, axis=1)).sum(axis=1)
        blank = numpy.convolve(ink, numpy.ones(9), "same")
        bottom = first + int(blank.argmin())
        yield picture.crop((0, top, picture.width, bottom))
        top = bottom
    yield picture.crop((0, top, picture.width, picture.height)) if top else picture


def seen(engine: Any, picture: Image) -> list[Line]:
    import numpy

    found = engine(numpy.ascontiguousarray(numpy.asarray(picture)[:, :, ::-1]))
    if found.txts is None:
        return []
    return [
        Line(text, float(sure), tuple((float(x), float(y)) for x, y in corners))
        for text, sure, corners in zip(found.txts, found.scores, found.boxes, strict=True)
    ]


def upright(engine: Any, picture: Image) -> list[Line]:
    """The lines of a picture, turned where they stand on their side or on their head and nothing in the file says so."""
    from PIL.Image import Transpose

    found = seen(engine, picture)
    standing = sum(line.high > 1.5 * line.wide for line in found if len(line.text) > 1)
    if 2 * standing > len(found):
        turned = [seen(engine, picture.transpose(turn)) for turn in (Transpose.ROTATE_90, Transpose.ROTATE_270)]
    else:
        turned = [found] + ([seen(engine, picture.transpose(Transpose.ROTATE_180))] if found and sureness(found) < SURE else [])
    return max(turned, key=sureness)


def sureness(lines: Sequence[Line]) -> float:
    """Of a letter, on the average."""
    return sum(line.sure * len(line.text) for line in lines) / max(1, sum(len(line.text) for line in lines))


def ordered(lines: Sequence[Line], width: int) -> list[tuple[str, int]]:
    """Rows as they are read, each with its column: the columns of a page one after the other."""
    held = list(letters(lines, A4 / width))
    alone = [("  ".join(piece.text for piece in columns.pieces(row)), 0) for row in columns.rows(held)]
    return columns.ordered(held, A4) or alone


def letters(lines: Sequence[Line], unit: float) -> Iterator[columns.Letter]:
    """The letters of every line, spread over its box; a page photographed askew is set straight."""
    slopes = [(line.corners[1][1] - line.corners[0][1]) / (line.corners[1][0] - line.corners[0][0]) for line in lines if line.wide > 5 * line.high]
    slope = median(slopes) if slopes else 0.0
    for line in lines:
        across, down = (sum(corner[axis] for corner in line.corners) / 4 for axis in (0, 1))
        wide = max(line.wide - 2 * ROUND * line.high, line.high / 2)
        left, middle = (across + slope * down - wide / 2) * unit, (slope * across - down) * unit
        step = wide * unit / pdf.width(line.text)
        spaced = False
        for sign in line.text:
            right = left + step * pdf.width(sign)
            if not sign.isspace():
                yield columns.Letter(sign, left, right, middle, line.high * unit, spaced)
            left, spaced = right, sign.isspace()
