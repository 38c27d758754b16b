"""What operators see of a message on each channel: how long its answer took, what became of it, one trace from the hook to the send."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.bot.channels.test_telegram_live import town as telegram_town
from tests.bot.channels.test_wechat_live import PERSON, town
from tests.simulators.telegram import Simulator


def measured(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def turns(channel: str) -> float:
    return measured("bulixian_turn_seconds_count", channel=channel)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.mark.parametrize("hook", [True, False])
def test_a_turn_on_telegram_is_timed(sqlite_url: str, simulator: Simulator, hook: bool) -> None:
    with telegram_town(sqlite_url, simulator, hook=hook) as served:
        before = turns("telegram")
        served.say("档案放哪儿")
        assert turns("telegram") == before + 1


@pytest.mark.parametrize("capability", ["service_verified", "unverified"])
async def test_a_passive_reply_is_timed_counted_and_followed(sqlite_url: str, capability: str) -> None:
    sent = {"channel": "wechat", "route": "passive", "fate": "sent", "reason": ""}
    with town(sqlite_url, capability) as served, capture_logs() as logged:
        before, answered = turns("wechat"), measured("bulixian_sends_total", **sent)
        await served.people.text(PERSON, "档案放哪儿")
        await served.people.message(PERSON, "video", MediaId="M", ThumbMediaId="T")
        assert turns("wechat") == before + 2
        assert measured("bulixian_sends_total", **sent) == answered + 2
        await served.people.close()
    heard, said = ([line["trace"] for line in logged if line["event"] == event] for event in ("received", "sent"))
    assert heard == said
    assert len(set(said)) == 2
    assert PERSON not in str(logged)
