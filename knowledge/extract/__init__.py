"""Files as text: PDF, DOCX, HTML, Markdown, plain text and, with the extra `ocr`, pictures become blocks, read in a child process with limits.

The kind is told by the bytes, never by the name. This file starts the child (`python -m knowledge.extract`), which runs
all the others of the room. Knows no policy and no résumé.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

Kind = Literal["pdf", "docx", "html", "markdown", "text", "picture"]
EMPTY = "文件是空的,请检查是不是选错了"
TOO_BIG = "文件超过 {limit} MB,请拆成几份再来"
TOO_LONG = "文件里的字太多,请拆成几份再来"
TOO_MANY_PAGES = "有 {pages} 页,一份最多读 {limit} 页,请拆开再来"
TOO_HEAVY = "读这个文件太费时间或内存,已经停下,请另存一份或拆小再来"
BOMB = "解开后大得不像正常的 Word 文件,没有读,请用 Word 或 WPS 另存一份 .docx 再来"
ENCRYPTED = "文件设了打开密码,请去掉密码另存一份再来"
SCANNED = "这份 PDF 是扫描的图片,里面没有文字,请先识别成文字(OCR),或者换 Word 版"
GARBLED = "这份 PDF 里的字取出来是乱码,请换 Word 版,或者重新导出一份 PDF"
OLD_WORD = "这是旧版的 .doc 或 .wps 文件(或加了密码),请打开后另存为不带密码的 .docx 再来"
SHEET = "这是表格或幻灯片,请把要用的内容另存为 .docx 或 PDF"
OFD = "这是 OFD 文件,请用阅读器另存或打印成 PDF 再来"
PICTURE = "这是图片,里面没有文字,请换成 PDF、Word 或文字版"
FORMAT = "这种图片读不了,请存成 JPG 或 PNG 再来"
WORDLESS = "没有认出文字,可能太模糊,也可能图里本来没有字,请拍清楚一点再来,或者换 PDF、Word 版"
TOO_LARGE = "图片太大了,超过 {limit} 万像素,没有读,请缩小一点再来"
TOO_LONG_PICTURE = "图片太长了,一次最多读 {limit} 屏,请截成几张再来"
TOO_MANY_SCANS = "是扫描的,有 {pages} 页,一次最多认 {limit} 页,请拆开再来"
RECOGNISED = "这是从图片里认出来的,可能有错字、漏字"
UNCLEAR = "有 {lines} 行看不清,没有读进来"
RICH = "这是 RTF 文件,请打开后另存为 .docx 再来"
PACKED = "这是压缩包,请解开后选里面的文件"
BROKEN = "文件打不开,可能没下载完整或已损坏,请重新保存一份再来"
UNKNOWN = "认不出这是什么文件,请换成 PDF、DOCX、HTML、Markdown 或 TXT"
NO_TEXT = "文件里没有读到文字,请打开看看是不是空的"
AGAIN = (BROKEN, SCANNED, GARBLED)
"""After these a PDF is read in another way."""
STOPPED = (-9, -24)
"""Exit codes of a child that was killed or ran out of its CPU seconds (SIGKILL, SIGXCPU)."""
KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONHOME", "VIRTUAL_ENV", "SYSTEMROOT")
"""What the child is told of our surroundings: enough to find its libraries, none of our secrets."""


PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\x00", b"MM\x00*")
PHONES = (b"heic", b"heix", b"heif", b"mif1", b"msf1", b"avif")
"""Brands of the pictures that phones keep (ISO/IEC 23008-12)."""
RECOGNITION: dict[str, Any] = {"memory_bytes": 2_000_000_000, "cpu_seconds": 30, "wall_seconds": 45.0}
"""What reading a picture may take. Measured with rapidocr 3.10 and onnxruntime 1.32 on two busy processors: a page 1.0 GB of address space, 510 MB
of them used, 3.4 s of processor with loading; five scanned pages 1.4 GB, 610 MB, 10 s; a WebP of 49 megapixels 800 MB used."""
RECOGNISING = threading.Lock()
"""One picture at a time in a process, as each takes half a gigabyte."""

ROOT = Path(__file__).parents[2]
"""Where the child finds this package, whatever the directory we run in."""


class ExtractError(ValueError):
    """A file that cannot be read; the message is one sentence on what to do, to be put behind the file's name."""


