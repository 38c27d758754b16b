"""A conversation from end to end: what a person does at Telegram goes through the program's inbox and comes back to them."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select

from bot.app import App
from bot.channels import Fate
from bot.channels.telegram.poll import Poller, poll
from bot.channels.telegram.receive import Bot, Received, chat_of, read
from bot.channels.telegram.reply import Tapped, bodies, chosen, decode
from bot.channels.telegram.send import Sender
from bot.delivery import Delivery
from dialogs.messages import Inbound, from_json
from tests.bot.channels.telegram.conftest import PERSON
from tests.bot.channels.telegram.test_poll import until
from tests.simulators.telegram import Simulator
from tests.simulators.telegram.world import Seen

BOT = Bot(123456, "careerbot")


class Wiring:
    """The least that ties channel and program together."""

    def __init__(self, app: App, sender: Sender) -> None:
        self.app, self.sender, self.offset = app, sender, 0

    async def leads(self) -> bool:
        return True

    async def load_offset(self) -> int | None:
        return self.offset

    async def store_offset(self, offset: int) -> None:
        self.offset = offset

    async def take(self, updates: list[Any]) -> None:
        for update in updates:
            received = read(update, bot=BOT, now=self.app.clock.now())
            if isinstance(received, Received) and received.kind in ("text", "command", "choice"):
                await self.answer(received)

    async def answer(self, received: Received) -> None:
        if received.callback:
            assert (await self.sender.answer(received.callback)).fate is Fate.SENT
        conversation, label, text = f"telegram:{BOT.id}:{received.handle}", received.label, received.text
        if received.kind == "choice" and isinstance(place := decode(received.text), Tapped):
            text, label = self.looked_up(conversation, place)
        inbound = Inbound(conversation, str(received.update_id), "text" if received.kind == "text" else "choice", text, self.app.clock.now())
        reply = await asyncio.wrap_future(self.app.accept(inbound, label))
        assert reply.delivery_id
        outcomes = await self.sender.send(chat_of(received.handle), bodies([from_json(part) for part in reply.parts], reply.delivery_id))
        assert all(outcome.fate is Fate.SENT for outcome in outcomes)

    def looked_up(self, conversation: str, place: Tapped) -> tuple[str, str]:
        with self.app.database.reading() as connection:
            query = select(Delivery.parts).where(Delivery.id == place.row, Delivery.conversation == conversation)
            parts = connection.execute(query).scalar()
        choice = chosen(parts or [], place.n)
        return (choice.value, choice.label) if choice else ("gone", "")


async def test_a_command_a_question_and_a_chinese_button(app: App, sender: Sender, telegram: Simulator) -> None:
    world, wiring = telegram.world, Wiring(app, sender)
    poller = Poller(wiring.leads, wiring.load_offset, wiring.store_offset, wiring.take, 2)
    polling = asyncio.create_task(poll(sender, poller))

    async def heard(update: int) -> list[Seen]:
        """What the person saw since the update before this one, once the program is done with it."""
        already = len(heard_so_far)
        await until(lambda: wiring.offset > update)
        heard_so_far.extend(world.chats[PERSON].seen[already:])
        return heard_so_far[already:]

    heard_so_far: list[Seen] = []
    try:
        menu = await heard(world.say(PERSON, "/start"))
        assert any(message.buttons for message in menu)
        assert "报到证" in words(await heard(world.say(PERSON, "报到证还发吗")))
        asked = await heard(world.say(PERSON, "/plan"))
        shown = [button for message in asked for row in message.buttons for button in row]
        mapped = next(button for button in shown if button["callback_data"].startswith("#"))
        answered = words(await heard(world.tap(PERSON, mapped["text"])))
        assert answered
        assert answered != words(asked)
        assert "之前那一步" not in answered, "the button was understood"
        assert len(world.answered) == 1
        assert not list(world.doubled())
    finally:
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)


def words(messages: list[Seen]) -> str:
    return "\n".join(message.text for message in messages)
