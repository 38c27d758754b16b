"""The page of the experts' hours: what is published and who has booked, more of it, an hour that cannot be kept, who came. See `bot.desk`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot import desk as bureau
from bot.web.console.gate import Desk
from knowledge.clinic import ClinicError, slots
from knowledge.db import CHINA

MOST = 24
"""Hours published at once; more is a slip of the hand."""
PLACE = "线上，老师会发链接"


def listed(desk: Desk, wrong: str = "") -> Response:
    own = [row | {"when": slots.when(row), "past": row["starts_at"] <= desk.now} for row in mine(desk)]
    said = {"minutes": "30", "place": PLACE} | dict(desk.form)
    return desk.show(
        "hours", 400 if wrong else 200, rows=own, outcomes=slots.OUTCOMES, said=said, wrong=wrong, today=desk.now.astimezone(CHINA).date()
    )


def mine(desk: Desk) -> list[dict[str, Any]]:
    """One's own hours; an admin sees everybody's."""
    with desk.app.database.reading() as connection:
        rows = slots.listed(connection, desk.now)
    return [row for row in rows if desk.who.role == "admin" or row["expert"] == desk.who.display]


def publish(desk: Desk) -> Response:
    try:
        starts, minutes = moments(desk.form)
    except ValueError as error:
        return listed(desk, f"{error}。")
    place = desk.form.get("place", "").strip()[:200] or PLACE

    def act(connection: Any) -> int:
        new = slots.publish(connection, desk.who.display, starts, minutes, place, desk.now)
        if new:
            desk.note(connection, "公布时间", f"{new} 个")
        return new

    try:
        new = desk.write(act)
    except ClinicError as error:
        return listed(desk, f"{error}。")
    return desk.to("/clinic/hours") if new else listed(desk, "没有加上：这些时间过了，或者和自己别的时间重叠。")


def moments(form: Mapping[str, str]) -> tuple[list[datetime], int]:
    """The beginnings from one time of a day to another, and how many minutes each takes.

    Raises:
        ValueError: what is wrong, in words.
    """
    try:
        day, first, last = date.fromisoformat(form.get("day", "")), time.fromisoformat(form.get("from", "")), time.fromisoformat(form.get("to", ""))
        minutes = int(form.get("minutes", ""))
    except ValueError as error:
        raise ValueError("写上哪天、几点到几点、一次多少分钟") from error
    if not 5 <= minutes <= 240:
        raise ValueError("一次 5 到 240 分钟")
    start, end = (datetime.combine(day, at, CHINA) for at in (first, last))
    found = []
    while start + timedelta(minutes=minutes) <= end:
        found.append(start)
        start += timedelta(minutes=minutes)
    if not found:
        raise ValueError("结束要晚于开始，至少够一次")
    if len(found) > MOST:
        raise ValueError(f"一回最多公布 {MOST} 个时间")
    return found, minutes


def withdraw(desk: Desk) -> Response:
    """Once more asked where somebody has booked: they are told at once."""
    number = desk.number()
    row = held(desk, lambda each: each["id"] == number)
    if row["booking"] and not desk.confirmed:
        told = [f"{slots.when(row)} 已经有人约了（预约 {row['booking']}）。撤下后马上告诉他，请他换一个时间。"]
        return desk.sure(slots.when(row), "撤下这个时间", told, "/clinic/hours")
    return done(desk, lambda: bureau.call_off(desk.app, number, desk.note))


def came(desk: Desk) -> Response:
    number, outcome = desk.number(), desk.form.get("outcome", "")
    if outcome not in slots.OUTCOMES:
        return listed(desk, "选来了还是没来。")
    held(desk, lambda each: each["booking"] == number)
    return done(desk, lambda: bureau.came(desk.app, number, outcome, desk.note))


def held(desk: Desk, which: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
    """One of the hours that this person may touch."""
    row = next(filter(which, mine(desk)), None)
    if row is None:
        raise HTTPException(404, "没有这个时间，或者是别的老师的。")
    return row


def done(desk: Desk, act: Callable[[], Any]) -> Response:
    try:
        act()
    except ClinicError as error:
        return listed(desk, f"{error}。")
    return desk.to("/clinic/hours")
