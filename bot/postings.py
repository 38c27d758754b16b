"""The commands around postings: `bulixian postings …`. What they do lives elsewhere."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.session import fail, running, signed

if TYPE_CHECKING:
    from bot.arrivals import Arrival
    from knowledge.postings.store import Line, Progress

postings = typer.Typer(no_args_is_help=True, help="岗位：导入、筛查、核实、过期、定时来源。")
File = Annotated[Path, typer.Argument(help="CSV、XLSX、JSON、JSONL，可以 gzip 压缩")]
Map = Annotated[list[str] | None, typer.Option("--map", help="列=字段，如 --map 用工单位=单位名称；列=- 是不要；可以写几次，会记住")]
Feed = Annotated[str, typer.Option(help="有自己格式的来源，如 rss")]
Out = Annotated[Path | None, typer.Option("--report", help="逐行结果写到这个 .csv 或 .xlsx")]
Json = Annotated[bool, typer.Option("--json", help="结果用 JSON 输出")]
Who = Annotated[str, typer.Option("--who", help="老师的称呼，会记下来")]
Number = Annotated[int, typer.Argument(help="编号，见 postings list --held")]


@contextmanager
def bar() -> Iterator[Progress]:
    """A progress bar on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    gc.disable()  # a short program with many objects and no rings among them: a tenth of the time
    try:
        with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as shown:
            task = shown.add_task("读取", total=None)
            yield lambda stage, done, total: shown.update(task, description=stage, completed=done, total=total)
    finally:
        gc.enable()


def preview(found: Arrival) -> None:
    from knowledge.postings.drafts import fields

    if found.columns:
        print("按这些列读：" + "、".join(f"{column}→{fields()[key].say}" for column, key in found.columns.items()), file=sys.stderr)
    if found.left:
        print("没有用的列：" + "、".join(f"{column}（如「{cell[:12]}」）" for column, cell in found.left.items()), file=sys.stderr)


def reported(lines: Sequence[Line], out: Path | None) -> None:
    """Writes the lines where asked to."""
    from bot.arrivals import HEAD, rows
    from knowledge import tables

    if out is None:
        return
    table = [list(HEAD), *rows(lines)]
    try:
        out.write_bytes(tables.workbook(table) if out.suffix.lower() == ".xlsx" else tables.comma(table))
    except OSError as error:
        raise fail(f"写不了 {out}：{error.strerror}", 3) from error


def told(counts: dict[str, int], lines: Sequence[Line], notes: Sequence[str], as_json: bool, **more: Any) -> None:
    from knowledge.postings.store import OUTCOMES

    if as_json:
        noted = [asdict(line) for line in lines if line.why or line.outcome in ("held", "refused", "near-repeat")]
        print(json.dumps({**counts, **more, "notes": list(notes), "rows": noted}, ensure_ascii=False, indent=1))
        return
    for line in [line for line in lines if line.outcome in ("refused", "held")][:20]:
        print(f"第 {line.row} 行 {line.title[:30]}：{OUTCOMES[line.outcome]}，{line.why}", file=sys.stderr)
    for note in notes:
        print(note, file=sys.stderr)
    print("，".join(f"{OUTCOMES[outcome]} {count}" for outcome, count in counts.items()))


@postings.command("import")
def import_(
    file: File,
    source: Annotated[str, typer.Option(help="来源的名字，默认是文件名；同一来源同一编号的岗位会更新")] = "",
    feed: Feed = "",
    mapping: Map = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只报告，不写入")] = False,
    complete: Annotated[bool, typer.Option("--complete", help="这份是来源的全部，不在里面的撤下")] = False,
    report: Out = None,
    as_json: Json = False,
) -> None:
    """导入岗位:认列、读字段、筛查、合并重复,逐行报告;再导一次不会重复。"""
    from bot.arrivals import ArrivalError, arrived, reader
    from knowledge.postings import store

    name = source or file.name.partition(".")[0]
    with running() as app, bar() as progress:
        with app.database.reading() as connection:
            saved = store.columns_of(connection, name)
        try:
            found = arrived(file, feed, saved, mapping or ())
            preview(found)
            age = timedelta(days=app.settings.posting_days)
            options: dict[str, Any] = {
                "age": age,
                "complete": complete,
                "dry": dry_run,
                "seal": app.seal,
                "reader": reader(progress),
                "progress": progress,
            }
            hand = signed(app)
            if not dry_run:
                hand.wrote("开始导入岗位", name, f"{len(found.readings)} 行")
            done = store.bring_in(app.database, name, found.readings, app.clock.today(), app.clock.now(), **options)
            done.lines += found.lines()
            if not dry_run:
                hand.wrote("导入岗位", name, "、".join(f"{store.OUTCOMES[outcome]} {count}" for outcome, count in done.counts().items() if count))
        except (ArrivalError, store.PostingError) as error:
            raise fail(f"{file.name}：{error}{pointed(error)}", 1) from error
        if mapping and not dry_run:
            with app.database.writing() as connection:
                store.keep_columns(connection, name, found.columns, app.clock.now())
    reported(done.lines, report)
    told(done.counts(), done.lines, done.notes, as_json, withdrawn=done.withdrawn)
    if done.counts()["refused"]:
        raise typer.Exit(1)


