"""How it goes (摸底): the question asked now and then of somebody the school looks after, and what each answer leads to. Urges nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from dialogs import destinations, notices
from dialogs.effects import WORKING, AskedHow, OfferDestinations, SaidHow, SettleOwn, StopAsking
from dialogs.messages import Choice
from dialogs.turn import Turn
from knowledge.ledger.contact import REST
from knowledge.words import words

FRESH = timedelta(days=14)
"""So long after the question a sentence without a tap is still read as its answer."""
ASKS = re.compile(r"[?\uff1f]|吗|怎么|如何|多少|什么|啥|哪|几时|能不能|可不可以|要不要|是不是")
"""A question is answered as one."""
LONGEST = 40
"""Characters of such a sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    label: str
    said: re.Pattern[str]
    reply: str
    choices: tuple[Choice, ...] = ()


JOBS, RESUME = Choice("帮我找岗位", "open/vacancies"), Choice("改简历", "open/resume")
ENTITLED, HOUR = Choice("我能享受什么", "open/entitlements"), Choice("预约老师", "open/book")
MINE = Choice("改学校登记", "howis/change")
ANSWERS = {
    "stop": Answer("别再问了", re.compile(r"(?:别|不要|不用|不想).{0,3}(?:再|老|总)?.{0,2}(?:问|打扰|催)"), ""),
    "study": Answer("升学了", re.compile(r"升学(?:了|去|成功)|录取通知|被.{2,12}录取|(?:继续|在)读书|上学去了"), ""),
    "teacher": Answer("想让老师帮忙", re.compile(r"(?:想|要|让|请|找|帮).{0,6}老师|老师.{0,4}帮"), ""),
    "rest": Answer(
        "暂时不找",
        re.compile(
            r"(?:暂时|先|现在|还|目前)?.{0,2}(?:不|没)(?:想(?!到)|打算|准备|急着?|着急|考虑).{0,3}(?:找|工作|上班|就业)|先?(?:休息|歇|缓)一?(?:阵|段|下|歇)?|gap"
        ),
        "好,先缓缓也行,这三个月我不再问。什么时候想找了,跟我说一声就开始。",
        (ENTITLED, Choice("改学校登记", "howis/places/rest"), notices.TO_MENU),
    ),
    "exam": Answer(
        "在准备考试",
        re.compile(r"备考|(?:准备|在|要|打算|继续|二战|三战).{0,4}考(?:公|研|编|教|试|证|事业)?|考(?:公|研|编)(?:中|呢)?$"),
        "好,安心考。报考条件、应届身份这些拿不准就问我,有出处的我才说。",
        (ENTITLED, MINE, notices.TO_MENU),
    ),
    "look": Answer(
        "还在找",
        re.compile(r"(?:还|在|一直|正|继续|天天|到处).{0,3}(?:找|投|面试)|没(?:有)?.{0,2}(?:找到|着落|工作|上班|消息|offer|考上|进展)|待业|没啥进展"),
        "知道了,找的这段时间不容易。想从哪件开始,我陪你一件一件来:",
        (JOBS, RESUME, ENTITLED, HOUR),
    ),
    "work": Answer(
        "已经上班了", re.compile(r"上(?:了)?班|入职|找到(?:工作|了)|有工作|签(?:了|好|完)|上岸|考上|转正|就业了|开始工作|工作了|创业|开店|干活"), ""
    ),
}
ORDER = ("work", "study", "look", "exam", "rest", "teacher", "stop")
RATES = {
    "work": ("已经上班了", WORKING),
    "study": ("升学了", ("升学",)),
    "look": ("还在找", ("待就业",)),
    "rest": ("暂时不找或准备升学", ("暂不就业",)),
}
"""What the destinations of a record count as, by how people say it: together all of them."""
KEEP = Choice("先不改", "howis/keep")
CHANGE = "现在实际是哪一种?点一个,或者用自己的话说,比如「考上研了」「当兵去了」「自己开店」。选定以前什么都不改。"
QUESTION = "最近怎么样?点一个就行,不回也没关系。你点的这一项,负责你的老师看得到。"


def speak(turn: Turn, rest: str) -> None:
    """The time has come to ask; said of one record, the next time is counted from now."""
    record, days = map(int, rest.split("/"))
    turn.effects.append(AskedHow(record, days))
    if turn.place.memo.get("quiet") or turn.place.mode == "human":
        return
    turn.place.memo["howis"] = turn.today.isoformat()
    turn.say(QUESTION, *(Choice(ANSWERS[key].label, f"howis/{key}") for key in ORDER))


def understood(turn: Turn) -> str | None:
    """The answer that a short sentence gives to a question of the last days."""
    asked = turn.place.memo.get("howis")
    if not asked or turn.today - date.fromisoformat(asked) > FRESH or len(turn.text) > LONGEST or ASKS.search(turn.text):
        return None
    plain = words().normalise(turn.text)
    key = next((key for key, answer in ANSWERS.items() if answer.said.search(plain)), None)
    if key not in ("stop", "teacher") and (named := destinations.meant(plain)):
        return f"said/{named.name}"
    return None if key == "work" and destinations.PLANS.search(plain) else key


def tap(turn: Turn, rest: str) -> str | None:
    """Takes an answer. Returns the dialog that has to open for it."""
    turn.place.memo.pop("howis", None)
    kind, _, name = rest.partition("/")
    if kind == "set":
        turn.effects.append(SettleOwn(name))
    elif kind == "change":
        turn.place.memo["howis"] = turn.today.isoformat()
        turn.say(CHANGE, *(Choice(label, f"howis/places/{key}") for key, (label, _) in RATES.items()), KEEP)
    elif kind == "places" and name in RATES:
        turn.effects.append(OfferDestinations(RATES[name][1]))
    elif kind == "said":
        told(turn, name)
    elif kind == "keep":
        turn.say("好,登记先不动。想改的时候发「我的去向登记」,点「去向变了」。", notices.TO_MENU)
    elif kind == "again":
        turn.effects.append(StopAsking(False))
        turn.say("好,隔段时间我再问问你。", notices.TO_MENU)
    elif kind in ANSWERS:
        return taken(turn, kind)
    else:
        turn.say(notices.STALE_CHOICE, notices.TO_MENU)
    return None


def told(turn: Turn, name: str) -> None:
    """They named where they went or what they are about: an answer, and a question whether the record should say so."""
    named = next((each for each in destinations.MEANT if each.name == name), None)
    if named is None:
        return turn.say(notices.STALE_CHOICE, notices.TO_MENU)
    turn.effects.append(SaidHow(ANSWERS[named.answer].label, REST if named.answer == "rest" else 0))
    turn.effects.append(OfferDestinations(RATES.get(named.answer, RATES["rest"])[1], name))
    return None


def taken(turn: Turn, key: str) -> str | None:
    answer = ANSWERS[key]
    turn.effects.append(SaidHow(answer.label, REST if key == "rest" else 0))
    if key == "teacher":
        return "human"
    if key == "stop":
        turn.effects.append(StopAsking(True))
        turn.say("好,以后不问近况了,别的消息不变。哪天想恢复,点下面这个。", Choice("可以再问我", "howis/again"), notices.TO_MENU)
    elif key in ("work", "study"):
        turn.effects.append(OfferDestinations(RATES[key][1]))
    else:
        turn.say(answer.reply, *answer.choices)
    return None
