"""The fixed order in which a message is understood. Decides who takes it; the flows and `consult` say the words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from dialogs import (
    account,
    answers,
    care,
    checkin,
    clinic,
    codes,
    crisis,
    duty,
    excerpt,
    handover,
    notices,
    questions,
    reminders,
    smalltalk,
    statements,
    unanswered,
    vacancies,
    wording,
)
from dialogs.consult import Consultation, Context, consult, overview
from dialogs.effects import CloseHandover, DropEvent, ForgetWishes, OpenCase, RemindEvent, SaveProfile, WantEvent, WantNews
from dialogs.flow import CANCELLED, DONE, CompiledFlow
from dialogs.messages import Choice, Say
from dialogs.orders import ALSO_ANSWERS, GLOBAL, global_word
from dialogs.place import Frame
from dialogs.questions import LABELLED
from dialogs.turn import Turn
from knowledge import links
from knowledge.people import phrases
from knowledge.policy import regions
from knowledge.policy.entry import Entry
from knowledge.profile import SENSITIVE
from knowledge.rights import contract
from knowledge.words import words

MOST = 2000
"""Characters of a message that are read; longer is answered with a request to shorten."""
MISSES = 3
"""Misread answers after which a way round the step is offered."""
CORRECTS = re.compile(r"说错|写错|记错|搞错|打错|填错|弄错|更正|纠正|改成|改为|改一下|不对.{0,3}(我|是)|应该是|不是.{1,12}(而?是|,是)|其实(我)?是")
CORE = {"residence", "graduation_date", "cohort", "degree", "employment"}
"""Two of these make a message an account of oneself; a contract or a deposit in it is usually what is asked about."""
EXIT_HUMAN = {"bot", "menu", "cancel", "back"}


def route(turn: Turn) -> None:
    """Understands one message, in the order the house fixes."""
    if ours := {"timer": timer, "file": clinic.file}.get(turn.inbound.kind):
        return ours(turn)
    if turn.inbound.kind == "result":
        opened = clinic.arrived(turn)
        return open_flow(opened[0], turn, opened[1]) if opened else None
    if turn.place.mode == "human":
        return with_staff(turn)
    if crisis.urgent(turn.text) and not duty.writing(turn):
        return care.called(turn)
    if len(turn.text) > MOST and not surely(turn):
        return turn.say(notices.TOO_LONG, notices.TO_HUMAN)
    if turn.inbound.kind == "text":
        named = None if answers_it(turn) else global_word(turn.text)
        if named and not (named == "human" and duty.writing(turn)):
            return obey(named, turn)
        if coded(turn):
            return None
        tapped = answers.chosen(turn.text, turn.person.shown) or answers.chosen(turn.text, turn.place.choices)
        if tapped:
            return tap(tapped.value, turn)
        if not care.lately(turn) and unanswered.marked(turn):
            return unhelpful(turn)
    else:
        return tap(turn.text, turn)
    frame = running(turn)
    if not turn.parts:  # else the dialog is gone and that was said: this message was an answer to it
        return in_frame(turn, frame) if frame else talk_openly(turn)


def answers_it(turn: Turn) -> bool:
    """A word that is otherwise an order stands on a button of its own, or is what the step that waits takes."""
    plain = words().plain(turn.text)
    if any(words().plain(choice.label) == plain and not choice.value.startswith("go/") for choice in turn.place.choices):
        return True
    if plain not in ALSO_ANSWERS:
        return False
    frame = turn.place.top
    compiled = turn.world.flows.get((frame.flow, frame.version)) if frame else None
    return compiled.accepts(turn.text, turn, frame) if frame and compiled and frame.state in compiled.steps else vacancies.asking(turn)


def coded(turn: Turn) -> bool:
    """A code to go on elsewhere, or a code or word of a teacher on duty."""
    if not links.said(turn.text):
        return duty.heard(turn)
    if opened := codes.given(turn):
        open_flow("link", turn, opened)
    return True


def unhelpful(turn: Turn) -> None:
    unanswered.unhelpful(turn)
    reissue(turn)


def with_staff(turn: Turn) -> None:
    """A teacher has the conversation: we keep what is said and stay silent, but never before a danger to life."""
    if crisis.urgent(turn.text) and turn.inbound.kind == "text":
        return care.called(turn)
    named = global_word(turn.text) if turn.inbound.kind == "text" else turn.text.removeprefix("go/")
    if turn.inbound.kind == "choice" and turn.text.startswith(("event/", "howis/", "duty/", "go/safe")):
        tap(turn.text, turn)  # of a message that came unasked meanwhile, or of help in danger
    elif named in EXIT_HUMAN:
        turn.place.mode, turn.place.due_at = "bot", None
        turn.effects.append(CloseHandover())
        if named == "menu":
            return obey("menu", turn)
        turn.say(notices.BACK_FROM_HUMAN, notices.TO_MENU)
        reissue(turn)
    elif named == "help":
        turn.say(notices.WITH_STAFF)
    elif named == "stop":
        obey("stop", turn)
    elif turn.inbound.kind in ("text", "choice"):
        handover.more(turn)


def running(turn: Turn) -> Frame | None:
    """The active frame, brought to a version that can still run; one that is gone is popped with its slots kept."""
    frame = turn.place.top
    if frame is None or ((frame.flow, frame.version) in turn.world.flows and frame.state in turn.world.flows[frame.flow, frame.version].steps):
        return frame
    turn.place.stack = turn.place.stack[:-1]
    known = [key for key in turn.world.flows if key[0] == frame.flow]
    if not known:
        return running(turn)
    flow = turn.world.newest(frame.flow).flow
    moved = flow.migrate(frame) if flow.migrate else None
    if moved:
        turn.place.push(moved)
        return moved
    turn.place.memo["prefill"] = {frame.flow: frame.slots}
    turn.say(notices.FLOW_GONE.format(title=flow.title), Choice("继续填", f"open/{frame.flow}"), notices.TO_MENU)
    return None


def obey(name: str, turn: Turn) -> None:
    """A global word, from any state."""
    frame = running(turn)
    if name == "menu":
        turn.place.stack = []
        open_flow("welcome", turn)
    elif name == "help":
        open_flow("help", turn)
        reissue(turn)
    elif name == "human":
        open_flow("human", turn)
    elif name == "stop":
        turn.place.memo["quiet"] = True
        turn.effects.append(ForgetWishes())
        turn.say("好,以后我不主动给你发消息。你来问我,我都在。", Choice("恢复消息", "go/notify"), notices.TO_MENU)
    elif name == "notify":
        turn.place.memo.pop("quiet", None)
        turn.effects.append(WantNews())
        turn.say("好,招聘会、补贴截止这类消息会再发给你。不想收了发「退订」。", notices.TO_MENU)
    elif name == "file":
        open_flow("file", turn)
    elif name == "bot":
        turn.say(notices.BACK_FROM_HUMAN, notices.TO_MENU)
    elif frame is None:
        nothing_running(name, turn)
    else:
        advance(name, turn, frame)


def nothing_running(name: str, turn: Turn) -> None:
    if name == "back" and isinstance(entry := last_entry(turn), Entry):
        return said_entry(turn, Consultation("answer", wording.whole(entry, turn.today), entry=entry))
    text = {"cancel": "好,不办了。有事随时说。", "skip": "好,那就跳过。还想问什么?", "back": "前面没有步骤了。"}[name]
    turn.say(text, notices.TO_MENU, notices.TO_HUMAN)


def tap(value: str, turn: Turn) -> None:
    """A button, or its number or label typed. Buttons of a step are checked against the frame that is running."""
    turn.picked = True
    kind, _, rest = value.partition("/")
    if kind == "step":
        return tap_step(rest, turn)
    if kind == "ask":
        key, _, side = rest.partition("/")
        entry = turn.world.search.knowledge.entries.get(key)
        if entry:
            return said_entry(turn, Consultation("answer", side_of(entry, side, turn), entry=entry))
    if kind == "mine" and rest in turn.world.eligibility.entries:
        return mine(rest, turn)
    if kind == "remind" and rest in turn.world.eligibility.entries:
        return reminders.ask(turn, rest, turn.world.eligibility.until(rest, account.facts(turn), turn.today))
    if kind == "unremind":
        return reminders.cancel(turn, rest)
    if kind == "open" and any(name == rest for name, _ in turn.world.flows):
        return open_flow(rest, turn)
    if kind == "go":
        return go(rest, turn)
    if kind == "job":
        return vacancies.tap(turn, rest)
    if kind == "howis":
        return how_it_goes(rest, turn)
    if kind == "event" and len(rest) < 18 and rest.removesuffix("/no").isdecimal():
        number = int(rest.removesuffix("/no"))
        turn.effects.append(DropEvent(number) if rest.endswith("/no") else WantEvent(number))
        return reissue(turn)
    if kind == "tell":
        return unanswered.wish(turn, rest)
    if kind in ("clinic", "duty"):
        opened = clinic.tap(turn, rest) if kind == "clinic" else duty.tap(turn, rest)
        return open_flow(opened[0], turn, opened[1]) if opened else None
    turn.say(notices.STALE_CHOICE, notices.TO_MENU)
    reissue(turn)


def how_it_goes(rest: str, turn: Turn) -> None:
    if opened := checkin.tap(turn, rest):
        open_flow(opened, turn)


def mine(key: str, turn: Turn) -> None:
    """Whether this person fits an entry: the dialog of entitlements, for it alone."""
    turn.place.memo["entry"] = key
    open_flow("entitlements", turn, {"entry": key})


def side_of(entry: Entry, side: str, turn: Turn) -> Say:
    place = context_place(turn)
    if side in LABELLED:
        say = wording.side(entry, LABELLED[side], turn.today, place=place)
        return excerpt.sourced(say, entry, "", turn.world.passages, turn.today, place) if side == "source" else say
    return wording.whole(entry, turn.today, place=place)


def go(rest: str, turn: Turn) -> None:
    if rest in GLOBAL:
        obey(rest, turn)
    elif rest == "safe":
        care.safe(turn)
    elif rest in ("person", "employer"):
        found = overview("person" if rest == "person" else "employer", turn.world.search, turn.today)
        turn.parts.append(found.say)
    elif rest == "resume" and running(turn):
        reissue(turn)
    elif rest == "keep":
        open_flow("profile", turn, turn.place.memo.get("stated", {}))
    elif rest == "unhelpful":
        unhelpful(turn)
    else:
        turn.say(notices.STALE_CHOICE, notices.TO_MENU)


def tap_step(rest: str, turn: Turn) -> None:
    *where, label = rest.split("/", 3)
    frame = running(turn)
    if frame is None or [frame.flow, str(frame.version), frame.state] != where:
        turn.say(notices.STALE_CHOICE, *(() if frame else (notices.TO_MENU,)))
        return reissue(turn)
    turn.text = label
    advance("skip" if label == "跳过" else "answer", turn, frame)


def in_frame(turn: Turn, frame: Frame) -> None:
    """A dialog waits for an answer: take it, unless it is a question we can surely answer; then come back."""
    compiled = turn.world.flows[frame.flow, frame.version]
    if surely(turn):
        return advance("answer", turn, frame)
    if compiled.steps[frame.state].optional and (heard := smalltalk.talk(turn.text)) and heard[0] == "unsure":
        turn.say(notices.NEVER_MIND)
        return advance("skip", turn, frame)
    found, aside = None, replace(context(turn), story="")  # what says little alone is said to the dialog, not to the story before it
    if questions.shaped(turn.text):
        found = consult(turn.text, turn.world.search, turn.today, aside, turn.world.passages)
        if found.sure:
            return digress(turn, found)
    if compiled.accepts(turn.text, turn, frame):
        return advance("answer", turn, frame)
    if opened := opener(turn):
        return open_flow(opened, turn)
    found = found or consult(turn.text, turn.world.search, turn.today, aside, turn.world.passages)
    if found.sure or (found.talk and found.talk not in ("test", "ack", "laugh", "unsure")) or found.outcome == "menu":
        return digress(turn, found)
    advance("answer", turn, frame)


def surely(turn: Turn) -> bool:
    """Whether the text is what the waiting step is there to take, as a résumé that was asked for."""
    frame = running(turn)
    step = turn.world.flows[frame.flow, frame.version].steps[frame.state] if frame else None
    return bool(step and step.surely and turn.inbound.kind == "text" and step.surely(turn.text))


def digress(turn: Turn, found: Consultation) -> None:
    """Answers in between; only the dialog's own choices are shown, so that a number means one thing."""
    said_entry(turn, found)
    frame = turn.place.top
    if frame:
        patience = turn.world.flows[frame.flow, frame.version].flow.patience
        frame.asides += 1
        if patience is not None and frame.asides > patience:
            turn.place.stack, turn.place.due_at = turn.place.stack[:-1], None
            return reissue(turn)
    turn.parts = [Say(part.text, (), part.links) if isinstance(part, Say) else part for part in turn.parts]
    reissue(turn)


