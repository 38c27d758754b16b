"""Work as stated: the status (one, or none where clauses contradict each other), insurance months, contract, employer, own business."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from dialogs import dates, localities, sayings
from dialogs.clauses import Said
from dialogs.polarity import denied

Facts = dict[str, Any]
EMPLOYMENT = sayings.patterns("employment")
EMPLOYMENT["灵活就业"] = re.compile("|".join((*sayings.STATUS["灵活就业"], EMPLOYMENT["灵活就业"].pattern)))
NAMES, LEFT, WEAK, OTHERS_SHOP = (EMPLOYMENT[name] for name in ("names", "走了", "备着", "老板的"))
STUDIES = re.compile(
    r"(?:职业|身份|职务)(?:就)?(?:是|为|填的?|写的?)+(?:在校)?(?:大?学生)(?=,|$)|(?<!没)入学了(?=,|$)|(?:^|,)(?:我)?研[一二三](?:在读)?(?=,|$)|在[^,没]{0,6}[读念](?:最后一年|第[一二三四五]年)|读[^,没]{0,4}[一二三四]年级|在读(?!期间)|(?:还在|正在|在)(?:[^,没]{0,6})(?:[读念]着?(?:书|大学|大[一二三四]|研|本科|专科|硕士|博士?)?|念(?:书|大[一二三四])?|上(?:学|大学|大[一二三四]))(?=,|$)|(?:是|上|读|在|念)(?:研[一二三]|大[一二三四])(?=,|$|了)|(?:现在|目前|还)(?:是|在)?(?:大[一二三四]|研[一二三])(?!的时候|那)|(?:是|读|在)[^,没]{0,3}(?:大[一二三四]|研[一二三])(?:的)?(?:学生|在校生)|(?:还在|正在|还|正)(?:念|读)(?:博士?|硕士?|研究生?)(?=,|$)|还没毕业(?!证)|没毕业呢|在校(?:大?学)?生?(?=,|$|一枚)|还是学生"
    r"|(?:^|,|学院|大学|专科|本科|职高|是|现|读|上)大[一二三四](?:了|在读|学生)?(?=,|$)|(?:^|,)(?:大专|专科|本科|硕士|博士|研究生|高职|中专|技校)(?:正)?在读|(?:还在|在|正|还)(?:念|读|上)(?:着)?(?:职高|中专|技校|高职|大专|本科|高[一二三]|技师班|预备技师)|(?:回学校|回校|脱产|全日制|又|考上|去)[^,没想]{0,5}读研(?:究生)?了?(?=,|$)(?<!不读研)|保研了|(?:正在|还在|在)延毕|延毕中|延期毕业中|(?:在|正|还)延期毕业|论文[^,]{0,2}(?:没过|没写完|没答辩|还没)|等(?:着)?(?:答辩|论文)|还没答辩|休学中(?=,|$)|休学[^,]{0,3}(?:还没复|中|在家|没复)"
)
DENIED = re.compile(
    r"(?:没|没有|不|未|别|不在|没在|还没|不是|不想|没去|不去|没能|不再|没说我?|没说过我?|没一个|没个人|谈不上|算不上|说不上|称不上|没打算|不打算|下个?月|下周|明天|过几天|即将|快|马上|等)(?:再|去|在|有|能|算|是|过|正式)?$"
)
AT_A_UNIT = re.compile(
    r"签的?(?:是|了)?(?:正式)?的?劳动合同|是正式工|(?:公司|单位|厂里?|店里?|医院|学校|银行|超市)[^,没不]{0,3}(?:上班|工作)(?![过了])"
)
"""Whoever goes to a unit is employed, whatever is done beside it."""
LICENSED = re.compile(r"执照(?:是我|早|都|也|已|有(?!没)|下来|拿|领|办(?!不|,))")
"""Who sells with a licence has a business."""
OF_HOME = re.compile(r"招聘会|我家[^,]{0,8}没有?一个|(?:家里|全家|一家|家中)[^,我]{0,8}没[^,]{0,4}(?:工作|上班)|定向|协议")
DAILY = re.compile(r"[一1][日天]一结|日结|按(?:天|日|件|单|小时)(?:算|结)|自由职业(?!.*(?:现在|目前|后来))")
"""Paid by the day or the piece, or called free: an odd job, whatever is done."""
AT_A_FIRM = sayings.pattern(
    "{公司}(?:里)?(?:上班|工作)(?!过)|{公司}(?:给我|跟我|和我)?签的?(?:了)?(?:劳动)?合同|[跟和与]{公司}签(?:了|的)(?![^,]{0,4}(?:合作|承揽|劳务|协议))"
)
"""Said outright: the odd job told beside it is what is done there, or done besides."""
OF_PAPERS = re.compile(r"^[^,]{0,6}(?:户口|户籍|档案|袋)(?![^,]*(?:上过?班|工作|打工|入职|待业|失业|人[在搁]|开店|创业|开公司|开了|自己干))")
ENDED = re.compile(
    r"见习[^,没]{0,10}(?:做了|了[\d一二三四五六七八九十]|期?满|结束|过)|"
    r"那[一]?年(?!起|以来)|面试(?:了|过)(?![^,]{0,3}(?:过|上))|(?<!没)(?<!没有)(?<!正经)(?:上|干|做|工作|跑|送|开)过|干了[^,]{0,6}(?:走|辞)|本来在"
)
NONE_OF_US = sayings.pattern(
    "(?:家|屋)(?:里|头)?[^,]{0,4}{数}口(?:人)?[^,]{0,4}没(?:有|得)?(?:一个|个)[^,]{0,4}(?:上班|工作)|(?:上班|工作)的?[^,]{0,4}没有,(?:也)?(?:包括|连)我"
)
"""我们屋三口人没一个上班: the one who tells it among them."""
OTHERS_ARE = re.compile(
    r"(?:班|宿舍|寝室|同学|室友|舍友|大家|别人|其他人|人家|同届|一起毕业|身边)[^。?我]{0,18}(?:找(?:着|到)|有了?(?=工作|单位|班)|签|上班|入职|就业(?!登记|困难|补|证)|工作|上岸|落实)了?[^,。?我]{0,6}[,。](?:但|可|就|只有?|偏|唯独|是|现在|最后|也|还|唯一)*"
    r"(?:(?:剩(?:下)?|差|缺)(?:我|俺)(?:自己|一个人?|还?没有?(?:着落|找到|签)?|没人要)+了?|(?:我|俺)(?:自己|一个人?)?(?:还|也|倒|却|是|就)*(?:不在(?:里头|里面|这里头|内|其中|那里面)|没有?(?:着落|找到|呢|有|签)?|除外|例外|落单))(?=[,。]|$)"
)
"""班里就五个找着工作了,我不在里头: the others have work, not who tells it."""
INSURANCE = re.compile(
    r"(?P<ui>失业(?:保险)(?!金|待遇)|失业(?=[那这一][项块个]))|社保(?!卡|局|中心|窗口|所)|社会保险|养老(?:保险)?(?!院|机构|中心|护理|服务|金)|(?P<all>五险(?:一?金)?)|(?<![失商医])(?<![业疗])保险|灵活就业(?=身份|档)|参保|社保卡(?=[里上])|增员"
)
INSURED = sayings.patterns("insurance")
PAYING = re.compile(
    r"[交缴续掏]|参保|增员|总数|月数|加一块|加一起|加在一|截[至止]|到上个?月|社保卡[里上]|买|累计|共|合计|加起来|满|够|整|到(?:这个月|现在|目前|今)|社保|保险|五险|养老"
)
FLEXIBLE = re.compile(r"灵活(?:就业)?(?:的|那个|那种|这种|人员|身份)*(?:社保|养老|医疗|医保|保险)(?!补)")
NTH = re.compile(r"第({人数})个月".replace("{人数}", sayings.NAMES["人数"]))
"""以灵活就业身份交的第 3 个月: so many are paid."""
TOTAL = re.compile(r"加一块|加在一[块起]|合起来|总数|加起来|加一起|合计|总共|拢共|一共")
"""加起来 15 个月 counts what the employer paid too."""
NO_LONGER = re.compile(r"自己[^,。]{0,6}[交缴](?:社保)?(?:不(?:起|动)|太贵|不划算|有点贵|要[^,]{1,6})了?,?我?[^,。?]{0,4}(?:停|断|没[交缴]|不[交缴])")
AGAIN = re.compile(r"(?:又|另外|再)(?:接着|重新|单独|断续|陆续|断断续续)*[交缴续](?:了|过)")
"""去年交了四个月,今年又交了五个月: to be added up."""
BARE = re.compile(r"(?:已经|到现在|一共|快|整|有)*[^,]{1,5}(?:个月|年)半?了?")
ONLY = re.compile(r"(?:应该|大概)?(?:才|只|就)(?:有|交了?)?[^,]{1,5}月")
UNPAID = re.compile(r"缴(?!.{0,3}(?:学|电|水|房|党))|[交缴]满|(?:公司|单位|老板)(?:不|没)给?我?(?:交|缴)(?=,|$)")
SHORT_OF = re.compile(
    r"(?:差|缺|少|[再还]有|再[交缴上])(?:了|着|过)?(?P<less>{人数})个月(?:就|才|能|可以|便|也)*(?:满|够|到|凑够|凑满|是|有)*(?P<whole>{人数}年|{人数}个月|半年)"
    r"|[满够到](?P<of>{人数}年|{人数}个月|半年)(?:就|只|还)*[差缺少](?:了|着)?(?P<lacks>{人数})个月".replace("{人数}", sayings.NAMES["人数"])
)
"""还差一个月才满一年: eleven are paid."""
NO_MONTHS = re.compile(
    r"(?:差[^,]{1,6}(?:就|才|够|满|到|凑)+|[没未不][够满]|不到|断|停|缺|差|欠|少|要|需|漏|补|班|干|经营|开|领|拿|拖|学|住|毕业|失业|找)(?:了|着|过|缴|交|满|够)*(?:快|有)?$|毕业[^,]{0,4}$"
)
SPAN = re.compile(
    r"(?:从|自)?[^,从自没断]{0,12}\d月(?:份|起|开始)*(?:我)?(?:自己|个人)?[交缴买上]?(?:着|了|的)?(?:失业保险|养老保险|职工社保|社保|保险|五险)?(?:一直)?(?:交|缴|买)?[到至][^,没]{2,12}月"
)
OTHER_BILLS = re.compile(
    r"(?:要|得)?(?:交|缴|扣)?[\d一二三四五六七八九两几十]+[千百万块元\d]|的?(?:房租|学费|水电|租金|党费|电费|试用|工资|班)|前|后|以内|内|没(?!断|停)"
)
RESIDENTS = re.compile(r"商业保?险|意外险|重疾险|车险|居民(?:医|养|社)|新农合|农村合作|城乡居民")
"""Insurance that no job and no flexible worker pays: it counts nowhere."""
CONTRACT = re.compile(r"(?<!三方)(?<!劳务)(?<!实习)(?<!租房)(?<!租赁)合同(?!工)")
CONTRACT_OTHER = re.compile(sayings.TABLE["contract"]["other"])
YEARLY = re.compile(r"([一二两三四五1-5])年一签")
TERM = re.compile(r"(?:签|合同)(?:了|的|是|期|劳动|只|给|一共)*$")
SIZE, KIND, INDUSTRY = (sayings.patterns(name) for name in ("employer.size", "employer.type", "employer.industry"))
UNINSURED = re.compile(r"(?:社保|养老|保险)[^,没未]{0,3}(?:没|未)有?(?:交|缴|上|买)(?!过)|(?:没|未)有?(?:交|缴)(?!过)[^,]{0,3}(?:社保|养老|保险)")
"""Who works for themself and has no employer that could pay instead."""
EMPLOYERS_SHOP = sayings.pattern("{东家的店}")
"""老板是个体户: the kind of the employer, not of an own business."""


def blank(found: re.Match[str]) -> str:
    """As many signs that say nothing."""
    return "·" * len(found[0])


def places_of(pattern: re.Pattern[str], text: str) -> list[int]:
    return [hit.start() for hit in pattern.finditer(text) if not DENIED.search(text[max(0, hit.start() - 6) : hit.start()].rpartition(",")[2])]


def frames_odd_job(text: str, place: int) -> bool:
    """在美团当骑手: the frame of a job around a job without an employer."""
    found = EMPLOYMENT["就业"].match(text, place)
    return bool(found and EMPLOYMENT["灵活就业"].search(found[0]) and not re.search(r"上班|工作|公司|单位|个体|老板", found[0]))


def within_a_unit(text: str, place: int) -> bool:
    """在某事业单位做临时工: an odd job's word within the frame of a job at a unit."""
    return any(
        hit.start() < place < hit.end() and re.search("单位|机关|公司|厂|政府|医院|学校|银行|街道|个体|.局", hit[0][: place - hit.start()])
        for hit in EMPLOYMENT["就业"].finditer(text)
    )


