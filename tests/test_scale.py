"""The simulated announcement keeps the platforms' rules and its books, and decides as the program itself predicts."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from itertools import islice, pairwise

import pytest
from sqlalchemy import Connection

from bot import allowances, planner
from bot.allowances import Opening
from bot.app import App
from bot.channels.telegram.limits import PER_SECOND
from bot.channels.telegram.serve import TelegramAccount
from bot.channels.wechat.limits import MASS_PEOPLE, MESSAGE_QUOTA, MESSAGE_WINDOW
from bot.channels.wechat.serve import WeChatAccount
from bot.config import Telegram, WeChat
from bot.planner import MAILBOX
from tests.benchmarks.announcement import BEGIN, DAY, END, FIRST, HOUR, QUEUE, QUIET, QUOTAS, announced, people, sender, standing

SETTINGS = WeChat(appid="wx1", secret="s", token="token", template="m")  # type: ignore[arg-type]
PLAIN = SETTINGS.model_copy(update={"template": None})
MOMENTS = [BEGIN + hours * HOUR for hours in (1, 24, 24 * 7)]
SEED = 7
CASES = pytest.mark.parametrize(("settings", "mass"), [(SETTINGS, False), (PLAIN, False), (PLAIN, True)], ids=["template", "plain", "mass"])
MANY = 130_000
"""More than a day's template messages."""


@CASES
def test_nobody_twice_no_quota_exceeded_and_the_sums_balance(shared: App, settings: WeChat, mass: bool) -> None:
    account = sender(WeChatAccount(shared, settings), settings.template, mass=mass)
    sends = list(announced(account, people(MANY, SEED)))
    reached = {number: at for at, number, way in sends if way != MAILBOX}
    assert len(reached) == sum(way != MAILBOX for *_, way in sends)
    assert [at for at, *_ in sends] == sorted(at for at, *_ in sends)
    mailed = {number for _, number, way in sends if way == MAILBOX} - set(reached)
    last = standing(sends, MANY, MOMENTS)[-1]
    assert sum(last.values()) == MANY
    assert last[MAILBOX] == len(mailed)
    assert last[QUEUE] == MANY - len(mailed) - len(reached)
    assert sum(last.values()) - last[MAILBOX] - last[QUEUE] == len(reached)

    calls = Counter((at, way) for at, _, way in sends if way != MAILBOX)
    assert max(calls.values()) <= (MASS_PEOPLE[1] if mass else 1)
    days, moments = Counter((at // DAY, way) for at, way in calls), sorted(at for at, _ in calls)
    assert all(count <= QUOTAS.get(way, math.inf) for (_, way), count in days.items())
    assert min(later - earlier for earlier, later in pairwise(moments)) > account.step - 1e-6, "faster than the pace"
    assert not [at for at in moments if QUIET.until(FIRST + timedelta(seconds=at))]
    assert moments[-1] < END
    assert settings is PLAIN or days[0, "template"] == QUOTAS["template"], "the quota was not put to the test"


def test_telegram_bears_the_pace(shared: App) -> None:
    account = sender(TelegramAccount(shared, Telegram(token="1:x")), None)  # type: ignore[arg-type]
    assert 1 / account.step <= PER_SECOND
    assert {way for *_, way in announced(account, people(2_000, SEED))} == {"chat"}


@CASES
def test_more_accounts_never_reach_fewer(shared: App, settings: WeChat, mass: bool) -> None:
    account, before = sender(WeChatAccount(shared, settings), settings.template, mass=mass), [0, 0, 0]
    for accounts in (1, 2, 8, 32):
        audience, now = people(24_000, SEED), [0, 0, 0]
        for _ in range(accounts):
            found = standing(announced(account, list(islice(audience, 24_000 // accounts))), 24_000 // accounts, MOMENTS)
            now = [old + sum(kept.values()) - kept[MAILBOX] - kept[QUEUE] for old, kept in zip(now, found, strict=True)]
        assert all(more >= fewer for more, fewer in zip(now, before, strict=True)), (accounts, before, now)
        assert now == sorted(now)
        before = now


@pytest.mark.parametrize("settings", [SETTINGS, PLAIN], ids=["template", "plain"])
def test_it_decides_as_the_program_predicts(shared: App, settings: WeChat) -> None:
    carrier, now, count = WeChatAccount(shared, settings), shared.clock.now(), 300
    audience = list(people(count, SEED))
    keys = [f"wechat:{carrier.account}:{number}" for number in range(count)]

    def heard(connection: Connection) -> None:
        ends = [now - timedelta(seconds=BEGIN - last) + MESSAGE_WINDOW for last, *_ in audience]
        allowances.opened(connection, [(key, [Opening("message", MESSAGE_QUOTA, end)]) for key, end in zip(keys, ends, strict=True)])
        allowances.opened(
            connection, [(key, [Opening(f"token:{SETTINGS.template}", int(one[2]), None)]) for key, one in zip(keys, audience, strict=True)]
        )

    with shared.database.writing() as connection:
        heard(connection)
    with shared.database.reading() as connection:
        predicted = planner.predict(connection, {planner.owner_of(carrier): carrier}, keys, now)
    first = {number: way for _, number, way in reversed(list(announced(sender(carrier, settings.template), audience)))}
    assert Counter(f"wechat/{way}" for way in first.values()) == predicted
    assert len(predicted) > 1
