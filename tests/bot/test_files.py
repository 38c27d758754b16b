"""Files sent in a chat, as their words: a contract is checked as one, what may be a fraud as that, and a résumé stays one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.app import App
from bot.channels.console import ConsoleChannel
from bot.delivery import Delivery
from bot.transcript import InboxMessage
from dialogs.messages import Inbound
from knowledge.clinic.papers import KeptResume

SAMPLES = Path(__file__).parents[1]
CONTRACT = SAMPLES / "knowledge" / "rights" / "contracts" / "bad_sales.txt"
RESUME = SAMPLES / "samples" / "resumes" / "operations.txt"
FRAUD = "垫付三单就返现,先交 800 元激活费,你加我微信,做满任务本金和佣金一起退给你,现在名额只剩两个,转账到这张卡上就行。"
DIARY = "今天天气很好,我们去公园散步,看见了很多花,大家都很高兴,晚上一起吃了火锅,然后回家睡觉,明天再去。"
PERSON = "web::me"


class Chat:
    def __init__(self, app: App) -> None:
        self.app, self.number = app, 0

    def say(self, text: str) -> str:
        return self.heard("text", text)

    def send(self, data: bytes, name: str = "照片.txt") -> str:
        """What is said of a file once it is read."""
        self.heard("file", name)
        before = self.count()
        self.app.reader.check(PERSON, data, name, str(self.number))
        end = time.monotonic() + 20
        while self.count() == before:
            assert time.monotonic() < end
            time.sleep(0.02)
        with self.app.database.reading() as connection:
            parts = connection.execute(select(Delivery.parts).order_by(Delivery.id.desc()).limit(1)).scalar_one()
        return "\n".join(str(part.get("text", "")) for part in parts)

    def heard(self, kind: str, text: str) -> str:
        self.number += 1
        reply = self.app.accept(Inbound(PERSON, str(self.number), kind, text, self.app.clock.now())).result()  # type: ignore[arg-type]
        return "\n".join(str(part.get("text", "")) for part in reply.parts)

    def count(self) -> int:
        with self.app.database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(Delivery)).scalar_one())

    def kept(self) -> int:
        with self.app.database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(KeptResume)).scalar_one())


@pytest.fixture
def chat(any_app: App) -> Chat:
    return Chat(any_app)


def test_a_contract_is_checked_as_one_though_nobody_asked(chat: Chat) -> None:
    said = chat.send(CONTRACT.read_bytes())
    assert "不合法" in said
    assert "依据：" in said
    assert "公司" in chat.say("怎么跟公司说")
    assert chat.kept() == 0


def test_a_contract_sent_at_the_terminal_is_checked(app: App) -> None:
    console = ConsoleChannel(app)
    sent = console.inbound("u1", "file", CONTRACT.name)
    console.answer(sent)
    console.read(sent, CONTRACT)
    assert "不合法" in str(console.leftovers("u1"))


def test_a_picture_of_a_fraud_is_answered_with_what_to_do_now(chat: Chat) -> None:
    said = chat.send(FRAUD.encode())
    assert "现在这样做" in said
    assert "老师收到了" in chat.say("告诉老师")


def test_what_was_asked_for_is_what_it_is_read_as(chat: Chat) -> None:
    chat.say("这是不是骗局")
    assert "没看出" in chat.send(DIARY.encode())
    chat.say("看合同")
    assert "看不出是合同" in chat.send(DIARY.encode())
    first, second = CONTRACT.read_text(encoding="utf8").split("第四条", 1)
    chat.send(first.encode())
    assert "3500" in chat.send(f"第四条{second}".encode()), "the next page goes on with the first"


def test_a_resume_stays_one_and_anything_else_is_not_kept(chat: Chat) -> None:
    chat.send(RESUME.read_bytes())
    assert chat.kept() == 1
    assert "不像一份简历" in chat.send(DIARY.encode())
    with chat.app.database.reading() as connection:
        assert not [text for text in connection.execute(select(InboxMessage.text)).scalars() if "公园" in text]
