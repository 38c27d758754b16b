"""Files of every kind with given lines, made by hand: what the extractor is tested on."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

NOTICE = (
    "关于做好2026年就业见习补贴发放工作的通知",
    "金人社发〔2026〕12号",
    "各区县人力资源和社会保障局,各见习单位:",
    "为帮助离校未就业高校毕业生提升就业能力,现就2026年就业见习补贴发放工作通知如下。",
    "一、补贴对象和标准",
    "(一)补贴对象。毕业两年内未就业高校毕业生和16至24岁失业青年,在经认定的见习单位参加见习的,可享受见习补贴。",
    "(二)补贴标准。市级财政承担每人每月1200元,见习单位承担不低于600元。",
    "二、申领程序",
    "(一)申请。见习单位每季度末前10个工作日内,向区县公共就业服务机构提交补贴申请表、见习协议和考勤记录。",
    "(二)审核拨付。自受理之日起15个工作日内审核,公示5个工作日无异议后拨付到见习单位账户。",
    "三、有关要求",
    "1. 严禁虚报冒领。",
    "2. 本通知自印发之日起施行,有效期至2027年12月31日。",
    "金城市人力资源和社会保障局",
    "2026年3月5日",
)
"""Made up, in the form such notices have."""
UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /U def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfrange <0000> <FFFF> <0000> endbfrange
endcmap CMapName currentdict /CMap defineresource pop end end"""


Placed = tuple[str, float, float]
"""Words and where they stand, in points from the left and from below."""


def pdf(pages: Iterable[Sequence[str]]) -> bytes:
    """A PDF whose characters are their own codes; a page without lines is like a scanned one."""
    return drawn([[(line, 40.0, 800.0 - 20 * at) for at, line in enumerate(lines)] for lines in pages])


def drawn(pages: Iterable[Sequence[Placed]]) -> bytes:
    """The same, each line where it is put; letters in Latin script are half as wide."""
    held = [list(lines) for lines in pages]
    numbers = [7 + 2 * at for at in range(len(held))]
    objects: dict[int, bytes] = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Count {len(held)} /Kids [{' '.join(f'{number} 0 R' for number in numbers)}] >>".encode(),
        3: b"<< /Type /Font /Subtype /Type0 /BaseFont /Song /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 6 0 R >>",
        4: b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Song /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
        b"/FontDescriptor 5 0 R /DW 1000 /W [32 126 500] >>",
        5: b"<< /Type /FontDescriptor /FontName /Song /Flags 4 /FontBBox [0 0 1000 1000] "
        b"/ItalicAngle 0 /Ascent 900 /Descent 0 /CapHeight 900 /StemV 80 >>",
        6: stream(UNICODE),
    }
    for number, lines in zip(numbers, held, strict=True):
        shown = "".join(f"BT /F 12 Tf 1 0 0 1 {x:g} {y:g} Tm <{line.encode('utf-16-be').hex()}> Tj ET\n" for line, x, y in lines)
        objects[number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 900 842] /Resources << /Font << /F 3 0 R >> >> /Contents {number + 1} 0 R >>".encode()
        )
        objects[number + 1] = stream(shown.encode())
    out, places = b"%PDF-1.4\n", {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % places[number] for number in sorted(places))
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1, table, len(objects) + 1, len(out),
    )  # fmt: skip


def stream(body: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body)


WORDS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx(body: str, more: Mapping[str, bytes] | None = None) -> bytes:
    """A Word document of given XML in its body."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", f'<?xml version="1.0"?><w:document {WORDS}><w:body>{body}</w:body></w:document>')
        for name, content in (more or {}).items():
            package.writestr(name, content)
    return out.getvalue()


def paragraph(text: str, style: str = "", more: str = "") -> str:
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f'<w:p><w:pPr>{properties}{more}</w:pPr><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'
