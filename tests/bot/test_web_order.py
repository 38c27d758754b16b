"""Taps and words of one person on the page are heard in the order in which they were sent."""

from __future__ import annotations

import asyncio

from tests.bot.test_web import Visitor, any_visitor

__all__ = ["any_visitor"]


async def test_taps_and_words_at_once_keep_their_order(any_visitor: Visitor) -> None:
    await any_visitor.enter()
    said = [f"第{number}句" for number in range(12)]
    choices = [{"choice": "go/menu"} if number % 3 == 0 else {} for number in range(12)]
    answers = await asyncio.gather(*(any_visitor.say(text, **choice) for text, choice in zip(said, choices, strict=True)))
    assert [answer.status_code for answer in answers] == [200] * 12
    assert any_visitor.stored() == said
