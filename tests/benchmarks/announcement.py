"""One announcement to everybody, simulated send by send: whom it reaches when and by which way. No clock, no network, no database.

The ways are the answers of the real carriers; paces, windows and quiet hours are the program's own; what people do is assumed.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import chain, compress, islice, product

import numpy as np

from bot.allowances import Allowance
from bot.channels.wechat.limits import MASS_PEOPLE, MESSAGE_QUOTA, MESSAGE_WINDOW, Route
from bot.config import Settings
from bot.delivery import UNASKED
from bot.planner import AHEAD, LOOKS, MAILBOX, Carrier, Quiet
from bot.pump import IDLE
from knowledge.db import CHINA

DAY, HOUR = 86_400.0, 3_600.0
FIRST = datetime(2026, 12, 7, tzinfo=CHINA)
"""0:00 of a Monday: moments here are seconds since then, days are China's (`wechat.errors.to_midnight`)."""
BEGIN = 9 * HOUR
"""Assumed: approved at 9:00."""
END = BEGIN + 7 * DAY
QUOTAS: dict[str, int] = {Route.CUSTOMER: 500_000, Route.TEMPLATE: 100_000, Route.MASS: 100}
"""Calls a day of one account (platforms.md §1.5 and §1.6 [D]). From 100 000 followers on some are more: the platform tells only the account how
many, so the smallest is taken. Of notifications no page says a number."""
CALL = 0.1
"""Seconds until a platform has answered, assumed."""
ACTIVITY = {"looking for work": (0.15, 3.0), "now and then": (0.35, 15.0), "seldom": (0.35, 60.0), "never again": (0.15, np.inf)}
"""Assumed: shares of people, and the days between two visits of one. No source tells; replace them by what `/console/cohort` shows."""
TOKENS = 0.10
"""Assumed: who has accepted one notification of the template and not used it up."""
HOURS = np.array([1, 0.5, 0.2, 0.2, 0.2, 0.5, 1, 2, 4, 6, 7, 6, 5, 5, 6, 6, 6, 5, 5, 7, 9, 8, 6, 3])
"""Assumed: how the messages of a day lie over its hours."""
QUIET, WINDOW = Quiet(), MESSAGE_WINDOW.total_seconds()
QUEUE = "queue"
"""Not looked at yet: in the ledger, ready."""
CHUNK = 50_000
"""People drawn at a time."""
State = tuple[bool, bool, frozenset[str]]
"""A window of the person is open; there is a token; the ways whose quota of the day is used up."""
Person = tuple[float, float, bool]
"""When the last message came, when the next will, whether there is a token."""


@dataclass(frozen=True, slots=True)
class Sender:
    """One account: its way for each state, the seconds a push takes, and whether it mass-sends to who has no other way."""

    ways: Mapping[State, str | None]
    step: float
    mass: bool = False


def sender(carrier: Carrier, template: str | None, *, mass: bool = False) -> Sender:
    """Asks the real carrier for every state what it would do."""
    row, ways = {"kind": "broadcast", "priority": UNASKED["broadcast"]}, dict[State, str | None]()
    for window, token, *used in product((False, True), repeat=2 + len(QUOTAS)):
        names = {"message": (window, MESSAGE_QUOTA), f"token:{template}": (token, 1)}
        names |= {f"off:{route}": (over, 0) for route, over in zip(QUOTAS, used, strict=True)}
        open_ = {name: Allowance(owner="", name=name, left=left, until=None) for name, (held, left) in names.items() if held}
        ways[window, token, frozenset(compress(QUOTAS, used))] = carrier.route(row, open_)
    at_once = Settings.model_fields["pushes_at_once"].default
    return Sender(ways, max(carrier.interval.total_seconds(), CALL / at_once), mass)


