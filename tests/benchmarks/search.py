"""Search: our whole path and our index alone beside rank_bm25, bm25s and SQLite FTS5, on the same documents and tokens.

First the knowledge base as it is, then 100 000 documents: the same with filler text behind it. Filler comes from the folder
named by BULIXIAN_DATA (statutes and postings) where there is one, else it is generated.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.policy.index import InvertedIndex
from knowledge.policy.search import PolicySearch, phrasings, told_text
from knowledge.policy.store import files, knowledge_of
from knowledge.words import lines
from tests.benchmarks.report import ROUNDS, Row, Table, microseconds, peer, resident, tidy

LARGE = 100_000
PIECE = 60
"""Characters of a filler document; about two lines, like an entry's phrasings and sentences."""
FIRST = 3
"""Documents that every engine has to name, best first."""
STATUTES, POSTINGS = "statutes_articles.jsonl.gz", "jobs_zh_main.jsonl.gz"
Documents = list[list[str]]
Ask = Callable[[list[str]], list[int]]
"""Tokens in, the best documents out."""


def run() -> list[Table]:
    search = PolicySearch(knowledge_of(files()).readable())
    questions = [question for item in search.items for question in item.questions]
    queries = [list(search.terms(question)) for question in questions]
    documents = known(search)
    title = f"search: one typed question, whole path ({len(search.items)} items, {len(questions):,} questions of their own)"
    whole = Table(title, whole_path(search, questions))
    small = Table(f"search: index alone, tokens held, best {FIRST} of {len(documents):,} documents")
    fill(small, documents, queries, large=False)
    filler, source = more(LARGE - len(documents))
    grown = Child(whole_path_grown, search, filler, questions[::4])  # builds beside our tokenising and measures after it
    begun = time.perf_counter()
    kept: dict[str, str] = {}
    documents += [[kept.setdefault(term, term) for term in search.features(text)] for text in filler]
    spent = time.perf_counter() - begun
    grown.say()
    whole.rows.append({"what": f"PolicySearch.search with {LARGE:,} documents, a character shorter", **grown.result()})
    whole.compare("median µs", float(whole.rows[0]["median µs"] or 0), name="× first row")
    whole.notes.append("a question a character shorter is no exact hit, so its confidence is worked out")
    tokens = sum(map(len, documents))
    large = Table(f"search: index alone, tokens held, best {FIRST} of {len(documents):,} documents of {tokens / 1e6:.1f} M tokens")
    fill(large, documents, queries, large=True)
    large.notes.append(f"behind the knowledge base: {source}; tokenising it, before every build, took us {spent:.0f} s")
    return [whole, small, large]


def fill(table: Table, documents: Documents, queries: Sequence[list[str]], *, large: bool) -> None:
    """One row an engine, beside ours."""
    first: dict[str, int] = {}
    for name in ENGINES:
        asked = list(sample(queries, QUERIES[name][large]))
        found = Child(build_and_ask, name, documents, asked).result()
        answers = found.pop("answers", None)
        keys = [" ".join(tokens) for tokens in asked]
        if name == OURS:
            first = dict(zip(keys, answers, strict=True))
        elif answers:
            same = [first[key] == row for key, row in zip(keys, answers, strict=True) if key in first]
            found["same first"] = f"{sum(same) / max(1, len(same)):.0%}"
        table.rows.append({"engine": name, **found})
    for column in ("median µs", "p95 µs", "build s", "memory MB"):
        table.compare(column, float(table.rows[0][column] or 0), name=f"× {column.split()[0]}")
    table.notes.append("× as a multiple of ours; same first: share of queries whose best document is ours too (flavours of BM25 differ)")


