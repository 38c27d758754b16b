"""The office's documents from the command line: `knowledge import` of any file, `knowledge documents`, `knowledge withdraw`."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bot.app import App
from bot.curation import Checked
from bot.revisions import bring_in
from dialogs.typography import chinese
from knowledge import notation
from knowledge.extract import ExtractError, Limits, extract, opened
from knowledge.policy import documents
from knowledge.policy.documents import DocumentError, Draft, Given

ENTRIES = (".json", ".toml")
"""Files of policy entries, as `knowledge export` writes them; all else is a document."""
LAWS = (".jsonl", ".jsonl.gz")
DONE = {"added": "新增", "replaced": "换成新版", "same": "没变", "older": "没有导入，库里的一份日期更新"}
WOULD = {**DONE, "added": "会新增", "replaced": "会换成新版"}


def bring_in_all(app: App, files: Sequence[Path], author: str, approver: str | None, given: Given, *, dry_run: bool) -> Iterator[Checked]:
    """Every file on its own: one that is broken gets a sentence, the others go on."""
    for path in files:
        if path.suffix.lower() in ENTRIES:
            yield bring_in(app, path, author, approver, dry_run=dry_run)
        else:
            yield bring_in_document(app, path, author, given, dry_run=dry_run)


def bring_in_document(app: App, path: Path, author: str, given: Given, *, dry_run: bool) -> Checked:
    problems: list[str] = []
    lines: list[str] = []
    for found in drafts(path, given):
        if isinstance(found, str):
            problems.append(f"{path.name}:{chinese(found)}")
            continue
        if dry_run:
            with app.database.reading() as connection:
                result, key = documents.weigh(connection, found)[0], 0
        else:
            with app.database.writing() as connection:
                result, key = documents.take(connection, found, author, app.clock.now())
        if result == "older":
            problems.append(f"{path.name}:{DONE[result]}：《{found.document.title}》；要用旧的一份，先 bulixian knowledge withdraw 撤下新的")
        else:
            lines.append(f"{path.name}:{(WOULD if dry_run else DONE)[result]} {f'编号 {key} ' if key else ''}{shown(found)}")
    return Checked(problems, "\n".join(lines))


def shown(found: Draft) -> str:
    """What was understood, for staff to compare with the paper."""
    held = found.document
    facts = [
        held.number,
        held.issuer,
        str(held.dated),
        f"只在{held.region}适用" if held.region else "",
        f"有效期至 {held.valid_to}" if held.valid_to else "",
    ]
    return f"《{held.title}》{'，'.join(filter(None, facts))}，{len(found.passages)} 段"


def drafts(path: Path, given: Given) -> Iterator[Draft | str]:
    """The documents of one file, or sentences on what is wrong."""
    try:
        data = opened(path)
        if path.name.lower().endswith(LAWS):
            yield from documents.laws(list(rows(data)), given)
        else:
            yield documents.draft(extract(data), given, data)
    except (ExtractError, DocumentError) as error:
        yield str(error)
    except FileNotFoundError:
        yield "找不到这个文件，请检查路径"
    except OSError as error:
        yield f"读不了（{error.strerror or error}）"


def rows(data: bytes) -> Iterator[dict[str, Any]]:
    """The rows of a file of laws, packed or not.

    Raises:
        DocumentError
    """
    try:
        if data.startswith(b"\x1f\x8b"):
            unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            data = unpacker.decompress(data, Limits().unpacked_bytes)
            if unpacker.unconsumed_tail:
                raise DocumentError("解开后太大，请拆成几份")
        text = data.decode("utf-8-sig")
    except (zlib.error, UnicodeDecodeError) as error:
        raise DocumentError("打不开，要是 UTF-8 的 JSON 行（.jsonl，可用 gzip 压缩）") from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                row = notation.loads(line)
            except ValueError as error:
                raise DocumentError(f"第 {number} 行不是 JSON") from error
            if not isinstance(row, dict):
                raise DocumentError(f"第 {number} 行要是一个 JSON 对象")
            yield row


def listed(app: App) -> str:
    with app.database.reading() as connection:
        held = documents.listed(connection)
    today = app.clock.today()
    found = []
    for document, status, passages in held:
        state = "已过期" if status == "current" and document.expired(today) else documents.STATUSES[status]
        until = f"，有效期至 {document.valid_to}" if document.valid_to else ""
        place = f"，只在{document.region}" if document.region else ""
        found.append(f"{document.id:>5} {state} {document.dated} 《{document.title}》{document.number}，{passages} 段{place}{until}")
    return "\n".join(found) or "还没有导入文件"


def withdrawn(app: App, key: int) -> str | None:
    """The title of the document that was taken out, None where there is no such current one."""
    with app.database.writing() as connection:
        return documents.withdraw(connection, key)
