"""What no pattern finds: what is missing, what contradicts itself in time, shares and repetitions, how the file looks.

Each check yields hits by the id of its rule. Words are in data/words.toml, limits come with the rules.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from knowledge.postings.places import atlas, level
from knowledge.resume.entities import entities
from knowledge.resume.extract import Paper
from knowledge.resume.sections import BULLET, LIVES, NAMES, PERIOD, PHONE, TOLD, Item, Resume, lines

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hit:
    rule: str
    place: Place | None = None
    detail: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds of data/rules.toml; shares are parts of one."""

    pages: int
    letters_least: int
    letters_page: int
    paragraph: int
    told_least: int
    numbered_share: float
    verb_repeats: int
    gap_months: int
    waiting_months: int
    self_letters: int
    empty_words: int
    courses: int
    goals: int
    unproven_share: float
    unproven_least: int
    font_points: float
    font_sizes: int
    picture_share: float
    boxed_share: float
    tabled_share: float
    file_bytes: int
    comma_share: float
    fresh_years: int


@dataclass(frozen=True, slots=True)
class Case:
    """What every check looks at; `today` in months from year 0."""

    resume: Resume
    paper: Paper
    today: int
    limits: Limits


NUMBER = re.compile(r"\d|[一二两三四五六七八九十百千几数]+(?:余|多)?(?:场|次|个|人|份|家|篇|名|项|周|月|天|倍|成|位|条|期|门|节|组|度|年)")
IDENTITY = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)")
EXPERIENCE_WORDS = re.compile(r"(?:实习|工作|项目|实践|校园|科研|社会|社团)(?:经历|经验|实践)")
VERB = re.compile(r"^(?:主要|独立|全程|成功|日常)?([\u4e00-\u9fff]{2})")
SHAPES = (
    ("点", re.compile(r"(?<!\d)(?:19|20)\d\d\.\d{1,2}(?!\d)")), ("年月", re.compile(r"(?:19|20)?\d\d年\s?\d{1,2}月")),
    ("横", re.compile(r"(?<!\d)(?:19|20)\d\d-(?:0?[1-9]|1[0-2])(?!\d)")), ("斜", re.compile(r"(?<!\d)(?:(?:19|20)\d\d|2\d)/(?:0?[1-9]"
        r"|1[0-2])(?![\d/.])")),
)  # fmt: skip
GENERIC = re.compile(r"(?i)user|admin|微软|microsoft|windows|lenovo|dell|hp|apple|mac|用户|未知|unknown|pdf|wps|office|chrom|word|python|电脑|pc")
JOB = re.compile(
    r"^(?!.*(?:党员|团员|会员|成员|人员)$).{1,10}(?:师|员|助理|经理|主管|运营|编辑|策划|跟单|会计|出纳|销售|客服|翻译|护士|记者|司机|店长|采购|设计|开发|测试|顾问|秘书|行政)$"
)
"""A word of the top line or of the file's name that names a job."""
CITY = re.compile(
    r"(?i)\b(?:beijing|shanghai|guangzhou|shenzhen|hangzhou|nanjing|wuhan|chengdu|chongqing|tianjin|suzhou|xi'?an|changsha|qingdao|xiamen|ningbo|jinan)\b"
)
CHECKED: list[Callable[[Case], Iterator[Hit]]] = []


@cache
def vocabulary() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "data" / "words.toml").read_text(encoding="utf8"))


def check(work: Callable[[Case], Iterator[Hit]]) -> Callable[[Case], Iterator[Hit]]:
    CHECKED.append(work)
    return work


def found(resume: Resume, paper: Paper, today: date, limits: Limits) -> list[Hit]:
    case = Case(resume, paper, today.year * 12 + today.month - 1, limits)
    return [hit for work in CHECKED for hit in work(case)]


def month(number: int) -> str:
    return f"{number // 12}.{number % 12 + 1:02}"


