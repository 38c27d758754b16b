"""What staff read of a broadcast is words: every reason that the channels, the pump and the ledger write down, and every way, has its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot
from bot import delivery, massing, outcomes, planner, results
from bot.allowances import GONE
from bot.channels import Fate
from bot.channels.telegram import errors as telegram
from bot.channels.wechat import errors as wechat
from bot.channels.wechat.limits import Route

ROOT = Path(bot.__file__).parent
PLACES = [*sorted((ROOT / "channels").rglob("*.py")), *(ROOT / f"{name}.py" for name in ("pump", "massing", "planner", "changes", "backup"))]


def constants(node: ast.expr) -> Iterator[str]:
    """The words an expression may come to: as they stand, either side of a choice, the beginning of one that is put together."""
    match node:
        case ast.Constant(value=str(said)):
            yield said
        case ast.IfExp(body=one, orelse=other):
            yield from (*constants(one), *constants(other))
        case ast.JoinedStr(values=[ast.Constant(value=str(sign)), *_]):
            yield f"{sign}1"


def written() -> Iterator[str]:
    """Second thing of an `Outcome`, and what is stored as `error`, in all places that make one."""
    for place in PLACES:
        for node in ast.walk(ast.parse(place.read_text(encoding="utf8"))):
            if isinstance(node, ast.Call):
                if isinstance(node.func, ast.Name) and node.func.id == "Outcome" and len(node.args) > 1:
                    yield from constants(node.args[1])
                yield from (said for word in node.keywords if word.arg in ("error", "reason") for said in constants(word.value))


def test_every_reason_has_words() -> None:
    told = {*(said for table in wechat.FIXED.values() for said in table.values()), *(said for *_, said in telegram.BAD_REQUESTS)}
    told |= {said for _, said in telegram.FORBIDDEN} | set(massing.REASONS) | set(written())
    told |= {delivery.UNSUBSCRIBED, delivery.WITHDRAWN, delivery.RUNG, planner.QUOTA, massing.DIED, "changed"}
    assert {"blocked", "day_quota", "timed_out", "errcode_1", "file_gone", "restored", "not_rendered"} <= told, "the search finds what is there"
    bare = sorted(said for said in told - {""} if outcomes.reason(said).startswith("平台说:"))
    assert bare == []
    assert outcomes.reason("errcode_45999") == "微信不收，错误号 45999"
    assert outcomes.reason("token_http_502") == "取微信的凭证没成：平台出错，HTTP 502"
    assert outcomes.reason("err(99999)") == "平台说：err(99999)"


@pytest.mark.parametrize("said", [*Route, "chat", GONE, planner.MAILBOX, "web", "console", "wechat", "telegram"])
def test_every_way_has_words(said: str) -> None:
    if said not in (Route.PASSIVE, Route.SLICES, Route.MENU, Route.QR):  # ways of answering, none of a broadcast
        assert said in outcomes.WAYS


def test_every_state_has_words() -> None:
    assert {*delivery.FINAL, "open", "unplanned", "left"} == set(results.RESULTS)
    assert len(Fate) == 8, "a new fate needs its reasons above"
