"""Plain SVG pictures of curves, side by side. Knows nothing of what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

SIDE, EDGE = 300, 55
"""Pixels of a panel's square, and of the room around it."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One curve; both axes start at 0. `top`: so far the upright one reaches at least, for panels that are to be compared."""

    title: str
    x: str
    y: str
    points: Sequence[tuple[float, float]]
    diagonal: bool = False
    top: float = 0.0


def drawn(panels: Sequence[Panel]) -> str:
    width, height = (SIDE + 2 * EDGE) * len(panels), SIDE + 2 * EDGE
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
    body = "\n".join(f'<g transform="translate({(SIDE + 2 * EDGE) * n + EDGE} {EDGE})">{inside(panel)}</g>' for n, panel in enumerate(panels))
    return f'{head}\n<rect width="{width}" height="{height}" fill="white"/>\n{body}\n</svg>\n'


def inside(panel: Panel) -> str:
    """A panel, from the upper left corner of its square."""
    right, top = (1.0, 1.0) if panel.diagonal else (max([1e-9, *values]) for values in zip(*panel.points, (0.0, panel.top), strict=True))
    places = [(x / right * SIDE, SIDE - y / top * SIDE) for x, y in panel.points]
    parts = [f'<rect width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>', word(SIDE / 2, -20, panel.title)]
    parts += [word(SIDE / 2, SIDE + 40, panel.x), word(-EDGE / 2, -8, panel.y)]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        parts.append(word(tick * SIDE, SIDE + 18, f"{tick * right:.2f}"))
        parts.append(word(-6, SIDE - tick * SIDE + 4, f"{tick * top:.3f}", "end"))
    if panel.diagonal:
        parts.append(f'<path d="M0 {SIDE}L{SIDE} 0" stroke="#bbb" stroke-dasharray="4"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#0a6"/>' for x, y in places]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return "".join((*parts, f'<polyline points="{line}" fill="none" stroke="#0a6" stroke-width="2"/>'))


def word(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(text)}</text>'