def advance(trigger: str, turn: Turn, frame: Frame) -> None:
    """Fires one trigger on the frame's machine and says what follows from it."""
    compiled = turn.world.flows[frame.flow, frame.version]
    before = frame.state
    frame.asides = 0
    compiled.fire(trigger, turn, frame)
    if frame.state == CANCELLED:
        turn.place.stack = turn.place.stack[:-1]
        turn.place.due_at = None
        turn.say(f"好,「{compiled.flow.title}」先放下,没有存任何新内容。", notices.TO_MENU)
        return reissue(turn)
    if frame.state == DONE:
        return complete(turn, frame, compiled)
    if frame.state == before and trigger == "back":
        turn.say("已经是第一步了。")
    reissue(turn, problem=turn.problem, hint=frame.attempts >= MISSES)


def complete(turn: Turn, frame: Frame, compiled: CompiledFlow) -> None:
    turn.place.stack = turn.place.stack[:-1]
    turn.place.due_at = None
    turn.place.memo.pop("prefill", None)
    if compiled.flow.finish:
        compiled.flow.finish(turn, frame.slots)
    reissue(turn)


def reissue(turn: Turn, *, problem: str = "", hint: bool = False) -> None:
    """The waiting question again (or what was wrong with the answer), with its choices and a timer for a reminder."""
    frame = running(turn)
    if frame is None or turn.place.mode != "bot":
        return
    compiled = turn.world.flows[frame.flow, frame.version]
    text, choices = compiled.prompt(turn, frame)
    text = problem or text
    if hint:
        text = f"{text}\n{notices.STUCK if compiled.steps[frame.state].optional else notices.STUCK_HERE}"
        choices = (*choices, Choice("取消", "go/cancel"), notices.TO_HUMAN)
    turn.say(text, *choices)
    if compiled.flow.remind_after and not turn.place.memo.get("quiet") and not frame.reminded:
        turn.place.due_at = turn.now + compiled.flow.remind_after


