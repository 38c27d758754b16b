"""What a teacher does with a case from the command line and the console: see it, answer it, close it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, or_, select, update

from bot import delivery, shortlinks, talks, transcript
from bot.delivery import Delivery
from dialogs.handover import ANSWERED, TAKEN, UNTOLD, WAIT
from dialogs.messages import Choice, Part, Say
from dialogs.notices import TO_HUMAN
from dialogs.place import Conversation
from knowledge import cases, people
from knowledge.cases import Case
from knowledge.db import CHINA
from knowledge.ledger import record
from knowledge.ledger.record import Record

if TYPE_CHECKING:
    from bot.app import App
    from bot.audit import Note

SEE, LINK = Choice("我的去向登记", "open/registration"), Choice("连上学校登记", "open/record")


def listed(app: App, note: Note) -> str:
    with app.database.writing() as connection:
        rows = cases.open_cases(connection)
        note(connection, "看名单", "求助", new=f"{len(rows)} 件")
        told = answers(connection, rows)
    lines = [
        f"{row['id']:>5} {cases.KINDS[row['kind']]} {row['opened_at'].astimezone(CHINA):%m-%d %H:%M} "
        f"{told[row['id']] + ' ' if row['id'] in told else ''}{row['summary'].splitlines()[0]}"
        for row in rows
    ]
    return "\n".join(lines) or "没有等处理的事"


def shown(app: App, case_id: int, who: str, note: Note) -> str | None:
    """The case with its conversation; the reading is logged where the person can see it."""
    with app.database.writing() as connection:
        case = cases.get(connection, case_id)
        if case is None:
            return None
        people.log_access(connection, case["graduate_id"], who, f"查看求助 {case_id} 和对话", app.clock.now())
        note(connection, "看求助", f"求助 {case_id}")
        said = talk(connection, case, app.clock.now())
    lines = [f"编号 {case_id} {cases.KINDS[case['kind']]}\n{case['summary']}", "—— 对话 ——"]
    lines += [f"{ {'me': '本人', 'bot': '机器', 'staff': '老师'}[message['from']] }{fated(message)}：{words(message)}" for message in said]
    return "\n".join(lines)


def fated(message: dict[str, Any]) -> str:
    """Where a teacher's words are, as long as they have not arrived."""
    return f"({message['fate']})" if message["from"] == "staff" and message["fate"] else ""


def words(message: dict[str, Any]) -> str:
    return message.get("text") or shortlinks.masked("\n".join(part.get("text", part.get("name", "")) for part in message["parts"]))


def talk(connection: Connection, case: RowMapping, now: datetime, most: int = 60) -> list[dict[str, Any]]:
    """What was said where the case began, and the answers to it that went to another conversation because that one is shut."""
    theirs = select(Conversation.key).where(Conversation.graduate_id == case["graduate_id"])
    about = Delivery.key.startswith(f"staff|{case['id']}|", autoescape=True)
    return transcript.history(connection, case["conversation"], now, most, and_(Delivery.conversation.in_(theirs), about), staff=True)


def answers(connection: Connection, rows: Sequence[RowMapping]) -> dict[int, str]:
    """What lists say of the cases that were answered: whether the last answer has arrived, and whether the person has written since."""
    held = {row["id"]: row["graduate_id"] for row in rows if row["answered_at"]}
    query = select(Delivery.key, Delivery.status, Delivery.error).join(Conversation, Conversation.key == Delivery.conversation)
    query = query.where(Conversation.graduate_id.in_(held.values()), Delivery.kind == "staff", Delivery.key.startswith("staff|"))
    last = {key.split("|")[1]: delivery.fate(status, error) for key, status, error in connection.execute(query.order_by(Delivery.id))}
    fates = {number: f"({fate})" if (fate := last.get(str(number))) else "" for number in held}
    again = written_since(connection, held)
    return {number: f"已回{fate}{'，本人又说话了' if number in again else ''}" for number, fate in fates.items()}


