"""Which entry a question means: lexical evidence, ranked and explained, with a calibrated confidence.

One inverted index holds a document for each entry (its phrasings count double), one for each phrasing, and everyday
sentences, so that the weight of everyday words is learnt; the last are never returned. A linear model learnt from the
phrasings tells neighbours apart, and everyday talk, which is one more class to it, from all of them. The score of an item
is the sum: its document and its two nearest phrasings, each about 1 for a perfect match, and half what the model says;
`enriched`, closeness of meaning is added to it.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from knowledge.policy.confidence import WEIGHTS_DENSE, Confidence, Evidence, Near, Zone
from knowledge.policy.dense import Dense, Kind, asked, told
from knowledge.policy.entry import Entry
from knowledge.policy.index import Floats, InvertedIndex, nearest
from knowledge.policy.linear import Linear
from knowledge.policy.sentences import Sentences
from knowledge.policy.store import Item, Knowledge
from knowledge.words import Phrases, Words, lines, remembered, words

ALIAS_WEIGHT = 0.5
"""What an official term added by an alias counts beside one that was typed."""
LINEAR = 0.5
"""What the linear model counts beside the words: fitted, as is that two phrasings count and not the best alone, by ranking
held-out questions (cross-validation: first hit 0.898 → 0.903; with one character in ten wrong 0.864 → 0.870).
"""
MEANS = re.compile(
    r"^(什么是|啥是|啥叫|什么叫|介绍一?下?|讲讲|说说)|"
    r"是?(什么|啥|干什么|干啥|干嘛|做什么|做啥|咋回事|怎么回事)(意思|东西|玩意儿?|电话|用)?的?$|"
    r"(怎么|咋|如何|去哪|在哪|哪里)(办理?|弄|整|申请|领取?|报名?)?[了呀啊]?$|(能|可以)?(领|拿|补|给)?多少钱?$|(要|需要)(什么|啥|哪些)(材料|条件)$"
)
"""What stands around a bare name where somebody asks what it is, how to go about it, how much it gives."""


@dataclass(frozen=True, slots=True)
class Hit:
    id: str
    title: str
    p: float
    """Calibrated probability that this is what was meant; only the first hit's is calibrated, the others share the rest."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    hits: tuple[Hit, ...]
    zone: Zone
    rows: Mapping[str, int] = field(default_factory=dict)
    totals: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    """The score of every item, by its row."""

    def share(self, key: str) -> float:
        """An entry's score beside the best one's, 0 to 1: for comparing one that was talked about with the best."""
        row = self.rows.get(key)
        return 0.0 if row is None else max(0.0, float(self.totals[row])) / max(1e-6, float(self.totals.max()))

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
    for side in (entry.amount, entry.conditions, entry.where, entry.papers, entry.deadline, entry.notes):
        found += [(line, line, False) for line in side]
    return found


