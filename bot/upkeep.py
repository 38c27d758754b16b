"""The commands with which staff keep the knowledge up: `bulixian knowledge …`. What they do lives elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.session import fail, named, running, signed

if TYPE_CHECKING:
    from bot.curation import Checked

knowledge = typer.Typer(no_args_is_help=True, help="政策知识：检查、载入、导出、校准、答不上的问题。")
Questions = Annotated[list[int], typer.Argument(help="问题的编号，可以几个")]
Revision = Annotated[int, typer.Argument(help="第几版")]
Who = Annotated[str, typer.Option("--as", help="老师的称呼")]
DRAFTS = "等批准的草稿见 bulixian knowledge drafts"
Answers = Annotated[list[int] | None, typer.Option(help="这一稿回答哪个问题，可以写几次")]


@contextmanager
def at_work(hint: str = "") -> Iterator[Any]:
    """The program; a change that cannot be made is one sentence, with the command that helps, and exit code 1."""
    from knowledge.policy.revisions import RevisionError

    with running() as app:
        try:
            yield app
        except RevisionError as error:
            raise fail(f"{error};{hint}" if hint else str(error), 1) from error


def waits(checked: Checked) -> Checked:
    if not checked.problems:
        print("看草稿：bulixian knowledge drafts；另一位老师批准：bulixian knowledge approve 第几版 --as 称呼", file=sys.stderr)
    return checked


def shown(*found: Checked) -> None:
    for checked in found:
        for sentence in checked.problems:
            print(sentence, file=sys.stderr)
        if checked.summary:
            print(checked.summary)
    if any(checked.problems for checked in found):
        raise typer.Exit(1)


@knowledge.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="要检查的 TOML，默认检查自带的全部")] = None,
) -> None:
    """检查政策条目:来源、日期、把握、编号,以及每条自己的问法能不能先找到它。"""
    from bot.curation import check as examine

    shown(examine(files or []))


@knowledge.command()
def seed() -> None:
    """把自带的政策载入数据库;老师改过的条目不会被覆盖。"""
    from knowledge.policy import store

    with running() as app, app.database.writing() as connection:
        done = store.seed(connection, store.files(), app.clock.now())
        signed(app).note(connection, "载入自带的政策", new=f"新增 {len(done.added)}，更新 {len(done.updated)}，撤下 {len(done.withdrawn)}")
    print(
        f"新增 {len(done.added)}，更新 {len(done.updated)}，没变 {len(done.same)}，"
        f"老师改过、只作为新版本供参考 {len(done.kept)}，撤下 {len(done.withdrawn)}"
    )


@knowledge.command("export")
def export_(file: Annotated[Path, typer.Argument(help="写到哪个 JSON 文件，- 为标准输出")]) -> None:
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
        raise fail(f"写不了 {file}：{error.strerror}", 3) from error


@knowledge.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="PDF、DOCX、HTML、Markdown、TXT 文件，法律的 .jsonl(.gz)，或条目的 JSON、TOML")],
    author: Annotated[str, typer.Option(help="谁导入的")] = "cli",
    approver: Annotated[str | None, typer.Option("--approved-by", help="条目由谁批准，不能是改的人；不写就只存成草稿")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只报告，不写入")] = False,
    title: Annotated[str, typer.Option(help="文件标题；不给就从文件里读，下同")] = "",
    number: Annotated[str, typer.Option(help="发文字号，如 甘财社〔2024〕152号")] = "",
    issuer: Annotated[str, typer.Option(help="发文机关")] = "",
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="成文日期")] = None,
    region: Annotated[str, typer.Option(help="只在哪里适用，省或市；全国的写 全国")] = "",
    valid_to: Annotated[datetime | None, typer.Option("--valid-to", formats=["%Y-%m-%d"], help="有效期至")] = None,
) -> None:
    """导入文件原文或老师改过的条目,逐个报告;有错的跳过,其余照常。"""
    from bot.documents import ENTRIES, bring_in_all
    from knowledge.policy.documents import Given

    if len(files) > 1 and (title or number):
        raise fail("--title 和 --number 一次只能给一个文件用", 2)
    given = Given(title, number, issuer, date and date.date(), region, valid_to and valid_to.date())
    with at_work() as app:
        drafts = any(file.suffix.lower() in ENTRIES for file in files) and not dry_run
        hand = named(app, author, "--author") if drafts else signed(app, author)
        second = approver and named(app, approver, "--approved-by").name
        if not dry_run:
            hand.wrote("导入政策文件", "、".join(file.name for file in files), f"{second}批准" if second else "")
        shown(*bring_in_all(app, files, hand.name, second, given, dry_run=dry_run))


@knowledge.command()
def documents() -> None:
    """列出导入的文件:编号、状态、日期、标题、段数、有效期。"""
    from bot.documents import listed

    with running() as app:
        print(listed(app))


@knowledge.command()
def withdraw(document: Annotated[int, typer.Argument(help="编号，见 knowledge documents")]) -> None:
    """撤下一份文件:从此不再引用;要再用就重新导入。"""
    from bot.documents import withdrawn

    with running() as app, signed(app).doing("撤下文件", f"文件 {document}") as here:
        title = withdrawn(here, document)
        if title is None:
            raise fail(f"没有编号 {document} 的生效文件，bulixian knowledge documents 看清单", 1)
    print(f"已撤下《{title}》")


@knowledge.command()
def calibrate(
    report: Annotated[Path | None, typer.Option(help="把数字写到这个文件，图写到旁边同名的 .svg")] = None,
    questions: Annotated[Path | None, typer.Option(help="另附一份带答案的问题（TSV：问题、编号或 NONE）")] = None,
    write: Annotated[bool, typer.Option("--write", help="把拟合出的权重存为默认")] = False,
) -> None:
    """用条目自己的问法交叉验证,拟合回答的把握,打印命中率和准确率;装了 dense 就连按意思找的一起拟合。"""
    from bot.calibration import calibrate as fit
    from bot.config import settings
    from knowledge.policy.dense import installed

    if report and report.suffix == ".svg":
        raise fail("--report 给文字的文件名，例如 report.txt；图会写到旁边的 report.svg", 2)
    found = fit(questions, write=write, encoder=installed() if settings().dense == "auto" else None)
    print(found.text)
    if report:
        try:
            report.write_text(found.text + "\n", encoding="utf8")
            report.with_suffix(".svg").write_text(found.picture, encoding="utf8")
        except OSError as error:
            raise fail(f"写不了 {report}：{error.strerror}", 3) from error


@knowledge.command()
def queue(
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
    most: Annotated[int, typer.Option(help="最多几组，0 为全部", min=0)] = 30,
) -> None:
    """没答上的问题,相近的放一组,问的人多的在前;只有人数,没有姓名。"""
    from bot.questions import listed
    from bot.questions import queue as grouped

    with at_work() as app:
        print(json.dumps(grouped(app, most)[0], ensure_ascii=False, indent=1) if as_json else listed(app, most))


@knowledge.command()
def attach(question: Questions, to: Annotated[str, typer.Option(help="归到哪一条")], who: Who = "cli") -> None:
    """把问题归到一条政策,作为它的新问法,存成草稿。"""
    from bot.questions import attach as attached

    with at_work() as app:
        hand = named(app, who)
        with hand.doing("归到政策", to[:10], f"{len(question)} 个问题") as here:
            found = attached(here, question, to, hand.name)
    shown(waits(found))


@knowledge.command("out-of-scope")
def out_of_scope(question: Questions) -> None:
    """标为不归我们管,不再列出。"""
    from bot.questions import out_of_scope as marked

    with at_work() as app, signed(app).doing("标为不归我们", f"{len(question)} 个问题") as here:
        found = marked(here, question)
    shown(found)


@knowledge.command()
def draft(
    source: Annotated[str, typer.Argument(help="写好条目的 TOML，或（和 --set 一起）条目编号")],
    settings: Annotated[list[str] | None, typer.Option("--set", help="字段=内容，如 'answer=…'，可以写几次")] = None,
    answers: Answers = None,
    who: Who = "cli",
) -> None:
    """新写或改一条,存成草稿,等另一位老师批准。"""
    from bot.revisions import drafted, edited

    with at_work() as app:
        hand = named(app, who)
        with hand.doing("起草政策", Path(source).name) as here:
            told = answers or ()
            found = edited(here, source, settings, hand.name, told) if settings else drafted(here, Path(source), hand.name, told)
    shown(waits(found))


@knowledge.command()
def drafts() -> None:
    """等批准的草稿。"""
    from bot.revisions import listed

    with at_work() as app:
        print(listed(app))


@knowledge.command()
def diff(revision: Revision) -> None:
    """这一版和现行的差在哪。"""
    from bot.revisions import difference

    with at_work(DRAFTS) as app:
        print(difference(app, revision))


@knowledge.command()
def approve(revision: Revision, who: Annotated[str, typer.Option("--as", help="批准的老师，不能是起草的那位")]) -> None:
    """检查后生效(不用重启),并告诉想知道的提问人。"""
    from bot.revisions import approved

    with at_work(f"{DRAFTS}，不要了用 bulixian knowledge discard {revision}") as app:
        hand = named(app, who)
        shown(approved(app, [revision], hand.name, hand.note))


@knowledge.command()
def discard(revision: Revision, who: Who = "cli") -> None:
    """不要这份草稿,它的问题回到清单。"""
    from bot.revisions import discarded

    with at_work(DRAFTS) as app:
        hand = signed(app, who)
        with hand.doing("不要草稿", f"第 {revision} 版") as here:
            told = discarded(here, revision, hand.name)
    print(told)


@knowledge.command()
def rollback(entry: Annotated[str, typer.Argument(help="条目编号")], who: Who = "cli") -> None:
    """恢复到上一版,记录都留着。"""
    from bot.revisions import restored

    with at_work() as app:
        hand = signed(app, who)
        with hand.doing("恢复上一版", entry[:10]) as here:
            told = restored(here, entry, hand.name)
    print(told)


@knowledge.command()
def history(entry: Annotated[str, typer.Argument(help="条目编号")]) -> None:
    """一条政策的每一版:谁写的、谁批准的。"""
    from bot.revisions import history as told

    with at_work() as app:
        print(told(app, entry))


@knowledge.command()
def reach(
    entry: Annotated[str, typer.Argument(help="条目编号，或者草稿的版号")],
    who: Who = "cli",
    might: Annotated[bool, typer.Option("--might", help="群发草稿也发给可能符合的人")] = False,
    people: Annotated[bool, typer.Option("--list", help="列出是哪些人（查看会记下来，本人查得到）")] = False,
    no_draft: Annotated[bool, typer.Option("--no-draft", help="只看人数，不起草群发")] = False,
) -> None:
    """一条新的或改过的政策:谁新符合、谁可能符合,并起草一份群发;要另一位老师 broadcast approve 才会发。"""
    from bot.reach import drafted, listed, told
    from bot.reach import reach as reached

    with at_work() as app:
        hand, found = signed(app, who) if no_draft else named(app, who), reached(app, entry)
        print(told(found, app.clock.today()))
        if people:
            with hand.doing("看名单", f"政策覆盖 {found.entry.id}", f"{len(found.newly) + len(found.might)} 人") as here:
                lines = list(listed(here, found, hand.name))
            print("\n".join(lines))
        if not no_draft and (found.newly or (might and found.might)):
            with app.together() as (here, connection):
                number = drafted(here, found, hand.name, might=might)
                hand.note(connection, "起草群发", f"群发 {number}", new=f"政策 {found.entry.id}")
            print(f"群发草稿是第 {number} 号，等另一位老师 bulixian broadcast approve {number}")


@knowledge.command()
def expiring(days: Annotated[int, typer.Option(help="看今后多少天", min=0, max=3650)] = 30) -> None:
    """快到期、该复核和已经过期的条目,最早的在前。"""
    from bot.freshness import expiring as found
    from knowledge.policy import store

    with running() as app, app.database.reading() as connection:
        lines = found(store.load(connection), app.clock.today(), days)
    print("\n".join(lines) or f"今后 {days} 天没有到期或要复核的条目")
