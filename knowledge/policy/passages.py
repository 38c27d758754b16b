"""The clauses of documents: cutting by heading and clause, and an index over them, separate from that of the entries.

Nothing here says yes or no to anybody: a passage is only ever repeated word for word, with where it stands. No database.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

import numpy as np

from knowledge.extract import Block
from knowledge.policy.index import Floats, InvertedIndex
from knowledge.policy.regions import Place
from knowledge.policy.search import weighed
from knowledge.words import NOT_WORD, lines, words

ROOM = 400
"""Characters from which a list item or a paragraph begins a passage of its own."""
HEADING = 40
"""Characters up to which a numbered line without a sentence is a heading."""
QUOTE = 200
"""Characters of an excerpt."""
LENGTHS = 0.5
"""Length normalisation: on 2 133 articles 28/42 % of labour questions are met first/among three, with 0.75 24/45, with 0.3 23/41."""
CLEAR, LEAD, SIBLING, MASS = 0.3, 0.05, 0.02, 40.0
"""Share of a perfect match, lead before other documents and before its own document, and IDF of the question, from which a
passage is worth showing.

On 2 118 articles of 37 laws, among questions that the entries do not answer: 14 of 452 labour questions pass, 8 of them
meet the article that lawyers chose; of 359 that are not ours none. No threshold makes nine in ten right, so an excerpt is
shown beside our 「not sure」, never as an answer.
"""
HAN = "一二三四五六七八九十百零〇"
MARKS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (0, re.compile(r"附件\s*\d*(?=\s|[::]|$)")),
    (1, re.compile(rf"第[{HAN}\d]+编")),
    (2, re.compile(rf"第[{HAN}\d]+章")),
    (3, re.compile(rf"第[{HAN}\d]+节")),
    (4, re.compile(rf"第[{HAN}\d]+条(之[{HAN}])?")),
    (5, re.compile(r"[一二三四五六七八九十]+[、.．]")),
    (6, re.compile(r"[（(][一二三四五六七八九十]+[）)]")),
    (7, re.compile(r"\d{1,2}[、.．](?!\d)")),
    (8, re.compile(r"[（(]\d{1,2}[）)]|[①-⑳]")),
)
"""How official writing numbers its parts, from the outside in (GB/T 9704-2012, 7.3.3); laws put 条 in between."""
ARTICLE, CLAUSE, ITEM = 4, 6, 7
SENTENCE = re.compile(r"[^。;；!！?？\n]*[。;；!！?？\n]*")
CITED = re.compile(r"《([^》]+)》(?:\([^)]*\))? ?第 ?([\d、,–—\-至 ]+?) ?条")


@dataclass(frozen=True, slots=True)
class Passage:
    """`section` says where it stands; `heads` are the heading lines right before it; `text` is the clause itself."""

    section: str
    heads: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """What has to be said of a document when it is quoted. `region`: the only place it holds for, empty for all."""

    id: int
    title: str
    number: str
    issuer: str
    dated: date
    region: str = ""
    valid_to: date | None = None

    def expired(self, today: date) -> bool:
        return self.valid_to is not None and today > self.valid_to

    def holds(self, place: Place | None) -> bool:
        """It holds there, or nobody has said where."""
        return not self.region or place is None or self.region in (place.name, place.province)


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a document, as they stand there. `begun`, `ended`: nothing of the passage is left out before, after."""

    document: Document
    section: str
    text: str
    begun: bool = True
    ended: bool = True


# --- cutting


def mark(text: str) -> tuple[int, str] | None:
    """The rank and the words of the number a block begins with."""
    return next(((rank, found[0]) for rank, pattern in MARKS if (found := pattern.match(text))), None)


