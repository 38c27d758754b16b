"""The pages of the clinic: the experts' queue, one résumé with its remarks, taking, remarking, answering, giving back. What they do: `bot.desk`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot import desk as bureau
from bot.web.console.gate import Desk
from knowledge.clinic import ClinicError, queue

LONGEST = 1000
"""Characters of one remark or of the words before them."""


def listed(desk: Desk) -> Response:
    done = desk.asked("done") == "1"
    rows = [row for row in bureau.listing(desk.app, everything=done) if done == (row["state"] not in queue.OPEN)]
    return desk.show("clinic", rows=rows[-100:] if done else rows, states=queue.STATES, done=done)


def shown(desk: Desk, wrong: str = "") -> Response:
    """One that is in this expert's hands: what may be seen of it, written down where the person sees it."""
    number = desk.number()

    def view(connection: Connection) -> dict[str, Any]:
        queue.get(connection, number, desk.who.display)
        desk.note(connection, "看简历", f"简历 {number}")
        return queue.view(connection, desk.app.seal, number, desk.who.display, desk.now)

    try:
        found = desk.write(view)
    except ClinicError as error:
        raise HTTPException(404, f"{error}。") from error
    return desk.show("clinic_one", 400 if wrong else 200, found=found, canned=queue.canned(), said=desk.form, wrong=wrong)


def done(desk: Desk, what: str, work: Callable[[Connection, int], Any], after: str = "") -> Response:
    """Carries out one act and writes it down with it."""
    number = desk.number()

    def act(connection: Connection) -> None:
        work(connection, number)
        desk.note(connection, what, f"简历 {number}")

    try:
        desk.write(act)
    except ClinicError as error:
        return refused(desk, str(error))
    return desk.to(after or f"/clinic/{number}")


def refused(desk: Desk, why: str) -> Response:
    """The page again with what was wrong; where it is not in these hands, that sentence alone."""
    try:
        return shown(desk, f"{why}。")
    except HTTPException as error:
        return desk.show("refused", 409, why=error.detail)


def take(desk: Desk) -> Response:
    return done(desk, "领简历", lambda connection, number: queue.take(connection, number, desk.who.display, desk.now))


def remark(desk: Desk) -> Response:
    form = desk.form
    text = "\n".join(filter(None, (queue.canned().get(form.get("canned", ""), ("", ""))[1], form.get("text", "").strip())))
    if not text or len(text) > LONGEST:
        return refused(desk, f"意见写 1 到 {LONGEST} 个字，或者选一条常用的")
    quote = form.get("quote", "").strip()
    work = queue.remark
    return done(desk, "写意见", lambda connection, number: work(connection, desk.app.seal, number, desk.who.display, text, desk.now, quote=quote))


def answer(desk: Desk) -> Response:
    number, words = desk.number(), desk.form.get("text", "").strip()
    if len(words) > LONGEST:
        return refused(desk, f"开头的话 {LONGEST} 个字以内")
    try:
        bureau.deliver(desk.app, number, desk.who.display, words, desk.note)
    except ClinicError as error:
        return refused(desk, str(error))
    return desk.to("/clinic")


def give_back(desk: Desk) -> Response:
    why, second = desk.form.get("text", "").strip()[:200], desk.form.get("second") == "1"
    work = queue.give_back
    return done(desk, "放回简历", lambda connection, number: work(connection, number, desk.who.display, why, desk.now, second=second), "/clinic")
