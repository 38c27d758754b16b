"""A stand-in for the sentence model: texts are close where they share characters, and where SAME says they mean one thing."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from knowledge.policy.index import Floats

DIM = 128


class Meaning:
    """`same` maps a phrase onto the phrase it is close to; `asked` counts the texts that were encoded; `fails` cannot be read."""

    version = "stand-in-1"

    def __init__(self, same: Mapping[str, str] | None = None, fails: str = "") -> None:
        self.same, self.fails, self.asked = same or {}, fails, 0

    def query(self, text: str) -> Floats:
        self.asked += 1
        if self.fails and self.fails in text:
            raise RuntimeError("cannot be read")
        text = self.same.get(text, text)
        bag = np.zeros(DIM)
        for pair in {text[place : place + 2] for place in range(len(text))}:
            bag += np.random.default_rng(zlib.crc32(pair.encode())).normal(size=DIM)
        common = np.full(DIM, 2.0 / np.sqrt(DIM))  # all cosines are high, as the real model's
        mixed = common + bag / (np.linalg.norm(bag) + 1e-9)
        unit: Floats = (mixed / np.linalg.norm(mixed)).astype(np.float32)
        return unit

    passage = query
