"""A push of WeChat, checked and understood: query and body bytes in, `Received` or `Refused` out. Touches nothing else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from wechatpy import events, messages, parse_message

from bot.channels.wechat import envelope
from bot.channels.wechat.envelope import BODY_BYTES, BROKEN, Keys, Unreadable, legal, signed

WINDOW = timedelta(minutes=10)
"""How far a push's timestamp may be from our clock, either way. WeChat's own three tries are over in 15 s; the rest is for a server whose
clock nobody watches. A replay within it meets the de-duplication. `now` must be real time: WeChat knows no moved clock."""
HANDLE = re.compile(r"[A-Za-z0-9_-]{1,64}")
SIGNS_MOST = 110
"""Of what tells one event from another: the inbox holds 290 characters for conversation and key, an EventKey may be a URL of 1024 bytes."""


class Kind(StrEnum):
    """What a push is to us."""

    TEXT = "text"
    CHOICE = "choice"
    """An item of a message menu was tapped: `text` is its label, `menu_id` the id we gave it."""
    IMAGE = "image"
    VOICE = "voice"
    """`text` is the platform's recognition, mostly empty: it is being retired [C]."""
    VIDEO = "video"
    LOCATION = "location"
    LINK = "link"
    SUBSCRIBE = "subscribe"
    SCAN = "scan"
    UNSUBSCRIBE = "unsubscribe"
    """All of this person's data that came through WeChat must be erased [D dws/Account_Management/Wechat_Accreditation_Event_Push.html]."""
    CLICK = "click"
    VIEW = "view"
    TEMPLATE_RESULT = "template_result"
    MASS_RESULT = "mass_result"
    SUBSCRIBE_CHOICE = "subscribe_choice"
    SUBSCRIBE_SENT = "subscribe_sent"
    REVOKE = "revoke"
    """The person withdrew the authorisation of their data: erase."""
    MODIFIED = "modified"
    OTHER = "other"
    """Known to be real, not used; `type` tells which (`file`, `location_select`, …)."""


CLASSES: dict[type, Kind] = {
    messages.TextMessage: Kind.TEXT,
    messages.ImageMessage: Kind.IMAGE,
    messages.VoiceMessage: Kind.VOICE,
    messages.VideoMessage: Kind.VIDEO,
    messages.ShortVideoMessage: Kind.VIDEO,
    messages.LocationMessage: Kind.LOCATION,
    messages.LinkMessage: Kind.LINK,
    events.SubscribeEvent: Kind.SUBSCRIBE,
    events.SubscribeScanEvent: Kind.SUBSCRIBE,
    events.UnsubscribeEvent: Kind.UNSUBSCRIBE,
    events.ScanEvent: Kind.SCAN,
    events.ClickEvent: Kind.CLICK,
    events.ScanCodePushEvent: Kind.CLICK,
    events.ScanCodeWaitMsgEvent: Kind.CLICK,
    events.ViewEvent: Kind.VIEW,
    events.TemplateSendJobFinishEvent: Kind.TEMPLATE_RESULT,
    events.MassSendJobFinishEvent: Kind.MASS_RESULT,
}
NEWER = {
    "subscribe_msg_popup_event": Kind.SUBSCRIBE_CHOICE,
    "subscribe_msg_change_event": Kind.SUBSCRIBE_CHOICE,
    "subscribe_msg_sent_event": Kind.SUBSCRIBE_SENT,
    "user_authorization_revoke": Kind.REVOKE,
    "user_info_modified": Kind.MODIFIED,
    "view_miniprogram": Kind.VIEW,
}
"""Events that wechatpy 1.8.18 has no class for, or another one [M]."""
ANSWERED_EVENTS = {Kind.SUBSCRIBE, Kind.SCAN, Kind.CLICK}
"""Events that may carry a passive reply ("某些允许回复", list [R]); all others are answered `success`."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form a push came in; the answer takes the same."""

    json: bool = False
    aes_key: str | None = field(default=None, repr=False)
    """The key that opened it; None: plain."""


