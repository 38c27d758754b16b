"""Parts as calls of the Bot API: text as HTML, choices as inline keyboards, papers as documents. Pure; nothing is sent here.

A button carries at most 64 bytes, our values may be long and Chinese. One that fits is its own data; any other is
`#<delivery row>/<n>`, the n-th choice of that row, which `chosen` finds again in the row's parts: nothing is kept for it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from itertools import count
from typing import Any

from bot.channels.telegram.limits import BUTTONS, BUTTONS_PER_ROW, CALLBACK_BYTES, ENTITIES, TEXT
from dialogs.messages import Choice, Limits, Link, Paper, Part, Say, from_json, split

LIMITS = Limits(TEXT, in_utf16=True)
OWN = re.compile(rf"(?!#)[!-~]{{1,{CALLBACK_BYTES}}}")
NUMBERED = re.compile(r"#([0-9]{1,18})/([0-9]{1,4})")
WEB = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
ROW_CELLS = 26
"""Ours: what a row of buttons shows on a small phone, in half-width cells. Telegram gives all buttons of a row the same width."""
PICK = "请选一个："
MORE = "还有这些可以选："


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    data: str


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """sendMessage with parse_mode HTML; `plain` is what is sent where Telegram cannot read the marks."""

    html: str = field(repr=False)
    plain: str = field(repr=False)
    rows: Rows = ()


@dataclass(frozen=True, slots=True)
class Document:
    """sendDocument."""

    name: str
    content: bytes = field(repr=False)


Body = Message | Document


@dataclass(frozen=True, slots=True)
class Tapped:
    """A button that stands for the n-th choice of a delivery row. Anyone can make one up: the row must be this conversation's."""

    row: int
    n: int


def bodies(parts: Sequence[Part], row: int) -> list[Body]:
    """The calls that say `parts`, in order; `row` is the delivery row they are kept in."""
    numbers = count()
    found: list[Body] = []
    for part in parts:
        found += [document(part)] if isinstance(part, Paper) else messages(part, row, numbers)
    return found


def encode(value: str, row: int, n: int) -> str:
    """The data of a button: the value itself, or its place where it is too long, not plain ASCII or looks like a place."""
    return value if OWN.fullmatch(value) else f"#{row}/{n}"


def decode(data: str) -> str | Tapped:
    """The reverse of `encode`: a value, or where to look it up."""
    found = NUMBERED.fullmatch(data)
    return Tapped(int(found[1]), int(found[2])) if found else data


def chosen(parts: Sequence[dict[str, Any]], n: int) -> Choice | None:
    """The n-th choice of a delivery row's parts."""
    said = [part for part in map(from_json, parts) if isinstance(part, Say)]
    choices = [choice for part in said for choice in part.choices]
    return choices[n] if 0 <= n < len(choices) else None


def document(paper: Paper) -> Body:
    name = clean(paper.name).strip() or "文件.txt"
    content = clean(paper.content).encode()
    if not content:  # an empty file is refused
        return plainly(f"「{name}」里没有内容，就不发文件了。")
    return Document(name, content)


def messages(say: Say, row: int, numbers: Iterator[int]) -> list[Message]:
    """Text cut at 4096 UTF-16 units, links behind it, buttons under the last; a hundred buttons a message."""
    buttons = [Button(clean(choice.label).strip() or "…", encode(choice.value, row, next(numbers))) for choice in say.choices]
    found = [plainly(piece) for piece in split(clean(say.text), LIMITS) if not blank(piece)]
    linked = 0
    for link in say.links:
        line = anchor(link)
        last = found[-1] if found else None
        if last and linked < ENTITIES and units(f"{last.plain}\n{line.plain}") <= TEXT:
            found[-1] = Message(f"{last.html}\n{line.html}", f"{last.plain}\n{line.plain}")
            linked += 1
        elif units(line.plain) <= TEXT:
            found.append(line)
            linked = 1
        else:
            found += [plainly(piece) for piece in split(line.plain, LIMITS)]
            linked = 0
    groups = [buttons[start : start + BUTTONS] for start in range(0, len(buttons), BUTTONS)]
    if groups:
        found = found or [plainly(PICK)]
        found[-1] = replace(found[-1], rows=layout(groups[0]))
        found += [replace(plainly(MORE), rows=layout(group)) for group in groups[1:]]
    return found


def plainly(text: str) -> Message:
    return Message(escape(text, quote=False), text)


def anchor(link: Link) -> Message:
    """A link as a line of its own: a url button with an address Telegram dislikes would fail the whole message, an anchor never."""
    url, label = clean(link.url).strip(), clean(link.label).strip()
    if blank(label) or not WEB.fullmatch(url):
        return plainly(f"{label}：{url}" if label and url else label or url or "…")
    return Message(f'<a href="{escape(url)}">{escape(label, quote=False)}</a>', f"{label}：{url}")


def layout(buttons: Sequence[Button]) -> Rows:
    """Short labels side by side, a long one alone."""
    rows: list[list[Button]] = []
    for button in buttons:
        if rows and len(rows[-1]) < BUTTONS_PER_ROW and (len(rows[-1]) + 1) * max(cells(b.label) for b in (*rows[-1], button)) <= ROW_CELLS:
            rows[-1].append(button)
        else:
            rows.append([button])
    return tuple(map(tuple, rows))


def cells(label: str) -> int:
    """Width on screen, a Chinese character being two, and the button's own edge."""
    return 2 + sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in label)


def units(text: str) -> int:
    """UTF-16 units, in which Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def blank(text: str) -> bool:
    """Whether nothing would be seen: such a message is refused [S td MessageEntity.cpp: "Text must be non-empty"]."""
    return all(character in "\u2800\ufffc\u115f\u3164" or unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp") for character in text)


def clean(text: str) -> str:
    """Half surrogates cannot be sent; Telegram drops NUL and carriage returns itself, after counting."""
    return text.encode("utf8", "replace").decode().replace("\x00", "").replace("\r", "")
