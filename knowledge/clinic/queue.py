"""The experts' queue: a résumé handed in to be read by a person, taken, given back, remarked on, answered, written back to.

Everything takes a connection and gives plain values. Nothing is sent here: `answer` says what is to be sent.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, ForeignKey, RowMapping, String, Text, UniqueConstraint, and_, func, insert, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge import people, workdays
from knowledge.clinic import ClinicError, NotHeldError, Rules, blind, papers
from knowledge.clinic.papers import KeptResume
from knowledge.db import CHINA, Base, Id, local_date
from knowledge.ledger.seal import Seal, SealError
from knowledge.people import Graduate

DATA = Path(__file__).parent / "data"
STATES = {"waiting": "等老师", "taken": "老师在看", "answered": "看完了", "withdrawn": "本人收回"}
OPEN = ("waiting", "taken")
SIGNS = str.maketrans("，：；（）！？％～　", ",:;()!?%~ ")
CLOSING = time(18)
"""In China: the end of the day by which an answer is promised."""
GONE = "(原文已经删掉了)"


class Submission(Base):
    """One résumé handed in. `resume_id` is the version to read now; `earlier` are experts who gave it on to another."""

    __tablename__ = "submission"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012  # experts answer by number: an erased one must not come back

    id: Mapped[Id]
    graduate_id: Mapped[str] = mapped_column(ForeignKey(Graduate.id, ondelete="CASCADE"), index=True)
    conversation: Mapped[str] = mapped_column(String(220))
    resume_id: Mapped[str | None] = mapped_column(ForeignKey(KeptResume.id, ondelete="SET NULL"), index=True)
    goal: Mapped[str] = mapped_column(Text)
    posting: Mapped[str] = mapped_column(Text)
    look: Mapped[str] = mapped_column(Text)
    named: Mapped[bool]
    """The person agreed to be seen by name."""
    state: Mapped[str] = mapped_column(String(10), index=True)
    owner: Mapped[str] = mapped_column(String(64))
    earlier: Mapped[list[str]] = mapped_column(JSON)
    submitted_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class ExpertRemark(Base):
    """One version of one remark. The newest version of a number counts; an empty text takes it back. Places are in the text of `resume_id`."""

    __tablename__ = "expert_remark"
    __table_args__ = (UniqueConstraint("submission_id", "number", "version"),)

    id: Mapped[Id]
    submission_id: Mapped[int] = mapped_column(ForeignKey(Submission.id, ondelete="CASCADE"))
    number: Mapped[int]
    version: Mapped[int]
    resume_id: Mapped[str] = mapped_column(String(22), index=True)
    start: Mapped[int | None]
    end: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    letter_id: Mapped[int | None]
    """The letter it went out with."""


class Letter(Base):
    """What was written over a submission. `by` empty: the graduate. `delivery`: the key it is sent under."""

    __tablename__ = "clinic_letter"

    id: Mapped[Id]
    submission_id: Mapped[int] = mapped_column(ForeignKey(Submission.id, ondelete="CASCADE"), index=True)
    by: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    delivery: Mapped[str | None] = mapped_column(String(300), unique=True)
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be sent: under which key, to whom, the expert's words and remarks as (quote, text)."""

    key: str
    graduate_id: str
    conversation: str
    words: str
    remarks: tuple[tuple[str, str], ...]
    resume_id: str | None


@dataclass(frozen=True, slots=True)
class Promise:
    """What the person is told: the number, until when, whether the calendar is out, and whether it joined one that was waiting."""

    number: int
    due: date
    sure: bool
    again: bool


@cache
def canned() -> dict[str, tuple[str, str]]:
    """Remarks ready to use: title and text by their short name."""
    return {row["id"]: (row["title"], row["text"]) for row in tomllib.loads((DATA / "canned.toml").read_text(encoding="utf8"))["remark"]}


def due(at: datetime, rules: Rules) -> tuple[datetime, bool]:
    day, sure = workdays.after(local_date(at), rules.answer_days)
    return datetime.combine(day, CLOSING, CHINA), sure


