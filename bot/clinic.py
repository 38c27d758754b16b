"""The commands of the résumé clinic: `bulixian clinic …`. What they do lives in `knowledge.clinic` and `bot.desk`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.session import fail, running, signed

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.app import App

clinic = typer.Typer(no_args_is_help=True, help="简历诊断和预约：排队、领、写意见、发回；公布时间、看谁约了。")
Number = Annotated[int, typer.Argument(help="编号")]
Who = Annotated[str, typer.Option("--as", help="哪位老师，毕业生会看到")]
Json = Annotated[bool, typer.Option("--json", help="结果用 JSON 输出")]


@contextmanager
def at_work() -> Iterator[App]:
    """The program; what cannot be done is one sentence and exit code 1."""
    from knowledge.clinic import ClinicError, NotHeldError

    with running() as app:
        try:
            yield app
        except ClinicError as error:
            hint = ":bulixian clinic take" if isinstance(error, NotHeldError) else ""
            raise fail(f"{error}{hint}", 1) from error


@clinic.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="看完的、收回的也列")] = False,
    as_json: Json = False,
) -> None:
    """等老师看的简历,最急的在前。"""
    from bot.desk import listing
    from knowledge.clinic.queue import STATES

    with at_work() as app:
        rows = listing(app, everything=everything)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        due = datetime.fromisoformat(row["due_at"]).astimezone()
        held = f"{STATES[row['state']]}{':' + row['owner'] if row['owner'] else ''}"
        second = f" 要另一位（{'、'.join(row['earlier'])}看过）" if row["earlier"] else ""
        print(f"{row['number']:>5} {held} {due:%m-%d %H:%M} 前{' 已超时' if row['late'] else ''}{second} {row['goal'] or '没说目标'}")
    if not rows:
        print("没有等着看的简历")


@clinic.command()
def take(number: Number, who: Who, as_json: Json = False) -> None:
    """领一份并看它;本人没同意,姓名和联系方式是盖住的。"""
    from bot.desk import at_desk
    from knowledge.clinic import queue

    with at_work() as app:
        hand, now = signed(app, who), app.clock.now()

        def work(connection: Connection) -> dict[str, Any]:
            queue.take(connection, number, hand.name, now)
            hand.note(connection, "领简历", f"简历 {number}")
            return queue.view(connection, app.seal, number, hand.name, now)

        found = at_desk(app, work)
    show(found, as_json)


@clinic.command()
def view(number: Number, who: Who, as_json: Json = False) -> None:
    """再看一遍自己领了的:原文、目标、已写的意见、来往的话;会记进本人能看到的访问记录。"""
    from bot.desk import at_desk
    from knowledge.clinic import queue

    with at_work() as app:
        hand = signed(app, who)

        def work(connection: Connection) -> dict[str, Any]:
            queue.get(connection, number, hand.name)
            hand.note(connection, "看简历", f"简历 {number}")
            return queue.view(connection, app.seal, number, hand.name, app.clock.now())

        found = at_desk(app, work)
    show(found, as_json)


def show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    print(f"{found['number']} 号（{'实名' if found['named'] else '匿名'}）")
    for label, name in (("目标", "goal"), ("想看", "look"), ("招聘", "posting")):
        if found[name]:
            print(f"{label}：{found[name]}")
    print("—— 原文 ——", found["text"], sep="\n")
    for row in found["remarks"]:
        print(f"意见 {row['number']}（第 {row['version']} 版，{row['by']}）{'已发' if row['sent'] else '未发'}「{row['quote'][:40]}」{row['text']}")
    for row in found["letters"]:
        print(f"{row['by']}：{row['text']}")


@clinic.command("return")
def return_(
    number: Number,
    who: Who,
    why: Annotated[str, typer.Option(help="为什么")] = "",
    second: Annotated[bool, typer.Option("--second", help="请另一位老师看，已写的意见留着")] = False,
) -> None:
    """退回队里,或者请另一位老师看。"""
    from bot.desk import at_desk
    from knowledge.clinic import queue

    with at_work() as app:
        hand = signed(app, who)

        def work(connection: Connection) -> None:
            queue.give_back(connection, number, hand.name, why, app.clock.now(), second=second)
            hand.note(connection, "放回简历", f"简历 {number}")

        at_desk(app, work)


@clinic.command()
def remark(
    number: Number,
    who: Who,
    text: Annotated[str, typer.Argument(help="意见；改第几条时留空就是撤掉")] = "",
    quote: Annotated[str, typer.Option(help="说的是原文哪几个字，照抄；不写就是整份")] = "",
    canned: Annotated[str, typer.Option(help="用一条常用意见，名字见 clinic canned")] = "",
    again: Annotated[int | None, typer.Option(help="改第几条，旧的一版留着")] = None,
) -> None:
    """写一条意见,先不发;全部写好用 deliver 一起发。"""
    from bot.desk import at_desk
    from knowledge.clinic import queue

    if canned and canned not in queue.canned():
        raise fail(f"没有叫 {canned} 的常用意见，有：{'、'.join(queue.canned())}", 2)
    said = "\n".join(filter(None, (queue.canned()[canned][1] if canned else "", text)))
    with at_work() as app:
        hand = signed(app, who)

        def work(connection: Connection) -> int:
            hand.note(connection, "写意见", f"简历 {number}")
            return queue.remark(connection, app.seal, number, hand.name, said, app.clock.now(), quote=quote, again=again)

        place = at_desk(app, work)
    print(f"{number} 号第 {place} 条")


@clinic.command("canned")
def canned_() -> None:
    """常用意见。"""
    from knowledge.clinic import queue

    for name, (title, text) in queue.canned().items():
        print(f"{name:<12} {title}:{text}")


@clinic.command()
def deliver(number: Number, who: Who, words: Annotated[str, typer.Argument(help="开头的一两句话")] = "") -> None:
    """把意见发到本人那边,他可以回;送到了才记一次职业指导。"""
    from bot.desk import deliver as send

    with at_work() as app:
        hand = signed(app, who)
        count = send(app, number, hand.name, words, hand.note)
    print(f"{number} 号发出，{count} 条意见")


@clinic.command()
def publish(
    who: Who,
    starts: Annotated[list[str], typer.Argument(help="开始时间，如 2026-11-25T10:00，可以写几个")],
    minutes: Annotated[int, typer.Option(help="一次多少分钟")] = 30,
    place: Annotated[str, typer.Option(help="地点，或者线上怎么进")] = "线上，老师会发链接",
) -> None:
    """公布能约的时间;和自己别的时间重叠的不加。"""
    from bot.desk import at_desk
    from knowledge.clinic import slots
    from knowledge.db import CHINA

    try:
        moments = [datetime.fromisoformat(start).replace(tzinfo=CHINA) for start in starts]
    except ValueError as error:
        raise fail("时间写成 2026-11-25T10:00 这样", 2) from error
    with at_work() as app:
        hand = signed(app, who)

        def work(connection: Connection) -> int:
            new = slots.publish(connection, hand.name, moments, minutes, place, app.clock.now())
            hand.note(connection, "公布时间", new=f"{new} 个")
            return new

        new = at_desk(app, work)
    print(f"加了 {new} 个时间" + (f"，{len(starts) - new} 个过了或者重叠，没有加" if new < len(starts) else ""))
    if new < len(starts):
        raise typer.Exit(1)


@clinic.command()
def hours(as_json: Json = False) -> None:
    """公布了的时间和谁约了(只见预约号)。"""
    from knowledge.clinic import slots
    from knowledge.clinic.slots import OUTCOMES, when

    with at_work() as app, app.database.reading() as connection:
        rows = slots.listed(connection, app.clock.now())
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1, default=str))
        return
    for row in rows:
        booked = f"预约 {row['booking']} {OUTCOMES.get(row['outcome'], '')} {row['about']}" if row["booking"] else "空着"
        print(f"{row['id']:>5} {when(row)} {row['expert']} {row['minutes']} 分钟 {row['place']}：{booked}")
    if not rows:
        print("没有公布时间", file=sys.stderr)


@clinic.command()
def withdraw(slot: Annotated[int, typer.Argument(help="时间的编号，见 clinic hours")]) -> None:
    """这个时间来不了;有人约了就告诉他,请他换一个。"""
    from bot.desk import call_off

    with at_work() as app:
        told = call_off(app, slot, signed(app).note)
    print("撤下了，已经告诉约的人" if told else "撤下了，没有人约")


@clinic.command()
def came(
    booking: Annotated[int, typer.Argument(help="预约号")],
    missed: Annotated[bool, typer.Option("--missed", help="没有来；会给他留一句话")] = False,
) -> None:
    """记下来了没有;来了记一次职业指导。"""
    from bot.desk import came as note

    with at_work() as app:
        note(app, booking, "missed" if missed else "kept", signed(app).note)
