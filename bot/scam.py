"""`bulixian scam`: is a pasted text a fraud. Reads a file and prints; the judging is `knowledge.rights.scam`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.session import fail
from knowledge.rights.scam import LENGTH, Judgement, judge

scam = typer.Typer(no_args_is_help=True, help="防骗:看一段话、一份招聘是不是骗局。")
MOST_BYTES = 1_000_000
LEVELS = {"none": "没看出骗局的常见迹象", "hint": "有一点要留心", "warning": "可疑", "high": "很像骗局"}


@scam.callback()
def scams() -> None:
    """防骗。"""


@scam.command()
def check(
    file: Annotated[str, typer.Argument(help="文字文件(UTF-8 或 GB18030),- 是标准输入")],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """是不是骗局、凭哪几句、现在怎么办。退出码:0 没发现,1 可疑或很像骗局。"""
    text = content(file)
    found = judge(text)
    print(json.dumps(record(text, found), ensure_ascii=False) if as_json else told(text, found))
    if len(text) > LENGTH:
        print(f"只看了前 {LENGTH} 字,后面的请分开再查", file=sys.stderr)
    raise typer.Exit(1 if found.level in ("warning", "high") else 0)


def content(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read(MOST_BYTES + 1) if file == "-" else small(Path(file))
    except OSError as error:
        raise fail(f"读不了 {file}:{error.strerror or error}", 2) from error
    if len(raw) > MOST_BYTES:
        raise fail("文件超过 1 MB,把可疑的那一段单独存成文件再查", 2)
    for name in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        if not text.strip():
            raise fail("里面没有文字,把对方发来的话贴进去再查", 2)
        return text
    raise fail(f"{file} 不是文字文件,请把文字复制出来存成 UTF-8 的 .txt 再查", 2)


def small(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def record(text: str, found: Judgement) -> dict[str, Any]:
    reasons = [asdict(reason) | {"quote": text[slice(*reason.span)]} for reason in found.reasons]
    return {"level": found.level, "score": found.score, "reasons": reasons, "advice": found.advice}


def told(text: str, found: Judgement) -> str:
    rows = [f"{LEVELS[found.level]}({found.score} 分)"]
    rows += [f"· {reason.say} +{reason.weight}「{' '.join(text[slice(*reason.span)].split())}」" for reason in found.reasons]
    rows += [f"→ {step}" for step in found.advice]
    return "\n".join(rows)
