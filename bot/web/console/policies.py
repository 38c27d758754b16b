"""The pages of the knowledge base: what nobody could answer, drafts and their approval by a second person, an entry as people read it, its
history, and changing it. The same functions as `bulixian knowledge …`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from bot import freshness, questions, revisions
from bot.app import App
from bot.curation import Checked
from bot.web.console.fields import FIELDS
from bot.web.console.gate import Desk
from dialogs import wording
from knowledge.policy import revisions as kept
from knowledge.policy import store
from knowledge.policy.entry import Entry
from knowledge.policy.revisions import RevisionError
from knowledge.policy.store import Item

GROUPS = 30
SOON = timedelta(days=30)
CHANGED = ("answer", "amount", "conditions", "where", "papers", "deadline", "notes", "questions", "aliases", "valid_to", "review_by")
"""What the form changes; conditions as tests, sources and places are changed by `knowledge draft FILE`, with its check."""
LINES = [name for name in CHANGED if FIELDS[name].form == "lines"]
LABELS = {name: field.label for name, field in FIELDS.items()} | {
    "id": "编号", "source": "出处", "related": "相关的", "faq": "常问", "region": "各地口径", "rule": "能算的条件", "successor": "接续的一条",
}  # fmt: skip


def listed(desk: Desk, wrong: str = "", done: str = "") -> Response:
    groups, number = questions.queue(desk.app, GROUPS)
    said = desk.asked("q")
    known = desk.app.search.knowledge
    found = [(hit.id, hit.title) for hit in desk.app.search.search(said).hits if hit.id in known.entries] if said else []
    found = [(said.upper(), known.entries[said.upper()].title)] if said.upper() in known.entries else found
    with desk.app.database.reading() as connection:
        drafts = [(row, len(questions.answers(connection, row["id"]))) for row in kept.drafts(connection)]
    soon = freshness.expiring(known, desk.app.clock.today(), SOON.days)
    shown = {"groups": groups, "number": number, "drafts": drafts, "soon": soon, "q": said, "found": found}
    return desk.show("policies", 400 if wrong else 200, wrong=wrong, done=done, **shown)


def tried(desk: Desk, work: Callable[[App], str | Checked], what: str, target: str, page: Callable[..., Response] = listed) -> Response:
    """Does it and says what came of it; what cannot be done is said on the same page."""
    try:
        with desk.app.together() as (here, connection):
            told = work(here)
            desk.note(connection, what, target[:60], new=(told.summary if isinstance(told, Checked) else told)[:60])
    except RevisionError as error:
        return page(desk, f"{error}。")
    return outcome(desk, told, page)


def outcome(desk: Desk, told: str | Checked, page: Callable[..., Response]) -> Response:
    problems, done = (told.problems, told.summary) if isinstance(told, Checked) else ([], told)
    return page(desk, "。".join(problems), done)


def numbers(words: str) -> list[int]:
    return [int(said) for said in words.split() if said.isascii() and said.isdecimal() and len(said) < 16][:200]


def attach(desk: Desk) -> Response:
    """A group of questions as phrasings of an entry."""
    key = desk.form.get("to", "").strip().upper()
    return tried(desk, lambda app: questions.attach(app, numbers(desk.form.get("questions", "")), key, desk.who.display), "归到政策", key)


def leave(desk: Desk) -> Response:
    found = numbers(desk.form.get("questions", ""))
    return tried(desk, lambda app: questions.out_of_scope(app, found), "标为不归我们", f"{len(found)} 个问题")


def draft(desk: Desk, wrong: str = "", done: str = "", number: int | None = None) -> Response:
    """What differs, and the entry as people would read it."""
    number = number or desk.number()
    try:
        with desk.app.database.reading() as connection:
            row = kept.get(connection, number)
            answered, lines = questions.answers(connection, number), kept.difference(connection, number)
        item = revisions.validated(row["body"], f"第 {number} 版")
    except RevisionError:
        return listed(desk, f"第 {number} 版找不到了，可能已经处理过。")
    own = row["author"].strip() == desk.who.display
    on = f"/knowledge/{row['entry_id']}" if row["entry_id"] in desk.app.search.knowledge.entries else f"/knowledge/new?key={row['entry_id']}"
    shown = {"row": row, "on": on, "differs": differing(lines), "says": read(desk, item), "answered": answered, "own": own}
    return desk.show("policy_draft", 400 if wrong else 200, wrong=wrong, done=done, **shown)


def differing(lines: list[str]) -> list[tuple[str, list[str], list[str]]]:
    """By field what went and what came; `lines` as two revisions are compared, after the line that names each."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for line in lines[2:]:
        name, _, said = line[1:].partition(" = ")
        if line[0] in "-+":
            found.setdefault(LABELS.get(name, name), ([], []))[line[0] == "+"].append(said)
    return [(label, *both) for label, both in found.items()]


