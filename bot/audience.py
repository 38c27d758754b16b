"""Whom a broadcast is for: a few rules in JSON, compiled to one query that counts and freezes set-wise. Sends nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, RowMapping, Select, and_, exists, func, literal, or_, select, true
from sqlalchemy.orm import aliased

from bot import talks
from bot.web.console import staff
from bot.web.console.staff import DutyChat
from dialogs.place import Conversation
from knowledge.ledger import destinations
from knowledge.ledger.figures import SMALL
from knowledge.ledger.record import Record
from knowledge.links import CHANNELS
from knowledge.people import Graduate, Membership
from knowledge.profile import FIELDS, GROUPS, SENSITIVE, cleaned
from knowledge.tables import bare

HELP = """名单(audience)是一个 JSON 对象,写了的几条都要符合;一条里写几个值,符合一个就行:
  "everyone": true               所有聊过的人
  "profile": {"archive": ["学校"], "graduation_date": {"from": "2025-01-01", "to": "2026-12-31"}}   档案(字段见 bulixian plan --schema),
                                 文字也可以写 {"employer.industry": {"has": "软件"}}
  "groups": ["低保"]             群体,只算同意登记群体的人
  "status": ["未就业"]           学校台账里的去向,写去向表里的名字或别名;未就业是还没有着落的所有人,没填去向的也在内
  "city": ["成都"]               档案里的所在城市或台账里的城市
  "cohort": [2026]  "college": ["文学院"]   档案或台账的届别、台账的学院
  "degree": ["本科"]  "major": ["计算机"]    档案或台账的学历、专业(专业名里有这几个字)
  "channel": ["微信"]            最近在哪个渠道说话:微信、Telegram、网页
  "silent_days": {"from": 14, "to": 60}     最近一次说话在多少天以前
  "people": [编号]               另外点名的人,不看上面几条
  "without": [编号]              不发给的人,压过其他一切
  "holdout": 0.1                 留出多少(0 到 0.5)先不发,用来比较效果;风险预警不能留
