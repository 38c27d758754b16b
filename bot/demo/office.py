"""The invented office: people talk through the real dialogs at moments in the past, postings and broadcasts go the product's own way."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from bot import broadcast, revisions
from bot.app import App
from bot.broadcast import Broadcast, Coming, Target
from bot.delivery import OPEN, Delivery
from bot.demo import school
from bot.demo.school import TALKING, TOWN, key_of
from bot.web.console import staff
from dialogs.messages import Inbound
from dialogs.place import Conversation
from knowledge.clinic import papers, queue, slots
from knowledge.db import CHINA, local_date
from knowledge.people import Graduate, record_consent, save_groups
from knowledge.postings import store
from knowledge.postings.drafts import drafted, named, numbered
from knowledge.resume.extract import pasted

PASSWORD = "demo-demo-demo"  # noqa: S105  # of accounts on a database that is thrown away
ACCOUNTS = {name: (display, role) for name, (display, role) in TOWN["staff"].items()}
POSTINGS = 150
SEED = 20260630


def fill(app: App) -> None:
    """Fills an empty database. The same day gives the same office."""
    chance, now = random.Random(SEED), app.clock.now()  # noqa: S311  # nothing here is a secret
    held = staff.hashed(PASSWORD)

    def enrol(connection: Connection) -> None:
        for name, (display, role) in ACCOUNTS.items():
            staff.add(connection, name, display, role, held, now)
        connection.execute(update(staff.Staff).values(fresh=False))
        school.enrol(connection, chance, now, app.seal)

    written(app, enrol)
    postings(app, chance, now)
    talk(app, chance, now)
    written(app, lambda connection: school.link(connection, now))
    written(app, lambda connection: about(connection, chance, now))
    written(app, lambda connection: clinic(connection, app, now))
    revisions.edited(app, "SUB-02", ["review_by=" + (local_date(now) + timedelta(days=90)).isoformat()], "王老师")
    broadcasts(app, chance, now)
    written(app, lambda connection: sent(connection, now))


DESPAIRS = 37
"""Who says what every office must be ready for."""


def written(app: App, work: Callable[[Connection], Any]) -> None:
    app.inbox.write(work).result()


def talk(app: App, chance: random.Random, now: datetime) -> None:
    """Each says what somebody would, some long ago."""
    waiting = []
    for n in range(1, TALKING + 1):
        lines = TOWN["talk"][n % len(TOWN["talk"])]["said"] if n <= 36 else TOWN["despair"] if n == DESPAIRS else ["你好"]
        begun = now - timedelta(days=chance.choice((0, 1, 2, 5, 9, 16, 25, 34, 47, 66)), hours=chance.randrange(1, 9))
        begun = now - timedelta(minutes=40) if n == DESPAIRS else begun
        for place, text in enumerate(lines):
            at = begun + timedelta(minutes=2 * place)
            waiting.append(app.accept(Inbound(key_of(n), f"demo-{place}", "text", text, at)))
    for future in waiting:
        future.result()


def about(connection: Connection, chance: random.Random, now: datetime) -> None:
    """Most of those who talk agreed to a profile; some to their groups too."""
    people = connection.execute(select(Conversation.graduate_id, Conversation.key).order_by(Conversation.key)).all()
    agreed = [(who, now - timedelta(days=30)) for who, _ in people if chance.random() < 0.7]
    record_consent(connection, "profile", True, agreed)
    for who, _ in agreed:
        profile = {"residence": chance.choice(TOWN["cities"]), "degree": chance.choice(("本科", "专科")), "graduation_date": f"{now.year}-06-30"}
        connection.execute(update(Graduate).where(Graduate.id == who).values(profile=profile | {"cohort": now.year, "employment": "未就业"}))
    some = agreed[: len(agreed) // 4]
    record_consent(connection, "groups", True, some)
    save_groups(connection, {who: ((chance.choice(TOWN["groups"]),), at) for who, at in some})


def postings(app: App, chance: random.Random, now: datetime) -> None:
    """Some say the same as another, some are over, three are frauds and held."""
    town, rows = TOWN["jobs"], []
    offered = [(major, *job) for major, jobs in town.items() if isinstance(jobs, list) and isinstance(jobs[0], list) for job in jobs]
    for n in range(POSTINGS):
        major, title, pay = offered[n % len(offered)]
        firm = f"{TOWN['cities'][n % 8]}{town['firms'][(n // 3) % 10]}{town['kinds'][n % 5]}"
        ends = local_date(now) + timedelta(days=chance.randrange(-5, 40))
        rows.append(
            {"岗位": title, "单位": firm, "城市": TOWN["cities"][n % 8], "薪资": pay, "学历": "本科" if n % 3 else "大专", "专业": major}
            | {"截止日期": ends.isoformat(), "岗位描述": f"{title}:{town['text']}"}
        )
    for fraud in TOWN["fraud"]:
        rows.append({"岗位": fraud["title"], "单位": fraud["company"], "城市": "成都", "薪资": fraud["pay"], "岗位描述": fraud["text"]})
    found = numbered(enumerate((drafted(row, named(row)) for row in rows), 1))
    store.bring_in(app.database, "演示就业网", found, local_date(now), now, seal=app.seal)
    app.look_for_postings()


def clinic(connection: Connection, app: App, now: datetime) -> None:
    """Two résumés in the queue, free hours, one of them booked."""
    people = connection.execute(select(Conversation.graduate_id, Conversation.key).order_by(Conversation.key).limit(4)).all()
    for (who, key), resume in zip(people, TOWN["resume"], strict=False):
        number = papers.keep(connection, app.seal, (who, key), pasted(resume["text"].strip()), "chat", now, app.clinic.keep_days)
        queue.submit(connection, (who, key), number, (resume["goal"], "", "整体看看"), True, now - timedelta(hours=20), app.clinic)
    days = [local_date(now) + timedelta(days=ahead) for ahead in (2, 3, 5)]
    starts = [datetime.combine(day, time(hour), CHINA) for day in days for hour in (10, 14, 15)]
    slots.publish(connection, "陈专家", starts, 30, "就业楼 203", now)
    free = slots.free(connection, now, app.clinic)
    slots.book(connection, (people[2][0], people[2][1]), free[0]["id"], "想聊聊考公还是就业", now, app.clinic)


def broadcasts(app: App, chance: random.Random, now: datetime) -> None:
    """One that is over, with its results and those held back; one that waits for a second person."""
    fair = datetime.combine(local_date(now) + timedelta(days=4), time(9), CHINA)
    over = {"start": fair.isoformat(), "place": "演示大学体育馆", "scale": "80 家单位、1200 个岗位", "bring": "简历、学历证"}
    first = {"type": "招聘会", "title": "冬季双选会", "fields": over, "audience": {"everyone": True, "holdout": 0.2}}
    number = broadcast.written(app, first, "管理员")
    broadcast.approve(app, number, "李老师")
    while broadcast.advance(app):
        pass
    fields = {"subsidy": "一次性求职补贴", "who": "低保、脱贫等家庭的毕业生", "deadline": later(now, 20), "where": "学校就业中心 203"}
    last = {"type": "补贴截止", "title": "求职补贴还有 20 天", "fields": fields, "audience": {"groups": TOWN["groups"][:3]}}
    broadcast.written(app, last, "李老师")

    def aged(connection: Connection) -> None:
        begun = now - timedelta(days=3)
        connection.execute(update(Broadcast).where(Broadcast.id == number).values(approved_at=begun))
        mine = connection.execute(select(Delivery.id).where(Delivery.broadcast_id == number).order_by(Delivery.id)).scalars().all()
        for place, (state, why) in enumerate((("failed", "blocked"), ("failed", "blocked"), ("unknown", "timed_out"))):
            done = update(Delivery).where(Delivery.id == mine[place * 7])
            connection.execute(done.values(status=state, error=why, finished_at=begun, route="chat"))
        keys = connection.execute(select(Target.conversation).where(Target.broadcast_id == number, ~Target.held)).scalars().all()
        going = sorted(chance.sample(list(keys), 14))
        next_at = fair - timedelta(days=1)
        connection.execute(insert(Coming), [{"broadcast_id": number, "conversation": key, "said_at": begun, "next_at": next_at} for key in going])

    written(app, aged)


def later(now: datetime, days: int) -> str:
    return date.isoformat(local_date(now) + timedelta(days=days))


def sent(connection: Connection, now: datetime) -> None:
    """What was said has arrived: no platform is at the other end."""
    done = update(Delivery).where(Delivery.status.in_(OPEN)).values(status="sent", route="demo", finished_at=func.coalesce(Delivery.created_at, now))
    connection.execute(done)
