"""The accounts on messaging platforms that the settings name. Each reaches people (`planner.Carrier`) and serves (`run`, its hooks)."""

from __future__ import annotations

from bot.app import App
from bot.channels.telegram.send import SetupError
from bot.channels.telegram.serve import TelegramAccount
from bot.channels.wechat.limits import Route
from bot.channels.wechat.serve import WeChatAccount

Account = TelegramAccount | WeChatAccount
SCAN = "/chat/scan"
"""Where the web chat shows a bind code for WeChat to scan."""


class AccountError(ValueError):
    """Settings of a channel that cannot work; the message is one sentence for the person who runs the program."""


def accounts(app: App) -> list[Account]:
    """Also tells the program of them, so that it can say who would be reached and whether a bind code can be scanned.

    Raises:
        AccountError: a setting is missing or wrong.
    """
    found: list[Account] = []
    try:
        if app.settings.telegram.token:
            found.append(TelegramAccount(app, app.settings.telegram))
        if lacking := app.settings.wechat.lacking():
            raise AccountError(f"微信还缺设置：{'、'.join(f'BULIXIAN_WECHAT__{name}' for name in lacking)}")
        if app.settings.wechat.appid:
            found.append(WeChatAccount(app, app.settings.wechat))
    except (SetupError, ValueError) as error:
        raise AccountError(str(error)) from error
    app.scan = SCAN if any(isinstance(account, WeChatAccount) and Route.QR in account.ways for account in found) else ""
    app.carriers = {f"{account.channel}:{account.account}": account for account in found}
    return found