老师写的只发给台账里自己负责的学生,管理员写的发给谁都行。编号写本人的编号或学号。退订的(不管在哪个渠道)、没有对话的、值班老师自己的,不会在名单里;按档案算出来的人,撤回同意就不再发。"""
RULES = ("everyone", "profile", "groups", "status", "city", "cohort", "college", "degree", "major", "channel", "silent_days")
KNOWN = {*RULES, "people", "without", "holdout", "reach"}
MOST = 0.5
"""Share that may be held back."""
SINGLED = "按群体选人时不能再点名、也不能排除个别人：人数一变就看得出谁在群体里。分开写两份，或者请管理员来写"


NOWHERE = "未就业"
"""All who have no place yet, whatever the list of destinations calls them."""


class AudienceError(ValueError):
    """Rules that cannot be used; the message is one sentence for the person who wrote them."""


def checked(raw: Any) -> dict[str, Any]:
    """The rules in the shape `query` takes: values as lists, profile values in the field's own words.

    Raises:
        AudienceError: says which rule is wrong and what is expected.
    """
    if not isinstance(raw, Mapping) or not raw:
        raise AudienceError("没写发给谁：所有人，或者按条件选")
    if strange := sorted(set(raw) - KNOWN):
        raise AudienceError(f"名单里不认识「{strange[0]}」，可以写：{'、'.join((*RULES, 'people', 'without', 'holdout'))}")
    found: dict[str, Any] = {name: READERS[name](value) if name in READERS else words(value) for name, value in raw.items()}
    if unknown := set(found.get("groups", ())) - set(GROUPS):
        raise AudienceError(f"没有「{min(unknown)}」这个群体，可以写：{'、'.join(GROUPS)}")
    if not any(name in found for name in (*RULES, "people")):
        raise AudienceError('没写发给谁：所有人写 {"everyone": true}，点名写 people')
    return found


def known(connection: Connection, rules: Mapping[str, Any]) -> None:
    """
    Raises:
        AudienceError: a status is in no list of destinations; says what there is.
    """
    meanings = destinations.meanings(connection)
    for said in rules.get("status", ()):
        if said != NOWHERE and bare(said) not in meanings:
            raise AudienceError(f"没有「{said[:20]}」这个去向，可以写：{'、'.join(statuses(connection))}")


def statuses(connection: Connection) -> list[str]:
    """What a status may be."""
    names = destinations.rates(connection)
    return [NOWHERE, *(name for name in names if name != NOWHERE)]


def meant(connection: Connection, said: list[str]) -> set[str]:
    """The destinations of records that these words stand for, as an import reads them; one that the office has struck since is itself."""
    meanings = destinations.meanings(connection)
    found = {meanings.get(bare(word), word) for word in said if word != NOWHERE}
    return found | set(destinations.open_ends(connection) if NOWHERE in said else ())


def listed(value: Any) -> list[Any]:
    held = list(value) if isinstance(value, list | tuple) else [value]
    if not held or any(isinstance(one, dict | list) or one is None or isinstance(one, bool) for one in held):
        raise AudienceError(f"名单里的「{str(value)[:30]}」用不了，写一个值或者一列值")
    return held


def words(value: Any) -> list[str]:
    return [str(one) for one in listed(value)]


def all_or_nothing(value: Any) -> bool:
    if value is not True:
        raise AudienceError("everyone 只能写 true；不写就是只发给符合其他几条的人")
    return True


def years(value: Any) -> list[int]:
    held = listed(value)
    if not all(isinstance(year, int) and 1950 < year < 2100 for year in held):
        raise AudienceError("cohort 写年份，如 [2026]")
    return held


def degrees(value: Any) -> Any:
    return profile({"degree": listed(value)})["degree"]


def channels(value: Any) -> list[str]:
    """By their keys or as staff call them."""
    known = {bare(name): key for key, label in CHANNELS.items() for name in (key, label)}
    if strange := [said for said in words(value) if bare(said) not in known]:
        raise AudienceError(f"没有「{strange[0][:20]}」这个渠道，可以写：{'、'.join(label.strip() for label in CHANNELS.values())}")
    return [known[bare(said)] for said in words(value)]


def share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST:
        raise AudienceError(f"holdout 写 0 到 {MOST} 之间的数，如 0.1")
    return float(value)


def span(value: Any) -> dict[str, int]:
    if not isinstance(value, Mapping) or not value or set(value) - {"from", "to"}:
        raise AudienceError('silent_days 写成 {"from": 14, "to": 60} 这样')
    if not all(isinstance(days, int) and 0 <= days <= 36500 for days in value.values()):
        raise AudienceError("silent_days 的天数要是整数")
    return dict(value)


def profile(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not value:
        raise AudienceError('profile 写成 {"degree": ["本科"]} 这样')
    found: dict[str, Any] = {}
    for name, wanted in value.items():
        field = FIELDS.get(name)
        if field is None or name in SENSITIVE or field.kind in ("list", "answers"):
            raise AudienceError(f"不能按「{name}」选人" + ("，群体写在 groups 里" if name in SENSITIVE else "，字段见 bulixian plan --schema"))
        try:
            if isinstance(wanted, Mapping) and set(wanted) == {"has"} and field.kind == "text":
                found[name] = {"has": cleaned(field, wanted["has"])}
            elif isinstance(wanted, Mapping):
                if field.kind not in ("date", "number") or set(wanted) - {"from", "to"} or not wanted:
                    raise ValueError('日期和数能写 {"from": …, "to": …},文字能写 {"has": …}')
                found[name] = {end: cleaned(field, limit) for end, limit in wanted.items()}
            else:
                found[name] = [cleaned(field, one) for one in (wanted if isinstance(wanted, list) else [wanted])]
        except (ValueError, TypeError) as error:
            raise AudienceError(f"profile 里的「{name}」用不了：{error}") from error
    return found


READERS: dict[str, Callable[[Any], Any]] = {
    "everyone": all_or_nothing, "profile": profile, "silent_days": span, "holdout": share, "cohort": years, "degree": degrees, "channel": channels,
    "reach": str,
}  # fmt: skip
"""How the value of a rule is read; the others are words."""


def scope(connection: Connection, author: str) -> str | None:
    """The teacher to whose students alone what `author` writes may go. None: to anybody, by an administrator or at the machine itself."""
    who = staff.named(connection, author)
    return who.display if who and who.role != "admin" else None


def addressed(connection: Connection, row: RowMapping, reader: str = "") -> str:
    """How staff read to whom a broadcast goes, before the number."""
    owner = None if row["changes"] else scope(connection, row["author"])
    return "发给" if owner is None else f"只发给{'你' if owner == reader else owner}负责的"


def query(connection: Connection, rules: Mapping[str, Any], now: datetime, owner: str | None = None) -> Select[str, str]:
    """Conversation and person, one row each person: the conversation that reaches them (`talks`), unless they unsubscribed.
    `owner`: see `scope`."""
    fitting = and_(*conditions(connection, rules, now)) if any(name in rules for name in RULES) else None
    picked = people(connection, rules["people"]) if "people" in rules else None
    wanted = [each for each in (fitting, picked) if each is not None]
    found = select(Conversation.key, Conversation.graduate_id).join(Graduate, Graduate.id == Conversation.graduate_id)
    ours = select(Conversation.graduate_id).join(DutyChat, DutyChat.conversation == Conversation.key)
    found = found.where(or_(*wanted), talks.last(), Graduate.id.not_in(ours))
    found = found.where(Graduate.profile_consent_at.is_not(None)) if "reach" in rules else found
    found = found if owner is None else found.where(recorded(Record.owner == owner))
    return found.where(~people(connection, rules["without"])) if rules.get("without") else found


def conditions(connection: Connection, rules: Mapping[str, Any], now: datetime) -> Iterator[ColumnElement[bool]]:
    yield Graduate.id.is_not(None)
    for name, wanted in rules.get("profile", {}).items():
        yield and_(Graduate.profile_consent_at.is_not(None), of_profile(name, wanted))
    if "groups" in rules:
        member = exists().where(Membership.graduate_id == Graduate.id, Membership.group.in_(rules["groups"]))
        yield and_(Graduate.groups_consent_at.is_not(None), member)
    if "status" in rules:
        yield recorded(Record.destination.in_(meant(connection, rules["status"])))
    if "city" in rules:
        yield known_of("residence", [{"has": city} for city in rules["city"]], within(Record.city, rules["city"]))
    if "cohort" in rules:
        yield known_of("cohort", [rules["cohort"]], Record.cohort.in_(rules["cohort"]))
    if "degree" in rules:
        yield known_of("degree", [rules["degree"]], Record.degree.in_(rules["degree"]))
    if "major" in rules:
        yield known_of("major", [{"has": major} for major in rules["major"]], within(Record.major, rules["major"]))
    if "college" in rules:
        yield recorded(Record.college.in_(rules["college"]))
    if "channel" in rules:
        yield or_(*(Conversation.key.startswith(f"{name}:", autoescape=True) for name in rules["channel"]))
    days = rules.get("silent_days", {})
    if "from" in days:
        at = now - timedelta(days=days["from"])
        yield and_(Conversation.last_in_at <= at, ~spoke_after(at))
    if "to" in days:
        at = now - timedelta(days=days["to"] + 1)
        yield or_(Conversation.last_in_at > at, spoke_after(at))  # days that are over: the last one counts whole


def spoke_after(at: datetime) -> ColumnElement[bool]:
    """Anywhere: also where they left since."""
    other = aliased(Conversation)
    return exists().where(other.graduate_id == Graduate.id, other.last_in_at > at)


def agreed(connection: Connection, rules: Mapping[str, Any]) -> ColumnElement[bool]:
    """Of a graduate that the rules chose: we may still use what they look at. What the school's ledger says needs no consent of theirs."""
    told, grouped = Graduate.profile_consent_at.is_not(None), Graduate.groups_consent_at.is_not(None)
    found: list[ColumnElement[bool]] = [told] if "profile" in rules or "reach" in rules else []
    found += [grouped] if "groups" in rules else []
    found += [or_(told, recorded(within(Record.city, rules["city"])))] if "city" in rules else []
    found += [or_(told, recorded(Record.cohort.in_(rules["cohort"])))] if "cohort" in rules else []
    found += [or_(told, recorded(Record.degree.in_(rules["degree"])))] if "degree" in rules else []
    found += [or_(told, recorded(within(Record.major, rules["major"])))] if "major" in rules else []
    named = [people(connection, rules["people"])] if "people" in rules and "reach" not in rules else []
    return or_(and_(true(), *found), *named)


