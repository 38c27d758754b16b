"""The readers of `fuzz` led by what code they reach: atheris (libFuzzer), which has wheels for Linux alone.

`uv run --group guided python -m tests.benchmarks guided` gives each BYTES bytes of input, or BULIXIAN_INPUTS inputs if that is sooner; the last
column must be 0. A process for each reader, for libFuzzer ends the one it ran in.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import fuzz
from tests.benchmarks.readers import readers
from tests.benchmarks.report import Table

BYTES = 1_000_000
LONGEST = 4096
"""Bytes of one input."""
PATIENCE = 600
"""Seconds for one reader. Those that start a child for each input do not come to BYTES in them."""
CHILD = """
import sys, atheris
with atheris.instrument_imports(include=["bot", "dialogs", "knowledge"]):
    from tests.benchmarks import guided
guided.lead(*sys.argv[1:])
"""
"""Whoever imports this module first has imported the readers, and what is imported is not instrumented any more."""


def run() -> list[Table]:
    most = int(os.environ.get("BULIXIAN_INPUTS", 10**9))
    begun, sums = time.perf_counter(), {}
    with tempfile.TemporaryDirectory() as folder:
        app = fuzz.program(Path(folder) / "template.db")
        names = list(readers(app))
        app.close()
        for number, name in enumerate(names):
            told = Path(folder) / f"{number}.pickle"
            command = [sys.executable, "-c", CHILD, folder, name, str(most), str(told)]
            done = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
            if not told.exists():  # libFuzzer itself ended it: a crash of native code, or no atheris
                raise SystemExit(f"{name}: {done.stderr[-2000:]}")
            sums[name] = pickle.loads(told.read_bytes())
    return [fuzz.summed("guided", sums, time.perf_counter() - begun)]


def lead(folder: str, name: str, most: str, told: str) -> None:
    """One reader in this process, which ends here."""
    import atheris

    fuzz.ready(folder)
    reader, done, given, until = fuzz.known[name], fuzz.Slice(name), 0, time.monotonic() + PATIENCE
    words = isinstance(reader.seeds[0], str)

    def one(data: bytes) -> None:
        nonlocal given
        before = time.thread_time()
        fuzz.meet(done, reader, data.decode("utf8", "ignore") if words else data)
        done.seconds += time.thread_time() - before
        given += len(data)
        if given >= BYTES or done.outcomes.total() >= int(most) or time.monotonic() > until:
            Path(told).write_bytes(pickle.dumps(done))
            os._exit(0)

    seeds = Path(tempfile.mkdtemp(dir=folder))
    for number, seed in enumerate(reader.seeds):
        (seeds / str(number)).write_bytes(seed.encode("utf8", "ignore") if isinstance(seed, str) else seed)
    atheris.Setup(
        [sys.argv[0], f"-max_len={LONGEST}", "-len_control=0", "-rss_limit_mb=0", "-timeout=60", f"-artifact_prefix={folder}/", str(seeds)], one
    )
    signal.signal(signal.SIGPROF, fuzz.hung)
    atheris.Fuzz()
