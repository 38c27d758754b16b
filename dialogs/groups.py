"""Groups that the person is in, as stated: 低保, 退役, 第一代… What is stated at all is decided in `clauses`."""

from __future__ import annotations

import re
from itertools import pairwise

from dialogs import polarity, sayings
from dialogs.clauses import Said
from knowledge.profile import GROUPS

HOUSEHOLD = ("低保", "低保边缘", "零就业", "监测", "脱贫", "特困")
NONE_OF_THEM = re.compile(
    r"(?:这些|那些|以上|这几[样种个]|群体|困难|低保|残疾|脱贫|特困|孤儿|上面|哪种|哪个|哪类|啥|什么|一个|一样)[^,]{0,10}(?:都|也)(?:不(?:是|属于|沾|符合|算|占)"
    r"|没有?(?=,|$|过))|不(?:属于|是|算)(?:任何|什么)?(?:困难|特殊)(?:群体|人群|家庭|人员)|(?:没有?|不存在)(?:什么|任何|啥)?(?:困难|特殊)(?:情况|群体|家庭)?(?:,|$)"
    r"|^(?:我)?都不(?:是|属于)(?:的)?$|(?:什么|啥|任何)(?:特殊)?困难(?:情况|群体|家庭)?(?:都|也)?(?:没|不)|(?:困难|特殊)群体(?:都)?不(?:是|沾|属于)"
)
NO_ONE_OF_THEM = re.compile(
    r"^(?:可|但)?(?:我|俺|咱)们?家(?:也|都|全|倒|可)*不(?:是|属于)(?:的)?(?=,|$)|(?:^|我|俺)(?:是)?(?:一[个样条项]|哪[个样]|全|都)(?:也|都)?不(?:占|沾|符合|属于)(?=,|$)"
)
ABOUT_GROUPS = re.compile(r"群体|困难|特殊|都不(?:是|属于)|这些|那些|这几|以上|" + "|".join(sayings.TABLE["groups"]))
NOT_GROUPS = re.compile(r"困难人员|登记|补贴|贷款|社保|合同|证|工作|执照|政策|补助")
NOT_OURS = re.compile(
    r"户口[^,]{0,6}(?:迁|分|独立)(?:了)?出|单独立户|分(?:了)?户|不在(?:那|这|它|低保)?(?:上面|里面)|不在(?:一个|同一个?|他们|她们)?户"
)
ELDERS = re.compile(r"(?:[他她](?:爷|奶|姥)(?=是)|[他她]的?[姑姨舅叔伯]|奶奶|爷爷|外婆|外公|姥姥|姥爷|爷奶)(?!.{0,4}我)")
NO_MORE = re.compile(
    r"(?:原来|以前|之前|曾经?|从前)[^,]{0,4}(?:是|有|吃|拿|领)[^,]{0,4}低保|(?:小时候|小的时候|早年|前些年|以前|早些年)[^,]{0,8}(?:[吃拿领享]|办)[^,]{0,4}低保|(?:吃|享受|领|拿)过[^,]{0,2}低保|低保[^,没]{0,6}(?:停|断|退)(?:了|发|保|的)|早就?不(?:算|是)了|早就$|(?:低保|监测|脱贫|特困)[^,没]{0,3}里[^,没]{0,4}(?:移|退|划|清)出|取消了|已经不是|现在不是|不在上面|不是了|以前是(?!建档|贫困)"
)
ALL_DENIED = re.compile(r"(?:这些|那些|以上|这几[个样种])(?:我|也|都|全)*(?:不|没)|^(?:全|都)(?:不|没)")
BARE_NO = re.compile(r"(?:我|俺|咱)?们?家?里?(?:也|都|可|倒)?(?:没有?|不是|不算)(?:的|哦|呢)?")
ABOUT_GROUP = re.compile("|".join(pattern.pattern for pattern in sayings.GROUPS.values()))
PLAIN_REFUSAL = re.compile(
    r"(?:户|家庭|人|证)?(?:也|都|还)?(?:正?在(?:申请|办|审)|申请(?:中|了)|没批|被(?:拒|退|驳|取消)|不|没有?(?!还)|未|资格|标准|政策|补贴|补助)"
)
BARE_GROUP = re.compile(f"(?:{ABOUT_GROUP.pattern})(?:户|家庭|证|的话)?$")
"""低保?我家没有: what a question names and its answer denies."""
FIRST_OF_THEM = re.compile(
    r"(?:没(?:有)?(?:出过|一个|人)?[^,]{0,4}(?:大学生|[读上念]过大学)|没(?:有)?[读上念]过(?:什么)?(?:大学|书)|(?:小学|初中)都?没(?:毕业|[读上念]完))[^。]{0,14}我[^,]{0,4}(?:头一个|第一个|唯一)"
)
OTHER_IS = re.compile(
    r"(?:因为|就是)?(?:我|俺)?们?家?的?(?:爷爷|奶奶|姥姥|姥爷|外公|外婆|爷|奶|邻居|同学|室友|朋友|同事|叔叔?|大伯|舅舅?|姑姑?|姨妈?|表[哥姐弟妹]|堂[哥姐弟妹])(?:家)?(?:也|就|才)?(?:是|有|算|属于)(?:的|了|着|这个)?"
)
"""五保户算吗?我爷爷是: who it is that the group is told of."""
IN_ARMY = re.compile(
    r"(?:现在|目前|还|人|正|仍)(?:还|正)?在(?:部队|服役|当兵|军营|连队|役)|(?:现役|义务兵|在役|服役中|新兵|新兵连)(?=,|$|期间|第|的|军人|士兵|连|一枚)|(?:还没|没|尚未|还未)(?:有)?退[役伍]|(?:明年|后年|快|马上|即将|等)[^,]{0,6}退[役伍]"
)
ATHLETE = re.compile(r"省队|市队|校队|国家队|球队|田径|运动员|职业选手|电竞|战队")
"""Who left a team is no soldier."""
TOLD_OF_OTHERS = re.compile(
    r"(?:领导|老板|经理|主管|店长|师傅|导师|老师|书记|主任)[^,我]{0,3}是|(?:给|帮)[^,我]{0,6}(?:低保|脱贫|残疾|五保|特困|监测)[^,我]{0,3}(?:户|家庭|人)(?:家)?(?:送|修|做|上门|打扫|办|跑)"
    r"|(?:陪|帮|替)(?:我|着|俺)?(?:爸|妈|爷|奶|姥|外|叔|姑|舅)[^,]{0,4}(?:办|申请|跑|领)|邻居|(?<!家是)(?<!家算)(?<!家属于)村里(?!说|把|给|评|列|定|纳|认|选|报|识别|算|建档|头我|就我|我)|(?:招|雇|请|带)[了着过]?[^,]{0,4}残疾|[一两二三四]个去当兵|有人|(?:照顾|照看|负责|管理?|教|帮扶|走访|对接|慰问)[了着过]?[^,我]{0,4}(?:残疾|聋哑|盲|低保|特困|五保|监测|脱贫|贫困|孤儿|退[役伍])|(?:低保|脱贫|监测|残疾|退役)[^,]{0,3}(?:专干|专员|干事|攻坚|帮扶)|同学|朋友|户(?:挺|很|好|特别)多|(?:我们|咱们?)村[^,我]{0,4}(?:户(?:不少|多)|脱了?贫)"
)