class Cutter:
    """Goes through the blocks of one document once; every character comes out in exactly one passage, in order."""

    def __init__(self, blocks: Sequence[Block], title: str) -> None:
        self.blocks, self.title = [block for block in blocks if block.text.strip()], title
        self.styled = {found[0]: block.level for block in self.blocks if block.level and (found := mark(block.text))}
        self.path: list[tuple[int, str]] = []
        self.heads: list[str] = []
        self.body: list[str] = []
        self.found: list[Passage] = []

    def depth(self, block: Block) -> int | None:
        """How deep a heading or numbered clause lies; None for a plain paragraph. A style counts for all of its rank."""
        found = mark(block.text)
        if block.level:
            return block.level
        return None if found is None else self.styled.get(found[0], found[0] and 10 + found[0])

    def cut(self) -> list[Passage]:
        for number, block in enumerate(self.blocks):
            depth, found = self.depth(block), mark(block.text)
            if depth is None or (found and found[0] >= CLAUSE and self.in_article()) or (found and found[0] >= ITEM and not block.level):
                self.add(block.text)
            else:
                self.close()
                self.path = [step for step in self.path if step[0] < depth]
                if self.is_heading(number, depth):
                    self.heads.append(block.text)
                    self.path += [(depth, block.text)] if block.text != self.title else []
                else:
                    self.path.append((depth, label(block.text, found[1] if found else "")))
                    self.add(block.text)
        self.close(last=True)
        return self.found

    def in_article(self) -> bool:
        return bool(self.path) and bool(re.match(MARKS[ARTICLE][1], self.path[-1][1]))

    def is_heading(self, number: int, depth: int) -> bool:
        """Short, no sentence, and something deeper follows."""
        block = self.blocks[number]
        if block.level:
            return True
        if len(block.text) > HEADING or re.search(r"[。;；!！?？,，]|[:：]\S", block.text) or number + 1 == len(self.blocks):
            return False
        after = self.depth(self.blocks[number + 1])
        return after is None or after > depth

    def add(self, text: str) -> None:
        if self.body and sum(map(len, self.body)) + len(text) > ROOM and (mark(text) or len(text) > HEADING):
            self.close()
        for piece in pieces(text):
            if sum(map(len, self.body)) > ROOM:
                self.close()
            self.body.append(piece)

    def close(self, *, last: bool = False) -> None:
        if last and self.heads and not self.body:
            self.heads, self.body = [], self.heads
        if self.body:
            section = " ".join(step for _, step in self.path)
            self.found.append(Passage(section[:300], "\n".join(self.heads), "\n".join(self.body)))
            self.heads, self.body = [], []


def split(blocks: Sequence[Block], title: str = "") -> list[Passage]:
    return Cutter(blocks, title).cut()


def label(text: str, number: str) -> str:
    """How a clause is cited: its number, and its first words where they are a heading of their own."""
    rest = text[len(number) :].lstrip()
    first = re.split(r"[。:：\n]", rest, maxsplit=1)[0]
    named = first and len(first) <= HEADING // 2 and len(first) < len(rest) and not re.search(r"[,，;；]", first)
    return f"{number}{first}" if named and not re.match(MARKS[ARTICLE][1], number) else number


def pieces(text: str) -> Iterator[str]:
    """A paragraph much longer than a passage, at the ends of its sentences."""
    while len(text) > 2 * ROOM:
        ends = [found.end() for found in re.finditer(r"[。;；]", text[: 2 * ROOM])]
        cut = next((end for end in ends if end >= ROOM), 2 * ROOM)
        yield text[:cut]
        text = text[cut:]
    if text:
        yield text


# --- searching


