"""The page of settings: what the program runs with (changed in its environment), the list of destinations, and the doctor's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr
from sqlalchemy import Connection
from starlette.responses import Response

from bot import doctor
from bot.web.console.gate import Desk
from knowledge.ledger import destinations
from knowledge.ledger.destinations import NAMES
from knowledge.ledger.record import LedgerError

HIDDEN = ("secret", "token", "key", "password")
Told = list[tuple[bool, str]]


def page(desk: Desk, wrong: str = "", said: str = "", told: Told | None = None, done: str = "") -> Response:
    with desk.app.database.reading() as connection:
        held = destinations.listed(connection)
    lines = said or "\n".join(",".join((row["name"], row["code"], row["rate"], " ".join(row["others"]))).rstrip(",") for row in held)
    shown = {"rows": list(values("BULIXIAN", desk.app.settings)), "lines": lines, "rates": destinations.RATES, "told": told}
    return desk.show("setup", 400 if wrong else 200, wrong=wrong, done=done, **shown)


def values(name: str, held: Any) -> Iterator[tuple[str, str]]:
    """Each setting by its name in the environment; of what is secret only whether it is set, of an address no user and no query."""
    if isinstance(held, BaseModel):
        for field in type(held).model_fields:
            yield from values(f"{name}{'__' if name.count('_') else '_'}{field.upper()}", getattr(held, field))
    elif isinstance(held, dict):
        for key, value in held.items():
            yield from values(f"{name}__{key.upper()}", value)
    elif isinstance(held, SecretStr) or any(word in name.lower().rpartition("__")[2] for word in HIDDEN):
        yield name, "已设" if held else "没设"
    elif isinstance(held, str) and "://" in held:
        at = urlsplit(held)
        yield name, f"{at.scheme}://{at.netloc.rpartition('@')[2]}{at.path}"
    else:
        yield name, "没设" if held in (None, "", []) else str(held)


def examine(desk: Desk) -> Response:
    """Asks the platforms too: a few seconds."""
    return page(desk, told=list(doctor.examine(desk.app.settings)))


def replace(desk: Desk) -> Response:
    """A new list of destinations: name, code, what it counts as, other names; a line each."""
    said = desk.form.get("lines", "").strip()
    rows = [dict(zip(NAMES, [*map(str.strip, line.replace("\uff0c", ",").split(",", 3)), "", "", ""][:4], strict=True)) for line in said.splitlines()]

    def work(connection: Connection) -> None:
        before = len(destinations.listed(connection))
        destinations.replace(connection, [row for row in rows if any(row.values())])
        desk.note(connection, "改去向表", old=f"{before} 项", new=f"{len(rows)} 项")

    try:
        desk.write(work)
    except LedgerError as error:
        return page(desk, f"{error}。", said)
    return page(desk, done="去向表换好了。")
