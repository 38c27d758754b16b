"""Refusal: legal questions of the public through `consult`, most of them not ours; how many are answered as policy.

The questions (legal_questions_zh.jsonl.gz) are in the folder named by BULIXIAN_DATA. Those on work and on fraud, which entries
of ours are about, are told apart by keyword, so that the last row is what should hardly ever be answered.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
from collections import Counter
from datetime import date
from pathlib import Path

from dialogs.consult import consult
from knowledge.policy.search import PolicySearch
from knowledge.policy.store import files, knowledge_of
from tests.benchmarks.report import Row, Table

QUESTIONS = "legal_questions_zh.jsonl.gz"
FRAUD = re.compile(r"传销|诈骗|被骗|骗[了子走取我钱]|刷单|网贷|校园贷|培训贷|套路贷|银行卡|冻结|洗钱|隐私|个人信息|身份证|中介")
"""What the entries of FRD are about."""
WORK = re.compile(r"工资|员工|单位|上班|打工|劳动|仲裁|老板|厂|公司|辞职|就业|毕业|学校|大学|学生|兼职|社保|档案|户口")
"""Beside the data's own mark: words that make a question at least close to ours."""
SAMPLES = 15
TODAY = date(2026, 11, 22)


def run() -> list[Table]:
    path = Path(os.environ.get("BULIXIAN_DATA", "")) / QUESTIONS
    if not path.is_file():
        return [Table("refusal: not run", notes=[f"BULIXIAN_DATA names no folder with {QUESTIONS}"])]
    search = PolicySearch(knowledge_of(files()).readable())
    asked, outcomes, tops = Counter[str](), dict[str, Counter[str]](), dict[str, Counter[str]]()
    answered: list[Row] = []
    with gzip.open(path, "rt", encoding="utf8") as lines:
        for line in lines:
            record = json.loads(line)
            kind, found = kind_of(record["question"], labour=record["labour_kw"]), consult(record["question"], search, TODAY)
            asked[kind] += 1
            outcomes.setdefault(kind, Counter())[found.outcome] += 1
            if found.outcome == "answer":
                tops.setdefault(kind, Counter())[found.hits[0].id] += 1
                answered.append({"question": record["question"][:60], "kind": kind, "entry": found.hits[0].id, "P": found.hits[0].p})
    rows: list[Row] = []
    for kind in KINDS:
        rates: Row = {name: f"{outcomes[kind][name] / asked[kind]:.1%}" for name in OUTCOMES} if asked[kind] else {}
        most = " ".join(f"{key} {number}" for key, number in tops.get(kind, Counter[str]()).most_common(6))
        rows.append({"questions": kind, "asked": asked[kind], **rates, "answered most": most})
    samples = random.Random(7).sample(answered, min(SAMPLES, len(answered)))
    return [
        Table(f"refusal: {asked.total():,} legal questions, by outcome", rows),
        Table(f"refusal: {len(samples)} of {len(answered)} answered", samples),
    ]


KINDS = ("labour (marked in the data)", "fraud by keyword", "near work or study by keyword", "neither")
OUTCOMES = ("answer", "menu", "clarify", "redirect", "handover", "crisis", "refuse")


def kind_of(question: str, *, labour: bool) -> str:
    return KINDS[0 if labour else 1 if FRAUD.search(question) else 2 if WORK.search(question) else 3]
