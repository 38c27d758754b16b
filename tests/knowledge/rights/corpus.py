"""Own invented examples of frauds and their innocent look-alikes, and the weights that are learned from them.

`python -m tests.knowledge.rights.corpus` writes the weights anew after the examples were changed. No test is here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.postings.reading import plain
from knowledge.rights.likeness import WEIGHTS, Array, packed, train
from knowledge.rights.signals import unmasked

HERE = Path(__file__).parent
POSTINGS = HERE.parents[0] / "postings"


@dataclass(frozen=True)
class Example:
    text: str
    bad: bool
    family: str
    kind: str


def examples(name: str = "scam") -> list[Example]:
    return [Example(**json.loads(line)) for line in (HERE / f"{name}.jsonl").read_text(encoding="utf8").splitlines()]


def postings() -> Iterator[Example]:
    """The invented postings that the screening is held to."""
    for path in (*sorted(POSTINGS.glob("frauds_*.tsv")), POSTINGS / "innocents.tsv"):
        for line in path.read_text(encoding="utf8").splitlines():
            if line and not line.startswith("#"):
                title, _, text = line.split("\t")
                yield Example(f"{title}\n{text}", path.stem != "innocents", path.stem, "posting")


def learned(known: list[Example]) -> Array:
    return train([seen(each.text) for each in known], [each.bad for each in known])


def seen(text: str) -> str:
    return unmasked(plain(text))[0]


def known() -> list[Example]:
    """What the weights are learned from; "last" is kept apart."""
    return [*examples(), *examples("blind"), *examples("told"), *postings()]


def main() -> None:
    np.save(WEIGHTS, packed(learned(known())))


if __name__ == "__main__":
    main()
