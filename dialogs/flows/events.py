"""Events one was told of: saying that one wants to come, and what one said that of."""

from __future__ import annotations

from dialogs.effects import ShowEvents, WantEvent
from dialogs.flow import Flow

FLOWS = (
    Flow(
        "coming",
        1,
        "想参加",
        opens=("想参加", "我想参加", "我要参加", "报名参加", "我想去", "我参加"),
        begin=lambda turn, _: turn.effects.append(WantEvent(None)),
    ),
    Flow(
        "events",
        1,
        "我的活动",
        opens=("我的活动", "我的招聘会", "我报名的活动", "我要参加的活动"),
        begin=lambda turn, _: turn.effects.append(ShowEvents()),
    ),
)