class PolicySearch:
    """The index of one knowledge version. Immutable; a new version is a new object."""

    DIRECT: ClassVar[float] = 0.5
    """Similarity from which a written follow-up answer is given as the answer."""
    NEAR: ClassVar[float] = 0.35
    """Similarity from which some sentence of the entry is worth repeating."""
    FAINT: ClassVar[float] = 0.2
    """The same, where nothing else fits the question."""

    def __init__(
        self,
        knowledge: Knowledge,
        confidence: Confidence | None = None,
        background: Sequence[str] | None = None,
        stored: bytes | None = None,
    ) -> None:
        """Built from the knowledge, or from what `dump` of the same knowledge and vocabulary `stored`."""
        self.knowledge = knowledge
        self.words: Words = words()
        self.confidence = confidence or Confidence.shipped()
        self.dense: Dense | None = None
        self.items: list[Item] = [*knowledge.entries.values(), *knowledge.redirects.values()]
        self.rows = {item.id: row for row, item in enumerate(self.items)}
        self.firsts = len(self.items) + np.cumsum([0, *(len(phrasings(item)) for item in self.items)])
        self.lines = {entry.id: sentences(entry) for entry in knowledge.entries.values()}
        if stored:
            self.index, self.linear, self.sentences, self.exact = load(stored)
        else:
            self.build(lines("background.txt") if background is None else background)
        self.names: dict[str, str] = {}
        for item in knowledge.entries.values():
            for name in (item.title, *item.aliases):
                key = self.words.normalise(name)
                self.names.setdefault(key, item.id)
        self.named_phrases = Phrases(name for name in self.names if len(name) > 1)

    def build(self, background: Sequence[str]) -> None:
        self.exact = {self.words.bare(text): row for row, item in enumerate(self.items) for text in (item.title, *item.aliases, *item.questions)}
        asked = [[self.features(text) for text in phrasings(item)] for item in self.items]
        told = [self.features(told_text(item)) for item in self.items]
        everyday = [self.features(line) for line in background]
        whole = [[term for form in forms for term in form] * 2 + body for forms, body in zip(asked, told, strict=True)]
        single = [form for forms in asked for form in forms]
        groups = [0] * len(whole) + [1] * (len(single) + len(everyday))
        self.index = InvertedIndex.of([*whole, *single, *everyday], groups)
        self.sentences = Sentences.of(self.index, [[self.features(said) for said, *_ in self.lines[key]] for key in self.knowledge.entries])
        owners = [row for row, item in enumerate(self.items) for _ in phrasings(item)] + [len(self.items)] * len(background)
        learnt = [text for item in self.items for text in phrasings(item)] + list(background)
        self.linear = Linear.fit([self.terms(text) for text in learnt], owners, len(self.items) + 1)

    def dump(self) -> bytes:
        """What took long to build, for `stored`."""
        out = io.BytesIO()
        names = ["\n".join(found) for found in (self.index.terms, self.linear.terms, self.exact)]
        index = (self.index.starts, self.index.rows, self.index.weights.astype(np.float16), self.index.idf, np.array(self.index.size))
        told = (np.array(self.sentences.firsts), self.sentences.counts, self.sentences.terms, np.array([*self.exact.values()]))
        np.savez_compressed(out, np.array(names), *index, self.linear.idf, self.linear.weights.astype(np.float16), *told)
        return out.getvalue()

    def texts(self) -> list[tuple[Kind, str]]:
        """What `enriched` needs the vectors of: phrasings in the order of items, then one text for each item."""
        forms: list[tuple[Kind, str]] = [("query", asked(text)) for item in self.items for text in phrasings(item)]
        return [*forms, *(("passage", told(item)) for item in self.items)]

    def enriched(self, vectors: Sequence[Floats], ask: Callable[[str], Floats | None], confidence: Confidence | None = None) -> PolicySearch:
        """The same with closeness of meaning beside the words; `vectors` are those of `texts`, `ask` gives a question's."""
        found, n = copy(self), len(self.items)
        stacked = np.stack(vectors)
        firsts = self.firsts[:-1] - n
        found.dense = Dense(stacked[: len(stacked) - n], firsts, stacked[len(stacked) - n :], ask, confidence or Confidence.shipped(WEIGHTS_DENSE))
        return found

    def features(self, text: str) -> list[str]:
        return self.words.features(self.words.normalise(text))

    def terms(self, text: str) -> dict[str, float]:
        return weighed(text)

    def parts(self, text: str) -> list[Floats]:
        """What adds up to the score of each item: the words and, where there is a vector of the text, the meaning."""
        near = self.dense.scores(text) if self.dense else None
        return [*self.scores(self.terms(text)), *(near or ())]

    def scores(self, terms: Mapping[str, float]) -> tuple[Floats, Floats, Floats]:
        """Per item, shape (items,): the whole entry, its two nearest phrasings (shares of a perfect match), the linear model."""
        n = len(self.items)
        if not n:
            none = np.zeros(0, np.float32)
            return none, none, none
        shares = self.index.scores(terms) / np.float32(self.index.perfect(terms))
        return shares[:n], nearest(shares[n : self.firsts[-1]], self.firsts[:-1] - n), np.float32(LINEAR) * self.linear.scores(terms)[:n]

    def search(self, text: str, most: int = 3) -> Found:
        """The items meant, best first; ties in the order of ids. A question written as a phrasing is a sure hit."""
        parts = self.parts(text)
        total = sum(parts[1:], parts[0])
        plain = self.words.plain(text)
        exact = self.exact.get(plain, self.exact.get(MEANS.sub("", plain)))
        if exact is not None:
            total[exact] += 3.0
        known = (term for term in self.terms(text) if term in self.index.terms)
        if not len(total) or not parts[0].any() or all(term.isascii() and len(term) <= 2 for term in known):  # 1, or, hr alone say nothing
            return Found((), "unsure")
        order = [int(row) for row in np.argsort(-total, kind="stable")[:most]]
        p = 0.99 if exact is not None else self.p(self.evidence(text, parts, order))
        rest = [max(0.0, float(total[row])) for row in order[1:]]
        shares = [min(p, (1 - p) * score / (sum(rest) + 0.3)) for score in rest]
        hits = [Hit(self.items[row].id, self.items[row].title, round(share, 3)) for row, share in zip(order, [p, *shares], strict=True)]
        return Found(tuple(hits), self.confidence.zone(p, self.items[order[0]]), self.rows, total)

    def p(self, evidence: Evidence) -> float:
        return (self.dense.confidence if self.dense and evidence.near else self.confidence).p(evidence)

    def evidence(self, text: str, parts: Sequence[Floats], order: Sequence[int]) -> Evidence:
        """The raw features of a search whose best items are `order`."""
        whole, _, linear, *near = parts
        terms = self.terms(text)
        top, second = order[0], order[min(1, len(order) - 1)]
        named = self.named(text)
        known = sum(1 for term in terms if term in self.index.terms)
        return Evidence(
            whole=float(whole[top]),
            linear=float(linear[top]),
            everyday=float(self.linear.scores(terms)[-1]),
            margin=sum(float(part[top] - part[second]) for part in parts),
            mass=float(self.index.mass(terms)),
            known=known / max(1, len(terms)),
            agree=sum(int(np.argmax(part)) == top for part in parts) / len(parts),
            named=float(self.items[top].id in named) if not named or self.items[top].id in named else -1.0,
            near=Near(float(near[0][top]), float(near[1][top]), float(near[0][top] - near[0][second])) if near else None,
        )

    def hit(self, key: str) -> Hit:
        """The entry as what is being talked about, without a search."""
        return Hit(key, self.knowledge[key].title, 1.0)

    def named(self, text: str, shortest: int = 3) -> list[str]:
        """Entries one of whose names, of at least `shortest` characters, stands in the text."""
        text = self.words.normalise(text)
        meant = " ".join((text, *(self.words.official[alias] for _, alias in self.words.aliases.find(text) if len(alias) >= shortest)))
        found = (phrase for _, phrase in self.named_phrases.find(meant))
        return [self.names[phrase] for phrase in found if len(phrase) >= shortest]

    def within(self, key: str, text: str) -> Line | None:
        """The sentence of one entry closest to the text."""
        found = self.sentences.closest(self.rows[key], self.terms(text)) if key in self.lines else None
        if found is None:
            return None
        number, similarity = found
        _, answer, faq = self.lines[key][number]
        return Line(answer, similarity, faq)

    def explain(self, text: str, key: str) -> list[tuple[str, float]]:
        """What each term gives an item, strongest first; they add up to its score by words."""
        terms, row = self.terms(text), self.rows[key]
        first, last = int(self.firsts[row]), int(self.firsts[row + 1])
        best = first + np.argsort(-self.index.scores(terms)[first:last], kind="stable")[:2]
        perfect = self.index.perfect(terms)
        parts: dict[str, float] = {}
        for document, counts in ((row, 1.0), *((int(phrasing), 1 / len(best)) for phrasing in best)):
            for term, weight in self.index.explain(terms, document):
                parts[term] = parts.get(term, 0.0) + counts * weight / perfect
        for term, weight in self.linear.explain(terms, row):
            parts[term] = parts.get(term, 0.0) + LINEAR * weight
        return sorted(parts.items(), key=lambda pair: -abs(pair[1]))