def written_since(connection: Connection, numbers: Collection[int]) -> set[int]:
    """Those of the answered cases in whose conversation, which a teacher has, the person had the last word."""
    query = select(Case.id).join(Conversation, Conversation.graduate_id == Case.graduate_id)
    query = query.where(Case.id.in_(numbers), Conversation.mode == "human", Conversation.memo[ANSWERED].as_boolean().is_(None))
    return set(connection.execute(query.where(or_(Conversation.key == Case.conversation, taken(Case.id)))).scalars())


def taken(number: Any) -> ColumnElement[bool]:
    """A teacher has the conversation by this case."""
    return and_(Conversation.mode == "human", Conversation.memo[TAKEN].as_integer() == number)


def answered(connection: Connection, case: RowMapping, text: str, who: str, once: str, at: datetime, *, stay: bool = True) -> str:
    """Plans a teacher's words into the person's channel. `once`: what is given twice is said once; `stay`: the conversation is the teacher's
    from now on, as long as the case is open. Returns the conversation, where it was new."""
    where = talks.reached(connection, case["graduate_id"], case["conversation"])
    by = case["id"] if stay and case["closed_at"] is None else 0
    if not spoken(connection, where, f"staff|{case['id']}|{once}", f"{who}：{text}", at, by):
        return ""
    cases.mark_answered(connection, case["id"], who, at)
    people.log_access(connection, case["graduate_id"], who, f"回复求助 {case['id']}", at)
    return where


def written(connection: Connection, person: str, conversation: str, text: str, who: str, once: str, at: datetime, *, stay: bool = True) -> bool:
    """A teacher writes first. `stay`: what comes back is theirs, as the open case by which a teacher has the conversation, or as a new one."""
    by = 0
    if stay and not known(connection, once):
        held = having(connection, conversation)
        by = held[0] if held else cases.open_case(connection, person, conversation, "handover", f"{who}先写的话，本人回了就发到这里。", at)
    if not spoken(connection, conversation, once, f"{who}：{text}", at, by):
        return False
    if by:
        cases.mark_answered(connection, by, who, at)
    people.log_access(connection, person, who, "发消息", at)
    return True


def spoken(connection: Connection, conversation: str, key: str, text: str, at: datetime, by: int = 0) -> bool:
    """A teacher's own words. `by`: the case by which they have the conversation from now on; where they have it, the bot waits anew. False where
    they were planned before."""
    if not said(connection, conversation, key, [Say(text)], "staff", at):
        return False
    here = Conversation.key == conversation
    row = connection.execute(select(Conversation.mode, Conversation.memo).where(here).with_for_update()).first()
    if row is None or not (by or row.mode == "human"):
        return True
    memo = row.memo | {ANSWERED: True} | ({TAKEN: by} if by else {}) | ({UNTOLD: True} if row.mode == "bot" else {})
    connection.execute(update(Conversation).where(here).values(mode="human", memo=memo, due_at=at + WAIT))
    return True


def having(connection: Connection, conversation: str) -> list[int]:
    """The open cases by which a teacher has a conversation, or is to answer somebody there who asked for one; first the one of the last answer."""
    here = Conversation.key == conversation
    by = select(Conversation.memo[TAKEN].as_integer()).where(here, Conversation.mode == "human")
    number = connection.execute(by).scalar()
    asked = and_(Case.conversation == conversation, Case.kind == "handover")
    query = select(Case.id).where(Case.closed_at.is_(None), or_(asked, Case.id == number)).order_by(Case.id != number, Case.id)
    return list(connection.execute(query).scalars())


def closed(connection: Connection, case: RowMapping, at: datetime, who: str = "老师") -> list[str]:
    """Closes the case; a conversation that a teacher had goes back to the machine, which says so, unless a teacher is still to answer there.
    Returns the conversations that went back.

    A dispute that is closed was looked into by `who` and changes nothing.
    """
    if case["kind"] == "dispute" and case["closed_at"] is None:
        stands(connection, case, who, at)
    cases.close(connection, case["id"], at)
    theirs = select(Conversation.key).where(Conversation.graduate_id == case["graduate_id"], Conversation.mode == "human")
    here = connection.execute(theirs.where(or_(Conversation.key == case["conversation"], taken(case["id"])))).scalars().all()
    return [key for key in here if not having(connection, key) and handed_back(connection, key, f"closed|{case['id']}|{key}", at)]


