"""What nobody meant: every reader of outside bytes and words (`readers`) on broken samples and on noise; the last column must be 0.

`BULIXIAN_INPUTS=10000000 python -m tests.benchmarks fuzz` throws so many in all (default 100 000: one round of half a minute), in two
processes; SIGINT ends it earlier, with its table. All readers get the same time, so that quick ones meet more. A slice of a reader is told by
its number and is the same again. Signatures are made to match, else nothing behind them would be met. What is found belongs into a test; an
input over HUNG seconds is a find as well.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter
from pathlib import Path
from types import FrameType
from typing import Any

from bot.app import App
from bot.config import Settings
from tests.benchmarks.readers import readers
from tests.benchmarks.readers.samples import REFUSALS, TODAY, Reader
from tests.benchmarks.report import Row, Table

INPUTS = 100_000
"""In all, where BULIXIAN_INPUTS says nothing else."""
SLICE = 0.5
"""Seconds of one reader before the next has its turn."""
PROCESSES = 2
HUNG = 10.0
"""Seconds of the processor for one input, which no input of a few kilobytes may take."""
SLOW = 0.5
"""An input over this is printed as well."""
SHOWN = 300
"""Signs of an input that is printed."""
ROOT = Path(__file__).parents[2]
DEEP = 3000
"""Levels, past what Python's stack holds."""
SPLICES = (
    *(b"]]>", b"<![CDATA[", b"<xml>", b"</xml>", b"<!DOCTYPE x>", b"&lt;", b"<Encrypt>", b"\x00", b"\x1d", b"\xff\xfe", b"\xed\xa0\x80"),
    *(b"{", b"}", b"[", b'"', b"null", b"1e999", b"-1", b"9" * 400, b"\\ud800", b"NaN", b"true", b"[]", b"{}", b'""', b"0.5", b"\\u0000"),
    *(b"9" * 5000, b"[" * DEEP, b'{"a":' * DEEP, b"[" * 400 + b"]" * 400, b"\r\n", b"\t", b",", b"=1+1", b"<a>" * 300, b"&#x0;", b"&#55296;"),
    *(b"9999-12", b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59", b"2026-02-30", b"; charset=x", b"; boundary=", b"%00", b"%ff"),
)  # fmt: skip
"""What parsers trip over: ends of sections, half surrogates, numbers and nests without end, the first and the last day."""
PHRASES = (
    *("\x00", "\ufeff", "\u202e", "\u3000", "\u2028", "\n", "\n" * 30, " " * 2000, "9" * 400, "1" * 5000, "\uff19\uff19"),
    *("²", "①", "½", "٣", "𝟙", "〇", "Ⅻ", "十百千万亿" * 5, "二十", "两", "半", "元", "万", "k", "%", "\uff05", "-", "~"),
    *("到", "至", "/", "月", "年", "日", "个", "天", "以上", "13薪"),
    *("2026年" * 40, "9999-12", "0000-00-00", "2026-02-30", "13月32日", "99年99月", "1e999", "{0}", "%s", "\\", "|", "(" * 40, "[", "《" * 20),
    *("不" * 200, "\uff0c" * 200, "\ud7ff", "\U0001f469\u200d\U0001f467", "e\u0301" * 50, "試用期六個月", "\uff41\uff42\uff43"),
    *("/open/profile", "\n/go/menu\n", "\n返回\n", "\n跳过\n", "\n1\n", "\n是\n"),
)  # fmt: skip
"""The same of words: figures of every script, signs that are not seen, words without end, taps in between."""
Input = bytes | str


@dataclass(slots=True)
class Slice:
    """What became of one reader's inputs. `found`: kind and place of an exception → its shortest input."""

    name: str
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest: tuple[float, Input] = (0.0, "")
    found: dict[str, Input] = field(default_factory=dict)

    def add(self, other: Slice) -> None:
        self.outcomes += other.outcomes
        self.seconds += other.seconds
        self.slowest = max(self.slowest, other.slowest, key=itemgetter(0))
        for kind, body in other.found.items():
            self.found[kind] = min(self.found.get(kind, body), body, key=len)


class HungError(Exception):
    """An input that takes longer than HUNG."""


def run() -> list[Table]:
    wanted = int(os.environ.get("BULIXIAN_INPUTS", INPUTS))
    with tempfile.TemporaryDirectory() as folder:
        begun, app = time.perf_counter(), program(Path(folder) / "template.db")
        sums = {name: Slice(name) for name in readers(app)}
        app.close()
        with multiprocessing.get_context("spawn").Pool(PROCESSES, ready, [folder]) as pool, suppress(KeyboardInterrupt):
            for number in count():
                for done in pool.imap_unordered(thrown, [(name, number) for name in sums]):
                    sums[done.name].add(done)
                if sum(each.outcomes.total() for each in sums.values()) >= wanted:
                    break
    return [summed("fuzz", sums, time.perf_counter() - begun)]


def summed(what: str, sums: dict[str, Slice], seconds: float) -> Table:
    total = sum(each.outcomes.total() for each in sums.values())
    wrong = sum(each.outcomes["wrong"] for each in sums.values())
    found = [f"{each.name}: {kind}\n  {body[:SHOWN]!r}" for each in sums.values() for kind, body in each.found.items()]
    found += [f"{each.name}: slow\n  {each.slowest[1][:SHOWN]!r}" for each in sums.values() if each.slowest[0] > SLOW]
    title = f"{what}: {total:,} inputs to {len(sums)} readers in {seconds:.0f} s, {wrong} exceptions"
    return Table(title, [row(each) for each in sums.values()], found)


def row(done: Slice) -> Row:
    return {
        "reader": done.name,
        "inputs": done.outcomes.total(),
        "understood": done.outcomes["understood"],
        "refused": done.outcomes["refused"],
        "seconds": done.seconds,
        "slowest ms": 1000 * done.slowest[0],
        "exceptions": done.outcomes["wrong"],
    }


def program(path: Path) -> App:
    return App(Settings(database_url=f"sqlite:///{path}", today=TODAY, dense="off", _env_file=None))  # type: ignore[call-arg]


known: dict[str, Reader] = {}
"""Of this process."""


def ready(folder: str) -> None:
    path = Path(tempfile.mkdtemp(dir=folder)) / "own.db"
    shutil.copy(Path(folder) / "template.db", path)
    known.update(readers(program(path)))
    signal.signal(signal.SIGPROF, hung)


def hung(_: int, frame: FrameType | None) -> None:
    raise HungError


def thrown(task: tuple[str, int], seconds: float = SLICE, most: int = 10**9) -> Slice:
    """One slice of one reader."""
    name, number = task
    reader, dice, done = known[name], random.Random(f"{name}/{number}"), Slice(name)
    until, late = time.thread_time() + seconds, time.monotonic() + 4 * seconds  # a reader that waits for a child uses no time of its own
    while (begun := time.thread_time()) < until and time.monotonic() < late and done.outcomes.total() < most:
        meet(done, reader, mutated(dice, reader.seeds))
        done.seconds += time.thread_time() - begun
    return done


def meet(done: Slice, reader: Reader, body: Input) -> None:
    """What becomes of one input; an exception that the reader does not declare is a find."""
    signal.setitimer(signal.ITIMER_PROF, HUNG)
    before = time.thread_time()
    try:
        told = reader.read(body)
        done.outcomes["refused" if type(told).__name__ == "Refused" else "understood"] += 1
    except REFUSALS:
        done.outcomes["refused"] += 1
    except Exception as error:  # what is counted here
        signal.setitimer(signal.ITIMER_PROF, 0)
        done.outcomes["wrong"] += 1
        kind = f"{type(error).__name__} {place(error)}"
        done.found[kind] = min(done.found.get(kind, body), body, key=len)
    signal.setitimer(signal.ITIMER_PROF, 0)
    done.slowest = max(done.slowest, (time.thread_time() - before, body), key=itemgetter(0))


def place(error: Exception) -> str:
    """The last line of ours that it went through."""
    ours = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(ROOT) and ".venv" not in frame.filename
    ]
    return f"{Path(ours[-1].filename).relative_to(ROOT)}:{ours[-1].lineno}" if ours else ""