def of_now(said: Said) -> tuple[str, ...]:
    """The clauses that may tell what the person does now."""
    return tuple(
        clause
        for clause in said.now
        if not OF_PAPERS.search(clause) and not OF_HOME.search(clause) and (not ENDED.search(clause) or re.search(r"现在|目前", clause))
    )


def since_left(clauses: tuple[str, ...]) -> tuple[str, ...]:
    """What is told after the last leaving."""
    left = [place for place, clause in enumerate(clauses) if places_of(LEFT, NAMES.sub("·", clause))]
    return clauses[left[-1] + 1 :] if left else clauses


def left(said: Said) -> bool:
    return bool(places_of(LEFT, ",".join(said.now)))


def odd_beside(strong: dict[str, int], text: str) -> bool:
    """Whether an odd job goes beside a job at a unit, or belongs to an own shop."""
    if "就业" in strong and AT_A_UNIT.search(text) and not re.search(r"现在|目前|如今|后来|改行|转行|之后", text):
        return True
    return "创业" in strong and not re.search(r"现在|目前|后来|自己干", text[min(strong.values()) :])


def employment(said: Said) -> str | None:
    return "未就业" if OTHERS_ARE.search(said.whole) and not re.search("合同|老板|公司|单位(?!要)", said.whole) else told_last(said)


