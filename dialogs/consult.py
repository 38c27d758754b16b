"""One question in, one outcome out: crisis, small talk, redirect, refusal, answer, menu, clarify, handover.

Used by the router for a conversation (with what was talked about before) and by `ask` without one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from dialogs import crisis, excerpt, frauds, notices, questions, smalltalk, wording
from dialogs.messages import Choice, Say
from knowledge.policy import regions
from knowledge.policy.entry import Entry, Redirect, said
from knowledge.policy.passages import NOTHING, Passages
from knowledge.policy.search import Found, Hit, PolicySearch
from knowledge.words import NOT_WORD, words

Outcome = Literal["answer", "menu", "clarify", "redirect", "refuse", "crisis", "handover"]
SHORT = 16
"""Characters up to which a message may be a follow-up that only makes sense with the last entry."""
VENTS = re.compile(
    r"手断|投到(?:吐|麻|哭)|笑死|累|烦|难受|难过|好难|太难|愁|崩溃|丧|焦虑|失望|没人要|压力|迷茫|委屈|想哭|失眠|睡不着|emo|倒霉|呜呜|命苦|好惨|太惨|心寒"
)
SIGHS = re.compile(r"怎么[这那]么|为(?:什么|啥)[这那总老偏]|凭什么")
"""Shaped like a question, asking nothing."""
NOTHING_BUT = re.compile(r"(?:我|我们|人|现在|目前|就|是|在|的|市|省|这边|这儿|这里|那边|人在|呢|啊|呀)*")
"""What stands around a place where nothing else is told."""
ASKS_BARELY = re.compile(
    r"(?!.*(?:别的|其他|其它))(?:那|那么)?(?:还|也|都)?(?:有|能|要|给|交|发|会|可以|得|用|需要)[^\s]{1,4}(?:不|吗|么|没|嘛|没有)"
)
"""A question with hardly a matter of its own: 有工资不, 要体检吗."""
SAME = 0.8
"""Similarity from which a short message is a written follow-up of the last entry, whatever else it names."""
BARE = 5
"""Characters of a question that is nothing but its side: 多少钱, 最长多久."""
FAR = 0.4
"""Share of the best score under which the last entry gives way to a sure answer, whatever the message looks like."""
DOUBTFUL, FEEBLE = 0.5, 0.3
"""P of a menu's first under which a sentence of the last entry is the better answer, and under which the last entry stays the one talked about."""
LIKELY, FIRM = 0.55, 0.8
"""P from which what a sentence of a story means alone is heard beside the story, and from which the story answers it."""
HINTS = (0.3, 0.5)
"""Share of the best score alone from which a sentence may be answered by its story, a short one and a long one; under it another matter is meant."""
AHEAD = 0.1
"""So much of the best score another of a menu must be ahead to be the one meant."""
RIVAL = 0.7
"""Share of the best score under which the last entry gives way to another that is named."""


DISHONEST = re.compile(
    r"编(?![制内外程辑号码导])|假(?![期如日设])|伪造|骗(?!子|局)|瞒|作弊|替考|代[考签开写办面]|挂靠|套(?=[出取补钱])|[买卖]|破解|黑进|改[高成]|[Pp]图?"
)
"""Words of somebody who means to cheat."""


@dataclass(frozen=True)
class Context:
    """What was talked about: the last entry and the last place named; `among`: the entries of a menu nobody chose from yet;
    `story`: what the person has said about it so far, `said`: the last sentence of it."""

    entry: Entry | None = None
    place: regions.Place | None = None
    among: Sequence[str] = ()
    story: str = ""
    said: str = ""

    def narrowed(self, text: str, found: Found, search: PolicySearch) -> Context:
        """Of an open menu, the entry that new words find, and point to more than to the last one; what is merely told chooses nothing."""
        if questions.tells(text) and not search.named(text, 2):
            return self
        best = next((hit.id for hit in found.hits[:1] if hit.id in self.among and hit.id in search.knowledge.entries), "")
        if not best or (self.entry and found.share(best) < found.share(self.entry.id) + AHEAD):
            return self
        return replace(self, entry=search.knowledge.entries[best])

    def behind(self, text: str, found: Found, search: PolicySearch) -> Found | None:
        """What says too little alone, read behind the sentence before it, or where that says too little as well, behind the whole story."""
        if not (self.entry and self.story) or found.zone == "answer":
            return None
        near = search.search(f"{self.said},{text}")
        return near if near.zone == "answer" or self.said == self.story else search.search(f"{self.story},{text}")

    def meant(self, found: Found, whole: Found | None, search: PolicySearch) -> Context:
        """What says little alone belongs to what the whole story is about."""
        about = own(whole) if whole and not own(found) else ()
        entry = search.knowledge.entries.get(about[0].id) if about else None
        return replace(self, entry=entry) if entry else self


