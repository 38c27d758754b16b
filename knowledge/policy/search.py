"""Which entry a question means: BM25 over whole entries and over single phrasings, ranked, with a calibrated confidence.

One inverted index holds a document for each entry (its phrasings count double), one for each phrasing, and everyday
sentences, so that the weight of everyday words is learnt; the last are never returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from knowledge.policy.confidence import Confidence, Evidence, Zone
from knowledge.policy.entry import Entry
from knowledge.policy.index import Floats, InvertedIndex
from knowledge.policy.store import Item, Knowledge
from knowledge.words import Phrases, Words, lines, words

ALIAS_WEIGHT = 0.5
"""What an official term added by an alias counts beside one that was typed."""
SATURATED = 2.2
"""K1 + 1: the most a term can give, as a multiple of its IDF."""


@dataclass(frozen=True, slots=True)
class Hit:
    id: str
    title: str
    p: float
    """Calibrated probability that this is what was meant; only the first hit's is calibrated, the others share the rest."""


@dataclass(frozen=True, slots=True)
class Found:
    hits: tuple[Hit, ...]
    zone: Zone

    def policies(self, knowledge: Knowledge) -> tuple[Hit, ...]:
        return tuple(hit for hit in self.hits if hit.id in knowledge.entries)


@dataclass(frozen=True, slots=True)
class Line:
    """The sentence of an entry closest to a question; `faq` when it was written as the answer to such a question."""

    answer: str
    similarity: float
    faq: bool


def phrasings(item: Item) -> list[str]:
    """Every way the item is called or asked for."""
    asked = [ask for faq in item.faq for ask in faq.ask] if isinstance(item, Entry) else []
    return [item.title, *item.aliases, *item.questions, *asked]


def sentences(entry: Entry) -> list[tuple[str, str, bool]]:
    """(what is compared, what is said, written as an answer) for every sentence of an entry."""
    found = [(ask, faq.answer, True) for faq in entry.faq for ask in faq.ask]
    for field in (entry.amount, entry.conditions, entry.where, entry.papers, entry.deadline, entry.notes):
        found += [(line, line, False) for line in field]
    return found


