"""The simulator keeps WeChat's rules: one that let things pass would make every other test worthless. Here the server side."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulators.wechat import Account, World
from tests.simulators.wechat.caller import HELLO, VALUES, Caller, town


@pytest.fixture
def world() -> World:
    return town()


@pytest.fixture
def call(world: World) -> Caller:
    return Caller(world)


async def test_five_in_two_days_after_a_message(world: World, call: Caller) -> None:
    assert await call.custom("o1") == 45015
    world.wrote("o1")
    assert [await call.custom("o1") for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    world.clock.advance(hours=48)
    await call.fetch()
    assert await call.custom("o1") == 45015
    assert world.person("o1").texts() == ["你好"] * 5
    assert world.person("o1").duplicates() == ["你好"]


async def test_three_in_a_minute_after_a_click_and_the_larger_remainder(world: World, call: Caller) -> None:
    world.clicked("o1")
    assert [await call.custom("o1") for _ in range(4)] == [0, 0, 0, 45047]
    world.clicked("o1")
    world.clock.advance(seconds=60)
    assert await call.custom("o1") == 45015
    world.wrote("o2")
    assert [await call.custom("o2") for _ in range(4)] == [0] * 4
    world.clicked("o2")
    assert [await call.custom("o2") for _ in range(4)] == [0, 0, 0, 45047]


async def test_who_can_be_written_to(world: World, call: Caller) -> None:
    world.wrote("o1")
    world.unfollow("o1")
    assert await call.custom("o1") == 45015
    assert await call.custom("nobody") == 40003
    assert await call.code("message/template/send", {"touser": "o1", "template_id": "TPL", "data": VALUES}) == 43004


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "text", "text": {"content": "a" * 2048}}, 0),
        ({"msgtype": "text", "text": {"content": "a" * 2049}}, 45002),
        ({"msgtype": "text", "text": {"content": "长" * 683}}, 45002),
        ({"msgtype": "text", "text": {"content": " "}}, 44004),
        ({"msgtype": "text", "text": "你好"}, 40008),
        ({"msgtype": "dance", "dance": {}}, 40008),
        ({"msgtype": "image", "image": {"media_id": "none"}}, 40007),
        ({"msgtype": "msgmenu", "msgmenu": {"head_content": "选", "list": [{"id": "1"}], "tail_content": ""}}, 40058),
        ({"msgtype": "msgmenu", "msgmenu": {"head_content": "选", "list": [{"id": "1", "content": "a" * 2048}]}}, 45002),
    ],
)
async def test_what_a_message_may_be(world: World, call: Caller, body: dict[str, Any], code: int) -> None:
    world.wrote("o1")
    assert await call.code("message/custom/send", {"touser": "o1", **body}) == code
    assert len(world.person("o1").seen) == (code == 0)


async def test_the_form_of_a_call(world: World, call: Caller) -> None:
    world.wrote("o1")
    body = {"touser": "o1", **HELLO}
    assert await call.code("message/custom/send", json.dumps(body).encode()) == 40033
    assert await call.code("message/custom/send", b"not json") == 47001
    assert await call.code("message/custom/send", body, "") == 41001
    assert await call.code("message/custom/send", body, "WRONG") == 40001
    assert await call.code("message/unknown", body) == 40066
    assert (await call.http.get("message/custom/send")).json()["errcode"] == 43002
    assert world.person("o1").seen == []


async def test_stable_tokens(world: World, call: Caller) -> None:
    world.wrote("o1")
    first = (await call.fetch())["access_token"]
    assert len(first) >= 500
    assert (await call.fetch())["access_token"] == first
    world.clock.advance(seconds=7200 - 299)
    second = (await call.fetch())["access_token"]
    assert second != first
    body = {"touser": "o1", **HELLO}
    assert await call.code("message/custom/send", body, first) == 0
    world.clock.advance(seconds=300)
    assert await call.code("message/custom/send", body, first) == 42001
    assert await call.code("message/custom/send", body, second) == 0


async def test_forced_tokens(world: World, call: Caller) -> None:
    first = (await call.fetch())["access_token"]
    assert (await call.fetch(force_refresh=True))["access_token"] != first
    assert await call.code("message/custom/send", {"touser": "o1", **HELLO}, first) == 40001
    assert (await call.fetch(force_refresh=True))["errcode"] == 45011
    for _ in range(19):
        world.clock.advance(seconds=30)
        assert "access_token" in await call.fetch(force_refresh=True)
    world.clock.advance(seconds=30)
    assert (await call.fetch(force_refresh=True))["errcode"] == 45009


async def test_plain_tokens_are_isolated(world: World, call: Caller) -> None:
    account = world.account
    query = {"grant_type": "client_credential", "appid": account.appid, "secret": account.secret}
    plain = [(await call.http.get("token", params=query)).json()["access_token"] for _ in range(2)]
    stable = (await call.fetch())["access_token"]
    assert len({*plain, stable}) == 3
    world.wrote("o1")
    body = {"touser": "o1", **HELLO}
    assert [await call.code("message/custom/send", body, token) for token in (*plain, stable)] == [0, 0, 0]
    world.clock.advance(minutes=5)
    assert [await call.code("message/custom/send", body, token) for token in (*plain, stable)] == [42001, 0, 0]


@pytest.mark.parametrize(
    ("more", "code"),
    [({"secret": "x"}, 40125), ({"secret": ""}, 41004), ({"appid": "x"}, 40013), ({"appid": ""}, 41002), ({"grant_type": "x"}, 40002)],
)
async def test_credentials(call: Caller, more: dict[str, str], code: int) -> None:
    assert (await call.fetch(**more))["errcode"] == code


async def test_quotas(world: World, call: Caller) -> None:
    world.wrote("o1")
    world.per_day["message/custom/send"] = 2
    assert [await call.custom("o1") for _ in range(3)] == [0, 0, 45009]
    world.clock.advance(days=1)
    await call.fetch()
    assert await call.custom("o1") == 0
    world.per_minute["message/custom/send"] = 1
    world.clock.advance(minutes=1)
    assert [await call.custom("o1") for _ in range(2)] == [0, 45011]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("thing1", "长" * 20, 0),
        ("thing1", "长" * 21, 47003),
        ("character_string2", "a" * 33, 47003),
        ("character_string2", "补贴", 47003),
        ("time3", "明天", 47003),
        ("thing1", "", 47003),
    ],
)
async def test_template_values(call: Caller, name: str, value: str, code: int) -> None:
    answer = await call("message/template/send", {"touser": "o1", "template_id": "TPL", "data": VALUES | {name: {"value": value}}})
    assert answer["errcode"] == code
    assert code == 0 or name in answer["errmsg"]


async def test_templates(world: World, call: Caller) -> None:
    body = {"touser": "o1", "template_id": "TPL", "data": VALUES, "client_msg_id": "c1"}
    assert await call.code("message/template/send", body | {"template_id": "NONE"}) == 40037
    assert [await call.code("message/template/send", body) for _ in range(2)] == [0, 0]
    assert len(world.person("o1").seen) == 1
    world.clock.advance(minutes=10)
    await call("message/template/send", body)
    assert len(world.person("o1").seen) == 2
    world.person("o2").blocked = True
    await call("message/template/send", body | {"touser": "o2"})
    assert world.person("o2").seen == []
    assert [event["Status"] for event in world.events] == ["success", "success", "failed:user block"]


async def test_a_notification_takes_an_acceptance(world: World, call: Caller) -> None:
    body = {"touser": "o1", "template_id": "TPL", "data": VALUES}
    assert await call.code("message/subscribe/bizsend", body) == 43101
    world.person("o1").accepted["TPL"] = 1
    assert [await call.code("message/subscribe/bizsend", body) for _ in range(2)] == [0, 43101]


async def test_four_mass_messages_a_month(world: World, call: Caller) -> None:
    codes = [await call.code("message/mass/send", {"touser": ["o1", "o2"], "clientmsgid": f"m{n}", **HELLO}) for n in range(5)]
    assert codes == [0] * 5
    assert len(world.person("o1").seen) == 4
    assert [world.events[-1][f"{name}Count"] for name in ("Total", "Filter", "Sent", "Error")] == [2, 0, 0, 0]
    world.clock.advance(days=31)
    await call.fetch()
    await call("message/mass/send", {"touser": ["o1", "o2"], **HELLO})
    assert len(world.person("o1").seen) == 5


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"touser": ["o1"]}, 40130),
        ({"touser": ["o1"] * 10_001}, 40130),
        ({"touser": ["o1", "o2"], "clientmsgid": "x" * 65}, 45067),
        ({"filter": {"is_to_all": False, "tag_id": 7}}, 45159),
        ({"filter": {"is_to_all": False, "group_id": 100}}, 45159),
        ({"filter": {"is_to_all": False, "tag_id": 100}}, 0),
        ({}, 47001),
    ],
)
async def test_who_a_mass_message_goes_to(call: Caller, body: dict[str, Any], code: int) -> None:
    assert await call.code("message/mass/sendall", {**body, **HELLO}) == code


async def test_mass_sends_are_known_by_their_id_and_limited(world: World, call: Caller) -> None:
    body = {"filter": {"is_to_all": True}, "clientmsgid": "m1", **HELLO}
    first = await call("message/mass/sendall", body)
    assert await call.code("message/mass/sendall", body) == 45066
    world.clock.advance(seconds=61)
    again = await call("message/mass/sendall", body)
    assert (again["errcode"], again["msg_id"]) == (45065, first["msg_id"])
    assert len(world.person("o1").seen) == 1
    assert await call.code("message/mass/sendall", body | {"clientmsgid": "m2"}) == 45028
    world.per_minute["message/mass/sendall"] = 2
    assert await call.code("message/mass/sendall", body | {"clientmsgid": "m3"}) == 45011


async def test_a_protected_mass_send_waits_for_the_administrator(world: World, call: Caller) -> None:
    world.mass_protection = True
    one, two, three, _ = [(await call("message/mass/send", {"touser": ["o1", "o2"], **HELLO}))["msg_id"] for _ in range(4)]
    assert world.person("o1").seen == []
    assert world.confirm_mass(one)
    assert not world.confirm_mass(two, agrees=False)
    world.clock.advance(minutes=31)
    assert not world.confirm_mass(three)
    world.forget_mass()
    assert len(world.person("o1").seen) == 1
    assert [event["Status"] for event in world.events] == ["send success", "err(40001)", "err(40002)", "err(40002)"]


@pytest.mark.parametrize(
    ("menu", "code"),
    [
        ({"button": [{"type": "click", "name": "补贴", "key": "K"}]}, 0),
        ({"button": []}, 40016),
        ({"button": [{"type": "click", "name": "六个汉字很长", "key": "K"}]}, 40018),
        ({"button": [{"type": "click", "name": "补贴", "key": "k" * 129}]}, 40019),
        ({"button": [{"type": "view", "name": "补贴", "url": "u" * 1025}]}, 40020),
        ({"button": [{"name": "更多", "sub_button": [{"type": "click", "name": "一", "key": "K"}] * 6}]}, 40023),
        ({"button": [{"name": "更多", "sub_button": [{"type": "click", "name": "长" * 21, "key": "K"}]}]}, 40025),
    ],
)
async def test_menus(call: Caller, menu: dict[str, Any], code: int) -> None:
    assert await call.code("menu/create", menu) == code


async def test_scene_codes(world: World, call: Caller) -> None:
    body = {"expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "bind"}}}
    assert world.scenes[(await call("qrcode/create", body))["ticket"]][0] == "bind"
    assert world.scenes[(await call("qrcode/create", body | {"action_info": {"scene_str": "bind"}}))["ticket"]][0] == "0"
    assert await call.code("qrcode/create", body | {"expire_seconds": 2_592_001}) == 40052


@pytest.mark.parametrize(
    ("capability", "allowed"),
    [("service_verified", {"custom", "template", "mass", "to_all"}), ("subscription_verified", {"custom", "to_all"}), ("unverified", set())],
)
async def test_what_an_account_may_do(capability: str, allowed: set[str]) -> None:
    world = World(Account(capability=capability))
    world.wrote("o1")
    world.templates["TPL"] = tuple(VALUES)
    call = Caller(world)
    codes = {
        "custom": await call.custom("o1"),
        "template": await call.code("message/template/send", {"touser": "o1", "template_id": "TPL", "data": VALUES}),
        "mass": await call.code("message/mass/send", {"touser": ["o1", "o2"], **HELLO}),
        "to_all": await call.code("message/mass/sendall", {"filter": {"is_to_all": True}, **HELLO}),
    }
    assert codes == {name: 0 if name in allowed else 48001 for name in codes}
    if capability == "subscription_verified":
        assert await call.code("message/mass/sendall", {"filter": {"is_to_all": True}, **HELLO}) == 45028
