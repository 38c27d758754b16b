"""An update of the Bot API as one typed thing a person did. Pure: bytes in, a `Received` or a `Refused` out, whatever the bytes are.

Only what is certainly not from Telegram is refused: a refused update comes again and holds its chat up for 24 hours
(tdlib WebhookActor.cpp), so an update we cannot use is `other` and answered 200.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from bot.channels.telegram.limits import BODY_BYTES, DEEP_LINK, DOWNLOAD_BYTES, MESSAGE_LIFE

Kind = Literal[
    "text", "choice", "command", "document", "photo", "voice", "location", "contact", "blocked", "unblocked", "migrated", "edited", "group", "other"
]
LARGEST = 2**53
"""Ids have at most 52 significant bits (core.telegram.org/bots/api, Chat.id)."""
COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+(.*))?", re.DOTALL)
CHOICES = {
    "start": "go/menu", "menu": "go/menu", "help": "go/help", "human": "go/human", "plan": "open/entitlements", "profile": "open/profile",
    "file": "go/file", "back": "go/back", "skip": "go/skip", "cancel": "go/cancel", "stop": "go/stop", "privacy": "go/file",
}  # fmt: skip
"""Commands as the choices of `dialogs.router`. Any other one is text."""
MENU = {
    "menu": "看我能做什么", "plan": "按我的情况算能享受什么", "file": "我的档案", "human": "找老师", "help": "怎么用", "cancel": "放下正在填的",
    "stop": "不再收提醒",
}  # fmt: skip
"""The commands people are shown, for `Sender.set_commands`."""
UNREADABLE = ("sticker", "animation", "video", "video_note", "audio", "poll", "dice", "game", "story", "paid_media", "checklist")
GROUPS = ("group", "supergroup")
TOO_BIG = "这个文件超过 20 MB，Telegram 不让我取。压缩一下，或者只发要看的那几页，再发一次。"
NO_VOICE = "语音我现在听不了。把想说的打成字发我，一两句就行。"
NO_LOCATION = "定位我现在看不了。直接打出城市就行，比如「贵阳」。"
NO_CONTACT = "名片我收不了，也没有留下。要留联系方式，打字发给我就行。"
NO_IDEA = "这类消息我现在看不懂。用文字说一句想问的，我来答。"
STATUS = {"too_long": 413, "not_json": 400, "not_an_update": 400, "no_update_id": 400, "no_secret": 403, "wrong_secret": 403}


@dataclass(frozen=True, slots=True)
class Bot:
    """The account that receives: its id (what stands before `:` in the token) and its name as getMe says it, without @."""

    id: int
    username: str = ""

    @classmethod
    def of(cls, token: str) -> Bot:
        """As far as the token tells, before getMe has answered."""
        head = token.partition(":")[0]
        return cls(int(head) if head.isdecimal() and len(head) < 16 else 0)


@dataclass(frozen=True, slots=True)
class File:
    """A file that can be fetched. Name and type are what the sender claims, size may be missing."""

    id: str = field(repr=False)
    size: int | None = None
    name: str = field(default="", repr=False)
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """What is not stored: a stable word and the HTTP status to answer with."""

    reason: str

    @property
    def status(self) -> int:
        return STATUS[self.reason]


@dataclass(frozen=True, slots=True)
class Received:
    """One update, understood. What people wrote stays out of `repr`."""

    key: str
    """`telegram|bot id|update id`: the same for every delivery of this update."""
    update_id: int
    kind: Kind
    at: datetime
    """When it was sent; for a tapped button, which carries no date, when it came."""
    chat: int | None = None
    user: int | None = None
    text: str = field(default="", repr=False)
    """What was typed (a caption under a file), or the choice: a command's, or the button's data as `reply.decode` reads it."""
    label: str = field(default="", repr=False)
    """What the person saw on the button, or the command."""
    payload: str = ""
    """What followed `?start=` in a deep link."""
    message: int | None = None
    callback: str | None = None
    """To be answered at once (`Sender.answer`), whatever the kind: the button waits with a spinning mark."""
    file: File | None = None
    problem: Literal["", "too_big"] = ""
    tell: str = ""
    """A sentence to answer with instead of the dialog's, where the dialog has nothing to go by."""
    moved_to: int | None = None
    in_group: bool = False
    expired: bool = False
    """Older than Telegram itself would keep it (24 h); a button has no date."""

    @property
    def handle(self) -> str:
        """Who this is on this account. In a group each member has a conversation of their own: what one tells is not another's."""
        return f"{self.chat}/{self.user}" if self.in_group else str(self.chat)


