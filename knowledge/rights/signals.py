"""The signs of a fraud that words can show: rules of `data/signals.toml`, read with their negations. Weighs nothing together.

Postings (`knowledge.postings.screen`) and what graduates paste (`knowledge.rights.scam`) are read by the same rules.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from knowledge.postings.reading import plain
from knowledge.words import filled

RULES = Path(__file__).parent / "data" / "signals.toml"
TOGETHER = 200
"""Characters within which all parts of a rule must stand: a list of clients and the duties are two things."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One sign: the rule, its points, where it stands in `Offer.words`, and what staff read."""

    rule: str
    kind: str
    weight: int
    family: str
    span: tuple[int, int]
    say: str


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    kind: str
    family: str
    weight: int
    say: str
    any: re.Pattern[str] | None
    all: tuple[re.Pattern[str], ...] = ()
    unless: re.Pattern[str] | None = None
    told: bool = False
    talk: Literal["", "also", "only"] = ""
    within: int = TOGETHER
    hints: tuple[str, ...] = ()


def union(patterns: list[str], words: dict[str, str]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    return re.compile(filled("|".join(f"(?:{pattern})" for pattern in patterns), words), re.MULTILINE)


@cache
def rules() -> tuple[Rule, ...]:
    data: dict[str, Any] = tomllib.loads(RULES.read_text(encoding="utf8"))
    words: dict[str, str] = data["words"]
    found = []
    for row in data["rule"]:
        named = {key: row[key] for key in ("id", "kind", "family", "weight", "say")}
        every = tuple(pattern for each in row.get("all", ()) if (pattern := union([each], words)))
        some, unless = union(row.get("any", []), words), union(row.get("unless", []), words)
        found.append(
            Rule(
                **named,
                any=some,
                all=every,
                unless=unless,
                told=row.get("told", False),
                talk=row.get("talk", ""),
                within=row.get("within", TOGETHER),
                hints=tuple(row.get("hints", "").split()),
            )
        )
    return tuple(found)


BRIEF = 180
"""Signs up to which a posting is short, as frauds mostly are."""


@cache
def deals(short: bool) -> tuple[str, ...]:
    """Words without which a posting is not read like a chat: it would cost a third more. In a short one there are more of them: it costs little."""
    data: dict[str, str] = tomllib.loads(RULES.read_text(encoding="utf8"))
    return tuple(f"{data['deals']} {data['brief'] if short else ''}".split())


@cache
def marks(talk: bool, short: bool) -> tuple[dict[object, list[int]], frozenset[object], list[int]]:
    """The first two signs of every hint → numbers of the rules, these signs, and the rules without hints: one look at a text
    leaves the few rules worth trying (69 094 postings: 26 s of processor time became 18)."""
    found: dict[object, list[int]] = {}
    always = []
    for number, rule in enumerate(rules()):
        if rule.talk == "only" and not talk:
            continue
        hints = rule.hints or (deals(short) if rule.talk and not talk else ())
        for hint in hints:
            found.setdefault(hint if len(hint) == 1 else (hint[0], hint[1]), []).append(number)
        if not hints:
            always.append(number)
    return found, frozenset(found), always


def candidates(seen: str, talk: bool) -> list[Rule]:
    known, keys, always = marks(talk, len(seen) <= BRIEF)
    here: set[object] = {*pairwise(seen), *seen}
    numbers = {number for mark in keys & here for number in known[mark]}
    return [rules()[number] for number in sorted(numbers.union(always))]


CLAUSE = re.compile(r"[。;!?\n]")
DENIED = re.compile(
    r"(?:不(?![限仅但只论管少低同断错妨用])|不用(?=交|付|缴|任何)|不(?:用|需要?|必|会)[您你]?(?:先|再|自己)?$|无(?![忧论限需须])|没(?:有|让|叫|收|谁)|未(?!婚|来)|免(?!费)|拒绝|严禁|禁止|杜绝|谨防|警惕|防止(?!泄)|切勿|请勿|勿|非(?!常)|绝不|从不|零)"
    r"[^。;!?,\n]{0,12}$"
)
UNPAID = r"(?:不|未|无需|无须|免)(?:会|得|需|用|再|予|向[^,。]{0,6})?(?:收取?|交纳?|缴纳?|付)(?:任何|一切|押金|保证金|[^,。]{0,3}费)"
DENIED_LIST = re.compile(rf"{UNPAID}[^。;!?\n]{{0,16}}$")
DENIED_WITHIN = re.compile(rf"{UNPAID}|(?<!\d)[0零]元入职")
FREED = re.compile(
    r"^[^,。;!?\n]{0,8}(?:全免|免收|均?不收|均?不需|由(?:公司|单位|[^,。]{0,4}考试(?:中心|院|网))|公司(?:承担|报销|支付)|都是骗|属于?诈骗|系诈骗|[勿莫]信)"
)
WARNED = re.compile(r"谨防|警惕|切勿|郑重|如遇|凡(?:是)?[^。]{0,6}(?:收|要求)|防骗|反诈|声明|举报|冒充我")
MONEY = re.compile(r"\d{2,6}\s?(?:元|块)")


MASKS = {
    "微信": r"(?:加|v|薇|威|徽|微)\s?(?:信|❤️?|芯|心(?=[::号]|\s?[a-z0-9]))"
    r"|(?<![a-z0-9])(?:vx|wx|v信|weixin|wei信|微x)(?![a-z])|(?<=加)[薇威v卫](?![a-z]|视|尼)",
    "qq": r"扣扣|(?<![a-z])q扣|企鹅号|叩叩",
    "押金": r"押\s?(?:j|jin)(?![a-z])|ya金|鸭金|压金(?!属)",
    "佣金": r"佣\s?(?:j|jin)(?![a-z])|拥金|yong金|傭金",
    "刷单": r"(?:s|shua|唰|涮|刷)\s?(?:单|dan)(?![位独])|刷d(?![a-z])",
    "兼职": r"jian\s?职|兼z(?![a-z])|蒹职|煎职|兼直",
    "垫付": r"垫\s?(?:f|fu)(?![a-z])|电付(?!款)|dian付",
    "转账": r"转\s?(?:z|zhang|帐|賬)(?![a-z])",
    "贷款": r"dai款|贷k(?![a-z])|代款",
    "银行卡": r"银行k(?![a-z])|yhk|银杭卡",
    "培训": r"培xun|陪训|培x(?![a-z])",
    "费": r"(?<=[训证装检料名试介]) ?(?:f|fei)(?![a-z])",
    "返佣": r"反佣|fan佣",
}
"""Evasive spellings, and the word they stand for."""
TORN = r"(?<=[\u4e00-\u9fff])[ *·._~|/\\^-]{1,2}(?=[\u4e00-\u9fff])"
MASKED = re.compile("|".join([TORN, *(f"({pattern})" for pattern in MASKS.values())]))
MEANT = ("", *MASKS)
SUSPECT = frozenset("❤扣叩鸭压拥傭唰涮蒹煎薇徽电陪反帐杭")
TEARS = re.compile(TORN)
MIXED = re.compile(r"[a-z] ?[\u4e00-\u9fff]|加[ 威心芯v]|代款|[yvw](?:hk|x|eixin)|[押垫] ?[jf]")
"""One of these stands in every masked word: a cheap look before the dear one."""


def unmasked(seen: str) -> tuple[str, list[int]]:
    """The text with words that were torn apart (押 金) or spelt evasively (v信) as they are meant, and where each character stood;
    no places if nothing changed."""
    if SUSPECT.isdisjoint(seen) and not MIXED.search(seen) and not TEARS.search(seen):
        return seen, []
    pieces: list[str] = []
    places: list[int] = []
    last = 0
    for match in MASKED.finditer(seen):
        start, end = match.span()
        word = MEANT[match.lastindex or 0]
        if word == seen[start:end]:
            continue
        pieces += (seen[last:start], word)
        places += range(last, start)
        places += [start, *range(end - len(word) + 1, end)] if word else []
        last = end
    if not last:
        return seen, []
    return "".join((*pieces, seen[last:])), [*places, *range(last, len(seen))]


def clause(seen: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and after the hit within its sentence."""
    before = seen[max(0, start - 60) : start]
    after = seen[end : end + 60]
    head = list(CLAUSE.finditer(before))
    tail = CLAUSE.search(after)
    return before[head[-1].end() :] if head else before, after[: tail.start()] if tail else after


def innocent(rule: Rule, seen: str, match: re.Match[str]) -> bool:
    """Whether the words are denied (不收押金), warned of (谨防刷单), or mean a task of the job."""
    before, after = clause(seen, *match.span())
    near = before[-24:] + match.group() + after.partition(",")[0][:16]
    if rule.unless and rule.unless.search(near):
        return True
    if rule.told:
        return False
    if DENIED.search(before) or DENIED_LIST.search(before) or DENIED_WITHIN.search(match.group()) or FREED.match(after):
        return True
    return bool(WARNED.search(before)) and not MONEY.search(match.group() + after[:10])


def read(rule: Rule, seen: str) -> tuple[int, int] | None:
    """Where a rule holds, the first place that is not innocent."""
    if rule.hints and not any(hint in seen for hint in rule.hints):
        return None
    if rule.any:
        return next((match.span() for match in rule.any.finditer(seen) if not innocent(rule, seen, match)), None)
    spans = []
    for pattern in rule.all:
        match = next((match for match in pattern.finditer(seen) if not innocent(rule, seen, match)), None)
        if not match:
            return None
        spans.append(match.span())
    return spans[0] if spans and max(spans)[1] - min(spans)[0] <= rule.within else None


def signs(text: str, most: int, *, talk: bool = False) -> Iterator[Reason]:
    """Every rule that holds in the text's first `most` characters; spans are positions in it as given.

    `talk`: rules for chats, messages and accounts of what happened are tried in any case. Pure; never raises on any text.
    """
    seen, places = unmasked(plain(text, most))
    for rule in candidates(seen, talk):
        if (span := read(rule, seen)) is not None:
            at = (min(places[span[0] : span[1]]), max(places[span[0] : span[1]]) + 1) if places else span
            yield Reason(rule.id, rule.kind, rule.weight, rule.family, at, rule.say)
