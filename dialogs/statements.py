"""Facts that a free sentence states, as profile fields; tables are in statements.toml, what counts as stated at all in `clauses`.

Pure and deterministic. An unclear fact is left out: a missing one is asked for, a wrong one is acted upon.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from itertools import pairwise
from typing import Any

from dialogs import dates, likeness, localities, polarity, questions, sayings, schooling, work
from dialogs.clauses import ASK, FEMALE, MALE, Said, stated
from dialogs.events import bound
from knowledge.profile import GROUPS

Facts = dict[str, Any]
READ_CHARS = 1000
"""So much of a text is read: nobody tells facts beyond that."""
COHORT = re.compile(
    r"(?<!\d)(20\d{2}|[012]\d)\s*(?:年)?(?:应|毕业|的)?届(?!的?(?:都|也|才)还?(?:算|行|能|可以)|的?(?:学[姐长弟妹]|师[兄姐弟妹]|同学|朋友|政策|他们))"
)
BARE_CLASS = re.compile(r"^(?:但|可)?我(?:自己)?是?(20\d{2}|[012]\d)的$")
"""听说26届有补贴,我25的: a class said after another."""
COUNTS_BY = {
    "届": re.compile(r"(?:按|看|认|照)(?:的是|着)?(?:毕业)?届"),
    "日期": re.compile(r"(?:按|看|认|照|从)(?:的是|着)?(?:毕业证?)?[^,不届]{0,6}(?:日子|日期|哪天|那天|落款|签发日|发证日)"),
}
"""How the office counts the two years since leaving."""
BIRTH_YEAR = re.compile(
    r"(?<![\d.])(?P<year>(?:19|20)?\d{2})(?:年(?:春天?|秋天?|夏天?|冬天?|年?[初底]|[头尾])?)?(?:的|生人?|出生)(?=,|$|人|女|男|老|[了吧啊呢])|(?<![\d.])(?P<young>\d{2})年(?=的?(?:妹子|姑娘|小姑娘|小伙|女生|男生))|(?<![\d])(?P<full>(?:19|20)\d{2})年(?:出生|生)"
)
AGE = re.compile(
    r"(?<![\d~到至五六七八九百快就-])(?<![没不未]满)(?<!不到)(?P<age>[1-6]\d|[二三四]?十[一二三四五六七八九]?)(?:周岁|岁)(?!以|之|前|内|时|那年|的时候|到|至|-)"
    r"|(?:今年(?:都|已经|刚|才)?|现在(?:都|已经)?(?=[2-4]\d了)|(?:^|,)(?:我|他|她|孩子|(?:我|俺)?(?:儿|女儿|儿子|闺女))?(?:都|已经)?(?=[2-4]\d了)|我(?:才|刚|都|已经)(?=[2-4]\d$)|(?:^|,)[我俺](?:今年|都|才)?(?=[1-4]\d了?,)|[刚才]满|(?:孩子|小子|闺女|女儿|儿子|姑娘|丫头|娃|[弟妹哥姐])(?:今年|都|已经|刚|才)*|年[龄纪](?:是)?|年方|年龄[^,]{0,8}我是(?=\d\d(?:不是|,|$))|^(?=(?:[1-4]\d|[二三]?十[一二三四五六七八九]?),(?:[男女]|高中|初中|中专|大专|本科))|[周实]岁|实际年龄|毕业(?=[2-4]\d了)|(?:^|,)(?:我是)?(?:[男女](?:孩|生|的)?|宝妈)(?:一[枚个])?,?(?=[1-4]\d|[二三]十)|本人[男女](?=[1-4]\d)|(?:^|,)[他她](?:今年|都|才)?(?=[1-4]\d(?:,|$)))"
    r"(?P<bare>[1-6]\d|[二三四]?十[一二三四五六七八九]|[二三四]十)(?:了|(?=,|$|不是))"
)
GENDER = {
    "女": re.compile(
        r"(?:^|,)一个女(?:生|孩)|\d{2}[年后]的?(?:妹子|姑娘|小姑娘|女生)|本人女|(?:我|俺|咱)(?:是|一个)?(?:个)?女(?:的|生|孩|性|娃)|性别是?女|(?:出生|生)的女(?:生|孩)|(?:^|,)我?女(?:生|孩|性|的|孩子|娃)?(?=,|$|\d{2}岁)|(?:小姑娘|女孩子|妹子|女生|女孩|宝妈)(?:一[枚个])|(?:^|,|我是)(?:全职)?宝妈(?=,|$)|[我俺咱]是(?:个|一个)?(?:妹子|姑娘家?|小姑娘)(?=,|$)|(?<=岁)(?:的)?女(?=,|$|生|孩)"
    ),
    "男": re.compile(
        r"(?:^|,)一个男(?:生|孩)|\d{2}[年后]的?(?:小伙子?|男生)|本人男|(?:我|俺|咱)(?:是|一个)?(?:个)?男(?:的|生|孩|性|娃)|(?:^|,)(?:大?男生|小伙子?)(?=\d)|性别是?男|(?:出生|生)的男(?:生|孩)|(?:^|,)我?男(?:生|孩|性|的|孩子|娃)?(?=,|$)|(?:小伙子?|大?男生|男孩)一[枚个]|[我俺咱]是(?:个|一个)?(?:小伙子?|汉子|爷们|糙汉)(?=,|$)|(?<=岁)(?:的)?男(?=,|$|生|孩)"
    ),
}
MARRIED = {"女": re.compile(r"我(?:的)?(?:公公|婆婆|公婆)"), "男": re.compile(r"我(?:的)?(?:岳父|岳母|老丈人|丈母娘|媳妇(?!说我))")}
"""Whose parents-in-law are called so."""
FACTS = tuple(
    (
        row["field"],
        sayings.pattern(row["topic"]),
        sayings.pattern(row["done"]) if "done" in row else None,
        row.get("state", False),
        row.get("now", False),
    )
    for row in sayings.TABLE["fact"]
)
DENIALS = tuple((row["field"], sayings.pattern(row["said"])) for row in sayings.TABLE["denial"])
RECEIVED, SCHOOL, SERVICE, FLAGS = (sayings.patterns(name) for name in ("received", "school_type", "service", "flags"))
SERVED = re.compile(
    r"期满|竞聘上|选上|(?:干|做|当|服务)满|{数}届|服务证|人员|正在|(?<!想)在(?:做|干|服务)|结束|到期|到头|志愿者|(?:服务|参加|干|做|当)(?:[了过完的着]|[^,]{0,6}[年月])|考上|服务期|支过|队员|还在|现在(?:就)?是|第[一二三]年|{数}年".replace(
        "{数}", sayings.NAMES["数"]
    )
)
NOT_SERVED = re.compile(r"不同|不一样|区别|考(?![上核])|想|没|招|[?吗]|条件")
NEVER_SERVED = re.compile(
    r"(?:基层|服务)项目[^,]{0,8}(?:没|未)|(?:没|未)[^,]{0,4}基层[^,]{0,2}项目"
    r"|(?:三支一扶|西部计划|特岗|村官|支[教农医])[^,没]{0,12}(?:都|这些|什么的|哪个|一个)[^,没]{0,4}(?:没|未)[^,]{0,2}(?:参加|干|去|做|报|当)过"
    r"|(?:没|未)(?:有)?(?:参加|干|去|做|报|当)过[^,]{0,8}(?:三支一扶|西部计划|特岗|村官|支[教农医]|基层(?:服务)?项目)|(?:没有?|无)(?:任何|什么)?(?:基层|支教|三支一扶)[^,]{0,3}经历"
)
ELLIPSIS = re.compile(
    r"[^,]{0,4},(?:但是?|不过|可是?|而)?(?:我|俺|咱|本人)(?:自己|本人|个人|倒|就|可|也|还|是|一直)*没(?:有)?(?:去)?(?:办|弄|搞|签|登记?|申请|认定|贷|借|考|领|拿)?(?:成|过|呢|的)*(?=,|$)"
)
"""同学办了贷款,我没办: the topic stands in the clause about the other."""
FAILED = re.compile(r"[^?;。]{0,24}没有?(?:办|弄|签|申请|评|批|认定)(?:成|下来|上)(?=,|$)")
"""失业登记我去办了,要证明,没办成: what came of it is said last."""
HOUSEHOLD = ("低保", "低保边缘", "零就业", "监测", "脱贫", "特困")
TOOK = re.compile(
    r"已(?:经)?(?:领|拿|享受)|领取(?:了|过)|(?:领|拿|享受|申请|得|发|参加|做|当|去)(?:过|了|到过?|到了)|过$|到账|(?:领|拿)的|打(?:到|进)|发(?:到|给|我|下来|过)|见习(?:了|过|期?满|结束|{数})".replace(
        "{数}", sayings.NAMES["数"]
    )
)
NONE_TAKEN = re.compile(
    r"(?:没有?|未)(?:领取?|拿|享受|申请)(?:到)?过(?:任何|什么|啥|一分钱?|一次)?(?:政府|国家)?的?(?:补贴|补助|钱)(?=,|$|就|我|也)|(?:任何|什么|啥)(?:补贴|补助)[^,]{0,4}没(?:有)?(?:领|拿|享受|申请)过"
)
NONE_OF_THEM = re.compile(
    r"(?:这些|那些|以上|这几[样种个]|群体|困难|低保|残疾|脱贫|特困|孤儿|上面|哪种|哪个|哪类|啥|什么|一个|一样)[^,]{0,10}(?:都|也)(?:不(?:是|属于|沾|符合|算|占)"
    r"|没有?(?=,|$|过))|不(?:属于|是|算)(?:任何|什么)?(?:困难|特殊)(?:群体|人群|家庭|人员)|(?:没有?|不存在)(?:什么|任何|啥)?(?:困难|特殊)(?:情况|群体|家庭)?(?:,|$)"
    r"|^(?:我)?都不(?:是|属于)(?:的)?$|(?:什么|啥|任何)(?:特殊)?困难(?:情况|群体|家庭)?(?:都|也)?(?:没|不)|(?:困难|特殊)群体(?:都)?不(?:是|沾|属于)"
)
NO_ONE_OF_THEM = re.compile(r"(?:^|我|俺)(?:是)?(?:一[个样条项]|哪[个样]|全|都)(?:也|都)?不(?:占|沾|符合|属于)(?=,|$)")
ABOUT_GROUPS = re.compile(r"群体|困难|特殊|都不(?:是|属于)|这些|那些|这几|以上|" + "|".join(sayings.TABLE["groups"]))
NOT_GROUPS = re.compile(r"登记|补贴|贷款|社保|合同|证|工作|执照|政策|补助")
NOT_OURS = re.compile(r"不在(?:那|这|它|低保)?(?:上面|里面)|不在(?:一个|同一个?|他们|她们)?户")
ELDERS = re.compile(r"(?:奶奶|爷爷|外婆|外公|姥姥|姥爷|爷奶)(?!.{0,4}我)")
NO_MORE = re.compile(r"低保[^,没]{0,4}(?:停|断|退)(?:了|发|保)|取消了|已经不是|现在不是|不在上面|不是了|以前是(?!建档|贫困)")
ALL_DENIED = re.compile(r"(?:这些|那些|以上|这几[个样种])(?:我|也|都|全)*(?:不|没)|^(?:全|都)(?:不|没)")
TOLD_OF_OTHERS = re.compile(r"邻居|村里(?!说|把|给|评)|同学|朋友|户(?:挺|很|好|特别)多|(?:我们|咱们?)村[^,我]{0,4}户(?:不少|多)")


def said_last(table: dict[str, re.Pattern[str]], clauses: Iterable[str]) -> str | None:
    """The name whose saying stands last un-denied; a longer one wins over one inside it."""
    best: tuple[int, int, int, str] | None = None
    for place, clause in enumerate(clauses):
        for name, pattern in table.items():
            for hit in pattern.finditer(clause):
                if not polarity.denied(clause, hit.start()) and (best is None or (place, hit.end(), hit.end() - hit.start()) > best[:3]):
                    best = (place, hit.end(), hit.end() - hit.start(), name)
    return best[3] if best else None


def matters(said: Said) -> Facts:
    """What is done, is not done or merely is: the table of facts, each by its topic and the polarity around it."""
    found: Facts = {}
    text = ",".join(said.raw)
    for field, topic, done, state, now in FACTS:
        if topic.search(text):
            clauses = said.now if now else said.raw
            value = polarity.of(clauses, topic, state)
            if value is None and done and any((hit := done.search(clause)) and not polarity.denied(clause, hit.start()) for clause in clauses):
                value = True
            if value is not None:
                found[field] = value
    for field, pattern in DENIALS:
        if pattern.search(text):
            found[field] = False
    for field, topic, _, state, _ in FACTS:
        end = last_end(topic, said.whole)
        failed = None if state or not topic.search(text) else FAILED.match(said.whole, end)
        if (failed and not any(other.search(failed[0]) for _, other, *_ in FACTS)) or (field not in found and ELLIPSIS.match(said.whole, end)):
            found[field] = False
    if "overseas_certified" not in found and (re.search(r"国外|海归|留学|海外|境外|回国", text) or SCHOOL["境外高校"].search(text)):
        value = polarity.of([part for part in said.raw if not re.search("不用|不需要|用得着", part)], re.compile("认证"))
        found |= {} if value is None else {"overseas_certified": value}
    if "student_loan" not in found and re.search(r"学费|上学|读书|大学|助学|低保|残疾", text) and not re.search(r"创业|房|车|小额", text):
        found |= {"student_loan": False} if polarity.of(said.raw, re.compile("贷款")) is False else {}
    if "flexible_registered" not in found and "灵活" in said.whole and "失业" not in said.whole:
        value = polarity.of([part for part in said.raw if not re.search(r"注册|公司", part)], re.compile("登记"))
        found |= {} if value is None else {"flexible_registered": value}
    return found


def last_end(topic: re.Pattern[str], text: str) -> int:
    return max((hit.end() for hit in topic.finditer(text)), default=len(text))


def flags(said: Said) -> Facts:
    """How a job ended, and whether one is looked for."""
    found: Facts = {}
    text = ",".join(said.raw)
    looks = not FLAGS["not_seeking"].search(said.whole)
    places = {name: [hit.start() for hit in pattern.finditer(text) if not denied_far(text, hit.start())] for name, pattern in FLAGS.items()}
    pushed = [range(hit.start(), hit.end()) for hit in FLAGS["quit_yes"].finditer(text)]
    places["quit_no"] = [place for place in places["quit_no"] if not any(place in span for span in pushed)]
    if (places["quit_yes"] or places["quit_no"]) and not no_job_ended(text):
        found["quit_involuntary"] = bool(places["quit_yes"])
        if places["quit_yes"] and places["quit_no"] and not re.search(r"让我|叫我|逼我|其实", text):
            found["quit_involuntary"] = places["quit_yes"][-1] > places["quit_no"][-1]
    wants = WANTS.search(said.whole) and not re.search(r"[?吗么]", said.whole)
    if (places["seeking"] or wants) and looks:
        found["job_seeking"] = True
    elif not looks and not re.search(r"[?吗]", said.whole):
        found["job_seeking"] = False
    return found


def no_job_ended(text: str) -> bool:
    """What ended was an own shop, or a traineeship."""
    if re.search(r"放假|没说裁", text):
        return True
    shop = re.search(r"(?<![被离])开(?:了|过|的)|我的店|我店里|个体|注册|创业", text) and not re.search(r"上班|裁|辞(?!职了$)", text)
    return bool(shop or re.search(r"见习[^,]{0,8},?[^,]{0,8}(?:不|没)留", text))


WANTS = re.compile(
    r"(?<![不没])(?:想|打算|准备)要?(?:(?:回|去|到|留在?)[^,没不]{1,5})?(?:尽快|赶紧|先|再|马上)?[找换](?:个|一?份|一个)?[^,没不]{0,4}(?:工作|活干|班上|事做)(?=,|$|啥|什么)"
)
"""Wishing for work is looking for it, though a wish states nothing else."""


def denied_far(text: str, start: int) -> bool:
    return bool(re.search(r"(?:不是|没有?|没想|不想|并非)(?:公司|单位|我|被|在|去)?$", text[max(0, start - 8) : start].rpartition(",")[2]))


def graduation(said: Said, days: dict[str, str]) -> Facts:
    value = days.get("graduation")
    if value:
        return {"cohort": int(value[:4])} | ({"graduation_date": value} if len(value) > 4 else {})
    patterns = (COHORT, BARE_CLASS) if "届" in said.whole else ()
    classes = [int(hit[1]) for clause in said.own for pattern in patterns for hit in pattern.finditer(clause)]
    return {"cohort": classes[-1] % 100 + 2000} if classes else {}


def dated(said: Said, days: dict[str, str], result: Facts, today: date) -> Facts:
    """Fields that are dates, apart from the graduation."""
    found: Facts = {}
    exact = {event: value for event, value in days.items() if len(value) > 4}
    if result.get("unemployment_registered") is not False and exact.get("unemployed", "9") <= today.isoformat():
        found["unemployment_registered_on"] = exact["unemployed"]
    if "hired" in exact and result.get("employment") == "就业":
        found["hired_on"] = exact["hired"]
    if "退役" in result.get("groups", ()) and "retired" in days:
        found["retired_on"] = days["retired"]
    if "enlisted" in exact:
        found["enlisted_on"] = exact["enlisted"]
    if exact.get("contract", "9") <= today.isoformat() and "contract_signed" not in result and work.signed(said):
        found["contract_signed"] = True
    if "contract" in exact and ("contract_years" in result or (found | result).get("contract_signed")):
        found["contract_signed_on"] = exact["contract"]
    if "business" in exact and result.get("employment") == "创业":
        found["business.registered_on"] = exact["business"]
    if "birth" in days and 1950 <= int(days["birth"][:4]) <= today.year - 14:
        found["birth_date"] = days["birth"]
    else:
        for born in BIRTH_YEAR.finditer(said.text):
            year = int(born["year"] or born["young"] or born["full"])
            year += 0 if year > 99 else 2000 if year <= today.year % 100 else 1900
            if 1965 <= year <= today.year - 15:
                found["birth_date"] = f"{year}"
    return found


def groups(said: Said) -> list[str] | None:
    """Groups the person is in, or the family for those that are the household's; [] where all are denied."""
    found: set[str] = set()
    listed: set[str] = set()
    refused: set[str] = set()
    for clause in (*said.own, *said.family):
        family = clause in said.family
        found -= found if NO_ONE_OF_THEM.search(clause) else listed if ALL_DENIED.search(clause) else set()
        if NONE_OF_THEM.search(clause) or NO_MORE.search(clause) or ELDERS.search(clause) or TOLD_OF_OTHERS.search(clause):
            continue
        for group, pattern in sayings.GROUPS.items():
            for hit in pattern.finditer(clause):
                tail = clause[hit.end() : hit.end() + 8]
                if polarity.denied(clause, hit.start()) or re.match(
                    r"(?:户|家庭|人|证)?(?:也|都)?(?:被(?:拒|退|驳|取消)|不|没有?(?!还)|未|资格|标准|政策|补贴|补助|军人事务)", tail
                ):
                    refused |= set() if family else {group}
                    continue
                if re.match(r"[^,]{0,3}是我?(?:姐|哥|弟|妹|爸|妈|表|堂)", clause[hit.end() :]):
                    continue
                listed |= {group} if hit[0] == clause.rstrip("户人证") else set()
                if (
                    group == "残疾"
                    and (family or re.search(r"(?:家里|家庭|家中|家人|户|爸|妈|爹)", clause[: hit.start()]))
                    and not re.search(r"我(?:自己|本人)", clause)
                ):
                    found.add("残疾家庭")
                elif group == "助学贷款" and re.search(r"没(?!还)(?<!还没)|不", clause):
                    continue
                elif not (group == "低保" and NOT_OURS.search(said.whole)) and (not family or group in (*HOUSEHOLD, "残疾家庭", "孤儿")):
                    found.add(group)
    if "残疾" in refused and any(re.fullmatch(r"我?(?:爸|妈|父亲|母亲|爹|娘)(?:有|是)", clause) for clause in said.family):
        found.add("残疾家庭")
    if not said.corrected:
        found -= refused - {"助学贷款"}
    if found:
        return [group for group in GROUPS if group in found]
    raw = any(NONE_OF_THEM.search(clause) and not NOT_GROUPS.search(clause) for clause in said.raw)
    return [] if raw and ABOUT_GROUPS.search(said.whole) else None


