"""Checking policy entries: files, a change before it is approved. Stores nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from knowledge import notation
from knowledge.db import local_date, now
from knowledge.policy import store
from knowledge.policy.conditions import ConditionError
from knowledge.policy.eligibility import compile_entry
from knowledge.policy.entry import DATA, Entry, EntryError, explain, read
from knowledge.policy.search import PolicySearch, phrasings
from knowledge.policy.store import Item, Knowledge, knowledge_of
from knowledge.words import words


@dataclass(frozen=True)
class Checked:
    problems: Sequence[str]
    summary: str


def check(files: Sequence[Path] = ()) -> Checked:
    """Every file by its schema, then the whole: ids, references, doubled questions, and that each question finds its entry first."""
    problems: list[str] = []
    items: list[Item] = []
    for path in files or sorted(DATA.glob("*.toml")):
        try:
            entries, redirects = read(path.read_text(encoding="utf8"), path.name)
            items += (*entries, *redirects)
        except EntryError as error:
            problems.append(str(error))
        except UnicodeDecodeError:
            problems.append(f"{path.name} 不是 UTF-8 编码，请另存为 UTF-8")
        except OSError as error:
            problems.append(f"读不了 {path}：{error.strerror}")
    problems += whole(items, local_date(now()), alone=bool(files))
    if not problems:
        problems += lost(items)
    questions = sum(len(item.questions) for item in items)
    entries_number = sum(isinstance(item, Entry) for item in items)
    return Checked(problems, f"{entries_number} 条政策，{len(items) - entries_number} 条转介，{questions} 句问法，{len(problems)} 个问题")


def whole(items: Sequence[Item], today: date, *, alone: bool) -> Iterator[str]:
    known = Counter(item.id for item in items)
    yield from (f"编号 {key} 出现了 {number} 次，请改成不同的编号" for key, number in known.items() if number > 1)
    asked: dict[str, str] = {}
    for item in items:
        for question in item.questions:
            other = asked.setdefault(words().plain(question), item.id)
            if other != item.id:
                yield f"{item.id} 和 {other} 有同一句问法「{question}」，请留在一条里"
        if isinstance(item, Entry) and not alone:
            yield from (f"{item.id} 的相关条目 {key} 不存在" for key in (*item.related, *filter(None, [item.successor])) if key not in known)
        if isinstance(item, Entry):
            yield from unreadable(item)
        if isinstance(item, Entry) and item.review_by < today:
            yield f"{item.id} 的复核日期 {item.review_by} 已过，请核对后改日期"


def unreadable(entry: Entry) -> Iterator[str]:
    """A condition that the machine cannot read; such an entry would be left out of every plan."""
    try:
        compile_entry(entry)
    except ConditionError as error:
        yield f"{entry.id}:{error}"


def lost(items: Sequence[Item], search: PolicySearch | None = None) -> Iterator[str]:
    search = search or PolicySearch(knowledge_of(items))
    for item in items:
        for question in item.questions:
            hits = search.search(question).hits
            if not hits or hits[0].id != item.id:
                yield f"{item.id} 的问法「{question}」先找到的是 {hits[0].id if hits else '空'}"


def tried(held: Knowledge, items: Sequence[Item], before: PolicySearch, today: date) -> tuple[PolicySearch, dict[str, list[str]]]:
    """The search as it would be with these items in it, and what speaks against each: faults the whole did not have
    before, its own questions that do not find it, and questions of its neighbours that now find it."""
    old: dict[str, Item] = {**held.entries, **held.redirects}
    new = old | {item.id: item for item in items}
    search = PolicySearch(knowledge_of([*new.values()], held.version + len(items)).readable())
    known = set(whole([*old.values()], today, alone=False))
    fresh = [problem for problem in whole([*new.values()], today, alone=False) if problem not in known]
    against: dict[str, list[str]] = {}
    for item in items:
        added = [text for text in phrasings(item) if item.id not in old or text not in phrasings(old[item.id])]
        near = {hit.id for text in added for hit in before.search(text, 5).hits} - {each.id for each in items}
        stolen = (problem for problem in lost([old[key] for key in sorted(near & set(old))], search) if problem.endswith(f"是 {item.id}"))
        unread = unreadable(item) if isinstance(item, Entry) else ()
        found = [*unread, *(problem for problem in fresh if item.id in problem), *lost([item], search), *stolen]
        if found:
            against[item.id] = found
    return search, against


def items_of(path: Path) -> tuple[list[Item], list[str]]:
    """The entries of a TOML or JSON file, and one sentence for each that cannot be used."""
    items: list[Item] = []
    problems: list[str] = []
    try:
        text = path.read_text(encoding="utf8")
        if path.suffix != ".json":
            entries, redirects = read(text, path.name)
            return readable([*entries, *redirects], problems)
        raw = notation.loads(text)
    except (ValueError, OSError) as error:
        return items, [str(error) if isinstance(error, EntryError) else f"读不了 {path.name}:{error}"]
    if not isinstance(raw, list):
        return items, [f"{path.name}:要是一个 JSON 数组，和 knowledge export 的格式一样"]
    for body in raw:
        try:
            items.append(store.item_of(body))
        except (ValueError, KeyError, TypeError) as error:
            key = body.get("id", "?") if isinstance(body, dict) else "?"
            problems.append(f"{key}:{explain(error) if isinstance(error, ValidationError) else '不是一条政策'}")
    return readable(items, problems)


def readable(items: Sequence[Item], problems: Sequence[str]) -> tuple[list[Item], list[str]]:
    """The items whose conditions the machine can read, and what was wrong with any."""
    unread = {item.id: list(unreadable(item)) for item in items if isinstance(item, Entry)}
    return [item for item in items if not unread.get(item.id)], [*problems, *(problem for found in unread.values() for problem in found)]
