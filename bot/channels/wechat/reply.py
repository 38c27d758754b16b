"""What is said, in WeChat's forms: parts to texts, to customer-service bodies, and a text to the bytes of a passive reply.

A file cannot be sent in a chat here (media have no type `file` [D dws api_uploadtempmedia]); a paper is said as text. Who has a page to
fetch it from puts a `Say` with its link in the paper's place before.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from wechatpy.replies import TextReply

from bot.channels.wechat.envelope import Keys, legal, sealed, signature
from bot.channels.wechat.limits import MENU_ITEMS, TEXT
from bot.channels.wechat.receive import Received
from dialogs.messages import Choice, Limits, Link, Paper, Part, Say, split

SUCCESS = b"success"
"""Heard, and nothing to say now [D]; also for every push that may not be answered."""
ASK, HINT = "选一个：", "点一个，或者直接打字告诉我。"
BY_NUMBER = "想选哪个，回复它前面的数字就行。"
ANCHOR = re.compile(r"<(?=\s*/?\s*a\b)", re.IGNORECASE)
"""WeChat makes links of `<a href>` in any text: what a person or a feed wrote must not become one."""
LINK = re.compile(r"<a .*?</a>", re.DOTALL)
CUTS = (r"\n+", r"[。;\uff1b]", r"\s", r"")
SHORTEST = 20
"""Ours: signs of a text that is too long for any other reason than its length."""
IN_URL = {'"': "%22", "'": "%27", "<": "%3C", ">": "%3E", " ": "%20", "\n": "", "\r": "", "\t": ""}


def passive_bytes(received: Received, text: str, keys: Keys, now: datetime) -> bytes:
    """The passive reply in the form the push came in, encrypted with the key that opened it; no text: `success`.

    A retry gets the same text, encrypted anew. `text` must fit (`passive`): longer, the person sees a fault notice.
    """
    text = legal(text.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.strip() or not received.answerable:
        return SUCCESS
    body = text_json(received, text, now) if received.form.json else text_xml(received, text, now)
    if received.form.aes_key is None:
        return body.encode()
    encrypted = sealed(body, received.appid, received.form.aes_key)
    at, nonce = str(int(now.timestamp())), str(secrets.randbelow(10**9))
    return envelope(encrypted, signature(keys.token, at, nonce, encrypted), at, nonce, as_json=received.form.json).encode()


def text_xml(received: Received, text: str, now: datetime) -> str:
    """wechatpy puts text into CDATA as it is: `]]>` would end it, and what follows would be XML [M]."""
    content = text.replace("]]>", "]]]]><![CDATA[>")
    reply = TextReply(source=received.account, target=received.openid, time=int(now.timestamp()), content=content)
    return str(reply.render())


def text_json(received: Received, text: str, now: datetime) -> str:
    row = {"ToUserName": received.openid, "FromUserName": received.account, "CreateTime": int(now.timestamp()), "MsgType": "text", "Content": text}
    return json.dumps(row, ensure_ascii=False)


def envelope(encrypted: str, signed: str, at: str, nonce: str, *, as_json: bool) -> str:
    """The wrapper of an encrypted reply, XML or JSON as configured [D]."""
    if as_json:
        return json.dumps({"Encrypt": encrypted, "MsgSignature": signed, "TimeStamp": int(at), "Nonce": nonce})
    return (
        f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signed}]]></MsgSignature>"
        f"<TimeStamp>{at}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    )


def texts(parts: Sequence[Part], limits: Limits = TEXT) -> list[str]:
    """All that is said as texts that fit: the first goes as the passive reply, which is free, each further one costs one of five."""
    return list(packed(list(numbered(parts, limits)), limits))


def shared(parts: Sequence[Part]) -> str | None:
    """What a mass send says, in one text: it has no buttons, so it says how to choose. None: it does not fit one.

    Addresses are plain: a link there is refused with 40066 since the platform took it away [C official notice 000ec8e22f0120aae52a4e23957001].
    """
    bare = [replace(part, links=(), text="\n".join((part.text, *map(address, part.links)))) if isinstance(part, Say) else part for part in parts]
    said = texts(bare)
    if len(said) != 1:
        return None
    text = f"{said[0]}\n{BY_NUMBER}" if choices(parts) else said[0]
    return text if size(text) <= TEXT.text else None


def address(link: Link) -> str:
    return f"{link.label}：{link.url}" if link.label and link.label != link.url else link.url


def title(parts: Sequence[Part]) -> str:
    """The first line, for a notification that carries no more."""
    said = next((part.text for part in parts if isinstance(part, Say) and part.text.strip()), "你有一条新消息")
    return plain(said.strip().partition("\n")[0])


def as_text(menu: dict[str, Any]) -> dict[str, Any]:
    """A message menu that was refused, as numbered lines."""
    held = menu["msgmenu"]
    lines = [f"{number}. {item['content']}" for number, item in enumerate(held["list"], 1)]
    return text_body("\n".join((held["head_content"], *lines)))


def halved(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """A body that was too long (45002), as two: cut where it reads well near its middle, never within a link. None: it cannot be."""
    if body["msgtype"] == "msgmenu":
        head = body["msgmenu"]["head_content"]
        return None if head == ASK else (text_body(head), {**body, "msgmenu": {**body["msgmenu"], "head_content": ASK}})
    text: str = body["text"]["content"]
    links = [found.span() for found in LINK.finditer(text)]
    for sign in CUTS:
        places = [found.end() for found in re.finditer(sign, text) if not any(begin < found.end() < end for begin, end in links)]
        near = [place for place in places if len(text) < 4 * place < 3 * len(text)]
        if near and len(text) > SHORTEST:
            cut = min(near, key=lambda place: abs(2 * place - len(text)))
            return text_body(text[:cut].rstrip("\n")), text_body(text[cut:])
    return None


def bodies(parts: Sequence[Part], row: int | None = None) -> list[dict[str, Any]]:
    """Customer-service bodies without `touser`. Choices become a message menu where `row` (the delivery's number) is given to make its
    ids of, else numbered lines, as they do where a menu is refused (40200, 45098): send `bodies(parts)` then."""
    if row is None or not 1 <= len(choices(parts)) <= 99:
        return [text_body(text) for text in packed(list(numbered(parts)))]
    made: list[dict[str, Any]] = []
    waiting: list[str] = []
    number = 0
    for part in parts:
        if isinstance(part, Say) and fits_menu(part):
            *before, head = [*waiting, *(pieces(part) or [ASK])]
            if size(head) + menu_size(part.choices) > TEXT.text:
                before, head = [*before, head], ASK
            waiting = []
            made += [text_body(text) for text in packed(before)]
            made.append(menu_body(head, part.choices, row, number + 1))
        else:
            waiting += numbered([part])
        number += len(part.choices) if isinstance(part, Say) else 0
    return [*made, *(text_body(text) for text in packed(waiting))]


def fits_menu(say: Say) -> bool:
    few = 1 <= len(say.choices) <= MENU_ITEMS and all(plain(choice.label).strip() for choice in say.choices)
    return few and size(ASK) + menu_size(say.choices) <= TEXT.text


def menu_size(offered: Sequence[Choice]) -> int:
    return size(HINT) + sum(size(plain(choice.label)) for choice in offered)


def text_body(text: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": text}}


def menu_body(head: str, offered: Sequence[Choice], row: int, first: int) -> dict[str, Any]:
    items = [{"id": menu_id(row, number), "content": plain(choice.label)} for number, choice in enumerate(offered, first)]
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": head, "list": items, "tail_content": HINT}}


def menu_id(row: int, number: int) -> str:
    """The id of a menu item: digits only, since letters do not come back [C]. Says which delivery's choice it is (counted from 1)."""
    return f"{row}{number:02d}"


def menu_place(menu_id: str) -> tuple[int, int]:
    """Delivery and choice that an id stands for; (0, 0) for one we never gave."""
    return (int(menu_id[:-2]), int(menu_id[-2:])) if re.fullmatch(r"[0-9]{3,18}", menu_id) else (0, 0)


def choices(parts: Sequence[Part]) -> list[Choice]:
    """All choices of a reply in order: what `menu_place` counts."""
    return [choice for part in parts if isinstance(part, Say) for choice in part.choices]


def numbered(parts: Sequence[Part], limits: Limits = TEXT) -> Iterator[str]:
    """All parts as texts that fit. Only the last choices are numbered: a number typed means one of those, a label any."""
    last = max((place for place, part in enumerate(parts) if isinstance(part, Say) and part.choices), default=-1)
    for place, part in enumerate(parts):
        lines = []
        if isinstance(part, Say):
            lines = [f"{number}. {choice.label}" if place == last else f"· {choice.label}" for number, choice in enumerate(part.choices, 1)]
        yield from pieces(part, lines, limits)


def pieces(part: Part, lines: Sequence[str] = (), limits: Limits = TEXT) -> list[str]:
    """One part's texts: cut where it reads well, never within a link."""
    if isinstance(part, Paper):
        return split_text(f"【{part.name}】\n{part.content}", limits)
    texts = list(split_text("\n".join(line for line in (part.text, *lines) if line), limits))
    for link in part.links:
        line = anchor(link)
        if not line.strip():
            continue
        if texts and size(texts[-1]) + 1 + size(line) <= TEXT.text:
            texts[-1] += f"\n{line}"
        elif size(line) <= TEXT.text:
            texts.append(line)
        else:
            texts += split_text(f"{link.label}\n{link.url}")
    return texts


def split_text(text: str, limits: Limits = TEXT) -> list[str]:
    return [piece for piece in split(plain(text), limits) if piece.strip()]


def packed(texts: Sequence[str], limits: Limits = TEXT) -> Iterator[str]:
    """Neighbours joined while they fit one message."""
    held = ""
    for text in texts:
        joined = f"{held}\n\n{text}" if held else text
        if held and size(joined) > limits.text:
            yield held
            joined = text
        held = joined
    if held:
        yield held


def size(text: str) -> int:
    return len(text.encode())


def plain(text: str) -> str:
    return ANCHOR.sub("＜", legal(text))


def anchor(link: Link) -> str:
    """A link as WeChat shows it; an address that is none of the web stays text."""
    label = legal(link.label).replace("<", "＜").replace(">", "＞") or link.url
    if not link.url.startswith(("http://", "https://")):
        return plain(f"{label} {link.url}")
    url = "".join(IN_URL.get(sign, sign) for sign in legal(link.url))
    return f'<a href="{url}">{label}</a>'
