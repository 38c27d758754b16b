"""An identity provider that enforces its rules: exact redirect_uri, PKCE with S256, codes used once and for a minute, clients with their secret.

It signs what it gives with real keys; `twist` lets a test sign something else, `faults` let it fail as servers do.
Sources: RFC 6749, RFC 7636, OpenID Connect Core.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jws
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

CLIENT, SECRET, BACK = "bulixian-console", "canary-client-secret", "http://bulixian.test/console/oidc/back"
MINUTE = timedelta(minutes=1)
KEYS = {kid: RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}) for kid in ("one", "two", "stranger")}
SLOW = 60.0
"""Seconds that a fault holds an answer back: longer than anybody waits."""


@dataclass(slots=True)
class Grant:
    asked: dict[str, str]
    user: dict[str, Any]
    until: datetime
    used: bool = False


Twist = Callable[[dict[str, Any]], str | None]
"""Changes the claims, or gives a token of its own."""


@dataclass(slots=True)
class World:
    """What the provider holds. `user`: the claims of whoever sits before the browser; None: they press cancel."""

    now: Callable[[], datetime]
    user: dict[str, Any] | None = field(default_factory=lambda: {"sub": "77", "preferred_username": "wang"})
    secret: str | None = SECRET
    methods: list[str] = field(default_factory=lambda: ["client_secret_basic", "client_secret_post"])
    issuer: str = ""
    back: str = BACK
    """The only redirect_uri that is registered."""
    kid: str = "one"
    claimed: dict[str, Any] = field(default_factory=dict)
    """Put over what discovery says."""
    twist: Twist = lambda claims: None
    faults: dict[str, str] = field(default_factory=dict)
    """By the last word of a path: html, 500, slow, drip, huge, deep, moved, list."""
    grants: dict[str, Grant] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    given: list[str] = field(default_factory=list)
    """Every code and token that went out."""


class Provider:
    def __init__(self, world: World) -> None:
        self.world = world
        self.app = Starlette(
            routes=[
                Route("/realm/.well-known/openid-configuration", self.faulty(self.discovery)),
                Route("/realm/keys", self.faulty(self.keys)),
                Route("/realm/authorize", self.authorize),
                Route("/realm/token", self.faulty(self.token), methods=["POST"]),
            ]
        )

    def faulty(self, answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def answered(request: Request) -> Response:
            path = request.url.path.rpartition("/")[2]
            self.world.calls[path] += 1
            match self.world.faults.get(path):
                case "html":
                    return HTMLResponse("<h1>请先登录校园网</h1>")
                case "500":
                    return HTMLResponse("Internal Server Error", 500)
                case "slow":
                    await asyncio.sleep(SLOW)
                case "drip":
                    return StreamingResponse(dripping(), media_type="application/json")
                case "huge":
                    return Response(b'{"issuer": "' + b"a" * 1_000_000 + b'"}', media_type="application/json")
                case "deep":
                    return Response(b"[" * 100_000, media_type="application/json")
                case "moved" if not request.url.query:  # to another host, which would answer well
                    return RedirectResponse(str(request.url.replace(hostname="localhost", query="moved")), 307)
                case "list":
                    return JSONResponse([])
            response: Response = await answer(request)
            return response

        return answered

    async def discovery(self, request: Request) -> Response:
        at = self.world.issuer
        said = {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": self.world.methods,
        }
        return JSONResponse(said | self.world.claimed)

    async def keys(self, request: Request) -> Response:
        shown = KeySet([KEYS[self.world.kid]]).as_dict(private=False)["keys"]
        odd = [{"kty": "AKP", "kid": "later", "alg": "ML-DSA-44", "pub": "AA"}, {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"}, "nothing"]
        return JSONResponse({"keys": [*odd, *shown]})

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if asked.get("client_id") != CLIENT or asked.get("redirect_uri") != self.world.back:  # RFC 6749 §4.1.2.1: nobody is sent on
            return HTMLResponse("redirect_uri mismatch", 400)
        answer = {"state": asked.get("state", "")}
        if not (
            asked.get("response_type") == "code"
            and "openid" in asked.get("scope", "").split()
            and asked.get("code_challenge_method") == "S256"
            and len(asked.get("code_challenge", "")) == 43
        ):
            answer["error"] = "invalid_request"
        elif self.world.user is None:
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(90)
            self.world.grants[answer["code"]] = Grant(asked, self.world.user, self.world.now() + MINUTE)
            self.world.given.append(answer["code"])
        return RedirectResponse(f"{self.world.back}?{urlencode(answer)}", 302)

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if not self.client(request, form):
            return JSONResponse({"error": "invalid_client"}, 401)
        if form.get("grant_type") != "authorization_code":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        grant = self.world.grants.get(form.get("code", ""))
        challenge = base64.urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if grant is None or grant.used or self.world.now() > grant.until or form.get("redirect_uri") != grant.asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        grant.used = True
        if not hmac.compare_digest(challenge, grant.asked["code_challenge"]):
            return JSONResponse({"error": "invalid_grant"}, 400)
        given = {"access_token": secrets.token_urlsafe(24), "token_type": "Bearer", "expires_in": 60, "id_token": self.signed(grant)}
        self.world.given += [given["access_token"], given["id_token"]]  # type: ignore[list-item]
        return JSONResponse(given)

    def client(self, request: Request, form: dict[str, str]) -> bool:
        """RFC 6749 §2.3.1: by the ways that discovery names and no other."""
        name, secret, way = form.get("client_id", ""), form.get("client_secret"), "client_secret_post"
        if request.headers.get("authorization", "").startswith("Basic "):
            name, _, secret = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode().partition(":")
            way = "client_secret_basic"
        if self.world.secret is None:
            return name == CLIENT and secret is None
        return way in self.world.methods and name == CLIENT and secret == self.world.secret

    def signed(self, grant: Grant) -> str:
        now = int(self.world.now().timestamp())
        claims = {"iss": self.world.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": grant.asked.get("nonce"), **grant.user}
        own = self.world.twist(claims)
        return own if own is not None else sign(claims, self.world.kid)


def sign(claims: dict[str, Any], kid: str = "one", key: str = "", **header: Any) -> str:
    """`key`: another than the one that `kid` names."""
    return jws.serialize_compact({"alg": "RS256", "kid": kid, **header}, json.dumps(claims), KEYS[key or kid])


async def dripping() -> AsyncIterator[bytes]:
    yield b'{"issuer": "'
    for _ in range(int(SLOW)):
        await asyncio.sleep(1)
        yield b"a"
