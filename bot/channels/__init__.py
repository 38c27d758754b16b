"""Channels: one platform, one file or folder. What all share lives here: how a platform's answer to a send is understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Fate(StrEnum):
    """What became of one send, as the delivery ledger must know it."""

    SENT = "sent"
    AGAIN = "again"
    """Certainly not delivered; the same may be tried after `Outcome.wait`."""
    UNKNOWN = "unknown"
    """The request left and no answer came back: it may have arrived. Never resent silently."""
    REFUSED = "refused"
    """The platform will never take this message (its content, its size)."""
    GONE = "gone"
    """This person is not reachable on this account any more: blocked, unfollowed, deleted."""
    CLOSED = "closed"
    """This route is shut for this person now (window, quota, token used up); another route may be open."""
    OFF = "off"
    """The account may not use this route at all."""
    STOPPED = "stopped"
    """The account's credentials or settings are wrong: nothing more is sent until staff mend them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One platform answer, understood. `reason` is a short stable word for metrics and the ledger, without personal data."""

    fate: Fate
    reason: str = ""
    remote_id: str | None = None
    wait: timedelta | None = None
    """For AGAIN: how long; for CLOSED: how long the route stays shut where that is known."""
    everyone: bool = False
    """Whether `wait` holds for the whole account (429, per-minute quota), not for this person only."""
    moved_to: str | None = None
    """The handle this chat has from now on (a Telegram group that became a supergroup)."""
