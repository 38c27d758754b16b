"""The clinic in the console: an expert takes a résumé, sees it blind, remarks and answers; nobody else opens it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update

from bot.app import App
from bot.audit import Audit
from knowledge.clinic import slots
from tests.bot.test_clinic import QUOTE, Person
from tests.bot.test_console import Browser, come, light

__all__ = ["come", "light"]


def test_from_the_queue_to_the_answer(any_app: App, come: Callable[..., Browser]) -> None:
    person = Person(any_app)
    person.submit()
    expert, teacher = come("pro"), come("wang")
    assert "领来看" in expert.get("/clinic").text
    assert expert.get("/clinic/1").status_code == 404, "nobody has taken it"
    assert expert.post("/clinic/1/take").status_code == 303
    shown = expert.get("/clinic/1").text
    assert QUOTE in shown
    assert "林之遥" not in shown
    assert "13800138001" not in shown
    assert teacher.get("/clinic/1").status_code == 404
    assert teacher.post("/clinic/1/remark", text="抢着写").status_code == 409
    assert teacher.post("/clinic/1/take").status_code == 409
    assert expert.post("/clinic/1/remark", quote=QUOTE, text="写出节省了多少").status_code == 303
    assert expert.post("/clinic/1/remark", quote="原文里没有的话", text="改").status_code == 400
    assert expert.post("/clinic/1/remark", text="").status_code == 400
    assert expert.post("/clinic/1/answer", text="看完了,写得清楚").status_code == 303
    [row] = person.deliveries()
    assert "写得清楚" in row.parts[0]["text"]
    assert "等老师看" not in expert.get("/clinic").text
    with any_app.database.reading() as connection:
        assert {"领简历", "看简历", "写意见", "答复简历"} <= set(connection.execute(select(Audit.what)).scalars())


def test_what_is_given_back_waits_for_another(any_app: App, come: Callable[..., Browser]) -> None:
    Person(any_app).submit()
    expert, teacher = come("pro"), come("wang")
    expert.post("/clinic/1/take")
    assert expert.post("/clinic/1/back", text="不是我的方向", second="1").status_code == 303
    assert expert.post("/clinic/1/take").status_code == 409, "it wants another's eyes"
    assert teacher.post("/clinic/1/take").status_code == 303
    assert teacher.get("/clinic/1").status_code == 200


def test_hours_are_published_kept_and_called_off_by_their_expert(any_app: App, come: Callable[..., Browser]) -> None:
    person, expert, teacher = Person(any_app), come("pro"), come("wang")
    day = {"day": "2026-11-25", "from": "10:00", "to": "11:30", "minutes": "30", "place": "就业中心 302"}
    for wrong in ({"to": "10:10"}, {"minutes": "2"}, {"day": ""}, {"day": "2026-11-20"}, {"from": "00:00", "to": "23:59", "minutes": "5"}):
        answer = expert.post("/clinic/hours", **{**day, **wrong})
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text
    assert expert.post("/clinic/hours", **day).status_code == 303
    assert expert.get("/clinic/hours").text.count("空着") == 3
    assert "空着" not in teacher.get("/clinic/hours").text, "another's"
    person.say("预约")
    for slot in (1, 2):
        with any_app.database.writing() as connection:
            booked = slots.book(connection, (person.graduate, person.key), slot, "改简历", any_app.clock.now(), any_app.clinic)
            if slot == 1:
                connection.execute(update(slots.Slot).where(slots.Slot.id == 1).values(starts_at=any_app.clock.now()))
    assert booked["starts_at"] > any_app.clock.now()
    assert teacher.post("/clinic/hours/2/withdraw").status_code == 404
    assert "已经有人约了" in expert.post("/clinic/hours/2/withdraw").text
    assert expert.post("/clinic/hours/2/withdraw", sure="yes").status_code == 303
    assert "来不了" in person.deliveries()[-1].parts[0]["text"]
    assert teacher.post("/clinic/bookings/1", outcome="kept").status_code == 404
    assert expert.post("/clinic/bookings/1", outcome="kept").status_code == 303
    assert "来了" in expert.get("/clinic/hours").text
    with any_app.database.reading() as connection:
        assert {"公布时间", "撤下时间", "记下来了"} <= set(connection.execute(select(Audit.what)).scalars())
