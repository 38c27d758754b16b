"""Broadcasts as people read them: the kinds with their fields (`broadcasts.toml`), reading a filled-in one, and the words. Sends nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from dialogs.messages import Choice, Say
from dialogs.typography import chinese
from knowledge.db import CHINA

LONGEST = 1500
"""UTF-8 bytes of the whole text: with its choices as numbered lines it is one message on every channel (WeChat: 2000)."""
LINE = 120
STOP, COME = Choice("退订", "go/stop"), "想参加"
LINK = re.compile(r"https?://[^\s/]+\.[^\s]+")


class DraftError(ValueError):
    """What cannot be read of a broadcast; the message is one sentence for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Field:
    label: str
    form: str
    needed: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """`warning`: nobody is held back from it. `opens`: at its start something opens, so that it is of use after it too."""

    name: str
    warning: bool
    opens: bool
    fields: Mapping[str, Field]


def is_event(kind: Kind) -> bool:
    """It begins at a time, so that one can come."""
    return "start" in kind.fields and kind.fields["start"].form == "moment"


@cache
def kinds() -> dict[str, Kind]:
    read = tomllib.loads((Path(__file__).parent / "broadcasts.toml").read_text(encoding="utf8"))
    return {
        name: Kind(
            name,
            bool(row.get("warning")),
            bool(row.get("opens")),
            {key: Field(*value) for key, value in row.items() if isinstance(value, list)},
        )
        for name, row in read.items()
    }


def named(name: str) -> Kind:
    """
    Raises:
        DraftError: there is no such kind.
    """
    if name not in kinds():
        raise DraftError(f"没有「{name}」这种群发，可以写：{'、'.join(kinds())}")
    return kinds()[name]


def cleaned(kind: Kind, raw: Mapping[str, Any]) -> dict[str, str]:
    """The fields as they are kept: trimmed, moments in ISO with China's offset.

    Raises:
        DraftError: one is unknown, lacking or cannot be read.
    """
    if strange := [name for name in raw if name not in kind.fields]:
        raise DraftError(f"{kind.name}没有「{strange[0]}」这一项，可以写：{'、'.join(kind.fields)}")
    held = {name: one(field, raw[name]) for name, field in kind.fields.items() if str(raw.get(name) or "").strip()}
    if lacking := [f"{name}({field.label})" for name, field in kind.fields.items() if field.needed and name not in held]:
        raise DraftError(f"{kind.name}还差：{'、'.join(lacking)}")
    return held


def one(field: Field, value: Any) -> str:
    said = str(value).strip()
    match field.form:
        case "moment":
            try:
                return instant(said).isoformat(timespec="minutes")
            except ValueError:
                raise DraftError(f"「{field.label}」写成 2026-12-05 14:00 这样，不是「{said[:30]}」") from None
        case "day":
            try:
                return date.fromisoformat(said[:10]).isoformat()
            except ValueError:
                raise DraftError(f"「{field.label}」写成 2026-12-05 这样，不是「{said[:30]}」") from None
        case "link" if not LINK.fullmatch(said):
            raise DraftError(f"「{field.label}」要是 http:// 或 https:// 开头的完整地址")
        case "line" if "\n" in said or len(said) > LINE:
            raise DraftError(f"「{field.label}」写一行，{LINE} 字以内")
    return said


def instant(said: str) -> datetime:
    """A moment in ISO, in China where it names no zone.

    Raises:
        ValueError: it is none, or of a year that no message is about: at the ends of the calendar no zone can be reckoned.
    """
    at = datetime.fromisoformat(said)
    if not 2000 <= at.year <= 2100:
        raise ValueError(said)
    return at if at.tzinfo else at.replace(tzinfo=CHINA)


def spoken(field: Field, value: str) -> str:
    if field.form == "moment":
        return moment(datetime.fromisoformat(value))
    if field.form == "day":
        return f"{(day := date.fromisoformat(value)).year} 年 {day.month} 月 {day.day} 日"
    return value


def moment(at: datetime) -> str:
    at = at.astimezone(CHINA)
    return f"{at.year} 年 {at.month} 月 {at.day} 日（周{'一二三四五六日'[at.weekday()]}）{at:%H:%M}"


def words(kind: Kind, title: str, held: Mapping[str, str]) -> Say:
    """The message.

    Raises:
        DraftError: it would not be one message on every channel.
    """
    lines = [f"【{kind.name}】{title}"]
    lines += [f"{field.label}：{spoken(field, held[name])}" for name, field in kind.fields.items() if name in held]
    text = chinese("\n".join((*lines, "不想再收这类消息，发「退订」。")))  # so that what is approved is what is sent
    if (size := len(text.encode())) > LONGEST:
        raise DraftError(f"太长了：一共 {size // 3} 字左右，{LONGEST // 3} 字以内才能在每个渠道一条发完")
    return Say(text, (STOP,))
