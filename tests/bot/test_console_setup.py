"""The pages of settings and of duty: what the program runs with and no secret of it, the list of destinations, a code for a chat."""

from __future__ import annotations

import re
from collections.abc import Callable

from pydantic import SecretStr
from sqlalchemy import select

from bot.audit import Audit
from bot.config import Feed, Settings, Telegram
from bot.web.console import setup
from dialogs.messages import Inbound
from tests.bot.test_console import Browser, come, light

__all__ = ["come", "light"]


def test_no_secret_is_shown_wherever_it_stands() -> None:
    telegram = Telegram(token=SecretStr("1:canary-a"), proxy="socks5://me:canary-b@10.0.0.9:1080", webhook_secret=SecretStr("canary-c"))
    url = "postgresql://me:canary-d@db/bulixian?password=canary-e"
    feed = Feed(url="https://me:canary-f@jobs.test/rss?key=canary-g")
    held = Settings(
        database_url=url, cookie_secret="canary-h", ledger_key=SecretStr("canary-i"), telegram=telegram, feeds={"jobs": feed}, _env_file=None
    )  # type: ignore[call-arg]
    found = dict(setup.values("BULIXIAN", held))
    assert "canary" not in str(found)
    assert found["BULIXIAN_DATABASE_URL"] == "postgresql://db/bulixian"
    assert (found["BULIXIAN_TELEGRAM__TOKEN"], found["BULIXIAN_WECHAT__SECRET"]) == ("已设", "没设")
    assert (found["BULIXIAN_FEEDS__JOBS__URL"], found["BULIXIAN_FOLLOWUP__DAYS"]) == ("https://jobs.test/rss", "30")


def test_the_list_of_destinations_is_changed_as_a_whole_or_not_at_all(come: Callable[..., Browser]) -> None:
    boss = come("boss")
    page = boss.get("/settings").text
    assert "BULIXIAN_QUIET_FROM" in page
    lines = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert lines
    kept = lines[1]
    assert "算作什么，只能写" in boss.post("/settings/destinations", lines="参军,,当兵").text
    assert "没有写去向的名字" in boss.post("/settings/destinations", lines="升学,,升学\n升学,,升学").text
    assert "太长" in boss.post("/settings/destinations", lines=f"{'长' * 41},,升学").text
    assert boss.get("/settings").text.count(kept) == 1
    done = boss.post("/settings/destinations", lines="参军入伍,12\uff0c协议合同,当兵 入伍\n\n还没有工作,,待就业")
    assert "换好了" in done.text
    assert "参军入伍,12,协议合同,当兵 入伍\n还没有工作,,待就业" in boss.get("/settings").text


def test_the_doctor_speaks_on_the_page(come: Callable[..., Browser]) -> None:
    assert "数据库" in (told := come("boss").post("/settings/examine")).text
    assert told.status_code == 200


def test_a_code_of_the_page_begins_duty_and_the_page_ends_it(come: Callable[..., Browser]) -> None:
    wang = come("wang")
    found = re.search(r"值班 <code>(\d{8})</code>", wang.post("/duty").text)
    assert found
    app = wang.app
    app.accept(Inbound("telegram:bot:5", "1", "text", f"值班 {found[1]}", app.clock.now())).result(20)
    assert "Telegram" in wang.get("/duty").text
    come("li").post("/duty/leave", chat="telegram:bot:5")
    assert "Telegram · " in wang.get("/duty").text, "one's own only"
    wang.post("/duty/leave", chat="telegram:bot:5")
    assert "Telegram · " not in wang.get("/duty").text
    with app.database.reading() as connection:
        what = connection.execute(select(Audit.what).where(Audit.who == "王老师").order_by(Audit.id)).scalars().all()
    assert what[-3:] == ["取值班码", "开始在聊天里值班", "结束在聊天里值班"]
