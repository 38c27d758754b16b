"""The pages of postings: those held with the reasons, let go or refused; live ones found, put right and taken down. Bringing them in is `lists`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from bot.web.console.gate import Desk
from knowledge.postings import edits, proven, reasons, store
from knowledge.postings.drafts import fields
from knowledge.postings.edits import Change
from knowledge.postings.posting import STATUSES
from knowledge.postings.store import PostingError
from knowledge.postings.terms import SAID, Level

MOST = 50
STATES = {"held": "扣下待核", "live": "在招", "refused": "不用的", "expired": "过期的"}
DAY = re.compile(r"(?<![\d-])(\d{4})-(\d\d)-(\d\d)(?![\d-])")
PAY = re.compile(r"(?<![\d-])(\d{1,5})-(\d{1,5})(?![\d-])")
ACTIONS = {"release": ("live", "放行岗位"), "refuse": ("refused", "不用岗位")}


def listed(desk: Desk, wrong: str = "") -> Response:
    status, said = desk.asked("status"), desk.asked("q")
    status = status if status in STATES else "held"
    with desk.app.database.reading() as connection:
        rows = store.listed(connection, status, MOST, said)
        counts = store.counts(connection)
        frauds = proven.listed(connection)
    more = {"frauds": frauds, "STATES": STATES, "most": MOST, "wrong": wrong}
    return desk.show("vacancies", 400 if wrong else 200, rows=rows, counts=counts, status=status, q=said, **more)


def decide(desk: Desk) -> Response:
    status, what = ACTIONS.get(desk.request.path_params["action"], ("", ""))
    number = desk.number()

    def work(connection: Connection) -> None:
        title = store.decide(connection, number, status, desk.who.display, desk.now)
        desk.note(connection, what, f"岗位 {number}", new=title[:60])

    if not status:
        return listed(desk, "没有这个操作。")
    try:
        desk.write(work)
    except PostingError:
        return listed(desk, f"编号 {number} 没有改动：没有这个岗位，或者已经有人处理过。")
    desk.app.look_for_postings()
    return desk.to(f"/postings?status={desk.form.get('status') if desk.form.get('status') in STATES else 'held'}")


def one(desk: Desk, wrong: str = "", done: str = "") -> Response:
    """A posting as its source or staff told it, to be put right, and as it was understood."""
    number = desk.number()
    try:
        with desk.app.database.reading() as connection:
            row = edits.get(connection, number)
    except PostingError as error:
        return listed(desk, f"{error}。")
    told = edits.cells(row) | ({name: desk.form[name] for name in edits.FIELDS if name in desk.form} if wrong else {})
    seen = [reasons.where(row["places"]), reasons.pay(row), SAID[Level(row["degree"])] if row["degree"] else "学历不限或没写"]
    seen.append(f"截止 {row['deadline']}" if row["deadline"] else "没有截止日期")
    labels = {name: fields()[name] for name in edits.FIELDS}
    more = {"status": STATUSES[row["status"]], "row": row, "told": told, "seen": " · ".join(seen), "labels": labels}
    return desk.show("vacancy", 400 if wrong else 200, wrong=wrong, done=done, **more)


def change(desk: Desk) -> Response:
    """Read and screened again like one that is brought in."""
    number = desk.number()
    told = {name: desk.form.get(name, "").strip() for name in edits.FIELDS}

    def noted(connection: Connection, changes: list[Change]) -> None:
        for name, old, new in changes:
            desk.note(connection, "改岗位", f"岗位 {number} {fields()[name].say}", *differing(old, new))

    options: dict[str, Any] = {"seal": desk.app.seal, "age": timedelta(days=desk.app.settings.posting_days)}
    try:
        line = edits.edit(desk.app.database, number, told, desk.form.get("seen", ""), desk.who.display, desk.now, noted=noted, **options)
    except PostingError as error:
        return one(desk, f"{error}。")
    desk.app.look_for_postings()
    what = "改好了，先扣下，要放行才推荐" if line.outcome == "held" else "改好了"
    return one(desk, done=f"{what}{':' if line.why else ''}{line.why}。")


def differing(old: str, new: str) -> tuple[str, str]:
    """Two texts from shortly before where they part, for the audit; pay and days so that they are not taken for a telephone."""
    old, new = (PAY.sub(r"\1–\2", DAY.sub(r"\1年\2月\3日", text)) for text in (old, new))
    same = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    start = max(0, same - 20) if same > 60 else 0
    return ("…" + old[start:], "…" + new[start:]) if start else (old, new)


def clear(desk: Desk) -> Response:
    """What was confirmed as a fraud was none."""
    number = desk.number()

    def work(connection: Connection) -> None:
        proven.withdraw(connection, number, desk.who.display, desk.now)
        desk.note(connection, "撤回骗局", f"骗局 {number}")

    try:
        desk.write(work)
    except proven.FraudError as error:
        return listed(desk, f"{error}。")
    return desk.to("/postings")
