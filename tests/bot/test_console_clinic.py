"""The clinic in the console: an expert takes a résumé, sees it blind, remarks and answers; nobody else opens it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from bot.app import App
from bot.web.console.audit import Audit
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
