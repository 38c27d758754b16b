"""What a person takes back in the same breath, left out: 没有……哦有的 says 有, 8 个月不对是 11 个月 says 11. Knows no field."""

from __future__ import annotations

import re

FIGURE = r"\d[\d年月日号个岁天届级./-]*"
END = r"(?=[,;。!) ]|$)"
NOT_THIS = re.compile(
    rf"不是(?P<wrong>{FIGURE})(?P<what>[^,;。\d是]{{1,8}}),?(?:而|应该|其实)?(?<!就)(?:是|为){{1,2}}(?P<right>{FIGURE})(?:份|底|初)?(?:的|才对)?{END}"
)
"""不是 2025 年 6 月毕业,是 2025 年 12 月: what happened is said of the wrong date only."""
WRONG = re.compile(
    rf"(?P<wrong>{FIGURE})(?:份|底)?(?:的)?(?:是)?(?:不对|错了|错的|[说写记填看打数报]错了?)(?:了)?[,;。!](?:[^,;。\d是]{{0,8}},)?[^,;。\d是]{{0,8}}(?:是|为)(?P<right>{FIGURE})"
)
"""8 个月不对,查了下是 11 个月: the figure that comes after takes the place of the wrong one."""
DOES = r"(?:办理?|签|贷|领|考|拿|交|缴|登记?|申请|认定|注册|报|下来|有)"
STOP = (
    r"(?:[,;。.!?—~ ]*(?:(?:(?:哦|噢|喔|啊|呃|额|诶|欸|哎呀?|唉|嗯|咦)[,。.!~ ]*)?(?:等等|等一?下|等会儿?|(?:不对)+|"
    r"[说写记打搞弄]错了?|错了|啊?不是|想起来了|刚想起来)[吧啊哦了]*|"
    r"(?:哦|噢|喔|诶|欸|哎呀?|咦))){1,3}[,;。.!~ ]*"
)
TAKEN_BACK = re.compile(
    rf"(?P<first>(?:没有?|还没|未|没有)(?:去)?{DOES}?(?:过|呢|的|成)?){STOP}(?:我|其实|应该|是|好像|又)?(?P<yes>(?:{DOES}(?:的|过|了|啊|呀)*){{1,3}})(?:(?:大?[一两三四五六七八九十几\d]+)(?:个月|[次回年张本份笔]))?{END}"
    rf"|(?P<done>(?:有|{DOES})(?:过|了|的)*){STOP}(?:我|其实|应该|是|好像)?(?P<no>(?:还)?(?:没有?|未){DOES}?(?:过|呢|的|成|下来)?){END}"
)
"""没办,啊不对,办了的: the second word is meant, of the topic of the first."""


SLIP = (
    r"[,;。.!?—~ ]*(?:(?:哦|噢|喔|啊|呃|额|诶|欸|哎呀?|唉|嗯)[,。.!~ ]*)?(?:不对|[说写记打填搞弄]错了?|错了|不(?=[,。 ]))"
    r"[吧啊哦了]*[,;。.!~ ]*(?:应该)?(?:是)?"
)
SAME = re.compile(
    rf"(?P<wrong>{FIGURE})(?P<mid>[^,;。?\d是不]{{0,8}}){SLIP}(?P<right>{FIGURE})"
    rf"|(?<![\u4e00-\u9fff])(?P<sex>[男女])(?:的|生)?{SLIP}(?P<other>[男女])(?=[,;。 的生]|$)"
)
"""23,哦不,24: the same thing said again."""
OTHER_WAY = re.compile(rf"(?<!不)是(?P<right>{FIGURE}),?不是{FIGURE}(?P<what>[^,;。\d是]{{1,8}}){END}")


def again(found: re.Match[str]) -> str:
    """The second of two figures of one unit, with the year said before; otherwise what stands there."""
    if found["other"]:
        return found["other"]
    wrong, other = found["wrong"], found["right"]
    if wrong[-1] != other[-1] and not (wrong[-1].isdigit() and re.fullmatch(r"\d+岁?", other)):
        return found[0]
    year = re.match(r"\d+年", wrong)
    return f"{year[0] if year and len(wrong) > len(year[0]) and '年' not in other else ''}{other}{found['mid']}"


def right(found: re.Match[str]) -> str:
    return f"是{found['right']}{found['what'].removesuffix('的')}"


def meant(found: re.Match[str]) -> str:
    return re.sub(r"^(.{1,3}?)\1+$", r"\1", found["yes"] or found["no"] or "").rstrip("啊呀")


ECHO = re.compile(r"没有?(?P<what>[^,。?!\d]{2,6})\?(?:有的?|有啊|有呀){1,2}(?=[,。]|$)")
"""没合同?有的有的: the question said again is answered otherwise."""
TWICE = re.compile(r"(?<![是有])(没有|有的|没办|签了|办了|没签)(?:,?\1)+(?=[,。!的了]|$)")


def made(text: str) -> str:
    """The text with what is taken back left out."""
    text = TWICE.sub(r"\1", ECHO.sub(lambda found: f"有{found['what']}", text))
    text = SAME.sub(again, TAKEN_BACK.sub(meant, text))
    text = OTHER_WAY.sub(right, text)
    return NOT_THIS.sub(right, WRONG.sub(lambda found: found["right"], text))