def pointed(error: Exception) -> str:
    """How a column is pointed out here."""
    from bot.arrivals import ColumnError

    return "；用 --map 某列=岗位名称 指明" if isinstance(error, ColumnError) else ""


@postings.command("screen")
def screen_(file: File, feed: Feed = "", mapping: Map = None, report: Out = None, as_json: Json = False) -> None:
    """只筛查一份文件,不用数据库:像骗局的、违法的、写错的,逐行说原因。"""
    from bot.arrivals import ArrivalError, arrived, reader, screened
    from bot.config import Clock, settings

    with bar() as progress:
        try:
            found = arrived(file, feed, {}, mapping or ())
        except ArrivalError as error:
            raise fail(f"{file.name}：{error}{pointed(error)}", 1) from error
        preview(found)
        lines = [*screened(reader(progress)(found.readings, Clock(settings().today).today())), *found.lines()]
    counts = {
        name: sum(line.outcome == outcome for line in lines) for name, outcome in (("fine", "inserted"), ("held", "held"), ("refused", "refused"))
    }
    reported(lines, report)
    if as_json:
        print(json.dumps({**counts, "rows": [asdict(line) for line in lines]}, ensure_ascii=False, indent=1))
    else:
        for line in lines:
            if line.outcome != "inserted" or line.score >= 25:
                print(f"第 {line.row} 行 {line.title[:30]}（可疑分 {line.score}）：{line.why}")
        print(f"没有大问题 {counts['fine']}，该由老师核实 {counts['held']}，读不了 {counts['refused']}")
    if counts["held"] or counts["refused"]:
        raise typer.Exit(1)


@postings.command()
def add(
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="读对了，收下")] = False,
) -> None:
    """标准输入里的一条招聘消息(单位、岗位、地点、工资、学历、截止、联系方式)读成一张卡;加 --yes 才收下。"""
    from knowledge.postings import store
    from knowledge.postings.drafts import fields, numbered
    from knowledge.postings.intake import doubtful, intake

    with running() as app:
        found = intake(sys.stdin.read(10_000), app.clock.today())
        print("\n".join(f"{fields()[key].say}：{cell}" for key, cell in found.draft.items() if key != "text"))
        for what, names in (("没读到", found.missing), ("拿不准，请核对", doubtful(found))):
            if names:
                print(f"{what}：{'、'.join(names)}", file=sys.stderr)
        if not yes:
            return
        hand, drafts = signed(app, who), numbered([(1, found.draft)])
        with app.together() as (here, connection):
            done = store.bring_in(here.database, f"{hand.name}录入"[:64], drafts, app.clock.today(), app.clock.now(), seal=app.seal)
            line = done.lines[0]
            hand.note(connection, "录入岗位", line.title[:60], new=store.OUTCOMES[line.outcome])
    told(done.counts(), done.lines, done.notes, as_json=False)
    if done.counts()["refused"]:
        raise typer.Exit(1)


@postings.command("list")
def list_(
    held: Annotated[bool, typer.Option("--held", help="只看待老师核实的，最可疑的在前")] = False,
    most: Annotated[int, typer.Option(help="最多几条", min=1, max=10_000)] = 30,
    as_json: Json = False,
) -> None:
    """列出岗位,默认是能推荐的,新的在前;--held 看待核实的和原因。"""
    from knowledge.postings import store
    from knowledge.postings.posting import STATUSES

    with running() as app, app.database.reading() as connection:
        found = store.listed(connection, "held" if held else "live", most)
        counts = store.counts(connection)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1, default=str))
        return
    for row in found:
        until = f"，{row['deadline']} 截止" if row["deadline"] else ""
        print(f"{row['id']:>7} {row['title']}（{row['company'] or '没写单位'}，来自 {row['source']}{until}）")
        if held:
            print("".join(f"        · {why['say']}" + (f"：「{why['quote']}」" if why["quote"] else "") + "\n" for why in row["reasons"]), end="")
    print("，".join(f"{say} {counts.get(status, 0)}" for status, say in STATUSES.items()), file=sys.stderr)


