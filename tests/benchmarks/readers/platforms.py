"""What platforms send: pushes, answers to our calls; and what we say of it to others."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.channels import console
from bot.channels.telegram.receive import Bot
from bot.channels.telegram.receive import receive as telegram
from bot.channels.telegram.reply import bodies as telegram_bodies
from bot.channels.wechat import errors as wechat_errors
from bot.channels.wechat.envelope import Keys
from bot.channels.wechat.limits import menu_faults
from bot.channels.wechat.receive import greeting
from bot.channels.wechat.receive import receive as wechat
from bot.channels.wechat.reply import bodies as wechat_bodies
from dialogs.messages import Limits, Say, fit
from tests.benchmarks.readers.samples import NOW, SAMPLES, Reader, samples
from tests.simulators.wechat.envelope import encrypt, sign, xml

MANIFEST = json.loads((SAMPLES / "wechat" / "_manifest.json").read_text(encoding="utf8"))
PLAIN = Keys(MANIFEST["token"], MANIFEST["appid"])
SAFE = replace(PLAIN, aes_key=MANIFEST["encoding_aes_key"])


def channels() -> dict[str, Reader]:
    xmls, jsons = samples("wechat/*.xml"), samples("telegram/*.json")
    answered = [*samples("wechat_api/*.json"), *samples("telegram_api/*")]
    queries = [json.dumps(query() | {"echostr": "1"}).encode()]
    return {
        "wechat, plain": Reader(plain, xmls),
        "wechat, safe": Reader(safe, [*xmls, *samples("wechat/*.json")]),
        "wechat, the envelope itself": Reader(envelope, [sealed(body) for body in xmls]),
        "wechat, compatible": Reader(compatible, xmls),
        "wechat, verification": Reader(lambda body: greeting(pairs(body), PLAIN, NOW), queries),
        "wechat, an answer": Reader(platform_answer, answered),
        "wechat, a menu": Reader(lambda body: menu_faults(console.parse(body)), [b'{"button": [{"name": "a", "type": "click", "key": "go/menu"}]}']),
        "telegram": Reader(lambda body: telegram("s", body, secret="s", bot=Bot(123456, "careerbot"), now=NOW), jsons),
        "replies to both": Reader(replies, jsons),
    }


def query(*encrypted: str) -> dict[str, str]:
    """Signatures are made to match, else nothing behind them would be met."""
    at, nonce = str(int(NOW.timestamp())), "1"
    asked_ = {"timestamp": at, "nonce": nonce, "signature": sign(PLAIN.token, at, nonce)}
    return asked_ | ({"encrypt_type": "aes", "msg_signature": sign(PLAIN.token, at, nonce, *encrypted)} if encrypted else {})


def pairs(body: bytes) -> dict[str, str]:
    return {str(name): str(value) for name, value in console.parse(body).items()}


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


def platform_answer(body: bytes) -> object:
    answer = wechat_errors.understood(200, body)
    return (
        (wechat_errors.outcome(wechat_errors.code_of(answer) or 0, answer, NOW), wechat_errors.trace(answer)) if isinstance(answer, dict) else answer
    )


def replies(body: bytes) -> object:
    """Somebody's words come back in what we say, and are cut to what a platform takes."""
    say = Say(body.decode("utf8", "replace"))
    return telegram_bodies([say], 1), wechat_bodies([say], 1), list(fit(say, Limits(text=600, buttons=False)))
