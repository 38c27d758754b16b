"""Résumé files: two columns, tables, text boxes, headers, wrapped lines; and the hostile ones, refused soon and in one sentence."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from knowledge.extract import ExtractError
from knowledge.resume.extract import from_file, pasted
from knowledge.resume.rules import review
from knowledge.resume.sections import read
from tests.knowledge.files import WORDS, docx, drawn, paragraph, pdf

SIDE = ("联系方式", "13800138000", "linzhiyao@example.com", "现居武汉", "技能", "Excel 数据透视表", "SQL 查询", "CET-6 528 分")
MAIN = (
    "教育背景", "江汉示范大学 市场营销 本科 2022.09-2026.06", "实习经历", "青山文化传媒有限公司 用户运营实习生 2026.07-至今",
    "管理 12 个社群、3800 名用户,参与率由 12% 升到 21%",
    "整理用户反馈 450 条,归纳 7 类问题,推动改版", "项目经历", "课程项目 组长 2024.09-2024.12", "回收样本 612 份,报告获校二等奖",
)  # fmt: skip
TODAY = date(2026, 11, 22)


def saved(folder: Path, data: bytes, name: str = "林之遥-用户运营.pdf") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def two_columns(left: float = 40, right: float = 250) -> bytes:
    """As the worst of generators write it: row by row across both columns, heights not the same."""
    placed = [("林之遥", 40.0, 800.0)]
    for at in range(max(len(SIDE), len(MAIN))):
        placed += [(SIDE[at], left, 770.0 - 22 * at)] if at < len(SIDE) else []
        placed += [(MAIN[at], right, 766.0 - 24 * at)] if at < len(MAIN) else []
    return drawn([placed])


def test_two_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    paper = from_file(saved(tmp_path, two_columns()))
    rows = paper.text.splitlines()
    assert rows == ["林之遥", *SIDE, *MAIN]
    assert paper.look["columns"] == "2"
    assert paper.doubts
    found = review(paper, TODAY)
    assert found.resume.items[0].named("school") == "江汉示范大学"
    assert "L08" in {remark.rule.id for remark in found.remarks}


def test_a_line_that_hangs_into_the_gutter_parts_no_column(tmp_path: Path) -> None:
    full = "熟练使用表格软件做数据透视图表汇总"  # 6 points before the right column
    side = (*SIDE[:6], full, *SIDE[6:])
    placed = [(text, 40.0, 770.0 - 22 * at) for at, text in enumerate(side)] + [(text, 250.0, 770.0 - 22 * at) for at, text in enumerate(MAIN)]
    paper = from_file(saved(tmp_path, drawn([sorted(placed, key=lambda piece: -piece[2])])))
    assert paper.text.splitlines() == [*side, *MAIN]


def test_few_long_lines_beside_many_short_ones_are_a_column(tmp_path: Path) -> None:
    """Not labels: those are short."""
    side = ("教育背景", "2022.09-2026.06", "江汉示范大学市场营销", *(f"课程作业与社团活动第{number}件" for number in "一二三四五六七八九十"))
    main = ("实习经历", *(f"2025年{month}月整理用户反馈四百五十条并且归纳成七类问题" for month in "6789"))
    placed = [
        piece
        for at, text in enumerate(side)
        for piece in ((text, 40.0, 770.0 - 18 * at), *([(main[at], 250.0, 767.0 - 18 * at)] if at < len(main) else ()))
    ]
    paper = from_file(saved(tmp_path, drawn([placed])))
    assert paper.text.splitlines() == [*side, *main]


def test_dates_at_the_right_are_no_column(tmp_path: Path) -> None:
    rows = [
        ("江汉示范大学 市场营销", "2022.09-2026.06"),
        ("青山文化传媒有限公司", "2026.07-至今"),
        ("云起商务有限公司", "2025.06-2025.09"),
        ("课程项目 组长", "2024.09-2024.12"),
        ("社团 部长", "2023.09-2024.06"),
    ]
    placed = [piece for at, (name, when) in enumerate(rows) for piece in ((name, 40.0, 800.0 - 24 * at), (when, 440.0, 800.0 - 24 * at))]
    paper = from_file(saved(tmp_path, drawn([placed])))
    assert paper.look["columns"] == "1"
    assert "江汉示范大学 市场营销" in paper.text.splitlines()[0]
    assert "2022.09-2026.06" in paper.text.splitlines()[0]


def test_lines_that_were_wrapped_are_one_again(tmp_path: Path) -> None:
    long = "管理十二个社群和三千八百名用户,策划八场线上活动,参与率由百分之十二升到百分之二十一,单场最多六百四十人参加,并把做法写成"
    paper = from_file(
        saved(tmp_path, pdf([["林之遥", "实习经历", "青山文化传媒有限公司 运营 2026.07-至今", long, "手册。", "• 整理反馈 450 条", *["短"] * 3]]))
    )
    assert f"{long}手册。" in paper.text.splitlines()


def test_word_with_text_boxes_tables_header_and_changes(tmp_path: Path) -> None:
    box = f"<w:p><w:r><w:t>林之遥</w:t></w:r><w:r><w:pict><w:txbxContent>{''.join(map(paragraph, MAIN))}</w:txbxContent></w:pict></w:r></w:p>"
    cells = (("技能", "SQL 查询"), ("证书", "CET-6 528 分"))
    table = f"<w:tbl><w:tr>{''.join('<w:tc>' + ''.join(map(paragraph, cell)) + '</w:tc>' for cell in cells)}</w:tr></w:tbl>"
    gone = "<w:p><w:r><w:t>留下</w:t></w:r><w:del><w:r><w:t>期望四千</w:t></w:r></w:del></w:p>"
    header = f"<w:hdr {WORDS}>{paragraph('13800138000 linzhiyao@example.com')}</w:hdr>".encode()
    core = '<c:core xmlns:c="x" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>张打印</dc:creator></c:core>'.encode()
    data = docx(box + table + gone, {"word/header1.xml": header, "docProps/core.xml": core})
    paper = from_file(saved(tmp_path, data, "林之遥.docx"))
    rows = paper.text.splitlines()
    assert rows == ["13800138000 linzhiyao@example.com", "林之遥", *MAIN, "技能", "SQL 查询", "证书", "CET-6 528 分", "留下"]
    found = {remark.rule.id for remark in review(paper, TODAY).remarks}
    assert {"L09", "L11", "P11", "P12", "F02"} <= found


def zipped(members: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return out.getvalue()


def content(filters: bytes, body: bytes) -> bytes:
    """A PDF of one page with a packed stream of content."""
    head = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    page = b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>endobj\n"
    return head + page + b"4 0 obj<</Length %d/Filter%s>>stream\n%s\nendstream endobj\ntrailer<</Root 1 0 R>>" % (len(body), filters, body)


def laughs() -> bytes:
    names = "bcdefghij"
    inner = "".join(f"<!ENTITY {name} '{10 * ('&' + chr(ord(name) - 1) + ';')}'>" for name in names)
    body = f"<w:document {WORDS}><w:body><w:p><w:r><w:t>&j;</w:t></w:r></w:p></w:body></w:document>"
    return zipped({"word/document.xml": f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">{inner}]>{body}'})


CYCLE = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 9/Kids[2 0 R]>>endobj\ntrailer<</Root 1 0 R>>"
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "operators": (lambda: content(b"/FlateDecode", zlib.compress(b"BT /F 12 Tf (a) Tj ET " * 4_000_000, 1)), "文件|图片"),
    "double deflate": (lambda: content(b"[/FlateDecode/FlateDecode]", zlib.compress(zlib.compress(bytes(300_000_000), 1))), "文件|没有认出"),
    "zip bomb": (lambda: zipped({"word/document.xml": b"<w:document>" + b"a" * 40_000_000}), "大得不像"),
    "many members": (lambda: zipped({f"word/{number}.xml": b"" for number in range(600)}), "大得不像"),
    "entities": (laughs, "文件"),
    "cycle": (lambda: CYCLE, "文件|图片"),
    "cut short": (lambda: two_columns()[:700], "文件|图片"),
    "old word": (lambda: b"\xd0\xcf\x11\xe0" + bytes(600), "另存为"),
    "picture": (lambda: b"\x89PNG\r\n" + bytes(600), "JPG 或 PNG|打不开"),
    "scan": (lambda: pdf([()]), "没有认出"),
    "many pages": (lambda: pdf([MAIN] * 11), "11 页"),
    "too big": (lambda: b"%PDF-" + bytes(10_000_001), "10 MB"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_and_useless_files_get_a_sentence(tmp_path: Path, name: str) -> None:
    made, sentence = HOSTILE[name]
    path = saved(tmp_path, made())
    with pytest.raises(ExtractError, match=sentence):
        from_file(path)


def test_text_copied_out_of_a_pdf_is_joined_and_typed_text_is_not() -> None:
    full = "管理十二个社群和三千八百名用户策划八场线上活动参与率由百分之十二升到"
    copied = pasted("\n".join(["实习经历", "青山文化传媒有限公司 运营 2026.07-至今", *[full] * 4, "百分之二十一。"]))
    assert f"{full}百分之二十一。" in copied.text
    typed = "林之遥\n13800138000\n教育背景\n江汉示范大学 市场营销 本科 2022.09-2026.06\n技能\nSQL"
    assert pasted(typed).text == typed
    assert read(typed).items


def test_headings_that_a_file_draws_last_stand_where_they_are_seen(tmp_path: Path) -> None:
    """As text boxes of Word are, when it writes a PDF."""
    rows = [(text, 40.0, 800.0 - 24 * at) for at, text in enumerate(("林之遥", *MAIN))]
    titles = [row for row in rows if row[0].endswith(("背景", "经历"))]
    paper = from_file(saved(tmp_path, drawn([[*(row for row in rows if row not in titles), *titles]])))
    assert paper.text.splitlines() == ["林之遥", *MAIN]
    assert paper.look["columns"] == "1"