def received(said: Said) -> list[str]:
    """Benefits and programmes had before, by the number of their entry."""
    found = []
    for entry, what in RECEIVED.items():
        for place, clause in enumerate(said.own):
            hit = what.search(clause)
            if hit and hit.end() == len(clause) and not TOOK.search(clause):
                clause = ",".join(said.own[place : place + 3])
            if entry == "SUB-02" and ("灵活" not in said.whole or re.search(r"公司|单位", clause)):
                continue
            if hit and TOOK.search(clause) and not re.search(r"没|未|不|想|在见习", clause):
                found.append(entry)
                break
    return found


def person(said: Said) -> Facts:
    """Age and gender."""
    found: Facts = {}
    if age := AGE.search(said.text):
        found["age"] = dates.count(age["age"] or age["bare"])
    if said.asked_for and (parent := re.search(r"我是([他她])的?(?:妈|爸|母|父|家长)", said.whole)):
        return found | {"gender": "女" if parent[1] == "她" else "男"}
    spoken = {sign for sign, pattern in GENDER.items() if pattern.search(said.text)}
    if not spoken and not said.asked_for:
        spoken = {sign for sign, pattern in MARRIED.items() if pattern.search(said.whole)}
    if said.asked_for and not spoken:
        pronouns = {"他", "她"} & set(re.sub(r"[他她](?=爸|妈|爹|娘|爷|奶|姥|外公|外婆|们)", "", said.whole))
        if len(pronouns) == 1 and not MALE.search(said.asked_for) and not FEMALE.search(said.asked_for):
            return found | {"gender": "女" if "她" in pronouns else "男"}
        spoken = {"男"} if MALE.search(said.asked_for) else {"女"} if FEMALE.search(said.asked_for) else set()
    return found | ({"gender": spoken.pop()} if len(spoken) == 1 else {})


