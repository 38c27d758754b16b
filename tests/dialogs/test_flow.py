"""Flow declarations: the start-up check finds every mistake, versions are kept, old frames go on, the diagrams are drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dialogs.engine import step
from dialogs.flow import CompiledFlow, Flow, FlowError, Misread, Step
from dialogs.flows import compiled, declared
from dialogs.messages import Inbound, Say
from dialogs.place import Frame, Place, from_row, to_row
from dialogs.turn import Person, Turn, World
from knowledge.policy.eligibility import Eligibility
from knowledge.policy.search import PolicySearch

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
SHAPES = {
    "family": "371d3464ce00",
    "handover": "4bf6c94d661c",
    "fit": "061b68d704f5",
    "duty_posting": "0bd2f53354c2",
    "duty_reply": "a613438b5415",
    "duty_broadcast": "043e491d393e",
    "write_resume": "014f7fb30c91",
    "dispute": "599487302e5a",
    "record": "34fa305aa08f",
    "profile": "c97e11e69bf3",
    "entitlements": "68d04edac8f9",
    "erase": "a5393cd6657c",
    "link": "15d44baeb3fa",
    "resume": "4cd5504902c5",
    "clinic": "75affa4feb93",
    "clinic_reply": "c3528eef207f",
    "booking": "11a19c4afb6b",
    "scam": "4b7195805c33",
    "contract": "ff6ef0af931e",
}


def read(text: str, turn: Turn) -> str:
    if text == "no":
        raise Misread("not that")
    return text


def make(*steps: Step, name: str = "probe", version: int = 1, **more: object) -> Flow:
    return Flow(name, version, "试", steps=steps, finish=lambda turn, slots: turn.say(f"done {slots}"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("flow", "complaint"),
    [
        (make(Step("a", "?", read), Step("a", "?", read)), "two steps share a key"),
        (make(Step("a", "", read)), "prompt"),
        (make(Step("not a key", "?", read)), "identifier"),
        (Flow("probe", 1, "试", steps=(Step("a", "?", read),)), "finish"),
        (Flow("probe", 1, "试"), "needs begin"),
    ],
)
def test_mistakes_stop_the_start(flow: Flow, complaint: str) -> None:
    with pytest.raises(FlowError, match=complaint):
        CompiledFlow(flow)


def test_every_shipped_flow_is_sound() -> None:
    flows = compiled()
    assert {name for name, _ in flows} >= {"welcome", "policy", "profile", "erase", "human", "file"}
    names = [flow.name for flow in declared()]
    assert len(names) == len(set(names))


def test_a_changed_shape_needs_a_new_version() -> None:
    """States and slots may only change together with the version: write the new hash here and raise the number."""
    shapes = {name: flow.shape for (name, _), flow in compiled().items() if flow.order}
    assert shapes == SHAPES


def test_two_openers_never_share_words() -> None:
    words = [word for flow in declared() for word in flow.opens]
    assert len(words) == len(set(words))


def run(world: World, place: Place, *texts: str) -> list[str]:
    said = []
    for number, text in enumerate(texts):
        turn = step(place, Person("p"), Inbound("console::x", str(number), "text", text, NOW), world)
        place = from_row(**to_row(turn.place))
        said.append("\n".join(part.text for part in turn.parts if isinstance(part, Say)))
    return said


def test_a_version_still_loaded_goes_on(search: PolicySearch) -> None:
    old = CompiledFlow(make(Step("first", "第一问", read), Step("second", "第二问", read)))
    new = CompiledFlow(make(Step("other", "新问法", read), version=2))
    world = World(search, {**compiled(), ("probe", 1): old, ("probe", 2): new}, Eligibility(search.knowledge))
    said = run(world, Place(stack=[Frame("probe", 1, "first")]), "甲", "乙")
    assert "第二问" in said[0]
    assert "done {'first': '甲', 'second': '乙'}" in said[1]


def test_a_version_that_is_gone_keeps_the_answers(search: PolicySearch) -> None:
    new = CompiledFlow(make(Step("first", "第一问", read), Step("extra", "多一问", read), version=2))
    world = World(search, {**compiled(), ("probe", 2): new}, Eligibility(search.knowledge))
    place = Place(stack=[Frame("probe", 1, "second", {"first": "甲"})])
    said = run(world, place, "随便", "继续填")
    assert "改版" in said[0]
    assert "多一问" in said[1], "the answer kept from the old version is not asked again"


def test_a_version_that_is_gone_may_migrate(search: PolicySearch) -> None:
    flow = make(Step("first", "第一问", read), version=2, migrate=lambda frame: replace(frame, version=2, state="first"))
    world = World(search, {**compiled(), ("probe", 2): CompiledFlow(flow)}, Eligibility(search.knowledge))
    assert "done" in run(world, Place(stack=[Frame("probe", 1, "gone")]), "甲")[0]


def test_a_flow_that_no_longer_exists_is_left(search: PolicySearch) -> None:
    world = World(search, compiled(), Eligibility(search.knowledge))
    assert run(world, Place(stack=[Frame("vanished", 3, "x")]), "菜单")[0].startswith("你好")


def test_mermaid_names_every_state() -> None:
    for flow in compiled().values():
        drawn = flow.mermaid()
        assert drawn.startswith("stateDiagram-v2")
        assert all(f" {key} " in drawn for key in flow.order)
