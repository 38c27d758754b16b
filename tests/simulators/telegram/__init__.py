"""Telegram as a server that enforces its rules: the Bot API on one side, the people who write to the bot on the other.

In a test: `with Simulator() as telegram:` and give the bot `telegram.base_url`; alone: `python -m tests.simulators.telegram --help`.
It is no copy of Telegram: what it refuses it refuses for a rule with a source (facts: platforms.md §3; tdlib's source).
"""

from __future__ import annotations

from tests.simulators.telegram.server import Simulator
from tests.simulators.telegram.world import Fault, World

__all__ = ["Fault", "Simulator", "World"]
