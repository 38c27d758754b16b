"""Matching: one person against the live postings, many people against the new ones, and whether a title finds its own category.

Rows and people are invented; the peers are a loop over pairs in plain Python and one SQL query a person. The categories a site gave its
own postings (jobs_zh_main.jsonl.gz, rows with `cat`) are in the folder named by BULIXIAN_DATA; BM25 and TF-IDF see title and text.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.policy.index import InvertedIndex
from knowledge.postings.catalogue import Catalogue
from knowledge.postings.match import Person, Vacancies, fan_out
from knowledge.postings.wanted import Wanted
from knowledge.words import words
from tests.benchmarks.report import Row, Table, microseconds, resident, tidy

TODAY = date(2026, 11, 22)
SIZES = (1_000, 10_000, 70_000)
PEOPLE = (1_000, 10_000, 100_000)
NEW = 10_000
ASKS = 60
FEW = 20
"""People the slow peers serve; their time for all is reckoned from that."""
CARDS = 3
ROLES = [
    "会计",
    "出纳",
    "行政专员",
    "人事专员",
    "新媒体运营",
    "电商运营",
    "平面设计",
    "室内设计",
    "Java开发工程师",
    "前端开发工程师",
    "软件测试工程师",
    "数据分析师",
    "产品经理",
    "销售代表",
    "客户经理",
    "客服专员",
    "采购专员",
    "仓库管理员",
    "外贸业务员",
    "英语老师",
    "幼儿园老师",
    "护士",
    "药剂师",
    "检验技师",
    "机械设计工程师",
    "电气工程师",
    "工艺工程师",
    "质检员",
    "土建施工员",
    "造价员",
    "环保工程师",
    "食品研发员",
    "法务专员",
    "编辑",
    "视频剪辑",
    "摄影师",
    "酒店前台",
    "店长",
    "管培生",
    "社区工作者",
]
FIELDS = ["医药", "汽车", "教育", "餐饮", "建材", "物流", "服装", "农业", "能源", "金融", "家居", "旅游", "母婴", "化妆品", "芯片", "软件"]
DUTIES = ["整理", "记录", "沟通", "检查", "编写", "维护", "设计", "跟进", "统计", "培训", "接待", "采集", "审核", "安装", "调试", "汇报"]
CITIES = tuple(f"{province}0{city}00" for province in (11, 31, 33, 42, 43, 44, 50, 51, 52, 53) for city in (1, 2, 3))
MAJORS = ("会计学", "计算机科学与技术", "护理学", "汉语言文学", "机械设计制造及其自动化", "")
JOBS = "jobs_zh_main.jsonl.gz"
QUERIES = 1_000


def run() -> list[Table]:
    words()
    tables = [alone(), spread()]
    path = Path(os.environ.get("BULIXIAN_DATA", "")) / JOBS
    return [*tables, categories(path) if path.is_file() else Table("match: categories not run", notes=[f"BULIXIAN_DATA names no folder with {JOBS}"])]


def posting(chance: random.Random, number: int) -> dict[str, Any]:
    role = chance.choice(ROLES)
    low = chance.randrange(2500, 12000, 100)
    own = random.Random(role).sample(DUTIES, 5)
    return {
        "id": number,
        "card": None,
        "kind": "",
        "company": f"公司{chance.randrange(25_000)}",
        "pay_unit": "month",
        "pay_months": None,
        "title": f"{chance.choice(FIELDS)}{role}" if chance.random() < 0.5 else f"{role}({chance.choice(FIELDS)}项目{chance.randrange(99)})",
        "text": ";".join(f"{chance.choice(own)}{chance.choice(FIELDS)}{role[:2]}{chance.choice(DUTIES)}" for _ in range(12)),
        "places": [chance.choice(CITIES)],
        "pay_low": low,
        "pay_high": low * 1.5,
        "full_time_degree": False,
        "years_high": None,
        "degree": chance.choice([None, 0, 3, 3, 4, 4, 5]),
        "years_low": chance.choice([None, 0, 0, 1, 3]),
        "fresh": chance.random() < 0.1,
        "cohorts": chance.choice([[], [], [], [2026], [2027]]),
        "headcount": chance.choice([None, 1, 2, 5, 20]),
        "posted": TODAY - timedelta(days=chance.randrange(60)),
        "deadline": chance.choice([None, TODAY + timedelta(days=chance.randrange(-5, 60))]),
    }


def wish(chance: random.Random) -> Wanted:
    """As a graduate's: some 1 300 different titles, the frequent ones often; a city, two in ten anywhere."""
    title = ROLES[min(int(chance.paretovariate(0.6)) - 1, len(ROLES) - 1)]
    field = "" if chance.random() < 0.5 else chance.choice(FIELDS)
    second = (chance.choice(ROLES),) if chance.random() < 0.2 else ()
    return Wanted(
        (f"{field}{title}", *second),
        (chance.choice(CITIES),),
        chance.random() < 0.2,
        least=chance.choice([None, 4000, 6000]),
        degree=chance.choice([3, 4, 4, 5]),
        major=chance.choice(MAJORS),
        cohort=chance.choice([2024, 2025, 2026]),
        years=0,
    )


