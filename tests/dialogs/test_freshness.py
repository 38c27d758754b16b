"""What has run out is never offered as current, whichever entry ends and whatever is asked; near ends and late reviews are said.

The shipped ends day by day: `tests/knowledge/test_freshness.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs import unanswered, wording
from dialogs.consult import Context, consult
from dialogs.questions import LABELLED
from knowledge.policy import regions
from knowledge.policy.entry import Entry
from knowledge.policy.search import PolicySearch, sentences
from knowledge.policy.store import Knowledge

ENDED = re.compile(r"[^元万%%倍块]{0,40}已(在 \d{4}-\d\d-\d\d )?(截止|到期|停止|过期|结束)")
DATED = re.compile(r"这项政策已在 \d{4}-\d\d-\d\d 截止")
DAY = timedelta(days=1)
DAYS = st.dates(date(2023, 1, 1), date(2030, 12, 31))


def said(entry: Entry, today: date) -> Iterator[str]:
    """Everything that is ever said of an entry."""
    guiyang = regions.find("贵阳") or None
    for place in (None, guiyang):
        yield wording.whole(entry, today, place=place).text
        yield from (wording.whole(entry, today, aspect=aspect, place=place).text for aspect in LABELLED.values())
        yield from (wording.side(entry, aspect, today, place=place).text for aspect in LABELLED.values())
    for _, line, faq in sentences(entry):
        yield wording.one_line(entry, line, today).text
        yield wording.whole(entry, today, direct=line if faq else "").text
    yield from (wording.of_place(entry, [region], today).text for region in entry.region)
    yield wording.conclusion(entry, today)
    yield unanswered.told(entry, ["问过的话"], today, today, None).text.split("\n", 1)[1]


def ending(knowledge: Knowledge) -> list[Entry]:
    """Every entry as one that ends: on its own day where it has one."""
    return [entry if entry.valid_to else entry.model_copy(update={"valid_to": date(2026, 6, 30)}) for entry in knowledge.entries.values()]


def test_every_way_of_saying_an_entry_that_has_run_out_says_so_first(knowledge: Knowledge) -> None:
    for entry in ending(knowledge):
        assert entry.valid_to
        for today in (entry.valid_to + DAY, entry.valid_to + 400 * DAY):
            for text in said(entry, today):
                assert ENDED.match(text), f"{entry.id} on {today}: {text}"


def test_nothing_is_said_to_have_run_out_before_its_day(knowledge: Knowledge) -> None:
    for entry in ending(knowledge):
        assert entry.valid_to
        for today in (entry.valid_to - 400 * DAY, entry.valid_to):
            assert not any(DATED.search(text) for text in said(entry, today)), entry.id


def test_an_end_that_is_near_and_a_review_that_is_late_are_said(knowledge: Knowledge) -> None:
    entry = knowledge.entries["SUB-02"].model_copy(update={"valid_to": date(2027, 1, 31), "review_by": date(2027, 3, 1)})
    for days, near in ((31, False), (30, True), (0, True), (-1, False)):
        assert ("目前只到 2027-01-31" in wording.whole(entry, date(2027, 1, 31) - days * DAY).text) is near
    for days, late in ((0, False), (1, True)):
        assert (wording.OVERDUE in wording.side(entry, "amount", entry.review_by + days * DAY).text) is late


@settings(max_examples=300, deadline=None)
@given(data=st.data(), today=DAYS)
def test_any_question_on_any_day(search: PolicySearch, data: st.DataObject, today: date) -> None:
    """Through the search and what was talked about before: answers lead with the end, menus say it of each, overviews leave it out."""
    entries = [*search.knowledge.entries.values()]
    asked = data.draw(st.sampled_from(data.draw(st.sampled_from(entries)).questions))
    last = data.draw(st.sampled_from([None, *(entry for entry in entries if entry.valid_to)]))
    text = data.draw(st.sampled_from([asked, asked[: len(asked) // 2], "多少钱", "那我可以吗", "要什么材料", "海口呢", "最长多久", "我能领什么"]))
    found = consult(text, search, today, Context(last, None))
    if found.outcome == "answer" and found.entry and found.entry.expired(today):
        assert ENDED.match(found.say.text)
    if found.outcome == "menu":
        gone = {entry.title for entry in entries if entry.expired(today)}
        assert not any(line.startswith(f"· {title}:") for line in found.say.text.split("\n") for title in gone)
