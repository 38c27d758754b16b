"""Articles: how often the passage index finds the article of a law that lawyers chose for a question, and how fast.

Needs the folder named by BULIXIAN_DATA: statutes by the article, and the questions of STARD and EQUALS.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.policy.documents import Draft, Given, laws
from knowledge.policy.passages import Document, Passage, Passages, bare, number_of
from tests.benchmarks.report import Row, Table, microseconds

STATUTES, STARD, EQUALS = "statutes_articles.jsonl.gz", "stard_queries.jsonl.gz", "equals_test_qa.jsonl.gz"
CITATION = re.compile(r"(.*)第([一二三四五六七八九十百零\d]+)条")
BAR = "45.3/61.5"
"""STARD question to article among 1 445, lexical, as measured before this was built."""
TODAY = date(2026, 11, 22)
Questions = Sequence[tuple[str, set[int]]]
"""A question and the rows of the articles that answer it."""


def run() -> list[Table]:
    folder = Path(os.environ.get("BULIXIAN_DATA", ""))
    table = Table("articles: question → article")
    if not all((folder / name).is_file() for name in (STATUTES, STARD, EQUALS)):
        table.notes.append("not measured: set BULIXIAN_DATA to the folder with the statutes and the questions")
        return [table]
    begun = time.perf_counter()
    held = statutes(folder)
    built = time.perf_counter() - begun
    stored = held.dump()
    begun = time.perf_counter()
    Passages(1, held.rows, stored)
    loaded = time.perf_counter() - begun
    table.title += f" among {len(held.rows):,} of {len(held.documents)} laws, first and among three, %"
    asked = questions(folder, held)
    table.rows = [found(name, held, rows) for name, rows in asked.items()]
    own, everything = among_their_own(folder)
    table.rows.append(found(f"STARD, all, among its own {len(own.rows):,} articles", own, everything))
    table.notes.append(f"the last row is the setting in which BM25 over words, characters and bigrams met {BAR}, a small embedding model 46.9/64.2")
    table.notes.append("EQUALS and STARD name one or few articles a question; others that also fit count as wrong")
    texts = [text for rows in asked.values() for text, _ in rows]
    median, late = microseconds(lambda text: held.ranked(text, TODAY), texts, 1)
    speed = Table("articles: cost", [{"what": "Passages.ranked", "median µs": median, "p95 µs": late, "queries": len(texts)}])
    speed.rows += [{"what": "build s", "median µs": built}, {"what": "load a stored index s", "median µs": loaded}]
    speed.notes.append(f"the stored index has {len(stored) / 1e6:.1f} MB")
    return [table, speed]


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf8") as lines:
        yield from map(json.loads, lines)


def statutes(folder: Path) -> Passages:
    """Every law; one that carries no date gets one, it is never said here."""
    drafts = [draft for draft in laws(rows_of(folder / STATUTES), Given(dated=TODAY)) if isinstance(draft, Draft)]
    documents = [(replace(draft.document, id=number), draft.passages) for number, draft in enumerate(drafts, 1)]
    return Passages(1, [(document, passage) for document, passages in documents for passage in passages])


def questions(folder: Path, held: Passages) -> dict[str, Questions]:
    def row(law: str, article: str) -> set[int]:
        cited = CITATION.fullmatch(f"{law}{article}")
        found = held.articles.get((bare(cited[1]), number_of(cited[2]))) if cited else None
        return set() if found is None else {found}

    stard = [(line["question"], set().union(*(row(law, "") for law in line["laws"])), line["labour"]) for line in rows_of(folder / STARD)]
    equals = [(line["question"], row(line["law"], line["article"]), line["labour"]) for line in rows_of(folder / EQUALS)]
    return {
        "STARD, labour": [(text, wanted) for text, wanted, labour in stard if wanted and labour],
        "STARD, all whose law is held": [(text, wanted) for text, wanted, _ in stard if wanted],
        "EQUALS, labour": [(text, wanted) for text, wanted, labour in equals if wanted and labour],
    }


def among_their_own(folder: Path) -> tuple[Passages, Questions]:
    """All questions of STARD and nothing but the articles that answer them."""
    asked = list(rows_of(folder / STARD))
    texts = {law: text for line in asked for law, text in zip(line["laws"], line["law_texts"], strict=True)}
    number = {law: row for row, law in enumerate(texts)}
    rows = []
    for law, text in texts.items():
        cited = CITATION.match(law)
        title, article = (cited[1], law[len(cited[1]) :]) if cited else (law, "")
        rows.append((Document(1, title, "", "", TODAY), Passage(article, "", text)))
    return Passages(1, rows), [(line["question"], {number[law] for law in line["laws"]}) for line in asked]


def found(name: str, held: Passages, asked: Questions) -> Row:
    first = among = shown = right = 0
    for text, wanted in asked:
        rows = [row for row, _ in held.ranked(text, TODAY)]
        first += bool(rows) and rows[0] in wanted
        among += bool(wanted & set(rows))
        quote = held.find(text, TODAY, room=10**6)
        shown += quote is not None
        right += quote is not None and any(held.rows[row][1].text == quote.text for row in wanted)
    total = max(1, len(asked))
    return {
        "questions": name,
        "number": len(asked),
        "first": 100 * first / total,
        "among three": 100 * among / total,
        "shown": shown,
        "of these right": right,
    }
