"""Facts that a person states in a free sentence, read into profile fields. Reads what is said, never guesses; decides nothing.

Which clauses count is in `clauses`, dates and lengths are in `dates`, places in `localities`.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from dialogs import clauses, dates, localities
from knowledge.words import words

Facts = dict[str, Any]
NOT = re.compile(
    r"(?:不是|没有?|没得|未|无|不算|不属于|非|不|别|还没|从来没|冇)(?:在|去|来得及|给我?|怎么|再|曾|自己|享受|参加|办|办理|申请|领|拿|考|考到|做|交|有|任何|国家|什么|过|签|认定|评上?|上|当){0,3}$"
)
PAST = re.compile(r"之前|以前|曾经|原来|原先|当时|那会儿?|上家|上一?份|前一?份|上个单位|前单位|在校时|上学时|大学时|读书时|实习")
CORRECTED = re.compile(r"应该是|应为|写错|填错|说错|更正|改成|改为|搞错|不是")
TABLE = tomllib.loads((Path(__file__).parent / "statements.toml").read_text(encoding="utf8"))
DEGREE = TABLE["degree"]
DEGREES = tuple(DEGREE)
DEGREE_WORD = {name: re.compile(rf"(?:{said})(?!及?以上|学历要求|起|招生|老师|院校)") for name, said in DEGREE.items()}
WANTED = re.compile(r"(?:考|报|招|要求|读不起|升|从)(?:个|了)?$")
GRADUATES = re.compile(r"毕业|毕的业|届|拿(?:到|的)?证")
NOT_GRADUATION = re.compile(r"入学|复学|休学|入职|辞|离职|登记|出生|生日|签|退[伍役]|入伍|级|岁|交|缴|注册|工作")
COHORT = re.compile(r"(?<!\d)(20\d{2}|\d{2})(?:年)?(?:应|毕业|的)?届")
BIRTH = re.compile(
    r"(?<!\d)(19\d{2}|20\d{2}|\d{2})(?:年|[-./])(?:(\d{1,2})(?:月份?|[-./])(?:(\d{1,2})[日号]?)?)?(?=(?:出?生(?!源|活|意|效)|的(?!$)|的$)|$)"
)
AGE = re.compile(
    r"(?<![\d.~到至-])(\d{2}|[二三四]?十[一二三四五六七八九]?)(?:周)?岁(?!以|之|前|后|的?时候|时|内)|(?<=今年)(\d{2})$|(?<=年龄:)(\d{2})|周岁(\d{2})"
)
MAJOR = re.compile(
    r"(?:学的是?|读的是?|念的是?|专业是?:?|主修|^学(?!前|生|历|校|位|籍))([\u4e00-\u9fff]{2,10}?)(?:专业|出身|毕业)?的?$|([\u4e00-\u9fff]{2,10})专业"
)
NO_MAJOR = re.compile(r"什么|这个|那个|对口|不限|相关|哪|冷门|热门|全日制|本科|大专|专科|研究生|硕士|中专|高中|学校|大学$|的$|我|学历|国外")
STILL = r"(?:一直|正|还|都|也|就|已经?|老早|早就|刚|主动)?"
WORKS = tuple((name, re.compile(said)) for name, said in TABLE["work"].items())
LEFT = re.compile(
    r"被裁|裁员|裁了|辞职|辞的职|辞了|离职|裸辞|辞退|被优化|没续|不续|不干了|失了业|走了|走人|(?:在|正|还|天天|一直)[\u4e00-\u9fff]{0,3}找工作|倒闭|投.{0,3}简历"
)
ENDED = re.compile(r"上过|干过|做过|工作过|跑过|送过|开过|离职|辞|被裁|不干|关了|倒闭|黄了|到期|不续")
PUBLIC = re.compile(r"事业编|事业单位|机关|公务员|公办学校|公立医院|(?:学校|医院|教师)编|编制|编了$")
INSURANCE = re.compile(r"失业(?:保)?险|社保|养老(?:保险)?|五险(?:一金)?|职工保险|(?<![失商医])(?<![业疗])保险")
OWN_PAY = re.compile(
    r"(?:自己|自个儿?|自费|个人)(?:掏钱|花钱|在|一直|去|全额|身份|还在|按月)*(?:交|缴|买|参保)|自缴|灵活就业(?:人员)?(?:身份|的身份)?(?:在|一直)?(?:参保|缴|交|买)"
)
UNIT_PAY = re.compile(
    r"(?:公司|单位|厂里?|学校|老板)(?:在|都|也|一直)?(?:给|帮|替)?我?(?:在|都|也|一直)?(?:交|缴|买|上)(?:着|了|的)?(?!不|没)|(?:公司|单位)(?:给)?(?:交|缴|买)的"
)
NEVER_PAID = re.compile(
    r"(?:从来?|一直|压根|根本|一天|一次)(?:都|也)?没(?:有)?(?:交|缴|买)过?|没(?:有)?(?:交|缴)过|(?:一天|一次|一个月)[\u4e00-\u9fff]{0,2}(?:没|未)(?:交|缴)"
)
FLEXIBLE_REGISTRATION, UNEMPLOYMENT_REGISTRATION = r"灵活(?:就业)?(?:人员)?登记", r"失业登记"
DONE = r"(?:已经|刚|早就|早)?(?:去)?(?:办|做|弄|搞|登)(?:理)?(?:了|过|好|完|上|的)"
UNDONE = r"(?:没|没有|未|还没|还没有|没去|没得)(?:来得及)?(?:去)?(?:办|做|弄|搞|登|过)?"


def registration(what: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Denied and stated forms of one registration."""
    return (
        re.compile(rf"{UNDONE}(?:理|过|了)?{what}|{what}(?:也|还|都|一直|我)*{UNDONE}"),
        re.compile(
            rf"(?:办|做|弄|搞)(?:理)?(?:了|过|好|完|的)?(?:个)?{what}|{what}[^没未不]{{0,8}}{DONE}|^(?:有|已)?{what}了|登记了失业|在.{{0,8}}{what}了?$"
        ),
    )


