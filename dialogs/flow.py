"""Declaring a dialog and compiling it to one flat state machine. The only importer of `transitions`.

A machine is built once per (flow, version) at start-up with no model; a turn lends itself as the model for one trigger.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from transitions import EventData, Machine

from dialogs import answers
from dialogs.messages import Choice
from dialogs.place import Frame
from dialogs.turn import Turn

logging.getLogger("transitions").setLevel(logging.WARNING)

DONE, CANCELLED = "done", "cancelled"
TRIGGERS = ("answer", "skip", "back", "cancel", "again")
Slots = dict[str, Any]


class Misread(ValueError):
    """An answer that a step cannot take; the message tells the person what to write instead."""


def read_consent(text: str, turn: Turn) -> bool:
    answer = answers.yes_no(text)
    if answer is None and "同意" in text:
        answer = "不" not in text
    if answer is None:
        raise Misread("回复「同意」或「先不」就行。")
    return answer


class FlowError(ValueError):
    """A flow that must not run: a declaration mistake found at start-up."""


@dataclass(frozen=True)
class Step:
    """One question.

    `prompt` and `choices` may depend on the turn and the slots; `read` turns what was typed or the tapped label into a value
    or raises `Misread`; a step whose slot is filled already, or for which `skip_if` holds, is passed over. A text that is `surely`
    the answer is taken as such, however long and whatever it seems to ask.
    """

    key: str
    prompt: str | Callable[[Turn, Slots], str]
    read: Callable[[str, Turn], Any]
    choices: tuple[str, ...] | Callable[[Turn, Slots], tuple[str, ...]] = ()
    skip_if: Callable[[Turn, Slots], bool] | None = None
    optional: bool = True
    sensitive: bool = False
    surely: Callable[[str], bool] | None = None


@dataclass(frozen=True)
class Flow:
    """One dialog. `opens` are whole messages that start it, `hears` what others say; `begin` runs first and may fill slots or speak;
    `absorb` reads several slots out of one free sentence; a flow without steps is done after `begin`."""

    name: str
    version: int
    title: str
    opens: tuple[str, ...] = ()
    hears: re.Pattern[str] | None = None
    steps: tuple[Step, ...] = ()
    begin: Callable[[Turn, Slots], None] | None = None
    absorb: Callable[[str, Turn], Slots] | None = None
    finish: Callable[[Turn, Slots], None] | None = None
    migrate: Callable[[Frame], Frame | None] | None = None
    remind_after: timedelta | None = timedelta(hours=20)
    patience: int | None = None
    """Questions on something else, one after the other, after which the dialog lets go without a word. None: it waits for ever."""

    def opened_by(self, plain: str) -> bool:
        return plain in self.opens or bool(self.hears and self.hears.search(plain))


class CompiledFlow:
    """A flow and its machine.

    Raises:
        FlowError: see `problems`.
    """

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.steps = {step.key: step for step in flow.steps}
        self.order = list(self.steps)
        states = [*self.order, DONE, CANCELLED]
        self.machine = Machine(
            model=None,
            states=states,
            initial=states[0],
            transitions=list(self.transitions()),
            auto_transitions=False,
            send_event=True,
            queued=False,
            prepare_event=[self.prepare],
        )
        found = list(self.problems())
        if found:
            raise FlowError(f"flow {flow.name}: {'; '.join(found)}")

    def transitions(self) -> Iterator[dict[str, Any]]:
        for place, key in enumerate(self.order):
            later = [*self.order[place + 1 :], DONE]
            for trigger in ("answer", "skip"):
                for goal in later:
                    yield {"trigger": trigger, "source": key, "dest": goal, "conditions": [leads_to(goal)], "after": [arrive]}
                yield {"trigger": trigger, "source": key, "dest": None, "after": [stay]}
            for goal in self.order[:place]:
                yield {"trigger": "back", "source": key, "dest": goal, "conditions": [leads_to(goal)], "after": [return_to]}
            yield {"trigger": "back", "source": key, "dest": None}
            yield {"trigger": "cancel", "source": key, "dest": CANCELLED}
            yield {"trigger": "again", "source": key, "dest": None}

    def problems(self) -> Iterator[str]:
        """Declaration mistakes: doubled or empty steps, states that cannot be reached or left, missing ways out."""
        if len(self.steps) != len(self.flow.steps):
            yield "two steps share a key"
        for step in self.flow.steps:
            if not step.prompt or not step.key.isidentifier():
                yield f"step {step.key!r} needs an identifier as key and a prompt"
        if not self.flow.steps and self.flow.begin is None:
            yield "a flow without steps needs begin"
        if self.flow.steps and self.flow.finish is None:
            yield "a flow with steps needs finish"
        arrows = {key: self.leads(key) for key in self.order}
        reached = {self.order[0]} if self.order else set()
        while new := {goal for key in reached if key in arrows for goal in arrows[key]} - reached:
            reached |= new
        for key in self.order:
            if key not in reached:
                yield f"step {key!r} cannot be reached"
            if CANCELLED not in arrows[key] or DONE not in arrows[key]:
                yield f"step {key!r} has no way out"
            for trigger in TRIGGERS:
                if key not in self.machine.events[trigger].transitions:
                    yield f"step {key!r} has no {trigger!r}"

    def leads(self, key: str) -> set[str]:
        return {t.dest for t in self.machine.get_transitions(source=key) if t.dest}

    @property
    def shape(self) -> str:
        """A hash of states and slots; it may only change together with `version`."""
        return hashlib.sha256("|".join((self.flow.name, *self.order)).encode()).hexdigest()[:12]

    def frame(self) -> Frame:
        return Frame(self.flow.name, self.flow.version, self.order[0] if self.order else DONE)

    def fire(self, trigger: str, turn: Turn, frame: Frame) -> None:
        """Moves the frame: the turn carries the stored state through one trigger."""
        turn.state, turn.goal, turn.problem = frame.state, "", ""
        self.machine.events[trigger].trigger(turn, frame=frame)
        frame.state = turn.state

    def prepare(self, event: EventData) -> None:
        """Decides, once per trigger, where it leads: the conditions only look at `turn.goal`."""
        turn, frame = turn_of(event), frame_of(event)
        if event.event.name == "back":
            turn.goal = frame.visited[-1] if frame.visited else ""
        elif event.event.name == "skip":
            if self.steps[frame.state].optional:
                turn.goal = self.next_goal(turn, frame)
            else:
                turn.problem = "这一步不能跳过,可以回复「取消」。"
        elif event.event.name == "answer":
            try:
                frame.slots |= self.read(turn.text, turn, frame)
                turn.goal = self.next_goal(turn, frame)
            except Misread as problem:
                turn.problem = str(problem)

    def read(self, text: str, turn: Turn, frame: Frame) -> Slots:
        """The slots that an answer fills: the step's own, or those the flow absorbs from a free sentence.

        Raises:
            Misread: neither reads anything.
        """
        step = self.steps[frame.state]
        found = self.flow.absorb(text, turn) if self.flow.absorb else {}
        if step.key in found:
            return found
        try:
            return {step.key: step.read(text, turn)}
        except Misread:
            if not found:
                raise
        return found

    def accepts(self, text: str, turn: Turn, frame: Frame) -> bool:
        try:
            self.read(text, turn, frame)
        except Misread:
            return False
        return True

    def next_goal(self, turn: Turn, frame: Frame) -> str:
        after = self.order[self.order.index(frame.state) + 1 :]
        return next((key for key in after if not self.passed_over(key, turn, frame)), DONE)

    def passed_over(self, key: str, turn: Turn, frame: Frame) -> bool:
        step = self.steps[key]
        return key in frame.slots or (step.skip_if is not None and step.skip_if(turn, frame.slots))

    def prompt(self, turn: Turn, frame: Frame) -> tuple[str, tuple[Choice, ...]]:
        """The question of the frame's step, and its choices with 跳过 where the step may be skipped."""
        step = self.steps[frame.state]
        text = step.prompt if isinstance(step.prompt, str) else step.prompt(turn, frame.slots)
        labels = step.choices if isinstance(step.choices, tuple) else step.choices(turn, frame.slots)
        if step.optional:
            labels = (*labels, "跳过")
        return text, tuple(Choice(label, f"step/{frame.flow}/{frame.version}/{frame.state}/{label}") for label in labels)

    def mermaid(self) -> str:
        """The machine as a mermaid state diagram; staying where one is is left out."""
        rows = ["stateDiagram-v2", f"    [*] --> {self.order[0] if self.order else DONE}"]
        for key in self.order:
            for trigger in TRIGGERS:
                goals = [t.dest for t in self.machine.events[trigger].transitions[key] if t.dest]
                rows += [f"    {key} --> {goal}: {trigger}" for goal in goals]
        return "\n".join((*rows, f"    {DONE} --> [*]", f"    {CANCELLED} --> [*]"))


def turn_of(event: EventData) -> Turn:
    """The model of a trigger; `transitions` only knows it as an object."""
    turn = event.model
    assert isinstance(turn, Turn)
    return turn


def frame_of(event: EventData) -> Frame:
    frame = event.kwargs["frame"]
    assert isinstance(frame, Frame)
    return frame


def leads_to(goal: str) -> Callable[[EventData], bool]:
    def condition(event: EventData) -> bool:
        return turn_of(event).goal == goal

    return condition


def arrive(event: EventData) -> None:
    frame = frame_of(event)
    frame.visited = [*frame.visited, frame.state]
    frame.attempts = 0


def return_to(event: EventData) -> None:
    frame = frame_of(event)
    frame.visited = frame.visited[:-1]
    frame.slots.pop(turn_of(event).state, None)
    frame.attempts = 0


def stay(event: EventData) -> None:
    frame = frame_of(event)
    frame.attempts += 1
