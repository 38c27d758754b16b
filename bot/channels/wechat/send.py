"""The API client: one `call`, and the few calls we make. Blocking and thread-safe; run it in a small pool, never on the 5 s path.

httpx in the place of wechatpy's client. Of that one, measured: a permanent 40001 ends in RecursionError after 971 calls; a page of HTML
with 200 looks like success; no time-out on the token, whose address is fixed; 16 threads fetch 16 tokens; no stable_token, tag_id or
client_msg_id; and requests does not tell "never left" from "no answer came", which the delivery ledger must know.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import httpx
import structlog

from bot.channels import Fate, Outcome
from bot.channels.wechat import errors, limits
from bot.channels.wechat.envelope import clean

API_BASE_URL = "https://api.weixin.qq.com"
TIMEOUT = httpx.Timeout(5, connect=3)
SPARE = timedelta(minutes=1)
"""Of a token's life that is not used; stable_token gives a new one five minutes before the end [D dws/api/base/api_getstableaccesstoken]."""
MEDIA_BYTES = 10 * 1024 * 1024
"""Images are at most 10 MB on the platform [D dws api_uploadtempmedia]."""
SECRETS = re.compile(r"((?:access_token|secret)=)[^&\s\"']+")
log = structlog.get_logger()
T = TypeVar("T")


def quiet(record: logging.LogRecord) -> bool:
    """httpx logs whole addresses, and WeChat wants the token in them."""
    record.msg, record.args = SECRETS.sub(r"\1…", record.getMessage()), ()
    return True


