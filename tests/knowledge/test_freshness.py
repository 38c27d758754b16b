"""What has run out is never offered as current: every shipped entry, every way it is said, on any day. And the staff's list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.freshness import expiring
from dialogs import wording
from dialogs.consult import conclude, overview
from dialogs.messages import Say
from dialogs.questions import Aspect
from knowledge.policy import store
from knowledge.policy.entry import Entry, said
from knowledge.policy.search import Found, PolicySearch
from knowledge.policy.store import Knowledge

SHOWN = store.knowledge_of(store.files()).readable()
ENDING = [entry for entry in SHOWN.entries.values() if entry.valid_to]
OVER = re.compile(r"已(在 \S+ )?(截止|到期|停止|过期|结束)")
AMOUNT = re.compile(r"\d[\d.,]*\s*(元|万|%|%|倍|块)")
DAYS = st.dates(date(2023, 1, 1), date(2030, 12, 31))


def ways(entry: Entry, today: date) -> Iterator[Say]:
    """Everything that is said of one entry."""
    yield wording.whole(entry, today)
    for faq in entry.faq:
        yield wording.whole(entry, today, direct=said(faq.answer))
        yield wording.one_line(entry, faq.answer, today)
    for aspect in get_args(Aspect):
        yield wording.whole(entry, today, aspect=aspect)
        yield wording.side(entry, aspect, today)
        yield from (wording.one_line(entry, line, today) for line in wording.statements(entry, aspect))
    for region in entry.region:
        yield wording.of_place(entry, [region], today)
        yield wording.whole(entry, today, text=region.place)
    yield Say(wording.menu_line(entry, today))


def around(entry: Entry) -> list[date]:
    assert entry.valid_to
    return [entry.valid_to + timedelta(days=days) for days in (-1, 0, 1, 2, 31, 366)]


def holds(entry: Entry, today: date) -> None:
    for say in ways(entry, today):
        over, amount = OVER.search(say.text), AMOUNT.search(say.text)
        if entry.expired(today):
            assert over, (entry.id, today, say.text)
            assert over.start() < 40, (entry.id, today, say.text)
            assert amount is None or over.start() < amount.start(), (entry.id, today, say.text)
        else:
            assert f"这项政策已在 {entry.valid_to}" not in say.text, "it still runs"


def test_around_the_last_day_of_every_entry() -> None:
    assert len(ENDING) >= 8
    for entry in ENDING:
        for today in around(entry):
            holds(entry, today)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ENDING), DAYS)
def test_on_any_day(entry: Entry, today: date) -> None:
    holds(entry, today)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(ENDING), DAYS, st.text("0123456789元最多可领。", min_size=2, max_size=30), DAYS)
def test_whatever_staff_write(entry: Entry, today: date, answer: str, valid_to: date) -> None:
    """The date leads, not the words that the author happened to choose: 「12 月截止申请」 says nothing of its being over."""
    for text in (answer, f"12 月截止申请,{answer}", f"最多 1500 元,旧版已截止,{answer}"):
        holds(entry.model_copy(update={"answer": text, "valid_to": valid_to, "valid_from": None}), today)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(today=DAYS)
def test_menus_and_overviews(search: PolicySearch, today: date) -> None:
    for entry in ENDING:
        found = Found((search.hit(entry.id),), "menu", search.rows)
        line = conclude(entry.title, found, search, today, None, None).say.text.split("\n")[1]
        assert line == wording.menu_line(search.knowledge.entries[entry.id], today)
    for kind in ("person", "employer"):
        hidden = {entry.title for entry in ENDING if entry.expired(today)}
        assert not hidden & {choice.label for choice in overview(kind, search, today).say.choices}


def test_the_list_for_staff() -> None:
    entry = ENDING[0]
    heir = entry.model_copy(update={"id": "ZZZ-02", "title": "新的一条", "valid_to": date(2030, 1, 1), "review_by": date(2029, 1, 1)})
    old = entry.model_copy(update={"id": "ZZZ-01", "valid_to": date(2026, 12, 1), "review_by": date(2026, 11, 1), "successor": "ZZZ-02"})
    held = Knowledge(0, {"ZZZ-01": old, "ZZZ-02": heir}, {})
    soon = expiring(held, date(2026, 11, 22), 30)
    assert [line.split(":")[0] for line in soon] == [f"2026-11-01 ZZZ-01 {old.title}", f"2026-12-01 ZZZ-01 {old.title}"]
    assert "复核日期已过" in soon[0]
    assert "之后回答先说已截止" in soon[1]
    assert "接续的是 ZZZ-02 新的一条" in soon[1]
    assert not [line for line in soon if "ZZZ-02" in line.split(":")[0]]
    assert expiring(held, date(2026, 11, 22), 0) == soon[:1]
    after = expiring(held, date(2030, 6, 1), 30)
    assert len(after) == 4
    assert "它也已截止" in next(line for line in after if "ZZZ-01" in line and "接续" in line)
