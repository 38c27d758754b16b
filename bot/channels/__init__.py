"""Channels: one platform, one file or folder. What all share lives here: how a platform's answer to a send is understood, and what an
account that tells many at once may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from dialogs.messages import Part


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
    calls: int = 1
    """How many sends of a person's window a SENT one took."""


@dataclass(frozen=True, slots=True)
class Mass:
    """How an account tells many the same in one call: its limits and the call."""

    people: tuple[int, int]
    """Of one call, at least and at most."""
    month: int
    """To one person, of a natural month."""
    day: int
    minute: int
    """Calls of the account."""
    text: Callable[[Sequence[Part]], str | None]
    """What such a call says; None: it cannot be said in one."""
    send: Callable[[Sequence[str], str, str], Awaitable[Outcome]]
    """Handles, text, and the id by which the platform knows the call again."""
