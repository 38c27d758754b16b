"""The pages of the clinic, each behind a signed link: one takes a résumé, one shows its report and deletes it, one is a booking's calendar."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog
from sqlalchemy import RowMapping
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.templating import Jinja2Templates

from bot.app import App
from dialogs import remarks
from dialogs.typography import chinese
from knowledge import passes
from knowledge.clinic import papers, queue, slots
from knowledge.db import CHINA, local_date
from knowledge.extract import ExtractError, models
from knowledge.ledger.seal import SealError
from knowledge.passes import PassError
from knowledge.resume import draft, glyphs
from knowledge.resume.against_posting import compared
from knowledge.resume.extract import LIMITS, Paper, pasted
from knowledge.resume.rules import SEVERITIES, Review, review
from knowledge.rights.contract import likely

FORM = 200_000
"""Bytes of a form beside its file: the text of a résumé and the marks of the form."""
POSTING = 4000
"""Characters of a posting that are read."""
ROOM = 16
"""Bodies in memory at a time; the others wait unread."""
SLOW = 60
"""Seconds for a body to arrive: 10 MB in a minute is a poor mobile line."""
TOO_BIG = f"文件超过 {LIMITS.file_bytes // 1_000_000} MB。从 Word 里另存一份 PDF 通常就小了，再传一次。"
LONG = "贴的内容太长了，只贴岗位的要求那一段。"
NOTHING = "还没有选文件，也没有粘贴文字。选一个再点「开始看」。"
BROKEN = "没有传完整。网络稳一点的时候再传一次。"
UNBOOKED = "这个预约已经取消、改了时间或者过了。回到聊天里发「我的预约」看看。"
GONE = "这份简历已经删掉了。想再看，回到聊天里发「改简历」。"
IN_CHAT = "看完了，意见发到聊天里了，回去看。"
NOT_RESUME = "读到了文字，但不像一份简历。换一份再传一次"
NOT_CONTRACT = "读到了文字，但不像合同或录用通知。换一份再传一次"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex"}
log = structlog.get_logger()
templates = Jinja2Templates(Path(__file__).parent / "templates")
templates.env.filters["chinese"] = chinese


class Refused(ValueError):
    """What was sent cannot be taken: HTTP status and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class InMemory(MultiPartParser):
    """What people send never touches the disk unsealed."""

    spool_max_size = LIMITS.file_bytes + FORM


