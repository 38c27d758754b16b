"""Calibration: weights are judged on entries they were not fitted on, and the report shows risk, coverage and a picture."""

from __future__ import annotations

import random
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from typer.testing import CliRunner

from bot.calibration import FOLDS, Trial, fitted, group, judged_apart, out_of_group, parts
from bot.cli import cli
from bot.plot import Panel, drawn
from knowledge.policy import confidence
from knowledge.policy.confidence import Evidence


def tried(entries: int = 20, each: int = 10, everyday: int = 60) -> list[Trial]:
    """Trials whose evidence tells roughly what is right."""
    draw = random.Random(7)
    found = []
    for number in range(entries * each + everyday):
        wanted = f"REG-{number // each:02}" if number < entries * each else None
        right = wanted is not None and draw.random() < 0.8
        level = min(1.0, max(0.0, draw.gauss(0.7 if right else 0.3, 0.15)))
        evidence = Evidence(level, level, 1 - level, level, 60.0 + 30 * level, level, 1.0, 0.0)
        found.append(Trial(f"q{number}", wanted, evidence, right, right, policy=True, top=wanted or "SUB-01"))
    return found


def test_no_entry_lies_in_two_parts() -> None:
    trials = tried()
    part = parts(trials)
    held: dict[str, set[int]] = {}
    for trial, at in zip(trials, part.tolist(), strict=True):
        held.setdefault(group(trial), set()).add(at)
    assert all(len(folds) == 1 for folds in held.values())
    assert {at for folds in held.values() for at in folds} == set(range(FOLDS))


def test_a_trial_is_judged_by_weights_that_have_not_seen_its_entry() -> None:
    trials = tried()
    part, p = parts(trials), out_of_group(trials)
    row = 33
    entry = trials[row].wanted
    apart = [trial for trial, at in zip(trials, part.tolist(), strict=True) if at != part[row]]
    assert entry not in {trial.wanted for trial in apart}
    assert p[row] == pytest.approx(fitted(apart).p(trials[row].evidence))


def test_the_report_has_the_table_and_a_picture_that_parses() -> None:
    trials = tried()
    report = judged_apart(trials, out_of_group(trials))
    assert "覆盖" in report.text
    assert "期望校准误差" in report.text
    assert "现用" in report.text
    picture = ElementTree.fromstring(report.picture)
    assert len(picture.findall(".//{http://www.w3.org/2000/svg}polyline")) == 2


def test_the_table_counts_what_is_answered_and_what_is_wrong() -> None:
    """Four questions, three answered from 0.8 on; one of these is wrong, and one everyday line is answered too."""
    evidence = tried()[0].evidence
    rows = [("a", True), ("b", True), ("c", False), ("d", True), (None, False), (None, False)]
    trials = [Trial(str(n), wanted, evidence, first, first, policy=True, top="REG-01") for n, (wanted, first) in enumerate(rows)]
    text = judged_apart(trials, np.array([0.9, 0.9, 0.9, 0.5, 0.9, 0.1])).text
    assert "0.80  0.750  0.500  0.333  0.500" in text.splitlines()


def test_a_picture_escapes_its_words() -> None:
    assert "a&lt;b" in drawn([Panel("a<b", "x", "y", [(0.0, 0.0), (1.0, 0.5)])])


def test_shipped_weights_say_what_they_were_fitted_on() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]{12}", confidence.fitted_on())


def test_the_text_and_the_picture_may_not_be_one_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["knowledge", "calibrate", "--report", str(tmp_path / "x.svg")])
    assert result.exit_code == 2
    assert "report.txt" in result.stderr
