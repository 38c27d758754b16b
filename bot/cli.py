"""The command `bulixian`. JSON goes to stdout, all else to stderr.

Exit codes: 0 fine, 1 something wrong in the input, 2 usage, 3 the environment is broken.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import structlog
import typer
from pydantic import ValidationError

from bot.config import settings
from knowledge.db import Database, DatabaseError
from knowledge.policy.entry import EntryError

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="不离线:给离校毕业生的就业政策与求职助手。")
knowledge = typer.Typer(no_args_is_help=True, help="政策知识:检查、载入、导出、校准。")
cases = typer.Typer(no_args_is_help=True, help="等老师处理的事:列出、查看、回复、办结。")
cli.add_typer(knowledge, name="knowledge")
cli.add_typer(cases, name="cases")


def fail(sentence: str, code: int) -> typer.Exit:
    print(sentence, file=sys.stderr)
    return typer.Exit(code)


@contextmanager
def running(*, database_url: str = "") -> Iterator[Any]:
    """The program on its database; what goes wrong with the surroundings becomes one sentence and exit code 3."""
    from bot.app import App

    try:
        app = App(settings().model_copy(update={"database_url": database_url}) if database_url else settings())
    except DatabaseError as error:
        raise fail(str(error), 3) from error
    except EntryError as error:
        raise fail(f"政策文件有问题:{error}", 3) from error
    try:
        yield app
    finally:
        app.close()


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="监听的地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="监听的端口", min=0, max=65535)] = 8000,
    demo: Annotated[bool, typer.Option("--demo", help="试用:数据放临时目录,停止后全部丢弃")] = False,
) -> None:
    """启动网页聊天(/)和后台任务;默认用当前目录的 SQLite,自动建表。"""
    from bot.web.app import run

    aside = TemporaryDirectory() if demo else nullcontext("")
    with aside as folder, running(database_url=folder and f"sqlite:///{folder}/demo.db") as app:
        try:
            run(app, host, port)
        except OSError as error:
            raise fail(f"端口 {port} 用不了({error.strerror or error}),换一个:bulixian serve --port {port + 1}", 3) from error


@cli.command()
def chat(
    name: Annotated[str, typer.Option("--as", help="以谁的身份聊")] = "me",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="标准输入输出各一行一个 JSON")] = False,
) -> None:
    """在终端里聊。--jsonl:进 {"from","text"|"choice"|"file"} 或 {"advance":"2d"},出 {"to","parts"}。"""
    from bot.channels.console import ConsoleChannel

    with running() as app:
        channel = ConsoleChannel(app)
        if jsonl:
            code = channel.stream(sys.stdin.buffer, sys.stdout)
            if code:
                raise typer.Exit(code)
        else:
            channel.talk(name)


@cli.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="要问的话")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help='进 {"question", "region"?},出一行一个答案')] = False,
    explain: Annotated[bool, typer.Option("--explain", help="显示匹配的词和分量")] = False,
) -> None:
    """只查政策,不聊天。"""
    from bot.asking import answer, explained, stream

    if not jsonl and not (question or "").strip():
        raise fail('要问什么?例如:bulixian ask "我自己交社保能领补贴吗"', 2)
    with running() as app:
        today = app.clock.today()
        if jsonl:
            code = stream(app.search, today, sys.stdin.buffer, sys.stdout)
            if code:
                raise typer.Exit(code)
            return
        found = answer(app.search, question or "", today)
        print(found["text"])
        if explain:
            print(explained(app.search, question or ""), file=sys.stderr)


@cli.command()
def plan(
    file: Annotated[Path | None, typer.Argument(help="一个人的资料(JSON)")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="标准输入一行一个人,输出一行一个数组")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="打印资料有哪些字段")] = False,
) -> None:
    """这个人能享受什么:逐条政策、逐个条件,符合、不符合还是要补信息。"""
    from bot.planning import from_file, stream
    from knowledge import profile

    if schema:
        print(json.dumps(profile.schema(), ensure_ascii=False, indent=1))
        return
    if file is None and not jsonl:
        raise fail("要看谁的?例如:bulixian plan 资料.json;字段见 bulixian plan --schema", 2)
    with running() as app:
        today = app.clock.today()
        code = stream(app.eligibility, today, sys.stdin.buffer, sys.stdout) if file is None else from_file(app.eligibility, file, today, sys.stdout)
    if code:
        raise typer.Exit(code)


@cli.command()
def flows(
    mermaid: Annotated[bool, typer.Option("--mermaid", help="输出 mermaid 状态图")] = False,
    name: Annotated[str | None, typer.Argument(help="只看这一个对话")] = None,
) -> None:
    """列出所有对话流程,或画出状态图。"""
    from dialogs.flows import compiled

    found = [flow for (key, _), flow in compiled().items() if name in (None, key)]
    if not found:
        raise fail(f"没有叫 {name} 的流程", 1)
    for flow in found:
        if mermaid:
            print(f"%% {flow.flow.name} v{flow.flow.version} {flow.flow.title}\n{flow.mermaid()}")
        else:
            print(f"{flow.flow.name} v{flow.flow.version} {flow.flow.title}: {' → '.join(flow.order) or '(无步骤)'}")


@cli.command()
def migrate() -> None:
    """建表或升级表结构(PostgreSQL 升级程序后要运行;SQLite 会自动做)。"""
    from bot.app import migrate as bring_up

    try:
        bring_up(Database(settings().database_url))
    except DatabaseError as error:
        raise fail(str(error), 3) from error
    print("数据库已是最新", file=sys.stderr)


@cli.command()
def doctor() -> None:
    """检查环境:数据库、政策知识、流程,哪里不对说哪里。"""
    from bot.doctor import examine

    bad = 0
    for fine, sentence in examine(settings()):
        print(f"{'✓' if fine else '✗'} {sentence}")
        bad += not fine
    if bad:
        raise typer.Exit(3)


@knowledge.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="要检查的 TOML,默认检查自带的全部")] = None,
) -> None:
    """检查政策条目:来源、日期、把握、编号,以及每条自己的问法能不能先找到它。"""
    from bot.curation import check as examine

    found = examine(files or [])
    for sentence in found.problems:
        print(sentence, file=sys.stderr)
    print(found.summary)
    if found.problems:
        raise typer.Exit(1)


@knowledge.command()
def seed() -> None:
    """把自带的政策载入数据库;老师改过的条目不会被覆盖。"""
    from knowledge.policy import store

    with running() as app, app.database.writing() as connection:
        done = store.seed(connection, store.files(), app.clock.now())
    print(
        f"新增 {len(done.added)},更新 {len(done.updated)},没变 {len(done.same)},"
        f"老师改过、只作为新版本供参考 {len(done.kept)},撤下 {len(done.withdrawn)}"
    )


@knowledge.command("export")
def export_(file: Annotated[Path, typer.Argument(help="写到哪个 JSON 文件,- 为标准输出")]) -> None:
    """导出当前生效的全部条目。"""
    from knowledge.policy import store

    with running() as app, app.database.reading() as connection:
        held = store.load(connection)
    body = json.dumps([store.body_of(held[key]) for key in (*held.entries, *held.redirects)], ensure_ascii=False, indent=1)
    if str(file) == "-":
        print(body)
        return
    try:
        file.write_text(body + "\n", encoding="utf8")
    except OSError as error:
        raise fail(f"写不了 {file}:{error.strerror}", 3) from error


@knowledge.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="JSON(导出的格式)或 TOML")],
    author: Annotated[str, typer.Option(help="谁改的")] = "cli",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只报告,不写入")] = False,
) -> None:
    """导入老师改过的条目,逐条报告;有错的跳过,其余照常。"""
    from bot.curation import bring_in

    with running() as app:
        report = bring_in(app, file, author, dry_run=dry_run)
    for sentence in report.problems:
        print(sentence, file=sys.stderr)
    print(report.summary)
    if report.problems:
        raise typer.Exit(1)


@knowledge.command()
def expiring(days: Annotated[int, typer.Option(help="看今后多少天", min=0, max=3650)] = 30) -> None:
    """快到期、该复核和已经过期的条目,最早的在前。"""
    from bot.freshness import expiring as found
    from knowledge.policy import store

    with running() as app, app.database.reading() as connection:
        lines = found(store.load(connection), app.clock.today(), days)
    print("\n".join(lines) or f"今后 {days} 天没有到期或要复核的条目")


@knowledge.command()
def calibrate(
    report: Annotated[Path | None, typer.Option(help="把数字写到这个文件,图写到旁边同名的 .svg")] = None,
    questions: Annotated[Path | None, typer.Option(help="另附一份带答案的问题(TSV:问题、编号或 NONE)")] = None,
    write: Annotated[bool, typer.Option("--write", help="把拟合出的权重存为默认")] = False,
) -> None:
    """用条目自己的问法交叉验证,拟合回答的把握,打印命中率和准确率。"""
    from bot.calibration import calibrate as fit

    if report and report.suffix == ".svg":
        raise fail("--report 给文字的文件名,例如 report.txt;图会写到旁边的 report.svg", 2)
    found = fit(questions, write=write)
    print(found.text)
    if report:
        try:
            report.write_text(found.text + "\n", encoding="utf8")
            report.with_suffix(".svg").write_text(found.picture, encoding="utf8")
        except OSError as error:
            raise fail(f"写不了 {report}:{error.strerror}", 3) from error


@cases.command("list")
def list_cases() -> None:
    """等处理的事,危机在最前。"""
    from bot.casework import listed

    with running() as app:
        print(listed(app))


@cases.command()
def show(case: Annotated[int, typer.Argument(help="编号")]) -> None:
    """看一件事和它的对话;查看会记进本人能看到的访问记录。"""
    from bot.casework import shown

    with running() as app:
        text = shown(app, case, "cli")
    if text is None:
        raise fail(f"没有编号 {case} 的事", 1)
    print(text)


@cases.command()
def reply(
    case: Annotated[int, typer.Argument(help="编号")],
    text: Annotated[str, typer.Argument(help="要回的话")],
    who: Annotated[str, typer.Option("--as", help="老师的称呼")] = "老师",
) -> None:
    """以老师身份回一句,发到本人那边。"""
    from bot.casework import answered

    with running() as app:
        if not answered(app, case, text, who):
            raise fail(f"没有编号 {case} 的事", 1)


@cases.command()
def close(case: Annotated[int, typer.Argument(help="编号")]) -> None:
    """办结,并把对话交还给机器人。"""
    from bot.casework import closed

    with running() as app:
        if not closed(app, case):
            raise fail(f"没有编号 {case} 的事", 1)


def main() -> None:
    """Entry point; settings that cannot be read are an environment fault."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING), logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        settings()
    except ValidationError as error:
        first = error.errors()[0]
        print(f"设置 BULIXIAN_{'__'.join(map(str, first['loc'])).upper()} 的值不对:{first['msg']}", file=sys.stderr)
        raise SystemExit(3) from error
    cli()
