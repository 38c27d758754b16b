"""Counters and timings for Prometheus. No person, no text in any label."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("bulixian_messages", "Messages accepted", ["channel", "kind"])
TURN_SECONDS = Histogram(
    "bulixian_turn_seconds", "From a message to its stored reply", ["channel"], buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
)
OUTCOMES = Counter("bulixian_sends", "Calls to a platform by what became of them", ["channel", "route", "fate", "reason"])
QUEUE = Gauge("bulixian_deliveries_open", "Deliveries on their way, by channel and kind", ["channel", "kind"])
QUEUE_AGE = Gauge("bulixian_delivery_age_seconds", "Age of the oldest delivery that could leave now", ["channel"])
