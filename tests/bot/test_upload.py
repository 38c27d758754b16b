"""The pages of a résumé as a browser meets them: the link, a file, pasted text, what is wrong with either, the report, deleting."""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import func, select
from starlette.applications import Starlette

from bot import desk, transcript
from bot.app import App
from bot.web.app import create
from dialogs.messages import Inbound
from knowledge.clinic import queue, slots
from knowledge.clinic.papers import KeptResume
from knowledge.passes import TRIES, Pass
from tests.knowledge.files import pdf
from tests.knowledge.pictures import encoded, lines

SAMPLE = (Path(__file__).parents[1] / "samples" / "resumes" / "operations.txt").read_text(encoding="utf8").replace("CET-6 528 分", "英语六级")
WHO = "web::visitor"


class Person:
    """Somebody who chats and opens the links they are given."""

    def __init__(self, app: App, key: str = WHO) -> None:
        self.app, self.key, self.number = app, key, 0
        self.web: Starlette = create(app)
        transport = httpx.ASGITransport(self.web, raise_app_exceptions=False, client=("10.0.0.1", 1))
        self.browser = httpx.AsyncClient(transport=transport, base_url="http://bulixian.test", timeout=20, trust_env=False)

    def say(self, text: str, kind: Any = "text") -> list[dict[str, Any]]:
        self.number += 1
        return self.app.accept(Inbound(self.key, f"m{self.number}", kind, text, self.app.clock.now())).result(20).parts

    def link(self, words: str = "改简历") -> str:
        return next(url for part in self.say(words) for url in urls(part) if "/upload/" in url)

    async def send(self, link: str, data: bytes = b"", name: str = "简历.txt", text: str = "") -> httpx.Response:
        files = {"file": (name, data)} if data else {"file": ("", b"")}
        return await self.browser.post(link, data={"text": text}, files=files)

    async def report(self, answer: httpx.Response) -> str:
        assert answer.status_code == 303, answer.text
        page = await self.browser.get(answer.headers["location"])
        assert page.status_code == 200
        return page.text

    def heard(self) -> list[dict[str, Any]]:
        with self.app.database.reading() as connection:
            return [part for message in transcript.history(connection, self.key, self.app.clock.now()) for part in message.get("parts", ())]

    def kept(self) -> int:
        with self.app.database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(KeptResume)).scalar_one())


def urls(part: dict[str, Any]) -> list[str]:
    return [link["url"] for link in part.get("links", ())]


def error(answer: httpx.Response) -> str:
    found = re.search(r'role="alert">([^<]+)<', answer.text)
    assert found, answer.text
    return found[1]


@pytest.fixture
def person(app: App) -> Person:
    return Person(app)


async def test_a_file_is_read_reported_and_answered_in_the_chat(any_app: App) -> None:
    person = Person(any_app)
    link = person.link()
    page = await person.browser.get(link)
    assert page.status_code == 200
    assert "7 天后自动删掉" in page.text
    assert "script-src" not in page.text
    assert not re.search(r"<script(?! src)|<style| style=| on\w+=", page.text), "nothing inline: the policy forbids it"
    answer = await person.send(link, SAMPLE.encode())
    report = await person.report(answer)
    assert "证书没写全" in report
    assert re.search(r"<mark>英语六级<a href=\"#r1\"", report)
    assert report.count('<th scope="row">') == 6
    assert "分数" not in re.sub(r"<ol.*?</ol>", "", report, flags=re.DOTALL), "no single score"
    last = person.heard()[-1]
    assert "英语六级" in last["text"]
    assert [choice["label"] for choice in last["choices"]] == ["怎么改", "看全部", "对着岗位看", "请老师看看", "删掉这份"]
    assert (await person.browser.get(urls(last)[0])).status_code == 200
    assert "改法" not in person.say("看全部")[-1]["text"]
    assert "__" in person.say("怎么改")[-1]["text"], "the words of a button that came with the result are known"


CONTRACT = Path(__file__).parents[1] / "knowledge" / "rights" / "contracts" / "bad_sales.txt"


