"""What may be known of a graduate: every field with its kind, its values and the words people read. Reads and cleans, decides nothing.

Names follow the glossary of the machine interface. Inside, nested fields are flat with a dot: `employer.type`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

Kind = Literal["date", "number", "bool", "choice", "text", "list", "answers"]


@dataclass(frozen=True, slots=True)
class Field:
    """One fact. `values` maps each value of a choice to other words for it.

    `no`: the label where a yes-or-no is denied.
    `sensitive`: tells, or lets guess, a group (PIPL art. 28): asked for and used only with that consent, never kept in the profile.
    """

    label: str
    kind: Kind
    values: Mapping[str, tuple[str, ...]] | None = None
    sensitive: bool = False
    no: str = ""


DEGREES = ("初中", "高中", "中专", "高级工", "专科", "本科", "硕士", "博士")
"""In rising order; 高级工 (技师学院高级工班) counts like 专科 where a policy says 高校毕业生 and names it."""
GROUPS = ("低保", "零就业", "监测", "特困", "残疾", "助学贷款", "脱贫", "孤儿", "退役", "第一代", "低保边缘", "残疾家庭")
"""Groups a person may belong to; sensitive (PIPL art. 28): own consent, own table, named roles only."""
REGISTERED = ("失业登记", "登记失业")
"""States that say two things: without work, and registered."""
FIELDS: dict[str, Field] = {
    "residence": Field("所在城市", "text"),
    "hukou": Field("户籍地", "text"),
    "graduation_date": Field("毕业时间", "date"),
    "cohort": Field("届别", "number"),
    "degree": Field(
        "学历",
        "choice",
        {
            "初中": ("初中及以下",),
            "高中": ("普高",),
            "中专": ("中职", "技校", "职高", "中技", "技师学院"),
            "高级工": ("高级工班", "预备技师", "技师学院高级工班"),
            "专科": ("大专", "高职", "高专", "高职高专"),
            "本科": ("学士", "大学本科", "一本", "二本", "三本", "专升本"),
            "硕士": ("研究生", "硕士研究生", "硕", "读研", "专硕", "学硕"),
            "博士": ("博士研究生",),
        },
    ),
    "major": Field("专业", "text"),
    "school_type": Field(
        "学校类型",
        "choice",
        {
            "中央部门所属高校": ("部属高校", "部属", "教育部直属", "中央高校", "中央部属高校", "部委属高校"),
            "地方高校": ("省属高校", "地方", "省属", "市属高校", "民办高校", "独立学院", "普通高校", "普通本科"),
            "高职": ("高职高专", "职业学院", "高职院校", "专科学校"),
            "技工院校": ("技师学院", "技工学校", "技校"),
            "中职": ("中专", "职高", "职业高中"),
            "境外高校": ("国外高校", "海外高校", "境外", "国外"),
        },
    ),
    "employment": Field(
        "目前状态",
        "choice",
        {
            "未就业": ("待业", "失业", "没工作", "无业", "未落实", *REGISTERED),
            "就业": ("在职", "已就业", "单位就业", "上班"),
            "灵活就业": ("自由职业",),
            "创业": ("自主创业", "个体经营"),
            "在校": ("在读", "学生", "升学", "毕业学年在校"),
        },
    ),
    "unemployment_registered": Field("办过失业登记", "bool", no="没办过失业登记"),
    "unemployment_registered_on": Field("失业登记时间", "date"),
    "flexible_registered": Field("办过灵活就业登记", "bool", no="没办过灵活就业登记"),
    "pays_own_insurance": Field("自己交社保", "bool", no="社保不是自己交"),
    "flexible_paid_months": Field("自己交社保的月数", "number"),
    "ui_paid_months": Field("失业保险缴费月数", "number"),
    "insured_months": Field("社保缴费月数", "number"),
    "receives_ui": Field("正在领失业金", "bool", no="没在领失业金"),
    "quit_involuntary": Field("不是自己要走的(被裁、合同到期不续等)", "bool", no="上份工作是自己要走的"),
    "job_seeking": Field("正在找工作", "bool", no="没在找工作"),
    "groups": Field("群体", "list", sensitive=True),
    "birth_date": Field("出生日期", "date"),
    "age": Field("年龄", "number"),
    "gender": Field("性别", "choice", {"男": ("男性", "男生"), "女": ("女性", "女生")}),
    "employer.type": Field(
        "单位类型",
        "choice",
        {
            "企业": ("公司", "民营企业", "私企", "国企", "央企", "外企", "国有企业", "民企"),
            "社会组织": ("民办非企业", "社会团体", "基金会", "民办非企业单位", "社会服务机构", "协会"),
            "机关事业": ("机关", "事业单位", "机关事业单位", "政府机关", "公办学校", "事业"),
            "个体工商户": ("个体户", "个体"),
        },
    ),
    "employer.size": Field(
        "单位规模",
        "choice",
        {
            "大型": ("大企业", "大型企业"),
            "中型": ("中型企业",),
            "小微": ("小型", "微型", "小微企业", "小型企业", "微型企业"),
            "中小微": ("中小", "中小企业", "中小微企业"),
        },
    ),
    "employer.industry": Field("单位行业", "text"),
    "employer.region": Field("单位所在地", "text"),
    "contract_signed": Field("签了劳动合同", "bool", no="没签劳动合同"),
    "contract_years": Field("合同年限(年)", "number"),
    "contract_signed_on": Field("签合同的时间", "date"),
    "hired_on": Field("入职时间", "date"),
    "teacher_certificate": Field("有教师资格证", "bool", no="没有教师资格证"),
    "certificates": Field("证书", "list"),
    "student_loan": Field("办过国家助学贷款", "bool", sensitive=True, no="没办过国家助学贷款"),
    "received_before": Field("以前领过的", "list"),
    "hardship_certified": Field("认定了就业困难人员", "bool", sensitive=True, no="没认定就业困难人员"),
    "archive": Field(
        "档案在哪",
        "choice",
        {
            "学校": ("母校", "高校"),
            "人才机构": ("人才中心", "人才市场", "公共就业人才服务机构", "人才服务中心", "就业局"),
            "单位": ("用人单位", "公司"),
            "自己": ("自己手里", "本人"),
        },
    ),
    "commissioned_training": Field("定向或委培", "bool", no="不是定向或委培"),
    "tuition_waived": Field("免过学费", "bool", no="没免过学费"),
    "overseas_certified": Field("留服学历认证", "bool", no="没做留服学历认证"),
    "enlisted_on": Field("入伍时间", "date", sensitive=True),
    "retired_on": Field("退役时间", "date", sensitive=True),
    "service": Field("参加过的基层项目", "choice", {"三支一扶": (), "西部计划": (), "特岗教师": ("特岗",), "大学生村官": ("村官",), "没有": ("无",)}),
    "counts_by": Field("当地「离校2年内」怎么算", "choice", {"日期": ("按日", "毕业证日期", "按毕业证日期"), "届": ("按届",)}),
    "local_answers": Field("当地经办怎么答复的", "answers"),
    "business.first_business": Field("第一次创业", "bool", no="不是第一次创业"),
    "business.entity": Field(
        "经营主体",
        "choice",
        {
            "个体工商户": ("个体户", "个体"),
            "小微企业": ("小微", "小型企业", "微型企业"),
            "农民专业合作社": ("农民合作社", "合作社"),
            "企业": ("公司", "有限公司", "有限责任公司"),
            "民办非企业": ("社会组织", "民办非企业单位"),
        },
    ),
    "business.has_license": Field("办了营业执照", "bool", no="没办营业执照"),
    "business.registered_on": Field("登记注册时间", "date"),
    "business.operating_months": Field("正常经营月数", "number"),
    "business.pays_social": Field("企业在缴社保", "bool", no="企业没在缴社保"),
    "business.social_months": Field("创业后连续缴社保的月数", "number"),
    "business.hires": Field("带动就业人数", "number"),
    "business.region": Field("登记注册地", "text"),
}
SENSITIVE = frozenset(name for name, field in FIELDS.items() if field.sensitive)
OTHER_NAMES = {
    "business.first": "business.first_business",
    "business.pays_insurance": "business.pays_social",
    "business.months": "business.operating_months",
    "teacher_cert": "teacher_certificate",
    "overseas_cert": "overseas_certified",
    "grad_year": "cohort",
}
BOOLS = {"true": True, "是": True, "有": True, "false": False, "否": False, "没有": False, "无": False}
SHAPE = re.compile(r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$")


def flat(raw: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in raw.items():
        if isinstance(value, Mapping) and name in ("employer", "business"):
            yield from ((f"{name}.{inner}", held) for inner, held in value.items())
        else:
            yield name, value


def read(raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A profile from outside, flat and clean, and one sentence for each field that could not be used (it counts as unknown)."""
    clean: dict[str, Any] = {}
    problems: list[str] = []
    for said, value in flat(raw):
        name = OTHER_NAMES.get(said, said)
        if value is None:
            continue
        if name not in FIELDS:
            problems.append(f"不认识字段 {said},没有用上;字段名见 bulixian plan --schema")
            continue
        try:
            clean[name] = cleaned(FIELDS[name], value)
        except (ValueError, TypeError) as error:
            problems.append(f"字段 {said} 的值 {value!r} 用不了,当作没说:{error}")
    if raw.get("employment") in REGISTERED:
        clean.setdefault("unemployment_registered", True)
    return clean, problems


