"""Danger to life is recognised: every listed case, dialect, disguise and any text around it; idioms and questions of law are not it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialogs.consult import consult
from dialogs.crisis import Level, level
from knowledge.policy.search import PolicySearch
from knowledge.policy.store import knowledge_of
from tests.conftest import TODAY
from tests.knowledge.test_words import ANY, SPEECH

CASES = tomllib.loads((Path(__file__).parent / "crisis.toml").read_text(encoding="utf8"))["case"]
ACUTE = ["我不想活了", "我活不下去了", "我想结束生命", "我要自杀了", "我想跳楼自杀", "我写好遗书了", "我活着没意思", "我想吃一瓶安眠药"]
"""Phrases that stay acute whatever stands before and after them."""
AROUND = st.text("同事员工自杀跳楼工伤赔偿保险条款公司店活不下去打游戏看电影笑死累烦了我想死线你们公积金,。!?哈 😭", max_size=30)


def test_there_are_cases_of_both_kinds() -> None:
    assert sum(case["crisis"] for case in CASES) > 250
    assert sum(not case["crisis"] for case in CASES) > 150


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["text"]))
def test_every_listed_case(case: dict[str, object]) -> None:
    assert (level(str(case["text"])) == "acute") == case["crisis"]


@pytest.mark.parametrize(
    "text",
    [
        "我真的不想活了",
        "不想活了老师",
        "找不到工作,不想活了",
        "唔想做人",
        "俺不想活嘞",
        "活起没得意思",
        "莫得活头",
        "不想活哒",
        "我想亖",
        "想去死",
        "死了算了",
        "活够了",
        "他割腕了",
        "室友说她不想活了",
        "写好了遗书",
        "没有活下去的勇气",
        "我站在天台上",
        "把药都吃了",
        "我想从楼上跳下去",
        "不想醒过来",
        "I want to die",
        "kill myself",
        "woxiangsi",
    ],
)
def test_calls_for_help(text: str) -> None:
    assert level(text) == "acute"


@pytest.mark.parametrize("sign", [" ", "。", ",", "·", "*", "_", "~", "!", "?", "-", ".", "+", "/", "%", "😭", "\u200b", "\n", "…"])
@pytest.mark.parametrize("phrase", ["自杀", "不想活了"])
def test_signs_between_characters_hide_nothing(phrase: str, sign: str) -> None:
    assert level(f"我想{sign.join(phrase)}") == "acute"


@pytest.mark.parametrize("text", ["我不想活了!!!!", "我 不 想 活 了", "我不想活了😭😭", "我不想活了", "我想自殺", "活著沒意思", "我想死", "想死了"])
def test_the_way_it_is_typed_makes_no_difference(text: str) -> None:
    assert level(text) == "acute"


@pytest.mark.parametrize(
    "text",
    [
        "饿死了", "累死了", "笑死", "笑死我了", "想死你了", "想死你们了", "热死了", "困死了", "气死我了", "急死我了", "烦死了", "羡慕死了",
        "社死", "尬死", "卷死了", "穷死了", "吓死", "忙死", "撑死", "爱死了", "帅死了", "怕死", "我死定了", "死活找不到工作", "打死我也不回去",
        "死了这条心", "死要面子", "拼死拼活", "死马当活马医", "死磕考公", "死工资", "死档怎么激活", "电脑死机了", "报名死线", "死记硬背有用吗",
        "工资低得要死", "老板烦得要死", "我妈要把我骂死了", "我不死心", "跳楼价", "跳槽", "年轻生病了怎么办", "紫砂壶怎么养", "辞职之后终于解脱了",
        "同事自杀算工伤吗", "员工猝死怎么赔偿", "保险的自杀条款是怎么赔的", "死亡证明去哪开", "公司快活不下去了", "告别校园生活", "想跳绳",
        "档案在哪里查", "失业金怎么领", "我走了以后工资怎么结", "不想活动", "心理热线多少", "",
    ],
)  # fmt: skip
def test_idioms_and_plain_questions_are_no_crisis(text: str) -> None:
    assert level(text) != "acute"


@pytest.mark.parametrize(
    "text", ["笑死,其实我不想活了", "累死了,我想自杀", "死档办不了,我不想活了", "想死你们了,也是真的想死", "公司跳楼价,我也想跳楼"]
)
def test_an_idiom_does_not_hide_a_call_beside_it(text: str) -> None:
    assert level(text) == "acute"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("压力好大", "low"),
        ("找工作太难了", "low"),
        ("我撑不住了", "low"),
        ("睡不着", "low"),
        ("我是不是很没用", "low"),
        ("没脸回家", "low"),
        ("唉", "low"),
        ("报到证还发吗", None),
        ("你好", None),
        ("2", None),
        ("2025年6月", None),
        ("", None),
    ],
)
def test_low_and_nothing(text: str, kind: Level | None) -> None:
    assert level(text) == kind


@pytest.mark.parametrize("phrase", ACUTE)
@given(before=st.one_of(AROUND, ANY, SPEECH), after=st.one_of(AROUND, ANY, SPEECH))
@example(before="同事", after="算工伤吗")
@example(before="保险条款", after="赔吗")
@example(before="打游戏看电影", after="哈哈哈")
@example(before="店", after="")
@example(before="笑死", after="笑死")
def test_a_call_within_any_text_is_still_a_call(phrase: str, before: str, after: str) -> None:
    assert level(before + phrase + after) == "acute"


@given(st.one_of(ANY, SPEECH, AROUND))
def test_any_text(text: str) -> None:
    assert level(text) in ("acute", "violent", "low", None)
    assert level(f"  {text}\n") == level(text)


@pytest.mark.parametrize("text", ["死" * 10_000, "我想" * 5_000, "同事" * 5_000, "a" * 10_000, "公司药瓶" * 2_500])
def test_a_very_long_text(text: str) -> None:
    assert level(text) is None
    assert level(f"{text}我不想活了{text}") == "acute"


@pytest.mark.parametrize(
    "text",
    [
        "我爸要打死我", "他拿刀要杀我", "我想杀人", "我要杀了老板", "我老公喝多了就打我", "我被室友囚禁了", "他扬言要砍死我",
        "我爸天天打我我该怎么办", "我真想捅死他", "被传销的人关起来了",
    ],
)  # fmt: skip
def test_violence_leads_to_the_police(text: str) -> None:
    assert level(text) == "violent"
    found = consult(text, PolicySearch(knowledge_of([]), background=["你好"]), TODAY)
    assert found.outcome == "crisis"
    assert found.say.text.index("110") < found.say.text.index("12356")


@pytest.mark.parametrize(
    "text",
    [
        "我妈知道了要打死我", "想杀人的心都有了", "老板天天打我电话", "工资一直打我卡里", "他天天打我手机", "我在上班时被客户殴打算工伤吗",
        "游戏里被人砍死了", "杀价", "打死我也不去", "他要我身份证", "公司要砍我工资",
    ],
)  # fmt: skip
def test_talk_of_blows_is_not_violence(text: str) -> None:
    assert level(text) not in ("acute", "violent")


@pytest.mark.parametrize("text", ["我不想活了", "报到证补不了我不想活了", "想死"])
def test_help_comes_before_any_policy(text: str) -> None:
    found = consult(text, PolicySearch(knowledge_of([]), background=["你好"]), TODAY)
    assert found.outcome == "crisis"
    assert all(number in found.say.text for number in ("12356", "120", "110"))
    assert [choice.value for choice in found.say.choices] == ["go/safe", "go/human"]
