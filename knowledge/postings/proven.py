"""Frauds that staff confirmed: who is behind them, kept as keyed hashes, so that a later posting of theirs waits for staff. Withdrawable.

Nothing of who reported it is kept, and none of the words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, ForeignKey, LargeBinary, String, Table, func, insert, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.db import Base, Id, local_date
from knowledge.ledger.seal import Seal
from knowledge.postings.contacts import DIGITS, numbers
from knowledge.postings.dedupe import bare
from knowledge.postings.intake import MAIL
from knowledge.postings.posting import Posting
from knowledge.postings.reading import plain
from knowledge.rights.scam import LENGTH
from knowledge.rights.signals import unmasked

MOST = 30
"""Marks that are taken from one text: a pasted list of a hundred numbers is no one's contact."""
SOME = 500
"""Values of one IN list."""
KINDS = frozenset(("手机", "微信", "QQ", "邮箱"))
"""Of what `contacts.numbers` finds; numbers of identity and bank cards are not kept, not even hashed."""
HOST = re.compile(r"(?:https?://)?(?<![@a-z0-9.-])(?P<host>(?:[a-z0-9-]{1,40}\.){1,4}[a-z]{2,10})(?![a-z0-9@-])")
SHARED = re.compile(
    r"(?:^|\.)(?:gov\.cn|edu\.cn|com\.cn|org\.cn|net\.cn|qq\.com|weixin\.qq\.com|163\.com|126\.com|baidu\.com|taobao\.com|jd\.com|aliyun\.com|feishu\.cn|dingtalk\.com|"
    r"zhipin\.com|zhaopin\.com|51job\.com|lagou\.com|liepin\.com|58\.com|ganji\.com|bilibili\.com|douyin\.com|wjx\.cn|docs\.qq\.com|t\.cn|dwz\.cn|url\.cn)$"
)
"""Hosts that many share: not a fraud's own."""
FILES = frozenset(("doc", "docx", "pdf", "xls", "xlsx", "ppt", "apk", "exe", "zip", "rar", "txt", "jpg", "png"))


class ProvenFraud(Base):
    """One confirmation by a member of the staff; `kinds`: what was taken from the text, in words."""

    __tablename__ = "proven_fraud"

    id: Mapped[Id]
    kinds: Mapped[str] = mapped_column(String(120))
    confirmed_by: Mapped[str] = mapped_column(String(64))
    confirmed_at: Mapped[datetime]
    withdrawn_by: Mapped[str | None] = mapped_column(String(64))
    withdrawn_at: Mapped[datetime | None]