class ResumePages:
    """The routes for one program. `wake` tells the web chat that there is something new for a conversation."""

    def __init__(self, app: App, wake: Callable[[str], None]) -> None:
        self.app, self.wake = app, wake
        self.room = asyncio.Semaphore(ROOM)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/upload/{token}", self.form),
            Route("/upload/{token}", self.post, methods=["POST"]),
            Route("/report/{token}", self.report),
            Route("/report/{token}", self.delete, methods=["POST"]),
            Route("/report/{token}/posting", self.against, methods=["POST"]),
            Route("/report/{token}/print", self.paper),
            Route("/report/{token}/pdf", self.pdf),
            Route("/report/{token}/word", self.word),
            Route("/calendar/{token}", self.calendar),
        ]

    def page(self, request: Request, status: int = 200, error: str = "", *, open_: bool = True, what: str = "") -> Response:
        """`what` a file is asked for: `contract`, or empty for a résumé."""
        shown = {
            "error": error,
            "open": open_,
            "what": what,
            "days": self.app.clinic.keep_days,
            "most": LIMITS.file_bytes // 1_000_000,
            "pictures": bool(models()),
        }
        return templates.TemplateResponse(request, "upload.html", shown, status, HEADERS)

    def known(self, token: str, purpose: str) -> RowMapping:
        with self.app.database.reading() as connection:
            return self.app.passes.known(connection, token, purpose, self.app.clock.now())

    async def form(self, request: Request) -> Response:
        try:
            row = await run_in_threadpool(self.known, request.path_params["token"], "upload")
        except PassError as error:
            return self.page(request, 410, str(error), open_=False)
        return self.page(request, what=row["subject"])

    async def post(self, request: Request) -> Response:
        """Reads what was sent while the page waits; then the report of a résumé, or the chat, where the rest is said."""
        what = ""
        try:
            row = await run_in_threadpool(self.known, request.path_params["token"], "upload")
            if not await asyncio.wrap_future(self.app.inbox.write(lambda connection: passes.tried(connection, row["id"]))):
                raise PassError(passes.USED)
            what = row["subject"]
            async with self.room:
                paper = await self.read(await asyncio.wait_for(received(request), SLOW))
            address = await run_in_threadpool(self.use, row, paper)
        except PassError as error:
            return self.page(request, 410, str(error), open_=False)
        except ExtractError as error:
            return self.page(request, 422, finished(str(error)), what=what)
        except Refused as error:
            return self.page(request, error.status, str(error), what=what)
        except (ClientDisconnect, TimeoutError):
            return self.page(request, 408, BROKEN, what=what)
        self.wake(row["conversation"])
        if not address:
            return self.page(request, 200, IN_CHAT, open_=False)
        return RedirectResponse(address, 303, HEADERS)

    async def read(self, form: FormData) -> Paper:
        """
        Raises:
            ExtractError, Refused
        """
        file, text = form.get("file"), form.get("text")
        try:
            data = await file.read() if isinstance(file, UploadFile) else b""
        finally:
            await form.close()
        if data and isinstance(file, UploadFile):
            if len(data) > LIMITS.file_bytes:
                raise Refused(413, TOO_BIG)
            return await asyncio.wrap_future(self.app.reader.read(data, named(file.filename or "")))
        if not isinstance(text, str) or not text.strip():
            raise Refused(422, NOTHING)
        return await run_in_threadpool(pasted, text.replace("\r\n", "\n").replace("\x00", ""))

    def use(self, row: RowMapping, paper: Paper) -> str:
        """The address of a résumé's report; empty: it is a contract or the like, and what there is to say stands in the chat.

        Raises:
            ExtractError: it is nothing of that
            PassError: somebody was faster with the same link
        """
        flow = self.app.reader.use(row["conversation"], paper.text)
        if flow == "resume":
            return self.keep(row, paper)
        if not flow or (flow == "contract" and not likely(paper.text)):
            raise ExtractError(NOT_CONTRACT if row["subject"] else NOT_RESUME)
        if not self.app.inbox.write(lambda connection: passes.use(connection, row["id"], self.app.clock.now())).result():
            raise PassError(passes.USED)
        self.app.reader.words(row["conversation"], flow, paper.text)
        return ""

    def keep(self, row: RowMapping, paper: Paper) -> str:
        """The address of the report.

        Raises:
            PassError: somebody was faster with the same link
        """
        number = self.app.reader.take(row["conversation"], paper, "page", row["id"])
        if number is None:
            raise PassError(passes.USED)
        now, owner = self.app.clock.now(), (row["graduate_id"], row["conversation"])
        with self.app.database.reading() as connection:
            kept = papers.find(connection, number)
        until = kept["expires_at"] if kept else now
        address: str = self.app.inbox.write(lambda connection: self.app.passes.grant(connection, owner, "report", number, now, until)).result()
        return address.removeprefix(self.app.passes.base)

    async def report(self, request: Request, posting: str = "") -> Response:
        """`posting`: what the résumé is laid beside; it is not kept."""
        try:
            row, paper, experts = await run_in_threadpool(self.kept, request.path_params["token"])
        except PassError as error:
            return self.page(request, 410, str(error), open_=False)
        found = await run_in_threadpool(review, paper, local_date(row["created_at"]))
        shown = body(paper, found) | {"experts": experts, "until": row["expires_at"].astimezone(CHINA), "at": row["created_at"].astimezone(CHINA)}
        if posting:
            beside = await run_in_threadpool(lambda: list(remarks.beside(compared(found.resume, posting, self.app.clock.today()))))
            shown |= {"posting": posting, "beside": beside[1:]}
        return templates.TemplateResponse(request, "report.html", shown, headers=HEADERS)

    async def against(self, request: Request) -> Response:
        """The report again, beside the posting that was pasted."""
        try:
            await run_in_threadpool(self.known, request.path_params["token"], "report")
            async with self.room:
                form = await asyncio.wait_for(received(request, 0, LONG), SLOW)
        except PassError as error:
            return self.page(request, 410, str(error), open_=False)
        except Refused as error:
            return self.page(request, error.status, str(error), open_=False)
        except (ClientDisconnect, TimeoutError):
            return self.page(request, 408, BROKEN, open_=False)
        text = form.get("posting")
        return await self.report(request, text.replace("\r\n", "\n").replace("\x00", "").strip()[:POSTING] if isinstance(text, str) else "")

    def kept(self, token: str) -> tuple[RowMapping, Paper, list[dict[str, str]]]:
        """The row, the text, and what experts have said of it.

        Raises:
            PassError
        """
        with self.app.database.reading() as connection:
            link = self.app.passes.known(connection, token, "report", self.app.clock.now())
            row = papers.find(connection, link["subject"], link["graduate_id"])
            try:
                if row:
                    paper = papers.opened(self.app.seal, row)
                    return row, paper, queue.on_resume(connection, row["id"], paper.text)
            except SealError:
                log.error("resume sealed with another key")
        raise PassError(GONE)

    async def paper(self, request: Request) -> Response:
        """The résumé alone, for the printer, with the ways to its files."""
        try:
            _, paper, _ = await run_in_threadpool(self.kept, request.path_params["token"])
        except PassError as error:
            return self.page(request, 410, str(error), open_=False)
        head, blocks = draft.blocks(paper.text)
        style = style_of(request)
        side, main = draft.columns(blocks, style)
        shown = {"head": head, "side": side, "main": main, "style": style, "styles": draft.STYLES, "token": request.path_params["token"]}
        shown |= {"lacking": glyphs.lacking(paper.text)[:20], "blank": glyphs.BLANK}
        return templates.TemplateResponse(request, "resume.html", shown, headers=HEADERS)

    async def pdf(self, request: Request) -> Response:
        return await self.file(request, pdf, "application/pdf", "pdf")

    async def word(self, request: Request) -> Response:
        return await self.file(request, draft.word, DOCX, "docx")

    async def file(self, request: Request, written: Callable[[str, draft.Style], bytes], kind: str, ending: str) -> Response:
        try:
            _, paper, _ = await run_in_threadpool(self.kept, request.path_params["token"])
        except PassError as error:
            return self.page(request, 410, str(error), open_=False)
        data = await run_in_threadpool(written, paper.text, style_of(request))
        name = quote(f"{draft.title(paper.text) or '简历'}.{ending}")
        said = f"attachment; filename=\"resume.{ending}\"; filename*=UTF-8''{name}"
        return Response(data, media_type=kind, headers=HEADERS | {"content-disposition": said})

    async def delete(self, request: Request) -> Response:
        try:
            link = await run_in_threadpool(self.known, request.path_params["token"], "report")
        except PassError:
            return self.page(request, 410, GONE, open_=False)
        await asyncio.wrap_future(self.app.inbox.write(lambda connection: papers.drop(connection, link["subject"], link["graduate_id"])))
        return self.page(request, 200, "删掉了，原文和报告都没有了。", open_=False)

    async def calendar(self, request: Request) -> Response:
        """The booking for the phone's calendar."""

        def read() -> str | None:
            with self.app.database.reading() as connection:
                link = self.app.passes.known(connection, request.path_params["token"], "calendar", self.app.clock.now())
                row = slots.held(connection, int(link["subject"]))
            return slots.calendar(row, self.app.clock.now()) if row and row["graduate_id"] == link["graduate_id"] else None

        try:
            body = await run_in_threadpool(read)
        except PassError:
            body = None
        if body is None:
            return self.page(request, 410, UNBOOKED, open_=False)
        return Response(body, media_type="text/calendar", headers=HEADERS | {"content-disposition": 'attachment; filename="yuyue.ics"'})


