"""Whether a thing that a clause names is said to be done, denied or neither. Knows no field."""

from __future__ import annotations

import re
from collections.abc import Sequence

NOT = r"(?:没有?|没得|未|不(?!过|久|断|停|够|错|同|仅|光|止)|无|非|别)"
GLUE = (
    "[社区街道向找问去来给跟和与我俺他她再怎么任何什啥国家自己个都也还一直得及参加谁们正式书面办理做弄搞登申请认定评批拿领考过签交缴买上下出有属于是算成"
    "通取得贷借用免到能肯被为曾享受当在读念拖着就那这种类些想并从至今根本压现目前又更]"
)
"""What may stand between 没 and the thing it denies, on either side: particles and verbs of doing, no noun and no 了."""
VERB = (
    r"(?:办理?|做|弄|搞|登记?|申请|申领|认定|评|批|拿|领|考|过|签|交|缴|买|上|有|算|下|成|通过|报|取得|贷|借|用|免|享受"
    r"|参加|认证|认|发|落实|给|录|定|符合|欠|到手|出)"
)
ENDED = r"(?:了|过|下(?=了|$)|好|完|成|到手|到|下来|来|妥|的|着|出)"
BEFORE = re.compile(rf"{NOT}{GLUE}{{0,9}}$")
AFTER = re.compile(
    rf"^(?:{GLUE}|[人员对象证书资格户家庭学历中心社区]){{0,9}}?(?:没有?|没得|未|不|还在|正在|在(?=办|申请|审|弄|走)|懒得|顾不上|来不及)(?:有|去|来得及|来|给|跟|我|怎么|再|被|能|肯|人|让)*(?:{VERB}|是?的?$)"
)
DONE_BEFORE = re.compile(
    rf"(?:{VERB}{ENDED}+|(?<!没)有(?!没)|持有?|(?:刚|已(?={VERB})|已经|早就)(?:{VERB}|和我|跟我)?|靠|欠着?)[^没不未了]{{0,8}}$|(?<!没)有[^没不未了]{{2,14}}(?:和|跟|、)$"
)
DONE_AFTER = re.compile(
    rf"^[^没不未想要能]{{0,14}}?(?:{VERB}{ENDED}|了(?!$.)|[办做弄搞登拿领考签批交贷]$|下来|到手|在手|已(?:经|{VERB})|^[^没不未对]{{0,3}}有(?:了|[一两三]?[张个本份][^,]{{0,4}})?$|还[着没清剩欠])"
)
PENDING = re.compile(r"没(?:有)?(?:批|批下来|下来|出|出来|通过|办下来|到手|拿到|给|结果|消息)$")
LISTED = re.compile(r"^(?:和|跟|与|及|还有|以及)[^,]{2,10}(?:都|全|也)(?:没|不|未)")
UNDER_WAY = re.compile(r"(?:正在|还在|在|准备|备|打算|想)(?:考|办|申请|弄|准备|报)?$")
SHORT = re.compile(r"^(?:的|你?问我的?|这个|那个|呢|嘛|啊|那|我|的话|这块|\(?[\u4e00-\u9fff]{0,4}\)?)$")


def denied(clause: str, start: int) -> bool:
    """Whether a 没, 不, 非 right before the place denies what stands there."""
    return bool(BEFORE.search(clause, max(0, start - 12), start) or re.search(r"不是[^,是但]{0,4}$", clause[max(0, start - 6) : start]))


def of(clauses: Sequence[str], what: re.Pattern[str], state: bool = False) -> bool | None:
    """What is said last of `what`: True done (for a `state`: named at all), False denied, None neither."""
    found: bool | None = None
    for place, clause in enumerate(clauses):
        for hit in what.finditer(clause):
            after = clause[hit.end() :]
            following = clauses[place + 1] if place + 1 < len(clauses) else ""
            go_on = following if SHORT.match(after) and not what.search(following) else ""
            if (
                re.search(NOT, hit[0])
                or denied(clause, hit.start())
                or AFTER.search(after)
                or LISTED.search(after)
                or (not state and PENDING.search(after))
                or (go_on and not state and not DONE_AFTER.search(after) and AFTER.search(go_on))
            ):
                found = False
            elif (
                state
                or re.search(r"[了过已]", hit[0])
                or DONE_BEFORE.search(clause, 0, hit.start())
                or DONE_AFTER.search(after)
                or (go_on and DONE_AFTER.search(go_on) and not UNDER_WAY.search(clause[: hit.start()]))
            ):
                found = True
    return found
