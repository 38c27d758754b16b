"""The words that mean the same in every state: 菜单, 返回, 取消, 人工 and their kin. What they do is the router's."""

from __future__ import annotations

import re

from knowledge.words import NOT_WORD, words

GLOBAL = {
    "menu": ("菜单", "主菜单", "回到菜单", "功能", "目录", "menu", "首页", "开始", "start", "回主菜单", "看菜单"),
    "back": ("返回", "上一步", "返回上一步", "后退", "back", "回上一步", "上一题"),
    "cancel": ("取消", "算了", "不填了", "退出", "cancel", "先不填", "不弄了", "停", "结束", "不填", "不办了"),
    "skip": ("跳过", "skip", "下一步", "下一题", "略过", "跳过这步", "不想说", "不方便说", "不想填"),
    "help": ("帮助", "help", "怎么用", "你会什么", "你能做什么", "你能干什么", "能帮我什么", "使用说明", "怎么用你"),
    "human": ("人工", "转人工", "找老师", "问老师", "真人", "客服", "人工客服", "转老师", "叫老师", "找人工", "我要人工", "老师", "让老师联系我"),
    "stop": ("退订", "别发了", "不要再发", "td", "取消订阅", "别再推送"),
    "notify": ("恢复消息", "恢复推送", "恢复通知", "重新订阅", "恢复订阅", "取消退订", "继续发消息"),
    "file": ("我的档案", "我的资料", "个人资料", "我的信息", "看我的档案", "档案信息", "查看我的资料"),
    "bot": ("结束人工", "回到机器人", "返回机器人", "退出人工", "不用老师了", "取消人工"),
}
WORDS = {word: name for name, said in GLOBAL.items() for word in said}
ALSO_ANSWERS = {"老师", "客服", "真人", "开始", "结束", "停"}
"""Of these the ones that may as well answer a question: 想找什么工作? 客服."""
HUMAN = re.compile(
    r"(转|找|要|叫|换|给我|帮我|想和|想跟|联系|接).{0,5}(人工|真人|活人|老师|客服|工作人员|人来)(?!资格|证|编|岗|考|招)(?!.{8})|"
    r"(不|别)(想|要|跟|和)?.{0,4}(机器人|机器)(说|聊|讲)|^(老师|人)(在吗|呢|在不在)$|"
    r"^(我|就|现在|还是)*(想|要|能不能|可不可以|可以|能)(直接|去)?找个?人(来|帮忙)?(问|聊|说|谈|咨询)(问|聊|说|谈|一?下|一问|一聊)?(吗|么|啊|吧|呢)?$|"
    r"有没有(真人|活人|人工|老师(可以|能|愿意))"
)


LAB = re.compile(r"简历[^,。]{0,6}(?:看|改|把|诊断|指导|提意见)|(?:看|改|诊断|指导)[^,。]{0,6}简历")
"""What a teacher is wanted for where there is a place for it: with the résumé in hand."""


def global_word(text: str) -> str | None:
    plain = NOT_WORD.sub("", words().normalise(text))
    return (
        WORDS.get(plain)
        or WORDS.get(words().plain(text))
        or ("human" if HUMAN.search(plain) and len(plain) <= 24 and not LAB.search(plain) else None)
    )