@dataclass(frozen=True, slots=True)
class Result:
    """One line of a report: of a sent message (`remote_id`, `status`), or of a notification template (`accept`, `reject`)."""

    status: str
    remote_id: str = ""
    template: str = ""
    sent: int = 0
    errors: int = 0
    total: int = 0
    """Of a mass send: who of the list follows, and below, who of them was left after the filters (four this month, declined)."""
    filtered: int = 0

    @property
    def good(self) -> bool:
        """Sent, or accepted. Sent is not seen: service-account pushes are folded away [C 2025]."""
        return self.status in ("success", "send success", "sendsuccess", "accept")


@dataclass(frozen=True, slots=True)
class Received:
    """One push. `key` is the same for every try of WeChat's and for nothing else (`key`)."""

    key: str
    appid: str
    account: str
    """The account's own handle, `gh_…`: the sender of the reply."""
    openid: str
    kind: Kind
    type: str
    """MsgType, or Event of an event, in lower case."""
    at: datetime
    form: Form = Form()
    answerable: bool = False
    """Whether a passive reply is allowed; else `success`."""
    text: str = ""
    media_id: str = ""
    """Lives three days: download at once [D]."""
    url: str = ""
    scene: str | None = None
    """The scanned code's scene, where there was one."""
    event_key: str = ""
    menu_id: str = ""
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A push not to be believed or not readable: a short stable word for logs, and the HTTP status to answer with."""

    reason: str
    status: int


def greeting(query: Mapping[str, str], keys: Keys, now: datetime) -> str | Refused:
    """What the GET that verifies the address is answered with, verbatim (as text/plain)."""
    try:
        plain_signature(query, keys)
        in_time(query, now)
    except Unreadable as error:
        return Refused(error.reason, error.status)
    return query.get("echostr", "")


def receive(query: Mapping[str, str], body: bytes, keys: Keys, now: datetime) -> Received | Refused:
    """A POST, whatever it is. With an AES key set, a plain push is refused: its signature does not cover the body, so anyone who saw
    one query string could put words into it. In compatible mode only what was encrypted is read, for the same reason."""
    try:
        if len(body) > BODY_BYTES:
            raise Unreadable("too_large", 413)
        text = legal(body.decode("utf8", "replace"))
        if query.get("encrypt_type", "raw") not in ("raw", ""):
            inner, aes_key = decrypted(query, text, keys)
        elif keys.aes_key:
            raise Unreadable("not_encrypted", 403)
        else:
            plain_signature(query, keys)
            inner, aes_key = text, None
        in_time(query, now)
        return understood(legal(inner), keys.appid, Form(envelope.is_json(inner), aes_key))
    except Unreadable as error:
        return Refused(error.reason, error.status)


def plain_signature(query: Mapping[str, str], keys: Keys) -> None:
    if not signed(query, "signature", keys.token, query.get("timestamp", ""), query.get("nonce", "")):
        raise Unreadable("signature", 403)


def decrypted(query: Mapping[str, str], text: str, keys: Keys) -> tuple[str, str]:
    """What the envelope holds, and the key. The page warns not to rely on `signature` here."""
    if not keys.aes_key:
        raise Unreadable("no_key")
    found = envelope.ciphertexts(text)
    if not found:
        raise Unreadable("no_ciphertext")
    stamp = keys.token, query.get("timestamp", ""), query.get("nonce", "")
    encrypted = next((one for one in found if signed(query, "msg_signature", *stamp, one)), None)
    if encrypted is None:
        raise Unreadable("signature", 403)
    return envelope.opened_by(encrypted, keys)


def in_time(query: Mapping[str, str], now: datetime) -> None:
    said = query.get("timestamp", "")
    if not re.fullmatch(r"[0-9]{1,12}", said) or abs(now.timestamp() - int(said)) > WINDOW.total_seconds():
        raise Unreadable("stale", 403)


def understood(text: str, appid: str, form: Form) -> Received:
    try:
        message = parse_message(envelope.xml_of(text))
        return read(message, message._data, appid, form)
    except BROKEN as error:
        raise error if isinstance(error, Unreadable) else Unreadable("malformed") from error


def read(message: Any, fields: dict[str, Any], appid: str, form: Form) -> Received:
    """The message as we need it; every field's type is checked, since a doubled tag is a list and a nested one a dict."""
    name = word(fields, "MsgType").lower()
    event = name == "event" or name.startswith("device_")
    name = (word(fields, "Event") or name).lower() if event else name
    kind = NEWER.get(name) if event else None
    kind = kind or CLASSES.get(type(message), Kind.OTHER)
    scene, event_key = None, word(fields, "EventKey")
    if isinstance(message, events.SubscribeScanEvent):
        name, scene = "subscribe", event_key  # wechatpy has renamed the event and taken the prefix off
        event_key = f"qrscene_{event_key}"
    elif kind is Kind.SCAN:
        scene = event_key
    menu_id = word(fields, "bizmsgmenuid")
    if kind is Kind.TEXT and re.fullmatch(r"[0-9]{1,30}", menu_id):
        kind = Kind.CHOICE
    person = word(fields, "OpenID") if kind in (Kind.REVOKE, Kind.MODIFIED) else ""
    return Received(
        key=key(appid, fields, name if event else "", event_key),
        appid=appid,
        account=handle(word(fields, "ToUserName")),
        openid=handle(person or word(fields, "FromUserName")),
        kind=kind,
        type=name[:40],
        at=datetime.fromtimestamp(number(fields, "CreateTime", 11), UTC),
        form=form,
        answerable=kind in ANSWERED_EVENTS or not event,
        text=content(kind, fields),
        media_id=word(fields, "MediaId"),
        url=word(fields, "PicUrl") or word(fields, "Url") or (event_key if kind is Kind.VIEW else ""),
        scene=scene,
        event_key=event_key,
        menu_id=menu_id if kind is Kind.CHOICE else "",
        results=tuple(results(kind, fields)),
    )


