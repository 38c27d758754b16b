"""Whether it is enough for the graduates of a whole year: load, storage, machines and money from assumptions and measured figures, what breaks
first, and one announcement to everybody, simulated (`announcement`). Each constant says where it comes from; what is assumed is to be replaced.

With BULIXIAN_PLOT=FILE.svg the curves are drawn there.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sqlalchemy import func, select

from bot import broadcast
from bot.app import App
from bot.channels.telegram.serve import TelegramAccount
from bot.channels.wechat.limits import ANSWER_WITHIN, MASS_PEOPLE, Route
from bot.channels.wechat.serve import WeChatAccount
from bot.config import Telegram, WeChat
from bot.planner import AHEAD, LOOKS, MAILBOX
from bot.plot import Panel, drawn
from bot.pump import IDLE
from bot.transcript import InboxMessage
from tests.benchmarks import console
from tests.benchmarks.announcement import ACTIVITY, BEGIN, DAY, HOUR, HOURS, QUEUE, QUIET, QUOTAS, WINDOW, Sender, announced, people, sender, standing
from tests.benchmarks.report import ROUNDS, Row, Table
from tests.benchmarks.turns import MANY, Script, crowd, ours, program

GRADUATES = 12_700_000
"""Of 2026 [policy_facts.md PLT-04, its source S50, certainty B]. All of them use it: the ceiling; everything else is in proportion."""
ACCOUNTS = (1, 31, 500, 2_800)
"""One for all, one a province, large schools, each school (2 870 regular ones by the ministry's bulletin of 2024). Equal in size: assumed.
Each is a program and a database of its own: the settings know one Official Account."""
TELEGRAM = 0.01
"""Assumed: who is there instead of on WeChat; it is hardly reachable in China (platforms.md §3.1)."""
VISIT_MESSAGES, BUSY_DAY = 4, 3.0
"""Assumed: messages of one visit; the busiest day against the mean one."""
ANSWERING, WAVE = 0.05, 600.0
"""Assumed: so many answer an announcement at once, within so many seconds; they come on top of the busiest hour."""
UNASKED = 30
"""Assumed: announcements, digests and reminders a person gets in a year."""
HANDED, CASE_MINUTES, TEACHER_MINUTES, STUDENTS = 0.03, 10, 360, 500
"""Assumed: messages that become a teacher's case, minutes of one, minutes a teacher has for them in a day, graduates of one teacher."""
HEADROOM = 0.5
"""Assumed: of what a process does in the benchmark, what is planned with."""
PROCESS = 0.278
"""GB of a process after 30 minutes of soak (README, 「折腾」)."""
CORES, MEMORY, DISK, PRICE, GB_PRICE = 4, 16.0, 1_000.0, 400.0, 0.5
"""Assumed, asked of no seller: a rented machine's cores, GB of memory and of disk, yuan a month for it and for a GB of disk."""
LEDGER, TALKS = 20_000, 8
"""How many people are written down to measure bytes, and how many talk in each of 64 places."""
SAMPLE, SEED = 200_000, 20_261_207
"""People simulated at least, in whole accounts of those that there are."""
MOMENTS = [BEGIN + hour * HOUR for hour in range(24 * 7 + 1)]
AFTER = {"1 h": 1, "1 day": 24, "7 days": 24 * 7}


@dataclass(frozen=True, slots=True)
class Measured:
    """Here, in this run: turns a second of one process by its CPU time, which other programs hardly change, and by the clock; bytes of a person
    in the ledger, a message with its answer, a push; CPU seconds for which approving a broadcast holds the database, a person."""

    turns: float
    by_clock: float
    person: float
    message: float
    push: float
    approve: float


def measured(app: App) -> Measured:
    """Fills the real tables the program's own ways on SQLite and looks how the file grows."""
    sizes = [stored(app)]
    with app.database.writing() as connection:
        console.fill(connection, app, LEDGER)
    sizes.append(stored(app))
    script = Script(app.search)
    system = ours("ours", "SQLite FULL", app, app.inbox, script)
    talked = [asyncio.run(crowd(system, script, MANY, each)) for each in (1, *[TALKS] * ROUNDS)]  # the first warms up
    spent, by_clock = min(float(row["CPU µs/turn"] or 0) for row in talked[1:]), max(float(row["turns/s"] or 0) for row in talked[1:])
    with app.database.reading() as connection:
        messages = connection.execute(select(func.count()).select_from(InboxMessage)).scalar_one()
    sizes.append(stored(app))
    draft = {
        "type": "通知",
        "title": "全国通知",
        "fields": {"text": "就业政策有更新,发「我能享受什么」看看和你有关的。"},
        "audience": {"everyone": True},
    }
    number = broadcast.written(app, draft, "王老师")
    begun = time.process_time()
    targets = broadcast.approve(app, number, "李老师")
    took = time.process_time() - begun
    while broadcast.advance(app):
        pass
    sizes.append(stored(app))
    person, message, push = (np.diff(sizes) / (LEDGER, messages, targets)).tolist()
    return Measured(1e6 / spent, by_clock, person, message, push, took / targets)


def stored(app: App) -> int:
    with app.database.reading() as connection:
        return int(connection.exec_driver_sql("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").scalar_one())


@dataclass(frozen=True, slots=True)
class Load:
    """What comes to one account of so many: messages on a mean day and in the busiest hour and second, GB after a year."""

    accounts: int
    people: float
    day: float
    hour: float
    second: float
    gigabytes: float


def load(accounts: int, found: Measured, step: float) -> Load:
    each = GRADUATES / accounts
    day = each * sum(share / days for share, days in ACTIVITY.values()) * VISIT_MESSAGES
    hour = day * BUSY_DAY * float(HOURS.max() / HOURS.sum())
    wave = ANSWERING * min(each / WAVE, 1 / step)  # answers come no faster than the announcement leaves
    second = float(np.random.default_rng(SEED).poisson(hour / 3600 + wave, 3600).max())
    kept = each * (found.person + UNASKED * found.push) + day * 365 * found.message
    return Load(accounts, each, day, hour, second, kept / 1e9)


def needed(one: Load, found: Measured) -> Row:
    """Machines and money for all accounts together."""
    processes = math.ceil(one.second / (found.turns * HEADROOM))
    cores = one.accounts * one.second / (found.turns * HEADROOM)
    machines = math.ceil(max(one.accounts * processes * PROCESS / MEMORY, cores / CORES))
    gigabytes = one.gigabytes * one.accounts
    return {
        "accounts": one.accounts,
        "people each": round(one.people),
        "messages a day": round(one.day),
        "mean/s": one.day / DAY,
        "busiest hour/s": one.hour / 3600,
        "busiest second": round(one.second),
        "processes each": processes,
        "GB a year each": one.gigabytes,
        "GB a year, all": round(gigabytes),
        "machines": machines,
        "¥ a month": round(machines * PRICE + gigabytes * GB_PRICE),
    }


def used(one: Load, found: Measured, step: float, outside: float) -> dict[tuple[str, str], float]:
    """What an account uses of each resource on the day of an announcement, by the resource and its limit; `outside`: who wrote too long ago."""
    begins, ends = (moment.hour + moment.minute / 60 for moment in (QUIET.begins, QUIET.ends))
    awake, cases = (begins - ends) * HOUR, one.day * BUSY_DAY * HANDED / (one.people / STUDENTS)
    template, customer, mass = (QUOTAS[way] for way in (Route.TEMPLATE, Route.CUSTOMER, Route.MASS))
    look = IDLE / (AHEAD * LOOKS)
    answers, at_once = ANSWER_WITHIN.total_seconds(), MASS_PEOPLE[1]
    return {
        ("template messages a day", f"{template} an account, platforms.md §1.6"): one.people * outside / template,
        ("customer-service messages a day", f"{customer} an account, platforms.md §1.5"): one.people * (1 - outside) / customer,
        ("mass-send calls a day", f"{mass} × {at_once}, §1.6"): one.people * outside / at_once / mass,
        ("pushing to all in a day", f"{begins - ends:.0f} h, {step:.2f} s a push: quiet hours, bot.pump"): one.people * step / awake,
        ("finding no way, without a template", f"{begins - ends:.0f} h, {look * 1000:.0f} ms each: bot.pump"): one.people * outside * look / awake,
        ("approving on SQLite, while answers wait", f"{answers} s for an answer, wechat.limits"): one.people * found.approve / answers,
        ("turns in the busiest second", f"{found.turns:.0f}/s a process, measured here"): one.second / found.turns,
        ("disk after a year", f"{DISK:.0f} GB, assumed"): one.gigabytes / DISK,
        ("a teacher's busiest day", f"{TEACHER_MINUTES} min for {STUDENTS} graduates, assumed"): cases * CASE_MINUTES / TEACHER_MINUTES,
    }


def breaking(loads: Mapping[int, Load], found: Measured, step: float, outside: float) -> list[Row]:
    """The worst first, as one account for all has it."""
    shares = {accounts: used(one, found, step, outside) for accounts, one in loads.items()}
    worst = sorted(shares[1], key=lambda resource: -shares[1][resource])
    return [{"resource": name, "limit": limit} | {f"{n} accounts": part[name, limit] for n, part in shares.items()} for name, limit in worst]


def simulated(account: Sender, size: int) -> list[dict[str, float]]:
    """Shares of people by where they stand, hour by hour; of as many accounts of this size as make the sample."""
    rounds = max(1, min(GRADUATES, SAMPLE) // size)
    audience, total = people(size * rounds, SEED), [Counter[str]() for _ in MOMENTS]
    for _ in range(rounds):
        for kept, now in zip(total, standing(announced(account, islice(audience, size)), size, MOMENTS), strict=True):
            kept.update(now)
    return [{way: number / (size * rounds) for way, number in kept.items()} for kept in total]


def everybody(wechat: Sender, telegram: Sender, accounts: int) -> list[dict[str, float]]:
    """The same with those on Telegram among them."""
    found: list[dict[str, float]] = []
    both = [(1 - TELEGRAM, wechat), (TELEGRAM, telegram)]
    parts = [(part, simulated(account, round(GRADUATES * part / accounts))) for part, account in both]
    for hour in range(len(MOMENTS)):
        names = dict.fromkeys(way for _, curve in parts for way in curve[hour])
        found.append({way: sum(part * curve[hour].get(way, 0.0) for part, curve in parts) for way in names})
    return found


def told(curves: Mapping[int, list[dict[str, float]]], title: str) -> Table:
    ways = [*dict.fromkeys(way for curve in curves.values() for now in curve for way in now if way not in (QUEUE, MAILBOX)), MAILBOX, QUEUE]
    table = Table(f"one announcement to all, {title}: % of everybody")
    for accounts, curve in curves.items():
        for name, hour in AFTER.items():
            now = {way: 100 * curve[hour].get(way, 0.0) for way in ways}
            table.rows.append({"accounts": accounts, "after": name, "reached": reached(curve[hour]) * 100, **now})
    return table


def reached(now: Mapping[str, float]) -> float:
    return sum(share for way, share in now.items() if way not in (QUEUE, MAILBOX))


def run() -> list[Table]:
    with TemporaryDirectory() as folder, program(f"sqlite:///{folder}/scale.db") as app:
        found = measured(app)
        settings = WeChat(appid="wx1", secret="s", token="token", template="m")  # type: ignore[arg-type]
        verified, plain = WeChatAccount(app, settings), WeChatAccount(app, settings.model_copy(update={"template": None}))
        telegram = sender(TelegramAccount(app, Telegram(token="1:x")), None)  # type: ignore[arg-type]
    senders = {
        "with a template": sender(verified, settings.template),
        "no template": sender(plain, None),
        "no template, mass sends added": sender(plain, None, mass=True),
    }
    step = senders["with a template"].step
    lasts = np.array([BEGIN - last for last, *_ in people(SAMPLE, SEED)])
    loads = {accounts: load(accounts, found, step) for accounts in ACCOUNTS}
    reckoned = Table("a year's graduates: load, storage, machines", [needed(one, found) for one in loads.values()])
    reckoned.notes = [
        f"measured: {found.turns:.0f} turns/s a process by its CPU time, {found.by_clock:.0f} by the clock; bytes: {found.person:.0f} a person, "
        f"{found.message:.0f} a message with its answer, {found.push:.0f} a push; {found.approve * 1e6:.0f} µs a person to approve",
        "money: no standby, no copies of backups, no traffic; two processes of one account need PostgreSQL",
        f"prices and habits are assumed; last wrote within 48 h {np.mean(lasts < WINDOW):.0%}, 7 days {np.mean(lasts < 7 * DAY):.0%}, "
        f"30 days {np.mean(lasts < 30 * DAY):.0%}",
    ]
    first = Table("what breaks first: what the peak uses of each (1 × is all there is)")
    first.rows = breaking(loads, found, step, float(np.mean(lasts >= WINDOW)))
    curves = {name: {n: everybody(account, telegram, n) for n in ACCOUNTS} for name, account in senders.items()}
    tables = [reckoned, first, *(told(found, name) for name, found in curves.items())]
    if path := os.environ.get("BULIXIAN_PLOT"):
        Path(path).write_text(picture(curves["with a template"], curves["no template"]), encoding="utf8")
    return tables


def picture(template: Mapping[int, list[dict[str, float]]], plain: Mapping[int, list[dict[str, float]]]) -> str:
    shown = {"1 个号,有模板消息": template[1], "31 个号,有模板消息": template[31]}
    shown |= {"2800 个号,有模板消息": template[2800], "2800 个号,没有模板消息": plain[2800]}
    return drawn([Panel(name, "天", "到达", [(hour / 24, reached(now)) for hour, now in enumerate(curve)], top=1.0) for name, curve in shown.items()])
