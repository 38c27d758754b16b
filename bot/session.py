"""The program for the time of one command: opened, what is wrong with its surroundings said in one sentence, closed; and who gave the command."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from bot.config import settings
from knowledge.db import DatabaseError, now
from knowledge.policy.entry import EntryError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.app import App

UNSIGNED = ("cli", "老师")
"""What `--as` holds where nobody gave it."""


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
        raise fail(f"政策文件有问题：{error}", 3) from error
    try:
        yield app
    finally:
        app.close()


def user() -> str:
    """Whom the operating system knows this command by."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a number without a name, as in a container
        name = str(os.getuid())
    return f"命令行 （{name}）"


def audited(connection: Connection, what: str, target: str = "", old: str = "", new: str = "") -> None:
    """The note of a command for which the program is not opened."""
    from bot import audit

    audit.note(connection, now(), user(), user(), what, target, old, new)


@dataclass(frozen=True, slots=True)
class Hand:
    """Who gives a command. `name`: as others read it, and as it stands beside what they write."""

    app: App
    name: str

    def note(self, connection: Connection, what: str, target: str = "", old: str = "", new: str = "") -> None:
        from bot import audit

        who = user() if self.name in UNSIGNED else self.name
        audit.note(connection, self.app.clock.now(), who, user(), what, target, old, new)

    def wrote(self, what: str, target: str = "", new: str = "") -> None:
        """The note alone: of what takes more than one transaction, before and after it."""
        with self.app.database.writing() as connection:
            self.note(connection, what, target, new=new)

    @contextmanager
    def doing(self, what: str, target: str = "", new: str = "") -> Iterator[App]:
        """The program inside one transaction, into which the note goes too."""
        with self.app.together() as (here, connection):
            self.note(connection, what, target, new=new)
            yield here


def named(app: App, name: str, option: str = "--as") -> Hand:
    """As `signed`, of what takes two people: who writes it must be known from who approves it, as soon as there are accounts.

    Raises:
        typer.Exit: nobody is named, or nobody active is called so.
    """
    from bot.web.console import staff

    if name in UNSIGNED:
        with app.database.reading() as connection:
            if staff.opened(connection):
                raise fail(f"要写明是谁：加 {option} 登录名或称呼，bulixian user list 看账号", 1)
    return signed(app, name)


def signed(app: App, name: str = UNSIGNED[0]) -> Hand:
    """By the name that `--as` gave: that of a member of the staff, as soon as there are any.

    Raises:
        typer.Exit: nobody active is called so.
    """
    from bot.web.console import staff

    if name in UNSIGNED:
        return Hand(app, name)
    try:
        with app.database.reading() as connection:
            return Hand(app, staff.acting(connection, name))
    except staff.StaffError as error:
        raise fail(f"{error}", 1) from error
