"""Login by the school's identity provider, through both servers as a browser goes: who comes in, and every way we know to come in wrongly."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import structlog
from pydantic import SecretStr, ValidationError
from sqlalchemy import func, select, update

from bot.app import App
from bot.audit import Audit
from bot.config import Clock, Oidc, Settings
from bot.web.console import staff
from bot.web.console.oidc import AGAIN, KEPT, LEEWAY, LIFE
from bot.web.console.pages import OPEN, open_pages
from bot.web.console.staff import LoginTry, Session, Staff
from knowledge.policy.search import PolicySearch
from tests.bot.test_console import URL, WORD, Browser, enrol, light
from tests.conftest import TODAY, settings_for
from tests.simulators.oidc import BACK, CLIENT, KEYS, SECRET, SLOW, Provider, World, sign
from tests.simulators.wechat.serving import listening

__all__ = ["light"]
NAME = "学校统一身份认证"


@pytest.fixture(scope="module")
def provider() -> Iterator[tuple[Provider, str]]:
    made = Provider(World(Clock().now))
    with listening(made.app) as address:
        yield made, f"{address}/realm"


@pytest.fixture
def settings(provider: tuple[Provider, str]) -> Callable[..., Settings]:
    def of(url: str, **more: Any) -> Settings:
        given = {"issuer": provider[1], "client_id": CLIENT, "client_secret": SECRET, **more}
        return settings_for(url).model_copy(update={"oidc": Oidc(**given), "public_url": URL})

    return of


@pytest.fixture
def start(settings: Callable[..., Settings], search: PolicySearch, provider: tuple[Provider, str]) -> Iterator[Callable[..., App]]:
    """The program with the login; nothing of a secret or a person may be in what it logs meanwhile."""
    running: list[App] = []

    def of(url: str, **more: Any) -> App:
        app = App(settings(url, **more), Clock(TODAY), search)
        running.append(app)
        provider[0].world = World(app.clock.now, issuer=provider[1])
        enrol(app, "wang", "eye")
        return app

    with structlog.testing.capture_logs() as logs:
        yield of
    for app in running:
        app.close()
    for canary in (SECRET, "wang", "mallory", *filter(None, provider[0].world.given)):
        assert canary not in json.dumps(logs, ensure_ascii=False)


@pytest.fixture
def school(start: Callable[..., App], sqlite_url: str, provider: tuple[Provider, str]) -> tuple[App, World]:
    return start(sqlite_url), provider[0].world


def begun(browser: Browser) -> str:
    """Where the button leads."""
    response = browser.get("/oidc")
    assert response.status_code == 303, response.text
    return response.headers["location"]


def agreed(location: str) -> str:
    """Where the provider leads back to, as a path of the console."""
    answer = httpx.get(location, trust_env=False)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"]).removeprefix(f"{URL}/console")


def entered(browser: Browser) -> httpx.Response:
    return browser.get(agreed(begun(browser)))


def outside(app: App, browser: Browser, response: httpx.Response, said: str, status: int = 403) -> None:
    """They were told, are not in, and nothing says they were."""
    assert (response.status_code, said in response.text) == (status, True), response.text
    assert browser.get("/password").headers["location"] == "/console/login"
    with app.database.reading() as connection:
        assert not connection.execute(select(Session.staff_id)).first()
        assert not connection.execute(select(Audit.what).where(Audit.what == "登录")).first()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_somebody_comes_in_as_by_password_and_goes(start: Callable[..., App], request: pytest.FixtureRequest, kind: str) -> None:
    app = start(request.getfixturevalue(f"{kind}_url"))
    browser = Browser(app, "10.0.0.7")
    assert f'href="/console/oidc">{NAME}<' in browser.get("/login").text
    response = entered(browser)
    assert (response.status_code, response.headers["location"]) == (303, "/console/")
    held = next(text for text in response.headers.get_list("set-cookie") if text.startswith("bulixian_staff="))
    word = Browser(app).login("eye").headers.get_list("set-cookie")[0]
    assert held.split(";")[1:] == word.split(";")[1:], "the same cookie"
    assert "王老师" in browser.get("/").text
    assert browser.get("/oidc").headers["location"] == browser.get("/oidc/back?code=1").headers["location"] == "/console/"
    with app.database.reading() as connection:
        assert connection.execute(select(Audit.who, Audit.address, Audit.target).where(Audit.what == "登录")).first() == (
            "王老师",
            "10.0.0.7",
            "统一身份认证",
        )
        assert not connection.execute(select(LoginTry.id)).first(), "who comes in has failed at nothing"
        assert connection.execute(select(func.count()).select_from(Staff)).scalar_one() == 2
    app.clock.advance(staff.IDLE + timedelta(minutes=1))
    assert entered(browser).status_code == 303, "the session had ended"
    assert browser.post("/logout").status_code == 303
    assert browser.get("/").headers["location"] == "/console/login"
    assert browser.login("wang").status_code == 303, "the password is still one"


def test_what_goes_to_the_provider_and_what_stays_in_the_browser(school: tuple[App, World]) -> None:
    app, world = school
    first, second = Browser(app).get("/oidc"), Browser(app).get("/oidc")
    asked = [{key: value[0] for key, value in parse_qs(urlsplit(got.headers["location"]).query).items()} for got in (first, second)]
    assert first.headers["location"].startswith(f"{world.issuer}/authorize?")
    assert asked[0] | dict.fromkeys(("state", "nonce", "code_challenge"), "") == {
        "response_type": "code", "client_id": CLIENT, "redirect_uri": BACK, "scope": "openid profile", "code_challenge_method": "S256",
        "state": "", "nonce": "", "code_challenge": "",
    }  # fmt: skip
    assert all(len(asked[0][key]) == 43 and asked[0][key] != asked[1][key] for key in ("state", "nonce", "code_challenge"))
    value, *marks = first.headers["set-cookie"].split("; ")
    assert set(marks) == {"HttpOnly", f"Max-Age={int(LIFE.total_seconds())}", "Path=/console/oidc", "SameSite=lax"}
    assert SECRET not in value + first.headers["location"]
    app.settings.secure_cookie = True
    assert "Secure" in Browser(app).get("/oidc").headers["set-cookie"]


def test_without_settings_there_is_no_such_page(app: App, sqlite_url: str, start: Callable[..., App]) -> None:
    browser = Browser(app)
    assert open_pages(app) == OPEN
    assert "oidc" not in browser.get("/login").text
    assert [browser.get(path).headers["location"] for path in ("/oidc", "/oidc/back?code=1&state=1")] == ["/console/login"] * 2
    half = start(sqlite_url, client_id="")
    assert open_pages(half) == OPEN
    assert "oidc" not in Browser(half).get("/login").text


def forged(claims: dict[str, Any], **header: Any) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, ""])


def hmac_signed(claims: dict[str, Any], secret: bytes, kid: str) -> str:
    body = forged(claims, alg="HS256", kid=kid).rstrip(".")
    return f"{body}.{base64.urlsafe_b64encode(hmac.digest(secret, body.encode(), 'sha256')).rstrip(b'=').decode()}"


def swapped(claims: dict[str, Any]) -> str:
    """The signature of one token under the claims of another."""
    head, _, tail = sign(claims).split(".")
    return ".".join((head, forged({**claims, "preferred_username": "eye"}).split(".")[1], tail))


def put(**more: Any) -> Callable[[dict[str, Any]], None]:
    return lambda claims: claims.update(more)


def lacking(name: str) -> Callable[[dict[str, Any]], None]:
    def twist(claims: dict[str, Any]) -> None:
        del claims[name]

    return twist


def moved(**seconds: int) -> Callable[[dict[str, Any]], None]:
    return lambda claims: claims.update({name: claims[name] + by for name, by in seconds.items()})


PEM = KEYS["one"].as_pem(private=False)
WRONG: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "other audience": put(aud="somebody-else"),
    "other audience, made for us": put(aud=["somebody-else"], azp=CLIENT),
    "no audience": lacking("aud"),
    "several audiences and nobody named": put(aud=[CLIENT, "somebody-else"]),
    "made for another": put(azp="somebody-else"),
    "other nonce": put(nonce="another"),
    "no nonce": lacking("nonce"),
    "nonce in a list": lambda claims: claims.update(nonce=[claims["nonce"]]),
    "expired": moved(exp=-60 - LEEWAY),
    "never expires": lacking("exp"),
    "expiry that is no number": put(exp=float("nan")),
    "from the future": moved(iat=LEEWAY + 1),
    "not yet": lambda claims: claims.update(nbf=claims["iat"] + LEEWAY + 1),
    "other issuer": put(iss="https://evil.test/realm"),
    "issuer with a slash more": lambda claims: claims.update(iss=claims["iss"] + "/"),
    "no issuer": lacking("iss"),
    "no subject": lacking("sub"),
    "of another access token": put(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "alg none": lambda claims: forged(claims, alg="none"),
    "alg none with a key": lambda claims: forged(claims, alg="none", kid="one"),
    "alg None": lambda claims: forged(claims, alg="None", kid="one"),
    "HS256 with the public key": lambda claims: hmac_signed(claims, PEM, "one"),
    "HS256 with a key it published": lambda claims: hmac_signed(claims, b"secret", "shared"),
    "HS256 with our secret": lambda claims: hmac_signed(claims, SECRET.encode(), "one"),
    "key of a stranger": lambda claims: sign(claims, key="stranger"),
    "key that nobody knows": lambda claims: sign(claims, "stranger"),
    "key brought along": lambda claims: sign(claims, "stranger", jwk=KEYS["stranger"].as_dict(private=False)),
    "key at an address": lambda claims: sign(claims, "stranger", jku="http://evil.test/keys"),
    "critical header": lambda claims: sign(claims, crit=["b64"], b64=False),
    "changed under its signature": swapped,
    "nothing": lambda claims: "",
    "no token": lambda claims: "no.token.\u4e2d",
    "five parts": lambda claims: "a.b.c.d.e",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_token_opens_nothing(school: tuple[App, World], wrong: str) -> None:
    app, world = school
    world.twist = WRONG[wrong]
    browser = Browser(app)
    outside(app, browser, entered(browser), f"{NAME}给的凭证不对")
    assert world.calls["token"] == 1
    world.twist = lambda claims: None
    assert entered(browser).status_code == 303, "and the next right one does"


FINE = (put(azp=CLIENT, aud=[CLIENT, "somebody-else"]), moved(exp=-60 - LEEWAY + 5), moved(iat=LEEWAY - 5), put(extra="中"))


@pytest.mark.parametrize("twist", FINE)
def test_what_the_standard_allows_is_let_in(school: tuple[App, World], twist: Callable[[dict[str, Any]], None]) -> None:
    app, world = school
    world.twist = twist
    assert entered(Browser(app)).status_code == 303


def test_a_login_belongs_to_the_browser_that_began_it(school: tuple[App, World]) -> None:
    app, world = school
    told = "不是从这个浏览器开始的"
    browser, other = Browser(app), Browser(app)
    mine = agreed(begun(browser))
    outside(app, other, other.get(mine), told)  # no cookie
    begun(other)
    outside(app, other, other.get(mine), told)  # the cookie of another login
    outside(app, browser, browser.get(mine.replace("state=", "state=x")), told)
    for path in ("/oidc/back", "/oidc/back?state=", "/oidc/back?code=1", f"/oidc/back?state={'中' * 2000}", "/oidc/back?state=%00&code=%ff"):
        outside(app, browser, browser.get(path), told)
    assert not world.calls["token"], "nobody's code was tried"
    for value in ("", "x", "W10.x", "eyJ.eyJ.eyJ", browser.http.cookies["bulixian_staff"]):
        thief = Browser(app)
        thief.http.cookies.set("bulixian_oidc", value, domain="bulixian.test", path="/console/oidc")
        outside(app, thief, thief.get(agreed(begun(Browser(app)))), told)
    late = agreed(begun(browser))
    app.clock.advance(LIFE + timedelta(seconds=1))
    outside(app, browser, browser.get(late), told)
    assert not world.calls["token"]


def test_a_code_is_good_once_and_for_one_login(school: tuple[App, World]) -> None:
    app, world = school
    browser, thief = Browser(app), Browser(app)
    back = agreed(begun(browser))
    held = browser.http.cookies["bulixian_oidc"]
    assert browser.get(back).status_code == 303
    assert "bulixian_oidc" not in browser.http.cookies
    browser.http.cookies.clear()
    browser.http.cookies.set("bulixian_oidc", held, domain="bulixian.test", path="/console/oidc")
    again = browser.get(back)
    assert (again.status_code, "再点一次" in again.text) == (403, True)
    assert browser.get("/").headers["location"] == "/console/login"
    stolen = parse_qs(urlsplit(agreed(begun(Browser(app)))).query)["code"][0]  # of somebody else's login, put into one's own
    state = parse_qs(urlsplit(begun(thief)).query)["state"][0]
    assert thief.get(f"/oidc/back?state={state}&code={stolen}").status_code == 403
    assert world.grants[stolen].used, "the provider saw it with the wrong verifier"
    assert thief.get("/").headers["location"] == "/console/login"
    old = agreed(begun(thief))
    app.clock.advance(timedelta(minutes=2))
    assert thief.get(old).status_code == 403


def test_cancelling_there_is_told(school: tuple[App, World]) -> None:
    app, world = school
    world.user = None
    browser = Browser(app)
    outside(app, browser, entered(browser), f"{NAME}没有同意这次登录")


@pytest.mark.parametrize(
    ("claim", "user", "said"),
    [
        ("preferred_username", {"preferred_username": "nobody"}, "这个账号还没有开通，请管理员用 bulixian user add 开通"),
        ("preferred_username", {"preferred_username": "Wang"}, "还没有开通"),
        ("preferred_username", {"preferred_username": "王老师"}, "还没有开通"),
        ("preferred_username", {"preferred_username": "admin"}, "还没有开通"),
        ("preferred_username", {"preferred_username": "x" * 50_000}, "还没有开通"),
        ("preferred_username", {"preferred_username": "wa\x00ng"}, "凭证不对"),
        ("preferred_username", {"preferred_username": "\ud800"}, "凭证不对"),
        ("preferred_username", {"preferred_username": ["wang"]}, "凭证不对"),
        ("preferred_username", {"preferred_username": True}, "凭证不对"),
        ("preferred_username", {"preferred_username": ""}, "凭证不对"),
        ("preferred_username", {"preferred_username": None, "email": "wang"}, "凭证不对"),
        ("preferred_username", {}, "凭证不对"),
        ("email", {"email": "wang", "preferred_username": "wang"}, "凭证不对"),
        ("email", {"email": "wang", "email_verified": "true"}, "凭证不对"),
        ("email", {"email": "wang", "email_verified": True}, ""),
        ("sub", {"sub": "wang", "preferred_username": "nobody"}, ""),
        ("staff_no", {"staff_no": "wang"}, ""),
    ],
)
def test_only_an_account_of_that_name_opens(
    start: Callable[..., App], sqlite_url: str, provider: tuple[Provider, str], claim: str, user: dict[str, Any], said: str
) -> None:
    app = start(sqlite_url, claim=claim)
    with app.database.writing() as connection:
        staff.add(connection, staff.BUILT_IN, "管理员", "admin", staff.hashed(WORD), app.clock.now())
    provider[0].world.user = {"sub": "77", **user}
    browser = Browser(app)
    response = entered(browser)
    if said:
        outside(app, browser, response, said)
    else:
        assert "王老师" in browser.get("/").text
    with app.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(Staff)).scalar_one() == 3, "no account is made"


def test_a_closed_account_stays_closed(school: tuple[App, World]) -> None:
    app, _ = school
    browser = Browser(app)
    assert entered(browser).status_code == 303
    with app.database.writing() as connection:
        staff.switch(connection, connection.execute(select(Staff.id).where(Staff.name == "wang")).scalar_one(), False)
    assert browser.get("/").headers["location"] == "/console/login", "out at once"
    told = entered(browser)
    assert (told.status_code, "账号停用了" in told.text) == (403, True)
    assert browser.get("/").headers["location"] == "/console/login"


def test_a_one_time_password_that_was_not_needed_is_void(school: tuple[App, World]) -> None:
    app, _ = school
    with app.database.writing() as connection:
        connection.execute(update(Staff).values(fresh=True))
    browser = Browser(app)
    entered(browser)
    assert browser.get("/").status_code == 200, "no password to change first"
    assert Browser(app).login("wang").status_code == 403
    assert Browser(app).login("eye").status_code == 303


def test_failures_are_braked_and_logins_are_not(school: tuple[App, World]) -> None:
    app, world = school
    office = Browser(app)
    for _ in range(staff.BY_ADDRESS + 2):  # a whole office behind one address
        office.http.cookies.clear()
        assert entered(office).status_code == 303
    assert (world.calls["openid-configuration"], world.calls["keys"]) == (1, 1)
    world.user = {"sub": "78", "preferred_username": "mallory"}
    stranger = Browser(app, "10.0.9.9")
    codes = [stranger.get("/oidc/back?state=wang").status_code for _ in range(staff.BY_PAIR)]
    assert codes == [403] * staff.BY_PAIR
    assert Browser(app).login("wang").status_code == 303, "a name in the address locks nobody out"
    codes = [entered(stranger).status_code for _ in range(staff.BY_ADDRESS - staff.BY_PAIR)]
    assert codes == [403] * len(codes)
    tried = world.calls["token"]
    told = entered(stranger)
    assert (told.status_code, "试得太多了" in told.text) == (429, True)
    assert world.calls["token"] == tried
    assert stranger.login("eye").status_code == 429, "the same brake as for passwords"
    app.clock.advance(staff.WINDOW + timedelta(seconds=1))
    world.user = {"sub": "77", "preferred_username": "wang"}
    assert entered(stranger).status_code == 303


def test_there_is_no_address_to_go_on_to(school: tuple[App, World]) -> None:
    app, world = school
    evil = "next=https://evil.test/&redirect_uri=https://evil.test/&return_to=//evil.test&iss=https://evil.test"
    browser = Browser(app)
    started = browser.get(f"/oidc?{evil}").headers["location"]
    assert started.startswith(f"{world.issuer}/authorize?")
    assert "evil" not in started
    assert browser.get(f"{agreed(started)}&{evil}").headers["location"] == "/console/"
    browser.http.cookies.clear()
    assert browser.ask("GET", "/console/oidc", headers={"host": "evil.test", "x-forwarded-host": "evil.test"}).headers["location"].count("evil") == 0


FAULTS = [("openid-configuration", fault) for fault in ("html", "500", "huge", "deep", "moved", "list", "drip")]
FAULTS += [("keys", "500"), ("keys", "slow"), ("token", "html"), ("token", "500"), ("token", "moved"), ("token", "list"), ("token", "slow")]


@pytest.mark.parametrize(("path", "fault"), FAULTS)
def test_a_provider_that_fails_is_one_sentence_and_the_password_still_opens(school: tuple[App, World], path: str, fault: str) -> None:
    app, world = school
    browser = Browser(app)
    ready = agreed(begun(browser)) if path == "token" else "/oidc"
    world.faults[path] = fault
    started = app.clock.now()
    told = browser.get(ready)
    assert app.clock.now() - started < timedelta(seconds=SLOW / 2)
    outside(app, browser, told, f"{NAME}现在没有好好回答，请过一会儿再试，或者用登录名和密码登录", 503)
    assert f'href="/console/oidc">{NAME}<' in told.text
    with app.database.reading() as connection:
        assert not connection.execute(select(LoginTry.id)).first(), "it counts against nobody"
    asked = world.calls[path]
    world.faults.clear()
    if path != "token":
        assert browser.get("/oidc").status_code == 503, "it is left alone for a moment"
        assert world.calls[path] == asked
        app.clock.advance(AGAIN)
    assert Browser(app).login("wang").status_code == 303
    assert entered(browser).status_code == 303


def test_a_provider_that_is_gone(start: Callable[..., App], sqlite_url: str) -> None:
    app = start(sqlite_url, issuer="http://127.0.0.1:9")
    browser = Browser(app)
    outside(app, browser, browser.get("/oidc"), "现在没有好好回答", 503)
    assert browser.login("wang").status_code == 303


@pytest.mark.parametrize(
    "claimed",
    [
        {"issuer": "https://evil.test/realm"},
        {"issuer": None},
        {"authorization_endpoint": "https://evil.test/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://[evil"},
        {"token_endpoint": "http://127.0.0.1:9/token"},
        {"token_endpoint": None},
        {"jwks_uri": "https://evil.test/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": ["x"]},
    ],
)
def test_what_is_not_on_the_issuers_host_is_not_used(school: tuple[App, World], claimed: dict[str, Any]) -> None:
    app, world = school
    world.claimed = claimed
    browser = Browser(app)
    outside(app, browser, browser.get("/oidc"), "现在没有好好回答", 503)
    assert not world.calls["keys"]


def test_new_keys_are_fetched_when_they_are_met_and_old_ones_forgotten(school: tuple[App, World]) -> None:
    app, world = school
    browser = Browser(app)
    for kid, fetched in (("one", 1), ("two", 2), ("two", 2)):
        world.kid = kid
        assert entered(browser).status_code == 303
        assert world.calls["keys"] == fetched
        browser.http.cookies.clear()
    world.twist = lambda claims: sign(claims, "one")
    assert entered(browser).status_code == 403, "a key that was withdrawn"
    world.twist, asked = (lambda claims: None), world.calls["openid-configuration"]
    app.clock.advance(KEPT)
    assert entered(browser).status_code == 303
    assert world.calls["openid-configuration"] == asked + 1


@pytest.mark.parametrize(("methods", "secret"), [(["client_secret_post"], SECRET), (["client_secret_basic"], SECRET), ([], None)])
def test_the_ways_to_show_who_we_are(
    start: Callable[..., App], sqlite_url: str, provider: tuple[Provider, str], methods: list[str], secret: str | None
) -> None:
    app = start(sqlite_url, client_secret=secret)
    provider[0].world.methods, provider[0].world.secret = methods, secret
    assert entered(Browser(app)).status_code == 303


def test_a_client_that_the_provider_does_not_know_is_for_the_administrator(start: Callable[..., App], sqlite_url: str) -> None:
    app = start(sqlite_url, client_secret="another")
    browser = Browser(app)
    outside(app, browser, entered(browser), "请管理员运行 bulixian doctor", 502)


@pytest.mark.parametrize(
    "setting",
    [
        *(
            {"issuer": issuer}
            for issuer in ("http://sso.test", "ftp://sso.test", "https://", "https://a@b", "https://sso.test?x", "http://localhost.evil.test")
        ),
        {"client_secret": "密钥"},
        {"client_id": "a\nb"},
        {"name": ""},
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(setting: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Oidc(**setting)
    assert SECRET not in repr(Oidc(issuer="https://sso.test/realms/学校", client_secret=SecretStr(SECRET)))
