"""The composition root: database, knowledge, inbox, timers. Everything else gets what it needs from here; no globals."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, String, delete, insert, inspect, select
from sqlalchemy.orm import Mapped, mapped_column

from bot import allowances, arrivals, broadcast, checkins, coming, delivery, digest, fetching, hours, planner, services
from bot.config import Clock, Settings
from bot.inbox import Heard, Inbox, Reply
from bot.planner import Carrier, Quiet
from bot.reader import Reader
from dialogs import flows, reminders
from dialogs.messages import Inbound, Part, Say
from dialogs.place import Conversation
from dialogs.turn import World
from knowledge.clinic import Rules
from knowledge.db import Base, Database, DatabaseError, Within, insert_into, local_date
from knowledge.ledger import sharing
from knowledge.ledger.record import Record
from knowledge.ledger.seal import Seal, SealError
from knowledge.ledger.sharing import Family
from knowledge.passes import Passes
from knowledge.policy import dense, documents, search, store
from knowledge.policy.dense import Encoder, Encoding
from knowledge.policy.eligibility import Eligibility
from knowledge.policy.index import Floats
from knowledge.policy.passages import Passages
from knowledge.policy.search import PolicySearch
from knowledge.postings import wishes
from knowledge.postings.catalogue import Catalogue
from knowledge.postings.match import NO_VACANCIES, Vacancies

SWEEP_SECONDS = 5
"""How often timers are looked for; a reminder may be that late."""
ENCODED = 64
"""Vectors kept in one transaction, about two seconds of work."""
log = structlog.get_logger()


class Secret(Base):
    """Keys the program makes for itself at first start."""

    __tablename__ = "secret"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(1200))


class App:
    """One running program on one database. `search` of the same knowledge, where there is one already, saves making it.

    Raises:
        DatabaseError: the database cannot be used, or a PostgreSQL one has not been migrated.
        EntryError: a seed file is broken.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None, search: PolicySearch | None = None) -> None:
        self.settings = settings
        self.clock = clock or Clock(settings.today)
        self.database = Database(settings.database_url)
        if self.database.embedded:
            migrate(self.database)
        elif behind(self.database):
            raise DatabaseError("数据库还没有建好或版本较旧，请先运行 bulixian migrate")
        with self.database.writing() as connection:
            store.refresh(connection, self.clock.now())
        self.trace_key = self.secret("trace").encode()[:32]
        self.seal = self.unlock()
        with self.database.reading() as connection:
            clear = sharing.clear(connection)
        if clear:  # after the migration that brought them, and never again: a start needs no lock for it
            with self.database.writing() as connection:
                sharing.seal_all(connection, self.seal)
        self.passes = Passes(self.secret("pass").encode(), settings.public_url.rstrip("/"))
        self.clinic = Rules(**settings.clinic.model_dump())
        self.quiet = Quiet(settings.quiet_from, settings.quiet_to)
        self.carriers: dict[str, Carrier] = {}
        """By `channel:account`: how to reach people, for predictions and the pumps."""
        self.scan = ""
        """The page that shows a bind code for WeChat to scan, where an account can make one."""
        self.telegram = ""
        """The bot's address on t.me, once Telegram has told its name."""
        self.flows = flows.compiled()
        self.search = search or self.build()
        self.eligibility = Eligibility(self.search.knowledge)
        self.passages = self.gather()
        self.edition: datetime | None = None
        self.vacancies = NO_VACANCIES
        self.fresh: tuple[object, Vacancies] | None = None
        self.building: threading.Thread | None = None
        self.encoding: Encoding | None = None
        self.enriching: threading.Thread | None = None
        self.inbox = Inbox(self.database, self.world)
        self.inbox.carriers = lambda: self.carriers
        self.reader = Reader(self)
        self.fetching: threading.Thread | None = None
        self.closing = threading.Event()
        self.evidence: datetime | None = None
        """Until when what arrived is in the ledger (`services`)."""
        self.demo = ""
        """The password of the invented office (`bot.demo`); empty in earnest."""

    @contextmanager
    def together(self) -> Iterator[tuple[App, Connection]]:
        """The program inside one write transaction: what is done by it is done whole or not at all. Not for what goes through the inbox."""
        with self.database.writing() as connection:
            here = copy(self)
            here.database = cast(Database, Within(connection))
            yield here, connection

    def build(self) -> PolicySearch:
        """The index of what is current: from the database where this version was built before, else built and kept."""
        with self.database.reading() as connection:
            held = store.load(connection).readable()
            stored = store.stored_index(connection, index_key(held.version))
        built = PolicySearch(held, stored=stored)
        if stored is None:
            with self.database.writing() as connection:
                store.keep_index(connection, index_key(held.version), built.dump())
        return built

    def gather(self) -> Passages:
        """The index of the office's documents, kept like that of the entries; without documents it costs one query."""
        with self.database.reading() as connection:
            edition = documents.edition(connection)
            held = documents.load(connection) if edition else []
            key = f"passages-{edition}-{len(held)}-{search.version()}"
            stored = store.stored_index(connection, key) if held else None
        built = Passages(edition, held, stored)
        if held and stored is None:
            with self.database.writing() as connection:
                store.keep_index(connection, key, built.dump())
        return built

    def stale(self, connection: Connection) -> bool:
        return store.version(connection) != self.search.knowledge.version or documents.edition(connection) != self.passages.edition

    def world(self, connection: Connection) -> World:
        """What turns read. When another process or a teacher changed the knowledge, the index is rebuilt beside the
        running one, which goes on answering until the new one is ready."""
        if self.stale(connection) and not (self.building and self.building.is_alive()):
            self.building = threading.Thread(target=self.rebuild, name="index", daemon=True)
            self.building.start()
        night = (self.quiet.begins, self.quiet.ends)
        rooms = (self.seal, self.passes, self.clinic, night)
        told = (self.scan, self.telegram, self.settings.minimum_wage)
        return World(self.search, self.flows, self.eligibility, self.passages, self.vacancies, *rooms, *told)

    def look_for_postings(self) -> None:
        """The live postings as turns match them, made anew where one has changed or the day has; the old ones serve until then."""
        today = local_date(self.clock.now())
        with self.database.reading() as connection:
            edition = wishes.edition(connection)
            if (edition, today) == (self.edition, self.vacancies.today) or edition is None:
                return
            rows = wishes.live(connection) if edition != self.edition else None
        catalogue = Catalogue.of(rows) if rows is not None else self.vacancies.catalogue
        self.edition, self.vacancies = edition, Vacancies(catalogue, today)

    def rebuild(self) -> None:
        try:
            with self.database.reading() as connection:
                version, edition = store.version(connection), documents.edition(connection)
            if version != self.search.knowledge.version:
                built = self.build()
                self.search, self.eligibility = built, Eligibility(built.knowledge)
                self.enrich()
            if edition != self.passages.edition:
                self.passages = self.gather()
        except Exception:  # supervisor: the old index goes on answering
            log.exception("index not rebuilt")

    def start_meaning(self, encoder: Encoder | None = None, *, waits: bool = False) -> None:
        """Searches by meaning too where there is a model: from when all vectors are there; until then by words.

        `waits`: only with vectors that are kept already, and each question waits for its own.
        """
        encoder = encoder or (dense.installed() if self.settings.dense == "auto" else None)
        if encoder is None:
            return
        self.encoding = Encoding(encoder)
        if waits:
            self.enrich(waits=True)
            return
        self.inbox.prepare = self.encoding.prepare
        self.enriching = threading.Thread(target=self.enrich, name="vectors", daemon=True)
        self.enriching.start()

    def enrich(self, *, waits: bool = False) -> None:
        plain, encoding = self.search, self.encoding
        if encoding is None or not plain.items:
            return
        try:
            vectors = self.vectors(plain, encoding, make=not waits)
        except Exception:  # supervisor: the search by words goes on answering
            log.exception("vectors not made")
            return
        if vectors and self.search is plain:
            self.search = plain.enriched(vectors, encoding.made if waits else encoding.vector)

    def vectors(self, plain: PolicySearch, encoding: Encoding, *, make: bool) -> list[Floats]:
        """The vectors a search needs: kept ones and, with `make`, new ones; empty where some are lacking or the search has given way."""
        keys = {text: dense.key_of(encoding.encoder.version, *text) for text in plain.texts()}
        with self.database.reading() as connection:
            held = dense.kept(connection, keys.values())
        lacking = [text for text, key in keys.items() if key not in held]
        if lacking and not make:
            return []
        for start in range(0, len(lacking), ENCODED):
            made: dict[str, Floats] = {}
            for text in lacking[start : start + ENCODED]:
                if self.closing.is_set() or self.search is not plain:
                    return []
                made[keys[text]] = encoding.encode(*text)
            with self.database.writing() as connection:
                dense.keep(connection, made)
            held |= made
        if lacking:
            with self.database.writing() as connection:
                dense.forget(connection, keys.values())
        return [held[keys[text]] for text in plain.texts()]

    def accept(self, inbound: Inbound, label: str = "", heard: Heard | None = None) -> Future[Reply]:
        return self.inbox.accept(inbound, label, heard)

    def tell(self, conversation: str, message_id: str, sentence: str, heard: Heard) -> Future[Reply]:
        """Answers a message that is none for the dialogs (a voice, a sticker) with one sentence; the same message is answered once."""
        now = self.clock.now()
        row = delivery.row_of(f"reply|{conversation}|{message_id}", conversation, "reply", [Say(sentence)], now)

        def work(connection: Connection) -> Reply:
            allowances.opened(connection, [(conversation, heard.openings)])
            planner.came_back(connection, [conversation])
            known = connection.execute(select(delivery.Delivery.id).where(delivery.Delivery.key == row["key"])).scalar()
            if known is None and heard.hand:
                heard.hand(row)
            return Reply(known or delivery.plan(connection, [row])[0], row["parts"], known is not None)

        return self.inbox.write(work)

    def trace(self, key: str) -> str:
        """Ties the log lines of one message together, from webhook to send, and says nothing about anybody."""
        return hashlib.blake2s(key.removeprefix("reply|").encode(), key=self.trace_key, digest_size=6).hexdigest()

    def due(self) -> list[Inbound]:
        """Timers and reminders that have come, as inputs. The key makes a second sweeper harmless."""
        now = self.clock.now()
        query = select(Conversation.key, Conversation.due_at).where(Conversation.due_at <= now).order_by(Conversation.due_at).limit(500)
        with self.database.reading() as connection:
            rows = connection.execute(query).all()
            promised = [*reminders.due(connection, now), *digest.applications(connection, now), *hours.due(connection, now)]
            promised += [*checkins.due(self, connection, now), *coming.due(connection, now)]
        timers = [Inbound(key, f"timer-{at.isoformat()}", "timer", "", now) for key, at in rows if at]
        return timers + [Inbound(key, number, "timer", text, now) for key, number, text in promised]

    def sweep(self) -> list[tuple[str, Reply]]:
        """Runs what is due. Returns what was said, by conversation."""
        waiting = [(inbound.conversation, self.accept(inbound)) for inbound in self.due()]
        return [(key, future.result()) for key, future in waiting]

    def start_sweeper(self, heard: Callable[[str], None], *, works: bool = True) -> threading.Thread:
        """Sweeps until `close`; `heard` is told each conversation that was spoken to. The postings are there when this returns.

        `works`: also does what is to be done once for all processes; another one does where not.
        """
        self.look_for_postings()

        def run() -> None:
            while not self.closing.wait(SWEEP_SECONDS):
                try:
                    self.look_for_postings()
                    self.reader.recall()
                    if not works:
                        continue
                    while broadcast.advance(self) or digest.advance(self) or checkins.advance(self):
                        pass
                    services.look(self)
                    fetching.look(self)
                    self.reader.tidy()
                    arrivals.tidy(self)
                    for key, reply in self.sweep():
                        if reply.delivery_id:
                            heard(key)
                except Exception:  # supervisor: the next sweep tries again
                    log.exception("sweep failed")

        thread = threading.Thread(target=run, name="sweeper", daemon=True)
        thread.start()
        return thread

    def say(self, conversation: str, key: str, parts: list[Part], kind: str = "staff") -> Future[Any]:
        """Plans something unasked; the channel takes it from the ledger. The same key is planned once."""
        row = delivery.row_of(key, conversation, kind, parts, self.clock.now())

        def work(connection: Connection) -> None:
            known = connection.execute(select(delivery.Delivery.id).where(delivery.Delivery.key == key)).scalar()
            if known is None:
                delivery.plan(connection, [row])

        return self.inbox.write(work)

    def secret(self, name: str) -> str:
        """A key made once and kept in the database, also where two processes ask for it first at the same moment."""
        held = select(Secret.value).where(Secret.name == name)
        with self.database.writing() as connection:
            value = connection.execute(held).scalar()
            if value is None:
                new = insert_into(Secret, connection.dialect.name)
                connection.execute(new.values(name=name, value=secrets.token_urlsafe(48)).on_conflict_do_nothing())
                value = connection.execute(held).scalar_one()
        return value

    def unlock(self) -> Seal:
        """The key of the ledger's sealed numbers, tried on one of them.

        Raises:
            DatabaseError: they were sealed with another.
        """
        told = self.settings.ledger_key
        seal = Seal((told.get_secret_value() if told else self.secret("ledger")).encode())
        with self.database.reading() as connection:
            query = select(Record.id_sealed, Record.id_digest).where(Record.id_sealed.is_not(None)).limit(1)
            home = select(Family.sealed.label("id_sealed"), Family.digest.label("id_digest")).where(Family.digest.is_not(None)).limit(1)
            one = connection.execute(query).first() or connection.execute(home).first()
        try:
            if one:
                seal.open(one.id_sealed, one.id_digest)
        except SealError as error:
            raise DatabaseError(str(error)) from error
        return seal

    def close(self) -> None:
        self.closing.set()
        if self.enriching:
            self.enriching.join()
        if self.encoding:
            self.encoding.close()
        self.reader.close()
        self.inbox.close()
        self.database.close()


def index_key(version: int) -> str:
    """Names the index of a knowledge version as this program builds it."""
    return f"entries-{version}-{search.version()}"


def keep_secret(connection: Connection, name: str, value: str) -> None:
    """Sets a secret that changes, such as an access token."""
    connection.execute(delete(Secret).where(Secret.name == name))
    connection.execute(insert(Secret).values(name=name, value=value))


def alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def migrate(database: Database) -> None:
    """Brings the tables to this program's version; does nothing where they are.

    Raises:
        DatabaseError: the database cannot be used, or a newer program has made its tables.
    """
    if not behind(database):
        return
    with database.writing() as connection:
        command.upgrade(alembic(connection), "head")


def behind(database: Database) -> bool:
    """
    Raises:
        DatabaseError: the database cannot be used, or a newer program has made its tables.
    """
    with database.reading() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return True
        at, ours = MigrationContext.configure(connection).get_current_revision(), ScriptDirectory.from_config(alembic(connection))
    if at is not None and at not in {script.revision for script in ours.walk_revisions()}:
        raise DatabaseError(f"数据库已经升级到更新的程序（表结构 {at}），请升级这个程序；要退回旧程序，就用升级前的备份恢复")
    return at != ours.get_current_head()
