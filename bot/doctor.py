"""`doctor`: looks at everything the program needs and says in words what is wrong."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from bot.app import behind
from bot.calibration import revision
from bot.channels.telegram import doctor as telegram
from bot.channels.wechat import doctor as wechat
from bot.config import Settings
from bot.delivery import books
from dialogs import flows
from dialogs.flow import FlowError
from knowledge.db import Database, DatabaseError, now
from knowledge.extract import models
from knowledge.policy import confidence, dense, store
from knowledge.policy.entry import EntryError


def examine(settings: Settings) -> Iterator[tuple[bool, str]]:
    """Whether each thing is fine, and a sentence on it."""
    try:
        items = store.files()
        yield True, f"自带政策 {len(items)} 条，格式都对"
        if any(confidence.fitted_on(path) != revision(items) for path in (confidence.WEIGHTS, confidence.WEIGHTS_DENSE)):
            yield True, "回答的把握是按另一版政策或检索拟合的，仍可用；要更准就运行 bulixian knowledge calibrate --write"
    except EntryError as error:
        yield False, f"自带政策有问题：{error}"
    encoder = dense.installed() if settings.dense == "auto" else None
    off = "没装 bulixian[dense],或这台机器跑不了" if settings.dense == "auto" else "BULIXIAN_DENSE=off"
    yield True, f"按意思找：开着（{encoder.version}）" if encoder else f"按意思找：没开（{off}），只按字词找"
    yield True, "图片和扫描件：能读" if models() else "图片和扫描件：不读（没装 bulixian[ocr]）"
    try:
        yield True, f"对话流程 {len(flows.compiled())} 个，都能走通"
    except FlowError as error:
        yield False, f"对话流程有问题：{error}"
    yield from telegram.examine(settings.telegram)
    yield from wechat.examine(settings.wechat)
    yield from school(settings)
    yield from stored(settings)
    if settings.today:
        yield False, "BULIXIAN_TODAY 固定了日期，只能用于测试，正式运行请去掉"


def school(settings: Settings) -> Iterator[tuple[bool, str]]:
    """Whether the school's identity provider answers and knows us. It is asked about a code that is none: nobody is logged in."""
    if lacking := settings.lacking_for_oidc():
        yield False, f"{settings.oidc.name}还没有开，缺 {'、'.join(lacking)}"
    if lacking or not settings.oidc.issuer:
        return
    from bot.web.console.oidc import LAPSED, OidcError, Provider

    provider = Provider(settings)
    try:
        provider.known(now())
        yield True, f"{settings.oidc.name}连得上，要在那边登记的回调地址是 {provider.back}"
        provider.exchanged("doctor", secrets.token_urlsafe(32), now())
    except OidcError as error:
        if error.said != LAPSED:
            yield False, f"{settings.oidc.name}{error.why}"


def stored(settings: Settings) -> Iterator[tuple[bool, str]]:
    """The database and the books."""
    try:
        database = Database(settings.database_url)
        place = database.url.render_as_string(hide_password=True)
        if behind(database):
            yield database.embedded, f"数据库 {place} 还没建表：{'启动时会自动建' if database.embedded else '请运行 bulixian migrate'}"
            return
        with database.writing() as connection:
            store.version(connection)
        with database.reading() as connection:
            counted = books(connection)
        balanced = counted["planned"] == counted["open"] + sum(counted[state] for state in counted if state not in ("planned", "open"))
        yield True, f"数据库 {place} 能读能写"
        yield (
            balanced,
            f"发送账目{'平' if balanced else '不平'}：共 {counted['planned']}，在途 {counted['open']}，已送达 {counted['sent']}",
        )
    except DatabaseError as error:
        yield False, str(error)
