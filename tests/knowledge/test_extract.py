"""The extractor: every kind of file by its bytes, one sentence for each that cannot be read, and a child that stays within its limits."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from knowledge import extract as api
from knowledge.extract import Extract, ExtractError, Limits, extract, opened
from knowledge.extract import page as web
from knowledge.extract.__main__ import read
from knowledge.extract.characters import cleaned
from tests.knowledge.files import NOTICE, WORDS, docx, paragraph, pdf

PAGE = """<!doctype html><html><head><meta charset="{charset}"><title>通知_某市人社局</title><meta name="PubDate" content="2026-03-05">
<script>var x = "<p>不是正文</p>"</script></head><body><div class="nav"><a href="#">首页</a><a href="#">公开</a></div>
<div><h1>通知</h1>{body}<table><tr><td>学历</td><td>补贴</td></tr><tr><td>本科</td><td>2000元</td></tr>
</table></div><div><a href="#">版权</a></div></body></html>"""


def texts(found: Extract) -> list[str]:
    return [block.text for block in found.blocks]


def encrypted(user: str) -> bytes:
    writer, out = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([NOTICE])))), io.BytesIO()
    writer.encrypt(user, "owner", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def test_pdf_lines_become_paragraphs_with_their_pages() -> None:
    wrapped = [
        *NOTICE[:6],
        "(二)补贴标准。市级财政承担每人每月1200元,见习单位承担不低于600元,由各区县人力资源和社会保障部门会",
        "同财政部门落实。",
        "- 1 -",
    ]
    found = extract(pdf([wrapped, NOTICE[7:]]))
    assert found.kind == "pdf"
    assert texts(found)[:2] == list(NOTICE[:2])
    assert texts(found)[6].endswith("会同财政部门落实。"), "a line that was full goes on in the next"
    assert [block.page for block in found.blocks[:7]] == [1] * 7
    assert found.blocks[7].page == 2
    assert "- 1 -" not in texts(found)


def test_a_pdf_that_opens_without_a_password_is_read() -> None:
    assert texts(extract(encrypted("")))[0] == NOTICE[0]


def test_docx_headings_tables_deletions_and_the_numbers_word_makes() -> None:
    style = f'<w:styles {WORDS}><w:style w:styleId="a1"><w:name w:val="heading 2"/></w:style></w:styles>'
    listed = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="5"/></w:numPr>'
    numbering = (
        f'<w:numbering {WORDS}><w:abstractNum w:abstractNumId="9"><w:lvl w:ilvl="0"><w:numFmt w:val="chineseCounting"/>'
        '<w:lvlText w:val="第%1条 "/></w:lvl></w:abstractNum><w:num w:numId="5"><w:abstractNumId w:val="9"/></w:num></w:numbering>'
    )
    body = (
        paragraph("总则", "a1") + paragraph("制定本办法。", more=listed) + paragraph("适用本市。", more=listed)
        + "<w:p><w:r><w:t>留</w:t></w:r><w:del><w:r><w:t>删</w:t></w:r></w:del><w:r><w:tab/><w:t>下</w:t></w:r></w:p>"
        + f"<w:tbl><w:tr><w:tc>{paragraph('学历')}</w:tc><w:tc>{paragraph('补贴')}</w:tc></w:tr></w:tbl>"
    )  # fmt: skip
    found = extract(docx(body, {"word/styles.xml": style.encode(), "word/numbering.xml": numbering.encode()}))
    assert [(block.text, block.level) for block in found.blocks] == [
        ("总则", 2), ("第一条 制定本办法。", 0), ("第二条 适用本市。", 0), ("留 下", 0), ("学历 | 补贴", 0),
    ]  # fmt: skip


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "utf-8-sig", "utf-16"])
def test_html_without_menus_in_every_encoding(charset: str) -> None:
    found = extract(PAGE.format(charset=charset, body="<p>给你<b>两千</b>元,一次发清。</p>" * 3).encode(charset))
    assert found.kind == "html"
    assert texts(found) == ["通知", *["给你两千元,一次发清。"] * 3, "学历 | 补贴", "本科 | 2000元"]
    assert found.blocks[0].level == 1
    assert found.facts == {"title": "通知", "date": "2026-03-05"}


def test_markdown_with_front_matter_and_plain_text() -> None:
    found = extract('---\ntitle: "办法"\ndate: 2025-06-18\n---\n# 办法\n\n## 标准\n给**一半**。\n'.encode())
    assert (found.kind, found.facts) == ("markdown", {"title": "办法", "date": "2025-06-18"})
    assert [(block.text, block.level) for block in found.blocks] == [("办法", 1), ("标准", 2), ("给一半。", 0)]
    plain = extract("\n".join(NOTICE).encode("gb18030"))
    assert (plain.kind, texts(plain)) == ("text", list(NOTICE))


def test_radicals_and_wide_letters_become_ordinary_punctuation_stays() -> None:
    assert cleaned("⻅习⼈员,每⽉１２００元;\u200b 完\x00") == "见习人员,每月1200元; 完"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", api.EMPTY),
        (b"  \n ", api.EMPTY),
        (encrypted("secret"), api.ENCRYPTED),
        (pdf([[], []]), api.SCANNED),
        (b"%PDF-1.7 nothing behind", api.BROKEN),
        (pdf([NOTICE])[:700], api.BROKEN),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, api.OLD_WORD),
        (b"PK\x03\x04 broken", api.BROKEN),
        (b"{\\rtf1 x}", api.RICH),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, api.PICTURE),
        (bytes(range(256)) * 40, api.UNKNOWN),
        (os.urandom(5000), api.UNKNOWN),
        (b"<html><body><script>1</script></body></html>", api.NO_TEXT),
        (docx("<w:p/>"), api.NO_TEXT),
        (docx("<w:p>").replace(b"PK\x05\x06", b"PK\x05\x07"), api.BROKEN),
    ],
)  # fmt: skip
def test_one_sentence_for_what_cannot_be_read(data: bytes, sentence: str) -> None:
    with pytest.raises(ExtractError) as caught:
        extract(data)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(("member", "sentence"), [("xl/workbook.xml", api.SHEET), ("OFD.xml", api.OFD), ("readme.txt", api.PACKED)])
def test_other_packages(member: str, sentence: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr(member, "x")
    with pytest.raises(ExtractError, match=sentence[:12].replace("(", r"\(")):
        extract(out.getvalue())


def test_bombs_and_entities_are_not_unpacked() -> None:
    with pytest.raises(ExtractError, match="解开后"):
        extract(docx("", {"word/media/x": b"\0" * 150_000_000}))
    with pytest.raises(ExtractError, match="解开后"):
        extract(docx("", {f"word/{number}.xml": b"" for number in range(2_100)}))
    lol = '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">' + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)) + "]>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("word/document.xml", f"{lol}<w:document {WORDS}><w:body>{paragraph('&j;外面&x;')}</w:body></w:document>")
    with pytest.raises(ExtractError):
        extract(out.getvalue())


def test_too_much(tmp_path: Path) -> None:
    with pytest.raises(ExtractError, match="有 3 页,一份最多读 2 页"):
        extract(pdf([NOTICE] * 3), Limits(pages=2))
    with pytest.raises(ExtractError, match="MB"):
        extract(b"x" * 2_000_001, Limits(file_bytes=2_000_000))
    with pytest.raises(ExtractError, match="字太多"):
        extract(("一二三四五六七八九十。" * 10 + "\n").encode() * 100, Limits(characters=5_000))
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(ExtractError, match="MB"):
        opened(big)
    with pytest.raises(ExtractError, match="不是一个文件"):
        opened(Path("/dev/zero"))


LONG, WIDE = "正文\n".encode() * 400_000, b"<body>" + b"<p>x</p><a>y</a>" * 1_000_000


@pytest.mark.parametrize(
    ("data", "limits"),
    [
        (LONG, Limits(wall_seconds=0.02)),
        (LONG, Limits(memory_bytes=40_000_000)),
        (WIDE, Limits(memory_bytes=300_000_000)),
        (WIDE, Limits(cpu_seconds=1)),
    ],
    ids=["time", "memory", "native memory", "cpu"],
)
def test_a_child_beyond_its_limits_is_stopped(data: bytes, limits: Limits) -> None:
    with pytest.raises(ExtractError) as caught:
        extract(data, replace(limits, characters=10**9))
    assert str(caught.value) == api.TOO_HEAVY


def test_the_child_gets_no_secrets_and_reaches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(name.startswith("BULIXIAN") for name in api.KEPT_ENVIRONMENT)
    monkeypatch.setenv("BULIXIAN_DATABASE_URL", "nonsense://")
    assert texts(extract("你好,世界".encode())) == ["你好,世界"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300), st.sampled_from([b"", b"<html><body><p>", b"---\n", b"\xff\xfe", b"# "]))
def test_any_bytes_give_text_or_one_sentence(data: bytes, head: bytes) -> None:
    """In this process: what the child runs never fails but by an ExtractError, on text of any kind."""
    if data[:4] in (b"%PDF", b"PK\x03\x04"):
        return
    try:
        kind, blocks, _ = read(head + data, Limits(), "first")
    except ExtractError:
        return
    assert kind in ("html", "markdown", "text")
    assert all(isinstance(block.text, str) for block in blocks)


def test_a_page_that_is_one_table_of_layout_is_read() -> None:
    found, _ = web.blocks("<body><table><tr><td><p>甲。</p><p>乙。</p></td></tr></table></body>")
    assert [block.text for block in found if block.text.strip()] == ["甲。", "乙。"]