def told_last(said: Said) -> str | None:
    """The status said last; what a leaving ended does not count, and two that contradict each other give none."""
    text = NAMES.sub("·", ",".join(of_now(said)))
    last_left = max(places_of(LEFT, text), default=-1)
    strong: dict[str, int] = {}
    for status in ("灵活就业", "创业", "就业", "未就业"):
        told = OTHERS_SHOP.sub(blank, EMPLOYERS_SHOP.sub(blank, text)) if status == "创业" else text
        places = [place for place in places_of(EMPLOYMENT[status], told) if place > last_left or status == "未就业"]
        if status == "就业" and "灵活就业" in strong:
            places = [place for place in places if not frames_odd_job(text, place)]
        if places:
            strong[status] = places[-1]
    if "灵活就业" in strong and DAILY.search(text):
        strong.pop("就业", None)
    if "灵活就业" in strong and (firm := places_of(AT_A_FIRM, text)):
        strong.setdefault("就业", firm[-1])
    if "灵活就业" in strong and (LICENSED.search(text) or within_a_unit(text, strong["灵活就业"])):
        del strong["灵活就业"]
    if STUDIES.search(text) and "就业" not in strong and "未就业" not in strong:
        return "在校"
    if len(strong) > 1 and "未就业" in strong:
        others = max(place for status, place in strong.items() if status != "未就业")
        if strong["未就业"] > others and (last_left >= 0 or re.search(r"现在|目前|又", text[others:])):
            return "未就业"
        del strong["未就业"]
    if "灵活就业" in strong and odd_beside(strong, text):
        del strong["灵活就业"]
    if "创业" in strong and "就业" in strong and not re.search(r"现在|目前", text[min(strong.values()) :]):
        del strong["就业"]
    if len(strong) > 1:
        latest = max(strong, key=lambda status: strong[status])
        first = min(strong.values())
        return latest if re.search(r"现在|目前|如今|后来", text[first : strong[latest]]) or said.corrected else None
    if strong:
        return next(iter(strong))
    return "未就业" if places_of(WEAK, text) or NONE_OF_US.search(said.whole) else None


