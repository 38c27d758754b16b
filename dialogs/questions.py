"""Reading questions: which side of a policy is asked about, and whether a message leans on what was said before."""

from __future__ import annotations

import re
from typing import Literal

from knowledge.words import words

Aspect = Literal["amount", "duration", "conditions", "where", "papers", "deadline", "source", "receiver", "notes"]

PATTERNS: tuple[tuple[Aspect, str], ...] = (
    (
        "papers",
        r"材料|带(些|点|上)?(什么|啥|哪些)|(拿|凭|用|提供|提交)(什么|啥|哪些)(去|来|证明|东西|手续|单子|证)|(要|得|需要)(交|带|备|准备|拿)(什么|啥|哪些|些啥|些什么)(?!费|钱)|手续|准备(什么|啥|些)|资料|要(什么|啥|哪些)证|什么证|什么证件|表格|填什么表|证据",
    ),
    ("source", r"文件|依据|文号|来源|谁说的|哪(个|条)(规定|法|政策)|法律规定|第几条|出处|原文|官方|红头|真的假的|靠谱吗|是真的吗|链接"),
    (
        "receiver",
        r"谁(发|出|给|付|交|掏)|给谁|发给|打给|打到|打我|(个人|本人|自己|员工|我)能?(拿|领|得)(到|的)?钱|是我的|归我|(我|个人|本人|自己)(能|可以)?(拿|领|得)(吗|么|不|嘛)|"
        r"给我(吗|还是)|(个人|本人|自己|员工|他|她)也?有(没有|份)|到我(手|卡)",
    ),
    (
        "deadline",
        r"截止|什么时候|啥时候|几号|几时|到期|来得及|过期|期限|有效|还能(申请|办|领|报)|还(行|可以|算|有用)(吗|么|不|没)|还有没有|(?<=.)还有(吗|么|不|没|嘛)|"
        r"到哪天|哪天|年底|以后还有|明年还|哪一年|几月|时间限制|有时间|多久之内|晚了|今年还|取消了?(吗|没)|幾時|啷个时候",
    ),
    (
        "amount",
        r"多少钱|(给|补|拿|领|发|赔)多少|怎么赔|咋赔|咋算|赔偿|几成|几多|好多钱|比例|标准|多少(元|块)|几(块|百|千)|额度|金额|最高|"
        r"收费|要钱|花钱|免费|幾多|多少(?!天|年|月|岁|个月)",
    ),
    ("duration", r"最长|最多|多长时间|多久|好久|几个?月|几年|几天|幾耐|几耐|多少(天|年|月|个月)|长期"),
    (
        "where",
        r"去哪|[上到往]哪|哪里|哪儿|在哪|哪办|怎么(办|申请|申|弄|领|报|转|查|登|操作|走|做|搞|签|解)|咋(办|弄|整|申请|领|报|搞)|找谁|找哪|哪个(部门|窗口|单位|网站|地方)|打哪个|本人去|代办|问谁|问哪|"
        r"流程|步骤|网上|线上|手机|app|小程序|电话|入口|平台|点样|啷个(办|弄|申请)|边度",
    ),
    (
        "conditions",
        r"条件|资格|要求|行不行|可不可以|成不成|能行不|有份|轮得到|限不限|卡不卡|(我|俺|咱|这种|这样|我这).{0,8}(可以|能|行|符合|够|算)(吗|么|不|嘛|没|呢|吧|得)|可以吗|行吗|符合吗|符不符合|"
        r"能不能|够不够|哪些人|什么人|谁能|谁可以|限制|中不|得不得|要得不",
    ),
    ("notes", r"影响|注意|坑|风险|会不会|冲突|后果|吃亏"),
)
ASPECTS = tuple((aspect, re.compile(pattern)) for aspect, pattern in PATTERNS)
LABELLED: dict[str, Aspect] = {aspect: aspect for aspect, _ in ASPECTS}
"""The sides by the name a button carries."""
LEANS = re.compile(
    r"^(那|那么|这(?!段|几|[一两三]?年|次)|这个|这种|它|他|还有|另外|如果|要是|万一|所以|可是|但是|不过|然后|上次|刚才|刚刚|之前|再问|那我|还要|还能|真的|就)|"
    r"(上次|刚才|前面|之前)(说|问|讲|那)|那个(补贴|政策|钱|事)"
)
ELLIPTIC = re.compile(r"^\S{1,14}呢\W*$|^\S{2,14}的(话)?(也|就|都)?(行不行|行吗|行么|可以吗|可不可以|能吗|算吗|算不算|有吗|要吗)\W*$")
"""Nothing but a new circumstance: 硕士呢, 签三年的合同呢."""
SHAPE = re.compile(
    r"[??]|吗|么$|嘛|呢$|怎么|如何|咋|什么|啥|哪|谁|多少|几成|几(个|时|号|月|年|天|块)|多久|能不能|可不可以|有没有|是不是|行不行|要不要|会不会|"
    r"不$|没$|为什么|点样|點樣|啷个|係咪|是否|可以.{0,6}(不|没)"
)
CHOICE = re.compile(r"(?:^|.)还是(?!没|不|在|有点|老样子|那样|想|要)\w{2,}")
"""还是先补后交, 按届还是按日期."""
TELLS = re.compile(
    r"[我俺咱他她]|人家|对方|公司(?!的)|单位(?!的)|老板|领导|经理|人事|hr|中介|学校[^的]|老师|辅导员|[了过着](?:$|[^,]{0,4}[天月年块元千万百]$)|没|说"
)
EMPLOYER = re.compile(r"(给|发|补|帮).{0,3}(公司|单位|企业|老板)|(公司|单位|企业|老板).{0,6}(能|可以|有|拿|领|享受).{0,4}(什么|哪些|啥)")
PERSON = re.compile(
    r"^(那|那么)?(我)?还?有(没有)?(别的|其他|其它)(的)?(补贴|补助|政策|待遇|钱)?(可以|能)?(领|拿|申请)?(的)?(吗|么|没|嘛|没有|不|呢)?\W*$|"
    r"(我|本人|个人|自己|毕业生).{0,8}(能|可以|有).{0,4}(领|拿|享受|申请|得到).{0,3}(什么|哪些|啥)|能领(的)?(有)?(哪些|什么|啥)|"
    r"(有|都)(哪些|什么|啥)(补贴|政策|待遇|钱)(可以|能)?(领|拿|享受|申请)?$|"
    r"^(那)?(我)?(问的|说的)?是?(给)?(我)?(本人|个人)的?$|(领|享受)(些)?(什么|哪些|啥)|"
    r"(我|俺|咱|这种|这样|还).{0,6}(别的|其他|其它).{0,4}(领|拿|享受|申请|补贴|政策|待遇|钱)|"
    r"^(像|那)?(我|俺|咱|毕业生)?(们)?(这种|这样|这个?情况|现在|毕业了?)?的?(人)?(还|也|现在)?(能不能|能|可以|有没有|有)"
    r"(再)?(领|拿|享受|申请|得)?(到|点|些|上)?(国家|政府)?(的)?(补贴|补助|钱|优惠|待遇|政策)(可以|能)?(领|拿|享受|申请)?(吗|不|么|嘛|没|没有|呢|了)?\W*$"
)