async def received(request: Request, largest: int = LIMITS.file_bytes, too_big: str = TOO_BIG) -> FormData:
    """The form, counted while it comes in: what a header says of its length is believed only where it says too much.

    Raises:
        Refused, ClientDisconnect
    """
    most, said = largest + FORM, request.headers.get("content-length", "")
    if said.isascii() and said.isdecimal() and int(said[:12]) > most:
        raise Refused(413, too_big)

    async def counted() -> AsyncGenerator[bytes, None]:
        held = 0
        async for chunk in request.stream():
            held += len(chunk)
            if held > most:
                raise Refused(413, too_big)
            yield chunk

    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refused(415, BROKEN)
    try:
        parser = InMemory(request.headers, counted(), max_files=1, max_fields=4, max_part_size=FORM)
        parser.spool_max_size = most
        return await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(400, BROKEN) from error


def pdf(text: str, style: draft.Style) -> bytes:
    from knowledge.resume.pdf import written  # a third of a second that no start should wait for

    return written(text, style)


def style_of(request: Request) -> draft.Style:
    return "columns" if request.query_params.get("style") == "columns" else "plain"


def named(name: str) -> str:
    """The last part of what the sender calls the file."""
    return name.replace("\\", "/").rpartition("/")[2].replace("\x00", "")[:100]


def finished(sentence: str) -> str:
    return sentence if sentence.endswith("。") else f"{sentence}。"


def body(paper: Paper, found: Review) -> dict[str, Any]:
    """What the template shows: remarks with their places as numbers in the text, sides, doubts."""
    return {
        "doubts": paper.doubts,
        "sides": found.dimensions(),
        "rows": list(marked(paper.text, [remark.places for remark in found.remarks])),
        "fine": remarks.FINE,
        "remarks": [
            {"where": remarks.where(remark), "way": remarks.way(remark), "severity": SEVERITIES[remark.rule.severity], "rule": remark.rule}
            for remark in found.remarks
        ],
    }


def marked(text: str, places: Sequence[Sequence[tuple[int, int]]]) -> Iterator[tuple[str, list[int], list[int]]]:
    """Pieces of the text, each with the numbers (from 1) of the remarks about it, and of those that begin there."""
    spans = [(start, end, number) for number, of_one in enumerate(places, 1) for start, end in of_one if start < end]
    cuts = sorted({0, len(text), *(cut for start, end, _ in spans for cut in (start, end))})
    for start, end in pairwise(cuts):
        over = sorted({number for first, last, number in spans if first <= start and end <= last})
        yield text[start:end], over, sorted({number for first, _, number in spans if first == start})
