"""What follows from a profile on a day: ages, months, readings of 离校2年内, kinds of places. Three-valued: None is unknown.

A value is a number, a text, a `Span` (somewhere between two bounds) or None. No rules of any policy, those are in the entries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from typing import Any

from knowledge.policy import regions
from knowledge.profile import DEGREES, FIELDS, Span, span
from knowledge.words import remembered

Truth = bool | None
YOUNGEST = {"专科": 19, "高级工": 18, "本科": 20, "硕士": 22, "博士": 24}
"""Nobody is taken to be younger when graduating: school begins at six (义务教育法 art. 11), two skipped years allowed for."""
PENSION = 60
AGES = 1200
"""Months that nobody reaches: where there is no upper bound."""
WEST = ("内蒙古", "广西", "重庆", "四川", "贵州", "云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "新疆")
MIDDLE = ("河北", "山西", "吉林", "黑龙江", "安徽", "江西", "河南", "湖北", "湖南", "海南")
"""With WEST the 22 provinces that the notices on tuition refunds for grass-roots work call 中西部 (sources of GRA-07)."""
EAST = ("北京", "天津", "上海", "浙江")
"""Provinces of which no part counts as 中西部, 艰苦边远 or 老工业基地. Those in none of the three are open: some of their places do."""
CAPITALS = re.compile(
    "北京|天津|上海|重庆|石家庄|太原|呼和浩特|沈阳|长春|哈尔滨|南京|杭州|合肥|福州|南昌|济南|郑州|武汉|长沙|广州|南宁|海口|成都|贵阳|昆明|"
    "拉萨|西安|兰州|西宁|银川|乌鲁木齐|大连|青岛|宁波|厦门|深圳|苏州|无锡"
)
LEVELS = r"职业技能等级|职业资格|技能等级|初级工|中级工|高级工|技师|[一二三四五]级|初级|中级|高级|上岗"
TRADES = (
    r"电工|焊工|钳工|车工|育婴|养老护理|保育|健康管理师|消防设施操作|人力资源管理师|家政|美容师|美发师|厨师|烹调|"
    r"面点|数控|叉车司机|茶艺|评茶|保健|按摩"
)
OTHERS = r"教师|教资|普通话|四六级|四级英语|六级|英语|计算机等级|计算机二级|驾|法律职业|会计|建造师|医师|护士|记者|导游|律师|毕业证|学位"
SKILL, NO_SKILL = re.compile(f"{LEVELS}|{TRADES}"), re.compile(OTHERS)
MEDICAL = re.compile(r"临床|中医|中西医|口腔|预防医学|针灸|医学|乡村医生|全科")
NO_MEDICAL = re.compile(r"医学(检验|影像|实验|信息|美容|工程)|护理|药学|生物医学")
MAKES = re.compile(r"制造|生产|加工|零部件|机械|电子厂|汽车|纺织|服装|食品|化工|装备|材料|五金|家具")
RURAL = re.compile(r"(?<![宁桐内西平])乡(?!.?[县市区旗])|镇(?!.?[县市区旗])|村|苏木|牧区|林场")
"""Below a county; counties and cities may have these signs in their names (镇雄县, 宁乡), so that a doubtful one is none."""
COUNTY, URBAN = re.compile(r"县|旗|城关"), re.compile(r"(?<!自治)(?<!地)区|市中心")
"""The county itself may mean its town: whether that is 基层 is decided case by case (GRA-07)."""


class Facts:
    """One person on one day. Derived values are worked out once."""

    def __init__(self, profile: Mapping[str, Any], today: date) -> None:
        self.profile = profile
        self.today = today
        self.memo: dict[tuple[object, ...], Truth] = {}
        self.values: dict[str, Any] = {}

    def value(self, name: str) -> Any:
        """A field or a derived value; None where nothing is known."""
        if name not in self.values:
            derive = DERIVED.get(name)
            self.values[name] = derive(self) if derive else self.plain(name)
        return self.values[name]

    def plain(self, name: str) -> Any:
        held = self.profile.get(name)
        return span(held) if held is not None and FIELDS[name].kind == "date" else held

    @cached_property
    def cohort(self) -> Span | None:
        """The graduation year."""
        said = self.profile.get("cohort")
        if said is not None:
            return Span(said, said)
        graduated: Span | None = self.value("graduation_date")
        return graduated and Span(graduated.low.year, graduated.high.year)

    @cached_property
    def left_on(self) -> Span | None:
        """Between which days the diploma was given."""
        graduated: Span | None = self.value("graduation_date")
        if graduated is None and self.cohort:
            return Span(date(self.cohort.low, 1, 1), date(self.cohort.high, 12, 31))
        return graduated

    def age(self, at: Span | None = None) -> Span | None:
        """Full years on a day; without a birth date at least what graduating takes."""
        at = at or Span(self.today, self.today)
        born: Span | None = self.value("birth_date")
        if born:
            return Span(years_between(born.high, at.low), years_between(born.low, at.high))
        said = self.profile.get("age")
        if said is not None:
            sooner, later = years_between(self.today, at.low), years_between(self.today, at.high)
            return Span(said + sooner, said + later + ((at.high.month, at.high.day) != (self.today.month, self.today.day)))
        youngest, on = YOUNGEST.get(self.profile.get("degree", "")), self.left_on
        return Span(youngest + max(0, years_between(on.high, at.low)), 99) if youngest and on else None

    def place(self, of: str) -> str:
        """Where the rules of a place are looked for: where the employer or the business is, else where the person lives."""
        chain = {"employer": ("employer.region",), "business": ("business.region", "residence", "hukou")}.get(of, ("residence", "hukou"))
        return next((self.profile[name] for name in chain if self.profile.get(name)), "")


def years_between(start: date, end: date) -> int:
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


def years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def months_between(start: date, end: date) -> int:
    return 12 * (end.year - start.year) + end.month - start.month - (end.day < start.day)


def either(*truths: Truth) -> Truth:
    return True if True in truths else None if None in truths else False


def agreed(*truths: Truth) -> Truth:
    """What several readings say together: None where they differ."""
    return truths[0] if len(set(truths)) == 1 else None


def before(one: Span, other: Span) -> Truth:
    """Strictly earlier; the same day is open."""
    return True if one.high < other.low else False if one.low > other.high else None


def graduated(facts: Facts, at: Span | None = None) -> Truth:
    """Has the diploma."""
    on, at = facts.left_on, at or Span(facts.today, facts.today)
    if on is None:
        return None
    return True if on.high <= at.low else False if on.low > at.high else None


def by_date(facts: Facts, years: int, at: Span) -> Truth:
    """Reading by the day on the diploma: less than so many years ago. The day itself is open."""
    on = facts.left_on
    return before(at, Span(years_after(on.low, years), years_after(on.high, years))) if on else None


def by_cohort(facts: Facts, years: int, at: Span) -> Truth:
    """Reading by graduation year: this year's and the years before it."""
    if facts.cohort is None:
        return None
    return True if at.high.year - facts.cohort.low <= years else False if at.low.year - facts.cohort.high > years else None