def topic(whole: str) -> str:
    """What is paid where the clause itself does not name it."""
    first = INSURANCE.search(whole)
    general = first and re.search("社保|缴费", whole[: first.start()])
    if re.search(r"失业(?:保险)?金", whole) or (first and first["ui"] and not general):
        return "失业"
    return "五险" if first and first["all"] else "社保" if first or "灵活就业" in whole or UNPAID.search(whole) else ""


def insurance(said: Said, result: Facts, today: date) -> Facts:
    """Who pays, and for how many months, told apart by what was paid."""
    found: Facts = {}
    kind, alone, lately = topic(said.whole), False, 0
    for clause in said.raw:
        if "挂靠" in clause or RESIDENTS.search(clause):
            continue
        named = list(INSURANCE.finditer(clause))
        paying = bool(named) or bool(PAYING.search(clause)) or bool(ONLY.fullmatch(clause) and not re.search(r"合同|工作|干|上班|毕业", said.whole))
        paying = (paying and (bool(named) or not re.search("经营|营业|运营|开业", clause))) or bool(lately and kind and BARE.fullmatch(clause))
        lately = 2 if paying else max(0, lately - 1)
        if named:
            kind = "失业" if named[-1]["ui"] else "五险" if named[-1]["all"] else "社保"
        if (
            paying
            and INSURED["never"].search(clause)
            and kind
            and not re.search(r"公司|单位|老板|厂|平台|自己(?!没|一[分个天]|从|根本|压根|[也都]没)|没断", clause)
        ):
            found["ui_paid_months"] = 0
            found |= {} if kind == "失业" else {"insured_months": 0}
            continue
        if FLEXIBLE.search(clause):
            alone = True
        elif alone and re.match(r"(?:一直|还|都)*在?(?:交|缴)着", clause):
            found["pays_own_insurance"] = True
        unit = INSURED["unit"].search(clause)
        about = bool(named) or bool(kind and paying)
        if about and (own := by_self(clause)) is not None:
            before = own and found.get("pays_own_insurance") is False and re.search("以前|之前|原来|先前", clause)
            found["pays_own_insurance"] = own and not before
            alone = alone or own
        elif unit and about and not denied(clause, unit.start()) and not re.search(r"[没不未]|员工|他们|过[^,]{0,5}(?:社保|保险)|交过|缴过", clause):
            found["pays_own_insurance"], alone = False, False
        elif re.search(r"公司|单位|厂", clause):
            alone = False
        if paying:
            both = TOTAL.search(clause) and "insured_months" in found
            told = months(clause, named, kind, alone and not both)
            more = found if AGAIN.search(clause) else {}
            found |= {name: length + more.get(name, 0) for name, length in told.items()} | span(clause, kind, alone, today)
    if NO_LONGER.search(said.whole):
        found["pays_own_insurance"] = False
    if "flexible_paid_months" in found:
        found.setdefault("pays_own_insurance", True)
    if result.get("employment") == "灵活就业" and UNINSURED.search(",".join(said.raw)):
        found.setdefault("pays_own_insurance", False)
    return found


