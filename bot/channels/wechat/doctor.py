"""What is wrong with an Official Account, in words: the settings, whether WeChat gives us a token, what the account may do.

Capabilities are tried with a message to nobody: WeChat refuses the handle (40003), or the right to send (48001). Nothing is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from bot.channels import Fate, Outcome
from bot.channels.wechat.envelope import Keys
from bot.channels.wechat.errors import code_of
from bot.channels.wechat.limits import CAPABILITIES, Route
from bot.channels.wechat.send import Token, WeChat
from bot.config import WeChat as Settings
from knowledge.db import now

NOBODY = "doctor"
APPID = re.compile(r"wx[0-9a-f]{16}")
ADDRESS = re.compile(r"invalid ip ([0-9a-fA-F.:]{3,45})")
CODES = {
    40013: "不认这个 AppID：从公众平台「设置与开发 → 基本配置」复制 BULIXIAN_WECHAT__APPID",
    40125: "不认这个 AppSecret：从公众平台「设置与开发 → 基本配置」重置后填到 BULIXIAN_WECHAT__SECRET",
    40164: "不许这台机器的 IP 调用接口：在公众平台「基本配置 → IP 白名单」里加上它",
    40243: "冻结了 AppSecret：在公众平台「基本配置」里解冻",
    45009: "说今天取 access_token 的次数用完了，明天再试；多半有别的程序在反复取",
    50002: "限制了这个号的接口，登录公众平台看通知",
    61004: "不许这台机器的 IP 调用接口：在公众平台「基本配置 → IP 白名单」里加上它",
}
REASONS = {
    "api_base_url": "的地址写得不对：检查 BULIXIAN_WECHAT__API_BASE_URL，不用中转就去掉它",
    "no_connection": "连不上：检查这台机器能不能上外网",
}


class Kept:
    """A token for the time of one examination; stable_token gives every process the same one, so nobody else's ends by it."""

    def __init__(self) -> None:
        self.held: Token | None = None

    def get(self, appid: str) -> Token | None:
        return self.held

    def put(self, appid: str, token: Token) -> None:
        self.held = token

    def lock(self, appid: str) -> AbstractContextManager[Any]:
        return nullcontext()


def examine(settings: Settings) -> Iterator[tuple[bool, str]]:
    """Whether each thing is fine, and a sentence on it; nothing where there is no account."""
    if lacking := settings.lacking():
        yield False, f"微信还缺设置：{'、'.join(f'BULIXIAN_WECHAT__{name}' for name in lacking)}"
    if lacking or not (settings.appid and settings.token and settings.secret):
        return
    keys = [key.get_secret_value() if key else None for key in (settings.aes_key, settings.previous_aes_key)]
    try:
        Keys(settings.token.get_secret_value(), settings.appid, *keys)
        yield True, f"微信的 Token 和密钥格式都对，消息{'加密' if settings.aes_key else '不加密（明文模式）'}"
    except ValueError as error:
        yield False, str(error)
    client = WeChat(settings.appid, settings.secret.get_secret_value(), Kept(), now, settings.api_base_url)
    try:
        fault = refusal(client)
        if fault is None:
            yield True, "微信认得 AppID 和 AppSecret，也许可这台机器"
            yield from abilities(client, settings)
            return
        yield False, f"微信{fault}"
        if not APPID.fullmatch(settings.appid):
            gh = "，填的像是「原始 ID」" if settings.appid.startswith("gh_") else ""
            yield False, f"微信的 AppID 是 wx 开头的 18 位{gh}：检查 BULIXIAN_WECHAT__APPID"
    finally:
        client.close()


def refusal(client: WeChat) -> str | None:
    """Why WeChat gives us no token."""
    asked = {"grant_type": "client_credential", "appid": client.appid, "secret": client.secret, "force_refresh": False}
    answer = client.post("stable_token", asked)
    if isinstance(answer, Outcome):
        return REASONS.get(answer.reason, f"没有好好回答（{answer.reason}），过一会儿再试")
    code = code_of(answer) or 0
    if not code:
        return None
    found = ADDRESS.search(str(answer.get("errmsg", "")))
    return f"{CODES.get(code, '不给 access_token')}(errcode {code}{f',IP {found[1]}' if found else ''})"


def abilities(client: WeChat, settings: Settings) -> Iterator[tuple[bool, str]]:
    """What the setting `capability` promises against what the account may do."""
    ways = CAPABILITIES[settings.capability]
    if Route.CUSTOMER not in ways:
        yield True, "微信号不能主动发消息（BULIXIAN_WECHAT__CAPABILITY），说不完的等对方下一句"
    else:
        told = client.customer(NOBODY, {"msgtype": "text", "text": {"content": NOBODY}})
        yield able(told, "客服消息", "BULIXIAN_WECHAT__CAPABILITY 按实际的号设（subscription_verified 或 unverified）")
    if Route.TEMPLATE in ways and settings.template:
        told = client.template(NOBODY, settings.template, {settings.template_title: NOBODY})
        if told.reason == "content":
            yield False, "微信不认这个模板：检查 BULIXIAN_WECHAT__TEMPLATE 和 BULIXIAN_WECHAT__TEMPLATE_TITLE"
        else:
            yield able(told, "模板消息", "在公众平台开通模板消息，或去掉 BULIXIAN_WECHAT__TEMPLATE")


def able(told: Outcome, name: str, cure: str) -> tuple[bool, str]:
    if told.fate is Fate.OFF:
        return False, f"这个微信号没有{name}的权限（errcode 48001 一类）：{cure}"
    if told.fate in (Fate.GONE, Fate.SENT, Fate.CLOSED):
        return True, f"微信号可以发{name}"
    return False, f"微信号能不能发{name}没问出来（{told.reason}），过一会儿再试"
