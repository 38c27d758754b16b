"""Looking for work in the chat: a search in one's own words, cards with reasons, what somebody does with a card, and the wish that is kept.

The catalogue is read from the turn's world; what must be stored is an effect. What a conversation looks for stands in its memo.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from dialogs import notices, questions
from dialogs.effects import Asked, CompareResume, KeepWish, Mark, OpenCase, Showed, Unmark, WantNews
from dialogs.messages import Choice
from dialogs.turn import Turn
from knowledge.postings import families, reasons
from knowledge.postings.asked import read
from knowledge.postings.catalogue import bare
from knowledge.postings.match import NEUTRAL, Feedback, Match
from knowledge.postings.posting import ACTIONS, RHYTHMS
from knowledge.postings.terms import SAID
from knowledge.postings.wanted import Wanted

PAGE = 3
"""Cards at once: what a phone shows without scrolling."""
REMEMBERED = 120
"""Cards a conversation remembers as shown or marked."""
EDITS = timedelta(hours=2)
"""So long after a search a few words change it."""
SEEKS = re.compile(
    r"(?:找|求|想要?|推荐|看看|换)(?:一?[个份些点])?[^,。??]{0,10}?(?:工作|岗位|职位|实习|兼职|活干)|(?:有没有|有什么|有哪些|哪里有|还有)[^,。??]{0,12}?(?:工作|岗位?|职位|招聘|在招|招人|实习|招)"
    r"|在招|招聘信息|(?:岗位|职位)推荐"
)
ASKS = re.compile(
    r"补贴|补帖|政策|登记|社保|合同|违法|合法|怎么办|怎么申请|怎么报|条件|材料|能领|算不算|可以吗|骗|押金|试用期|违约|档案|户口|三方|条例|规定"
    r"|没找|找不|找了|没人要|没一个|怎么|焦虑|迷茫|压力|难"
)
"""Questions and complaints, which are no search."""
CHANGES = re.compile(
    r"^(?:那)?(?:不要|别推|换成?|改成?|只要|只看|加上|再加|去掉|外地|异地|工资|月薪|薪资|要双休|要包|远程|不限)|(?:也行|也可以|以上|就行|呢)$"
)
UNFIT = {"far": "太远", "pay": "工资低", "kind": "不是我想做的", "firm": "不想去这家", "other": "别的原因"}
ASK = "想找什么样的?一句话就行,比如「贵阳 会计 5000以上 双休」。"
EMPTY = "我手上现在没有在招的岗位,老师导入以后就能帮你找。"
TELLING = re.compile(r"[我你他她了说欠才]|还(?!款)|那家|这家")
"""In a title: a sentence was taken for one."""
NONE_FIT = "按这些条件没找到合适的:\n{filters}\n放宽一条再试,比如「外地也行」「工资不限」。"
APPLIED_AFTER = timedelta(days=7)
LIKING = {"kind": 0.7, "saved": 1.15, "applied": 1.15}
"""What a mark makes of the score of its kin."""


def seek(turn: Turn) -> dict[str, Any]:
    found: dict[str, Any] = turn.place.memo.setdefault("seek", {})
    return found


def wanted_of(turn: Turn) -> Wanted:
    return Wanted.from_json(seek(turn).get("wanted", {}))


def begin(turn: Turn) -> None:
    """「找工作」: with what is known of the person, else asks."""
    if not len(turn.world.vacancies.catalogue):
        return turn.say(EMPTY, notices.TO_PLATFORMS, notices.TO_HUMAN, notices.TO_MENU)
    wanted = wanted_of(turn)
    if not wanted.titles and not wanted.places and not turn.person.profile.get("major"):
        seek(turn)["asking"] = True
        return turn.say(ASK, notices.TO_MENU)
    return show(turn, wanted)


def asking(turn: Turn) -> bool:
    return bool(turn.place.memo.get("seek", {}).get("asking"))


def sought(turn: Turn) -> bool:
    """Whether a message looks for work, or changes the search before; then it is answered here."""
    text, memo = turn.text, turn.place.memo.get("seek", {})
    asking = memo.pop("asking", False)
    if ASKS.search(text) or len(text) > 80:
        return False
    said = read(text)
    if not said.to_json():
        return False
    if memo.get("at") and CHANGES.search(text) and turn.now.timestamp() - memo["at"] < EDITS.total_seconds():
        show(turn, merged(wanted_of(turn), said, text))
        return True
    known = any(families.of_title(bare(title)) for title in said.titles if not TELLING.search(title))
    filters = sum(map(bool, (said.places, said.least, said.asks, said.years is not None, said.kinds, said.degree)))
    named = known and filters and not questions.shaped(text)
    explicit = SEEKS.search(text) and (known or said.places or said.kinds)
    if not (explicit or named or (asking and not questions.shaped(text))) or (not asking and policy(turn)):
        return False
    if len(turn.world.vacancies.catalogue):
        show(turn, said)
    else:
        turn.say(EMPTY, notices.TO_PLATFORMS, notices.TO_HUMAN, notices.TO_MENU)
    return True


def policy(turn: Turn) -> bool:
    """Whether the message is surely about an entry; where one finds work may be searched for as well, unless there is nothing to search."""
    found = turn.world.search.search(turn.text)
    return found.zone == "answer" and (not found.hits[0].id.startswith("PLT") or not len(turn.world.vacancies.catalogue))


def merged(before: Wanted, said: Wanted, text: str) -> Wanted:
    """The search before with what was said now: titles, places, pay and kinds instead, wishes and exclusions besides."""
    new = replace(
        before,
        titles=said.titles or before.titles,
        places=said.places or before.places,
        anywhere=said.anywhere or (before.anywhere and not said.places),
        kinds=said.kinds or before.kinds,
        least=said.least or before.least,
        degree=said.degree if said.degree is not None else before.degree,
        years=said.years if said.years is not None else before.years,
        asks=tuple(dict.fromkeys((*before.asks, *said.asks))),
        without=tuple(dict.fromkeys((*before.without, *said.without))),
    )
    if re.search(r"(?:工资|薪资|月薪)不限", text):
        new = replace(new, least=None)
    return replace(new, titles=tuple(title for title in new.titles if title not in new.without))


def show(turn: Turn, wanted: Wanted, *, more: bool = False) -> None:
    """The next cards for what is wanted, with what can be done about them."""
    memo = seek(turn)
    if wanted != wanted_of(turn):
        memo["page"] = []
    memo |= {"wanted": wanted.to_json(), "at": turn.now.timestamp()}
    memo.pop("asking", None)
    whole = wanted.of(turn.person.profile)
    hidden = {*memo.get("page", []), *(int(number) for number, action in memo.get("marks", {}).items() if action in ("unfit", "reported"))}
    found = turn.world.vacancies.rank(whole, PAGE, hidden, liking(turn))
    filters = "\n".join(f"· {line}" for line in reasons.spoken(wanted))
    change = Choice("改条件", "job/change")
    if not found:
        if more:
            return turn.say("合适的都看过了。改个条件再找,或者让我以后有了就告诉你。", change, Choice("有了告诉我", "job/subscribe"), notices.TO_MENU)
        return turn.say(NONE_FIT.format(filters=filters or "· 没有条件"), change, Choice("有了告诉我", "job/subscribe"), notices.TO_HUMAN)
    rows = turn.world.vacancies.catalogue.rows
    memo["page"] = [*memo.get("page", []), *(match.id for match in found)][-REMEMBERED:]
    turn.effects.append(Showed(tuple(match.id for match in found)))
    cards = [brief(number, rows[match.place], whole, match, turn.today) for number, match in enumerate(found, 1)]
    head = "再看几个:" if more else f"按这些条件找的:\n{filters}" if filters else "先看这几个:"
    buttons = [Choice(f"{number} {rows[match.place]['title'][:12]}", f"job/show/{match.id}") for number, match in enumerate(found, 1)]
    turn.say("\n\n".join((head, *cards)), *buttons, Choice("换一批", "job/more"), change, Choice("有新的告诉我", "job/subscribe"))
    return None


def brief(number: int, row: Mapping[str, Any], wanted: Wanted, match: Match, today: date) -> str:
    why = ";".join(reasons.why(row, wanted, match, today)) or "条件都够"
    lack = reasons.lacking(row, wanted, today)
    lines = [
        f"{number}. {row['title']} · {row['company'] or '单位没写'}",
        f"{reasons.where(row['places'])} · {reasons.pay(row)}",
        f"为什么推荐:{why}",
    ]
    return "\n".join((*lines, *([f"留意:{';'.join(lack)}"] if lack else [])))


def liking(turn: Turn) -> Feedback:
    """What the marks of this conversation say: families of unfit cards fall, those of saved ones rise."""
    kin: dict[int, float] = {}
    employers: dict[str, float] = {}
    memo, rows = seek(turn), turn.world.vacancies.by_id
    for number, action in memo.get("marks", {}).items():
        if row := rows.get(int(number)):
            why = memo.get("why", {}).get(number)
            if why == "firm":
                employers[row["company"]] = 0.3
            elif factor := LIKING.get(why if action == "unfit" else action):
                kin[families.of_title(bare(row["title"]))] = factor
    return Feedback(employers, kin) if kin or employers else NEUTRAL


def tap(turn: Turn, rest: str) -> None:
    """A button of a card or of a search."""
    what, _, more = rest.partition("/")
    if what == "more":
        return show(turn, wanted_of(turn), more=True)
    if what == "change":
        seek(turn)["at"] = turn.now.timestamp()
        said = "\n".join(f"· {line}" for line in reasons.spoken(wanted_of(turn))) or "· 还没有条件"
        return turn.say(
            f"现在的条件:\n{said}\n想改哪条直接说,比如「换成重庆」「工资六千以上」「不要销售」「外地也行」。", Choice("重新说", "job/anew")
        )
    if what == "anew":
        turn.place.memo["seek"] = {key: value for key, value in seek(turn).items() if key in ("marks", "why")} | {"asking": True}
        return turn.say(ASK)
    if what == "saved":
        return saved(turn)
    if what == "went":
        return turn.say(WENT.get(more, WENT["silence"]), Choice("看看新岗位", "job/more"), notices.TO_HUMAN)
    if what == "subscribe":
        return turn.say("有合适的新岗位,多久告诉你一次?", *(Choice(say, f"job/rhythm/{name}") for name, say in RHYTHMS.items() if name != "paused"))
    if what == "rhythm" and more in RHYTHMS:
        return keep(turn, more)
    number, _, action = more.partition("/")
    row = turn.world.vacancies.by_id.get(int(number)) if number.isdecimal() and len(number) < 18 else None
    if row is None:
        return turn.say("这个岗位已经下架或过期了,看看别的。", Choice("换一批", "job/more"), notices.TO_MENU)
    return card(turn, what, int(number), action, row)


def card(turn: Turn, what: str, number: int, action: str, row: Mapping[str, Any]) -> None:
    if what == "show":
        return full(turn, number, row)
    if what == "fit":
        return turn.effects.append(CompareResume(spelled(row)))
    if what == "unfit" and not action:
        return turn.say("哪里不合适?说了我少推这样的。", *(Choice(say, f"job/unfit/{number}/{name}") for name, say in UNFIT.items()))
    if what == "undo":
        seek(turn).get("marks", {}).pop(str(number), None)
        seek(turn).get("why", {}).pop(str(number), None)
        turn.effects.append(Unmark(number, action))
        return turn.say(
            f"好,「{row['title']}」的「{ACTIONS.get(action, '标记')}」撤掉了。", Choice("换一批", "job/more"), Choice("我的收藏", "job/saved")
        )
    kind = "unfit" if what == "unfit" else action
    if kind not in ACTIONS or what not in ("unfit", "mark"):
        return turn.say(notices.STALE_CHOICE, notices.TO_MENU)
    mark(turn, number, kind, action if what == "unfit" else "", row)
    return None


def mark(turn: Turn, number: int, action: str, why: str, row: Mapping[str, Any]) -> None:
    memo = seek(turn)
    memo["marks"] = dict([*memo.get("marks", {}).items(), (str(number), action)][-REMEMBERED:])
    if why:
        memo["why"] = {**memo.get("why", {}), str(number): why}
    due = turn.now + APPLIED_AFTER if action == "applied" else None
    turn.effects.append(Mark(number, action, UNFIT.get(why, ""), due))
    said = {
        "saved": f"收下了:「{row['title']}」。",
        "applied": "记下了,祝顺利。一周后我来问问进展,只问一次。",
        "unfit": "知道了,这样的少推给你。",
        "reported": "谢谢,老师会去核实;核实之前别交钱、别给证件原件和验证码。",
    }[action]
    if action == "reported":
        turn.effects.append(OpenCase("posting", f"举报岗位 {number}:{row['title']}({row['company']})"[:200]))
    turn.say(said, Choice("撤销", f"job/undo/{number}/{action}"), Choice("换一批", "job/more"), Choice("我的收藏", "job/saved"))


def full(turn: Turn, number: int, row: Mapping[str, Any]) -> None:
    """One card whole: what it says of itself, where it comes from, and what can be done."""
    wanted = wanted_of(turn).of(turn.person.profile)
    degree = "" if row["degree"] is None else SAID[row["degree"]]
    years = "" if row["years_low"] is None else "经验不限" if not row["years_low"] else f"{row['years_low']:g} 年经验"
    lines = [
        f"{row['title']} · {row['company'] or '单位没写'}",
        " · ".join(filter(None, (reasons.where(row["places"]), reasons.pay(row), degree, years))),
        shortened(row["text"]),
        f"留意:{';'.join(lack)}" if (lack := reasons.lacking(row, wanted, turn.today)) else "",
        f"截止:{row['deadline']:%Y-%m-%d}" if row["deadline"] else "",
        f"来源:{row['source']}" + (f",{row['posted']:%Y-%m-%d} 发布" if row["posted"] else "") + "。投之前核对单位,不交任何钱。",
        row["url"],
    ]
    buttons = [Choice(say, f"job/unfit/{number}" if name == "unfit" else f"job/mark/{number}/{name}") for name, say in ACTIONS.items()]
    turn.say("\n".join(filter(None, lines)), *buttons, Choice("我的简历合不合", f"job/fit/{number}"), Choice("换一批", "job/more"))


def spelled(row: Mapping[str, Any]) -> str:
    """A card as the text of a posting, what stands in its columns too."""
    degree = "" if row["degree"] is None else f"学历要求:{SAID[row['degree']]}"
    years = f"经验要求:{row['years_low']:g} 年以上" if row["years_low"] else ""
    return "\n".join(filter(None, (row["title"], row["text"], degree, years, f"工作地点:{reasons.where(row['places'])}")))


def at_hand(turn: Turn) -> dict[str, Mapping[str, Any]]:
    """Cards that were saved or shown last, by title."""
    memo, rows = seek(turn), turn.world.vacancies.by_id
    kept = [int(number) for number, action in memo.get("marks", {}).items() if action in ("saved", "applied")]
    numbers = [*reversed(kept[-PAGE:]), *reversed(memo.get("page", [])[-PAGE:])]
    return {rows[number]["title"][:14]: rows[number] for number in numbers if number in rows}


def shortened(text: str, most: int = 160) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= most else f"{plain[:most]}…"


def saved(turn: Turn) -> None:
    rows, marks = turn.world.vacancies.by_id, seek(turn).get("marks", {})
    kept = [(int(number), action) for number, action in marks.items() if action in ("saved", "applied")]
    if not kept:
        return turn.say("收藏还是空的。看到合适的点「感兴趣」就会收进来。", Choice("找工作", "open/vacancies"), notices.TO_MENU)
    lines = []
    for number, action in kept[-8:]:
        row = rows.get(number)
        lines.append(f"· {row['title']} · {row['company']}({ACTIONS[action]})" if row else "· 一个已经下架或过期的岗位")
    buttons = [Choice(rows[number]["title"][:14], f"job/show/{number}") for number, _ in kept[-8:] if number in rows]
    return turn.say("\n".join(("你收下的:", *lines)), *buttons, notices.TO_MENU)


def keep(turn: Turn, rhythm: str) -> None:
    """A wish is kept with its rhythm; unsubscribing from everything stops it too."""
    wanted = wanted_of(turn)
    turn.effects.append(KeepWish(wanted.to_json(), rhythm))
    if rhythm == "paused":
        return turn.say("好,岗位推荐先停了。想再收就说「订阅岗位」。", notices.TO_MENU)
    turn.place.memo.pop("quiet", None)
    turn.effects.append(WantNews())
    said = "、".join(line.partition(":")[2] for line in reasons.spoken(wanted)) or "你档案里的专业和学历"
    how = {"daily": "每天最多一条", "weekly": "每周一条", "urgent": "只在有快截止的好岗位时"}[rhythm]
    return turn.say(f"好,按「{said}」,{how}告诉你。不想收了说「退订岗位」。", Choice("改条件", "job/change"), notices.TO_MENU)


def follow_up(turn: Turn, rest: str) -> None:
    """A week after 已投递: asks once how it went, without pushing."""
    number = int(rest)
    turn.effects.append(Asked(number))
    if turn.place.memo.get("quiet"):
        return
    row = turn.world.vacancies.by_id.get(number)
    name = f"「{row['title']}」" if row else "上周投的那个岗位"
    turn.say(
        f"上周你投了{name},有回音了吗?没有也正常,不用急着回我。",
        Choice("约了面试", "job/went/interview"),
        Choice("没消息", "job/went/silence"),
        Choice("没成", "job/went/no"),
    )


WENT = {
    "interview": "太好了。面试前把自我介绍过一遍;收到录用先看清合同再签,拿不准就问我或者老师。",
    "silence": "两周内没消息很常见。可以打电话问一句,也接着投别的。",
    "no": "没成不是你的问题,换一家接着来。要不要看看新的?",
}