@dataclass(frozen=True, slots=True)
class Limits:
    file_bytes: int = 20_000_000
    pages: int = 500
    members: int = 2_000
    """Files inside a DOCX."""
    unpacked_bytes: int = 100_000_000
    ratio: int = 200
    """Unpacked beside packed; a real document of text reaches about 20."""
    characters: int = 1_000_000
    pixels: int = 50_000_000
    """Of a picture; what the largest photographs of phones have that are not stitched (50 megapixels)."""
    pictures: int = 5
    """Pages of a scan, or parts of a long screenshot."""
    memory_bytes: int = 1_500_000_000
    """Address space, not what is used: the interpreter and pdfium map about 300 MB."""
    cpu_seconds: int = 20
    wall_seconds: float = 40


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading or table row. `level`: 1 to 9 for a heading by its style, else 0; `page` from 1, 0 where unknown.

    `column`: 1 or 2 of a page that has two, where the layout was asked for.
    """

    text: str
    level: int = 0
    page: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Extract:
    """`facts`: what a Markdown file says in its front matter, or a web page in its meta tags; how a file looks if the layout was asked for."""

    kind: Kind
    blocks: tuple[Block, ...]
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What of a picture's text cannot be trusted, a sentence each."""
        unclear = self.facts.get("unclear")
        return (*((RECOGNISED,) if "recognised" in self.facts else ()), *((UNCLEAR.format(lines=unclear),) if unclear else ()))


def opened(path: Path, limits: Limits = Limits()) -> bytes:  # frozen
    """The bytes of a file, not more than may be read.

    Raises:
        ExtractError, OSError
    """
    if path.exists() and not path.is_file():
        raise ExtractError("这不是一个文件,请给出文件的路径")
    with path.open("rb") as source:
        data = source.read(limits.file_bytes + 1)
    if len(data) > limits.file_bytes:
        raise ExtractError(TOO_BIG.format(limit=limits.file_bytes // 1_000_000))
    return data


def extract(data: bytes, limits: Limits = Limits(), *, layout: bool = False, recognise: bool = False) -> Extract:  # frozen
    """The text of a file. A PDF that the first library cannot read is given to a second.

    `layout`: lines as they stand, columns one after the other, and facts on how the file looks (`pages`, `font`, `picture`, `author`…).
    `recognise`: pictures and scanned pages too, where the extra `ocr` is installed; what is read so has `doubts`.

    Raises:
        ExtractError
    """
    if len(data) > limits.file_bytes:
        raise ExtractError(TOO_BIG.format(limit=limits.file_bytes // 1_000_000))
    recognise = recognise and bool(models())
    if recognise and is_picture(data):
        return recognised(data, limits, layout=layout)
    try:
        return in_child(data, limits, "layout" if layout else "first")
    except ExtractError as error:
        if not is_pdf(data) or str(error) not in AGAIN:
            raise
        try:
            return in_child(data, limits, "layout again" if layout else "second")
        except ExtractError:
            if not recognise or str(error) == BROKEN:
                raise error from None
    return recognised(data, limits, layout=layout)


def recognised(data: bytes, limits: Limits, *, layout: bool) -> Extract:
    with RECOGNISING:
        return in_child(data, replace(limits, **RECOGNITION), "layout picture" if layout else "picture")


def models() -> tuple[Path, ...]:
    """The models of the extra `ocr` as its wheel ships them: the one that finds lines, the one that reads them. None: it is not installed."""
    package = find_spec("rapidocr") if find_spec("onnxruntime") else None
    folder = Path(package.origin).parent / "models" if package and package.origin else None
    found = [path for kind in ("det", "rec") for path in sorted(folder.glob(f"*_{kind}_*.onnx"))[:1]] if folder else []
    return tuple(found) if len(found) == 2 else ()


def is_picture(data: bytes) -> bool:
    phone, web = data[4:8] == b"ftyp" and data[8:12] in PHONES, data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    bitmap = data[:2] == b"BM" and data[6:10] == bytes(4)  # reserved there; a text may begin with the letters
    return data.startswith(PICTURES) or phone or web or bitmap


def is_pdf(data: bytes) -> bool:
    return b"%PDF-" in data[:1024]


def in_child(data: bytes, limits: Limits, reader: str) -> Extract:
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ} | {"PYTHONUTF8": "1"}
    command = [sys.executable, "-B", "-m", "knowledge.extract", json.dumps(asdict(limits)), reader]
    try:
        done = subprocess.run(command, input=data, capture_output=True, env=environment, cwd=ROOT, timeout=limits.wall_seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise ExtractError(TOO_HEAVY) from error
    if done.returncode in STOPPED or b"emory" in done.stderr:
        raise ExtractError(TOO_HEAVY)
    if done.returncode:
        raise ExtractError(BROKEN)
    found = json.loads(done.stdout)
    if "problem" in found:  # what was hard to read once is not tried in other ways
        hard = found["problem"] in AGAIN and found["spent"] > limits.cpu_seconds / 2
        raise ExtractError(TOO_HEAVY if hard else found["problem"])
    return Extract(found["kind"], tuple(Block(*row) for row in found["blocks"]), found["facts"])
