"""What kind a posting is: full-time, internship, 见习, 科研助理, 招聘会 and the like, by `data/kinds.toml`. No screening, no matching."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge.postings.reading import Read, plain

KINDS = Path(__file__).parent / "data" / "kinds.toml"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: `name` for code, `say` for people."""

    name: str
    say: str
    title: re.Pattern[str]
    text: re.Pattern[str]
    unless: re.Pattern[str] | None


@cache
def known() -> tuple[Kind, ...]:
    rows: list[dict[str, str]] = tomllib.loads(KINDS.read_text(encoding="utf8"))["kind"]
    compiled = ((row, row.get("unless")) for row in rows)
    return tuple(
        Kind(row["name"], row["say"], re.compile(row["title"]), re.compile(row["text"]), re.compile(unless) if unless else None)
        for row, unless in compiled
    )


def kinds(title: str, text: str = "") -> tuple[Read[str], ...]:
    """Names of the kinds a posting is of, the surest first; spans are positions in title + newline + text. Empty: nothing is said, most
    likely full-time."""
    head, body = plain(title), plain(text)
    found = []
    for kind in known():
        if (head_match := kind.title.search(head)) and not (kind.unless and kind.unless.search(head)):
            found.append(Read(kind.name, 0.95, head_match.span()))
            continue
        for match in kind.text.finditer(body):
            near = body[max(0, match.start() - 12) : match.end() + 6]
            if not (kind.unless and kind.unless.search(near)):
                start = len(title) + 1
                found.append(Read(kind.name, 0.7, (start + match.start(), start + match.end())))
                break
    return tuple(sorted(found, key=lambda read: -read.confidence))
