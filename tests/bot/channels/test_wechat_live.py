"""The program and WeChat, from phone to phone: every situation of a person, on both databases, in safe mode."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot import delivery
from bot.allowances import OFF, Allowance
from bot.app import App
from bot.channels.wechat.limits import MESSAGE_QUOTA
from bot.channels.wechat.serve import WeChatAccount
from bot.delivery import Delivery
from bot.reader import CUT, LEFT
from bot.transcript import InboxMessage
from dialogs.messages import Inbound, Say
from dialogs.turn import Turn
from dialogs.typography import chinese
from knowledge.clinic.papers import KeptResume
from knowledge.people import Graduate, Identity
from tests.bot.channels.program import AES_KEY, TOKEN, serving, wechat_settings
from tests.knowledge.pictures import encoded, lines
from tests.simulators.wechat import Account, Api, People, World
from tests.simulators.wechat import serving as api_of

PERSON = "oPersonA"


class Town:
    """One program, one account, its people."""

    def __init__(self, app: App, api: Api, people: People) -> None:
        self.app, self.api, self.world, self.people = app, api, api.world, people

    def seen(self, openid: str = PERSON) -> list[str]:
        return self.world.person(openid).texts()

    async def until(self, count: int, openid: str = PERSON) -> list[str]:
        await self.people.wait_until(openid, count)
        return self.seen(openid)

    async def settled(self, open_: int = 0) -> dict[str, int]:
        """The books once so many are open: an outcome is written just after the person saw it."""
        end = time.monotonic() + 30
        while (books := self.books())["open"] != open_:
            assert time.monotonic() < end, books
            await asyncio.sleep(0.02)
        return books

    async def filed(self) -> None:
        """Something waits for the next contact."""
        query, end = select(Delivery.id).where(Delivery.mailbox, Delivery.status == "ready"), time.monotonic() + 30
        while True:
            with self.app.database.reading() as connection:
                if connection.execute(query).first():
                    return
            assert time.monotonic() < end
            await asyncio.sleep(0.02)

    def books(self) -> dict[str, int]:
        with self.app.database.reading() as connection:
            counted = delivery.books(connection)
        assert counted["planned"] == counted["open"] + sum(counted[state] for state in delivery.FINAL)
        return counted


@contextmanager
def town(url: str, capability: str = "service_verified", patience: float = 5.0, template: str | None = None, may: str = "") -> Iterator[Town]:
    """`may`: what the account is on the platform, where the settings say something else of it."""
    api = Api(world := World(Account(capability=may or capability)))
    with api_of(api) as base:
        app = App(wechat_settings(url, base, world.account.appid, world.account.secret, capability))
        app.settings.wechat.template = template
        with serving(app, sweeps=True) as address:
            yield Town(app, api, People(world, f"{address}/hook/wechat", TOKEN, AES_KEY, "safe", patience=patience))
        app.close()


@pytest.fixture
async def served(url: str) -> AsyncIterator[Town]:
    with town(url) as found:
        yield found
        await found.people.close()


@pytest.fixture
async def unverified(sqlite_url: str) -> AsyncIterator[Town]:
    with town(sqlite_url, "unverified") as found:
        yield found
        await found.people.close()


def slow(monkeypatch: pytest.MonkeyPatch, app: App, seconds: float) -> None:
    """Answers are ready so much later."""
    held = app.inbox.step

    def step(*given: object) -> Turn:
        time.sleep(seconds)
        return held(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(app.inbox, "step", step)


async def test_the_address_is_verified_and_a_question_is_answered_at_once(served: Town) -> None:
    assert await served.people.verify()
    push = await served.people.text(PERSON, "报到证还发吗")
    assert "报到证" in push.text
    assert [one.status for one in push.tries] == [200]
    assert (await served.settled())["sent"] == 1


async def test_ten_in_a_burst_are_answered_once_each(served: Town) -> None:
    pushes = await asyncio.gather(*(served.people.text(PERSON, f"档案放哪儿 {number}") for number in range(10)))
    assert all(push.text and not push.fault for push in pushes)
    assert len(await served.until(10)) == 10
    assert (await served.settled())["sent"] == 10


async def test_events_never_leave_a_person_stuck(served: Town) -> None:
    await served.people.follow(PERSON)
    await served.people.click(PERSON, "open/entitlements")
    await served.people.event(PERSON, "some_event_of_2030")
    await served.people.message(PERSON, "voice", MediaId="M", Format="amr", Recognition="")
    await served.people.message(PERSON, "video", MediaId="M", ThumbMediaId="T")
    push = await served.people.text(PERSON, "档案放哪儿")
    assert "公共人才机构" in push.text
    texts = served.seen()
    assert len(texts) == 5
    assert not any("故障" in text for text in texts)


async def test_one_message_id_of_two_people_is_two_messages(served: Town) -> None:
    fields = served.people.fields(PERSON, "text", Content="档案放哪儿", MsgId=7)
    first = await served.people.push(fields)
    second = await served.people.push({**fields, "FromUserName": "oPersonB"})
    again = await served.people.push(fields)
    assert first.text == second.text == again.text != ""
    with served.app.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(InboxMessage)).scalar() == 2


async def test_an_answer_that_is_late_comes_as_a_message_of_its_own(served: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    slow(monkeypatch, served.app, 5.5)
    push = await served.people.text(PERSON, "档案放哪儿")
    assert (push.text, push.fault) == ("", False)
    assert "公共人才机构" in (await served.until(1))[0]
    await asyncio.sleep(1)
    assert not served.world.person(PERSON).duplicates()
    assert (await served.settled())["sent"] == 1


async def test_a_long_answer_is_finished_by_messages(served: Town) -> None:
    await served.people.text(PERSON, "你好")
    served.app.say(f"wechat:{served.world.account.appid}:{PERSON}", "long", [Say("这是一句话。" * 400)]).result()
    seen = await served.until(5)
    assert "".join(seen[1:]) == "这是一句话。" * 400


async def test_a_template_rings_once_and_the_whole_is_said_when_the_person_writes(sqlite_url: str) -> None:
    with town(sqlite_url, template="TPL") as served:
        served.world.templates["TPL"] = ("thing1",)
        await served.people.text(PERSON, "你好")
        key, words = f"wechat:{served.world.account.appid}:{PERSON}", "王老师：" + "你的档案在户籍地的人才中心。" * 5
        for number in range(5):
            served.app.say(key, f"n{number}", [Say(f"第 {number} 句")]).result()
        await served.until(6)
        served.app.say(key, "words", [Say(words)]).result()
        assert (await served.until(7))[-1] == words[:20]
        await asyncio.sleep(6)
        assert len(served.seen()) == 7
        await served.settled(1)
        await served.people.text(PERSON, "在")
        assert words in await served.until(9)
        await served.settled()
        await served.people.close()


async def test_what_wechat_finds_too_long_is_said_as_two(served: Town) -> None:
    await served.people.text(PERSON, "你好")
    await served.settled()
    served.api.fail("message/custom/send", "errcode", 45002)
    text = "\n".join(f"第 {number} 条：带身份证和毕业证，先去社区登记。" for number in range(20))
    served.app.say(f"wechat:{served.world.account.appid}:{PERSON}", "long", [Say(text)]).result()
    assert "\n".join((await served.until(3))[1:]) == text
    assert (await served.settled())["sent"] == 2
    with served.app.database.reading() as connection:
        left = connection.execute(select(Allowance.left).where(Allowance.name == "message")).scalar_one()
    assert left == MESSAGE_QUOTA - 2


async def test_what_arrived_by_half_is_left_to_staff(served: Town) -> None:
    await served.people.text(PERSON, "你好")
    await served.settled()
    key = f"wechat:{served.world.account.appid}:{PERSON}"
    for number in range(MESSAGE_QUOTA - 1):
        served.app.say(key, f"s{number}", [Say("好")]).result()
    await served.until(MESSAGE_QUOTA)
    served.api.fail("message/custom/send", "errcode", 45002)
    served.app.say(key, "long", [Say("带身份证和毕业证。" * 20)]).result()
    assert (await served.until(MESSAGE_QUOTA + 1))[-1] == "带身份证和毕业证。" * 10
    assert (await served.settled())["unknown"] == 1


async def test_what_does_not_fit_the_windows_waits_for_the_next_contact(served: Town) -> None:
    await served.people.text(PERSON, "你好")
    key = f"wechat:{served.world.account.appid}:{PERSON}"
    for number in range(7):
        served.app.say(key, f"n{number}", [Say(f"老师说的第 {number} 句")]).result()
    await served.until(6)
    await asyncio.sleep(1.5)
    assert len(served.seen()) == 6
    await served.settled(2)
    await served.people.text(PERSON, "在吗")
    seen = await served.until(9)
    assert [text for text in seen if text.startswith("老师说的")] == [f"老师说的第 {number} 句" for number in range(7)]
    await served.settled()


async def test_a_push_keeps_its_pace_and_a_reply_does_not_wait_for_it(served: Town) -> None:
    crowd = [f"oCrowd{number}" for number in range(50)]
    await asyncio.gather(*(served.people.text(openid, "你好") for openid in (PERSON, *crowd)))
    begun = time.monotonic()
    for openid in crowd:
        served.app.say(f"wechat:{served.world.account.appid}:{openid}", f"push {openid}", [Say("新政策")], "notice")
    await served.until(2, crowd[5])
    assert "报到证" in (await served.people.text(PERSON, "报到证还发吗")).text
    assert len(served.seen(crowd[-1])) == 1
    for openid in crowd:
        assert (await served.until(2, openid))[1] == "新政策"
    assert len(crowd) / (time.monotonic() - begun) < 22
    assert (await served.settled())["sent"] == 2 * len(crowd) + 2


async def test_a_token_that_dies_while_sending_is_renewed_once(served: Town) -> None:
    await served.people.text(PERSON, "你好")
    key = f"wechat:{served.world.account.appid}:{PERSON}"
    served.app.say(key, "one", [Say("第一句")]).result()
    await served.until(2)
    served.world.kill_stable()
    served.app.say(key, "two", [Say("第二句")]).result()
    assert (await served.until(3))[-1] == "第二句"
    assert served.world.books["tokens/STABLE"] == 2


async def test_unfollowing_erases_what_came_from_wechat(served: Town) -> None:
    await served.people.follow(PERSON)
    await served.people.text(PERSON, "档案放哪儿")
    await served.people.unfollow(PERSON)
    with served.app.database.reading() as connection:
        for table in (Graduate, Identity, InboxMessage, Delivery):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0
    await served.people.follow(PERSON)
    assert (await served.people.text(PERSON, "档案放哪儿")).text


async def test_a_tapped_item_of_a_message_menu_is_the_choice(served: Town) -> None:
    await served.people.text(PERSON, "你好")
    key = f"wechat:{served.world.account.appid}:{PERSON}"
    served.app.accept(Inbound(key, "menu", "choice", "go/menu", served.app.clock.now())).result()
    await served.until(2)
    push = await served.people.tap(PERSON, "找老师")
    assert "转给老师" in push.text


async def test_a_tapped_item_is_not_overtaken_by_what_is_typed_after_it(served: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = WeChatAccount.looked_up

    def slowly(self: WeChatAccount, *given: Any) -> str | None:
        time.sleep(0.3)
        return looked_up(self, *given)

    monkeypatch.setattr(WeChatAccount, "looked_up", slowly)
    await served.people.text(PERSON, "你好")
    key = f"wechat:{served.world.account.appid}:{PERSON}"
    served.app.accept(Inbound(key, "menu", "choice", "go/menu", served.app.clock.now())).result()
    await served.until(2)
    tapping = asyncio.create_task(served.people.tap(PERSON, "找老师"))
    await asyncio.sleep(0.1)
    await asyncio.gather(served.people.text(PERSON, "报到证还发吗"), tapping)
    with served.app.database.reading() as connection:
        heard = list(connection.execute(select(InboxMessage.text).order_by(InboxMessage.id)).scalars())
    assert heard[-2:] == ["找老师", "报到证还发吗"]


async def test_an_unverified_account_says_all_it_can_in_replies(unverified: Town) -> None:
    await unverified.people.text(PERSON, "你好")
    key = f"wechat:{unverified.world.account.appid}:{PERSON}"
    unverified.app.say(key, "staff", [Say("老师说:" + "材料带齐。" * 300)]).result()
    await asyncio.sleep(1)
    assert len(unverified.seen()) == 1
    for _ in range(3):
        await unverified.people.text(PERSON, "好")
    told = "".join(unverified.seen())
    assert told.count("材料带齐。") == 300
    assert "随便回一个字" in told
    await unverified.settled()


async def test_ten_in_a_burst_to_an_unverified_account_are_answered_once_each(unverified: Town) -> None:
    pushes = await asyncio.gather(*(unverified.people.text(PERSON, "报到证还发吗") for _ in range(10)))
    assert not any(push.fault for push in pushes)
    await unverified.settled()
    assert "".join(unverified.seen()).count("依据：") == 10


@pytest.mark.parametrize("seconds", [6, 16])
async def test_a_late_answer_of_an_unverified_account_takes_at_most_one_more_message(
    unverified: Town, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    slow(monkeypatch, unverified.app, seconds)
    push = await unverified.people.text(PERSON, "档案放哪儿")
    assert not push.fault
    if "公共人才机构" not in push.text:
        assert "随便回一个字" in push.text
        monkeypatch.undo()
        await asyncio.sleep(seconds - 14)
        assert "公共人才机构" in (await unverified.people.text(PERSON, "好")).text
    assert "".join(unverified.seen()).count("档案不能自己保管") == 1


@pytest.fixture
async def promised(url: str) -> AsyncIterator[Town]:
    """The settings say more than the account may do: 48001."""
    with town(url, may="unverified") as found:
        yield found
        await found.people.close()


async def test_a_late_answer_of_an_account_that_was_refused_takes_one_more_message(promised: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        slow(patched, promised.app, 5.5)
        assert (await promised.people.text(PERSON, "档案放哪儿")).text == "", "nobody knows yet"
        await promised.filed()
    assert "公共人才机构" in (await promised.people.text(PERSON, "好")).text
    for seconds in (6, 16):
        with monkeypatch.context() as patched:
            slow(patched, promised.app, seconds)
            push = await promised.people.text(PERSON, "报到证还发吗")
        assert not push.fault
        if "报到证" not in push.text:
            assert "随便回一个字" in push.text
            await asyncio.sleep(seconds - 14)
            assert "报到证" in (await promised.people.text(PERSON, "好")).text
    assert "".join(promised.seen()).count("档案不能自己保管") == 1
    await promised.settled()


def lengthy(monkeypatch: pytest.MonkeyPatch, app: App, lines: int) -> list[str]:
    """A question for the list is answered with so many lines; they are returned."""
    held, said = app.inbox.step, [chinese(f"第 {number} 样材料:原件和复印件各一份,缺一不可。") for number in range(lines)]

    def step(inbound: Inbound, *given: Any) -> Turn:
        turn = held(inbound, *given)
        if inbound.text == "清单":
            turn.parts[:] = [Say("".join(said))]
        return turn

    monkeypatch.setattr(app.inbox, "step", step)
    return said


async def test_a_long_answer_of_an_account_that_was_refused_takes_one_more_message(promised: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    said = lengthy(monkeypatch, promised.app, 40)
    for times in (1, 2):  # the first finds out, the second knows
        await promised.people.text(PERSON, "清单")
        await promised.filed()
        await promised.people.text(PERSON, "好")
        assert [line for line in said if "".join(promised.seen()).count(line) != times] == []
        await promised.settled()


async def test_what_was_begun_in_replies_is_finished_by_messages_where_the_right_came_back(promised: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    said = lengthy(monkeypatch, promised.app, 40)
    await promised.people.text(PERSON, "清单")
    await promised.filed()
    await promised.people.text(PERSON, "好")
    await promised.settled()
    said += lengthy(monkeypatch, promised.app, 72)
    await promised.people.text(PERSON, "清单")
    await promised.filed()
    promised.world.account = replace(promised.world.account, capability="service_verified")
    promised.app.clock.advance(OFF)
    await promised.people.text(PERSON, "好")
    await promised.settled()
    assert [line for line in said if "".join(promised.seen()).count(line) != said.count(line)] == []


async def test_a_scanned_code_makes_one_person_of_two(served: Town) -> None:
    app = served.app
    parts = app.accept(Inbound("web::me", "1", "text", "绑定", app.clock.now())).result().parts
    code = parts[0]["text"].split("绑定码：")[1][:8]
    push = await served.people.follow(PERSON, code)
    assert "合成一份档案吗" in push.text
    assert "合成一份了" in (await served.people.text(PERSON, "合成一份")).text
    with app.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(Identity)).scalar() == 2
        assert connection.execute(select(func.count()).select_from(Graduate)).scalar() == 1
    await served.people.unfollow(PERSON)
    with app.database.reading() as connection:
        assert list(connection.execute(select(Identity.channel)).scalars()) == ["web"]
        assert connection.execute(select(func.count()).select_from(Graduate)).scalar() == 1


def photo() -> bytes:
    resume = (Path(__file__).parents[2] / "samples" / "resumes" / "operations.txt").read_text(encoding="utf8")
    return encoded(lines(resume.splitlines(), (595, 480), dpi=110), "JPEG", quality=85)


async def test_a_picture_of_a_resume_is_read_once_beside_the_answer(served: Town) -> None:
    served.api.fail("media/get", "slow", 4)
    push = await served.people.image(PERSON, photo())
    assert "收到「图片.jpg」" in push.text
    assert push.tries[0].seconds < 4, "the answer does not wait for the picture"
    again = await served.people.push(push.fields)
    assert again.text == push.text
    await served.people.wait_until(PERSON, 3, patience=60)
    assert "可能有错字" in served.seen()[-1]
    assert "先改" in served.seen()[-1] or "通读了一遍" in served.seen()[-1]
    late = await served.people.push(push.fields)
    assert late.text == push.text
    await served.settled()
    assert served.world.books["calls/media/get"] == 1
    with served.app.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(KeptResume)).scalar() == 1


async def test_a_picture_that_cannot_be_fetched_gets_one_sentence(served: Town) -> None:
    await served.people.image(PERSON, b"\xff\xd8\xff" + bytes(10_000_000))
    assert "10 MB" in (await served.until(2))[-1]
    served.api.fail("media/get", "http", 502)
    await served.people.image(PERSON, photo())
    assert "没有取下来" in (await served.until(4))[-1]
    served.api.fail("media/get", "errcode", 48001)
    await served.people.image(PERSON, photo())
    assert "图片我现在还看不了" in (await served.until(6))[-1]
    served.world.kill_stable()
    served.world.media.clear()
    await served.people.message(PERSON, "image", PicUrl="http://x.example.invalid", MediaId="GONE")
    assert "没有取下来" in (await served.until(8))[-1]
    assert (await served.settled())["sent"] == 8


async def test_pictures_are_left_where_they_cannot_be_read(unverified: Town, served: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "图片我现在还看不了" in (await unverified.people.image(PERSON, photo())).text
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    assert "图片我现在还看不了" in (await served.people.image("oPersonB", photo())).text
    assert not unverified.world.books["calls/media/get"] + served.world.books["calls/media/get"]


async def test_a_stop_waits_for_a_picture_on_its_way_and_the_next_start_asks_for_those_behind_it(url: str) -> None:
    with town(url) as served:
        served.api.fail("media/get", "slow", 2, times=9)
        people = [f"oSender{number}" for number in range(9)]
        await asyncio.gather(*(served.people.image(openid, b"\xff\xd8\xff" + bytes(500)) for openid in people))
        settings = served.app.settings
        await served.people.close()
    fetched = served.world.books["calls/media/get"]
    assert 4 <= fetched < 9
    app = App(settings)
    app.clock.advance(LEFT)
    app.reader.recall()
    with app.database.reading() as connection:
        told = [str(parts) for parts in connection.execute(select(Delivery.parts).where(Delivery.key.startswith("refused|"))).scalars()]
    app.close()
    assert len(told) == 9
    assert sum(chinese(CUT) in each for each in told) >= 9 - fetched
