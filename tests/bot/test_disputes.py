"""What somebody says against their record, from their word to its outcome: they hear it, the case is over, lists are taken again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from bot.app import App
from bot.audit import Audit
from bot.delivery import Delivery
from knowledge.cases import Case
from knowledge.ledger.record import Record
from tests.bot.test_console import Browser, come, light
from tests.bot.test_ledger import ONE, held, link, say, take

__all__ = ["come", "light"]
WHO = "web::li"
CHANGED = {"inserted": 0, "updated": 1, "same": 0, "refused": 0}


def disputed(app: App) -> int:
    """李一 is linked and says that the school is wrong. Returns the record."""
    take(app, ONE)
    assert "连上了" in link(app, "李一", "803x", WHO)
    say(app, "我的去向登记不对", WHO)
    assert "结果会发到这里" in say(app, "我在上班,不是待就业", WHO)[0]["text"]
    assert take(app, (*ONE[:7], "考研"))["updated"] == 0
    return int(held(app, select(Record.id))[0])


def told(app: App) -> list[Any]:
    return [parts[0]["text"] for parts in held(app, select(Delivery.parts).where(Delivery.kind == "notice", Delivery.conversation == WHO))]


def test_a_new_destination_is_told_and_ends_the_dispute(any_app: App, come: Callable[..., Browser]) -> None:
    number, boss = disputed(any_app), come("boss")
    assert "改去向后会告诉本人" in boss.get(f"/people/{number}").text
    assert boss.post(f"/people/{number}/destination", destination="自由职业", note="电话核实").status_code == 303
    assert told(any_app) == ["你说去向登记不对的事：老师核对过了，现在登记的是「自由职业」。还不对就找老师说。"]
    assert held(any_app, select(Case.id).where(Case.closed_at.is_(None))) == []
    assert "改去向" in held(any_app, select(Audit.what))
    assert take(any_app, (*ONE[:7], "考研")) == CHANGED
    assert boss.post(f"/people/{number}/destination", destination="待就业", note="又说").status_code == 303
    assert len(told(any_app)) == 1, "nothing was disputed any more"


@pytest.mark.parametrize("linked", [True, False])
def test_a_dispute_that_is_closed_was_looked_into(any_app: App, come: Callable[..., Browser], linked: bool) -> None:
    boss = come("boss")
    if linked:
        disputed(any_app)
    else:
        say(any_app, "我的去向登记不对", WHO)
        say(any_app, "我在上班", WHO)
    [case] = held(any_app, select(Case.id))
    assert "登记不改" in boss.get(f"/cases/{case}").text
    for _ in range(2):
        assert boss.post(f"/cases/{case}/close").status_code == 303
    [said] = told(any_app)
    assert ("登记还是「待就业」，没有改" if linked else "连上学校登记，就能看到") in said
    assert held(any_app, select(Record.id).where(Record.disputed_at.is_not(None))) == []
    if linked:
        assert "核对" not in say(any_app, "我的去向登记", WHO)[0]["text"]
        assert take(any_app, (*ONE[:7], "考研")) == CHANGED
