"""Bringing in lists: a school's or HR department's people, and postings. A file is read, its columns confirmed, every row tried, then taken.

Between the steps it is kept sealed, for an hour, for whoever sent it; what the commands `ledger import` and `postings import` do is done here.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot import arrivals, ledger
from bot.arrivals import KEPT, ArrivalError, KeptList
from bot.web.console.gate import Desk
from bot.web.console.report import XLSX
from knowledge import tables
from knowledge.ledger import cells, intake
from knowledge.ledger.record import LedgerError
from knowledge.ledger.seal import masked
from knowledge.postings import drafts, store
from knowledge.tables import Table, TableError

KINDS = {"people": "学校或人社的名单", "postings": "岗位"}
ROWS, CELL = 5, 40
"""Of the file as it is shown before it is taken; longer cells are cut."""
WRONG = 50
FAULTS = (LedgerError, ArrivalError, TableError, store.PostingError)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came, or would come, of each row: `lines` are number, outcome, what it is, why."""

    columns: dict[str, str]
    counts: dict[str, int]
    lines: list[tuple[int, str, str, str]]
    book: bytes


def kinds(desk: Desk) -> dict[str, str]:
    """The ledger is brought in by administrators; postings by any teacher."""
    return {key: said for key, said in KINDS.items() if key == "postings" or desk.who.role == "admin"}


def page(desk: Desk, wrong: str = "", done: str = "", token: str = "") -> Response:
    return desk.show("lists", 400 if wrong else 200, kinds=kinds(desk), wrong=wrong, done=done, report=token)


def receive(desk: Desk) -> Response:
    kind, (name, data) = desk.form.get("kind", ""), desk.file or ("", b"")
    if kind not in kinds(desk):
        raise HTTPException(403, "名单由管理员导入。")
    if not data:
        return page(desk, "还没有选文件。选一个 XLSX、CSV、JSON 再点「看一看」。")
    source = desk.form.get("source", "").strip()[:50] or name.rpartition(".")[0][:50] or KINDS[kind]
    try:
        tables.read(data, name)
    except TableError as error:
        return page(desk, f"{name}:{error}。")
    token, memory = secrets.token_urlsafe(24), f"ledger/{source}" if kind == "people" else source

    def keep(connection: Connection) -> None:
        row = {"id": token, "staff_id": desk.who.id, "kind": kind, "source": source, "name": name, "sealed": desk.app.seal.hide(data, token)}
        connection.execute(insert(KeptList).values(**row, told=store.columns_of(connection, memory), at=desk.now))

    desk.write(keep)
    return desk.to(f"/lists/{token}")


def kept(desk: Desk) -> tuple[RowMapping, Table, bytes]:
    """Of the one who asks, and not too old."""
    token = desk.word("token")
    query = select(KeptList.__table__).where(KeptList.id == token, KeptList.staff_id == desk.who.id, KeptList.at >= desk.now - KEPT)
    with desk.app.database.reading() as connection:
        row = connection.execute(query).mappings().first()
    if row is None or row["kind"] not in kinds(desk):
        raise HTTPException(404, "这份文件已经清掉了（放一个小时），请重新选一次。")
    data = desk.app.seal.show(row["sealed"], token)
    return row, tables.read(data, row["name"]), data


def tried(desk: Desk, row: RowMapping, table: Table, data: bytes, *, dry: bool) -> Tried:
    """
    Raises:
        LedgerError, ArrivalError, PostingError
    """
    told = {column: key for column, key in row["told"].items() if column in table.header}
    if row["kind"] == "people":
        done = intake.bring_in(desk.app.database, desk.app.seal, table, row["source"], told, desk.now, dry=dry)
        who = next((at for at, column in enumerate(table.header) if done.columns.get(column) == "name"), 0)
        names = dict(zip(table.numbers, (cell[who] for cell in table.rows), strict=True))
        lines = [(line.row, intake.OUTCOMES[line.outcome], names.get(line.row, ""), line.why) for line in done.lines]
        counts = {intake.OUTCOMES[outcome]: count for outcome, count in done.counts().items()}
        return Tried(done.columns, counts, lines, tables.sheets(ledger.reported(table, done)))
    found = arrivals.taken(data, row["name"], "", {}, [f"{column}={key}" for column, key in told.items()])
    age = timedelta(days=desk.app.settings.posting_days)
    options: dict[str, Any] = {"age": age, "dry": dry, "seal": desk.app.seal, "reader": arrivals.reader(store.quiet)}
    report = store.bring_in(desk.app.database, row["source"], found.readings, desk.app.clock.today(), desk.now, **options)
    report.lines += found.lines()
    shown = [(line.row, store.OUTCOMES[line.outcome], f"{line.title} {line.company}".strip(), line.why) for line in report.lines]
    counts = {store.OUTCOMES[outcome]: count for outcome, count in report.counts().items()}
    return Tried(found.columns, counts, shown, tables.workbook([list(arrivals.HEAD), *arrivals.rows(report.lines)]))