def sample(queries: Sequence[list[str]], most: int) -> Sequence[list[str]]:
    """Every n-th; a bigger sample holds the smaller one where n divides."""
    return queries[:: max(1, len(queries) // most)][:most] if most else queries


def known(search: PolicySearch) -> Documents:
    """The documents of the product's own index, in its order: entries, their phrasings, everyday sentences."""
    asked = [[search.features(text) for text in phrasings(item)] for item in search.items]
    told = [search.features(told_text(item)) for item in search.items]
    whole = [[term for form in forms for term in form] * 2 + body for forms, body in zip(asked, told, strict=True)]
    return [*whole, *(form for forms in asked for form in forms), *(search.features(line) for line in lines("background.txt"))]


def whole_path(search: PolicySearch, questions: Sequence[str]) -> list[Row]:
    shorter = [question[:-1] for question in questions]
    terms = [search.terms(question) for question in questions]
    cases: list[tuple[str, Callable[[Any], object], Sequence[Any]]] = [
        ("PolicySearch.search, the entries' own questions", search.search, questions),
        ("PolicySearch.search, the same a character shorter", search.search, shorter),
        ("· of which terms: normalise, jieba, aliases", search.terms, questions),
        ("· of which InvertedIndex.scores, terms held", search.index.scores, terms),
        ("· of which Linear.scores, terms held", search.linear.scores, terms),
    ]
    return [{"what": name, **timing(work, inputs)} for name, work, inputs in cases]


def timing(work: Callable[[Any], object], inputs: Sequence[Any]) -> Row:
    median, late = microseconds(work, inputs)
    return {"median µs": median, "p95 µs": late, "queries": len(inputs)}


# --- engines: each builds on tokenised documents and answers with the rows of the best ones


def best_rows(scores: Any) -> list[int]:
    chosen = np.argpartition(scores, -FIRST)[-FIRST:]
    return [int(row) for row in chosen[np.argsort(-scores[chosen])]]


def ours(documents: Documents) -> Ask:
    index = InvertedIndex.of(documents)
    return lambda tokens: best_rows(index.scores(dict.fromkeys(tokens, 1.0)))


def rank_bm25(documents: Documents) -> Ask | None:
    module = peer("rank_bm25")
    if module is None:
        return None
    index = module.BM25Okapi(documents, k1=1.2, b=0.75)
    return lambda tokens: best_rows(index.get_scores(tokens))


def bm25s(documents: Documents) -> Ask | None:
    module = peer("bm25s")
    if module is None:
        return None
    index = module.BM25(method="lucene", k1=1.2, b=0.75)
    index.index(documents, show_progress=False)
    return lambda tokens: best_rows(index.get_scores(tokens))


def fts5(documents: Documents) -> Ask:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE doc USING fts5(body, content='', tokenize=\"unicode61 remove_diacritics 0 tokenchars '.+/%-'\")")
    connection.executemany("INSERT INTO doc (rowid, body) VALUES (?, ?)", ((row, " ".join(body)) for row, body in enumerate(documents)))
    query = f"SELECT rowid FROM doc WHERE doc MATCH ? ORDER BY rank LIMIT {FIRST}"
    return lambda tokens: [row for (row,) in connection.execute(query, (" OR ".join(f'"{token}"' for token in tokens),))]


OURS = "ours: InvertedIndex"
QUERIES = {OURS: (0, 0), "bm25s": (0, 200), "SQLite FTS5": (200, 50), "rank_bm25": (100, 3)}
"""How many queries an engine is asked on the small and on the large collection; 0: all, where that does not take minutes."""
ENGINES: dict[str, Callable[[Documents], Ask | None]] = {OURS: ours, "bm25s": bm25s, "SQLite FTS5": fts5, "rank_bm25": rank_bm25}


def build_and_ask(pipe: Connection, name: str, documents: Documents, queries: Sequence[list[str]]) -> dict[str, Any]:
    """Runs in a child: builds one engine and asks it everything."""
    tidy()
    before, begun = resident(), time.perf_counter()
    ask = ENGINES[name](documents)
    if ask is None:
        return {"build s": "not installed"}
    built = time.perf_counter() - begun
    tidy()
    memory = resident() - before
    answers = [ask(tokens)[0] for tokens in queries]
    median, late = microseconds(ask, queries, 1 if name == "rank_bm25" else ROUNDS)
    return {"median µs": median, "p95 µs": late, "queries": len(queries), "build s": built, "memory MB": memory, "answers": answers}


def whole_path_grown(pipe: Connection, search: PolicySearch, filler: Sequence[str], questions: Sequence[str]) -> Row:
    """Runs in a child: our whole search with the filler as further everyday sentences."""
    grown = PolicySearch(search.knowledge, background=[*lines("background.txt"), *filler])
    pipe.recv()
    return timing(grown.search, [question[:-1] for question in questions])


class Child:
    """Work in a forked process: it sees our documents without copying them, and its memory goes when it ends."""

    def __init__(self, work: Callable[..., dict[str, Any]], *given: Any) -> None:
        context = multiprocessing.get_context("fork")
        self.end, other = context.Pipe()
        self.process = context.Process(target=self.run, args=(other, work, given))
        self.process.start()
        other.close()

    @staticmethod
    def run(pipe: Connection, work: Callable[..., dict[str, Any]], given: tuple[Any, ...]) -> None:
        pipe.send(work(pipe, *given))

    def say(self) -> None:
        self.end.send(None)

    def result(self) -> dict[str, Any]:
        """What the work returned.

        Raises:
            EOFError: the child died; its traceback is on stderr.
        """
        found: dict[str, Any] = self.end.recv()
        self.process.join()
        return found


# --- filler


def more(number: int) -> tuple[list[str], str]:
    """So many pieces of text, and where they come from."""
    folder = os.environ.get("BULIXIAN_DATA")
    texts = list(real(Path(folder))) if folder and Path(folder).is_dir() else []
    pieces = [text[start : start + PIECE] for text in texts for start in range(0, max(1, len(text) - PIECE // 3), PIECE)]
    draw = random.Random(7)
    if len(pieces) >= number:
        return draw.sample(pieces, number), "statutes and postings from BULIXIAN_DATA"
    missing = number - len(pieces)
    return pieces + list(generated(missing, draw)), f"{missing:,} generated pieces" + (f" and {len(pieces):,} from BULIXIAN_DATA" if pieces else "")


def real(folder: Path) -> Iterator[str]:
    for name, fields in ((STATUTES, ("law", "text")), (POSTINGS, ("title", "company", "description"))):
        if (folder / name).exists():
            with gzip.open(folder / name, "rt", encoding="utf8") as rows:
                for row in map(json.loads, rows):
                    yield " ".join(str(row.get(field) or "") for field in fields)


def generated(number: int, draw: random.Random) -> Iterator[str]:
    """Sentences put together from everyday ones and from runs of characters with a natural skew."""
    everyday = lines("background.txt")
    characters = list(dict.fromkeys("".join(everyday)))
    common = [1 / (place + 5) for place in range(len(characters))]
    for _ in range(number):
        yield ",".join((draw.choice(everyday), "".join(draw.choices(characters, common, k=PIECE - 20))))[:PIECE]
