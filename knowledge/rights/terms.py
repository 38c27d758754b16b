"""What a contract states: term, probation, wages, hours, penalty, service, non-compete, each with value, confidence and place. Judges nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.rights.pay import PAY, composed, wages
from knowledge.rights.quantities import (
    DATE,
    HAN,
    MONEY,
    RANGE,
    SHARE,
    SPAN,
    Fact,
    N,
    Seen,
    between,
    each,
    lasting,
    months,
    number,
    seen,
    sentences,
    share,
    yuan,
)  # fmt: skip
from knowledge.rights.shifts import hours

OPEN_ENDED, TASK = 999.0, -1.0
"""Values of `term` for 无固定期限 and 以完成一定工作任务为期限."""
NAMES = {
    "term": "合同期限", "probation": "试用期", "wage": "工资", "probation_wage": "试用期工资", "hours": "每天工时", "days": "每周天数",
    "weekly": "每周工时", "penalty": "违约金", "training_cost": "培训费", "service": "服务期", "served": "已做满", "noncompete": "竞业限制",
    "compensation": "竞业补偿",
}  # fmt: skip

TERM_WORD = (
    r"(?:(?:劳动|聘用|本|派遣|协议|用工)?合同(?:的)?(?:有效|履行)?(?:期限|期)|(?:本)?(?:合同|协议)(?:有效期|期限)?(?:为|自|于|从)"
    r"|(?:聘用|聘任|用工|派遣|协议|实习|见习|服务|有效|合作|工作|任职)期限?(?!间|内|满|未)|聘期|有效期|为期|期限|起止(?:时间|日期|期限|年月)?)"
)
NOT_TERM = re.compile(r"试用|竞业|保密|违约|租|支付|服务期(?!限)|诉讼|仲裁|补偿|通知|试岗|公示|异议|宽限|医疗期|届满前|期满前|期限届满")
STUDIED = re.compile(r"[^,]{0,6}(?:培训|学习|进修)")
CHOSEN = re.compile(r"[☑√■✓✔☒](?:\d[.、]|[一二三][、.])?(?P<a>无固定期限|固定期限|有固定期限|以完成一定)|第(?P<b>[123一二三])[种项类款]")


def chosen(text: str) -> str:
    """Which of the three kinds of term a form has ticked, or `` if none is told."""
    match = CHOSEN.search(text)
    if not match:
        return ""
    if match["a"]:
        return {"无": "open", "以": "task"}.get(match["a"][0], "fixed")
    options = re.findall(r"无固定期限|以完成一定|固定期限", text[match.end() :])[:3]
    index = "123".find(match["b"]) if match["b"] in "123" else "一二三".find(match["b"])
    return {"无": "open", "以": "task"}.get(options[index][0], "fixed") if index < len(options) else ""


LEAD = re.compile(rf"{TERM_WORD}|签|订立|合同")
NEAR = 24
"""Characters before two dates in which it is told what they bound."""
KIND = r"(?:期|的)?(?:固定期限)?(?:的)?(?:书面)?"
LENGTH = re.compile(
    rf"{TERM_WORD}(?:限)?(?:共计?|约定)?[^,\d{HAN}半_]{{0,8}}(?!20\d\d)(?P<d>{SPAN})|(?:签订?|订立|签署)[^,]{{0,10}}?(?P<e>{SPAN}){KIND}(?:劳动|聘用)?合同"
    rf"|(?P<f>{SPAN})(?:期)?(?:的)?固定期限|(?:有效期[^,]{{0,16}}?|自{DATE}起(?:计算|算)?(?:共计?|为期)?)(?P<g>{SPAN})|(?:共计?|为期)(?P<h>{SPAN})"
    rf"|(?<![除止约续同订])(?:劳动|聘用)?合同(?:一?签订?|期|年限|定)?(?:为|是|:|了|满)?(?P<i>{SPAN})(?![内前后以\d{HAN}]|的?(?:工资|补偿|书面|时间|通知))"
    rf"|(?:先|首次?|初次)签订?(?P<l>{SPAN})|(?P<j>{SPAN})期(?:的)?(?:劳动|聘用|书面)*合同|(?:^|[,(:签订])(?P<k>{SPAN})(?:的)?(?:劳动|聘用)?合同(?=[,()]|$)"
)


def term(text: str) -> Iterator[Fact]:
    tick = chosen(text) if "固定期限" in text else ""
    listed = "无固定期限" in text and len(re.findall(r"(?<!无)固定期限", text)) > 0 and not tick
    for start, sentence in sentences(text):
        kind = re.search(r"无固定期限|以完成[^,]{0,12}(?:工作|任务|项目)[^,]{0,8}(?:为期限|为合同期限|时终?止|为期)", sentence)
        if kind and not listed and re.search(r"续订|续签|应当订立|连续|满一年|满十年|符合.{0,12}条件", sentence) is None:
            open_ended = kind.group().startswith("无")
            if tick in ("", "open" if open_ended else "task") and not re.search(r"[□○][^☑√■✓✔]{0,6}$", sentence[: kind.start()]):
                yield Fact("term", OPEN_ENDED if open_ended else TASK, "months", 0.95, (start + kind.start(), start + kind.end()))
        clause = without_probation(sentence)
        lead = LEAD.search(clause)
        if lead is None:
            continue
        for match in re.finditer(RANGE, clause):
            if (value := between(match)) and not NOT_TERM.search(clause[max(0, match.start() - NEAR) : match.start()]):
                yield Fact("term", value, "months", 0.95, (start + match.start(), start + match.end()))
        for match in LENGTH.finditer(clause):
            value = settled(clause, match.end(), months(next(match[name] for name in "defghijkl" if match[name])))
            beside = clause[max(0, match.start() - 10) : match.end() + 3]
            if (
                value
                and not NOT_TERM.search(beside)
                and not STUDIED.match(clause[match.end() :])
                and not re.search(r"[内前后]", clause[match.end() : match.end() + 1])
            ):
                yield Fact("term", value, "months", 0.9, (start + match.start(), start + match.end()))
        blank = re.search(rf"{TERM_WORD}[^,\d]{{0,8}}_|自_年_?月|(?<=劳动合同期限为)_", clause)
        if blank and not NOT_TERM.search(clause[: blank.end()]):
            yield Fact("term", None, "months", 0.8, (start + blank.start(), start + blank.end()))


NO_PROBATION = re.compile(
    r"(?:无|不设(?:立|置)?|没有|免除?(?:乙方|[你您])?的?|不约定|不再约定|不得约定|取消)(?:任何)?试用期|试用期(?:约定)?(?:为|:)?(?:□有)?[☑√■✓✔☒](?:无|不约定)|试用期(?:为|:)?(?:无|零|0(?!\d)|不约定|/)"
)
PROBATION = re.compile(
    rf"试用期(?:限)?(?:\([^)]{{0,24}}\))?(?:约定)?(?:为|:)?(?:[□☑√■✓✔☒](?:有|无|不?约定),?){{0,2}}(?:期限)?(?:包含在[^,]{{0,12}},)?(?:约定|暂定|统一|一般|原则上|共计?|拟定)?(?:为|是|:|共|定为|设为)?(?:自[^,。;]{{1,8}}之日起(?:计算|算)?,?(?:共计?)?)?(?:自?{DATE}?起)?[^,\d{HAN}半_内满后前工薪报待考提通结合转延超离辞]{{0,8}}?(?P<a>{SPAN})(?!内|前)"
    rf"|(?:前|首|头|最初|日起)的?(?P<b>{SPAN})[^,]{{0,4}}(?:为|是|作为)?试用|试用(?!期)(?:时间)?(?:为)?(?P<c>{SPAN})|试用期?满(?P<e>{SPAN})(?=[^,]{{0,12}}(?:转正|转为正式))|(?P<d>{SPAN})(?:的)?试用期(?!限?[为是:约定]*[\d{HAN}半])"
)
PROBATION_DATES = (re.compile(rf"试用期(?:为|自|:)?[^,\d]{{0,4}}{RANGE}"), re.compile(rf"{RANGE}[^,]{{0,2}}(?:为|是|作为)试用期"))
BLANK_PROBATION = re.compile(r"试用期(?:限)?(?:为|:|自)?[^,。\d]{0,6}_")
CHANGED = re.compile(rf"(?:(?:缩短|减少?|改|变更|调整|修改)(?:为|至|到|成)|,?(?:最长|最多|至多)(?:不超过|为)?)(?P<now>{SPAN})")


def settled(text: str, end: int, value: float | None) -> float | None:
    """What a length became where the words after it change it: 由三个月缩短为一个月, 不少于三个月,最长六个月."""
    match = CHANGED.match(text, end)
    return months(match["now"]) if match else value


OF_PROBATION = re.compile(r"试用[^,()]*")
BEGIN = re.compile(
    rf"[自从](?P<a>{DATE})|(?P<b>{DATE})(?:起|开始|起?生效|起?入职|报到|到岗|上班)|(?:入职|报到|到岗|生效|起始|开始)(?:日期|时间|日)?(?:为|:|于|是)?(?P<c>{DATE})"
)
UNTIL = re.compile(
    rf"(?:(?P<trial>试用期?限?)|(?<![除止])(?:合同|协议|聘|有效)(?:期限?|有效期)?)(?:[自从][^,。;\d]{{1,8}}起,?)?(?:为|:)?(?:至|到|于|截[至止到]{{1,2}}|(?:到期|终止|截止|结束|届满)(?:日期?|时间)(?:为|:))(?P<to>{DATE})"
    r"(?:止|终止|届满|期满|为止|结束|到期|$|(?=[,。;()\n]))"
)
"""The end alone: the beginning stands elsewhere, mostly once for the contract and its probation."""


def without_probation(sentence: str) -> str:
    """The sentence of the same length with what it says of the probation cut out."""
    if "试用" not in sentence:
        return sentence
    for pattern in (*PROBATION_DATES, PROBATION, OF_PROBATION):
        sentence = pattern.sub(lambda match: "," * len(match[0]), sentence)
    return sentence


def until(text: str) -> Iterator[Fact]:
    """Term and probation of which only the end is told beside their name."""
    found = list(UNTIL.finditer(text))
    first = BEGIN.search(text) if found else None
    for match in found:
        if first and (value := lasting(next(filter(None, first.groups())), match["to"])):
            yield Fact("probation" if match["trial"] else "term", value, "months", 0.9, match.span())


def probation(text: str) -> Iterator[Fact]:
    for start, sentence in sentences(text):
        if "试用" not in sentence:
            continue
        blank = BLANK_PROBATION.search(sentence)
        if blank:
            yield Fact("probation", None, "months", 0.8, (start + blank.start(), start + blank.end()))
        elif match := NO_PROBATION.search(sentence):
            yield Fact("probation", 0.0, "months", 0.95, (start + match.start(), start + match.end()))
            continue
        for match in each(PROBATION_DATES, sentence):
            if value := between(match):
                yield Fact("probation", value, "months", 0.95, (start + match.start(), start + match.end()))
        for match in PROBATION.finditer(sentence):
            value = settled(sentence, match.end(), months(next(match[name] for name in "abcde" if match[name])))
            before = sentence[max(0, match.start() - 8) : match.start()]
            if value is None or re.search(r"延长|再次|续", before) or re.search(r"延长|每满|社保|缴", match.group()):
                continue
            yield Fact("probation", value, "months", 0.6 if "超过" in match.group() else 0.95, (start + match.start(), start + match.end()))


PENALTIES = (
    re.compile(rf"(?:违约金|赔偿金?|赔付|赔|偿付|经济损失)[^。;\n,\d_%{HAN}]{{0,14}}?{MONEY}"),
    re.compile(rf"(?:支付|赔偿|承担|缴纳|交纳?|付)[^。;\n,\d_%{HAN}]{{0,8}}{MONEY}(?:的|作为)?(?:违约金|赔偿)"),
)
PAY_MONTHS = re.compile(
    rf"(?:违约金|赔偿)[^。;\n]{{0,16}}?(?P<n>{N})个月[^。;\n]{{0,6}}{PAY}"
    rf"|(?:支付|赔偿)[^。;\n,]{{0,8}}?(?P<m>{N})个月(?:的)?[^。;\n,]{{0,4}}{PAY}[^。;\n]{{0,8}}违约金"
)
COSTS = (
    re.compile(rf"培训(?:费用?|成本|经费|支出|学费)[^。;\n,\d_{HAN}]{{0,12}}?{MONEY}"),
    re.compile(rf"(?:出资|支付|承担|花费|垫付)[^。;\n,\d_{HAN}]{{0,6}}{MONEY}[^。;\n,]{{0,30}}培训"),
)
SERVICE = re.compile(
    rf"服务期(?:限)?[^。;\n,\d_{HAN}半]{{0,10}}?(?P<a>{SPAN})|(?:服务|工作)(?:满|不少于|至少)(?P<b>{SPAN})|(?:至少|承诺)(?:为甲方|在甲方|继续)?(?:服务|工作)(?P<c>{SPAN})"
)
SERVED = re.compile(rf"(?:做满|服务满|工作满|履行|已服务|做了|(?<![未不])满)(?P<a>{SPAN})(?:后|时|即?离职|辞职|[^。;\n,]{{0,6}}(?:离职|辞职))")
DONE = re.compile(r"后|时|即?离职|辞职|[^。;\n,]{0,6}(?:离职|辞职)")
NONCOMPETE = re.compile(
    r"(?:竞业|同类|离职[^,]{0,16},?不得[^,]{0,24}(?:任职|就职|从业|开办|从事[^,]{0,12}(?:行业|业务|职业|工作))|同行业?|竞争(?:关系|对手|性)?|自营|从事相同"
    r"|不得[^,]{0,16}(?:相同|类似|相近)的?(?:行业|业务))"
)
COMPENSATIONS = (
    re.compile(rf"补偿(?:金|费|标准)?[^。;\n]{{0,36}}?{SHARE}"),
    re.compile(rf"{SHARE}[^。;\n]{{0,20}}补偿"),
)
COMPENSATION_SUMS = (
    re.compile(rf"补偿(?:金|费|标准)?[^。;\n\d{HAN}]{{0,16}}?{MONEY}"),
    re.compile(rf"(?:支付|给予|发放)[^。;\n\d{HAN}]{{0,8}}?{MONEY}[^。;\n]{{0,6}}补偿"),
)


def money(text: str) -> Iterator[Fact]:
    """Penalties, training costs and the years of service they buy."""
    for start, sentence in sentences(text):
        if re.search(r"违约金|赔", sentence) and not re.search(r"用人单位违反|工伤赔偿|丢失|遗失|损[坏毁]", sentence):
            for match in each(PENALTIES, sentence):
                value = yuan(match)
                if value and (match["yuan"] or match["scale"] or value >= 500) and not re.match(r"个?(?:月|年|日|天|倍)", sentence[match.end() :]):
                    yield Fact("penalty", value, "yuan", 0.9, (start + match.start(), start + match.end()))
            for match in PAY_MONTHS.finditer(sentence):
                yield Fact("penalty", number(match["n"] or match["m"]), "months_of_pay", 0.9, (start + match.start(), start + match.end()))
        if "培训" in sentence:
            for match in each(COSTS, sentence):
                if (value := yuan(match)) and value >= 100:
                    yield Fact("training_cost", value, "yuan", 0.9, (start + match.start(), start + match.end()))
        if "服务" in sentence or "培训" in sentence:
            for match in SERVICE.finditer(sentence):
                if (value := months(next(match[name] for name in "abc" if match[name]))) and not DONE.match(sentence[match.end() :]):
                    yield Fact("service", value, "months", 0.9, (start + match.start(), start + match.end()))
            for match in SERVED.finditer(sentence):
                if value := months(match["a"]):
                    yield Fact("served", value, "months", 0.8, (start + match.start(), start + match.end()))


PAID_BEFORE = re.compile(r"补偿|平均|工资|支付|每|在职|提前|法定|[前十]$")
PAID_AFTER = re.compile(r"[^,]{0,4}(?:工资|平均|的?补偿)|前")


def noncompete(text: str) -> Iterator[Fact]:
    for start, sentence in sentences(text):
        near = NONCOMPETE.search(sentence)
        if not near:
            continue
        for match in re.finditer(rf"(?P<d>{SPAN})(?P<after>内|之内)?", sentence):
            value = months(match["d"])
            before, after = sentence[max(0, match.start() - 14) : match.start()].rpartition(",")[2], sentence[match.end() :]
            if value and value >= 1 and not PAID_BEFORE.search(before) and not PAID_AFTER.match(after):
                yield Fact("noncompete", value, "months", 0.9, (start + match.start(), start + match.end()))
                break
    if not re.search("竞业", text):
        return
    for match in each(COMPENSATIONS, text):
        if (value := share(match)) is not None and "违约" not in match.group():
            yield Fact("compensation", value, "share", 0.9, match.span())
            return
    for match in each(COMPENSATION_SUMS, text):
        if (value := yuan(match)) and match["yuan"]:
            yield Fact("compensation", value, "yuan", 0.85, match.span())
            return


def facts(found: Seen) -> list[Fact]:
    """Everything stated, in the order of reading; places in the text as given. The same thing may be stated several times."""
    rows = [fact for reader in (term, probation, until, wages, composed, hours, money, noncompete) for fact in reader(found.text)]
    return [Fact(row.name, row.value, row.unit, row.confidence, found.span(*row.span)) for row in rows]


def read(text: str) -> list[Fact]:
    """The facts of a text as given. Pure; never raises."""
    return facts(seen(text))


def stated(rows: list[Fact], name: str) -> Fact | None:
    """The statement of a thing that is most to be trusted; one that is filled in goes before a blank."""
    return max((row for row in rows if row.name == name), key=lambda row: (row.value is not None, row.confidence), default=None)
