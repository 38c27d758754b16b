"""The shape of a policy entry and of a redirect, read from TOML or JSON. No database, no search."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

DATA = Path(__file__).parent / "data"
Certainty = Literal["A", "B", "C"]
Line = Annotated[str, Field(min_length=2, max_length=120)]
Ask = Annotated[str, Field(min_length=2, max_length=200)]
T = TypeVar("T", "Entry", "Redirect")
CLAUSE, LOCAL = re.compile(r" 第 [\d、— ]+ 条$"), re.compile(r"地方口径\((.+)\)")
"""How a condition names its source: a source of its entry and the clause, or the entry's variant of a place."""
BRACKETS = re.compile("[《》]")
MARK = re.compile(r"\s*\[([ABC])\]$")


class EntryError(ValueError):
    """A file or entry that cannot be used; the message is one sentence for the person who wrote it."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Part):
    issuer: Line
    document: Line
    date: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
    url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    certainty: Certainty


class Region(Part):
    """What one place does differently; `place` is a city or province name without 市/省."""

    place: Annotated[str, Field(min_length=2, max_length=12)]
    text: Line
    certainty: Certainty


class Faq(Part):
    ask: Annotated[list[Ask], Field(min_length=1)]
    answer: Line


class Rule(Part):
    """One condition of being entitled, as a test (`conditions.py`) with its words and clause.

    `mend` says how somebody who fails it can still meet it. In the places of `place` (those of the person, the employer or
    the business: `at`) a rule takes the stead of the general ones with the same `key`; it holds between its dates.
    """

    text: Line
    test: Annotated[str, Field(min_length=3, max_length=400)]
    source: Line
    mend: Line | None = None
    key: str = ""
    place: list[Annotated[str, Field(min_length=2, max_length=12)]] = []
    at: Literal["person", "employer", "business"] = "person"
    valid_from: date | None = None
    valid_to: date | None = None


class Entry(Part):
    """One policy. Statements are single sentences; a trailing ` [C]` lowers the certainty of that sentence."""

    id: Annotated[str, Field(pattern=r"^[A-Z]{3}-\d{2}$")]
    title: Annotated[str, Field(min_length=2, max_length=40)]
    receiver: Literal["person", "employer", "both", "none"]
    certainty: Certainty
    aliases: list[Annotated[str, Field(min_length=1, max_length=30)]] = []
    questions: Annotated[list[Ask], Field(min_length=8)]
    answer: Line
    amount: list[Line] = []
    conditions: list[Line] = []
    where: list[Line] = []
    papers: list[Line] = []
    deadline: list[Line] = []
    notes: list[Line] = []
    related: list[str] = []
    faq: list[Faq] = []
    region: list[Region] = []
    rule: list[Rule] = []
    source: Annotated[list[Source], Field(min_length=1)]
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str | None = None
    review_by: date

    @model_validator(mode="after")
    def dates_in_order(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("valid_from 晚于 valid_to,请改正日期")
        return self

    @model_validator(mode="after")
    def conditions_have_sources(self) -> Self:
        for rule in self.rule:
            if not self.certainties(rule.source):
                raise ValueError(f"条件「{rule.text}」的依据「{rule.source}」不在这条的来源或地方口径里")
        return self

    def certainties(self, named: str) -> list[Certainty]:
        """Of the sources, or the variants of a place, that a condition names so."""
        if place := LOCAL.fullmatch(named):
            return [region.certainty for region in self.region if region.place == place[1]]
        wanted = BRACKETS.sub("", CLAUSE.sub("", named))
        return [source.certainty for source in self.source if wanted in BRACKETS.sub("", f"{source.issuer} {source.document}")]

    def voiced(self, named: str) -> str:
        """The name of a condition's source as people read it: doubt is said."""
        return f"{named}(尚待核实)" if set(self.certainties(named)) == {"C"} else named

    def expired(self, today: date) -> bool:
        return self.valid_to is not None and today > self.valid_to


class Redirect(Part):
    """A question that is not ours: one sentence and where to go. `refuse` marks what we will not help with."""

    id: Annotated[str, Field(pattern=r"^RED-\d{2,3}$")]
    title: Annotated[str, Field(min_length=2, max_length=40)]
    kind: Literal["redirect", "refuse"] = "redirect"
    aliases: list[Annotated[str, Field(min_length=1, max_length=30)]] = []
    questions: Annotated[list[Ask], Field(min_length=5)]
    answer: Line


def said(statement: str) -> str:
    """The sentence as people read it: the certainty mark C becomes words, A and B need none."""
    found = MARK.search(statement)
    words = MARK.sub("", statement).rstrip("。")
    return f"{words}(尚待核实)" if found and found[1] == "C" else words


MISTAKES = {
    "missing": "缺少这个字段",
    "extra_forbidden": "没有这个字段名,请检查拼写",
    "string_type": "应是一段文字,两边加引号",
    "string_too_short": "太短,至少要 {min_length} 个字",
    "string_too_long": "太长,最多 {max_length} 个字",
    "string_pattern_mismatch": "写法不对,应符合 {pattern}",
    "literal_error": "只能写 {expected}",
    "list_type": "应是一个列表,写在方括号里",
    "too_short": "条数不够,至少要 {min_length} 条",
    "value_error": "{error}",
}
"""What pydantic calls a mistake, and how the person who wrote it is told; types not listed are wrong dates and tables."""


def explain(error: ValidationError) -> str:
    """The first problem of a validation error as one Chinese sentence naming the field."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "整条"
    other = "应是日期,如 2026-12-31" if first["type"].startswith("date") else "类型不对,请对照别的条目改正"
    words = MISTAKES.get(first["type"], other).format(**first.get("ctx", {}))
    return f"字段 {field}:{words.replace(' or ', ' 或 ')}"


def read(text: str, name: str) -> tuple[list[Entry], list[Redirect]]:
    """Entries and redirects of one TOML text.

    Raises:
        EntryError: one sentence with the file name, the entry's id and the field.
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise EntryError(f"{name} 不是有效的 TOML:{error}") from error
    for key, value in table.items():
        if key not in ("entry", "redirect") or not (isinstance(value, list) and all(isinstance(raw, dict) for raw in value)):
            raise EntryError(f"{name} 里有 {key},只认 [[entry]] 和 [[redirect]],请检查拼写和方括号")
    entries = [build(Entry, raw, name) for raw in table.get("entry", [])]
    return entries, [build(Redirect, raw, name) for raw in table.get("redirect", [])]


def build(kind: type[T], raw: dict[str, object], name: str) -> T:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise EntryError(f"{name} 的 {raw.get('id', '(没有 id)')}:{explain(error)}") from error
