"""What a teacher's answer teaches: question and answer become a draft of a policy entry, which a second person approves. From chats and console."""

from __future__ import annotations

import re
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import Connection, RowMapping, select

from bot.delivery import Delivery
from dialogs.messages import Say, from_json
from dialogs.place import Conversation
from knowledge.policy import revisions, store
from knowledge.policy.entry import Entry, Faq, explain
from knowledge.policy.questions import PERSONAL
from knowledge.policy.revisions import RevisionError
from knowledge.policy.search import PolicySearch

NEAR = 3
SPEAKER = re.compile("[:\uff1a]")
"""Behind the name of who answered; older answers have a narrow one."""


def exchange(connection: Connection, case: RowMapping) -> tuple[str, str]:
    """What the person asked, and what a teacher answered last; empty where there is none.

    A handover says who asked for one, and only behind these words what about.
    """
    memo = connection.execute(select(Conversation.memo).where(Conversation.key == case["conversation"])).scalar() or {}
    _, words, said = case["summary"].rpartition("说的是:")
    question = " ".join(str(memo.get("asked") or (said if words or case["kind"] != "handover" else "")).split())
    theirs = select(Conversation.key).where(Conversation.graduate_id == case["graduate_id"])
    told = select(Delivery.parts).where(Delivery.conversation.in_(theirs), Delivery.kind == "staff", Delivery.created_at >= case["opened_at"])
    rows = connection.execute(told.where(Delivery.key.startswith("staff|")).order_by(Delivery.id.desc()).limit(1)).scalar()
    first = from_json(rows[0]) if rows else None
    return question, SPEAKER.split(first.text, 1)[-1].strip() if isinstance(first, Say) else ""


def near(search: PolicySearch, question: str) -> list[tuple[str, str]]:
    """Entries it may belong to, id and title, the nearest first."""
    known = search.knowledge.entries
    return [(hit.id, hit.title) for hit in search.search(question).hits if hit.id in known][:NEAR] if question else []


def usable(question: str, told: str) -> None:
    """
    Raises:
        RevisionError: there is no question or no answer, or somebody's number is in them
    """
    if not question or not told:
        raise RevisionError("这件求助还没有问题和回答，先回复")
    if PERSONAL.search(question) or PERSONAL.search(told):
        raise RevisionError("这段话里像有手机号或证件号，不能存成政策")


def kept(connection: Connection, key: str, question: str, told: str, who: str, at: datetime) -> int:
    """The draft, on top of what its author drafted for the entry before. Returns its number.

    Raises:
        RevisionError
    """
    usable(question, told)
    revisions.lock(connection)
    mine = revisions.own_draft(connection, key, who)
    entry = store.item_of(mine["body"]) if mine else store.load(connection).entries.get(key)
    if not isinstance(entry, Entry):
        raise RevisionError(f"没有正在用的 {key}")
    try:
        changed = entry.model_copy(update={"faq": [*entry.faq, Faq(ask=[question], answer=told)]})
    except ValidationError as error:
        raise RevisionError(f"这段回答不能直接用：{explain(error)}；请在后台改短再起草") from error
    return revisions.draft(connection, changed, who, at)
