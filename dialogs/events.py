"""Dated events in stated clauses: which date belongs to 毕业, 入职, 退伍… Reads dates through `dates`, sets no field."""

from __future__ import annotations

import re
from datetime import date

from dialogs import dates, sayings
from dialogs.clauses import Said

EVENT = re.compile("|".join(f"(?P<{name}>{words})" for name, words in sayings.TABLE["events"].items()))
REGISTERED = (("unemployed", "失业|没工作|待业"), ("other", "灵活"), ("business", "合作社|个体|公司|店|企业|工作室|执照"))
"""What a bare 登记的 registers, by the first of these that is spoken of."""
LOWER = re.compile(r"(?<!从)(?:普高|高中|初中|小学)(?:是|\d|[年月的])*$")
"""The school whose leaving is not the graduation that counts."""
OF_WORK = re.compile(r"(?:公司|单位|厂里?|店里?|部队)[^。]{0,12}出来|出来[^。]{0,6}从")
"""从公司出来: no school is left there."""
ARMY = re.compile(r"退[役伍]|复[员原]|当的?[^,]{0,4}兵|当(?:了|过|完)[^,]{0,5}兵|入伍|参军|部队|走的?兵|军士|士官|义务兵|服役|兵役|[春秋]季兵")
"""Among soldiers 走的 is the joining and 回来 the leaving."""
BACK_AT_SCHOOL = ("复学", "入学", "休学")
"""当过两年兵,去年复学: among soldiers these dates are of school, and none is the graduation."""
SERVICE = {event: sayings.pattern(said) for event, said in sayings.TABLE["army"].items()}
MORE_EXACTLY = re.compile(
    r"(?:也)?(?:就是|即|具体(?:是|点)?|确切|准确|好像是?|大概)|\d{1,2}月(?:\d{1,2}[号日])?(?:去的|进的?|到的?|走的)(?:部队|连队|兵)"
)
"""17 年秋天当的兵,具体 9 月 10 号: the month is of the year said before."""
OTHER_PAPERS = re.compile(r"教师|教资|资格|执照|残疾|低保|退[役伍]|驾|结婚|对象|老公|老婆|[工师员]证|[一二三四六八]级|从业|职称|失业|困难")
SCHOOLED = re.compile("毕业|本科|专科|大专|硕士|博士|研究生|中专|技校|高职|自考|成[教考]|函授|届|大学|学院|专业|护理|延毕")
"""证上日期是…: a paper of school where one is spoken of and no other paper."""
UNTIL = re.compile(r"(?:到|至|截止|不到|超过|不是)$")
ALONE = re.compile(
    r"(?:但|可|不过)?(?:我|他|她|本人)?(?:还|清楚)*(?:记得|印象中|印象里|好像)?(?:也|就|都|才|应该|其实|大概|时间|日期|具体|身份证上|(?:准确|确切|严格|精确)[点地的来]{0,2}[说讲]?)*(?:[在去到](?:社区|街道|网上|人社局?|窗口|老家|手机上?|区里|县里))?(?:是|在|于)?(?:批|办|领|拿|做|签|弄|登|发|印|写|盖)?(?:下来|到手?)?(?:的|吧|左右|份|初|底|这天|那天)*"
)


def service(clause: str) -> list[tuple[int, int, str]]:
    """Joining and leaving in the words of soldiers."""
    return [(mark.start(), mark.end(), event) for event, pattern in SERVICE.items() for mark in pattern.finditer(clause)]


def named(mark: re.Match[str], clause: str, whole: str) -> str:
    """The event that a mark stands for in its clause."""
    event = mark.lastgroup or ""
    if event == "paper":
        return "other" if OTHER_PAPERS.search(whole) or not SCHOOLED.search(whole) else "graduation"
    if event == "graduation" and (LOWER.search(clause[: mark.start()]) or (mark[0].endswith("出来") and OF_WORK.search(whole))):
        return "other"
    return event


def bound(said: Said, today: date) -> dict[str, str]:
    """Each dated event and its date: the event word that follows the date in its clause, else the one before it."""
    found: dict[str, str] = {}
    last = ""
    army = bool(ARMY.search(said.whole))
    year = ""
    for clause in said.own:
        marks = [(mark.start(), mark.end(), named(mark, clause, said.whole)) for mark in EVENT.finditer(clause)]
        if army:
            kept = (mark for mark in marks if mark[2] not in ("other", "hired") or clause[mark[0] : mark[1]] in BACK_AT_SCHOOL)
            marks = sorted([*kept, *service(clause)])
        days = list(dates.find(clause, today))
        if year and MORE_EXACTLY.match(clause):
            days = [day if clause[day.start : day.end].find("年") > 0 else dates.Dated(day.start, day.end, year + day.value[4:]) for day in days]
        year = days[-1].value[:4] if days and re.search(r"\d年|[去前今]年", clause) else year if not days else ""
        if army and len(days) == 2 and not marks and re.fullmatch(r"[年月日号份]*[-—~–到至]+", clause[days[0].end : days[1].start]):
            found |= {"enlisted": days[0].value, "retired": days[1].value}
            continue
        for order, day in enumerate(days):
            if (UNTIL.search(clause[: day.start]) and not re.match("[年月]?份?才", clause[day.end :])) or re.match(r"级|入学|届", clause[day.end :]):
                continue
            limit = days[order + 1].start if order + 1 < len(days) else len(clause)
            after = [mark for mark in marks if day.end <= mark[0] <= min(limit, day.end + 14) or day.end - 1 <= mark[0] < day.end]
            before = [mark for mark in marks if mark[1] <= day.start and (order == 0 or mark[0] >= days[order - 1].end)]
            event = after[0][2] if after else before[-1][2] if before else ""
            if not event and re.search(r"\d", clause) and ALONE.fullmatch(clause[: day.start] + clause[day.end :].lstrip("年月日号份初底末中")):
                event = "birth" if 1975 <= int(day.value[:4]) <= today.year - 15 else last
            elif not event and said.corrected:
                event = last or ("graduation" if re.search("毕业(?!生)", said.whole) else "")
            if event:
                keep = found.get(event)
                degree_alone = "学位" in clause and "毕业" not in clause
                if event != "graduation" or keep is None or said.corrected or (day.value[:4] >= keep[:4] and not degree_alone):
                    found[event] = day.value
                later = [mark for mark in marks if mark[0] > day.end]
                last = later[-1][2] if later and order + 1 == len(days) else event
        if marks and not days:
            last = marks[-1][2]
    if registered := found.pop("registered", None):
        about = next((event for event, sign in REGISTERED if re.search(sign, said.whole)), None)
        return {about: registered, **found} if about else found
    return found
