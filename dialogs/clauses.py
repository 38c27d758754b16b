"""A message cut into the clauses in which the person states something of themselves. Knows no field.

Left out: questions, conditions, plans and what is said of other people. Who asks for a child or partner speaks for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialogs import questions

BREAK = re.compile(r"[,。;!\n ~|]+|(?<=[??])|(?:但是|不过|可是|而且|然后|后来)")
LABEL = re.compile(
    r"((?:毕业(?:时间|日期|年份)?|学历|专业|户口|户籍(?:地|所在地)?|现居(?:地|住地)?|性别|年龄|出生(?:日期|年月)?|入职(?:时间)?)) *[: ] *"
)
DENIED_PART = re.compile(r"(?:并)?不是[^,。;是]{1,12}(?=是)")
STRONG = re.compile(
    r"能不能|可不可以|是否|有没有|要不要|算不算|是不是|会不会|行不行|用不用|需不需要|怎么|咋|如何|什么|啥|哪|多少|几[个年岁]"
    r"|(?:还|也|都)?(?<![不只])(?:能|可以|可否|需要|应该|该)(?!力)|(?:还|也)?(?:算|要|得)(?!求)|符合|够(?!不)"
)
WEAK = re.compile(r"(?:还|也)?(?:有|是)")
SUPPOSED = re.compile(
    r"如果|听说|据说|网上说|要是|假如|假设|万一|倘若|等我|以后|将来|打算|计划|考虑|想(?!问|咨询|了解|知道|请)|准备(?!考|了)|能不能先|的话|还是说"
)
CHILD = r"(?:儿子|女儿|闺女|孩子|娃儿?|小孩|弟弟|妹妹|老弟|对象|男朋友|女朋友|老公|老婆|丈夫|妻子|侄子|侄女|外甥女?|表弟|表妹|堂弟|堂妹)"
ASKS_FOR = re.compile(rf"(?:帮|替|给|代|为)(?:我|俺|咱)?(?:们?家)?(?:的)?{CHILD}|(?:我|俺|咱)(?:们?家)?(?:的)?(?:儿子|女儿|闺女|孩子|娃儿?|小孩)")
OTHER = re.compile(
    r"(?:同学|朋友|室友|舍友|同事|老板|闺蜜|邻居|学长|学姐|学弟|学妹|师兄|师姐|亲戚|表哥|表姐|堂哥|堂姐|哥哥|姐姐|我弟|我妹|我哥|我姐|人家|别人|有人|他们"
    r"|爸|妈|爹|娘(?!家)|父亲|母亲|爷爷|奶奶|外公|外婆|姥姥|姥爷|父母|" + CHILD + ")"
)
SELF = re.compile(r"我(?!们?家|的?(?:同学|朋友|室友))|俺|本人|自己|咱")
MALE, FEMALE = re.compile(r"儿子|弟弟|老弟|男朋友|老公|丈夫|侄子|表弟|堂弟"), re.compile(r"女儿|闺女|妹妹|女朋友|老婆|妻子|侄女|外甥女|表妹|堂妹")


@dataclass(frozen=True, slots=True)
class Told:
    """`own`: clauses of facts; `family`: clauses whose subject is a relative; `gender`: of the child that is asked for."""

    own: tuple[str, ...]
    family: tuple[str, ...]
    gender: str | None


def told(text: str) -> Told:
    """The clauses of a normalised text, in order."""
    text = DENIED_PART.sub("", LABEL.sub(r"\1:", text))
    asked_for = ASKS_FOR.search(text)
    own: list[str] = []
    family: list[str] = []
    others = supposed = False
    for part in BREAK.split(text):
        if not part:
            continue
        clause, doubtful = stated(part)
        was, supposed = supposed, doubtful
        if was and re.match(r"就|那|会|是不是|能|再", part):
            continue
        if asked_for:
            mine = re.match(rf"(?:我|俺)(?!们?家?的?{CHILD})", part)
            if not mine and clause:
                own.append(clause)
            continue
        other = OTHER.search(clause)
        if other and not re.search(r"(?:帮|替|跟|和|与|给|被|由)(?:我|俺)?的?$", clause[: other.start()]):
            others = other.start() <= 4
            rest = clause[other.end() :]
            if not re.search(r"我|俺|本人", rest):
                family.append(clause)
                continue
        if others and not SELF.search(clause) and not re.match(r"现在|目前|人在|户口|户籍|档案", clause):
            family.append(clause)
            continue
        others = bool(other)
        if clause:
            own.append(clause)
    gender = None
    if asked_for:
        gender = "男" if MALE.search(asked_for[0]) else "女" if FEMALE.search(asked_for[0]) else None
    return Told(tuple(own), tuple(family), gender)


def stated(part: str) -> tuple[str, bool]:
    """What a clause says before it asks or supposes, and whether it supposes."""
    supposed = SUPPOSED.search(part)
    if supposed:
        part = "" if supposed[0] in ("的话", "还是说") else part[: supposed.start()]
    if questions.shaped(part):
        cut = STRONG.search(part)
        if cut is None:
            weak = list(WEAK.finditer(part))
            return (part[: weak[-1].start()] if weak else ""), bool(supposed)
        part = part[: cut.start()]
    return part, bool(supposed)