def by_self(clause: str) -> bool | None:
    """Whether the person pays; None where the clause does not say."""
    own = INSURED["own"].search(clause)
    return False if INSURED["own_not"].search(clause) else not denied(clause, own.start()) if own else None


NTH_ALONE = re.compile(r"(?:到)?(?:这个|上个|本)?月?(?:是|正好|刚好)*第(\d{1,2}|[一二三四五六七八九十]{1,3})个月")
"""到这个月第7个月."""


def months(clause: str, named: list[re.Match[str]], kind: str, alone: bool) -> Facts:
    nth = NTH.search(clause) if alone else NTH_ALONE.fullmatch(clause) if kind in ("社保", "五险") else None
    found: Facts = {"flexible_paid_months" if alone else "insured_months": dates.count(nth[1])} if nth else {}
    if (short := SHORT_OF.search(clause)) and not re.search("入职|工作|上班|试用|合同|毕业|经营|[干做领]", clause):
        whole = next(int(length) for *_, length in dates.lengths(short["whole"] or short["of"]))
        return counted(kind, alone, whole - dates.count(short["less"] or short["lacks"]))
    for start, end, length in dates.lengths(clause):
        if NO_MONTHS.search(clause[:start]) or OTHER_BILLS.match(clause[end:]) or length != int(length) or denied(clause, start):
            continue
        near = [hit for hit in named if hit.end() <= start] or [hit for hit in named if hit.start() >= end]
        what = kind if not near else "失业" if near[-1]["ui"] else "五险" if near[-1]["all"] else "社保"
        if not what or re.search(r"工作|上班|见习|合同|试用|入职|进来|来了|干了", clause[max(0, start - 4) : start]):
            continue
        found |= counted(what, alone, int(length))
    return found


