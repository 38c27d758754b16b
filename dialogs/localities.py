"""Where a person lives, where their hukou is, where their employer or shop is: read from stated clauses. No list of places."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from dialogs import sayings
from dialogs.clauses import Said
from knowledge.policy import regions

WAYS: dict[str, list[list[str]]] = sayings.TABLE["place"]
HERE = r"(?:这儿|那儿|那边|这边|这里|本地|当地|村里|老家(?![\u4e00-\u9fff]{2})|家里|这(?![个家次种])|那(?=$|,))"
HUKOU = r"(?:户口本?|户籍)"
HERE_LIVES = re.compile(rf"人(?:也|就|都|现在|一直)?在(?:{HERE}|家(?:呢|待|,|$))|(?:住|居住)(?:也|就)?在{HERE}")
AT_HOME = re.compile(r"(?<![我他她俺])在家(?!人|乡|庭)|回家了")
HERE_HUKOU = re.compile(rf"{HUKOU}(?:也|就|都|还|是|落)*(?:在|是)?{HERE}|{HUKOU}(?:和|跟|与|、)?人(?:也|就|都|全)*在{HERE}|{HERE}(?:的)?{HUKOU}")
ORIGIN = re.compile(r"(?:老家|家在|家住|家是|[我俺咱]是|本人是)(?:在|是)?$")
DENIED = re.compile(r"(?:不|没有?|从|去|想|离开了?|(?:以|之)前)(?:是|在)?$")
UNMOVED = re.compile(
    rf"{HUKOU}[^,]{{0,6}}(?:(?:没|未)有?(?:迁|动|变|转|挪|改|换|落|注?销|过[来去]|带[来过]|跟[来过])|(?:没|未)有?(?:迁|动|转)过?{HUKOU}$|(?:是|性质是?)(?:农村|城镇|农业|集体)的?$|(?:是|挂的?|落的?)集体户$)"
)
MOVED = re.compile(rf"{HUKOU}[^,没未]{{0,10}}(?:迁|转|落)(?:回|到|出|走)*(?:来|[^,没]{{0,5}}家(?:里|那边)?)?了|{HUKOU}[^,]{{0,2}}不在")
PAGE = re.compile(rf"{HUKOU}(?:首页|上面?|地址|所在地|那一?页)*(?:写的?|填的?|登记的?|是)?|{HUKOU}(?:还|也|就)?(?:在|是)(?:农村)?(?:老家|家乡)")
OF_PAPERS = re.compile(r"(?:户口|户籍|档案)[^人,]*$")
GOES_ON = re.compile(
    r"(?:还|仍|一直|也)*(?:挂|落|放|留)(?:在|着)|(?:还|仍|一直|也)*[和跟与随]着?[^,在]{1,4}?(?:一起|一块儿?)?[都也]?在|(?:(?:一直|还|都|仍|也)+(?:是|在)*|是?在|是)(?:老家|家乡)?$"
)


@cache
def place() -> re.Pattern[str]:
    return re.compile(regions.expression())


@cache
def ways(kind: str) -> tuple[tuple[re.Pattern[str] | None, re.Pattern[str]], ...]:
    """What stands before a place and what after it, for each way to say it; before may be anything."""
    return tuple((sayings.pattern(lead) if lead else None, sayings.pattern(tail)) for lead, tail in WAYS[kind])


def said_places(kind: str, clauses: Iterable[str]) -> list[str]:
    """Places said that way and not denied, in order."""
    found: list[str] = []
    for clause in clauses:
        here = []
        for lead, tail in ways(kind):
            starts = (
                ((m.start(), m.end()) for m in lead.finditer(clause)) if lead else ((m.start(), m.start()) for m in place().finditer(clause) if m[0])
            )
            for start, at in starts:
                if kind == "residence" and OF_PAPERS.search(clause[:start]):
                    continue
                match = place().match(clause, at)
                name = regions.name(match) if match and match[0] else None
                if match and name and tail.match(clause, match.end()) and not DENIED.search(clause[max(0, start - 4) : start]):
                    here.append((match.end(), name))
        found += [name for _, name in sorted(here)]
    return found


def pointed(pattern: re.Pattern[str], said: Said, *, home: bool = False) -> str | None:
    """The place that 这儿, 老家 points back to; only that of the family where it points to `home`."""
    if not any(pattern.search(clause) for clause in said.own):
        return None
    names = [
        (bool(ORIGIN.search(clause[: hit.start()])), name)
        for clause in said.own
        for hit in place().finditer(clause)
        if hit[0] and (name := regions.name(hit))
    ]
    family = [name for origin, name in names if origin]
    if family or home:
        return family[-1] if family else None
    return names[0][1] if len({name for _, name in names}) == 1 else None


def still(said: Said) -> str | None:
    """户口没迁过,一直在 X: the clause after goes on about the hukou."""
    for clause, following in zip(said.own, said.own[1:], strict=False):
        match = next((hit for hit in place().finditer(following) if hit[0]), None)
        before, after = (following[: match.start()], following[match.end() :]) if match else ("", "")
        moved = MOVED.search(clause) and re.fullmatch("(?:现?在)?" if "老家" in clause else "现?在", before) and not after
        if match and (
            moved or (((UNMOVED.search(clause) or re.fullmatch(HUKOU, clause)) and GOES_ON.match(before)) or (PAGE.fullmatch(clause) and not before))
        ):
            return regions.name(match)
    return None


def corrected(said: Said) -> str | None:
    """户口填错了,我是 X 的: the topic stands in another clause than the place."""
    if not (said.corrected and re.search(HUKOU, said.whole)):
        return None
    found = said_places("corrected", said.own)
    return found[-1] if found else None


RETURNED = re.compile(r"期满|结束|(?:才|就|已经|又)?回来(?:了|的)?(?=,|$)|回的(?=,|$)")
UNIT = re.compile(
    r"(?:我们?|现在的?|我?那个|我们?这家?|这家|我?(?:现在)?(?:上班|工作|待)的?(?:[这那]家)?)?(?:母校|院校|单位|公司|厂子?|店里?|学校|医院)(?:性质|规模)?(?:也|就)?(?:是|属于|在|规模|做|搞|主营)"
)


def still_there(said: Said) -> Iterable[str]:
    """The clauses of now, without a bare 在 X that the next one tells the return from, or that goes on about the employer."""
    unit = False
    for clause, following in pairwise((*said.now, "")):
        unit = bool(UNIT.match(clause)) or (unit and not re.search(r"[我人住]", clause))
        bare = re.fullmatch(r"[也就]?在[^,]{2,6}", clause)
        if not (bare and (unit or RETURNED.search(following))):
            yield clause


AT_WORK = re.compile(r"公司|[企厂店]|单位|上班|打工|做工|工地|医院|园里|协会|组织")
OF_UNIT = re.compile(r"(?:单位|公司|企业)(?:性质|名称|类型|规模)?是|(?:所属)?行业是")
"""A form about the employer: the place in it is the employer's."""
ABOUT_PLACE = re.compile(
    r"户口|户籍|籍|档案|学校|大学|学院|[读念]|老家|公司|单位|厂|注册|毕业|出生|店|考|服务|登记|执照|行业|[企店]|合同|入职|地点|哪|服役|当兵|部队|买房|父母|爸|妈"
)
"""Beside such a clause a bare place is the place of that."""


