"""What a line of a résumé names: schools, other organisations, titles, degrees, majors. By the words they end in; no list of names.

Looks at one line at a time and keeps positions. Knows no section.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["school", "organisation", "title", "degree", "major"]


@dataclass(frozen=True, slots=True)
class Entity:
    kind: Kind
    text: str
    span: tuple[int, int]


READ = 300
"""Characters of a line that are looked at."""
SCHOOL = (
    r"(?:职业技术|职业|技术|高等专科|师范|医学|财经|理工|科技|商|艺术|农业)*"
    r"(?:大学(?!生(?![物命态产理]))|学院|学校|专科学校|[中小]学(?!生)|党校|技校|研究生院|干校|夜大|电大)"
)
FIRM = (
    r"(?:(?:股份|责任|控股|集团|有限|总|分|子)+公司|公司|集团|银行|[分支]行|总行|事务所|证券|信托|基金|保险|人寿|交易所|株式会社|合作社|商行|商店|商场|商城"
    r"|厂|矿务局|管理局|[^,、]{1,12}?局|厅|委员会|协会|学会(?!了|[如怎用使])|联合会|研究会|商会|基金会|理事会|工会|政协|人大|党委|团委|学生会|社团联合会|医院|门诊|诊所"
    r"|研究总?院|研究所|科学院|设计院|勘探院|出版社|报社|杂志社|电视台|旅行社|法院|检察院|政府|办事处|委办|海关|部队|总队|支队|大队|兵团|中心|幼儿园|酒店|饭店|宾馆"
    r"|药店|超市|门店|工作室|俱乐部|平台|传媒|科技|实业|网络|电器|股份|国际|软件|电子)"
)
SOFT = re.compile(r"(?:中心|平台|传媒|科技|实业|网络|电器|股份|国际|软件|电子|工会|党委|团委|证券|基金|保险|信托|工作室)$")
"""Ends that are an organisation only with a name before them and no department or title behind them."""
ORGANISATION = re.compile(rf"(?:{SCHOOL}|{FIRM})")
DEGREE = re.compile(
    r"(?:全日制|统招|在职|在读|双)*(?:(?:大学)?(?:本科|专科)|大专|中专|高中|初中|高职|中技|硕士|博士|学士|研究生|(?<![A-Za-z])(?:E?MBA|MPA(?:cc)?|MPACC)(?![A-Za-z])"
    r"|大学(?=学历|文化|毕业|程度|普通班))(?:研究生|后)?(?:普通班)?(?:学历|学位|文化程度|文化|在读|同等学力)*"
)
MAJOR_END = (
    r"(?:学|管理|工程|法律|会计|金融|贸易|经济|技术|设计|自动化|营销|营养|商务|外语|英语|日语|语言|文学|教育|护理|财务|审计|统计|计算机|软件|通信|电子|机械|土木|建筑|化工"
    r"|材料|物理|数学|化学|生物|制药|药学|医学|新闻|传播|播音|编导|表演|音乐|美术|动画|体育|采矿|冶金|地质|测绘|农学|林学|园艺|畜牧|兽医|物流|旅游|人力资源|心理|历史|哲学|政治"
    r"|应用|制造|控制|信息|投资|保险|税收|财政|财会|财税|统招)"
)
MAJOR = re.compile(
    rf"(?P<named>[A-Za-z\u4e00-\u9fff]{{2,20}}?(?:[((][\u4e00-\u9fff]{{2,8}}[))])?专业)(?!技术|知识|能力|技能|课|委员|学位|资格|人|的|性|化|成绩|排名|第|前|素|水|背)"
    rf"|(?P<before>[\u4e00-\u9fff]{{0,16}}(?<!大)(?<!中)(?<!小)(?<!医科大){MAJOR_END})(?=(?:在职|双|专业)?(?:硕士|博士|学士|本科|专科|大专|研究生|[、及]{MAJOR_END}))"
)
OFFICE = (
    r"(?:董事长|董事会?主席|总裁|总经理|经理|总监|主任|主管|董事|监事|主席|书记|委员|代表|秘书|助理|顾问|专员|参谋|秘书长|首席执行官|首席[\u4e00-\u9fff]{2,4}官"
    r"|(?<![成增擅特延身生周])长(?!期|沙|春|江|治|城|安|三角)|工程师|会计师|经济师|统计师|审计师|分析师|设计师|规划师|评估师|精算师|律师|药师|医师|护师|架构师|培训师|讲师|教师|老师"
    r"|教授|导师|研究员|助教|博士后|院士|专家|技术员|[业服售研审评估质库调施工管教安护司办科教驾营收导采试飞检统计评]务?员|成员|店员|会员|会计|出纳|干事|文员|干部|党员|团员|职员|合伙人|负责人"
    r"|理事|常委|编辑|记者|教练|客服|销售|护士|医生|翻译|策划|前台|实习生|志愿者|学徒|工人|知青|战士|班长|组长|校友|高工|CEO|CFO|COO|CTO|CIO|总工|副总|总编|法人|获得者"
    r"|产品运营|用户运营|新媒体运营|社群运营|内容运营|运营|开发|测试|前端|后端|程序员|创始人|发起人|召集人|保荐人|同学|访问学者|学者|员工|推广|管培生|店助|助管|收银员|促销员)"
)
TITLE = re.compile(rf"{OFFICE}(?:助理|[((][\u4e00-\u9fff]{{1,6}}[))])?")
TITLE_END = re.compile(rf"{OFFICE}(?:助理|[((](?:正|副|兼|代|主持|法定|法人|挂职|[\u4e00-\u9fff]{{1,5}}级)[\u4e00-\u9fff]{{0,5}}[))])?$")
CUT = re.compile(
    r"[,。;:!?|/\s]|(?<![A-Za-z\d])-|[·•]|(?:19|20)\d\d(?:[-./年]\d{0,2}(?:[-./月]\d{0,2}日?)?月?)?(?:出)?生?|至今|(?<=年)月|至(?=[^\u4e00-\u9fff])|(?<=[年月])[起至]"
    r"|(?:曾经?|先后|历|现|兼|担|出|聘|连|继续|同时|并|一直|目前|均|长期|期间|陆续|后|后又|又|再)*(?:任职于|任职|就职于|供职于|(?<![主责信])任|担任|兼职)(?!务|教(?!授|师)|期|命|意|何|免)"
    r"|(?:毕业|就读|进修|工作|服务|来自|属|隶属|创办|始建|始|成立|现就职)于|就职|供职|受聘(?:为|于)?|被?聘请?为|当选为?|入选|加入|进入|分配到|调入|借调|下放|获得?|取得|持有|拥有|师从|荣获|被评为|系(?!统|主任|列)"
    r"|(?<![存现所潜])在(?!职|线|读|校|研|编|任)|(?<=[,。; ])(?:和|与|及|其中)|就读(?!于)|调[至往到]|改制为|更名为|合并为|辞去|不再|分管|享受"
    r"|也是|同时是|颁发|存在|持有"
    r"|工作(?!人员|室|站|部|委|处|组|办|者|队|局|小组)|学习|进修|研修|毕业(?!证|生|论文|设计)|从事|负责|参加|退休|离职|出生|(?<=[\u4e00-\u9fff])[一二]?等职?(?:务)?(?=$|[,。;])|职务|一职|之职"
)
SPLIT = re.compile(
    r"、(?![一二三四五六七八九十]+届)|兼(?!职)|以及|并(?!购)|(?<=[长理任事记员师监裁席授表书官])(?:及|和|与|暨)|(?<=公司|大学|学院|集团)(?:及|和|与)"
)
LEAD = re.compile(
    r"^(?:(?:之|于|在|为|任|是|系|曾|现|兼|历|的|和|与|及|由|至|自|从|到|以|其|该|并|后(?![端勤期])|原|年|月|日|起|先后|同时|期间|先生|女士|男|女|[)）\]】\"”》、])+)(?!.{0,1}$)"
)
OTHER_TITLES = re.compile(r"中共党员|共青团员|预备党员|民盟盟员|九三学社社员")
UNIT = re.compile(
    r"[\u4e00-\u9fff]{1,10}?(?:系(?!统|列|主任)|学院|研究生院|教研室|研究中心|研究所|分院|分校|团委)(?=$|[\u4e00-\u9fff]{0,6}(?:员|师|主任|书记|长)$)"
)
"""A part of a school that belongs to its name."""
RANK = (
    r"(?:副|正|常务|执行|高级|独立|首席|代|助理|名誉|荣誉|外部|内部|职工|法人|特约|客座|兼职|资深|中级|初级|第[一二三四五六七八九十、]+届"
    r"|总|监事会|董事会|党委|纪委|工会)"
)
FUNCTION = re.compile(
    r"(?:[部处科室组办系队班团社]|车间|中心|财务|人事|人力|资源|行政|市场|营销|销售|技术|生产|研发|开发|投资|项目|产品|运营|质量|采购|法务|法律|审计|工程|设备|安全|物流|客户|渠道"
    r"|品牌|业务|会计|管理|经营|战略|发展|信息|软件|系统|数据|算法|测试|设计|工艺|培训|教学|课程|大区|区域|片区|事业|办公|助理|[^\u4e00-\u9fff]|分析|证券事务|专业|地区|级|届|学生"
    r"|课题|小组|注册|政工|律|化|药|新媒体|内容|用户|活动|宣传|外联|文艺|学习|生活|实践|策划|主持|总|首席|高级|教授|实习|见习|语文|数学|英语|任课)"
)
"""Words for what somebody does, not for where."""


def chunks(seen: str, start: int = 0) -> Iterator[tuple[int, str]]:
    """The parts between stops and verbs, each with its place."""
    last = start
    for stop in CUT.finditer(seen):
        if stop.start() > last:
            yield last, seen[last : stop.start()]
        last = max(last, stop.end())
    if last < len(seen):
        yield last, seen[last:]


def parts(at: int, text: str) -> Iterator[tuple[int, str]]:
    last = 0
    for stop in SPLIT.finditer(text):
        inside = text[last : stop.start()]
        if inside.count("(") > inside.count(")"):
            continue
        yield at + last, inside
        last = stop.end()
    yield at + last, text[last:]


def balanced(text: str) -> str:
    """Without a bracket that is not closed."""
    if text.count("(") > text.count(")"):
        return text[: text.rindex("(")]
    return text


def organisation_end(text: str) -> int:
    """Where the organisation at the start of a part ends; 0: it names none."""
    ends = [match for match in ORGANISATION.finditer(text) if not text.startswith(("化", "部", "长"), match.end()) or match.group().endswith("公司")]
    best = 0
    for match in ends:
        between, rest = text[best : match.start()], text[match.end() :]
        soft = SOFT.search(match.group())
        if best and (soft or TITLE.search(between) or (not between and not re.match(r"[分支子总]", match.group()))):
            if re.match(r".*公司|集团|[分支]行|研究|管理学院|学院", match.group()) and not TITLE.search(between):
                best = match.end()
            continue
        if soft and (len(text[: match.start()]) < 2 or re.match(r"[\u4e00-\u9fff]{0,8}(?:公司|集团)", rest)):
            continue
        if soft and len(text) > match.end() and not TITLE.match(rest):
            continue
        if TITLE.search(text[: match.start()]) and not best and re.search(r"(?:部|处|科|室|办)$", text[: match.start()]):
            continue
        best = match.end()
    if best and (unit := UNIT.match(text, best)):
        best = unit.end()
    return best or bare_end(text)


def bare_end(text: str) -> int:
    """Where a name without the word for its kind ends, as 上海电力 in 上海电力独立董事; 0 if what stands before the title may be part of it."""
    title = re.search(rf"{RANK}*{OFFICE}$", text)
    before = text[: title.start()] if title and title.group() != "长" else ""
    return len(before) if len(before) >= 4 and not FUNCTION.search(before) else 0


def named(at: int, text: str) -> Iterator[Entity]:
    """The organisation and the title of one part."""
    lead = LEAD.match(text)
    if lead:
        at, text = at + lead.end(), text[lead.end() :]
    text = balanced(text)
    if DEGREE.fullmatch(text) or len(text) < 2:
        return
    end = organisation_end(text)
    rest = text[end:].lstrip(")")
    start = at + len(text) - len(rest)
    if end:
        name = text[:end]
        school = re.search(rf"{SCHOOL}$", name) is not None
        yield Entity("school" if school else "organisation", name, (at, at + end))
    if not rest or len(rest) > 22:
        return
    if end and (lead := re.match(r"的?", rest)) and lead.end():
        rest, start = rest[lead.end() :], start + lead.end()
    if TITLE_END.search(rest):
        yield Entity("title", rest, (start, start + len(rest)))


def entities(seen: str) -> list[Entity]:
    """What a line names, in its order. `seen` is in one form of signs (half width); positions are those of `seen`."""
    seen = seen[:READ]
    found: list[Entity] = []
    taken = [False] * len(seen)

    def take(entity: Entity) -> None:
        start, end = entity.span
        if start < end and not any(taken[start:end]):
            taken[start:end] = [True] * (end - start)
            found.append(entity)

    for match in MAJOR.finditer(seen):
        group = "named" if match["named"] else "before"
        start, end = match.span(group)
        cut = [
            stop.end()
            for stop in re.finditer(rf"{SCHOOL}|系(?!统)|[学]?院|[的于读获任,、为]|取得|毕业|主修|攻读|所学|博士|硕士|学士", seen[start:end])
            if start + stop.end() < end - 1
        ]
        start = max([start, *(start + stop for stop in cut)])
        if end - start >= 2 and seen[start:end] not in ("大学", "专业", "本专业", "相关专业", "同学", "在职", "管理学院"):
            take(Entity("major", seen[start:end], (start, end)))
    for match in DEGREE.finditer(seen):
        if not re.match(r"生?(?:导师|指导|学校|学院|院|部|处)|生源|教育", seen[match.end() :]):
            take(Entity("degree", match.group(), match.span()))
    for match in OTHER_TITLES.finditer(seen):
        take(Entity("title", match.group(), match.span()))
    for at, chunk in chunks(seen):
        for place, part in parts(at, chunk):
            for entity in named(place, part):
                take(entity)
    return sorted(found, key=lambda each: each.span)