def service(said: Said) -> str | None:
    """The programme served in, over or under way; 没有 where all of them are denied."""
    parts = [*said.own, *(f"{one}{other}" for one, other in pairwise(said.own) if re.search("服务证|支教|期满", one + other))]
    if served := said_last(SERVICE, (part for part in parts if SERVED.search(part) and not NOT_SERVED.search(part))):
        return served
    return "没有" if any(NEVER_SERVED.search(part) for part in said.raw) else None


PLAIN: dict[str, Callable[[Said], Any]] = {
    "degree": schooling.degree,
    "major": schooling.major,
    "employment": work.employment,
    "residence": localities.residence,
    "hukou": localities.hukou,
    "archive": schooling.archive,
    "groups": groups,
    "school_type": lambda said: said_last(SCHOOL, (clause for clause in said.raw if not schooling.WORKS_AT.search(clause))),
    "service": service,
    "counts_by": lambda said: (
        said_last(COUNTS_BY, said.raw if questions.shaped(said.whole) or re.search("如果|还是", said.whole) else [said.whole])
        if re.search(r"届|毕业证|[两2]年|离校", said.whole)
        else None
    ),
}


def owned(result: Facts, own: Facts) -> Facts:
    """With what belongs to an own business; months paid through it are its own."""
    paid = ("insured_months", "ui_paid_months", "flexible_paid_months")
    months = own.get("business.social_months")
    through_it = months is not None and months in (result.get("insured_months"), result.get("flexible_paid_months"))
    return {name: value for name, value in result.items() if not (through_it and name in paid)} | own


