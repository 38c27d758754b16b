"""Carrying out what dialogs about résumés want, in the turn's transaction: links, kept résumés and what is said of them."""

from __future__ import annotations

from sqlalchemy import Connection

from dialogs import clinic, remarks
from dialogs.effects import (
    Clinic,
    CompareResume,
    DropResume,
    KeepResume,
    OfferUpload,
    ShowResume,
    ShowSubmission,
    Submit,
    WithdrawSubmission,
    WriteBack,
)
from dialogs.messages import Choice, Link, Part, Say
from dialogs.notices import TO_MENU
from dialogs.turn import Turn
from knowledge import passes
from knowledge.clinic import papers, queue
from knowledge.db import local_date
from knowledge.extract import ExtractError
from knowledge.ledger.seal import SealError
from knowledge.resume.against_posting import compared
from knowledge.resume.extract import pasted
from knowledge.resume.rules import review
from knowledge.resume.sections import plain, read


def carry_out(connection: Connection, turn: Turn, effect: Clinic) -> list[Part]:
    match effect:
        case OfferUpload(what):
            return offer(connection, turn, what)
        case KeepResume(text, built):
            return kept(connection, turn, text, built=built)
        case ShowResume(number, what):
            return [shown(connection, turn, number, what)]
        case CompareResume():
            return [beside(connection, turn, effect)]
        case DropResume(number):
            return [dropped(connection, turn.person.graduate_id, number)]
        case Submit():
            return [submitted(connection, turn, effect)]
        case WriteBack(submission, text):
            return [clinic.written(queue.reply(connection, turn.person.graduate_id, submission, text, turn.now, turn.world.clinic))]
        case ShowSubmission():
            return [clinic.standing(queue.latest(connection, turn.person.graduate_id))]
        case WithdrawSubmission():
            gone = queue.withdraw(connection, turn.person.graduate_id)
            return [Say("好，收回来了，老师不再看这一份。" if gone else "没有在等老师看的简历。", (TO_MENU,))]


def owner(turn: Turn) -> tuple[str, str]:
    return turn.person.graduate_id, turn.inbound.conversation


def offer(connection: Connection, turn: Turn, what: str) -> list[Part]:
    links = turn.world.passes
    if not links.reaches(turn.inbound.conversation):
        return []
    address = links.grant(connection, owner(turn), "upload", what, turn.now, turn.now + passes.LIFE)
    return [Say("是文件就从这里传，PDF、Word、TXT 都行。链接只给你，30 分钟内用一次。", links=(Link("上传合同" if what else "上传简历", address),))]


def kept(connection: Connection, turn: Turn, text: str, *, built: bool) -> list[Part]:
    try:
        paper = pasted(text)
    except ExtractError as error:
        return [Say(str(error), (TO_MENU,))]
    days = turn.world.clinic.keep_days
    number = papers.keep(connection, turn.world.seal, owner(turn), paper, "chat", turn.now, days)
    address = report(connection, turn, number)
    if built and not address:
        return [Say("复制到 Word 里排一排就能用。", (TO_MENU,))]
    if built:
        files = (Link("下载 PDF", f"{address}/pdf"), Link("下载 Word", f"{address}/word"), Link("换样式、打印", f"{address}/print"))
        return [Say(f"文件在这里，PDF 直接投，Word 自己改；{days} 天后自动删，页面上也能马上删。", (), files)]
    said = f"报告做好了，标在原文旁边，可以打印。{days} 天后连原文一起删掉，你也可以在页面上马上删。"
    return [Say(said, (TO_MENU,), (Link(clinic.REPORT, address),))] if address else []


def submitted(connection: Connection, turn: Turn, effect: Submit) -> Say:
    """A pasted résumé is kept first; one that has been deleted meanwhile cannot be handed in."""
    rules, number = turn.world.clinic, effect.resume
    if not number:
        try:
            paper = pasted(effect.text)
        except ExtractError as error:
            return Say(f"{error}。", (TO_MENU,))
        number = papers.keep(connection, turn.world.seal, owner(turn), paper, "chat", turn.now, rules.keep_days)
    elif papers.find(connection, number, turn.person.graduate_id) is None:
        return Say(clinic.GONE, (TO_MENU,))
    said = (effect.goal, effect.posting, effect.look)
    promise = queue.submit(connection, owner(turn), number, said, effect.named, turn.now, rules)
    return clinic.submitted(promise, named=effect.named, days=rules.keep_days)


def report(connection: Connection, turn: Turn, number: str) -> str:
    """The address of the report page, for as long as the résumé is kept; empty where it cannot be opened."""
    row = papers.find(connection, number)
    if row is None or not turn.world.passes.reaches(turn.inbound.conversation):
        return ""
    return turn.world.passes.grant(connection, owner(turn), "report", number, turn.now, row["expires_at"])


def shown(connection: Connection, turn: Turn, number: str, what: str) -> Say:
    row = papers.find(connection, number, turn.person.graduate_id)
    if row is None:
        return Say(clinic.GONE, (TO_MENU,))
    try:
        paper = papers.opened(turn.world.seal, row)
    except SealError:
        return Say(clinic.GONE, (TO_MENU,))
    found = review(paper, local_date(row["created_at"]))
    return clinic.said(what, number, paper, found, report(connection, turn, number))


def beside(connection: Connection, turn: Turn, effect: CompareResume) -> Say:
    """What the posting asks for and the résumé has."""
    person = turn.person.graduate_id
    row = papers.find(connection, effect.resume, person) if effect.resume else papers.latest(connection, person)
    try:
        text = effect.text or (papers.opened(turn.world.seal, row).text if row else "")
    except SealError:
        text = ""
    if not text:
        return Say("先把简历发来，我才好对着看。", (Choice("改简历", "open/resume"), Choice("写简历", "open/write_resume"), TO_MENU))
    found = compared(read(plain(text)), effect.posting, turn.today)
    more = (Choice("换个岗位看", "open/fit"), *((Choice(clinic.TEACHER, f"clinic/teacher/{row['id']}"),) if row else ()), TO_MENU)
    return Say("\n".join(remarks.beside(found)).strip(), () if turn.place.top else more)


def dropped(connection: Connection, graduate_id: str, number: str) -> Say:
    gone = papers.drop(connection, number, graduate_id) if number else papers.drop_all(connection, graduate_id)
    return Say(clinic.DROPPED if gone else clinic.NONE, (TO_MENU,))
