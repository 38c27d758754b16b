"""What browsers send: messages, forms, cookies, signed links."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from starlette.requests import Request
from starlette.types import Message

from bot.app import App
from bot.web import chat, upload
from bot.web.console import gate
from knowledge import passes
from tests.benchmarks.readers.samples import NOW, Reader


def web(app: App) -> dict[str, Reader]:
    pages, door = chat.WebChat(app), gate.Gate(app, lambda _: "", lambda _: None)
    signed = pages.signer.dumps("a" * 24)
    link = f"{'a' * 22}.{int(NOW.timestamp()) + 9999:x}."
    form = b"csrf=1&name=%E7%8E%8B&text=a%0D%0Ab&once=x&questions=1+2"
    return {
        "web chat, a message": Reader(lambda body: driven(pages.message(request(body, "application/json"))), [
            b'{"id": "message-1", "text": "\\u6863\\u6848"}', b'{"id": "message-2", "text": "a", "choice": "go/menu"}']),
        "web chat, a cookie": Reader(lambda body: pages.handle(request(b"", cookie=body)), [f"bulixian={signed}".encode(), b"bulixian=a.b; x=y"]),
        "a signed link": Reader(lambda body: signed_link(app, body), [(link + app.passes.sign("upload", *link.split(".")[:2])).encode()]),
        "console, a form": Reader(lambda body: driven(gate.words(request(body, "application/x-www-form-urlencoded"))), [form]),
        "console, a cookie": Reader(lambda body: door.ours(desk(app, body)), [b"bulixian_staff=abc"]),
        "a multipart form": Reader(multipart, [parted("boundary", "简历.pdf"), parted("x", "a.txt")]),
    }  # fmt: skip


def request(body: bytes, kind: str = "", cookie: bytes = b"") -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", kind.encode("latin-1", "replace")), (b"cookie", cookie), (b"origin", b"http://a"), (b"host", b"a")]
    return Request({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}, receive)


def driven(work: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine comes to that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


def desk(app: App, cookie: bytes) -> gate.Desk:
    asked_ = request(b"", cookie=cookie)
    return gate.Desk(app, asked_, asked_.cookies.get(gate.COOKIE, ""), "", None, (), lambda _: None, {"csrf": asked_.cookies.get("x", "")})


def signed_link(app: App, body: bytes) -> object:
    """Signed anew now and then, so that what stands behind the signature is met as well."""
    token = body.decode("utf8", "replace")
    head, _, _ = token.rpartition(".")
    number, _, end = head.partition(".")
    for each in (token, f"{head}.{app.passes.sign('upload', number, end)}"[: 66 if len(end) < 10 else 0]):  # we sign no year past 9999
        try:
            app.passes.number(each, "upload", NOW)
        except passes.PassError:
            continue
    return None


def parted(boundary: str, name: str) -> bytes:
    """The type on the first line, then the body."""
    head = f"multipart/form-data; boundary={boundary}\n--{boundary}\r\nContent-Disposition: form-data; name="
    rest = f'"text"\r\n\r\n张三\r\n--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: x/y\r\n\r\n'
    return f"{head}{rest}abc\r\n--{boundary}--\r\n".encode()


def multipart(body: bytes) -> object:
    kind, _, rest = body.partition(b"\n")
    form = driven(upload.received(request(rest, kind.decode("latin-1"))))
    return [upload.named(getattr(value, "filename", "") or "") for value in form.values()]
