"""What the stated figures of a contract add up to: probation against term, wage, hours, penalty, non-compete, what is missing or blank."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from knowledge.rights.pay import BASE_ALONE, IN_PARTS
from knowledge.rights.quantities import Fact, Seen
from knowledge.rights.terms import NAMES, OPEN_ENDED, TASK, stated

UNLAWFUL, HINT = "违法", "提示"
DAILY, WEEKLY, STANDARD = 8.0, 44.0, 40.0
"""Hours: 劳动法 art. 36 (8 and 44), 国务院关于职工工作时间的规定 art. 3 (40)."""
BREAK = 1.0
"""Hours taken off for a break that is not told; nothing is called unlawful on it."""
SHARE, LONGEST, DISPATCH = 0.8, 24.0, 24.0
"""Of the agreed wage in probation; months of a non-compete; months of a dispatch contract."""
SURE = 0.7
WHOLE = 400
"""Characters from which a text is taken for a whole contract, so that a clause can be missing."""
HIGH = 5000.0
"""Yuan of a three-party penalty from which it is called high where no wage is told."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A rule that arithmetic found, with what exactly; `severity` and `laws` where they differ from the rule's own."""

    rule: str
    detail: str
    span: tuple[int, int] = (0, 0)
    severity: str = ""
    laws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    sums: tuple[Sum, ...]
    missing: tuple[str, ...]
    blanks: tuple[str, ...]


MONTHLY = re.compile(r"(?:工资|报酬|薪)[^。;\n]{0,12}(?:按月|每月)[^。;\n]{0,10}(?:发|付|结算)|(?:按月|每月)[^。;\n]{0,8}(?:发放|支付|结算)")


def sums(kind: str, text: Seen, facts: list[Fact], minimum: Mapping[str, float]) -> Report:
    """`minimum`: the least wage by place, yuan a month."""
    labour = kind in ("labour", "dispatch", "unknown")
    gaps = tuple(name for name, words in CLAUSES.items() if not re.search(words, text.text)) if labour and len(text.text) >= WHOLE else ()
    if kind == "offer":
        gaps = tuple(name for name, words in PROMISES.items() if not re.search(words, text.text))
    holes = tuple(dict.fromkeys(blanks(text, facts)))
    rows = [*probation(kind, facts), *wage(facts), *hours(kind, text, facts), *training(text, facts), *noncompete(text, facts)]
    rows += [*floor(text, facts, minimum)] if labour else []
    rows += [*agreement(text, facts)] if kind == "agreement" else []
    rows += [*dispatch(text, facts)] if kind == "dispatch" else []
    if kind == "part_time" and (match := MONTHLY.search(text.text)):
        rows.append(Sum("K22", "非全日制工资最长 15 天结一次", text.span(*match.span()), UNLAWFUL, ("劳动合同法 第72条",)))
    if kind == "offer" and len(gaps) >= 2:
        rows.append(Sum("K40", f"没写:{'、'.join(gaps)}"))
    if labour and (gaps or holes):
        told = [f"没找到:{'、'.join(gaps)}"] if gaps else []
        told += [f"空着没填:{'、'.join(holes)}"] if holes else []
        rows.append(Sum("K28", ";".join(told)))
    if kind == "service" and len(re.findall(r"考勤|打卡|上班时间|工作时间|规章制度|坐班|全职|请假|月薪|底薪|基本工资", text.text)) >= 2:
        match = re.search(r"考勤|打卡|上班时间|工作时间|规章制度|坐班|全职", text.text)
        rows.append(Sum("K27", "写着劳务、合作,却按员工来管", text.span(*match.span()) if match else (0, 0)))
    return Report(tuple(rows), gaps, holes)


def said(value: float) -> str:
    if value == OPEN_ENDED:
        return "无固定期限"
    if value == TASK:
        return "以完成工作任务为期限"
    return f"{value / 12:g} 年" if value >= 12 and value % 12 == 0 else f"{value:g} 个月"