def content(kind: Kind, fields: dict[str, Any]) -> str:
    """What can be read of a message. A reported position is left where it is: nothing here needs it."""
    names = {Kind.TEXT: "Content", Kind.CHOICE: "Content", Kind.VOICE: "Recognition", Kind.LOCATION: "Label", Kind.LINK: "Title"}
    return word(fields, names[kind]) if kind in names else ""


def key(appid: str, fields: dict[str, Any], event: str, event_key: str) -> str:
    """`appid|from|MsgType|(MsgId or Event+EventKey+MsgID+Ticket)|CreateTime`.

    The official keys are not enough: one MsgId came to several people at once (WxJava #333), one person had several events in one second
    (WxJava #858). What would not fit the inbox is hashed.
    """
    signs = (event, event_key, word(fields, "MsgID"), word(fields, "Ticket"))
    what = "+".join(signs) if event else str(number(fields, "MsgId"))
    before = f"{appid}|{word(fields, 'FromUserName')}|{word(fields, 'MsgType').lower()}"
    if len(what) > SIGNS_MOST:
        what = hashlib.sha256(what.encode()).hexdigest()
    return f"{before}|{what}|{number(fields, 'CreateTime')}"


def results(kind: Kind, fields: dict[str, Any]) -> Iterator[Result]:
    if kind in (Kind.TEMPLATE_RESULT, Kind.MASS_RESULT):
        counts = [number(fields, name, 9) if name in fields else 0 for name in ("SentCount", "ErrorCount", "TotalCount", "FilterCount")]
        yield Result(re.sub(r":\s+", ":", word(fields, "Status")), word(fields, "MsgID"), "", *counts)
    elif kind in (Kind.SUBSCRIBE_CHOICE, Kind.SUBSCRIBE_SENT):
        for row in listed(fields):
            status = word(row, "SubscribeStatusString") or word(row, "ErrorStatus")
            yield Result(status, word(row, "MsgID"), word(row, "TemplateId"))


def listed(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """`List` of a notification event: one dict or several, beside the event (JSON) or within its own element (XML)."""
    inner = [value for name, value in fields.items() if name.startswith("SubscribeMsg") and isinstance(value, dict)]
    rows = (inner[0] if inner else fields).get("List") or []
    rows = rows if isinstance(rows, list) else [rows]
    if not all(isinstance(row, dict) for row in rows):
        raise Unreadable("malformed")
    return rows


def word(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable("malformed")
    return value


def number(fields: dict[str, Any], name: str, digits: int = 20) -> int:
    value = word(fields, name)
    if not re.fullmatch(r"[0-9]+", value) or len(value) > digits:
        raise Unreadable("malformed")
    return int(value)


def handle(value: str) -> str:
    if not HANDLE.fullmatch(value):
        raise Unreadable("malformed")
    return value