REGISTRATIONS = {"unemployment_registered": registration(UNEMPLOYMENT_REGISTRATION), "flexible_registered": registration(FLEXIBLE_REGISTRATION)}
HOUSEHOLD: dict[str, str] = TABLE["household"]
PERSONAL: dict[str, str] = TABLE["personal"]
NO_GROUP = re.compile(
    r"都不是$|什么困难都没|不属于(?:任何|什么)?(?:困难|特殊)群体|不是(?:什么)?困难(?:群体|家庭)|没有(?:任何|什么)?困难(?:身份|情况)"
)
NOT_IN = re.compile(r"(?:户口|名字|我)(?:也)?(?:不在|没在)(?:上面|里面|那|本上|上头)|(?:不包括|没有)我")
LOAN = re.compile(r"助学贷款|生源地(?:信用)?(?:助学)?贷款|校园地贷款|助学贷")
RULES = tuple((row["field"], row["value"], re.compile(row["said"])) for row in TABLE["rule"])
RECEIVED = tuple((entry, re.compile(said)) for entry, said in TABLE["received"].items())
TEACHER = re.compile(r"教师资格证?|教资|教师证")
CERTIFICATE = re.compile(
    r"(?:有|考了|拿了|考到|考到了|考过|拿到|拿到了|取得|取得了|考出|考下|考下了)(?:一?个|一?本|张|了)?([\u4e00-\u9fffa-z]{2,9}证)(?!书?要|明)"
)
NO_CERTIFICATE = re.compile(r"毕业|学位|身份|居住|失业|残疾|创业|登记|退伍|教师|保|执照|没")
GENDER = re.compile(
    r"本人(?:是)?(男|女)|性别:?(男|女)|^(?:我)?(?:是)?(?:个|一个|一名)?(男|女)(?:的|生|孩子?|性)?$|(?:我是|我)(?:个|一个|一名)?(男|女)(?:的|生|孩)"
)


def read(text: str, today: date) -> Facts:
    """Profile fields that the text states, names and values as in `knowledge.profile`; nested ones flat with a dot."""
    told = clauses.told(words().normalise(dates.numerals(text)))
    found: Facts = {}
    if told.gender:
        found["gender"] = told.gender
    topic = ""
    corrected = bool(CORRECTED.search(text))
    for clause in told.own:
        when = list(dates.find(clause, today))
        graduation(clause, when, found, today)
        degree(clause, found, corrected)
        person(clause, found, today)
        topic = insurance(clause, topic, found)
        registrations(clause, when, found)
        rules(clause, found)
        contract(clause, when, found)
        own_business(clause, when, found)
        qualifications(clause, found)
    employment(told.own, found)
    employer(told.own, found)
    groups(told, found)
    found.update(localities.read(told.own))
    return found


def denied(clause: str, at: int) -> bool:
    return bool(NOT.search(clause, 0, at))


