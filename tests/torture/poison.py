"""Poison: messages at which a step raises, bodies that are none, a row that cannot be rendered, work that fails in the writer."""

from __future__ import annotations

import json
import os
import random

import httpx

from bot.delivery import plan, row_of
from dialogs.messages import Say
from knowledge.db import now
from tests.torture.town import POISON, SECRET, Verdict, moments, town

TIMES = int(os.environ.get("BULIXIAN_POISON", "40"))
BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"update_id":' + b"9" * 6000 + b"}",
    b'{"update_id": 1, "message": {"chat": 7}}',
)
WORDS = ("\x00", "\ud83d", "\u202e" * 500, "😀" * 4000, "%s%n{}", "'; DROP TABLE inbox; --")
ODD = [[{"kind": "unheard-of"}], [{}], [7], {"not": "a list"}]
"""What stands in a row's parts after a defect of ours."""


def run(url: str, times: int = TIMES, *, seed: int = 8) -> Verdict:
    chance, rows = random.Random(seed), 0
    with town(url, rate=10) as made, httpx.Client(timeout=30) as http:
        assert made.world.hook
        statuses = []
        for number, _ in enumerate(moments(times, 0.2, seed)):
            made.say(chance.choice(made.people), f"{POISON} {number}")
            made.faults["a step that raises"] += 1
            made.say(chance.choice(made.people), WORDS[number % len(WORDS)].encode("utf8", "replace").decode() + "菜单")
            made.faults["odd words"] += 1
            headers = {"x-telegram-bot-api-secret-token": SECRET, "content-type": "application/json"}
            statuses.append(http.post(made.world.hook.url, content=BODIES[number % len(BODIES)], headers=headers).status_code)
            made.faults["a body that is none"] += 1
            if number % 4 == 0:
                broken = row_of(f"broken|{number}", f"telegram:{made.world.bot_id}:{chance.choice(made.people)}", "notice", [Say("x")], now())
                with made.database.writing() as connection:
                    plan(connection, [broken | {"parts": ODD[number // 4 % len(ODD)]}])
                made.faults["a row that cannot be rendered"] += 1
                rows += 1
        found = made.reckoned("poison")
    if any(status >= 500 for status in statuses):
        found.bad.append(f"answers {json.dumps(statuses)}")
    if found.failed != rows:
        found.bad.append(f"{found.failed} failed, {rows} cannot be rendered")
    if found.fell:
        found.bad.append("a process ended")
    return found
