"""The commands around the school's ledger: `bulixian ledger …`. What they do lives in `knowledge.ledger`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bot.session import Hand, fail, running, signed
from dialogs.typography import chinese

if TYPE_CHECKING:
    from bot.app import App
    from knowledge.ledger.intake import Imported
    from knowledge.tables import Table

NOT_NAME = re.compile(r"\W")
ledger = typer.Typer(no_args_is_help=True, help="台账：导入名单、记服务、失联名单、月报、导出、移交。")
File = Annotated[Path, typer.Argument(help="XLSX、CSV（UTF-8 或 GB18030）、JSON、JSONL")]
Out = Annotated[Path, typer.Argument(help="写到哪个 .xlsx")]
Who = Annotated[str, typer.Option("--as", help="老师的称呼，会记进本人能看到的访问记录")]
Cohort = Annotated[int | None, typer.Option(help="只要这一届，如 2026")]
College = Annotated[str, typer.Option(help="只要这个学院")]
Owner = Annotated[str, typer.Option(help="只要这位老师负责的")]
Numbers = Annotated[bool, typer.Option("--with-id", help="身份证号写全，默认只留末四位")]
Agreed = Annotated[bool, typer.Option("--agreed", help="只交同意移交的人：名单上「同意移交人社」写着是，或者本人在聊天里说过")]
By = Literal["college", "city", "group", "cohort", "owner"]
Json = Annotated[bool, typer.Option("--json", help="结果用 JSON 输出")]


@contextmanager
def at_work() -> Iterator[App]:
    """The program; what cannot be done with the ledger is one sentence and exit code 1."""
    from knowledge.ledger.intake import ColumnError
    from knowledge.ledger.record import LedgerError

    with running() as app:
        try:
            yield app
        except LedgerError as error:
            hint = "；用 --map 列名=姓名 指明" if isinstance(error, ColumnError) else ""
            raise fail(f"{chinese(str(error))}{hint}", 1) from error


def opened(file: Path) -> Table:
    from bot import arrivals
    from knowledge import tables

    try:
        return tables.read(arrivals.opened(file), file.name)
    except (arrivals.ArrivalError, tables.TableError) as error:
        raise fail(f"{file.name}:{chinese(str(error))}", 1) from error


def written(file: Path, pages: Mapping[str, Iterable[Sequence[Any]]]) -> None:
    from knowledge.tables import sheets

    try:
        file.write_bytes(sheets(pages))
    except OSError as error:
        raise fail(f"写不了 {file}：{error.strerror}", 3) from error


@ledger.command("import")
def import_(
    file: File,
    source: Annotated[str, typer.Option(help="来源的名字，默认是文件名；认列的办法按来源记住")] = "",
    mapping: Annotated[list[str] | None, typer.Option("--map", help="列=字段，如 --map 证件=身份证号；列=- 是不要；可以写几次，会记住")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只报告，不写入")] = False,
    report: Annotated[Path | None, typer.Option(help="逐行结果写到这个 .xlsx，错在哪写在原来那行旁边")] = None,
    as_json: Json = False,
) -> None:
    """导入学校或人社的名单:认列、查错、逐行报告;错的行不影响别的行,再导一次不会重复。"""
    from knowledge.ledger import intake
    from knowledge.postings import store

    name, table = (source or file.stem)[:50], opened(file)
    with at_work() as app:
        with app.database.reading() as connection:
            saved = store.columns_of(connection, f"ledger/{name}")
        told = {column: key for column, key in saved.items() if column in table.header} | intake.chosen(mapping or ())
        hand = signed(app)
        if not dry_run:
            hand.wrote("开始导入名单", name, f"{len(table.rows)} 行")
        done = intake.bring_in(app.database, app.seal, table, name, told, app.clock.now(), dry=dry_run)
        if not dry_run:
            hand.wrote("导入名单", name, "、".join(f"{intake.OUTCOMES[outcome]} {count}" for outcome, count in done.counts().items() if count))
        if mapping and not dry_run:
            with app.database.writing() as connection:
                store.keep_columns(connection, f"ledger/{name}", told, app.clock.now())
    if report:
        written(report, reported(table, done))
    told_import(done, as_json)
    if done.counts()["refused"]:
        raise typer.Exit(1)


def reported(table: Table, done: Imported) -> dict[str, Iterable[Sequence[Any]]]:
    """The rows as they came, what became of each before them; those to be put right on a sheet of their own, first."""
    from knowledge.ledger.intake import OUTCOMES

    head = ("行号", "结果", "说明", *table.header)
    cells = dict(zip(table.numbers, table.rows, strict=True))
    rows = [(line.row, OUTCOMES[line.outcome], line.why, *cells.get(line.row, ())) for line in done.lines]
    return {"要改的行": [head, *(row for row in rows if row[1] == OUTCOMES["refused"])], "全部": [head, *rows]}


def told_import(done: Imported, as_json: bool) -> None:
    from knowledge.ledger.cells import columns
    from knowledge.ledger.intake import OUTCOMES

    if as_json:
        noted = [{"row": line.row, "outcome": line.outcome, "why": line.why} for line in done.lines if line.why]
        print(json.dumps({**done.counts(), "columns": done.columns, "ignored": done.left, "rows": noted}, ensure_ascii=False, indent=1))
        return
    print("按这些列读：" + "、".join(f"{column}→{columns()[key].label}" for column, key in done.columns.items()), file=sys.stderr)
    if done.left:
        print(f"没有用的列：{'、'.join(done.left)}", file=sys.stderr)
    wrong = [line for line in done.lines if line.why]
    for line in wrong[:20]:
        print(f"第 {line.row} 行 {OUTCOMES[line.outcome]}：{line.why}", file=sys.stderr)
    if len(wrong) > 20:
        print(f"还有 {len(wrong) - 20} 行，用 --report 结果.xlsx 看全部", file=sys.stderr)
    print("，".join(f"{OUTCOMES[outcome]} {count}" for outcome, count in done.counts().items()))


@ledger.command()
def note(
    number: Annotated[str, typer.Argument(help="学号或台账编号")],
    kind: Annotated[str, typer.Argument(help="政策宣介、职业指导、岗位推荐或培训见习")],
    who: Who,
    on: Annotated[str, typer.Option(help="哪天做的，默认今天")] = "",
    text: Annotated[str, typer.Option(help="做了什么，一句话")] = "",
) -> None:
    """记一次给过的服务,算进 1131。"""
    from knowledge.ledger import meter, record

    kinds = {said: key for key, said in record.KINDS.items()}
    with at_work() as app:
        if kind not in kinds:
            raise record.LedgerError(f"服务只有：{'、'.join(kinds)}")
        day = parsed(on, "%Y-%m-%d", "2026-11-20") if on else app.clock.today()
        hand = signed(app, who)
        with app.database.writing() as connection:
            row = record.find(connection, number)
            record.give(connection, row["id"], kinds[kind], day, hand.name, app.clock.now(), text)
            hand.note(connection, "记服务", f"台账 {row['id']}", new=kind)
            counted = meter.counts(connection, app.clock.today(), record_id=row["id"]).get(row["id"], {})
    print(f"台账 {row['id']} 号 {row['name']}：{meter.told(counted)}")


def parsed(said: str, shape: str, example: str) -> date:
    from datetime import datetime

    try:
        return datetime.strptime(said, shape).date()  # noqa: DTZ007  # a day as people write it
    except ValueError as error:
        raise fail(f"「{said}」看不懂，写成 {example} 这样", 2) from error


@ledger.command()
def report(
    month: Annotated[str, typer.Option(help="哪个月，如 2026-11，默认本月")] = "",
    by: Annotated[By, typer.Option(help="按什么分：college 学院、city 城市、group 群体、cohort 届别、owner 老师")] = "college",
    out: Annotated[Path | None, typer.Option(help="写到这个 .xlsx")] = None,
    as_json: Json = False,
) -> None:
    """月报:人数、服务、1131、去向;不足 5 的数不显示,免得认出是谁。"""
    from bot import services
    from knowledge.ledger import figures

    with at_work() as app:
        first = parsed(month, "%Y-%m", "2026-11") if month else app.clock.today().replace(day=1)
        services.advance(app)
        with app.database.reading() as connection:
            rows = figures.hidden(figures.figures(connection, figures.Month(first), by))
        if out:
            signed(app).wrote("导出月报", f"{first:%Y-%m} {by}")
    head = (f"{first:%Y-%m}", *figures.HEADER)
    if out:
        written(out, {f"{first:%Y-%m} 月报": [head, *((name, *cells) for name, cells in rows)]})
    if as_json:
        print(json.dumps([{"name": name, **dict(zip(figures.HEADER, cells, strict=True))} for name, cells in rows], ensure_ascii=False, indent=1))
    elif not out:
        print("\n".join("\t".join(map(str, row)) for row in (head, *((name, *cells) for name, cells in rows))))


def read_by(hand: Hand, people: list[str | None], what: str, **audited: str) -> None:
    """Before anything is shown: where the person sees it, and in the audit."""
    from knowledge.people import log_accesses

    with hand.app.database.writing() as connection:
        log_accesses(connection, [person for person in people if person], hand.name, what, hand.app.clock.now())
        hand.note(connection, what[:60], new=f"{len(people)} 人", **audited)


@ledger.command()
def export(file: Out, who: Who, cohort: Cohort = None, college: College = "", owner: Owner = "", numbers: Numbers = False) -> None:
    """导出台账,列和就业办的表一样;谁导出过,本人能看到。"""
    from bot import services
    from knowledge.ledger import papers

    choice = papers.Choice(cohort, college, owner, numbers)
    with at_work() as app:
        hand = signed(app, who)
        services.advance(app)
        with app.database.reading() as connection:
            around = papers.held(connection, app.clock.today())
            rows = list(papers.records(connection, choice))
        chosen = "、".join(filter(None, (str(cohort or ""), college, owner, "带身份证号" if numbers else "")))
        read_by(hand, [row["graduate_id"] for row in rows], "导出台账", target=chosen)
        written(file, {"台账": [papers.FORM, *(papers.form(row, around, app.seal, numbers=numbers) for row in rows)]})
    print(f"{len(rows)} 人，写到 {file}")


@ledger.command()
def silent(
    who: Who,
    days: Annotated[int, typer.Option(min=1, max=3650, help="多少天没消息算")] = 30,
    owner: Owner = "",
    out: Annotated[Path | None, typer.Option(help="写到这个 .xlsx，号码写全")] = None,
) -> None:
    """多久没消息、去向没落实的人:为什么、下一步做什么、打哪个电话;重点群体在前。谁看过,本人能看到。"""
    from bot import silence
    from knowledge.ledger import sharing
    from knowledge.ledger.record import Record
    from knowledge.ledger.seal import masked

    with at_work() as app:
        hand = signed(app, who)
        with app.database.reading() as connection:
            found = silence.listed(connection, app.clock.now(), days, Record.owner == owner if owner else None)
            homes = sharing.opened(connection, app.seal, [one.record for one in found if one.family]) if out else {}
        target = f"{days} 天 {owner}".strip()
        read_by(hand, [one.person for one in found], "看失联名单", target=target)
        if homes:
            read_by(hand, [one.person for one in found if one.record in homes], sharing.READ, target=target)
    if out:
        written(out, {f"{days} 天没消息": silence.rows(found, homes)})
        print(f"{len(found)} 人，写到 {out}")
        return
    for one in found:
        since = "从没联系上" if one.days is None else f"{one.days} 天"
        phone = masked(one.phone) if one.phone else "没有电话"
        print("\t".join(filter(None, (str(one.record), one.name, "、".join(one.groups), since, one.why, one.next, phone, one.tried, one.owner))))
    print(f"{len(found)} 人", file=sys.stderr)


@ledger.command()
def called(
    number: Annotated[str, typer.Argument(help="学号或台账编号")],
    result: Annotated[str, typer.Option(help="联系上了、没人接、号码不对或不愿联系")],
    who: Who,
    way: Annotated[str, typer.Option(help="电话、微信、面谈……")] = "电话",
    note: Annotated[str, typer.Option(help="说了什么，一句话")] = "",
    next_on: Annotated[str, typer.Option("--next", help="说好哪天再联系，如 2026-12-05")] = "",
) -> None:
    """记一次联系和结果;联系上了,这一轮就不再问他。"""
    from knowledge.ledger import contact, record

    with at_work() as app:
        hand = signed(app, who)
        with app.database.writing() as connection:
            row = record.find(connection, number)
            day = parsed(next_on, "%Y-%m-%d", "2026-12-05") if next_on else None
            contact.called(connection, row["id"], result, hand.name, app.clock.today(), way[:20], note[:1000], day)
            hand.note(connection, "记联系", f"台账 {row['id']}", new=result)
    print(f"台账 {row['id']} 号 {row['name']}：{result}" + (f",{day} 再联系" if day else ""))


@ledger.command()
def handover(
    folder: Annotated[Path, typer.Argument(help="写到哪个目录，一个城市一个 .xlsx")],
    who: Who,
    cohort: Cohort = None,
    numbers: Numbers = False,
    agreed: Agreed = False,
) -> None:
    """移交:还没落实去向的人,按常住地(没有就按户籍地)交给当地人社接着服务。"""
    from bot import services
    from knowledge.ledger import figures, papers

    with at_work() as app:
        hand = signed(app, who)
        services.advance(app)
        with app.database.reading() as connection:
            around = papers.held(connection, app.clock.today())
            found = papers.owed(connection, around, papers.Choice(cohort, agreed=agreed))
            given = list(papers.services(connection, {row["id"] for rows in found.values() for row in rows}))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise fail(f"建不了目录 {folder}：{error.strerror}", 3) from error
        for city, rows in sorted(found.items()):
            pages = papers.package(rows, given, around, app.seal, numbers=numbers)
            told = "移交人社（没填城市）" if city == figures.UNSAID else f"移交给{city}人社"
            read_by(hand, [row["graduate_id"] for row in rows], told[:120], target="带身份证号" if numbers else "")
            written(folder / f"{NOT_NAME.sub('', city)[:30] or '城市不详'}.xlsx", pages)
    print(f"{sum(map(len, found.values()))} 人，{len(found)} 个城市，写到 {folder}")


@ledger.command("destinations")
def destinations_(file: Annotated[Path | None, typer.Argument(help="新的去向表；不写就打印现在的")] = None) -> None:
    """毕业去向表:打印,或者用改好的表换掉(列:毕业去向、代码、算作、也写作)。"""
    from knowledge import tables
    from knowledge.ledger import destinations

    table = opened(file) if file else None
    with at_work() as app, app.database.writing() as connection:
        if table:
            known = tables.mapping(table.header, destinations.NAMES)
            read = [
                {known[column]: cell for column, cell in zip(table.header, row, strict=True) if column in known} for row in table.rows if any(row)
            ]
            before = len(destinations.listed(connection))
            destinations.replace(connection, ({"name": "", "code": "", "rate": "", "others": "", **row} for row in read))
            signed(app).note(connection, "改去向表", old=f"{before} 项", new=f"{len(read)} 项")
        held = destinations.listed(connection)
    for shown in (destinations.HEADER, *((row["name"], row["code"], row["rate"], "、".join(row["others"])) for row in held)):
        print("\t".join(shown))
