"""Characters as people type them: what PDF fonts put in the place of ordinary ones. Keeps the punctuation as it was written."""

from __future__ import annotations

import unicodedata

SUPPLEMENT = dict(
    zip(
        "⺁⺟⺠⻁⻄⻅⻆⻉⻋⻑⻓⻔⻗⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",
        "厂母民虎西见角贝车長长门雨青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟",
        strict=True,
    )
)
"""Radicals that fonts give for the characters they look like (Unicode's EquivalentUnifiedIdeograph); NFKC leaves them alone."""


def plain_form(character: str) -> str:
    """Radicals, compatibility ideographs, ligatures and wide letters as ordinary characters; punctuation stays as it was written."""
    point = ord(character)
    if character in SUPPLEMENT:
        return SUPPLEMENT[character]
    odd = 0x2E80 <= point <= 0x2FDF or 0xF900 <= point <= 0xFAFF or 0xFB00 <= point <= 0xFB06
    wide = 0xFF10 <= point <= 0xFF19 or 0xFF21 <= point <= 0xFF3A or 0xFF41 <= point <= 0xFF5A
    if odd or wide:
        return unicodedata.normalize("NFKC", character)
    if character == "\n":
        return character
    category = unicodedata.category(character)
    return " " if category in ("Zs", "Zl", "Zp", "Cc") else "" if category in ("Cf", "Cs", "Co", "Cn") else character


def cleaned(text: str) -> str:
    lines = (" ".join(line.split()) for line in "".join(map(plain_form, text)).splitlines())
    return "\n".join(line for line in lines if line)
