"""Pay as contracts state it: agreed wage and wage in probation, in one figure, as a share or in several parts. Judges nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.rights.quantities import HAN, MONEY, SHARE, SPAN, Fact, sentences, share, yuan

PAY = r"(?:工资|薪资|薪酬|月薪|底薪|报酬|薪金|薪水|待遇|薪)"
NOT_WAGE = re.compile(
    r"最低|加班|扣|罚|补偿|赔|违约|绩效(?:工资|奖金)$|奖|全勤|补贴|津贴|年终|社保|培训|押|提成|竞业|加点|不低于|缴费|基数|前十二个月|损失|罚款|餐补"
)
TRIAL = r"试用(?:期)?(?:内|间|期间|阶段|的)?"
TRIAL_PAY = re.compile(rf"{TRIAL}[^。;\n,]{{0,8}}{PAY}(?:标准|待遇|总额|收入)?,?[^。;\n,\d%{HAN}]{{0,14}}?(?:{SHARE}|{MONEY})")
TRIAL_SHARE = re.compile(rf"{TRIAL}[^。;\n]{{0,24}}?{SHARE}")
TRIAL_MONEY = re.compile(rf"(?:试用(?:期)?(?:内|间|期间|阶段)?(?:的)?)(?:每月|月)?(?:为|是|:)?{MONEY}(?:/月|每月|一个?月)?")
FIRST_MONTHS = re.compile(rf"(?:前|头|首)(?:{SPAN})内?(?:的)?{PAY}?(?:只|仅)?(?:按|发|为|享受)(?:发|月薪|{PAY}|正式{PAY})?(?:的)?{SHARE}")
"""Pay of the first months, in a paper that tells of a probation."""
FULL_PAY = re.compile(
    rf"(?:转正(?:后|以后|之后)?|正式(?:期|录用后|工作后)?|试用期?(?:满|结束|合格|通过)[^。;\n,\d]{{0,4}}后?)(?:的)?[^。;\n,\d{HAN}]{{0,12}}?{MONEY}"
)
MAIN_PAY = re.compile(
    r"(?:月基本工资|基本工资|岗位工资|月工资|税前|月薪|底薪|保底(?:工资|薪资)?|工资(?:标准|总额)?|劳动报酬|薪资|薪酬|报酬|薪金|月收入)(?:待遇|标准|总额|水平|为税前)?"
    rf"[^。;\n,\d_{HAN}]{{0,14}}?{MONEY}"
)
LOOSE_PAY = re.compile(rf"{MONEY}(?:/月|每月|/每月|的?(?:月)?{PAY})")
BLANK_PAY = re.compile(rf"{PAY}(?:标准|总额)?[^。;\n,\d]{{0,12}}?_(?=元|/|[。;,\n]|$)")


DATED = re.compile(r"年|[-./]\d")
PER_HOUR = re.compile(r"(?:小时|每[时日天]|计时|日)$")
ON_TRIAL = re.compile(r"试用(?:期)?(?:内|间|期间|的)?$")


def wage_like(match: re.Match[str], value: float | None) -> bool:
    """Whether an amount can be pay: it says 元, or is of a month's size."""
    return (
        value is not None
        and 0 < value < 1_000_000
        and (bool(match["yuan"] or match["scale"]) or (value >= 500 and not DATED.match(match.string[match.end() :])))
    )


def wages(text: str) -> Iterator[Fact]:
    on_trial = "转正" in text or "试用" in text
    for start, sentence in sentences(text):
        trial: list[tuple[int, int]] = []
        if "试用" in sentence:
            yield from trial_pay(start, sentence, trial)
        elif on_trial and (match := FIRST_MONTHS.search(sentence)):
            yield Fact("probation_wage", share(match), "share", 0.85, (start + match.start(), start + match.end()))
        full = next((match for match in FULL_PAY.finditer(sentence) if wage_like(match, yuan(match))), None)
        if full:
            yield Fact("wage", yuan(full), "yuan", 0.95, (start + full.start(), start + full.end()))
            continue
        for match in [*MAIN_PAY.finditer(sentence), *LOOSE_PAY.finditer(sentence)]:
            near = sentence[max(0, match.start() - 8) : match.start()].rpartition(",")[2] + match.group()
            if PER_HOUR.search(sentence[: match.start()]):
                continue
            inside = any(a <= match.end() - 1 < b for a, b in trial) or ON_TRIAL.search(sentence[: match.start()])
            if inside or NOT_WAGE.search(near) or not wage_like(match, yuan(match)):
                continue
            hourly = re.match(r"/?(?:每)?(?:个)?(?:小时|时)|/(?:天|日)", sentence[match.end() :])
            if not hourly and not sentence[match.end() :].startswith("/年"):
                yield Fact("wage", yuan(match), "yuan", 0.9, (start + match.start(), start + match.end()))
        if (blank := BLANK_PAY.search(sentence)) and not NOT_WAGE.search(blank.group().replace("不低于", "")):
            name = "probation_wage" if re.search(r"试用期?[^,]{0,6}$", sentence[: blank.start()]) else "wage"
            yield Fact(name, None, "yuan", 0.8, (start + blank.start(), start + blank.end()))


