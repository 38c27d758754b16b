"""The people, their chats, what they do and what they saw; the updates that wait for the bot. Thread-safe; no HTTP here."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.simulators.telegram.pace import Pace

MESSAGE_LIFE, CALLBACK_LIFE = 86400, 150
"""Seconds [S tdlib Client.cpp add_update]."""
FIRST_DELAY, LONGEST_DELAY = 1, 60
WORLDS = count()
COMMAND = re.compile(r"/[A-Za-z0-9_]+(@[A-Za-z0-9_]+)?")


class Clock:
    """Unix time that runs, or stands still, and can be moved."""

    def __init__(self, at: float | None = None, *, standing: bool = False) -> None:
        self.offset = (at or time.time()) - time.time()
        self.stands_at = time.time() + self.offset if standing else None

    def now(self) -> float:
        return time.time() + self.offset if self.stands_at is None else self.stands_at

    def advance(self, seconds: float) -> None:
        if self.stands_at is None:
            self.offset += seconds
        else:
            self.stands_at += seconds


@dataclass(slots=True)
class Seen:
    """One message of the bot as a person sees it."""

    message_id: int
    at: float
    text: str
    entities: list[dict[str, Any]] = field(default_factory=list)
    buttons: list[list[dict[str, str]]] = field(default_factory=list)
    document: tuple[str, bytes] | None = None


@dataclass(slots=True)
class Chat:
    id: int
    kind: str = "private"
    name: str = "小明"
    started: bool = True
    blocked: bool = False
    deactivated: bool = False
    moved_to: int | None = None
    last_message: int = 0
    seen: list[Seen] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        named = {"first_name": self.name} if self.kind == "private" else {"title": self.name}
        return {"id": self.id, "type": self.kind, **named}


@dataclass(slots=True)
class Pending:
    """An update on its way to the bot."""

    update_id: int
    body: dict[str, Any]
    queue: str
    expires: float
    due: float = 0.0
    delay: int = FIRST_DELAY
    fails: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call, in place of its answer."""

    status: int = 200
    body: bytes = b""
    media_type: str = "application/json"
    wait: float = 0.0
    """Real seconds before the answer."""
    accept: bool = False
    """Whether the call takes effect all the same."""
    drop: bool = False
    """The connection is cut in place of an answer."""


FAULTS = {
    "500": Fault(500, b'{"ok":false,"error_code":500,"description":"Internal Server Error"}'),
    "502": Fault(502, b"<html><body>502 Bad Gateway</body></html>", "text/html"),
    "413": Fault(413, b"<html>too large</html>", "text/html"),
    "not_json": Fault(200, b"<html>hello</html>", "text/html"),
    "not_ok": Fault(200, b'{"ok":false,"error_code":400,"description":"Bad Request"}'),
    "odd": Fault(200, b"[]"),
    "slow": Fault(wait=30, accept=True),
    "drop": Fault(drop=True),
    "drop_after": Fault(drop=True, accept=True),
}


@dataclass(slots=True)
class Hook:
    url: str
    secret: str
    connections: int