FOUNDER = re.compile(
    r"(?<!不)(?<!不是)(?:想|打算|准备|要是|琢磨|寻思|计划)(?:着|要|去|和[^,]{1,4}|跟[^,]{1,4}|自己|自个|合伙|一起|在[^,]{1,5}){0,3}"
    r"(?:(?:[开弄整搞办盘干][个家间点]|开)(?:一?[个家间])?[^,。??]{0,8}(?:店|铺|馆|摊|超市|网吧|民宿|公司|工作室|农场|合作社|驾校|健身房|[生小]买卖|小生意)|摆摊|摆个摊|(?:干|做)点[^,]{0,3}(?:买卖|生意)|自己干(?=$|,|了|吧))"
)
"""想开个店, 打算摆摊: no more is said."""
Overview = Literal["person", "employer", "founder"]
GENERAL = re.compile(
    r"[我俺咱你他她们的了呢吗啊呀吧嘛么嗎些点那再还都想像从给发帮会要是里后能有没到得招领拿找刚]|(本|个)人|自己|这(种|样)|情况|(高校|大学|本科|专科|大专)生?|毕业生?|"
    r"[应往]届生?|[今去前]年|现在|目前|国家|政府|人社局?|公司|单位|企业|老板|可以|工作|就业|失业|待业|在家|享受|申请|什么|哪些?|啥|补[贴助]|钱|优惠|待遇|"
    r"看看|看下|政策|支持|扶持|好处|知道|时候|之后|[\d年届月]+"
)
"""Words that name no matter of their own."""

MINE = re.compile(
    r"(我|俺|咱|这种|这样|这情况|那).{0,14}(可以|能|行|符合|够|算|有份)(不(可以|能|行|符合|够|算))?(领|拿|申请|享受|报|办)?(到|得)?(吗|么|不|嘛|没|呢|吧|啵|\?|$)|"
    r"^(可以|能|行|符合)(领|申请|享受|办)?(吗|么|不|嘛)|符不符合|够不够|中不中|得不得|要得不|我.{0,4}够得(着|上)|有没有(我的份|资格)|轮得到我"
)
"""Asks whether oneself may have it."""


def mine(text: str) -> bool:
    """Whether one fits oneself, in a message that leans on an entry."""
    normal = words().normalise(text)
    return bool(MINE.search(normal)) and not re.search(r"条件|要求|哪些人|什么人|谁能|谁可以|材料|公司|单位|老板", normal)


def aspect(text: str) -> Aspect | None:
    """The side of a policy that is asked about; the more telling sides first."""
    normal = words().normalise(text)
    return next((name for name, pattern in ASPECTS if pattern.search(normal)), None)


def leans(text: str) -> bool:
    """The words point back: 那, 它, 上次说的…"""
    return bool(LEANS.search(words().normalise(text)))


def elliptic(text: str) -> bool:
    """The rest of the question stands in the one before."""
    return bool(ELLIPTIC.search(words().normalise(text)))


def shaped(text: str) -> bool:
    """The text has the shape of a question."""
    return bool(SHAPE.search(words().normalise(text)))


def asks(text: str) -> bool:
    """A question, whole, by its new half, or by two things to choose from: what is merely told is no question."""
    return shaped(text) or elliptic(text) or bool(CHOICE.search(words().normalise(text)))


def tells(text: str) -> bool:
    """Somebody did or is something: a story goes on, nothing is asked."""
    return not asks(text) and bool(TELLS.search(words().normalise(text)))


def overview(text: str) -> Overview | None:
    """Asks for all there is, for oneself or for the employer; or wants to begin something of one's own."""
    normal = words().normalise(text)
    if EMPLOYER.search(normal) and re.search(r"什么|哪些|啥", normal):
        return "employer"
    return "person" if PERSON.search(normal) else "founder" if FOUNDER.search(normal) else None


def general(text: str) -> bool:
    """Beside general words nothing is named: no group, no matter, no place of work."""
    return len(GENERAL.sub("", words().plain(text))) <= 1
