"""The tables of README: what was measured, between marks named after the benchmark, with the machine and the day."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from tests.benchmarks.report import Table, written

README = Path(__file__).parents[2] / "README.md"


def write(name: str, tables: Iterable[Table], machine: Mapping[str, object], path: Path = README) -> bool:
    """Puts the tables in the place of the last ones, with the command and the numbers it was given. False: there is no place for this benchmark."""
    text = path.read_text(encoding="utf8")
    place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    numbers = "".join(f"{key}={value} " for key, value in sorted(os.environ.items()) if key.startswith("BULIXIAN_") and value.isdigit())
    told = f"`{numbers}python -m tests.benchmarks {name}`,{date.today():%Y-%m-%d},{','.join(f'{key} {value}' for key, value in machine.items())}:"  # noqa: DTZ011
    body = "\n\n".join((told, *map(markdown, tables)))
    fresh, count = place.subn(lambda found: f"{found[1]}\n{body}\n\n{found[2]}", text)
    path.write_text(fresh, encoding="utf8")
    return bool(count)


def markdown(table: Table) -> str:
    columns = list(dict.fromkeys(name for row in table.rows for name in row))
    rows = [columns, ["---", *["--:"] * (len(columns) - 1)], *([written(row.get(name)) for name in columns] for row in table.rows)]
    lines = ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join((f"**{table.title}**", "", *lines))
