"""What staff must look at again: entries that end or are due for review soon. What people read of it is in `dialogs/wording`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from knowledge.policy.entry import Entry
from knowledge.policy.store import Knowledge


def expiring(knowledge: Knowledge, today: date, days: int) -> list[str]:
    """One line a date that has passed or comes within `days`, the earliest first."""
    last = today + timedelta(days=days)
    found = [line for entry in knowledge.entries.values() for line in dates(entry, knowledge, today) if line[0] <= last]
    return [f"{day} {key} {title}:{then}" for day, key, title, then in sorted(found)]


def dates(entry: Entry, knowledge: Knowledge, today: date) -> Iterator[tuple[date, str, str, str]]:
    """When, which, its title, and what that means."""
    if entry.valid_to:
        heir = knowledge.entries.get(entry.successor or "")
        after = "没有接续的条目" if heir is None else f"接续的是 {heir.id} {heir.title}{'，它也已截止' if heir.expired(today) else ''}"
        then = "已截止，回答先说已截止" if entry.expired(today) else "最后一天，之后回答先说已截止"
        yield entry.valid_to, entry.id, entry.title, f"{then};{after}"
    then = "复核日期已过，请核对后改日期" if entry.review_by < today else "该复核了，过了这天检查会报"
    yield entry.review_by, entry.id, entry.title, then
