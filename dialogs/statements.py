"""Facts that a free sentence states, as profile fields; tables are in statements.toml, what counts as stated at all in `clauses`.

Pure and deterministic. An unclear fact is left out: a missing one is asked for, a wrong one is acted upon.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from copy import deepcopy
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any

from dialogs import business, dates, groups, likeness, localities, polarity, questions, sayings, schooling, work
from dialogs.clauses import ASK, FEMALE, MALE, Said, stated
from dialogs.events import bound
from dialogs.polarity import denied
from knowledge.profile import GROUPS

Facts = dict[str, Any]
READ_CHARS, READ_LAST = 1000, 64
"""So much of a text is read: nobody tells facts beyond that. So many are kept read: a turn asks whether an answer fits, then what it says."""
COHORT = re.compile(
    r"(?<!\d)(20\d{2}|[012]\d)\s*(?:年)?(?:应|毕业|的)?届(?!的?(?:都|也|才)还?(?:算|行|能|可以)|的?才(?!毕业)|的?(?:学[姐长弟妹]|师[兄姐弟妹]|同学|朋友|政策|他们))"
)
BARE_CLASS = re.compile(r"^(?:但|可)?(?:我(?:自己)?是?(20\d{2}|[012]\d)年?的|是?(20[12]\d|[12]\d)年的)$")
"""听说26届有补贴,我25的: a class said after another."""
COUNTS_BY = {
    "届": re.compile(
        r"(?:[按看认照睇论]|算|说的是|以)(?:的是|着|的)?(?:你|我)?(?:是)?(?:哪一?|那一?|整|年|毕业的?|应)*届(?!满)|[按看认](?:的是)?(?:你)?(?:毕业)?(?:年份|年度)|[按看认](?:的是)?(?:哪一?年毕业|毕业那年|毕业的?年份)"
    ),
    "日期": re.compile(
        r"(?:[按看认照从睇卡抠]|自)(?:的是|着|的|死)?(?:毕业证?|领证|拿证|发证)?[^,不没届]{0,6}(?:日子|日期|哪天|那天|当天|落款|签发日|发证日|那日)"
        r"|[按看认以照卡从](?:的是|着)?毕业证书?(?:上)?(?:的)?[^,届不]{0,4}(?:时间|日期)|(?:毕业证|领证|拿证|发证)[^,届]{0,6}(?:满|起|往后)(?:730天|24个月|[两2]年)|满730天|精确到(?:天|日|号)|卡(?:得)?到(?:天|日|号)"
    ),
}
"""How the office counts the two years since leaving."""
BIRTH_YEAR = re.compile(
    r"(?<![\d.])(?P<year>(?:19|20)?\d{2})(?:年(?:春天?|秋天?|夏天?|冬天?|年?[初底]|[头尾])?)?(?:的|生人?|出生)(?=,|$|人|女|男|老|[了吧啊呢])|(?<![\d.])(?P<young>\d{2})年(?=的?(?:妹子|姑娘|小姑娘|小伙|女生|男生))|(?<![\d])(?P<full>(?:19|20)\d{2})年(?:出生|生)"
)
AGE = re.compile(
    r"(?<![\d~到至五六七八九百快就-])(?<![没不未]满)(?<!不到)(?P<age>[1-6]\d|[二三四]?十[一二三四五六七八九]?)(?:周岁|岁)(?!以|之|前|内|时|那年|的时候|到|至|-)"
    r"|(?:今年(?:都|已经|刚|才|整|满)*|现在(?:都|已经)?(?=[2-4]\d了)|(?:^|,)(?:我|他|她|孩子|(?:我|俺)?(?:儿|女儿|儿子|闺女))?(?:都|已经)?(?=[2-4]\d了)|我(?:才|刚|都|已经)(?=[2-4]\d$)|(?:^|,)[我俺](?:今年|都|才)?(?=[1-4]\d了?,)|(?:^|,)[我俺](?:今年|自己|才|刚|都|也)*(?=[二三]十)|[刚才]满|本命年,?|(?:孩子|小子|闺女|女儿|儿子|姑娘|丫头|娃|[弟妹哥姐])(?:今年|都|已经|刚|才)*|年[龄纪](?:是)?|年方|年龄[^,]{0,8}我是(?=\d\d(?:不是|,|$))|^(?=(?:[1-4]\d|[二三]?十[一二三四五六七八九]?),(?:[男女]|高中|初中|中专|大专|本科))|[周实]岁|实际年龄|毕业(?=[2-4]\d了)|(?:^|,)(?:我|本人)?(?:是)?(?:[男女](?:孩|生|的)?|宝妈)(?:一[枚个])?,?(?=[1-4]\d|[二三]十)|本人[男女](?=[1-4]\d)|(?:^|,)[他她](?:今年|都|才)?(?=[1-4]\d(?:,|$)))"
    r"(?P<bare>[1-6]\d|[二三四]?十[一二三四五六七八九]|[二三四]十)(?:了|(?=,|$|不是|还没))"
)
GENDER = {
    "女": re.compile(
        r"(?:^|,|[我俺咱])(?:自己)?(?:现在|目前|刚|已经|正|又|还|在|才|因为)*(?:怀孕|怀了?(?:孩子|宝宝|二胎|头胎|身孕)|怀上|生完(?:孩子|娃|宝宝|二胎)|坐月子|(?:在)?休?产假|哺乳期|有身孕)(?![^,]{0,3}(?:员工|的?(?:同事|人)))|(?:^|,)一个女(?:生|孩)|\d{2}[年后]的?(?:妹子|姑娘|小姑娘|女生)|本人女|(?:我|俺|咱)(?:是|一个)?(?:个)?女(?:的|生|孩|性|娃)|性别是?女|(?:出生|生)的女(?:生|孩)|(?:^|,)我?女(?:生|孩|性|的|孩子|娃)?(?=,|$|\d{2}岁)|(?:小姑娘|女孩子|妹子|女生|女孩|宝妈)(?:一[枚个])|(?:^|,|我是)(?:全职)?宝妈(?=,|$)|[我俺咱]是(?:个|一个)?(?:妹子|姑娘家?|小姑娘)(?=,|$)|(?<=岁)(?:的)?女(?=,|$|生|孩)"
    ),
    "男": re.compile(
        r"(?:^|,)(?:大?老?爷们儿?|汉子|糙汉)一[个枚名]|(?:一个|我这)大(?:老爷们|小伙子?|男人)|(?:^|,)一个男(?:生|孩)|\d{2}[年后]的?(?:小伙子?|男生)|本人男|(?:我|俺|咱)(?:是|一个)?(?:个)?男(?:的|生|孩|性|娃)|(?:^|,)(?:大?男生|小伙子?)(?=\d)|性别是?男|(?:出生|生)的男(?:生|孩)|(?:^|,)我?男(?:生|孩|性|的|孩子|娃)?(?=,|$)|(?:小伙子?|大?男生|男孩)一[枚个]|[我俺咱]是(?:个|一个)?(?:小伙子?|汉子|爷们|糙汉)(?=,|$)|(?<=岁)(?:的)?男(?=,|$|生|孩)"
    ),
}
ANY_CHILD = ("孩子", "小孩", "娃", "娃儿", "娃子", "崽")
CHILD = re.compile(r"(?:^|[,。: ])(?:我家?)?(?:(?P<girl>闺女|姑娘|女儿|丫头|女孩|女娃)|(?:儿子|小子|男孩|男娃))")
"""替孩子咨询,姑娘 25 届: which child it is."""
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
WHOLE = tuple(
    (row["field"], sayings.pattern(row["said"]), kind == "affirmed", row.get("whole", False))
    for kind in ("affirmed", "denial")
    for row in sayings.TABLE[kind]
)
"""What only a whole sentence says, whether it affirms or denies, and whether plans tell of it too: 说要签合同,说到现在没动静."""
RECEIVED, SCHOOL, SERVICE, FLAGS = (sayings.patterns(name) for name in ("received", "school_type", "service", "flags"))
SERVED = re.compile(
    r"(?<![刷批办])下来|支[教农医扶][过了]|(?:服|干|做|当)完|回来|支教时|的时候|那(?:两|三|几)年|第[一二三]年|期满|竞聘上|选上|(?:干|做|当|服务)满|{数}届|服务证|人员|正在|(?<!想)在(?:做|干|服务)|结束|到期|到头|志愿者|(?:服务|参加|干|做|当)(?:[了过完的着]|[^,]{0,6}[年月])|考上|服务期|支过|队员|还在|现在(?:就)?是|第[一二三]年|{数}年"
    r"|(?:^|,|我|就|现在|目前|本人)(?:是|做|当)(?:着|了)?(?:一?[名个])?(?:{项目})(?:老师|教师|的)?(?=,|$|在|第)|在[^,想考]{1,8}(?:当|做)(?:着|了)?(?:一?[名个])?(?:{项目})|(?:{项目})(?:老师|教师)?一[枚个名](?=,|$)"
    r"|是[^,想考招]{1,8}的(?:{项目})(?=,|$)|三支一扶(?:支[教农医]|扶贫)(?=,|$|的,|在)".replace("{项目}", sayings.NAMES["项目"]).replace(
        "{数}", sayings.NAMES["数"]
    )
)
NOT_SERVED = re.compile(r"刷|面试|笔试|落榜|不同|不一样|区别|(?<!时候)(?<!期间)考(?![上核])|想|没(?!期满|结束|到期|满|[做干服]|续)|招|[?吗]|条件")
NEVER_SERVED = re.compile(
    r"(?:三支一扶|西部计划|特岗|村官|支[教农医]|基层)[^。]{0,16}没(?:有)?(?:中|选上|录上?|考上)[^。]{0,8}没(?:有)?(?:参加|去|干)过|"
    r"(?:基层|服务)项目[^,]{0,8}(?:没|未)|(?:没|未)[^,]{0,4}基层[^,]{0,2}项目"
    r"|(?:三支一扶|西部计划|特岗|村官|支[教农医])[^,没]{0,12}(?:都|这些|什么的|哪个|一个)[^,没]{0,4}(?:没|未)[^,]{0,2}(?:参加|干|去|做|报|当)过"
    r"|(?:没|未)(?:有)?(?:参加|干|去|做|报|当)过[^,]{0,8}(?:三支一扶|西部计划|特岗|村官|支[教农医]|基层(?:服务)?项目)|(?:没有?|无)(?:任何|什么)?(?:基层|支教|三支一扶)[^,]{0,3}经历"
)
ELLIPSIS = re.compile(
    r"[^,?。]{0,12}(?:,[^,我?。]{0,8})?,(?:但是?|不过|而|可是?)?(?:我|俺|咱|本人)(?:自己|本人|个人|倒|就|可|也|还|是|一直|嫌麻烦|懒|没空)*"
    r"(?:没(?:有)?(?:去)?(?:办|弄|搞|签|登记?|申请|认定|贷|借|考|领|拿)?(?:成|过|呢|的)*|不是(?:咯|了|啊|的)?)(?=,|$)"
    r"|[^,?。]{0,8}\?(?:我|俺)?(?:也|都|可|倒|从来|压根)*没(?:有)?(?:没有|听说?过|去?(?:办|弄|搞|登记?|申请|认定|贷|借|碰|用)(?:过|呢)?(?:那个|这个|它)?)?(?=,|$|。)"
)
"""同学办了贷款,我没办: the topic stands in the clause about the other."""
FAILED, NOT_YET, PLANNED, UNPAID = (sayings.pattern(sayings.TABLE["undone"][name]) for name in ("failed", "not_yet", "planned", "unpaid"))
"""失业登记我去办了,要证明,没办成: what came of it is said last."""
FREE_OF_DELAY = ("contract_signed", "student_loan", "teacher_certificate", "business.has_license", "business.pays_social")
TOOK = re.compile(
    r"(?:领|拿|享受)(?:满|完|够)|正在(?:享受|领|拿)|(?:做|干|参加|去)的[^,没不]{0,4}见习|打(?:我|了|在)[^,]{0,3}卡|曾(?:经)?(?:领|享受|拿|申请)|到手|批(?:了|下来)(?=打|钱|,|$)|见习(?:那会儿?|期间|的时候|那时)[^,没]{0,8}(?:有|发|给|拿|领)|给过|已(?:经)?(?:领|拿|享受)|领取(?:了|过)|(?:领|拿|享受|申请|得|发|参加|做|当|去)(?:过|了|到过?|到了)|过$|到账|(?:领|拿)的|打(?:到|进)|发(?:到|给|我|下来|过)|见习(?:了|过|期?满|结束|{数})".replace(
        "{数}", sayings.NAMES["数"]
    )
)
NONE_TAKEN = re.compile(
    r"(?:没有?|未)(?:领取?|拿|享受|申请)(?:到)?过(?:任何|什么|啥|一分钱?|一次)?(?:政府|国家|政策)?的?(?:补贴|补助|钱)(?=,|$|就|我|也)|(?:补贴|补助)(?:我)?(?:一[个分样次]|从来?|全都?|什么)(?:也|都)?没(?:有)?(?:领|拿|享受|申请)过|(?:任何|什么|啥)(?:补贴|补助)[^,]{0,4}没(?:有)?(?:领|拿|享受|申请)过"
)
HOME_DEGREE = re.compile("学信网|国内学历")
"""Certified by another office than degrees from abroad are."""


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
            spans = (*clauses, ",".join(clauses))
            if value is None and done and any((hit := done.search(span)) and not polarity.denied(span, hit.start()) for span in spans):
                value = True
            if value is not None:
                found[field] = value
    for field, pattern, affirms, plans in WHOLE:
        if pattern.search(said.whole if plans else text) and not (affirms and field in found):
            found[field] = affirms
    for field, topic, _, state, _ in FACTS:
        end = last_end(topic, said.whole)
        failed = None if state or not topic.search(text) else FAILED.match(said.whole, end)
        if not state and field not in FREE_OF_DELAY and topic.search(text) and NOT_YET.match(said.whole, end):
            found[field] = False
        if (failed and not any(other.search(failed[0]) for _, other, *_ in FACTS)) or (field not in found and ELLIPSIS.match(said.whole, end)):
            found[field] = False
    if "overseas_certified" not in found and (
        re.search(r"国外|海归|留学|海外|境外|回国|港校|香港|澳门|台湾", text) or SCHOOL["境外高校"].search(text)
    ):
        value = polarity.of([part for part in said.raw if not re.search("不用|不需要|用得着", part)], re.compile("认证"))
        found |= {} if value is None else {"overseas_certified": value}
    if HOME_DEGREE.search(text):
        found.pop("overseas_certified", None)
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
    shop = re.search(r"(?<![被离])开(?:了|过|的)|自己开|我的店|我店里|个体|注册|创业", text) and not re.search(r"上班|裁|辞(?!职了$)", text)
    return bool(shop or re.search(r"见习[^,]{0,8},?[^,]{0,8}(?:不|没)留", text))


WANTS = re.compile(
    r"(?<![不没])(?:想|打算|准备)要?(?:(?:回|去|到|留在?)[^,没不]{1,5})?(?:尽快|赶紧|先|再|马上)?[找换](?:个|一?份|一个)?(?:[^,]{1,12}的)?[^,没不]{0,4}(?:工作|活干|活儿?|岗位?|班上|事做)(?=,|$|啥|什么)"
)
"""Wishing for work is looking for it, though a wish states nothing else."""


def denied_far(text: str, start: int) -> bool:
    return bool(re.search(r"(?:不是|没有?|没想|不想|并非)(?:公司|单位|我|被|在|去)?$", text[max(0, start - 8) : start].rpartition(",")[2]))


def graduation(said: Said, days: dict[str, str]) -> Facts:
    patterns = (COHORT, BARE_CLASS) if re.search("届|出来的|毕业|[专本]科出身", said.whole) else ()
    hits = [(clause[: hit.start()], hit) for clause in said.own for pattern in patterns for hit in pattern.finditer(clause)]
    hits = [(before, hit) for before, hit in hits if not MISWRITTEN.search(before)]
    meant = [hit for before, hit in hits if re.search("(?:应该|其实|实际上?)(?:是)?$", before)] or [hit for _, hit in hits]
    told = [{"cohort": int(next(filter(None, hit.groups()))) % 100 + 2000} for hit in meant[-1:]]
    if not (value := days.get("graduation")):
        return told[0] if told else {}
    if told and not re.search(r"\d年|[今去前]年|[-/.]", said.text):
        value = f"{told[0]['cohort']}{value[4:]}"  # 2025届,6月毕业
    return {"cohort": int(value[:4])} | ({"graduation_date": value} if len(value) > 4 else {}) | (told[0] if told and "届" in meant[-1][0] else {})


MISWRITTEN = re.compile(
    r"(?:上[回次]|之前|原来|原先|刚才|先前|以前|当时|不小心|误|错)[^,]{0,6}(?:填|写|选|报|弄|登|打|说)(?:成|的|了|错|为)*(?:是)?$|(?<!应该)我填了$"
    r"|(?<![改该])[写填选报登打]成了?$|系统[^,]{0,3}(?:显示|写|填)的?(?:是|成)?$|(?:本来|原本|本该|原来|那届)[^,]{0,4}$|(?:要|招|限|收|面向|针对)的?$"
)
"""上回填成25届了, 本来25届: what was written by mistake or was to be; 只要26届: what others ask for."""


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
    licensed = any(name.startswith("business.") for name in result) and len(days.get("business", "")) == len("YYYY-MM-DD")
    if "business" in exact and (result.get("employment") == "创业" or licensed):
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


def received(said: Said) -> list[str]:
    """Benefits and programmes had before, by the number of their entry."""
    found = []
    for entry, what in RECEIVED.items():
        for place, clause in enumerate(said.own):
            hit = what.search(clause)
            if (
                hit
                and re.fullmatch(r"(?:的?(?:申请|审核|补贴|钱)|一次性的|那个|[\d一二三四五六七八九]+[千万百元块]+)?", clause[hit.end() :])
                and not TOOK.search(clause)
            ):
                clause = ",".join(said.own[place : place + 3])
            if entry == "SUB-02" and ("灵活" not in said.whole or re.search(r"公司|单位", clause)):
                continue
            if (
                hit
                and TOOK.search(clause)
                and not UNPAID.search(",".join(said.own[place : place + 2]))
                and not re.search(r"没|未|不|想|在见习", clause)
            ):
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
    if said.asked_for in ANY_CHILD and not spoken and (child := CHILD.search(said.whole)):
        return found | {"gender": "女" if child["girl"] else "男"}
    if said.asked_for and not spoken:
        pronouns = {"他", "她"} & set(re.sub(r"[他她](?=爸|妈|爹|娘|爷|奶|姥|外公|外婆|们)", "", said.whole))
        if len(pronouns) == 1 and not MALE.search(said.asked_for) and not FEMALE.search(said.asked_for):
            return found | {"gender": "女" if "她" in pronouns else "男"}
        spoken = {"男"} if MALE.search(said.asked_for) else {"女"} if FEMALE.search(said.asked_for) else set()
    return found | ({"gender": spoken.pop()} if len(spoken) == 1 else {})


NAMED_ALONE = sayings.pattern("(?:我)?(?:是|在)?(?:{项目})(?:那种|那个|的|人员|志愿者|项目)*")
SERVES_ON = re.compile(r"(?:已经|也|我|都)*(?:干|做|服务|现在|今年|去年|快|支教)")


def goes_on(one: str, other: str) -> bool:
    """Whether two clauses are one statement about a programme."""
    named = any(name.search(one) for name in SERVICE.values())
    apart = re.search("服务证|支教|期满", one + other) or NAMED_ALONE.fullmatch(one) or NAMED_ALONE.fullmatch(other)
    return bool(apart or (named and SERVES_ON.match(other)))


def service(said: Said) -> str | None:
    """The programme served in, over or under way; 没有 where all of them are denied."""
    parts = [
        *said.own,
        *(f"{one}{other}" for one, other in pairwise(said.own) if goes_on(one, other)),
    ]
    if served := said_last(SERVICE, (part for part in parts if SERVED.search(part) and not NOT_SERVED.search(part))):
        return served
    return "没有" if any(NEVER_SERVED.search(part) for part in (*said.raw, ",".join(said.raw))) else None


def counts_by(said: Said) -> str | None:
    """How the office counts, as it answered; what the person guesses it does is no answer."""
    if not re.search(r"届|毕业证|毕业年|毕业那年|[两2]年|离校|领证", said.whole) or re.search(
        r"别人|听说|网上|到底|朋友|同学|猜|估计|可能|好像|大概|应该[^,]{0,4}[按看]|不知道|没去?问过", said.whole
    ):
        return None
    asks = questions.shaped(re.sub(r"哪一?届|哪天", "", said.whole)) or re.search("如果|还是", said.whole)
    return said_last(COUNTS_BY, said.raw if asks else said.whole.split(","))


PLAIN: dict[str, Callable[[Said], Any]] = {
    "degree": schooling.degree,
    "major": schooling.major,
    "employment": work.employment,
    "residence": localities.residence,
    "hukou": localities.hukou,
    "archive": schooling.archive,
    "groups": groups.held,
    "school_type": lambda said: said_last(SCHOOL, (clause for clause in said.raw if not schooling.WORKS_AT.search(clause))),
    "service": service,
    "counts_by": counts_by,
}


def owned(result: Facts, own: Facts, said: Said) -> Facts:
    """With what belongs to an own business; months paid through it are its own."""
    paid = ("insured_months", "ui_paid_months", "flexible_paid_months")
    months = own.get("business.social_months")
    through_it = months is not None and months in (result.get("insured_months"), result.get("flexible_paid_months"))
    dropped: tuple[str, ...] = paid if through_it else ()
    if own.get("business.pays_social") and PAID_BY_IT.search(said.whole):
        dropped = ("pays_own_insurance", "flexible_paid_months")
    return {name: value for name, value in result.items() if name not in dropped} | own


PAID_BY_IT = re.compile(r"(?:公司|企业|店里?|厂里?|工作室|合作社|个体户)[^,。]{0,6}给我?自己")
"""公司给我自己交社保: the business pays, not the person."""
NEEDED = {
    "gender": re.compile(r"(?<![子儿])女(?!子学院|子大学)|男|妹|姑娘|[她他妻媳]|小伙|爷们"),
    "quit_involuntary": re.compile(r"[走离辞裁开退撵赶炒续关散解滚丢卷砍黄]|优化|撤|倒闭|不干|没了|下岗|要我|要人|破产|合同|毁约"),
    "employment": re.compile(
        r"[工班干做店厂跑送卖教雇活职摆闲耍考找招岗歇打写抄挣赚接修拍画播货种养社搬护师员摊剪编单站库车]|[承打外]包|包[装活地山]|offer|注册|执照|合同|实习|转正|试用|公司|单位|医院|学校|(?<!毕)业(?!证|险|保险|金|登记|的?时间|于|典礼)|(?<!成)家|读|念|大[一二三四]|研"
    ),
}
"""Without one of these words nothing is said of the matter, whatever the sentence is like."""
NOT_DISMISSED = re.compile(
    r"不是(?:被|公司|单位)+(?:开|裁|辞|炒)|(?:没有?|并没|未|不会)(?:把|将)?我?(?:们)?(?:被)?(?:辞退|裁员?|开除|解雇|优化|劝退)(?:掉)?(?:我|,|$)"
)
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
    if found.get("pays_own_insurance") is False and not re.search(r"公司|单位|厂|店|老板|企业|学校|医院|他们|[没不未断停]", said.whole):
        del found["pays_own_insurance"]
    if any("档案" in clause and (schooling.ARCHIVE_UNSAID.search(clause) or schooling.UNSURE.search(clause)) for clause in said.own):
        found.pop("archive", None)
    if HOME_DEGREE.search(said.whole):
        found.pop("overseas_certified", None)
    if no_job_ended(",".join(said.raw)) or NOT_DISMISSED.search(said.whole):
        found.pop("quit_involuntary", None)
    for field, words in NEEDED.items():
        if not words.search(",".join(said.raw)):
            found.pop(field, None)
    if any(pattern.search(said.whole) for pattern in schooling.DEGREE.values()) or re.search(
        r"[高初]中没(?:[读念上]完|毕业|拿)|论文没过|还没毕业|肄业", said.whole
    ):
        found.pop("degree", None)
    for field, topic, _, state, _ in FACTS:
        if not state and found.get(field) and PLANNED.match(said.whole, last_end(topic, said.whole)):
            del found[field]
    if "received_before" in found and (not any(TOOK.search(clause) for clause in said.own) or UNPAID.search(said.whole)):
        del found["received_before"]
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


def within(result: Facts, group: str) -> Facts:
    """The groups with one more."""
    held = {*result.get("groups", ()), group}
    return {"groups": [known for known in GROUPS if known in held]}


STILL_AT_WORK = sayings.pattern(
    r"(?:才|刚|已经|都)(?:干|做|上班)(?:了|满)*(?:{数}个?[月年]|半年)|(?:还|仍)在(?:干|做|上班)(?:着|呢)?(?=,|$)|还没走(?=,|$)"
)


def with_unit(result: Facts, said: Said) -> Facts:
    """Whoever has a labour contract, or for whom a firm pays now, is employed, whatever the job is called."""
    about = (clause for clause in said.now if re.search("社保|保险|五险", clause))
    paid = any((hit := work.INSURED["unit"].search(clause)) and not denied(clause, hit.start()) for clause in about)
    signed = result.get("contract_signed") and re.search("劳动合同", said.whole) and not re.search("承揽|劳务", said.whole)
    odd = result.get("employment") == "灵活就业" and ((paid and result.get("pays_own_insurance") is False) or signed)
    unsaid = not {"employment", "quit_involuntary"} & result.keys()
    employed = odd or (unsaid and result.get("contract_signed") and STILL_AT_WORK.search(",".join(said.now)))
    return result | ({"employment": "就业"} if employed else {})


def with_loan(result: Facts) -> Facts:
    """Whoever had a student loan is in its group, and the other way round."""
    if result.get("student_loan"):
        return result | within(result, "助学贷款")
    if "助学贷款" not in result.get("groups", ()):
        return result
    if "student_loan" not in result:
        return result | {"student_loan": True}
    kept = [group for group in result["groups"] if group != "助学贷款"]
    return {name: value for name, value in result.items() if name != "groups"} | ({"groups": kept} if kept else {})


def read(text: str, today: date) -> Facts:
    """Every profile field that the text states of the person; absent where it says nothing or nothing clear."""
    return deepcopy(facts(text[:READ_CHARS], today))


@lru_cache(READ_LAST)
def facts(text: str, today: date) -> Facts:
    """The same, kept for who asks again: not to be changed."""
    said = stated(text)
    if not said.raw and not said.family:
        told = counts_by(said)
        return {} if ASK.search(said.whole) else flags(said) | ({"counts_by": told} if told else {})
    days = bound(said, today)
    result = graduation(said, days)
    result |= {field: value for field, reader in PLAIN.items() if (value := reader(said)) is not None}
    if {"enlisted", "retired"} <= days.keys():
        result |= within(result, "退役")
    result |= matters(said) | flags(said) | person(said) | work.insurance(said, result, today)
    result |= schooling.papers(said, result)
    result |= work.contract(said, result, today)
    if (took := received(said)) or any(NONE_TAKEN.search(clause) for clause in said.raw):
        result["received_before"] = took
    result |= likely(said, result, days, today)
    result = with_unit(with_loan(result), said)
    if "quit_involuntary" in result and result.get("pays_own_insurance") is False:
        del result["pays_own_insurance"]  # who paid in a job that ended
    own = business.own(said, result)
    if own and result.get("pays_own_insurance") is False:
        del result["pays_own_insurance"]
    for field in [field for field in result if field.startswith("business.")]:
        del result[field]
    if own:
        if result.get("employment") == "灵活就业" and (stall := own.pop("business.region", None)):
            result.setdefault("residence", stall)  # who sells on the street lives there
        result = owned(result, own, said)
    if result.get("employment") != "创业":
        result |= employer(said, result)
    result |= dated(said, days, result, today)
    return result | ({"unemployment_registered": True} if "unemployment_registered_on" in result else {})
