"""What is written in JSON or in a field of a form: lines of `chat` and `plan`, broadcasts, fields of entries."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from bot import audience, broadcast, planning, revisions
from bot.app import App
from bot.channels import console
from dialogs import broadcasts
from dialogs.messages import to_json
from dialogs.place import Place, from_row, to_row
from knowledge import profile
from tests.benchmarks.readers.samples import REFUSALS, TODAY, Reader, lines_of


def notes(app: App) -> dict[str, Reader]:
    people = [json.dumps(json.loads(line)["profile"], ensure_ascii=False).encode() for line in lines_of("knowledge/people.jsonl")]
    filled = {name: "2026-12-05T14:00" if field.form == "moment" else "https://a.cn" if field.form == "link" else "2026-12-05"
              for name, field in broadcasts.kinds()["招聘会"].fields.items()}  # fmt: skip
    whole = {"type": "招聘会", "title": "双选会", "at": "2026-12-05T09:30+08:00", "fields": filled,
             "audience": {"profile": {"degree": ["本科"], "graduation_date": {"from": "2025-01", "to": "2026-12-31"}}, "groups": ["低保"],
                          "cohort": [2026], "silent_days": {"from": 14, "to": 60}, "people": [1], "holdout": 0.1}}  # fmt: skip
    lines = [b'{"from": "u1", "text": "\\u6863\\u6848"}', b'{"from": "u", "choice": "go/menu"}', b'{"advance": "2d"}', b'{"from": "u", "file": "a"}']
    return {
        "chat --jsonl": Reader(console_line, lines),
        "plan": Reader(lambda body: planning.planned(app.eligibility, console.parse(body), TODAY), people),
        "a profile": Reader(lambda body: profile.read(console.parse(body)), people),
        "a broadcast": Reader(lambda body: broadcast_of(app, console.parse(body)), [json.dumps(whole, ensure_ascii=False).encode()]),
        "a field of an entry": Reader(
            lambda body: revisions.value_of(body.decode("utf8", "replace")), [b'["a", "b"]', b"2026-12-31", b'"x"', b"{a=1}"]
        ),
        "a stored conversation": Reader(stored, [json.dumps(to_row(Place(memo={"choices": [["a", "go/menu"]]}))).encode()]),
    }


def console_line(body: bytes) -> object:
    message = console.parse(body)
    return console.span(message["advance"]) if "advance" in message else console.content(message)


def broadcast_of(app: App, raw: dict[str, Any]) -> object:
    """As `broadcast.written` reads it; the fields and the audience also where another part of it is wrong."""
    done: list[object] = []
    held = raw.get("fields")
    for work in (
        lambda: broadcast.moment(raw.get("at"), app.clock.now()).astimezone(UTC),
        lambda: audience.checked(raw.get("audience")),
        lambda: (
            to_json(broadcasts.words(kind := broadcasts.named("招聘会"), str(raw.get("title")), broadcasts.cleaned(kind, held)))
            if isinstance(held, dict)
            else None
        ),
    ):
        try:
            done.append(work())
        except REFUSALS:
            continue
    return done


def stored(body: bytes) -> object:
    row = console.parse(body)
    return to_row(from_row("bot", [], row["memo"] if isinstance(row.get("memo"), dict) else {}, None))
