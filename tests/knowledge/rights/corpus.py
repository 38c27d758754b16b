"""Own invented examples of frauds and their innocent look-alikes, and the weights that are learned from them.

`python -m tests.knowledge.rights.corpus` writes the weights anew after the examples were changed. No test is here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.postings.parse import salary
from knowledge.postings.reading import plain
from knowledge.postings.screen import LENGTH, Offer, beside
from knowledge.rights import scam
from knowledge.rights.likeness import WEIGHTS, Array, packed, train
from knowledge.rights.signals import signs, unmasked

HERE = Path(__file__).parent
POSTINGS = HERE.parents[0] / "postings"
TALK = ("scam", "blind", "told", "mixed", "more", "daily", "heard", "campus", "country", "twins")


@dataclass(frozen=True)
class Example:
    text: str
    bad: bool
    family: str
    kind: str
    offer: Offer | None = None


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / f"{name}.jsonl").read_text(encoding="utf8").splitlines()]


def examples(name: str = "scam") -> list[Example]:
    return [Example(**row) for row in rows(name)]


def posting(title: str, pay: str, text: str, company: str, bad: bool, family: str) -> Example:
    offer = Offer(title, text, company, salary(pay).value)
    return Example(offer.words, bad, family, "posting", offer)


def offers(name: str = "offers") -> list[Example]:
    """Invented postings with their employers, frauds and fair ones."""
    return [posting(**row) for row in rows(name)]


def postings() -> Iterator[Example]:
    """The invented postings that the screening is held to."""
    for path in (*sorted(POSTINGS.glob("frauds_*.tsv")), POSTINGS / "innocents.tsv"):
        for line in path.read_text(encoding="utf8").splitlines():
            if line and not line.startswith("#"):
                title, pay, text = line.split("\t")
                yield posting(title, pay, text, "贵阳云岩甲服务有限公司", path.stem != "innocents", path.stem)


def read(each: Example) -> tuple[str, list[str]]:
    """What likeness is learned from: the words, and the rules that hold when they are read as a posting or as a chat."""
    found = [*beside(each.offer), *signs(each.text, LENGTH)] if each.offer else signs(each.text, scam.LENGTH, talk=True)
    return unmasked(plain(each.text))[0], [reason.rule for reason in found]


def learned(known: list[Example]) -> Array:
    return train([read(each) for each in known], [each.bad for each in known])


def known() -> list[Example]:
    """What the weights are learned from; "last", "unseen" and "unseen_postings" are kept apart."""
    talk = [each for name in TALK for each in examples(name)]
    return [*talk, *postings(), *offers(), *offers("vacancies"), *offers("market"), *offers("ordinary")]


def main() -> None:
    np.savez_compressed(WEIGHTS, weights=packed(learned(known())))


if __name__ == "__main__":
    main()
