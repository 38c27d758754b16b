"""A search in one's own words, as 「成都 运营 不限经验 6k以上 双休」, read into what is wanted. Searches nothing."""

from __future__ import annotations

import re

from knowledge.postings import families
from knowledge.postings.catalogue import PERKS
from knowledge.postings.kinds import kinds, known
from knowledge.postings.parse import Salary, cities, degree, experience, salary
from knowledge.postings.reading import plain
from knowledge.postings.salary import PER_MONTH
from knowledge.postings.wanted import Wanted

WITHOUT = re.compile(
    r"(?:不要|不想(?:做|要|干|去)?|除了|别推|不做|不干|拒绝|排除)\s?((?:(?!也不|不想|不要)[\u4e00-\u9fffa-z+#]){2,8}?)"
    r"(?:类|岗位?|工作|的|也|$|[\s,，。、;]|和|以及)"
)
ANYWHERE = re.compile(r"(?:外地|异地|哪里|哪儿|全国|其他城市)(?:也|都)?(?:可以|行|能接受|考虑)|不限(?:地点|城市|地区)|(?:地点|城市|地区)不限|哪都行")
LOOKING = re.compile(
    r"我?(?:想要?|要|正在|在)?(?:帮我|给我)?(?:找|搜|查|看看|推荐|投|换成?|改成?|加上?)(?:一?[个份下些])?|(?:哪里|哪儿|哪家|谁家)(?:有|在)?招|有(?:没有|木有)|有哪些|有什么|请问|求职?|招聘?(?=[\u4e00-\u9fff])|应聘"
)
NOISE = re.compile(
    r"(?:你好|日结|您好|随便|几个|周末|高新区|经开区|开发区|相关|方面|左右|附近|那边|这边|本地|最好|优先|能|可以|都行|也行|合适|适合|我|的|吗|呢|吧|啊|有|在|和|或者?|以及|做|干|类|一点|就行|就好"
    r"|离家近|暑期|暑假|寒假|近期|离家|稳定|轻松|清闲|靠谱|体面|好一?点|高薪|热门|急招|什么|哪些|附近的?|正规|大厂|国企|央企|工资|薪资|月薪|薪水|待遇|学历|毕业|经验|要求|刚|的话|地方|上班|地区|城市|单位|公司|企业|岗位|职位|工作|招人|招聘|信息|机会|活|活儿)+"
)
EDGE = re.compile(
    r"^(?:离家近|的|在|想|去|做|干|能|有|和|或|找|个|份|下|些|要|我|是|当|从事|关于|附近|本地|相关|一|适合|刚|最好|这边|那边|周边)+"
    r"|(?:的|相关|方面|类|吗|呢|吧|啊|岗位|职位|工作|岗|招聘|信息|机会|有吗|都行|也行|可以|优先|就行|就好|左右|以上|工资|薪资|月薪|待遇|学历|毕业|经验|这块|这类|之类|上班|单位|公司|做|干|活儿?)+$"
)
FRESH = re.compile(r"应届|刚毕业|没(?:有)?经验|无经验|零经验|小白|不限经验|经验不限|不要求?经验|不需要?经验|毕业生")
HAVE = re.compile(
    r"(?:我是|我|本人)?(?:全日制)?(?:本科|大专|专科|硕士|研究生|博士|高中|中专|初中)(?:毕业|学历|生|可以?(?:投|做|去)?的?|就行|能投的?|也行)?"
)
OR = re.compile("或者|以及|还是")
MAJOR = re.compile(
    r"(?:我?是?学|我是|读的?)?((?:(?!我是|专业|毕业|我学|本科|大专|专科)[\u4e00-\u9fff]){2,10}?)(?:专业的?(?:毕业的?)?|学?毕业的|学出身)|我?学([\u4e00-\u9fff]{2,6})的"
)
"""What somebody says they have studied."""
SPLIT = re.compile(r"[\s,，。、;;/|!!??::()()]+|(?<=[\u4e00-\u9fff])(?:或者|或|和|以及|还有)(?=[\u4e00-\u9fff])")
TAUGHT = re.compile(r"(?:小学|初中|高中|中学|大学|中专|高职)(?=[\u4e00-\u9fff]{0,3}(?:老师|教师|教员|讲师|辅导员|家教|班主任))")
"""Where one teaches, no degree."""
WORDY = re.compile(r"[\u4e00-\u9fffa-z]")
PART = re.compile(r"(?<![^\s,，。、;;])(?!20[1-3]\d(?![^\s,，。、;;]))[^\s,，。、;;]+")
"""A word between spaces, but for the number of a year."""
LOWEST = 300
"""Yuan a month: what is less was no pay, as 每周4天."""
LONGEST = 12
"""Characters of a wished title; what is longer is talk."""