def degree(clause: str, found: Facts, corrected: bool) -> None:
    for name, pattern in DEGREE_WORD.items():
        for hit in pattern.finditer(clause):
            before = clause[: hit.start()]
            if denied(clause, hit.start()) or WANTED.search(before):
                continue
            held = found.get("degree")
            if corrected or held is None or DEGREES.index(name) > DEGREES.index(held):
                found["degree"] = name


def graduation(clause: str, when: list[dates.Dated], found: Facts, today: date) -> None:
    if cohort := COHORT.search(clause):
        if not clause[: cohort.start()].endswith("不是"):
            found.setdefault("cohort", dates.full_year(cohort[1], today))
        return
    mark = GRADUATES.search(clause)
    if not mark:
        return
    for dated in when:
        between = clause[dated.end : mark.start()] if dated.end <= mark.start() else clause[mark.end() : dated.start]
        if NOT_GRADUATION.search(between) or re.match(r"前|之前|后(?!的)", clause[mark.end() :]) or clause[: dated.start].endswith("不是"):
            continue
        if re.match(r"入学|级|入职|出?生|考|的时候", clause[dated.end :]) or len(between) > 16:
            continue
        found["cohort"] = int(dated.value[:4])
        if len(dated.value) > 4:
            found["graduation_date"] = dated.value


def person(clause: str, found: Facts, today: date) -> None:
    if said := GENDER.search(clause):
        found["gender"] = next(filter(None, said.groups()))
    if said := AGE.search(clause):
        found["age"] = dates.count(next(filter(None, said.groups())))
    for said in BIRTH.finditer(clause):
        born = bool(
            re.match(r"出?生", clause[said.end() :]) or re.search(r"(?:生日|出生(?:日期|年月|于|在)?|生于)(?:是|:)?$", clause[: said.start()])
        )
        if not born and (said[2] or not re.match(r"的$", clause[said.end() :]) or GRADUATES.search(clause)):
            continue
        year = int(said[1]) if len(said[1]) == 4 else int(said[1]) + (2000 if int(said[1]) <= today.year % 100 else 1900)
        exact = dates.value({"year": str(year), "month": said[2], "day": said[3]}, today)
        if exact and 14 <= today.year - year <= 60:
            found["birth_date"] = exact
    for said in MAJOR.finditer(clause):
        name = re.split(r"[届的是我]|毕业于?|大学|学院|本科|大专|专科|硕士|研究生|中专|^学(?!前)", said[1] or said[2])[-1]
        if len(name) >= 2 and not NO_MAJOR.search(name):
            found["major"] = name


def insurance(clause: str, topic: str, found: Facts) -> str:
    """Who pays, and for how many months; returns the insurance that the next clause may go on about."""
    named = list(INSURANCE.finditer(clause))
    continues = (
        bool(topic)
        and not named
        and bool(re.match(r"(?:我)?(?:是|都|一共|总共|累计|到现在|已经|目前|自己|自个|断断续续|连续)*(?:交|缴|自己|自个)", clause))
    )
    if not named and not continues:
        return ""
    own = OWN_PAY.search(clause)
    subject = "own" if own and not denied(clause, own.start()) else ""
    past = bool(PAST.search(clause) or re.search(r"(?:交|缴|买)过", clause))
    if subject and not past:
        found["pays_own_insurance"] = True
    elif UNIT_PAY.search(clause) and not past and not re.search(r"没|不|未", clause):
        found["pays_own_insurance"] = False
    if NEVER_PAID.search(clause):
        kind = named[0][0] if named else topic
        if not kind.startswith("失业"):
            found["insured_months"] = 0
        if not UNIT_PAY.search(clause) and not subject:
            found["ui_paid_months"] = 0
        return kind
    if re.search(r"交|缴|买|断|满|参保", clause):
        for start, end, months in dates.lengths(clause):
            before = [hit[0] for hit in named if hit.end() <= start]
            after = [hit[0] for hit in named if hit.start() >= end]
            kind = before[-1] if before else after[0] if after else topic
            if (
                denied(clause, start)
                or months != int(months)
                or re.match(r"前|后|没|以[前后]|内", clause[end:])
                or re.search(r"断|停|缺|差|要|需|班|干|经营|开", clause[:start][-4:])
            ):
                continue
            flexible = subject or topic == "own"
            name = "ui_paid_months" if kind.startswith("失业") else "flexible_paid_months" if flexible else "insured_months"
            found[name] = int(months)
    return "own" if subject else named[-1][0] if named else topic


