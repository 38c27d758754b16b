"""Chinese signs in what people read: the texts of this project are typed with a keyboard's narrow ones. Changes no word."""

from __future__ import annotations

import re

from dialogs.messages import Choice, Link, Part, Say

HAN = "\u3400-\u9fff"
OPENING = "\u201c\u2018\u300c\u300e\u300a\u3010\uff08\u3014\u2460-\u2473"
CLOSING = "\u201d\u2019\u300d\u300f\u300b\u3011\uff09\u3015%"
WIDE = str.maketrans(",:;?!", "\uff0c\uff1a\uff1b\uff1f\uff01")
KEPT = "\u300c(?:[^\u300c\u300d]|\u300c[^\u300c\u300d]*\u300d)*\u300d|https?://\\S+"
"""What is repeated as it was written: quoted words of a document, of the person, of a button; an address."""
TOKEN = re.compile(rf"{KEPT}|[,:;?!()\n]")
MEANT = re.compile(rf"(?<=[{HAN}{CLOSING}]).|(?<=[\w)+]).(?=[^\S\n]*[{HAN}{OPENING}])")
"""A sign after Chinese; after a number or a name too, where Chinese follows. 1,000 and 9:30 keep theirs."""
LAST = re.compile(r"(?<=[\w)+]).[^\S\n]*$", re.MULTILINE)
"""A sign at the end of a line: of a Chinese one, if there is Chinese before it."""
NARROW = re.compile("[,:;?!(]")
HAS_HAN = re.compile(f"[{HAN}]")


def typeset(part: Part) -> Part:
    """A part as people see it; what a button stands for and where a link leads stay as they are."""
    if not isinstance(part, Say):
        return part
    choices = tuple([Choice(chinese(choice.label), choice.value) for choice in part.choices])
    return Say(chinese(part.text), choices, tuple([Link(chinese(link.label), link.url) for link in part.links]))


def chinese(text: str) -> str:
    """The text with full-width signs where they stand beside Chinese; a line without Chinese, and what is quoted, as it was."""
    if not NARROW.search(text):
        return text
    signs, opened, begin = list(text), list[int](), 0
    for found in TOKEN.finditer(text):
        sign, at = found[0], found.start()
        if sign == "\n":
            opened, begin = [], at
        elif sign == "(":
            opened.append(at)
        elif sign == ")":
            start = opened.pop() if opened else at
            if start < at and HAS_HAN.search(text, max(0, start - 1), at):
                signs[start], signs[at] = "\uff08\uff09"
        elif len(sign) == 1:
            behind = at and signs[at - 1] == "\uff09"
            if behind or MEANT.match(text, at) or (LAST.match(text, at) and HAS_HAN.search(text, begin, at)):
                signs[at] = sign.translate(WIDE)
    return "".join(signs)