class Rest:
    """A text of which parts are read one after the other; what was read is blanked, so that nothing is read twice."""

    def __init__(self, text: str) -> None:
        self.text = OR.sub("、 ", plain(text, 200))

    def take(self, start: int, end: int) -> None:
        self.text = self.text[:start] + " " * (end - start) + self.text[end:]

    def all(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        found = list(pattern.finditer(self.text))
        for match in found:
            self.take(*match.span())
        return found


def read(text: str) -> Wanted:
    """What is asked for. Empty where the text names nothing of it. Never raises."""
    rest = Rest(text)
    without = tuple(match[1] for match in rest.all(WITHOUT))
    anywhere = bool(rest.all(ANYWHERE))
    asks = tuple(name for name, said in PERKS.items() if rest.all(said) or name[1:] in without)
    without = tuple(word for word in without if f"不{word}" not in PERKS)
    wish = paid(rest)
    places: list[str] = []
    for place in cities(rest.text):
        if place.value and (place.value.code or place.value.scope):
            rest.take(*place.span)
            places += place.value.candidates or ((place.value.code,) if place.value.code else ())
    level = degree(TAUGHT.sub("  ", rest.text)).value
    said = [re.sub("^(?:本?科|大?专)", "", match[1] or match[2]) for match in rest.all(MAJOR)]
    studied = next(filter(families.of_major, said), "")
    lowest = int(level.level) or None if level else None  # 学历不限 is no limit
    if level:
        rest.all(HAVE)
    years = worked(rest)
    names = sorts(rest)
    return Wanted(titles(rest.text), tuple(places), anywhere, names, wish, lowest, studied, None, years, asks, without)


def paid(rest: Rest) -> int | None:
    """Yuan a month at least: a figure that stands alone, as 4000 or 5k-7k, else one in the sentence."""
    for start, end in [*(part.span() for part in PART.finditer(rest.text)), (0, len(rest.text))]:
        pay = salary(rest.text[start:end])
        if pay.value and pay.confidence >= 0.5 and (wish := least(pay.value) or 0) >= LOWEST:
            rest.take(start + pay.span[0], start + pay.span[1])
            return wish
    return None


def worked(rest: Rest) -> float | None:
    """Years of work that are said to be there; 0 for who has none."""
    if rest.all(FRESH):
        return 0.0
    found = experience(rest.text)
    if not found.value or found.value.fresh:
        return None
    rest.take(*found.span)
    return found.value.low


def sorts(rest: Rest) -> tuple[str, ...]:
    """Names of the kinds asked for; a word that means a kind and no job is read with it."""
    names = tuple(dict.fromkeys(kind.value for kind in kinds(rest.text) if kind.value))
    for kind in known():
        match = (re.search(kind.say, rest.text) or kind.title.search(rest.text)) if kind.name in names else None
        if match and (match.group() == kind.say or not families.of_title(match.group())):
            rest.take(*match.span())
    return names


def least(pay: Salary) -> int | None:
    """Yuan a month that a said pay asks for at least."""
    value = pay.low if pay.low is not None else pay.high
    times = PER_MONTH.get(pay.unit) if pay.unit else None
    return None if value is None or times is None else round(value * times)


def titles(rest: str) -> tuple[str, ...]:
    """What is left, without the words around it, as wished titles."""
    found, known_words = [], families.table()[1]
    for part in SPLIT.split(LOOKING.sub(" ", rest)):
        before = None
        while part != before and part not in known_words:
            before, part = part, EDGE.sub("", part).strip()
        if 2 <= len(part) <= LONGEST and not NOISE.fullmatch(part) and WORDY.search(part):
            found.append(part)
    return tuple(dict.fromkeys(found))[:4]
