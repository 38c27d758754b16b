"""The house keeps its rules: sizes, module docstrings, imports, top level, and what README and --help must name."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import cli
from bot.config import Settings
from dialogs.flows import declared

ROOT = Path(__file__).parents[1]
OURS = [path for room in ("bot", "dialogs", "knowledge", "tests") for path in sorted((ROOT / room).rglob("*.py"))]
CODE = [path for path in OURS if "versions" not in path.parts]
README = (ROOT / "README.md").read_text(encoding="utf8")
SUPERVISORS = {
    *("bot/inbox.py", "bot/app.py", "bot/pump.py", "bot/web/app.py", "bot/web/chat.py", "bot/channels/telegram/serve.py", "bot/fetching.py"),
    "knowledge/policy/dense.py",
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_top_level() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert {path.split("/")[0] for path in tracked if not path.startswith(".")} == {
        "LICENSE",
        "README.md",
        "bot",
        "dialogs",
        "knowledge",
        "pyproject.toml",
        "tests",
    }


@pytest.mark.parametrize("path", CODE, ids=name)
def test_sizes_and_docstrings(path: Path) -> None:
    text = path.read_text(encoding="utf8")
    tree = ast.parse(text)
    assert text.count("\n") <= 500
    if tree.body:
        assert ast.get_docstring(tree), "a module says what lives here"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} is too long"


def test_broad_excepts_only_in_supervisors() -> None:
    found = {name(path) for path in CODE if not name(path).startswith("tests/") and "except Exception" in path.read_text(encoding="utf8")}
    assert found <= SUPERVISORS


def test_imports_point_down() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


def test_no_vague_names() -> None:
    vague = re.compile(r"(utils?|helpers?|common|manager|core|base_.*)\.py$")
    assert not [name(path) for path in OURS if vague.search(path.name)]


def test_readme_names_every_command_setting_flow_and_channel() -> None:
    commands = [command.name or command.callback.__name__.rstrip("_") for command in cli.registered_commands if command.callback]
    for group in cli.registered_groups:
        own = group.typer_instance.registered_commands if group.typer_instance else []
        commands += [f"{group.name} {command.name or command.callback.__name__.rstrip('_')}" for command in own if command.callback]
    lacking = [command for command in commands if f"bulixian {command}" not in README]
    lacking += [key for key in Settings.model_fields if f"BULIXIAN_{key.upper()}" not in README]
    lacking += [flow.name for flow in declared() if f"`{flow.name}`" not in README]
    lacking += [path.stem for path in (ROOT / "bot" / "channels").glob("*.py") if path.stem != "__init__" and f"`{path.stem}`" not in README]
    assert not lacking


def test_nothing_of_this_machine_is_committed() -> None:
    hosts = r"py(pi)\.org|python(hosted)\.org|registry\.npm|deb\.debian|/(work|farm)/(main|shared)"
    found = subprocess.run(["git", "grep", "-nIE", hosts, "--", ".", ":!tests/test_house.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert not found.stdout