@dataclass(frozen=True)
class Consultation:
    outcome: Outcome
    say: Say
    hits: Sequence[Hit] = ()
    entry: Entry | None = None
    place: regions.Place | None = None
    level: crisis.Level | None = None
    talk: str = ""
    sure: bool = field(default=False)
    """A real answer was found: it may interrupt a dialog that waits for something else."""
    mine: bool = False
    """Asks whether the person fits `entry`: the conditions are the answer only where there is no room to work it out."""


def consult(text: str, search: PolicySearch, today: date, context: Context = Context(), passages: Passages = NOTHING) -> Consultation:  # frozen
    """Understands one message that no dialog is waiting for."""
    level = crisis.level(text)
    if level in crisis.URGENT:
        return Consultation("crisis", Say(crisis.help_for(text), (Choice("我现在安全", "go/safe"), Choice("让老师联系我", "go/human"))), level=level)
    found_talk = smalltalk.talk(text)
    if found_talk:
        kind, answer = found_talk
        soft = f"\n{notices.SOFT_HOTLINE}" if level == "low" and "12356" not in answer else ""
        return Consultation("clarify", Say(answer + soft, starters(kind)), level=level, talk=kind)
    plain = NOT_WORD.sub("", words().normalise(text))
    if not re.search(r"[\u3400-\u9fff]|[a-z]{2}", plain) and "12333" not in plain:
        return Consultation("clarify", Say(notices.CLARIFY, (notices.TO_MENU, notices.TO_HUMAN)))
    found = search.search(text)
    context = context.narrowed(text, found, search)
    whole = context.behind(text, found, search)
    context = context.meant(found, whole, search)
    place = regions.find(words().normalise(text)) or None
    following = follow_up(text, found, search, today, context, place, passages, firm=not (whole and whole.hits) or whole.hits[0].p >= FIRM)
    if following:
        return following
    if level == "low" and (not found.hits or found.zone != "answer"):
        return Consultation(
            "clarify",
            Say(f"听着就不容易。想先说说哪件事,我陪你一件一件理。\n{notices.SOFT_HOTLINE}", starters("complaint")),
            level=level,
            talk="complaint",
        )
    kind_asked = questions.overview(text)
    bare = (kind_asked == "founder" and not own(found)) or questions.general(text)
    if kind_asked and (found.zone == "unsure" or (found.zone == "menu" and bare)):
        return overview(kind_asked, search, today)
    vents = VENTS.search(plain) and (SIGHS.search(plain) or not questions.shaped(text))
    if found.zone == "menu" and vents and found.hits[0].p >= DOUBTFUL and found.policies(search.knowledge):
        offered = conclude(text, found, search, today, place or context.place, context.entry, passages)
        return replace(offered, say=replace(offered.say, text=f"{notices.HEARD_FIRST}\n{offered.say.text}"))
    if found.zone != "answer" and vents:
        heard = f"{notices.HEARD}\n{notices.SOFT_HOTLINE}" if level == "low" else notices.HEARD
        return Consultation("clarify", Say(heard, starters("complaint")), level=level, talk="complaint")
    if whole and (goes_on := continued(text, found, whole, search, today, context, passages)):
        return goes_on
    return conclude(text, found, search, today, place or context.place, context.entry, passages)


