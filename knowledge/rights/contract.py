"""What in a contract or an offer is against the law or unclear: the kind of paper, findings with clause, article, words to say and whom to call.

Rules are data (data/contract.toml); those that need arithmetic are in `sums`. Never says that a contract is fine.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.rights.quantities import LENGTH, Fact, Seen, seen
from knowledge.rights.sums import Sum, sums
from knowledge.rights.terms import facts

DATA = Path(__file__).parent / "data" / "contract.toml"
UNLAWFUL, HINT = "违法", "提示"
FAMILY = {"dispatch": "labour", "noncompete": "labour", "training": "labour", "unknown": "labour"}
"""Papers that are read like a labour contract where a rule does not name them."""
UNKNOWN = "看不出是哪种文件"
UNKNOWN_APPLIES = "先按劳动合同的规矩看;如果其实是别的协议,有些规定不适用。"
NOTICE = "提示,不是法律意见"
CLEAN = "按这些规则没看到问题"
CALL = "12333 或当地劳动监察大队"
UNCHECKED = ("当地最低工资和社保缴费基数", "公司是否真实、有没有资质", "附件、员工手册里的规定", "口头答应过的条件")
QUOTED = 80
"""Characters of a clause that are quoted."""


Beside = tuple[re.Pattern[str], str, re.Pattern[str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault. `any` empty: found by arithmetic. `papers`: where it counts in full; `soft`: where it is only a hint, said by `hint`.

    `beside`: a sentence with the first words is innocent where the `article` before it, or the `paper`, has the second.
    """

    id: str
    topic: str
    title: str
    severity: str
    why: str
    say: str
    laws: tuple[str, ...]
    call: str
    papers: frozenset[str]
    soft: frozenset[str]
    hint: str
    any: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None
    beside: tuple[Beside, ...]
    told: bool