def counted(what: str, alone: bool, length: int) -> Facts:
    """So many months of what was paid."""
    if what == "失业" or not what:
        return {"ui_paid_months": length} if what else {}
    return {"flexible_paid_months": length} if alone else {"insured_months": length} | ({"ui_paid_months": length} if what == "五险" else {})


def span(clause: str, kind: str, alone: bool, today: date) -> Facts:
    """从 7 月交到次年 6 月: both ends count."""
    ends = SPAN.search(clause)
    days = [day.value for day in dates.find(ends[0], today)] if ends else []
    if len(days) != 2 or min(map(len, days)) < 7 or not kind:
        return {}
    (first, one), (last, other) = ((int(day[:4]), int(day[5:7])) for day in days)
    length = (last - first) * 12 + other - one + 1
    if length < 1:
        return {}
    return counted(kind, alone, length)


def signed(said: Said) -> bool:
    """Whether what a date of signing tells of is a labour contract."""
    return bool(CONTRACT.search(said.whole)) and not re.search(r"三方|租|购房|劳务|协议|违约|到期|解除|[?]", said.whole)


def contract(said: Said, result: Facts, today: date) -> Facts:
    """How long a labour contract runs; whether it is signed is in the table of facts."""
    found: Facts = {}
    about = False
    if "定向" in said.whole and "劳动合同" not in said.whole:
        return found  # years of service agreed on before the studies
    for clause, following in pairwise((*said.now, "")):
        named = CONTRACT.search(clause)
        if (named or about or (YEARLY.search(clause) and not re.search("租|房|西部计划|三支一扶|志愿", said.whole))) and (
            runs := term(clause + following if re.search("起算?$|开始$", clause) else clause, today)
        ):
            found |= {"contract_years": runs, "contract_signed": True}
        if result.get("contract_signed") is False or (
            CONTRACT_OTHER.search(clause) and not re.search(r"签(?:了|的)|合同(?:到期)?是|续(?:签)?(?:了|的)(?:是)?[\d一二三四五两]", clause)
        ):
            about = False
            continue
        for start, end, length in dates.lengths(re.sub(r"试用期?[^,]*", "", clause)):
            signed = re.search(r"期限(?:是|为|填的?|写的?)*$|签(?:了|的|过|完|订|下|就|是|满|给|我)*(?:为期|一份|个)?$", clause[:start])
            if "签" in said.whole:
                signed = signed or re.search(r"续(?:签)?(?:了|的)(?:是)?$", clause[:start])
            alone = (
                about
                and re.fullmatch(r"(?:(?:上[面头])?写(?:的|了)?(?:是)?|期限(?:是)?|给签(?:了|的)?|一共|总共|共|就|是|为期)?", clause[:start])
                and re.fullmatch(r"期?的?", clause[end:])
            )
            if (
                (named or signed or alone or re.match(r"期(?!间|满)", clause[end:]))
                and not NO_MONTHS.search(clause[:start])
                and not denied(clause, start)
                and not re.match(r"(?:前|后|没|多|内|以内|了还|了也|了一直|的?试用)", clause[end:])
                and not re.search(r"三方|协议|租|房东|房[子屋]|购房|保险合同|门面|店面|铺|会员|服务期|[办月年身季]卡", clause)
            ):
                found |= {"contract_years": round(length / 12, 2), "contract_signed": True}
        about = (
            bool(named)
            or bool(re.search(r"签(?:了|的|好)", clause) and not re.search("三方|租", clause))
            or (about and not re.search(r"社保|保险|失业", clause))
        )
    if "contract_years" in found and found["contract_years"] == int(found["contract_years"]):
        found["contract_years"] = int(found["contract_years"])
    return found


