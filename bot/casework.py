"""What a teacher does with a case from the command line: see it, answer it, close it. The console will do the same."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import update

from bot import transcript
from bot.app import App
from dialogs.messages import Choice, Say
from dialogs.place import Conversation
from knowledge import cases, people
from knowledge.db import CHINA


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
        said = transcript.history(connection, case["conversation"])
    lines = [f"编号 {case_id} {cases.KINDS[case['kind']]}\n{case['summary']}", "—— 对话 ——"]
    lines += [f"{ {'me': '本人', 'bot': '机器', 'staff': '老师'}[message['from']] }:{words(message)}" for message in said]
    return "\n".join(lines)


def words(message: dict[str, Any]) -> str:
    return message.get("text") or "\n".join(part.get("text", part.get("name", "")) for part in message["parts"])


def answered(app: App, case_id: int, text: str, who: str) -> bool:
    """Sends a teacher's words into the person's channel."""
    now = app.clock.now()
    with app.database.writing() as connection:
        case = cases.get(connection, case_id)
        if case is None:
            return False
        cases.mark_answered(connection, case_id, who, now)
        people.log_access(connection, case["graduate_id"], who, f"回复求助 {case_id}", now)
    app.say(case["conversation"], f"staff|{case_id}|{uuid.uuid4().hex}", [Say(f"{who}:{text}")]).result()
    return True


def closed(app: App, case_id: int) -> bool:
    """Closes the case; a conversation that a teacher had goes back to the machine, which says so."""
    now = app.clock.now()
    with app.database.writing() as connection:
        case = cases.get(connection, case_id)
        if case is None:
            return False
        cases.close(connection, case_id, now)
        query = update(Conversation).where(Conversation.key == case["conversation"], Conversation.mode == "human")
        back = connection.execute(query.values(mode="bot", due_at=None)).rowcount
    if back:
        app.say(
            case["conversation"], f"closed|{case_id}", [Say("老师这边办完了,我接着在。有事直接说。", (Choice("菜单", "go/menu"),))], "notice"
        ).result()
    return True