@remembered
def weighed(text: str) -> dict[str, float]:
    """Weighted index terms of a question: what was typed, and the official words its aliases add. Not to be changed."""
    typed, added = words().query(text)
    weights = {term: min(2.0, count) for term, count in Counter(typed).items()}
    for term in added:
        weights[term] = max(weights.get(term, 0.0), ALIAS_WEIGHT)
    return weights


def version() -> str:
    """Changes with all that shapes an index besides the knowledge: the vocabulary and the code that builds and stores it."""
    code = (Path(__file__).with_name(f"{name}.py").read_bytes() for name in ("index", "linear", "passages", "search", "sentences"))
    return hashlib.sha256(b"".join((words().version.encode(), *code))).hexdigest()[:12]


def told_text(item: Item) -> str:
    if not isinstance(item, Entry):
        return item.answer
    told = [item.answer, *(faq.answer for faq in item.faq), *(region.place + region.text for region in item.region)]
    return "\n".join((*told, *item.amount, *item.conditions, *item.where, *item.papers, *item.deadline, *item.notes))


def load(stored: bytes) -> tuple[InvertedIndex, Linear, Sentences, dict[str, int]]:
    with np.load(io.BytesIO(stored), allow_pickle=False) as kept:
        names, starts, rows, weights, idf, size, linear_idf, linear, firsts, counts, told, exact = (kept[f"arr_{number}"] for number in range(12))
    terms, linear_terms, asked = (str(name).split("\n") for name in names)
    index = InvertedIndex(int(size), {term: row for row, term in enumerate(terms)}, starts, rows, weights.astype(np.float32), idf)
    sentences = Sentences(index, firsts.tolist(), counts, told)
    return index, Linear(linear_terms, linear_idf, linear.astype(np.float32)), sentences, dict(zip(asked, exact.tolist(), strict=True))
