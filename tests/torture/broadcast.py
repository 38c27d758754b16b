"""A broadcast to people on WeChat and on Telegram, half each, while one of two processes is killed (SIGKILL) again and again.

One teacher drafts it, another approves it, pauses it half-way and lets it go on, on the command line. It leaves at the program's own
pace and both simulators hold it to their rules. Among the people are those who must not get it and those who cannot (`ROLES`).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from typer.testing import CliRunner

from bot import delivery
from bot.broadcast import Target
from bot.cli import cli
from bot.config import Settings, settings
from bot.delivery import Delivery
from bot.outcomes import WAYS
from bot.transcript import InboxMessage
from knowledge.db import Database
from tests.benchmarks.deliveries import FIRST, resend
from tests.benchmarks.situations import AES_KEY, TOKEN
from tests.benchmarks.situations import Balanced as Phones
from tests.simulators.telegram import Simulator, World
from tests.simulators.wechat import Api, serving
from tests.simulators.wechat import World as WeChat
from tests.torture.town import RATE, SECRET, Balanced, Crew, TortureError, Town, Verdict

PEOPLE, KILLS = (int(os.environ.get(f"BULIXIAN_{name}", number)) for name, number in (("BROADCAST_PEOPLE", 3000), ("BROADCAST_KILLS", 20)))
TITLE = "冬季双选会"
DRAFT = ("--type", "招聘会", "--title", TITLE, "--set", "start=2099-12-05 09:00", "--set", "place=体育馆", "--as", "张老师")
AUDIENCE = {"everyone": True, "holdout": 0.1}
EVERY = 25
ROLES = {
    "telegram": {0: "gone", 1: "quit", 2: "silent", 3: "leaves"},
    "wechat": {0: "gone", 1: "quit", 2: "leaves", 3: "stale", 4: "stale", 5: "comes", 6: "comes", 7: "parts"},
}
"""What some of every `EVERY` people of a platform are; the others are `here`.

gone: has blocked or unfollowed us, and we were told; silent: we were not; quit: unsubscribed before, leaves: while it is paused;
stale: last wrote before the 48 hours, comes: and writes again later, parts: only to unsubscribe.
"""
LATE = ("stale", "comes", "parts")
AGO = 50
"""Hours since those wrote."""
ENDS = {"silent": {"failed", "unknown"}, "leaves": {"sent", "unknown", "suppressed"}} | {role: {"mailbox"} for role in LATE}
REACHED = {"sent", "unknown"}
SLACK, PEAK = 3, 33
"""Telegram's 30 a second are an "about"; the program promises at most 33 in the busiest one (README)."""
AT_ONCE = 16
"""People of WeChat who write at one time."""


