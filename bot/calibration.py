"""Fitting and reporting the confidence of answers: `knowledge calibrate`. Everything here is offline work."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.plot import Panel, drawn
from dialogs.consult import consult
from knowledge.db import local_date, now
from knowledge.policy import confidence
from knowledge.policy.confidence import ANSWER, GRAVE, GRAVE_ANSWER, MENU, Confidence, Evidence
from knowledge.policy.dense import Encoder, asked
from knowledge.policy.search import PolicySearch, phrasings, told_text, version
from knowledge.policy.store import Item, files, knowledge_of
from knowledge.words import lines

FOLDS = 5
FLOORS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def revision(items: Sequence[Item]) -> str:
    """What weights are fitted on: all that is searched of the entries, and the vocabulary and code of the search."""
    searched = [[item.id, *phrasings(item), told_text(item)] for item in items]
    return f"{hashlib.sha256(json.dumps(searched).encode()).hexdigest()[:12]}-{version()}"


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
    top: str
    """The id of the first hit."""


@dataclass(frozen=True, slots=True)
class Report:
    """What `calibrate` found: lines of text, and a picture (SVG)."""

    lines: list[str]
    picture: str

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


Enrich = Callable[[PolicySearch, Confidence], PolicySearch]


def by_words(search: PolicySearch, _: Confidence) -> PolicySearch:
    return search


def by_meaning(encoder: Encoder) -> Enrich:
    """Searches with closeness of meaning as well; each text is encoded once (some ten minutes for all)."""
    made = cache(lambda kind, text: encoder.query(text) if kind == "query" else encoder.passage(text))
    return lambda search, weights: search.enriched([made(*text) for text in search.texts()], lambda text: made("query", asked(text)), weights)


def trials(items: Sequence[Item], enrich: Enrich = by_words, seed: int = 7) -> Iterator[Trial]:
    """Each question searched in an index that has never seen it; background sentences likewise, as questions that mean nothing."""
    everyday = lines("background.txt")
    draw = random.Random(seed)  # noqa: S311  # a reproducible split, no secret
    part = {(item.id, question): draw.randrange(FOLDS) for item in items for question in item.questions}
    noise = {line: draw.randrange(FOLDS) for line in everyday}
    for fold in range(FOLDS):
        seen = [item.model_copy(update={"questions": [q for q in item.questions if part[item.id, q] != fold]}) for item in items]
        built = PolicySearch(knowledge_of(seen), background=[line for line in everyday if noise[line] != fold])
        search = enrich(built, built.confidence)
        for (key, question), at in part.items():
            if at == fold:
                yield trial(search, question, key)
        for line, at in noise.items():
            if at == fold:
                yield trial(search, line, None)


def trial(search: PolicySearch, question: str, wanted: str | None) -> Trial:
    parts = search.parts(question)
    order = [int(row) for row in np.argsort(-sum(parts[1:], parts[0]), kind="stable")[:3]]
    ids = [search.items[row].id for row in order]
    evidence = search.evidence(question, parts, order)
    return Trial(question, wanted, evidence, ids[0] == wanted, wanted in ids, ids[0] in search.knowledge.entries, ids[0])


def group(tried: Trial) -> str:
    """What must lie in one part whole: an entry or a redirect with all its questions, an everyday line alone."""
    return tried.wanted or tried.question


def parts(tried: Sequence[Trial], seed: int = 7) -> NDArray[np.int64]:
    """The fold of each trial; no group lies in two."""
    keys = sorted({group(t) for t in tried})
    random.Random(seed).shuffle(keys)  # noqa: S311  # a reproducible split, no secret
    fold = {key: number % FOLDS for number, key in enumerate(keys)}
    return np.array([fold[group(t)] for t in tried])


def fitted(tried: Sequence[Trial]) -> Confidence:
    """Both models on these trials; the second only on questions of ours."""
    inside = [t for t in tried if t.wanted is not None]
    scope = confidence.fit(np.array([t.evidence.ours() for t in tried]), np.array([float(t.wanted is not None) for t in tried]))
    return Confidence(scope, confidence.fit(np.array([t.evidence.right() for t in inside]), np.array([float(t.first) for t in inside])))


def out_of_group(tried: Sequence[Trial]) -> NDArray[np.float64]:
    """P of each trial by weights that were fitted without its entry."""
    part, p = parts(tried), np.zeros(len(tried))
    for fold in range(FOLDS):
        weights = fitted([t for t, at in zip(tried, part, strict=True) if at != fold])
        for row in np.flatnonzero(part == fold).tolist():
            p[row] = weights.p(tried[row].evidence)
    return p


def calibrate(questions: Path | None = None, *, write: bool = False, encoder: Encoder | None = None) -> Report:
    """Fits the weights on held-out questions and judges them out of group. `write` keeps those fitted on all as the package's.

    With an `encoder` those of the search by meaning are fitted too; the picture is theirs.
    """
    items = files()
    report = judged_fit(items, by_words, confidence.WEIGHTS, questions, write=write)
    if encoder is None:
        return report
    dense = judged_fit(items, by_meaning(encoder), confidence.WEIGHTS_DENSE, questions, write=write)
    return Report([*report.lines, "", f"加上语义相近（{encoder.version}）：", *dense.lines], dense.picture)


def judged_fit(items: Sequence[Item], enrich: Enrich, path: Path, questions: Path | None, *, write: bool) -> Report:
    tried = list(trials(items, enrich))
    weights = fitted(tried)
    shipped = confidence.fitted_on(path)
    if write:
        body = asdict(weights) | {"fitted_on": revision(items)}
        path.write_text(json.dumps(body) + "\n", encoding="utf8")
    report = judged_apart(tried, out_of_group(tried))
    said = report.lines
    said.append(f"这次拟合所用的版本：{revision(items)}；原来的权重拟合于：{shipped}" + ("，已换成这次的" if write else ""))
    for name, row in asdict(weights).items():
        said.append(f"权重 {name} " + ", ".join(f"{weight:.3f}" for weight in row))
    if questions:
        said += judged(enrich(PolicySearch(knowledge_of(items), weights), weights), questions)
    return report


def judged_apart(tried: Sequence[Trial], p: NDArray[np.float64]) -> Report:
    """Risk against coverage, P against what came true, and the thresholds in use."""
    ours = np.array([t.wanted is not None for t in tried])
    right = np.array([t.first for t in tried])
    policy = np.array([t.policy for t in tried])
    grave = np.array([t.top[:3] in GRAVE for t in tried])
    said = [
        f"交叉验证（{FOLDS} 折，每句都没进索引；权重按条目分组，判哪条就没用哪条拟合）：{ours.sum()} 句问话，{(~ours).sum()} 句日常话",
        f"首位命中 {right[ours].mean():.3f}，前三命中 {np.mean([t.among for t in tried if t.wanted]):.3f}",
        "门槛  覆盖（问话里回答的）  错误（回答里错的，含日常话）  其中问话答错  日常话被当成政策回答",
    ]

    def row(name: str, given: NDArray[np.bool_], among: NDArray[np.bool_]) -> str:
        wrong, own = (~right)[given], (~right)[given & ours]
        noise = share((given & policy)[~ours])
        return f"{name}  {share(given[ours & among]):.3f}  {share(wrong):.3f}  {share(own):.3f}  {noise:.3f}"

    every = np.ones(len(tried), bool)
    said += [row(f"{floor:.2f}", p >= floor, every) for floor in FLOORS]
    said.append("只看要紧的条目（钱、日期、法律） / 其余，同样的列")
    for floor in (0.75, ANSWER, GRAVE_ANSWER, 0.9):
        said += [row(f"{floor:.2f} {name}", (p >= floor) & kind, kind) for name, kind in (("要紧", grave), ("其余", ~grave))]
    said.append(row("现用", p >= np.where(grave, GRAVE_ANSWER, ANSWER), every) + f"（门槛 {ANSWER}，要紧的 {GRAVE_ANSWER}）")
    low = p < MENU
    kept = f"问话 {low[ours].mean():.3f}，日常话 {share(low[~ours]):.3f}"
    said.append(f"低于 {MENU} 转给人：{kept}；转走的问话里首位本来对的 {share(right[low & ours]):.3f}")
    boxes = [(p[box].mean(), right[box].mean(), int(box.sum())) for box in (np.minimum(p * 10, 9).astype(int) == n for n in range(10)) if box.any()]
    said += ["把握分箱：平均把握 / 实际命中 / 句数", *(f"{mean:.3f} / {true:.3f} / {size}" for mean, true, size in boxes)]
    said.append(f"期望校准误差 {sum(abs(mean - true) * size for mean, true, size in boxes) / len(tried):.4f}")
    curve = [(float((p >= floor)[ours].mean()), share((~right)[p >= floor])) for floor in np.linspace(0, 0.99, 100)]
    panels = [
        Panel("风险与覆盖（按条目分组）", "覆盖", "错误", curve),
        Panel("把握与实际（按条目分组）", "平均把握", "实际命中", [(float(mean), float(true)) for mean, true, _ in boxes], diagonal=True),
    ]
    return Report(said, drawn(panels))


def share(flags: NDArray[np.bool_]) -> float:
    """0 where there is nothing to count."""
    return float(flags.mean()) if flags.size else 0.0


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
        f"{path.name}：{scope} 句有答案，{none} 句不归我们管",
        f"首位 {first / max(1, scope):.3f}，前三 {among / max(1, scope):.3f}，回答率 {answered / max(1, scope):.3f}，"
        f"答对率 {good / max(1, answered):.3f}，不归我们管却回答 {wrongly / max(1, none):.3f}",
    ]
