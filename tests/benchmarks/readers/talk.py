"""What people say: statements, questions, dates, answers, whole conversations, what they paste."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.app import App
from dialogs import answers, clauses, consult, crisis, dates, fields, questions, smalltalk, statements
from dialogs.engine import step
from dialogs.flow import Misread
from dialogs.flows import declared
from dialogs.messages import Inbound
from dialogs.place import Place, from_row, to_row
from dialogs.turn import Person
from knowledge import links
from knowledge.policy import regions
from knowledge.postings import parse
from knowledge.rights import contract, scam
from knowledge.words import words
from tests.benchmarks.readers.samples import NOW, TESTS, TODAY, Reader, column, lines_of


def talk(app: App) -> dict[str, Reader]:
    said = [json.loads(line)["text"] for line in lines_of("dialogs/statements.jsonl")][:400] + [
        line.split("\t")[0] for line in lines_of("knowledge/postings/asked.tsv")
    ]
    opened_flows = [f"/open/{flow.name}\n" for flow in declared()]
    spoken = [*opened_flows, *transcripts()]
    frauds = [json.loads(line)["text"] for line in lines_of("knowledge/rights/scam.jsonl")]
    deals = [path.read_text(encoding="utf8") for path in sorted((TESTS / "knowledge/rights/contracts").glob("*.txt"))]
    with app.database.reading() as connection:
        world = app.world(connection)
    return {
        "statements": Reader(lambda text: statements.read(text, TODAY), said),
        "clauses and questions": Reader(asking, said),
        "crisis": Reader(crisis.level, [*said[:100], "我不想活了", "活着没意思,想从楼上跳下去"]),
        "dates": Reader(dated, ["2025年6月30日", "去年六月", "25.6", "8月3号", "一年半", "二〇二五年十二月三十一日", "上个月20号"]),
        "answers": Reader(answered, ["第二个", "是的", "没办过", "本科", "低保家庭", "贵阳市花溪区", "3", "三个月", "2025年6月", "不知道"]),
        "a bind code": Reader(links.said, ["绑定 12345678", "绑定:00000000"]),
        "consult": Reader(lambda text: consult.consult(text, app.search, TODAY), said),
        "a whole conversation": Reader(lambda text: conversation(text, world), spoken),
        "scam": Reader(scam.judge, frauds),
        "contract": Reader(lambda text: (found := contract.check(text), list(contract.texts(found)), contract.likely(text)), deals),
        "places": Reader(lambda text: (regions.find(text), parse.cities(text), parse.city(text)), column("knowledge/postings/places.tsv")),
    }  # fmt: skip


def transcripts() -> Iterator[str]:
    """Only what the people of the golden conversations say."""
    for path in sorted((TESTS / "transcripts").rglob("*.chat")):
        if said := re.findall(r"^我[:\uff1a>] ?(.*)$", path.read_text(encoding="utf8"), re.MULTILINE):
            yield "\n".join(said[:6])


def asking(text: str) -> object:
    heard = clauses.stated(text)
    return (
        heard,
        questions.aspect(text),
        questions.mine(text),
        questions.leans(text),
        questions.overview(text),
        smalltalk.talk(text),
        words().features(text),
    )


def dated(text: str) -> object:
    return dates.day(dates.numerals(text), TODAY), [*dates.find(text, TODAY)], [*dates.lengths(text)], answers.day(text, TODAY)


def answered(text: str) -> object:
    whole = answers.number(text), answers.yes_no(text), answers.degree(text), answers.status(text), answers.groups(text), answers.place(text)
    return whole, [field(name, text) for name in fields.QUESTIONS]


def field(name: str, text: str) -> object:
    try:
        return fields.read(name, text, TODAY)
    except Misread:
        return None


def conversation(text: str, world: Any) -> object:
    """A message a line, a tap where it begins with /; a number taps what was offered."""
    place, person = Place(), Person("p", profile_consent=len(text) % 2 == 0)
    for number, line in enumerate(text.split("\n")[:8]):
        kind: Any = "choice" if line.startswith("/") else "text"
        turn = step(
            place, person, Inbound("web::p", f"m{number}", kind, line[1:] if kind == "choice" else line, NOW + timedelta(minutes=number)), world
        )
        place = from_row(**json.loads(json.dumps(to_row(replace_due(turn.place)))))
    return place


def replace_due(place: Place) -> Place:
    return replace(place, due_at=None)
