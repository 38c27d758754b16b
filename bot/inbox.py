"""What comes in: durable de-duplication and the turn batcher. One writer thread a process, one transaction a batch."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from bot import allowances, delivery, forgetting, planner
from bot.allowances import Opening
from bot.delivery import Delivery
from bot.effects import carry_out
from bot.transcript import InboxMessage
from dialogs.engine import apology, remember, step
from dialogs.messages import Inbound, Part
from dialogs.place import Conversation, Place, from_row, to_row
from dialogs.turn import Person, Turn, World
from knowledge import links
from knowledge.db import Database, Moment
from knowledge.people import Graduate, Identity, Membership, new_id

BATCH = 64
"""Turns in one transaction: past this the commit is cheap already and waiting grows."""
SEEN = select(InboxMessage.key).where(InboxMessage.key.in_(bindparam("keys", expanding=True)))
HELD = (
    select(
        Conversation.key, Conversation.mode, Conversation.stack, Conversation.memo, Conversation.due_at, Graduate.id,
        Graduate.profile, Graduate.profile_consent_at, Graduate.groups_consent_at,
    )
    .join(Graduate, Graduate.id == Conversation.graduate_id)
    .where(Conversation.key.in_(bindparam("keys", expanding=True)))
    .order_by(Conversation.key)
    .with_for_update(of=Conversation)
)  # fmt: skip
"""Locked in one order, so that two processes on PostgreSQL never wait for each other."""
KEPT: dict[str, Any] = {name: bindparam(name) for name in ("mode", "stack", "memo", "due_at")}
KEPT["last_in_at"] = func.coalesce(bindparam("last_in_at", type_=Moment), Conversation.last_in_at)
STORE = update(Conversation).where(Conversation.key == bindparam("of")).values(version=Conversation.version + 1, **KEPT)
OURS = ("timer", "result")
"""Kinds that we send ourselves."""
NUMBER = re.compile(r"\s*[0-9０-９]{1,2}[.、。]?\s*")
OVERTAKEN = (IntegrityError, OperationalError)
"""What a transaction meets where another process made the same row, or waits for it crosswise; a database that is away refuses twice."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a message was answered with: the delivery row's id, or None where the bot stays silent."""

    delivery_id: int | None
    parts: list[dict[str, Any]]
    repeated: bool = False
    at: datetime | None = None
    """When it was first said, where it is repeated."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message changes about reaching the person, and what the channel says of the answer by itself.

    `hand` is given the answer's row before it is planned, and may change what the row says of that; it may be called twice.
    """

    openings: tuple[Opening, ...] = ()
    hand: Callable[[dict[str, Any]], None] | None = None


@dataclass(slots=True)
class Waiting:
    inbound: Inbound
    future: Future[Reply]
    label: str = ""
    heard: Heard | None = None

    @property
    def key(self) -> str:
        return f"{self.inbound.conversation}|{self.inbound.message_id}"


Work = Callable[[Connection], Any]
"""Changes only the database: a run whose transaction fails is as if it had not been."""