class FraudMark(Base):
    """A contact or an employer of a confirmed fraud, as a keyed hash."""

    __tablename__ = "fraud_mark"

    fraud_id: Mapped[int] = mapped_column(ForeignKey(ProvenFraud.id, ondelete="CASCADE"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True, index=True)
    kind: Mapped[str] = mapped_column(String(10))


FRAUDS, MARKS, TABLE = (cast(Table, each.__table__) for each in (ProvenFraud, FraudMark, Posting))


class FraudError(ValueError):
    """What staff asked for cannot be done; the message says why."""


def marks(text: str, company: str = "") -> dict[str, str]:
    """Contacts, hosts and the employer in a text as they can be compared, each with its kind."""
    seen, _ = unmasked(plain(text, LENGTH))
    found: dict[str, str] = {}
    for kind, start, end in numbers(seen):
        if kind in KINDS:
            said = seen[start:end]
            found[re.sub(r"\D", "", said.translate(DIGITS))[-11:] if kind == "手机" else said] = kind
    for match in MAIL.finditer(seen):
        found.setdefault(match.group(), "邮箱")
    for match in HOST.finditer(seen):
        host = match["host"].removeprefix("www.")
        if not SHARED.search(host) and host.rpartition(".")[2] not in FILES:
            found.setdefault(host, "网址")
    if len(name := bare(company, 200)) >= 4:
        found.setdefault(name, "单位")
    return dict(list(found.items())[:MOST])


def digests(seal: Seal, found: Iterable[str]) -> dict[bytes, str]:
    return {seal.digest(f"fraud|{value}"): value for value in found}


def say(kind: str, who: str, at: datetime) -> str:
    return f"{kind}和{who} {local_date(at)} 核实过的骗局相同"


def confirm(connection: Connection, seal: Seal, text: str, company: str, who: str, now: datetime) -> tuple[int, int]:
    """A reported text is a fraud: its contacts and the employer hold later postings, and those that are live. Its number, and how many are held.

    Raises:
        FraudError: the text has nothing by which it could be known again, or nobody is named.
    """
    if not who.strip():
        raise FraudError("要写清是谁核实的")
    found = marks(text, company)
    if not found:
        raise FraudError("这段话里没有电话、微信、QQ、邮箱、网址,也没写单位,认不出下一次")
    kinds = "、".join(f"{kind} {count}" for kind, count in Counter(found.values()).items())
    row = {"kinds": kinds[:120], "confirmed_by": who[:64], "confirmed_at": now}
    number = int(connection.execute(insert(FRAUDS).values(row).returning(FRAUDS.c.id)).scalar_one())
    rows = [{"fraud_id": number, "digest": digest, "kind": found[value]} for digest, value in digests(seal, found).items()]
    connection.execute(insert(MARKS), rows)
    return number, hold(connection, found, who, now)


def hold(connection: Connection, found: Mapping[str, str], who: str, now: datetime) -> int:
    """Live postings with one of the marks wait for staff from now on."""
    named = {value for value, kind in found.items() if kind == "单位"}
    tails = {value if kind in ("网址", "邮箱") else value[-4:] for value, kind in found.items() if kind != "单位"}
    query = select(TABLE.c.company).where(TABLE.c.status == "live").distinct()
    names = [name for name in connection.execute(query).scalars() if bare(name, 200) in named] if named else []
    columns = (TABLE.c.contact, TABLE.c.text, TABLE.c.url)
    near = [func.lower(column).contains(tail, autoescape=True) for tail in tails for column in columns]
    rows = [dict(row) for row in connection.execute(select(TABLE).where(TABLE.c.status == "live", or_(TABLE.c.company.in_(names), *near))).mappings()]
    count = 0
    for row in rows:
        both = [found[value] for value in marks(shown(row), row["company"]) if value in found]
        if both:
            reasons = [reason(both[0], who, now), *row["reasons"]]
            connection.execute(update(TABLE).where(TABLE.c.id == row["id"]).values(status="held", reasons=reasons, reviewed_by=None, updated_at=now))
            count += 1
    return count


def shown(columns: Mapping[str, Any]) -> str:
    """All of a posting in which a contact may stand, as it is stored: what was masked in the text stands in `contact`."""
    return "\n".join((f"微信 {part}" if re.fullmatch(r"[a-z][\w-]{5,19}|\d{5,12}", part, re.IGNORECASE) else part) for part in parts(columns))


def parts(columns: Mapping[str, Any]) -> list[str]:
    return [columns["text"], columns["url"], columns["contact"], *columns["contact"].split()]


def reason(kind: str, who: str, at: datetime) -> dict[str, Any]:
    return {"rule": "S01", "kind": "核实过", "weight": 0, "say": say(kind, who, at), "quote": ""}


def known(connection: Connection, seal: Seal, columns: Sequence[Mapping[str, Any]]) -> list[str]:
    """For each posting why a confirmed fraud is behind it, empty where none is."""
    if connection.execute(select(FRAUDS.c.id).where(FRAUDS.c.withdrawn_at.is_(None)).limit(1)).first() is None:
        return ["" for _ in columns]
    each = [digests(seal, marks(shown(row), row["company"])) for row in columns]
    wanted = sorted({digest for found in each for digest in found})
    told: dict[bytes, str] = {}
    join = MARKS.join(FRAUDS, MARKS.c.fraud_id == FRAUDS.c.id)
    query = (
        select(MARKS.c.digest, MARKS.c.kind, FRAUDS.c.confirmed_by, FRAUDS.c.confirmed_at).select_from(join).where(FRAUDS.c.withdrawn_at.is_(None))
    )
    for start in range(0, len(wanted), SOME):
        for row in connection.execute(query.where(MARKS.c.digest.in_(wanted[start : start + SOME])).order_by(FRAUDS.c.id)):
            told.setdefault(row.digest, say(row.kind, row.confirmed_by, row.confirmed_at))
    return [next((told[digest] for digest in found if digest in told), "") for found in each]


def withdraw(connection: Connection, number: int, who: str, now: datetime) -> None:
    """It was none: later postings are no longer held for it; those that wait are for staff to release.

    Raises:
        FraudError: there is none, or it was withdrawn before.
    """
    query = update(FRAUDS).where(FRAUDS.c.id == number, FRAUDS.c.withdrawn_at.is_(None))
    if not connection.execute(query.values(withdrawn_by=who[:64], withdrawn_at=now)).rowcount:
        raise FraudError(f"没有编号 {number} 的骗局,或者已经撤回")


def listed(connection: Connection, most: int = 50) -> list[dict[str, Any]]:
    """Those in force, the newest first."""
    query = select(FRAUDS).where(FRAUDS.c.withdrawn_at.is_(None)).order_by(FRAUDS.c.id.desc()).limit(most)
    return [dict(row) for row in connection.execute(query).mappings()]
