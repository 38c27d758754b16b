"""Degree, major, certificates and where the file lies, as stated. What is stated at all is decided in `clauses`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from dialogs import sayings
from dialogs.clauses import Said
from dialogs.polarity import NOT, denied
from knowledge.postings import families

DEGREE = sayings.patterns("degree")
MAJOR = sayings.TABLE["major"]
SAID, AFTER_LEAD, NO_MAJOR = (sayings.pattern(MAJOR[name]) for name in ("said", "lead", "none"))
MAJORS, SCHOOL = "|".join(sorted(MAJOR["names"].split("|"), key=len, reverse=True)), MAJOR["school"]
BESIDE_SCHOOL = re.compile(
    rf"{SCHOOL}(?:生|毕业|里|的|都|均|是|读|念|学|上|,)*({MAJORS})(?:专业|方向|系)?(?:的|毕业|出身|本科|大专|专科)*(?=,|$)"
    rf"|(?<![大中小自同])(?:学|读|念|修)(?:的|了)?(?:[一二两三四五]年)?(?:就?是|专业)*({MAJORS})(?:专业|方向|系)?(?:的)?(?=,|$|博士|硕士|本科|大专|研究生|专科|中专)"
    rf"|(?:^|我|是|[年月届])({MAJORS})(?:专业|系)?(?:的)?(?:大专|本科|专科|硕士|研究生|博士|中专|毕业|出身|高职)(?!在职)|专业(?:是|叫|为|名称|学的)*({MAJORS})(?=,|$|的)"
)
ALONE = re.compile(rf"(?:我|俺|本人)?(?:[读念学]的?(?!前)|是)*({MAJORS})(?:学)?(?:专业|方向|系)?的?")
OF_PAPERS = re.compile(r"[初中高]级会计|[一二三四六八]级|教资|准考证")
PLAINLY = re.compile(r"(?:..学|工程|技术|教育|管理|设计|科学|文学|一体化|专业|系)的?$")
"""Names that are said of nothing but of studies."""
WANTED = re.compile(r"想|报考|考的|考[上取]|选的|证|级|教资|老师|教(?!育)|班(?!车)|转|辅修|没|不是")
BARE_MAJOR, KNOWN_MAJOR = (sayings.pattern(MAJOR[name]) for name in ("bare", "known"))
SCHOOLED = re.compile("毕业|届|技师学院|技工院校|职业学院|" + "|".join(pattern.pattern for pattern in DEGREE.values()))
"""Beside such a clause a bare 护理 is what was studied."""
PAPER, PAPER_LEAD, NO_PAPER, HAS_PAPER, KNOWN_PAPER, ALL_PAPERS = (
    sayings.pattern(sayings.TABLE["certificate"][name]) for name in ("name", "lead", "none", "has", "known", "all")
)
TEACHERS = r".*(?:教师(?:资格)?证书?|教资证?)"
BY_LETTERS = re.compile(r"pmp|cpa|(?<![a-z])[abc]\d?(?=证|驾)")
LISTED = re.compile(
    r"证书?[^,]{0,3}不多|(?:^|,)(?:证书|证件|持证)(?:是|有)?(?=$|[:,])|[两三四五俩](?:个|本|张)?(?:本子|证书?|本(?!科))|(?:^|,)证书?[两三四五][个本张](?=,|$)|证考了"
)
"""证书不多:计算机二级、初级会计: what stands beside is a list of papers."""
NOT_HELD = re.compile(r"没|未|不|想|正在|在考|备考|证书?(?:都|也|就)?是(?:我|俺|咱)(?!自己|本人|的|[^,]{0,3}[考拿]|$)")
NUMBER_OF = re.compile(
    r"(?:手里|手上|手头|我|一共|总共|目前|现在|就|考了|有|拿了|持|是|了|过)*[一两二三四五六几俩仨\d]?(?:个|本|张|样)?(?:本子|证书?|资格证书?)(?:[一两二三四五六几俩仨\d](?:个|本|张))?"
)
"""两个证: how many papers, and the name of none."""
BOTH = re.compile(
    r"(?:这|那)?[一两二三四五]?(?:个|本|张)?证书?(?:我)?(?:都|全|也)?(?:有|在手里?|到手|考了|拿了|齐了?|考出来了|拿到了)$|(?<=师|员|级|证)[这那]?[两二三四五](?:个|本|张)(?:证书?|本子)$"
)
UNSURE = re.compile(r"还是|不知道|好像[^,]*又好像|不确定|不清楚|记不清|搞不懂")
HIGHER = ("硕士", "博士")
"""Degrees one has only when they are finished: who studies for one has the one before."""
STUDYING = re.compile(
    r"^(?:生|研究生|学位|课程)*(?:也|都|现在|目前|还)*(?:[一二三1-3]年级|新生|研[一二三](?=,|$|在|的)|在读|肄业|退学|没[读念]完|没毕业|没拿)"
)
EITHER_OR = re.compile(
    r"(?:本科|大专|专科|硕士|研究生|高职|中专|高中|初中)还是(?:算|填|写|选|按)?(?:本科|大专|专科|硕士|研究生|高职|中专|高中|初中)(?:呀|啊|呢|好)?$"
)
UPGRADING = re.compile(
    r"^(?!.*(?:本科(?:毕业|证|学历)|专升本[^,]{0,6}(?:毕业|读完|念完))).*(?:(?<!现)在(?:学校)?[读念上]?大[三四]|(?:^|,|现在|目前|[读念上])大[三四](?=,|$|了|在读)|专升本大[三四]|(?:刚|又|重新|已经?|九月|9月)入(?:了)?学|在读|在校|还在[读念上])"
)
"""专升本,现在大三: the degree above is not there yet."""
SET_ASIDE = re.compile(
    r"(?:学历|学位|证书?|毕业)?(?:那[张个]|的|这个)?(?:证书?)?(?:,)?(?:就)?(?:不用管|别管|不管了|不算数?|作废|忽略|不要了|[写填打选说]错|是错的|那[张个]不)"
)
"""学历改成硕士,本科那张不用管: said to be left out."""
WROTE_BEFORE = re.compile(r"(?:原来|之前|原先|本来|刚才|刚刚|先前|开始|上次|一开始)(?:我)?(?:填|写|选|说|报|打)(?:成|的|了)*(?:是)?$")
BESIDE_WORK = re.compile(r"(?:自考|函授|成考|成人|电大|开放大学)的?本科?(?:正|还)?在读")
"""自考本科在读,已经有大专证: not there yet."""
SIGNED_UP = r"(?:(?<![自成高才])考[上取到]?|报|(?<!统)招|想读|[边在]读(?:着|的)?(?:函授|自考|成教|成人|在职|开放大学|电大)+)(?:的|个|了)*$"
"""Before a degree that is wanted or under way."""
TEACHES = re.compile(r"[^,]{0,3}(?:当|任教|任课|教|代课|上班|做(?!过))")
"""在中专当辅导员: the school is where the person works."""
WORKS_AT = re.compile(r"在[^,]{0,4}(?:职高|中职|技校|高职|职教中心|技师学院|中专)(?:里|学校)?(?:当|任教|教(?!育)|代课|上班|做)")
ARCHIVE = sayings.patterns("archive")
ARCHIVE_UNSAID = re.compile(
    r"档案[^,]{0,3}[让叫要催喊]我|人[^,]{0,5}不收(?=,|$)|说好[了要]*[转寄放存]|学校说[^,没]{0,4}[寄转发][走出]|没说[寄转放存]|丢了|找不到|查不到|写的|里写|问我|不管|要求|[往填]|说.*要|[要让叫催喊][^,]{0,4}把?我?的?档案|要(?:转|寄|调|存|放)|没收到"
)
"""Asked for, lost or told to be sent: where the file lies is not said."""
ARCHIVE_GOES_ON = re.compile(
    r"[^,]{0,8}(?:人才|人社|就业|人事)[^,]{0,6}(?:签收|收到|收的|接收|存|管)|好像|[^,]{0,14}先?留(?:在)?(?:学校|[系院])|我?没(?:去)?[带拿取领]|(?:(?:毕业|入职|离校|离职|辞职|工作|上班)(?:了|的时候|就|学校)*|[^,]{0,6}(?:以?后|之后)|后来|现在)*(?:新?单位|公司|他们)*(?:给|把|又|也|就)*(?:转|寄|放|存|调|提|拿|移|退|交)|派遣?[去到]|(?:现在|目前|后来|应该|大概|估计|可能|听说|[今去前]年|上个?月|已经|已|就|又|一直|还|都|仍)*(?:转|寄|放|存|在|调|到|拿|去|归|由|被)"
)


def degree(said: Said) -> str | None:
    """The highest one said, the last one after a correction."""
    best: tuple[int, int, str] | None = None
    said_before = False
    studies = bool(re.search(r"在读|研[一二三]|没毕业|还没读完|[读念]着|还有[^,]{1,4}[年月](?:才)?毕业|明年[^,]{0,5}毕业", said.text))
    for place, clause in enumerate(said.own):
        studying = said_before and bool(re.search(r"在读|还在|自考中|没拿到|没毕业", clause))
        said_before = said_before or any(pattern.search(clause) for pattern in DEGREE.values())
        if studying or EITHER_OR.search(clause):
            continue
        for rank, (level, pattern) in enumerate(DEGREE.items()):
            for found in pattern.finditer(clause):
                unfinished = level in HIGHER and (
                    STUDYING.search(clause[found.end() :])
                    or re.search(r"(?:[读念](?:的|着)?|(?:入学|入校|新招|刚录取|刚考上)(?:了)?的?)$", clause[: found.start()])
                )
                if unfinished and (studies or STUDYING.search(clause[found.end() :])):
                    continue
                hired = re.search(r"我(?:招|雇|请|聘|带)来的[^,没]{0,4}$", clause[: found.start()])
                attends = hired or (
                    re.search(r"(?:还|正|现)在[^,]{0,2}$", clause[: found.start()]) and re.match(r"(?:里|这边)?[读念上]", clause[found.end() :])
                )
                under_way = found[0].startswith("专升") and (
                    UPGRADING.search(said.text) or re.search(r"[在正][读念上](?:着|的)?$", clause[: found.start()])
                )
                if under_way and not best:
                    best = (0, 0, "专科")  # who studies on has finished that
                attends = attends or under_way or (re.search(r"在[^,]{0,4}$", clause[: found.start()]) and TEACHES.match(clause[found.end() :]))
                attends = attends or (re.search(r"大专|专科", said.text) and BESIDE_WORK.search(clause))
                broken_off = re.match(
                    r"(?:也|都|还|一直|就)*(?:肄业|没[读念上]完|没毕业|退学|辍学|差[一二两三四五六几\d]+[门科]|没[考拿](?:完|到|下)|没有?(?:去|再|能)?(?:[读念上]|考上)(?:了|成|下去)?(?=,|$)|差学分|论文没过|报了?名|[^,]{0,6},没(?:拿到|有)毕业证|[读念上][到了][^,]{0,5}(?:[不没][读念上]|退学|辍学|休学|肄业|没毕业)"
                    r"|考上了?,?(?:但|可)?我?没(?:有)?[去读念上])",
                    ",".join((clause[found.end() :], *said.own[place + 1 : place + 2])),
                )
                broken_off = None if re.search("完|毕业", found[0]) else broken_off
                broken_off = broken_off or SET_ASIDE.match(clause[found.end() :]) or WROTE_BEFORE.search(clause[: found.start()])
                if not (attends or broken_off or denied(clause, found.start())) and not re.search(SIGNED_UP, clause[: found.start()]):
                    here = (place if said.corrected else 0, found.end() if said.corrected else rank, level)
                    best = max(best or here, here)
    return best[2] if best else None


def known_major(said: Said) -> str | None:
    """A major by its usual name: beside its school or degree, after 学的, or alone next to such a clause."""
    for place, clause in enumerate(said.own):
        if WANTED.search(clause):
            continue
        if hit := BESIDE_SCHOOL.search(clause):
            return str(next(filter(None, hit.groups())))
        near = ",".join((*said.own[max(0, place - 2) : place], *said.own[place + 1 : place + 3]))
        if (hit := ALONE.fullmatch(clause)) and (SCHOOLED.search(near) or PLAINLY.search(clause)):
            return hit[1]
    return None


def major(said: Said) -> str | None:
    return later_major(said) or told_major(said) or known_major(said)


MOVED_TO = re.compile(rf"(?:转|换|改|跨考)(?:专业)?(?:到|去|成|了|的|学|读|念|是)*({MAJORS})(?:学|专业)?(?:了|的)?(?=,|$)")
"""硕士转的法学: what is studied from then on."""
NOT_THAT_FAR = re.compile(r"想|打算|准备|备考|没|未|在读|考研|辅修|双学位")


def later_major(said: Said) -> str | None:
    """Of several majors that of the highest degree reached, or the one changed to."""
    told: list[tuple[int, bool, str]] = []
    rank = -1
    for clause in said.own:
        rank = max((place for place, pattern in enumerate(DEGREE.values()) if pattern.search(clause)), default=rank)
        moved = MOVED_TO.search(clause)
        alone = replace(said, own=(clause,))
        name = moved[1] if moved else told_major(alone) or known_major(alone)
        if name and not NOT_THAT_FAR.search(clause):
            told.append((rank, bool(moved), name))
    level = degree(said)
    reached = list(DEGREE).index(level) if level else len(DEGREE)
    told = [one for one in told if one[0] <= reached]
    best = max(told, key=lambda one: one[:2], default=None)
    return best[2] if best and (best[1] or best[:2] > told[0][:2]) else None


def told_major(said: Said) -> str | None:
    for clause in said.own:
        if OF_PAPERS.search(clause):
            continue
        for found in SAID.finditer(clause):
            name = AFTER_LEAD.sub("", next(filter(None, found.groups()), ""))
            if 2 <= len(name) <= 10 and not NO_MAJOR.search(name):
                return name
    for before, clause, after in zip(("", *said.own), said.own, (*said.own[1:], ""), strict=False):
        beside = any(SCHOOLED.search(part) for part in (before, after))
        if beside and BARE_MAJOR.fullmatch(clause) and not NO_MAJOR.search(clause) and (KNOWN_MAJOR.search(clause) or families.of_major(clause)):
            return re.sub(rf"^[读念学](?=(?:{MAJORS})$)", "", clause.removesuffix("专业"))
    return None


def archive(said: Said) -> str | None:
    """Where the file lies: the place said last in the clauses about it."""
    best: str | None = None
    about = bare = False
    for clause in said.own:
        about = "档案" in clause or (about and (bare or bool(ARCHIVE_GOES_ON.match(clause))))
        bare = bool(re.fullmatch(r"[^,]{0,4}档案袋?(?:嘛|呢|啊|的话)?", clause))
        if UNSURE.search(clause):
            best, about = None, False
        if not about or ARCHIVE_UNSAID.search(clause):
            continue
        hits = [(hit.end(), hit.end() - hit.start(), name) for name, pattern in ARCHIVE.items() for hit in pattern.finditer(clause)]
        hits = [
            (end, long, name)
            for end, long, name in hits
            if not re.match(r"(?:从来?|也|都|还)?没|(?:那边|说|也|都)*不(?:收|接|要|[给让]存)", clause[end:])
            and not re.search(rf"(?:{NOT}在|从|离开|不在)[^,]{{0,3}}$", clause[: end - 1])
            and (name == "单位" or not re.match(r"[^,]{0,2}(?:取|拿|带)(?:出来|走|回)", clause[end:]))
            and not (name == "学校" and re.match(r"(?:老师)?(?:说|讲|已经?|都|就|给|早就)*[寄发转移][走出]", clause[end:]))
        ]
        if hits:
            best = max(hits)[2]
        elif re.search(r"档案也(?:是|在|没|一样)", clause):
            before = [name for part in said.own for name, pattern in ARCHIVE.items() if part != clause and pattern.search(part)]
            best = before[-1] if before else best
    return best


FEW_PAPERS = re.compile(r"^(?:我的?|手里)?证书?(?:就|只|仅|一共)(?:只|有|是)*[一两三1-3]?[个本张]?(?=[^,]{3})")
"""证书就一个普通话二甲: the only one."""


def papers_together(clause: str, told: bool) -> list[str]:
    """Two papers or more in one clause where it is said that these are papers: 健康管理师和保育师两个证."""
    parts = re.split("和|跟|与|还有|以及", BOTH.sub("", re.sub(r"^(?:我)?(?:有|是|一个(?:是)?|分别是|就是|考了|拿了)*", "", clause)))
    whole = len(parts) > 1 and (told or BOTH.search(clause)) and all(PAPER.fullmatch(part) or KNOWN_PAPER.fullmatch(part) for part in parts)
    return parts if whole else []


def papers(said: Said, result: dict[str, Any]) -> dict[str, Any]:
    """Certificates by name; the teacher's one has a field of its own, read before."""
    names: list[str] = []
    clauses = said.own
    listed: list[str] = []
    told = bool(LISTED.search(said.whole))
    for place, clause in enumerate(clauses):
        clause = FEW_PAPERS.sub("有", clause)
        if several := papers_together(clause, told):
            listed += several
            names += listed if told else []
            continue
        if NUMBER_OF.fullmatch(clause):
            continue
        one = PAPER.fullmatch(clause) or KNOWN_PAPER.fullmatch(clause)
        if one and (told or not NO_PAPER.search(clause)):
            listed += [PAPER_LEAD.sub("", clause)]
            known = any(KNOWN_PAPER.fullmatch(paper) or paper.endswith("级") for paper in listed)
            names += listed if told or known else []
        elif (first := PAPER.match(clause)) and listed and re.match("我?(?:都|全|也)(?:有|考|拿|齐|在手|到手|持)", clause[first.end() :]):
            names += [*listed, PAPER_LEAD.sub("", first[0])]
            listed = []
        elif ALL_PAPERS.search(clause) or (KNOWN_PAPER.match(clause) and ALL_PAPERS.search(KNOWN_PAPER.sub("", clause, count=1))):
            names += listed
            listed = []
        else:
            listed = []
        if NOT_HELD.search(clause):
            continue
        if "证" not in clause:
            names += [paper[0] for paper in KNOWN_PAPER.finditer(clause) if HAS_PAPER.search(clause) or paper[0] == clause]
            continue
        after = clauses[place + 1] if place + 1 < len(clauses) else ""
        if HAS_PAPER.search(clause) or (PAPER.fullmatch(clause) and re.search(r"证书?(?:也|都)(?:有|考|拿)", after)):
            following = [after] if PAPER.fullmatch(after) else []
            for paper in (hit for part in (clause, *following) for hit in PAPER.finditer(part)):
                name = PAPER_LEAD.sub("", paper[0])
                if len(name) > 2 and not NO_PAPER.search(name):
                    names.append(name)
    names = [BY_LETTERS.sub(lambda letters: letters[0].upper(), name) for name in with_teachers(names, told, result)]
    return {"certificates": list(dict.fromkeys(names))} if names else {}


def with_teachers(names: list[str], told: bool, result: dict[str, Any]) -> list[str]:
    """The teacher's certificate by one name, and only where its own field says so."""
    names = ["教师资格证" if re.fullmatch(TEACHERS, name) else name for name in names]
    if "教师资格证" in names and result.get("teacher_certificate") is None:
        names.remove("教师资格证")
    if result.get("teacher_certificate") and not any("教师资格证" in name or "幼师" in name for name in names):
        names.append("教师资格证")
    if result.get("teacher_certificate") is False:
        names = [name for name in names if name != "教师资格证"]
    return [name for name in names if name != "教师资格证"] if told and len(names) > 1 else names
