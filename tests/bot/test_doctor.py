"""`doctor` says in words what an administrator must mend, asking the platforms; and all is fine where all is fine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.config import Oidc, Settings, Telegram, WeChat
from bot.doctor import examine
from knowledge.db import now
from tests.bot.channels.program import AES_KEY, TOKEN
from tests.conftest import Run
from tests.simulators.oidc import BACK, CLIENT, Provider
from tests.simulators.oidc import SECRET as CLIENT_SECRET
from tests.simulators.oidc import World as Realm
from tests.simulators.telegram import Simulator
from tests.simulators.telegram.world import Hook
from tests.simulators.wechat import Account, Api, World, serving
from tests.simulators.wechat.serving import listening

APPID, SECRET = "wx0123456789abcdef", "0123456789abcdef0123456789abcdef"
HOOK = "https://bot.example.edu/hook/telegram"


@pytest.fixture(scope="module")
def telegram() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def wechat() -> Iterator[tuple[Api, str]]:
    api = Api(World())
    with serving(api) as address:
        yield api, address


def found(url: str, **accounts: Any) -> tuple[list[str], list[str]]:
    """What is said to be fine, and what not."""
    said = list(examine(Settings(database_url=url, dense="off", _env_file=None, **accounts)))  # type: ignore[call-arg]
    return [sentence for fine, sentence in said if fine], [sentence for fine, sentence in said if not fine]


@pytest.mark.parametrize(
    ("account", "setting", "word"),
    [
        ({}, {}, ""),
        ({}, {"aes_key": None}, ""),
        ({}, {"secret": None}, "BULIXIAN_WECHAT__SECRET"),
        ({}, {"token": None}, "BULIXIAN_WECHAT__TOKEN"),
        ({}, {"token": "no"}, "3 到 32"),
        ({}, {"aes_key": AES_KEY[:42]}, "43"),
        ({}, {"appid": "gh_0123456789ab"}, "errcode 40013|原始 ID"),
        ({}, {"appid": "wx 01"}, "AppID 不对"),
        ({}, {"secret": "0" * 32}, "errcode 40125"),
        ({"listed": False}, {}, "errcode 40164,IP 127.0.0.1"),
        ({"capability": "unverified"}, {}, "没有客服消息的权限"),
        ({"capability": "unverified"}, {"capability": "unverified"}, ""),
        ({"capability": "subscription_verified"}, {"template": "T1"}, "没有模板消息的权限"),
        ({}, {"template": "T1"}, ""),
        ({}, {"api_base_url": "http://127.0.0.1:9"}, "连不上"),
        ({}, {"api_base_url": "ftp://x"}, "BULIXIAN_WECHAT__API_BASE_URL"),
    ],
)
def test_wechat(sqlite_url: str, wechat: tuple[Api, str], account: dict[str, Any], setting: dict[str, Any], word: str) -> None:
    api, address = wechat
    api.world = World(Account(APPID, SECRET, **account))
    given = {"appid": APPID, "secret": SECRET, "token": TOKEN, "aes_key": AES_KEY, "api_base_url": address, **setting}
    good, bad = found(sqlite_url, wechat=WeChat(**given))
    assert all(any(part in sentence for sentence in bad) for part in word.split("|")) if word else not bad, bad
    assert not any(secret in sentence for sentence in (*good, *bad) for secret in (SECRET, TOKEN, AES_KEY, AES_KEY[:42]))
    assert not api.world.people, "nobody was written to"


def stands(url: str, secret: str = "s") -> Callable[[Simulator], None]:
    def put(simulator: Simulator) -> None:
        simulator.world.hook = Hook(url, secret, 40)

    return put


def failing(simulator: Simulator) -> None:
    stands(HOOK)(simulator)
    simulator.world.deliveries.append((1, 503, 0.0))


@pytest.mark.parametrize(
    ("happens", "setting", "word"),
    [
        (None, {}, ""),
        (stands("https://other.example/secret-path"), {}, "https://other.example（webhook）"),
        (stands(HOOK), {"webhook_secret": "s", "public_url": "https://bot.example.edu/"}, ""),
        (stands(HOOK), {"webhook_secret": "s"}, ""),
        (stands(HOOK), {"webhook_secret": "s", "public_url": "https://new.example.edu"}, "而是 https://bot.example.edu"),
        (None, {"webhook_secret": "s", "public_url": "https://new.example.edu"}, "还没有设"),
        (None, {"webhook_secret": "s"}, "BULIXIAN_TELEGRAM__PUBLIC_URL"),
        (failing, {"webhook_secret": "s"}, "503"),
        (None, {"webhook_secret": "not allowed"}, "BULIXIAN_TELEGRAM__WEBHOOK_SECRET|BULIXIAN_TELEGRAM__PUBLIC_URL"),
        (None, {"token": "123456:wrong-token_00000000000000000000000"}, "不认这个令牌"),
        (None, {"token": "a b"}, "令牌不对"),
        (None, {"base_url": "http://127.0.0.1:9/bot"}, "BULIXIAN_TELEGRAM__PROXY"),
        (None, {"proxy": "what"}, "代理"),
    ],
)
def test_telegram(sqlite_url: str, telegram: Simulator, happens: Callable[[Simulator], None] | None, setting: dict[str, str], word: str) -> None:
    from tests.simulators.telegram import World as Bots

    telegram.world = Bots()
    if happens:
        happens(telegram)
    given: dict[str, Any] = {"token": telegram.world.token, "base_url": telegram.base_url, "base_file_url": telegram.base_file_url, **setting}
    good, bad = found(sqlite_url, telegram=Telegram(**given))
    assert all(any(part in sentence for sentence in bad) for part in word.split("|")) if word else not bad, bad
    assert not any(secret in sentence for sentence in (*good, *bad) for secret in (given["token"], "secret-path", "not allowed"))


@pytest.mark.parametrize(
    ("setting", "claimed", "word"),
    [
        ({}, {}, ""),
        ({"client_secret": "another"}, {}, "BULIXIAN_OIDC__CLIENT_SECRET"),
        ({"client_id": "other"}, {}, "BULIXIAN_OIDC__CLIENT_ID"),
        ({"client_id": ""}, {}, "缺 BULIXIAN_OIDC__CLIENT_ID"),
        ({"issuer": ""}, {}, "缺 BULIXIAN_OIDC__ISSUER"),
        ({"issuer": "http://127.0.0.1:9"}, {}, "连不上"),
        ({}, {"issuer": "https://evil.test"}, "和 BULIXIAN_OIDC__ISSUER 不一样"),
        ({}, {"jwks_uri": "https://evil.test"}, "不都在"),
    ],
)
def test_school(sqlite_url: str, setting: dict[str, Any], claimed: dict[str, Any], word: str) -> None:
    provider = Provider(Realm(now, claimed=claimed))
    with listening(provider.app) as address:
        provider.world.issuer = f"{address}/realm"
        given = {"issuer": provider.world.issuer, "client_id": CLIENT, "client_secret": CLIENT_SECRET, **setting}
        good, bad = found(sqlite_url, oidc=Oidc(**given), public_url="http://bulixian.test/")
    assert (len(bad) == 1 and word in bad[0]) if word else not bad, bad
    assert word or any(BACK in sentence for sentence in good)
    assert CLIENT_SECRET not in str((good, bad))
    assert not any("统一身份认证" in sentence for sentence in (*found(sqlite_url)[0], *found(sqlite_url)[1]))


def test_the_command_ends_with_3_where_the_environment_is_broken(run: Run, wechat: tuple[Api, str], monkeypatch: pytest.MonkeyPatch) -> None:
    api, address = wechat
    api.world = World(Account(APPID, SECRET))
    for name, value in {"APPID": APPID, "SECRET": SECRET, "TOKEN": TOKEN, "API_BASE_URL": address}.items():
        monkeypatch.setenv(f"BULIXIAN_WECHAT__{name}", value)
    monkeypatch.delenv("BULIXIAN_TODAY")
    assert run("doctor").exit_code == 0
    monkeypatch.setenv("BULIXIAN_WECHAT__SECRET", "0" * 32)
    broken = run("doctor")
    assert broken.exit_code == 3
    assert "✗ 微信不认这个 AppSecret" in broken.stdout