def chat_of(handle: str) -> int:
    """The chat to send to."""
    return int(handle.partition("/")[0])


def receive(given: str | None, body: bytes, *, secret: str | None, bot: Bot, now: datetime) -> Received | Refused:
    """A webhook request. `given` is the header X-Telegram-Bot-Api-Secret-Token; without a secret of our own the hook is shut."""
    if not secret:
        return Refused("no_secret")
    if not hmac.compare_digest((given or "").encode("utf8", "replace"), secret.encode()):
        return Refused("wrong_secret")
    if len(body) > BODY_BYTES:
        return Refused("too_long")
    try:
        update = json.loads(body.decode("utf8", "replace"))
    except (ValueError, RecursionError):  # no JSON, a number of thousands of digits, nested too deep
        return Refused("not_json")
    return read(update, bot=bot, now=now)


def read(update: object, *, bot: Bot, now: datetime) -> Received | Refused:
    """One update as Telegram writes it, from a webhook or from getUpdates."""
    if not isinstance(update, dict):
        return Refused("not_an_update")
    update_id = number(update.get("update_id"))
    if update_id is None or update_id < 0:
        return Refused("no_update_id")
    found: dict[str, Any] = {"key": f"telegram|{bot.id}|{update_id}", "update_id": update_id, "kind": "other", "at": now}
    for name, reader in (("callback_query", tapped), ("my_chat_member", membership), ("message", said), ("edited_message", edited)):
        if isinstance(update.get(name), dict):
            found |= reader(update[name], bot, now)
            break
    return Received(**found)


def said(message: Mapping[str, Any], bot: Bot, now: datetime) -> dict[str, Any]:
    found = frame(message, now)
    moved = migration(message, found["chat"])
    if moved:
        return found | moved
    if found["chat"] is None or found["user"] is None or inside(message, "from").get("is_bot") or inside(message, "chat").get("type") == "channel":
        return found
    content = contents(message, bot)
    if not found["in_group"]:
        return found | content
    if not meant_for(message, bot, content):
        return found | {"kind": "group"}
    return found | content


