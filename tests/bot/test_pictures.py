"""The commands that take a file, given a picture: what was recognised is judged, and said to be recognised."""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from knowledge.rights.contract import UNLAWFUL
from tests.conftest import Run
from tests.knowledge.pictures import encoded, lines

SAMPLES = Path(__file__).parents[1] / "samples" / "resumes"
SCREEN, LONG = (300, 110), (260, 480)
CHAT = ("你好,恭喜通过面试,日结 500 元", "入职前先交 300 元服装费,押金可退", "再把身份证正反面和银行卡号发我")
CLAUSES = (
    "劳动合同书", "合同期限一年,试用期六个月", "试用期不缴纳社会保险", *(f"第 {at} 项 按甲方规定执行" for at in range(1, 21)), "乙方须交押金二千元",
)  # fmt: skip


def saved(folder: Path, rows: tuple[str, ...], form: str = "PNG", size: tuple[int, int] = SCREEN) -> str:
    path = folder / f"截图.{form.lower()}"
    path.write_bytes(encoded(lines(rows, size, dpi=110), form))
    return str(path)


def unspaced(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def test_a_screenshot_of_a_fraud(run: Run, tmp_path: Path) -> None:
    found = run("scam", "check", saved(tmp_path, CHAT, "WEBP"))
    assert found.exit_code == 1
    assert found.stdout.startswith("注意：这是从图片里认出来的，可能有错字")
    assert "300" in found.stdout, found.stdout


def test_a_long_picture_of_a_contract_is_cut_between_its_lines(run: Run, tmp_path: Path) -> None:
    found = run("contract", "check", saved(tmp_path, CLAUSES, "JPEG", LONG), "--json")
    assert found.exit_code == 1
    answer = json.loads(found.stdout)
    assert sum(unspaced(row) in unspaced(answer["text"]) for row in CLAUSES) >= len(CLAUSES) - 1
    assert any(row["severity"] == UNLAWFUL for row in answer["findings"])
    assert "可能有错字" in answer["doubts"][0]


def test_a_resume_beside_a_posting_that_is_a_picture(run: Run, tmp_path: Path) -> None:
    posting = saved(tmp_path, ("用户运营", "任职要求:本科及以上学历", "熟悉 Excel、SQL"))
    found = run("resume", "check", str(SAMPLES / "operations.txt"), "--posting", posting, "--json")
    assert found.exit_code == 0
    assert "可能有错字" in found.stderr
    assert "SQL" in json.dumps(json.loads(found.stdout)["posting"], ensure_ascii=False)


def test_without_the_extra_each_says_what_to_do(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    path = tmp_path / "截图.png"
    path.write_bytes(encoded(Image.new("L", (200, 100))))
    for command, sentence in (("resume", "这是图片"), ("contract", "这是图片"), ("scam", "存成 .txt 再查")):
        found = run(command, "check", str(path))
        assert found.exit_code == 1
        assert sentence in found.stderr
    assert "没装 bulixian[ocr]" in run("doctor").output
