"""Working days in China: the published calendar of holidays and make-up days, weekends where it is not out yet."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar


def working(day: date) -> tuple[bool, bool]:
    """Whether a day is worked, and whether that is certain: the State Council publishes a year's holidays the autumn before."""
    try:
        return bool(chinese_calendar.is_workday(day)), True
    except NotImplementedError:
        return day.weekday() < 5, False


def after(day: date, count: int) -> tuple[date, bool]:
    """The `count`-th working day after a day, and whether every day between was certain."""
    sure = True
    while count > 0:
        day += timedelta(days=1)
        works, known = working(day)
        sure &= known
        count -= works
    return day, sure
