"""The wire: a push as XML or JSON, plain, compatible or safe; and what a reply must look like to be shown to anybody."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import struct
from typing import Any
from xml.etree import ElementTree

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

TEXT_BYTES = 2048
REPLY_TYPES = {"text", "image", "voice", "video", "music", "news", "transfer_customer_service"}


class Abnormal(ValueError):
    """A reply that WeChat does not understand: the person sees the fault notice."""


def sign(*strings: str) -> str:
    return hashlib.sha1("".join(sorted(strings)).encode()).hexdigest()


def cipher(aes_key: str) -> Cipher[modes.CBC]:
    key = base64.b64decode(aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def encrypt(text: str, appid: str, aes_key: str, random: bytes = b"") -> str:
    body = text.encode()
    plain = (random or os.urandom(8).hex().encode()) + struct.pack(">I", len(body)) + body + appid.encode()
    padding = 32 - len(plain) % 32
    encryptor = cipher(aes_key).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()


def decrypt(encrypted: str, appid: str, aes_key: str) -> str:
    decryptor = cipher(aes_key).decryptor()
    try:
        plain = decryptor.update(base64.b64decode(encrypted, validate=True)) + decryptor.finalize()
    except ValueError as error:
        raise Abnormal("not base64 of whole blocks") from error
    if len(plain) % 32 or not 1 <= plain[-1] <= 32 or plain[-plain[-1] :] != bytes([plain[-1]]) * plain[-1]:
        raise Abnormal("padding is not PKCS#7 of 32")
    content = plain[16 : -plain[-1]]
    (length,) = struct.unpack(">I", content[:4])
    if content[4 + length :] != appid.encode():
        raise Abnormal("another appid")
    return content[4 : 4 + length].decode()


def cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def xml(fields: dict[str, Any]) -> str:
    return f"<xml>{elements(fields)}</xml>"


def elements(fields: dict[str, Any]) -> str:
    made = ""
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            inner = elements(one) if isinstance(one, dict) else cdata(one) if isinstance(one, str) else str(one)
            made += f"<{name}>{inner}</{name}>"
    return made


def write(fields: dict[str, Any], push_format: str) -> str:
    return json.dumps(fields, ensure_ascii=False) if push_format == "json" else xml(fields)


def read(text: str, push_format: str) -> dict[str, str]:
    """The fields of a reply; a doubled or nested element is abnormal."""
    try:
        if push_format == "json":
            fields = json.loads(text)
            return {name: str(value) for name, value in fields.items()}
        root = ElementTree.fromstring(text)
    except (ValueError, AttributeError, ElementTree.ParseError) as error:
        raise Abnormal(f"not {push_format}") from error
    names = [child.tag for child in root]
    if root.tag != "xml" or len(set(names)) != len(names) or any(len(child) for child in root):
        raise Abnormal("elements that do not belong")
    return {child.tag: child.text or "" for child in root}


def reply_text(body: bytes, push: dict[str, Any], token: str, appid: str, aes_key: str | None, mode: str, push_format: str) -> str:
    """What the person reads; empty where the answer was `success` or nothing.

    Raises:
        Abnormal: anything else than a reply to this push.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Abnormal("not UTF-8") from error
    if text in ("", "success"):
        return ""
    fields = read(text, push_format)
    if "Encrypt" in fields:
        if mode == "plain" or aes_key is None:
            raise Abnormal("encrypted in plain mode")
        if fields.get("MsgSignature") != sign(token, fields.get("TimeStamp", ""), fields.get("Nonce", ""), fields["Encrypt"]):
            raise Abnormal("signature")
        fields = read(decrypt(fields["Encrypt"], appid, aes_key), push_format)
    elif mode == "safe":
        raise Abnormal("not encrypted in safe mode")
    if fields.get("ToUserName") != push["FromUserName"] or fields.get("FromUserName") != push["ToUserName"]:
        raise Abnormal("to somebody else")
    if fields.get("MsgType") not in REPLY_TYPES or not re.fullmatch(r"\d+", fields.get("CreateTime", "")):
        raise Abnormal("no MsgType or CreateTime")
    content = fields.get("Content", "")
    if not content.strip() or len(content.encode()) > TEXT_BYTES:
        raise Abnormal("empty or too long")
    return content