async def test_a_contract_has_a_page_of_its_own_and_is_answered_in_the_chat(any_app: App) -> None:
    person = Person(any_app)
    link = person.link("看合同")
    page = await person.browser.get(link)
    assert "把合同传上来" in page.text
    assert "天后自动删" not in page.text
    answer = await person.send(link, "今天天气很好,我们去公园散步,看见了很多花,大家都很高兴,晚上一起吃了火锅,然后回家睡觉。".encode())
    assert "不像合同" in error(answer)
    answer = await person.send(link, CONTRACT.read_bytes(), "合同.txt")
    assert (answer.status_code, error(answer)) == (200, "看完了，意见发到聊天里了，回去看。")
    assert "不合法" in person.heard()[-2]["text"]
    assert "公司" in person.say("怎么跟公司说")[0]["text"]
    assert "只能用一次" in error(await person.send(link, CONTRACT.read_bytes()))
    assert person.kept() == 0


async def test_a_contract_on_the_page_for_a_resume_is_still_read_as_one(person: Person) -> None:
    answer = await person.send(person.link(), CONTRACT.read_bytes(), "合同.txt")
    assert "意见发到聊天里" in error(answer)
    assert "不合法" in person.heard()[-2]["text"]
    assert person.kept() == 0


async def test_text_is_kept_sealed_and_nothing_else(person: Person) -> None:
    await person.report(await person.send(person.link(), SAMPLE.encode()))
    raw = b"".join(path.read_bytes() for path in Path(str(person.app.database.url.database)).parent.glob("test.db*"))
    assert "林之遥".encode() not in raw
    assert b"linzhiyao@example.com" not in raw


async def test_pasted_text(person: Person) -> None:
    assert "证书没写全" in await person.report(await person.send(person.link(), text=SAMPLE.replace("\n", "\r\n")))


async def test_a_link_is_good_once_and_for_half_an_hour(person: Person) -> None:
    link = person.link()
    await person.report(await person.send(link, SAMPLE.encode()))
    assert "只能用一次" in error(await person.send(link, SAMPLE.encode()))
    assert (await person.browser.get(link)).status_code == 410
    late = person.link("看简历")
    person.app.clock.advance(timedelta(minutes=31))
    assert "过期" in error(await person.browser.get(late))
    assert "过期" in error(await person.send(late, SAMPLE.encode()))
    assert person.kept() == 1


async def test_a_link_cannot_be_made_up_or_turned_to_another_page(person: Person) -> None:
    link = person.link()
    number, end, sign = link.removeprefix("/upload/").split(".")
    other = "B" if sign[0] == "A" else "A"
    for made in (f"{number}.{end}.{other}{sign[1:]}", f"{number}.ffffffffff.{sign}", "x", f"{number}.{end}", "%00", "a" * 5000):
        answer = await person.browser.get(f"/upload/{made}")
        assert answer.status_code == 410
        assert "不完整或者不对" in error(answer)
    assert (await person.browser.get(f"/report/{number}.{end}.{sign}")).status_code == 410


