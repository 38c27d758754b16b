"""Where somebody says they went, in plain words: which 毕业去向 they may mean. Says nothing and changes nothing: they confirm it."""

from __future__ import annotations

import re
from dataclasses import dataclass

PLANS = re.compile(r"(?:想(?!到)|打算|准备|考虑|计划).{0,4}(?:创业|开|自己|做)")
"""To work for oneself, some day."""
NOT_SO = re.compile(
    r"没|未(?!来)|不|别|落榜|失败|(?:差|少).{0,3}分|考试|回来|退|想|打算|准备|考虑|以后|将来|明年|要(?:去|是|考|当|开)|如果|可能|也许|万一|朋友|同学|室友|对象|[他她它]|别人|弟|妹|哥|姐"
)
"""It is a plan, did not come off, or is about somebody else."""
STUDY = r"(?:研究?生?|硕士?|博士?)"


@dataclass(frozen=True, slots=True)
class Meant:
    """`name`: as any list may call it (`destinations.meanings`); `answer`: what it says to how it goes; `sure`: it has come about."""

    name: str
    answer: str
    said: re.Pattern[str]
    sure: bool = True


MEANT = (
    Meant("第二学位", "study", re.compile(r"第二学士|第二学位|二学位")),
    Meant(
        "专升本",
        "study",
        re.compile(r"(?:专[升接插]|升)本.{0,4}(?:上岸|录|成功|过了|上了|考上)|升本了|(?:考上|上岸|录|在读|去读|读)了?.{0,2}专[升接插]本"),
    ),
    Meant(
        "留学",
        "study",
        re.compile(
            r"出(?:国|境)(?:留学|读书|读[研硕博]|念书|上学|深造)?(?:了|去|中|呢|在读)|(?:在|去).{0,6}留学|留学(?:了|去|中|呢|生)"
            r"|(?:国外|境外|海外|英国|美国|香港|澳门|澳洲|澳大利亚|日本|韩国|德国|法国|新加坡|马来西亚|加拿大|俄罗斯).{0,3}(?:读书|读[研硕博]|念书|上学|留学)"
        ),
    ),
    Meant(
        "研究生",
        "study",
        re.compile(
            rf"[二三四]战.{{0,3}}(?:上岸|成功|录取|考上)|(?:考上|录取|上岸|保送|保上|读上).{{0,5}}{STUDY}|考[研博].{{0,4}}(?:上岸|录取|考上|成功|上了|过了|拟录)|(?:保|推)[研免](?:了|上|成功)|推免"
            rf"|(?:在|去|开始|正).{{0,10}}读{STUDY}|读{STUDY}(?:了|去|中|呢|在)|(?:研究生|硕士|博士).{{0,3}}(?:入学|在读|开学|报到|录取|上岸)|读[研硕博]$"
        ),
    ),
    Meant("应征义务兵", "work", re.compile(r"[当参](?:上|了|过)?[兵军]|入伍|服(?:兵|现)?役|(?:在|去|进|到)了?部队|应征")),
    Meant("三支一扶", "work", re.compile(r"三支一扶|西部计划|特岗")),
    Meant("科研助理", "work", re.compile(r"科研助理|管理助理")),
    Meant(
        "创业",
        "work",
        re.compile(
            r"创业|开(?:起|着|张)?了?(?:一?[个家间])?.{0,3}店|自己(?:干|单干|开|做老板|当老板)|(?:做|搞)(?:点|起)?小?生意|摆摊|(?:开|注册)了?(?:一?家)?.{0,2}公司"
        ),
    ),
    Meant("自由职业", "work", re.compile(r"自由职业|自由撰稿|自媒体|(?:做|当)(?:主播|博主|up主|代购)|接(?:私)?(?:单|稿|活)|独立设计师")),
    Meant("三方", "work", re.compile(r"(?:签|拿)(?:了|好|完)?.{0,4}(?:三方|就业协议)")),
    Meant("劳动合同", "work", re.compile(r"签(?:了|好|完)?(?:(?!劳务).){0,6}合同")),
    Meant("灵活就业", "work", re.compile(r"灵活就业|劳务(?:合同|派遣)|(?:送|跑)(?:外卖|快递|滴滴|网约车)|骑手|打(?:零|散|短)工|兼职|做家教|临时工")),
    Meant(
        "二战",
        "exam",
        re.compile(
            r"[二三四]战(?!.{0,4}(?:失败|没|落榜|上岸|成功|录取))|(?:准备|打算|想|要|继续|再|还在|在|明年)(?:.{0,4})(?:考[研博]|考研究生|读[研博]|升学|留学|申请(?:学校|国外)|专[升接插]本)"
            r"|考[研博](?:中|呢|再|ing)|备(?:战)?考?[研博]|备战?考研"
        ),
        sure=False,
    ),
    Meant(
        "暂无就业意愿",
        "rest",
        re.compile(
            r"(?:在家|专心|全职).{0,3}(?:带孩子|带娃|照顾)|怀孕|待产|生(?:了)?(?:孩子|娃|宝宝)|养(?:病|伤|身体)|间隔年|不(?:想|打算|考虑)(?:就业|工作|上班)"
        ),
        sure=False,
    ),
)
"""The first that fits; each name stands in the list that comes with the program."""


def meant(plain: str) -> Meant | None:
    """What normalised words say of where the person went; what is only planned or somebody else's is none of the sure ones."""
    doubtful = NOT_SO.search(plain)
    return next((each for each in MEANT if each.said.search(plain) and not (each.sure and doubtful)), None)
