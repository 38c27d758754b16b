"""What somebody lets be told beyond the school: the family's number, and the HR department that goes on. In the turn's transaction."""

from __future__ import annotations

from sqlalchemy import Connection, update

from bot.casework import LINK
from bot.transcript import InboxMessage
from dialogs.effects import AllowHandover, DropFamily, KeepFamily, Sharing
from dialogs.messages import Choice, Part, Say
from dialogs.notices import TO_HUMAN, TO_MENU
from dialogs.turn import Turn
from knowledge.ledger import sharing

HIDDEN = "（家里的电话，加密另存）"
"""Stands in the conversation where the number was typed."""
HANDED = "好，记下了。交接时由老师把你的登记交给你常住地的人社部门，他们接着帮你。改主意就发「撤回服务接续」。"
KEPT = "好，不会把你的登记交给人社部门接着服务。已经交出去的收不回来，要他们删就打 12333。"
NOTHING = "这里没有家里的号码。学校的名单上有没有，连上学校登记才看得到、撤得掉，也可以跟老师说。"
UNTIED = "这里还没有连着学校的登记，所以没有存。先连上，再说一次。"


def carry_out(connection: Connection, turn: Turn, effect: Sharing) -> list[Part]:
    person, at = turn.person.graduate_id, turn.now
    match effect:
        case KeepFamily(phone):
            key = f"{turn.inbound.conversation}|{turn.inbound.message_id}"
            connection.execute(update(InboxMessage).where(InboxMessage.key == key).values(text=HIDDEN))
            if not sharing.agree(connection, turn.world.seal, person, phone, at):
                return [Say(UNTIED, (LINK, TO_MENU))]
            told = f"记下了，尾号 {phone[-4:]}，加密存着。只有一直联系不上你、你的号码也打不通时才打。随时可以撤回，撤回就删。"
            return [Say(told, (Choice("撤回家校联系", "open/withdraw_family"), TO_MENU))]
        case DropFamily(aloud):
            if aloud and not sharing.mine(connection, person):
                return [Say(NOTHING, (LINK, TO_HUMAN, TO_MENU))]
            held = sharing.refuse(connection, person, at)
            told = "好，家里的号码删掉了，以后不会联系家里，学校再导名单也不会。" if held else "好，这里没有家里的号码，以后也不会联系家里。"
            return [Say(told, (TO_MENU,))] if aloud else []
        case AllowHandover(allowed, aloud):
            if not sharing.hand_over(connection, person, allowed, at):
                return [Say(UNTIED, (LINK, TO_MENU))] if aloud else []
            return [Say(HANDED if allowed else KEPT, (TO_MENU,))] if aloud else []
