"""Where a person is registered, lives, works and runs a business, out of their clauses. The list of places is in `knowledge.policy.regions`."""

from __future__ import annotations

import re
from functools import cache

from knowledge.policy import regions

SCHOOL = re.compile(r"[\u4e00-\u9fff]{0,8}(?:大学|学院|学校|一个大专|大专毕业|读|上学|念|毕业)")
ELSEWHERE = re.compile(r"(?:公司|单位|厂子?|店|档案|学校|合同|社保|总部|老家|以前|之前|原来|曾经|爸妈?|父母|实习|大学|读|从)[^,]{0,6}$")
DOES = r"(?:上班|工作|打工|跑单|送外卖|跑外卖|租房|待|呆|住|干|生活|开|做|接|找|当|跑|备考|考|打零工|自由|这边|的|呢|了|,|$|没|无|待业|人)"


@cache
def place() -> str:
    """A pattern of one place: province, city and county as far as they are said, with groups p, c and d."""
    names = "|".join(sorted(regions.places(), key=len, reverse=True))
    suffix = r"(?:省|市|自治区|自治州|地区|州|盟)?"
    county = r"(?:(?P<county>[\u4e00-\u9fff]{1,4}?)(?P<kind>县|旗|区|市(?![场民区])))?"
    return rf"(?:(?:(?P<one>{names}){suffix})(?:(?P<two>{names}){suffix})?{county}|(?P<bare>[\u4e00-\u9fff]{{2,3}}?)县)"


@cache
def patterns() -> dict[str, re.Pattern[str]]:
    where = place()
    return {
        "both": re.compile(rf"(?:户口|户籍)(?:和|跟|与)?(?:人|住)?[^,]{{0,2}}(?:都|全)(?:是)?在{where}"),
        "hukou": re.compile(rf"(?:户口|户籍)(?:所在地|地|本)?(?:也|还|就|都|落|迁|一直|现在)*(?:是|在|到|回|:)*{where}"),
        "hukou_of": re.compile(rf"{where}(?:本地|这边)?(?:的)?(?:户口|户籍)(?!在|不)"),
        "residence": re.compile(
            rf"(?:现居(?:地|住地|住)?|人(?:也|就|都|是|一直|现在|目前)*在|(?:现在|目前)(?:人)?(?:在|住)|住(?:在|到)?|坐标|搬到了?|回到?了?|来到?了?|待在|长居|所在城市)[:是]?(?:老家)?{where}"
        ),
        "works": re.compile(rf"(?<![户口籍案])在{where}(?={DOES})"),
        "employer": re.compile(rf"(?:公司|单位|厂子?)(?:也|就)?(?:在|是){where}"),
        "business": re.compile(rf"(?:店|执照|注册|登记)(?:也|就|开|办)*(?:在|地是|地在){where}"),
        "home": re.compile(rf"(?:家在|家住|是){where}(?:的|人)?$"),
    }


def named(found: re.Match[str]) -> str | None:
    """The most exact place said: a county by its own name, a district behind its city."""
    if found["bare"]:
        return found["bare"]
    city = found["two"] or found["one"]
    if found["county"]:
        if re.search(r"[在是的人和]|本地|这边", found["county"]):
            return city
        if found["kind"] == "区":
            return None if found["county"] in ("小", "地", "市", "社") else f"{city}{found['county']}区"
        return found["county"] if len(found["county"]) > 1 else f"{found['county']}{found['kind']}"
    return city


def read(own: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    home: str | None = None
    for clause in own:
        for name, pattern in patterns().items():
            for hit in pattern.finditer(clause):
                place = named(hit)
                if place is None or re.search(r"不在?$|没在?$|不是$|没有$|非$|外地$", clause[: hit.start()]):
                    continue
                if name == "home":
                    home = place
                elif name == "both":
                    found["hukou"] = found["residence"] = place
                elif name in ("hukou", "hukou_of"):
                    found["hukou"] = place
                elif name in ("employer", "business"):
                    found[f"{name}.region"] = place
                elif ELSEWHERE.search(clause[: hit.start()]) or SCHOOL.match(clause[hit.end() :]):
                    continue
                elif name == "residence" or "residence" not in found:
                    found["residence"] = place
        if re.search(r"(?:户籍|户口)(?:也|就|都)*在这", clause) and home:
            found["hukou"] = home
        if re.search(r"人(?:也|就|都)*在这", clause) and (home or found.get("hukou")):
            found["residence"] = home or found["hukou"]
    return found
