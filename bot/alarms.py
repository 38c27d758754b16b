"""What keeps an account from sending or hearing, for those who can mend it: read from the allowances. Mends nothing, names no person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot import allowances, outcomes
from bot.allowances import DEAF, STOPPED

CHANNELS = {"wechat": "微信公众号", "telegram": "Telegram 机器人"}
WAYS = {"customer": "客服消息", "template": "模板消息", "notification": "订阅通知", "mass": "群发"}


@dataclass(frozen=True, slots=True)
class Alarm:
    """`what`: `stopped` it sends nothing, `deaf` it hears nothing, `off` it may not use the way that `reason` names."""

    owner: str
    what: str
    reason: str

    def told(self) -> str:
        """In words, with the account."""
        channel, _, account = self.owner.partition(":")
        who = f"{CHANNELS.get(channel, channel)} {account}"
        if self.what == "off":
            return f"{who} 没有{WAYS.get(self.reason, self.reason)}的权限，平台拒了；要靠它发的等对方下次来说话，每天再试一次"
        return f"{who} {'收不到消息' if self.what == DEAF else '发不出消息'}：{outcomes.reason(self.reason)}"


def found(connection: Connection, accounts: Collection[str], now: datetime) -> list[Alarm]:
    """Of these accounts (`channel:account`), what stands now. A quota that is used up is none: it comes back by itself."""
    held = allowances.held(connection, accounts, now)
    split = [(owner, *name.partition(":")[::2], allowance.left) for owner, names in held.items() for name, allowance in names.items()]
    return sorted(
        (Alarm(owner, what, reason) for owner, what, reason, left in split if what in (STOPPED, DEAF) or (what == "off" and left is None)),
        key=lambda alarm: (alarm.owner, alarm.what, alarm.reason),
    )