def registrations(clause: str, when: list[dates.Dated], found: Facts) -> None:
    for name, (undone, done) in REGISTRATIONS.items():
        if undone.search(clause):
            found[name] = False
        elif said := done.search(clause):
            near = [dated for dated in when if len(dated.value) > 4 and not GRADUATES.search(clause[dated.end : said.end()])]
            if name == "unemployment_registered" and near:
                found["unemployment_registered_on"] = near[-1].value
            else:
                found[name] = True


def rules(clause: str, found: Facts) -> None:
    for name, value, pattern in RULES:
        said = pattern.search(clause)
        if said and (value is False or not denied(clause, said.start())):
            found[name] = value
        elif said and value == "中央部门所属高校":
            found.setdefault("school_type", "地方高校")
    for entry, pattern in RECEIVED:
        said = pattern.search(clause)
        if said and not denied(clause, said.start()) and not re.search(r"没|未", said[0]):
            found.setdefault("received_before", []).append(entry)


def contract(clause: str, when: list[dates.Dated], found: Facts) -> None:
    if "合同" in clause and not re.search(r"租|到期|还剩|剩", clause):
        for start, end, months in dates.lengths(clause):
            if found.get("contract_signed") is not False and not denied(clause, start) and not re.match(r"前|后|没|了$", clause[end:]):
                years = round(months / 12, 2)
                found["contract_years"] = int(years) if years == int(years) else years
    for dated in when:
        if re.match(r"[^没未]{0,4}签", clause[dated.end :]) and found.get("contract_signed") and len(dated.value) > 4:
            found["contract_signed_on"] = dated.value
        around = clause[max(0, dated.start - 6) : dated.start], clause[dated.end : dated.end + 10]
        if len(dated.value) == 4:
            continue
        if re.search(r"入职(?:时间|日期)?(?:是|:|于)?$", around[0]) or re.match(r"[^没未离辞]{0,6}入职|(?:开始|就|才)?上(?:的)?班|上岗", around[1]):
            found["hired_on"] = dated.value
        if re.search(r"退[伍役](?:时间)?(?:是|:|于)?$", around[0]) or re.match(r"[^入]{0,4}退[伍役]", around[1]):
            found["retired_on"] = dated.value
        if re.search(r"入伍(?:时间)?(?:是|:|于)?$", around[0]) or re.match(r"(?:去)?(?:入伍|参军|当兵|去当)", around[1]):
            found["enlisted_on"] = dated.value


def own_business(clause: str, when: list[dates.Dated], found: Facts) -> None:
    shop = re.search(r"店|公司|经营|个体|执照|注册|开业|合作社|工作室", clause)
    if shop and re.search(r"开了|经营|开业|营业(?!执)", clause):
        for start, _, months in dates.lengths(clause):
            if re.search(r"(?:开|经营|营业|开业)(?:了|有|满|已经)*$", clause[:start]) and months == int(months):
                found["business.operating_months"] = int(months)
    for dated in when:
        if (
            len(dated.value) > 4
            and re.match(r"[^没未]{0,4}(?:注册|办(?:的|了)?[\u4e00-\u9fff]{0,4}执照|登记注册|领(?:的|了)?执照)", clause[dated.end :])
            and shop
        ):
            found["business.registered_on"] = dated.value
    if hired := re.search(
        r"(?:招|雇|请|带)(?:了|着)?(\d{1,2}|[一二两三四五六七八九十])(?:个|名|位)(?:人|员工|工人|店员|小工|毕业生|伙计|帮工)", clause
    ):
        found["business.hires"] = dates.count(hired[1])


def qualifications(clause: str, found: Facts) -> None:
    held: list[str] = []
    if teacher := TEACHER.search(clause):
        before, after = clause[: teacher.start()], clause[teacher.end() :]
        if re.search(r"(?:没|没有|未|还没)(?:考|拿|有|取得|得)?(?:到|过|下)?(?:了)?[\u4e00-\u9fff]{0,2}$", before) or re.match(
            r"证?(?:也|还|一直)?(?:没|未)", after
        ):
            found["teacher_certificate"] = False
        elif re.search(
            r"(?:有|考了|考到了?|拿了|拿到了?|考下了?|取得了?|考过了?|考出了?)(?:个|一个|了|初中|高中|小学|幼儿|中学|幼师|语文|数学|英语)*$", before
        ) or re.match(r"证?(?:书)?(?:也|已经|早就|早|都|刚|今年|去年)?(?:有了|有$|考了|考到|拿了|拿到|考过|过了|考下|到手|考出)", after):
            found["teacher_certificate"] = True
            held.append("教师资格证")
    if not re.search(r"没|未|还差", clause):
        held += [name for name in CERTIFICATE.findall(clause) if not NO_CERTIFICATE.search(name)]
    if held:
        found.setdefault("certificates", []).extend(name for name in held if name not in found.get("certificates", []))
    if loan := LOAN.search(clause):
        undone = denied(clause, loan.start()) or re.match(r"[\u4e00-\u9fff]{0,3}(?:没|未)(?:有)?(?:办|贷|申请)", clause[loan.end() :])
        if undone:
            found["student_loan"] = False
        elif re.search(r"办|贷了|有|申请|还(?!没)|用|欠|靠", clause[: loan.start()] + clause[loan.end() :]):
            found["student_loan"] = True


