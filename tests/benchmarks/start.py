"""Start: what one waits for the command `ask` and for the first answer of `serve`, and what `serve` holds in memory.

Beside it what nobody gets around: Python itself, and Python with jieba's dictionary. A first run has no database and no cache
of jieba's; a later one finds both.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx

from tests.benchmarks.report import ROUNDS, Row, Table, resident

QUESTION = "我自己交社保能领补贴吗"
PEOPLE = 1_000
MESSAGES = ("你好", QUESTION, "去哪里办")
JIEBA = "import jieba; jieba.setLogLevel(60); jieba.initialize()"


@dataclass(frozen=True)
class Ground:
    """A folder with a database and jieba's cache of its own."""

    folder: Path

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BULIXIAN_")}
        own = {"BULIXIAN_DATABASE_URL": f"sqlite:///{self.folder}/start.db", "BULIXIAN_MESSAGES_PER_MINUTE": "1000000", "TMPDIR": str(self.folder)}
        return {**kept, **own}

    def command(self, *words: str) -> float:
        """Seconds until it ends.

        Raises:
            CalledProcessError: it failed.
        """
        begun = time.perf_counter()
        subprocess.run([sys.executable, *words], env=self.environment(), check=True, capture_output=True)
        return time.perf_counter() - begun

    def ask(self) -> float:
        return self.command("-m", "bot", "ask", QUESTION)

    @contextmanager
    def serve(self) -> Iterator[tuple[str, int]]:
        """The address and process id of a running server, as soon as it says that it runs."""
        words = [sys.executable, "-m", "bot", "serve", "--port", "0"]
        server = subprocess.Popen(words, env=self.environment(), stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout
            address = re.search(r"http://[\d.:]+", server.stdout.readline())
            if not address:
                raise RuntimeError("serve did not start; its words are on stderr")
            yield address[0], server.pid
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)

    def first_answer(self) -> float:
        begun = time.perf_counter()
        with self.serve() as (address, _), visitor(address) as client:
            converse(client, (QUESTION,))
            return time.perf_counter() - begun


def run() -> list[Table]:
    table = Table("start: seconds by the clock")
    with tempfile.TemporaryDirectory() as folder:
        fresh = [Path(folder) / name for name in ("ask", "serve")]
        kept = Ground(Path(folder) / "kept")
        kept.folder.mkdir()

        def anew(place: Path, work: Callable[[Ground], float]) -> float:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            return work(Ground(place))

        kept.ask()
        cases: dict[str, tuple[Callable[[], float], int]] = {
            "python -c pass": (lambda: kept.command("-c", "pass"), ROUNDS),
            "python with jieba's dictionary, cached": (lambda: kept.command("-c", JIEBA), ROUNDS),
            "ask, later": (kept.ask, ROUNDS),
            "ask, first ever": (lambda: anew(fresh[0], Ground.ask), 2),
            "serve to the first answer, later": (kept.first_answer, ROUNDS),
            "serve to the first answer, first ever": (lambda: anew(fresh[1], Ground.first_answer), 2),
        }
        for name, (work, often) in cases.items():
            table.rows.append({"what": name, "s": min(work() for _ in range(often)), "best of": often})
        table.compare("s", float(table.rows[1]["s"] or 0), name="× jieba alone")
        memory = Table(f"memory of serve, MB resident: {PEOPLE:,} conversations of {len(MESSAGES)} messages over HTTP", held(kept))
    return [table, memory]


def visitor(address: str) -> httpx.Client:
    """A client that keeps no cookie: many people at once use it."""
    return httpx.Client(base_url=address, timeout=60, cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])))


def converse(client: httpx.Client, texts: tuple[str, ...]) -> None:
    """A new person writes, as the page does.

    Raises:
        HTTPStatusError: a message was not answered.
    """
    cookie = client.get("/").raise_for_status().headers["set-cookie"].partition(";")[0]
    for number, text in enumerate(texts):
        message = {"id": f"message-{number}", "text": text}
        headers = {"cookie": cookie, "content-type": "application/json"}
        answer = client.post("/chat/messages", content=json.dumps(message), headers=headers).raise_for_status().json()
        if not answer["messages"]:
            raise RuntimeError(f"no answer to {text}")


def held(ground: Ground) -> list[Row]:
    """One process, some people at a time."""
    rows: list[Row] = []
    with ground.serve() as (address, process), visitor(address) as client:
        rows.append({"when": "started", "MB": resident(process)})
        converse(client, MESSAGES)
        rows.append({"when": "1 conversation", "MB": resident(process)})
        begun = time.perf_counter()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: converse(client, MESSAGES), range(PEOPLE - 1)))
        spent = time.perf_counter() - begun
        rows.append({"when": f"{PEOPLE:,} conversations", "MB": resident(process), "messages/s": (PEOPLE - 1) * len(MESSAGES) / spent})
    for row in rows:
        row["more than at start MB"] = float(row["MB"] or 0) - float(rows[0]["MB"] or 0)
    return rows
