"""The commands with which staff keep the knowledge up; `bot/cli.py` puts them under `knowledge`. What they do lives elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

commands = typer.Typer()


@commands.command()
def expiring(days: Annotated[int, typer.Option(help="看今后多少天", min=0, max=3650)] = 30) -> None:
    """快到期、该复核和已经过期的条目,最早的在前。"""
    from bot.cli import running
    from bot.freshness import expiring as found
    from knowledge.policy import store

    with running() as app, app.database.reading() as connection:
        lines = found(store.load(connection), app.clock.today(), days)
    print("\n".join(lines) or f"今后 {days} 天没有到期或要复核的条目")
