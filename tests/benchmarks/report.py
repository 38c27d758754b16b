"""What a benchmark hands back: tables of rows, the machine they were measured on, printing them. Measures nothing of the product."""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table as RichTable

ROUNDS = 3
"""Every figure is the best of so many repetitions: other programs only ever make things slower."""
T = TypeVar("T")
Cell = str | float | int | None
Row = dict[str, Cell]


@dataclass
class Table:
    """One comparison. Rows are dictionaries by column; the first column names what was measured."""

    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def compare(self, column: str, ours: float, *, more_is_better: bool = False, name: str = "× ours") -> None:
        """Adds how many times slower (or fewer) than `ours` each row is."""
        for row in self.rows:
            value = row.get(column)
            if isinstance(value, int | float) and value > 0 and ours > 0:
                row[name] = ours / value if more_is_better else value / ours

    def show(self, console: Console) -> None:
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        shown = RichTable(title=self.title, title_justify="left", title_style="bold", caption="\n".join(self.notes), caption_justify="left")
        for number, name in enumerate(columns):
            shown.add_column(name, justify="right" if number else "left")
        for row in self.rows:
            shown.add_row(*(written(row.get(name)) for name in columns))
        console.print(shown)
        console.print()


def written(value: Cell) -> str:
    """Three digits that matter."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if abs(value) >= 100 or isinstance(value, int):
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def best(rounds: Iterable[T], by: Callable[[T], float]) -> T:
    """The round in which `by` is smallest."""
    return min(rounds, key=by)


def microseconds(work: Callable[[Any], object], inputs: Sequence[Any], rounds: int = ROUNDS) -> tuple[float, float]:
    """Median and 95th percentile of one call, in the best round."""

    def once() -> list[float]:
        spent = []
        for value in inputs:
            begun = time.perf_counter_ns()
            work(value)
            spent.append((time.perf_counter_ns() - begun) / 1e3)
        return spent

    spent = best((once() for _ in range(rounds)), lambda times: percentile(times, 0.5))
    return percentile(spent, 0.5), percentile(spent, 0.95)


def resident(process: int | None = None) -> float:
    """Megabytes of a process that are in memory now."""
    process = process or os.getpid()
    statm = Path(f"/proc/{process}/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=True)
    return int(said.stdout) / 1e3


def tidy() -> None:
    """Gives freed memory back to the system, so that what is allocated next is seen."""
    gc.collect()
    if platform.system() == "Linux":
        ctypes.CDLL(None).malloc_trim(0)


def peer(name: str) -> Any:
    """A module of the optional group `bench`, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def machine() -> dict[str, str | int]:
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0] if models else cpu
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return {
        "cpu": cpu,
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load": f"{load:.1f}",
    }
