"""The person's own data: see it, take it along, correct it, withdraw groups, erase it, and who read it."""

from __future__ import annotations

from dialogs import answers, notices
from dialogs.effects import AllowHandover, DropFamily, Erase, Export, SetConsent, ShowAccesses
from dialogs.flow import Flow, Misread, Slots, Step
from dialogs.messages import Choice
from dialogs.turn import Turn
from knowledge.people import phrases, shown

CHOICES = (
    Choice("更正", "open/profile"),
    Choice("导出", "open/export"),
    Choice("谁看过我的档案", "open/accesses"),
    Choice("注销", "open/erase"),
)


def show(turn: Turn, _: Slots) -> None:
    person = turn.person
    lines = shown(person.profile)
    if person.groups:
        lines.append(f"· 群体:{'、'.join(person.groups)}(你单独同意过)")
    stated = phrases(turn.place.memo.get("stated", {}))
    told = f"\n这次聊天里你说过:{'、'.join(stated)}(没有存进档案)。" if stated and not person.profile_consent else ""
    if not lines:
        what = "你同意过存资料,但还没填。" if person.profile_consent else "我没有存你的资料,因为你还没同意过。"
        turn.say(f"{what}存着的只有我们的聊天记录,你也可以导出或注销。{told}", Choice("填资料", "open/profile"), *CHOICES[1:])
        return
    turn.say("\n".join(("你的档案里现在有:", *lines, "聊天记录也存着,导出时一起给你。")), *CHOICES)


def export(turn: Turn, _: Slots) -> None:
    turn.effects.append(Export())


def accesses(turn: Turn, _: Slots) -> None:
    turn.effects.append(ShowAccesses())


def withdraw(turn: Turn, _: Slots) -> None:
    turn.effects.append(SetConsent("groups", False))
    turn.say("好,群体信息已经删掉,以后也不再用它匹配政策。", Choice("我的档案", "go/file"), notices.TO_MENU)


def withdraw_all(turn: Turn, _: Slots) -> None:
    turn.effects.append(SetConsent("profile", False))
    turn.effects.append(SetConsent("groups", False))
    turn.effects += [DropFamily(aloud=False), AllowHandover(False, aloud=False)]
    turn.place.memo.pop("stated", None)
    turn.say("好,同意已撤回,资料和群体信息都删掉了。聊天记录还在,要一起删就点注销。", Choice("注销", "open/erase"), notices.TO_MENU)


def read_confirmation(text: str, turn: Turn) -> bool:
    if "确认注销" in text or "确定注销" in text:
        return True
    answer = answers.yes_no(text)
    if answer is None:
        raise Misread("要注销就回「确认注销」,不注销就回「先不」。")
    return answer


def finish(turn: Turn, slots: Slots) -> None:
    if not slots.get("sure"):
        turn.say("好,什么都没删。", Choice("我的档案", "go/file"), notices.TO_MENU)
        return
    turn.place.memo, turn.place.stack = {}, []
    turn.effects.append(Erase())
    turn.say("已经删完了:资料、群体、聊天记录都不在了。以后想再问,直接说话就行,从头开始。")


FLOWS = (
    Flow(
        "file",
        1,
        "我的档案",
        opens=("你存了我什么信息", "你存了我什么", "存了我哪些信息", "查看我的数据", "我的数据", "你有我什么信息", "你知道我什么", "看看我的档案"),
        begin=show,
    ),
    Flow(
        "export",
        1,
        "导出",
        opens=("导出", "导出数据", "导出我的数据", "导出我的资料", "导出我的档案", "导出档案", "下载我的数据", "把我的数据导出来"),
        begin=export,
    ),
    Flow(
        "accesses",
        1,
        "谁看过",
        opens=("谁看过我的档案", "谁看过我的信息", "谁看过我的资料", "谁看过", "访问记录", "谁查过我", "谁查过我的档案"),
        begin=accesses,
    ),
    Flow("withdraw_groups", 1, "撤回群体信息", opens=("撤回群体信息", "删掉群体信息", "删除群体信息"), begin=withdraw),
    Flow("withdraw", 1, "撤回同意", opens=("撤回同意", "我不同意了", "撤销同意", "取消授权", "撤回授权"), begin=withdraw_all),
    Flow(
        "erase",
        1,
        "注销",
        opens=(
            "注销",
            "注销账号",
            "我要注销",
            "删除我的数据",
            "删除数据",
            "删除我的信息",
            "删掉我的信息",
            "删除我的资料",
            "删号",
            "把我的信息删了",
            "忘了我",
            "删除账号",
            "注销我的账号",
            "注销我的档案",
        ),
        finish=finish,
        remind_after=None,
        steps=(
            Step(
                "sure",
                "注销会删掉你的资料、群体信息和全部聊天记录,删了找不回来;老师那边没办完的事也会一起删。确认吗?想留一份可以先导出。",
                read_confirmation,
                ("确认注销", "先不"),
                optional=False,
            ),
        ),
    ),
)
