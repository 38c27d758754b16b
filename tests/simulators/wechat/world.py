"""The rules: who follows, which windows are open, which tokens and quotas are left, what each person saw. No HTTP here.

Where the platform's behaviour is not public the choice made is named at the place.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

CHINA = timezone(timedelta(hours=8))
PER_DAY = {
    "token": 2000, "stable_token": 500_000, "message/custom/send": 500_000, "message/template/send": 100_000,
    "message/mass/send": 100, "message/mass/sendall": 100, "menu/create": 1000, "qrcode/create": 100_000, "media/get": 200_000,
}  # fmt: skip
PER_MINUTE = {"stable_token": 10_000, "message/mass/send": 60, "message/mass/sendall": 60}
FOLLOWERS_PER_MONTH = 4
FORCED_PER_DAY, FORCED_APART = 20, timedelta(seconds=30)
TOKEN_LIFE, EARLY, OVERLAP = timedelta(seconds=7200), timedelta(minutes=5), timedelta(minutes=5)


class Clock:
    """Real time, moved by `advance`."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def advance(self, **span: float) -> None:
        self.offset += timedelta(**span)

    def today(self) -> date:
        return self.now().astimezone(CHINA).date()


@dataclass(frozen=True)
class Account:
    """`capability`: service_verified, subscription_verified or unverified."""

    appid: str = "wxdemo0000000001"
    secret: str = "demo-app-secret"
    handle: str = "gh_0career0demo"
    capability: str = "service_verified"
    listed: bool = True
    """Whether the caller's address is on the account's list."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing on a person's screen; `via` is the way it came, `fault` the notice of a broken account."""

    at: datetime
    via: str
    text: str
    menu: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Window:
    """So many customer-service messages until then."""

    until: datetime
    left: int


@dataclass(slots=True)
class Person:
    openid: str
    follows: bool = True
    blocked: bool = False
    windows: dict[str, Window] = field(default_factory=dict)
    accepted: Counter[str] = field(default_factory=Counter)
    mass: Counter[str] = field(default_factory=Counter)
    seen: list[Seen] = field(default_factory=list)

    def texts(self) -> list[str]:
        return [seen.text for seen in self.seen]

    def duplicates(self) -> list[str]:
        """Texts that were shown more than once."""
        return [text for text, times in Counter(self.texts()).items() if times > 1]


class Refusal(Exception):
    """An error code with its message."""

    def __init__(self, code: int, message: str, **more: Any) -> None:
        super().__init__(code)
        self.answer = {"errcode": code, "errmsg": f"{message} rid: {secrets.token_hex(4)}-sim", **more}


