"""`bulixian scam`: is a pasted text a fraud. Reads a file and prints; the judging is `knowledge.rights.scam`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.session import fail
from dialogs.typography import chinese
from knowledge import tables
from knowledge.extract import TOO_BIG, ExtractError, Limits, extract, is_picture, models, opened
from knowledge.rights.scam import LENGTH, Judgement, judge

scam = typer.Typer(no_args_is_help=True, help="防骗：看一段话、一份招聘是不是骗局。")
MOST_BYTES, MOST_OF_PICTURE = 1_000_000, 10_000_000
LEVELS = {"none": "没看出骗局的常见迹象", "hint": "有一点要留心", "warning": "可疑", "high": "很像骗局"}


@scam.callback()
def scams() -> None:
    """防骗。"""


@scam.command()
def check(
    file: Annotated[str, typer.Argument(help="文字文件（UTF-8 或 GB18030），装了 bulixian[ocr] 还有截图，- 是标准输入")],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """是不是骗局、凭哪几句、现在怎么办。退出码:0 没发现,1 可疑、很像骗局,或者读不了。"""
    text, doubts = content(file)
    found = judge(text)
    rows = (*(f"注意：{doubt}" for doubt in doubts), told(text, found))
    print(json.dumps(record(text, found) | {"doubts": doubts}, ensure_ascii=False) if as_json else chinese("\n".join(rows)))
    if len(text) > LENGTH:
        print(f"只看了前 {LENGTH} 字，后面的请分开再查", file=sys.stderr)
    raise typer.Exit(1 if found.level in ("warning", "high") else 0)


def content(file: str) -> tuple[str, tuple[str, ...]]:
    """What the file or, for `-`, standard input says, and what of it is in doubt."""
    limits, doubts = Limits(file_bytes=MOST_OF_PICTURE), tuple[str, ...]()
    try:
        data = sys.stdin.buffer.read(MOST_BYTES) if file == "-" else opened(Path(file), limits)
        if is_picture(data) and models():
            found = extract(data, limits, recognise=True)
            text, doubts = "\n".join(block.text for block in found.blocks), found.doubts
        elif len(data) > MOST_BYTES:
            raise ExtractError(TOO_BIG.format(limit=MOST_BYTES // 1_000_000))
        else:
            text = tables.decoded(data)
    except ExtractError as error:
        raise fail(f"{file}:{chinese(str(error))}", 1) from error
    except OSError as error:
        raise fail(f"读不了 {file}:{error.strerror or error}", 1) from error
    except tables.TableError as error:
        raise fail(f"{file} 不是文字文件，请把文字复制出来存成 .txt 再查", 1) from error
    if not text.strip():
        raise fail("里面没有文字，把对方发来的话贴进去再查", 1)
    return text, doubts


def record(text: str, found: Judgement) -> dict[str, Any]:
    reasons = [asdict(reason) | {"quote": text[slice(*reason.span)]} for reason in found.reasons]
    return {"level": found.level, "score": found.score, "reasons": reasons, "advice": found.advice}


def told(text: str, found: Judgement) -> str:
    rows = [f"{LEVELS[found.level]}（{found.score} 分）"]
    rows += [f"· {reason.say} +{reason.weight}「{' '.join(text[slice(*reason.span)].split())}」" for reason in found.reasons]
    rows += [f"→ {step}" for step in found.advice]
    return "\n".join(rows)
