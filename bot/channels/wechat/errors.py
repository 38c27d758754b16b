"""What WeChat answered to a call, as an `Outcome`. The table of codes; meanings [D copies], what follows from them is our judgement."""

from __future__ import annotations

import json
import re
from datetime import datetime, time, timedelta
from typing import Any

import httpx

from bot.channels import Fate, Outcome
from knowledge.db import CHINA

TOKEN = frozenset({40001, 40014, 42001})
"""The token is invalid, illegal or expired: it is renewed once and the call repeated once; then the account is stopped."""
DONE = {0: "ok", 45065: "already_sent", 45045: "typing", 45080: "typing", 45072: "typing", 45081: "typing"}
STOPPED = {
    40001: "token", 40014: "token", 42001: "token", 40125: "secret", 40013: "appid", 41002: "appid", 41004: "secret",
    40243: "secret_frozen", 40164: "address", 61004: "address", 50002: "restricted",
}  # fmt: skip
GONE = {40003: "bad_handle", 43004: "not_following"}
CLOSED = {43101: "not_accepted", 45015: "window_closed", 45047: "window_used"}
REFUSED = {
    45002: "too_long", 47001: "content", 47003: "content", 40037: "content", 40058: "content", 44004: "content", 40007: "media",
    45067: "client_id", 45098: "menu",
}  # fmt: skip
"""40007: upload the medium again, once. 45098: say the menu as text. 45002: say it as two."""
OFF = {48001: "not_allowed", 48004: "banned", 40200: "not_allowed", 61007: "not_allowed"}
FIXED = {Fate.SENT: DONE, Fate.STOPPED: STOPPED, Fate.GONE: GONE, Fate.CLOSED: CLOSED, Fate.REFUSED: REFUSED, Fate.OFF: OFF}
BUSY, BUSY_WAIT = -1, timedelta(seconds=2)
TOO_SOON = 45066
"""A client id that was used less than a minute ago [D copies of Batch_Sends, 新增返回码]."""
DAY_QUOTA, MINUTE_QUOTA, MASS_QUOTA = 45009, 45011, 45028
TRACE = re.compile(r"rid: ?([\w-]{1,40})")
FIELD = re.compile(r"data\.(\w{1,40})")


def outcome(code: int, answer: dict[str, Any], now: datetime) -> Outcome:
    """The fate of a call that was answered with a code."""
    for fate, table in FIXED.items():
        if code in table:
            return Outcome(fate, table[code], remote_id=remote_id(answer) if fate is Fate.SENT else None)
    if code == BUSY:
        return Outcome(Fate.AGAIN, "busy", wait=BUSY_WAIT)
    if code == MINUTE_QUOTA:
        return Outcome(Fate.AGAIN, "minute_quota", wait=timedelta(seconds=60 - now.second), everyone=True)
    if code == DAY_QUOTA:
        return Outcome(Fate.CLOSED, "day_quota", wait=to_midnight(now), everyone=True)
    if code == MASS_QUOTA:
        return Outcome(Fate.CLOSED, "mass_quota", wait=to_midnight(now), everyone=True)  # of the day or the month is not said: asked once a day
    if code == TOO_SOON:
        return Outcome(Fate.AGAIN, "too_soon", wait=timedelta(minutes=1))
    return Outcome(Fate.REFUSED, f"errcode_{code}")


def to_midnight(now: datetime) -> timedelta:
    """Daily quotas are new at 0:00 in China [R]."""
    local = now.astimezone(CHINA)
    return datetime.combine(local.date() + timedelta(days=1), time(0), CHINA) - local


def remote_id(answer: dict[str, Any]) -> str | None:
    found = answer.get("msgid", answer.get("msg_id"))
    return str(found)[:128] if isinstance(found, int | str) else None


def understood(status: int, body: bytes) -> dict[str, Any] | Outcome:
    """The JSON object of an answer. Everything else (5xx, a page of HTML with 200, nothing) leaves open whether the call was carried out."""
    if status != 200:
        return Outcome(Fate.UNKNOWN, f"http_{status}")
    try:
        answer = json.loads(body.decode("utf8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return Outcome(Fate.UNKNOWN, "no_json")
    if not isinstance(answer, dict) or code_of(answer) is None:
        return Outcome(Fate.UNKNOWN, "no_json")
    return answer


def code_of(answer: dict[str, Any]) -> int | None:
    """0 where there is no code: answers that carry data have none. None: it is no number."""
    code = answer.get("errcode", 0)
    try:
        return int(code) if isinstance(code, int | str) else None
    except ValueError:
        return None


def unanswered(error: httpx.HTTPError | httpx.InvalidURL) -> Outcome:
    """The fate of a call that got no answer: where no connection came about, nothing was sent."""
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError | httpx.InvalidURL):
        return Outcome(Fate.STOPPED, "api_base_url")
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return Outcome(Fate.AGAIN, "no_connection", wait=timedelta(seconds=5), everyone=not isinstance(error, httpx.PoolTimeout))
    return Outcome(Fate.UNKNOWN, "no_answer")


def trace(answer: dict[str, Any]) -> dict[str, str]:
    """What a log may say of an error message: the platform's trace id and the field it names; never the message, which may quote content."""
    said = str(answer.get("errmsg", ""))
    return {name: found[1] for name, pattern in (("rid", TRACE), ("field", FIELD)) if (found := pattern.search(said))}
