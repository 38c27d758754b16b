"""A posting as its source gives it, a draft of named cells, read into the columns of `posting.Posting`, or refused with a reason.
Knows no table, no database and no other posting."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from knowledge import tables
from knowledge.postings import parse
from knowledge.postings.contacts import mask
from knowledge.postings.kinds import kinds
from knowledge.postings.screen import Offer, Screening, screen

HEADERS = Path(__file__).parent / "data" / "headers.tsv"
Draft = Mapping[str, str]
"""Cells by the names of `fields()`."""
KEPT = ("city", "pay", "degree", "experience", "kind", "headcount", "posted", "deadline", "industry", "size", "nature", "major")
"""Cells that stay as they were told, beside what was read from them."""
UNTIL = re.compile(r"截止|截至|报名时间|投递时间|网申时间|有效期")
SENTENCE = re.compile(r"[。;；\n]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
"""What no database keeps: NUL and its like, halves of signs."""
ENDLESS = timedelta(days=366 * 3)
"""A closing day further off is a slip of the pen."""
SURE = 0.5
"""A reading believed less is left out and told."""


FINE = Screening("fine", 0)


@dataclass(frozen=True, slots=True)
class Field:
    """One cell of a draft: what people call it, its most characters, how several columns of it are joined."""

    say: str
    most: int
    joint: str
    names: tuple[str, ...]


@dataclass(slots=True)
class Reading:
    """A draft on its way in. `cells`: as told, until read; `columns`: those of `posting.Posting`, without status, card and times.

    `refused`: why it cannot be taken; `notes`: what was left out.
    """

    row: int
    ref: str
    digest: bytes
    title: str
    company: str
    cells: dict[str, str]
    refused: str = ""
    notes: list[str] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)
    offer: Offer | None = None
    screening: Screening = FINE
    again: int = 0
    """The row of this batch that it repeats to the letter."""


@cache
def fields() -> dict[str, Field]:
    found = {}
    for line in HEADERS.read_text(encoding="utf8").splitlines():
        if line and not line.startswith("#"):
            name, say, most, joint, names = line.split("\t")
            found[name] = Field(say, int(most), joint.replace("\\n", "\n"), tuple(names.split()))
    return found


def named(header: Iterable[str]) -> dict[str, str]:
    """Column → field, as far as the columns' names tell it."""
    return tables.mapping(header, {key: (each.say, *each.names) for key, each in fields().items()})


def drafted(row: Mapping[str, str], columns: Mapping[str, str]) -> Draft:
    """The cells of a row by their fields; several columns of one field joined."""
    found: dict[str, list[str]] = {}
    for column, key in columns.items():
        if cell := str(row.get(column) or "").strip():
            found.setdefault(key, []).append(cell)
    return {key: fields()[key].joint.join(cells) for key, cells in found.items()}


salary = lru_cache(50_000)(parse.salary)
places = lru_cache(50_000)(parse.cities)
degree = lru_cache(50_000)(parse.degree)
experience = lru_cache(50_000)(parse.experience)


def cleaned(draft: Draft, notes: list[str]) -> dict[str, str]:
    found = {}
    for key, each in fields().items():
        if not (cell := CONTROL.sub(" ", draft.get(key) or "").strip()):
            continue
        if len(cell) > each.most:
            notes.append(f"{each.say}超过 {each.most} 字，只留了前面的")
            cell = cell[: each.most].rstrip()
        found[key] = cell
    return found


def key_of(cells: Draft) -> str:
    """What tells a posting from others of its source where it carries no number."""
    told = cells.get("url") or "\n".join(cells.get(key, "") for key in ("title", "company", "city"))
    return "=" + hashlib.blake2b(told.encode(), digest_size=12).hexdigest()


def begun(draft: Draft, row: int) -> Reading:
    """A draft cleaned, with its key and digest, not read yet."""
    notes: list[str] = []
    cells = cleaned(draft, notes)
    told = json.dumps(cells, ensure_ascii=False, sort_keys=True)
    ref = cells.get("ref") or key_of(cells)
    ref = ref if len(ref) <= 64 else "=" + hashlib.blake2b(ref.encode(), digest_size=24).hexdigest()
    digest = hashlib.blake2b(told.encode(), digest_size=16).digest()
    return Reading(row, ref, digest, cells.get("title", ""), cells.get("company", ""), cells, notes=notes)


def read(found: Reading, today: date) -> Reading:
    """What a draft says, read and screened on the day `today`. Never raises."""
    cells, found.cells = found.cells, {}  # so many long texts are held once
    try:
        fill(found, cells, today)
    except Unfit as error:
        found.refused = str(error)
    return found


class Unfit(ValueError):
    """A draft that cannot be taken; the message says why."""


