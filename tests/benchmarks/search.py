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
    fill(small, packed(documents), queries, large=False)
    filler, source = more(LARGE - len(documents))
    begun = time.perf_counter()
    text = packed([*documents, *(search.features(line) for line in filler)])
    spent = time.perf_counter() - begun
    whole.rows.append({"what": f"PolicySearch.search in {LARGE:,} documents, a character shorter", **in_child(grown, search.dump(), text)})
    whole.compare("median µs", float(whole.rows[0]["median µs"] or 0), name="× first row")
    whole.notes.append("a question a character shorter is no exact hit, so its confidence is worked out")
    large = Table(f"search: index alone, tokens held, best {FIRST} of {LARGE:,} documents, {(text.count(' ') + LARGE) / 1e6:.1f} M tokens")
    fill(large, text, queries, large=True)
    large.notes.append(f"behind the knowledge base: {source}; tokenising it, before every build, took us {spent:.0f} s")
    return [whole, small, large]


def fill(table: Table, text: str, queries: Sequence[list[str]], *, large: bool) -> None:
    """One row an engine, beside ours."""
    first: dict[str, list[int]] = {}
    for name in ENGINES:
        found = in_child(build_and_ask, name, text, sample(queries, QUERIES[name][large]))
        answers: dict[str, list[int]] = found.pop("answers", {})
        if name == OURS:
            first = answers
        shared = [key for key in answers if key in first]
        if shared:
            found["same best"] = f"{sum(len({*first[key]} & {*answers[key]}) for key in shared) / len(shared) / FIRST:.0%}"
        table.rows.append({"engine": name, **found})
    for column in ("median µs", "p95 µs", "build s", "memory MB"):
        table.compare(column, float(table.rows[0][column] or 0), name=f"× {column.split()[0]}")
    table.notes.append("× as a multiple of ours; same best: share of our best documents that it names too, where both were asked")


def sample(queries: Sequence[list[str]], most: int) -> Sequence[list[str]]:
    """So many, spread over all; a smaller sample lies within a bigger one where the one divides the other."""
    return queries[:: max(1, len(queries) // most)][:most] if most else queries


def packed(documents: Documents) -> str:
    """Documents as one text, a line each: cheap to hand to a child. No token holds a space."""
    return "\n".join(map(" ".join, documents))


def unpacked(text: str) -> Documents:
    kept: dict[str, str] = {}
    return [[kept.setdefault(token, token) for token in line.split(" ") if token] for line in text.split("\n")]


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


def timing(work: Callable[[Any], object], inputs: Sequence[Any], rounds: int = ROUNDS) -> Row:
    """More inputs than the search remembers, or a single round: else it is the memory that is measured."""
    median, late = microseconds(work, inputs, rounds)
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
QUERIES = {OURS: (0, 800), "bm25s": (0, 800), "SQLite FTS5": (100, 25), "rank_bm25": (25, 3)}
"""How many queries an engine is asked on the small and on the large collection; 0: all, where that does not take minutes."""
ENGINES: dict[str, Callable[[Documents], Ask | None]] = {OURS: ours, "bm25s": bm25s, "SQLite FTS5": fts5, "rank_bm25": rank_bm25}


def in_child(work: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
    """Runs `work` in a new process: what it holds in memory is its own, and is gone afterwards."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, given)


def build_and_ask(name: str, text: str, queries: Sequence[list[str]]) -> dict[str, Any]:
    """Builds one engine and asks it everything."""
    documents = unpacked(text)
    del text
    tidy()
    before, begun = resident(), time.perf_counter()
    ask = ENGINES[name](documents)
    if ask is None:
        return {"build s": "not installed"}
    built = time.perf_counter() - begun
    tidy()
    memory = resident() - before
    answers: dict[str, list[int]] = {}

    def asked(tokens: list[str]) -> None:
        answers[" ".join(tokens)] = ask(tokens)

    median, late = microseconds(asked, queries, 1 if name == "rank_bm25" else ROUNDS)
    return {"median µs": median, "p95 µs": late, "queries": len(queries), "build s": built, "memory MB": memory, "answers": answers}


def grown(stored: bytes, text: str) -> Row:
    """Our whole search with the filler as further everyday sentences; these teach the linear model nothing, so it stays."""
    search = PolicySearch(knowledge_of(files()).readable(), stored=stored)
    documents = unpacked(text)
    search.index = InvertedIndex.of(documents, [0] * len(search.items) + [1] * (len(documents) - len(search.items)))
    return timing(search.search, [question[:-1] for item in search.items for question in item.questions[::4]], 1)


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