ASKED_FOR = re.compile(r"(?:申请|申报|报|递交?|提交|跑|给报|去办|想办)(?:过|了|的|着|一下)*(?:我家|我们家|家里)?(?:的)?$")
ASKED_FOR_IT = re.compile(
    r"(?:户|家庭|证|人|供养|对象)*的?(?:申请|材料|资料|鉴定|评定|认定|评残)?(?:我|我家|也|都|已经?|刚|是|去年|今年|上个?月)*(?:(?:申请|申报|报|交|递|提|跑|去办|约)(?:上去|上|了|过|着|在)|[交递]申请)"
)
GRANTED = re.compile(
    r"(?<![没未能可等才不])(?<!没有)(?:批(?:了|下|的)|下来|办(?:了|好|下来|出来|的)|评(?:上|下来|定(?=为|的|了|[一二三四])|的|了)|通过|纳入|认定|定(?:了|上)|发(?:了|下)|到手|拿(?:到|上|了)|吃上|领(?:上|到|着|了))|[一二三四1-4]级"
)
"""低保申请了 says no more than that it was asked for."""
NOT_DONE = re.compile(r"(?:[没未不等才快]|就要|马上|能|下个?月|[明后]年|年底)(?:有|能)?[批评办拿通纳认过给发领定算下来上]+")
REFUSED = re.compile(
    r"(?:户|家庭|证|人|供养|对象)*(?:的)?(?:申请|材料|资料|鉴定|评定|认定|等级|评级|评残)?(?:去年|今年|我们?家)?(?:也|都|还|倒|现在)*"
    r"(?:正?在?(?:申请|办|审|评|走|跑|弄|等|公示|鉴定)(?!过)(?:着|中|呢|流程|了|,|$|理)|被(?:拒|退|驳|打|取消|刷)|[^,没]{0,4}(?:公示|消除)|(?:快|就要|马上|即将|才能|就能|里?[移退划]出)|得|不(?!好)|没有?(?!还)|未|没批|资格|标准|政策|补贴|补助|军人事务|(?:子女|学生)?的?(?:助学金|名额|加分)|[局办](?=,|$|上班|工作|说)|救助站|服务站)"
    r"|[^,]{0,14}(?:,(?:但是?|可|结果|后来|最后|现在|目前|到现在|人家|街道|社区|民政|残联|村里|镇上|窗口|他们|还|也|一直|证|鉴定|结果|就|就是)*)?"
    r"(?:(?:没|未)(?:有)?(?:给|能)?(?:批|评[上下]|[把将]我们?家?[算列纳评报写]|通过|过(?=,|$)|办[成下]|弄成|下来|拿到|下文|结果|消息|纳|够[上着]|认|定(?=,|$|[上下]))|不(?:够级|符合|给[批认评]|批)|我们?家?没过(?=,|$)|没(?:有)?(?:去)?(?:填|评|申请|报)(?=,|$)|(?:打|退|驳)(?:了)?回|驳回|拒了|收入超)"
)
NOT_RELATED = re.compile(
    r"[^,]{0,6}(?:[跟和与对]?(?:我|俺|咱)们?(?:家|自己)?里?(?:倒|也|都|可|是)*(?:(?:没|无|不)(?:有|啥|什么|多大|半点|一点|[半一]毛钱|任何)*(?:关系?|沾|相干|搭|挨|占)|(?:够|沾|占|挨|算)不(?:上|着))"
    r"|轮不(?:到|上)|(?:够|沾|挨)不(?:上|着)|不(?:沾|占))"
)
UNFIT = re.compile(r"(?:不符合|不等于|[够算沾评]不[上着]|不够|没(?:有)?(?:评上|纳入|享受|吃上|吃过)|[让叫]我填)(?:什么|任何|的)?$")
WHOSE = re.compile(
    r"[^,]{0,2}是(?:隔壁|邻居|村里|别人|人家|同学|朋友|亲戚)|[^,]{0,6}(?:是|写|登|挂)(?:的|着)?(?:是)?(?:我|俺|咱)们?家?的?(?:(?P<parent>爸|妈|父|母|爹|娘)|(?P<kin>[大小二]?(?:姐|哥|弟|妹))|[^,己本身个]{0,2}(?:叔|伯|爷|奶|姑|姨|舅|表|堂|外|姥|邻居|婶|嫂|同学|朋友|亲戚))"
)


