"""The résumé lab and the rights desk: how long a résumé takes as text and as a file, child start included, and what lines name.

The sentences (resume_ner_zh_masked.jsonl.gz, people and places marked in them) are in the folder named by BULIXIAN_DATA.
"""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

from knowledge.resume.entities import entities
from knowledge.resume.extract import from_bytes, pasted
from knowledge.resume.rules import review
from knowledge.resume.sections import plain
from knowledge.rights.contract import check
from tests.benchmarks.report import Row, Table, microseconds
from tests.knowledge.files import docx, paragraph, pdf

SENTENCES = "resume_ner_zh_masked.jsonl.gz"
NAMES = {"school": "ORG", "organisation": "ORG", "title": "TITLE", "degree": "EDU", "major": "PRO"}
"""What the sentences call the kinds of `knowledge.resume.entities`."""
TODAY = date(2026, 11, 22)
HERE = Path(__file__).parents[1]


def run() -> list[Table]:
    return [times(), named()]


def times() -> Table:
    resume = (HERE / "samples" / "resumes" / "operations.txt").read_text(encoding="utf8")
    contract = (HERE / "knowledge" / "rights" / "contracts" / "bad_sales.txt").read_text(encoding="utf8")
    lines = resume.splitlines()
    works: dict[str, Callable[[], object]] = {
        "a résumé as text": lambda: review(pasted(resume), TODAY),
        "a PDF of two pages": lambda: review(from_bytes(pdf([lines, lines]), "a.pdf"), TODAY),
        "a Word file": lambda: review(from_bytes(docx("".join(map(paragraph, lines))), "a.docx"), TODAY),
        "a contract as text": lambda: check(contract),
    }
    rows: list[Row] = [{"what": name, "ms": microseconds(lambda held: held(), [work])[0] / 1000} for name, work in works.items()]
    return Table("lab: from bytes to remarks, child start included", rows)


def named() -> Table:
    path = Path(os.environ.get("BULIXIAN_DATA", "")) / SENTENCES
    if not path.is_file():
        return Table("lab: what lines name, not run", notes=[f"BULIXIAN_DATA names no folder with {SENTENCES}"])
    right, said, there = Counter[str](), Counter[str](), Counter[str]()
    with gzip.open(path, "rt", encoding="utf8") as lines:
        for line in lines:
            row = json.loads(line)
            found = {(*each.span, NAMES[each.kind]) for each in entities(plain(row["text"]))}
            marked = {(start, end, kind) for start, end, kind in row["entities"] if kind in NAMES.values()}
            right.update(kind for *_, kind in found & marked)
            said.update(kind for *_, kind in found)
            there.update(kind for *_, kind in marked)
    rows: list[Row] = [
        {
            "what": name,
            "marked": there[kind],
            "precision": right[kind] / said[kind],
            "recall": right[kind] / there[kind],
            "F1": 2 * right[kind] / (said[kind] + there[kind]),
        }
        for name, kind in (("schools and other organisations", "ORG"), ("titles", "TITLE"), ("degrees", "EDU"), ("majors", "PRO"))
    ]
    return Table("lab: what lines of a résumé name, exact spans", rows)
