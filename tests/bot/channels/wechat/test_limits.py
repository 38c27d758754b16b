"""The window model, the capability profiles and what a custom menu may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.channels.wechat.limits import CAPABILITIES, Route, menu_faults
from bot.channels.wechat.receive import Kind, Received

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
TWO_DAYS, MINUTE = timedelta(hours=48), timedelta(minutes=1)


def push(kind: Kind, at: datetime = AT, *, answerable: bool = True) -> Received:
    return Received("key", "wx1", "gh_1", "o1", kind, "", at, answerable=answerable)


def test_capabilities() -> None:
    assert CAPABILITIES["service_verified"] == set(Route) - {Route.SLICES}, "that is a passive reply, counted otherwise"
    assert CAPABILITIES["subscription_verified"] == {Route.PASSIVE, Route.CUSTOMER, Route.MASS, Route.MENU}
    assert CAPABILITIES["unverified"] == {Route.PASSIVE}


def click(name: str = "补贴", **more: Any) -> dict[str, Any]:
    return {"type": "click", "name": name, "key": "K"} | more


GOOD = {"button": [click(), {"name": "更多", "sub_button": [click("官网", type="view", url="https://a.example.invalid")]}]}


@pytest.mark.parametrize(
    ("menu", "words"),
    [
        (GOOD, []),
        ({}, ["1 到 3 个"]),
        ({"button": []}, ["1 到 3 个"]),
        ({"button": [click()] * 4}, ["1 到 3 个"]),
        ({"button": [click("五个汉字长")]}, []),
        ({"button": [click("六个汉字很长")]}, ["16 个字节"]),
        ({"button": [click(""), click(key="")]}, ["没有名字", "缺少 key"]),
        ({"button": [click(key="k" * 129)]}, ["128"]),
        ({"button": [click(type="view", url="https://" + "a" * 1017)]}, ["1024"]),
        ({"button": [click(type="view", url="javascript:alert(1)")]}, ["http"]),
        ({"button": [click(type="dance")]}, ["类型"]),
        ({"button": ["x"]}, ["没有名字"]),
        ({"button": [{"name": "更多", "sub_button": [click()] * 6}]}, ["最多放 5 个"]),
        ({"button": [{"name": "更多", "sub_button": [click("长" * 20), click("长" * 21)]}]}, ["第 2 个子菜单的名字"]),
    ],
)
def test_menus(menu: dict[str, Any], words: list[str]) -> None:
    faults = menu_faults(menu)
    assert len(faults) == len(words)
    assert all(word in fault and fault.endswith("。") for word, fault in zip(words, faults, strict=True))
