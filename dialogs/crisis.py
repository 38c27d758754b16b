"""Recognising danger to life in a message. High recall first: a missed call for help is the worst error there is."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import Literal

from dialogs import notices
from knowledge.words import VOCAB, remembered, words

Level = Literal["acute", "violent", "low"]
URGENT = ("acute", "violent")
SIGNS = re.compile(r"[^\u3400-\u9fffa-z0-9]+")
"""Whatever may stand between characters to hide a word: 自.杀, 自/杀."""


@cache
def patterns() -> dict[str, re.Pattern[str]]:
    table = tomllib.loads((VOCAB / "crisis.toml").read_text(encoding="utf8"))
    return {kind: re.compile("|".join(f"(?:{pattern})" for pattern in table[kind])) for kind in ("acute", "violent", "low", "innocent")}


@remembered
def level(text: str) -> Level | None:
    """`acute`: numbers and a person at once; `violent`: the same for somebody who is attacked or may attack. `low`: kind words, the hotline
    offered softly. None: none of them.

    Innocent idioms (笑死, 死档) are blanked first, so that they neither trigger nor hide what stands beside them.
    """
    plain = SIGNS.sub("", words().normalise(text))
    plain = patterns()["innocent"].sub("·", plain)
    order: tuple[Level, ...] = ("acute", "violent", "low")
    return next((kind for kind in order if patterns()[kind].search(plain)), None)


def urgent(text: str) -> bool:
    return level(text) in URGENT


def help_for(text: str) -> str:
    """What is said at once to a call for help."""
    return notices.VIOLENT if level(text) == "violent" else notices.CRISIS
