"""What python-telegram-bot raises, as an `Outcome`. Decided by class first and by words only where one class means several things.

Order matters: BadRequest and TimedOut are NetworkErrors. Nothing of an answer's own text goes on: it may hold the token or what people wrote.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta

import httpx
from telegram import error as telegram

from bot.channels import Fate, Outcome

os.environ.setdefault("PTB_TIMEDELTA", "1")
"""Else every 429 also warns that `retry_after` will be a timedelta one day [S PTB _utils/datetime.py]."""
PAUSE = timedelta(seconds=5)
"""Ours: before the next try where the platform did not say how long."""
NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""The request certainly did not go out: no connection stood."""
WRONG_ADDRESS = (httpx.UnsupportedProtocol, httpx.InvalidURL)
BAD_REQUESTS = (
    (r"chat not found|user not found|peer_id_invalid|group chat was deactivated|chat_id is empty", Fate.GONE, "chat_not_found"),
    (r"query is too old|query id is invalid", Fate.CLOSED, "query_too_old"),
    (r"message is not modified", Fate.SENT, "not_modified"),
    (r"can't parse entities", Fate.REFUSED, "cannot_parse"),
    (r"too long", Fate.REFUSED, "too_long"),
    (r"too big|too large", Fate.REFUSED, "too_big"),
    (r"button_", Fate.REFUSED, "bad_button"),
    (r"non-empty|is empty|file must be", Fate.REFUSED, "empty"),
    (r"not enough rights|have no rights|write_forbidden|need administrator", Fate.CLOSED, "no_rights"),
    (r"bad webhook|webhook url|secret token", Fate.STOPPED, "webhook"),
)
FORBIDDEN = (
    (r"blocked by the user", "blocked"),
    (r"deactivated", "deactivated"),
    (r"can't initiate", "cannot_initiate"),
    (r"kicked|not a member|was deleted", "put_out"),
)
TOO_LARGE = re.compile(r"(request entity|content) too large", re.IGNORECASE)
TOO_MANY = re.compile(r"too many requests", re.IGNORECASE)


class ApiError(Exception):
    """A call that gives a value and got none; `outcome` says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"telegram: {outcome.fate} ({outcome.reason})")
        self.outcome = outcome


def outcome_of(error: Exception) -> Outcome:
    """The fate of the call that raised `error` (facts: platforms.md §3.2)."""
    match error:
        case telegram.BadRequest():
            return bad_request(str(error))
        case telegram.RetryAfter():
            return Outcome(Fate.AGAIN, "too_many", wait=seconds(error.retry_after), everyone=True)
        case telegram.ChatMigrated():
            return Outcome(Fate.AGAIN, "migrated", moved_to=str(error.new_chat_id))
        case telegram.Forbidden():
            return Outcome(Fate.GONE, worded(str(error), FORBIDDEN) or "forbidden")
        case telegram.InvalidToken():  # 401, and 404: a wrong base_url too
            return Outcome(Fate.STOPPED, "token")
        case telegram.Conflict():
            return Outcome(Fate.STOPPED, "conflict")
        case telegram.NetworkError():
            return network(error)
        case telegram.TelegramError():  # 200 and no JSON
            return Outcome(Fate.UNKNOWN, "not_json")
    return Outcome(Fate.UNKNOWN, "odd_answer")  # 200 and JSON that is no answer: `ok: false` is a KeyError


def network(error: telegram.NetworkError) -> Outcome:
    """No answer, or one of a machine in between or of an ailing server."""
    cause = error.__cause__
    if isinstance(cause, NEVER_LEFT):
        pool = isinstance(cause, httpx.PoolTimeout)
        return Outcome(Fate.AGAIN, "pool" if pool else "unreachable", wait=PAUSE, everyone=not pool)
    if isinstance(cause, WRONG_ADDRESS):
        return Outcome(Fate.STOPPED, "base_url")
    if isinstance(error, telegram.TimedOut):
        return Outcome(Fate.UNKNOWN, "timed_out")
    if isinstance(cause, httpx.HTTPError):
        return Outcome(Fate.UNKNOWN, "dropped")
    if TOO_LARGE.match(str(error)):
        return Outcome(Fate.REFUSED, "too_big")
    if TOO_MANY.match(str(error)):  # without retry_after it is not Telegram's own, but it was not taken
        return Outcome(Fate.AGAIN, "too_many", wait=PAUSE, everyone=True)
    return Outcome(Fate.UNKNOWN, "server_error")


def bad_request(description: str) -> Outcome:
    """400: the words are those of tdlib's Client.cpp; PTB capitalises them differently."""
    for pattern, fate, reason in BAD_REQUESTS:
        if re.search(pattern, description, re.IGNORECASE):
            return Outcome(fate, reason)
    return Outcome(Fate.REFUSED, "bad_request")


def worded(description: str, table: tuple[tuple[str, str], ...]) -> str | None:
    return next((reason for pattern, reason in table if re.search(pattern, description, re.IGNORECASE)), None)


def seconds(value: int | timedelta) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=value)
