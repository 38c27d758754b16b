"""A scene code for a poster: asked of WeChat, and drawn into a file. What a scan does is `serve.understood`."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import segno

from bot.app import App
from bot.channels import Fate, Outcome
from bot.channels.wechat.doctor import refusal
from bot.channels.wechat.limits import CAPABILITIES, SCENE_LENGTH, Route
from bot.channels.wechat.send import WeChat
from bot.channels.wechat.serve import connected
from knowledge import links
from knowledge.db import now

KINDS = (".svg", ".png")
SCALE = 20
"""Dots of a PNG to a module: about 900 a side, enough for a poster; an SVG has any size."""


def made(app: App, scene: str, days: int) -> tuple[str, datetime]:
    """The address to draw, and until when it lives.

    Raises:
        ValueError: why there is none; one sentence.
    """
    if not scene.strip() or len(scene) > SCENE_LENGTH or not scene.isprintable():
        raise ValueError(f"场景要有 1 到 {SCENE_LENGTH} 个字，例如：xiaozhao2026")
    if links.said(f"绑定 {scene}"):
        raise ValueError("场景不能是 8 位数字，那是绑定码的样子；也别写学号")
    client = connected(app)
    try:
        if Route.QR not in CAPABILITIES[app.settings.wechat.capability]:
            raise ValueError("只有认证过的服务号能生成带场景的二维码：BULIXIAN_WECHAT__CAPABILITY 设的不是 service_verified")
        code = client.qr(scene, days * 86_400)
        if isinstance(code, Outcome):
            raise ValueError(why(client, code))
    finally:
        client.close()
    return code.url, now() + timedelta(seconds=code.seconds)


def why(client: WeChat, outcome: Outcome) -> str:
    if outcome.fate is Fate.OFF:
        return "这个微信号没有生成带场景二维码的权限（errcode 48001 一类）：只有认证过的服务号有"
    fault = refusal(client)
    return f"微信{fault}" if fault else f"微信没有给二维码（{outcome.reason}），过一会儿再试"


def draw(url: str, out: Path) -> None:
    """
    Raises:
        OSError
    """
    segno.make_qr(url, "m").save(str(out), scale=SCALE, border=4)