def of_kin(group: str, whose: re.Match[str], said: Said, clause: str) -> str | None:
    """残疾证上是我弟弟: a disability within the household makes a family of it; nothing else is the person's."""
    here = "家里" in clause[: whose.start()] or (re.search("户口", said.whole) and not NOT_OURS.search(said.whole))
    return "残疾家庭" if group == "残疾" and (whose["parent"] or (whose["kin"] and here)) else None


def refused_here(group: str, clause: str, hit: re.Match[str], following: str) -> bool:
    """Whether the group was asked for and not granted, or is said to have nothing to do with the person."""
    if group == "助学贷款":
        return bool(PLAIN_REFUSAL.match(clause[hit.end() : hit.end() + 8]))
    before, after = clause[: hit.start()], clause[hit.end() :]
    whole = after + ("," + following if following and not ABOUT_GROUP.search(following) else "")
    if (no := REFUSED.match(whole) or NOT_RELATED.match(after)) or UNFIT.search(before):
        return not (no and GRANTED.search(NOT_DONE.sub("", whole)))
    return bool((ASKED_FOR.search(before) or ASKED_FOR_IT.match(after)) and not GRANTED.search(NOT_DONE.sub("", whole)))


def told(group: str, clause: str, hit: re.Match[str], said: Said) -> str | None:
    """The group that a named one stands for: a parent's disability makes a family one; of a parent's others only the household's count."""
    family = clause in said.family
    parents = family or re.search(r"(?:家里|家庭|家中|家人|户|爸|妈|爹)", clause[: hit.start()])
    if group == "残疾" and parents and not re.search(r"我(?:自己|本人)", clause):
        return "残疾家庭"
    if (group == "助学贷款" and re.search(r"没(?!还)(?<!还没)|不", clause)) or (group in HOUSEHOLD and NOT_OURS.search(said.whole)):
        return None
    return group if not family or group in (*HOUSEHOLD, "残疾家庭", "孤儿") else None


