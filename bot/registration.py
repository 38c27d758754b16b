"""What the dialog about one's school record wants done, in the turn's transaction, and what is said of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from bot import checkins, services
from bot.casework import LINK, SEE
from dialogs.effects import CheckIn, Dispute, LinkRecord, ShowRecord, UnlinkRecord
from dialogs.messages import Choice, Part, Say
from dialogs.notices import TO_HUMAN, TO_MENU
from dialogs.turn import Turn
from knowledge import cases
from knowledge.ledger import linking, record, sharing
from knowledge.ledger.record import AGREED, KINDS

Registration = LinkRecord | UnlinkRecord | ShowRecord | Dispute
HOME, TAKE_BACK = Choice("家校联系", "open/family"), Choice("撤回家校联系", "open/withdraw_family")
GO_ON, STAY = Choice("服务接续", "open/handover"), Choice("撤回服务接续", "open/withdraw_handover")
WRONG, CHANGED = Choice("我的去向登记不对", "open/dispute"), Choice("去向变了", "howis/change")
REFUSED = {
    "unknown": "没对上。核对一下姓名和号码末几位，和学校登记的要一致；还是不行就找老师。",
    "several": "和你同名、末几位也一样的不止一个，我分不清。让老师帮你连。",
    "taken": "这份登记已经和另一个账号连着。如果不是你连的，请马上告诉老师。",
    "slow": "试的次数有点多，过一个小时再来，或者让老师帮你连。",
}


def carry_out(connection: Connection, turn: Turn, effect: Registration | CheckIn) -> list[Part]:
    if isinstance(effect, CheckIn):
        return checkins.carry_out(connection, turn, effect)
    return [registered(connection, turn, effect)]


def registered(connection: Connection, turn: Turn, effect: Registration) -> Say:
    person, place, at = turn.person.graduate_id, turn.inbound.conversation, turn.now
    match effect:
        case LinkRecord(name, tail):
            outcome = linking.link(connection, turn.world.seal, place, person, (name, tail), at)
            if outcome != "linked":
                return Say(REFUSED[outcome], (TO_HUMAN, TO_MENU))
            services.gather(connection, at, person)
            return Say("连上了。学校登记的去向和给过你的服务你都能看，不对就说；随时发「断开学校登记」。", (SEE, TO_MENU))
        case UnlinkRecord():
            services.gather(connection, at, person)
            gone = linking.unlink(connection, person, at)
            return Say("断开了。学校自己的登记还在学校，我不再把它和你连在一起。" if gone else "这里没有连着学校的登记。", (TO_MENU,))
        case Dispute(said):
            held = record.dispute(connection, person, said, at)
            numbers = f"（台账 {'、'.join(map(str, held))} 号）" if held else "（没有连上学校登记，请先核对是谁）"
            cases.open_case(connection, person, place, "dispute", f"去向登记不对{numbers}：{said}", at)
            more = "办结前学校再导名单也不会改动它。" if held else "你还没连上学校登记，连上了老师查起来更快。"
            return Say(f"已经转给老师核对，结果会发到这里。{more}", (TO_MENU,) if held else (LINK, TO_MENU))
    held_on = record.own(connection, person)
    if held_on is None:
        return Say("这里还没有连着学校的登记。", (LINK, TO_MENU))
    home = sharing.own(connection, turn.world.seal, person)
    ways = (TAKE_BACK if home else HOME, STAY if held_on["handover"] in AGREED else GO_ON)
    return Say(shown(held_on, home), (CHANGED, WRONG, *ways, TO_MENU))


def shown(held: dict[str, Any], home: str) -> str:
    """The person's own record as they read it."""
    lines = [
        "学校的登记里，你是这样的：",
        f"· 毕业去向：{held['destination'] or '还没填'}" + ("（你提过异议，老师在核对）" if held["disputed_at"] else ""),
    ]
    if held["employer"]:
        lines.append(f"· 单位：{held['employer']}")
    study = " ".join(filter(None, (held["school"], held["college"], held["major"], held["degree"])))
    lines += [f"· 就读：{study}"] if study else []
    if held["owner"]:
        lines.append(f"· 负责你的老师：{held['owner']}")
    if home:
        lines.append(f"· 联系不上你时可以打家里电话：尾号 {home[-4:]}")
    if held["handover"] in AGREED:
        lines.append("· 同意人社部门接着服务")
    given = [f"{KINDS[service['kind']]}({service['on']:%m-%d})" for service in held["services"]]
    lines.append(f"· 记着给过你的服务：{'、'.join(given[-8:]) or '还没有'}")
    lines += [f"· 说好的下一步：{step['what']}" for step in held["plan"] if not step["done_at"]]
    return "\n".join((*lines, "没有的事写成了有，也可以说「我的去向登记不对」。"))
