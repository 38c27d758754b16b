"""The profile: consent first, then place, graduation, degree, status, and groups with a consent of their own."""

from __future__ import annotations

from typing import Any

from dialogs import answers, statements
from dialogs.effects import SaveGroups, SaveProfile, SetConsent
from dialogs.flow import Flow, Misread, Slots, Step, read_consent
from dialogs.messages import Choice
from dialogs.turn import Turn
from knowledge.people import shown
from knowledge.profile import GROUPS

FIELDS = ("residence", "graduation_date", "cohort", "degree", "employment")


def begin(turn: Turn, slots: Slots) -> None:
    if turn.person.profile_consent:
        slots["consent"] = True


def read_place(text: str, turn: Turn) -> str:
    found = answers.place(text)
    if not found:
        raise Misread("说一下城市名就行,比如「贵阳」或「定西市临洮县」。")
    return found


def read_graduation(text: str, turn: Turn) -> str:
    found = answers.day(text, turn.today)
    if not found:
        raise Misread("写成年月就行,比如「2025年6月」或「去年6月」。")
    return found


def read_degree(text: str, turn: Turn) -> str:
    found = answers.degree(text)
    if not found:
        raise Misread("选一个:中专、专科、本科、硕士、博士。")
    return found


def read_status(text: str, turn: Turn) -> str:
    found = answers.status(text)
    if not found:
        raise Misread("选最接近的一个就行:还没工作、在上班、自由职业、自己创业。")
    return found


def read_groups(text: str, turn: Turn) -> list[str]:
    found = statements.read(text, turn.today).get("groups") or answers.groups(text)
    if (not found and answers.yes_no(text) is False) or text in ("都不是", "没有", "无"):
        return []
    if not found:
        raise Misread("可以多选,用顿号隔开,比如「低保、助学贷款」;都不是就回「都不是」。")
    return list(found)


def declined(turn: Turn, slots: Slots) -> bool:
    return slots.get("consent") is not True


def no_groups(turn: Turn, slots: Slots) -> bool:
    return declined(turn, slots) or slots.get("groups_consent") is not True


def absorb(text: str, turn: Turn) -> dict[str, Any]:
    """Facts told in one sentence, whichever step is asked; nothing before the consent."""
    frame = turn.place.top
    if frame is None or frame.slots.get("consent") is not True or frame.state in ("groups_consent", "groups"):
        return {}
    stated = statements.read(text, turn.today).items()
    return {key: value for key, value in stated if key in FIELDS and (key != "cohort" or "graduation_date" not in frame.slots)}


def finish(turn: Turn, slots: Slots) -> None:
    if slots.get("consent") is not True:
        turn.say("好,什么都不存,照样可以问。", Choice("菜单", "go/menu"))
        return
    new = {key: slots[key] for key in FIELDS if slots.get(key)}
    if graduation := new.get("graduation_date"):
        new["cohort"] = int(graduation[:4])
        if len(graduation) == 4:
            del new["graduation_date"]
    profile = {**turn.person.profile, **new}
    if not turn.person.profile_consent:
        turn.effects.append(SetConsent("profile", True))
    turn.effects.append(SaveProfile(profile))
    if "groups_consent" in slots and slots["groups_consent"] != turn.person.groups_consent:
        turn.effects.append(SetConsent("groups", slots["groups_consent"]))
    if slots.get("groups_consent"):
        turn.effects.append(SaveGroups(tuple(slots.get("groups", ()))))
    lines = shown(profile)
    if slots.get("groups"):
        lines.append(f"· 群体:{'、'.join(slots['groups'])}")
    turn.say(
        "\n".join(("记好了:", *(lines or ["· 还没有填任何一项"]), "哪里不对直接说「之前说错了,…」,随时可以导出或注销。")),
        Choice("看看能享受什么", "open/entitlements"),
        Choice("我的档案", "go/file"),
        Choice("菜单", "go/menu"),
    )


FLOWS = (
    Flow(
        "profile",
        1,
        "完善资料",
        opens=("完善资料", "填资料", "登记资料", "更正", "更正资料", "改资料", "修改资料", "填档案", "建档", "建立档案", "登记信息", "更正我的档案"),
        begin=begin,
        absorb=absorb,
        finish=finish,
        steps=(
            Step(
                "consent",
                "要记几项资料(城市、毕业时间、学历、现状),用来判断哪些政策轮得到你。每项都能跳过;你随时能看、能改、能导出、能注销。同意我存吗?",
                read_consent,
                ("同意", "先不"),
                optional=False,
            ),
            Step("residence", "你现在在哪个城市?", read_place, skip_if=declined),
            Step(
                "graduation_date", "什么时候毕业的?写年月就行,看毕业证上的日期。", read_graduation, ("2026年6月", "2025年6月", "2024年6月"), declined
            ),
            Step("degree", "学历是?", read_degree, ("专科", "本科", "硕士", "博士", "中专"), declined),
            Step(
                "employment",
                "现在的状态?",
                read_status,
                ("还没工作,未就业", "在上班,已就业", "自由职业,灵活就业", "自己创业", "办了失业登记"),
                declined,
            ),
            Step(
                "groups_consent",
                "有些政策只给特定群体(比如低保家庭、残疾、助学贷款)。这类信息敏感,单独问你:愿意告诉我吗?只用来匹配政策,只有负责你的老师能看到。",
                read_consent,
                ("愿意", "先不"),
                declined,
            ),
            Step("groups", "属于哪些?可以多选,用顿号隔开。", read_groups, (*GROUPS[:7], "都不是"), no_groups, sensitive=True),
        ),
    ),
)
