"""Is what somebody was sent a fraud: signs added up, why, and what to do now. Reads text; says nothing itself and stores nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from knowledge.rights.likeness import alike
from knowledge.rights.signals import Reason, signs

Level = Literal["none", "hint", "warning", "high"]
HIGH, WARNING, HINT = 50, 15, 5
"""Points; see tests/knowledge/rights for what was measured."""
LENGTH = 6000
"""Characters that are read: about what fits ten messages."""
RIGHTS_AT_MOST = 45
NAMED, SEVERAL = 20, 70
"""`high` needs so many points of signs with a name, and likeness to known frauds or more than one heavy sign."""
ABOUT = re.compile(
    r"警方|民警|通报|(?:人社|教育)部(?:门)?提醒|曝光|判决|最高检|典型案例|班会|论文题目|讲座|什么是|为什么违法|有什么区别|的区别|的特点|骗局|防骗|"
    r"反诈(?:中心|app|视频|宣传)|声明|都是(?:骗|诈骗)|新闻说|从来不收费|辅警|谨防|警惕"
)
"""Words of those who warn of frauds or study them."""
DEMANDS = re.compile(r"转我|发我|加我|转给我|打给我|点击|扫码|链接|让我|叫我|我(?:就|也)?(?:交|转|付|投|垫|报)了|收了我")
ASKS = re.compile(r"(?:[??]|吗|么|呢|不|多少|怎么办|哪里?|正常|合理|可以|合法|意思)\s*[??。]?$")
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
    like = alike(text, LENGTH)
    if like:
        found.append(like)
    score = min(100, named + min(rights, RIGHTS_AT_MOST) + (like.weight if like else 0))
    sure = score >= HIGH and named >= NAMED and (like is not None or named >= SEVERAL)
    level: Level = "high" if sure else "warning" if score >= WARNING else "hint" if score >= HINT else "none"
    if ABOUT.search(text) and not DEMANDS.search(text):
        level = "hint" if level != "none" else level
    elif level == "high" and len(text) <= QUESTION and ASKS.search(text.strip()) and (named < 2 * HIGH or not DEMANDS.search(text)):
        level = "warning"
    reasons = tuple(sorted(found, key=lambda reason: -reason.weight))
    return Judgement(level, score, reasons, advice(level, {reason.rule for reason in reasons}))


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
