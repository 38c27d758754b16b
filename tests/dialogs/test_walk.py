"""No input, in any order, at any state, breaks the conversation: it always gets a reply, a legal state and no exception."""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogs.engine import step
from dialogs.flow import CANCELLED, DONE, TRIGGERS
from dialogs.flows import compiled
from dialogs.messages import Inbound, Say
from dialogs.orders import GLOBAL
from dialogs.place import DEPTH, Place, from_row, to_row
from dialogs.turn import Person, World
from knowledge.policy.eligibility import Eligibility
from knowledge.policy.search import PolicySearch

START = datetime(2026, 11, 22, 1, tzinfo=UTC)
Input = tuple[Literal["text", "choice", "timer", "file"], str]
RESUME = "林之遥\n13800138001\n教育背景\n江汉示范大学 市场营销 本科 2022.09-2026.06\n实习经历\n青山文化公司 运营 2026.07-至今\n• 负责公众号运营"
CONTRACT = "劳动合同\n甲方:某超市 乙方:小李\n合同期两年,试用期六个月,每周工作六天,月工资 4000 元,社保转正后再交,提前离职赔违约金 5000 元。"
POSTING = "贵阳永兴食品公司招质检员2名,月薪4500元"
NOTICE = "双选会\n时间:2027-01-05 14:00\n地点:体育馆"
SAID = [
    RESUME, "改简历", CONTRACT, NOTICE, "值班 12345678", "/cases", "/broadcast",
    "贵阳", "2025年6月", "本科", "还没工作", "同意", "愿意", "先不", "低保", "都不是", "见习多少钱", "那我可以吗", "要什么材料", "1", "第二个", " ",
    "我不想活了",
    "之前说错了,我是硕士", "档案放哪儿", "校园卡丢了", "帮我办假证", "谢谢", "海口呢", "完善资料", "注销", "确认注销", "导出", "啊", "🙂",
]  # fmt: skip


@pytest.fixture(scope="module")
def world(search: PolicySearch) -> World:
    return World(search, compiled(), Eligibility(search.knowledge))


class Talk:
    """A conversation that is stored as JSON after each turn, as in the database."""

    def __init__(self, world: World) -> None:
        self.world, self.place, self.number = world, Place(), 0

    def say(self, kind: Any, text: str) -> None:
        self.number += 1
        at = START + timedelta(minutes=self.number)
        before = self.place.mode
        turn = step(self.place, Person("p"), Inbound("web::x", str(self.number), kind, text, at), self.world)
        row = to_row(turn.place)
        due = row.pop("due_at")
        self.place = from_row(**json.loads(json.dumps(row)), due_at=due)
        assert turn.parts or turn.effects or before == "human" or kind == "timer", "a message without a reply"
        self.check(turn.parts)

    def check(self, parts: list[Any]) -> None:
        assert self.place.mode in ("bot", "human")
        assert len(self.place.stack) <= DEPTH
        for frame in self.place.stack:
            assert frame.state in self.world.flows[frame.flow, frame.version].steps
        for part in parts:
            if isinstance(part, Say):
                assert part.text.strip()
                assert len(part.text) < 1500
                assert all(choice.label and choice.value for choice in part.choices)


def inputs() -> st.SearchStrategy[Input]:
    words = [word for said in GLOBAL.values() for word in said]
    values = [
        "go/menu",
        "go/human",
        "go/resume",
        "go/safe",
        "go/nonsense",
        "ask/SUB-02/papers",
        "ask/XXX-99/all",
        "open/profile",
        "duty/cases",
        "duty/approve/1/yes",
        "duty/reply/1",
        "open/duty_reply",
        "open/none",
        "step/profile/1/degree/本科",
        "step/x",
        "",
        "ask/SUB-02/nonsense",
        "mine/SUB-02",
        "mine/XXX-99",
        "remind/SUB-02",
        "unremind/SUB-02",
        "open/link",
        "open/bind",
        "go/unhelpful",
        "tell/1",
    ]
    typed = st.one_of(st.sampled_from(SAID), st.sampled_from(words), st.text(max_size=40))
    return st.one_of(
        st.tuples(st.just("text"), typed),
        st.tuples(st.just("choice"), st.one_of(st.sampled_from(values), st.text(max_size=20))),
        st.tuples(st.sampled_from(["timer", "file"]), st.just("")),
        st.tuples(st.just("timer"), st.sampled_from(["remind/SUB-02/2027-06-29", "remind/XXX-99/2027-06-29"])),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(inputs(), min_size=1, max_size=14))
def test_any_input_in_any_order(world: World, said: list[Input]) -> None:
    talk = Talk(world)
    for kind, text in said:
        talk.say(kind, text)


def test_every_choice_ever_shown_leads_on(world: World) -> None:
    """Breadth first over the buttons from the menu: each one gets a reply; the walk covers the menu three taps deep."""
    waiting: deque[tuple[Place, int]] = deque()
    first = Talk(world)
    first.say("text", "菜单")
    waiting.append((first.place, 0))
    seen: set[str] = set()
    while waiting:
        place, depth = waiting.popleft()
        for choice in place.choices:
            if choice.value in seen:
                continue
            seen.add(choice.value)
            talk = Talk(world)
            talk.place = from_row(**to_row(place))
            talk.say("choice", choice.value)
            if depth < 3:
                waiting.append((talk.place, depth + 1))
    assert {"open/policy", "go/person", "go/human", "open/profile"} <= seen
    assert len(seen) > 60


@pytest.mark.parametrize("name", [name for (name, _), flow in compiled().items() if flow.order])
def test_exhaustive_walk_of_a_flow(world: World, name: str) -> None:
    """From every reachable state every trigger and every offered answer leads to a state that exists or ends the flow."""
    flow = world.newest(name)
    waiting = deque([[("choice", f"open/{name}")]])
    states: set[str] = set()
    paths = 0
    while waiting:
        path = waiting.popleft()
        talk = Talk(world)
        for kind, text in path:
            talk.say(kind, text)
        top = talk.place.top
        state = top.state if top and top.flow == name else DONE
        if state in states or state == DONE:
            states.add(state)
            continue
        states.add(state)
        for text in ("取消", "返回", "跳过", "帮助", "胡说八道", RESUME, CONTRACT, NOTICE, POSTING, *(choice.label for choice in talk.place.choices)):
            paths += 1
            waiting.append([*path, ("text", text)])
    assert set(flow.order) <= states, "a step was never reached"
    assert DONE in states
    assert paths >= 5 * len(flow.order)
    assert all(key in flow.machine.events[trigger].transitions for trigger in TRIGGERS for key in flow.order)
    assert CANCELLED in flow.machine.states