NEEDED = {
    "gender": re.compile(r"(?<![子儿])女(?!子学院|子大学)|男|妹|姑娘|[她他妻媳]|小伙|爷们"),
    "quit_involuntary": re.compile(r"[走离辞裁开退撵赶炒续关散解滚丢卷砍黄]|优化|撤|倒闭|不干|没了|下岗|要我|要人|破产|合同|毁约"),
    "employment": re.compile(
        r"[工班干做店厂跑送卖教雇活职摆闲耍考找招岗歇打写抄挣赚接修拍画播货种养社包搬护师员摊剪编单站库车]|offer|注册|执照|合同|实习|转正|试用|公司|单位|医院|学校|业(?!证|险|保险|金|登记|的?时间|于|典礼)|(?<!成)家|读|念|大[一二三四]|研"
    ),
}
"""Without one of these words nothing is said of the matter, whatever the sentence is like."""
EMPLOYER = ("employer.type", "employer.size")
OF_NOW = ("employment", "contract_signed")
"""Fields that what is told of the past does not state."""


def likely(said: Said, result: Facts, days: dict[str, str], today: date) -> Facts:
    """What is said like something we know, but for an employer's kind, which counts only where there is one.

    Where the rules know the word and set nothing, they know better."""
    now = tuple(clause for clause in work.of_now(said) if not work.NAMES.search(clause) and not work.INSURANCE.search(clause))
    lately = likeness.told(now)
    if lately.get("employment") != "未就业":
        lately["employment"] = likeness.told(work.since_left(now)).get("employment")
    found = likeness.told(said.raw) | {name: lately.get(name) for name in OF_NOW}
    found = {name: value for name, value in found.items() if value is not None and name not in (*EMPLOYER, *result)}
    if no_job_ended(",".join(said.raw)):
        found.pop("quit_involuntary", None)
    for field, words in NEEDED.items():
        if not words.search(",".join(said.raw)):
            found.pop(field, None)
    if any(pattern.search(said.whole) for pattern in schooling.DEGREE.values()):
        found.pop("degree", None)
    if held := [group for group in found.pop("groups", ()) if not sayings.GROUPS[group].search(said.whole)]:
        found["groups"] = held
    if (
        not {"employment", "quit_involuntary"} & result.keys()
        and len(days.get("hired", "")) > 4
        and days["hired"] <= today.isoformat()
        and not work.left(said)
    ):
        found["employment"] = "就业"
    return found