class World:
    """Everything one bot account meets. Each has a token of its own: a call still under way when a test ends is a stranger's in the next."""

    def __init__(self, token: str = "", name: str = "careerbot", clock: Clock | None = None) -> None:
        self.token, self.name, self.clock, self.pace = token or f"123456:simulated-token_{next(WORLDS):019}", name, clock or Clock(), Pace()
        head = self.token.partition(":")[0]
        self.bot_id = int(head) if head.isdecimal() else 1
        self.lock = threading.RLock()
        self.chats: dict[int, Chat] = {}
        self.pending: deque[Pending] = deque()
        self.updates: dict[int, Pending] = {}
        self.last_update = 900_000_000
        self.hook: Hook | None = None
        self.poll: object = None
        self.allowed: list[str] = []
        self.held = False
        self.commands: list[dict[str, str]] = []
        self.files: dict[str, tuple[str, bytes, int]] = {}
        self.fetched: list[str] = []
        self.callbacks: dict[str, float] = {}
        self.answered: dict[str, str] = {}
        self.calls: list[tuple[str, int]] = []
        self.deliveries: list[tuple[int, int, float]] = []
        self.faults: dict[str, deque[Fault]] = {}

    def me(self) -> dict[str, Any]:
        return {"id": self.bot_id, "is_bot": True, "first_name": "就业助手", "username": self.name}

    def person(self, chat: int, name: str = "小明", *, started: bool = True) -> Chat:
        with self.lock:
            return self.chats.setdefault(chat, Chat(chat, "private", name, started))

    def group(self, chat: int, name: str = "互助群", kind: str = "supergroup") -> Chat:
        with self.lock:
            return self.chats.setdefault(chat, Chat(chat, kind, name))

    def say(self, chat: int, text: str, user: int | None = None, **more: Any) -> int:
        """A person writes. Returns the update's id."""
        fields: dict[str, Any] = {"text": text}
        if command := COMMAND.match(text):
            fields["entities"] = [{"type": "bot_command", "offset": 0, "length": command.end()}]
        return self.message(chat, fields | more, user)

    def upload(self, chat: int, name: str, content: bytes, media_type: str = "application/pdf", *, size: int | None = None) -> int:
        """A person sends a file; with `size` it claims to be another size than it is."""
        with self.lock:
            number = len(self.files) + 1
            file_id, told = f"FILE{number}", len(content) if size is None else size
            self.files[file_id] = (f"documents/file_{number}.{name.rpartition('.')[2]}", content, told)
        document = {"file_id": file_id, "file_unique_id": f"U{number}", "file_size": told, "file_name": name, "mime_type": media_type}
        return self.message(chat, {"document": document})

    def photo(self, chat: int, content: bytes, *, size: int | None = None) -> int:
        """A person sends a photo: offered in a small size that is no use and in its own, without a name."""
        with self.lock:
            number = len(self.files) + 1
            file_id, told = f"FILE{number}", len(content) if size is None else size
            self.files[file_id] = (f"photos/file_{number}.jpg", content, told)
        small = {"file_id": f"SMALL{number}", "file_unique_id": f"S{number}", "file_size": 900, "width": 90, "height": 67}
        own = {"file_id": file_id, "file_unique_id": f"U{number}", "file_size": told, "width": 1280, "height": 960}
        return self.message(chat, {"photo": [small, own]})

    def message(self, chat: int, fields: dict[str, Any], user: int | None = None) -> int:
        with self.lock:
            place = self.chats.get(chat) or self.person(chat)
            place.started = True
            place.last_message += 1
            sender = {"id": user or abs(chat), "is_bot": False, "first_name": place.name if place.kind == "private" else "小明"}
            body = {"message_id": place.last_message, "from": sender, "chat": place.shown(), "date": int(self.clock.now()), **fields}
            return self.post("message", body, f"chat {chat}", MESSAGE_LIFE)

    def tap(self, chat: int, button: str, user: int | None = None) -> int:
        """A person taps a button by its label or data, on the newest message that has it.

        Raises:
            LookupError: no message shows such a button.
        """
        with self.lock:
            place = self.chats[chat]
            found = [
                (seen, shown)
                for seen in reversed(place.seen)
                for row in seen.buttons
                for shown in row
                if "callback_data" in shown and button in (shown["text"], shown["callback_data"])
            ]
            if not found:
                raise LookupError(f"no button {button}")
            seen, shown = found[0]
            callback = str(4382000000000000000 + len(self.callbacks) + 1)
            self.callbacks[callback] = self.clock.now()
            tapper = user or abs(chat)
            message = {"message_id": seen.message_id, "from": self.me(), "chat": place.shown(), "date": int(seen.at), "text": seen.text}
            message["reply_markup"] = {"inline_keyboard": seen.buttons}
            sender = {"id": tapper, "is_bot": False, "first_name": place.name}
            body = {"id": callback, "from": sender, "message": message, "chat_instance": "-42", "data": shown["callback_data"]}
            return self.post("callback_query", body, f"callback {tapper}", CALLBACK_LIFE)

    def block(self, chat: int) -> int:
        return self.membership(chat, blocked=True)

    def unblock(self, chat: int) -> int:
        return self.membership(chat, blocked=False)

    def membership(self, chat: int, *, blocked: bool) -> int:
        with self.lock:
            place = self.chats[chat]
            place.blocked = blocked
            old, new = ({"user": self.me(), "status": status} for status in (("member", "kicked") if blocked else ("kicked", "member")))
            sender = {"id": abs(chat), "is_bot": False, "first_name": place.name}
            body = {"chat": place.shown(), "from": sender, "date": int(self.clock.now()), "old_chat_member": old, "new_chat_member": new}
            return self.post("my_chat_member", body, f"member {chat}", MESSAGE_LIFE)

    def migrate(self, chat: int, to: int) -> int:
        """A group becomes a supergroup with a new id: told in the old chat, and in the new one before anybody writes there."""
        with self.lock:
            place = self.chats[chat]
            place.moved_to = to
            self.group(to, place.name)
            self.message(to, {"migrate_from_chat_id": chat})
            return self.message(chat, {"migrate_to_chat_id": to})

    def post(self, kind: str, body: dict[str, Any], queue: str, life: float) -> int:
        """Puts an update in its queue: one for a chat's messages, another for a person's taps [S tdlib: queue ids]."""
        with self.lock:
            self.last_update += 1
            pending = Pending(self.last_update, {"update_id": self.last_update, kind: body}, queue, self.clock.now() + life)
            self.updates[self.last_update] = pending
            if not self.allowed or kind in self.allowed:
                self.pending.append(pending)
            return self.last_update

    def again(self, update_id: int) -> None:
        """The same update once more, as after an answer Telegram did not see."""
        with self.lock:
            old = self.updates[update_id]
            self.pending.append(Pending(update_id, old.body, f"again {update_id}", self.clock.now() + MESSAGE_LIFE))

    def release(self, order: Sequence[int]) -> None:
        """Delivers held updates one after the other in this order, whatever their queues."""
        with self.lock:
            waiting = {pending.update_id: pending for pending in self.pending}
            self.pending = deque(waiting[number] for number in order)
            for pending in self.pending:
                pending.queue = "released"
            self.held = False

    def after(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """getUpdates: what came before `offset` is confirmed and gone; an offset ahead of all numbers is none [S Client.cpp do_get_updates]."""
        with self.lock:
            self.expire()
            if offset > self.last_update + 1:
                offset = 0
            if offset < 0:
                self.pending = deque(list(self.pending)[offset:])
            elif offset > 0:
                self.pending = deque(pending for pending in self.pending if pending.update_id >= offset)
            return [pending.body for pending in list(self.pending)[:limit]]

    def expire(self) -> None:
        now = self.clock.now()
        self.pending = deque(pending for pending in self.pending if pending.expires > now)

    def due(self, flying: set[str], most: int) -> list[Pending]:
        """The next updates for the webhook: the first of each queue that is not in flight."""
        with self.lock:
            if self.hook is None or self.held:
                return []
            self.expire()
            found, seen, now = list[Pending](), set(flying), self.clock.now()
            for pending in self.pending:
                if len(flying) + len(found) >= most:
                    break
                if pending.queue not in seen and pending.due <= now:
                    found.append(pending)
                seen.add(pending.queue)
            return found

    def delivered(self, pending: Pending, status: int, retry_after: int = 0) -> None:
        """2xx takes it off; else again at once, then after 2, 4, 8 … s, or after Retry-After [S WebhookActor.cpp on_update_error]."""
        with self.lock:
            now = self.clock.now()
            self.deliveries.append((pending.update_id, status, now))
            if 200 <= status < 300:
                self.pending = deque(other for other in self.pending if other is not pending)
                return
            wait = min(retry_after, 3600)
            if not retry_after and pending.fails:
                pending.delay = min(LONGEST_DELAY, pending.delay * 2)
                wait = pending.delay
            pending.fails += 1
            pending.due = now + wait
            if pending.due > pending.expires:
                self.pending = deque(other for other in self.pending if other is not pending)

    def fail(self, method: str, fault: Fault | str, times: int = 1) -> None:
        """The next calls of `method` go wrong."""
        with self.lock:
            wrong = FAULTS[fault] if isinstance(fault, str) else fault
            self.faults.setdefault(method.lower(), deque()).extend([wrong] * times)

    def fault(self, method: str) -> Fault | None:
        with self.lock:
            waiting = self.faults.get(method.lower())
            return waiting.popleft() if waiting else None

    def flood(self, seconds: float) -> None:
        """From now on everyone is told to wait."""
        with self.lock:
            self.pace.until = self.clock.now() + seconds

    def saw(self, chat: int) -> list[str]:
        """What a person saw, in order."""
        with self.lock:
            return [seen.document[0] if seen.document else seen.text for seen in self.chats[chat].seen]

    def doubled(self) -> Iterator[tuple[int, str, int]]:
        """Chats that saw the same words more than once: chat, words, how often."""
        with self.lock:
            for chat in self.chats.values():
                for text, times in Counter(self.saw(chat.id)).items():
                    if times > 1:
                        yield chat.id, text, times
