"""The working object of one turn: what came in, where we stand, what is said and done. Also the model of the state machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from dialogs.effects import Effect
from dialogs.messages import Choice, Inbound, Link, Part, Say
from dialogs.place import Place
from knowledge.clinic import RULES, Rules
from knowledge.db import local_date
from knowledge.ledger.seal import NO_SEAL, Seal
from knowledge.links import Code
from knowledge.passes import NO_PASSES, Passes
from knowledge.policy.eligibility import Eligibility
from knowledge.policy.passages import NOTHING, Passages
from knowledge.policy.search import PolicySearch
from knowledge.postings.match import NO_VACANCIES, Vacancies

if TYPE_CHECKING:
    from dialogs.flow import CompiledFlow


@dataclass(slots=True)
class Person:
    """What a turn knows of the graduate. `profile` and `groups` are empty without consent."""

    graduate_id: str
    profile: dict[str, Any] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    profile_consent: bool = False
    groups_consent: bool = False
    shown: tuple[Choice, ...] = ()
    """The choices of what was said last, where it was said unasked and this message is a number: a broadcast knows nothing of the dialog."""
    code: Code | None = None
    """Whose code this message gives, where it gives one that is good."""


@dataclass(frozen=True, slots=True)
class World:
    """What every turn may read: the policy search, the compiled flows by name and version, the entries' conditions, documents, live postings;
    the key that the school's identity numbers are checked with, links to pages, and the rules of the clinic."""

    search: PolicySearch
    flows: Mapping[tuple[str, int], CompiledFlow]
    eligibility: Eligibility
    passages: Passages = NOTHING
    vacancies: Vacancies = NO_VACANCIES
    seal: Seal = NO_SEAL
    passes: Passes = NO_PASSES
    clinic: Rules = RULES
    night: tuple[time, time] = (time(21, 30), time(8, 30))
    """When nobody is written to unasked, in China."""
    scan: str = ""
    """The page of the web chat that shows a bind code for WeChat to scan, where there is one."""
    telegram: str = ""
    """The Telegram bot's own address, behind which a bind code can stand, where there is one."""
    minimum: Mapping[str, float] = field(default_factory=dict)
    """The least wage by place, yuan a month, where the office wrote it down."""

    def newest(self, name: str) -> CompiledFlow:
        return self.flows[max(key for key in self.flows if key[0] == name)]


@dataclass(slots=True)
class Turn:
    inbound: Inbound
    place: Place
    person: Person
    world: World
    text: str = ""
    parts: list[Part] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    state: str = ""
    goal: str = ""
    problem: str = ""
    until: datetime | None = None
    """When what this turn says is of no use any more."""
    told: str = ""
    """The entry this turn answered with."""
    picked: bool = False
    """A button was tapped, or its number or label typed."""

    @property
    def now(self) -> datetime:
        return self.inbound.at

    @property
    def today(self) -> date:
        return local_date(self.now)

    def say(self, text: str, *choices: Choice, links: tuple[Link, ...] = ()) -> None:
        self.parts.append(Say(text, choices, links))

    def offer(self, *choices: Choice) -> None:
        """Adds choices to what was said last."""
        last = self.parts[-1] if self.parts else Say("")
        if isinstance(last, Say):
            self.parts[-1:] = [Say(last.text, (*last.choices, *choices), last.links)]