@dataclass(kw_only=True)
class Fair(Town):
    """Both platforms and their people, by conversation, with what each is."""

    wechat: WeChat
    phones: Phones
    settings: dict[str, Any]
    loop: asyncio.Runner
    number: int = 0
    cast: dict[str, str] = field(default_factory=dict)
    wrote: Counter[str] = field(default_factory=Counter)
    quit: set[str] = field(default_factory=set)
    """Unsubscribed before it was their turn."""
    bad: list[str] = field(default_factory=list)

    # people

    def gather(self) -> None:
        """Everybody writes once, in time or not; some leave in one of the ways."""
        accounts = {"telegram": self.world.bot_id, "wechat": self.wechat.account.appid}
        for number in self.people:
            place = ("telegram", "wechat")[number % 2]
            self.cast[f"{place}:{accounts[place]}:{number}"] = ROLES[place].get(number // 2 % EVERY, "here")
        self.speak(self.of(*LATE), "你好", hours=AGO)
        self.speak(self.cast.keys() - self.of(*LATE), "你好")
        self.speak(self.of("quit"), "退订")
        self.quit = self.of("quit")
        left = []
        for key in self.of("gone"):
            if key.startswith("telegram"):
                self.world.block(int(handle(key)))
            else:
                self.wechat.unfollow(handle(key))
                left.append(self.wechat.event(handle(key), "unsubscribe", EventKey=""))
        self.loop.run(self.bring(left))
        self.until(lambda: not self.world.pending, "who blocks us")
        for key in self.of("silent"):
            self.world.chats[int(handle(key))].blocked = True

    def of(self, *roles: str) -> set[str]:
        return {key for key, role in self.cast.items() if role in roles}

    def erased(self) -> set[str]:
        return {key for key in self.of("gone") if key.startswith("wechat")}

    def speak(self, people: Iterable[str], text: str, *, hours: float = 0) -> None:
        """They write and get their answers. WeChat brings it `hours` late: so much of the window is over."""
        written = []
        for key in sorted(people):
            self.wrote[key] += 1
            if key.startswith("telegram"):
                self.world.say(int(handle(key)), text)
                continue
            with self.wechat.lock:
                self.wechat.clock.advance(hours=-hours)
                self.wechat.wrote(handle(key))
                written.append(self.phones.fields(handle(key), "text", Content=text, MsgId=next(self.wechat.numbers)))
                self.wechat.clock.advance(hours=hours)
        self.loop.run(self.bring(written))
        answered = (Delivery.priority == 0, Delivery.status.in_(delivery.OPEN))
        self.until(lambda: not self.world.pending and not self.count(*answered), "answers")

    async def bring(self, written: list[dict[str, Any]]) -> None:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(fields: dict[str, Any]) -> bool:
            async with room:
                return (await self.phones.push(fields)).fault

        if faults := sum(await asyncio.gather(*map(one, written))):
            self.bad.append(f"{faults} messages of WeChat not taken")

    def saw(self, key: str) -> list[str]:
        return self.world.saw(int(handle(key))) if key.startswith("telegram") else self.wechat.person(handle(key)).texts()

    def got(self) -> Counter[str]:
        """How often each has seen the broadcast."""
        return Counter({key: sum(TITLE in text for text in self.saw(key)) for key in self.cast})

    def left(self) -> int:
        """Messages that were sent unanswered and answers on Telegram."""
        return len(self.world.pace.sent) + self.wechat.books["seen/custom"]

    # staff

    def staff(self, *words: str) -> str:
        """A command of the program.

        Raises:
            TortureError: it failed.
        """
        settings.cache_clear()
        done = CliRunner().invoke(cli, ["broadcast", *words], env=environment(self.settings))
        settings.cache_clear()
        if done.exit_code:
            raise TortureError(f"broadcast {words[0]}: {done.output[-300:]} {done.exception!r}")
        return done.stdout

    def announce(self) -> Counter[str]:
        """Drafted, looked at and approved. Returns what was foretold: how many by each way, and held back."""
        self.number = int(said(self.staff("draft", *DRAFT, "--to", json.dumps(AUDIENCE)), "第")["第"])
        shown = self.staff("preview", str(self.number))
        self.staff("approve", str(self.number), "--as", "李老师")
        return said(shown, *WAYS.values(), "会发", "留出")

    def rest(self) -> None:
        """A pause, in which some unsubscribe and a process is killed: nothing of it leaves before it is resumed."""
        self.staff("pause", str(self.number))
        self.faults["pause"] += 1
        time.sleep(1)  # what was on its way
        before = self.got()
        late = {key for key in self.of("leaves") if not before[key]}
        self.speak(late, "退订")
        self.quit |= late
        self.kill(0)
        self.up()
        time.sleep(1)
        if self.got() != before:
            self.bad.append(f"{(self.got() - before).total()} left in the pause")
        self.staff("resume", str(self.number))

    def kill(self, number: int) -> None:
        self.crew.kill(number)
        self.faults["kill -9"] += 1

    # the broadcast

    def deliver(self, kills: int, most: int, chance: random.Random) -> None:
        """Kills at moments spread over the whole, each a process at work; in the middle of them the pause, with one."""
        start = self.left()
        moments = sorted(chance.sample(range(most * 19 // 20), kills - 1))
        for place, moment in enumerate(moments):
            if place == (kills - 1) // 2:
                self.rest()
            self.until(lambda moment=moment: self.left() - start >= moment and bool(self.crew.at_work()), "the next kill")  # type: ignore[misc]
            self.stop.wait(chance.random() / 20)
            self.kill(chance.choice(self.crew.at_work() or [0]))
        self.until(self.through, "the end of the broadcast")

    def through(self) -> bool:
        """Nothing can leave any more before somebody writes."""
        return not self.count(Delivery.status.in_(delivery.OPEN), ~Delivery.mailbox)

    def ends(self) -> dict[str, str]:
        """What became of it, by conversation."""
        with self.database.reading() as connection:
            query = select(Delivery.conversation, Delivery.status, Delivery.mailbox).where(Delivery.broadcast_id == self.number)
            return {key: "mailbox" if status == "ready" and waits else status for key, status, waits in connection.execute(query)}

    def judge(self, foretold: Counter[str]) -> None:
        """Holds what became of each person to what they are, and what was foretold to both."""
        ends = self.ends()
        with self.database.reading() as connection:
            kept = dict(connection.execute(select(Target.conversation, Target.held)).all())
        audience = {key for key, held in kept.items() if not held}
        ways = Counter(way_of(key, self.cast[key]) for key in audience)
        met = ways + Counter({"会发": len(audience), "留出": len(kept) - len(audience)})
        wrong = Counter(f"{self.cast[key]} {ends[key]}" for key in ends if ends[key] not in ENDS.get(self.cast[key], REACHED))
        meant = self.cast.keys() - self.of("quit", "gone")
        self.blame(
            foretold=foretold != met and f"{dict(foretold)}, met {dict(met)}",
            ends=dict(wrong),
            wrongly_in_or_out=len(kept.keys() ^ meant),
            without_a_row=len(audience - ends.keys()),
            rows_of_others=len(ends.keys() - audience),
        )

    def blame(self, **found: Any) -> None:
        self.bad += [f"{name.replace('_', ' ')}: {what}" for name, what in found.items() if what]

    def close(self) -> Verdict:
        """Has staff send again what is in doubt, lets some come back, cancels the rest, and counts on both sides."""
        before, doubt = self.got(), {key for key, end in self.ends().items() if end == "unknown"}
        with self.database.reading() as connection:
            owners = connection.execute(select(Delivery.channel, Delivery.owner).where(Delivery.status == "unknown")).all()
        self.blame(more_than_one_of_a_killed_process_and_account_in_doubt=[count for count in Counter(owners).values() if count > 1])
        self.blame(in_doubt_without_a_kill=max(0, len({owner for _, owner in owners}) - self.faults["kill -9"]))
        self.staff("resend", str(self.number), "--outcome", "unknown")
        resend(self)  # type: ignore[arg-type]  # answers; of the program it wants the database only
        self.until(self.through, "what was sent again")
        self.speak(self.of("comes"), "菜单")
        self.speak(self.of("parts"), "退订")
        self.quit |= self.of("parts")
        self.until(self.through, "what waited for those who came back")
        self.staff("cancel", str(self.number))
        seen, ends, books = self.got(), self.ends(), json.loads(self.staff("status", str(self.number)))
        lost = sum(end == "sent" and not seen[key] for key, end in ends.items())
        doubled = sum(max(0, before[key] - 1, seen[key] - 1 - (key in doubt)) for key in self.cast)
        self.blame(
            not_reached_who_came_back=sum(key in ends and ends[key] not in REACHED for key in self.of("comes")),
            written_to_though_not_meant=sum(bool(seen[key]) for key in self.cast if key not in ends),
            written_to_though_unsubscribed=sum(bool(seen[key]) for key in self.quit),
            written_to_though_stopped=sum(bool(seen[key]) for key, end in ends.items() if end in delivery.STOPPED and key not in doubt),
            told_to_wait_by_Telegram=self.world.pace.refused,
            in_one_second=self.world.pace.peak() > PEAK and self.world.pace.peak(),
            refused_by_WeChat={name: count for name, count in self.wechat.books.items() if name.startswith("errcode/") and count},
        )
        balanced = books["people"] == sum(books[state] for state in delivery.FINAL) == len(ends) and not books["open"] and not books["left"]
        return Verdict(
            "broadcast", self.storage, self.faults, self.wrote.total(), len(ends), self.unanswered(), lost, doubled, len(doubt), books["failed"],
            balanced, time.monotonic() - self.begun, self.crew.fell, self.bad,
        )  # fmt: skip

    def unanswered(self) -> int:
        """Messages that were not stored, or not answered on the screen; of who unfollowed nothing is kept."""
        with self.database.reading() as connection:
            stored = Counter(connection.execute(select(InboxMessage.conversation)).scalars())
        lacking = sum(max(0, times - stored[key]) for key, times in self.wrote.items() if key not in self.erased())
        return lacking + sum(max(0, times - sum(TITLE not in text for text in self.saw(key))) for key, times in self.wrote.items())


def handle(key: str) -> str:
    return key.rsplit(":", 1)[1]


def way_of(key: str, role: str) -> str:
    """As it is told to staff."""
    way = "mailbox" if role in LATE else "chat" if key.startswith("telegram") else "customer"
    return WAYS[way]


def said(text: str, *labels: str) -> Counter[str]:
    """The number behind each label, where it stands."""
    return Counter({label: int(found[1]) for label in labels if (found := re.search(rf"{re.escape(label)} (\d+)", text))})


def environment(chosen: dict[str, Any], prefix: str = "BULIXIAN_") -> dict[str, str]:
    """The settings as the command line reads them."""
    found: dict[str, str] = {}
    for name, value in chosen.items():
        one = f"{prefix}{name.upper()}"
        found |= environment(value, f"{one}__") if isinstance(value, dict) else {one: str(value)}
    return found


@contextmanager
def fair(url: str, people: int, rate: float) -> Iterator[Fair]:
    """The program on a seeded database between the two platforms."""
    world, wechat = World(), WeChat()
    with Simulator(world) as telegram, serving(Api(wechat)) as api, asyncio.Runner() as loop:
        account = wechat.account
        chosen: dict[str, Any] = {
            "database_url": url, "dense": "off", "quiet_from": "00:00", "quiet_to": "00:00",
            "telegram": {"token": world.token, "base_url": telegram.base_url, "base_file_url": telegram.base_file_url, "webhook_secret": SECRET},
            "wechat": {"appid": account.appid, "secret": account.secret, "token": TOKEN, "aes_key": AES_KEY, "api_base_url": api},
        }  # fmt: skip
        crew, database = Crew(Settings(**chosen, _env_file=None), 2, rate), Database(url)  # type: ignore[call-arg]
        storage = "PostgreSQL" if url.startswith("postgresql") else "SQLite"
        phones = Phones(wechat, [f"http://127.0.0.1:{listener.getsockname()[1]}/hook/wechat" for listener in crew.listeners])
        made = Fair(world, crew, database, storage, range(FIRST, FIRST + people), wechat=wechat, phones=phones, settings=chosen, loop=loop)
        try:
            world.hook = Balanced(crew.listeners)  # type: ignore[assignment]
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # a killed process hangs up in the middle of a request
            made.up()
            yield made
        finally:
            loop.run(phones.close())
            crew.close()
            database.close()


def run(url: str, kills: int = KILLS, *, people: int = PEOPLE, rate: float | None = None, seed: int = 8) -> Verdict:
    """`rate`: of each account, in place of the program's own pace; then people gather at it too, else faster than Telegram bears."""
    with fair(url, people, rate or RATE) as made:
        made.world.pace.per_second = 10**6
        made.gather()
        if rate is None:
            made.crew.rate = None
            for number in range(len(made.crew.hired)):
                made.crew.kill(number)
            made.up()
        made.world.pace.per_second, made.world.pace.slack = 30, SLACK
        made.world.pace.sent.clear()
        made.begun = time.monotonic()
        foretold = made.announce()
        made.deliver(kills, foretold[WAYS["chat"]] + foretold[WAYS["customer"]], random.Random(seed))
        made.judge(foretold)
        return made.close()