def promised() -> Future[Any]:
    """A future nobody can cancel: who stops waiting (a closed page, a stopped server) does not stop the work, and the writer can keep its word."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


def overtaken(error: Exception) -> bool:
    """`OVERTAKEN`, also where `Database.writing` has made a sentence of it."""
    return isinstance(error, OVERTAKEN) or isinstance(error.__cause__, OVERTAKEN)


def at_once(_: str, then: Callable[[], None]) -> None:
    then()


class Inbox:
    """The writer thread. `accept` takes messages, `write` any other change; a future is done only after the commit."""

    def __init__(self, database: Database, world: Callable[[Connection], World]) -> None:
        self.database = database
        self.world = world
        self.prepare: Callable[[str, Callable[[], None]], None] = at_once
        """What is done with a text before its message is queued; it keeps the order of messages."""
        self.carriers: Callable[[], Mapping[str, planner.Carrier]] = dict
        """How people are reached, as the program knows it."""
        self.queue: queue.SimpleQueue[Waiting | tuple[Work, Future[Any]] | None] = queue.SimpleQueue()
        self.carried: list[Waiting] = []
        self.thread = threading.Thread(target=self.run, name="inbox", daemon=True)
        self.thread.start()

    def accept(self, inbound: Inbound, label: str = "", heard: Heard | None = None) -> Future[Reply]:
        """Queues one message. `label` is what the person saw on a tapped button, for the record; `heard` is for channels with routes."""
        waiting = Waiting(inbound, promised(), label, heard)
        self.prepare(inbound.text if inbound.kind == "text" else "", lambda: self.queue.put(waiting))
        return waiting.future

    def write(self, work: Work) -> Future[Any]:
        """Runs `work` in a write transaction between two batches, with others that wait; it may run twice if one of them fails."""
        future: Future[Any] = promised()
        self.queue.put((work, future))
        return future

    def close(self) -> None:
        self.queue.put(None)
        self.thread.join()

    def run(self) -> None:
        ending = False
        while not (ending and not self.carried):
            batch, works, ended = self.gather(block=not self.carried and not ending)
            ending = ending or ended
            if works:
                self.settle(works)
            if batch:
                self.turn(batch)

    def gather(self, *, block: bool) -> tuple[list[Waiting], list[tuple[Work, Future[Any]]], bool]:
        """All that is waiting, without delay: at most BATCH turns, one a conversation; later ones are carried over in order."""
        batch: list[Waiting] = []
        works: list[tuple[Work, Future[Any]]] = []
        taken: set[str] = set()
        older, self.carried = self.carried, []
        for waiting in older:
            self.take(waiting, batch, taken)
        while len(batch) < BATCH and len(works) < BATCH:
            try:
                item = self.queue.get(block=block and not batch and not works)
            except queue.Empty:
                break
            if item is None:
                return batch, works, True
            if isinstance(item, Waiting):
                self.take(item, batch, taken)
            else:
                works.append(item)
        return batch, works, False

    def take(self, waiting: Waiting, batch: list[Waiting], taken: set[str]) -> None:
        place = waiting.inbound.conversation
        if place in taken or len(batch) >= BATCH or any(w.inbound.conversation == place for w in self.carried):
            self.carried.append(waiting)
        else:
            taken.add(place)
            batch.append(waiting)

    def settle(self, works: Sequence[tuple[Work, Future[Any]]], *, again: bool = False) -> None:
        """One transaction for all; if one of them fails, one for each, and that once more where another process was first (`OVERTAKEN`)."""
        try:
            with self.database.writing() as connection:
                results = [work(connection) for work, _ in works]
        except Exception as error:  # supervisor: the waiting caller gets the error
            if len(works) == 1 and overtaken(error) and not again:
                self.settle(works, again=True)
            elif len(works) == 1:
                works[0][1].set_exception(error)
            else:
                for each in works:
                    self.settle([each])
        else:
            for (_, future), result in zip(works, results, strict=True):
                future.set_result(result)

    def turn(self, batch: list[Waiting], *, again: bool = False) -> None:
        """One transaction for the batch; if the database refuses it, one for each, so that one bad row harms nobody else; that once more
        where another process was first: it finds the message there, with its reply."""
        try:
            with self.database.writing() as connection:
                replies = self.answer(connection, batch)
        except Exception as error:  # supervisor: nothing was stored
            if len(batch) > 1:
                log.warning("batch split", error=type(error).__name__, size=len(batch))
                for waiting in batch:
                    self.turn([waiting])
            elif overtaken(error) and not again:
                self.turn(batch, again=True)
            elif isinstance(error, SQLAlchemyError | RuntimeError):
                log.error("turn not stored", error=type(error).__name__)
                batch[0].future.set_exception(error)
            else:
                log.exception("turn not stored")
                batch[0].future.set_exception(error)
        else:
            for waiting, reply in zip(batch, replies, strict=True):
                waiting.future.set_result(reply)

    def answer(self, connection: Connection, batch: Sequence[Waiting]) -> list[Reply]:
        known = self.repeats(connection, [waiting.key for waiting in batch])
        for waiting in batch:
            if waiting.inbound.kind == "gone":
                forgetting.channel(connection, waiting.inbound.conversation, waiting.inbound.at)
                known[waiting.key] = Reply(None, [])
        fresh = [waiting for waiting in batch if waiting.key not in known]
        if fresh:
            known |= self.steps(connection, sorted(fresh, key=lambda waiting: waiting.inbound.conversation))
        return [known[waiting.key] for waiting in batch]

    def repeats(self, connection: Connection, keys: list[str]) -> dict[str, Reply]:
        """Messages that were accepted before, with the reply they got."""
        seen = list(connection.execute(SEEN, {"keys": keys}).scalars())
        if not seen:
            return {}
        query = select(Delivery.key, Delivery.id, Delivery.parts, Delivery.created_at).where(Delivery.key.in_([f"reply|{key}" for key in seen]))
        answers = {row.key.removeprefix("reply|"): Reply(row.id, row.parts, True, row.created_at) for row in connection.execute(query)}
        return {key: answers.get(key, Reply(None, [], repeated=True)) for key in seen}

    def steps(self, connection: Connection, fresh: Sequence[Waiting]) -> dict[str, Reply]:
        world = self.world(connection)
        held = load(connection, [waiting.inbound for waiting in fresh])
        silent = {waiting.key: Reply(None, []) for waiting in fresh if waiting.inbound.conversation not in held}
        fresh = [waiting for waiting in fresh if waiting.key not in silent]
        if not fresh:
            return silent
        turns = [self.step(waiting.inbound, held[waiting.inbound.conversation], world) for waiting in fresh]
        incoming = [
            {
                "key": w.key,
                "conversation": w.inbound.conversation,
                "kind": w.inbound.kind,
                "text": w.label or w.inbound.text,
                "received_at": w.inbound.at,
            }
            for w in fresh
        ]
        connection.execute(insert(InboxMessage), incoming)
        heard = {w.inbound.conversation: w.heard.openings for w in fresh if w.heard}
        if heard:
            allowances.opened(connection, heard.items())
            planner.came_back(connection, heard)
        outgoing = []
        for waiting, turn, added in zip(fresh, turns, carry_out(connection, turns, self.carriers()), strict=True):
            parts: list[Part] = [*turn.parts, *added]
            remember(turn, added)
            if parts:
                kind = "notice" if waiting.inbound.kind == "timer" else "reply"
                row = delivery.row_of(f"reply|{waiting.key}", waiting.inbound.conversation, kind, parts, waiting.inbound.at)
                row["expires_at"] = turn.until
                if waiting.heard and waiting.heard.hand:
                    waiting.heard.hand(row)
                outgoing.append(row)
        store(connection, turns)
        ids = dict(zip([row["key"] for row in outgoing], delivery.plan(connection, outgoing), strict=True))
        said = {row["key"]: row["parts"] for row in outgoing}
        return silent | {w.key: Reply(ids.get(f"reply|{w.key}"), said.get(f"reply|{w.key}", [])) for w in fresh}

    def step(self, inbound: Inbound, held: Held, world: World) -> Turn:
        """The pure step on a copy; an exception leaves the stored place as it was and the person gets a way on."""
        try:
            return step(held.place(), held.person, inbound, world)
        except Exception:  # supervisor: one poisoned message must not stop the others
            log.exception("step failed", kind=inbound.kind)
            return apology(held.place(), held.person, inbound, world)


@dataclass(slots=True)
class Held:
    """A conversation as stored, with its person."""

    mode: str
    stack: list[dict[str, Any]]
    memo: dict[str, Any]
    due_at: datetime | None
    person: Person

    def place(self) -> Place:
        return from_row(self.mode, self.stack, self.memo, self.due_at)


def load(connection: Connection, inbound: Sequence[Inbound]) -> dict[str, Held]:
    """The conversations of a batch with one SELECT (locked on PostgreSQL). Who speaks for the first time is made; a timer or a result of ours
    for somebody who is gone makes nobody."""
    found: dict[str, Held] = {}
    rows = connection.execute(HELD, {"keys": [message.conversation for message in inbound]})
    for key, mode, stack, memo, due_at, who, profile, consent, groups_consent in rows:
        found[key] = Held(mode, stack, memo, due_at, Person(who, profile, (), consent is not None, groups_consent is not None))
    with_groups = {held.person.graduate_id: held.person for held in found.values() if held.person.groups_consent}
    if with_groups:
        members = select(Membership.graduate_id, Membership.group).where(Membership.graduate_id.in_(with_groups))
        for graduate_id, group in connection.execute(members):
            with_groups[graduate_id].groups = (*with_groups[graduate_id].groups, group)
    newcomers = [message for message in inbound if message.conversation not in found and message.kind not in OURS]
    if newcomers:
        found |= create(connection, newcomers)
    if numbers := [message.conversation for message in inbound if message.kind == "text" and NUMBER.fullmatch(message.text)]:
        for key, choices in delivery.unasked(connection, numbers).items():
            if not found[key].stack:
                found[key].person.shown = choices
    codes = {message.conversation: digest for message in inbound if (digest := links.said(message.text))}
    if codes:
        good = links.known(connection, codes.values(), inbound[0].at)
        for key, digest in codes.items():
            found[key].person.code = good.get(digest)
    return found


def create(connection: Connection, inbound: Sequence[Inbound]) -> dict[str, Held]:
    people = {message.conversation: new_id() for message in inbound}
    at = inbound[0].at
    connection.execute(insert(Graduate), [{"id": key, "created_at": at, "profile": {}} for key in people.values()])
    identities = []
    for conversation, graduate_id in people.items():
        channel, account, handle = conversation.split(":", 2)
        identities.append({"graduate_id": graduate_id, "channel": channel, "account": account, "handle": handle})
    connection.execute(insert(Identity), identities)
    rows = [
        {"key": key, "graduate_id": person, "mode": "bot", "stack": [], "memo": {}, "version": 0, "last_in_at": at} for key, person in people.items()
    ]
    connection.execute(insert(Conversation), rows)
    return {key: Held("bot", [], {}, None, Person(person)) for key, person in people.items()}


def store(connection: Connection, turns: Sequence[Turn]) -> None:
    rows = []
    for turn in turns:
        spoke = None if turn.inbound.kind == "timer" else turn.now
        rows.append({"of": turn.inbound.conversation, "last_in_at": spoke, **to_row(turn.place)})
    connection.execute(STORE, rows)