def continued(text: str, found: Found, whole: Found, search: PolicySearch, today: date, context: Context, passages: Passages) -> Consultation | None:
    """A story that goes on: 我已经交了, 这合法不. Alone it finds anything; read behind what was said before (`whole`) it mostly belongs to that."""
    last = context.entry
    if last is None or all(hit.id != last.id for hit in whole.hits):
        return None
    alone, top, asks = own(found, last), whole.hits[0], questions.asks(text)
    if top.id != last.id or (alone and (asks or (context.among and top.p < FIRM))):
        # two matters are possible: both are offered, that of a question alone first, that of a story told on
        first, rest = ((*alone, top), (found if alone else whole).hits) if asks else ((top, *alone), whole.hits)
        merged = replace(whole, hits=tuple({hit.id: hit for hit in (*first, *rest)}.values())[:3], zone="menu")
        return conclude(text, merged, search, today, context.place, None, passages)
    hinted = found.share(last.id) >= HINTS[len(words().plain(text)) > 2 * BARE]
    if top.p >= FIRM and hinted and (asks or context.among):
        say = say_entry(last, text, search, today, context.place, passages)
        led = replace(say, text=f"{notices.STILL_ABOUT.format(title=last.title)}\n{say.text}")
        return Consultation("answer", led, whole.hits[:1], last, context.place)
    if asks or (context.among and found.zone != "unsure" and top.p < FIRM):
        return conclude(text, replace(whole if hinted else found, zone="menu"), search, today, context.place, None, passages)
    beside = {hit.id for hit in whole.hits[1:]}  # told on: what the sentence means alone is offered where the story knows it too
    others = menu_choices(replace(found, hits=alone or tuple(hit for hit in found.hits[:1] if hit.id in beside)), search)
    return Consultation("clarify", Say(notices.GOES_ON.format(title=last.title), (*wording.choices(last, []), *others)), whole.hits, last)


def own(found: Found, last: Entry | None = None) -> tuple[Hit, ...]:
    """What a sentence means alone, where that is likely enough and another matter than the last."""
    return tuple(hit for hit in found.hits[:1] if hit.p >= LIKELY and not (last and hit.id == last.id))


def starters(kind: str) -> tuple[Choice, ...]:
    if kind in ("greeting", "who", "presence", "test", "unsure"):
        return (Choice("看看能享受什么", "go/person"), notices.TO_MENU, notices.TO_HUMAN)
    if kind == "complaint":
        return (Choice("看看能享受什么", "go/person"), notices.TO_PLATFORMS, notices.TO_HUMAN)
    return ()


