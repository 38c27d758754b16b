"""Which signs the two fonts of a PDF have that holds none itself, and what stands for the others. Draws nothing."""

from __future__ import annotations

import unicodedata
from functools import cache

CHINESE, LATIN = "STSong-Light", "Times-Roman"
WIDE = frozenset("“”‘’—…·")
"""Both fonts have them; in Chinese text they are as wide as a character."""
BLANK = "〓"
"""Printers put it where they have no type for a letter."""


@cache
def font(sign: str) -> str:
    """The font that has the sign; empty where none has. Extension A of the characters is in Adobe-GB1-4, which UniGB-UCS2 reaches."""
    if sign not in WIDE and encodes(sign, "cp1252"):
        return LATIN
    return CHINESE if encodes(sign, "gbk") or "\u3400" <= sign <= "\u4db5" else ""


def encodes(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@cache
def nearest(sign: str) -> str:
    """The sign; its plain form; a blank for a letter or a digit; nothing for a picture or a sign that is not seen."""
    category = unicodedata.category(sign)
    if category == "Zs" or sign == "\t":
        return " "
    if category[0] == "C":
        return ""
    if font(sign):
        return sign
    parts = [part for part in unicodedata.normalize("NFKD", sign) if unicodedata.category(part)[0] != "M"]
    if parts and all(map(font, parts)):
        return "".join(parts)
    return BLANK if category[0] in "LN" else ""


def drawn(text: str) -> str:
    """What can be drawn of a text."""
    return "".join(map(nearest, text)).strip()


def lacking(text: str) -> str:
    """The letters for which a blank stands, each once."""
    return "".join(dict.fromkeys(sign for sign in text if nearest(sign) == BLANK != sign))
