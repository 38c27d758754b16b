"""The words by which facts are said, out of statements.toml: loaded once, for prose and for short answers. Reads no text, decides nothing."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from knowledge.words import filled

TABLE: dict[str, Any] = tomllib.loads((Path(__file__).parent / "statements.toml").read_text(encoding="utf8"))
NAMES: dict[str, str] = TABLE["words"]


def pattern(said: str | list[str]) -> re.Pattern[str]:
    """A saying, or several ways to say the same, with the classes of {words} they use."""
    return re.compile(filled(said if isinstance(said, str) else "|".join(said), NAMES))


def patterns(section: str) -> dict[str, re.Pattern[str]]:
    return {name: pattern(said) for name, said in TABLE[section].items()}


STATUS: dict[str, tuple[str, ...]] = {name: tuple(said) for name, said in TABLE["status"].items()}
GROUPS = patterns("groups")
SPELLING = tuple((re.compile(said), meant) for said, meant in TABLE["spelling"].items())


def plain(text: str) -> str:
    """A normalised text with dialect and common misspellings put as the tables say them."""
    for said, meant in SPELLING:
        text = said.sub(meant, text)
    return text