class Passages:
    """The index over the passages of all current documents at one edition of theirs. Immutable."""

    def __init__(self, edition: int, rows: Sequence[tuple[Document, Passage]], stored: bytes | None = None) -> None:
        """Built from the passages, or from what `dump` of the same edition and vocabulary `stored`."""
        self.edition, self.rows = edition, list(rows)
        self.documents = {document.id: document for document, _ in self.rows}
        self.articles: dict[tuple[str, int], int] = {}
        for row, (document, passage) in enumerate(self.rows):
            step = passage.section.rsplit(" ", 1)[-1]
            if found := re.fullmatch(rf"第([{HAN}\d]+)条", step):
                self.articles.setdefault((bare(document.title), number_of(found[1])), row)
        self.index = load(stored) if stored else self.build()

    def build(self) -> InvertedIndex:
        told = [features(f"{document.title}\n{passage.section}\n{passage.text}") for document, passage in self.rows]
        everyday = [features(line) for line in lines("background.txt")] if told else []
        return InvertedIndex.of([*told, *everyday], [0] * len(told) + [1] * len(everyday), LENGTHS)

    def dump(self) -> bytes:
        """What took long to build, for `stored`."""
        out, index = io.BytesIO(), self.index
        np.savez_compressed(out, "\n".join(index.terms), index.starts, index.rows, index.weights.astype(np.float16), index.idf, index.size)
        return out.getvalue()

    def shares(self, terms: Mapping[str, float]) -> Floats:
        """Of every passage, its share of a perfect match."""
        shares: Floats = self.index.scores(terms)[: len(self.rows)] / np.float32(self.index.perfect(terms))
        return shares

    def ranked(self, text: str, today: date, place: Place | None = None, most: int = 3) -> list[tuple[int, float]]:
        """The best passages that may be quoted on that day and in that place, with their shares."""
        if not self.rows:
            return []
        allowed = {key for key, document in self.documents.items() if not document.expired(today) and document.holds(place)}
        shares = self.shares(weighed(text))
        order = (int(row) for row in np.argsort(-shares, kind="stable"))
        found = (row for row in order if self.rows[row][0].id in allowed)
        return [(row, float(shares[row])) for row, _ in zip(found, range(most), strict=False) if shares[row] > 0]

    def find(self, text: str, today: date, place: Place | None = None, room: int = QUOTE) -> Quote | None:
        """The one passage that is clearly near to the question."""
        best = self.ranked(text, today, place, 20)
        if not best or self.index.mass(weighed(text)) < MASS:
            return None
        (row, share), *rest = best
        own = self.rows[row][0].id
        sure = share >= CLEAR and all(share - other >= (SIBLING if self.rows[near][0].id == own else LEAD) for near, other in rest)
        return self.quote(row, text, room) if sure else None

    def quote(self, row: int, text: str = "", room: int = QUOTE) -> Quote:
        """A passage in its own words: whole, or the run of sentences that says most of what was asked."""
        document, passage = self.rows[row]
        if len(passage.text) <= room:
            return Quote(document, passage.section, passage.text)
        found = [piece for piece in SENTENCE.findall(passage.text) if piece]
        asked = {term for term in weighed(text) if term in self.index.terms}
        worth = [sum(self.index.worth[term] for term in asked & set(features(piece))) for piece in found]
        ends = list(accumulate(map(len, found)))
        best, gain = (0, 1), -1.0
        for first in range(len(found)):
            start = ends[first - 1] if first else 0
            last = max((number + 1 for number in range(first, len(found)) if ends[number] - start <= room), default=first + 1)
            if sum(worth[first:last]) > gain + 1e-6:
                best, gain = (first, last), sum(worth[first:last])
        words_of = "".join(found[best[0] : best[1]]).strip()
        return Quote(document, passage.section, words_of[:room], best[0] == 0, best[1] == len(found) and len(words_of) <= room)

    def article(self, law: str, number: int) -> int | None:
        """The row of an article of a loaded law, by the name that others cite it with."""
        name = bare(law)
        known = {title for title, _ in self.articles}
        title = next((title for title in known if title == name), None) or next(
            (title for title in known if "解释" in name and within(name, title)), ""
        )
        return self.articles.get((title, number))

    def sourced(self, documents: Sequence[str], text: str, today: date, place: Place | None = None) -> Quote | None:
        """Of the articles that sources cite, and of documents whose number they give, the passage nearest to the text."""
        rows = [row for said in documents for law, number in cited(said) if (row := self.article(law, number)) is not None]
        numbers = {key for key, held in self.documents.items() if held.number and any(held.number in said for said in documents)}
        rows += [row for row, (document, _) in enumerate(self.rows) if document.id in numbers] if numbers else []
        rows = [row for row in rows if not self.rows[row][0].expired(today) and self.rows[row][0].holds(place)]
        if not rows:
            return None
        shares = self.shares(weighed(text))
        return self.quote(max(rows, key=lambda row: float(shares[row])), text)


NOTHING = Passages(0, [])


def features(text: str) -> list[str]:
    return words().features(words().normalise(text))


def load(stored: bytes) -> InvertedIndex:
    with np.load(io.BytesIO(stored), allow_pickle=False) as kept:
        names, starts, rows, weights, idf, size = (kept[f"arr_{number}"] for number in range(6))
    terms = {term: row for row, term in enumerate(str(names).split("\n"))}
    return InvertedIndex(int(size), terms, starts, rows, weights.astype(np.float32), idf)


def bare(title: str) -> str:
    """A law's name as everybody writes it: without 《》 and 中华人民共和国."""
    return NOT_WORD.sub("", words().normalise(title)).replace("中华人民共和国", "")


def within(short: str, long: str) -> bool:
    """The characters of one in the other, in order: 审理劳动争议案件解释一 in the full name of the interpretation."""
    rest = iter(long)
    return all(character in rest for character in short)


def number_of(text: str) -> int:
    """第「一百零三」条 as 103."""
    if text.isdecimal():
        return int(text[:9])
    total = held = 0
    for character in text:
        if character in "十百":
            total += max(1, held) * (10 if character == "十" else 100)
            held = 0
        else:
            held = "零一二三四五六七八九".find(character.replace("〇", "零"))
    return total + held


def cited(document: str) -> Iterator[tuple[str, int]]:
    """The articles a source names: 《劳动合同法》第 19、70、83 条, 第 36–40 条."""
    for law, numbers in CITED.findall(document):
        for part in re.split(r"[、,]", numbers):
            ends = [int(number) for number in re.findall(r"\d{1,6}", part)]
            if ends and ends[-1] - ends[0] < 60:
                yield from ((law, number) for number in range(ends[0], ends[-1] + 1))
