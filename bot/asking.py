"""The command `ask`: policy search alone, one question or JSON lines."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import Any, BinaryIO, TextIO

from bot.channels.console import LineError, parse
from dialogs.consult import Context, consult
from knowledge.policy import regions
from knowledge.policy.passages import NOTHING, Passages
from knowledge.policy.search import PolicySearch


def answer(search: PolicySearch, question: str, today: date, region: str | None = None, passages: Passages = NOTHING) -> dict[str, Any]:
    """One answer in the shape of the machine interface: question, outcome, at most three entries with p, text."""
    found = consult(question, search, today, Context(None, regions.find(region) if region else None), passages)
    entries = [{"id": hit.id, "title": hit.title, "p": hit.p} for hit in found.hits[:3]]
    text = "\n".join((found.say.text, *(f"{n}. {choice.label}" for n, choice in enumerate(found.say.choices, 1) if found.outcome == "menu")))
    return {"question": question, "outcome": found.outcome, "entries": entries, "text": text}


def stream(search: PolicySearch, today: date, source: BinaryIO, out: TextIO, passages: Passages = NOTHING) -> int:
    """Answers a line at a time; a line that cannot be used gets one sentence on stderr. Returns 1 where there was one."""
    bad = 0
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        try:
            message = parse(line)
            question, region = message.get("question"), message.get("region")
            if not isinstance(question, str) or not isinstance(region, str | None):
                raise LineError('缺少 "question",请写成 {"question": "…"}')
        except LineError as error:
            bad = 1
            print(f"第 {number} 行:{error}", file=sys.stderr, flush=True)
            continue
        out.write(json.dumps(answer(search, question, today, region, passages), ensure_ascii=False) + "\n")
        out.flush()
    return bad


def explained(search: PolicySearch, question: str, passages: Passages, today: date) -> str:
    """The three best items, and passages of documents, with the terms that carry them, for people."""
    found = search.search(question)
    lines = [f"判定:{found.zone}"]
    for hit in found.hits:
        terms = ",".join(f"{term.removeprefix('w')} {share:.3f}" for term, share in search.explain(question, hit.id)[:12])
        lines.append(f"{hit.id} {hit.title} 把握 {hit.p:.2f}:{terms}")
    for row, share in passages.ranked(question, today):
        document, passage = passages.rows[row]
        terms = ",".join(term.removeprefix("w") for term, _ in passages.index.explain(search.terms(question), row)[:12])
        lines.append(f"原文 《{document.title}》{passage.section} 相近 {share:.2f}:{terms}")
    return "\n".join(lines)
