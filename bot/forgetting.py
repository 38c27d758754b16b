"""Erasing: a whole person on their own word, or only what came through one channel when they leave it. The books stay balanced."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select

from bot import allowances, dutywork, services, transcript
from bot.web.console.staff import DutyChat
from dialogs.place import Conversation
from knowledge.cases import Case
from knowledge.clinic.papers import KeptResume
from knowledge.clinic.queue import Submission
from knowledge.clinic.slots import Booking
from knowledge.ledger import sharing
from knowledge.passes import Pass
from knowledge.people import Graduate, Identity
from knowledge.policy.questions import OpenQuestion


def person(connection: Connection, graduate_id: str, last: str) -> None:
    """Everything held on somebody, on every channel. `last` is the key of the message that asked for it (see `transcript.erase`)."""
    unshow(connection, Case.graduate_id == graduate_id)
    for key in conversations(connection, graduate_id):
        transcript.erase(connection, key, last)
        allowances.forget(connection, key)
    connection.execute(delete(Graduate).where(Graduate.id == graduate_id))


def channel(connection: Connection, conversation: str, at: datetime) -> None:
    """What came through one channel. The person goes with it unless they are here by another one too.

    WeChat asks for it at once when somebody unfollows [D dws/Account_Management/Wechat_Accreditation_Event_Push.html].
    """
    platform, account, handle = conversation.split(":", 2)
    where = (Identity.channel == platform, Identity.account == account, Identity.handle == handle)
    who = connection.execute(select(Identity.graduate_id).where(*where)).scalar()
    if who:
        services.gather(connection, at, who)
    unshow(connection, Case.conversation == conversation)
    transcript.erase(connection, conversation, "")
    allowances.forget(connection, conversation)
    for table in (KeptResume, Pass, Submission, Booking, Case, OpenQuestion):
        connection.execute(delete(table).where(table.conversation == conversation))
    if who is None:
        return
    others = connection.execute(select(func.count()).select_from(Identity).where(Identity.graduate_id == who)).scalar_one()
    if others <= 1:
        sharing.forget(connection, who)
        connection.execute(delete(Graduate).where(Graduate.id == who))
        return
    connection.execute(delete(Identity).where(*where))
    connection.execute(delete(Conversation).where(Conversation.key == conversation))


def unshow(connection: Connection, which: ColumnElement[bool]) -> None:
    """What teachers on duty were shown of these cases in their chats."""
    numbers = connection.execute(select(Case.id).where(which)).scalars().all()
    if numbers:
        dutywork.blank(connection, select(DutyChat.conversation), numbers)


def conversations(connection: Connection, graduate_id: str) -> list[str]:
    return list(connection.execute(select(Conversation.key).where(Conversation.graduate_id == graduate_id)).scalars())
