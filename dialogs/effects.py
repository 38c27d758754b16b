"""What a turn wants done beside its replies: plain data, carried out in the turn's transaction by the inbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

WORKING = ("协议合同", "灵活", "创业")
"""What a destination counts as that somebody may name who says that they work."""


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
    """The person wants to be told nothing any more, on no channel: no answers to come, no reminders."""


@dataclass(frozen=True, slots=True)
class WantNews:
    """The person wants to be told things again, on every channel."""


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


@dataclass(frozen=True, slots=True)
class AskedHow:
    """The linked person of a record was asked how it goes; the next time is so many days later."""

    record: int
    days: int


@dataclass(frozen=True, slots=True)
class SaidHow:
    """Which answer they gave. `peace`: days in which they are not asked again, where they want that."""

    answer: str
    peace: int = 0


@dataclass(frozen=True, slots=True)
class StopAsking:
    """They do not want to be asked how it goes; or they do again."""

    stopped: bool


@dataclass(frozen=True, slots=True)
class OfferDestinations:
    """What their record may say now, as choices: what they named (`like`, as any list may call it), and what counts as one of `rates`."""

    rates: tuple[str, ...] = WORKING
    like: str = ""


@dataclass(frozen=True, slots=True)
class SettleOwn:
    """Their record gets a destination by their own word."""

    destination: str


@dataclass(frozen=True, slots=True)
class KeepFamily:
    """They agree that their family is called at this number when nobody reaches them any more."""

    phone: str


@dataclass(frozen=True, slots=True)
class DropFamily:
    """They do not agree to that any more. `aloud`: it is said what became of it."""

    aloud: bool = True


@dataclass(frozen=True, slots=True)
class AllowHandover:
    """Whether the HR department where they live may get their record and go on."""

    allowed: bool
    aloud: bool = True


@dataclass(frozen=True, slots=True)
class WantEvent:
    """The person wants to come to the event of a broadcast; no number: the one they were told of last."""

    number: int | None


@dataclass(frozen=True, slots=True)
class DropEvent:
    """They do not come after all."""

    number: int


@dataclass(frozen=True, slots=True)
class ShowEvents:
    """What they said they would come to."""


@dataclass(frozen=True, slots=True)
class RemindEvent:
    """The time to speak of an event has come."""

    number: int


@dataclass(frozen=True, slots=True)
class OfferUpload:
    """A link to the page that takes a file, where this person can open it: a résumé's, or of a `contract`."""

    what: str = ""


@dataclass(frozen=True, slots=True)
class KeepResume:
    """A résumé is kept for its report page; `built`: out of answers, so that its file is wanted too."""

    text: str
    built: bool = False


@dataclass(frozen=True, slots=True)
class ShowResume:
    """What is to be said of a kept résumé: `first` (the most important), `ways`, `whole`; without a number the latest."""

    number: str
    say: str


@dataclass(frozen=True, slots=True)
class CompareResume:
    """A résumé beside the text of a posting: a pasted one, else a kept one by number, else the latest kept."""

    posting: str
    text: str = field(default="", repr=False)
    resume: str = ""


@dataclass(frozen=True, slots=True)
class DropResume:
    """A kept résumé goes now; without a number all of them."""

    number: str


@dataclass(frozen=True, slots=True)
class Submit:
    """A résumé goes to the experts: a kept one by number, else the text. `named`: they may see who it is."""

    resume: str
    text: str = field(repr=False)
    goal: str
    posting: str
    look: str
    named: bool


@dataclass(frozen=True, slots=True)
class WriteBack:
    """What the person answers to an expert; no number: to the last."""

    submission: int | None
    text: str


@dataclass(frozen=True, slots=True)
class ShowSubmission:
    """How far the experts are."""


@dataclass(frozen=True, slots=True)
class WithdrawSubmission:
    """The person wants their résumé back from the experts."""


@dataclass(frozen=True, slots=True)
class ShowSlots:
    """The free hours of the experts; `moving`: the booking that is to be moved to one."""

    moving: int | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """An hour is booked, or a booking moved to it."""

    slot: int
    about: str = ""
    moving: int | None = None


@dataclass(frozen=True, slots=True)
class CancelBooking:
    booking: int


@dataclass(frozen=True, slots=True)
class ShowBookings:
    """What the person has booked."""


@dataclass(frozen=True, slots=True)
class RemindBooking:
    """The time to speak of a booking has come: so many hours before."""

    booking: int
    hours: int


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A teacher gives the code (its digest) that the console made for them: this chat is theirs from now on."""

    code: str


@dataclass(frozen=True, slots=True)
class Duty:
    """Something a teacher on duty wants done (`bot.duty.ACTS`) with a case or a broadcast."""

    act: str
    number: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class MoreSaid:
    """The person wrote while a teacher has the conversation."""


@dataclass(frozen=True, slots=True)
class WriteBroadcast:
    """A broadcast as a teacher wrote it: `type`, `title`, `fields`, `audience`."""

    raw: dict[str, Any]


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
    | WantNews
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
    | AskedHow
    | SaidHow
    | StopAsking
    | OfferDestinations
    | SettleOwn
    | KeepFamily
    | DropFamily
    | AllowHandover
    | WantEvent
    | DropEvent
    | ShowEvents
    | RemindEvent
    | OfferUpload
    | KeepResume
    | ShowResume
    | CompareResume
    | DropResume
    | Submit
    | WriteBack
    | ShowSubmission
    | WithdrawSubmission
    | ShowSlots
    | Book
    | CancelBooking
    | ShowBookings
    | RemindBooking
    | OnDuty
    | Duty
    | MoreSaid
    | WriteBroadcast
)
CheckIn = AskedHow | SaidHow | StopAsking | OfferDestinations | SettleOwn
Sharing = KeepFamily | DropFamily | AllowHandover
Events = WantEvent | DropEvent | ShowEvents | RemindEvent
Clinic = OfferUpload | KeepResume | ShowResume | CompareResume | DropResume | Submit | WriteBack | ShowSubmission | WithdrawSubmission
Desk = OnDuty | Duty | MoreSaid | WriteBroadcast
Hours = ShowSlots | Book | CancelBooking | ShowBookings | RemindBooking
