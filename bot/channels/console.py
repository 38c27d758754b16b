"""The terminal as a channel: a conversation for people, and the same as JSON lines for machines."""

from __future__ import annotations

import json
import re
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from rich.console import Console
from rich.text import Text

from bot import delivery
from bot.app import App
from bot.inbox import Reply
from dialogs.messages import Inbound, Limits, Paper, fit, from_json
from knowledge import notation
from knowledge.db import DatabaseError
from knowledge.extract import ExtractError, opened
from knowledge.resume.extract import LIMITS as LIMITS_OF_FILE

LIMITS = Limits(text=4000, buttons=False)
SPAN = re.compile(r"^(\d{1,4})([smhdw])$")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class LineError(ValueError):
    """A line of input that cannot be used; the message is one sentence."""


class ConsoleChannel:
    """Conversations `console::NAME` of one program."""

    def __init__(self, app: App) -> None:
        self.app = app

    def key(self, name: str) -> str:
        return f"console::{name[:100]}"

    def inbound(self, name: str, kind: Any, text: str) -> Inbound:
        return Inbound(self.key(name), uuid.uuid4().hex, kind, text, self.app.clock.now())

    def answer(self, inbound: Inbound) -> list[dict[str, Any]]:
        """The parts of the reply, taken off the ledger as sent."""
        reply: Reply = self.app.accept(inbound).result()
        if reply.delivery_id:
            self.finish([reply.delivery_id])
        return reply.parts

    def read(self, inbound: Inbound, path: Path) -> None:
        """What a file has come to is among the `leftovers` when this returns."""
        reader = self.app.reader
        try:
            reader.answer(inbound.conversation, inbound.message_id, reader.read(opened(path, LIMITS_OF_FILE), path.name))
        except (ExtractError, OSError) as error:
            reader.refuse(inbound.conversation, inbound.message_id, str(error)).result()

    def finish(self, ids: list[int]) -> None:
        """Marks what was shown as sent; not waited for, a crash in between only shows it again."""
        now = self.app.clock.now()
        self.app.inbox.write(lambda connection: delivery.finish(connection, ids, now))

    def leftovers(self, name: str | None = None) -> list[tuple[str, list[dict[str, Any]]]]:
        """What is still to be said on this channel: replies a crash kept back, teachers' answers, reminders."""
        now = self.app.clock.now()
        with self.app.database.reading() as connection:
            if not delivery.waiting(connection, "console", now):
                return []
        conversation = self.key(name) if name else None
        rows = self.app.inbox.write(lambda c: delivery.claim(c, "console", "console", now, conversation)).result()
        ids = [row["id"] for row in rows]
        self.app.inbox.write(lambda c: delivery.finish(c, ids, now)).result()
        return [(row["conversation"].split(":", 2)[2], row["parts"]) for row in rows]

    def talk(self, name: str) -> None:
        """A conversation with a person at the terminal, until 再见 by Ctrl-D."""
        console = Console(highlight=False)
        self.show(console, self.answer(self.inbound(name, "choice", "go/menu")))
        while True:
            for _, parts in self.leftovers(name):
                self.show(console, parts)
            try:
                text = console.input("[bold]我：[/bold] ")
            except (EOFError, KeyboardInterrupt):
                console.print("\n再见。")
                return
            if text.strip():
                self.show(console, self.answer(self.inbound(name, "text", text.encode("utf8", "replace").decode())))

    def show(self, console: Console, parts: list[dict[str, Any]]) -> None:
        for row in parts:
            part = from_json(row)
            if isinstance(part, Paper):
                console.print(Text(f"[文件 {part.name}]\n{part.content}"))
                continue
            for piece in fit(part, LIMITS):
                if not isinstance(piece, Paper):
                    console.print(Text("机：" + piece.text, style="cyan"))
                    for link in piece.links:
                        console.print(Text(f"  {link.label}：{link.url}", style="dim"))

    def stream(self, source: BinaryIO, out: TextIO) -> int:
        """JSON lines in and out. A line that cannot be used gets one sentence on stderr, the rest goes on.

        Returns:
            0, or 1 where a line could not be used.
        """
        bad = 0
        for name, parts in self.leftovers():
            emit(out, name, parts)
        for number, line in enumerate(source, 1):
            if not line.strip():
                continue
            try:
                for name, parts in self.handle(line):
                    emit(out, name, parts)
            except LineError as error:
                bad = 1
                print(f"第 {number} 行：{error}", file=sys.stderr, flush=True)
            except DatabaseError as error:
                bad = 1
                print(f"第 {number} 行没有存下来：{error}", file=sys.stderr, flush=True)
        return bad

    def handle(self, line: bytes) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        message = parse(line)
        if "advance" in message:
            self.app.clock.advance(span(message["advance"]))
            for key, reply in self.app.sweep():
                if reply.delivery_id and key.startswith("console:"):
                    self.finish([reply.delivery_id])
                    yield key.split(":", 2)[2], reply.parts
            return
        name = message.get("from")
        if not isinstance(name, str) or not name:
            raise LineError('缺少 "from",请写成 {"from":"u1","text":"…"}')
        inbound = self.inbound(name, *content(message))
        yield name, self.answer(inbound)
        if inbound.kind == "file":
            self.read(inbound, Path(str(message["file"])))
        yield from self.leftovers()


def parse(line: bytes) -> dict[str, Any]:
    try:
        message = notation.loads(line.decode("utf8", "replace"))
    except json.JSONDecodeError as error:
        raise LineError(f"不是有效的 JSON（{error.msg}，第 {error.colno} 列）") from error
    except ValueError as error:
        raise LineError(f"不是有效的 JSON（{error}）") from error
    if not isinstance(message, dict):
        raise LineError("每行要是一个 JSON 对象")
    return message


def content(message: dict[str, Any]) -> tuple[str, str]:
    """Kind and text of a message."""
    for field, kind in (("text", "text"), ("choice", "choice")):
        if field in message:
            if not isinstance(message[field], str):
                raise LineError(f'"{field}" 要是一段文字')
            return kind, message[field].encode("utf8", "replace").decode().replace("\x00", "")
    if "file" in message:
        path = Path(str(message["file"]))
        try:
            found = path.is_file()
        except OSError:  # a name longer than any file's
            found = False
        if not found:
            raise LineError(f"找不到文件 {message['file']}")
        return "file", path.name
    raise LineError('要有 "text"、"choice"、"file" 或 "advance" 之一')


def span(said: Any) -> timedelta:
    found = SPAN.match(str(said))
    if not found:
        raise LineError('"advance" 写成数字加单位，如 "2d"、"3h"（s 秒 m 分 h 时 d 天 w 周）')
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def emit(out: TextIO, name: str, parts: list[dict[str, Any]]) -> None:
    out.write(json.dumps({"to": name, "parts": parts}, ensure_ascii=False) + "\n")
    out.flush()
