"""Recognition: how much is read rightly, in which order, turned pictures, scans, what is not trusted, and what is refused at no cost."""

from __future__ import annotations

import resource
import struct
import sys
import unicodedata
import zlib
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from knowledge import extract as api
from knowledge.extract import ExtractError, extract, models
from knowledge.resume.extract import LIMITS, from_bytes
from knowledge.resume.rules import review
from tests.knowledge.files import pdf
from tests.knowledge.pictures import drawn, encoded, lines
from tests.knowledge.resume.test_extract import TODAY

RESUME = (Path(__file__).parents[1] / "samples" / "resumes" / "operations.txt").read_text(encoding="utf8")
NOTE = ("求职意向:用户运营(武汉)", "江汉示范大学 市场营销 本科", "管理 12 个社群,参与率由 12% 升到 21%", "整理用户反馈 450 条,推动改版")
SMALL = (330, 110)


def plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def right(wanted: str, found: str) -> float:
    """The part of the characters that stand in the text, in their order."""
    matcher = SequenceMatcher(None, plain(wanted), plain(found), autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / len(plain(wanted))


def recognised(data: bytes) -> str:
    return "\n".join(block.text for block in extract(data, LIMITS, layout=True, recognise=True).blocks)


def test_the_extra_is_installed_here_with_its_models() -> None:
    assert len(models()) == 2, "CI installs bulixian[ocr]; without it none of this is tested"


def test_a_page_at_150_dpi_is_read_with_its_doubts_said() -> None:
    paper = from_bytes(encoded(lines(RESUME.splitlines())), "林之遥.png")
    assert right(RESUME, paper.text) >= 0.97
    assert paper.kind == "picture"
    assert paper.doubts == (api.RECOGNISED,)
    assert 0.8 < paper.confidence < 0.95
    found = review(paper, TODAY)
    assert found.resume.name[0] == "林之遥"
    assert found.resume.phone
    assert paper.text[slice(*found.resume.phone)] == "13800138001"
    assert not {"W13", "L14"} & {remark.rule.id for remark in found.remarks}, "a sign may have been misread: none is blamed on the person"


def test_two_columns_are_read_one_after_the_other() -> None:
    side = ("联系方式", "13800138000", "lin@example.com", "现居武汉", "技能", "数据透视表", "英语六级")
    main = (
        "教育背景",
        "江汉示范大学 市场营销 本科",
        "实习经历",
        "青山文化传媒有限公司 运营实习生",
        "管理十二个社群三千八百名用户",
        "项目经历",
        "课程项目 组长",
    )
    placed = [("林之遥", 30.0, 16.0), *((row, 30.0, 50.0 + 22 * at) for at, row in enumerate(side))]
    placed += [(row, 190.0, 56.0 + 24 * at) for at, row in enumerate(main)]
    found = extract(encoded(drawn(placed, (430, 240))), LIMITS, layout=True, recognise=True)
    assert [plain(block.text) for block in found.blocks] == [plain(row) for row in ("林之遥", *side, *main)]
    assert found.facts["columns"] == "2"


def test_a_photo_is_turned_as_its_camera_was_held_and_set_straight() -> None:
    held = Image.Exif()
    held[0x112] = 6  # orientation: the camera was on its side
    askew = lines(NOTE, SMALL).rotate(3, expand=True, fillcolor="white")
    photo = encoded(askew.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=held, quality=85)
    assert right("".join(NOTE), recognised(photo)) >= 0.95


def test_a_scanned_pdf_is_read_whichever_way_its_pages_lie() -> None:
    picture = lines(NOTE, SMALL)
    pages = [picture, picture.transpose(Image.Transpose.ROTATE_90), picture.transpose(Image.Transpose.ROTATE_180)]
    data = encoded(picture, "PDF", save_all=True, append_images=pages[1:], resolution=150)
    found = extract(data, LIMITS, layout=True, recognise=True)
    assert found.kind == "pdf"
    for number in (1, 2, 3):
        assert right("".join(NOTE), "".join(block.text for block in found.blocks if block.page == number)) >= 0.95, number
    assert found.doubts == (api.RECOGNISED,)
    with pytest.raises(ExtractError, match="扫描的图片"):
        extract(data, LIMITS)


def test_a_line_that_cannot_be_read_surely_is_left_out_and_counted() -> None:
    picture = lines(NOTE, SMALL)
    low = picture.height // 2 + 20
    picture.paste(picture.crop((0, low, *picture.size)).filter(ImageFilter.GaussianBlur(3)), (0, low))
    found = extract(encoded(picture), LIMITS, layout=True, recognise=True)
    assert right("".join(NOTE[:2]), "".join(block.text for block in found.blocks)) >= 0.95
    assert len(found.blocks) < len(NOTE)
    assert "看不清" in found.doubts[1]


def test_a_photo_without_text_is_one_sentence() -> None:
    with pytest.raises(ExtractError, match=r"^没有认出文字"):
        recognised(encoded(Image.linear_gradient("L").resize((900, 700)), "JPEG"))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, more: bytes = b"", *, rows: int | None = None) -> bytes:
    """All white, one bit a pixel: a few kilobytes that unpack to a lot, or claim to."""
    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * ((width + 7) // 8)
    body = b"".join(packer.compress(row) for _ in range(height if rows is None else rows)) + packer.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", body) + chunk(b"IEND", b"")


REFUSED = {
    "bomb": (png(20_000, 20_000), "5000 万像素"),
    "larger than the library takes": (png(60_000, 60_000, rows=10), "5000 万像素"),
    "packed profile": (png(100, 100, chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(300_000_000)))), "打不开"),
    "cut short": (b"\xff\xd8\xff" + bytes(500), "打不开"),
    "other format": (b"GIF89a" + bytes(500), "JPG 或 PNG"),
    "of a phone": (b"\0\0\0\x18ftypheic" + bytes(500), "JPG 或 PNG"),
    "a line": (encoded(Image.new("L", (3000, 2))), "没有认出文字"),
    "a tower": (encoded(Image.new("L", (20, 3000))), "5 屏"),
    "many pages": (pdf([[]] * 6), "6 页"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_too_large_or_no_picture_is_refused_and_costs_the_parent_nothing(name: str) -> None:
    data, sentence = REFUSED[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ExtractError, match=sentence):
        extract(data, LIMITS, recognise=True)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "kilobytes of this process, which only hands the bytes over"


def test_without_the_extra_the_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    for data, sentence in ((png(100, 100), api.PICTURE), (pdf([[]]), api.SCANNED)):
        with pytest.raises(ExtractError) as caught:
            from_bytes(data, "简历.png")
        assert str(caught.value) == sentence