def limit(term: float) -> float:
    """Months of probation that 劳动合同法 art. 19 allows for a term in months."""
    if term == TASK or term < 3:
        return 0.0
    return 1.0 if term < 12 else 2.0 if term < 36 else 6.0


def probation(kind: str, facts: list[Fact]) -> Iterator[Sum]:
    rows = [fact for fact in facts if fact.name == "probation" and fact.value and fact.confidence >= SURE]
    if not rows:
        return
    row = max(rows, key=lambda fact: fact.value or 0.0)
    months, term = row.value or 0.0, stated(facts, "term")
    if kind == "part_time":
        yield Sum("K01", "非全日制不能约定试用期", row.span, UNLAWFUL, ("劳动合同法 第70条",))
        return
    if term is None or term.value is None:
        if months > 6:
            yield Sum("K01", f"试用期 {said(months)},多长的合同都不能超过 6 个月", row.span)
        elif months > 1:
            need = "满 3 年" if months > 2 else "满 1 年"
            bound = stated(facts, "service") if kind == "agreement" else None
            unread = f"写了服务期 {said(bound.value)},没写合同签多久" if bound and bound.value else "没读到合同签多久"
            yield Sum("K01", f"{unread}。试用期 {said(months)},合同要{need}才行", row.span, HINT)
        return
    most = limit(term.value)
    if months > most + 0.04:
        allowed = f"最多 {most:g} 个月" if most else "不能有试用期"
        yield Sum("K01", f"合同 {said(term.value)},试用期 {said(months)};这样的合同{allowed}", row.span)
    if 0 < term.value <= months:
        yield Sum("K02", "整份合同都是试用期,这样的试用期不成立", row.span)


def wage(facts: list[Fact]) -> Iterator[Sum]:
    trial, full = stated(facts, "probation_wage"), stated(facts, "wage")
    if trial is None or trial.value is None:
        return
    if trial.unit == "share":
        if trial.value < SHARE - 0.001:
            yield Sum("K04", f"试用期只发 {trial.value:.0%},不能低于 80%", trial.span)
    elif full and full.value and trial.value < SHARE * full.value - 0.5:
        base = next((row.value for row in facts if row.name == "wage" and row.value), full.value)
        if full.confidence >= IN_PARTS and trial.confidence <= BASE_ALONE and trial.value >= SHARE * base - 0.5:
            told = f"试用期底薪 {trial.value:g} 元,转正各项加起来 {full.value:g} 元;问清试用期别的几项发不发,合起来至少要 {SHARE * full.value:g} 元"
            yield Sum("K04", told, trial.span, HINT)
            return
        yield Sum("K04", f"试用期 {trial.value:g} 元,转正 {full.value:g} 元;试用期至少要 {SHARE * full.value:g} 元", trial.span)


def floor(text: Seen, facts: list[Fact], minimum: Mapping[str, float]) -> Iterator[Sum]:
    """The wage of probation against the least one where the work is."""
    trial, full = stated(facts, "probation_wage"), stated(facts, "wage")
    if trial is None or trial.value is None:
        return
    paid = trial.value * ((full.value if full else None) or 0.0) if trial.unit == "share" else trial.value
    for place in sorted(minimum, key=len, reverse=True):
        if re.search(rf"工作(?:地点|地址|地区|地)[^。;\n]{{0,20}}{re.escape(place)}", text.text):
            if 0 < paid < minimum[place] - 0.5:
                yield Sum("K04", f"试用期 {paid:g} 元,比{place}的最低工资 {minimum[place]:g} 元还低", trial.span)
            return


FLEXIBLE = re.compile(
    r"[☑√■✓✔☒](?:综合计算|不定时)|实行(?:综合计算|不定时)(?![^。;\n]{0,30}(?:或|/|、)(?:标准|不定时))|(?:执行|采用)(?:综合计算|不定时)"
)