def trial_pay(start: int, sentence: str, taken: list[tuple[int, int]]) -> Iterator[Fact]:
    for pattern in (TRIAL_PAY, TRIAL_SHARE, TRIAL_MONEY):
        for match in pattern.finditer(sentence):
            groups = match.groupdict()
            part = share(match) if any(groups.get(name) for name in ("percent", "hundred", "fold")) else None
            value = part if part is not None else yuan(match) if groups.get("n") else None
            if part is None and (not groups.get("n") or not wage_like(match, value)):
                continue
            if part is not None and (part > 1.5 or re.search(r"社保|考核|公积金|合格率|绩效|完成", match.group())):
                continue
            if re.search(r"不(?:得)?低于|转正|正式|(?:满|结束)后|试用期?满", match.group()) and part is None:
                continue
            if "不得低于" in match.group() or "不低于" in match.group():
                continue
            if NOT_WAGE.search(match.group()):
                continue
            taken.append(match.span())
            sure = BASE_ALONE if part is None and re.search(BASE, match.group()) else 0.95
            yield Fact("probation_wage", value, "share" if part is not None else "yuan", sure, (start + match.start(), start + match.end()))
            return


BASE = "基本工资|底薪|基薪"
BASE_ALONE, IN_PARTS = 0.85, 0.97
"""Confidence of a wage in probation that names the base and may not be all of it; of pay that was added up."""
FIXED = r"(?:基本|基础|岗位|职务|职级|薪级|技能|学历|职称|工龄|固定)(?:工资|薪资|薪金|薪)|底薪|基薪"
ALLOWANCE = r"(?:岗位|职务|技能|学历|职称|保密|固定|住房|租房|交通|通讯|电话|话费|伙食|餐费?|午餐|生活)(?:津贴|补贴|补助)|[餐房车话]补|保密费"
LOOSE = r"绩效(?:工资|奖金?|薪资)?|全勤奖?|提成|奖金|加班(?:费|工资)|年终奖"
PART = re.compile(
    rf"(?:(?P<fixed>{FIXED})|(?P<more>{ALLOWANCE})|(?P<loose>{LOOSE}))(?:标准|为|是|:|\(税前\)|每月|每个月|月|税前)*(?:{MONEY})?(?P<per>/[天日餐次]|每[天日餐次])?"
)
BETWEEN = re.compile(r"(?:/月|每个?月|月|元|\(税前\)|税前|[+、,;和及与加\n|=]|以及|另有?|其中)*")
WHOLE_PAY = re.compile(
    rf"(?:工资|薪资|薪酬|月薪|报酬|总额|收入|税前|待遇)[^。;\n\d{HAN}]{{0,8}}?{MONEY}(?:/月|每月)?[,:(]?(?:税前\)?)?"
    r"(?:其中|包括|由|含|分为|构成为|即)?[:,(]?$"
)
ADDED_UP = re.compile(rf"(?:/月|每月)?(?:[构组]成)?[,;=)]?(?:以上|各项|两项|三项)?(?:月?工资|月薪)?(?:合计|共计|总计|总额|共|=)(?:为|:|每月)?{MONEY}")
TRIAL_OF = re.compile(r"试用(?:期)?(?:内|间|期间|阶段)?(?:的)?(?:月)?(?:工资|薪资|薪酬|待遇)?(?:标准)?(?:为|是|:|按|由)?(?:每月)?$")
TRIAL_BASE = re.compile(rf"{TRIAL}[^。;\n]{{0,16}}?(?:(?:只|仅|按)(?:发放?|支付|享受|领取|计发|执行)?(?:{BASE})(?!的)|(?:{BASE})的{SHARE})")


def parts(text: str) -> Iterator[list[re.Match[str]]]:
    """The parts of one pay that stand together, each with or without its amount."""
    row: list[re.Match[str]] = []
    for match in PART.finditer(text):
        if row and not BETWEEN.fullmatch(text[row[-1].end() : match.start()]):
            yield row
            row = []
        row.append(match)
    yield row


def composed(text: str) -> Iterator[Fact]:
    """Pay that is told in parts: the sum of what is fixed (绩效, 提成, 全勤 are not), or the whole where that is told too."""
    base, whole = 0.0, 0.0
    for row in parts(text):
        amounts = [(match, yuan(match)) for match in row if not match["loose"] and not match["per"] and match["n"]]
        told = [(match, value) for match, value in amounts if value and (match["yuan"] or match["scale"] or value >= 100)]
        if len(told) < 2 or not any(match["fixed"] for match, _ in told):
            continue
        value, start, end = sum(value for _, value in told), row[0].start(), told[-1][0].end()
        before = WHOLE_PAY.search(text[max(0, start - 40) : start])
        if before and (yuan(before) or 0.0) >= value:
            value = yuan(before) or value
        elif (after := ADDED_UP.match(text[row[-1].end() :])) and (yuan(after) or 0.0) >= value:
            value = yuan(after) or value
        on_trial = TRIAL_OF.search(text[max(0, start - 20) : start])
        yield Fact("probation_wage" if on_trial else "wage", value, "yuan", IN_PARTS, (start, end))
        if not on_trial and not whole:
            whole, base = value, told[0][1]
    if whole:
        for match in TRIAL_BASE.finditer(text):
            part = share(match) if match["percent"] or match["hundred"] or match["fold"] else 1.0
            if part:
                yield Fact("probation_wage", round(base * part, 2), "yuan", 0.96, match.span())
