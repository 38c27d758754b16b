"""How the pages of the knowledge base call the fields of an entry, and what is said beside each. Reads and stores nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    label: str
    told: str
    form: str = "line"
    needed: bool = False


FIELDS = {
    "title": Field("正式名称", "2 到 40 个字", needed=True),
    "receiver": Field("钱或权利给谁", "给单位的，第一行就要说清「钱给单位,不给个人」", "receiver", needed=True),
    "answer": Field("一句话答案", "第一行就是结论：谁得到什么。不超过 80 个字，用「你」", needed=True),
    "questions": Field(
        "问法", "真人会怎么问，一行一句，至少 8 句：口语、关键词、错字、长句、方言都要有；别的条目已经有的不能再写", "lines", needed=True
    ),
    "aliases": Field("别名", "别的叫法，是名词不是问句，一行一个", "lines"),
    "amount": Field("标准", "多少钱、多久，一行一句", "lines"),
    "conditions": Field("条件", "谁可以，一行一句；不知道各地怎么算的，写「以当地人社部门答复为准」", "lines"),
    "where": Field("去哪办", "怎么办、哪几步，一行一句", "lines"),
    "papers": Field("材料", "一行一句", "lines"),
    "deadline": Field("期限", "什么时候办、什么时候截止，一行一句", "lines"),
    "notes": Field("提醒", "容易踩的坑，一行一句", "lines"),
    "issuer": Field("出处：谁发的", "如 人力资源社会保障部", needed=True),
    "document": Field("出处：文号和名称", "如 财社〔2023〕181号《就业补助资金管理办法》", needed=True),
    "date": Field("出处：日期", "写成 2023、2023-12 或 2023-12-29", needed=True),
    "url": Field("出处：网址", "以 http:// 或 https:// 开头，只写官方的，没有就空着"),
    "certainty": Field("把握", "C 会对人说「尚待核实」；没有公开来源的不写", "certainty", needed=True),
    "valid_from": Field("从哪天起", "没有期限就空着", "day"),
    "valid_to": Field("到哪天止", "过了这天，回答先说已截止；没有期限就空着", "day"),
    "review_by": Field("复核日期", "到这天由老师再核一次", "day", needed=True),
}
