"""How a sentence of theirs could be written: what they did with it kept, blanks where only they know the number."""

from __future__ import annotations

import re

DUTY = re.compile(
    r"^(?:主要|日常|全面)?(?:负责|参与|协助|从事|帮助|配合)(?:过|了)?(?P<whose>(?:公司|学院|部门|团队|领导|老师|同事|经理|主管)的?)?(?P<rest>.+?)[。;]?$"
)
DOING = (
    "运营|维护|管理|策划|组织|整理|统计|撰写|编辑|设计|开发|测试|推广|接待|销售|招聘|培训|采购|分析|调研|宣传|拍摄|剪辑|录入|核对|对接|沟通|讲解|辅导|教学|搭建|部署|优化|排版"
    "|审核|登记|布置|主持|联络|跟进|翻译|制作|发布|更新|答疑|盘点|装配|检测|检验|调试|实验|记录|收集|归档|接听|处理|工作"
)
LAST = re.compile(rf"^(?P<what>.+?)的?(?P<doing>{DOING})(?:工作|任务|事宜|事务)?$")
FIRST = re.compile(rf"^(?P<doing>{DOING})(?P<what>.+?)(?:的?工作|任务|等)?$")
UNITS = (
    ("公众号|推文|文案|稿|文章|新媒体|微博|小红书", "__ 个月发布 __ 篇,新增关注 __ 人"),
    ("视频|短片|直播|拍摄|剪辑", "制作 __ 条,平均播放 __ 次"),
    ("活动|比赛|晚会|讲座|招新|宣讲", "办了 __ 场,到场 __ 人"),
    ("客户|销售|业务|门店|顾客|商家", "每月跟进 __ 家,成交 __ 单,占团队 __%"),
    ("数据|报表|表格|问卷|统计|录入", "处理 __ 条,查出 __ 处错误,用时从 __ 减到 __"),
    ("系统|接口|模块|代码|前端|后端|网站|小程序|软件|功能|程序", "完成 __ 个模块,响应时间从 __ 降到 __,__ 人在用"),
    ("社群|用户|粉丝|会员", "覆盖 __ 人,活跃率从 __% 到 __%"),
    ("招聘|简历|面试|员工|入职", "每周筛选 __ 份简历,约面 __ 人,入职 __ 人"),
    ("课|教学|学生|辅导|班级", "带 __ 个班 __ 人,平均分从 __ 到 __"),
    ("账|出纳|报销|结算|核算", "每月 __ 笔,查出 __ 处差错,用时从 __ 减到 __"),
    ("文件|资料|档案|凭证|发票|合同|会议", "整理 __ 份,按期交付,零差错"),
    ("设备|产品|零件|产线|样品|实验", "完成 __ 件,合格率从 __% 到 __%"),
)
CERTIFICATE = re.compile(r"(?:大学|全国|专业)?英语(?:专业)?[四六八]级|CET-?[46]|(?:全国)?计算机[一二三]级")
ANY = "做了 __ 次,用了 __ 办法,结果从 __ 变成 __"


def measure(text: str) -> str:
    return next((blanks for words, blanks in UNITS if re.search(words, text)), ANY)


def duty(quote: str) -> str:
    """「负责公司公众号运营」 → 「运营公众号:__ 个月发布 __ 篇…」."""
    found = DUTY.match(quote)
    rest = (found["rest"] if found else quote).strip("的 ,。;")
    main = re.split(r"[,;。]", rest)[0]
    main = re.sub("的?(?:工作|任务|事宜)$", "", main)
    first, last = FIRST.match(main), LAST.match(main)
    if last and not first and len(last["what"]) <= 8 and not re.search("[、和与及]", last["what"]):
        main = f"{last['doing']}{last['what']}"
    return f"「{main},{measure(rest)}」"


def rewritten(rule: str, quote: str) -> str:
    """An example for a rule made of the words that were found; empty where none can be made."""
    said = quote.strip("。；;，, ")
    match rule:
        case "W01":
            return duty(said)
        case "X05":
            return f"「{re.sub('显著地?|大幅地?|有效地?|极大地?|明显地?|成功地?|大大地?', '', said)}:从 __ 到 __(用了 __)」"
        case "W03":
            return f"「{re.sub('(^|(?<=[,。;:,；：]))(?:我们|我|本人|自己)(?:主要)?(?:负责了|负责)?', '', said)}」"
        case "W05":
            return f"「{said.replace('精通', '熟练使用').replace('资深', '有经验的')} → 用它独立完成过 __」" if "精通" in said else ""
        case "W04":
            return f"「{measure(said)}」这样写出亲手做的一件"
        case "W11":
            said = named[0] if (named := CERTIFICATE.search(said)) else said
            score = re.sub("(?:通过|已过|过|证书|考试|大学)", "", said)
            if re.search("级|CET", said) and "计算机" not in said:
                return f"「{score} __ 分」"
            return f"「{said} MS Office(科目写你考的)」" if "计算机" in said else "「初中数学教师资格证(写你的学段和学科)」"
        case "W12":
            return f"「{said}(校级 __ 等,前 __%)」"
        case "W18":
            return f"「{said}/4.0(专业前 __%)」"
        case _:
            return ""
