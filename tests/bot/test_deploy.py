"""The files of `bot/deploy` are kept true: each can be read, what they call and set exists, and they agree with one another.

YAML and nginx are read by small strict readers of the subset written there: no dependency for two files.
"""

from __future__ import annotations

import configparser
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from typer.main import get_command

from bot.channels.telegram.limits import BODY_BYTES
from bot.cli import cli
from bot.config import Settings
from bot.web.console.gate import LIST_BYTES
from bot.web.console.pages import PAGES
from bot.web.upload import FORM
from knowledge.resume.extract import LIMITS

PLACE = Path(__file__).parents[2] / "bot" / "deploy"
FILES = sorted(PLACE.iterdir())
UNITS = [path for path in FILES if path.suffix in (".service", ".timer")]
KNOWN = {
    "Unit": {"Description", "Wants", "After"},
    "Install": {"WantedBy"},
    "Timer": {"OnCalendar", "RandomizedDelaySec", "Persistent"},
}
HARDENED = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "PrivateTmp": "yes", "ProtectHome": "yes", "CapabilityBoundingSet": ""}
FIRST = re.compile(r"^(?P<indent> *)(?P<key>[\w<-][\w<-]*):(?: +(?P<value>.+))?$")


def text(name: str) -> str:
    return (PLACE / name).read_text(encoding="utf8")


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(path.read_text(encoding="utf8"))
    return parser


def commands() -> list[tuple[str, list[str]]]:
    """Every `bulixian …` that the files run, by file."""
    found = [(path.name, shlex.split(unit(path)["Service"]["ExecStart"])[1:]) for path in UNITS if path.suffix == ".service"]
    found += [("compose.yaml", service["command"]) for service in compose()["services"].values() if "command" in service]
    [default] = re.findall(r"^CMD (\[.+\])$", text("Containerfile"), re.MULTILINE)
    return [*found, ("Containerfile", json.loads(default))]


def settings_of(model: type[BaseModel], head: str) -> set[str]:
    names = set()
    for name, field in model.model_fields.items():
        nested = field.annotation if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel) else None
        names |= settings_of(nested, f"{head}{name.upper()}__") if nested else {f"{head}{name.upper()}"}
    return names


def compose() -> dict[str, Any]:
    """
    Raises:
        ValueError: a line that is not of our subset: `key: scalar`, `key: [JSON]`, `key:` with more below, `&name`, `<<: *name`.
    """
    root: dict[str, Any] = {}
    stack: list[tuple[int, dict[str, Any]]] = [(-2, root)]
    anchors: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(text("compose.yaml").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = FIRST.match(line)
        if not found or len(found["indent"]) % 2:
            raise ValueError(f"line {number}")
        depth, key, value = len(found["indent"]), found["key"], found["value"] or ""
        while stack[-1][0] >= depth:
            stack.pop()
        if stack[-1][0] != depth - 2 or key in stack[-1][1]:
            raise ValueError(f"line {number}: indented wrongly or twice")
        if key == "<<":
            stack[-1][1].update(anchors[value.removeprefix("*")])
            continue
        if not value or value.startswith("&"):
            inner: dict[str, Any] = {}
            stack[-1][1][key] = inner
            anchors[value.removeprefix("&")] = inner
            stack.append((depth, inner))
            continue
        stack[-1][1][key] = json.loads(value) if value[0] in '["{' else value
    return root


def nginx() -> list[tuple[tuple[str, ...], str]]:
    """Each directive with the blocks it stands in.

    Raises:
        ValueError: a line that ends with none of `;`, `{`, `}`, or braces that do not close.
    """
    place: list[str] = []
    found = []
    for number, line in enumerate(text("nginx.conf").splitlines(), 1):
        words = re.sub(r"\s+#.*|^#.*", "", line).strip()
        if not words:
            continue
        if words == "}":
            place.pop()
        elif words.endswith("{"):
            place.append(words[:-1].strip())
        elif words.endswith(";") and words.count(";") == 1:
            found.append((tuple(place), words[:-1]))
        else:
            raise ValueError(f"line {number}")
    if place:
        raise ValueError("a block does not close")
    return found


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_say_only_what_systemd_knows_and_are_hardened(path: Path) -> None:
    parsed = unit(path)
    for section, names in KNOWN.items():
        assert set(parsed[section]) <= names if parsed.has_section(section) else True
    if path.suffix == ".service":
        service = parsed["Service"]
        assert {name: service.get(name) for name in HARDENED} == HARDENED
        assert re.fullmatch(r"\d+[MG]", service["MemoryMax"])
        assert service["User"] == service["Group"] == "bulixian"
        assert service["EnvironmentFile"] == "/etc/bulixian/bulixian.env"
    else:
        assert path.with_suffix(".service").exists()


def test_every_command_exists_with_its_options() -> None:
    program: Any = get_command(cli)
    told = commands()
    assert {name for name, _ in told} == {path.name for path in UNITS if path.suffix == ".service"} | {"compose.yaml", "Containerfile"}
    for name, (command, *words) in told:
        assert command in program.commands, f"{name}: bulixian {command}"
        program.commands[command].make_context(command, [word.replace("%i", "8001") for word in words], resilient_parsing=False)
    for path in FILES:
        for command in re.findall(r"(?:^|[^/\w.-])bulixian (?!bulixian)([a-z]+)\b", path.read_text(encoding="utf8")):
            assert command in program.commands, f"{path.name}: bulixian {command}"


def test_every_setting_exists() -> None:
    known = settings_of(Settings, "BULIXIAN_")
    for path in FILES:
        named = set(re.findall(r"\bBULIXIAN_[A-Z_]+[A-Z]", path.read_text(encoding="utf8")))
        assert named <= known, f"{path.name}: {named - known}"
    example = dict(
        line.lstrip("#").split("=", 1) for line in text("bulixian.env").splitlines() if re.match(r"#?BULIXIAN_", line) and "密码" not in line
    )
    given = {name: value for name, value in example.items() if value}
    assert Settings(_env_file=None, **{name.removeprefix("BULIXIAN_").lower(): value for name, value in given.items() if "__" not in name})  # type: ignore[call-arg, arg-type]


def test_one_user_one_place_one_port() -> None:
    services = {path.stem: unit(path)["Service"] for path in UNITS if path.suffix == ".service"}
    database = re.search(r"^BULIXIAN_DATABASE_URL=sqlite:///(/\S+)$", text("bulixian.env"), re.MULTILINE)
    assert database
    for service in services.values():
        assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}" == str(Path(database[1]).parent)
        assert service["ExecStart"].startswith("/opt/bulixian/bin/bulixian ")
    backup = services["bulixian-backup"]
    assert shlex.split(backup["ExecStart"])[2] == backup["ReadWritePaths"]
    assert f"-o bulixian -g bulixian {backup['ReadWritePaths']}" in text("bulixian.service")
    [port] = re.findall(r"--port (\d+)", services["bulixian"]["ExecStart"])
    assert f"server 127.0.0.1:{port}" in [words for place, words in nginx() if place == ("upstream bulixian",)]
    assert f"useradd --system --uid 10001 --create-home --home-dir {Path(database[1]).parent} bulixian" in text("Containerfile")


