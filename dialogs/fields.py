"""How each fact about a person is asked for and how the answer is read. The facts themselves are in `knowledge.profile`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from dialogs import answers, dates
from dialogs.flow import Misread
from knowledge.profile import FIELDS
from knowledge.words import words


@dataclass(frozen=True, slots=True)
class Question:
    """`choices` are label → value; anything else typed is read by the field's kind."""

    text: str
    choices: dict[str, Any]
    hint: str = "点一个,或者用自己的话说;不想说就跳过。"


YES_NO = {"是": True, "不是": False}
DONE = {"办过": True, "没办过": False}
HAVE = {"有": True, "没有": False}
STATUS = {"还没工作": "未就业", "在上班": "就业", "自由职业": "灵活就业", "自己创业": "创业", "还在上学": "在校"}
QUESTIONS: dict[str, Question] = {
    "graduation_date": Question("什么时候毕业的?看毕业证上的日期,写年月日最准。", {}, "写成「2025年6月30日」或「2025年6月」。"),
    "degree": Question("学历是?", {name: name for name in ("专科", "本科", "硕士", "博士", "中专")}),
    "employment": Question("现在的状态?", STATUS),
    "residence": Question("现在在哪个城市?", {}, "说城市名就行,比如「贵阳」。"),
    "hukou": Question("户口在哪个城市?", {}, "说城市名就行,比如「兰州」。"),
    "flexible_registered": Question("办过「灵活就业登记」吗?(在街道、社区或网上登记)", DONE),
    "pays_own_insurance": Question("社保是自己交的吗?", {"自己交": True, "单位交": False, "没交": False}),
    "ui_paid_months": Question("失业保险一共交了几个月?没参过保就填 0。", {"没交过": 0}, "写月数就行,比如「14」。"),
    "insured_months": Question("社保一共交了几个月?没参过保就填 0。", {"没交过": 0}, "写月数就行,比如「14」。"),
    "quit_involuntary": Question("上一份工作是怎么结束的?", {"公司让走的": True, "自己辞的": False}),
    "unemployment_registered": Question("办过失业登记吗?", DONE),
    "unemployment_registered_on": Question("什么时候办的失业登记?", {}, "写成年月就行,比如「2026年9月」;没办过就跳过。"),
    "job_seeking": Question("现在想找工作吗?", {"在找": True, "先不找": False}),
    "receives_ui": Question("正在领失业金吗?", YES_NO),
    "birth_date": Question("生日是哪天?有几项看年龄。", {}, "写成「2003年4月12日」。"),
    "gender": Question("性别是?(只影响应征入伍这类条件)", {"男": "男", "女": "女"}),
    "employer.type": Question("在什么单位?", {"公司、企业": "企业", "机关事业单位": "机关事业", "社会组织": "社会组织", "个体户": "个体工商户"}),
    "employer.size": Question("单位规模?", {"小微": "小微", "中型": "中型", "大型": "大型"}),
    "contract_signed": Question("签了劳动合同吗?", {"签了": True, "没签": False}),
    "contract_years": Question("合同签了几年?", {"一年": 1, "两年": 2, "三年": 3, "不满一年": 0.5}, "写年数就行,比如「3」。"),
    "hired_on": Question("什么时候入职的?", {}, "写成年月日,比如「2026年7月6日」。"),
    "certificates": Question("有技能等级证书吗?(电工、育婴员这类)", {"没有": []}, "写证书的名字,比如「电工中级」;没有就点没有。"),
    "teacher_certificate": Question("有教师资格证吗?", HAVE),
    "student_loan": Question("办过国家助学贷款吗?", DONE),
    "hardship_certified": Question("街道或社区认定过你是「就业困难人员」吗?", {"认定过": True, "没有": False}),
    "archive": Question("档案现在在哪?", {"学校": "学校", "人才机构": "人才机构", "单位": "单位", "自己手里": "自己"}),
    "overseas_certified": Question("是留学回来、办过留服学历认证吗?", YES_NO),
    "business.has_license": Question("办了营业执照吗?", {"办了": True, "没办": False}),
    "business.first_business": Question("是第一次创业吗?", YES_NO),
    "business.entity": Question("登记的是哪种?", {"个体户": "个体工商户", "小微企业": "小微企业", "合作社": "农民专业合作社"}),
    "business.operating_months": Question("开了几个月了?", {}, "写月数就行,比如「5」。"),
}
"""What the dialog may ask. Never what only an office knows (当地口径), nor the groups: the profile dialog asks those with their consent."""


