"""Carrying out what turns want done, in their transaction: what most turns want for all at once, the rest one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product, zip_longest
from typing import Any

from sqlalchemy import Connection, select, update

from bot import broadcast, coming, delivery, duty, forgetting, hours, lab, registration, services, sharing, talks, transcript
from bot.planner import Carrier
from dialogs import notices, reminders
from dialogs.effects import (
    Asked,
    CheckIn,
    Clinic,
    CloseHandover,
    CompareResume,
    Desk,
    DropReminder,
    Effect,
    Erase,
    Events,
    Export,
    ForgetWishes,
    Hours,
    Join,
    KeepQuestion,
    KeepResume,
    KeepWish,
    Mark,
    OfferCode,
    OpenCase,
    Remind,
    SaveGroups,
    SaveProfile,
    SetConsent,
    Sharing,
    ShowAccesses,
    Showed,
    Unlink,
    Unmark,
    WantAnswer,
    WantNews,
)
from dialogs.messages import Link, Paper, Part, Say
from dialogs.place import Conversation
from dialogs.turn import Turn
from knowledge import cases, links, people
from knowledge.clinic import papers, queue, slots
from knowledge.db import CHINA
from knowledge.ledger import record
from knowledge.ledger.sharing import forget, refuse
from knowledge.ledger.sharing import own as home
from knowledge.policy import questions
from knowledge.postings import posting, wishes

ROOMS: tuple[tuple[Any, Callable[[Connection, Turn, Any], list[Part]]], ...] = (
    (registration.Registration | CheckIn, registration.carry_out),
    (Clinic, lab.carry_out),
    (Events, coming.carry_out),
    (Desk, duty.carry_out),
    (Hours, hours.carry_out),
    (Sharing, sharing.carry_out),
)
"""Effects that have a file of their own."""
ANSWERS = (CompareResume, KeepResume)
"""What these add to a reply is what was asked for; the question that the dialog goes on with comes after it."""
EXPORTS = timedelta(hours=1)
"""How often somebody gets all of their data: each copy is kept with what was said, and making it holds the writer up."""
EXPORTED = ("本人", "导出全部数据")


def carry_out(connection: Connection, turns: Sequence[Turn], carriers: Mapping[str, Carrier]) -> list[list[Part]]:
    """Applies the effects of each turn in their order; returns what they add to each reply."""
    added: list[list[Part]] = [[] for _ in turns]
    for effects in zip_longest(*(turn.effects for turn in turns)):
        together(connection, [(turn, effect) for turn, effect in zip(turns, effects, strict=True) if effect])
        for parts, turn, effect in zip(added, turns, effects, strict=True):
            said = alone(connection, turn, effect, carriers)
            if isinstance(effect, ANSWERS) and turn.place.top and turn.parts:
                turn.parts[-1:-1] = said
            else:
                parts += said
    return added


def together(connection: Connection, wanted: Sequence[tuple[Turn, Effect]]) -> None:
    """The effects of filling in a form and of questions without an answer, with one statement for all people."""
    people.save_profiles(connection, [(turn.person.graduate_id, effect.profile) for turn, effect in wanted if isinstance(effect, SaveProfile)])
    for kind, given in product(("profile", "groups"), (True, False)):
        said = [(turn.person.graduate_id, turn.now) for turn, effect in wanted if effect == SetConsent(kind, given)]
        people.record_consent(connection, kind, given, said)
    people.save_groups(connection, {turn.person.graduate_id: (effect.groups, turn.now) for turn, effect in wanted if isinstance(effect, SaveGroups)})
    questions.keep(connection, [question(turn, effect) for turn, effect in wanted if isinstance(effect, KeepQuestion)])
    questions.wish(connection, [(turn.person.graduate_id, effect.number) for turn, effect in wanted if isinstance(effect, WantAnswer)])
    questions.forget_wishes(connection, [turn.person.graduate_id for turn, effect in wanted if isinstance(effect, ForgetWishes)])


def question(turn: Turn, kept: KeepQuestion) -> dict[str, Any]:
    who, where = turn.person.graduate_id, turn.inbound.conversation
    return {"graduate_id": who, "conversation": where, "number": kept.number, "text": kept.text, "reason": kept.reason, "asked_at": turn.now}


def alone(connection: Connection, turn: Turn, effect: Effect | None, carriers: Mapping[str, Carrier]) -> list[Part]:
    """The rarer effects."""
    person, key, at = turn.person.graduate_id, turn.inbound.conversation, turn.now
    match effect:
        case OpenCase(kind, summary):
            number = cases.open_case(connection, person, key, kind, summary, at)
            duty.rouse(connection, number, turn.inbound.message_id, at, carriers)
        case CloseHandover():
            cases.close_handover(connection, key, at)
        case Showed() | Mark() | Unmark() | Asked() | KeepWish():
            about_work(connection, person, effect, at)
        case Remind() | DropReminder():
            reminders.change(connection, key, effect)
        case ForgetWishes():
            wishes.pause(connection, [person])
            theirs = talks.hush(connection, person, True)
            delivery.withdraw(connection, "|event-", at, theirs)
            for each in theirs:
                reminders.drop(connection, each, None)
                delivery.silence(connection, each, at)
        case WantNews():
            talks.hush(connection, person, False)
        case SetConsent(_, False):
            broadcast.withdraw(connection, person, at)
        case OfferCode() | Join() | Unlink():
            return [about_channels(connection, turn, effect)]
        case Export():
            return export(connection, turn)
        case ShowAccesses():
            return [accesses(connection, person)]
        case Erase():
            services.gather(connection, at, person)
            refuse(connection, person, at)
            forget(connection, person)
            forgetting.person(connection, person, f"{key}|{turn.inbound.message_id}")
        case _:
            return next((room(connection, turn, effect) for kinds, room in ROOMS if isinstance(effect, kinds)), [])
    return []


def about_channels(connection: Connection, turn: Turn, effect: OfferCode | Join | Unlink) -> Say:
    person, key, at = turn.person.graduate_id, turn.inbound.conversation, turn.now
    match effect:
        case OfferCode():
            channel, scan, bot = key.partition(":")[0], turn.world.scan, turn.world.telegram
            code = links.offer(connection, person, channel, at)
            shown = [Link("用微信扫码", scan)] if scan and channel == "web" else []
            if bot and channel != "telegram":
                shown.append(Link("在 Telegram 里打开", f"{bot}?start={code}"))
            return Say(notices.CODE.format(code=code), links=tuple(shown))
        case Join(code):
            joined = links.join(connection, code, person, at)
            if joined:
                turn.place.memo |= talks.agree(connection, key)
                services.gather(connection, at, connection.execute(select(Conversation.graduate_id).where(Conversation.key == key)).scalar_one())
            return Say(notices.JOINED if joined else notices.BAD_CODE, (notices.TO_MENU,))
    services.gather(connection, at, person)
    parted = links.part(connection, person, key, at)
    if parted:
        connection.execute(update(Conversation).where(Conversation.key == key).values(graduate_id=parted))
    return Say(notices.PARTED if parted else notices.ALONE, (notices.TO_MENU,))


def about_work(connection: Connection, person: str, effect: Showed | Mark | Unmark | Asked | KeepWish, at: datetime) -> None:
    match effect:
        case Showed(shown):
            wishes.show(connection, person, shown, at)
        case Mark(posting_id, action, reason, due_at):
            wishes.mark(connection, person, posting_id, action, reason, at, due_at)
        case Unmark(posting_id, action):
            wishes.unmark(connection, person, posting_id, action)
        case Asked(posting_id):
            wishes.asked(connection, person, posting_id)
        case KeepWish(wanted, rhythm):
            wishes.keep(connection, person, wanted, rhythm, at)


def export(connection: Connection, turn: Turn) -> list[Part]:
    """All data on the person as a JSON paper, conversation included; once in `EXPORTS`, which is read from the log of accesses."""
    who, where = turn.person.graduate_id, forgetting.conversations(connection, turn.person.graduate_id)
    if people.accessed(connection, who, *EXPORTED, turn.now - EXPORTS):
        return [Say(notices.EXPORTED, (notices.TO_MENU,))]
    people.log_access(connection, who, *EXPORTED, turn.now)
    held = people.record(connection, who) | {"questions": questions.record(connection, who)}
    held |= posting.record(connection, who)
    held["resumes"] = papers.record(connection, turn.world.seal, who)
    held |= {"submissions": queue.record(connection, who), "bookings": slots.record(connection, who)}
    held["school_record"] = record.own(connection, who)
    if number := home(connection, turn.world.seal, who):
        held["school_record"]["family_phone"] = number
    held |= {"cases": cases.record(connection, who), "events": coming.record(connection, where)}
    held["reminders"] = reminders.record(connection, where)
    held |= transcript.everything(connection, where)
    paper = Paper("我的数据.json", "application/json", json.dumps(held, ensure_ascii=False, indent=1, default=str))
    return [Say(notices.EXPORT, (notices.TO_MENU,)), paper]


def accesses(connection: Connection, graduate_id: str) -> Say:
    rows = people.accesses(connection, graduate_id)
    if not rows:
        return Say("到现在还没有人看过你的档案。")
    seen = [f"· {row['at'].astimezone(CHINA):%Y-%m-%d %H:%M} {row['who']}:{row['what']}" for row in rows]
    return Say("\n".join(("最近看过或动过你档案的记录：", *seen)))