def docx_of(rows: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in rows.items():
            packed.writestr(name, body)
    return out.getvalue()


BAD = {
    "picture": (encoded(Image.new("RGB", (300, 200))), "没有认出文字"),
    "broken picture": (b"\xff\xd8\xff" + bytes(500), "打不开"),
    "old word": (b"\xd0\xcf\x11\xe0" + bytes(600), "另存为"),
    "no resume": ("今天天气很好,我们去公园散步,看见了很多花,大家都很高兴,晚上一起吃了火锅,然后回家睡觉。".encode(), "不像一份简历"),
    "empty pdf": (pdf([[]]), "。"),
    "bomb": (docx_of({"[Content_Types].xml": b"", "word/document.xml": b"a" * 40_000_000}), "Word"),
    "nothing": (b"", "还没有选文件"),
}


async def test_a_picture_is_read_and_the_report_says_that_it_was_one(person: Person) -> None:
    link = person.link()
    assert "image/jpeg" in (await person.browser.get(link)).text
    answer = await person.send(link, encoded(lines(SAMPLE.splitlines(), (595, 480), dpi=110)), "林之遥.png")
    assert "可能有错字" in await person.report(answer)
    assert "可能有错字" in person.heard()[-1]["text"]


async def test_without_the_extra_the_page_offers_no_pictures(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    link = person.link()
    page = (await person.browser.get(link)).text
    assert "image/jpeg" not in page
    assert "照片读不了" in page
    assert "这是图片" in error(await person.send(link, encoded(Image.new("RGB", (300, 200)))))


@pytest.mark.parametrize("name", BAD)
async def test_what_cannot_be_read_is_one_sentence_and_the_link_stays_good(person: Person, name: str) -> None:
    data, expected = BAD[name]
    link = person.link()
    answer = await person.send(link, data)
    said = error(answer)
    assert answer.status_code == 422
    assert expected in said
    assert said.endswith("。")
    assert person.kept() == 0
    await person.report(await person.send(link, SAMPLE.encode()))


async def test_tries_with_one_link_have_an_end(person: Person) -> None:
    link = person.link()
    for _ in range(TRIES):
        assert (await person.send(link)).status_code == 422
    assert (await person.send(link, SAMPLE.encode())).status_code == 410


@pytest.mark.parametrize("length", [None, "10"])
async def test_a_body_is_cut_off_whatever_its_header_says(person: Person, length: str | None) -> None:
    """`sent` counts how much of an endless body was asked for."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-'
        while sent < 40_000_000:
            sent += 1_000_000
            yield bytes(1_000_000)

    headers = {"content-type": "multipart/form-data; boundary=x"} | ({"content-length": length} if length else {})
    answer = await person.browser.post(person.link(), content=endless(), headers=headers)
    assert answer.status_code == 413
    assert "10 MB" in error(answer)


async def test_forms_of_other_kinds_are_refused(person: Person) -> None:
    link = person.link()
    for body, kind in ((b"{}", "application/json"), (b"a=b", "application/x-www-form-urlencoded"), (b"nonsense", "multipart/form-data; boundary=x"),
                       (b"--x", "multipart/form-data")):  # fmt: skip
        answer = await person.browser.post(link, content=body, headers={"content-type": kind})
        assert answer.status_code in (400, 415, 422), (kind, answer.status_code)
        assert error(answer).endswith("。")


async def test_deleted_by_page_by_chat_and_by_time(person: Person) -> None:
    answer = await person.send(person.link(), SAMPLE.encode())
    report = answer.headers["location"]
    page = await person.browser.post(report)
    assert "删掉了" in error(page)
    assert (await person.browser.get(report)).status_code == 410
    assert "已经删掉" in person.say("怎么改")[-1]["text"]
    assert person.kept() == 0

    answer = await person.send(person.link(), SAMPLE.encode())
    assert "删掉了" in person.say("删掉这份")[-1]["text"]
    assert (await person.browser.get(answer.headers["location"])).status_code == 410

    answer = await person.send(person.link(), SAMPLE.encode())
    person.app.clock.advance(timedelta(days=7, minutes=1))
    person.app.reader.tidy()
    assert person.kept() == 0
    assert (await person.browser.get(answer.headers["location"])).status_code == 410
    with person.app.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(Pass)).scalar_one() == 0


async def test_exported_and_erased_with_the_person(any_app: App) -> None:
    person = Person(any_app)
    answer = await person.send(person.link(), SAMPLE.encode())
    paper = next(part for part in [*person.say("导出我的数据"), *person.say("同意")] if part["kind"] == "paper")
    assert "林之遥" in json.loads(paper["content"])["resumes"][0]["text"]
    person.say("注销")
    person.say("确认注销")
    assert person.kept() == 0
    assert (await person.browser.get(answer.headers["location"])).status_code == 410


async def test_markup_in_a_resume_stays_text(person: Person) -> None:
    evil = SAMPLE.replace("林之遥", "<script>alert(1)</script>林之遥")
    assert "<script>alert" not in await person.report(await person.send(person.link(), evil.encode(), name='"><img src=x>.txt'))


async def test_where_no_page_can_be_opened_no_link_is_given(app: App) -> None:
    assert not [url for part in Person(app, "wechat:gh_1:openid").say("改简历") for url in urls(part)]


async def test_pasted_in_the_chat_the_report_is_one_button_away(person: Person) -> None:
    person.say("改简历")
    person.say(SAMPLE)
    parts = person.say("完整报告")
    address = next(url for part in parts for url in urls(part))
    page = await person.browser.get(address)
    assert "证书没写全" in page.text


async def test_experts_stand_in_the_report_once_they_have_answered(person: Person) -> None:
    answer = await person.send(person.link(), SAMPLE.encode())
    assert "想投什么岗位" in person.say("请老师看看")[-1]["text"]
    for words in ("武汉的用户运营", "跳过", "跳过", "匿名就行"):
        person.say(words)
    app, now = person.app, person.app.clock.now()
    number = desk.listing(app)[0]["number"]
    desk.at_desk(app, lambda connection: queue.take(connection, number, "王老师", now))
    quote = "对接 5 家供应商"
    desk.at_desk(app, lambda connection: queue.remark(connection, app.seal, number, "王老师", "<b>写结果</b>", now, quote=quote))
    assert "老师的意见" not in (await person.browser.get(answer.headers["location"])).text
    desk.deliver(app, number, "王老师", "")
    page = (await person.browser.get(answer.headers["location"])).text
    assert f"「{quote}」" in page
    assert "&lt;b&gt;写结果" in page
    assert (await person.browser.get(urls(person.heard()[-1])[0])).status_code == 200


async def test_a_booking_as_a_calendar(any_app: App) -> None:
    person, app = Person(any_app), any_app
    start = app.clock.now() + timedelta(days=3)
    desk.at_desk(app, lambda connection: slots.publish(connection, "王老师", [start], 30, "就业楼 203", app.clock.now()))
    person.say("预约老师")
    person.say("1")
    link = urls(person.say("跳过")[-1])[0]
    answer = await person.browser.get(link)
    assert answer.headers["content-type"].startswith("text/calendar")
    assert f"DTSTART:{start.astimezone(UTC):%Y%m%dT%H%M%SZ}" in answer.text
    person.say("取消预约")
    gone = await person.browser.get(link)
    assert gone.status_code == 410
    assert "我的预约" in error(gone)


async def test_a_built_resume_is_a_page_and_two_files_until_it_is_deleted(person: Person) -> None:
    for text in (
        "写简历",
        "李甲",
        "会计助理",
        "跳过",
        "2022.09-2026.06 演示大学 会计学 本科",
        "2026.03 青禾商贸\n整理 <b>600</b> 份凭证",
        "跳过",
        "Excel",
    ):
        person.say(text)
    links = [url for part in person.say("初级会计(2025)") for url in urls(part)]
    printed, sheet, word = (next(url for url in links if url.endswith(end)) for end in ("/print", "/pdf", "/word"))
    for style in ("plain", "columns", "nonsense"):
        page = await person.browser.get(f"{printed}?style={style}")
        assert page.status_code == 200
        assert "演示大学" in page.text
        assert "<b>600</b>" not in page.text
        assert "在浏览器打开" not in page.text
        assert f'/pdf?style={style if style == "columns" else "plain"}">下载 PDF' in page.text
        file = await person.browser.get(f"{word}?style={style}")
        assert zipfile.ZipFile(io.BytesIO(file.content)).testzip() is None
        file = await person.browser.get(f"{sheet}?style={style}")
        [read] = PdfReader(io.BytesIO(file.content)).pages
        assert "整理 <b>600</b> 份凭证" in read.extract_text()
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["cache-control"] == "no-store"
    said = file.headers["content-disposition"]
    assert said.startswith('attachment; filename="resume.pdf"; ')
    assert unquote(said.partition("filename*=UTF-8''")[2]) == "李甲-会计助理.pdf"
    report = printed.removesuffix("/print")
    for address in (printed, report):  # the browser inside WeChat cannot print
        inside = await person.browser.get(address, headers={"user-agent": "Mozilla/5.0 MicroMessenger/8.0.50"})
        assert "在浏览器打开" in inside.text
    assert (await person.browser.get(report)).status_code == 200
    for end in ("print", "pdf", "word"):
        assert (await person.browser.get(f"{report[:-3]}abc/{end}")).status_code == 410
    await person.browser.post(report)
    for address in (printed, sheet, word):
        assert (await person.browser.get(address)).status_code == 410


async def test_the_link_of_a_file_ends_with_the_resume_and_the_page_tells_what_the_file_lacks(person: Person) -> None:
    school = "2022.09-2026.06 演示大学 会计学 本科\n导师张\U0002cb5a,成绩前百分之十,四年没有补考过一门"
    for text in ("写简历", "李甲", "会计助理", "跳过", school, "跳过", "跳过"):
        person.say(text)
    links = [url for part in person.say("跳过") for url in urls(part)]
    sheet, printed = (next(url for url in links if url.endswith(end)) for end in ("/pdf", "/print"))
    assert "写不出「\U0002cb5a」" in (await person.browser.get(printed)).text
    assert (await person.browser.get(sheet)).content.startswith(b"%PDF")
    person.app.clock.advance(timedelta(days=person.app.clinic.keep_days, minutes=1))
    gone = await person.browser.get(sheet)
    assert gone.status_code == 410
    assert gone.headers["content-type"].startswith("text/html")
