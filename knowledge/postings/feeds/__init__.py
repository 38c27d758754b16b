"""Sources with a shape of their own: bytes of their protocol → drafts. One file a source; fetching lives in bot."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from knowledge.postings.drafts import Draft


class FeedError(ValueError):
    """Bytes that are not what the source sends; the message is one sentence for staff."""


@cache
def feeds() -> dict[str, Callable[[bytes], list[Draft]]]:
    """The name of each file here → its `drafts`."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}").drafts for name in names}