def frame(message: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What every message has: chat, sender, number, time."""
    at = moment(message.get("date")) or now
    return {
        "at": at,
        "chat": number(inside(message, "chat").get("id")),
        "user": number(inside(message, "from").get("id")),
        "message": number(message.get("message_id")),
        "in_group": inside(message, "chat").get("type") in GROUPS,
        "expired": now - at > MESSAGE_LIFE,
    }


def migration(message: Mapping[str, Any], chat: int | None) -> dict[str, Any]:
    """A group became a supergroup; told once in the old chat and once in the new one."""
    to, origin = number(message.get("migrate_to_chat_id")), number(message.get("migrate_from_chat_id"))
    if chat is None or (to is None and origin is None):
        return {}
    return {"kind": "migrated", "chat": chat if to is not None else origin, "moved_to": to if to is not None else chat}


def contents(message: Mapping[str, Any], bot: Bot) -> dict[str, Any]:
    """What the message holds, by the first field we know."""
    if "text" in message:
        return spoken(clean(message["text"]), bot)
    if any(name in message for name in UNREADABLE):
        return {"kind": "other", "tell": NO_IDEA}
    caption = clean(message.get("caption"))
    if isinstance(message.get("document"), dict):
        return filed("document", message["document"]) | {"text": caption}
    if isinstance(message.get("photo"), list):
        sizes = [size for size in message["photo"] if isinstance(size, dict)]
        largest = max(sizes, key=lambda size: number(size.get("width")) or 0, default={})
        return filed("photo", {"mime_type": "image/jpeg", **largest}) | {"text": caption}
    if isinstance(message.get("voice"), dict):
        return filed("voice", message["voice"]) | {"text": caption, "tell": NO_VOICE}
    if isinstance(message.get("contact"), dict):
        return {"kind": "contact", "tell": NO_CONTACT}
    if isinstance(message.get("location"), dict):
        return {"kind": "location", "tell": NO_LOCATION}
    return {"kind": "other"}


def spoken(text: str, bot: Bot) -> dict[str, Any]:
    """Text, or a command we know. One that is addressed to another bot stays as it was typed."""
    found = COMMAND.fullmatch(text)
    if not found or (found[2] and found[2].lower() != bot.username.lower()):
        return {"kind": "text", "text": text}
    name, rest = found[1].lower(), (found[3] or "").strip()
    payload = rest if name == "start" and DEEP_LINK.fullmatch(rest) else ""
    if name not in CHOICES or rest != payload:  # words after a command are read as words: they may be a cry for help
        return {"kind": "text", "text": f"/{found[1]} {rest}".strip()}
    return {"kind": "command", "text": CHOICES[name], "label": f"/{name}", "payload": payload}


def filed(kind: Kind, found: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(found.get("file_id"), str):
        return {"kind": "other"}
    size = number(found.get("file_size"))
    name = clean(found.get("file_name")).replace("\\", "/").rpartition("/")[2]
    file = File(clean(found["file_id"]), size, re.sub(r"[\x00-\x1f\x7f]", "", name)[:200], clean(found.get("mime_type"))[:100])
    if size is not None and size > DOWNLOAD_BYTES:
        return {"kind": kind, "file": file, "problem": "too_big", "tell": TOO_BIG}
    return {"kind": kind, "file": file}


def meant_for(message: Mapping[str, Any], bot: Bot, content: Mapping[str, Any]) -> bool:
    """In a group we answer commands that are ours and replies to what we said; everything else is others' talk and is not kept."""
    text = clean(message.get("text"))
    found = COMMAND.fullmatch(text)
    addressed = bool(found and found[2] and bot.username and found[2].lower() == bot.username.lower())
    return content["kind"] == "command" or addressed or inside(inside(message, "reply_to_message"), "from").get("id") == bot.id


def edited(message: Mapping[str, Any], bot: Bot, now: datetime) -> dict[str, Any]:
    found = frame(message, now)
    if found["chat"] is None or found["in_group"]:
        return found | {"kind": "group" if found["in_group"] else "other"}
    return found | {"kind": "edited", "text": clean(message.get("text") or message.get("caption"))}


def tapped(query: Mapping[str, Any], bot: Bot, now: datetime) -> dict[str, Any]:
    """A tapped button. The message under it may be too old to be shown (date 0) or missing (inline mode: nothing of ours)."""
    message = inside(query, "message")
    chat, user, callback = number(inside(message, "chat").get("id")), number(inside(query, "from").get("id")), clean(query.get("id"))
    found: dict[str, Any] = {"user": user, "callback": callback or None}
    if chat is None or user is None or not callback or not isinstance(query.get("data"), str):
        return found
    data = clean(query["data"])
    return found | {
        "kind": "choice",
        "chat": chat,
        "text": data,
        "label": label_of(message, data),
        "message": number(message.get("message_id")),
        "in_group": inside(message, "chat").get("type") in GROUPS,
    }


def label_of(message: Mapping[str, Any], data: str) -> str:
    rows = inside(message, "reply_markup").get("inline_keyboard")
    buttons = [button for row in rows if isinstance(row, list) for button in row] if isinstance(rows, list) else []
    return next((clean(button.get("text")) for button in buttons if isinstance(button, dict) and button.get("callback_data") == data), "")


def membership(change: Mapping[str, Any], bot: Bot, now: datetime) -> dict[str, Any]:
    """Blocked or unblocked in a private chat; put out of a group or taken in."""
    found = frame(change, now)
    status = inside(change, "new_chat_member").get("status")
    if found["chat"] is None or not isinstance(status, str) or inside(change, "chat").get("type") == "channel":
        return found
    return found | {"kind": "blocked" if status in ("kicked", "left") else "unblocked"}


def inside(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST else None


def clean(value: object) -> str:
    """Text that every database takes: no half surrogates, no NUL."""
    return value.encode("utf8", "replace").decode().replace("\x00", "") if isinstance(value, str) else ""


def moment(value: object) -> datetime | None:
    """A Unix time; 0 stands for an inaccessible message."""
    seconds = number(value)
    return datetime.fromtimestamp(seconds, UTC) if seconds and 0 < seconds < 2**33 else None
