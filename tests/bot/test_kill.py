"""`kill -9` in the middle of many conversations: after a restart every accepted message has exactly one reply, and each
conversation stands where its last reply said. The senders retry what was not acknowledged, with the same id."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request

from sqlalchemy import select

from bot.delivery import Delivery, books
from bot.transcript import InboxMessage
from dialogs.place import Conversation
from knowledge.db import Database

PEOPLE = 30
SAID = ["完善资料", "同意", "贵阳", "2025年6月", "本科"]
ASKS = ["同意我存吗", "哪个城市", "什么时候毕业", "学历是", "现在的状态"]

BROKEN = (OSError, http.client.HTTPException, ValueError)
"""What a request ends with when the server dies under it: refused, cut off in the head, cut off in the body."""


class Server:
    """`bulixian serve` as a process that can be killed."""

    def __init__(self, url: str, port: int = 0) -> None:
        environment = {**os.environ, "BULIXIAN_DATABASE_URL": url, "BULIXIAN_MESSAGES_PER_MINUTE": "100000", "PYTHONUTF8": "1"}
        command = [sys.executable, "-m", "bot", "serve", "--port", str(port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout
        self.address = self.process.stdout.readline().split(":", 1)[1].split()[0].rstrip("/")

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(20) in (0, -signal.SIGTERM)


class Sender(threading.Thread):
    """One person on the web page: keeps a message and its id until it is acknowledged."""

    def __init__(self, address: str, number: int) -> None:
        super().__init__(daemon=True)
        self.address, self.number, self.cookie = address, number, ""
        self.got: list[str] = []

    def run(self) -> None:
        while not self.cookie:
            try:
                with urllib.request.urlopen(self.address + "/", timeout=10) as page:
                    self.cookie = (page.headers["set-cookie"] or "").split(";")[0]
            except BROKEN:
                time.sleep(0.1)
        for number, text in enumerate(SAID):
            self.got.append(self.send(f"person{self.number:04}-{number}", text))

    def send(self, key: str, text: str) -> str:
        body = json.dumps({"id": key, "text": text}).encode()
        request = urllib.request.Request(self.address + "/chat/messages", body, {"content-type": "application/json", "cookie": self.cookie})
        while True:
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    said: str = json.load(answer)["messages"][0]["parts"][-1]["text"]
                    return said
            except BROKEN:
                time.sleep(0.05)


def test_kill_and_restart(url: str) -> None:
    server = Server(url)
    port = server.port
    senders = [Sender(server.address, number) for number in range(PEOPLE)]
    for sender in senders:
        sender.start()
    for _ in range(2):
        before = sum(len(sender.got) for sender in senders)
        while sum(len(sender.got) for sender in senders) < before + PEOPLE // 2:
            time.sleep(0.01)
        server.kill()
        server = Server(url, port)
    for sender in senders:
        sender.join(60)
    server.stop()
    for sender in senders:
        assert len(sender.got) == len(SAID)
        assert all(ask in said for ask, said in zip(ASKS, sender.got, strict=True)), sender.got
    check(url)


def check(url: str) -> None:
    database = Database(url)
    with database.reading() as connection:
        accepted = list(connection.execute(select(InboxMessage.key)).scalars())
        replies = list(connection.execute(select(Delivery.key)).scalars())
        states = connection.execute(select(Conversation.stack)).scalars().all()
        counted = books(connection)
    database.close()
    assert len(accepted) == len(set(accepted)) == PEOPLE * len(SAID)
    assert sorted(replies) == sorted(f"reply|{key}" for key in accepted)
    assert all(stack[-1]["state"] == "employment" for stack in states)
    assert counted["planned"] == counted["open"] + counted["sent"]
