"""Short links of broadcasts: one a person, which leads to the address that was approved and is counted once a person.

Kept is that somebody of the broadcast opened theirs, never who: only the message itself ties a link to its person, and the link goes with it.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, ForeignKey, RowMapping, String, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from dialogs import broadcasts
from dialogs.messages import Part, Say
from knowledge.db import Base
from knowledge.passes import Passes

MARK, SIGN = 12, 16
"""Signs of a token: 72 random bits that name the link, and 96 of an HMAC over them; 64 signs the whole alphabet."""
TOKEN = re.compile(rf"([\w-]{{{MARK}}})([\w-]{{{SIGN}}})", re.ASCII)
WRITTEN = re.compile(rf"https?://[^\s/]+/go/{TOKEN.pattern}", re.ASCII)
"""A link within what was said."""
ANYBODY = "…"
"""Stands for the token where no one person is meant."""


class ShortLink(Base):
    """One link that was given out for a broadcast."""

    __tablename__ = "short_link"

    mark: Mapped[str] = mapped_column(String(MARK), primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id", ondelete="CASCADE"), index=True)
    opened: Mapped[bool]


def signed(mark: str, passes: Passes) -> str:
    return passes.sign("go", mark, "")[:SIGN]


def mark_of(token: str, passes: Passes) -> str | None:
    """The mark of a token that we made; None of any other."""
    found = TOKEN.fullmatch(token)
    return found[1] if found and hmac.compare_digest(found[2].encode(), signed(found[1], passes).encode()) else None


def line_of(row: RowMapping) -> tuple[str, str]:
    """The line of a broadcast that says its link, and the link; empty where it has none, or one whose host cannot be read."""
    kind = broadcasts.kinds().get(row["kind"])
    name = next((name for name, field in kind.fields.items() if field.form == "link" and name in row["fields"]), "") if kind else ""
    if kind is None or not name:
        return "", ""
    url = row["fields"][name]
    return (f"{kind.fields[name].label}：{url}", url) if host(url) else ("", "")


def host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # half an IPv6 address
        return ""


def put(parts: Sequence[Part], row: RowMapping, address: str) -> list[Part]:
    """With the short address in place of the long one, and beside it where it leads: people are taught not to tap what they do not know."""
    line, url = line_of(row)
    short = f"{line.removesuffix(url)}{address} （打开的是 {host(url)}）"
    return [replace(part, text=part.text.replace(line, short, 1)) if isinstance(part, Say) else part for part in parts]


def fits(parts: Sequence[Part], row: RowMapping, base: str) -> bool:
    """Whether there is a link to shorten, a way to us, and room: what would be longer than a broadcast may be keeps its plain link."""
    line, _ = line_of(row)
    if row["mass"]:  # one text to all (`massing`)
        return False
    if not base or not line or not any(isinstance(part, Say) and line in part.text.split("\n") for part in parts):
        return False
    longest = put(parts, row, f"{base}/go/{'x' * (MARK + SIGN)}")
    return all(len(part.text.encode()) <= broadcasts.LONGEST for part in longest if isinstance(part, Say))


def example(parts: Sequence[Part], row: RowMapping, passes: Passes) -> list[Part]:
    """As any one person gets it, for a look before anything is sent."""
    return put(parts, row, f"{passes.base}/go/{ANYBODY}") if fits(parts, row, passes.base) else list(parts)


def handed(connection: Connection, row: RowMapping, parts: list[Part], count: int, passes: Passes) -> list[list[Part]]:
    """What so many people are sent, to each a link of their own."""
    if not count or not fits(parts, row, passes.base):
        return [parts] * count
    marks = [secrets.token_urlsafe(MARK * 3 // 4) for _ in range(count)]
    connection.execute(insert(ShortLink), [{"mark": mark, "broadcast_id": row["id"], "opened": False} for mark in marks])
    return [put(parts, row, f"{passes.base}/go/{mark}{signed(mark, passes)}") for mark in marks]


def again(parts: list[Part], row: RowMapping, before: list[dict[str, Any]]) -> list[Part]:
    """What replaces what somebody was to be sent, with the link they had there."""
    found = next((found for part in before if (found := WRITTEN.search(part.get("text", "")))), None)
    return put(parts, row, found[0]) if found else parts


def counted(connection: Connection, number: int) -> tuple[int, int]:
    """How many links of a broadcast were given out, and how many of them were opened."""
    query = select(func.count(), func.count().filter(ShortLink.opened)).where(ShortLink.broadcast_id == number)
    given, opened = connection.execute(query).one()
    return int(given), int(opened)


def forget(connection: Connection, said: Sequence[list[dict[str, Any]]]) -> None:
    """The links in what was said to somebody who is erased."""
    marks = [found[1] for parts in said for part in parts for found in WRITTEN.finditer(part.get("text", ""))]
    if marks:
        connection.execute(delete(ShortLink).where(ShortLink.mark.in_(marks)))


def masked(text: str) -> str:
    """What was said, for others than its person: with their link anybody could try whether it had been opened."""
    return WRITTEN.sub(lambda found: found[0].removesuffix(found[1] + found[2]) + ANYBODY, text)
