"""A résumé as an expert sees it before the person agrees to more: name, contacts, numbers and addresses covered. Places stay the same."""

from __future__ import annotations

import re

from knowledge.resume.sections import read

COVER = "█"
COVERED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<!\d)\d{17}[\dXx](?!\d)|(?<!\d)\d{15}(?!\d)",  # identity numbers
        r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d){8}(?!\d)|(?<!\d)0\d{2,3}[- ]\d{7,8}(?!\d)",
        r"[\w.+-]{1,64}\s?[@＠]\s?[\w-]+(?:\.[\w-]+)+",
        r"(?:https?://|www\.)[^\s,，;；)）]+|(?:github|gitee|linkedin|zhihu|weibo)\.com/[^\s,，;；)）]+",
        r"(?i)(?:QQ|微信|WeChat|VX|wx)(?:号码?)?\s*[:：]?\s*[A-Za-z0-9][A-Za-z0-9_-]{4,19}",
        r"(?:家庭住址|家庭地址|通讯地址|通信地址|现住址|住址|地址|邮编|邮政编码|出生日期|出生年月|生日|身份证号?码?|姓\s*名)\s*[:：]\s*[^\n|｜;；]{1,40}",
        r"[\u4e00-\u9fff\d]{2,20}(?:小区|家园|花园|公寓)\s*\d*[\u4e00-\u9fff\d-]{0,12}(?:栋|幢|单元|室|号楼?)[\d-]*",
    )
)
NAME = 0.3
"""How sure a name must be to be covered: better one word too many than a name."""


def hidden(text: str, *, name: str = "") -> str:
    """The same text, as long, with COVER for what tells who it is. `name`: a name known from elsewhere."""
    for pattern in COVERED:
        text = pattern.sub(lambda found: COVER * len(found[0]), text)
    return text.replace(name, COVER * len(name)) if len(name) >= 2 else text


def resume(text: str) -> tuple[str, str]:
    """A résumé covered, and the name found in it, to be covered elsewhere too."""
    name, sure = read(text).name
    name = name if sure >= NAME and len(name) >= 2 else ""
    return hidden(text, name=name), name