def fill(found: Reading, cells: dict[str, str], today: date) -> None:
    """Columns, offer and screening of a reading.

    Raises:
        Unfit
    """
    if not re.search(r"\w", found.title):
        raise Unfit("没有岗位名称，请补上")
    posted, deadline = days(cells, today, found.notes)
    text = "\n".join(
        filter(None, (cells.get("text"), *(f"{fields()[key].say}：{cells[key]}" for key in ("benefits", "tags", "major") if key in cells)))
    )
    pay = salary(cells.get("pay", ""))
    if pay.value and pay.confidence < SURE:
        found.notes.append(f"薪资「{cells['pay'][:20]}」没有把握，没有采用")
    wage = pay.value if pay.confidence >= SURE else None
    asked = degree(cells["degree"]) if "degree" in cells else parse.degree(text)
    level = asked.value if asked.confidence >= 0.8 else None
    years, cohort = experience(cells.get("experience", "")).value, parse.experience(found.title).value
    years = cohort if cohort and cohort.fresh else years
    if years and years.barred and not parse.bars_graduates(text):
        text = "\n".join(filter(None, (text, f"{fields()['experience'].say}：{cells['experience']}")))
    people = parse.headcount(cells.get("headcount", "")).value
    kind = next((each.value for each in kinds(f"{found.title} {cells.get('kind', '')}", text)), None) or "full_time"
    found.offer = Offer(found.title, text, found.company, wage, level, years, posted, deadline, today)
    found.screening = screen(found.offer)
    title, shown, hidden = hide(found.title), mask(text), cells.get("contact", "")
    hidden = " ".join([hidden, *(text[slice(*each.span)] for each in shown.hidden)]).strip()
    found.title = title
    found.columns = {
        "kind": kind,
        "title": title,
        "company": found.company,
        "text": shown.text if shown.hidden else text,
        "url": link(cells.get("url", ""), found.notes),
        "raw": {key: hide(cells[key]) for key in KEPT if key in cells},
        "contact": hidden[:200],
        "places": located(cells.get("city", ""), found.notes),
        "pay_unit": wage and wage.unit,
        "pay_low": wage and wage.low,
        "pay_high": wage and wage.high,
        "pay_months": wage and wage.months,
        "degree": level and int(level.level),
        "full_time_degree": bool(level and level.full_time),
        "years_low": years and years.low,
        "years_high": years and years.high,
        "cohorts": list(years.cohorts) if years else [],
        "fresh": bool(years and years.fresh),
        "headcount": people and (people.high or people.low),
        "posted": posted,
        "deadline": deadline,
    }


@lru_cache(50_000)
def hide(text: str) -> str:
    """A short text with private numbers masked."""
    return mask(text).text


def link(url: str, notes: list[str]) -> str:
    if url and not re.match(r"https?://[^\s<>\"]+$", url, re.IGNORECASE):
        notes.append("网址要以 http:// 或 https:// 开头，没有采用")
        return ""
    return url


def located(cell: str, notes: list[str]) -> list[str]:
    """Codes of the places a cell names; a name that stands in several places is left out and told."""
    found: list[str] = []
    for each in places(cell):
        if each.value and (code := each.value.code or each.value.scope):
            found.append(code)
        elif each.value and each.value.candidates:
            notes.append(f"地点「{cell[slice(*each.span)]}」有几处同名，没有采用，请写明省市")
    if cell and not found and not notes:
        notes.append(f"地点「{cell[:20]}」认不出，没有采用")
    return list(dict.fromkeys(found))


def until(text: str) -> str:
    """What stands around the first word of closing, within its sentence."""
    said = UNTIL.search(text)
    if not said:
        return ""
    return SENTENCE.split(text[max(0, said.start() - 40) : said.start()])[-1] + SENTENCE.split(text[said.start() : said.end() + 40])[0]


def days(cells: dict[str, str], today: date, notes: list[str]) -> tuple[date | None, date | None]:
    """The day it was published and the last day to apply.

    Raises:
        Unfit: days that cannot be: a posting with a wrong closing day would be pushed after its end.
    """
    told = cells.get("posted", "")
    posted = parse.posted(told, today).value if told else None
    if posted and posted > today + timedelta(days=1):
        notes.append(f"发布日期 {posted} 还没到，没有采用")
        posted = None
    elif told and not posted:
        notes.append(f"发布日期「{told[:20]}」认不出，没有采用")
    if cell := cells.get("deadline", ""):
        last = parse.deadline(cell, today)
        if last.value is None and re.search(r"\d", cell):
            raise Unfit(f"截止日期「{cell[:20]}」不是一个日期，请写成 2026-12-31 这样")
        if last.value is None and not last.confidence:
            notes.append(f"截止日期「{cell[:20]}」认不出，没有采用")
    else:
        last = parse.deadline(until(cells.get("text", "")), posted or today)
    if last.value and last.value > today + ENDLESS:
        raise Unfit(f"截止日期 {last.value} 太远，请核对年份")
    if last.value and posted and last.value < posted:
        if cells.get("deadline"):
            raise Unfit(f"截止日期 {last.value} 早于发布日期 {posted}，请核对")
        return posted, None
    return posted, last.value


def numbered(drafts: Iterable[tuple[int, Draft]]) -> list[Reading]:
    """Every draft with the number of its row, begun. Drafts without a number of their own that say the same of title, employer and city but
    differ otherwise are told apart by their order."""
    found = [begun(draft, row) for row, draft in drafts]
    seen: dict[str, dict[bytes, int]] = {}
    count: Counter[str] = Counter()
    for each in found:
        known = seen.setdefault(each.ref, {})
        if each.digest in known:
            each.again = known[each.digest]
            continue
        known[each.digest] = each.row
        count[each.ref] += 1
        if count[each.ref] > 1:
            if each.ref.startswith("="):
                each.ref = f"{each.ref}#{count[each.ref]}"
            else:
                each.refused = f"编号 {each.ref} 和第 {next(iter(known.values()))} 行重复，内容却不同，请核对"
    return found