def mutated(dice: random.Random, seeds: list[Any]) -> Any:
    """One input in eight is noise, the rest a sample with few wounds or many."""
    words = isinstance(seeds[0], str)
    splices: tuple[Any, ...] = PHRASES if words else SPLICES
    if dice.randrange(8) == 0:
        size = dice.randrange(400)
        return "".join(character(dice) for _ in range(size // 4)) if words else dice.randbytes(size)
    body = dice.choice(seeds)
    for _ in range(dice.choice((0, 1, 1, 1, 1, 2, 3, 8))):
        at = dice.randrange(len(body) + 1)
        head, tail = body[:at], body[at:]
        match dice.randrange(5):
            case 0:
                body = head + (character(dice) if words else dice.randbytes(1)) + tail[1:]
            case 1:
                body = head + dice.choice(splices) + tail[dice.choice((0, 0, 1, 8)) :]
            case 2:
                body = head + tail[dice.randrange(1, 30) :]
            case 3:
                body = head + tail[: dice.randrange(1, 60)] + tail
            case _:
                other = dice.choice(seeds)
                start = dice.randrange(len(other) + 1)
                body = head + other[start : start + dice.randrange(1, 60)] + tail
    return body


def character(dice: random.Random) -> str:
    """Chinese mostly, else any sign that a text can hold."""
    number = (
        dice.randrange(0x4E00, 0x9FA6)
        if dice.randrange(2)
        else dice.choice((dice.randrange(0x80), dice.randrange(0xD800), dice.randrange(0xE000, 0x110000)))
    )
    return chr(number)
