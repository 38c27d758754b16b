"""The command `ask`: policy search alone, one question or JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, BinaryIO, TextIO

from bot.channels.console import LineError, parse
from dialogs import verdicts
from dialogs.consult import Context, consult
from knowledge.policy import regions
from knowledge.policy.eligibility import Eligibility
from knowledge.policy.passages import Passages
from knowledge.policy.search import PolicySearch
from knowledge.profile import read


@dataclass(frozen=True, slots=True)
class Known:
    """What `ask` answers from."""

    search: PolicySearch
    eligibility: Eligibility
    passages: Passages
    today: date


def answer(known: Known, question: str, region: str | None = None, profile: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """One answer in the shape of the machine interface: question, outcome, at most three entries with p, text.

    `profile` (clean) says who asks: a sure answer then says what it settles about them.
    """
    where = region or profile.get("residence")
    found = consult(question, known.search, known.today, Context(None, regions.find(where) if where else None), known.passages)
    if profile and found.sure and found.entry:
        verdict = known.eligibility.judge(found.entry.id, profile, known.today)
        found = verdicts.led(found, verdicts.on_file(verdict) if verdict else "")
    entries = [{"id": hit.id, "title": hit.title, "p": hit.p} for hit in found.hits[:3]]
    text = "\n".join((found.say.text, *(f"{n}. {choice.label}" for n, choice in enumerate(found.say.choices, 1) if found.outcome == "menu")))
    return {"question": question, "outcome": found.outcome, "entries": entries, "text": text}


def stream(known: Known, source: BinaryIO, out: TextIO) -> int:
    """Answers a line at a time; a line that cannot be used gets one sentence on stderr. Returns 1 where there was one."""
    bad = 0
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        try:
            message = parse(line)
            question, region, profile = message.get("question"), message.get("region"), message.get("profile", {})
            if not isinstance(question, str) or not isinstance(region, str | None) or not isinstance(profile, dict):
                raise LineError('要写成 {"question": "…", "region": "贵阳", "profile": {…}},后两个可以没有')
        except LineError as error:
            bad = 1
            print(f"第 {number} 行：{error}", file=sys.stderr, flush=True)
            continue
        clean, problems = read(profile)
        for problem in problems:
            bad = 1
            print(f"第 {number} 行：{problem}", file=sys.stderr, flush=True)
        out.write(json.dumps(answer(known, question, region, clean), ensure_ascii=False) + "\n")
        out.flush()
    return bad


def explained(known: Known, question: str) -> str:
    """The three best items, and passages of documents, with the terms that carry them, for people."""
    search, passages, today = known.search, known.passages, known.today
    found = search.search(question)
    lines = [f"判定：{found.zone}"]
    for hit in found.hits:
        terms = ",".join(f"{term.removeprefix('w')} {share:.3f}" for term, share in search.explain(question, hit.id)[:12])
        lines.append(f"{hit.id} {hit.title} 把握 {hit.p:.2f}：{terms}")
    for row, share in passages.ranked(question, today):
        document, passage = passages.rows[row]
        terms = ",".join(term.removeprefix("w") for term, _ in passages.index.explain(search.terms(question), row)[:12])
        lines.append(f"原文 《{document.title}》{passage.section} 相近 {share:.2f}：{terms}")
    return "\n".join(lines)
