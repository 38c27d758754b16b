"""Bytes nobody meant: every parser of a channel on mutated samples and on noise; an exception is a defect, so the last column must be 0.

Found cases belong into `tests/samples`; here is only the throwing. Signatures are made to match, else nothing behind them would be met.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.channels.telegram.receive import Bot, Refused
from bot.channels.telegram.receive import receive as telegram
from bot.channels.wechat.envelope import Keys
from bot.channels.wechat.receive import receive as wechat
from tests.benchmarks.report import Row, Table
from tests.simulators.wechat.envelope import encrypt, sign, xml

BYTES = 1_000_000
"""At least so many for each parser."""
SAMPLES = Path(__file__).parents[1] / "samples"
MANIFEST = json.loads((SAMPLES / "wechat" / "_manifest.json").read_text(encoding="utf8"))
PLAIN = Keys(MANIFEST["token"], MANIFEST["appid"])
SAFE = replace(PLAIN, aes_key=MANIFEST["encoding_aes_key"])
NOW = datetime.fromtimestamp(1795372467, UTC)
SPLICES = (
    *(b"]]>", b"<![CDATA[", b"<xml>", b"</xml>", b"<!DOCTYPE x>", b"&lt;", b"<Encrypt>", b"\x00", b"\x1d", b"\xff\xfe", b"\xed\xa0\x80"),
    *(b"{", b"}", b"[", b'"', b"null", b"1e999", b"-1", b"9" * 400, b"\\ud800"),
)
"""What parsers trip over: ends of sections, half surrogates, numbers without end."""
Parser = Callable[[bytes], object]


def run() -> list[Table]:
    xmls, jsons = samples("wechat", ".xml"), samples("telegram", ".json")
    parsers: dict[str, tuple[Parser, list[bytes]]] = {
        "wechat, plain": (plain, xmls),
        "wechat, safe": (safe, xmls),
        "wechat, safe: the envelope itself": (envelope, [sealed(body) for body in xmls]),
        "wechat, compatible": (compatible, xmls),
        "telegram": (update, jsons),
    }
    rows = [thrown(name, parser, seeds) for name, (parser, seeds) in parsers.items()]
    return [Table(f"fuzz: at least {BYTES:,} bytes for each parser", rows)]


def thrown(name: str, parser: Parser, seeds: list[bytes]) -> Row:
    dice, outcomes, spent, kinds = random.Random(7), Counter[str](), 0, Counter[str]()
    begun = time.perf_counter()
    while spent < BYTES:
        body = mutated(dice, seeds)
        spent += len(body)
        try:
            outcomes["refused" if type(parser(body)).__name__ == "Refused" else "understood"] += 1
        except Exception as error:  # what is counted here
            kinds[type(error).__name__] += 1
    found = kinds.total()
    told = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    return {
        "parser": name,
        "bytes": spent,
        "bodies": outcomes.total() + found,
        "understood": outcomes["understood"],
        "refused": outcomes["refused"],
        "seconds": time.perf_counter() - begun,
        "exceptions": told or 0,
    }


def mutated(dice: random.Random, seeds: list[bytes]) -> bytes:
    """One body in eight is noise, the rest a sample with few wounds or many."""
    if dice.randrange(8) == 0:
        return dice.randbytes(dice.randrange(400))
    body = bytearray(dice.choice(seeds))
    for _ in range(dice.choice((0, 1, 1, 1, 1, 2, 3, 8))):
        at = dice.randrange(len(body) + 1)
        match dice.randrange(5):
            case 0 if at < len(body):
                body[at] = dice.randrange(256)
            case 1:
                body[at:at] = dice.choice(SPLICES)
            case 2:
                del body[at : at + dice.randrange(1, 30)]
            case 3:
                body[at:at] = body[at : at + dice.randrange(1, 60)]
            case _:
                other = dice.choice(seeds)
                place = dice.randrange(len(other) + 1)
                body[at:at] = other[place : place + dice.randrange(1, 60)]
    return bytes(body)


def samples(channel: str, ending: str) -> list[bytes]:
    found = [path.read_bytes() for path in sorted((SAMPLES / channel).glob(f"*{ending}")) if not path.name.startswith("_")]
    return [body for body in found if len(body) < 8000]


def query(*encrypted: str) -> dict[str, str]:
    at, nonce = str(int(NOW.timestamp())), "1"
    asked = {"timestamp": at, "nonce": nonce, "signature": sign(PLAIN.token, at, nonce)}
    return asked | ({"encrypt_type": "aes", "msg_signature": sign(PLAIN.token, at, nonce, *encrypted)} if encrypted else {})


def sealed(body: bytes) -> bytes:
    return xml({"ToUserName": "gh_1", "Encrypt": encrypt(body.decode("utf8", "replace"), SAFE.appid, SAFE.aes_key or "")}).encode()


def plain(body: bytes) -> object:
    return wechat(query(), body, PLAIN, NOW)


def safe(body: bytes) -> object:
    """The bytes are inside, as somebody with the key would send them."""
    encrypted = encrypt(body.decode("utf8", "replace"), SAFE.appid, SAFE.aes_key or "")
    return wechat(query(encrypted), xml({"ToUserName": "gh_1", "Encrypt": encrypted}).encode(), SAFE, NOW)


def envelope(body: bytes) -> object:
    """The bytes are the envelope, and what in it looks like a cipher text is signed."""
    text = body.decode("utf8", "replace")
    found = text.partition("<Encrypt>")[2].partition("</Encrypt>")[0].replace("<![CDATA[", "").replace("]]>", "").strip()
    return wechat(query(found), body, SAFE, NOW)


def compatible(body: bytes) -> object:
    """The same message in clear and encrypted, both broken."""
    encrypted = encrypt(body.decode("utf8", "replace"), SAFE.appid, SAFE.aes_key or "")
    both = body.replace(b"</xml>", f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode())
    return wechat(query(encrypted), both, SAFE, NOW)


def update(body: bytes) -> object:
    found = telegram("s", body, secret="s", bot=Bot(123456, "careerbot"), now=NOW)
    return found if isinstance(found, Refused) else found.handle