def open_flow(name: str, turn: Turn, known: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Starts a dialog on top of what is running, with the slots that are `known`; the same one is not stacked twice."""
    compiled = turn.world.newest(name)
    turn.place.stack = [frame for frame in turn.place.stack if frame.flow != name]
    frame = compiled.frame()
    frame.slots |= {**turn.place.memo.get("prefill", {}).get(name, {}), **known}
    if compiled.flow.begin:
        compiled.flow.begin(turn, frame.slots)
    if not compiled.order:
        return None
    if compiled.passed_over(frame.state, turn, frame):
        frame.state = compiled.next_goal(turn, frame)
    turn.place.push(frame)
    if frame.state == DONE:
        return complete(turn, frame, compiled)
    reissue(turn)


def opener(turn: Turn) -> str | None:
    """The flow that the message opens."""
    plain = words().plain(turn.text)
    return next((name for (name, _), compiled in turn.world.flows.items() if compiled.flow.opened_by(plain)), None)


def talk_openly(turn: Turn) -> None:
    """Nothing is waiting: a flow's opener, a correction, facts about oneself, or a question."""
    if answer := checkin.understood(turn):
        return how_it_goes(answer, turn)
    if opened := opener(turn):
        return open_flow(opened, turn)
    if contract.pasted(turn.text):
        return open_flow("contract", turn, {"text": turn.text})
    if vacancies.sought(turn):
        return None
    stated = {key: value for key, value in statements.read(turn.text, turn.today).items() if key not in SENSITIVE}
    if stated and CORRECTS.search(turn.text) and not re.search(r"[?\uff1f]|吗", turn.text):
        return correct(turn, stated)
    tells = bool(stated) and not questions.shaped(turn.text)
    if tells and len(CORE & stated.keys()) >= 2:
        return note(turn, stated)
    found = consult(turn.text, turn.world.search, turn.today, context(turn), turn.world.passages)
    if tells and not found.sure and account.only(turn.text, found):
        return note(turn, stated)
    if found.mine and found.entry:
        account.tell(stated, turn)
        return mine(found.entry.id, turn)
    if care.brushed_off(found, turn):
        return care.stay(turn)
    said_entry(turn, account.with_verdict(found, stated, turn))


def correct(turn: Turn, stated: dict[str, object]) -> None:
    """「之前说错了,我是硕士」: the newer word counts, shown back."""
    said = ",".join(phrases(stated))
    account.tell(stated, turn)
    if turn.person.profile_consent:
        turn.effects.append(SaveProfile({**turn.person.profile, **stated}))
        turn.say(f"好,改过来了:{said}。档案里也一起改了。")
    else:
        turn.say(f"好,按这个来:{said}。你没同意存档,我只在这次对话里用。")
    entry = last_entry(turn)
    if entry and not turn.place.top:
        turn.parts.append(wording.side(entry, "conditions", turn.today, place=context_place(turn)))
    if not turn.person.profile_consent:
        turn.offer(Choice("记进档案", "go/keep"))
    reissue(turn)


def note(turn: Turn, stated: dict[str, object]) -> None:
    """Facts told without a question: read back, with an offer to keep them."""
    said = ",".join(phrases(stated))
    account.tell(stated, turn)
    last = last_entry(turn) if account.story(turn) else None
    turn.say(
        f"我读到的是:{said}。哪里不对直接说。{f'接着说「{last.title}」,还是做别的?' if last else '接下来想做什么?'}",
        *(wording.choices(last, [])[:2] if last else ()),
        Choice("看看能享受什么", "open/entitlements"),
        Choice("记进档案", "go/keep"),
        notices.TO_MENU,
    )


def said_entry(turn: Turn, found: Consultation) -> None:
    """Says what was found and remembers it for the next message."""
    turn.parts.append(found.say)
    if not turn.picked:
        turn.place.memo["asked"] = turn.text[:200]
    unanswered.note(turn, found)
    if found.outcome == "crisis":
        turn.effects.append(OpenCase("crisis", turn.text[:200]))
    account.goes_on(turn, found)
    if found.entry:
        turn.place.memo |= {"entry": found.entry.id, "among": [hit.id for hit in found.hits] if found.outcome == "menu" else []}
    if found.place:
        turn.place.memo["place"] = found.place.name


def last_entry(turn: Turn) -> Entry | None:
    return turn.world.search.knowledge.entries.get(turn.place.memo.get("entry", ""))


def context_place(turn: Turn) -> regions.Place | None:
    named = turn.place.memo.get("place") or turn.person.profile.get("residence")
    return regions.find(named) if named else None


def context(turn: Turn) -> Context:
    memo = turn.place.memo
    return Context(last_entry(turn), context_place(turn), memo.get("among", ()), account.story(turn), memo.get("said", ""))


def timer(turn: Turn) -> None:
    """A time has come: a reminder asked for, a teacher who has not answered, a dialog left half-way. Each speaks once."""
    if turn.text.startswith("remind/"):
        reminders.speak(turn, *turn.text.split("/")[1:])
        return reissue(turn)
    if turn.text.startswith("booking/"):
        return clinic.remind(turn, turn.text.removeprefix("booking/"))
    if turn.text.startswith("event/"):
        return turn.effects.append(RemindEvent(int(turn.text.removeprefix("event/"))))
    if turn.text.startswith("howis/"):
        return checkin.speak(turn, turn.text.removeprefix("howis/"))
    if turn.text.startswith("applied/"):
        return vacancies.follow_up(turn, turn.text.removeprefix("applied/"))
    turn.place.due_at = None
    frame = turn.place.top
    if turn.place.mode == "human":
        handover.over(turn)
    elif frame and not frame.reminded and not turn.place.memo.get("quiet") and (frame.flow, frame.version) in turn.world.flows:
        frame.reminded = True
        title = turn.world.flows[frame.flow, frame.version].flow.title
        turn.say(notices.REMINDER.format(title=title), Choice("接着填", "go/resume"), Choice("不填了", "go/cancel"), Choice("别再提醒", "go/stop"))
