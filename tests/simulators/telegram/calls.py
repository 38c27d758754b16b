"""The methods of the Bot API, each with what it refuses. Texts of errors after tdlib's Client.cpp, ReplyMarkup.cpp and MessageEntity.cpp."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.telegram import markup
from tests.simulators.telegram.world import CALLBACK_LIFE, Chat, Hook, Seen, World

TEXT, CAPTION, RAW_BYTES, ENTITIES = 4096, 1024, 1 << 15, 100
BUTTONS, ROW, DATA_BYTES = 100, 8, 64
DOWNLOAD, UPLOAD = 20 << 20, 50_000_000
SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
PORTS = ("", ":443", ":80", ":88", ":8443")


@dataclass
class Call:
    """One request: parameters as text, as they come in a form, and the files with it."""

    world: World
    params: dict[str, str]
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def whole(self, name: str, default: int, least: int = -(2**31), most: int = 2**31) -> int:
        value = self.params.get(name, "")
        return min(max(int(value), least), most) if re.fullmatch(r"-?\d{1,15}", value) else default

    def json(self, name: str) -> Any:
        value = self.params.get(name)
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise Failure(400, f"can't parse {name.replace('_', ' ')} JSON object") from None


class Failure(Exception):
    """`ok: false`."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        prefix = {400: "Bad Request: ", 403: "Forbidden: ", 409: "Conflict: "}.get(code, "")
        self.code, self.description, self.parameters = code, prefix + description, parameters

    def body(self) -> dict[str, Any]:
        extra = {"parameters": self.parameters} if self.parameters else {}
        return {"ok": False, "error_code": self.code, "description": self.description} | extra


