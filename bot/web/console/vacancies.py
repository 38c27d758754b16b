"""The page of postings: those held with the reasons, let go or refused; live ones found and taken down. Bringing them in is `lists`."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.responses import Response

from bot.web.console.gate import Desk
from knowledge.postings import proven, store
from knowledge.postings.store import PostingError

MOST = 50
STATES = {"held": "扣下待核", "live": "在招", "refused": "不用的", "expired": "过期的"}
ACTIONS = {"release": ("live", "放行岗位"), "refuse": ("refused", "不用岗位")}


def listed(desk: Desk, wrong: str = "") -> Response:
    status, said = desk.asked("status"), desk.asked("q")
    status = status if status in STATES else "held"
    with desk.app.database.reading() as connection:
        rows = store.listed(connection, status, MOST, said)
        counts = store.counts(connection)
        frauds = proven.listed(connection)
    more = {"frauds": frauds, "STATES": STATES, "most": MOST, "wrong": wrong}
    return desk.show("vacancies", 400 if wrong else 200, rows=rows, counts=counts, status=status, q=said, **more)


def decide(desk: Desk) -> Response:
    status, what = ACTIONS.get(desk.request.path_params["action"], ("", ""))
    number = desk.number()

    def work(connection: Connection) -> None:
        title = store.decide(connection, number, status, desk.who.display, desk.now)
        desk.note(connection, what, f"岗位 {number}", new=title[:60])

    if not status:
        return listed(desk, "没有这个操作。")
    try:
        desk.write(work)
    except PostingError:
        return listed(desk, f"编号 {number} 没有改动:没有这个岗位,或者已经有人处理过。")
    desk.app.look_for_postings()
    return desk.to(f"/postings?status={desk.form.get('status') if desk.form.get('status') in STATES else 'held'}")


def clear(desk: Desk) -> Response:
    """What was confirmed as a fraud was none."""
    number = desk.number()

    def work(connection: Connection) -> None:
        proven.withdraw(connection, number, desk.who.display, desk.now)
        desk.note(connection, "撤回骗局", f"骗局 {number}")

    try:
        desk.write(work)
    except proven.FraudError as error:
        return listed(desk, f"{error}。")
    return desk.to("/postings")
