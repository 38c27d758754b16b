"""WeChat's numbers with their sources: what fits, which routes an account has, how long a person can still be written to.

The books of what was sent are kept elsewhere (`bot.allowances`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Any

from bot.channels.wechat.receive import Kind
from dialogs.messages import Limits

TEXT = Limits(text=2000, in_bytes=True, buttons=False)
"""The limit is written nowhere; 2048 bytes were measured, more shows the person a fault notice (passive) or gives 45002 [C]."""
MENU_ITEMS = 9
"""Of a message menu. 45098 says "too long" and no page how long [C]: so many fit a screen."""

ANSWER_WITHIN = timedelta(seconds=4.5)
"""After 5 s WeChat hangs up and asks again, three times in all [D dwsub/…/Passive_user_reply_message.html]."""

MESSAGE_WINDOW, MESSAGE_QUOTA = timedelta(hours=48), 5
"""Customer-service messages after a person wrote [D dwsub/guide/product/kf/intro.md; 5 instead of 20 since 2023]."""
CLICK_WINDOW, CLICK_QUOTA = timedelta(minutes=1), 3
"""After a menu click, a follow or a scan [D, same page]. A tap in a message menu is a click, not a message."""

MASS_PEOPLE = (2, 10_000)
"""How many handles one mass send takes [D doc/service/api/notify/message/api_masssend]; subscription accounts have no sends to handles
[D copies of Batch_Sends]."""
MASS_MONTH = 4
"""To one person, of a natural month, those sent by hand on the platform's own page among them [D Batch_Sends 1.2]."""
MASS_DAY, MASS_MINUTE = 100, 60
"""Calls of an account [a day: D dws API_Call_Limits and older copies of Batch_Sends; a minute: D Batch_Sends 1.6]."""
CLIENT_ID_BYTES = 64

QR_SECONDS = 2_592_000
"""The longest life of a temporary code; unsaid, it lives 30 s [D dws api_createqrcode]."""
SCENE_LENGTH = 64

THING = 20
"""Characters of a template's `thing` value; longer gives 47003 [D][C]."""


class Route(StrEnum):
    """A way to a person."""

    PASSIVE = "passive"
    SLICES = "slices"
    """A passive reply too, of an account that has nothing else for now: its pieces are smaller (`passive.SLICE`)."""
    CUSTOMER = "customer"
    TEMPLATE = "template"
    NOTIFICATION = "notification"
    MASS = "mass"
    MENU = "menu"
    QR = "qr"


BOTH = frozenset({Route.PASSIVE, Route.CUSTOMER, Route.MASS, Route.MENU})
CAPABILITIES = {
    "service_verified": BOTH | {Route.TEMPLATE, Route.NOTIFICATION, Route.QR},
    "subscription_verified": BOTH,
    "unverified": frozenset({Route.PASSIVE}),
}
"""What an account may do, by BULIXIAN_WECHAT__CAPABILITY [D: table of interface permissions]. An unverified service account has menus too,
made by hand in the console; we count on none."""

MESSAGES = {Kind.TEXT, Kind.IMAGE, Kind.VOICE, Kind.VIDEO, Kind.LOCATION, Kind.LINK}
CLICKS = {Kind.CHOICE, Kind.CLICK, Kind.SUBSCRIBE, Kind.SCAN}


def menu_faults(menu: dict[str, Any]) -> list[str]:
    """What WeChat would refuse of a custom menu, one Chinese sentence each [C: official answer and copies of the page]."""
    buttons = menu.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        return ["一级菜单要有 1 到 3 个。"]
    faults: list[str] = []
    for number, button in enumerate(buttons, 1):
        faults += button_faults(button, f"第 {number} 个菜单", 16)
        below = button.get("sub_button", []) if isinstance(button, dict) else []
        if not isinstance(below, list) or len(below) > 5:
            faults.append(f"第 {number} 个菜单下面最多放 5 个子菜单。")
            continue
        for place, item in enumerate(below, 1):
            faults += button_faults(item, f"第 {number} 个菜单的第 {place} 个子菜单", 60)
    return faults


def button_faults(button: Any, where: str, most: int) -> Iterator[str]:
    if not isinstance(button, dict) or not isinstance(button.get("name"), str) or not button["name"].strip():
        yield f"{where}没有名字。"
        return
    if len(button["name"].encode()) > most:
        yield f"{where}的名字「{button['name']}」太长，最多 {most} 个字节（一个汉字 3 个字节）。"
    if button.get("sub_button"):
        return
    if button.get("type") not in ("click", "view", "scancode_push", "scancode_waitmsg"):
        yield f"{where}的类型要写 click、view、scancode_push 或 scancode_waitmsg。"
        return
    field, size = ("url", 1024) if button["type"] == "view" else ("key", 128)
    value = button.get(field)
    if not isinstance(value, str) or not value:
        yield f"{where}缺少 {field}。"
    elif len(value.encode()) > size:
        yield f"{where}的 {field} 太长，最多 {size} 个字节。"
    elif field == "url" and not value.startswith(("http://", "https://")):
        yield f"{where}的 url 要以 http:// 或 https:// 开头。"
