"""A list under an address of its own, as CSV, XLSX, JSON or JSONL, with columns told by their names."""

from __future__ import annotations

from knowledge import tables
from knowledge.postings.drafts import Draft, drafted, named
from knowledge.postings.feeds import FeedError


def drafts(data: bytes) -> list[Draft]:
    """
    Raises:
        FeedError
    """
    try:
        table = tables.read(data)
    except tables.TableError as error:
        raise FeedError(str(error)) from error
    columns = named(table.header)
    if "title" not in columns.values():
        raise FeedError(f"没有认出哪一列是岗位名称，有这些列：{'、'.join(table.header)[:200]}")
    return [drafted(dict(zip(table.header, row, strict=True)), columns) for row in table.rows]
