"""Counters and timings for Prometheus. No person, no text in any label."""

from prometheus_client import Counter, Histogram

MESSAGES = Counter("bulixian_messages", "Messages accepted", ["channel", "kind"])
TURN_SECONDS = Histogram(
    "bulixian_turn_seconds", "From a message to its stored reply", ["channel"], buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
)