def alone(said: Said) -> list[str]:
    """24岁,女,永州,找工中: a place by itself, with nothing said before whose place it could be."""
    found = []
    for order, clause in enumerate(said.now if len(said.now) > 1 else ()):
        hit = place().fullmatch(clause)
        before = ",".join(said.now[max(0, order - 2) : order])
        if (
            hit
            and hit[0]
            and not hit[0].endswith("的")
            and (name := regions.name(hit))
            and (not ABOUT_PLACE.search(before) or before.endswith("了老家"))
        ):
            found.append(name)
    return found


def residence(said: Said) -> str | None:
    """Where the person says they are now; where the school or a former job is says nothing."""
    if OF_UNIT.search(said.whole) and re.search(r"所在地|地点|地址", said.whole):
        return None
    same = said_places("both", said.own)
    found = same or said_places("residence", tuple(still_there(said))) or alone(said)
    if still(said) in found:
        found.remove(still(said) or "")
    return found[-1] if found else pointed(HERE_LIVES, said) or pointed(AT_HOME, said, home=True)


def hukou(said: Said) -> str | None:
    if "户" not in said.whole:
        return None
    found = said_places("both", said.own) or said_places("hukou", said.own)
    if not found and re.search(r"学校(?:的)?集体户|户口[^,]{0,4}[在落迁]学校", said.whole):
        found = said_places("school", said.own)
    if said.corrected and (meant := corrected(said)):
        return meant
    here = still(said) or pointed(HERE_HUKOU, said) or pointed(UNMOVED, said)
    return found[-1] if found else None if "老家" in said.whole and here in said_places("residence", said.now) else here


def after_work(said: Said) -> list[str]:
    """在中型国企,甘肃金昌: a place by itself right after the employer."""
    found = []
    for before, clause in pairwise(said.now):
        hit = place().fullmatch(clause)
        if hit and hit[0] and (name := regions.name(hit)) and AT_WORK.search(before):
            found.append(name)
    return found


def employer(said: Said, works: bool) -> str | None:
    """Where the employer is; where a job is told, a bare place in a clause beside it counts."""
    found = said_places("employer", said.now) or (
        said_places("at_work", said.now) or said_places("beside", said.now) or after_work(said) if works else []
    )
    return found[-1] if found else None


def business(said: Said) -> str | None:
    """Where the own business is; a bare place in a clause beside it counts."""
    beside = (clause for before, clause in pairwise(("", *said.now)) if not re.search(r"户口|户籍|档案|毕业|[读念]", before))
    found = said_places("business", said.now) or said_places("beside", beside)
    return found[-1] if found else None