def left_within(facts: Facts, years: int, at: Span | None, by: str = "") -> Truth:
    """离校 N 年内: by the day, by the cohort, or, where the place does not say which, only what both say (IDS-10)."""
    at = at or Span(facts.today, facts.today)
    done = graduated(facts, at)
    if done is False:
        return False
    by = facts.profile.get("counts_by") or by
    readings = {"日期": by_date, "届": by_cohort}
    found = readings[by](facts, years, at) if by else agreed(by_date(facts, years, at), by_cohort(facts, years, at))
    return found if done or found is False else None


def final_year(facts: Facts) -> Truth:
    """毕业学年: still at school and graduating before the school year (September to August) ends."""
    done = graduated(facts)
    if done or facts.cohort is None:
        return False if done else None
    last = facts.today.year + (facts.today.month >= 9)
    soon = True if facts.cohort.high <= last else False if facts.cohort.low > last else None
    return soon if done is False or soon is False else None


def members(facts: Facts, *wanted: str) -> Truth:
    """Belongs to one of the groups. A stated list is the whole list."""
    held = facts.profile.get("groups")
    inside = held if held is None else any(group in wanted for group in held)
    return either(inside, facts.value("student_loan")) if "助学贷款" in wanted else inside


@remembered
def whereabouts(text: str) -> regions.Place | None:
    return regions.find(text)


