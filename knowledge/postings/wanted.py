"""What work somebody looks for, as data: said in a search, kept as a wish, completed from the profile. Reads no text, matches nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from knowledge.postings.terms import Level

DEGREES = {
    "初中": Level.JUNIOR_SCHOOL,
    "高中": Level.HIGH_SCHOOL,
    "中专": Level.HIGH_SCHOOL,
    "高级工": Level.HIGH_SCHOOL,
    "专科": Level.COLLEGE,
    "本科": Level.BACHELOR,
    "硕士": Level.MASTER,
    "博士": Level.DOCTOR,
}
"""A degree of the profile as the scale of postings."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Empty or None: it does not matter, or is not known.

    `places`: codes of GB/T 2260; `anywhere`: elsewhere too, here first. `kinds`: names of `kinds.toml`. `least`: yuan a month.
    `degree`: the person's own, a `Level`. `cohort`: year of graduation. `years`: of work. `asks`: keys of `catalogue.PERKS`.
    `without`: words that neither title nor employer may hold.
    """

    titles: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    anywhere: bool = False
    kinds: tuple[str, ...] = ()
    least: int | None = None
    degree: int | None = None
    major: str = ""
    cohort: int | None = None
    years: float | None = None
    asks: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What is said, ready for JSON."""
        return {key: value for key, value in asdict(self).items() if value not in ((), None, "", False)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Wanted:
        """What was kept; fields of another version are left out."""
        known = {field.name for field in fields(cls)}
        given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in kept.items() if key in known}
        return cls(**given)

    def of(self, profile: Mapping[str, Any]) -> Wanted:
        """Completed from a profile where the person has not said it here."""
        graduated = str(profile.get("graduation_date") or "")[:4]
        cohort = profile.get("cohort") or (int(graduated) if graduated.isdigit() else None)
        return replace(
            self,
            degree=self.degree if self.degree is not None else DEGREES.get(str(profile.get("degree", ""))),
            major=self.major or str(profile.get("major") or ""),
            cohort=self.cohort or cohort,
        )