def term(clause: str, today: date) -> float | None:
    """Years from the one day to the other: 自 2026 年 3 月 16 日起至 2027 年 3 月 15 日止; or the rhythm of renewal: 一年一签."""
    if yearly := YEARLY.search(clause):
        return float(dates.count(yearly[1]))
    told = list(dates.find(clause, today))
    if len(told) == 2 and len(told[1].value) == 7 and len(told[0].value) >= 7 and re.match("月?份?[底末]", clause[told[1].end :]):
        (year, month), (last, end) = ((int(day.value[:4]), int(day.value[5:7])) for day in told)
        length = (last - year) * 12 + end - month + 1
        return round(length / 12, 2) if length > 0 else None
    days = [date.fromisoformat(day.value) for day in told if len(day.value) == 10]
    if len(days) != 2 or days[1] <= days[0]:
        return None
    first, after = days[0], days[1] + timedelta(1)
    months = (after.year - first.year) * 12 + after.month - first.month
    return round(months / 12, 2) if after.day == first.day else None


def last_of(table: dict[str, re.Pattern[str]], clauses: tuple[str, ...]) -> str | None:
    """The name said last, a longer one before one inside it."""
    text = ",".join(clauses)
    hits = [
        (hit.end(), hit.end() - hit.start(), name)
        for name, pattern in table.items()
        for hit in pattern.finditer(text)
        if not denied(text, hit.start())
    ]
    return max(hits)[2] if hits else None


KEPT, KIND_ALONE = (
    re.compile(r"(?:公司|单位)[^,]{0,3}(?:提|调|收|拿)|(?:调|转|提)(?:到|进|去)(?:了)?(?:公司|单位)"),
    re.compile(r"[国央民私外]企|事业单位"),
)
SIGNED_WITH = re.compile(
    r"(?:挂|挂靠)在[^,]{0,4}(?:民办非企业|民非|协会|基金会)|(?:跟|和|与)[^,]{0,4}(?:民办非企业|民非|协会|基金会|社工机构)[^,]{0,2}签|(?:我们[^,]{1,3}|单位|机构)(?:登记|注册)的?是?(?:个)?(?:民办非企业|民非)"
)
"""单位是街道办的社工站,合同跟民非签的: the employer is who signs."""
DISPATCHED = re.compile(r"派遣|外包|人力(?:资源)?公司|第三方公司")
OWNERS = re.compile(r"(?<=老板),(?=[他她])|打工,(?=[他她])")
HERE = re.compile(
    r"我司|公司规模|规模(?:是|填|算|属于)|我们(?:属于|算)|我这(?:家|个)?(?:公司|单位|厂)|单位(?:性质|类型|规模|名称)?是|^(?:大|中|小|小微|中小微|微)型?企业$|用人单位类型|^(?:企业|公司|单位)(?:是|性质)|^行业是|(?:我们?|咱们?|现在的?|这家?)(?:公司|单位|厂|机构(?=是|属于|算))|^在?一家|^(?:但|不过|可|而)?我?(?:工作)?(?:公司|单位|厂子?)(?:也|就)*(?:在|是|有|做|搞|主营|属于|不大|规模|[一二两三四五六七八九十\d])"
)


TRADE = re.compile(
    r"行业(?!协会|商会|组织)(?:填的?|属于|是|做)*([\u4e00-\u9fff]{2,6})$|^(?:公司|单位|厂里?)?(?:主要|是)*(?:做|搞|从事)(?:的是|的)?([\u4e00-\u9fff]{2,6}?)(?:的|这块|这行|行业|生意)?$"
)
NO_TRADE = re.compile(sayings.pattern("{职业}|{岗}|{零活}").pattern + "|[了过着的]|老板|登记|合同|社保|小?生意|事|活|饭|工$|一")


