"""A kept résumé beside a posting: in the chat, and on its report page, where the posting is not kept."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bot.app import App
from bot.transcript import InboxMessage
from tests.bot.test_upload import SAMPLE, Person

POSTING = "招聘新媒体运营\n任职要求:\n1. 本科及以上学历\n2. 熟悉公众号运营,会使用剪映\n3. 有会计从业资格证优先"


@pytest.fixture
def person(app: App) -> Person:
    return Person(app)


async def test_the_report_is_laid_beside_a_posting_that_is_not_kept(person: Person) -> None:
    answer = await person.send(person.link(), SAMPLE.encode())
    address = answer.headers["location"]
    files = {"posting": (None, f"{POSTING}<script>x</script>")}
    page = await person.browser.post(f"{address}/posting", files=files)
    assert page.status_code == 200
    assert "学历：要本科，你本科" in page.text
    assert "优先里没写到的：会计从业资格" in page.text
    assert "<script>x" not in page.text
    assert "证书没写全" in page.text, "the remarks stay on the page"
    assert f'action="{address}"' in page.text, "deleting goes where it went"
    assert "没从岗位里读出要什么" in (await person.browser.post(f"{address}/posting", files={"posting": (None, "好的好的")})).text
    for body in ({"files": {"other": (None, "x")}}, {"files": {"posting": (None, " ")}}):
        plain = await person.browser.post(f"{address}/posting", **body)  # type: ignore[arg-type]
        assert plain.status_code == 200
        assert "要本科" not in plain.text
    assert (await person.browser.post(f"{address}/posting", content=b"x")).status_code == 415
    assert (await person.browser.post("/report/nothing/posting", files=files)).status_code == 410
    with person.app.database.reading() as connection:
        assert not [said for said in connection.execute(select(InboxMessage.text)).scalars() if "从业资格" in said]


async def test_a_body_without_a_good_link_stays_unread_and_a_long_one_is_cut_off(person: Person) -> None:
    address = (await person.send(person.link(), SAMPLE.encode())).headers["location"]
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        yield b'--b\r\ncontent-disposition: form-data; name="posting"; filename="x.txt"\r\n\r\n'
        while taken < 10_000_000:
            taken += 50_000
            yield b"x" * 50_000

    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert (await person.browser.post("/report/nothing/posting", content=body(), headers=headers)).status_code == 410
    assert taken == 0
    long = await person.browser.post(f"{address}/posting", content=body(), headers=headers)
    assert (long.status_code, "太长" in long.text) == (413, True)
    assert taken < 1_000_000


async def test_in_the_chat_the_latest_kept_one_is_meant(person: Person) -> None:
    assert "先把简历发来" in _last(person, POSTING)
    await person.send(person.link(), SAMPLE.encode())
    assert "优先里没写到的：会计从业资格" in _last(person, POSTING)


def _last(person: Person, posting: str) -> str:
    person.say("对着岗位看")
    return str(person.say(posting)[-1]["text"])
