"""A posting told in one chat message, as a teacher or an employer writes it, read into a draft with how sure each cell is.
The draft is for a person to confirm; nothing is stored here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from knowledge.postings import parse
from knowledge.postings.contacts import mask
from knowledge.postings.drafts import fields, named

LABELLED = re.compile(r"^\s*(?:[-·*●•]|\d{1,2}[.、)）])?\s*(?P<label>[^:：\n]{1,12})[:：]\s*(?P<cell>.+?)\s*$", re.MULTILINE)
EMPLOYER = re.compile(
    r"(?P<name>[\u4e00-\u9fffA-Za-z0-9（）()·&]{2,40}?(?:公司|集团|银行|医院|学校|学院|大学|中学|小学|幼儿园|研究院|研究所|事务所|合作社|中心|协会|商会"
    r"|酒店|工厂|厂|局|委|办事处|社区|超市|门店|店|工作室|基金会))(?=[,，。;；:：、\s]|现|因|急?招|聘|拟|需要?|面向|要招|$)"
)
WANTED = re.compile(
    r"(?:招聘?|诚聘|急聘|聘用?|招募|招收|需要?|缺)(?:一名|一位|[若多数]?[\d一二两三四五六七八九十]*\s?[个名位人]|若干)?\s*[:：]?"
    r"(?P<title>[\u4e00-\u9fffA-Za-z+#./（）()]{2,20}?)(?=[\d,，。;；:：、\s]|若干|一名|[一二两三四五六七八九十]+[名人位个]|月薪|底薪|薪资|工资|要求|限|$)"
)
PEOPLE = re.compile(r"[\d一二两三四五六七八九十]+\s?(?:-\s?\d+\s?)?[名人位个](?!以[上下]|月)|若干[名人]?")
APPLY = re.compile(r"[^,，。;；\n]*(?:截止|截至|之前|前报名|前投|前联系|前交|日前|号前|报名时间|有效期|长期)[^,，。;；\n]*")
MAIL = re.compile(r"[\w.+-]{2,40}@[\w-]+(?:\.[\w-]+)+", re.ASCII)
PHONE = re.compile(r"(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)")
WEB = re.compile(r"https?://[^\s<>\"，。；、]+")
LEARNT = re.compile(r"[^,，。;；\s]*(?:学历|专科|大专|本科|硕士|研究生|博士|中专|高中|初中)[^,，。;；\s]*")
WORKED = re.compile(r"[^,，。;；\n]{0,8}(?:经验|应届|届毕?|工作\s?\d)[^,，。;；\n]{0,12}")


@dataclass(frozen=True, slots=True)
class Intake:
    """`draft`: cells by the names of `drafts.fields()`; `sure`: 0..1 of each; below 0.6 a person should look."""

    draft: dict[str, str]
    sure: dict[str, float]

    @property
    def missing(self) -> list[str]:
        """What a posting needs before it is taken, in words for people."""
        return [fields()[key].say for key in ("company", "title", "city", "contact") if key not in self.draft]


def labelled(text: str) -> dict[str, str]:
    """Lines like 岗位：行政专员."""
    found: dict[str, list[str]] = {}
    for match in LABELLED.finditer(text):
        for key in named([match["label"].strip()]).values():
            found.setdefault(key, []).append(match["cell"])
    return {key: fields()[key].joint.join(cells) for key, cells in found.items()}


def intake(text: str, today: date) -> Intake:
    """Employer, title, city, pay, degree, closing day, contact and the like out of one message. Never raises."""
    text = text[:4000]
    draft = labelled(text)
    sure = dict.fromkeys(draft, 0.95)

    def note(key: str, cell: str | None, confidence: float) -> None:
        if key not in draft and cell and cell.strip():
            draft[key], sure[key] = cell.strip(), confidence

    employer = EMPLOYER.search(text)
    note("company", employer and employer["name"].rpartition("的")[2], 0.8 if employer and "的" not in employer["name"] else 0.5)
    body = text.replace(employer["name"], " ", 1) if employer else text
    wanted = WANTED.search(body)
    note("title", wanted and wanted["title"], 0.7)
    people = PEOPLE.search(body)
    note("headcount", people and people.group(), 0.8)
    reach = [text[slice(*each.span)] for each in mask(text).hidden]
    note("contact", " ".join(reach + [each for each in MAIL.findall(text) + PHONE.findall(text) if each not in reach]), 0.9)
    web = WEB.search(text)
    note("url", web and web.group(), 0.95)
    closing = APPLY.search(body)
    if closing and (last := parse.deadline(closing.group(), today)).confidence:
        note("deadline", closing.group()[slice(*last.span)], last.confidence)
    rest = without(body, [*draft.get("contact", "").split(), draft.get("deadline", "")])
    place = parse.city(rest)
    told = place if place.value else parse.city(employer["name"] if employer else "")
    source = rest if place.value else employer["name"] if employer else ""
    note("city", source[slice(*told.span)], told.confidence if place.value else 0.5)
    pay = parse.salary(rest)
    note("pay", rest[slice(*pay.span)], pay.confidence)
    for key, pattern, parser in (("degree", LEARNT, parse.degree), ("experience", WORKED, parse.experience)):
        said = pattern.search(rest)
        found = parser(said.group()) if said else None
        if said and found and found.value:
            note(key, said.group(), found.confidence)
    note("text", text, 1.0)
    return Intake(draft, sure)


def without(text: str, parts: list[str]) -> str:
    """The text with those parts blanked, so that no figure is read twice; positions stay."""
    for part in filter(None, parts):
        text = text.replace(part, " " * len(part))
    return text


def doubtful(found: Intake) -> list[str]:
    """Names of cells a person should look at."""
    return [fields()[key].say for key, confidence in found.sure.items() if confidence < 0.6]