def leaning(rules: Mapping[str, Any]) -> dict[str, Any]:
    """What of the rules `agreed` looks at, a list of 100 000 people of a policy's reach not among it; empty where nobody can have disagreed."""
    held = {name: rules[name] for name in ("profile", "reach", "groups", "city", "cohort", "degree", "major") if name in rules}
    return held | ({"people": rules["people"]} if held and "people" in rules and "reach" not in rules else {})


def known_of(field: str, wanted: list[Any], of_record: ColumnElement[bool]) -> ColumnElement[bool]:
    """The person told us, and we may use it, or the school's ledger says so."""
    told = and_(Graduate.profile_consent_at.is_not(None), or_(*(of_profile(field, each) for each in wanted)))
    return or_(told, recorded(of_record))


def within(column: Any, words: list[str]) -> ColumnElement[bool]:
    """「四川成都」 and 「成都市」 are 成都 too."""
    return or_(*(column.contains(word, autoescape=True) for word in words))


def recorded(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return Graduate.id.in_(select(Record.graduate_id).where(Record.graduate_id.is_not(None), condition))


def of_profile(name: str, wanted: Any) -> ColumnElement[bool]:
    held = Graduate.profile[name]
    kind = FIELDS[name].kind
    column: Any = held.as_boolean() if kind == "bool" else held.as_float() if kind == "number" else held.as_string()
    if isinstance(wanted, Mapping) and "has" in wanted:
        return within(column, [wanted["has"]])
    if isinstance(wanted, Mapping):
        ends = [column >= wanted["from"]] if "from" in wanted else []
        return and_(*ends, *([column <= wanted["to"]] if "to" in wanted else []))
    return or_(*(column == one for one in wanted)) if kind == "bool" else column.in_(wanted)


def people(connection: Connection, numbers: list[str]) -> ColumnElement[bool]:
    """Their own ids, or student numbers of the ledger. One variable holds them all: a policy may reach 100 000."""
    if connection.dialect.name == "postgresql":
        named = select(func.json_array_elements_text(literal(numbers, JSON)).column_valued("named"))
    else:
        named = select(func.json_each(literal(numbers, JSON)).table_valued("value").c.value)
    return or_(Graduate.id.in_(named), recorded(Record.student_no.in_(named)))


def count(connection: Connection, rules: Mapping[str, Any], now: datetime, owner: str | None = None) -> int:
    """How many it is, those held back among them."""
    return int(connection.execute(select(func.count()).select_from(query(connection, rules, now, owner).subquery())).scalar_one())


def veiled(number: int, rules: Mapping[str, Any]) -> str:
    """A count before the approval. Drafts cost nothing and the access log knows nothing of them: where groups choose, the exact numbers of
    two that differ by one person would tell who is in a group."""
    if "groups" not in rules:
        return str(number)
    return f"不足 {SMALL}" if number < SMALL else f"约 {(number + 5) // 10 * 10}"


def held_back(number: int, person: str, part: float) -> bool:
    """The same answer for the same broadcast and person, in every process; another broadcast holds back others."""
    digest = hashlib.blake2s(f"{number}|{person}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) < part * 2**32