def alone() -> Table:
    """One person against n live postings."""
    rows: list[Row] = []
    for size in SIZES:
        chance = random.Random(1)
        postings = [posting(chance, number) for number in range(1, size + 1)]
        wanted = [wish(chance) for _ in range(ASKS)]
        tidy()
        before, begun = resident(), time.perf_counter()
        vacancies = Vacancies(Catalogue.of(postings), TODAY)
        built, held = time.perf_counter() - begun, resident() - before

        def first(one: Wanted, vacancies: Vacancies = vacancies) -> None:
            vacancies.titled.cache_clear()
            vacancies.there.cache_clear()
            vacancies.rank(one)

        cold, slowest = microseconds(first, wanted)
        warm, _ = microseconds(vacancies.rank, wanted)
        loop, _ = microseconds(partial(looped, postings), wanted[:3], 1)
        query, _ = microseconds(queries(postings), wanted[:FEW], 1)
        figures = {"first time, ms": cold, "p95, ms": slowest, "known title, ms": warm, "Python loop, ms": loop, "SQL query, ms": query}
        rows.append({"live postings": size, "build, s": built, "MB": held, **{name: value / 1e3 for name, value in figures.items()}})
        rows[-1]["loop × ours"] = loop / cold
    return Table("match: one person, the best 20", rows, ["a first time: nothing kept of what others asked", "bar: 20 ms at 70 000"])


def spread() -> Table:
    """Many people against the new postings, the best three each."""
    chance = random.Random(2)
    postings = [posting(chance, number) for number in range(1, NEW + 1)]
    vacancies = Vacancies(Catalogue.of(postings), TODAY)
    rows: list[Row] = []
    for size in PEOPLE:
        people = [Person(str(number), wish(chance), priority=chance.random() < 0.1) for number in range(size)]
        vacancies.titled.cache_clear()
        begun, worked = time.perf_counter(), time.process_time()
        cards = sum(len(found) for _, found in fan_out(vacancies, people, CARDS))
        spent, worked = time.perf_counter() - begun, time.process_time() - worked
        peers: dict[str, float] = {}
        for name, one in (("Python loop", partial(looped, postings)), ("SQL query each", queries(postings))):
            begun = time.perf_counter()
            for person in people[:FEW]:
                one(person.wanted)
            peers[f"{name}, s"] = (time.perf_counter() - begun) / FEW * size
        titles = len({person.wanted.titles for person in people})
        rows.append(
            {
                "people": size,
                "wishes": titles,
                "cards": cards,
                "s": spent,
                "of it computing, s": worked,
                "µs each": 1e6 * spent / size,
                "MB": resident(),
                **peers,
            }
        )
        rows[-1]["loop × ours"] = peers["Python loop, s"] / spent
    notes = [f"the peers' time is reckoned from {FEW} people", "MB: the whole process with what the benchmark holds", "bar: 60 s and 1 GB at 100 000"]
    return Table(f"match: {NEW:,} new postings find their people", rows, notes)


def looped(postings: Sequence[dict[str, Any]], wanted: Wanted) -> list[int]:
    """Pair by pair: the limits, then the share of the pairs of characters of the title."""
    asked = [{title[place : place + 2] for place in range(len(title) - 1)} for title in wanted.titles]
    found = []
    for row in postings:
        if row["deadline"] and row["deadline"] < TODAY:
            continue
        if not wanted.anywhere and not any(code[:4] == place[:4] for code in row["places"] for place in wanted.places):
            continue
        if (row["degree"] or 0) > (wanted.degree or 9) or (row["years_low"] or 0) > 1 or (row["cohorts"] and wanted.cohort not in row["cohorts"]):
            continue
        title = row["title"]
        met = max(sum(pair in title for pair in pairs) / len(pairs) for pairs in asked)
        if met > 0.25:
            found.append((-met, row["id"]))
    return [number for _, number in sorted(found)[:20]]


def queries(postings: Sequence[dict[str, Any]]) -> Callable[[Wanted], list[int]]:
    """SQLite in memory with an index of places; the last two characters of a title as LIKE."""
    base = sqlite3.connect(":memory:")
    base.execute("create table posting (id integer primary key, title, place, degree, years, cohort, deadline, posted)")
    base.executemany(
        "insert into posting values (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                *(row["id"], row["title"], row["places"][0][:4], row["degree"] or 0, row["years_low"] or 0, (row["cohorts"] or [None])[0]),
                row["deadline"].toordinal() if row["deadline"] else 10**7,
                row["posted"].toordinal(),
            )
            for row in postings
        ),
    )
    base.execute("create index place on posting (place, degree)")

    def ask(wanted: Wanted) -> list[int]:
        likes = " or ".join("title like ?" for _ in wanted.titles)
        where = "" if wanted.anywhere else f" and place = '{wanted.places[0][:4]}'"
        sql = f"select id from posting where ({likes}) and degree <= ? and years <= 1 and deadline >= ? and (cohort is null or cohort = ?){where}"
        said = (*(f"%{title[-2:]}%" for title in wanted.titles), wanted.degree, TODAY.toordinal(), wanted.cohort)
        return [number for (number,) in base.execute(f"{sql} order by posted desc limit 20", said)]

    return ask


