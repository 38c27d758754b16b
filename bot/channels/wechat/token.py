"""The access token all processes share: kept in the database, fetched by one at a time under a lease."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import select

from bot import allowances
from bot.app import App, Secret, keep_secret
from bot.channels.wechat.send import Token
from bot.pump import OWNER
from knowledge.db import now as real

FETCH = timedelta(seconds=20)
"""Longer than fetching takes (3 s to connect, 5 s to answer, twice)."""
LOOK = 0.2


class Tokens:
    """`TokenStore` over the table of secrets."""

    def __init__(self, app: App) -> None:
        self.app = app

    def get(self, appid: str) -> Token | None:
        with self.app.database.reading() as connection:
            held = connection.execute(select(Secret.value).where(Secret.name == f"token:{appid}")).scalar()
        if held is None:
            return None
        until, _, value = held.partition(" ")
        return Token(value, datetime.fromisoformat(until))

    def put(self, appid: str, token: Token) -> None:
        self.app.inbox.write(lambda c: keep_secret(c, f"token:{appid}", f"{token.until.isoformat()} {token.value}")).result()

    @contextmanager
    def lock(self, appid: str) -> Iterator[None]:
        name = f"token:{appid}"
        holder = f"{OWNER}:{time.monotonic_ns()}"
        while not self.app.inbox.write(lambda c: allowances.lease(c, name, holder, real() + FETCH, real())).result():
            time.sleep(LOOK)
        try:
            yield
        finally:
            self.app.inbox.write(lambda c: allowances.release(c, name, holder)).result()
