"""Reading what people answer: number, ordinal, label, yes/no, date, place, degree, status, groups. Reads one field, decides nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from dialogs import dates, sayings
from dialogs.messages import Choice
from knowledge.policy import regions
from knowledge.profile import FIELDS, GROUPS
from knowledge.words import remembered, words

NUMERALS = {**dates.NUMERALS, "头": 1, "最后": -1, "末": -1}
ORDINAL = re.compile(
    r"^(?:我?(?:选|要|点|按|就|看|那)*)第?(\d{1,2}|[一二两三四五六七八九十]|最后)(?:个|项|条|号|种|那个|类)?(?:吧|呗|啊|呢|嘛|的|咯|咧|谢谢)*$"
)
YES = re.compile(
    r"^(是|是的|对|对的|好|好的|好呀|好啊|好吧|行|可以|同意|愿意|要|嗯|嗯嗯|恩|有|办过|中|要得|得|ok|okay|yes|y|没问题|确认|确定|继续)(啊|呀|吧|嘞|哦|的|了)?$"
)
NO = re.compile(
    r"^(不|不是|不对|不用|不要|不好|不行|不同意|不愿意|不了|算了|没|没有|没办过|否|别|先不|暂不|no|n|唔使|莫|不必|不需要|先不填|没得|还没有?|冇)"
    r"(了|吧|啊|呀|哦)?$"
)
DENIED = re.compile(r"(?:(?:不是|没有|没得|不算|不属于)[^,。;、是]{0,4}|(?:没|未|无|非|别|不)(?:在|当|办|读|上|去)?)$")


def number(text: str) -> int | None:
    """A choice by number: 2, 第二个, ②, 选第2个, 最后一个 (-1)."""
    text = words().normalise(text).strip(" .。)、(!,~")
    text = text.replace("最后一个", "最后")
    found = ORDINAL.match(text)
    if not found:
        return None
    said = found[1]
    return int(said) if said.isdigit() else NUMERALS[said]


def chosen(text: str, choices: Sequence[Choice]) -> Choice | None:
    """The choice meant by a number, an ordinal, or its label (whole, or a part of it that fits only one)."""
    if not choices:
        return None
    place = number(text)
    if place is not None:
        place = len(choices) if place == -1 else place
        return choices[place - 1] if 1 <= place <= len(choices) else None
    said = words().plain(text)
    if not said:
        return None
    labels = [words().plain(choice.label) for choice in choices]
    whole = [choice for choice, label in zip(choices, labels, strict=True) if label == said]
    part = [choice for choice, label in zip(choices, labels, strict=True) if len(said) >= 2 and said in label]
    return next(iter(whole), part[0] if len(part) == 1 else None)


def yes_no(text: str) -> bool | None:
    said = words().normalise(text).strip(" .。,!~")
    return True if YES.match(said) else False if NO.match(said) else None


def day(text: str, today: date) -> str | None:
    """A date as YYYY, YYYY-MM or YYYY-MM-DD, as exact as it was said; None where there is none or it cannot be."""
    return dates.day(words().normalise(dates.numerals(text)), today)


def first_of(table: dict[str, tuple[str, ...]], text: str) -> str | None:
    """The key one of whose words stands in the text un-denied; the last one said wins (corrections come last)."""
    best: tuple[int, int, str] | None = None
    for key, said in table.items():
        for word in said:
            place = text.rfind(word)
            end = place + len(word)
            if place >= 0 and not DENIED.search(text[:place]) and (best is None or (end, len(word)) > best[:2]):
                best = (end, len(word), key)
    return best[2] if best else None


def choice(name: str, text: str) -> str | None:
    """The value of a profile field whose word, or another word for it, stands in the text un-denied."""
    table = {value: (value, *others) for value, others in (FIELDS[name].values or {}).items()}
    return first_of(table, words().normalise(text))


@remembered
def degree(text: str) -> str | None:
    return choice("degree", text)


@remembered
def status(text: str) -> str | None:
    return first_of(sayings.STATUS, words().normalise(text))


@remembered  # a turn asks twice: whether an answer fits, and what it says
def groups(text: str) -> tuple[str, ...]:
    text = words().normalise(text)
    return tuple(group for group in GROUPS if any(not DENIED.search(text[: m.start()]) for m in sayings.GROUPS[group].finditer(text)))


@remembered
def place(text: str) -> str | None:
    """A city or province that the list knows, else a short bare name with a suffix of its own (县, 区, 州…)."""
    text = words().normalise(text)
    known = regions.find(text)
    if known:
        return known.name
    bare = re.fullmatch(r"我?(?:现在|目前)?(?:人在|住在|在|是)?((?![我在])[\u4e00-\u9fff]{2,8}(?:县|区|市|旗|州|镇))(?:的|人|这边|那边)?", text)
    return bare[1] if bare else None
