"""How the program writes its log: lines on a stream, where something broke and of what kind. Never what an error says: it may quote a person."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from traceback import format_tb
from types import TracebackType

import structlog
from structlog.typing import ExcInfo, Processor

from knowledge.db import DatabaseError


def begin() -> None:
    """For a command: warnings, on stderr."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    configure(logging.WARNING, [plain], structlog.PrintLoggerFactory(sys.stderr))


def serve() -> None:
    """For the server: one JSON object a line."""
    configure(logging.INFO, [structlog.processors.TimeStamper(), structlog.processors.JSONRenderer()], structlog.PrintLoggerFactory())


def configure(level: int, shown: list[Processor], factory: structlog.PrintLoggerFactory) -> None:
    kept: list[Processor] = [structlog.processors.add_log_level, structlog.processors.ExceptionRenderer(told), *shown]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(level), processors=kept, logger_factory=factory)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # a line for each broken form that anybody sends


class Formatter(logging.Formatter):
    """What the libraries log, uvicorn's failed requests and asyncio's lost tasks among it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the library's name
        record.message = record.message.partition("\n")[0]  # asyncio shows the error of a task from the second line on
        return super().formatMessage(record)

    def formatException(self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]) -> str:  # noqa: N802
        return told(ei) if ei[1] else ""


def told(exc_info: ExcInfo) -> str:
    """The frames and the kinds of an error and of what led to it."""
    return "".join(chain(exc_info[1])).rstrip()


def chain(error: BaseException) -> Iterator[str]:
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier:
        yield from chain(earlier)
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from chain(each)
    yield from format_tb(error.__traceback__)
    yield f"{type(error).__qualname__}{f': {error}' if isinstance(error, DatabaseError) else ''}\n"