def employment(own: tuple[str, ...], found: Facts) -> None:
    """The last state that is not over; leaving a job or looking for one counts only where nothing stronger is said."""
    strong: str | None = None
    weak = False
    for clause in own:
        hits = [
            (said.end(), name) for name, pattern in WORKS for said in pattern.finditer(clause) if name == "未就业" or not denied(clause, said.start())
        ]
        current = re.search(r"现在|目前|如今|眼下", clause)
        over = not current and (PAST.search(clause) or ENDED.search(clause))
        left = LEFT.search(clause)
        if left and not denied(clause, left.start()):
            weak = True
            if strong == "就业" and "找工作" not in left[0] and not PAST.search(clause):
                strong = None
        founding = any(name == "创业" for _, name in hits)
        hits = [hit for hit in hits if hit[1] == "未就业" or not (over or (founding and hit[1] == "就业"))]
        if hits:
            strong = max(hits)[1]
    if strong or weak:
        found["employment"] = strong or "未就业"


def employer(own: tuple[str, ...], found: Facts) -> None:
    """The kind of employer, where the person has one now."""
    if found.get("employment") != "就业":
        if "employer.size" in found and found.get("employment"):
            del found["employer.size"]
        return
    for clause in own:
        if PAST.search(clause) or ENDED.search(clause):
            continue
        if (said := PUBLIC.search(clause)) and not denied(clause, said.start()) and not re.search(r"备考|想考|在考", clause):
            found["employer.type"] = "机关事业"
        elif re.search(r"民办非企业|社会组织|基金会|公益机构|协会", clause):
            found["employer.type"] = "社会组织"
        elif re.search(r"公司|厂|企业|国企|央企|私企|外企", clause) and "employer.type" not in found:
            found["employer.type"] = "企业"


def groups(told: clauses.Told, found: Facts) -> None:
    held: list[str] = ["助学贷款"] if found.get("student_loan") else []
    whole = ",".join((*told.own, *told.family))
    away = NOT_IN.search(whole)
    for clause in (*told.own, *told.family):
        family = clause in told.family
        relatives = family and not re.search(r"我们?家|家里|全家", clause)
        for name, said in ({**HOUSEHOLD} if family else {**HOUSEHOLD, **PERSONAL}).items():
            hit = re.search(said, clause)
            after = clause[hit.end() :] if hit else ""
            if (
                not hit
                or denied(clause, hit.start())
                or re.search(r"^[户家庭]{0,2}(?:也|都|还)?(?:没|不是|未|不)|都(?:不是|没有|不算)$", after)
                or re.search(r"军人(?:事务|优待)", after)
            ):
                continue
            if name in HOUSEHOLD and (away or re.search(r"奶奶|爷爷|外公|外婆|姥|同学|朋友|村里|邻居", clause)):
                continue
            if relatives and not re.search(r"爸|妈|父|母", clause):
                continue
            if name in PERSONAL and re.search(r"(?:爸|妈|父亲|母亲|爹|哥|姐|弟|妹|爷爷|奶奶)[^,我]{0,4}$", clause[: hit.start()]):
                held += ["残疾家庭"] if name == "残疾" and re.search(r"爸|妈|父|母|爹", clause) else []
                continue
            held.append(name)
        if (
            family
            and re.search(r"残疾|残障", clause)
            and re.search(r"爸|妈|父|母|爹|家里|我家", clause)
            and not re.search(r"不是残|没残|没有残", clause)
        ):
            held.append("残疾家庭")
        elif not family and re.search(r"残疾(?:人)?家庭|家(?:里)?有残疾", clause) and "不是" not in clause:
            held = [name for name in held if name != "残疾"] + ["残疾家庭"]
    held = [name for name in held if not (name in HOUSEHOLD and re.search(rf"(?:不是|没有|不属于|不算|没)(?:{HOUSEHOLD[name]})", whole))]
    if held:
        found["groups"] = sorted(set(held))
    elif NO_GROUP.search(whole):
        found["groups"] = []