def submit(
    connection: Connection, owner: tuple[str, str], resume_id: str, said: tuple[str, str, str], named: bool, at: datetime, rules: Rules
) -> Promise:
    """Hands a kept résumé in. `owner`: graduate and conversation; `said`: goal, target posting, what to look at. One that still
    waits gets the newer version."""
    until, sure = due(at, rules)
    papers.extend(connection, resume_id, until + timedelta(days=rules.keep_days))
    goal, posting, look = said
    values: dict[str, Any] = {"resume_id": resume_id, "goal": goal, "posting": posting, "look": look, "named": named, "conversation": owner[1]}
    query = select(Submission.id, Submission.due_at).where(Submission.graduate_id == owner[0], Submission.state.in_(OPEN))
    held = connection.execute(query.order_by(Submission.id.desc())).first()
    if held:
        connection.execute(update(Submission).where(Submission.id == held.id).values(**values))
        return Promise(held.id, local_date(held.due_at), sure, again=True)
    new = {"graduate_id": owner[0], "state": "waiting", "owner": "", "earlier": [], "submitted_at": at, "due_at": until}
    number = connection.execute(insert(Submission).values(values | new).returning(Submission.id)).scalar_one()
    return Promise(int(number), until.date(), sure, again=False)


def listed(connection: Connection, at: datetime, *, everything: bool = False) -> list[dict[str, Any]]:
    """The queue, the most urgent first; nothing in it tells who somebody is."""
    query = select(Submission.__table__).order_by(Submission.due_at, Submission.id)
    rows = connection.execute(query if everything else query.where(Submission.state.in_(OPEN))).mappings().all()
    return [line(row, at) for row in rows]


def line(row: RowMapping, at: datetime) -> dict[str, Any]:
    return {
        "number": row["id"],
        "state": row["state"],
        "owner": row["owner"],
        "goal": blind.hidden(row["goal"])[:60],
        "earlier": row["earlier"],
        "submitted_at": row["submitted_at"].isoformat(),
        "due_at": row["due_at"].isoformat(),
        "late": row["state"] in OPEN and row["due_at"] < at,
    }


def pressing(connection: Connection, who: str, at: datetime, most: int, *, everybody: bool = False) -> list[dict[str, Any]]:
    """What waits for `who`: what they hold, and what is late in nobody's hands and may be theirs. `everybody`: all that is late, too."""
    late = Submission.due_at < at
    free = and_(late, or_(Submission.owner == "", Submission.state == "waiting"))
    query = select(Submission.__table__).where(Submission.state.in_(OPEN), or_(Submission.owner == who, late if everybody else free))
    rows = connection.execute(query.order_by(Submission.due_at, Submission.id).limit(most)).mappings().all()
    return [line(row, at) for row in rows if everybody or row["owner"] == who or who not in row["earlier"]]


def get(connection: Connection, number: int, who: str = "") -> RowMapping:
    """
    Raises:
        ClinicError: there is none; or it is not in the hands of `who`, where given
    """
    row = connection.execute(select(Submission.__table__).where(Submission.id == number).with_for_update()).mappings().first()
    if row is None:
        raise ClinicError(f"没有 {number} 号简历")
    if who and (row["state"] != "taken" or row["owner"] != who):
        raise NotHeldError(f"{number} 号不在你手上({told(row)}),先领过来")
    return row


def told(row: RowMapping) -> str:
    return STATES[row["state"]] + (f":{row['owner']}" if row["owner"] else "")


def take(connection: Connection, number: int, who: str, at: datetime) -> None:
    """
    Raises:
        ClinicError: another has it, or it wants another's eyes
    """
    row = get(connection, number)
    if not who.strip():
        raise ClinicError("要写清是哪位老师")
    if row["state"] == "taken" and row["owner"] == who:
        return
    if row["state"] != "waiting" or (row["owner"] not in ("", who) and row["due_at"] > at):  # a reply is its expert's while there is time
        raise ClinicError(f"{number} 号现在领不了({told(row)})")
    if who in row["earlier"]:
        raise ClinicError(f"{number} 号要请另一位老师看,你已经看过了")
    connection.execute(update(Submission).where(Submission.id == number).values(state="taken", owner=who))
    people.log_access(connection, row["graduate_id"], who, f"领取简历诊断 {number}", at)


def give_back(connection: Connection, number: int, who: str, why: str, at: datetime, *, second: bool = False) -> None:
    """Back into the queue; with `second` for another expert, who sees the remarks made so far.

    Raises:
        ClinicError
    """
    row = get(connection, number, who)
    earlier = [*row["earlier"], who] if second and who not in row["earlier"] else row["earlier"]
    connection.execute(update(Submission).where(Submission.id == number).values(state="waiting", owner="", earlier=earlier))
    write(connection, number, who, f"({'请另一位老师看' if second else '退回'}){why}", at)