def held(said: Said) -> list[str] | None:
    """Groups the person is in, or the family for those that are the household's; [] where all are denied."""
    found: set[str] = set()
    listed: set[str] = set()
    refused: set[str] = set()
    for clause, answer in pairwise((*said.own, *said.family, "")):
        family = clause in said.family
        if BARE_NO.fullmatch(answer):
            clause = BARE_GROUP.sub("", clause)
        if OTHER_IS.fullmatch(answer):
            continue
        found -= found if NO_ONE_OF_THEM.search(clause) else listed if ALL_DENIED.search(clause) else set()
        if NONE_OF_THEM.search(clause) or NO_MORE.search(clause) or ELDERS.search(clause) or TOLD_OF_OTHERS.search(clause):
            continue
        for group, pattern in sayings.GROUPS.items():
            for hit in pattern.finditer(clause):
                if whose := WHOSE.match(clause, hit.end()):
                    found |= {counts for counts in (of_kin(group, whose, said, clause),) if counts}
                    continue
                if polarity.denied(clause, hit.start()) or refused_here(group, clause, hit, answer):
                    refused |= set() if family else {group}
                    continue
                listed |= {group} if hit[0] == clause.rstrip("户人证") else set()
                found |= {counts for counts in (told(group, clause, hit, said),) if counts}
    if FIRST_OF_THEM.search(said.whole):
        found.add("第一代")
    if ATHLETE.search(said.whole) or (IN_ARMY.search(said.whole) and not re.search(r"退[役伍](?:了|的|军|士|大|回|证|后)|复员|退役退伍", said.whole)):
        found.discard("退役")
    if "残疾" in refused and any(re.fullmatch(r"我?(?:爸|妈|父亲|母亲|爹|娘)(?:有|是)", clause) for clause in said.family):
        found.add("残疾家庭")
    if not said.corrected:
        found -= refused - {"助学贷款"}
    if found:
        return [group for group in GROUPS if group in found]
    raw = any(NONE_OF_THEM.search(clause) and not NOT_GROUPS.search(clause) for clause in said.raw)
    return [] if raw and ABOUT_GROUPS.search(said.whole) else None
