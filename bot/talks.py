"""Which conversations reach a person: one rule for all that is said to somebody of whom only the name is known. Plans nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, update
from sqlalchemy.orm import aliased

from bot.allowances import GONE, Allowance
from dialogs.place import Conversation


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation of a person. `gone`: they left it; `quiet`: they unsubscribed, in it or in another of theirs."""

    key: str
    mode: str
    heard: datetime
    gone: bool
    quiet: bool


def of(connection: Connection, people: Sequence[str]) -> dict[str, list[Talk]]:
    """All conversations of each person, the one they wrote in last first; one query."""
    said = Conversation.memo["quiet"].as_boolean().label("said")
    query = select(Conversation.graduate_id, Conversation.key, Conversation.mode, Conversation.last_in_at, said, gone(Conversation).label("gone"))
    query = query.where(Conversation.graduate_id.in_(people)).order_by(Conversation.last_in_at.desc(), Conversation.key.desc())
    rows: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        rows.setdefault(row.graduate_id, []).append(row)
    return {who: [Talk(row.key, row.mode, row.last_in_at, row.gone, any(each.said for each in held)) for row in held] for who, held in rows.items()}


def mode(held: Sequence[Talk]) -> str:
    """Whether a teacher has any of them."""
    return "human" if any(talk.mode == "human" for talk in held) else "bot"


def reaching(held: Sequence[Talk], *, unasked: bool = False, free: bool = False) -> list[Talk]:
    """Those that somebody reads, in their order. `unasked`: none where the person unsubscribed; `free`: not where a teacher has it."""
    return [talk for talk in held if not talk.gone and not (unasked and talk.quiet) and not (free and talk.mode != "bot")]


def reached(connection: Connection, person: str, conversation: str) -> str:
    """Where they asked from; where they left that channel, the one of their others they wrote in last."""
    keys = [talk.key for talk in reaching(of(connection, [person]).get(person, []))]
    return conversation if conversation in keys or not keys else keys[0]


def gone(talk: Any) -> ColumnElement[bool]:
    return exists().where(Allowance.owner == talk.key, Allowance.name == GONE)


def quiet(talk: Any) -> ColumnElement[bool]:
    other = aliased(Conversation)
    return exists().where(other.graduate_id == talk.graduate_id, other.memo["quiet"].as_boolean())


def last() -> ColumnElement[bool]:
    """The same for a whole query: the first of `reaching(…, unasked=True)` of each person."""
    newer = aliased(Conversation)
    later = or_(newer.last_in_at > Conversation.last_in_at, and_(newer.last_in_at == Conversation.last_in_at, newer.key > Conversation.key))
    before = exists().where(newer.graduate_id == Conversation.graduate_id, later, ~gone(newer))
    return and_(~gone(Conversation), ~before, ~quiet(Conversation))


def unsubscribed(connection: Connection, conversation: str) -> bool:
    """Its person did, there or elsewhere."""
    return connection.execute(select(Conversation.key).where(Conversation.key == conversation, quiet(Conversation))).first() is not None


def agree(connection: Connection, conversation: str) -> dict[str, bool]:
    """Two people have become one: where one of them had unsubscribed, both have. What the memo of this conversation says of it."""
    if not unsubscribed(connection, conversation):
        return {}
    person = connection.execute(select(Conversation.graduate_id).where(Conversation.key == conversation)).scalar_one()
    hush(connection, person, True)
    return {"quiet": True}


def hush(connection: Connection, person: str, silent: bool) -> list[str]:
    """Who unsubscribes or comes back does so on every channel. Returns their conversations."""
    query = select(Conversation.key, Conversation.memo).where(Conversation.graduate_id == person).order_by(Conversation.key)
    rows = connection.execute(query.with_for_update()).all()
    for key, memo in rows:
        rest = {name: value for name, value in memo.items() if name != "quiet"}
        connection.execute(update(Conversation).where(Conversation.key == key).values(memo=rest | {"quiet": True} if silent else rest))
    return [row.key for row in rows]
