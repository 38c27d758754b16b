"""The commands of broadcasts: `bulixian broadcast …`. What they do lives in `broadcast` and `outcomes`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bot.audience import HELP
from bot.session import fail, named, running, signed
from dialogs.broadcasts import kinds
from knowledge import notation

broadcasts = typer.Typer(no_args_is_help=True, help="群发：起草、预览、另一位老师批准、看进度、暂停、再发、取消。")
Number = Annotated[int, typer.Argument(help="第几号群发")]
At = Annotated[str, typer.Option(help="什么时候发，如 2026-12-05T09:30；不写就是批准后马上发")]
FORMS = {"moment": "日期和时间", "day": "日期", "link": "网址", "line": "一行", "text": "可以几行"}


def fields() -> str:
    """What each kind is made of, for `--help`."""
    lines = []
    for kind in kinds().values():
        told = "、".join(f"{name}({field.label},{FORMS[field.form]}{'' if field.needed else '，可不写'})" for name, field in kind.fields.items())
        lines.append(f"  {kind.name}：{told}")
    return "\n".join(lines)


@contextmanager
def on_air(hint: str = "") -> Iterator[Any]:
    """The program; what cannot be done with a broadcast is one sentence, with the option or command that helps, and exit code 1."""
    from bot.broadcast import BroadcastError, LateError, PausedError

    helps = {LateError: "：加 --at 2026-12-05T09:30", PausedError: "：bulixian broadcast resume 接着发"}
    with running() as app:
        try:
            yield app
        except BroadcastError as error:
            raise fail(f"{error}{helps.get(type(error), hint)}", 1) from error


def pairs(told: list[str] | None) -> dict[str, str]:
    """`name=value`, several times."""
    found = dict(one.split("=", 1) for one in told or () if "=" in one)
    if len(found) != len(told or ()):
        raise fail("--set 写成 名称=内容，同一项只写一次", 2)
    return found


@broadcasts.command(
    help=f"起草一份群发（不会发出）。\n\n\b\n文件是 JSON:type、title、fields、audience，可以加 at、mass。各类的 fields:\n{fields()}\n\n\b\n{HELP}"
)
def draft(
    file: Annotated[Path | None, typer.Argument(help="写好的 JSON，- 为标准输入；不给就用下面的选项")] = None,
    kind: Annotated[str, typer.Option("--type", help="哪一类")] = "",
    title: Annotated[str, typer.Option(help="标题")] = "",
    settings: Annotated[list[str] | None, typer.Option("--set", help="名称=内容，可以写几次")] = None,
    to: Annotated[str, typer.Option(help="名单的 JSON")] = "",
    at: At = "",
    mass: Annotated[bool, typer.Option("--mass", help="没有别的路的人用微信群发，每人每月最多 4 次")] = False,
    who: Annotated[str, typer.Option("--as", help="起草的老师")] = "cli",
) -> None:
    from bot.broadcast import written

    if file is None and not kind:
        raise fail("给一个 JSON 文件，或者用 --type 写明哪一类", 2)
    try:
        if file is not None:
            raw = notation.loads(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig"))
        else:
            raw = {"type": kind, "title": title, "fields": pairs(settings), "audience": notation.loads(to) if to else None}
    except OSError as error:
        raise fail(f"读不了 {file}：{error.strerror}", 1) from error
    except ValueError as error:
        raise fail(f"{file or '--to'} 不是有效的 JSON", 1) from error
    if isinstance(raw, dict):
        raw |= ({"at": at} if at else {}) | ({"mass": True} if mass else {})
    with on_air("；怎么写见 bulixian broadcast draft --help") as app:
        hand = named(app, who)
        with app.together() as (here, connection):
            number = written(here, raw, hand.name)
            hand.note(connection, "起草群发", f"群发 {number}")
    print(f"群发草稿是第 {number} 号，先看 bulixian broadcast preview {number}，再请另一位老师 bulixian broadcast approve {number}")


@broadcasts.command()
def change(
    number: Number,
    settings: Annotated[list[str] | None, typer.Option("--set", help="start=新的时间、place=新的地点，可以写几次")] = None,
    who: Annotated[str, typer.Option("--as", help="起草的老师")] = "cli",
) -> None:
    """批准过的活动改时间或地点:写下改动,另一位老师批准后,收到过的和说想参加的被告诉一次,没收到的收到改过的,提醒按新的时间。"""
    from bot import changes

    with on_air() as app:
        hand = named(app, who)
        with app.together() as (here, connection):
            made = changes.written(here, number, pairs(settings), hand.name)
            hand.note(connection, "起草变更", f"群发 {number}", new=f"群发 {made}")
    print(f"变更的草稿是第 {made} 号，先看 bulixian broadcast preview {made}，再请另一位老师 bulixian broadcast approve {made}")


@broadcasts.command("list")
def list_broadcasts() -> None:
    """最近的群发和草稿。"""
    from bot.broadcast import listed

    with on_air() as app:
        print(listed(app))


@broadcasts.command()
def preview(number: Number) -> None:
    """每个渠道看到的样子、发给多少人、走哪些路;什么都不发。"""
    from bot.accounts import AccountError, accounts
    from bot.outcomes import preview as shown

    with on_air() as app:
        try:
            accounts(app)
        except AccountError as error:
            raise fail(str(error), 3) from error
        print(shown(app, number))


@broadcasts.command()
def approve(number: Number, who: Annotated[str, typer.Option("--as", help="批准的老师，不能是起草的那位")], at: At = "") -> None:
    """批准:名单从此不变,到时候发送。"""
    from bot import broadcast

    with on_air() as app:
        hand = named(app, who)
        with hand.doing("批准群发", f"群发 {number}", at) as here:
            count = broadcast.approve(here, number, hand.name, broadcast.moment(at, app.clock.now()) if at else None)
        while broadcast.advance(app):
            pass
    print(f"第 {number} 号已批准，发给 {count} 人；bulixian broadcast status {number} 看进度")


@broadcasts.command()
def status(number: Number) -> None:
    """每种结果多少人、进度、预计发完的时间、没发出去的原因、和留出的人比(JSON);各种结果加起来等于 people。"""
    from bot.outcomes import status as told

    with on_air() as app:
        print(json.dumps(told(app, number), ensure_ascii=False))


@broadcasts.command()
def pause(number: Number) -> None:
    """先停一停,没发的都留着。"""
    from bot import broadcast

    with on_air() as app, signed(app).doing("暂停群发", f"群发 {number}") as here:
        held = broadcast.pause(here, number)
    print(f"第 {number} 号已暂停，已排入的 {held} 人等着；bulixian broadcast resume {number} 接着发")


@broadcasts.command()
def resume(number: Number) -> None:
    """接着发。"""
    from bot import broadcast

    with on_air() as app:
        with signed(app).doing("接着群发", f"群发 {number}") as here:
            broadcast.resume(here, number)
        while broadcast.advance(app):
            pass
    print(f"第 {number} 号接着发了")


@broadcasts.command()
def resend(number: Number, outcome: Annotated[Literal["failed", "unknown", "expired"], typer.Option(help="再发给哪种结果的人")]) -> None:
    """再发一次:失败的、过期的、不知道到没到的(这些人可能收到两次)。"""
    from bot import broadcast

    with on_air() as app, signed(app).doing("再发群发", f"群发 {number}", outcome) as here:
        count = broadcast.resend(here, number, outcome)
    print(f"第 {number} 号重新排入 {count} 人")


@broadcasts.command()
def cancel(number: Number, event_off: Annotated[bool, typer.Option("--event-off", help="活动本身也取消了：告诉说想参加的人别去")] = False) -> None:
    """没发出去的不再发;收到过的照样可以来,提醒照发。活动不办了加 --event-off。"""
    from bot import broadcast, coming

    with on_air() as app, signed(app).doing("取消活动" if event_off else "取消群发", f"群发 {number}") as here:
        if event_off:
            with here.database.writing() as connection:
                told = coming.call_off(connection, number, app.clock.now())
        else:
            stopped = broadcast.cancel(here, number)
    if event_off:
        print(f"第 {number} 号的活动取消了，告诉说想参加的 {told} 人")
    else:
        print(f"第 {number} 号没发的不发了，{stopped} 人不会收到")
