"""Channel-neutral messages: what comes in, the parts that go out, and fitting a part to a channel's limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing a person did. `text` is what was typed, the value of a tapped choice, a file's name, what a timer is about;
    a `result` is what slow work of ours has come to, which the person waits for; `gone`: they left the channel, all of theirs goes too."""

    conversation: str
    message_id: str
    kind: Literal["text", "choice", "file", "timer", "result", "gone"]
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: the label people read and the opaque value that comes back when it is tapped."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Say:
    text: str
    choices: tuple[Choice, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """A file for the person; `content` is text."""

    name: str
    media_type: str
    content: str


Part = Say | Paper


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel can carry. `text` counts UTF-8 bytes where `in_bytes`, UTF-16 units where `in_utf16`, else characters;
    no `buttons`: numbered lines."""

    text: int = 2000
    in_bytes: bool = False
    buttons: bool = True
    in_utf16: bool = False


def to_json(part: Part) -> dict[str, Any]:
    """The shape of the machine interface; empty fields are left out."""
    if isinstance(part, Paper):
        return {"kind": "paper", "name": part.name, "media_type": part.media_type, "content": part.content}
    row: dict[str, Any] = {"kind": "say", "text": part.text}
    if part.choices:
        row["choices"] = [{"label": choice.label, "value": choice.value} for choice in part.choices]
    if part.links:
        row["links"] = [{"label": link.label, "url": link.url} for link in part.links]
    return row


def from_json(row: dict[str, Any]) -> Part:
    if row["kind"] == "paper":
        return Paper(row["name"], row["media_type"], row["content"])
    choices = tuple(Choice(**choice) for choice in row.get("choices", ()))
    return Say(row.get("text", ""), choices, tuple(Link(**link) for link in row.get("links", ())))


def fit(part: Part, limits: Limits) -> list[Part]:
    """The part as one or more that the channel can carry; choices and links stay with the last."""
    if isinstance(part, Paper):
        return [part]
    text = part.text
    if part.choices and not limits.buttons:
        text = "\n".join((text, *(f"{number}. {choice.label}" for number, choice in enumerate(part.choices, 1))))
    pieces = list(split(text, limits)) or [""]
    last = replace(part, text=pieces[-1], choices=part.choices if limits.buttons else ())
    return [*(Say(piece) for piece in pieces[:-1]), last]


def split(text: str, limits: Limits) -> Iterator[str]:
    """Pieces within the limit, cut at the last line end, sentence end or space that leaves more than half a piece."""

    def size(piece: str) -> int:
        if limits.in_utf16:
            return len(piece.encode("utf-16-le")) // 2
        return len(piece.encode()) if limits.in_bytes else len(piece)

    while size(text) > limits.text:
        end = limits.text
        while size(text[:end]) > limits.text:
            end -= max(1, (size(text[:end]) - limits.text) // 4)
        cut = next((place + 1 for sign in "\n。\uff1b; " if (place := text.rfind(sign, end // 2, end)) > 0), end)
        yield text[:cut].rstrip("\n")
        text = text[cut:]
    if text:
        yield text