def employer(said: Said, result: Facts) -> Facts:
    """The employer's facts; whoever tells more of one than that it is a firm works there."""
    found = work.employer(said, result)
    if result.get("employment") == "就业" and "quit_involuntary" not in result:
        found = {
            name: value for name, value in likeness.told(said.now).items() if name in EMPLOYER and not work.DISPATCHED.search(said.whole)
        } | found
    if "employment" not in result and (found.get("employer.type", "企业") != "企业" or "employer.region" in found):
        found["employment"] = "就业"
    return found


def read(text: str, today: date) -> Facts:
    """Every profile field that the text states of the person; absent where it says nothing or nothing clear."""
    said = stated(text[:READ_CHARS])
    if not said.raw and not said.family:
        return {} if ASK.search(said.whole) else flags(said)
    days = bound(said, today)
    result = graduation(said, days)
    result |= {field: value for field, reader in PLAIN.items() if (value := reader(said)) is not None}
    result |= matters(said) | flags(said) | person(said) | work.insurance(said, result, today)
    result |= schooling.papers(said, result)
    result |= work.contract(said, result, today)
    if (took := received(said)) or any(NONE_TAKEN.search(clause) for clause in said.raw):
        result["received_before"] = took
    result |= likely(said, result, days, today)
    if result.get("student_loan") and "助学贷款" not in result.get("groups", ()):
        held = {*result.get("groups", ()), "助学贷款"}
        result["groups"] = [group for group in GROUPS if group in held]
    elif result.get("student_loan") is False and result.get("groups"):
        result["groups"] = [group for group in result["groups"] if group != "助学贷款"]
    elif "助学贷款" in result.get("groups", ()):
        result["student_loan"] = True
    if "quit_involuntary" in result and result.get("pays_own_insurance") is False:
        del result["pays_own_insurance"]  # who paid in a job that ended
    own = work.business(said, result)
    if own and result.get("pays_own_insurance") is False:
        del result["pays_own_insurance"]
    for field in [field for field in result if field.startswith("business.")]:
        del result[field]
    if own:
        result = owned(result, own)
    if result.get("employment") != "创业":
        result |= employer(said, result)
    result |= dated(said, days, result, today)
    if "unemployment_registered_on" in result:
        result.pop("unemployment_registered", None)
    return result
