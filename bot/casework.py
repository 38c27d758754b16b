"""What a teacher does with a case from the command line and the console: see it, answer it, close it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, select, update

from bot import delivery, shortlinks, transcript
from bot.delivery import Delivery
from dialogs.messages import Choice, Part, Say
from dialogs.place import Conversation
from knowledge import cases, people
from knowledge.db import CHINA

if TYPE_CHECKING:
    from bot.app import App


def listed(app: App) -> str:
    with app.database.reading() as connection:
        rows = cases.open_cases(connection)
    lines = [
        f"{row['id']:>5} {cases.KINDS[row['kind']]} {row['opened_at'].astimezone(CHINA):%m-%d %H:%M} "
        f"{'已回 ' if row['answered_at'] else ''}{row['summary'].splitlines()[0]}"
        for row in rows
    ]
    return "\n".join(lines) or "没有等处理的事"


def shown(app: App, case_id: int, who: str) -> str | None:
    """The case with its conversation; the reading is logged where the person can see it."""
    with app.database.writing() as connection:
        case = cases.get(connection, case_id)
        if case is None:
            return None
        people.log_access(connection, case["graduate_id"], who, f"查看求助 {case_id} 和对话", app.clock.now())
        said = transcript.history(connection, case["conversation"], app.clock.now())
    lines = [f"编号 {case_id} {cases.KINDS[case['kind']]}\n{case['summary']}", "—— 对话 ——"]
    lines += [f"{ {'me': '本人', 'bot': '机器', 'staff': '老师'}[message['from']] }:{words(message)}" for message in said]
    return "\n".join(lines)


def words(message: dict[str, Any]) -> str:
    return message.get("text") or shortlinks.masked("\n".join(part.get("text", part.get("name", "")) for part in message["parts"]))


def answered(connection: Connection, case: RowMapping, text: str, who: str, once: str, at: datetime) -> bool:
    """Plans a teacher's words into the person's channel. `once`: what is given twice is said once."""
    key = f"staff|{case['id']}|{once}"
    if not said(connection, case["conversation"], key, [Say(f"{who}:{text}")], "staff", at):
        return False
    cases.mark_answered(connection, case["id"], who, at)
    people.log_access(connection, case["graduate_id"], who, f"回复求助 {case['id']}", at)
    return True


def closed(connection: Connection, case: RowMapping, at: datetime) -> None:
    """Closes the case; a conversation that a teacher had goes back to the machine, which says so."""
    cases.close(connection, case["id"], at)
    handed_back(connection, case["conversation"], f"closed|{case['id']}", at)


def on(app: App, case_id: int, work: Callable[[Connection, RowMapping], Any]) -> bool:
    """Does something with a case in the program's writer. False: there is no such case."""

    def found(connection: Connection) -> bool:
        case = cases.get(connection, case_id)
        if case is not None:
            work(connection, case)
        return case is not None

    return bool(app.inbox.write(found).result())


def handed_back(connection: Connection, conversation: str, key: str, at: datetime) -> bool:
    """Gives a conversation that a teacher has back to the machine, which says so."""
    query = update(Conversation).where(Conversation.key == conversation, Conversation.mode == "human")
    if not connection.execute(query.values(mode="bot", due_at=None)).rowcount:
        return False
    return said(connection, conversation, key, [Say("老师这边办完了,我接着在。有事直接说。", (Choice("菜单", "go/menu"),))], "notice", at)


def said(connection: Connection, conversation: str, key: str, parts: list[Part], kind: str, at: datetime) -> bool:
    """Plans something for one conversation; False where it was planned before."""
    if connection.execute(select(Delivery.id).where(Delivery.key == key)).first():
        return False
    delivery.plan(connection, [delivery.row_of(key, conversation, kind, parts, at)])
    return True
