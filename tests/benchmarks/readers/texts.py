"""Texts of postings and of papers, cells of tables."""

from __future__ import annotations

import json

from bot.web import upload
from dialogs import remarks
from knowledge.clinic import blind, slots
from knowledge.ledger import cells
from knowledge.policy import passages
from knowledge.postings import asked, contacts, drafts, parse
from knowledge.postings import intake as messages
from knowledge.resume import draft as writing
from knowledge.resume.against_posting import compared
from knowledge.resume.extract import Paper, pasted
from knowledge.resume.rules import review
from tests.benchmarks.readers.samples import NOW, SAMPLES, TODAY, Reader, column, lines_of


def rooms() -> dict[str, Reader]:
    terms = column("knowledge/postings/terms.tsv", 1)
    pay = column("knowledge/postings/salary.tsv")
    resumes = [path.read_text(encoding="utf8") for path in sorted((SAMPLES / "resumes").glob("*.txt"))]
    offers = ["贵阳甲公司诚聘会计2名,月薪5-8K,本科以上,有经验优先,12月31日前投简历到 a@b.cn,电话13800138000 王老师,微信abc123"]
    bits = ["11010519491231002X", "+86 138-0013-8000", "2026年6月30日", "46203.0", "2026届", "硕士研究生", "低保、残疾", "未就业", "张三"]
    row = {"id": 1, "starts_at": NOW, "minutes": 30}
    return {
        "salary": Reader(parse.salary, pay),
        "degree, experience, headcount, size": Reader(asked_for, terms),
        "days of a posting": Reader(lambda text: (parse.posted(text, TODAY), parse.deadline(text, TODAY)), [*terms, "3天前", "昨天", "长期有效"]),
        "a search for work": Reader(lambda text: asked.read(text).to_json(), column("knowledge/postings/asked.tsv")),
        "a posting in a message": Reader(lambda text: (messages.intake(text, TODAY), messages.doubtful(messages.intake(text, TODAY))), offers),
        "contacts to hide": Reader(lambda text: (contacts.mask(text), blind.resume(text)), offers),
        "a posting, screened": Reader(screened, [*offers, *[json.loads(line)["text"] for line in lines_of("knowledge/rights/scam.jsonl")[:50]]]),
        "a résumé": Reader(resume, resumes),
        "a résumé beside a posting": Reader(lambda text: compared_with(text, offers[0]), [*resumes, *offers]),
        "a résumé being written": Reader(written, ["贵州大学 会计 本科 2022.9-2026.6\n甲公司,2025.3-2025.6;做账;对账", "Excel\nCET-6"]),
        "cells of the ledger": Reader(cell, bits),
        "a passage": Reader(passage, ["《劳动合同法》第 82、85–87 条", "第一百零八条", "108"]),
        "a booking's calendar": Reader(lambda text: slots.calendar({**row, "expert": text[:40], "place": text}, NOW), ["就业指导中心 3 楼;A,B\\C\n"]),
    }  # fmt: skip


def asked_for(text: str) -> object:
    return parse.degree(text), parse.experience(text), parse.headcount(text), parse.size(text)


def passage(text: str) -> object:
    return [*passages.cited(text)], passages.number_of(text), passages.label(text, text)


def screened(text: str) -> object:
    return drafts.read(drafts.begun({"title": text[:30], "company": "甲", "text": text, "pay": text[-20:], "city": "贵阳"}, 1), TODAY)


def resume(text: str) -> object:
    paper = pasted(text)
    found = review(paper, TODAY)
    return [remarks.way(remark) for remark in found.remarks], upload.body(paper, found), remarks.first(found)


def compared_with(text: str, posting: str) -> object:
    found = review(Paper(text), TODAY)
    return list(remarks.beside(compared(found.resume, posting, TODAY))), compared(found.resume, text, TODAY)


def written(text: str) -> object:
    made = writing.compose(dict.fromkeys(("name", "contact", "goal", "school", "skills", "certificates", *writing.EXPERIENCES), text))
    head, blocks = writing.blocks(made)
    return head, writing.columns(blocks, "columns"), writing.word(made, "columns") if len(text) % 64 == 0 else ""


def cell(text: str) -> object:
    return [cells.read({key: text, "name": "张三"}, {}) for key in cells.columns()]
