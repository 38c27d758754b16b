"""The program for the time of one command: opened, what is wrong with its surroundings said in one sentence, closed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from bot.config import settings
from knowledge.db import DatabaseError
from knowledge.policy.entry import EntryError


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
