"""The window model, the capability profiles and what a custom menu may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.channels.wechat.limits import CAPABILITIES, Open, Route, Window, menu_faults
from bot.channels.wechat.receive import Kind, Received

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
TWO_DAYS, MINUTE = timedelta(hours=48), timedelta(minutes=1)


def push(kind: Kind, at: datetime = AT, *, answerable: bool = True) -> Received:
    return Received("key", "wx1", "gh_1", "o1", kind, "", at, answerable=answerable)


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.IMAGE, Kind.VOICE, Kind.VIDEO, Kind.LOCATION, Kind.LINK, Kind.OTHER])
def test_a_message_opens_five_for_two_days(kind: Kind) -> None:
    window = Window().heard(push(kind))
    assert window.open(AT + TWO_DAYS - MINUTE) == Open(5, AT + TWO_DAYS)
    assert window.open(AT + TWO_DAYS) is None
    assert window.sent(4).open(AT) == Open(1, AT + TWO_DAYS)
    assert window.sent(5).open(AT) is None
    assert window.used_up().open(AT) is None


@pytest.mark.parametrize("kind", [Kind.CHOICE, Kind.CLICK, Kind.SUBSCRIBE, Kind.SCAN])
def test_a_click_opens_three_for_a_minute(kind: Kind) -> None:
    window = Window().heard(push(kind))
    assert window.open(AT) == Open(3, AT + MINUTE)
    assert window.open(AT + MINUTE) is None


@pytest.mark.parametrize("kind", [Kind.VIEW, Kind.TEMPLATE_RESULT, Kind.MASS_RESULT, Kind.SUBSCRIBE_CHOICE, Kind.REVOKE, Kind.MODIFIED])
def test_what_opens_nothing(kind: Kind) -> None:
    assert Window().heard(push(kind)).open(AT) is None
    assert Window().heard(push(Kind.OTHER, answerable=False)).open(AT) is None


def test_of_two_windows_the_larger_remainder_counts() -> None:
    later = AT + timedelta(hours=1)
    window = Window().heard(push(Kind.TEXT)).sent(4).heard(push(Kind.CLICK, later))
    assert window.open(later) == Open(3, later + MINUTE)
    assert window.open(later + MINUTE) == Open(1, AT + TWO_DAYS)
    assert window.sent().open(later) == Open(2, later + MINUTE)
    assert window.sent().open(later + MINUTE) is None
    assert Window(AT, 2, AT, 0).open(AT) == Open(3, AT + TWO_DAYS)


def test_a_new_message_opens_five_again_and_a_late_one_nothing() -> None:
    window = Window().heard(push(Kind.TEXT)).sent(5)
    assert window.heard(push(Kind.TEXT, AT + MINUTE)).open(AT + MINUTE) == Open(5, AT + MINUTE + TWO_DAYS)
    assert window.heard(push(Kind.TEXT, AT - MINUTE)) == window
    assert window.heard(push(Kind.TEXT)) == window


def test_our_clock_may_be_behind_the_platforms() -> None:
    assert Window().heard(push(Kind.TEXT)).open(AT - timedelta(seconds=30)) is not None


def test_unfollowing_shuts_all() -> None:
    assert Window().heard(push(Kind.TEXT)).heard(push(Kind.UNSUBSCRIBE, answerable=False)) == Window()


def test_capabilities() -> None:
    assert CAPABILITIES["service_verified"] == set(Route)
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