def names_of(text: str) -> tuple[str, ...]:
    """The city and the province that a text names."""
    found = whereabouts(text)
    return (found.name, found.province) if found else ()


def region_kind(text: str | None) -> Truth:
    """Whether a workplace lies in 中西部, 艰苦边远 or 老工业基地."""
    found = whereabouts(text) if text else None
    if found is None:
        return None
    return True if found.province in WEST + MIDDLE else False if found.province in EAST else None


def county_level(text: str | None) -> Truth:
    """Whether a workplace lies below county level, as far as its name says; that of its city (新乡, 景德镇) says nothing."""
    if not text:
        return None
    found = whereabouts(text)
    within = text.replace(found.name, "", 1) if found else text
    if RURAL.search(within) and "城关" not in within:
        return True
    if COUNTY.search(within):
        return None
    return False if URBAN.search(within) or (found and CAPITALS.fullmatch(found.name)) else None


def skilled(facts: Facts) -> Truth:
    """Holds a certificate of a skilled trade; a teacher's or a language certificate is none."""
    held = facts.profile.get("certificates")
    if held is None:
        return None
    kinds = [False if NO_SKILL.search(name) else True if SKILL.search(name) else None for name in held]
    return either(*kinds) if kinds else False


def medical(facts: Facts) -> Truth:
    major = facts.profile.get("major")
    return None if major is None else None if NO_MEDICAL.search(major) else bool(MEDICAL.search(major))


def manufacturing(facts: Facts) -> Truth:
    industry = facts.profile.get("employer.industry")
    return True if industry and MAKES.search(industry) else None


def small(facts: Facts) -> Truth:
    return {"小微": True, "中型": False, "大型": False}.get(facts.profile.get("employer.size", ""))


def small_or_medium(facts: Facts) -> Truth:
    return {"小微": True, "中小微": True, "中型": True, "大型": False}.get(facts.profile.get("employer.size", ""))


def loan(facts: Facts) -> Truth:
    """Has a state student loan; a stated list of groups says so too."""
    said: Truth = facts.profile.get("student_loan")
    held = facts.profile.get("groups")
    return said if said is not None or held is None else "助学贷款" in held


def registered(facts: Facts) -> Truth:
    """Registered as unemployed; who has a job is not."""
    if facts.profile.get("unemployment_registered_on"):
        return True
    said: Truth = facts.profile.get("unemployment_registered")
    return False if said is None and facts.profile.get("employment") == "就业" else said


def seeking(facts: Facts) -> Truth:
    """Wants a job; registering as unemployed says so."""
    said: Truth = facts.profile.get("job_seeking")
    return True if said is None and registered(facts) else said


def ui_months(facts: Facts) -> Any:
    """Months of unemployment insurance; never more than those of all insurance."""
    said = facts.profile.get("ui_paid_months")
    insured = facts.profile.get("insured_months")
    return said if said is not None or insured is None else insured if insured == 0 else Span(0, insured)


def begun(facts: Facts) -> Span:
    """Calendar months since the hiring, the first and this one counted: as many as an employer can have paid for."""
    hired: Span | None = facts.value("hired_on")
    if hired is None:
        return Span(0, AGES)
    low, high = (12 * (facts.today.year - day.year) + facts.today.month - day.month + 1 for day in (hired.high, hired.low))
    return Span(low, high)


