"""Is what somebody was sent a fraud: signs added up, why, and what to do now. Reads text; says nothing itself and stores nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from knowledge.rights.likeness import Likeness, alike
from knowledge.rights.signals import Reason, signs

Level = Literal["none", "hint", "warning", "high"]
LENGTH = 6000
"""Characters that are read: about what fits ten messages."""
RIGHTS_AT_MOST = 45
WORTH, MOST = 1.25, 100
"""Log-odds that a hundred points of named signs add to those of likeness, and points beyond which more says no more."""
SURE, LIKELY, ALONE = 1.9, 0.5, 1.0
"""Log-odds, with those points, from which it is `high` and `warning`, and likeness without any sign or demand is `warning`: chosen on texts
of writers that the weights were not learned from (tests/knowledge/rights/test_scam.py)."""
MENTION, HINT, MANY = 10, 5, 100
"""Points of a mere mention, of the least that is said at all, and of many signs."""
HEAVY, NEVER = 40, -3.0
"""One line says too little for likeness: there one heavy sign that somebody else demands is believed, unless everything speaks against it."""
DEMANDED = re.compile(r"(?:让|叫|要|催|逼|劝)我|跟我要|问我要")
ABOUT = re.compile(
    r"警方|民警|通报|(?:人社|教育)部(?:门)?提醒|曝光|判[决处令了]|被判|获刑|拘役|缓刑|取保候审|最高检|法院(?:认|审|以|判)|检察院?提|劳动监察|本报|记者|以案|典型案例|(?<!成功)的案例|(?:民警|派出所|警察)[^。]{0,10}(?:宣讲|讲课)|立案|抓获|"
    r"班会|论文题目|讲座|什么是|为什么违法|有什么区别|的区别|的特点|骗局|防骗|反诈(?:中心|app|视频|宣传)|声明|都是(?:骗|诈骗)|新闻说|电视[上里]|从来?不收费|辅警|谨防|警惕|"
    r"千万(?:别|不要|不能)(?!告诉|跟|和|让|对|退|说|卸|关)|谁[^,\uff0c。]{0,4}[都也][^,\uff0c。]{0,2}[别不]|(?:别|勿|莫|不要|不能)(?:再|去)?信|咱都?不去|扭头|"
    r"[全都净均](?:是|为)?(?:骗|套(?!了)|坑|哄|冒用|诈骗)|(?:都|你也|一律)别去|转告|慢慢找|骗人的|[叫让]人骗|缺钱[^。]{0,6}(?:[妈爸家]|给我)|凡(?:是|要|以)|不会致电|已经?举报|"
    r"(?:直接|反手|顺手|当场|立马)[^,\uff0c。]{0,6}(?:举报|拉黑(?!我)|退群|挂[了断]|撕|投诉|走人)|秒挂|拎包就?走|没(?:搭理|理他|答应)|我说你找别人|"
    r"从不(?:会|让|收|要|通过)|从来不|绝不会?(?:要|收|让)|别[接碰扫理签]"
)
"""Words of those who warn of frauds, report them or study them."""
DEMANDS = re.compile(
    r"转我|发我|(?<![人号个])加我|转给我|打给我|点击|链接发|扫码[付进加]|让我(?!转告|请)|叫我|我(?:就|也)?(?:交|转|付|投|垫|报)了|收了我|我是[^,\uff0c。]{0,16}(?:民警|警官|检察官)"
)
ASKS = re.compile(r"(?:[?\uff1f]|吗|么|呢|不|多少|怎么办|哪里?|正常|合理|可以|合法|意思)\s*[?\uff1f。]?$")
QUESTION = 45
"""Characters up to which a text that asks is a question of the graduate's own, and no message that was pasted."""
STOP = "先停下:别再转钱,别再给验证码、卡号"
KEEP = "聊天记录、对方账号、转账记录都截图留好,别删"
TELL_POLICE = "钱已经转出去就马上打 110,并打给银行;拿不准打反诈专线 96110"
LABOUR = "单位收钱、扣证件、不给工资,打 12333,或去当地劳动监察投诉"
LEAVE = "人身安全最要紧:找借口离开,有危险就打 110"
FREEZE = "卡和账号已经借出去、验证码已经给了:马上改密码、打给银行挂失,再报警说明"
CHECK = "先核实:在国家企业信用信息公示系统查公司全称,从官网电话问一遍"
PLACES = {"T14", "Z14", "T13", "Z15", "X01", "X16", "T25", "X04", "Z09", "T15"}
CERTAIN = {"W07"}
"""Rules that are a warning whatever likeness says: an address that is no agency's, in the name of an agency (21 of our frauds, no innocent)."""
CARDS = {"T05", "T06", "T09", "T10", "Z11", "Z12", "X03", "T04"}
WORK = {"T19", "T21", "Z13", "Z24", "X20", "Z22", "Z01", "T27"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """`score` 0..100; `reasons` heaviest first, spans are positions in the text; `advice`: what to do now, empty for `none`."""

    level: Level
    score: int
    reasons: tuple[Reason, ...] = ()
    advice: tuple[str, ...] = ()


def judge(text: str) -> Judgement:
    """How likely a chat, message, posting or account shows a fraud. Pure; never raises on any text."""
    found = list(signs(text, LENGTH, talk=True))
    named = sum(reason.weight for reason in found if reason.family == "fraud")
    rights = sum(reason.weight for reason in found if reason.family != "fraud")
    like = alike(text, LENGTH, [reason.rule for reason in found])
    found += like.reasons
    score = min(100, named + min(rights, RIGHTS_AT_MOST) + sum(reason.weight for reason in like.reasons))
    sure = any(reason.rule in CERTAIN for reason in found)
    level = weighed(text, named, like, bool(rights) or sure, score)
    reasons = tuple(sorted(found, key=lambda reason: -reason.weight))
    return Judgement(level, score, reasons, advice(level, {reason.rule for reason in reasons}))


def weighed(text: str, named: int, like: Likeness, certain: bool, score: int) -> Level:
    """Signs with a name and demands say what is wrong, likeness how far they are to be believed; likeness alone is at most a warning."""
    shown = named > 0 or like.demand is not None
    if score < HINT or not (shown or certain or like.odds >= LIKELY):
        return "none"
    level: Level = "hint"
    believed = like.odds + WORTH * min(named, MOST) / MOST
    told = len(text) <= QUESTION and named >= HEAVY and like.odds >= NEVER and DEMANDED.search(text)
    if shown and believed >= SURE:
        level = "high"
    elif believed >= (LIKELY if shown else ALONE) or certain or told:
        level = "warning"
    if ABOUT.search(text) and not DEMANDS.search(text):
        return "hint"
    if level == "high" and len(text) <= QUESTION and ASKS.search(text.strip()) and (named < MANY or not DEMANDS.search(text)):
        return "warning"
    return level


def advice(level: Level, rules: set[str]) -> tuple[str, ...]:
    """What to do now, most urgent first."""
    if level == "none":
        return ()
    if level == "hint":
        return (CHECK,)
    steps = [STOP]
    if rules & PLACES:
        steps.append(LEAVE)
    if rules & CARDS:
        steps.append(FREEZE)
    steps += (KEEP, TELL_POLICE)
    if rules & WORK:
        steps.append(LABOUR)
    return tuple(steps)
