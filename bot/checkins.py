"""Asking the people of the ledger how it goes: who is due, on which channel, and what their answers do, in the turn's transaction.

Asked are linked people without a place yet, nobody twice in a round, nobody who was heard or reached in it; a round that nobody answered
goes to another channel of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, String, bindparam, cast, func, select, update

from bot import talks
from bot.talks import Talk
from dialogs.checkin import KEEP
from dialogs.effects import AskedHow, CheckIn, OfferDestinations, SaidHow, SettleOwn, StopAsking
from dialogs.messages import Choice, Part, Say
from dialogs.notices import TO_MENU
from dialogs.turn import Turn
from knowledge import cases
from knowledge.db import local_date
from knowledge.ledger import contact, destinations, record
from knowledge.ledger.contact import CheckIn as Row
from knowledge.ledger.record import FollowUp, Record
from knowledge.links import CHANNELS
from knowledge.tables import bare

if TYPE_CHECKING:
    from bot.app import App
    from bot.config import FollowUp as Rules

CHUNK = 500
PRIORITY = cast(Record.groups, String) != "[]"
"""People of a group that is looked after first."""
HEARD = {"升学": "真好，祝贺你。", "创业": "真好，祝顺顺当当。", "待就业": "好，慢慢来。", "暂不就业": "好，按你自己的节奏来。"}
WORKS, GOES_WELL = "真好，上班顺利。", "真好，一切顺利。"
"""What is said first of what a destination counts as."""
PROOF = {"升学": "录取通知", "创业": "营业执照或店铺网址", "待就业": "", "暂不就业": ""}
PEACE = "改成这一类以后我不再按时问近况，想找了随时说。"


def advance(app: App) -> bool:
    """Puts off, a chunk at a time, those whose time has come and who are not to be asked. Returns whether there was one."""
    now = app.clock.now()
    with app.database.reading() as connection:
        _, later = looked(connection, now, app.settings.followup)
    if not later:
        return False
    mine = update(Row).where(Row.record_id == bindparam("who"), Row.next_at <= bindparam("now", type_=Row.next_at.type))
    with app.database.writing() as connection:
        connection.execute(mine.values(next_at=bindparam("at", type_=Row.next_at.type)), [{"who": who, "at": at, "now": now} for who, at in later])
    return True


def due(app: App, connection: Connection, now: datetime) -> list[tuple[str, str, str]]:
    """Conversation, message id and text of each question whose time has come; at night none."""
    if app.quiet.until(now):
        return []
    asked, _ = looked(connection, now, app.settings.followup)
    return asked


def looked(connection: Connection, now: datetime, rules: Rules) -> tuple[list[tuple[str, str, str]], list[tuple[int, datetime]]]:
    """Of the first chunk: the questions to ask, and those put off with the time to which."""
    query = select(Row.__table__, Record.graduate_id, Record.destination, PRIORITY.label("first")).join(Record, Record.id == Row.record_id)
    query = query.where(Row.next_at <= now)
    rows = connection.execute(query.order_by(Row.next_at, Row.record_id).limit(CHUNK)).mappings().all()
    if not rows:
        return [], []
    owed, held = set(destinations.open_ends(connection)), talks.of(connection, [row["graduate_id"] for row in rows if row["graduate_id"]])
    reached = {row[0]: row[1] for row in connection.execute(last_reached([row["record_id"] for row in rows]))}
    asked: list[tuple[str, str, str]] = []
    later: list[tuple[int, datetime]] = []
    for row in rows:
        days = rules.priority_days if row["first"] else rules.days
        mine = held.get(row["graduate_id"], [])
        open_ = sorted(talks.reaching(mine, unasked=True, free=True), key=is_page)
        heard = mine[0].heard if mine else None
        day = reached.get(row["record_id"])
        if row["stopped_at"] or row["destination"] not in owed or not open_:
            later.append((row["record_id"], contact.following(now, days)))
        elif heard and heard > now - timedelta(days=days) and contact.following(heard, days) > now:
            later.append((row["record_id"], contact.following(heard, days)))
        elif day and day > local_date(now) - timedelta(days=days):
            later.append((row["record_id"], contact.following(now, days - (local_date(now) - day).days)))
        else:
            rounds = row["rounds"] if heard and row["asked_at"] and heard < row["asked_at"] else 0
            talk = open_[rounds % len(open_)]
            since = row["asked_at"].isoformat() if row["asked_at"] else "first"
            asked.append((talk.key, f"howis-{row['record_id']}-{since}", f"howis/{row['record_id']}/{days}"))
    return asked, later


def is_page(talk: Talk) -> bool:
    """One that they would have to open; it comes last."""
    return talk.key.startswith("web:")


def last_reached(records: Sequence[int]) -> Any:
    return select(FollowUp.record_id, func.max(FollowUp.on)).where(FollowUp.record_id.in_(records), FollowUp.reached).group_by(FollowUp.record_id)


def carry_out(connection: Connection, turn: Turn, effect: CheckIn) -> list[Part]:
    person, now = turn.person.graduate_id, turn.now
    match effect:
        case AskedHow(number, days):
            contact.asked(connection, number, now, days)
        case SaidHow(answer, peace):
            way = CHANNELS.get(turn.inbound.conversation.partition(":")[0], "对话").strip()
            contact.heard(connection, person, answer, way, turn.today)
            if peace:
                contact.later(connection, person, now, peace)
        case StopAsking(stopped):
            contact.stop(connection, person, now if stopped else None)
        case OfferDestinations(rates, like):
            return [offered(connection, person, rates, like)]
        case SettleOwn(name):
            if contact.settle(connection, person, name, now):
                cases.close_disputes(connection, person, now)
                proof = PROOF.get(destinations.rates(connection)[name], "合同、协议或通知")
                asked = f"老师核对时可能请你给{proof}；" if proof else ""
                return [Say(f"改好了：「{name}」，写明是你自己说的。{asked}写错了发「我的去向登记不对」。", (TO_MENU,))]
            return [Say("这一项登记不了了，告诉老师就行。", (Choice("问老师", "go/human"), TO_MENU))]
    return []


def offered(connection: Connection, person: str, rates: tuple[str, ...], like: str) -> Say:
    """What the record says now, and what it may say instead; nothing changes unless they choose."""
    held, known = record.own(connection, person), destinations.rates(connection)
    named = destinations.meanings(connection).get(bare(like), "") if like else ""
    rates = (known[named],) if named else rates
    heard = HEARD.get(rates[0], GOES_WELL if named else WORKS)
    if held is None:
        return Say(f"{heard}有拿不准的随时问我。", (TO_MENU,))
    now = held["destination"]
    others = [name for name, rate in known.items() if rate in rates and name not in (named, now)]
    if named == now if named else not others:
        return Say(f"{heard}学校登记的就是「{now or '还没填'}」，不用改。", (TO_MENU,))
    how = f"是「{named}」的话，点它就改" if named else "要按你说的改，就选和实际一样的那一项"
    text = f"{heard}学校登记的去向现在是「{now or '还没填'}」，{how}；不改也没关系。{PEACE if rates == ('暂不就业',) else ''}"
    return Say(text, (*(Choice(name, f"howis/set/{name}") for name in (*filter(None, (named,)), *others)), KEEP))
