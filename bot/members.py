"""The staff's accounts from the command line: `bulixian user …`, and the first administrator at the first start."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy import Connection

from bot.session import fail, running, signed

if TYPE_CHECKING:
    from bot.app import App

user = typer.Typer(no_args_is_help=True, help="老师的账号：开账号、列出、重设密码。")
Name = Annotated[str, typer.Argument(help="登录名")]


@user.callback()
def group() -> None:
    """老师的账号。"""


@user.command("add")
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="admin 管理员、teacher 老师、expert 专家、viewer 只看数据")],
    display: Annotated[str, typer.Option(help="称呼，和台账里「帮扶责任人」写得一样，老师才看得到自己的学生；默认同登录名")] = "",
) -> None:
    """开一个账号,打印一次性密码(第一次登录要改)。"""
    from bot.web.console import staff

    once, held = staff.one_time()
    with running() as app:

        def work(connection: Connection) -> None:
            staff.add(connection, name, display, role, held, app.clock.now())
            signed(app).note(connection, "开账号", name, new=role)

        try:
            app.inbox.write(work).result()
        except staff.StaffError as error:
            raise fail(str(error), 1) from error
    print(once)


@user.command("reset")
def reset(name: Name) -> None:
    """重设密码,打印新的一次性密码;这个人所有登录都结束,试错太多的也马上能再试。"""
    from bot.web.console import staff

    once, held = staff.one_time()
    with running() as app:
        with app.database.reading() as connection:
            known = staff.known(connection, name)
        if known is None:
            raise fail(f"没有叫「{name}」的账号，或者已经停用", 1)

        def work(connection: Connection) -> None:
            staff.change(connection, known[0], held, fresh=True)
            staff.forgive(connection, name)
            signed(app).note(connection, "重设密码", name)

        app.inbox.write(work).result()
    print(once)


@user.command("list")
def listed() -> None:
    """所有账号。"""
    from bot.web.console import staff

    with running() as app, app.database.reading() as connection:
        for row in staff.listed(connection):
            print(f"{row['name']}\t{row['display']}\t{row['role']}\t{'' if row['active'] else '已停用'}")


def first(app: App) -> None:
    """Where there is no administrator, one is made and the password said once, on stderr: it is in no log."""
    from bot.web.console import staff

    with app.database.reading() as connection:
        if not staff.headless(connection):
            return
    once, held = staff.one_time()
    try:
        app.inbox.write(lambda connection: staff.add(connection, staff.BUILT_IN, "管理员", "admin", held, app.clock.now())).result()
    except staff.StaffError:  # another process was quicker
        return
    print(f"后台第一个账号：admin，一次性密码 {once}（登录后请改；只显示这一次）", file=sys.stderr, flush=True)