class PolicySearch:
    """The index of one knowledge version. Immutable; a new version is a new object."""

    DIRECT: ClassVar[float] = 0.5
    """Similarity from which a written follow-up answer is given as the answer."""
    NEAR: ClassVar[float] = 0.35
    """Similarity from which some sentence of the entry is worth repeating."""

    def __init__(self, knowledge: Knowledge, confidence: Confidence | None = None, background: Sequence[str] | None = None) -> None:
        self.knowledge = knowledge
        self.words: Words = words()
        self.confidence = confidence or Confidence.shipped()
        self.items: list[Item] = [*knowledge.entries.values(), *knowledge.redirects.values()]
        self.rows = {item.id: row for row, item in enumerate(self.items)}
        everyday = [self.features(line) for line in (lines("background.txt") if background is None else background)]
        asked = [[self.features(text) for text in phrasings(item)] for item in self.items]
        told = [self.features(told_text(item)) for item in self.items]
        whole = [[term for form in forms for term in form] * 2 + body for forms, body in zip(asked, told, strict=True)]
        single = [form for forms in asked for form in forms]
        groups = [0] * len(whole) + [1] * (len(single) + len(everyday))
        self.index = InvertedIndex([*whole, *single, *everyday], groups)
        self.firsts = len(whole) + np.cumsum([0, *(len(forms) for forms in asked)])
        self.exact = {self.words.plain(text): item.id for item in self.items for text in phrasings(item)}
        self.names: dict[str, str] = {}
        for item in knowledge.entries.values():
            for name in (item.title, *item.aliases):
                key = self.words.normalise(name)
                if len(key) >= 3:
                    self.names.setdefault(key, item.id)
        self.named_phrases = Phrases(self.names)
        self.lines = {entry.id: sentences(entry) for entry in knowledge.entries.values()}
        self.line_terms: dict[str, list[frozenset[str]]] = {}

    def features(self, text: str) -> list[str]:
        return self.words.features(self.words.normalise(text))

    def terms(self, text: str) -> dict[str, float]:
        """Weighted index terms of a question: what was typed, and the official words its aliases add."""
        typed, added = self.words.query(text)
        weights = {term: min(2.0, count) for term, count in counted(typed).items()}
        for term in added:
            weights[term] = max(weights.get(term, 0.0), ALIAS_WEIGHT)
        return weights

    def scores(self, terms: dict[str, float]) -> tuple[Floats, Floats]:
        """Per item: the whole entry's score and that of its best phrasing, each as a share of a perfect match."""
        n = len(self.items)
        if not n:
            return np.zeros(0, np.float32), np.zeros(0, np.float32)
        perfect = SATURATED * self.index.mass(terms) + 1e-6
        shares = self.index.scores(terms) / np.float32(perfect)
        return shares[:n], np.maximum.reduceat(shares[: self.firsts[-1]], self.firsts[:-1])

    def search(self, text: str, most: int = 3) -> Found:
        """The items meant, best first; ties in the order of ids. A question written as a phrasing is a sure hit."""
        exact = self.exact.get(self.words.plain(text))
        terms = self.terms(text)
        whole, single = self.scores(terms)
        total = whole + single
        if exact:
            total[self.rows[exact]] += 2.0
        order = np.argsort(-total, kind="stable")[: most + 5]
        if not len(order) or total[order[0]] <= 0:
            return Found((), "unsure")
        p = 0.99 if exact else self.confidence.p(self.evidence(text, terms, whole, single, order))
        top = self.items[order[0]]
        rest = np.asarray(total[order[1:most]], dtype=np.float64)
        shares = (1 - p) * rest / max(1e-6, float(rest.sum()) + 0.3)
        hits = [Hit(top.id, top.title, round(p, 3))]
        hits += [Hit(self.items[row].id, self.items[row].title, round(float(s), 3)) for row, s in zip(order[1:most], shares, strict=True) if total[row] > 0]
        return Found(tuple(hits), self.confidence.zone(p, top))

    def evidence(self, text: str, terms: dict[str, float], whole: Floats, single: Floats, order: NDArray[np.intp]) -> Evidence:
        total = whole + single
        top, second = int(order[0]), int(order[1]) if len(order) > 1 else int(order[0])
        named = self.named(text)
        known = sum(1 for term in terms if term in self.index.terms)
        return Evidence(
            whole=float(whole[top]),
            single=float(single[top]),
            margin=float(total[top] - total[second]) if top != second else float(total[top]),
            mass=float(self.index.mass(terms)),
            known=known / max(1, len(terms)),
            agree=float(int(np.argmax(whole)) == int(np.argmax(single))),
            named=float(self.items[top].id in named) if not named or self.items[top].id in named else -1.0,
        )

    def hit(self, key: str) -> Hit:
        """The entry as what is being talked about, without a search."""
        return Hit(key, self.knowledge[key].title, 1.0)

    def named(self, text: str) -> list[str]:
        """Entries whose name stands in the text."""
        return [self.names[phrase] for _, phrase in self.named_phrases.find(self.words.normalise(text))]

    def within(self, key: str, text: str) -> Line | None:
        """The sentence of one entry closest to the text: share of IDF both have (Dice)."""
        asked = frozenset(self.terms(text))
        weigh = self.index.mass
        mine = weigh(asked)
        best: tuple[float, int] | None = None
        if key not in self.line_terms:
            self.line_terms[key] = [frozenset(self.features(line)) for line, _, _ in self.lines.get(key, ())]
        for number, terms in enumerate(self.line_terms[key]):
            common = weigh(asked & terms)
            similarity = 2 * common / (mine + weigh(terms) + 1e-6)
            if best is None or similarity > best[0]:
                best = (similarity, number)
        if best is None:
            return None
        _, answer, faq = self.lines[key][best[1]]
        return Line(answer, best[0], faq)

    def explain(self, text: str, key: str) -> list[tuple[str, float]]:
        """What each matched term gives an item, largest first, in shares of a perfect match; they add up to its score."""
        terms, row = self.terms(text), self.rows[key]
        first, last = int(self.firsts[row]), int(self.firsts[row + 1])
        best = first + int(np.argmax(self.index.scores(terms)[first:last]))
        perfect = SATURATED * self.index.mass(terms)
        parts: dict[str, float] = {}
        for term, weight in (*self.index.explain(terms, row), *self.index.explain(terms, best)):
            parts[term] = parts.get(term, 0.0) + weight / perfect
        return sorted(parts.items(), key=lambda pair: -pair[1])


def told_text(item: Item) -> str:
    if not isinstance(item, Entry):
        return item.answer
    told = [item.answer, *(faq.answer for faq in item.faq), *(region.place + region.text for region in item.region)]
    return "\n".join((*told, *item.amount, *item.conditions, *item.where, *item.papers, *item.deadline, *item.notes))


def counted(terms: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for term in terms:
        found[term] = found.get(term, 0.0) + 1
    return found
