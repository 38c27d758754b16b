"""The parts of a résumé: sections by their headings, what stands in each (schools, jobs, projects) with dates, and how to reach the person.

Everything has its place in the text. Judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from knowledge.postings.reading import FORM
from knowledge.postings.terms import Level, degree
from knowledge.resume.entities import MAJOR_END, Entity, entities

HEADINGS = {
    "basic": "基本信息|个人信息|个人资料|基本资料|联系方式|联系我|个人概况|基本情况",
    "intent": "求职意向|求职目标|应聘岗位|应聘职位|意向岗位|意向职位|期望岗位|期望职位|目标岗位|求职岗位|职业目标|求职方向|意向|求职意愿",
    "education": "教育背景|教育经历|教育情况|学习经历|学习情况|学历背景|教育信息|教育|学历|education(?:al)?(?: background| experience)?",
    "work": "(?:实习|工作|实践|兼职|职业|任职|社会实习)(?:经历|经验|情况|背景)?(?:与|和|及|/)?(?:实习|工作|兼职|实践)?(?:经历|经验)|(?:教学"
    "|支教|临床|护理|销售|创业|任职|参军|入伍|服役|基层|挂职|见习|培训|科室轮转|轮转)(?:经历|经验)|(?:工作|实习|学习)情况|实习(?:与|和|及)工作|工作|实习|教学|(?:work|internship|working"
    "|professional)(?: experience)?s?",
    "project": "(?:(?:课程|科研|实训|参与|主要|毕业|个人|开源|竞赛)*项目|科研|研究|毕业设计|课程设计|作品|实训|竞赛)(?:经历|经验|实践|成果"
    "|集|展示)?|projects?(?: experience)?|research(?: experience)?",
    "campus": "(?:校园|校内|在校|学生工作|社团|社会|学生干部|志愿|志愿者|学生会|公益|校园实践|社会实践)(?:经历|经验|实践|活动|服务|任职|职务"
    "|工作)+|学生工作|社会实践|社团活动|志愿服务|校园|校内|实践|leadership|activities",
    "skills": "(?:专业|个人|职业|核心|it|计算机|办公|软件)?(?:技能|能力)(?:特长|水平|掌握|清单|专长)?|技能特长|掌握技能|语言能力|外语水平"
    "|语言水平|计算机水平|语言|技术栈|专业特长|特长|skills?",
    "awards": "(?:获奖|荣誉|奖项|奖励|所获荣誉|奖惩|竞赛获奖)(?:经历|情况|奖项|奖励|荣誉|证书)*|honou?rs?|awards?",
    "certificates": "(?:资格|职业|技能|专业|所获|相关|职业资格|获得)?(?:证书|资格证|认证)(?:情况)?|certificates?|certifications?",
    "self": "(?:自我|个人|综合)(?:评价|总结|介绍|描述|优势|简介|陈述|鉴定|小结)|关于我|about me|summary",
    "interests": "(?:兴趣|个人|业余)?(?:爱好|兴趣)(?:特长|爱好)?|interests?|hobbies",
    "courses": "(?:主修|专业|核心|相关|主要)课程",
    "other": "其他(?:信息)?|附加信息|附件|论文|发表论文|论文发表|专利|语言与其他|补充信息|推荐人|证明人|家庭情况|家庭成员|publications?",
}
"""What a heading is called, as pattern."""
NAMES = {
    "basic": "个人信息",
    "intent": "求职意向",
    "education": "教育背景",
    "work": "实习/工作经历",
    "project": "项目经历",
    "campus": "校园与实践",
    "skills": "技能",
}
"""The sections that remarks name."""
TIMED = ("education", "work", "project", "campus")
TOLD = ("work", "project", "campus")
"""Where things done are told."""
BULLET = re.compile(r"\s*(?:[•●▪◆■·➢✓✔►▶○◇★☆▲※*]|[-–—](?=[^\d])|[(（]?\d{1,2}[)）、.．](?!\d)|[①-⑳])\s*")
DECORATION = re.compile(
    r"^[\s|/#>【\[「《<=_•●▪◆■·➢►▶○◇★☆▲※*—-]*(?:[一二三四五六七八九十]{1,2}[、.]|\d{1,2}[、.](?!\d)|[a-z] ?(?=[\u4e00-\u9fff]))?\s*"
)
KINDS = "|".join(f"(?P<{kind}>{words})" for kind, words in HEADINGS.items())
JOIN = r"\s?(?:与|和|及|、|&|/|\||以及)\s?"
ANY = "|".join(HEADINGS.values())
WHOLE = re.compile(rf"(?:{KINDS})(?:{JOIN}(?:{ANY}))?(?:[((][^()]{{1,12}}[))])?\s*[a-z ]{{0,30}}[\s:|/】\]」》>=_—-]*$")
INLINE = re.compile(rf"(?:{KINDS})(?:{JOIN}(?:{ANY}))?\s?(?::|】|\])\s*(?=\S)")
SPACED = re.compile(
    r"(?P<education>教育背景|教育经历)|(?P<work>(?:实习|工作|实践)(?:经历|经验))|(?P<project>项目(?:经历|经验))"
    r"|(?P<campus>校园经历|社团经历|社会实践)"
    r"|(?P<skills>专业技能|技能证书)|(?P<self>自我评价)|(?P<intent>求职意向)|(?P<awards>获奖经历|荣誉奖项)"
)
WITHIN = re.compile(r"(?:技术栈|技能|项目|作品|成果|研究|竞赛|语言|实习|特长|能力)(?:成果)?\s?:")
"""What stands inside the telling of a job as well as over a section."""
SPACED_END = re.compile(r" +(?=\S)")

DAY = r"(?:(?<!\d)(?:19|20)\d\d|(?<![\d.])[12]\d(?=[./年]\d))"
MONTH = (
    rf"(?P<y{{0}}>{DAY})(?: ?[-./年] ?(?P<m{{0}}>0?[1-9]|1[0-2])(?!\d)"
    rf"(?: ?(?:[./月]|(?<=-\d\d)-) ?(?:0?[1-9]|[12]\d|3[01])日?(?!\d))?|(?= ?(?:年|-|至|到"
    r"|$|\s|[,。)]))) ?[年月]?"
)
PERIOD = re.compile(
    rf"{MONTH.format(1)}(?: ?(?:-+|至|到| ) ?(?:(?P<now>至今|今|现在|目前|now|present)|{MONTH.format(2)}|(?P<m3>0?[1-9]|1[0-2])(?=月|[\s,)]|$)月?))?"
)
PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)")
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,32}){1,4}")
NAME = re.compile(r"(?:姓\s*名\s*:?\s*)?([\u4e00-\u9fff](?: ?[\u4e00-\u9fff·]){1,4})(?=$|[\s|,/(:])")
NOT_NAME = re.compile(r"简历|求职|应聘|教育|大学|学院|公司|实习|个人|信息|联系|电话|姓名|性别|专业|本科|工程|运营|经历|岗位|技能")
LIVES = re.compile(
    r"(?:现居地?|现住址?|所在地|居住地|现居住地|常住地?|所在城市|期望城市|意向城市|工作地点|期望地点|地点|城市|现居住|地址|住址)\s?:?\s?[\u4e00-\u9fff]{2}|现居[\u4e00-\u9fff]{2}"
)
INTENT = re.compile(
    r"(?:(?:求职|应聘|意向|岗位)(?=\s?:)|求职意向|求职目标|应聘岗位|应聘职位|意向岗位|期望岗位|期望职位|目标岗位|求职岗位|意向职位|求职方向)\s?:?\s?(?P<job>[^\n|]{2,40})"
)


def plain(text: str) -> str:
    """Half width, one dash, simplified, letter by letter: places stay, capitals too."""
    return text.translate(SEEN)


SEEN = {code: sign for code, sign in FORM.items() if not 65 <= code <= 90}


@dataclass(frozen=True, slots=True)
class Section:
    """`title` and `body` are places in the text; the title is empty for what stands before the first heading."""

    kind: str
    title: tuple[int, int]
    body: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Period:
    """Months counted from year 0; `end` None: until now. `exact`: both ends tell the month."""

    start: int
    end: int | None
    span: tuple[int, int]
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """One school, job or project: its head line and what is told of it, with places of each line."""

    kind: str
    head: tuple[int, int]
    period: Period | None
    names: tuple[Entity, ...]
    lines: tuple[tuple[int, int], ...]
    confidence: float = 0.9

    def named(self, *kinds: str) -> str:
        return next((entity.text for entity in self.names if entity.kind in kinds), "")


@dataclass(frozen=True)
class Resume:
    """One résumé, read. `text` as given, `seen` in one form of signs; all places are good for both."""

    text: str
    sections: tuple[Section, ...]
    items: tuple[Item, ...]
    seen: str = field(repr=False)

    def of(self, *kinds: str) -> list[Section]:
        return [section for section in self.sections if section.kind in kinds]

    def has(self, *kinds: str) -> bool:
        return any(self.text[slice(*section.body)].strip() for section in self.of(*kinds))

    def rows(self, *kinds: str) -> Iterator[tuple[int, int]]:
        """The lines of these sections."""
        for section in self.of(*kinds):
            yield from lines(self.text, *section.body)

    @cached_property
    def told(self) -> list[tuple[int, int]]:
        """The lines that tell what was done: of jobs, projects and campus, without heads."""
        return [line for item in self.items if item.kind in TOLD for line in item.lines]

    @cached_property
    def phone(self) -> tuple[int, int] | None:
        found = PHONE.search(self.seen)
        return found and found.span()

    @cached_property
    def email(self) -> tuple[int, int] | None:
        found = EMAIL.search(self.seen)
        return found and found.span()

    @cached_property
    def name(self) -> tuple[str, float]:
        """The person's name and how sure that is: the first short line that can be one."""
        for at, (start, end) in enumerate(lines(self.text, 0, len(self.text))):
            if at > 8:
                break
            line = self.seen[start:end]
            told = "姓名" in line.replace(" ", "")
            found = re.search(r"姓\s*名\s*:?\s*([\u4e00-\u9fff](?: ?[\u4e00-\u9fff·]){1,3})(?=\s|\||$)", line) if told else NAME.match(line.strip())
            if found and not NOT_NAME.search(name := found[1].replace(" ", "")) and 2 <= len(name) <= 4:
                return name, 0.95 if told else 0.85 if at < 2 else 0.6
        return "", 0.0

    @cached_property
    def intent(self) -> tuple[int, int] | None:
        """Where the job is named that is wanted."""
        found = INTENT.search(self.seen)
        if found:
            return found.span("job")
        return next(iter(self.rows("intent")), None)

    @cached_property
    def level(self) -> Level | None:
        """The highest degree in the education part, else anywhere before the first job."""
        texts = [self.seen[slice(*section.body)] for section in self.of("education")] or [self.seen[:300]]
        levels = [
            read.value.level for text in texts for line in text.splitlines() for part in re.split(r"[\s,|、/]", line) if (read := degree(part)).value
        ]
        return max(levels, default=None)

    @cached_property
    def graduation(self) -> int | None:
        """The month the last schooling ends, in months from year 0."""
        ends = [
            item.period.end
            for item in self.items
            if item.kind == "education" and item.period and item.period.end and item.named("school", "degree", "major")
        ]
        return max(ends, default=None)

    def worked(self, today: int) -> int:
        """Months of jobs after graduation, none counted twice. Zero while at school."""
        since = self.graduation or today
        jobs = [item.period for item in self.items if item.kind == "work" and item.period]
        spans = sorted((max(job.start, since), today if job.end is None else job.end + 1) for job in jobs)  # both months of an ended one count
        total, last = 0, 0
        for start, end in spans:
            total += max(0, end - max(start, last))
            last = max(last, end)
        return total


def lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Places of the lines that hold something, without the blanks around them."""
    for match in re.compile(r"[^\n]+").finditer(text, start, end):
        stripped = match.group().strip()
        if stripped:
            at = match.start() + match.group().index(stripped)
            yield at, at + len(stripped)


def heading(line: str) -> tuple[str, int] | None:
    """The kind of section that a line opens, and where in the line its content begins (its length: on the next line)."""
    start = DECORATION.match(line)
    at = start.end() if start else 0
    low = re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff] |[\u4e00-\u9fff]$)", "", line[at:].lower()) if len(line) < 24 else line[at:].lower()
    if len(low) <= 40 and (found := WHOLE.match(low)):
        return found.lastgroup or "", len(line)
    if BULLET.match(line):
        return None
    for pattern in (INLINE, SPACED):
        found = pattern.match(line[at:].lower())
        if found and pattern is SPACED:
            found = SPACED_END.match(line, at + found.end()) and found
        if found:
            return found.lastgroup or "", at + found.end()
    return None


def seems(text: str) -> bool:
    """Whether a text is surely a résumé or a part of one, not a question or a small word."""
    if len(text) < 40:
        return False
    found = read(text)
    signs = len(found.sections) > 1, bool(found.phone), bool(found.email), bool(found.items), text.count("\n") >= 5
    return sum(signs) >= 2


def read(text: str) -> Resume:
    """Reads any text; a text that is no résumé has no sections."""
    seen = plain(text)
    sections = tuple(sectioned(seen))
    items = tuple(item for section in sections if section.kind in TIMED for item in itemised(seen, section))
    return Resume(text, sections, items, seen)


def sectioned(seen: str) -> Iterator[Section]:
    kind, title, start = "", (0, 0), 0
    for at, end in lines(seen, 0, len(seen)):
        found = heading(seen[at:end])
        if found and found[0] != "courses" and not (kind in TOLD and WITHIN.match(seen, at, end)):
            yield Section(kind, title, (start, at))
            kind, title, start = found[0], (at, at + found[1]), at + found[1]
    yield Section(kind, title, (start, len(seen)))


def period(line: str, at: int = 0) -> Period | None:
    """The first time span of a line; `at` is added to its place."""
    for found in PERIOD.finditer(line):
        first, month = year(found["y1"]), found["m1"]
        if not month and not (found["y2"] or found["now"]):
            continue  # a year alone is a cohort, a prize, anything
        start = first * 12 + int(month or 9) - 1
        place = (at + found.start(), at + found.end())
        if found["now"]:
            return Period(start, None, place, bool(month))
        if found["y2"] or found["m3"]:
            end = (year(found["y2"]) if found["y2"] else first) * 12 + int(found["m2"] or found["m3"] or 6) - 1
            return Period(start, end, place, bool(month and (found["m2"] or found["m3"])))
        return Period(start, start, place)
    return None


def year(written: str) -> int:
    return int(written) if len(written) == 4 else 2000 + int(written)


def itemised(seen: str, section: Section) -> Iterator[Item]:
    """The items of a section: each begins with a line that is dated, or names a school or an organisation and tells nothing yet."""
    heads: list[tuple[int, int, Period | None]] = []
    rows = list(lines(seen, *section.body))
    for number, (at, end) in enumerate(rows):
        line = seen[at:end]
        when = period(line, at)
        spans = when and when.end != when.start and len(line) < 40
        if BULLET.match(line) and not (spans and when and (when.span[0] - at < 6 or at + len(line) - when.span[1] < 3)):
            continue
        if when and len(line) <= 80 and (when.span[0] - at < 10 or at + len(line) - when.span[1] < 14):
            rest = line.replace(seen[slice(*when.span)], "").strip(" |()-:")
            above = rows[number - 1] if number else None
            lone = len(rest) <= 2 and above and not (heads and heads[-1][0] == above[0] and heads[-1][2])
            if lone and above and heads and heads[-1][0] == above[0]:
                heads[-1] = (*above, when)
            elif lone and above and not BULLET.match(seen[above[0] : above[1]]) and above[1] - above[0] <= 40:
                heads.append((*above, when))
            else:
                heads.append((at, end, when))
        elif len(line) <= 40 and not re.search(r"[。;,:]|、.*、", line) and is_head(line, section.kind, first=not number):
            heads.append((at, end, None))
    heads = merged(heads, rows, section.kind)
    for number, (at, end, when) in enumerate(heads):
        until = heads[number + 1][0] if number + 1 < len(heads) else section.body[1]
        told = tuple(row for row in rows if end <= row[0] < until and not (when and row[0] <= when.span[0] < row[1]))
        names = named(seen, (at, end), section.kind) or (named(seen, told[0], section.kind) if told else ())
        yield Item(section.kind, (at, end), when, names, told, 0.9 if when and names else 0.6)


def named(seen: str, place: tuple[int, int], kind: str) -> tuple[Entity, ...]:
    """What a head line names, by its place in the text; a subject beside a school is a major without that word."""
    line = head_text(seen[slice(*place)])
    found = [Entity(each.kind, each.text, (place[0] + each.span[0], place[0] + each.span[1])) for each in entities(line)]
    if kind == "education" and all(each.kind != "major" for each in found):
        taken = {at for each in found for at in range(*each.span)}
        tokens = (token for token in re.finditer(r"[^\s,|/()、]+", line) if place[0] + token.start() not in taken)
        subject = next((token for token in tokens if re.fullmatch(rf"[\u4e00-\u9fff]{{0,12}}{MAJOR_END}(?:专业)?(?:类)?", token.group())), None)
        if subject:
            found.append(Entity("major", subject.group(), (place[0] + subject.start(), place[0] + subject.end())))
    return tuple(found)


def merged(heads: list[tuple[int, int, Period | None]], rows: list[tuple[int, int]], kind: str) -> list[tuple[int, int, Period | None]]:
    """A line with a name and the dated line right below it are one head; so are a dated line and an undated name below it."""
    out: list[tuple[int, int, Period | None]] = []
    order = {row[0]: number for number, row in enumerate(rows)}
    for head in heads:
        last = out[-1] if out else None
        if last and order[head[0]] - order[last[0]] == 1 and (last[2] is None) != (head[2] is None) and kind != "education":
            out[-1] = (last[0], head[1], last[2] or head[2])
        else:
            out.append(head)
    return out


DONE = re.compile(r"(?:主要|独立|日常)?(?:负责|参与|参加|协助|配合|帮助|完成|组织|带领|撰写|整理|策划|对接|统计|管理)")
"""What a line begins with that tells what was done and heads nothing."""


def is_head(line: str, kind: str, *, first: bool) -> bool:
    if DONE.match(line):
        return False
    kinds = {entity.kind for entity in entities(head_text(line)) if entity.kind != "organisation" or len(entity.text) >= 4}
    if kind == "education":
        return "school" in kinds
    return first or ("organisation" in kinds and len(line) <= 30) or ("title" in kinds and bool(re.search(r"[ |]", line)) and len(line) <= 30)


def head_text(line: str) -> str:
    """A head line without its time, blanks as stops; places stay."""
    return PERIOD.sub(lambda found: "," * len(found.group()), line).replace("|", ",")
