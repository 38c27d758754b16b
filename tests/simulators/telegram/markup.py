"""How Telegram reads a text with parse_mode HTML, and what it refuses. After tdlib's parse_html (td/telegram/MessageEntity.cpp)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

TAGS = {
    "a": "text_link", "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "s": "strikethrough", "strike": "strikethrough",
    "del": "strikethrough", "u": "underline", "ins": "underline", "tg-spoiler": "spoiler", "span": "spoiler", "tg-emoji": "custom_emoji",
    "pre": "pre", "code": "code", "blockquote": "blockquote",
}  # fmt: skip
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-zA-Z]+));?")
START = re.compile(r"<([^\s>]*)")
ATTRIBUTE = re.compile(r"""\s*([^\s=>/"']+)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9.-]*)(?=[\s>])))?""")
LINK = re.compile(r"(?:https?|tg|ton)://[^\s/?#]+\S*|[^\s/?#:]+\.[a-z]{2,}(?:[/?#]\S*)?", re.IGNORECASE)
UNSEEN = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f]")


class Unreadable(ValueError):
    """What follows `can't parse entities: ` in Telegram's answer."""


@dataclass(slots=True)
class Formatted:
    """A text as people see it, with its marks at UTF-16 offsets."""

    text: str
    entities: list[dict[str, Any]] = field(default_factory=list)

    @property
    def units(self) -> int:
        return units(self.text)


@dataclass(slots=True)
class Opened:
    tag: str
    argument: str
    offset: int
    start: int


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(text: str) -> Formatted:
    return Formatted(trimmed(text))


def trimmed(text: str) -> str:
    """Control characters are spaces, ends are cut: what is left is what counts as empty or not (td clean_input_string)."""
    return UNSEEN.sub(" ", text.replace("\r", "")).strip(" \n")


def html(text: str) -> Formatted:
    """Reads the marks.

    Raises:
        Unreadable: a tag it does not know, does not close or closes in the wrong order.
    """
    out, entities, open_tags, at = "", list[dict[str, Any]](), list[Opened](), 0
    while at < len(text):
        if text[at] == "&" and (found := referred(text, at)):
            out, at = out + found[0], found[1]
        elif text[at] != "<":
            out, at = out + text[at], at + 1
        elif text.startswith("</", at):
            at = close(text, at, open_tags, out, entities)
        else:
            opened, at = start(text, at)
            opened.offset, opened.start = units(out), len(out)
            open_tags.append(opened)
    if open_tags:
        raise Unreadable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1].tag}"')
    kept = trimmed(out)
    shift = units(out[: len(out) - len(out.lstrip(" \n"))])
    for entity in entities:
        entity["offset"] = max(0, entity["offset"] - shift)
    return Formatted(kept, sorted(entities, key=lambda entity: entity["offset"]))


def referred(text: str, at: int) -> tuple[str, int] | None:
    """A character reference; one Telegram does not know stays as it is."""
    found = REFERENCE.match(text, at)
    if not found:
        return None
    if found[3]:
        return (NAMED[found[3]], found.end()) if found[3] in NAMED else None
    code = int(found[1], 16) if found[1] else int(found[2])
    return (chr(code), found.end()) if 0 < code < 0x10FFFF and len(found[0]) < 11 else None


def start(text: str, at: int) -> tuple[Opened, int]:
    found = START.match(text, at)
    assert found
    place, tag = len(text[:at].encode()), found[1].lower()
    if ">" not in text[at:]:
        raise Unreadable(f"Unclosed start tag at byte offset {place}")
    if tag not in TAGS:
        raise Unreadable(f'Unsupported start tag "{tag}" at byte offset {place}')
    argument, here = "", found.end()
    while not text.startswith(">", here):
        attribute = ATTRIBUTE.match(text, here)
        if not attribute:
            if text[here:].lstrip().startswith(">"):
                here = text.index(">", here)
                break
            raise Unreadable(f'Empty attribute name in the tag "{tag}" at byte offset {place}')
        here, name = attribute.end(), attribute[1]
        value = unescaped(next((group for group in attribute.groups()[1:] if group is not None), ""))
        if (tag, name) in (("a", "href"), ("code", "class"), ("span", "class"), ("tg-emoji", "emoji-id")):
            argument = value
        if here >= len(text):
            raise Unreadable(f"Unclosed start tag at byte offset {place}")
        if text[here] == "=":
            raise Unreadable(f"Unexpected end of name token at byte offset {place}")
    if tag == "span" and argument != "tg-spoiler":
        raise Unreadable(f'Tag "span" must have class "tg-spoiler" at byte offset {place}')
    return Opened(tag, argument, 0, 0), here + 1


def close(text: str, at: int, open_tags: list[Opened], out: str, entities: list[dict[str, Any]]) -> int:
    place = len(text[:at].encode())
    if not open_tags:
        raise Unreadable(f"Unexpected end tag at byte offset {place}")
    end = text.find(">", at)
    if end < 0:
        raise Unreadable(f"Unclosed end tag at byte offset {place}")
    name = text[at + 2 : end].strip().lower()
    opened = open_tags.pop()
    if name and name != opened.tag:
        raise Unreadable(f'Unmatched end tag at byte offset {place}, expected "</{opened.tag}>", found "</{name}>"')
    length = units(out) - opened.offset
    if not length:
        return end + 1
    entity: dict[str, Any] = {"type": TAGS[opened.tag], "offset": opened.offset, "length": length}
    if opened.tag == "a":
        address = opened.argument or out[opened.start :]
        if not LINK.fullmatch(address):  # a wrong address is no error: the mark is dropped
            return end + 1
        entity["url"] = address
    entities.append(entity)
    return end + 1


def unescaped(value: str) -> str:
    out, at = "", 0
    while at < len(value):
        found = referred(value, at) if value[at] == "&" else None
        out, at = (out + found[0], found[1]) if found else (out + value[at], at + 1)
    return out
