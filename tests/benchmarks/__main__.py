"""The command: `python -m tests.benchmarks [NAME …] [--json FILE]`; `--help` tells the names."""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import time
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console

from tests.benchmarks import readme
from tests.benchmarks.report import Table, machine

BENCHMARKS = (
    "search",
    "articles",
    "turns",
    "start",
    "refusal",
    "eligibility",
    "lab",
    "reach",
    "broadcasts",
    "console",
    "postings",
    "match",
    "digest",
    "deliveries",
    "webhook",
    "situations",
    "scale",
    "fuzz",
    "guided",
)
KEPT = tuple(f"BULIXIAN_{name}" for name in ("DATA", "DELIVERIES", "INPUTS", "KILLS", "PEOPLE", "PLOT", "PUSH"))
"""Arguments of benchmarks, no settings of the program."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="How fast we are beside peers measured in the same run.")
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="|".join(BENCHMARKS), help="which to run; all where none is named")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes the figures there as well")
    parser.add_argument("--readme", action="store_true", help="puts the tables into README, where it has a place for them")
    given = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("BULIXIAN_") and name not in KEPT]:
        del os.environ[name]  # what the developer has set must not change a figure
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    warnings.simplefilter("ignore")
    console = Console(width=None if Console().is_terminal else 160)
    found: dict[str, Any] = {"machine": machine()}
    console.print(" · ".join(f"{name} {value}" for name, value in found["machine"].items()), "\n")
    for name in given.names or BENCHMARKS:
        begun = time.perf_counter()
        tables: list[Table] = importlib.import_module(f"tests.benchmarks.{name}").run()
        for table in tables:
            table.show(console)
        found[name] = [asdict(table) for table in tables]
        if given.readme and not readme.write(name, tables, found["machine"]):
            console.print(f"README has no <!-- {name} -->")
        console.print(f"{name}: {time.perf_counter() - begun:.0f} s\n", style="dim")
        if given.json:
            given.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf8")


if __name__ == "__main__":  # also imported by the children of a benchmark
    main()
