"""Greetings, thanks, sighs and doubts, out of smalltalk.toml: messages that are nothing else. Knows no policy."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from dialogs import questions
from knowledge.words import NOT_WORD, filled, words

TABLE = Path(__file__).parent / "smalltalk.toml"
BREATH = 10
"""Characters up to which two small things without a sign between them are looked for."""
SMALL = 200
"""Signs past which no message is small talk: its patterns, tried at the end of every row of one sign, cost the square of its length."""
STRUNG = ("ack", "laugh", "greeting", "praise", "thanks", "bye")
"""Small talk that may come strung together, the weightier later."""


@cache
def replies() -> list[tuple[str, re.Pattern[str], str]]:
    table = tomllib.loads(TABLE.read_text(encoding="utf8"))
    return [(row["kind"], re.compile(filled("|".join(row["patterns"]), table["words"])), row["answer"]) for row in table["reply"]]


def talk(text: str) -> tuple[str, str] | None:
    """The kind and answer of small talk, where the whole message is that."""
    normal = words().normalise(text)
    plain = NOT_WORD.sub("", normal)
    if not 0 < len(plain) <= SMALL:
        return None
    return whole_talk(plain) or strung(normal, plain)


def whole_talk(plain: str) -> tuple[str, str] | None:
    return next(((kind, answer) for kind, pattern, answer in replies() if pattern.fullmatch(plain)), None)


def strung(normal: str, plain: str) -> tuple[str, str] | None:
    """Two or three small things in one breath, with signs between them or none: 晓得了,辛苦啦; the weightiest is answered."""
    pieces = [piece for part in re.split(r"[,.;!?~|\s\u3002\uff0c\uff01]+", normal) if (piece := NOT_WORD.sub("", part))]
    if len(pieces) == 1 and len(plain) <= BREATH and not questions.shaped(normal):
        halves = ((plain[:cut], plain[cut:]) for cut in range(1, len(plain)))
        pieces = next(([a, b] for a, b in halves if all(light(part) for part in (a, b))), pieces)
    found = [light(piece) for piece in pieces]
    known = [each for each in found if each]
    return max(known, key=lambda each: STRUNG.index(each[0])) if len(pieces) > 1 and len(known) == len(found) else None


def light(piece: str) -> tuple[str, str] | None:
    return next(((kind, answer) for kind, pattern, answer in replies() if kind in STRUNG and pattern.fullmatch(piece)), None)