@dataclass(frozen=True, slots=True)
class Paper:
    """A kind of paper and which rules of the world apply to it."""

    id: str
    name: str
    title: re.Pattern[str]
    applies: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in this paper. `detail`: what exactly, with the figures; `span`: the words in the text as given, (0, 0) for what is missing."""

    rule: Rule
    severity: str
    quote: str
    span: tuple[int, int]
    detail: str
    why: str
    laws: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """`findings`: unlawful first. `missing`: clauses that were not found; `blanks`: what is left blank; `cut`: only the beginning was read."""

    kind: str
    name: str
    applies: str
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]
    blanks: tuple[str, ...]
    unchecked: tuple[str, ...] = UNCHECKED
    cut: bool = False

    def unlawful(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == UNLAWFUL)


@cache
def book() -> tuple[tuple[Paper, ...], dict[str, Rule], dict[str, str]]:
    """The papers, the rules by id, and the version of each law."""
    data: dict[str, Any] = tomllib.loads(DATA.read_text(encoding="utf8"))
    papers = tuple(Paper(row["id"], row["name"], re.compile(row["title"]), row["applies"]) for row in data["paper"])
    rules = {}
    for row in data["rule"]:
        unless = "|".join(f"(?:{pattern})" for pattern in row.get("unless", ()))
        rules[row["id"]] = Rule(
            **{key: row[key] for key in ("id", "topic", "title", "severity", "why", "say")},
            laws=tuple(row["laws"]),
            call=row.get("call", CALL),
            papers=frozenset(row.get("papers", "labour offer").split()),
            soft=frozenset(row.get("soft", "").split()),
            hint=row.get("hint", ""),
            any=tuple(re.compile(pattern) for pattern in row.get("any", ())),
            unless=re.compile(unless) if unless else None,
            beside=tuple((re.compile(said), where, re.compile(held)) for said, where, held in row.get("beside", ())),
            told=row.get("told", False),
        )
    return papers, rules, data["versions"]


def cited(law: str) -> str:
    """An article with the version it was read in: 《劳动合同法》第19条(2012-12-28)."""
    name, _, article = law.rpartition(" ")
    return f"《{name}》{article}({book()[2][name]})"


TITLE = 60
"""Characters at the beginning in which a title stands."""
BODY = {
    "agreement": re.compile(r"就业协议|毕业生(?:就业|应聘)|三方协议"),
    "trainee": re.compile(r"见习(?:期|人员|单位|补助|补贴)"),
    "internship": re.compile(r"实习(?:期|生|单位|报酬|补贴)"),
    "offer": re.compile(r"录用|录取|offer|恭喜|欢迎加入|邀请[你您]加入|很高兴(?:地)?(?:通知|邀请)|报到(?:时间|日期)"),
    "part_time": re.compile(r"非全日制"),
    "service": re.compile(r"劳务(?:报酬|费|协议|关系)|合作(?:协议|方|费用)|承揽|佣金结算"),
    "noncompete": re.compile(r"竞业(?:限制)?"),
    "training": re.compile(r"服务期|专项培训|培训费"),
    "dispatch": re.compile(r"劳务派遣|被派遣|用工单位"),
    "labour": re.compile(r"劳动合同|合同期限|试用期|劳动报酬"),
}
ENOUGH = {"labour": 1, "offer": 2}


def kind_of(text: str) -> Paper | None:
    """By the title; else by the words that come back most. A labour contract of a dispatch company is told by its words."""
    papers = {paper.id: paper for paper in book()[0]}
    counts = {name: len(pattern.findall(text)) for name, pattern in BODY.items()}
    titled = [(match.start(), order, paper) for order, paper in enumerate(papers.values()) if (match := paper.title.search(head(text)))]
    if titled:
        found = min(titled)[2]
        if found.id == "labour" and (counts["dispatch"] >= 3 or "非全日制" in head(text)):
            return papers["part_time" if "非全日制" in head(text) else "dispatch"]
        return papers["dispatch"] if found.id == "service" and "派遣" in head(text) else found
    for name in ("offer", "agreement", "trainee", "part_time", "dispatch", "internship", "service"):
        if counts[name] >= max(2, ENOUGH.get(name, 3)) and counts[name] >= counts["labour"]:
            return papers[name]
    if counts["labour"]:
        return papers["labour"]
    return next((papers[name] for name in ("noncompete", "training") if counts[name] >= 2), None)


def head(text: str) -> str:
    """The first lines, as far as a title can stand; a sentence is no title."""
    rows = [row for row in text[:400].splitlines() if row.strip()][:4]
    return "\n".join(row for row in rows if len(row) <= 40 and "。" not in row)[: 4 * TITLE]


DENIED = re.compile(
    r"(?:(?:甲方|公司|单位|用人单位|双方|任何一方)?(?:不(?:得|会|再|予|应|能|可|需|用|必|收|向|要求|以任何)|无需|无须|严禁|禁止|杜绝|免于?|未|没有|绝不|从不)"
    r")[^。;\n]{0,18}$|[不未没勿]$"
)
TWICE = re.compile(r"不得(?:拒绝|不|拒|以[^,]{0,8}拒)")
BARRED = re.compile(r"不得[^。\n]{0,12}(?:下列|以下)[^。\n]{0,8}:[^。]{0,160}$")


LAW_ITSELF = re.compile(r"行政部门[^。;\n]{0,8}责令|由[^。;\n]{0,10}(?:行政部门|机关)责令|本法|行政部门[^。;\n]{0,12}处罚")
"""In a sentence that repeats what the law threatens."""
SENTENCE = 300
"""Characters of a sentence that are looked at on either side of the words."""
ARTICLE = 2000
"""Characters before words in which the head of their article is looked for."""
HEADING = re.compile(r"(?:^|\n)(?:第.{1,4}[条章]|[一二三四五六七八九十]{1,3}、)")


def article(text: str, end: int) -> str:
    """The article that words stand in, up to them."""
    first = max(0, end - ARTICLE)
    return text[max((match.start() for match in HEADING.finditer(text, first, end)), default=first) : end]


def innocent(rule: Rule, text: str, match: re.Match[str], beside: Sequence[Beside]) -> bool:
    """Whether the words are denied (不收取任何押金) or stand in a sentence that means something else; `beside`: what this paper may excuse by."""
    first, last = max(0, match.start() - SENTENCE), match.end() + SENTENCE
    start = max(first, *(text.rfind(sign, first, match.start()) + 1 for sign in "。;\n"))
    stops = [at for sign in "。;\n" if (at := text.find(sign, match.end(), last)) >= 0]
    sentence = text[start : min(stops, default=last)]
    if LAW_ITSELF.search(sentence) or (rule.unless and rule.unless.search(sentence)):
        return True
    for said, where, held in beside:
        if said.search(sentence) and (where == "paper" or held.search(article(text, match.end()))):
            return True
    before = text[max(start, match.start() - 30) : match.start()]
    if BARRED.search(text[max(0, match.start() - 200) : match.start()]):
        return True
    return not rule.told and bool(DENIED.search(before)) and not TWICE.search(before)


def matched(rule: Rule, found: Seen) -> tuple[int, int] | None:
    """The first place where a rule holds."""
    beside = [row for row in rule.beside if row[1] != "paper" or row[2].search(found.text)]
    spans = [match.span() for pattern in rule.any for match in pattern.finditer(found.text) if not innocent(rule, found.text, match, beside)]
    return min(spans, default=None)


def grade(rule: Rule, kind: str) -> str | None:
    """How much a rule counts in this paper; None: not at all."""
    names = {kind, FAMILY.get(kind, kind)}
    if kind in rule.soft:
        return HINT
    if names & rule.papers:
        return rule.severity
    return HINT if names & rule.soft else None


def quote(text: str, span: tuple[int, int]) -> str:
    """The clause around the words, as it was given."""
    start, end = span
    if end <= start:
        return ""
    left = max(text.rfind(sign, 0, start) for sign in "。;;\n") + 1
    stops = [at for sign in "。;;\n" if (at := text.find(sign, end)) >= 0]
    right = min(stops, default=len(text))
    if right - left > QUOTED:
        left, right = max(left, start - 20), min(right, max(end, start + QUOTED - 20))
    return " ".join(text[left:right].split())[: 2 * QUOTED]


def finding(rule: Rule, kind: str, text: str, span: tuple[int, int], sum_: Sum | None = None) -> Finding | None:
    counted = grade(rule, kind)
    if counted is None:
        return None
    severity = sum_.severity if sum_ and sum_.severity and counted != HINT else counted
    why = rule.hint if counted == HINT and rule.hint and kind in rule.soft else rule.why
    laws = (sum_.laws if sum_ else ()) or rule.laws
    if kind not in ("labour", "offer", *FAMILY):
        civil = tuple(law for law in laws if law.startswith("民法典"))
        laws = civil or laws
    return Finding(rule, severity, quote(text, span), span, sum_.detail if sum_ else "", why, laws)


def check(text: str, minimum: Mapping[str, float] | None = None) -> Check:
    """Everything these rules see in a paper. Pure; never raises on any text. `minimum`: the least wage by place, yuan a month."""
    found = seen(text)
    paper = kind_of(found.text)
    kind = paper.id if paper else "unknown"
    stated = facts(found)
    _, rules, _ = book()
    report = sums(kind, found, stated, minimum or {})
    rows: dict[str, Finding] = {}
    for sum_ in report.sums:
        if sum_.rule not in rows and (row := finding(rules[sum_.rule], kind, text, sum_.span, sum_)):
            rows[sum_.rule] = row
    for rule in rules.values():
        if rule.id in rows or not rule.any or grade(rule, kind) is None:
            continue
        span = matched(rule, found)
        if span and (row := finding(rule, kind, text, found.span(*span))):
            rows[rule.id] = row
    if {"K13", "K14"} & rows.keys() and "K11" in rows and (kind == "training" or "培训" in rows["K11"].quote):  # one penalty is one finding
        del rows["K11"]
    ordered = sorted(rows.values(), key=lambda row: (row.severity != UNLAWFUL, row.rule.id))
    return Check(
        kind,
        paper.name if paper else UNKNOWN,
        paper.applies if paper else UNKNOWN_APPLIES,
        tuple(stated),
        tuple(ordered),
        report.missing,
        report.blanks,
        cut=len(text) > LENGTH,
    )


def texts(found: Check) -> Iterator[str]:
    """The report in lines: kind, facts, findings, what is missing, what was not checked."""
    yield f"{found.name}。{found.applies}"
    for row in found.findings:
        yield f"[{row.severity}] {row.rule.title}" + (f":{row.detail}" if row.detail else "")
        if row.quote:
            yield f"  原文:「{row.quote}」"
        yield f"  {row.why}"
        yield f"  依据:{'、'.join(map(cited, row.laws))}"
        yield f"  可以这样说:{row.rule.say}"
        yield f"  找谁:{row.rule.call}"
    if not found.findings:
        yield f"{CLEAN},不等于没有问题。"
    yield f"没查的:{'、'.join(found.unchecked)}。{NOTICE}。"


LIKELY, PARTS = 40, re.compile(r"甲方|乙方|合同|协议|试用期|工资|薪|岗位|期限|违约金|社保|社会保险|录用|offer|入职|报到")


def likely(text: str) -> bool:
    """Whether it may be a piece of a contract and is no question: long enough, with several of a contract's words."""
    return len(text.strip()) >= LIKELY and len(set(PARTS.findall(text))) >= 3


def pasted(text: str) -> bool:
    """Whether it is surely one, sent without a word: both parties are named in it."""
    return "甲方" in text and "乙方" in text and len(text) >= 2 * LIKELY and likely(text)
