"""What a person states of themself in a text: clauses cut free of questions, plans, conditions, denials and of other people.

Reads no field. What cannot be told apart is dropped: a missing fact is asked for, a wrong one is acted upon.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from dialogs import amends, dates, forms, sayings
from knowledge.words import words

SPACES = re.compile(
    r"(?<=\d)\s+(?=[年月日号届岁级个]|毕业|入职|登记|退[伍役]|入伍|离校)|(?<=[年月])\s+(?=\d)|(?<=[\u4e00-\u9fff])\s+(?=\d+(?:个月|年(?!毕|出|生|的)|月(?!毕|出|生|的)))|(?<=[a-z])\s+(?=[a-z])"
)
CUT = sayings.patterns("cut")
POLITE, SEPARATOR, LABEL, SUPPOSED, THEN, PLAN, ASK, HOW, BENEFIT, NO_PROBLEM, APART, EITHER, SURE, PAST, TOPIC, NOUN = (
    CUT[name]
    for name in (
        "polite", "separator", "label", "if", "then", "plan", "ask", "how", "benefit", "no_problem", "apart", "either", "sure",
        "past", "topic", "noun",
    )
)  # fmt: skip
ENDING = re.compile(r"(?:吗|么|嘛|没有?|不|呢|吧)$")
QUESTION = (re.compile(r"(?:吗|么|(?<![的了呀])嘛)$|(?:了|过)(?:没有?|不)$"), re.compile(r"(?:吗|么)$|(?:了|过)(?:没有?|不)$"))
"""Ends of a question; before a comma 嘛 marks what is spoken of: 公司规模嘛,算小微."""
PROPOSAL = re.compile(r"行不行|行吗|可以|好不好|合适|划算|值得|合法|违法|中不|有用|影响")
"""把档案拿回家行不行: what is asked about is a proposal, not a fact."""
SETTLED = re.compile(r"[了过没]|届|岁|毕业|户口|人在|交着|一直|学历|[本专]科")
PERSONAL = re.compile(
    r"\d{4}[/-]\d|在读|在校|出来的|毕业的|档案在|[我俺咱]|本人|届|岁|\d年|\d月|人在|户口|户籍|现居|学历|[男女]|\d{4}\.|性别|毕业(?!生)|自己|[儿女]子|孩子|闺女"
)
TELLING = re.compile(r"[了过着](?=.)|[年月天]了|天天|还在|一直|没(?!有?(?:用|交|签))")
"""Words of telling: who searches uses none."""
OWN = re.compile(r"我(?!国)|俺|咱|本人|已经|刚")
PEOPLE = sayings.patterns("people")
ASKS_FOR, HAS_CHILD, HELPS_LATER, SELF, OUR_HOME, THIRD, BOSS, LATER_SELF, OF_PARENTS = (
    PEOPLE[name] for name in ("asks_for", "has_child", "helps_later", "self", "our_home", "third", "boss", "later_self", "of_parents")
)
PARENT = re.compile(r"(?:^|[,。:; ])我是(?:他|她|孩子|娃)的?(?:妈|爸|母亲|父亲|家长|爹|娘)")
KIN = re.compile(r"(?:^|[,。:; ])我是(?:他|她)的?(?:亲|表|堂)?(?:姐姐?|哥哥?|姑姑?|姨妈?|舅舅?|叔叔?|嫂子?|老师|班主任|辅导员)(?=,|。| |$)")
YOUNGER = re.compile(r"弟弟?|妹妹?|侄[子女]|外甥女?|学生")
"""Who writes for a brother or a pupil."""
HEARSAY, MID_OTHER, THEIRS = PEOPLE["hearsay"], PEOPLE["mid_other"], PEOPLE["theirs"]
MALE, FEMALE = PEOPLE["male"], PEOPLE["female"]
SPOUSE = sayings.pattern(
    r"(?:我|俺|咱|阿拉)们?家?的?(?P<who>媳妇儿?|老婆|老公|爱人|丈夫|妻子|对象)(?:她|他)?(?=[^,。?]{0,12}(?:毕业|\d届|大专|本科|硕士))"
)
OWN_WORDS = re.compile(r"(?<![给帮替让叫跟和对])[我俺](?!们?家|的?(?:媳妇|老婆|老公|爱人|丈夫|妻子|对象|弟|妹|侄|外甥|爸|妈|爹|娘))|本人")
"""俺媳妇毕业好几年了,没签合同: told of her alone, without a word of the teller."""
OF_CHILD = re.compile("[他她]的?[姨姑舅叔伯]")
ANSWER = re.compile(
    r"(?:还|一直|仍|都)*[挂放落在]|没|有|不(?!是)|交|办|签|早|已|还没|好像|应该|[在放转存寄]|那个|去(?:了|过)|去年|今年|上个?月|\d|我家?(?:有|没|是|在|办|弄|交|家)"
)
ASKED_ME = re.compile(r"(?:你|您)?问我?(?:的?是)?(?:哪天|哪年|几月|几号|什么时候|啥时候)([^,?。]{1,10})\?")
"""你问我哪天去的部队?3 月 16 号: the question is said again before the answer."""
HAVING = re.compile(r"(?:你|侬|您)?问我?有没有([^,?。]{1,10})\?(有|没有?)的?(?:呀|啊|哦)?")
WHETHER = re.compile(r"(?:你|您)?问我([^,?。]{0,10})([登签交领考拿贷弄认缴办])没\2")
VOCATIVE = re.compile(r"\w{0,2}(?:老师|同学|朋友|姐妹|学长|学姐|妹子|哥|姐|大佬|兄弟)(?:们|你好|您好|好)*")
SCHOOLING = re.compile(r"毕业|届|学历|大专|本科|硕士|专科|高职|中专|技校|研究生|专业")
DENIAL = re.compile(r"(?<![是算])(?:[也又更并]|而)?不(?:是|属于|算)[^,是]{1,12}?(?=,|$|(?:也|又|更|而)?(?:不)?是)")
MISTAKEN = re.compile(
    r"(现居地|居住地|住址|所在地|户口|户籍|学历|毕业(?:时间|日期)|专业|年龄|生日)[^,。]{0,6}错了?[,。;]?\s?(?:不是[^,。]{1,10},)?(?:应该|其实|而)?是"
)
"""学历填错了,应该是…: the correction says of itself what it corrects."""
CORRECTION = re.compile(r"[说写填记搞弄发打选]错|不对(?!口|等|劲)|更正|纠正|改成|改为|应该是|其实是|口误|(?<!我)不是[^,]{1,12}(?:,)?(?:而)?是")


@dataclass(frozen=True, slots=True)
class Said:
    """What is stated: `own` clauses free of what 不是 denies, `raw` with it, `now` without the past, `family` of parents."""

    own: tuple[str, ...]
    raw: tuple[str, ...]
    now: tuple[str, ...]
    family: tuple[str, ...]
    asked_for: str | None
    corrected: bool
    whole: str

    @property
    def text(self) -> str:
        return ",".join(self.own)


@dataclass(frozen=True, slots=True)
class Clause:
    text: str
    sign: str


def clauses(text: str) -> Iterator[Clause]:
    """Clauses with the sign that ends each."""
    parts = SEPARATOR.split(POLITE.sub("", text))
    for body, sign in zip(parts[::2], [*parts[1::2], ""], strict=True):
        if body.strip():
            yield Clause(body.strip(), sign)


def who_is_asked_for(text: str) -> str | None:
    """Child, brother, partner on whose behalf this is written: their facts count, the writer's do not."""
    found = ASKS_FOR.search(text) or HELPS_LATER.search(text)
    if found:
        return str(next(filter(None, found.groups())))
    if (spouse := SPOUSE.match(text)) and not OWN_WORDS.search(text, spouse.end()):
        return spouse["who"]
    if PARENT.search(text):
        return "孩子"
    if KIN.search(text):
        kin = YOUNGER.search(text)
        return kin[0] if kin else "他"
    child = HAS_CHILD.search(text)
    if child and (
        SCHOOLING.search(text, child.end()) or not re.search(r"(?<![给帮替跟和])我(?!们?家|儿|女|闺|孩|娃|崽|伢|妮|囡|妞|姑娘|丫头|小子)", text)
    ):
        return child["who"] or child["who2"]
    return None


