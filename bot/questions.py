"""The staff's queue of questions nobody could answer: listed by likeness, attached to entries, told when answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from bot import delivery
from bot.app import App
from bot.curation import Checked
from dialogs import unanswered
from dialogs.messages import Say
from dialogs.place import Conversation
from knowledge.db import local_date
from knowledge.people import Graduate
from knowledge.policy import questions, regions, revisions, store
from knowledge.policy.clusters import alike
from knowledge.policy.entry import Entry
from knowledge.policy.questions import PERSONAL, REASONS, masked
from knowledge.policy.revisions import RevisionError
from knowledge.policy.search import PolicySearch
from knowledge.policy.store import Item
from knowledge.words import words

LATEST = 200
"""Open questions that a page which is opened all day puts into groups."""
STATES = {"open": "还没人处理", "attached": "已经归进一份草稿", "answered": "已经有答案", "out_of_scope": "已经标为不归我们"}


def queue(app: App, most: int) -> tuple[list[dict[str, Any]], int]:
    """Groups of open questions, the most people first, each with the entries nearest to it; and how many groups there are.

    Of the people only their number is said.
    """
    with app.database.reading() as connection:
        rows = questions.waiting(connection)
    groups = grouped(app.search, rows)
    return [group_of(app.search, group) for group in groups[: most or None]], len(groups)


def grouped(search: PolicySearch, rows: Sequence[RowMapping]) -> list[list[RowMapping]]:
    """The most people first."""
    groups = [[rows[row] for row in group] for group in alike([vector(search, row["text"]) for row in rows])]
    return sorted(groups, key=lambda group: (-people(group), -len(group), group[0]["id"]))


def newest(connection: Connection, search: PolicySearch, most: int) -> list[tuple[int, str, int]]:
    """Of the latest open questions the groups with the most people: how many they are, the question, the number that the page of the queue
    has it under."""
    groups = grouped(search, questions.waiting(connection, LATEST))[:most]
    return [(people(group), masked(group[0]["text"]), group[0]["id"]) for group in groups]


def vector(search: PolicySearch, text: str) -> dict[str, float]:
    """What a question says, weighed by how telling it is; single characters say little."""
    worth, unseen = search.index.worth, search.index.unseen
    return {term: weight * worth.get(term, unseen) for term, weight in search.terms(text).items() if len(term) > 1}


def people(group: Sequence[RowMapping]) -> int:
    return len({row["graduate_id"] for row in group})


def group_of(search: PolicySearch, group: Sequence[RowMapping]) -> dict[str, Any]:
    asked = [{"id": row["id"], "text": masked(row["text"]), "reason": row["reason"], "asked_at": row["asked_at"].isoformat()} for row in group]
    near = [{"id": hit.id, "title": hit.title, "p": hit.p} for hit in search.search(group[0]["text"]).hits]
    return {"people": people(group), "text": asked[0]["text"], "entries": near, "questions": asked}


def listed(app: App, most: int) -> str:
    groups, number = queue(app, most)
    lines: list[str] = []
    for group in groups:
        lines.append(f"{group['people']} 个人，{len(group['questions'])} 句：{group['text']}")
        lines += [f"    #{row['id']} {REASONS[row['reason']]}：{row['text']}" for row in group["questions"]]
        lines.append(f"    最近的：{'，'.join('{id} {title}'.format(**hit) for hit in group['entries']) or '没有'}")
    lines += [f"还有 {number - len(groups)} 组，看全部加 --most 0"] if number > len(groups) else []
    return "\n".join(lines) or "没有等处理的问题"


def item(connection: Connection, key: str) -> Item:
    try:
        return store.load(connection)[key]
    except KeyError as error:
        raise RevisionError(f"没有正在用的 {key}，请核对编号") from error


def takeable(connection: Connection, ids: Sequence[int]) -> tuple[list[RowMapping], list[str]]:
    """Those of the named questions that are open, and one sentence for each other."""
    found = questions.named(connection, ids)
    problems = [f"没有 #{key} 这个问题" for key in ids if key not in found]
    problems += [f"#{row['id']} {STATES[row['status']]}" for row in found.values() if row["status"] != "open"]
    return [row for row in found.values() if row["status"] == "open"], problems


def claim(connection: Connection, ids: Sequence[int], revision_id: int) -> list[str]:
    """A draft answers these questions. Returns a sentence for each that it cannot."""
    rows, problems = takeable(connection, ids)
    questions.settle(connection, [row["id"] for row in rows], "attached", revision_id)
    return problems


def attach(app: App, ids: Sequence[int], key: str, author: str) -> Checked:
    """The questions as phrasings of an entry: a draft, on top of what the author drafted for it before."""
    with app.database.writing() as connection:
        revisions.lock(connection)
        mine = revisions.own_draft(connection, key, author)
        target = store.item_of(mine["body"]) if mine else item(connection, key)
        rows, problems = takeable(connection, ids)
        problems += [
            f"#{row['id']} 带着像手机号或证件号的数字，不能当问法；换一种说法用 knowledge draft" for row in rows if PERSONAL.search(row["text"])
        ]
        rows = [row for row in rows if not PERSONAL.search(row["text"])]
        if not rows:
            return Checked(problems, "没有起草")
        known = {words().plain(text) for text in target.questions}
        added = {words().plain(text): text for text in (" ".join(row["text"].split()) for row in rows)}
        fresh = [text for plain, text in added.items() if plain not in known and len(text) > 1]
        changed = target.model_copy(update={"questions": [*target.questions, *fresh]})
        number = revisions.draft(connection, changed, author, app.clock.now())
        questions.settle(connection, [row["id"] for row in rows], "attached", number)
    return Checked(problems, f"{key} 的草稿是第 {number} 版：多 {len(fresh)} 句问法，等另一位老师批准")


def out_of_scope(app: App, ids: Sequence[int]) -> Checked:
    with app.database.writing() as connection:
        rows, problems = takeable(connection, ids)
        questions.settle(connection, [row["id"] for row in rows], "out_of_scope")
    return Checked(problems, f"{len(rows)} 个问题标为不归我们")


def answers(connection: Connection, revision_id: int) -> list[dict[str, Any]]:
    """The questions that a draft answers."""
    return [{"id": row["id"], "text": masked(row["text"])} for row in questions.attached(connection, revision_id)]


def tell(connection: Connection, answer: Item, answered: Sequence[RowMapping], at: datetime) -> int:
    """Plans one message a conversation to those who wished it, in the transaction of the approval. Returns how many.

    Where nothing else is going on, the next message may lean on it: its choices are the ones shown last.
    """
    asked: dict[str, list[RowMapping]] = {}
    for row in answered:
        if row["wants_reply"]:
            asked.setdefault(row["conversation"], []).append(row)
    query = select(Conversation.key, Conversation.mode, Conversation.stack, Conversation.memo, Graduate.profile)
    query = query.join(Graduate, Graduate.id == Conversation.graduate_id).where(Conversation.key.in_(asked)).order_by(Conversation.key)
    planned: list[dict[str, Any]] = []
    memos: list[dict[str, Any]] = []
    for key, mode, stack, memo, profile in connection.execute(query.with_for_update(of=Conversation)).all():
        rows = asked[key]
        texts = list(dict.fromkeys(row["text"] for row in rows))
        place = regions.find(memo.get("place") or profile.get("residence") or "")
        say = unanswered.told(answer, texts, local_date(rows[0]["asked_at"]), local_date(at), place or None)
        if mode == "bot" and not stack:
            about = {"entry": answer.id} if isinstance(answer, Entry) else {}
            shown = [[choice.label, choice.value] for choice in say.choices]
            memos.append({"of": key, "kept_memo": {**memo, **about, "asked": texts[0], "answered": texts[0], "choices": shown}})
        else:
            say = Say(say.text, (), say.links)
        planned.append(delivery.row_of(f"answered|{rows[0]['id']}", key, "notice", [say], at))
    delivery.plan(connection, planned)
    if memos:
        connection.execute(update(Conversation).where(Conversation.key == bindparam("of")).values(memo=bindparam("kept_memo")), memos)
    return len(planned)
