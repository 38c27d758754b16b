"""The command `resume check`: a résumé from a file, with or without a posting beside it. Needs no database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.config import Clock, settings
from bot.session import fail
from dialogs import remarks
from dialogs.typography import chinese
from knowledge.extract import ExtractError, extract, opened
from knowledge.resume.against_posting import Comparison, compared
from knowledge.resume.extract import LIMITS, Paper, from_file
from knowledge.resume.rules import Review, review
from knowledge.resume.sections import Resume

resume = typer.Typer(no_args_is_help=True, help="简历：读一份，说哪里该改、怎么改。")


@resume.callback()
def _() -> None:
    """Keeps `check` a command of its own."""


@resume.command()
def check(
    file: Annotated[Path, typer.Argument(help="简历：PDF、Word 的 .docx、文字，装了 bulixian[ocr] 还有图片")],
    posting: Annotated[str | None, typer.Option(help="对着看的岗位：一个文件")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="机器用")] = False,
) -> None:
    """这份简历哪里该改、为什么、怎么改;加 --posting 再看合不合这个岗位。"""
    today = Clock(settings().today).today()
    paper = reading(file, lambda: from_file(file))
    found = review(paper, today)
    beside = compared(found.resume, posting_text(posting), today) if posting else None
    print(json.dumps(body(paper, found, beside), ensure_ascii=False, indent=1) if as_json else chinese("\n".join(told(paper, found, beside))))


def reading(path: Path, work: Any) -> Any:
    """What `work` reads from a file; what is wrong with the file is one sentence and exit code 1."""
    try:
        return work()
    except ExtractError as error:
        raise fail(f"{path.name}:{chinese(str(error))}", 1) from error
    except FileNotFoundError as error:
        raise fail(f"找不到 {path}，请检查路径", 1) from error
    except OSError as error:
        raise fail(f"读不了 {path}（{error.strerror or error}）", 1) from error


def posting_text(where: str) -> str:
    """The text of a posting; so far from a file only."""
    path = Path(where)
    found = reading(path, lambda: extract(opened(path, LIMITS), LIMITS, recognise=True))
    for doubt in found.doubts:
        print(f"{path.name}:{doubt}", file=sys.stderr)
    return "\n".join(block.text for block in found.blocks)


def told(paper: Paper, found: Review, beside: Comparison | None) -> Iterator[str]:
    yield from (f"注意：{doubt}" for doubt in paper.doubts)
    yield from remarks.report(found)
    if not found.remarks:
        yield remarks.FINE
    if beside:
        yield from remarks.beside(beside)


def body(paper: Paper, found: Review, beside: Comparison | None) -> dict[str, Any]:
    """The shape of the machine interface; places are counted in characters of `text`."""
    return {
        "text": paper.text,
        "kind": paper.kind,
        "confidence": round(paper.confidence, 2),
        "doubts": paper.doubts,
        "facts": facts(found.resume),
        "dimensions": [{"name": name, "state": state, "moved_by": moved} for name, state, moved in found.dimensions()],
        "most_important": [remark.rule.id for remark in found.most_important()],
        "remarks": [
            {name: getattr(remark.rule, name) for name in ("id", "title", "dimension", "severity", "why", "fix", "source")}
            | {"places": remark.places, "quote": remark.quote, "detail": remark.detail, "example": remark.example}
            for remark in found.remarks
        ],
        "posting": asdict(beside) if beside else None,
    }


def facts(read: Resume) -> dict[str, Any]:
    """What was read: name, sections, items with their dates."""
    name, sure = read.name
    items = []
    for item in read.items:
        row: dict[str, Any] = {"kind": item.kind, "head": item.head, "confidence": item.confidence, "lines": item.lines}
        row["period"] = [month(item.period.start), month(item.period.end)] if item.period else None
        row["names"] = [{"kind": entity.kind, "text": entity.text, "place": entity.span} for entity in item.names]
        items.append(row)
    sections = [{"kind": section.kind, "title": section.title, "body": section.body} for section in read.sections]
    told = {"phone": read.phone, "email": read.email, "intent": read.intent}
    return {
        "name": {"text": name, "confidence": sure},
        **told,
        "degree": read.level.name.lower() if read.level else None,
        "sections": sections,
        "items": items,
    }


def month(number: int | None) -> str | None:
    return None if number is None else date(number // 12, number % 12 + 1, 1).strftime("%Y-%m")