def asserted(clause: Clause, supposing: bool) -> tuple[str, bool]:
    """The part of a clause that is claimed, and whether a condition goes on into the next clause."""
    text = clause.text
    over = clause.sign in ("。", "!", "?", ";")
    if text.endswith(("的话", "的话呢")) or EITHER.search(text):
        return "", supposing and not over
    if supposing:
        return "", not (over or THEN.search(text) or ASK.search(text))
    condition = SUPPOSED.search(text)
    if condition:
        rest = text[condition.start() :]
        return text[: condition.start()], not (over or re.search(r"就|的话|是不是|会不会", rest))
    asks = None if NO_PROBLEM.search(text) else ASK.search(text)
    if asks:
        text, tail = text[: asks.start()], text[asks.start() :]
        how = HOW.search(tail) and not SURE.search(text.replace("自己", ""))
        sure = OWN.search(text) or (SURE.search(text) and ("自己" not in text or BENEFIT.search(tail)))
        proposes = PROPOSAL.match(tail) and not SETTLED.search(text)
        if how or proposes or not sure:
            text = ""
    elif clause.sign == "," and text.endswith("嘛") and not re.search("[能会要该行有]", text):
        text = text[:-1]  # 档案嘛,在学校: what is spoken of, no question
    elif (clause.sign == "?" or QUESTION[clause.sign == ","].search(text)) and not text.endswith("吧"):
        text = text if OWN.search(text) and SURE.search(text) and not ENDING.search(text) else ""
    if two := APART.search(text):  # 低保边缘,跟低保不是一回事: how two things differ
        text = text[: two.start()] if re.search("我|办|有", text[: two.start()]) else ""
    if HEARSAY.search(text) or THEIRS.match(text):
        return "", False
    plan = PLAN.search(text)
    text = text[: plan.start()] if plan else text
    other = MID_OTHER.search(text)
    return (text[: other.start()] if other and "我" not in text[other.end() :] else text), False