logging.getLogger("httpx").addFilter(quiet)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; up to 512 characters or more [D]."""

    value: str = field(repr=False)
    until: datetime


class TokenStore(Protocol):
    """Where all processes share the token."""

    def get(self, appid: str) -> Token | None: ...

    def put(self, appid: str, token: Token) -> None: ...

    def lock(self, appid: str) -> AbstractContextManager[Any]:
        """Held by one thread of one process at a time, while it fetches."""
        ...


@dataclass(frozen=True, slots=True)
class Media:
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class QrCode:
    """A scene code: the address to draw, the ticket that comes back with the scan, its life."""

    url: str
    ticket: str
    seconds: int


class WeChat:
    """One account's API. `now` is the clock; `base_url` what stands before `/cgi-bin/`."""

    def __init__(
        self, appid: str, secret: str, tokens: TokenStore, now: Callable[[], datetime], base_url: str = API_BASE_URL, pool: int = 16
    ) -> None:
        self.appid, self.secret, self.tokens, self.now = appid, secret, tokens, now
        self.base = f"{base_url.rstrip('/')}/cgi-bin/"
        self.http = httpx.Client(timeout=TIMEOUT, limits=httpx.Limits(max_connections=pool))

    def __repr__(self) -> str:
        return f"WeChat({self.appid})"

    def close(self) -> None:
        self.http.close()

    def call(self, path: str, body: dict[str, Any]) -> dict[str, Any] | Outcome:
        """POSTs one call.

        Returns:
            The answer where the code is 0, else what became of it. Nothing is raised but what the token store raises.
        """
        return self.with_token(path, lambda token: self.post(path, body, {"access_token": token}))

    def with_token(self, path: str, ask: Callable[[str], T | dict[str, Any]]) -> T | dict[str, Any] | Outcome:
        """Asks with the token; a refused one is renewed once and the question repeated once."""
        stale, code, answer = None, 0, dict[str, Any]()
        for _ in range(2):
            token = self.token(stale)
            if isinstance(token, Outcome):
                return token
            asked = ask(token)
            if not isinstance(asked, dict):
                return asked
            answer, code, stale = asked, errors.code_of(asked) or 0, token
            if code not in errors.TOKEN:
                break
        return self.refused(path, code, answer) if code else answer

    def refused(self, path: str, code: int, answer: dict[str, Any]) -> Outcome:
        found = errors.outcome(code, answer, self.now())
        log.warning("wechat answered", path=path, errcode=code, fate=found.fate.value, **errors.trace(answer))
        return found

    def post(self, path: str, body: dict[str, Any], query: dict[str, str] | None = None) -> dict[str, Any] | Outcome:
        """One request; httpx writes JSON in UTF-8."""
        try:
            response = self.http.post(self.base + path, params=query, json=clean(body))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return errors.unanswered(error)
        return errors.understood(response.status_code, response.content)

    def token(self, stale: str | None = None) -> str | Outcome:
        """The token all share, fetched by one at a time; `stale` is one that WeChat has just refused."""
        held = self.usable(stale)
        if held:
            return held
        with self.tokens.lock(self.appid):
            held = self.usable(stale)
            if held:
                return held
            token = self.fetch(force=False)
            if isinstance(token, Token) and token.value == stale:
                token = self.fetch(force=True)  # at most 20 a day, 30 s apart [D]: only where the plain way gives the refused one again
            if isinstance(token, Outcome):
                return token
            self.tokens.put(self.appid, token)
            return token.value

    def usable(self, stale: str | None) -> str | None:
        held = self.tokens.get(self.appid)
        return held.value if held and held.value != stale and self.now() < held.until - SPARE else None

    def fetch(self, *, force: bool) -> Token | Outcome:
        """stable_token: safe to call from several processes, each gets the same one [D]."""
        body = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret, "force_refresh": force}
        answer = self.post("stable_token", body)
        if isinstance(answer, Outcome):  # the message itself has not left: it may be tried again
            return answer if answer.fate is Fate.STOPPED else Outcome(Fate.AGAIN, f"token_{answer.reason}", wait=timedelta(seconds=5))
        code = errors.code_of(answer) or 0
        if code:
            found = self.refused("stable_token", code, answer)
            return found if found.fate in (Fate.AGAIN, Fate.CLOSED) else Outcome(Fate.STOPPED, found.reason)
        value, seconds = answer.get("access_token"), str(answer.get("expires_in", ""))
        if not isinstance(value, str) or not value or not re.fullmatch(r"[0-9]{1,6}", seconds):
            return Outcome(Fate.AGAIN, "token_no_json", wait=timedelta(seconds=5))
        return Token(value, self.now() + timedelta(seconds=int(seconds)))

    def sent(self, path: str, body: dict[str, Any], *, once: bool = False) -> Outcome:
        """A call that says something to a person. `once`: WeChat knows it by a client id, so where no answer came it is safely repeated."""
        answer = self.call(path, body)
        if once and isinstance(answer, Outcome) and answer.fate is Fate.UNKNOWN:
            answer = self.call(path, body)
        return answer if isinstance(answer, Outcome) else errors.outcome(0, answer, self.now())

    def customer(self, openid: str, body: dict[str, Any]) -> Outcome:
        """One customer-service message (a body of `reply.bodies`)."""
        return self.sent("message/custom/send", {"touser": openid, **body})

    def template(self, openid: str, template: str, values: dict[str, str], url: str = "", client_id: str = "") -> Outcome:
        """A template message: service notices only. With `client_id` it arrives once, however often it is sent within ten minutes."""
        body: dict[str, Any] = {"touser": openid, "template_id": template, "data": {name: {"value": value} for name, value in values.items()}}
        body |= {name: value for name, value in (("url", url), ("client_msg_id", client_id)) if value}
        return self.sent("message/template/send", body, once=bool(client_id))

    def notification(self, openid: str, template: str, values: dict[str, str], page: str = "") -> Outcome:
        """A subscribed notification: one acceptance, one message."""
        body: dict[str, Any] = {"touser": openid, "template_id": template, "data": {name: {"value": value} for name, value in values.items()}}
        return self.sent("message/subscribe/bizsend", body | ({"page": page} if page else {}))

    def mass(self, message: dict[str, Any], client_id: str, *, tag: int | None = None, openids: Sequence[str] = ()) -> Outcome:
        """A mass send to a tag or to handles. `client_id` makes it arrive once; who has had four this month gets none. Without an answer it
        may be repeated with the same id, a minute later: sooner gives 45066.

        Raises:
            ValueError: neither or both targets, too few or many handles, or a client id that WeChat does not take.
        """
        least, most = limits.MASS_PEOPLE
        if (tag is None) == (not openids) or (openids and not least <= len(openids) <= most):
            raise ValueError(f"群发要选一个标签，或者 {least} 到 {most} 个人。")
        if not 1 <= len(client_id.encode()) <= limits.CLIENT_ID_BYTES:
            raise ValueError(f"群发编号要有 1 到 {limits.CLIENT_ID_BYTES} 个字节。")
        if tag is None:
            return self.sent("message/mass/send", {"touser": list(openids), **message, "clientmsgid": client_id})
        chosen = {"filter": {"is_to_all": False, "tag_id": tag}}
        return self.sent("message/mass/sendall", {**chosen, **message, "clientmsgid": client_id})

    def menu(self, menu: dict[str, Any]) -> Outcome | list[str]:
        """Puts the custom menu up, or says in sentences why WeChat would not take it. Phones show it after about five minutes."""
        return limits.menu_faults(menu) or self.sent("menu/create", menu)

    def qr(self, scene: str, seconds: int) -> QrCode | Outcome:
        """A temporary scene code. The scene is a one-time word, never a student number; elsewhere than in `scene_str` it comes back as 0 [C].

        Raises:
            ValueError: a scene or a life that WeChat does not take.
        """
        if not 1 <= len(scene) <= limits.SCENE_LENGTH or not 1 <= seconds <= limits.QR_SECONDS:
            raise ValueError("二维码的场景值要有 1 到 64 个字，有效期最长 30 天。")
        body = {"expire_seconds": seconds, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}}
        answer = self.call("qrcode/create", body)
        if isinstance(answer, Outcome):
            return answer
        if not all(isinstance(answer.get(name), str) for name in ("url", "ticket")):
            return Outcome(Fate.UNKNOWN, "no_json")
        life = answer.get("expire_seconds")
        return QrCode(answer["url"], answer["ticket"], life if isinstance(life, int) else seconds)

    def media(self, media_id: str, most: int = MEDIA_BYTES) -> Media | Outcome:
        """What a person sent, read up to `most` bytes. A token that is refused here is renewed once as well."""
        found = self.with_token("media/get", lambda token: self.download({"access_token": token, "media_id": media_id}, most))
        return found if isinstance(found, Media | Outcome) else Outcome(Fate.REFUSED, "no_medium")

    def download(self, query: dict[str, str], most: int) -> Media | Outcome | dict[str, Any]:
        """The medium, or the JSON that came in its place. Reading may be repeated at will: what failed is AGAIN."""
        try:
            with self.http.stream("GET", self.base + "media/get", params=query) as response:
                content = b""
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > most:
                        return Outcome(Fate.REFUSED, "too_big")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            found = errors.unanswered(error)
            return found if found.fate is Fate.STOPPED else Outcome(Fate.AGAIN, found.reason, wait=timedelta(seconds=5))
        media_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
        if response.status_code != 200 or media_type == "text/html":
            return Outcome(Fate.AGAIN, f"http_{response.status_code}", wait=timedelta(seconds=5))
        if media_type in ("application/json", "text/plain"):
            answer = errors.understood(200, content)
            return Outcome(Fate.REFUSED, "no_medium") if isinstance(answer, Outcome) else answer  # a video comes as an address [R]; we take none
        return Media(content, media_type)
