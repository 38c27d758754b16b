"""A résumé built by answering: one question at a time, each but the name may be skipped; then its text, its file and what to mend."""

from __future__ import annotations

import re

from dialogs import questions
from dialogs.effects import KeepResume
from dialogs.flow import Flow, Misread, Slots, Step
from dialogs.place import Frame
from dialogs.turn import Turn
from knowledge.resume.draft import compose

LONGEST = 800
"""Characters of one answer: three of them fill a page."""
NAME = re.compile(r"(?:我叫|姓名[是:\uff1a]?|我是)?\s*([\u3400-\u9fff·]{2,12}|[A-Za-z][A-Za-z .]{1,30})")
NO_NAME = re.compile(r"你好|您好|在吗|谢谢|好的|不知道|什么|怎么|没有|可以|不想|简历|老师|跳过")
NUMBER = re.compile(r"\d|[一二三四五六七八九十百千]+(?:个|次|人|份|件|场|天|篇|家|张|名|万|%|倍)")
RESULT = re.compile(r"提高|提升|降|减少|增加|增长|获|完成|通过|上线|节省|缩短|达到|从.+到|零差错|第[一二三]|优秀|表扬|采用|入选")
EXAMPLE = "比如:\n2026.03-2026.06 青禾商贸 财务实习生\n整理 600 份凭证,查出 12 处错误\n把对账表改成公式,每月少花半天"
COUNTS = "实习、兼职、课程设计、毕业设计、社团、志愿服务、帮家里看店都算。"


def read_name(text: str, turn: Turn) -> str:
    found = NAME.fullmatch(text.strip())
    if not found or NO_NAME.search(found[1]):
        raise Misread("写名字就行,比如「李一」。")
    return found[1].strip()


def read_line(text: str, turn: Turn) -> str:
    said = text.strip()
    if questions.shaped(said) and "\n" not in said:
        raise Misread("这句像是在问事情。想问就单独问我;要写进简历的,换成做了什么。")
    if len(said) < 2:
        raise Misread("再写一点;不想写就发「跳过」。")
    if len(said) > LONGEST:
        raise Misread(f"太长了,一份简历放不下。挑最要紧的,{LONGEST} 字以内再发一次。")
    return said


def read_goal(text: str, turn: Turn) -> str:
    return read_line(text, turn).split("\n")[0][:40]


def hint(slots: Slots, key: str) -> str:
    """One thing that would make what was just told stronger; nothing where it is strong."""
    said = str(slots.get(key) or "")
    if said and not NUMBER.search(re.sub(r"(?:19|20)\d\d[.年/-]?\d{0,2}月?", "", said)):
        return "记下了。有个数字会更硬(多少人、多少份、多久一次);想补就发「返回」重写。\n"
    if said and not RESULT.search(said):
        return "记下了。再有一句结果会更好(做成了什么、比原来好多少);想补就发「返回」重写。\n"
    return "记下了。\n" if said else ""


def second(turn: Turn, slots: Slots) -> str:
    return f"{hint(slots, 'one')}还有一段经历吗?写法一样,没有就跳过。"


def third(turn: Turn, slots: Slots) -> str:
    return f"{hint(slots, 'two')}再有一段吗?没有就跳过。"


def skills(turn: Turn, slots: Slots) -> str:
    return f"{hint(slots, 'three')}会什么软件、语言、工具?写到什么程度,比如「Excel:透视表、函数;英语六级」。"


def without_one(turn: Turn, slots: Slots) -> bool:
    return not slots.get("one")


def without_two(turn: Turn, slots: Slots) -> bool:
    return not slots.get("two")


def finish(turn: Turn, slots: Slots) -> None:
    """The text; its file where it can be opened; then the same way on as with a résumé that was sent."""
    text = compose(slots)
    turn.say(f"{text}\n\n——\n写好了,都是你自己的话,没有添任何内容。")
    turn.effects.append(KeepResume(text, built=True))
    turn.place.push(Frame("resume", 1, "next", {"text": text, "shown": True}))


WITHOUT = (
    r"(?:没有?|从没|未|没怎么)(?:实习|工作|上班|上过班|打工)过?"
    r"|(?:没有?|无|缺|零|0|不多|少)[^,。]{0,6}(?:经[历验]|项目|实践)|(?:经[历验]|实践|项目)[^,。]{0,4}(?:没有|太少|不多|空白)"
)
HOW = r"怎[么样]|如何|咋|不会|不知道"
HEARS = re.compile(
    rf"^(?!.*[编假造骗瞒虚])(?=.{{0,30}}$)(?=.*简历)(?=.*(?:{HOW}))"
    rf"(?:.*(?:{WITHOUT}).*|(?:我|俺)?(?:的|第一份)?简历(?:{HOW})(?:写|做)(?:好|才好|呢|啊|呀)?)$"
)
"""Who has little to write asks so, and is no forger."""

FLOWS = (
    Flow(
        "write_resume",
        1,
        "写简历",
        opens=(
            *("写简历", "做简历", "写一份简历", "做一份简历", "帮我写简历", "帮我做简历", "帮我写一份简历", "帮我做一份简历"),
            *("没有简历", "我没有简历", "还没有简历", "不会写简历", "我不会写简历", "简历怎么写", "生成简历"),
        ),
        hears=HEARS,
        begin=lambda turn, _: turn.say("一问一答,几分钟写完一页;除了名字都能跳过,写错了发「返回」。写的内容只用来做这份简历。"),
        finish=finish,
        steps=(
            Step("name", "先写抬头:你的名字?", read_name, optional=False),
            Step("goal", "想找什么工作?写一个最想要的,比如「会计助理,成都」。", read_goal),
            Step("contact", "手机号和邮箱?单位要靠它联系你;不想现在发就跳过,打印前自己补上。", read_line, sensitive=True),
            Step("school", "学校怎么写?从最高的写起,比如「2022.09-2026.06 某某学院 会计 本科」,一行一段。", read_line),
            Step("one", f"说一段最拿得出手的经历:哪年哪月、在哪、做了什么、结果怎样,一行写一件。{COUNTS}\n{EXAMPLE}", read_line),
            Step("two", second, read_line, skip_if=without_one),
            Step("three", third, read_line, skip_if=without_two),
            Step("skills", skills, read_line),
            Step("certificates", "证书、获奖?写全名和时间,没有就跳过。", read_line),
        ),
    ),
)