def people(count: int, seed: int) -> Iterator[Person]:
    """Each comes by chance, as often as the group does, more in the evening than at night. The same seed gives the same people first."""
    edges = np.arange(-400 * DAY, END + 2 * DAY, HOUR)
    visits = np.cumsum(np.resize(HOURS / HOURS.sum(), len(edges)))  # of one who comes once a day
    now = np.interp(BEGIN, edges, visits)
    shares, days = zip(*ACTIVITY.values(), strict=True)
    chance = np.random.default_rng(seed)
    for start in range(0, count, CHUNK):
        gaps = np.array(days)[chance.choice(len(days), CHUNK, p=shares)]
        last, coming = (np.interp(now + sign * gaps * chance.exponential(size=CHUNK), visits, edges).tolist() for sign in (-1, 1))
        yield from list(zip(last, coming, (chance.random(CHUNK) < TOKENS).tolist(), strict=True))[: count - start]


def announced(account: Sender, audience: Iterable[Person]) -> Iterator[tuple[float, int, str]]:
    """Moment, person and way of each send, in order of time; MAILBOX: no way was found, the person's next message is waited for.

    As the pump does it: one after the other by number, who comes back from the mailbox first; who only lacks the day's quota waits for
    the next day, or until they write; so many without a way cost its `IDLE`.
    """
    queue: Iterator[tuple[int, Person]] = enumerate(audience)
    mail, held, back = dict[int, None](), dict[int, Person](), list[tuple[float, int, Person]]()
    used, off, day, minute = Counter[str](), frozenset[str](), 0.0, 0.0
    clock, waiting = BEGIN, next(queue, None)
    while clock < END:
        if minute != (minute := clock // 60) and clock < (clock := opened(clock)):
            continue
        if day != (day := clock // DAY):
            used.clear()
            off = frozenset()
            queue = chain(held.items(), [waiting] if waiting else (), queue)
            held, waiting = {}, next(queue, None)
        if account.mass and Route.MASS not in off and (len(mail) >= MASS_PEOPLE[1] or (waiting is None and len(mail) >= MASS_PEOPLE[0])):
            used[Route.MASS] += 1
            off |= {Route.MASS} if used[Route.MASS] >= QUOTAS[Route.MASS] else set()
            for number in list(islice(mail, MASS_PEOPLE[1])):
                del mail[number]
                yield clock, number, str(Route.MASS)
            clock += account.step
            continue
        if back and back[0][0] <= clock:
            _, number, person = heappop(back)
            if number not in mail and number not in held:
                continue
            mail.pop(number, None)
            held.pop(number, None)
        elif waiting is not None:
            (number, person), waiting = waiting, next(queue, None)
        else:
            again = [(clock // DAY + 1) * DAY] if held or (account.mass and len(mail) >= MASS_PEOPLE[0]) else []
            clock = min([at for at, *_ in back[:1]] + again, default=END)
            continue
        last, coming, token = person
        window = clock - (coming if coming <= clock else last) < WINDOW
        if way := account.ways[window, token, off]:
            yield clock, number, way
            used[way] += 1
            off |= {way} if used[way] >= QUOTAS.get(way, math.inf) else set()
            clock += account.step
            continue
        if account.ways[window, token, frozenset()]:
            held[number] = person
        else:
            yield clock, number, MAILBOX
            mail[number] = None
        if clock < coming < END:  # who wrote already and found the day's quota used up has to write once more: not reckoned
            heappush(back, (coming, number, person))
        clock += IDLE / (AHEAD * LOOKS)


def opened(clock: float) -> float:
    """The moment, or the end of the quiet hours it falls into."""
    over = QUIET.until(FIRST + timedelta(seconds=clock))
    return (over - FIRST).total_seconds() if over else clock


def standing(sends: Iterable[tuple[float, int, str]], count: int, moments: Iterable[float]) -> list[Counter[str]]:
    """How many stand where at each moment: reached by a way, in the mailbox, in the queue."""
    now, mailed, found, ahead = Counter({QUEUE: count}), set[int](), list[Counter[str]](), deque(moments)
    for at, number, way in sends:
        while ahead and at > ahead[0]:
            found.append(now.copy())
            ahead.popleft()
        now[MAILBOX if number in mailed else QUEUE] -= 1
        now[way] += 1
        if way == MAILBOX:
            mailed.add(number)
    return found + [now.copy() for _ in ahead]