def hours(kind: str, text: Seen, facts: list[Fact]) -> Iterator[Sum]:
    if kind in ("internship", "trainee", "service", "agreement", "noncompete", "training"):
        return
    a_day, days, a_week = stated(facts, "hours"), stated(facts, "days"), stated(facts, "weekly")
    daily = a_day.value if a_day else None
    there = daily if a_day and daily and a_day.confidence < SURE else None
    if there:
        daily = there - BREAK
    count = days.value if days else None
    weekly = a_week.value if a_week and a_week.value else daily * count if daily and count else None
    span = next((row.span for row in (a_day, days, a_week) if row and row.value), (0, 0))
    flexible = FLEXIBLE.search(text.text)
    if flexible:
        yield Sum("K18", "综合计算、不定时工时要人社部门批准,问公司要批准文件", text.span(*flexible.span()), HINT)
    elif count and count >= 7:
        yield Sum("K18", "一周七天都上班,每周至少要休一天", days.span if days else span)
    elif (daily and daily > DAILY) or (weekly and weekly > WEEKLY):
        shown = [f"每天 {daily:g} 小时"] if daily else []
        shown += [f"每周 {count:g} 天"] if count else []
        shown += [f"每周 {weekly:g} 小时"] if weekly else []
        if there and not (a_week and a_week.value and a_week.value > WEEKLY):
            yield Sum("K18", f"从上班到下班 {there:g} 小时,没写休息多久;扣 {BREAK:g} 小时是{'、'.join(shown)},问清休息时间和加班怎么算", span, HINT)
        else:
            yield Sum("K18", "、".join(shown) + ",超过一天 8 小时、平均一周 44 小时的上限", span)
    elif weekly and weekly > STANDARD:
        yield Sum("K18", f"每周 {weekly:g} 小时,超过标准的 40 小时,多出来的问清是不是算加班", span, HINT)
    elif count and count > 5 and not daily:
        yield Sum("K18", f"每周 {count:g} 天,问清一天几小时;一周一般 40 小时", days.span if days else span, HINT)


FAIR = re.compile(r"分摊|按比例|递减|未履行|尚未|剩余|不超过[^。;\n]{0,8}培训费")


def training(text: Seen, facts: list[Fact]) -> Iterator[Sum]:
    cost, penalty, service, served = (stated(facts, name) for name in ("training_cost", "penalty", "service", "served"))
    if not (cost and cost.value and penalty and penalty.value and service and service.value) or penalty.unit != "yuan":
        return
    done = min(served.value, service.value) if served and served.value else 0.0
    most = cost.value * (service.value - done) / service.value
    if penalty.value > most + 0.5:
        after = f",做满 {said(done)}后" if done else ""
        told = f"培训费 {cost.value:g} 元、服务期 {said(service.value)}{after},违约金最多 {most:g} 元,这里写 {penalty.value:g} 元"
        yield Sum("K14", told, penalty.span)
    elif not done and penalty.value >= cost.value and not FAIR.search(text.text):
        yield Sum("K14", f"违约金要随做满的时间减少,这里一直是 {penalty.value:g} 元", penalty.span, HINT)


BOUND = re.compile(r"竞业|(?:离职|解除|终止)[^。;\n]{0,20}(?:不得|不能)[^。;\n]{0,24}(?:同类|同行业?|竞争)")
PAID = re.compile(r"竞业[^。]{0,160}补偿|补偿[^。]{0,80}竞业|经济补偿[^。]{0,20}(?:按月|每月)|按月[^。]{0,20}补偿")
UNPAID = re.compile(
    r"(?:不|无)(?:另行?|再|予|需)?(?:支付|给予|发放)?[^。;\n]{0,8}(?:竞业)?(?:经济)?补偿|补偿[^。;\n]{0,8}(?:已)?(?:包含|含)在[^。;\n]{0,12}工资"
)