def cleaned(field: Field, value: Any) -> Any:
    """The value in the field's own words.

    Raises:
        ValueError: says what is expected.
    """
    if field.kind == "bool":
        found = value if isinstance(value, bool) else BOOLS.get(str(value).strip().lower())
        return needed(found, "写 true 或 false")
    if field.kind == "number":
        plain = None if isinstance(value, bool) else re.fullmatch(r"\d{1,6}(\.\d+)?", str(value))
        number = float(needed(plain and plain[0], "写一个不为负的数字"))
        return int(number) if number == int(number) else number
    if field.kind == "date":
        return needed(str(value) if SHAPE.match(str(value)) and span(str(value)) else None, "写成 2025-06-30 或 2025-06")
    if field.kind == "choice":
        return needed(chosen(field, str(value)), f"写 {'、'.join(field.values or ())} 之一")
    if field.kind == "list":
        return list(needed([str(item) for item in value] if isinstance(value, list | tuple) else None, "写成列表"))
    if field.kind == "answers":
        fine = isinstance(value, Mapping) and all(isinstance(said, bool) for said in value.values())
        return dict(needed(value if fine else None, '写成 {"条目编号": true 或 false}'))
    return needed(value.strip() if isinstance(value, str) else None, "写一段文字")


def needed(value: Any, expected: str) -> Any:
    if value is None or value == "":
        raise ValueError(f"应{expected}")
    return value