def paid_here(facts: Facts, name: str, months: int) -> Truth:
    """At least so many of the months in a field were paid by the present employer; those of an earlier one do not count."""
    held = facts.value(name)
    paid = held if isinstance(held, Span) else Span(0, AGES) if held is None else Span(held, held)
    since, whole = begun(facts), months_since(facts, "hired_on") or Span(0, AGES)
    if facts.profile.get("pays_own_insurance") or min(paid.high, since.high) < months:
        return False
    return True if min(paid.low, since.low) >= months and (paid.high <= since.low or whole.low >= months) else None


def insured_before(facts: Facts) -> Truth:
    """Insured before the present employer, as far as said: more months than have begun since the hiring."""
    return bool(max(facts.profile.get(name, 0) for name in ("insured_months", "ui_paid_months")) > begun(facts).high)


def settled(facts: Facts) -> Truth:
    """落实过工作, as far as said: a contract, months of insurance, a registration as flexible worker or a licence (IDS-01)."""
    signs = ("contract_signed", "flexible_registered", "business.has_license")
    return any(facts.value(name) for name in signs) or any(facts.profile.get(name) for name in ("insured_months", "ui_paid_months"))


def recruited(facts: Facts) -> Span | None:
    """The ages from today to the end of the year that is recruited for next: a year's last call-up ends in September (MIL-01)."""
    return facts.age(Span(facts.today, date(facts.today.year + (facts.today.month > 9), 12, 31)))


def contract(facts: Facts) -> Truth:
    """Has a signed contract."""
    said: Truth = facts.profile.get("contract_signed")
    known = facts.profile.get("contract_years") is not None or bool(facts.profile.get("contract_signed_on"))
    return True if said is None and known else said


def contract_years(facts: Facts) -> Any:
    return 0 if facts.profile.get("contract_signed") is False else facts.profile.get("contract_years")


def licensed(facts: Facts) -> Truth:
    said: Truth = facts.profile.get("business.has_license")
    return True if said is None and facts.profile.get("business.registered_on") else said


def operating(facts: Facts) -> Any:
    """Months in business, at most those since registration."""
    said, since = facts.profile.get("business.operating_months"), facts.value("business.registered_on")
    if said is not None or since is None:
        return said
    return Span(0, max(0, months_between(since.low, facts.today)))


def months_since(facts: Facts, name: str, at: Span | None = None) -> Span | None:
    start: Span | None = facts.value(name)
    at = at or Span(facts.today, facts.today)
    return start and Span(months_between(start.high, at.low), months_between(start.low, at.high))


def receiving(facts: Facts) -> Truth:
    """Draws unemployment benefit; who has a job or never paid twelve months does not."""
    said: Truth = facts.profile.get("receives_ui")
    paid = ui_months(facts)
    most = paid.high if isinstance(paid, Span) else paid
    if said is None and (facts.profile.get("employment") in ("就业", "创业") or (most is not None and most < 12)):
        return False
    return said


def pensioned(facts: Facts) -> Truth:
    born = facts.age() if facts.profile.get("birth_date") or facts.profile.get("age") is not None else None
    return born is not None and born.low >= PENSION


def degree_rank(facts: Facts) -> Any:
    held = facts.profile.get("degree")
    return None if held is None else DEGREES.index(held)


DERIVED: dict[str, Callable[[Facts], Any]] = {
    "age": lambda facts: facts.age(),
    "cohort": lambda facts: facts.cohort,
    "degree": degree_rank,
    "student_loan": loan,
    "contract_signed": contract,
    "contract_years": contract_years,
    "unemployment_registered": registered,
    "job_seeking": seeking,
    "ui_paid_months": ui_months,
    "receives_ui": receiving,
    "business.has_license": licensed,
    "business.operating_months": operating,
}
