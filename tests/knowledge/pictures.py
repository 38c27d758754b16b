"""Pictures of text, drawn with the font of the machine: what the extractor is tested on where it has to recognise."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.knowledge.files import Placed

A4 = (595, 842)
"""Points."""
SIMPLIFIED = 2
"""Place of the simplified Chinese forms in the font's collection."""


def font(pixels: int) -> ImageFont.FreeTypeFont:
    path = next(Path("/usr/share/fonts").rglob("NotoSansCJK-Regular.ttc"), None)
    if path is None and "CI" in os.environ:
        pytest.fail("fonts-noto-cjk has to be installed")
    if path is None:
        pytest.skip("fonts-noto-cjk is not installed")
    return ImageFont.truetype(path, pixels, index=SIMPLIFIED)


def drawn(placed: Iterable[Placed], size: tuple[int, int] = A4, dpi: int = 150, points: float = 10.5) -> Image.Image:
    """Black on white; places in points from the left and from above."""
    scale = dpi / 72
    picture = Image.new("RGB", (round(size[0] * scale), round(size[1] * scale)), "white")
    pen, letters = ImageDraw.Draw(picture), font(round(points * scale))
    for text, x, y in placed:
        pen.text((x * scale, y * scale), text, font=letters, fill="black")
    return picture


def lines(rows: Sequence[str], size: tuple[int, int] = A4, **more: Any) -> Image.Image:
    return drawn([(row, 40.0, 30.0 + 18 * at) for at, row in enumerate(rows)], size, **more)


def encoded(picture: Image.Image, form: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **more)
    return out.getvalue()
