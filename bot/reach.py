"""Whom a new or changed policy reaches: who newly qualifies, who might, and what they still have to tell. Sends nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from bot import broadcast
from bot.app import App
from dialogs.messages import Choice, Say, to_json
from dialogs.wording import conclusion
from knowledge import people
from knowledge.people import Graduate, Membership
from knowledge.policy import revisions, store
from knowledge.policy.eligibility import Compiled, compile_entry
from knowledge.policy.entry import Entry
from knowledge.policy.facts import Facts
from knowledge.policy.revisions import RevisionError
from knowledge.profile import FIELDS
from knowledge.profile import read as clean

LOAD = 2000
"""Profiles read at once: the memory of a run does not grow with the number of people."""


@dataclass
class Reach:
    """Graduates by what the entry says of them now and did not say before its last change."""

    entry: Entry
    newly: list[str] = field(default_factory=list)
    might: list[str] = field(default_factory=list)
    already: int = 0
    people: int = 0
    lacking: Counter[str] = field(default_factory=Counter)
    """Fields that those who might qualify would have to tell, with how many lack each."""


def profiles(connection: Connection) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everybody who agreed to a file; the groups of those who agreed to that too."""
    groups: dict[str, list[str]] = {}
    member = select(Membership.graduate_id, Membership.group).join(Graduate).where(Graduate.groups_consent_at.is_not(None))
    for who, group in connection.execute(member):
        groups.setdefault(who, []).append(group)
    query = select(Graduate.id, Graduate.profile, Graduate.groups_consent_at).where(Graduate.profile_consent_at.is_not(None))
    for who, profile, agreed in connection.execution_options(yield_per=LOAD).execute(query):
        held, _ = clean(profile)
        yield who, held | {"groups": groups.get(who, [])} if agreed else held


def versions(connection: Connection, named: str) -> tuple[Entry, Entry | None]:
    """The entry (by its id, or a draft by its number) and what people saw before it.

    Raises:
        RevisionError: there is no such entry, or it has no conditions.
    """
    number = int(named) if named.isdecimal() else revisions.current(connection, named)
    if number is None:
        raise RevisionError(f"没有 {named} 这一条，请核对编号")
    row = revisions.get(connection, number)
    before = revisions.current(connection, row["entry_id"]) if row["status"] == "draft" else revisions.previous(connection, row)
    item = store.item_of(row["body"])
    if not isinstance(item, Entry) or not item.rule:
        raise RevisionError(f"{named} 没有写能逐条判断的条件，不能算出覆盖到谁")
    old = store.item_of(revisions.get(connection, before)["body"]) if before else None
    return item, old if isinstance(old, Entry) else None


def reach(app: App, named: str) -> Reach:
    """
    Raises:
        RevisionError: see `versions`.
    """
    with app.database.reading() as connection:
        entry, old = versions(connection, named)
        now, before = compile_entry(entry), compile_entry(old) if old and old.rule else None
        found = Reach(entry)
        for who, profile in profiles(connection):
            sort(found, who, profile, now, before, app.clock.today())
    return found


def sort(found: Reach, who: str, profile: dict[str, Any], now: Compiled, before: Compiled | None, today: date) -> None:
    facts = Facts(profile, today)
    found.people += 1
    verdict = now.check(facts)
    if verdict == "not_eligible":
        return
    earlier = before.check(facts) if before else None
    if earlier == verdict or earlier == "eligible":
        found.already += earlier == verdict == "eligible"
    elif verdict == "eligible":
        found.newly.append(who)
    else:
        found.might.append(who)
        found.lacking.update(now.judge(facts).missing)


def told(found: Reach, today: date) -> str:
    """The result for staff: numbers, no names."""
    lacking = "、".join(f"{FIELDS[name].label}（{count} 人）" for name, count in found.lacking.most_common(5))
    return "\n".join(
        (
            f"{found.entry.id} {found.entry.title}：有档案的 {found.people} 人里",
            f"· 新符合 {len(found.newly)} 人，之前就符合 {found.already} 人",
            f"· 可能符合 {len(found.might)} 人" + (f"，还要问：{lacking}" if lacking else ""),
            f"· 给他们的话：{words(found.entry, today).text}",
        )
    )


def words(entry: Entry, today: date) -> Say:
    """The draft of the broadcast. It says what is true of all it goes to: worked out from what they told us."""
    lead, caveat = f"有一项政策可能轮到你：「{entry.title}」", "这是按你档案里的情况算的，以经办核定为准。不想再收这类消息，发「退订」。"
    return Say(f"{lead}\n{conclusion(entry, today)}\n{caveat}", (Choice("我符合吗", f"mine/{entry.id}"), Choice("退订", "go/stop")))


def drafted(app: App, found: Reach, who: str, *, might: bool) -> int:
    """Drafts the broadcast to those who newly qualify (and who might); nothing is sent before another person approves."""
    audience = {"reach": found.entry.id, "people": found.newly + (found.might if might else [])}
    with app.database.writing() as connection:
        return broadcast.draft(connection, found.entry.title, [to_json(words(found.entry, app.clock.today()))], audience, who, app.clock.now())


def listed(app: App, found: Reach, who: str) -> Iterator[str]:
    """One line a person, for a teacher who calls; each reading is logged where the person can see it."""
    kinds = [("新符合", person) for person in found.newly] + [("可能符合", person) for person in found.might]
    with app.database.writing() as connection:
        people.log_accesses(connection, [person for _, person in kinds], who, f"政策覆盖名单 {found.entry.id}", app.clock.now())
    for kind, person in kinds:
        yield f"{person}\t{kind}"