@check
def contact(case: Case) -> Iterator[Hit]:
    resume = case.resume
    if not resume.phone and not re.search(r"(?:电话|手机|Tel)[^\d\n]{0,6}\d{5}", resume.seen):
        yield Hit("C01")
    if not resume.email:
        yield Hit("C02")
    for match in IDENTITY.finditer(resume.seen):
        if valid(match.group()) or "身份证" in resume.seen[max(0, match.start() - 8) : match.start()]:
            yield Hit("P01", match.span())
    top = next(lines(resume.seen, 0, len(resume.seen)), (0, 0))
    if re.fullmatch(r"(?i)(?:个人|求职)?简历|resume|curriculumvitae", resume.seen[slice(*top)].replace(" ", "")):
        yield Hit("C05", top)
    head = resume.seen[: min(section.title[0] for section in resume.sections[1:])] if len(resume.sections) > 1 else resume.seen[:200]
    intent = resume.seen[slice(*resume.intent)] if resume.intent else ""
    if (
        not LIVES.search(resume.seen)
        and not CITY.search(head)
        and not any(place_in(text) for text in (head, intent, *(resume.seen[slice(*s.body)] for s in resume.of("basic", "intent"))))
    ):
        yield Hit("C06")


def place_in(text: str) -> bool:
    """Whether a province or a city is named, without cutting words: that dictionary takes seconds to load."""
    known = atlas()
    return any(level(code) < 2 for _, name in known.phrases.find(text) for code in known.codes[name])