def decided(number: int, status: str, who: str) -> str:
    from knowledge.postings import store

    with running() as app:
        hand = signed(app, who)
        try:
            with app.database.writing() as connection:
                title = store.decide(connection, number, status, hand.name, app.clock.now())
                hand.note(connection, "放行岗位" if status == "live" else "不用岗位", f"岗位 {number}", new=title[:60])
            return title
        except store.PostingError as error:
            raise fail(str(error), 1) from error


@postings.command()
def release(number: Number, who: Who) -> None:
    """核实过没问题,放行,可以推荐。"""
    print(f"已放行：{decided(number, 'live', who)}")


@postings.command()
def refuse(number: Number, who: Who) -> None:
    """核实过有问题,不用;一样的岗位换个编号再来,也会先拦下。"""
    print(f"不再使用：{decided(number, 'refused', who)}")


@postings.command()
def fraud(who: Who, company: Annotated[str, typer.Option(help="单位名称，没有就不写")] = "") -> None:
    """标准输入里的一段话核实是骗局:它的电话、微信、QQ、邮箱、网址和单位再出现,岗位就先扣下;只存认得出的指纹,不存原文。"""
    from knowledge.postings import proven

    text = sys.stdin.read(10_000)
    with running() as app:
        hand = signed(app, who)
        try:
            with app.database.writing() as connection:
                number, held = proven.confirm(connection, app.seal, text, company, hand.name, app.clock.now())
                hand.note(connection, "确认骗局", f"骗局 {number}", new=f"在招的扣下 {held} 条")
        except proven.FraudError as error:
            raise fail(str(error), 1) from error
    print(f"记下了，编号 {number}；在招的扣下 {held} 条")


@postings.command()
def frauds() -> None:
    """核实过的骗局,新的在前:谁、什么时候、凭什么认得出。"""
    from knowledge.db import local_date
    from knowledge.postings import proven

    with running() as app, app.database.reading() as connection:
        for row in proven.listed(connection):
            print(f"{row['id']:>5} {local_date(row['confirmed_at'])} {row['confirmed_by']}：{row['kinds']}")


@postings.command()
def clear(number: Annotated[int, typer.Argument(help="编号，见 postings frauds")], who: Who) -> None:
    """核实错了,撤回:以后不再因为它扣岗位,已经扣下的逐条 release。"""
    from knowledge.postings import proven

    with running() as app:
        hand = signed(app, who)
        try:
            with app.database.writing() as connection:
                proven.withdraw(connection, number, hand.name, app.clock.now())
                hand.note(connection, "撤回骗局", f"骗局 {number}")
        except proven.FraudError as error:
            raise fail(str(error), 1) from error
    print(f"撤回了编号 {number}")


@postings.command()
def expire() -> None:
    """把截止了的、太旧的标为过期(程序开着时每天自动做)。"""
    from knowledge.postings import store

    with running() as app, app.database.writing() as connection:
        age = timedelta(days=app.settings.posting_days)
        done = store.expire(connection, app.clock.today(), app.clock.now(), age)
        signed(app).note(connection, "标为过期", new=f"{done} 条岗位")
    print(f"过期 {done} 条")


@postings.command()
def match(graduate: Annotated[str, typer.Argument(help="人的编号")], as_json: Json = False) -> None:
    """最合适的 20 个岗位,为什么,要留意什么;按这个人订阅的条件和同意存的资料。"""
    from bot.digest import best
    from knowledge.people import log_access

    with running() as app:
        found = best(app, graduate)
        if found is None:
            raise fail(f"没有编号是 {graduate} 的人", 1)
        with app.database.writing() as connection:
            log_access(connection, graduate, "cli", "看合适的岗位", app.clock.now())
            signed(app).note(connection, "看合适的岗位", graduate)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for row in found:
        print(f"{row['score']:.2f} {row['title']} · {row['company']} · {row['where']} · {row['pay']}")
        print(f"     {';'.join([*row['why'], *row['lacking']])}")
    if not found:
        print("没有合适的")


@postings.command()
def feeds(as_json: Json = False) -> None:
    """定时来源(BULIXIAN_FEEDS__…):上次取得怎样,下次什么时候;有失败的退出码是 1。"""
    from bot.fetching import listed

    with running() as app:
        found = listed(app)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        print("\n".join(f"{row['name']}：{row['outcome']}（下次 {row['next_at'] or '马上'}，{row['url']}）" for row in found) or "还没有设定时来源")
    if any(row["outcome"].startswith("失败") for row in found):
        raise typer.Exit(1)
