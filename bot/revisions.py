"""Staff change entries: drafts from files, the check before approval, going live, telling who asked. Rules: `knowledge.policy.revisions`."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, RowMapping

from bot import audit, curation, questions
from bot.app import App, index_key
from bot.audit import Note
from bot.curation import Checked
from knowledge.db import CHINA
from knowledge.policy import questions as asked
from knowledge.policy import revisions, store
from knowledge.policy.entry import explain
from knowledge.policy.revisions import ACTIONS, STATES, RevisionError
from knowledge.policy.store import Item


def drafted(app: App, path: Path, author: str, answers: Sequence[int] = ()) -> Checked:
    """The entries of a file as drafts; `answers` are open questions that the one entry of the file answers."""
    items, problems = curation.items_of(path)
    if answers and len(items) != 1:
        raise RevisionError("--answers 只能和一条政策一起用，请把文件里的条目分开")
    with app.database.writing() as connection:
        numbers = drafts_of(app, connection, items, author, bool(answers))
        if answers:
            problems += questions.claim(connection, answers, numbers[0])
    return Checked(problems, summary(items, numbers, problems))


def drafts_of(app: App, connection: Connection, items: Sequence[Item], author: str, even_same: bool = False) -> list[int]:
    """Drafts of what differs from what people see, and from what the author drafted already."""
    held, numbers = store.load(connection), []
    now: dict[str, Item] = {**held.entries, **held.redirects}
    for item in items:
        if even_same or now.get(item.id) != item:
            numbers.append(revisions.draft(connection, item, author, app.clock.now()))
    return numbers


def summary(items: Sequence[Item], numbers: Sequence[int], problems: Sequence[str]) -> str:
    waiting = f"（第 {'、'.join(map(str, numbers))} 版），等另一位老师批准" if numbers else ""
    return f"起草了 {len(numbers)} 条{waiting}；{len(items) - len(numbers)} 条没变，{len(problems)} 个问题"


def edited(app: App, key: str, settings: Sequence[str], author: str, answers: Sequence[int] = ()) -> Checked:
    """A draft of one entry with some fields set: `answer=…`, `valid_to=2027-12-31`, `papers=["…"]`; on top of what the author drafted before."""
    with app.database.writing() as connection:
        revisions.lock(connection)
        mine = revisions.own_draft(connection, key, author)
        body = dict(mine["body"]) if mine else store.body_of(questions.item(connection, key))
        for setting in settings:
            field, sign, value = setting.partition("=")
            if not sign:
                raise RevisionError(f"--set 写成 字段=内容，如 --set 'answer=…'，现在是「{setting}」")
            body[field.strip()] = value_of(value)
        number = revisions.draft(connection, validated(body, key), author, app.clock.now())
        problems = questions.claim(connection, answers, number)
    return Checked(problems, f"{key} 的草稿是第 {number} 版，等另一位老师批准")


def begun(app: App, place: str, body: dict[str, Any], author: str, answers: Sequence[int] = (), note: Note = audit.unnoted) -> tuple[int, Checked]:
    """A draft of an entry that is not there yet: under the next number of a topic, or, where `place` is a number, in place of one's own draft.
    Returns which revision it is, and what would speak against it when it is to be approved.

    Raises:
        RevisionError: the topic is full.
        ValidationError: it is no entry.
    """
    with app.database.reading() as connection:
        item = store.item_of(body | {"id": place if "-" in place else revisions.free(connection, place)})
        held = store.load(connection)
    _, against = curation.tried(held, [item], app.search, app.clock.today())
    with app.database.writing() as connection:
        revisions.lock(connection)
        if "-" not in place:
            item = item.model_copy(update={"id": revisions.free(connection, place)})
        number = revisions.draft(connection, item, author, app.clock.now())
        problems = questions.claim(connection, answers, number)
        note(connection, "起草新政策", item.id, new=f"第 {number} 版")
    problems += [problem for found in against.values() for problem in found]
    return number, Checked(problems, f"{item.id} 的草稿是第 {number} 版，等另一位老师批准")


def value_of(text: str) -> Any:
    """As TOML where it is that (dates, lists, quoted text), else the words themselves."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):  # no TOML, a number of thousands of digits, lists nested too deep
        return text


def validated(body: dict[str, Any], name: str) -> Item:
    try:
        return store.item_of(body)
    except ValidationError as error:
        raise RevisionError(f"{name}:{explain(error)}") from error