def noncompete(text: Seen, facts: list[Fact]) -> Iterator[Sum]:
    row = stated(facts, "noncompete")
    if row and row.value and row.value > LONGEST + 0.1:
        yield Sum("K25", f"写了 {said(row.value)},最长 2 年", row.span)
    match, paid, free = BOUND.search(text.text), PAID.search(text.text), UNPAID.search(text.text)
    denied = re.search(r"(?:不|没有|无)(?:需|约定|设|受|适用|存在)?[^。;\n]{0,4}竞业", text.text)
    if match and not denied and (not paid or (free and "竞业" in text.text[max(0, free.start() - 80) : free.end() + 40])):
        yield Sum("K26", "", text.span(*match.span()))


def agreement(text: Seen, facts: list[Fact]) -> Iterator[Sum]:
    penalty, pay = stated(facts, "penalty"), stated(facts, "wage")
    if penalty is None or not penalty.value:
        return
    month = pay.value if pay and pay.value else HIGH
    amount = penalty.value if penalty.unit == "yuan" else penalty.value * month
    if amount > month + 0.5 or (not (pay and pay.value) and amount > HIGH):
        yield Sum("K12", f"违约金 {amount:g} 元" + (f",超过一个月工资 {month:g} 元" if pay and pay.value else ",偏高"), penalty.span)
    elif not re.search(r"双方|任何一方|一方违约|违约方|甲方违|用人单位违|单位违|互相", text.text):
        yield Sum("K12", "只写了你违约要赔,没写单位违约赔多少", penalty.span)


IDLE = re.compile(r"(?:无工作|待岗|退回|待派)[^。;\n]{0,16}(?:不(?:予|再|计)?(?:支付|发放?|给)|无|没有)(?:任何)?[^。;\n]{0,6}(?:工资|报酬|薪)")


def dispatch(text: Seen, facts: list[Fact]) -> Iterator[Sum]:
    term = stated(facts, "term")
    if match := IDLE.search(text.text):
        yield Sum("K38", "没活的时候派遣公司也要按最低工资按月发钱", text.span(*match.span()), UNLAWFUL, ("劳动合同法 第58条",))
    if term and term.value is not None and 0 < term.value < DISPATCH and term.value != TASK:
        yield Sum("K38", f"派遣公司要和你签两年以上,这里是 {said(term.value)}", term.span, UNLAWFUL, ("劳动合同法 第58条",))


CLAUSES = {
    "单位名称、住所": r"甲方|用人单位|公司名称",
    "你的姓名、身份证号": r"乙方|劳动者|员工姓名",
    "合同期限": r"期限|固定期限|自20\d\d|为期|合同期",
    "工作内容和地点": r"岗位|职位|工作内容|职务|担任|从事",
    "工作时间、休息休假": r"工时|工作时间|休息|休假|每天|每日|双休|上班",
    "工资": r"工资|薪|报酬",
    "社会保险": r"社会保险|社保|五险|(?:养老|医疗|失业|工伤|生育)[^。;]{0,20}保险",
    "劳动保护": r"劳动保护|劳动条件|职业危害|安全生产|职业病|劳动安全",
}
"""劳动合同法 art. 17, and the words by which each is known."""
PROMISES = {
    "岗位": r"岗位|职位|职务|担任|(?:聘|录用)[^。;\n]{0,6}为",
    "工资": r"薪|工资|报酬|待遇|k/月",
    "报到时间": r"报到|入职(?:日期|时间)|到岗|20\d\d年",
    "合同期限": r"合同|期限",
    "试用期": r"试用",
    "地点": r"地点|地址|城市|办公",
    "社保": r"社保|社会保险|五险|保险",
}


HOLES = {
    "岗位": r"(?:岗位|职位|职务|工种)(?:为|是|:|\(工种\))?_",
    "工作地点": r"工作地点(?:为|是|在|:)?_",
    "发薪日": r"每月_日|每月_号",
}


def blanks(text: Seen, facts: list[Fact]) -> Iterator[str]:
    """What is left blank: of the figures, and the places of the form."""
    for name in ("term", "probation", "wage", "probation_wage", "hours"):
        row = stated(facts, name)
        if row and row.value is None:
            yield NAMES[name]
    for label, words in HOLES.items():
        if re.search(words, text.text):
            yield label
