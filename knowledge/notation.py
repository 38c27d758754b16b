"""JSON that somebody else wrote: read as `json` reads it, but with one kind of error for all that is wrong with it, and without halves of signs."""

from __future__ import annotations

import json
import re
from typing import Any

DEPTH = 100
"""Levels. No file of ours has more than six; what is near Python's limit of about 1 000 breaks whoever walks it later."""
HALVES = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


def loads(text: str) -> Any:
    """
    Raises:
        ValueError: no JSON (then a `JSONDecodeError`, which knows the place), nested too deep, or a number of thousands of digits.
    """
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # [docs.python.org/3/library/stdtypes.html#int-max-str-digits]
        raise ValueError("有一个数太长") from None
    except RecursionError:
        raise ValueError("一层套一层,太深了") from None
    if deep(found):
        raise ValueError("一层套一层,太深了")
    if HALVES.search(text):  # no database and no UTF-8 holds half a sign
        found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf8", "replace"))
    return found


def deep(found: Any) -> bool:
    level = [found]
    for _ in range(DEPTH):
        level = [inner for each in level if isinstance(each, dict | list) for inner in (each.values() if isinstance(each, dict) else each)]
        if not level:
            return False
    return True