def bring_in(app: App, path: Path, author: str, approver: str | None, *, dry_run: bool) -> Checked:
    """Staff entries from a file: as drafts, or live where another person answers for them; what is wrong is said and left out."""
    items, problems = curation.items_of(path)
    with app.database.reading() as connection:
        held = store.load(connection)
    now: dict[str, Item] = {**held.entries, **held.redirects}
    changed = [item for item in items if now.get(item.id) != item]
    if dry_run:
        return Checked(problems, f"会改 {len(changed)} 条，{len(items) - len(changed)} 条没变，{len(problems)} 条有错")
    if approver is not None and approver.strip() == author.strip():
        raise RevisionError("批准的要是另一位老师，--approved-by 不能和 --author 相同")
    with app.database.writing() as connection:
        numbers = drafts_of(app, connection, changed, author)
    if approver is None:
        return Checked(problems, summary(items, numbers, problems))
    found = approved(app, numbers, approver) if numbers else Checked([], "改了 0 条")
    return Checked([*problems, *found.problems], f"{found.summary}，{len(items) - len(changed)} 条没变，{len(problems)} 条有错")


def approved(app: App, numbers: Sequence[int], who: str, note: Note = audit.unnoted) -> Checked:
    """Drafts go live, with the index they were checked on; those with something against them stay drafts.

    Approval, messages to who asked, and the index are one transaction: a kill leaves all or nothing.
    """
    with app.database.reading() as connection:
        rows = [revisions.ready(connection, number, who) for number in numbers]
        held = store.load(connection)
    items = {row["id"]: validated(row["body"], f"第 {row['id']} 版") for row in rows}
    problems: list[str] = []
    told = 0
    while items:
        search, against = curation.tried(held, [*items.values()], app.search, app.clock.today())
        if not against:
            break
        problems += [f"{key} 没有批准：{problem}" for key, found in against.items() for problem in found]
        items = {number: item for number, item in items.items() if item.id not in against}
    if items:
        built = search.dump()
        with app.database.writing() as connection:
            if store.version(connection) != held.version:
                raise RevisionError("刚才别人也改了政策，请再批准一次")
            for number, item in items.items():
                answered = revisions.approve(connection, number, who, app.clock.now())
                note(connection, "批准政策", f"第 {number} 版", new=item.id)
                told += questions.tell(connection, search.knowledge[item.id], answered, app.clock.now())
            store.keep_index(connection, index_key(search.knowledge.version), built)
    return Checked(problems, f"改了 {len(items)} 条" + (f"，告诉了 {told} 位问过的人" if told else ""))


def restored(app: App, key: str, who: str) -> str:
    with app.database.writing() as connection:
        done = revisions.rollback(connection, key, who, app.clock.now())
    now = f"恢复到第 {done.now} 版" if done.now else "之前没有这一条，已经撤下"
    return f"{key} {now}；第 {done.before} 版留在记录里" + (f"。有 {done.told} 人收到过那一版的答案，请看要不要再说一声" if done.told else "")


def going_back(app: App, key: str) -> list[str]:
    """What `restored` would do, for who is asked once more.

    Raises:
        RevisionError: there is nothing to go back to.
    """
    with app.database.reading() as connection:
        now, before = revisions.back(connection, key)
        told = asked.told(connection, now)
    lines = [f"现在的第 {now} 版不再用，马上换回第 {before} 版。" if before else f"{key} 是老师新写的，以前没有：会整条撤下，没有人再查得到它。"]
    return [*lines, *([f"有 {told} 人收到过现在这一版的答案，不会另外通知他们。"] if told else [])]


def discarded(app: App, number: int, who: str) -> str:
    with app.database.writing() as connection:
        opened = revisions.discard(connection, number, who, app.clock.now())
    return f"第 {number} 版不用了" + (f",{opened} 个问题回到清单" if opened else "")


def listed(app: App) -> str:
    """What waits for approval."""
    with app.database.reading() as connection:
        lines = [f"{line(row)}，回答 {len(questions.answers(connection, row['id']))} 个问题" for row in revisions.drafts(connection)]
    return "\n".join(lines) or "没有等批准的草稿"


def line(row: RowMapping) -> str:
    return f"第 {row['id']} 版 {row['entry_id']} {row['body'].get('title', '')} {row['author']} {row['created_at'].astimezone(CHINA):%Y-%m-%d %H:%M}"


def difference(app: App, number: int) -> str:
    with app.database.reading() as connection:
        lines = revisions.difference(connection, number)
        lines += [f"# 回答 #{row['id']} {row['text']}" for row in questions.answers(connection, number)]
    return "\n".join(lines) or "和现行的一样"


def history(app: App, key: str) -> str:
    with app.database.reading() as connection:
        found = revisions.history(connection, key)
    if not found:
        raise RevisionError(f"没有 {key} 这一条，请核对编号")
    lines = []
    for row, changes in found:
        lines.append(f"{line(row)}：{STATES[row['status']]}")
        lines += [f"    {change['at'].astimezone(CHINA):%Y-%m-%d %H:%M} {change['who']} {ACTIONS[change['action']]}" for change in changes]
    return "\n".join(lines)
