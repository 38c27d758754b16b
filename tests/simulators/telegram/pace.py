"""How fast a bot may speak: 30 a second in all, one a second to a chat, 20 a minute to a group; then 429 for everyone.

Telegram states no exact limits (platforms.md §3.1); these are the documented ones, enforced.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field


@dataclass
class Pace:
    per_second: int = 30
    slack: int = 0
    """What any one second may hold beyond: the documented number is an "about"."""
    per_chat_second: float = 1.0
    chat_burst: int = 5
    """Messages a chat that was quiet takes at once: "short bursts" are allowed."""
    per_group_minute: int = 20
    penalty: int = 3
    """Seconds of `retry_after` for the bot's own rate."""
    until: float = 0.0
    sent: list[float] = field(default_factory=list)
    refused: int = 0
    chats: dict[int, deque[float]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=64)))
    tokens: dict[int, tuple[float, float]] = field(default_factory=dict)

    def refusal(self, chat: int, group: bool, now: float) -> int:
        """0 where the message may go (it is counted then), or the seconds of `retry_after`, which bind the whole bot."""
        wait = self.wait(chat, group, now)
        if wait:
            self.refused += 1
            self.until = max(self.until, now + wait)
            return wait
        self.sent.append(now)
        self.chats[chat].append(now)
        self.tokens[chat] = (self.left(chat, now) - 1, now)
        return 0

    def wait(self, chat: int, group: bool, now: float) -> int:
        if pause := self.pause(now):
            return pause
        if len([at for at in self.sent[-self.per_second - self.slack :] if now - at < 1]) >= self.per_second + self.slack:
            return self.penalty
        recent = [at for at in self.chats[chat] if now - at < 60]
        if group and len(recent) >= self.per_group_minute:
            return max(1, math.ceil(60 - (now - recent[0])))
        return 0 if self.left(chat, now) >= 1 else self.penalty

    def pause(self, now: float) -> int:
        """Seconds for which a 429 still binds the whole bot."""
        return max(0, math.ceil(self.until - now))

    def left(self, chat: int, now: float) -> float:
        held, at = self.tokens.get(chat, (float(self.chat_burst), now))
        return min(float(self.chat_burst), held + (now - at) * self.per_chat_second)

    def seconds(self) -> dict[int, int]:
        """Messages taken, by second."""
        return dict(Counter(int(at) for at in self.sent))

    def peak(self) -> int:
        """The most that were taken within any one second."""
        most, window = 0, deque[float]()
        for at in self.sent:
            window.append(at)
            while at - window[0] >= 1:
                window.popleft()
            most = max(most, len(window))
        return most
