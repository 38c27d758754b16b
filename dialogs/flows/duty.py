"""What a teacher on duty writes in a chat: an answer to somebody's case, a broadcast or a posting in one message."""

from __future__ import annotations

import re
from typing import Any

from dialogs import broadcasts
from dialogs.answers import yes_no
from dialogs.broadcasts import DraftError, Kind, kinds
from dialogs.effects import Duty, WriteBroadcast
from dialogs.flow import Flow, Misread, Slots, Step
from dialogs.messages import Choice
from dialogs.turn import Turn
from knowledge.postings.drafts import fields
from knowledge.postings.intake import doubtful, intake

WORDS = 1500
EVERYBODY, TAKE, LEAVE = "所有聊过的人", "收下", "不要"
RULES = {"去向": "status", "城市": "city", "学院": "college", "群体": "groups", "届别": "cohort", "渠道": "channel", "学号": "people"}
HOW = {"line": "一行", "text": "可以几行", "moment": "如 2026-12-05 14:00", "day": "如 2026-12-05", "link": "网址"}
LINE = re.compile("\\s*([^\\s:\uff1a]{1,12})\\s*[:\uff1a]\\s*(.*)")
PARTS, VALUES = re.compile("[\uff1b;\\n]+"), re.compile("[\u3001,\uff0c\\s]+")


def read_words(text: str, turn: Turn) -> str:
    if not text.strip() or len(text) > WORDS:
        raise Misread(f"写 1 到 {WORDS} 个字,我发给本人;不发了就点「取消」。")
    return text.strip()


def answer(turn: Turn, slots: Slots) -> None:
    turn.effects.append(Duty("answer", slots.get("case", 0), slots["words"]))


def read_kind(text: str, turn: Turn) -> str:
    if text.strip() not in kinds():
        raise Misread(f"选一类:{'、'.join(kinds())}。")
    return text.strip()


def chosen(slots: Slots) -> Kind:
    return kinds()[slots["kind"]]


def pattern(_: Turn, slots: Slots) -> str:
    rows = [f"{field.label}:({HOW[field.form]}{'' if field.needed else ',可以不写'})" for field in chosen(slots).fields.values()]
    return "\n".join((f"照下面这样一次发来,第一行是标题,没有的那行删掉。\n{slots['kind']}的标题", *rows))


def read_body(text: str, turn: Turn) -> dict[str, Any]:
    """The title and the fields by their labels; a line without a label goes on with the one before."""
    assert turn.place.top
    kind = chosen(turn.place.top.slots)
    names = {field.label: name for name, field in kind.fields.items()}
    title, found, last = "", {}, ""
    for line in filter(str.strip, text.split("\n")):
        said = LINE.fullmatch(line)
        if said and said[1] in names:
            last = names[said[1]]
            found[last] = said[2].strip()
        elif not title and not last:
            title = line.strip()
        elif last and kind.fields[last].form == "text":
            found[last] += f"\n{line.strip()}"
        else:
            raise Misread(f"「{line.strip()[:20]}」这行不认识,每行写成「名称:内容」,名称有:{'、'.join(names)}。")
    try:
        fields = broadcasts.cleaned(kind, found)
        broadcasts.words(kind, title, fields)
    except DraftError as error:
        raise Misread(f"{error}。改好整段再发一次。") from error
    if not title or len(title) > 60:
        raise Misread("第一行写标题,60 字以内,再发一次。")
    return {"title": title, "fields": fields}


def read_audience(text: str, turn: Turn) -> dict[str, Any]:
    if text.strip() == EVERYBODY:
        return {"everyone": True}
    found: dict[str, Any] = {}
    for part in filter(str.strip, PARTS.split(text)):
        name, *values = [word for word in VALUES.split(part.strip().replace(":", " ").replace("\uff1a", " ")) if word]
        if name not in RULES or not values:
            raise Misread(f"写成「学院 文学院;届别 2026」这样,能按这些选:{'、'.join(RULES)};或者「{EVERYBODY}」。")
        if name == "届别" and not all(re.fullmatch("(19|20)[0-9]{2}", value.removesuffix("届")) for value in values):
            raise Misread("届别写年份,如「届别 2026」。")
        found[RULES[name]] = [int(value.removesuffix("届")) for value in values] if name == "届别" else values
    if not found:
        raise Misread(f"写发给谁,如「去向 未就业」或者「{EVERYBODY}」。")
    return found


def write(turn: Turn, slots: Slots) -> None:
    turn.effects.append(WriteBroadcast({"type": slots["kind"], **slots["body"], "audience": slots["audience"]}))


def read_posting(text: str, turn: Turn) -> str:
    found = intake(text, turn.today)
    if "title" not in found.draft:
        raise Misread("没读出招什么岗位。加一句「招…」或者一行「岗位:…」,整段再发一次。")
    return text[:4000]


def card(turn: Turn, slots: Slots) -> str:
    found = intake(slots["text"], turn.today)
    lines = [f"· {fields()[key].say}:{cell[:60]}" for key, cell in found.draft.items() if key != "text"]
    lines += [f"没读到:{'、'.join(found.missing)}"] if found.missing else []
    lines += [f"拿不准,请核对:{'、'.join(names)}"] if (names := doubtful(found)) else []
    return "\n".join(("我读到的是:", *lines, "对的话就收下;不对发「返回」,改好再发一次。"))


def read_taken(text: str, turn: Turn) -> bool:
    said = yes_no(text)
    if text.strip() not in (TAKE, LEAVE) and said is None:
        raise Misread(f"点「{TAKE}」或者「{LEAVE}」。")
    return text.strip() == TAKE or bool(said)


def keep_posting(turn: Turn, slots: Slots) -> None:
    if slots["taken"]:
        turn.effects.append(Duty("posting", 0, slots["text"]))
    else:
        turn.say("好,没有收。", Choice("再收一条", "duty/post"), Choice("值班", "duty/home"))


def anything(_: str) -> bool:
    """What is written here is for somebody else, however it reads."""
    return True


FLOWS = (
    Flow(
        "duty_posting",
        1,
        "收一条岗位",
        finish=keep_posting,
        remind_after=None,
        steps=(
            Step("text", "把招聘消息整段发来:单位、岗位、地点、工资、学历、截止、联系方式。", read_posting, optional=False, surely=anything),
            Step("taken", card, read_taken, (TAKE, LEAVE), optional=False),
        ),
    ),
    Flow(
        "duty_reply",
        1,
        "回复求助",
        finish=answer,
        remind_after=None,
        steps=(Step("words", "写要回的话,原样发给本人,署你的称呼。不回了发「取消」。", read_words, optional=False, surely=anything),),
    ),
    Flow(
        "duty_broadcast",
        1,
        "写群发",
        finish=write,
        remind_after=None,
        steps=(
            Step("kind", "写哪一类群发?", read_kind, lambda *_: tuple(kinds()), optional=False),
            Step("body", pattern, read_body, optional=False, surely=anything),
            Step(
                "audience",
                "发给谁?点一个,或者写条件,几条都要符合,如「学院 文学院;届别 2026;去向 未就业」。",
                read_audience,
                (EVERYBODY, "去向 未就业"),
                optional=False,
                surely=anything,
            ),
        ),
    ),
)
