"""Recognising danger to life in a message. High recall first: a missed call for help is the worst error there is."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import Literal

from knowledge.words import VOCAB, remembered, words

Level = Literal["acute", "low"]
SIGNS = re.compile(r"[^\u3400-\u9fffa-z0-9]+")
"""Whatever may stand between characters to hide a word: 自.杀, 自/杀."""


@cache
def patterns() -> dict[str, re.Pattern[str]]:
    table = tomllib.loads((VOCAB / "crisis.toml").read_text(encoding="utf8"))
    return {kind: re.compile("|".join(f"(?:{pattern})" for pattern in table[kind])) for kind in ("acute", "low", "innocent")}


@remembered
def level(text: str) -> Level | None:
    """`acute`: numbers and a person at once. `low`: kind words, the hotline offered softly. None: neither.

    Innocent idioms (笑死, 死档) are blanked first, so that they neither trigger nor hide what stands beside them.
    """
    plain = SIGNS.sub("", words().normalise(text))
    plain = patterns()["innocent"].sub("·", plain)
    if patterns()["acute"].search(plain):
        return "acute"
    return "low" if patterns()["low"].search(plain) else None
