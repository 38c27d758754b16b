"""What a turn wants done beside its replies: plain data, carried out in the turn's transaction by the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class OpenCase:
    kind: str
    summary: str


@dataclass(frozen=True, slots=True)
class CloseHandover:
    """The person talks to the machine again."""


@dataclass(frozen=True, slots=True)
class SaveProfile:
    """The whole profile as it should be stored."""

    profile: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SetConsent:
    kind: str
    given: bool


@dataclass(frozen=True, slots=True)
class SaveGroups:
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """A copy of everything held on the person, sent as a paper."""


@dataclass(frozen=True, slots=True)
class ShowAccesses:
    """Who read the person's data, as a message."""


@dataclass(frozen=True, slots=True)
class Erase:
    """Everything held on the person goes."""


@dataclass(frozen=True, slots=True)
class KeepQuestion:
    """A question that was not answered goes to the staff's queue; `number` counts those of this conversation."""

    number: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class WantAnswer:
    """The person wants to be told when question `number` has an answer."""

    number: int


@dataclass(frozen=True, slots=True)
class ForgetWishes:
    """The person wants to be told nothing any more: no answers to come, no reminders."""


@dataclass(frozen=True, slots=True)
class Remind:
    """The person wants to hear of an entry once, at a time before `until`, the last day on which they fit."""

    about: str
    until: date
    at: datetime


@dataclass(frozen=True, slots=True)
class DropReminder:
    """The reminder was spoken, or is not wanted any more."""

    about: str


@dataclass(frozen=True, slots=True)
class Showed:
    """Cards of postings were put before the person, by id."""

    postings: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """What the person did with a card (`posting.ACTIONS`); `due_at`: when to ask how it went."""

    posting: int
    action: str
    reason: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Unmark:
    posting: int
    action: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The person was asked how the application for a posting went."""

    posting: int


@dataclass(frozen=True, slots=True)
class KeepWish:
    """What work the person wants to hear of and how often (`posting.RHYTHMS`)."""

    wanted: dict[str, Any]
    rhythm: str


@dataclass(frozen=True, slots=True)
class OfferCode:
    """A one-time code with which the person can go on in another channel."""


@dataclass(frozen=True, slots=True)
class Join:
    """This conversation belongs to the person who was given the code (its digest) from now on."""

    code: str


@dataclass(frozen=True, slots=True)
class Unlink:
    """This conversation is a person of its own again; the file stays with the other channels."""


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """The person wants to be known as the one in the school's ledger; `tail`: the end of a number of theirs."""

    name: str
    tail: str


@dataclass(frozen=True, slots=True)
class UnlinkRecord:
    """The school's record is no longer tied to this person."""


@dataclass(frozen=True, slots=True)
class ShowRecord:
    """What the school holds on the person, as a message."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """The person says that the school has their destination wrong."""

    said: str


Effect = (
    OpenCase
    | CloseHandover
    | SaveProfile
    | SetConsent
    | SaveGroups
    | Export
    | ShowAccesses
    | Erase
    | KeepQuestion
    | WantAnswer
    | ForgetWishes
    | Remind
    | DropReminder
    | Showed
    | Mark
    | Unmark
    | Asked
    | KeepWish
    | OfferCode
    | Join
    | Unlink
    | LinkRecord
    | UnlinkRecord
    | ShowRecord
    | Dispute
)
