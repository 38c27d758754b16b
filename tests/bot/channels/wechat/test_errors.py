"""Each answer of the API, row by row, and each way of getting none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Fate, Outcome
from bot.channels.wechat import errors

SAMPLES = Path(__file__).parents[3] / "samples" / "wechat_api"
NOW = datetime(2026, 11, 22, 9, 0, 20, tzinfo=UTC)  # 17:00:20 in China

TABLE: dict[int, tuple[Fate, str]] = {
    0: (Fate.SENT, "ok"),
    -1: (Fate.AGAIN, "busy"),
    40001: (Fate.STOPPED, "token"),
    40014: (Fate.STOPPED, "token"),
    42001: (Fate.STOPPED, "token"),
    40125: (Fate.STOPPED, "secret"),
    40013: (Fate.STOPPED, "appid"),
    41002: (Fate.STOPPED, "appid"),
    41004: (Fate.STOPPED, "secret"),
    40243: (Fate.STOPPED, "secret_frozen"),
    40164: (Fate.STOPPED, "address"),
    61004: (Fate.STOPPED, "address"),
    50002: (Fate.STOPPED, "restricted"),
    40003: (Fate.GONE, "bad_handle"),
    43004: (Fate.GONE, "not_following"),
    43101: (Fate.CLOSED, "not_accepted"),
    45015: (Fate.CLOSED, "window_closed"),
    45047: (Fate.CLOSED, "window_used"),
    45002: (Fate.REFUSED, "too_long"),
    45009: (Fate.CLOSED, "day_quota"),
    45011: (Fate.AGAIN, "minute_quota"),
    45028: (Fate.CLOSED, "mass_quota"),
    45065: (Fate.SENT, "already_sent"),
    45066: (Fate.AGAIN, "too_soon"),
    45067: (Fate.REFUSED, "client_id"),
    47001: (Fate.REFUSED, "content"),
    47003: (Fate.REFUSED, "content"),
    40037: (Fate.REFUSED, "content"),
    40058: (Fate.REFUSED, "content"),
    44004: (Fate.REFUSED, "content"),
    40007: (Fate.REFUSED, "media"),
    45098: (Fate.REFUSED, "menu"),
    48001: (Fate.OFF, "not_allowed"),
    48004: (Fate.OFF, "banned"),
    40200: (Fate.OFF, "not_allowed"),
    61007: (Fate.OFF, "not_allowed"),
    45045: (Fate.SENT, "typing"),
    45080: (Fate.SENT, "typing"),
    45072: (Fate.SENT, "typing"),
    45081: (Fate.SENT, "typing"),
    49999: (Fate.REFUSED, "errcode_49999"),
}


@pytest.mark.parametrize("code", TABLE)
def test_codes(code: int) -> None:
    found = errors.outcome(code, {"errcode": code}, NOW)
    assert (found.fate, found.reason) == TABLE[code]


@pytest.mark.parametrize(
    ("code", "wait", "everyone"),
    [
        (-1, timedelta(seconds=2), False),
        (45011, timedelta(seconds=40), True),
        (45009, timedelta(hours=6, minutes=59, seconds=40), True),
        (45028, timedelta(hours=6, minutes=59, seconds=40), True),
        (45066, timedelta(minutes=1), False),
        (45047, None, False),
    ],
)
def test_waits(code: int, wait: timedelta | None, everyone: bool) -> None:
    found = errors.outcome(code, {}, NOW)
    assert (found.wait, found.everyone) == (wait, everyone)


DATA = {"media_upload", "oauth_token", "qrcode", "token_ok"}


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.stem)
def test_samples(path: Path) -> None:
    answer = errors.understood(200, path.read_bytes())
    assert isinstance(answer, dict)
    code = errors.code_of(answer)
    assert code is not None
    found = errors.outcome(code, answer, NOW)
    if path.stem in DATA:
        assert code == 0
    elif path.stem == "oauth_code_used":
        assert found.reason == "errcode_40163"
    else:
        assert (found.fate, found.reason) == TABLE[code]


def test_the_platforms_number_is_kept() -> None:
    assert errors.outcome(0, {"msgid": 200163836}, NOW).remote_id == "200163836"
    assert errors.outcome(0, {"msg_id": 34182}, NOW).remote_id == "34182"
    assert errors.outcome(45002, {"msgid": 1}, NOW).remote_id is None


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (502, b"<html>Bad Gateway</html>", "http_502"),
        (500, b'{"errcode":0}', "http_500"),
        (302, b"", "http_302"),
        (200, b"<html>ok</html>", "no_json"),
        (200, b"", "no_json"),
        (200, b"[]", "no_json"),
        (200, b'{"errcode":"x"}', "no_json"),
        (200, b'{"errcode":null}', "no_json"),
    ],
)
def test_what_is_no_answer_leaves_it_open(status: int, body: bytes, reason: str) -> None:
    assert errors.understood(status, body) == Outcome(Fate.UNKNOWN, reason)


def test_a_code_as_text_counts() -> None:
    answer = errors.understood(200, b'{"errcode":"45015","errmsg":"x"}')
    assert isinstance(answer, dict)
    assert errors.code_of(answer) == 45015


CODED = st.dictionaries(st.just("errcode"), st.integers() | st.text()).map(lambda row: json.dumps(row).encode())


@given(st.integers(199, 201), st.binary(max_size=50) | CODED)
def test_any_answer(status: int, body: bytes) -> None:
    assert isinstance(errors.understood(status, body), dict | Outcome)


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (httpx.ConnectError(""), Fate.AGAIN),
        (httpx.ConnectTimeout(""), Fate.AGAIN),
        (httpx.PoolTimeout(""), Fate.AGAIN),
        (httpx.ProxyError(""), Fate.AGAIN),
        (httpx.ReadTimeout(""), Fate.UNKNOWN),
        (httpx.WriteTimeout(""), Fate.UNKNOWN),
        (httpx.ReadError(""), Fate.UNKNOWN),
        (httpx.WriteError(""), Fate.UNKNOWN),
        (httpx.RemoteProtocolError(""), Fate.UNKNOWN),
        (httpx.UnsupportedProtocol(""), Fate.STOPPED),
        (httpx.InvalidURL(""), Fate.STOPPED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_answer(error: Any, fate: Fate) -> None:
    assert errors.unanswered(error).fate is fate


def test_a_log_gets_the_trace_and_the_field_only() -> None:
    said = {"errmsg": "argument invalid! data.thing1.value invalid: 欧阳测试 rid: 65a-b1_c"}
    assert errors.trace(said) == {"rid": "65a-b1_c", "field": "thing1"}
    assert errors.trace({}) == {}
