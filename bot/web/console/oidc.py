"""Login of the staff by the school's own identity provider (OpenID Connect): code flow with PKCE, into accounts that exist; none is made here.

What the provider says of itself is fetched from its own host only. Needs the extra `oidc`: authlib for the protocol, httpx for the way there.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import structlog
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from itsdangerous import BadSignature, URLSafeSerializer
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from starlette.responses import RedirectResponse, Response

from bot.app import App
from bot.config import Settings
from bot.web.console import login, staff
from bot.web.console.gate import ROOT, Desk

COOKIE, PATH = "bulixian_oidc", f"{ROOT}/oidc"
LIFE = timedelta(minutes=10)
"""How long somebody may take at the provider; a code itself lives as long at most (RFC 6749 §4.1.2)."""
KEPT, AGAIN = timedelta(hours=1), timedelta(seconds=10)
"""How long what the provider said of itself holds, and how long it is left alone after a failure."""
LEEWAY, BODY, CODE = 60, 256 * 1024, 4096  # seconds that its clock may differ, bytes of an answer, characters of a code
SECONDS, WAIT, ROOM = 5.0, 1.0, 8
"""For one answer; for a place among ROOM who ask: the threads are those of the whole console, which goes on when the provider hangs."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Public keys only: `none` proves nothing, and with HS256 a public key could sign (RFC 8725 §2.1)."""
KINDS = (("RSA", None), ("EC", "P-256"), ("EC", "P-384"), ("EC", "P-521"))
SCOPES = {"sub": "openid", "email": "openid email"}
"""What is asked for, by the claim that is needed; the others are in `profile` (OpenID Connect Core §5.4)."""
NOT_OPEN, CLOSED = "这个账号还没有开通，请管理员用 bulixian user add 开通。", "这个账号停用了，请找管理员。"
LAPSED = "这次登录过期了，或者不是从这个浏览器开始的，请再点一次「{name}」。"
DENIED = "{name}没有同意这次登录，请再点一次，或者用登录名和密码登录。"
REFUSED = "{name}给的凭证不对，没有让你进来，请再点一次；总是这样，请管理员运行 bulixian doctor。"
DOWN = "{name}现在没有好好回答，请过一会儿再试，或者用登录名和密码登录。"
log = structlog.get_logger()


class OidcError(Exception):
    """Why somebody is not let in: for the log and `doctor`, without names and secrets; and as the person reads it."""

    def __init__(self, why: str, said: str = DOWN, status: int = 503) -> None:
        super().__init__(why)
        self.why, self.said, self.status = why, said, status


class Known(NamedTuple):
    """What the provider says of itself."""

    issuer: str
    authorize: str
    token: str
    basic: bool
    keys: KeySet
    until: datetime


