"""The pages of a résumé in a real browser as large as a phone: from the chat to the report, on paper, and gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from starlette.applications import Starlette

from bot.app import App
from dialogs.messages import Inbound
from knowledge.resume.extract import from_bytes
from tests.bot.test_browser import Phone, chromium, serving

__all__ = ["chromium"]
SAMPLE = Path(__file__).parents[1] / "samples" / "resumes" / "operations.txt"


@pytest.fixture
def live(shared: App) -> Iterator[Starlette]:
    with serving(shared) as web:
        yield web


def test_a_resume_from_a_phone(live: Starlette, chromium: Browser, tmp_path: Path) -> None:  # the fixture
    context = chromium.new_context(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    phone = Phone(context, live)
    phone.input.fill("改简历")
    phone.page.get_by_role("button", name="发送").click()
    with context.expect_page() as opened:
        phone.page.get_by_role("link", name="上传简历").click()
    page = opened.value
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    resume = tmp_path / "个人简历.txt"
    resume.write_text(SAMPLE.read_text(encoding="utf8").replace("CET-6 528 分", "英语六级"), encoding="utf8")
    with page.expect_file_chooser() as chooser:
        page.get_by_text("选一个文件").click()
    chooser.value.set_files(resume)
    expect(page.get_by_text("个人简历.txt")).to_be_visible()
    page.get_by_role("button", name="开始看").click()
    expect(page.get_by_role("heading", name="简历意见")).to_be_visible(timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("mark a").first.click()
    expect(page.locator("li:target")).to_contain_text("证书没写全")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="马上删掉")).to_be_hidden()
    expect(page.get_by_text("证书没写全")).not_to_have_count(0)
    page.emulate_media(media="screen")
    expect(phone.page.get_by_role("link", name="完整报告").first).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="马上删掉").click()
    expect(page.get_by_role("alert")).to_contain_text("删掉了")
    assert faults + phone.faults == []
    context.close()


DONE = "整理 600 份凭证,查出 12 处错误\n把对账表改成公式,每月少花半天\n录入发票 300 张"
ANSWERS = (
    *("写简历", "李一", "会计助理,成都", "13800138000 liyi@example.com", "2022.09-2026.06 某某学院 会计 本科"),
    *(f"2025.0{month}-2025.0{month + 1} 青禾商贸 财务实习生\n{DONE}" for month in (7, 4, 1)),
    *("Excel:透视表、函数", "初级会计(2025)"),
)


def test_a_built_resume_is_one_page_of_paper_in_both_styles(shared: App, live: Starlette, chromium: Browser) -> None:
    parts = [
        part
        for number, text in enumerate(ANSWERS)
        for part in shared.accept(Inbound("web::builder", f"built{number}", "text", text, shared.clock.now())).result(20).parts
    ]
    address = next(link["url"] for part in parts for link in part.get("links", ()) if link["url"].endswith("/print"))
    page = chromium.new_page()
    for style in ("plain", "columns"):
        page.goto(f"{live.state.address}{address}?style={style}")
        paper = from_bytes(page.pdf(prefer_css_page_size=True), "简历.pdf")
        assert paper.look["pages"] == "1"
        rows = paper.text.splitlines()
        assert rows[0] == "李一"
        assert rows[rows.index("实习与实践经历") + 1].startswith("2025.07")
        assert rows[rows.index("技能") + 1] == "Excel:透视表、函数"
    page.close()
