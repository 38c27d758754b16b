"""Postings: how fast invented rows are read, screened, folded and stored, as they grow, beside adding them one by one through the ORM."""

from __future__ import annotations

import random
import tempfile
import time
from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from bot.app import migrate
from knowledge.db import Database, now
from knowledge.postings import store
from knowledge.postings.drafts import Draft, numbered
from knowledge.postings.posting import Posting
from tests.benchmarks.report import Row, Table

SIZES = (1_000, 10_000, 70_000)
TODAY = date(2026, 11, 22)
BY_ROW = 1_000
"""Rows of the peer, which commits each: more would take minutes."""
TRADES = ("会计", "行政专员", "销售代表", "Java开发工程师", "护士", "仓库管理员", "小学语文老师", "新媒体运营", "电气工程师", "客服")
TASKS = (
    "整理资料",
    "接待来访",
    "维护客户",
    "编写报告",
    "检查设备",
    "安排日程",
    "核对单据",
    "跟进进度",
    "组织活动",
    "培训新人",
    "处理投诉",
    "盘点库存",
)
CITIES = ("贵阳", "遵义", "成都-武侯区", "重庆", "昆明", "长沙", "广州·天河区", "杭州")


def invented(count: int) -> list[Draft]:
    rng = random.Random(5)
    found: list[Draft] = []
    for number in range(count):
        low = rng.randrange(3, 12)
        found.append(
            {
                "ref": str(number),
                "title": rng.choice(TRADES),
                "company": f"第{rng.randrange(max(1, count // 4))}公司",
                "city": rng.choice(CITIES),
                "pay": f"{low}k-{low + rng.randrange(1, 5)}k",
                "degree": rng.choice(("大专", "本科", "不限")),
                "experience": rng.choice(("1-3年", "应届", "不限")),
                "posted": f"11-{rng.randrange(1, 22):02}",
                "text": "，".join(rng.choices(TASKS, k=20)) + "。五险一金，双休。" if number % 3 == 0 else "",
            }
        )
    return found


def run() -> list[Table]:
    table = Table("postings: import on SQLite, one process")
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            table.rows.append(measured(Path(folder) / f"{size}.db", invented(size)))
        table.rows.append(by_row(Path(folder) / "row.db", invented(BY_ROW)))
    ours = float(table.rows[0]["write µs/row"] or 1)
    table.compare("write µs/row", ours)
    table.notes.append("again: the same rows a second time, which changes nothing; the peer writes the same columns, already read, a commit a row")
    return [table]


def measured(path: Path, drafts: list[Draft]) -> Row:
    database = Database(f"sqlite:///{path}")
    migrate(database)
    begun = time.process_time()
    found = numbered(enumerate(drafts, 1))
    read = store.each_read(found, TODAY)
    middle = time.process_time()
    report = store.bring_in(database, "b", found, TODAY, now(), reader=lambda some, _: some)
    end = time.process_time()
    assert report.counts()["refused"] == 0
    assert len(read) == len(drafts)
    store.bring_in(database, "b", numbered(enumerate(drafts, 1)), TODAY, now())
    last = time.process_time()
    database.close()
    each = 1e6 / len(drafts)
    figures = {"read µs/row": (middle - begun) * each, "write µs/row": (end - middle) * each, "again µs/row": (last - end) * each}
    return {"rows": f"{len(drafts):,}", **figures, "repeats": report.counts()["near-repeat"], "MB": path.stat().st_size / 1e6}


def by_row(path: Path, drafts: list[Draft]) -> Row:
    database = Database(f"sqlite:///{path}")
    migrate(database)
    found = store.each_read(numbered(enumerate(drafts, 1)), TODAY)
    begun = time.process_time()
    for each in found:
        slot = store.Slot(each.columns, "live", reading=each)
        with Session(database.write) as session:
            session.add(Posting(**{**store.values(slot, "b", now()), "created_at": now()}))
            session.commit()
    spent = time.process_time() - begun
    database.close()
    return {"rows": f"{len(drafts):,} one by one (ORM)", "write µs/row": spent * 1e6 / len(drafts)}
