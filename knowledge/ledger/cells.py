"""Cells of a school's list as values of a record: what each column is called, and what is wrong with what stands in it. No database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.profile import FIELDS
from knowledge.tables import bare
from knowledge.words import remembered

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""Of the first 17 digits; the sum modulo 11 picks the last sign [GB 11643-1999]."""
SIGNS = "10X98765432"
MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"0\d{9,11}")
DAY = re.compile(r"(?P<year>(?:19|20)\d\d)(?:[-./年 ]?(?P<month>\d{1,2})(?:[-./月 ]?(?P<day>\d{1,2}))?)?[日月 ]*(?:00:00(?::00)?)?")
SERIAL = re.compile(r"\d{5}(?:\.0)?")
EXCEL_DAY = date(1899, 12, 30).toordinal()
YEAR = re.compile(r"((?:19|20)\d\d)\s*[届年]?")
LIMITS = {
    "name": 60,
    "student_no": 40,
    "school": 80,
    "college": 80,
    "major": 80,
    "hukou": 80,
    "city": 80,
    "employer": 120,
    "owner": 64,
    "family_consent": 20,
    "handover": 20,
}
AGREED = ("是", "同意", "已同意", "本人同意", "y", "yes", "1")
LABEL = {"本科": ("学士", "大学"), "硕士": ("研究生",), "专科": ("大专", "高职"), "博士": (), "中专": ("中职",)}


class CellError(ValueError):
    """What is wrong with a cell and what to do, in one phrase."""


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    names: tuple[str, ...]


@cache
def columns() -> dict[str, Column]:
    """Field → what its column is called."""
    found = {}
    for line in (Path(__file__).parent / "data" / "columns.tsv").read_text(encoding="utf8").splitlines():
        if not line.startswith("#"):
            key, label, names = line.split("\t")
            found[key] = Column(label, (label, *names.split()))
    return found


def names() -> dict[str, tuple[str, ...]]:
    return {key: column.names for key, column in columns().items()}


def identity(said: str) -> str:
    number = re.sub(r"[\s'‘’`-]", "", unicodedata.normalize("NFKC", said)).upper()
    if not re.fullmatch(r"\d{17}[\dX]", number):
        spoilt = re.search(r"E\+|\.", said) or (len(number) == 18 and number.endswith("000"))
        raise CellError("身份证号要 18 位" + (",这一格被 Excel 改成了数字,请把整列设成文本再填" if spoilt else ""))
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise CellError("身份证号里的出生日期不存在,请核对") from None
    if SIGNS[sum(int(digit) * weight for digit, weight in zip(number, WEIGHTS, strict=False)) % 11] != number[17] or not 1930 < born.year < 2020:
        raise CellError("身份证号校验不对,有一位写错了" + (";末尾是 000,可能被 Excel 改过,请把整列设成文本再填" if number.endswith("000") else ""))
    return number


def phone(said: str) -> str:
    number = re.sub(r"[\s'()-]", "", unicodedata.normalize("NFKC", said))
    number = re.sub(r"^(?:\+?86|0086)(?=1\d{10}$)", "", number)
    if not MOBILE.fullmatch(number) and not LANDLINE.fullmatch(number):
        raise CellError("手机号要 11 位数字" + (f",现在是 {len(number)} 位" if number.isdecimal() else ""))
    return number


def day(said: str) -> date:
    """A day; of a month alone its first, of a year alone the first of July, when its 届 has left."""
    text = unicodedata.normalize("NFKC", said).strip()
    if SERIAL.fullmatch(text):
        return date.fromordinal(EXCEL_DAY + int(float(text)))
    found = DAY.fullmatch(text)
    if not found:
        raise CellError(f"日期「{said[:12]}」看不懂,写成 2026-06-30 这样")
    try:
        return date(int(found["year"]), int(found["month"] or 7), int(found["day"] or 1))
    except ValueError:
        raise CellError(f"没有 {said[:12]} 这一天") from None


def cohort(said: str) -> int:
    found = YEAR.fullmatch(unicodedata.normalize("NFKC", said).strip())
    if not found:
        raise CellError(f"届别「{said[:12]}」看不懂,写成 2026 这样")
    return int(found[1])


def degree(said: str) -> str:
    for level in ("博士", "硕士", "本科", "专科", "中专"):
        if level in said or any(other in said for other in (*LABEL[level], *(FIELDS["degree"].values or {}).get(level, ()))):
            return level
    raise CellError(f"学历「{said[:12]}」看不懂,写专科、本科、硕士、博士或中专")


def groups(said: str) -> list[str]:
    return [] if bare(said) in ("无", "否", "非困难生", "不困难", "没有") else [each for each in re.split(r"[、,;,;/\s]+", said) if each][:12]


READERS: dict[str, Callable[[str], Any]] = {
    "id_number": identity,
    "phone": phone,
    "graduated": remembered(day),
    "cohort": remembered(cohort),
    "degree": remembered(degree),
    "groups": groups,
    "family_phone": phone,
}


def read(row: Mapping[str, str], meanings: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """A row by field as values of a record, and what is wrong with it; empty cells are left out. `meanings`: see `destinations`."""
    found: dict[str, Any] = {}
    wrong: list[str] = []
    for field, said in row.items():
        if not said or (said in ("-", "—", "/", "无") and field != "groups"):
            continue
        try:
            if field == "destination":
                found[field] = destination(said, meanings)
            else:
                found[field] = READERS[field](said) if field in READERS else within(field, said)
        except CellError as error:
            wrong.append(str(error))
    if "family_phone" in row or "family_consent" in row:  # without the person's yes a family's number is not kept
        agreed = bare(str(found.pop("family_consent", ""))) in AGREED
        found["family_phone"] = found.get("family_phone", "") if agreed else ""
    if "handover" in row:
        found["handover"] = "list" if bare(str(found.get("handover", ""))) in AGREED else ""
    if "name" not in found:
        wrong.insert(0, "没有姓名")
    if not {"student_no", "id_number"} & found.keys() and not any("身份证" in each for each in wrong):
        wrong.append("学号和身份证号至少要有一个,不然下次认不出是同一个人")
    if "cohort" not in found and "graduated" in found:
        found["cohort"] = found["graduated"].year
    return found, wrong


def within(field: str, said: str) -> str:
    if len(said) > LIMITS[field]:
        raise CellError(f"{columns()[field].label}太长,最多 {LIMITS[field]} 个字")
    return said


def destination(said: str, meanings: Mapping[str, str]) -> str:
    name = meanings.get(bare(said))
    if name is None:
        raise CellError(f"毕业去向「{said[:20]}」不在去向表里;要加就请管理员先改去向表")
    return name