def write(connection: Connection, number: int, by: str, text: str, at: datetime, delivery: str | None = None) -> int:
    row = {"submission_id": number, "by": by, "text": text, "delivery": delivery, "at": at}
    return int(connection.execute(insert(Letter).values(row).returning(Letter.id)).scalar_one())


def texts(connection: Connection, seal: Seal, row: RowMapping, resume_id: str | None) -> tuple[str, str]:
    """The text of a version as written and as this expert may see it; both empty where it is gone."""
    kept = papers.find(connection, resume_id) if resume_id else None
    try:
        text = papers.opened(seal, kept).text if kept else ""
    except SealError:
        text = ""
    return text, text if row["named"] else blind.resume(text)[0]


def view(connection: Connection, seal: Seal, number: int, who: str, at: datetime) -> dict[str, Any]:
    """All an expert needs, by name only where the person agreed; the reading is logged where the person sees it.

    Raises:
        ClinicError
    """
    row = get(connection, number)
    people.log_access(connection, row["graduate_id"], who, f"查看简历诊断 {number}{'' if row['named'] else '(匿名)'}", at)
    text, seen = texts(connection, seal, row, row["resume_id"])
    name = "" if row["named"] else blind.resume(text)[1]

    def covered(said: str) -> str:
        return said if row["named"] else blind.hidden(said, name=name)

    written = select(Letter.by, Letter.text, Letter.at).where(Letter.submission_id == number).order_by(Letter.id)
    letters = [{"by": by or "本人", "text": covered(said), "at": when.isoformat()} for by, said, when in connection.execute(written)]
    return {
        "number": number,
        "state": row["state"],
        "owner": row["owner"],
        "due_at": row["due_at"].isoformat(),
        "named": row["named"],
        **{name: covered(row[name]) for name in ("goal", "posting", "look")},
        "text": seen or GONE,
        "remarks": [public(connection, seal, row, remark) for remark in standing(connection, number)],
        "letters": letters,
    }


def public(connection: Connection, seal: Seal, row: RowMapping, remark: RowMapping) -> dict[str, Any]:
    seen = texts(connection, seal, row, remark["resume_id"])[1]
    quote = seen[remark["start"] : remark["end"]] if remark["start"] is not None else ""
    return {name: remark[name] for name in ("number", "version", "text", "by")} | {"quote": quote, "sent": remark["letter_id"] is not None}


def standing(connection: Connection, number: int) -> Sequence[RowMapping]:
    """The newest version of each remark that was not taken back."""
    newest = select(ExpertRemark.number, func.max(ExpertRemark.version).label("version")).where(ExpertRemark.submission_id == number)
    last = newest.group_by(ExpertRemark.number).subquery()
    query = select(ExpertRemark.__table__).join(last, (ExpertRemark.number == last.c.number) & (ExpertRemark.version == last.c.version))
    return (
        connection.execute(query.where(ExpertRemark.submission_id == number, ExpertRemark.text != "").order_by(ExpertRemark.number)).mappings().all()
    )


def plain(text: str) -> str:
    """In one form of signs, as long: what is copied by hand has other commas."""
    return text.translate(SIGNS)


def remark(connection: Connection, seal: Seal, number: int, who: str, text: str, at: datetime, *, quote: str = "", again: int | None = None) -> int:
    """A remark on the words of `quote`, or on the whole; `again`: a new version of that remark, taken back where the text is empty.

    Raises:
        ClinicError
    """
    row = get(connection, number, who)
    if again is None and not text.strip():
        raise ClinicError("意见是空的")
    written, seen = texts(connection, seal, row, row["resume_id"])
    start = next((at_ for held in (seen, written) if (at_ := plain(held).find(plain(quote))) >= 0), -1) if quote else None
    if start == -1:
        raise ClinicError(f"原文里没有「{quote[:30]}」,照着原文抄几个字")
    place: dict[str, Any] = {"start": start, "end": None if start is None else start + len(quote)}
    version = 1
    if again is None:
        count = select(func.coalesce(func.max(ExpertRemark.number), 0)).where(ExpertRemark.submission_id == number)
        again = connection.execute(count).scalar_one() + 1
    else:
        mine = select(ExpertRemark.__table__).where(ExpertRemark.submission_id == number, ExpertRemark.number == again)
        before = connection.execute(mine.order_by(ExpertRemark.version.desc()).limit(1)).mappings().first()
        if before is None:
            raise ClinicError(f"{number} 号没有第 {again} 条意见")
        version = before["version"] + 1
        place = place if quote else {"start": before["start"], "end": before["end"], "resume_id": before["resume_id"]}
    values: dict[str, Any] = {"submission_id": number, "number": again, "version": version, "resume_id": row["resume_id"] or "", "text": text.strip()}
    connection.execute(insert(ExpertRemark).values(values | {"by": who, "at": at} | place))
    return again


