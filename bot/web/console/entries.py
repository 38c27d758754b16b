"""The page on which a policy entry begins that is not there yet: its fields explained, checked like a file, let go by a second person.
Changing one that people read already is `policies`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from bot import revisions
from bot.web.console import policies
from bot.web.console.fields import FIELDS
from bot.web.console.gate import Desk
from knowledge.policy import questions as asked
from knowledge.policy import revisions as kept
from knowledge.policy.entry import explain
from knowledge.policy.questions import PERSONAL
from knowledge.policy.revisions import RevisionError

REVIEW = timedelta(days=180)
RECEIVERS = {"person": "给本人", "employer": "给单位", "both": "都有", "none": "不涉及钱"}
CERTAINTIES = {"A": "A：看到官方原文", "B": "B：报刊或高校页", "C": "C：转载，尚待核实"}
OF_SOURCE = ("issuer", "document", "date", "url")


def topics(desk: Desk) -> dict[str, str]:
    """The beginnings of numbers that are in use, each with what stands there."""
    found: dict[str, list[str]] = {}
    for key, item in sorted(desk.app.search.knowledge.entries.items()):
        found.setdefault(key.partition("-")[0], []).append(item.title)
    return {topic: f"{topic}：{titles[0]}等 {len(titles)} 条" for topic, titles in found.items()}


def page(desk: Desk, wrong: str = "") -> Response:
    """Empty, with what nobody could answer, or with one's own draft to go on with."""
    key = desk.form.get("key", "") or desk.asked("key").upper()
    if key in desk.app.search.knowledge.entries:
        return desk.to(f"/knowledge/{key}")
    body = mine(desk, key) if key else {}
    if body is None:
        return policies.listed(desk, f"{key} 没有你起草的一稿可以接着改。")
    said = cells(body) | {name: value for name, value in desk.form.items() if name in FIELDS or name == "topic"}
    open_ = desk.form.get("open") or " ".join(desk.request.query_params.getlist("open"))
    if not body and not desk.form:
        said |= {"review_by": (desk.app.clock.today() + REVIEW).isoformat(), "questions": "\n".join(wanted(desk, open_))}
    shown = {"fields": FIELDS, "said": said, "key": key, "topics": topics(desk), "open": open_}
    choices = {"receiver": RECEIVERS, "certainty": CERTAINTIES}
    return desk.show("policy_new", 400 if wrong else 200, wrong=wrong, choices=choices, **shown)


def mine(desk: Desk, key: str) -> dict[str, Any] | None:
    with desk.app.database.reading() as connection:
        try:
            row = kept.own_draft(connection, key, desk.who.display)
        except RevisionError:
            row = None
    return dict(row["body"]) if row else None


def wanted(desk: Desk, said: str) -> list[str]:
    """What people asked, as the first phrasings; not what carries a telephone."""
    ids = set(policies.numbers(said))
    if not ids:
        return []
    with desk.app.database.reading() as connection:
        rows = [row["text"] for row in asked.waiting(connection) if row["id"] in ids]
    return list(dict.fromkeys(" ".join(text.split()) for text in rows if not PERSONAL.search(text)))


def cells(body: dict[str, Any]) -> dict[str, str]:
    first = (body.get("source") or [{}])[0]
    held = body | {name: first.get(name) for name in OF_SOURCE}
    return {name: "\n".join(value) if isinstance(value := held.get(name), list) else str(value or "") for name in FIELDS}


def bodied(form: dict[str, str], before: dict[str, Any]) -> dict[str, Any]:
    """The entry that the form says; what the form does not show stays as it was drafted."""
    said: dict[str, Any] = {}
    for name, field in FIELDS.items():
        text = form.get(name, "").strip()
        said[name] = [line.strip() for line in text.split("\n") if line.strip()] if field.form == "lines" else text
    source = {name: said.pop(name) for name in OF_SOURCE} | {"certainty": said["certainty"]}
    rest = (before.get("source") or [])[1:]
    body = before | said | {"source": [{name: value for name, value in source.items() if value}, *rest]}
    return {name: value for name, value in body.items() if value not in ("", [])}


def begin(desk: Desk) -> Response:
    """A draft under the next number of its topic; said at once what would speak against it when it is to be approved."""
    key, topic = desk.form.get("key", ""), desk.form.get("topic", "")
    before = mine(desk, key) if key else {}
    if before is None or (not key and topic not in topics(desk)):
        return page(desk, "选一个放在哪一类。") if not key else policies.listed(desk, f"{key} 没有你起草的一稿可以接着改。")
    body = bodied(desk.form, before)
    if any(PERSONAL.search(question) for question in body.get("questions", ())):
        return page(desk, "问法里像有手机号或证件号，去掉再存。")
    try:
        open_ = policies.numbers(desk.form.get("open", ""))
        number, found = revisions.begun(desk.app, key or topic, body, desk.who.display, open_, desk.note)
    except ValidationError as error:
        return page(desk, mistake(error))
    except RevisionError as error:
        return page(desk, f"{error}。")
    told = f"{found.summary}。" + (f"批准以前还要改：{'。'.join(found.problems)}。" if found.problems else "检查过了，没有问题。")
    return policies.draft(desk, done=told, number=number)


def mistake(error: ValidationError) -> str:
    """The first mistake by the name that the form has for its field."""
    first = error.errors()[0]
    name = next((part for part in reversed(first["loc"]) if part in FIELDS), "")
    if not name:
        return f"{explain(error)}。"
    field = FIELDS[str(name)]
    if first["type"] == "missing":
        return f"「{field.label}」还没写。"
    words = f"写法不对，{field.told}" if first["type"] == "string_pattern_mismatch" else explain(error).partition(":")[2]
    return f"「{field.label}」{words}。"