def conclude(
    text: str, found: Found, search: PolicySearch, today: date, place: regions.Place | None, last: Entry | None, passages: Passages = NOTHING
) -> Consultation:
    """The three zones of a question that stands on its own. Words of a document are shown where we are not sure ourselves.

    A refusal says what somebody must not do: where we are not sure and no word of theirs says so, it would accuse them.
    """
    if found.zone != "answer" and not DISHONEST.search(words().normalise(text)):
        found = replace(found, hits=tuple(hit for hit in found.hits if not refuses(search.knowledge[hit.id])))
    if found.zone == "unsure" or not found.hits:
        if alarm := frauds.noticed(text):
            choices = (Choice("原话贴给我看", "open/scam"), notices.TO_HUMAN, notices.TO_MENU)
            return Consultation("handover", Say(alarm, choices), found.policies(search.knowledge))
        quote = passages.find(text, today, place)
        unsure = excerpt.alone(quote) if quote else notices.UNSURE
        return Consultation("handover", Say(unsure, (notices.TO_HUMAN, notices.TO_MENU)), found.policies(search.knowledge))
    top = search.knowledge[found.hits[0].id]
    if not isinstance(top, Entry):
        if found.zone == "answer":
            return Consultation(top.kind, Say(top.answer, (notices.TO_MENU, notices.TO_HUMAN)), found.hits[:1], sure=True)
        if len(ours := found.policies(search.knowledge)) > 1 and top.kind == "redirect":  # rather ours than what is only perhaps not ours
            return replace(conclude(text, replace(found, hits=ours), search, today, place, last, passages), outcome="clarify")
        if last and top.kind == "redirect" and not questions.shaped(text):
            return Consultation("clarify", Say(notices.STILL.format(title=last.title), wording.choices(last, [])), found.hits)
        return Consultation("clarify", Say(f"{top.answer}\n如果不是这个意思,换个说法再问我。", menu_choices(found, search)), found.hits)
    if found.zone == "menu":
        asked = text
        lines = [wording.menu_line(entry, today) for hit in found.hits if (entry := search.knowledge.entries.get(hit.id))]
        quote = passages.find(text, today, place, excerpt.SHORT)
        text = "\n".join((notices.WHICH, *lines, *([excerpt.beside(quote)] if quote else [])))
        stays = found.hits[0].p < FEEBLE or (len(words().plain(asked)) <= SHORT // 2 and not search.named(asked, 2))
        about = last if last and (stays or any(hit.id == last.id for hit in found.hits)) else top
        return Consultation("menu", Say(text, (*menu_choices(found, search), Choice("都不是,问老师", "go/human"))), found.hits, about, place)
    answer = excerpt.locally(say_entry(top, text, search, today, place, passages), text, passages, today, place)
    return Consultation("answer", answer, found.hits, top, place, sure=True)


def refuses(item: Entry | Redirect) -> bool:
    return isinstance(item, Redirect) and item.kind == "refuse"


def menu_choices(found: Found, search: PolicySearch) -> tuple[Choice, ...]:
    return tuple(Choice(hit.title, f"ask/{hit.id}/all") for hit in found.hits if hit.id in search.knowledge.entries)


def say_entry(entry: Entry, text: str, search: PolicySearch, today: date, place: regions.Place | None, passages: Passages) -> Say:
    """The whole answer to a question, led by the sentence that answers exactly it where the entry has one."""
    line = search.within(entry.id, text)
    direct = line.answer if line and line.faq and line.similarity >= search.DIRECT and questions.shaped(text) else ""
    aspect = questions.aspect(text)
    say = wording.whole(entry, today, aspect=aspect, place=place, text=text, direct=said(direct) if direct else "")
    return excerpt.sourced(say, entry, text, passages, today, place) if aspect == "source" else say


def follow_up(
    text: str,
    found: Found,
    search: PolicySearch,
    today: date,
    context: Context,
    place: regions.Place | None,
    passages: Passages = NOTHING,
    *,
    firm: bool = True,
) -> Consultation | None:
    """The message as a question on the last entry, or None where it stands on its own. Not `firm`: the story may be about others as well."""
    last = context.entry
    if last is None:
        return None
    plain = words().plain(text)
    short, leans = len(plain) <= SHORT, questions.leans(text)
    if len(plain) > 2 * BARE and not leans and context.story and own(found, last):
        return None
    top = found.hits[0] if found.hits else None

    def answer(say: Say, *, sure: bool = True) -> Consultation:
        return Consultation("answer", say, [search.hit(last.id)], last, place or context.place, sure=sure)

    if place and short and not search.named(text) and (wanted := regions.named(last, text) or regions.variants(last, place)):
        return answer(wording.of_place(last, wanted, today))
    if place and NOTHING_BUT.fullmatch(plain.replace(place.name, "", 1)):
        return answer(wording.whole(last, today, place=place, text=text), sure=False)
    line = search.within(last.id, text)
    asks = questions.asks(text)
    if asks and short and line and line.faq and line.similarity >= SAME:
        return answer(wording.one_line(last, line.answer, today))
    if stands_alone(text, found, search, last, leans=leans, length=len(plain)):
        return None
    about_last = leans or short or any(hit.id == last.id for hit in found.hits)
    if not about_last:
        return None
    if asks and line and line.faq and line.similarity >= search.DIRECT:
        return answer(wording.one_line(last, line.answer, today))
    aspect = questions.aspect(text)
    if (
        (firm or (leans and len(plain) <= SHORT // 2))
        and aspect
        and (questions.asks(text) or len(plain) <= BARE)
        and (short or leans or (top and top.id == last.id))
    ):
        say = wording.side(last, aspect, today, place=place or context.place, text=text)
        found_one = answer(excerpt.sourced(say, last, text, passages, today, place or context.place) if aspect == "source" else say)
        return replace(found_one, mine=bool(last.rule) and asks_self(text, aspect, last))
    if top and top.id == last.id and found.zone == "answer" and not leans:
        return None  # the same once more, in full words: the whole answer
    vague = found.zone != "answer" and questions.elliptic(text)
    doubtful = found.zone == "unsure" or (found.zone == "menu" and short and top is not None and top.p < DOUBTFUL)
    unclear = leans or vague or doubtful or any(hit.id == last.id for hit in found.hits)
    if line and (asks or not line.faq) and line.similarity >= (search.FAINT if unclear else search.NEAR):
        return answer(wording.one_line(last, line.answer, today), sure=False)
    about_it = (top and top.id == last.id and not questions.tells(text)) or (leans and found.zone == "unsure" and questions.shaped(text))
    if firm and (vague or ASKS_BARELY.fullmatch(plain) or about_it):
        return answer(wording.whole(last, today, place=place or context.place, text=text), sure=False)
    return None


def asks_self(text: str, aspect: questions.Aspect, entry: Entry) -> bool:
    """「那我可以吗」. Of money that goes to the employer, who gets it comes first."""
    sides = ("conditions", "deadline") if entry.receiver == "employer" else ("conditions", "deadline", "receiver")
    return aspect in sides and questions.mine(text)


def stands_alone(text: str, found: Found, search: PolicySearch, last: Entry, *, leans: bool, length: int) -> bool:
    """The message names something else, or means another entry so clearly that the last one does not matter."""
    if questions.overview(text):
        return True
    if found.zone == "unsure" or (found.zone == "menu" and questions.elliptic(text)):
        return False
    if any(key != last.id for key in search.named(text)):
        return True
    if ASKS_BARELY.fullmatch(words().plain(text)):
        return False
    if any(key != last.id for key in search.named(text, 2)) and found.share(last.id) < RIVAL:
        return True
    top = found.hits[0] if found.hits else None
    bare = length <= BARE and questions.aspect(text) is not None
    if top is None or top.id == last.id or found.zone != "answer":
        return False
    if found.share(last.id) < FAR:
        return True
    if bare:
        return False
    return length > SHORT or top.p > 0.95 or (length > 6 and top.p > (0.88 if leans or questions.aspect(text) else 0.0))


OVERVIEWS: dict[questions.Overview, tuple[str, tuple[str, ...], str]] = {
    "person": (
        "按你的情况不同,常见能申请的有这些,点一个看条件:",
        ("SUB-02", "SUB-03", "SUB-06", "SUB-07", "ENT-01", "REG-03"),
        "哪些轮得到你,要看毕业时间、现在状态和所在城市,以当地人社部门为准。",
    ),
    "employer": (
        "给单位的常见有这些(钱给单位,不发给个人):",
        ("EMP-01", "EMP-03", "EMP-05", "EMP-06", "SUB-04"),
        "以当地人社部门为准,可打 12333 问。",
    ),
    "founder": (
        "自己干,常见用得上的有这些,点一个看条件:",
        ("ENT-01", "ENT-02", "ENT-03", "ENT-04"),
        "金额和办法各地不同,以店开在的地方的人社部门为准,可打 12333 问。",
    ),
}
"""What is said before and after a menu of all there is for somebody, and its entries."""


def overview(kind: questions.Overview, search: PolicySearch, today: date) -> Consultation:
    """All there is for a person, an employer or a founder, as a menu; what has run out is left out."""
    head, chosen, tail = OVERVIEWS[kind]
    entries = [search.knowledge.entries[key] for key in chosen if key in search.knowledge.entries]
    current = [entry for entry in entries if not entry.expired(today)]
    lines = [f"{number}. {entry.title}" for number, entry in enumerate(current, 1)]
    choices = tuple(Choice(entry.title, f"ask/{entry.id}/all") for entry in current)
    if kind != "employer":
        choices = (*choices, Choice("按我的情况算一算", "open/entitlements"))
        lines.append(f"{len(choices)}. 按我的情况算一算(最多问 8 句)")
    return Consultation("menu", Say("\n".join((head, *lines, tail)), choices), [search.hit(entry.id) for entry in current[:3]], sure=True)