def shown(desk: Desk, wrong: str = "") -> Response:
    """How the columns are read, the first rows, and what would become of all; nothing is taken."""
    row, table, data = kept(desk)
    labels = {key: each.label for key, each in cells.columns().items()} if row["kind"] == "people" else {k: f.say for k, f in drafts.fields().items()}
    try:
        found = tried(desk, row, table, data, dry=True)
    except FAULTS as error:
        found, wrong = Tried({column: key for column, key in row["told"].items() if key != "-"}, {}, [], b""), wrong or f"{error}。"
    hidden = {at for at, column in enumerate(table.header) if found.columns.get(column) == "id_number"}
    first = [[masked(cell) if at in hidden and cell else cell[:CELL] for at, cell in enumerate(cells_)] for cells_ in table.rows[:ROWS]]
    odd = [line for line in found.lines if line[3]][:WRONG]
    values = {"row": row, "header": table.header, "first": first, "labels": labels, "columns": found.columns, "counts": found.counts, "odd": odd}
    return desk.show("list", 400 if wrong else 200, total=len(table.rows), kind=KINDS[row["kind"]], wrong=wrong, **values)


def confirm(desk: Desk) -> Response:
    """The columns as staff say; remembered for this source when the list is taken."""
    row, table, _ = kept(desk)
    told = {column: desk.form[f"column{at}"][:20] for at, column in enumerate(table.header) if f"column{at}" in desk.form and column}
    told = {column: key or "-" for column, key in told.items()}
    desk.write(lambda connection: connection.execute(update(KeptList).where(KeptList.id == row["id"]).values(told=told)))
    return desk.to(f"/lists/{row['id']}")


def take(desk: Desk) -> Response:
    row, table, data = kept(desk)
    what = f"导入{KINDS[row['kind']]}"
    desk.write(lambda connection: desk.note(connection, f"开始{what}", row["source"], new=f"{len(table.rows)} 行"))
    try:
        found = tried(desk, row, table, data, dry=False)
    except FAULTS as error:
        return shown(desk, f"{error}。")
    memory = f"ledger/{row['source']}" if row["kind"] == "people" else row["source"]
    said = "、".join(f"{outcome} {count}" for outcome, count in found.counts.items() if count)

    def over(connection: Connection) -> None:
        if row["told"]:
            store.keep_columns(connection, memory, row["told"], desk.now)
        sealed = desk.app.seal.hide(found.book, row["id"] + "/report")
        connection.execute(update(KeptList).where(KeptList.id == row["id"]).values(sealed=sealed, kind="report"))
        desk.note(connection, what, row["source"], new=said[:60])

    desk.write(over)
    desk.app.look_for_postings()
    return page(desk, done=f"{row['name']}：{said}", token=row["id"])


def report(desk: Desk) -> Response:
    """Every row with what became of it, the wrong ones beside what stood there."""
    token = desk.word("token")
    query = select(KeptList.sealed).where(KeptList.id == token, KeptList.staff_id == desk.who.id, KeptList.kind == "report")
    with desk.app.database.reading() as connection:
        sealed = connection.execute(query.where(KeptList.at >= desk.now - KEPT)).scalar()
    if sealed is None:
        raise HTTPException(404, "这份结果已经清掉了（放一个小时）。")
    book = desk.app.seal.show(sealed, token + "/report")
    return Response(book, media_type=XLSX, headers={"content-disposition": 'attachment; filename="result.xlsx"'})
