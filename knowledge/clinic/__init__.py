"""The résumé clinic: what it goes by. Kept résumés, the queue of the experts and their hours are in the files of this room."""

from __future__ import annotations

from dataclasses import dataclass


class ClinicError(ValueError):
    """What cannot be done; the message is one sentence for whoever asked for it."""


class NotHeldError(ClinicError):
    """It is with nobody or with another: it is to be taken first."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The office's own rules; what other offices do is in the facts on booking (cancel 12–24 h before, late 10 min, two no-shows)."""

    keep_days: int = 7
    """After so many days a kept résumé is deleted; one that waits for an expert, so many after the answer."""
    answer_days: int = 2
    """Working days in which an expert answers."""
    lead_hours: int = 24
    """A slot can be booked so long before, and no later."""
    ahead_days: int = 14
    cancel_hours: int = 12
    """Until then a booking may be moved or cancelled without a word to anybody."""
    no_shows: int = 2
    """After so many in a quarter a member of staff books for the person."""


RULES = Rules()
