"""The API client against the enforcing platform: tokens, each call, each way of failing, and what the log may hold."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.channels import Fate, Outcome
from bot.channels.wechat.reply import bodies, text_body
from bot.channels.wechat.send import Media, QrCode, Token, WeChat
from dialogs.messages import Choice, Say
from tests.simulators.wechat import Account, Api, World, serving

CUSTOM, HELLO = "message/custom/send", text_body("你好")


class Tokens:
    """What processes share, in memory."""

    def __init__(self) -> None:
        self.held: dict[str, Token] = {}
        self.gate = threading.Lock()

    def get(self, appid: str) -> Token | None:
        return self.held.get(appid)

    def put(self, appid: str, token: Token) -> None:
        self.held[appid] = token

    def lock(self, appid: str) -> AbstractContextManager[Any]:
        return self.gate


@pytest.fixture
def api() -> Api:
    api = Api(World())
    api.world.wrote("o1")
    api.world.person("o2")
    api.world.templates["TPL"] = ("thing1", "character_string2", "time3")
    api.world.tags[100] = {"o1", "o2"}
    return api


@pytest.fixture
def address(api: Api) -> Iterator[str]:
    with serving(api) as address:
        yield address


@pytest.fixture
def wechat(api: Api, address: str) -> Iterator[WeChat]:
    client = client_of(api, address)
    yield client
    client.close()


def client_of(api: Api, address: str, tokens: Tokens | None = None, account: Account | None = None) -> WeChat:
    account = account or api.world.account
    return WeChat(account.appid, account.secret, tokens or Tokens(), api.world.clock.now, address)


def outcome(found: object) -> Outcome:
    assert isinstance(found, Outcome), found
    return found


def test_a_message_arrives_as_it_was_said(wechat: WeChat, api: Api) -> None:
    assert wechat.customer("o1", text_body("你好😀]]>\n\"'\\u4f60")) == Outcome(Fate.SENT, "ok")
    assert api.world.person("o1").texts() == ["你好😀]]>\n\"'\\u4f60"]


@pytest.mark.parametrize("odd", ["a\x01b", "a\ud800b", "a\x00b"])
def test_what_json_would_escape_is_left_out(wechat: WeChat, api: Api, odd: str) -> None:
    assert wechat.customer("o1", text_body(odd)).fate is Fate.SENT
    assert wechat.template("o1", "TPL", VALUES | {"thing1": odd}).fate is Fate.SENT
    assert api.world.person("o1").seen[0].text == "ab"


def test_time_outs_are_as_the_rules_say() -> None:
    client = client_of(Api(World()), "http://127.0.0.1:9")
    assert (client.http.timeout.connect, client.http.timeout.read, client.http.timeout.write) == (3, 5, 5)


def test_a_menu_arrives_with_its_ids(wechat: WeChat, api: Api) -> None:
    (body,) = bodies([Say("选一个", (Choice("问老师", "go/human"),))], 12)
    assert wechat.customer("o1", body).fate is Fate.SENT
    assert api.world.person("o1").seen[0].menu == (("1201", "问老师"),)


def test_one_token_serves_all_calls(wechat: WeChat, api: Api) -> None:
    for _ in range(3):
        wechat.customer("o1", HELLO)
    assert api.world.books["calls/stable_token"] == 1


def test_sixteen_threads_of_two_processes_fetch_one_token(api: Api, address: str) -> None:
    tokens = Tokens()
    clients = [client_of(api, address, tokens), client_of(api, address, tokens)]
    api.world.person("o1").windows["message"].left = 16
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda number: clients[number % 2].customer("o1", HELLO), range(16)))
    assert {one.fate for one in found} == {Fate.SENT}
    assert api.world.books["calls/stable_token"] == 1
    for client in clients:
        client.close()


def test_a_token_that_lapses_is_renewed_before_and_after(wechat: WeChat, api: Api) -> None:
    wechat.customer("o1", HELLO)
    api.world.clock.advance(seconds=7200 - 30)
    assert wechat.customer("o1", HELLO).fate is Fate.SENT
    assert api.world.books["calls/stable_token"] == 2
    assert api.world.books["errcode/42001"] == 0


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_refused_token_is_renewed_once_and_the_call_repeated_once(wechat: WeChat, api: Api, code: int) -> None:
    api.fail(CUSTOM, "errcode", code)
    assert wechat.customer("o1", HELLO).fate is Fate.SENT
    assert api.world.person("o1").texts() == ["你好"]


def test_a_token_killed_elsewhere_is_fetched_again_without_force(wechat: WeChat, api: Api) -> None:
    wechat.customer("o1", HELLO)
    api.world.kill_stable()
    assert wechat.customer("o1", HELLO).fate is Fate.SENT
    assert [body["force_refresh"] for path, body in api.requests if path == "stable_token"] == [False, False]


def test_a_token_that_stays_refused_is_forced_once_and_then_stops(wechat: WeChat, api: Api) -> None:
    api.fail(CUSTOM, "errcode", 40001, times=9)
    assert wechat.customer("o1", HELLO) == Outcome(Fate.STOPPED, "token")
    assert api.world.books[f"calls/{CUSTOM}"] == 2
    assert [body["force_refresh"] for path, body in api.requests if path == "stable_token"] == [False, False, True]


def test_many_threads_renew_a_refused_token_once(wechat: WeChat, api: Api) -> None:
    wechat.customer("o1", HELLO)
    api.world.kill_stable()
    api.world.person("o1").windows["message"].left = 9
    with ThreadPoolExecutor(8) as pool:
        assert {one.fate for one in pool.map(lambda _: wechat.customer("o1", HELLO), range(8))} == {Fate.SENT}
    assert api.world.books["calls/stable_token"] == 2


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [(Account(secret="wrong-secret"), "secret"), (Account(appid="wxother"), "appid")],
)
def test_wrong_credentials_stop_the_account(api: Api, address: str, wrong: Account, reason: str) -> None:
    client = client_of(api, address, account=wrong)
    assert client.customer("o1", HELLO) == Outcome(Fate.STOPPED, reason)
    client.close()


@pytest.mark.parametrize(
    ("kind", "value", "fate"),
    [
        ("errcode", 40164, Fate.STOPPED),
        ("errcode", 40002, Fate.STOPPED),
        ("errcode", 45009, Fate.CLOSED),
        ("errcode", -1, Fate.AGAIN),
        ("http", 502, Fate.AGAIN),
        ("html", 0, Fate.AGAIN),
        ("drop", 0, Fate.AGAIN),
    ],
)
def test_without_a_token_the_message_has_not_left(wechat: WeChat, api: Api, kind: str, value: int, fate: Fate) -> None:
    api.fail("stable_token", kind, value)
    assert wechat.customer("o1", HELLO).fate is fate
    assert api.world.person("o1").texts() == []


@pytest.mark.parametrize(
    ("kind", "value", "seen"),
    [("http", 500, 0), ("http", 502, 0), ("html", 0, 1), ("drop", 0, 1), ("slow", 1, 1)],
)
def test_where_no_answer_came_it_stays_open(wechat: WeChat, api: Api, kind: str, value: float, seen: int) -> None:
    wechat.http.timeout = httpx.Timeout(0.5)
    api.fail(CUSTOM, kind, value)
    assert wechat.customer("o1", HELLO).fate is Fate.UNKNOWN
    assert len(api.world.person("o1").seen) == seen


def test_nobody_listens(api: Api) -> None:
    client = client_of(api, "http://127.0.0.1:9")
    client.tokens.put(client.appid, Token("t", client.now() + timedelta(hours=1)))
    assert client.customer("o1", HELLO).fate is Fate.AGAIN
    client.close()
    nowhere = client_of(api, "not an address")
    assert nowhere.customer("o1", HELLO) == Outcome(Fate.STOPPED, "api_base_url")
    nowhere.close()


def test_windows(wechat: WeChat, api: Api) -> None:
    assert [wechat.customer("o1", HELLO).fate for _ in range(6)] == [Fate.SENT] * 5 + [Fate.CLOSED]
    assert wechat.customer("o1", HELLO).reason == "window_used"
    assert wechat.customer("o2", HELLO).reason == "window_closed"
    assert wechat.customer("nobody", HELLO) == Outcome(Fate.GONE, "bad_handle")
    assert wechat.customer("o1", text_body("长" * 700)).reason == "too_long"


VALUES = {"thing1": "一次性求职补贴", "character_string2": "SUB-02", "time3": "2026-11-22 09:00"}


def test_template_messages(wechat: WeChat, api: Api) -> None:
    found = wechat.template("o1", "TPL", VALUES, "https://a.example.invalid", "c1")
    assert found.fate is Fate.SENT
    assert found.remote_id
    assert wechat.template("o2", "TPL", VALUES | {"thing1": "长" * 21}) == Outcome(Fate.REFUSED, "content")
    api.world.unfollow("o2")
    assert wechat.template("o2", "TPL", VALUES) == Outcome(Fate.GONE, "not_following")


@pytest.mark.parametrize("kind", ["drop", "html", "slow"])
def test_what_has_a_client_id_is_repeated_and_arrives_once(wechat: WeChat, api: Api, kind: str) -> None:
    wechat.http.timeout = httpx.Timeout(0.5)
    api.fail("message/template/send", kind, 1)
    assert wechat.template("o1", "TPL", VALUES, client_id="c1").fate is Fate.SENT
    assert [seen.via for seen in api.world.person("o1").seen] == ["template"]


@pytest.mark.parametrize("kind", ["drop", "html", "slow"])
def test_a_mass_send_is_repeated_by_its_caller_and_arrives_once(wechat: WeChat, api: Api, kind: str) -> None:
    wechat.http.timeout = httpx.Timeout(0.5)
    api.fail("message/mass/sendall", kind, 1)
    assert wechat.mass(HELLO, "m1", tag=100).fate is Fate.UNKNOWN
    assert wechat.mass(HELLO, "m1", tag=100) == Outcome(Fate.AGAIN, "too_soon", wait=timedelta(minutes=1))
    api.world.clock.advance(seconds=61)
    assert wechat.mass(HELLO, "m1", tag=100) == Outcome(Fate.SENT, "already_sent", remote_id=str(api.world.events[0]["MsgID"]))
    assert [seen.via for seen in api.world.person("o1").seen] == ["mass"]


def test_what_has_none_is_not_repeated(wechat: WeChat, api: Api) -> None:
    api.fail("message/template/send", "drop")
    assert wechat.template("o1", "TPL", VALUES).fate is Fate.UNKNOWN
    assert len(api.world.person("o1").seen) == 1


def test_notifications_need_an_acceptance_each(wechat: WeChat, api: Api) -> None:
    api.world.person("o1").accepted["TPL"] = 1
    assert wechat.notification("o1", "TPL", VALUES).fate is Fate.SENT
    assert wechat.notification("o1", "TPL", VALUES) == Outcome(Fate.CLOSED, "not_accepted")


def test_mass_sends(wechat: WeChat, api: Api) -> None:
    found = wechat.mass(HELLO, "m1", openids=["o1", "o2"])
    assert (found.fate, found.remote_id) == (Fate.SENT, str(api.world.events[0]["MsgID"]))
    api.world.clock.advance(seconds=61)
    assert wechat.mass(HELLO, "m1", openids=["o1", "o2"]) == Outcome(Fate.SENT, "already_sent", remote_id=found.remote_id)
    assert api.world.person("o1").texts() == ["你好"]
    assert api.requests[-1][1]["clientmsgid"] == "m1"
    wechat.mass(HELLO, "m2", tag=100)
    assert api.requests[-1][1]["filter"] == {"is_to_all": False, "tag_id": 100}


@pytest.mark.parametrize(
    "wrong", [{}, {"openids": ["o1"]}, {"tag": 1, "openids": ["o1", "o2"]}, {"tag": 1, "client_id": "x" * 65}, {"tag": 1, "client_id": ""}]
)
def test_mass_sends_that_cannot_be(wechat: WeChat, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="群发"):
        wechat.mass(HELLO, **({"client_id": "m"} | wrong))


def test_the_custom_menu(wechat: WeChat, api: Api) -> None:
    menu = {"button": [{"type": "click", "name": "补贴", "key": "MENU"}]}
    assert outcome(wechat.menu(menu)).fate is Fate.SENT
    assert api.world.menu == menu
    assert wechat.menu({"button": []}) == ["一级菜单要有 1 到 3 个。"]
    assert api.world.books["calls/menu/create"] == 1


def test_scene_codes(wechat: WeChat, api: Api) -> None:
    found = wechat.qr("bind_7Kq2", 600)
    assert isinstance(found, QrCode)
    assert found.seconds == 600
    assert api.world.scenes[found.ticket][0] == "bind_7Kq2"
    for scene, seconds in (("", 600), ("长" * 65, 600), ("a", 0), ("a", 2_592_001)):
        with pytest.raises(ValueError, match="二维码"):
            wechat.qr(scene, seconds)


def test_media(wechat: WeChat, api: Api) -> None:
    api.world.media |= {
        "M": (api.world.clock.now(), b"\xff\xd8image", "image/jpeg"),
        "V": (api.world.clock.now(), b'{"video_url":"http://a"}', "text/plain"),
    }
    assert wechat.media("M") == Media(b"\xff\xd8image", "image/jpeg")
    assert wechat.media("M", 3) == Outcome(Fate.REFUSED, "too_big")
    assert wechat.media("V") == Outcome(Fate.REFUSED, "no_medium")
    assert wechat.media("none") == Outcome(Fate.REFUSED, "media")
    api.world.kill_stable()
    assert wechat.media("M") == Media(b"\xff\xd8image", "image/jpeg")
    api.fail("media/get", "http", 502)
    assert outcome(wechat.media("M")).fate is Fate.AGAIN
    api.fail("media/get", "drop")
    assert outcome(wechat.media("M")).fate is Fate.AGAIN
    api.world.clock.advance(days=3, seconds=1)
    assert wechat.media("M") == Outcome(Fate.REFUSED, "media")


@pytest.mark.parametrize("capability", ["subscription_verified", "unverified"])
def test_what_an_account_may_not_do(capability: str) -> None:
    api = Api(World(Account(capability=capability)))
    api.world.wrote("o1")
    api.world.templates["TPL"] = tuple(VALUES)
    with serving(api) as address:
        client = client_of(api, address)
        assert client.template("o1", "TPL", VALUES) == Outcome(Fate.OFF, "not_allowed")
        assert client.customer("o1", HELLO).fate is (Fate.SENT if capability == "subscription_verified" else Fate.OFF)
        client.close()


def test_no_secret_and_no_person_in_any_log(wechat: WeChat, api: Api, address: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "httpx")  # the other channel turns it down
    with capture_logs() as logs:
        wechat.customer("o1", text_body("我叫欧阳测试"))
        wechat.media("none")
        api.fail(CUSTOM, "errcode", 40001, times=2)
        wechat.customer("o1", text_body("我叫欧阳测试"))
        api.fail(CUSTOM, "drop")
        wechat.customer("o1", text_body("我叫欧阳测试"))
    written = caplog.text + repr(logs) + repr(wechat) + repr(wechat.tokens.get(wechat.appid))
    assert "HTTP Request" in written
    assert "errcode" in written
    token = wechat.tokens.get(wechat.appid)
    assert token
    for secret in (token.value, "STABLE_", wechat.secret, "欧阳", 'o1"'):
        assert secret not in written
