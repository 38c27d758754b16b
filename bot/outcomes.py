"""What a broadcast will reach and what became of it: preview, progress, reasons. Changes nothing."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, func, select

from bot import audience, broadcast, coming, delivery, massing, planner, shortlinks
from bot.delivery import Delivery
from bot.results import RESULTS, books, results
from dialogs.messages import Limits, Say, fit
from knowledge.db import CHINA
from knowledge.passes import NO_PASSES, Passes

if TYPE_CHECKING:
    from bot.app import App

WAYS = {
    "chat": "Telegram 能收到",
    "customer": "微信 48 小时窗口内能收到",
    "template": "微信模板消息（先到一行提醒，全文等对方说话）",
    "notification": "微信订阅通知（先到一行提醒，全文等对方说话）",
    "mass": "微信群发",
    "mailbox": "微信要等对方下次来说话",
    "gone": "已取关或拉黑，发不到",
    "web": "网页，下次打开时看到",
    "console": "终端",
    "wechat": "微信（这个公众号没有连着，发不到）",
    "telegram": "Telegram（这个机器人没有连着，发不到）",
}
"""How a predicted way is told to staff: the route, or the channel alone where no account of it is at work."""
REASONS = {
    # the person
    "blocked": "对方拉黑了机器人", "deactivated": "对方的账号注销了", "cannot_initiate": "对方没有先来说过话", "put_out": "机器人被移出了那个群",
    "forbidden": "对方不让机器人发", "chat_not_found": "找不到对方的账号", "bad_handle": "找不到对方的账号", "not_following": "对方取关了",
    "not_accepted": "对方没有同意收这种通知", "no_rights": "机器人在那个群里不能说话", "query_too_old": "对方的点击过了时",
    "migrated": "那个群换了号，再试", "unsubscribed": "对方退订了", "consent_withdrawn": "对方收回了同意", "changed": "改成告诉对方活动变了",
    "rung": "提醒过了，等对方来说话时再说",
    # the platform's limits
    "window_closed": "对方 48 小时没来说话，微信不让发", "window_used": "这次来说话以后能发的条数用完了", "quota": "今天的次数用完了，明天再发",
    "day_quota": "公众号今天的次数用完了", "minute_quota": "这一分钟的次数用完了", "mass_quota": "群发次数用完了",
    "too_many": "发得太快，平台让等一等", "too_soon": "同一批要隔一分钟再试", "busy": "平台忙",
    # the account
    "token": "机器人或公众号的凭证不对", "secret": "公众号的密钥（AppSecret）不对", "appid": "公众号的 AppID 不对",
    "secret_frozen": "公众号的密钥被冻结了", "address": "服务器的 IP 不在公众号的白名单里", "restricted": "公众号被限制了",
    "not_allowed": "公众号没有这个权限", "banned": "公众号的这个权限被封了", "conflict": "同一个机器人开了两份程序", "webhook": "回调地址没设好",
    "base_url": "Telegram 的接口地址没设好", "api_base_url": "微信的接口地址没设好",
    # the message
    "too_long": "内容太长", "too_big": "文件太大", "content": "平台不收这样的内容", "cannot_parse": "平台读不了这段内容",
    "bad_button": "按钮不合要求", "empty": "内容是空的", "bad_request": "平台不收这条消息", "media": "图片或文件失效了",
    "no_medium": "图片或文件没有传上去", "file_gone": "文件已经不在了", "menu": "平台不收这个菜单", "client_id": "群发的编号用过了",
    "not_rendered": "这条消息排不出来，请告诉管理员", "not_modified": "已经是这样",
    # the way there
    "no_connection": "连不上微信", "unreachable": "连不上 Telegram", "pool": "同时发的太多，等一等", "no_answer": "发出去了，微信没有回音",
    "timed_out": "发出去了，Telegram 没有回音", "dropped": "发的时候断了线", "no_json": "平台的回答读不懂", "not_json": "平台的回答读不懂",
    "odd_answer": "平台的回答读不懂", "server_error": "平台出错", "process_died": "发的时候程序停了",
    "half_sent": "太长，分成两半发，只发出前一半", "defect": "程序出错，请告诉管理员",
    "restored": "恢复备份时正在发", "failed:user block": "对方拒收了", "failed: system failed": "平台没发成",
    "failed:system failed": "平台没发成", "ok": "平台收下了", "already_sent": "平台早就收下了", "typing": "平台收下了",
}  # fmt: skip
"""Why a delivery went as it did, for staff: all that the channels, the pump and the ledger write down (of a mass send `massing.REASONS`)."""
PREFIXES = {"errcode_": "微信不收，错误号 ", "http_": "平台出错，HTTP "}
BY_MASS = "没有别的路的人用微信群发（每人每月最多 4 次；开了群发保护的号，管理员要 30 分钟内在手机上确认）"
NO_MASS = "写了没有别的路的人用微信群发，但没有公众号开着它（BULIXIAN_WECHAT__MASS），不会用"
RATE = timedelta(minutes=5)
"""The time whose sends foretell the rest."""


def reason(said: str) -> str:
    """In words; what a platform has invented since is told as it stands."""
    if said.startswith("token_"):
        return f"取微信的凭证没成：{reason(said.removeprefix('token_'))}"
    if (known := REASONS.get(said) or massing.REASONS.get(said)) is not None:
        return known
    return next((f"{words}{said.removeprefix(sign)}" for sign, words in PREFIXES.items() if said.startswith(sign)), f"平台说：{said}")


def channels() -> dict[str, Limits]:
    from bot.channels import console
    from bot.channels.telegram import reply
    from bot.channels.wechat import limits

    return {"微信": limits.TEXT, "Telegram": reply.LIMITS, "终端": console.LIMITS, "网页": Limits()}


def renderings(row: RowMapping, now: datetime, passes: Passes = NO_PASSES) -> dict[str, list[str]]:
    """The messages of each channel as people get them."""
    parts = shortlinks.example(broadcast.parts_of(row, now), row, passes)
    return {name: [said(piece) for part in parts for piece in fit(part, limits) if isinstance(piece, Say)] for name, limits in channels().items()}


def said(piece: Say) -> str:
    buttons = " ".join(f"[{choice.label}]" for choice in piece.choices)
    return f"{piece.text}\n{buttons}" if buttons else piece.text


def foreseen(app: App, row: RowMapping, connection: Connection) -> tuple[int, int, Counter[str]]:
    """How many get it, how many are held back, and the way each would be reached by now."""
    now = app.clock.now()
    found = broadcast.aimed(connection, row, now)
    share = row["audience"].get("holdout", 0.0)
    keys = [key for key, person in found if not audience.held_back(row["id"], person, share)]
    parts = broadcast.parts_of(row, now) if row["mass"] else ()
    return len(keys), len(found) - len(keys), planner.predict(connection, app.carriers, keys, now, parts)


def may_mass(app: App) -> bool:
    """Whether an account makes mass sends."""
    return any(carrier.mass for carrier in app.carriers.values())


def preview(app: App, number: int, reader: str = "") -> str:
    """What will be said on each channel, to how many, by which ways. Nothing is sent."""
    with app.database.reading() as connection:
        row = broadcast.get(connection, number)
        lines = [f"第 {number} 号 {row['kind']} {row['title']}：{broadcast.told(row)}".replace("  ", " ")]
        lines.append(f"{row['author']} 起草，{row['created_at'].astimezone(CHINA):%Y-%m-%d %H:%M}")
        if row["mass"]:
            lines.append(BY_MASS if may_mass(app) else NO_MASS)
        if row["status"] == "draft":
            count, held, ways = foreseen(app, row, connection)
            routes = "、".join(f"{WAYS.get(way.partition('/')[2] or way, way)} {number}" for way, number in sorted(ways.items()))
            kept, by_way = (f"，留出 {held} 人不发、用来比较" if held else ""), f"现在发：{routes or '没有人'}"
            if "groups" in row["audience"]:
                kept, by_way = "", "按群体选的，批准以前不说准确的人数和各走哪条路"
            whom = audience.addressed(connection, row, reader)
            lines += [
                f"{'会发' if whom == '发给' else whom} {audience.veiled(count, row['audience'])} 人{kept}；退订的、取关拉黑的、没有对话的不在内",
                by_way,
            ]
            if row["changes"]:
                lines.append(f"改的是第 {row['changes']} 号：告诉收到过它的和说想参加的人；还没收到的直接收到改过的，提醒按新的时间")
    for name, pieces in renderings(row, app.clock.now(), app.passes).items():
        lines.append(f"{name}（{len(pieces)} 条）")
        lines += [f"    {line}" for piece in pieces for line in piece.split("\n")]
    return "\n".join(lines)


def status(app: App, number: int) -> dict[str, Any]:
    """The books of one broadcast, how far it is, when it will be through, what is in the way of the rest, and what came of it.

    Raises:
        BroadcastError: there is no such broadcast.
    """
    now = app.clock.now()
    with app.database.reading() as connection:
        row = broadcast.get(connection, number)
        found: dict[str, Any] = books(connection, row)
        over = sum(found[state] for state in delivery.FINAL)
        mine = Delivery.broadcast_id == number
        recent = select(func.count()).where(mine, Delivery.finished_at > now - RATE, Delivery.finished_at <= now)
        pace = connection.execute(recent).scalar_one() / RATE.total_seconds()
        mail = connection.execute(select(func.count()).where(mine, Delivery.status == "ready", Delivery.mailbox)).scalar_one()
        waiting = (mine, Delivery.status == "ready", Delivery.mailbox, Delivery.error == delivery.RUNG)
        rung = connection.execute(select(func.count()).where(*waiting)).scalar_one()
        columns = (Delivery.status, Delivery.error)
        why = select(*columns, func.count()).where(mine, Delivery.error.is_not(None), Delivery.status.in_(delivery.FINAL)).group_by(*columns)
        reasons = [
            {"status": state, "reason": said, "told": f"{RESULTS[state]}：{reason(said)}", "count": count}
            for state, said, count in connection.execute(why.order_by(*columns))
            if said
        ]
        result = results(connection, row, now) if row["approved_at"] else None
        going, sends = coming.count(connection, number), massing.sends(connection, number, now)
    moving = found["open"] + found["unplanned"] - mail
    eta = None if row["paused_at"] or not pace or not moving else (now + timedelta(seconds=moving / pace)).astimezone(CHINA).isoformat("T", "minutes")
    percent = round(100 * over / row["people"], 1) if row["people"] else 0.0
    state = "paused" if row["paused_at"] else row["status"]
    return {
        **found,
        "coming": going,
        "state": state,
        "percent": percent,
        "mailbox": mail,
        "rung": rung,
        "eta": eta,
        "reasons": reasons,
        "mass": sends,
        "results": result,
    }