def test_the_web_processes_leave_the_work_to_one_that_does_it() -> None:
    services = compose()["services"]
    assert "--no-workers" in services["web"]["command"]
    assert "--no-workers" not in services["worker"]["command"]
    assert "ports" not in services["worker"]
    assert "--no-workers" in unit(PLACE / "bulixian-web@.service")["Service"]["ExecStart"]
    assert services["migrate"]["command"] == ["migrate"]
    for name, service in services.items():
        for other in service.get("depends_on", {}):
            assert other in services, name
        if name != "database":
            assert service["image"] == "bulixian"
            assert (service["read_only"], service["cap_drop"]) == ("true", ["ALL"])
    [client] = re.findall(r"postgresql-client-(\d+)", text("Containerfile"))
    assert int(client) >= int(services["database"]["image"].rpartition(":")[2]), "pg_dump reads no newer server"
    first, last = (int(port) for port in re.findall(r":(\d+)-(\d+):", services["web"]["ports"][0])[0])
    assert last - first + 1 == int(services["web"]["deploy"]["replicas"])
    assert all(f"server 127.0.0.1:{port};" in text("nginx.conf") for port in range(first, last + 1))


def test_nginx_lets_through_what_the_program_takes() -> None:
    told = nginx()
    words = [words for _, words in told]
    most, upload, lists = [int(size) for size in re.findall(r"client_max_body_size (\d+)m", "\n".join(words))]
    assert most << 20 >= BODY_BYTES
    assert upload << 20 >= LIMITS.file_bytes + FORM
    assert lists << 20 >= LIST_BYTES + FORM
    assert (("server", "location /console/lists"), "proxy_read_timeout 300s") in told
    for page in (page for page in PAGES if page.file):
        assert page.path.startswith("/lists"), "a page that takes a file has a location of its own"
    assert (("server", "location = /chat/events"), "proxy_buffering off") in told
    assert (("server", "location = /metrics"), "deny all") in told
    locations = {place[-1].split()[-1] for place, _ in told if place and place[-1].startswith("location")}
    assert locations == {"/", "/hook/", "/chat/messages", "/chat/events", "/upload/", "/console/lists", "/metrics"}
    passed = {place for place, words in told if words.startswith("proxy_pass")}
    assert len(passed) == len(locations)
    assert text("bulixian.env").count("BULIXIAN_TRUSTED_PROXIES=1") == 1, "one nginx stands in front"


def test_the_image_holds_what_is_built_from() -> None:
    lines = re.sub(r"\\\n", " ", text("Containerfile")).splitlines()
    verbs = {line.split()[0] for line in lines if line and not line.startswith("#")}
    assert verbs == {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    root = PLACE.parents[1]
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY") and "--from" not in line]
    assert all((root / name).exists() for names in copied for name in names)
    assert {"bot", "dialogs", "knowledge"} <= {name for names in copied for name in names}
    assert lines.index("USER bulixian") > max(number for number, line in enumerate(lines) if line.startswith("RUN")), "no process of it is root"
