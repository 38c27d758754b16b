"""The simulator's phone side: pushes in every form, three tries, answers held to the rules; and the simulator run alone."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.wechat.envelope import Keys
from bot.channels.wechat.receive import Kind, Received, greeting, receive
from bot.channels.wechat.reply import passive_bytes
from tests.simulators.wechat import Account, People, World
from tests.simulators.wechat.caller import HELLO, VALUES, Caller, town
from tests.simulators.wechat.envelope import encrypt, sign, xml
from tests.simulators.wechat.people import FAULT
from tests.simulators.wechat.serving import listening

TOKEN, KEY = "lixiaobulixian", "CareerDemoKeyCareerDemoKeyCareerDemoKey0123"


@pytest.fixture
def world() -> World:
    return town()


@pytest.fixture
def call(world: World) -> Caller:
    return Caller(world)


class Hook:
    """A program that answers each text with `say`, in the way the case asks for."""

    def __init__(self, world: World, aes_key: str | None = None) -> None:
        self.world, self.keys = world, Keys(TOKEN, world.account.appid, aes_key)
        self.say = "收到"
        self.got: list[Received] = []
        self.answers: list[Response | float] = []
        """What the next tries are answered with instead, or how late."""
        self.app = Starlette(routes=[Route("/hook", self.handle, methods=["GET", "POST"])])

    async def handle(self, request: Request) -> Response:
        if request.method == "GET":
            echo = greeting(request.query_params, self.keys, self.world.clock.now())
            return Response(echo) if isinstance(echo, str) else Response(status_code=echo.status)
        found = receive(request.query_params, await request.body(), self.keys, self.world.clock.now())
        if not isinstance(found, Received):
            return Response(status_code=found.status)
        self.got.append(found)
        instead = self.answers.pop(0) if self.answers else 0.0
        if isinstance(instead, Response):
            return instead
        await asyncio.sleep(instead)
        return Response(passive_bytes(found, self.say, self.keys, self.world.clock.now()))


def people_of(world: World, hook: Hook, mode: str = "plain", push_format: str = "xml", patience: float = 5.0) -> People:
    transport = httpx.ASGITransport(hook.app)
    return People(world, "http://bot.test/hook", TOKEN, None if mode == "plain" else KEY, mode, push_format, patience, transport)


MODES = [(mode, push_format) for mode in ("plain", "compat", "safe") for push_format in ("xml", "json")]


@pytest.mark.parametrize(("mode", "push_format"), MODES)
async def test_a_conversation_in_every_form(world: World, mode: str, push_format: str) -> None:
    hook = Hook(world, None if mode == "plain" else KEY)
    people = people_of(world, hook, mode, push_format)
    assert await people.verify()
    await people.follow("o1", "bind_7Kq2")
    await people.text("o1", "你好]]>\x1d<a>")
    await people.image("o1", b"\xff\xd8")
    await people.decide("o1", {"TPL": True, "TPL2": False})
    await people.unfollow("o1")
    assert [found.kind for found in hook.got] == [Kind.SUBSCRIBE, Kind.TEXT, Kind.IMAGE, Kind.SUBSCRIBE_CHOICE, Kind.UNSUBSCRIBE]
    assert (hook.got[0].scene, hook.got[1].text) == ("bind_7Kq2", "你好]]><a>")
    assert [result.good for result in hook.got[3].results] == [True, False]
    assert [(seen.via, seen.text) for seen in world.person("o1").seen] == [("passive", "收到")] * 3
    assert world.books["faults"] == 0


async def test_no_answer_is_asked_for_three_times_with_the_same_id(world: World) -> None:
    hook = Hook(world)
    hook.answers = [1.0, 1.0, 1.0]
    push = await people_of(world, hook, patience=0.1).text("o1", "你好")
    assert [one.status for one in push.tries] == [0, 0, 0]
    assert len({found.key for found in hook.got}) == 1
    assert len(hook.got) == 3
    assert world.person("o1").texts() == [FAULT]


async def test_a_second_try_can_still_be_answered(world: World) -> None:
    hook = Hook(world)
    hook.answers = [Response(status_code=503), 0.5, 0.0]
    push = await people_of(world, hook, patience=0.2).text("o1", "你好")
    assert [one.status for one in push.tries] == [503, 0, 200]
    assert world.person("o1").texts() == ["收到"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<html>502</html>", "elements"),
        (b'{"MsgType":"text"}', "not xml"),
        (b"hello", "not xml"),
        (b"\xff", "not UTF-8"),
        (b"<xml><MsgType>text</MsgType>", "not xml"),
        (xml({"ToUserName": "o2", "FromUserName": "gh_0career0demo", "CreateTime": 1, "MsgType": "text", "Content": "x"}).encode(), "somebody"),
        (xml({"ToUserName": "o1", "FromUserName": "gh_0career0demo", "CreateTime": 1, "MsgType": "text", "Content": ""}).encode(), "empty"),
        (xml({"ToUserName": "o1", "FromUserName": "gh_0career0demo", "CreateTime": 1, "MsgType": "text", "Content": "长" * 700}).encode(), "long"),
        (xml({"ToUserName": "o1", "FromUserName": "gh_0career0demo", "CreateTime": "x", "MsgType": "text", "Content": "x"}).encode(), "CreateTime"),
        (xml({"Encrypt": "x"}).encode(), "plain mode"),
    ],
)
async def test_an_abnormal_answer_shows_the_fault_notice(world: World, body: bytes, problem: str) -> None:
    hook = Hook(world)
    hook.answers = [Response(body)]
    push = await people_of(world, hook).text("o1", "你好")
    assert problem in push.tries[0].problem
    assert world.person("o1").texts() == [FAULT]


def encrypted_reply(**wrong: str) -> bytes:
    inner = {"ToUserName": "o1", "FromUserName": "gh_0career0demo", "CreateTime": 1, "MsgType": "text", "Content": "好"}
    encrypted = encrypt(xml(inner), wrong.get("appid", Account.appid), wrong.get("key", KEY))
    signature = sign(wrong.get("token", TOKEN), "1", "2", encrypted)
    return xml({"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": 1, "Nonce": "2"}).encode()


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [({}, ""), ({"token": "other"}, "signature"), ({"appid": "wxother"}, "appid"), ({"key": "B" * 43}, ""), ({"plain": "yes"}, "not encrypted")],
)
async def test_an_encrypted_answer_is_checked(world: World, wrong: dict[str, str], problem: str) -> None:
    hook = Hook(world, KEY)
    inner = xml({"ToUserName": "o1", "FromUserName": "gh_0career0demo", "CreateTime": 1, "MsgType": "text", "Content": "好"}).encode()
    hook.answers = [Response(inner if "plain" in wrong else encrypted_reply(**wrong))]
    push = await people_of(world, hook, "safe").text("o1", "你好")
    assert problem in push.tries[0].problem
    assert push.fault == bool(wrong)


async def test_success_and_nothing_show_nothing(world: World) -> None:
    hook = Hook(world)
    hook.answers = [Response("success"), Response("")]
    people = people_of(world, hook)
    for _ in range(2):
        assert not (await people.text("o1", "你好")).fault
    assert world.person("o1").seen == []
    assert world.books["silent"] == 2


async def test_a_tap_comes_back_with_its_id_and_counts_as_a_click(world: World, call: Caller) -> None:
    hook = Hook(world)
    people = people_of(world, hook)
    world.wrote("o1")
    items = [{"id": "1201", "content": "问老师"}, {"id": "b", "content": "字母"}]
    menu = {"msgtype": "msgmenu", "msgmenu": {"head_content": "选", "list": items, "tail_content": ""}}
    assert await call.code("message/custom/send", {"touser": "o1", **menu}) == 0
    world.clock.advance(hours=48)
    await call.fetch()
    await people.tap("o1", "问老师")
    await people.tap("o1", "字母")
    assert [(found.kind, found.menu_id, found.text) for found in hook.got] == [(Kind.CHOICE, "1201", "问老师"), (Kind.TEXT, "", "字母")]
    assert [await call.custom("o1") for _ in range(4)] == [0, 0, 0, 45047]


async def test_a_scan_leads_back_to_its_scene_until_it_lapses(world: World, call: Caller) -> None:
    hook = Hook(world)
    people = people_of(world, hook)
    body = {"expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "bind"}}}
    ticket = (await call("qrcode/create", body))["ticket"]
    world.unfollow("o2")
    await people.scan("o1", ticket)
    await people.scan("o2", ticket)
    assert [(found.kind, found.scene) for found in hook.got] == [(Kind.SCAN, "bind"), (Kind.SUBSCRIBE, "bind")]
    world.clock.advance(minutes=10)
    assert await people.scan("o1", ticket) is None


async def test_what_was_sent_is_reported_to_the_hook(world: World, call: Caller) -> None:
    hook = Hook(world)
    people = people_of(world, hook)
    await call("message/template/send", {"touser": "o1", "template_id": "TPL", "data": VALUES})
    await call("message/mass/send", {"touser": ["o1", "o2"], **HELLO})
    world.person("o1").accepted["TPL"] = 1
    await call("message/subscribe/bizsend", {"touser": "o1", "template_id": "TPL", "data": VALUES})
    await people.deliver()
    assert [found.kind for found in hook.got] == [Kind.TEMPLATE_RESULT, Kind.MASS_RESULT, Kind.SUBSCRIBE_SENT]
    assert all(found.results[0].good and found.results[0].remote_id for found in hook.got)
    assert "weixin_system" not in world.people


@contextmanager
def alone(hook: str) -> Iterator[httpx.Client]:
    """The simulator as a program of its own, and a client to its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["--hook", hook, "--token", TOKEN, "--aes-key", KEY, "--port", str(port)]
    process = subprocess.Popen([sys.executable, "-m", "tests.simulators.wechat", *command], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert "safe" in process.stdout.readline()  # its socket is open from here on
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as http:
        yield http
    process.terminate()
    process.wait(10)
    process.stdout.close()


def test_alone_over_http() -> None:
    with listening(Hook(World(), KEY).app) as hook, alone(f"{hook}/hook") as http:
        assert http.post("/people/verify", json={}).json() == {"verified": True}
        told = http.post("/people/text", json={"from": "o1", "text": "你好"}).json()
        assert (told["text"], told["fault"], [one["status"] for one in told["tries"]]) == ("收到", False, [200])
        account = Account()
        body = {"grant_type": "client_credential", "appid": account.appid, "secret": account.secret}
        token = http.post("/cgi-bin/stable_token", json=body).json()["access_token"]
        send = f"/cgi-bin/message/custom/send?access_token={token}"
        assert http.post(send, json={"touser": "o1", **HELLO}).json()["errcode"] == 0
        http.post("/people/fault", json={"path": "message/custom/send", "kind": "drop"})
        with pytest.raises(httpx.RemoteProtocolError):
            http.post(send, json={"touser": "o1", **HELLO})
        seen = http.get("/people/seen", params={"from": "o1"}).json()
        assert ([one["via"] for one in seen["seen"]], seen["twice"]) == (["passive", "custom", "custom"], ["你好"])
        http.post("/people/clock", json={"seconds": 3600})
        assert http.post("/people/text", json={"from": "o1", "text": "你好"}).json()["fault"]  # the hook's clock stands an hour behind
        assert http.post("/people/dance", json={"from": "o1"}).status_code == 400
        assert http.get("/people/books").json()["calls/message/custom/send"] == 2


def test_alone_before_a_hook_that_is_not_there() -> None:
    with alone("http://127.0.0.1:9/hook") as http:
        told = http.post("/people/text", json={"from": "o1", "text": "你好"}).json()
        assert (told["fault"], [one["status"] for one in told["tries"]]) == (True, [0, 0, 0])