def categories(path: Path) -> Table:
    """Precision at 10 of title → the site's own category, its own row left out (or every row of that title)."""
    with gzip.open(path, "rt", encoding="utf8") as lines:
        found = [record for record in map(json.loads, lines) if record.get("cat")]
    random.Random(3).shuffle(found)
    rows = [
        posting(random.Random(0), number)
        | {"title": record["title"], "company": record["company"], "text": spoken(record), "places": [], "posted": None, "deadline": None}
        | {"degree": None, "years_low": None, "cohorts": [], "fresh": False, "pay_unit": None}
        for number, record in enumerate(found)
    ]
    titles = np.array([record["title"] for record in found])
    names = sorted({"/".join(record["cat"]) for record in found})
    whole = np.array([names.index("/".join(record["cat"])) for record in found])
    last = np.unique([record["cat"][-1] for record in found], return_inverse=True)[1]
    first = {title: number for number, title in reversed(list(enumerate(titles.tolist())))}
    asked = {"its row": random.Random(1).sample(range(len(rows)), QUERIES), "its title": random.Random(2).sample(sorted(first.values()), QUERIES)}
    vacancies = Vacancies(Catalogue.of(rows), TODAY)
    documents = [cut(row["title"] + " " + row["text"]) for row in rows]
    table = Table(f"match: precision at 10, title → category, {len(rows):,} real postings, {len(names)} categories")
    for name, scores in (("ours", ours(vacancies)), ("BM25", bm25(documents)), ("TF-IDF", tfidf(documents))):
        row: Row = {"ranking": name}
        for left_out, queries_ in asked.items():
            met = precision(scores, titles, queries_, (whole, last), left_out == "its title")
            half = whole[queries_] % 2
            row |= {f"without {left_out}": float(met[:, 0].mean()), "half tuned on": float(met[half == 0, 0].mean())} if left_out == "its row" else {}
            row |= {"other half": float(met[half == 1, 0].mean())} if left_out == "its row" else {f"without {left_out}": float(met[:, 0].mean())}
            row |= {f"{left_out}, last level": float(met[:, 1].mean())}
        table.rows.append(row)
    table.notes = ["a category is the whole path as the site wrote it, of two sites; last level: only the last name of the path"]
    return table


def spoken(record: dict[str, Any]) -> str:
    return " ".join(str(record.get(name) or "") for name in ("tags", "benefits", "industry", "description"))


def cut(text: str) -> list[str]:
    return [word for word in words().cutter.lcut(words().normalise(text)) if word.strip()]


Scores = Callable[[str], NDArray[Any]]


def precision(scores: Scores, titles: NDArray[Any], asked: Sequence[int], labels: Sequence[NDArray[Any]], whole_title: bool) -> NDArray[Any]:
    remembered = lru_cache(8)(scores)
    met = np.zeros((len(asked), len(labels)))
    for place in np.argsort(titles[list(asked)], kind="stable"):
        number = asked[place]
        score = remembered(str(titles[number])).copy()
        score[titles == titles[number] if whole_title else [number]] = -1
        top = np.argsort(-score, kind="stable")[:10]
        met[place] = [((label[top] == label[number]) & (score[top] > 0)).mean() for label in labels]
    return met


def ours(vacancies: Vacancies) -> Scores:
    def scores(title: str) -> NDArray[Any]:
        rows, score, _ = vacancies.scored(Wanted((title,)))
        found = np.zeros(len(vacancies.catalogue))
        found[rows] = score
        return found

    return scores


def bm25(documents: Sequence[list[str]]) -> Scores:
    index = InvertedIndex.of(documents)
    return lambda title: index.scores(Counter(cut(title))).astype(float)


def tfidf(documents: Sequence[list[str]]) -> Scores:
    """Cosine of raw counts × ln((1 + n) / (1 + df)) + 1, as scikit-learn has it."""
    often = Counter(word for document in documents for word in set(document))
    worth = {word: np.log((1 + len(documents)) / (1 + times)) + 1 for word, times in often.items()}
    lists: dict[str, list[tuple[int, float]]] = {}
    for number, document in enumerate(documents):
        weights = {word: times * worth[word] for word, times in Counter(document).items()}
        length = float(np.sqrt(sum(weight * weight for weight in weights.values()))) or 1.0
        for word, weight in weights.items():
            lists.setdefault(word, []).append((number, weight / length))

    def scores(title: str) -> NDArray[Any]:
        found = np.zeros(len(documents))
        for word, times in Counter(cut(title)).items():
            for number, weight in lists.get(word, ()):
                found[number] += weight * times * worth[word]
        return found

    return scores