UNSURE = re.compile(r"不(太|大|是很)?(知道|清楚|确定|记得|晓得|了解|懂)|记不清|记不得|忘了|没印象|说不清")
"""Somebody who does not know says neither yes nor no."""


def read(name: str, text: str, today: date) -> Any:
    """The value that an answer gives to a field.

    Raises:
        Misread: it gives none, with what to write instead.
    """
    plain = words().plain(text)
    value = next((value for label, value in QUESTIONS[name].choices.items() if plain == words().plain(label)), None)
    if value is None and not UNSURE.search(text):
        value = OWN.get(name, READERS[FIELDS[name].kind])(name, text, today)
    if value is None:
        raise Misread(QUESTIONS[name].hint)
    return value


PLANNED = re.compile(r"想|要(?!求)|打算|准备|正(?!在[领交找])|申请|下个?[周月]|明[年天]|怎么|如何|过[几两]|等|快|问|吗|[?\uff1f]")
HAPPENED = re.compile(r"(?:我?[已早都刚]?经?就?|正?在)(?:办|签|有|交|缴|认定|领|登记|持有|考到|拿到)(?:过|了|着|好了|上了)*(?:的|证|呢|啊|呀)?")
"""Whole answers that say it is so: what is planned is not, and 领完了 is over."""
BY_OTHERS, BY_ONESELF = re.compile(r"公司|单位|老板|企业|厂里|他们"), re.compile(r"自己|个人|自费|灵活就业|我交")
SENT_AWAY = re.compile(
    r"到期|期满|(?:没|不)给?我?续|不要我|让我(?:走|滚|离)|辞退|开除|除名|裁|优化|劝退|解散|倒闭|破产|关门|撤销|黄了|单位解除|公司解除|干不下去了公司"
)
LEFT = re.compile(r"自己(?:辞|走|不干|提|离)|我(?:辞|提|炒)|裸辞|(?<!被)(?<!逼)辞职|主动(?:辞|离|走|提)|不想干")


def yes(name: str, text: str, today: date) -> bool | None:
    said = answers.yes_no(text)
    if said is not None or len(text) > 8 or PLANNED.search(text):
        return said
    return False if re.search(r"没|不|未", text) else True if HAPPENED.fullmatch(words().plain(text)) else None


def payer(name: str, text: str, today: date) -> bool | None:
    """Who pays the insurance: oneself, or somebody else or nobody."""
    others, oneself = BY_OTHERS.search(text), BY_ONESELF.search(text)
    if re.search(r"没|未|断", text) and not oneself:
        return False
    return None if bool(others) == bool(oneself) else bool(oneself)


def sent_away(name: str, text: str, today: date) -> bool | None:
    """A contract that ran out is no leaving of one's own (社会保险法 art. 45; 失业保险金申领发放办法 art. 4)."""
    away, left = SENT_AWAY.search(text), LEFT.search(text)
    return None if bool(away) == bool(left) else bool(away)


def number(name: str, text: str, today: date) -> float | None:
    """A bare number, or a length of time in the field's own unit."""
    text = re.sub(r"试用期?[^,。;]*", "", words().normalise(text))
    spans = [months for *_, months in dates.lengths(text)]
    bare = re.fullmatch(r"[^\d年多几快]{0,6}(\d{1,3})[^\d年多几]{0,3}", text)
    found = spans[-1] / (12 if name == "contract_years" else 1) if spans else float(bare[1]) if bare else None
    return None if found is None else int(found) if found == int(found) else round(found, 2)


PAPER = re.compile(r"证|级|工|师|员|资格")
UNFINISHED = re.compile(r"在考|想|准备|打算|报了|没|未|什么|怎么|算|吗|[?\uff1f]")


def certificates(name: str, text: str, today: date) -> list[str] | None:
    said = text.strip()
    if re.match(r"(?:我|都|还|暂时|现在|目前)*(?:没|无(?!人机)|未)", said):
        return []
    return [said] if 2 <= len(said) <= 40 and PAPER.search(said) and not UNFINISHED.search(said) else None


def choice(name: str, text: str, today: date) -> str | None:
    return answers.status(text) if name == "employment" else answers.choice(name, text)


READERS: dict[str, Callable[[str, str, date], Any]] = {
    "bool": yes,
    "number": number,
    "list": certificates,
    "choice": choice,
    "date": lambda name, text, today: answers.day(text, today),
    "text": lambda name, text, today: answers.place(text),
}
OWN: dict[str, Callable[[str, str, date], Any]] = {"pays_own_insurance": payer, "quit_involuntary": sent_away}
"""Fields whose question is no yes-or-no."""