def answer(connection: Connection, seal: Seal, number: int, who: str, words: str, at: datetime, rules: Rules) -> Answer:
    """Closes the reading: the words and the remarks that have not gone out yet, to be sent under the key.

    Raises:
        ClinicError: there is nothing to say
    """
    row = get(connection, number, who)
    new = [each for each in standing(connection, number) if each["letter_id"] is None]
    if not new and not words.strip():
        raise ClinicError("还没有写意见,也没有写话,没什么可发的")
    letter = write(connection, number, who, words.strip(), at, f"clinic|{number}|{at.isoformat()}")
    connection.execute(update(ExpertRemark).where(ExpertRemark.id.in_([each["id"] for each in new])).values(letter_id=letter))
    connection.execute(update(Submission).where(Submission.id == number).values(state="answered", answered_at=at))
    if row["resume_id"]:
        papers.extend(connection, row["resume_id"], at + timedelta(days=rules.keep_days))
    said = []
    for each in new:
        text = texts(connection, seal, row, each["resume_id"])[0]
        said.append((text[each["start"] : each["end"]] if each["start"] is not None else "", each["text"]))
    return Answer(f"clinic|{number}|{at.isoformat()}", row["graduate_id"], row["conversation"], words.strip(), tuple(said), row["resume_id"])


def reply(connection: Connection, graduate_id: str, number: int | None, text: str, at: datetime, rules: Rules) -> Promise | None:
    """What the person writes back goes to the expert who answered; None: there is nothing to answer to."""
    query = select(Submission.id, Submission.state, Submission.due_at).where(Submission.graduate_id == graduate_id, Submission.state != "withdrawn")
    row = connection.execute((query.where(Submission.id == number) if number else query).order_by(Submission.id.desc()).limit(1)).first()
    if row is None:
        return None
    write(connection, row.id, "", text, at)
    if row.state in OPEN:
        return Promise(row.id, local_date(row.due_at), sure=True, again=True)
    until, sure = due(at, rules)
    connection.execute(update(Submission).where(Submission.id == row.id).values(state="waiting", due_at=until))
    return Promise(row.id, until.date(), sure, again=False)


def withdraw(connection: Connection, graduate_id: str) -> int:
    """The person wants none of it read any more; returns how many were waiting."""
    mine = update(Submission).where(Submission.graduate_id == graduate_id, Submission.state.in_(OPEN))
    return connection.execute(mine.values(state="withdrawn", owner="")).rowcount


def latest(connection: Connection, graduate_id: str) -> dict[str, Any] | None:
    query = select(Submission.__table__).where(Submission.graduate_id == graduate_id).order_by(Submission.id.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None


def on_resume(connection: Connection, resume_id: str, text: str) -> list[dict[str, str]]:
    """The experts' remarks on a version that have gone out, for its report page."""
    query = select(ExpertRemark.submission_id).where(ExpertRemark.resume_id == resume_id).distinct()
    rows = [row for number in connection.execute(query).scalars().all() for row in standing(connection, number)]
    return [
        {"quote": text[row["start"] : row["end"]] if row["start"] is not None else "", "text": row["text"], "by": row["by"]}
        for row in rows
        if row["letter_id"] is not None and row["resume_id"] == resume_id
    ]


def record(connection: Connection, graduate_id: str) -> list[dict[str, Any]]:
    """For the person's own copy."""
    found = []
    for row in connection.execute(select(Submission.__table__).where(Submission.graduate_id == graduate_id).order_by(Submission.id)).mappings().all():
        letters = connection.execute(select(Letter.by, Letter.text, Letter.at).where(Letter.submission_id == row["id"]).order_by(Letter.id)).all()
        remarks = [{"text": each["text"], "by": each["by"], "at": each["at"].isoformat()} for each in standing(connection, row["id"])]
        told_ = {name: row[name] for name in ("goal", "posting", "look", "named", "state")} | {"submitted_at": row["submitted_at"].isoformat()}
        found.append(told_ | {"remarks": remarks, "letters": [{"by": by or "你", "text": text, "at": at.isoformat()} for by, text, at in letters]})
    return found
