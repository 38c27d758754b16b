"""The custom menu of the account, from a file: checked, then pushed."""

from __future__ import annotations

from pathlib import Path

from bot.app import App
from bot.channels import Fate, Outcome
from bot.channels.wechat.send import WeChat
from bot.channels.wechat.serve import connected
from knowledge import notation


def push(app: App, path: Path) -> list[str]:
    """Returns what is wrong, one sentence each; nothing where the menu is up."""
    try:
        client = connected(app)
    except ValueError as error:
        return [str(error)]
    try:
        return refused(client, path)
    finally:
        client.close()


def refused(client: WeChat, path: Path) -> list[str]:
    try:
        menu = notation.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        return [f"读不了 {path}：{error.strerror}"]
    except ValueError:
        return [f"{path} 不是有效的 JSON，请存成 UTF-8"]
    if not isinstance(menu, dict):
        return [f'{path} 要是 {{"button": […]}} 的样子']
    done = client.menu(menu)
    if isinstance(done, Outcome):
        return [] if done.fate is Fate.SENT else [f"微信没有接受：{done.reason}"]
    return done
