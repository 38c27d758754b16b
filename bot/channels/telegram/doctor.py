"""What is wrong with a Telegram account, in words: the settings, the token, where Telegram brings its updates. Changes nothing there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

from bot.channels.telegram.errors import ApiError
from bot.channels.telegram.limits import SECRET
from bot.channels.telegram.send import Hook, Sender, SetupError
from bot.config import Telegram

HOOK = "/hook/telegram"
REASONS = {
    "token": "不认这个令牌：从 BotFather 重新复制 BULIXIAN_TELEGRAM__TOKEN；用了中转就检查 BULIXIAN_TELEGRAM__BASE_URL",
    "base_url": "的地址写得不对：检查 BULIXIAN_TELEGRAM__BASE_URL，不用中转就去掉它",
    "unreachable": "连不上：国内服务器通常要设 BULIXIAN_TELEGRAM__PROXY 或 BULIXIAN_TELEGRAM__BASE_URL（中转）",
    "timed_out": "很久没有回答，过一会儿再试；总这样就换代理或中转",
}


def examine(settings: Telegram) -> Iterator[tuple[bool, str]]:
    """Whether each thing is fine, and a sentence on it; nothing where there is no account."""

    async def all_of() -> list[tuple[bool, str]]:
        return [found async for found in looked_at(settings)]

    if settings.token:
        yield from asyncio.run(all_of())


async def looked_at(settings: Telegram) -> AsyncIterator[tuple[bool, str]]:
    assert settings.token
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
    if secret is not None and not SECRET.fullmatch(secret):
        yield False, "BULIXIAN_TELEGRAM__WEBHOOK_SECRET 只能用英文字母、数字、_ 和 -,1 到 256 个"
    try:
        sender = Sender(settings.token.get_secret_value(), base_url=settings.base_url, base_file_url=settings.base_file_url, proxy=settings.proxy)
    except SetupError as error:
        yield False, str(error)
        return
    async with sender:
        try:
            yield True, f"Telegram 认得这个机器人：@{(await sender.me()).username}"
            hook = await sender.webhook()
        except ApiError as error:
            yield False, f"Telegram {REASONS.get(error.outcome.reason, f'出错（{error.outcome.reason}），过一会儿再试')}"
            return
    yield judged(settings, secret, hook)
    if secret and hook.url and hook.error:
        yield False, f"Telegram 送消息来时出过错：{hook.error}；还有 {hook.waiting} 条等着送"


def judged(settings: Telegram, secret: str | None, hook: Hook) -> tuple[bool, str]:
    """Where updates go against where they should."""
    there = urlsplit(hook.url)
    where = f"{there.scheme}://{there.netloc}"  # the path of somebody else's may be a secret
    if secret is None:
        taken = "" if not hook.url else f"，但消息现在被送往 {where}（webhook）：serve 启动时会撤掉它；若另一个程序在用，先停掉那个"
        return not hook.url, f"Telegram 用长轮询{taken}"
    if settings.public_url:
        wanted = f"{settings.public_url.rstrip('/')}{HOOK}"
        if hook.url == wanted:
            return True, f"Telegram 把消息送到 {wanted}"
        return False, f"Telegram 没有把消息送到 {wanted}，{f'而是 {where}' if hook.url else '还没有设'}：启动 serve 会自动设好，设不上看日志"
    if there.path.endswith(HOOK):
        return True, f"Telegram 把消息送到 {hook.url}"
    return (
        False,
        f"Telegram 的 webhook {f'是 {where}，不是这里' if hook.url else '还没有设'}：设 BULIXIAN_TELEGRAM__PUBLIC_URL=https://你的域名 再启动 serve",
    )