def chosen(field: Field, said: str) -> str | None:
    said = said.strip()
    return next((value for value, others in (field.values or {}).items() if said == value or said in others), None)


@dataclass(frozen=True, slots=True)
class Span:
    """A value known to lie between two bounds, both possible."""

    low: Any
    high: Any


def span(said: str) -> Span | None:
    """The first and last day that a date may be, as exactly as it was said; None where there is no such day."""
    parts = [int(part) for part in said.split("-")]
    if not 1900 <= parts[0] <= 2100:  # nobody's; years are counted on from it, and the calendar ends at 9999
        return None
    try:
        if len(parts) == 1:
            return Span(date(parts[0], 1, 1), date(parts[0], 12, 31))
        first = date(*parts, *([1] if len(parts) == 2 else []))
    except ValueError:
        return None
    return Span(first, first if len(parts) == 3 else (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def schema() -> dict[str, Any]:
    """The profile as a JSON schema, for `plan --schema`."""
    kinds: dict[Kind, dict[str, Any]] = {
        "date": {"type": "string", "pattern": SHAPE.pattern},
        "number": {"type": "number", "minimum": 0},
        "bool": {"type": "boolean"},
        "choice": {"type": "string"},
        "text": {"type": "string"},
        "list": {"type": "array", "items": {"type": "string"}},
        "answers": {"type": "object", "additionalProperties": {"type": "boolean"}},
    }
    properties: dict[str, Any] = {}
    for name, field in FIELDS.items():
        shape = {"description": field.label, **kinds[field.kind]}
        if field.values:
            shape["enum"] = list(field.values)
        head, _, inner = name.partition(".")
        if inner:
            properties.setdefault(head, {"type": "object", "properties": {}})["properties"][inner] = shape
        else:
            properties[name] = shape
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "profile", "type": "object", "properties": properties}
