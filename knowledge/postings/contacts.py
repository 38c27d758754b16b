"""Private people's numbers and names in a posting, masked before anybody but staff sees it. A switchboard or a company mailbox stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.postings.reading import SIGNS


@dataclass(frozen=True, slots=True)
class Hidden:
    """One thing masked: its kind and where it stood in the text as given."""

    kind: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Masked:
    text: str
    hidden: tuple[Hidden, ...]


DIGITS = str.maketrans("零〇幺一二两三四五六七八九", "0011223456789")
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭"
    "陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
TITLES = r"先生|女士|小姐|经理|老师|主任|主管|店长|部长|总监|同学|总(?![监部务])|姐|哥|hr"
MOBILE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9](?:[ .·-]?\d){9}(?!\d)")
LONG = re.compile(r"(?<!\d)(?:(?P<id>[1-9]\d{5}(?:19|20)\d{9}[\dx])|(?P<card>[3-6]\d{15,18}))(?![\dx])")
MAIL = re.compile(r"[a-z0-9._+-]{2,40}@(?:qq|163|126|139|sina|gmail|foxmail|outlook|hotmail|sohu|yeah|aliyun|icloud|live)\.(?:com|net|cn)(?:\.cn)?")
CHAT = re.compile(
    r"(?:(?P<qq>qq|扣扣)(?:号|群)?|微信(?!公众|小程序|搜)|(?<![a-z])(?:vx|wx|wechat|v信)|薇信|威信|薇)(?:号|同号|[:])?[ :号是为]{0,3}"
    r"(?P<name>[a-z][a-z0-9_-]{5,19}|\d{5,12})(?![a-z0-9@])"
)
ENDS = r"[ ,。;、(\n\d:]|电话|手机|微信|$"
NAMED = re.compile(rf"(?:联系人|负责人|联络人|招聘专员)[ :]{{1,3}}(?P<name>[\u4e00-\u9fff]{{2,4}}?)(?={ENDS}|{TITLES})")
WHOSE = rf"(?P<name>[{SURNAMES}][\u4e00-\u9fff]{{0,2}}?)"
BESIDE = re.compile(rf"{WHOSE}(?P<title>{TITLES})?[ :,(-]{{0,3}}(?:电话|手机|微信|联系方式|tel|qq)?[ :]{{0,3}}$")
AFTER = re.compile(rf"^[ ,(-]{{0,2}}{WHOSE}(?:{TITLES})")


def numbers(seen: str) -> Iterator[tuple[str, int, int]]:
    """Numbers and addresses that lead to a private person."""
    digits = seen.translate(DIGITS)
    for match in LONG.finditer(digits):
        yield "身份证" if match["id"] else "卡号", *match.span()
    for match in MOBILE.finditer(digits):
        yield "手机", *match.span()
    for match in MAIL.finditer(seen):
        yield "邮箱", *match.span()
    for match in CHAT.finditer(seen):
        yield "QQ" if match["qq"] else "微信", *match.span("name")


def names(seen: str, found: list[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    """Names said to be the contact, or written right beside a number; 张经理 keeps its 经理."""
    for match in NAMED.finditer(seen):
        yield "姓名", *match.span("name")
    for kind, start, end in found:
        if kind in ("手机", "微信", "QQ"):
            offset = max(0, start - 16)
            before, after = BESIDE.search(seen[offset:start]), AFTER.match(seen[end : end + 10])
            if before:
                yield "姓名", offset + before.start("name"), offset + before.end("name")
            if after:
                yield "姓名", end + after.start("name"), end + after.end("name")


def mask(text: str) -> Masked:
    """The text with [手机], [微信] and the like instead; what was hidden, left to right. Never raises."""
    seen = text.translate(SIGNS)
    found = list(numbers(seen))
    found += names(seen, found)
    parts, hidden, last = [], [], 0
    for kind, start, end in sorted(found, key=lambda each: (each[1], -each[2])):
        if start < last:
            continue
        parts += [text[last:start], f"[{kind}]"]
        hidden.append(Hidden(kind, (start, end)))
        last = end
    return Masked("".join([*parts, text[last:]]), tuple(hidden))
