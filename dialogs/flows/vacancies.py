"""The ways into looking for work; the search itself is `dialogs.vacancies`."""

from __future__ import annotations

from dialogs import vacancies
from dialogs.flow import Flow, Slots
from dialogs.turn import Turn


def begin(turn: Turn, _: Slots) -> None:
    vacancies.begin(turn)


def saved(turn: Turn, _: Slots) -> None:
    vacancies.saved(turn)


def subscribe(turn: Turn, _: Slots) -> None:
    vacancies.tap(turn, "subscribe")


def stop(turn: Turn, _: Slots) -> None:
    vacancies.keep(turn, "paused")


FLOWS = (
    Flow(
        "vacancies",
        1,
        "找工作",
        opens=("找工作", "找岗位", "看岗位", "有什么岗位", "有什么工作", "推荐岗位", "岗位推荐", "招聘信息", "工作推荐"),
        begin=begin,
    ),
    Flow("saved", 1, "我的收藏", opens=("我的收藏", "收藏", "收藏的岗位", "我收藏的岗位"), begin=saved),
    Flow("subscribe", 1, "订阅岗位", opens=("订阅岗位", "订阅", "岗位订阅", "有新岗位告诉我"), begin=subscribe),
    Flow("unsubscribe", 1, "退订岗位", opens=("退订岗位", "不要推岗位", "别推岗位了", "暂停岗位推荐", "岗位暂停"), begin=stop),
)
