"""The way out through a short link: to the very address that was approved with its broadcast, and nowhere else. Counts an opening once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from sqlalchemy import select, update
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot import broadcast, shortlinks
from bot.app import App
from bot.broadcast import Broadcast
from bot.shortlinks import ShortLink
from bot.web.chat import Bucket

HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex"}
MACHINE = re.compile(r"(?<!cu)bot\b|crawl|spider|preview|facebookexternalhit|whatsapp", re.IGNORECASE)
"""Who fetches a link to show or judge it calls itself so, as Telegram's `TelegramBot (like TwitterBot)`; Cubot is a telephone.
WeChat publishes no name for what its servers fetch with: those may be among the counted, and the page for staff says so."""
EARLY = ("purpose", "sec-purpose", "x-moz", "x-purpose")
"""Headers with which browsers fetch what nobody has tapped yet."""
WRONG = "这个链接不完整或者不对，回到聊天里再点一次。"
CALLED_OFF = "这条消息撤回了，以学校新的通知为准。"


class Exits:
    """The route for one program. `address`: whence a request comes."""

    def __init__(self, app: App, address: Callable[[Request], str]) -> None:
        self.app, self.address = app, address
        self.brake = Bucket(app.settings.messages_per_minute * 10)

    def routes(self) -> list[BaseRoute]:
        return [Route("/go/{token}", self.leave)]

    async def leave(self, request: Request) -> Response:
        if wait := self.brake.take(self.address(request)):
            return PlainTextResponse(f"点得有点快，等 {wait} 秒再试。", 429, HEADERS | {"retry-after": str(wait)})
        mark = shortlinks.mark_of(request.path_params["token"], self.app.passes)
        found = await run_in_threadpool(self.find, mark) if mark else None
        if found is None:
            return PlainTextResponse(WRONG, 404, HEADERS)
        url, opened = found
        if not url:
            return PlainTextResponse(CALLED_OFF, 410, HEADERS)
        if not opened and tapped(request):
            first = update(ShortLink).where(ShortLink.mark == mark).values(opened=True)
            await asyncio.wrap_future(self.app.inbox.write(lambda connection: connection.execute(first)))
        return RedirectResponse(url, 302, HEADERS)

    def find(self, mark: str) -> tuple[str, bool] | None:
        """Where a link leads, empty where it was called off, and whether it has been opened; None: it is no more.

        An event stands though the rest of its messages is not sent.
        """
        query = select(Broadcast.__table__, ShortLink.opened).join(ShortLink, ShortLink.broadcast_id == Broadcast.id)
        with self.app.database.reading() as connection:
            row = connection.execute(query.where(ShortLink.mark == mark)).mappings().first()
        if row is None:
            return None
        stands = row["status"] == "cancelled" and broadcast.of_event(row)
        return shortlinks.line_of(row)[1] if stands or row["status"] not in broadcast.OVER else "", row["opened"]


def tapped(request: Request) -> bool:
    """Whether it looks like somebody's own tap: no look ahead, no preview of a platform."""
    agent = request.headers.get("user-agent", "")
    return request.method == "GET" and bool(agent) and not MACHINE.search(agent) and not any(name in request.headers for name in EARLY)
