"""Word documents (.docx): paragraphs, heading levels, table rows, and the numbers that Word makes itself."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from knowledge.extract import BOMB, BROKEN, ENCRYPTED, OFD, PACKED, SHEET, Block, ExtractError, Limits

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read(data: bytes, limits: Limits, *, layout: bool = False) -> tuple[list[Block], dict[str, str]]:
    """The blocks of a document; with `layout` each cell on its own lines, the header in front, and how the file looks."""
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise ExtractError(BROKEN) from error
    members = package.infolist()
    names = {member.filename for member in members}
    size = sum(member.file_size for member in members)
    if len(members) > limits.members or size > limits.unpacked_bytes or size > limits.ratio * len(data) + 1_000_000:
        raise ExtractError(BOMB)
    if "word/document.xml" not in names:
        office = any(name.startswith(("xl/", "ppt/")) for name in names)
        raise ExtractError(SHEET if office else OFD if any(name.endswith("OFD.xml") for name in names) else PACKED)
    if any(member.flag_bits & 1 for member in members):
        raise ExtractError(ENCRYPTED)

    def part(name: str) -> Any:
        from lxml import etree

        if name not in names:
            return None
        with package.open(name) as member:
            body = member.read(limits.unpacked_bytes + 1)  # what the directory claims may be a lie
        if len(body) > limits.unpacked_bytes:
            raise ExtractError(BOMB)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            return etree.fromstring(body, parser)
        except etree.XMLSyntaxError as error:
            raise ExtractError(BROKEN) from error

    word = Word(part("word/document.xml"), part("word/styles.xml"), part("word/numbering.xml"))
    if not layout:
        return word.blocks(), {}
    edges = [part(name) for name in sorted(names) if re.fullmatch(r"word/(?:header|footer)\d*\.xml", name)]
    edge = [text for root in edges for paragraph in root.iter(f"{W}p") if (text := word.text(paragraph).strip())]
    properties = part("docProps/core.xml")
    author = "" if properties is None else properties.findtext("{http://purl.org/dc/elements/1.1/}creator") or ""
    facts = {"edge": "\n".join(edge), "author": author, **word.look(), **({"revised": "comments"} if "word/comments.xml" in names else {})}
    return [*map(Block, edge), *word.blocks(layout=True)], {name: value for name, value in facts.items() if value}


def value_of(node: Any, path: str) -> str | None:
    found = None if node is None else node.find("/".join(f"{W}{step}" for step in path.split("/")))
    return None if found is None else found.get(f"{W}val")


class Word:
    """One Word document: heading levels by style, and the numbers that Word makes itself written out."""

    def __init__(self, document: Any, styles: Any, numbering: Any) -> None:
        self.body = document.find(f"{W}body")
        self.levels: dict[str, int] = {}
        self.numbered: dict[str, str | None] = {}
        for style in [] if styles is None else styles.iter(f"{W}style"):
            key, name, outline = style.get(f"{W}styleId"), value_of(style, "name") or "", value_of(style, "pPr/outlineLvl")
            named = re.fullmatch(r"(?:heading|标题) ?(\d)", name.lower())
            self.levels[key] = int(outline) + 1 if outline and outline.isdigit() and outline < "9" else int(named[1]) if named else name == "Title"
            self.numbered[key] = value_of(style, "pPr/numPr/numId")
        self.formats: dict[tuple[str, str], tuple[str, str]] = {}
        self.lists: dict[str, str] = {}
        self.counts: dict[str, list[int]] = {}
        for abstract in [] if numbering is None else numbering.iter(f"{W}abstractNum"):
            for level in abstract.iter(f"{W}lvl"):
                where = (abstract.get(f"{W}abstractNumId"), level.get(f"{W}ilvl"))
                self.formats[where] = (value_of(level, "numFmt") or "decimal", value_of(level, "lvlText") or "")
        for number in [] if numbering is None else numbering.iter(f"{W}num"):
            self.lists[number.get(f"{W}numId")] = value_of(number, "abstractNumId") or ""

    def blocks(self, *, layout: bool = False) -> list[Block]:
        """Paragraphs and rows of tables in their order, a text box after the paragraph it hangs on."""
        if self.body is None:
            raise ExtractError(BROKEN)
        found: list[Block] = []
        for node in self.body.iter(f"{W}p", f"{W}tr"):
            inside = next((above.tag for above in node.iterancestors(f"{W}tr", FALLBACK)), None)
            if inside is None and node.tag == f"{W}tr":
                cells = [[text for p in cell.iter(f"{W}p") if (text := self.text(p).strip())] for cell in node.iterchildren(f"{W}tc")]
                if layout and any(len(cell) > 1 for cell in cells):
                    found += [Block(text) for cell in cells for text in cell]
                else:
                    found.append(Block(("  " if layout else " | ").join(" ".join(cell) for cell in cells if cell)))
            elif inside is None:
                style = value_of(node, "pPr/pStyle") or ""
                text = self.text(node)
                outline = value_of(node, "pPr/outlineLvl") or ""
                level = int(outline) + 1 if outline.isdigit() and outline < "9" else int(self.levels.get(style, 0))
                found.append(Block(f"{self.label(node, style)}{text}" if text.strip() else "", level))
        return found

    def look(self) -> dict[str, str]:
        """Which part of the text stands in text boxes and in tables, and whether changes are marked."""
        every = sum(len(node.text or "") for node in self.body.iter(f"{W}t") if next(node.iterancestors(FALLBACK), None) is None)
        facts = {"revised": "changes"} if next(self.body.iter(f"{W}ins", f"{W}del"), None) is not None else {}
        for name, tag in (("boxed", "txbxContent"), ("tabled", "tbl")):
            here = [node for node in self.body.iter(f"{W}t") if {above.tag for above in node.iterancestors()} >= {f"{W}{tag}"}]
            held = sum(len(node.text or "") for node in here if next(node.iterancestors(FALLBACK), None) is None)
            facts |= {name: f"{held / every:.2f}"} if held else {}
        return facts

    def text(self, paragraph: Any) -> str:
        """What stands in a paragraph itself, not in a text box that hangs on it."""
        parts = []
        for node in paragraph.iter(f"{W}t", f"{W}tab", f"{W}br"):
            own = next(node.iterancestors(f"{W}p")) is paragraph
            if own and not any(above.tag in (f"{W}del", FALLBACK) for above in node.iterancestors()):
                parts.append(node.text or "" if node.tag == f"{W}t" else "\n" if node.tag == f"{W}br" else " ")
        return "".join(parts)

    def label(self, paragraph: Any, style: str) -> str:
        """The number that Word shows before a paragraph of a list; bullets and unknown formats give none."""
        number = value_of(paragraph, "pPr/numPr/numId") or self.numbered.get(style)
        depth = value_of(paragraph, "pPr/numPr/ilvl") or "0"
        abstract = self.lists.get(number or "", "")
        form, pattern = self.formats.get((abstract, depth), ("none", ""))
        if form in ("none", "bullet") or not self.text(paragraph).strip():
            return ""
        counts = self.counts.setdefault(abstract, [0] * 9)
        at = min(int(depth), 8)
        counts[at] += 1
        counts[at + 1 :] = [0] * (8 - at)

        def shown(found: re.Match[str]) -> str:
            place = int(found[1]) - 1
            return written(max(1, counts[place]), self.formats.get((abstract, str(place)), ("decimal", ""))[0])

        return re.sub(r"%([1-9])", shown, pattern)


def written(number: int, form: str) -> str:
    """A list number in one of Word's formats."""
    digits = "零一二三四五六七八九"
    if any(name in form.lower() for name in ("chinese", "japanese", "ideograph", "taiwanese")) and number < 100:
        tens, ones = divmod(number, 10)
        return f"{digits[tens] if tens > 1 else ''}{'十' if tens else ''}{digits[ones] if ones or not tens else ''}"
    if form == "decimalEnclosedCircle" and number <= 20:
        return chr(0x245F + number)
    return chr(64 + number) if form == "upperLetter" and number <= 26 else chr(96 + number) if form == "lowerLetter" and number <= 26 else str(number)