SAME_YEAR = re.compile(r"((?:19|20)\d{2}年)([^。]{1,24}?)(?:同年|当年)的?(?=\d{1,2}月)")


def normal(text: str) -> str:
    """Simplified, lower-case, figures for dates, common misspellings put right, labels as sentences: 专业:会计 → 专业是会计."""
    text = sayings.plain(forms.told(words().normalise(dates.numerals(text))))
    text = SAME_YEAR.sub(r"\1\2\1", amends.made(dates.numerals(text)))
    text = HAVING.sub(r"\2\1,", text)
    text = WHETHER.sub(r"\1\2", ASKED_ME.sub(r"\1,", text))
    return MISTAKEN.sub(r"\1应该是", LABEL.sub(r",\1是", SPACES.sub("", text)))


OFFERED = re.compile(r"(?:让|叫|拉|喊|邀请?|介绍|请|劝|通知)我|offer|录用|录取")
REFUSED = re.compile(r"(?:但|可|不过|结果)?(?:我|俺)?[^,]{0,5}(?:没(?:答应|同意|接受|敢|去成?|理)|拒绝?了|推了)(?:他们?|她们?)?")
"""公司让我入职,我嫌钱少没去: what was offered did not come about."""


def spoken(whole: str) -> list[Clause]:
    """The clauses that may state something: no search words; who asks 合同? and answers 没有 states it."""
    parts = list(clauses(whole))
    for place, (clause, following) in enumerate(pairwise(parts)):
        if clause.sign == "?" and len(clause.text) <= 8 and not ASK.search(clause.text) and ANSWER.match(following.text):
            parts[place] = Clause(clause.text, "")
        if OFFERED.search(clause.text) and REFUSED.fullmatch(following.text):
            parts[place] = Clause("", clause.sign)
    searching = any(TOPIC.fullmatch(clause.text) for clause in parts)
    return [clause for clause in parts if not (searching and NOUN.fullmatch(clause.text))]


def stated(text: str) -> Said:
    """The clauses that speak of the person, each cut down to what it claims."""
    whole = normal(text)
    if " " in whole and "," not in whole and not PERSONAL.search(whole) and not TELLING.search(whole):
        whole = ""  # search words, not a statement
    asked_for = who_is_asked_for(whole)
    kept: list[str] = []
    now: list[str] = []
    family: list[str] = []
    third = parent = supposing = corrected = False
    for clause in spoken(whole):
        said, supposing = asserted(clause, supposing)
        if asked_for:
            other = THIRD.search(said)
            third = bool(re.match(r"(?:我|俺)(?!们?家?的?(?:" + re.escape(asked_for) + "))(?!们?家)", said)) and asked_for not in said
            if third or (
                other
                and (other["parent"] or asked_for not in other[0] or OF_CHILD.search(other[0]))
                and not re.match(r"(?:他|她)(?!爸|妈|爹|娘)", said)
            ):
                continue
        else:
            found = None if VOCATIVE.fullmatch(said) else THIRD.search(said) or BOSS.search(said)
            if found:
                third, parent = True, bool(found.groupdict().get("parent"))
            elif SELF.search(said) or OUR_HOME.search(said) or (parent and not OF_PARENTS.search(said)):
                third = False
            if third:
                later = LATER_SELF.search(said)
                if parent or "父母" in said:
                    family.append(said)
                if not later:
                    continue
                said, third = said[later.start() :], False
        corrected = corrected or bool(CORRECTION.search(said))
        if said:
            kept.append(said)
            if not PAST.search(said):
                now.append(said)
    own = tuple(DENIAL.sub("", part) for part in kept)
    return Said(own, tuple(kept), tuple(DENIAL.sub("", part) for part in now), tuple(family), asked_for, corrected, whole)