class World:
    """One account with its people. Safe to use from several threads under `lock`."""

    def __init__(self, account: Account | None = None) -> None:
        self.account = account or Account()
        self.clock = Clock()
        self.lock = threading.RLock()
        self.people: dict[str, Person] = {}
        self.templates: dict[str, tuple[str, ...]] = {}
        self.tags: dict[int, set[str]] = {}
        self.media: dict[str, tuple[datetime, bytes, str]] = {}
        self.scenes: dict[str, tuple[str, datetime]] = {}
        self.menu: dict[str, Any] | None = None
        self.per_day, self.per_minute = dict(PER_DAY), dict(PER_MINUTE)
        self.calls: Counter[tuple[str, object]] = Counter()
        self.events: list[dict[str, Any]] = []
        """Pushes that follow from sends (`…JOBFINISH`), waiting for `People.deliver`."""
        self.books: Counter[str] = Counter()
        self.once: dict[tuple[str, ...], tuple[datetime, dict[str, Any]]] = {}
        self.mass_protection = False
        self.unconfirmed: dict[int, tuple[datetime, list[str], str]] = {}
        self.tokens: dict[str, datetime] = {}
        """Every token ever given, with its end; a killed one is taken out."""
        self.stable = self.plain = ""
        self.forced: list[datetime] = []
        self.numbers = itertools.count(25_200_000_000_000_001)

    def person(self, openid: str) -> Person:
        return self.people.setdefault(openid, Person(openid))

    def saw(self, openid: str, via: str, text: str, menu: tuple[tuple[str, str], ...] = ()) -> None:
        self.person(openid).seen.append(Seen(self.clock.now(), via, text, menu))
        self.books[f"seen/{via}"] += 1

    # windows

    def wrote(self, openid: str) -> None:
        self.person(openid).windows["message"] = Window(self.clock.now() + timedelta(hours=48), 5)

    def clicked(self, openid: str) -> None:
        """Menu click, follow, scan, or a tap in a message menu."""
        self.person(openid).windows["click"] = Window(self.clock.now() + timedelta(minutes=1), 3)

    def take_window(self, openid: str) -> None:
        """Uses one customer-service message. How windows combine is not public: any that is open serves, each send is booked on all."""
        person = self.follower(openid, 45015, "response out of time limit or subscription is canceled")
        windows = [window for window in person.windows.values() if self.clock.now() < window.until]
        if not windows:
            raise Refusal(45015, "response out of time limit or subscription is canceled")
        if not any(window.left for window in windows):
            raise Refusal(45047, "out of response count limit")
        for window in windows:
            window.left = max(0, window.left - 1)

    def follower(self, openid: object, code: int = 43004, message: str = "require subscribe") -> Person:
        if not isinstance(openid, str) or openid not in self.people:
            raise Refusal(40003, "invalid openid")
        if not self.people[openid].follows:
            raise Refusal(code, message)
        return self.people[openid]

    def unfollow(self, openid: str) -> None:
        person = self.person(openid)
        person.follows = False
        person.windows.clear()

    # tokens

    def credentials(self, given: dict[str, Any]) -> None:
        if given.get("grant_type") != "client_credential":
            raise Refusal(40002, "invalid grant_type")
        for name, code in (("appid", 41002), ("secret", 41004)):
            if not given.get(name):
                raise Refusal(code, f"{name} missing")
        if given["appid"] != self.account.appid:
            raise Refusal(40013, "invalid appid")
        if given["secret"] != self.account.secret:
            raise Refusal(40125, "invalid appsecret")
        if not self.account.listed:
            raise Refusal(40164, "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist")

    def stable_token(self, *, force: bool) -> dict[str, Any]:
        """The same token until five minutes before its end. A forced one kills it; too often forced: 45009 a day, 45011 within 30 s (codes
        our choice)."""
        now = self.clock.now()
        if force:
            day = [at for at in self.forced if at.astimezone(CHINA).date() == self.clock.today()]
            if len(day) >= FORCED_PER_DAY:
                raise Refusal(45009, "reach max force_refresh daily quota limit")
            if day and now - day[-1] < FORCED_APART:
                raise Refusal(45011, "force_refresh too often")
            self.forced.append(now)
            self.kill_stable()
        if self.stable not in self.tokens or self.tokens[self.stable] - now < EARLY:
            self.stable = self.new_token("STABLE", now)
        return {"access_token": self.stable, "expires_in": int((self.tokens[self.stable] - now).total_seconds())}

    def new_token(self, kind: str, now: datetime) -> str:
        token = f"{kind}_{secrets.token_hex(250)}"
        self.tokens[token] = now + TOKEN_LIFE
        self.books[f"tokens/{kind}"] += 1
        return token

    def kill_stable(self) -> None:
        self.tokens.pop(self.stable, None)

    def plain_token(self) -> dict[str, Any]:
        """A new one each time; the one before lives five minutes more. Isolated from the stable one."""
        now = self.clock.now()
        if self.plain in self.tokens:
            self.tokens[self.plain] = min(self.tokens[self.plain], now + OVERLAP)
        self.plain = self.new_token("PLAIN", now)
        return {"access_token": self.plain, "expires_in": int(TOKEN_LIFE.total_seconds())}

    def check_token(self, token: str | None) -> None:
        if not token:
            raise Refusal(41001, "access_token missing")
        if token not in self.tokens:
            raise Refusal(40001, "invalid credential, access_token is invalid or not latest")
        if self.clock.now() >= self.tokens[token]:
            raise Refusal(42001, "access_token expired")

    # quotas and client ids

    def count(self, path: str) -> None:
        now = self.clock.now()
        for limits, span, code, message in (
            (self.per_minute, now.replace(second=0, microsecond=0), 45011, "api minute-quota reach limit"),
            (self.per_day, self.clock.today(), 45009, "reach max api daily quota limit"),
        ):
            if path in limits and self.calls[path, span] >= limits[path]:
                raise Refusal(code, message)
            self.calls[path, span] += 1

    def known(self, *key: str, within: timedelta) -> dict[str, Any] | None:
        """The answer that was given for this client id before."""
        at, answer = self.once.get(key, (None, {}))
        return answer if at and self.clock.now() - at < within else None

    def remember(self, *key: str, answer: dict[str, Any]) -> None:
        self.once[key] = (self.clock.now(), answer)

    def event(self, openid: str, name: str, **fields: Any) -> dict[str, Any]:
        return {
            "ToUserName": self.account.handle,
            "FromUserName": openid,
            "CreateTime": int(self.clock.now().timestamp()),
            "MsgType": "event",
            "Event": name,
            **fields,
        }

    def mass_to(self, openids: list[str], text: str, msg_id: int) -> None:
        """Shows a mass message: followers only, each at most four a calendar month of a service account."""
        month = self.clock.today().strftime("%Y-%m")
        limited = self.account.capability == "service_verified"
        followers = [self.people[openid] for openid in openids if openid in self.people and self.people[openid].follows]
        fit = [person for person in followers if not (limited and person.mass[month] >= FOLLOWERS_PER_MONTH)]
        reached = [person for person in fit if not person.blocked]
        for person in reached:
            person.mass[month] += 1
            self.saw(person.openid, "mass", text)
        self.mass_over(msg_id, "send success", len(followers), len(fit), len(reached))

    def mass_over(self, msg_id: int, status: str, total: int = 0, filtered: int = 0, sent: int = 0) -> None:
        """The report of a mass send, with the fields of the page; some of them say nothing of a text."""
        counts = {"TotalCount": total, "FilterCount": filtered, "SentCount": sent, "ErrorCount": filtered - sent}
        check = {"CopyrightCheckResult": {"Count": 0, "ResultList": "", "CheckState": 1}}
        self.events.append(self.event("weixin_system", "MASSSENDJOBFINISH", MsgID=msg_id, Status=status, **counts, **check))

    def confirm_mass(self, msg_id: int, *, agrees: bool = True) -> bool:
        """The administrator confirms on the phone, or refuses (40001); after 30 minutes it is too late and the job has failed (40002)."""
        asked_at, openids, text = self.unconfirmed.pop(msg_id)
        late = self.clock.now() - asked_at > timedelta(minutes=30)
        if late or not agrees:
            self.mass_over(msg_id, "err(40002)" if late else "err(40001)")
            return False
        self.mass_to(openids, text, msg_id)
        return True

    def forget_mass(self) -> None:
        """The administrator has not looked: what has waited for more than 30 minutes has failed."""
        for msg_id, (asked_at, *_) in list(self.unconfirmed.items()):
            if self.clock.now() - asked_at > timedelta(minutes=30):
                self.confirm_mass(msg_id)
