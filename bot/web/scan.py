"""The page that shows the bind code of a web conversation for WeChat to scan. The code stands in no address and in no log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import segno
from markupsafe import Markup
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.templating import Jinja2Templates

from bot.accounts import SCAN
from bot.app import App
from bot.channels.wechat.send import QrCode
from bot.channels.wechat.serve import WeChatAccount
from bot.delivery import Delivery
from bot.web.chat import Rejected, WebChat
from dialogs import notices
from dialogs.typography import chinese
from knowledge import links

TOLD = re.compile(re.escape(chinese(notices.CODE.partition("\n")[0])).replace(re.escape("{code}"), "([0-9]{8})"))
HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex"}
STRANGER = "这里看不到你的对话。回到聊天那一页，发「绑定」，再点「用微信扫码」。"
OVER = "绑定码用过了或者过期了。回到聊天里重新发「绑定」，再点「用微信扫码」。"
UNMADE = "二维码现在生成不了。在微信里打字发聊天里的那个码，一样能绑。"
templates = Jinja2Templates(Path(__file__).parent / "templates")


class ScanPage:
    """The route for one program, where the account may make scene codes."""

    def __init__(self, app: App, chat: WebChat, account: WeChatAccount) -> None:
        self.app, self.chat, self.account = app, chat, account

    def routes(self) -> list[BaseRoute]:
        return [Route(SCAN, self.show)]

    async def show(self, request: Request) -> Response:
        try:
            conversation = self.chat.conversation(request)
        except Rejected:
            return page(request, 401, STRANGER)
        if wait := self.chat.wait(request, conversation):
            return page(request, 429, f"点得有点快，等 {wait} 秒再试。", {"retry-after": str(wait)})
        told = await run_in_threadpool(self.told, conversation)
        if told is None:
            return page(request, 410, OVER)
        url = await run_in_threadpool(self.url, *told)
        if url is None:
            return page(request, 503, UNMADE)
        return page(request, 200, drawing=segno.make_qr(url, error="m").svg_inline(border=4, light="#fff", omitsize=True))

    def told(self, conversation: str) -> tuple[str, int] | None:
        """The code that this conversation was given last, if it is still good, and the seconds it has left."""
        now = self.app.clock.now()
        query = select(Delivery.parts, Delivery.created_at).where(Delivery.conversation == conversation, Delivery.created_at > now - links.LIFE)
        with self.app.database.reading() as connection:
            for parts, at in connection.execute(query.order_by(Delivery.id.desc())):
                found = TOLD.search("".join(part.get("text", "") for part in parts))
                if found:
                    good = links.known(connection, [links.digest_of(found[1])], now)
                    return (found[1], max(1, int((at + links.LIFE - now).total_seconds()))) if good else None
        return None

    def url(self, code: str, seconds: int) -> str | None:
        client = self.account.connect()
        try:
            made = client.qr(code, seconds)
        finally:
            client.close()
        return made.url if isinstance(made, QrCode) else None


def page(request: Request, status: int, error: str = "", headers: Mapping[str, str] | None = None, drawing: str = "") -> Response:
    shown = {"error": error, "drawing": Markup(drawing)}  # noqa: S704  # drawn here
    return templates.TemplateResponse(request, "scan.html", shown, status, HEADERS | dict(headers or {}))
