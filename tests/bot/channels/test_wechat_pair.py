"""Two programs on one database behind one address: WeChat's tries meet either, and nobody is answered twice or not at all."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from bot import delivery
from bot.app import App
from bot.transcript import InboxMessage
from dialogs.messages import Say
from dialogs.turn import Turn
from tests.bot.channels.program import AES_KEY, TOKEN, serving, wechat_settings
from tests.simulators.wechat import Api, People, World
from tests.simulators.wechat import serving as api_of
from tests.simulators.wechat.people import Push

PEOPLE = [f"oPair{number}" for number in range(8)]


class Balanced(People):
    """A load balancer: every try goes to the next program."""

    def __init__(self, world: World, hooks: list[str]) -> None:
        super().__init__(world, hooks[0], TOKEN, AES_KEY, "safe")
        self.hooks = itertools.cycle(hooks)

    async def attempt(self, push: Push) -> bool:
        self.hook = next(self.hooks)
        return await super().attempt(push)


class Pair:
    def __init__(self, apps: list[App], world: World, people: Balanced) -> None:
        self.apps, self.world, self.people = apps, world, people

    async def settled(self) -> dict[str, int]:
        end = time.monotonic() + 20
        while True:
            with self.apps[0].database.reading() as connection:
                books = delivery.books(connection)
            if not books["open"]:
                return books
            assert time.monotonic() < end, books
            await asyncio.sleep(0.05)


@pytest.fixture
async def pair(url: str) -> AsyncIterator[Pair]:
    world = World()
    with api_of(Api(world)) as api:
        apps = [App(wechat_settings(url, api, world.account.appid, world.account.secret)) for _ in range(2)]
        with serving(apps[0]) as first, serving(apps[1]) as second:
            people = Balanced(world, [f"{address}/hook/wechat" for address in (first, second)])
            yield Pair(apps, world, people)
            await people.close()
        for app in apps:
            app.close()


async def test_everybody_is_answered_once(pair: Pair) -> None:
    async def talk(openid: str) -> list[Push]:
        return [await pair.people.text(openid, text) for text in ("你好", "档案放哪儿", "报到证还发吗")]

    pushes = [push for said in await asyncio.gather(*map(talk, PEOPLE)) for push in said]
    assert all(push.text and not push.fault for push in pushes)
    books = await pair.settled()
    assert books["sent"] == books["planned"] == 3 * len(PEOPLE)
    assert not any(pair.world.person(openid).duplicates() for openid in PEOPLE)


async def test_a_try_that_meets_the_other_program_gets_the_same(pair: Pair) -> None:
    fields = pair.people.fields(PEOPLE[0], "text", Content="档案放哪儿", MsgId=9)
    texts = {(await pair.people.push(fields)).text for _ in range(4)}
    assert len(texts) == 1
    with pair.apps[0].database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(InboxMessage)).scalar() == 1


async def test_what_is_said_unasked_leaves_once_and_with_one_token(pair: Pair) -> None:
    for openid in PEOPLE:
        await pair.people.text(openid, "你好")
    for number, openid in enumerate(PEOPLE):
        pair.apps[number % 2].say(f"wechat:{pair.world.account.appid}:{openid}", f"s{number}", [Say("明天有招聘会")]).result()
    books = await pair.settled()
    assert books["sent"] == books["planned"]
    assert all(pair.world.person(openid).texts().count("明天有招聘会") == 1 for openid in PEOPLE)
    assert pair.world.books["tokens/STABLE"] == 1


async def test_a_late_answer_comes_once(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    for app in pair.apps:
        step = app.inbox.step

        def slow(*given: object, held: object = step) -> Turn:
            time.sleep(5.2)
            return held(*given)  # type: ignore[operator, no-any-return]

        monkeypatch.setattr(app.inbox, "step", slow)
    push = await pair.people.text(PEOPLE[0], "档案放哪儿")
    assert push.text == ""
    await pair.people.wait_until(PEOPLE[0], 1)
    await asyncio.sleep(1)
    await pair.settled()
    assert [text[:4] for text in pair.world.person(PEOPLE[0]).texts()] == ["转到户籍"]
