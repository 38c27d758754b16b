"""Fitting and reporting the confidence of answers: `knowledge calibrate`. Everything here is offline work."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from dialogs.consult import consult
from knowledge.db import local_date, now
from knowledge.policy import confidence
from knowledge.policy.confidence import Confidence, Evidence
from knowledge.policy.search import PolicySearch
from knowledge.policy.store import Item, files, knowledge_of
from knowledge.words import lines

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Trial:
    """One held-out question: what it means (None: nothing of ours), the evidence, whether the first and one of three was right."""

    question: str
    wanted: str | None
    evidence: Evidence
    first: bool
    among: bool
    policy: bool
    """The first hit is an entry, not a redirect."""


def trials(items: Sequence[Item], seed: int = 7) -> Iterator[Trial]:
    """Each question searched in an index that has never seen it; background sentences likewise, as questions that mean nothing."""
    everyday = lines("background.txt")
    draw = random.Random(seed)  # noqa: S311  # a reproducible split, no secret
    part = {(item.id, question): draw.randrange(FOLDS) for item in items for question in item.questions}
    noise = {line: draw.randrange(FOLDS) for line in everyday}
    for fold in range(FOLDS):
        seen = [item.model_copy(update={"questions": [q for q in item.questions if part[item.id, q] != fold]}) for item in items]
        search = PolicySearch(knowledge_of(seen), background=[line for line in everyday if noise[line] != fold])
        for (key, question), at in part.items():
            if at == fold:
                yield trial(search, question, key)
        for line, at in noise.items():
            if at == fold:
                yield trial(search, line, None)


def trial(search: PolicySearch, question: str, wanted: str | None) -> Trial:
    terms = search.terms(question)
    scores = search.scores(terms)
    order = [int(row) for row in np.argsort(-sum(scores[1:], scores[0]), kind="stable")[:3]]
    ids = [search.items[row].id for row in order]
    evidence = search.evidence(question, terms, scores, order)
    return Trial(question, wanted, evidence, ids[0] == wanted, wanted in ids, ids[0] in search.knowledge.entries)


def calibrate(questions: Path | None = None, *, write: bool = False) -> str:
    """Fits the weights on held-out questions and returns the report. `write` keeps them as the package's."""
    items = files()
    tried = list(trials(items))
    ours = np.array([t.wanted is not None for t in tried])
    right = np.array([float(t.first) for t in tried])
    scope = confidence.fit(np.array([t.evidence.ours() for t in tried]), ours.astype(float))
    fitted = Confidence(scope, confidence.fit(np.array([t.evidence.right() for t in tried])[ours], right[ours]))
    if write:
        confidence.WEIGHTS.write_text(json.dumps(asdict(fitted)) + "\n")
    p = np.array([fitted.p(t.evidence) for t in tried])
    report = [
        f"交叉验证({FOLDS} 折,每句都没进索引):{int(ours.sum())} 句问话,{int((~ours).sum())} 句日常话",
        f"首位命中 {right[ours].mean():.3f},前三命中 {np.mean([t.among for t in tried if t.wanted]):.3f}",
        "门槛  回答率  答对率  日常话被当成政策回答",
    ]
    policy = np.array([t.policy for t in tried])
    for floor in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        given = p >= floor
        report.append(f"{floor:.1f}   {given[ours].mean():.3f}   {right[given & ours].mean():.3f}   {(given & policy)[~ours].mean():.3f}")
    report += ["把握分箱:平均把握 / 实际命中 / 句数"]
    for low in np.arange(0, 1, 0.1):
        box = (p >= low) & (p < low + 0.1)
        if box.any():
            report.append(f"{low:.1f}-{low + 0.1:.1f}  {p[box].mean():.3f} / {right[box].mean():.3f} / {int(box.sum())}")
    for name, weights in asdict(fitted).items():
        report.append(f"权重 {name} " + ", ".join(f"{weight:.3f}" for weight in weights))
    if questions:
        report += judged(PolicySearch(knowledge_of(items), fitted), questions)
    return "\n".join(report)


def judged(search: PolicySearch, path: Path) -> list[str]:
    """The same figures on questions from outside: TSV with a header, question and ids joined by | or NONE."""
    table = [line.split("\t") for line in path.read_text(encoding="utf8").splitlines()[1:] if "\t" in line]
    today = local_date(now())
    scope = first = among = answered = good = none = wrongly = 0
    for question, wanted, *_ in table:
        found = consult(question, search, today)
        ids = [hit.id for hit in found.hits[:3]]
        if wanted == "NONE":
            none += 1
            wrongly += found.outcome == "answer"
            continue
        names = set(wanted.split("|"))
        scope += 1
        first += bool(ids) and ids[0] in names
        among += bool(names & set(ids))
        answered += found.outcome == "answer"
        good += found.outcome == "answer" and ids[0] in names
    return [
        f"{path.name}:{scope} 句有答案,{none} 句不归我们管",
        f"首位 {first / max(1, scope):.3f},前三 {among / max(1, scope):.3f},回答率 {answered / max(1, scope):.3f},"
        f"答对率 {good / max(1, answered):.3f},不归我们管却回答 {wrongly / max(1, none):.3f}",
    ]
