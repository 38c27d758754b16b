"""Golden conversations: reading a `.chat` file, replaying it on a running program, writing what the program says now.

# 标题:…                     a comment, kept
@person 城市=贵阳 群体=低保    a consenting person with this profile
@posting 岗位=会计 单位=甲公司 城市=贵阳   a posting that is there from the start, by the names of its fields
@record 姓名=李一 学号=20260001 去向=待就业   what the school holds on somebody, not linked to anybody yet
@slot 老师=王老师 时间=2026-11-25T10:00 地点=就业楼 203   an hour of an expert that can be booked from the start
@duty 称呼=王老师 角色=teacher   the person of the file is a teacher who is on duty in this chat
@clock 2026-11-22 09:00      the time in China at the start
我: …                        typed
我> …                        tapped, by the label
+2天                         time passes (天, 时, 分), timers run
别处: …                      typed in another conversation; `{码}` stands for the one-time code said last, everywhere
机: …                        said; more lines are indented by four spaces
  [按钮] [按钮]               its choices
  <链接>                      its links, by label
机→老师: …                    a case for the staff: kind and first line
机→清单: …                    a question for the queue: why it is there, and as it was asked; `想知道` where the person wants to be told
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bot import duty
from bot.app import App
from bot.web.console import staff
from dialogs.messages import Inbound, from_json
from dialogs.place import Conversation
from dialogs.typography import chinese
from knowledge import people
from knowledge.cases import KINDS, Case
from knowledge.clinic import slots
from knowledge.db import CHINA
from knowledge.ledger.record import Record
from knowledge.people import Graduate
from knowledge.policy.questions import REASONS, OpenQuestion
from knowledge.postings import store
from knowledge.postings.drafts import drafted, named, numbered

FIELDS = {"城市": "residence", "毕业": "graduation_date", "学历": "degree", "状态": "employment", "届别": "cohort"}
SPAN = re.compile(r"^\+(\d+)(天|时|分)$")
UNITS = {"天": "days", "时": "hours", "分": "minutes"}


@dataclass
class Transcript:
    """The lines of a file: what the person does (`steps`) and the whole text that is expected."""

    name: str
    text: str
    head: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    person: dict[str, str] = field(default_factory=dict)
    clock: datetime | None = None
    postings: list[dict[str, str]] = field(default_factory=list)
    slots: list[dict[str, str]] = field(default_factory=list)
    records: list[dict[str, str]] = field(default_factory=list)
    duty: dict[str, str] = field(default_factory=dict)


def parse(path: Path) -> Transcript:
    text = path.read_text(encoding="utf8")
    found = Transcript(f"{path.parent.name}-{path.stem}", text)
    for line in text.splitlines():
        if line.startswith("#"):
            found.head.append(line)
        elif line.startswith("@person"):
            found.head.append(line)
            found.person = dict(pair.split("=", 1) for pair in line.split()[1:])
        elif line.startswith("@posting"):
            found.head.append(line)
            found.postings.append(dict(pair.split("=", 1) for pair in line.split()[1:]))
        elif line.startswith("@slot"):
            found.head.append(line)
            found.slots.append(dict(pair.split("=", 1) for pair in line.split()[1:]))
        elif line.startswith("@record"):
            found.head.append(line)
            found.records.append(dict(pair.split("=", 1) for pair in line.split()[1:]))
        elif line.startswith("@duty"):
            found.head.append(line)
            found.duty = dict(pair.split("=", 1) for pair in line.split()[1:])
        elif line.startswith("@clock"):
            found.head.append(line)
            found.clock = datetime.strptime(line.removeprefix("@clock").strip(), "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)
        elif line.startswith(("我:", "我>", "+", "别处:", "别处>")):
            found.steps.append(line)
    return found


def employed(connection: Connection, row: dict[str, str], at: datetime) -> str:
    """An account with a password of its own; returns the code that begins a duty."""
    staff.add(connection, row["称呼"], row["称呼"], row["角色"], "!", at)
    number = connection.execute(update(staff.Staff).values(fresh=False).returning(staff.Staff.id)).scalar_one()
    return duty.offer(connection, number, at)


def registered(connection: Connection, row: dict[str, str], at: datetime) -> None:
    values: dict[str, Any] = {"name": row["姓名"], "student_no": row["学号"], "destination": row.get("去向", ""), "owner": row.get("老师", "")}
    values |= {"groups": [row["群体"]] if "群体" in row else [], "school": "测试大学", "source": "测试", "created_at": at, "updated_at": at}
    connection.execute(insert(Record).values(values))


class Replay:
    """One transcript on a running program, as the conversation `console::<name>`."""

    def __init__(self, app: App, transcript: Transcript) -> None:
        self.app, self.transcript = app, transcript
        self.key = f"console::{transcript.name}"
        self.cases = 0
        self.questions: set[tuple[int, bool]] = set()
        self.number = 0
        self.code = ""
        if transcript.clock:
            app.clock.advance(transcript.clock - app.clock.now())
        for row in transcript.records:
            app.inbox.write(partial(registered, row=row, at=app.clock.now())).result()
        for hour in transcript.slots:
            start = datetime.fromisoformat(hour["时间"]).replace(tzinfo=CHINA)
            publish = partial(slots.publish, expert=hour["老师"], starts=[start], minutes=30, place=hour["地点"], at=app.clock.now())
            app.inbox.write(publish).result()
        if transcript.postings:
            drafts = [drafted(row, named(row)) for row in transcript.postings]
            store.bring_in(app.database, "学校就业网", numbered(enumerate(drafts, 1)), app.clock.today(), app.clock.now())
            app.look_for_postings()

    def run(self) -> str:
        """The conversation as the program holds it now, in the file's format."""
        lines = list(self.transcript.head)
        if self.transcript.person:
            self.send("text", "你好")
            self.app.inbox.write(self.introduce).result()
        if self.transcript.duty:
            code = self.app.inbox.write(partial(employed, row=self.transcript.duty, at=self.app.clock.now())).result()
            self.send("text", f"值班 {code}")
        for step in self.transcript.steps:
            lines += ["", step]
            lines += [line.replace(self.code, "{码}") if self.code else line for line in self.take(step)]
        return "\n".join(lines) + "\n"

    def take(self, step: str) -> list[str]:
        span = SPAN.match(step)
        if span:
            self.app.clock.advance(timedelta(**{UNITS[span[2]]: int(span[1])}))
            said = [reply.parts for key, reply in self.app.sweep() if key == self.key]
            return [line for parts in said for line in shown(parts)] + self.for_staff()
        who, sign, text = next(step.partition(sign) for sign in (":", ">") if step.removeprefix("我").removeprefix("别处").startswith(sign))
        key = f"{self.key}-2" if who == "别处" else self.key
        text = text.strip().replace("\\n", "\n").replace("{码}", self.code)
        parts = self.tap(text, key) if sign == ">" else self.send("text", text, key)
        if found := re.search(r"绑定码\W(\d{8})", str(parts)):
            self.code = found[1]
        return shown(parts) + self.for_staff()

    def tap(self, label: str, key: str) -> list[dict[str, Any]]:
        with self.app.database.reading() as connection:
            memo = connection.execute(select(Conversation.memo).where(Conversation.key == key)).scalar_one()
        value = next((value for name, value in memo.get("choices", ()) if chinese(name) == chinese(label)), None)
        assert value is not None, f"{self.transcript.name}: no button 「{label}」 among {[name for name, _ in memo.get('choices', ())]}"
        return self.send("choice", value, key)

    def send(self, kind: Any, text: str, key: str = "") -> list[dict[str, Any]]:
        self.number += 1
        inbound = Inbound(key or self.key, f"m{self.number}", kind, text, self.app.clock.now())
        return self.app.accept(inbound).result().parts

    def introduce(self, connection: Connection) -> None:
        """Makes the person of the file one who has consented and told all this before."""
        now = self.app.clock.now()
        graduate = connection.execute(select(Conversation.graduate_id).where(Conversation.key == self.key)).scalar_one()
        profile = {FIELDS[name]: value for name, value in self.transcript.person.items() if name in FIELDS}
        people.record_consent(connection, "profile", True, [(graduate, now)])
        connection.execute(update(Graduate).where(Graduate.id == graduate).values(profile=profile))
        if groups := self.transcript.person.get("群体"):
            people.record_consent(connection, "groups", True, [(graduate, now)])
            people.save_groups(connection, {graduate: (groups.split("、"), now)})

    def for_staff(self) -> list[str]:
        return self.new_cases() + self.new_questions()

    def new_questions(self) -> list[str]:
        with self.app.database.reading() as connection:
            query = select(OpenQuestion).where(OpenQuestion.conversation == self.key).order_by(OpenQuestion.id)
            rows = connection.execute(query).all()
        fresh = [row for row in rows if (row.id, row.wants_reply) not in self.questions]
        self.questions |= {(row.id, row.wants_reply) for row in fresh}
        return [f"机→清单: {REASONS[row.reason]}:{row.text}{'(想知道)' if row.wants_reply else ''}" for row in fresh]

    def new_cases(self) -> list[str]:
        with self.app.database.reading() as connection:
            query = select(Case.id, Case.kind, Case.summary).where(Case.conversation == self.key, Case.id > self.cases).order_by(Case.id)
            rows = connection.execute(query).all()
        self.cases = max((row.id for row in rows), default=self.cases)
        return [f"机→老师: {KINDS[row.kind]} {row.summary.splitlines()[0]}" for row in rows]


def shown(parts: list[dict[str, Any]]) -> list[str]:
    """Parts in the file's format; the content of a paper is only named, it holds times."""
    lines = []
    for row in parts:
        part = from_json(row)
        if row["kind"] == "paper":
            lines.append(f"机: <文件 {row['name']}>")
            continue
        first, *rest = row["text"].split("\n")
        lines += [f"机: {first}", *(f"    {line}" for line in rest)]
        if choices := getattr(part, "choices", ()):
            lines.append("  " + " ".join(f"[{choice.label}]" for choice in choices))
        lines += [f"  <{link['label']}> {link['url']}" for link in row.get("links", ())]
    return lines
