"""`bulixian contract`: what in a contract or an offer is unlawful or unclear. Reads a file and prints; the judging is `knowledge.rights.contract`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.config import settings
from bot.session import fail
from dialogs.typography import chinese
from knowledge import tables
from knowledge.extract import ExtractError, Limits, extract, opened
from knowledge.rights.contract import NOTICE, Check, check, cited, texts
from knowledge.rights.quantities import LENGTH

contract = typer.Typer(no_args_is_help=True, help="合同：看一份合同、offer、三方协议里有什么不合规定。")
LIMITS = Limits(file_bytes=10_000_000, pages=60, unpacked_bytes=50_000_000, characters=200_000, cpu_seconds=8, wall_seconds=12)
MOST_BYTES = 1_000_000


@contract.callback()
def contracts() -> None:
    """合同。"""


@contract.command(name="check")
def command(
    file: Annotated[str, typer.Argument(help="PDF、Word 的 .docx、网页或文字，装了 bulixian[ocr] 还有图片，- 是标准输入")],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """这份合同哪里不合规定、凭哪一条、怎么跟公司说。退出码:0 没看到违法的,1 有违法的,或者读不了。"""
    text, doubts = content(file)
    found = check(text, settings().minimum_wage)
    rows = (*(f"注意：{doubt}" for doubt in doubts), *texts(found))
    print(json.dumps(record(text, found) | {"doubts": doubts}, ensure_ascii=False) if as_json else chinese("\n".join(rows)))
    if found.cut:
        print(f"只看了前 {LENGTH} 字，后面的请分开再查", file=sys.stderr)
    raise typer.Exit(1 if found.unlawful() else 0)


def content(file: str) -> tuple[str, tuple[str, ...]]:
    """What the file or, for `-`, standard input says, and what of it is in doubt."""
    doubts: tuple[str, ...] = ()
    try:
        if file == "-":
            text = tables.decoded(sys.stdin.buffer.read(MOST_BYTES))
        else:
            found = extract(opened(Path(file), LIMITS), LIMITS, recognise=True)
            text, doubts = "\n".join(block.text for block in found.blocks), found.doubts
    except ExtractError as error:
        raise fail(f"{file}:{chinese(str(error))}", 1) from error
    except FileNotFoundError as error:
        raise fail(f"找不到 {file}，请检查路径", 1) from error
    except OSError as error:
        raise fail(f"读不了 {file}:{error.strerror or error}", 1) from error
    except tables.TableError as error:
        raise fail("标准输入不是文字，请把合同文字复制进来，或者给出文件", 1) from error
    if not text.strip():
        raise fail("里面没有文字，把合同的文字贴进去再查", 1)
    return text, doubts


def record(text: str, found: Check) -> dict[str, Any]:
    """The shape of the machine interface; spans are characters of `text`."""
    return {
        "text": text,
        "kind": found.kind,
        "name": found.name,
        "applies": found.applies,
        "facts": [asdict(fact) | {"quote": text[slice(*fact.span)]} for fact in found.facts],
        "findings": [
            {"id": row.rule.id, "topic": row.rule.topic, "title": row.rule.title, "severity": row.severity, "detail": row.detail, "quote": row.quote}
            | {"span": row.span, "why": row.why, "laws": [cited(law) for law in row.laws], "say": row.rule.say, "call": row.rule.call}
            for row in found.findings
        ],
        "missing": found.missing,
        "blanks": found.blanks,
        "unchecked": found.unchecked,
        "cut": found.cut,
        "notice": NOTICE,
    }