KNOWN, JOBS, OF = (sayings.TABLE["trade"][name] for name in ("names", "jobs", "of"))
KNOWN_TRADE = re.compile(
    rf"(?:做|搞|从事|干|卖|是|属于|造)(?:的是|的)?({KNOWN})(?:的|这块|这行|行业|生意)?(?=,|$)|(?<![学考某去的])({KNOWN})[^,没不学的了]{{0,2}}的?{OF}(?!管理)|(?:^|,)({KNOWN})(?:的|行业|业)?(?=,|$)"
    rf"|(?<![业老疗会])({JOBS})(?:公司|事务所|行业)(?=上班|工作|里|做|当|,|$)|(?:做|搞)[^,没不]{{0,6}}?({KNOWN})(?:的|这块|行业)(?=,|$)|在[^,没不]{{1,6}}?({KNOWN})(?:里)?(?:上班|工作|做事)(?!过)|(?:公司|单位|企业|厂)[^,没不]{{0,4}}(?:做|搞|从事)({KNOWN})|[做干]({KNOWN})(?:销售|客服|运营|跟单|采购|研发|业务|的)(?=,|$)"
)
"""A trade known by name, said of the employer or by itself."""


def industry(clauses: tuple[str, ...]) -> str | None:
    """What the employer does in the words it is said in, from a clause right beside the one about the employer."""
    known: list[str] = [next(filter(None, hit.groups())) for hit in KNOWN_TRADE.finditer(",".join(clauses))]
    if known:
        return {"ai": "AI", "saas": "SaaS", "mcn": "MCN"}.get(known[0], known[0])
    for before, clause in pairwise(("", *clauses)):
        found = TRADE.search(clause)
        name = next(filter(None, found.groups()), "") if found else ""
        if name and not NO_TRADE.search(name) and (re.search("公司|单位|企业|厂|行业", before + clause)):
            return name
    return None


def employer(said: Said, result: Facts) -> Facts:
    """What belongs to an employer; read only where the person works for one now, or speaks of a contract that still runs."""
    if result.get("employment") not in (None, "就业") or "quit_involuntary" in result:
        return {}
    if not result.get("employment") and left(said):
        return {}
    signs = (
        "contract_signed" in result
        or "contract_years" in result
        or (result.get("pays_own_insurance") is False and not INSURED["own_not"].search(said.whole))
    )
    if not (
        result.get("employment")
        or signs
        or any((HERE.search(clause) and "档案" not in clause) or (KEPT.search(said.whole) and KIND_ALONE.fullmatch(clause)) for clause in said.now)
    ):
        return {}
    clauses = tuple(clause for clause in said.now if not re.search(r"离职|挂靠|辞|上家|原来|倒闭|被裁|想考|备考|三方", clause))
    tables = {"employer.type": KIND, "employer.size": SIZE, "employer.industry": INDUSTRY}
    found: Facts = {name: value for name, table in tables.items() if (value := last_of(table, clauses))}
    if "employer.type" in found and any((kind := name) for name in ("机关事业", "社会组织") if last_of({name: KIND[name]}, clauses)):
        found["employer.type"] = kind
    if SIGNED_WITH.search(",".join(clauses)):
        found["employer.type"] = "社会组织"
    if found.get("employer.type") == "机关事业" and DISPATCHED.search(said.whole):
        del found["employer.type"]  # whoever is sent there is employed by the agency
    if result.get("employment") == "就业" and (
        OTHERS_SHOP.search(said.whole)
        or (re.search(r"[给帮替][^,]{0,10}打工|老板", said.whole) and KIND["个体工商户"].search(OWNERS.sub("", said.whole)))
    ):
        found["employer.type"] = "个体工商户"
    if "employer.size" in found and "单位" not in said.whole:
        found.setdefault("employer.type", "企业")
    if "employer.industry" not in found and (trade := industry(clauses)):
        found["employer.industry"] = trade
    place = localities.employer(said, bool(result.get("employment")))
    return found | ({"employer.region": place} if place else {})