def too_many(seconds: int) -> Failure:
    return Failure(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def get_me(call: Call) -> Any:
    return call.world.me() | {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}


def send_message(call: Call) -> Any:
    if not call.params.get("text"):
        raise Failure(400, "message text is empty")
    text = formatted(call, "text")
    if not text.text:
        raise Failure(400, "text must be non-empty")
    if text.units > TEXT:
        raise Failure(400, "message is too long")
    return sent(call, lambda seen: seen, text)


def send_document(call: Call) -> Any:
    name, content = call.files.get("document", ("", b""))
    if not name and call.params.get("document", "") in call.world.files:
        path, content, _ = call.world.files[call.params["document"]]
        name = path.rpartition("/")[2]
    if not name:
        raise Failure(400, "there is no document in the request")
    if not content:
        raise Failure(400, "file must be non-empty")
    if len(content) > UPLOAD:
        raise Failure(413, "Request Entity Too Large")
    caption = formatted(call, "caption")
    if caption.units > CAPTION:
        raise Failure(400, "message caption is too long")

    def attach(seen: Seen) -> Seen:
        seen.document = (name, content)
        return seen

    return sent(call, attach, caption)


def formatted(call: Call, name: str) -> markup.Formatted:
    raw, mode = call.params.get(name, ""), call.params.get("parse_mode", "").lower()
    if len(raw.encode("utf8", "replace")) > RAW_BYTES:
        raise Failure(400, "text is too long")
    if mode not in ("", "none", "html"):
        raise Failure(400, "unsupported parse_mode")
    if mode != "html":
        return markup.plain(raw)
    try:
        return markup.html(raw)
    except markup.Unreadable as error:
        raise Failure(400, f"can't parse entities: {error}") from None


def sent(call: Call, complete: Callable[[Seen], Seen], text: markup.Formatted) -> dict[str, Any]:
    """Puts a message before the person: the keyboard, the chat and the pace are looked at last."""
    rows = keyboard(call.json("reply_markup"))
    world, now = call.world, call.world.clock.now()
    with world.lock:
        chat = reachable(call)
        wait = world.pace.refusal(chat.id, chat.kind != "private", now)
        if wait:
            raise too_many(wait)
        chat.last_message += 1
        seen = complete(Seen(chat.last_message, now, text.text, text.entities[:ENTITIES], rows))
        chat.seen.append(seen)
        return shown(world, chat, seen)


def shown(world: World, chat: Chat, seen: Seen) -> dict[str, Any]:
    message: dict[str, Any] = {"message_id": seen.message_id, "from": world.me(), "chat": chat.shown(), "date": int(seen.at)}
    if seen.document:
        name, content = seen.document
        message |= {"document": {"file_id": f"OUT{seen.message_id}", "file_unique_id": "O", "file_name": name, "file_size": len(content)}}
    else:
        message |= {"text": seen.text, "entities": seen.entities}
    return message | ({"reply_markup": {"inline_keyboard": seen.buttons}} if seen.buttons else {})


def reachable(call: Call) -> Chat:
    """The chat, where the bot may speak in it."""
    raw = call.params.get("chat_id", "")
    if not raw:
        raise Failure(400, "chat_id is empty")
    chat = call.world.chats.get(int(raw)) if re.fullmatch(r"-?\d{1,16}", raw) else None
    if chat is None:
        raise Failure(400, "chat not found")
    if chat.moved_to is not None:
        raise Failure(400, "group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.moved_to)
    if chat.deactivated:
        raise Failure(403, "user is deactivated")
    if chat.blocked:
        raise Failure(403, "bot was blocked by the user" if chat.kind == "private" else f"bot was kicked from the {chat.kind} chat")
    if not chat.started:
        raise Failure(403, "bot can't initiate conversation with a user")
    return chat


def keyboard(given: Any) -> list[list[dict[str, str]]]:
    if given is None:
        return []
    rows = given.get("inline_keyboard") if isinstance(given, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Failure(400, "can't parse reply markup JSON object")
    if sum(map(len, rows)) > BUTTONS or any(len(row) > ROW for row in rows):
        raise Failure(400, "reply markup is too long")
    for button in (button for row in rows for button in row):
        if not isinstance(button, dict) or not isinstance(button.get("text"), str) or not button["text"].strip():
            raise Failure(400, "inline keyboard button text must be non-empty")
        if "url" in button:
            if not markup.LINK.fullmatch(str(button["url"])):
                raise Failure(400, f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
        elif not isinstance(button.get("callback_data"), str) or not button["callback_data"]:
            raise Failure(400, "text buttons are unallowed in the inline keyboard")
        elif len(button["callback_data"].encode()) > DATA_BYTES:
            raise Failure(400, "BUTTON_DATA_INVALID")
    return [row for row in rows if row]


def edit_message_reply_markup(call: Call) -> Any:
    rows, number = keyboard(call.json("reply_markup")), call.whole("message_id", 0)
    with call.world.lock:
        chat = reachable(call)
        if wait := call.world.pace.pause(call.world.clock.now()):
            raise too_many(wait)
        seen = next((seen for seen in chat.seen if seen.message_id == number), None)
        if seen is None:
            raise Failure(400, "message to edit not found")
        if seen.buttons == rows:
            raise Failure(400, "message is not modified: specified new message content and reply markup are exactly the same")
        seen.buttons = rows
        return shown(call.world, chat, seen)


def answer_callback_query(call: Call) -> Any:
    callback, now = call.params.get("callback_query_id", ""), call.world.clock.now()
    with call.world.lock:
        at = call.world.callbacks.get(callback)
        if at is None or now - at > CALLBACK_LIFE:
            raise Failure(400, "query is too old and response timeout expired or query ID is invalid")
        if len(call.params.get("text", "")) > 200:
            raise Failure(400, "MESSAGE_TOO_LONG")
        call.world.answered[callback] = call.params.get("text", "")
        return True


def set_my_commands(call: Call) -> Any:
    commands = call.json("commands") or []
    if not isinstance(commands, list) or len(commands) > 100:
        raise Failure(400, "BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not isinstance(command, dict) or not COMMAND.fullmatch(str(command.get("command", "")).removeprefix("/")):
            raise Failure(400, "BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise Failure(400, "BOT_COMMAND_DESCRIPTION_INVALID")
    call.world.commands = commands
    return True


def get_file(call: Call) -> Any:
    file_id = call.params.get("file_id", "")
    if file_id not in call.world.files:
        raise Failure(400, "wrong file_id or the file is temporarily unavailable")
    path, _, size = call.world.files[file_id]
    if size > DOWNLOAD:
        raise Failure(400, "file is too big")
    return {"file_id": file_id, "file_unique_id": "U", "file_size": size, "file_path": path}


def set_webhook(call: Call) -> Any:
    url, secret = call.params.get("url", ""), call.params.get("secret_token", "")
    if not url:
        return delete_webhook(call)
    found = re.fullmatch(r"(https?)://(\[[^\]]+\]|[^/:?#]+)(:\d+)?([/?#].*)?", url)
    if not found:
        raise Failure(400, "invalid webhook URL specified")
    local = found[2] in ("127.0.0.1", "localhost")  # here a local program is what is to be met
    if not local and found[1] != "https":
        raise Failure(400, "bad webhook: An HTTPS URL must be provided for webhook")
    if not local and (found[3] or "") not in PORTS:
        raise Failure(400, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if not SECRET.fullmatch(secret):
        raise Failure(400, "secret token contains unallowed characters" if len(secret) <= 256 else "secret token is too long")
    with call.world.lock:
        call.world.hook = Hook(url, secret, call.whole("max_connections", 40, 1, 100))
        allow(call)
        drop_pending(call)
    return True


def get_webhook_info(call: Call) -> Any:
    """The last failed attempt stays told, also after one that succeeded."""
    with call.world.lock:
        failed = [(status, at) for _, status, at in call.world.deliveries if not 200 <= status < 300]
        hook = call.world.hook
        info: dict[str, Any] = {"url": hook.url if hook else "", "has_custom_certificate": False, "pending_update_count": len(call.world.pending)}
        if hook and failed:
            info |= {"last_error_date": int(failed[-1][1]), "last_error_message": f"Wrong response from the webhook: {failed[-1][0]}"}
        return info


def delete_webhook(call: Call) -> Any:
    with call.world.lock:
        call.world.hook = None
        drop_pending(call)
    return True


def allow(call: Call) -> None:
    kinds = call.json("allowed_updates")
    if isinstance(kinds, list):
        call.world.allowed = [str(kind) for kind in kinds]


def drop_pending(call: Call) -> None:
    if call.params.get("drop_pending_updates", "").lower() in ("true", "1"):
        call.world.pending.clear()


METHODS: dict[str, Callable[[Call], Any]] = {
    "getme": get_me,
    "sendmessage": send_message,
    "senddocument": send_document,
    "editmessagereplymarkup": edit_message_reply_markup,
    "answercallbackquery": answer_callback_query,
    "setmycommands": set_my_commands,
    "getfile": get_file,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
}