def stands(connection: Connection, case: RowMapping, who: str, at: datetime) -> None:
    """Looked into: what is on record stays as it is, and lists may change it again."""
    mine = select(Record.__table__).where(Record.graduate_id == case["graduate_id"]).order_by(Record.id)
    rows = connection.execute(mine).mappings().all()
    for row in [row for row in rows if row["disputed_at"]] or rows[:1]:
        settled(connection, row, row["destination"], who, at, "核对过，没有改" if row["disputed_at"] else None)
    if not rows:
        outcome = Say("你说去向登记不对的事，老师办完了。连上学校登记，就能看到现在怎么写的。", (LINK, TO_HUMAN))
        said(connection, talks.reached(connection, case["graduate_id"], case["conversation"]), f"settled|case|{case['id']}", [outcome], "notice", at)


def settled(connection: Connection, row: RowMapping, to: str, who: str, at: datetime, note: str | None = "") -> str:
    """A destination by the word of a member of staff; no note: nothing is written. Who disputed the one before hears what came of it, and their
    case is closed with the last of their records. Returns the conversation where it is said."""
    if note is not None:
        record.settle(connection, row["id"], to, who, at, note)
    person = row["graduate_id"]
    if person is None:
        return ""
    left = connection.execute(select(Record.id).where(Record.graduate_id == person, Record.disputed_at.is_not(None))).first()
    began = "" if left else cases.close_disputes(connection, person, at)
    if not began and not row["disputed_at"]:
        return ""
    where = talks.reached(connection, person, began or next((talk.key for talk in talks.of(connection, [person]).get(person, [])), ""))
    same, name = to == row["destination"], to or "没填"
    told = f"老师核对过了，登记还是「{name}」，没有改。" if same else f"老师核对过了，现在登记的是「{name}」。"
    outcome = Say(f"你说去向登记不对的事：{told}还不对就找老师说。", (SEE, TO_HUMAN))
    return where if where and said(connection, where, f"settled|{row['id']}|{at.isoformat()}", [outcome], "notice", at) else ""


def on(app: App, case_id: int, work: Callable[[Connection, RowMapping], Any]) -> bool:
    """Does something with a case in the program's writer. False: there is no such case."""

    def found(connection: Connection) -> bool:
        case = cases.get(connection, case_id)
        if case is not None:
            work(connection, case)
        return case is not None

    return bool(app.inbox.write(found).result())


def handed_back(connection: Connection, conversation: str, key: str, at: datetime) -> bool:
    """Gives a conversation that a teacher has back to the machine, which says so. Who asked for a teacher and was answered has had one."""
    query = update(Conversation).where(Conversation.key == conversation, Conversation.mode == "human")
    if not connection.execute(query.values(mode="bot", due_at=None)).rowcount:
        return False
    cases.close_handover(connection, conversation, at, answered=True)
    return said(connection, conversation, key, [Say("老师这边办完了，我接着在。有事直接说。", (Choice("菜单", "go/menu"),))], "notice", at)


def back(connection: Connection, person: str, at: datetime) -> list[str]:
    """All conversations of a person that a teacher has go back to the machine. Returns them."""
    keys = [talk.key for talk in talks.of(connection, [person]).get(person, []) if talk.mode == "human"]
    return [key for key in keys if handed_back(connection, key, f"back|{key}|{at.isoformat()}", at)]


def known(connection: Connection, key: str) -> bool:
    """Whether something was planned before."""
    return connection.execute(select(Delivery.id).where(Delivery.key == key)).first() is not None


def said(connection: Connection, conversation: str, key: str, parts: list[Part], kind: str, at: datetime) -> bool:
    """Plans something for one conversation; False where it was planned before."""
    if known(connection, key):
        return False
    delivery.plan(connection, [delivery.row_of(key, conversation, kind, parts, at)])
    return True
