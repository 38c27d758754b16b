"""Lines of a form that are answered with yes or no, put as sentences: 是否办理失业登记:是 → 办过失业登记. Knows no field."""

from __future__ import annotations

import re

from dialogs import sayings

YES = r"是的?|有|对|已(?:经)?(?:办理?|登记|签订?|领取?|申请|认定|取得|就业)?|在领"
NO = r"否|无|没有?|不是|暂无|未(?:办理?|登记|签订?|领取?|申请|认定|取得|就业|享受)?"
LINE = re.compile(
    r"(?:^|(?<=[,;。、.?( \n】\])}]))(?:本人|你|您)?(?:目前|当前|现在|现)?(?P<asks>是否|有无|是不是|有没有)?"
    r"(?P<label>[\u4e00-\u9fff]{2,14})(?:\((?:是/否|是否)\))?"
    rf"(?:[??]? *[:=] *|(?(asks)[??] *|(?!)))(?:(?P<yes>{YES})|(?:{NO}))(?=$|[,;。、 (\n)】|])"
)
LEAD = re.compile(
    r"^(?:本人|目前|当前|现在|已经?|正在|在|曾经?|为|属于|有|持有?|取得|拥有|办理?了?过?|进行过?|领取?过?|享受过?|申请过?|签订?了?过?|做过?|上过?|参加|是)+"
)
ROWS = tuple((sayings.pattern(row["topic"]), row["yes"], row["no"]) for row in sayings.TABLE["form"])


def sentence(found: re.Match[str]) -> str:
    """What one line says; as it stands where nobody knows its topic."""
    label = found["label"].removeprefix("是否")
    for topic, yes, no in ROWS:
        for said in (label, LEAD.sub("", label)):
            if topic.fullmatch(said):
                return f",{(yes if found['yes'] else no).replace('…', said)},"
    return found[0]


def told(text: str) -> str:
    return LINE.sub(sentence, text) if re.search("[:=?]", text) else text
