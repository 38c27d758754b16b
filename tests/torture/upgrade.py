"""Two versions during an upgrade: the tables go to the next version, slowly, while this one serves; a start of this one is then refused.

The next version is one more migration: a new table, a new column in the busiest one, three seconds in which it is locked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from alembic import command
from sqlalchemy import text

import bot
from bot.app import alembic
from tests.torture.town import Verdict, town

TIMES = int(os.environ.get("BULIXIAN_UPGRADES", "2"))
HELD = 3.0
"""Seconds in which the migration holds what it changes."""
NEXT = """
import time
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0999_next", "{head}"
def upgrade():
    op.create_table("next_version", sa.Column("id", sa.Integer, primary_key=True))
    op.add_column("delivery", sa.Column("next_version", sa.String(8), nullable=True))
    time.sleep({held})
def downgrade():
    op.drop_column("delivery", "next_version")
    op.drop_table("next_version")
"""


def run(url: str, times: int = TIMES, *, pushes: int = 300) -> Verdict:
    bad = []
    with tempfile.TemporaryDirectory() as folder, town(url, pushes=pushes) as made:
        there = Path(folder) / "migrations"
        shutil.copytree(Path(bot.__file__).parent / "migrations", there)
        with made.database.reading() as connection:
            head = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        (there / "versions" / "0999_next.py").write_text(NEXT.format(head=head, held=HELD))
        for way in (command.upgrade, command.downgrade) * times:
            time.sleep(2)
            with made.database.writing() as connection:
                config = alembic(connection)
                config.set_main_option("script_location", str(there))
                way(config, "0999_next" if way is command.upgrade else head)
            made.faults[way.__name__] += 1
            if way is command.upgrade:
                bad += started(url)
                made.faults["start of the old version"] += 1
        found = made.reckoned("upgrade")
    found.bad += bad
    return found


def started(url: str) -> list[str]:
    """What is wrong with how this version refuses to start on the tables of the next."""
    environment = {**os.environ, "BULIXIAN_DATABASE_URL": url, "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-m", "bot", "ask", "档案"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    return [] if done.returncode == 3 and "更新的程序" in done.stderr and "Traceback" not in done.stderr else [f"old version: {done.stderr[-200:]}"]