def valid(number: str) -> bool:
    """The check digit of an identity number (GB 11643, ISO 7064 MOD 11-2)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False)) % 11] == number[17].upper()


@check
def structure(case: Case) -> Iterator[Hit]:
    resume = case.resume
    schools = any(item.named("school") for item in resume.items) or any(
        entity.kind == "school" for row in list(lines(resume.seen, 0, len(resume.seen)))[:6] for entity in entities(resume.seen[slice(*row)])
    )
    if not resume.has("education") and not schools:
        yield Hit("S01")
    if not resume.has(*TOLD) and not EXPERIENCE_WORDS.search(resume.seen):
        yield Hit("S02")
    top = [resume.seen[slice(*row)] for row in list(lines(resume.seen, 0, len(resume.seen)))[:2]]
    if not resume.intent and not any(
        JOB.search(word) for text in (case.paper.name.rpartition(".")[0], *top) for word in re.split(r"[-_.|,/\s]", text)
    ):
        yield Hit("S09")
    elif resume.intent:
        job = re.sub(r"\([^)]*\)|(?:期望|工作|意向)?(?:城市|地点|薪资).*", "", resume.seen[slice(*resume.intent)])
        goals = [part for part in re.split(r"[、/,;]|或者?|\s和\s", job) if len(part.strip()) >= 2 and not place_in(part.strip())]
        if len(goals) >= case.limits.goals:
            yield Hit("S10", resume.intent)
    for item in resume.items:
        if item.kind in ("work", "education", "project") and item.period is None and item.names and item.confidence >= 0.6:
            yield Hit("S05", item.head)
        if item.kind == "work" and not item.lines and item.head[1] - item.head[0] <= 50:
            yield Hit("X04", item.head)


@check
def self_praise(case: Case) -> Iterator[Hit]:
    for section in case.resume.of("self"):
        text = case.resume.seen[slice(*section.body)].strip()
        empty = [word for word in vocabulary()["empty"]["words"] if word in text]
        if len(empty) >= case.limits.empty_words or (len(text) > case.limits.self_letters and not NUMBER.search(text)):
            place = next(lines(case.resume.text, *section.body), section.title)
            yield Hit("S08", place, f"有 {len(empty)} 个这样的词:{'、'.join(empty[:4])}" if len(empty) >= 3 else "")


@check
def time(case: Case) -> Iterator[Hit]:
    """What cannot be: ends before starts, ends in the future, an internship before school; and what is not in order."""
    schooling = [item.period.start for item in case.resume.items if item.kind == "education" and item.period]
    for item in case.resume.items:
        when = item.period
        if not when:
            continue
        if when.end is not None and when.end < when.start:
            yield Hit(
                "S07", when.span, f"结束({month(when.end)})早于开始({month(when.start)})", f"「{month(when.end)}–{month(when.start)}」(如果是写反了)"
            )
        elif item.kind != "education" and when.end and when.end > case.today and not re.search("预计|计划|拟", case.resume.seen[slice(*item.head)]):
            yield Hit("S07", when.span, f"结束的时间({month(when.end)})还没到", f"「{month(when.start)}–至今」")
        elif when.start > case.today and item.kind != "education":
            yield Hit("S07", when.span, f"开始的时间({month(when.start)})还没到")
        elif item.kind == "work" and when.exact and schooling and when.start < min(schooling) and "实习" in case.resume.seen[slice(*item.head)]:
            yield Hit("S07", when.span, f"实习早于入学({month(min(schooling))})")
    for section in case.resume.of("education", *TOLD):
        dated = [item for item in case.resume.items if item.period and section.body[0] <= item.head[0] < section.body[1]]
        for first, second in pairwise(dated):
            assert first.period
            assert second.period
            if second.period.start > first.period.start and (second.period.end or case.today) > (first.period.end or case.today):
                yield Hit("S03", first.head, f"{NAMES[section.kind]}里这一段在前,{month(second.period.start)} 开始的却在后")
                break


@check
def gaps(case: Case) -> Iterator[Hit]:
    """Months without anything after the first schooling began; not while at school."""
    items = case.resume.items
    if any(item.kind == "work" and not item.period for item in items):
        return  # what is not dated may fill any gap
    dated = [(when.start, case.today if when.end is None else when.end, item) for item in items if (when := item.period)]
    spans = sorted((row for row in dated if row[0] <= row[1]), key=lambda row: row[:2])
    if not spans or not any(item.kind == "education" for *_, item in spans):
        return
    reached, before = spans[0][1], spans[0][2]
    for start, end, item in spans[1:]:
        if start - reached - 1 > case.limits.gap_months:
            yield gap(reached, start, before)
        if end >= reached:
            reached, before = end, item
    if case.today - reached > case.limits.waiting_months:
        yield gap(reached, case.today + 1, before)


def gap(last: int, following: int, before: Item) -> Hit:
    what = f"{month(last + 1)} 到 {month(following - 1)} 这 {following - last - 1} 个月没有写"
    return Hit(
        "S06", before.period.span if before.period else before.head, what, f"「{month(last + 1)}–{month(following - 1)} 备考/自学 __,完成 __」"
    )


@check
def tense(case: Case) -> Iterator[Hit]:
    for item in case.resume.items:
        if item.kind in TOLD and item.period and item.period.end is not None and item.period.end < case.today:
            for start, end in item.lines:
                found = re.search(r"正在|目前(?!为止)|现(?:在)?负责|将(?:会|要)", case.resume.seen[start:end])
                if found:
                    yield Hit(
                        "X01",
                        (start, end),
                        f"写的是到 {month(item.period.end)} 为止",
                        f"「{case.resume.text[start:end].replace(found.group(), '')}」",
                    )


@check
def telling(case: Case) -> Iterator[Hit]:
    """Numbers, repeated verbs, long paragraphs, sentences said twice."""
    told = [(start, end, BULLET.sub("", case.resume.seen[start:end], count=1)) for start, end in case.resume.told]
    real = [row for row in told if len(row[2]) >= 8 and not re.match(r"(?:项目|技术栈|关键词|主修|描述|环境|工具)[^,。]{0,6}:", row[2])]
    plain = [row for row in real if not NUMBER.search(PERIOD.sub("", row[2]))]
    if len(real) >= case.limits.told_least and len(real) - len(plain) < case.limits.numbered_share * len(real):
        start, end, line = plain[0]
        yield Hit("W02", (start, end), f"{len(real)} 条里只有 {len(real) - len(plain)} 条有数字")
    verbs = Counter(match[1] for *_, line in real if (match := VERB.match(line)))
    for verb, count in verbs.most_common(1):
        if count >= case.limits.verb_repeats:
            place = next((start, end) for start, end, line in real if (match := VERB.match(line)) and match[1] == verb)
            yield Hit("W06", place, f"「{verb}」开头的有 {count} 条")
    for start, end, line in told:
        if len(line) > case.limits.paragraph:
            yield Hit("L05", (start, end), f"这一段 {len(line)} 个字")
    seen: set[str] = set()
    for start, end, line in real:
        if line in seen:
            yield Hit("X07", (start, end))
        seen.add(line)


@check
def skills(case: Case) -> Iterator[Hit]:
    listed = {
        match.group()
        for row in case.resume.rows("skills", "certificates")
        for match in re.finditer(r"[A-Za-z][A-Za-z+#.]+(?: [A-Z][A-Za-z+#.]+)*", case.resume.seen[slice(*row)])
    }
    listed -= {
        "CET",
        "GPA",
        "TEM",
        "IELTS",
        "TOEFL",
        "Office",
        "office",
        "WPS",
        "MS",
        "Word",
        "PPT",
        "Excel",
        "Windows",
        "MS Office",
        "Microsoft Office",
    }
    elsewhere = " ".join(case.resume.seen[slice(*place)].lower() for item in case.resume.items for place in (item.head, *item.lines))
    bare = sorted(skill for skill in listed if skill.lower() not in elsewhere)
    if len(listed) >= case.limits.unproven_least and len(bare) > case.limits.unproven_share * len(listed) and elsewhere:
        yield Hit("W09", next(case.resume.rows("skills", "certificates")), f"如 {'、'.join(bare[:3])}")
    for start, end in lines(case.resume.seen, 0, len(case.resume.seen)):
        found = re.search(r"(?:主修|专业|核心|相关|主要)课程\s?[:]?(.+)", case.resume.seen[start:end])
        courses = [part for part in re.split(r"[、,;]", found[1]) if part.strip()] if found else []
        if len(courses) > case.limits.courses:
            yield Hit("W19", (start, end), f"写了 {len(courses)} 门")


@check
def spelling(case: Case) -> Iterator[Hit]:
    words, seen = vocabulary(), case.resume.seen
    for wrong, right in words["typos"].items():
        for match in re.finditer(re.escape(wrong), seen):
            yield Hit("W13", match.span(), f"「{wrong}」应该是「{right}」")
    for name in words["brands"]["names"]:
        for match in re.finditer(rf"(?i)(?<![A-Za-z0-9@./_-]){re.escape(name)}(?![A-Za-z0-9./@_-])", seen):
            if match.group() not in (name, name.upper()) or (match.group() == name.upper() != name and len(name) > 5):
                yield Hit("W14", match.span(), f"「{match.group()}」写作「{name}」")
    known = set(words["abbreviations"]["known"])
    for start, end in case.resume.told:
        for match in re.finditer(r"(?<![A-Za-z0-9(\-])[A-Z]{3,6}(?![A-Za-z0-9)\-+])", seen[start:end]):
            if match.group() not in known and f"({match.group()}" not in seen and f"{match.group()}(" not in seen:
                yield Hit("W10", (start + match.start(), start + match.end()), "", f"「中文全称({match.group()})」")


@check
def writing(case: Case) -> Iterator[Hit]:
    """Ways of writing dates and signs that are mixed."""
    shapes: dict[str, list[Place]] = {}
    for item in case.resume.items:
        place = item.period.span if item.period else (0, 0)
        for name, pattern in SHAPES:
            shapes.setdefault(name, []).extend([place] if pattern.search(case.resume.seen[slice(*place)]) else [])
    used = {name: places for name, places in shapes.items() if places}
    if len(used) > 1:
        fewest = min(used.values(), key=len)
        texts = [case.resume.text[slice(*places[0])].strip() for places in used.values()]
        yield Hit("L13", fewest[0], f"有「{'」「'.join(texts[:3])}」这几种")
    half, wide = (len(re.findall(rf"(?<=[\u4e00-\u9fff]){sign}(?=[\u4e00-\u9fff])", case.resume.text)) for sign in (",", "，"))
    if min(half, wide) >= 3 and min(half, wide) > case.limits.comma_share * (half + wide):
        yield Hit("L14", None, "中文逗号和英文逗号混着用")


@check
def size(case: Case) -> Iterator[Hit]:
    look, limits = case.paper.look, case.limits
    letters = len(re.findall(r"[\u4e00-\u9fff]", case.resume.text))
    latin = len(re.findall(r"[A-Za-z]{2,}|\d+", case.resume.text))
    pages = int(look.get("pages", 0))
    graduated = case.resume.graduation
    if pages > limits.pages:
        yield Hit("L01", None, f"现在是 {pages} 页")
    elif pages == limits.pages and graduated and graduated > case.today - 12 * (limits.fresh_years + 1) and case.resume.worked(case.today) < 12:
        yield Hit("L02")
    if letters + latin < limits.letters_least:
        yield Hit("L03", None, f"大约 {letters + latin} 个字")
    if letters > limits.letters_page * max(pages, 1 if pages else 2):
        yield Hit("L04", None, f"大约 {letters} 个字")
    if pages >= 2 and int(look.get("first", 999)) < 40:
        yield Hit("L18")


@check
def looks(case: Case) -> Iterator[Hit]:
    look, limits = case.paper.look, case.limits
    number = {name: float(look.get(name, 0)) for name in ("picture", "boxed", "tabled", "bytes", "sizes")}
    font = float(look.get("font", 10))
    if font < limits.font_points or number["sizes"] > limits.font_sizes:
        yield Hit("L06", None, f"正文大约 {font:g} 磅" if font < limits.font_points else f"有 {look['sizes']} 种字号")
    contact_in_edge = PHONE.search(look.get("edge", "")) and not PHONE.search(case.resume.seen.replace(look.get("edge", ""), "", 1))
    plain: Sequence[tuple[str, object]] = (
        ("L08", look.get("columns") == "2"), ("L09", number["boxed"] >= limits.boxed_share), ("L10", number["tabled"] >= limits.tabled_share),
        ("L11", contact_in_edge), ("L15", number["picture"] > limits.picture_share), ("L16", look.get("radicals")), ("L17", look.get("garbled")),
        ("P12", look.get("revised")), ("F03", number["bytes"] > limits.file_bytes),
    )  # fmt: skip
    yield from (Hit(rule) for rule, applies in plain if applies)
    author, name = look.get("author", ""), case.resume.name[0]
    if author and name and name not in author.replace(" ", "") and not GENERIC.search(author) and re.search(r"[\u4e00-\u9fff]", author):
        yield Hit("P11", None, f"作者写的是「{author[:12]}」")


@check
def file_name(case: Case) -> Iterator[Hit]:
    stem, _, ending = case.paper.name.rpartition(".")
    if not stem:
        return
    name = case.resume.name[0]
    if (name and name not in stem) or re.fullmatch(
        r"(?i)(?:新建|个人简历|我的简历|简历|resume|cv|未命名|扫描|最终版?|修改版?|[\s()（）\d_.-])+", stem
    ):
        yield Hit("F01", None, f"现在叫「{case.paper.name[:30]}」", f"「{name or '姓名'}-学校-应聘岗位.pdf」")
    if ending.lower() not in ("pdf", "txt", "md"):
        yield Hit("F02")
