"""What comes in as a file: read beside the server, few at a time. A résumé is kept, and what it came to put into the inbox; the words of a
contract or of what may be a fraud go on as if they had been pasted.

The bytes are in memory only and never stored.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, exists, select
from sqlalchemy.orm import aliased

from bot.delivery import Delivery
from bot.inbox import Reply
from bot.transcript import InboxMessage
from dialogs.clinic import NOT_RESUME
from dialogs.frauds import ALARM
from dialogs.messages import Inbound, Part, Say
from dialogs.notices import TO_HUMAN
from dialogs.place import Conversation
from knowledge import passes
from knowledge.clinic import papers
from knowledge.extract import ExtractError
from knowledge.people import new_id
from knowledge.resume.extract import Paper, from_bytes
from knowledge.resume.sections import seems
from knowledge.rights.contract import likely
from knowledge.rights.scam import judge

if TYPE_CHECKING:
    from bot.app import App

ROOM = max(1, (os.cpu_count() or 2) // 2)
"""Files read at a time: the other half of the machine goes on answering."""
QUEUE = 64
"""Files that may wait; half a second each is half a minute, three seconds for each picture three minutes."""
FETCHES = 4
"""Files fetched from a platform at a time, by channels whose client blocks."""
LEFT, BACK = timedelta(minutes=3), timedelta(hours=1)
"""A process that has started looks, after so long, for files of so long before its start that nobody has said anything of."""
CUT = "刚才那份文件没看完，是我这边断了一下，没有存下来。请再发一次"
FULL = "现在排队看简历的人多，过几分钟再传一次。"


class Reader:
    """Reads for one program."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.pool = ThreadPoolExecutor(ROOM, "reader")
        self.fetchers = ThreadPoolExecutor(FETCHES, "fetcher")
        self.waiting = 0
        self.lock = threading.Lock()
        self.started: datetime | None = app.clock.now()
        """None: what a process before left has been looked for."""

    def read(self, data: bytes, name: str) -> Future[Paper]:
        """The text of a file; the future raises ExtractError with one sentence.

        Raises:
            ExtractError: too many wait
        """
        with self.lock:
            if self.waiting >= QUEUE:
                raise ExtractError(FULL)
            self.waiting += 1
        future = self.pool.submit(from_bytes, data, name)
        future.add_done_callback(self.done)
        return future

    def done(self, _: Future[Paper]) -> None:
        with self.lock:
            self.waiting -= 1

    def check(self, conversation: str, data: bytes, name: str, message: str) -> None:
        """A file sent in a chat: read and answered in the chat; returns at once. `message` names what it came with."""
        try:
            self.read(data, name).add_done_callback(partial(self.answer, conversation, message))
        except ExtractError as error:
            self.refuse(conversation, message, str(error))

    def answer(self, conversation: str, message: str, read: Future[Paper]) -> None:
        if read.cancelled():
            return
        error = read.exception()
        if error is None:
            self.go_on(conversation, message, read.result())
        else:
            self.refuse(
                conversation, message, str(error) if isinstance(error, ExtractError) else "这份没看成，是我这边出了问题。再发一次试试"
            ).result()

    def go_on(self, conversation: str, message: str, paper: Paper) -> None:
        """As what was asked for just now; else as what it is."""
        match self.use(conversation, paper.text):
            case "resume":
                self.take(conversation, paper, "file")
            case "":
                self.refuse(conversation, message, NOT_RESUME).result()
            case flow:
                self.words(conversation, flow, paper.text)

    def use(self, conversation: str, text: str) -> str:
        """The dialog that a text belongs to: the one that asks for it, else by what it is; empty: none."""
        asked = self.asked(conversation)
        if asked in ("contract", "scam"):
            return asked
        return "resume" if seems(text) else "contract" if likely(text) else "scam" if judge(text).level in ALARM else ""

    def asked(self, conversation: str) -> str:
        """The dialog that is open."""
        with self.app.database.reading() as connection:
            stack = connection.execute(select(Conversation.stack).where(Conversation.key == conversation)).scalar()
        return stack[-1]["flow"] if stack else ""

    def words(self, conversation: str, flow: str, text: str) -> None:
        """The words of a contract or of what may be a fraud, to the dialog that is open or to a new one."""
        if self.asked(conversation) == flow:
            self.say(conversation, text, "text").result()
        else:
            self.say(conversation, f"words/{flow}/{text}").result()

    def refuse(self, conversation: str, message: str, sentence: str) -> Future[Any]:
        parts: list[Part] = [Say(sentence if sentence.endswith("。") else f"{sentence}。", (TO_HUMAN,))]
        return self.app.say(conversation, f"refused|{message}", parts, "reply")

    def take(self, conversation: str, paper: Paper, source: str, used: str = "") -> str | None:
        """Keeps what was read and has it answered in the conversation. `used`: the number of the link it came by, which is spent.

        Returns the number of the résumé; None: the link was spent before, or the person is gone.
        """
        now = self.app.clock.now()

        def work(connection: Connection) -> str | None:
            if used and not passes.use(connection, used, now):
                return None
            owner = connection.execute(select(Conversation.graduate_id).where(Conversation.key == conversation)).scalar()
            kept = (owner, conversation) if owner else None
            return kept and papers.keep(connection, self.app.seal, kept, paper, source, now, self.app.clinic.keep_days)

        number: str | None = self.app.inbox.write(work).result()
        if number:
            self.say(conversation, f"clinic/first/{number}").result()
        return number

    def say(self, conversation: str, about: str, kind: Literal["result", "text"] = "result") -> Future[Reply]:
        return self.app.accept(Inbound(conversation, f"result-{new_id()}", kind, about, self.app.clock.now()))

    def recall(self) -> None:
        """Says of a file that a process took with it that it has to be sent again: once after each start, in every process that takes files."""
        now = self.app.clock.now()
        if self.started and now - self.started >= LEFT:
            with self.app.database.reading() as connection:
                cut = list(unread(connection, self.started))
            for conversation, message in cut:
                self.refuse(conversation, message, CUT).result()
            self.started = None

    def tidy(self) -> None:
        """Deletes what has had its days."""
        now = self.app.clock.now()
        with self.app.database.reading() as connection:
            late = papers.overdue(connection, now)
        if late:
            self.app.inbox.write(lambda connection: papers.expire(connection, now)).result()

    def close(self) -> None:
        """What still waits is dropped; `recall` of the next process says so."""
        self.fetchers.shutdown(cancel_futures=True)
        self.pool.shutdown(cancel_futures=True)


def unread(connection: Connection, before: datetime) -> Iterator[tuple[str, str]]:
    """Conversation and message of each file that came before and whose reading came to nothing: no result, no refusal."""
    later = aliased(InboxMessage)
    result = exists().where(
        later.conversation == InboxMessage.conversation, (later.kind == "result") | later.key.contains("|result-"), later.id > InboxMessage.id
    )
    query = select(InboxMessage.conversation, InboxMessage.key).where(InboxMessage.kind == "file", InboxMessage.text.contains("."), ~result)
    rows = connection.execute(query.where(InboxMessage.received_at >= before - BACK, InboxMessage.received_at < before)).all()
    found = {f"refused|{key.removeprefix(f'{conversation}|')}": conversation for conversation, key in rows}
    told = set(connection.execute(select(Delivery.key).where(Delivery.key.in_(found))).scalars())
    for key, conversation in found.items():
        if key not in told:
            yield conversation, key.removeprefix("refused|")
