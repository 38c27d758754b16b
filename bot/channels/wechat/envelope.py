"""How WeChat wraps a push and its answer: keys, signatures, AES, and XML or JSON that is safe to read. Knows no kind of message.

wechatpy signs and ciphers. Opening is ours around its cipher: it compares with `!=`, believes the padding byte and leaks six types of
exception. Its official vectors pass here byte for byte (dws/guide/dev/push/encryption.html).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict
from wechatpy.crypto import PrpCrypto
from wechatpy.utils import WeChatSigner

BODY_BYTES = 64 * 1024
"""A text message is 2 kB; compatible mode is about three times as long [D]. Uncapped, 32 MB cost 400 MB of memory [M]."""
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry. People do send \\x1d, and every Python SDK crashes on it (WeRoBot #420)."""
ROOT = re.compile(r"\s*(?:<\?xml[^<>]*\?>\s*)?<xml[\s>]")
"""A push starts so and no other way: neither DOCTYPE nor entity can come before, and within the root expat takes neither."""
CIPHERTEXT = re.compile(r"<Encrypt>\s*(?:<!\[CDATA\[)?([A-Za-z0-9+/=]+)(?:]]>)?\s*</Encrypt>")
AES_KEY = re.compile(r"[A-Za-z0-9]{43}")
TOKEN = re.compile(r"[A-Za-z0-9]{3,32}")
BLOCK = 32
"""PKCS#7 block of the platform, twice AES's own [D]."""
BROKEN = (ExpatError, LookupError, AttributeError, TypeError, ValueError, RecursionError)
"""What xmltodict, json and wechatpy raise on bodies that are none [M]."""


class Unreadable(ValueError):
    """A push that is not to be believed or cannot be read: a short stable word and the HTTP status to answer with."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


@dataclass(frozen=True, slots=True)
class Keys:
    """What the account's push settings say. With `aes_key` only encrypted pushes are believed, with `previous_aes_key` also during a change.

    Raises:
        ValueError: one Chinese sentence on what is wrong; no secret in it.
    """

    token: str = field(repr=False)
    appid: str
    aes_key: str | None = field(default=None, repr=False)
    previous_aes_key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not TOKEN.fullmatch(self.token):
            raise ValueError("微信的 Token 要和公众号后台填的一致：3 到 32 个英文字母或数字。")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", self.appid):
            raise ValueError("微信的 AppID 不对，请从公众号后台复制。")
        if any(key is not None and not AES_KEY.fullmatch(key) for key in (self.aes_key, self.previous_aes_key)):
            raise ValueError("微信的 EncodingAESKey 要正好 43 个英文字母或数字，请从公众号后台复制。")

    @property
    def aes_keys(self) -> list[str]:
        """Current one first."""
        return [key for key in (self.aes_key, self.previous_aes_key) if key]


def legal(text: str) -> str:
    return ILLEGAL.sub("", text)


def clean(value: Any) -> Any:
    """A JSON value with every text in it legal: JSON would write the rest as \\u escapes, which 40033 forbids."""
    if isinstance(value, dict):
        return {name: clean(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [clean(inner) for inner in value]
    return legal(value) if isinstance(value, str) else value


def signature(*strings: str) -> str:
    """sha1 of the strings sorted and joined [D]."""
    signer = WeChatSigner()
    signer.add_data(*(string.encode("utf8", "replace") for string in strings))
    return str(signer.signature)


def signed(query: Mapping[str, str], name: str, *strings: str) -> bool:
    """Whether the query's `name` signs the strings, compared in constant time."""
    return compare_digest(signature(*strings).encode(), query.get(name, "").encode("utf8", "replace"))


def key_bytes(aes_key: str) -> bytes:
    return base64.b64decode(aes_key + "=")


def sealed(text: str, appid: str, aes_key: str) -> str:
    encrypted: bytes = PrpCrypto(key_bytes(aes_key)).encrypt(text, appid)
    return encrypted.decode()


def opened(encrypted: str, appid: str, aes_key: str) -> str:
    """The text within: random (16 bytes), length (4 bytes, network order, of bytes), text, appid, padding [D].

    Raises:
        Unreadable: wrong key, broken cipher text, or another account's.
    """
    try:
        plain: bytes = PrpCrypto(key_bytes(aes_key)).cipher.decrypt(base64.b64decode(encrypted, validate=True))
    except ValueError as error:
        raise Unreadable("ciphertext") from error
    padding = plain[-1] if plain else 0
    if not 1 <= padding <= BLOCK or plain[-padding:] != bytes([padding]) * padding:
        raise Unreadable("padding")
    content = plain[16:-padding]
    end = 4 + int.from_bytes(content[:4], "big")
    if len(content) < end:
        raise Unreadable("length")
    if not compare_digest(content[end:], appid.encode()):
        raise Unreadable("appid", 403)
    return content[4:end].decode("utf8", "replace")


def opened_by(encrypted: str, keys: Keys) -> tuple[str, str]:
    """The text within and the key that opened it: current, then previous [D]."""
    problem = Unreadable("no_key")
    for number, key in enumerate(keys.aes_keys):
        try:
            return opened(encrypted, keys.appid, key), key
        except Unreadable as error:
            problem = error if not number else problem
    raise problem


def is_json(text: str) -> bool:
    """The push format is a choice in the account's settings [D dwsub/guide/dev/push/encryption.md]."""
    return text.lstrip().startswith("{")


def ciphertexts(text: str) -> list[str]:
    """What could be the cipher text of a push. Looked for, not parsed: nothing of a body is worth parsing before its signature is
    checked, and the signature covers the cipher text alone. A person's own words may look like one too: the last ones, at most."""
    if not is_json(text):
        return CIPHERTEXT.findall(text)[-3:]
    found = json_object(text).get("Encrypt")
    return [found] if isinstance(found, str) else []


def json_object(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("malformed") from error
    if not isinstance(fields, dict):
        raise Unreadable("malformed")
    return fields


def checked(text: str) -> str:
    """XML that starts as a push does."""
    if not ROOT.match(text):
        raise Unreadable("doctype" if "<!doctype" in text[:200].lower() else "malformed")
    return text


def xml_of(text: str) -> str:
    """A message as XML: a JSON push becomes the XML it stands for, so that there is one parser."""
    if not is_json(text):
        return checked(text)
    try:
        return legal(xmltodict.unparse({"xml": json_object(text)}, full_document=False))
    except BROKEN as error:
        raise error if isinstance(error, Unreadable) else Unreadable("malformed") from error