def read(desk: Desk, item: Item) -> str:
    """As the graduate reads it."""
    return wording.whole(item, desk.app.clock.today()).text if isinstance(item, Entry) else f"{item.title}\n{item.answer}"


def approve(desk: Desk) -> Response:
    number = desk.number()
    page = after(number)
    try:
        return outcome(desk, revisions.approved(desk.app, [number], desk.who.display, desk.note), page)
    except RevisionError as error:
        return page(desk, f"{error}。")


def discard(desk: Desk) -> Response:
    number = desk.number()
    return tried(desk, lambda app: revisions.discarded(app, number, desk.who.display), "不要草稿", f"第 {number} 版")


def after(number: int) -> Callable[..., Response]:
    """Where the check said no the draft is shown again, with what it said."""

    def page(desk: Desk, wrong: str = "", done: str = "") -> Response:
        return draft(desk, wrong, done) if wrong else listed(desk, wrong, done)

    return page


def entry(desk: Desk, wrong: str = "", done: str = "") -> Response:
    key = str(desk.request.path_params["key"]).upper()[:10]
    item = desk.app.search.knowledge.entries.get(key)
    if item is None:
        return listed(desk, f"没有正在用的 {key}，请核对编号。")
    body, mine = begun(desk, item)
    said = {name: "\n".join(body.get(name) or ()) if name in LINES else str(body.get(name) or "") for name in CHANGED}
    said |= {name: value for name, value in desk.form.items() if name in CHANGED} if wrong else {}
    with desk.app.database.reading() as connection:
        past = kept.history(connection, key)
    shown = {"item": item, "says": read(desk, item), "fields": {name: FIELDS[name] for name in CHANGED}, "said": said, "past": past, "mine": mine}
    return desk.show("policy", 400 if wrong else 200, wrong=wrong, done=done, **shown)


def begun(desk: Desk, item: Item) -> tuple[dict[str, Any], int | None]:
    """What the form starts from: the own draft, with its number, or what is live."""
    with desk.app.database.reading() as connection:
        try:
            mine = kept.own_draft(connection, item.id, desk.who.display)
        except RevisionError:  # made on an entry that has changed since; drafting says so
            mine = None
    return (dict(mine["body"]), mine["id"]) if mine else (store.body_of(item), None)


def change(desk: Desk) -> Response:
    """A draft of what differs from the form; nothing is live before somebody else approves it."""
    key = str(desk.request.path_params["key"]).upper()[:10]
    item = desk.app.search.knowledge.entries.get(key)
    if item is None:
        return listed(desk, f"没有正在用的 {key}，请核对编号。")
    body, settings = begun(desk, item)[0], []
    for name in CHANGED:
        told = desk.form.get(name, "").replace("\r", "").strip()
        value: Any = [line.strip() for line in told.split("\n") if line.strip()] if name in LINES else told
        now = body.get(name) or ([] if name in LINES else "")
        if value != (now if name in LINES else str(now)):
            settings.append(f"{name}={json.dumps(value, ensure_ascii=False) if name in LINES or name == 'answer' else value}")
    if not settings:
        return entry(desk, "和现在的一样，没有起草。")
    return tried(desk, lambda app: revisions.edited(app, key, settings, desk.who.display), "起草政策", key, entry)


def restore(desk: Desk) -> Response:
    key = str(desk.request.path_params["key"]).upper()[:10]
    if not desk.confirmed:
        try:
            told = revisions.going_back(desk.app, key)
        except RevisionError as error:
            return entry(desk, f"{error}。")
        return desk.sure(f"{key} 恢复上一版", "恢复上一版", told, f"/knowledge/{key}")
    return tried(desk, lambda app: revisions.restored(app, key, desk.who.display), "恢复上一版", key, entry)