class Provider:
    """The provider as a server that is asked; each question may end in an OidcError."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.back = settings.oidc, f"{settings.public_url.rstrip('/')}{PATH}/back"
        self.room = threading.BoundedSemaphore(ROOM)
        self.held: Known | None = None
        self.failed: tuple[datetime, str] | None = None

    def known(self, at: datetime, *, anew: bool = False) -> Known:
        if self.held and at < self.held.until and not anew:
            return self.held
        if self.failed and at < self.failed[0]:
            raise OidcError(self.failed[1])
        try:
            self.held = self.discovered(at)
        except OidcError as error:
            self.failed = (at + AGAIN, error.why)
            raise
        return self.held

    def discovered(self, at: datetime) -> Known:
        issuer = self.settings.issuer.rstrip("/")
        said = self.fetched(f"{issuer}/.well-known/openid-configuration")
        named, methods = str(said.get("issuer")), said.get("token_endpoint_auth_methods_supported")
        if named.rstrip("/") != issuer:
            raise OidcError(f"自称 {named[:80]}，和 BULIXIAN_OIDC__ISSUER 不一样")
        authorize, token, jwks = places = [str(said.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        host = "/".join(issuer.split("/")[:3]) + "/"
        if not all(place.startswith(host) for place in places):
            raise OidcError(f"的登录、换凭证、公钥三个网址没有写全，或者不都在 {host} 上")
        basic = not isinstance(methods, list) or "client_secret_basic" in methods or "client_secret_post" not in methods
        return Known(named, authorize, token, basic, keys(self.fetched(jwks)), at + KEPT)

    def fetched(self, url: str) -> dict[str, Any]:
        status, said = self.asked("GET", url)
        if status != httpx.codes.OK:
            raise OidcError(f"答复 {status}，请核对 BULIXIAN_OIDC__ISSUER")
        return said

    def asked(self, method: str, url: str, headers: dict[str, str] | None = None, body: str | None = None) -> tuple[int, dict[str, Any]]:
        """The status and the JSON of an answer; redirects are not followed."""
        if not self.room.acquire(timeout=WAIT):
            raise OidcError("答得太慢，等的人太多")
        end, held = time.monotonic() + SECONDS, bytearray()
        try:
            with httpx.Client(timeout=SECONDS) as client, client.stream(method, url, headers=headers, content=body) as response:
                for piece in response.iter_bytes():
                    held += piece
                    if len(held) > BODY or time.monotonic() > end:
                        raise OidcError("的答复太长或太慢")
            said = json.loads(held)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OidcError(f"连不上或太慢（{type(error).__name__}）") from error
        except (ValueError, RecursionError):
            said = None
        finally:
            self.room.release()
        if not isinstance(said, dict):
            raise OidcError(f"的答复不是 JSON（状态 {response.status_code}）")
        return response.status_code, said

    def exchanged(self, code: str, verifier: str, at: datetime) -> dict[str, Any]:
        """What the provider gives for a code."""
        known, secret = self.known(at), self.settings.client_secret
        way = "none" if not secret else "client_secret_basic" if known.basic else "client_secret_post"
        body = urlencode({"grant_type": "authorization_code", "code": code, "redirect_uri": self.back, "code_verifier": verifier})
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        client = ClientAuth(self.settings.client_id, secret and secret.get_secret_value(), way)
        status, said = self.asked("POST", *client.prepare("POST", known.token, headers, body))
        if said.get("error") in ("invalid_client", "unauthorized_client"):
            raise OidcError("不认 BULIXIAN_OIDC__CLIENT_ID 或 BULIXIAN_OIDC__CLIENT_SECRET", REFUSED, 502)
        if status != httpx.codes.OK:
            raise OidcError(f"换凭证时答复 {status}", *((LAPSED, 403) if status < httpx.codes.INTERNAL_SERVER_ERROR else ()))
        return said

    def named(self, given: dict[str, Any], nonce: str, at: datetime) -> str:
        """The login name in an answer, its ID token verified (OpenID Connect Core §3.1.3.7)."""
        text, registry, known = str(given.get("id_token")), JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False), self.known(at)
        expected = {"iss": {"essential": True, "value": known.issuer}, "aud": {"essential": True, "value": self.settings.client_id}}
        params = {"nonce": nonce, "client_id": self.settings.client_id, "access_token": given.get("access_token")}
        try:
            try:
                token = jwt.decode(text, known.keys, registry=registry)
            except InvalidKeyIdError:  # it has new keys
                token = jwt.decode(text, self.known(at, anew=True).keys, registry=registry)
            CodeIDToken(token.claims, token.header, expected, params).validate(int(at.timestamp()), LEEWAY)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise OidcError(f"的凭证不对（{type(error).__name__}）", REFUSED, 403) from error
        name, verified = token.claims.get(self.settings.claim), token.claims.get("email_verified") is True
        if not isinstance(name, str) or not name or not name.isprintable() or (self.settings.claim == "email" and not verified):
            raise OidcError("的凭证里没有 BULIXIAN_OIDC__CLAIM 那一项，或者没有核实过", REFUSED, 403)
        return name


class SchoolLogin:
    """The two pages of the login, for one program."""

    def __init__(self, app: App) -> None:
        self.provider = Provider(app.settings)
        self.signer = URLSafeSerializer(app.settings.cookie_secret or app.secret("cookie"), salt="console-oidc")

    def start(self, desk: Desk) -> Response:
        """To the provider; what must come back is in a cookie of this browser."""
        if desk.member:
            return desk.home()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        settings = self.provider.settings
        try:
            to = self.provider.known(desk.now).authorize
        except OidcError as error:
            return self.refused(desk, error)
        asked = {"code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256", "nonce": nonce, "state": state}
        asked |= {"redirect_uri": self.provider.back, "scope": SCOPES.get(settings.claim, "openid profile")}
        response = RedirectResponse(prepare_grant_uri(to, settings.client_id, "code", **asked), 303)
        value = str(self.signer.dumps([state, nonce, verifier, (desk.now + LIFE).timestamp()]))
        secure = desk.app.settings.secure_cookie
        response.set_cookie(COOKIE, value, max_age=int(LIFE.total_seconds()), path=PATH, httponly=True, samesite="lax", secure=secure)
        return response

    def back(self, desk: Desk) -> Response:
        """From the provider. There is no address to go on to but our own first page."""
        if desk.member:
            return desk.home()
        tried = f"oidc {desk.asked('state')}"  # no login name has a space
        try:
            response = self.admitted(desk, tried)
        except OidcError as error:
            response = self.refused(desk, error)
            if error.status >= httpx.codes.INTERNAL_SERVER_ERROR:  # no failure of theirs
                desk.write(lambda connection: staff.forgive(connection, tried))
        response.delete_cookie(COOKIE, path=PATH)
        return response

    def refused(self, desk: Desk, error: OidcError) -> Response:
        log.warning("school login refused", why=error.why)
        return login.page(desk, error.status, error.said.format(name=self.provider.settings.name))

    def admitted(self, desk: Desk, tried: str) -> Response:
        if desk.write(lambda connection: staff.braked(connection, tried, desk.address, desk.now)):
            raise OidcError("试得太多", login.WAIT, 429)
        nonce, verifier = self.begun(desk)
        if not 0 < len(code := desk.request.query_params.get("code", "")) <= CODE:
            raise OidcError("没有同意登录", DENIED, 403)
        name = self.provider.named(self.provider.exchanged(code, verifier, desk.now), nonce, desk.now)
        with desk.app.database.reading() as connection:
            found = staff.holder(connection, name)
        if found is None or name == staff.BUILT_IN:
            raise OidcError("没有这个账号", NOT_OPEN, 403)
        if not found.active:
            raise OidcError("账号停用了", CLOSED, 403)
        if found.fresh:  # a one-time password that was not needed opens nothing from now on
            held = staff.one_time()[1]
            desk.write(lambda connection: staff.change(connection, found.id, held, fresh=False))
        desk.write(lambda connection: staff.forgive(connection, tried))
        return login.admit(desk, found.id, name, "统一身份认证") or self.refused(desk, OidcError("账号停用了", CLOSED, 403))

    def begun(self, desk: Desk) -> tuple[str, str]:
        """The nonce and the verifier of the login that this browser began."""
        try:
            state, nonce, verifier, until = self.signer.loads(desk.request.cookies.get(COOKIE, ""))
        except BadSignature as error:
            raise OidcError("不是这个浏览器开始的", LAPSED, 403) from error
        if not hmac.compare_digest(state.encode(), desk.asked("state").encode()) or desk.now.timestamp() > until:
            raise OidcError("state 不对或过期了", LAPSED, 403)
        return nonce, verifier


def keys(said: dict[str, Any]) -> KeySet:
    """Its public keys for signatures; those of a kind we do not know are left out (RFC 7517 §5)."""
    listed = said.get("keys")
    known = [key for key in listed if isinstance(key, dict) and key.get("use", "sig") == "sig"] if isinstance(listed, list) else []
    try:
        return KeySet.import_key_set({"keys": [key for key in known if (key.get("kty"), key.get("crv")) in KINDS]})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise OidcError("没有能用的公钥") from error
