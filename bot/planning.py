"""The command `plan`: what a person is entitled to, from one profile file or JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from bot.channels.console import LineError, parse
from knowledge import notation, profile
from knowledge.policy.eligibility import Eligibility


def planned(eligibility: Eligibility, raw: Mapping[str, Any], today: date) -> tuple[list[dict[str, Any]], list[str]]:
    """The verdicts in the shape of the machine interface, and a sentence for each field that could not be used."""
    clean, problems = profile.read(raw)
    return [verdict.body() for verdict in eligibility.plan(clean, today)], problems


def from_file(eligibility: Eligibility, path: Path, today: date, out: TextIO) -> int:
    """Plans the profile of a file; returns 1 where the file or one of its fields could not be used."""
    try:
        raw = notation.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        print(f"读不了 {path}：{error.strerror}", file=sys.stderr)
        return 1
    except ValueError:
        print(f"{path} 不是有效的 JSON，请存成 UTF-8 的 JSON 文件", file=sys.stderr)
        return 1
    if not isinstance(raw, dict):
        print(f'{path} 里要是一个人的资料，如 {{"graduation_date": "2025-06-30"}}', file=sys.stderr)
        return 1
    verdicts, problems = planned(eligibility, raw, today)
    for problem in problems:
        print(problem, file=sys.stderr)
    out.write(json.dumps(verdicts, ensure_ascii=False, indent=1) + "\n")
    return int(bool(problems))


def stream(eligibility: Eligibility, today: date, source: BinaryIO, out: TextIO) -> int:
    """One profile a line in, one array a line out; a line that cannot be used gets one sentence on stderr and an empty array."""
    bad = 0
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        try:
            verdicts, problems = planned(eligibility, parse(line), today)
        except LineError as error:
            verdicts, problems = [], [str(error)]
        for problem in problems:
            bad = 1
            print(f"第 {number} 行：{problem}", file=sys.stderr, flush=True)
        out.write(json.dumps(verdicts, ensure_ascii=False) + "\n")
        out.flush()
    return bad
