"""The command `bulixian`. JSON goes to stdout, all else to stderr.

Exit codes: 0 fine, 1 something wrong in the input, 2 usage, 3 the environment is broken.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from sqlalchemy import Connection, RowMapping

from bot import logs
from bot.announcing import broadcasts
from bot.clinic import clinic
from bot.config import settings
from bot.contract import contract
from bot.ledger import ledger
from bot.members import user
from bot.postings import postings
from bot.resume import resume
from bot.scam import scam
from bot.session import audited, fail, running, signed
from bot.upkeep import knowledge
from dialogs.typography import chinese
from knowledge.db import CHINA, Database, DatabaseError, now

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="不离线：给离校毕业生的就业政策与求职助手。")
cases = typer.Typer(no_args_is_help=True, help="等老师处理的事：列出、查看、回复、办结。")
cli.add_typer(knowledge, name="knowledge")
cli.add_typer(ledger, name="ledger")
cli.add_typer(resume, name="resume")
cli.add_typer(clinic, name="clinic")
cli.add_typer(postings, name="postings")
cli.add_typer(cases, name="cases")
cli.add_typer(broadcasts, name="broadcast")
deliveries = typer.Typer(no_args_is_help=True, help="发送台账：每条消息到哪一步，不知道到没到的怎么办。")
cli.add_typer(deliveries, name="deliveries")
wechat = typer.Typer(no_args_is_help=True, help="公众号：推送自定义菜单，生成海报用的二维码。")
cli.add_typer(wechat, name="wechat")
cli.add_typer(scam, name="scam")
cli.add_typer(user, name="user")
cli.add_typer(contract, name="contract")


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="监听的地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="监听的端口", min=0, max=65535)] = 8000,
    demo: Annotated[bool, typer.Option("--demo", help="试用：一所编出来的学校，停止后全部丢弃")] = False,
    workers: Annotated[bool, typer.Option("--workers/--no-workers", help="发送、定时、收取岗位也在这个进程里做；不做的话另外要有一个做的")] = True,
) -> None:
    """启动网页聊天(/)和后台任务;默认用当前目录的 SQLite,自动建表。"""
    from bot.accounts import AccountError
    from bot.web.app import run

    aside = TemporaryDirectory() if demo else nullcontext("")
    with aside as folder, running(database_url=folder and f"sqlite:///{folder}/demo.db") as app:
        logs.serve()
        app.start_meaning()
        if demo:
            demonstrated(app)
        try:
            run(app, host, port, works=workers)
        except AccountError as error:
            raise fail(str(error), 3) from error
        except OSError as error:
            raise fail(f"端口 {port} 用不了（{error.strerror or error}），换一个：bulixian serve --port {port + 1}", 3) from error


def demonstrated(app: Any) -> None:
    """Everything in it is invented, and every page says so."""
    from bot.demo import ACCOUNTS, PASSWORD, fill

    fill(app)
    app.demo = PASSWORD
    print(f"演示数据：全是编的，停止后丢弃。后台 /console 的账号：{'、'.join(ACCOUNTS)}，密码都是 {PASSWORD}", file=sys.stderr, flush=True)


@cli.command()
def chat(
    name: Annotated[str, typer.Option("--as", help="以谁的身份聊")] = "me",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="标准输入输出各一行一个 JSON")] = False,
) -> None:
    """在终端里聊。--jsonl:进 {"from","text"|"choice"|"file"} 或 {"advance":"2d"},出 {"to","parts"}。"""
    from bot.channels.console import ConsoleChannel

    with running() as app:
        app.start_meaning()
        app.look_for_postings()
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
    jsonl: Annotated[bool, typer.Option("--jsonl", help='进 {"question", "region"?, "profile"?},出一行一个答案')] = False,
    explain: Annotated[bool, typer.Option("--explain", help="显示匹配的词和分量")] = False,
) -> None:
    """只查政策,不聊天。"""
    from bot.asking import Known, answer, explained, stream

    if not jsonl and not (question or "").strip():
        raise fail('要问什么？例如：bulixian ask "我自己交社保能领补贴吗"', 2)
    with running() as app:
        app.start_meaning(waits=True)
        known = Known(app.search, app.eligibility, app.passages, app.clock.today())
        if jsonl:
            code = stream(known, sys.stdin.buffer, sys.stdout)
            if code:
                raise typer.Exit(code)
            return
        found = answer(known, question or "")
        print(chinese(found["text"]))
        if explain:
            print(explained(known, question or ""), file=sys.stderr)


@cli.command()
def plan(
    file: Annotated[Path | None, typer.Argument(help="一个人的资料（JSON）")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="标准输入一行一个人，输出一行一个数组")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="打印资料有哪些字段")] = False,
) -> None:
    """这个人能享受什么:逐条政策、逐个条件,符合、不符合还是要补信息。"""
    from bot.planning import from_file, stream
    from knowledge import profile

    if schema:
        print(json.dumps(profile.schema(), ensure_ascii=False, indent=1))
        return
    if file is None and not jsonl:
        raise fail("要看谁的？例如：bulixian plan 资料.json；字段见 bulixian plan --schema", 2)
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
            print(f"{flow.flow.name} v{flow.flow.version} {flow.flow.title}: {' → '.join(flow.order) or '（无步骤）'}")


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
def backup(
    file: Annotated[Path, typer.Argument(help="写到哪个文件；给目录就按时间起名")] = Path(),
    keep: Annotated[int | None, typer.Option(help="目录里只留最新的几份", min=1)] = None,
) -> None:
    """备份整个数据库,serve 不用停。文件和数据库一样读得出内容,加密靠磁盘;BULIXIAN_LEDGER_KEY 等设置不在里面,另外保管。"""
    from bot.backup import backup as back_up
    from bot.backup import prune

    if keep and not file.is_dir():
        raise fail("--keep 要和目录一起用，例如：bulixian backup /var/backups/bulixian --keep 14", 2)
    with on_disk() as database:
        path, manifest = back_up(database, file, now(), audited)
        gone = prune(file, keep) if keep else 0
    size = path.stat().st_size / 1e6
    print(f"已备份到 {path}：{len(manifest.rows)} 张表 {sum(manifest.rows.values())} 行，{size:.1f} MB{f'；删去旧的 {gone} 份' if gone else ''}")


@cli.command()
def restore(
    file: Annotated[Path, typer.Argument(help="bulixian backup 做的文件")],
    force: Annotated[bool, typer.Option("--force", help="数据库里有数据也换掉（原来的改名留着）")] = False,
    moved: Annotated[bool, typer.Option("--moved", help="搬家：备份之后原来那边没再发过消息，没发完的接着发")] = False,
) -> None:
    """从备份恢复,先停掉 serve。备份时没发完的先不发,由老师定;到点的提醒和岗位推送可能再来一次。"""
    from bot.backup import restore as put_back

    with on_disk() as database:
        manifest, notes = put_back(database, file, now(), force=force, moved=moved, note=audited)
    print(f"已恢复到 {manifest.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S} 的样子：{len(manifest.rows)} 张表 {sum(manifest.rows.values())} 行")
    print("\n".join(notes), end="\n" if notes else "")


@contextmanager
def on_disk() -> Iterator[Database]:
    """The database without the program; what cannot be done with it is one sentence and the exit code."""
    from bot.backup import BackupError

    database = None
    try:
        database = Database(settings().database_url)
        yield database
    except BackupError as error:
        raise fail(str(error), error.code) from error
    except DatabaseError as error:
        raise fail(str(error), 3) from error
    finally:
        if database:
            database.close()


@cli.command()
def doctor() -> None:
    """检查环境:政策知识、流程、Telegram、公众号、数据库,哪里不对说哪里。"""
    from bot.doctor import examine

    bad = 0
    for fine, sentence in examine(settings()):
        print(f"{'✓' if fine else '✗'} {sentence}")
        bad += not fine
    if bad:
        raise typer.Exit(3)


@cases.command("list")
def list_cases() -> None:
    """等处理的事,危机在最前。"""
    from bot.casework import listed

    with running() as app:
        print(listed(app, signed(app).note))


@cases.command()
def show(case: Annotated[int, typer.Argument(help="编号")]) -> None:
    """看一件事和它的对话;查看会记进本人能看到的访问记录。"""
    from bot.casework import shown

    with running() as app:
        text = shown(app, case, "cli", signed(app).note)
    if text is None:
        raise fail(f"没有编号 {case} 的事", 1)
    print(text)


@cases.command()
def reply(
    case: Annotated[int, typer.Argument(help="编号")],
    text: Annotated[str, typer.Argument(help="要回的话")],
    who: Annotated[str, typer.Option("--as", help="老师的称呼")] = "老师",
    once_only: Annotated[bool, typer.Option("--once", help="只回这一句，本人再说话还由机器人答")] = False,
) -> None:
    """以老师身份回话,发到本人那边;本人接着说的话归老师,办结时交还机器人。"""
    from bot import casework

    once = uuid.uuid4().hex
    with running() as app:
        hand, stay = signed(app, who), not once_only

        def work(connection: Connection, held: RowMapping) -> None:
            casework.answered(connection, held, text, hand.name, once, app.clock.now(), stay=stay)
            hand.note(connection, "回复求助", f"求助 {case}", new=f"{len(text)} 字")

        if not casework.on(app, case, work):
            raise fail(f"没有编号 {case} 的事", 1)


@cases.command()
def close(
    case: Annotated[int, typer.Argument(help="编号")],
    who: Annotated[str, typer.Option("--as", help="老师的称呼")] = "老师",
) -> None:
    """办结,并把对话交还给机器人。去向有异议的,办结就是核对过、登记不改,本人会收到这个结果。"""
    from bot import casework

    with running() as app:
        hand = signed(app, who)

        def work(connection: Connection, held: RowMapping) -> None:
            casework.closed(connection, held, app.clock.now(), hand.name)
            hand.note(connection, "办结求助", f"求助 {case}")

        if not casework.on(app, case, work):
            raise fail(f"没有编号 {case} 的事", 1)


@deliveries.command()
def status() -> None:
    """每种状态多少条(JSON);planned 等于其余之和,不等就有问题。"""
    from bot import delivery

    with running() as app, app.database.reading() as connection:
        books = delivery.books(connection)
        detail = delivery.reasons(connection)
    print(json.dumps({**books, "detail": detail}, ensure_ascii=False, indent=1))
    if books["planned"] != books["open"] + sum(books[state] for state in delivery.FINAL):
        raise typer.Exit(1)


@deliveries.command("list")
def listed(
    status: Annotated[str, typer.Option(help="哪种状态的")] = "unknown",
    after: Annotated[int, typer.Option(help="从哪个编号以后")] = 0,
    most: Annotated[int, typer.Option(min=1, help="最多列多少条")] = 1000,
) -> None:
    """一行一条(JSON):编号、渠道、种类、时间、原因;不含内容和姓名。编号给 resend 用。"""
    from bot import delivery, outcomes

    if status not in (known := (*delivery.OPEN, *delivery.FINAL)):
        raise fail(f"没有「{status}」这种状态，可以写：{'、'.join(known)}", 2)
    with running() as app, app.database.reading() as connection:
        rows = delivery.listed(connection, status, after, most)
    for row in rows:
        said = {name: row[name] for name in ("id", "channel", "kind")} | {"at": row["at"].astimezone(CHINA).isoformat(timespec="seconds")}
        print(json.dumps(said | {"reason": outcomes.reason(row["error"]) if row["error"] else ""}, ensure_ascii=False))
    print(f"{len(rows)} 条" + (f"，后面可能还有：加 --after {rows[-1]['id']}" if len(rows) == most else ""), file=sys.stderr)


@deliveries.command()
def resend(numbers: Annotated[list[int], typer.Argument(help="编号；只能是 unknown 的")]) -> None:
    """不知道到没到的,老师看过后再发一次(对方可能收到两次)。"""
    from bot import delivery

    with running() as app, app.database.writing() as connection:
        again = delivery.resend(connection, numbers)
        signed(app).note(connection, "再发", new=f"{again} 条")
    print(f"重新排入 {again} 条，{len(numbers) - again} 条不是 unknown，没有动")
    if again != len(numbers):
        raise typer.Exit(1)


@wechat.command()
def menu(file: Annotated[Path, typer.Argument(help="菜单（JSON，和公众平台的格式一样）；key 写 go/menu、open/entitlements 这样的选项")]) -> None:
    """把自定义菜单推到公众号;不合微信规定的先说出来。"""
    from bot.channels.wechat.menu import push

    with running() as app:
        problems = push(app, file)
        if not problems:
            signed(app).wrote("推送菜单", file.name)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        raise typer.Exit(1)
    print("菜单已更新，手机上大约 5 分钟后能看到")


@wechat.command()
def qr(
    scene: Annotated[str, typer.Argument(metavar="场景", help="海报的代号，64 个字以内，例如：xiaozhao2026；别写学号")],
    days: Annotated[int, typer.Option(help="有效几天", min=1, max=30)] = 30,
    out: Annotated[Path | None, typer.Option(help="把二维码画成图：.svg 或 .png")] = None,
) -> None:
    """生成海报用的临时二维码(认证服务号):打印要画成码的地址、到什么时候;扫了关注公众号,看到菜单。"""
    from bot.channels.wechat import poster

    if out and out.suffix.lower() not in poster.KINDS:
        raise fail(f"{out.name} 要以 .svg 或 .png 结尾", 2)
    with running() as app:
        try:
            url, until = poster.made(app, scene, days)
        except ValueError as error:
            raise fail(str(error), 1) from error
    print(url)
    print(f"有效到 {until.astimezone(CHINA):%Y-%m-%d %H:%M}，过后扫不出来", file=sys.stderr)
    if out:
        try:
            poster.draw(url, out)
        except OSError as error:
            raise fail(f"写不了 {out}：{error.strerror}；地址在上面，换个地方再画", 1) from error
        print(f"已画到 {out}", file=sys.stderr)


def main() -> None:
    """Entry point; settings that cannot be read are an environment fault."""
    logs.begin()
    try:
        settings()
    except ValidationError as error:
        first = error.errors()[0]
        print(f"设置 BULIXIAN_{'__'.join(map(str, first['loc'])).upper()} 的值不对：{first['msg'].removeprefix('Value error, ')}", file=sys.stderr)
        raise SystemExit(3) from error
    cli()
