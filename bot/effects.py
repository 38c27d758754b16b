"""Carrying out what a turn wants done, in the turn's transaction. One function an effect."""

from __future__ import annotations

import json

from sqlalchemy import Connection, delete, update

from bot import transcript
from dialogs.effects import CloseHandover, Erase, Export, OpenCase, SaveGroups, SaveProfile, SetConsent, ShowAccesses
from dialogs.messages import Paper, Part, Say
from dialogs.turn import Turn
from knowledge import cases, people
from knowledge.db import CHINA
from knowledge.people import Graduate


def carry_out(connection: Connection, turn: Turn) -> list[Part]:
    """Applies the effects in order; returns what they add to the reply."""
    parts: list[Part] = []
    person, key, at = turn.person.graduate_id, turn.inbound.conversation, turn.now
    for effect in turn.effects:
        match effect:
            case OpenCase(kind, summary):
                cases.open_case(connection, person, key, kind, summary, at)
            case CloseHandover():
                cases.close_handover(connection, key, at)
            case SaveProfile(profile):
                connection.execute(update(Graduate).where(Graduate.id == person).values(profile=profile))
            case SetConsent(kind, given):
                people.record_consent(connection, person, kind, given, at)
            case SaveGroups(groups):
                people.save_groups(connection, person, groups, at)
            case Export():
                people.log_access(connection, person, "本人", "导出全部数据", at)
                parts.append(export(connection, turn))
            case ShowAccesses():
                parts.append(accesses(connection, person))
            case Erase():
                transcript.erase(connection, key, f"{key}|{turn.inbound.message_id}")
                connection.execute(delete(Graduate).where(Graduate.id == person))
    return parts


def export(connection: Connection, turn: Turn) -> Paper:
    """All data on the person as a JSON paper, conversation included."""
    held = people.record(connection, turn.person.graduate_id) | transcript.everything(connection, turn.inbound.conversation)
    return Paper("我的数据.json", "application/json", json.dumps(held, ensure_ascii=False, indent=1))


def accesses(connection: Connection, graduate_id: str) -> Say:
    rows = people.accesses(connection, graduate_id)
    if not rows:
        return Say("到现在还没有人看过你的档案。")
    seen = [f"· {row['at'].astimezone(CHINA):%Y-%m-%d %H:%M} {row['who']}:{row['what']}" for row in rows]
    return Say("\n".join(("最近看过或动过你档案的记录:", *seen)))
